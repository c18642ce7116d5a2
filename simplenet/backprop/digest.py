"""The machine of a large net, as far as one path through it goes: what the page draws of it.

One unit is drawn of each layer, two of the last. Each band has a pulley for all its other inputs
together, the rest. The heights of z, of biases and of rests are drawn from where they stood
when the path was chosen ("d.z.h1"), for they would lead far off the page; all else is as it is.
A softmax unit is drawn as what it is while the other outputs are held: a sigmoid, whose plate the
others clamp elsewhere, at the logarithm of their sum ("s.o1").
"""

from dataclasses import replace

from simplenet.backprop.layout import PATH, machine_scene
from simplenet.backprop.mechanism import Machine, machine
from simplenet.backprop.scene import Scene, Ways
from simplenet.net import Net, init_net

UNIT = 24.0  # of the drawing, for a value of 1: levers reach weights from -2 to 3.2
COST = 8.0  # the same for C, which where a net is certain and wrong is 10 or more


def digest(net: Net) -> Machine:
    """Return the machine of one path through a net: it has the names of a net of that shape."""
    shape = (*[1] * (len(net.shape) - 1), min(2, net.shape[-1]))
    joint = net.activations[-1] == "softmax"
    activations = (*net.activations[:-1], "sigmoid" if joint else net.activations[-1])
    small = init_net(shape, rng=0)
    small.activations, small.cost = activations, net.cost
    made = machine(small)
    parts = []
    for part in made.parts:
        name = part.name.removeprefix("band ").removeprefix("cam ")
        if part.output == "C":
            part = replace(part, inputs=(*part.inputs, "r.C"))
        elif part.kind == "band":
            part = replace(part, inputs=(*part.inputs[:-1], f"r.{name}", part.inputs[-1]))
        if part.kind == "cam" and joint and name in made.units[-1]:
            part = replace(part, inputs=(*part.inputs, f"s.{name}"))
        parts.append(part)
    return replace(made, parts=tuple(parts))


def digest_scene(net: Net) -> Scene:
    """Return the drawing of one path through a net."""
    longest = [len(str(count - 1)) for count in net.shape]
    last = len(net.shape) - 1
    kinds = ["input ", *["unit "] * (last - 1), "output "]
    names = tuple(len(kind) + digits for kind, digits in zip(kinds, longest))
    scene = machine_scene(digest(net), UNIT, COST, names, PATH)
    draw_from(scene, ("z.", "b.", "r."))
    return scene


def draw_from(scene: Scene, far: tuple[str, ...]) -> None:
    """Let what moves with values of these kinds stand relative to a place; not plates and cranks.

    The values are then those of "d.z.h1" and the like.
    """

    def relative(ways: Ways) -> Ways:
        return {f"d.{name}" if name[:2] in far else name: each for name, each in ways.items()}

    for name, body in scene.bodies.items():
        if not name.startswith(("plate", "crank")):
            body.x, body.y, body.turn = map(relative, (body.x, body.y, body.turn))
    for place, band in enumerate(scene.bands):
        runs = tuple(replace(run, ways=relative(run.ways)) for run in band.runs)
        scene.bands[place] = replace(band, runs=runs)
