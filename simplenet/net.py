"""A neural network is a few matrices: it predicts forwards and learns backwards.

Each sample is a row. For a batch of B samples and a net of shape (784, 40, 10):

    a[0] = x    (B, 784)      W[0]  (784, 40)     b[0]  (40,)
    a[1]        (B, 40)       W[1]  (40, 10)      b[1]  (10,)
    a[2]        (B, 10)       the prediction

    z = a[l] @ W[l] + b[l]    the weighted input of layer l + 1, and
    a[l + 1] = s(z)           its activation
    C = cost(a[-1], y)        how wrong the prediction is; y is (B, 10), one-hot

dC/da is called dc_da in the code, dC/dz dc_dz, and so on: each has the shape of what it belongs
to. All P parameters lie in one vector, first every weight, then every bias, and W and b are views
into it. So do their gradients, which are sums over samples: optimize divides by their number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from simplenet.checks import (
    as_array,
    as_float_dtype,
    as_number,
    as_rng,
    as_sizes,
    check_callable,
    check_finite,
    check_masks,
    found,
)
from simplenet.functions import (
    ACTIVATIONS,
    COSTS,
    INITS,
    Floats,
    check_functions,
    choose_functions,
)
from simplenet.memory import aligned, pieces

Masks = Mapping[int, Floats]  # of dropout: what the activations of some layers are multiplied by


@dataclass(slots=True, eq=False, repr=False)
class Net:
    """Plain data: the numbers of a network, and what `forward` leaves for `backward`."""

    activations: tuple[str, ...]  # the name of each layer's s, after the input
    cost: str
    params: Floats  # (P,), and the views W and b
    W: tuple[Floats, ...]
    b: tuple[Floats, ...]
    grads: Floats  # (P,), and the views dW and db: sums over all samples since zero_grad
    dW: tuple[Floats, ...]
    db: tuple[Floats, ...]
    samples: int = 0  # how many samples grads is a sum over
    a: list[Floats] = field(default_factory=list)  # of the last forward
    masks: Masks = field(default_factory=dict)  # of the last forward, by layer
    state: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)  # of an optimizer

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of all layers, input first."""
        return (len(self.W[0]), *(len(b) for b in self.b))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what lasts; the views of the copy are views into its own vectors."""
        return net_around, (self.params, self.shape, self.activations, self.cost, self.state)


def init_net(
    shape: Sequence[int] = (784, 40, 10),
    *,
    rng: np.random.Generator | int,
    dtype: DTypeLike = np.float32,
    activation: str | Sequence[str] = "sigmoid",
    output_activation: str | None = None,
    cost: str = "half-squared-error",
    init: str | None = None,
) -> Net:
    """Return a net with layers of these sizes, input first; biases 0, weights small and random.

    The names are those of `simplenet.functions`: `activation` of the hidden layers, one for all or
    one for each; `init` says how weights start; None takes what suits the others. Raise ValueError
    for sizes or a dtype that make no net, and for wrong names.
    """
    shape, rng, dtype = as_sizes("shape", shape), as_rng("rng", rng), as_float_dtype("dtype", dtype)
    layers = len(shape) - 1
    activations, init = choose_functions(layers, activation, output_activation, cost, init)
    params = np.zeros(sum(n * m + m for n, m in pairwise(shape)), dtype)
    net = net_around(params, shape, activations, cost)
    for W in net.W:
        W[:] = rng.standard_normal(W.shape) * INITS[init](*W.shape)
    return net


def check_net(net: object) -> None:
    """Raise TypeError unless this is a net."""
    if not isinstance(net, Net):
        raise TypeError(f"net: expected a Net, as init_net returns, found {found(net)}.")


def net_around(
    params: Floats,
    shape: Sequence[int],
    activations: Sequence[str],
    cost: str,
    state: dict[str, np.ndarray[Any, Any]] | None = None,
) -> Net:
    """Return a net with a copy of these parameters (P,) and state, such as from a file."""
    check_functions(activations, cost)
    own, grads = aligned(params.size, params.dtype), aligned(params.size, params.dtype)
    own[:] = params
    (W, b), (dW, db) = _views(own, shape), _views(grads, shape)
    state = {name: array.copy() for name, array in (state or {}).items()}
    return Net(tuple(activations), cost, own, W, b, grads, dW, db, state=state)


def _views(vector: Floats, shape: Sequence[int]) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Cut a vector into matrices between the layers, then rows, one for each but the first."""
    sizes = [n * m for n, m in pairwise(shape)] + list(shape[1:])
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    matrices = tuple(part.reshape(n, -1) for part, n in zip(parts, shape[:-1]))
    return matrices, tuple(parts[len(matrices) :])


def zero_grad(net: Net) -> None:
    """Make every gradient 0: without this, stale batches would push along with the next one."""
    check_net(net)
    net.grads.fill(0)
    net.samples = 0


def forward(net: Net, x: ArrayLike, masks: Masks | None = None) -> Floats:
    """Predict: turn x (B, inputs) into activations (B, outputs); keep all of them in `net.a`.

    `masks[l]` (B, n) multiplies what the next layer reads of a[l] (dropout). Raise ValueError for
    an x that is no batch for this net.
    """
    check_net(net)
    x = as_array("x", x)
    if x.ndim != 2 or x.shape[1] != len(net.W[0]) or len(x) == 0 or x.dtype.kind != "f":
        expected = f"floats such as pixels / 255 in rows of {len(net.W[0])} inputs"
        raise ValueError(f"x: expected {expected}, found {x.dtype} of shape {x.shape}.")
    if masks is not None:
        check_masks(masks, net.shape, len(x))
    net.a, net.masks = [x.astype(net.params.dtype, copy=False)], masks or {}
    for l, (W, b) in enumerate(zip(net.W, net.b)):
        inputs = _masked(net, l, net.a[l])
        z = inputs @ W + b
        net.a.append(ACTIVATIONS[net.activations[l]].value(z))
    return net.a[-1].copy()


def backward(net: Net, y: ArrayLike) -> float:
    """Add dC/dW and dC/db of the samples that forward has just seen; return their mean cost.

    y (B, outputs) is the truth, one-hot. Raise ValueError if it cannot be.
    """
    check_net(net)
    y = as_array("y", y)
    predicted = net.a[-1].shape if net.a else "nothing: call it first"
    if y.shape != predicted or y.dtype.kind not in "fiub":
        expected = f"numbers in one-hot rows, of the shape that forward returned, {predicted}"
        raise ValueError(f"y: expected {expected}; found {y.dtype} of shape {y.shape}.")
    y = y.astype(net.params.dtype, copy=False)
    if not isfinite(np.vdot(y, y)):  # the quickest way to doubt
        check_finite("y", y)
    cost = COSTS[net.cost][net.activations[-1]]
    dc_da = cost.slope(net.a[-1], y)  # dC/dz at once where `at_z`: see _slope
    ones = _ones(len(y), net.params.dtype)  # a bias is a weight from an input that is always 1
    for l in reversed(range(len(net.W))):
        W, dW, db = net.W[l], net.dW[l], net.db[l]
        inputs, slope = _masked(net, l, net.a[l]), _slope(net, l)
        dc_dz = dc_da * slope  # no sum: each z has an a of its own
        dW += inputs.T @ dc_dz  # a sum over samples
        db += ones @ dc_dz  # a sum over samples
        if l > 0:
            dc_da = dc_dz @ W.T  # a sum over paths
            dc_da = _masked(net, l, dc_da)
    net.samples += len(y)
    return cost.value(net.a[-1], y) / len(y)


@lru_cache
def _ones(count: int, dtype: np.dtype[Any]) -> Floats:
    return np.ones(count, dtype)


def _slope(net: Net, l: int) -> Floats | float:
    """Return da/dz of layer l + 1; 1 where the slope of the cost was dC/dz already."""
    if l == len(net.W) - 1 and COSTS[net.cost][net.activations[l]].at_z:
        return 1.0
    return ACTIVATIONS[net.activations[l]].slope(net.a[l + 1])


def _masked(net: Net, l: int, values: Floats) -> Floats:
    """Return values (B, n) times the mask of layer l, where dropout has given it one."""
    if l not in net.masks:
        return values
    return np.multiply(values, net.masks[l], dtype=net.params.dtype)


def optimize(net: Net, lr: float, rule: Callable[[Net, float], None] | None = None) -> None:
    """Step downhill: lr times the mean gradient of all samples since zero_grad.

    Or leave the step to a rule, such as `simplenet.optimizer` makes. Raise ValueError if there is
    no sample, or lr is not finite or below 0.
    """
    check_net(net)
    lr = as_number("lr", lr, least=0)
    check_callable("rule", rule, "what simplenet.optimizer returns, such as optimizer('adam')")
    if net.samples == 0:
        raise ValueError("there are no gradients: call forward and backward before optimize.")
    if rule is None:
        for piece in pieces(net.params.size):
            net.params[piece] -= lr / net.samples * net.grads[piece]
    else:
        rule(net, lr)
