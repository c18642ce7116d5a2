"""Draw the five figures of the gear document, so that a page can move what a file shows at rest.

Each is an ordinary drawing. What moves in it says so: a group with `data-b` is carried by that
body of the scene, a path with `data-band` is that band; text with `data-v` shows a value, text and
shapes with `data-s` belong to a step of the sweep; bars and pulls are `data-bar` and `data-pull`.
"""

from math import hypot, log10

import numpy as np
from machines import add_scene
from pen import Drawing

from simplenet.backprop.example import Trace, X, Y, example_net, trace
from simplenet.backprop.fittings import FLOOR, FOLLOWER, PULLEY, UNIT, cam, held, lever, rod
from simplenet.backprop.layout import machine_scene
from simplenet.backprop.mechanism import (
    Machine,
    Part,
    Values,
    cost_height,
    cost_slopes,
    forces,
    given,
    height,
    machine,
    positions,
    slope,
)
from simplenet.backprop.scene import Scene, transform
from simplenet.backprop.svg import number
from simplenet.net import Net, net_around

# In a page of 320 pixels 267 are left for a figure: what is written there has 10 of them and more.
WIDE = 500  # of every figure but those of several parts
SIZE = 21  # of names and numbers
SMALL = 19  # of what else is said
PULL = "back1"


# --- what moves ----------------------------------------------------------------------------------


def _mark(d: Drawing, attribute: str, value: str) -> None:
    """Give the element that was drawn last an attribute that a page knows it by."""
    tag, rest = d.parts[-1].split(" ", 1)
    d.parts[-1] = f'{tag} data-{attribute}="{value}" {rest}'


def _value(
    d: Drawing, x: float, y: float, name: str, value: str, amount: float, anchor: str = "start"
) -> None:
    """Write a name and a value; the text of a page follows the value."""
    text = f"{name} {amount:.3f}"
    d.text(x, y, text, SIZE, anchor=anchor, bold=True)
    _mark(d, "v", value)


def pull_path(x: float, y: float, gradient: float, scale: float) -> str:
    """Return an arrow that pulls down for a gradient above 0, as the `d` of a filled path."""
    tip = gradient * scale
    sense = 1 if tip > 0 else -1
    size = min(16.0, 5 + abs(tip) * 0.7)
    neck = tip - sense * min(size * 0.72, abs(tip))
    back = tip - sense * size
    points = [(-2.5, 0), (-2.5, neck), (-size * 0.48, back), (0, tip)]
    points += [(size * 0.48, back), (2.5, neck), (2.5, 0)]
    return "M" + "L".join(f"{number(x + u)} {number(y + v)}" for u, v in points) + "Z"


def _pull(d: Drawing, x: float, y: float, name: str, gradient: float, scale: float) -> None:
    d.shape("path", PULL, d=pull_path(x, y, gradient, scale))
    _mark(d, "pull", f"{name} {number(x)} {number(y)} {number(scale)}")


def bar_path(x: float, y: float, length: float, high: float) -> str:
    """Return a bar from x to the right, or for a length below 0 to the left."""
    return f"M{number(x)} {number(y)}h{number(length)}v{number(high)}h{number(-length)}z"


def _bar(
    d: Drawing, x: float, y: float, name: str, value: float, scale: float, *, hollow: bool = False
) -> None:
    path = bar_path(x, y, value * scale, 13)
    if hollow:
        d.shape("path", line=PULL, pen=1.6, dash="3 3", d=path)
    else:
        d.shape("path", "Z", "ink", 1.2, d=path)
    _mark(d, "bar", f"{name} {number(x)} {number(y)} {number(scale)}")


# --- one mesh ------------------------------------------------------------------------------------

MESH = 1.62  # units of the drawing for one of its scene


def mesh_machine() -> tuple[Machine, Scene, Values]:
    """Return one lever: h1 of the example times w5."""
    t = trace(example_net(), X[0], Y[0])
    part = Part("lever 5", "lever", ("a", "w"), "p")
    made = Machine((1, 1), (part,), ("w",), ("a",), (("a",), ("p",)))
    scene = Scene(0, 0, UNIT)
    lever(scene, 0, 0, "a", "w", "p")
    rod(scene, "a", [(UNIT, -84), (UNIT, 0)])
    held(scene, UNIT, -78)
    values = positions(made, {"a": float(t.a[1][0]), "w": float(example_net().W[1][0, 0])})
    return made, scene, values


def mesh_drawing() -> Drawing:
    """Return one lever that multiplies."""
    _, scene, at = mesh_machine()
    desc = (
        f"A lever on a pivot. The rod of a, padlocked at the height {at['a']:.3f}, lifts it at the "
        f"distance 1 from the pivot. The crank of w has slid a pin to the distance {at['w']:.3f}, "
        f"where the lever holds it at the height p = w · a = {at['p']:.3f}, as a ruler shows."
    )
    d = Drawing(WIDE, 392, "A lever multiplies", desc)
    big, px, py = MESH, 144, 192
    u = UNIT * big
    add_scene(d, scene, at, f"translate({px} {py})scale({big})", live=True)
    ruler = px + PULLEY * big + 30
    d.line((ruler, py + u), (ruler, py - 1.2 * u), pen=1.5)
    for tenth in range(-10, 13):
        reach = 8 if tenth % 5 else 15
        d.line((ruler, py - u * tenth / 10), (ruler + reach, py - u * tenth / 10), pen=1.2)
    for whole, text in ((-1, "-1"), (0, "0"), (1, "1")):
        d.text(ruler + 20, py - u * whole + 7, text, SMALL, "soft", anchor="start")
    rise = transform(scene.bodies["rise p"], at)
    d.parts.append(f'<g transform="translate({px} {py})scale({big})">')
    d.parts.append(f'<g data-b="rise p" transform="{rise}">')
    tip = (ruler - px - 1) / big
    d.line((PULLEY, 0), (tip - 6, 0), line="back0", pen=1.3, dash="3 3")
    d.head(tip, 0, 0, "back0", 8)
    d.parts.append("</g></g>")
    _value(d, px + u + 22, py - 138, "a", "a", at["a"])
    _value(d, px + 66, py + 182, "w", "w", at["w"])
    _value(d, ruler + 46, py - u * 0.24, "p", "p", at["p"])
    d.text(ruler + 46, py - u * 0.24 + 27, "= w · a", SMALL, "soft", anchor="start")
    d.line((px, py + 50), (px + u, py + 50), line="back0", pen=1.6)
    for x in (px, px + u):
        d.line((x, py + 44), (x, py + 56), line="back0", pen=1.6)
    d.text(px + u + 12, py + 57, "1", SMALL, "back0")
    return d


# --- a product of ratios -------------------------------------------------------------------------


def product_net() -> tuple[Net, list[float], list[float]]:
    """Return the neuron o1 alone: h1 goes in; what h2 and the bias add to it is its bias."""
    t = trace(example_net(), X[0], Y[0])
    net = example_net()
    w5 = net.W[1][0, 0]
    params = np.array([w5, t.z[1][0] - w5 * t.a[1][0]])
    only = net_around(params, (1, 1), ("sigmoid",), "half-squared-error")
    return only, [float(t.a[1][0])], [float(Y[0, 0])]


def product_machine() -> tuple[Machine, Scene, Values]:
    """Return its machine."""
    net, x, y = product_net()
    made = machine(net)
    return made, machine_scene(made), positions(made, given(net, x, y))


def product_scale() -> float:
    """Return how many units of the drawing are one of its scene."""
    return ROW / (product_machine()[1].width + 10)


ROW = 620  # how wide the row of parts is
LARGE = 25  # of its text: as large on a page as that of the other figures
BAR = 130  # units for a turn of 1
ROWS = (("w5", "w1"), ("z", "z.o1"), ("a", "o1"), ("C", "C"))  # of the bars; names in the machine


def product_drawing() -> Drawing:
    """Return the neuron o1 as a machine, with a bar for how far each of its parts has moved."""
    _, scene, at = product_machine()
    big = product_scale()
    top = 8
    desc = (
        "One neuron as a machine. Its input, padlocked, lifts a lever, along which the crank of w5 "
        "slides a pin; a band adds what the pin lifts and a rest into z; z moves a plate with a "
        "groove in the shape of a sigmoid, whose follower is a; a moves a plate with a parabola, "
        "clamped at the truth, that lifts C, on which a load hangs. Below, a bar for each of w5, "
        "z, a and C: how far it has moved, and in outline what the ratios predict."
    )
    base = 300
    d = Drawing(ROW, 436, "A product of ratios", desc)
    add_scene(d, scene, at, f"translate(0 {top})scale({number(big)})", live=True)
    names = {"x1": "h1", "w1": "w5", "b.o1": "rest", "z.o1": "z", "o1": "a", "y1": "y", "C": "C"}
    for mark in scene.marks:
        if mark.value in names:
            name = names[mark.value]
            x, y = mark.x * big, top + mark.y * big
            d.text(x, y, name, LARGE, anchor=mark.anchor, bold=True)
    zero, pitch = 294, 33
    for row, (name, value) in enumerate(ROWS):
        y = base + pitch * row
        d.text(24, y + 16, f"{name} {at[value]:.3f}", LARGE, anchor="start", bold=True)
        _mark(d, "v", value)
        _bar(d, zero, y, value, 0, BAR)
        _bar(d, zero, y, f"~{value}", 0 if row else 1, BAR, hollow=True)
        if row:
            d.text(zero + 12, y + 16, "?", LARGE, PULL, anchor="start", bold=True)
            _mark(d, "rest", "1")
    d.line((zero, base - 6), (zero, base + 4 * pitch - 10), pen=1.2)
    return d


# --- the fork ------------------------------------------------------------------------------------

FORK = 720.0  # units of the drawing for a pull of 1
FORKED = 0.98  # for one of its scene


def fork_machine() -> tuple[Machine, Scene, Values]:
    """Return the machine of the whole example, and of its drawing the rod of h1 and its levers."""
    net = example_net()
    made = machine(net)
    scene = Scene(0, 0, UNIT)
    for w, row in (("5", 0), ("7", 178)):
        lever(scene, 0, row, "h1", f"w{w}", f"p{w}")
    rod(scene, "h1", [(UNIT, -150), (UNIT, 178)])
    return made, scene, positions(made, given(net, X[0].tolist(), Y[0].tolist()))


def fork_drawing() -> Drawing:
    """Return the rod of h1 with its two levers, and the pulls that come back through them."""
    made, scene, at = fork_machine()
    felt, shares = forces(made, at)
    one, other = shares["lever 5 h1"], shares["lever 7 h1"]
    desc = (
        "The rod of h1 lifts two levers, one above the other, with the cranks of w5 and w7. "
        f"Through the lever of w5 it is pulled down with {one:+.6f}, through that of w7 up with "
        f"{other:+.6f}; it feels their sum, {felt['h1']:+.6f}."
    )
    d = Drawing(WIDE, 490, "A rod that forks", desc)
    big, px, py = FORKED, 92, 184
    u = UNIT * big
    add_scene(d, scene, at, f"translate({px} {py})scale({big})", live=True)
    d.text(px + u - 16, py - 128, "h1", SIZE, anchor="end", bold=True)
    for row, w, name, says in (
        (-118, "", "h1", "what h1 feels: the sum"),
        (0, "w5", "lever 5 h1", "through w5"),
        (178, "w7", "lever 7 h1", "through w7"),
    ):
        y = py + big * row - (u * at["h1"] if row >= 0 else 0)
        x = px + u + (136 if row >= 0 else 60)
        force = felt["h1"] if row < 0 else shares[name]
        d.line((px + u + 6, y), (x, y), line=PULL, pen=1.4, dash="3 3")
        _pull(d, x, y, name, force, FORK)
        d.text(x + 24, y + 4, f"{force:+.6f}", SIZE, PULL, anchor="start", bold=True)
        _mark(d, "g", name)
        d.text(x + 24, y + 28, says, SMALL, "soft", anchor="start")
        if w:
            _value(d, px + u + 34, py + big * row + 116, w, w, at[w])
    return d


# --- the sweep -----------------------------------------------------------------------------------

PLACES = {
    "x1": (60, 110), "x2": (60, 330), "h1": (300, 110), "h2": (300, 330),
    "o1": (560, 110), "o2": (560, 330), "C": (730, 220),
}  # fmt: skip
RADIUS = 27
# Where the label of each edge stands, from 0 at its left end to 1: so that none covers another.
ALONG = {1: 0.5, 2: 0.32, 3: 0.32, 4: 0.5, 5: 0.5, 6: 0.32, 7: 0.32, 8: 0.5}


def _edge(d: Drawing, one: str, other: str) -> tuple[float, float, float, float]:
    (x0, y0), (x1, y1) = PLACES[one], PLACES[other]
    c, s = (x1 - x0) / hypot(x1 - x0, y1 - y0), (y1 - y0) / hypot(x1 - x0, y1 - y0)
    start, end = (x0 + RADIUS * c, y0 + RADIUS * s), (x1 - RADIUS * c, y1 - RADIUS * s)
    d.line(start, end, line="soft", pen=1.6)
    return (*start, *end)


def _label(
    d: Drawing, x: float, y: float, text: str, gradient: float | None, step: int, size: float = 16
) -> None:
    """Write a value, and under it a gradient that belongs to a step of the sweep."""
    d.text(x, y, text, size, bold=True)
    if gradient is not None:
        d.text(x, y + size * 1.15, f"{gradient:+.{5 if abs(gradient) < 0.01 else 4}f}", size, PULL)
        _mark(d, "s", str(step))


def net_drawing(back: bool = False) -> Drawing:
    """Return the net of the example with a label on every edge; with `back`, its gradients too."""
    net = example_net()
    t = trace(net, X[0], Y[0])
    said = [f"w{n} {net.W[l][k, j]:.2f}" for n, l, k, j in _weights()]
    desc = (
        "The net of the example: x1 and x2 lead to h1 and h2, these to o1 and o2, and these to the "
        f"cost C. On each edge stands its weight: {', '.join(said)}; at each neuron its bias and "
        "its activation"
    )
    if back:
        desc += ", and below each value, in another colour, its gradient"
    d = Drawing(800, 440, "A net, with a label on every edge", desc + ".")
    labels: list[tuple[float, float, str, float | None, int]] = []
    for n, l, k, j in _weights():
        one, other = (f"x{k + 1}", f"h{j + 1}") if l == 0 else (f"h{k + 1}", f"o{j + 1}")
        x0, y0, x1, y1 = _edge(d, one, other)
        x, y = x0 + ALONG[n] * (x1 - x0), y0 + ALONG[n] * (y1 - y0)
        gradient = float(t.dc_dW[l][k, j]) if back else None
        labels.append((x, y, f"w{n} {net.W[l][k, j]:.2f}", gradient, 6 if l == 0 else 3))
    for j, name in enumerate(("o1", "o2")):
        x0, y0, x1, y1 = _edge(d, name, "C")
        cost = cost_height(net.cost, float(t.a[-1][j]), float(Y[0, j]))
        labels.append(((x0 + x1) / 2, (y0 + y1) / 2, f"c{j + 1} {cost:.4f}", None, 0))
    for x, y, text, gradient, step in labels:
        high = 22 if gradient is None else 40
        d.shape("rect", "paper", x=x - 40, y=y - 15, width=80, height=high, rx=4)
        _label(d, x, y + 1, text, gradient, step)
    for name, (x, y) in PLACES.items():
        fill = {"x": "card", "h": "A", "o": "A", "C": "Z"}[name[0]]
        d.shape("circle", fill, "ink", 1.6, cx=x, cy=y, r=RADIUS)
        d.text(x, y + 6, name, 18, on=fill, bold=True)
    _neurons(d, net, t, back)
    return d


def _weights() -> list[tuple[int, int, int, int]]:
    return [(4 * l + 2 * j + k + 1, l, k, j) for l in (0, 1) for j in (0, 1) for k in (0, 1)]


def _neurons(d: Drawing, net: Net, t: Trace, back: bool) -> None:
    """Write what stands at the neurons: above the activation, below the bias."""
    for k in (0, 1):
        x, y = PLACES[f"x{k + 1}"]
        d.text(x, y - 38, f"{X[0, k]:.2f}", 16, bold=True)
    for l, layer in enumerate("ho"):
        for j in (0, 1):
            x, y = PLACES[f"{layer}{j + 1}"]
            dc_da = t.dc_da[l]
            assert dc_da is not None
            step = 4 if l == 0 else 1
            a = f"{t.a[l + 1][j]:.4f}"
            _label(d, x, y - (56 if back else 38), a, float(dc_da[j]) if back else None, step)
            bias = f"b {net.b[l][j]:.2f}"
            gradient = float(t.dc_db[l][j]) if back else None
            _label(d, x, y + 48, bias, gradient, 5 if l == 0 else 2)
    x, y = PLACES["C"]
    _label(d, x, y - (56 if back else 38), f"{t.cost:.4f}", 1.0 if back else None, 1)
    for j in (0, 1):
        d.text(x, y + (128 if j else -116), f"y{j + 1} {Y[0, j]:.2f}", 16, "soft")


# --- where the cam is flat -----------------------------------------------------------------------

CAM = 0.98  # units of the drawing for one of its scene
BARS = (
    ("error a - y", "error"),
    ("slope a (1 - a)", "slope"),
    ("pull, squared error", "squared"),
    ("pull, cross\N{NON-BREAKING HYPHEN}entropy", "entropy"),
)


def saturation_values(z: float, y: float = 0.0) -> dict[str, float]:
    """Return what an output z away from 0 feels where y is right, with either cost."""
    a = height("sigmoid", z)
    steep = slope("sigmoid", z)
    return {
        "z.a": z, "a": a, "error": a - y, "slope": steep,
        "squared": cost_slopes("half-squared-error", a, y)[0] * steep,
        "entropy": cost_slopes("cross-entropy", a, y)[0] * steep,
    }  # fmt: skip


def saturation_machine() -> tuple[Machine, Scene, Values]:
    """Return a cam alone, in the middle of its groove."""
    part = Part("cam a", "cam", ("z.a",), "a", "sigmoid")
    made = Machine((1, 1), (part,), (), ("z.a",), (("z.a",), ("a",)))
    scene = Scene(0, 0, UNIT)
    cam(scene, 0, 0, 36, "a", "sigmoid")
    # What moves the plate is not drawn: its rack would leave the picture where z is large.
    scene.shapes = [shape for shape in scene.shapes if shape.body in ("plate z.a", "rise a")]
    rod(scene, "a", [(FOLLOWER, FLOOR), (FOLLOWER, FLOOR - UNIT - 60)])
    return made, scene, saturation_values(0.0)


def saturation_drawing(z: float = 0.0) -> Drawing:
    """Return a cam, and what comes back through it of the pulls of two costs."""
    _, scene, _ = saturation_machine()
    at = saturation_values(z)
    desc = (
        "A cam: z moves a plate with a groove in the shape of a sigmoid; the follower, a, stands "
        f"at {at['a']:.3f}, where the slope of the groove is {at['slope']:.3f}. Four bars: the "
        f"error {at['error']:.3f}, where 0 is right; the slope; what z feels with the squared "
        f"error, {at['squared']:.3f}; and with cross-entropy, {at['entropy']:.3f}."
    )
    d = Drawing(WIDE, 306, "A cam, steep and flat", desc)
    middle, py = 138, 176
    floor = py + FLOOR * CAM
    place = f"translate({number(middle - FOLLOWER * CAM)} {py})scale({CAM})"
    add_scene(d, scene, at, place, live=True)
    d.line((middle, floor + 18), (middle, floor + 30), pen=2.5)
    _value(d, middle, floor + 54, "z", "z.a", at["z.a"], "middle")
    _value(d, middle + 16, 72, "a", "a", at["a"])
    for row, (says, name) in enumerate(BARS):
        y = 52 + 66 * row
        d.text(284, y - 8, says, SMALL, "soft", anchor="start")
        _bar(d, 284, y, name, at[name], 126)
        d.text(284 + 134, y + 14, f"{at[name]:.3f}", SIZE, anchor="start", bold=True)
        _mark(d, "n", name)
    return d


# --- what each way costs -------------------------------------------------------------------------

WAYS = (
    ("turn each crank", "nudge"),
    ("multiply out every path", "paths"),
    ("forward mode, crank by crank", "push"),
    ("backwards", "backward"),
)
LEFT, DECADE = 20, 87  # where 1 is, and the units to 10 times as much


def ways_drawing(small: dict[str, int], large: dict[str, int]) -> Drawing:
    """Return bars for the multiplications of each way, as multiples of a forward pass.

    A logarithm makes them comparable: it is 0 where a way costs one forward pass.
    """
    nets = ((small, "A", "the net here"), (large, "Z", "(784, 40, 10)"))

    def said(made: dict[str, int], name: str) -> str:
        passes = made[name] / made["forward"]
        return f"{passes:,.0f}" if passes > 10 else f"{passes:.3g}"

    each = "; ".join(f"{says}, {said(small, n)} and {said(large, n)}" for says, n in WAYS)
    desc = (
        "Bars: the cost of all gradients, in forward passes, on the net here and on (784, 40, 10). "
        f"Each line is 10 times the one before. {each[0].upper()}{each[1:]}."
    )
    d = Drawing(WIDE, 388, "What all gradients cost", desc)
    d.text(LEFT, 32, "All gradients, in forward passes", SIZE, anchor="start", bold=True)
    for (_, fill, says), x in zip(nets, (LEFT, 210)):
        d.shape("rect", fill, "ink", x=x, y=48, width=15, height=15)
        d.text(x + 23, 62, says, SMALL, "soft", anchor="start")
    lines = [LEFT + DECADE * n for n in range(5)]
    for power, x in enumerate(lines):
        d.text(x, 376, f"{10**power:,}", SMALL, "soft", anchor="middle" if power else "start")
    ys = [76 + 70 * row for row in range(len(WAYS))]
    rows = "".join(f"M{x} {y + 26}v38" for x in lines for y in ys)
    d.shape("path", line="edge", d=rows)
    for y, (says, name) in zip(ys, WAYS):
        d.text(LEFT, y + 20, says, SMALL, anchor="start", bold=name == "backward")
        for n, (made, fill, _) in enumerate(nets):
            length = max(1.0, DECADE * log10(made[name] / made["forward"]))
            top = y + 27 + 19 * n
            d.shape("rect", fill, "ink", x=LEFT, y=top, width=length, height=15)
            d.text(LEFT + length + 7, top + 14, said(made, name), SMALL, anchor="start", bold=True)
    return d
