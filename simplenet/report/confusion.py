"""Which classes are taken for which others: the confusion matrix as text, and its worst entries."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GAP = 2  # spaces between columns
CORNER = "truth"  # what the rows are, above their numbers

Matrix = NDArray[np.intp]  # (classes, classes): images of the class, taken for the class


class Confusion(NamedTuple):
    """How often images of one class are taken for another."""

    truth: int
    prediction: int
    images: int


def commonest(confusion: Matrix, most: int) -> list[Confusion]:
    """Return at most so many confusions, the commonest first, of equal ones the first."""
    wrong = confusion * (1 - np.eye(len(confusion), dtype=confusion.dtype))
    found = []
    for place in np.argsort(-wrong, axis=None, kind="stable")[:most].tolist():
        truth, prediction = divmod(place, len(wrong))
        if wrong[truth, prediction]:
            found.append(Confusion(truth, prediction, int(wrong[truth, prediction])))
    return found


def matrix_lines(confusion: Matrix, width: int) -> list[str]:
    """Return a confusion matrix as lines that fit into `width`, where a point stands for 0.

    If all columns do not fit side by side, those that follow stand below, as far as they fit.
    """
    cells = [[f"{count:,}" if count else "." for count in row] for row in confusion.tolist()]
    names = [str(number) for number in range(len(cells))]
    first = max(len(CORNER), len(names[-1]))
    wide = max(len(text) for row in [names, *cells] for text in row) + GAP
    across = max((width - first) // wide, 1)
    lines: list[str] = []
    for at in range(0, len(cells), across):
        some = slice(at, at + across)
        lines += [""] * bool(lines)
        for name, row in [(CORNER, names), *zip(names, cells)]:
            lines.append(name.rjust(first) + "".join(text.rjust(wide) for text in row[some]))
    return lines
