"""The parts of a machine as they are drawn, each where it is asked for, and how they move.

All ways are drawn to one scale, UNIT for 1, but for the plates of the cams of z, which a two-step
pinion moves by PLATE: the S of a sigmoid would be long and flat otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, pi, sin, sqrt
from typing import Any

from simplenet.backprop.mechanism import cost_groove, height
from simplenet.backprop.scene import Band, Mark, Run, Scene, Ways
from simplenet.backprop.svg import number

UNIT = 48.0  # of the drawing, for a value of 1; a scene may have another
PLATE = 16.0  # how far the plate of a cam moves sideways when its z rises by 1
HALF = 68.8  # half the width of such a plate
LOW, HIGH = -48.0, 76.8  # how far the levers reach: weights from -1 to 1.6
PULLEY = HIGH + 27  # from a lever's pivot to the pulley that its bar carries
CRANK = UNIT / pi  # pitch radius of a crank's pinion: half a turn is 1
ARM = CRANK + 9  # of a crank
TEETH = 12  # of a crank's pinion
R, CORNER = 11.0, 7.0  # radii of the pulleys, and of those at a band's corners
SLIDE = 82.0  # of the racks of weights, below a row's zero
SLOT = HIGH + 4, 4 - LOW  # how far a pin can go along a lever, to the right and to the left
BIAS = -38.4, 48.0  # how far the rack of a bias can go
AXLE = 44.0  # of a plate's pinion, above a row's zero
WHEEL = 28.0  # its pitch radius where it meshes with z
SMALL = WHEEL * PLATE / UNIT  # and where it meshes with the plate
RACK = 26.0  # from the middle of the pulley of z to where its rack meets the wheel
FOLLOWER = RACK + WHEEL + 62  # and to where the follower stands
FLOOR = -AXLE + SMALL + 24 + UNIT  # the follower's zero, below that of the row
SIGNED = ("tanh", "identity")  # cams whose units go below 0, to -1
OVER = -AXLE + SMALL - 10  # where its rod turns to the side, were it at -1
RISE = 50.0  # how far it can rise
STROKE, UP = 1.5, 1.9  # how far the rack of z goes down and up, in units of value
SPAN = 4 * PLATE  # how far its plate goes to each side
COST = 14.0  # pitch radius of the pinion of a cost's plate
COST_FLOOR = -20 + COST + 24 + 0.6 * UNIT  # where its follower stands at 0, below a row's zero
REACH = 1.25 * UNIT  # half the width of that plate
ERROR = 57.0  # how far it can go from the truth
COST_RISE = 46.0  # how far its follower can rise
DEGREES = 180 / pi

STEEL: dict[str, Any] = {"fill": "A", "line": "ink", "pen": 1.2}
BRASS: dict[str, Any] = {"fill": "W", "line": "ink", "pen": 1.2}
BLUE: dict[str, Any] = {"fill": "Z", "line": "ink", "pen": 1.2}
DARK: dict[str, Any] = {"fill": "C", "line": "ink", "pen": 1.2}
FRAME: dict[str, Any] = {"line": "ink", "layer": 5, "part": "frame"}


def on(body: str, layer: int, part: str) -> dict[str, Any]:
    """Return where a shape belongs."""
    return {"body": body, "layer": layer, "part": part}


# --- cranks and rods -----------------------------------------------------------------------------


def rod(scene: Scene, name: str, *lines: list[tuple[float, float]], wide: float = 9) -> str:
    """Draw the rod of a value, which rises with it; return its body."""
    body = scene.body(f"rise {name}", y={name: -scene.scale(name)})
    scene.bar(*lines, fill="A", wide=wide, **on(body, 3, name))
    return body


def held(scene: Scene, x: float, y: float) -> None:
    """Draw the padlock of a rod that is given."""
    scene.rect(x - 10, y, x + 10, y + 16, **{**FRAME, "layer": 4}, fill="ink", rx=3)
    shackle = f"M{number(x - 6)} {number(y)}v-5a6 6 0 0 1 12 0v5"
    scene.add("path", **{**FRAME, "layer": 4}, pen=2.6, d=shackle)


def _arm(scene: Scene, x: float, y: float, towards: float, value: str) -> None:
    """Draw a pinion with a crank: clockwise is more."""
    half = {value: 180 * scene.unit / UNIT}  # a turn, for 1
    place = on(scene.body(f"crank {value}", turn=half, at=(x, y)), 5, value)
    scene.gear((x, y), CRANK, TEETH, towards, **BRASS, **place)
    scene.path((x, y), (x, y - ARM), line="ink", pen=4, **place)
    scene.circle(x, y - ARM, 5.5, fill="W", line="ink", pen=1.8, **place)
    scene.circle(x, y, 3.5, fill="ink", **place)


def level_crank(scene: Scene, x: float, y: float, w: str, slide: str) -> None:
    """Draw the rack of a weight, with its zero at x and its pitch line at y, and its crank."""
    u = scene.unit
    axle = x + 0.2 * u
    reach = HIGH + 6, 6 - LOW
    scene.rack((axle, y), reach, CRANK, TEETH, "below", 7, **BRASS, **on(slide, 1, w))
    _arm(scene, axle, y + CRANK, -pi / 2, w)
    mark = Mark(w, axle + ARM + 19.5, y + 30, "start", (axle, y + CRANK), "", ARM)
    scene.marks.append(mark)
    scene.ends[w] = LOW / u, HIGH / u


def upright_crank(scene: Scene, x: float, y: float, b: str) -> None:
    """Draw the rack of a bias under a pulley at (x, y), and its crank."""
    u = scene.unit
    mesh = x + 6, y + SLIDE + 4
    place = on(scene.body(f"rise {b}", y={b: -u}), 2, b)
    scene.rect(x - 3, y, x + 3, mesh[1], **BRASS, **place)
    reach = 6 - BIAS[0], 6 + BIAS[1]
    scene.rack(mesh, reach, CRANK, TEETH, "right", 9, **BRASS, **place)
    scene.ends[b] = scene.ends[f"d.{b}"] = BIAS[0] / u, BIAS[1] / u
    _arm(scene, mesh[0] + CRANK, mesh[1], pi, b)
    axle = mesh[0] + CRANK, mesh[1]
    scene.marks.append(Mark(b, mesh[0] + 8, mesh[1] + 56, "start", axle, "", ARM))


# --- the lever -----------------------------------------------------------------------------------


def lever(scene: Scene, x: float, y: float, a: str, w: str, p: str) -> None:
    """Draw a lever with its pivot at (x, y), the bar that its pin lifts, and its crank.

    The rod of a stands at the distance 1 from the pivot; it is drawn elsewhere.
    """
    u = scene.unit
    slide, bar = scene.body(f"slide {w}", x={w: u}), scene.body(f"rise {p}", y={p: -u})
    swing = scene.body(f"lever {p}", tilt=a, at=(x, y))
    pin = scene.body(f"pin {p}", x={w: u}, y={p: -u})
    level_crank(scene, x, y + SLIDE, w, slide)
    scene.rect(x - 4, y - 78, x + 4, y + SLIDE, rx=3, **BRASS, **on(slide, 2, w))
    groove = {"line": "paper", "pen": 2.5}
    scene.path((x, y - 72), (x, y + SLIDE - 14), **groove, **on(slide, 2, w))
    left = x + LOW - 10
    scene.rect(left, y - 5, x + PULLEY, y + 5, rx=4, **STEEL, **on(bar, 3, p))
    scene.path((left + 6, y), (x + HIGH + 10, y), **groove, **on(bar, 3, p))
    low, high = x + LOW - 16, x + HIGH + 14
    place = on(swing, 4, f"lever {p}")
    scene.rect(low, y - 7, high, y + 7, rx=7, fill="card", line="ink", **place)
    slot = {"line": "edge", "pen": 5, "stroke_linecap": "round"}
    scene.path((low + 10, y), (high - 10, y), **slot, **place)
    scene.path((x - 10, y + 19), (x, y), (x + 10, y + 19), **FRAME, fill="paper", pen=1.4)
    scene.path((x - 14, y + 19), (x + 14, y + 19), **FRAME, pen=2)
    scene.circle(x, y, 4, **FRAME, fill="paper")
    scene.circle(x, y, 6, fill="W", line="ink", pen=1.6, **on(pin, 6, w))
    drives = scene.body(f"rise {a}", y={a: -u})
    scene.circle(x + u, y, 4.5, fill="Z", line="ink", pen=1.4, **on(drives, 6, a))
    scene.slots[p] = w, a, SLOT[1] / u, SLOT[0] / u


# --- the band ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Belt:
    """A band in the making: where it has come to, and how it flows there as values rise."""

    scene: Scene
    runs: list[Run] = field(default_factory=list)
    flow: Ways = field(default_factory=dict)

    def lift(self, x: float, y: float, value: str, part: str) -> float:
        """Add a pulley that a value lifts; return where the band comes down from it."""
        turn = {name: DEGREES / R * each for name, each in self.flow.items()}
        unit = self.scene.scale(value)
        turn[value] = -DEGREES / R * unit
        ways = {value: -unit}
        body = self.scene.body(f"pulley {value}", y=ways, turn=turn, at=(x, y))
        self.scene.pulley(x, y, R, body, 6, part=part)
        self.runs.append(Run(x - R, 2 * R, y, True, ways, R))
        self.flow[value] = -2 * unit
        return x + R

    def under(self, x0: float, x1: float, y: float) -> float:
        """Lead the band from x0 down under two pulleys of the frame and up to x1."""
        self.runs.append(Run(x0, x1 - x0, y, False, {}, CORNER))
        for x in (x0 + CORNER, x1 - CORNER):
            self._fixed(x, y, CORNER, 1)
        return x1

    def hang(self, x: float, top: float, y: float, value: str, base: float) -> None:
        """Lead it from x over one pulley of the frame, and hang the value's in it; end the band."""
        u = self.scene.scale(value)
        self._fixed(x + R, top, R, -1)
        self.runs.append(Run(x, 2 * R, top, True, {}, R))
        turn = {value: DEGREES / R * u}
        body = self.scene.body(f"pulley {value}", y={value: -u}, turn=turn, at=(x + 3 * R, y))
        self.scene.pulley(x + 3 * R, y, R, body, 6, part=value)
        self.runs.append(Run(x + 2 * R, 2 * R, y, False, {value: -u}, R))
        ends = (self.runs[0].x, base + 12), (x + 4 * R, top - R)
        self.scene.bands.append(Band(value, ends[0], tuple(self.runs), ends[1]))
        for px, py in ends:
            self.scene.rect(px - 7, py - 2, px + 7, py + 3, **FRAME, fill="ink")

    def _fixed(self, x: float, y: float, r: float, sense: int) -> None:
        turn = {name: -sense * DEGREES / r * each for name, each in self.flow.items()}
        body = self.scene.body(f"fixed {number(x)} {number(y)}", turn=turn, at=(x, y))
        self.scene.pulley(x, y, r, body, 6, part="frame")


# --- cams ----------------------------------------------------------------------------------------


def cam(
    scene: Scene, x: float, y: float, low: float, unit: str, profile: str, shift: str = ""
) -> None:
    """Draw the rack of z beside its pulley at (x, low), a two-step pinion, the plate, a follower.

    `y` is the row's zero. The plate is clamped at `shift`, a value, if there is one. The follower's
    rod is drawn elsewhere.
    """
    u, z = scene.unit, f"z.{unit}"
    rise = scene.body(f"rise {z}", y={z: -u})
    axle = x + RACK + WHEEL, y - AXLE
    scene.rect(x, low - 4, x + RACK - 8, low + 4, rx=2, **BLUE, **on(rise, 5, z))
    mesh = x + RACK, axle[1]
    long = STROKE * u + 8, UP * u + 8
    scene.rack(mesh, long, WHEEL, 16, "right", 10, **BLUE, **on(rise, 3, z))
    turning = scene.body(f"pinion {z}", turn={z: DEGREES * u / WHEEL}, at=axle)
    scene.gear(axle, WHEEL, 16, pi, **BLUE, **on(turning, 1, z))
    scene.gear(axle, SMALL, 8, pi / 2, **{**BLUE, "fill": "card"}, **on(turning, 3, z))
    scene.circle(*axle, 3, fill="ink", **on(turning, 4, z))
    follower, zero, top = x + FOLLOWER, y + FLOOR, axle[1] + SMALL
    along = PLATE * u / UNIT
    plate = scene.body(f"plate {z}", x={z: -along} | ({shift: along} if shift else {}))
    half = HALF
    place = on(plate, 2, z)
    signed = profile in SIGNED
    bottom = zero + 14 + (u if signed else 0)
    scene.rect(follower - half, top + 2, follower + half, bottom, rx=2, **BLUE, **place)
    reach = 30.0, half + (follower - axle[0])
    scene.rack((axle[0], top), reach, SMALL, 8, "above", 3, **{**BLUE, "pen": 1}, **place)
    cut = follower, zero
    levels = (-1, 0, 1) if signed else (0, 1)
    groove(scene, lambda v: height(profile, v), SPAN / along, cut, along, levels, place, bottom)
    body = scene.body(f"rise {unit}", y={unit: -u})
    scene.circle(follower, zero, 5, fill="A", line="ink", pen=1.6, **on(body, 6, unit))
    scene.marks.append(
        Mark(z, follower - half - (10 if u == UNIT else 26), bottom + 28, "start", (x, low), rise)
    )
    most = RISE / u if profile in ("relu", "leaky-relu", "identity") else SPAN / along
    least = -1.0 if profile == "identity" else -SPAN / along
    scene.ends[unit] = min(0.0, height(profile, least)), height(profile, most)
    scene.ends[z] = (least, most, shift) if shift else (least, most)
    scene.ends[f"d.{z}"] = -STROKE, UP


def cost_cam(
    scene: Scene, x: float, y: float, names: tuple[str, str, str], profile: str, high: float
) -> float:
    """Draw the rack of an output, whose pitch line is at x, its pinion, the plate, the follower.

    `names` are those of the output, of the truth that the plate is clamped at, and of what it adds
    to C; `high` is where the output's rod turns to the side, below the row's zero. Return where the
    follower stands; its rod is drawn elsewhere.
    """
    u = scene.unit
    unit, truth, cost = names
    body = scene.body(f"rise {unit}", y={unit: -u})
    mesh, axle = (x, y - 20), (x + COST, y - 20)
    long = mesh[1] - y - high - 28, RISE + 8
    scene.rack(mesh, long, COST, TEETH, "right", 8, **STEEL, **on(body, 3, unit))
    turning = scene.body(f"pinion {unit}", turn={unit: DEGREES * u / COST}, at=axle)
    scene.gear(axle, COST, TEETH, pi, **STEEL, **on(turning, 4, unit))
    scene.circle(*axle, 3, fill="ink", **on(turning, 4, unit))
    follower, top, floor = axle[0] + 34, axle[1] + COST, y + COST_FLOOR
    place = on(scene.body(f"plate {unit}", x={unit: -u, truth: u}), 2, cost)
    scene.rect(follower - REACH, top + 2, follower + REACH, floor + 14, rx=2, **DARK, **place)
    ends = REACH - 34, REACH + 34
    scene.rack((axle[0], top), ends, COST, TEETH, "above", 3, **{**DARK, "pen": 1}, **place)
    cut = (follower, floor)
    scene.cuts[cost] = (*cut, u, scene.scale(cost))
    place = {**place, "part": f"groove {cost}"}
    share = scene.scale(cost) / u
    most = cost_reach(profile, u, scene.scale(cost))
    groove(scene, lambda e: share * cost_groove(profile, e), most, cut, u, (0,), place, floor + 14)
    scene.ends[cost] = 0.0, cost_groove(profile, most)
    scene.ends[truth] = -most, most, unit
    lifted = scene.body(f"rise {cost}", y={cost: -scene.scale(cost)})
    scene.circle(follower, floor, 5, fill="C", line="ink", pen=1.6, **on(lifted, 6, cost))
    return follower


def over(unit: float, profile: str) -> float:
    """Return where the rod of a unit turns to the side, while at zero, below the row's zero."""
    return OVER - unit * (2 if profile in SIGNED else 1)


def cost_reach(profile: str, unit: float, scale: float) -> float:
    """Return how far from the truth an output can be drawn: to where groove or plate ends."""
    high = COST_RISE / scale
    ends = {"cross-entropy": 1 - exp(-high), "squared-error": sqrt(high)}
    return min(ends.get(profile, sqrt(2 * high)), ERROR / unit)


def groove(
    scene: Scene,
    profile: Callable[[float], float],
    reach: float,
    zero: tuple[float, float],
    along: float,
    levels: tuple[float, ...],
    place: dict[str, Any],
    bottom: float,
) -> None:
    """Cut a groove into a plate, from -reach to reach: `zero` is its origin when that is at rest.

    Thin lines tell the heights `levels`, strokes at the lower edge, `bottom`, the whole numbers.
    """
    x, y = zero
    for level in levels:
        h = y - scene.unit * level
        ends = (x - along * reach, h), (x + along * reach, h)
        scene.path(*ends, line="scale", pen=1, **place)
    for v in range(-int(reach), int(reach) + 1):
        stroke = x + along * v
        ends = (stroke, bottom), (stroke, bottom - (5 if v else 9))
        scene.path(*ends, line="scale", pen=1.2, **place)
    steps = 40
    points = []
    for step in range(steps + 1):
        at = reach * sin(pi * (step / steps - 0.5))  # more of them where it may be steep
        high = scene.unit * profile(at)
        if (
            y - bottom + 4 <= high <= UNIT + 18
        ):  # where the plate ends, so does a groove that leads further
            points.append((x + along * at, y - high))
    for line, pen in (("ink", 12), ("paper", 9.5)):
        scene.path(*points, line=line, pen=pen, stroke_linecap="round", **place)
