"""The gear document says what the code does: numbers, lines, names, commands."""

import inspect
import re
import shlex

import numpy as np
import pytest
from conftest import ROOT
from making import document

import simplenet
from simplenet.functions import sigmoid_slope

DOCUMENT = (ROOT / "simplenet" / "backprop" / "README.md").read_text(encoding="utf-8")
TEMPLATE = document.TEMPLATE.read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n((?:(?!```).)*)```", DOCUMENT, re.DOTALL)


def test_the_document_is_what_the_code_computes_now():
    made = document.files()[document.PATH].decode()
    for line, (found, expected) in enumerate(zip(DOCUMENT.splitlines(), made.splitlines()), 1):
        assert found == expected, f"line {line}: run python scripts/make.py document"
    assert made == DOCUMENT


def test_nobody_typed_a_number_into_the_document():
    """The text holds fields; a figure may stand in a program, a command, a year or a bare step."""
    text = re.sub(r"```(console|python)\n.*?```", "", TEMPLATE, flags=re.DOTALL)
    text = text.split("## Sources")[0]
    text = re.sub(r"\{[^{}]*\}|^#+ \d+|^\d+\. |\(#.*?\)|[Ss]ections? \d+", "", text, flags=re.M)
    text = text.replace(" in 1872", "")
    assert not re.findall(r"\d+\.\d+|\d{2,}", text)


def test_every_line_of_code_is_in_the_source():
    source = (ROOT / "simplenet" / "net.py").read_text(encoding="utf-8")
    lines = {line.strip() for line in source.splitlines()}
    shown = [line.strip() for code in PROGRAMS[:-1] for line in code.splitlines()]
    in_text = re.findall(r"`([\w., ]+ \+?= [^`]+)`", DOCUMENT)
    assert len(shown) >= 10
    assert len(in_text) == 5  # in the table of section 10
    for line in shown:
        assert line in lines
    for line in in_text:
        assert any(full.startswith(line) for full in lines), line
    assert f"`{inspect.getsource(sigmoid_slope).splitlines()[-1].strip()}`" in DOCUMENT


def test_every_row_of_the_index_table_is_true():
    net = simplenet.init_net(rng=0)
    simplenet.forward(net, np.zeros((20, 784)))
    simplenet.backward(net, np.zeros((20, 10)))
    table = DOCUMENT.split("## 14.")[1].split("## Sources")[0]
    rows = re.findall(r"^\| (\S+?),? .*\| `(.+)` \| `(.+)` \| (\(.+\)) \|$", table, re.MULTILINE)
    assert len(rows) == 11
    for gear, from_the_end, from_the_start, shape in rows:
        one, other = (eval(name, {"net": net}) for name in (from_the_end, from_the_start))
        assert one is other
        assert str(one.shape) == shape
        layer = "₁₂₃".index(re.search("₋([₁₂₃])", gear)[1]) + 1
        assert f"[-{layer}]" in from_the_end  # the small number is Python's


def test_nothing_reads_as_an_inverse():
    """A superscript -1 would; the only powers left are squares."""
    assert not re.search("[⁰⁻¹]", DOCUMENT)


def test_every_command_of_the_document_runs(cli):
    commands = re.findall(r"^\$ simplenet (.*)$", DOCUMENT, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        cli(*shlex.split(command))


def test_the_contents_lead_to_their_sections():
    headings = re.findall(r"^##+ (.*)$", DOCUMENT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}
    links = re.findall(r"\]\(#(.*?)\)", DOCUMENT)
    assert len(links) == 15
    assert set(links) <= anchors


def test_a_line_that_is_not_there_is_not_shown_in_silence():
    from simplenet.backprop.source import lines_of

    back = simplenet.backward
    assert lines_of(back, "dc_da = cost.slope")[0].startswith("dc_da = cost.slope(")
    for wrong in (("no such line",), ("dc_da",), ("net.grads +=", "total = cost.value")):
        with pytest.raises(LookupError, match="backward: expected"):
            lines_of(back, *wrong)


def test_a_minus_is_no_hyphen_and_code_stays_code():
    text = "- (a - y)² is -0.5, or `a - y`\n```\na - y\n```\n[x](a-1.md) a-b, 1 -\n2, s(-z), [-1.5]"
    minus = "\N{MINUS SIGN}"
    assert document.typeset(text) == (
        f"- (a {minus} y)² is {minus}0.5, or `a - y`\n```\na - y\n```\n[x](a-1.md) a-b, 1 {minus}\n"
        f"2, s({minus}z), [{minus}1.5]"
    )
    outside = re.sub(r"```.*?```|`[^`]*`|!\[[^]]*\]", "", DOCUMENT, flags=re.DOTALL)
    assert not re.findall(r"^.*\S -\s.*$|^.*[ (\[|]-\d.*$", outside, flags=re.MULTILINE)


def test_a_minibatch_adds_what_its_samples_give():
    """The table of section 9: pair by pair, and what `backward` says of both together."""
    sheets = document.sheets()
    for k in (1, 2):
        for j in (1, 2):
            parts = [sheets["sheet_h"][s][k] * sheets["sheet_delta"][s][j] for s in (1, 2)]
            assert sheets["sheet_dW"][k][j] == pytest.approx(sum(parts), rel=1e-12)
    said = re.search(r"on both together\s+(.*?)\. That is", DOCUMENT, re.DOTALL)[1]
    factors = [float(n) for n in re.findall(r"[-+]?\d\.\d+", said.replace("\N{MINUS SIGN}", "-"))]
    assert factors[0] * factors[1] + factors[2] * factors[3] == pytest.approx(factors[4], abs=2e-6)
