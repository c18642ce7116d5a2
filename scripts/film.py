"""A short film of the machine, for the README: SVG that moves by CSS alone.

Every position is the mechanism's, at successive values of the parameters: first w5 is turned, and
what it drives moves; then the pass back lights part after part, the nearest to C first; then the
cranks give way, step by step as gradient descent has it, and the load sinks. Who asks for reduced
motion, or shows no CSS animation, sees a still: all values and all gradients.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from machines import beside, pull, where
from making.figures import joined, shorter
from pen import PALETTE, Drawing

from simplenet.backprop.example import LR, X, Y, example_net
from simplenet.backprop.layout import machine_scene
from simplenet.backprop.mechanism import Machine, Values, forces, given, machine, positions
from simplenet.backprop.scene import Band, Body, Mark, Scene, Shape, pose, way
from simplenet.backprop.svg import number
from simplenet.net import backward, forward, optimize, zero_grad

LASTS = 18.0  # seconds
TURNED = 1.0  # how far w5 is turned
STEPS = 16  # of gradient descent: no rack leaves its wheel
AHEAD = 64  # of the machine, for what is said
SIZE = 22.5
PIECE = 100  # of a band, before it is stretched
# What nobody sees: the README shows the film at half its size.
MOVED, BENT, SPUN = 0.4, 0.2, 0.7  # units; degrees of a lever; of a wheel, which is small
# When each stage of the pass back begins, and how long it takes to appear.
BACK, STAGE, FADE = 7.2, 0.65, 0.3
DOWN, REST = 13.0, 16.2  # when the cranks give way, and when they have done so

SAYS = (
    (0.0, 1.4, "A neural network as a machine: levers multiply, bands add, cams bend."),
    (1.4, 6.8, "Turn one crank, w5: how far does the cost C rise? That ratio is its gradient."),
    (6.8, 12.8, "Now the load on C pulls back, part by part: every crank feels its gradient."),
    (12.8, LASTS, "Let all cranks give way, again and again: the load sinks. It has learned."),
)  # fmt: skip
STILL = "Hang a load on C: what every crank feels is its gradient."

DESC = """A film of the machine of the worked example: two inputs, two hidden neurons, two \
outputs. The crank of w5 is turned by {0}: its pin slides along a lever, and the band, the cam \
and the parabola behind it lift C from {1} to {2}. Then the load that hangs on C pulls back \
through the machine: at each part, beginning at C, its gradient appears with an arrow as long: o1 \
and o2, their weighted inputs, w5 to w8, h1 and h2, where two pulls add, and at last w1 to w4. \
Then all cranks give way, in {3} steps of gradient descent, and C sinks to {4}."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where everything stands at a time, in seconds."""

    time: float
    at: Values


def moments() -> tuple[Machine, list[Moment]]:
    """Return the machine and its positions over time."""
    net = example_net()
    made = machine(net)
    x, y = X[0].tolist(), Y[0].tolist()
    start = given(net, x, y)

    def moment(time: float, values: Mapping[str, float]) -> Moment:
        return Moment(time, positions(made, values))

    found = [moment(0, start)]
    for times, count in (((1.6, 4.4), 7), ((5.2, 6.6), 5)):
        there = times[0] < 5
        for step in range(count + 1):
            part = step / count
            eased = part * part * (3 - 2 * part)
            turned = TURNED * (eased if there else 1 - eased)
            time = times[0] + part * (times[1] - times[0])
            found.append(moment(time, start | {"w5": start["w5"] + turned}))
    found.append(moment(DOWN, start))
    samples = np.unique(np.linspace(0, STEPS, 9).round().astype(int))[1:]
    for step in range(1, STEPS + 1):
        zero_grad(net)
        forward(net, X)
        backward(net, Y)
        optimize(net, LR)
        if step in samples:
            time = DOWN + (REST - DOWN) * step / STEPS
            found.append(moment(time, given(net, x, y)))
    return made, found


def tenths(value: float) -> str:
    """Return a length or an angle in tenths: enough for what moves."""
    return f"{value + 1e-9:.1f}".replace("-0.0", "0.0").removesuffix(".0")


# --- CSS -----------------------------------------------------------------------------------------


class Style:
    """Animations, each written once, however many elements have it."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def add(self, frames: Iterable[tuple[float, str]], stepped: bool = False) -> str:
        """Return the class of what is animated like this: declarations at times, in order."""
        text = ""
        for what, alike in groupby(frames, key=lambda frame: frame[1]):
            text += ",".join(f"{tenths(100 * t / LASTS)}%" for t, _ in alike) + f"{{{what}}}"
        text += " step-end" * stepped
        return self.names.setdefault(text, f"k{len(self.names)}")

    def text(self) -> str:
        """Return the style sheet."""
        rules = [f"[class*=k]{{animation:{LASTS:g}s linear infinite}}"]
        for text, name in self.names.items():
            frames = text.removesuffix(" step-end")
            stepped = ";animation-timing-function:step-end" * (text != frames)
            rules.append(f"@keyframes {name}{{{frames}}}.{name}{{animation-name:{name}{stepped}}}")
        moving = "\n".join(rules)
        return f"@media (prefers-reduced-motion:no-preference){{\n{moving}}}"


Numbers = tuple[float, ...]


def needed(points: list[tuple[float, Numbers]], apart: Numbers) -> list[tuple[float, Numbers]]:
    """Return the fewest of these points between which straight lines stay close to all.

    `apart` says how close, for each of the numbers. (The way of Ramer, Douglas and Peucker.)
    """
    (start, first), (end, last) = points[0], points[-1]

    def off(point: tuple[float, Numbers]) -> float:
        part = (point[0] - start) / (end - start)
        each = zip(first, last, point[1], apart)
        return max(abs(a + part * (b - a) - value) / most for a, b, value, most in each)

    if len(points) > 2:
        far = max(range(1, len(points) - 1), key=lambda i: off(points[i]))
        if off(points[far]) > 1:
            return [*needed(points[: far + 1], apart)[:-1], *needed(points[far:], apart)]
    return [points[0], points[-1]]


def moving(points: list[tuple[float, Numbers]], apart: Numbers) -> list[tuple[float, Numbers]]:
    """Return the points that are needed, to the end of the film; none if no motion is seen."""
    first = points[0][1]
    if all(abs(a - b) <= most for _, at in points for a, b, most in zip(at, first, apart)):
        return []
    return needed([*points, (LASTS, points[-1][1])], apart)


def body_frames(body: Body, film: list[Moment]) -> list[tuple[float, str]] | None:
    """Return how a body moves, and turns around (0, 0), or None if it does not."""
    apart = MOVED, MOVED, BENT if body.tilt else SPUN
    points = moving([(moment.time, pose(body, moment.at)) for moment in film], apart)

    def css(x: float, y: float, turned: float) -> str:
        way = ""
        if body.x or body.y:
            across, down = f"{tenths(x)}px", f"{tenths(y)}px"
            way = (
                f"translateX({across})" if not body.y
                else f"translateY({down})" if not body.x
                else f"translate({across},{down})"
            )  # fmt: skip
        angle = tenths(turned) if body.tilt else f"{turned:.0f}"
        return f"transform:{way}" + f"rotate({angle}deg)" * bool(body.turn or body.tilt)

    return [(time, css(*values)) for time, values in points] or None


def carried(body: Body, film: list[Moment], style: Style) -> tuple[str, str]:
    """Return the groups, opened and closed, that carry what is drawn on a body."""
    frames = body_frames(body, film)
    x, y, turned = pose(body, film[0].at)
    u, v = body.at if body.turn or body.tilt else (0.0, 0.0)
    still = f"translate({number(x)} {number(y)})" if body.x or body.y else ""
    still += f"rotate({number(turned)})" if body.turn or body.tilt else ""
    moves = f' class="{style.add(frames)}"' if frames else ""
    if not (moves or still):
        return "", ""
    group = f"<g{moves}{still and f' transform={chr(34)}{still}{chr(34)}'}>"
    if not (u or v):
        return group, "</g>"
    there, back = (f'<g transform="translate({number(k * u)} {number(k * v)})">' for k in (1, -1))
    return f"{there}{group}{back}", "</g></g></g>"


# --- what is seen --------------------------------------------------------------------------------


def stage_of(part: str) -> int:
    """Return at which step of the pass back a part is reached."""
    name = part.removeprefix("lever ")
    if name == "C":
        return 0
    if name[0] in "co":
        return 1
    late = name.endswith(("1", "2", "3", "4")) if name[0] in "wp" else ".h" in name
    kind = {"z": 2, "h": 4}.get(name[0], 3)
    return kind + 3 if late and kind != 4 else kind


def lit(style: Style, stage: int) -> str:
    """Return the class of what flashes as the pass back comes by."""
    begins = BACK + STAGE * stage
    ink, light = "color:var(--ink)", "color:var(--lit)"
    frames = [(0, ink), (begins, ink), (begins + FADE, light), (begins + 1.0, light)]
    return style.add([*frames, (begins + 1.9, ink), (LASTS, ink)])


def shown(style: Style, begins: float, ends: float) -> str:
    """Return the class of what fades in and out."""
    off, on = "opacity:0", "opacity:1"
    frames = [(begins, off), (begins + FADE, on), (ends - FADE, on), (ends, off)]
    if begins <= 0:
        frames = frames[1:]
    before = [(0.0, on if begins <= 0 else off)]
    return style.add([*before, *frames, (LASTS, off)])


def _shapes(
    d: Drawing, scene: Scene, film: list[Moment], style: Style, shapes: Iterable[Shape]
) -> None:
    for name, group in groupby(shapes, key=lambda shape: shape.body):
        opened, closed = carried(scene.bodies[name], film, style)
        d.parts.append(opened)
        for part, alike in groupby(group, key=lambda shape: shape.part):
            light = part not in ("", "frame") and part[0] not in "xy"
            if light:
                d.parts.append(f'<g class="{lit(style, stage_of(part))}">')
            for shape in alike:
                pen = 1.5 if 1.2 <= shape.pen <= 1.5 else shape.pen  # alike at half the size
                d.shape(shape.tag, shape.fill, shape.line, pen, **shape.attributes)
            if light:
                d.parts.append("</g>")
        d.parts.append(closed)


def _band(d: Drawing, band: Band, film: list[Moment], style: Style) -> None:
    """Draw a band as pieces: its bends are rigid, what is between them is stretched."""
    starts = (lambda at: band.start[1]), (lambda at: band.end[1])
    heights = [lambda at, run=run: run.y + way(run.ways, at) for run in band.runs]  # type: ignore[misc]
    ends = [(band.start[0], starts[0]), *((r.x, h) for r, h in zip(band.runs, heights))]
    xs = [run.x for run in band.runs] + [band.runs[-1].x + band.runs[-1].width]
    d.parts.append(f'<g class="{lit(style, stage_of(band.part))}">')
    for x, (one, other) in zip(xs, pairwise([*(h for _, h in ends), starts[1]])):
        ends_at = [(m.time, tuple(sorted((one(m.at), other(m.at))))) for m in film]
        low, high = ends_at[0][1]
        still = f"translate(0 {number(low)})scale(1 {number((high - low) / PIECE)})"
        frames = [
            (time, f"transform:translateY({tenths(y)}px)scaleY({number((to - y) / PIECE)})")
            for time, (y, to) in moving(ends_at, (MOVED, MOVED))
        ]
        name = f' class="l-band {style.add(frames)}"' if frames else ' class="l-band"'
        d.parts.append(
            f'<path{name} d="M{number(x)} 0V{PIECE}" stroke-width="3" transform="{still}" '
            'fill="none"/>'
        )
    for run in band.runs:
        r, turn = run.r, int(run.over)
        rise = -r if run.over else r
        frames = body_frames(Body(y=run.ways), film)
        name = f" {style.add(frames)}" if frames else ""
        path = f"M{number(run.x)} {number(run.y)}a{number(r)} {number(r)} 0 0 {turn} {number(r)} "
        path += f"{number(rise)}h{number(run.width - 2 * r)}a{number(r)} {number(r)} 0 0 {turn} "
        path += f"{number(r)} {number(-rise)}"
        still = f"translate(0 {number(way(run.ways, film[0].at))})"
        d.parts.append(
            f'<path class="l-band{name}" d="{path}" stroke-width="3" transform="{still}" '
            'fill="none"/>'
        )
    d.parts.append("</g>")


def _values(d: Drawing, mark: Mark, name: str, film: list[Moment], style: Style) -> None:
    """Write a name and its value, as often as it changes, beside what moves."""
    texts = [(m.time, f"{name} {m.at[mark.value]:.3f}") for m in film]
    runs = [
        (group[0][0], text) for text, found in groupby(texts, lambda t: t[1]) if (group := [*found])
    ]
    anchor = "" if mark.anchor == "middle" else f' text-anchor="{mark.anchor}"'
    d.parts.append(
        f'<g class="b"{anchor} transform="translate({number(mark.x)} {number(mark.y)})">'
    )
    for i, (begins, text) in enumerate(runs):
        d.text(0, 0, text, SIZE, bold=True)
        d.parts[-1] = d.parts[-1].replace(' x="0" y="0"', "")
        if len(runs) == 1:
            d.parts[-1] = d.parts[-1].replace(' class="b"', "")
        else:
            ends = runs[i + 1][0] if i + 1 < len(runs) else LASTS
            on, off = "opacity:1", "opacity:0"
            frames = [(0.0, on if begins == 0 else off), (begins, on), (ends, off)]
            if ends == LASTS:
                frames = frames[:2]
            moves = style.add(dict(frames).items(), stepped=True)
            first = "" if i == 0 else " off"
            d.parts[-1] = d.parts[-1].replace('class="b"', f'class="{moves}{first}"')
    d.parts.append("</g>")


def film_drawing() -> tuple[Drawing, str]:
    """Return the drawing at rest, and the style that moves it."""
    made, film = moments()
    scene = machine_scene(made)
    start, turned, last = film[0].at, film[8].at, film[-1].at
    desc = DESC.format(
        f"{TURNED:g}", f"{start['C']:.3f}", f"{turned['C']:.3f}", STEPS, f"{last['C']:.3f}"
    )
    width, high = round(scene.width) + 16, round(scene.height) + AHEAD + 10
    d = Drawing(width, high, "A network as a machine that turns", desc)
    style = Style()
    fades = style.add(
        [(0, "opacity:0"), (0.5, "opacity:1"), (LASTS - 0.6, "opacity:1"), (LASTS, "opacity:0")]
    )
    for begins, ends, text in SAYS:
        d.text(40, 44, text, 30, anchor="start", bold=True)
        d.parts[-1] = d.parts[-1].replace(
            'class="b"', f'class="b off {shown(style, begins, ends)}"'
        )
    d.text(40, 44, STILL, 30, anchor="start", bold=True)
    d.parts[-1] = d.parts[-1].replace('class="b"', 'class="b still"')
    d.parts.append(f'<g class="{fades}"><g transform="translate(0 {AHEAD})">')
    shapes = sorted(scene.shapes, key=lambda shape: shape.layer)
    _shapes(d, scene, film, style, [shape for shape in shapes if shape.layer < 5])
    for band in scene.bands:
        _band(d, band, film, style)
    _shapes(d, scene, film, style, [shape for shape in shapes if shape.layer >= 5])
    felt, _ = forces(made, start)
    for mark in map(beside, scene.marks):
        if mark.minor:
            continue
        name = {"b": "b", "z": f"z of {mark.value[2:]}"}.get(mark.value[0], mark.value)
        body = scene.bodies["" if mark.round or mark.value[0] == "z" else mark.body]
        opened, closed = carried(body, film, style)
        d.parts.append(opened)
        _values(d, mark, name, film, style)
        d.parts.append(closed)
        if mark.value[0] in "xy":
            continue
        stage = stage_of(mark.value)
        d.parts.append(f'<g class="{shown(style, BACK + STAGE * stage, DOWN)}">')
        text = f"{felt[mark.value]:+.4f}"
        x, y = (0.0, 0.0) if body == Body() else where(scene, mark, start)
        d.text(mark.x + x, mark.y + y + SIZE * 1.08, text, SIZE, "back1", anchor=mark.anchor)
        pull(d, scene, mark, start, felt[mark.value])
        d.parts.append("</g>")
    d.parts.append("</g></g>")
    return d, style.text()


def film_svg() -> str:
    """Return the whole file."""
    d, moving = film_drawing()
    light, dark = (
        f"svg{{--ink:{PALETTE['ink'][scheme]};--lit:{PALETTE['back1'][scheme]};color:var(--ink)}}"
        for scheme in (0, 1)
    )
    own = (
        f"{light}@media (prefers-color-scheme:dark){{{dark}}}"
        f".l-ink.l-ink,.l-band.l-band{{stroke:currentColor}}.off{{opacity:0}}"
        f"[class^=l-]{{fill:none}}.l-band{{stroke-width:3px}}\n{moving}\n"
    )
    moving_only = "@media (prefers-reduced-motion:no-preference){.still{display:none}}"
    d.parts = joined(filter(None, d.parts))
    # What most of the elements say is said once.
    text = d.svg().replace(f' font-size="{SIZE}"', "").replace(' class="ink"/>', "/>")
    text = text.replace("<svg ", f'<svg font-size="{SIZE}" ', 1)
    text = re.sub(r'(<(?:path|use)[^>]* class="l-[^>]*) fill="none"', r"\1", text)
    text = re.sub(r'(<path[^>]*class="l-band[^>]*) stroke-width="3"', r"\1", text)
    text = re.sub(r'\bd="([^"]*)"', lambda match: f'd="{shorter(match[1])}"', text)
    return text.replace("</style>", f"\n{own}{moving_only}</style>", 1)
