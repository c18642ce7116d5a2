"""Trainings that are killed without any warning, at any moment, and gone on with.

Each is a process of its own, forked from this one. Half of them are killed by the clock, half
while they save, after so many steps of Python: the latter follow from seed and number alone.
"""

import contextlib
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fuzzing.campaign import Trials
from fuzzing.ground import bad_ending, contents, ended, fork, make_data
from simplenet.training.modelfile import load_model

RUNS = {
    "plain": "",
    "momentum": "--momentum 0.9 --lr 0.1 --l1 1e-5",
    "adam": "--optimizer adam --dropout 0.3 --hidden 9,7",
    "nesterov": "--optimizer nesterov --schedule cosine --warmup 1",
    "patience": "--patience 2 --lr 2 --epochs 6",
    "rmsprop": "--optimizer rmsprop --schedule step --decay 0.5 --decay-every 2 --rho 0.9",
    "adamw": "--optimizer adamw --cost cross-entropy --label-smoothing 0.1 --clip 1 --l2 1e-4 "
    "--batch-size 7",
    "no layers": "--shape 64,3 --schedule exponential --decay 0.9",
    "relu": "--activation relu --cost cross-entropy --dropout 0.5 --validation 0",
    "wide": "--hidden 400 --optimizer adam",
}  # fmt: skip


class Ended(NamedTuple):
    """How a process ended: by a signal if the code is negative; and what it saved last."""

    code: int
    saved: tuple[int, int] | None  # epoch and images
    stderr: str
    seconds: float
    steps: int  # of Python, in saving


class Trainings:
    """A scratch folder, and trainings in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.here = folder, folder / "here"
        self.data = make_data(folder / "data", train=2400)
        self.wholes: dict[str, tuple[bytes, Ended]] = {}

    def whole(self, name: str) -> tuple[bytes, Ended]:
        """Return the file of a training that nobody stopped, and how long that took."""
        if name not in self.wholes:
            self.fresh()
            end = self.run(self.command(name))
            assert end.code == 0, end
            self.wholes[name] = (self.here / "m.npz").read_bytes(), end
        return self.wholes[name]

    def fresh(self) -> None:
        """Empty the folder to stand in."""
        shutil.rmtree(self.here, ignore_errors=True)
        self.here.mkdir()

    def command(self, name: str) -> list[str]:
        """Return the words of a training from its beginning."""
        epochs = [] if "--epochs" in RUNS[name] else ["--epochs", "3"]
        words = ["train", "--data", str(self.data), *epochs, *RUNS[name].split()]
        return [*words, "-q", "--checkpoint", "1", "-o", "m.npz"]

    def resume(self) -> list[str]:
        """Return the words that go on with it."""
        return ["train", "--resume", "m.npz", "--data", str(self.data), "-q", "--checkpoint", "1"]

    def run(self, args: list[str], *, after: float | None = None, step: int | None = None) -> Ended:
        """Run a command in a process that is killed after so many seconds, or steps in saving."""
        out = self.folder / "stderr"
        reader, writer = os.pipe()
        began = time.perf_counter()
        child = fork(self.here, out, out, lambda: _child(args, writer, step))
        os.close(writer)
        if after is not None:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reader, "rb") as pipe:
            lines = pipe.read().decode().splitlines()
        code = ended(child)
        saves = [tuple(map(int, line.split())) for line in lines]
        last = saves[-1] if saves else (0, 0, 0)
        text = out.read_text(errors="replace") if out.exists() else ""
        seconds = time.perf_counter() - began
        return Ended(code, (last[0], last[1]) if saves else None, text, seconds, last[2])


def _child(args: list[str], writer: int, step: int | None) -> int:
    """Run a command, tell of each save, and end after so many steps of saving."""
    from click import ClickException

    from simplenet.cli import cli, output

    real: Callable[..., bool] = output.Keeper.try_to_save
    steps = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def told(keeper: Any, run: Any) -> bool:
        sys.setprofile(count)
        try:
            saved = real(keeper, run)
        finally:
            sys.setprofile(None)
        if saved:
            os.write(writer, f"{run.epoch} {run.images} {steps}\n".encode())
        return saved

    output.Keeper.try_to_save = told  # type: ignore[method-assign]
    try:
        cli(args, prog_name="simplenet", standalone_mode=False)
    except ClickException as error:
        error.show()
        return error.exit_code
    return 0


class Killed:
    """One training that is killed again and again."""

    def __init__(self, trainings: Trainings, seed: int, number: int) -> None:
        self.trainings, self.number = trainings, number
        self.rng = random.Random(f"{seed} {number}")
        self.name = self.rng.choice(sorted(RUNS))
        self.path = trainings.here / "m.npz"
        self.by_clock = number % 2 == 0

    def complaint(self) -> str | None:
        """Return what is wrong with what is left, or with what comes of it; None if nothing is."""
        expected, usual = self.trainings.whole(self.name)
        old = None
        self.trainings.fresh()
        command = self.trainings.command(self.name)
        if self.rng.random() < 0.3:  # another model is to be replaced
            old = self.trainings.whole("plain" if self.name != "plain" else "wide")[0]
            self.path.write_bytes(old)
            command.append("--overwrite")
        args, told = command, None
        kills = self.rng.choice([1, 1, 1, 2, 3])
        for turn in range(kills + 1):
            if turn == kills:
                end = self.trainings.run(args)
            elif self.by_clock:
                end = self.trainings.run(args, after=self.rng.random() * usual.seconds)
            else:
                end = self.trainings.run(args, step=self.rng.randrange(1, usual.steps + 1))
            if end.code == -signal.SIGKILL:
                told = end.saved or told
                if found := self.bad_remains(old, told):
                    return f"{self.name}, killed {turn + 1} times: {found}"
            elif end.code or (found := bad_ending(end.code, "", end.stderr)):
                return f"{self.name}, run {turn + 1}: {end.code}: {end.stderr[-800:]}"
            exists = self.path.exists() and self.path.read_bytes() != old
            args = self.trainings.resume() if exists else command
        now = contents(self.trainings.here)
        if now.keys() != {"m.npz"}:
            return f"{self.name}: left {sorted(now)}"
        if now["m.npz"] != expected:
            return f"{self.name}: another file than that of a run never stopped"
        return None

    def bad_remains(self, old: bytes | None, told: tuple[int, int] | None) -> str | None:
        """Return what is wrong with what a killed process has left."""
        if not self.path.exists():
            return "lost the model" if old is not None or told else None
        if self.path.read_bytes() == old:
            return f"the model saved at {told} is lost" if told else None
        run = load_model(self.path)
        if told and (run.epoch, run.images) < told:
            return f"stands at {run.epoch, run.images}, although {told} had been saved"
        return None


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what kills the training of a number."""
    trainings = Trainings(folder)
    for name in RUNS:
        trainings.whole(name)  # loads what there is to be loaded, and knows how long each takes
    yield Trials(lambda number: Killed(trainings, seed, number).complaint())
