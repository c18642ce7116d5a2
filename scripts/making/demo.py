"""The demo network that comes with the package, rounded so that all compute alike.

Every weight is rounded to the nearest float16, so that a page which stores two bytes for each
computes with exactly the weights that Python has. Needs the four files of MNIST; how the rounded
network does on their test images, and the options that trained it, are among the results.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from report import as_json

import simplenet
from making import Files, NotHereError
from simplenet.errors import DataError

OPTIONS = "--data mnist --epochs 30 --schedule cosine --threads 1"


def files() -> Files:
    """Return the model, trained and rounded, and its figures. Raise NotHereError without MNIST."""
    try:
        images, labels = simplenet.load_data("mnist").test
    except DataError as error:
        raise NotHereError(str(error)) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.npz"
        command = [sys.executable, "-m", "simplenet", "train", "-q", *OPTIONS.split(), "-o", path]
        subprocess.run(command, check=True)
        model = simplenet.load_model(path)
        trained = simplenet.evaluate(model.net, images, labels).accuracy
        model.net.params[:] = model.net.params.astype(np.float16)
        simplenet.save_model(path, model, overwrite=True)
        content = path.read_bytes()
    rounded = simplenet.evaluate(model.net, images, labels).accuracy
    figures = {
        "options": OPTIONS,
        "test_accuracy": {"as trained": trained, "rounded to float16": rounded},
        "bytes": len(content),
    }
    return {
        "simplenet/backprop/demo.npz": content,
        "scripts/results/demo.json": as_json("make.py demo", figures).encode(),
    }
