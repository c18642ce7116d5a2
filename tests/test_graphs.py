"""Pictures of graphs: nothing overlaps, arrows go around boxes, and everything is said."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simplenet.autodiff import Tensor
from simplenet.graphs import LETTER, PALETTE, Box, svg
from simplenet.layout import GAP, crossings, lay_out, layers_of, spread
from simplenet.neurons import MLP
from simplenet.values import Value

SVG = "{http://www.w3.org/2000/svg}"


def example():
    a, b = Value(2, label="a"), Value(-3, label="b")
    c = (a * b + 10) * a
    c.label = "c"
    c.backward()
    return c


def texts(drawn):
    return ["".join(text.itertext()) for text in ET.fromstring(drawn).iter(f"{SVG}text")]


# --- The layout -----------------------------------------------------------------------------------


@st.composite
def graphs(draw):
    """Return sizes of boxes and arrows from larger to smaller numbers: all lead to box 0."""
    count = draw(st.integers(1, 25))
    sizes = draw(st.lists(st.tuples(st.integers(10, 200), st.integers(20, 60)),
                          min_size=count, max_size=count))  # fmt: skip
    arrows = []
    for start in range(1, count):
        ends = draw(st.lists(st.integers(0, start - 1), min_size=1, max_size=3))
        arrows += [(start, end) for end in ends]
    return sizes, arrows


@given(graphs())
def test_boxes_keep_apart_and_every_arrow_goes_right(graph):
    sizes, arrows = graph
    layout = lay_out(sizes, arrows)
    boxes = [(x, y - tall / 2, x + wide, y + tall / 2)
             for (x, y), (wide, tall) in zip(layout.places, sizes)]  # fmt: skip
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and right <= layout.width + 1e-6
        assert top >= -1e-6 and bottom <= layout.height + 1e-6
        for other in boxes[:i]:
            aside = other[2] <= left or right <= other[0]
            assert aside or other[3] <= top - GAP + 1e-6 or bottom <= other[1] - GAP + 1e-6
    for start, end in arrows:
        assert boxes[start][2] < boxes[end][0]


@given(graphs())
def test_no_arrow_runs_through_a_box(graph):
    """Level parts pass above or below every box of the layer, curves only between layers."""
    sizes, arrows = graph
    layout = lay_out(sizes, arrows)
    for (start, end), way in zip(arrows, layout.ways):
        assert len(way) % 2 == 0
        for (x, y), (to_x, to_y) in zip(way[::2], way[1::2]):
            assert y == to_y and x <= to_x
            for number, ((left, middle), (wide, tall)) in enumerate(zip(layout.places, sizes)):
                beside = to_x <= left or left + wide <= x
                assert beside or abs(y - middle) > tall / 2 or number in (start, end)
        for (x, _), (to_x, _) in zip(way[1::2], way[2::2]):
            for left, _ in layout.places:
                assert not x < left < to_x  # no box begins where arrows bend


def test_a_box_stands_right_before_what_reads_it_first():
    assert layers_of(4, [(1, 0), (2, 1), (3, 1), (3, 0)]) == [0, 1, 2, 2]
    assert layers_of(1, []) == [0]


def test_boxes_that_cross_in_the_order_they_are_met_are_put_in_another():
    arrows = [(1, 0), (2, 0), (3, 1), (4, 1), (3, 2), (5, 2), (6, 1)]
    layout = lay_out([(30, 20)] * 7, arrows)
    order = [sorted(layer, key=lambda node: layout.places[node][1])
             for layer in ([0], [1, 2], [3, 4, 5, 6])]  # fmt: skip
    assert crossings(order, arrows) == 0
    assert crossings([[0], [1, 2], [3, 4, 5, 6]], arrows) > 0


def test_a_chain_is_drawn_on_one_line():
    layout = lay_out([(30, 20)] * 5, [(i + 1, i) for i in range(4)])
    assert len({y for _, y in layout.places}) == 1


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 30)), min_size=1, max_size=12))
def test_places_keep_their_distance_and_are_the_nearest(pairs):
    wanted, apart = [want for want, _ in pairs], [distance for _, distance in pairs[1:]]
    places = spread(wanted, apart)
    for place, after, distance in zip(places, places[1:], apart):
        assert after - place >= distance - 1e-9

    def miss(candidate):
        return sum((place - want) ** 2 for place, want in zip(candidate, wanted))

    rng = np.random.default_rng(0)
    for _ in range(20):  # no other allowed places are nearer to those wanted
        moved = np.array(places) + rng.normal(0, 3, len(places))
        for i, distance in enumerate(apart):
            moved[i + 1] = max(moved[i + 1], moved[i] + distance)
        assert miss(moved) >= miss(places) - 1e-6


# --- The picture ----------------------------------------------------------------------------------


def test_it_shows_names_operations_values_and_gradients():
    found = texts(example().to_svg())
    assert sorted(found) == sorted(
        ["*", "c = 8", "grad 1", "a = 2", "grad -2", "b = -3", "grad 4", "*", "-6", "grad 2",
         "+", "4", "grad 2", "10"]
    )  # fmt: skip


def test_the_gradient_stands_below_the_value_in_another_colour():
    root = ET.fromstring(example().to_svg())
    y = {"".join(text.itertext()): float(text.get("y")) for text in root.iter(f"{SVG}text")}
    assert y["c = 8"] < y["grad 1"] and y["a = 2"] < y["grad -2"]
    for text in root.iter(f"{SVG}text"):
        is_gradient = "".join(text.itertext()).startswith("grad")
        assert (text.get("class") == "sg-back") == is_gradient


def test_constants_are_drawn_with_a_dashed_outline():
    assert example().to_svg().count('stroke-dasharray="4 3"') == 1
    result = Tensor(2) * Tensor(3) + 1
    drawn = result.to_svg()
    assert sorted(texts(drawn)) == ["*", "+", "1", "2", "3", "6", "7"]
    assert drawn.count('stroke-dasharray="4 3"') == 5


def test_arrays_are_shown_by_shape_and_norm():
    x = Tensor(np.ones((2, 3)), True, label="x")
    assert "x = (2, 3), norm 2.45" in texts((x * 2).to_svg())
    assert "[[1, 2], [3, 4]]" in texts(Tensor([[1, 2], [3, 4]]).to_svg())


def test_a_number_used_twice_is_one_box_with_two_arrows():
    x = Value(3, label="x")
    drawn = (x * x).to_svg()
    assert sorted(texts(drawn)) == ["*", "9", "x = 3"]
    heads = re.findall(r"M(\S+ \S+)H?\S*C\S+ \S+ \S+ \S+ \S+ (\S+)m", drawn)
    assert len(heads) == 2 and heads[0] != heads[1]


def test_what_is_too_much_to_draw_is_counted():
    x = y = Value(1.0)
    for _ in range(1500):
        y = y * 0.5 + x
    drawn = y.to_svg()
    assert drawn.count('stroke-width="1.2"') == 60  # outlines of boxes
    (note,) = [text for text in texts(drawn) if "left out" in text]
    assert note == "4,441 more, before the dots, are left out"  # 1 + 3 * 1500 - 60
    assert 'stroke-dasharray="1.5 4"' in drawn
    assert len(drawn) < 60_000
    assert "left out" not in example().to_svg()
    assert "3 more, before the dots" in example().to_svg(most=3)
    with pytest.raises(ValueError, match="most: expected at least 1, found 0"):
        y.to_svg(most=0)


def test_it_is_well_formed_asks_nobody_for_anything_and_is_always_the_same():
    error = (MLP(2, [3, 1], rng=0)([1.0, 2.0]) - 1) ** 2
    error.backward()
    drawn = error.to_svg()
    assert drawn == error.to_svg() == error._repr_svg_()
    root = ET.fromstring(drawn)
    assert root.get("role") == "img" and "values that it was computed with" in root[0].text
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "") and "-0" not in re.findall(
        r'[ "MHC](-0)[ "]', drawn
    )
    wide, tall = float(root.get("width")), float(root.get("height"))
    for box in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(name)) for name in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + w <= wide and y + h <= tall


def test_texts_fit_their_boxes():
    x = Tensor(
        [1.123e-300, -1.123e300, 3.2, 4],
        True,
        label="a name that is far too long to be shown in a picture",
    )
    y = (x * 1).log_sigmoid().sum()
    y.backward()
    root = ET.fromstring(y.to_svg())
    boxes = [tuple(float(box.get(k)) for k in ("x", "y", "width", "height"))
             for box in root.iter(f"{SVG}rect")][1:]  # fmt: skip
    for text in root.iter(f"{SVG}text"):
        wide = len("".join(text.itertext())) * LETTER
        left = float(text.get("x")) - (wide / 2 if text.get("text-anchor") else 0)
        y = float(text.get("y"))
        assert any(
            bx <= left and left + wide <= bx + bw and by < y - 9 and y + 3 <= by + bh
            for bx, by, bw, bh in boxes
        ), text.text
    assert "a name that is far too long to be s\N{HORIZONTAL ELLIPSIS}" in x.to_svg()


def test_labels_are_escaped():
    x = Value(1, label='<b>&"')
    assert '<b>&" = 1' in texts((x * 2).to_svg())


@pytest.mark.parametrize("scheme", [0, 1])
def test_texts_stand_out_in_light_and_dark(scheme):
    def luminance(colour):
        parts = [int(PALETTE[colour][scheme][i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    def contrast(one, other):
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    for text, ground in ("ink", "card"), ("back", "card"), ("ink", "op"), ("soft", "paper"):
        assert contrast(text, ground) >= 4.5, (text, ground)
    for ground in "paper", "card":
        assert contrast("edge", ground) >= 3


def test_every_colour_has_its_dark_shade():
    drawn = example().to_svg()
    style = re.search(r"<style>(.*)</style>", drawn).group(1)
    for used in re.findall(r'class="([\w-]+)"', drawn):
        assert f".{used}{{" in style
    for name, (light, dark) in PALETTE.items():
        assert f".sg-{name}{{fill:{dark}}}" in style and light not in style


def test_anyone_can_draw_a_graph_of_their_own():
    parts = {"sum": ["one", "two"], "one": [], "two": ["one"]}
    drawn = svg("sum", parts.__getitem__, lambda name: Box(name, op="+" * (name == "sum")))
    assert sorted(texts(drawn)) == ["+", "one", "sum", "two"]
