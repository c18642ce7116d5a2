"""Progress bars on stderr, which show only where that is a terminal that can."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.show import columns_of

if TYPE_CHECKING:
    from tqdm import tqdm

WIDE = 60  # columns, from which there is room for more than the bar and the time that is left


def make_bar(
    total: int, unit: str, *, done: int = 0, name: str | None = None, leave: bool = True,
    quiet: bool = False,
) -> "tqdm[Any]":  # fmt: skip
    """Return a progress bar of tqdm, of whose total so much is done already."""
    try:
        from tqdm import tqdm
    except ValueError as error:  # tqdm reads variables of the environment when it is imported
        raise click.UsageError(
            "the variables of the environment that begin with TQDM_: expected what the progress "
            f"bar can take, found something else ({error}): unset them."
        ) from error

    terminal = sys.stderr is not None and sys.stderr.isatty()
    terminal = terminal and os.environ.get("TERM") != "dumb"  # which cannot go back in a line
    more = "{percentage:3.0f} %  {rate_fmt}  " if (columns_of(sys.stderr) or 0) >= WIDE else ""
    return tqdm(
        total=total, unit=unit, initial=done, desc=name, unit_scale=True, leave=leave,
        bar_format=f"{{desc}} |{{bar}}| {more}{{remaining}}", dynamic_ncols=True,
        disable=quiet or not terminal,
    )  # fmt: skip


@contextlib.contextmanager
def download_bar(quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a progress callback for downloads, which draws a bar for each file.

    It draws one for pictures that are read, too, also when that is later.
    """
    from simplenet.datasets.download import READING

    bars: dict[str, tqdm[Any]] = {}

    def progress(name: str, done: int, size: int) -> None:
        pictures = name == READING
        if name not in bars:
            unit = "img" if pictures else "B"
            bars[name] = make_bar(size, unit, name=name, leave=not pictures, quiet=quiet)
        bars[name].update(done - bars[name].n)
        if pictures and done == size:
            bars.pop(name).close()

    try:
        yield progress
    finally:
        for bar in bars.values():
            bar.close()
