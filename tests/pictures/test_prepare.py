"""Pictures: how they are read, what is done to them before a net sees them, how they are drawn."""

import builtins
import io

import numpy as np
import pytest

from simplenet import load_data
from simplenet.errors import DataError, ModelError, SimplenetError
from simplenet.pictures import prepare as images
from simplenet.pictures.prepare import area, draw, grey, prepare, raw, read_image, seen

Image = pytest.importorskip("PIL.Image")


def opaque(light):
    """Make a picture of an array of greys (rows, columns)."""
    light = np.asarray(light, np.uint8)
    return np.dstack([light, light, light, np.full_like(light, 255)])


def large(digit, factor=5):
    return np.kron(digit, np.ones((factor, factor), np.uint8))


@pytest.fixture(scope="module")
def digits():
    return load_data("sample").test.images[:60]


@pytest.fixture(scope="module")
def seven():
    """Return a 7 that no step changes but those that a test is about: 60 x 50, light on dark."""
    ink = np.zeros((60, 50), np.uint8)
    ink[10:16, 10:40] = 255
    for row in range(16, 50):
        column = 36 - (row - 10) // 2
        ink[row, column : column + 6] = 255
    return ink


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


def test_the_aspect_is_kept(seven):
    stroke = np.zeros((100, 100), np.uint8)
    stroke[10:90, 48:52] = 255
    image = prepare(opaque(stroke))
    assert (image.any(axis=1).sum(), image.any(axis=0).sum()) == (20, 1)
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


def test_ink_that_has_the_colour_of_the_paper_is_told_by_its_transparency(seven):
    picture = np.full((*seven.shape, 4), 255, np.uint8)
    picture[:, :, 3] = 255 - seven
    assert (prepare(picture) == prepare(opaque(seven))).all()


# --- files ----------------------------------------------------------------------------------------


def saved(image, name, **how):
    image.save(name, **how)
    return read_image(name)


def test_every_usual_kind_of_picture_can_be_read(seven):
    light = 255 - seven
    plain = Image.fromarray(light)
    assert (saved(plain, "grey.png") == opaque(light)).all()
    assert (saved(plain.convert("1"), "bits.png") == opaque(light)).all()
    assert (saved(plain.convert("RGB").quantize(4), "palette.png") == opaque(light)).all()
    assert (saved(plain, "grey.bmp") == opaque(light)).all()
    assert (saved(plain, "grey.gif") == opaque(light)).all()
    assert (saved(plain, "grey.tif") == opaque(light)).all()
    assert (saved(plain, "grey.pgm") == opaque(light)).all()
    for kind in "L", "RGB", "CMYK":
        found = saved(plain.convert(kind), f"{kind}.jpg", quality=95).astype(int)
        assert np.abs(found - opaque(light)).mean() < 5, kind
    with open("grey.png", "rb") as file:
        assert (read_image(file) == opaque(light)).all()


def test_transparency_is_kept(seven):
    picture = np.dstack([np.zeros((*seven.shape, 3), np.uint8), seven])
    assert (saved(Image.fromarray(picture), "ink.png") == picture).all()
    alpha = Image.fromarray(picture).convert("LA")
    assert (saved(alpha, "la.png") == picture).all()
    assert (grey(saved(alpha, "la2.png")) == 255 - seven).all()
    palette = Image.new("P", seven.shape[::-1], 0)
    palette.putdata((seven.ravel() > 0).astype(int).tolist())
    palette.putpalette([9, 9, 9, 0, 0, 0])
    found = saved(palette, "p.png", transparency=0)
    assert (grey(found) == 255 - seven).all()
    found = saved(palette, "p2.png", transparency=bytes([0, 255]))
    assert (grey(found) == 255 - seven).all()


def test_16_bits_are_scaled_and_not_cut():
    deep = np.array([[0, 128, 257, 25700, 65535]], np.uint16)
    Image.fromarray(deep).save("deep.png")
    assert read_image("deep.png")[0, :, 0].tolist() == [0, 0, 1, 100, 255]
    Image.fromarray(deep).save("deep.tif")
    assert read_image("deep.tif")[0, :, 0].tolist() == [0, 0, 1, 100, 255]
    Image.fromarray(deep.astype(np.int32)).save("deeper.tif")
    assert read_image("deeper.tif")[0, :, 0].tolist() == [0, 0, 1, 100, 255]
    for whole in 1, 255, 65535:
        Image.fromarray(np.array([[0, 0.4 * whole, whole]], np.float32)).save("float.tif")
        assert read_image("float.tif")[0, :, 0].tolist() == [0, 102, 255]
    for wrong in [-1.0, 5.0], [0.0, 1e9], [0.0, np.nan]:
        Image.fromarray(np.array([wrong], np.float32)).save("wrong.tif")
        with pytest.raises(DataError, match="wrong.tif: expected greys from 0 to 65535, found"):
            read_image("wrong.tif")


def test_of_an_animation_the_first_picture_is_read(seven):
    frames = [Image.fromarray(frame) for frame in (seven, 255 - seven)]
    frames[0].save("film.gif", save_all=True, append_images=frames[1:])
    assert (read_image("film.gif") == opaque(seven)).all()


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_its_exif_data_say(seven, orientation, kind):
    """Each orientation says what has been done to the picture; stored is that picture."""
    done = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: np.transpose, 6: lambda a: np.rot90(a), 7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),
    }[orientation]  # fmt: skip
    stored, exif = done(seven), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(f"photo.{kind}", exif=exif, quality=95)
    found = read_image(f"photo.{kind}")[:, :, 0].astype(int)
    assert found.shape == seven.shape and np.abs(found - seven).mean() < 5
    if kind == "tif":
        return  # which Pillow turns by itself
    found = read_image(f"photo.{kind}", upright=False)[:, :, 0].astype(int)
    assert found.shape == stored.shape and np.abs(found - stored).mean() < 5


def test_damaged_exif_data_do_no_harm(seven):
    Image.fromarray(seven).save("photo.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert read_image("photo.jpg").shape == (60, 50, 4)


def test_what_cannot_be_read_is_told_in_a_sentence(seven, tmp_path):
    def refused(name):
        with pytest.raises(DataError) as caught:
            read_image(name)
        told = str(caught.value)
        assert told.startswith(f"{name}: expected ") and told.endswith(".") and "\n" not in told
        return told

    (tmp_path / "folder").mkdir()
    assert "cannot be read: No such file or directory" in refused("none.png")
    assert "cannot be read: " in refused(tmp_path / "folder")
    open("empty.png", "wb").close()
    assert "found an empty file: save it as PNG" in refused("empty.png")
    with open("text.png", "w") as file:
        file.write("hello")
    assert "found a file that starts with the bytes 68 65 6c 6c: save" in refused("text.png")
    for kind in "png", "jpg", "gif", "bmp", "tif", "webp":
        Image.fromarray(large(seven)).convert("RGB").save(f"whole.{kind}")
        with open(f"whole.{kind}", "rb") as file:
            content = file.read()
        for share in 0.3, 0.7:
            with open(f"cut.{kind}", "wb") as file:
                file.write(content[: int(len(content) * share)])
            assert "use another copy" in refused(f"cut.{kind}") or kind == "gif"


def test_flipped_bits_are_survived(seven):
    """Whatever a damaged file holds: a picture or a sentence."""
    rng = np.random.default_rng(0)
    for kind in "png", "jpg", "gif", "tif", "bmp":
        Image.fromarray(seven).save(f"whole.{kind}")
        with open(f"whole.{kind}", "rb") as file:
            content = np.frombuffer(file.read(), np.uint8)
        for _ in range(40):
            damaged = content.copy()
            damaged[rng.integers(0, min(len(content), 400), 3)] ^= rng.integers(
                1, 256, 3, dtype=np.uint8
            )
            try:
                assert read_image(io.BytesIO(damaged.tobytes())).shape[2] == 4
            except DataError as error:
                assert str(error).startswith("the picture: expected ")


def test_a_huge_picture_is_refused_before_it_is_unpacked(monkeypatch):
    Image.new("1", (20_000, 5_001)).save("huge.png")
    with pytest.raises(DataError, match="at most 100,000,000 pixels, found 20,000 x 5,001: make"):
        read_image("huge.png")
    Image.new("1", (20_000, 10_000)).save("huge.png")
    with pytest.raises(DataError, match="at most 100,000,000 pixels, found many more: make"):
        read_image("huge.png")
    monkeypatch.setattr(images, "MOST_PIXELS", 99)
    Image.new("1", (10, 10)).save("small.png")
    with pytest.raises(DataError, match="found 10 x 10"):
        read_image("small.png")


def test_without_pillow_a_sentence_names_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == "PIL":
            raise ModuleNotFoundError("No module named 'PIL'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SimplenetError, match="pip install pillow") as caught:
        read_image("any.png")
    assert caught.value.exit_code == 1


# --- the terminal ---------------------------------------------------------------------------------


def test_two_rows_are_drawn_in_a_line():
    image = np.array([[0, 255, 0, 255, 60, 130, 190], [0, 0, 255, 255, 70, 120, 200]], np.uint8)
    assert draw(image) == " ▀▄█░▒▓\n"
    assert draw(image, blocks=False) == " ++@:=#\n"
    assert draw(image[:1, :4]) == " ▀ ▀\n"


@pytest.mark.parametrize("blocks", [True, False])
def test_a_drawing_has_half_as_many_lines_and_fits_a_terminal(digits, blocks):
    lines = draw(digits[0], blocks=blocks).splitlines()
    assert [len(line) for line in lines] == [28] * 14
    assert any(line.strip() for line in lines)
    assert all(line.isascii() for line in lines) or blocks
    lines = draw(large(digits[0]), blocks=blocks).splitlines()
    assert [len(line) for line in lines] == [60] * 30
    assert [len(line) for line in draw(digits[0][:, :9], blocks=blocks).splitlines()] == [9] * 14
