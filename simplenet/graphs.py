"""Draw how a number was computed, as SVG: values above, gradients below, arrows from left to right.

It knows nothing of tensors: whoever asks says what each node was computed from, and what its box
says. So anyone's own engine can be drawn by it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar
from xml.sax.saxutils import escape

from simplenet.layout import Arrow, Point, lay_out

Node = TypeVar("Node")


class Box(NamedTuple):
    """What a box says: the value, its gradient, its name, the operation; "" and None say nothing.

    What does not want a gradient, a constant, has a dashed outline.
    """

    value: str
    gradient: str | None = None
    name: str = ""
    op: str = ""
    wants_gradient: bool = True


# Colours in the light and in the dark scheme.
PALETTE = {
    "paper": ("#fbfaf6", "#12161b"),
    "card": ("#ffffff", "#1b2128"),
    "edge": ("#7d8791", "#7a8591"),
    "ink": ("#1d2731", "#e9edf1"),
    "soft": ("#4d5965", "#aeb8c2"),
    "op": ("#dde6ec", "#3a4753"),
    "back": ("#b3390a", "#ff9a63"),  # what comes back: gradients
}
SIZE, LINE = 13, 19  # of the letters, and from line to line
LETTER = 0.61 * SIZE  # how wide each is, in a font whose letters are all as wide
PAD, MARGIN = 9, 16  # inside a box, around everything
STUB = 18  # how much is seen of the arrow from what is left out
LONGEST = 36  # characters of a text


def svg(
    result: Node,
    operands: Callable[[Node], Sequence[Node]],
    box: Callable[[Node], Box],
    most: int = 60,
) -> str:
    """Return a picture of all that a result was computed from, and of itself, as SVG text.

    Of more than `most` nodes it draws those that are the fewest steps before the result, with dots
    for the arrows from others, and says how many these are. Raise ValueError for a `most` below 1.
    """
    if most < 1:
        raise ValueError(f"most: expected at least 1, found {most}.")
    nodes, places = [result], {id(result): 0}
    for node in nodes:  # which grows on the way
        for operand in operands(node):
            if id(operand) not in places:
                places[id(operand)] = len(nodes)
                nodes.append(operand)
    arrows, cut = [], []
    for end, node in enumerate(nodes[:most]):
        starts = [places[id(operand)] for operand in operands(node)]
        arrows += [(start, end) for start in starts if start < most]
        cut += [end] * any(start >= most for start in starts)
    boxes = [_shortened(box(node)) for node in nodes[:most]]
    return _draw(boxes, arrows, cut, len(nodes) - len(boxes))


def _shortened(box: Box) -> Box:
    def short(text: str) -> str:
        text = " ".join(text.split())
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"

    gradient = None if box.gradient is None else short(box.gradient)
    name = "" if box.name == box.value else short(box.name)  # as that of a constant may be
    return Box(short(box.value), gradient, name, short(box.op), box.wants_gradient)


def _draw(boxes: list[Box], arrows: list[Arrow], cut: list[int], left_out: int) -> str:
    layout = lay_out([(_wide(box), _tall(box)) for box in boxes], arrows)
    note = f"{left_out:,} more, before the dots, are left out" if left_out else ""
    left = MARGIN + STUB * bool(cut)
    width = max(left + layout.width, MARGIN + len(note) * LETTER) + MARGIN
    height = layout.height + 2 * MARGIN + LINE * bool(note)
    parts = [_rect(0, 0, width, height, "paper", 8)]
    drawn: dict[Arrow, int] = {}
    for arrow, way in zip(arrows, layout.ways):
        drawn[arrow] = drawn.get(arrow, 0) + 1
        twins = arrows.count(arrow)  # x * x has two arrows from x, side by side
        aside = 8 * (drawn[arrow] - (twins + 1) / 2)
        parts.append(_arrow([(left + x, MARGIN + y + aside) for x, y in way]))
    for node in cut:
        x, y = layout.places[node]
        y -= 12 * any(end == node for _, end in arrows)  # beside an arrow that is drawn
        parts.append(_line(f"M{_n(left + x - STUB)} {_n(MARGIN + y)}h{STUB}", "1.5 4"))
    for (x, y), box in zip(layout.places, boxes):
        parts += _box(box, left + x, MARGIN + y)
    if note:
        parts.append(_text(note, MARGIN, height - MARGIN + 4, "soft"))
    return _document(boxes[0], len(boxes) + left_out, parts, width, height)


# --- A box ----------------------------------------------------------------------------------------


def _first_line(box: Box) -> str:
    return f"{box.name} = {box.value}" if box.name else box.value


def _second_line(box: Box) -> str:
    return "" if box.gradient is None else f"grad {box.gradient}"


def _cell(box: Box) -> float:
    """Return the width of the cell with the operation."""
    return len(box.op) * LETTER + 2 * PAD if box.op else 0.0


def _wide(box: Box) -> float:
    longest = max(len(_first_line(box)), len(_second_line(box)))
    return _cell(box) + longest * LETTER + 2 * PAD


def _tall(box: Box) -> float:
    return LINE * (1 if box.gradient is None else 2) + PAD


def _box(box: Box, x: float, middle: float) -> list[str]:
    wide, tall, cell = _wide(box), _tall(box), _cell(box)
    y = middle - tall / 2
    parts = [_rect(x, y, wide, tall, "card", 6)]
    if cell:
        parts.append(_rect(x, y, cell, tall, "op", 6))
        parts.append(_text(box.op, x + cell / 2, middle + 4.5, "ink", middle=True))
    dash = "" if box.wants_gradient else ' stroke-dasharray="4 3"'
    parts.append(_rect(x, y, wide, tall, "none", 6, f'{_stroke("edge")} stroke-width="1.2"{dash}'))
    at, line = x + cell + PAD, y + PAD / 2 + 14
    bold = f'<tspan font-weight="bold">{escape(box.name)}</tspan> = ' if box.name else ""
    parts.append(_text(box.value, at, line, "ink", before=bold))
    if box.gradient is not None:
        parts.append(_text(_second_line(box), at, line + LINE, "back"))
    return parts


def _arrow(way: list[Point]) -> str:
    """Return an arrow that is level from each second point to the next, and curved between."""
    (x, y), *others = way
    d = f"M{_n(x)} {_n(y)}"
    for number, (to_x, to_y) in enumerate(others):
        if number % 2 == 0:  # through a layer
            d += f"H{_n(to_x)}" if to_x != x else ""
        else:
            bend = (x + to_x) / 2
            d += f"C{_n(bend)} {_n(y)} {_n(bend)} {_n(to_y)} {_n(to_x)} {_n(to_y)}"
        x, y = to_x, to_y
    return _line(f"{d}m-5-3.5l5 3.5l-5 3.5")


# --- SVG ------------------------------------------------------------------------------------------


def _n(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{round(value + 1e-9, 1) + 0:g}"


def _fill(colour: str) -> str:
    # Both the colour and the class: some who show SVG drop the styles.
    return f'class="sg-{colour}" fill="{PALETTE[colour][0]}"' if colour != "none" else 'fill="none"'


def _stroke(colour: str) -> str:
    return f'class="sg-{colour}-line" stroke="{PALETTE[colour][0]}"'


def _rect(
    x: float, y: float, wide: float, tall: float, colour: str, round_: float, more: str = ""
) -> str:
    size = f'x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(tall)}" rx="{round_}"'
    return f"<rect {size} {_fill(colour)} {more}".rstrip() + "/>"


def _line(d: str, dots: str = "") -> str:
    dash = f' stroke-dasharray="{dots}" stroke-linecap="round"' if dots else ""
    return f'<path d="{d}" fill="none" {_stroke("edge")} stroke-width="1.5"{dash}/>'


def _text(
    text: str, x: float, y: float, colour: str, *, middle: bool = False, before: str = ""
) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" {_fill(colour)}{anchor}>{before}{escape(text)}</text>'


def _document(result: Box, count: int, parts: list[str], width: float, height: float) -> str:
    name = result.name or "the result"
    title = f"{name} = {result.value}, and the {count:,} values that it was computed with"
    if count == 1:
        title = f"{name} = {result.value}"
    dark = "".join(
        f".sg-{colour}{{fill:{shade}}}.sg-{colour}-line{{stroke:{shade}}}"
        for colour, (_, shade) in PALETTE.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" role="img" font-size="{SIZE}" '
        'font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>@media (prefers-color-scheme:dark){{{dark}}}</style>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )
