"""Tell how well pictures of several digits are read, kind by kind, and how often one is called so.

    SIMPLENET_DATA=FOLDER python scripts/sheets.py [MODEL] [--pictures 60]
    SIMPLENET_DATA=FOLDER python scripts/sheets.py --single [--pictures 60]

Two to twelve digits of MNIST that training holds out are written in one to three lines, each of its
own size, slant and height above the line; each kind does something else to ink or paper. The rules
of simplenet/pictures/several.py were chosen on these pictures, and on those of one digit that
renderings.py draws. A picture depends on the seed, its kind and its number alone.
"""

from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from bench.tables import percent, table
from pens import held_out
from renderings import (
    DARK,
    KINDS,
    PAPER,
    Bytes,
    Ink,
    Light,
    Random,
    across,
    as_bytes,
    box_of,
    inked,
    noisy,
    on_paper,
    picture,
    random_of,
    stripes,
    through_jpeg,
    turned,
    with_pen,
)

from simplenet import load_model, predict
from simplenet.backprop import bundled
from simplenet.errors import DataError
from simplenet.net import Net
from simplenet.pictures.several import digits_in

HIGH = 70  # pixels of a digit, more or less
Sheet = tuple[Ink, list[str]]  # the ink, and what stands in each line


# --- ink ------------------------------------------------------------------------------------------


def slanted(ink: Ink, slope: float) -> Ink:
    """Return the ink slanted: a row moves by `slope` for each that it is from the middle."""
    rows, columns = ink.shape
    most = int(abs(slope) * rows / 2) + 1
    wide = np.zeros((rows, columns + 2 * most))
    for row in range(rows):
        at = most + round(slope * (rows / 2 - row))
        wide[row, at : at + columns] = ink[row]
    return wide


def resized(ink: Ink, high: int) -> Ink:
    """Return the ink so high, interpolated linearly."""
    rows, columns = ink.shape
    wide = max(round(columns * high / rows), 1)
    y = np.clip((np.arange(high) + 0.5) * rows / high - 0.5, 0, rows - 1)
    x = np.clip((np.arange(wide) + 0.5) * columns / wide - 0.5, 0, columns - 1)
    upper = np.array([np.interp(y, np.arange(rows), column) for column in ink.T]).T
    return np.array([np.interp(x, np.arange(columns), row) for row in upper])


def digit(image: Bytes, rng: Random, pen: float | None, sizes: float, slant: float) -> Ink:
    """Return the ink of an image, cropped, of its own size and slant, perhaps drawn anew."""
    ink = inked(image) if pen is None else with_pen(image, 2 * pen)
    top, bottom, left, right = box_of(ink)
    high = round((bottom - top) / 2 * rng.uniform(1 - sizes, 1 + sizes))
    ink = slanted(resized(ink[top:bottom, left:right], max(high, 8)), slant + rng.normal(0, 0.05))
    top, bottom, left, right = box_of(ink > 0.2)
    return ink[top:bottom, left:right]


def written(
    rows: list[list[Bytes]],
    rng: Random,
    *,
    gap: tuple[float, float] = (0.12, 0.6),
    pen: float | None = None,
    sizes: float = 0.15,
    margin: tuple[int, int] = (5, 60),
) -> Ink:
    """Return the ink of images in lines; gaps are parts of HIGH, between the digits' own edges."""
    slant = rng.uniform(-0.1, 0.25)
    step = HIGH * rng.uniform(1.35, 1.9)  # from one line to the next
    placed = []
    for line, images in enumerate(rows):
        at = rng.uniform(0, 0.5) * HIGH
        for image in images:
            ink = digit(image, rng, pen, sizes, slant)
            base = (line + 1) * step + rng.normal(0, 0.05) * HIGH
            placed.append((round(base - len(ink)), round(at), ink))
            at += ink.shape[1] + rng.uniform(*gap) * HIGH
    first = min(top for top, _, _ in placed)
    bottom = max(top + len(ink) for top, _, ink in placed)
    right = max(left + ink.shape[1] for _, left, ink in placed)
    least = min(left for _, left, _ in placed)
    sheet = np.zeros((bottom - first, right - least))
    for top, left, ink in placed:
        part = sheet[
            top - first : top - first + len(ink), left - least : left - least + ink.shape[1]
        ]
        np.maximum(part, ink, out=part)
    sides = rng.integers(*margin, (2, 2)) if margin[1] > margin[0] else np.zeros((2, 2), int)
    return np.pad(sheet, sides)


# --- kinds ----------------------------------------------------------------------------------------

Kind = Callable[[list[list[Bytes]], Random], Light]


def clean(rows: list[list[Bytes]], rng: Random) -> Light:
    """Ink on paper, well apart."""
    return on_paper(written(rows, rng))


def close(rows: list[list[Bytes]], rng: Random) -> Light:
    """Digits that hardly do not touch: 3 to 12 hundredths of their height between the edges."""
    return on_paper(written(rows, rng, gap=(0.03, 0.12)))


def touching(rows: list[list[Bytes]], rng: Random) -> Light:
    """Digits of which each overlaps the next a little."""
    return on_paper(written(rows, rng, gap=(-0.06, -0.01)))


def tight(rows: list[list[Bytes]], rng: Random) -> Light:
    """A picture of nothing but the digits: each edge touches one."""
    return on_paper(written(rows, rng, margin=(0, 0)))


def thin(rows: list[list[Bytes]], rng: Random) -> Light:
    """A ballpoint, and the noise of a sensor."""
    return noisy(on_paper(written(rows, rng, pen=rng.uniform(2, 3))), rng, 4)


def thick(rows: list[list[Bytes]], rng: Random) -> Light:
    """A marker, a sixth as wide as the digits are high."""
    return on_paper(written(rows, rng, gap=(0.2, 0.6), pen=12))


def sizes(rows: list[list[Bytes]], rng: Random) -> Light:
    """Digits of which some are twice as high as others."""
    return on_paper(written(rows, rng, sizes=0.33))


def shadow(rows: list[list[Bytes]], rng: Random) -> Light:
    """Light that falls off, and the edge of a shadow."""
    ink = written(rows, rng)
    distance, most = across(ink.shape, rng)
    edge = np.clip((distance - rng.uniform(-0.4, 0.4) * most) / 4 + 0.5, 0, 1)
    return noisy(on_paper(ink) * (0.8 + 0.2 * distance / most) * (1 - 0.4 * edge), rng, 2)


def ruled(rows: list[list[Bytes]], rng: Random) -> Light:
    """Dark lines over all of the paper."""
    ink = written(rows, rng)
    return noisy(on_paper(np.maximum(ink, 0.8 * stripes(ink, rng, 0, wide=2))), rng, 2)


def squares(rows: list[list[Bytes]], rng: Random) -> Light:
    """The pale squares of a notebook."""
    ink = written(rows, rng)
    lines = np.maximum(*(stripes(ink, rng, axis) for axis in (0, 1)))
    return noisy(on_paper(np.maximum(ink, 0.3 * lines)), rng, 3)


def blackboard(rows: list[list[Bytes]], rng: Random) -> Light:
    """Chalk on a board."""
    ink = written(rows, rng)
    return noisy(45 + 170 * ink * (1 - 0.3 * rng.random(ink.shape)), rng, 5)


def marks(rows: list[list[Bytes]], rng: Random) -> Light:
    """Points, commas and dashes between the digits, and specks."""
    ink = written(rows, rng, gap=(0.35, 0.6))
    free = np.flatnonzero(~(ink > 0).any(axis=0))
    for _ in range(3):
        high, wide = [(5, 5), (12, 4), (4, 16)][int(rng.integers(3))]
        column = int(rng.choice(free))
        row = int(rng.integers(0, max(len(ink) - high, 1)))
        if not ink[row : row + high, max(column - 4, 0) : column + wide + 4].any():
            ink[row : row + high, column : column + wide] = 1
    return on_paper(ink)


def phone(rows: list[list[Bytes]], rng: Random) -> Light:
    """Some of everything: turned, uneven, a pale ruling, noise, JPEG."""
    ink = written(rows, rng)
    if rng.random() < 0.5:
        ink = np.maximum(ink, 0.3 * stripes(ink, rng, 0, rng.uniform(-0.03, 0.03)))
    light = turned(on_paper(ink, rng.uniform(DARK, 90)), rng.uniform(-0.08, 0.08), PAPER)
    distance, most = across(ink.shape, rng)
    light = noisy(light * (0.8 + 0.2 * distance / most), rng, rng.uniform(2, 6))
    return through_jpeg(light, int(rng.integers(40, 90)))


SHEETS: tuple[Kind, ...] = (
    clean, close, touching, tight, thin, thick, sizes, shadow, ruled, squares, blackboard, marks,
    phone,
)  # fmt: skip


def sheet(
    kind: Kind, images: Bytes, labels: Bytes, seed: int, number: int
) -> tuple[Bytes, list[str]]:
    """Return a picture of a kind, bytes (rows, columns, 4), and what stands in its lines."""
    rng = random_of(kind, seed, number)
    lines = int(rng.integers(1, 4))
    counts = rng.integers(2 if lines == 1 else 1, 13 if lines == 1 else 5, lines)
    chosen = np.split(rng.permutation(len(images))[: counts.sum()], counts.cumsum()[:-1])
    truth = ["".join(str(labels[place]) for place in line) for line in chosen]
    return as_bytes(kind([[images[place] for place in line] for line in chosen], rng)), truth


# --- what is found --------------------------------------------------------------------------------


def lines_of(net: Net, rgba: Bytes) -> list[str]:
    """Return what a net reads in a picture, line by line."""
    try:
        found = digits_in(rgba)
    except DataError:
        return []
    classes = predict(net, np.stack([digit.pixels() for digit in found])).tolist()
    lines: dict[int, str] = {}
    for digit, number in zip(found, classes):
        lines[digit.line] = lines.get(digit.line, "") + str(number)
    return [lines[line] for line in sorted(lines)]


def slips(found: str, truth: str) -> int:
    """Return how many characters have to be put in, left out or exchanged (Levenshtein, 1965)."""
    row = list(range(len(truth) + 1))
    for i, one in enumerate(found):
        last, row[0] = row[0], i + 1
        for j, other in enumerate(truth):
            change = last + (one != other)
            last, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, change)
    return row[-1]


def scores(found: list[list[str]], truths: list[list[str]]) -> tuple[float, float, float]:
    """Return the shares of pictures with as many digits in lines as there are, and of digits read.

    Last comes the share of the digits read in those pictures alone: what the net makes of crops
    that are right.
    """
    right = [list(map(len, one)) == list(map(len, truth)) for one, truth in zip(found, truths)]
    texts = [("/".join(one), "/".join(truth)) for one, truth in zip(found, truths)]
    wrong = [min(slips(*pair), len(pair[1])) for pair in texts]
    total = [len("".join(truth)) for truth in truths]
    read = 1 - sum(wrong) / sum(total)
    of_right = sum(n for n, ok in zip(total, right) if ok)
    apart = 1 - sum(n for n, ok in zip(wrong, right) if ok) / max(of_right, 1)
    return sum(right) / len(right), read, apart


@click.command()
@click.argument("model", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--pictures", "count", default=60, show_default=True, help="Of each kind.")
@click.option("--seed", default=0, show_default=True)
@click.option("--single", is_flag=True, help="Pictures of one digit: how often it is called many.")
@click.option("--kind", "names", multiple=True)
def main(model: Path | None, count: int, seed: int, single: bool, names: tuple[str, ...]) -> None:
    """Tell what MODEL, or the bundled network, makes of pictures of several digits."""
    images, labels = held_out()
    rows = []
    if single:
        for kind in KINDS:
            if not names or kind.__name__ in names:
                some = (picture(kind, images[seed * count + n], seed, n) for n in range(count))
                many = sum(len(digits_in(rgba)) > 1 for rgba in some)
                rows.append([kind.__name__, percent(many / count)])
        click.echo(table(["kind", "called several"], rows))
        return
    net = (load_model(model) if model else bundled()).network
    for sort in SHEETS:
        if not names or sort.__name__ in names:
            pairs = [sheet(sort, images, labels, seed, number) for number in range(count)]
            found = [lines_of(net, rgba) for rgba, _ in pairs]
            shares = scores(found, [truth for _, truth in pairs])
            rows.append([sort.__name__, *map(percent, shares)])
    click.echo(table(["kind", "count right", "digits right", "where the count is"], rows))


if __name__ == "__main__":
    main()
