"""`simplenet show`: digits of a data set, or weights of a model, drawn in the terminal."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.bars import download_bar
from simplenet.cli.config import usage_errors
from simplenet.cli.data import called, tell_notes
from simplenet.cli.drawing import as_images, echo_drawn
from simplenet.cli.parameters import (
    FILE,
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    quiet_option,
    table_options,
)
from simplenet.cli.show import echo, tell
from simplenet.errors import DataError, ModelError, counted, with_article
from simplenet.options import DISTORTION_NAMES, integer, shown
from simplenet.presets import PRESETS
from simplenet.training.blas import set_threads

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from simplenet.datasets.load import Examples

PATIENCE = 4  # seconds for each mirror to answer
MOST = 1000  # drawings
OF_WEIGHTS = {"model", "index", "count", "seed", "quiet"}  # the options that go with a MODEL


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
@click.argument("model", required=False, type=FILE)
@click.option(
    "--test", "of_test", is_flag=True, cls=GroupedOption, group="Digits",
    help="Take test images, not training images.",
)  # fmt: skip
@_option("--index", positions, "Those at these positions, from 0.", metavar="N[,N...]")
@_option("--class", str, "Only those of one class: its number, or its name.", metavar="CLASS")
@_option("--count", integer(1, MOST), "How many, at random.", default=10)
@_option("--seed", integer(0, 2**32 - 1), "Where the random numbers start.", default=0)
@click.option(
    "--distort", "as_preset", is_flag=True, cls=GroupedOption,
    group="Distortion of training images",
    help="Show each digit, and how the preset distorted would change it.",
)  # fmt: skip
@table_options(*DISTORTION_NAMES)
@data_options
@quiet_option()
def command(
    model: Path | None,
    data: str | None,
    offline: bool,
    of_test: bool,
    index: tuple[int, ...] | None,
    count: int,
    seed: int,
    as_preset: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Draw digits of a data set, or the weights of a MODEL's first layer.

    With --distort, or a strength of one's own, each is drawn twice: as it is, and as a net that is
    trained with such distortions sees it, at another time in another way.

    The weights of a neuron are an image, too: where it is light, light adds to the neuron; where it
    is dark, light takes away from it. --index and --count choose neurons then.

    \b
    Examples:
      simplenet show --count 4
      simplenet show --data sample --test --class 7
      simplenet show --index 0,1,2 --distort
      simplenet show --rotation 30 --stroke 1
      simplenet show model.npz --count 4
    """
    if index is not None and _typed("count"):
        raise click.UsageError("expected --index, which says how many, or --count, found both.")
    if model is not None:
        show_weights(model, index, count, seed)
        return
    if index is not None and options["class"] is not None:
        raise click.UsageError("expected --index or --class, found both.")
    set_threads("auto", 0)

    import numpy as np

    from simplenet.datasets.load import VARIABLE, load_data

    strengths = strengths_of(options, as_preset)
    with download_bar(quiet) as progress:
        try:
            found = load_data(data, offline=offline, timeout=PATIENCE, progress=progress)
        except DataError:
            if data is not None or os.environ.get(VARIABLE):
                raise
            tell("MNIST cannot be had here: these are digits of the sample", err=True)
            found = load_data("sample")
    examples = found.test if of_test else found.train
    tell_notes(found)
    rng = np.random.default_rng(seed)
    label = None if options["class"] is None else label_of(options["class"], found.names or ())
    chosen = choose_images(examples, index, label, count, rng)
    plain = as_images(examples.images, chosen, found.name)
    changed = distorted(plain, rng, strengths) if strengths else None
    drawn = []
    for number, place in enumerate(chosen):
        drawn.append(
            (
                f"{place}: {with_article(called(found.names or (), examples.labels[place]))}",
                plain[number],
            )
        )
        if changed is not None:
            drawn.append(("distorted", changed[number]))
    echo_drawn(drawn, group=1 if changed is None else 2)


def _typed(name: str) -> bool:
    """Return whether an option is on the command line, rather than in a variable."""
    source = click.get_current_context().get_parameter_source(name)
    return source == click.core.ParameterSource.COMMANDLINE


def show_weights(path: Path, index: tuple[int, ...] | None, count: int, seed: int) -> None:
    """Draw the weights that lead to neurons of a model's first layer."""
    context = click.get_current_context()
    for param in context.command.params:
        source = context.get_parameter_source(str(param.name))
        if source != click.core.ParameterSource.DEFAULT and param.name not in OF_WEIGHTS:
            raise click.UsageError(
                f"expected {param.opts[0]} without a MODEL, whose weights need no data, found both."
            )
    set_threads("auto", 0)

    import numpy as np

    from simplenet import load_model
    from simplenet.report.weights import first_weights, size_of_images

    run = load_model(path)
    size, neurons = size_of_images(run), run.net.shape[1]
    if size is None:
        raise ModelError(
            f"{path}: expected a model that reads images, found {run.net.shape[0]:,} inputs, which "
            "are no square, and no other size recorded: its weights cannot be drawn."
        )
    if index is not None:
        chosen = places(index, neurons)
    else:
        chosen = sorted(np.random.default_rng(seed).permutation(neurons)[:count].tolist())
    tell(f"weights of the first layer of {path}: {len(chosen):,} of {counted(neurons, 'neuron')}")
    echo("")
    net = run.network
    echo_drawn((f"neuron {neuron}", first_weights(net, neuron, size)) for neuron in chosen)


def places(index: tuple[int, ...], total: int) -> list[int]:
    """Return positions. Raise a usage error for one that is not below `total`."""
    if max(index) >= total:
        raise click.BadParameter(
            f"expected positions from 0 to {total - 1:,}, found {max(index):,}.",
            param_hint="'--index'",
        )
    return list(index)


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
    if not found.get("elastic") and _typed("elastic_sigma"):
        raise click.BadParameter(
            "expected --elastic of more than 0 beside it, found 0, which bends nothing.",
            param_hint="'--elastic-sigma'",
        )
    return found if any(map(found.get, DISTORTION_NAMES)) else {}


def label_of(typed: str, names: Sequence[str]) -> int:
    """Return the label of a class that somebody typed. Raise BadParameter for none."""
    if typed in names:
        return names.index(typed)
    if re.fullmatch("[0-9]{1,3}", typed) and int(typed) <= 255:
        return int(typed)
    named = f", or one of the names {', '.join(names)}" if names else ""
    raise click.BadParameter(
        f"expected a whole number from 0 to 255{named}, found {typed!r}.", param_hint="'--class'"
    )


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
        return places(index, images)
    those = np.arange(images) if number is None else np.flatnonzero(examples.labels == number)
    if not len(those):
        raise DataError(f"expected images of class {number}, found none among {images:,}.")
    picked: list[int] = rng.permutation(those)[:count].tolist()
    return picked


def distorted(
    images: "npt.NDArray[np.uint8]", rng: "np.random.Generator", strengths: dict[str, Any]
) -> "npt.NDArray[np.uint8]":
    """Return the images, bytes, each changed in its own way."""
    import numpy as np

    from simplenet.training.distort import distort

    with usage_errors():
        found = distort(images / np.float32(255), rng, **strengths)
    return (found * 255).round().astype(np.uint8)
