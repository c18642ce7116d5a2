"""Find the four files of a data set in a folder, whatever other tools have called them."""

import re
from pathlib import Path

from simplenet.datasets.sources import DATASETS, FILES, PARTS
from simplenet.errors import DataError
from simplenet.files import open_regular

_SPELLING = re.compile(
    r"(?:.*[-_.])?(?P<half>train|training|t10k|test|testing)[-_. ]?(?P<kind>image|label)s?"
    r"(?:[-_. ]?idx[13]?)?(?:[-_. ]?ubyte)?(?:\.(?:gz|idx|bin))?",
    re.IGNORECASE,
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
    candidates = {place: _candidates(place) for place in places if place.is_dir()}
    complete = [place for place, parts in candidates.items() if len(parts) == len(PARTS)]
    if not complete:
        best = max(candidates, key=lambda place: len(candidates[place]))
        raise _incomplete(best, candidates[best])
    if len(complete) > 1 and folder not in complete:
        raise DataError(
            f"{folder}: expected one data set, found {', '.join(map(str, complete))}: name one."
        )
    return {part: _choose(part, paths) for part, paths in candidates[complete[0]].items()}


def _incomplete(folder: Path, parts: dict[str, list[Path]]) -> DataError:
    """Return an error that names the parts that a folder lacks, and what is there instead."""
    missing = [FILES[part].removesuffix(".gz") for part in PARTS if part not in parts]
    others = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    found = ", ".join(others[:8]) + (", ..." if len(others) > 8 else "") if others else "nothing"
    return DataError(
        f"{folder}: expected four IDX files, raw or .gz (spellings such as "
        "train-images.idx3-ubyte or test-labels are fine); "
        f"missing: {', '.join(missing)}; found: {found}. Pictures may lie there instead, in a "
        "folder for each class."
    )


def _candidates(folder: Path) -> dict[str, list[Path]]:
    """Return the files of a folder by the part that their names say they are."""
    parts: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        match = _SPELLING.fullmatch(path.name)
        if match and not path.name.startswith(".") and path.is_file():
            half = "train" if match["half"].lower().startswith("train") else "test"
            parts.setdefault(f"{half}-{match['kind'].lower()}s", []).append(path)
    return parts


def _choose(part: str, paths: list[Path]) -> Path:
    """Return the raw file where a gzipped one lies beside it. Raise DataError for any other two."""
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
    """Return whether a file begins as gzip files do, whatever its name."""
    with open_regular(path) as file:
        return file.read(2) == b"\x1f\x8b"
