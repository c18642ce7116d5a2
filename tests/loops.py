"""The same network with nothing but loops over single neurons: slow, and hard to get wrong.

Shapes are as in `simplenet.net`, as nested lists: W[l][k][j] leads from neuron k of layer l to
neuron j of the next. A reference for the tests, and what "vectorized" is measured against.
"""

import math

Rows = list[list[float]]


def sigmoid(z: float) -> float:
    """Squash z into (0, 1)."""
    return 1 / (1 + math.exp(-z))


def forward(W: list[Rows], b: Rows, x: list[float]) -> Rows:
    """Return the activations of every layer for one sample, the input first."""
    a = [x]
    for l in range(len(W)):
        layer = []
        for j in range(len(b[l])):
            z = b[l][j]
            for k in range(len(a[l])):
                z += a[l][k] * W[l][k][j]
            layer.append(sigmoid(z))
        a.append(layer)
    return a


def backward(W: list[Rows], b: Rows, a: Rows, y: list[float], dW: list[Rows], db: Rows) -> float:
    """Add the gradients of one sample to dW and db; return its cost, half the squared error."""
    cost = 0.0
    dc_da = []
    for j in range(len(y)):
        cost += 0.5 * (a[-1][j] - y[j]) ** 2
        dc_da.append(a[-1][j] - y[j])
    for l in reversed(range(len(W))):
        dc_dz = []
        for j in range(len(b[l])):
            dc_dz.append(dc_da[j] * a[l + 1][j] * (1 - a[l + 1][j]))
        for j in range(len(b[l])):
            db[l][j] += dc_dz[j]
            for k in range(len(a[l])):
                dW[l][k][j] += dc_dz[j] * a[l][k]
        dc_da = []
        for k in range(len(a[l])):
            paths = 0.0
            for j in range(len(b[l])):
                paths += dc_dz[j] * W[l][k][j]
            dc_da.append(paths)
    return cost


def step(W: list[Rows], b: Rows, xs: Rows, ys: Rows, lr: float) -> float:
    """Take one step down the mean gradient of a minibatch; return its mean cost."""
    dW = [[[0.0] * len(row) for row in layer] for layer in W]
    db = [[0.0] * len(layer) for layer in b]
    cost = 0.0
    for x, y in zip(xs, ys):
        cost += backward(W, b, forward(W, b, x), y, dW, db)
    for l in range(len(W)):
        for j in range(len(b[l])):
            b[l][j] -= lr / len(xs) * db[l][j]
            for k in range(len(W[l])):
                W[l][k][j] -= lr / len(xs) * dW[l][k][j]
    return cost / len(xs)
