"""Draw a digit in a terminal with characters, and the outputs of a net as bars beside or below."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simplenet.pictures.pixels import Pixels, area, fitted

WIDEST = 60  # characters of a drawing
BAR = 20  # characters of an output of 1
LONGEST_NAME = 12  # characters of a class's name beside its bar; what is more is cut off
LEAST_BAR = 8  # what is left beside a drawing may be as few; else bars stand below it

# Characters that show two pixels, one above the other, and how light each of them is with it.
_BLOCKS = {
    " ": (0, 0), "░": (64, 64), "▒": (128, 128), "▓": (191, 191), "█": (255, 255),
    "▀": (255, 0), "▄": (0, 255),
}  # fmt: skip
_RAMP = " .:-=+*#%@"  # from dark to light, where there are no blocks


def can_draw_blocks(encoding: str | None) -> bool:
    """Return whether a stream of this encoding can take blocks: some know only old codes."""
    try:
        "".join(_BLOCKS).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def draw(image: Pixels, *, blocks: bool = True, widest: int = WIDEST) -> str:
    """Return bytes (rows, columns), light on dark, as text: a character for two rows of a column.

    Lines end with a newline; an image wider or higher than 60 pixels, or `widest` if that is less,
    is made smaller. Without `blocks` only ASCII is used.
    """
    widest = min(widest, WIDEST)
    if max(image.shape) > widest:
        image = area(image, *fitted(image.shape, widest))
    even = np.pad(image, ((0, len(image) % 2), (0, 0))).astype(np.int32)
    pairs = np.stack([even[0::2], even[1::2]], axis=-1)  # (lines, columns, 2)
    if blocks:
        characters, levels = "".join(_BLOCKS), np.array(list(_BLOCKS.values()))
        distance = ((pairs[:, :, None] - levels) ** 2).sum(axis=-1)
        chosen = distance.argmin(axis=-1)
    else:
        characters = _RAMP
        chosen = (pairs.sum(axis=-1) * (len(_RAMP) - 1) + 255) // 510
    return "".join("".join(characters[i] for i in line) + "\n" for line in chosen)


def beside(panels: list[tuple[str, str]], width: int, *, group: int = 1) -> list[str]:
    """Return lines with drawings side by side, as many as fit into `width`, captions above them.

    Each panel is a caption and a drawing; so many as `group` stay together in one line.
    """
    cells = [[caption, *drawing.splitlines()] for caption, drawing in panels]
    widest, gap = max(len(line) for cell in cells for line in cell), 2
    fit = max((width + gap) // (widest + gap), 1)
    across = fit // group * group or fit
    lines: list[str] = []
    for first in range(0, len(cells), across):
        rows = zip(*cells[first : first + across])
        lines += [""] * bool(lines)
        lines += [(" " * gap).join(line.ljust(widest) for line in row).rstrip() for row in rows]
    return lines


def side_by_side(
    pixels: Pixels,
    outputs: npt.NDArray[np.floating],
    *,
    names: Sequence[str] = (),
    blocks: bool = True,
    width: int = 100,
) -> str:
    """Return what a net sees, drawn, with a bar beside it for each output, the greatest marked.

    Classes may have names. Where lines of `width` characters have no room for that, bars are
    shorter, or else stand below.
    """
    drawing = [f"|{line}|" for line in draw(pixels, blocks=blocks, widest=width - 2).splitlines()]
    names = [name[: max(width - 15, 1)] for name in names]  # and a mark, a number, a value
    gap, numbers = 2, max(map(len, bars(outputs, names=names, longest=0))) + 2  # before a bar
    beside = width - len(drawing[0]) - gap - numbers  # characters that are left for a bar
    if beside < LEAST_BAR:
        below = max(min(width - numbers, BAR), 0)
        rows = bars(outputs, names=names, blocks=blocks, longest=below)
        return "\n".join([*drawing, "", *rows])
    rows = bars(outputs, names=names, blocks=blocks, longest=min(beside, BAR))
    lines = max(len(drawing), len(rows))
    drawing += [f"|{' ' * (len(drawing[0]) - 2)}|"] * (lines - len(drawing))
    above = (lines - len(rows)) // 2
    rows = [""] * above + rows + [""] * (lines - len(rows) - above)
    return "\n".join(f"{line}{' ' * gap}{row}".rstrip() for line, row in zip(drawing, rows))


def bars(
    outputs: npt.NDArray[np.floating],
    *,
    names: Sequence[str] = (),
    blocks: bool = True,
    longest: int = BAR,
) -> list[str]:
    """Return a line for each output (classes,): its number, its value, and a bar as long as that.

    A name stands behind the number where classes have `names`. The greatest is marked. An output
    of 1 has the longest bar, of so many characters as `longest`, unless an output is larger.
    """
    most = max(1.0, float(abs(outputs).max()))  # outputs may be any numbers
    cut = [f" {name[:LONGEST_NAME]}" for name in names] or [""] * len(outputs)
    widest = max(map(len, cut))
    rows = []
    for number, output in enumerate(outputs.tolist()):
        mark = ">" if number == outputs.argmax() else " "
        bar = ("█" if blocks else "#") * round(longest * max(output, 0) / most)
        rows.append(f"{mark}{number:3}{cut[number]:{widest}} {output:8.4f}  {bar}".rstrip())
    return rows
