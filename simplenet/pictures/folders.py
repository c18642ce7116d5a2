"""Pictures in a folder and in all below it, and the labels that names of files or folders give."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from simplenet.errors import DataError, reason
from simplenet.files import open_regular
from simplenet.pictures.kinds.known import HEAD, reader_of

# HEIC is read by nobody here, but is a picture: what is to be done about it is said then.
ENDING = re.compile(
    r"\.(png|jpe?g?|jfif|gif|webp|bmp|dib|tiff?|tga|ico|p[bgpnf]m|hei[cf]|avif)", re.IGNORECASE
)
WORD = "(?:(?:class|label|digit)[ _-]?)?"


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return what names are sorted by: as words, but numbers in them as numbers."""
    parts = re.split(r"([0-9]+)", name.casefold())
    key = [(0, int(part), "") if part[:1].isdecimal() else (1, 0, part) for part in parts if part]
    return key, name  # so that no two names are equal


def pictures_in(folder: str | os.PathLike[str]) -> tuple[list[str], int]:
    """Return the pictures in a folder, sorted as people do, and how many other files there are.

    A picture is what is called one, or begins as one does. What is below a folder comes after what
    is in it. Hidden files and folders are left out; links are followed, but each folder is looked
    at only once. Raise DataError for a folder that cannot be read.
    """
    found: list[str] = []
    others = 0
    seen: set[str] = set()
    waiting = [os.fspath(folder)]
    while waiting:
        place = waiting.pop()
        real = os.path.realpath(place)
        if real in seen:
            continue
        seen.add(real)
        try:
            names = sorted(os.listdir(place), key=natural)
        except OSError as error:
            raise DataError(
                f"{place}: expected a folder of pictures, found that it cannot be read: "
                f"{reason(error)}."
            ) from error
        below = []
        for name in names:
            path = os.path.join(place, name)
            if name.startswith("."):
                continue
            if os.path.isdir(path):
                below.append(path)
            elif is_picture(path):
                found.append(path)
            else:
                others += 1
        waiting += reversed(below)
    return found, others


def is_picture(path: str) -> bool:
    """Return whether a file is called a picture, or begins as one does."""
    if ENDING.fullmatch(os.path.splitext(path)[1]):
        return True
    try:
        with open_regular(path) as file:
            head = file.read(HEAD)
    except OSError:
        return False
    reader = reader_of(head)
    return reader is not None and reader.__name__ != "tga"  # which begins as much does


# --- labels ---------------------------------------------------------------------------------------


def labels_of(
    names: Sequence[str], classes: int = 10, called: Sequence[str] = ()
) -> list[int] | None:
    """Return the label that the name of each picture gives, or None where no rule fits all.

    Where classes are `called` by names, its folder has to have one, as in `cat/1.png`: a number
    would be that of a name in the alphabet, which nobody counts. Else one of these has to be so of
    every picture, and give a class:

    - `label7` or `class7` is in the file's name, as in `img_004-label7.png`;
    - its folder is called `7`, `class_7`, `label-7` or `digit 7`;
    - it is called `7`, `7_03`, `digit7` or `digit-7-03`. A single picture may be called so by
      chance, and pictures that are 0, 1, 2... or 1, 2, 3... without every class are only counted.
    """
    if called:
        folders = [Path(os.path.abspath(name)).parent.name for name in names]
        known = folders and set(folders) <= set(called)
        return [called.index(folder) for folder in folders] if known else None
    for rule in (_by_word, _by_folder, _by_name):
        found = [rule(Path(os.path.abspath(name))) for name in names]
        labels = [int(label) for label in found if label is not None]
        if not labels or len(labels) < len(names) or max(labels) >= classes:
            continue
        if rule is not _by_name or not counted(labels, classes):
            return labels
    return None


def _by_word(path: Path) -> str | None:
    found = re.findall(r"(?<![^\W_])(?:class|label)[ _-]?([0-9]+)", path.stem.lower())
    return found[0] if len(found) == 1 else None


def _by_folder(path: Path) -> str | None:
    found = re.fullmatch(WORD + "([0-9]+)", path.parent.name.lower())
    return found[1] if found else None


def _by_name(path: Path) -> str | None:
    found = re.fullmatch(WORD + "([0-9]+)(?:[ _-][0-9]+)?", path.stem.lower())
    return found[1] if found else None


def counted(labels: Sequence[int], classes: int) -> bool:
    """Return whether these may be but the numbers of pictures: 0, 1, 2... or 1, 2, 3..."""
    first = min(labels)
    runs = sorted(labels) == list(range(first, first + len(labels)))
    return len(labels) == 1 or (runs and first <= 1 and len(labels) < classes)
