"""The network that comes with the package: what `predict` and `gears` take where none is named.

People's digits are not MNIST's. So it learns from distorted ones; from some that are drawn anew
with other pens, and prepared as `predict` prepares them; and from ways of writing that MNIST hardly
has (ways.py). Chosen on images of MNIST that training holds out, and on strangers' digits; see
scripts/notes/presets.md and pictures.md. Its weights are rounded so that a byte tells each, as in
the page that `gears` makes, and what only going on with its training would need is left out. Needs
the four files of MNIST; what it reaches, and how it was trained, are among the results.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pens
from numpy.typing import DTypeLike, NDArray
from report import as_json

import simplenet
from making import Files, NotHereError
from making.handwriting import draw
from making.ways import ways
from simplenet.backprop import bundled_path
from simplenet.datasets.load import PARTS, Data, Examples
from simplenet.errors import DataError
from simplenet.net import Net, net_around
from simplenet.pictures.pixels import area
from simplenet.pictures.prepare import prepare
from simplenet.training.measured import least_margin, remember
from simplenet.training.order import split
from simplenet.training.run import Run

PATH = "simplenet/backprop/bundled.npz"
HIDDEN = 224
OPTIONS: dict[str, Any] = {
    "optimizer": "adam", "lr": 0.005, "schedule": "cosine", "batch_size": 100, "epochs": 45,
    "rotation": 12, "scaling": 0.13, "shear": 0.2, "shift": 1, "elastic": 30, "stroke": 1.5,
    "validation": 0, "seed": 0,
}  # fmt: skip
WAYS = 14_000  # digits in ways that MNIST hardly has
REDRAWN = 4_000  # digits of MNIST that are drawn anew
COARSE = 6_000  # digits of MNIST that are made of few pixels
FEW = 11, 16  # pixels to each side, of which a digit has up to 5/7
PART = 2_000  # of these, from one stream of random numbers
RARE = 0.005  # of the images that it learns from: what is ink in fewer is not looked at
INK = 64  # of 255
SEED = 31  # of what is drawn anew
MEASURED = 2_000  # of the images that MNIST's training holds out
SPLIT = 7  # of what is drawn in other ways: the sample has others


def learned(data: Data) -> Examples:
    """Return all images (n, 28, 28) that it learns from, and their labels: none held out."""
    some, _ = split(len(data.train.images), None)
    images = np.asarray(data.train.images)[np.sort(some)]
    labels = np.asarray(data.train.labels)[np.sort(some)]
    order = np.random.default_rng(SEED).permutation(len(images))
    anew, few = order[:REDRAWN], order[REDRAWN : REDRAWN + COARSE]
    drawn, named = draw(SPLIT, 0, WAYS, ways())
    return Examples(
        np.concatenate([images, drawn, redrawn(images[anew]), coarse(images[few])]),
        np.concatenate([labels, named, labels[anew], labels[few]]),
    )


def coarse(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images as they are where only few pixels are left of them, enlarged and sharpened."""
    rng = np.random.default_rng(SEED)
    found = []
    for image in images:
        few = int(rng.integers(*FEW, endpoint=True))
        places = (np.arange(len(image)) + 0.5) * few / len(image) - 0.5
        between = np.array([np.interp(places, np.arange(few), unit) for unit in np.eye(few)])
        light = between.T @ (area(image, few, few) / 255) @ between
        found.append(np.rint(255 * np.clip((light - 0.45) * 4 + 0.5, 0, 1)))
    return np.array(found, np.uint8)


def redrawn(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images drawn anew with other pens, prepared as `predict` does."""
    found = []
    for part in range(0, len(images), PART):
        rng = np.random.default_rng([SEED, part // PART])
        for at in range(part, min(part + PART, len(images)), pens.TOGETHER):
            found += [prepare(one) for one in pens.pictures(images[at : at + pens.TOGETHER], rng)]
    return np.array(found)


def trained(examples: Examples, kept: Path) -> Run:
    """Return the run that has learned from examples; after each epoch it is kept in a file.

    Where the file is there, it goes on from that.
    """
    if kept.exists():
        run = simplenet.load_model(kept)
    else:
        net = simplenet.init_net(
            (784, HIDDEN, 10), rng=0, init="glorot", output_activation="softmax",
            cost="cross-entropy",
        )  # fmt: skip
        run = simplenet.start(net, *examples, **OPTIONS)
    for progress in simplenet.advance(run, *examples):
        if progress.record:
            simplenet.save_model(kept, run, overwrite=True)
            print(progress.record, flush=True)
    return run


def files() -> Files:
    """Return the model, trained and rounded, and its figures. Raise NotHereError without MNIST."""
    try:
        data = simplenet.load_data("mnist")
        data.test  # noqa: B018, what is missing is noticed now
    except DataError as error:
        raise NotHereError(str(error)) from error
    examples = learned(data)
    with tempfile.TemporaryDirectory() as folder:
        run = trained(examples, Path(folder) / "kept.npz")
        return finished(run, examples, data)


def finished(run: Run, examples: Examples, data: Data) -> Files:
    """Return the file of what comes of a run that has been trained, and its figures."""
    as_trained = run.net
    run.net = rounded(without_rare(as_trained, examples.images))
    run.data = {
        "name": data.name,
        "size": list(data.train.images.shape[1:]),
        "sha256": {part: data.sha256(part) for part in PARTS},
    }
    content = measured_content(run)
    nets = {"as trained": as_trained, "a byte for each weight": of_precision(run.net, np.float32)}
    held_out, truth = (array[:MEASURED] for array in pens.held_out())
    versions = pens.versions(held_out)
    figures = {
        "learned": {
            "mnist": len(examples.images) - WAYS - REDRAWN - COARSE,
            "redrawn": REDRAWN,
            "coarse": COARSE,
            "ways": WAYS,
        },
        "options": {"hidden": HIDDEN, **OPTIONS},
        "validation_images": MEASURED,
        "validation_accuracy": {
            name: pens.accuracies(net, versions, truth) for name, net in nets.items()
        },
        "test_accuracy": {
            name: simplenet.evaluate(net, *data.test).accuracy for name, net in nets.items()
        },
        "weights": int(np.count_nonzero(run.net.W[0].any(axis=1))) * HIDDEN + HIDDEN * 10,
        "bytes": len(content),
    }
    return {
        PATH: content,
        "scripts/results/bundled.json": as_json("make.py bundled", figures).encode(),
    }


def measured() -> Files:
    """Return the model that is there, measured anew. Raise NotHereError without MNIST."""
    try:
        return {PATH: measured_content(simplenet.load_model(bundled_path()))}
    except DataError as error:
        raise NotHereError(str(error)) from error


def measured_content(run: Run) -> bytes:
    """Return the file of a run, with what its rounded weights score, and when to believe them."""
    data = simplenet.load_data("mnist")
    exact = of_precision(run.net, np.float32)
    score = simplenet.evaluate(exact, *data.test)
    sha256 = {part: data.sha256(part) for part in PARTS if part.startswith("test")}
    remember(run, score, data.name, sha256, least_margin(exact, *pens.held_out()))
    return content_of(run)


def content_of(model: Run | Net) -> bytes:
    """Return the file of a model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        simplenet.save_model(path, model)
        return path.read_bytes()


def without_rare(net: Net, images: NDArray[np.uint8]) -> Net:
    """Return a net that does not look at pixels which are hardly ever ink: they need no bytes."""
    ink = (images.reshape(len(images), -1) >= INK).mean(axis=0)
    net = of_precision(net, np.float32)
    net.W[0][ink < RARE] = 0
    return net


def rounded(net: Net) -> Net:
    """Return a net, in float16, whose weights are at most 127 times a unit that each neuron has.

    A unit has 4 bits, so that its multiples fit into the 11 of a float16.
    """
    net = of_precision(net, np.float32)
    for W in net.W:
        fraction, exponent = np.frexp(np.abs(W).max(axis=0) / 127)
        units = np.ldexp(np.ceil(fraction * 16) / 16, exponent)
        W[:] = np.rint(W / np.where(units, units, 1)) * units
    return of_precision(net, np.float16)


def of_precision(net: Net, dtype: DTypeLike) -> Net:
    """Return a net with the parameters of another, in another precision."""
    return net_around(net.params.astype(dtype), net.shape, net.activations, net.cost)
