"""The five figures in the line of the gear document: a question, a picture, and the answer.

In the README each is a still and its answer folded away; in the page the same drawing, inline, with
what a script needs to move it. figures.py draws them. Every number in a sentence is computed.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import figures as drawn
from pen import PALETTE, Drawing, once

from making import Files
from making.four_ways import counted
from simplenet.backprop.example import X, Y, example_net, trace
from simplenet.backprop.mechanism import Machine, Values, forces, positions
from simplenet.backprop.scene import Body, Scene
from simplenet.backprop.svg import number

FOLDER = "simplenet/backprop/figures"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: predict, then turn."""

    name: str
    drawing: Drawing
    question: str
    options: tuple[str, ...]
    right: int  # which of the options is
    answer: str
    live: dict[str, Any] = field(default_factory=dict)  # what the page's script has to know


def signed(value: float, digits: int = 3) -> str:
    """Return a number with its sign."""
    return f"{value:+.{digits}f}".replace("-", MINUS)


def plain(value: float, digits: int = 3) -> str:
    """Return a number."""
    return f"{value:.{digits}f}".replace("-", MINUS)


# --- what a script has to know -------------------------------------------------------------------


def _live(
    made: Machine, scene: Scene, at: Values, svg: str, slider: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Return the parts of a machine, where it stands, and how each body of a drawing follows."""
    used = re.findall(r'data-b="([^"]*)"', svg)
    names = {part.output for part in made.parts}
    return {
        "parts": [[p.kind[:2], p.inputs, p.output, p.name] for p in made.parts],
        "set": {name: at[name] for name in at if name in made.values and name not in names},
        "bodies": {name: _body(scene.bodies[name]) for name in dict.fromkeys(used)},
        "bands": [
            [
                "", band.start, [[r.x, r.width, r.y, int(r.over), r.ways, r.r] for r in band.runs],
                band.end[1],
            ]
            for band in scene.bands
        ],
        "slider": slider,
        **more,
    }  # fmt: skip


def _rounded(value: Any) -> Any:
    """Return what a drawing needs, to a thousandth of a unit; what is set stays exact."""
    if isinstance(value, dict):
        return {key: each if key == "set" else _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


def _body(body: Body) -> dict[str, Any]:
    found = {name: getattr(body, name) for name in ("x", "y", "turn", "tilt")}
    found = {name: value for name, value in found.items() if value}
    return found | ({"at": body.at} if body.turn or body.tilt else {})


# --- the five ------------------------------------------------------------------------------------


def mesh() -> Figure:
    """Return the lever: how far does p rise?"""
    made, scene, at = drawn.mesh_machine()
    to = at["w"] + 1
    after = positions(made, at | {"w": to})
    drawing = drawn.mesh_drawing()
    rise = after["p"] - at["p"]
    slider = {"name": "w", "says": "w", "min": -0.5, "max": 1.4, "step": 0.01, "to": round(to, 2)}
    slider["drag"] = drawn.UNIT * drawn.MESH
    return Figure(
        "mesh",
        drawing,
        f"a is {plain(at['a'])} and is held. The crank slides the pin from w = "
        f"{plain(at['w'], 1)} to w = {plain(to, 1)}, by 1. By how much does p rise?",
        ("by 1, as w moves", f"by {plain(at['a'])}, as a is", f"by {plain(at['p'])}, as p is"),
        1,
        f"By {plain(rise, 4)}, from {plain(at['p'], 4)} to {plain(after['p'], 4)}. However far "
        f"you slide the pin, p moves {plain(at['a'])} times as far: **the ratio is what w is "
        "multiplied with**.",
        _live(made, scene, at, drawing.svg(), slider),
    )  # fmt: skip


def product() -> Figure:
    """Return the row of parts: how far does C rise?"""
    made, scene, at = drawn.product_machine()
    felt, _ = forces(made, at)
    t = trace(example_net(), X[0], Y[0])
    ratios = [t.a[1][0], t.slope[1][0], t.dc_da[1][0]]
    to = at["w1"] + 1
    after = positions(made, at | {"w1": to})
    drawing = drawn.product_drawing()
    slider = {"name": "w1", "says": "w5", "min": -0.5, "max": 1.4, "step": 0.01, "to": round(to, 2)}
    slider["drag"] = drawn.UNIT * drawn.product_scale()
    predicted = {value: felt["w1"] / felt[value] for _, value in drawn.ROWS}
    return Figure(
        "product",
        drawing,
        f"The ratios along the way are {', '.join(plain(r) for r in ratios)}. What is the last "
        "row of the table: how much does C rise for each unit of w5?",
        (
            f"{plain(sum(ratios))}: ratios add",
            f"{plain(felt['w1'])}: ratios multiply",
            f"{plain(min(ratios))}: the weakest one decides",
        ),
        1,
        f"{plain(felt['w1'], 4)}, the product. z moves {plain(ratios[0])} times as far as w5, a "
        f"only {plain(ratios[1])} times as far as that, and C again {plain(ratios[2])} times. "
        f"Turn w5 by a whole 1: C rises by {plain(after['C'] - at['C'], 4)}, and no longer by "
        f"{plain(felt['w1'], 4)}; in the figure that moves, outlined bars are what the ratios "
        "predict, full ones what happens.",
        _live(made, scene, at, drawing.svg(), slider, predicts=predicted),
    )  # fmt: skip


def fork() -> Figure:
    """Return the rod of h1: what does it feel as one of its levers gets shorter?"""
    made, scene, at = drawn.fork_machine()
    to = 0.05
    after, shares = forces(made, positions(made, at | {"w5": to}))
    felt, before = forces(made, at)
    drawing = drawn.fork_drawing()
    slider = {"name": "w5", "says": "w5", "min": -0.2, "max": 1, "step": 0.01, "to": to}
    slider["drag"] = drawn.UNIT * drawn.FORKED
    one, other = "lever 5 h1", "lever 7 h1"
    return Figure(
        "fork",
        drawing,
        f"Through the lever of w5 h1 is pulled with {signed(before[one])}, through that of w7 "
        f"with {signed(before[other])}: the other way. Slide the pin of w5 from "
        f"{plain(at['w5'], 2)} down to {plain(to, 2)}. What does h1 feel then?",
        ("less, but the same way", "nothing at all", "a pull the other way"),
        2,
        f"{signed(shares[one])} through w5 and still {signed(shares[other])} through w7: together "
        f"{signed(after['h1'])}, where it was {signed(felt['h1'])}. On the way there the two "
        "cancelled. (o1 has moved, too, and its delta with it: that is counted in.) **The gradient "
        "of h1 is the sum**, and neither path knows its sign alone.",
        _live(made, scene, at, drawing.svg(), slider),
    )  # fmt: skip


def sweep() -> Figure:
    """Return the net: one pass back, step by step."""
    net = example_net()
    t = trace(net, X[0], Y[0])
    total = counted()[0]["backward"]
    delta, hidden = t.dc_dz[1], t.dc_dz[0]
    one, other = t.paths(net, 1, 0)
    w = [plain(float(each), 5) for each in t.dc_dW[0].T.ravel()]
    says = [
        "One pass forwards is done: every value stands.",
        f"The load on C pulls at o1 with a {MINUS} y = {signed(t.dc_da[1][0], 4)}, at o2 with "
        f"{signed(t.dc_da[1][1], 4)}. No multiplication yet.",
        f"Back through the two cams, times the slopes: deltas {signed(delta[0], 4)} and "
        f"{signed(delta[1], 4)}. Each is the gradient of its bias.",
        "Aside to the four cranks: each delta times what stands at the lever, h1 or h2.",
        f"On to h1 and h2: each delta times the weight, and at the fork the sum, {signed(one, 4)} "
        f"{MINUS} {plain(-other, 4)} = {signed(one + other, 4)} at h1.",
        f"Back through their cams: {signed(hidden[0], 5)} and {signed(hidden[1], 5)}. Whatever "
        "lies further back begins here: a checkpoint.",
        f"Aside to the last four cranks, times x1 or x2: {', '.join(w)}. All {net.params.size} "
        "gradients are there.",
    ]  # fmt: skip
    drawing = drawn.net_drawing(back=True)
    slider = {"says": "step", "min": 0, "max": len(says) - 1, "step": 1, "to": len(says) - 1}
    done = [0, 0, 4, 8, 12, 16, 20]
    assert done[-1] == total  # slopes, then products, weights, paths, products, weights
    live = {
        "slider": slider, "set": {},
        "says": [f"{text} ({count} multiplications so far.)" for text, count in zip(says, done)],
    }  # fmt: skip
    return Figure(
        "sweep",
        drawing,
        "Three gradients lie behind the edge w5: those of w1, of w2 and of the bias of h1. How "
        "often does the pass back cross that edge?",
        (
            "three times, once for each of them",
            "once",
            f"{net.params.size} times, once for each gradient of the net",
        ),
        1,
        "Once. It carries delta of o1 over to h1, where it is added to what comes over w7; w1, "
        f"w2 and the bias begin at h1. {total} multiplications give all {net.params.size} "
        "gradients.",
        live,
    )  # fmt: skip


def saturation() -> Figure:
    """Return a cam: what does z feel of a great error, where the groove is flat?"""
    made, scene, at = drawn.saturation_machine()
    to = 3.89
    after = drawn.saturation_values(to)
    drawing = drawn.saturation_drawing()
    slider = {"name": "z.a", "says": "z", "min": -4.2, "max": 4.2, "step": 0.01, "to": to}
    slider["drag"] = sum(scene.bodies["plate z.a"].x.values()) * drawn.CAM
    return Figure(
        "saturation",
        drawing,
        f"0 is right. Here z is 0, a is {plain(at['a'], 1)}, and with the squared error z feels "
        f"{plain(at['squared'])}. Push z up to {plain(to, 2)}: a rises to {plain(after['a'], 2)}, "
        "about as wrong as can be. What does z feel then?",
        ("far more, as z is so far off", "twice as much, as the error is", "next to nothing"),
        2,
        f"{plain(after['squared'])}: the error is {plain(after['error'])}, but the groove has a "
        f"slope of {plain(after['slope'])} there. With cross-entropy, whose own groove gets steep "
        f"just where this one gets flat, z would feel {plain(after['entropy'])}, the whole error.",
        _live(made, scene, {"z.a": at["z.a"]}, drawing.svg(), slider),
    )  # fmt: skip


FIGURES: dict[str, Callable[[], Figure]] = {
    "mesh": mesh, "product": product, "fork": fork, "sweep": sweep, "saturation": saturation,
}  # fmt: skip


# Pictures in the line that ask nothing, and stand still in the page, too.
STILLS: dict[str, Callable[[], Drawing]] = {
    "net": drawn.net_drawing, "ways": lambda: drawn.ways_drawing(*counted()),
}  # fmt: skip


# --- as a file, in the README, in the page -------------------------------------------------------


def files() -> Files:
    """Return the stills."""
    drawings = {name: make().drawing for name, make in FIGURES.items()}
    drawings |= {name: draw() for name, draw in STILLS.items()}
    return {
        f"{FOLDER}/{name}.svg": re.sub(r' data-\w+="[^"]*"', "", drawing.svg()).encode()
        for name, drawing in drawings.items()
    }


def in_readme(name: str) -> str:
    """Return a figure as Markdown: the question, the still, and the answer folded away."""
    figure = FIGURES[name]()
    options = "\n".join(f"- {option}" for option in figure.options)
    return (
        f"**Predict.** {figure.question}\n\n{options}\n\n"
        f"![{figure.drawing.desc}](figures/{name}.svg)\n\n"
        f"<details><summary>The answer</summary>\n\n{figure.answer}\n\n</details>\n"
    )


def in_page(name: str, inline: Callable[[str], str]) -> str:
    """Return a figure as HTML; `inline` turns Markdown within a line into HTML."""
    figure = FIGURES[name]()
    live = json.dumps(_rounded(figure.live), separators=(",", ":"), ensure_ascii=False)
    live = escape(live, quote=False).replace("'", "&#39;")
    options = "".join(f"<li>{inline(option)}</li>" for option in figure.options)
    return (
        f'<figure class="live" data-live="{name}" data-right="{figure.right}" '
        f"data-spec='{live}'>\n"
        f'<p class="question"><strong>Predict.</strong> {inline(figure.question)}</p>\n'
        f'<ol class="options">{options}</ol>\n{inlined(figure.drawing, name)}\n'
        f"<details><summary>The answer</summary><p>{inline(figure.answer)}</p></details>\n</figure>"
    )


def inlined(drawing: Drawing, name: str) -> str:
    """Return a drawing for the middle of a page: names of its own, no style, short paths."""
    body = once("\n".join(joined(drawing.parts)), f"{name}-")
    body = re.sub(r'\bd="([^"]*)"', lambda match: f'd="{shorter(match[1])}"', body)
    body = re.sub(r'(<(?:path|use) [^>]*?) fill="none"', r"\1", body)  # the style says so
    body = re.sub(r' stroke-width="1\.[2-5]"', "", body)  # all alike
    body = re.sub(r'(?<= )(d|x|y|cx|cy|transform)="[^"]*"', lambda match: _coarse(match[0]), body)
    sizes = Counter(re.findall(r' font-size="[^"]*"', body)).most_common(1)
    size = sizes[0][0] if sizes else ""
    body = body.replace(size, "")
    svg = (
        f'<svg viewBox="0 0 {drawing.width} {drawing.height}" class="still ink" role="img" '
        f'aria-label="{escape(drawing.desc)}"{size} text-anchor="middle" stroke-width="1.5" '
        f'stroke-linejoin="round">\n<rect class="paper" width="{drawing.width}" '
        f'height="{drawing.height}"/>\n{body}\n</svg>'
    )
    return f'<div class="wide" tabindex="0">{svg}</div>' if drawing.width > 700 else svg


def _coarse(text: str) -> str:
    """Return coordinates in tenths; a scale, which multiplies, as it is."""

    def tenth(match: re.Match[str]) -> str:
        return match[0] if match[1] else f"{float(match[2]):.1f}".removesuffix(".0")

    return re.sub(r"(scale\()?(-?\d+\.\d\d)(?!\d)", tenth, text)


def joined(parts: Iterable[str]) -> list[str]:
    """Return elements, with lines that follow each other and look alike as one."""
    found: list[tuple[str, str]] = []  # the way of a line, and its looks; or another element
    for part in map(_put, parts):
        line = re.fullmatch(r'<path d="([^"]*)"( class="l-\w+" fill="none"[^>]*)/>', part)
        if not line:
            found.append(("", part))
        elif found and found[-1][1] == line[2]:
            found[-1] = found[-1][0] + line[1], line[2]
        else:
            found.append((line[1], line[2]))
    return [f'<path d="{d}"{looks}/>' if d else looks for d, looks in found]


def _put(part: str) -> str:
    """Return an element; a straight line, where it is moved to."""
    line = re.fullmatch(
        r'<path d="M0 0L(-?[\d.]+) (-?[\d.]+)" '
        r'transform="translate\((-?[\d.]+) (-?[\d.]+)\)"(.*)/>',
        part,
    )
    if not line:
        return part
    u, v, x, y = map(float, line.groups()[:4])
    end = f"H{number(x + u)}" if v == 0 else f"L{number(x + u)} {number(y + v)}"
    return f'<path d="M{number(x)} {number(y)}{end}"{line[5]}/>'


def shorter(d: str) -> str:
    """Return a path of M, L, C and Z with relative numbers in tenths; any other as it is.

    Curves become straight: they are flanks of teeth, a few units long.
    """
    if len(d) < 90 or re.search(r"[^MLCZ\d. \-]", d):
        return d
    d = re.sub(r"C[^MLCZ]*?(-?[\d.]+)[ ]?(-?[\d.]+)(?=[MLCZ]|$)", r"L\1 \2", d)
    x = y = 0
    before = ""
    out: list[str] = []
    for command, text in re.findall(r"([MLCZ])([^MLCZ]*)", d):
        numbers = [round(10 * float(n)) for n in re.findall(r"-?[\d.]+", text)]
        moved = []
        for u, v in zip(numbers[::2], numbers[1::2]):
            moved += [u - x, v - y]
        if numbers:
            x, y = numbers[-2:]
        text = _tenths(numbers if command == "M" else moved)
        if command == before == "L":
            out.append(text if text[0] == "-" else f" {text}")
        else:
            out.append(("M" if command == "M" else command.lower()) + text)
        before = command
    return "".join(out)


def _tenths(numbers: list[int]) -> str:
    """Return numbers given in tenths, with no more signs between them than are needed."""
    text = ""
    for n in numbers:
        whole, tenth = divmod(abs(n), 10)
        digits = (f"{whole or ''}.{tenth}" if tenth else str(whole)) if n else "0"
        text += ("-" if n < 0 else " " if text else "") + digits
    return text


def style() -> str:
    """Return the colours of inlined drawings, for light and dark."""

    def rules(scheme: int) -> str:
        used = [name for name in PALETTE if name not in ("B", "back0")] + ["back0"]
        return (
            "".join(
                f".still .{name}{{fill:{PALETTE[name][scheme]}}}"
                f".still .l-{name}{{stroke:{PALETTE[name][scheme]}}}"
                for name in used
            )
            + f".still{{fill:{PALETTE['ink'][scheme]}}}"
        )

    return (
        f".still path,.still use{{fill:none}}.still .b{{font-weight:bold}}{rules(0)}"
        f"@media (prefers-color-scheme:dark){{{rules(1)}}}"
    )
