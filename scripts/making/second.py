"""The network that `predict` asks besides, since it knows what is no digit: ten digits, and none.

It learns from all that the bundled network learned from (bundled.py), from people's pictures of
MNIST as they are prepared, from the sample's digits, and from the first half of the kinds in
scripts/strange.py; all are distorted anew in every epoch. Of MNIST's images it sees only those that
training does not hold out, none of the test images. Its file has two bytes for each weight, and
nothing that only going on would need.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import renderings
import strange
from numpy.typing import NDArray

import simplenet
from making import Files, NotHereError
from making.bundled import OPTIONS as AS_BUNDLED
from making.bundled import content_of, learned, of_precision
from simplenet.errors import DataError
from simplenet.pictures.prepare import prepare
from simplenet.training.order import split

Bytes = NDArray[np.uint8]
HIDDEN = 96, 32
NONE = 10  # the class of what is no digit
STRANGE, RENDERED = 400, 40  # pictures of each kind
DRAWN = 12_000  # digits of the sample
SEED = 1
OPTIONS = {
    **AS_BUNDLED, "epochs": 27, "lr": 0.002, "seed": SEED,
    "rotation": 10, "scaling": 0.12, "shear": 0.16, "elastic": 25,
}  # fmt: skip


def files() -> Files:
    """Return the model. Raise NotHereError without MNIST."""
    try:
        simplenet.load_data("mnist")
    except DataError as error:
        raise NotHereError(str(error)) from error
    images, labels = examples()
    net = simplenet.init_net(
        (784, *HIDDEN, NONE + 1), rng=SEED, activation="relu", output_activation="softmax",
        cost="cross-entropy", init="he",
    )  # fmt: skip
    for epoch in simplenet.train(net, images, labels, **OPTIONS):
        print(f"{epoch.epoch}: cost {epoch.cost:.4f}, accuracy {epoch.accuracy:.2%}", flush=True)
    return {"simplenet/pictures/second.npz": content_of(of_precision(net, np.float16))}


def examples() -> tuple[Bytes, Bytes]:
    """Return what it learns from: images (n, 28, 28) and their classes."""
    parts: list[tuple[Bytes, Bytes]] = [learned(simplenet.load_data("mnist"))]
    drawn = simplenet.load_data("sample").train
    parts.append((np.asarray(drawn.images[:DRAWN]), np.asarray(drawn.labels[:DRAWN])))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        parts += pool.map(rendered, range(len(renderings.KINDS)))
        for found in pool.map(strangers, range(len(strange.LEARNED))):
            parts.append((found.repeat(2, axis=0), np.full(2 * len(found), NONE)))
    return (
        np.concatenate([some for some, _ in parts]),
        np.concatenate([classes for _, classes in parts]).astype(np.uint8),
    )


def prepared(pictures: Iterator[Bytes]) -> Iterator[Bytes | None]:
    """Yield what a net sees of each picture, None of those that are blank."""
    for picture in pictures:
        try:
            yield prepare(picture)
        except DataError:
            yield None


def strangers(number: int) -> Bytes:
    """Return what a net sees of pictures of a kind that is no digit."""
    draw = partial(strange.picture, strange.LEARNED[number], SEED)
    return np.array([some for some in prepared(map(draw, range(STRANGE))) if some is not None])


def rendered(number: int) -> tuple[Bytes, Bytes]:
    """Return what a net sees of pictures of digits, of one of the kinds, four times over."""
    images, labels = (np.asarray(array) for array in simplenet.load_data("mnist").train)
    seen, _ = split(len(images), None)
    some = seen[number * RENDERED : (number + 1) * RENDERED]
    kind = renderings.KINDS[number]
    pictures = (renderings.picture(kind, images[i], SEED, int(i)) for i in some)
    found = [*zip(prepared(pictures), labels[some])]
    whole = np.array([image for image, _ in found if image is not None])
    classes = np.array([label for image, label in found if image is not None])
    return whole.repeat(4, axis=0), classes.repeat(4)
