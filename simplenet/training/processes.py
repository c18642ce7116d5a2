"""An executor of processes, of which each may die without the others.

When one process of a `ProcessPoolExecutor` dies, all of its work is lost. Here every process has a
thread of its own, which gives it work, waits, and starts another process in its place.
"""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Not forked: the threads of this process, and what they hold, would be missing there.
_CONTEXT = get_context("spawn")


class Processes(Executor):
    """So many processes. A future raises `BrokenExecutor` if its process died; others go on."""

    def __init__(self, count: int) -> None:
        # It would let Ctrl-C through to the thread that starts it, and so to its processes.
        resource_tracker.ensure_running()
        self._threads = ThreadPoolExecutor(count, "processes", initializer=_hold_ctrl_c)
        self._own = threading.local()  # of a thread: its process
        self._workers: set[_Worker] = set()
        self._lock, self._killed = threading.Lock(), False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return the future of a call in one of the processes, to which all of it is pickled."""
        return self._threads.submit(self._call, partial(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when all that was submitted is done."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self.kill()

    def kill(self) -> None:
        """End the processes at once, whatever they are doing."""
        with self._lock:
            self._killed = True
            for worker in self._workers:
                worker.process.kill()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        """End the processes: at once after an error, and else when all is done."""
        if kind is not None:
            self.kill()
        self.shutdown(cancel_futures=kind is not None)

    def _call(self, work: Callable[[], T]) -> T:
        """Have the process of this thread do some work; start one if there is none."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = self._start()
        try:
            worker.connection.send(work)
            result, error = worker.connection.recv()
        except (EOFError, OSError) as end:
            self._own.worker = None
            with self._lock:
                self._workers.discard(worker)
            raise BrokenExecutor("the process that was at work has died") from end
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]  # what came through the pipe

    def _start(self) -> "_Worker":
        with self._lock:
            if self._killed:
                raise BrokenExecutor("the processes have been ended")
            worker = _Worker()
            self._workers.add(worker)
            return worker


class _Worker:
    """A process, and the connection to it."""

    def __init__(self) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()  # so that it is read to its end when the process dies


def _hold_ctrl_c() -> None:
    """Hold Ctrl-C in this thread and the processes that it starts: only the first one is to act."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _serve(connection: "Connection[Any, Any]") -> None:
    """Do what comes through the connection until it is closed, or the parent has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            work = connection.recv()
        except EOFError:
            return
        answer: tuple[Any, Exception | None]
        try:
            answer = work(), None
        except Exception as error:
            answer = None, error
        connection.send(answer)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # this runs in a child only
    parent.join()
    signal.raise_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
