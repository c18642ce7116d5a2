"""What a TIFF declares: tags in a directory, of which a few draw its first picture."""

from io import BytesIO
from typing import BinaryIO

from simplenet.pictures.kinds.declared import MOST_PIECES, Declared, read, stored
from simplenet.pictures.kinds.jpeg import frame_size
from simplenet.pictures.kinds.parts import joined
from simplenet.pictures.kinds.tags import (
    ORIENTATION,
    Entry,
    Layout,
    entries,
    first,
    layout_of,
    values,
)

WIDTH, LENGTH, BITS, COMPRESSION, COLOURS, SAMPLES, ROWS = 256, 257, 258, 259, 262, 277, 278
TILE_WIDTH, TILE_LENGTH = 322, 323
STRIPS, TILES = 273, 324
DRAW = {
    WIDTH, LENGTH, BITS, COMPRESSION, COLOURS, SAMPLES, ROWS, TILE_WIDTH, TILE_LENGTH,
    266, 284, 317, 320, 338, 339,  # order of bits, planes, predictor, palette, more samples, type
    STRIPS, 279, TILES, 325,
    292, 293,  # how faxes are packed
    347, *range(512, 522), 529, 530, 531, 532,  # what belongs to JPEG
}  # fmt: skip
MOST_VALUES = 2**18  # of a tag: strips, tiles, colours
MOST_PLAIN = 2**14  # strips or tiles that are not packed: Pillow reads each by itself, slowly
MOST_JPEGS = 2**12  # in a file
JPEG = 7  # a way to pack
# Others: none, three for faxes, LZW, deflate under two numbers, runs, LZMA, Zstandard.
PACKED = (JPEG, 1, 2, 3, 4, 5, 8, 32946, 32773, 34925, 50000)
YCBCR = 6  # a way to store colours


def tiff(file: BinaryIO, size: int) -> Declared:
    """Return what a TIFF of so many bytes declares. Raise ValueError for a damaged one.

    Its part that draws is all of it with a directory of its own, behind the rest, in which nothing
    else is.
    """
    layout = layout_of(read(file, 0, 8))
    found = {entry.tag: entry for entry in entries(file)}

    def value(tag: int, default: int) -> int:
        return first(file, layout, found[tag]) if tag in found else default

    width, height = value(WIDTH, 0), value(LENGTH, 0)
    across, down = width, min(value(ROWS, height), height)  # of a strip, or a tile
    if TILE_WIDTH in found:
        across, down = value(TILE_WIDTH, width), value(TILE_LENGTH, height)
    bits = value(BITS, 1) * value(SAMPLES, 1)
    is_wide = bits > 16 or value(SAMPLES, 1) > 1
    if value(COLOURS, 0) == YCBCR or value(COMPRESSION, 1) == JPEG:
        is_wide, bits = True, max(bits, 32)
    memory = stored(width, height, 4 if is_wide else -(-bits // 8), bits)
    buffer = across * down * bits // 8
    if buffer > max(2**24, 2 * memory):
        raise ValueError(f"tiles of {across:,} x {down:,}")
    if value(COMPRESSION, 1) not in PACKED:
        raise ValueError(f"pixels packed in way {value(COMPRESSION, 1)}")
    if value(COMPRESSION, 1) == JPEG:
        _check_jpegs(file, layout, [found[tag] for tag in (STRIPS, TILES) if tag in found], buffer)
        buffer += 8 * across * down  # if they come in several scans
    plain = max((found[tag].count for tag in (STRIPS, TILES) if tag in found), default=0)
    if value(COMPRESSION, 1) == 1 and plain > MOST_PLAIN:
        raise ValueError(f"{plain:,} strips or tiles that are not packed")
    drawing = [found[tag] for tag in sorted(DRAW & found.keys())]
    for entry in drawing:
        if entry.count > MOST_VALUES:
            raise ValueError(f"{entry.count:,} values of tag {entry.tag}")
    place, order = size + size % 2, layout.order
    head = read(file, 0, layout.word) + place.to_bytes(layout.word, order)
    table = len(drawing).to_bytes(layout.counter, order) + b"".join(e.raw for e in drawing)
    new = bytes(size % 2) + table + bytes(layout.word)  # and no further directory
    parts = [
        (BytesIO(head), 0, len(head)),
        (file, len(head), size - len(head)),
        (BytesIO(new), 0, len(new)),
    ]
    turn = value(ORIENTATION, 1)
    turn = turn if 1 <= turn <= 8 else 1
    return Declared("TIFF", width, height, memory + buffer + size, joined(parts), turn)


def _check_jpegs(file: BinaryIO, layout: Layout, where: list[Entry], buffer: int) -> None:
    """Raise ValueError for strips or tiles whose JPEGs are larger than the file declares.

    They may all lie in one place, and so have few segments each.
    """
    count = sum(entry.count for entry in where)
    if count > MOST_JPEGS:
        raise ValueError(f"more than {MOST_JPEGS:,} JPEGs in it")
    for place in (place for entry in where for place in values(file, layout, entry)):
        width, height = frame_size(file, place, MOST_PIECES // count)
        if width * height > buffer // 2 + 2**16:  # which has four bytes for a pixel
            raise ValueError(f"a JPEG of {width:,} x {height:,} in it")
