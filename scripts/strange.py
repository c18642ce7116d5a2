"""Draw things that are no digit: noise, scribbles, letters, shapes, faces, two digits at once.

    rgba = picture(star, seed=0, number=3)

`predict` is to say of each that it is unsure. Kinds are in two halves: from the first, the second
network of `predict` learned what is no digit, and thresholds were chosen; the other half is only
measured (but for the face: a rule was made for its eyes). A picture depends on the seed, its kind
and its number alone. Letters that can be taken for a digit (O, I, Z, S, B, G, ...) are left out.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simplenet.datasets.load import load_data

Bytes = NDArray[np.uint8]
Ink = NDArray[np.float64]  # (rows, columns), 0 to 1: how much of a pixel is covered
Random = np.random.Generator
Kind = Callable[[Random], Ink]
Points = NDArray[np.float64]  # (n, 2): row and column, 0 to 1

SIDE = 112  # pixels of a picture
PAPER, DARK = 230, 30


# --- a pen ----------------------------------------------------------------------------------------


def stroke(*lines: Points | Sequence[tuple[float, float]], width: float = 8) -> Ink:
    """Return the ink of lines through points, drawn with a round pen so many pixels wide."""
    ink, reach = np.zeros((SIDE, SIDE)), width / 2 + 1
    for line in lines:
        points = 10 + (SIDE - 20) * np.asarray(line, float)
        for begin, end in pairwise(points):
            low = np.maximum(np.minimum(begin, end) - reach, 0).astype(int)
            high = np.maximum(np.ceil(np.maximum(begin, end) + reach), 0).astype(int)
            part = np.s_[low[0] : high[0], low[1] : high[1]]  # the rest is further away
            y, x = np.mgrid[part] + 0.5
            (up, right), y, x = end - begin, y - begin[0], x - begin[1]
            along = np.clip((y * up + x * right) / max(up * up + right * right, 1e-9), 0, 1)
            away = np.hypot(y - along * up, x - along * right)
            window = ink[part]
            covered = np.clip(width / 2 + 0.5 - away, 0, 1)[: window.shape[0], : window.shape[1]]
            np.maximum(window, covered, out=window)
    return ink


def pen(rng: Random) -> float:
    """Return the width of some pen, in pixels."""
    return float(rng.uniform(3, 14))


def ring(corners: int, rng: Random, radii: Sequence[float] = (0.45,)) -> Points:
    """Return a closed line around the middle, its corners at these distances in turn."""
    angle = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(corners + 1) / corners
    radius = np.resize(radii, corners + 1) * rng.uniform(0.85, 1.1)
    radius[-1] = radius[0]
    return 0.5 + np.stack([np.sin(angle), np.cos(angle)], axis=-1) * radius[:, None]


def by_hand(points: Points | Sequence[tuple[float, float]], rng: Random) -> Points:
    """Return points as a hand puts them: each a little beside, the whole slanted and stretched."""
    points = np.asarray(points, float) + rng.normal(0, 0.02, np.shape(points))
    slant = np.array([[rng.uniform(0.8, 1.1), rng.normal(0, 0.12)], [0, rng.uniform(0.7, 1.1)]])
    return 0.5 + (points - 0.5) @ slant


def smooth(points: Points, steps: int = 8) -> Points:
    """Return a line through points that bends instead of having corners (Catmull and Rom)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:]):
        parts.append(
            b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        )
    return np.concatenate([*parts, points[-1:]])


def filled(outline: Points) -> Ink:
    """Return the ink inside of a closed line."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5 - 10) / (SIDE - 20)
    inside = np.zeros((SIDE, SIDE), bool)
    for (y0, x0), (y1, x1) in pairwise(outline):
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0 if y1 != y0 else 1))
    return inside.astype(float)


def shape(outline: Points, rng: Random) -> Ink:
    """Return a closed line, or what is inside of it."""
    return filled(outline) if rng.random() < 0.3 else stroke(outline, width=pen(rng))


# --- noise and textures ---------------------------------------------------------------------------


def uniform_noise(rng: Random) -> Ink:
    """Each pixel of any lightness; in some pictures, of coarse pixels."""
    side = int(rng.choice([14, 28, 56, 112]))
    return np.kron(rng.random((side, side)), np.ones((SIDE // side,) * 2))


def salt_and_pepper(rng: Random) -> Ink:
    """Some pixels black, the others white."""
    side = int(rng.choice([16, 28, 56, 112]))
    ink = (rng.random((side, side)) < rng.uniform(0.05, 0.6)).astype(float)
    return np.kron(ink, np.ones((SIDE // side,) * 2))


def clouds(rng: Random, power: float) -> Ink:
    """Return noise whose waves are weaker the shorter they are, from 0 to 1."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE))
    frequency[0, 0] = 1
    waves = np.fft.fft2(rng.normal(size=(SIDE, SIDE))) / frequency**power
    waves[0, 0] = 0
    values = np.fft.ifft2(waves).real
    return (values - values.min()) / np.ptp(values)


def blobs(rng: Random) -> Ink:
    """Soft spots with sharp edges."""
    values = clouds(rng, rng.uniform(1.6, 2.4))
    return (values > np.quantile(values, rng.uniform(0.5, 0.85))).astype(float)


def photograph(rng: Random) -> Ink:
    """Light as nature has it: strong in long waves, weak in short ones."""
    return clouds(rng, rng.uniform(0.8, 1.6))


def gradients(rng: Random) -> Ink:
    """Two planes of light with an edge between them, and grain."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    a, b, c, d = rng.normal(size=4)
    bent = np.sin(3 * c * x + d * 2) * 0.3
    light = 0.5 + 0.3 * (a * x + b * y) + 0.5 * (y > bent) * rng.uniform(0.4, 1)
    return np.clip(light + rng.normal(0, 0.04, light.shape), 0, 1)


def stripes(rng: Random) -> Ink:
    """Waves in one direction."""
    y, x = np.mgrid[:SIDE, :SIDE]
    angle, length = rng.uniform(0, np.pi), rng.uniform(8, 40)
    return (np.sin((y * np.sin(angle) + x * np.cos(angle)) * 2 * np.pi / length) > 0).astype(float)


def checks(rng: Random) -> Ink:
    """A board for draughts, or bricks."""
    y, x = np.mgrid[:SIDE, :SIDE] + rng.integers(0, 20, 2)[:, None, None]
    high, wide = rng.integers(8, 30, 2)
    if rng.random() < 0.5:
        return ((y // high + x // wide) % 2).astype(float)
    return ((y % high < 3) | ((x + y // high % 2 * wide // 2) % wide < 3)).astype(float)


def dots(rng: Random) -> Ink:
    """A crowd of dots."""
    count = int(rng.integers(5, 25))
    return stroke(*([p, p] for p in rng.random((count, 2))), width=float(rng.uniform(6, 14)))


# --- lines ----------------------------------------------------------------------------------------


def scribble(rng: Random) -> Ink:
    """A pen that goes to and fro."""
    points = rng.random((int(rng.integers(6, 16)), 2))
    return stroke(smooth(points, 5), width=pen(rng) * 0.7)


def tangle(rng: Random) -> Ink:
    """A pen that goes round and round, while it wanders."""
    turns = np.linspace(0, 2 * np.pi * rng.uniform(3, 7), 90)
    middle = np.cumsum(rng.normal(0, 0.03, (90, 2)), axis=0)
    radius = rng.uniform(0.15, 0.35) * (1 + rng.normal(0, 0.1, 90).cumsum() * 0.2)
    around = np.stack([np.sin(turns), np.cos(turns)], axis=-1) * radius[:, None]
    points = middle - middle.mean(axis=0) + around
    return stroke(0.5 + points / (2 * np.abs(points).max()), width=pen(rng) * 0.6)


def zigzag(rng: Random) -> Ink:
    """A line that goes up and down."""
    n = int(rng.integers(5, 10))
    x = np.linspace(0, 1, n)
    y = np.where(np.arange(n) % 2, 0.5 - rng.uniform(0.15, 0.5), 0.5 + rng.uniform(0.15, 0.5))
    line = np.stack([y, x], axis=-1)
    return stroke(by_hand(line if rng.random() < 0.6 else line[:, ::-1], rng), width=pen(rng) * 0.8)


def spiral(rng: Random) -> Ink:
    """A line that goes round, ever further out."""
    t = np.linspace(0.1, 1, 70)
    angle = rng.uniform(0, 6) + t * 2 * np.pi * rng.uniform(2.2, 4)
    return stroke(
        0.5 + np.stack([np.sin(angle), np.cos(angle)], axis=-1) * 0.5 * t[:, None],
        width=pen(rng) / 2,
    )


def lines(rng: Random) -> Ink:
    """Some straight lines, each anywhere."""
    ends = rng.random((int(rng.integers(3, 8)), 2, 2))
    return stroke(*ends, width=pen(rng) * 0.8)


def level_line(rng: Random) -> Ink:
    """One straight line, level or nearly."""
    y = rng.uniform(0.3, 0.7)
    return stroke([(y, 0.1), (y + rng.normal(0, 0.08), 0.9)], width=pen(rng))


def characters(rng: Random) -> Ink:
    """Strokes up, across and slanted, as in Chinese."""
    strokes = []
    for _ in range(int(rng.integers(4, 9))):
        place, length = rng.uniform(0.15, 0.85, 2), rng.uniform(0.15, 0.45)
        angle = rng.choice([0, np.pi / 2, np.pi / 4, -np.pi / 4]) + rng.normal(0, 0.1)
        way = length * np.array([np.sin(angle), np.cos(angle)])
        strokes.append([place - way, place + way])
    return stroke(*strokes, width=pen(rng) * 0.6)


# --- shapes ---------------------------------------------------------------------------------------


def star(rng: Random) -> Ink:
    """A star with five to eight points."""
    points = int(rng.integers(5, 9))
    return shape(ring(2 * points, rng, (0.5, rng.uniform(0.18, 0.28))), rng)


def square(rng: Random) -> Ink:
    """A square or rectangle."""
    h, w = rng.uniform(0.3, 0.5, 2)
    corners = [(-h, -w), (-h, w), (h, w), (h, -w), (-h, -w)]
    outline = 0.5 + np.array(corners) + np.pad(rng.normal(0, 0.02, (4, 2)), ((0, 1), (0, 0)))
    outline[-1] = outline[0]
    return shape(outline, rng)


def triangle(rng: Random) -> Ink:
    """A triangle."""
    return shape(ring(3, rng, rng.uniform(0.4, 0.55, 3)), rng)


def hexagon(rng: Random) -> Ink:
    """A polygon with five to seven corners, filled."""
    return filled(ring(int(rng.integers(5, 8)), rng))


def cross(rng: Random) -> Ink:
    """A plus sign or an x."""
    a, b = [(0.5, 0.05), (0.5, 0.95)], [(0.05, 0.5), (0.95, 0.5)]
    if rng.random() < 0.5:
        a, b = [(0.1, 0.1), (0.9, 0.9)], [(0.1, 0.9), (0.9, 0.1)]
    return stroke(by_hand(a, rng), by_hand(b, rng), width=pen(rng))


def hash_sign(rng: Random) -> Ink:
    """Two lines across two lines."""
    parts = [[(0, p), (1, p)] for p in (0.3, 0.7)] + [[(p, 0), (p, 1)] for p in (0.3, 0.7)]
    return stroke(*(by_hand(part, rng) for part in parts), width=pen(rng) * 0.7)


def heart(rng: Random) -> Ink:
    """A heart."""
    t = np.linspace(0, 2 * np.pi, 40)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    outline = np.stack([0.45 - y / 36, 0.5 + 16 * np.sin(t) ** 3 / 36], axis=-1)
    return shape(outline, rng)


def arrow(rng: Random) -> Ink:
    """An arrow to any side."""
    head = rng.uniform(0.2, 0.35)
    parts = [[(0.5, 0), (0.5, 1)], [(0.5 - head, 1 - head), (0.5, 1), (0.5 + head, 1 - head)]]
    for _ in range(int(rng.integers(4))):
        parts = [[(x, 1 - y) for y, x in part] for part in parts]
    return stroke(*(by_hand(part, rng) for part in parts), width=pen(rng))


def face(rng: Random) -> Ink:
    """A round face with eyes and a mouth."""
    t = np.linspace(0, 2 * np.pi, 40)
    head = 0.5 + 0.48 * np.stack([np.sin(t), np.cos(t) * rng.uniform(0.75, 1)], axis=-1)
    bend = rng.uniform(-0.15, 0.2)
    mouth = [(0.68 + bend * (1 - 4 * x * x), 0.5 + 0.5 * x) for x in np.linspace(-0.5, 0.5, 9)]
    eyes = [[(0.35, p), (0.38, p)] for p in (0.33, 0.67)]
    return stroke(head, mouth, *eyes, width=pen(rng) * 0.6)


def house(rng: Random) -> Ink:
    """A house with a door."""
    top = rng.uniform(0.3, 0.5)
    walls = [(1, 0.1), (top, 0.1), (0, 0.5), (top, 0.9), (1, 0.9), (1, 0.1)]
    door = [(1, 0.4), (0.7, 0.4), (0.7, 0.6), (1, 0.6)]
    return stroke(by_hand(walls, rng), door, [(top, 0.1), (top, 0.9)], width=pen(rng) * 0.6)


def flower(rng: Random) -> Ink:
    """Petals around a middle."""
    t = np.linspace(0, 2 * np.pi, 90)
    radius = 0.3 + 0.2 * np.cos(int(rng.integers(4, 8)) * t + rng.uniform(0, 6))
    around = 0.5 + np.stack([np.sin(t), np.cos(t)], axis=-1) * radius[:, None]
    return stroke(around, around[:1].repeat(2, axis=0), width=pen(rng) * 0.6)


def figure(rng: Random) -> Ink:
    """A man of lines: head, body, arms and legs."""
    t = np.linspace(0, 2 * np.pi, 20)
    head = np.stack([0.15 + 0.13 * np.sin(t), 0.5 + 0.13 * np.cos(t)], axis=-1)
    arms, legs = rng.uniform(-0.15, 0.2), rng.uniform(0.15, 0.35)
    parts = [
        [(0.28, 0.5), (0.65, 0.5)],
        [(0.4 + arms, 0.2), (0.4, 0.5), (0.4 + rng.uniform(-0.15, 0.2), 0.8)],
        [(1, 0.5 - legs), (0.65, 0.5), (1, 0.5 + legs)],
    ]
    return stroke(head, *parts, width=pen(rng) * 0.7)


def wave(rng: Random) -> Ink:
    """A line that swings, level or upright."""
    x = np.linspace(0, 1, 50)
    swing = np.sin(2 * np.pi * rng.uniform(1.5, 4) * x + rng.uniform(0, 6))
    line = np.stack([0.5 + rng.uniform(0.1, 0.4) * swing, x], axis=-1)
    return stroke(line if rng.random() < 0.6 else line[:, ::-1], width=pen(rng) * 0.8)


def tree(rng: Random) -> Ink:
    """A trunk with branches to both sides."""
    parts = [[(1, 0.5), (0, 0.5 + rng.normal(0, 0.05))]]
    for _ in range(int(rng.integers(2, 7))):
        at, side = rng.uniform(0.1, 0.8), rng.choice([-1, 1])
        parts.append([(at, 0.5), (at - rng.uniform(-0.2, 0.3), 0.5 + side * rng.uniform(0.2, 0.5))])
    return stroke(*(by_hand(part, rng) for part in parts), width=pen(rng) * 0.7)


def boxes(rng: Random) -> Ink:
    """Two to four rectangles, across each other or divided."""
    parts = []
    for _ in range(int(rng.integers(2, 5))):
        (a, b), (c, d) = np.sort(rng.random((2, 2)), axis=1)
        parts.append([(a, c), (a, d), (b, d), (b, c), (a, c)])
    return stroke(*parts, width=pen(rng) * 0.6)


def doodle(rng: Random) -> Ink:
    """Two to five of: a line, a bow, a polygon, a dot; of any size, anywhere."""
    parts = []
    for _ in range(int(rng.integers(2, 6))):
        size, middle = rng.uniform(0.1, 0.5), rng.uniform(0.25, 0.75, 2)
        sort = rng.integers(4)
        if sort == 0:
            part = middle + size * rng.normal(size=(2, 2))
        elif sort == 1:
            angle = rng.uniform(0, 6) + np.linspace(0, rng.uniform(1, 5), 12)
            part = middle + size * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
        elif sort == 2:
            part = middle + size * (ring(int(rng.integers(3, 6)), rng) - 0.5) * 1.5
        else:
            part = middle + np.zeros((2, 1))
        parts.append(np.clip(part, 0, 1))
    return stroke(*parts, width=pen(rng) * 0.8)


# --- letters --------------------------------------------------------------------------------------

LETTERS = "AEHKMPRTVXfhmru", "CFJLNUWYdknptwa"  # of the two halves
# Rows down, columns to the right, in sixths: as a hand writes them.
WRITTEN = {
    "A": "60 03 66|41 45", "E": "06 00 60 66|30 35", "H": "00 60|06 66|30 36",
    "K": "00 60|06 30 66",
    "M": "60 00 33 06 66", "P": "60 00 05 16 25 30", "R": "60 00 05 16 25 30 66",
    "T": "00 06|03 63", "V": "00 63 06", "X": "00 66|06 60", "f": "05 03 12 62|30 34",
    "h": "00 60 31 24 35 65", "m": "20 60 31 22 33 63 34 25 36 66", "r": "20 60 31 23 24",
    "u": "20 51 62 64 45 25 65",
    "C": "15 03 11 30 51 63 55", "F": "06 00 60|30 35", "J": "01 06|03 53 62 50", "L": "00 60 66",
    "N": "60 00 66 06", "U": "00 51 63 55 06", "W": "00 62 33 64 06", "Y": "00 33 06|33 63",
    "d": "05 65|33 23 30 51 63 55", "k": "00 60|24 40 64", "n": "20 60 31 24 35 65",
    "p": "20 80|31 24 35 54 61 50", "t": "02 52 64 55|20 25", "w": "20 62 33 64 26",
    "a": "25 65|34 22 30 51 63 55",
}  # fmt: skip


@cache
def fonts() -> list[Path]:
    """Return the files of the fonts that matplotlib brings: some with serifs, some italic."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif-Italic", "DejaVuSansMono", "STIXGeneral"
    return [folder / f"{name}.ttf" for name in names]


def printed(letters: str, rng: Random) -> Ink:
    """Return one of these letters in some font."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (SIDE, SIDE), 0)
    font = ImageFont.truetype(str(fonts()[rng.integers(len(fonts()))]), int(rng.integers(60, 90)))
    letter = letters[rng.integers(len(letters))]
    ImageDraw.Draw(page).text((SIDE / 2, SIDE / 2), letter, 255, font, anchor="mm")
    return np.asarray(page) / 255


def written(letters: str, rng: Random) -> Ink:
    """Return one of these letters as a hand writes it."""
    slant = rng.normal(0, 0.12)
    wide, high = rng.uniform(0.6, 1), rng.uniform(0.8, 1)
    parts = []
    for part in WRITTEN[letters[rng.integers(len(letters))]].split("|"):
        points = np.array([(int(row), int(column)) for row, column in part.split()], float) / 6
        points = points + rng.normal(0, 0.025, points.shape) - 0.5
        points = np.stack([points[:, 0] * high, points[:, 1] * wide - slant * points[:, 0]], -1)
        parts.append(0.5 + (smooth(points, 5) if rng.random() < 0.5 else points) * 0.9)
    return stroke(*parts, width=pen(rng))


def printed_letter(rng: Random) -> Ink:
    """A letter of the first half in a font."""
    return printed(LETTERS[0], rng)


def written_letter(rng: Random) -> Ink:
    """A letter of the first half by hand."""
    return written(LETTERS[0], rng)


def other_printed_letter(rng: Random) -> Ink:
    """A letter of the other half in a font."""
    return printed(LETTERS[1], rng)


def other_written_letter(rng: Random) -> Ink:
    """A letter of the other half by hand."""
    return written(LETTERS[1], rng)


# --- several digits -------------------------------------------------------------------------------


@cache
def _digits() -> tuple[Bytes, Bytes]:
    """Return MNIST's training images, and which of two halves each belongs to."""
    images = np.asarray(load_data("mnist").train.images)
    return images[::2], images[1::2]


@cache
def _labels() -> Bytes:
    """Return which digits the first half shows."""
    return np.asarray(load_data("mnist").train.labels[::2])


def digits(count: int, half: int, apart: tuple[int, int], rng: Random) -> Ink:
    """Return some digits beside each other, so many pixels of 28 apart, from least to most."""
    row = np.zeros((28, 0))
    for index in rng.integers(len(_digits()[half]), size=count):
        image = _digits()[half][index] / 255
        columns = np.flatnonzero(image.any(axis=0))
        image = image[:, columns[0] : columns[-1] + 1]
        image = np.roll(image, rng.integers(-2, 3), axis=0)
        if not row.shape[1]:
            row = image
            continue
        gap = int(rng.integers(*apart, endpoint=True))
        at = max(row.shape[1] + gap, 0)
        both = np.zeros((28, max(at + image.shape[1], row.shape[1])))
        both[:, : row.shape[1]] = row
        part = both[:, at : at + image.shape[1]]
        np.maximum(part, image, out=part)
        row = both
    return np.kron(np.pad(row, 3), np.ones((4, 4)))


def two_digits(rng: Random) -> Ink:
    """Two digits that touch or nearly."""
    return digits(2, 0, (-4, 2), rng)


def three_digits(rng: Random) -> Ink:
    """Three digits, close together."""
    return digits(3, 0, (-3, 1), rng)


def two_apart(rng: Random) -> Ink:
    """Two digits with paper between them."""
    return digits(2, 1, (2, 8), rng)


def two_touching(rng: Random) -> Ink:
    """Two digits that run into each other."""
    return digits(2, 1, (-5, -1), rng)


def one_above_another(rng: Random) -> Ink:
    """Two digits, one above the other."""
    a, b = (_digits()[0][i] / 255 for i in rng.integers(len(_digits()[0]), size=2))
    over = int(rng.integers(2, 8))
    both = np.zeros((56 - over, 28))
    both[:28] = a
    both[28 - over :] = np.maximum(both[28 - over :], b)
    return np.kron(np.pad(both, 3), np.ones((4, 4)))


def lying_digit(rng: Random) -> Ink:
    """A digit that lies on its side, and is none in this position."""
    images = _digits()[0]
    upright = np.flatnonzero(~np.isin(_labels(), (0, 8)))
    image = np.rot90(images[rng.choice(upright)], int(rng.choice([1, 3]))) / 255
    return np.kron(image, np.ones((4, 4)))


# Network and thresholds know pictures of these kinds, but none of the others.
LEARNED: tuple[Kind, ...] = (
    uniform_noise, blobs, gradients, stripes, scribble, tangle, lines, characters, star, square,
    hexagon, hash_sign, figure, flower, wave, tree, boxes, doodle, lying_digit,
    printed_letter, written_letter, two_digits, three_digits, one_above_another,
)  # fmt: skip
UNSEEN: tuple[Kind, ...] = (
    salt_and_pepper, photograph, checks, dots, zigzag, spiral, level_line, triangle, cross, heart,
    arrow, face, house, other_printed_letter, other_written_letter, two_apart, two_touching,
)  # fmt: skip


def picture(kind: Kind, seed: int, number: int) -> Bytes:
    """Return a picture of a kind: bytes (rows, columns, 4), dark on light."""
    name = int.from_bytes(kind.__name__.encode(), "little")  # so that a new kind changes no other
    ink = kind(np.random.default_rng([seed, number, name]))
    light = (PAPER - (PAPER - DARK) * ink).round().astype(np.uint8)
    return np.dstack([light, light, light, np.full_like(light, 255)])
