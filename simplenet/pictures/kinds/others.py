"""What kinds of picture declare whose heads are simple: WebP, BMP, PNM, TGA and ICO."""

import re
import struct
from io import BytesIO
from math import ceil, log2
from typing import BinaryIO

from simplenet.pictures.kinds.declared import (
    MOST_PIECES,
    NOTE,
    Declared,
    little,
    read,
    read_some,
    stored,
)
from simplenet.pictures.kinds.parts import joined
from simplenet.pictures.kinds.png import png
from simplenet.pictures.kinds.tags import turn

BMP_HEADS = (40, 52, 56, 64, 108, 124)  # bytes of those of which the first fields are the same
RUNS = (1, 2)  # BMP's ways to pack
PNM_HEAD = 4096  # bytes
MOST_COMMENTS = 1000  # each lets Pillow copy a megabyte
MOST_ICONS = 256


def webp(file: BinaryIO, size: int) -> Declared:
    """Return what a WebP declares."""
    notes = {b"EXIF": b"", b"XMP ": b""}
    place = 12
    for _ in range(MOST_PIECES):
        begin = read_some(file, place, 8)
        if len(begin) < 8:
            break
        kind, length = begin[:4], little(begin[4:])
        if kind in notes:
            notes[kind] = read_some(file, place + 8, min(length, NOTE))
        place += 8 + length + length % 2
    head = read(file, 0, 30)
    if head[12:16] == b"VP8X":
        width, height = 1 + little(head[24:27]), 1 + little(head[27:])
    elif head[12:16] == b"VP8L":
        sides = little(head[21:25])
        width, height = 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF)
    else:
        width, height = little(head[26:28]) & 0x3FFF, little(head[28:]) & 0x3FFF
    # Two canvases, the picture twice, what unpacking it takes, and copies of the file.
    memory = 21 * width * height + 3 * size
    return Declared("WEBP", width, height, memory, file, turn(notes[b"EXIF"], notes[b"XMP "]))


def bmp(file: BinaryIO, size: int) -> Declared:
    """Return what a BMP declares."""
    length, packing = little(read(file, 14, 4)), 0
    if length == 12:
        width, height, _, bits = struct.unpack("<HHHH", read(file, 18, 8))
    elif length in BMP_HEADS:
        width, height, _, bits, packing = struct.unpack("<IiHHI", read(file, 18, 16))
    else:
        raise ValueError(f"a head of {length:,} bytes")
    height = abs(height)  # upside down where it is negative
    slow = width * height if packing in RUNS else 0
    memory = stored(width, height, 1 if bits <= 8 else 4, bits) + 2 * slow
    if slow:  # what is behind so many runs, Pillow would read for nothing
        file = joined([(file, 0, min(size, 2**11 + 2 * slow + 4 * height))])
    return Declared("BMP", width, height, memory, file, samples=slow)


def pnm(file: BinaryIO, size: int) -> Declared:
    """Return what a PBM, PGM, PPM or PFM declares."""
    head = re.sub(rb"#[^\r\n]*(?:[\r\n]|$)", b"", read_some(file, 0, PNM_HEAD))
    found = re.match(rb"(P[1-6f])\s+(\d{1,10})\s+(\d{1,10})(?:\s+(\d{1,5})\b)?", head)
    without_white = (b"P1", b"P4", b"Pf")
    if not found or not (found[4] or found[1] in without_white):
        raise ValueError(f"no size in its first {PNM_HEAD:,} bytes")
    kind, width, height = found[1], int(found[2]), int(found[3])
    layers = 3 if kind in (b"P3", b"P6") else 1
    most = 255 if kind in without_white else int(found[4])
    plain = kind in (b"P1", b"P2", b"P3")
    slow = plain or most not in ((255, 65535) if kind == b"P5" else (255,))
    if plain and _count(file, b"#", size) > MOST_COMMENTS:
        raise ValueError(f"more than {MOST_COMMENTS:,} comments")
    pixel = 4 if layers == 3 or most > 255 or kind == b"Pf" else 1
    memory = stored(width, height, pixel, 8 * pixel) + 2 * pixel * width * height * slow
    return Declared(
        "PPM", width, height, memory, file, samples=layers * width * height if slow else 0
    )


def _count(file: BinaryIO, byte: bytes, size: int) -> int:
    """Return how often a byte is in a file."""
    return sum(read_some(file, place, 2**20).count(byte) for place in range(0, size, 2**20))


def tga(file: BinaryIO, size: int) -> Declared:
    """Return what a TGA declares."""
    head = read(file, 0, 18)
    width, height, bits = little(head[12:14]), little(head[14:16]), head[16]
    memory = stored(width, height, 1 if bits <= 8 else 4, bits)
    return Declared("TGA", width, height, memory, file)


def ico(file: BinaryIO, size: int) -> Declared:
    """Return what the largest picture of an ICO declares: a PNG, or a BMP without its head."""
    count = little(read(file, 4, 2))
    if not 0 < count <= MOST_ICONS:
        raise ValueError(f"{count:,} pictures")
    icons = [read(file, 6 + 16 * number, 16) for number in range(count)]

    def rank(icon: bytes) -> tuple[int, int]:
        depth = little(icon[6:8]) or (ceil(log2(icon[2])) if icon[2] else 0) or 256
        return -(icon[0] or 256) * (icon[1] or 256), depth

    icon = min(icons, key=rank)  # as Pillow chooses
    length, place = little(icon[8:12]), little(icon[12:])
    begin = read(file, place, 40)
    if begin.startswith(b"\x89PNG\r\n\x1a\n"):
        return png(joined([(file, place, length)]), length)
    if little(begin[:4]) != 40:
        raise ValueError(f"a head of {little(begin[:4]):,} bytes")
    if little(begin[16:20]) in RUNS:
        raise ValueError("an icon that is packed")
    width, height = little(begin[4:8]), little(begin[8:12]) // 2  # a mask stands below
    head = read(file, 0, 4) + b"\1\0" + icon[:12] + (22).to_bytes(4, "little")
    part = joined([(BytesIO(head), 0, 22), (file, place, length)])
    return Declared("ICO", width, height, 24 * width * height, part, samples=width * height)
