"""Calls of every public function with things that its arguments cannot be.

`VALUES` makes the things, `calls` the calls: each argument in turn is one of them, and the others
are right. `complaint` says what is wrong with how a call ended. Anything may import this: it needs
neither pytest nor a data set.
"""

import contextlib
import decimal
import fractions
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import simplenet
from fuzzing.campaign import Trials
from simplenet.errors import SimplenetError


class Raising:
    """What raises at every turn."""

    def __array__(self, *args: Any, **more: Any) -> Any:
        raise RuntimeError("no array")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __repr__(self) -> str:
        raise RuntimeError("no text")


def _itself() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


def _deep() -> list[Any]:
    items: list[Any] = [1.0]
    for _ in range(5000):
        items = [items]
    return items


VALUES: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "np.True": lambda: np.True_,
    "zero": lambda: 0,
    "minus one": lambda: -1,
    "half": lambda: 0.5,
    "minus half": lambda: -0.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "np.nan": lambda: np.float32("nan"),
    "10**20": lambda: 10**20,
    "10**400": lambda: 10**400,
    "10**6000": lambda: 10**6000,
    "complex": lambda: 1 + 2j,
    "np.complex": lambda: np.complex64(1 + 2j),
    "decimal nan": lambda: decimal.Decimal("nan"),
    "fraction": lambda: fractions.Fraction(-1, 3),
    "text": lambda: "net",
    "empty text": lambda: "",
    "number as text": lambda: "3",
    "nul": lambda: "a\0b",
    "surrogate": lambda: "\ud800",
    "long text": lambda: "x" * 200_000,
    "bytes": lambda: b"net",
    "path": lambda: Path("model.npz"),
    "empty list": list,
    "list": lambda: [1, 2],
    "list of text": lambda: ["a", "b"],
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "list of None": lambda: [None],
    "list of itself": _itself,
    "deep list": _deep,
    "list of 10**400": lambda: [10**400, 1],
    "tuple": lambda: (4, -3),
    "dict": lambda: {"a": 1},
    "dict of layers": lambda: {7: 1.0},
    "set": lambda: {1, 2},
    "generator": lambda: (n for n in (4, 2)),
    "range": lambda: range(10**12),
    "endless range": lambda: range(10**400),
    "object": object,
    "raising": Raising,
    "namespace": lambda: SimpleNamespace(shape=(4, 3, 2), net=None),
    "type": lambda: int,
    "function": lambda: max,
    "float64 0-d": lambda: np.array(np.nan),
    "float64 1-d": lambda: np.ones(4),
    "float64 3-d": lambda: np.ones((5, 4, 2)),
    "another width": lambda: np.ones((5, 3)),
    "none at all": lambda: np.ones((0, 4)),
    "not a number": lambda: np.full((5, 4), np.nan),
    "infinite": lambda: np.full((5, 4), np.inf),
    "too large": lambda: np.full((5, 4), 1e30),
    "complex array": lambda: np.ones((5, 4), complex),
    "object array": lambda: np.full((5, 4), None),
    "text array": lambda: np.full((5, 4), "1"),
    "dates": lambda: np.zeros((5, 4), "M8[s]"),
    "records": lambda: np.zeros(5, [("a", int)]),
    "negative labels": lambda: np.array([0, 1, -1, 0, 1]),
    "large labels": lambda: np.array([0, 1, 2**62, 0, 1]),
    "labels of floats": lambda: np.array([0, 1, np.nan, 0, 1]),
}  # fmt: skip


class Call(NamedTuple):
    """One call: the argument, what it is, and what makes the call and uses what it returns."""

    function: str
    argument: str
    value: str
    make: Callable[[], Any]


OPTIONS = [
    "epochs",
    "batch_size",
    "seed",
    "validation",
    "patience",
    "lr",
    "optimizer",
    "momentum",
    "rho",
    "beta1",
    "beta2",
    "epsilon",
    "schedule",
    "decay",
    "decay_every",
    "warmup",
    "l1",
    "l2",
    "weight_decay",
    "dropout",
    "clip",
    "label_smoothing",
]
_LEFT_OUT = object()  # what is given only to be wrong


def right(function: str, folder: Path) -> dict[str, Any]:
    """Return the arguments of a function as they should be, anew: calls may change them."""
    net = simplenet.init_net((4, 3, 2), rng=0)
    examples = {"images": np.linspace(0, 1, 20).reshape(5, 4), "labels": np.array([0, 1, 1, 0, 1])}
    hooks = {"step": None, "validate": lambda *anything: 0.5}
    run = None
    if function in ("backward", "optimize"):
        simplenet.forward(net, examples["images"])
    if function == "optimize":
        simplenet.backward(net, np.ones((5, 2)))
    if function == "advance":
        run = simplenet.start(net, **examples, validation=0, epochs=1)
    return {
        "init_net": {
            "shape": (4, 3, 2), "rng": 0, "dtype": np.float32, "activation": "sigmoid",
            "output_activation": "sigmoid", "cost": "squared-error", "init": "lecun",
        },
        "zero_grad": {"net": net},
        "forward": {"net": net, "x": examples["images"], "masks": {1: np.ones((5, 3))}},
        "backward": {"net": net, "y": np.ones((5, 2))},
        "optimize": {"net": net, "lr": 0.5, "rule": _LEFT_OUT},
        "optimizer": {
            "name": "adam", "momentum": 0.5, "rho": 0.5, "beta1": 0.5, "beta2": 0.5,
            "epsilon": 1e-8, "weight_decay": 0.1, "l1": 0.1, "l2": 0.1, "clip": 1.0,
        },
        "minibatches": {**examples, "size": 2, "rng": 0, "classes": 2, "dtype": np.float32},
        "outputs": {"net": net, "images": examples["images"]},
        "predict": {"net": net, "images": examples["images"]},
        "evaluate": {"net": net, **examples},
        "start": {"net": net, **examples, **dict.fromkeys(OPTIONS, _LEFT_OUT)},
        "train": {"net": net, **examples, "progress": None, **hooks, "validation": 0, "epochs": 1},
        "advance": {"run": run, **examples, **hooks, "together": _LEFT_OUT},
        "Run": {"net": net},
        "load_data": {"where": "sample", "offline": True, "timeout": 1.0, "progress": None},
        "save_model": {"path": folder / "m.npz", "model": net, "overwrite": True},
        "load_model": {"path": folder / "none.npz"},
    }[function]  # fmt: skip


FUNCTIONS = sorted(set(simplenet.__all__) - {"__version__"})


def calls(folder: Path, functions: list[str] = FUNCTIONS) -> Iterator[Call]:
    """Yield every call of these functions; models are written to the folder."""
    data = simplenet.load_data("sample")
    mixed: dict[str, Callable[[], Any]] = {
        "a net": lambda: simplenet.init_net((4, 3, 2), rng=0),
        "a run": lambda: right("advance", folder)["run"],
        "data": lambda: data,
        "examples": lambda: data.test,
    }
    things = (VALUES | mixed).items()
    for function in functions:
        for argument, (name, make) in itertools.product(right(function, folder), things):
            yield Call(function, argument, name, _call(folder, function, argument, make))


def _call(folder: Path, function: str, argument: str, make: Callable[[], Any]) -> Any:
    def call() -> Any:
        arguments = {**right(function, folder), argument: make()}
        arguments = {name: value for name, value in arguments.items() if value is not _LEFT_OUT}
        with np.errstate(all="ignore"):
            result = getattr(simplenet, function)(**arguments)
            return next(result) if function in ("minibatches", "train", "advance") else result

    return call


_SEEDS = (
    "zero; 10**20; 10**400; 10**6000; empty list; list; list of 10**400; none at all; large labels"
)
_FRACTION, _POSITIVE = "None; zero; half", "zero; half; 10**20"
_HOOK = "None; type; function"
# What a call may be given, besides a net or a run for what is one: it means what it seems to mean.
FITTING = {
    ("init_net", "shape"): "list",
    ("init_net", "rng"): _SEEDS,
    ("init_net", "dtype"): "np.nan",  # float32, of which it is one
    ("init_net", "output_activation"): "None",
    ("init_net", "init"): "None",
    ("forward", "x"): "not a number; infinite; too large",  # values are checked with the data
    ("forward", "masks"): "None",
    ("optimize", "lr"): _POSITIVE,
    ("optimize", "rule"): _HOOK,
    ("optimizer", "momentum"): _FRACTION,
    **dict.fromkeys(itertools.product(["optimizer"], ["rho", "beta1", "beta2"]), "zero; half"),
    ("optimizer", "epsilon"): "half; 10**20",
    **dict.fromkeys(
        itertools.product(["optimizer"], ["weight_decay", "l1", "l2", "clip"]), _POSITIVE
    ),
    ("minibatches", "images"): "float64 3-d; another width",
    ("minibatches", "size"): "10**20; 10**400; 10**6000",  # all in one
    ("minibatches", "rng"): f"None; {_SEEDS}",
    ("minibatches", "classes"): "None",
    ("minibatches", "dtype"): "np.nan",
    ("start", "epochs"): "10**20; number as text",
    ("start", "batch_size"): "10**20; number as text",
    ("start", "seed"): "zero; number as text",
    ("start", "validation"): "None; zero; number as text",
    ("start", "patience"): "zero",
    ("start", "lr"): "None; half; 10**20; number as text",
    ("start", "momentum"): _FRACTION,
    **dict.fromkeys(
        itertools.product(
            ["start"], ["rho", "beta1", "beta2", "warmup", "weight_decay", "label_smoothing"]
        ),
        "zero",  # turns off what is off
    ),
    **dict.fromkeys(
        itertools.product(["start"], ["l1", "l2", "clip"]), f"{_POSITIVE}; number as text"
    ),
    ("start", "dropout"): "zero; half",
    ("train", "epochs"): "10**20; number as text",
    ("train", "validation"): "None; zero; number as text",
    **dict.fromkeys(
        itertools.product(["train", "advance"], ["progress", "step", "validate"]), _HOOK
    ),
    ("load_data", "where"): "None",
    ("load_data", "offline"): "True; np.True",
    ("load_data", "timeout"): "half; 10**20",
    ("load_data", "progress"): _HOOK,
    ("save_model", "path"): "text; number as text; path",
    ("save_model", "model"): "a net; a run",
    ("save_model", "overwrite"): "True; np.True",
    ("load_model", "path"): "text; number as text; path",
}


def fits(call: Call) -> bool:
    """Return whether a call may be right: then it may return, or fail in the words of a hook."""
    if call.argument in ("net", "run"):
        return call.value == f"a {call.argument}"
    return call.value in FITTING.get((call.function, call.argument), "").split("; ")


def complaint(call: Call) -> str | None:
    """Return what is wrong with how a call ends, None if nothing is."""
    if fits(call):
        with contextlib.suppress(TypeError, ValueError, OSError, SimplenetError):
            call.make()
        return None
    try:
        call.make()
    except (TypeError, ValueError, SimplenetError) as error:
        words = str(error)
    except OSError as error:  # of the system, with the name of the file
        return None if call.argument == "path" else repr(error)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:150]}"
    else:
        return "it returned"
    names = _NAMES.get(call.argument, [call.argument])
    lacks = [
        what
        for what, there in {
            "what was expected": "expected" in words or "cannot be read" in words,
            "what was found": "found" in words or "cannot be read" in words,
            "the argument": any(name in words for name in names),
            "an end": len(words) < 800 or call.value in ("long text", "10**400"),
        }.items()
        if not there
    ]  # fmt: skip
    return f"without {' and '.join(lacks)}: {words[:200]}" if lacks else None


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what makes the call of a number; all there are, whatever the seed."""
    every = list(calls(folder))

    def trial(number: int) -> str | None:
        why = complaint(every[number])
        return f"{every[number][:3]}: {why}" if why else None

    with contextlib.chdir(folder):
        yield Trials(trial, len(every))


# What an error may call an argument instead: a path by itself, such as.
_NAMES = {
    "name": ["optimizer"],
    "where": ["where", "folder"],
    "path": ["path", "cannot be read", "npz"],
}
