"""scripts/make.py makes what is generated, and tells what is stale."""

import gzip
import importlib.util

import make
import pytest
from click.testing import CliRunner
from make import GENERATORS, Generator
from making import NotHereError


def texts(**files):
    return Generator(lambda: {name: text.encode() for name, text in files.items()})


def never():
    raise NotHereError("a peer is not here.")


@pytest.fixture
def run():
    """Return a function that runs the script."""

    def run(*args, code=0):
        result = CliRunner().invoke(make.main, [str(arg) for arg in args])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.mark.parametrize("name", ["diagrams", "figures", "reference"])
def test_what_is_quick_to_make_is_fresh(run, name):
    """The document and the sample have tests of their own, which tell more."""
    assert run(name, "--check").output == ""


def test_a_stale_file_is_an_exit_code(run, tmp_path):
    names = ("gears", "machine", "parts", "rack", "film")
    drawings = [f"simplenet/backprop/{name}.svg" for name in names]
    assert run("diagrams", "--root", tmp_path).stdout.split() == drawings
    (tmp_path / drawings[1]).write_text("?")
    stale = run("diagrams", "--check", "--root", tmp_path, code=1)
    assert stale.stderr == f"{drawings[1]} is stale: run python scripts/make.py diagrams\n"
    assert run("diagrams", "--root", tmp_path).stdout.split() == drawings[1:2]
    run("diagrams", "--check", "--root", tmp_path)


def test_only_stale_files_are_written(tmp_path, capsys):
    generators = {"one": texts(a="1", b="2"), "two": texts(c="3")}
    assert make.make((), False, tmp_path, generators) == ["a", "b", "c"]
    assert capsys.readouterr().out == "a\nb\nc\n"
    assert make.make((), True, tmp_path, generators) == []
    (tmp_path / "b").write_text("?")
    (tmp_path / "c").unlink()
    before = (tmp_path / "a").stat()
    assert make.make((), False, tmp_path, generators) == ["b", "c"]
    assert [(tmp_path / name).read_text() for name in "abc"] == ["1", "2", "3"]
    assert (tmp_path / "a").stat() == before


def test_a_check_names_each_stale_file_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "a").write_text("?")
    generators = {"one": texts(a="1", b="2")}
    assert make.make((), True, tmp_path, generators) == ["a", "b"]
    assert capsys.readouterr().err.splitlines() == [
        f"{name} is stale: run python scripts/make.py one" for name in "ab"
    ]
    assert not (tmp_path / "b").exists()
    assert (tmp_path / "a").read_text() == "?"


def test_only_what_is_named_is_made(tmp_path):
    generators = {"one": texts(a="1"), "two": texts(b="2")}
    assert make.make(("two",), False, tmp_path, generators) == ["b"]


def test_what_varies_is_made_only_if_it_is_named(tmp_path, capsys):
    peer = Generator(lambda: {"a": b"1"}, varies="it needs a peer")
    for check, how in (False, "not made unless it is named"), (True, "cannot be checked"):
        assert make.make((), check, tmp_path, {"peer": peer}) == []
        assert capsys.readouterr().err == f"peer: {how}: it needs a peer.\n"
    assert make.make(("peer",), False, tmp_path, {"peer": peer}) == ["a"]


def test_only_the_content_of_a_packed_file_counts(tmp_path):
    path, compared = tmp_path / "a.gz", GENERATORS["sample"].compared
    for held, expected in (
        (gzip.compress(b"text", 1), []),
        (gzip.compress(b"other"), ["a.gz"]),
        (gzip.compress(b"text")[:-4], ["a.gz"]),
        (b"not packed", ["a.gz"]),
    ):
        path.write_bytes(held)
        assert make.stale({"a.gz": gzip.compress(b"text")}, tmp_path, compared) == expected


def test_the_reference_may_break_its_lines_elsewhere_but_not_its_paragraphs(tmp_path):
    for held, expected in (b"one\ntwo\n\n  three\n", []), (b"one\n\ntwo three\n", ["a"]):
        (tmp_path / "a").write_bytes(held)
        files, compared = {"a": b"one two\n\nthree"}, GENERATORS["reference"].compared
        assert make.stale(files, tmp_path, compared) == expected


def test_what_cannot_be_checked_is_refused_where_it_is_named(run):
    assert "bundled cannot be checked: it needs MNIST" in run("bundled", "--check", code=2).stderr


def test_what_cannot_be_made_here_says_why(run):
    assert "train-images-idx3-ubyte.gz" in run("bundled", code=1).stderr
    if not importlib.util.find_spec("torch"):
        assert "PyTorch is not installed" in run("optimizer-numbers", code=1).stderr
