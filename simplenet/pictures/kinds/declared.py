"""What every kind of picture declares, and how the few fields that say so are read."""

from dataclasses import dataclass
from typing import BinaryIO

LARGE = 2**20  # pixels; a picture with more is made smaller while it is read
MOST_PIECES = 2**17  # of a file: chunks, segments, blocks
NOTE = 2**17  # bytes that are read of a note which may say which way up the picture is


@dataclass(frozen=True, slots=True)
class Declared:
    """What a picture file says of itself."""

    kind: str  # as Pillow calls it
    width: int
    height: int
    memory: int  # bytes that decoding it takes
    file: BinaryIO  # what of it draws the first picture
    turn: int = 1  # EXIF's orientation, 1 to 8
    scale: int = 1  # what the sides are divided by while it is decoded
    samples: int = 0  # numbers that are decoded slowly, one by one


def read(file: BinaryIO, place: int, length: int) -> bytes:
    """Return so many bytes of a file. Raise ValueError if it ends before."""
    data = read_some(file, place, length)
    if len(data) < length:
        raise ValueError("it ends early")
    return data


def read_some(file: BinaryIO, place: int, length: int) -> bytes:
    """Return so many bytes of a file, or fewer if it ends before."""
    file.seek(place)
    return file.read(length)


def stored(width: int, height: int, pixel: int, bits: int = 0) -> int:
    """Return the memory of a picture with so many bytes for a pixel, and of two rows in the file.

    Those have so many bits for a pixel. Pillow stores a row in words of 32 bits, and where it is in
    one of 64.
    """
    return height * (-(-width * pixel // 4) * 4 + 8) + width * bits // 4


def little(data: bytes) -> int:
    """Return an unsigned integer whose first byte is the least significant."""
    return int.from_bytes(data, "little")


def big(data: bytes) -> int:
    """Return an unsigned integer whose first byte is the most significant."""
    return int.from_bytes(data, "big")
