"""IDX is the format of MNIST: a few header bytes that say the shape, then the values.

    offset  bytes    meaning
    0       2        zero
    2       1        element type, a key of DTYPES
    3       1        number of dimensions, D
    4       4 * D    the D sizes, big-endian unsigned 32-bit
    4+4*D   the rest the values, big-endian, last dimension fastest

Format: http://yann.lecun.com/exdb/mnist/ (section "the IDX file format").
"""

import gzip
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import numpy.typing as npt

from simplenet.errors import DataError, reason
from simplenet.files import atomic_write, open_regular

Values = npt.NDArray[np.number]  # of one of DTYPES: the file says which

DTYPES: dict[int, np.dtype[np.number]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES = {dtype: code for code, dtype in DTYPES.items()}
_MOST_DEFLATED = 1032  # deflate never packs tighter than 1032 to 1 (zlib's technical notes)
_MOST_LIKELY = 250  # to 1: images and labels are packed less tightly than that, a bomb is not
_SMALL = 1 << 25  # bytes that do no harm, however tightly they were packed
_CHUNK = 1 << 18  # bytes, unpacked
_PACKED_CHUNK = 1 << 14
_MOST_EMPTY = 1000  # members of a gzip file that hold nothing, one after the other
_MOST_PADDING = 1 << 20  # bytes of 0 behind the last member, as from a tape


class _Readable(Protocol):
    """What gives bytes when asked: a file, or what a gzip file holds."""

    def read(self, count: int, /) -> bytes:
        """Return so many bytes, or fewer at the end."""


def read_idx(path: str | os.PathLike[str]) -> Values:
    """Read an IDX file, raw or gzipped as its first bytes say, checked against its length.

    Return a read-only array in the file's big-endian dtype; a raw file is memory-mapped, so that
    a data set larger than memory can be used: leave the file as it is meanwhile, for the system
    ends a program that reads where a mapped file has been cut off. Raise DataError, with file,
    expectation, finding and advice, for anything that is not a whole IDX file.
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            array = _read_gzip(path, file, size) if packed else _map(path, file, size)
    except OSError as error:
        raise DataError(
            f"{path}: expected an IDX file, found that it cannot be read: {reason(error)}. Check "
            "its name, its place and who may read it."
        ) from error
    array.flags.writeable = False
    return array


def write_idx(
    path: str | os.PathLike[str], array: npt.ArrayLike, *, overwrite: bool = False
) -> None:
    """Write an array as an IDX file, gzipped if the name ends in `.gz`; equal arrays, equal bytes.

    Raise DataError for an element type that IDX does not have, FileExistsError for a file that
    is already there unless `overwrite`.
    """
    values = np.asarray(array)
    head = header(values)
    with atomic_write(path, overwrite=overwrite) as file:
        if str(path).endswith(".gz"):
            with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
                packed.write(head)
                packed.write(_big_endian(values).tobytes())
        else:
            file.write(head)
            file.write(_big_endian(values).tobytes())


def digest(array: Values, *, chunk: int = 1 << 26) -> str:
    """Return the SHA-256 that the raw IDX file of this array has (what `sha256sum` prints).

    It is computed from `chunk` bytes at a time, so that Ctrl-C does not have to wait for the end.
    """
    sha = hashlib.sha256(header(array))
    content = np.ascontiguousarray(_big_endian(array)).reshape(-1).view(np.uint8)
    for start in range(0, len(content), chunk):
        sha.update(content[start : start + chunk].data)
    return sha.hexdigest()


def header(array: Values) -> bytes:
    """Return the header of this array's IDX file. Raise DataError for a dtype IDX does not have."""
    code = _CODES.get(array.dtype.newbyteorder(">"))
    if code is None:
        names = ", ".join(dtype.name for dtype in DTYPES.values())
        raise DataError(f"IDX holds {names}, not {array.dtype}: convert the array first.")
    if any(size >= 2**32 for size in array.shape):
        raise DataError(f"IDX sizes stay below 2**32, and the shape is {array.shape}.")
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)


def _big_endian(array: Values) -> Values:
    """Return the array in the order of bytes that IDX has."""
    return array.astype(array.dtype.newbyteorder(">"), copy=False)


def _read_header(path: Path, file: _Readable) -> tuple[np.dtype[np.number], tuple[int, ...], int]:
    """Read and check everything before the values: dtype, shape, and where the values start."""
    magic = file.read(4)
    if len(magic) < 4:
        raise DataError(
            f"{path}: expected an IDX file, found only {len(magic)} bytes: get the file again."
        )
    zeros, code, ndim = struct.unpack(">HBB", magic)
    if zeros or code not in DTYPES:
        raise DataError(
            f"{path}: expected an IDX file (it starts 00 00, then a type byte of 08 09 0b 0c 0d "
            f"0e), found {magic.hex(' ')}{_looks_like(magic)}: get the file again."
        )
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise DataError(
            f"{path}: expected {ndim} sizes in the header, but the file ends after "
            f"{len(sizes) // 4}: get the file again."
        )
    dtype, shape = DTYPES[code], struct.unpack(f">{ndim}I", sizes)
    try:
        np.broadcast_to(np.zeros((), dtype), shape)  # allocates nothing
    except ValueError as error:
        raise DataError(
            f"{path}: expected a shape that an array can have, found {ndim} dimensions in the "
            f"header, {shape}: get the file again."
        ) from error
    return dtype, shape, 4 + 4 * ndim


def _map(path: Path, file: IO[bytes], size: int) -> Values:
    """Map the values of a raw file into memory, once the header has said just its size."""
    dtype, shape, start = _read_header(path, file)
    expected = start + dtype.itemsize * math.prod(shape)
    if size != expected:
        raise _wrong_length(path, shape, expected, size)
    if expected == start:  # nothing to map
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(file, dtype, "r", start, shape))


def _read_gzip(path: Path, file: IO[bytes], size: int) -> Values:
    """Unpack into an array of just the size that the header says, once that size is believable."""
    try:
        unpacked = _Unpacked(file)
        dtype, shape, start = _read_header(path, unpacked)
        expected = start + dtype.itemsize * math.prod(shape)
        _check_believable(path, shape, expected, size)
        array = np.empty(shape, dtype)
        room = array.reshape(-1).view(np.uint8).data
        filled = 0
        while filled < len(room) and (chunk := unpacked.read(min(_CHUNK, len(room) - filled))):
            room[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        more = unpacked.read(1)
    except (EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: expected a whole gzip file, found a damaged or cut one ({error}): "
            "get the file again."
        ) from error
    if filled < len(room) or more:
        raise _wrong_length(
            path, shape, expected, f"more than {expected:,}" if more else start + filled
        )
    return array


def _check_believable(path: Path, shape: tuple[int, ...], expected: int, size: int) -> None:
    """Raise DataError if so many bytes cannot have been packed into `size`, or hardly can."""
    if expected > size * _MOST_DEFLATED:
        raise DataError(
            f"{path}: the header says {expected:,} bytes of shape {shape}, more than a gzip file "
            f"of {size:,} bytes can hold: get the file again."
        )
    if expected > max(_SMALL, size * _MOST_LIKELY):
        raise DataError(
            f"{path}: expected at most {size * _MOST_LIKELY:,} bytes in a gzip file of {size:,}, "
            f"found a header that says {expected:,} of shape {shape}, which is more than images or "
            "labels need: if you trust it, unpack it with gunzip, for raw files take no memory."
        )


class _Unpacked:
    """What a gzip file holds, to be read like a file, of which little is in memory at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._chunks, self._ahead = _unpack(file), b""

    def read(self, count: int, /) -> bytes:
        """Return so many bytes, or fewer at the end. Raise EOFError or zlib.error for damage."""
        while len(self._ahead) < count and (chunk := next(self._chunks, b"")):
            self._ahead += chunk
        found, self._ahead = self._ahead[:count], self._ahead[count:]
        return found


def _unpack(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what the members of a gzip file hold, in chunks; their checksums are right.

    Unlike gzip of the standard library, it does not go on for minutes through a file of padding or
    of members that hold nothing. Raise EOFError for a file that is cut, zlib.error for others.
    """
    packed, empty = file.read(_PACKED_CHUNK), 0
    while packed:
        member, empty = zlib.decompressobj(16 + zlib.MAX_WBITS), empty + 1  # 16: as gzip has it
        if empty > _MOST_EMPTY:
            raise zlib.error(f"more than {_MOST_EMPTY:,} parts that hold nothing")
        while not member.eof:
            packed = packed or file.read(_PACKED_CHUNK)
            if not packed:
                raise EOFError("it ends before its end is marked")
            chunk, packed = member.decompress(packed, _CHUNK), member.unconsumed_tail
            if chunk:
                empty = 0
                yield chunk
        packed = _without_padding(member.unused_data, file)


def _without_padding(packed: bytes, file: IO[bytes]) -> bytes:
    """Return the bytes from the first on that is not 0, or none at the end of the file."""
    padding = 0
    while padding <= _MOST_PADDING:
        packed = packed or file.read(_PACKED_CHUNK)
        if not packed or (rest := packed.lstrip(b"\0")):
            return packed and rest
        padding, packed = padding + len(packed), b""
    raise zlib.error(f"more than {_MOST_PADDING:,} bytes of 0 behind its end")


def _wrong_length(path: Path, shape: tuple[int, ...], expected: int, found: int | str) -> DataError:
    """Return an error that says how long the file should be; `found` is a number or words."""
    found = f"{found:,}" if isinstance(found, int) else found
    return DataError(
        f"{path}: expected {expected:,} bytes for the shape {shape} in its header, found {found}: "
        "the file is cut short or not what it says, get it again."
    )


def _looks_like(magic: bytes) -> str:
    """Return words for the usual mistake behind a wrong start, or none."""
    if magic.lstrip()[:1] == b"<":
        return " (a web page saved under this name?)"
    if magic.startswith(b"PK"):
        return " (a zip file: unpack it first)"
    return ""
