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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.random import Generator, default_rng

from simplenet.functions import ACTIVATIONS, COSTS, INITS
from simplenet.options import checked, settle_net


@dataclass(slots=True, eq=False, repr=False)
class Net:
    """Plain data: the numbers of a network, and what one pass leaves for the next."""

    shape: tuple[int, ...]
    activations: tuple[str, ...]  # the name of each layer's s, after the input
    cost: str
    params: np.ndarray  # (P,), and the views W and b
    W: tuple[np.ndarray, ...]
    b: tuple[np.ndarray, ...]
    grads: np.ndarray  # (P,), and the views dW and db: sums over all samples since zero_grad
    dW: tuple[np.ndarray, ...]
    db: tuple[np.ndarray, ...]
    scratch: np.ndarray  # (P,), and the views dc_dW and dc_db: room for what is added to grads
    dc_dW: tuple[np.ndarray, ...]
    dc_db: tuple[np.ndarray, ...]
    samples: int = 0  # how many samples grads is a sum over; the first ones overwrite it
    a: list[np.ndarray] = field(default_factory=list)  # of the last forward
    dc_dz: list[np.ndarray] = field(default_factory=list)  # room for backward, as a[1:]
    slope: list[np.ndarray] = field(default_factory=list)  # the same, for da/dz
    masks: dict[int, np.ndarray] = field(default_factory=dict)  # of dropout, by layer
    told: list[np.ndarray] = field(default_factory=list)  # what layers tell the next: a, masked
    ones: np.ndarray | None = None  # (B,): a bias is a weight from an input that is always 1
    state: dict[str, np.ndarray] = field(default_factory=dict)  # what an optimizer remembers

    def __reduce__(self):
        """Copy and pickle what lasts; the views of the copy are views into its own vectors."""
        return net_around, (self.params, self.shape, self.activations, self.cost, self.state)


def init_net(
    shape: Sequence[int] = (784, 40, 10), *, rng: Generator | int, dtype=np.float32, **names: str
) -> Net:
    """Make a net with layers of these sizes, input first; biases 0, weights small and random.

    `names` of functions: activation (of hidden layers), output_activation, cost, and init, how
    weights start. Raise ValueError for sizes or a dtype that make no net, and for wrong names.
    """
    shape, rng, names = checked("shape", shape), default_rng(rng), settle_net(**names)
    if np.dtype(dtype).kind != "f":
        raise ValueError(f"dtype: expected a float such as float32, found {np.dtype(dtype)}.")
    activations = *(names["activation"] for _ in shape[2:]), names["output_activation"]
    params = np.zeros(sum(n * m + m for n, m in pairwise(shape)), np.dtype(dtype).char)
    net = net_around(params, shape, activations, names["cost"])
    for W in net.W:
        W[:] = rng.standard_normal(W.shape) * INITS[names["init"]](*W.shape)
    return net


def net_around(params: np.ndarray, shape, activations, cost: str, state=None) -> Net:
    """Make a net whose parameters are this vector, such as one read from a file."""
    for hidden in (*activations[:-1], "sigmoid"):  # also where there is no hidden layer
        settle_net(activation=hidden, output_activation=activations[-1], cost=cost)
    vectors = params, np.zeros_like(params), np.zeros_like(params)
    numbers = [part for vector in vectors for part in (vector, *_views(vector, shape))]
    return Net(tuple(shape), tuple(activations), cost, *numbers, state=state or {})


def _views(vector: np.ndarray, shape) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """Cut a vector into matrices between the layers, then rows, one for each but the first."""
    sizes = [n * m for n, m in pairwise(shape)] + list(shape[1:])
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    matrices = tuple(part.reshape(n, -1) for part, n in zip(parts, shape[:-1]))
    return matrices, tuple(parts[len(matrices) :])


def zero_grad(net: Net) -> None:
    """Forget all gradients: without this, stale batches would push along with the next one."""
    net.grads.fill(0)
    net.samples = 0


def forward(net: Net, x: np.ndarray, masks: dict[int, np.ndarray] | None = None) -> np.ndarray:
    """Predict: turn x (B, inputs) into activations (B, outputs); keep all of them in `net.a`.

    What is given back is written over by the next call. `masks[l]` multiplies what a[l] tells the
    next layer (dropout). Raise ValueError for an x that is no batch for this net.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != net.shape[0] or len(x) == 0 or x.dtype.kind != "f":
        expected = f"floats such as pixels / 255 in rows of {net.shape[0]} inputs"
        raise ValueError(f"x: expected {expected}, found {x.dtype} of shape {x.shape}.")
    if not net.a or len(net.a[0]) != len(x):
        a, net.dc_dz, net.slope = (
            [np.empty((len(x), n), net.params.dtype) for n in net.shape[1:]] for _ in range(3)
        )
        net.a, net.ones = [x, *a], np.ones(len(x), net.params.dtype)
    net.a[0] = np.asarray(x, net.params.dtype)
    net.masks, net.told = masks or {}, net.a[:-1]
    for l, (W, b) in enumerate(zip(net.W, net.b)):
        if l in net.masks:
            net.told[l] = np.multiply(net.a[l], net.masks[l], dtype=net.params.dtype)
        z = np.dot(net.told[l], W, out=net.a[l + 1])
        z += b
        ACTIVATIONS[net.activations[l]].value(z, out=z)  # z turns into a, in place
    return net.a[-1]


def backward(net: Net, y: np.ndarray) -> float:
    """Add dC/dW and dC/db of the samples that forward has just seen; give back their mean cost.

    y (B, outputs) is the truth, one-hot. Raise ValueError if it cannot be. The first samples
    since zero_grad do not add to what is in the gradients, but take its place.
    """
    y = np.asarray(y)
    gave = net.a[-1].shape if net.a else "nothing: call it first"
    if y.shape != gave or y.dtype.kind not in "fiub":
        expected = f"numbers in one-hot rows, of the shape that forward gave, {gave}"
        raise ValueError(f"y: expected {expected}; found {y.dtype} of shape {y.shape}.")
    cost = COSTS[net.cost][net.activations[-1]]
    total = cost.value(net.a[-1], y)
    dc_da = cost.slope(net.a[-1], y, out=net.dc_dz[-1])
    dc_dW, dc_db = (net.dc_dW, net.dc_db) if net.samples else (net.dW, net.db)
    for l in reversed(range(len(net.W))):
        if cost.at_z and l == len(net.W) - 1:
            dc_dz = dc_da  # the cost has gone back to z in one step: see cross_entropy_slope
        else:
            slope = ACTIVATIONS[net.activations[l]].slope(net.a[l + 1], out=net.slope[l])
            dc_dz = np.multiply(dc_da, slope, out=net.dc_dz[l])  # in place
        np.dot(net.told[l].T, dc_dz, out=dc_dW[l])  # a sum over samples
        np.dot(net.ones, dc_dz, out=dc_db[l])  # the same; a bias acts on z at ratio 1
        if l > 0:
            dc_da = np.dot(dc_dz, net.W[l].T, out=net.dc_dz[l - 1])  # a sum over paths
            if l in net.masks:
                dc_da *= net.masks[l]
    if net.samples:  # else the first sums have gone straight into grads
        net.grads += net.scratch
    net.samples += len(y)
    return total / len(y)


def optimize(net: Net, lr: float, rule: Callable[[Net, np.ndarray, float], None] | None = None):
    """Step downhill: lr times the mean gradient of all samples since zero_grad.

    Or leave the step to a rule of `simplenet.optimizers`. Raise ValueError if there is no sample.
    """
    if net.samples == 0:
        raise ValueError("there are no gradients: call forward and backward before optimize.")
    if rule is None:
        net.params -= np.multiply(net.grads, lr / net.samples, out=net.scratch)
    else:
        rule(net, np.multiply(net.grads, 1 / net.samples, out=net.scratch), lr)
