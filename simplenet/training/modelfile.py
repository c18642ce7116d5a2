"""A model is one .npz file: a run written down, so that it can be used, and gone on with.

    params.npy           the parameters to use, in the order of `Net.params`
    state/NAME.npy       what the optimizer remembers
    best/params.npy      the parameters after the best epoch, with early stopping
    last/params.npy      the parameters after the last epoch, where params.npy has the best
    average/params.npy   the average of the parameters along the way
    model.json           format, shape, functions, options, position, data set, history, what the
                         net scores on test images, versions

The members are stored, not packed, and hold no clock, host, user or path: equal runs give equal
files. The zip comment is the SHA-256, in hexadecimal, of every byte before it, and the file ends
with it; so no change anywhere goes unnoticed. Nothing is ever pickled.
"""

import io
import json
import math
import os
import platform
import re
import stat
from dataclasses import asdict
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simplenet.checks import as_path, check_flag, found
from simplenet.errors import ModelError, reason
from simplenet.files import atomic_write
from simplenet.net import Net, net_around
from simplenet.options import OPTIONS, idle_options
from simplenet.training.blas import kernels
from simplenet.training.container import (
    check_digest,
    check_names,
    contents,
    find_members,
    write_members,
)
from simplenet.training.measured import digest_of
from simplenet.training.modelcheck import (
    check_keys,
    check_plain,
    check_records,
    check_run,
    check_views,
    expect,
    extra_params,
    is_integer,
    shortened,
)
from simplenet.training.run import Epoch, Run, Snapshot
from simplenet.version import __version__

FORMAT = 3
_MOST_LAYERS = 10_000
_MOST_JSON = 1 << 22  # bytes: some 28,000 epochs
_MOST_PIPED = 1 << 28  # bytes that are read of a pipe, which may have no end
_SMALL = 1 << 26  # bytes that are read of a file, though it is laid out otherwise
# The header that numpy writes before an array of numbers, whose text is padded with spaces.
_NPY = re.compile(
    rb"\x93NUMPY\x01\0(?P<length>[\0-\xff]{2})"
    rb"\{'descr': '(?P<dtype>[<>](?:f(?:2|4|8|12|16)|[iu][248])|\|[biu]1)', "
    rb"'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>|\d{1,19},|\d{1,19}(?:, \d{1,19}){1,31})\), \} *\n"
)
_LATER_OPTIONS = "average", "rotation", "scaling", "shear", "shift", "elastic", "stroke"
_MOST_HEADER = 1024  # bytes
# What values of the wrong kind lead to, and what json and numpy raise besides.
_WRONG = LookupError, ValueError, TypeError, AttributeError, ArithmeticError


def save_model(path: str | os.PathLike[str], model: Run | Net, *, overwrite: bool = False) -> None:
    """Write a run, or a bare net, to a file: whole or not at all, equal runs as equal bytes.

    Raise FileExistsError if the file is there and may not be overwritten, ModelError for a run
    that could not be read again, such as one with numbers that are not finite.
    """
    as_path("path", path)
    check_flag("overwrite", overwrite)
    run = Run(model) if isinstance(model, Net) else model
    if not isinstance(run, Run):
        raise TypeError(f"model: expected a Run or a Net, found {found(run)}.")
    try:
        arrays = _arrays(run)
        about = json.dumps(_description(run), indent=1, allow_nan=False).encode()
        _run(_parsed(about), arrays)  # what is written here can be read
        check_views(run.net)
        members = {f"{name}.npy": _npy(array) for name, array in arrays.items()}
        check_names(members)
    except ModelError as error:
        raise ModelError(f"{path}: not saved: {shortened(error)}") from error
    except (*_WRONG, RecursionError) as error:
        raise ModelError(
            f"{path}: not saved: expected a whole run, found {shortened(repr(error))}."
        ) from error
    with atomic_write(path, overwrite=overwrite) as target:
        write_members(target, {**members, "model.json": about})


def load_model(path: str | os.PathLike[str]) -> Run:
    """Read a model file. Raise ModelError, saying what is wrong, for anything but a whole one."""
    if not isinstance(path, str | os.PathLike):
        as_path("path", path)
    try:
        found, sha256 = _read(path)
        run = _loaded(found)
        run.sha256 = sha256
        return run
    except ModelError as error:
        raise ModelError(f"{path}: {shortened(error)}") from error
    except (*_WRONG, RecursionError, MemoryError) as error:
        raise ModelError(
            f"{path}: expected a simplenet model, found a file that is none "
            f"({shortened(repr(error))}). Use another copy, or train again."
        ) from error


def _loaded(found: dict[str, memoryview]) -> Run:
    """Return the run that the members of a file hold."""
    if "model.json" not in found:
        raise ModelError("expected a simplenet model, found a zip file without model.json.")
    about = _parsed(found.pop("model.json"))
    strange = [name for name in found if not name.endswith(".npy")]
    if strange:
        raise ModelError(f"expected arrays beside model.json, found {shortened(strange, 100)}.")
    arrays = {name.removesuffix(".npy"): _array(name, content) for name, content in found.items()}
    return _run(_up_to_date(about, arrays), arrays)


def _arrays(run: Run) -> dict[str, NDArray[Any]]:
    """Return every array of a run, by the name that its member has in the file."""
    state = {f"state/{name}": array for name, array in sorted(run.net.state.items())}
    extra = {f"{name}/params": array for name, array in extra_params(run).items()}
    return {"params": run.net.params, **state, **extra}


def _description(run: Run) -> dict[str, Any]:
    """Return all of a run that is no array, for model.json."""
    return {
        "format": FORMAT,
        "shape": run.net.shape,
        "activations": run.net.activations,
        "cost": run.net.cost,
        "options": run.settings,
        "data": run.data,
        "images": run.image_shape,
        "position": {
            "epochs": run.epoch, "images": run.images, "cost": run.cost, "correct": run.correct
        },
        "best": run.best and run.best.epoch,
        "last": run.last and run.last.epoch,
        "history": [
            {name: value for name, value in asdict(record).items() if name != "seconds"}
            for record in run.history
        ],
        "measured": run.measured if _is_of(run.measured, run) else {},
        "versions": {
            "simplenet": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "blas": kernels(),
        },
    }  # fmt: skip


def _is_of(measured: dict[str, Any], run: Run) -> bool:
    """Return whether it is the network of this run, with these weights, that was measured."""
    return not measured or measured["weights"] == digest_of(run.network)


def _run(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Run:
    """Return the run that a file describes. Raise ModelError unless it is whole."""
    shape, activations, params = about["shape"], about["activations"], arrays["params"]
    if (
        not all(isinstance(sizes, list) for sizes in (shape, activations))
        or not all(is_integer(n, 1) for n in shape)
        or not all(isinstance(name, str) for name in activations)
        or not len(shape) == len(activations) + 1 >= 2
        or len(shape) > _MOST_LAYERS
    ):
        raise ModelError(
            f"expected layers and an activation for each but the first, found the shape "
            f"{shortened(repr(shape), 100)} and the activations "
            f"{shortened(repr(activations), 100)}."
        )
    count = sum(n * m + m for n, m in pairwise(shape))
    if params.shape != (count,) or params.dtype.kind != "f":
        raise ModelError(
            f"expected {count:,} parameters for the shape {shortened(repr(tuple(shape)), 100)}, "
            f"found {params.dtype} of shape {params.shape}."
        )
    state = {
        name.removeprefix("state/"): array
        for name, array in arrays.items()
        if name.startswith("state/")
    }
    try:
        net = net_around(params, shape, activations, about["cost"], state)
    except ValueError as error:
        raise ModelError(
            f"{error} Another version of simplenet wrote it: use that version."
        ) from error
    check_records(about, net)
    extra = {
        name: arrays[f"{name}/params"]
        for name in ("best", "last", "average")
        if f"{name}/params" in arrays
    }
    epochs = {name: about[name] for name in ("best", "last")}
    expect(
        "the best and last parameters with their epochs, or neither",
        epochs,
        all((epoch is None) == (name not in extra) for name, epoch in epochs.items()),
    )
    position = about["position"]
    run = Run(
        net,
        settings=about["options"],
        epoch=position["epochs"],
        images=position["images"],
        cost=position["cost"],
        correct=position["correct"],
        history=[Epoch(**record) for record in about["history"]],
        best=Snapshot(about["best"], extra["best"]) if "best" in extra else None,
        last=Snapshot(about["last"], extra["last"]) if "last" in extra else None,
        average=extra.get("average"),
        image_shape=tuple(about["images"]),
        data=about["data"],
        measured=about["measured"],
        versions=about["versions"],
    )
    check_run(run)
    return run


def _up_to_date(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return a description in today's format. Raise ModelError for one from another version."""
    if "format" not in about:
        raise ModelError("expected a simplenet model, found a model.json without a format.")
    found = about["format"]
    if found == FORMAT and is_integer(found):
        check_keys(about, arrays, later=())
        return {**about, "options": _with_later(about)}
    if is_integer(found, FORMAT + 1):
        raise ModelError(
            f"expected model format {FORMAT}, found {found}, made by a newer simplenet, another "
            f"version than this one ({__version__}): use that version, or a later one."
        )
    if found == 2 and is_integer(found):  # it did not know the test images
        check_keys(about, arrays, later=("measured",))
        return {**about, "options": _with_later(about), "measured": {}}
    if found != 1 or not is_integer(found):
        raise ModelError(
            f"expected model format {FORMAT}, found {shortened(repr(found), 100)}, which another "
            "version of simplenet wrote: use that version."
        )
    check_keys(about, arrays, later=("best", "last", "images", "measured"))
    # Format 1 was no run: it cannot be gone on with, and what its optimizer remembered is of no
    # use; its options were recorded whether they applied or not.
    for name in ("velocity", "mean", "square", "steps"):
        arrays.pop(f"state/{name}", None)
    options, position = about["options"], about["position"]
    idle = idle_options(options, hidden=about["shape"][1:-1], cost=about["cost"])
    return {
        **about,
        "options": {name: value for name, value in options.items() if name not in idle},
        "position": {"epochs": 0, "images": 0, "cost": 0.0, "correct": 0} | position,
        "best": None,
        "last": None,
        "images": [],
        "measured": {},
    }


def _with_later(about: dict[str, Any]) -> Any:
    """Return the options of a run with those that came later, which were off before they came."""
    options = about["options"]
    if not isinstance(options, dict) or not about["images"]:
        return options
    later = {name: OPTIONS[name].default for name in _LATER_OPTIONS if name not in options}
    return options | later


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, memoryview], str]:
    """Return what the members of a file hold, and its SHA-256. Raise ModelError for another."""
    try:
        with open(path, "rb", opener=_open) as file:
            about = os.fstat(file.fileno())
            piped = stat.S_ISFIFO(about.st_mode)
            if piped:
                os.set_blocking(file.fileno(), True)  # it is open: now wait for what is written
            start = file.read(4) or b""  # None of a device that has nothing yet
            if piped and not start:
                raise ModelError("expected a model, found a pipe that nothing is written to.")
            if not start.startswith(b"PK"):
                what = (
                    f"one that starts with the bytes {start.hex(' ')}" if start else "an empty one"
                )
                raise ModelError(f"expected a model file (.npz), found {what}.")
            if stat.S_ISREG(about.st_mode):
                return _read_file(file, about.st_size)
            return _read_stream(file, start)
    except ModelError:
        raise
    except (OSError, ValueError) as error:  # the latter for a name that no file can have
        raise ModelError(f"cannot be read: {reason(error)}.") from error


def _open(path: str, flags: int) -> int:
    """Open a file without waiting for somebody to write to it, should it be a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_file(file: io.BufferedReader, size: int) -> tuple[dict[str, memoryview], str]:
    """Return what `_read` does, of a file of this size.

    Raise ModelError unless it is whole; of a large one that is laid out otherwise, only what it
    says of its members is read.
    """
    members, wrong = {}, None
    try:
        members = find_members(file, size)
    except ModelError as error:
        if size > _SMALL:
            raise
        wrong = error
    content, done = bytearray(size), 0
    file.seek(0)
    while some := file.readinto(memoryview(content)[done:]):
        done += some
    sha256 = check_digest(content)  # that it is damaged is the better thing to say
    if wrong:
        raise wrong
    return contents(content, members), sha256


def _read_stream(file: io.BufferedReader, start: bytes) -> tuple[dict[str, memoryview], str]:
    """Return what `_read` does, of a pipe that begins with this. Raise ModelError if it is long."""
    content = bytearray(start)
    while some := file.read(1 << 16):
        content += some
        if len(content) > _MOST_PIPED:
            raise ModelError(
                f"expected a model of at most {_MOST_PIPED >> 20} MB from what is no file, found a "
                "longer one: save it as a file first."
            )
    sha256 = check_digest(content)
    return contents(content, find_members(io.BytesIO(content), len(content))), sha256


def _parsed(content: bytes | memoryview) -> dict[str, Any]:
    """Return what model.json holds. Raise ModelError unless it is a description as we write it."""
    text = bytes(content[: _MOST_JSON + 1])
    # What stands after a comma or bracket may take 200 bytes of memory, however short it is.
    things = sum(map(text.count, (b",", b"[", b"{")))
    if len(text) > _MOST_JSON or things > 20_000 + len(text) / 20:
        raise ModelError(
            f"expected a model.json of at most {_MOST_JSON:,} bytes, with a line for each value; "
            f"found {things:,} values or more in {len(content):,} bytes."
        )
    try:
        about = json.loads(text.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"expected a simplenet model, found a model.json that cannot be read: {error}."
        ) from error
    if not isinstance(about, dict):
        raise ModelError("expected a simplenet model, found a model.json that is no object.")
    check_plain(about)
    return about


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. Raise ValueError if two of its values have one name."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("expected every name once, found one twice")
    return found


def _refuse(constant: str) -> None:
    """Raise ValueError for NaN or Infinity, which JSON does not have and Python would read."""
    raise ValueError(f"expected finite numbers, found {constant}")


def _npy(array: NDArray[Any]) -> bytes:
    packed = io.BytesIO()
    np.lib.format.write_array(packed, array, allow_pickle=False)
    return packed.getvalue()


def _array(name: str, content: memoryview) -> NDArray[Any]:
    """Return the array of a member: its own bytes, in this machine's order.

    Raise ModelError unless they are as many as its header says, and it is as numpy writes it.
    """
    header = _NPY.match(content[:_MOST_HEADER])
    if not header or header.end() != 10 + int.from_bytes(header["length"], "little"):
        raise ModelError(
            "expected a simplenet model, found a file that is none: expected numbers as numpy "
            f"writes them in {name}, found bytes that begin with {bytes(content[:60])!r}."
        )
    dtype = np.dtype(header["dtype"].decode())
    shape = tuple(int(n) for n in header["shape"].split(b",") if n.strip())
    data = content[header.end() :]
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ModelError(
            "expected a simplenet model, found a file that is none: expected as many numbers in "
            f"{name} as its header says, {dtype} of shape {shape}; found {len(data):,} bytes."
        )
    order: Literal["F", "C"] = "F" if header["fortran"] == b"True" else "C"
    array: NDArray[Any] = np.ndarray(shape, dtype, data, order=order)
    if not dtype.isnative:
        array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    # The net copies its own; what else lasts must not keep the whole file in memory.
    own = name == "params.npy" or name.startswith("state/")
    return array if own else array.copy()
