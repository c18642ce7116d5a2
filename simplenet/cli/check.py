"""`simplenet check`: the gradient beside that of three witnesses."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli import Failure
from simplenet.cli.bars import download_bar
from simplenet.cli.config import asked_for, layer_sizes, resolve_together, usage_errors
from simplenet.cli.data import check_data
from simplenet.cli.parameters import (
    FILE,
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    json_option,
    quiet_option,
    table_options,
)
from simplenet.cli.show import columns_of, echo, echo_json, tell
from simplenet.options import integer, shown
from simplenet.training.blas import set_threads

if TYPE_CHECKING:
    from simplenet.datasets.load import Data
    from simplenet.functions import Floats
    from simplenet.net import Masks, Net
    from simplenet.witnesses.compare import Comparison

MOST_SAMPLES = 100_000  # at random: as many as nobody needs, and memory has
LEFT, COLUMN = 18, 13  # characters of the table: group and parameters, each witness
NET = ("hidden", "shape", "activation", "output_activation", "cost", "init")


@click.command("check", cls=Grouped)
@click.argument("model", required=False, type=FILE)
@table_options(*NET, "seed", "l1", "l2", "dropout", "label_smoothing")
@data_options
@click.option(
    "--batch-size", default=20, show_default=True, metavar="N", cls=GroupedOption,
    group="Data", type=Checked("N", integer(1)), help="Samples to compute the gradient of.",
)  # fmt: skip
@quiet_option()
@json_option
def command(
    model: Path | None,
    data: str | None,
    offline: bool,
    batch_size: int,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare the gradient with that of three witnesses.

    It is that of a saved MODEL, or of a new net. The witnesses share no code with the hand-written
    backward: central differences (of 100 parameters in each group), the small engine in
    autodiff.py, and PyTorch, where it is installed. All compute in float64, on the first training
    images of --data, or else on random numbers. Every row is a group of parameters; the numbers
    are relative errors: where all is right, below 1e-07 or marked ~, no larger than rounding can
    be. The last row says how large that is: where units are saturated, few digits are left of
    their slopes.

    \b
    Examples:
      simplenet check
      simplenet check --hidden 30,20 --activation relu --cost cross-entropy --l2 0.1
      simplenet check model.npz --data mnist
    """
    asked = asked_for(options)
    given = [name for name in NET if name in asked]
    if model and given:
        raise click.UsageError(
            f"MODEL and --{given[0].replace('_', '-')}: expected one of them, found both."
        )
    set_threads("auto", 0)

    import numpy as np

    from simplenet import load_data, load_model
    from simplenet.net import init_net, net_around
    from simplenet.streams import stream
    from simplenet.training.block import draw_masks
    from simplenet.witnesses import compare as witnesses

    if model:
        loaded = load_model(model)
        net = loaded.network
        net = net_around(net.params.astype(np.float64), net.shape, net.activations, net.cost)
        asked |= {"cost": net.cost, "output_activation": net.activations[-1]}
        _, training = resolve_together(asked, net.shape)
    found = None
    if data is not None:
        with download_bar(quiet) as progress:
            found = load_data(data, offline=offline, progress=progress)
        if model:
            check_data(loaded, model, found)
    if not model:
        ends = (found.train.images[0].size, found.classes) if found else (784, 10)
        shape = layer_sizes(asked, *ends)
        functions, training = resolve_together(asked, shape)
        with usage_errors():
            net = init_net(shape, rng=training["seed"], dtype=np.float64, **functions)
        rng = stream(training["seed"], "biases")
        for b in net.b:  # at 0, a unit whose inputs are all 0 would sit on the corner of a ReLU
            b[:] = rng.normal(0, 0.1, b.shape)
    seed, smoothing = training["seed"], training.get("label_smoothing", 0.0)
    x, y = samples(net, found, batch_size, seed)
    y = y * (1 - smoothing) + smoothing / y.shape[1]
    masks: Masks = {}
    if training.get("dropout"):
        masks = draw_masks(net, len(x), training["dropout"], stream(seed, "dropout", 1, 1))
    rows = witnesses.compare(net, x, y, training["l1"], training["l2"], masks, rng=seed)
    if as_json:
        echo_json({"tolerance": witnesses.TOLERANCE, "comparisons": rows})
    else:
        show(rows, witnesses.TOLERANCE)
    wrong = [f"{row['witness']} on {row['group']}" for row in rows if not row["agree"]]
    if wrong:
        raise Failure(
            f"expected relative errors below {witnesses.TOLERANCE:g}, found that backward "
            f"disagrees with {', '.join(wrong)}."
        )


def samples(net: "Net", data: "Data | None", count: int, seed: int) -> tuple["Floats", "Floats"]:
    """Return x (count, inputs) and one-hot y (count, outputs) in float64, of data or at random."""
    import numpy as np

    from simplenet import minibatches
    from simplenet.streams import stream
    from simplenet.training.batches import check_fit

    if data is None:
        if count > MOST_SAMPLES:
            raise click.BadParameter(
                f"expected at most {MOST_SAMPLES:,} samples at random, found {shown(count)}.",
                param_hint="'--batch-size'",
            )
        rng = stream(seed, "samples")
        x = rng.random((count, net.shape[0]))
        return x, np.eye(net.shape[-1])[rng.integers(0, net.shape[-1], count)]
    images, labels = check_fit(net, data.train.images[:count], data.train.labels[:count])
    return next(minibatches(images, labels, count, classes=net.shape[-1], dtype=np.float64))


def show(rows: list["Comparison"], tolerance: float) -> None:
    """Print a line for each group of parameters, with a column for each witness.

    The last line has how large rounding alone can make the largest error in each column.
    """

    def mark(row: "Comparison") -> str:
        return "~" if row["agree"] and row["error"] >= tolerance else " "

    every = list(dict.fromkeys(row["witness"] for row in rows))
    columns = columns_of(sys.stdout)
    across = len(every) if columns is None else max((columns - LEFT) // COLUMN, 1)
    for first in range(0, len(every), across):  # those that do not fit beside stand below
        witnesses = every[first : first + across]
        names = "".join(f"{name:>{COLUMN - 1}} " for name in witnesses)
        echo(*[""] * bool(first), f"{'group':6}{'parameters':>{LEFT - 6}}{names}".rstrip())
        for start in range(first, len(rows), len(every)):
            group = rows[start : start + len(witnesses)]
            errors = "".join(f"{row['error']:{COLUMN - 1}.1e}{mark(row)}" for row in group)
            echo(f"{group[0]['group']:6}{group[0]['parameters']:{LEFT - 6},}{errors}".rstrip())
        largest = (
            max(row["rounding"] for row in rows if row["witness"] == name) for name in witnesses
        )
        limits = "".join(f"{limit:{COLUMN - 1}.1e} " for limit in largest)
        echo(f"{'rounding':{LEFT}}{limits}".rstrip())
    if any(mark(row) == "~" for row in rows):
        tell(f"~ above {tolerance:g}, but no more than rounding can make of gradients so small")
    if "PyTorch" not in every:
        tell("PyTorch is not installed, and was not compared.")
    echo(f"largest relative error {max(row['error'] for row in rows):.1e}")
