"""Pictures of digits as people take them: each kind, the same each time."""

import numpy as np
import pytest
import renderings
from click.testing import CliRunner

from simplenet import load_data


@pytest.fixture(scope="module")
def digits():
    return load_data("sample").train.images[:2]


@pytest.mark.parametrize("kind", renderings.KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_is_a_picture_that_depends_on_seed_and_number_alone(digits, kind):
    pytest.importorskip("PIL")  # which writes the JPEGs
    first, again, other = (renderings.picture(kind, digits[0], 5, n) for n in (0, 0, 1))
    assert first.dtype == np.uint8 and first.shape[2] == 4 and (first[:, :, 3] == 255).all()
    assert np.ptp(first[:, :, :3]) > 30 and (first == again).all()
    if kind not in (renderings.mnist, renderings.tight):
        assert first.shape != other.shape or (first != other).any()


def test_a_net_is_asked_about_each_kind(digits, monkeypatch):
    monkeypatch.setattr(renderings, "held_out", lambda: (digits, np.zeros(2, np.uint8)))
    typed = ["--images", "2", "--kind", "clean", "--kind", "frame"]
    result = CliRunner().invoke(renderings.main, typed)
    assert result.exit_code == 0, result.output
    names = [line.split("|")[1].strip() for line in result.output.splitlines()[2:] if line]
    assert names == ["clean", "frame"]


def test_an_empty_picture_is_counted_as_misread():
    empty = np.full((30, 30, 4), 255, np.uint8)
    assert renderings.read(renderings.bundled().network, [empty]).tolist() == [-1]
