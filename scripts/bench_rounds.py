"""Contestants of the bench take turns: their processes, the rounds, and what they came to."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from bench_contestants import CONTESTANTS, first_net
from bench_tables import summed_up
from bench_work import Work, cut, own_folder

import simplenet
from simplenet.datasets.load import Examples
from simplenet.training.order import shuffled, split

# How far apart rounding alone may bring weights and costs by equal work, as a share of the way that
# the weights have come, and of the cost: 1e-5 was seen, and 8e-3 where a learning rate is 1 % off.
CLOSE = 1e-3
QUIET = 0.05  # seconds between two turns, in which the threads of the last go to sleep
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


@dataclass(frozen=True)
class Group:
    """Contestants that do the same work."""

    title: str
    section: str  # what --only calls it
    shape: tuple[int, ...] = (784, 40, 10)
    batch: int = 20
    lr: float = 5.0
    share: float = 1.0  # of the images: wide nets need no whole epoch to be compared
    rounds: float = 1.0  # times --rounds
    all_cores: bool = False
    relu: bool = False  # as in bench_work.Work
    close: float = CLOSE
    kind: str = "epoch"
    names: tuple[str, ...] = tuple(name for name in CONTESTANTS if name != "Python loops")

    @property
    def threads(self) -> int:
        """How many threads each contestant is to use."""
        return (len(cores(True)) or os.cpu_count() or 1) if self.all_cores else 1


def cores(all_of_them: bool) -> list[int]:
    """Return the cores to be pinned to: the last one, or all; none where the system cannot pin."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    may = sorted(os.sched_getaffinity(0))
    return may if all_of_them else may[-1:]


def surroundings(threads: int) -> dict[str, str]:
    """Return the environment of a contestant that is to have so many threads."""
    environment = dict(os.environ) | dict.fromkeys(THREADS, str(threads))
    environment["VECLIB_MAXIMUM_THREADS"] = str(threads)
    environment["JAX_PLATFORMS"] = "cpu"
    environment["CUDA_VISIBLE_DEVICES"] = ""
    environment["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # else its compilers stay and wait
    if threads == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        environment["XLA_FLAGS"] = flags
    return environment


class Worker:
    """A contestant's process, from here."""

    def __init__(self, name: str, work: Path, threads: int):
        script = Path(__file__).with_name("bench_contestants.py")
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, str(script), name, str(work)], env=surroundings(threads), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints,
        )  # fmt: skip

    def answer(self) -> dict:
        """Wait for what it says."""
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.complaints.seek(0)
        said = self.complaints.read().strip().splitlines() or ["it said nothing"]
        return {"error": f"it ended with exit code {self.process.wait()}: {said[-1]}"}

    def ask(self, what: str) -> dict:
        """Tell it something, and wait for the answer."""
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.communicate()
        self.complaints.close()


def lay_out(folder: Path, group: Group, train: Examples, test: Examples) -> Path:
    """Write the arrays of a group's work, and the work; give its file."""
    net = first_net(group.shape, group.relu)
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
    used = cores(group.all_cores)
    settings = group.kind, group.shape, group.batch, group.lr, group.relu, group.threads
    work = Work(str(folder), *settings, used)
    path = folder / "work.json"
    path.write_text(json.dumps(asdict(work)), encoding="utf-8")
    return path


def in_turn(names: list, turn: int) -> list:
    """Return the names, beginning with another one each turn."""
    first = turn % len(names)
    return names[first:] + names[:first]


def run_group(
    group: Group, names: list[str], train: Examples, test: Examples, rounds: int
) -> tuple[dict, dict[str, str]]:
    """Let these contestants take turns; give what each took and came to, and who failed and why."""
    workers, found, outcomes, failed = {}, {}, {}, {}
    with own_folder() as made, ExitStack() as stack:
        work = lay_out(made, group, train, test)
        for name in names:
            worker = Worker(name, work, group.threads)
            stack.callback(worker.close)
            first = worker.answer()
            if "error" in first:
                failed[name] = first["error"]
                continue
            workers[name] = worker
            told = {key: first[key] for key in ("note", "equal")}
            found[name] = {"first": first["seconds"], "each": [], **told}
        if "simplenet" not in workers:
            raise click.ClickException(f"simplenet: {failed['simplenet']}")
        for turn in range(rounds):
            for name in in_turn(list(workers), turn):
                answer = workers[name].ask("run")
                if "error" in answer:
                    raise click.ClickException(f"{name}: {answer['error']}")
                found[name]["each"].append(answer["seconds"])
                found[name]["cost"] = answer["cost"]
                time.sleep(QUIET)
        for name, worker in workers.items():
            path = f"{made}/outcome.npy"
            if worker.ask(f"leave {path}")["left"]:
                outcomes[name] = np.load(path)
        first = np.load(f"{made}/params.npy")
    compare(group, found, outcomes, first, test)
    told = {
        "title": group.title,
        "kind": group.kind,
        "shape": list(group.shape),
        "batch": group.batch,
        "lr": group.lr,
        "functions": "ReLU, cross-entropy" if group.relu else "sigmoid, half squared error",
        "images": len(test.images if group.kind == "predict" else train.images),
        "threads": group.threads,
        "cores": cores(group.all_cores),
        "rounds": rounds,
        "contestants": summed_up(found),
    }
    return told, failed


def compare(
    group: Group, found: dict, outcomes: dict[str, np.ndarray], first: np.ndarray, test: Examples
) -> None:
    """Add to each its accuracy on the test images, and how far it is from simplenet's outcome.

    `first` are the weights that all began with.
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
            apart, way = np.linalg.norm(outcome - ours), np.linalg.norm(ours - first)
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
        a = np.maximum(z, 0) if group.relu else (1 + np.tanh(z / 2)) / 2
    return (a @ W[-1] + b[-1]).argmax(axis=1)  # as after any rising function
