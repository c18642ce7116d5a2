"""Measure the figures that the documents quote, and write them to scripts/results/.

Each command runs `simplenet` as a person would, as processes of its own, with the environment
variable SIMPLENET_DATA naming a folder with real MNIST. A test holds the documents to the results.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from runpy import run_path
from typing import Any

import click
import numpy as np
from bench import trial
from bench.processor import described, processor, summary
from bench.tables import table
from report import RESULTS, ROOT, as_json, circumstances, versions

from simplenet import backward, forward, init_net, load_data, minibatches, optimize, zero_grad
from simplenet.datasets.sources import FILES

SIMPLENET = (sys.executable, "-m", "simplenet")


def run(*args: str) -> dict[str, Any]:
    """Return what a simplenet command prints as JSON."""
    result = subprocess.run([*SIMPLENET, *args], capture_output=True, text=True)
    if result.returncode:
        raise click.ClickException(result.stderr)
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed


def timed(*args: str) -> tuple[float, float]:
    """Return the wall time in seconds and the peak memory in MB of a simplenet command."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [*SIMPLENET, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"simplenet {' '.join(args)}: exit code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return wall, usage.ru_maxrss * unit / 1e6


def write(name: str, figures: dict[str, Any]) -> None:
    """Write the figures of a command to its file in scripts/results/, and show them."""
    text = as_json(f"measure.py {name}", {"processor": processor(described()), **figures})
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    click.echo(text)


def spread(values: list[float]) -> dict[str, Any]:
    """Return the mean and the spread of accuracies, and each of them."""
    return {
        "mean": statistics.mean(values),
        "standard_deviation": statistics.stdev(values),
        "min": min(values),
        "max": max(values),
        "each": values,
    }


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the figures that the documents quote."""
    without = context.invoked_subcommand in ("first-run", "kernels")
    if not os.environ.get("SIMPLENET_DATA") and not without:
        raise click.UsageError("expected SIMPLENET_DATA to name a folder with real MNIST.")


@main.command()
@click.option("--seeds", default=10, show_default=True)
def accuracy(seeds: int) -> None:
    """Measure the test accuracy on real MNIST of default runs, seeds 0 and up."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            run("train", "--seed", str(seed), "-q", "--json", "-o", f"{folder}/{seed}.npz")
            for seed in range(seeds)
        ]
    assert {result["data"] for result in runs} == {"mnist"}
    write("accuracy", {"seeds": seeds, "test_accuracy": spread([r["accuracy"] for r in runs])})


@main.command()
@click.option("--seeds", default=5, show_default=True)
def sample(seeds: int) -> None:
    """Measure the test accuracy on real MNIST of default nets that have seen only the sample."""
    own, real = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            model = f"{folder}/{seed}.npz"
            options = ("--data", "sample", "--seed", str(seed), "-q", "--json", "-o", model)
            own.append(run("train", *options)["accuracy"])
            real.append(run("eval", model, "--data", "mnist", "--json")["accuracy"])
    write("sample", {"seeds": seeds, "on_sample": spread(own), "on_mnist": spread(real)})


RELU = (
    "--hidden 100,100 --activation relu --cost cross-entropy --init glorot --optimizer adam "
    "--schedule cosine"
)


@main.command()
@click.option("--seeds", default=5, show_default=True)
def relu(seeds: int) -> None:
    """Measure the test accuracy on real MNIST of a ReLU net with cross-entropy and Adam."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            run(*f"train {RELU} -q --json --seed {seed}".split(), "-o", f"{folder}/{seed}.npz")
            for seed in range(seeds)
        ]
    accuracies = spread([result["accuracy"] for result in runs])
    write("relu", {"options": RELU, "seeds": seeds, "test_accuracy": accuracies})


def step_seconds(x: np.ndarray, y: np.ndarray, rounds: int, repeats: int) -> tuple[float, float]:
    """Return the median times of a default step on a minibatch: in loops over neurons, in numpy.

    In each round, the one is timed once, and the other as the mean of so many repeats.
    """
    step = run_path(str(ROOT / "tests" / "loops.py"))["step"]
    net = init_net(rng=0)
    W, b, xs, ys = ([part.tolist() for part in parts] for parts in (net.W, net.b, x, y))
    in_loops, in_numpy = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        step(W, b, xs, ys, 5.0)
        in_loops.append(time.perf_counter() - began)
        began = time.perf_counter()
        for _ in range(repeats):
            zero_grad(net)
            forward(net, x)
            backward(net, y)
            optimize(net, 5.0)
        in_numpy.append((time.perf_counter() - began) / repeats)
    return statistics.median(in_loops), statistics.median(in_numpy)


@main.command()
@click.option("--rounds", default=5, show_default=True)
def loops(rounds: int) -> None:
    """Measure how many times faster than loops over neurons numpy is, for one default step."""
    x, y = next(minibatches(*load_data("mnist").train, classes=10))
    in_loops, in_numpy = step_seconds(x, y, rounds, 500)
    figures = {
        "rounds": rounds,
        "loops_milliseconds": 1000 * in_loops,
        "numpy_milliseconds": 1000 * in_numpy,
        "times_faster": in_loops / in_numpy,
    }
    write("loops", figures)


@main.command()
@click.option("--rounds", default=9, show_default=True)
def speed(rounds: int) -> None:
    """Measure time and memory from the prompt to a saved model, and the time of eval and --help."""
    with tempfile.TemporaryDirectory() as folder:
        model = ("-o", f"{folder}/model.npz", "--overwrite")
        timed("train", *model)  # a first run pays for reading everything from the disk
        training = [timed("train", *model) for _ in range(rounds)]
        evaluating = [timed("eval", f"{folder}/model.npz")[0] for _ in range(rounds)]
        helping = [timed("--help")[0] for _ in range(rounds)]
    seconds, memory = zip(*training)
    figures = {
        "rounds": rounds,
        "train_seconds": {"median": statistics.median(seconds), "max": max(seconds)},
        "train_peak_megabytes": max(memory),
        "eval_seconds": {"median": statistics.median(evaluating), "max": max(evaluating)},
        "help_milliseconds": {
            "median": 1000 * statistics.median(helping),
            "max": 1000 * max(helping),
        },
    }
    write("speed", figures)


LAYERS = ((784, 40), (784, 100), (784, 300), (784, 1024), (1500, 1000))
MINIBATCHES = (5, 10, 20, 32, 50, 64, 100, 200, 500)
OWN = "own"


@main.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=0.02, show_default=True, help="For a product in a round.")
def kernels(rounds: int, seconds: float) -> None:
    """Measure matrix products with each of OpenBLAS's kernels that this processor can run."""
    sizes = [(n, m, batch) for n, m in LAYERS for batch in MINIBATCHES]
    command = {"command": "python scripts/measure.py kernels"}  # without any data
    figures = kernel_rates(sizes, rounds, seconds)
    write("kernels", command | figures)
    text = kernel_tables(figures, circumstances("measure.py kernels") | command)
    (RESULTS / "kernels.md").write_text(text, encoding="utf-8")


def kernel_rates(sizes: list[trial.Size], rounds: int, seconds: float) -> dict[str, Any]:
    """Return GFLOP/s of the products of each size, and their ratios to OpenBLAS's own choice.

    A ratio is the median over rounds of two rates from the same round.
    """
    found = {value or OWN: row for value, row in trial.rates(sizes, rounds, seconds).items()}
    rows = []
    for number, (n, m, batch) in enumerate(sizes):
        for which, product in enumerate(trial.PRODUCTS):
            each = {
                name: [rated[which] for rated in row["rates"][number]]
                for name, row in found.items()
            }
            ratios = {
                name: statistics.median(rate / own for rate, own in zip(rates, each[OWN]))
                for name, rates in each.items()
            }
            gflops = {name: statistics.median(rates) for name, rates in each.items()}
            layer = {"inputs": n, "outputs": m, "minibatch": batch, "product": product}
            rows.append({**layer, "gflops": gflops, "ratio": ratios})
    used = {name: row["kernels"] for name, row in found.items()}
    return {"rounds": rounds, "seconds": seconds, "kernels": used, "products": rows}


def kernel_tables(figures: dict[str, Any], about: dict[str, Any]) -> str:
    """Return the same as Markdown: a table for each layer."""
    numpy, used = versions()["numpy"], figures["kernels"]
    others = [name for name in used if name != OWN]
    text = f"# Matrix products with each of OpenBLAS's kernels\n\n{about['date']}, "
    text += f"{about['machine']}; numpy {numpy}. Processor: {summary(processor(described()))}.\n\n"
    text += f"    {about['command']}\n\nOne core, one thread, rounds: {figures['rounds']}. GFLOP/s "
    text += f"with what OpenBLAS chooses by itself, {used[OWN]}, and how many times as many with "
    text += f"OPENBLAS_CORETYPE={' or '.join(others) or '(this processor is known to run none)'}.\n"
    by_layer: dict[str, list[dict[str, Any]]] = {}
    for row in figures["products"]:
        by_layer.setdefault(f"{row['inputs']} x {row['outputs']}", []).append(row)
    head = ["minibatch"]
    for product in trial.PRODUCTS:
        head += [product, *others]
    for layer, rows in by_layer.items():
        lines: dict[int, list[str]] = {}
        for row in rows:
            cells = [f"{row['gflops'][OWN]:.0f}", *(f"{row['ratio'][name]:.2f}" for name in others)]
            lines.setdefault(row["minibatch"], [str(row["minibatch"])]).extend(cells)
        text += f"\n## {layer}\n\n{table(head, list(lines.values()))}"
    return text


@main.command("first-run")
def first_run() -> None:
    """Write what the README's run command prints: with MNIST in the cache, and with nothing."""
    mnist = os.environ.get("SIMPLENET_DATA")
    for name, source in (("first-run", None), ("mnist-run", mnist)):
        if source or name == "first-run":
            printed = printed_by_readme(Path(source) if source else None)
            (RESULTS / f"{name}.txt").write_text(printed, encoding="utf-8")
            click.echo(printed)


def printed_by_readme(mnist: Path | None) -> str:
    """Run the README's commands without a network, with these files in the cache or without."""
    nowhere = "http://127.0.0.1:9"
    with tempfile.TemporaryDirectory() as folder:
        if mnist:
            cache = Path(folder) / "simplenet" / "mnist"
            cache.mkdir(parents=True)
            for name in FILES.values():
                shutil.copy(mnist / name, cache)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "SIMPLENET_DATA"},
            **{"XDG_CACHE_HOME": folder, "http_proxy": nowhere, "https_proxy": nowhere},
            "no_proxy": "",
        }
        printed = ""
        for command in ("train -o first.npz --overwrite", "eval first.npz"):
            printed += subprocess.run(
                [*SIMPLENET, *command.split()],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
                cwd=folder, env=environment,
            ).stdout.replace(folder, "~/.cache")  # fmt: skip
        return printed


if __name__ == "__main__":
    main()
