"""Measure simplenet beside what else one could train this network with, on equal work.

    pip install -e '.[bench]'
    SIMPLENET_DATA=FOLDER python scripts/bench.py

Everything is measured in one run, because only then do the times have the same machine, the same
neighbours on it, and the same temperature. Each contestant (see bench_contestants.py) is a process
of its own, pinned to the same core as the others, with as many threads as cores. In every round
each does the work once, one after the other, in an order that moves on by one each round; a ratio
is the median over rounds of two times from the same round. After the last round the weights that
each has come to are compared: where they differ from simplenet's, it was not equal work, and the
table and the exit code say so.
"""

import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from bench_contestants import CONTESTANTS
from bench_prompt import PACKAGES, RECIPES, command
from bench_rounds import Group, cores, in_turn, run_group, surroundings
from bench_size import check_room, folder_of, measure
from bench_tables import markdown, reached, summed_up
from report import RESULTS, processor

import simplenet
from simplenet.datasets.load import Data, Digits

USUAL = 60_000  # images: what larger data sets are compared with
PREDICTING = ("simplenet", "matrix products", "floating-point limit", "JAX stepwise",
              "PyTorch eager", "scikit-learn")  # fmt: skip
GROUPS = {
    "default-20": Group("One epoch at the defaults", "epoch", names=tuple(CONTESTANTS)),
    "default-100": Group("One epoch, minibatch 100", "epoch", batch=100),
    "default-500": Group("One epoch, minibatch 500", "epoch", batch=500),
    "wide": Group(
        "One wide hidden layer, all cores", "wide", (784, 800, 10), 100, 0.1, 0.2, 0.6, True, True
    ),
    "deep": Group(
        "Two wide hidden layers, all cores",
        "wide",
        (784, 1024, 1024, 10),
        100,
        0.1,
        0.2,
        0.6,
        True,
        True,
        # In float32 this deep net makes much of little: rounding brought equal work 1.6e-2 apart,
        # which is 3e-15 apart in float64. Another order makes 2e-1, and is noticed; a learning
        # rate 1 % off makes 3e-2, and is not: the group before, with the same code, notices that.
        close=5e-2,
    ),
    "predict": Group(
        "Predicting the test images", "predict", rounds=2, kind="predict", names=PREDICTING
    ),
}
SECTIONS = ("epoch", "wide", "predict", "prompt", "size")


def installed(package: str) -> bool:
    """Say whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def repeated(digits: Digits, count: int) -> Digits:
    """Return so many digits, the same ones over again if there are not enough."""
    chosen = np.arange(count) % len(digits.images)
    return Digits(digits.images[chosen], digits.labels[chosen])


class Bench:
    """One run: what it is to do, and what it has found."""

    def __init__(self, data: Data, images: int, rounds: int, leave_out: set[str], scratch):
        self.data, self.images, self.rounds, self.scratch = data, images, rounds, scratch
        self.leave_out = leave_out
        self.left_out: dict[str, str] = {}  # by name: why

    def group(self, group: Group) -> dict:
        """Let the contestants of a group that can take part take turns."""
        names = []
        for name in group.names:
            if why := self.why_not(name, CONTESTANTS[name].package):
                self.left_out[name] = why
            else:
                names.append(name)
        train = repeated(self.data.train, max(1, round(self.images * group.share)))
        rounds = max(1, round(self.rounds * group.rounds))
        told, failed = run_group(group, names, train, self.data.test, rounds)
        for name, why in failed.items():
            self.left_out[f"{name} in {group.title}"] = why
        return told

    def why_not(self, name: str, package: str) -> str:
        """Say why one is left out, if it is."""
        if name in self.leave_out:
            return "not in a quick run: it takes long to compile"
        return "" if installed(package) else f"{package} is not installed"

    def prompt(self, targets: list[float]) -> dict:
        """Time whole programs, from the prompt to a test accuracy, one seed each round."""
        used, programs = cores(False), {}
        tools = []
        for tool, package in PACKAGES.items():
            if why := self.why_not(tool, package):
                self.left_out[tool] = why
            else:
                tools.append(tool)
        for target in targets:
            rows = {tool: {"each": [], "accuracies": []} for tool in tools}
            for seed in range(max(1, round(self.rounds * 5 / 9))):
                for tool in in_turn(tools, seed):
                    seconds, accuracy = self.program(tool, target, seed, used)
                    rows[tool]["each"].append(seconds)
                    rows[tool]["accuracies"].append(accuracy)
            for tool, row in rows.items():
                row["accuracy"] = float(np.median(row["accuracies"]))
                row["reached"] = row["accuracy"] >= target
                row["recipe"] = RECIPES[tool][target].told()
            programs[str(target)] = summed_up(rows)
        return {"section": "prompt", "threads": 1, "cores": used, "targets": programs}

    def program(self, tool: str, target: float, seed: int, used: list[int]) -> tuple[float, float]:
        """Run one program; give its wall time, and the accuracy that it prints."""
        with tempfile.TemporaryDirectory() as folder:
            words = command(tool, RECIPES[tool][target], seed, self.data, f"{folder}/model.npz")
            if used:  # the child inherits where its parent may run
                before = os.sched_getaffinity(0)
                os.sched_setaffinity(0, used)
            try:
                began = time.perf_counter()
                told = subprocess.run(words, capture_output=True, text=True, env=surroundings(1))
                seconds = time.perf_counter() - began
            finally:
                if used:
                    os.sched_setaffinity(0, before)
        if told.returncode:
            raise click.ClickException(f"{tool}: {told.stderr.strip()}")
        return seconds, json.loads(told.stdout)["accuracy"]

    def sizes(self, largest: int) -> dict:
        """Train on ever larger data sets on the disk."""
        counts = [*(count for count in (10_000, USUAL, 600_000) if count < largest), largest]
        counts += [USUAL] * (largest > USUAL)  # again: the machine may have changed meanwhile
        used, rows = cores(False), []
        for count in counts:
            epochs = max(1, min(20, 600_000 // count))
            with folder_of(count, self.data.train, self.data.test, self.scratch) as folder:
                rows.append(measure(folder, count, epochs, surroundings(1), used))
        return {"section": "size", "threads": 1, "cores": used, "rows": rows}


def versions() -> dict[str, str]:
    """Return the versions of everything that takes part."""
    found = {"simplenet": simplenet.__version__, "python": platform.python_version()}
    for name in "numpy", "torch", "jax", "jaxlib", "scikit-learn":
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@click.command()
@click.option("--only", multiple=True, type=click.Choice(SECTIONS), help="Sections; else all.")
@click.option("--quick", is_flag=True, help="A first look, in about a minute.")
@click.option("--rounds", type=click.IntRange(1), help="Turns of each.  [default: 9, quick 3]")
@click.option("--images", type=click.IntRange(1), help="In an epoch.  [default: 60000]")
@click.option("--data", help="A name or a folder.  [default: SIMPLENET_DATA, else the sample]")
@click.option(
    "--size-images", type=click.IntRange(1), help="Of the largest file.  [default: 8000000]"
)
@click.option("--scratch", type=click.Path(exists=True, file_okay=False), help="For that file.")
@click.option(
    "-o", "--output", default=RESULTS, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for bench.md and bench.json.  [default: scripts/results]",
)  # fmt: skip
def main(only, quick, rounds, images, data, size_images, scratch, output) -> None:
    """Measure simplenet beside PyTorch, JAX, scikit-learn and the matrix products alone."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so as to tidy up
    known = bool(data or os.environ.get("SIMPLENET_DATA"))
    loaded = simplenet.load_data(data if known else "sample")
    sections, largest = only or SECTIONS, size_images or (USUAL if quick else 8_000_000)
    if "size" in sections:  # better said now than after a quarter of an hour
        try:
            check_room(largest, loaded.train, scratch)
        except OSError as error:
            raise click.ClickException(str(error)) from error
    bench = Bench(
        loaded,
        images or (12_000 if quick else 60_000),
        rounds or (3 if quick else 9),
        {"PyTorch compiled"} if quick else set(),
        scratch,
    )
    numbers = {"rounds": rounds, "images": images, "size-images": size_images}
    chosen = [f"--only {name}" for name in only] + ["--quick"] * quick
    chosen += [f"--{name} {number}" for name, number in numbers.items() if number]
    report = {
        "date": datetime.date.today().isoformat(),
        "command": " ".join(["SIMPLENET_DATA=FOLDER python scripts/bench.py", *chosen]),
        "machine": f"{os.cpu_count()} cores, {processor()}, {platform.system()}",
        "pinned": hasattr(os, "sched_setaffinity"),
        "versions": versions(),
        "data": {"name": loaded.name, "images": len(loaded.train.images)},
        "quick": quick,
        "groups": {},
    }
    for name, group in GROUPS.items():
        if group.section in sections:
            click.echo(f"{group.title} ...", err=True)
            report["groups"][name] = bench.group(group)
    if "prompt" in sections:
        click.echo("From the prompt ...", err=True)
        report["prompt"] = bench.prompt([0.95] if quick else [0.95, 0.97, 0.98])
    if "size" in sections:
        click.echo("Size ...", err=True)
        report["size"] = bench.sizes(largest)
    report["left_out"] = bench.left_out
    report["reach"] = reached(report)
    output.mkdir(parents=True, exist_ok=True)
    (output / "bench.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (output / "bench.md").write_text(markdown(report), encoding="utf-8")
    click.echo(markdown(report))
    apart = [
        f"{name} in {group['title']}"
        for group in report["groups"].values()
        for name, row in group["contestants"].items()
        if row.get("agrees") is False
    ]
    if apart:
        raise click.ClickException(f"not equal work: {', '.join(apart)}.")


if __name__ == "__main__":
    main()
