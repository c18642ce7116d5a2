"""What a network, or a committee, makes of a picture: its digits, their places, their outputs."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isqrt
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from simplenet.cli.data import called, names_of
from simplenet.errors import DataError, DivergedError, ModelError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from simplenet.functions import Floats
    from simplenet.pictures.doubt import Opinion
    from simplenet.pictures.several import Box, Found
    from simplenet.training.run import Run

    Pixels = npt.NDArray[np.uint8]

STDIN = "-"
TURNS = (0, 90, 180, 270)  # degrees clockwise
Models = Sequence[tuple[str | Path, "Run"]]


@dataclass(frozen=True, slots=True, eq=False)
class Digit:
    """What the first net sees of a digit, (rows, columns), and the mean outputs of all, (classes,).

    `opinion` says whether these are to be believed. `line` counts lines from 0; `box` is the place
    in the picture, in its pixels, where it is known.
    """

    pixels: "Pixels"
    outputs: "Floats"
    opinion: "Opinion"
    line: int = 0
    box: "Box | None" = None
    names: Sequence[str] = ()  # of the classes, where they have some

    @property
    def prediction(self) -> int:
        """Return the class with the largest output."""
        return int(self.outputs.argmax())

    @property
    def called(self) -> str:
        """Return what people call the class: its name, or its number."""
        return called(self.names, self.prediction)

    def as_json(self) -> dict[str, Any]:
        """Return what JSON.md says of a digit, but for its place."""
        return {
            "prediction": self.prediction,
            "name": self.called if self.names else None,
            "sure": self.opinion.sure,
            "doubt": [doubt._asdict() for doubt in self.opinion.doubt],
            "margin": self.opinion.margin,
            "least_margin": self.opinion.least_margin,
            "second": self.opinion.second,
            "unlikeness": self.opinion.unlikeness,
            "outputs": self.outputs.tolist(),
            "pixels": self.pixels.tolist(),
        }


OF_A_DIGIT = (
    "prediction", "name", "sure", "doubt", "margin", "least_margin", "second", "unlikeness",
    "outputs", "pixels",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Reading:
    """What has been read of a picture: one digit or several, or the sentence that says why none."""

    image: str
    digits: list[Digit] = field(default_factory=list)
    turn: int = 0  # degrees clockwise by which it was turned
    label: int | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        """Return the digits with blanks between, and a stroke between lines, such as 4 7 1 / 0 3.

        One that may be wrong has a ? behind it, where there are several.
        """
        if len(self.digits) == 1:
            return self.digits[0].called
        lines: dict[int, list[str]] = {}
        for digit in self.digits:
            said = f"{digit.called}{'' if digit.opinion.sure else '?'}"
            lines.setdefault(digit.line, []).append(said)
        return " / ".join(" ".join(line) for line in lines.values())

    @property
    def right(self) -> bool | None:
        """Return whether the label is the one digit that was read, None where there is none."""
        if self.label is None or self.error is not None:
            return None
        return [digit.prediction for digit in self.digits] == [self.label]

    def as_json(self) -> dict[str, Any]:
        """Return what JSON.md says of a picture."""
        none = dict.fromkeys(OF_A_DIGIT) | {"doubt": []}
        one = self.digits[0].as_json() if len(self.digits) == 1 else none
        result: dict[str, Any] = {
            "image": self.image,
            **one,
            "turn": self.turn,
            "label": self.label,
            "right": self.right,
            "error": self.error,
        }
        if len(self.digits) > 1:
            result["digits"] = [
                digit.as_json()
                | {"line": digit.line, "box": digit.box._asdict() if digit.box else None}
                for digit in self.digits
            ]
        return result


def read(models: Models, name: str, *, untouched: bool = False, turns: bool = False) -> Reading:
    """Return what some models make of a picture: the first one's view, and all their mean outputs.

    With `turns` it is tried upright, lying on each side, and upside down, and that is taken which
    has the largest mean margin between the two largest outputs. Raise DataError for what cannot be
    read or is empty, ModelError for a net that fits no picture, DivergedError for outputs that are
    not finite.
    """
    import numpy as np

    from simplenet.pictures.decode import MOST_PIXELS, read_picture
    from simplenet.pictures.kinds.declared import LARGE

    kinds = {kind_of_images(model) for _, model in models}
    # If a picture has to have as many pixels as a net has inputs, it may not be made smaller.
    exact = any(known is None and isqrt(pixels) ** 2 != pixels for pixels, known in kinds)
    source = "standard input" if name == STDIN else name
    with libraries_silent():
        picture = read_picture(
            standard_input() if name == STDIN else name,
            name=source,
            upright=not untouched,
            most_pixels=LARGE if untouched and exact else MOST_PIXELS,
        )
    best: Reading | None = None
    for turn in TURNS if turns else TURNS[:1]:
        quarters = turn // 90
        rgba = np.rot90(picture.rgba, -quarters)
        size = picture[1:] if quarters % 2 == 0 else picture[:0:-1]
        digits = look(models, rgba, size, source, untouched)
        found = Reading(name, digits, turn)
        if best is None or sureness(found) > sureness(best):
            best = found
    assert best is not None  # there is a turn
    return best


def sureness(reading: Reading) -> float:
    """Return the mean margin of the digits of a picture."""
    return sum(digit.opinion.margin for digit in reading.digits) / len(reading.digits)


def look(
    models: Models, rgba: "Pixels", size: tuple[int, int], source: str, untouched: bool
) -> list[Digit]:
    """Return the digits of a picture, (rows, columns, 4), whose file has this size.

    What was cut apart, as digits that touch, is one if nothing speaks against that, and something
    against its parts.
    """
    from simplenet.datasets.sorted import is_image
    from simplenet.pictures.several import digits_in, one_digit

    if untouched or is_image(rgba, models[0][1].data):
        return seen_by(models, rgba, size, source, None)
    try:
        found = digits_in(rgba)
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
    digits = seen_by(models, rgba, size, source, found)
    wholes = list({id(one.whole): one.whole for one in found if one.whole is not None}.values())
    if not wholes:
        return digits
    settled = list(zip(found, digits))
    for whole, digit in zip(wholes, seen_by(models, rgba, size, source, wholes)):
        parts = [number for number, (one, _) in enumerate(settled) if one.whole is whole]
        if digit.opinion.sure and not all(settled[part][1].opinion.sure for part in parts):
            settled[parts[0] : parts[-1] + 1] = [(whole, digit)]
    if len(settled) == 1:  # which is prepared as one digit ever is
        return seen_by(models, rgba, size, source, [one_digit(rgba)])
    return [digit for _, digit in settled]


def seen_by(
    models: Models,
    rgba: "Pixels",
    size: tuple[int, int],
    source: str,
    found: "list[Found] | None",
) -> list[Digit]:
    """Return what models see and say of the digits that were found, or of an untouched picture."""
    import numpy as np

    from simplenet.pictures.doubt import opinion
    from simplenet.pictures.prepare import seen, side_of
    from simplenet.pictures.several import scaled
    from simplenet.training.evaluation import outputs

    views, every = [], []
    for place, model in models:
        pixels, known = kind_of_images(model)
        try:
            if found is None:
                view = seen(rgba, pixels, known, untouched=True)[None]
            else:
                side = side_of(pixels, known)
                view = np.stack([digit.pixels(side) for digit in found])
            views.append(view)
            every.append(outputs(model.network, view))
        except ModelError as error:  # of a net that fits no picture
            raise ModelError(f"{place}: {error}") from error
        except DataError as error:
            raise DataError(f"{source}: {error}") from error
        except DivergedError as error:
            raise DivergedError(f"{place}: {source}: {error}") from error
    mean: Floats = np.mean(every, axis=0)
    runs = [model for _, model in models]
    names = names_of(runs[0])
    marks = [0] if found is None else [digit.marks for digit in found]
    opinions = [opinion(a, view, runs, left) for a, view, left in zip(mean, views[0], marks)]
    if found is None:
        return [Digit(views[0][0], mean[0], opinions[0], names=names)]
    return [
        Digit(view, output, told, digit.line, scaled(digit.box, rgba.shape, size), names)
        for digit, view, output, told in zip(found, views[0], mean, opinions)
    ]


def kind_of_images(model: "Run") -> tuple[int, tuple[int, int] | None]:
    """Return how many pixels a model reads, and as rows and columns, if that is known."""
    size = tuple(model.data.get("size", ()))  # images may be flat in their file
    return model.net.shape[0], (size[0], size[1]) if len(size) == 2 else None


def standard_input() -> IO[bytes]:
    """Return standard input, as bytes. Raise DataError if it is closed."""
    if sys.stdin is None or sys.stdin.closed:
        raise DataError(
            "standard input: expected a picture, found that it is closed: send one, such as with "
            "`simplenet predict - < digit.png`."
        )
    return sys.stdin.buffer


@contextlib.contextmanager
def libraries_silent() -> Iterator[None]:
    """Keep from standard error what libraries in C print there, such as libtiff of damage.

    What is wrong is said once, in a sentence.
    """
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
