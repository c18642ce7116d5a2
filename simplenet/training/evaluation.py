"""How well a net does: its outputs for images, and what they score."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simplenet.errors import DataError, DivergedError
from simplenet.functions import COSTS, Cost, Floats
from simplenet.net import Net, check_net, forward
from simplenet.sharing import share
from simplenet.training.batches import (
    BLOCK,
    Images,
    Labels,
    check_fit,
    check_images,
    check_pixels,
    one_hot,
    to_inputs,
)
from simplenet.training.mistakes import Mistake, surest

MOST_AT_ONCE = 16  # blocks of images whose outputs threads compute before they are looked at


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """How a net, or several together, do on a set of images."""

    cost: float | None  # None of nets with different costs
    confusion: NDArray[np.intp]  # (classes, classes): images of the class, taken for the class
    mistakes: tuple[Mistake, ...] = ()  # as many as were asked for, the surest first

    @property
    def correct(self) -> NDArray[np.intp]:
        """How many images of each class (classes,) were recognised."""
        return self.confusion.diagonal()

    @property
    def total(self) -> NDArray[np.intp]:
        """How many images of each class (classes,) there were."""
        total: NDArray[np.intp] = self.confusion.sum(axis=1)
        return total

    @property
    def accuracy(self) -> float:
        """The share of all images that were recognised, between 0 and 1."""
        return float(self.correct.sum() / self.total.sum())


def outputs(net: Net, images: ArrayLike) -> Floats:
    """Return the outputs (n, classes) of a net for images (n, ...).

    Raise DataError if they do not fit it, DivergedError if an output is not finite.
    """
    images = _check(net, images)
    found = np.empty((len(images), net.shape[-1]), net.params.dtype)
    for part, a in _outputs_in_parts(net, images):
        found[part] = a
    return found


def predict(net: Net, images: ArrayLike) -> NDArray[np.intp]:
    """Return the likeliest class of each image (n, ...).

    Raise DataError if they do not fit, DivergedError if an output is not finite.
    """
    images = _check(net, images)
    classes = np.empty(len(images), np.intp)
    for part, a in _outputs_in_parts(net, images):
        classes[part] = a.argmax(axis=1)
    return classes


def evaluate(net: Net, images: ArrayLike, labels: ArrayLike) -> Score:
    """Measure a net on images (n, ...) with labels (n,).

    Raise DataError if they do not fit it, DivergedError if an output or its cost on them is not
    finite.
    """
    check_net(net)
    images, labels = check_fit(net, images, labels)
    parts = _outputs_in_parts(net, images)
    return score(parts, labels, net.shape[-1], COSTS[net.cost][net.activations[-1]])


def score(
    parts: Iterable[tuple[slice, Floats]],
    labels: Labels,
    classes: int,
    measure: Cost | None,
    mistakes: int = 0,
) -> Score:
    """Return how well outputs do, which come in parts, each with the slice of images it is for.

    So many `mistakes` are kept. Raise DivergedError if the cost that is measured is not finite.
    """
    confusion, cost = np.zeros((classes, classes), np.intp), 0.0
    wrong: list[Mistake] = []
    for part, a in parts:
        truth = labels[part].astype(np.intp)
        if measure:
            with np.errstate(all="ignore"):  # what is too large is noticed below, too small is 0
                cost += measure.value(a, one_hot(classes, a.dtype)[truth])
        pairs = truth * classes + a.argmax(axis=1)
        confusion += np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
        if mistakes:
            wrong = surest(wrong, a, truth, part.start, mistakes)
    if not math.isfinite(cost):
        raise _too_large(f"a cost of {cost}")
    return Score(cost / len(labels) if measure else None, confusion, tuple(wrong))


def _outputs_in_parts(net: Net, images: Images) -> Iterator[tuple[slice, Floats]]:
    """Yield the outputs for some images at a time: there may be very many."""
    parts = [slice(at, min(at + BLOCK, len(images))) for at in range(0, len(images), BLOCK)]
    for first in range(0, len(parts), MOST_AT_ONCE):
        some = parts[first : first + MOST_AT_ONCE]
        yield from zip(some, share(partial(_outputs_of, net, images), some))


def _outputs_of(net: Net, images: Images, part: slice) -> Floats:
    """Return the outputs for a part of the images, which fit into memory."""
    block, alone = images[part], replace(net, a=[])  # threads share all but the activations
    with np.errstate(all="ignore"):  # what is too large is noticed below, too small is 0
        a = forward(alone, to_inputs(block.reshape(len(block), -1), net.params.dtype))
    if not np.isfinite(a).all():
        if not np.isfinite(block).all():
            raise DataError("images: expected finite numbers, found nan or inf.")
        raise _too_large("others")
    return a


def _check(net: Net, images: ArrayLike) -> Images:
    check_net(net)
    images = check_images(images)
    if images.ndim == 0 or len(images) == 0:
        raise DataError(f"images: expected some, found an array of shape {images.shape}.")
    check_pixels(net, images)
    return images


def _too_large(found: Any) -> DivergedError:
    return DivergedError(
        f"the net cannot be measured: expected finite outputs and a finite cost, found {found}: "
        "its weights are too large. Train it with a lower learning rate."
    )


def counts(labels: Labels) -> NDArray[np.intp]:
    """Return how many labels of each class there are."""
    return np.bincount(labels)


def is_guessing(accuracy: float, total: NDArray[np.intp]) -> bool:
    """Return whether a net is hardly better than naming the commonest class every time.

    `total` (classes,) is how many images of each class it was measured on, or learned from.
    """
    guessing = float(total.max() / total.sum())
    return 1 - accuracy > 0.98 * (1 - guessing)
