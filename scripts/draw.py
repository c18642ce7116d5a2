"""The two diagrams of the gear document, drawn as SVG text: gears.svg and rack.svg.

What is drawn stands here, and where; pen.py knows how. making/diagrams.py gives the files.
"""

from collections.abc import Sequence
from math import atan2, degrees, exp, radians, tan
from typing import Any

from pen import DISC, Drawing, Gear, nook

from simplenet.backprop.svg import gear_path, number

HUB = 25  # radius of the disc that carries a gear's name


def train() -> dict[str, Gear]:
    """Return the gears of the first diagram by name; each but the first meshes with one before."""
    made = {"A^-2": Gear("A^-2", 14, 8, 104, 296)}
    for driver, name, teeth, angle in (
        ("A^-2", "Z^-1", 18, 0),
        ("Z^-1", "W^-1", 14, 98),
        ("Z^-1", "B^-1", 18, 250),  # as many teeth as Z: this is what ratio 1 looks like
        ("Z^-1", "A^-1", 14, 0),
        ("A^-1", "Z^0", 18, 0),
        ("Z^0", "W^0", 14, 257),
        ("Z^0", "B^0", 18, 90),
        ("Z^0", "A^0", 14, 0),
        ("A^0", "C", 20, 0),
    ):
        made[name] = made[driver].mate(name, teeth, angle)
    return made


# Which gears mesh, and the number of the mesh; a bias has none, its ratio is 1. The last column
# is the side of the line between the axles, seen from the first gear, on which the number stands.
MESHES = (
    ("A^-2", "Z^-1", 1, 1),
    ("Z^-1", "W^-1", 2, -1),
    ("Z^-1", "B^-1", 0, -1),
    ("Z^-1", "A^-1", 3, 1),
    ("A^-1", "Z^0", 4, 1),
    ("Z^0", "W^0", 5, -1),
    ("Z^0", "B^0", 0, -1),
    ("Z^0", "A^0", 6, 1),
    ("A^0", "C", 7, 1),
)


# --- gears.svg -----------------------------------------------------------------------------------

GEARS_DESC = """A train of meshing gears, from left to right. The input A⁻² (a padlock: given) and \
the weight W⁻¹ (a crank: ours to turn) drive Z⁻¹, and Z⁻¹ drives A⁻¹. A⁻¹ and the weight W⁰ (a \
crank) drive Z⁰, Z⁰ drives A⁰, and A⁰ drives the cost C, beside which the truth y is a fixed pin. \
The biases B⁻¹ and B⁰, dashed, mesh with their Z at ratio 1: they have as many teeth. Both Z carry \
a flag: checkpoint, dC/dZ saved. The meshes are numbered: 1 A⁻² and Z⁻¹, 2 W⁻¹ and Z⁻¹, 3 Z⁻¹ and \
A⁻¹, 4 A⁻¹ and Z⁰, 5 W⁰ and Z⁰, 6 Z⁰ and A⁰, 7 A⁰ and C. A solid arrow runs back from C through \
meshes 7, 6 and 5 to W⁰, a dashed one through 7, 6, 4, 3 and 2 to W⁻¹. Three panels follow. \
Forward: Z⁻¹ = A⁻² W⁻¹ + B⁻¹, A⁻¹ = s(Z⁻¹), Z⁰ = A⁻¹ W⁰ + B⁰, A⁰ = s(Z⁰), C = ½ (A⁰ - y)². Solid: \
dC/dW⁰ = dC/dA⁰ · dA⁰/dZ⁰ · dZ⁰/dW⁰ = (A⁰ - y) · A⁰(1 - A⁰) · A⁻¹, whose first two factors are \
dC/dZ⁰, saved. Dashed: dC/dW⁻¹ = dC/dZ⁰ · dZ⁰/dA⁻¹ · dA⁻¹/dZ⁻¹ · dZ⁻¹/dW⁻¹ = dC/dZ⁰ (saved) · W⁰ · \
A⁻¹(1 - A⁻¹) · A⁻²; with several outputs, dC/dZ⁰ · W⁰ is summed over them."""
BACK = {"W^0": ("back0", ""), "W^-1": ("back1", "9 5")}  # colour and dash of the paths back


def _gear(d: Drawing, gear: Gear, size: float = 19, hub: float = HUB) -> None:
    bias = gear.kind == "B"
    line, dash = ("soft", "5 3") if bias else ("ink", "")
    outline = gear_path(gear.teeth, gear.module, gear.phase)
    place = f"translate({number(gear.x)} {number(gear.y)})"
    d.shape("path", gear.kind, line, 1.4, dash, d=outline, transform=place)
    d.shape("circle", "card", line, 1.2, cx=gear.x, cy=gear.y, r=hub)
    d.text(gear.x, gear.y + size * 0.36, gear.name, size, on="card", bold=True)
    if bias:
        d.text(gear.x, gear.y + 43, "ratio 1", 13, "soft", on="B")


def _crank(d: Drawing, gear: Gear, angle: float) -> None:
    knob = gear.at(gear.outside + 15, angle)
    d.line(gear.at(HUB, angle), knob, line="card", pen=10)
    d.line(gear.at(HUB, angle), knob, pen=6)
    d.shape("circle", "W", "ink", 2, cx=knob[0], cy=knob[1], r=9)


def _flag(d: Drawing, gear: Gear, name: str) -> None:
    x, y = gear.at(gear.pitch - 6, -45)
    top = gear.y - 186
    d.line((x, y), (x, top), pen=2.5)
    d.shape("circle", "ink", cx=x, cy=y, r=4)
    d.shape("path", "card", "ink", d=f"M{number(x)} {number(top)}h113l-8 22l8 22h-113z")
    d.text(x + 8, top + 18, "checkpoint:", 13, on="card", anchor="start")
    d.text(x + 8, top + 36, f"dC/d{name} saved", 13, on="card", anchor="start")


def _sample(d: Drawing, x: float, y: float, name: str) -> None:
    colour, dash = BACK[name]
    d.line((x + 48, y), (x + 8, y), line=colour, pen=3.5, dash=dash)
    d.head(x, y, 180, colour)


def _back(d: Drawing, dy: float, z: Gear, w: Gear, c: Gear, stations: list[Gear]) -> None:
    """Draw the path back from the cost, along the train and round into a weight."""
    colour, dash = BACK[w.name]
    away = degrees(atan2(w.y - z.y, w.x - z.x))
    tip, y = w.at(HUB + 2, away + 180), z.y + dy
    bend = z.x + dy / tan(radians(away))
    stop = w.at(HUB + 11, away + 180)
    curve = f"M{number(c.x)} {number(y)}H{number(bend + 34)}"
    curve += f"Q{number(bend)} {number(y)} {number(stop[0])} {number(stop[1])}"
    d.shape("path", line="card", pen=8, d=curve)
    d.shape("path", line=colour, pen=3.5, dash=dash, d=curve)
    d.shape("circle", colour, "card", 2, cx=c.x, cy=y, r=6)
    d.head(*tip, away, colour)
    for gear in stations:
        d.head(gear.x - 7, y, 180, colour)


def gears_drawing() -> Drawing:
    """Return the train of gears, with every mesh numbered, and the panels that use the numbers."""
    d = Drawing(1000, 834, "A network as a train of gears", GEARS_DESC)
    g = train()
    d.text(40, 40, "Turn a W: how far does C turn?", 20, anchor="start", bold=True)
    says = "One forward and one backward pass give every ratio, and so every gradient."
    d.text(40, 64, says, 14, "soft", anchor="start")
    names = "W weight, B bias, Z weighted input, A activation, C cost, y the truth"
    d.text(960, 40, names, 13.5, "soft", anchor="end")
    for gear in g.values():
        _gear(d, gear)
    _crank(d, g["W^0"], 257)
    _crank(d, g["W^-1"], 98)
    d.padlock(g["A^-2"].x, g["A^-2"].y + 38)
    # y is not a gear: it cannot turn.
    c = g["C"]
    for hatch in range(9):
        d.line((904, c.y - 40 + 10 * hatch), (914, c.y - 50 + 10 * hatch), line="soft", pen=1.2)
    d.line((904, c.y - 50), (904, c.y + 50), pen=3)
    d.shape("path", "card", "ink", d=f"M904 {number(c.y - 9)}h-44a9 9 0 0 0 0 18h44z")
    d.text(936, c.y + 2, "y", 22, bold=True)
    d.padlock(936, c.y + 22)
    d.text(936, c.y + 48, "fixed", 13, "soft")
    _back(d, -33, g["Z^0"], g["W^0"], c, [g["A^0"]])
    _back(d, 33, g["Z^-1"], g["W^-1"], c, [g["A^0"], g["Z^0"], g["A^-1"]])
    _flag(d, g["Z^-1"], "Z^-1")
    _flag(d, g["Z^0"], "Z^0")
    for one, other, mesh, side in filter(lambda row: row[2], MESHES):
        d.disc(*nook(g[one], g[other], side, DISC + 1), mesh)
    for y, name, says in ((426, "W^0", "7, 6, 5"), (454, "W^-1", "7, 6, 4, 3, 2")):
        _sample(d, 652, y, name)
        d.text(714, y + 5, f"back to {name}: meshes {says}", 14, anchor="start")
    d.line((662, 482), (690, 482), pen=6)
    d.shape("circle", "W", "ink", 2, cx=694, cy=482, r=8)
    d.text(714, 487, "a crank: ours to turn", 14, anchor="start")
    d.padlock(680, 512)
    d.text(714, 515, "a padlock: given, not ours to turn", 14, anchor="start")
    _panels(d)
    return d


# Equations of the forward pass, and the meshes that each is about.
FORWARD = (
    ("Z^-1 = A^-2 W^-1 + B^-1", (1, 2)),
    ("A^-1 = s(Z^-1)", (3,)),
    ("Z^0 = A^-1 W^0 + B^0", (4, 5)),
    ("A^0 = s(Z^0)", (6,)),
    ("C = ½ (A^0 - y)^2", (7,)),
)
# The panel's left edge and width; of each factor the middle, the mesh, what it is and its value.
CHAINS = {
    "W^0": (298, 294),
    "W^-1": (608, 362),
}
FACTORS = {
    "W^0": (
        (406, 7, "C", "A^0", "(A^0 - y)"),
        (488, 6, "A^0", "Z^0", "A^0(1 - A^0)"),
        (562, 5, "Z^0", "W^0", "A^-1"),
    ),
    "W^-1": (
        (712, 0, "C", "Z^0", "saved"),
        (776, 4, "Z^0", "A^-1", "W^0"),
        (854, 3, "A^-1", "Z^-1", "A^-1(1 - A^-1)"),
        (937, 2, "Z^-1", "W^-1", "A^-2"),
    ),
}
# Brackets under the factors: from, to, height, what to say.
NOTES = (
    (378, 530, 736, ("= dC/dZ^0: the checkpoint,", "and dC/dB^0, as its ratio is 1")),
    (688, 794, 734, ("with several outputs:", "the sum over them")),
    (688, 900, 785, ("= dC/dZ^-1: the next checkpoint",)),
)


def _panels(d: Drawing) -> None:
    d.card(30, 556, 252, 256, "Forwards")
    for row, (equation, meshes) in enumerate(FORWARD):
        d.text(46, 616 + 34 * row, equation, 15, on="card", anchor="start")
        for place, mesh in enumerate(meshes[::-1]):
            d.disc(260 - 26 * place, 611 + 34 * row, mesh)
    d.text(46, 788, "s: the sigmoid, slope A(1 - A)", 13.5, "soft", "card", "start")
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
        d.text(x + 66, 708, "=", 16, on="card")
    d.line((704, 627), (704, 604), pen=2)
    d.shape("path", "ink", d="M704 604h20l-4 6l4 6h-20z")
    for x0, x1, y, lines in NOTES:
        d.shape("path", line="soft", pen=1.2, d=f"M{x0} {y - 14}v6H{x1}v-6")
        for row, line in enumerate(lines):
            d.text((x0 + x1) / 2, y + 11 + 18 * row, line, 13, on="card")


def gears() -> str:
    """Return gears.svg."""
    return gears_drawing().svg()


# --- rack.svg ------------------------------------------------------------------------------------

RACK_DESC = """From gears to matrices, for two hidden neurons h1, h2 and two outputs o1, o2. \
Left: a layer is a rack of parallel shafts, never one giant gear. The shafts of A_1 (h1) and A_2 \
(h2) run across a board, the shafts of Z_1 (o1) and Z_2 (o2) down through it. At each of the four \
crossings stands a small gear of W: (1, 1) is w5, (1, 2) w7, (2, 1) w6, (2, 2) w8. Gear (k, j) \
stands on exactly one path, from A_k to Z_j; the one through w6, from A_2 to Z_1, is marked. Below \
the board each Z_j meshes with its own A_j, one to one: hence * and not @. Top right: the shaft of \
h1 drives both outputs, and the torques that come back on it add: {0} through w5 and {1} through \
w7 make {2}, which is dC/dA_1. Below that: a minibatch is three transparent sheets, one for each \
sample, over the same four weight gears. At the bottom, what each operator sums over: dc_dz @ W.T \
over paths, a_prev.T @ dc_dz over samples, dc_dz.sum(axis=0) over samples, dc_da * slope over \
nothing."""
OPERATORS = (
    ("dc_dz @ W.T", "dC/dA", "paths", "all outputs that", "a unit drives"),
    ("dc_da * slope", "dC/dZ", "nothing", "each Z drives", "its own A only"),
    ("a_prev.T @ dc_dz", "dC/dW", "samples", "all sheets over", "one gear of W"),
    ("dc_dz.sum(axis=0)", "dC/dB", "samples", "the same: a bias", "acts at ratio 1"),
)


def shared_shaft() -> tuple[list[float], list[float]]:
    """Return dC/dZ of both outputs of the 2-2-2 example, and the torques they put on h1's shaft."""

    def neuron(inputs: Sequence[float], weights: Sequence[float], bias: float) -> float:
        return 1 / (1 + exp(-sum(a * w for a, w in zip(inputs, weights)) - bias))

    h = [neuron((0.05, 0.10), weights, 0.35) for weights in ((0.15, 0.20), (0.25, 0.30))]
    o = [neuron(h, weights, 0.60) for weights in ((0.40, 0.45), (0.50, 0.55))]
    dc_dz = [(a - y) * a * (1 - a) for a, y in zip(o, (0.01, 0.99))]
    return dc_dz, [0.40 * dc_dz[0], 0.50 * dc_dz[1]]


def signed(value: float) -> str:
    """Return a torque as text."""
    return f"{value:+.6f}"


def board() -> dict[str, Gear]:
    """Return the gears of the second diagram; each o meshes with its Z, no others touch."""
    made = {f"h{k}": Gear(f"h{k}", 14, 5, 100, 90 + 112 * k) for k in (1, 2)}
    for j in (1, 2):
        z = made[f"Z_{j}"] = Gear(f"Z_{j}", 14, 5, 130 + 150 * j, 450, 0.1)
        made[f"o{j}"] = z.mate(f"o{j}", 14, 90)
        for k in (1, 2):
            name = f"w{2 + k + 2 * j}"
            made[name] = Gear(name, 14, 4, z.x, made[f"h{k}"].y, 0.1)
    return made


def _rod(d: Drawing, *points: tuple[float, float]) -> None:
    d.line(*points, line="ink", pen=8)
    d.line(*points, line="edge", pen=5.5)


def _board(d: Drawing) -> None:
    d.card(30, 84, 520, 494, "Gear (k, j) of W stands on one path: from A_k to Z_j")
    g = board()
    d.shape("rect", "paper", "edge", 1.2, x=196, y=140, width=318, height=242, rx=6)
    d.text(355, 374, "the board: W", 13, "soft")
    for k in (1, 2):
        _rod(d, (100, g[f"h{k}"].y), (500, g[f"h{k}"].y))
        _rod(d, (g[f"Z_{k}"].x, 158), (g[f"Z_{k}"].x, 450))
    z, w = g["Z_1"], g["w6"]
    for points in (((144, w.y), (w.x - 34, w.y)), ((z.x, w.y + 34), (z.x, z.y - 52))):
        d.line(*points, line="card", pen=8)
        d.line(*points, line="back0", pen=4)
    d.head(w.x - 32, w.y, 0, "back0")
    d.head(z.x, z.y - 40, 90, "back0")
    for gear in g.values():
        small = gear.module == 4
        _gear(d, gear, 14 if small else 17, 15 if small else 19)
    for k in (1, 2):
        d.text(100, g[f"h{k}"].y + 57, f"A_{k}", 13, "soft", on="card")
        for j in (1, 2):
            x, y = g[f"Z_{j}"].x, g[f"h{k}"].y
            d.text(x + 34, y + 38, f"({k}, {j})", 13, "soft", anchor="start")
    for j in (1, 2):
        x = g[f"Z_{j}"].x
        d.text(x + 46, 540, "its A", 13, "soft", "card", "start")
    for row, line in enumerate(("Z to A is one to one:", "hence * and not @")):
        d.text(50, 478 + 20 * row, line, 14, on="card", anchor="start", bold=not row)


def _shaft(d: Drawing) -> None:
    dc_dz, torques = shared_shaft()
    d.card(566, 84, 404, 252, "h1 drives two outputs: torques add")
    y = 196
    _rod(d, (590, y), (950, y))
    columns = (
        (632, sum(torques), "dC/dA_1,", "their sum", "ink"),
        (762, torques[0], "w5 · dC/dZ_1", f"0.40 · {signed(dc_dz[0])}", "back0"),
        (892, torques[1], "w7 · dC/dZ_2", f"0.50 · {signed(dc_dz[1])}", "back1"),
    )
    for x, torque, says, more, colour in columns:
        kind = "A" if colour == "ink" else "W"
        d.shape("rect", kind, "ink", 1.4, x=x - 14, y=y - 40, width=28, height=80, rx=2)
        for tooth in (-33, -24, -12.5, 0, 12.5, 24, 33):
            d.line((x - 14, y + tooth), (x + 14, y + tooth), pen=1)
        reach = -torque * 1100  # to scale
        tip, sense = y + reach, -90 if reach < 0 else 90
        d.line((x + 26, y), (x + 26, tip - 9 * reach / abs(reach)), line="card", pen=9)
        d.line((x + 26, y), (x + 26, tip - 9 * reach / abs(reach)), line=colour, pen=4)
        d.head(x + 26, tip, sense, colour)
        d.text(x, y + 72, signed(torque), 15, on="card", bold=True)
        d.text(x, y + 95, says, 13, "soft", "card")
        d.text(x, y + 115, more, 13, "soft", "card")
    d.text(697, y + 72, "=", 15, on="card")
    d.text(827, y + 72, "+", 15, on="card")


def _sheets(d: Drawing) -> None:
    d.card(566, 352, 404, 226, "A minibatch: sheets over the same W")

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
        d.text(x + 16, 644, f"gives {gives}", 13, "soft", "card", "start")
        d.text(x + 16, 674, f"sums over {over}", 16, on="card", anchor="start", bold=True)
        for row, line in enumerate(why):
            d.text(x + 16, 696 + 18 * row, line, 13, on="card", anchor="start")


def rack_drawing() -> Drawing:
    """Return the rack of shafts: the board, the shared shaft, the sheets and the operators."""
    _, torques = shared_shaft()
    desc = RACK_DESC.format(*map(signed, (*torques, sum(torques))))
    d = Drawing(1000, 750, "From gears to matrices", desc)
    d.text(40, 40, "From gears to matrices", 20, anchor="start", bold=True)
    says = "A layer is a rack of parallel shafts, never one giant gear."
    d.text(40, 66, says, 14, "soft", anchor="start")
    for part in (_board, _shaft, _sheets, _operators):
        part(d)
    return d


def rack() -> str:
    """Return rack.svg."""
    return rack_drawing().svg()
