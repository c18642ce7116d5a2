"""What a model remembers of the test images, and from which margin on it is to be believed.

The margin of a prediction is the largest output less the second largest. A net is mostly wrong
where it is small, but how small is small differs between nets: so it is measured, on the images
that training held out (as risk is against coverage in Geifman and El-Yaniv, Selective
Classification for Deep Neural Networks, 2017).
"""

import hashlib
import math

import numpy as np

from simplenet.functions import Floats
from simplenet.net import Net
from simplenet.training.batches import Images, Labels
from simplenet.training.evaluation import Score, outputs
from simplenet.training.order import split
from simplenet.training.run import Run

DOUBTED = 0.02  # this part of the right predictions has a smaller margin than is to be believed
FEWEST = 100  # right predictions from which that can be told
MOST = 5000  # images at a time: each is copied


def margins(a: Floats) -> Floats:
    """Return the largest of the outputs (n, classes) less the second largest, (n,).

    Of a net with one output, that is the output.
    """
    a = a.astype(np.float64)
    if a.shape[-1] < 2:
        return a[..., 0]
    two = np.partition(a, -2, axis=-1)
    difference: Floats = two[..., -1] - two[..., -2]
    return difference


def least_margin(net: Net, images: Images, labels: Labels) -> float | None:
    """Return the margin that a small part, DOUBTED, of the right predictions do not reach.

    None where too few images (n, ...) are predicted right to tell. Raise what `outputs` does.
    """
    right = []
    for first in range(0, len(images), MOST):
        a = outputs(net, images[first : first + MOST])
        right.append(margins(a)[a.argmax(axis=1) == labels[first : first + MOST]])
    found = np.sort(np.concatenate([*right, np.empty(0)]))
    if len(found) < FEWEST:
        return None
    return float(found[math.floor(DOUBTED * len(found))])


def least_margin_held_out(run: Run, images: Images, labels: Labels) -> float | None:
    """Return `least_margin` on those of the training images that the run holds out."""
    _, held_out = split(len(images), run.settings["validation"])
    return least_margin(run.network, images[held_out], labels[held_out])


def remember(
    run: Run, score: Score, data: str, sha256: dict[str, str], margin: float | None
) -> None:
    """Write into a run what its network scores on the test images of some data.

    `sha256` are the digests of the test files, `margin` what `least_margin` returned. Training on
    forgets it, and what is saved with other weights does not have it.
    """
    run.measured = {
        "epoch": run.epoch,
        "data": data,
        "sha256": sha256,
        "images": int(score.total.sum()),
        "accuracy": score.accuracy,
        "cost": score.cost,
        "margin": margin,
        "weights": digest_of(run.network),
    }


def digest_of(net: Net) -> str:
    """Return the SHA-256 of the parameters of a net, little end first."""
    order = net.params.dtype.newbyteorder("<")
    params = np.ascontiguousarray(net.params, order)
    return hashlib.sha256(params.view(np.uint8).data).hexdigest()
