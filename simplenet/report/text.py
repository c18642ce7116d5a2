"""A chart as lines of text: curves of dots, as fine as the characters of a terminal allow."""

import string
from typing import NamedTuple

import numpy as np

from simplenet.report.curves import Axes, Chart, Curve, axes, tick_text, value_text

WIDEST = 100  # characters of a chart
LEAST = 8  # characters that curves have side by side, however narrow a terminal is
HEIGHT = 12  # lines that they have
MARKS = string.ascii_letters  # which curve is which; they begin anew after so many
REPEATS = 5  # so often a mark is found on a curve that is long enough

Cells = dict[tuple[int, int], str]  # by line and column


class Style(NamedTuple):
    """Characters that show some dots each: `characters[bits]`, a bit for each dot."""

    bits: tuple[tuple[int, ...], ...]  # of the dots of one character, line by line
    characters: str
    axis: str


# From fine to coarse. Braille has a code of its own for which dot is which bit.
STYLES = (
    Style(((1, 8), (2, 16), (4, 32), (64, 128)), "".join(map(chr, range(0x2800, 0x2900))), "│"),
    Style(((1,), (2,)), " ▀▄█", "│"),
    Style(((1,), (2,)), " '.:", "|"),
)


def style_for(encoding: str | None) -> Style:
    """Return the finest style whose characters a stream of this encoding can take."""
    for style in STYLES[:-1]:
        try:
            f"{style.characters}{style.axis}".encode(encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            continue
        return style
    return STYLES[-1]


def chart_lines(chart: Chart, width: int, style: Style) -> list[str]:
    """Return a chart as lines: its title, its curves beside ticks, and which curve is which.

    They fit into `width`, unless that is less than any chart needs. Of several curves, each is
    marked with a letter.
    """
    scale = axes(chart)
    labels = {
        _line(scale.y(tick), style): tick_text(tick, share=chart.share) for tick in scale.ticks
    }
    left = max(map(len, ["epoch", *labels.values()]))
    across = max(min(width, WIDEST) - left - 2, LEAST)
    cells = _drawn(chart.curves, scale, across, style)
    if len(chart.curves) > 1:
        cells |= _marked(chart.curves, scale, across, style)
    lines = [chart.title]
    for line in range(HEIGHT):
        row = "".join(cells.get((line, column), " ") for column in range(across))
        lines.append(f"{labels.get(line, ''):>{left}} {style.axis}{row}".rstrip())
    last = str(scale.last) if scale.last > 1 else ""
    lines.append(f"{'epoch':>{left}}  1{last:>{across - 1}}".rstrip())
    return lines + _legend(chart, min(width, WIDEST))


def _drawn(curves: list[Curve], scale: Axes, across: int, style: Style) -> Cells:
    """Return the characters that show the curves, by their places."""
    down, right = len(style.bits), len(style.bits[0])
    found: dict[tuple[int, int], int] = {}
    for curve in curves:
        xs = [round(scale.x(epoch) * (across * right - 1)) for epoch, _ in curve.points]
        ys = [_dot(scale.y(value), style) for _, value in curve.points]
        for x, y in _connected(xs, ys):
            place = y // down, x // right
            found[place] = found.get(place, 0) | style.bits[y % down][x % right]
    return {place: style.characters[bits] for place, bits in found.items()}


def _connected(xs: list[int], ys: list[int]) -> set[tuple[int, int]]:
    """Return the dots of the lines from each point to the next."""
    found = set(zip(xs, ys))
    for x0, y0, x1, y1 in zip(xs, ys, xs[1:], ys[1:]):
        steps = max(abs(x1 - x0), abs(y1 - y0))
        for step in range(1, steps):
            part = step / steps
            found.add((round(x0 + part * (x1 - x0)), round(y0 + part * (y1 - y0))))
    return found


def _marked(curves: list[Curve], scale: Axes, across: int, style: Style) -> Cells:
    """Return letters on the curves, by their places: no two curves have theirs in one column."""
    apart = max(across // REPEATS, len(curves))
    found: Cells = {}
    for number, curve in enumerate(curves):
        epochs, values = zip(*curve.points)
        xs = [scale.x(epoch) * (across - 1) for epoch in epochs]
        first = (2 * number + 1) * apart // (2 * len(curves))
        columns = [x for x in range(first, across, apart) if xs[0] <= x <= xs[-1]]
        for column in columns or [round(xs[-1])]:
            line = _line(scale.y(float(np.interp(column, xs, values))), style)
            found[line, column] = MARKS[number % len(MARKS)]
    return found


def _dot(y: float, style: Style) -> int:
    """Return in which line of dots something is, counted from the top."""
    return round((1 - y) * (HEIGHT * len(style.bits) - 1))


def _line(y: float, style: Style) -> int:
    """Return in which line of characters something is, counted from the top."""
    return _dot(y, style) // len(style.bits)


def _legend(chart: Chart, width: int) -> list[str]:
    """Return a line for each curve, with its mark, its name, and its last value.

    Where they do not fit into one, there are two; of a name that is longer still, the end.
    """
    lines = []
    for number, curve in enumerate(chart.curves):
        mark = f"{MARKS[number % len(MARKS)]}  " if len(chart.curves) > 1 else ""
        epoch, value = curve.points[-1]
        last = f"{value_text(value, share=chart.share)} after epoch {epoch}"
        line = f"{mark}{curve.name}  {last}"
        if len(line) <= width:
            lines.append(line)
            continue
        room = max(width - len(mark), LEAST)
        name = curve.name if len(curve.name) <= room else f"...{curve.name[3 - room :]}"
        lines += [f"{mark}{name}", f"{'':{len(mark)}}{last}"]
    return lines
