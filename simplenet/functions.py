"""The functions a network is built from, each beside its hand-derived slope.

An activation turns the weighted input z of a neuron into its output a. Its slope da/dz is
written as a function of that output a, because the forward pass has already computed it.

A cost says how wrong a prediction a is, given the truth y: a sum over the classes of each sample.
Its slope dC/da has the shape of a, one row for each sample.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """`value(z, out)` fills out with a, where out may be z; `slope(a, out)` fills it with da/dz."""

    value: Callable[..., np.ndarray]
    slope: Callable[..., np.ndarray]


class Cost(NamedTuple):
    """`value(a, y)` is C summed over the samples; `slope(a, y, out)` fills out with dC/da."""

    value: Callable[..., float]
    slope: Callable[..., np.ndarray]


def sigmoid(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Squash z into (0, 1): a = 1 / (1 + exp(-z))."""
    np.negative(z, out=out)
    # Far on the left exp(-z) is too large for a float: infinity, whose reciprocal 0 is right.
    with np.errstate(over="ignore", under="ignore"):
        np.exp(out, out=out)
        out += 1
        return np.reciprocal(out, out=out)


def sigmoid_slope(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Give da/dz = a * (1 - a): at most 1/4, and nearly 0 where a is nearly 0 or 1."""
    np.subtract(1, a, out=out)
    return np.multiply(out, a, out=out)


def half_squared_error(a: np.ndarray, y: np.ndarray) -> float:
    """Give C = 1/2 * sum of (a - y)**2."""
    difference = (a - y).ravel()
    return 0.5 * float(difference @ difference)


def half_squared_error_slope(a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Give dC/da = a - y; the half is there to make this so plain."""
    return np.subtract(a, y, out=out)


ACTIVATIONS = {"sigmoid": Activation(sigmoid, sigmoid_slope)}
COSTS = {"half-squared-error": Cost(half_squared_error, half_squared_error_slope)}
