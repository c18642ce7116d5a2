"""The pictures of commands at work are what a terminal shows of them."""

import re
import sys
from xml.etree import ElementTree

import pytest
from making import NotHereError, screens

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")


def test_a_run_of_characters_is_drawn_at_its_place_and_blocks_as_boxes():
    line = [screens.Cell(text, screens.INK) for text in "a <b  ██▄"]
    text, full, low = ElementTree.fromstring(screens.svg([line]))[1:]
    assert text.text == "a <b" and float(text.get("x")) == screens.EDGE
    assert float(full.get("x")) == screens.EDGE + 6 * screens.WIDE
    assert float(full.get("width")) == pytest.approx(2 * screens.WIDE)
    assert float(full.get("height")) == screens.HIGH == 2 * float(low.get("height"))
    assert float(low.get("y")) == float(full.get("y")) + screens.HIGH / 2


def test_a_screen_shows_what_a_command_prints_in_a_terminal(tmp_path, make_data, monkeypatch):
    pytest.importorskip("pyte")
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data()))
    lines = screens.screen(("simplenet train --epochs 2 --hidden 4 -o m.npz",), tmp_path)
    shown = ["".join(cell.text for cell in line).rstrip() for line in lines]
    assert shown[0] == "$ simplenet train --epochs 2 --hidden 4 -o m.npz" and lines[0][0].bold
    assert shown[-1] == "saved m.npz" and (tmp_path / "m.npz").exists()
    assert any(re.match("epoch 2/2  cost ", line) for line in shown)  # and no bar is left
    assert not any("█" in line for line in shown)


def test_a_command_that_fails_is_no_screen(tmp_path, make_data, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data()))
    with pytest.raises(NotHereError, match="expected simplenet info none.npz to succeed"):
        screens.output("simplenet info none.npz", tmp_path)
    monkeypatch.delenv("SIMPLENET_DATA")
    with pytest.raises(NotHereError, match="SIMPLENET_DATA"):
        screens.files()


@pytest.mark.parametrize("name", screens.SCREENS)
def test_the_screens_that_are_kept_show_their_commands(name):
    root = ElementTree.parse(screens.ROOT / screens.FOLDER / f"{name}.svg").getroot()
    shown = " ".join(element.text for element in root if element.text)
    for command in screens.SCREENS[name]:
        assert f"$ {command}" in shown
    assert not re.search("Error|Traceback|/root|/home", shown)
