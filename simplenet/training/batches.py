"""Minibatches: images become rows of floats in [0, 1], and labels one-hot rows."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from simplenet.checks import as_array, as_float_dtype, as_integer, as_rng, found
from simplenet.errors import DataError
from simplenet.functions import Floats
from simplenet.net import Net

BLOCK = 1000  # images gathered at a time: enough to be quick, few enough for the cache
MOST_CLASSES = 10_000  # their one-hot rows take 800 MB
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
    size = as_integer("size", size, 1, "image in a minibatch")
    dtype = as_float_dtype("dtype", dtype)
    images, labels = check_examples(images, labels)
    if classes is None:
        classes = int(labels.max()) + 1
        _check_classes("labels", classes)
    classes = as_integer("classes", classes, 1, "class")
    _check_classes("classes", classes)
    if labels.max() >= classes:
        raise DataError(f"labels: expected 0 to {classes - 1}, found {labels.max()}.")
    order = None
    if rng is not None:
        rng, order = as_rng("rng", rng), np.arange(len(images))
        rng.shuffle(order)
    return _minibatches(images, labels, order, min(size, len(images)), one_hot(classes, dtype))


def _check_classes(name: str, classes: int) -> None:
    """Raise DataError for more classes than their one-hot rows would find room for."""
    if classes > MOST_CLASSES:
        raise DataError(
            f"{name}: expected at most {MOST_CLASSES:,} classes, found {found(classes)}: number "
            "them from 0."
        )


def _minibatches(
    images: Images,
    labels: Labels,
    order: NDArray[np.intp] | None,
    size: int,
    rows: Floats,
) -> Iterator[tuple[Floats, Floats]]:
    """Yield what `minibatches` promises, a block at a time: that is quicker than one by one."""
    together = rows_of_blocks(size)
    for first in range(0, len(images), together):
        part = slice(first, first + together)
        block, truth = gather(images, labels, part if order is None else order[part])
        for start in range(0, len(block), size):
            some = slice(start, start + size)
            yield to_inputs(block[some], rows.dtype), rows[truth[some]]


def rows_of_blocks(size: int) -> int:
    """Return how many images are in a block: about BLOCK, in minibatches that are full."""
    return max(BLOCK // size, 1) * size


def gather(
    images: Images,
    labels: Labels,
    chosen: NDArray[np.integer[Any]] | slice,
    room: Images | None = None,
) -> tuple[Images, Labels]:
    """Return the images chosen, as rows (n, pixels), and their labels (n,).

    `room` is an array for them, which is used where that is quicker.
    """
    if room is None or isinstance(chosen, slice) or not images.flags.c_contiguous:
        block = images[chosen]  # np.take would first bring all images into one piece
    else:
        # No number is out of range; with mode="raise", numpy would fill a copy of `out`, in case.
        block = np.take(images, chosen, axis=0, out=room[: len(chosen)], mode="clip")
    return block.reshape(len(block), -1), labels[chosen].astype(np.intp)


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
    images, labels = _as_array("images", images), _as_array("labels", labels)
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


def _as_array(name: str, value: ArrayLike) -> NDArray[Any]:
    try:
        return as_array(name, value)
    except ValueError as error:
        raise DataError(str(error)) from error


def check_images(images: ArrayLike) -> Images:
    """Return images as an array. Raise DataError for what is neither bytes nor scaled floats."""
    images = _as_array("images", images)
    if images.dtype.kind != "f" and images.dtype != np.uint8:
        raise DataError(f"images: expected bytes, or floats in [0, 1], found {images.dtype}.")
    if images.dtype.kind == "f" and images.size:
        largest = max(float(images.max()), -float(images.min()))
        if not math.isfinite(largest):
            raise DataError("images: expected finite numbers, found nan or inf.")
        if largest > LARGEST:
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
    _check_classes("net", net.shape[-1])
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
