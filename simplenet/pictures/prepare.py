"""Any picture of a digit becomes what a net expects: light on dark, one size, in the middle.

MNIST's digits were scaled, with their aspect kept, into a box of 20x20 pixels, and placed in 28x28
so that their centre of mass is in the middle (LeCun et al., Gradient-Based Learning Applied to
Document Recognition, 1998). People's pictures are dark on white, off-centre, thin, shadowed,
transparent or lying on their side; `prepare` does for them what was done for MNIST.

All of it is computed in whole numbers, none above 2**53, so that `prepare` in backprop/gears.js,
where every number is a float64, gives the same pixels. `a // b` rounds down, and
`(2 * a + b) // (2 * b)` to the nearest, halves up. The steps have the same names there.
"""

import contextlib
import io
import os
import warnings
from math import isqrt
from typing import BinaryIO

import numpy as np

from simplenet.errors import DataError, ModelError, SimplenetError

# Chosen by accuracy on damaged pictures of MNIST's training images.
WORK = 168  # pixels of the longer side, to which a larger picture is reduced: 6 times 28
REACH = 5  # the paper is what is light as far as this part of the longer side, to all sides
BLANK = 24  # of 255: in a picture with less contrast than this, nothing is drawn
FAINT = 4  # what is fainter than this part of the strongest ink is paper
EDGE = 2  # a piece cut by the edge has more than so many times the ink of one inside, or is dirt
SPECK = 8  # what has less ink than this part of the largest piece is dirt
WHITE = 6  # this part of a digit's pixels are to be white
STRONGER = 3  # and may be made at most so many times as light for it
MOST_PIXELS = 100_000_000  # of a picture in a file: as many as cameras have
WIDEST = 60  # characters of a drawing
FORMATS = ("PNG", "JPEG", "MPO", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM", "ICO", "TGA")


def prepare(rgba: np.ndarray, side: int = 28) -> np.ndarray:
    """Turn a picture (rows, columns, 4) into what a net sees: bytes (side, side), light on dark.

    The steps are: grey, polarity, background, contrast, dirt, crop, scale, centre. Raise DataError
    for a picture in which nothing is drawn.
    """
    picture = inked(_checked(rgba))
    if max(picture.shape) > WORK:
        picture = area(picture, *fitted(*picture.shape, WORK))
    ink = without_background(light_on_dark(picture))
    if ink.max() < BLANK:
        raise DataError(
            "expected a digit, found nothing drawn: all of the picture is the same, or nearly. "
            "Take one with more contrast."
        )
    digit = cropped(without_dirt(contrasted(ink)))
    box = max((20 * side + 14) // 28, 1)  # as 20 is to 28
    return centred(strengthened(area(digit, *fitted(*digit.shape, box))), side)


def raw(rgba: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    """Turn a picture (rows, columns, 4) into bytes of this size with none of the preparation.

    It is only made grey and resized, or keeps its size. Seeing what a net makes of it teaches what
    `prepare` is for.
    """
    opaque = _checked(rgba).copy()
    opaque[:, :, 3] = 255  # the colours of transparent pixels show: most often black
    light = grey(opaque)
    return light if size is None else area(light, *size)


def seen(
    rgba: np.ndarray,
    inputs: int,
    size: tuple[int, int] | None = None,
    *,
    untouched: bool = False,
) -> np.ndarray:
    """Turn a picture into what a net with so many inputs sees: `prepare`, or `raw` if `untouched`.

    `size` is that of the images which the net was trained on, (rows, columns), where it is known;
    else a square is taken for granted. Raise ModelError for a net that does not read squares,
    unless the picture is to be untouched; DataError for what is no picture, or an empty one, or
    does not have as many pixels as the net has inputs, where no size is known.
    """
    rgba = _checked(rgba)
    side = isqrt(inputs)
    if size is None and side * side == inputs:
        size = (side, side)
    if untouched:
        if size is None and rgba.shape[0] * rgba.shape[1] != inputs:
            raise DataError(
                f"expected a picture of {inputs:,} pixels, as many as the net has inputs, found "
                f"one of {rgba.shape[0]:,} x {rgba.shape[1]:,}."
            )
        return raw(rgba, size)
    if size is None or size[0] != size[1]:
        found = f"{inputs:,} inputs" if size is None else f"images of {size[0]} x {size[1]}"
        raise ModelError(
            f"expected a net that reads square images, such as 28 x 28, found one for {found}: "
            "give it pictures as they are (--raw)."
        )
    return prepare(rgba, side)


def _checked(rgba: np.ndarray) -> np.ndarray:
    """Return the picture. Raise DataError unless it is one."""
    rgba = np.asarray(rgba)
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8 or rgba.size == 0:
        raise DataError(
            "expected a picture as bytes of shape (rows, columns, 4), red, green, blue and alpha, "
            f"found {rgba.dtype} of shape {rgba.shape}."
        )
    return rgba


# --- the steps ------------------------------------------------------------------------------------


def grey(rgba: np.ndarray) -> np.ndarray:
    """Lay the picture on white paper, and give how light (rows, columns) it is.

    The weights of the colours are those of ITU-R BT.601.
    """
    light = np.empty(rgba.shape[:2], np.uint8)
    rows = max(2**20 // rgba.shape[1], 1)  # at a time: photographs have millions of pixels
    for start in range(0, len(rgba), rows):
        part = rgba[start : start + rows].astype(np.int32)
        alpha = part[:, :, 3:]
        colours = (part[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255
        light[start : start + rows] = (colours @ np.array([299, 587, 114]) + 500) // 1000
    return light


def inked(rgba: np.ndarray) -> np.ndarray:
    """Return how light a picture is; where its colours tell nothing, its transparency may."""
    light = grey(rgba)
    if int(light.max()) - int(light.min()) < BLANK:  # such as white ink on transparent paper
        return 255 - rgba[:, :, 3]
    return light


def area(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Resize: each new pixel is the mean of the area that it covers, to the nearest."""
    height, width = image.shape
    size, step = height * width, max(2**20 // height, 1)  # columns at a time, as rows in `grey`
    parts = (image[:, start : start + step] for start in range(0, width, step))
    sums = np.hstack([covered(part, rows) for part in parts])
    sums = covered(sums.T, columns).T
    return ((2 * sums + size) // (2 * size)).astype(np.uint8)


def covered(image: np.ndarray, rows: int) -> np.ndarray:
    """Sum up what each new row covers, (rows, columns), in 1/rows of an old row.

    So the part of an old row that a new one covers is a whole number, too.
    """
    old = len(image)
    full, rest = np.divmod(np.arange(rows + 1) * old, rows)  # where each begins, and the last ends
    sums = np.add.reduceat(image, full[:-1], axis=0, dtype=np.int64)  # of full rows: begin to end
    sums[full[1:] == full[:-1]] = 0
    cut = image[np.minimum(full, old - 1)] * rest[:, None]  # of the row that it begins in
    return rows * sums + cut[1:] - cut[:-1]


def fitted(rows: int, columns: int, longest: int) -> tuple[int, int]:
    """Return the size whose longer side is `longest`, with the aspect kept as well as it can be."""
    longer = max(rows, columns)
    rows, columns = ((2 * n * longest + longer) // (2 * longer) for n in (rows, columns))
    return max(rows, 1), max(columns, 1)


def light_on_dark(picture: np.ndarray) -> np.ndarray:
    """Return the picture so that the ink is what is light.

    The paper is as light as the middle of the border's pixels; the ink is on that side of it on
    which there is more to be seen.
    """
    paper = median(border(picture))
    dark = paper - int(picture.min()) > int(picture.max()) - paper
    return 255 - picture if dark else picture


def border(image: np.ndarray) -> np.ndarray:
    """Return the pixels of the first and last row and column, those in the corners twice."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def median(values: np.ndarray) -> int:
    """Return the value in the middle, the upper one of two."""
    return int(np.sort(values)[len(values) // 2])


def without_background(ink: np.ndarray) -> np.ndarray:
    """Take away what is light all over a window wider than any stroke: paper, shadow, gradient.

    That is a grey opening: the least value in a window around each pixel, then the greatest of
    those (Serra, Image Analysis and Mathematical Morphology, 1982). What noise leaves on the paper
    is taken away, too, as much as there is of it on the border.
    """
    reach = max(max(ink.shape) // REACH, 1)
    ground = least(ink, reach)
    ground = 255 - least(255 - ground, reach)
    ink = ink - ground  # an opening is nowhere above what it opens
    paper = median(border(ink))
    return np.maximum(ink, paper) - paper


def least(image: np.ndarray, reach: int) -> np.ndarray:
    """Return the least value in the window that reaches so many pixels to each side of a pixel."""
    for _ in range(2):
        image = np.pad(image, ((reach, reach), (0, 0)), constant_values=255)
        done, wanted = 1, 2 * reach + 1  # rows that each row is the least of
        while done < wanted:  # twice as many each time
            step = min(done, wanted - done)
            image = np.minimum(image[:-step], image[step:])
            done += step
        image = image.T  # then the columns
    return image


def contrasted(ink: np.ndarray) -> np.ndarray:
    """Wipe off what is faint, and make the rest as light as can be."""
    most = int(ink.max())
    return stretched(np.where(ink.astype(np.int32) * FAINT >= most, ink, 0), most)


def stretched(ink: np.ndarray, white: int) -> np.ndarray:
    """Multiply all by what makes this value 255."""
    ink = (2 * 255 * ink.astype(np.int32) + white) // (2 * white)
    return np.minimum(ink, 255).astype(np.uint8)


def without_dirt(ink: np.ndarray) -> np.ndarray:
    """Wipe off specks, and what the edge of the picture cuts: lines of the paper, a table, a thumb.

    Pixels that touch, if only at a corner, are of one piece. A digit that the edge cuts stays: only
    a piece with much less ink than it would make it dirt.
    """
    rows, columns = ink.shape
    width = columns + 2
    padded = np.pad(ink, 1).ravel()  # so that every pixel has eight neighbours
    values = padded.tolist()
    steps = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    pieces = []
    for start in padded.nonzero()[0].tolist():
        if not values[start]:
            continue  # in a piece found before
        piece, amount, values[start] = [start], values[start], 0
        for place in piece:  # which grows meanwhile
            for step in steps:
                if values[place + step]:
                    amount += values[place + step]
                    values[place + step] = 0
                    piece.append(place + step)
        cut = any(p // width in (1, rows) or p % width in (1, columns) for p in piece)
        pieces.append((amount, cut, piece))
    inside = max((amount for amount, cut, _ in pieces if not cut), default=0)
    kept = [(amount, piece) for amount, cut, piece in pieces if not cut or amount > EDGE * inside]
    most = max(amount for amount, _ in kept)
    clean = np.zeros_like(padded)
    for amount, piece in kept:
        if amount * SPECK >= most:
            clean[piece] = padded[piece]
    return clean.reshape(rows + 2, width)[1:-1, 1:-1]


def cropped(ink: np.ndarray) -> np.ndarray:
    """Cut off the empty rows and columns around the ink."""
    rows, columns = ink.any(axis=1).nonzero()[0], ink.any(axis=0).nonzero()[0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def strengthened(ink: np.ndarray) -> np.ndarray:
    """Make a part of the pixels white: a thin stroke has become grey when it was reduced."""
    lightest = np.sort(ink, axis=None)
    white = max(int(lightest[-1 - ink.size // WHITE]), int(lightest[-1]) // STRONGER, 1)
    return stretched(ink, white)


def centred(ink: np.ndarray, side: int) -> np.ndarray:
    """Put the ink into (side, side) so that its centre of mass is in the middle, or nearly.

    In MNIST that is where row and column number side / 2 are, counted from 0. Nothing is ever
    pushed out of the picture.
    """
    image = np.zeros((side, side), np.uint8)
    mass = int(ink.sum())
    corner = []
    for n, amounts in zip(ink.shape, (ink.sum(axis=1), ink.sum(axis=0))):
        moment = int(amounts @ np.arange(n))
        start = (side * mass - 2 * moment + mass) // (2 * mass)  # side / 2 - moment / mass
        corner.append(min(max(start, 0), side - n))
    top, left = corner
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image


# --- files ----------------------------------------------------------------------------------------


def read_image(source: str | os.PathLike | BinaryIO, *, upright: bool = True) -> np.ndarray:
    """Read a picture from a file, or an open one: bytes (rows, columns, 4), RGBA.

    A photograph is turned as its EXIF data say, unless it need not be `upright` (a TIFF always is:
    Pillow does that); of an animation it is the first picture. Raise DataError, naming the file,
    for anything but a whole picture, and SimplenetError where Pillow is not installed.
    """
    try:
        import PIL  # noqa: F401, only to know
    except ImportError as error:
        raise SimplenetError(
            "expected Pillow, which reads pictures, found that it is not installed: get it with "
            "python -m pip install pillow."
        ) from error
    if not isinstance(source, str | os.PathLike):
        name = getattr(source, "name", "the picture")
        return _decoded(source, "standard input" if name == "<stdin>" else name, upright)
    try:
        with open(source, "rb") as file:
            return _decoded(file, os.fspath(source), upright)
    except OSError as error:
        raise DataError(
            f"{source}: expected a picture, found that it cannot be read: "
            f"{error.strerror or error}. Check its name, its place and who may read it."
        ) from error


def _decoded(file: BinaryIO, name: str, upright: bool) -> np.ndarray:
    """Do what `read_image` promises, with Pillow there and the file open."""
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
            with Image.open(file, formats=formats) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _too_large(name, f"{image.width:,} x {image.height:,}")
                image.load()
                if upright and image.format != "TIFF":  # those have been turned by Pillow
                    with contextlib.suppress(Exception):  # damaged EXIF data tell nothing
                        image = ImageOps.exif_transpose(image)
                return _rgba(image, name)
    except (MemoryError, DataError):
        raise
    except Image.DecompressionBombError as error:  # before its size is known to us
        raise _too_large(name, "many more") from error
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


def _too_large(name: str, found: str) -> DataError:
    return DataError(
        f"{name}: expected a picture of at most {MOST_PIXELS:,} pixels, found {found}: make it "
        "smaller."
    )


def _rgba(image, name: str) -> np.ndarray:
    """Return a picture of Pillow as bytes, with the whole range of its greys."""
    if image.mode[0] not in "IF":  # one byte for each colour
        alpha = image.mode[-1] in "Aa" or "transparency" in image.info
        # Some kinds without alpha, such as LAB, get a wrong one from Pillow.
        plain = alpha or image.mode in ("1", "L", "P", "RGB")
        return np.asarray(image.convert("RGBA") if plain else image.convert("RGB").convert("RGBA"))
    values = np.asarray(image)  # Pillow would cut off what is above 255
    deep = image.mode.startswith("I;16")
    wholes = (65535,) if deep else (1.0, 255, 65535) if image.mode == "F" else (255, 65535)
    whole = next((whole for whole in wholes if 0 <= values.min() <= values.max() <= whole), None)
    if whole is None:
        raise DataError(
            f"{name}: expected greys from 0 to 65535, found {values.min()} to {values.max()}: save "
            "it as PNG."
        )
    light = np.rint(values * (255 / whole)).astype(np.uint8)
    alpha = np.where(values == image.info.get("transparency", -1), 0, 255).astype(np.uint8)
    return np.dstack([light, light, light, alpha])


# --- the terminal ---------------------------------------------------------------------------------

# Characters that show two pixels, one above the other, and how light each of them is with it.
_BLOCKS = {
    " ": (0, 0), "░": (64, 64), "▒": (128, 128), "▓": (191, 191), "█": (255, 255),
    "▀": (255, 0), "▄": (0, 255),
}  # fmt: skip
_RAMP = " .:-=+*#%@"  # from dark to light, where there are no blocks


def draw(image: np.ndarray, *, blocks: bool = True) -> str:
    """Draw bytes (rows, columns), light on dark, with a character for two rows of a column.

    Lines end with a newline; an image wider or higher than 60 pixels is made smaller. Without
    `blocks` only ASCII is used.
    """
    if max(image.shape) > WIDEST:
        image = area(image, *fitted(*image.shape, WIDEST))
    image = np.pad(image, ((0, len(image) % 2), (0, 0))).astype(np.int32)
    pairs = np.stack([image[0::2], image[1::2]], axis=-1)  # (lines, columns, 2)
    if blocks:
        shown, levels = list(_BLOCKS), np.array(list(_BLOCKS.values()))
        distance = ((pairs[:, :, None] - levels) ** 2).sum(axis=-1)
        chosen = distance.argmin(axis=-1)
    else:
        shown, chosen = _RAMP, (pairs.sum(axis=-1) * (len(_RAMP) - 1) + 255) // 510
    return "".join("".join(shown[i] for i in line) + "\n" for line in chosen)
