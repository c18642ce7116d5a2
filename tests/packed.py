"""Numbers as the interactive page has them, read without any of its code."""

import base64
import json
import zlib

import numpy as np


def data_of(text):
    """Return the data of a page, given its packed text."""
    line, _, apart = zlib.decompress(base64.b64decode(text)).partition(b"\n")

    def placed(found):
        if "bytes" in found:
            first, length = found["bytes"]
            found["bytes"] = apart[first : first + length]
        return found

    return json.loads(line, object_hook=placed)


def unpacked(packed):
    """Return the numbers that bytes in one of the page's formats holds, in one row."""
    kind = np.dtype(packed["format"]).newbyteorder("<")
    numbers = np.frombuffer(packed["bytes"], kind)
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
