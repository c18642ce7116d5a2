"""Configuration files, whole and damaged: options that are read, or one usage error.

Each is read by itself, and by `train --print-config`, whose output has to say the same when it is
read again.
"""

import contextlib
import random
import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from fuzzing.campaign import Trials
from fuzzing.ground import bad_ending
from simplenet.cli import cli
from simplenet.cli.config import from_toml
from simplenet.options import OPTIONS

NAMES = [name.replace("_", "-") for name in (*OPTIONS, "data", "threads")]
# What is mostly right of each option, and what goes together with most others.
RIGHT = {
    "hidden": ["40", "[40]", '"40,30"', "[9, 7]"], "shape": ["[784, 40, 10]", '"784,10"'],
    "activation": ['"relu"', "'tanh'", '"sigmoid"'], "output-activation": ['"softmax"'],
    "cost": ['"cross-entropy"', '"squared-error"'], "init": ['"glorot"', '"he"'],
    "epochs": ["3", '"7"', "1_000", "0x10"], "batch-size": ["20", "1"], "seed": ["0", "4294967295"],
    "validation": ["0", "100"], "patience": ["2"], "lr": ["0.5", "5e-1", "1"],
    "optimizer": ['"adam"', '"sgd"', '"nesterov"', '"rmsprop"', '"adamw"'], "momentum": ["0.9"],
    "rho": ["0.9"], "beta1": ["0.8"], "beta2": ["0.99"], "epsilon": ["1e-6"],
    "schedule": ['"cosine"', '"step"', '"exponential"'], "decay": ["0.5", "1"],
    "decay-every": ["2"], "warmup": ["1", "0.5"], "l1": ["1e-5"], "l2": ["0.001"],
    "weight-decay": ["0.01"], "dropout": ["0.2"], "clip": ["1.0"], "label-smoothing": ["0.1"],
    "average": ["2"], "rotation": ["9"], "scaling": ["0.1"], "shear": ["0.1"], "shift": ["1"],
    "elastic": ["34"], "elastic-sigma": ["4"], "stroke": ["0.5"],
    "data": ['"sample"', '"a folder"', "'C:\\data'"], "threads": ["2", '"auto"', '"3"'],
}  # fmt: skip
VALUES = [
    "0", "-1", "1", "1.5", "-0.0", "1e400", "-1e999", "nan", "-nan", "inf", "-inf", "+inf", "true",
    "false", '""', '"x"', "''", '"""a\nb"""', "'''\n'''", "[]", "[[]]", "[1, 2]", "[-1]", "[0]",
    "[true]", '["1"]', "[1.0]", "[1000001]", "{}", "{a = 1}", "1979-05-27", "07:32:00",
    "1979-05-27T07:32:00Z", "0xdeadbeef", "0o755", "0b1", "9" * 400, "9" * 5000, "1e5000",
    "0." + "1" * 3000, '"' + "a" * 5000 + '"', '"\\u001b[2J"', '"\\u0000"', '"a\\nb"', '"\\ud800"',
    '"\\U0001F600"', '"é"', '"\u0661"',
    "\u0661", '"\x1b]0;x\x07"', '"\\u202e"', '"\\u0085"', "[" * 90,
    "[" * 90 + "]" * 90, "[" * 3000 + "]" * 3000, "{a=" * 500 + "1" + "}" * 500, "[1," * 1000,
    "[" + "1," * 20_000 + "]", '"cross-entropy', "'x", "100000000000000000000", "1__0", "01", "+1",
    "1 2", "#", "= 1", '"adam" "x"', '"/dev/zero"', '"/dev/stdin"', '"~"', '"nan"', '"1e400"',
    '" 5 "', '"5 "', '"5_0"', '"0x10"', '"-1"', '"None"', "None", "null", "yes",
]  # fmt: skip
KEYS = [
    "x", '""', "a.b", "hidden.x", '"hidden"', "'lr'", "batch_size", "EPOCHS", "epochs ", "é", "1",
    '"\\u001b[2J"', '"a\\nb"', "a" * 5000, ".".join("a" * 90), ".".join("ab" * 3000), "config",
    "output", "overwrite", "resume", "json", "-", "__proto__", '"\\u202e"',
]  # fmt: skip
PIECES = [
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\x1b[2J", b"\r", b"\r\n", b"\n", b"[", b"]",
    b"#", b'"', b"'", b"=", b"\\", b"[x]\n", b"[[x]]\n", b"[hidden]\n", b'"""', b"'''", b"\t",
    b"\x7f", b"\xc3", b"\xed\xa0\x80", b"." * 150, b" " * 5000, b"#" + b"x" * 70_000,
    b"\n" * 70_000, b"a=1\n" * 3000, b"\x85", "\u2028".encode(), b"{", b"}", b",",
]  # fmt: skip
SAID = re.compile(r"Error: Invalid value for '?--[^\n]+\n$")


def make_file(seed: int, number: int) -> bytes:
    """Return the content of the file that follows from seed and number."""
    rng = random.Random(f"{seed} {number}")
    names = rng.sample(NAMES, rng.choice([0, 1, 2, 3, 5, 8]))
    if rng.random() < 0.8 and "shape" in names and "hidden" in names:
        names.remove("shape")
    lines = [f"{name} = {rng.choice(RIGHT[name])}" for name in names]
    for _ in range(rng.choice([0, 0, 0, 1, 1, 1, 2])):
        place, what = rng.randrange(len(lines) + 1), rng.randrange(8)
        if what < 4:
            lines.insert(place, f"{rng.choice(NAMES)} = {rng.choice(VALUES)}")
        elif what == 4:
            lines.insert(place, f"{rng.choice(KEYS)} = {rng.choice(['1', rng.choice(VALUES)])}")
        elif what == 5 and lines:
            lines.insert(place, rng.choice(lines))
        elif what == 6:
            lines.insert(place, rng.choice(["", "[table]", "[[many]]", "# x", "=", "lr", "lr ="]))
    content = ("\n".join(lines) + "\n" * rng.randrange(2)).encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        content = _damaged(rng, content)
    if rng.random() < 0.02:
        encoding = rng.choice(["utf-16", "utf-32", "utf-8-sig", "latin-1", "cp037"])
        content = content.decode("utf-8", "replace").encode(encoding, "replace")
    return content


def _damaged(rng: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at, what = rng.randrange(len(found) + 1), rng.randrange(5)
        if what == 0 and at < len(found):
            found[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del found[at : at + rng.choice([1, 2, 10])]
        elif what == 2:
            del found[at:]
        else:
            found[at:at] = rng.choice(PIECES)
    return bytes(found)


def harm(content: bytes, path: Path) -> str | None:
    """Write a file and read it both ways; return what went wrong, or None."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    refused = None
    try:
        options = from_toml(path)
        if not options.keys() <= {*OPTIONS, "data", "threads"}:
            return f"{content[:300]!r}: gave {options}"
    except click.BadParameter as error:
        refused = error.message
    code, printed, said = _printed(path)
    if found := bad_ending(code, printed, said):
        return f"{content[:300]!r}: {found}"
    if code not in (0, 2) or (refused and code == 0):
        return f"{content[:300]!r}: exit code {code}, although {refused}"
    if code:
        last = said.rpartition("\n\n")[2]
        fine = SAID.fullmatch(last) and not printed and len(last) < 1500 + len(str(path))
        return None if fine else f"{content[:300]!r}: {said[:2000]!r}"
    path.write_text(printed, encoding="utf-8")
    again = _printed(path)
    if again != (0, printed, ""):
        return f"{content[:300]!r}: printed {printed!r}, of which is made {again}"
    return None


def _printed(path: Path) -> tuple[int, str, str]:
    """Return how `train --print-config` ends with a file, and what it prints."""
    result = CliRunner().invoke(cli, ["train", "--print-config", "--config", str(path)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what reads the configuration of a number."""
    harm(b"epochs = 3\n", folder / "c.toml")  # loads what there is to be loaded
    yield Trials(lambda number: harm(make_file(seed, number), folder / "c.toml"))
