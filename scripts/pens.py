"""Draw digits of MNIST anew with other pens, as pictures of paper that somebody might take.

The middle line of a digit is found, and drawn with a round pen of another width, in ink of some
grey, somewhere on paper that is a little uneven. Networks for strangers' digits are chosen on
such pictures of validation images.
"""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
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


def enlarged(images: Bytes) -> NDArray[np.float32]:
    """Return images (n, rows, columns) with more pixels, interpolated linearly, in 0..1."""
    light = images.astype(np.float32) / 255
    for axis in (1, 2):
        size = light.shape[axis]
        places = np.clip((np.arange(size * ENLARGED) + 0.5) / ENLARGED - 0.5, 0, size - 1.001)
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
