"""`simplenet show`: which digits are drawn, and how they are distorted."""

import re

import numpy as np
import pytest

from simplenet import load_data
from simplenet.pictures.terminal import beside, draw


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def show(cli, data):
    """Return a function: what is shown of the data."""
    return lambda *args: cli("show", "--data", data, *args).stdout


def captions(text):
    return [(int(n), int(label)) for n, label in re.findall(r"(\d+): a (\d+)", text)]


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
        (["--class", "9"], 3, "expected images of class 9, found none among 240"),
        (["--count", "0"], 2, "'--count': expected a whole number from 1 to 1000, found '0'"),
        (["--rotation", "999"], 2, "'--rotation': expected a number of at least 0 and of at most"),
    ],
)
def test_what_cannot_be_shown_is_said(cli, data, args, code, words):
    result = cli("show", "--data", data, *args, code=code)
    assert words in result.stderr and result.stdout == ""


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
