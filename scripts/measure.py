"""Measure the figures that the documents quote, and write them to scripts/results/.

Each command runs `simplenet` as a person would, as processes of its own, with the environment
variable SIMPLENET_DATA naming a folder with real MNIST. A test holds the documents to the results.
"""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

import simplenet

RESULTS = Path(__file__).parent / "results"
SIMPLENET = (sys.executable, "-m", "simplenet")


def run(*args: str) -> dict:
    """Run a simplenet command and give what it prints as JSON."""
    result = subprocess.run([*SIMPLENET, *args], capture_output=True, text=True)
    if result.returncode:
        raise click.ClickException(result.stderr)
    return json.loads(result.stdout)


def timed(*args: str) -> tuple[float, float]:
    """Run a simplenet command; give its wall time in seconds and its peak memory in MB."""
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


def processor() -> str:
    """Name the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write(name: str, figures: dict, script: str = "") -> None:
    """Write figures with what is needed to get them again."""
    report = {
        "date": datetime.date.today().isoformat(),
        "command": f"SIMPLENET_DATA=FOLDER python scripts/{script or f'measure.py {name}'}",
        "machine": f"{os.cpu_count()} cores, {processor()}, {platform.system()}",
        "versions": {
            "simplenet": simplenet.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        **figures,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(report, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    click.echo(text)


def spread(values: list[float]) -> dict:
    """Sum up accuracies."""
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
    if not os.environ.get("SIMPLENET_DATA") and context.invoked_subcommand != "first-run":
        raise click.UsageError("expected SIMPLENET_DATA to name a folder with real MNIST.")


@main.command()
@click.option("--seeds", default=10, show_default=True)
def accuracy(seeds: int) -> None:
    """Test accuracy on real MNIST of default runs, seeds 0 and up."""
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
    """Test accuracy on real MNIST of default nets that have seen only the sample."""
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
    """Test accuracy on real MNIST of a ReLU net with softmax, cross-entropy and Adam."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            run(*f"train {RELU} -q --json --seed {seed}".split(), "-o", f"{folder}/{seed}.npz")
            for seed in range(seeds)
        ]
    accuracies = spread([result["accuracy"] for result in runs])
    write("relu", {"options": RELU, "seeds": seeds, "test_accuracy": accuracies})


@main.command()
@click.option("--rounds", default=5, show_default=True)
def loops(rounds: int) -> None:
    """How many times faster than Python loops over neurons numpy is, for one default step."""
    from loops import step

    from simplenet import backward, forward, init_net, load_data, minibatches, optimize, zero_grad

    net = init_net(rng=0)
    x, y = next(minibatches(*load_data("mnist").train, classes=10))
    slow = [[part.tolist() for part in parts] for parts in (net.W, net.b, x, y)]
    slow_seconds, fast_seconds, many = [], [], 500
    for _ in range(rounds):
        began = time.perf_counter()
        step(*slow, lr=5.0)
        slow_seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
        for _ in range(many):
            zero_grad(net)
            forward(net, x)
            backward(net, y)
            optimize(net, 5.0)
        fast_seconds.append((time.perf_counter() - began) / many)
    slow_step, fast_step = statistics.median(slow_seconds), statistics.median(fast_seconds)
    figures = {
        "rounds": rounds,
        "loops_milliseconds": 1000 * slow_step,
        "numpy_milliseconds": 1000 * fast_step,
        "times_faster": slow_step / fast_step,
    }
    write("loops", figures)


@main.command()
@click.option("--rounds", default=9, show_default=True)
def speed(rounds: int) -> None:
    """Wall time and memory from the prompt to a saved model, and the wall time of --help."""
    with tempfile.TemporaryDirectory() as folder:
        model = ("-o", f"{folder}/model.npz", "--overwrite")
        timed("train", *model)  # a first run pays for reading everything from the disk
        training = [timed("train", *model) for _ in range(rounds)]
        helping = [timed("--help")[0] for _ in range(rounds)]
    seconds, memory = zip(*training)
    figures = {
        "rounds": rounds,
        "train_seconds": {"median": statistics.median(seconds), "max": max(seconds)},
        "train_peak_megabytes": max(memory),
        "help_milliseconds": {
            "median": 1000 * statistics.median(helping),
            "max": 1000 * max(helping),
        },
    }
    write("speed", figures)


@main.command("first-run")
def first_run() -> None:
    """What the README's run command prints where there is no MNIST and no network."""
    nowhere = "http://127.0.0.1:9"
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "SIMPLENET_DATA"},
            **{"XDG_CACHE_HOME": folder, "http_proxy": nowhere, "https_proxy": nowhere},
            "no_proxy": "",
        }
        told = ""
        for command in ("train -o first.npz --overwrite", "eval first.npz"):
            told += subprocess.run(
                [*SIMPLENET, *command.split()],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
                cwd=folder, env=environment,
            ).stdout.replace(folder, "~/.cache")  # fmt: skip
    (RESULTS / "first-run.txt").write_text(told, encoding="utf-8")
    click.echo(told)


if __name__ == "__main__":
    main()
