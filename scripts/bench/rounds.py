"""Contestants of the bench take turns: the rounds, and what they came to."""

import json
import time
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

import simplenet
from bench.contestants import BLOCK, CONTESTANTS, first_net
from bench.figures import Rows, summed_up
from bench.folders import own_folder
from bench.groups import CLOSE, Group
from bench.processes import (
    Worker,
    busy_core,
    chosen_by_command_line,
    cores,
    environment,
    in_turn,
    module,
)
from bench.work import Contestant, Work, cut
from simplenet.datasets.load import Examples
from simplenet.training.order import shuffled, split

QUIET = 0.05  # seconds between two turns, in which the threads of the last go to sleep


def lay_out(folder: Path, group: Group, train: Examples, test: Examples) -> Path:
    """Write the arrays of a group's work, and the work; return its file."""
    net = first_net(group.shape, group.activation, group.cost)
    if group.kind == "predict":  # with a net that has learned something to be compared by
        next(simplenet.train(net, *train, validation=0, epochs=1))
    arrays = {
        "params": net.params,
        "images": train.images.reshape(len(train.images), -1),
        "labels": train.labels,
        "test_images": test.images.reshape(len(test.images), -1),
        "test_labels": test.labels,
        # As `train` shuffles the first epoch of seed 0; were it another, no weights would agree.
        "order": shuffled(split(len(train.images), 0)[0], 0, 1)[:],
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    names = "kind", "shape", "batch", "lr", "activation", "cost", "optimizer", "threads"
    settings = {name: getattr(group, name) for name in names}
    work = Work(str(folder), cores=cores(group.all_cores), **settings)
    path = folder / "work.json"
    path.write_text(json.dumps(asdict(work)), encoding="utf-8")
    return path


def environment_for(contestant: type[Contestant], group: Group, best: str | None) -> dict[str, str]:
    """Return the environment of a contestant's process: how many threads, and which kernels."""
    coretype: str | None = contestant.coretype
    if coretype == "own":
        coretype = None
    elif coretype == "best":
        coretype = best
    elif coretype == "command line":
        rows = group.batch if group.kind == "epoch" else BLOCK
        coretype = chosen_by_command_line(group.shape, rows)
    return environment(1 if contestant.shares else group.threads, coretype)


def run_group(
    group: Group,
    names: list[str],
    train: Examples,
    test: Examples,
    rounds: int,
    best: str | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what these contestants, taking turns, came to, and who failed and why.

    `best` is the value of OPENBLAS_CORETYPE whose kernels are the quickest; None leaves it.
    """
    workers: dict[str, Worker] = {}
    found: Rows = {}
    failed: dict[str, str] = {}
    with own_folder() as made, ExitStack() as stack:
        work = lay_out(made, group, train, test)
        for name in names:
            variables = environment_for(CONTESTANTS[name], group, best)
            worker = Worker(module("worker", name, str(work)), variables)
            stack.callback(worker.close)
            first = worker.answer()
            if "error" in first:
                failed[name] = first["error"]
                continue
            workers[name] = worker
            about = {key: first[key] for key in ("note", "equal", "kernels")}
            found[name] = {"first": first["seconds"], "each": [], **about}
        if "simplenet" not in workers:
            raise click.ClickException(f"simplenet: {failed['simplenet']}")
        for turn in range(rounds):
            for name in in_turn(list(workers), turn):
                with busy_core() if CONTESTANTS[name].busy else nullcontext():
                    answer = workers[name].ask("run")
                if "error" in answer:
                    raise click.ClickException(f"{name}: {answer['error']}")
                found[name]["each"].append(answer["seconds"])
                found[name]["cost"] = answer["cost"]
                time.sleep(QUIET)
        outcomes: dict[str, np.ndarray] = {}
        for name, worker in workers.items():
            path = f"{made}/outcome.npy"
            if worker.ask(f"leave {path}")["left"]:
                outcomes[name] = np.load(path)
        start = np.load(f"{made}/params.npy")
    compare(group, found, outcomes, start, test)
    report = {
        "title": group.title,
        "kind": group.kind,
        "shape": list(group.shape),
        "batch": group.batch,
        "lr": group.lr,
        "optimizer": group.optimizer,
        "functions": group.functions,
        "images": len(test.images if group.kind == "predict" else train.images),
        "threads": group.threads,
        "cores": cores(group.all_cores),
        "rounds": rounds,
        "contestants": summed_up(found),
    }
    return report, failed


def compare(
    group: Group, found: Rows, outcomes: dict[str, np.ndarray], start: np.ndarray, test: Examples
) -> None:
    """Add to each its accuracy on the test images, and how far it is from simplenet's outcome.

    `start` are the weights that all began with.
    """
    x = np.divide(test.images.reshape(len(test.images), -1), 255, dtype=np.float32)
    ours = outcomes["simplenet"]
    for name, outcome in outcomes.items():
        classes = outcome if group.kind == "predict" else predicted(outcome, x, group)
        found[name]["accuracy"] = float(np.mean(classes == test.labels))
        if group.kind == "predict":
            found[name]["differing"] = int(np.count_nonzero(outcome != ours))
            found[name]["agrees"] = found[name]["differing"] <= len(ours) // 1000
        elif found[name]["equal"]:
            apart, way = np.linalg.norm(outcome - ours), np.linalg.norm(ours - start)
            found[name]["weights_apart"] = float(apart / way)
            found[name]["largest_difference"] = float(abs(outcome - ours).max())
            cost = found["simplenet"]["cost"]
            found[name]["cost_apart"] = abs(found[name]["cost"] - cost) / cost
            found[name]["agrees"] = (
                found[name]["weights_apart"] < group.close and found[name]["cost_apart"] < CLOSE
            )


def predicted(params: np.ndarray, a: np.ndarray, group: Group) -> np.ndarray:
    """Return the classes that a net with these weights finds."""
    W, b = cut(params, group.shape)
    for w, row in zip(W[:-1], b[:-1]):
        z = a @ w + row
        a = np.maximum(z, 0) if group.activation == "relu" else (1 + np.tanh(z / 2)) / 2
    classes: np.ndarray = (a @ W[-1] + b[-1]).argmax(axis=1)  # as after any rising function
    return classes
