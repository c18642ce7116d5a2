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
import math
import os
import platform
import textwrap
import zipfile
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simplenet.datasets.sources import PARTS
from simplenet.errors import ModelError
from simplenet.files import atomic_write
from simplenet.functions import Floats
from simplenet.net import Net, net_around
from simplenet.optimizers import OPTIMIZERS
from simplenet.options import OPTIONS, idle_options, resolve_options
from simplenet.training.run import Epoch, Run, Snapshot, kind_of
from simplenet.version import __version__

FORMAT = 2
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold
_DIGEST = 64  # hexadecimal digits of a SHA-256
_NUMBER = int | float
_RECORD = {"epoch": int, "cost": _NUMBER, "accuracy": _NUMBER, "lr": _NUMBER}


def save_model(path: str | os.PathLike[str], model: Run | Net, *, overwrite: bool = False) -> None:
    """Write a run, or a bare net, to a file: whole or not at all, equal runs as equal bytes.

    Raise FileExistsError if the file is there and may not be overwritten, ModelError for a run
    that could not be read again, such as one with numbers that are not finite.
    """
    run = Run(model) if isinstance(model, Net) else model
    try:
        _check(run)
    except ModelError as error:
        raise ModelError(f"{path}: not saved: {error}") from error
    members = {"params.npy": _npy(run.net.params)}
    for name, array in sorted(run.net.state.items()):
        members[f"state/{name}.npy"] = _npy(array)
    for name, array in _extra_params(run).items():
        members[f"{name}/params.npy"] = _npy(array)
    members["model.json"] = json.dumps(_description(run), indent=1, allow_nan=False).encode()
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
            about = json.loads(file.read("model.json"))
            members = {
                name.removesuffix(".npy"): _array(file.read(name))
                for name in file.namelist()
                if name.endswith(".npy")
            }
        run = _run(_up_to_date(about, members), members)
        _check(run)
        return run
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (
        zipfile.BadZipFile,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
        EOFError,
    ) as error:
        raise ModelError(
            f"{path}: expected a simplenet model, found a file that is none ({error!r})."
        ) from error


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
        },
    }  # fmt: skip


def _run(about: dict[str, Any], members: dict[str, NDArray[Any]]) -> Run:
    """Return the run that a file describes, not yet checked but for what a net needs."""
    shape, activations, params = about["shape"], about["activations"], members["params"]
    if not all(n > 0 for n in shape) or not len(shape) == len(activations) + 1 >= 2:
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
        for name, array in members.items()
        if name.startswith("state/")
    }
    try:
        net = net_around(params, shape, activations, about["cost"], state)
    except ValueError as error:
        raise ModelError(
            f"{error} Another version of simplenet wrote it: use that version."
        ) from error
    extra = {
        name: members[f"{name}/params"]
        for name in ("best", "last", "average")
        if f"{name}/params" in members
    }
    _expect(
        "the best and last parameters with their epochs, or neither",
        {name: about[name] for name in ("best", "last")},
        all((about[name] is None) == (name not in extra) for name in ("best", "last")),
    )
    position, history = about["position"], about["history"]
    _expect("history", history, isinstance(history, list) and all(_is_record(r) for r in history))
    numbers = {"epochs": int, "images": int, "cost": _NUMBER, "correct": int}
    _expect("position", position, _holds(position, numbers))
    return Run(
        net,
        settings=about["options"],
        epoch=position["epochs"],
        images=position["images"],
        cost=position["cost"],
        correct=position["correct"],
        history=[Epoch(**record) for record in history],
        best=Snapshot(about["best"], extra["best"]) if "best" in extra else None,
        last=Snapshot(about["last"], extra["last"]) if "last" in extra else None,
        average=extra.get("average"),
        image_shape=tuple(about["images"]),
        data=about["data"],
        versions=about["versions"],
    )


def _up_to_date(about: dict[str, Any], members: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return a description in today's format. Raise ModelError for one from another version."""
    if about["format"] == FORMAT:
        return about
    if about["format"] != 1:
        raise ModelError(
            f"expected model format {FORMAT}, found {about['format']}, which another version of "
            "simplenet wrote: use that version."
        )
    # Format 1 was no run: it cannot be gone on with, and what its optimizer remembered is of no
    # use; its options were recorded whether they applied or not.
    for name in [name for name in members if name.startswith("state/")]:
        del members[name]
    options = about["options"]
    idle = idle_options(options, hidden=about["shape"][1:-1], cost=about["cost"])
    return {
        **about,
        "options": {name: value for name, value in options.items() if name not in idle},
        "position": {"epochs": 0, "images": 0, "cost": 0.0, "correct": 0} | about["position"],
        "best": None,
        "last": None,
        "images": (),
    }


def _check(run: Run) -> None:
    """Raise ModelError unless everything in a run is whole, finite and fits the rest."""
    net = run.net
    for name, array in {"weights": net.params, **_extra_params(run)}.items():
        if array.shape != net.params.shape or array.dtype != net.params.dtype:
            raise ModelError(
                f"expected {net.params.size:,} {net.params.dtype} numbers as the {name} "
                f"parameters, found {array.dtype} of shape {array.shape}."
            )
        if not np.isfinite(array).all():
            what = "weights" if name == "weights" else f"{name} parameters"
            raise ModelError(f"the net has {what} that are not finite.")
    for name, array in net.state.items():
        _check_state(name, array, net)
    known = {name for name, option in OPTIONS.items() if not option.of_net}
    training = isinstance(run.settings, dict) and {
        name: value for name, value in run.settings.items() if name in known
    }
    if training:
        try:
            resolved = resolve_options(training, **kind_of(net))
        except (ValueError, TypeError) as error:
            raise ModelError(f"expected options that go together, found: {error}") from error
        _expect("options", training, resolved == training)
    epochs = [record.epoch for record in run.history]
    marks = [mark.epoch for mark in (run.best, run.last) if mark]
    for name, value, is_right in (
        ("options", run.settings, isinstance(run.settings, dict)),
        ("versions", run.versions, isinstance(run.versions, dict)),
        ("data", run.data, run.data == {} or _is_data(run.data, net.shape[0])),
        ("position", (run.epoch, run.images), min(run.epoch, run.images, run.correct) >= 0),
        ("position", run.cost, math.isfinite(run.cost)),
        ("history", epochs, epochs == list(range(1, len(epochs) + 1))),
        ("best and last epoch", marks, all(1 <= mark <= len(epochs) for mark in marks)),
        ("images", run.image_shape, _is_shape(run.image_shape, net.shape[0])),
    ):
        _expect(name, value, is_right)


def _check_state(name: str, array: NDArray[Any], net: Net) -> None:
    """Raise ModelError unless an optimizer can go on with what it remembered."""
    optimizer, _, key = name.partition(".")
    if optimizer in OPTIMIZERS:
        fresh = OPTIMIZERS[optimizer].init(net.params).get(key)
        if fresh is None or (array.shape, array.dtype) != (fresh.shape, fresh.dtype):
            expected = "nothing of that name" if fresh is None else f"{fresh.dtype} {fresh.shape}"
            raise ModelError(
                f"expected {expected} as the state {name}, found {array.dtype} {array.shape}."
            )
        if key in ("square", "steps") and (array < 0).any():
            raise ModelError(f"expected a state {name} of 0 or more, found less.")
    if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise ModelError(f"expected finite numbers as the state {name}, found others.")


def _expect(name: str, value: Any, is_right: bool) -> None:
    if not is_right:
        raise ModelError(
            f"expected {name} as `simplenet train` records them, or nothing; found "
            f"{textwrap.shorten(repr(value), 100)}."
        )


def _extra_params(run: Run) -> dict[str, Floats]:
    """Return the vectors of parameters that a run keeps beside those of its net."""
    found = {
        "best": run.best.params if run.best else None,
        "last": run.last.params if run.last else None,
        "average": run.average,
    }
    return {name: params for name, params in found.items() if params is not None}


def _is_record(record: Any) -> bool:
    """Tell whether this is the record of an epoch, as a file has it."""
    names = {field.name for field in fields(Epoch)} - {"seconds"}
    return (
        isinstance(record, dict)
        and record.keys() == names
        and _holds(record, _RECORD)
        and all(math.isfinite(record[name]) for name in _RECORD)
        and isinstance(record["validation_accuracy"], int | float | None)
    )


def _is_data(data: Any, pixels: int) -> bool:
    """Tell whether this names a data set, with the digests of its files."""
    return (
        _holds(data, {"name": str, "sha256": dict})
        and _holds(data["sha256"], dict.fromkeys(PARTS, str))
        and (
            "size" not in data
            or (isinstance(data["size"], list) and _is_size(data["size"], pixels))
        )
    )


def _is_shape(shape: Any, pixels: int) -> bool:
    """Tell whether images may have this shape, or whether it is not known."""
    return shape == () or (shape[0] > 0 and _is_size(shape[1:], pixels))


def _is_size(size: Any, pixels: int) -> bool:
    """Tell whether these are rows and columns, or what else an image of so many pixels may have."""
    return all(isinstance(n, int) and n > 0 for n in size) and math.prod(size) == pixels


def _holds(record: Any, kinds: dict[str, Any]) -> bool:
    """Tell whether this is a dict with values of these kinds under these keys."""
    return isinstance(record, dict) and all(
        isinstance(record.get(key), kind) and not isinstance(record.get(key), bool)
        for key, kind in kinds.items()
    )


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
