"""Distorted images: by plain loops, by what they must keep, and by statistics of what is drawn."""

import itertools
import math

import numpy as np
import pytest

from simplenet.errors import DataError
from simplenet.sharing import use_threads
from simplenet.training import distort as module
from simplenet.training.distort import change_strokes, distort, sampled, smooth_noise

ALL = {
    "rotation": 12, "scaling": 0.13, "shear": 0.15, "shift": 1, "elastic": 34, "elastic_sigma": 4,
    "stroke": 0.7,
}  # fmt: skip
SIZES = [(28, 28), (1, 1), (2, 5), (9, 4), (40, 33)]


def noise(n, rows, columns, dtype=np.float64):
    return np.random.default_rng(3).random((n, rows, columns)).astype(dtype)


def at(image, row, column):
    """Return what an image has at a place between pixels, by the definition."""
    rows, columns = image.shape
    total, places = 0.0, ((row, rows), (column, columns))
    near = (range(max(0, math.floor(p)), min(n, math.floor(p) + 2)) for p, n in places)
    for i, j in itertools.product(*near):
        total += image[i, j] * max(0, 1 - abs(row - i)) * max(0, 1 - abs(column - j))
    return total


def distances(images, centre):
    """Return how far from a place the ink of each image lies, as the mean over its ink."""
    grid = np.indices(images.shape[1:]).reshape(2, -1).T - centre
    ink = images.reshape(len(images), -1)
    return ink @ np.hypot(*grid.T) / ink.sum(axis=1)


# --- what is found between pixels -----------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_what_is_between_pixels_is_interpolated_and_outside_there_is_nothing(size):
    images = noise(3, *size)
    places = np.random.default_rng(0).uniform(-3, max(size) + 3, (3, 2, *size))
    expected = [
        [[at(image, *place[:, i, j]) for j in range(size[1])] for i in range(size[0])]
        for image, place in zip(images, places)
    ]
    # Places of 40 rows are known to 40 * 2**-53, and differ by at most 1 from pixel to pixel.
    assert np.allclose(sampled(images, places.copy()), expected, rtol=0, atol=1e-13)


def test_places_as_they_are_give_the_images_to_the_last_bit():
    images = noise(4, 6, 7, np.float32)
    places = np.broadcast_to(np.indices((6, 7)), (4, 2, 6, 7)).astype(np.float32)
    assert (sampled(images, places.copy()) == images).all()
    moved = sampled(images, places + np.float32(1))
    assert (moved[:, :-1, :-1] == images[:, 1:, 1:]).all()
    assert (moved[:, -1] == 0).all() and (moved[:, :, -1] == 0).all()


def test_places_far_away_are_outside():
    images, far = noise(1, 3, 3), np.array([-1e30, 1e30, 5, -5, 2.9999, -1, 3, 1e9, -0.5])
    places = np.stack([far, np.ones(9)]).reshape(1, 2, 3, 3)
    found = sampled(images, places).ravel()
    assert (found[[0, 1, 2, 3, 5, 6, 7]] == 0).all()
    assert found[4] == pytest.approx(images[0, 2, 1] * 1e-4)
    assert found[8] == pytest.approx(images[0, 0, 1] / 2)


# --- what may be asked for ------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_of_any_size_are_distorted_and_left_as_they_were(size, dtype):
    images = noise(70, *size, dtype)
    before = images.copy()
    found = distort(images, 0, **ALL)
    assert found.shape == images.shape and found.dtype == dtype
    assert (images == before).all() and (found != images).any()
    assert np.isfinite(found).all() and found.min() >= 0
    assert found.max() <= images.max() * (1 + 1e-6)  # weights that add up to 1, rounded
    assert len(distort(images[:0], 0, **ALL)) == 0


def test_half_precision_is_that_of_the_result_alone():
    images = noise(5, 28, 28, np.float16)
    found = distort(images, 0, **ALL | {"elastic": 1e5})
    single = distort(images.astype(np.float32), 0, **ALL | {"elastic": 1e5})
    assert found.dtype == np.float16 and (found == single.astype(np.float16)).all()


def test_without_strengths_nothing_changes():
    images = noise(5, 8, 8)
    found = distort(images, 0)
    assert (found == images).all() and found is not images
    assert not np.shares_memory(found, images)


@pytest.mark.parametrize("name", [name for name in ALL if name != "elastic_sigma"])
def test_each_strength_changes_every_image_in_its_own_way(name):
    images = np.broadcast_to(noise(1, 12, 12), (20, 12, 12))
    found = distort(images, 0, **{name: ALL[name]})
    assert all((image != images[0]).any() for image in found)
    assert len({image.tobytes() for image in found}) == 20


def test_equal_seeds_give_equal_images_with_any_number_of_threads():
    images = noise(200, 28, 28, np.float32)
    first = distort(images, np.random.default_rng(7), **ALL)
    assert (distort(images, 7, **ALL) == first).all()
    assert (distort(images, 8, **ALL) != first).any()
    try:
        for threads in 2, 3:
            use_threads(threads)
            assert (distort(images, 7, **ALL) == first).all()
    finally:
        use_threads(1)


def test_a_generator_goes_on():
    images, rng = noise(3, 9, 9), np.random.default_rng(0)
    assert (distort(images, rng, **ALL) != distort(images, rng, **ALL)).any()


def test_it_may_be_written_into_an_array_even_that_of_the_images():
    images = noise(100, 10, 10)
    expected, out = distort(images, 0, **ALL), np.empty_like(images)
    assert distort(images, 0, **ALL, out=out) is out and (out == expected).all()
    assert distort(images, 0, **ALL, out=images) is images and (images == expected).all()


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (np.zeros((2, 3)), "of shape"), (np.zeros((2, 3, 3), np.uint8), "divided by 255"),
        (np.full((1, 2, 2), np.nan), "nan or inf"), ("x", "an array"),
        (np.zeros((2, 0, 3)), "found"),
    ],
)  # fmt: skip
def test_what_are_no_images_is_said(images, why):
    with pytest.raises((DataError, ValueError), match=f"^images: .*{why}"):
        distort(images, 0, rotation=3)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "much", None, 10**400])
def test_strengths_that_are_none_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected a number"):
        distort(np.zeros((1, 3, 3)), 0, **{name: value})


@pytest.mark.parametrize("out", [np.zeros((1, 3, 3), np.float32), np.zeros((2, 3, 3))])
def test_room_that_does_not_fit_is_refused(out):
    with pytest.raises(ValueError, match="^out: expected an array like the images"):
        distort(np.zeros((1, 3, 3)), 0, out=out)


# --- what is drawn --------------------------------------------------------------------------------


def dot(place, n=3000):
    """Return images with one spot, as wide as two pixels, so that all of it is seen."""
    image = np.zeros((29, 29))
    row, column = place
    image[row - 1 : row + 2, column - 1 : column + 2] = [[0.25, 0.5, 0.25], [0.5, 1, 0.5],
                                                        [0.25, 0.5, 0.25]]  # fmt: skip
    return np.broadcast_to(image, (n, 29, 29))


def centres(images):
    """Return the place (row, column) of the ink of each image."""
    grid = np.indices(images.shape[1:]).reshape(2, -1)
    ink = images.reshape(len(images), -1)
    return ink @ grid.T / ink.sum(axis=1, keepdims=True)


def test_turns_keep_the_distance_and_lie_evenly_between_the_limits():
    found = centres(distort(dot((14, 23)), 0, rotation=20)) - 14
    angles = np.degrees(np.arctan2(*found.T))
    # Interpolation moves a centre by a few hundredths of a pixel: at 9 pixels, 0.3 degrees.
    assert np.abs(np.hypot(*found.T) - 9).max() < 0.05
    assert -20.3 < angles.min() < -19.5 and 19.5 < angles.max() < 20.3
    assert abs(angles.mean()) < 5 * 20 / math.sqrt(3 * len(found))
    assert np.abs(np.quantile(angles, [0.25, 0.5, 0.75]) - [-10, 0, 10]).max() < 1.5


def test_shifts_are_down_and_across_by_themselves():
    found = centres(distort(dot((14, 14)), 0, shift=3)) - 14
    assert np.abs(found).max() < 3.001 and np.abs(found).max(axis=0).min() > 2.9
    assert abs(np.corrcoef(found.T)[0, 1]) < 5 / math.sqrt(len(found))


def test_height_and_width_are_scaled_by_themselves():
    down, across = (centres(distort(dot(at), 0, scaling=0.2)) - 14 for at in ((6, 14), (14, 22)))
    # A place p of the result is filled from p * scale: it shrinks by as much as 1 / 1.2.
    for far, still in ((-down[:, 0], down[:, 1]), (across[:, 1], across[:, 0])):
        assert np.abs(still).max() < 0.01
        assert 8 / 1.2 - 0.05 < far.min() < 6.8 and 9.8 < far.max() < 10.05
    both = centres(distort(dot((20, 20)), 0, scaling=0.2)) - 14
    assert abs(np.corrcoef(both.T)[0, 1]) < 5 / math.sqrt(len(both))


def test_slants_move_rows_across_by_how_far_they_are_from_the_middle():
    for row, most in ((4, 3), (24, 3), (14, 0)):
        found = centres(distort(dot((row, 14)), 0, shear=0.3)) - [row, 14]
        assert np.abs(found[:, 0]).max() < 0.01
        assert most - 0.1 <= np.abs(found[:, 1]).max() <= most + 0.02


def test_smooth_noise_is_as_if_every_pixel_had_been_smoothed():
    sigma, size, n = 3.0, (20, 24), 4000
    weights = [
        np.exp(-(np.subtract.outer(range(m), range(m)) ** 2) / (2 * sigma**2))
        / (sigma * math.sqrt(2 * math.pi))
        for m in size
    ]
    covariances = [w @ w.T / math.sqrt(3) for w in weights]  # of noise from -1 to 1: 1/3 in all
    found = smooth_noise(np.random.default_rng(0), (n, *size), sigma, np.dtype(np.float64), 2.0)
    # Variances of n normal numbers are known to sqrt(2 / n); 5 times that, and what is left out.
    for axis, covariance in enumerate(covariances):
        middle = size[1 - axis] // 2
        line = found[:, :, middle] if axis == 0 else found[:, middle]
        expected = 4 * covariance * covariances[1 - axis][middle, middle]
        spread = np.abs(np.cov(line.T) - expected).max() / expected.max()
        assert spread < 5 * math.sqrt(2 / n) + 0.004
    assert abs(found.mean()) < 0.02


def test_an_elastic_distortion_moves_near_pixels_alike_and_far_ones_not():
    rows, columns = np.indices((28, 28))
    plain = np.stack([rows, columns]).astype(np.float64)
    assert plain.max() < 28
    moved = smooth_noise(np.random.default_rng(1), (2000, 28, 28), 5.0, np.dtype(float), 34.0)
    here, near, far = moved[:, 14, 14], moved[:, 14, 16], moved[:, 0, 27]
    assert 0.9 < here.std() < 1.3  # about one pixel, as the documentation says
    assert np.corrcoef(here, near)[0, 1] > 0.9 > 0.2 > np.corrcoef(here, far)[0, 1]


# --- strokes --------------------------------------------------------------------------------------


def bar(width, first=8.0, size=28):
    """Return an upright bar from column `first`, as a camera sees it: pixels may be partly ink."""
    columns = np.arange(size)
    ink = np.clip(np.minimum(columns + 1, first + width) - np.maximum(columns, first), 0, 1)
    return np.broadcast_to(ink, (size, size)).copy()


@pytest.mark.parametrize("first", [8.0, 8.25, 8.5])
@pytest.mark.parametrize("width", [4.0, 5.5])
@pytest.mark.parametrize("change", [-2.0, -1.5, -0.8, -0.1, 0.0, 0.3, 1.0, 2.0, 3.2])
def test_a_bar_becomes_wider_by_what_is_asked(width, first, change):
    found = change_strokes(bar(width, first)[None], np.array([change]))[0]
    # In the middle row, away from the ends; parts of pixels at both edges blur it by half a pixel.
    assert found[14].sum() == pytest.approx(width + change, abs=0.51 if first % 1 else 1e-6)
    assert found[14, : int(first - change / 2 - 1)].sum() == 0


def test_strokes_of_many_images_change_each_by_its_own_width():
    images = np.stack([bar(4.0)] * 5)
    found = change_strokes(images, np.array([-2.0, 0.0, 1.0, 2.0, 4.0]))
    assert found[:, 14].sum(axis=1) == pytest.approx([2, 4, 5, 6, 8])
    assert (found[1] == images[1]).all() and (images == bar(4.0)).all()
    assert (change_strokes(images, np.full(5, -100.0)) == 0).all()


def test_parts_are_small_enough_for_the_cache_and_hold_an_image_at_least(monkeypatch):
    images = noise(7, 5, 5)
    expected = distort(images, 0, shift=2)
    monkeypatch.setattr(module, "PART", 1)
    assert distort(images, 0, shift=2).shape == expected.shape
