"""Several digits of a picture are found in the order of reading, and one stays one."""

import numpy as np
import pytest
import renderings
from samples import large, opaque

from simplenet import load_data
from simplenet.errors import DataError
from simplenet.pictures.prepare import prepare
from simplenet.pictures.several import Box, digits_in, scaled


@pytest.fixture(scope="module")
def digits():
    """Return ten digits, light on dark, 84 high with what is empty around them, one of each."""
    images, labels = load_data("sample").test
    return [large(images[np.flatnonzero(labels == number)[2]], 3) for number in range(10)]


def on_sheet(*placed, shape=(240, 320)):
    """Return ink with some at the given places: (image, top, left)."""
    ink = np.zeros(shape, np.uint8)
    for image, top, left in placed:
        part = ink[top : top + len(image), left : left + len(image[0])]
        np.maximum(part, image, out=part)
    return ink


def boxes(ink):
    return [digit.box for digit in digits_in(opaque(255 - ink))]


@pytest.mark.parametrize("kind", renderings.KINDS, ids=lambda kind: kind.__name__)
def test_one_digit_is_what_prepare_makes_of_it_to_the_pixel(kind):
    pytest.importorskip("PIL")
    for number, image in enumerate(load_data("sample").train.images[:3]):
        rgba = renderings.picture(kind, image, 3, number)
        found = digits_in(rgba)
        assert len(found) == 1
        for side in 28, 8:
            assert (found[0].pixels(side) == prepare(rgba, side)).all()


def test_digits_are_read_from_left_to_right_in_lines_from_top_to_bottom(digits):
    ink = on_sheet(
        (digits[3], 0, 200), (digits[1], 8, 100), (digits[2], 15, 0), (digits[7], 130, 60),
        (digits[5], 122, 180),
    )  # fmt: skip
    found = digits_in(opaque(255 - ink))
    assert [digit.line for digit in found] == [0, 0, 0, 1, 1]
    for digit, number in zip(found, (2, 1, 3, 7, 5)):
        alone = prepare(opaque(255 - digits[number]))
        assert np.abs(digit.pixels().astype(int) - alone).mean() < 10


def test_the_box_of_a_digit_is_that_of_its_ink_in_the_picture(digits):
    light = on_sheet((digits[0], 20, 10), (digits[8], 30, 150))
    for factor in 1, 4:  # the second is made smaller before it is looked at
        ink = large(light, factor)
        for box, columns in zip(boxes(ink), (slice(0, 140), slice(140, 320))):
            part = light[:, columns] > 64
            rows, places = part.any(axis=1).nonzero()[0], part.any(axis=0).nonzero()[0]
            left = places[0] + columns.start
            expected = left, rows[0], np.ptp(places) + 1, np.ptp(rows) + 1
            assert np.abs(np.array(box) - factor * np.array(expected)).max() <= 3 * factor


def test_a_line_may_rise(digits):
    ink = on_sheet(*[(digits[n], 150 - 30 * n, 70 * n) for n in range(1, 5)], shape=(260, 380))
    assert [digit.line for digit in digits_in(opaque(255 - ink))] == [0, 0, 0, 0]


def test_a_part_that_is_apart_belongs_to_its_digit(digits):
    five = digits[5].copy()
    rows = five.any(axis=1).nonzero()[0]
    at = rows[0] + np.ptp(rows) * 3 // 10
    five[at : at + 4] = 0  # cuts off the top
    assert len(boxes(on_sheet((five, 20, 20), (digits[1], 20, 120)))) == 2


def test_points_dashes_and_dirt_are_no_digits(digits):
    ink = on_sheet((digits[4], 20, 20), (digits[2], 20, 200))
    plain = boxes(ink)
    ink[60:64, 130:160] = 255  # a minus
    ink[88:94, 170:176] = 255  # a point
    ink[85:100, 110:114] = 255  # a comma
    ink[5:8, 5:8] = ink[200:203, 300:304] = 255
    assert boxes(ink) == plain and len(plain) == 2


def test_marks_inside_of_a_digit_are_counted_where_they_are_left_out(digits):
    zero, two_dots = large(ring(), 3), [(36, 34), (36, 46)]
    for dots, size, marks in (([], 4, 0), (two_dots, 4, 2), (two_dots, 1, 0), (two_dots[:1], 4, 1)):
        image = zero.copy()
        for top, left in dots:
            image[top : top + size, left : left + size] = 255
        (found,) = digits_in(opaque(255 - on_sheet((image, 20, 20), shape=(124, 124))))
        assert found.marks == marks and (found.pixels()[13:15, 12:16] == 0).all()
    image = on_sheet((zero, 20, 20), shape=(124, 124))
    image[110:114, 20:24] = image[110:114, 60:64] = 255  # below it
    assert digits_in(opaque(255 - image))[0].marks == 0
    (eight,) = digits_in(opaque(255 - on_sheet((digits[8], 20, 20), shape=(124, 124))))
    assert eight.marks == 0


def ring():
    """Return an image of a 0: a ring as wide as the strokes of MNIST."""
    away = np.hypot(*(np.mgrid[:28, :28] - 13.5))
    return np.where(abs(away - 8.5) < 1.5, 255, 0).astype(np.uint8)


def test_a_one_is_narrow_and_stays(digits):
    one = np.zeros((84, 20), np.uint8)
    one[10:74, 8:13] = 255
    ink = on_sheet((one, 20, 20), (one, 20, 60), (digits[0], 20, 100))
    assert len(boxes(ink)) == 3


def test_digits_that_touch_are_cut_where_the_ink_is_least():
    ring = np.zeros((70, 60), np.uint8)
    y, x = np.mgrid[-35:35, -30:30]
    ring[np.abs(np.hypot(y / 34, x / 29) - 0.85) < 0.14] = 255
    ink = on_sheet((ring, 20, 20), (ring, 20, 76), (ring, 130, 20))
    found = boxes(ink)
    assert len(found) == 3 and abs(found[0].width - 57) < 5 and abs(found[1].width - 57) < 5


def test_frames_around_each_digit_are_no_digits(digits):
    ink = on_sheet((digits[6], 30, 30), (digits[9], 30, 180))
    inside = boxes(ink)
    for left in 20, 170:
        ink[20:124, left : left + 3] = ink[20:124, left + 104 : left + 107] = 255
        ink[20:23, left : left + 107] = ink[121:124, left : left + 107] = 255
    assert boxes(ink) == inside and len(inside) == 2


def test_an_empty_picture_is_refused():
    with pytest.raises(DataError, match="nothing drawn"):
        digits_in(opaque(np.full((700, 700), 200)))


def test_noise_takes_little_time():
    import time

    noise = np.random.default_rng(0).integers(0, 256, (600, 600))
    began = time.perf_counter()
    digits_in(opaque(noise))
    assert time.perf_counter() - began < 10  # 1.5 s on a machine with time to spare


def test_any_size_of_picture_is_looked_at():
    for shape in (1, 1), (1, 900), (900, 1), (3, 3), (600, 7):
        ink = np.zeros(shape, np.uint8)
        ink[0, 0] = 255
        try:
            assert digits_in(opaque(ink))
        except DataError as error:
            assert "nothing drawn" in str(error)


def test_a_box_is_scaled_to_the_size_in_the_file():
    assert scaled(Box(3, 5, 10, 20), (100, 50, 4), (1000, 500)) == (30, 50, 100, 200)
    assert scaled(Box(3, 5, 10, 20), (100, 50, 4), (100, 50)) == (3, 5, 10, 20)
