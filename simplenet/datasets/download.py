"""A download is a file that arrives whole and right, or not at all."""

import contextlib
import hashlib
import queue
import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from simplenet.errors import DataError, reason
from simplenet.files import atomic_write
from simplenet.version import __version__

SLOWEST = 1000  # bytes a second; a connection below that counts as stalled
_CHUNK = 1 << 16

Progress = Callable[[str, int, int], None]
READING = "reading pictures"  # what a report of progress calls what is no download


def download(
    name: str,
    mirrors: Sequence[str],
    target: Path,
    *,
    size: int,
    sha256: str,
    timeout: float,
    progress: Progress | None = None,
) -> str:
    """Download the file `name` into `target` from the first mirror (a base URL) that has it.

    The target appears only when all `size` bytes are there and have the SHA-256. A mirror that
    brings fewer than SLOWEST bytes a second for `timeout` seconds, the first of which begins
    before its host is looked up, is given up. `progress(name, bytes, size)` is called as bytes
    arrive. Return the mirror that served; raise DataError, with what each of them did, if none
    did.
    """
    failures: list[str] = []
    for mirror in mirrors:
        try:
            with atomic_write(target) as file:
                sha = hashlib.sha256()
                for chunk in _chunks(mirror + name, size, timeout):
                    sha.update(chunk)
                    file.write(chunk)
                    if progress:
                        progress(name, file.tell(), size)
                if sha.hexdigest() != sha256:
                    raise _Refused(f"expected SHA-256 {sha256}, found {sha.hexdigest()}")
            return mirror
        except _Refused as refusal:
            # shorten: a server's reason may be many lines, and an error is one.
            failures.append(f"{mirror} ({textwrap.shorten(str(refusal), 200)})")
    raise DataError(
        f"{name}: could not be downloaded from {' nor from '.join(failures)}: try again later, or "
        f"bring it from elsewhere and save it as {target}."
    )


class _Refused(Exception):
    """What a mirror did instead of serving the file."""


def _chunks(url: str, size: int, timeout: float) -> Iterator[bytes]:
    """Yield the bytes of a URL as they come, exactly `size` of them, or raise _Refused.

    They come through a thread, which is left behind when it takes too long: a socket's own
    timeout covers neither looking up the host, half a minute where there is no network, nor an
    answer that drips in byte by byte.
    """
    # A chunk, what went wrong, or None at the end; not so many that they fill the memory.
    arrivals: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=64)
    line = _Line()

    def receive() -> None:
        try:
            for chunk in _receive(url, size, 2 * timeout, line):
                arrivals.put(chunk)
                if line.cut:
                    return
            arrivals.put(None)
        except BaseException as error:
            arrivals.put(error)

    try:
        threading.Thread(target=receive, daemon=True).start()
    except RuntimeError as error:  # the system allows no more of them
        raise _Refused(error) from error
    received, mark, due = 0, 0, time.monotonic() + timeout
    try:
        while True:
            try:
                arrival = arrivals.get(timeout=max(0, due - time.monotonic()))
            except queue.Empty:
                if received - mark < SLOWEST * timeout:
                    what = f"stalled after {received:,} of {size:,} bytes"
                    raise _Refused(what if received else f"no answer for {timeout:g} s") from None
                mark, due = received, time.monotonic() + timeout
                continue
            if arrival is None:
                return
            if isinstance(arrival, BaseException):
                raise arrival
            received += len(arrival)
            yield arrival
    finally:
        line.hang_up()
        with contextlib.suppress(queue.Empty):  # let the thread go on, and find that it is over
            while True:
                arrivals.get_nowait()


class _Line:
    """The connection of a download, so that another thread can end it."""

    def __init__(self) -> None:
        self.cut = False
        self._sockets: list[socket.socket] = []

    def connect(self, *args: Any, **kwargs: Any) -> socket.socket:
        """Connect as socket.create_connection does; end what there was before a redirect."""
        self._end()
        made = socket.create_connection(*args, **kwargs)
        self._sockets.append(made.dup())  # encryption takes the other over
        if self.cut:
            self._end()
        return made

    def hang_up(self) -> None:
        """End the connection, whoever still reads from it, and any that is made later."""
        self.cut = True
        self._end()

    def _end(self) -> None:
        while self._sockets:
            with contextlib.suppress(OSError), self._sockets.pop() as connection:
                connection.shutdown(socket.SHUT_RDWR)


def _receive(url: str, size: int, timeout: float, line: _Line) -> Iterator[bytes]:
    """Yield the bytes of a URL, exactly `size` of them, or raise _Refused, whatever goes wrong."""
    received = 0
    try:
        # Slow to import, and most runs find their data on the disk.
        from simplenet.datasets.opener import make_opener

        agent = {"User-Agent": f"simplenet/{__version__}"}
        with make_opener(line.connect, agent).open(url, timeout=timeout) as response:
            length_header = response.headers.get("Content-Length")
            kind = response.headers.get("Content-Type", "unknown type")
            if length_header is not None and length_header != str(size):
                raise _Refused(f"expected {size:,} bytes, offered {length_header} of {kind}")
            while chunk := response.read1(_CHUNK):
                received += len(chunk)
                if received > size:
                    raise _Refused(f"expected {size:,} bytes, found more")
                yield chunk
    except _Refused:
        raise
    except Exception as error:  # what a server sends may lead to any of them
        raise _Refused(_why(error)) from error
    if received < size:
        raise _Refused(f"broke off after {received:,} of {size:,} bytes of {kind}")


def _why(error: Exception) -> str:
    """Say what went wrong with a connection."""
    from urllib.error import HTTPError

    if isinstance(error, HTTPError):
        error.close()
        return f"answered {error.code} {error.reason}"
    return reason(getattr(error, "reason", error))  # URLError wraps the real one
