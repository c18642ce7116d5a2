"""Two diagrams of the gear document: gears.svg, the smallest machine, and rack.svg, a layer.

What is drawn stands here, and where; machines.py and pen.py know how. making/diagrams.py gives the
files, with those of draw_parts.py.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from draw_parts import example
from machines import add_scene, where
from pen import Drawing

from simplenet.backprop.fittings import UNIT, rod
from simplenet.backprop.layout import CELL, machine_scene, neuron
from simplenet.backprop.mechanism import given, machine, positions
from simplenet.backprop.scene import Scene
from simplenet.backprop.svg import gear_path, number
from simplenet.net import net_around

# What meets, of the machine of the first diagram: two values, and the number of the joint between
# them; a bias has none, its ratio is 1.
JOINTS = (
    ("A_-3", "Z_-2", 1),
    ("W_-2", "Z_-2", 2),
    ("B_-2", "Z_-2", 0),
    ("Z_-2", "A_-2", 3),
    ("A_-2", "Z_-1", 4),
    ("W_-1", "Z_-1", 5),
    ("B_-1", "Z_-1", 0),
    ("Z_-1", "A_-1", 6),
    ("A_-1", "C", 7),
)
# Its names here, and those in the machine of a 1-1-1 net.
NAMES = {
    "x1": "A_-3",
    "w1": "W_-2",
    "b.h1": "B_-2",
    "z.h1": "Z_-2",
    "h1": "A_-2",
    "w2": "W_-1",
    "b.o1": "B_-1",
    "z.o1": "Z_-1",
    "o1": "A_-1",
    "y1": "y",
    "C": "C",
}
SCALE = 0.78  # of the machine in the first diagram


# --- gears.svg -----------------------------------------------------------------------------------

GEARS_DESC = """The machine of the smallest network with a hidden layer, one neuron in each, from \
left to right. The rod of the input A₋₃ (a padlock: given) lifts a lever; the crank of the weight \
W₋₂ slides a pin along it, so that the pin rises by A₋₃ W₋₂. A band runs over a pulley on the bar \
that the pin lifts and over one that the crank of the bias B₋₂ lifts, and under one of Z₋₂, which \
rises by their sum. Z₋₂ moves a plate with a groove in the shape of a sigmoid, and the follower \
in the groove is A₋₂. The rod of A₋₂ lifts the next lever, with the crank W₋₁; band, bias B₋₁ and \
Z₋₁ follow, and a cam, whose follower is A₋₁. A₋₁ moves a plate with a groove in the shape of a \
parabola, clamped where the truth y is; what follows it lifts the cost C, on which a load \
hangs. Both Z carry a flag: checkpoint, dC/dZ known. The joints are numbered: 1 A₋₃ to Z₋₂, 2 W₋₂ \
to Z₋₂, 3 Z₋₂ to A₋₂, 4 A₋₂ to Z₋₁, 5 W₋₁ to Z₋₁, 6 Z₋₁ to A₋₁, 7 A₋₁ to C. A solid arrow runs \
back from C through joints 7, 6 and 5 to W₋₁, a dashed one through 7, 6, 4, 3 and 2 to W₋₂. Three \
panels follow. Forward: Z₋₂ = A₋₃ W₋₂ + B₋₂, A₋₂ = s(Z₋₂), Z₋₁ = A₋₂ W₋₁ + B₋₁, A₋₁ = s(Z₋₁), C = \
½ (A₋₁ - y)². Solid: dC/dW₋₁ = dC/dA₋₁ · dA₋₁/dZ₋₁ · dZ₋₁/dW₋₁ = (A₋₁ - y) · A₋₁(1 - A₋₁) · A₋₂, \
whose first two factors are dC/dZ₋₁, known. Dashed: dC/dW₋₂ = dC/dZ₋₁ · dZ₋₁/dA₋₂ · dA₋₂/dZ₋₂ · \
dZ₋₂/dW₋₂ = dC/dZ₋₁ (known) · W₋₁ · A₋₂(1 - A₋₂) · A₋₃; with several outputs, dC/dZ₋₁ · W₋₁ is \
summed over them."""
BACK = {"W_-1": ("back0", ""), "W_-2": ("back1", "9 5")}  # colour and dash of the paths back


def _place(x: float, y: float) -> tuple[float, float]:
    """Return where a point of the machine stands in the first diagram."""
    return 6 + SCALE * x, 56 + SCALE * y


def _flag(d: Drawing, x: float, y: float, top: float, name: str) -> None:
    d.line((x, y), (x, top), pen=2.5)
    d.shape("circle", "ink", cx=x, cy=y, r=4)
    d.shape("path", "card", "ink", d=f"M{number(x)} {number(top)}h113l-8 22l8 22h-113z")
    d.text(x + 7, top + 18, "checkpoint:", 14, on="card", anchor="start")
    d.text(x + 7, top + 37, f"dC/d{name} known", 14, on="card", anchor="start")


def _sample(d: Drawing, x: float, y: float, name: str) -> None:
    colour, dash = BACK[name]
    d.line((x + 48, y), (x + 8, y), line=colour, pen=3.5, dash=dash)
    d.head(x, y, 180, colour)


def _back(
    d: Drawing, name: str, y: float, crank: float, rise: float, discs: Iterable[tuple[float, int]]
) -> None:
    """Draw the way back from the cost to a weight, below the machine, with its joints."""
    colour, dash = BACK[name]
    d.line((CAST, y), (crank, y), (crank, rise + 12), line=colour, pen=3.5, dash=dash)
    d.head(crank, rise, -90, colour)
    d.shape("circle", colour, "card", 2, cx=CAST, cy=y, r=6)
    for x, joint in discs:
        d.disc(x, y, joint)


CAST = 858.0  # where the ways back begin, left of the load


def one_one_one() -> tuple[Scene, dict[str, float]]:
    """Return the machine of the first diagram, and where everything in it stands."""
    params = np.array([0.45, 1.35, 0.3, -0.1])
    net = net_around(params, (1, 1, 1), ("sigmoid", "sigmoid"), "half-squared-error")
    made = machine(net)
    return machine_scene(made), positions(made, given(net, [0.7], [0.1]))


def gears_drawing() -> Drawing:
    """Return the smallest machine, with every joint numbered, and panels that use the numbers."""
    d = Drawing(1000, 834, "A network as a machine", GEARS_DESC)
    d.text(40, 40, "Turn a W: how far does C rise?", 20, anchor="start", bold=True)
    says = "One forward and one backward pass give every ratio, and so every gradient."
    d.text(40, 64, says, 14, "soft", anchor="start")
    names = "W weight, B bias, Z weighted input, A activation, C cost, y the truth"
    d.text(960, 40, names, 14, "soft", anchor="end")
    scene, at = one_one_one()
    x, y = _place(0, 0)
    add_scene(d, scene, at, f"translate({number(x)} {number(y)})scale({SCALE})")
    spot = {}
    for mark in scene.marks:
        if mark.value in NAMES:
            moved = (0.0, 0.0) if mark.round or mark.value[:2] == "z." else where(scene, mark, at)
            x, y = _place(mark.x + moved[0], mark.y + moved[1])
            y += 18 if mark.value in ("h1", "o1") else 0
            d.text(x, y, NAMES[mark.value], 18, anchor=mark.anchor, bold=True)
            spot[NAMES[mark.value]] = _place(*mark.arrow)
    for name, x, top in (("Z_-2", 344, 268), ("Z_-1", 736, 268)):
        _flag(d, x, 256, top, name)
    for joint, (x, y) in enumerate(AT, 1):
        d.disc(x, y, joint)
    _back(d, "W_-1", 392, spot["W_-1"][0], 322, ((800, 7), (716, 6), (560, 5)))
    _back(d, "W_-2", 428, spot["W_-2"][0], 322, ((800, 7), (716, 6), (520, 4), (344, 3), (170, 2)))
    d.line((52, 478), (76, 478), pen=5)
    d.shape("circle", "W", "ink", 2, cx=80, cy=478, r=7)
    d.text(98, 483, "a crank: ours to turn", 14, anchor="start")
    d.padlock(286, 480)
    d.text(304, 483, "a padlock: given, not ours to move", 14, anchor="start")
    d.text(590, 483, "on C hangs a load: its pull is the gradient", 14, anchor="start")
    _panels(d)
    return d


# Where the numbers of the joints stand.
AT = ((152, 206), (86, 182), (396, 206), (540, 206), (552, 160), (780, 206), (898, 232))


# Equations of the forward pass, and the meshes that each is about.
FORWARD = (
    ("Z_-2 = A_-3 W_-2 + B_-2", (1, 2)),
    ("A_-2 = s(Z_-2)", (3,)),
    ("Z_-1 = A_-2 W_-1 + B_-1", (4, 5)),
    ("A_-1 = s(Z_-1)", (6,)),
    ("C = ½ (A_-1 - y)^2", (7,)),
)
# The panel's left edge and width; of each factor the middle, the mesh, what it is and its value.
CHAINS = {
    "W_-1": (298, 294),
    "W_-2": (608, 362),
}
FACTORS = {
    "W_-1": (
        (399, 7, "C", "A_-1", "(A_-1 - y)"),
        (489, 6, "A_-1", "Z_-1", "A_-1(1 - A_-1)"),
        (564, 5, "Z_-1", "W_-1", "A_-2"),
    ),
    "W_-2": (
        (712, 0, "C", "Z_-1", "known"),
        (776, 4, "Z_-1", "A_-2", "W_-1"),
        (854, 3, "A_-2", "Z_-2", "A_-2(1 - A_-2)"),
        (937, 2, "Z_-2", "W_-2", "A_-3"),
    ),
}
# Brackets under the factors: from, to, height, what to say.
NOTES = (
    (366, 532, 736, ("= dC/dZ_-1: the checkpoint,", "and dC/dB_-1, as its ratio is 1")),
    (688, 794, 734, ("with several outputs:", "the sum over them")),
    (688, 900, 785, ("= dC/dZ_-2: the next checkpoint",)),
)


def _panels(d: Drawing) -> None:
    d.card(30, 556, 252, 256, "Forwards")
    for row, (equation, meshes) in enumerate(FORWARD):
        d.text(46, 616 + 34 * row, equation, 15, on="card", anchor="start")
        for place, mesh in enumerate(meshes[::-1]):
            d.disc(260 - 26 * place, 611 + 34 * row, mesh)
    d.text(46, 788, "s: the sigmoid, slope A(1 - A)", 14, "soft", "card", "start")
    for name, (x, width) in CHAINS.items():
        d.card(x, 556, width, 256, f"Back to {name}")
        _sample(d, x + width - 76, 578, name)
        d.fraction(x + 36, 656, "dC", f"d{name}")
        previous = x + 36
        for at, mesh, top, bottom, value in FACTORS[name]:
            first = previous == x + 36
            d.text((previous + at) / 2, 661, "=" if first else "·", 16, on="card")
            d.fraction(at, 656, f"d{top}", f"d{bottom}", 42)
            d.text(at, 708, value, 15, on="card")
            if mesh:
                d.disc(at, 614, mesh)
            previous = at
        d.text(x + 56, 708, "=", 16, on="card")
    d.line((704, 627), (704, 604), pen=2)
    d.shape("path", "ink", d="M704 604h20l-4 6l4 6h-20z")
    for x0, x1, y, lines in NOTES:
        d.shape("path", line="soft", pen=1.2, d=f"M{x0} {y - 14}v6H{x1}v-6")
        for row, line in enumerate(lines):
            d.text((x0 + x1) / 2, y + 11 + 18 * row, line, 14, on="card")


# --- rack.svg ------------------------------------------------------------------------------------

RACK_DESC = """From one neuron to matrices, for two hidden neurons h1, h2 and two outputs o1, o2. \
Left: a layer is a board. The rods of a_1 (h1) and a_2 (h2) run down it, the bands of z_1 (o1) and \
z_2 (o2) across it, and where they cross stands a lever of W: (1, 1) is w5, (1, 2) w7, (2, 1) w6, \
(2, 2) w8. Lever (k, j) stands on exactly one path, from a_k to z_j; the one through w6, from a_2 \
to z_1, is marked. At the end of its row each z_j has a cam of its own: hence * and not @. Top \
right: the rod of h1 drives both outputs, and the forces that come back on it add: {0} through w5 \
and {1} through w7 make {2}, which is dC/da_1. Below that: a minibatch is three transparent \
sheets, one for each sample, through which the shafts of the same four cranks of W go: a crank \
moves all sheets, and feels the pull of all. At the bottom, what each operator sums over: dc_dz @ \
W.T over paths, inputs.T @ dc_dz over samples, dc_dz.sum(axis=0) over samples, dc_da * slope over \
nothing."""
OPERATORS = (
    ("dc_dz @ W.T", "dC/dA", "paths", "all outputs that", "a unit drives"),
    ("dc_da * slope", "dC/dZ", "nothing", "each Z has a cam", "of its own"),
    ("inputs.T @ dc_dz", "dC/dW", "samples", "one crank of W", "moves all sheets"),
    ("dc_dz.sum(axis=0)", "dC/dB", "samples", "the same: a bias", "acts at ratio 1"),
)


def shared_rod() -> tuple[list[float], list[float]]:
    """Return dC/dZ of both outputs of the 2-2-2 example, and the forces they make h1 feel."""
    _, _, felt, shares = example()
    return [felt["z.o1"], felt["z.o2"]], [shares["lever 5 h1"], shares["lever 7 h1"]]


def signed(value: float) -> str:
    """Return a force as text."""
    return f"{value:+.6f}"


def _board(d: Drawing) -> None:
    d.card(30, 84, 520, 494, "Lever (k, j) of W stands on one path: from a_k to z_j")
    made, at, _, _ = example()
    scene = Scene(0, 0, UNIT)
    rows = (0.0, 272.0)
    for k in (1, 2):
        column = CELL * (k - 1) + UNIT
        rod(scene, f"h{k}", [(column, -106), (column, rows[-1])])
    for j, y in enumerate(rows, 1):
        neuron(scene, made, 0, y, f"o{j}")
    big, px, py = 0.72, 96, 260
    add_scene(d, scene, at, f"translate({px} {py})scale({big})")
    for k in (1, 2):
        x = px + big * (CELL * (k - 1) + UNIT)
        d.text(x - 10, py - 82, f"a_{k}: h{k}", 15, on="card", anchor="end", bold=True)
        for j, y in enumerate(rows, 1):
            name = f"w{2 + k + 2 * j}"
            d.text(x + 8, py + big * y + 76, name, 15, on="card", anchor="start", bold=True)
            d.text(x + 8, py + big * y + 94, f"({k}, {j})", 14, "soft", "card", "start")
    for j, y in enumerate(rows, 1):
        d.text(
            534, py + big * y + 84, f"z_{j} to a_{j}: o{j}", 15, on="card", anchor="end", bold=True
        )
    x = px + big * (CELL + UNIT) + 9
    y = py - big * UNIT * at["h2"]
    d.line((x, py - 70), (x, y), (x + 48, y), line="card", pen=8)
    d.line((x, py - 70), (x, y - 6), line="back0", pen=4)
    d.line((x, y - 6), (x + 36, y - 6), line="back0", pen=4)
    d.head(x + 48, y - 6, 0, "back0")


def _shaft(d: Drawing) -> None:
    dc_dz, forces = shared_rod()
    d.card(566, 84, 404, 252, "h1 drives two outputs: forces add")
    for pen, line in ((13, "ink"), (10, "A")):
        d.line((616, 126), (616, 316), line=line, pen=pen)
    d.text(598, 146, "h1", 17, on="card", anchor="end", bold=True)
    rows = (
        (150, sum(forces), "dC/da_1, their sum", "ink"),
        (214, forces[0], f"w5 · dC/dz_1 = 0.40 · {signed(dc_dz[0])}", "back0"),
        (290, forces[1], f"w7 · dC/dz_2 = 0.50 · {signed(dc_dz[1])}", "back1"),
    )
    for y, force, says, colour in rows:
        d.shape("circle", "Z", "ink", cx=616, cy=y, r=5)
        tip = y + force * 900  # to scale
        sense = 1 if force > 0 else -1
        d.line((621, y), (656, y), line=colour, pen=1.5, dash="3 3")
        d.line((656, y), (656, tip - 9 * sense), line=colour, pen=4)
        d.head(656, tip, 90 * sense, colour)
        d.text(678, y + 3, signed(force), 15, on="card", anchor="start", bold=True)
        d.text(678, y + 23, says, 14, "soft", "card", "start")


def _sheets(d: Drawing) -> None:
    d.card(566, 352, 404, 226, "A minibatch: one W moves all sheets")

    def point(x: float, y: float, level: float) -> tuple[float, float]:
        return 640 + x - 0.6 * y, 526 + 0.42 * y - 32 * level

    def seen(x: float, y: float, level: float) -> str:
        return f"matrix(1 0 -.6 .42 {' '.join(map(number, point(x, y, level)))})"

    axles = [(x, y) for x in (40, 114) for y in (-36, 36)]
    sheet: dict[str, Any] = {"x": 0, "y": -70, "width": 154, "height": 140, "rx": 6}
    d.shape("rect", "paper", "ink", 1.4, **sheet, transform=seen(0, 0, 0))
    for x, y in axles:
        outline = gear_path(14, 4, 0.2)
        d.shape("path", "W", "ink", 1.4, d=outline, transform=seen(x, y, 0))
    for level in (1, 2, 3):
        clear = {"transform": seen(0, 0, level), "fill-opacity": ".3"}
        d.shape("rect", "Z", "soft", 1.4, **sheet, **clear)
    for axle in axles:
        d.line(point(*axle, 0), point(*axle, 3.4), pen=1.2, dash="2 3")
    for level, says in enumerate(("W, shared", "sample 1", "sample 2", "sample 3")):
        d.text(858, 522 - 32 * level, says, 14, on="card", anchor="start", bold=not level)


def _operators(d: Drawing) -> None:
    for column, (code, gives, over, *why) in enumerate(OPERATORS):
        x = 30 + 239 * column
        d.shape("rect", "card", "edge", 1.2, x=x, y=594, width=223, height=136, rx=8)
        d.text(x + 16, 622, code, 15, on="card", anchor="start", bold=True, mono=True)
        d.text(x + 16, 644, f"gives {gives}", 14, "soft", "card", "start")
        d.text(x + 16, 674, f"sums over {over}", 16, on="card", anchor="start", bold=True)
        for row, line in enumerate(why):
            d.text(x + 16, 696 + 18 * row, line, 14, on="card", anchor="start")


def rack_drawing() -> Drawing:
    """Return the board of a layer, the shared rod, the sheets and the operators."""
    _, torques = shared_rod()
    desc = RACK_DESC.format(*map(signed, (*torques, sum(torques))))
    d = Drawing(1000, 750, "From one neuron to matrices", desc)
    d.text(40, 40, "From one neuron to matrices", 20, anchor="start", bold=True)
    says = (
        "A layer is a board: rods for its inputs, bands for its neurons, levers where they cross."
    )
    d.text(40, 66, says, 14, "soft", anchor="start")
    for part in (_board, _shaft, _sheets, _operators):
        part(d)
    return d
