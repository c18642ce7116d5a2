"""A data set is four IDX files: images and labels, to learn from and to be tested with."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simplenet.datasets.download import Progress
from simplenet.datasets.idx import digest, read_idx
from simplenet.datasets.sources import DATASETS, FILES, PARTS, fetch, is_known
from simplenet.errors import DataError

VARIABLE = "SIMPLENET_DATA"


class Examples(NamedTuple):
    """Images (n, ...) of bytes, and the class (n,) of each."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """A data set on the disk; what is in its files is read and checked when it is first used."""

    name: str  # of DATASETS, or "custom"
    files: Mapping[str, Path]  # a path for each of PARTS

    @cached_property
    def train(self) -> Examples:
        """The images to learn from. Raise DataError for files that are not right."""
        examples = self._examples("train")
        if examples.images.shape[1:] != self.test.images.shape[1:]:
            raise DataError(
                f"{self.files['test-images']}: expected images of the size "
                f"{examples.images.shape[1:]}, as in {self.files['train-images'].name}, found "
                f"{self.test.images.shape[1:]}: take both from the same place."
            )
        return examples

    @cached_property
    def test(self) -> Examples:
        """The images to test with. Raise DataError for files that are not right."""
        return self._examples("test")

    @cached_property
    def classes(self) -> int:
        """1 + the largest label in either part. Raise DataError for files that are not right."""
        return 1 + max(int(self._read(f"{half}-labels").max()) for half in ("train", "test"))

    def sha256(self, part: str) -> str:
        """Return the SHA-256 of one of PARTS, unpacked."""
        half, kind = part.split("-")
        return digest(getattr(getattr(self, half), kind))

    def _examples(self, half: str) -> Examples:
        """Read the images and labels of one half, and check that they belong together."""
        examples = Examples(self._read(f"{half}-images"), self._read(f"{half}-labels"))
        if len(examples.images) != len(examples.labels):
            raise DataError(
                f"{self.files[f'{half}-labels']}: expected {len(examples.images):,} labels, as many "
                f"as there are images in {self.files[f'{half}-images'].name}, found "
                f"{len(examples.labels):,}: take both from the same place."
            )
        return examples

    def _read(self, part: str) -> np.ndarray:
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
        return array


def load_data(
    where: str | os.PathLike | None = None,
    *,
    offline: bool = False,
    timeout: float = 20,
    progress: Progress | None = None,
) -> Data:
    """Find a data set: a name in DATASETS, a folder, or, by default, SIMPLENET_DATA or MNIST.

    A named set is taken from the folder that SIMPLENET_DATA names, if it is there, then from the
    user's cache; else it is downloaded into that cache, checked, unless `offline`. A folder holds
    four IDX files, raw or gzipped, in any usual spelling (`train-images-idx3-ubyte`, ...).

    `timeout` (seconds) and `progress(file, bytes, size)` concern a download. Raise DataError, with
    what was looked for and where.
    """
    if where is None and os.environ.get(VARIABLE):
        folder = os.environ[VARIABLE]
        if folder in DATASETS and not Path(folder).exists():
            raise DataError(
                f"{VARIABLE}: expected a folder, found the name {folder}: use --data {folder}, or "
                f"unset {VARIABLE}."
            )
        try:
            return _load_folder(Path(folder))
        except DataError as error:
            raise DataError(f"{VARIABLE}: {error}") from error
    where = "mnist" if where is None else where
    if where == "":
        raise DataError("expected a name or a folder, found an empty text.")
    if where == "sample":
        return Data("sample", find_files(sample_folder()))
    if where not in DATASETS:
        return _load_folder(Path(where))
    if os.environ.get(VARIABLE):
        try:
            data = _load_folder(Path(os.environ[VARIABLE]))
        except DataError:
            pass  # a name was asked for, and that folder cannot serve it
        else:
            if data.name == where:
                return data
    folder = fetch(where, offline, timeout=timeout, progress=progress)
    return Data(where, {part: folder / FILES[part] for part in PARTS})  # as fetched, nothing else


def load_same(recorded: Mapping[str, Any], **how) -> Data:
    """Find the data set that a model was trained on, by what `Model.data` records of it.

    `how` is passed on to `load_data`. Raise DataError if it is not found, or its test images and
    labels are not those.
    """
    name, sha256 = recorded["name"], recorded["sha256"]
    places = ([None] if os.environ.get(VARIABLE) else []) + ([name] if name in DATASETS else [])
    tried = []
    for place in places:
        try:
            data = load_data(place, **how)
            parts = ("test-images", "test-labels")
            if all(data.sha256(part) == sha256[part] for part in parts):
                return data
            tried.append(f"{data.files['test-images'].parent} holds another ({data.name})")
        except DataError as error:
            tried.append(str(error).rstrip("."))
    found = "; ".join(tried) or f"it has no name to find it by, and {VARIABLE} is not set"
    raise DataError(
        f"expected the data set that the model was trained on ({name}, its test images with "
        f"SHA-256 {sha256['test-images']}), but {found}. Say which data to use with --data NAME "
        f"or FOLDER, or with {VARIABLE}."
    )


def find_files(folder: Path) -> dict[str, Path]:
    """Find the four files of a data set in a folder, or in `raw/` or `*/raw/` in it.

    A raw file comes before a gzipped one of the same part. Raise DataError if a part is missing,
    or if two files could be meant.
    """
    if not folder.is_dir():
        found = "a file: give the folder that it is in" if folder.exists() else "neither"
        raise DataError(
            f"{folder}: expected a folder or one of the names {', '.join(DATASETS)}; found {found}."
        )
    places = [folder, folder / "raw", *sorted(folder.glob("*/raw"))]
    found = {place: _candidates(place) for place in places if place.is_dir()}
    whole = [place for place, parts in found.items() if len(parts) == len(PARTS)]
    if not whole:
        best = max(found, key=lambda place: len(found[place]))
        missing = ", ".join(
            FILES[part].removesuffix(".gz") for part in PARTS if part not in found[best]
        )
        others = sorted(path.name for path in best.iterdir() if not path.name.startswith("."))
        there = (
            ", ".join(others[:8]) + (", ..." if len(others) > 8 else "") if others else "nothing"
        )
        raise DataError(
            f"{best}: expected four IDX files, raw or .gz (spellings such as "
            "train-images.idx3-ubyte or test-labels are fine); "
            f"missing: {missing}; found: {there}."
        )
    if len(whole) > 1 and folder not in whole:
        raise DataError(
            f"{folder}: expected one data set, found {', '.join(map(str, whole))}: name one."
        )
    return {part: _choose(part, paths) for part, paths in found[whole[0]].items()}


def sample_folder() -> Path:
    """Return the folder of the embedded digits: in an installed package, or data/ of a clone."""
    inside = Path(__file__).parents[1] / "sample"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "data" / "sample"


_SPELLING = re.compile(
    r"(?:.*[-_.])?(?P<half>train|training|t10k|test|testing)[-_. ]?(?P<kind>image|label)s?"
    r"(?:[-_. ]?idx[13]?)?(?:[-_. ]?ubyte)?(?:\.(?:gz|idx|bin))?",
    re.IGNORECASE,
)


def _candidates(folder: Path) -> dict[str, list[Path]]:
    """Sort the files of a folder by the part that their names say they are."""
    parts: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        match = _SPELLING.fullmatch(path.name)
        if match and not path.name.startswith(".") and path.is_file():
            half = "train" if match["half"].lower().startswith("train") else "test"
            parts.setdefault(f"{half}-{match['kind'].lower()}s", []).append(path)
    return parts


def _choose(part: str, paths: list[Path]) -> Path:
    """Choose the raw file where a gzipped one lies beside it. Raise DataError for real doubt."""
    if len(paths) > 1:
        paths = [path for path in paths if not _is_gzip(path)] or paths
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise DataError(
            f"{paths[0].parent}: expected one file for the {part.replace('-', ' ')}, found "
            f"{names}: move the others elsewhere."
        )
    return paths[0]


def _is_gzip(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _load_folder(folder: Path) -> Data:
    """Load the four files of a folder; if they are those of a known data set, by its name."""
    try:
        files = find_files(folder)
        if folder.resolve() == sample_folder().resolve():
            return Data("sample", files)
        for name, dataset in DATASETS.items():
            if dataset.files and all(is_known(files[part], dataset.files[part]) for part in PARTS):
                return Data(name, files)
        return Data("custom", files)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: expected four IDX files, found that this cannot be read: "
            f"{error.strerror or error}. Check its name, its place and who may read it."
        ) from error
