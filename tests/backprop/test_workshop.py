"""The workshop, a notebook, is run without Jupyter: its outputs are what its code gives now."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from conftest import ROOT
from making import notebook

from simplenet.values import Value

PATH = ROOT / notebook.PATH
TEXT = PATH.read_text(encoding="utf-8")
CELLS = json.loads(TEXT)["cells"]
CODES = [cell for cell in CELLS if cell["cell_type"] == "code"]
WORDS = "\n".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")


def source(cell):
    return "".join(cell["source"])


def printed(cell):
    return "".join("".join(output.get("text", [])) for output in cell["outputs"])


def pictures():
    for cell in CODES:
        for output in cell["outputs"]:
            if drawn := output.get("data", {}).get("image/svg+xml"):
                yield "".join(drawn)


def test_every_cell_gives_the_output_that_is_stored():
    for cell, outputs in zip(CODES, notebook.play([source(cell) for cell in CODES]), strict=True):
        assert cell["outputs"] == outputs, source(cell)


def test_it_is_what_its_source_makes():
    assert notebook.files() == {notebook.PATH: PATH.read_bytes()}


def test_a_changed_result_and_a_changed_text_are_noticed():
    sources = [source(cell) for cell in CODES]
    changed = [
        text.replace("operand.grad += v.grad", "operand.grad += 2 * v.grad") for text in sources
    ]
    assert changed != sources
    assert notebook.play(changed) != [cell["outputs"] for cell in CODES]
    assert notebook.made("Once.\n\n```python\n1 + 1\n```\n")["cells"][1]["outputs"] == [
        {"data": {"text/plain": ["2"]}, "execution_count": 1, "metadata": {},
         "output_type": "execute_result"}
    ]  # fmt: skip


def test_the_engine_has_less_than_a_hundred_lines():
    engine = [cell for cell in CODES if "engine" in cell["metadata"].get("tags", [])]
    lines = [line for cell in engine for line in source(cell).splitlines() if line.strip()]
    assert 50 < len(lines) < 100
    names = {}
    for cell in engine:  # and needs nothing of the cells between
        exec(source(cell), names)
        assert not cell["outputs"]
    found = []
    for kind in names["Value"], Value:  # the reader's own, and ours
        x, y = kind(0.7), kind(-1.3)
        z = ((x * y - 2) / (x + 3) ** 2).tanh() + (x.exp() - y).log() * (1 - y).relu() / 2
        z.backward()
        found.append((z.data, x.grad, y.grad))
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_its_words_are_true():
    results = "".join(map(printed, CODES))
    assert "by the mistake 3   measured 7.0000" in results and "together that is 7" in WORDS
    assert re.search(r"backwards (\S+)   measured \1\n", results)
    (straight,) = re.findall(r"^straight (.*)$", results, re.MULTILINE)
    assert len(straight.split()) == 7 and len(set(straight.split())) == 1
    (bent,) = re.findall(r"^bent (.*)$", results, re.MULTILINE)
    assert len(set(bent.split())) == 7
    assert "one layer of 2 numbers says the same: True" in results
    assert re.search(r"yours +(.*)\narrays +\1\n", results)
    costs = [float(cost) for cost in re.findall(r"cost (\S+)", results)]
    assert costs[8] < 0.01 < 1 < costs[0] and costs[-1] < 0.01
    dead = next(source(cell) for cell in CODES if ".relu() - 5" in source(cell))
    names = {}
    exec("\n".join(source(cell) for cell in CODES[: CODES.index(
        next(cell for cell in CODES if source(cell) == dead)) + 1]), names)  # fmt: skip
    assert (names["error"].data, names["w"].grad, names["bias"].grad) == (25, 0, 0)


def test_the_journey_has_a_dozen_operations_and_a_dead_relu():
    journey = next(source(cell) for cell in CODES if "def journey" in source(cell))
    body = journey.partition("def journey(x):\n")[2].partition("\n\n")[0]
    steps = re.findall(r"^    \w = (.*)$|^    return (.*)$", body, re.MULTILINE)
    assert len(steps) == 12
    drawn = next(output for output in pictures() if ">relu<" in output)
    assert "<title>the result = 0.58" in drawn


def test_the_pictures_are_well_formed_and_show_gradients():
    drawn = list(pictures())
    assert len(drawn) >= 7
    for picture in drawn:
        assert ET.fromstring(picture).get("role") == "img"
    assert sum(">grad " in picture for picture in drawn) >= 6
    assert any("are left out" in picture for picture in drawn)


def test_it_is_a_notebook_that_says_nothing_of_where_and_when_it_was_made():
    whole = json.loads(TEXT)
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    assert whole["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in CELLS}) == len(CELLS)
    for cell in CELLS:
        assert set(cell) - {"execution_count", "outputs"} == {
            "cell_type", "id", "metadata", "source",
        }  # fmt: skip
    assert [cell["execution_count"] for cell in CODES] == list(range(1, len(CODES) + 1))
    assert not re.search(r"20\d\d-\d\d|/home/|/tmp|/usr|/Users|0x[0-9a-f]{6}", TEXT)
    assert len(TEXT) < 200_000


def test_every_file_that_it_links_to_is_there():
    links = re.findall(r"\]\(([^)#]+)", WORDS)
    assert len(links) >= 5
    for link in links:
        assert link.startswith("http") or (PATH.parent / link).exists(), link


def test_the_last_line_is_shown_only_if_it_is_an_expression():
    assert notebook.play(["x = 3", "x", "None", "print(x)", "print(x); x + 1"]) == [
        [],
        [{"data": {"text/plain": ["3"]}, "execution_count": 2, "metadata": {},
          "output_type": "execute_result"}],
        [],
        [{"name": "stdout", "output_type": "stream", "text": ["3\n"]}],
        [{"name": "stdout", "output_type": "stream", "text": ["3\n"]},
         {"data": {"text/plain": ["4"]}, "execution_count": 5, "metadata": {},
          "output_type": "execute_result"}],
    ]  # fmt: skip
