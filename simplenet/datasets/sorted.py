"""Read pictures that are sorted into folders by class, as images and labels.

Where all are of one small size and light on dark, as when somebody has written MNIST as PNG files,
their pixels are the images. Any others are prepared as the pictures that `predict` reads.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

from simplenet.datasets.data import Data, Examples
from simplenet.datasets.download import READING, Progress
from simplenet.datasets.folders import (
    AS_THEY_ARE,
    PREPARED,
    REMEMBERED,
    Picture,
    Tree,
    names_of,
    numbered,
)
from simplenet.datasets.idx import digest
from simplenet.datasets.sources import DATASETS, PARTS
from simplenet.errors import DataError
from simplenet.pictures.decode import read_image
from simplenet.pictures.folders import natural
from simplenet.pictures.kinds.known import declared
from simplenet.pictures.prepare import grey, prepare
from simplenet.pictures.source import opened

SMALL = 64  # pixels of the longer side of what may be taken as it is
SIDE = 28  # of what is prepared, if no model says otherwise
LIGHT = 128  # where the edges are as light as that, pictures are not light on dark
WHITE = 192  # nor for a model that learned from some as they are, though on others with light edges
LOOKED_AT = 100  # pictures whose edges are looked at
SHARE = 6  # one in so many is held out for tests, where a folder has none for them
HEX = 16  # digits of a digest that are remembered
LISTED = 3  # pictures that cannot be read whose errors are told

Size = tuple[int, ...]
Done = TypeVar("Done")


class Seen(NamedTuple):
    """What is known of a picture before it is decoded."""

    size: Size  # rows and columns, upright
    sha256: str  # of the file


@dataclass(frozen=True, eq=False)
class SortedPictures(Data):
    """A data set of pictures in folders, of which a half that is not needed is not decoded."""

    reader: "Reader | None" = None

    @property
    def place(self) -> Path:
        """Return the folder that the data set is in."""
        return self.files["test-images"]

    @cached_property
    def classes(self) -> int:
        """Return how many classes there are: 1 + the largest label."""
        assert self.reader
        return len(self.names) if self.names else 1 + max(self.reader.labels.values())

    def examples(self, half: str) -> Examples:
        """Read one half. Raise DataError if there is none, or a picture cannot be read."""
        assert self.reader
        return self.reader.examples(half)


class Reader:
    """Decodes the pictures of a folder, each half once."""

    def __init__(
        self, tree: Tree, recorded: Mapping[str, Any] | None, progress: Progress | None
    ) -> None:
        self.tree, self.progress = tree, progress
        self.labels, self.names = numbered(names_of(tree), tree.folder, recorded)
        self.notes = list(tree.notes)
        self._known: dict[str, Examples] = {}
        # A model that is to be measured needs the test images.
        pictures = [*(tree.test or [])]
        if tree.test is None or recorded is None:
            pictures += tree.learn
        self.seen = dict(zip(pictures, [*self._each(look, pictures)]))
        about = (recorded or {}).get("pictures", {})
        self.how, self.size = self._decide(pictures, recorded, about.get("how"))
        self.notes.append(
            f"the pictures are taken as they are, {_text(self.size)}"
            if self.how == AS_THEY_ARE
            else "the pictures are prepared as MNIST's digits were: light on dark, in the middle "
            f"of {_text(self.size)}"
        )
        learned = {*about.get("learned", [])} & {one.sha256[:HEX] for one in self.seen.values()}
        self.held_out = tree.test is None
        if tree.test is not None:
            self.halves = {"train": tree.learn, "test": tree.test}
        elif recorded is None or (learned and about["held_out"]):
            learn, test = held_out(tree.learn, self.seen)
            self.halves = {"train": learn, "test": test}
            self.notes.append(
                f"no folder has test images: one picture in {SHARE}, chosen by its SHA-256, is one"
                if recorded is None
                else "the model has learned from pictures that are here: the test images are "
                "those that were held out"
            )
        else:
            self.halves = {"train": held_out(tree.learn, self.seen)[0], "test": tree.learn}
            self.notes.append("all of the pictures are test images")
        if learned and not (self.held_out and about["held_out"]):
            self.notes.append(
                "the model has learned from some of these test images, so this says little of it"
            )

    def examples(self, half: str) -> Examples:
        """Return the images and labels of a half."""
        if half not in self._known:
            self.check(half)
            pictures = self.halves[half]
            images = np.empty((len(pictures), *self.size), np.uint8)
            for place, image in enumerate(self._each(self._image, pictures)):
                images[place] = image
            labels = np.array([self.labels[one.name] for one in pictures], np.uint8)
            images.flags.writeable = labels.flags.writeable = False
            self._known[half] = Examples(images, labels)
        return self._known[half]

    def check(self, half: str) -> None:
        """Raise DataError unless there is something to learn, or to test with."""
        folder, learn = self.tree.folder, sorted({one.name for one in self.halves["train"]})
        found = None
        if not self.halves[half]:
            found = f"some pictures {'to learn from' if half == 'train' else 'for tests'}, found"
            found += " none: add a folder train with class folders" * (half == "train")
            found += " too few to hold any out: add more" * (half == "test")
        elif half == "train" and len(learn) < 2:
            found = (
                f"folders with the pictures of at least two classes, found one, {learn[0]}: name "
                "the folder in which they are"
            )
        elif half == "train" and self.tree.empty:
            found = (
                f"pictures in every class folder, found none in {', '.join(self.tree.empty)}: put "
                "some there, or remove it"
            )
        elif half == "train":
            others = sorted({one.name for one in self.halves["test"]} - {*learn}, key=natural)
            found = (
                f"pictures to learn from of each class that is tested, found none of "
                f"{', '.join(others)}: put some into train, or remove it from test"
                if others
                else None
            )
        if found:
            raise DataError(f"{folder}: expected {found}.")

    def about(self) -> dict[str, Any]:
        """Return what a model records of the pictures that it learns from."""
        digests = sorted({self.seen[one].sha256[:HEX] for one in self.halves["train"]})
        about: dict[str, Any] = {
            "pictures": {
                "how": self.how, "held_out": self.held_out, "learned": digests[:REMEMBERED],
            }
        }  # fmt: skip
        return {**about, "classes": list(self.names)} if self.names else about

    def _decide(
        self, pictures: list[Picture], recorded: Mapping[str, Any] | None, how: str | None
    ) -> tuple[str, Size]:
        """Return how the pictures become images, and the size of these."""
        wanted = tuple((recorded or {}).get("size", ()))
        sizes = {self.seen[one].size for one in pictures}
        size = next(iter(sizes))
        if len(sizes) == 1 and how != PREPARED and (size == wanted or not wanted):
            step = -(-len(pictures) // LOOKED_AT)
            most = WHITE if how else LIGHT
            if (wanted or max(size) <= SMALL) and self._edges(pictures[::step]) < most:
                return AS_THEY_ARE, size
        wanted = wanted or (SIDE, SIDE)
        if len(wanted) != 2 or wanted[0] != wanted[1]:
            raise DataError(
                f"{self.tree.folder}: expected pictures of {_text(wanted)} pixels, light on dark, "
                "as the model reads them, found others, which can only be prepared for a model "
                "that reads squares."
            )
        return PREPARED, wanted

    def _edges(self, pictures: list[Picture]) -> float:
        """Return how light the edges of some pictures are, on the whole."""
        return float(np.mean([*self._each(lambda one: edges(lightness(one.path)), pictures)]))

    def _image(self, picture: Picture) -> npt.NDArray[np.uint8]:
        """Return a picture as a net is to see it."""
        if self.how == PREPARED:
            rgba = read_image(picture.path)
            try:
                return prepare(rgba, self.size[0])
            except DataError as error:
                raise DataError(f"{picture.path}: {error}") from error
        light = lightness(picture.path)
        if light.shape != self.size:
            raise DataError(
                f"{picture.path}: expected a picture of {_text(self.size)} pixels, as the others "
                f"are, found {_text(light.shape)}."
            )
        return light

    def _each(self, do: Callable[[Picture], Done], pictures: Sequence[Picture]) -> Iterable[Done]:
        """Yield what is done with each picture. Raise one error at the end for all that are bad."""
        wrong: list[DataError] = []
        report = self.progress if len(pictures) > LOOKED_AT else None
        for count, picture in enumerate(pictures, start=1):
            try:
                done = do(picture)
            except DataError as error:
                wrong.append(error)
            else:
                if not wrong:
                    yield done
            if report:
                report(READING, count, len(pictures))
        if len(wrong) == 1:
            raise wrong[0]
        if wrong:
            told = " ".join(str(error) for error in wrong[:LISTED])
            more = f" The first {LISTED}:" if len(wrong) > LISTED else ""
            raise DataError(
                f"{self.tree.folder}: expected {len(pictures):,} pictures, found {len(wrong):,} "
                f"among them that cannot be read: mend or remove them.{more} {told}"
            )


def read_sorted(
    tree: Tree, recorded: Mapping[str, Any] | None = None, progress: Progress | None = None
) -> SortedPictures:
    """Return the data set that the pictures of a folder are.

    `recorded` is what a model that is to be measured tells of the data it was trained on. The
    pictures are read as for it; of a folder without any for tests, all are, unless it has learned
    from some. Without it, one in six of such a folder is held out for tests.
    """
    reader = Reader(tree, recorded, progress)
    parts = dict.fromkeys(PARTS, tree.folder)
    read = ["test"] if recorded is not None else ["train", "test"]
    try:
        for half in read:
            reader.check(half)
    except DataError:  # whoever asks for what is wrong hears of it
        name, about = "custom", {}
    else:
        name = known_name({half: reader.examples(half) for half in read}) or "custom"
        about = reader.about() if name == "custom" and recorded is None else {}
    return SortedPictures(name, parts, reader.names, tuple(reader.notes), about, reader)


def known_name(halves: Mapping[str, Examples]) -> str | None:
    """Return the name of the data set whose images and labels these are, if it has one."""
    for name, dataset in DATASETS.items():
        for half, examples in halves.items():
            known = [dataset.files.get(f"{half}-{kind}") for kind in ("images", "labels")]
            if not all(
                file and file.raw_sha256 and file.raw_size == array.nbytes + 4 + 4 * array.ndim
                and file.raw_sha256 == digest(array)
                for file, array in zip(known, examples)
            ):  # fmt: skip
                break
        else:
            return name
    return None


def held_out(
    pictures: Sequence[Picture], seen: Mapping[Picture, Seen]
) -> tuple[list[Picture], list[Picture]]:
    """Return the pictures to learn from, and one in SHARE for tests.

    The digest of a file alone decides which, so that a picture stays on its side whatever is added
    or renamed, and two copies are on the same. Only where a class would have nothing to learn from,
    or there would be no test at all, one changes sides.
    """

    def by_digest(one: Picture) -> tuple[str, str]:
        return seen[one].sha256, one.name

    test = {one for one in pictures if int(seen[one].sha256[:HEX], 16) % SHARE == 0}
    ordered = sorted(pictures, key=lambda one: one.name)
    several = []
    for _, group in groupby(ordered, key=lambda one: one.name):
        members = sorted(group, key=by_digest)
        several += members if seen[members[0]].sha256 != seen[members[-1]].sha256 else []
        if test.issuperset(members):
            test -= {one for one in members if seen[one].sha256 == seen[members[-1]].sha256}
    if not test and several:
        least = seen[min(several, key=by_digest)].sha256
        test = {one for one in several if seen[one].sha256 == least}
    return [one for one in pictures if one not in test], [one for one in pictures if one in test]


def look(picture: Picture) -> Seen:
    """Return what a file declares and its digest. Raise DataError for what is no picture."""
    name = str(picture.path)
    with opened(picture.path, name) as file:
        sha256 = hashlib.file_digest(cast("Any", file), "sha256").hexdigest()
        try:
            found = declared(file, name)
        except DataError:
            raise
        except Exception as error:  # the readers of what is damaged fail in many ways
            raise DataError(
                f"{name}: expected a whole picture, found a damaged one ({error}): use another "
                "copy, or remove it."
            ) from error
    size = found.height, found.width
    return Seen(size[::-1] if found.turn >= 5 else size, sha256)


def lightness(path: Path) -> npt.NDArray[np.uint8]:
    """Return how light (rows, columns) a picture is: the very bytes of one that is grey."""
    rgba = read_image(path)
    light = rgba[:, :, 0]
    if (rgba[:, :, 3] == 255).all() and (rgba[:, :, 1:3] == light[:, :, None]).all():
        return light
    return grey(rgba)


def edges(light: npt.NDArray[np.uint8]) -> float:
    """Return how light the edges of a picture are, from 0 to 255."""
    return float(np.concatenate([light[0], light[-1], light[1:-1, 0], light[1:-1, -1]]).mean())


def is_image(rgba: npt.NDArray[np.uint8], recorded: Mapping[str, Any]) -> bool:
    """Return whether a picture is such as a model, which records this, has learned from as it is.

    Then it is not prepared either when the model is to say what it shows.
    """
    return (
        recorded.get("pictures", {}).get("how") == AS_THEY_ARE
        and [*rgba.shape[:2]] == recorded.get("size")
        and edges(grey(rgba)) < WHITE
    )


def _text(size: Size) -> str:
    return " x ".join(map(str, size))
