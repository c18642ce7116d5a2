"""What pictures declare is read as their formats say, and only what draws them reaches Pillow."""

import io
import struct
import zlib

import numpy as np
import pytest
from samples import opaque

from simplenet.errors import DataError
from simplenet.pictures.decode import read_image
from simplenet.pictures.kinds.known import declared, reader_of
from simplenet.pictures.kinds.parts import joined
from simplenet.pictures.kinds.tags import turn

pytest.importorskip("PIL.Image")
from fuzzing.pictures import chunk, draw_seven, saved, seeds, segment, tags, tiff
from PIL import Image

LIGHT = 255 - draw_seven()
COLOUR = Image.fromarray(LIGHT).convert("RGB")
EXIF = tags((274, 3, 1, 6))


def packed(kind, picture=None, **options):
    """Return a picture as a file: a seven, if no other is given."""
    file = io.BytesIO()
    (Image.fromarray(LIGHT) if picture is None else picture).save(file, kind, **options)
    return file.getvalue()


def found(content):
    return declared(io.BytesIO(content), "it")


def pixels(content, **options):
    """Return the red of a picture."""
    return read_image(io.BytesIO(content), **options)[:, :, 0]


def after(content, place, new):
    return content[:place] + new + content[place:]


# --- what they declare ----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "content"), seeds(), ids=[name for name, _ in seeds()])
def test_size_is_as_pillow_finds_it_and_memory_no_less_than_it_takes(name, content):
    it = found(content)
    with Image.open(io.BytesIO(content)) as image:
        assert (it.width, it.height) in (image.size, image.size[::-1])
        assert it.kind == image.format or (name.startswith("ICO") and it.kind == "PNG")
        each = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}.get(image.mode, 4)
        assert it.memory >= each * it.width * it.height


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (301, 2), (64, 64)])
def test_sizes_of_all_shapes_are_read(kind, size):
    it = found(saved(kind, "RGB", size, "white"))
    assert (it.width, it.height) == size


def test_a_jpeg_in_several_scans_takes_the_memory_of_its_coefficients():
    plain = found(saved("JPEG", "RGB", (1600, 1600), "white"))
    assert plain.scale == 2 and plain.memory < 4 * 800 * 810
    for subsampling, share in (0, 3), (1, 2), (2, 1.5):
        it = found(saved("JPEG", "RGB", (1600, 1600), "white", progressive=True,
                         subsampling=subsampling))  # fmt: skip
        assert it.memory - plain.memory == pytest.approx(2 * share * 1600**2, rel=0.03)


@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [
        (1024, 1024, 1),
        (1025, 1024, 2),
        (2048, 2048, 4),
        (2047, 2048, 2),
        (4096, 4096, 8),
        (8000, 6000, 8),
    ],
)
def test_a_large_jpeg_is_decoded_at_a_part_of_its_size(width, height, scale):
    content = saved("JPEG", "L", (16, 16), 255).replace(
        struct.pack(">HH", 16, 16), struct.pack(">HH", height, width)
    )
    it = found(content)
    assert (it.width, it.height, it.scale) == (width, height, scale)


# --- what only looks like a picture, or is none any more ------------------------------------------


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"", False), (b"hello, this is a text, not a picture", False), (bytes(99), False),
        (b"PK\3\4" + bytes(99), False), (b"%PDF-1.7" + bytes(99), False),
        (b"P7\n" + bytes(99), False),
        (b"\0\0\0\x20ftypavif" + bytes(99), False), (b"RIFF\0\0\0\0WAVEfmt " + bytes(99), False),
        (b"P5\n", True), (b"BM", True), (b"GIF89a", True), (b"II+\0", True), (b"MM\0*", True),
        (b"RIFF\0\0\0\0WEBPVP8X", True),
    ],
)  # fmt: skip
def test_a_kind_is_known_by_its_first_bytes(head, is_one):
    assert (reader_of(head) is not None) == is_one


def test_what_chance_writes_is_hardly_ever_a_picture():
    noise = np.random.default_rng(0).integers(0, 256, (20_000, 18), np.uint8)
    assert sum(reader_of(head.tobytes()) is not None for head in noise) < 5


@pytest.mark.parametrize("brand", ["heic", "heix", "mif1", "msf1", "avif", "avis"])
def test_what_telephones_and_browsers_have_instead_of_jpeg_is_named(brand):
    with pytest.raises(DataError, match="found a HEIC or AVIF file: save it as PNG."):
        found(b"\0\0\0\x20ftyp" + brand.encode() + bytes(99))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x89PNG\r\n\x1a\n", "it ends early"),
        (packed("PNG").replace(struct.pack(">I", 50), bytes(4), 1), "a size of 0 x 60"),
        (b"\xff\xd8\xff\xe0", "it ends early"),
        (b"\xff\xd8\xff\xda\0\x0c", "no frame before its scans"),
        (b"\xff\xd8\xff\xd9" + bytes(99), "no scan in it"),
        (b"GIF89a\x09\0\x09\0\0\0\0;", "no picture in it"),
        (b"GIF89a\x09\0\x09\0\0\0\0!\xfe\x09", "it ends early"),
        (b"BM" + bytes(60), "a head of 0 bytes"),
        (b"P5\nhello", "no size in its first 4,096 bytes"),
        (b"P5 9 9 # " + bytes(9000), "no size in its first 4,096 bytes"),
        (b"II*\0\xff\xff\xff\xff" + bytes(99), "it ends early"),
        (tags((256, 4, 1, 9), (257, 2, 1, 9)), "a size of 9 x 0"),
        (b"\0\0\1\0\x09\0" + bytes(20), "it ends early"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "it ends early"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_said(content, why):
    with pytest.raises(DataError) as caught:
        read_image(io.BytesIO(content))
    assert f"the picture: expected a whole picture, found a damaged one ({why}): use" in str(
        caught.value
    )


def test_of_a_tag_that_is_given_twice_the_first_counts():
    content = tiff(28, 28, packing=1, data=bytes(784))
    twice = tags((256, 4, 1, 28), (256, 4, 1, 60_000), (257, 4, 1, 28))
    assert (found(content).width, found(twice).width) == (28, 28)


# --- which way up ---------------------------------------------------------------------------------

XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
XMP_TEXT = b"XML:com.adobe.xmp\0\0\0\0\0" + XMP
HEX = b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n26\n" + EXIF.hex().encode() + b"\n")
PACKED_XMP = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)
PNG, JPEG = packed("PNG"), packed("JPEG", quality=95)


@pytest.mark.parametrize(
    "content",
    [
        packed("PNG", exif=EXIF),
        after(PNG, len(PNG) - 12, chunk(b"eXIf", EXIF)),  # behind the pixels
        after(PNG, 33, chunk(b"iTXt", XMP_TEXT)),
        after(PNG, 33, chunk(b"iTXt", PACKED_XMP)),
        after(PNG, 33, chunk(b"zTXt", HEX)),
        packed("JPEG", exif=b"Exif\0\0" + EXIF, quality=95),
        packed("JPEG", exif=b"Exif\0\0" + tags((274, 3, 1, 6 << 16), order=">"), quality=95),
        after(JPEG, 2, segment(0xE1, b"Exif\0\0" + tags((271, 2, 9, 0), (274, 4, 1, 6)))),
        after(JPEG, 2, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)),
        after(JPEG, 2, b"\xff\xff" + segment(0xFE, b"so") + segment(0xE1, b"Exif\0\0" + EXIF)),
        packed("WEBP", lossless=True, exif=EXIF),
        packed("WEBP", lossless=True, xmp=XMP),
        packed("TIFF", tiffinfo={274: 6}),
        packed("TIFF", tiffinfo={274: 6}, compression="tiff_lzw"),
        packed("TIFF", tiffinfo={274: 6}, big_tiff=True),
        packed("TIFF", COLOUR, tiffinfo={274: 6}, compression="tiff_deflate"),
        packed("TIFF", COLOUR, tiffinfo={274: 6}, compression="jpeg", quality=95),
    ],
)  # fmt: skip
def test_a_picture_is_turned_as_any_of_its_notes_says(content):
    expected = np.rot90(LIGHT, -1).astype(int)
    upright = pixels(content).astype(int)
    assert upright.shape == expected.shape and np.abs(upright - expected).mean() < 5
    stored = pixels(content, upright=False).astype(int)
    assert stored.shape == LIGHT.shape and np.abs(stored - LIGHT).mean() < 5


@pytest.mark.parametrize(
    ("exif", "expected"),
    [
        (b"", 1), (b"Exif\0\0", 1), (b"II*\0", 1), (b"hello, world", 1), (EXIF, 6),
        (b"Exif\0\0" + EXIF, 6), (EXIF[:-4], 6), (EXIF[:-6], 1), (EXIF[:14], 1),
        (tags((274, 3, 1, 9)), 1),
        (tags((274, 3, 1, 0)), 1), (tags((274, 2, 1, 6)), 1), (tags((274, 3, 0, 6)), 1),
        (tags((274, 3, 1, 8), (274, 3, 1, 6)), 8), (tags((274, 99, 1, 8), (274, 3, 1, 6)), 6),
        (tags((274, 3, 9, 8)) + bytes(99), 1), (tags(*[(1, 3, 1, 0)] * 5000, (274, 3, 1, 6)), 1),
        (b"II*\0\xf0\xff\xff\xff" + bytes(99), 1),
    ],
)  # fmt: skip
def test_damaged_notes_turn_nothing(exif, expected):
    assert turn(exif) == expected
    if expected > 1:
        assert turn(exif, XMP.replace(b"6", b"2")) == expected


def test_other_notes_are_asked_only_if_exif_data_say_nothing():
    assert (turn(b"", XMP), turn(tags((271, 2, 1, 0)), XMP), turn(b"damaged", XMP)) == (6, 6, 6)
    assert (turn(tags((274, 3, 1, 1)), XMP), turn(tags((274, 3, 1, 3)), XMP)) == (1, 3)
    assert turn(b"", b"<tiff:Orientation>8</tiff:Orientation>") == 8
    assert turn(b"", b"<tiff:Orientation>9</tiff:Orientation>") == 1


# --- only what draws ------------------------------------------------------------------------------


def test_texts_profiles_and_further_pictures_are_not_given_to_pillow():
    noise = b"secret" * 9
    png = after(
        after(PNG, 33, chunk(b"tEXt", noise) + chunk(b"iCCP", noise)), 33, chunk(b"acTL", noise)
    )
    jpeg = after(JPEG, 2, segment(0xE1, noise) + segment(0xED, noise) + segment(0xFE, noise))
    gif = packed("GIF")
    gif = after(gif, gif.index(b","), b"!\xfe" + bytes([len(noise)]) + noise + b"\0")
    info = tiff(28, 28, packing=1, data=bytes(784), more=[(270, 2, len(noise), 0)])
    for content in png, jpeg, gif:
        assert noise in content and noise not in found(content).file.read()
        assert np.abs(pixels(content).astype(int) - LIGHT).mean() < 5
    with Image.open(found(info).file) as image:
        assert 270 not in image.tag_v2 and image.n_frames == 1


def test_of_a_tiff_with_several_pictures_the_first_is_read():
    film = [Image.fromarray(LIGHT), Image.fromarray(255 - LIGHT), Image.new("L", (9, 9))]
    for options in {}, {"compression": "tiff_lzw"}, {"big_tiff": True}:
        content = packed("TIFF", film[0], save_all=True, append_images=film[1:], **options)
        assert (pixels(content) == LIGHT).all()
        assert (pixels(content + b"x") == LIGHT).all()  # of an odd length


def test_of_an_apng_the_picture_is_read_that_all_readers_show():
    first, second = Image.fromarray(LIGHT), Image.fromarray(255 - LIGHT)
    for default in False, True:
        content = packed("PNG", first, save_all=True, append_images=[second], default_image=default)
        assert (pixels(content) == LIGHT).all()


def test_what_stands_between_the_segments_of_a_jpeg_does_no_harm():
    plain = pixels(JPEG)
    place = JPEG.index(b"\xff\xdb")
    for junk in b"\xff\xff\xff", b"junk", b"\xff\xd8", b"\xff\x00\xff\x01":
        assert (pixels(after(JPEG, place, junk)) == plain).all()
    assert (pixels(JPEG + b"a film of three seconds" * 99) == plain).all()


def test_a_tiff_of_many_jpegs_is_read():
    """Such as a scanner's: each strip is a JPEG, and what they share is in a tag."""
    large = COLOUR.resize((500, 600))
    content = packed("TIFF", large, compression="jpeg", quality=95, tiffinfo={278: 16})
    expected = np.asarray(large)[:, :, 0].astype(int)
    assert np.abs(pixels(content) - expected).mean() < 5
    with Image.open(io.BytesIO(content)) as image:
        assert len(image.tag_v2[273]) > 30


def test_of_an_icon_the_largest_picture_is_read():
    for format_ in "png", "bmp":
        content = packed("ICO", Image.fromarray(LIGHT).convert("RGBA").resize((64, 64)),
                         sizes=[(16, 16), (64, 64), (32, 32)], bitmap_format=format_)  # fmt: skip
        with Image.open(io.BytesIO(content)) as image:
            expected = np.asarray(image.convert("RGBA"))
        assert (read_image(io.BytesIO(content)) == expected).all()
        assert expected.shape == (64, 64, 4)


def test_a_gif_keeps_its_transparent_colour_and_a_frame_that_is_larger_than_its_screen():
    clear = packed("GIF", Image.fromarray(LIGHT), transparency=255, comment=b"x" * 999)
    found_ = read_image(io.BytesIO(clear))
    assert ((found_[:, :, 3] == 0) == (LIGHT == 255)).all()
    small = packed("GIF")
    small = small[:6] + struct.pack("<HH", 5, 6) + small[10:]
    assert (pixels(small) == LIGHT).all()


def test_a_file_of_parts_reads_like_what_they_are_together():
    first, second = io.BytesIO(b"0123456789"), io.BytesIO(b"abcdefghij")
    file = joined([(first, 2, 3), (second, 0, 0), (second, 4, 4), (first, 0, 1), (second, 8, 99)])
    whole = b"234efgh0ij"
    assert file.read() == whole and file.read(1) == b""
    for start in range(12):
        for length in range(12):
            file.seek(start)
            assert file.read(length) == whole[start : start + length]
            assert file.tell() == max(start, min(start + length, 10))
    assert file.seek(-3, 1) >= 0 and file.seek(2) == 2 and file.seek(3, 1) == 5
    with pytest.raises((OSError, ValueError)):
        file.seek(-1)
    assert joined([]).read() == b""
    assert opaque(LIGHT).shape[2] == 4
