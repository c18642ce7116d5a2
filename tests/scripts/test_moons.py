"""make_moons is trained alike by every engine, and the figures are those that documents quote."""

import json
import subprocess
import sys

import moons
import numpy as np
import pytest
from conftest import ROOT

RESULTS = json.loads((ROOT / "scripts" / "results" / "moons.json").read_text(encoding="utf-8"))


def losses(engine, steps):
    step = moons.trainer(engine)
    return [step(k) for k in range(steps)]


def test_arrays_and_numbers_have_the_same_losses():
    numbers = losses("simplenet", 3)
    np.testing.assert_allclose(losses("arrays", 3), numbers, rtol=0, atol=1e-12)
    assert numbers[0] == pytest.approx(RESULTS["losses"][0], abs=1e-12)
    assert numbers[2] < numbers[0]


def test_micrograd_has_the_same_losses():
    pytest.importorskip("micrograd")
    np.testing.assert_allclose(losses("micrograd", 2), losses("simplenet", 2), rtol=0, atol=1e-12)


def test_the_moons_are_two_of_fifty_points_that_hold_each_other():
    points, sides = moons.moons()
    assert points.shape == (100, 2) and sorted(set(sides.tolist())) == [-1, 1]
    assert sides.sum() == 0
    outer, inner = (points[sides == side] for side in (-1, 1))
    assert outer.mean(axis=0) == pytest.approx([0, 2 / np.pi], abs=0.1)
    assert inner.mean(axis=0) == pytest.approx([1, 0.5 - 2 / np.pi], abs=0.1)


def test_a_worker_answers_every_step_with_its_loss_and_times():
    command = [sys.executable, moons.__file__, "--engine", "arrays"]
    answers = subprocess.run(command, input="0\n1\n", capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in answers.splitlines()]
    assert len(rows) == 2 and all(len(row) == 3 and min(row) > 0 for row in rows)
    assert rows[0][0] == pytest.approx(RESULTS["losses"][0], abs=1e-12)


def test_figures_are_medians_of_steps_and_of_their_ratios():
    rows = {engine: [[1.0, 4.0, 2.0], [0.5, 2.0, 1.0]] for engine in moons.ENGINES}
    rows["simplenet"] = [[1.0, 1.0, 1.0], [0.5 + 1e-13, 1.0, 0.5]]
    found = moons.figures(rows)
    assert found["steps"] == 2 and found["losses"] == [1.0, 0.5]
    assert found["largest_difference_of_losses"]["simplenet"] == pytest.approx(1e-13, rel=0.01)
    assert found["seconds_a_step"]["micrograd"] == 3
    assert found["of_micrograds_time"] == (0.25 + 0.5) / 2
    assert found["of_micrograds_processor_time"] == 0.5
    assert found["least_seconds_a_step"]["micrograd"] == 2
    assert found["of_micrograds_time_collected"] == 1


def test_what_was_asked_for_was_measured():
    assert (RESULTS["steps"], RESULTS["parameters"], RESULTS["samples"]) == (100, 337, 100)
    assert max(RESULTS["largest_difference_of_losses"].values()) <= 1e-12
    for end in "", "_collected":
        assert RESULTS[f"of_micrograds_time{end}"] <= 0.8
        assert RESULTS[f"of_micrograds_processor_time{end}"] <= 0.8
    for seconds in "seconds", "processor_seconds", "least_seconds":
        assert RESULTS[f"{seconds}_a_step"]["arrays"] < 0.03
    assert RESULTS["losses"][1] < 0.05 < RESULTS["losses"][0]


def test_the_document_quotes_what_was_measured():
    text = " ".join((ROOT / "simplenet" / "README.md").read_text(encoding="utf-8").split())
    apart = max(RESULTS["largest_difference_of_losses"].values())
    assert f"the losses differ by {apart:.0e} at most in 100 steps" in text
    quoted = [RESULTS[f"of_micrograds_time{end}"] for end in ("", "_collected")]
    assert "takes {:.2f} of micrograd's time, or {:.2f} of it".format(*quoted) in text
    milliseconds = 1000 * RESULTS["seconds_a_step"]["arrays"]
    assert f"With all samples in arrays a step takes {milliseconds:.0f} ms" in text
