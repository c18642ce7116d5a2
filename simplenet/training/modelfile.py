"""A model is one .npz file: every number of a trained net, and everything that led to it.

    params.npy           the parameters, in the order of `Net.params`
    state/NAME.npy       what the optimizer remembers
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
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from simplenet.datasets.sources import PARTS
from simplenet.errors import ModelError
from simplenet.files import atomic_write
from simplenet.net import Net, net_around
from simplenet.version import __version__

FORMAT = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold
_DIGEST = 64  # hexadecimal digits of a SHA-256


@dataclass(eq=False)
class Model:
    """A net, and everything that determined its training."""

    net: Net
    options: dict[str, Any] = field(default_factory=dict)  # of simplenet.options, and threads
    data: dict[str, Any] = field(default_factory=dict)  # name, and the SHA-256 of each raw file
    position: dict[str, int] = field(default_factory=dict)  # epochs done, images of the next
    history: list[dict[str, Any]] = field(default_factory=list)  # a record of each epoch
    versions: dict[str, str] = field(default_factory=dict)  # of what wrote the file


def save_model(path: str | os.PathLike, model: Model | Net, *, overwrite: bool = False) -> None:
    """Write a model, or a bare net, to a file: whole or not at all, equal models as equal bytes.

    Raise FileExistsError if the file is there and may not be overwritten, ModelError for a net
    with numbers that are not finite.
    """
    if isinstance(model, Net):
        model = Model(model)
    if not np.isfinite(model.net.params).all():
        raise ModelError(f"{path}: not saved: the net has weights that are not finite.")
    _check_records(path, model)
    about = {
        "format": FORMAT,
        "shape": model.net.shape,
        "activations": model.net.activations,
        "cost": model.net.cost,
        "options": model.options,
        "data": model.data,
        "position": model.position,
        "history": model.history,
        "versions": {
            "simplenet": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    members = {"params.npy": _npy(model.net.params)}
    for name, array in sorted(model.net.state.items()):
        members[f"state/{name}.npy"] = _npy(array)
    members["model.json"] = json.dumps(about, indent=1, allow_nan=False).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16  # the same on every system
            file.writestr(info, content)
        file.comment = b"0" * _DIGEST
    content = packed.getvalue()[:-_DIGEST]
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(content)
        file.write(hashlib.sha256(content).hexdigest().encode())


def load_model(path: str | os.PathLike) -> Model:
    """Read a model file. Raise ModelError, saying what is wrong, for anything but a whole one."""
    path = Path(path)
    content = _read(path)
    _check_digest(path, content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            about = json.loads(file.read("model.json"))
            if about["format"] != FORMAT:
                raise ModelError(
                    f"{path}: expected model format {FORMAT}, found {about['format']}, which "
                    "another version of simplenet wrote: use that version."
                )
            params = _array(file.read("params.npy"))
            state = {
                name.removeprefix("state/").removesuffix(".npy"): _array(file.read(name))
                for name in file.namelist()
                if name.startswith("state/")
            }
        params = params.astype(params.dtype.char, copy=False)  # in this machine's byte order
        shape, activations = about["shape"], about["activations"]
        if not all(n > 0 for n in shape) or not len(shape) == len(activations) + 1 >= 2:
            raise ModelError(
                f"{path}: expected layers and an activation for each but the first, found the "
                f"shape {shape} and the activations {activations}."
            )
        count = sum(n * m + m for n, m in pairwise(shape))
        if params.shape != (count,) or params.dtype.kind != "f" or not np.isfinite(params).all():
            raise ModelError(
                f"{path}: expected {count:,} finite parameters for the shape {tuple(shape)}, "
                f"found {params.dtype} of shape {params.shape}."
            )
        try:
            net = net_around(params, shape, activations, about["cost"])
        except ValueError as error:
            raise ModelError(
                f"{path}: {error} Another version of simplenet wrote it: use that version."
            ) from error
        net.state = state
        model = Model(
            net, *(about[key] for key in ("options", "data", "position", "history", "versions"))
        )
        _check_records(path, model)
        return model
    except ModelError:
        raise
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


def _check_records(path: str | os.PathLike, model: Model) -> None:
    """Raise ModelError unless what is told of the training is there whole, or not told at all."""
    number = (int, float)
    data, position, history = model.data, model.position, model.history
    wrong = {
        "options": not isinstance(model.options, dict),
        "versions": not isinstance(model.versions, dict),
        "data": data != {}
        and not (
            _holds(data, {"name": str, "sha256": dict})
            and _holds(data["sha256"], dict.fromkeys(PARTS, str))
            and _is_size(data.get("size", [model.net.shape[0]]), model.net.shape[0])
        ),
        "position": position != {} and not _holds(position, {"epochs": int, "images": int}),
        "history": not isinstance(history, list)
        or not all(
            _holds(record, {"epoch": int, "cost": number, "accuracy": number, "lr": number})
            and isinstance(record.get("validation_accuracy", ""), (*number, type(None)))
            for record in history
        ),
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise ModelError(
                f"{path}: expected {name} as `simplenet train` records them, or nothing; found "
                f"{textwrap.shorten(repr(getattr(model, name)), 100)}."
            )


def _is_size(size: Any, pixels: int) -> bool:
    """Tell whether these are rows and columns, or what else an image of so many pixels may have."""
    whole = isinstance(size, list) and all(isinstance(n, int) and n > 0 for n in size)
    return whole and math.prod(size) == pixels


def _holds(record: Any, kinds: dict[str, Any]) -> bool:
    """Tell whether this is a dict with values of these kinds under these keys."""
    return isinstance(record, dict) and all(
        isinstance(record.get(key), kind) for key, kind in kinds.items()
    )


def _check_digest(path: Path, content: bytes) -> None:
    """Raise ModelError unless the file ends with the SHA-256 of everything before."""
    told = content[-_DIGEST:]
    found = hashlib.sha256(content[:-_DIGEST]).hexdigest()
    if told != found.encode():
        if not told.isalnum():
            what = "a zip file that simplenet did not write, or one cut short or added to"
        else:
            what = f"content with SHA-256 {found}: a damaged or altered file"
        raise ModelError(
            f"{path}: expected a whole model file, which ends with the SHA-256 of its content; "
            f"found {what}. Use another copy, or train again."
        )


def _npy(array: np.ndarray) -> bytes:
    packed = io.BytesIO()
    np.lib.format.write_array(packed, array, allow_pickle=False)
    return packed.getvalue()


def _array(content: bytes) -> np.ndarray:
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
