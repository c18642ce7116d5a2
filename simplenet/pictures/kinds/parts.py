"""A file made of parts of others, so that a reader sees only what it needs."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO

Part = tuple[BinaryIO, int, int]  # a file, where in it the part begins, and how long it is


def joined(parts: Sequence[Part]) -> BinaryIO:
    """Return a file that reads as these parts of others, one after the other."""
    return io.BufferedReader(_Joined(parts), 2**16)


class _Joined(io.RawIOBase):
    """What `joined` returns, before it is buffered. Nothing is copied; it closes none of them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__()
        self._parts, self._place = list(parts), 0
        self._begins = [0, *accumulate(length for _, _, length in parts)]

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from any place."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, and return it."""
        place = offset + (0, self._place, self._begins[-1])[whence]
        if place < 0:
            raise OSError("expected a place in the file, found one before it")
        self._place = place
        return place

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Read into the buffer as much as is left of the part, and return how much that is."""
        number = bisect_right(self._begins, self._place) - 1
        if number >= len(self._parts):
            return 0
        file, start, length = self._parts[number]
        within = self._place - self._begins[number]
        file.seek(start + within)
        data = file.read(min(len(buffer), length - within))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)
