"""Which images are learned from, and in which order: numbers, drawn from a seed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simplenet.streams import stream

Indices = NDArray[np.integer[Any]]


class Together(NamedTuple):
    """How many images are shuffled together."""

    most: int = 1 << 24  # all of them, up to so many: each order of these takes 64 MB
    chunk: int = 1 << 12  # beyond that: images that lie, and are read, together
    window: int = 1 << 8  # and chunks whose images are mixed with each other


TOGETHER = Together()


def split(
    count: int, validation: int | None, together: Together = TOGETHER
) -> tuple[Indices | Others, Indices]:
    """Divide `count` training images: indices to learn from, indices to validate on.

    None holds out the smaller of 5,000 and a sixth. The division is always the same, so that
    runs with different seeds can be compared. More than `together.most` images are never
    shuffled all at once. Raise ValueError if nothing is left to learn from.
    """
    if validation is None:
        validation = min(5000, count // 6)
    if validation >= count:
        raise ValueError(
            f"validation: expected fewer than the {count:,} training images, found {validation:,}."
        )
    rng = stream(0, "order")
    if count > together.most:
        ends = np.arange(validation + 1) * count // max(validation, 1)
        held_out = rng.integers(ends[:-1], ends[1:])  # one from each part: they are in order
        return Others(count, held_out), held_out
    order = np.arange(count, dtype=np.int32)
    rng.shuffle(order)
    return order[validation:], order[:validation]


class Others:
    """All of `count` numbers but those held out, which are in order: a list that takes no room."""

    def __init__(self, count: int, held_out: Indices) -> None:
        self.count, self.before = count - len(held_out), held_out - np.arange(len(held_out))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, at: Indices) -> Indices:
        return at + np.searchsorted(self.before, at, "right")  # as many are passed over


def shuffled(
    learned: Indices | Others, seed: int, epoch: int, together: Together = TOGETHER
) -> Indices | Windowed:
    """Draw the order of an epoch: it depends on nothing but the seed and the epoch's number.

    What is too much to be shuffled all at once is read by `chunk` images, of which those in
    `window` chunks are mixed.
    """
    if isinstance(learned, Others):
        return Windowed(learned, seed, epoch, together.chunk, together.window)
    return stream(seed, "order", epoch).permutation(learned)


class Windowed:
    """An order that is drawn piece by piece, when a slice of it is asked for.

    Chunks of neighbours come in a random order, and all images of a window, some chunks that come
    together, are mixed. So little memory is needed, and what is read lies near together. The
    images that are left over, fewer than a chunk, come in the last window.
    """

    def __init__(self, learned: Others, seed: int, epoch: int, chunk: int, window: int) -> None:
        self.learned, self.seed, self.epoch = learned, seed, epoch
        self.chunk, self.window = chunk, window
        full, rest = divmod(len(learned), chunk)
        chunks = stream(seed, "order", epoch).permutation(full)
        self.chunks = np.append(chunks, [full] * bool(rest)).astype(np.intp)
        self.number = -1  # of the window that was drawn last
        self.drawn: Indices = np.empty(0, np.intp)  # its images

    def __len__(self) -> int:
        return len(self.learned)

    def __getitem__(self, part: slice) -> Indices:
        size, (start, stop, _) = self.chunk * self.window, part.indices(len(self))
        pieces = [
            self._draw(number)[max(start - number * size, 0) : stop - number * size]
            for number in range(start // size, -(-stop // size))
        ]
        return np.concatenate(pieces) if start < stop else np.empty(0, np.intp)

    def _draw(self, number: int) -> Indices:
        """Return the images of a window, in their order."""
        if number != self.number:
            chunks = self.chunks[number * self.window : (number + 1) * self.window]
            at: Indices = np.add.outer(chunks * self.chunk, np.arange(self.chunk)).ravel()
            drawn = self.learned[at[at < len(self)]]  # the last chunk may be short
            stream(self.seed, "window", self.epoch, number).shuffle(drawn)
            self.number, self.drawn = number, drawn
        return self.drawn
