"""`simplenet plot`: which curves are drawn, where, and what is refused."""

import os
import re
import sys
from pathlib import Path

import pytest

from simplenet import init_net, save_model


@pytest.fixture
def models(cli, make_data):
    """Return the names of two models that have been trained on the small data set."""
    data = make_data()
    for name, more in ("a.npz", ["--epochs", 3]), ("b.npz", ["--epochs", 2, "--validation", 0]):
        cli("train", "--data", data, "--hidden", 8, *more, "-o", name)
    return ["a.npz", "b.npz"]


def test_one_run_is_drawn_with_its_last_figures(cli, models):
    result = cli("plot", models[0])
    told = cli("info", models[0]).stdout.splitlines()[-1].split()
    epoch, cost, accuracy, validation = told[0], told[1], told[2], told[4]
    lines = result.stdout.splitlines()
    assert lines[0] == "cost" and lines[15:17] == ["", "accuracy"]
    assert lines[14] == f"training  {cost} after epoch {epoch}"
    assert lines[-2:] == [
        f"a  training  {accuracy} % after epoch 3", f"b  validation  {validation} % after epoch 3",
    ]  # fmt: skip
    assert "⠉" in result.stdout and result.stderr == ""


def test_several_runs_share_a_chart(cli, models):
    stdout = cli("plot", *models).stdout
    legend = re.findall(r"^(\w)  (\w\.npz, \w+) .*epoch (\d)$", stdout, re.MULTILINE)
    assert legend == [
        ("a", "a.npz, training", "3"), ("b", "b.npz, training", "2"),
        ("a", "a.npz, training", "3"), ("b", "a.npz, validation", "3"),
        ("c", "b.npz, training", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_a_chart_fits_the_terminal_and_its_characters(shell, models, columns):
    env = os.environ | {"COLUMNS": str(columns), "PYTHONIOENCODING": "ascii:strict"}
    lines = shell("plot", *models, env=env).stdout.splitlines()
    assert max(map(len, lines)) == columns
    assert all(line.isascii() and line.isprintable() for line in lines)


@pytest.mark.parametrize("name", ["curves.png", "curves.SVG"])
def test_a_file_is_drawn_by_matplotlib_and_replaced_only_if_told_to(cli, models, name):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    assert cli("plot", *models, "-o", name).stdout == f"saved {name}\n"
    content = Path(name).read_bytes()
    assert content.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")
    assert "give --overwrite" in cli("plot", models[0], "-o", name, code=2).stderr
    assert Path(name).read_bytes() == content
    cli("plot", models[0], "-o", name, "--overwrite")
    assert Path(name).read_bytes() != content


def test_without_matplotlib_one_sentence_says_how_to_get_it(cli, models, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    result = cli("plot", *models, "-o", "curves.png", code=1)
    assert f"{sys.executable} -m pip install 'matplotlib" in result.stderr
    assert result.stdout == "" and result.stderr.count("\n") == 1
    assert not Path("curves.png").exists()
    assert "accuracy" in cli("plot", *models).stdout


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("curves.gif", "expected a name that ends in .png or .svg, found curves.gif"),
        ("curves", "expected a name that ends in .png or .svg, found curves"),
        ("link.png", "expected another file than the model, found link.png"),
        ("none/curves.png", "found that there is none"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_any_work(cli, models, output, words):
    os.symlink("a.npz", "link.png")
    before = Path("a.npz").read_bytes()
    assert words in cli("plot", *models, "-o", output, "--overwrite", code=2).stderr
    assert Path("a.npz").read_bytes() == before


def test_a_model_without_a_history_is_bad_data(cli, models):
    save_model("bare.npz", init_net((64, 3), rng=0))
    result = cli("plot", *models, "bare.npz", code=3)
    assert "bare.npz: expected a model that has been trained for an epoch, found" in result.stderr
    assert result.stdout == ""
