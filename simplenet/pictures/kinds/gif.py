"""What a GIF declares: its screen, and the first picture, which may be larger."""

from collections.abc import Iterable
from typing import BinaryIO

from simplenet.pictures.kinds.declared import MOST_PIECES, Declared, little, read, stored
from simplenet.pictures.kinds.parts import Part, joined

CONTROL = 0xF9  # the extension that says which colour is transparent


def gif(file: BinaryIO, size: int) -> Declared:
    """Return what a GIF of so many bytes declares. Raise ValueError for a damaged one."""
    head = read(file, 6, 7)
    place = 13 + (3 << (head[4] & 7) + 1 if head[4] & 128 else 0)  # behind the palette
    parts: list[Part] = [(file, 0, place)]
    control: list[Part] = []
    pieces = iter(range(MOST_PIECES))  # of all extensions together
    for _ in pieces:
        mark = read(file, place, 1)
        if mark == b",":
            break
        if mark == b";":
            raise ValueError("no picture in it")
        end = place + 1
        if mark == b"!":
            end = _after_blocks(file, place + 2, pieces)
            if read(file, place + 1, 1)[0] == CONTROL and end - place == 8:
                control = [(file, place, 8)]
        place = end
    else:
        raise _too_many()
    box = read(file, place + 1, 8)
    width = max(little(head[:2]), little(box[:2]) + little(box[4:6]))
    height = max(little(head[2:4]), little(box[2:4]) + little(box[6:]))
    parts += [*control, (file, place, size - place)]
    # Twice, for Pillow also prepares what the picture leaves for the next one.
    return Declared("GIF", width, height, 2 * stored(width, height, 1), joined(parts))


def _after_blocks(file: BinaryIO, place: int, pieces: Iterable[int]) -> int:
    """Return where blocks end, of which each begins with its length, and the last is empty.

    Raise ValueError if they are more than there are `pieces` left.
    """
    for _ in pieces:
        length = read(file, place, 1)[0]
        place += 1 + length
        if not length:
            return place
    raise _too_many()


def _too_many() -> ValueError:
    return ValueError(f"more than {MOST_PIECES:,} blocks before its picture")
