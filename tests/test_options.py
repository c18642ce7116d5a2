"""The table of options: defaults, limits, and what it says to a slip of the keyboard."""

import subprocess
import sys

import numpy as np
import pytest

from simplenet import functions
from simplenet.options import ACTIVATIONS, COSTS, OPTIONS, settle


def test_the_defaults_are_those_of_the_design():
    assert {name: option.default for name, option in OPTIONS.items()} == {
        "hidden": (40,),
        "shape": None,
        "epochs": 5,
        "batch_size": 20,
        "lr": 5.0,
        "seed": 0,
        "validation": None,
    }


def test_every_default_passes_its_own_check():
    for option in OPTIONS.values():
        assert option.check(option.default) == option.default


def test_the_names_of_functions_are_those_of_the_tables():
    assert tuple(functions.ACTIVATIONS) == ACTIVATIONS
    assert tuple(functions.COSTS) == COSTS


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
            ["nan", "inf", "1e400", "1e-400", "0", "-1", "", "x", None, True, 10**400],
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


def test_settle_fills_a_group_in_the_order_of_the_table_whatever_the_order_given():
    settled = settle("Training", seed="3", epochs=2)
    assert settled == {"epochs": 2, "batch_size": 20, "lr": 5.0, "seed": 3, "validation": None}
    assert list(settled) == list(settle("Training"))


def test_settle_names_the_option_that_is_unknown_or_wrong():
    known = "unknown option 'epoch': expected one of epochs, batch_size, lr, seed, validation."
    with pytest.raises(TypeError, match=known):
        settle("Training", epoch=3)
    with pytest.raises(TypeError, match="unknown option 'hidden'"):
        settle("Training", hidden=(8,))
    with pytest.raises(ValueError, match="^lr: expected a number above 0, found -1.$"):
        settle("Training", lr=-1)
