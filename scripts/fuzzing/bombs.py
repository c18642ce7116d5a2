"""Files of a few kilobytes or megabytes that declare, or unpack to, far more than any memory."""

import contextlib
import functools
import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from fuzzing import models, pictures
from fuzzing.campaign import Trials
from simplenet.cli.config import from_toml
from simplenet.datasets.idx import read_idx
from simplenet.errors import DataError, ModelError
from simplenet.training.modelfile import load_model


class Bomb(NamedTuple):
    """A file, and what reads it."""

    name: str
    make: Callable[[], bytes]
    read: Callable[[Path], object]
    size: int = 0  # that the file is stretched to, without taking room on the disk


def write(bomb: Bomb, path: Path) -> None:
    """Write a bomb."""
    path.unlink(missing_ok=True)
    path.write_bytes(bomb.make())
    if bomb.size:
        os.truncate(path, bomb.size)


def harm(bomb: Bomb, path: Path) -> str | None:
    """Read a bomb; return what went wrong, or None."""
    try:
        bomb.read(path)
    except (DataError, ModelError, click.BadParameter) as error:
        said = str(error)
        if "\n" in said or len(said) > 2000 + len(str(path)):
            return f"{bomb.name}: {said[:2000]}"
    except Exception as error:
        return f"{bomb.name}: {type(error).__name__}: {error}"
    finally:
        path.unlink(missing_ok=True)
    return None


def _header(*shape: int, code: int = 8) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape)


def _members(head: bytes, count: int) -> bytes:
    """Return a gzip file of a header, and of so many megabytes of zeros in members."""
    return gzip.compress(head) + gzip.compress(bytes(2**20)) * count


def _stream(head: bytes, count: int) -> bytes:
    """Return the same as one member, whose end nobody should come to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * count + packer.flush()


def _data() -> Iterator[Bomb]:
    for name, shape in {
        "10 GB": (10 * 2**20, 32, 32), "10 GB of labels": (2**32 - 1,), "2**60": (2**20,) * 3,
        "2**62": (2**31, 2**31), "2**63": (2**31, 2**31, 2), "2**96": (2**32 - 1,) * 3,
        "255 dimensions": (2,) * 255, "no images of 2**64": (0, 2**32 - 1, 2**32 - 1),
    }.items():  # fmt: skip
        yield Bomb(f"idx, {name}", functools.partial(_header, *shape), read_idx)
        yield Bomb(f"idx, {name} of doubles", functools.partial(_header, *shape, code=14), read_idx)
        packed = functools.partial(_members, _header(*shape), 10_240)
        yield Bomb(f"idx, {name} in members of gzip", packed, read_idx)
        packed = functools.partial(_stream, _header(*shape), 10_240)
        yield Bomb(f"idx, {name} in a stream of gzip", packed, read_idx)
    yield Bomb("idx, gzip of gzip", lambda: gzip.compress(_members(b"", 10_240)), read_idx)
    empty = gzip.compress(b"")
    yield Bomb("idx, members of nothing", lambda: empty * 500_000, read_idx)
    small = gzip.compress(_header(1, 1, 1) + b"\0")
    yield Bomb("idx, zeros behind", lambda: small, read_idx, 2**34)
    name = b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 50_000_000
    yield Bomb("idx, a name without end", lambda: name, read_idx)
    yield Bomb("idx, a file of 16 GB", lambda: _header(2**24, 32, 32), read_idx, 2**34 + 16)
    yield Bomb("idx, a file of 16 GB too much", lambda: _header(2, 2, 2), read_idx, 2**34)


def _deflated(name: str, count: int) -> bytes:
    """Return a model whose member of this name unpacks to so many megabytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for other, content in models.unpacked(models.originals()["full"]).items():
            if other != name:
                file.writestr(other, content)
        with file.open(name, "w", force_zip64=True) as member:
            for _ in range(count):
                member.write(bytes(2**20))
        file.comment = b"0" * models.DIGEST
    return models.signed(target.getvalue())


def _with(name: str, content: bytes) -> bytes:
    """Return a model with another member of this name."""
    return models.resigned({**models.unpacked(models.originals()["full"]), name: content})


def _described(**changes: object) -> bytes:
    """Return a model whose description says something else."""
    about = json.loads(models.unpacked(models.originals()["full"])["model.json"])
    return _with("model.json", json.dumps({**about, **changes}).encode())


def _models() -> Iterator[Bomb]:
    for shape in "(1152921504606846976,)", "(2147483648, 536870912)", f"({2**70},)", "(0, 2**62)":
        for dtype in "<f4", "<f8", "|V99", "<U999999999":
            array = models.npy(models.header_of(dtype, shape))
            yield Bomb(
                f"model, {dtype} {shape}", functools.partial(_with, "params.npy", array), load_model
            )
    for name in "params.npy", "model.json", "state/x.npy":
        yield Bomb(
            f"model, {name} of 512 MB deflated", functools.partial(_deflated, name, 512), load_model
        )
    for shape in [10**6] * 3, [2**31, 2**31], [1] * 100_000, [10**400, 2]:
        yield Bomb(
            f"model, a net of {str(shape)[:30]}", functools.partial(_described, shape=shape),
            load_model,
        )  # fmt: skip
    deep = b"[" * 3_000_000
    yield Bomb("model, a deep description", lambda: _with("model.json", deep), load_model)
    digits = b'{"format": ' + b"9" * 3_000_000 + b"}"
    yield Bomb("model, a long number", lambda: _with("model.json", digits), load_model)
    history = [{"epoch": 1}] * 100_000
    yield Bomb("model, a long history", lambda: _described(history=history), load_model)
    yield Bomb("model, a file of 1 TB", lambda: models.originals()["full"], load_model, 2**40)
    yield Bomb("model, zeros of 1 TB", lambda: b"", load_model, 2**40)


def _configurations() -> Iterator[Bomb]:
    for name, content in {
        "deep": b"a = " + b"[" * 60_000, "dots": b"a." * 30_000 + b"a = 1",
        "tables": b"[a.b.c.d]\n" * 6000, "many tables": b"[[a]]\n" * 10_000,
        "digits": b"epochs = " + b"9" * 60_000, "exponent": b"lr = 1e999999999",
        "spaces": b" " * 65_000, "braces": b"a = " + b"{a=" * 20_000, "quotes": b'"' * 65_000,
        "escapes": b'a = "' + b"\\u0041" * 10_000 + b'"',
        "keys": b"".join(b"k%d = 1\n" % n for n in range(6000)),
        "dots in lines": (b"a." * 99 + b"a = 1\n") * 300,
    }.items():  # fmt: skip
        yield Bomb(f"configuration, {name}", functools.partial(bytes, content), from_toml)
    yield Bomb("configuration, a file of 1 TB", lambda: b"epochs = 1\n", from_toml, 2**40)


def _pictures() -> Iterator[Bomb]:
    def read(path: Path) -> None:
        pictures.outcome(path.read_bytes())

    for name, content in pictures.bombs().items():
        yield Bomb(name, functools.partial(bytes, content), read)


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what reads the bomb of a number; all there are, whatever the seed."""
    bombs = [*_data(), *_models(), *_configurations(), *_pictures()]
    pictures.outcome(pictures.seeds()[0][1])  # loads what there is to be loaded
    path = folder / "bomb"
    with pictures.unheard():
        yield Trials(
            lambda number: harm(bombs[number], path),
            len(bombs),
            lambda number: write(bombs[number], path),
        )
