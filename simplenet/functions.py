"""The functions a network is built from, each beside its hand-derived slope.

An activation turns the weighted input z of a neuron into its output a. Its slope da/dz is
written as a function of that output a, because the forward pass has already computed it.

A cost says how wrong a prediction a is, given the truth y: a sum over the classes of each sample,
and over the samples. Its slope has the shape of a, one row for each sample.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simplenet.checks import found

Floats = NDArray[np.floating[Any]]

LEAK = 0.01  # how steep leaky ReLU is on the left


class Activation(NamedTuple):
    """An activation: `value(z)` returns a, and `slope(a)` da/dz, each a new array."""

    value: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


class Cost(NamedTuple):
    """A cost: `value(a, y)` returns C, and `slope(a, y)` dC/da, or dC/dz where `at_z`."""

    value: Callable[[Floats, Floats], float]
    slope: Callable[[Floats, Floats], Floats]
    at_z: bool = False


# --- activations --------------------------------------------------------------------------------


@np.errstate(over="ignore", under="ignore")
def sigmoid(z: Floats) -> Floats:
    """Squash z into (0, 1): a = 1 / (1 + exp(-z)).

    Far on the left exp(-z) is too large for a float: infinity, whose reciprocal 0 is right.
    """
    a: Floats = np.exp(-z)
    a += 1
    return np.reciprocal(a, out=a)


def sigmoid_slope(a: Floats) -> Floats:
    """Return da/dz = a * (1 - a): at most 1/4, and nearly 0 where a is nearly 0 or 1."""
    return a * (1 - a)


def tanh(z: Floats) -> Floats:
    """Squash z into (-1, 1): a = tanh(z), a sigmoid that passes through the origin."""
    a: Floats = np.tanh(z)
    return a


def tanh_slope(a: Floats) -> Floats:
    """Return da/dz = 1 - a**2."""
    return 1 - a * a


def relu(z: Floats) -> Floats:
    """Cut off what is negative: a = max(z, 0)."""
    return np.maximum(z, 0)


def relu_slope(a: Floats) -> Floats:
    """Return da/dz: 1 where the unit is on, 0 where it is off, and by convention at z = 0."""
    return (a > 0).astype(a.dtype)


def leaky_relu(z: Floats) -> Floats:
    """Let a little of what is negative through: a = max(z, 0.01 z)."""
    a: Floats = np.maximum(z, LEAK * z)
    return a


def leaky_relu_slope(a: Floats) -> Floats:
    """Return da/dz: 1 where z > 0, else 0.01."""
    return np.maximum(relu_slope(a), LEAK)


def identity(z: Floats) -> Floats:
    """Leave z as it is: a = z, for outputs that may be any number."""
    return z


def identity_slope(a: Floats) -> Floats:
    """Return da/dz = 1."""
    return np.ones_like(a)


def softmax(z: Floats) -> Floats:
    """Turn each row into probabilities: a = exp(z) / (the row's sum of exp(z)).

    Subtracting the row's maximum first changes nothing but that exp cannot overflow.
    """
    with np.errstate(under="ignore"):
        e = np.exp(z - z.max(axis=1, keepdims=True))
    a: Floats = e / e.sum(axis=1, keepdims=True)
    return a


def softmax_slope(a: Floats) -> Floats:
    """Raise TypeError: every a of a row depends on every z of it, so there is no slope for each."""
    raise TypeError("softmax has no slope: expected cross-entropy, which goes back to z by itself")


# --- costs --------------------------------------------------------------------------------------


def half_squared_error(a: Floats, y: Floats) -> float:
    """Return C = 1/2 * sum of (a - y)**2."""
    return 0.5 * squared_error(a, y)


def half_squared_error_slope(a: Floats, y: Floats) -> Floats:
    """Return dC/da = a - y; the half is there to make this so plain."""
    return a - y


def squared_error(a: Floats, y: Floats) -> float:
    """Return C = sum of (a - y)**2."""
    difference = a - y
    return float(np.vdot(difference, difference))


def squared_error_slope(a: Floats, y: Floats) -> Floats:
    """Return dC/da = 2 (a - y)."""
    return 2 * (a - y)


def binary_cross_entropy(a: Floats, y: Floats) -> float:
    """Return C = -sum of y ln(a) + (1 - y) ln(1 - a): every output of its own says yes or no.

    Reported with a held `eps` away from 0 and 1, where C would be infinite; the slope is exact.
    """
    eps = np.finfo(a.dtype).eps
    a = np.clip(a, eps, 1 - eps)
    return -float(np.sum(y * np.log(a) + (1 - y) * np.log1p(-a)))


def cross_entropy(a: Floats, y: Floats) -> float:
    """Return C = -sum of y ln(a): the outputs are the probabilities of classes.

    Reported with a held above the smallest normal float, where C would be infinite; the slope is
    exact.
    """
    return -float(np.sum(y * np.log(np.maximum(a, np.finfo(a.dtype).tiny))))


def cross_entropy_slope(a: Floats, y: Floats) -> Floats:
    """Return dC/dz = a - y.

    dC/da and da/dz would each over- or underflow where a unit is saturated. Multiplied out on
    paper, sigmoid's a (1 - a) cancels against binary cross-entropy's (a - y) / (a (1 - a)), and
    softmax's whole matrix against -y / a, if each row of y sums to 1 (Bishop, Pattern Recognition
    and Machine Learning, 2006, section 5.2).
    """
    return a - y


# --- the tables ---------------------------------------------------------------------------------

ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "tanh": Activation(tanh, tanh_slope),
    "relu": Activation(relu, relu_slope),
    "leaky-relu": Activation(leaky_relu, leaky_relu_slope),
    "identity": Activation(identity, identity_slope),
    "softmax": Activation(softmax, softmax_slope),
}

# Softmax makes one distribution of a whole layer, and so can only be the last one's.
HIDDEN = tuple(name for name in ACTIVATIONS if name != "softmax")

# By the name of the cost, then by that of the output layer's activation: the pairs that make sense.
COSTS = {
    "half-squared-error": dict.fromkeys(HIDDEN, Cost(half_squared_error, half_squared_error_slope)),
    "squared-error": dict.fromkeys(HIDDEN, Cost(squared_error, squared_error_slope)),
    "cross-entropy": {
        "sigmoid": Cost(binary_cross_entropy, cross_entropy_slope, at_z=True),
        "softmax": Cost(cross_entropy, cross_entropy_slope, at_z=True),
    },
}


# --- how weights start ---------------------------------------------------------------------------

# The standard deviation of normal weights from n inputs to m outputs: z stays about as large as
# the inputs, and gradients as large as those they come from, however many there are.
INITS: dict[str, Callable[[int, int], float]] = {
    "lecun": lambda n, m: n**-0.5,  # LeCun et al., Efficient BackProp, 1998
    "glorot": lambda n, m: (2 / (n + m)) ** 0.5,  # Glorot and Bengio, 2010
    "he": lambda n, m: (2 / n) ** 0.5,  # He et al., Delving Deep into Rectifiers, 2015
    "normal": lambda n, m: 1.0,  # as first tries have it, for comparison
}


# --- what goes together --------------------------------------------------------------------------


def choose_functions(
    layers: int,
    activation: str | Sequence[str],
    output_activation: str | None,
    cost: str,
    init: str | None,
) -> tuple[tuple[str, ...], str]:
    """Return the activation of each of the layers after the input, and how weights start.

    `activation` is that of all hidden layers, or a sequence with that of each. None takes what
    suits the others: softmax for cross-entropy, else sigmoid; the start that the papers above have
    for ReLUs if there are some, else that for tanh. Raise ValueError as `check_functions` does, and
    for another number of activations than there are hidden layers.
    """
    hidden = _of_hidden_layers(activation, layers - 1)
    _check_name("cost", cost, COSTS)
    output = "softmax" if cost == "cross-entropy" else "sigmoid"
    output = output if output_activation is None else output_activation
    has_relu = "relu" in hidden or "leaky-relu" in hidden
    suited = "he" if has_relu else "glorot" if "tanh" in hidden else "lecun"
    init = suited if init is None else init
    activations = (*hidden[: layers - 1], output)
    check_functions(activations, cost, init)
    return activations, init


def _of_hidden_layers(activation: str | Sequence[str], layers: int) -> tuple[str, ...]:
    """Return the activation of each of so many hidden layers; one at least is given and checked."""
    if not isinstance(activation, list | tuple):
        _check_name("activation", activation, HIDDEN)  # type: ignore[arg-type]  # it looks
        return (str(activation),) * max(layers, 1)
    if len(activation) != layers:
        raise ValueError(
            f"activation: expected one name, or one for each of the {layers} hidden layers, found "
            f"{len(activation)}."
        )
    for name in activation:
        _check_name("activation", name, HIDDEN)
    return tuple(activation)


def check_functions(activations: Sequence[str], cost: str, init: str = "lecun") -> None:
    """Raise ValueError for names that do not exist or do not go together.

    `activations` are those of all layers after the input. The message begins with the name of the
    option that is wrong.
    """
    for activation in activations[:-1]:
        _check_name("activation", activation, HIDDEN)
    _check_name("output_activation", activations[-1], ACTIVATIONS)
    _check_name("cost", cost, COSTS)
    _check_name("init", init, INITS)
    if activations[-1] not in COSTS[cost]:
        raise ValueError(
            f"output_activation: expected one of {', '.join(COSTS[cost])}, which go with the cost "
            f"{cost}; found {activations[-1]!r}."
        )


def _check_name(option: str, name: str, names: Iterable[str]) -> None:
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"{option}: expected one of {', '.join(names)}; found {found(name)}.")
