"""Runs of all kinds that are stopped at random points, and gone on with from their files.

The library's runs are left after a block, or interrupted in the middle of one; the command's get
Ctrl-C during a minibatch. Some runs have so many images that not all are shuffled together: that
number is made small for them.
"""

import contextlib
import os
import random
import shlex
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from click.testing import CliRunner

from fuzzing.campaign import Trials
from fuzzing.ground import make_data
from simplenet import advance, init_net, load_data, load_model, save_model, start
from simplenet.cli import cli
from simplenet.errors import DivergedError
from simplenet.training import run as run_module
from simplenet.training.order import TOGETHER, Together
from simplenet.training.run import Run, four_calls
from simplenet.training.wide import WideStep

WINDOWS = Together(most=500, chunk=50, window=4)


def options(rng: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of a net and of its training, which go together."""
    net: dict[str, Any] = {
        "hidden": rng.choice([(), (9,), (40,), (7, 5), (4, 4, 4), (150,)]),
        "cost": rng.choice(["half-squared-error", "squared-error", "cross-entropy"]),
    }
    if net["hidden"]:
        net["activation"] = rng.choice(["sigmoid", "tanh", "relu", "leaky-relu", "identity"])
    if net["cost"] == "cross-entropy":
        net["output_activation"] = rng.choice(["sigmoid", "softmax"])
    net["init"] = rng.choice(["lecun", "glorot", "he"])
    how: dict[str, Any] = {
        "epochs": rng.randrange(1, 5), "seed": rng.randrange(2**32),
        "batch_size": rng.choice([1, 3, 20, 33, 500, 1000, 5000]),
        "optimizer": rng.choice(["sgd", "nesterov", "rmsprop", "adam", "adamw"]),
        "schedule": rng.choice(["constant", "step", "exponential", "cosine"]),
        "validation": rng.choice([None, 0, 1, 333]),
    }  # fmt: skip
    if how["validation"] != 0 and rng.random() < 0.4:
        how["patience"] = rng.choice([1, 2])
        how["epochs"] = rng.randrange(2, 7)
    sometimes = {
        "momentum": 0.5 if how["optimizer"] in ("sgd", "nesterov", "rmsprop") else None,
        "rho": 0.9 if how["optimizer"] == "rmsprop" else None,
        "beta1": 0.7 if how["optimizer"] in ("adam", "adamw") else None,
        "weight_decay": 0.1 if how["optimizer"] == "adamw" else None,
        "decay": 0.7 if how["schedule"] in ("step", "exponential") else None,
        "decay_every": 2 if how["schedule"] == "step" else None,
        "warmup": 0.5 if how["schedule"] == "cosine" else None,
        "dropout": 0.4 if net["hidden"] else None,
        "label_smoothing": 0.2 if net["cost"] == "cross-entropy" else None,
        "l1": 1e-4, "l2": 1e-3, "clip": 0.5, "average": 1.5, "rotation": 9.0, "stroke": 0.5,
        "elastic": 9.0,
    }  # fmt: skip
    for name, value in sometimes.items():
        if value is not None and rng.random() < 0.4:
            how[name] = value
    return net, how


class Stopped:
    """One run that is stopped, again and again."""

    def __init__(self, data: Path, folder: Path, seed: int, number: int) -> None:
        self.rng = random.Random(f"{seed} {number}")
        self.net, self.how = options(self.rng)
        self.data, self.folder, self.number = data, folder, number
        self.path = folder / "m.npz"

    def complaint(self) -> str | None:
        """Return what is wrong with what comes of the run."""
        for path in self.folder.glob("*.npz"):
            path.unlink()
        found = self.by_command() if self.number % 3 == 0 else self.by_library()
        return f"{self.net} {self.how}: {found}" if found else None

    # --- the library ---

    def by_library(self) -> str | None:
        examples = load_data(self.data).train
        self.together = WINDOWS if self.number % 3 == 1 else TOGETHER
        # The run keeps none of it, so that each part has to be given the same.
        step = self.rng.choice([None, None, four_calls, WideStep()])
        whole, blocks = self.started(examples), 0
        try:
            for _ in advance(whole, *examples, step=step, together=self.together):
                blocks += 1
        except DivergedError:
            return None
        save_model(self.path, whole)
        expected = self.path.read_bytes()
        run, stops = self.started(examples), 0
        while not run.finished:
            if self.rng.random() < 0.5:
                left = self.rng.randrange(1, max(2, blocks // 2))
                for _ in advance(run, *examples, step=step, together=self.together):
                    left -= 1
                    if not left:
                        break
            elif stops < 9:
                hook = _interrupting(step or four_calls, self.rng.randrange(1, 200))
                if step is None and self.net["hidden"] == (150,):
                    hook = _interrupting(WideStep(), self.rng.randrange(1, 200))
                with contextlib.suppress(KeyboardInterrupt):
                    for _ in advance(run, *examples, step=hook, together=self.together):
                        pass
            stops += 1
            save_model(self.path, run, overwrite=True)
            run = load_model(self.path)
        same = self.path.read_bytes() == expected
        return None if same else f"stopped {stops} times, it ends otherwise"

    def started(self, examples: Any) -> Run:
        """Return the run at its beginning."""
        net = {name: value for name, value in self.net.items() if name != "hidden"}
        made = init_net((64, *self.net["hidden"], 3), rng=self.how["seed"], **net)
        return start(made, *examples, **self.how)

    # --- the command ---

    def by_command(self) -> str | None:
        words = ["train", "--data", str(self.data), "-q"]
        given = {**self.net, **self.how}
        hidden = given.pop("hidden")
        given["shape"] = (64, *hidden, 3)
        for name, value in given.items():
            if value is not None:
                text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
                words += ["--" + name.replace("_", "-"), text]
        whole = self.folder / "whole.npz"
        code, said, steps = _interrupted([*words, "-o", str(whole)], None)
        if code == 4:
            return None
        if code:
            return f"{shlex.join(words)}: {code}: {said}"
        expected, stops = whole.read_bytes(), 0
        more = ["--checkpoint", "1"] * self.rng.randrange(2)
        args = [*words, "-o", str(self.path), *more]
        while True:
            # The last steps may be behind it: then it ends by itself.
            at = self.rng.randrange(1, 1 + max(1, steps)) if stops < 6 else None
            code, said, _ = _interrupted(args, at)
            if code == 0:
                break
            if code != 130 or ("saved as" not in said and "as it was" not in said):
                return f"{shlex.join(args)}: {code}: {said}"
            stops += 1
            args = ["train", "--resume", str(self.path), "--data", str(self.data), "-q", *more]
        same = self.path.read_bytes() == expected
        return None if same else f"stopped {stops} times by Ctrl-C, it ends otherwise"


def _interrupting(step: Callable[..., Any], number: int) -> Callable[..., Any]:
    """Return a step that Ctrl-C interrupts, after so many."""
    steps = 0

    def counted(*args: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == number:
            raise KeyboardInterrupt
        return step(*args)

    return counted


def _interrupted(args: list[str], number: int | None) -> tuple[int, str, int]:
    """Run a command that gets Ctrl-C in a step; return its code, what it said, and the steps."""
    steps = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def one(*args: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == number:
                signal.raise_signal(signal.SIGINT)
            return step(*args)

        return one

    wide = WideStep
    with (
        mock.patch.object(run_module, "four_calls", counted(four_calls)),
        mock.patch.object(run_module, "WideStep", lambda: counted(wide())),
        np.errstate(all="ignore"),
    ):
        result = CliRunner().invoke(cli, args)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr, steps


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what stops the run of a number, and goes on with it."""
    data = make_data(folder / "data", train=3100)
    (folder / "runs").mkdir()
    before, sync = signal.signal(signal.SIGINT, signal.default_int_handler), os.fsync
    os.fsync = lambda handle: None
    try:
        yield Trials(lambda number: Stopped(data, folder / "runs", seed, number).complaint())
    finally:
        os.fsync = sync
        signal.signal(signal.SIGINT, before)
