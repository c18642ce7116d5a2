"""Find the digits of a picture, one or several: from left to right, in lines from top to bottom.

Ink that touches is a piece, and a digit is one piece or a few: a 5 whose top is detached, a 4 with
gaps. What goes together is told by boxes alone, in parts of the height of a digit, which is that of
most of the ink. A picture of one digit is prepared by `prepare` as ever.
"""

from typing import NamedTuple

import numpy as np

from simplenet.pictures.pieces import Piece, encloses, pieces
from simplenet.pictures.pixels import Pixels, cropped
from simplenet.pictures.prepare import WORK, as_in_mnist, drawn, without_dirt

# Chosen by counts on pictures of MNIST's training images: scripts/sheets.py draws those of several
# digits, scripts/renderings.py those of one.
FINER = 3  # times as many pixels as WORK, for a digit is a part of the picture only
SPECK = 8  # what is less than this part of a digit high and wide is dirt
MOST = 60  # pieces that are looked at: those with the most ink
LEAST = 8  # pixels: what is less high is no digit


class Box(NamedTuple):
    """Where something is in a picture, in pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


class Found(NamedTuple):
    """A digit of a picture: the line it stands in, from 0, where, and its ink, cropped."""

    line: int
    box: Box
    ink: Pixels

    def pixels(self, side: int = 28) -> Pixels:
        """Return what a net sees of it: bytes (side, side), light on dark."""
        return as_in_mnist(self.ink, side)


class Group(NamedTuple):
    """Pieces that are one digit, or a part of one, and the box around them."""

    top: int
    bottom: int
    left: int
    right: int
    amount: int
    parts: tuple[Piece, ...]

    @property
    def height(self) -> int:
        """Return how many rows it spans."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Return how many columns it spans."""
        return self.right - self.left


def digits_in(rgba: Pixels) -> list[Found]:
    """Return the digits that are found in a picture (rows, columns, 4), in the order of reading.

    Where no more than one is, it is what `prepare` takes for the digit, to the pixel.
    Raise DataError for a picture in which nothing is drawn.
    """
    ink = drawn(rgba, FINER * WORK)
    lines = in_lines(groups(ink))
    if sum(map(len, lines)) < 2:
        return [one_digit(rgba)]
    found = []
    for number, line in enumerate(lines):
        for group in line:
            clean = np.zeros_like(ink)
            for piece in group.parts:
                clean[piece.places] = ink[piece.places]
            found.append(Found(number, place_of(clean, rgba), cropped(clean)))
    return found


def one_digit(rgba: Pixels) -> Found:
    """Return what `prepare` takes for the digit."""
    clean = without_dirt(drawn(rgba))
    return Found(0, place_of(clean, rgba), cropped(clean))


def place_of(ink: Pixels, picture: Pixels) -> Box:
    """Return the box around some ink, in pixels of the picture that it was drawn in."""
    (top, bottom), (left, right) = (
        (
            int(at[0]) * whole // part,
            -(-(int(at[-1]) + 1) * whole // part),
        )
        for at, whole, part in (
            (np.flatnonzero(ink.any(axis=1 - axis)), picture.shape[axis], ink.shape[axis])
            for axis in (0, 1)
        )
    )
    return Box(left, top, right - left, bottom - top)


def groups(ink: Pixels) -> list[Group]:
    """Return what is as high as a digit: pieces with their parts, without dirt."""
    found = [group_of((piece,)) for piece in without_foreign(pieces(ink))]
    if not found:
        return []
    usual = usual_height(found)
    found = [group for group in found if max(group.height, group.width) * SPECK >= usual]
    found = merged(sorted(found, key=lambda group: -group.amount)[:MOST], usual)
    usual = usual_height(found)
    return [g for g in found if g.height * 20 >= usual * 9 and g.height >= LEAST]


def without_foreign(found: list[Piece]) -> list[Piece]:
    """Return the pieces without frames, and what the edge cuts that is no digit."""
    longest = max(piece.height for piece in found)
    high = [piece for piece in found if piece.height * 4 >= longest and piece.height >= LEAST]
    found = [piece for piece in found if not any(encloses(piece, other) for other in high)]
    inside = [piece for piece in found if not piece.cut and piece.height >= LEAST]
    if not inside:
        return found
    usual = usual_height([group_of((piece,)) for piece in inside])
    kept = []
    for piece in found:
        if piece.cut:
            like = usual * 0.5 <= piece.height <= usual * 1.6
            if not like or thickness(piece) * 4 > piece.height:
                continue
        kept.append(piece)
    return kept


def thickness(piece: Piece) -> float:
    """Return how wide the strokes of a piece are: twice its pixels for each of its edge."""
    rows, columns = piece.places
    mask = np.zeros((piece.height + 2, piece.right - piece.left + 2), bool)
    mask[rows - piece.top + 1, columns - piece.left + 1] = True
    edges = sum(int((mask ^ np.roll(mask, 1, axis)).sum()) for axis in (0, 1))
    return 255 / 100 * len(rows) / edges


def usual_height(found: list[Group]) -> int:
    """Return how high that is which half of the ink is in: the weighted median."""
    heights = sorted((group.height, group.amount) for group in found)
    half = sum(amount for _, amount in heights) / 2
    for height, amount in heights:
        half -= amount
        if half <= 0:
            return height
    return heights[-1][0]


def group_of(parts: tuple[Piece, ...]) -> Group:
    """Return pieces as one group."""
    return Group(
        min(piece.top for piece in parts),
        max(piece.bottom for piece in parts),
        min(piece.left for piece in parts),
        max(piece.right for piece in parts),
        sum(piece.amount for piece in parts),
        parts,
    )


def merged(found: list[Group], usual: int) -> list[Group]:
    """Return groups of pieces that belong together; the nearest go together first."""
    found = list(found)
    while True:
        best = None
        for i, one in enumerate(found):
            for j in range(i):
                distance = apart(one, found[j], usual)
                if distance is not None and (best is None or distance < best[0]):
                    best = distance, i, j
        if best is None:
            return found
        _, i, j = best
        both = group_of(found[i].parts + found[j].parts)
        found = [group for k, group in enumerate(found) if k not in (i, j)] + [both]


def apart(one: Group, other: Group, usual: int) -> float | None:
    """Return how far two parts of a digit are from each other, None for parts of different ones."""
    across = min(one.right, other.right) - max(one.left, other.left)  # overlap, or less than 0
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    small, large = sorted((one, other), key=lambda g: g.height)
    union_h = max(one.bottom, other.bottom) - min(one.top, other.top)
    union_w = max(one.right, other.right) - min(one.left, other.left)
    narrow = min(one.width, other.width)
    if union_h > 2.2 * usual:
        return None
    if across > 0 and down > 0:  # boxes overlap
        shared = across * down / min(one.width * one.height, other.width * other.height)
        if shared >= 0.5 or (small.height < 0.6 * large.height and shared > 0.1):
            return -shared
    if across >= 0.4 * narrow and small.height >= 0.08 * usual:  # one above the other
        gap = max(-down, 0)
        if gap <= 0.14 * union_h and union_w >= 0.0 * union_h:
            if small.height >= 0.8 * usual and union_h > 1.7 * usual and union_w < 0.55 * union_h:
                return None
            return gap / usual
    if small.height < 0.6 * large.height and down > 0.5 * small.height:  # a part beside
        gap = max(-across, 0)
        if gap <= 0.1 * usual and union_w <= 1.1 * large.height:
            return gap / usual
    return None


def in_lines(found: list[Group]) -> list[list[Group]]:
    """Return the groups in lines, from top to bottom, each from left to right.

    A group is in the line whose last digit to the left it shares most of its height with, so that a
    line may rise.
    """
    lines: list[list[Group]] = []
    for group in sorted(found, key=lambda g: g.left + g.right):
        best, most = None, 0.0
        for line in lines:
            last = line[-1]
            shared = min(group.bottom, last.bottom) - max(group.top, last.top)
            share = shared / min(group.height, last.height)
            if share >= 0.4 and share > most:
                best, most = line, share
        if best is None:
            lines.append([group])
        else:
            best.append(group)
    return sorted(lines, key=lambda line: sum(g.top + g.bottom for g in line) / len(line))
