"""Write small images as PNG, for pages that hold their pictures themselves.

The format: https://www.w3.org/TR/png-3/
"""

import struct
import zlib

import numpy as np

from simplenet.pictures.pixels import Pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, INDEXED = 0, 3  # types of colour


def png(pixels: Pixels, palette: Pixels | None = None) -> bytes:
    """Return bytes (rows, columns) as a PNG: grey, or in the colours (256, 3) of a palette."""
    rows, columns = pixels.shape
    kind = GREY if palette is None else INDEXED
    unfiltered = np.pad(pixels, ((0, 0), (1, 0)))  # each row begins with the number of its filter
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, kind, 0, 0, 0)),
        *([] if palette is None else [(b"PLTE", palette.tobytes())]),
        (b"IDAT", zlib.compress(unfiltered.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
