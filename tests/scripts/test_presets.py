"""What records the runs of presets, and pictures of digits drawn with other pens."""

import json

import numpy as np
import pens
import presets
import pytest
from click.testing import CliRunner

from simplenet import evaluate, load_data, load_model


def test_seeds_are_numbers_and_spans_of_them():
    assert presets.seeds_of("0-3,7") == [0, 1, 2, 3, 7] and presets.seeds_of("5") == [5]


def test_classes_are_read_as_they_were_written(tmp_path):
    classes = np.arange(1234) % 10
    presets.write_classes(tmp_path / "c.txt", classes)
    assert (presets.read_classes(tmp_path / "c.txt") == classes).all()
    assert max(map(len, (tmp_path / "c.txt").read_text().splitlines())) == presets.ACROSS


def test_a_run_is_recorded_once_with_the_class_of_every_image(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path / "records")
    models = tmp_path / "models"
    typed = ["train", "original", "--seeds", "3", "--models", str(models), "--data", "sample"]
    result = CliRunner().invoke(presets.main, typed)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "records" / "original-3.json").read_text())
    assert record["command"] == "simplenet train --preset original --data sample --seed 3"
    assert (record["seed"], record["epochs"], record["resumed"]) == (3, 5, False)
    data = load_data("sample").test
    said = evaluate(load_model(models / "original-3.npz").net, *data).accuracy
    assert record["errors"] / record["images"] == pytest.approx(1 - said)
    classes = presets.read_classes(tmp_path / "records" / "original-3.txt")
    assert np.count_nonzero(classes != data.labels) == record["errors"]
    assert f"{said:.2%}".replace("%", " %") in (tmp_path / "records" / "original-3.log").read_text()
    assert CliRunner().invoke(presets.main, typed).output == ""  # the first of a seed counts


def test_the_table_is_of_all_that_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    monkeypatch.setattr(presets, "RESULTS", tmp_path / "made")
    (tmp_path / "made").mkdir()
    record = {
        "preset": "quick", "shape": [784, 9, 10], "parameters": 7165, "images": 10_000,
        "activations": ["relu", "softmax"], "epochs": 3, **presets.where(),
    }  # fmt: skip
    for seed, errors, minutes in (0, 100, 1.0), (1, 120, 2.0), (2, 110, 9.0), (3, 110, 0.1):
        about = {
            **record, "seed": seed, "errors": errors, "minutes": minutes, "resumed": seed == 3,
            "command": f"simplenet train --preset quick --data mnist --seed {seed}",
        }  # fmt: skip
        (tmp_path / f"quick-{seed}.json").write_text(json.dumps(about))
    both = {"runs": ["quick-0", "quick-2"], "command": "simplenet eval a b", "errors": 90}
    (tmp_path / "two.json").write_text(json.dumps({**record, **both, "preset": None}))
    result = CliRunner().invoke(presets.main, ["table"])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "made" / "presets.md").read_text()
    assert (
        "| quick | 784-9-10 | 7,165 | relu, softmax | 3 | 1.10 ± 0.08 | 1.00 to 1.20 | 4 |" in text
    )
    assert "| 2.0 | `simplenet train --preset quick --data mnist` |" in text
    assert "| two | 0.90 | `simplenet eval a b` |" in text
    figures = json.loads((tmp_path / "made" / "presets.json").read_text())
    assert figures["presets"]["quick"]["mean"] == pytest.approx(1.1)
    assert list(figures["presets"]) == ["quick"] and figures["together"] == {"two": 0.9}


def test_what_runs_say_together_is_recorded_as_eval_says_it(tmp_path, monkeypatch, cli):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    for seed in 0, 1:
        typed = f"--epochs 1 --rotation 9 --seed {seed} --data sample -q -o run-{seed}.npz"
        cli("train", *typed.split())
    for name, runs, options in (
        ("two", ["run-0", "run-1"], []),
        ("copies", ["run-0"], ["--copies", "2"]),
    ):
        typed = ["together", name, *runs, "--models", ".", "--data", "sample", *options]
        result = CliRunner().invoke(presets.main, typed)
        assert result.exit_code == 0, result.output
        record = json.loads((tmp_path / f"{name}.json").read_text())
        program, *words = record["command"].split()
        said = json.loads(cli(*words, "--json").stdout)
        assert record["errors"] / record["images"] == pytest.approx(1 - said["accuracy"])
        truth = load_data("sample").test.labels
        found = np.count_nonzero(presets.read_classes(tmp_path / f"{name}.txt") != truth)
        assert (found, program) == (record["errors"], "simplenet")


def test_the_middle_line_of_a_bar_is_a_pixel_wide_and_whole():
    bar = np.zeros((2, 30, 30), bool)
    bar[0, 5:25, 12:17] = True
    bar[1, 12:17, 5:25] = True
    lines = pens.thinned(bar)
    assert (lines[0].sum(axis=1) <= 1).all() and lines[0].any(axis=1).sum() >= 14
    assert (lines[1].sum(axis=0) <= 1).all() and not (lines & ~bar).any()


def test_a_line_is_drawn_as_wide_as_the_pen():
    line = np.zeros((40, 40), bool)
    line[20] = True
    for width in 1, 2.5, 8:
        ink = pens.drawn(line, width)
        assert ink[:, 20].sum() == pytest.approx(width, abs=0.51)


def test_pictures_are_dark_on_light_and_the_same_each_time():
    digit = np.zeros((1, 28, 28), np.uint8)
    digit[0, 4:24, 12:16] = 255
    (one,), (two,) = (pens.pictures(digit, np.random.default_rng(3)) for _ in range(2))
    assert (one == two).all() and one.dtype == np.uint8 and one.shape[2] == 4
    assert np.median(one[:, :, 0]) > one[:, :, 0].min() + 50
