"""What a JPEG declares: segments, one of them its frame, before the scans that draw it."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from simplenet.pictures.kinds.declared import (
    LARGE,
    MOST_PIECES,
    Declared,
    big,
    read,
    read_some,
    stored,
)
from simplenet.pictures.kinds.parts import Part, joined
from simplenet.pictures.kinds.tags import turn

SMALL = 2**18  # pixels that a reduced one keeps
MOST_SCANS = 64  # each goes over all of the picture, and usual are ten
MOST_TABLES = 2**16  # bytes of what is needed before the scans
LOOK = 2**12  # bytes in which the next marker is looked for at once
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # Huffman, arithmetic, quantization, restarts
COLOURS = {0xE0: b"JFIF", 0xEE: b"Adobe"}  # these say how colours are stored
EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
SCAN, END = 0xDA, 0xD9
AHEAD = re.compile(rb"\xff([\xc0-\xcf\xda-\xfe])")  # a segment, before the scans
WITHIN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in a scan: neither stuffing nor a restart


def jpeg(file: BinaryIO, size: int) -> Declared:
    """Return what a JPEG of so many bytes declares. Raise ValueError for a damaged one."""
    parts: list[Part] = [(file, 0, 2)]
    frame = exif = xmp = b""
    for marker, place, length in _segments(file, 2):
        begin = read_some(file, place, min(length, 64))
        if marker in FRAMES:
            if frame:
                raise ValueError("two frames")
            frame = begin
        elif marker == 0xE1 and begin[4:].startswith(EXIF):
            exif = exif or read_some(file, place + 4, length - 4)
        elif marker == 0xE1 and begin[4:].startswith(XMP):
            xmp = xmp or read_some(file, place + 4, length - 4)
        if marker == SCAN:
            parts.append((file, place, size - place))
        if marker in FRAMES | TABLES or begin[4:].startswith(COLOURS.get(marker, b"\0none")):
            parts.append((file, place, length))
    if sum(length for _, _, length in parts[:-1]) > MOST_TABLES:
        raise ValueError(f"more than {MOST_TABLES:,} bytes of tables")
    if len(frame) < 10:
        raise ValueError("no frame before its scans")
    height, width, layers = big(frame[5:7]), big(frame[7:9]), frame[9]
    scale = _scale(width * height) if frame[1] in (0xC0, 0xC1, 0xC2) else 1
    memory = stored(-(-width // scale), -(-height // scale), 1 if layers == 1 else 4)
    if frame[1] not in (0xC0, 0xC1) or read(file, place + 4, 1)[0] < layers:
        memory += _coefficients(width, height, frame[11 : 10 + 3 * layers : 3])
        if _scans(file, place) > MOST_SCANS:
            raise ValueError(f"more than {MOST_SCANS} scans")
    return Declared("JPEG", width, height, memory, joined(parts), turn(exif, xmp), scale)


def frame_size(file: BinaryIO, place: int, most: int) -> tuple[int, int]:
    """Return width and height of the JPEG that begins in this place, or zeros if it has none.

    Raise ValueError if it has more than so many segments.
    """
    for marker, at, _ in _segments(file, place + 2, most):
        if marker in FRAMES:
            sides = read(file, at + 5, 4)
            return big(sides[2:]), big(sides[:2])
    return 0, 0


def _segments(
    file: BinaryIO, place: int, most: int = MOST_PIECES
) -> Iterator[tuple[int, int, int]]:
    """Yield marker, place and length of each segment, from this place to that of the first scan."""
    for _ in range(most):
        found = AHEAD.search(read_some(file, place, LOOK))
        if not found:
            raise ValueError("no scan in it")
        place += found.end() - 2  # behind what fills the gap
        length = 2 + big(read(file, place + 2, 2))
        yield found[1][0], place, length
        if found[1][0] == SCAN:
            return
        place += length
    raise ValueError(f"more than {most:,} segments")


def _scale(pixels: int) -> int:
    """Return what the sides of so large a picture are divided by: nothing, or 2, 4 or 8."""
    fitting = (s for s in (8, 4, 2) if pixels > LARGE and pixels >= SMALL * s * s)
    return next(fitting, 1)


def _coefficients(width: int, height: int, sampling: bytes) -> int:
    """Return the memory of all coefficients: a picture in several scans needs them until the last.

    Each layer has its sampling, how many blocks in 4 bits across and 4 down.
    """
    across, down = (max([1, *(s >> shift & 15 for s in sampling)]) for shift in (4, 0))
    blocks = sum((s >> 4) * (s & 15) for s in sampling)
    return 2 * (width + 8 * across) * (height + 8 * down) * blocks // (across * down)


def _scans(file: BinaryIO, place: int) -> int:
    """Return how many scans a JPEG has from here on, or one more than it may have.

    Raise ValueError if there are too many segments of other kinds.
    """
    count = segments = 0
    while count <= MOST_SCANS:
        block = read_some(file, place, LOOK)
        found = WITHIN.search(block)
        if found and found.end() + 2 <= len(block):
            marker = block[found.end() - 1]
            if marker == END:
                break
            count += marker == SCAN
            segments += 1
            if segments > MOST_PIECES:
                raise ValueError(f"more than {MOST_PIECES:,} segments")
            place += found.end() + big(block[found.end() : found.end() + 2])
        elif len(block) < LOOK:
            break
        else:
            place += len(block) - 4  # a marker may stand at its end
    return count
