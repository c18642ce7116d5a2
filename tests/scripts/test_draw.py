"""The two diagrams: fresh, safe to embed, legible in any scheme; and their gears mesh."""

import re
from itertools import combinations, pairwise
from math import cos, dist, hypot, pi, sin
from xml.etree import ElementTree

import draw
import pen
import pytest
from conftest import ROOT

from simplenet.backprop import svg

FOLDER = ROOT / "simplenet" / "backprop"
TEXTS = {"gears.svg": draw.gears, "rack.svg": draw.rack}
DRAWINGS = {"gears.svg": draw.gears_drawing, "rack.svg": draw.rack_drawing}
SPACE = "{http://www.w3.org/2000/svg}"
both = pytest.mark.parametrize("name", TEXTS)
schemes = pytest.mark.parametrize("scheme", (0, 1), ids=("light", "dark"))


def meshing(gears):
    """Return the names of gears that mesh by design: the train's, or a Z and its o on the board."""
    if "C" in gears:
        return {frozenset(row[:2]) for row in draw.MESHES}
    return {frozenset((f"Z_{j}", f"o{j}")) for j in (1, 2)}


TRAINS = {"gears.svg": draw.train(), "rack.svg": draw.board()}
PAIRS = [
    pytest.param(gears[a], gears[b], id=f"{a} and {b}")
    for gears in TRAINS.values()
    for a, b in sorted(map(sorted, meshing(gears)))
]

# --- files ---------------------------------------------------------------------------------------


@both
def test_the_file_is_what_the_script_draws(name):
    held = (FOLDER / name).read_bytes()
    assert held == TEXTS[name]().encode(), f"{name} is stale: run python scripts/make.py diagrams"
    assert TEXTS[name]() == TEXTS[name]()


@both
def test_the_file_is_small_well_formed_and_asks_nobody_for_anything(name):
    text = TEXTS[name]()
    assert len(text.encode()) <= 40_000
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SPACE) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "circle", "path", "text", "tspan"}
    for word in ("href", "script", "@import", "url(", "font-face", "data:", "<!", "<?"):
        assert word not in text, word
    assert not [key for element in root.iter() for key in element.attrib if key[:2] == "on"]
    assert re.findall(r"\w+://[^\s\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert {"sans-serif"} == set(re.findall(r'font-family="([^"]*)"', text))
    assert {"monospace"} == set(re.findall(r"font-family:([^;}]*)", text))


@both
def test_numbers_are_short_and_there_is_no_minus_nothing(name):
    assert [*map(svg.number, (-0.004, 0, -0.5, 1.005, 100, 3.14159))] == (
        "0 0 -0.5 1.01 100 3.14".split()
    )
    for element in ElementTree.fromstring(TEXTS[name]()).iter():
        for key, value in element.attrib.items():
            if key not in ("xmlns", "class", "id"):
                assert not re.search(r"\.\d{3}|-0(?![.\d])|e-|nan|inf", value), value


@both
def test_it_says_what_it_shows(name):
    root = ElementTree.fromstring(TEXTS[name]())
    assert root.get("role") == "img"
    named = [root.find(f"{SPACE}*[@id='{key}']") for key in root.get("aria-labelledby").split()]
    assert [element.tag for element in named] == [f"{SPACE}title", f"{SPACE}desc"]
    title, desc = (element.text for element in named)
    assert 10 <= len(title) <= 60
    assert len(desc) >= 800
    assert "  " not in desc


def plain(name):
    """Return a label as the description writes it."""
    for mark, raised in (("^-", "⁻"), ("^", "")):
        name = name.replace(mark, raised)
    return re.sub(r"(?<=[A-Z⁻])\d", lambda digit: "⁰¹²"[int(digit[0])], name)


def test_the_descriptions_name_every_gear_and_say_the_equations():
    gears, rack = draw.gears_drawing().desc, draw.rack_drawing().desc
    assert plain("Z^-1") == "Z⁻¹"
    for gear in draw.train():
        assert plain(gear) in gears
    for equation, _ in draw.FORWARD:
        assert plain(equation).replace("y)2", "y)²") in gears
    for part in (*draw.board(), *(row[0] for row in draw.OPERATORS)):
        assert part in rack


# --- gears ---------------------------------------------------------------------------------------


def outline(gear):
    """Return the points of a gear's outline on the page, with its curves cut into short pieces."""
    text = svg.gear_path(gear.teeth, gear.module, gear.phase)
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
    return [(gear.x + point.real, gear.y + point.imag) for point in points]


def inside(point, polygon):
    """Tell whether a ray to the right leaves the polygon more often than it enters."""
    x, y = point
    crossed = False
    for (ax, ay), (bx, by) in pairwise([*polygon, polygon[0]]):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossed = not crossed
    return crossed


def clearance(point, polygon):
    """Return the distance of a point from a polygon's edge."""
    best = float("inf")
    for (ax, ay), (bx, by) in pairwise([*polygon, polygon[0]]):
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        t = ((point[0] - ax) * dx + (point[1] - ay) * dy) / length if length else 0
        t = min(max(t, 0), 1)
        best = min(best, hypot(point[0] - ax - t * dx, point[1] - ay - t * dy))
    return best


@pytest.mark.parametrize("teeth, module", [(14, 8), (18, 8), (20, 8), (40, 2)])
def test_a_gear_has_standard_proportions_and_involute_flanks(teeth, module):
    gear = pen.Gear("A", teeth, module, 0, 0, 0.3)
    points = outline(gear)
    radii = [hypot(*point) for point in points]
    assert max(radii) == pytest.approx(teeth * module / 2 + module, abs=0.02)
    assert min(radii) == pytest.approx(teeth * module / 2 - 1.25 * module, abs=0.02)
    assert inside((gear.outside * 0.99 * cos(0.3), gear.outside * 0.99 * sin(0.3)), points)
    gap = 0.3 + pi / teeth
    assert not inside((gear.pitch * cos(gap), gear.pitch * sin(gap)), points)
    # The normals of an involute touch its base circle: each piece of a flank lies across one.
    base = gear.pitch * cos(svg.PRESSURE)
    checked = 0
    for (ax, ay), (bx, by) in pairwise(points):
        x, y, length = (ax + bx) / 2, (ay + by) / 2, hypot(bx - ax, by - ay)
        if base * 1.03 < hypot(x, y) < gear.outside * 0.995 and length > 0.3:
            reach = abs(x * (bx - ax) + y * (by - ay)) / length  # of the normal from the axle
            assert reach == pytest.approx(base, rel=0.03)
            checked += 1
    assert checked >= 4 * teeth


@pytest.mark.parametrize("name", TRAINS)
def test_gears_have_integer_teeth_and_those_that_mesh_one_module(name):
    gears = TRAINS[name]
    assert all(type(gear.teeth) is int and gear.teeth >= 14 for gear in gears.values())
    for a, b in map(sorted, meshing(gears)):
        assert gears[a].module == gears[b].module
    if name == "gears.svg":
        assert len({gear.module for gear in gears.values()}) == 1


@pytest.mark.parametrize("one, other", PAIRS)
def test_meshing_gears_touch_at_their_pitch_circles(one, other):
    apart = dist((one.x, one.y), (other.x, other.y))
    assert apart == pytest.approx(one.pitch + other.pitch, abs=1e-9)


@pytest.mark.parametrize("one, other", PAIRS)
def test_teeth_stand_in_gaps_and_never_overlap(one, other):
    for a, b in ((one, other), (other, one)):
        edge = outline(b)
        near = [p for p in outline(a) if dist(p, (b.x, b.y)) <= b.outside + 1]
        assert len(near) >= 8
        assert not [p for p in near if inside(p, edge)]
        # Flanks all but touch: half the play is left on either side.
        closest = min(clearance(p, edge) for p in near)
        assert 0.03 * a.module < closest < 0.08 * a.module


@pytest.mark.parametrize("name", TRAINS)
def test_no_other_gears_touch(name):
    gears = TRAINS[name]
    for a, b in combinations(gears, 2):
        if frozenset((a, b)) not in meshing(gears):
            one, other = gears[a], gears[b]
            apart = dist((one.x, one.y), (other.x, other.y))
            assert apart > one.outside + other.outside + 4, f"{a} and {b}"


def test_ratio_1_is_meant_literally():
    gears = draw.train()
    for layer in ("0", "-1"):
        assert gears[f"B^{layer}"].teeth == gears[f"Z^{layer}"].teeth


def test_three_gears_drive_every_z():
    for z, before in (("Z^0", "A^-1 W^0 B^0"), ("Z^-1", "A^-2 W^-1 B^-1")):
        meets = {name for row in draw.MESHES if z in row[:2] for name in row[:2]} - {z}
        assert meets == {*before.split(), z.replace("Z", "A")}


# --- numbers -------------------------------------------------------------------------------------


def test_every_mesh_number_stands_at_a_mesh_and_in_the_panels():
    discs = [label for label in draw.gears_drawing().labels if re.fullmatch(r"\d", label.text)]
    below = max(gear.y + gear.outside for gear in draw.train().values())
    at_meshes = [label.text for label in discs if label.y < below]
    in_panels = [label.text for label in discs if label.y > below]
    assert sorted(at_meshes) == [str(number) for number in range(1, 8)]
    assert set(in_panels) == set(at_meshes)
    forward = [str(mesh) for _, meshes in draw.FORWARD for mesh in meshes]
    assert forward == sorted(at_meshes)
    # A factor's number is that of the mesh of the two gears it is the ratio of.
    for factors in draw.FACTORS.values():
        for _, mesh, top, bottom, _ in factors:
            if mesh:
                assert {top, bottom} in [set(row[:2]) for row in draw.MESHES if row[2] == mesh]


def test_each_chain_of_factors_leads_from_the_cost_to_the_weight():
    for weight, factors in draw.FACTORS.items():
        assert factors[0][2] == "C"
        assert factors[-1][3] == weight
        for before, after in pairwise(factors):
            assert before[3] == after[2]


def test_the_shared_shaft_has_the_golden_numbers():
    dc_dz, torques = draw.shared_shaft()
    assert dc_dz == pytest.approx([0.13849856162855697, -0.038098236516556217], rel=1e-12)
    assert torques == pytest.approx([0.055399424651422786, -0.019049118258278108], rel=1e-12)
    assert sum(torques) == pytest.approx(0.036350306393144678, rel=1e-12)
    said = {label.text for label in draw.rack_drawing().labels}
    assert {"+0.055399", "-0.019049", "+0.036350"} <= said
    for number in ("+0.055399", "-0.019049", "+0.036350"):
        assert number in draw.rack_drawing().desc


def test_the_operators_sum_over_what_they_sum_over():
    sums = {code: over for code, _, over, *_ in draw.OPERATORS}
    assert sums == {
        "dc_dz @ W.T": "paths",
        "dc_da * slope": "nothing",
        "a_prev.T @ dc_dz": "samples",
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
@both
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


@both
def test_every_colour_is_given_for_light_and_for_dark(name):
    text = TEXTS[name]()
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


@both
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
