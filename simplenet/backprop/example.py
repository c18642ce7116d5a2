"""The worked example: two inputs, two hidden neurons, two outputs, one sample, one step.

The numbers to start from are those of Matt Mazur's "A Step by Step Backpropagation Example"
(2015), except that every neuron has a bias of its own. Everything else is computed by the code
that trains real networks, in float64.
"""

from dataclasses import dataclass

import numpy as np

from simplenet.functions import ACTIVATIONS, COSTS
from simplenet.net import Net, backward, forward, net_around, zero_grad

X = np.array([[0.05, 0.10]])
Y = np.array([[0.01, 0.99]])
LR = 0.5


def example_net() -> Net:
    """Make the net of the example: w1 and w2 lead into h1, w3 and w4 into h2, w5 and so on."""
    into_hidden = [[0.15, 0.25], [0.20, 0.30]]  # w1 w3, w2 w4: row k is what input k tells
    into_output = [[0.40, 0.50], [0.45, 0.55]]  # w5 w7, w6 w8
    biases = [0.35, 0.35, 0.60, 0.60]
    params = np.concatenate([np.ravel(part) for part in (into_hidden, into_output, biases)])
    return net_around(params, (2, 2, 2), ("sigmoid", "sigmoid"), "half-squared-error")


def weight_index(number: int) -> tuple[int, int, int]:
    """Tell where w1 to w8 stand: (l, k, j), so that net.W[l][k, j] is the weight."""
    l, place = divmod(number - 1, 4)
    j, k = divmod(place, 2)
    return l, k, j


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Every number of one forward and one backward pass, for one sample, layer by layer.

    Index l belongs to layer l + 1, as W[l] does that leads there; a[0] is the input.
    """

    z: list[np.ndarray]
    a: list[np.ndarray]
    dc_da: list[np.ndarray | None]  # None where the cost goes back to z in one step
    slope: list[np.ndarray | None]
    dc_dz: list[np.ndarray]
    dc_dW: list[np.ndarray]
    dc_db: list[np.ndarray]
    cost: float

    def paths(self, net: Net, l: int, k: int) -> np.ndarray:
        """Return the parts that sum to dC/da of unit k of layer l: one for each unit it drives."""
        return net.W[l][k] * self.dc_dz[l]


def trace(net: Net, x: np.ndarray, y: np.ndarray) -> Trace:
    """Run one sample, x (inputs,) and y (outputs,), through the real code; keep every number.

    What forward and backward write over on their way, z and dC/da, is computed again from what
    they leave. The gradients of the net are this sample's afterwards.
    """
    zero_grad(net)
    forward(net, x[None])
    cost = backward(net, y[None])
    a = [part[0].copy() for part in net.a]
    dc_dz = [part[0].copy() for part in net.dc_dz]
    z = [told @ W + b for told, W, b in zip(a, net.W, net.b)]
    at_z = COSTS[net.cost][net.activations[-1]].at_z
    dc_da: list[np.ndarray | None] = [W @ later for W, later in zip(net.W[1:], dc_dz[1:])]
    slope: list[np.ndarray | None] = [
        None if at_z and l == len(net.W) - 1 else _slope(name, a[l + 1])
        for l, name in enumerate(net.activations)
    ]
    dc_da.append(None if at_z else _cost_slope(net, a[-1], y))
    copies = [part.copy() for part in net.dW], [part.copy() for part in net.db]
    return Trace(z, a, dc_da, slope, dc_dz, *copies, cost)


def _slope(activation: str, a: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[activation].slope(a, out=np.empty_like(a))


def _cost_slope(net: Net, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    cost = COSTS[net.cost][net.activations[-1]]
    return cost.slope(a[None], y[None], out=np.empty_like(a[None]))[0]
