"""A file is written whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: str | os.PathLike, *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary file that becomes `path` when the block ends well, and vanishes otherwise.

    The file lies beside its target, under a unique name that ends in `.part`; it is on the disk
    before it gets its name, so neither a crash nor a second process leaves half a file there.
    Raise FileExistsError when `overwrite` is false and something of that name is there by then.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(part, path)
        else:
            _claim(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.filename != os.fspath(part):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error  # the name we know
    finally:
        with contextlib.suppress(OSError):  # mostly, it has become the file
            part.unlink()


def _claim(part: Path, path: Path) -> None:
    """Give a finished file its name only if nothing has that name: a link never replaces."""
    try:
        os.link(part, path)
    except OSError:  # taken, or a file system without hard links: reserve the name, then take it
        path.touch(exist_ok=False)
        os.replace(part, path)


def _sync_folder(folder: Path) -> None:
    """Put a rename on the disk, where the system lets a folder be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
