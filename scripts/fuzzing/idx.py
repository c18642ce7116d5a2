"""Damaged data files: each is refused in a sentence, or read as a plain reading of it says.

A file follows from a seed and a number: `make_file(0, 1234)` is what it holds, and
`harm(0, 1234, path)` what went wrong with it, or None.
"""

import contextlib
import functools
import gzip
import math
import random
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fuzzing.campaign import Trials
from simplenet.datasets.idx import DTYPES, read_idx
from simplenet.errors import DataError

SIZES = (
    *range(6), 7, 8, 27, 28, 255, 256, 784, 2**15, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1,
)  # fmt: skip
CODES = *DTYPES, *DTYPES, 0, 1, 7, 10, 15, 0x80, 255
TOO_MANY = "more than 1,000 parts that hold nothing"  # what only read_idx refuses
NUMPY_DIMENSIONS = 64  # more of them an array cannot have


def make_file(seed: int, number: int) -> bytes:
    """Return the content of the file that follows from seed and number."""
    rng = random.Random(f"{seed} {number}")
    content = _whole(rng)
    if rng.random() < 0.6:
        content = rng.choice(_RAW_SLIPS)(rng, content)
    if rng.random() < 0.6:
        content = _packed(rng, content)
        if rng.random() < 0.7:
            content = rng.choice(_PACKED_SLIPS)(rng, content)
    return content


def _whole(rng: random.Random) -> bytes:
    """Return a file as it should be."""
    code = rng.choice(list(DTYPES))
    shape = [rng.choice([0, 1, 2, 3, 5, 8]) for _ in range(rng.choice([0, 1, 1, 2, 3, 3, 3, 4]))]
    size = DTYPES[code].itemsize * math.prod(shape)
    values = rng.randbytes(size) if rng.random() < 0.5 else bytes(size)
    return struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape) + values


def _other_header(rng: random.Random, content: bytes) -> bytes:
    """Return it with a header that says something else."""
    dimensions = rng.choice([0, 1, 2, 3, 3, 3, 4, 5, 32, 33, 64, 65, 255])
    said = rng.choice([dimensions, dimensions, dimensions, rng.randrange(256)])
    shape = [rng.choice(SIZES) if dimensions < 9 else 1 for _ in range(dimensions)]
    first = rng.choice([0, 0, 0, 0, 1, 256, 65535])
    return struct.pack(f">HBB{dimensions}I", first, rng.choice(CODES), said, *shape) + content[4:]


def _other_size(rng: random.Random, content: bytes) -> bytes:
    """Return it with one size, of those in the header, that is another."""
    found = bytearray(content)
    if len(found) >= 8:
        at = 4 + 4 * rng.randrange(min(found[3], (len(found) - 4) // 4) or 1)
        found[at : at + 4] = struct.pack(">I", rng.choice([*SIZES, rng.randrange(2**32)]))
    return bytes(found)


def _cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _longer(rng: random.Random, content: bytes) -> bytes:
    more = rng.choice([1, 2, 100, 5000])
    return content + (bytes(more) if rng.random() < 0.5 else rng.randbytes(more))


def _flipped(rng: random.Random, content: bytes) -> bytes:
    """Return it with a few bytes changed, doubled or left out."""
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at, how = rng.randrange(len(found) + 1), rng.randrange(4)
        if how < 2 and at < len(found):
            found[at] = found[at] ^ 1 << rng.randrange(8) if how else rng.randrange(256)
        elif how == 2:
            del found[at : at + rng.choice([1, 4, 20])]
        else:
            found[at:at] = found[at : at + rng.choice([1, 4, 20])]
    return bytes(found)


def _other(rng: random.Random, content: bytes) -> bytes:
    """Return something else."""
    return rng.choice([
        b"", b"\x1f\x8b", b"\x1f\x8b\x08", b"<html>", b"PK\3\4", b"\0\0\x08", rng.randbytes(50),
        b"\x1f\x8b" + rng.randbytes(50), b"\0\0\x08\1" + rng.randbytes(20), bytes(5000),
    ])  # fmt: skip


def _packed(rng: random.Random, content: bytes) -> bytes:
    """Return it in one gzip member or a few, with whatever a gzip header may hold."""
    cuts = sorted(rng.randrange(len(content) + 1) for _ in range(rng.choice([0, 0, 0, 1, 3])))
    ends = [*cuts, len(content)]
    return b"".join(_member(rng, content[a:b]) for a, b in zip([0, *cuts], ends))


def _member(rng: random.Random, content: bytes) -> bytes:
    if rng.random() < 0.5:
        return gzip.compress(content, rng.choice([0, 1, 9]), mtime=0)
    flags = rng.randrange(32)
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, rng.randrange(2**32), 0, rng.randrange(9))
    if flags & 4:
        extra = rng.randbytes(rng.choice([0, 5, 300]))
        head += struct.pack("<H", len(extra)) + extra
    head += b"name\0" if flags & 8 else b""
    head += b"comment" * rng.choice([0, 1, 100]) + b"\0" if flags & 16 else b""
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF) if flags & 2 else b""
    deflate = zlib.compressobj(rng.choice([0, 6]), zlib.DEFLATED, -zlib.MAX_WBITS)
    flush = rng.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])
    middle = deflate.compress(content) + deflate.flush(flush) * rng.choice([0, 1, 20])
    end = struct.pack("<II", zlib.crc32(content), len(content))
    return head + middle + deflate.flush() + end


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(3_000_000), mtime=0)


_EMPTY = gzip.compress(b"", mtime=0)
_RAW_SLIPS = _other_header, _other_header, _other_size, _other_size, _cut, _longer, _flipped, _other
_PACKED_SLIPS = (
    _cut, _longer, _flipped, _flipped, _other,
    lambda rng, content: content + bytes(rng.choice([1, 512, 512, 20_000])),
    lambda rng, content: content + rng.choice([b"\x1f", b"\x1f\x8b", _EMPTY, b"\0x"]),
    lambda rng, content: content + _bomb(),
    lambda rng, content: gzip.compress(content, mtime=0),
    lambda rng, content: _EMPTY * rng.choice([1, 2, 2, 50, 50, 50, 1500]) + content,
)  # fmt: skip


def plain_reading(content: bytes) -> tuple[str, tuple[int, ...], bytes] | None:
    """Return the type, shape and values of a file, or None if it is none; as simply as can be."""
    if content.startswith(b"\x1f\x8b"):
        packed, content = content, b""
        while packed:
            member = zlib.decompressobj(31)
            try:
                content += member.decompress(packed)
            except zlib.error:
                return None
            if not member.eof:
                return None
            packed = member.unused_data.lstrip(b"\0")
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in DTYPES:
        return None
    count, dtype = content[3], DTYPES[content[2]]
    start = 4 + 4 * count
    if len(content) < start or count > NUMPY_DIMENSIONS:
        return None
    shape = struct.unpack(f">{count}I", content[4:start])
    nonzero = [size for size in shape if size]  # numpy makes no array, though empty, beyond this
    if math.prod(nonzero) * dtype.itemsize >= 2**63:
        return None
    values = content[start:]
    return (dtype.str, shape, values) if len(values) == dtype.itemsize * math.prod(shape) else None


def harm(seed: int, number: int, path: Path) -> str | None:
    """Write a file to `path` and read it; return what went wrong, or None."""
    content = make_file(seed, number)
    path.unlink(missing_ok=True)  # to empty it would take ten times as long
    path.write_bytes(content)
    expected, began = plain_reading(content), time.process_time()
    try:
        array = read_idx(path)
        found = array.dtype.str, array.shape, array.tobytes()
        if not isinstance(array, np.ndarray) or array.flags.writeable:
            return f"{number}: {type(array)}, which can be written to"
    except DataError as error:
        found, message = None, str(error)
        if "\n" in message or not message.startswith(f"{path}: "):
            return f"{number}: {message}"
        if TOO_MANY in message:
            expected = None
    except Exception as error:
        return f"{number}: {error!r}"
    if found != expected:
        return f"{number}: read {found}, expected {expected}"
    seconds = time.process_time() - began
    return f"{number}: took {seconds:.1f} s" if seconds > 1 else None


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what reads the data file of a number."""
    _bomb()
    yield Trials(lambda number: harm(seed, number, folder / "file"))


def fuzz(count: int, path: Path, *, seed: int = 0, first: int = 0) -> Iterator[str]:
    """Yield what went wrong with so many files, from the first on; nothing if all is well."""
    for number in range(first, first + count):
        if found := harm(seed, number, path):
            yield found
