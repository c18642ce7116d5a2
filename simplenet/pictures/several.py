"""Find the digits of a picture, one or several: from left to right, in lines from top to bottom.

Ink that touches is a piece, and a digit is one piece or a few: a 5 whose top is detached, a 4 with
gaps. What goes together is told by boxes alone, in parts of the height of a digit, which is that of
most of the ink. A picture of one digit is prepared by `prepare` as ever.
"""

import contextlib
from itertools import combinations
from typing import NamedTuple

import numpy as np

from simplenet.errors import DataError
from simplenet.pictures.pieces import Piece, encloses, marks_inside, pieces, without_dirt
from simplenet.pictures.pixels import Pixels, cropped
from simplenet.pictures.prepare import WORK, as_in_mnist, drawn

# Chosen by counts on pictures of MNIST's training images: scripts/sheets.py draws those of several
# digits, scripts/renderings.py those of one.
FINER = 3  # times as many pixels as WORK, for a digit is a part of the picture only
SPECK = 8  # what is less than this part of a digit high and wide is dirt
MOST = 200  # pieces that are looked at, those with the most ink: noise has thousands
THICKER = 2.5  # what has strokes more than so many times as wide is no digit: a shadow
TOUCHING = 14  # tenths of the height: what is wider may be two digits that touch
CUT = 2.2  # strokes: what has more ink than so many in a column is not cut there
LEAST = 8  # pixels: what is less high is no digit


class Box(NamedTuple):
    """Where something is in a picture, in pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


class Found(NamedTuple):
    """A digit of a picture: the line it stands in, from 0, where, and its ink, cropped.

    `whole` is what it was cut from, as one of several that touch: it may have been one digit.
    `marks` lie inside of the only digit of a picture, and are left out (`marks_inside`).
    """

    line: int
    box: Box
    ink: Pixels
    whole: "Found | None" = None
    marks: int = 0

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
    whole: "Group | None" = None  # what `split` cut it from

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
    with contextlib.suppress(DataError):  # what is empty for `prepare` is: it raises that anew
        ink, lines = read_finely(rgba)
        if sum(map(len, lines)) > 1:
            wholes: dict[int, Found] = {}
            found = []
            for number, line in enumerate(lines):
                for group in line:
                    one = found_at(number, group, ink, rgba)
                    if group.whole is not None:
                        if id(group.whole) not in wholes:
                            wholes[id(group.whole)] = found_at(number, group.whole, ink, rgba)
                        one = one._replace(whole=wholes[id(group.whole)])
                    found.append(one)
            return found
    return [one_digit(rgba)]


def read_finely(rgba: Pixels) -> tuple[Pixels, list[list[Group]]]:
    """Return the ink of a picture, and its digits in lines. Raise DataError where there is none.

    Where there are several, the background is taken away anew, in a window little wider than their
    strokes: of a shadow that lies between digits, less stays then.
    """
    ink = drawn(rgba, FINER * WORK)
    lines = in_lines(groups(ink))
    if sum(map(len, lines)) > 1:
        stroke = usual_stroke([piece for line in lines for group in line for piece in group.parts])
        ink = drawn(rgba, FINER * WORK, int(2 * stroke) + 1)
        lines = in_lines(groups(ink))
    return ink, lines


def found_at(line: int, group: Group, ink: Pixels, rgba: Pixels) -> Found:
    """Return a group of a picture as a digit that was found."""
    clean = alone(group, ink)
    return Found(line, place_of(clean, rgba), cropped(clean))


def alone(group: Group, ink: Pixels) -> Pixels:
    """Return the ink of a group, with nothing else."""
    clean = np.zeros_like(ink)
    for piece in group.parts:
        clean[piece.places] = ink[piece.places]
    return clean


def one_digit(rgba: Pixels) -> Found:
    """Return what `prepare` takes for the digit."""
    ink = drawn(rgba)
    clean = without_dirt(ink)
    return Found(0, place_of(clean, rgba), cropped(clean), marks=marks_inside(ink, clean))


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


def scaled(box: Box, shape: tuple[int, ...], size: tuple[int, int]) -> Box:
    """Return a box in pixels of a picture (rows, columns) that was made smaller, to this shape."""
    (rows, columns), (old_rows, old_columns) = size, shape[:2]
    left, top = box.left * columns // old_columns, box.top * rows // old_rows
    right = -(-(box.left + box.width) * columns // old_columns)
    bottom = -(-(box.top + box.height) * rows // old_rows)
    return Box(left, top, right - left, bottom - top)


def groups(ink: Pixels) -> list[Group]:
    """Return what is as high as a digit: pieces with their parts, without dirt."""
    largest = sorted(pieces(ink), key=lambda piece: -piece.amount)[:MOST]
    found = [group_of((piece,)) for piece in without_foreign(largest, ink.shape)]
    if not found:
        return []
    usual = usual_height(found)
    found = [group for group in found if max(group.height, group.width) * SPECK >= usual]
    found = merged(found)
    usual = usual_height(found)
    found = [g for g in found if g.height * 20 >= usual * 9 and g.height >= LEAST]
    return [part for group in found for part in split(group, ink, usual)]


def without_foreign(found: list[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """Return the pieces without frames, shadows, and what the edge cuts that is no digit."""
    longest = max(piece.height for piece in found)
    high = [piece for piece in found if piece.height * 4 >= longest and piece.height >= LEAST]
    found = [piece for piece in found if not any(encloses(piece, other) for other in high)]
    inside = [piece for piece in found if not piece.cut and piece.height >= LEAST]
    if not inside:
        return found
    usual = usual_height([group_of((piece,)) for piece in inside])
    stroke = usual_stroke(inside)
    return [
        piece
        for piece in found
        if piece.height < LEAST
        or (
            thickness(piece) <= THICKER * stroke
            and not (piece.cut and is_foreign(piece, shape, usual, stroke))
        )
    ]


def is_foreign(piece: Piece, shape: tuple[int, ...], usual: int, stroke: float) -> bool:
    """Return whether what the edge cuts is a desk, a thumb or a shadow, rather than a digit."""
    if not usual * 0.5 <= piece.height <= usual * 1.6 or thickness(piece) * 4 > piece.height:
        return True
    rows, columns = piece.places
    beside = max(int((columns == end).sum()) for end in (piece.left, piece.right - 1))
    above = max(int((rows == end).sum()) for end in (piece.top, piece.bottom - 1))
    corner = (piece.top == 0 or piece.bottom == shape[0]) and (
        piece.left == 0 or piece.right == shape[1]
    )
    return corner and max(beside, above) > 2.5 * stroke


def usual_stroke(found: list[Piece]) -> float:
    """Return how wide the strokes are that half of the ink is in."""
    return middle([(thickness(piece), piece.amount) for piece in found])


def usual_height(found: list[Group]) -> int:
    """Return how high that is which half of the ink is in."""
    return int(middle([(group.height, group.amount) for group in found]))


def middle(weighted: list[tuple[float, int]]) -> float:
    """Return the value that half of the weights come with: the weighted median."""
    values, weights = np.array(sorted(weighted)).T
    upto = weights.cumsum()
    return float(values[np.searchsorted(upto, upto[-1] / 2)])


def thickness(piece: Piece) -> float:
    """Return how wide the strokes of a piece are, as `with_stroke` tells it."""
    rows, columns = piece.places
    mask = np.zeros((piece.height + 2, piece.right - piece.left + 2), bool)
    mask[rows - piece.top + 1, columns - piece.left + 1] = True
    edges = sum(int((mask ^ np.roll(mask, 1, axis)).sum()) for axis in (0, 1))
    return 2.55 * len(rows) / edges


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


def merged(found: list[Group]) -> list[Group]:
    """Return groups of pieces that belong together; the nearest go together first."""
    left = dict(enumerate(found))
    near = {
        (i, j): distance
        for i, j in combinations(left, 2)
        if (distance := apart(left[i], left[j])) is not None
    }
    while near:
        i, j = min(near, key=lambda pair: (near[pair], pair))
        both = group_of(left.pop(i).parts + left.pop(j).parts)
        near = {pair: distance for pair, distance in near.items() if not {i, j} & {*pair}}
        new = max(left, default=0) + 1
        for other, group in left.items():
            if (distance := apart(group, both)) is not None:
                near[other, new] = distance
        left[new] = both
    return list(left.values())


def apart(one: Group, other: Group) -> float | None:
    """Return how far two parts of a digit are from each other, None for parts of different ones.

    That is a part of the height of the larger, less than 0 where the boxes overlap.
    """
    across = min(one.right, other.right) - max(one.left, other.left)  # shared, or less than 0
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    small, large = (one, other) if one.height < other.height else (other, one)
    if min(across, down) < -0.12 * large.height:
        return None
    high = max(one.bottom, other.bottom) - min(one.top, other.top)
    wide = max(one.right, other.right) - min(one.left, other.left)
    narrow = min(one.width, other.width)
    short = 10 * small.height < 6 * large.height
    if across > 0 and down > 0:
        shared = across * down / min(one.width * one.height, other.width * other.height)
        if shared >= (0.1 if short else 0.5):
            return -shared
    if 10 * high <= 18 * large.height and 10 * down <= 3 * small.height:  # one above the other
        gap = max(-down, 0) / large.height
        if gap <= 0.12 and 10 * across >= (2.5 if gap <= 0.08 else 4) * narrow:
            return gap
    if short and 2 * down > small.height:  # one beside the other
        gap = max(-across, 0) / large.height
        if gap <= 0.1 and 10 * wide <= 11 * large.height:
            return gap
    return None


def split(group: Group, ink: Pixels, usual: int) -> list[Group]:
    """Return the digits of a group that is wide for its height, if they are several.

    They touch where a column has the ink of no more than one stroke, and what is left and right of
    it is as high as a digit, and not too narrow.
    """
    high = min(group.height, usual)
    if 10 * group.width <= TOUCHING * high:
        return [group]
    box = alone(group, ink)[group.top : group.bottom, group.left : group.right]
    drawn_on = np.pad(box > 0, ((1, 0), (0, 0)))
    strokes = (drawn_on[1:] > drawn_on[:-1]).sum(axis=0)
    counts = drawn_on.sum(axis=0)
    stroke = usual_stroke(list(group.parts))
    least = max(high // 4, 2)
    inside = np.arange(least, group.width - least)
    off = abs(2 * inside - group.width) / group.width  # of equal cuts, that in the middle
    for at in inside[np.argsort(counts[inside] + off * stroke, kind="stable")].tolist():
        if strokes[at] > 1 or counts[at] > CUT * stroke:
            continue
        sides = drawn_on[1:, :at], drawn_on[1:, at:]
        if all(10 * np.ptp(np.flatnonzero(side.any(axis=1))) >= 7 * high for side in sides):
            halves = []
            for left, right in ((0, at), (at, group.width)):
                half = np.zeros_like(ink)
                half[group.top : group.bottom, group.left + left : group.left + right] = box[
                    :, left:right
                ]
                halves.append(group_of(tuple(pieces(half))))
            return [
                part._replace(whole=group) for half in halves for part in split(half, ink, usual)
            ]
    return [group]


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
