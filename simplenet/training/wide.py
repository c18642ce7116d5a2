"""Learn from minibatches where layers are wide: the four calls of the heart, on all cores.

The equations and the functions are those of `simplenet.net`. What differs: each product, with what
follows from it, is cut into blocks of columns, which threads share; results go to places that are
there already; and gradients are written at once, where the heart makes them 0 and then adds. The
blocks follow from the sizes of layers and minibatch alone: any number of threads gives equal bits.
"""

from functools import lru_cache, partial

import numpy as np

from simplenet.functions import ACTIVATIONS, COSTS, Floats
from simplenet.memory import PIECE, aligned
from simplenet.net import Masks, Net, optimize
from simplenet.optimizers import Rule
from simplenet.sharing import in_pieces, share
from simplenet.training.blas import WORTH_SHARING

MOST_BLOCKS = 8


class WideStep:
    """A step as that of `simplenet.training.run`, with room for the activations of a net."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[str, int], Floats] = {}

    def __call__(
        self, net: Net, x: Floats, y: Floats, lr: float, rule: Rule | None, masks: Masks | None
    ) -> tuple[Floats, float]:
        """Learn from one minibatch; return what was predicted, and the mean cost.

        The prediction lies in room that the next call uses again.
        """
        net.a, net.masks = [x, *self._layers("a", net, len(x))[1:]], masks or {}
        reads = self._forward(net)
        cost = self._backward(net, y, reads)
        optimize(net, lr, rule or descend)
        return net.a[-1], cost

    def _layers(self, name: str, net: Net, rows: int) -> list[Floats]:
        """Return room for so many rows of each layer, under a name."""
        layers = []
        for l, columns in enumerate(net.shape):
            room = self._rooms.get((name, l))
            fits = room is not None and room.dtype == net.params.dtype and room.shape[1] == columns
            if room is None or not fits or len(room) < rows:
                room = self._rooms[name, l] = aligned((rows, columns), net.params.dtype)
            layers.append(room[:rows])
        return layers

    def _forward(self, net: Net) -> list[Floats]:
        """Compute `net.a`; return what the next layer reads of each, which may be masked."""
        reads = net.a
        if net.masks:
            rooms = self._layers("read", net, len(net.a[0]))
            reads = [rooms[l] if l in net.masks else a for l, a in enumerate(net.a)]
            if 0 in net.masks:
                np.multiply(net.a[0], net.masks[0], out=reads[0])
        for l, W in enumerate(net.W):
            n, m = W.shape
            last = l == len(net.W) - 1  # softmax is of whole rows
            parts = [slice(0, m)] if last else blocks(m, n * len(net.a[0]))
            share(partial(_forward_block, net, reads, l), parts)
        return reads

    def _backward(self, net: Net, y: Floats, reads: list[Floats]) -> float:
        """Write all gradients; return the mean cost."""
        cost = COSTS[net.cost][net.activations[-1]]
        dc_dz = self._layers("dc_dz", net, len(y))
        dc_dz[-1] = cost.slope(net.a[-1], y)
        if not cost.at_z:
            dc_dz[-1] *= ACTIVATIONS[net.activations[-1]].slope(net.a[-1])
        ones = np.ones(len(y), net.params.dtype)
        for l, W in reversed(list(enumerate(net.W))):
            n, m = W.shape
            share(partial(_backward_block, net, reads, dc_dz, l), blocks(n, m * len(y)))
            np.matmul(ones, dc_dz[l + 1], out=net.db[l])
        net.samples = len(y)
        return cost.value(net.a[-1], y) / len(y)


def _forward_block(net: Net, reads: list[Floats], l: int, s: slice) -> None:
    """Compute some columns of a[l + 1], and what is read of them."""
    a = net.a[l + 1][:, s]
    z = np.matmul(reads[l], net.W[l][:, s], out=a)
    z += net.b[l][s]
    value = ACTIVATIONS[net.activations[l]].value
    for rows in chunks(*a.shape):
        a[rows] = value(z[rows])
    if l + 1 < len(net.W) and l + 1 in net.masks:
        np.multiply(a, net.masks[l + 1][:, s], out=reads[l + 1][:, s])


def _backward_block(net: Net, reads: list[Floats], dc_dz: list[Floats], l: int, s: slice) -> None:
    """Compute some rows of dW[l], and, from the same rows of W[l], columns of dC/dz before it."""
    np.matmul(reads[l][:, s].T, dc_dz[l + 1], out=net.dW[l][s])
    if l == 0:
        return
    dc_da = np.matmul(dc_dz[l + 1], net.W[l][s].T, out=dc_dz[l][:, s])
    if l in net.masks:
        dc_da *= net.masks[l][:, s]
    slope = ACTIVATIONS[net.activations[l - 1]].slope
    for rows in chunks(*dc_da.shape):
        dc_da[rows] *= slope(net.a[l][rows, s])


def descend(net: Net, lr: float) -> None:
    """Step downhill as `optimize` does without a rule."""

    def step(params: Floats, grads: Floats) -> None:
        params -= lr / net.samples * grads

    in_pieces(step, net.params, net.grads)


@lru_cache
def blocks(columns: int, each: int) -> list[slice]:
    """Cut columns that take so many multiplications each: into 1, 2, 4 or 8 blocks.

    Many blocks are for many cores, but each packs one side of the product anew. There are twice
    as many where every side of a product is twice as long.
    """
    count, worth = 1, WORTH_SHARING
    while columns * each >= worth and count < MOST_BLOCKS:
        count, worth = 2 * count, 8 * worth
    width = -(-columns // count // 16) * 16  # as wide as kernels compute at once
    return [slice(start, min(start + width, columns)) for start in range(0, columns, width)]


def chunks(rows: int, columns: int) -> list[slice]:
    """Cut the rows of a matrix, to which a function is applied, so that they stay in the cache."""
    some = max(1, PIECE // columns)
    return [slice(start, start + some) for start in range(0, rows, some)]
