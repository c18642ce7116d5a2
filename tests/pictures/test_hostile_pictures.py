"""What is made to do harm, and what chance has damaged, costs a sentence and next to nothing."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simplenet.errors import DataError
from simplenet.pictures import decode
from simplenet.pictures.decode import read_image
from simplenet.pictures.kinds.declared import LARGE, Declared
from simplenet.pictures.kinds.known import declared

pytest.importorskip("PIL.Image")
from fuzzing.pictures import bombs, mutated, outcome, png, seeds

ISSUE_11 = "png, 30,000,000 x 1, the one of issue 11"
CHANCES = 5_000  # of which every fifth is also prepared; scripts may ask for millions


def alone(code, timeout=300):
    """Run code in a process of its own, which may be killed by what it reads, and print nothing."""
    path = str(Path(__file__).parents[2] / "scripts")
    code = f"import sys; sys.path.insert(0, {path!r})\n{code}"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout
    )
    assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr[-2000:]


def test_a_bomb_costs_less_than_a_second_and_64_megabytes():
    assert len(bombs()) > 80
    alone(
        "from fuzzing.pictures import bombs, failures\n"
        "for failure in failures(bombs().items()): print(failure)"
    )


def test_thousands_of_damaged_pictures_are_digits_or_sentences():
    alone(
        "from fuzzing.pictures import failures, mutated\n"
        f"cases = ((str(n), mutated(n)[1]) for n in range({CHANCES}))\n"
        "some = lambda number: int(number) % 5 == 0\n"
        "for failure in failures(cases, prepared=some): print(failure)"
    )


def test_the_pictures_are_the_same_every_time_and_of_every_kind():
    assert mutated(123) == mutated(123) and mutated(123) != mutated(124)
    kinds = {name.split("-")[0] for name, _ in seeds()}
    assert kinds == {"PNG", "JPEG", "GIF", "BMP", "TIFF", "PPM", "TGA", "ICO", "WEBP"}
    for name, content in seeds():
        assert isinstance(outcome(content), np.ndarray), name
    changed = sum(mutated(n)[1] not in dict(seeds()).values() for n in range(300))
    assert changed > 290


def test_what_declares_too_much_is_refused_by_its_size():
    sizes = re.compile(r"0 x |5 x |9 x |2\*\*")
    # Of two a pixel is a byte of memory, and of the third an eighth of the sides is decoded.
    allowed = {ISSUE_11, "tiff, 30,000,000 x 1", "jpeg, 15,000 x 15,000"}
    names = {name for name in bombs() if sizes.search(name)} - allowed
    assert len(names) > 30
    for name in names:
        said = outcome(bombs()[name])
        lies = "a JPEG of" in name
        assert ("found a damaged one" if lies else "expected a picture of at most ") in said, name
        assert lies or said.endswith(": make it smaller."), name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("png, a palette", "a chunk PLTE of 3,000,000 bytes"),
        ("png, transparency", "a chunk tRNS of 3,000,000 bytes"),
        ("png, a head", "a chunk IHDR of 3,000,013 bytes"),
        ("png, chunks", "more than 131,072 chunks"),
        ("jpeg, scans", "more than 64 scans"),
        ("jpeg, tables", "more than 65,536 bytes of tables"),
        ("jpeg, two frames", "two frames"),
        ("jpeg, junk", "no scan in it"),
        ("jpeg, segments", "more than 131,072 segments"),
        ("jpeg, segments behind a scan", "more than 131,072 segments"),
        ("gif, a comment", "more than 131,072 blocks before its picture"),
        ("gif, long comments", "more than 131,072 blocks before its picture"),
        ("tiff, a tile", "tiles of 60,000 x 60,000"),
        ("tiff, 65,535 tags", "65,535 tags"),
        ("tiff, strips", "1,000,000 strips or tiles that are not packed"),
        ("tiff, very many small strips", "262,144 strips or tiles that are not packed"),
        ("tiff, colours", "1,000,000 values of tag 320"),
        ("tiff, a JPEG of 65,500 x 65,500, 6", "pixels packed in way 6"),
        ("tiff, a JPEG of 65,500 x 65,500, 7", "a JPEG of 65,500 x 65,500 in it"),
        ("tiff, JPEGs", "more than 4,096 JPEGs in it"),
        ("tiff, segments in its JPEGs", "more than 32 segments"),
        ("bmp, a head", "a head of 2,147,483,648 bytes"),
        ("pgm, comments", "more than 1,000 comments"),
        ("pgm, a comment", "no size in its first 4,096 bytes"),
        ("ico, 65,535 pictures", "65,535 pictures"),
    ],
)
def test_what_is_made_of_too_many_or_too_large_parts_is_refused_by_what_is_wrong(name, why):
    assert f"the picture: expected a whole picture, found a damaged one ({why}): use" in outcome(
        bombs()[name]
    )


@pytest.mark.parametrize(
    ("head", "most"),
    [(b"P2 800 800 255 ", 524_288), (b"P6 500 400 15 ", 174_762), (b"P3 500 400 255 ", 174_762)],
)
def test_what_is_decoded_number_by_number_may_have_fewer(head, most):
    said = outcome(head + bytes(3_000_000))
    assert f"expected a picture of at most {most:,} pixels in a PPM of this sort, found" in said


def test_pillow_is_not_let_go_beyond_what_has_been_declared(monkeypatch):
    """Two readers of one head may understand it differently."""

    def less(file, name):
        return replace(declared(file, name), memory=2999)

    monkeypatch.setattr(decode, "declared", less)
    said = outcome(dict(seeds())["PNG-L"])  # of 3,000 pixels
    assert "found a damaged one (it is larger than it declares)" in said


def test_the_picture_of_issue_11_is_read_in_pieces():
    """A line of 30,000,000 pixels fits into memory if nothing copies it whole."""
    assert "found nothing drawn" in outcome(bombs()[ISSUE_11])
    assert read_image(io.BytesIO(bombs()[ISSUE_11])).shape[0] == 1


@pytest.mark.parametrize(
    ("width", "height", "memory", "size", "most"),
    [
        (8000, 6000, 3_000_000, 1000, None),  # a JPEG, of which little is decoded
        (5000, 2500, 50_000_000, 1000, None),
        (5000, 2501, 50_000_001, 1000, 12_504_999),  # of the 12,505,000 that take 50,000,001 bytes
        (5000, 2501, 50_000_001, 390_781, 12_504_999),  # a byte is worth 32 pixels
        (5000, 2501, 50_000_001, 390_782, None),
        (8000, 6000, 192_000_000, 1_500_000, None),
        (8000, 6000, 192_000_000, 1_499_999, 47_999_968),
        (16_000, 8001, 512_064_000, 99_000_000, 128_000_000),
        (50_000, 5001, 5, 99_000_000, 250_000_000),
    ],
)
def test_limits_are_as_they_are_told(width, height, memory, size, most):
    found = Declared("PNG", width, height, memory, io.BytesIO())
    if most is None:
        decode._check(found, "a.png", size, decode.MOST_PIXELS)
        return
    where = f" in a PNG of {size:,} bytes" if most < decode.MOST_PIXELS else ""
    with pytest.raises(DataError) as caught:
        decode._check(found, "a.png", size, decode.MOST_PIXELS)
    assert str(caught.value) == (
        f"a.png: expected a picture of at most {most:,} pixels{where}, found {width:,} x "
        f"{height:,}: make it smaller."
    )


def test_photographs_in_jpeg_may_be_packed_twice_as_well():
    for kind, dense in ("PNG", 32), ("JPEG", 64), ("WEBP", 64):
        found = Declared(kind, 8000, 6000, 150_000_000, io.BytesIO())
        decode._check(found, "it", 48_000_000 // dense, decode.MOST_PIXELS)
        with pytest.raises(DataError, match=f"at most 47,999,9.. pixels in a {kind} of"):
            decode._check(found, "it", 48_000_000 // dense - 1, decode.MOST_PIXELS)


def test_a_large_picture_is_made_smaller_by_a_whole_factor(tmp_path):
    """Exactly as far as that is all: nothing of it is lost, and its aspect stays."""
    for width, height, colours in (
        (1500, 1200, 0),
        (1025, 1024, 6),
        (1_500_000, 1, 0),
        (2, 600_000, 2),
    ):
        assert width * height > LARGE
        found = read_image(io.BytesIO(png(width, height, 8, colours)))
        factor = 2
        expected = -(-height // min(factor, height)), -(-width // min(factor, width)), 4
        assert found.shape == expected
    light = np.random.default_rng(0).integers(0, 256, (1100, 1200), np.uint8)
    from PIL import Image

    for mode in "L", "RGB", "RGBA", "P":
        Image.fromarray(light).convert(mode).save("large.png")
        means = light.reshape(550, 2, 600, 2).astype(float).mean(axis=(1, 3))
        found = read_image("large.png")
        assert np.abs(found[:, :, 0] - means).max() <= 1, mode
        assert (found[:, :, 3] == 255).all()
    deep = light.astype(np.uint16) * 257
    Image.fromarray(deep).save("deep.png")
    assert np.abs(read_image("deep.png")[:, :, 1] - means).max() <= 1
    Image.fromarray(light[:1000, :1000]).save("small.png")
    assert (read_image("small.png")[:, :, 2] == light[:1000, :1000]).all()


@pytest.mark.parametrize(
    ("kind", "size", "options", "most"),
    [
        ("JPEG", (8000, 6000), {}, 64),
        ("JPEG", (8000, 6000), {"subsampling": 0, "quality": 95}, 64),
        ("PNG", (4032, 3024), {"compress_level": 0}, 64),
        ("WEBP", (1400, 1050), {"method": 0}, 64),
        ("TIFF", (4032, 3024), {}, 128),
    ],
)
def test_a_photograph_is_read_as_a_small_copy_of_it_is(kind, size, options, most):
    """Such as a telephone's, of 48 megapixels, or as programs store one of twelve."""
    alone(
        "import io, numpy as np\n"
        "from PIL import Image\n"
        "from fuzzing.pictures import draw_seven, outcome\n"
        "from fuzzing.watch import Watch\n"
        "page = Image.fromarray(np.pad(255 - draw_seven(), 30, constant_values=255))\n"
        "page = Image.merge('RGB', [page] * 3)\n"
        "def saved(picture):\n"
        "    file = io.BytesIO()\n"
        f"    picture.save(file, {kind!r}, **{options!r})\n"
        "    return file.getvalue()\n"
        f"large, small = saved(page.resize({size!r}, 2)), saved(page.resize((400, 300), 2))\n"
        "del page\n"
        "expected = outcome(small)\n"
        "with Watch() as watch: found = outcome(large)\n"
        f"limit = {most} * 2**20\n"
        "if watch.memory > limit or watch.seconds > 5: print(watch.memory, watch.seconds)\n"
        "if isinstance(found, str): print(found)\n"
        "elif abs(found.astype(int) - expected).mean() > 4: print('another digit')\n"
    )
