"""The table of options: defaults, limits, and what it says to a slip of the keyboard."""

import json
import subprocess
import sys

import numpy as np
import pytest
from drawn import VALUES, options
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simplenet import functions, optimizers, schedules
from simplenet.cli.config import resolve_together
from simplenet.options import (
    ACTIVATION_NAMES,
    COST_NAMES,
    HIDDEN_NAMES,
    INIT_NAMES,
    OPTIMIZER_NAMES,
    OPTIONS,
    SCHEDULE_NAMES,
    TrainingOptions,
    checked,
    idle_options,
    resolve_options,
)

EXTRAS = "momentum rho beta1 beta2 epsilon decay decay_every warmup weight_decay label_smoothing"


def test_the_defaults_are_those_of_the_design():
    assert {name: option.default for name, option in OPTIONS.items()} == {
        "hidden": (40,), "shape": None, "activation": "sigmoid", "output_activation": None,
        "cost": "half-squared-error", "init": None, "epochs": 5, "batch_size": 20, "seed": 0,
        "validation": None, "patience": 0, "lr": None, "optimizer": "sgd", "momentum": None,
        "rho": 0.99, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "schedule": "constant",
        "decay": 0.5, "decay_every": 1, "warmup": 0.0, "l1": 0.0, "l2": 0.0, "weight_decay": 0.01,
        "dropout": 0.0, "clip": 0.0, "label_smoothing": 0.0, "average": 0.0, "rotation": 0.0,
        "scaling": 0.0, "shear": 0.0, "shift": 0.0, "elastic": 0.0, "elastic_sigma": 5.0,
        "stroke": 0.0,
    }  # fmt: skip
    assert resolve_options({}) == {
        "epochs": 5, "batch_size": 20, "seed": 0, "validation": None, "patience": 0, "lr": 5.0,
        "optimizer": "sgd", "momentum": 0.0, "schedule": "constant", "l1": 0.0, "l2": 0.0,
        "dropout": 0.0, "clip": 0.0, "average": 0.0, "rotation": 0.0, "scaling": 0.0,
        "shear": 0.0, "shift": 0.0, "elastic": 0.0, "stroke": 0.0,
    }  # fmt: skip


def test_every_default_passes_its_own_check():
    for option in OPTIONS.values():
        assert option.check(option.default) == option.default


def test_the_names_of_functions_are_those_of_the_tables():
    assert tuple(functions.ACTIVATIONS) == ACTIVATION_NAMES
    assert tuple(functions.COSTS) == COST_NAMES
    assert functions.HIDDEN == HIDDEN_NAMES
    assert tuple(functions.INITS) == INIT_NAMES
    assert tuple(optimizers.OPTIMIZERS) == OPTIMIZER_NAMES
    assert tuple(schedules.SCHEDULES) == SCHEDULE_NAMES


def test_the_types_of_the_options_of_training_are_those_of_the_table():
    table = {name: option for name, option in OPTIONS.items() if not option.of_net}
    assert list(TrainingOptions.__annotations__) == list(table)
    for name, option in table.items():
        kind = TrainingOptions.__annotations__[name]
        assert isinstance(option.default, kind), name
        assert (option.default is None) == ("None" in str(kind)), name


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
        ("hidden", 8, (8,)),
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
        ("hidden", f"expected 1 or more {SIZES}, such as 100,50; found", ["", "0", "8,,8", 0, []]),
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


# --- which of them apply --------------------------------------------------------------------------


def test_every_option_of_training_that_applies_is_given_in_the_order_of_the_table():
    resolved = resolve_options({"seed": "3", "epochs": 2})
    assert resolved == resolve_options({}) | {"epochs": 2, "seed": 3}
    assert list(resolved) == [name for name in OPTIONS if name in resolved]
    groups = {OPTIONS[name].group for name in resolved}
    assert groups == {option.group for option in OPTIONS.values()} - {"Network"}


@pytest.mark.parametrize(
    ("given", "applies"),
    [
        ({}, "momentum"),
        ({"optimizer": "nesterov"}, "momentum"),
        ({"optimizer": "rmsprop"}, "momentum rho epsilon"),
        ({"optimizer": "adam"}, "beta1 beta2 epsilon"),
        ({"optimizer": "adamw"}, "beta1 beta2 epsilon weight_decay"),
        ({"schedule": "step"}, "momentum decay decay_every"),
        ({"schedule": "exponential"}, "momentum decay"),
        ({"schedule": "cosine"}, "momentum warmup"),
        ({"cost": "cross-entropy"}, "momentum label_smoothing"),
        ({"cost": "squared-error"}, "momentum"),
    ],
)
def test_other_choices_say_which_options_apply(given, applies):
    how = {"cost": given.pop("cost")} if "cost" in given else {}
    resolved = resolve_options(given, **how)
    assert {*EXTRAS.split()} & {*resolved} == {*applies.split()}
    for name in {*EXTRAS.split()} - {*resolved}:
        value = 3 if name == "decay_every" else 0.5
        words = rf"^{name}: expected the \w+ .*, found .*, which makes no use of {name} {value}\.$"
        with pytest.raises(ValueError, match=words):
            resolve_options({**given, name: value}, **how)
    # Asked for with the value that it has by default, it is asked for all the same.
    for name in {"rho", "beta1", "beta2", "epsilon", "weight_decay"} - {*resolved}:
        with pytest.raises(ValueError, match=f"^{name}: "):
            resolve_options({**given, name: OPTIONS[name].default}, **how)


@pytest.mark.parametrize("name", ["momentum", "rho", "beta1", "weight_decay", "warmup"])
@pytest.mark.parametrize("value", [0, "0.0"])
def test_an_idle_option_that_is_off_is_left_out(name, value):
    given = {"optimizer": "adam" if name == "momentum" else "sgd"}
    assert resolve_options({**given, name: value}).keys() - {name} == (
        resolve_options(given).keys() - {name}
    )
    assert name not in resolve_options({**given, name: value})


def test_dropout_needs_hidden_layers():
    assert resolve_options({"dropout": 0.5}, hidden=(3,))["dropout"] == 0.5
    assert "dropout" not in resolve_options({}, hidden=())
    assert "dropout" not in resolve_options({"dropout": 0}, hidden=())
    words = "^dropout: expected hidden layers .*, found none, which makes no use of dropout 0.5.$"
    with pytest.raises(ValueError, match=words):
        resolve_options({"dropout": 0.5}, hidden=())


def test_of_some_options_the_idle_ones_are_found():
    given = {"optimizer": "adam", "momentum": 0.0, "beta1": 0.9, "label_smoothing": 0.0}
    idle = idle_options(given, hidden=(), cost="squared-error")
    assert list(idle) == ["momentum", "label_smoothing"]
    assert list(idle_options({"dropout": 0.0}, hidden=(), cost="squared-error")) == ["dropout"]
    assert idle_options({}, hidden=(), cost="squared-error") == {}


TEXTS = st.text("019.,eE-+_ ainf\0\n\u0663\ud800é", max_size=9)
ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
    | st.integers().map(str) | st.floats().map(str) | st.lists(st.integers(), max_size=3)
    | st.sampled_from([*COST_NAMES, *ACTIVATION_NAMES, *INIT_NAMES, *OPTIMIZER_NAMES])
)  # fmt: skip


@settings(max_examples=150)
@given(st.sampled_from(list(OPTIONS)), ANYTHING)
@example("lr", 10**400)
@example("epochs", "9" * 5000)
@example("hidden", "9" * 5000)
def test_any_value_is_refused_in_a_sentence_or_survives_a_file(name, value):
    try:
        found = checked(name, value)
    except ValueError as error:
        assert str(error).startswith(f"{name}: expected ") and str(error).endswith(".")
        return
    assert checked(name, found) == found
    assert checked(name, json.loads(json.dumps(found, allow_nan=False))) == found


@settings(max_examples=100)
@given(st.sampled_from(COST_NAMES), st.sampled_from([(), (5, 4)]), st.data())
def test_any_options_are_refused_by_a_name_or_resolve_to_what_resolves_to_itself(
    cost, hidden, data
):
    how = {"cost": cost, "hidden": hidden}
    given = data.draw(options(**how) | st.fixed_dictionaries({}, optional=VALUES))
    try:
        resolved = resolve_options(given, **how)
    except ValueError as error:
        assert str(error).partition(":")[0] in OPTIONS and ": expected " in str(error)
        return
    assert {name: value for name, value in given.items() if name in resolved} == {
        name: value for name, value in resolved.items() if name in given
    }
    assert not any(given[name] for name in given.keys() - resolved.keys())  # idle, and off
    assert resolve_options(resolved, **how) == resolved
    assert json.loads(json.dumps(resolved, allow_nan=False)) == resolved
    assert resolved["lr"] > 0 and resolved.get("momentum", 0) >= 0


def test_the_option_that_is_unknown_or_wrong_is_named():
    known = "unknown option 'epoch': expected one of epochs, batch_size, seed, .*, label_smoothing."
    with pytest.raises(TypeError, match=known):
        resolve_options({"epoch": 3})
    for name in (name for name, option in OPTIONS.items() if option.of_net):
        with pytest.raises(TypeError, match=f"unknown option '{name}'"):
            resolve_options({name: OPTIONS[name].default})
    with pytest.raises(ValueError, match="^lr: expected a number above 0, found -1.$"):
        resolve_options({"lr": -1})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"optimizer": "nesterov", "momentum": 0}, "momentum: expected more than 0 for nesterov"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum: expected the optimizer sgd or nesterov "
         "or rmsprop, found adam, which makes no use of momentum 0.9."),
        ({"schedule": "cosine", "warmup": 5}, "warmup: expected fewer than the 5 epochs, or the "
         "schedule would end before it begins; found 5."),
        ({"schedule": "cosine", "warmup": 9.5, "epochs": 9}, ".* the 9 epochs, .* found 9.5."),
        ({"patience": 1, "validation": 0}, "patience: expected images held out .* validation 0."),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_beside_each_other_are_refused(given, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        resolve_options(given)


@pytest.mark.parametrize(
    "given",
    [
        {"optimizer": "nesterov", "momentum": 0.5},
        {"optimizer": "rmsprop", "momentum": 0.9},
        {"optimizer": "adamw", "weight_decay": 0.0},
        {"schedule": "cosine", "warmup": 4.99},
        {"patience": 1},
        {"patience": 1, "validation": 3},
        {"label_smoothing": 0.1},
    ],
)
def test_options_that_do_are_not(given):
    assert given.items() <= resolve_options(given, cost="cross-entropy").items()


# --- the learning rate ----------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"lr": 0.1}, {"lr": "0.1", "momentum": 0.9}])
def test_a_learning_rate_that_is_given_is_taken(given):
    assert resolve_options(given)["lr"] == 0.1


def default(hidden=(40,), activation="sigmoid", cost="half-squared-error", **given):
    return resolve_options(given, hidden=hidden, activation=activation, cost=cost)["lr"]


def test_the_default_learning_rate_of_the_original_net_is_5():
    assert default() == 5.0


def test_the_default_learning_rate_follows_the_optimizer_the_cost_and_momentum():
    assert default(optimizer="adam") < 0.1 > default(optimizer="rmsprop")
    # Momentum makes each step 1 / (1 - momentum) long, and sigmoids suffer from what overshoots.
    assert default(momentum=0.9) < default(optimizer="nesterov") < default() / 10
    relu = default(activation="relu")
    assert default(activation="relu", momentum=0.9) == pytest.approx(relu / 10, rel=0.05)
    assert 0 < default(momentum=1 - 2**-53) < 1e-12
    assert default(cost="squared-error") == default() / 2 > default(cost="cross-entropy")


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_default_learning_rate_falls_with_width_and_rises_with_the_minibatch(optimizer):
    by_width = [default((n,), optimizer=optimizer) for n in (40, 300, 1000, 3000)]
    assert by_width == sorted(by_width, reverse=True) and by_width[0] > by_width[-1]
    by_batch = [default((40,), "relu", optimizer=optimizer, batch_size=n) for n in (1, 5, 20, 100)]
    assert by_batch == sorted(by_batch) and by_batch[0] < by_batch[-1]


def test_without_hidden_layers_the_default_learning_rate_is_that_of_no_sigmoids():
    assert default(()) == default((40,), "relu") < default((40,)) / 10


def test_the_default_learning_rate_is_positive_and_short_for_any_net():
    for hidden in (), (1,), (7, 1_000_000), (30,) * 20:
        for activation in HIDDEN_NAMES:
            for batch_size in 1, 10**9:
                lr = default(hidden, activation, batch_size=batch_size)
                assert 0 < lr == float(f"{lr:.2g}")


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
    chosen, _ = resolve_together(given, (784, 40, 10))
    assert (chosen["output_activation"], chosen["init"]) == (output, init)
    assert given.items() <= chosen.items()
    assert resolve_together(chosen, (784, 40, 10))[0] == chosen
    assert "activation" not in resolve_together({}, (784, 10))[0]


@pytest.mark.parametrize("cost", COST_NAMES)
@pytest.mark.parametrize("output", ACTIVATION_NAMES)
def test_softmax_goes_with_cross_entropy_only_and_cross_entropy_with_sigmoid_too(output, cost):
    if (cost == "cross-entropy" and output in ("sigmoid", "softmax")) or (
        cost != "cross-entropy" and output != "softmax"
    ):
        functions.check_functions(("sigmoid", output), cost)
    else:
        suited = ", ".join(functions.COSTS[cost])
        words = f"^output_activation: expected one of {suited}, which go with the "
        with pytest.raises(ValueError, match=f"{words}cost {cost}; found '{output}'.$"):
            functions.check_functions(("sigmoid", output), cost)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("activation", "softmax"), ("activation", None), ("output_activation", "ReLU"),
     ("cost", "hinge"), ("cost", None), ("init", "zeros")],
)  # fmt: skip
def test_a_function_that_does_not_exist_is_refused_by_its_option(name, wrong):
    names = {"activation": "sigmoid", "output_activation": "sigmoid", "init": "lecun"}
    names = names | {"cost": "half-squared-error", name: wrong}
    activations = names["activation"], names["output_activation"]
    with pytest.raises(ValueError, match=rf"^{name}: expected one of .*; found {wrong!r}\.$"):
        functions.check_functions(activations, names["cost"], names["init"])
