"""`simplenet show`: digits of a data set, drawn in the terminal."""

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.bars import download_bar
from simplenet.cli.config import usage_errors
from simplenet.cli.parameters import Checked, Grouped, GroupedOption, data_options, table_options
from simplenet.cli.show import echo
from simplenet.errors import DataError
from simplenet.options import DISTORTION_NAMES, integer, shown
from simplenet.presets import PRESETS
from simplenet.training.blas import set_threads

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from simplenet.datasets.load import Examples

PATIENCE = 4  # seconds for each mirror to answer
MOST = 1000  # drawings


def positions(text: Any) -> tuple[int, ...]:
    """Read the positions of images, such as 7 or 0,59999."""
    try:
        found = tuple(map(integer(0), text.split(",")))
    except (ValueError, AttributeError):
        found = ()
    if not 0 < len(found) <= MOST:
        raise ValueError(
            f"expected positions from 0 with commas between, such as 0,7; found {shown(text)}"
        )
    return found


def _option(
    name: str, check: Callable[[Any], Any], text: str, default: Any = None, metavar: str = "N"
) -> Callable[[Any], Any]:
    return click.option(
        name, type=Checked(metavar, check), metavar=metavar, default=default, cls=GroupedOption,
        show_default=default is not None, group="Digits", help=text,
    )  # fmt: skip


@click.command("show", cls=Grouped)
@click.option(
    "--test", "of_test", is_flag=True, cls=GroupedOption, group="Digits",
    help="Take test images, not training images.",
)  # fmt: skip
@_option("--index", positions, "Those at these positions, from 0.", metavar="N[,N...]")
@_option("--class", integer(0, 255), "Only those of one class.")
@_option("--count", integer(1, MOST), "How many, at random.", default=10)
@_option("--seed", integer(0, 2**32 - 1), "Where the random numbers start.", default=0)
@click.option(
    "--distort", "as_preset", is_flag=True, cls=GroupedOption,
    group="Distortion of training images",
    help="Show each digit, and how the preset distorted would change it.",
)  # fmt: skip
@table_options(*DISTORTION_NAMES)
@data_options
def command(
    data: str | None,
    offline: bool,
    of_test: bool,
    index: tuple[int, ...] | None,
    count: int,
    seed: int,
    as_preset: bool,
    **options: Any,
) -> None:
    """Draw digits of a data set.

    With --distort, or a strength of one's own, each is drawn twice: as it is, and as a net that is
    trained with such distortions sees it, at another time in another way.

    \b
    Examples:
      simplenet show --count 4
      simplenet show --data sample --test --class 7
      simplenet show --index 0,1,2 --distort
      simplenet show --rotation 30 --stroke 1
    """
    if index is not None and options["class"] is not None:
        raise click.UsageError("expected --index or --class, found both.")
    set_threads("auto", 0)

    import numpy as np

    from simplenet.datasets.load import VARIABLE, load_data
    from simplenet.pictures.terminal import beside, can_draw_blocks, draw

    strengths = strengths_of(options, as_preset)
    with download_bar() as progress:
        try:
            found = load_data(data, offline=offline, timeout=PATIENCE, progress=progress)
        except DataError:
            if data is not None or os.environ.get(VARIABLE):
                raise
            echo("MNIST cannot be had here: these are digits of the sample", err=True)
            found = load_data("sample")
    examples = found.test if of_test else found.train
    rng = np.random.default_rng(seed)
    chosen = choose_images(examples, index, options["class"], count, rng)
    plain = as_images(examples.images, chosen, found.name)
    changed = distorted(plain, rng, strengths) if strengths else None
    blocks = can_draw_blocks(getattr(sys.stdout, "encoding", None))
    panels = []
    for number, place in enumerate(chosen):
        caption = f"{place}: a {examples.labels[place]}"
        panels.append((caption, draw(plain[number], blocks=blocks)))
        if changed is not None:
            panels.append(("distorted", draw(changed[number], blocks=blocks)))
    width = max(shutil.get_terminal_size().columns, 20)
    echo(*beside(panels, width, group=1 if changed is None else 2))


def strengths_of(options: dict[str, Any], as_preset: bool) -> dict[str, Any]:
    """Return the strengths that were asked for: those given, then those of the preset."""
    context = click.get_current_context()
    given = {
        name: options[name]
        for name in DISTORTION_NAMES
        if context.get_parameter_source(name) != click.core.ParameterSource.DEFAULT
    }
    preset = PRESETS["distorted"] if as_preset else {}
    found = {name: value for name, value in preset.items() if name in DISTORTION_NAMES} | given
    return found if any(map(found.get, DISTORTION_NAMES)) else {}


def choose_images(
    examples: "Examples",
    index: tuple[int, ...] | None,
    number: int | None,
    count: int,
    rng: "np.random.Generator",
) -> list[int]:
    """Return the positions to show. Raise DataError for a class that is not there, or a place."""
    import numpy as np

    images = len(examples.labels)
    if index is not None:
        if max(index) >= images:
            raise click.BadParameter(
                f"expected positions from 0 to {images - 1:,}, found {max(index):,}.",
                param_hint="'--index'",
            )
        return list(index)
    those = np.arange(images) if number is None else np.flatnonzero(examples.labels == number)
    if not len(those):
        raise DataError(f"expected images of class {number}, found none among {images:,}.")
    picked: list[int] = rng.permutation(those)[:count].tolist()
    return picked


def as_images(
    images: "npt.NDArray[np.uint8]", chosen: list[int], name: str
) -> "npt.NDArray[np.uint8]":
    """Return some images as rows and columns. Raise DataError for those that have none."""
    if images.ndim != 3:
        raise DataError(
            f"{name}: expected images of rows and columns, found the shape {images.shape}: such "
            "images cannot be drawn."
        )
    return images[chosen]


def distorted(
    images: "npt.NDArray[np.uint8]", rng: "np.random.Generator", strengths: dict[str, Any]
) -> "npt.NDArray[np.uint8]":
    """Return the images, bytes, each changed in its own way."""
    import numpy as np

    from simplenet.training.distort import distort

    with usage_errors():
        found = distort(images / np.float32(255), rng, **strengths)
    return (found * 255).round().astype(np.uint8)
