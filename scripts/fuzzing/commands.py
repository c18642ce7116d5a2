"""Command lines at random: every command and option, with what is sensible and what is not.

Each runs in this process, in a folder with files that are right, damaged, or not what their names
say. Ctrl-C ends what takes long: no case may train for hours.
"""

import contextlib
import os
import random
import shlex
import shutil
import signal
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from click.testing import CliRunner
from PIL import Image

from fuzzing import network
from fuzzing.campaign import Trials
from fuzzing.configurations import RIGHT
from fuzzing.ground import bad_ending, contents, make_data
from simplenet import init_net, save_model
from simplenet.cli import COMMANDS, cli

PATIENCE = 1.0  # seconds until Ctrl-C
FILES = [
    "old.npz", "old.npz", "old.npz", "old.npz", "bare.npz", "text.npz", "empty.npz", "folder",
    "link.npz", "dangling.npz", "pipe", "none.npz", "none/none.npz", "seven.png", "seven.png",
    "bad.png", "empty.png", "c.toml", "bad.toml", "\x1b[31mred.npz", "page.html", ".", "..", "",
    "-", "x" * 300, "/", "data", "data/train-images-idx3-ubyte", "\udcff.npz", "a\nb.npz", "~",
]  # fmt: skip
MODELS = ["old.npz", "old.npz", "old.npz", "link.npz", "\x1b[31mred.npz"]  # that are right
TARGETS = [
    "new.npz", "new.html", "old.npz", "bare.npz", "folder", "link.npz", "dangling.npz", "pipe",
    "none/new.npz", "\x1b[31mnew", "", ".", "..", "x" * 250, "x" * 256, "é", "\udcff", "a\nb",
    "page.html", "seven.png", "new", "-", "data/t10k-labels-idx1-ubyte", "folder/", "../up.npz",
    "new.png", "new.SVG",
]  # fmt: skip
DATA = ["data", "data", "data", "data", "data", "folder", "none", "old.npz", "sample", "mnist", "",
        "\x1b[31m", "half", "kmnist", "./data", "/"]  # fmt: skip
ABSURD = [
    "", "0", "-1", "1", "2", "0.5", "-0.5", "1.0", "nan", "inf", "-inf", "1e400", "1e-400",
    "9" * 30, "9" * 5000, "x", "None",
    "true", "1,2", ",", "1,,2", "-1,2", " 5 ", "5_0", "٣", "é", "\x1b[2J",
    "a\nb", "\udcff", "\u202e", "%s", "{}", "-", "--", "0x10", "1e3", "+3", "'", '"', "\\",
]  # fmt: skip
NUMBERS = {
    "epochs": ["1", "1", "1", "2", "99999999999"], "batch_size": ["20", "1", "7", "1000", "10" * 9],
    "hidden": ["9", "40", "9,7", "1", "1000001", "1," * 50 + "1"],
    "shape": ["64,9,3", "64,3", "784,9,10"],
    "seed": ["0", "7", "4294967295", "4294967296"], "threads": ["1", "2", "auto", "1025"],
    "checkpoint": ["1", "1s", "0", "60s", "1.5s"], "samples": ["0", "59", "60", "10" * 9],
    "validation": ["0", "10", "239", "240", "999999"], "data": DATA, "output": TARGETS,
    "resume": FILES, "config": ["c.toml", "bad.toml", *FILES], "copies": ["0", "2", "10001"],
    "report": TARGETS, "mistakes": ["0", "3", "1001"],
    "preset": ["original", "original", "none"], "count": ["1", "9", "1001"],
    "index": ["0", "7,8", "60"], "class": ["0", "2", "9"],
}  # fmt: skip
WORDS = [
    "-h", "--help", "--version", "--", "-", "-x", "--none", "--epoch", "-qv", "-o", "--no-json",
    "--json=1", "x", "", "a=1", "\x1b[31m", "--data=", "--\udcff", "--é", "-\x07", "train",
]  # fmt: skip
EXPRESSIONS = [
    "a*b + c", "tanh(w*x + b)", "1/0", "a**b", "exp(1000)", "log(0)", "log(-1)", "sqrt(-a)", "(",
    "", "a" * 3000, "(" * 500 + "a" + ")" * 500, "1+" * 3000 + "1", "__import__('os')", "a.b",
    "a[0]", "lambda: 1", "a if b else c", "9**9**9", "a=1", "1e400", "\x1b[31m", "é*2", "a\nb",
    "-" * 200 + "a", "relu(a)", "relu(a, b)", "sigmoid(relu(a))", "a % b", "a // b", "2*a",
]  # fmt: skip
GIVEN = ["a=1", "b=2", "c=-3", "w=0.5", "x=2", "b=0.1", "a=nan", "a=1e400", "=", "a=", "a=1=2",
         "é=1", "a", "\x1b=1", "a=\udcff", "exp=1", "a=٣"]  # fmt: skip


def make_line(seed: int, number: int) -> list[str]:
    """Return the command line that follows from seed and number."""
    rng = random.Random(f"{seed} {number}")
    if rng.random() < 0.02:
        return rng.sample(WORDS, rng.randrange(3))
    name = rng.choice([*COMMANDS, "train", "train", "predict"])
    command = cli.get_command(click.Context(cli), name)
    assert command
    words, tame = [name], rng.random() < 0.5  # or else hardly any line is right
    if tame or (name == "train" and rng.random() < 0.7):
        words += ["--data", "data"] * any(param.name == "data" for param in command.params)
    for param in command.params:
        if isinstance(param, click.Argument):
            words += _arguments(rng, name, param, tame)
        elif rng.random() < _share(name, str(param.name)) / (1 + tame):
            option = rng.choice(param.opts)
            if getattr(param, "is_flag", False):
                words.append(option)
            else:
                value = _value(rng, str(param.name), tame)
                long = option.startswith("--") and rng.random() < 0.2
                words += [f"{option}={value}"] if long else [option, value]
    if not tame and rng.random() < 0.05:
        words.insert(rng.randrange(len(words) + 1), rng.choice(WORDS))
    if rng.random() < 0.1:
        rest = words[1:]
        rng.shuffle(rest)
        words[1:] = rest
    return words


def _share(command: str, param: str) -> float:
    if param in ("data", "output", "report", "as_json", "overwrite", "offline"):
        return 0.4
    if param in ("resume", "config", "print_config"):
        return 0.12
    if param == "epochs":
        return 0.6
    return 0.3 if command in ("gears", "predict", "eval", "fetch") else 0.05


def _value(rng: random.Random, param: str, tame: bool) -> str:
    if tame and param in ("data", "output", "report", "resume"):
        names = {
            "data": ["data"], "output": ["new.npz", "old.npz"], "report": ["new.html"],
            "resume": MODELS,
        }  # fmt: skip
        return rng.choice(names[param])
    if rng.random() < (0.02 if tame else 0.25):
        return rng.choice(ABSURD)
    right = [text.strip("\"'") for text in RIGHT.get(param.replace("_", "-"), [])]
    return rng.choice(NUMBERS.get(param) or right or ABSURD)


def _arguments(rng: random.Random, name: str, param: click.Argument, tame: bool) -> list[str]:
    if tame and name == "predict":
        return [rng.choice(MODELS)] * rng.randrange(2) + ["seven.png"] * rng.randrange(1, 3)
    if tame and name in ("eval", "info", "gears", "check", "plot"):
        return [rng.choice(MODELS)]
    if tame and name == "graph":
        return ["a*b + c", "a=1", "b=2", "c=-3"] if param.name == "expression" else []
    if name == "graph":
        if param.name == "expression":
            return [rng.choice(EXPRESSIONS)] if rng.random() < 0.8 else []
        return rng.sample(GIVEN, rng.randrange(4))
    if name == "fetch":
        return [rng.choice(["mnist", "fashion-mnist", "kmnist", *ABSURD])] * rng.randrange(2)
    if name == "predict":
        return [rng.choice(FILES) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
    if name == "show":  # of a model, or of no model and a data set
        return [rng.choice(MODELS if tame else FILES)] * rng.randrange(2)
    return [rng.choice(FILES)] if rng.random() < 0.9 else []


class Place:
    """The folder in which the commands run."""

    def __init__(self, folder: Path) -> None:
        self.whole, self.here = folder / "whole", folder / "place" / "here"
        self.whole.mkdir()
        data = make_data(self.whole / "data")
        shutil.copytree(data, self.whole / "half")
        (self.whole / "half" / "train-labels-idx1-ubyte").unlink()
        (self.whole / "folder").mkdir()
        save_model(self.whole / "bare.npz", init_net((64, 9, 3), rng=0))
        stroke = np.full((60, 60), 255, np.uint8)
        stroke[10:50, 27:33] = 0
        Image.fromarray(stroke).save(self.whole / "seven.png")
        (self.whole / "bad.png").write_bytes((self.whole / "seven.png").read_bytes()[:90])
        (self.whole / "c.toml").write_text("epochs = 1\nhidden = 7\n")
        (self.whole / "bad.toml").write_text("epochs = \x1b[31m\n")
        (self.whole / "text.npz").write_text("no model \x1b[31m")
        for name in "empty.npz", "empty.png", "page.html":
            (self.whole / name).touch()
        with contextlib.chdir(self.whole):
            args = ["train", "--data", "data", "--epochs", "1", "-q", "-o", "old.npz"]
            result = CliRunner().invoke(cli, args)
            assert result.exit_code == 0, result.stderr
            shutil.copy("old.npz", "\x1b[31mred.npz")
            shutil.copy("old.npz", "\udcff.npz")
            os.symlink("old.npz", "link.npz")
            os.symlink("nowhere", "dangling.npz")
        self.before: dict[str, bytes] = {}
        self.fresh()

    def fresh(self) -> None:
        """Begin anew."""
        shutil.rmtree(self.here.parent, ignore_errors=True)
        self.here.parent.mkdir()
        shutil.copytree(self.whole, self.here, symlinks=True)
        os.mkfifo(self.here / "pipe")
        self.before = self.found()

    def found(self) -> dict[str, bytes]:
        """Return what is there now: files, and what else there is by its kind."""
        others = {
            str(path.relative_to(self.here.parent)): b"" if path.is_dir() else b"no file"
            for path in self.here.parent.rglob("*")
            if path.is_symlink() or not path.is_file()
        }
        return contents(self.here.parent) | others

    def complaint(self, seed: int, number: int) -> str | None:
        """Run a command line; return what is wrong with how it ended and what it left."""
        words = make_line(seed, number)
        with contextlib.chdir(self.here):
            code, stdout, stderr = run(words, seed, number)
        shown = shlex.join(words)[:600]
        after = self.found()
        if code is None:
            self.fresh()
            return f"{shown!r}: {stderr}"
        found = bad_ending(code, stdout, stderr) or self.bad_change(words, code, after)
        if after != self.before:
            self.fresh()
        return f"{shown!r}: {found}" if found else None

    def bad_change(self, words: list[str], code: int, after: dict[str, bytes]) -> str | None:
        """Return what is wrong with the difference that a command has made."""
        allowed = set()
        text = "\0".join(words)
        if "--overwrite" in words or ("train" in words and "--resume" in text):
            for option in "-o", "--output", "--report", "--resume":
                for at, word in enumerate(words):
                    value = words[at + 1] if word == option and at + 1 < len(words) else None
                    if word.startswith(f"{option}="):
                        value = word[len(option) + 1 :]
                    if value:
                        real = os.path.realpath(os.path.join(self.here, value))
                        allowed.add(os.path.relpath(real, self.here.parent))
        changed = {name for name in self.before if after.get(name) != self.before[name]}
        if changed - allowed:
            return f"exit code {code}, and changed {sorted(changed)}"
        new = after.keys() - self.before.keys()
        if new and code in (2, 3):
            return f"exit code {code}, and made {sorted(new)}"
        if parts := [name for name in new if name.endswith(".part")]:
            return f"exit code {code}, and left {parts}"
        return None


def run(words: list[str], seed: int, number: int) -> tuple[int | None, str, str]:
    """Run a command line as a person would who loses patience; None for the code if it raises."""
    given = random.Random(f"{seed} {number} input").choice([b"", b"x", b"\x89PNG\r\n\x1a\n"])

    def lose_patience(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    old = signal.signal(signal.SIGALRM, lose_patience)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        result = CliRunner().invoke(cli, words, input=given, prog_name="simplenet")
    except KeyboardInterrupt:  # before the command began, or after: `main` ends with 130 then
        return 130, "", "Error: interrupted."
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    if result.exception and not isinstance(result.exception, SystemExit):
        error = result.exception
        return None, "", f"{type(error).__name__}: {error}"
    return result.exit_code, result.stdout, result.stderr


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what runs the command line of a number."""
    place, opens, sync = Place(folder), webbrowser.open, os.fsync
    with contextlib.suppress(ImportError):  # Ctrl-C in the middle of this would leave half of it
        import matplotlib.backends.backend_agg
        import matplotlib.backends.backend_svg  # noqa: F401
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    cache = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    webbrowser.open = lambda *args, **kwargs: False  # type: ignore[assignment]
    os.fsync = lambda handle: None
    try:
        with network.no_network(), np.errstate(all="warn"):
            os.environ["no_proxy"] = ""
            yield Trials(lambda number: place.complaint(seed, number))
    finally:
        webbrowser.open, os.fsync = opens, sync
        signal.signal(signal.SIGINT, before)
        os.environ.pop("XDG_CACHE_HOME")
        if cache:
            os.environ["XDG_CACHE_HOME"] = cache
