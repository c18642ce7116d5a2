"""Operations on images in whole numbers: means, least and greatest values, sizes.

All of it is computed in integers, none above 2**53, so that pixels.mjs in backprop/web, where every
number is a float64, gives the same. `a // b` rounds down, and `(2 * a + b) // (2 * b)` to the
nearest, halves up. The functions have the same names there.
"""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def inverted(image: Pixels) -> Pixels:
    """Return the image with dark and light exchanged."""
    return np.subtract(255, image, dtype=np.uint8)


def border(image: Pixels) -> Pixels:
    """Return the pixels of the first and last row and column, those in the corners twice."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


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


def opened_in_column(image: Pixels, reach: int) -> Pixels:
    """Return the greatest of the least values in the windows in its column that hold a pixel."""
    return inverted(least_in_column(inverted(least_in_column(image, reach)), reach))


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


def stretched(ink: Pixels, white: int | npt.NDArray[np.int32]) -> Pixels:
    """Return the ink multiplied by what makes the value `white` 255, and cut off there."""
    lighter = (2 * 255 * ink.astype(np.int32) + white) // (2 * white)
    cut: Pixels = np.minimum(lighter, 255).astype(np.uint8)
    return cut


def cropped(ink: Pixels) -> Pixels:
    """Return the ink without the empty rows and columns around it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
