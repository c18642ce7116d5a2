"""Train every pair of options at its default learning rate, for two epochs, and say what it reads.

    SIMPLENET_DATA=FOLDER python scripts/rates.py LOG [--jobs 2]

The whole product of widths, activations, costs and optimizers with one seed, all that differs from
the defaults in one option with three, and other minibatches. Each run is appended to LOG when it
is done, and those that are there are not run again; when all are, the table is written to
scripts/results/rates.json. Widths of 1,000 with Adam take half a minute each, all of it an hour.
"""

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import click
from report import RESULTS, circumstances, versions

import simplenet
from simplenet.datasets.load import Data
from simplenet.errors import DivergedError
from simplenet.training.blas import set_threads

WIDTHS = ((10,), (40,), (100,), (200,), (300,), (100, 100), (1000,))
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky-relu", "identity")
COSTS = ("half-squared-error", "squared-error", "cross-entropy")
OPTIMIZERS = ("sgd", "nesterov", "rmsprop", "adam", "adamw")
BATCHES = (1, 5, 100, 500)
EPOCHS = 2
ENOUGH = 0.9


class Options(NamedTuple):
    """What is tried."""

    hidden: tuple[int, ...] = (40,)
    activation: str = "sigmoid"
    cost: str = "half-squared-error"
    optimizer: str = "sgd"
    batch_size: int = 20
    seed: int = 0


def plan() -> list[Options]:
    """Return all that is to be tried, the quick ones first."""
    product = [
        Options(hidden, activation, cost, optimizer)
        for hidden in WIDTHS
        for activation, cost, optimizer in itertools.product(ACTIVATIONS, COSTS, OPTIMIZERS)
    ]
    alone = [
        Options(**{name: value}, seed=seed)
        for seed in (0, 1, 2)
        for name, values in {
            "hidden": WIDTHS,
            "activation": ACTIVATIONS,
            "cost": COSTS,
            "optimizer": OPTIMIZERS,
            "batch_size": BATCHES,
        }.items()
        for value in values
    ]
    return sorted(dict.fromkeys(product + alone), key=lambda options: sum(options.hidden) > 900)


@cache
def data() -> Data:
    """Return MNIST, once for each process."""
    return simplenet.load_data()


def tried(options: Options) -> dict[str, Any]:
    """Return what a run with these options comes to."""
    shape = (784, *options.hidden, 10)
    net = simplenet.init_net(
        shape, rng=options.seed, activation=options.activation, cost=options.cost
    )
    how = {"optimizer": options.optimizer, "batch_size": options.batch_size, "seed": options.seed}
    run = simplenet.start(net, *data().train, epochs=EPOCHS, **how)  # type: ignore[arg-type]
    found: dict[str, Any] = {"lr": run.settings["lr"], "validation": None, "test": 0.0}
    try:
        for _ in simplenet.advance(run, *data().train):
            pass
        found["validation"] = run.history[-1].validation_accuracy
        found["test"] = simplenet.evaluate(net, *data().test).accuracy
    except DivergedError as error:
        found["error"] = str(error)
    return {**options._asdict(), **found}


def logged(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the runs that are in the log."""
    if log.exists():
        for line in log.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield {**row, "hidden": tuple(row["hidden"])}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the results as JSON, with a line for each run."""
    short = [row for row in rows if row["test"] < ENOUGH]
    report = {
        **circumstances("rates.py LOG"),
        "versions": versions(),
        "epochs": EPOCHS,
        "runs": len(rows),
        f"below {ENOUGH:.0%}": len(short),
    }
    lines = ",\n".join(f"    {json.dumps(row)}" for row in sorted(rows, key=lambda r: r["test"]))
    return json.dumps(report, indent=2)[:-2] + f',\n  "rows": [\n{lines}\n  ]\n}}\n'


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--jobs", default=2, show_default=True, help="Processes.")
def main(log: Path, jobs: int) -> None:
    """Train at the default learning rates, and write the table."""
    done = {Options(*(row[name] for name in Options._fields)) for row in logged(log)}
    left = [options for options in plan() if options not in done]
    set_threads(1, 0)  # for the processes to come, in which numpy is not loaded yet
    fresh = get_context("spawn")
    with ProcessPoolExecutor(jobs, fresh) as pool, open(log, "a", encoding="utf-8") as file:
        for row in pool.map(tried, left):
            print(json.dumps(row), file=file, flush=True)
    (RESULTS / "rates.json").write_text(table(list(logged(log))), encoding="utf-8")
    click.echo(RESULTS / "rates.json")


if __name__ == "__main__":
    main()
