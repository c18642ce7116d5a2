"""The figures of the gear document and the film: what they show is what the mechanism does."""

import json
import re
from html import unescape
from itertools import combinations
from math import log10
from xml.etree import ElementTree

import figures as drawn
import film
import numpy as np
import pytest
from conftest import ROOT
from making import diagrams, figures
from making.four_ways import counted
from test_draw import box

from simplenet.backprop.example import X, Y, example_net, trace
from simplenet.backprop.layout import machine_scene
from simplenet.backprop.mechanism import forces, positions
from simplenet.backprop.scene import pose

FOLDER = ROOT / "simplenet" / "backprop"
each = pytest.mark.parametrize("name", figures.FIGURES)


def in_page(name):
    return figures.in_page(name, lambda text: text)


def spec_of(name):
    return json.loads(unescape(re.search("data-spec='(.*?)'>", in_page(name))[1]))


# --- files ---------------------------------------------------------------------------------------


def test_the_stills_are_what_is_drawn_now():
    for path, content in figures.files().items():
        held = (ROOT / path).read_bytes()
        assert held == content, f"{path} is stale: run python scripts/make.py figures"
        ElementTree.fromstring(held)
        assert b"data-" not in held and len(held) < 40_000
    assert sorted(figures.files()) == sorted(
        str(path.relative_to(ROOT)) for path in (FOLDER / "figures").iterdir()
    )


def test_the_film_is_small_still_where_it_is_wished_and_fresh():
    held = (FOLDER / "film.svg").read_text(encoding="utf-8")
    assert held == film.film_svg() == diagrams.files()["simplenet/backprop/film.svg"].decode()
    assert len(held.encode()) <= 120_000
    ElementTree.fromstring(held)
    for word in ("<script", "@import", "url(", "data:", "<animate", "http://www.w3.org/1999"):
        assert word not in held
    style = re.search("<style>(.*?)</style>", held, re.DOTALL)[1]
    before, _, moving = style.partition("@media (prefers-reduced-motion:no-preference)")
    assert "animation" not in before and "@keyframes" in moving


@each
def test_the_drawing_in_a_page_has_names_of_its_own_and_is_small(name):
    text = in_page(name)
    svg = ElementTree.fromstring(re.search("<svg.*</svg>", text, re.DOTALL)[0])
    ids = [element.get("id") for element in svg.iter() if element.get("id")]
    assert all(found.startswith(f"{name}-") for found in ids) and len(ids) == len(set(ids))
    assert svg.get("aria-label") and "<style" not in text
    assert len(text) < 24_000


# --- questions -----------------------------------------------------------------------------------


@each
def test_every_figure_asks_and_one_answer_is_right(name):
    figure = figures.FIGURES[name]()
    assert figure.question.endswith("?") and len(set(figure.options)) == 3
    assert 0 <= figure.right < 3 and figure.answer
    assert figure.live["slider"]["min"] <= figure.live["slider"]["to"]
    assert figure.live["slider"]["to"] <= figure.live["slider"]["max"]


def test_the_answers_have_the_golden_numbers():
    answers = {name: make().answer for name, make in figures.FIGURES.items()}
    assert "0.593" in answers["mesh"]  # h1
    assert "0.0822" in answers["product"] and "0.0742" in answers["product"]  # a turn of 1
    assert "\N{MINUS SIGN}0.019" in answers["fork"] and "+0.036" in answers["fork"]
    assert "Once" in answers["sweep"]
    assert "0.019" in answers["saturation"] and "0.980" in answers["saturation"]


def test_the_neuron_alone_has_the_gradient_of_the_whole_net():
    made, _, at = drawn.product_machine()
    felt, _ = forces(made, at)
    assert felt["w1"] == pytest.approx(0.082167040564230779, rel=1e-12)


def test_h1_feels_nothing_somewhere_on_the_way_and_the_other_way_at_its_end():
    made, _, at = drawn.fork_machine()
    pulls = [forces(made, positions(made, at | {"w5": w}))[0]["h1"] for w in (0.4, 0.05)]
    assert pulls[0] == pytest.approx(0.036350306393144678, rel=1e-12)
    assert pulls[1] < 0


def test_the_net_has_a_label_on_every_edge_and_with_it_every_gradient():
    net = example_net()
    t = trace(net, X[0], Y[0])
    values = {label.text for label in drawn.net_drawing().labels}
    assert {f"w{n} {net.W[l][k, j]:.2f}" for n, l, k, j in drawn._weights()} <= values
    drawing = drawn.net_drawing(back=True)
    pulls = [float(label.text) for label in drawing.labels if label.colour == drawn.PULL]
    expected = [*net.grads, *t.dc_da[0], *t.dc_da[1], 1.0]
    assert sorted(pulls) == pytest.approx(sorted(map(float, expected)), abs=6e-5)


@each
def test_what_a_page_knows_of_a_machine_is_the_machine(name):
    spec = spec_of(name)
    svg = in_page(name)
    for body in re.findall('data-b="([^"]*)"', svg):
        assert body in spec["bodies"]
    assert len(re.findall("data-band=", svg)) == len(spec.get("bands", []))
    if name == "sweep":
        steps = set(map(int, re.findall('data-s="([^"]*)"', svg)))
        assert steps == set(range(1, len(spec["says"])))


def drawings():
    return {name: make().drawing for name, make in figures.FIGURES.items()} | {
        name: draw() for name, draw in figures.STILLS.items()
    }


@pytest.mark.parametrize("name", [*figures.FIGURES, *figures.STILLS])
def test_what_is_written_can_be_read_on_a_telephone(name):
    drawing = drawings()[name]
    # 267 pixels of 320 are left for it in the page; a wide one has 560, and is scrolled.
    room = 560 if drawing.width > 700 else 267
    assert min(label.size for label in drawing.labels) * room / drawing.width >= 10
    boxes = [(label.text, box(label)) for label in drawing.labels]
    for text, (left, top, right, bottom) in boxes:
        assert left >= 5 and top >= 5, text
        assert right <= drawing.width - 5 and bottom <= drawing.height - 5, text
    for (one, a), (other, b) in combinations(boxes, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"{one} and {other}"


@each
def test_the_ends_of_a_slider_leave_racks_at_their_wheels_and_bars_in_the_picture(name):
    figure = figures.FIGURES[name]()
    slider = figure.live["slider"]
    if slider.get("name", "")[:1] == "w":
        assert slider["min"] >= -1 and slider["max"] <= 1.4  # from there on a rack is off its wheel
    if name != "product":
        return
    start = figure.live["set"]["w1"]
    values = [box(label)[2] for label in figure.drawing.labels if re.search(r"\d$", label.text)]
    for bar in re.findall(r'data-bar="w1 (\S+) \S+ (\S+)"', in_page(name)):
        zero, scale = map(float, bar)
        assert zero + (slider["min"] - start) * scale > max(values[-4:])
        assert zero + (slider["max"] - start) * scale < 500  # where the load hangs


def test_the_bars_of_the_ways_are_what_was_counted():
    drawing = drawn.ways_drawing(*counted())
    said = [label.text for label in drawing.labels if label.bold and label.text[0].isdigit()]
    assert said == [
        f"{made[way] / made['forward']:{',.0f' if made[way] > 10 * made['forward'] else '.3g'}}"
        for way in ("nudge", "paths", "push", "backward")
        for made in counted()
    ]
    lengths = [
        float(width)
        for width in re.findall(r'width="([\d.]+)" height="15"', "".join(drawing.parts))[2:]
    ]
    ratios = [made[way] / made["forward"] for _, way in drawn.WAYS for made in counted()]
    for length, ratio in zip(lengths, ratios, strict=True):
        assert length == pytest.approx(max(1, drawn.DECADE * log10(ratio)), abs=0.006)
    assert len(drawing.svg()) < 3_600


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "d, short",
    [
        ("M1 2L3 4", "M1 2L3 4"),  # short already
        ("M0 0" + "L1.26 -1.26L2 0" * 8, "M0 0" + "l1.3-1.3 .7 1.3" + "-.7-1.3 .7 1.3" * 7),
        ("M0 0A5 5 0 0 1 5 5" * 9, "M0 0A5 5 0 0 1 5 5" * 9),
    ],
)
def test_a_shorter_path_goes_the_same_way(d, short):
    assert figures.shorter(d) == short


def test_lines_that_look_alike_are_joined():
    line = '<path d="M{0} 0V1" class="l-ink" fill="none"/>'
    other = '<path d="M0 0V1" class="l-soft" fill="none"/>'
    circle = '<circle r="1"/>'
    parts = [line.format(1), line.format(2), other, circle, line.format(3)]
    assert figures.joined(parts) == [
        line.format("1 0V1M2"), other, circle, line.format(3)
    ]  # fmt: skip


# --- the film ------------------------------------------------------------------------------------


def test_the_film_turns_one_crank_and_then_goes_downhill():
    made, moments = film.moments()
    times = [moment.time for moment in moments]
    assert times == sorted(times) and times[-1] < film.LASTS
    start = moments[0].at
    for moment in moments:
        assert moment.at == positions(made, moment.at)  # all of it moves as one machine
        if moment.time <= film.DOWN:
            moved = {name for name in made.cranks if moment.at[name] != start[name]}
            assert moved <= {"w5"}
    costs = [moment.at["C"] for moment in moments if moment.time >= film.DOWN]
    assert costs == sorted(costs, reverse=True) and costs[-1] < costs[0] / 2


def test_the_pass_back_goes_from_the_cost_to_the_first_weights():
    order = ["C", "o1", "z.o1", "w5", "h1", "z.h1", "w1"]
    stages = [film.stage_of(part) for part in order]
    assert stages == sorted(stages) and len(set(stages)) == len(order)
    assert film.stage_of("b.o2") == film.stage_of("lever p8") == film.stage_of("w7")
    assert film.stage_of("b.h2") == film.stage_of("p4") == film.stage_of("w2")


def test_no_rack_of_the_film_leaves_its_wheel():
    _, moments = film.moments()
    for moment in moments:
        for name, value in moment.at.items():
            if name[0] == "z":
                assert -1.1 < value < 2.5, name
            if name[0] in "w":
                assert -1 <= value <= 1.6


def test_what_the_film_leaves_out_nobody_would_see():
    made, moments = film.moments()
    moved = 0
    for body in machine_scene(made).bodies.values():
        points = [(moment.time, pose(body, moment.at)) for moment in moments]
        apart = (0.4, 0.4, 0.2 if body.tilt else 0.7)
        kept = film.moving(points, apart) or [points[0], (film.LASTS, points[0][1])]
        moved += len(kept) > 2
        assert kept[-1][0] == film.LASTS and set(kept[:-1]) <= set(points)
        for time, values in points:
            for n, most in enumerate(apart):
                shown = np.interp(time, [t for t, _ in kept], [at[n] for _, at in kept])
                assert abs(shown - values[n]) <= most + 1e-9
    assert moved > 20
