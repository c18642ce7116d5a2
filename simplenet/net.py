"""A neural network is a few matrices: it predicts forwards and learns backwards.

Each sample is a row. For a batch of B samples and a net of shape (784, 40, 10):

    a[0] = x    (B, 784)      W[0]  (784, 40)     b[0]  (40,)
    a[1]        (B, 40)       W[1]  (40, 10)      b[1]  (10,)
    a[2]        (B, 10)       the prediction

    z = a[l] @ W[l] + b[l]    the weighted input of layer l + 1, and
    a[l + 1] = s(z)           its activation
    C = cost(a[-1], y)        how wrong the prediction is; y is (B, 10), one-hot

dC/da is called dc_da in the code, dC/dz dc_dz, and so on: each has the shape of what it belongs
to. All parameters lie in one vector, first every weight, then every bias, and W and b are views
into it; gradients likewise. So a step, a norm or a saved file concerns one vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from simplenet.functions import ACTIVATIONS, COSTS


@dataclass(slots=True, eq=False)
class Net:
    """Plain data: the numbers of a network, and what one pass leaves for the next."""

    shape: tuple[int, ...]
    activations: tuple[str, ...]  # the name of each layer's s, after the input
    cost: str
    params: np.ndarray  # (P,), and the views W and b
    W: list[np.ndarray]
    b: list[np.ndarray]
    grads: np.ndarray  # (P,), and the views dW and db: sums over all samples since zero_grad
    dW: list[np.ndarray]
    db: list[np.ndarray]
    scratch: np.ndarray  # (P,), and the views dc_dW and dc_db: of the last batch alone
    dc_dW: list[np.ndarray]
    dc_db: list[np.ndarray]
    samples: int = 0  # how many samples grads is a sum over
    a: list[np.ndarray] = field(default_factory=list)  # of the last forward
    dc_dz: list[np.ndarray] = field(default_factory=list)  # room for backward, as a[1:]
    slope: list[np.ndarray] = field(default_factory=list)  # the same, for da/dz
    state: dict[str, np.ndarray] = field(default_factory=dict)  # what an optimizer remembers


def init_net(
    shape: Sequence[int] = (784, 40, 10),
    *,
    rng: np.random.Generator | int,
    dtype: np.typing.DTypeLike = np.float32,
    activation: str = "sigmoid",
    cost: str = "half-squared-error",
) -> Net:
    """Make a net with layers of these sizes, input first, and small random weights.

    Weights are normal with standard deviation 1/sqrt(inputs), which keeps z about as large as
    one input however many there are (LeCun et al., Efficient BackProp, 1998); biases are 0.
    Raise ValueError for sizes or a dtype that make no net and names that are in no table.
    """
    shape = tuple(shape)
    if len(shape) < 2 or not all(isinstance(n, int | np.integer) and n > 0 for n in shape):
        raise ValueError(f"shape: expected two or more positive integers, found {shape}.")
    if np.dtype(dtype).kind != "f":
        raise ValueError(f"dtype: expected a float such as float32, found {np.dtype(dtype)}.")
    params = np.zeros(sum(n * m + m for n, m in pairwise(shape)), dtype)
    net = net_around(params, shape, (activation,) * (len(shape) - 1), cost)
    rng = np.random.default_rng(rng)
    for W in net.W:
        W[:] = rng.standard_normal(W.shape) / np.sqrt(len(W))
    return net


def net_around(params: np.ndarray, shape, activations, cost: str) -> Net:
    """Make a net whose parameters are this vector, such as one read from a file."""
    for name, table in [(name, ACTIVATIONS) for name in activations] + [(cost, COSTS)]:
        if name not in table:
            raise ValueError(f"expected one of {', '.join(table)}, found {name!r}.")
    vectors = params, np.zeros_like(params), np.zeros_like(params)
    parts = [part for vector in vectors for part in (vector, *_views(vector, shape))]
    return Net(tuple(map(int, shape)), tuple(activations), cost, *parts)


def _views(vector: np.ndarray, shape) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Cut a vector into the matrices between the layers, then a row for each layer."""
    sizes = [n * m for n, m in pairwise(shape)] + list(shape[1:])
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    layers = len(shape) - 1
    return [part.reshape(n, -1) for part, n in zip(parts, shape[:-1])], parts[layers:]


def zero_grad(net: Net) -> None:
    """Forget all gradients: without this, stale batches would push along with the next one."""
    net.grads.fill(0)
    net.samples = 0


def forward(net: Net, x: np.ndarray) -> np.ndarray:
    """Predict: turn x (B, inputs) into activations (B, outputs); keep all of them in `net.a`.

    What is given back is written over by the next call. Raise ValueError or TypeError for an x
    that is not a batch of floats of the net's width.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != net.shape[0] or len(x) == 0:
        raise ValueError(f"x: expected rows of {net.shape[0]} inputs, found the shape {x.shape}.")
    if x.dtype.kind != "f":
        raise TypeError(f"x: expected floats such as pixels / 255, found {x.dtype}.")
    if not net.a or len(net.a[0]) != len(x):
        a, net.dc_dz, net.slope = (
            [np.empty((len(x), n), net.params.dtype) for n in net.shape[1:]] for _ in range(3)
        )
        net.a = [x, *a]
    net.a[0] = x.astype(net.params.dtype, copy=False)
    for l, (W, b) in enumerate(zip(net.W, net.b)):
        z = np.matmul(net.a[l], W, out=net.a[l + 1])
        z += b
        ACTIVATIONS[net.activations[l]].value(z, out=z)  # z turns into a, in place
    return net.a[-1]


def backward(net: Net, y: np.ndarray) -> float:
    """Add dC/dW and dC/db of the samples that forward has just seen; give back their mean cost.

    y (B, outputs) is the truth, one-hot. Raise ValueError or TypeError if it cannot be.
    """
    y = np.asarray(y)
    if not net.a or y.shape != net.a[-1].shape:
        seen = net.a[-1].shape if net.a else "nothing: call it first"
        raise ValueError(
            f"y: expected one-hot rows of the shape that forward gave, {seen}; found {y.shape}."
        )
    if y.dtype.kind not in "fiub":
        raise TypeError(f"y: expected numbers, found {y.dtype}.")
    cost = COSTS[net.cost]
    total = cost.value(net.a[-1], y)
    dc_da = cost.slope(net.a[-1], y, out=net.dc_dz[-1])
    for l in reversed(range(len(net.W))):
        slope = ACTIVATIONS[net.activations[l]].slope(net.a[l + 1], out=net.slope[l])
        dc_dz = np.multiply(dc_da, slope, out=net.dc_dz[l])  # everything further back needs it
        np.matmul(net.a[l].T, dc_dz, out=net.dc_dW[l])  # a sum over samples
        np.sum(dc_dz, axis=0, out=net.dc_db[l])  # the same; a bias acts on z at ratio 1
        if l > 0:
            dc_da = np.matmul(dc_dz, net.W[l].T, out=net.dc_dz[l - 1])  # a sum over paths
    net.grads += net.scratch
    net.samples += len(y)
    return total / len(y)


def optimize(net: Net, lr: float) -> None:
    """Step downhill: lr times the mean gradient of all samples since zero_grad.

    Raise ValueError if there is no such sample.
    """
    if net.samples == 0:
        raise ValueError("there are no gradients: call forward and backward before optimize.")
    net.params -= np.multiply(net.grads, lr / net.samples, out=net.scratch)
