"""A model is one .npz file: a run written down, so that it can be used, and gone on with.

    params.npy           the parameters to use, in the order of `Net.params`
    state/NAME.npy       what the optimizer remembers
    best/params.npy      the parameters after the best epoch, with early stopping
    last/params.npy      the parameters after the last epoch, where params.npy has the best
    average/params.npy   the average of the parameters along the way
    model.json           format, shape, functions, options, position, data set, history, versions

The members are stored, not packed, and hold no clock, host, user or path: equal runs give equal
files. The zip comment is the SHA-256, in hexadecimal, of every byte before it, and the file ends
with it; so no change anywhere goes unnoticed. Nothing is ever pickled.
"""

import hashlib
import io
import json
import os
import platform
import struct
import zipfile
import zlib
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simplenet.errors import ModelError
from simplenet.files import atomic_write
from simplenet.net import Net, net_around
from simplenet.options import idle_options
from simplenet.training.blas import kernels
from simplenet.training.modelcheck import (
    check_records,
    check_run,
    expect,
    extra_params,
    is_integer,
)
from simplenet.training.run import Epoch, Run, Snapshot
from simplenet.version import __version__

FORMAT = 2
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold
_DIGEST = 64  # hexadecimal digits of a SHA-256
# What values of the wrong kind lead to, and then what json, zipfile and numpy raise besides.
_WRONG = LookupError, ValueError, TypeError, AttributeError, ArithmeticError
_NO_ZIP = zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, EOFError, MemoryError


def save_model(path: str | os.PathLike[str], model: Run | Net, *, overwrite: bool = False) -> None:
    """Write a run, or a bare net, to a file: whole or not at all, equal runs as equal bytes.

    Raise FileExistsError if the file is there and may not be overwritten, ModelError for a run
    that could not be read again, such as one with numbers that are not finite.
    """
    run = Run(model) if isinstance(model, Net) else model
    try:
        arrays = _arrays(run)
        about = json.dumps(_description(run), indent=1, allow_nan=False)
        _run(json.loads(about), arrays)  # what is written here can be read
    except ModelError as error:
        raise ModelError(f"{path}: not saved: {error}") from error
    except _WRONG as error:
        raise ModelError(f"{path}: not saved: expected a whole run, found {error!r}.") from error
    members = {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    members["model.json"] = about.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.create_system, info.external_attr = 3, 0o644 << 16  # equal on every system
            file.writestr(info, content)
        file.comment = b"0" * _DIGEST
    content = packed.getvalue()[:-_DIGEST]
    with atomic_write(path, overwrite=overwrite) as target:
        target.write(content)
        target.write(hashlib.sha256(content).hexdigest().encode())


def load_model(path: str | os.PathLike[str]) -> Run:
    """Read a model file. Raise ModelError, saying what is wrong, for anything but a whole one."""
    path = Path(path)
    content = _read(path)
    try:
        _check_digest(content)
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            about = json.loads(file.read("model.json"), parse_constant=_refuse)
            arrays = {
                name.removesuffix(".npy"): _array(file.read(name))
                for name in file.namelist()
                if name.endswith(".npy")
            }
        return _run(_up_to_date(about, arrays), arrays)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (*_WRONG, *_NO_ZIP) as error:
        raise ModelError(
            f"{path}: expected a simplenet model, found a file that is none ({error!r})."
        ) from error


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
        "versions": {
            "simplenet": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "blas": kernels(),
        },
    }  # fmt: skip


def _run(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Run:
    """Return the run that a file describes. Raise ModelError unless it is whole."""
    shape, activations, params = about["shape"], about["activations"], arrays["params"]
    if (
        not all(is_integer(n, 1) for n in shape)
        or not isinstance(activations, list)
        or not len(shape) == len(activations) + 1 >= 2
    ):
        raise ModelError(
            f"expected layers and an activation for each but the first, found the shape {shape} "
            f"and the activations {activations}."
        )
    count = sum(n * m + m for n, m in pairwise(shape))
    if params.shape != (count,) or params.dtype.kind != "f":
        raise ModelError(
            f"expected {count:,} parameters for the shape {tuple(shape)}, found {params.dtype} of "
            f"shape {params.shape}."
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
        versions=about["versions"],
    )
    check_run(run)
    return run


def _up_to_date(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return a description in today's format. Raise ModelError for one from another version."""
    if about["format"] == FORMAT and is_integer(about["format"]):
        return about
    if about["format"] != 1 or not is_integer(about["format"]):
        raise ModelError(
            f"expected model format {FORMAT}, found {about['format']}, which another version of "
            "simplenet wrote: use that version."
        )
    # Format 1 was no run: it cannot be gone on with, and what its optimizer remembered is of no
    # use; its options were recorded whether they applied or not.
    for name in ("velocity", "mean", "square", "steps"):
        arrays.pop(f"state/{name}", None)
    options = about["options"]
    idle = idle_options(options, hidden=about["shape"][1:-1], cost=about["cost"])
    return {
        **about,
        "options": {name: value for name, value in options.items() if name not in idle},
        "position": {"epochs": 0, "images": 0, "cost": 0.0, "correct": 0} | about["position"],
        "best": None,
        "last": None,
        "images": [],
    }


def _refuse(constant: str) -> None:
    """Raise ValueError for NaN or Infinity, which JSON does not have and Python would read."""
    raise ValueError(f"expected finite numbers, found {constant}")


def _read(path: Path) -> bytes:
    """Return what the file holds. Raise ModelError, after a few bytes, if it is no zip file."""
    try:
        with open(path, "rb") as file:
            content = file.read(4)
            if content.startswith(b"PK"):
                return content + file.read()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}.") from error
    start = f"one that starts with the bytes {content.hex(' ')}" if content else "an empty one"
    raise ModelError(f"{path}: expected a model file (.npz), found {start}.")


def _check_digest(content: bytes) -> None:
    """Raise ModelError unless the file ends with the SHA-256 of everything before."""
    stored = content[-_DIGEST:]
    computed = hashlib.sha256(content[:-_DIGEST]).hexdigest()
    if stored != computed.encode():
        if not stored.isalnum():
            what = "a zip file that simplenet did not write, or one cut short or added to"
        else:
            what = f"content with SHA-256 {computed}: a damaged or altered file"
        raise ModelError(
            "expected a whole model file, which ends with the SHA-256 of its content; found "
            f"{what}. Use another copy, or train again."
        )


def _npy(array: NDArray[Any]) -> bytes:
    packed = io.BytesIO()
    np.lib.format.write_array(packed, array, allow_pickle=False)
    return packed.getvalue()


def _array(content: bytes) -> NDArray[Any]:
    return _native(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in this machine's byte order."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)
