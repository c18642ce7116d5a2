"""The diagrams: fresh, safe to embed, legible in any scheme; and their gears mesh."""

import re
from functools import cache
from itertools import combinations, pairwise
from math import cos, hypot, pi, sin
from xml.etree import ElementTree

import draw
import draw_parts
import pen
import pytest
from conftest import ROOT
from making import diagrams

from simplenet.backprop import svg
from simplenet.backprop.scene import Scene

FOLDER = ROOT / "simplenet" / "backprop"
DRAWINGS = diagrams.DRAWINGS
LARGEST = {"machine.svg": 90_000}  # bytes; of the others 60,000
SPACE = "{http://www.w3.org/2000/svg}"
each = pytest.mark.parametrize("name", DRAWINGS)
schemes = pytest.mark.parametrize("scheme", (0, 1), ids=("light", "dark"))


@cache
def text_of(name):
    """Return what the script draws."""
    return DRAWINGS[name]().svg()


# --- files ---------------------------------------------------------------------------------------


@each
def test_the_file_is_what_the_script_draws(name):
    held = (FOLDER / name).read_bytes()
    assert held == text_of(name).encode(), f"{name} is stale: run python scripts/make.py diagrams"
    assert text_of(name) == DRAWINGS[name]().svg()


@each
def test_the_file_is_small_well_formed_and_asks_nobody_for_anything(name):
    text = text_of(name)
    assert len(text.encode()) <= LARGEST.get(name, 60_000)
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SPACE) for element in root.iter()}
    shown = {"rect", "circle", "path", "text", "tspan", "g", "defs", "use"}
    assert tags <= {"svg", "title", "desc", "style"} | shown
    assert set(re.findall(r'href="(.)', text)) <= {"#"}  # into itself
    for word in ("script", "@import", "url(", "font-face", "data:", "<!", "<?"):
        assert word not in text, word
    assert not [key for element in root.iter() for key in element.attrib if key[:2] == "on"]
    assert re.findall(r"\w+://[^\s\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert {"sans-serif"} == set(re.findall(r'font-family="([^"]*)"', text))
    assert {"monospace"} == set(re.findall(r"font-family:([^;}]*)", text))


@each
def test_numbers_are_short_and_there_is_no_minus_nothing(name):
    assert [*map(svg.number, (-0.004, 0, -0.5, 1.005, 100, 3.14159))] == (
        "0 0 -0.5 1.01 100 3.14".split()
    )
    for element in ElementTree.fromstring(text_of(name)).iter():
        for key, value in element.attrib.items():
            if key not in ("xmlns", "class", "id", "href"):
                assert not re.search(r"\.\d{3}|-0(?![.\d])|e-|nan|inf", value), value


@each
def test_it_says_what_it_shows(name):
    root = ElementTree.fromstring(text_of(name))
    assert root.get("role") == "img"
    named = [root.find(f"{SPACE}*[@id='{key}']") for key in root.get("aria-labelledby").split()]
    assert [element.tag for element in named] == [f"{SPACE}title", f"{SPACE}desc"]
    title, desc = (element.text for element in named)
    assert 10 <= len(title) <= 60
    assert len(desc) >= 800
    assert "  " not in desc


def plain(name):
    """Return a label as the description writes it."""
    return re.sub(r"_-(\d)", lambda mark: "₋" + "₀₁₂₃"[int(mark[1])], name).replace("^2", "²")


def test_the_descriptions_name_every_part_and_say_the_equations():
    gears, rack = draw.gears_drawing().desc, draw.rack_drawing().desc
    assert plain("Z_-1") == "Z₋₁"
    for name in draw.NAMES.values():
        assert plain(name) in gears
    for equation, _ in draw.FORWARD:
        assert plain(equation) in gears
    for part in ("h1", "h2", "o1", "o2", "w5", "w6", "w7", "w8"):
        assert part in rack
    for code, *_ in draw.OPERATORS:
        assert code in rack


def test_the_machine_is_described_with_all_its_numbers():
    said = draw_parts.machine_drawing().desc
    for number in ("w5 0.400 and +0.0822", "w1 0.150 and +0.0004", "h1 0.593 and +0.0364"):
        assert number in said


# --- gears ---------------------------------------------------------------------------------------


def outline(teeth, module, phase):
    """Return the points of a gear's outline, with its curves cut into short pieces."""
    text = svg.gear_path(teeth, module, phase)
    assert re.fullmatch(r"M[^MZ]*Z", text)
    points = []
    for command, body in re.findall(r"([MLC])([^MLCZ]*)", text):
        numbers = list(map(float, re.findall(r"-?[\d.]+", body)))
        ends = [complex(*pair) for pair in zip(numbers[::2], numbers[1::2])]
        if command == "C":
            p, q, r, s = points[-1], *ends
            ends = []
            for t in (i / 8 for i in range(1, 9)):
                u = 1 - t
                ends.append(u**3 * p + 3 * u * u * t * q + 3 * u * t * t * r + t**3 * s)
        points += ends
    return [(point.real, point.imag) for point in points]


def inside(point, polygon):
    """Tell whether a ray to the right leaves the polygon more often than it enters."""
    x, y = point
    crossed = False
    for (ax, ay), (bx, by) in pairwise([*polygon, polygon[0]]):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossed = not crossed
    return crossed


@pytest.mark.parametrize("teeth, module", [(12, 2.5), (16, 3.5), (20, 8), (40, 2)])
def test_a_gear_has_standard_proportions_and_involute_flanks(teeth, module):
    points = outline(teeth, module, 0.3)
    radii = [hypot(*point) for point in points]
    pitch = teeth * module / 2
    assert max(radii) == pytest.approx(pitch + module, abs=0.02)
    assert min(radii) == pytest.approx(pitch - 1.25 * module, abs=0.02)
    assert inside(((pitch + module) * 0.99 * cos(0.3), (pitch + module) * 0.99 * sin(0.3)), points)
    gap = 0.3 + pi / teeth
    assert not inside((pitch * cos(gap), pitch * sin(gap)), points)
    # The normals of an involute touch its base circle: each piece of a flank lies across one.
    base = pitch * cos(svg.PRESSURE)
    checked = 0
    for (ax, ay), (bx, by) in pairwise(points):
        x, y, length = (ax + bx) / 2, (ay + by) / 2, hypot(bx - ax, by - ay)
        if base * 1.03 < hypot(x, y) < (pitch + module) * 0.995 and length > module / 26:
            reach = abs(x * (bx - ax) + y * (by - ay)) / length  # of the normal from the axle
            assert reach == pytest.approx(base, rel=0.03)
            checked += 1
    assert checked >= 4 * teeth


@pytest.mark.parametrize("side, towards", [("right", pi), ("above", pi / 2), ("below", -pi / 2)])
@pytest.mark.parametrize("teeth, radius", [(12, 15.28), (16, 28), (12, 14)])
def test_the_teeth_of_a_rack_stand_in_the_gaps_of_its_gear(side, towards, teeth, radius):
    scene = Scene(0, 0, 48)
    axle = {"right": (radius, 0), "above": (0, -radius), "below": (0, radius)}[side]
    scene.rack((0, 0), (80, 80), radius, teeth, side, fill="W")
    numbers = list(map(float, re.findall(r"-?[\d.]+", scene.shapes[0].attributes["d"])))
    rack = list(zip(numbers[::2], numbers[1::2]))
    for turned in (0, 0.4, -1.1):  # radians, clockwise: the rack goes along
        gear = [
            (x + axle[0], y + axle[1])
            for x, y in outline(teeth, 2 * radius / teeth, towards + turned)
        ]
        way = turned * radius
        moved = {"right": (0, -way), "above": (-way, 0), "below": (way, 0)}[side]
        there = [(x + moved[0], y + moved[1]) for x, y in rack]
        for point in gear:
            assert not inside(point, there), (side, turned, point)
        for point in there:
            assert not inside(point, gear), (side, turned, point)
        assert min(hypot(a - c, b - d) for a, b in gear for c, d in there) < 1.2  # they touch


# --- numbers -------------------------------------------------------------------------------------


def test_every_number_stands_at_a_joint_on_a_way_back_and_in_the_panels():
    discs = [label for label in draw.gears_drawing().labels if re.fullmatch(r"\d", label.text)]
    at_joints = [label.text for label in discs if label.y < 300]
    on_ways = [label.text for label in discs if 300 < label.y < 500]
    in_panels = [label.text for label in discs if label.y > 500]
    assert sorted(at_joints) == [str(number) for number in range(1, 8)]
    assert set(in_panels) == set(at_joints)
    assert on_ways == list("765") + list("76432")
    forward = [str(mesh) for _, meshes in draw.FORWARD for mesh in meshes]
    assert forward == sorted(at_joints)
    # A factor's number is that of the joint of the two parts it is the ratio of.
    for factors in draw.FACTORS.values():
        for _, mesh, top, bottom, _ in factors:
            if mesh:
                assert {top, bottom} in [set(row[:2]) for row in draw.JOINTS if row[2] == mesh]


def test_each_chain_of_factors_leads_from_the_cost_to_the_weight():
    for weight, factors in draw.FACTORS.items():
        assert factors[0][2] == "C"
        assert factors[-1][3] == weight
        for before, after in pairwise(factors):
            assert before[3] == after[2]


def test_the_shared_rod_has_the_golden_numbers():
    dc_dz, forces = draw.shared_rod()
    assert dc_dz == pytest.approx([0.13849856162855697, -0.038098236516556217], rel=1e-12)
    assert forces == pytest.approx([0.055399424651422786, -0.019049118258278108], rel=1e-12)
    assert sum(forces) == pytest.approx(0.036350306393144678, rel=1e-12)
    said = {label.text for label in draw.rack_drawing().labels}
    assert {"+0.055399", "-0.019049", "+0.036350"} <= said
    for number in ("+0.055399", "-0.019049", "+0.036350"):
        assert number in draw.rack_drawing().desc


def test_the_operators_sum_over_what_they_sum_over():
    sums = {code: over for code, _, over, *_ in draw.OPERATORS}
    assert sums == {
        "dc_dz @ W.T": "paths",
        "dc_da * slope": "nothing",
        "inputs.T @ dc_dz": "samples",
        "dc_dz.sum(axis=0)": "samples",
    }


# --- legibility ----------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other, scheme):
    low, high = sorted(luminance(pen.PALETTE[name][scheme]) for name in (one, other))
    return (high + 0.05) / (low + 0.05)


@schemes
@each
def test_text_stands_out_from_what_is_behind_it(name, scheme):
    for label in DRAWINGS[name]().labels:
        assert contrast(label.colour, label.on, scheme) >= 4.5, label


@schemes
def test_paths_outlines_and_gears_differ_in_luminance(scheme):
    for path in ("back0", "back1"):
        assert contrast(path, "card", scheme) >= 3  # what every path is laid on
    assert contrast("back0", "back1", scheme) >= 1.2
    for kind in "AZWBC":
        assert contrast("ink" if kind != "C" else "card", kind, scheme) >= 3
    for one, other in combinations("AZWC", 2):
        assert contrast(one, other, scheme) >= 1.1, (one, other)


def test_one_path_is_solid_and_the_other_dashed():
    dashes = [dash for _, dash in draw.BACK.values()]
    assert dashes[0] == "" != dashes[1]


@each
def test_every_colour_is_given_for_light_and_for_dark(name):
    text = text_of(name)
    style = re.search("<style>(.*)</style>", text, re.DOTALL)[1]
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    used = {word for group in re.findall(r'class="([^"]*)"', text) for word in group.split()}
    for word in used - {"b", "m"}:
        assert f".{word}{{" in light
        assert f".{word}{{" in dark
    assert not re.search(r'(fill|stroke)="#', text)


def box(label):
    """Estimate the rectangle that a label takes, for a wide font: (left, top, right, bottom)."""
    width = 0.0
    small = False
    for mark, letter in re.findall(r"([\^_]-?)?(.)", label.text if not label.mono else ""):
        small = bool(mark)
        wide = 0.36 if letter in "ijl.,:;()|/ '" else 0.8 if letter in "mwWACZ+=-" else 0.64
        width += (wide + 0.8 * mark.count("-")) * (0.75 if small else 1)
    if label.mono:
        width = 0.61 * len(label.text)
    width *= label.size * (1.08 if label.bold else 1)
    left = {"start": 0, "middle": width / 2, "end": width}[label.anchor]
    x = label.x - left
    return x, label.y - label.size * 0.78, x + width, label.y + label.size * 0.22


@each
def test_labels_are_large_enough_and_keep_clear_of_each_other_and_the_edge(name):
    drawing = DRAWINGS[name]()
    boxes = [(label.text, box(label)) for label in drawing.labels]
    assert min(label.size for label in drawing.labels) * 900 / drawing.width >= 11.5
    for text, (left, top, right, bottom) in boxes:
        assert left >= 20, text
        assert right <= drawing.width - 20, text
        assert top >= 15, text
        assert bottom <= drawing.height - 15, text
    for (one, a), (other, b) in combinations(boxes, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"{one} and {other}"
