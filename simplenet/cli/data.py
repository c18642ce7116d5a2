"""The data set, and the other models, that a model goes with."""

from collections.abc import Sequence
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simplenet.cli.bars import download_bar
from simplenet.cli.show import tell
from simplenet.errors import DataError, ModelError, counted

if TYPE_CHECKING:
    from simplenet.datasets.load import Data
    from simplenet.training.run import Run


def data_for(
    model: "Run", path: Path | str, data: str | None, offline: bool, *, quiet: bool = False
) -> "Data":
    """Load the data set that a model was trained on, or the one given with --data.

    A download draws a bar, unless it is to be `quiet`.

    Of pictures in folders, it is told on stderr how they were read. Raise ModelError if it is not
    known which data set that is; DataError unless it can be had, has no more
    classes than the model has outputs, and images of the size that the model learned from.
    """
    from simplenet.datasets.load import load_data, load_same

    if data is None and not model.data:
        raise ModelError(
            f"{path}: expected a model that records its data set, found one that does not: say "
            "which data to use with --data NAME or FOLDER."
        )
    with download_bar(quiet) as progress:
        if data is None:
            found = load_same(model.data, offline=offline, progress=progress)
        else:
            found = load_data(data, offline=offline, progress=progress, like=recorded(model))
    check_data(model, path, found)
    if not quiet:
        tell_notes(found)
    return found


def recorded(model: "Run") -> dict[str, Any]:
    """Return what a model records of its data, with the size of images that it can only have."""
    side = isqrt(model.net.shape[0])
    square = {"size": [side, side]} if side * side == model.net.shape[0] else {}
    return {**square, **model.data}


def names_of(model: "Run") -> list[str]:
    """Return the names of the classes that a model tells apart; none if they have only numbers."""
    return list(model.data.get("classes", ()))


def called(names: Sequence[str], label: int) -> str:
    """Return what people call a class: its name, or its number."""
    return names[label] if names else str(label)


def tell_notes(data: "Data") -> None:
    """Say on stderr what a person has to know of how a data set was read."""
    for note in data.notes:
        tell(f"note  {note}", err=True)


def check_data(model: "Run", path: Path | str, data: "Data") -> None:
    """Raise DataError unless a model can read these images, and name all of their classes."""
    outputs = model.net.shape[-1]
    if data.classes > outputs:
        raise DataError(
            f"{data.name}: expected at most {counted(outputs, 'class', 'classes')}, the outputs "
            f"of {path}, found {data.classes}: use the data set the model was made for."
        )
    names = model.data.get("classes")
    if names and [*(data.names or ())] != names:
        raise DataError(
            f"{data.name}: expected the classes {', '.join(names)}, which {path} was trained on, "
            f"found {', '.join(data.names or ()) or 'numbers'}: use the data set the model was "
            "made for."
        )
    known, size = model.data.get("size"), list(data.test.images.shape[1:])
    if known is not None and known != size:  # as many pixels in another shape are other pixels
        raise DataError(
            f"{data.name}: expected images of {_size(known)} pixels, as {path} was trained on, "
            f"found {_size(size)}: use the data set the model was made for."
        )


def check_member(run: "Run", name: Path | str, first: "Run", named: Path | str) -> None:
    """Raise ModelError unless a model can sit in a committee with the first."""
    said, expected = (", ".join(names_of(one)) or "numbers" for one in (run, first))
    if run.net.shape[-1] != first.net.shape[-1]:
        raise ModelError(
            f"{name}: expected {counted(first.net.shape[-1], 'output')}, as {named} has, found "
            f"{run.net.shape[-1]}: a committee is of models for the same classes."
        )
    if said != expected:  # the third output of one is no evidence for the third of another
        raise ModelError(
            f"{name}: expected the classes {expected}, as {named} has, found {said}: a committee "
            "is of models for the same classes."
        )


def _size(size: list[int]) -> str:
    return " x ".join(map(str, size))
