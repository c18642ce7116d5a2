"""Penalties and clipping against what they mean."""

from types import SimpleNamespace

import numpy as np
import pytest

from simplenet import backward, forward, init_net, optimize, optimizer, zero_grad
from simplenet.optimizers import precise
from simplenet.penalties import penalty, penalty_slope, weights_of


def test_the_slope_of_the_penalties_is_their_slope():
    w = np.array([0.5, -2.0, 1e-3, 3.0])
    h = 1e-6
    for l1, l2 in (0.1, 0), (0, 0.3), (0.1, 0.3):
        numeric = [
            (penalty(w + step, l1, l2) - penalty(w - step, l1, l2)) / (2 * h)
            for step in h * np.eye(4)
        ]
        np.testing.assert_allclose(penalty_slope(w, l1, l2), numeric, rtol=1e-7)


def test_penalties_enter_after_the_mean_and_on_weights_only():
    """A duplicated batch takes the same step; biases take the step they would take without."""
    x, y = np.ones((4, 3)), np.eye(2)[[0, 1, 1, 1]]
    penalties = {"l1": 0.02, "l2": 0.1}
    nets = {}
    for name, repeat, how in ("once", 1, penalties), ("twice", 2, penalties), ("free", 1, {}):
        net = nets[name] = init_net((3, 2), rng=0, dtype=np.float64)
        zero_grad(net)
        for _ in range(repeat):
            forward(net, x)
            backward(net, y)
        optimize(net, 0.5, optimizer(**how))
    np.testing.assert_allclose(nets["twice"].params, nets["once"].params, rtol=1e-14)
    np.testing.assert_array_equal(nets["free"].b[0], nets["once"].b[0])
    start = init_net((3, 2), rng=0, dtype=np.float64).W[0]
    np.testing.assert_allclose(
        nets["free"].W[0] - nets["once"].W[0], 0.5 * (0.02 * np.sign(start) + 0.1 * start)
    )


def clipped(gradient, most):
    """Return a gradient as a rule clips it: the step that it makes from 0, at the rate 1."""
    net = SimpleNamespace(
        params=np.zeros(len(gradient), precise(gradient)), grads=gradient, samples=1,
        shape=(len(gradient),), state={},
    )  # fmt: skip
    optimizer(clip=most)(net, 1.0)
    return 0.0 - net.params


def test_clipping_shortens_long_gradients_only_and_keeps_their_direction():
    gradient = np.array([3.0, -4.0])
    np.testing.assert_array_equal(clipped(gradient, 6.0), [3.0, -4.0])
    np.testing.assert_allclose(clipped(gradient, 2.5), [1.5, -2.0])
    np.testing.assert_array_equal(gradient, [3.0, -4.0])  # sums, to which more may be added


@pytest.mark.parametrize(
    ("dtype", "size", "most"),
    [
        (np.float32, 1e30, 1.0),  # the square is beyond the range of float32
        (np.float32, 1e38, 1e-3),
        (np.float32, 1e-30, 1e-35),  # the square is 0
        (np.float32, 1e20, 1e19),
        (np.float64, 1e300, 1.0),
        (np.float64, 1e-300, 1e-305),
        (np.float16, 1e4, 1.0),
        (np.float16, 1e-4, 1e-5),
    ],
)
def test_gradients_of_any_finite_size_are_clipped_silently(dtype, size, most):
    """Warnings are errors in tests."""
    direction = np.array([0.6, -0.8, 0.0])
    gradient = (size * direction).astype(dtype)
    rtol = 1e-2 if dtype is np.float16 else 1e-6
    np.testing.assert_allclose(clipped(gradient, most) / np.float64(most), direction, rtol=rtol)
    longer = min(size * 1.01, float(np.finfo(dtype).max))
    np.testing.assert_array_equal(clipped(gradient, longer), gradient)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_norm_of_very_many_elements_is_that_of_all(dtype):
    gradient = np.full(100_000, 2.0, dtype)  # in float16 the sum of squares would be infinite
    np.testing.assert_allclose(clipped(gradient, 1.0), 1 / np.sqrt(100_000), rtol=1e-3)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_stays_so(number):
    np.testing.assert_array_equal(clipped(np.array([1.0, number, 3.0]), 0.5), [1.0, number, 3.0])
    np.testing.assert_array_equal(clipped(np.zeros(3), 0.5), 0)


def test_the_views_of_weights_are_all_weights_and_no_bias():
    net = init_net((4, 3, 2), rng=0)
    np.testing.assert_array_equal(
        weights_of(net, net.params), np.concatenate([W.ravel() for W in net.W])
    )
