"""Minibatches: images become rows of floats in [0, 1], and labels one-hot rows."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from simplenet.errors import DataError
from simplenet.functions import Floats
from simplenet.net import Net
from simplenet.training.order import Windowed

BLOCK = 1000  # images gathered at a time: enough to be quick, few enough for the cache
LARGEST = 10  # a float beyond this is no pixel between 0 and 1, nor one that was standardized

Images = NDArray[Any]
Labels = NDArray[np.integer[Any]]


def minibatches(
    images: ArrayLike,
    labels: ArrayLike,
    size: int = 20,
    *,
    rng: np.random.Generator | int | None = None,
    classes: int | None = None,
    dtype: DTypeLike = np.float32,
) -> Iterator[tuple[Floats, Floats]]:
    """Go through all images once, `size` at a time: x (size, pixels) in [0, 1], y one-hot.

    Bytes are divided by 255, floats are taken as they are. The order is drawn from `rng`, or as
    stored without one; the last minibatch is what remains. `classes` is the width of y, by
    default 1 + the largest label. Raise DataError for images and labels that do not belong
    together.
    """
    if size < 1:
        raise ValueError(f"size: expected at least 1 image in a minibatch, found {size}.")
    images, labels = check_examples(images, labels)
    if classes is None:
        classes = int(labels.max()) + 1
    if labels.max() >= classes:
        raise DataError(f"labels: expected 0 to {classes - 1}, found {labels.max()}.")
    order = None
    if rng is not None:
        order = np.arange(len(images))
        np.random.default_rng(rng).shuffle(order)
    return (
        (to_inputs(block[start : start + size], dtype), y[start : start + size])
        for block, truth in blocks(images, labels, order, rows_of_blocks(size))
        for y in [one_hot(classes, dtype)[truth]]
        for start in range(0, len(block), size)
    )


def rows_of_blocks(size: int) -> int:
    """Return how many images are in a block: about BLOCK, and a whole number of minibatches."""
    return max(BLOCK // size, 1) * size


def blocks(
    images: Images,
    labels: Labels,
    order: NDArray[np.integer[Any]] | Windowed | None,
    rows: int,
    first: int = 0,
) -> Iterator[tuple[Images, Labels]]:
    """Gather `rows` images at a time, in this order or as stored: (n, pixels), and labels (n,).

    Begin with image number `first` of the order. The next block may be written over the last one.
    """
    count = len(images if order is None else order)
    room = np.empty((min(rows, count), *images.shape[1:]), images.dtype)
    for start in range(first, count, rows):
        part = slice(start, min(start + rows, count))
        chosen = part if order is None else order[part]
        block = _gather(images, chosen, room)
        yield block.reshape(len(block), -1), labels[chosen].astype(np.intp)


def _gather(images: Images, chosen: NDArray[np.integer[Any]] | slice, room: Images) -> Images:
    """Return images[chosen], in `room` where that is quicker: where images lie in one piece."""
    if isinstance(chosen, slice) or not images.flags.c_contiguous:
        return images[chosen]  # np.take would first bring all images into one piece
    # No number is out of range; with mode="raise", numpy would fill a copy of `out`, in case.
    return np.take(images, chosen, axis=0, out=room[: len(chosen)], mode="clip")


def to_inputs(block: Images, dtype: DTypeLike, out: Floats | None = None) -> Floats:
    """Return images as a net reads them, in a new array or in `out`: bytes are divided by 255."""
    white = 255 if block.dtype == np.uint8 else 1
    inputs: Floats = np.divide(block, white, out=out, dtype=dtype, casting="same_kind")
    return inputs


def one_hot(classes: int, dtype: DTypeLike, smoothing: float = 0.0) -> Floats:
    """Return the row of every class: 1 for itself, of which a share is spread over all."""
    return (np.eye(classes) * (1 - smoothing) + smoothing / classes).astype(dtype)


def check_examples(images: ArrayLike, labels: ArrayLike) -> tuple[Images, Labels]:
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
    return check_images(images), labels


def check_images(images: ArrayLike) -> Images:
    """Return images as an array. Raise DataError for what is neither bytes nor scaled floats."""
    images = np.asarray(images)
    if images.dtype.kind != "f" and images.dtype != np.uint8:
        raise DataError(f"images: expected bytes, or floats in [0, 1], found {images.dtype}.")
    if images.dtype.kind == "f" and images.size:
        largest = max(float(images.max()), -float(images.min()))
        if LARGEST < largest < math.inf:  # what is not finite is noticed later, in other words
            raise DataError(
                f"images: expected bytes, or floats in [0, 1], found floats as large as "
                f"{largest:g}: divide them by what stands for white, such as images / "
                f"{255 if largest > 16 else 16}."
            )
    return images


def check_fit(net: Net, images: ArrayLike, labels: ArrayLike) -> tuple[Images, Labels]:
    """Return images and labels as arrays. Raise DataError unless they can go through the net."""
    images, labels = check_examples(images, labels)
    check_pixels(net, images)
    if labels.max() >= net.shape[-1]:
        raise DataError(
            f"labels: expected 0 to {net.shape[-1] - 1}, the outputs of the net {net.shape}, "
            f"found {labels.max()}: use the data set the net was made for."
        )
    return images, labels


def check_pixels(net: Net, images: Images) -> None:
    """Raise DataError unless images have as many pixels as the net has inputs."""
    pixels = math.prod(images.shape[1:])
    if pixels != net.shape[0]:
        raise DataError(
            f"images: expected {net.shape[0]} pixels in each, the inputs of the net {net.shape}, "
            f"found {pixels} in each of shape {images.shape}, (images, ...): use the data set the "
            "net was made for."
        )
