"""Build the interactive page: one HTML file that asks nobody for anything."""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from simplenet.backprop.bundle import bundle
from simplenet.backprop.digest import digest_scene, draw_from
from simplenet.backprop.layout import WIDE, machine_scene
from simplenet.backprop.mechanism import machine
from simplenet.backprop.scene import as_data
from simplenet.backprop.source import lines_of
from simplenet.net import Net, backward, forward, optimize

STYLES = "page", "stage", "panels", "narrow", "text"  # in web/, in the order in which they apply

# The ES modules in web/; each may import only from those before it.
SCRIPTS = """
    arrays network packed pixels pieces prepare format names
    dom content scene samples machine state steps player motion lit
    scroll tabs crank stage marks travel
    charts turn paths sweep pen sketch beckon page
    machinery figures
""".split()  # noqa: SIM905, for words are easier to read

Array = np.ndarray[Any, np.dtype[Any]]

# What the Sweep shows: parts of three functions, and the lines of them that its steps light up.
Part = tuple[Callable[..., Any], str, str | None, dict[str, str]]
CODE: list[Part] = [
    (
        forward,
        "for l, (W, b) in",
        "net.a.append",
        {"z": "z = inputs @ W + b", "a": "net.a.append"},
    ),
    (
        backward,
        "dc_da = cost.slope",
        "return cost.value",
        {
            "C": "return cost.value",
            "dc_da": "dc_da = cost.slope",
            "slope": "inputs, slope = ",
            "dc_dz": "dc_dz = dc_da * slope",
            "dc_dW": "dW += inputs.T @ dc_dz",
            "dc_db": "db += ones @ dc_dz",
            "paths": "dc_da = dc_dz @ W.T",
        },
    ),
    (optimize, "for piece in", "net.params[piece] -=", {"step": "net.params[piece] -="}),
]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A network in the page, and n samples that it is shown with.

    Give the samples as `x` (n, inputs), as `images` (n, rows, columns) of bytes, which a net reads
    as pixels / 255, or as both; and what the net should make of them as `y` (n, outputs).
    """

    name: str
    net: Net
    y: Array
    images: Array | None = None
    x: Array | None = None
    lr: float = 0.5  # of the training steps in the page
    note: str = ""  # one sentence on where the network comes from
    captions: tuple[str, ...] = ()  # a few words on each sample
    classes: tuple[str, ...] = ()  # what the outputs stand for, if not for their numbers


def page(nets: list[Shown], code: list[Part] = CODE) -> str:
    """Return the whole page as text; it opens on the first net, and its Sweep shows this code.

    Raise ValueError for samples that do not fit their net, and LookupError where the source no
    longer has a line that the page points at.
    """
    outlines: list[str] = []
    content = {
        "nets": [_data(shown) for shown in nets],
        "code": [_code(*part) for part in code],
        "scenes": [_scene(shown.net, outlines) for shown in nets],
        "outlines": outlines,
    }
    script = bundle({name: _text(f"web/{name}.mjs") for name in SCRIPTS})
    parts = {
        "policy": _policy(script),
        "style": _squeezed("".join(_text(f"web/{name}.css") for name in STYLES)),
        "text": _text("web/text.html"),
        "data": _squashed(content),
        "script": script,
    }
    return _fill(re.sub(r"\n\s+", "\n", _text("web/page.html")), parts)


def _squashed(content: dict[str, Any]) -> str:
    """Return all data as text that ends no script: a line of JSON, then bytes, in a small space.

    Of bytes, the JSON has where they begin, and how many they are.
    """
    apart = bytearray()

    def place(value: bytes) -> list[int]:
        apart.extend(value)
        return [len(apart) - len(value), len(value)]

    line = json.dumps(content, separators=(",", ":"), allow_nan=False, default=place)
    return base64.b64encode(zlib.compress(f"{line}\n".encode() + apart, 9)).decode()


def _fill(template: str, parts: dict[str, str]) -> str:
    """Return the template with each part where it says <!--its name-->, looking into no part."""
    pieces = re.split(r"<!--(\w+)-->", template)
    if sorted(pieces[1::2]) != sorted(parts):
        raise LookupError(f"page.html: expected one place for each of {', '.join(parts)}.")
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


def _policy(script: str) -> str:
    """Return a policy that forbids every request, and every script but this one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _text(name: str) -> str:
    """Read a file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _squeezed(css: str) -> str:
    """Return a style sheet without comments and what only makes it easier to read."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"(?<=[{};:(])\s+|\s+(?=[{}])", "", re.sub(r"\s+", " ", css))


def _scene(net: Net, outlines: list[str]) -> dict[str, Any]:
    """Return the drawing of a net's machine: all of a small one, else a path through it."""
    small = max(net.shape) <= 2 and len(net.shape) <= 3 and net.activations[-1] != "softmax"
    scene = machine_scene(machine(net), spaces=WIDE) if small else digest_scene(net)
    if small:
        draw_from(scene, ("z.",))  # from 0; so a plate can go on where the rack of z ends
    return {"whole": small, **as_data(scene, outlines)}


def _code(
    function: Callable[..., Any], first: str, last: str | None, marks: dict[str, str]
) -> dict[str, Any]:
    """Return the lines of a function, each with the mark that a step of the Sweep lights it by."""
    lines = [{"text": line, "mark": ""} for line in lines_of(function, first, last)]
    for mark, text in marks.items():
        [found] = lines_of(function, text)
        line = next((line for line in lines if line["text"].strip() == found.strip()), None)
        if line is None:
            raise LookupError(f"{function.__name__}: {text!r} is not among the lines shown.")
        line["mark"] = mark
    return {"name": function.__name__, "lines": lines}


def _data(shown: Shown) -> dict[str, Any]:
    """Return what the page has to know of one net, as JSON has it."""
    net, y = shown.net, np.asarray(shown.y)
    x, scale = _inputs(shown)
    wanted = (len(y), net.shape[0]), (len(y), net.shape[-1])
    if len(y) == 0 or (x.shape, y.shape) != wanted or len(shown.captions) not in (0, len(y)):
        raise ValueError(
            f"{shown.name}: expected x, y {wanted}, and a caption for each or none; "
            f"found {x.shape}, {y.shape} and {len(shown.captions)} captions."
        )
    if len(shown.classes) not in (0, y.shape[1]):
        raise ValueError(
            f"{shown.name}: expected a name for each of {y.shape[1]} classes, or none; found "
            f"{len(shown.classes)}."
        )
    return {
        "name": shown.name,
        "note": shown.note,
        "shape": list(net.shape),
        "activations": list(net.activations),
        "cost": net.cost,
        "lr": shown.lr,
        "size": None if shown.images is None else list(shown.images.shape[1:]),
        "scale": scale,
        "captions": list(shown.captions),
        "classes": list(shown.classes),
        "params": _parts(net),
        "x": _packed(x),
        "y": _packed(y),
    }


def _inputs(shown: Shown) -> tuple[Array, int]:
    """Return the inputs, and what to divide them by: bytes travel as bytes."""
    if shown.images is None:
        return np.asarray(shown.x), 1
    pixels = shown.images.reshape(len(shown.images), -1)
    if shown.x is None or np.array_equal(np.asarray(shown.x), pixels / 255):
        return pixels, 255
    return np.asarray(shown.x), 1  # this net reads its pixels in some other way


def _parts(net: Net) -> list[dict[str, Any]]:
    """Return the parameters of a net in parts: a byte for each weight, where that is exact."""
    weights = [_multiples(W) for W in net.W]
    if None in weights:
        return [_packed(net.params)]
    return [*filter(None, weights), _packed(np.concatenate(net.b))]


def _multiples(W: Array) -> dict[str, Any] | None:
    """Return weights (inputs, outputs) as bytes, if a unit for each output divides all of its.

    So are those of the bundled network, which scripts/making/bundled.py has rounded.
    """
    integers = W.astype(np.float64) * 2**24  # of the least float16
    if not (np.abs(integers) < 2**53).all() or (integers != np.rint(integers)).any():
        return None
    units = np.maximum(np.gcd.reduce(integers.astype(np.int64), axis=0), 1)
    counts = integers // units
    if np.abs(counts).max() > 127:
        return None
    used = np.flatnonzero(counts.any(axis=1))  # pixels at the edge are hardly ever ink
    stored = counts[used].astype(np.int8).tobytes()
    part = {"format": "int8", "bytes": stored, "units": (units / 2**24).tolist()}
    return part if len(used) == len(W) else {**part, "rows": used.tolist(), "of": len(W)}


def _packed(numbers: Array) -> dict[str, Any]:
    """Return numbers as bytes of the shortest little-endian format that keeps each exactly."""
    numbers = np.ascontiguousarray(numbers)
    if not np.isfinite(numbers).all():
        raise ValueError("expected finite numbers: this net or sample has some that are not.")
    for short in "uint8", "float16", "float32", "float64":
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            stored = numbers.astype(np.dtype(short).newbyteorder("<"))
        if np.array_equal(stored, numbers):
            break
    return {"format": short, "bytes": stored.tobytes()}
