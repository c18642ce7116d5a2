"""What came of a sweep: its settings, the best first."""

import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from simplenet.cli.show import INDENT, columns_of, echo, flowed, percent

GAP = "  "  # between the columns of the table
Row = dict[str, Any]


def ranked(trials: Iterable[tuple[Mapping[str, str], float | None]]) -> list[Row]:
    """Return what came of each setting, the best mean first; of one that diverged, null.

    Each trial has the options of its setting, and its validation accuracy, None if it diverged.
    """
    import statistics  # which takes its time, and no help needs it

    found: dict[str, Row] = {}
    for options, accuracy in trials:
        row = found.setdefault(str(options), {"options": options, "validation_accuracies": []})
        row["validation_accuracies"].append(accuracy)
    for row in found.values():
        each = row["validation_accuracies"]
        whole = None not in each
        row["mean"] = statistics.fmean(each) if whole else None
        row["standard_deviation"] = statistics.stdev(each) if whole and len(each) > 1 else None
        row["least"] = min(each) if whole else None
    return sorted(
        found.values(), key=lambda row: -1 if row["mean"] is None else row["mean"], reverse=True
    )


def show(rows: list[dict[str, Any]]) -> None:
    """Print a table: the results, and the options that vary.

    In a terminal that is too narrow for it, each row gets as many lines as it needs.
    """
    names = dict.fromkeys(name for row in rows for name in row["options"])
    varied = [name for name in names if len({row["options"].get(name) for row in rows}) > 1]
    several = len(rows[0]["validation_accuracies"]) > 1
    measured = {"mean": "mean", "standard_deviation": "deviation", "least": "least"}
    measured = measured if several else {"mean": "validation"}
    table = [[*measured.values(), *(name.replace("_", "-") for name in varied)]]
    for row in rows:
        results = [result_text(row["mean"]), *(percent(row[name]) for name in [*measured][1:])]
        table.append([*results, *(row["options"].get(name, "-") for name in varied)])
    widths = [max(map(len, column)) for column in zip(*table)]
    columns = columns_of(sys.stdout)
    if columns and sum(widths) + len(GAP) * (len(widths) - 1) > columns:
        head, *body = table
        for row_cells in body:
            pieces = [f"{name} {cell}" for name, cell in zip(head, row_cells) if cell != "-"]
            echo(*flowed([part for piece in pieces for part in cut_up(piece, columns)], columns))
        return
    for line in table:
        cells = (
            cell.rjust(width) if number < len(measured) else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths))
        )
        echo(GAP.join(cells).rstrip())


def cut_up(piece: str, width: int) -> list[str]:
    """Return a piece of a line, in parts that fit into one that goes on with another."""
    return textwrap.wrap(piece, max(width - len(INDENT), 1), break_on_hyphens=False)


def result_text(accuracy: float | None) -> str:
    """Show the result of a trial."""
    return "diverged" if accuracy is None else percent(accuracy)
