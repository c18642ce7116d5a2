"""Nothing that exists is replaced without --overwrite, not even in the middle of a run."""

import errno
import os
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from simplenet import init_net, load_model
from simplenet.cli.output import Keeper, check_output, free_name
from simplenet.cli.train import keeper_of
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


@pytest.mark.skipif(sys.platform == "win32", reason="locks as Unix has them")
def test_what_a_killed_run_has_left_is_removed_by_the_next(run):
    Path(".model.npz.0123456789abcdef.part").write_bytes(b"half")
    Keeper(None, False).save(run)
    assert os.listdir() == ["model.npz"]


@pytest.mark.parametrize(
    ("first", "others"),
    [
        ("a.npz", ["a-2.npz", "a-3.npz"]),
        ("n" * 251 + ".npz", ["n" * 249 + "-2.npz", "n" * 249 + "-3.npz"]),
        ("é" * 125 + ".npz", ["é" * 124 + "-2.npz", "é" * 124 + "-3.npz"]),
        ("n" * 255, ["n" * 253 + "-2", "n" * 253 + "-3"]),
    ],
)
def test_a_free_name_is_free(first, others):
    for expected in first, *others:
        path = free_name(Path(first))
        assert path == Path(expected)
        path.touch()


def test_a_long_name_that_is_taken_meanwhile_is_numbered_too(run):
    keeper = Keeper(Path("n" * 251 + ".npz"), False)
    keeper.path.write_bytes(b"another's")
    keeper.save(run)
    assert sorted(os.listdir()) == ["n" * 249 + "-2.npz", "n" * 251 + ".npz"]


# --- what is refused before any work --------------------------------------------------------------


def refused(name, overwrite):
    """Return why nothing can be saved under a name."""
    before = sorted(os.listdir())
    with pytest.raises(click.BadParameter) as caught:
        check_output(Path(name), overwrite)
    assert sorted(os.listdir()) == before
    assert caught.value.param_hint == "-o"
    return caught.value.message


def test_what_is_write_protected_is_refused_and_what_to_do_is_said(run):
    Path("m.npz").write_bytes(b"mine")
    Path("m.npz").chmod(0o444)
    Path("link").symlink_to("m.npz")
    for name in "m.npz", "link":
        assert refused(name, True) == (
            f"expected what may be replaced, found {name}: it is write-protected: take another "
            "name, or make it writable."
        )
        assert "give --overwrite" in refused(name, False)
    assert Path("m.npz").read_bytes() == b"mine"


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("name", ["n" * 256, "é" * 128, "n" * 256 + "/m.npz", "n/" * 3000])
def test_a_name_that_no_file_can_have_is_refused(name, overwrite):
    words = f"expected a file that can be written, found {Path(name)}: File name too long."
    assert refused(name, overwrite) == words


def test_a_dash_is_no_name():
    with pytest.raises(click.BadParameter, match="expected the name of a file, found -:"):
        check_output(Path("-"), True)


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_of_which_the_disk_says_nothing_is_refused_with_its_reason(monkeypatch, overwrite):
    Path("m.npz").write_bytes(b"mine")

    def fails(path, **kwargs):
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", fails)
        with pytest.raises(click.BadParameter) as caught:
            check_output(Path("m.npz"), overwrite)
        with pytest.raises(click.BadParameter) as resumed:
            keeper_of(Path("m.npz"), None, False)
    said = caught.value.message, resumed.value.message
    assert said[0] == "expected a file that can be written, found m.npz: Input/output error."
    assert "expected a model file, found that it cannot be saved there again: Input/" in said[1]
    assert resumed.value.param_hint == "--resume"


def test_a_run_that_cannot_be_saved_in_its_file_again_is_refused_by_the_name_of_the_option(run):
    Keeper(Path("m.npz"), False).save(run)
    Path("m.npz").chmod(0o444)
    Path("loop").symlink_to("loop")
    for name, why in ("m.npz", "it is write-protected"), ("loop", "Too many levels of symbolic"):
        with pytest.raises(click.BadParameter) as caught:
            keeper_of(Path(name), None, False)
        assert caught.value.param_hint == "--resume" and why in caught.value.message
    assert "Too many levels" in refused("loop", True)


def test_a_folder_to_resume_in_that_cannot_be_written_to_is_no_matter_of_o(run, monkeypatch):
    def refuse(path):  # root may write everywhere
        raise PermissionError(errno.EACCES, "Permission denied")

    Keeper(Path("m.npz"), False).save(run)
    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(click.BadParameter) as caught:
        keeper_of(Path("m.npz"), None, False)
    assert caught.value.param_hint == "--resume"


def test_a_folder_that_is_gone_is_said_to_be(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(click.BadParameter, match=r"a folder to write to at \., found that it can"):
        check_output(Path("m.npz"), False)


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("length", [239, 240, 254, 255])
def test_a_long_name_that_a_file_can_have_will_do(run, length, overwrite):
    name = "n" * (length - 4) + ".npz"
    keeper = Keeper(Path(name), overwrite)
    for _ in range(2):
        keeper.save(run)
    load_model(name)
    assert os.listdir() == [name]


def test_a_link_is_followed_to_the_folder_that_is_written_to(run, tmp_path, monkeypatch):
    (tmp_path / "m.npz").write_bytes(b"old")
    Path("link.npz").symlink_to(tmp_path / "m.npz")
    touch, tried = Path.touch, []
    monkeypatch.setattr(Path, "touch", lambda path: (touch(path), tried.append(path.parent)))
    Keeper(Path("link.npz"), True).save(run)
    assert tried == [tmp_path]
    load_model(tmp_path / "m.npz")
    assert Path("link.npz").is_symlink() and os.listdir() == ["link.npz"]


@pytest.mark.parametrize("name", ["m.npz", "none/m.npz"])
def test_debris_that_is_removed_at_once_is_no_hindrance(monkeypatch, name):
    """Another process may take the file that tries the folder for debris."""
    touch = Path.touch
    monkeypatch.setattr(Path, "touch", lambda path: (touch(path), path.unlink()))
    if name == "m.npz":
        check_output(Path(name), False)
    else:
        assert "found that there is none." in refused(name, False)
