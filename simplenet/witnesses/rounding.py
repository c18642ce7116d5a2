"""How large rounding can be: what may tell two right ways to one gradient apart.

Where a sigmoid is nearly 1, a is known to a unit in its last place, 1.1e-16, and so is a (1 - a),
however small it is: at 1 - a = 1e-10, only six digits of the slope are left. What is not known of
each number is carried along the net, forwards and then back (running error analysis; Higham,
Accuracy and Stability of Numerical Algorithms, 2002, section 3.3).
"""

from collections.abc import Iterator

import numpy as np

from simplenet.autodiff import Array
from simplenet.functions import ACTIVATIONS, COSTS
from simplenet.net import Masks, Net, forward
from simplenet.penalties import weights_of

UNITS = 4  # in the last place: what two ways to one number, of a few operations each, may differ by


@np.errstate(over="ignore", invalid="ignore")
def rounding(
    net: Net, x: Array, y: Array, l1: float = 0, l2: float = 0, masks: Masks | None = None
) -> Array:
    """Return how far rounding may move each element of the gradient of the mean cost."""
    unit = UNITS * float(np.finfo(net.params.dtype).eps)
    forward(net, x, masks)
    W, inputs = [abs(Wl) for Wl in net.W], [abs(read) for read in _reads(net)]
    slopes, doubts = zip(*_doubts_of_slopes(net, W, inputs, unit))
    cost = COSTS[net.cost][net.activations[-1]]
    dc_da = abs(cost.slope(net.a[-1], y)) / len(x)
    doubt = 2 * (unit * abs(y) + doubts[-1][0]) / len(x)  # of dC/da, which is 2 (a - y) at most
    dW, db = [], []
    for l in reversed(range(len(W))):
        slope, doubt_of_slope = slopes[l], doubts[l][1]
        if cost.at_z and l == len(W) - 1:
            slope, doubt_of_slope = np.float64(1), np.float64(0)
        dc_dz = dc_da * slope
        doubt = doubt * (slope + doubt_of_slope) + dc_da * doubt_of_slope + unit * dc_dz
        dW.append(inputs[l].T @ doubt)
        db.append(doubt.sum(axis=0))
        mask = abs(net.masks[l]) if l in net.masks else 1
        dc_da, doubt = dc_dz @ W[l].T * mask, doubt @ W[l].T * mask
    parts = [part.ravel() for part in (*reversed(dW), *reversed(db))]
    total: Array = np.concatenate(parts)
    weights_of(net, total)[:] += unit * (l1 + l2 * np.abs(weights_of(net, net.params)))
    return total


def _reads(net: Net) -> list[Array]:
    """Return what each layer has read in the last forward."""
    return [a * net.masks[l] if l in net.masks else a for l, a in enumerate(net.a[:-1])]


def _doubts_of_slopes(
    net: Net, W: list[Array], inputs: list[Array], unit: float
) -> Iterator[tuple[Array, tuple[Array, Array]]]:
    """Yield da/dz of each layer, and what is unknown of its a, and of this slope."""
    doubt = np.zeros_like(net.a[0])  # of what is read
    for l, name in enumerate(net.activations):
        a: Array = np.abs(net.a[l + 1])
        of_z = doubt @ W[l] + unit * (inputs[l] @ W[l] + abs(net.b[l]))
        if name == "softmax":  # each a has a slope a (1 - a), and the other z have as much together
            slope, of_z = 2 * a * (1 - a), of_z.max(axis=1, keepdims=True)
        else:
            slope = np.abs(ACTIVATIONS[name].slope(net.a[l + 1]))
        doubt = slope * of_z + unit * a
        yield slope, (doubt, 2 * slope * of_z + unit * a)  # no slope changes faster than 2 slope
        if l + 1 in net.masks:
            doubt = doubt * np.abs(net.masks[l + 1])
