"""Ways of writing the digits: the paths of a pen, designed by hand, made ready for drawing.

Nothing is taken from a font or from anyone's images, and all is computed in integers. Fixed-point
units: shapes are in 1/64 of a unit of the table STYLES, in which a digit is about 100 units high.
"""

from functools import cache
from itertools import pairwise
from math import isqrt
from typing import NamedTuple

import numpy as np

DOTS = 120  # how often the pen touches the paper for one digit: no gaps show
UNIT = 64
BASIS = 4096  # fixed-point one of the spline's weights

# Ways of writing the digits. Each begins with the digit, its weight among the ways of writing that
# digit, the standard deviation of its points in units, and a description; its shapes follow.
# A shape lists the points x,y that the pen passes, from 0,0 at the top left to about 100,100 at the
# bottom right; "!" marks a corner, "|" lifts the pen. An image mixes all shapes of one style: they
# are the ends of a range rather than alternatives, and have the same points, corners and lifts.
STYLES = """
0 1 5 a ring: round, begun with a curl, pointed, narrow
    52,2 24,12 10,50 22,88 48,98 74,86 88,50 74,12 46,2
    64,10 40,3 14,30 10,65 38,98 72,82 86,42 70,8 38,8
    60,6 28,10 16,50 26,90 48,98 74,84 84,42 66,8 46,26
    54,0 22,28 12,64 28,94 50,99 72,90 86,60 76,24 50,0
    50,1 32,14 26,50 32,86 48,99 62,86 70,50 64,14 48,1
    76,2 36,12 8,50 10,88 36,98 70,86 96,48 94,12 66,4
1 8 7 a plain stroke, perhaps bent
    60,0 50,50 40,100
    52,0 56,50 50,100
    58,0 48,50 51,100
    86,0 50,50 14,100
    40,0 50,50 60,100
1 2 7 with a flag
    28,24 58,0! 52,50 48,100
    38,14 56,0! 54,50 50,100
    40,20 66,0! 56,50 42,100
1 2 7 with a flag and a foot
    28,24 56,0! 52,50 48,98 | 15,99 85,98
    34,12 60,0! 50,50 45,98 | 20,100 75,97
1 8 7 a straight stroke
    58,0 42,100
    50,0 50,100
    86,0 14,100
    34,0 62,100
2 3 7 with a corner at the foot: swan, like a Z, drawn out to the right, narrow
    12,25 40,2 75,12 70,42 38,74 8,97! 50,94 95,95
    10,12 45,4 84,10 66,36 40,62 6,95! 50,95 96,90
    14,30 42,2 74,22 62,56 36,80 8,96! 46,96 92,98
    24,14 44,4 68,18 58,44 34,68 2,86! 55,84 118,82
    24,26 44,2 66,16 60,50 42,78 24,98! 50,96 78,96
    4,14 30,0 60,14 62,42 44,70 22,97! 58,96 96,96
    16,38 34,4 76,12 72,44 40,74 8,98! 46,92 92,98
    28,16 44,2 60,14 56,44 42,74 30,96! 54,95 80,94
    14,24 40,0 78,14 66,48 36,72 4,84! 52,90 98,110
    20,16 44,0 72,14 60,44 30,68 2,92! 46,84 104,66
2 7 7 with a loop at the foot
    14,22 42,2 74,16 66,52 30,92 6,88 18,70 45,80 70,94 98,88
    15,18 46,2 76,20 60,60 28,96 6,90 16,80 46,88 72,96 98,94
    10,26 40,2 78,20 70,55 40,84 12,97 10,80 42,82 70,96 98,80
    22,20 44,4 68,18 58,48 30,80 4,82 16,66 46,74 80,84 120,78
    18,20 42,2 72,20 66,60 44,94 18,98 10,78 32,70 58,86 80,98
    14,22 42,2 72,18 64,54 34,88 10,92 14,74 44,78 66,94 84,112
    8,36 30,4 72,10 72,50 44,86 16,96 8,80 34,74 66,86 96,86
    34,36 22,12 54,0 78,24 62,62 30,94 10,86 22,72 54,88 96,92
    14,26 30,4 62,8 56,40 26,72 0,84 14,66 46,70 84,78 124,66
    8,30 30,2 70,6 80,40 50,76 16,92 4,80 24,70 54,84 94,84
    20,12 50,4 64,26 46,56 20,86 8,98 2,84 26,74 62,84 112,62
    24,24 44,0 64,18 58,56 36,90 18,96 14,80 34,72 58,88 88,96
    20,30 46,2 74,20 66,52 34,94 6,98 10,82 44,78 72,88 92,84
2 2 7 with a round foot
    14,24 42,2 74,18 60,52 26,82 14,95 40,97 92,90
    6,14 40,4 74,12 64,46 30,70 4,88 34,94 104,80
3 6 7 with a corner in the middle: round, flat, drawn out to the left, lopsided
    16,14 45,1 74,18 62,40 36,48! 74,56 80,78 52,99 14,88
    14,6 50,3 80,8 60,28 38,44! 74,52 82,78 50,99 10,90
    24,12 52,1 78,16 68,40 36,46! 66,52 72,80 40,98 0,90
    20,10 50,2 74,20 64,44 44,52! 66,60 70,80 46,98 16,94
    30,12 50,4 66,20 56,36 42,44! 72,50 86,74 54,98 10,84
    10,18 46,0 82,20 70,46 44,58! 62,64 66,82 42,99 16,92
    6,10 36,2 58,18 48,38 28,46! 66,56 86,78 62,99 28,96
    20,10 60,2 90,12 74,34 46,46! 60,52 66,76 34,98 -14,90
    18,26 40,2 74,14 62,38 40,46! 72,54 80,76 50,99 12,82
    26,6 52,1 74,12 66,30 50,40! 74,46 84,70 52,98 18,92
3 3 7 with a bend or a small loop in the middle
    16,14 45,1 76,18 62,42 40,50 48,46 74,54 82,76 50,99 10,88
    14,12 50,2 74,20 52,44 34,46 48,42 70,52 74,78 44,99 4,94
    22,8 48,2 70,18 62,42 46,50 56,50 72,62 66,84 42,99 10,92
    6,10 36,2 58,16 50,40 26,50 44,46 72,58 84,80 60,99 26,94
    20,22 46,0 72,14 64,34 44,42 58,42 80,56 82,80 50,99 14,86
4 6 7 open at the top, in two strokes
    22,3 18,28 14,52! 45,54 88,50 | 74,5 68,50 60,100
    28,2 14,36 26,56! 52,54 78,40 | 84,2 74,50 62,100
    18,8 12,34 16,58! 50,60 92,56 | 76,10 72,55 68,100
    40,8 24,36 8,60! 46,58 98,48 | 82,6 62,52 40,100
    24,0 20,22 22,46! 46,48 78,44 | 72,0 70,50 66,100
4 2 7 closed at the top
    66,2 38,32 10,62! 50,62 92,60 | 68,2 64,50 60,100
4 3 7 in one stroke
    24,6 14,40 30,56 60,48 82,6! 72,50 58,100
    22,3 18,40 38,52 64,38 80,2! 76,48 66,100
    30,6 10,44 20,60 56,50 94,4! 70,50 42,100
5 5 7 bar first: upright, drawn out to the right, short bar, nearly closed
    84,3 50,4 24,6! 20,25 18,44! 50,36 80,55 74,88 40,99 10,88
    100,0 62,8 34,12! 28,28 20,46! 50,40 74,58 66,88 36,98 4,92
    76,4 50,4 28,4! 26,24 26,42! 48,40 72,62 66,88 40,98 12,84
    120,6 74,14 44,18! 36,32 26,48! 54,44 72,60 58,84 32,94 0,90
    80,8 56,10 36,14! 28,30 22,48! 54,40 82,58 60,92 24,96 6,78
    78,2 56,4 36,6! 34,32 32,58! 52,50 72,68 60,90 40,99 14,94
    62,4 50,6 36,8! 28,26 20,44! 50,36 80,56 70,90 36,98 8,86
5 3 7 bar set on at the end
    26,7 22,25 18,45! 50,36 80,58 72,90 40,99 8,90 | 26,5 60,5 96,0
    36,10 30,26 22,42! 46,42 70,62 62,88 34,98 2,92 | 34,10 66,6 100,2
    30,4 24,22 24,40! 52,38 72,62 60,88 36,98 14,88 | 32,6 54,4 76,4
5 2 7 like an S
    82,6 45,5 26,26 46,45 72,62 64,88 36,98 8,92
    74,3 42,8 30,28 50,42 72,64 58,92 32,98 12,88
6 1 6 curved, upright, with a wide bowl, with a flat bowl
    70,2 40,20 18,54 18,84 44,99 74,84 74,60 48,52 22,72
    56,0 36,30 20,66 28,95 52,98 70,80 58,64 38,66 24,84
    52,0 24,28 12,68 34,98 70,92 80,64 56,50 32,58 16,78
    66,0 36,30 10,68 14,94 50,98 84,80 72,62 44,70 24,90
    46,0 28,30 20,66 32,96 58,98 74,76 62,56 42,64 30,84
    34,0 14,36 10,72 30,98 66,98 92,80 80,58 50,62 34,86
    22,0 6,40 10,80 36,98 70,94 88,70 70,54 42,66 30,90
7 6 7 bar and stem
    12,10 45,9 84,8! 66,50 48,100
    16,16 48,8 82,6! 72,50 62,100
    8,14 46,4 80,10! 72,46 50,100
    4,22 44,14 88,4! 60,44 26,96
    22,10 46,8 70,8! 62,50 52,100
7 4 7 with a serif
    10,28 16,9 48,8 82,7! 66,50 46,100
    14,32 18,14 46,8 80,10! 72,52 62,100
    10,40 20,18 50,12 86,4! 66,46 38,100
7 2 7 with a cross-bar
    12,10 45,9 84,8! 66,50 48,100 | 32,54 84,48
    20,14 48,8 76,6! 64,50 46,100 | 24,50 90,48
7 1 7 with a serif and a cross-bar
    10,28 16,10 48,8 84,8! 66,50 46,100 | 30,54 86,48
7 2 7 with a round shoulder
    14,34 20,12 44,6 78,14 76,54 66,100
    6,16 24,8 52,2 84,14 74,54 50,100
8 6 6 begun at the top right, like an S that is closed again
    74,12 48,2 26,22 48,46 72,72 50,98 24,78 46,50 74,24 70,8
    86,8 48,6 26,26 46,48 66,74 42,98 20,80 46,52 80,26 92,4
    64,4 38,6 28,28 52,48 78,74 50,99 22,76 48,46 76,20 60,3
    84,2 60,2 40,20 48,44 60,70 36,98 14,82 42,52 76,24 84,4
    80,16 50,0 18,24 46,56 68,78 50,98 32,80 48,56 82,26 76,10
    70,10 46,2 24,20 50,50 74,90 50,99 24,92 46,54 76,24 66,6
    66,10 50,2 36,16 48,36 84,68 50,98 14,70 46,38 64,18 60,6
    90,14 56,2 20,14 40,40 70,70 46,98 20,84 46,54 80,24 100,0
8 2 6 two rings
    50,2 26,22 50,46 76,22 52,2 | 50,46 20,72 50,99 82,74 50,46
9 6 7 with a straight tail
    74,16 48,4 20,24 28,48 58,42 76,14! 70,58 60,100
    68,10 42,4 22,32 38,50 66,36 74,10! 74,54 72,100
    76,8 50,2 22,26 30,46 62,38 80,8! 66,54 46,100
    66,20 50,2 30,14 28,40 52,46 70,20! 64,58 52,100
    84,20 50,0 10,18 14,46 54,52 84,16! 86,56 86,100
    60,14 34,10 16,30 30,48 60,40 78,8! 70,54 58,100
    80,24 54,2 24,18 22,44 52,46 78,22! 70,60 54,100
9 2 7 with a curled tail
    76,16 48,4 20,24 28,48 58,42 76,14 72,58 52,96 18,92
    72,12 46,4 24,28 36,50 62,44 76,18 76,60 60,98 32,92
"""


class Point(NamedTuple):
    """A point the pen passes, in units of the table."""

    x: int
    y: int
    corner: bool


class Style(NamedTuple):
    """One way of writing a digit, made ready for drawing."""

    digit: int
    weight: int
    shapes: np.ndarray  # (shapes, points, 2) in 1/64 units
    wobbles: np.ndarray  # (points,) standard deviation of each point, in 1/64 units
    basis: np.ndarray  # (DOTS, points) weights of the points in each dot, in 1/4096


def parse(shape: str) -> list[list[Point]]:
    """Read a shape of the table as strokes of points."""
    return [
        [Point(*map(int, word.rstrip("!").split(",")), word.endswith("!")) for word in words]
        for words in map(str.split, shape.split("|"))
    ]


def direction(stroke: list[Point], point: int, other: int) -> dict[int, int]:
    """Return the weights, in 1/16, of a stroke's points in the pen's direction at one of them.

    ``other`` is the far end of the piece being drawn. Where the pen passes smoothly, the direction
    is 5/8 of the chord between the neighbours, which makes a ring of eight points round. At a
    corner or an end it is the one that lets the piece curve evenly into its far end.
    """

    def smooth(i: int) -> bool:
        return 0 < i < len(stroke) - 1 and not stroke[i].corner

    if smooth(point):
        return {point - 1: -10, point + 1: 10}
    ahead = other - point  # 1 or -1
    if smooth(other):  # 3/2 of the chord, less half the direction there
        return {point: -19 * ahead, other: 24 * ahead, other + ahead: -5 * ahead}
    return {point: -16 * ahead, other: 16 * ahead}


def spline_row(stroke: list[Point], first: int, step: int, steps: int) -> list[int]:
    """Return the weights, in 1/4096, of a stroke's points in one dot of a smooth curve.

    The dot lies step/steps of the way from point ``first`` to the next, on a cubic Hermite spline
    through all points.
    """
    t, n, last = step, steps, first + 1
    near = 2 * t**3 - 3 * t**2 * n + n**3  # in 1/n**3, as the next two
    leave = t**3 - 2 * t**2 * n + t * n**2
    arrive = t**3 - t**2 * n
    row = [0] * len(stroke)  # in 1/(16 * n**3)
    row[first] += 16 * near
    row[last] += 16 * (n**3 - near)
    for weight, point, other in ((leave, first, last), (arrive, last, first)):
        for i, part in direction(stroke, point, other).items():
            row[i] += weight * part
    return [weight * BASIS // (16 * n**3) for weight in row]


def spline(strokes: list[list[Point]]) -> list[list[int]]:
    """Return the (DOTS, points) weights, in 1/4096, that turn the points of strokes into dots."""
    pieces = []  # (length, stroke, index of the piece in it, number of points before the stroke)
    total = 0
    for stroke in strokes:
        for first, (a, b) in enumerate(pairwise(stroke)):
            pieces.append(
                (isqrt(((a.x - b.x) ** 2 + (a.y - b.y) ** 2) << 16), stroke, first, total)
            )
        total += len(stroke)
    length_of_all, walked, rows = sum(piece[0] for piece in pieces), 0, []
    for length, stroke, first, before in pieces:
        steps = DOTS * (walked + length) // length_of_all - DOTS * walked // length_of_all
        walked += length
        for step in range(steps):
            # Half a step from either end, so that dots are evenly spaced from piece to piece.
            row = spline_row(stroke, first, 2 * step + 1, 2 * steps)
            rows.append([0] * before + row + [0] * (total - before - len(stroke)))
    return rows


def make_style(digit: int, weight: int, wobble: int, shapes: list[list[list[Point]]]) -> Style:
    """Return a style made ready for drawing; ``wobble`` is in units of the table."""
    points = [[(point.x, point.y) for stroke in shape for point in stroke] for shape in shapes]
    # The ends of a stroke vary more than its middle: a pen starts late or runs on.
    halves = [
        3 if i in (0, len(stroke) - 1) else 2 for stroke in shapes[0] for i in range(len(stroke))
    ]
    return Style(
        digit,
        weight,
        np.array(points, np.int64) * UNIT,
        np.array(halves, np.int64) * (wobble * UNIT // 2),
        np.array(spline(shapes[0]), np.int64),
    )


def read(table: str) -> tuple[Style, ...]:
    """Return every style of a table such as STYLES, ready for drawing."""
    found: list[tuple[int, int, int, list[list[list[Point]]]]] = []
    for line in table.strip().splitlines():
        if line.startswith(" "):
            found[-1][-1].append(parse(line))
        else:
            digit, weight, wobble, _ = line.split(maxsplit=3)
            found.append((int(digit), int(weight), int(wobble), []))
    return tuple(make_style(*entry) for entry in found)


@cache
def styles() -> tuple[Style, ...]:
    """Return every style of the table, ready for drawing."""
    return read(STYLES)
