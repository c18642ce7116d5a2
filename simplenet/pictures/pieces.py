"""The pieces that ink is made of, and which of them are no part of a digit: lines, frames, dirt."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simplenet.pictures.pixels import Pixels, greatest, opened_in_column

# Chosen as those of prepare.py are.
LONG = 5  # a line is made of runs of this part of the picture, and goes all through it
SLOPE = 10  # rises by at most this part of its length
PEN = 3  # along a line, what has more than so many halves of its ink is a pen
THIN = 20  # and is no thicker than this part of the picture
TALL = 4  # where a piece is as high as this part of the picture, a digit lies inside
EDGE = 2  # else a piece cut by the edge has more than so many times the ink of one inside
SPECK = 8  # what has less ink than this part of the largest piece is dirt
MARK = 128  # what has less than this part of all that is kept is not even a mark


class Piece(NamedTuple):
    """Pixels that touch: the box around them, whether an edge cuts it, their ink, their places."""

    top: int
    bottom: int
    left: int
    right: int
    cut: bool
    amount: int
    places: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

    @property
    def height(self) -> int:
        """Return how many rows it spans."""
        return self.bottom - self.top


def pieces(ink: Pixels) -> list[Piece]:
    """Return the pieces of the ink, of pixels that touch, if only at a corner."""
    width = ink.shape[1] + 2
    padded = np.pad(ink, 1).ravel()  # so that every pixel has eight neighbours
    values = padded.tolist()
    steps = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    found = []
    for start in padded.nonzero()[0].tolist():
        if not values[start]:
            continue  # in a piece found before
        piece, values[start] = [start], 0
        for place in piece:  # the loop reaches what it appends, until nothing more touches it
            for step in steps:
                if values[place + step]:
                    values[place + step] = 0
                    piece.append(place + step)
        rows, columns = np.divmod(np.array(piece), width)
        rows, columns = rows - 1, columns - 1
        top, left = int(rows.min()), int(columns.min())
        bottom, right = int(rows.max()) + 1, int(columns.max()) + 1
        cut = top == 0 or left == 0 or bottom == ink.shape[0] or right == ink.shape[1]
        amount = int(ink[rows, columns].sum())
        found.append(Piece(top, bottom, left, right, cut, amount, (rows, columns)))
    return found


def without_lines(ink: Pixels, before: Pixels) -> Pixels:
    """Return the ink without thin straight lines from edge to edge, such as paper is ruled with.

    Where that would be nothing, a line is the digit. `before` is the ink before it was stretched.
    """
    clean = without_rules(without_rules(ink, before).T, before.T).T
    return clean if clean.any() else ink


def without_rules(ink: Pixels, before: Pixels) -> Pixels:
    """Return the ink without lines from left to right, but for where something crosses them.

    A line is long runs in one row after another, from edge to edge. Each pixel is taken for one
    wider to all sides there, so that neither gaps nor steps end a run. How thick a line is, is told
    by the thinnest quarter of it: a digit may stand on the rest. A pen that goes along a line is
    known by its stronger ink.
    """
    rows, columns = ink.shape
    runs = opened_in_column(greatest(ink, 1).T, max(columns // LONG // 2, 1)).T
    clean = ink.copy()
    for piece in pieces(runs):
        if piece.left > 0 or piece.right < columns:
            continue
        above, beside = piece.places
        thick = max(int(np.sort(np.bincount(beside))[columns // 4]) - 2, 1)
        rise = abs(int(above[beside == 0].min()) - int(above[beside == columns - 1].min()))
        if thick * THIN <= max(rows, columns) and rise * SLOPE <= columns:
            amounts = before[piece.places].astype(np.int64)
            strengths = np.zeros(columns, np.int64)
            np.maximum.at(strengths, beside, amounts)
            no_pen = 2 * amounts <= PEN * np.sort(strengths)[columns // 2]
            line = above[no_pen], beside[no_pen]
            high = opened_in_column(ink, thick // 2 + 1)
            clean[line] = np.minimum(clean, high)[line]
    return clean


def without_dirt(ink: Pixels) -> Pixels:
    """Return the ink without specks, frames and what the edge cuts: a table, a thumb, a shadow.

    A digit that the edge cuts stays: only where something as high as a digit lies inside, or with
    much more ink, it is dirt. A frame is what has a digit inside.
    """
    found = pieces(ink)
    longer = max(ink.shape)
    high = [piece for piece in found if piece.height * TALL >= longer]
    found = [piece for piece in found if not any(encloses(piece, other) for other in high)]
    inside = [piece for piece in found if not piece.cut]
    if any(piece.height * TALL >= longer for piece in inside):
        found = inside
    else:
        much = EDGE * max((piece.amount for piece in inside), default=0)
        found = [piece for piece in found if not piece.cut or piece.amount > much]
    most = max(piece.amount for piece in found)
    clean = np.zeros_like(ink)
    for piece in found:
        if piece.amount * SPECK >= most:
            clean[piece.places] = ink[piece.places]
    return clean


def marks_inside(ink: Pixels, kept: Pixels) -> int:
    """Return how many pieces of the ink are not kept though they lie within the box of what is.

    Eyes and mouths do, as dirt hardly does twice: dust, with less ink, is not counted.
    """
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    least = int(kept.sum(dtype=np.int64))
    return sum(
        piece.amount * MARK >= least
        and bool(rows[0] < piece.top and piece.bottom <= rows[-1])
        and bool(columns[0] < piece.left and piece.right <= columns[-1])
        and not kept[piece.places].any()
        for piece in pieces(ink)
    )


def encloses(frame: Piece, piece: Piece) -> bool:
    """Return whether a piece lies within the box of another, and is at least a third as high."""
    return (
        frame.top < piece.top
        and frame.left < piece.left
        and frame.bottom > piece.bottom
        and frame.right > piece.right
        and 3 * piece.height >= frame.height
    )
