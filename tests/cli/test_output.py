"""Nothing that exists is replaced without --overwrite, not even in the middle of a run."""

import os
from pathlib import Path

import numpy as np
import pytest

from simplenet import init_net, load_model
from simplenet.cli.output import Keeper, free_name
from simplenet.training.run import Run


@pytest.fixture
def run():
    return Run(init_net((2, 2), rng=0))


def test_a_model_is_replaced_by_the_same_run(run):
    keeper = Keeper(None, False)
    for weight in 1, 2:
        run.net.params[:] = weight
        keeper.save(run)
    assert os.listdir() == ["model.npz"]
    np.testing.assert_array_equal(load_model("model.npz").net.params, 2)


@pytest.mark.parametrize("put", [Path.write_bytes, lambda path, data: os.replace("mine", path)])
def test_what_someone_puts_in_its_place_meanwhile_stays(run, put, capsys):
    keeper = Keeper(None, False)
    keeper.save(run)
    Path("mine").write_bytes(b"precious")
    Path("model.npz").unlink()
    put(Path("model.npz"), b"precious")
    keeper.save(run)
    keeper.save(run)
    assert Path("model.npz").read_bytes() == b"precious"
    assert keeper.path == Path("model-2.npz")
    load_model("model-2.npz")
    assert "model.npz has been taken meanwhile: saving as model-2.npz" in capsys.readouterr().err


def test_the_name_that_was_asked_for_is_numbered_and_not_its_number(run):
    keepers = [Keeper(Path("m.npz"), False) for _ in range(3)]
    for keeper in keepers:
        keeper.save(run)
    assert sorted(os.listdir()) == ["m-2.npz", "m-3.npz", "m.npz"]


def test_overwrite_replaces_whatever_is_there(run):
    Path("m.npz").write_bytes(b"old")
    keeper = Keeper(Path("m.npz"), True)
    keeper.save(run)
    Path("m.npz").write_bytes(b"other")
    keeper.save(run)
    load_model("m.npz")
    assert os.listdir() == ["m.npz"]


def test_a_free_name_is_free():
    for expected in "a.npz", "a-2.npz", "a-3.npz":
        path = free_name(Path("a.npz"))
        assert path == Path(expected)
        path.touch()
