"""Find a data set by its name or its folder, and load it: IDX files, or pictures in folders."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simplenet.checks import as_number, as_path, check_callable, check_flag
from simplenet.datasets.data import Data as Data
from simplenet.datasets.data import Examples as Examples
from simplenet.datasets.download import Progress
from simplenet.datasets.find import find_files
from simplenet.datasets.folders import find_pictures
from simplenet.datasets.sources import DATASETS, FILES, PARTS, fetch, is_known
from simplenet.errors import DataError, reason

VARIABLE = "SIMPLENET_DATA"


def load_data(
    where: str | os.PathLike[str] | None = None,
    *,
    offline: bool = False,
    timeout: float = 20,
    progress: Progress | None = None,
    like: Mapping[str, Any] | None = None,
) -> Data:
    """Return a data set: a name in DATASETS, a folder, or, by default, SIMPLENET_DATA or MNIST.

    A named set is taken from the folder that SIMPLENET_DATA names, if it is there, then from the
    user's cache; else it is downloaded into that cache, checked, unless `offline`. A folder holds
    four IDX files, raw or gzipped, in any usual spelling (`train-images-idx3-ubyte`, ...), or
    pictures in a folder for each class, or such folders in `train` and `test`; of class folders
    alone, one picture in six is held out for tests.

    `timeout` (seconds) concerns a download; `progress(name, done, of)` tells of it, in bytes, or
    of pictures that are read. `like` is `Run.data` of a model that is to be measured: pictures are
    read as they were for it, and class folders alone are all for tests, unless it has learned from
    some of them. Raise DataError, with what was looked for and where.
    """
    check_flag("offline", offline)
    as_number("timeout", timeout, above=0)
    check_callable("progress", progress, "a function of a file, bytes and a size")
    if where is None and os.environ.get(VARIABLE):
        return _load_variable(os.environ[VARIABLE], like, progress)
    where = "mnist" if where is None else where
    if isinstance(where, str) and where == "":
        raise DataError("expected a name or a folder, found an empty text.")
    if not isinstance(where, str) or where not in DATASETS:
        return _load_folder(Path(as_path("where", where)), like, progress)
    included = DATASETS[where].folder
    if included is not None:
        return Data(where, find_files(included))
    if os.environ.get(VARIABLE):
        with contextlib.suppress(DataError):  # of a folder that was not asked for
            data = _load_idx(Path(os.environ[VARIABLE]))
            if data.name == where:
                return data
    cache = fetch(where, offline, timeout=timeout, progress=progress)
    # Not what find_files would choose there: only these files have been checked.
    return Data(where, {part: cache / FILES[part] for part in PARTS})


def load_same(
    recorded: Mapping[str, Any],
    *,
    offline: bool = False,
    timeout: float = 20,
    progress: Progress | None = None,
) -> Data:
    """Return the data set that a model was trained on, by what `Model.data` records of it.

    The options are those of `load_data`. Raise DataError if it is not found, or its test images
    and labels are not those.
    """
    name, sha256 = recorded["name"], recorded["sha256"]
    places = ([None] if os.environ.get(VARIABLE) else []) + ([name] if name in DATASETS else [])
    tried = []
    for place in places:
        try:
            data = load_data(
                place, offline=offline, timeout=timeout, progress=progress, like=recorded
            )
            parts = ("test-images", "test-labels")
            if all(data.sha256(part) == sha256[part] for part in parts):
                return data
            tried.append(f"{data.place} holds another ({data.name})")
        except DataError as error:
            tried.append(str(error).rstrip("."))
    found = "; ".join(tried) or f"it has no name to find it by, and {VARIABLE} is not set"
    raise DataError(
        f"say with --data NAME or FOLDER, or with {VARIABLE}, where the data set is that the model "
        f"was trained on ({name}, its test images with SHA-256 {sha256['test-images']}): {found}."
    )


def _load_variable(folder: str, like: Mapping[str, Any] | None, progress: Progress | None) -> Data:
    """Return the data set in the folder that SIMPLENET_DATA names. Raise DataError, naming it."""
    if folder in DATASETS and not Path(folder).exists():
        raise DataError(
            f"{VARIABLE}: expected a folder, found the name {folder}: use --data {folder}, or "
            f"unset {VARIABLE}."
        )
    try:
        return _load_folder(Path(folder), like, progress)
    except DataError as error:
        raise DataError(f"{VARIABLE}: {error}") from error


def _load_folder(folder: Path, like: Mapping[str, Any] | None, progress: Progress | None) -> Data:
    """Return the data set in a folder: IDX files, or else pictures."""
    try:
        return _load_idx(folder)
    except DataError:
        try:
            tree = find_pictures(folder) if folder.is_dir() else None
        except OSError as error:
            raise _unreadable(folder, error) from error
        if tree is None:
            raise
    from simplenet.datasets.sorted import read_sorted  # which few need, and much belongs to it

    return read_sorted(tree, like, progress)


def _load_idx(folder: Path) -> Data:
    """Return the data set in a folder, with the name of the known one that it is, or "custom"."""
    try:
        files = find_files(folder)
        for name, dataset in DATASETS.items():
            if dataset.folder is not None and folder.resolve() == dataset.folder.resolve():
                return Data(name, files)
            if dataset.files and all(is_known(files[part], dataset.files[part]) for part in PARTS):
                return Data(name, files)
        return Data("custom", files)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"{error.filename or folder}: expected four IDX files, found that this cannot be read: "
        f"{reason(error)}. Check its name, its place and who may read it."
    )
