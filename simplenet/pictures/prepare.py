"""Prepare a picture of a digit as a net expects it: light on dark, one size, in the middle.

MNIST's digits were scaled, with their aspect kept, into a box of 20x20 pixels, and placed in 28x28
so that their centre of mass is in the middle (LeCun et al., Gradient-Based Learning Applied to
Document Recognition, 1998). People's pictures are dark on white, off-centre, thin, shadowed,
ruled, framed, transparent or lying on a desk; `prepare` does for them what was done for MNIST.

All of it is computed in integers, none above 2**53, so that `prepare` in backprop/web/prepare.mjs,
where every number is a float64, gives the same pixels. `a // b` rounds down, and
`(2 * a + b) // (2 * b)` to the nearest, halves up. The steps have the same names there.
"""

from math import isqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simplenet.errors import DataError, ModelError

Pixels = npt.NDArray[np.uint8]

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
LONG = 5  # a line is made of runs of this part of the picture, and goes all through it
SLOPE = 10  # rises by at most this part of its length
PEN = 3  # along a line, what has more than so many halves of its ink is a pen
THIN = 20  # and is no thicker than this part of the picture
TALL = 4  # where a piece is as high as this part of the picture, a digit lies inside
EDGE = 2  # else a piece cut by the edge has more than so many times the ink of one inside
STROKE = 12  # of 100: how wide MNIST's strokes are, beside a digit's longer side
SPECK = 8  # what has less ink than this part of the largest piece is dirt
WHITE = 6  # this part of a digit's pixels are to be white
STRONGER = 3  # and may be made at most so many times as light for it


def prepare(rgba: Pixels, side: int = 28) -> Pixels:
    """Return what a net sees of a picture (rows, columns, 4): bytes (side, side), light on dark.

    The steps are: colour, polarity, background, contrast, lines, dirt, crop, stroke, scale, centre.
    Raise DataError for a picture in which nothing is drawn.
    """
    ink = without_background(light_on_dark(inked(_checked(rgba))))
    if ink.max() < BLANK:
        raise DataError(
            "expected a digit, found nothing drawn: all of the picture is the same, or nearly. "
            "Take one with more contrast."
        )
    digit = with_stroke(cropped(without_dirt(without_lines(contrasted(ink), ink))))
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


def inked(rgba: Pixels) -> Pixels:
    """Return how light a picture is, no larger than WORK.

    Where red, green, blue or transparency tells much more than lightness, it is that: a pen may be
    as light as the paper.
    """
    light = smaller(grey(rgba))
    if COLOURFUL * contrast(light) >= 255:
        return light
    colours = [smaller(grey(rgba, weights)) for weights in COLOURS]
    best = max([*colours, smaller(inverted(rgba[:, :, 3]))], key=contrast)
    return best if contrast(best) > COLOURFUL * contrast(light) else light


def contrast(image: Pixels) -> int:
    """Return how much lighter the lightest pixel is than the darkest."""
    return int(image.max()) - int(image.min())


def smaller(image: Pixels) -> Pixels:
    """Return the image, reduced to WORK if it is larger."""
    return area(image, *fitted(image.shape, WORK)) if max(image.shape) > WORK else image


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


def mean_around(image: Pixels, reach: int) -> npt.NDArray[np.int64]:
    """Return the mean, rounded down, of what of the image is in the window around each pixel."""
    total, count = image.astype(np.int64), np.ones(image.shape, np.int64)
    for _ in range(2):
        n = len(total)
        first, last = (np.clip(np.arange(n) + off, 0, n) for off in (-reach, reach + 1))
        upto = np.pad(total.cumsum(axis=0), ((1, 0), (0, 0)))
        total, count = (upto[last] - upto[first]).T, (count * (last - first)[:, None]).T
    mean: npt.NDArray[np.int64] = total // count
    return mean


def inverted(image: Pixels) -> Pixels:
    """Return the image with dark and light exchanged."""
    return np.subtract(255, image, dtype=np.uint8)


def border(image: Pixels) -> Pixels:
    """Return the pixels of the first and last row and column, those in the corners twice."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def without_background(ink: Pixels) -> Pixels:
    """Return the ink less what is light all over a window wider than any stroke: paper, shadow.

    That is a grey opening: the least value in a window around each pixel, then the greatest of
    those (Serra, Image Analysis and Mathematical Morphology, 1982). What noise leaves on the paper
    is subtracted, too: a quarter of any picture is paper.
    """
    reach = reach_in(ink)
    ground = greatest(least(ink, reach), reach)
    ink = ink - ground  # an opening is nowhere above what it opens
    paper = int(np.sort(ink, axis=None)[ink.size // 4])
    return np.maximum(ink, paper) - np.uint8(paper)


def least(image: Pixels, reach: int) -> Pixels:
    """Return the least value in the window that reaches so many pixels to each side of a pixel."""
    return least_in_column(least_in_column(image, reach).T, reach).T


def greatest(image: Pixels, reach: int) -> Pixels:
    """Return the greatest value in that window."""
    return inverted(least(inverted(image), reach))


def least_in_column(image: Pixels, reach: int) -> Pixels:
    """Return the least value that is up to so many pixels above or below a pixel."""
    image = np.pad(image, ((reach, reach), (0, 0)), constant_values=255)
    done, wanted = 1, 2 * reach + 1  # rows that each row is the least of
    while done < wanted:  # twice as many each time
        step = min(done, wanted - done)
        image = np.minimum(image[:-step], image[step:])
        done += step
    return image


def contrasted(ink: Pixels) -> Pixels:
    """Return the ink without what is faint, and the rest stretched until its lightest is white.

    The lightest around, that is: ink in a shadow has less contrast than the rest.
    """
    most = int(ink.max())
    strongest = greatest(ink, reach_in(ink)).astype(np.int32)
    white = np.maximum(strongest, -(-most // SHADED))
    return stretched(np.where(ink.astype(np.int32) * FAINT >= most, ink, 0), white)


def stretched(ink: Pixels, white: int | npt.NDArray[np.int32]) -> Pixels:
    """Return the ink multiplied by what makes the value `white` 255, and cut off there."""
    lighter = (2 * 255 * ink.astype(np.int32) + white) // (2 * white)
    cut: Pixels = np.minimum(lighter, 255).astype(np.uint8)
    return cut


def without_lines(ink: Pixels, before: Pixels) -> Pixels:
    """Return the ink without thin straight lines from edge to edge, such as paper is ruled with.

    Where that would be nothing, a line is the digit. `before` is the ink before it was stretched.
    """
    clean = without_rules(without_rules(ink, before).T, before.T).T
    return clean if clean.any() else ink


def without_rules(ink: Pixels, before: Pixels) -> Pixels:
    """Return the ink without lines from left to right, but for where something crosses them.

    A line is long runs in one row after another, from edge to edge. Each pixel is taken for one
    wider to all sides there, so that neither gaps nor steps end a run. How thick a line is, is told
    by the thinnest quarter of it: a digit may stand on the rest. A pen that goes along a line is
    known by its stronger ink.
    """
    rows, columns = ink.shape
    runs = opened_in_column(greatest(ink, 1).T, max(columns // LONG // 2, 1)).T
    clean = ink.copy()
    for piece in pieces(runs):
        if piece.left > 0 or piece.right < columns:
            continue
        above, beside = piece.places
        thick = max(int(np.sort(np.bincount(beside))[columns // 4]) - 2, 1)
        rise = abs(int(above[beside == 0].min()) - int(above[beside == columns - 1].min()))
        if thick * THIN <= max(rows, columns) and rise * SLOPE <= columns:
            amounts = before[piece.places].astype(np.int64)
            strengths = np.zeros(columns, np.int64)
            np.maximum.at(strengths, beside, amounts)
            no_pen = 2 * amounts <= PEN * np.sort(strengths)[columns // 2]
            line = above[no_pen], beside[no_pen]
            high = opened_in_column(ink, thick // 2 + 1)
            clean[line] = np.minimum(clean, high)[line]
    return clean


def opened_in_column(image: Pixels, reach: int) -> Pixels:
    """Return the greatest of the least values in the windows in its column that hold a pixel."""
    return inverted(least_in_column(inverted(least_in_column(image, reach)), reach))


class Piece(NamedTuple):
    """Pixels that touch: the box around them, whether an edge cuts it, their ink, their places."""

    top: int
    bottom: int
    left: int
    right: int
    cut: bool
    amount: int
    places: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

    @property
    def height(self) -> int:
        """Return how many rows it spans."""
        return self.bottom - self.top


def pieces(ink: Pixels) -> list[Piece]:
    """Return the pieces of the ink, of pixels that touch, if only at a corner."""
    width = ink.shape[1] + 2
    padded = np.pad(ink, 1).ravel()  # so that every pixel has eight neighbours
    values = padded.tolist()
    steps = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    found = []
    for start in padded.nonzero()[0].tolist():
        if not values[start]:
            continue  # in a piece found before
        piece, values[start] = [start], 0
        for place in piece:  # the loop reaches what it appends, until nothing more touches it
            for step in steps:
                if values[place + step]:
                    values[place + step] = 0
                    piece.append(place + step)
        rows, columns = np.divmod(np.array(piece), width)
        rows, columns = rows - 1, columns - 1
        top, left = int(rows.min()), int(columns.min())
        bottom, right = int(rows.max()) + 1, int(columns.max()) + 1
        cut = top == 0 or left == 0 or bottom == ink.shape[0] or right == ink.shape[1]
        amount = int(ink[rows, columns].sum())
        found.append(Piece(top, bottom, left, right, cut, amount, (rows, columns)))
    return found


def without_dirt(ink: Pixels) -> Pixels:
    """Return the ink without specks, frames and what the edge cuts: a table, a thumb, a shadow.

    A digit that the edge cuts stays: only where something as high as a digit lies inside, or with
    much more ink, it is dirt. A frame is what has a digit inside.
    """
    found = pieces(ink)
    longer = max(ink.shape)
    high = [piece for piece in found if piece.height * TALL >= longer]
    found = [piece for piece in found if not any(encloses(piece, other) for other in high)]
    inside = [piece for piece in found if not piece.cut]
    if any(piece.height * TALL >= longer for piece in inside):
        found = inside
    else:
        much = EDGE * max((piece.amount for piece in inside), default=0)
        found = [piece for piece in found if not piece.cut or piece.amount > much]
    most = max(piece.amount for piece in found)
    clean = np.zeros_like(ink)
    for piece in found:
        if piece.amount * SPECK >= most:
            clean[piece.places] = ink[piece.places]
    return clean


def encloses(frame: Piece, piece: Piece) -> bool:
    """Return whether a piece lies within the box of another, and is at least a third as high."""
    return (
        frame.top < piece.top
        and frame.left < piece.left
        and frame.bottom > piece.bottom
        and frame.right > piece.right
        and 3 * piece.height >= frame.height
    )


def cropped(ink: Pixels) -> Pixels:
    """Return the ink without the empty rows and columns around it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


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
