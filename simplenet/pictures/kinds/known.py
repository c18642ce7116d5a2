"""Tell by its first bytes what kind of picture a file is, and find out what it declares."""

import re
from collections.abc import Callable
from typing import BinaryIO

from simplenet.errors import DataError
from simplenet.pictures.kinds.declared import Declared, read_some
from simplenet.pictures.kinds.gif import gif
from simplenet.pictures.kinds.jpeg import jpeg
from simplenet.pictures.kinds.others import bmp, ico, pnm, tga, webp
from simplenet.pictures.kinds.png import png
from simplenet.pictures.kinds.tiff import tiff

HEAD = 18  # bytes by which a kind is known
Reader = Callable[[BinaryIO, int], Declared]
# AVIF is none of them: its stream may hold a picture of another size than the file declares.
KINDS: dict[re.Pattern[bytes], Reader] = {
    re.compile(begin, re.DOTALL): reader
    for begin, reader in (
        (rb"\x89PNG\r\n\x1a\n", png),
        (rb"\xff\xd8\xff", jpeg),
        (rb"GIF8[79]a", gif),
        (rb"RIFF....WEBPVP8[ LX]", webp),
        (rb"II[*+]\x00|MM\x00[*+]", tiff),
        (rb"BM", bmp),
        (rb"P[1-6f]\s", pnm),
        (rb"\x00\x00\x01\x00[^\x00]", ico),
        (rb".[\x00\x01][\x01-\x03\x09-\x0b].{13}[\x01\x08\x10\x18\x20].", tga),
    )
}


def declared(file: BinaryIO, name: str) -> Declared:
    """Return what a picture declares. Raise DataError if it is none, ValueError for a damaged one.

    The file is read from any place, beginning with its first byte.
    """
    head = read_some(file, 0, HEAD)
    reader = reader_of(head)
    if reader is None:
        raise not_a_picture(name, head)
    found = reader(file, file.seek(0, 2))
    if found.width <= 0 or found.height <= 0:
        raise ValueError(f"a size of {found.width:,} x {found.height:,}")
    return found


def reader_of(head: bytes) -> Reader | None:
    """Return what reads a file that begins like this, or None for what is no picture."""
    return next((reader for begin, reader in KINDS.items() if begin.match(head)), None)


def not_a_picture(name: str, head: bytes) -> DataError:
    """Return an error that says what a file which is no picture begins with."""
    found = f"a file that starts with the bytes {head[:4].hex(' ')}" if head else "an empty file"
    if re.match(rb"....ftyp(hei|hev|mif|msf|avi)", head, re.DOTALL):
        found = "a HEIC or AVIF file"
    return DataError(
        f"{name}: expected a picture such as PNG or JPEG, found {found}: save it as PNG."
    )
