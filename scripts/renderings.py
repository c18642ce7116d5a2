"""Tell how many digits a network reads of pictures as people take them, kind by kind.

    SIMPLENET_DATA=FOLDER python scripts/renderings.py [MODEL] [--images 150]

Images of MNIST that training holds out are drawn with ink on paper, and each kind does to ink or
paper what the desk, the pen or the telephone does. `prepare` was chosen on these pictures, none of
which is of a test image; a picture depends on the seed, its kind and its number alone.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import click
import numpy as np
from bench.tables import percent, table
from numpy.typing import NDArray
from pens import drawn, enlarged, held_out, thinned

from simplenet import load_model, predict
from simplenet.backprop import bundled
from simplenet.errors import DataError
from simplenet.net import Net
from simplenet.pictures.prepare import prepare

Bytes = NDArray[np.uint8]
Light = NDArray[np.float64]  # (rows, columns) or (rows, columns, 3), 0 to 255
Ink = NDArray[np.float64]  # (rows, columns), 0 to 1: how much of a pixel is covered
Random = np.random.Generator
Kind = Callable[[Bytes, Random], Light]

FACTOR = 7  # pixels for each of an image: a digit is 140 high
PAPER = 230
DARK = 30  # ink on paper


# --- ink ------------------------------------------------------------------------------------------


def inked(image: Bytes) -> Ink:
    """Return the ink of an image, with an edge as sharp as that of a pen, where it was blurred."""
    (large,) = enlarged(image[None], FACTOR)
    return np.clip((large - 0.5) * FACTOR + 0.5, 0, 1).astype(float)


def with_pen(image: Bytes, width: float) -> Ink:
    """Return a digit drawn anew with a pen so many pixels wide."""
    (line,) = thinned(enlarged(image[None], FACTOR) > 0.5)
    return drawn(line, width).astype(float)


def somewhere(ink: Ink, rng: Random, most: int = 60) -> Ink:
    """Return the ink with up to `most` empty pixels more on each side."""
    top, bottom, left, right = rng.integers(0, most + 1, 4)
    return np.pad(ink, ((top, bottom), (left, right)))


def placed(image: Bytes, rng: Random) -> Ink:
    """Return the ink of an image somewhere on a sheet."""
    return somewhere(inked(image), rng)


def box_of(ink: Ink) -> tuple[int, int, int, int]:
    """Return the first row and column of the ink, and those behind the last."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def on_paper(ink: Ink, dark: float = DARK, paper: float | Light = PAPER) -> Light:
    """Return how light paper with ink is."""
    return paper * (1 - ink * (1 - dark / PAPER))


def noisy(light: Light, rng: Random, amount: float) -> Light:
    """Return a picture with the noise of a sensor."""
    return light + rng.normal(0, amount, light.shape)


def across(shape: tuple[int, ...], rng: Random) -> tuple[Light, float]:
    """Return how far each pixel is along some direction, from the middle, and how far it goes."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]]
    distance = (y - shape[0] / 2) * np.sin(angle) + (x - shape[1] / 2) * np.cos(angle)
    return distance, float(np.abs(distance).max())


def stripes(ink: Ink, rng: Random, axis: int, tilt: float = 0, wide: float = 2) -> Ink:
    """Return ruled lines over all of a sheet: straight, parallel, and as far apart as on paper."""
    apart = rng.uniform(0.35, 0.7) * 20 * FACTOR
    begin = rng.uniform(0, apart)
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    place = (y + tilt * x if axis == 0 else x + tilt * y) - begin
    off = np.abs((place + apart / 2) % apart - apart / 2)
    return np.clip(wide / 2 + 0.5 - off, 0, 1)


def turned(light: Light, angle: float, outside: float) -> Light:
    """Return a picture turned about its middle by an angle, interpolated linearly."""
    rows, columns = light.shape
    y, x = np.mgrid[:rows, :columns]
    y, x = y - rows / 2, x - columns / 2
    y, x = (
        np.cos(angle) * y - np.sin(angle) * x + rows / 2,
        np.sin(angle) * y + np.cos(angle) * x + columns / 2,
    )
    padded = np.pad(light, 1, constant_values=outside)
    y, x = np.clip(y + 1, 0, rows + 0.999), np.clip(x + 1, 0, columns + 0.999)
    i, j = y.astype(int), x.astype(int)
    y, x = y - i, x - j
    upper = padded[i, j] * (1 - x) + padded[i, j + 1] * x
    lower = padded[i + 1, j] * (1 - x) + padded[i + 1, j + 1] * x
    return upper * (1 - y) + lower * y


def blurred(light: Light) -> Light:
    """Return the mean of each pixel and its neighbours."""
    padded = np.pad(light, 1, mode="edge")
    rows, columns = light.shape
    parts = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return np.mean(parts, axis=0)


def through_jpeg(light: Light, quality: int) -> Light:
    """Return what JPEG leaves of a picture."""
    from PIL import Image

    file = BytesIO()
    Image.fromarray(light.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(float)


# --- kinds ----------------------------------------------------------------------------------------


def clean(image: Bytes, rng: Random) -> Light:
    """Ink on paper, and nothing else."""
    return on_paper(placed(image, rng))


def mnist(image: Bytes, rng: Random) -> Light:
    """The image of MNIST itself, dark on white."""
    return 255.0 - image


def blackboard(image: Bytes, rng: Random) -> Light:
    """Chalk on a board."""
    ink = placed(image, rng)
    grain = 1 - rng.random(ink.shape) * rng.uniform(0.1, 0.4)
    return noisy(45 + 170 * ink * grain, rng, 5)


def small(image: Bytes, rng: Random) -> Light:
    """A digit on a sheet four times as high."""
    ink = inked(image)[::2, ::2]
    sides = rng.integers(0, 3 * ink.shape[0], 2)
    return on_paper(np.pad(ink, [(int(n), 3 * ink.shape[0] - int(n)) for n in sides]))


def tight(image: Bytes, rng: Random) -> Light:
    """A picture of nothing but the digit: each edge touches it."""
    ink = inked(image)
    top, bottom, left, right = box_of(ink)
    return on_paper(ink[top:bottom, left:right])


def cut(image: Bytes, rng: Random) -> Light:
    """A digit of which one edge cuts off a fifteenth."""
    ink = somewhere(inked(image), rng)
    sides = list(box_of(ink))
    side = int(rng.integers(4))
    off = (sides[side | 1] - sides[side & 2]) // 15
    kept = [0, ink.shape[0], 0, ink.shape[1]]
    kept[side] = sides[side] + (off if side % 2 == 0 else -off)
    return on_paper(ink[kept[0] : kept[1], kept[2] : kept[3]])


def cut_with_dirt(image: Bytes, rng: Random) -> Light:
    """A cut digit, with a blot beside it that no edge cuts."""
    light = cut(image, rng)
    row, column = (int(rng.integers(3, n - 18)) for n in light.shape)
    free = light[row - 2 : row + 16, column - 2 : column + 16].min() >= PAPER
    if free:
        light[row : row + 14, column : column + 14] = DARK
    return light


def detached(image: Bytes, rng: Random) -> Light:
    """A digit with a gap through all of it at a third of its height, as in many a 5."""
    ink = placed(image, rng)
    top, bottom, _, _ = box_of(ink)
    at = top + int((bottom - top) * rng.uniform(0.2, 0.4))
    ink[at : at + 5] = 0
    return on_paper(ink)


def thin_pen(image: Bytes, rng: Random) -> Light:
    """A pen one pixel wide, in a picture of about 200."""
    return on_paper(somewhere(with_pen(image, 1), rng, 30))


def ballpoint(image: Bytes, rng: Random) -> Light:
    """A pen a thirtieth as wide as the digit is high."""
    return noisy(on_paper(somewhere(with_pen(image, 4.5), rng)), rng, 4)


def marker(image: Bytes, rng: Random) -> Light:
    """A pen a sixth to a fifth as wide as the digit is high."""
    return on_paper(somewhere(with_pen(image, rng.uniform(24, 30)), rng))


def mouse(image: Bytes, rng: Random) -> Light:
    """White on black, with a pen an eighth as wide as the digit is high."""
    return 255 * somewhere(with_pen(image, 18), rng)


def faint_pencil(image: Bytes, rng: Random) -> Light:
    """Pencil hardly darker than the paper, and grain."""
    ink = somewhere(with_pen(image, rng.uniform(4, 8)), rng)
    return noisy(on_paper(ink, PAPER - rng.uniform(35, 60)), rng, 5)


def soft_shadow(image: Bytes, rng: Random) -> Light:
    """Light that falls off over all of the sheet."""
    ink = placed(image, rng)
    distance, most = across(ink.shape, rng)
    return on_paper(ink) * (0.72 + 0.28 * distance / most)


def hard_shadow(image: Bytes, rng: Random) -> Light:
    """A shadow with an edge, across the digit."""
    ink = placed(image, rng)
    distance, most = across(ink.shape, rng)
    edge = np.clip((distance - rng.uniform(-0.4, 0.4) * most) / rng.uniform(1, 5) + 0.5, 0, 1)
    return noisy(on_paper(ink) * (1 - edge * (1 - rng.uniform(0.4, 0.65))), rng, 2)


def dark_corner(image: Bytes, rng: Random) -> Light:
    """A corner that shows the desk, or a thumb."""
    ink = somewhere(inked(image), rng, 40)
    rows, columns = ink.shape
    y, x = np.mgrid[: 1 : rows * 1j, : 1 : columns * 1j]
    legs = rng.uniform(0.3, 0.8, 2)
    if rng.random() < 0.5:
        corner = y / legs[0] + x / legs[1] < 1
    else:
        corner = np.hypot(y / legs[0], x / legs[1]) < 0.8
    corner = corner[:: rng.choice([1, -1]), :: rng.choice([1, -1])]
    covered = corner & ~(dilated(ink > 0, 4))
    return noisy(np.where(covered, rng.uniform(10, 70), on_paper(ink)), rng, 2)


def dilated(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Return what is within so many pixels of a mask."""
    padded = np.pad(mask, reach)
    rows, columns = mask.shape
    span = range(2 * reach + 1)
    wide = np.any([padded[i : i + rows] for i in span], axis=0)
    return np.any([wide[:, j : j + columns] for j in span], axis=0)


def frame(image: Bytes, rng: Random) -> Light:
    """A box drawn around the digit, as forms have it."""
    ink = inked(image)
    top, bottom, left, right = box_of(ink)
    gap = rng.integers(8, 40, 4)
    ink = np.pad(ink[top:bottom, left:right], ((gap[0], gap[1]), (gap[2], gap[3])))
    wide = int(rng.integers(2, 9))
    ink = np.pad(ink, wide, constant_values=1)
    return on_paper(np.pad(ink, [tuple(rng.integers(4, 40, 2)) for _ in range(2)]))


def dark_border(image: Bytes, rng: Random) -> Light:
    """A dark edge all around, as of a scan or a screen."""
    ink = somewhere(inked(image), rng, 30)
    light = noisy(on_paper(ink), rng, 2)
    sides = [tuple(rng.integers(5, 40, 2)) for _ in range(2)]
    return noisy(np.pad(light, sides, constant_values=rng.uniform(0, 60)), rng, 1)


def on_desk(image: Bytes, rng: Random) -> Light:
    """A sheet that lies a little turned on a dark desk."""
    light = on_paper(somewhere(inked(image), rng, 30))
    dark = rng.uniform(20, 80)
    light = np.pad(light, 40, constant_values=dark)
    return noisy(turned(light, rng.uniform(-0.12, 0.12), dark), rng, 3)


def ruled(image: Bytes, rng: Random) -> Light:
    """Lines as dark as the ink."""
    ink = placed(image, rng)
    return on_paper(np.maximum(ink, stripes(ink, rng, 0, wide=rng.uniform(1, 3))))


def ruled_askew(image: Bytes, rng: Random) -> Light:
    """Lines nearly as dark as the ink, of a sheet that is turned a little."""
    ink = placed(image, rng)
    lines = stripes(ink, rng, 0, rng.uniform(-0.05, 0.05), rng.uniform(1, 3))
    return noisy(on_paper(np.maximum(ink, 0.7 * lines)), rng, 3)


def one_line(image: Bytes, rng: Random) -> Light:
    """One dark line that the digit stands on."""
    ink = placed(image, rng)
    line = np.zeros_like(ink)
    at = min(box_of(ink)[1] + int(rng.integers(-8, 12)), len(ink) - 4)
    line[at : at + 3] = 1
    return on_paper(np.maximum(ink, line))


def grid(image: Bytes, rng: Random) -> Light:
    """Squares as dark as the ink."""
    ink = placed(image, rng)
    lines = [stripes(ink, rng, axis, wide=rng.uniform(1, 3)) for axis in (0, 1)]
    return on_paper(np.maximum.reduce([ink, *lines]))


def squares(image: Bytes, rng: Random) -> Light:
    """The pale squares of a notebook."""
    ink = placed(image, rng)
    lines = np.maximum(*(stripes(ink, rng, axis) for axis in (0, 1)))
    return noisy(on_paper(np.maximum(ink, 0.3 * lines)), rng, 3)


def phone(image: Bytes, rng: Random) -> Light:
    """Some of everything: turned, uneven, shadowed, ruled, a corner, blur, noise, JPEG."""
    ink = placed(image, rng)
    if rng.random() < 0.5:
        lines = stripes(ink, rng, 0, rng.uniform(-0.03, 0.03))
        ink = np.maximum(ink, rng.uniform(0.1, 0.5) * lines)
    light = on_paper(ink, rng.uniform(30, 90))
    light = turned(light, rng.uniform(-0.15, 0.15), PAPER)
    distance, most = across(ink.shape, rng)
    light *= 0.8 + 0.2 * distance / most
    if rng.random() < 0.4:
        distance, most = across(ink.shape, rng)
        edge = np.clip((distance - rng.uniform(-0.3, 0.6) * most) / 6 + 0.5, 0, 1)
        light *= 1 - edge * rng.uniform(0.2, 0.5)
    if rng.random() < 0.4:
        distance, most = across(ink.shape, rng)
        desk = (distance > rng.uniform(0.75, 0.95) * most) & ~dilated(ink > 0.5, 6)
        light = np.where(desk, 40, light)
    return through_jpeg(noisy(blurred(light), rng, rng.uniform(2, 8)), int(rng.integers(40, 90)))


def jpeg(image: Bytes, rng: Random) -> Light:
    """A JPEG of low quality."""
    return through_jpeg(on_paper(placed(image, rng)), 15)


def crumpled(image: Bytes, rng: Random) -> Light:
    """Paper with folds: planes that are lit differently."""
    ink = placed(image, rng)
    light = on_paper(ink)
    for _ in range(4):
        distance, most = across(ink.shape, rng)
        light *= 1 - 0.18 * np.abs(np.clip(distance / most + rng.uniform(-0.5, 0.5), -1, 1))
    return noisy(light, rng, 3)


def dirty(image: Bytes, rng: Random) -> Light:
    """Specks and a few crumbs around the digit."""
    ink = placed(image, rng)
    for _ in range(12):
        row, column = (int(rng.integers(0, n - 6)) for n in ink.shape)
        ink[row : row + int(rng.integers(1, 6)), column : column + int(rng.integers(1, 6))] = 1
    return on_paper(ink)


GREY = np.array([0.299, 0.587, 0.114])


def equally_light(image: Bytes, rng: Random) -> Light:
    """A coloured pen on coloured paper that is as light."""
    ink = placed(image, rng)[:, :, None]
    while True:
        pen, paper = rng.uniform(20, 235, (2, 3))
        pen += (paper - pen) @ GREY
        if pen.min() > 20 and pen.max() < 235 and np.abs(pen - paper).max() > 70:
            return noisy(ink * pen + (1 - ink) * paper, rng, 2)


def coloured(image: Bytes, rng: Random) -> Light:
    """A blue, red or green pen on white paper."""
    pens = np.array([[40, 60, 170], [200, 40, 50], [20, 130, 60]], float)
    ink = placed(image, rng)[:, :, None]
    return noisy(ink * pens[rng.integers(3)] + (1 - ink) * PAPER, rng, 3)


KINDS: tuple[Kind, ...] = (
    clean, mnist, blackboard, small, tight, cut, cut_with_dirt, detached, thin_pen, ballpoint,
    marker, mouse, faint_pencil, soft_shadow, hard_shadow, dark_corner, frame, dark_border, on_desk,
    ruled, ruled_askew, one_line, grid, squares, phone, jpeg, crumpled, dirty, equally_light,
    coloured,
)  # fmt: skip


def random_of(kind: Callable[..., Light], seed: int, number: int) -> Random:
    """Return the random numbers of a picture, such that a new kind changes no other."""
    name = int.from_bytes(kind.__name__.encode(), "little")
    return np.random.default_rng([seed, number, name])


def as_bytes(light: Light) -> Bytes:
    """Return a picture as bytes (rows, columns, 4)."""
    if light.ndim == 2:
        light = np.repeat(light[:, :, None], 3, axis=2)
    opaque = np.full((*light.shape[:2], 1), 255)
    return np.concatenate([light.clip(0, 255), opaque], axis=2).round().astype(np.uint8)


def picture(kind: Kind, image: Bytes, seed: int, number: int) -> Bytes:
    """Return an image rendered as a picture of a kind: bytes (rows, columns, 4)."""
    return as_bytes(kind(image, random_of(kind, seed, number)))


def read(net: Net, pictures: list[Bytes]) -> NDArray[np.int64]:
    """Return the class that a net gives each picture, or -1 where nothing is found drawn."""
    classes = []
    for rgba in pictures:
        try:
            classes.append(int(predict(net, prepare(rgba)[None])[0]))
        except DataError:
            classes.append(-1)
    return np.array(classes)


@click.command()
@click.argument("model", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--images", "count", default=150, show_default=True, help="Pictures of each kind.")
@click.option("--seed", default=0, show_default=True)
@click.option("--kind", "names", multiple=True, type=click.Choice([k.__name__ for k in KINDS]))
def main(model: Path | None, count: int, seed: int, names: tuple[str, ...]) -> None:
    """Tell what MODEL, or the bundled network, makes of pictures of each kind."""
    net = (load_model(model) if model else bundled()).network
    images, labels = (array[:count] for array in held_out())
    rows = []
    for kind in KINDS:
        if not names or kind.__name__ in names:
            some = [picture(kind, image, seed, number) for number, image in enumerate(images)]
            rows.append([kind.__name__, percent(float((read(net, some) == labels).mean()))])
    click.echo(table(["kind", "right"], rows))


if __name__ == "__main__":
    main()
