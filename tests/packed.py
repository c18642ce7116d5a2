"""Numbers as the interactive page has them, read without any of its code."""

import base64

import numpy as np


def unpacked(packed):
    """Return the numbers that base64 in one of the page's formats holds, in one row."""
    kind = np.dtype(packed["format"]).newbyteorder("<")
    numbers = np.frombuffer(base64.b64decode(packed["base64"]), kind)
    if "units" not in packed:
        return numbers
    found = numbers.reshape(-1, len(packed["units"])) * packed["units"]
    if "rows" in packed:
        all_rows = np.zeros((packed["of"], found.shape[1]))
        all_rows[packed["rows"]] = found
        found = all_rows
    return found.ravel()


def params_of(shown):
    """Return all parameters of a net in the page."""
    return np.concatenate([unpacked(part) for part in shown["params"]])
