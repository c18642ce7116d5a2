"""IDX files come back as they were written; anything else is refused in words that help."""

import gzip
import hashlib
import io
import itertools
import json
import mmap
import os
import re
import signal
import struct
import subprocess
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from fuzzing import idx as fuzzing
from hypothesis import example, given
from hypothesis import strategies as st

from simplenet.datasets import idx
from simplenet.datasets.idx import DTYPES, digest, header, read_idx, write_idx
from simplenet.errors import DataError


def pack(*sizes, code=8, zeros=0, values=b"", ndim=None):
    """Put an IDX file together by hand."""
    ndim = len(sizes) if ndim is None else ndim
    return struct.pack(f">HBB{len(sizes)}I", zeros, code, ndim, *sizes) + values


def sample(dtype, shape, seed=1):
    """Return an array with values of every byte and sign."""
    count = int(np.prod(shape, dtype=int))
    raw = np.random.default_rng(seed).integers(0, 256, count * np.dtype(dtype).itemsize, np.uint8)
    return raw.view(dtype).reshape(shape)


def mapped(array):
    """Tell whether the array is a view of a file that is mapped into memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


# --- what is written is what is read -------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("code", DTYPES, ids=hex)
@given(st.lists(st.integers(0, 4), max_size=6), st.integers(0, 9))
@example([1] * 32, 0)
@example([], 0)
@example([2, 0, 3], 0)
def test_every_type_and_shape_comes_back(tmp_path, code, suffix, shape, seed):
    path, shape = tmp_path / f"array{suffix}", tuple(shape)
    array = sample(DTYPES[code], shape, seed)
    write_idx(path, array, overwrite=True)
    found = read_idx(path)
    assert (found.dtype, found.shape) == (DTYPES[code], shape)
    assert found.tobytes() == array.tobytes()
    assert type(found) is np.ndarray
    assert not found.flags.writeable
    assert mapped(found) == (not suffix and array.size > 0)


@pytest.mark.parametrize(
    "array, expected",
    [
        (np.array([7, 255], np.uint8), "0000 0801 00000002 07ff"),
        (np.array([[1, -1]], np.int8), "0000 0902 00000001 00000002 01ff"),
        (np.array([1, -2], np.int16), "0000 0b01 00000002 0001 fffe"),
        (np.array(-2, np.int32), "0000 0c00 fffffffe"),
        (np.array([1.5], np.float32), "0000 0d01 00000001 3fc00000"),
        (np.array([[-2.0]], np.float64), "0000 0e02 00000001 00000001 c000000000000000"),
    ],
    ids=lambda value: getattr(value, "dtype", ""),
)
def test_the_bytes_are_those_of_the_format(tmp_path, array, expected):
    write_idx(tmp_path / "raw", array)
    write_idx(tmp_path / "packed.gz", array)
    assert (tmp_path / "raw").read_bytes() == bytes.fromhex(expected)
    assert gzip.decompress((tmp_path / "packed.gz").read_bytes()) == bytes.fromhex(expected)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_equal_arrays_give_equal_bytes_however_they_lie_in_memory(tmp_path, suffix):
    array = np.arange(24, dtype=">i4").reshape(4, 6)
    same = [array, array.astype("<i4"), np.asfortranarray(array), np.repeat(array, 2, 0)[::2]]
    for number, other in enumerate(same):
        write_idx(tmp_path / f"{number}{suffix}", other)
    (content,) = {path.read_bytes() for path in tmp_path.glob(f"[0-9]{suffix}")}
    assert not suffix or content[3:8] == bytes(5)  # no name in it, and no time
    assert len({digest(other) for other in same}) == 1


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3, 4)], ids=str)
def test_the_digest_is_that_of_the_raw_file(tmp_path, shape, suffix):
    array = sample("<i2", shape)
    write_idx(tmp_path / "raw", array)
    write_idx(tmp_path / f"read{suffix}", array)
    expected = hashlib.sha256((tmp_path / "raw").read_bytes()).hexdigest()
    found = read_idx(tmp_path / f"read{suffix}")
    assert digest(array) == digest(found) == digest(found, chunk=5) == expected


def test_a_file_that_is_there_is_kept_unless_it_may_be_overwritten(tmp_path):
    path = tmp_path / "labels"
    write_idx(path, np.zeros(3, np.uint8))
    with pytest.raises(FileExistsError) as caught:
        write_idx(path, np.ones(3, np.uint8))
    assert caught.value.filename == str(path)
    assert read_idx(path).tolist() == [0, 0, 0]
    write_idx(path, np.ones(3, np.uint8), overwrite=True)
    assert read_idx(path).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "array",
    [[1, 2], [True], [1j], ["one"], [None], np.zeros(2, np.float16), np.zeros(1, np.uint16)],
)
def test_a_type_that_idx_does_not_have_is_refused_and_nothing_written(tmp_path, array):
    words = f"IDX holds uint8, int8, int16, int32, float32, float64, not {np.asarray(array).dtype}"
    with pytest.raises(DataError, match=f"^{words}: convert"):
        write_idx(tmp_path / "array", array)
    assert not (tmp_path / "array").exists()


def test_a_size_that_idx_cannot_say_is_refused():
    assert header(np.broadcast_to(np.uint8(), (2**32 - 1,)))[4:] == b"\xff" * 4
    with pytest.raises(DataError, match=r"stay below 2\*\*32, and the shape is \(2, 4294967296\)"):
        header(np.broadcast_to(np.uint8(), (2, 2**32)))


# --- recognised by content -----------------------------------------------------------------------

RAW = pack(2, 3, values=b"abcdef")
EMPTY = gzip.compress(b"", mtime=0)


@pytest.mark.parametrize("name", ["images", "images.gz"])
@pytest.mark.parametrize(
    "content, in_place",
    [
        (RAW, True),
        (gzip.compress(RAW), False),
        (gzip.compress(RAW[:7]) + gzip.compress(RAW[7:]), False),
        (gzip.compress(RAW) + bytes(512), False),
        (gzip.compress(RAW[:7]) + bytes(99) + gzip.compress(RAW[7:]) + bytes(99_999), False),
        (b"".join(gzip.compress(RAW[at : at + 1]) + EMPTY * 90 for at in range(len(RAW))), False),
    ],
    ids=["raw", "gzip", "two members", "padded", "padded between", "many members"],
)
def test_raw_and_gzip_are_recognised_by_content(tmp_path, name, content, in_place):
    (tmp_path / name).write_bytes(content)
    array = read_idx(tmp_path / name)
    assert array.tobytes() == b"abcdef"
    assert mapped(array) == in_place


# --- what is not a whole IDX file ----------------------------------------------------------------

LONG = (2**32 - 1,) * 3
DAMAGED = {
    "empty": (b"", "expected an IDX file, found only 0 bytes: get"),
    "a stub": (b"\0\0\x08", "expected an IDX file, found only 3 bytes: get"),
    "a web page": (
        b"<!DOCTYPE html>",
        "found 3c 21 44 4f \\(a web page saved under this name\\?\\)",
    ),
    "a page, indented": (b"\n <html>", "\\(a web page"),
    "a zip file": (b"PK\3\4....", "found 50 4b 03 04 \\(a zip file: unpack it first\\)"),
    "text": (b"labels", "it starts 00 00, then a type byte .* found 6c 61 62 65: get"),
    "no zero": (pack(1, zeros=1, values=b"1"), "expected an IDX file .* found 00 01 08 01: get"),
    "first byte": (pack(1, zeros=256, values=b"1"), "found 01 00 08 01"),
    "a type between": (pack(1, code=10, values=b"1"), "found 00 00 0a 01"),
    "no type": (pack(1, code=0, values=b"1"), "found 00 00 00 01"),
    "sizes cut": (pack(2, ndim=3, values=b"\0\0"), "expected 3 sizes in the header, .* after 1: g"),
    "65 sizes": (pack(*[1] * 65, values=b"1"), "a shape that an array can have, found 65 dimens"),
    "huge and empty": (pack(0, *LONG), "array can have, found 4 dimensions .*\\(0, 4294967295"),
    "huge": (pack(*LONG), "that an array can have, found 3 dimensions .*\\(4294967295, "),
    "cut": (pack(4, 3, values=b"1" * 11), "expected 24 bytes for the shape \\(4, 3\\) .* found 23"),
    "no values": (pack(4, 3), "expected 24 bytes for the shape \\(4, 3\\) in its header, found 12"),
    "wide values": (
        pack(3, code=12, values=b"1" * 11),
        "expected 20 bytes .* found 19: .* cut short",
    ),
}


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gzip"])
@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_no_whole_idx_file_is_refused_in_words_that_help(tmp_path, what, packed):
    content, words = DAMAGED[what]
    path = tmp_path / "train-images"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=words) as caught:
        read_idx(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: expected") and message.endswith("."), message
    assert "get" in message or "unpack" in message


@pytest.mark.parametrize(
    "content, words",
    [
        (RAW + b"7", "expected 18 bytes for the shape (2, 3) in its header, found 19"),
        (
            gzip.compress(RAW + b"7"),
            "expected 18 bytes for the shape (2, 3) in its header, found more",
        ),
        (gzip.compress(RAW) + b"garbage", "expected a whole gzip file, found a damaged or cut one"),
        (gzip.compress(RAW)[:-1], "expected a whole gzip file, found a damaged or cut one"),
        (gzip.compress(RAW)[:25], "expected a whole gzip file, found a damaged or cut one"),
        (gzip.compress(RAW)[:10] + b"\xff" * 30, "expected a whole gzip file, found a damaged"),
        (gzip.compress(gzip.compress(RAW)), "expected an IDX file"),
    ],
    ids=["longer", "longer gz", "garbage", "no end", "half", "no deflate", "gz in gz"],
)
def test_more_or_less_than_a_whole_file_is_refused(tmp_path, content, words):
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert f"{path}: {words}" in str(caught.value)
    assert "get" in str(caught.value)


@pytest.mark.parametrize("content", [RAW, gzip.compress(RAW)], ids=["raw", "gzip"])
def test_a_file_cut_anywhere_is_refused(tmp_path, content):
    for length in range(len(content)):
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(DataError):
            read_idx(tmp_path / "cut")


def test_no_flipped_bit_of_a_gzip_file_goes_unnoticed(tmp_path):
    content, path = gzip.compress(RAW), tmp_path / "flipped"
    refused = 0
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert read_idx(path).tobytes() == b"abcdef"  # a bit that means nothing, as of the time
        except DataError:
            refused += 1
    assert refused > 8 * (len(content) - 10)  # all but the ten bytes that come first


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gzip"])
@pytest.mark.parametrize("shape", [(2**31,), (2**16, 2**15), (1000, 28, 28)], ids=str)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(
    tmp_path, monkeypatch, shape, packed
):
    def allocate(*_):
        raise AssertionError("allocated before it was checked")

    monkeypatch.setattr(np, "empty", allocate)
    monkeypatch.setattr(np, "memmap", allocate)
    path, content = tmp_path / "images", pack(*shape, values=b"few")
    path.write_bytes(gzip.compress(content) if packed else content)
    words = "more than a gzip file of .* bytes can hold: get" if packed else "found .*: the file is"
    with pytest.raises(DataError, match=words) as caught:
        read_idx(path)
    assert f"{4 + 4 * len(shape) + int(np.prod(shape)):,} bytes" in str(caught.value)
    assert str(shape) in str(caught.value) and str(path) in str(caught.value)


def test_the_tightest_gzip_is_believed(tmp_path):
    write_idx(tmp_path / "zeros.gz", np.zeros(10**7, np.uint8))
    assert read_idx(tmp_path / "zeros.gz").shape == (10**7,)


def test_unpacking_takes_no_second_array(tmp_path):
    write_idx(tmp_path / "zeros.gz", np.zeros(10**7, np.uint8))
    tracemalloc.start()
    try:
        array = read_idx(tmp_path / "zeros.gz")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert array.nbytes < peak < 1.5 * array.nbytes


# --- what is made to do harm ---------------------------------------------------------------------

GB = 10**9


def zeros(*before, count=10 * GB):
    """Yield a gzip file of these bytes and then of so many zeros, in pieces; its checksum is wrong.

    A piece of zeros that is packed by itself can be written again and again.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield b"".join(deflate.compress(content) for content in before)
    yield deflate.flush(zlib.Z_FULL_FLUSH)
    piece = deflate.compress(bytes(10**7)) + deflate.flush(zlib.Z_FULL_FLUSH)
    yield from itertools.repeat(piece, count // 10**7)
    yield deflate.flush()


TOO_MUCH = "which is more than images or labels need: if you trust it, unpack it with gunzip"
BOMBS = {
    "zeros": (zeros(), "expected an IDX file .* found 00 00 00 00"),
    "labels": (zeros(pack(10 * GB // 3)), TOO_MUCH),
    "images": (zeros(pack(10**7, 28, 28)), TOO_MUCH),
    "few images": (zeros(pack(10, 28, 28)), "7,856 bytes for the shape .* found more than 7,856:"),
    "many members": (
        itertools.repeat(gzip.compress(bytes(10**7), mtime=0), 1000), "found 00 00 00 00: get",
    ),
    "members after few": (
        [gzip.compress(pack(1, values=b"1")), *[gzip.compress(bytes(10**7), mtime=0)] * 1000],
        "expected 9 bytes .* found more than 9:",
    ),
    "no members": ([gzip.compress(b"", mtime=0)] * 500_000, "parts that hold nothing"),
    "no members after": (
        [gzip.compress(pack(1, values=b"1")), *[gzip.compress(b"", mtime=0)] * 500_000],
        "parts that hold nothing",
    ),
    "padding": (
        [gzip.compress(pack(1, values=b"1")), 10 * GB], "bytes of 0 behind its end\\): get",
    ),
    "a long name": (
        [struct.pack("<BBBBIBB", 31, 139, 8, 8, 0, 0, 3), b"n" * 10**7], "it ends before its end",
    ),
    "2^60": ([pack(2**30, 2**30, values=b"1")], "expected 1,152,921,504,606,846,988 bytes .* f"),
    "2^60 packed": ([gzip.compress(pack(2**30, 2**30))], "says 1,152,921,504,606,846,988 bytes"),
    "2^93": ([pack(2**31, 2**31, 2**31)], "a shape that an array can have"),
    "2^93 packed": ([gzip.compress(pack(2**31, 2**31, 2**31))], "a shape that an array can have"),
    "2^64 + 2": ([pack(2**32 - 1, 2**32 - 1, 2, values=b"12")], "a shape that an array can have"),
    "a hole": ([pack(10), 10 * GB], "expected 18 bytes .* found 10,000,000,008: the file is"),
    "a hole, said": ([pack(10 * GB // 4), 10 * GB // 4], None),
}  # fmt: skip

READER = """if True:
    import json, resource, sys, time
    from simplenet.datasets.idx import read_idx
    def most():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform ==
            "darwin" else 2**10)
    baseline, began = most(), time.process_time()
    try:
        read_idx(sys.argv[1])
        message = None
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
    print(json.dumps([message, most() - baseline, time.process_time() - began]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory the Unix way")
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_in_no_time_and_memory(tmp_path, what):
    pieces, words = BOMBS[what]
    path = tmp_path / "train-images"
    with open(path, "wb") as file:
        for piece in pieces:
            if isinstance(piece, int):
                file.truncate(file.tell() + piece)  # zeros that take no room on the disk
            else:
                file.write(piece)
    code = [sys.executable, "-c", READER, path]
    found, megabytes, seconds = json.loads(subprocess.check_output(code))
    assert (found is None) == (words is None), found
    if words:
        assert found.startswith(f"DataError: {path}: ")
        assert re.search(words, found), found
    assert megabytes < 64 and seconds < 1


def test_what_is_packed_very_tightly_is_believed_if_it_is_small_or_all_alike(tmp_path):
    """32 MB, whatever it is; above, only what is packed no more than 250 to 1."""
    path = tmp_path / "zeros.gz"
    shape = (2**25 - 8,)
    write_idx(path, np.zeros(shape, np.uint8))
    assert read_idx(path).shape == shape
    write_idx(path, np.zeros(2**25 - 7, np.uint8), overwrite=True)
    with pytest.raises(DataError, match=TOO_MUCH) as caught:
        read_idx(path)
    size = path.stat().st_size
    assert f"expected at most {size * 250:,} bytes in a gzip file of {size:,}" in str(caught.value)
    values = np.zeros(2**25, np.uint8)
    values[: 2**18] = np.random.default_rng(0).integers(0, 256, 2**18, np.uint8)
    write_idx(path, values, overwrite=True)
    assert (read_idx(path) == values).all()


def test_no_damaged_file_is_read_as_another(tmp_path):
    """Each is refused in a sentence, or read as a plain reading of it says."""
    assert list(fuzzing.fuzz(5_000, tmp_path / "file")) == []


def test_a_damaged_file_follows_from_its_number_alone():
    one, two, other = (
        [fuzzing.make_file(seed, number) for number in range(100)] for seed in (1, 1, 2)
    )
    assert one == two != other
    assert 10 < sum(fuzzing.plain_reading(content) is not None for content in one) < 90


# --- what cannot be read -------------------------------------------------------------------------


def test_a_reason_that_is_a_sentence_by_itself_ends_with_one_full_stop(tmp_path, monkeypatch):
    """As io.UnsupportedOperation is, of a file in which no place can be gone to."""
    (tmp_path / "images").write_bytes(pack(1, values=b"x"))

    class Unseekable(io.BufferedReader):
        def seek(self, *args):
            raise io.UnsupportedOperation("File or stream is not seekable.")

    monkeypatch.setattr(idx, "open_regular", lambda path: Unseekable(io.FileIO(path)))
    with pytest.raises(DataError, match=r"cannot be read: File or stream is not seekable\. Check"):
        read_idx(tmp_path / "images")


def test_what_cannot_be_read_is_refused_with_its_name_and_the_reason(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name, reason in {
        "nothing": "No such file or directory",
        "folder": "Is a directory",
        "file/file": "Not a directory",
        "link": "No such file or directory",
    }.items():
        with pytest.raises(DataError) as caught:
            read_idx(tmp_path / name)
        assert f"{tmp_path / name}: expected an IDX file, found" in str(caught.value)
        assert f"cannot be read: {reason}. Check its name" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes as Unix has them")
def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    signal.alarm(20)  # rather than wait for ever
    try:
        for path in tmp_path / "pipe", "/dev/zero", "/dev/null":
            with pytest.raises(DataError) as caught:
                read_idx(path)
            assert f"{path}: expected an IDX file, found that it cannot be read: it is no regu" in (
                str(caught.value)
            )
    finally:
        signal.alarm(0)


def test_a_place_where_files_cannot_be_mapped_gives_an_error_in_words(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(19, "No such device")

    monkeypatch.setattr(np, "memmap", refuse)
    (tmp_path / "labels").write_bytes(RAW)
    with pytest.raises(DataError, match="labels: .* cannot be read: No such device"):
        read_idx(str(tmp_path / "labels"))
