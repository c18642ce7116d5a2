"""Make folders that are removed again, whatever happens."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_folder(place: str | Path | None = None) -> Iterator[Path]:
    """Return a new folder and remove it, whatever happens.

    tempfile's stays if a signal comes while it is being made; here that, too, is guarded.
    """
    folder = Path(place or tempfile.gettempdir()) / f"simplenet-bench-{secrets.token_hex(6)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        except BaseException:  # a signal while it was being removed
            shutil.rmtree(folder, ignore_errors=True)
            raise
