"""Find pictures that are sorted into folders by class.

    digits/0/*.png ... digits/9/*.jpg              class folders alone
    digits/train/0/*.png, digits/test/0/*.png      class folders to learn from, and for tests

Where all folders have numbers below 256 as names, these are the classes. Any other names are
numbered from 0, in the order in which people sort them (`class 2` before `class 10`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from simplenet.errors import DataError
from simplenet.pictures.folders import natural

HALVES = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validation"),
}
MOST_CLASSES = 256  # a label is a byte
NO_PICTURES = {"thumbs.db", "desktop.ini", "__macosx", "icon\r"}  # what systems leave in folders
TEXTS = {".txt", ".csv", ".tsv", ".json", ".xml", ".md", ".html", ".db", ".ini"}  # beside pictures
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic"}
LISTED = 8  # names in a sentence
AS_THEY_ARE, PREPARED = "as they are", "prepared"  # how pictures become images
REMEMBERED = 16  # pictures by which a model knows that it has learned from a folder


class Picture(NamedTuple):
    """A file that is to be a picture, and the name of its class."""

    path: Path
    name: str


class Tree(NamedTuple):
    """The pictures of a folder."""

    folder: Path
    learn: list[Picture]
    test: list[Picture] | None  # None where there are class folders alone
    empty: list[str]  # class folders to learn from in which no picture is
    notes: list[str]


def find_pictures(folder: Path) -> Tree | None:
    """Find the pictures in the class folders of a folder, or of `train` and `test` in it.

    Return None for a folder that has no folders with files, nor pictures. Raise DataError where
    class folders are expected, and there are none; OSError for a folder that cannot be read.
    """
    halves = _halves(folder)
    if not halves:
        tree = _class_folders(folder)
        learn, empty = _gathered(tree)
        loose = [path.name for path in _visible(folder) if path.suffix.lower() in PICTURES]
        if loose and not learn:
            raise DataError(
                f"{folder}: expected four IDX files, or pictures in a folder for each class, found "
                f"pictures outside of any, {_listed(loose)}: put each into a folder with the name "
                "of its class."
            )
        return Tree(folder, learn, None, empty, _said(folder, tree, empty)) if learn else None
    held = "test" if "test" in halves else "validation"
    notes = []
    if "test" in halves and "validation" in halves:
        notes.append(
            f"{halves['validation'].name} is not read: what validates is held out of "
            f"{halves['train'].name if 'train' in halves else 'what is learned from'}"
        )
    if "train" in halves and held == "validation" and held in halves:
        notes.append(f"the test images are those of {halves[held].name}, for there is no test")
    found: dict[str, list[Picture]] = {}
    empty = []
    for half in ("train", held):
        if half not in halves:
            continue
        tree = _class_folders(halves[half])
        found[half], without = _gathered(tree)
        if not found[half]:
            raise DataError(
                f"{halves[half]}: expected a folder for each class, with pictures in it, found "
                f"{_listed(path.name for path in _visible(halves[half]))}: sort them into folders."
            )
        notes += _said(halves[half], tree, without)
        empty += without if half == "train" else []
    if held not in found:
        return Tree(folder, found["train"], None, empty, notes)
    return Tree(folder, found.get("train", []), found[held], empty, notes)


def names_of(tree: Tree) -> list[str]:
    """Return the names of the classes, in the order that people give them."""
    return sorted({picture.name for picture in (*tree.learn, *(tree.test or []))}, key=natural)


def numbered(
    names: Iterable[str], folder: Path, recorded: Mapping[str, Any] | None
) -> tuple[dict[str, int], tuple[str, ...] | None]:
    """Return the label of each class, and the names of all labels unless these are numbers.

    `recorded` is what a model tells of the data that it was trained on: its labels are taken then.
    Raise DataError for a class that the model does not know, and for more than MOST_CLASSES.
    """
    names = list(names)
    if recorded is not None and "classes" in recorded:
        known = {name: label for label, name in enumerate(recorded["classes"])}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise DataError(
                f"{folder}: expected folders with the names of the classes that the model was "
                f"trained on, {_listed(known)}; found {_listed(unknown)}: rename "
                "them, or name the folder that has them in it."
            )
        return {name: known[name] for name in names}, tuple(recorded["classes"])
    numbers = {name: int(name) for name in names if re.fullmatch("[0-9]{1,9}", name)}
    if len(numbers) == len(names) and max(numbers.values()) < MOST_CLASSES:
        twice = [name for name in names if list(numbers.values()).count(numbers[name]) > 1]
        if twice:
            raise DataError(
                f"{folder}: expected one folder for each class, found {_listed(twice)}, which are "
                "the same number: put them together."
            )
        return numbers, None
    if recorded is not None:
        others = [name for name in names if numbers.get(name, MOST_CLASSES) >= MOST_CLASSES]
        raise DataError(
            f"{folder}: expected folders with the numbers of the classes as names, such as 0 and "
            f"1, since the model knows no other names; found {_listed(others)}: rename them, or "
            "name the folder that has them in it."
        )
    if len(names) > MOST_CLASSES:
        raise DataError(
            f"{folder}: expected at most {MOST_CLASSES} classes, found {len(names):,} folders with "
            "pictures."
        )
    return {name: label for label, name in enumerate(names)}, tuple(names)


# --- what is there --------------------------------------------------------------------------------


def _halves(folder: Path) -> dict[str, Path]:
    """Return the folders to learn from and for tests, if these are how a folder is divided."""
    found: dict[str, Path] = {}
    for path in _visible(folder):
        half = next((half for half, names in HALVES.items() if path.name.lower() in names), None)
        if half is None or not path.is_dir():
            continue
        if half in found:
            raise DataError(
                f"{folder}: expected one folder for each part, found {found[half].name} and "
                f"{path.name}: move one elsewhere."
            )
        found[half] = path
    return found


def _class_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the files in each class folder, by the name of the class."""
    found: dict[str, list[Path]] = {}
    for path in _visible(folder):
        if path.is_dir():
            found.setdefault(_shown(path.name), []).extend(_files(path))
    return found


def _gathered(tree: dict[str, list[Path]]) -> tuple[list[Picture], list[str]]:
    """Return the pictures in order, and the classes that have none.

    The order is that of the names of the files: where they count through a data set, as people
    write MNIST as PNG, the pictures are in the order of that data set, whatever their classes.
    """
    pictures = [Picture(path, name) for name, paths in tree.items() for path in paths]
    pictures.sort(key=lambda one: (natural(one.path.name), natural(one.name), str(one.path)))
    return pictures, sorted((name for name, paths in tree.items() if not paths), key=natural)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder, and in those below it, that are to be pictures."""
    todo, seen = [folder], set()
    while todo:
        place = todo.pop()
        status = place.stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back
            continue
        seen.add((status.st_dev, status.st_ino))
        for path in _visible(place):
            if path.is_dir():
                todo.append(path)
            elif path.suffix.lower() not in TEXTS:
                yield path


def _visible(folder: Path) -> list[Path]:
    """Return what is in a folder, but for what is hidden or was left there by the system."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in NO_PICTURES
    )


def _said(folder: Path, tree: dict[str, list[Path]], empty: list[str]) -> list[str]:
    """Return what has to be said of a folder with class folders."""
    loose = [
        path for path in _visible(folder) if path.is_file() and path.suffix.lower() not in TEXTS
    ]
    notes = [f"no pictures in {_listed(empty)} of {folder.name}"] if empty else []
    if loose:
        notes.append(f"not read, for no class folder holds it: {_listed(p.name for p in loose)}")
    return notes


def _shown(name: str) -> str:
    """Return the name of a class as it is shown and compared, whatever system has written it."""
    name = unicodedata.normalize("NFC", name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _listed(names: Iterable[str]) -> str:
    """Return some names as a sentence has them."""
    some = [_shown(name) for name in names]
    return (", ".join(some[:LISTED]) + (", ..." if len(some) > LISTED else "")) or "nothing"
