"""Where the shapes and the labels of a scene lie, as strokes and boxes: what meets what?"""

import re
from itertools import pairwise
from math import cos, hypot, radians, sin

import numpy as np

from simplenet.backprop import bundled
from simplenet.backprop.digest import digest, digest_scene, draw_from
from simplenet.backprop.example import example_net
from simplenet.backprop.layout import WIDE, machine_scene
from simplenet.backprop.mechanism import machine
from simplenet.backprop.scene import pose, way
from simplenet.net import init_net

LETTER, DIGIT = 11.2, 12.6  # the width of a letter of a name and of a digit: DejaVu Sans is wide
ASCENT, DESCENT, SIZE = 15, 5, 21  # of a line of text


def labels(scene, at, names):
    """Yield (value, box) of each label: name and value, and the gradient below them."""
    for mark in scene.marks:
        moved = (0, 0)
        least = scene.ends.get(mark.value, (-1,))[0]
        text = "0.000" if least >= 0 or mark.value == "r.C" else "-0.000"
        if not (mark.round or mark.minor or mark.value[0] == "z"):
            moved = pose(scene.bodies[mark.body], at)[:2]
        width = max(
            LETTER * len(names(mark.value)) + 6 + DIGIT * len(text) - 5, DIGIT * len("+0.1385") - 5
        )
        left = mark.x + moved[0] - {"start": 0, "middle": 0.5, "end": 1}[mark.anchor] * width
        y = mark.y + moved[1]
        lines = 1 if mark.value[0] == "y" else 2
        yield mark.value, (left, y - ASCENT, left + width, y + SIZE * (lines - 1) + DESCENT)


def strokes(scene, at):
    """Yield (part, what it is, [(x, y), ...], half its width) of all that is drawn."""
    for shape in scene.shapes:
        body, got = scene.bodies[shape.body], shape.attributes
        half = shape.pen / 2 if shape.line != "none" else 0.0
        if shape.tag == "circle":
            lines, half = [[(got["cx"], got["cy"])] * 2], half + got["r"]
        elif shape.tag == "rect":
            x, y, w, h = (got[key] for key in ("x", "y", "width", "height"))
            across = min(w, h) / 2
            ends = ((x + across, y + h / 2), (x + w - across, y + h / 2))
            if h > w:
                ends = ((x + w / 2, y + across), (x + w / 2, y + h - across))
            lines, half = [list(ends)], half + across
        else:
            dx, dy = map(float, re.findall(r"-?[\d.]+", got.get("transform", "0 0")))
            lines = [[(x + dx, y + dy) for x, y in line] for line in outline(got["d"])]
        for line in lines:
            yield shape.part, shape, [placed(body, at, *point) for point in line], half
    for band in scene.bands:
        x, y = band.start
        for run in band.runs:
            new = run.y + way(run.ways, at)
            ends = [(run.x, y), (run.x, new), (run.x + run.width, new)]
            yield "band " + band.part, band, ends, 1.5
            x, y = run.x + run.width, new
        yield "band " + band.part, band, [(x, y), (x, band.end[1])], 1.5


def outline(d):
    """Return the points of a path, line by line; of a curve, its ends and inner points."""
    lines, pen = [], (0.0, 0.0)
    for letter, text in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", d):
        numbers = list(map(float, re.findall(r"-?\d*\.?\d+", text)))
        relative = letter.islower()
        if letter in "Mm":
            lines.append([])
        if letter in "Zz":
            lines[-1].append(lines[-1][0])
            continue
        if letter in "Hh":
            pairs = [(numbers[0], 0.0 if relative else pen[1])]
        elif letter in "Vv":
            pairs = [(0.0 if relative else pen[0], numbers[0])]
        elif letter in "Aa":
            pairs = [tuple(numbers[-2:])]
        else:
            pairs = list(zip(numbers[::2], numbers[1::2]))
        start = pen
        for x, y in pairs:
            pen = (start[0] + x, start[1] + y) if relative else (x, y)
            lines[-1].append(pen)
            if relative and letter == "l":
                start = pen
    return lines


def placed(body, at, x, y):
    """Return where a point of a body lies."""
    dx, dy, turned = pose(body, at)
    if body.turn or body.tilt:
        (ax, ay), angle = body.at, radians(turned)
        x, y = (
            ax + (x - ax) * cos(angle) - (y - ay) * sin(angle),
            ay + (x - ax) * sin(angle) + (y - ay) * cos(angle),
        )
    return x + dx, y + dy


def meets(box, line, half):
    """Tell whether a stroke comes into a box: looked at from point to point, every two units."""
    left, top, right, bottom = box
    xs, ys = [x for x, _ in line], [y for _, y in line]
    if max(xs) + half < left or min(xs) - half > right:
        return False
    if max(ys) + half < top or min(ys) - half > bottom:
        return False
    for (ax, ay), (bx, by) in pairwise(line):
        steps = max(1, int(hypot(bx - ax, by - ay) / 2))
        for step in range(steps + 1):
            x, y = ax + (bx - ax) * step / steps, ay + (by - ay) * step / steps
            out_x, out_y = max(left - x, 0, x - right), max(top - y, 0, y - bottom)
            if hypot(out_x, out_y) < half:
                return True
    return False


def collisions(scene, at, names, allowed=()):
    """Return what labels meet: (value, the part it meets), and pairs of labels."""
    found = set()
    drawn = list(strokes(scene, at))
    boxes = list(labels(scene, at, names))
    for value, box in boxes:
        for part, _, line, half in drawn:
            if meets(box, line, half):
                found.add((value, part))
        for other, (left, top, right, bottom) in boxes:
            if value < other and (
                box[0] < right and left < box[2] and box[1] < bottom and top < box[3]
            ):
                found.add((value, f"label {other}"))
    return found


# --- machines of many nets, standing anywhere ---------------------------------------------------

SOFTMAX = {"output_activation": "softmax", "cost": "cross-entropy"}
SIGNED = {"activation": "tanh", "output_activation": "tanh"}
NETS = {
    "the example": example_net(),
    "bundled": bundled().net,
    "one unit each": init_net((1, 1, 1), rng=0),
    "one layer": init_net((2, 2), rng=0, **SIGNED),
    "one layer of many": init_net((784, 26), rng=0),
    "four layers": init_net((784, 100, 60, 26), rng=0, activation="relu", **SOFTMAX),
    "one output": init_net((35, 9, 1), rng=0, activation="tanh", output_activation="identity"),
}


def drawn(net):
    """Return the machine of a net and its scene as the page has them, and the longest names."""
    small = max(net.shape) <= 2 and net.activations[-1] != "softmax"
    if small:
        made, scene = machine(net), machine_scene(machine(net), spaces=WIDE)
        draw_from(scene, ("z.",))
    else:
        made, scene = digest(net), digest_scene(net)
    last = len(net.shape) - 1

    def name(value):
        kind, unit = value[0], value.partition(".")[2]
        if kind in "zr" and unit:
            return f"z of {name(unit)}" if kind == "z" else "rest"
        if small or kind in "pcC":
            return value
        longest = {"x": net.shape[0], "o": net.shape[-1], "h": max(net.shape[1:last], default=1)}
        words = {"x": "input", "o": "output", "h": "unit"}
        if kind in words:
            return f"{words[kind]} {longest[kind] - 1}"
        one, other = max(net.shape[:-1]) - 1, max(net.shape[1:]) - 1
        return {"b": "b", "w": f"W₋₁[{one}, {other}]", "y": f"y of {net.shape[-1] - 1}"}[kind]

    return made, scene, lambda value: "b" if value[0] == "b" else name(value)


def standing(made, scene, rng, far):
    """Return where the parts of a scene could stand: each anywhere up to its ends."""
    clamped = {ends[2] for ends in scene.ends.values() if len(ends) > 2}
    at = dict.fromkeys({*made.values, *scene.ends, *clamped}, 0.0)
    free = {name: ends for name, ends in scene.ends.items() if len(ends) == 2}
    for name, (least, most) in free.items():
        at[name] = float(np.clip(far * rng.normal(), least, most))
        if name[0] in "xcC":
            at[name] = float(rng.uniform(0, min(most, 1)))
    for product, (w, a, left, right) in scene.slots.items():
        long = hypot(1, at[a])
        at[w] = float(np.clip(at[w], -left / long, right / long))
        at[product] = at[w] * at[a]
    for name, ends in scene.ends.items():
        if len(ends) > 2:
            at[name] = at[ends[2]] + float(np.clip(far * rng.normal(), *ends[:2]))
    return at
