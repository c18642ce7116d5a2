"""Four ways to the same gradient, number by number, and how many multiplications each takes.

They are written as one would by hand: nothing that is known to be 0 or 1 is multiplied with. Each
returns the gradient, so that a test can hold them equal. Costs are half squared errors and units
sigmoids, as in the worked example; exponentials are not counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import exp

from simplenet.backprop.example import X, Y, example_net
from simplenet.net import Net, init_net

LARGE = (784, 40, 10)  # the layers of the default net


@dataclass
class Tally:
    """How many multiplications there were."""

    count: int = 0

    def times(self, *factors: float) -> float:
        """Return the product of numbers; n of them take n - 1 multiplications."""
        product = factors[0]
        for factor in factors[1:]:
            product *= factor
            self.count += 1
        return product


@dataclass
class Ways:
    """One net, one sample, and a tally for whoever computes."""

    shape: tuple[int, ...]
    W: list[list[list[float]]]
    b: list[list[float]]
    x: list[float]
    y: list[float]
    tally: Tally = field(default_factory=Tally)

    def counted(self) -> int:
        """Return the multiplications since this was asked last."""
        count, self.tally.count = self.tally.count, 0
        return count

    def parameters(self) -> Iterator[tuple[int, int | None, int]]:
        """Return the places (l, k, j) of all weights, then, with no k, of all biases."""
        for l, W in enumerate(self.W):
            yield from ((l, k, j) for k in range(len(W)) for j in range(len(W[0])))
        for l, b in enumerate(self.b):
            yield from ((l, None, j) for j in range(len(b)))

    # --- forwards --------------------------------------------------------------------------------

    def forward(self) -> list[list[float]]:
        """Return the activations of all layers, the input first."""
        a = [self.x]
        for W, b in zip(self.W, self.b):
            z = [
                sum((self.tally.times(a[-1][k], W[k][j]) for k in range(len(W))), b[j])
                for j in range(len(b))
            ]
            a.append([1 / (1 + exp(-each)) for each in z])
        return a

    def cost(self) -> float:
        """Return the cost; its squares are counted, its halves are not."""
        return sum(self.tally.times(a - y, a - y) for a, y in zip(self.forward()[-1], self.y)) / 2

    def slopes(self, a: list[list[float]]) -> list[list[float]]:
        """Return da/dz of every unit after the input."""
        return [[self.tally.times(each, 1 - each) for each in layer] for layer in a[1:]]

    # --- the four ways ---------------------------------------------------------------------------

    def nudge(self, l: int, k: int | None, j: int, by: float = 1e-6) -> float:
        """Return the quotient of two turns: one more pass."""
        row = self.b[l] if k is None else self.W[l][k]
        before, held = self.cost(), row[j]
        self.counted()
        row[j] = held + by
        after = self.cost()
        row[j] = held
        return (after - before) / by

    def push(self, a: list[list[float]], slopes: list[list[float]], *place: int | None) -> float:
        """Go forwards from one parameter: how does everything after it move, per turn of it?"""
        l, k, j = place
        assert l is not None and j is not None
        moved = {j: slopes[l][j] if k is None else self.tally.times(a[l][k], slopes[l][j])}
        for i in range(l + 1, len(self.W)):
            W = self.W[i]
            moved = {
                n: self.tally.times(
                    sum(self.tally.times(each, W[m][n]) for m, each in moved.items()), slopes[i][n]
                )
                for n in range(len(W[0]))
            }
        return sum(self.tally.times(v, a[-1][n] - self.y[n]) for n, v in moved.items())

    def paths(self, a: list[list[float]], slopes: list[list[float]], *place: int | None) -> float:
        """Multiply out every path from one parameter to the cost by itself; add the products."""
        l, k, j = place
        assert l is not None and j is not None
        return sum(
            self.tally.times(*([] if k is None else [a[l][k]]), *factors, a[-1][end] - self.y[end])
            for end, factors in self._ways(slopes, l, j)
        )

    def _ways(
        self, slopes: list[list[float]], l: int, j: int
    ) -> Iterator[tuple[int, tuple[float, ...]]]:
        if l == len(self.W) - 1:
            yield j, (slopes[l][j],)
            return
        for n, w in enumerate(self.W[l + 1][j]):
            for end, rest in self._ways(slopes, l + 1, n):
                yield end, (slopes[l][j], w, *rest)

    def backward(self, a: list[list[float]], slopes: list[list[float]]) -> list[float]:
        """Go backwards once; return the gradient of every parameter, weights first."""
        dc_da = [a - y for a, y in zip(a[-1], self.y)]
        dc_dW: list[list[float]] = []
        dc_db: list[list[float]] = []
        for l in reversed(range(len(self.W))):
            dc_dz = [self.tally.times(one, other) for one, other in zip(dc_da, slopes[l])]
            dc_dW.insert(0, [self.tally.times(each, g) for each in a[l] for g in dc_dz])
            dc_db.insert(0, dc_dz)
            if l:
                dc_da = [
                    sum(self.tally.times(w, g) for w, g in zip(row, dc_dz)) for row in self.W[l]
                ]
        return [each for part in (*dc_dW, *dc_db) for each in part]


def ways(net: Net, x: list[float], y: list[float]) -> Ways:
    """Return a net and one sample as plain lists."""
    return Ways(net.shape, [W.tolist() for W in net.W], [b.tolist() for b in net.b], x, y)


def counts(made: Ways) -> dict[str, int]:
    """Return the multiplications of a forward pass, and of all gradients in each way.

    All parameters of a layer cost the same, so that one weight and one bias of each are enough.
    """
    forward, backward = one_pass_each(made)
    a = made.forward()
    made.counted()
    slopes = made.slopes(a)
    saved = made.counted()
    found = {"forward": forward, "backward": backward}
    sizes = [(len(W) * len(W[0]), len(W[0])) for W in made.W]
    for name in "nudge", "push", "paths":
        total = forward + len(made.y) if name == "nudge" else saved
        made.counted()
        for l, (weights, biases) in enumerate(sizes):
            for k, times in ((0, weights), (None, biases)):
                if name == "nudge":
                    made.nudge(l, k, 0)
                else:
                    getattr(made, name)(a, slopes, l, k, 0)
                total += times * made.counted()
        found[name] = total
    return found


@cache
def counted() -> tuple[dict[str, int], dict[str, int]]:
    """Return the counts of the worked example, and of the large net."""
    large = init_net(LARGE, rng=0)
    x, y = [0.5] * LARGE[0], [0.0] * LARGE[-1]
    return counts(ways(example_net(), X[0].tolist(), Y[0].tolist())), counts(ways(large, x, y))


def one_pass_each(made: Ways) -> tuple[int, int]:
    """Return the multiplications of a pass forwards, and of one back, its slopes included."""
    made.counted()
    a = made.forward()
    forward = made.counted()
    made.backward(a, made.slopes(a))
    return forward, made.counted()
