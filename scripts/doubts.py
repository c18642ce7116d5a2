"""Tell how well `predict` knows what it does not know.

    SIMPLENET_DATA=FOLDER python scripts/doubts.py [MODEL...] [--images 100] [--also FILE.npz]

Of MNIST's test images and of people's pictures of digits (scripts/renderings.py, drawn from images
that training holds out), it tells what part of those read rightly is called unsure, and of those
misread; of things that are no digit (scripts/strange.py), what part is. Of these, the second half
of the kinds was used for choosing nothing, except for the face, whose eyes are looked for. Test
images are only reported on. Other people's digits, prepared, are given as files: x, bytes
(n, 28, 28), and their labels, y.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import renderings
import strange
from bench.tables import percent, table
from numpy.typing import NDArray
from pens import held_out

from simplenet import load_data, load_model, outputs
from simplenet.backprop import bundled
from simplenet.errors import DataError
from simplenet.pictures.doubt import opinion
from simplenet.pictures.several import Found, one_digit
from simplenet.training.run import Run

Bytes = NDArray[np.uint8]
SEED, PEOPLE = 2, 3  # of what is drawn: the second network has seen pictures of seed 1


class Seen(NamedTuple):
    """What a net sees of pictures, (n, 28, 28), and how many marks inside were left out of each."""

    images: Bytes
    marks: Sequence[int]


def asked(model: Run, seen: Seen) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which class a model gives each image, and where it is unsure."""
    found = outputs(model.network, seen.images)
    unsure = [not opinion(a, one, [model], marks).sure for a, one, marks in zip(found, *seen)]
    return found.argmax(axis=1), np.array(unsure)


def flagged(model: Run, seen: Seen, labels: Bytes) -> list[str]:
    """Return the accuracy, and what part of the right ones and of the errors is unsure."""
    classes, unsure = asked(model, seen)
    right = classes == labels
    return [
        percent(float(right.mean())),
        percent(float(unsure[right].mean())),
        percent(float(unsure[~right].mean())) if not right.all() else "-",
        f"{len(right):,} / {int((~right).sum())}",
    ]


def prepared(pictures: Iterable[Bytes]) -> list[Found | None]:
    """Return what is taken for the digit of each picture, None of one that is refused as blank."""
    found: list[Found | None] = []
    for picture in pictures:
        try:
            found.append(one_digit(picture))
        except DataError:
            found.append(None)
    return found


def seen_of(digits: Iterable[Found]) -> Seen:
    """Return what a net sees of what was taken for digits."""
    digits = list(digits)
    return Seen(np.array([one.pixels() for one in digits]), [one.marks for one in digits])


def people(count: int) -> tuple[Seen, Bytes]:
    """Return so many pictures of digits of each kind of rendering, prepared, and their labels."""
    images, labels = held_out()
    found, truth = [], []
    for number, kind in enumerate(renderings.KINDS):
        places = (number * count + np.arange(count)) % len(images)
        pictures = (renderings.picture(kind, images[i], PEOPLE, int(i)) for i in places)
        for one, label in zip(prepared(pictures), labels[places]):
            if one is not None:
                found.append(one)
                truth.append(label)
    return seen_of(found), np.array(truth)


def of_file(path: Path) -> tuple[Seen, Bytes]:
    """Return the images and the labels in a file of them."""
    with np.load(path, allow_pickle=False) as arrays:
        return Seen(arrays["x"], [0] * len(arrays["x"])), arrays["y"]


def things(kind: strange.Kind, count: int) -> Seen:
    """Return so many pictures of a kind that is no digit, prepared."""
    found = prepared(strange.picture(kind, SEED, number) for number in range(count))
    return seen_of(one for one in found if one is not None)


@click.command()
@click.argument("models", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--images", "count", default=100, show_default=True, help="Pictures of each kind.")
@click.option("--also", multiple=True, type=click.Path(exists=True, path_type=Path))
def main(models: tuple[Path, ...], count: int, also: tuple[Path, ...]) -> None:
    """Tell what MODELS, or the bundled network, are unsure of, and what they should be."""
    runs = {model.stem: load_model(model) for model in models} or {"bundled": bundled()}
    test, truth = (np.asarray(array) for array in load_data("mnist").test)
    whole = Seen(test, [0] * len(test))
    digits = {"MNIST, test": (whole, truth), "people's pictures": people(count)}
    digits |= {path.stem: of_file(path) for path in also}
    rows = [
        [name, title, *flagged(run, *some)]
        for name, run in runs.items()
        for title, some in digits.items()
    ]
    click.echo(table(["model", "digits", "right", "unsure: right", "errors", "n / errors"], rows))
    for title, kinds in {"learned from": strange.LEARNED, "unseen": strange.UNSEEN}.items():
        rows, sums = [], []
        for kind in kinds:
            some = things(kind, count)
            parts = [float(asked(run, some)[1].mean()) for run in runs.values()]
            rows.append([kind.__name__, *map(percent, parts)])
            sums.append(parts)
        rows.append(["mean", *map(percent, np.mean(sums, axis=0).tolist())])
        click.echo("\n" + table([f"unsure: no digit, {title}", *runs], rows))


if __name__ == "__main__":
    main()
