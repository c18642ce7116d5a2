"""Prepare a picture of a digit as a net expects it: light on dark, one size, in the middle.

MNIST's digits were scaled, with their aspect kept, into a box of 20x20 pixels, and placed in 28x28
so that their centre of mass is in the middle (LeCun et al., Gradient-Based Learning Applied to
Document Recognition, 1998). People's pictures are dark on white, off-centre, thin, shadowed,
ruled, framed, transparent or lying on a desk; `prepare` does for them what was done for MNIST.

All of it is computed in whole numbers, so that `prepare` in backprop/web/prepare.mjs gives the same
pixels. The steps have the same names there.
"""

from math import isqrt

import numpy as np

from simplenet.errors import DataError, ModelError
from simplenet.pictures.pieces import without_dirt, without_lines
from simplenet.pictures.pixels import (
    Pixels,
    area,
    border,
    cropped,
    fitted,
    greatest,
    inverted,
    least,
    mean_around,
    reduced,
    stretched,
)

# Chosen by accuracy on pictures of MNIST's training images that scripts/renderings.py draws.
WORK = 168  # pixels of the longer side, to which a larger picture is reduced: 6 times 28
REACH = 5  # the paper is what is light as far as this part of the longer side, to all sides
BLANK = 24  # of 255: in a picture with less contrast than this, nothing is drawn
FEW = 50  # this part of the border may be darker than all the rest, and as much lighter: noise
LIGHTNESS = (299, 587, 114)  # of 1,000: red, green and blue, as in ITU-R BT.601
COLOURS = ((1000, 0, 0), (0, 1000, 0), (0, 0, 1000))
COLOURFUL = 2  # a colour that has more than so many times the contrast is looked at
SHADED = 3  # ink in a shadow is made at most so many times as light as it is
FAINT = 4  # what is fainter than this part of the strongest ink is paper
STROKE = 12  # of 100: how wide MNIST's strokes are, beside a digit's longer side
WHITE = 6  # this part of a digit's pixels are to be white
STRONGER = 3  # and may be made at most so many times as light for it


def prepare(rgba: Pixels, side: int = 28) -> Pixels:
    """Return what a net sees of a picture (rows, columns, 4): bytes (side, side), light on dark.

    The steps are: colour, polarity, background, contrast, lines, dirt, crop, stroke, scale, centre.
    Raise DataError for a picture in which nothing is drawn.
    """
    return as_in_mnist(cropped(without_dirt(drawn(rgba))), side)


def drawn(rgba: Pixels, longest: int = WORK, reach: int | None = None) -> Pixels:
    """Return what is drawn in a picture (rows, columns, 4): ink as bytes, light on dark.

    That is a picture whose longer side is `longest` at most. Of what is prepared, the first steps
    are done: colour, polarity, background, contrast, lines. What is light as far as `reach` to all
    sides is paper. Raise DataError where nothing is drawn.
    """
    ink = without_background(light_on_dark(inked(_checked(rgba), longest)), reach)
    if ink.max() < BLANK:
        raise DataError(
            "expected a digit, found nothing drawn: all of the picture is the same, or nearly. "
            "Take one with more contrast."
        )
    return without_lines(contrasted(ink), ink)


def as_in_mnist(digit: Pixels, side: int) -> Pixels:
    """Return the ink of one digit, with nothing around it, as a net sees it: (side, side).

    The steps are: stroke, scale, centre.
    """
    digit = with_stroke(digit)
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
    return prepare(rgba, side_of(inputs, size))


def side_of(inputs: int, size: tuple[int, int] | None = None) -> int:
    """Return the side of the square images that a net with so many inputs reads.

    `size` is that of the images which it was trained on, if that is known. Raise ModelError for a
    net that reads no squares.
    """
    side = isqrt(inputs)
    if size is None and side * side == inputs:
        size = (side, side)
    if size is None or size[0] != size[1]:
        found = f"{inputs:,} inputs" if size is None else f"images of {size[0]} x {size[1]}"
        raise ModelError(
            f"expected a net that reads square images, such as 28 x 28, found one for {found}: "
            "give it pictures as they are (--raw)."
        )
    return size[0]


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


def grey(rgba: Pixels, weights: tuple[int, int, int] = LIGHTNESS) -> Pixels:
    """Return how light (rows, columns) a picture is in front of white."""
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
            light[block] = (colours @ np.array(weights, np.int32) + 500) // 1000
    return light


def inked(rgba: Pixels, longest: int = WORK) -> Pixels:
    """Return how light a picture is, no larger than `longest`.

    Where red, green, blue or transparency tells much more than lightness, it is that: a pen may be
    as light as the paper.
    """
    light = smaller(grey(rgba), longest)
    if COLOURFUL * contrast(light) >= 255:
        return light
    colours = [smaller(grey(rgba, weights), longest) for weights in COLOURS]
    best = max([*colours, smaller(inverted(rgba[:, :, 3]), longest)], key=contrast)
    return best if contrast(best) > COLOURFUL * contrast(light) else light


def contrast(image: Pixels) -> int:
    """Return how much lighter the lightest pixel is than the darkest."""
    return int(image.max()) - int(image.min())


def smaller(image: Pixels, longest: int) -> Pixels:
    """Return the image, its longer side reduced to `longest` if it is more."""
    return area(image, *fitted(image.shape, longest)) if max(image.shape) > longest else image


def light_on_dark(picture: Pixels) -> Pixels:
    """Return the picture with the ink lighter than the paper.

    Where nearly all of the border is as light, that may be paper or the desk that a sheet lies on,
    and the ink is what is rare: a little of it is far from the mean around it. Elsewhere the paper
    is as light as the middle half of the border, some of which a shadow may make darker, and the
    ink is what is further from that, the darkest or the lightest.
    """
    ring = np.sort(border(picture)).tolist()
    few = len(ring) // FEW
    if ring[-1 - few] - ring[few] < BLANK:
        off = picture.astype(np.int64) - mean_around(picture, reach_in(picture))
        dark = int((off**3).sum()) < 0
    else:
        lower, middle, upper = (ring[len(ring) * part // 4] for part in (1, 2, 3))
        dark = lower + middle - 2 * int(picture.min()) > 2 * int(picture.max()) - middle - upper
    return inverted(picture) if dark else picture


def reach_in(image: Pixels) -> int:
    """Return how far a window reaches to each side that is wider than any stroke."""
    return int(max(max(image.shape) // REACH, 1))


def without_background(ink: Pixels, reach: int | None = None) -> Pixels:
    """Return the ink less what is light all over a window wider than any stroke: paper, shadow.

    That is a grey opening: the least value in a window around each pixel, then the greatest of
    those (Serra, Image Analysis and Mathematical Morphology, 1982). What noise leaves on the paper
    is subtracted, too: a quarter of any picture is paper.
    """
    reach = min(reach_in(ink), reach_in(ink) if reach is None else reach)
    ground = greatest(least(ink, reach), reach)
    ink = ink - ground  # an opening is nowhere above what it opens
    paper = int(np.sort(ink, axis=None)[ink.size // 4])
    return np.maximum(ink, paper) - np.uint8(paper)


def contrasted(ink: Pixels) -> Pixels:
    """Return the ink without what is faint, and the rest stretched until its lightest is white.

    The lightest around, that is: ink in a shadow has less contrast than the rest.
    """
    most = int(ink.max())
    strongest = greatest(ink, reach_in(ink)).astype(np.int32)
    white = np.maximum(strongest, -(-most // SHADED))
    return stretched(np.where(ink.astype(np.int32) * FAINT >= most, ink, 0), white)


def with_stroke(digit: Pixels) -> Pixels:
    """Return a digit with strokes as wide as those of MNIST, thickened or thinned at their edges.

    A stroke has two edges, so that its width is twice the pixels of ink for each of an edge. Of
    these there are 4/pi times as many as the edge is long, which is the mean over directions.
    """
    drawn = np.pad(digit >= 128, 1)
    edges = sum(int((drawn ^ np.roll(drawn, 1, axis)).sum()) for axis in (0, 1))
    if not edges:
        return digit
    # A width is 255 (200 * 4/pi) * pixels / edges, in 1/100 pixel; each side gets half of the rest.
    missing = STROKE * max(digit.shape) * edges - 255 * int(drawn.sum())
    reach = abs(missing) // (200 * edges)
    if not reach:
        return digit
    if missing > 0:
        return greatest(np.pad(digit, reach), reach)
    thinner = least(np.pad(digit, 1), min(reach, max(digit.shape) // 20))
    return cropped(thinner) if thinner.any() else digit


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
