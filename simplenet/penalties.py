"""Penalties keep weights or steps small: L1 and L2, and clipping. Biases are left alone."""

import math

import numpy as np

from simplenet.functions import Floats
from simplenet.net import Net


def penalty(weights: Floats, l1: float, l2: float) -> float:
    """Return what L1 and L2 add to the cost: l1 * sum of |w| + l2 / 2 * sum of w**2."""
    return l1 * float(np.abs(weights).sum()) + l2 / 2 * float(weights @ weights)


def penalty_slope(weights: Floats, l1: float, l2: float) -> Floats:
    """Return what they add to the gradient: l1 * sign(w) + l2 * w."""
    return l1 * np.sign(weights) + l2 * weights


def clip(gradient: Floats, most: float) -> None:
    """Shorten a gradient, in place, to a norm of at most `most`, keeping its direction.

    One that is not finite stays as it is, so that it is noticed.
    """
    with np.errstate(over="ignore"):  # noticed in the next line
        norm = math.sqrt(float(gradient @ gradient))
    if 1e-15 < norm < 1e15:
        if norm > most:
            gradient *= most / norm
        return
    # Squares may have left the range of float32. Divided by the largest, none does.
    largest = float(np.abs(gradient).max())
    if 0 < largest < math.inf:
        shrunk = np.divide(gradient, largest, dtype=np.result_type(gradient, np.float32))
        norm = math.sqrt(float(shrunk @ shrunk))
        if norm * largest > most:
            gradient[:] = shrunk * (most / norm)


def weights_of(net: Net, vector: Floats) -> Floats:
    """Return the view of those elements of a flat vector that belong to weights."""
    return vector[: net.params.size - sum(net.shape[1:])]
