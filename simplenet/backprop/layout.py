"""The drawing of a whole machine: where each part stands.

A layer is a board. The rods of its inputs run down it, one column each; every row is one neuron:
a lever where a column crosses it, the band that sums the row, and the cam at its end.
"""

from dataclasses import dataclass

from simplenet.backprop.fittings import (
    COST_FLOOR,
    COST_RISE,
    ERROR,
    FLOOR,
    FOLLOWER,
    FRAME,
    HALF,
    LOW,
    PULLEY,
    REACH,
    RISE,
    SIGNED,
    STROKE,
    UNIT,
    Belt,
    R,
    cam,
    cost_cam,
    held,
    lever,
    on,
    over,
    rod,
    upright_crank,
)
from simplenet.backprop.mechanism import Machine
from simplenet.backprop.scene import Mark, Scene
from simplenet.backprop.svg import number

CELL = 172.0  # from one column to the next
BASE = 60.0  # of a band's lower pulleys, below a row's zero
LETTER, VALUE = 11.2, 80.0  # how wide a letter of a name is, and a value beside it


@dataclass(frozen=True, slots=True)
class Spaces:
    """How far parts stand from each other: as close as they can, or with room for every value."""

    cell: float  # from one column to the next
    row: float  # from one row to the next
    top: float  # of the zero of the first row
    foot: float  # what a row has below its zero
    margin: float  # to the left of the first lever's pivot
    lock: float  # of the padlocks, above the first row's zero
    product: float  # of the last product's band, to the next pulley
    bias: float  # of the bias's band, to the pulley of z
    turn: float  # from a plate to where the rod of an output turns down
    cost: float  # of the last cost's band, to the next pulley
    truth: float  # between the plate of a cost and its label
    aside: float  # of the label of a cost, above its pulley


CLOSE = Spaces(CELL, 292, 206, 208, 112, 100, 30, 34, 54, 30, 26, 2)  # for stills, at set values
WIDE = Spaces(176, 294, 222, 188, 132, 162, 46, 50, 74, 118, 14, 29)
PATH = Spaces(176, 252, 168, 180, 132, 162, 118, 50, 74, 118, 14, 2)  # one path of a large net


def machine_scene(
    made: Machine,
    unit: float = UNIT,
    cost_unit: float = 0.0,
    names: tuple[int, ...] = (),
    spaces: Spaces = CLOSE,
) -> Scene:
    """Return the drawing of a whole machine, with so many units for 1: of a small net.

    A value that a band adds as "r.h1" is the rod of all that is not drawn; one that a cam of h1
    takes as "s.h1" is where its plate is clamped. Of one path, `names` says how many letters
    the longest name of a unit has, layer by layer. With spaces WIDE or PATH no label meets a part,
    whatever the values.
    """
    most = max(made.shape[1:])
    path, close = spaces is PATH, spaces is CLOSE
    row, top = spaces.row, spaces.top
    cams = [part.profile for part in made.parts if part.kind == "cam"]
    if any(profile in SIGNED for profile in (cams[-1:] if path else cams)):
        row, top = row + 2 * unit, top + unit
    names = names or tuple(len(units[0]) for units in made.units)
    if made.shape[1] == most:
        top = max(top, spaces.lock + 54)  # the rods of the inputs stand above the first row
    centre = top + row * (most - 1) / 2
    scene = Scene(0, top + row * (most - 1) + spaces.foot, unit, cost_unit=cost_unit)

    def rows(l: int) -> list[float]:
        count = made.shape[l + 1]
        return [centre + row * (j - (count - 1) / 2) for j in range(count)]

    x = spaces.margin
    layers = len(made.shape) - 1
    _inputs(scene, made, x, rows(0), spaces)
    for l in range(layers):
        ends = [
            neuron(scene, made, x, y, unit, spaces, y > rows(l)[0])
            for y, unit in zip(rows(l), made.units[l + 1])
        ]
        follower = ends[0]
        label = follower - HALF - (26 if path else 10) + LETTER * (names[l + 1] + 5) + VALUE  # of z
        label = follower if close else label
        x = max(follower + HALF, label) - LOW + 18
        if l + 1 < layers:
            if made.shape[l + 2] == made.shape[l + 1] and not close:
                x = label + 124  # racks of weights come as low as the label
            for k, (name, y) in enumerate(zip(made.units[l + 1], rows(l))):
                column = x + spaces.cell * k + scene.unit
                _across(scene, made, name, (follower, y), column, rows(l + 1))
    turn = max(follower + HALF + spaces.turn, label + 14)
    _cost(scene, made, (follower, turn), rows(layers - 1), centre, spaces)
    return scene


def _inputs(scene: Scene, made: Machine, left: float, rows: list[float], spaces: Spaces) -> None:
    """Draw the rods of the inputs down their columns, each under a padlock."""
    for k, name in enumerate(made.units[0]):
        x, top = left + spaces.cell * k + scene.unit, rows[0] - spaces.lock
        rod(scene, name, [(x, top + 6), (x, rows[-1])])
        held(scene, x, top + 12)
        scene.marks.append(Mark(name, x + 17, top + 13, "start", (x, top + 40), ""))
        scene.ends[name] = -RISE / scene.unit, RISE / scene.unit


def neuron(
    scene: Scene,
    made: Machine,
    left: float,
    y: float,
    unit: str,
    spaces: Spaces = CLOSE,
    lower: bool = False,
) -> float:
    """Draw one row: its levers, its bias, its band and its cam; return where its follower is.

    Rods of units lead over a lower row: names of products stand below it.
    """
    by_output = {part.output: part for part in made.parts}
    z = f"z.{unit}"
    *products, bias = by_output[z].inputs
    rest = products.pop() if products[-1][0] == "r" else ""
    belt = Belt(scene)
    for k, product in enumerate(products):
        pivot = left + spaces.cell * k
        a, w = by_output[product].inputs
        lever(scene, pivot, y, a, w, product)
        x = belt.lift(pivot + PULLEY, y, product, product)
        where = (
            (x + 6, y + 4, "start") if rest else (x - R, y + 159 if lower else y - 107, "middle")
        )
        scene.marks.append(Mark(product, *where, (x - R, y), f"rise {product}", minor=True))
        last = k + 1 == len(products)
        wide = spaces.product if last else spaces.cell - 2 * R
        x = belt.under(x, x + wide, y + BASE)
    if rest:
        rod(scene, rest, [(x + R, y), (x + R, y + 40)])
        above = x + R, y - 76
        scene.marks.append(Mark(rest, *above, "middle", (x + R, y), f"rise {rest}", minor=True))
        scene.ends[f"d.{rest}"] = -STROKE, STROKE
        x = belt.lift(x + R, y, rest, rest)
        x = belt.under(x, x + 56, y + BASE)
    upright_crank(scene, x + R, y, bias)
    x = belt.lift(x + R, y, bias, bias)
    x = belt.under(x, x + spaces.bias, y + BASE)
    low = y + 36
    belt.hang(x, low - STROKE * scene.unit - 60, low, z, y + BASE)
    _, *shift = by_output[unit].inputs
    cam(scene, x + 3 * R, y, low, unit, by_output[unit].profile, *shift)
    return x + 3 * R + FOLLOWER


def _aside(scene: Scene, x: float, y: float) -> tuple[float, float]:
    """Return where a unit's label begins, whose rod turns at (x, y): a long one further left."""
    return (x - 44, y - 32) if scene.unit == UNIT else (x - 84, y - 38)


def _profile(made: Machine, unit: str) -> str:
    return next(part.profile for part in made.parts if part.output == unit)


def _across(
    scene: Scene,
    made: Machine,
    unit: str,
    place: tuple[float, float],
    column: float,
    rows: list[float],
) -> None:
    """Draw the rod of a hidden unit: from its follower, over, and down its column of levers."""
    x, y = place
    level = y + over(scene.unit, _profile(made, unit))
    down = [(column, min(level, *rows)), (column, max(level, *rows))]
    body = rod(scene, unit, [(x, y + FLOOR), (x, level), (column, level)], down)
    middle = column - 10 - (column - x - 10) / 2 * (scene.unit == UNIT)
    scene.marks.append(Mark(unit, *_aside(scene, x, level), "start", (middle, level), body))


def _cost(
    scene: Scene,
    made: Machine,
    places: tuple[float, float],
    rows: list[float],
    centre: float,
    spaces: Spaces,
) -> None:
    """Draw the cost: a cam for each output, the band that sums them, and the weight on C.

    `places` are those of the followers of the outputs, and of where their rods turn down.
    """
    follower, turn = places
    u = scene.unit
    belt = Belt(scene)
    scale = scene.scale("C")
    level = centre if len(rows) % 2 == 0 else centre + 140  # between two rows, or below the one
    base = level + 40
    costs = [part for part in made.parts if part.kind == "cost"]
    x = 0.0
    for j, (y, part) in enumerate(zip(rows, costs)):
        unit, truth = part.inputs
        beyond = over(u, _profile(made, unit))
        high = y + beyond
        ways = [(follower, y + FLOOR), (follower, high), (turn, high), (turn, high + 30)]
        body = rod(scene, unit, ways)
        middle = turn - 20
        aside = _aside(scene, follower, high)
        scene.marks.append(Mark(unit, *aside, "start", (middle, high), body))
        names = (unit, truth, part.output)
        start = cost_cam(scene, turn + 4, y, names, part.profile, beyond)
        below = start - 28, y + COST_FLOOR + 38, "start"
        far = u if _profile(made, unit) == "sigmoid" else ERROR  # the plate can go from the truth
        beside = start + REACH + (0 if spaces is CLOSE else far) + spaces.truth, y - 4, "start"
        scene.marks.append(Mark(truth, *(below if j else beside), (start, y), ""))
        at = start + 44 * j
        ways = [(start, y + COST_FLOOR), (start, level + 16), (at, level + 16), (at, level)]
        lifted = scene.body(f"rise {part.output}", y={part.output: -scene.scale(part.output)})
        scene.bar(ways, fill="C", wide=8, **on(lifted, 1, part.output))
        x = belt.lift(at, level, part.output, part.output)
        last = j + 1 == len(rows)
        up = level - spaces.aside
        where = (at + 18, up, "start") if last else (at - 18, up, "end")
        scene.marks.append(Mark(part.output, *where, (at, level), lifted, minor=True))
        x = belt.under(x, x + (spaces.cost if last else 22), base)
    rest = next(part for part in made.parts if part.output == "C").inputs[-1]
    if rest[0] == "r":
        rod(scene, rest, [(x + R, level), (x + R, level + 40)])
        above, place = (x + R - 30, level - 86), (x + R, level)
        scene.marks.append(Mark(rest, *above, "start", place, f"rise {rest}", minor=True))
        scene.ends[f"d.{rest}"] = scene.ends[rest] = -COST_RISE / scale, COST_RISE / scale
        x = belt.lift(x + R, level, rest, rest)
        x = belt.under(x, x + 70, base)
    low = level + 30
    belt.hang(x, level - 70, low, "C", base)
    _weight(scene, x + 3 * R, low)
    scene.width = x + 3 * R + (84 if spaces is CLOSE else 72)
    scene.height = max(scene.height, low + 170)
    scene.ends["C"] = 0.0, 70 / scale  # to where its pulley comes near the one above


def _weight(scene: Scene, x: float, y: float) -> None:
    """Draw the weight that hangs on C, and a ruler for it."""
    unit = scene.scale("C")
    body = scene.body("rise C", y={"C": -unit})
    place = on(body, 5, "C")
    scene.path((x, y), (x, y + 60), line="ink", pen=4, **place)
    outline = f"M{number(x - 22)} {number(y + 60)}h44l8 46h-60z"
    scene.add("path", fill="C", line="ink", d=outline, **place)
    left, zero = x + 46, y + 83
    frame = {**FRAME, "layer": 1}
    scene.path((left, zero), (left, zero - 72), **frame)
    small, long = (0.1, 5) if unit > 12 else (1, 5)  # between two strokes; each fifth is longer
    for stroke in range(int(72 / unit / small + 0.01) + 1):
        height = zero - unit * stroke * small
        end = left + (6 if stroke % long else 12)
        scene.path((left, height), (end, height), **frame, pen=1.2)
    pointer = f"M{number(left - 1)} {number(zero)}l-13-6v12z"
    scene.add("path", fill="back0", d=pointer, **place)
    scene.marks.append(Mark("C", x, y + 134, "middle", (x, y + 106), ""))
