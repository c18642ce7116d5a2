"""The table of options: defaults, limits, and what it says to a slip of the keyboard."""

import subprocess
import sys

import numpy as np
import pytest

from simplenet import functions, optimizers
from simplenet.options import (
    ACTIVATIONS,
    COSTS,
    HIDDEN_ACTIVATIONS,
    INITS,
    OPTIMIZERS,
    OPTIONS,
    PAIRS,
    SCHEDULES,
    default_lr,
    settle,
    settle_net,
)


def test_the_defaults_are_those_of_the_design():
    assert {name: option.default for name, option in OPTIONS.items()} == {
        "hidden": (40,), "shape": None, "activation": "sigmoid", "output_activation": None,
        "cost": "half-squared-error", "init": None, "epochs": 5, "batch_size": 20, "seed": 0,
        "validation": None, "patience": 0, "lr": None, "optimizer": "sgd", "momentum": None,
        "rho": 0.99, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "schedule": "constant",
        "decay": 0.5, "decay_every": 1, "warmup": 0.0, "l1": 0.0, "l2": 0.0, "weight_decay": 0.01,
        "dropout": 0.0, "clip": 0.0, "label_smoothing": 0.0,
    }  # fmt: skip
    assert settle() == {
        name: {"lr": 5.0, "momentum": 0.0}.get(name, option.default)
        for name, option in OPTIONS.items()
        if not option.of_net
    }
    assert settle_net() == {
        "activation": "sigmoid", "output_activation": "sigmoid", "cost": "half-squared-error",
        "init": "lecun",
    }  # fmt: skip


def test_every_default_passes_its_own_check():
    for option in OPTIONS.values():
        assert option.check(option.default) == option.default


def test_the_names_of_functions_are_those_of_the_tables():
    assert tuple(functions.ACTIVATIONS) == ACTIVATIONS
    assert {cost: tuple(pairs) for cost, pairs in functions.COSTS.items()} == PAIRS
    assert tuple(PAIRS) == COSTS
    assert tuple(functions.INITS) == INITS
    assert tuple(optimizers.OPTIMIZERS) == OPTIMIZERS
    assert tuple(optimizers.SCHEDULES) == SCHEDULES
    # A hidden unit's slope must not depend on the other units, as it does in a softmax.
    slopes = {name: activation.slope for name, activation in functions.ACTIVATIONS.items()}
    assert tuple(name for name in slopes if slopes[name]) == HIDDEN_ACTIVATIONS


def test_the_table_is_read_without_numpy():
    code = "import sys, simplenet.options; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("epochs", "7", 7),
        ("epochs", np.int64(7), 7),
        ("batch_size", 1, 1),
        ("lr", "1e-3", 0.001),
        ("lr", 3, 3.0),
        ("lr", np.float32(0.5), 0.5),
        ("seed", 2**32 - 1, 2**32 - 1),
        ("validation", "0", 0),
        ("validation", None, None),
        ("hidden", "100,50", (100, 50)),
        ("hidden", [8], (8,)),
        ("shape", "64, 3", (64, 3)),
        ("shape", np.array([64, 1_000_000, 3]), (64, 1_000_000, 3)),
        ("shape", None, None),
        ("lr", None, None),
        ("momentum", "0.9", 0.9),
        ("dropout", 0, 0.0),
        ("dropout", np.float32(0.5), 0.5),
        ("decay", 1, 1.0),
        ("warmup", "1.5", 1.5),
        ("optimizer", "adam", "adam"),
    ],
)
def test_text_and_numbers_become_the_value(name, given, value):
    found = OPTIONS[name].check(given)
    assert found == value and type(found) is type(value)


WHOLE = "expected a whole number of at least"
SIZES = "layer sizes from 1 to 1,000,000 with commas between"


@pytest.mark.parametrize(
    ("name", "words", "wrong"),
    [
        ("epochs", f"{WHOLE} 1, found", ["0", 0, -1, "1e3", "", "x", 2.0, True, None, "9" * 5000]),
        ("batch_size", f"{WHOLE} 1, found", [0, "2.5", np.float64(2)]),
        ("validation", f"{WHOLE} 0, found", ["-1", "all"]),
        ("seed", "expected a whole number from 0 to 4294967295, found", [-1, 2**32]),
        (
            "lr", "expected a number above 0, found",
            ["nan", "inf", "1e400", "1e-400", "0", "-1", "", "x", True, 10**400, [5], 1j],
        ),
        (
            "dropout", "expected a number of at least 0 and below 1, found",
            ["1.0", 1, "-0.1", -1e-9, "nan", None, False, "half", 10**400],
        ),
        ("momentum", "expected a number of at least 0 and below 1, found", [1, "-1", "inf", True]),
        ("decay", "expected a number above 0 and of at most 1, found", [0, 1.01, "nan", None]),
        ("warmup", "expected a number of at least 0, found", [-0.5, "inf", "nan", None, ""]),
        ("epsilon", "expected a number above 0, found", [0, "-1e-8"]),
        ("decay_every", f"{WHOLE} 1, found", [0, 1.5]),
        ("patience", f"{WHOLE} 0, found", [-1, None]),
        (
            "optimizer", "expected one of sgd, nesterov, rmsprop, adam, adamw; found",
            ["SGD", "", None, 3, ["sgd"], True],
        ),
        ("hidden", f"expected 1 or more {SIZES}, such as 100,50; found", ["", "0", "8,,8", 8, []]),
        (
            "shape", f"expected 2 or more {SIZES}, such as 784,40,10; found",
            ["64", "64,-1", "64,1000001", "64x3", ",", (64, 2.5), 64],
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_is_answered_with_what_is_expected_and_what_was_found(name, words, wrong):
    for value in wrong:
        with pytest.raises(ValueError) as error:
            OPTIONS[name].check(value)
        assert str(error.value) == f"{words} {value!r}"


def test_settle_gives_every_option_of_training_in_the_order_of_the_table():
    settled = settle(seed="3", epochs=2)
    assert settled == settle() | {"epochs": 2, "seed": 3}
    assert list(settled) == list(settle()) == [
        name for name, option in OPTIONS.items() if option.group != "Network"
    ]  # fmt: skip


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_settled_settles_to_itself(optimizer, cost):
    settled = settle(cost=cost, optimizer=optimizer)
    assert settle(cost=cost, **settled) == settled
    assert settled["lr"] > 0 and settled["momentum"] >= 0


def test_settle_names_the_option_that_is_unknown_or_wrong():
    known = "unknown option 'epoch': expected one of epochs, batch_size, seed, .*, label_smoothing."
    with pytest.raises(TypeError, match=known):
        settle(epoch=3)
    for name in (name for name, option in OPTIONS.items() if option.of_net and name != "cost"):
        with pytest.raises(TypeError, match=f"unknown option '{name}'"):
            settle(**{name: OPTIONS[name].default})
    with pytest.raises(ValueError, match="^lr: expected a number above 0, found -1.$"):
        settle(lr=-1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"optimizer": "nesterov", "momentum": 0}, "momentum: expected more than 0 for nesterov"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum: expected 0 for adam, whose .* beta1"),
        ({"optimizer": "adamw", "momentum": 0.5}, "momentum: expected 0 for adamw, .* found 0.5."),
        ({"schedule": "cosine", "warmup": 5}, "warmup: expected fewer than the 5 epochs, or the "
         "schedule would end before it begins; found 5."),
        ({"schedule": "cosine", "warmup": 9.5, "epochs": 9}, ".* the 9 epochs, .* found 9.5."),
        ({"warmup": 1}, "warmup: expected 0, or the schedule cosine; found 1 with constant."),
        ({"warmup": 1, "schedule": "step"}, "warmup: expected 0, .* found 1 with step."),
        ({"patience": 1, "validation": 0}, "patience: expected images held out .* validation 0."),
        ({"label_smoothing": 0.1}, "label_smoothing: expected the cost cross-entropy, found half-"),
        ({"label_smoothing": 0.1, "cost": "squared-error"}, "label_smoothing: .* found squared-er"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_beside_each_other_are_refused(given, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        settle(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"optimizer": "nesterov", "momentum": 0.5},
        {"optimizer": "rmsprop", "momentum": 0.9},
        {"optimizer": "adam", "momentum": 0},
        {"schedule": "cosine", "warmup": 4.99},
        {"patience": 1},
        {"patience": 1, "validation": 3},
        {"label_smoothing": 0.1, "cost": "cross-entropy"},
    ],
)
def test_options_that_do_are_not(given):
    settled = settle(**given)
    assert {name: settled[name] for name in given if name != "cost"} == {
        name: value for name, value in given.items() if name != "cost"
    }


@pytest.mark.parametrize(
    ("given", "lr", "momentum"),
    [
        ({}, 5.0, 0.0),
        ({"cost": "squared-error"}, 2.5, 0.0),
        ({"cost": "cross-entropy"}, 0.5, 0.0),
        ({"momentum": 0.9}, 0.5, 0.9),
        ({"optimizer": "nesterov"}, 0.5, 0.9),
        ({"optimizer": "nesterov", "cost": "cross-entropy"}, 0.05, 0.9),
        ({"optimizer": "rmsprop", "momentum": 0.9}, 0.001, 0.9),
        ({"optimizer": "adam", "cost": "cross-entropy"}, 0.001, 0.0),
        ({"optimizer": "adamw"}, 0.001, 0.0),
        ({"optimizer": "adam", "lr": 0.1}, 0.1, 0.0),
        ({"momentum": 1 - 2**-53}, 5 * 2**-53, 1 - 2**-53),
    ],
)
def test_the_default_learning_rate_suits_optimizer_cost_and_momentum(given, lr, momentum):
    settled = settle(**given)
    assert settled["lr"] == pytest.approx(lr, rel=1e-11) and settled["momentum"] == momentum
    if "lr" not in given:
        optimizer, cost = given.get("optimizer", "sgd"), given.get("cost", "half-squared-error")
        assert default_lr(optimizer, momentum, cost) == settled["lr"]


# --- the functions of a net -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "output", "init"),
    [
        ({}, "sigmoid", "lecun"),
        ({"cost": "squared-error"}, "sigmoid", "lecun"),
        ({"cost": "cross-entropy"}, "softmax", "lecun"),
        ({"cost": "cross-entropy", "output_activation": "sigmoid"}, "sigmoid", "lecun"),
        ({"activation": "tanh"}, "sigmoid", "glorot"),
        ({"activation": "relu"}, "sigmoid", "he"),
        ({"activation": "leaky-relu", "output_activation": "identity"}, "identity", "he"),
        ({"activation": "identity"}, "sigmoid", "lecun"),
        ({"activation": "relu", "init": "normal"}, "sigmoid", "normal"),
    ],
)
def test_functions_that_are_not_given_are_those_that_suit(given, output, init):
    settled = settle_net(**given)
    assert (settled["output_activation"], settled["init"]) == (output, init)
    assert settle_net(**settled) == settled


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_softmax_goes_with_cross_entropy_only_and_cross_entropy_with_sigmoid_too(output, cost):
    if (cost == "cross-entropy" and output in ("sigmoid", "softmax")) or (
        cost != "cross-entropy" and output != "softmax"
    ):
        assert settle_net(cost=cost, output_activation=output)["output_activation"] == output
    else:
        words = f"^output_activation: expected one of {', '.join(PAIRS[cost])}, which go with the "
        with pytest.raises(ValueError, match=f"{words}cost {cost}; found '{output}'.$"):
            settle_net(cost=cost, output_activation=output)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("activation", "softmax"), ("activation", None), ("output_activation", "ReLU"),
     ("cost", "hinge"), ("cost", None), ("init", "zeros")],
)  # fmt: skip
def test_a_function_that_does_not_exist_is_refused_by_its_option(name, wrong):
    with pytest.raises(ValueError, match=rf"^{name}: expected one of .*; found {wrong!r}\.$"):
        settle_net(**{name: wrong})
