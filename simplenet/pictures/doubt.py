"""Whether what a network says of a picture is to be believed, and if not, why.

There are two ways to doubt. The network itself is in doubt where its second largest output is
nearly as large as the largest; from which margin on it is to be believed was measured on images
that its training held out (training/measured.py). And it may be sure of what is no digit at all,
since it has learned to tell digits apart and nothing else: so a second network is asked, which has
learned from things that are no digit as well (Hendrycks, Mazeika and Dietterich, Deep Anomaly
Detection with Outlier Exposure, 2019). Where it is certain of the same class, the first is
believed even if it was in doubt. scripts/making/second.py made it, and scripts/doubts.py measures
what is flagged; see scripts/notes/doubt.md.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simplenet.errors import with_article
from simplenet.functions import Floats
from simplenet.net import Net, net_around
from simplenet.pictures.pixels import Pixels
from simplenet.training.evaluation import outputs
from simplenet.training.measured import margins
from simplenet.training.modelfile import load_model
from simplenet.training.run import Run

DIGITS = 10  # classes of the second network, and one more: no digit
SIDE = 28
LIKELY = 0.5  # what the second network is to give the class, at least
MARKS = 2  # so many that are left out inside of a digit are no dirt: it is a face
CERTAIN = 0.8  # from which on a small margin of the first is no reason to doubt
# Of networks that were not measured: margins that were found for networks like them.
USUAL_MARGIN = {"softmax": 0.5}
OTHER_MARGIN = 0.3
OF_DIGITS = "mnist", "sample"


class Doubt(NamedTuple):
    """A reason not to believe a prediction, as a word for programs and as words for people."""

    reason: str  # margin, second or unlike
    text: str


class Opinion(NamedTuple):
    """What speaks for and against a prediction."""

    doubt: tuple[Doubt, ...]  # none where it is sure
    margin: float  # the largest output less the second largest
    least_margin: float  # from which on the network is to be believed
    second: int | None  # what the second network reads, None if no digit or not asked
    unlikeness: float | None  # how likely it finds that it is no digit, 0 to 1; None if not asked

    @property
    def sure(self) -> bool:
        """Whether nothing speaks against the prediction."""
        return not self.doubt

    @property
    def text(self) -> str:
        """All of the doubt in words; empty where there is none."""
        return "; ".join(doubt.text for doubt in self.doubt)


def opinion(found: Floats, pixels: Pixels, models: Sequence[Run], marks: int = 0) -> Opinion:
    """Return whether to believe the outputs (classes,) of models, or their mean, for a picture.

    `pixels` (rows, columns) is what the first of them saw, and so many `marks` inside of that were
    left out when it was prepared. These are looked at, and the second network is asked, only where
    all have learned to read the digits that it knows: those of MNIST, of the sample, or, where
    their data are not recorded, images of its size in ten classes. Where it is certain of the class
    they call, their margin is no reason to doubt.
    """
    margin = float(margins(found[None])[0])
    least = float(np.mean([least_margin_of(model) for model in models]))
    close = []
    if margin < least and len(found) > 1:
        other = int(np.argsort(found, kind="stable")[-2])
        names = models[0].data.get("classes") or range(len(found))
        close.append(Doubt("margin", f"{with_article(names[other])} is nearly as likely"))
    if not all(reads_digits(model) for model in models):
        return Opinion(tuple(close), margin, least, None, None)
    shares = outputs(second(), pixels[None])[0]
    called, read = int(found.argmax()), int(shares.argmax())
    doubt = close if shares[called] < CERTAIN else []
    if shares[called] < LIKELY:
        doubt.append(_second_doubt(called, read))
    if marks >= MARKS:
        doubt.append(Doubt("unlike", "there are marks inside that belong to no digit"))
    return Opinion(
        tuple(doubt), margin, least, None if read == DIGITS else read, float(shares[DIGITS])
    )


def _second_doubt(called: int, read: int) -> Doubt:
    """Return the doubt where the second network finds the class called unlikely."""
    if read == DIGITS:
        return Doubt("unlike", "unlike any digit it has learned from")
    if read == called:
        return Doubt("second", "a second network hardly reads it")
    return Doubt("second", f"a second network reads {with_article(read)}")


def least_margin_of(model: Run) -> float:
    """Return from which margin on a model is to be believed: its own, or one usual for its kind."""
    measured: float | None = model.measured.get("margin")
    if measured is None:
        return USUAL_MARGIN.get(model.net.activations[-1], OTHER_MARGIN)
    return measured


def reads_digits(model: Run) -> bool:
    """Return whether a model has learned to read the digits that the second network knows."""
    size, name = model.data.get("size", [SIDE, SIDE]), model.data.get("name")
    return (
        (model.net.shape[0], model.net.shape[-1]) == (SIDE * SIDE, DIGITS)
        and [*size] in ([SIDE, SIDE], [SIDE * SIDE])
        and (name is None or name in OF_DIGITS)
    )


@cache
def second() -> Net:
    """Return the second network: ten digits, and a class for what is none."""
    net = load_model(Path(__file__).with_name("second.npz")).net
    return net_around(net.params.astype(np.float32), net.shape, net.activations, net.cost)
