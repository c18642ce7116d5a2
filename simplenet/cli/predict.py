"""`simplenet predict`: what a network makes of pictures."""

import json
import os
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simplenet.cli.data import called, check_member, names_of
from simplenet.cli.drawing import echo_drawn, encoding, width
from simplenet.cli.parameters import (
    Grouped,
    GroupedOption,
    any_file,
    json_option,
    quiet_option,
)
from simplenet.cli.reading import STDIN, Digit, Models, Reading, read
from simplenet.cli.show import Coloured, Piece, Prose, echo, percent, printable, shape_text, tell
from simplenet.errors import DataError, DivergedError, counted
from simplenet.files import open_regular
from simplenet.training.blas import set_threads

if TYPE_CHECKING:
    from simplenet.training.run import Run

MANY = 10  # pictures, or digits in one: what is more is not drawn


@click.command("predict", cls=Grouped)
@click.argument(
    "images", nargs=-1, required=True, metavar="[MODEL...] IMAGE...", shell_complete=any_file
)
@click.option(
    "--raw",
    "untouched",
    is_flag=True,
    cls=GroupedOption,
    group="Run",
    help="Only resize the picture, and see why it has to be prepared.",
)
@click.option(
    "--turns",
    is_flag=True,
    cls=GroupedOption,
    group="Run",
    help="Try each picture in all four quarter turns, and take the surest.",
)
@quiet_option("Print one line for each picture, and no notices.")
@json_option
def command(
    images: tuple[str, ...], untouched: bool, turns: bool, quiet: bool, as_json: bool
) -> None:
    """Say which digits each IMAGE shows.

    MODEL is a saved model; of several, the outputs are averaged; without any, one that comes with
    simplenet is asked. An IMAGE is a picture of a digit or of several, such as PNG or JPEG: dark on
    light or light on dark, of any size, anywhere in it; or a folder of such pictures; - reads one
    from standard input. Digits are read from left to right, in lines from top to bottom. Each is
    prepared as the digits of MNIST were, and what the network then sees is drawn beside its
    outputs, unless there are more than ten pictures. Pictures are read by Pillow, which `python -m
    pip install pillow` brings.

    Where the names of all files or their folders give a label, such as 7/a.png, 7_03.png or
    img-label7.png, wrong predictions are marked, and the accuracy comes last.

    \b
    Examples:
      simplenet predict photo.jpg
      simplenet predict model.npz 1.png 2.png --json
      simplenet predict photo.jpg --raw
      simplenet predict -q folder
    """
    models, images = split_arguments(images)
    if untouched and turns:
        raise click.UsageError("expected --raw or --turns, found both.")
    set_threads("auto", 0)
    asked = loaded(models, quiet)
    pictures = gathered(images, quiet)
    labelled = with_labels(pictures, asked[0][1])
    code, line_only = 0, quiet or len(pictures) > MANY
    for number, picture in enumerate(pictures):
        if picture.error is None:
            try:
                found = read(asked, picture.image, untouched=untouched, turns=turns)
                picture.digits, picture.turn = found.digits, found.turn
            except (DataError, DivergedError) as error:
                picture.error, code = str(error), max(code, error.exit_code)
                if len(pictures) == 1 and not as_json:
                    raise
        else:
            code = max(code, DataError.exit_code)
            if len(pictures) == 1 and not as_json:
                raise DataError(picture.error)
        if picture.error is not None:
            echo(f"Error: {picture.error}", err=True)
        elif not as_json:
            if number and not line_only:
                echo("")
            alone = [picture.image] == list(images)  # then it needs no name
            show(picture, alone=alone, drawn=not line_only)
    if as_json:  # with a line for each image, for a line for each pixel would fill pages
        lines = ",\n".join(json.dumps(picture.as_json(), allow_nan=False) for picture in pictures)
        echo("[", *lines.split("\n"), "]")
    elif labelled and len(pictures) > 1:
        tell_score(pictures, apart=not line_only)
    if code:
        click.get_current_context().exit(code)


def loaded(models: tuple[str, ...], quiet: bool) -> Models:
    """Return models with their names, or the bundled one, which is told."""
    from simplenet.backprop import bundled, bundled_path
    from simplenet.training.modelfile import load_model

    names: tuple[str | Path, ...] = models or (bundled_path(),)
    members: list[Run] = [load_model(name) for name in models] or [bundled()]
    for name, member in zip(names, members):
        check_member(member, name, members[0], names[0])
    if not models and not quiet:
        shape, data = shape_text(members[0].net.shape), members[0].data["name"]
        tell(f"no MODEL: asking the bundled network, {shape}, trained on {data}", err=True)
    return list(zip(names, members))


def gathered(images: Sequence[str], quiet: bool) -> list[Reading]:
    """Return a reading, still to be made, for each picture, also for those in folders.

    That of a folder without any says so. Other files in folders are told of.
    """
    from simplenet.pictures.folders import pictures_in

    found: list[Reading] = []
    others = 0
    for image in images:
        if image == STDIN or not os.path.isdir(image):
            found.append(Reading(image))
            continue
        try:
            names, more = pictures_in(image)
        except DataError as error:
            found.append(Reading(image, error=str(error)))
            continue
        if names:
            others += more
            found += [Reading(name) for name in names]
        else:
            files = counted(more, "other file") if more else "no file"
            found.append(
                Reading(
                    image,
                    error=f"{image}: expected a folder with pictures, found {files} in it and "
                    "below: name another, or save pictures there as PNG.",
                )
            )
    if others and not quiet:
        tell(f"skipped {counted(others, 'file')} in folders: no pictures", err=True)
    return found


def with_labels(pictures: list[Reading], model: "Run") -> bool:
    """Give each picture its label, if the names of all tell it, and return whether they do."""
    from simplenet.pictures.folders import labels_of

    named = [picture for picture in pictures if not os.path.isdir(picture.image)]
    if any(picture.image == STDIN for picture in named):
        return False
    names = [picture.image for picture in named]
    labels = labels_of(names, model.net.shape[-1], names_of(model))
    for picture, label in zip(named, labels or []):
        picture.label = label
    return labels is not None


def show(picture: Reading, *, alone: bool, drawn: bool) -> None:
    """Print what has been read of a picture: a line, and what the net sees if it is `drawn`."""
    from simplenet.pictures.terminal import can_draw_blocks, side_by_side

    first, several = picture.digits[0], len(picture.digits) > 1
    title = "prediction " if alone and not several else f"{picture.image}: "
    read, *others = picture.text.split(" ")
    pieces: list[Piece | Prose] = [Prose((f"{title}{read}", *others))]
    if picture.turn:
        pieces.append(f"turned by {picture.turn}")
    if picture.label is not None and not picture.right:
        pieces.append(Coloured(f"expected {called(first.names, picture.label)}", "red"))
    if several:
        if not all(digit.opinion.sure for digit in picture.digits):
            pieces.append("(?: unsure)")
    elif not first.opinion.sure:
        doubt = f"(unsure: {first.opinion.text})" if drawn else "(unsure)"
        pieces.append(Prose(tuple(doubt.split(" "))))
    tell(pieces)
    if not drawn:
        return
    if not several:
        blocks = can_draw_blocks(encoding())
        names = [printable(name) for name in first.names]
        beside = side_by_side(
            first.pixels, first.outputs, names=names, blocks=blocks, width=width()
        )
        echo("", *beside.split("\n"))
    elif len(picture.digits) <= MANY:
        echo("")
        echo_drawn((caption(digit), digit.pixels) for digit in picture.digits)
    else:
        echo("", *map(caption, picture.digits))


def caption(digit: Digit) -> str:
    """Return a digit with its place, such as `4 at 120,35 (48 x 70)`."""
    box = digit.box
    place = f" at {box.left},{box.top} ({box.width} x {box.height})" if box else ""
    return f"{digit.called}{'' if digit.opinion.sure else '?'}{place}"


def tell_score(pictures: list[Reading], *, apart: bool) -> None:
    """Print which part of the pictures that could be read has been read right."""
    known = [picture.right for picture in pictures if picture.right is not None]
    if known:
        echo(*[""] * apart, f"accuracy {percent(sum(known) / len(known))} "
             f"({sum(known):,} of {len(known):,} right)")  # fmt: skip


def split_arguments(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the models, which come first, and the images. Raise UsageError without an image."""
    models = tuple(takewhile(looks_like_model, arguments))
    images = arguments[len(models) :]
    late = [name for name in images if looks_like_model(name)]
    if late or not images:
        found = f"{late[0]} among the images: models come first" if late else "none"
        raise click.UsageError(f"IMAGE...: expected pictures, found {found}.")
    return models, images


def looks_like_model(name: str) -> bool:
    """Return whether this is a model rather than a picture, by its name or how the file begins.

    What is no file, such as a pipe, is not opened: what is read from it is gone.
    """
    if name == STDIN:
        return False
    if name.lower().endswith(".npz"):
        return True
    try:
        with open_regular(name) as file:
            return file.read(4) == b"PK\x03\x04"
    except (OSError, ValueError):  # reading the picture will say what is wrong with it
        return False
