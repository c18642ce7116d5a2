"""What the neurons of a first layer look for: their weights as pictures."""

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from simplenet.net import Net
from simplenet.pictures.pixels import Pixels
from simplenet.training.run import Run

ZERO = 128  # the byte of a weight of 0; the greatest weight is 255, or 1 if it is negative


def size_of_images(run: Run) -> tuple[int, int] | None:
    """Return the rows and columns of the images that a run learns from, or None if it has none.

    Where they are not recorded, or images are flat, they are taken for squares.
    """
    size, pixels = run.data.get("size", ()), run.net.shape[0]
    if len(size) == 2:
        return size[0], size[1]
    side = isqrt(pixels)
    return (side, side) if side * side == pixels else None


def first_weights(net: Net, neuron: int, size: tuple[int, int]) -> Pixels:
    """Return the weights that lead to a neuron of the first layer, as bytes (rows, columns).

    They are as light as the greatest allows: light ones add to the neuron, dark ones take away.
    """
    weights: NDArray[np.float64] = net.W[0][:, neuron].astype(np.float64)
    greatest = float(abs(weights).max())
    scaled = weights / greatest if greatest else weights
    pixels: Pixels = (ZERO + (ZERO - 1) * scaled).round().astype(np.uint8)
    return pixels.reshape(size)
