"""Share work among threads: what comes out never depends on how many there are.

Work is cut into parts by its size alone, and each part is done by one thread, whichever is free.
numpy lets go of the interpreter while it computes, so threads of one process run side by side.
They sleep while they wait: where another program keeps a core busy, that costs no more than the
core's share, while the threads of a BLAS, which wait in loops, take many times as long.
"""

import contextlib
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Lock, Thread, local
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from simplenet.memory import pieces

Part = TypeVar("Part")
Result = TypeVar("Result")

_threads = 1  # with the one that calls
_limit = local()  # of a thread that calls: fewer than that, for a while
_helpers = 0  # threads that have been started
_active = 0  # of those, at work
_counting = Lock()  # which only helpers take
_offered: SimpleQueue["_Work"] = SimpleQueue()


def use_threads(threads: int) -> None:
    """Share work among so many threads from now on; BLAS should then use one itself."""
    global _threads
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads: expected a whole number of at least 1, found {threads}.")
    _threads = threads


def share(function: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """Return what the function returns for each part, in their order; raise what it raises.

    Parts are done by any thread, under the `np.errstate` of the caller. When this returns or
    raises, no thread is at work on any of them, but for a Ctrl-C in a few of its own lines: see
    `settle`.
    """
    parts = list(parts)
    threads = min(getattr(_limit, "threads", _threads), len(parts))
    if threads <= 1:
        return [function(part) for part in parts]
    work = _Work(function, parts)
    try:
        _offer(work, threads - 1)
        work.take_part()
    finally:
        work.wait()
    if work.error:
        raise work.error
    return work.results


def settle() -> None:
    """Wait until no helper is at work on anything.

    Ctrl-C may come where `share` cannot even begin to wait. Whoever puts things back waits here.
    """
    quiet = 0
    while quiet < 2:  # twice: a helper may just have taken what was offered
        with contextlib.suppress(KeyboardInterrupt):
            quiet = 0 if _active or not _offered.empty() else quiet + 1
            time.sleep(0.001)


def in_pieces(function: Callable[..., Result], *arrays: NDArray[Any]) -> list[Result]:
    """Return what the function returns for each piece of some arrays of one size.

    Those that it writes into have to be contiguous, in the order of C.
    """
    vectors = [array.reshape(-1) for array in arrays]
    return share(lambda piece: function(*(v[piece] for v in vectors)), pieces(vectors[0].size))


class Pace:
    """Find out, now and then, whether threads help: other programs may need the cores.

    In the middle of every `PERIOD` blocks of work some are done by one thread, and the next by all;
    the way whose quickest block took less time for each item does what follows. A single block says
    little: threads that have slept have cold caches, and any moment may belong to another program.
    What is over sooner is not worth a trial, which itself takes time.
    """

    PERIOD = 64
    TRIAL = ("alone",) * 2 + ("together",) * 3

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.blocks = 0
        self.way = "together"
        self.quickest = {"alone": math.inf, "together": math.inf}  # seconds for an item, in a trial

    @contextlib.contextmanager
    def block(self, items: int) -> Iterator[None]:
        """Do a block of so many items by as many threads as helped when it was tried last."""
        at = self.blocks % self.PERIOD - self.PERIOD // 2  # in the trial, from 0 on
        trial = self.TRIAL[at] if 0 <= at < len(self.TRIAL) else None
        if at == 0:
            self.quickest = dict.fromkeys(self.quickest, math.inf)
        if (trial or self.way) == "alone":
            _limit.threads = 1
        began = self.clock()
        try:
            yield
        finally:
            _limit.__dict__.clear()
        if trial:
            self.quickest[trial] = min(self.quickest[trial], (self.clock() - began) / items)
            self.way = min(self.quickest, key=self.quickest.__getitem__)
        self.blocks += 1


class _Work:
    """Parts to be done, and what came of them."""

    def __init__(self, function: Callable[[Any], Any], parts: list[Any]) -> None:
        self.function = function
        self.results: list[Any] = [None] * len(parts)
        self.left = deque(enumerate(parts))
        self.running = 0  # helpers that are at work on it
        self.ended: SimpleQueue[None] = SimpleQueue()  # something for each that was
        self.error: BaseException | None = None
        self.errors_of_caller, self.callback = np.geterr(), np.geterrcall()

    def take_part(self) -> None:
        """Do one part after another until none is left."""
        while self.left:
            try:
                number, part = self.left.popleft()
            except IndexError:  # another thread was quicker
                return
            self.results[number] = self.function(part)

    def help(self) -> None:
        """Do the same in another thread, and keep what is raised for the one that waits."""
        with _counting:
            self.running += 1
        try:
            np.seterrcall(self.callback)
            with np.errstate(**self.errors_of_caller):
                self.take_part()
        except BaseException as error:
            self.left.clear()
            self.error = error
        with _counting:
            self.running -= 1
        self.ended.put(None)

    def wait(self) -> None:
        """Wait until no helper is at work; Ctrl-C has to wait, too, as they write into arrays."""
        interrupted: KeyboardInterrupt | None = None
        while True:
            try:
                self.left.clear()
                while self.running:
                    self.ended.get()
                break
            except KeyboardInterrupt as error:
                interrupted = error
        if interrupted:
            raise interrupted


def _offer(work: _Work, helpers: int) -> None:
    """Ask so many helpers to take part; where all are busy elsewhere, it is done without them."""
    global _helpers
    with contextlib.suppress(RuntimeError):  # the system allows no more threads
        while _helpers < helpers:
            Thread(target=_serve, name="simplenet", daemon=True).start()
            _helpers += 1
    for _ in range(min(helpers, _helpers)):
        _offered.put(work)


def _serve() -> None:
    global _active
    while True:
        work = _offered.get()
        with _counting:
            _active += 1
        work.help()
        with _counting:
            _active -= 1


def _forget_helpers() -> None:
    """Begin anew in a forked process: threads do not come along."""
    global _helpers, _active, _counting, _offered
    _helpers, _active, _counting, _offered = 0, 0, Lock(), SimpleQueue()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)
