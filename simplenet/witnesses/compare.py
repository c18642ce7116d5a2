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
from simplenet.witnesses.rounding import UNITS, rounding

NUDGE = 1e-5  # near the cube root of float64's precision: rounding and curvature weigh the same
TOLERANCE = 1e-7  # of a relative error
NUDGED = 100  # parameters of each group that `compare` nudges
SURE = 1e-3  # an output this near to 0 or 1 has lost digits of what it is short of

Places = NDArray[np.intp]  # in `net.params`
Gradient = Callable[[Net, Array, Array, float, float, Masks | None], Array]


class Comparison(TypedDict):
    """What one witness finds of one group of parameters, such as W[0]."""

    group: str
    parameters: int  # how many the group has
    witness: str
    error: float  # relative
    rounding: float  # how large the error can be by rounding alone
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
    nudge: float = NUDGE,
) -> Array:
    """Return central differences: how the cost changes when each parameter is nudged up and down.

    The cost is the one that training reports, except of samples with a sure output in
    cross-entropy: that is clipped, or has few digits, and so is computed from the weighted inputs.
    They are nan for parameters that are not `chosen`, and for those whose nudge crosses a corner,
    of a ReLU or of L1, where the cost has no slope; inf where the cost itself is no finite number.
    """
    gradient = np.full_like(net.params, np.nan)
    sure = _sure(net, x, masks)

    def at(i: int, value: float) -> tuple[float, list[Bools]]:
        """Return the cost with another value of parameter i, and the sides of all corners."""
        net.params[i] = value
        own = weights_of(net, net.params)[i : i + 1]  # the other weights' penalties stay
        forward(net, x, masks)
        cost = _cost(net, y, sure) / len(x) + penalty(own, l1, l2)
        layers = zip(net.activations, net.a[1:])
        return cost, [l1 * own > 0, *(a > 0 for name, a in layers if "relu" in name)]

    for i in range(net.params.size) if chosen is None else chosen:
        kept = net.params[i]
        above, sides_above = at(i, kept + nudge)
        below, sides_below = at(i, kept - nudge)
        net.params[i] = kept
        if all(map(np.array_equal, sides_above, sides_below)):
            slope = (above - below) / (2 * nudge)
            gradient[i] = slope if np.isfinite(slope) else np.inf
    return gradient


def _sure(net: Net, x: Array, masks: Masks | None) -> Bools:
    """Return which samples (B,) have an output that the cost from `net.a` is not exact for."""
    a = forward(net, x, masks)
    if net.cost != "cross-entropy":
        return np.zeros(len(a), bool)
    sure: Bools = np.any(np.minimum(a, 1 - a) < SURE, axis=1)
    return sure


def _cost(net: Net, y: Array, sure: Bools) -> float:
    """Return the cost, summed over the batch, of what forward left in the net."""
    reported = COSTS[net.cost][net.activations[-1]].value
    if not sure.any():
        return reported(net.a[-1], y)
    l, y_sure = len(net.W) - 1, np.asarray(y)[sure]
    inputs = net.a[l][sure]
    inputs = inputs * net.masks[l][sure] if l in net.masks else inputs
    z = inputs @ net.W[l] + net.b[l]
    if net.activations[-1] == "sigmoid":
        exact = y_sure * np.logaddexp(0, -z) + (1 - y_sure) * np.logaddexp(0, z)
    else:
        z = z - z.max(axis=1, keepdims=True)
        others = np.exp(z)
        others[np.arange(len(z)), z.argmax(axis=1)] = 0  # it is 1, beside which they would vanish
        exact = y_sure * (np.log1p(others.sum(axis=1, keepdims=True)) - z)
    return float(exact.sum()) + reported(net.a[-1][~sure], y[~sure])


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
    return _share(_norm(found - expected), _norm(found) + _norm(expected))


def _norm(vector: Array) -> float:
    return float(np.linalg.norm(vector))


def _share(part: float, size: float) -> float:
    """Return how large a part is of such a size: at most all of it; 0 of nothing."""
    if not size:
        return 0.0
    return min(part / size, 1.0) if size < np.inf and part < np.inf else 1.0


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
    Central differences take four forward passes for each parameter, with two nudges, and so try
    only NUDGED of each group, chosen by `rng`, less those beside a corner.

    Two agree if they differ by no more than TOLERANCE and what `rounding` can make.
    """
    problem = (net, x, y, l1, l2, masks)
    groups = _groups(net)
    rng = np.random.default_rng(rng)
    nudged = {group: rng.permutation(places)[:NUDGED] for group, places in groups.items()}
    own = rounding(*problem)  # of any way to the gradient
    eps = float(np.finfo(net.params.dtype).eps)

    found = gradient(*problem)
    results: list[tuple[str, Array, dict[str, Places], Array]] = []
    for name, witness in witnesses.items():
        if witness is by_differences:
            chosen = np.concatenate([*nudged.values()])
            expected = by_differences(*problem, chosen)
            wider = by_differences(*problem, chosen, 2 * NUDGE)
            known = {group: p[~np.isnan((expected + wider)[p])] for group, p in nudged.items()}
            # What a nudge cannot show: the cost is known to a few units in its last place, and so
            # is each output, which moves the cost by its slope there, about sqrt(2 C) at most.
            # What curvature and the rest of rounding do shows in what another nudge finds.
            cost = _cost(net, y, _sure(net, x, masks)) / len(x)
            unknown = UNITS * eps * (cost + np.sqrt(2 * cost)) / NUDGE
            results.append((name, expected, known, own + unknown + abs(expected - wider)))
        else:
            with contextlib.suppress(ImportError):
                results.append((name, witness(*problem), groups, own))
    rows: list[Comparison] = []
    for group in groups:
        for name, expected, compared, rounding_of in results:
            ours, theirs = found[compared[group]], expected[compared[group]]
            size, apart = _norm(ours) + _norm(theirs), _norm(ours - theirs)
            allowed = _norm(rounding_of[compared[group]])
            rows.append(
                {
                    "group": group,
                    "parameters": groups[group].size,
                    "witness": name,
                    "error": relative_error(ours, theirs),
                    "rounding": _share(allowed, size),
                    "agree": apart <= TOLERANCE * size + allowed < np.inf,
                }
            )
    return rows


def _groups(net: Net) -> dict[str, Places]:
    """Return where in `net.params` each of W[0], W[1], ..., b[0], b[1], ... lies."""
    names = [f"{kind}[{l}]" for kind in "Wb" for l in range(len(net.W))]
    ends = np.cumsum([part.size for part in (*net.W, *net.b)])
    return dict(zip(names, np.split(np.arange(net.params.size), ends[:-1])))
