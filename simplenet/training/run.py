"""Training is going through the images in minibatches, many times, and watching what happens."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from simplenet.errors import DataError, DivergedError
from simplenet.functions import COSTS
from simplenet.net import Net, backward, forward, optimize
from simplenet.optimizers import SCHEDULES, rule_for
from simplenet.options import default_lr, settle
from simplenet.training.order import Others, Windowed, shuffled, split

BLOCK = 1000  # images turned into floats at a time: enough to be quick, few enough for the cache
VALIDATED = 5000  # images held out that are copied at a time, to measure the net on them


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch brought; accuracies lie between 0 and 1."""

    epoch: int  # counted from 1
    cost: float  # mean over the samples, each before it was learned from; without L1 and L2
    accuracy: float  # the same
    validation_accuracy: float | None  # after the epoch; None with nothing held out
    lr: float  # of the last step
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """How a net does on a set of images."""

    cost: float
    correct: np.ndarray  # (classes,): how many images of each class were recognised
    total: np.ndarray  # (classes,): how many there were

    @property
    def accuracy(self) -> float:
        """The share of all images that were recognised, between 0 and 1."""
        return float(self.correct.sum() / self.total.sum())


def minibatches(
    images: np.ndarray,
    labels: np.ndarray,
    size: int = 20,
    *,
    rng: np.random.Generator | int | None = None,
    classes: int | None = None,
    dtype: DTypeLike = np.float32,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Go through all images once, `size` at a time: x (size, pixels) in [0, 1], y one-hot.

    Bytes are divided by 255, floats are taken as they are. The order is drawn from `rng`, or as
    stored without one; the last minibatch is what remains. `classes` is the width of y, by
    default 1 + the largest label. Raise DataError for images and labels that do not belong
    together.
    """
    if size < 1:
        raise ValueError(f"size: expected at least 1 image in a minibatch, found {size}.")
    images, labels = _pairs(images, labels)
    if classes is None:
        classes = int(labels.max()) + 1
    if labels.max() >= classes:
        raise DataError(f"labels: expected 0 to {classes - 1}, found {labels.max()}.")
    order = None
    if rng is not None:
        order = np.arange(len(images))
        np.random.default_rng(rng).shuffle(order)
    return (
        (x[start : start + size], y[start : start + size])
        for x, y, _ in _blocks(images, labels, order, size, classes, dtype, fresh=True)
        for start in range(0, len(x), size)
    )


def train(
    net: Net,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    progress: Callable[[int, int], None] | None = None,
    **options,
) -> Iterator[Epoch]:
    """Train a net, giving one record after each epoch: loop over them, or nothing is trained.

    Options are those of `simplenet.options`, except the ones of the net: epochs, batch_size, lr,
    seed, optimizer and so on. `progress(epoch, images)` is called every thousand images or so, with
    how many of this epoch are done; what it raises ends the training, with the net as it is then.
    With `patience`, the net ends with the parameters that had the best validation accuracy.

    Raise DataError for images that do not fit the net, ValueError and TypeError for options.
    Raise DivergedError when the cost or a weight is no longer finite; the net then holds the
    parameters of the last time that this was looked at, which is before each call of `progress`.
    """
    settings = settle(cost=net.cost, **options)
    images, labels = check_fit(net, images, labels)
    learned, held_out = split(len(images), settings["validation"])
    if settings["patience"] and not len(held_out):
        raise ValueError(
            "patience: expected images held out to validate on, found none: "
            f"{len(images)} are too few, unless validation says how many."
        )
    return _epochs(net, images, labels, learned, held_out, settings, progress)


def _epochs(
    net: Net,
    images: np.ndarray,
    labels: np.ndarray,
    learned: np.ndarray | Others,
    held_out: np.ndarray,
    settings: dict,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Epoch]:
    """Do what `train` promises, once it has checked that this can be done."""
    best, since, kept = -1.0, 0, None
    for epoch in range(1, settings["epochs"] + 1):
        began = time.perf_counter()
        order = None  # the last one is let go before there is another: it may be long
        order = shuffled(learned, settings["seed"], epoch)
        # Too high a learning rate overflows: that is noticed there, and said in better words.
        with np.errstate(over="ignore", invalid="ignore"):
            cost, accuracy, lr = _learn(net, images, labels, order, epoch, settings, progress)
        validation = _validate(net, images, labels, held_out) if len(held_out) else None
        seconds = time.perf_counter() - began
        yield Epoch(epoch, cost, accuracy, validation, lr, seconds)
        if settings["patience"]:
            since += 1
            if validation > best:
                best, since, kept = validation, 0, _copy(net)
            if since == settings["patience"]:
                break
    if kept:
        _put_back(net, kept)


def _validate(net: Net, images: np.ndarray, labels: np.ndarray, held_out: np.ndarray) -> float:
    """Measure the accuracy on the images held out, some at a time: there may be very many."""
    correct = 0
    for start in range(0, len(held_out), VALIDATED):
        some = held_out[start : start + VALIDATED]
        correct += round(evaluate(net, images[some], labels[some]).accuracy * len(some))
    return correct / len(held_out)


def evaluate(net: Net, images: np.ndarray, labels: np.ndarray) -> Score:
    """Measure a net on images (n, ...) with labels (n,).

    Raise DataError if they do not fit it, DivergedError if its cost on them is not finite.
    """
    images, labels = check_fit(net, images, labels)
    classes, cost = net.shape[-1], 0.0
    correct, total = np.zeros((2, classes), int)
    for x, y, truth in _blocks(images, labels, None, 1, classes, net.params.dtype):
        with np.errstate(over="ignore", invalid="ignore"):  # noticed below
            a = forward(net, x)
            cost += COSTS[net.cost][net.activations[-1]].value(a, y)
        correct += np.bincount(truth[a.argmax(axis=1) == truth], minlength=classes)
        total += np.bincount(truth, minlength=classes)
    if not math.isfinite(cost):
        raise DivergedError(
            f"the net cannot be measured: expected a finite cost, found {cost}: its weights are "
            "too large (train it with a lower learning rate) or the images hold nan or inf."
        )
    return Score(cost / len(images), correct, total)


def predict(net: Net, images: np.ndarray) -> np.ndarray:
    """Return the likeliest class of each image (n, ...).

    Raise DataError if they do not fit, DivergedError if an output is not finite.
    """
    images, labels = check_fit(net, images, np.broadcast_to(np.uint8(0), len(images)))
    blocks = _blocks(images, labels, None, 1, net.shape[-1], net.params.dtype)
    guesses, done = np.empty(len(images), np.intp), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for x, _, _ in blocks:
            outputs = forward(net, x)
            if not np.isfinite(outputs).all():
                raise DivergedError(
                    "the net cannot predict: expected finite outputs, found others: its weights "
                    "are too large or the images hold nan or inf."
                )
            guesses[done : done + len(x)] = outputs.argmax(axis=1)
            done += len(x)
    return guesses


def check_fit(net: Net, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels as arrays. Raise DataError unless they can go through the net."""
    images, labels = _pairs(images, labels)
    pixels = math.prod(images.shape[1:])
    if pixels != net.shape[0]:
        raise DataError(
            f"images: expected {net.shape[0]} pixels in each, the inputs of the net {net.shape}, "
            f"found {pixels} in each of shape {images.shape}, (images, ...): use the data set the "
            "net was made for."
        )
    if labels.max() >= net.shape[-1]:
        raise DataError(
            f"labels: expected 0 to {net.shape[-1] - 1}, the outputs of the net {net.shape}, "
            f"found {labels.max()}: use the data set the net was made for."
        )
    return images, labels


def _pairs(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels as arrays. Raise DataError if they cannot belong together."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim == 0 or labels.ndim == 0 or len(images) != len(labels) or len(images) == 0:
        raise DataError(
            "expected as many labels as images, and some of each; found images of shape "
            f"{images.shape} and labels of shape {labels.shape}."
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(
            "labels: expected one whole number for each image (not one-hot rows), found "
            f"{labels.dtype} of shape {labels.shape}."
        )
    if labels.min() < 0:
        raise DataError(f"labels: expected numbers of 0 or more, found {labels.min()}.")
    if images.dtype.kind != "f" and images.dtype != np.uint8:
        raise DataError(f"images: expected bytes, or floats in [0, 1], found {images.dtype}.")
    return images, labels


def _blocks(
    images: np.ndarray,
    labels: np.ndarray,
    order: np.ndarray | Windowed | None,
    size: int,
    classes: int,
    dtype: DTypeLike,
    smoothing: float = 0,
    fresh: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Gather about BLOCK images at a time, a whole number of minibatches: x, y, labels.

    They come in this order, or as stored if it is None. The next x is written over the last one,
    unless each has to be `fresh`.
    """
    one_hot = (np.eye(classes) * (1 - smoothing) + smoothing / classes).astype(dtype)
    count = len(images if order is None else order)
    rows = min(max(BLOCK // size, 1) * size, count)
    stored = np.empty((rows, *images.shape[1:]), images.dtype)
    room = np.empty((rows, math.prod(images.shape[1:])), dtype)
    for start in range(0, count, rows):
        part = slice(start, start + rows)
        chosen = part if order is None else order[part]
        some = _gather(images, chosen, stored)
        x = np.empty_like(room[: len(some)]) if fresh else room[: len(some)]
        x[:] = some.reshape(x.shape)
        if images.dtype == np.uint8:
            x /= 255
        truth = labels[chosen].astype(np.intp)
        yield x, one_hot[truth], truth


def _gather(images: np.ndarray, chosen: np.ndarray | slice, room: np.ndarray) -> np.ndarray:
    """Return images[chosen], in `room` where that is quicker: where images lie in one piece."""
    if isinstance(chosen, slice) or not images.flags.c_contiguous:
        return images[chosen]  # np.take would first bring all images into one piece
    # No number is out of range; with mode="raise", numpy would fill a copy of `out`, in case.
    return np.take(images, chosen, axis=0, out=room[: len(chosen)], mode="clip")


def _learn(
    net: Net,
    images: np.ndarray,
    labels: np.ndarray,
    order: np.ndarray | Windowed,
    epoch: int,
    s: dict,
    progress: Callable[[int, int], None] | None,
) -> tuple[float, float, float]:
    """Learn from every minibatch once; give mean cost, accuracy on the way, last learning rate."""
    size, count, classes = s["batch_size"], len(order), net.shape[-1]
    rule, schedule = rule_for(s), SCHEDULES[s["schedule"]]
    cost, correct, done = 0.0, 0, 0
    good = _copy(net)
    smoothing = s["label_smoothing"]
    blocks = _blocks(images, labels, order, size, classes, net.params.dtype, smoothing)
    for block, (xs, ys, truth) in enumerate(blocks, start=1):
        a = np.empty_like(ys)
        masks = draw_masks(net, len(xs), s["dropout"], [s["seed"], epoch, block])
        for start in range(0, len(xs), size):
            part = slice(start, start + size)
            y = ys[part]
            net.samples = 0  # in place of zero_grad: backward then writes over all that grads held
            silent = {l: mask[part] for l, mask in masks.items()} if masks else None
            a[part] = forward(net, xs[part], silent)
            cost += backward(net, y) * len(y)
            lr = s["lr"] * schedule(epoch - 1 + (done + start) / count, s)
            optimize(net, lr, rule)
        if not (math.isfinite(cost) and np.isfinite(net.params).all()):
            _put_back(net, good)
            usual = default_lr(s["optimizer"], s["momentum"], net.cost)
            raise DivergedError(
                f"training diverged in epoch {epoch}: expected a finite cost and finite weights, "
                f"found others at learning rate {s['lr']:g}; try {min(s['lr'] / 10, usual):g}."
            )
        good = _copy(net)
        correct += int(np.count_nonzero(a.argmax(axis=1) == truth))
        done += len(xs)
        if progress:
            progress(epoch, done)
    return cost / done, correct / done, lr


def draw_masks(net: Net, rows: int, rate: float, seed: list[int]) -> dict[int, np.ndarray]:
    """Draw what silences a share of the hidden neurons, anew for each sample.

    Those that stay speak louder by 1 / (1 - rate), so that the next layer hears as much as it will
    without dropout (Srivastava et al., 2014; "inverted", so that evaluation needs no change).
    """
    if not rate:
        return {}
    rng = np.random.default_rng(seed)
    loud = net.params.dtype.type(1 / (1 - rate))
    return {
        l: (rng.random((rows, net.shape[l]), np.float32) >= rate) * loud
        for l in range(1, len(net.W))
    }


def _copy(net: Net) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Copy what a step changes: the parameters, and what the optimizer remembers."""
    return net.params.copy(), {name: array.copy() for name, array in net.state.items()}


def _put_back(net: Net, kept: tuple[np.ndarray, dict[str, np.ndarray]]) -> None:
    """Undo all steps since the copy was made."""
    net.params[:], net.state = kept[0], kept[1]
