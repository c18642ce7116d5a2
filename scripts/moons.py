"""Train make_moons as the demo of micrograd does, with micrograd and with simplenet, in one run.

    pip install micrograd
    python scripts/moons.py [--steps 100]

A net of 337 numbers, 2-16-16-1 with ReLU, learns 100 points of two half moons by a hinge loss and
L2, at a learning rate that falls from 1.0 to 0.1. The very same lines train it with both engines,
number by number, each in a process of its own, and they take turns step by step: so what else the
machine does strikes both. A third process takes each input of all samples as one array. The losses
and times go to scripts/results/moons.json.
"""

import gc
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from importlib.metadata import version
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from report import RESULTS, circumstances, versions

SAMPLES, SIZES = 100, [16, 16, 1]
STEPS = 100
# "collected" takes the time without what Python's search for cycles of garbage takes: it runs
# between the steps. The graphs of micrograd are such cycles, those of simplenet are not.
ENGINES = ("micrograd", "simplenet", "micrograd collected", "simplenet collected", "arrays")


@cache
def moons(seed: int = 1337) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return points of two half moons that hold each other, (100, 2), and their sides, 1 and -1."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, np.pi, SAMPLES // 2)
    outer = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inner = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.concatenate([outer, inner]) + rng.normal(0, 0.1, (SAMPLES, 2))
    sides = np.repeat([-1, 1], SAMPLES // 2)
    order = rng.permutation(SAMPLES)
    return points[order], sides[order]


def start(net: Any, seed: int = 1337) -> None:
    """Give a net the same first weights whatever made it: between -1 and 1; biases are 0."""
    draw = random.Random(seed)
    for layer in net.layers:
        for neuron in layer.neurons:
            *weights, bias = neuron.parameters()
            for w in weights:
                w.data = draw.uniform(-1, 1)
            bias.data = 0.0


def cost_by_number(net: Any, value: Any) -> Any:
    """Return the demo's loss: of every sample, number by number, in `value`s."""
    points, sides = moons()
    inputs = [list(map(value, point)) for point in points.tolist()]
    scores = list(map(net, inputs))
    losses = [(1 + -side * score).relu() for side, score in zip(sides.tolist(), scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    return data_loss + 1e-4 * sum(p * p for p in net.parameters())


def cost_of_arrays(net: Any, tensor: Any) -> Any:
    """Return the same loss, with all samples in each operation."""
    points, sides = moons()
    scores = net([tensor(column) for column in points.T])
    losses = (1 + -sides * scores).relu()
    return losses.mean() + 1e-4 * sum(p * p for p in net.parameters())


def trainer(engine: str) -> Callable[[int], float]:
    """Return a function that takes step k with an engine, and returns the loss before it."""
    net: Any
    kind: Any  # what a number becomes, or a column of them
    cost = cost_of_arrays if engine == "arrays" else cost_by_number
    if engine.startswith("micrograd"):
        from micrograd import engine as theirs
        from micrograd.nn import MLP as TheirMLP

        net, kind = TheirMLP(2, SIZES), theirs.Value
    else:
        from simplenet.autodiff import Tensor
        from simplenet.neurons import MLP
        from simplenet.values import Value

        net = MLP(2, SIZES, activation=("relu", "relu", "linear"))
        kind = Tensor if engine == "arrays" else Value
    start(net)

    def step(k: int) -> float:
        loss = cost(net, kind)
        net.zero_grad()
        loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in net.parameters():
            p.data -= learning_rate * p.grad
        return float(loss.data)

    return step


def worker(engine: str) -> None:
    """Take a step for each line that comes in, and answer with its loss and times."""
    step = trainer(engine)
    if engine.endswith("collected"):
        gc.disable()
    for line in sys.stdin:
        if not gc.isenabled():
            gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        loss = step(int(line))
        took = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps([loss, *took]), flush=True)


def measured(steps: int) -> dict[str, Any]:
    """Return what all engines took and came to, a step of each in turn."""
    rows: dict[str, list[list[float]]] = {engine: [] for engine in ENGINES}
    with ExitStack() as stack:
        processes = {}
        for engine in ENGINES:
            command = [sys.executable, __file__, "--engine", engine]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.stdin.close)  # type: ignore[union-attr]
            processes[engine] = process
        for k in range(steps):
            for engine, process in processes.items():
                assert process.stdin and process.stdout
                print(k, file=process.stdin, flush=True)
                rows[engine].append(json.loads(process.stdout.readline()))
    return figures(rows)


def figures(rows: dict[str, list[list[float]]]) -> dict[str, Any]:
    """Return the figures of rows of loss, seconds and seconds of the processor, by engine."""
    losses = {engine: [row[0] for row in own] for engine, own in rows.items()}
    found: dict[str, Any] = {
        "steps": len(losses["micrograd"]),
        "parameters": 337,
        "samples": SAMPLES,
        "losses": [losses["micrograd"][0], losses["micrograd"][-1]],
        "largest_difference_of_losses": {
            engine: max(abs(a - b) for a, b in zip(own, losses["micrograd"]))
            for engine, own in losses.items()
            if engine != "micrograd"
        },
    }
    for column, name in (1, "seconds"), (2, "processor_seconds"):
        found[f"{name}_a_step"] = {
            engine: statistics.median(row[column] for row in own) for engine, own in rows.items()
        }
    # What else a busy machine does comes on top of a step's own time: the least is nearest to that.
    found["least_seconds_a_step"] = {
        engine: min(row[1] for row in own) for engine, own in rows.items()
    }
    for end in "", " collected":
        ours, theirs = rows[f"simplenet{end}"], rows[f"micrograd{end}"]
        for column, name in (1, "time"), (2, "processor_time"):
            ratios = [a[column] / b[column] for a, b in zip(ours, theirs)]
            found[f"of_micrograds_{name}{end.replace(' ', '_')}"] = statistics.median(ratios)
    return found


@click.command()
@click.option("--steps", default=STEPS, show_default=True)
@click.option("--engine", type=click.Choice(ENGINES), hidden=True)
def main(steps: int, engine: str | None) -> None:
    """Train with micrograd and with simplenet, and write down what both took."""
    if engine:
        worker(engine)
        return
    try:
        import micrograd.engine  # noqa: F401
    except ImportError as error:
        advice = "expected micrograd to compare with, found none: pip install micrograd"
        raise click.ClickException(advice) from error
    report = {
        **circumstances(""),
        "command": "python scripts/moons.py" + f" --steps {steps}" * (steps != STEPS),
        "versions": {**versions(), "micrograd": version("micrograd")},
        **measured(steps),
    }
    text = json.dumps(report, indent=2) + "\n"
    (RESULTS / "moons.json").write_text(text, encoding="utf-8")
    click.echo(text)


if __name__ == "__main__":
    main()
