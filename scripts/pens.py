"""Draw digits of MNIST anew with other pens, as pictures of paper that somebody might take.

    SIMPLENET_DATA=FOLDER python scripts/pens.py MODEL...

The middle line of a digit is found, and drawn with a round pen of another width, in ink of some
grey, somewhere on paper that is a little uneven. Networks for strangers' digits are chosen on
such pictures of the images of MNIST that training holds out by default, which is what the program
tells of each MODEL.
"""

from pathlib import Path

import click
import numpy as np
from bench.tables import table
from numpy.typing import NDArray

from simplenet import load_data, load_model, predict
from simplenet.net import Net
from simplenet.pictures.prepare import prepare
from simplenet.training.distort import distort
from simplenet.training.order import split

Bytes = NDArray[np.uint8]
TOGETHER = 100  # images that are thinned at a time, so that they stay in the cache
ENLARGED = 4  # times as many pixels, for a line that is smooth


def thinned(shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the middle lines of shapes (n, rows, columns), a pixel wide.

    Zhang and Suen, "A fast parallel algorithm for thinning digital patterns" (1984).
    """
    shapes = np.pad(shapes, ((0, 0), (1, 1), (1, 1)))
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            n, ne, e, se, s, sw, w, nw = (
                np.roll(shapes, shift, (1, 2))
                for shift in ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            )
            ring = np.stack([n, ne, e, se, s, sw, w, nw, n]).astype(np.int8)
            beside = ring[:-1].sum(axis=0)
            begins = ((ring[1:] - ring[:-1]) == 1).sum(axis=0)
            ends = ~(n & e & s) & ~(e & s & w) if first else ~(n & e & w) & ~(n & s & w)
            edge = shapes & (beside >= 2) & (beside <= 6) & (begins == 1) & ends
            shapes = shapes & ~edge
            changed = changed or bool(edge.any())
    return shapes[:, 1:-1, 1:-1]


def enlarged(images: Bytes, factor: int = ENLARGED) -> NDArray[np.float32]:
    """Return images (n, rows, columns) with more pixels, interpolated linearly, in 0..1."""
    light = images.astype(np.float32) / 255
    for axis in (1, 2):
        size = light.shape[axis]
        places = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1.001)
        first = places.astype(int)
        part = (places - first).astype(np.float32)
        shape = [1, 1, 1]
        shape[axis] = -1
        part = part.reshape(shape)
        light = light.take(first, axis) * (1 - part) + light.take(first + 1, axis) * part
    return light


def drawn(lines: NDArray[np.bool_], width: float) -> NDArray[np.float32]:
    """Return middle lines (rows, columns) drawn with a round pen so many pixels wide, in 0..1."""
    radius = width / 2
    reach = int(np.ceil(radius)) + 1
    ink = np.zeros(lines.shape, np.float32)
    padded = np.pad(lines, reach)
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            covers = np.clip(radius + 0.5 - np.hypot(i, j), 0, 1)
            if covers > 0:
                rows, columns = lines.shape
                moved = padded[reach + i : reach + i + rows, reach + j : reach + j + columns]
                np.maximum(ink, covers * moved, out=ink)
    return ink


def pictures(images: Bytes, rng: np.random.Generator) -> list[Bytes]:
    """Return a picture (rows, columns, 4), dark on light, of each image (n, rows, columns)."""
    lines = thinned(enlarged(images) > 0.5)
    found = []
    for line in lines:
        side = max(line.shape)
        pen = side / 28 * rng.uniform(0.5, 3.5)  # of a digit that is 20 units high
        ink = drawn(line, pen)
        edge = rng.integers(0, side, 4)
        ink = np.pad(ink, ((edge[0], edge[1]), (edge[2], edge[3])))
        rows, columns = ink.shape
        paper, dark = rng.uniform(150, 255), rng.uniform(0, 0.5)
        slope = rng.uniform(-0.1, 0.1, 2)
        grid = np.mgrid[-0.5 : 0.5 : rows * 1j, -0.5 : 0.5 : columns * 1j]
        light = paper * (1 + np.tensordot(slope, grid, 1)) * (1 - ink * (1 - dark))
        light += rng.normal(0, rng.uniform(0, 4), ink.shape)
        grey = light.clip(0, 255).astype(np.uint8)
        found.append(np.dstack([grey, grey, grey, np.full_like(grey, 255)]))
    return found


def held_out() -> tuple[Bytes, NDArray[np.uint8]]:
    """Return the images and labels that training on MNIST holds out by default."""
    images, labels = load_data("mnist").train
    _, some = split(len(images), None)
    return np.asarray(images[some]), np.asarray(labels[some])


def versions(images: Bytes) -> dict[str, Bytes]:
    """Return images as they are, drawn anew and prepared as `predict` does, and distorted."""
    rng = np.random.default_rng(12)
    parts = (pictures(images[at : at + TOGETHER], rng) for at in range(0, len(images), TOGETHER))
    redrawn = np.array([prepare(picture) for part in parts for picture in part])
    light = images.astype(np.float32) / 255
    bent = distort(light, rng, rotation=10, scaling=0.1, shear=0.15, shift=1, elastic=25, stroke=1)
    distorted = np.rint(bent.clip(0, 1) * 255).astype(np.uint8)
    return {"as they are": images, "other pens": redrawn, "distorted": distorted}


def accuracies(net: Net, images: dict[str, Bytes], labels: NDArray[np.uint8]) -> dict[str, float]:
    """Return the accuracy of a net on each version of some images."""
    return {name: float((predict(net, some) == labels).mean()) for name, some in images.items()}


@click.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def main(models: tuple[Path, ...]) -> None:
    """Tell what each of some MODELS makes of digits of MNIST that it was not trained on."""
    images, labels = held_out()
    redrawn, rows = versions(images), []
    for model in models:
        found = accuracies(load_model(model).network, redrawn, labels)
        rows.append([model.stem, *(f"{accuracy:.2%}" for accuracy in found.values())])
    click.echo(table(["model", *redrawn], rows))


if __name__ == "__main__":
    main()
