"""Optimizers against PyTorch's, step by step, and what they leave in a net."""

import inspect
import json
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT
from making import optimizer_numbers as numbers

from simplenet import backward, forward, init_net, optimize, optimizer, zero_grad
from simplenet.optimizers import OPTIMIZERS, forget
from simplenet.options import OPTIONS

STORED = json.loads((ROOT / "tests" / "optimizers.json").read_text(encoding="utf-8"))["runs"]


def our_run(name):
    """Make the steps of a run with the rule that training uses, on a net of weights only."""
    kind, lr, different = numbers.RUNS[name]
    rule = optimizer(kind, **{**numbers.SETTINGS, **different})
    start = numbers.START.copy()
    net = SimpleNamespace(params=start, grads=np.zeros_like(start), shape=(6,), state={})
    found = {}
    for step in range(1, numbers.KEPT[-1] + 1):
        step_by(net, numbers.gradient(net.params), rule, lr)
        if step in numbers.KEPT:
            found[str(step)] = net.params.tolist()
    return found


def step_by(net, gradient, rule, lr):
    """Make one step with a rule, by a gradient as if of one sample."""
    net.grads[:], net.samples = gradient, 1
    rule(net, lr)


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


def step(net, rule, lr=0.01, seed=1, size=4):
    """Make one step with a rule, on samples drawn at random."""
    rng = np.random.default_rng(seed)
    zero_grad(net)
    forward(net, rng.random((size, net.shape[0])))
    backward(net, np.eye(net.shape[-1])[rng.integers(0, net.shape[-1], size)])
    optimize(net, lr, rule)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_is_arrays_and_all_that_a_run_needs_to_go_on(name):
    """Stopping after three steps, copying params and state, and going on changes nothing."""
    through, stopped = init_net((4, 2), rng=0), init_net((4, 2), rng=0)
    gradients = np.random.default_rng(1).normal(size=(6, through.params.size)).astype(np.float32)
    rule = optimizer(name, momentum=0.9)
    for gradient in gradients:
        step_by(through, gradient, rule, 0.01)
    for gradient in gradients[:3]:
        step_by(stopped, gradient, rule, 0.01)
    resumed = init_net((4, 2), rng=9)
    resumed.params[:] = stopped.params
    assert stopped.state
    assert all(isinstance(array, np.ndarray) for array in stopped.state.values())
    resumed.state = {key: array.copy() for key, array in stopped.state.items()}
    again = optimizer(name, momentum=0.9)
    for gradient in gradients[3:]:
        step_by(resumed, gradient, again, 0.01)
    np.testing.assert_array_equal(resumed.params, through.params)
    assert through.params.dtype == np.float32


def test_weight_decay_shrinks_weights_and_not_biases():
    net = init_net((1, 1), rng=0, dtype=np.float64)
    net.params[:] = 2.0
    step_by(net, np.zeros(2), optimizer("adamw", weight_decay=0.1), 0.5)
    np.testing.assert_allclose(net.params, [2.0 * (1 - 0.5 * 0.1), 2.0])
    net.params[:] = 2.0
    step_by(net, np.zeros(2), optimizer("adam", weight_decay=0.1), 0.5)
    np.testing.assert_array_equal(net.params, 2.0)


def test_a_rule_without_momentum_is_plain_descent():
    plain, ruled = (init_net((4, 3, 2), rng=0, dtype=np.float64) for _ in range(2))
    rule = optimizer()
    for seed in range(3):
        step(plain, None, 0.5, seed)
        step(ruled, rule, 0.5, seed)
    np.testing.assert_allclose(ruled.params, plain.params, rtol=1e-14)


def test_the_defaults_are_those_of_the_option_table():
    parameters = inspect.signature(optimizer).parameters
    assert parameters["name"].default == OPTIONS["optimizer"].default
    groups = "Optimizer", "Regularization"
    table = {
        name: option.default
        for name, option in OPTIONS.items()
        if option.group in groups
        and name not in ("optimizer", "lr", "dropout", "label_smoothing")  # no part of a step
    }
    assert {name: p.default for name, p in parameters.items() if name != "name"} == table
    assert tuple(OPTIONS["optimizer"].check(name) for name in OPTIMIZERS) == tuple(OPTIMIZERS)


def test_momentum_is_what_suits_the_optimizer_unless_it_is_given():
    def params(name, **how):
        net = init_net((4, 2), rng=0, dtype=np.float64)
        for seed in range(3):
            step(net, optimizer(name, **how), seed=seed)
        return net.params.tolist()

    for name in OPTIMIZERS:
        usual = 0.9 if name == "nesterov" else 0.0
        assert params(name) == params(name, momentum=usual)
        if "adam" not in name:
            assert params(name) != params(name, momentum=0.5)


def test_an_unknown_name_is_refused_before_any_step():
    with pytest.raises(ValueError, match="optimizer: expected one of sgd, .*; found 'sdg'"):
        optimizer("sdg")


# --- what is remembered ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_remembered_bears_the_name_of_the_optimizer_and_leaves_the_rest_alone(name):
    net = init_net((4, 2), rng=0)
    net.state |= {"speed": np.ones(3), "adam": np.zeros(1)}  # somebody else's
    step(net, optimizer(name))
    assert all(key.startswith(f"{name}.") for key in net.state.keys() - {"speed", "adam"})
    assert len(net.state) == 2 + len(OPTIMIZERS[name].init(net.params))


@pytest.mark.parametrize(
    "between", [["nesterov"], [None, "nesterov"], ["adam"], ["rmsprop"]], ids=str
)
def test_a_velocity_is_not_used_by_another_optimizer(between):
    net, fresh = (init_net((4, 2), rng=0, dtype=np.float64) for _ in range(2))
    step(net, optimizer("sgd", momentum=0.9))
    fresh.params[:] = net.params
    for name in between:
        for one in net, fresh:
            step(one, name and optimizer(name), seed=2)
    np.testing.assert_array_equal(net.params, fresh.params)


def test_forgetting_removes_what_optimizers_remember_and_nothing_else():
    net = init_net((4, 2), rng=0)
    mine = {"speed": np.ones(3), "adam": np.zeros(1), "my.velocity": np.ones(1)}
    net.state |= mine
    for name in OPTIMIZERS:
        step(net, optimizer(name))
    forget(net)
    assert net.state.keys() == mine.keys()


# --- precision ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-4, 1e-6])
def test_in_float16_a_small_gradient_makes_a_step_as_long_as_in_float32(name, size):
    """Its square is 0 in float16, and so is epsilon: the step was a division by 0."""
    steps = {}
    for dtype in np.float16, np.float32:
        net = init_net((4, 2), rng=0, dtype=dtype)
        net.params[:] = 0
        rule = optimizer(name)
        for _ in range(3):
            step_by(net, np.full(net.params.size, size, dtype), rule, 0.001)
        steps[dtype] = net.params.astype(float)
    # The gradient itself is rounded too: 1e-6 is 17 times the smallest number of float16.
    np.testing.assert_allclose(steps[np.float16], steps[np.float32], rtol=0.05)
    assert (np.abs(steps[np.float16]) < 0.05).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float16_trains_finite(name):
    net = init_net((4, 3, 2), rng=0, dtype=np.float16)
    start = net.params.copy()
    for seed in range(30):
        step(net, optimizer(name, clip=1.0, l2=1e-4), seed=seed)
    assert net.params.dtype == np.float16
    assert np.isfinite(net.params).all() and (net.params != start).any()


@pytest.mark.parametrize("name", ["rmsprop", "adam", "adamw"])
@pytest.mark.parametrize(
    ("dtype", "epsilon"),
    [(np.float16, 1e-46), (np.float32, 1e-46), (np.float32, 1e-40), (np.float64, 1e-310)],
)
def test_an_epsilon_that_underflows_is_refused_and_why(name, dtype, epsilon):
    net = init_net((4, 2), rng=0, dtype=dtype)
    start = net.params.copy()
    words = (
        f"^epsilon: expected at least .* below which numbers of float.* become 0; found {epsilon:g}"
    )
    with pytest.raises(ValueError, match=words):
        step(net, optimizer(name, epsilon=epsilon))
    assert (net.params == start).all() and net.state == {}
    step(net, optimizer("sgd", epsilon=epsilon))  # which has none


def test_a_small_epsilon_will_do_where_it_is_a_number():
    step(init_net((4, 2), rng=0, dtype=np.float64), optimizer("adam", epsilon=1e-46))
    step(init_net((4, 2), rng=0), optimizer("adam", epsilon=2e-38))
