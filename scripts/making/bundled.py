"""The network that comes with the package: what `predict` and `gears` take where none is named.

People's digits are not MNIST's, so it is trained on distorted ones, and with other widths of pen.
Chosen on images of MNIST that training holds out: as they are, drawn anew with other pens, and
distorted; see scripts/notes/presets.md. Its file has two bytes for each weight, as the page that
`gears` makes has, and nothing that only going on with its training would need. Needs the four files
of MNIST; what the rounded network reaches, and the options that trained it, are among the results.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pens
from numpy.typing import DTypeLike
from report import as_json

import simplenet
from making import Files, NotHereError
from simplenet.backprop import bundled_path
from simplenet.datasets.sources import PARTS
from simplenet.errors import DataError
from simplenet.net import Net, net_around
from simplenet.training.measured import least_margin_held_out, remember
from simplenet.training.run import Run

PATH = "simplenet/backprop/bundled.npz"
OPTIONS = (
    "--data mnist --hidden 240 --cost cross-entropy --init glorot --optimizer adam --lr 0.005 "
    "--schedule cosine --batch-size 100 --epochs 60 "
    "--rotation 12 --scaling 0.13 --shear 0.2 --shift 1 --elastic 30 --stroke 1.5"
)


def files() -> Files:
    """Return the model, trained and rounded, and its figures. Raise NotHereError without MNIST."""
    try:
        images, labels = simplenet.load_data("mnist").test
    except DataError as error:
        raise NotHereError(str(error)) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundled.npz"
        command = [sys.executable, "-m", "simplenet", "train", "-q", *OPTIONS.split(), "-o", path]
        subprocess.run(command, check=True)
        run = simplenet.load_model(path)
        trained = simplenet.evaluate(run.net, images, labels).accuracy
        run.net = of_precision(run.net, np.float16)  # without what its optimizer remembers
    content = measured_content(run)
    net = of_precision(run.net, np.float32)
    held_out, truth = pens.held_out()
    figures = {
        "options": OPTIONS,
        "validation_accuracy": pens.accuracies(net, pens.versions(held_out), truth),
        "test_accuracy": {
            "as trained": trained,
            "rounded to float16": simplenet.evaluate(net, images, labels).accuracy,
        },
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
    exact = Run(of_precision(run.net, np.float32), settings=run.settings)
    score = simplenet.evaluate(exact.net, *data.test)
    sha256 = {part: data.sha256(part) for part in PARTS if part.startswith("test")}
    remember(run, score, data.name, sha256, least_margin_held_out(exact, *data.train))
    return content_of(run)


def content_of(model: Run | Net) -> bytes:
    """Return the file of a model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        simplenet.save_model(path, model)
        return path.read_bytes()


def of_precision(net: Net, dtype: DTypeLike) -> Net:
    """Return a net with the parameters of another, in another precision."""
    return net_around(net.params.astype(dtype), net.shape, net.activations, net.cost)
