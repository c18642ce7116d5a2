"""Change digits as handwriting varies: turned, scaled, slanted, moved, bent, thinner or thicker.

A net that sees every digit changed anew in each epoch learns what digits have in common. Bent
digits are the elastic distortions of Simard, Steinkraus and Platt, "Best practices for
convolutional neural networks applied to visual document analysis" (2003).
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simplenet.checks import as_array, as_rng, check_finite, found
from simplenet.errors import DataError
from simplenet.functions import Floats
from simplenet.options import checked
from simplenet.sharing import share

PART = 32_000  # pixels that are distorted at a time: what they need stays in the cache


def distort(
    images: NDArray[np.floating[Any]],
    rng: np.random.Generator | int,
    *,
    rotation: float = 0.0,
    scaling: float = 0.0,
    shear: float = 0.0,
    shift: float = 0.0,
    elastic: float = 0.0,
    elastic_sigma: float = 5.0,
    stroke: float = 0.0,
    out: Floats | None = None,
) -> Floats:
    """Return images (n, rows, columns), each changed in its own way, in `out` or a new array.

    What is drawn for an image lies evenly between - and + the strength: `rotation` in degrees;
    `scaling` as a share of height and of width; `shear` as columns for each row; `shift` in pixels,
    down and across; `stroke` in pixels of width, by which light strokes on dark become thinner or
    thicker. `elastic` moves every pixel by noise from -X to X pixels that a Gaussian of standard
    deviation `elastic_sigma` pixels has made smooth, and so much smaller: 34 moves by about one.
    Between pixels, what is found is interpolated linearly; outside of the image it is 0.

    Raise DataError for what are no images of finite floats, ValueError for other strengths.
    """
    images, rng = _check(images), as_rng("rng", rng)
    strengths = {
        "rotation": rotation, "scaling": scaling, "shear": shear, "shift": shift,
        "elastic": elastic, "elastic_sigma": elastic_sigma, "stroke": stroke,
    }  # fmt: skip
    strengths = {name: checked(name, value) for name, value in strengths.items()}
    if out is None:
        out = np.empty_like(images)
    elif out.shape != images.shape or out.dtype != images.dtype:
        raise ValueError(f"out: expected an array like the images, found {found(out)}.")
    together = max(1, PART // math.prod(images.shape[1:]))
    parts = [slice(at, at + together) for at in range(0, len(images), together)]

    dtype = np.promote_types(images.dtype, np.float32)  # float16 has not even room for places

    def work(part: tuple[slice, np.random.Generator]) -> None:
        some, own = part
        out[some] = _distorted(images[some].astype(dtype, copy=False), own, **strengths)

    share(work, zip(parts, rng.spawn(len(parts))))  # so that threads change no number
    return out


def _check(images: NDArray[Any]) -> Floats:
    array = as_array("images", images)
    if array.ndim != 3 or array.dtype.kind != "f" or 0 in array.shape[1:]:
        raise DataError(
            f"images: expected floats of shape (n, rows, columns), found {found(array)}: bytes are "
            "to be divided by 255."
        )
    check_finite("images", array)
    return array


def _distorted(
    images: Floats,
    rng: np.random.Generator,
    *,
    rotation: float,
    scaling: float,
    shear: float,
    shift: float,
    elastic: float,
    elastic_sigma: float,
    stroke: float,
) -> Floats:
    """Return a few images, distorted."""
    n, rows, columns = images.shape
    if stroke:
        drawn: Floats = np.asarray(rng.uniform(-stroke, stroke, n))
        images = change_strokes(images, drawn)
    if not (rotation or scaling or shear or shift or elastic):
        return images
    # Where each pixel of the result comes from, as (row, column).
    centre = np.array([(rows - 1) / 2, (columns - 1) / 2])
    matrix = _matrices(rng, n, math.radians(rotation), scaling, shear)
    offset = centre + rng.uniform(-shift, shift, (n, 2))
    grid = np.indices((rows, columns)).reshape(2, -1) - centre[:, None]
    places = matrix.astype(images.dtype) @ grid.astype(images.dtype)
    places += offset[:, :, None].astype(images.dtype)
    places = places.reshape(n, 2, rows, columns)
    if elastic:
        places += smooth_noise(rng, (n, 2, rows, columns), elastic_sigma, images.dtype, elastic)
    return sampled(images, places)


def _matrices(
    rng: np.random.Generator, n: int, angle: float, scaling: float, shear: float
) -> NDArray[np.float64]:
    """Return n matrices (2, 2) that scale, slant and turn positions (row, column)."""
    turn = rng.uniform(-angle, angle, n)
    slant = rng.uniform(-shear, shear, n)
    heights, widths = 1 + rng.uniform(-scaling, scaling, (2, n))
    cos, sin, zero, one = np.cos(turn), np.sin(turn), np.zeros(n), np.ones(n)
    turned = np.array([[cos, sin], [-sin, cos]])
    slanted = np.array([[one, zero], [slant, one]])
    scaled = np.array([[heights, zero], [zero, widths]])
    product: NDArray[np.float64] = np.einsum("ijn,jkn,kln->nil", turned, slanted, scaled)
    return product


def smooth_noise(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    sigma: float,
    dtype: np.dtype[Any],
    strength: float = 1.0,
) -> Floats:
    """Return images of noise from -strength to strength that a Gaussian has made smooth.

    The Gaussian has a standard deviation of `sigma` pixels; outside of an image the noise is 0. A
    mean of so many numbers is normal, however each is distributed, so normal ones are drawn, of the
    same variance: then it takes few of them, see `_smoother`.
    """
    *many, rows, columns = shape
    down, across = _smoother(rows, sigma, dtype), _smoother(columns, sigma, dtype)
    size = math.prod(many), down.shape[1], across.shape[1]
    noise = rng.standard_normal(size, np.float32).astype(dtype, copy=False)
    noise *= strength / math.sqrt(3)
    smooth: Floats = down @ (noise.reshape(-1, size[2]) @ across.T).reshape(*size[:2], columns)
    return smooth.reshape(shape)


@lru_cache
def _smoother(size: int, sigma: float, dtype: np.dtype[Any]) -> Floats:
    """Return a matrix (size, k) that makes smooth noise of k independent normal numbers.

    With the eigenvectors V and eigenvalues s of the smoothing matrix, smooth noise is V s V' times
    noise. V' times normal noise is normal noise, and most s are almost 0: those are left out.
    """
    places = np.arange(-size, size + 1)
    weights = np.exp(-((places / sigma) ** 2) / 2)
    distances = np.subtract.outer(np.arange(size), np.arange(size))
    values, vectors = np.linalg.eigh(weights[distances + size] / weights.sum())
    some = values > values.max() / 1000
    smoother: Floats = (vectors * values)[:, some].astype(dtype)
    return smoother


def sampled(images: Floats, places: Floats) -> Floats:
    """Return images (n, rows, columns) as they are at places (n, 2, rows, columns) between pixels.

    `places` are rows and columns; it is used up. Outside of an image there is 0.
    """
    n, rows, columns = images.shape
    height, width = rows + 3, columns + 3  # a pixel of 0 around, and the one after the last of them
    edged = np.zeros((n, height, width), images.dtype)
    edged[:, 1 : rows + 1, 1 : columns + 1] = images
    places += 1
    for axis, last in enumerate((rows + 1, columns + 1)):
        np.clip(places[:, axis], 0, last, out=places[:, axis])
    whole = places.astype(np.int32)
    places -= whole
    first = whole[:, 0].astype(np.intp)
    first *= width
    first += whole[:, 1]
    first += (np.arange(n) * (height * width))[:, None, None]
    flat, (down, right) = edged.reshape(-1), (places[:, 0], places[:, 1])
    above = _between(flat, first, right)
    below = _between(flat[width:], first, right)
    below -= above
    below *= down
    above += below
    return above


def _between(values: Floats, first: NDArray[np.intp], share_of_next: Floats) -> Floats:
    """Return values between those at `first` and those that follow each of them."""
    found = values.take(first, mode="clip")  # none is out of range, and this is the quickest mode
    following = values[1:].take(first, mode="clip")
    following -= found
    following *= share_of_next
    found += following
    return found


def change_strokes(images: Floats, widths: Floats) -> Floats:
    """Return images (n, rows, columns) whose light strokes are wider by so many pixels (n,).

    Each edge moves by half of it: a pixel becomes the largest of its four neighbours and itself, or
    the smallest where strokes become thinner, and for a part of a pixel a mean of that and itself.
    """
    steps = (np.abs(widths) / 2).astype(images.dtype)[:, None, None]
    thicker, found = widths > 0, images.copy()
    while (more := steps > 0).any():
        edged = np.zeros((len(found), found.shape[1] + 2, found.shape[2] + 2), found.dtype)
        edged[:, 1:-1, 1:-1] = found
        for extreme, some in ((np.maximum, thicker), (np.minimum, ~thicker)):
            if (some & more[:, 0, 0]).any():
                beside = edged[some]
                moved = extreme(beside[:, :-2, 1:-1], beside[:, 2:, 1:-1])
                for neighbour in (beside[:, 1:-1, :-2], beside[:, 1:-1, 2:], found[some]):
                    extreme(moved, neighbour, out=moved)
                moved -= found[some]
                moved *= np.clip(steps[some], 0, 1)
                found[some] += moved
        steps = steps - 1
    return found
