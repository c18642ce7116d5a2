"""Charts drawn by matplotlib into files."""

import io
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image
from runs import run_with

from simplenet.cli.plot import FORMATS
from simplenet.errors import SimplenetError
from simplenet.report.curves import charts
from simplenet.report.figure import METADATA, check_matplotlib, draw_charts

RUNS = [(f"${n} $", run_with([0.5, 0.4], [0.6, 0.7], [0.6, 0.8])) for n in range(12)]


def test_the_command_line_knows_every_format():
    assert sorted(METADATA) == sorted(FORMATS)


def test_where_matplotlib_is_missing_the_command_is_given_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    monkeypatch.setattr(sys, "executable", "/a folder/python")
    with pytest.raises(
        SimplenetError, match=r"get it with '/a folder/python' -m pip install 'matp"
    ):
        check_matplotlib()


@pytest.mark.parametrize("runs", [1, 2, 12])
@pytest.mark.parametrize("suffix", FORMATS)
def test_equal_runs_give_equal_files(suffix, runs):
    pytest.importorskip("matplotlib", reason="needs the extra plots")
    check_matplotlib()
    content = draw_charts(charts(RUNS[:runs]), suffix)
    assert content == draw_charts(charts(RUNS[:runs]), suffix)
    if suffix == ".png":
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == "PNG" and image.width > 2 * image.height
    else:
        assert ElementTree.fromstring(content).tag.endswith("svg")
        assert b"date" not in content
