"""What cannot be meant is refused in a sentence: every public function, every argument."""

import numpy as np
import pytest
from fuzzing.calls import FUNCTIONS, VALUES, calls, complaint

from simplenet import backward, forward, init_net, optimize, optimizer, start
from simplenet.options import OPTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_hostile_call_ends_in_an_unhelpful_error_or_returns(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = [(call[:3], why) for call in calls(tmp_path, [function]) if (why := complaint(call))]
    assert not wrong


def test_there_are_more_than_a_thousand_calls(tmp_path):
    every = list(calls(tmp_path))
    assert len(every) > 5000
    assert {call.function for call in every} == set(FUNCTIONS)


def stepped():
    """Return a net with gradients, and a copy of all that a step could change."""
    net = init_net((4, 3, 2), rng=0)
    forward(net, np.ones((5, 4)))
    backward(net, np.ones((5, 2)))
    return net, net.params.copy(), net.grads.copy()


@pytest.mark.parametrize("rule", [None, "adam"])
def test_a_learning_rate_that_is_none_leaves_the_weights_alone(rule):
    net, params, grads = stepped()
    how = optimizer(rule) if rule else None
    for lr in np.nan, np.inf, -np.inf, -0.1, "0.1", None, True, [0.1], 1j, 10**400, np.ones(1):
        with pytest.raises(ValueError, match=r"^lr: expected a finite number of at least 0, found"):
            optimize(net, lr, how)
    assert (net.params == params).all() and (net.grads == grads).all() and net.state == {}
    for lr in 0, 0.1, 1, np.float32(0.1), np.int64(1):
        optimize(net, lr, how)
    assert np.isfinite(net.params).all() and (net.params != params).any()


def test_a_truth_that_is_not_finite_does_not_reach_the_gradients():
    for cost in "half-squared-error", "cross-entropy":
        net = init_net((4, 3, 2), rng=0, cost=cost)
        forward(net, np.ones((1, 4)))
        for bad in np.nan, np.inf:
            with pytest.raises(ValueError, match="^y: expected finite numbers, found nan or inf"):
                backward(net, [[0.0, bad]])
        assert not net.grads.any() and net.samples == 0


def test_a_forward_that_is_refused_leaves_what_the_last_one_left():
    net, *_ = stepped()
    before = [*net.a]
    for x, masks in (np.ones((5, 3)), None), (np.ones((5, 4)), {1: np.ones(3)}):
        with pytest.raises(ValueError, match="^(x|masks.1.): expected"):
            forward(net, x, masks)
        assert all(one is other for one, other in zip(net.a, before, strict=True))


@pytest.mark.parametrize("function", ["forward", "predict", "start", "zero_grad"])
def test_a_run_in_the_place_of_a_net_is_answered_with_the_net_it_has(function, tmp_path):
    (why,) = (
        call
        for call in calls(tmp_path, [function])
        if call.argument == "net" and call.value == "a run"
    )
    with pytest.raises(TypeError, match="^net: expected a Net, .*found a Run: use run.net"):
        why.make()


def test_an_optimizer_takes_the_settings_that_the_table_of_options_takes():
    names = "momentum", "rho", "beta1", "beta2", "epsilon", "weight_decay", "l1", "l2", "clip"
    for name in names:
        for value in (make() for what, make in VALUES.items() if "text" not in what):
            taken = []
            for take in OPTIONS[name].check, lambda value, name=name: optimizer(**{name: value}):
                try:
                    take(value)
                    taken.append(True)
                except ValueError:
                    taken.append(False)
            assert taken[0] == taken[1] or (name != "momentum" and value is None), (name, value)
    for settings in (
        {"beta1": 2},
        {"beta2": np.nan},
        {"momentum": -0.1},
        {"clip": -1},
        {"epsilon": 0},
    ):
        with pytest.raises(ValueError, match=f"^{next(iter(settings))}: expected a finite number"):
            optimizer("adam", **settings)


def test_a_net_that_no_memory_holds_is_refused_before_it_is_made():
    with pytest.raises(ValueError, match="at most 1,000,000,000 parameters together, found 1,0"):
        init_net((1_000_000, 1_000_000), rng=0)
    sizes = np.array([70_000, 70_000], np.int32)  # whose product is no int32
    with pytest.raises(ValueError, match="found 4,900,070,000 of"):
        init_net(sizes, rng=0)


def test_integers_that_nothing_computes_with_are_refused():
    examples = np.zeros((5, 4)), np.zeros(5, int)
    with pytest.raises(ValueError, match="^batch_size: expected .* at most 1e100, found 10000"):
        start(init_net((4, 2), rng=0), *examples, batch_size=10**400)
