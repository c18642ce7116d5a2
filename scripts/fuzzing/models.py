"""Hostile model files: damaged ones, and ones that were changed with care and signed again.

    for description, content in itertools.islice(cases(seed), 100_000):
        accepted = examine(content, path)

Equal seeds give equal cases. What is made of the zip format is made here by hand or by zipfile, not
by simplenet, whose own layout is what is tried.
"""

import contextlib
import copy
import functools
import hashlib
import io
import itertools
import json
import os
import random
import struct
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing.campaign import Trials
from simplenet import advance, evaluate, init_net, load_model, outputs, save_model, start
from simplenet.datasets.sources import PARTS
from simplenet.errors import DivergedError, ModelError
from simplenet.training.measured import remember
from simplenet.training.run import Run, Snapshot

DIGEST = 64  # hexadecimal digits at the end of a model
MOST_WORDS = 1500  # characters of a message
Members = dict[str, bytes]
Random = random.Random
IMAGES = np.arange(1100 * 4, dtype=np.uint32).reshape(1100, 2, 2).astype(np.uint8)
LABELS = np.arange(1100, dtype=np.uint8) % 2

HUGE = 10**400
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, 3, -1, 1.0, 0.5, -0.5, 1e-320, 1e308, 2**31, 2**62, 2**63, 2**64,
    10**300, HUGE, -HUGE, "", "x", "1", "\ud800", "\udc80 surrogate", "\x1b[2J", "a\nb", "\0",
    "sigmoid", "a" * 5000, [], [[]], [None], [1, 2], [-1], [1.0, True], {}, {"x": 1}, {"": None},
    {"\ud800": 1}, [0] * 1000, ["sigmoid"] * 1000, [1] * 2000, float("nan"), float("inf"),
    -float("inf"),
]  # fmt: skip
# What stands in a text where a value should, which no Python value would be written as.
TEXTS = [
    "1e400", "-1e999", "9" * 5000, "1" * 400, "0.1e1", "-0", "NaN", "Infinity", "01", "'x'", "",
    "[" * 5000, "[" * 5000 + "]" * 5000, '{"a":' * 3000 + "1" + "}" * 3000, "[" + "[]," * 30_000
    + "[]]", "[" + "0," * 60_000 + "0]", '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\t"',
    '"' + "a" * 200_000 + '"', "true false", "\ufeff1", '{"x":1,"x":2}', "1//", "0x10", "1_000",
]  # fmt: skip
DTYPES = [
    "<f4", "<f8", ">f4", ">f8", "<f2", "<f16", "<f3", "|b1", "|O", "<i8", "|u1", "<c8", "<U4",
    "|S8", "<M8[s]", "|V4", "=f4", "f4", "", "<f99", "float32", "<f0", "|f4",
]  # fmt: skip
SHAPES = [
    "()", "(0,)", "(1,)", "(-1,)", "(-17,)", "(1152921504606846976,)", f"({2**70},)", "(17)",
    "(17,)", "(17, 1)", "(1, 17)", "(17L,)", "(0x11,)", "(1.0,)", "(True,)", "None", "[17]",
    "(0, 1152921504606846976)", f"(0, {2**63})", "(" + "1, " * 40 + ")", "(" + "1, " * 5000 + ")",
    "(" * 2000 + ")" * 2000, "(9**9**9,)", "(" + "9" * 5000 + ",)", "(4294967296, 4294967296)",
    "(17,), 'shape': (17,)", "('17',)", "(17,) if 1 else (17,)", "(1, 2, 3, 4)", "(\u0661,)",
]  # fmt: skip
NAMES = [
    "params.npy", "model.json", "state/adam.mean.npy", "state/mine.npy", "best/params.npy", "x",
    "last/params.npy", "average/params.npy", "../params.npy", "/etc/passwd", "C:\\x.npy", "x/",
    "state/../params.npy", "state/./x.npy", "state//x.npy", "state/.npy", "state/x", "x.npy",
    "state/\u00e9.npy", "state/" + "x" * 300 + ".npy", "state/a\nb.npy", "PARAMS.NPY", ".npy",
    "", "a" * 60_000, "params.npy\0.npy", "state/nan.mean.npy", "state/a b.npy",
]  # fmt: skip
NUMBERS = [0, 1, 2, 8, 9, 20, 45, 63, 0x800, 0x801, 0xFFFE, 0xFFFF, 2**31, 2**32 - 2, 2**32 - 1]


def cases(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield hostile models without end, each with what was done to it."""
    return (case(seed, number) for number in itertools.count())


def case(seed: int, number: int) -> tuple[str, bytes]:
    """Return the hostile model of a number, and what was done to it."""
    rng = random.Random(f"{seed} {number}")
    kinds = [flip, cut, change_json, change_json, change_json, change_text, change_header,
             change_data, change_members, change_layout, change_layout, pack_otherwise]  # fmt: skip
    whole = originals()
    name = rng.choice(sorted(whole))
    kind = rng.choice(kinds)
    what, content = kind(whole[name], rng)
    return f"{name}: {kind.__name__}: {what[:200]}", content


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what loads the model of a number."""

    def trial(number: int) -> str | None:
        what, content = case(seed, number)
        try:
            examine(content, folder / "m.npz")
        except Exception as error:
            return f"{what}: {type(error).__name__}: {error}"
        return None

    for content in originals().values():  # and what there is to be loaded
        examine(content, folder / "m.npz")
    sync, os.fsync = os.fsync, lambda handle: None  # or most of the time goes there
    try:
        yield Trials(trial)
    finally:
        os.fsync = sync


def examine(content: bytes, path: Path) -> bool:
    """Write a file, and return whether it is accepted: then all that can be done with it works.

    Raise AssertionError for an error that is not one clear sentence, or for a model that cannot be
    used, saved and gone on with. Any other exception is a finding, too.
    """
    with open(path, "r+b" if path.exists() else "wb") as file:  # quicker than a new file each time
        file.write(content)
        file.truncate()
    try:
        run = load_model(path)
    except ModelError as error:
        words = str(error)
        assert words.startswith(f"{path}: ") and len(words) < MOST_WORDS + len(str(path)), words
        words.encode()  # which can be printed
        assert "\n" not in words, words
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = np.linspace(0, 1, 3 * run.net.shape[0]).reshape(3, -1)
        with contextlib.suppress(DivergedError):  # finite weights can be so large that it says so
            assert np.isfinite(outputs(run.net, x)).all()
        assert run.sha256 == hashlib.sha256(content).hexdigest()
        save_model(path, run, overwrite=True)
        again = load_model(path)
        assert again.net.params.tobytes() == run.net.params.tobytes()
        assert again.settings == run.settings and again.history == run.history
        if run.image_shape == IMAGES.shape and run.net.shape[-1] >= 2:
            with contextlib.suppress(DivergedError):
                next(advance(run, IMAGES, LABELS), None)
    return True


@functools.cache
def originals() -> dict[str, bytes]:
    """Return whole models: one with all that there can be, one that ended, and bare ones."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.npz"
        found = {}
        for name, model in {
            "full": _trained(),
            "ended": _ended(),
            "bare": init_net((4, 3, 2), rng=0, dtype=np.float64, activation="relu"),
        }.items():
            save_model(path, model, overwrite=True)
            found[name] = path.read_bytes()
    members = unpacked(found["ended"])
    about = json.loads(members["model.json"])
    del about["best"], about["last"], about["images"], about["measured"]
    about |= {"format": 1, "position": {"epochs": 1, "images": 0}}
    params = {"params.npy": members["params.npy"], "state/mean.npy": members["params.npy"]}
    found["old"] = signed(packed({**params, "model.json": json.dumps(about, indent=1).encode()}))
    return found


def _trained() -> Run:
    net = init_net((4, 3, 2), rng=1)
    how = {"patience": 9, "optimizer": "adam", "validation": 30, "epochs": 2, "average": 2.0}
    run = start(net, IMAGES, LABELS, **how)
    for at in advance(run, IMAGES, LABELS):
        if at.epoch == 2:
            break
    functions = {"activation": "sigmoid", "output_activation": "sigmoid", "init": "lecun"}
    shape = {"shape": [4, 3, 2], "cost": "half-squared-error"}
    run.settings = {**shape, **functions, **run.settings, "threads": 1}
    run.data = {"name": "custom", "size": [2, 2], "sha256": dict.fromkeys(PARTS, "ab")}
    return run


def _ended() -> Run:
    run = _trained()
    assert run.best
    run.images, run.cost, run.correct, run.settings["epochs"] = 0, 0.0, 0, 1
    run.last, run.average, run.settings["average"] = Snapshot(1, run.net.params.copy()), None, 0.0
    run.net.params[:] = run.best.params
    sha256 = {part: "ab" for part in PARTS if part.startswith("test")}
    remember(run, evaluate(run.net, IMAGES, LABELS), "custom", sha256, 0.25)
    return run


# --- how a file is made ---------------------------------------------------------------------------


def unpacked(content: bytes) -> Members:
    """Return what a model holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(members: Members | list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip file with these members, each name as often as it is given."""
    target = io.BytesIO()
    pairs = members.items() if isinstance(members, dict) else members
    if method == zipfile.ZIP_STORED:
        return _stored(pairs)
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as file:
        warnings.simplefilter("ignore")  # names that are there twice
        for name, content in pairs:
            info = zipfile.ZipInfo("x", (1980, 1, 1, 0, 0, 0))
            info.filename, info.compress_type = name, method
            file.writestr(info, content)
        file.comment = b"0" * DIGEST
    return target.getvalue()


def _stored(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    """Return what zipfile would, in less time: many thousands are to be made."""
    body, directory, count = b"", b"", 0
    for name, content in pairs:
        raw = name.encode()
        flags, sizes = 0 if name.isascii() else 0x800, (zlib.crc32(content), *[len(content)] * 2)
        middle = struct.pack("<4H2s3L2H", 20, flags, 0, 0, b"\x21\0", *sizes, len(raw), 0)
        directory += b"PK\1\2\x14\3" + middle + struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\3\4" + middle + raw + content
        count += 1
    numbers = 0, 0, count, count, len(directory), len(body), DIGEST
    return body + directory + struct.pack("<4s4H2LH", b"PK\5\6", *numbers) + b"0" * DIGEST


def signed(content: bytes) -> bytes:
    """Return a file with the digest that belongs to what it holds in place of its last bytes."""
    body = content[:-DIGEST]
    return body + hashlib.sha256(body).hexdigest().encode()


def resigned(members: Members | list[tuple[str, bytes]]) -> bytes:
    """Return a model with these members, and the digest that belongs to it."""
    return signed(packed(members))


def npy(header: str | bytes, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """Return an array with any header."""
    text = header.encode() if isinstance(header, str) else header
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    wide = "<H" if version == b"\1\0" and len(text) < 1 << 16 else "<I"
    return b"\x93NUMPY" + version + struct.pack(wide, len(text)) + text + data


def header_of(dtype: str, shape: str, fortran: str = "False") -> str:
    """Return the text that numpy writes before an array."""
    return f"{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape}, }}"


# --- what is done to it ---------------------------------------------------------------------------


def flip(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Change some bits, and leave the digest."""
    changed, places = bytearray(content), [rng.randrange(len(content)) for _ in range(3)]
    for place in places[: rng.randrange(1, 4)]:
        changed[place] ^= rng.randrange(1, 256)
    return f"bytes {places}", bytes(changed)


def cut(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Leave something out, or add something."""
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    more = rng.choice([b"", b"\0", b"0" * 64, b"PK\5\6" + bytes(18), content, rng.randbytes(99)])
    what = rng.randrange(4)
    if what == 0:
        return f"up to {start}", content[:start]
    if what == 1:
        return f"without {start} to {end}", content[:start] + content[end:]
    if what == 2:
        return f"{len(more)} bytes more at the end", content + more
    return f"{len(more)} bytes more at {start}, signed", signed(
        content[:start] + more + content[start:]
    )


def change_json(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Replace, remove or add something in model.json, wherever it is."""
    members = unpacked(content)
    about = json.loads(members["model.json"])
    done = []
    for _ in range(rng.choice([1, 1, 1, 2])):
        places = list(_places(about))
        inside, key = rng.choice(places)
        what, value = rng.randrange(12), copy.deepcopy(rng.choice(VALUES))
        if what == 0:
            del inside[key]
        elif what == 1 and isinstance(inside, dict):
            key = rng.choice(["x", "", "\ud800", "params", "threads", "format", "hidden", "lr"])
            inside[key] = value
        elif what == 2:
            other, other_key = rng.choice(places)
            inside[key] = json.loads(json.dumps(other[other_key]))
        elif what == 3 and isinstance(inside, list):
            inside.append(rng.choice([value, copy.deepcopy(inside[0])]))
        else:
            inside[key] = value
        done.append(f"{key}")
        if not about:
            break
    members["model.json"] = json.dumps(about, indent=rng.choice([None, 1])).encode()
    return f"{done} {members['model.json'][:100]!r}", resigned(members)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where everything stands that JSON holds: in what, and under which key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def change_text(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Put a text that is no value of Python into model.json, or instead of it."""
    members = unpacked(content)
    text, piece = members["model.json"].decode(), rng.choice(TEXTS)
    what = rng.randrange(5)
    if what == 0:
        changed = piece.encode()
    elif what == 1:
        place = rng.randrange(len(text))
        changed = (text[:place] + piece + text[place:]).encode()
    elif what == 2:
        line = rng.choice([line for line in text.split("\n") if '": ' in line and line[-1] == ","])
        name = line.split('": ')[0]
        changed = text.replace(line, f'{name}": {piece},', 1).encode()
    elif what == 3:
        line = rng.choice([line for line in text.split("\n") if line.endswith(",")])
        changed = text.replace(line, f"{line}\n{line}", 1).encode()  # mostly the same key again
    else:
        encoding = rng.choice(["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp037"])
        changed = text.encode(encoding)
    members["model.json"] = changed
    return f"{changed[:100]!r}", resigned(members)


def change_header(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Say something else of an array than it is."""
    members = unpacked(content)
    name = rng.choice([name for name in members if name.endswith(".npy")])
    original = members[name]
    length = 10 + int.from_bytes(original[8:10], "little")
    text, data = original[10 : length - 1].rstrip().decode(), original[length:]
    what = rng.randrange(7)
    version = rng.choice(
        [b"\1\0", b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\0\0", b"\4\0", b"\xff\xff"]
    )
    shape = text.partition("'shape': ")[2].rpartition(", }")[0]
    dtype = text.split("'")[3]
    fortran = rng.choice(["False", "True", "1", "None", "[]"])
    if what == 0:
        text = header_of(rng.choice(DTYPES), shape)
    elif what == 1:
        text = header_of(dtype, rng.choice(SHAPES))
    elif what == 2:
        text = header_of(rng.choice(DTYPES), rng.choice(SHAPES), fortran)
    elif what == 3:
        text = header_of(dtype, shape, fortran)
    elif what == 4:
        text = rng.choice([
            "", "{}", "[]", "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }",
            "(" * 3000, "-" * 5000 + "1", "1+" * 5000 + "1", "{" * 500, "[" * 90 + "]" * 90,
            text + " " * 70_000, text + "x", text.replace("'", '"'), text.replace(", }", "}"),
            "{'descr': '<f4'}", "__import__('os').getpid()", text.upper(), "\0" * 100,
        ])  # fmt: skip
    elif what == 5:
        place = rng.randrange(len(text))
        text = text[:place] + rng.choice(["", "x", "9", "'", "(", "\0", "\n"]) + text[place + 1 :]
    made = npy(text, data, version)
    if what == 6:
        changed = bytearray(original)
        changed[rng.randrange(length)] = rng.randrange(256)
        made = bytes(changed)
    members[name] = made
    return f"{name} {made[:120]!r}", resigned(members)


def change_data(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Change the numbers of an array, or how many there are."""
    members = unpacked(content)
    name = rng.choice([name for name in members if name.endswith(".npy")])
    data = bytearray(members[name])
    start = 10 + int.from_bytes(data[8:10], "little")
    what = rng.randrange(5)
    place = rng.randrange(start, len(data))
    if what == 0:
        data[place] = rng.randrange(256)
    elif what == 1:
        hostile = [float("nan"), float("inf"), -float("inf"), 3.4e38, -1.0, 1e-45, -0.0]
        number = struct.pack(rng.choice(["<f", "<d"]), rng.choice(hostile))
        place -= (place - start) % len(number)
        data[place : place + len(number)] = number
    elif what == 2:
        data = data[:place]
    elif what == 3:
        data += rng.randbytes(rng.randrange(1, 99))
    else:
        data[start:] = rng.randbytes(len(data) - start)
    members[name] = bytes(data)
    return f"{name} {what} at {place - start}", resigned(members)


def change_members(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Rename, remove, double, add and reorder members."""
    pairs = list(unpacked(content).items())
    place, what, name = rng.randrange(len(pairs)), rng.randrange(6), rng.choice(NAMES)
    array = npy(header_of("<f4", "(2,)"), bytes(8))
    if what == 0:
        pairs[place] = (name, pairs[place][1])
    elif what == 1:
        del pairs[place]
    elif what == 2:
        pairs.insert(rng.randrange(len(pairs)), pairs[place])
    elif what == 3:
        pairs.append((name, rng.choice([b"", b"{}", array, pairs[place][1]])))
    elif what == 4:
        rng.shuffle(pairs)
    else:
        pairs += [(f"state/{number}.npy", array) for number in range(rng.choice([3, 3, 3, 1500]))]
    return f"{what} {name[:40]!a}", resigned(pairs)


def change_layout(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Have the zip file say something else of itself, by numbers, by bytes more or less."""
    changed = bytearray(content[:-DIGEST])
    marks = {"local": b"PK\3\4", "entry": b"PK\1\2", "end": b"PK\5\6"}
    kind = rng.choice(sorted(marks))
    found = []
    at = changed.find(marks[kind])
    while at >= 0:
        found.append(at)
        at = changed.find(marks[kind], at + 1)
    at, what = rng.choice(found), rng.randrange(6)
    size = {"local": 30, "entry": 46, "end": 22}[kind]
    if what < 3:  # a field: 2 bytes or 4
        width = rng.choice([2, 4])
        offset = rng.randrange(4, size - width + 1, 2)
        number = rng.choice([*NUMBERS, *found, len(content), rng.randrange(1 << 16)])
        number = number % (1 << 8 * width)
        changed[at + offset : at + offset + width] = number.to_bytes(width, "little")
        words = f"{number} as {width} bytes at {offset} of {kind} {found.index(at)}"
    elif what == 3:  # every entry at the same place, of the largest size
        first = changed.find(b"PK\1\2")
        while first >= 0:
            changed[first + 42 : first + 46] = bytes(4)
            first = changed.find(b"PK\1\2", first + 1)
        words = "all entries at one member"
    elif what == 4:
        place = rng.choice([at, at + size, rng.randrange(len(changed) + 1)])
        more = rng.choice([b"\0", rng.randbytes(9), bytes(changed[at : at + size]), bytes(5000)])
        changed[place:place] = more
        words = f"{len(more)} bytes more at {place}, by {kind}"
    else:  # an extra field that speaks of 64 bits
        sizes = [rng.choice([0, 17, len(content), 2**33, 2**63, 2**64 - 1]) for _ in range(3)]
        count = rng.randrange(4)
        extra = struct.pack(f"<2H{count}Q", 1, rng.choice([8 * count, 0, 16]), *sizes[:count])
        if kind != "end":
            length = struct.unpack_from("<H", changed, at + (26 if kind == "local" else 28))[0]
            field = at + (28 if kind == "local" else 30)
            changed[field : field + 2] = struct.pack("<H", len(extra))
            if rng.random() < 0.7:
                field = at + (18 if kind == "local" else 20)
                changed[field : field + 8] = b"\xff" * 8
            changed[at + size + length : at + size + length] = extra
        else:
            more = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, *sizes[:2])
            changed[at:at] = more + struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
        words = f"extra {sizes[:count]} by {kind}"
    return words, signed(bytes(changed) + b"0" * DIGEST)


def pack_otherwise(content: bytes, rng: Random) -> tuple[str, bytes]:
    """Pack the same by another method, or with what zip files may have besides."""
    members = unpacked(content)
    methods = [zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]
    what = rng.randrange(5)
    if what < 3:
        if rng.random() < 0.3:
            members["state/zeros.npy"] = npy(header_of("<f8", "(20000,)"), bytes(160_000))
        return f"method {methods[what]}", signed(packed(members, methods[what]))
    target = io.BytesIO()
    if what == 3:
        np.savez(target, **{"params": np.zeros(17, np.float32)})
        return "numpy's savez", signed(target.getvalue() + b"0" * DIGEST)
    with zipfile.ZipFile(target, "w") as file:
        for name, value in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.comment = rng.choice([b"", b"", b"a comment"])
            info.extra = rng.choice([b"", b"", struct.pack("<2H4s", 0x7875, 4, b"abcd")])
            file.writestr(info, value)
        file.comment = b"0" * rng.choice([DIGEST, DIGEST, 200])
    return "times, comments, extras", signed(target.getvalue())
