"""Make everything in this repository that is generated, or check that it is fresh.

    python scripts/make.py [NAME...] [--check]

Files that are fresh are left alone. With --check nothing is written: each stale file is named, and
the exit code is 1. What another machine would make otherwise is made only if it is named, and
cannot be checked.
"""

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from making import (
    Files,
    NotHereError,
    bundled,
    diagrams,
    document,
    figures,
    notebook,
    optimizer_numbers,
    reference,
    sample,
    screens,
    screenshot,
    second,
)

from simplenet.files import atomic_write

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Generator:
    """How something is made, and what of it is the same wherever it is made."""

    files: Callable[[], Files]
    compared: Callable[[bytes], object] = bytes  # what of a file has to be equal
    varies: str = ""  # why it is made only if named, and never compared


# Each after those whose files it reads.
GENERATORS = {
    "sample": Generator(sample.files, compared=gzip.decompress),  # zlib packs as it likes
    "optimizer-numbers": Generator(
        optimizer_numbers.files, varies="it needs PyTorch, and other releases compute other digits"
    ),
    "bundled": Generator(
        bundled.files,
        varies="it needs MNIST, trains for minutes, and another machine finds other weights",
    ),
    "bundled-measured": Generator(
        bundled.measured, varies="it needs MNIST, and other kernels compute other digits"
    ),
    "second": Generator(
        second.files,
        varies="it needs MNIST, trains for minutes, and another machine finds other weights",
    ),
    "diagrams": Generator(diagrams.files),
    "figures": Generator(figures.files),
    "reference": Generator(reference.files, compared=reference.paragraphs),
    "document": Generator(document.files),
    "notebook": Generator(notebook.files),
    "screens": Generator(
        screens.files, varies="it needs MNIST, and another machine takes other times"
    ),
    "screenshot": Generator(
        screenshot.files, varies="it needs Chromium, and each release draws a little otherwise"
    ),
}


def stale(files: Files, root: Path, compared: Callable[[bytes], object]) -> list[str]:
    """Return which of these files are missing below a folder, or not what they should be."""

    def fresh(path: Path, content: bytes) -> bool:
        try:
            return compared(path.read_bytes()) == compared(content)
        except (OSError, EOFError, zlib.error):
            return False

    return [name for name, content in files.items() if not fresh(root / name, content)]


def make(
    names: tuple[str, ...],
    check: bool,
    root: Path = ROOT,
    generators: Mapping[str, Generator] = GENERATORS,
) -> list[str]:
    """Make what is named, else all that comes out the same everywhere; or only check it.

    Return the files that were stale. Raise NotHereError if something named cannot be made here.
    """
    found = []
    for name, generator in generators.items():
        if names and name not in names:
            continue
        if generator.varies and (check or not names):
            how = "cannot be checked" if check else "not made unless it is named"
            click.echo(f"{name}: {how}: {generator.varies}.", err=True)
            continue
        files = generator.files()
        for path in stale(files, root, generator.compared):
            found.append(path)
            if check:
                click.echo(f"{path} is stale: run python scripts/make.py {name}", err=True)
                continue
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(root / path, overwrite=True) as file:
                file.write(files[path])
            click.echo(path)
    return found


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(GENERATORS)))
@click.option("--check", is_flag=True, help="Compare the files; write nothing.")
@click.option(
    "--root", default=ROOT, type=click.Path(path_type=Path, file_okay=False),
    help="The folder that the files are in.  [default: this repository]",
)  # fmt: skip
def main(names: tuple[str, ...], check: bool, root: Path) -> None:
    """Make the files that are generated: all that come out the same everywhere, or those named."""
    for name in names:
        if check and GENERATORS[name].varies:
            raise click.UsageError(f"{name} cannot be checked: {GENERATORS[name].varies}.")
    try:
        found = make(names, check, root)
    except NotHereError as error:
        raise click.ClickException(str(error)) from error
    if check and found:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
