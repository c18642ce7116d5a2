"""`simplenet predict`: what a network makes of a picture."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from itertools import takewhile
from math import isqrt
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from simplenet.cli.data import check_member
from simplenet.cli.parameters import Grouped, GroupedOption, any_file, json_option
from simplenet.cli.show import echo, shape_text
from simplenet.errors import DataError, DivergedError, ModelError
from simplenet.files import open_regular
from simplenet.training.blas import set_threads

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from simplenet.functions import Floats
    from simplenet.pictures.doubt import Opinion
    from simplenet.training.run import Run

STDIN = "-"


@click.command("predict", cls=Grouped)
@click.argument(
    "images", nargs=-1, required=True, metavar="[MODEL...] IMAGE...", shell_complete=any_file
)
@click.option(
    "--raw", "untouched", is_flag=True, cls=GroupedOption, group="Run",
    help="Only resize the picture, and see why it has to be prepared.",
)  # fmt: skip
@json_option
def command(images: tuple[str, ...], untouched: bool, as_json: bool) -> None:
    """Say which digit each IMAGE shows.

    MODEL is a saved model; of several, the outputs are averaged; without any, one that comes with
    simplenet is asked. An IMAGE is a
    picture of one digit, such as PNG or JPEG: dark on light or light on dark, of any size, anywhere
    in it; - reads it from standard input. It is prepared as the digits of MNIST were, and what the
    network then sees is drawn beside its outputs. Pictures are read by Pillow, which `python -m pip
    install pillow` brings.

    \b
    Examples:
      simplenet predict photo.jpg
      simplenet predict model.npz 1.png 2.png --json
      simplenet predict photo.jpg --raw
    """
    models, images = split_arguments(images)
    set_threads("auto", 0)

    from simplenet.backprop import bundled, bundled_path
    from simplenet.pictures.terminal import can_draw_blocks, side_by_side
    from simplenet.training.modelfile import load_model

    names: tuple[str | Path, ...] = models or (bundled_path(),)
    loaded = [load_model(name) for name in models] or [bundled()]
    for name, member in zip(names, loaded):
        check_member(member, name, loaded[0], names[0])
    if not models:
        shape, data = shape_text(loaded[0].net.shape), loaded[0].data["name"]
        echo(f"no MODEL: asking the bundled network, {shape}, trained on {data}", err=True)
    blocks = can_draw_blocks(getattr(sys.stdout, "encoding", None))
    results: list[dict[str, object]] = []
    code = 0
    for name in images:
        try:
            pixels, found = run(list(zip(names, loaded)), name, untouched)
        except (DataError, DivergedError) as error:
            if len(images) == 1 and not as_json:
                raise
            echo(f"Error: {error}", err=True)
            results.append({"image": name, "prediction": None, "error": str(error)})
            code = max(code, error.exit_code)
            continue
        prediction = int(found.argmax())
        doubt = doubt_of(found, pixels, loaded)
        results.append(
            {
                "image": name,
                "prediction": prediction,
                **about_doubt(doubt),
                "outputs": found.tolist(),
                "pixels": pixels.tolist(),
            }
        )
        if not as_json:
            title = f"{name}: " if len(images) > 1 else "prediction "
            told = "" if doubt.sure else f"  (unsure: {doubt.text})"
            echo(*[""] * (len(results) > 1), f"{title}{prediction}{told}", "")
            echo(*side_by_side(pixels, found, blocks=blocks).split("\n"))
    if as_json:  # with a line for each image, for a line for each pixel would fill pages
        lines = ",\n".join(json.dumps(result, allow_nan=False) for result in results)
        echo("[", *lines.split("\n"), "]")
    if code:
        click.get_current_context().exit(code)


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


def run(
    models: "list[tuple[str | Path, Run]]", name: str, untouched: bool
) -> tuple["npt.NDArray[np.uint8]", "Floats"]:
    """Return what the net of the first of some models sees of an image, and their mean outputs."""
    import numpy as np

    from simplenet.pictures.decode import MOST_PIXELS, read_image
    from simplenet.pictures.kinds.declared import LARGE
    from simplenet.pictures.prepare import seen
    from simplenet.training.evaluation import outputs

    kinds = {kind_of_images(model) for _, model in models}
    # If a picture has to have as many pixels as a net has inputs, it may not be made smaller.
    exact = any(known is None and isqrt(pixels) ** 2 != pixels for pixels, known in kinds)
    called = "standard input" if name == STDIN else name
    with libraries_silent():
        rgba = read_image(
            standard_input() if name == STDIN else name,
            name=called,
            upright=not untouched,
            most_pixels=LARGE if untouched and exact else MOST_PIXELS,
        )
    views, every = [], []
    for place, model in models:
        try:
            pixels = seen(rgba, *kind_of_images(model), untouched=untouched)
            views.append(pixels)
            every.append(outputs(model.network, pixels[None])[0])
        except ModelError as error:  # of a net that fits no picture
            raise ModelError(f"{place}: {error}") from error
        except DataError as error:
            raise DataError(f"{called}: {error}") from error
        except DivergedError as error:
            raise DivergedError(f"{place}: {called}: {error}") from error
    mean: Floats = np.mean(every, axis=0)
    return views[0], mean


def doubt_of(found: "Floats", pixels: "npt.NDArray[np.uint8]", models: "list[Run]") -> "Opinion":
    """Return whether to believe the mean outputs of some models for what the first of them saw."""
    from simplenet.pictures.doubt import opinion

    return opinion(found, pixels, models)


def about_doubt(opinion: "Opinion") -> dict[str, object]:
    """Return an opinion as `--json` prints it."""
    return {
        "sure": opinion.sure,
        "doubt": [doubt._asdict() for doubt in opinion.doubt],
        "margin": opinion.margin,
        "least_margin": opinion.least_margin,
        "second": opinion.second,
        "unlikeness": opinion.unlikeness,
    }


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
