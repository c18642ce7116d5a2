"""The gear document, from its template document.md.

The template holds the text and no number: each is a field such as {dw[5]:.6f}, filled with what
the real code computes here, and each line of code shown is cut out of the real source. A program
followed by @output is run. The text is made twice, as the README of backprop and as HTML for the
page: what stands after @readme or @page, up to @both, is in one of them; @figure is a question with
a picture, which the page can move.
"""

import contextlib
import io
import re
from collections.abc import Iterable, Sequence
from math import isqrt
from pathlib import Path
from typing import Any

import figures as drawn
import numpy as np
from draw_parts import machine_drawing

import simplenet
from making import Files, figures
from making.four_ways import LARGE, counted, one_pass_each, ways
from making.markup import html, inline
from simplenet import net as heart
from simplenet.backprop import bundled
from simplenet.backprop.example import LR, Trace, X, Y, example_net, trace, weight_index
from simplenet.backprop.source import lines_of
from simplenet.functions import sigmoid_slope
from simplenet.net import Net, net_around

TEMPLATE = Path(__file__).with_name("document.md")
PATH = "simplenet/backprop/README.md"
PAGE = "simplenet/backprop/web/text.html"
TURNS = 1e-3, 0.1, 1
SHAPE, BATCH = LARGE, 20


def one_based(values: np.ndarray) -> dict[int, float]:
    """Return values by number, from 1 on, as h1 and h2 have them."""
    return dict(enumerate(np.ravel(values).tolist(), start=1))


def one_based_rows(rows: Iterable[np.ndarray]) -> dict[int, dict[int, float]]:
    """Return the rows of a matrix, and the values in each, by number, from 1 on."""
    return {i: one_based(row) for i, row in enumerate(rows, start=1)}


def by_weight(matrices: Sequence[np.ndarray]) -> dict[int, float]:
    """Return w1 to w8, or what belongs to them, by number."""
    places = {number: weight_index(number) for number in range(1, 9)}
    return {number: float(matrices[l][k, j]) for number, (l, k, j) in places.items()}


def cost_after(turn: float, number: int) -> float:
    """Return the cost of the example after one of its weights was turned."""
    net = example_net()
    l, k, j = weight_index(number)
    net.W[l][k, j] += turn
    return trace(net, X[0], Y[0]).cost


def example() -> dict[str, Any]:
    """Return all that the document says of the 2-2-2 example."""
    net = example_net()
    t = trace(net, X[0], Y[0])
    w, dw = by_weight(net.W), by_weight(t.dc_dW)
    to_h1, to_h2 = (one_based(t.paths(net, 1, k)) for k in (0, 1))
    numbers = {
        "x": one_based(X), "y": one_based(Y), "w": w, "lr": LR,
        "b_h": net.b[0][0], "b_o": net.b[1][0],
        "net_h": one_based(t.z[0]), "out_h": one_based(t.a[1]),
        "net_o": one_based(t.z[1]), "out_o": one_based(t.a[2]), "E": t.cost,
        "dE_dout": one_based(t.dc_da[1]), "slope_o": one_based(t.slope[1]),
        "delta_o": one_based(t.dc_dz[1]), "to_h1": to_h1, "to_h2": to_h2,
        "sum_h": one_based(t.dc_da[0]), "slope_h": one_based(t.slope[0]),
        "dw": dw, "db_o": one_based(t.dc_db[1]),
    }  # fmt: skip
    nudge = TURNS[0]
    moved = cost_after(nudge, 5) - t.cost
    rows = [f"| {turn:g} | {(cost_after(turn, 5) - t.cost) / turn:.7f} |" for turn in TURNS]
    rows.append(f"| as little as you like: the gradient | {dw[5]:.7f} |")
    one = (t.a[2][0] - Y[0, 0]) ** 2 / 2  # what o1 alone adds to C
    numbers |= {
        "nudge": nudge, "nudged": w[5] + nudge, "moved": moved,
        "E_one": one, "E_one_nudged": one + moved, "E_two": t.cost - one,
        "rest_o": one_based(t.z[1] - t.a[1][0] * net.W[1][0]),
        "quotient": moved / nudge, "turns5": "\n".join(rows),
        "delta_h": one_based(t.dc_dz[0]), "net_alt": drawn.net_drawing().desc,
        "ways_alt": figures.STILLS["ways"]().desc,
        "machine_alt": machine_drawing().desc.partition(" Value and gradient:")[0],
        "too_large": to_h1[1] / t.dc_da[0][0], "stronger": abs(to_h2[1] / to_h2[2]),
        "one_path": to_h1[1] * t.slope[0][0] * X[0, 0],
        "wrong_slope": t.z[1][0] * (1 - t.z[1][0]),
        "wrong_dw5": t.a[1][0] * t.z[1][0] * (1 - t.z[1][0]) * t.dc_da[1][0],
        "five_more": 3 * 2 + 2 * 3 + 3 + 2 - net.params.size,
        "quarter4": 0.25**4,
    }  # fmt: skip
    return numbers | sheets() | steps(net, t)


def sheets() -> dict[str, Any]:
    """Return what is shown of a minibatch: the sample, and the same with inputs and truths swapped.

    The gradient is what `backward` adds up over both.
    """
    net = example_net()
    samples = [trace(net, x, y) for x, y in ((X[0], Y[0]), (Y[0], X[0]))]
    heart.zero_grad(net)
    heart.forward(net, np.concatenate([X, Y]))
    heart.backward(net, np.concatenate([Y, X]))
    return {
        "sheet_h": one_based_rows(t.a[1] for t in samples),
        "sheet_delta": one_based_rows(t.dc_dz[1] for t in samples),
        "sheet_dW": one_based_rows(net.dW[1]),
    }


def steps(net: Net, t: Trace) -> dict[str, Any]:
    """Return where one step of the example leads in three ways, the last of which is wrong."""
    heart.optimize(net, LR)
    held = example_net()
    for W, step in zip(held.W, net.W):
        W[:] = step
    in_sequence = example_net()
    in_sequence.W[1][:] = net.W[1]  # the output's weights move first, and dC/dh goes through them
    dc_dh = in_sequence.W[1] @ t.dc_dz[1]
    in_sequence.W[0][:] -= LR * np.outer(X[0], dc_dh * t.slope[0])
    return {
        "after": by_weight(net.W),
        "E_after": trace(net, X[0], Y[0]).cost,
        "E_held": trace(held, X[0], Y[0]).cost,
        "E_in_sequence": trace(in_sequence, X[0], Y[0]).cost,
    }


def digits() -> dict[str, Any]:
    """Return what is shown of the networks that read digits."""
    net = simplenet.init_net(SHAPE, rng=0)
    x, y = np.zeros((BATCH, SHAPE[0])), np.zeros((BATCH, SHAPE[-1]))
    simplenet.forward(net, x)
    simplenet.backward(net, y)
    names = [f"{name}{l}" for name in ("W", "b", "dW", "db") for l in (0, 1)]
    arrays = {name: getattr(net, name[:-1])[int(name[-1])] for name in [*names, "a0", "a1", "a2"]}
    arrays |= {f"dc_dz{l}": net.a[l + 1] for l in (0, 1)}  # a checkpoint has the shape of its z
    arrays |= {f"{name}T": array.T for name, array in arrays.items()}
    stuck = 0.98
    return {
        "shape": SHAPE, "batch": BATCH,
        "side": isqrt(SHAPE[0]), "parameters": net.params.size, "nudges": net.params.size + 1,
        "shapes": {name: array.shape for name, array in arrays.items()},
        "stuck": stuck, "stuck_slope": stuck * (1 - stuck),
        "stuck_delta": stuck * stuck * (1 - stuck),
        "deep": 6, "deep_slope": 0.25**6,
        **slips(), **stale(), **costs(), **flips(),
    }  # fmt: skip


def costs() -> dict[str, Any]:
    """Return how many multiplications each way to the gradients takes, on both nets."""
    net = example_net()
    small, large = counted()
    alike = simplenet.init_net([SHAPE[1]] * 11, rng=0, dtype=np.float64)
    forward, backward = one_pass_each(ways(alike, [0.5] * SHAPE[1], [0.0] * SHAPE[1]))
    return {
        "small": small, "large": large,
        "small_passes": net.params.size + 1, "cranks": net.params.size,
        "last_levers": 2 * net.W[1].size, "first_levers": net.W[0].size,
        "cams": 2 * sum(net.shape[1:]),
        "backward_small": small["backward"] / small["forward"],
        "backward_deep": backward / forward,
        "backward_large": large["backward"] / large["forward"],
        "saved_numbers": BATCH * sum(SHAPE),
    }  # fmt: skip


def flips(chosen: Sequence[int] = (4, 3, 7), lr: float = 0.1, most: int = 100) -> dict[str, Any]:
    """Return how soon single digits are read as each wrong class, with either cost.

    The bundled network gets sigmoid outputs, and a digit of each class chosen that it reads right.
    """
    images, labels = simplenet.load_data("sample").test
    trained = bundled().net
    right = simplenet.predict(trained, images) == labels
    flip = {}
    for cost in "cross-entropy", "half-squared-error":
        steps = []
        for digit in chosen:
            x = images[np.flatnonzero(right & (labels == digit))[0]].reshape(1, -1) / 255
            for target in set(range(SHAPE[-1])) - {digit}:
                net = net_around(trained.params, trained.shape, ("sigmoid", "sigmoid"), cost)
                steps.append(_until(net, x, target, lr, most))
        done = [step for step in steps if step <= most]
        flip[cost] = {"flipped": len(done), "slowest": max(done, default=0)}
    return {
        "flip": flip, "flip_lr": lr, "flip_most": most, "flip_cases": len(chosen) * (SHAPE[-1] - 1),
        "flip_digits": " and a ".join((", a ".join(map(str, chosen[:-1])), str(chosen[-1]))),
    }  # fmt: skip


def _until(net: Net, x: np.ndarray, target: int, lr: float, most: int) -> int:
    """Return after how many steps an output is the largest; one more than `most` is never."""
    y = np.eye(net.shape[-1])[[target]]
    for step in range(most + 1):
        if simplenet.forward(net, x).argmax() == target:
            return step
        simplenet.zero_grad(net)
        simplenet.backward(net, y)
        simplenet.optimize(net, lr)
    return most + 1


def slips(images: int = 500) -> dict[str, Any]:
    """Return slopes of hidden neurons before and after training, and how far gradients spread."""
    digits, labels = simplenet.load_data("sample").test
    x = digits[:images].reshape(images, -1) / 255
    trained = bundled().net
    slopes = []
    names = trained.activations, trained.cost
    trained = net_around(trained.params.astype(np.float64), trained.shape, *names)
    for net in simplenet.init_net(trained.shape, rng=0, dtype=np.float64), trained:
        simplenet.forward(net, x)
        slopes.append(net.a[1] * (1 - net.a[1]))
    rows = {
        "mean": [slope.mean() for slope in slopes],
        "share": [100 * (slope < 1 / 20).mean() for slope in slopes],
    }
    t = trace(trained, x[0], np.eye(SHAPE[-1])[labels[0]])
    sizes = np.abs(np.concatenate([np.ravel(part) for part in (*t.dc_dW, *t.dc_db)]))
    least, most = np.percentile(sizes[sizes > 0], [10, 90])
    return {
        "slip": rows,
        "slip_shape": trained.shape,
        "slip_images": images,
        "decades": int(np.log10(most / least)),
    }


def stale(epochs: int = 2, lr: float = 5.0) -> dict[str, Any]:
    """Return the test accuracies on the embedded digits of training with zero_grad and without."""
    data = simplenet.load_data("sample")
    accuracy = {}
    for name in "with_zero", "without_zero":
        rng = np.random.default_rng(0)
        net = simplenet.init_net(SHAPE, rng=rng, dtype=np.float64)
        for _ in range(epochs):
            batches = simplenet.minibatches(*data.train, BATCH, rng=rng, dtype=np.float64)
            for x, y in batches:
                if name == "with_zero":
                    simplenet.zero_grad(net)
                simplenet.forward(net, x)
                simplenet.backward(net, y)
                simplenet.optimize(net, lr)
        accuracy[name] = 100 * simplenet.evaluate(net, *data.test).accuracy
    return {"stale_epochs": epochs, "stale_lr": lr, **accuracy}


def code() -> dict[str, dict[str, str]]:
    """Cut the lines that the document shows out of the source."""
    back = heart.backward
    blocks = {
        "loop": lines_of(back, "dc_dz = dc_da * slope", "dc_da = dc_dz @ W.T"),
        "step": lines_of(heart.optimize, "for piece in", "net.params[piece] -= "),
        "zero": lines_of(heart.zero_grad, "net.grads.fill", "net.samples = 0"),
    }
    lines = {
        "dc_da_last": lines_of(back, "dc_da = cost.slope"),
        "dc_dz": lines_of(back, "dc_dz = dc_da * slope"),
        "dc_dW": lines_of(back, "dW += "),
        "dc_db": lines_of(back, "db += "),
        "paths": lines_of(back, "dc_da = dc_dz @ W.T"),
        "slope": lines_of(sigmoid_slope, "return "),
    }
    return {
        "code": {name: " ".join(part).split("  #")[0] for name, part in lines.items()},
        "code_block": {name: "\n".join(part) for name, part in blocks.items()},
    }


def with_outputs(text: str) -> str:
    """Return a text in which each @output is what the program before it prints."""

    def run(match: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(match["program"], TEMPLATE.name, "exec"), {})
        return match[0].replace("@output\n", printed.getvalue())

    return re.sub(
        r"```python\n(?P<program>(?:(?!```).)*)```\n\n```text\n@output\n", run, text, flags=re.S
    )


def typeset(text: str) -> str:
    """Return a text whose minus signs are no hyphens; code, and the dashes of lists, stay."""
    pieces = re.split(r"(```.*?```|`[^`\n]*`|\]\([^)\n]*\))", text, flags=re.S)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"(?<=\S )-(?=\s)|(?<=[ (\[\n])-(?=[\da-z])", figures.MINUS, pieces[i])
    return "".join(pieces)


def chosen(text: str, for_page: bool) -> str:
    """Return what the README, or else the page, has of a text."""
    pieces = re.split(r"^@(readme|page|both)\n", text, flags=re.M)
    wanted = ("both", "page" if for_page else "readme")
    parts = zip(["both", *pieces[1::2]], pieces[::2])
    return "".join(part for kind, part in parts if kind in wanted)


def as_page(text: str) -> str:
    """Return the text as HTML for the page, its figures ready to be moved."""
    text = chosen(text, True)
    made = {}

    def keep(match: re.Match[str]) -> str:
        made[match[1]] = figures.in_page(match[1], inline)
        return f"<figure {match[1]}>\n"

    text = re.sub(r"^@figure (\w+)\n", keep, text, flags=re.M)
    text = _lower(text).replace("## Backpropagation, with gears", "## How it works", 1)

    def picture(words: str, path: str) -> str:
        name = path.removeprefix("figures/").removesuffix(".svg")
        return f"<figure>{figures.inlined(figures.STILLS[name](), name)}</figure>"

    body = html(text, "read-", picture)
    for name, figure in made.items():
        body = body.replace(f"<figure {name}>", figure)
    note = "<!-- Made by scripts/make.py from scripts/making/document.md: change that one. -->\n"
    return f"{note}<style>{figures.style()}</style>\n{body}\n"


def _lower(text: str) -> str:
    """Return a text whose headings are one level lower; code may hold what looks like one."""
    pieces = re.split(r"(```.*?```)", text, flags=re.S)
    return "".join(
        piece if i % 2 else re.sub(r"^#", "##", piece, flags=re.M) for i, piece in enumerate(pieces)
    )


def files() -> Files:
    """Return the document as it should be, and the same as the page has it."""
    template = TEMPLATE.read_text(encoding="utf-8")
    text = typeset(with_outputs(template.format_map(example() | digits() | code())))
    readme = re.sub(
        r"^@figure (\w+)\n",
        lambda match: figures.in_readme(match[1]),
        chosen(text, False),
        flags=re.M,
    )
    return {PATH: readme.encode(), PAGE: as_page(text).encode()}
