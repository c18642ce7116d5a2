"""Expressions that a person types, their gradients, and the graph that `simplenet graph` writes."""

import re
import subprocess
from pathlib import Path

import pytest

from simplenet.autodiff import Tensor
from simplenet.witnesses.expression import FUNCTIONS, evaluate

# --- expressions ----------------------------------------------------------------------------------


def gradients(text, values):
    """Return the value of an expression and its gradient along every name."""
    result = evaluate(text, values)
    result.backward()
    found, stack = {}, [result]
    while stack:
        node = stack.pop()
        stack += [operand for operand, _ in node._edges]
        if node.label in values:
            found[node.label] = float(node.grad)
    return float(result.data), found


@pytest.mark.parametrize(
    ("text", "values", "value", "slopes"),
    [
        ("x**2 + 5*x + 1", {"x": 1}, 7, {"x": 7}),
        ("x**2 + 5*x + 1", {"x": 2}, 15, {"x": 9}),
        ("x**2 + 5*x + 1", {"x": 3}, 25, {"x": 11}),
        ("a*b + c", {"a": 2, "b": -3, "c": 10}, 4, {"a": -3, "b": 2, "c": 1}),
        ("a + (a + 2)", {"a": 2}, 6, {"a": 2}),
        (
            "tanh(x1*w1 + x2*w2 + b)",
            {"x1": 2, "x2": 0, "w1": -3, "w2": 1, "b": 6.8813735870195432},
            0.5**0.5, {"x1": -1.5, "x2": 0.5, "w1": 1, "w2": 0, "b": 0.5},
        ),
        (
            "(relu(x*w1 + b1)*w3 + relu(x*w2 + b2)*w4 + b3 - 1)**2",
            {"x": 2, "w1": -0.11, "w2": 0.21, "w3": 0.89, "w4": -0.75, "b1": 0, "b2": 0, "b3": 0},
            1.729225,
            {"w1": 0, "w2": 3.945, "w3": 0, "w4": -1.1046, "b1": 0, "b2": 1.9725, "b3": -2.63,
             "x": 0.21 * 1.9725},
        ),
        ("-a - +b", {"a": 1, "b": 2}, -3, {"a": -1, "b": -1}),
        ("a / b", {"a": 1, "b": 4}, 0.25, {"a": 0.25, "b": -1 / 16}),
        ("2**a**2", {"a": 1}, 2, {"a": 4 * 0.6931471805599453}),
        (" exp ( log(a) ) ", {"a": 3}, 3, {"a": 1}),
        ("exp", {"exp": 3}, 3, {"exp": 1}),
        (f"1{'0' * 30} * a", {"a": 1}, 1e30, {"a": 1e30}),
        ("\u00b5**2", {"\u00b5": 3}, 9, {"\u00b5": 6}),  # the key for a mu, and the Greek letter
        ("\u00b5**2", {"\u03bc": 3}, 9, {"\u03bc": 6}),
        ("\u03bc**2", {"\u00b5": 3}, 9, {"\u00b5": 6}),
    ],
)  # fmt: skip
def test_an_expression_has_its_value_and_gradients(text, values, value, slopes):
    found, along = gradients(text, values)
    assert found == pytest.approx(value, rel=1e-12)
    assert along == pytest.approx(slopes, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_that_is_named_can_be_called(name):
    assert float(evaluate(f"{name}(a)", {"a": 0.5}).data) == float(
        getattr(Tensor(0.5), name)().data
    )


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch pwned')", "open('pwned', 'w')", "exec('1')", "a.data",
        "a.backward()", "a[0]", "(lambda: a)()", "[a]", "(a, a)", "{a}", "{1: a}", "'a'", "f'{a}'",
        "b'a'", "True", "None", "...", "1j", "a < 1", "a and a", "not a", "~a", "a if a else a",
        "a // 2", "a % 2", "a @ a", "a << 1", "a | 1", "(b := a)", "await a", "exp()", "exp(a, a)",
        "exp(x=a)", "exp(*a)", "backward(a)", "sum(a)", "softmax(a)", "__init__(a)", "exp(a)(a)",
        "[a for a in a]", "a(a)", "exp(a, x=a)", "exp.__class__",
    ],
)  # fmt: skip
def test_anything_but_arithmetic_is_refused_and_nothing_runs(text):
    with pytest.raises(ValueError, match="expected (numbers, names, |a value for exp)"):
        evaluate(text, {"a": 1.0})
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected an expression such as a*b + c, found ''."),
        ("a b", "expected an expression such as a*b + c, found 'a b'."),
        ("a = 1", "expected an expression such as a*b + c, found 'a = 1'."),
        ("a; a", "expected an expression"),
        ("import os", "expected an expression"),
        ("*a", "expected an expression"),
        ("a +\na", "expected an expression"),
        ("1" * 5000, "expected an expression such as a.b . c, found '1{60}'."),
        ("1" * 400, "expected numbers below 1.8e308, found larger in '1{60}'."),
        ("1e400*a", "expected numbers below 1.8e308, found larger in '1e400.a'."),
        ("+".join("a" * 20000), r"expected a shorter expression than '(a\+){30}'"),
        ("(" * 300 + "a" + ")" * 300, "expected"),
        ("a*b", "expected a value for b, found none: add b=2."),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_expression_is_refused(text, words):
    words = words.replace("*", "[*]").replace(" + ", " [+] ")
    with pytest.raises(ValueError, match=f"^{words}"):
        evaluate(text, {"a": 1.0})


# --- the command ----------------------------------------------------------------------------------


def boxes(dot):
    """Return what stands in each box of a graph, and the arrows by the boxes' names."""
    assert dot.startswith("digraph {\n  rankdir=LR;") and dot.endswith("}\n")
    found = dict(re.findall(r'^  (t\d+) \[label="(.*)"\];$', dot, re.MULTILINE))
    return found, re.findall(r"^  (t\d+) -> (t\d+);$", dot, re.MULTILINE)


def test_the_graph_shows_every_value_with_its_data_and_gradient(cli):
    result = cli("graph", "a*b + c", "a=2", "b=-3", "c=10")
    found, arrows = boxes(result.stdout)
    facts = {name: text.split(" | ") for name, text in found.items()}
    assert sorted(facts.values()) == [
        ["*", "data -6", "grad 1"], ["+", "data 4", "grad 1"], ["a", "data 2", "grad -3"],
        ["b", "data -3", "grad 2"], ["c", "data 10", "grad 1"],
    ]  # fmt: skip
    assert {(facts[start][0], facts[end][0]) for start, end in arrows} == {
        ("a", "*"), ("b", "*"), ("*", "+"), ("c", "+"),
    }  # fmt: skip
    assert result.stderr == ""


def test_a_name_that_is_used_twice_is_one_box_with_two_arrows(cli):
    found, arrows = boxes(cli("graph", "a*a", "a=3").stdout)
    assert sorted(found.values()) == ["* | data 9 | grad 1", "a | data 3 | grad 6"]
    assert len(arrows) == 2


def test_a_constant_has_no_gradient(cli):
    found, arrows = boxes(cli("graph", "2*3").stdout)
    assert list(found.values()) == ["2 | data 2", "3 | data 3", "* | data 6"]
    assert len(arrows) == 2  # and is shown with all that it came from


def test_without_an_expression_it_is_a_tiny_network_and_always_the_same(cli):
    text = cli("graph").stdout
    found, _ = boxes(text)
    assert text == cli("graph").stdout
    (last,) = (text for text in found.values() if text.startswith("squared error"))
    assert last.endswith("grad 1")
    for name in "x[0] x[1] w0[0,0] w0[1,1] b0[1] w1[1,0] b1[0] prediction y".split():
        assert sum(text.startswith(f"{name} | ") for text in found.values()) == 1, name


def test_the_graph_can_be_saved_and_is_not_replaced_unasked(cli):
    printed = cli("graph", "a*a", "a=3").stdout
    result = cli("graph", "a*a", "a=3", "-o", "g.dot")
    assert Path("g.dot").read_text(encoding="utf-8") == printed and result.stdout == "saved g.dot\n"
    stderr = cli("graph", "a", "a=3", "-o", "g.dot", code=2).stderr
    assert "found that g.dot exists: take another, or give --overwrite." in stderr
    assert Path("g.dot").read_text(encoding="utf-8") == printed
    cli("graph", "a", "a=3", "-o", "g.dot", "--overwrite")
    assert Path("g.dot").read_text(encoding="utf-8") == cli("graph", "a", "a=3").stdout != printed
    assert "there is none" in cli("graph", "-o", "no/g.dot", code=2).stderr
    assert [path.name for path in Path().iterdir()] == ["g.dot"]


def test_a_name_that_ends_in_svg_gets_a_drawing(cli):
    """Without Graphviz: the same boxes, values and gradients."""
    for name in "g.svg", "G.SVG":
        cli("graph", "a*b + abs(c)", "a=2", "b=-3", "c=-10", "-o", name)
        drawn = Path(name).read_text(encoding="utf-8")
        assert drawn.startswith("<svg xmlns=")
        found = re.findall(r">([^<>]+)</text>", drawn)
        assert {"grad -3", "-6", "abs", "+", " = 2", "grad -1"} <= set(found)
    assert "exists: take another" in cli("graph", "a", "a=3", "-o", "g.svg", code=2).stderr
    cli("graph", "-o", "tiny.svg")
    assert "squared error" in Path("tiny.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["a*b", "a=1"], "EXPRESSION: expected a value for b, found none: add b=2."),
        (["a*"], "EXPRESSION: expected an expression such as a*b + c, found 'a*'."),
        (["open('f')"], "EXPRESSION: expected numbers, names, + - * / ** ( ) and exp, log, sqrt,"),
        *(
            (["a", text], "NAME=VALUE: expected a name and a number such as a=2, each name once; "
                          f"found {text!r}.")
            for text in ("a", "a=", "=2", "a=b", "2=a", "a b=2", "a=nan", "a=inf", "a=1e400")
        ),
        (["a", "a=1", "a=2"], "each name once; found 'a=2'."),
        (["\u03bc", "\u03bc=1", "\u00b5=2"], "each name once; found '\u00b5=2'."),  # both are mu
    ],
    ids=str,
)  # fmt: skip
def test_a_slip_is_a_usage_error(cli, args, words):
    result = cli("graph", *args, code=2)
    assert words in result.stderr and result.stdout == ""


@pytest.mark.parametrize(
    ("text", "what", "shown"),
    [
        ("1/b", "divide by zero", "data inf"),
        ("a**9999", "overflow", "data inf"),
        ("exp(a*1000)", "overflow", "data inf"),
        ("log(b)", "divide by zero", "data -inf"),
        ("log(b - a)", "invalid value", "data nan"),
        ("sqrt(b)", "divide by zero", "grad inf"),
        ("(b - a)**0.5", "invalid value", "data nan"),
    ],
)
def test_numbers_without_end_are_shown_with_a_note_and_without_a_warning(cli, text, what, shown):
    values = [value for value in ("a=2", "b=0") if re.search(rf"\b{value[0]}\b", text)]
    result = cli("graph", text, *values)
    assert shown in result.stdout
    assert re.fullmatch(r"note: [a-z ,]+: some are inf or nan\.\n", result.stderr)
    assert what in result.stderr


def test_dot_can_draw_it(cli):
    if subprocess.run("command -v dot", shell=True, capture_output=True).returncode:
        pytest.skip("Graphviz is not installed")
    for args in [], ["a*b + exp(c)", "a=2", "b=-3", "c=1"]:
        text = cli("graph", *args).stdout
        drawn = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True)
        assert drawn.returncode == 0 and "<svg" in drawn.stdout and drawn.stderr == ""


@pytest.mark.parametrize("text", ["-x", "-x**2", "-2*x", "-(x)"])
def test_an_expression_may_begin_with_a_minus(cli, text):
    assert cli("graph", text, "x=3").stdout == cli("graph", "--", text, "x=3").stdout
    cli("graph", text, "x=3", "-o", "minus.svg")
    assert Path("minus.svg").exists()


def test_a_misspelt_option_is_still_one(cli):
    assert "--output" in cli("graph", "x", "x=1", "--outptu", "x.svg", code=2).stderr


def test_a_value_that_nothing_asks_for_is_a_slip(cli):
    result = cli("graph", "x", "x=1", "y=2", code=2)
    assert "found one for y, which is not in 'x'" in result.stderr
