"""The workshop, a notebook: its text and code from workshop.md, its outputs from running the code.

Code stands between lines of ```python and ```; the word `engine` after the first marks what belongs
to the engine that the reader builds. Outputs are what Jupyter would show: what is printed, and the
picture, or else the text, of the value of a last line that is an expression.
"""

import ast
import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

from making import Files

PATH = "simplenet/backprop/workshop.ipynb"
SOURCE = Path(__file__).with_name("workshop.md")
FENCE = re.compile(r"^```python( engine)?\n(.*?)^```\n", re.MULTILINE | re.DOTALL)

Cell = dict[str, Any]


def files() -> Files:
    """Return the notebook."""
    notebook = made(SOURCE.read_text(encoding="utf-8"))
    return {PATH: (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()}


def made(text: str) -> dict[str, Any]:
    """Return the notebook of a text, in the format 4.5, with the outputs of its code."""
    cells: list[Cell] = []
    begin = 0
    for fence in FENCE.finditer(text):
        cells.append(_cell("markdown", text[begin : fence.start()]))
        code = _cell("code", fence[2])
        code |= {"execution_count": None, "outputs": []}
        if fence[1]:
            code["metadata"] = {"tags": ["engine"]}
        cells.append(code)
        begin = fence.end()
    cells.append(_cell("markdown", text[begin:]))
    cells = [cell for cell in cells if cell["source"]]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    played = play(["".join(cell["source"]) for cell in codes])
    for count, (cell, outputs) in enumerate(zip(codes, played), 1):
        cell["execution_count"], cell["outputs"] = count, outputs
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": python, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(kind: str, text: str) -> Cell:
    return {"cell_type": kind, "id": "", "metadata": {}, "source": _lines(text.strip("\n"))}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def play(sources: list[str]) -> list[list[dict[str, Any]]]:
    """Return the outputs of cells of code, run one after the other in one namespace."""
    names: dict[str, Any] = {"__name__": "__main__"}
    return [_run(source, names, count) for count, source in enumerate(sources, 1)]


def _run(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Return the outputs of one cell."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"cell {count}", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {count}", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if text := printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": _lines(text)})
    if value is not None:
        data = {"text/plain": _lines(repr(value))}
        if hasattr(value, "_repr_svg_"):
            data = {"image/svg+xml": _lines(value._repr_svg_()), **data}
        outputs.append(
            {
                "data": data,
                "execution_count": count,
                "metadata": {},
                "output_type": "execute_result",
            }
        )
    return outputs
