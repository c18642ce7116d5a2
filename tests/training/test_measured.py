"""What a model remembers of the test images, and from which margin on it is to be believed."""

import json
from pathlib import Path

import numpy as np
import pytest
from examples import bars

from simplenet import init_net, load_data, load_model, save_model, start
from simplenet.net import net_around
from simplenet.training.measured import (
    DOUBTED,
    FEWEST,
    digest_of,
    least_margin,
    least_margin_held_out,
    margins,
)
from simplenet.training.order import split


def test_a_margin_is_the_largest_output_less_the_second():
    found = np.array([[0.1, 0.9, 0.7], [3, -1, 2], [0.5, 0.5, 0]], np.float32)
    assert np.allclose(margins(found), [0.2, 1, 0]) and margins(found).dtype == np.float64
    assert margins(np.array([[0.25], [-1]])).tolist() == [0.25, -1]  # of a net with one output


def sure_by(values):
    """Return a net of two outputs, whose margin for an image (1, 2) is that of its pixels."""
    net = init_net((2, 2), rng=0, dtype=np.float64, output_activation="identity")
    net.W[0][:], net.b[0][:] = np.eye(2), 0
    images = np.stack([values, np.zeros(len(values))], axis=1).reshape(-1, 1, 2)
    return net, images


def test_so_many_of_the_right_predictions_have_a_smaller_margin():
    rng = np.random.default_rng(0)
    values = rng.permutation(np.arange(1, 501) / 500)
    net, images = sure_by(values)
    labels = np.zeros(500, int)
    found = least_margin(net, images, labels)
    assert (values < found).sum() == DOUBTED * 500 and found in values
    labels[values > 0.5] = 1  # these are errors, which tell nothing
    found = least_margin(net, images, labels)
    assert (values < found).sum() == DOUBTED * 250
    assert found == least_margin(net, images[::-1], labels[::-1])


def test_of_too_few_right_predictions_nothing_is_told():
    net, images = sure_by(np.linspace(0.1, 1, FEWEST))
    labels = np.zeros(FEWEST, int)
    assert least_margin(net, images, labels) is not None
    labels[0] = 1
    assert least_margin(net, images, labels) is None
    assert least_margin(net, images[:0], labels[:0]) is None


def test_it_is_told_by_the_images_that_the_run_holds_out():
    images, labels = bars(1000)
    run = start(init_net((24, 3, 3), rng=1), images, labels, validation=300)
    _, held_out = split(1000, 300)
    assert least_margin_held_out(run, images, labels) == least_margin(
        run.net, images[held_out], labels[held_out]
    )
    run = start(run.net, images, labels, validation=0)
    assert least_margin_held_out(run, images, labels) is None


def test_the_digest_is_that_of_the_numbers_whatever_the_order_of_their_bytes():
    net = init_net((4, 2), rng=0)
    swapped = net_around(net.params.copy(), net.shape, net.activations, net.cost)
    swapped.params = net.params.astype(">f4")
    assert digest_of(swapped) == digest_of(net)
    net.params[3] += 1
    assert digest_of(swapped) != digest_of(net)
    assert digest_of(init_net((4, 2), rng=0, dtype=np.float64)) != digest_of(swapped)


# --- what train does with it ----------------------------------------------------------------------


@pytest.fixture
def data(make_data):
    return make_data(train=2400)


def about(cli, path):
    return json.loads(cli("info", path, "--json").stdout)


def test_train_writes_it_into_the_model_and_info_shows_it(cli, data):
    """What is measured is what the file's own net gives for the very images held out."""
    printed = json.loads(cli("train", "--data", data, "--epochs", 2, "--json").stdout)
    measured, run = about(cli, "model.npz")["measured"], load_model("model.npz")
    found = load_data(data)
    images, labels = (np.asarray(array) for array in found.train)
    held_out = split(2400, run.settings["validation"])[1]
    assert measured == run.measured == {
        "epoch": 2,
        "data": "custom",
        "sha256": {part: found.sha256(part) for part in ("test-images", "test-labels")},
        "images": 60,
        "accuracy": printed["accuracy"],
        "cost": printed["cost"],
        "margin": least_margin(run.net, images[held_out], labels[held_out]),
        "weights": digest_of(run.net),
    }  # fmt: skip
    assert printed["margin"] == measured["margin"] > 0
    sure = f"; sure from a margin of {measured['margin']:.3g}"
    assert sure in cli("info", "model.npz").stdout.replace("\n" + " " * 11, " ")


def test_training_on_measures_anew_and_going_on_within_has_nothing(cli, data):
    cli("train", "--data", data, "--epochs", 1)
    first = load_model("model.npz").measured
    content = Path("model.npz").read_bytes()
    cli("train", "--data", data, "--resume", "model.npz")
    assert Path("model.npz").read_bytes() == content
    cli("train", "--data", data, "--resume", "model.npz", "--epochs", 2)
    second = load_model("model.npz").measured
    assert second["epoch"] == 2 and second["weights"] != first["weights"]
    save_model("other.npz", load_model("model.npz").net)
    assert load_model("other.npz").measured == {} and about(cli, "other.npz")["measured"] is None
    assert "not measured" in cli("info", "other.npz").stdout


def test_a_net_whose_outputs_overflow_is_saved_and_not_measured(cli, data, monkeypatch):
    from simplenet.errors import DivergedError
    from simplenet.training import evaluation

    def fail(*args):
        raise DivergedError("the net cannot be measured")

    monkeypatch.setattr(evaluation, "evaluate", fail)
    cli("train", "--data", data, "--epochs", 1, code=4)
    run = load_model("model.npz")
    assert run.finished and run.measured == {}
