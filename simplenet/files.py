"""A file is written whole or not at all."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# The errors with which a file system without hard links refuses one.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary file that becomes `path` when the block ends well, and vanishes otherwise.

    The file lies beside its target, under a unique name that ends in `.part`; it is on the disk
    before it gets its name, so neither a crash nor a second process leaves half a file there. What
    is replaced passes on who may read and write it.
    Raise FileExistsError when `overwrite` is false and something of that name is there by then.
    """
    path = Path(path)
    part = part_name(path)
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            with contextlib.suppress(OSError):  # nothing is there yet
                os.chmod(part, stat.S_IMODE(os.stat(path).st_mode))
            os.replace(part, path)
        else:
            _claim(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.filename != os.fspath(part):
            raise
        # The name that was asked for, not the temporary one, helps whoever reads this.
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        with contextlib.suppress(OSError):  # after a success it is gone: it has become the file
            part.unlink()


def part_name(path: Path) -> Path:
    """Return a name that is nobody else's, beside the file that it is to become."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")


def _claim(part: Path, path: Path) -> None:
    """Return a finished file its name only if nothing has that name: a link never replaces."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        path.touch(exist_ok=False)  # reserve the name, then take it
        try:
            os.replace(part, path)
        except BaseException:
            path.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    """Put a rename on the disk, where the system lets a folder be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
