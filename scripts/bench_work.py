"""What a contestant of the bench is: the work, as arrays, and the clock around it."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Work:
    """What is to be done, and where its arrays are."""

    folder: str
    kind: str  # "epoch" or "predict"
    shape: tuple[int, ...]
    batch: int
    lr: float
    relu: bool  # hidden ReLU, softmax and cross-entropy; else sigmoid and half squared error
    threads: int
    cores: list[int]  # to be pinned to; empty where the system cannot

    def array(self, name: str) -> np.ndarray:
        """Read images, labels, order, params, test_images or test_labels."""
        return np.load(Path(self.folder) / f"{name}.npy")

    @cached_property
    def x(self) -> np.ndarray:
        """The images of this kind of work as float32 in [0, 1]."""
        images = self.array("images" if self.kind == "epoch" else "test_images")
        return np.divide(images, 255, dtype=np.float32)

    @cached_property
    def y(self) -> np.ndarray:
        """One-hot rows."""
        labels = self.array("labels" if self.kind == "epoch" else "test_labels")
        return np.eye(self.shape[-1], dtype=np.float32)[labels]

    @property
    def parts(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The first weights and biases."""
        return cut(self.array("params"), self.shape)


def cut(params: np.ndarray, shape: tuple[int, ...]) -> tuple[list, list]:
    """Cut a vector, first every weight, then every bias, into matrices (n, m) and rows (m,)."""
    sizes = [n * m for n, m in pairwise(shape)] + list(shape[1:])
    parts = np.split(params, np.cumsum(sizes)[:-1])
    matrices = [part.reshape(n, m) for part, (n, m) in zip(parts, pairwise(shape))]
    return matrices, parts[len(matrices) :]


def joined(W: list, b: list) -> np.ndarray:
    """Undo `cut`."""
    return np.concatenate([np.ravel(part) for part in (*W, *b)])


@contextmanager
def own_folder(place: str | Path | None = None) -> Iterator[Path]:
    """Return a new folder and remove it, whatever happens.

    tempfile's stays if a signal comes while it is being made; here that, too, is guarded.
    """
    folder = Path(place or tempfile.gettempdir()) / f"simplenet-bench-{secrets.token_hex(6)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        except BaseException:  # a signal while it was being removed
            shutil.rmtree(folder, ignore_errors=True)
            raise


class Contestant:
    """What all have in common."""

    package = "numpy"  # what has to be installed
    equal = False  # whether its cost and weights after an epoch have to be those of simplenet
    note = ""  # what is not equal
    share = 1.0  # of the work that one run does; its seconds are divided by it

    def __init__(self, work: Work):
        self.work = work

    def reset(self) -> None:
        """Go back to the first weights, off the clock."""

    def epoch(self) -> float | None:
        """Learn from every image once; give the mean cost."""
        raise NotImplementedError

    def predict(self) -> np.ndarray | None:
        """Return the class of each test image."""
        raise NotImplementedError

    def weights(self) -> np.ndarray | None:
        """Return all weights as one vector, if this one learns."""

    def timed(self) -> dict:
        """Do the work once."""
        self.reset()
        began = time.perf_counter()
        outcome = getattr(self, self.work.kind)()
        seconds = (time.perf_counter() - began) / self.share
        if self.work.kind == "epoch":
            return {"seconds": seconds, "cost": None if outcome is None else float(outcome)}
        self.predicted = outcome
        return {"seconds": seconds, "cost": None}

    def leave(self, path: str) -> dict:
        """Save what the last run came to."""
        outcome = self.weights() if self.work.kind == "epoch" else self.predicted
        if outcome is not None:
            np.save(path, outcome)
        return {"left": outcome is not None}
