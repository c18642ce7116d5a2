"""Train the demo network that comes with the package, and round it so that all compute alike.

Every weight is rounded to the nearest float16, so that a page which stores two bytes for each
computes with exactly the weights that Python has. Needs the four files of MNIST in the folder
that SIMPLENET_DATA names; how the rounded network does on their test images, and the command that
trained it, go to scripts/results/demo.json.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from report import RESULTS, as_json

import simplenet
from simplenet.backprop import demo_path

OPTIONS = "--data mnist --epochs 30 --schedule cosine --threads 1"


def main() -> None:
    """Train, round, save, measure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.npz"
        command = [sys.executable, "-m", "simplenet", "train", "-q", *OPTIONS.split(), "-o", path]
        subprocess.run(command, check=True)
        model = simplenet.load_model(path)
    images, labels = simplenet.load_data("mnist").test
    trained = simplenet.evaluate(model.net, images, labels).accuracy
    model.net.params[:] = model.net.params.astype(np.float16)
    simplenet.save_model(demo_path(), model, overwrite=True)
    rounded = simplenet.evaluate(model.net, images, labels).accuracy
    figures = {
        "options": OPTIONS,
        "test_accuracy": {"as trained": trained, "rounded to float16": rounded},
        "bytes": demo_path().stat().st_size,
    }
    (RESULTS / "demo.json").write_text(as_json("make_demo.py", figures), encoding="utf-8")


if __name__ == "__main__":
    main()
