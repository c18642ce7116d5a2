"""Pictures that were made to do harm, and pictures that chance has damaged: the same every time.

`bombs()` are files of a few kilobytes that declare, or unpack to, far more. `mutated(number)` is
one of any number of damaged pictures, each independent of the others, so that a million of them
can be divided among processes. `outcome(content)` is what comes of one: a digit or a sentence.
"""

import contextlib
import functools
import io
import os
import random
import re
import struct
import time
import zlib

import numpy as np
from PIL import Image

from fuzzing.campaign import Trials
from fuzzing.watch import MEMORY, SECONDS, Watch
from simplenet.errors import DataError
from simplenet.pictures.decode import read_image
from simplenet.pictures.prepare import prepare, raw


def draw_seven():
    """Return a 7 that no step changes but those that a test is about: 60 x 50, light on dark."""
    ink = np.zeros((60, 50), np.uint8)
    ink[10:16, 10:40] = 255
    for row in range(16, 50):
        column = 36 - (row - 10) // 2
        ink[row, column : column + 6] = 255
    return ink


def outcome(content, *, prepared=True):
    """Return what comes of a picture: the pixels that a net sees, or the sentence of a DataError.

    Anything else that it raises, and any other sentence, is a mistake of the reader.
    """
    try:
        rgba = read_image(io.BytesIO(content))
        assert rgba.ndim == 3 and rgba.shape[2] == 4 and rgba.dtype == np.uint8 and rgba.size
        if prepared:
            assert raw(rgba, (28, 28)).shape == (28, 28)
            return prepare(rgba)
    except DataError as error:
        said = str(error)
        assert re.fullmatch(r"(the picture: )?expected [^\n]+, found [^\n]+[:.] [^\n]+\.", said), (
            said
        )
        return said
    return rgba


def failures(cases, *, prepared=lambda name: True):
    """Return what went wrong with pictures (name, content): one line for each, and none if nothing.

    What they take is counted together, so that what one of them leaves behind is found, too.
    """
    found = []
    outcome(seeds()[0][1])  # loads what there is to be loaded
    most = MEMORY
    with Watch() as watch:
        for name, content in cases:
            began = time.process_time()
            try:
                outcome(content, prepared=prepared(name))
            except Exception as error:
                found.append(f"{name}: {type(error).__name__}: {error}")
            seconds, memory = time.process_time() - began, watch.more()
            if seconds > SECONDS:
                found.append(f"{name}: {seconds:.2f} seconds")
            if memory > most:
                found.append(f"{name}: {memory / 2**20:.0f} MB of memory")
            most = max(most, memory)
    return found


@contextlib.contextmanager
def trials(seed, folder):
    """Give what reads and prepares the damaged picture of a number."""

    def trial(number):
        outcome(mutated(number, seed)[1])

    outcome(seeds()[0][1])  # loads what there is to be loaded
    with unheard():
        yield Trials(trial)


@contextlib.contextmanager
def unheard():
    """Let nobody hear what libtiff and others say of each picture, beside Python's stderr."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


# --- whole pictures of every kind -----------------------------------------------------------------


@functools.cache
def seeds():
    """Return small whole pictures of every kind that can be read: (name, content)."""
    light = 255 - draw_seven()
    grey = Image.fromarray(light)
    colour = Image.merge("RGB", [grey, grey.point(lambda v: v // 2), grey])
    clear = Image.merge(
        "RGBA", [*Image.new("RGB", grey.size).split(), Image.fromarray(255 - light)]
    )
    deep = Image.fromarray(light.astype(np.uint16) * 257)
    real = Image.fromarray(light.astype(np.float32) / 255)
    whole = Image.fromarray(light.astype(np.int32))
    palette, bits = colour.quantize(4), grey.convert("1")
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a seven"
    film = {"save_all": True, "append_images": [colour.rotate(9), colour.rotate(90)]}
    found = []

    def save(kind, picture, **options):
        file = io.BytesIO()
        picture.save(file, kind, **options)
        name = "-".join([kind, picture.mode, *sorted(options)])
        found.append((name, file.getvalue()))

    for picture in grey, colour, clear, deep, palette, bits, grey.convert("LA"):
        save("PNG", picture)
    save("PNG", colour, exif=exif)
    save("PNG", palette, transparency=bytes([0, 255, 9]))
    save("PNG", colour, **film)
    for picture in grey, colour, colour.convert("CMYK"):
        save("JPEG", picture)
    save("JPEG", colour, progressive=True)
    save("JPEG", colour, exif=exif, comment=b"a seven")
    save("GIF", grey)
    save("GIF", palette, transparency=0)
    save("GIF", colour, **film)
    for picture in grey, colour, bits, palette:
        save("BMP", picture)
    for picture in grey, colour, clear, deep, real, whole, palette, bits:
        save("TIFF", picture)
    for compression in "tiff_deflate", "tiff_lzw", "packbits", "jpeg":
        save("TIFF", colour, compression=compression)
    save("TIFF", bits, compression="group4")
    save("TIFF", colour, compression="tiff_lzw", exif=exif, **film)
    for picture in grey, colour, bits, real:
        save("PPM", picture)
    numbers = (light.astype(">u2") * 257).tobytes()
    found.append(("PPM-I", b"P5\n50 60\n65535\n" + numbers))
    for picture in grey, colour, clear, palette:
        save("TGA", picture)
        save("TGA", picture, compression="tga_rle")
    for format_ in "png", "bmp":
        save("ICO", clear, sizes=[(32, 32), (16, 16)], bitmap_format=format_)
    save("WEBP", colour)
    save("WEBP", clear, lossless=True, exif=exif)
    save("WEBP", colour, **film)
    numbers = " ".join(map(str, light.ravel() // 16))
    found.append(("PPM-plain", f"P2 # a seven\n50 60 15\n{numbers}\n".encode()))
    found.append(("PPM-15", b"P5\n50 60\n15\n" + (light // 16).tobytes()))
    found.append(("BMP-runs", _runs(light)))
    return found


def _runs(light):
    """Return a BMP whose rows are packed as runs, which Pillow reads and does not write."""
    rows, columns = light.shape
    data = b""
    for row in light[::-1]:
        data += b"".join(bytes([1, value]) for value in row) + b"\0\0"
    palette = b"".join(bytes([v, v, v, 0]) for v in range(256))
    head = struct.pack("<IiiHHIIiiII", 40, columns, rows, 1, 8, 1, len(data), 0, 0, 256, 0)
    place = 14 + len(head) + len(palette)
    return (
        b"BM"
        + struct.pack("<IHHI", place + len(data), 0, 0, place)
        + head
        + palette
        + data
        + b"\0\1"
    )


# --- chance ---------------------------------------------------------------------------------------

_EDGES = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
]


def mutated(number, seed=0):
    """Return the name of a picture and what chance has made of it."""
    rng = random.Random(f"{seed} {number}")
    name, content = rng.choice(seeds())
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        rng.choice(_CHANGES)(rng, data)
    if data[:4] == b"\x89PNG" and rng.random() < 0.7:
        data = _summed(data)  # or else a checksum is all that is ever noticed
    return name, bytes(data)


def _place(rng, data):
    """Return a place, more often than not in the head."""
    return rng.randrange(min(len(data), 64) if rng.random() < 0.6 else len(data)) if data else 0


def _flip(rng, data):
    if data:
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _byte(rng, data):
    if data:
        data[_place(rng, data)] = rng.randrange(256)


def _number(rng, data):
    """Write a number at which programs stumble, of 16 or 32 bits, in either order."""
    form = rng.choice(["<H", ">H", "<I", ">I"])
    size = struct.calcsize(form)
    place = _place(rng, data)
    if place + size <= len(data):
        struct.pack_into(form, data, place, rng.choice(_EDGES) % 256**size)


def _cut(rng, data):
    del data[rng.randrange(len(data) + 1) :]


def _drop(rng, data):
    place = _place(rng, data)
    del data[place : place + rng.choice([1, 2, 4, 16, 100])]


def _insert(rng, data):
    place = _place(rng, data)
    data[place:place] = rng.randbytes(rng.choice([1, 2, 4, 16, 100]))


def _repeat(rng, data):
    place = _place(rng, data)
    part = data[place : place + rng.choice([1, 8, 64, 512])]
    data[place:place] = part * rng.choice([1, 2, 10])


def _splice(rng, data):
    """Go on as another picture does."""
    other = rng.choice(seeds())[1]
    data[_place(rng, data) :] = other[rng.randrange(len(other)) :]


def _zeros(rng, data):
    place = _place(rng, data)
    length = min(rng.choice([1, 4, 64]), len(data) - place)
    data[place : place + length] = bytes(length)


_CHANGES = [
    _flip,
    _flip,
    _byte,
    _byte,
    _number,
    _number,
    _number,
    _cut,
    _drop,
    _insert,
    _repeat,
    _splice,
    _zeros,
]


def _summed(data):
    """Return a PNG with the checksums that its chunks should have."""
    place, new = 8, bytearray(data[:8])
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        content = bytes(data[place + 8 : place + 8 + length])
        new += struct.pack(">I4s", length, kind) + content
        place += 12 + length
        if place <= len(data):
            new += struct.pack(">I", zlib.crc32(kind + content))
    return new


# --- malice ---------------------------------------------------------------------------------------


def zeros(count):
    """Return so many zeros as zlib packs them, however many, at once."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(count % 2**20)) + packer.flush()
    return (
        head + block * (count // 2**20) + rest[:-4] + struct.pack(">I", (count % 65521) << 16 | 1)
    )


def chunk(kind, content=b""):
    """Return a chunk of a PNG."""
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(width, height, bits=8, colours=0, extra=b"", behind=b"", interlaced=0, data=None):
    """Return a whole PNG of zeros."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    row = 1 + -(-width * bits * channels // 8)
    head = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, interlaced)
    palette = chunk(b"PLTE", bytes(3)) if colours == 3 else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + extra
        + chunk(b"IDAT", zeros(row * height) if data is None else data) + behind + chunk(b"IEND")
    )  # fmt: skip


def tags(*entries, order="<", behind=b""):
    """Return a directory of tags, as TIFF and EXIF have it: (tag, type, count, value)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    table = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    return head + struct.pack(order + "H", len(entries)) + table + bytes(4) + behind


def tiff(width, height, bits=8, packing=8, data=None, more=()):
    """Return a TIFF of one strip, grey, of zeros if no other is given."""
    data = zeros(height * -(-width * bits // 8)) if data is None else data
    found = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, bits), 259: (3, 1, packing),
             262: (3, 1, 1), 273: (4, 1, 0), 277: (3, 1, 1), 278: (4, 1, height),
             279: (4, 1, len(data)), **{tag: tuple(rest) for tag, *rest in more}}  # fmt: skip
    if found[273] == (4, 1, 0):
        found[273] = (4, 1, 8 + 2 + 12 * len(found) + 4)
    return tags(*((tag, *found[tag]) for tag in sorted(found)), behind=data)


def segment(marker, content):
    """Return a segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def bmp(width, height, bits=24, packing=0, colours=0, data=bytes(999)):
    """Return a BMP, with a palette of zeros if it has 256 colours."""
    palette = bytes(4 * colours) if colours <= 256 else b""
    sizes = struct.pack("<IIiiHHIIiiII", 54 + len(palette), 40, width, height, 1, bits, packing,
                        0, 0, 0, colours, 0)  # fmt: skip
    return b"BM" + bytes(8) + sizes + palette + data


def tga(width, height, bits=32, type_=10, colours=0, data=b""):
    """Return a TGA."""
    head = (0, colours > 0, type_, colours, colours, 32, 0, 0, width, height, bits, 0)
    return struct.pack("<BBBHHBHHHHBB", *head) + data


def ico(content):
    """Return an icon of this picture."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(content), 22) + content


def saved(kind, *args, **options):
    """Return what Pillow saves of a new picture."""
    file = io.BytesIO()
    Image.new(*args).save(file, kind, **options)
    return file.getvalue()


def resized(content, old, new, form=">HH"):
    """Return a picture that declares another size, where it first declares its own."""
    return content.replace(struct.pack(form, *old), struct.pack(form, *new), 1)


TEXTS = 64 * chunk(b"zTXt", b"k\0\0" + zeros(2**20 - 1))  # as many as Pillow keeps
EXIF = tags(*((n, 7, 60_000, 0) for n in range(1000, 5000)), behind=bytes(16_000))[:65_000]


def _pngs():
    small, acre = saved("PNG", "L", (30, 30), 255), (10_000, 10_000)
    for bits, colours in (1, 0), (2, 0), (8, 0), (16, 0), (8, 2), (1, 3), (8, 3), (8, 4), (8, 6):
        yield f"10,000 x 10,000, {bits} bits, colours {colours}", png(*acre, bits, colours)
    yield "30,000,000 x 1, the one of issue 11", png(30_000_000, 1, 1)
    yield "30,000,000 x 1 greys", png(30_000_000, 1)
    yield "30,000,000 x 1 colours", png(30_000_000, 1, 16, 6)
    yield "1 x 30,000,000", png(1, 30_000_000)
    yield "50,000 x 50,000", png(50_000, 50_000, 1)
    yield "50,000 x 50,000 colours", png(50_000, 50_000, 16, 6, data=zeros(2**30))
    yield "2**31", png(2**31 - 1, 2**31 - 1, data=b"\0")
    yield "interlaced", png(9_000, 9_000, interlaced=1)
    yield "the largest in grey", png(7_000, 7_000)
    yield "the largest in colour", png(3_520, 3_520, 8, 2)
    yield "the largest line", png(16_600_000, 1)
    yield "the largest column", png(1, 4_160_000)
    yield "the largest of 16 bits", png(4_990, 4_990, 16)
    yield "texts", png(30, 30, extra=TEXTS)
    yield "texts behind", png(30, 30, behind=TEXTS)
    wide = zlib.compress("\U0001f600".encode() + b"a" * 1_000_000)
    texts = (chunk(b"iTXt", b"k%d\0\1\0\0\0" % n + wide) for n in range(60))
    yield "texts of four bytes a letter", png(30, 30, extra=b"".join(texts))
    yield "a profile", png(30, 30, extra=chunk(b"iCCP", b"p\0\0" + zeros(2**30)))
    yield "EXIF", png(30, 30, extra=chunk(b"eXIf", EXIF))
    digits = zlib.compress(b"\nexif\n9\n" + EXIF.hex().encode())
    digits = chunk(b"zTXt", b"Raw profile type exif\0\0" + digits)
    yield "EXIF in digits", png(30, 30, extra=digits)
    digits = chunk(b"zTXt", b"Raw profile type exif\0\0" + zeros(2**26))
    yield "EXIF without end", png(30, 30, extra=digits)
    yield "a palette", png(30, 30, colours=3, extra=chunk(b"PLTE", bytes(3_000_000)))
    yield "transparency", png(30, 30, colours=3, extra=chunk(b"tRNS", bytes(3_000_000)))
    yield "a head", small[:8] + chunk(b"IHDR", small[16:29] + bytes(3_000_000)) + small[33:]
    yield "chunks", png(30, 30, extra=200_000 * chunk(b"teSt"))
    yield "pixels without end", png(30, 30, data=zeros(2**30))
    for key in b"XML:com.adobe.xmp", b"Raw profile type exif":
        text = chunk(b"zTXt", key + b"\0\0" + zeros(2**17))
        yield f"20,000 times {key.decode()}", png(30, 30, extra=20_000 * text)
    film = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    film += chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 30_000, 30_000, 0, 0, 1, 1, 1, 0))
    yield "a film", png(30, 30, extra=film)


def _jpegs():
    plain = saved("JPEG", "RGB", (64, 64), "white")
    scans = saved("JPEG", "L", (4000, 4000), 255, progressive=True)
    scan = scans[scans.rindex(b"\xff\xda") : -2]
    behind = plain[2:]
    yield "65,500 x 65,500", resized(plain, (64, 64), (65500, 65500))
    yield "15,000 x 15,000", resized(plain, (64, 64), (15000, 15000))
    yield "14,000 x 14,000, progressive", resized(scans, (4000, 4000), (14000, 14000))
    yield "scans", scans[:-2] + 5000 * scan + scans[-2:]
    yield "EXIF", plain[:2] + segment(0xE1, b"Exif\0\0" + EXIF) + behind
    yield "much EXIF", plain[:2] + 300 * segment(0xE1, b"Exif\0\0" + bytes(2000)) + behind
    tables = segment(0xDB, 1000 * (b"\0" + bytes(range(1, 65))))
    yield "tables", plain[:2] + 60 * tables + behind
    frame = segment(0xC0, struct.pack(">BHHB", 8, 9, 9, 1) + b"\1\x11\0")
    yield "two frames", plain[:2] + frame + behind
    yield "junk", plain[:2] + b"\xff\xff" + bytes(1_000_000) + behind
    yield "segments", plain[:2] + 200_000 * b"\xff\xfe\0\2" + behind
    yield "gaps", plain[:2] + 99 * (b"\xff" * 4080 + b"\0\xff\xfe\0\2") + behind
    yield "segments behind a scan", scans[:-2] + 999_999 * b"\xff\xfe\0\2" + scans[-2:]


def _gifs():
    plain = saved("GIF", "L", (64, 64), 255)
    start = plain.index(b"," + bytes(4))
    begin, picture = plain[:start], plain[start:]
    yield "65,535 x 65,535", resized(plain, (64, 64), (65535, 65535), "<HH")
    yield "a frame of 60,000 x 60,000", begin + resized(picture, (0, 0), (60000, 60000), "<HH")
    leaves = b"!\xf9\4\x09\0\0\0\0" + resized(picture, (64, 64), (13000, 13000), "<HH")
    yield "13,000 x 13,000, and what it leaves", begin + leaves
    yield "comments", begin + 100_000 * b"!\xfe\1x\0" + picture
    yield "a comment", begin + b"!\xfe" + 300_000 * b"\1x" + b"\0" + picture
    long = b"!\xfe" + 131_000 * b"\1x" + b"\0"
    yield "long comments", begin + 40 * long + picture
    yield "the largest", saved("GIF", "L", (4_990, 4_990), 255)
    frames = [Image.new("L", (64, 64), n) for n in range(200)]
    yield "frames", saved("GIF", "L", (64, 64), 255, save_all=True, append_images=frames)


def _webps():
    plain = saved("WEBP", "RGB", (16, 16), 255, lossless=True)
    canvas = saved("WEBP", "RGBA", (64, 64), (1, 2, 3, 4), lossless=True, exif=b"Exif\0\0II*\0")
    yield "16,384 x 16,384", plain[:21] + b"\xff\xff\xff\x0f" + bytes(99)
    yield "a canvas of 2**24 x 2**24", canvas[:24] + 6 * b"\xff" + canvas[30:]
    yield "4,000 x 4,000", saved("WEBP", "RGB", (4000, 4000), 255, lossless=True, method=0)
    yield "the largest", saved("WEBP", "RGB", (1540, 1540), 255, lossless=True, method=0)
    yield "chunks", canvas[:30] + 200_000 * b"junk\0\0\0\0" + canvas[30:]


def _tiffs():
    seven = [(256, 4, 1, 28), (257, 4, 1, 28)]
    yield "50,000 x 50,000", tiff(50_000, 50_000, 1)
    yield "10,000 x 10,000", tiff(10_000, 10_000)
    yield "10,000 x 10,000 in runs", tiff(10_000, 10_000, 8, 32773, b"\x81\0" * 781_250)
    yield "9,000 x 9,000, a fax", saved("TIFF", "1", (9_000, 9_000), 1, compression="group4")
    yield "30,000,000 x 1", tiff(30_000_000, 1, 1)
    yield "the largest", tiff(4_980, 4_980)
    tile = [(322, 4, 1, 60_000), (323, 4, 1, 60_000), (324, 4, 1, 200), (325, 4, 1, 2**20)]
    yield "a tile", tiff(28, 28, data=zeros(2**30), more=tile)
    many = ((n, 7, 500_000, 0) for n in range(1000, 3000))
    yield "tags", tags(*seven, *many, behind=bytes(500_000))
    yield "65,535 tags", b"II*\0\x08\0\0\0\xff\xff" + bytes(12 * 65535)
    strips = [(273, 3, 1_000_000, 100)]
    colours = [(320, 3, 1_000_000, 100)]
    yield "colours", tiff(28, 28, packing=1, data=bytes(3_000_000), more=colours)
    yield "strips", tiff(28, 28, packing=1, data=bytes(3_000_000), more=strips)
    for name, count in ("very many small strips", 2**18), ("the most small strips", 2**14):
        places = count * struct.pack("<I", 122 + 8 * count) + count * struct.pack("<I", 2**16)
        small = [(278, 4, 1, 1), (273, 4, count, 122), (279, 4, count, 122 + 4 * count)]
        yield name, tiff(1, count, packing=1, data=places + bytes(2**16), more=small)
    notes = [(34665, 4, 1, 150), (274, 3, 1, 6)]
    yield "EXIF", tiff(28, 28, packing=1, data=EXIF + bytes(10_000), more=notes)
    scans = saved("JPEG", "L", (2000, 2000), 255, progressive=True)
    for packing in 6, 7:
        lie = resized(scans, (2000, 2000), (65500, 65500))
        yield f"a JPEG of 65,500 x 65,500, {packing}", tiff(65_500, 1, 8, packing, lie)
    jpegs = [(273, 4, 100_000, 100), (279, 4, 100_000, 100)]
    yield "JPEGs", tiff(28, 28, 8, 7, bytes(900_000), jpegs)
    # Behind the directory of 13 tags there are 4,000 places, all of the one JPEG behind them.
    jpeg = b"\xff\xd8" + 100_000 * b"\xff\xfe\0\2" + bytes(99)
    place = 170 + 4 * 4000
    sizes = [(322, 4, 1, 16), (323, 4, 1, 16), (325, 4, 4000, 170)]
    tiles = [(273, 4, 1, place), (324, 4, 4000, 170), *sizes]
    places = 4000 * struct.pack("<I", place)
    yield "segments in its JPEGs", tiff(1000, 1000, 8, 7, places + jpeg, tiles)


def _others():
    yield "bmp, 60,000 x 60,000", bmp(60_000, 60_000)
    yield "bmp, 50,000,000 x 1 in runs", bmp(50_000_000, 1, 8, 1, 256, b"\0\2\0\xff" * 99)
    yield "bmp, the most runs", bmp(724, 724, 8, 1, 256, b"\1\5" * 4_000_000)
    yield "bmp, a head", b"BM" + struct.pack("<IIII", 0, 0, 54, 2**31) + bytes(3_000_000)
    yield "bmp, a palette", bmp(30, 30, 8, 0, 2**31, bytes(3_000_000))
    yield "pgm, 99,999 x 99,999", b"P5 99999 99999 255\n" + bytes(999)
    yield "pgm, 9,000 x 9,000 numbers", b"P2 9000 9000 9\n" + b"1 " * 999
    yield "pgm, the most numbers", b"P2 724 724 9\n" + b"1 " * 524_288
    yield "pgm, comments", b"P2 700 700 9\n" + b"#\n" * 500_000
    yield "pgm, a comment", b"P5 #" + b"x" * 3_000_000 + b"\n9 9 255\n" + bytes(81)
    yield "pgm, 9,000 x 9,000 to 15", b"P5 9000 9000 15\n" + bytes(999)
    yield "pgm, the most to 15", b"P5 724 724 15\n" + bytes(524_288)
    yield "ppm, the most of 16 bits", b"P6 400 400 65535\n" + bytes(6 * 160_000)
    yield "tga, 65,535 x 65,535", tga(65535, 65535, data=b"\xff\0\0\0\0" * 999)
    yield "tga, a palette", tga(30, 30, 8, 1, 65535, bytes(4 * 65535 + 900))
    yield "ico, 30,000 x 30,000", ico(png(30_000, 30_000))
    yield "ico, texts", ico(png(30, 30, extra=TEXTS))
    head = struct.pack("<IiiHHIIiiII", 40, 30_000, 60_000, 1, 32, 0, 0, 0, 0, 0, 0)
    yield "ico, 30,000 x 30,000, bmp", ico(head + bytes(999))
    yield "ico, 65,535 pictures", struct.pack("<HHH", 0, 1, 65535) + bytes(16 * 65535)
    yield "zeros", bytes(3_000_000)
    yield "nothing", b""


@functools.cache
def bombs():
    """Return files by name that declare far more than they are, or unpack to it."""
    kinds = {"png": _pngs, "jpeg": _jpegs, "gif": _gifs, "webp": _webps, "tiff": _tiffs}
    found = {f"{kind}, {name}": made for kind, all_ in kinds.items() for name, made in all_()}
    return found | dict(_others())
