"""Images drawn side by side in the terminal, with the characters that it has."""

import re
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simplenet.cli.show import Coloured, Piece, echo
from simplenet.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

NARROWEST = 20  # characters; a terminal that says it has fewer does not know


def width() -> int:
    """Return how many characters a line of the terminal has, or 80 where there is none."""
    return max(shutil.get_terminal_size().columns, NARROWEST)


def encoding() -> str | None:
    """Return the encoding of stdout, if it has one."""
    return getattr(sys.stdout, "encoding", None)


def echo_drawn(
    captioned: Iterable[tuple[str, "Pixels"]], *, group: int = 1, wrong: str = ""
) -> None:
    """Draw images, each with a caption above it; so many as `group` stay together in one line.

    What the pattern `wrong` finds in captions is red where colours are shown.
    """
    from simplenet.pictures.terminal import beside, can_draw_blocks, draw

    blocks = can_draw_blocks(encoding())
    most = width()
    panels = [(caption, draw(image, blocks=blocks, widest=most)) for caption, image in captioned]
    lines = beside(panels, most, group=group)
    echo(*(coloured(line, wrong, "red") if wrong else line for line in lines))


def coloured(line: str, pattern: str, colour: str) -> list[Piece]:
    """Return a line as pieces, of which those that a pattern finds have a colour."""
    pieces: list[Piece] = []
    end = 0
    for found in re.finditer(pattern, line):
        pieces += [line[end : found.start()], Coloured(found[0], colour)]
        end = found.end()
    return [*pieces, line[end:]]


def as_images(images: "Pixels", chosen: list[int], name: str) -> "Pixels":
    """Return some images as rows and columns. Raise DataError for those that have none."""
    if images.ndim != 3:
        raise DataError(
            f"{name}: expected images of rows and columns, found the shape {images.shape}: such "
            "images cannot be drawn."
        )
    return images[chosen]
