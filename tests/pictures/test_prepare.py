"""A digit is prepared as MNIST's were, whatever the picture of it is like."""

import numpy as np
import pytest
from fuzzing.pictures import draw_seven
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from samples import large, opaque

from simplenet import load_data
from simplenet.errors import DataError, ModelError
from simplenet.pictures.pixels import area, reduced
from simplenet.pictures.prepare import BLANK, grey, prepare, raw, seen


@pytest.fixture(scope="module")
def digits():
    return load_data("sample").test.images[:60]


@pytest.fixture(scope="module")
def seven():
    return draw_seven()


# --- what prepare promises ------------------------------------------------------------------------


def test_a_digit_is_20_high_or_wide_and_its_centre_of_mass_in_the_middle(digits, seven):
    for digit in [*digits, seven, seven.T, seven[:, 10:20]]:
        image = prepare(opaque(large(digit, 3)))
        assert (image.shape, image.dtype, image.max()) == ((28, 28), np.uint8, 255)
        rows, columns = image.any(axis=1).nonzero()[0], image.any(axis=0).nonzero()[0]
        size = np.ptp(rows) + 1, np.ptp(columns) + 1
        # What the scaling leaves of an edge may round to nothing.
        assert max(size) in (19, 20)
        mass = image.sum()
        for amounts, ends in ((image.sum(axis=1), rows), (image.sum(axis=0), columns)):
            centre = (amounts @ np.arange(28)) / mass
            at_the_edge = ends[0] == 0 or ends[-1] == 27
            assert abs(centre - 14) <= 0.5 or at_the_edge


def test_what_was_prepared_before_stays_nearly_as_it_is(digits):
    """The sample was prepared as MNIST was; its faint pixels and its thin strokes change."""
    differences = [np.abs(prepare(opaque(digit)).astype(int) - digit).mean() for digit in digits]
    assert np.mean(differences) < 12
    assert np.mean([prepare(opaque(digit)).argmax() == digit.argmax() for digit in digits]) > 0.3


def test_place_size_and_polarity_do_not_matter(seven):
    first = prepare(opaque(seven))
    wide = np.pad(seven, ((40, 13), (5, 60)))
    for same in (255 - seven, wide, 255 - wide, large(seven, 2), 255 - large(wide, 2)):
        difference = np.abs(prepare(opaque(same)).astype(int) - first)
        assert difference.mean() < 8, difference


@given(
    arrays.arrays(
        np.uint8, st.tuples(*[st.integers(1, 40)] * 2, st.just(4)), elements=st.integers(0, 255)
    ),
    st.integers(1, 40),
)
def test_any_picture_is_prepared_as_promised_or_empty(picture, side):
    before = picture.copy()
    try:
        image = prepare(picture, side)
    except DataError as error:
        assert "found nothing drawn" in str(error)
    else:
        assert (image.shape, image.dtype) == ((side, side), np.uint8) and image.any()
    assert (picture == before).all()


@given(
    arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 9)] * 2), elements=st.integers(0, 150)),
    st.tuples(*[st.integers(1, 30)] * 2),
    st.integers(0, 100),
)
def test_neither_place_nor_polarity_changes_a_pixel(ink, at, paper):
    """On a paper of one size: how wide a shadow may be depends on that."""
    assume(ink.max() >= BLANK)
    images = []
    for top, left in (20, 20), at:
        picture = np.full((41, 41), paper, np.uint8)
        picture[top : top + len(ink), left : left + len(ink[0])] += ink
        images += [prepare(opaque(picture)), prepare(opaque(255 - picture))]
    for image in images:
        np.testing.assert_array_equal(image, images[0])


def test_the_aspect_is_kept(seven):
    stroke = np.zeros((100, 100), np.uint8)
    stroke[10:90, 44:56] = 255  # as wide as MNIST's are
    image = prepare(opaque(stroke))
    assert (image.any(axis=1).sum(), image.any(axis=0).sum()) == (20, 3)
    assert (prepare(opaque(stroke.T)) == image.T).all()


@pytest.mark.parametrize("ink", [0, 60])
@pytest.mark.parametrize("turn", range(4))
def test_a_shadow_is_taken_away(seven, ink, turn):
    wide = np.pad(seven, 40).astype(float) / 255
    light = np.linspace(90, 240, wide.shape[0])[:, None]
    if turn % 2:
        light = np.linspace(90, 240, wide.shape[1])
    if turn > 1:
        light = np.flip(light)
    photo = np.rint(light * (1 - wide) + ink * light / 240 * wide)
    difference = np.abs(prepare(opaque(photo)).astype(int) - prepare(opaque(seven)))
    assert difference.mean() < 10
    assert (np.abs(raw(opaque(photo), (28, 28)).astype(int) - prepare(opaque(seven))).mean()) > 100


def test_dirt_is_wiped_off_but_a_stroke_that_is_apart_stays(seven):
    wide = np.pad(seven, 30)
    first = prepare(opaque(wide))
    dirty = wide.copy()
    dirty[5:9, 100:104] = 255  # a speck
    dirty[20] = dirty[100] = 200  # lines of the paper, from edge to edge
    dirty[:, 3] = 255
    assert (prepare(opaque(dirty)) == first).all()
    apart = wide.copy()
    apart[44:48] = 0  # cuts the bar of the 7 from the rest
    image = prepare(opaque(apart))
    assert np.ptp(image.any(axis=1).nonzero()) + 1 == 20
    assert np.abs(image.astype(int) - first).mean() < 25  # as tall as before, a little wider


@pytest.fixture(scope="module")
def sheet(seven):
    """Return a seven on a sheet, 0 to 1, and what a net sees of it."""
    ink = np.pad(seven, 25) / 255
    return ink, prepare(opaque(255 - 225 * ink))


def off(light, expected):
    """Return by how much what a net sees of a picture differs from what is expected."""
    return np.abs(prepare(opaque(np.rint(light))).astype(int) - expected).mean()


@pytest.mark.parametrize(
    "where", [np.s_[:50], np.s_[:, 48:], np.s_[55:, :55], np.s_[:80, 20:], np.s_[:, :]]
)
def test_a_shadow_with_an_edge_is_taken_away(sheet, where):
    ink, expected = sheet
    light = 240 - 220 * ink
    light[where] *= 0.45
    assert off(light, expected) < 20


def test_a_dark_corner_is_wiped_off_though_it_has_more_ink_than_the_digit(sheet):
    ink, expected = sheet
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    dark = (x + y < 60) & (ink == 0)
    assert dark.sum() > (ink > 0).sum()
    assert off(np.where(dark, 20, 230 - 200 * ink), expected) < 2


def test_a_frame_around_a_digit_is_wiped_off_but_not_a_digit_around_a_dot(sheet):
    ink, expected = sheet
    framed = np.pad(np.pad(ink[20:-20, 20:-20], 4, constant_values=1), 25)
    assert off(255 - 225 * framed, expected) < 2
    y, x = np.mgrid[-60:60, -60:60]
    ring = np.abs(np.hypot(x, y) - 40) < 7
    dot = np.hypot(x, y) < 6
    assert prepare(opaque(255 - 225 * (ring | dot)))[5].any()  # which is above the dot


@pytest.mark.parametrize("tilt", [0, 0.12])
@pytest.mark.parametrize("dark", [10, 70])
def test_a_sheet_on_a_desk_is_not_taken_for_ink(sheet, dark, tilt):
    ink, expected = sheet
    light = np.pad(255 - 225 * ink, 15, constant_values=dark)
    for row in range(len(light)):  # slanted: the desk is no box around the sheet
        light[row] = np.roll(light[row], round(tilt * (row - len(light) / 2)))
    assert off(light, expected) < 20


@pytest.mark.parametrize("tilt", [0, 0.04])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_dark_lines_of_the_paper_are_wiped_off_though_they_cross_the_digit(sheet, axes, tilt):
    ink, expected = sheet
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    ruled = ink
    for axis in axes:
        place = (y + tilt * x, x + tilt * y)[axis]
        ruled = np.maximum(ruled, (place + 12) % 40 < 2)
    assert off(255 - 225 * ruled, expected) < 20
    assert (ruled != ink).mean() > 0.02


def test_a_line_that_is_all_there_is_stays():
    one = np.zeros((100, 60))
    one[:, 30:33] = 1
    assert prepare(opaque(255 - 225 * one)).any()


def test_ink_as_light_as_the_paper_is_found_by_its_colour(sheet):
    ink, expected = sheet
    pen, paper = np.array([200, 60, 90]), np.array([60, 131, 91])  # 105.3 and 105.2 light
    picture = opaque(ink)
    picture[:, :, :3] = np.where(ink[:, :, None] > 0.5, pen, paper)
    assert np.ptp(grey(picture)) < 2
    assert (prepare(picture) == expected).all()


@pytest.mark.parametrize("width", [1, 3, 8, 20, 40])
def test_strokes_become_as_wide_as_those_of_mnist(width):
    ink = np.zeros((180, 180))
    for start in 10, 168 - width:  # a box, 160 high
        ink[10:170, start : start + width] = ink[start : start + width, 10:170] = 1
    image = prepare(opaque(255 - 225 * ink))
    across = image[14, :14].sum() / 255  # the left side, in the middle of its height
    assert 1.7 < across < 3.7, across


def test_a_digit_that_the_edge_cuts_stays(seven):
    cut = seven[10:50, 10:40]
    assert np.abs(prepare(opaque(cut)).astype(int) - prepare(opaque(seven))).mean() < 12
    # Even if a small piece of it touches no edge.
    ink = np.pad(seven, ((0, 0), (0, 30)))[10:50]
    ink[2:16, 60:66] = 255
    image = prepare(opaque(ink))
    assert (image.any(axis=1).sum(), np.ptp(image.any(axis=0).nonzero()) + 1) == (14, 20)


def test_faint_noise_is_wiped_off(seven):
    noise = np.random.default_rng(0).integers(-25, 26, (150, 140))
    noisy = np.clip(30 + np.pad(seven, 45) * (190 / 255) + noise, 0, 255)
    difference = np.abs(prepare(opaque(noisy)).astype(int) - prepare(opaque(seven)))
    assert difference.mean() < 10


def test_a_thin_stroke_becomes_white():
    ink = np.zeros((160, 160), np.uint8)
    ink[20:140, 30:32] = ink[20:22, 30:110] = ink[138:140, 30:110] = 255  # a bracket
    image = prepare(opaque(255 - ink))
    assert (image == 255).sum() >= 40 and image.max() == 255


@pytest.mark.parametrize("side", [1, 2, 8, 20, 28, 64])
def test_other_sides_get_a_box_in_the_same_proportion(seven, side):
    image = prepare(opaque(seven), side)
    assert image.shape == (side, side) and image.any()
    box = max(round(20 * side / 28), 1)
    assert box - 1 <= max(image.any(axis=1).sum(), image.any(axis=0).sum()) <= box


def test_nothing_is_pushed_out_of_the_picture():
    """The centre of mass of a long thin line with a heavy end is far from the middle."""
    ink = np.zeros((100, 100), np.uint8)
    ink[49:51, 5:95] = 255
    ink[31:69, 5:21] = 255
    for picture, edge in ((ink, -1), (np.fliplr(ink), 0)):
        image = prepare(opaque(picture))
        assert image.any(axis=0).sum() == 20
        assert image.any(axis=0)[edge]


def sparse(seed):
    """Return a picture of a few thin strokes and dots, of any size."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 300, 2)
    ink = np.zeros((rows, columns), np.uint8)
    for _ in range(rng.integers(1, 5)):
        row, column = rng.integers(0, rows), rng.integers(0, columns)
        down, across = rng.choice([1, 1, 2, 90], 2)
        ink[row : row + down, column : column + across] = rng.integers(BLANK, 256)
    return ink


@pytest.mark.parametrize("side", [*range(1, 13), 28])
def test_a_net_of_any_size_sees_some_ink_of_a_sparse_picture(side):
    """In the few pixels of a small net, each mean of the ink may round to 0."""
    lost = 0
    for seed in range(120):
        try:
            image = prepare(opaque(sparse(seed)), side)
        except DataError as error:
            assert str(error).startswith("expected a digit, found nothing drawn: ")
            lost += 1
        else:
            assert image.shape == (side, side) and image.max() == 255
    assert lost < 30  # those whose strokes are as wide as the picture, or too faint when reduced


def test_the_lightest_pixel_of_what_would_round_to_nothing_is_white():
    ink = np.zeros((168, 168), np.uint8)
    ink[0, 0] = ink[0, 2] = ink[167, 167] = 255
    assert not area(ink, 4, 4).any()
    small = reduced(ink, 4, 4)
    assert (small[0, 0], small[3, 3], small.sum()) == (255, 128, 383)
    ink[60:80] = 9
    assert (reduced(ink, 4, 4) == area(ink, 4, 4)).all()


@pytest.mark.parametrize("light", [0, 100, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (28, 28), (300, 200)])
def test_an_empty_picture_is_refused(light, shape):
    with pytest.raises(DataError, match="expected a digit, found nothing drawn"):
        prepare(opaque(np.full(shape, light)))


def test_a_picture_with_hardly_any_contrast_is_empty():
    """The grain of a sheet of paper is not made into a digit."""
    grain = np.random.default_rng(0).integers(230, 240, (200, 200))
    with pytest.raises(DataError, match="nothing drawn"):
        prepare(opaque(grain))


@pytest.mark.parametrize(
    "picture",
    [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.uint8), np.zeros((5, 5, 4)),
     np.zeros((0, 5, 4), np.uint8)],
    ids=["grey", "rgb", "float", "none"],
)  # fmt: skip
@pytest.mark.parametrize("function", [prepare, raw, lambda picture: seen(picture, 784)])
def test_what_is_no_picture_is_refused(picture, function):
    with pytest.raises(DataError, match="expected a picture as bytes of shape"):
        function(picture)


def test_a_large_picture_takes_little_time_and_memory(seven):
    import time
    import tracemalloc

    picture = np.broadcast_to(opaque(large(np.pad(seven, 40), 30)), (4200, 3900, 4))
    tracemalloc.start()
    began = time.perf_counter()
    image = prepare(picture)
    seconds, memory = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 20 and memory < 150_000_000  # 16 megapixels
    assert np.abs(image.astype(int) - prepare(opaque(seven))).mean() < 10


@pytest.mark.parametrize("shape", [(1, 3_000_000), (3_000_000, 1), (2, 1_500_000)])
def test_a_line_of_millions_of_pixels_takes_little_memory(shape):
    import tracemalloc

    light = np.zeros(shape, np.uint8)
    light.ravel()[1_000_000:2_000_000] = 255
    picture = np.broadcast_to(light[:, :, None], (*shape, 4))
    for function in prepare, lambda picture: raw(picture, (28, 28)):
        tracemalloc.start()
        image = function(picture)
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert image.shape == (28, 28) and memory < 40_000_000, memory


# --- the arithmetic -------------------------------------------------------------------------------


def test_a_transparent_picture_lies_on_white():
    picture = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 255], [10, 20, 30, 128]]])
    #  299 * 255 / 1000 = 76.2; 132, 137, 142 are the colours mixed with white
    light = (299 * 132 + 587 * 137 + 114 * 142 + 500) // 1000
    assert grey(picture.astype(np.uint8)).tolist() == [[255, 0, 76, light]]


def test_area_is_the_mean_to_the_nearest_halves_up():
    assert area(np.array([[0, 1], [0, 1]], np.uint8), 1, 1).tolist() == [[1]]
    assert area(np.array([[0, 1, 0, 0]], np.uint8), 1, 1).tolist() == [[0]]
    assert area(np.array([[0, 90, 255]], np.uint8), 1, 2).tolist() == [[30, 200]]
    assert area(np.array([[0, 255]], np.uint8), 2, 3).tolist() == [[0, 128, 255]] * 2
    image = np.random.default_rng(0).integers(0, 256, (7, 5), dtype=np.uint8)
    assert (area(image, 7, 5) == image).all()
    large_mean = area(np.kron(image, np.ones((9, 4), np.uint8)), 7, 5)
    assert (large_mean == image).all()


def test_area_agrees_with_fractions():
    from fractions import Fraction

    rng = np.random.default_rng(1)
    for _ in range(5):
        height, width, rows, columns = rng.integers(1, 9, 4).tolist()
        image = rng.integers(0, 256, (height, width), dtype=np.uint8)
        fine = np.kron(image, np.ones((rows, columns), int)).astype(object)
        found = area(image, rows, columns)
        for i in range(rows):
            for j in range(columns):
                part = fine[i * height : (i + 1) * height, j * width : (j + 1) * width]
                mean = Fraction(int(part.sum()), height * width)
                assert found[i, j] == int(mean + Fraction(1, 2))


def test_raw_does_nothing_but_resize(seven):
    assert (raw(opaque(seven)) == seven).all()
    assert (raw(opaque(seven), (10, 10)) == area(seven, 10, 10)).all()
    clear = opaque(np.zeros((4, 4)))
    clear[:, :, 3] = 0
    assert not raw(clear, (4, 4)).any()  # transparent turns black, as it does elsewhere


def test_a_net_whose_inputs_are_no_square_takes_only_a_picture_of_its_size(seven):
    picture = opaque(seven)
    assert seen(picture, 784).shape == (28, 28)
    assert (seen(picture, 64) == prepare(picture, 8)).all()
    assert (seen(picture, 64, untouched=True) == raw(picture, (8, 8))).all()
    assert (seen(picture, 3000, untouched=True) == seven).all()
    with pytest.raises(DataError, match="of 2,999 pixels.* found one of 60 x 50"):
        seen(picture, 2999, untouched=True)
    with pytest.raises(ModelError, match="found one for 3,000 inputs: give"):
        seen(picture, 3000)


def test_a_net_reads_pictures_of_the_size_that_it_was_trained_on(seven):
    picture = opaque(seven)
    assert (seen(picture, 64, (8, 8)) == prepare(picture, 8)).all()
    assert (seen(picture, 36, (4, 9), untouched=True) == area(seven, 4, 9)).all()
    with pytest.raises(ModelError, match="found one for images of 4 x 9: give"):
        seen(picture, 36, (4, 9))  # although 36 pixels could be a square


def test_ink_that_has_the_colour_of_the_paper_is_found_by_its_transparency(seven):
    picture = np.full((*seven.shape, 4), 255, np.uint8)
    picture[:, :, 3] = 255 - seven
    assert (prepare(picture) == prepare(opaque(seven))).all()


def test_a_pen_along_a_ruled_line_is_stronger_than_it():
    """The bar of a 7 is nearly level, thin, and touches a line: without it, that is a 1."""
    from PIL import Image, ImageDraw

    seen = []
    for ruled in False, True:
        paper = Image.new("L", (400, 400), 250)
        pen = ImageDraw.Draw(paper)
        for y in range(15, 400, 30) if ruled else ():
            pen.line([0, y, 400, y], fill=170, width=2)
        pen.line([(128, 100), (272, 96), (180, 320)], fill=40, width=5)
        seen.append(prepare(np.asarray(paper.convert("RGBA"))).astype(int))
    plain, ruled = seen
    top = slice(0, 12)
    assert ruled[top].sum() > 0.75 * plain[top].sum()
