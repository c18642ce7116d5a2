"""The command line of the bench: options in, tables and figures out."""

import os
import signal
import sys
from pathlib import Path

import click
from report import RESULTS

import simplenet
from bench.run import SECTIONS, Bench, Settings, write
from bench.size import USUAL, check_room


@click.command()
@click.option("--only", multiple=True, type=click.Choice(SECTIONS), help="Sections; else all.")
@click.option("--quick", is_flag=True, help="A first look, in a few minutes.")
@click.option("--rounds", type=click.IntRange(1), help="Turns of each.  [default: 9, quick 3]")
@click.option("--images", type=click.IntRange(1), help="In an epoch.  [default: 60000]")
@click.option("--data", help="A name or a folder.  [default: SIMPLENET_DATA, else the sample]")
@click.option(
    "--size-images", type=click.IntRange(1), help="Of the largest file.  [default: 8000000]"
)
@click.option("--scratch", type=click.Path(exists=True, file_okay=False), help="For that file.")
@click.option(
    "-o", "--output", default=RESULTS, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for bench.md and bench.json.  [default: scripts/results]",
)  # fmt: skip
def main(
    only: tuple[str, ...],
    quick: bool,
    rounds: int | None,
    images: int | None,
    data: str | None,
    size_images: int | None,
    scratch: str | None,
    output: Path,
) -> None:
    """Measure simplenet beside PyTorch, JAX, scikit-learn and the matrix products alone."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so as to tidy up
    named = bool(data or os.environ.get("SIMPLENET_DATA"))
    loaded = simplenet.load_data(data if named else "sample")
    settings = Settings(
        only or SECTIONS,
        quick,
        rounds or (3 if quick else 9),
        images or (12_000 if quick else 60_000),
        size_images or (USUAL if quick else 8_000_000),
        scratch,
    )
    if "size" in settings.sections:  # better said now than after a quarter of an hour
        try:
            check_room(settings.size_images, loaded.train, scratch)
        except OSError as error:
            raise click.ClickException(str(error)) from error
    numbers = {"rounds": rounds, "images": images, "size-images": size_images}
    chosen = [f"--only {name}" for name in only] + ["--quick"] * quick
    chosen += [f"--{name} {number}" for name, number in numbers.items() if number]
    report = Bench(loaded, settings).report(" ".join(["bench", *chosen]))
    click.echo(write(report, output))
    apart = [
        f"{name} in {group['title']}"
        for group in report["groups"].values()
        for name, row in group["contestants"].items()
        if row.get("agrees") is False
    ]
    if apart:
        raise click.ClickException(f"not equal work: {', '.join(apart)}.")
