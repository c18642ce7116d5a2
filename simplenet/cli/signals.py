"""Ctrl-C and the system's request to end, held back while a step or a file is half done."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The system asks the program to end; handled like Ctrl-C, with an exit code of its own."""


def install() -> None:
    """Turn Ctrl-C into KeyboardInterrupt and the request to end into Terminated.

    What is ignored, as Ctrl-C is by a script's background job, stays ignored.
    """

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) != signal.SIG_IGN:
        signal.signal(signal.SIGTERM, terminate)


@contextlib.contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C and the system's request to end, until the block calls what it is given.

    So neither comes between two halves of a step, nor while a model is being saved. A signal that
    is ignored, as Ctrl-C is by a script's background job, stays ignored.
    """
    pending: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        pending.append(number)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handlers = {number: old for number, old in handlers.items() if old != signal.SIG_IGN}
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
