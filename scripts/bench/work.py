"""What a contestant of the bench is: the work, as arrays, and the clock around it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench.kernels import of_numpy

# Adam's settings, the defaults of each of the tools: how slowly it forgets, and what it adds to the
# root that it divides by, after both means are freed of their start at 0.
BETAS, EPSILON = (0.9, 0.999), 1e-8


@dataclass(frozen=True)
class Work:
    """What is to be done, and where its arrays are."""

    folder: str
    kind: str  # "epoch" or "predict"
    shape: tuple[int, ...]
    batch: int
    lr: float
    activation: str  # of the hidden layers: "sigmoid" or "relu"
    cost: str  # "half-squared-error" of sigmoids, or "cross-entropy" of softmax
    optimizer: str  # "sgd" or "adam"
    threads: int
    cores: list[int]  # to be pinned to; empty where the system cannot

    @property
    def softmax(self) -> bool:
        """Return whether the output layer is one distribution."""
        return self.cost == "cross-entropy"

    def array(self, name: str) -> np.ndarray:
        """Read images, labels, order, params, test_images or test_labels."""
        loaded: np.ndarray = np.load(Path(self.folder) / f"{name}.npy")
        return loaded

    @cached_property
    def x(self) -> np.ndarray:
        """Return the images of this kind of work as float32 in [0, 1]."""
        images = self.array("images" if self.kind == "epoch" else "test_images")
        rows: np.ndarray = np.divide(images, 255, dtype=np.float32)
        return rows

    @cached_property
    def y(self) -> np.ndarray:
        """Return the labels of these images as one-hot rows."""
        labels = self.array("labels" if self.kind == "epoch" else "test_labels")
        rows: np.ndarray = np.eye(self.shape[-1], dtype=np.float32)[labels]
        return rows

    @property
    def parts(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the first weights and biases."""
        return cut(self.array("params"), self.shape)


def cut(params: np.ndarray, shape: tuple[int, ...]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Cut a vector, first every weight, then every bias, into matrices (n, m) and rows (m,)."""
    sizes = [n * m for n, m in pairwise(shape)] + list(shape[1:])
    parts = np.split(params, np.cumsum(sizes)[:-1])
    matrices = [part.reshape(n, m) for part, (n, m) in zip(parts, pairwise(shape))]
    return matrices, parts[len(matrices) :]


def joined(W: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> np.ndarray:
    """Return the vector that `cut` would cut into these."""
    return np.concatenate([np.ravel(part) for part in (*W, *b)])


class Contestant:
    """What all contestants have in common."""

    package = "numpy"  # what has to be installed
    equal = False  # whether its cost and weights after an epoch have to be those of simplenet
    note = ""  # what is not equal
    share = 1.0  # of the work that one run does; its seconds are divided by it
    # How its process is started, and what runs beside it.
    coretype = "own"  # of OpenBLAS: its own choice, the command line's, the best, or a value
    shares = False  # among threads by itself, with a BLAS that has one
    busy = False  # whether another process is in a loop meanwhile

    def __init__(self, work: Work):
        self.work = work

    def reset(self) -> None:
        """Go back to the first weights, off the clock."""

    def epoch(self) -> float | None:
        """Learn from every image once; return the mean cost."""
        raise NotImplementedError

    def predict(self) -> np.ndarray | None:
        """Return the class of each test image."""
        raise NotImplementedError

    def weights(self) -> np.ndarray | None:
        """Return all weights as one vector; None if this one does not learn."""
        return None

    def kernels(self) -> str:
        """Return which kernels its matrix products use."""
        return of_numpy()

    def timed(self) -> dict[str, Any]:
        """Do the work once; return its seconds and its mean cost."""
        self.reset()
        began = time.perf_counter()
        outcome = getattr(self, self.work.kind)()
        seconds = (time.perf_counter() - began) / self.share
        if self.work.kind == "epoch":
            return {"seconds": seconds, "cost": None if outcome is None else float(outcome)}
        self.predicted = outcome
        return {"seconds": seconds, "cost": None}

    def leave(self, path: str) -> dict[str, bool]:
        """Write what the last run came to."""
        outcome = self.weights() if self.work.kind == "epoch" else self.predicted
        if outcome is not None:
            np.save(path, outcome)
        return {"left": outcome is not None}
