"""Draw a scene, a machine at rest, into a drawing: its parts, its values, and how hard each pulls.

The value of a part stands above, in ink, its gradient below, in another colour: how hard the load
on C pulls there. The pull is an arrow, or an arc at a crank, whose length is the gradient; it
points where the load would move the part, which is downhill.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from math import cos, pi, radians, sin

from pen import Drawing

from simplenet.backprop.scene import Mark, Scene, Shape, band_path, pose, transform
from simplenet.backprop.svg import number

ARROW = 110.0  # units of the drawing for a gradient of 1
ARC = 300.0  # degrees for a gradient of 1
PULL = "back1"


def add_scene(
    d: Drawing, scene: Scene, at: Mapping[str, float], place: str = "", *, live: bool = False
) -> None:
    """Add a scene, where these values have brought it, moved by `place`, a transform of SVG.

    If `live`, each body and band names itself, so that a script can move it.
    """
    d.parts.append(f'<g transform="{place}">' if place else "<g>")
    shapes = sorted(scene.shapes, key=lambda shape: shape.layer)
    split = [s for s in shapes if s.layer < 5], [s for s in shapes if s.layer >= 5]
    _shapes(d, scene, split[0], at, live)
    for index, band in enumerate(scene.bands):
        d.shape("path", line="band", pen=3, d=band_path(band, at))
        if live:
            d.parts[-1] = d.parts[-1].removesuffix("/>") + f' data-band="{index}"/>'
    _shapes(d, scene, split[1], at, live)
    d.parts.append("</g>")


def _shapes(
    d: Drawing, scene: Scene, shapes: Iterable[Shape], at: Mapping[str, float], live: bool
) -> None:
    for name, group in groupby(shapes, key=lambda shape: shape.body):
        moved = transform(scene.bodies[name], at)
        if moved:
            named = f' data-b="{name}"' if live else ""
            d.parts.append(f'<g{named} transform="{moved}">')
        for shape in group:
            d.shape(shape.tag, shape.fill, shape.line, shape.pen, "", **shape.attributes)
        if moved:
            d.parts.append("</g>")


def where(scene: Scene, mark: Mark, at: Mapping[str, float]) -> tuple[float, float]:
    """Return how far the body of a mark has moved."""
    x, y, _ = pose(scene.bodies[mark.body], at)
    return x, y


def beside(mark: Mark) -> Mark:
    """Return a mark where it keeps clear of a rack beside it: that of a bias, a little aside."""
    return replace(mark, x=mark.x - 8) if mark.value[0] == "b" else mark


def add_marks(
    d: Drawing,
    scene: Scene,
    at: Mapping[str, float],
    felt: Mapping[str, float],
    size: float = 21,
    names: Mapping[str, str] | None = None,
    wanted: Iterable[str] | None = None,
    shift: tuple[float, float] = (0, 0),
) -> None:
    """Add the name, the value and the gradient of what is wanted, else of all there is room for."""
    for mark in map(beside, scene.marks):
        if mark.minor if wanted is None else mark.value not in wanted:
            continue
        name = (names or {}).get(mark.value, mark.value)
        x, y = (0.0, 0.0) if mark.round else where(scene, mark, at)
        if mark.value[:2] == "z.":
            x = y = 0.0
        x, y = x + shift[0], y + shift[1]
        d.text(
            mark.x + x,
            mark.y + y,
            f"{name} {at[mark.value]:.3f}",
            size,
            anchor=mark.anchor,
            bold=True,
        )
        d.text(
            mark.x + x,
            mark.y + y + size * 1.08,
            f"{felt[mark.value]:+.4f}",
            size,
            PULL,
            anchor=mark.anchor,
        )
        pull(d, scene, mark, at, felt[mark.value], shift)


def pull(
    d: Drawing,
    scene: Scene,
    mark: Mark,
    at: Mapping[str, float],
    gradient: float,
    shift: tuple[float, float] = (0, 0),
) -> None:
    """Add the arrow, or the arc, of how hard the load on C pulls here."""
    x, y = mark.arrow[0] + shift[0], mark.arrow[1] + shift[1]
    if mark.value == "C" or mark.value[0] == "y":
        return  # the load is there to be seen, and the clamp of a truth does not rise
    if mark.round:
        arc(d, x, y, mark.round, 180 * at[mark.value] - 90, gradient)
        return
    moved = where(scene, mark, at)
    arrow(d, x + moved[0], y + moved[1], gradient)


def arrow(d: Drawing, x: float, y: float, gradient: float, scale: float = ARROW) -> None:
    """Add an arrow that pulls down for a gradient above 0."""
    tip = gradient * scale
    if abs(tip) < 2:
        d.shape("circle", "card", PULL, 1.6, cx=x, cy=y, r=2.6)
        return
    size = min(16.0, 5 + abs(tip) * 0.7)
    sense = 1 if tip > 0 else -1
    if abs(tip) > size * 0.7:
        d.line((x, y), (x, y + tip - sense * size * 0.6), line=PULL, pen=5)
    d.head(x, y + tip, 90 * sense, PULL, size)


def arc(d: Drawing, x: float, y: float, r: float, start: float, gradient: float) -> None:
    """Add an arc from a crank's arm, counterclockwise, which is down, for a gradient above 0."""
    r += 10
    turn = -max(-1.0, min(1.0, gradient)) * ARC
    sense = 1 if turn > 0 else -1
    at = radians(start)
    from_x, from_y = x + r * cos(at), y + r * sin(at)
    if abs(turn) * pi / 180 * r < 2:
        d.shape("circle", "card", PULL, 1.6, cx=from_x, cy=from_y, r=2.6)
        return
    end = radians(start + turn)
    to_x, to_y = x + r * cos(end), y + r * sin(end)
    path = f"M{number(from_x)} {number(from_y)}A{number(r)} {number(r)} 0 {int(abs(turn) > 180)} "
    path += f"{int(sense > 0)} {number(to_x)} {number(to_y)}"
    d.shape("path", line=PULL, pen=4, d=path)
    d.head(
        to_x + 5 * cos(end + sense * pi / 2),
        to_y + 5 * sin(end + sense * pi / 2),
        start + turn + sense * 90,
        PULL,
        11,
    )
