"""How results look: names, shares, positions, and JSON for programs."""

import json
from collections.abc import Mapping
from typing import Any

import click


def echo_json(result: Mapping[str, Any]) -> None:
    """Print a result for programs."""
    click.echo(json.dumps(result, indent=2, allow_nan=False))


def printable(text: object) -> str:
    """Show a text that somebody else wrote: what a terminal would obey, or lose, is escaped."""
    return "".join(
        ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in str(text)
    )


def position(epochs: int, images: int) -> str:
    """Say how far a training has come, such as `2 epochs and 1,000 images`."""
    more = f" and {images:,} images" if images else ""
    return f"{epochs} epoch{'' if epochs == 1 else 's'}{more}"


def percent(share: float | None) -> str:
    """Show a share between 0 and 1, or its absence."""
    return "-" if share is None else f"{100 * share:.2f} %"


def shape_text(shape: tuple[int, ...]) -> str:
    """Show the sizes of a net's layers, such as `784-40-10`."""
    return "-".join(map(str, shape))
