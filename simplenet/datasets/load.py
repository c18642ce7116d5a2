"""A data set is four IDX files: images and labels, to learn from and to be tested with."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from simplenet.checks import as_number, as_path, check_callable, check_flag
from simplenet.datasets.download import Progress
from simplenet.datasets.find import find_files
from simplenet.datasets.idx import digest, read_idx
from simplenet.datasets.sources import DATASETS, FILES, PARTS, fetch, is_known
from simplenet.errors import DataError, reason

VARIABLE = "SIMPLENET_DATA"


class Examples(NamedTuple):
    """Images (n, ...) of bytes, and the class (n,) of each."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Data:
    """A data set on the disk; what is in its files is read and checked when it is first used."""

    name: str  # of DATASETS, or "custom"
    files: Mapping[str, Path]  # a path for each of PARTS

    @cached_property
    def train(self) -> Examples:
        """Return the images to learn from. Raise DataError for files that are not right."""
        examples = self.examples("train")
        if examples.images.shape[1:] != self.test.images.shape[1:]:
            raise DataError(
                f"{self.files['test-images']}: expected images of the size "
                f"{examples.images.shape[1:]}, as in {self.files['train-images'].name}, found "
                f"{self.test.images.shape[1:]}: take both from the same place."
            )
        return examples

    @cached_property
    def test(self) -> Examples:
        """Return the images to test with. Raise DataError for files that are not right."""
        return self.examples("test")

    @cached_property
    def classes(self) -> int:
        """Return 1 + the largest label in either part. Raise DataError for files not right."""
        return 1 + max(int(self._read(f"{half}-labels").max()) for half in ("train", "test"))

    def sha256(self, part: str) -> str:
        """Return the SHA-256 of one of PARTS, unpacked."""
        half, kind = part.split("-")
        images, labels = self.train if half == "train" else self.test
        return digest(images if kind == "images" else labels)

    def examples(self, half: str) -> Examples:
        """Read the images and labels of one half, and check that they belong together."""
        examples = Examples(self._read(f"{half}-images"), self._read(f"{half}-labels"))
        if len(examples.images) != len(examples.labels):
            raise DataError(
                f"{self.files[f'{half}-labels']}: expected {len(examples.images):,} labels, as "
                f"many as there are images in {self.files[f'{half}-images'].name}, found "
                f"{len(examples.labels):,}: take both from the same place."
            )
        return examples

    def _read(self, part: str) -> npt.NDArray[np.uint8]:
        """Read one of PARTS, and check that it holds what its name says."""
        array, path = read_idx(self.files[part]), self.files[part]
        kind = part.split("-")[1]
        ideal, fits = {
            "images": ("(n, rows, columns)", array.ndim >= 2),
            "labels": ("(n,)", array.ndim == 1),
        }[kind]
        if not fits or array.dtype != np.uint8 or array.size == 0:
            raise DataError(
                f"{path}: expected {kind}, bytes of shape {ideal}, found {array.dtype.name} of "
                f"shape {array.shape}: are images and labels swapped, or is one empty?"
            )
        return cast("npt.NDArray[np.uint8]", array)


def load_data(
    where: str | os.PathLike[str] | None = None,
    *,
    offline: bool = False,
    timeout: float = 20,
    progress: Progress | None = None,
) -> Data:
    """Return a data set: a name in DATASETS, a folder, or, by default, SIMPLENET_DATA or MNIST.

    A named set is taken from the folder that SIMPLENET_DATA names, if it is there, then from the
    user's cache; else it is downloaded into that cache, checked, unless `offline`. A folder holds
    four IDX files, raw or gzipped, in any usual spelling (`train-images-idx3-ubyte`, ...).

    `timeout` (seconds) and `progress(file, bytes, size)` concern a download. Raise DataError, with
    what was looked for and where.
    """
    check_flag("offline", offline)
    as_number("timeout", timeout, above=0)
    check_callable("progress", progress, "a function of a file, bytes and a size")
    if where is None and os.environ.get(VARIABLE):
        return _load_variable(os.environ[VARIABLE])
    where = "mnist" if where is None else where
    if isinstance(where, str) and where == "":
        raise DataError("expected a name or a folder, found an empty text.")
    if not isinstance(where, str) or where not in DATASETS:
        return _load_folder(Path(as_path("where", where)))
    included = DATASETS[where].folder
    if included is not None:
        return Data(where, find_files(included))
    if os.environ.get(VARIABLE):
        with contextlib.suppress(DataError):  # of a folder that was not asked for
            data = _load_folder(Path(os.environ[VARIABLE]))
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
            data = load_data(place, offline=offline, timeout=timeout, progress=progress)
            parts = ("test-images", "test-labels")
            if all(data.sha256(part) == sha256[part] for part in parts):
                return data
            tried.append(f"{data.files['test-images'].parent} holds another ({data.name})")
        except DataError as error:
            tried.append(str(error).rstrip("."))
    found = "; ".join(tried) or f"it has no name to find it by, and {VARIABLE} is not set"
    raise DataError(
        f"say with --data NAME or FOLDER, or with {VARIABLE}, where the data set is that the model "
        f"was trained on ({name}, its test images with SHA-256 {sha256['test-images']}): {found}."
    )


def _load_variable(folder: str) -> Data:
    """Return the data set in the folder that SIMPLENET_DATA names. Raise DataError, naming it."""
    if folder in DATASETS and not Path(folder).exists():
        raise DataError(
            f"{VARIABLE}: expected a folder, found the name {folder}: use --data {folder}, or "
            f"unset {VARIABLE}."
        )
    try:
        return _load_folder(Path(folder))
    except DataError as error:
        raise DataError(f"{VARIABLE}: {error}") from error


def _load_folder(folder: Path) -> Data:
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
        raise DataError(
            f"{error.filename or folder}: expected four IDX files, found that this cannot be read: "
            f"{reason(error)}. Check its name, its place and who may read it."
        ) from error
