"""The functions a network is built from, each beside its hand-derived slope.

An activation turns the weighted input z of a neuron into its output a. Its slope da/dz is
written as a function of that output a, because the forward pass has already computed it.

A cost says how wrong a prediction a is, given the truth y: a sum over the classes of each sample,
and over the samples. Its slope has the shape of a, one row for each sample.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

LEAK = 0.01  # how steep leaky ReLU is on the left
ONE = np.ones((), np.float32)  # a plain 1 would be made into an array at every call


class Activation(NamedTuple):
    """`value(z, out)` fills out with a, where out may be z; `slope(a, out)` fills it with da/dz."""

    value: Callable[..., np.ndarray]
    slope: Callable[..., np.ndarray] | None  # None where a unit's a depends on other units' z


class Cost(NamedTuple):
    """`value(a, y)` gives C; `slope(a, y, out)` fills out with dC/da, or with dC/dz `at_z`."""

    value: Callable[..., float]
    slope: Callable[..., np.ndarray]
    at_z: bool = False


# --- activations --------------------------------------------------------------------------------


@np.errstate(over="ignore", under="ignore")
def sigmoid(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Squash z into (0, 1): a = 1 / (1 + exp(-z)).

    Far on the left exp(-z) is too large for a float: infinity, whose reciprocal 0 is right.
    """
    np.negative(z, out=out)
    np.exp(out, out=out)
    out += ONE
    return np.reciprocal(out, out=out)


def sigmoid_slope(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return da/dz = a * (1 - a): at most 1/4, and nearly 0 where a is nearly 0 or 1."""
    np.subtract(ONE, a, out=out)
    return np.multiply(out, a, out=out)


def tanh(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Squash z into (-1, 1): a = tanh(z), a sigmoid that passes through the origin."""
    return np.tanh(z, out=out)


def tanh_slope(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return da/dz = 1 - a**2."""
    np.multiply(a, a, out=out)
    return np.subtract(ONE, out, out=out)


def relu(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Cut off what is negative: a = max(z, 0)."""
    return np.maximum(z, 0, out=out)


def relu_slope(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return da/dz: 1 where the unit is on, 0 where it is off, and by convention at z = 0."""
    return np.greater(a, 0, out=out)


def leaky_relu(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Let a little of what is negative through: a = max(z, 0.01 z)."""
    return np.maximum(z, LEAK * z, out=out)


def leaky_relu_slope(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return da/dz: 1 where z > 0, else 0.01."""
    np.greater(a, 0, out=out)
    return np.maximum(out, LEAK, out=out)


def identity(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Leave z as it is: a = z, for outputs that may be any number."""
    if out is not z:
        out[:] = z
    return out


def identity_slope(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return da/dz = 1."""
    out.fill(1)
    return out


def softmax(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Turn each row into probabilities: a = exp(z) / (the row's sum of exp(z)).

    Subtracting the row's maximum first changes nothing but that exp cannot overflow.
    """
    np.subtract(z, z.max(axis=1, keepdims=True), out=out)
    with np.errstate(under="ignore"):
        np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out


# --- costs --------------------------------------------------------------------------------------


def half_squared_error(a: np.ndarray, y: np.ndarray) -> float:
    """Return C = 1/2 * sum of (a - y)**2."""
    return 0.5 * squared_error(a, y)


def half_squared_error_slope(a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return dC/da = a - y; the half is there to make this so plain."""
    return np.subtract(a, y, out=out)


def squared_error(a: np.ndarray, y: np.ndarray) -> float:
    """Return C = sum of (a - y)**2."""
    difference = a - y
    return float(np.vdot(difference, difference))


def squared_error_slope(a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return dC/da = 2 (a - y)."""
    np.subtract(a, y, out=out)
    return np.multiply(out, 2, out=out)


def binary_cross_entropy(a: np.ndarray, y: np.ndarray) -> float:
    """Return C = -sum of y ln(a) + (1 - y) ln(1 - a): every output of its own says yes or no.

    Reported with a held `eps` away from 0 and 1, where C would be infinite; the slope is exact.
    """
    eps = np.finfo(a.dtype).eps
    a = np.clip(a, eps, 1 - eps)
    return -float(np.sum(y * np.log(a) + (1 - y) * np.log1p(-a)))


def cross_entropy(a: np.ndarray, y: np.ndarray) -> float:
    """Return C = -sum of y ln(a): the outputs are the probabilities of classes.

    Reported with a held above the smallest normal float, where C would be infinite; the slope is
    exact.
    """
    return -float(np.sum(y * np.log(np.maximum(a, np.finfo(a.dtype).tiny))))


def cross_entropy_slope(a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return dC/dz = a - y.

    dC/da and da/dz would each over- or underflow where a unit is saturated. Multiplied out on
    paper, sigmoid's a (1 - a) cancels against binary cross-entropy's (a - y) / (a (1 - a)), and
    softmax's whole matrix against -y / a, if each row of y sums to 1 (Bishop, Pattern Recognition
    and Machine Learning, 2006, section 5.2).
    """
    return np.subtract(a, y, out=out)


# --- the tables ---------------------------------------------------------------------------------

ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "tanh": Activation(tanh, tanh_slope),
    "relu": Activation(relu, relu_slope),
    "leaky-relu": Activation(leaky_relu, leaky_relu_slope),
    "identity": Activation(identity, identity_slope),
    "softmax": Activation(softmax, None),
}

_UNIT_BY_UNIT = [name for name, activation in ACTIVATIONS.items() if activation.slope]

# By the name of the cost, then by that of the output layer's activation: the pairs that make sense.
COSTS = {
    "half-squared-error": dict.fromkeys(
        _UNIT_BY_UNIT, Cost(half_squared_error, half_squared_error_slope)
    ),
    "squared-error": dict.fromkeys(_UNIT_BY_UNIT, Cost(squared_error, squared_error_slope)),
    "cross-entropy": {
        "sigmoid": Cost(binary_cross_entropy, cross_entropy_slope, at_z=True),
        "softmax": Cost(cross_entropy, cross_entropy_slope, at_z=True),
    },
}


# --- how weights start ---------------------------------------------------------------------------

# The standard deviation of normal weights from n inputs to m outputs: z stays about as large as
# the inputs, and gradients as large as those they come from, however many there are.
INITS = {
    "lecun": lambda n, m: n**-0.5,  # LeCun et al., Efficient BackProp, 1998
    "glorot": lambda n, m: (2 / (n + m)) ** 0.5,  # Glorot and Bengio, 2010
    "he": lambda n, m: (2 / n) ** 0.5,  # He et al., Delving Deep into Rectifiers, 2015
    "normal": lambda n, m: 1.0,  # as first tries have it, for comparison
}
