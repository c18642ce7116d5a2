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
from report import as_json

import simplenet
from making import Files, NotHereError
from simplenet.errors import DataError
from simplenet.net import net_around
from simplenet.training.run import Run

OPTIONS = (
    "--data mnist --hidden 240 --cost cross-entropy --init glorot --optimizer adam --lr 0.003 "
    "--schedule cosine --batch-size 50 --epochs 60 "
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
        halve(run)
        simplenet.save_model(path, run, overwrite=True)
        content = path.read_bytes()
    held_out, truth = pens.held_out()
    figures = {
        "options": OPTIONS,
        "validation_accuracy": pens.accuracies(run.net, pens.versions(held_out), truth),
        "test_accuracy": {
            "as trained": trained,
            "rounded to float16": simplenet.evaluate(run.net, images, labels).accuracy,
        },
        "bytes": len(content),
    }
    return {
        "simplenet/backprop/bundled.npz": content,
        "scripts/results/bundled.json": as_json("make.py bundled", figures).encode(),
    }


def halve(run: Run) -> None:
    """Round the parameters of a run to two bytes each, and forget what its optimizer remembers."""
    net = run.net
    run.net = net_around(net.params.astype(np.float16), net.shape, net.activations, net.cost)
