"""Draw handwritten digits, each from its split and its index alone, so any part by itself.

A pen follows paths designed by hand (strokes.py). Every image varies them: it mixes neighbouring
ways of writing its digit, moves the points the pen passes, bends and slants the result, and chooses
a pen. The ink is then prepared as MNIST's was: fitted into a box of 20x20 pixels, and placed in
28x28 so that its centre of mass is in the middle.

All of it is computed in integers, from a random generator of our own (chance.py), because floats
and numpy's generators may differ between machines and versions: the same bytes are drawn
everywhere. Fixed-point units:

* shapes   1/64 of a unit of the table in strokes.py, in which a digit is about 100 units high
* pixels   1/256 of a pixel
* rates    1/1024
* chance   1024 is one standard deviation
* turns    65536 is a full turn of a wave
"""

from math import isqrt

import numpy as np

from making.chance import SIGMA, TURN, WAVE, bell, below, random_words, wave
from making.strokes import BASIS, DOTS, UNIT, Style, styles

SIDE, BOX = 28, 20  # pixels: the image, and the box the ink is fitted into
BATCH = 250  # images drawn at once: few enough that the work stays in the processor's cache
PIXEL, RATE = 256, 1024

# How far images differ. The figures make the sample resemble handwriting as MNIST shows it.
CONTRAST = 6  # the higher, the more one shape outweighs the others in a mixture
ALIKE = (10, 16)  # how much neighbouring points move together: 0, 1 would be not at all
BEND = 4 * UNIT  # standard deviation of the smooth distortion
SLANT = (110, 300)  # rates: mean and standard deviation of the shear to the right
TILT = 80  # rate: standard deviation of the slope of a line
STRETCH = 200  # rate: standard deviation of the width
RADIUS = 262  # pixels/256: of the pen
RADIUS_LEAST = 150  # pixels/256
RADIUS_SPREAD = 270  # rate: standard deviation of the radius between images
PRESSURE = 200  # rate: standard deviation of the height of the wave of the radius along the way
CORE, FADE = 80, 200  # pixels/256: from half grey to full ink inwards, and to none outwards
GREY = 17  # step between the sixteen greys: enough for reading, and the files shrink by a third


def choose_labels(split: int, indices: np.ndarray) -> np.ndarray:
    """Return the (count,) labels of images: every ten from a multiple of ten hold each digit."""
    tens, places = np.divmod(indices, 10)
    order = np.argsort(random_words(split, tens, "order", 10), axis=1, kind="stable")
    return np.take_along_axis(order, places[:, None], axis=1)[:, 0]


def choose_styles(
    split: int, indices: np.ndarray, labels: np.ndarray, known: tuple[Style, ...]
) -> np.ndarray:
    """Return the (count,) positions among those known of the styles of images."""
    words = random_words(split, indices, "style", 1)[:, 0]
    chosen = np.zeros(len(indices), np.int64)
    for digit in range(10):
        here = labels == digit
        tickets = [i for i, s in enumerate(known) if s.digit == digit for _ in range(s.weight)]
        chosen[here] = np.array(tickets, np.int64)[below(words[here], len(tickets))]
    return chosen


def walk(style: Style, split: int, indices: np.ndarray) -> np.ndarray:
    """Return the dots of images of one style, (count, DOTS, 2) in 1/64 units."""
    kinds, points, _ = style.shapes.shape
    # With 13 shapes at most, the sums stay below 2**60.
    mix = (below(random_words(split, indices, "mix", kinds), 64) + 1) ** CONTRAST
    way = np.tensordot(mix, style.shapes, axes=1) // mix.sum(axis=1)[:, None, None]
    moves = bell(random_words(split, indices, "wobble", points * 2)).reshape(-1, points, 2)
    # Neighbouring points move alike, or else the line would look shaky; the division keeps the
    # standard deviation at 1024.
    near, own = ALIKE
    smooth = moves[:, 1:-1] * own + (moves[:, :-2] + moves[:, 2:]) * near
    moves[:, 1:-1] = smooth // isqrt(own**2 + 2 * near**2)
    way += moves * style.wobbles[:, None] // SIGMA
    return np.stack([way[:, :, axis] @ style.basis.T for axis in (0, 1)], axis=2) // BASIS


def bend(dots: np.ndarray, split: int, indices: np.ndarray) -> np.ndarray:
    """Distort dots, (count, DOTS, 2) in 1/64 units, by waves about as long as a digit is high."""
    words = random_words(split, indices, "bend", 8)
    heights = bell(words[:, :4]) * BEND // SIGMA
    phases = below(words[:, 4:], TURN)
    bent = dots.copy()
    for i, (moved, along) in enumerate(((0, 1), (1, 0), (0, 0), (1, 1))):
        turns = dots[:, :, along] * (TURN // (100 * UNIT)) + phases[:, i, None]
        bent[:, :, moved] += wave(turns) * heights[:, i, None] // WAVE
    return bent


def slant(dots: np.ndarray, split: int, indices: np.ndarray) -> np.ndarray:
    """Stretch, slant and tilt dots, (count, DOTS, 2) in 1/64 units."""
    chance = bell(random_words(split, indices, "slant", 3))
    shear = SLANT[0] + chance[:, :1] * SLANT[1] // SIGMA
    slope = chance[:, 1:2] * TILT // SIGMA
    width = RATE + np.clip(chance[:, 2:] * STRETCH // SIGMA, -RATE // 2, RATE // 2)
    x, y = dots[:, :, 0] * width // RATE, dots[:, :, 1]
    return np.stack([x - y * shear // RATE, y + x * slope // RATE], axis=2)


def choose_pens(split: int, indices: np.ndarray) -> np.ndarray:
    """Return the pen's radius at every dot, (count, DOTS) in 1/256 pixels."""
    words = random_words(split, indices, "pen", 3)
    spread = bell(words[:, 0]) * RADIUS_SPREAD // SIGMA
    # The square makes it nearly an exponential: thick pens differ more than thin ones.
    radius = RADIUS * (RATE + spread + spread**2 // (2 * RATE)) // RATE
    phase = np.arange(DOTS, dtype=np.int64) * TURN // DOTS + below(words[:, 1], TURN)[:, None]
    height = bell(words[:, 2]) * PRESSURE // SIGMA
    pressure = RATE + wave(phase) * height[:, None] // WAVE
    return np.maximum(radius[:, None] * pressure // RATE, RADIUS_LEAST)


def fit(dots: np.ndarray, pens: np.ndarray) -> np.ndarray:
    """Scale dots, (count, DOTS, 2), to 1/256 pixels, so that the ink fills the box of 20x20."""
    low, high = dots.min(axis=1, keepdims=True), dots.max(axis=1, keepdims=True)
    span = (high - low).max(axis=2, keepdims=True)
    room = BOX * PIXEL - 2 * pens.max(axis=1)[:, None, None]
    return BOX * PIXEL // 2 + (2 * dots - low - high) * room // (2 * span)


def ink(dots: np.ndarray, pens: np.ndarray) -> np.ndarray:
    """Draw round dots, (count, DOTS, 2) and their radii (count, DOTS), as (count, 20, 20) uint8.

    A pixel at distance d from a dot of radius r lies nearly (d*d - r*r) / 2r outside its edge.
    That needs no root, and is the sum of a part for the column and a part for the row.
    """
    centres = np.arange(BOX, dtype=np.int64) * PIXEL + PIXEL // 2
    away = (dots[..., None] - centres) ** 2 // (2 * pens)[:, :, None, None]
    columns = (away[:, :, 0] - (pens // 2)[:, :, None]).astype(np.int32)
    rows = away[:, :, 1].astype(np.int32)  # 32 bits halve the time, and hold (20 * 256)**2 / 300
    edge = rows[:, 0, :, None] + columns[:, 0, None, :]
    for dot in range(1, DOTS):
        np.minimum(edge, rows[:, dot, :, None] + columns[:, dot, None, :], out=edge)
    grey = np.clip(128 - edge * 128 // np.where(edge > 0, FADE, CORE), 0, 255)
    return ((grey + GREY // 2) // GREY * GREY).astype(np.uint8)


def centre(boxes: np.ndarray) -> np.ndarray:
    """Place (count, 20, 20) boxes in (count, 28, 28) with the centre of mass in the middle."""
    mass = boxes.sum(axis=(1, 2), dtype=np.int64)
    images = np.zeros((len(boxes), SIDE, SIDE), np.uint8)
    starts = []
    for axis in (1, 2):  # the sum over rows gives the columns, and the other way round
        profile = boxes.sum(axis=axis, dtype=np.int64)
        moment = (profile * np.arange(BOX, dtype=np.int64)).sum(axis=1)
        # SIDE / 2 - moment / mass, rounded to whole pixels as MNIST's are.
        starts.append(np.clip((SIDE * mass - 2 * moment + mass) // (2 * mass), 0, SIDE - BOX))
    for image, box, x, y in zip(images, boxes, *starts, strict=True):
        image[y : y + BOX, x : x + BOX] = box
    return images


def draw(
    split: int, first: int, count: int, known: tuple[Style, ...] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return images first .. first + count - 1 of a split, an integer, and their labels.

    The images are uint8 (count, 28, 28), light ink on dark, in the styles of the sample unless
    others are given; the labels are uint8 (count,).
    """
    indices = np.arange(first, first + count, dtype=np.int64)
    labels = choose_labels(split, indices)
    known = styles() if known is None else known
    chosen = choose_styles(split, indices, labels, known)
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for number, style in enumerate(known):
        mine = np.flatnonzero(chosen == number)
        for start in range(0, len(mine), BATCH):
            places = mine[start : start + BATCH]
            some = indices[places]
            pens = choose_pens(split, some)
            dots = slant(bend(walk(style, split, some), split, some), split, some)
            images[places] = centre(ink(fit(dots, pens), pens))
    return images, labels.astype(np.uint8)
