"""Pictures of several digits: each kind, the same each time, and what is counted of them."""

import numpy as np
import pytest
import sheets
from click.testing import CliRunner

from simplenet import load_data


@pytest.mark.parametrize("kind", sheets.SHEETS, ids=lambda kind: kind.__name__)
def test_sheets_are_the_same_each_time_and_read(kind):
    pytest.importorskip("PIL")
    images, labels = load_data("sample").train
    (first, truth), (again, _) = (sheets.sheet(kind, images[:40], labels, 0, 1) for _ in range(2))
    assert first.dtype == np.uint8 and first.shape[2] == 4 and (first == again).all()
    assert 1 <= len(truth) <= 3 and 2 <= len("".join(truth)) <= 12
    found = sheets.lines_of(sheets.bundled().network, first)
    if kind is not sheets.touching:
        assert sheets.slips("/".join(found), "/".join(truth)) <= len("".join(truth)) // 2


def test_scores_count_slips():
    pairs = ("12", "12"), ("1", "12"), ("", "12"), ("32", "12")
    assert [sheets.slips(*pair) for pair in pairs] == [0, 1, 2, 1]
    found, truths = [["12"], ["1", "2"], []], [["13"], ["1", "2"], ["4567"]]
    assert sheets.scores(found, truths) == (2 / 3, 1 - 5 / 8, 1 - 1 / 4)


def test_a_net_is_asked_about_each_kind(monkeypatch):
    images, labels = load_data("sample").train
    monkeypatch.setattr(sheets, "held_out", lambda: (images[:30], labels[:30]))
    result = CliRunner().invoke(sheets.main, ["--pictures", "1", "--kind", "clean"])
    assert result.exit_code == 0, result.output
    assert [line.split("|")[1].strip() for line in result.output.splitlines()[2:] if line] == [
        "clean"
    ]
    result = CliRunner().invoke(
        sheets.main, ["--single", "--pictures", "2", "--kind", "tight", "--kind", "grid"]
    )
    assert result.exit_code == 0, result.output
    assert result.output.count(" 0.0") == 2
