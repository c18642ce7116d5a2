"""A download is a file that arrives whole and right, or not at all."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from simplenet.errors import DataError
from simplenet.files import replacing
from simplenet.version import __version__

SLOWEST = 1000  # bytes a second; a connection below that counts as stalled
_CHUNK = 1 << 16

Progress = Callable[[str, int, int], None]


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
    """Bring the file `name` from the first of the mirrors (base URLs) that has it, into `target`.

    The target appears only when all `size` bytes are there and have the SHA-256. `timeout` is in
    seconds: for a mirror to answer at all, and for any pause thereafter. `progress(name, bytes,
    size)` is called as bytes arrive. Return the mirror that served; raise DataError, with what
    each of them did, if none could.
    """
    failures = []
    for mirror in mirrors:
        try:
            with replacing(target) as file:
                sha = hashlib.sha256()
                for chunk in _chunks(mirror + name, size, timeout, name, progress):
                    sha.update(chunk)
                    file.write(chunk)
                if sha.hexdigest() != sha256:
                    raise _Refused(f"expected SHA-256 {sha256}, found {sha.hexdigest()}")
            return mirror
        except _Refused as refusal:
            failures.append(f"{mirror} ({refusal})")
    raise DataError(f"{name}: could not be downloaded from " + " nor from ".join(failures) + ".")


class _Refused(Exception):
    """What a mirror did instead of serving the file."""


def _chunks(url: str, size: int, timeout: float, name: str, progress: Progress | None):
    """Give the bytes of a URL as they come, exactly `size` of them, or raise _Refused."""
    # Slow to import, and most runs find their data on the disk.
    from http.client import HTTPException
    from urllib.error import HTTPError

    try:
        with _open(url, timeout) as answer:
            told = answer.headers.get("Content-Length")
            if told is not None and told != str(size):
                kind = answer.headers.get("Content-Type", "unknown type")
                raise _Refused(f"expected {size:,} bytes, offered {told} of {kind}")
            received, mark, marked = 0, time.monotonic(), 0
            while chunk := answer.read1(_CHUNK):
                received += len(chunk)
                if received > size:
                    raise _Refused(f"expected {size:,} bytes, found more")
                yield chunk
                if progress:
                    progress(name, received, size)
                now = time.monotonic()
                if now - mark > timeout:
                    if received - marked < SLOWEST * timeout:
                        raise _Refused(f"stalled after {received:,} of {size:,} bytes")
                    mark, marked = now, received
    except TimeoutError as error:
        raise _Refused(f"no answer for {timeout:g} s") from error
    except HTTPError as error:
        raise _Refused(f"answered {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:  # URLError is an OSError, and wraps the real reason
        reason = getattr(error, "reason", error)
        raise _Refused(getattr(reason, "strerror", None) or repr(reason)) from error
    if received < size:
        raise _Refused(f"broke off after {received:,} of {size:,} bytes")


def _open(url: str, timeout: float):
    """Open a URL within `timeout` seconds, everything included.

    A socket's own timeout does not cover looking up the host, which can take half a minute where
    there is no network; hence a thread that is left behind when it takes too long.
    """
    from urllib.request import Request, urlopen

    request = Request(url, headers={"User-Agent": f"simplenet/{__version__}"})
    outcome: list = []

    def attempt():
        try:
            outcome.append(urlopen(request, timeout=timeout))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(timeout)
    if not outcome:
        raise TimeoutError
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
