"""Ctrl-C, a request to end, a closed terminal: held while a step or a file is half done."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """One of these signals: the program is to end."""

    number = signal.SIGINT


class Terminated(Interrupted):
    """The system asks the program to end."""

    number = signal.SIGTERM


class HungUp(Interrupted):
    """The terminal has been closed."""

    number = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none


WORDS: dict[type[BaseException], str] = {
    Interrupted: "interrupted",
    Terminated: "terminated",
    HungUp: "hung up",
}
KINDS = {kind.number: kind for kind in (HungUp, Terminated, Interrupted)}


def exit_code(error: BaseException | None) -> int:
    """Return the exit code that says which signal ended the program."""
    return 128 + getattr(error, "number", signal.SIGINT)


def word(error: BaseException) -> str:
    """Return the word that says the same to a person."""
    return WORDS.get(type(error), "interrupted")


def install() -> None:
    """Turn each of the signals into its exception, and end at once on a second Ctrl-C.

    While a module is being imported they end the program at once: an exception there may be taken
    for a failed import, or, in a callback of the import system, be printed and lost. What is
    ignored, as Ctrl-C is by a script's background job, stays ignored.
    """
    asked = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if _is_importing(frame) or (asked and number == signal.SIGINT):
            _leave(number)
        asked = True
        raise KINDS[signal.Signals(number)]

    for number in _handled():
        signal.signal(number, interrupt)


def _leave(number: int) -> None:
    """End the program at once. What is said goes past Python's streams, which may be in use."""
    with contextlib.suppress(OSError):
        os.write(2, f"Error: {word(KINDS[signal.Signals(number)]())}.\n".encode())
    os._exit(128 + number)


def ignore() -> None:
    """Ignore all of the signals: everything is done, and Python is about to end."""
    for number in KINDS:
        signal.signal(number, signal.SIG_IGN)


def _handled() -> list[signal.Signals]:
    """Return which of the signals are not ignored."""
    return [number for number in KINDS if signal.getsignal(number) != signal.SIG_IGN]


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a module is being imported in this frame, or in one that called it."""
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
        frame = frame.f_back
    return frame is not None


@contextlib.contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Hold the signals, until the block calls what it is given.

    So none comes between two halves of a step, nor while a model is being saved. A second Ctrl-C
    ends the program at once: whoever presses it twice does not want to wait, and what has been
    saved is whole. Others may be sent twice by nobody in haste, and are held like the first. A
    signal that is ignored, as Ctrl-C is by a script's background job, stays ignored.
    """
    pending: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        if pending and number == signal.SIGINT:
            _leave(number)
        pending.append(number)

    handlers = {number: signal.getsignal(number) for number in _handled()}
    for number in handlers:
        signal.signal(number, hold)

    def release() -> None:
        if pending:
            raise KINDS[signal.Signals(pending[0])]

    try:
        yield release
    finally:
        for number, old in handlers.items():
            signal.signal(number, old)
    release()
