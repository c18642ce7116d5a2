"""Penalties keep weights or steps small: L1 and L2, and clipping. Biases are left alone."""

import math
from collections.abc import Callable

import numpy as np

from simplenet.functions import Floats
from simplenet.net import Net


def penalty(weights: Floats, l1: float, l2: float) -> float:
    """Return what L1 and L2 add to the cost: l1 * sum of |w| + l2 / 2 * sum of w**2."""
    return l1 * float(np.abs(weights).sum()) + l2 / 2 * float(weights @ weights)


def penalty_slope(weights: Floats, l1: float, l2: float) -> Floats:
    """Return what they add to the gradient: l1 * sign(w) + l2 * w."""
    return l1 * np.sign(weights) + l2 * weights


def shortening(
    of_pieces: Callable[[Callable[[Floats], float]], list[float]], most: float
) -> tuple[float, float]:
    """Return what to divide a gradient by, and then multiply it with, for a norm of at most `most`.

    `of_pieces(f)` returns f of each piece of the gradient. One that is not finite stays as it is,
    so that it is noticed. (Clipping; Pascanu et al., 2013.)
    """
    with np.errstate(over="ignore"):  # noticed in the next line
        norm = math.sqrt(sum(of_pieces(lambda g: float(g @ g))))
    if 1e-15 < norm < 1e15:
        return 1.0, min(1.0, most / norm)
    # Squares may have left the range of float32. Divided by the largest, none does.
    largest = max(of_pieces(lambda g: float(np.abs(g).max())))
    if not 0 < largest < math.inf:
        return 1.0, 1.0
    norm = math.sqrt(sum(of_pieces(lambda g: float(np.square(g / largest).sum()))))
    return (largest, most / norm) if norm * largest > most else (1.0, 1.0)


def weights_of(net: Net, vector: Floats) -> Floats:
    """Return the view of those elements of a flat vector that belong to weights."""
    return vector[: net.params.size - sum(net.shape[1:])]
