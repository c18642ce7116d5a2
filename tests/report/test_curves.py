"""Histories as curves, in characters and as SVG, and the numbers beside their axes."""

import re
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import run_with

from simplenet import init_net
from simplenet.report.curves import Axes, Chart, Curve, axes, charts, tick_text, ticks
from simplenet.report.svg import chart_svg, hue, key_svg
from simplenet.report.text import STYLES, chart_lines, style_for

BRAILLE, BLOCKS, ASCII = STYLES
FALLING = Chart("cost", [Curve("training", 0, ((1, 4.0), (2, 2.0), (3, 0.0)))], share=False)


def test_a_run_has_a_curve_of_its_cost_and_two_of_its_accuracy():
    run = run_with([0.5, 0.25], [0.6, 0.7], [0.61, 0.72])
    cost, accuracy = charts([("m.npz", run)])
    assert cost == Chart("cost", [Curve("training", 0, ((1, 0.5), (2, 0.25)))], share=False)
    assert accuracy.curves == [
        Curve("training", 0, ((1, 0.6), (2, 0.7)), dashed=True),
        Curve("validation", 0, ((1, 0.61), (2, 0.72))),
    ]
    assert accuracy.share


def test_of_several_runs_the_curves_have_names_and_one_without_a_history_has_none():
    one, bare, two = run_with([1], [0.5], [0.5]), run_with([], []), run_with([1], [0.5])
    cost, accuracy = charts([("a", one), ("b", bare), ("c", two)])
    assert [(curve.name, curve.run) for curve in cost.curves] == [
        ("a, training", 0),
        ("c, training", 2),
    ]
    assert [(curve.name, curve.dashed) for curve in accuracy.curves] == [
        ("a, training", True), ("a, validation", False), ("c, training", False),
    ]  # fmt: skip
    assert charts([("b", bare)]) == []


# --- axes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0291, 0.08, ["0.02", "0.04", "0.06", "0.08"]),
        (0.8975, 0.9669, ["0.85", "0.9", "0.95", "1"]),
        (0, 1, ["0", "0.5", "1"]),
        (0.5, 0.5, ["0.5", "0.6"]),
        (0, 0, ["0", "1e-300"]),
        (3, 1000, ["0", "500", "1000"]),
        (0.9999991, 0.9999999, ["0.999999", "0.9999995", "1"]),
    ],
)
def test_ticks_are_round_and_reach_around_the_values(low, high, expected):
    assert [tick_text(tick, share=False) for tick in ticks(low, high)] == expected


@given(st.lists(st.floats(0, sys.float_info.max), min_size=1))
def test_every_history_has_ticks_and_places_between_them(values):
    found = ticks(min(values), max(values))
    assert 2 <= len(found) <= 5 and found == sorted(set(found))
    scale = Axes(1, found)
    assert all(-1e-6 <= scale.y(value) <= 1 + 1e-6 for value in values)
    lines = chart_lines(charts([("m", run_with(values, values))])[0], 40, ASCII)
    assert len(lines) in (15, 16)  # large numbers stand below the name


def test_a_share_is_shown_in_percent():
    assert [tick_text(n / 100, share=True) for n in (7, 95, 99.5)] == ["7 %", "95 %", "99.5 %"]


# --- in characters --------------------------------------------------------------------------------


def test_a_curve_falls_from_the_first_tick_to_the_last():
    assert chart_lines(FALLING, 31, ASCII) == [
        "cost",
        "    4 |'.",
        "      |  '.",
        "      |    '.",
        "    3 |      '.",
        "      |        '.",
        "      |          '.",
        "    2 |            '.",
        "      |              '.",
        "    1 |                '.",
        "      |                  '.",
        "      |                    '.",
        "    0 |                      '.",
        "epoch  1                      3",
        "training  0.0000 after epoch 3",
    ]


@pytest.mark.parametrize("style", STYLES, ids=["braille", "blocks", "ascii"])
@pytest.mark.parametrize("width", [20, 40, 80, 300])
def test_a_chart_fits_its_width_whatever_its_names(style, width):
    runs = [
        (f"{'long' * 30}-{n}.npz", run_with([0.5, 0.4], [0.1, 0.9], [0.2, 0.8])) for n in (1, 2)
    ]
    for chart in charts(runs):
        lines = chart_lines(chart, width, style)
        assert max(map(len, lines[:14])) <= min(width, 100)
        names, values = lines[14::2], lines[15::2]
        assert len(names) == len(values) == len(chart.curves)
        assert max(map(len, names)) <= min(width, 100) and max(map(len, values)) <= 24
        for mark, name, curve in zip("abcd", names, chart.curves):
            assert name.startswith(f"{mark}  ...") and name.endswith(curve.name[-10:])
        assert all(line.isascii() for line in lines) or style != ASCII


@pytest.mark.parametrize("width", [25, 30, 31, 40])
def test_no_name_is_lost_in_a_narrow_terminal(width):
    runs = [(name, run_with([0.5, 0.4], [0.1, 0.9])) for name in ("m.npz", "model-2.npz")]
    told = " ".join(" ".join(chart_lines(charts(runs)[0], width, ASCII)[14:]).split())
    first, second = "m.npz, training", "model-2.npz, training"
    assert told.startswith(f"a {first} 0.4000 after epoch 2 b ") and second in told
    assert told.endswith("0.4000 after epoch 2")


def test_costs_of_different_kinds_have_a_chart_each():
    half, other = run_with([4, 3], [0.5, 0.6]), run_with([0.2, 0.1], [0.5, 0.6])
    other.net = init_net((64, 5, 3), rng=0, output_activation="softmax", cost="cross-entropy")
    third = run_with([0.3, 0.2], [0.5, 0.6])
    third.net = init_net((64, 5, 3), rng=0, output_activation="sigmoid", cost="cross-entropy")
    drawn = charts([("a", half), ("b", other), ("c", half), ("d", third)])
    assert [(chart.title, [curve.run for curve in chart.curves]) for chart in drawn] == [
        ("cost: half-squared-error", [0, 2]), ("cost: cross-entropy of softmax", [1]),
        ("cost: cross-entropy of sigmoid", [3]), ("accuracy", [0, 1, 2, 3]),
    ]  # fmt: skip
    assert [chart.title for chart in charts([("b", other)])] == ["cost", "accuracy"]


def test_of_several_curves_each_is_marked_with_its_letter():
    chart = charts([("m", run_with([1, 1], [0.2, 0.4], [0.6, 0.9]))])[1]
    lines = chart_lines(chart, 60, BRAILLE)
    *_, first, second = lines
    assert first == "a  training  40.00 % after epoch 2"
    assert second == "b  validation  90.00 % after epoch 2"
    rows = [line.partition(BRAILLE.axis)[2] for line in lines[1:13]]
    places = {mark: [n for n, row in enumerate(rows) if mark in row] for mark in "ab"}
    assert max(places["b"]) < min(places["a"])  # validation is above
    assert all(sum(row.count(mark) for row in rows) >= 5 for mark in "ab")
    one = chart_lines(FALLING, 60, BRAILLE)
    assert not any("a" in line for line in one[1:13])


def test_a_single_epoch_is_a_dot_and_of_several_curves_a_letter():
    cost, accuracy = charts([("m", run_with([0.5], [0.25], [0.75]))])
    lines = chart_lines(cost, 40, BLOCKS)
    assert sum(line.count("▀") + line.count("▄") for line in lines) == 1
    assert lines[-2].split() == ["epoch", "1"]
    body = "".join(line.partition("│")[2] for line in chart_lines(accuracy, 40, BLOCKS)[1:13])
    assert body.strip()[0] == "b" and body.strip()[-1] == "a"


@pytest.mark.parametrize(
    ("encoding", "style"),
    [("utf-8", BRAILLE), ("cp437", BLOCKS), ("cp1252", ASCII), ("ascii", ASCII), (None, ASCII),
     ("no code", ASCII)],
)  # fmt: skip
def test_the_finest_characters_are_taken_that_an_encoding_has(encoding, style):
    assert style_for(encoding) == style


# --- as SVG ---------------------------------------------------------------------------------------


def points_of(path):
    return [tuple(map(float, pair.split())) for pair in path.strip("M").split("L")]


def test_the_svg_has_a_curve_for_each_with_a_point_for_each_epoch():
    root = ElementTree.fromstring(chart_svg(FALLING))
    assert root.get("role") == "img" and "cost by epoch" in root.find("title").text
    [curve] = [path for path in root.iter("path") if path.get("class") == "curve"]
    (x0, y0), (x1, y1), (x2, y2) = points_of(curve.get("d"))
    assert x0 < x1 < x2 and x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 < y1 < y2 and y1 - y0 == pytest.approx(y2 - y1, abs=0.2)
    words = [text.text for text in root.iter("text")]
    assert words == ["0", "1", "2", "3", "4", "1", "2", "3", "epoch"]


def test_a_curve_and_its_key_are_drawn_alike_and_runs_apart():
    [chart] = charts([("a", run_with([1], [0.5], [0.6])), ("b<", run_with([1], [0.5]))])[1:]
    drawn = re.findall(r'class="(curve[ \w]*)" style="(.*?)"', chart_svg(chart))
    assert drawn == [
        ("curve dashed", f"--hue:{hue(0)}"), ("curve", f"--hue:{hue(0)}"),
        ("curve", f"--hue:{hue(1)}"),
    ]  # fmt: skip
    keys = "".join(map(key_svg, chart.curves))
    assert re.findall(r'class="(curve[ \w]*)" style="(.*?)"', keys) == drawn
    hues = sorted(hue(n) for n in range(8))
    assert min((b - a) % 360 for a, b in zip(hues, [*hues[1:], hues[0]])) > 19


def test_axes_reach_to_the_longest_run():
    long, short = run_with([3, 2, 1], [0, 0, 0]), run_with([5], [0])
    found = axes(charts([("a", long), ("b", short)])[0])
    assert found.last == 3 and (found.ticks[0], found.ticks[-1]) == (1, 5)
    assert (found.x(1), found.x(2), found.x(3)) == (0, 0.5, 1)
