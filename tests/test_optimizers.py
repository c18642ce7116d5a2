"""Optimizers against PyTorch's, step by step; regularizers and schedules against their meaning."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT
from making import optimizer_numbers as numbers

from simplenet import backward, forward, init_net, optimize, zero_grad
from simplenet.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    clip,
    penalty,
    penalty_slope,
    rule_for,
    weights_of,
)

STORED = json.loads((ROOT / "tests" / "optimizers.json").read_text(encoding="utf-8"))["runs"]
PLAIN = {
    "optimizer": "sgd", "momentum": 0.0, "rho": 0.99, "beta1": 0.9, "beta2": 0.999,
    "epsilon": 1e-8, "weight_decay": 0.01, "l1": 0.0, "l2": 0.0, "clip": 0.0,
}  # fmt: skip


def our_run(name):
    """Make the steps of a run with the rule that training uses, on a net of weights only."""
    optimizer, lr, different = numbers.RUNS[name]
    rule = rule_for({**PLAIN, **numbers.SETTINGS, **different, "optimizer": optimizer})
    net = SimpleNamespace(params=numbers.START.copy(), shape=(6,), state={})
    kept = {}
    for step in range(1, numbers.KEPT[-1] + 1):
        gradient = numbers.gradient(net.params)
        if rule is None:
            net.params -= lr * gradient
        else:
            rule(net, gradient, lr)
        if step in numbers.KEPT:
            kept[str(step)] = net.params.tolist()
    return kept


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for step in ours:
        np.testing.assert_allclose(ours[step], theirs[step], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", STORED)
def test_fifty_steps_are_those_that_pytorch_took(name):
    assert_same(our_run(name), STORED[name])


@pytest.mark.parametrize("name", STORED)
def test_fifty_steps_are_those_that_pytorch_takes(name):
    pytest.importorskip("torch")
    assert_same(our_run(name), numbers.torch_run(name))


def test_every_optimizer_is_compared():
    assert {run[0] for run in numbers.RUNS.values()} == set(OPTIMIZERS)
    assert set(numbers.RUNS) == set(STORED)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_is_arrays_and_all_that_a_run_needs_to_go_on(name):
    """Stopping after three steps, copying params and state, and going on changes nothing."""
    settings = {**PLAIN, "optimizer": name, "momentum": 0.9}
    through, stopped = init_net((4, 2), rng=0), init_net((4, 2), rng=0)
    gradients = np.random.default_rng(1).normal(size=(6, through.params.size)).astype(np.float32)
    for gradient in gradients:
        rule_for(settings)(through, gradient.copy(), 0.01)
    for gradient in gradients[:3]:
        rule_for(settings)(stopped, gradient.copy(), 0.01)
    resumed = init_net((4, 2), rng=9)
    resumed.params[:] = stopped.params
    assert stopped.state
    assert all(isinstance(array, np.ndarray) for array in stopped.state.values())
    resumed.state = {key: array.copy() for key, array in stopped.state.items()}
    for gradient in gradients[3:]:
        rule_for(settings)(resumed, gradient.copy(), 0.01)
    np.testing.assert_array_equal(resumed.params, through.params)
    assert through.params.dtype == np.float32


# --- regularizers -------------------------------------------------------------------------------


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
    settings = {**PLAIN, "l1": 0.02, "l2": 0.1}
    nets = {}
    for name, repeat, rule in ("once", 1, settings), ("twice", 2, settings), ("free", 1, PLAIN):
        net = nets[name] = init_net((3, 2), rng=0, dtype=np.float64)
        zero_grad(net)
        for _ in range(repeat):
            forward(net, x)
            backward(net, y)
        optimize(net, 0.5, rule_for(rule))
    np.testing.assert_allclose(nets["twice"].params, nets["once"].params, rtol=1e-14)
    np.testing.assert_array_equal(nets["free"].b[0], nets["once"].b[0])
    start = init_net((3, 2), rng=0, dtype=np.float64).W[0]
    np.testing.assert_allclose(
        nets["free"].W[0] - nets["once"].W[0], 0.5 * (0.02 * np.sign(start) + 0.1 * start)
    )


def test_clipping_shortens_long_gradients_only_and_keeps_their_direction():
    gradient = np.array([3.0, -4.0])
    clip(gradient, 6.0)
    np.testing.assert_array_equal(gradient, [3.0, -4.0])
    clip(gradient, 2.5)
    np.testing.assert_allclose(gradient, [1.5, -2.0])
    net = init_net((1, 1), rng=0, dtype=np.float64)
    net.params[:] = 0
    rule_for({**PLAIN, "clip": 1.0})(net, np.array([30.0, -40.0]), 1.0)
    np.testing.assert_allclose(net.params, [-0.6, 0.8])


def test_weight_decay_shrinks_weights_and_not_biases():
    net = init_net((1, 1), rng=0, dtype=np.float64)
    net.params[:] = 2.0
    rule_for({**PLAIN, "optimizer": "adamw", "weight_decay": 0.1})(net, np.zeros(2), 0.5)
    np.testing.assert_allclose(net.params, [2.0 * (1 - 0.5 * 0.1), 2.0])


def test_the_views_of_weights_are_all_weights_and_no_bias():
    net = init_net((4, 3, 2), rng=0)
    np.testing.assert_array_equal(
        weights_of(net, net.params), np.concatenate([W.ravel() for W in net.W])
    )


def test_plain_descent_needs_no_rule():
    assert rule_for(PLAIN) is None
    assert rule_for({**PLAIN, "l2": 0.1}) is not None


# --- schedules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("constant", {}, {0: 1, 3.7: 1, 10: 1}),
        ("step", {"decay": 0.5, "decay_every": 3}, {0: 1, 2.99: 1, 3: 0.5, 5.9: 0.5, 6: 0.25}),
        ("exponential", {"decay": 0.25}, {0: 1, 0.5: 0.5, 1: 0.25, 2: 0.0625}),
        ("cosine", {"warmup": 0}, {0: 1, 5: 0.5, 10: 0}),
        ("cosine", {"warmup": 2}, {0: 0, 1: 0.5, 2: 1, 6: 0.5, 10: 0}),
    ],
)
def test_a_schedule_is_a_function_of_how_far_the_run_is(name, settings, expected):
    for done, factor in expected.items():
        found = SCHEDULES[name](done, {"epochs": 10, **settings})
        assert found == pytest.approx(factor, abs=1e-12)
