"""Prepare a picture of a digit as a net expects it: light on dark, one size, in the middle.

MNIST's digits were scaled, with their aspect kept, into a box of 20x20 pixels, and placed in 28x28
so that their centre of mass is in the middle (LeCun et al., Gradient-Based Learning Applied to
Document Recognition, 1998). People's pictures are dark on white, off-centre, thin, shadowed,
transparent or lying on their side; `prepare` does for them what was done for MNIST.

All of it is computed in integers, none above 2**53, so that `prepare` in backprop/web/prepare.mjs,
where every number is a float64, gives the same pixels. `a // b` rounds down, and
`(2 * a + b) // (2 * b)` to the nearest, halves up. The steps have the same names there.
"""

from math import isqrt

import numpy as np
import numpy.typing as npt

from simplenet.errors import DataError, ModelError

Pixels = npt.NDArray[np.uint8]

# Chosen by accuracy on damaged pictures of MNIST's training images.
WORK = 168  # pixels of the longer side, to which a larger picture is reduced: 6 times 28
REACH = 5  # the paper is what is light as far as this part of the longer side, to all sides
BLANK = 24  # of 255: in a picture with less contrast than this, nothing is drawn
FAINT = 4  # what is fainter than this part of the strongest ink is paper
EDGE = 2  # a piece cut by the edge has more than so many times the ink of one inside, or is dirt
SPECK = 8  # what has less ink than this part of the largest piece is dirt
WHITE = 6  # this part of a digit's pixels are to be white
STRONGER = 3  # and may be made at most so many times as light for it


def prepare(rgba: Pixels, side: int = 28) -> Pixels:
    """Return what a net sees of a picture (rows, columns, 4): bytes (side, side), light on dark.

    The steps are: grey, polarity, background, contrast, dirt, crop, scale, centre. Raise DataError
    for a picture in which nothing is drawn.
    """
    picture = inked(_checked(rgba))
    if max(picture.shape) > WORK:
        picture = area(picture, *fitted(picture.shape, WORK))
    ink = without_background(light_on_dark(picture))
    if ink.max() < BLANK:
        raise DataError(
            "expected a digit, found nothing drawn: all of the picture is the same, or nearly. "
            "Take one with more contrast."
        )
    digit = cropped(without_dirt(contrasted(ink)))
    box = max((20 * side + 14) // 28, 1)  # as 20 is to 28
    return centred(strengthened(reduced(digit, *fitted(digit.shape, box))), side)


def raw(rgba: Pixels, size: tuple[int, int] | None = None) -> Pixels:
    """Return a picture (rows, columns, 4) as bytes of this size with none of the preparation.

    It is only made grey and resized, or keeps its size. Seeing what a net makes of it teaches what
    `prepare` is for.
    """
    opaque = _checked(rgba).copy()
    opaque[:, :, 3] = 255  # so that the colours of transparent pixels show: most often black
    light = grey(opaque)
    return light if size is None else area(light, *size)


def seen(
    rgba: Pixels,
    inputs: int,
    size: tuple[int, int] | None = None,
    *,
    untouched: bool = False,
) -> Pixels:
    """Return what a net with so many inputs sees of a picture: `prepare`, or `raw` if `untouched`.

    `size` is that of the images which the net was trained on, (rows, columns), where it is known;
    else a square is assumed. Raise ModelError for a net that does not read squares,
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


def _checked(rgba: Pixels) -> Pixels:
    """Return the picture. Raise DataError unless it is one."""
    rgba = np.asarray(rgba)
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8 or rgba.size == 0:
        raise DataError(
            "expected a picture as bytes of shape (rows, columns, 4), red, green, blue and alpha, "
            f"found {rgba.dtype} of shape {rgba.shape}."
        )
    return rgba


# --- the steps ------------------------------------------------------------------------------------


def grey(rgba: Pixels) -> Pixels:
    """Return how light (rows, columns) a picture is in front of white.

    The weights of the colours are those of ITU-R BT.601.
    """
    height, width = rgba.shape[:2]
    light = np.empty((height, width), np.uint8)
    # So many at a time: photographs have millions of pixels, even in a row, and these are 32 bits.
    columns = min(width, 2**16)
    rows = max(2**16 // columns, 1)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            block = np.s_[top : top + rows, left : left + columns]
            part = rgba[block].astype(np.int32)
            colours, alpha = part[:, :, :3], part[:, :, 3:]
            if alpha.min() < 255:
                colours = (colours * alpha + 255 * (255 - alpha) + 127) // 255
            light[block] = (colours @ np.array([299, 587, 114], np.int32) + 500) // 1000
    return light


def inked(rgba: Pixels) -> Pixels:
    """Return how light a picture is or, if nearly all of it is as light, how transparent."""
    light = grey(rgba)
    if int(light.max()) - int(light.min()) < BLANK:  # such as white ink on transparent paper
        return inverted(rgba[:, :, 3])
    return light


def area(image: Pixels, rows: int, columns: int) -> Pixels:
    """Return an image resized: a new pixel is the mean of what it covers, to the nearest."""
    return quotients(sums(image, rows, columns), image.size)


def sums(image: Pixels, rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Return the sum of what each pixel of a new size covers, in 1/(rows * columns) of an old one.

    The direction goes first that leaves less, and so many columns are done at a time, as rows are
    in `grey`: an image may be a line of millions of pixels.
    """
    height, width = image.shape
    if rows * width > height * columns:
        return sums(image.T, columns, rows).T
    step = max(2**20 // height, 1)
    parts = (image[:, start : start + step] for start in range(0, width, step))
    return covered(np.hstack([covered(part, rows) for part in parts]).T, columns).T


def quotients(values: npt.NDArray[np.integer], divisor: int) -> Pixels:
    """Return the values divided, to the nearest."""
    return ((2 * values + divisor) // (2 * divisor)).astype(np.uint8)


def covered(image: npt.NDArray[np.integer], rows: int) -> npt.NDArray[np.int64]:
    """Return the sum of what each new row covers, (rows, columns), in 1/rows of an old row.

    In that unit the part of an old row that a new one covers is an integer.
    """
    old = len(image)
    full, rest = np.divmod(np.arange(rows + 1) * old, rows)  # where each begins, and the last ends
    sums = np.add.reduceat(image, full[:-1], axis=0, dtype=np.int64)  # of full rows: begin to end
    sums[full[1:] == full[:-1]] = 0
    cut = image[np.minimum(full, old - 1)] * rest[:, None]  # of the row that it begins in
    new_sums: npt.NDArray[np.int64] = rows * sums + cut[1:] - cut[:-1]
    return new_sums


def reduced(ink: Pixels, rows: int, columns: int) -> Pixels:
    """Return the ink resized, but if all of it would be lost, with its lightest pixel white.

    In the few pixels of a small net, a thin or sparse digit leaves means that round to 0.
    """
    small = area(ink, rows, columns)
    if small.any():
        return small
    amounts = sums(ink, rows, columns)
    return quotients(255 * amounts, int(amounts.max()))


def fitted(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Return the size whose longer side is `longest`, with the aspect kept as well as it can be."""
    longer = max(shape)
    rows, columns = ((2 * n * longest + longer) // (2 * longer) for n in shape)
    return max(rows, 1), max(columns, 1)


def light_on_dark(picture: Pixels) -> Pixels:
    """Return the picture with the ink lighter than the paper.

    The paper is as light as the median of the border; the ink is what is further from that, the
    darkest or the lightest.
    """
    paper = median(border(picture))
    dark = paper - int(picture.min()) > int(picture.max()) - paper
    return inverted(picture) if dark else picture


def inverted(image: Pixels) -> Pixels:
    """Return the image with dark and light exchanged."""
    return np.subtract(255, image, dtype=np.uint8)


def border(image: Pixels) -> Pixels:
    """Return the pixels of the first and last row and column, those in the corners twice."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def median(values: Pixels) -> int:
    """Return the value in the middle, the upper one of two."""
    return int(np.sort(values)[len(values) // 2])


def without_background(ink: Pixels) -> Pixels:
    """Return the ink less what is light all over a window wider than any stroke: paper, shadow.

    That is a grey opening: the least value in a window around each pixel, then the greatest of
    those (Serra, Image Analysis and Mathematical Morphology, 1982). What noise leaves on the paper
    is subtracted, too, as much as there is of it on the border.
    """
    reach = max(max(ink.shape) // REACH, 1)
    ground = least(ink, reach)
    ground = inverted(least(inverted(ground), reach))
    ink = ink - ground  # an opening is nowhere above what it opens
    paper = median(border(ink))
    return np.maximum(ink, paper) - np.uint8(paper)


def least(image: Pixels, reach: int) -> Pixels:
    """Return the least value in the window that reaches so many pixels to each side of a pixel."""
    for _ in range(2):
        image = np.pad(image, ((reach, reach), (0, 0)), constant_values=255)
        done, wanted = 1, 2 * reach + 1  # rows that each row is the least of
        while done < wanted:  # twice as many each time
            step = min(done, wanted - done)
            image = np.minimum(image[:-step], image[step:])
            done += step
        image = image.T  # so that the columns are next, and the second time the rows are again
    return image


def contrasted(ink: Pixels) -> Pixels:
    """Return the ink without what is faint, and the rest stretched until its lightest is white."""
    most = int(ink.max())
    return stretched(np.where(ink.astype(np.int32) * FAINT >= most, ink, 0), most)


def stretched(ink: Pixels, white: int) -> Pixels:
    """Return the ink multiplied by what makes the value `white` 255, and cut off there."""
    lighter = (2 * 255 * ink.astype(np.int32) + white) // (2 * white)
    return np.minimum(lighter, 255).astype(np.uint8)


def without_dirt(ink: Pixels) -> Pixels:
    """Return the ink without specks and without what the edge cuts: lines, a table, a thumb.

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
        for place in piece:  # the loop reaches what it appends, until nothing more touches it
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


def cropped(ink: Pixels) -> Pixels:
    """Return the ink without the empty rows and columns around it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def strengthened(ink: Pixels) -> Pixels:
    """Return the ink with a part of its pixels white: reducing has made thin strokes grey."""
    lightest = np.sort(ink, axis=None)
    white = max(int(lightest[-1 - ink.size // WHITE]), int(lightest[-1]) // STRONGER, 1)
    return stretched(ink, white)


def centred(ink: Pixels, side: int) -> Pixels:
    """Return the ink in (side, side) with its centre of mass in the middle, or nearly.

    In MNIST that is where row and column number side / 2 are, counted from 0. Where that would put
    ink outside, it is as near to the middle as it can be.
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
