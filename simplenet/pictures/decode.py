"""Read a picture of any usual kind from a file, with Pillow where it is installed."""

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from simplenet.errors import DataError, SimplenetError
from simplenet.extras import EXTRAS, pip_command
from simplenet.pictures.kinds.declared import LARGE, Declared
from simplenet.pictures.kinds.known import declared
from simplenet.pictures.source import Source, name_of, opened

if TYPE_CHECKING:
    import PIL.Image

# Limits on what a picture declares. Telephones make 200 megapixels, and JPEGs of any size take
# little memory. What takes more than a little has to have a file to match: a photograph has a part
# of a bit for each pixel, and what was made to fill a memory has far less.
MOST_PIXELS = 250_000_000
LITTLE = 50_000_000  # bytes of memory: 12 megapixels in colour
DENSE = {"JPEG": 64, "WEBP": 64}  # pixels for each byte of a file
LOSSLESS = 32  # the same for other kinds
MOST_MEMORY = 512_000_000
MOST_SAMPLES = 2**19  # numbers that Pillow decodes one by one, in less than a second
Box = tuple[int, int, int, int]
PART = 2**18  # pixels that are converted at once


class Picture(NamedTuple):
    """A picture, bytes (rows, columns, 4), RGBA, and how many of each it has in its file."""

    rgba: npt.NDArray[np.uint8]
    rows: int
    columns: int


def read_image(
    source: Source,
    *,
    name: str | None = None,
    upright: bool = True,
    most_pixels: int = MOST_PIXELS,
) -> npt.NDArray[np.uint8]:
    """Read a picture, as `read_picture` does: bytes (rows, columns, 4), RGBA."""
    return read_picture(source, name=name, upright=upright, most_pixels=most_pixels).rgba


def read_picture(
    source: Source,
    *,
    name: str | None = None,
    upright: bool = True,
    most_pixels: int = MOST_PIXELS,
) -> Picture:
    """Read a picture from a file, a pipe or an open file, and how large it was.

    A photograph is turned as its EXIF data say, unless it need not be `upright`; of an animation it
    is the first picture; one of more than a megapixel is made smaller, with its aspect kept.
    Raise DataError, with the `name` or that of the file, for anything but a whole picture of at
    most `most_pixels`, and for one that declares more than its file can hold; SimplenetError where
    Pillow is not installed.
    """
    try:
        import PIL  # noqa: F401, to find out whether it is there
    except ImportError as error:
        raise SimplenetError(
            "expected Pillow, which reads pictures, found that it is not installed: get it with "
            f"{pip_command(EXTRAS['images'].requirement)}."
        ) from error
    name = name or name_of(source)
    with opened(source, name) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is odd in a file that can be read
        try:
            found = declared(file, name)
            _check(found, name, file.seek(0, 2), most_pixels)
            rgba = _decoded(found, name)
        except DataError:
            raise
        except MemoryError as error:
            raise DataError(
                f"{name}: expected a picture that fits into memory, found that it does not: make "
                "it smaller."
            ) from error
        except Exception as error:  # Pillow's many readers fail in many ways
            why = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            raise DataError(
                f"{name}: expected a whole picture, found a damaged one ({why}): use another copy, "
                "or save it anew as PNG."
            ) from error
    size = found.height, found.width
    if upright:
        rgba = _turned(rgba, found.turn)
        size = size[::-1] if found.turn >= 5 else size
    return Picture(rgba, *size)


def _check(found: Declared, name: str, size: int, most_pixels: int) -> None:
    """Raise DataError if the picture in a file of so many bytes is too large to be decoded."""
    pixels, where = found.width * found.height, ""
    dense = size * DENSE.get(found.kind, LOSSLESS)
    if pixels > most_pixels:
        most = most_pixels
    elif found.samples > MOST_SAMPLES:
        most, where = MOST_SAMPLES * pixels // found.samples, f" in a {found.kind} of this sort"
    elif found.memory > LITTLE and (pixels > dense or found.memory > MOST_MEMORY):
        little, much = (limit * pixels // found.memory for limit in (LITTLE, MOST_MEMORY))
        most, where = max(little, min(dense, much)), f" in a {found.kind} of {size:,} bytes"
    else:
        return
    raise DataError(
        f"{name}: expected a picture of at most {most:,} pixels{where}, found {found.width:,} x "
        f"{found.height:,}: make it smaller."
    )


def _decoded(found: Declared, name: str) -> npt.NDArray[np.uint8]:
    """Return the picture that has been declared: bytes (rows, columns, 4), RGBA."""
    from PIL import Image

    Image.preinit()
    if found.kind not in Image.OPEN:
        Image.init()
    found.file.seek(0)
    with Image.OPEN[found.kind][0](found.file, "") as image:
        if found.scale > 1:
            image.draft(None, (image.width // found.scale, image.height // found.scale))
        if image.width * image.height * _bytes(image.mode) > found.memory:
            raise ValueError("it is larger than it declares")
        image.load()
        return _reduced(image, name)


def _bytes(mode: str) -> int:
    """Return how many bytes Pillow has for a pixel."""
    if mode in ("1", "L", "P"):
        return 1
    return 2 if mode.startswith("I;16") else 4


def _reduced(image: "PIL.Image.Image", name: str) -> npt.NDArray[np.uint8]:
    """Return a picture of Pillow as RGBA; a large one is divided until it is not.

    That is done part by part: converted, all of a photograph takes much memory.
    """
    (width, height), factor = image.size, 1
    while -(-width // min(factor, width)) * -(-height // min(factor, height)) > LARGE:
        factor += 1
    across, down = min(factor, width), min(factor, height)
    white = _white(image, name) if image.mode[0] in "IF" else None
    rgba = np.empty((-(-height // down), -(-width // across), 4), np.uint8)
    for left, top, right, bottom in _parts(width, height, across, down):
        part = _rgb(image.crop((left, top, right, bottom)), white)
        if factor > 1:
            part = part.reduce((across, down))
        rgba[top // down : -(-bottom // down), left // across : -(-right // across)] = np.asarray(
            part.convert("RGBA")
        )
    return rgba


def _parts(width: int, height: int, across: int = 1, down: int = 1) -> list[Box]:
    """Return boxes (left, top, right, bottom) that cover a picture, in multiples of such pixels."""
    columns = min(width, max(PART // down // across, 1) * across)
    rows = min(height, max(PART // columns // down, 1) * down)
    return [
        (left, top, min(left + columns, width), min(top + rows, height))
        for top in range(0, height, rows)
        for left in range(0, width, columns)
    ]


def _white(image: "PIL.Image.Image", name: str) -> float:
    """Return the value that is white, which no file says: the least that no pixel exceeds."""
    if image.mode.startswith("I;16"):
        return 65535
    whites = (1, 255, 65535) if image.mode == "F" else (255, 65535)
    parts = (np.asarray(image.crop(box)) for box in _parts(*image.size))
    least, most = np.array([(part.min(), part.max()) for part in parts]).T
    least, most = least.min(), most.max()
    for white in whites:
        if 0 <= least <= most <= white:
            return white
    raise DataError(
        f"{name}: expected greys from 0 to 65535, found {least} to {most}: save it as PNG."
    )


def _rgb(image: "PIL.Image.Image", white: float | None) -> "PIL.Image.Image":
    """Return a picture as RGB or RGBA, with all of its range of greys."""
    from PIL import Image

    if white is None:  # one byte for each colour
        transparent = image.mode[-1] in "Aa" or "transparency" in image.info
        return image.convert("RGBA" if transparent else "RGB")
    values = np.asarray(image)  # convert() would cut off what is above 255
    light = np.rint(values * (255 / white)).astype(np.uint8)
    alpha = np.where(values == image.info.get("transparency", -1), 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([light, light, light, alpha]))


def _turned(rgba: npt.NDArray[np.uint8], turn: int) -> npt.NDArray[np.uint8]:
    """Return a picture upright that is stored in the orientation which EXIF gives this number."""
    if turn >= 5:
        rgba = rgba.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        rgba = rgba[:, ::-1]
    if turn in (3, 4, 7, 8):
        rgba = rgba[::-1]
    return rgba
