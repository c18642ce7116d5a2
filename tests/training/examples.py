"""Images and labels for the tests of training."""

import os
import signal
import tracemalloc

import numpy as np

from simplenet.datasets.idx import read_idx, write_idx
from simplenet.training.sweep import run_trial


def bars(count=240, classes=3, seed=7):
    """Return bytes that can be learned: a bright bar for each class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = rng.integers(0, 60, (count, 4, 6), dtype=np.uint8)
    images[np.arange(count), labels] += 150
    return images, labels


def many(folder):
    """Return 200,000 images of one pixel, and labels, as they lie in files."""
    count = 200_000
    write_idx(folder / "images", np.zeros((count, 1, 1), np.uint8))
    write_idx(folder / "labels", (np.arange(count) % 2).astype(np.uint8))
    return read_idx(folder / "images"), read_idx(folder / "labels")


def peak(function):
    """Return how many bytes of memory a call takes for itself."""
    function()  # what is loaded at first use does not count
    tracemalloc.start()
    function()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def dies_once(trial, source):
    """Do the first of some trials in a process that is killed when it begins it first."""
    begun = source.images.with_name("begun")
    if trial.training["seed"] == 0 and not begun.exists():
        begun.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run_trial(trial, source)


def dies_always(trial, source):
    """End the process that is at work."""
    os.kill(os.getpid(), signal.SIGKILL)
