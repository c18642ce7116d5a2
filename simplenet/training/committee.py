"""Committees: several nets together, or one that is shown several copies of each image."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from simplenet.errors import DataError
from simplenet.functions import COSTS, Floats
from simplenet.net import Net
from simplenet.streams import stream
from simplenet.training.batches import Images, check_fit, check_images, check_pixels, to_inputs
from simplenet.training.distort import distort
from simplenet.training.evaluation import Score, outputs, score

TOGETHER = 16_000  # images whose copies are in memory at a time


def committee_outputs(
    nets: Sequence[Net],
    images: ArrayLike,
    *,
    copies: int = 0,
    strengths: Mapping[str, Any] | None = None,
) -> Floats:
    """Return the mean of the outputs (n, classes) of some nets for images (n, ...).

    With `copies`, each image is shown so many times, distorted anew with these `strengths`, which
    are those of `distort`; what is drawn is the same each time. Raise DataError for images that do
    not fit, DivergedError if an output is not finite.
    """
    images = check_images(images)
    _check(nets, images, copies)
    found = np.empty((len(images), nets[0].shape[-1]), nets[0].params.dtype)
    for part, a in _in_parts(nets, images, copies, strengths or {}):
        found[part] = a
    return found


def evaluate_committee(
    nets: Sequence[Net],
    images: ArrayLike,
    labels: ArrayLike,
    *,
    copies: int = 0,
    strengths: Mapping[str, Any] | None = None,
    mistakes: int = 0,
) -> Score:
    """Measure the mean of the outputs, as `committee_outputs` gives it, on images with labels.

    The cost is that of the mean, and None where the nets were made for different costs. Of the
    `mistakes`, so many are kept, those with the largest output. Raise DataError for images that do
    not fit, DivergedError if an output is not finite.
    """
    images, labels = check_fit(nets[0], images, labels)
    _check(nets, images, copies)
    kinds = {(net.cost, net.activations[-1]) for net in nets}
    measure = COSTS[nets[0].cost][nets[0].activations[-1]] if len(kinds) == 1 else None
    parts = _in_parts(nets, images, copies, strengths or {})
    return score(parts, labels, nets[0].shape[-1], measure, mistakes)


def _check(nets: Sequence[Net], images: Images, copies: int) -> None:
    for net in nets:
        check_pixels(net, images)
        if net.shape[-1] != nets[0].shape[-1]:
            raise DataError(
                f"committee: expected nets with {nets[0].shape[-1]} outputs, as the first has, "
                f"found one with {net.shape[-1]}."
            )
    if copies and images.ndim != 3:
        raise DataError(
            "images: expected the shape (n, rows, columns), in which copies can be distorted, "
            f"found {images.shape}."
        )


def _in_parts(
    nets: Sequence[Net], images: Images, copies: int, strengths: Mapping[str, Any]
) -> Iterator[tuple[slice, Floats]]:
    """Yield the mean outputs for some images at a time."""
    for number, first in enumerate(range(0, len(images), TOGETHER)):
        part = slice(first, min(first + TOGETHER, len(images)))
        shown: list[Any] = [images[part]]
        if copies:
            plain = to_inputs(images[part], nets[0].params.dtype)
            rngs = (stream(0, "copies", copy, number) for copy in range(copies))
            shown = [distort(plain, rng, **strengths) for rng in rngs]
        yield part, np.mean([outputs(net, some) for some in shown for net in nets], axis=0)
