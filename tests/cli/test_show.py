"""`simplenet show`: which digits are drawn, and how they are distorted."""

import re

import numpy as np
import pytest

from simplenet import init_net, load_data, load_model, save_model
from simplenet.pictures.terminal import beside, draw
from simplenet.report.weights import first_weights


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def show(cli, data):
    """Return a function: what is shown of the data."""
    return lambda *args: cli("show", "--data", data, *args).stdout


def captions(text):
    return [(int(n), int(label)) for n, label in re.findall(r"(\d+): an? (\d+)", text)]


def test_digits_at_positions_are_drawn_with_their_classes(show, data):
    train = load_data(data).train
    shown = show("--index", "7,0")
    assert captions(shown) == [(n, train.labels[n]) for n in (7, 0)]
    for n in 7, 0:
        for line in draw(train.images[n]).splitlines():
            assert line.strip() in shown


def test_digits_at_random_are_of_the_class_and_number_asked_for_and_as_the_seed_says(show, data):
    for part, args in (("train", []), ("test", ["--test"])):
        labels = getattr(load_data(data), part).labels
        found = captions(show("--class", 2, "--count", 5, *args))
        assert len(found) == len(set(found)) == 5
        assert all(label == labels[n] == 2 for n, label in found)
    assert show("--count", 4) == show("--count", 4) != show("--count", 4, "--seed", 1)
    assert len(captions(show())) == 10 and len(captions(show("--test", "--count", 1000))) == 60


@pytest.mark.parametrize("how", [["--distort"], ["--rotation", 30], ["--distort", "--shift", 0]])
def test_each_digit_is_drawn_as_it_is_and_distorted(show, how):
    shown = show("--index", "3,4", *how)
    assert len(captions(shown)) == shown.count("distorted") == 2
    assert show("--index", "3,4", *how) == shown != show("--index", "3,4", *how, "--seed", 1)
    assert "distorted" not in show("--index", "3,4", "--rotation", 0)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--index", "240"], 2, "'--index': expected positions from 0 to 239, found 240"),
        (["--index", "1,x"], 2, "'--index': expected positions from 0 with commas between, such"),
        (["--index", "1", "--class", "1"], 2, "expected --index or --class, found both"),
        (["--index", "1", "--class", "1", "--data", "none"], 2, "expected --index or --class,"),
        (["--index", "1", "--count", "3"], 2, "expected --index, which says how many, or --count"),
        (
            ["--elastic-sigma", "3"],
            2,
            "'--elastic-sigma': expected --elastic of more than 0 beside",
        ),
        (["--class", "9"], 3, "expected images of class 9, found none among 240"),
        (["--count", "0"], 2, "'--count': expected a whole number from 1 to 1000, found '0'"),
        (["--rotation", "999"], 2, "'--rotation': expected a number of at least 0 and of at most"),
    ],
)
def test_what_cannot_be_shown_is_said(cli, data, args, code, words):
    result = cli("show", "--data", data, *args, code=code)
    assert words in result.stderr and result.stdout == ""


# --- weights --------------------------------------------------------------------------------------


@pytest.fixture
def model():
    """Return the name of a model with 30 neurons that looks at 8 x 8 pixels."""
    save_model("m.npz", init_net((64, 30, 3), rng=0))
    return "m.npz"


def neurons(text):
    return [int(n) for n in re.findall(r"neuron (\d+)", text)]


def test_the_weights_of_neurons_are_drawn(cli, model):
    shown = cli("show", model, "--index", "29,4").stdout
    assert shown.startswith("weights of the first layer of m.npz: 2 of 30 neurons\n\n")
    assert neurons(shown) == [29, 4]
    for neuron in 29, 4:
        image = first_weights(load_model(model).net, neuron, (8, 8))
        assert all(line in shown for line in draw(image).splitlines())


def test_neurons_are_drawn_by_lot_as_the_seed_says(cli, model):
    some = cli("show", model, "--count", 4).stdout
    assert len(set(neurons(some))) == 4 and neurons(some) == sorted(neurons(some))
    assert some == cli("show", model, "--count", 4).stdout
    assert some != cli("show", model, "--count", 4, "--seed", 1).stdout
    assert neurons(cli("show", model, "--count", 1000).stdout) == list(range(30))


@pytest.mark.parametrize(
    "option",
    [["--test"], ["--class", 1], ["--data", "sample"], ["--offline"], ["--distort"],
     ["--rotation", 3]],
    ids=lambda option: option[0],
)  # fmt: skip
def test_a_model_needs_no_data_and_takes_no_option_of_one(cli, model, option):
    stderr = cli("show", model, *option, code=2).stderr
    assert f"expected {option[0]} without a MODEL, whose weights need no data, found both" in stderr


def test_neurons_are_chosen_by_position_or_by_number(cli, model, monkeypatch):
    stderr = cli("show", model, "--index", "1", "--count", 3, code=2).stderr
    assert "expected --index, which says how many, or --count, found both" in stderr
    monkeypatch.setenv("SIMPLENET_SHOW_COUNT", "3")  # for when nothing else is said
    assert neurons(cli("show", model, "--index", "1").stdout) == [1]


def test_weights_that_cannot_be_drawn_are_said(cli, model):
    stderr = cli("show", model, "--index", "30", code=2).stderr
    assert "'--index': expected positions from 0 to 29, found 30" in stderr
    save_model("odd.npz", init_net((63, 3), rng=0))
    stderr = cli("show", "odd.npz", code=3).stderr
    assert "odd.npz: expected a model that reads images, found 63 inputs, which are no sq" in stderr


def test_images_without_rows_cannot_be_drawn(cli, make_data):
    result = cli("show", "--data", make_data("flat", size=(9,)), code=3)
    assert "expected images of rows and columns, found the shape (240, 9)" in result.stderr


def test_as_many_panels_as_fit_stand_beside_each_other():
    panels = [("a", "xx\nyy\n"), ("long", "x\ny\n"), ("b", "zz\nzz\n")]
    assert beside(panels, 10) == ["a     long", "xx    x", "yy    y", "", "b", "zz", "zz"]
    assert beside(panels, 9) == beside(panels, 1)  # one at least
    assert beside(panels, 1, group=2) == beside(panels, 1)  # where two do not fit
    assert beside(panels, 10, group=2) == beside(panels, 10)
    assert beside(panels, 100)[1] == "xx    x     zz"
    blank = np.zeros((28, 28), np.uint8)
    assert beside([("0: a 1", draw(blank))], 80) == ["0: a 1", *[""] * 14]
