"""tests/loops.py, the network in Python loops, and net.py give the same numbers."""

import loops
import numpy as np
import pytest

from simplenet import backward, forward, init_net, optimize, zero_grad


def example():
    """Return the 2-2-2 example after Matt Mazur: net, x, y, learning rate."""
    net = init_net((2, 2, 2), rng=0, dtype=np.float64)
    net.W[0][:] = [[0.15, 0.25], [0.20, 0.30]]
    net.W[1][:] = [[0.40, 0.50], [0.45, 0.55]]
    net.b[0][:], net.b[1][:] = 0.35, 0.60
    return net, np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]), 0.5


def random_net():
    """Return a net with two hidden layers of different sizes, and a batch of seven samples."""
    net = init_net((6, 5, 4, 3), rng=1, dtype=np.float64)
    rng = np.random.default_rng(2)
    net.params += rng.normal(0, 0.5, net.params.size)
    return net, rng.random((7, 6)), np.eye(3)[rng.integers(0, 3, 7)], 1.5


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("problem", [example, random_net])
def test_activations_gradients_and_cost_are_those_of_the_net(problem):
    net, x, y, _ = problem()
    W, b = [part.tolist() for part in net.W], [part.tolist() for part in net.b]
    dW, db = [np.zeros_like(part).tolist() for part in net.W], [[0.0] * len(part) for part in net.b]
    passes = [loops.forward(W, b, sample) for sample in x.tolist()]
    costs = [loops.backward(W, b, a, one, dW, db) for a, one in zip(passes, y.tolist())]
    zero_grad(net)
    forward(net, x)
    assert backward(net, y) == pytest.approx(np.mean(costs), rel=1e-12)
    for l, a in enumerate(net.a):
        close([layers[l] for layers in passes], a)
    for ours, theirs in zip([*net.dW, *net.db], [*dW, *db], strict=True):
        close(theirs, ours)


@pytest.mark.parametrize("problem", [example, random_net])
def test_three_steps_are_those_of_the_net(problem):
    net, x, y, lr = problem()
    W, b = [part.tolist() for part in net.W], [part.tolist() for part in net.b]
    before = net.params.copy()
    for _ in range(3):
        zero_grad(net)
        forward(net, x)
        cost = backward(net, y)
        optimize(net, lr)
        assert loops.step(W, b, x.tolist(), y.tolist(), lr) == pytest.approx(cost, rel=1e-12)
        for ours, theirs in zip([*net.W, *net.b], [*W, *b], strict=True):
            close(theirs, ours)
    assert (net.params != before).all()
