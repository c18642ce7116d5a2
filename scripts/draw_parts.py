"""Two diagrams of the machine: parts.svg, each of its parts alone, and machine.svg, the example."""

from math import atan, cos

from machines import add_marks, add_scene, arrow
from pen import Drawing

from simplenet.backprop.example import X, Y, example_net
from simplenet.backprop.fittings import (
    FLOOR,
    FOLLOWER,
    PLATE,
    UNIT,
    Belt,
    R,
    cam,
    lever,
    rod,
)
from simplenet.backprop.layout import machine_scene
from simplenet.backprop.mechanism import (
    Machine,
    Values,
    forces,
    given,
    height,
    machine,
    positions,
    slope,
)
from simplenet.backprop.scene import Scene
from simplenet.backprop.svg import number


def example() -> tuple[Machine, Values, Values, Values]:
    """Return the machine of the 2-2-2 example, where it stands, what is felt and by whose share."""
    net = example_net()
    made = machine(net)
    at = positions(made, given(net, X[0], Y[0]))
    return made, at, *forces(made, at)


# --- machine.svg ---------------------------------------------------------------------------------

MACHINE_DESC = """The machine of the worked example: two inputs, two hidden neurons, two outputs. \
Each neuron is one row. The rods of x1 and x2 (padlocked: given) run down through the rows of h1 \
and h2; where a rod crosses a row it lifts a lever, along which the crank of a weight, w1 to w4, \
slides a pin; a band sums the two bars that the pins lift, and the bias b, into z; z moves a plate \
with a groove in the shape of a sigmoid, whose follower is h1, or h2. Their rods run down through \
the rows of o1 and o2 in the same way, over the levers of w5 to w8. o1 and o2 move plates with \
parabolas, clamped at the truths y1 and y2; a band sums what these lift into C, on which a load \
hangs, beside a ruler. At each part stands its value, and under it, in another colour, its \
gradient, with an arrow or, at a crank, an arc that is as long: how hard, and which way, the \
load pulls there. {0}."""


def machine_drawing() -> Drawing:
    """Return the whole machine of the example, with values and gradients."""
    made, at, felt, _ = example()
    scene = machine_scene(made)
    names = {name: "b" for name in at if name[0] == "b"}
    names |= {name: f"z of {name[2:]}" for name in at if name[0] == "z"}
    said = "; ".join(
        f"{name} {at[name]:.3f} and {felt[name]:+.4f}".replace("b.", "b of ").replace("z.", "z of ")
        for name in (*made.cranks, "z.h1", "z.h2", "h1", "h2", "z.o1", "z.o2", "o1", "o2", "C")
    )
    desc = MACHINE_DESC.format(f"Value and gradient: {said}")
    d = Drawing(
        round(scene.width) + 16, round(scene.height) + 62, "The machine of the example", desc
    )
    d.text(
        44,
        52,
        "Value above, gradient below: how hard the load on C pulls",
        26,
        anchor="start",
        bold=True,
    )
    add_scene(d, scene, at, "translate(0 50)")
    add_marks(d, scene, at, felt, 22.5, names, shift=(0, 50))
    return d


# --- parts.svg -----------------------------------------------------------------------------------

PARTS_DESC = """The four kinds of parts that the machine is made of. A lever multiplies: its pivot \
stands on the frame, the rod of a lifts it at the distance 1 from the pivot, and a pin, which the \
crank of w slides along it to the distance w, rises by w · a. If the pin is pulled with the force \
g, the rod feels w · g and the crank a · g. A band adds: it runs over three pulleys, which p1, p2 \
and b lift, and under one that it carries, z; its length is constant, so that z rises by p1 + p2 + \
b. It has one tension: each of the three feels all of g. A cam bends: z moves a plate with a \
groove in the shape of the sigmoid s, and the follower in it stands at a = s(z). The slope of the \
groove under the follower, here {0}, is the ratio: z feels it times g, and on a flat piece \
nothing. A rod forks: h1 lifts the levers of w5 and of w7, and feels the forces of both, {1} and \
{2}, which add to {3}: the gradient of h1."""


def parts_drawing() -> Drawing:
    """Return the parts, each alone on a card."""
    _, at, felt, shares = example()
    fork = [shares["lever 5 h1"], shares["lever 7 h1"], felt["h1"]]
    said = [f"{slope('sigmoid', CAM_Z):.3f}", *(f"{force:+.6f}" for force in fork)]
    d = Drawing(1000, 920, "The parts of the machine", PARTS_DESC.format(*said))
    d.text(40, 44, "Four parts, and no other", 20, anchor="start", bold=True)
    says = "Forwards they pass on how far, backwards how hard."
    d.text(40, 70, says, 14, "soft", anchor="start")
    _lever(d, 30, 88)
    _band(d, 508, 88)
    _cam(d, 30, 500)
    _fork(d, 508, 500, at, fork)
    return d


def _card(d: Drawing, x: float, y: float, title: str, forwards: str, backwards: str) -> None:
    d.card(x, y, 462, 396, title)
    d.text(x + 16, y + 352, forwards, 15, on="card", anchor="start", bold=True)
    d.text(x + 16, y + 378, backwards, 14, "back1", "card", "start")


def _measure(d: Drawing, one: tuple[float, float], other: tuple[float, float], text: str) -> None:
    """Draw a line that says how long it is."""
    d.line(one, other, line="back0", pen=1.6)
    upright = one[0] == other[0]
    for x, y in (one, other):
        d.line(
            (x - 5 * upright, y - 5 * (not upright)),
            (x + 5 * upright, y + 5 * (not upright)),
            line="back0",
            pen=1.6,
        )
    x, y = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
    where = (x + 9, y + 5, "start") if upright else (x, y - 8, "middle")
    d.text(where[0], where[1], text, 15, "back0", "card", where[2], bold=True)


def _lever(d: Drawing, x: float, y: float) -> None:
    _card(
        d,
        x,
        y,
        "A lever multiplies",
        "p = w · a",
        "p pulls with g: the rod feels w · g, the crank a · g",
    )
    scene = Scene(0, 0, UNIT)
    lever(scene, 0, 0, "a", "w", "p")
    rod(scene, "a", [(UNIT, -78), (UNIT, 0)])
    at = {"a": 0.55, "w": 1.45, "p": 0.55 * 1.45}
    big, px, py = 1.35, x + 170, y + 170
    add_scene(d, scene, at, f"translate({number(px)} {number(py)})scale({big})")
    unit = UNIT * big
    _measure(d, (px, py + 44), (px + unit, py + 44), "1")
    _measure(d, (px, py + 76), (px + unit * at["w"], py + 76), "w")
    _measure(d, (px + unit * 1.45 + 88, py), (px + unit * 1.45 + 88, py - unit * at["p"]), "w · a")
    a = py - unit * at["a"]
    d.line((px - 34, a), (px + unit - 8, a), line="back0", pen=1.2, dash="3 3")
    _measure(d, (px - 34, py), (px - 34, a), "a")


def _band(d: Drawing, x: float, y: float) -> None:
    _card(
        d, x, y, "A band adds", "z = p1 + p2 + b", "one tension: each of the three feels all of g"
    )
    scene = Scene(0, 0, UNIT)
    belt = Belt(scene)
    at = {"p1": 0.9, "p2": -0.3, "b": 0.5}
    at["z"] = sum(at.values())
    across = 0.0
    px, py, big = x + 66, y + 186, 1.25
    for name in ("p1", "p2", "b"):
        middle = across + R
        rod(scene, name, [(middle, 0), (middle, 66)])
        across = belt.under(belt.lift(middle, 0, name, name), middle + R + 34, 60)
    belt.hang(across, -72, 30, "z", 60)
    z = across + 3 * R
    rod(scene, "z", [(z, 30), (z, 112)])
    add_scene(d, scene, at, f"translate({number(px)} {number(py)})scale({big})")
    for k, name in enumerate(("p1", "p2", "b", "z")):
        middle = px + big * ((R + 56 * k) if k < 3 else z)
        top = py + big * ((-UNIT * at[name] if k < 3 else 30 - UNIT * at[name]) - R)
        d.text(middle, top - 9, name, 16, on="card", bold=True)
        _measure(
            d,
            (middle - 22, py + big * (30 if k == 3 else 0)),
            (middle - 22, py + big * ((30 if k == 3 else 0) - UNIT * at[name])),
            "",
        )
        d.text(middle, y + 318, f"{at[name]:+.1f}", 15, "back0", on="card", bold=True)
    for k, sign in enumerate("++="):
        d.text(px + big * (R + 56 * k + 30 + 10 * (k == 2)), y + 318, sign, 15, on="card")


CAM_Z = 0.6


def _cam(d: Drawing, x: float, y: float) -> None:
    _card(
        d,
        x,
        y,
        "A cam bends",
        "a = s(z)",
        "z feels g times the slope: where it is flat, nothing",
    )
    scene = Scene(0, 0, UNIT)
    cam(scene, 0, 0, 36, "a", "sigmoid")
    rod(scene, "a", [(FOLLOWER, FLOOR), (FOLLOWER, FLOOR - UNIT - 72)])
    at = {"z.a": CAM_Z, "a": height("sigmoid", CAM_Z)}
    px, py, big = x + 120, y + 222, 1.2
    add_scene(d, scene, at, f"translate({number(px)} {number(py)})scale({big})")
    # The tangent, on the plate's own scales.
    fx, fy = px + big * FOLLOWER, py + big * (FLOOR - UNIT * at["a"])
    rise = slope("sigmoid", CAM_Z) * UNIT / PLATE
    reach = 62 * cos(atan(rise))
    d.line((fx - reach, fy + reach * rise), (fx + reach, fy - reach * rise), line="back1", pen=3)
    d.text(px - 14, py + big * (36 - UNIT * CAM_Z) + 5, "z", 18, on="card", anchor="end", bold=True)
    d.text(
        fx + 14,
        py + big * (FLOOR - UNIT * at["a"] - UNIT - 50),
        "a",
        18,
        on="card",
        anchor="start",
        bold=True,
    )
    d.text(fx + 76, py - 62, f"slope {slope('sigmoid', CAM_Z):.3f}", 14, "back1", "card", "start")


def _fork(d: Drawing, x: float, y: float, at: Values, fork: list[float]) -> None:
    _card(
        d,
        x,
        y,
        "A rod forks",
        f"h1 drives both: {fork[0]:+.6f} and {fork[1]:+.6f}",
        f"forces on one rod add: it feels {fork[2]:+.6f}",
    )
    scene = Scene(0, 0, UNIT)
    for w, row in (("5", 0), ("7", 176)):
        lever(scene, 0, row, "h1", f"w{w}", f"p{w}")
    rod(scene, "h1", [(UNIT, -150), (UNIT, 176)])
    px, py, big = x + 100, y + 148, 0.64
    add_scene(d, scene, at, f"translate({number(px)} {number(py)})scale({big})")
    unit = big * UNIT
    d.text(px + unit - 14, py - 84, "h1", 18, on="card", anchor="end", bold=True)
    for row, force, says in (
        (-128, fork[2], "dC/dh1, their sum"),
        (0, fork[0], "through the lever of w5"),
        (176, fork[1], "through the lever of w7"),
    ):
        top = py + big * row - (unit * at["h1"] if row >= 0 else -12)
        left = px + unit + (64 if row >= 0 else 22)
        d.line((px + unit, top), (left, top), line="back1", pen=1.4, dash="3 3")
        arrow(d, left, top, force, 800)
        d.text(left + 18, top + 4, f"{force:+.6f}", 15, on="card", anchor="start", bold=True)
        d.text(left + 18, top + 24, says, 14.5, "soft", "card", "start")
