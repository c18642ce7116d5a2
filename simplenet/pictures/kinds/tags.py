"""Directories of tags, as TIFF and EXIF data have them, and which way up they say a picture is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal

from simplenet.pictures.kinds.declared import read

ORIENTATION = 274
MOST_TAGS = 2**12
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # bytes of a value of each type  # fmt: skip
INTEGERS = (1, 3, 4, 16)  # the types that are unsigned


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file stores its directories: in which order of bytes, and how wide its numbers are."""

    order: Literal["little", "big"]
    wide: bool  # BigTIFF: 64 bits where others have 32

    @property
    def word(self) -> int:
        """The bytes of a place in the file, and of a number of values."""
        return 8 if self.wide else 4

    @property
    def counter(self) -> int:
        """The bytes of a number of entries."""
        return 8 if self.wide else 2

    def number(self, data: bytes) -> int:
        """Return an unsigned integer."""
        return int.from_bytes(data, self.order)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a directory."""

    tag: int
    type: int
    count: int
    place: int  # of its first value in the file
    raw: bytes  # all of the entry


def layout_of(head: bytes) -> Layout:
    """Return the layout of a file that begins like this. Raise ValueError for another file."""
    if head[:2] not in (b"II", b"MM") or head[2:4].strip(b"\0") not in (b"*", b"+"):
        raise ValueError("no directory of tags")
    return Layout("little" if head[:2] == b"II" else "big", b"+" in head[2:4])


def entries(file: BinaryIO) -> Iterator[Entry]:
    """Yield the tags of a file's first directory, of each the first entry."""
    layout = layout_of(read(file, 0, 8))
    word = layout.word
    place = layout.number(read(file, word, word))
    count = layout.number(read(file, place, layout.counter))
    if count > MOST_TAGS:
        raise ValueError(f"{count:,} tags")
    place += layout.counter
    length = 4 + 2 * word
    seen = set()
    for number in range(count):
        raw = read(file, place + number * length, length)
        tag, type_ = layout.number(raw[:2]), layout.number(raw[2:4])
        values = layout.number(raw[4:-word])
        if type_ not in WIDTHS or tag in seen:
            continue
        seen.add(tag)
        inside = values * WIDTHS[type_] <= word
        at = place + (number + 1) * length - word if inside else layout.number(raw[-word:])
        yield Entry(tag, type_, values, at, raw)


def first(file: BinaryIO, layout: Layout, entry: Entry) -> int:
    """Return the first value of an entry, or 0 if that is no unsigned integer."""
    if entry.type not in INTEGERS or not entry.count:
        return 0
    return layout.number(read(file, entry.place, WIDTHS[entry.type]))


def values(file: BinaryIO, layout: Layout, entry: Entry) -> list[int]:
    """Return all values of an entry, or none if they are no unsigned integers."""
    width = WIDTHS[entry.type]
    if entry.type not in INTEGERS:
        return []
    data = read(file, entry.place, width * entry.count)
    return [layout.number(data[at : at + width]) for at in range(0, len(data), width)]


def turn(exif: bytes, xmp: bytes = b"") -> int:
    """Return the orientation that EXIF data give, or else XMP data: 1 to 8, and 1 if none do."""
    file = BytesIO(exif.removeprefix(b"Exif\0\0"))
    try:
        for entry in entries(file):
            if entry.tag == ORIENTATION:
                found = first(file, layout_of(read(file, 0, 8)), entry)
                return found if 1 <= found <= 8 else 1
    except ValueError:
        pass  # damaged: the picture stays as it is
    match = re.search(rb'tiff:Orientation(?:="|>)([1-8])', xmp)
    return int(match[1]) if match else 1
