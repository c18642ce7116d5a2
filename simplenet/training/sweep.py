"""Many runs on any executor: each is trained to its end, and measured on images held out of it.

The test images are never read.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from simplenet.datasets.idx import digest
from simplenet.datasets.load import Data, Examples, load_data
from simplenet.errors import DataError, DivergedError, SimplenetError
from simplenet.net import init_net
from simplenet.training.run import advance, start

ATTEMPTS = 3  # how often a trial is begun whose workers die


class Trial(NamedTuple):
    """A run to be made: what `init_net` takes, and what `start` takes."""

    shape: tuple[int, ...]
    functions: dict[str, Any]
    training: dict[str, Any]


class Source(NamedTuple):
    """Where workers find the training images: they are read there, not sent."""

    name: str
    images: Path  # a folder, if they are pictures
    labels: Path
    sha256: tuple[str, str]  # of both


class Outcome(NamedTuple):
    """What came of a trial."""

    accuracy: float | None  # on the images held out, of the weights it ends with; None if diverged
    epochs: int
    seconds: float


def source_of(data: Data) -> Source:
    """Return where the training images of a data set are."""
    images, labels = data.examples("train")
    at = data.files["train-images"].absolute(), data.files["train-labels"].absolute()
    return Source(data.name, *at, (digest(images), digest(labels)))


@lru_cache(maxsize=1)
def examples_of(source: Source) -> Examples:
    """Read the training images, once in each process. Raise DataError if they are others."""
    if source.images.is_dir():  # pictures
        data = load_data(source.images)
    else:
        data = Data(source.name, {"train-images": source.images, "train-labels": source.labels})
    examples = data.examples("train")
    if (digest(examples.images), digest(examples.labels)) != source.sha256:
        raise DataError(
            f"{source.images}: expected the training images that the sweep was started with, found "
            "others: give all of its workers the same data set."
        )
    return examples


def run_trial(trial: Trial, source: Source) -> Outcome:
    """Train a net, and return how it does on the images held out."""
    began, (images, labels) = time.perf_counter(), examples_of(source)
    net = init_net(trial.shape, rng=trial.training["seed"], **trial.functions)
    run = start(net, images, labels, **trial.training)
    accuracy = None
    try:
        for _ in advance(run, images, labels):
            pass
        accuracy = run.history[run.weights_epoch - 1].validation_accuracy
    except DivergedError:
        pass
    return Outcome(accuracy, run.epoch, time.perf_counter() - began)


def sweep(
    executor: Executor,
    trials: Sequence[Trial],
    source: Source,
    *,
    run: Callable[[Trial, Source], Outcome] = run_trial,
) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of each trial, counted from 0, and what came of it, as they end.

    A trial whose worker dies is run again, as long as the executor takes work. Raise
    SimplenetError for one that has cost `ATTEMPTS` workers, and whatever else a trial raises; left
    early, this cancels the trials that have not begun.
    """
    done: SimpleQueue[tuple[int, Future[Outcome]]] = SimpleQueue()
    attempts, futures = [0] * len(trials), set()

    def submit(number: int) -> None:
        attempts[number] += 1
        future = executor.submit(run, trials[number], source)
        futures.add(future)
        future.add_done_callback(lambda future: done.put((number, future)))

    try:
        for number in range(len(trials)):
            submit(number)
        while futures:
            number, future = done.get()
            futures.remove(future)
            try:
                outcome = future.result()
            except BrokenExecutor as error:
                if attempts[number] == ATTEMPTS:
                    raise SimplenetError(
                        f"expected a trial to end, found that its process has died {ATTEMPTS} "
                        "times: memory may be short; try fewer workers, or smaller nets."
                    ) from error
                submit(number)
            else:
                yield number, outcome
    finally:
        for future in futures:
            future.cancel()
