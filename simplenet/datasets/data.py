"""A data set: images and labels, to learn from and to be tested with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from simplenet.datasets.idx import digest, read_idx
from simplenet.errors import DataError


class Examples(NamedTuple):
    """Images (n, ...) of bytes, and the class (n,) of each."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Data:
    """A data set on the disk; what is in its files is read and checked when it is first used."""

    name: str  # of DATASETS, or "custom"
    files: Mapping[str, Path]  # a path for each of PARTS; of pictures in folders, the folder
    names: tuple[str, ...] | None = None  # of the classes, where they have others than numbers
    notes: tuple[str, ...] = ()  # what a person has to know of how it was read
    about: Mapping[str, Any] = field(default_factory=dict)  # what else a model records of it

    @property
    def place(self) -> Path:
        """Return the folder that the data set is in."""
        return self.files["test-images"].parent

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
