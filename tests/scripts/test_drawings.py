"""Digits drawn by hand: how the table of them is read, drawn and counted."""

from collections import Counter

import drawings
import numpy as np
import pytest
from click.testing import CliRunner

from simplenet import init_net
from simplenet.training.run import Run

TEXT = """
# a hand
mine 10 20 40 200 straight
 1 50,0 50,100
 7 0,0! 100,0! 50,100 | 25,50 100,50
round 4 0 0 280
 2 50,20 80,50 50,80
"""


def test_a_drawing_is_where_the_table_says():
    one, seven, two = drawings.drawings(TEXT)
    assert (one.hand, one.digit, one.pen, one.size) == ("mine", 1, 10, 200)
    assert one.strokes[0].tolist() == [[120, 40], [120, 240]]
    assert [stroke.tolist() for stroke in seven.strokes] == [
        [[20, 40], [220, 40], [120, 240]],
        [[70, 140], [220, 140]],
    ]
    assert two.strokes[0][0].tolist() == [140, 56] and two.strokes[0][-1].tolist() == [140, 224]
    assert two.strokes[0][:, 0].max() == pytest.approx(224, abs=1)  # it bends through the point
    dark = np.argwhere(drawings.picture(one)[:, :, 0] < 128)
    assert dark.min(axis=0) == pytest.approx([35, 115], abs=1)
    assert dark.max(axis=0) == pytest.approx([244, 124], abs=1)


def test_there_are_at_least_fifty_in_several_hands_with_every_digit_in_each():
    found = drawings.drawings(drawings.FILE.read_text(encoding="utf-8"))
    assert len(found) >= 50
    hands = Counter(drawing.hand for drawing in found)
    assert len(hands) >= 5
    assert {(one.hand, one.digit) for one in found} == {(h, d) for h in hands for d in range(10)}
    for drawing in found:
        edge = [drawing.pen / 2, drawings.SHEET - drawing.pen / 2]
        places = np.concatenate(drawing.strokes)
        assert places.min() >= edge[0] and places.max() <= edge[1], (drawing.hand, drawing.digit)


def test_what_is_read_is_counted_by_hand():
    found = drawings.drawings(TEXT)
    assert drawings.tally(found, [1, 1, 2]) == {
        "all": "2 of 3",
        "hands": {"mine": "1 of 2", "round": "1 of 1"},
        "wrong": ["mine 7 read as 1"],
    }


def test_the_script_tells_each_model_and_writes_pictures(tmp_path, monkeypatch):
    pytest.importorskip("PIL")
    (tmp_path / "drawings.txt").write_text(TEXT)
    monkeypatch.setattr(drawings, "FILE", tmp_path / "drawings.txt")
    net = init_net((784, 10), rng=0)
    net.params[:] = 0
    net.b[0][7] = 9
    monkeypatch.setattr(drawings, "bundled", lambda: Run(net))
    result = CliRunner().invoke(drawings.main, ["--pictures", str(tmp_path / "all")])
    assert result.exit_code == 0, result.output
    assert "| bundled | 1 of 3 | 1 of 2 | 0 of 1 |" in result.output
    assert "mine 1 read as 7; round 2 read as 7" in result.output
    assert {file.name for file in (tmp_path / "all").iterdir()} == {
        "mine-1.png",
        "mine-7.png",
        "round-2.png",
    }
