"""The mistakes of which a net is surest, which are most worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simplenet.functions import Floats


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image that was taken for another class than its own."""

    index: int  # of the image, counted from 0
    truth: int
    prediction: int
    output: float  # for the class that it was taken for: the largest of its outputs


def surest(
    before: Sequence[Mistake], a: Floats, truth: NDArray[np.intp], first: int, most: int
) -> list[Mistake]:
    """Return at most so many mistakes, the largest output first: those before, and of a part more.

    The part has the outputs `a` (n, classes) and the classes `truth` (n,), and begins with the
    image `first`. Of equal outputs, that of the earlier image comes first.
    """
    prediction = a.argmax(axis=1)
    wrong = np.flatnonzero(prediction != truth)
    order = np.argsort(-a[wrong, prediction[wrong]], kind="stable")
    found = [
        Mistake(first + n, int(truth[n]), int(prediction[n]), float(a[n, prediction[n]]))
        for n in wrong[order[:most]].tolist()
    ]
    return sorted([*before, *found], key=lambda mistake: -mistake.output)[:most]
