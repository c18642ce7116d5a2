"""A drawing whose parts move: shapes on rigid bodies, and how each body follows the values.

A scene is plain data, so that Python draws it for a document and JavaScript moves it in the page.
Coordinates are those of SVG, with y down; way is positive upwards and to the right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import atan, cos, degrees, pi, sin, tan
from typing import Any

from simplenet.backprop.svg import BACKLASH, PRESSURE, gear_path, number

Ways = dict[str, float]  # how far per unit of each value


@dataclass(slots=True)
class Body:
    """Something rigid: moved by x and y, turned around `at` by `turn` degrees for each unit.

    `tilt` names a value and the distance at which it lifts a lever that pivots at `at`.
    """

    x: Ways = field(default_factory=dict)
    y: Ways = field(default_factory=dict)
    turn: Ways = field(default_factory=dict)
    tilt: str = ""
    at: tuple[float, float] = (0, 0)


@dataclass(frozen=True, slots=True)
class Shape:
    """An element of SVG, its colours of the palette, and the body that carries it."""

    tag: str
    fill: str
    line: str
    pen: float
    attributes: dict[str, str | float]
    body: str
    layer: int  # what is in front of what
    part: str  # what it belongs to, such as a value


@dataclass(frozen=True, slots=True)
class Run:
    """A band's way up or down at x to the height y, and then over or under to x + width.

    It bends with radius r: around one pulley if the width is 2 r, around two at the ends of a level
    piece if it is more. The height moves as `ways` say.
    """

    x: float
    width: float
    y: float
    over: bool
    ways: Ways
    r: float


@dataclass(frozen=True, slots=True)
class Band:
    """A band from its first anchor, over and under pulleys, to its last."""

    part: str
    start: tuple[float, float]
    runs: tuple[Run, ...]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the name, the value and the pull of one value are shown, and how it moves."""

    value: str
    x: float
    y: float
    anchor: str  # of the text
    arrow: tuple[float, float]  # where the pull takes hold
    body: str  # that carries the arrow
    round: float = 0.0  # radius of an arc, where the pull is a torque
    minor: bool = False  # shown when it is talked of; the text of the mark stands still


@dataclass(slots=True)
class Scene:
    """A drawing of so many units, on a scale of `unit` for a value of 1."""

    width: float
    height: float
    unit: float
    bodies: dict[str, Body] = field(default_factory=lambda: {"": Body()})
    shapes: list[Shape] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    cost_unit: float = 0.0  # the same for C and what adds to it; 0: as for all else
    # Of the grooves that are cut anew for another cost: the place of their zero, and their scale.
    cuts: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    # How far each value can be drawn, from least to most; of some, how far from another value.
    ends: dict[str, tuple[float, float] | tuple[float, float, str]] = field(default_factory=dict)
    # Of a lever's pin: its weight, its rod, how far along the lever it can go to both sides.
    slots: dict[str, tuple[str, str, float, float]] = field(default_factory=dict)

    def scale(self, value: str) -> float:
        """Return how far a value of this name moves its rod for 1."""
        is_cost = value[0] in "cC" or value == "r.C"
        return (self.cost_unit or self.unit) if is_cost else self.unit

    def body(self, name: str, **moves: Any) -> str:
        """Add a body, and return its name."""
        self.bodies[name] = Body(**moves)
        return name

    def add(
        self,
        tag: str,
        fill: str = "none",
        line: str = "none",
        pen: float = 1.5,
        body: str = "",
        layer: int = 0,
        part: str = "",
        **attributes: str | float,
    ) -> None:
        """Add a shape."""
        attributes = {k.replace("_", "-"): v for k, v in attributes.items()}
        self.shapes.append(Shape(tag, fill, line, pen, attributes, body, layer, part))

    def rect(self, x0: float, y0: float, x1: float, y1: float, **more: Any) -> None:
        """Add a rectangle between two corners."""
        self.add("rect", x=x0, y=y0, width=x1 - x0, height=y1 - y0, **more)

    def circle(self, x: float, y: float, r: float, **more: Any) -> None:
        """Add a circle."""
        self.add("circle", cx=x, cy=y, r=r, **more)

    def path(self, *points: tuple[float, float], **more: Any) -> None:
        """Add a line through points."""
        (x, y), near = points[0], [(px - points[0][0], py - points[0][1]) for px, py in points]
        place = f"translate({number(x)} {number(y)})"
        self.add("path", d=line_path(near), transform=place, **more)

    def bar(
        self, *lines: Sequence[tuple[float, float]], fill: str, wide: float, **more: Any
    ) -> None:
        """Add one rigid bar that runs along these lines, with an outline."""
        d = "".join(map(line_path, lines))
        more = {"stroke_linecap": "square", **more}
        self.add("path", line="ink", pen=wide, d=d, **more)
        self.add("path", line=fill, pen=wide - 2.5, d=d, **more)

    def gear(
        self, axle: tuple[float, float], radius: float, teeth: int, towards: float, **more: Any
    ) -> None:
        """Add a gear of a pitch radius, one of whose teeth points `towards`, in radians."""
        x, y = axle
        outline = gear_path(teeth, 2 * radius / teeth, towards)
        self.add("path", d=outline, transform=f"translate({number(x)} {number(y)})", **more)

    def rack(
        self,
        mesh: tuple[float, float],
        reach: tuple[float, float],
        radius: float,
        teeth: int,
        side: str,
        depth: float = 9,
        **more: Any,
    ) -> None:
        """Add a rack that meshes at a point with a gear of this pitch radius, on this side of it.

        It reaches so far to both sides of the mesh, along itself; `side` is where its gear is:
        "right" of an upright rack, "above" or "below" a level one.
        """
        pitch = 2 * pi * radius / teeth
        module = pitch / pi
        tip = min(0.95, 0.45 * teeth * sin(PRESSURE) ** 2)  # in modules; more would undercut
        first = int(-reach[0] / pitch) - 1
        last = int(reach[1] / pitch) + 1
        points = [(-reach[0], depth), (-reach[0], 1.1 * module)]
        for tooth in range(first, last + 1):
            middle = (tooth + 0.5) * pitch  # in the mesh itself stands a gap
            if not -reach[0] <= middle - pitch / 2 <= middle + pitch / 2 <= reach[1]:
                continue
            flank = [(pi / 4 - BACKLASH / 2 - up * tan(PRESSURE), up) for up in (-1.1, tip)]
            for out, up in (*((-out, up) for out, up in flank), *flank[::-1]):
                points.append((middle + out * module, -up * module))
        points += [(reach[1], 1.1 * module), (reach[1], depth)]
        if side == "right":
            points = [(-v, u) for u, v in points]
        if side == "below":
            points = [(u, -v) for u, v in points]
        d = line_path(points) + "Z"
        self.add("path", d=d, transform=f"translate({number(mesh[0])} {number(mesh[1])})", **more)

    def pulley(self, x: float, y: float, r: float, body: str, layer: int, **more: Any) -> None:
        """Add a pulley, with spokes that show how it turns."""
        self.circle(x, y, r, fill="card", line="ink", pen=1.4, body=body, layer=layer, **more)
        spokes = [0.3 + 2 * pi * third / 3 for third in range(3)]
        tips = [(r * cos(spoke), r * sin(spoke)) for spoke in spokes]
        d = "".join(line_path([(0, 0), tip]) for tip in tips)
        place = f"translate({number(x)} {number(y)})"
        self.add("path", line="soft", pen=1.4, body=body, layer=layer, d=d, transform=place, **more)
        self.circle(x, y, 2.6, fill="ink", body=body, layer=layer, **more)


def line_path(points: Sequence[tuple[float, float]]) -> str:
    """Return a line through points as the `d` of an SVG path."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


# --- for the page --------------------------------------------------------------------------------


def as_data(scene: Scene, outlines: list[str]) -> dict[str, Any]:
    """Return a scene as JSON has it, without a word too many; scene.mjs reads it.

    A shape is [group, style, ...numbers]: x, y, width, height and corner of a rectangle, x, y and
    radius of a circle, the place in `outlines` of a path and how far it is moved. `outlines` gets
    each path once. A group is [body, layer, part], a style [tag, fill, line, pen, end of the line].
    """
    groups: list[tuple[str, int, str]] = []
    styles: list[tuple[str, str, str, float, str]] = []

    def place(things: list[Any], thing: object) -> int:
        if thing not in things:
            things.append(thing)
        return things.index(thing)

    def numbers(shape: Shape) -> list[float]:
        got = shape.attributes
        if shape.tag == "path":
            moved = re.findall(r"-?[\d.]+", str(got.get("transform", "")))
            outline = re.sub(r"-?\d+\.\d+", _tenth, str(got["d"]))
            return [place(outlines, outline), *map(float, moved)]
        keys = ("cx", "cy", "r") if shape.tag == "circle" else ("x", "y", "width", "height", "rx")
        return [float(got.get(key, 0)) for key in keys]

    shapes = []
    for shape in sorted(scene.shapes, key=lambda shape: shape.layer):
        end = str(shape.attributes.get("stroke-linecap", ""))
        group = place(groups, (shape.body, shape.layer, shape.part))
        style = place(styles, (shape.tag, shape.fill, shape.line, shape.pen, end))
        shapes.append([group, style, *numbers(shape)])
    bodies = {}
    for name, body in scene.bodies.items():
        fields = {key: getattr(body, key) for key in ("x", "y", "turn", "tilt")}
        bodies[name] = {key: value for key, value in fields.items() if value}
        if body.turn or body.tilt:
            bodies[name]["at"] = body.at
    data = {
        "size": [scene.width, scene.height],
        "unit": scene.unit,
        "bodies": bodies,
        "groups": groups,
        "styles": styles,
        "shapes": shapes,
        "bands": [
            [b.part, b.start, [[r.x, r.width, r.y, r.over, r.ways, r.r] for r in b.runs], b.end[1]]
            for b in scene.bands
        ],
        "marks": [
            [m.value, m.x, m.y, m.anchor, m.arrow, m.body, m.round, m.minor] for m in scene.marks
        ],
        "cuts": scene.cuts,
        "ends": {name: tuple(ends) for name, ends in scene.ends.items()},
        "slots": scene.slots,
    }
    return {key: _rounded(value) for key, value in data.items()}


def _tenth(found: re.Match[str]) -> str:
    """Return a number of an outline to one digit after the point: the page draws it smaller."""
    return f"{float(found[0]) + 1e-9:.1f}".replace("-0.0", "0").removesuffix(".0")


def _rounded(value: Any) -> Any:
    """Return data with each number to two digits after the point, or as many as it has."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    if isinstance(value, bool | float):
        return int(value) if value == int(value) else round(value, 2)
    return value


# --- where everything stands ---------------------------------------------------------------------


def way(ways: Ways, at: Mapping[str, float]) -> float:
    """Return how far something has gone, given the values."""
    return sum(k * at[name] for name, k in ways.items())


def pose(body: Body, at: Mapping[str, float]) -> tuple[float, float, float]:
    """Return how far a body stands moved right, down, and turned clockwise, in degrees."""
    turned = way(body.turn, at) - (degrees(atan(at[body.tilt])) if body.tilt else 0.0)
    return way(body.x, at), way(body.y, at), turned


def transform(body: Body, at: Mapping[str, float]) -> str:
    """Return the same as SVG has it, or nothing for what stands still."""
    x, y, turned = pose(body, at)
    text = f"translate({number(x)} {number(y)})" if body.x or body.y else ""
    if body.turn or body.tilt:
        text += f"rotate({number(turned)} {number(body.at[0])} {number(body.at[1])})"
    return text


def band_path(band: Band, at: Mapping[str, float]) -> str:
    """Return a band as the `d` of an SVG path, and so how it runs now."""
    x, y = band.start
    d = f"M{number(x)} {number(y)}"
    for run in band.runs:
        y, r, turn = run.y + way(run.ways, at), run.r, int(run.over)
        level = y - r if run.over else y + r
        bend = f"A{number(r)} {number(r)} 0 0 {turn} "
        d += f"V{number(y)}{bend}{number(run.x + r)} {number(level)}"
        d += f"H{number(run.x + run.width - r)}{bend}{number(run.x + run.width)} {number(y)}"
    return d + f"V{number(band.end[1])}"
