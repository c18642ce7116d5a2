"""The sample: synthetic handwritten digits, so that the network can be tried without MNIST."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from making import Files
from making.handwriting import draw
from simplenet.datasets.idx import write_idx

FOLDER = "data/sample"
TRAIN, TEST = 0, 1
COUNTS = {TRAIN: 24_000, TEST: 3_000}
NAMES = {TRAIN: "train", TEST: "t10k"}


def files(counts: Mapping[int, int] = COUNTS) -> Files:
    """Return so many images of each half and their labels, as gzipped IDX files."""
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for half, name in NAMES.items():
            images, labels = draw(half, 0, counts[half])
            for kind, array in ("images-idx3", images), ("labels-idx1", labels):
                path = Path(folder) / f"{name}-{kind}-ubyte.gz"
                write_idx(path, array)
                made[f"{FOLDER}/{path.name}"] = path.read_bytes()
    return made
