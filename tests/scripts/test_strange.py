"""Things that are no digit: each kind, the same each time; and what is measured with them."""

import doubts
import numpy as np
import pytest
import renderings
import strange
from click.testing import CliRunner

from simplenet import load_data
from simplenet.backprop import bundled

KINDS = strange.LEARNED + strange.UNSEEN


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    """Put the sample's digits where MNIST's would be."""
    caches = strange._digits, strange._labels
    for cache in caches:
        cache.cache_clear()
    monkeypatch.setattr(strange, "load_data", lambda name: load_data("sample"))
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_is_a_picture_that_depends_on_seed_and_number_alone(kind):
    if "printed" in kind.__name__:
        pytest.importorskip("PIL")
        pytest.importorskip("matplotlib")  # which brings the fonts
    for number in range(3):
        picture, again = (strange.picture(kind, 5, number) for _ in range(2))
        assert picture.dtype == np.uint8 and picture.shape[2] == 4
        assert (picture == again).all() and (picture[:, :, 3] == 255).all()
        assert np.ptp(picture[:, :, 0]) > 100
        other = strange.picture(kind, 6, number)
        assert picture.shape != other.shape or (picture != other).any()


def test_no_kind_is_in_both_halves_and_no_letter_either():
    assert len({kind.__name__ for kind in KINDS}) == len(KINDS)
    assert not set(strange.LETTERS[0]) & set(strange.LETTERS[1])
    assert set("".join(strange.LETTERS)) == set(strange.WRITTEN)
    assert not set("OoIlZSsBbgqGDQ") & set(strange.WRITTEN)  # which may be digits


def test_it_is_told_what_is_unsure_of_right_ones_errors_and_strangers(monkeypatch, tmp_path):
    images, labels = load_data("sample").test
    monkeypatch.setattr(doubts, "load_data", lambda name: load_data("sample"))
    monkeypatch.setattr(doubts, "held_out", lambda: (images[:40], labels[:40]))
    monkeypatch.setattr(renderings, "KINDS", renderings.KINDS[:2])
    monkeypatch.setattr(strange, "LEARNED", (strange.star,))
    monkeypatch.setattr(strange, "UNSEEN", (strange.face,))
    np.savez(tmp_path / "others.npz", x=images[:50], y=(labels[:50] + 1) % 10)
    also = ["--also", str(tmp_path / "others.npz")]
    result = CliRunner().invoke(doubts.main, ["--images", "5", *also])
    assert result.exit_code == 0, result.output
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in result.output.split("\n")]
    shown = {tuple(row[:2]): row for row in rows if row}
    accuracy, unsure, wrong, count = shown["bundled", "MNIST, test"][2:]
    classes, flags = doubts.asked(bundled(), doubts.Seen(images, [0] * len(images)))
    right = classes == labels
    assert accuracy == f"{100 * right.mean():.2f} %"
    assert unsure == f"{100 * flags[right].mean():.2f} %"
    assert wrong == f"{100 * flags[~right].mean():.2f} %"
    assert count == f"{len(labels):,} / {int((~right).sum())}"
    assert shown["bundled", "people's pictures"][-1].startswith("10 / ")
    right = int((classes[:50] == (labels[:50] + 1) % 10).sum())
    assert shown["bundled", "others"][-1] == f"50 / {50 - right}"
    assert {row[0] for row in rows if len(row) == 2} >= {"star", "face", "mean"}
    assert ["face", "100.00 %"] in rows  # whose eyes are looked for
