"""Progress bars on stderr, which show only where that is a terminal."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tqdm import tqdm


def make_bar(
    total: int, unit: str, *, name: str | None = None, scale: bool = False, leave: bool = True,
    quiet: bool = False,
) -> "tqdm[Any]":  # fmt: skip
    """Return a progress bar of tqdm; `scale` shows 1,000 as 1k."""
    try:
        from tqdm import tqdm
    except ValueError as error:  # tqdm reads variables of the environment when it is imported
        raise click.UsageError(
            "the variables of the environment that begin with TQDM_: expected what the progress "
            f"bar can take, found something else ({error}): unset them."
        ) from error

    terminal = sys.stderr is not None and sys.stderr.isatty()
    return tqdm(
        total=total, unit=unit, desc=name, unit_scale=scale, leave=leave,
        disable=quiet or not terminal,
    )  # fmt: skip


@contextlib.contextmanager
def download_bar(quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a progress callback for downloads, which draws a bar for each file."""
    bars: dict[str, tqdm[Any]] = {}

    def progress(name: str, received: int, size: int) -> None:
        if name not in bars:
            bars[name] = make_bar(size, "B", name=name, scale=True, quiet=quiet)
        bars[name].update(received - bars[name].n)

    try:
        yield progress
    finally:
        for bar in bars.values():
            bar.close()
