"""What only real MNIST can show. Runs where SIMPLENET_DATA names a folder that holds it."""

import json

import pytest

pytestmark = pytest.mark.mnist


@pytest.mark.usefixtures("mnist")
@pytest.mark.parametrize("seed", range(10))
def test_a_default_run_reads_95_of_100_digits(seed, cli):
    found = json.loads(cli("train", "--seed", seed, "--json", "-q").stdout)
    assert found["data"] == "mnist"
    assert found["images"] == 10_000
    assert found["accuracy"] >= 0.95
    again = json.loads(cli("eval", "model.npz", "--json").stdout)
    assert again["accuracy"] == found["accuracy"]
    assert again["data"] == "mnist"


def test_real_mnist_is_recognised_in_any_folder(mnist, cli, tmp_path, monkeypatch):
    monkeypatch.delenv("SIMPLENET_DATA")
    found = json.loads(cli("train", "--data", mnist, "--epochs", 1, "--json", "-q").stdout)
    assert found["data"] == "mnist"


def test_what_the_sample_teaches_holds_for_real_digits(mnist, cli):
    cli("train", "--data", "sample", "-q")
    found = json.loads(cli("eval", "model.npz", "--data", mnist, "--json").stdout)
    assert found["accuracy"] >= 0.75  # see data/README.md for what was measured
