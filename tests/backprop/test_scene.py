"""The drawing of a machine: what it shows is what the machine does, at any position."""

import re
from math import degrees, hypot, pi

import numpy as np
import pytest
from boxes import NETS, collisions, drawn, standing, strokes

from simplenet.backprop import fittings
from simplenet.backprop.example import X, Y, example_net
from simplenet.backprop.layout import machine_scene
from simplenet.backprop.mechanism import given, machine, positions
from simplenet.backprop.scene import band_path, pose, transform, way
from simplenet.net import init_net

MADE = machine(example_net())
SCENE = machine_scene(MADE)


def places(count=20, seed=0):
    """Return the example's machine at random positions, the first one its own."""
    rng = np.random.default_rng(seed)
    start = given(example_net(), X[0], Y[0])
    yield positions(MADE, start)
    for _ in range(count):
        yield positions(MADE, {name: value + rng.normal() for name, value in start.items()})


def length(band, at):
    """Return how long a band is: its straight pieces, and its bends."""
    (_, y), total = band.start, 0.0
    for run in band.runs:
        level = run.y + way(run.ways, at)
        total += abs(level - y) + pi * run.r + run.width - 2 * run.r
        y = level
    return total + abs(band.end[1] - y)


def test_bands_keep_their_length():
    """As long as each pulley stays on its side of those beside it."""
    at_first, *others = places()
    for band in SCENE.bands:
        for at in others:
            ways = [run.y + way(run.ways, at) for run in band.runs]
            low = all(over < under for over, under in zip(ways[::2], ways[1::2]))
            if low and band.end[1] < ways[-1]:
                assert length(band, at) == pytest.approx(length(band, at_first), abs=1e-9)
    assert len(SCENE.bands) == 5


def test_every_pin_is_in_the_slot_of_its_lever():
    for at in places():
        for part in MADE.parts:
            if part.kind == "lever":
                a, w = part.inputs
                lever = SCENE.bodies[f"lever {part.output}"]
                x, y, _ = pose(SCENE.bodies[f"pin {part.output}"], at)
                _, _, turned = pose(lever, at)
                assert y == pytest.approx(x * np.tan(np.radians(turned)), abs=1e-9)
                # So does the pin of the rod, at the distance 1.
                assert -at[a] == pytest.approx(np.tan(np.radians(turned)), abs=1e-12)
                assert pose(SCENE.bodies[f"slide {w}"], at)[0] == x


def grooves():
    """Yield each groove's points, the body of its plate, and where its follower is at 0."""
    for shape in SCENE.shapes:
        if shape.attributes.get("stroke-linecap") == "round" and shape.line == "paper":
            numbers = list(map(float, re.findall(r"-?[\d.]+", shape.attributes["d"])))
            x, y = map(float, re.findall(r"-?[\d.]+", shape.attributes["transform"]))
            points = [(x + px, y + py) for px, py in zip(numbers[::2], numbers[1::2])]
            if len(points) > 10:
                yield points, shape.body


def test_every_follower_is_in_its_groove():
    followers = {
        shape.body: (shape.attributes["cx"], shape.attributes["cy"])
        for shape in SCENE.shapes
        if shape.tag == "circle" and shape.attributes["r"] == 5 and "rise" in shape.body
    }
    checked = 0
    for at in places():
        for points, plate in grooves():
            value = plate.removeprefix("plate ")
            moved = {"z": value[2:]}.get(value[0], f"c{value[1:]}")
            x, y = followers[f"rise {moved}"]
            x, y = x + pose(SCENE.bodies[f"rise {moved}"], at)[0], y - 48 * at[moved]
            shift = pose(SCENE.bodies[plate], at)[0]
            if not points[0][0] + shift < x < points[-1][0] + shift:
                continue  # beyond the end of the groove
            near = min(
                abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / hypot(bx - ax, by - ay)
                for (ax, ay), (bx, by) in zip(
                    [(px + shift, py) for px, py in points],
                    [(px + shift, py) for px, py in points[1:]],
                )
                if ax - 1 <= x <= bx + 1
            )
            assert near < 0.2
            checked += 1
    assert checked > 60


def test_racks_and_pinions_roll():
    for at in places(3):
        for name in MADE.cranks:
            turned = pose(SCENE.bodies[f"crank {name}"], at)[2]
            assert turned == pytest.approx(degrees(at[name] * 48 / fittings.CRANK))
        for unit in ("h1", "h2", "o1", "o2"):
            z = f"z.{unit}"
            turned = np.radians(pose(SCENE.bodies[f"pinion {z}"], at)[2])
            assert turned * fittings.WHEEL == pytest.approx(48 * at[z])
            assert turned * fittings.SMALL == pytest.approx(
                -pose(SCENE.bodies[f"plate {z}"], at)[0]
            )


def test_all_ways_are_drawn_to_one_scale():
    """But for the plates of cams of z, and what is turned by a band."""
    for name, body in SCENE.bodies.items():
        for k in (*body.x.values(), *body.y.values()):
            assert abs(k) == (fittings.PLATE if name.startswith("plate z") else SCENE.unit), name


def test_everything_that_has_a_value_is_marked_and_moves():
    assert {mark.value for mark in SCENE.marks} == set(MADE.values)
    moved = {name for body in SCENE.bodies.values() for name in (*body.x, *body.y, *body.turn)}
    assert moved == set(MADE.values)


def test_it_says_where_everything_is_as_svg():
    at = positions(MADE, given(example_net(), X[0], Y[0]))
    assert transform(SCENE.bodies[""], at) == ""
    assert transform(SCENE.bodies["slide w5"], at) == "translate(19.2 0)"
    assert transform(SCENE.bodies["crank w5"], at).startswith("rotate(72 ")
    paths = [band_path(band, at) for band in SCENE.bands]
    assert all(re.fullmatch(r"[MVHA\d. -]+", path) for path in paths)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 2), (1, 2, 3, 1)])
def test_other_small_nets_have_a_drawing(shape):
    net = init_net(shape, rng=0)
    scene = machine_scene(machine(net))
    assert {mark.value for mark in scene.marks} == set(machine(net).values)
    for shape in scene.shapes:
        for key in ("cx", "x"):
            if key in shape.attributes:
                assert -20 < shape.attributes[key] < scene.width


# --- labels, and ends -----------------------------------------------------------------------------


@pytest.mark.parametrize("title", NETS)
def test_no_label_meets_a_part_or_another_label(title):
    """Wherever the parts stand: with the longest names and values that these nets have."""
    made, scene, name = drawn(NETS[title])
    rng = np.random.default_rng(0)
    for far in 0, 0.3, 0.6, 1, 3:
        at = standing(made, scene, rng, far)
        assert collisions(scene, at, name) == set(), far
    if title == "the example":
        at = positions(made, given(example_net(), X[0], Y[0]))
        at |= {f"d.{value}": at[value] for value in at}
        assert collisions(scene, at, name) == set()


def test_what_meets_a_label_is_found():
    made, scene, name = drawn(NETS["bundled"])
    at = standing(made, scene, np.random.default_rng(0), 0)
    scene.rect(0, 0, scene.width, scene.height, fill="A", part="wall")
    assert {part for _, part in collisions(scene, at, name)} == {"wall"}


@pytest.mark.parametrize("title", NETS)
def test_nothing_is_drawn_outside_of_the_view(title):
    made, scene, _ = drawn(NETS[title])
    rng = np.random.default_rng(1)
    for far in 0, 1, 3, 30:
        for part, _, line, half in strokes(scene, standing(made, scene, rng, far)):
            for x, y in line:
                assert x - half >= 0 and x + half <= scene.width, (part, x)
                assert y - half >= 0 and y + half <= scene.height, (part, y)
