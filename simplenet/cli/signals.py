"""Ctrl-C and the system's request to end, held back while a step or a file is half done."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The system asks the program to end; handled like Ctrl-C, with an exit code of its own."""


def exit_code(error: BaseException | None) -> int:
    """Return the exit code that says which of the two ended the program."""
    return 143 if isinstance(error, Terminated) else 130


def word(error: BaseException) -> str:
    """Return the word that says the same to a person."""
    return "terminated" if isinstance(error, Terminated) else "interrupted"


def install() -> None:
    """Turn Ctrl-C into KeyboardInterrupt and the request to end into Terminated.

    While a module is being imported they end the program at once: an exception there may be taken
    for a failed import, or, in a callback of the import system, be printed and lost. What is
    ignored, as Ctrl-C is by a script's background job, stays ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            os._exit(128 + number)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    for number in _handled():
        signal.signal(number, interrupt)


def ignore() -> None:
    """Ignore Ctrl-C and the request to end: everything is done, and Python is about to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _handled() -> list[signal.Signals]:
    """Return which of the two signals are not ignored."""
    both = signal.SIGINT, signal.SIGTERM
    return [number for number in both if signal.getsignal(number) != signal.SIG_IGN]


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a module is being imported in this frame, or in one that called it."""
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
        frame = frame.f_back
    return frame is not None


@contextlib.contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C and the system's request to end, until the block calls what it is given.

    So neither comes between two halves of a step, nor while a model is being saved. A signal that
    is ignored, as Ctrl-C is by a script's background job, stays ignored.
    """
    pending: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        pending.append(number)

    handlers = {number: signal.getsignal(number) for number in _handled()}
    for number in handlers:
        signal.signal(number, hold)

    def release() -> None:
        if pending:
            raise Terminated if pending[0] == signal.SIGTERM else KeyboardInterrupt

    try:
        yield release
    finally:
        for number, old in handlers.items():
            signal.signal(number, old)
    release()
