"""Pictures of every usual kind are read; anything else is refused in a sentence."""

import builtins
import io

import numpy as np
import pytest
from fuzzing.pictures import draw_seven
from samples import large, opaque

from simplenet.errors import DataError, SimplenetError
from simplenet.pictures.decode import read_image
from simplenet.pictures.prepare import grey

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def seven():
    return draw_seven()


def saved(image, name, **options):
    """Save a picture, and read it."""
    image.save(name, **options)
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
    Image.fromarray(np.array([[0, 200]], np.uint16)).save("dark.tif")
    assert read_image("dark.tif")[0, :, 0].tolist() == [0, 1]  # 200 of 65,535
    Image.fromarray(deep.astype(np.int32)).save("deeper.tif")
    assert read_image("deeper.tif")[0, :, 0].tolist() == [0, 0, 1, 100, 255]
    for white in 1, 255, 65535:
        Image.fromarray(np.array([[0, 0.4 * white, white]], np.float32)).save("float.tif")
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
    found = read_image(f"photo.{kind}", upright=False)[:, :, 0].astype(int)
    assert found.shape == stored.shape and np.abs(found - stored).mean() < 5


def test_damaged_exif_data_do_no_harm(seven):
    Image.fromarray(seven).save("photo.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert read_image("photo.jpg").shape == (60, 50, 4)


def test_what_cannot_be_read_is_refused_in_a_sentence(seven, tmp_path):
    def refused(name):
        with pytest.raises(DataError) as caught:
            read_image(name)
        message = str(caught.value)
        assert message.startswith(f"{name}: expected ") and message.endswith(".")
        assert "\n" not in message
        return message

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


def test_a_huge_picture_is_refused_before_it_is_unpacked():
    Image.new("1", (20_000, 12_501)).save("huge.png")
    with pytest.raises(DataError, match="at most 250,000,000 pixels, found 20,000 x 12,501: make"):
        read_image("huge.png")
    Image.new("1", (20_000, 5_000)).save("huge.png")
    with pytest.raises(
        DataError, match="at most 49,97[0-9],[0-9]* pixels in a PNG of .* bytes, found 20,"
    ):
        read_image("huge.png")
    Image.new("1", (10, 10)).save("small.png")
    with pytest.raises(DataError, match="small.png: expected .* at most 99 pixels, found 10 x 10"):
        read_image("small.png", most_pixels=99)
    assert read_image("small.png", most_pixels=100).shape == (10, 10, 4)


def test_a_file_of_any_name_is_named():
    for name in "none\0.png", "\ud800.png", "\udcff.png", "none\n.png", "":
        with pytest.raises(DataError) as caught:
            read_image(name)
        assert str(caught.value).startswith(f"{name}: expected a picture, found that it cannot be")


def test_what_does_not_fit_into_memory_is_refused_in_a_sentence(seven, monkeypatch):
    Image.fromarray(seven).save("grey.png")

    def full(self):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", full)
    with pytest.raises(
        DataError, match="grey.png: expected a picture that fits into memory, found"
    ):
        read_image("grey.png")


def test_without_pillow_a_sentence_names_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == "PIL":
            raise ModuleNotFoundError("No module named 'PIL'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SimplenetError, match="pip install 'pillow") as caught:
        read_image("any.png")
    assert caught.value.exit_code == 1
