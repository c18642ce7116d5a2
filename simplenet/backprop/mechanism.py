"""The machine: a network as parts that an engineer could build, forwards and backwards.

Everything in it moves along a line, and all of it to one scale: a value of 1 is one unit of way.
There are five kinds of parts, and no other.

- A **crank** sets a parameter: a pinion on a rack; half a turn of it is 1. Inputs and truths are
  rods as well, but under a padlock: given, and not ours to move.
- A **rod** carries a value, a height, to all who use it. Where it drives several parts it feels
  all their forces, and these add, as forces on one rigid body do: this is the sum over paths.
- A **lever** multiplies. It pivots on the frame; the rod of a lifts it at the distance 1 from
  the pivot; a pin that the weight's rack slides along it, to the distance w, is lifted by w a.
  (Similar triangles: exact however far it moves, for w below 0 as well, and driven by both. It is
  the slot multiplier of mechanical computers.) A flat lever is an input of 0: its weight moves
  nothing.
- A **band** adds. Of fixed length, it runs over a pulley on each of its inputs and under one on
  its output: what an input takes up, the output has to give. It has one tension, so that each
  input feels what the output feels: an addition copies the gradient. (Lord Kelvin's tide
  predictor of 1872 adds like this. A second band, its mirror image behind it, keeps both taut,
  whichever way they are pulled.)
- A **cam** is a plate with a groove that has the shape of a function, and drives a follower in it:
  the slope of the groove under the follower is the ratio. A saturated neuron stands on a flat
  piece. A pinion between rod and plate turns up into sideways. The cost has cams too: a parabola
  for the squared error, clamped where the truth is.

Hang a weight of 1 on C. The force that then has to be held at a rod, or at the rack of a crank, is
dC/d(that value): backpropagation. Nothing slips, so that at each part as much power leaves as
enters; nothing jams, as each value is driven by one part and no more. `positions` goes forwards,
`forces` backwards, by statics alone: angles, pins and tensions, and no derivative but the slope
of a groove. The tests hold them against the hand-written backward of net.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import atan, cos, exp, log, sin, tan, tanh

from simplenet.functions import LEAK
from simplenet.net import Net

Values = dict[str, float]  # by name: a height, or a way, in units; or a force


@dataclass(frozen=True, slots=True)
class Part:
    """A part that moves `output` as its `inputs` move; `profile` says what a cam is cut after.

    A lever's inputs are the rod a and the weight w, a cost cam's the output a and the truth y.
    """

    name: str
    kind: str  # "lever", "band", "cam" or "cost"
    inputs: tuple[str, ...]
    output: str
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of one net: its parts in the order in which they move, and what is given."""

    shape: tuple[int, ...]
    parts: tuple[Part, ...]
    cranks: tuple[str, ...]  # names of the parameters: those of a layer's weights, then its biases
    held: tuple[str, ...]  # names of the inputs, then of the truths
    units: tuple[tuple[str, ...], ...]  # names of the rods of each layer, input first

    @property
    def values(self) -> tuple[str, ...]:
        """Return the name of everything that can move."""
        outputs = (part.output for part in self.parts)
        return tuple(dict.fromkeys((*self.held, *self.cranks, *outputs)))


def machine(net: Net) -> Machine:
    """Return the machine of a net, with the names that the document has for the 2-2-2 example.

    Inputs are x1, x2, and so on, hidden units h1 (with several hidden layers h1.1), outputs o1;
    z.h1 and b.h1 are the weighted input and the bias of h1; w5 makes the product p5; c1 is what o1
    adds to C. Weights are numbered layer by layer, unit by unit. Raise ValueError for softmax,
    whose outputs depend on each other and need another machine.
    """
    if net.activations[-1] == "softmax":
        raise ValueError("machine: expected units with a cam each; found softmax, which joins all.")
    units = _units(net.shape)
    truths = tuple(f"y{j + 1}" for j in range(net.shape[-1]))
    parts: list[Part] = []
    cranks: list[str] = []
    number = 0
    for l, name in enumerate(net.activations):
        weights = []
        for unit in units[l + 1]:
            products = []
            for before in units[l]:
                number += 1
                weights.append(f"w{number}")
                products.append(f"p{number}")
                lever = Part(f"lever {number}", "lever", (before, weights[-1]), products[-1])
                parts.append(lever)
            parts.append(Part(f"band {unit}", "band", (*products, f"b.{unit}"), f"z.{unit}"))
            parts.append(Part(f"cam {unit}", "cam", (f"z.{unit}",), unit, name))
        cranks += weights + [f"b.{unit}" for unit in units[l + 1]]
    parts += [
        Part(f"cost {unit}", "cost", (unit, truth), f"c{j + 1}", net.cost)
        for j, (unit, truth) in enumerate(zip(units[-1], truths))
    ]
    parts.append(Part("band C", "band", tuple(f"c{j + 1}" for j in range(len(truths))), "C"))
    return Machine(net.shape, tuple(parts), tuple(cranks), (*units[0], *truths), units)


def _units(shape: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    def prefix(l: int) -> str:
        if l in (0, len(shape) - 1):
            return "o" if l else "x"
        return "h" if len(shape) == 3 else f"h{l}."

    return tuple(tuple(f"{prefix(l)}{j + 1}" for j in range(n)) for l, n in enumerate(shape))


def given(net: Net, x: Mapping[int, float] | list[float], y: list[float]) -> Values:
    """Return where the cranks and the held rods of a net's machine stand, for one sample."""
    made = machine(net)
    numbers: list[float] = []
    for W, b in zip(net.W, net.b):
        numbers += [float(W[k, j]) for j in range(W.shape[1]) for k in range(W.shape[0])]
        numbers += [float(value) for value in b]
    held = [float(x[k]) for k in range(net.shape[0])] + [float(value) for value in y]
    return dict(zip(made.cranks, numbers)) | dict(zip(made.held, held))


# --- forwards ------------------------------------------------------------------------------------


def positions(made: Machine, given: Mapping[str, float]) -> Values:
    """Return where everything stands, from where the cranks and the held rods do."""
    at = {name: given[name] for name in (*made.held, *made.cranks)}
    for part in made.parts:
        at[part.output] = _stands(part, [at[name] for name in part.inputs])
    return at


def _stands(part: Part, inputs: list[float]) -> float:
    if part.kind == "lever":
        a, w = inputs
        return w * tan(atan(a))  # the pin's height, at the distance w along a lever this steep
    if part.kind == "band":
        return sum(2 * way for way in inputs) / 2  # each pulley takes up twice its way
    if part.kind == "cam":
        return height(part.profile, inputs[0])
    return cost_height(part.profile, *inputs)


def speeds(made: Machine, at: Mapping[str, float], moves: Mapping[str, float]) -> Values:
    """Return how fast everything moves while what `moves` names is moved; the rest is held."""
    v = {name: moves.get(name, 0.0) for name in (*made.held, *made.cranks)}
    for part in made.parts:
        v[part.output] = _moves(part, [at[i] for i in part.inputs], [v[i] for i in part.inputs])
    return v


def _moves(part: Part, at: list[float], v: list[float]) -> float:
    if part.kind == "lever":
        angle = atan(at[0])
        swing = v[0] * cos(angle) ** 2  # radians: the rod lifts the lever at the distance 1
        return v[1] * tan(angle) + at[1] * swing / cos(angle) ** 2
    if part.kind == "band":
        return sum(v)
    return sum(way * tan(angle) for way, angle in zip(v, contact(part, at)))


# --- backwards -----------------------------------------------------------------------------------


def forces(made: Machine, at: Mapping[str, float], load: float = 1.0) -> tuple[Values, Values]:
    """Return what is felt while a weight hangs on C: at each value, and part by part.

    The first is dC/d(value), for a load of 1. In the second, "lever 5 h1" is what lever 5 alone
    makes h1 feel: at a fork these add up to the first.
    """
    felt = dict.fromkeys(made.values, 0.0)
    felt["C"] = load
    shares = {}
    for part in reversed(made.parts):
        back = statics(part, [at[name] for name in part.inputs], felt[part.output])
        for name, force in zip(part.inputs, back):
            felt[name] += force  # forces on one rigid rod add
            shares[f"{part.name} {name}"] = force
    return felt, shares


def statics(part: Part, at: list[float], force: float) -> list[float]:
    """Return the force on each input of a part in balance, from that on its output."""
    if part.kind == "lever":
        angle, w = atan(at[0]), at[1]
        normal = force / cos(angle)  # the lever's push on the pin, of which `force` is what is up
        moment = normal * w / cos(angle)  # about the pivot: the pin is w / cos(angle) away
        rod = moment * cos(angle)  # the rod's pin is 1 / cos(angle) away
        return [rod * cos(angle), normal * sin(angle)]
    if part.kind == "band":
        tension = force / 2  # the pulley hangs on two runs of the band
        return [2 * tension for _ in at]
    return [force * tan(angle) for angle in contact(part, at)]


# --- cams ----------------------------------------------------------------------------------------


def contact(part: Part, at: list[float]) -> list[float]:
    """Return the angle of a cam's groove under its follower, for each input that moves it."""
    if part.kind == "cam":
        return [atan(slope(part.profile, at[0]))]
    return [atan(each) for each in cost_slopes(part.profile, *at)]


def height(profile: str, z: float) -> float:
    """Return how high the groove of an activation's cam is at z."""
    if profile == "sigmoid":
        return 1 / (1 + exp(-z)) if z > -700 else 0.0
    if profile == "tanh":
        return tanh(z)
    if profile in ("relu", "leaky-relu"):
        return z if z > 0 else (LEAK * z if profile == "leaky-relu" else 0.0)
    return z  # identity: a straight groove


def slope(profile: str, z: float) -> float:
    """Return how steep the groove of an activation's cam is at z."""
    a = height(profile, z)
    if profile == "sigmoid":
        return a * (1 - a)
    if profile == "tanh":
        return 1 - a * a
    if profile in ("relu", "leaky-relu"):
        return 1.0 if z > 0 else (LEAK if profile == "leaky-relu" else 0.0)
    return 1.0


def cost_height(profile: str, a: float, y: float) -> float:
    """Return what an output a adds to C where y is right."""
    if profile == "cross-entropy":  # of a sigmoid; what is certain and wrong costs infinitely much
        return -sum(p * log(q) for p, q in ((y, a), (1 - y, 1 - a)) if p)
    return (a - y) ** 2 * (1.0 if profile == "squared-error" else 0.5)


def cost_groove(profile: str, error: float) -> float:
    """Return how high the groove of a cost's plate is where a - y is this; y is 0 or 1, or any.

    The plate is clamped at y, so that the groove is the same wherever that is.
    """
    return cost_height(profile, abs(error), 0.0)


def cost_slopes(profile: str, a: float, y: float) -> tuple[float, float]:
    """Return how steep the groove of a cost's cam is: along a, and along y."""
    if profile == "cross-entropy":
        return (a - y) / (a * (1 - a)), log((1 - a) / a)
    error = (a - y) * (2.0 if profile == "squared-error" else 1.0)
    return error, -error


# --- what can move -------------------------------------------------------------------------------

# Of each kind of part: bodies beyond the rods it joins, joints that leave one freedom of three
# (pivots, guides), and joints that take one (a pin in a slot, teeth, a band), and idle freedoms.
JOINTS = {
    "lever": (
        2,
        1,
        4,
        1,
    ),  # lever and pin; a pivot; rod in lever, pin in three slots; the pin spins
    "cam": (
        2,
        2,
        3,
        0,
    ),  # pinion and plate; an axle, a guide; two racks, the follower in the groove
    "cost": (2, 2, 3, 0),  # the same; the plate is guided along the clamp of y
    "band": (0, 0, 1, 0),  # its length; a pulley has an axle and does not slip: 3 - 2 - 1 = 0
}


def freedoms(made: Machine) -> int:
    """Return in how many ways the machine can move, counted by joints (Gruebler's formula)."""
    rods = len(made.values)  # each guided along one line; a crank's pinion adds 3 - 2 - 1 = 0
    total = 3 * rods - 2 * rods
    for part in made.parts:
        bodies, lower, higher, idle = JOINTS[part.kind]
        total += 3 * bodies - 2 * lower - higher - idle
    return total
