"""The worked example: two inputs, two hidden neurons, two outputs, one sample, one step.

The numbers to start from are those of Matt Mazur's "A Step by Step Backpropagation Example"
(2015), except that every neuron has a bias of its own. Everything else is computed by the code
that trains real networks, in float64.
"""

from dataclasses import dataclass

import numpy as np

from simplenet.functions import ACTIVATIONS, COSTS, Floats
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
    """Return where w1 to w8 stand: (l, k, j), so that net.W[l][k, j] is the weight."""
    l, place = divmod(number - 1, 4)
    j, k = divmod(place, 2)
    return l, k, j


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Every number of one forward and one backward pass, for one sample, layer by layer.

    Index l belongs to layer l + 1, as W[l] does that leads there; a[0] is the input.
    """

    z: list[Floats]
    a: list[Floats]
    dc_da: list[Floats | None]  # None where the cost goes back to z in one step
    slope: list[Floats | None]
    dc_dz: list[Floats]
    dc_dW: list[Floats]
    dc_db: list[Floats]
    cost: float

    def paths(self, net: Net, l: int, k: int) -> Floats:
        """Return the parts that sum to dC/da of unit k of layer l: one for each unit it drives."""
        parts: Floats = net.W[l][k] * self.dc_dz[l]
        return parts


def trace(net: Net, x: Floats, y: Floats) -> Trace:
    """Run one sample, x (inputs,) and y (outputs,), through the real code; keep every number.

    What forward and backward let go of, z, dC/da and the slopes, is computed again from what they
    leave; dC/dz is dC/db, where there is one sample. The gradients of the net are this sample's
    afterwards.
    """
    zero_grad(net)
    forward(net, x[None])
    cost = backward(net, y[None])
    a = [part[0].copy() for part in net.a]
    dc_dz = [part.copy() for part in net.db]
    z = [inputs @ W + b for inputs, W, b in zip(a, net.W, net.b)]
    at_z = COSTS[net.cost][net.activations[-1]].at_z
    dc_da: list[Floats | None] = [W @ later for W, later in zip(net.W[1:], dc_dz[1:])]
    slope: list[Floats | None] = [
        None if at_z and l == len(net.W) - 1 else ACTIVATIONS[name].slope(a[l + 1])
        for l, name in enumerate(net.activations)
    ]
    dc_da.append(None if at_z else COSTS[net.cost][net.activations[-1]].slope(a[-1], y))
    copies = [part.copy() for part in net.dW], [part.copy() for part in net.db]
    return Trace(z, a, dc_da, slope, dc_dz, *copies, cost)
