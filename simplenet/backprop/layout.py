"""The drawing of a whole machine: where each part stands.

A layer is a board. The rods of its inputs run down it, one column each; every row is one neuron:
a lever where a column crosses it, the band that sums the row, and the cam at its end.
"""

from simplenet.backprop.fittings import (
    FLOOR,
    FOLLOWER,
    FRAME,
    HALF,
    LOW,
    OVER,
    PULLEY,
    REACH,
    UNIT,
    Belt,
    R,
    cam,
    cost_cam,
    cost_floor,
    held,
    lever,
    on,
    rod,
    upright_crank,
)
from simplenet.backprop.mechanism import Machine
from simplenet.backprop.scene import Mark, Scene
from simplenet.backprop.svg import number

CELL = 172.0  # from one column to the next
ROW = 292.0  # from one row to the next
TOP = 206.0  # of the zero of the first row
BASE = 60.0  # of a band's lower pulleys, below a row's zero
MARGIN = 112.0  # to the left of the first lever's pivot


def machine_scene(made: Machine, unit: float = UNIT, cost_unit: float = 0.0) -> Scene:
    """Return the drawing of a whole machine, with so many units for 1: of a small net.

    A value that a band adds as "r.h1" is the rod of all that is not drawn; one that a cam of h1
    takes as "s.h1" is where its plate is clamped.
    """
    most = max(made.shape[1:])
    centre = TOP + ROW * (most - 1) / 2
    scene = Scene(0, TOP + ROW * most - 84, unit, cost_unit=cost_unit)

    def rows(l: int) -> list[float]:
        count = made.shape[l + 1]
        return [centre + ROW * (j - (count - 1) / 2) for j in range(count)]

    x = MARGIN
    layers = len(made.shape) - 1
    _inputs(scene, made, x, rows(0))
    for l in range(layers):
        ends = [neuron(scene, made, x, y, unit) for y, unit in zip(rows(l), made.units[l + 1])]
        follower = ends[0]
        x = follower + HALF - LOW + 18
        if l + 1 < layers:
            for k, (name, y) in enumerate(zip(made.units[l + 1], rows(l))):
                _across(scene, name, follower, y, x + CELL * k + scene.unit, rows(l + 1))
    _cost(scene, made, follower, rows(layers - 1), centre)
    return scene


def _inputs(scene: Scene, made: Machine, left: float, rows: list[float]) -> None:
    """Draw the rods of the inputs down their columns, each under a padlock."""
    for k, name in enumerate(made.units[0]):
        x, top = left + CELL * k + scene.unit, rows[0] - 100
        rod(scene, name, [(x, top + 6), (x, rows[-1])])
        held(scene, x, top + 12)
        scene.marks.append(Mark(name, x + 17, top + 16, "start", (x, top + 40), ""))


def neuron(scene: Scene, made: Machine, left: float, y: float, unit: str) -> float:
    """Draw one row: its levers, its bias, its band and its cam; return where its follower is."""
    by_output = {part.output: part for part in made.parts}
    z = f"z.{unit}"
    *products, bias = by_output[z].inputs
    rest = products.pop() if products[-1][0] == "r" else ""
    belt = Belt(scene)
    for k, product in enumerate(products):
        pivot = left + CELL * k
        a, w = by_output[product].inputs
        lever(scene, pivot, y, a, w, product)
        x = belt.lift(pivot + PULLEY, y, product, product)
        last = k + 1 == len(products)
        x = belt.under(x, x + 30 if last else x + CELL - 2 * R, y + BASE)
    if rest:
        rod(scene, rest, [(x + R, y), (x + R, y + BASE + 24)])
        above = x + R, y - 52
        scene.marks.append(Mark(rest, *above, "middle", (x + R, y), f"rise {rest}", minor=True))
        x = belt.lift(x + R, y, rest, rest)
        x = belt.under(x, x + 30, y + BASE)
    upright_crank(scene, x + R, y, bias)
    x = belt.lift(x + R, y, bias, bias)
    x = belt.under(x, x + 34, y + BASE)
    low = y + 36
    belt.hang(x, y - 96, low, z, y + BASE)
    _, *shift = by_output[unit].inputs
    cam(scene, x + 3 * R, y, low, unit, by_output[unit].profile, *shift)
    return x + 3 * R + FOLLOWER


def _across(scene: Scene, unit: str, x: float, y: float, column: float, rows: list[float]) -> None:
    """Draw the rod of a hidden unit: from its follower, over, and down its column of levers."""
    over = y + OVER
    down = [(column, min(over, *rows)), (column, max(over, *rows))]
    body = rod(scene, unit, [(x, y + FLOOR), (x, over), (column, over)], down)
    middle = (x + column) / 2
    scene.marks.append(Mark(unit, x - 44, over - 32, "start", (middle, over), body))


def _cost(scene: Scene, made: Machine, follower: float, rows: list[float], centre: float) -> None:
    """Draw the cost: a cam for each output, the band that sums them, and the weight on C."""
    u = scene.unit
    belt = Belt(scene)
    level = centre if len(rows) % 2 == 0 else centre + 140  # between two rows, or below the one
    base = level + 40
    turn = follower + HALF + 54
    costs = [part for part in made.parts if part.kind == "cost"]
    x = 0.0
    for j, (y, part) in enumerate(zip(rows, costs)):
        unit, truth = part.inputs
        over = y + OVER
        ways = [(follower, y + FLOOR), (follower, over), (turn, over), (turn, over + 30)]
        body = rod(scene, unit, ways)
        middle = turn - 20
        scene.marks.append(Mark(unit, follower - 44, over - 32, "start", (middle, over), body))
        names = (unit, truth, part.output)
        start = cost_cam(scene, turn + 4, y, names, part.profile)
        below = start - 28, y + cost_floor(u) + 38, "start"
        beside = start + REACH + 26, y - 4, "start"
        scene.marks.append(Mark(truth, *(below if j else beside), (start, y), ""))
        at = start + 44 * j
        ways = [(start, y + cost_floor(u)), (start, level + 16), (at, level + 16), (at, level)]
        lifted = scene.body(f"rise {part.output}", y={part.output: -scene.scale(part.output)})
        scene.bar(ways, fill="C", wide=8, **on(lifted, 1, part.output))
        x = belt.lift(at, level, part.output, part.output)
        mark = Mark(part.output, at - 18, level - 2, "end", (at, level), lifted, minor=True)
        scene.marks.append(mark)
        x = belt.under(x, x + (30 if j + 1 == len(rows) else 22), base)
    rest = next(part for part in made.parts if part.output == "C").inputs[-1]
    if rest[0] == "r":
        rod(scene, rest, [(x + R, level), (x + R, level + 84)])
        above = x + R, level - 52
        scene.marks.append(Mark(rest, *above, "middle", above, f"rise {rest}", minor=True))
        x = belt.lift(x + R, level, rest, rest)
        x = belt.under(x, x + 30, base)
    low = level + 30
    belt.hang(x, level - 70, low, "C", base)
    _weight(scene, x + 3 * R, low)
    scene.width = x + 3 * R + 84
    scene.height = max(scene.height, low + 170)


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
