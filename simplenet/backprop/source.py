"""Lines of the real source, for texts that show code: so that what they show is what runs."""

import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def lines_of(function: Callable[..., Any], first: str, last: str | None = None) -> list[str]:
    """Return the lines from the one that holds `first` to the one that holds `last`, dedented.

    With no `last`, the one line. Raise LookupError unless each is in exactly one line of the
    function, in this order: the text that shows them has to be looked at again then.
    """
    lines = inspect.getsource(function).splitlines()

    def find(text: str) -> int:
        found = [number for number, line in enumerate(lines) if text in line]
        if len(found) != 1:
            raise LookupError(
                f"{function.__name__}: expected one line with {text!r}, found {len(found)}."
            )
        return found[0]

    start, end = find(first), find(last or first)
    if end < start:
        raise LookupError(f"{function.__name__}: expected {first!r} before {last!r}.")
    return textwrap.dedent("\n".join(lines[start : end + 1])).splitlines()
