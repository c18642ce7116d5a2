"""Three ways to the same gradient that share no code with `backward`, to check it by.

Each takes a net, x (B, inputs) and one-hot y (B, outputs), and returns the gradient of the mean
cost, L1 and L2 included, as one vector in the order of `net.params`. Nets and samples should be
float64: in float32, rounding alone makes them differ by more than a mistake might.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from simplenet.autodiff import Array, Bools, Tensor
from simplenet.functions import COSTS, LEAK
from simplenet.net import Masks, Net, backward, forward, zero_grad
from simplenet.penalties import penalty, penalty_slope, weights_of

NUDGE = 1e-5  # near the cube root of float64's precision: rounding and curvature weigh the same
TOLERANCE = 1e-7  # of a relative error
NUDGED = 100  # parameters of each group that `compare` nudges

Places = NDArray[np.intp]  # in `net.params`
Gradient = Callable[[Net, Array, Array, float, float, Masks | None], Array]


class Comparison(TypedDict):
    """What one witness finds of one group of parameters, such as W[0]."""

    group: str
    parameters: int  # how many the group has
    witness: str
    error: float  # relative
    agree: bool


def by_hand(
    net: Net, x: Array, y: Array, l1: float = 0, l2: float = 0, masks: Masks | None = None
) -> Array:
    """Return the gradient that `backward` computes: the one to be checked."""
    zero_grad(net)
    forward(net, x, masks)
    backward(net, y)
    gradient: Array = net.grads / net.samples
    weights_of(net, gradient)[:] += penalty_slope(weights_of(net, net.params), l1, l2)
    return gradient


def by_differences(
    net: Net,
    x: Array,
    y: Array,
    l1: float = 0,
    l2: float = 0,
    masks: Masks | None = None,
    chosen: Iterable[int] | None = None,
) -> Array:
    """Return central differences: how the cost changes when each parameter is nudged up and down.

    They are nan for parameters that are not `chosen`, and for those whose nudge crosses a corner,
    of a ReLU or of L1, where the cost has no slope; inf where the cost itself is no finite number.
    """
    gradient = np.full_like(net.params, np.nan)
    cost_of = COSTS[net.cost][net.activations[-1]].value

    def at(i: int, value: float) -> tuple[float, list[Bools]]:
        """Return the cost with another value of parameter i, and the sides of all corners."""
        net.params[i] = value
        own = weights_of(net, net.params)[i : i + 1]  # the other weights' penalties stay
        cost = cost_of(forward(net, x, masks), y) / len(x) + penalty(own, l1, l2)
        layers = zip(net.activations, net.a[1:])
        return cost, [l1 * own > 0, *(a > 0 for name, a in layers if "relu" in name)]

    for i in range(net.params.size) if chosen is None else chosen:
        kept = net.params[i]
        above, sides_above = at(i, kept + NUDGE)
        below, sides_below = at(i, kept - NUDGE)
        net.params[i] = kept
        if all(map(np.array_equal, sides_above, sides_below)):
            slope = (above - below) / (2 * NUDGE)
            gradient[i] = slope if np.isfinite(slope) else np.inf
    return gradient


def by_autodiff(
    net: Net, x: Array, y: Array, l1: float = 0, l2: float = 0, masks: Masks | None = None
) -> Array:
    """Return the gradient that `autodiff.py` finds by going back through the cost's expression."""
    W, b = ([Tensor(part, requires_grad=True) for part in parts] for parts in (net.W, net.b))
    a = Tensor(x)
    for l, (Wl, bl) in enumerate(zip(W, b)):
        z = (a * masks[l] if masks and l in masks else a) @ Wl + bl
        if l < len(W) - 1:
            a = _TENSOR_ACTIVATIONS[net.activations[l]](z)
    cost = _tensor_cost(z, y, net.activations[-1], net.cost) / len(x)
    for w in W:
        cost = cost + l1 * (w.relu() + (-w).relu()).sum() + l2 / 2 * (w * w).sum()
    cost.backward()
    gradients = (part.grad for part in (*W, *b))
    return np.concatenate([part.ravel() for part in gradients if part is not None])  # none is


_TENSOR_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": Tensor.sigmoid,
    "tanh": Tensor.tanh,
    "relu": Tensor.relu,
    "leaky-relu": lambda z: LEAK * z + (1 - LEAK) * z.relu(),
    "identity": lambda z: z,
}


def _tensor_cost(z: Tensor, y: Array, output: str, cost: str) -> Tensor:
    """Return the cost, summed over the batch, of weighted inputs z of the output layer."""
    if cost == "cross-entropy":
        if output == "softmax":
            return -(y * z.log_softmax()).sum()
        return -(y * z.log_sigmoid() + (1 - y) * (-z).log_sigmoid()).sum()
    error = ((_TENSOR_ACTIVATIONS[output](z) - y) ** 2).sum()
    return 0.5 * error if cost == "half-squared-error" else error


def by_torch(
    net: Net, x: Array, y: Array, l1: float = 0, l2: float = 0, masks: Masks | None = None
) -> Array:
    """Return the gradient that PyTorch finds. Raise ImportError where it is not installed."""
    import torch
    from torch.nn import functional as F

    activations = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky-relu": lambda z: F.leaky_relu(z, LEAK),
        "identity": lambda z: z,
    }
    W, b = ([torch.tensor(part, requires_grad=True) for part in parts] for parts in (net.W, net.b))
    a, y = (torch.tensor(np.asarray(part, net.params.dtype)) for part in (x, y))
    for l, (Wl, bl) in enumerate(zip(W, b)):
        z = (a * torch.tensor(masks[l]) if masks and l in masks else a) @ Wl + bl
        if l < len(W) - 1:
            a = activations[net.activations[l]](z)
    if net.cost == "cross-entropy" and net.activations[-1] == "softmax":
        cost = F.cross_entropy(z, y, reduction="sum")
    elif net.cost == "cross-entropy":
        cost = F.binary_cross_entropy_with_logits(z, y, reduction="sum")
    else:
        cost = F.mse_loss(activations[net.activations[-1]](z), y, reduction="sum")
        cost = cost / 2 if net.cost == "half-squared-error" else cost
    cost = cost / len(x) + sum(l1 * w.abs().sum() + l2 / 2 * (w**2).sum() for w in W)
    cost.backward()
    return np.concatenate([part.grad.numpy().ravel() for part in [*W, *b]])


def relative_error(found: Array, expected: Array) -> float:
    """Return |found - expected| / (|found| + |expected|), between 0 and 1.

    That is 0 where both are 0, and 1 where it cannot be computed.
    """
    size = np.linalg.norm(found) + np.linalg.norm(expected)
    error = np.linalg.norm(found - expected) / size if size else 0.0
    return float(error) if np.isfinite(size) else 1.0


# By the name that `simplenet check` shows.
WITNESSES: dict[str, Gradient] = {
    "differences": by_differences,
    "autodiff": by_autodiff,
    "PyTorch": by_torch,
}


def compare(
    net: Net,
    x: Array,
    y: Array,
    l1: float = 0,
    l2: float = 0,
    masks: Masks | None = None,
    *,
    gradient: Gradient = by_hand,
    witnesses: Mapping[str, Gradient] = WITNESSES,
    rng: np.random.Generator | int = 0,
) -> list[Comparison]:
    """Compare a way to compute the gradient with every witness, for each group of parameters.

    Return the comparisons of W[0] with each witness, then of W[1], and so on, biases last. A
    witness that raises ImportError, as PyTorch does where it is not installed, is left out.
    Central differences take two forward passes for each parameter, and so try only NUDGED of each
    group, chosen by `rng`, less those beside a corner.
    """
    problem = (net, x, y, l1, l2, masks)
    groups = _groups(net)
    rng = np.random.default_rng(rng)
    nudged = {group: rng.permutation(places)[:NUDGED] for group, places in groups.items()}
    # What a nudge cannot show: the cost is known to a few units in its last place, and so is each
    # output, which moves the cost by its slope there, about sqrt(2 C) at most.
    cost = COSTS[net.cost][net.activations[-1]].value(forward(net, x, masks), y) / len(x)
    rounding = 4 * np.finfo(float).eps * (cost + np.sqrt(2 * cost)) / NUDGE

    found = gradient(*problem)
    results: list[tuple[str, Array, dict[str, Places], float]] = []
    for name, witness in witnesses.items():
        if witness is by_differences:
            expected = by_differences(*problem, np.concatenate([*nudged.values()]))
            known = {group: p[~np.isnan(expected[p])] for group, p in nudged.items()}
            results.append((name, expected, known, rounding))
        else:
            with contextlib.suppress(ImportError):
                results.append((name, witness(*problem), groups, 0.0))
    rows: list[Comparison] = []
    for group in groups:
        for name, expected, compared, allowed in results:
            ours, theirs = found[compared[group]], expected[compared[group]]
            apart = np.linalg.norm(ours - theirs) - allowed * np.sqrt(ours.size)
            limit = TOLERANCE * (np.linalg.norm(ours) + np.linalg.norm(theirs))
            rows.append(
                {
                    "group": group,
                    "parameters": groups[group].size,
                    "witness": name,
                    "error": relative_error(ours, theirs),
                    "agree": bool(apart <= limit < np.inf),
                }
            )
    return rows


def _groups(net: Net) -> dict[str, Places]:
    """Return where in `net.params` each of W[0], W[1], ..., b[0], b[1], ... lies."""
    names = [f"{kind}[{l}]" for kind in "Wb" for l in range(len(net.W))]
    ends = np.cumsum([part.size for part in (*net.W, *net.b)])
    return dict(zip(names, np.split(np.arange(net.params.size), ends[:-1])))
