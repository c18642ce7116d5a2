"""Read a picture of any usual kind from a file, with Pillow where it is installed."""

import contextlib
import io
import os
import warnings
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from simplenet.errors import DataError, SimplenetError

if TYPE_CHECKING:
    import PIL.Image

MOST_PIXELS = 100_000_000  # as many as cameras have; Pillow's own limit is higher
FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM", "ICO", "TGA")


def read_image(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    upright: bool = True,
    most_pixels: int = MOST_PIXELS,
) -> npt.NDArray[np.uint8]:
    """Read a picture from a file, or an open one: bytes (rows, columns, 4), RGBA.

    A photograph is turned as its EXIF data say, unless it need not be `upright` (a TIFF always is:
    Pillow does that); of an animation it is the first picture. Raise DataError, naming the file,
    for anything but a whole picture of at most `most_pixels`, and SimplenetError where Pillow is
    not installed.
    """
    try:
        import PIL  # noqa: F401, to find out whether it is there
    except ImportError as error:
        raise SimplenetError(
            "expected Pillow, which reads pictures, found that it is not installed: get it with "
            "python -m pip install pillow."
        ) from error
    if not isinstance(source, str | os.PathLike):
        name = getattr(source, "name", "the picture")
        name = "standard input" if name == "<stdin>" else name
        return _decoded(source, name, upright, most_pixels)
    try:
        with open(source, "rb") as file:
            return _decoded(file, os.fspath(source), upright, most_pixels)
    except OSError as error:
        raise DataError(
            f"{source}: expected a picture, found that it cannot be read: "
            f"{error.strerror or error}. Check its name, its place and who may read it."
        ) from error


def _decoded(file: BinaryIO, name: str, upright: bool, most_pixels: int) -> npt.NDArray[np.uint8]:
    """Read a picture as `read_image` does, from an open file, with Pillow installed."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not file.seekable():
        file = io.BytesIO(file.read())
    start = file.read(4).hex(" ")
    file.seek(0)
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in a file that can be read
            with Image.open(file, formats=formats) as opened:
                if opened.width * opened.height > most_pixels:
                    raise _too_large(name, f"{opened.width:,} x {opened.height:,}", most_pixels)
                opened.load()
                image: Image.Image = opened
                if upright and opened.format != "TIFF":  # those have been turned by Pillow
                    with contextlib.suppress(Exception):  # of damaged EXIF data: it stays as it is
                        image = ImageOps.exif_transpose(opened)
                return _rgba(image, name)
    except (MemoryError, DataError):
        raise
    except Image.DecompressionBombError as error:  # before its size is known to us
        raise _too_large(name, "many more", most_pixels) from error
    except UnidentifiedImageError as error:
        found = f"a file that starts with the bytes {start}" if start else "an empty file"
        raise DataError(
            f"{name}: expected a picture such as PNG or JPEG, found {found}: save it as PNG."
        ) from error
    except Exception as error:  # Pillow's many readers fail in many ways
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DataError(
            f"{name}: expected a whole picture, found a damaged one ({why}): use another copy, or "
            "save it anew as PNG."
        ) from error


def _too_large(name: str, found: str, most_pixels: int) -> DataError:
    """Return an error that says how large a picture may be, and what was found."""
    return DataError(
        f"{name}: expected a picture of at most {most_pixels:,} pixels, found {found}: make it "
        "smaller."
    )


def _rgba(image: "PIL.Image.Image", name: str) -> npt.NDArray[np.uint8]:
    """Return a picture of Pillow as bytes, with all of its range of greys."""
    if image.mode[0] not in "IF":  # one byte for each colour
        transparent = image.mode[-1] in "Aa" or "transparency" in image.info
        # Some kinds without alpha, such as LAB, get a wrong one from Pillow.
        plain = transparent or image.mode in ("1", "L", "P", "RGB")
        return np.asarray(image.convert("RGBA") if plain else image.convert("RGB").convert("RGBA"))
    values = np.asarray(image)  # convert() would cut off what is above 255
    # A file does not say which value is white: it is the least of these that no pixel exceeds.
    whites: tuple[float, ...] = (255, 65535)
    if image.mode.startswith("I;16"):
        whites = (65535,)
    elif image.mode == "F":
        whites = (1, 255, 65535)
    white = next((white for white in whites if 0 <= values.min() <= values.max() <= white), None)
    if white is None:
        raise DataError(
            f"{name}: expected greys from 0 to 65535, found {values.min()} to {values.max()}: save "
            "it as PNG."
        )
    light = np.rint(values * (255 / white)).astype(np.uint8)
    alpha = np.where(values == image.info.get("transparency", -1), 0, 255).astype(np.uint8)
    return np.dstack([light, light, light, alpha])
