"""`simplenet info`: what a model file holds."""

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.bars import WIDE
from simplenet.cli.parameters import FILE, Grouped, json_option
from simplenet.cli.show import (
    columns_of,
    echo,
    echo_json,
    percent,
    position,
    printable,
    records,
    shape_text,
)

if TYPE_CHECKING:
    from simplenet.training.run import Run


WIDEST = 100  # characters of a line, however many the terminal has


@click.command("info", cls=Grouped)
@click.argument("model", type=FILE)
@json_option
def command(model: Path, as_json: bool) -> None:
    """Show what a saved MODEL is, and how it came to be.

    \b
    Examples:
      simplenet info model.npz
      simplenet info model.npz --json
    """
    from simplenet import load_model

    run = load_model(model)
    net = run.net
    about = {
        "model": str(model),
        "sha256": run.sha256,
        "shape": net.shape,
        "parameters": net.params.size,
        "dtype": net.params.dtype.name,
        "activations": net.activations,
        "cost": net.cost,
        "options": run.settings,
        "data": run.data,
        "position": {"epochs": run.epoch, "images": run.images, "weights": run.weights_epoch},
        "measured": run.measured or None,
        "history": records(run),
        "versions": run.versions,
    }
    if as_json:
        echo_json(about)
        return
    lines = {
        "model": f"{model}, SHA-256 {run.sha256}",
        "net": f"{shape_text(net.shape)}: {net.params.size:,} parameters, {net.params.dtype}",
        "functions": f"{', '.join(net.activations)}; cost {net.cost}",
        "data": _data(run),
        "options": _pairs(run.settings) or "not recorded",
        "trained": _trained(run) if run.settings else "not recorded",
        "test": _measured(run.measured),
        "versions": _pairs(run.versions),
    }
    width = min(columns_of(sys.stdout) or WIDEST, WIDEST)
    for name, text in lines.items():
        filled = textwrap.fill(
            f"{name:10} {printable(text)}", width, subsequent_indent=" " * 11,
            break_long_words=False, break_on_hyphens=False,  # paths stay whole
        )  # fmt: skip
        echo(*filled.split("\n"))
    if run.history:
        echo("", *_table(run, narrow=width < WIDE))


def _table(run: "Run", narrow: bool) -> list[str]:
    """Return a line for each epoch, below a heading; the learning rate only if there is room."""
    lines = ["epoch    cost  accuracy  validation" + "  learning rate" * (not narrow)]
    for record in run.history:
        line = f"{record.epoch:5}{record.cost:8.4f}{percent(record.accuracy):>10}"
        line += f"{percent(record.validation_accuracy):>12}"
        lines.append(line if narrow else f"{line}{record.lr:15g}")
    return lines


def _trained(run: "Run") -> str:
    """Say how far the training has come, and where the weights are from, if from elsewhere."""
    weights = []
    if run.average is not None:
        weights.append(f"the average over about {run.settings['average']:g} epochs")
    if run.last and run.best:
        weights.append(f"those after epoch {run.weights_epoch}, the best")
    told = f"; the weights are {', '.join(weights)}" if weights else ""
    return position(run.epoch, run.images) + told


def _data(run: "Run") -> str:
    """Say what a model has learned from, and what it tells apart."""
    found = [str(run.data.get("name", "not recorded"))]
    if "pictures" in run.data:
        found.append(f"pictures {run.data['pictures']['how']}")
    if "classes" in run.data:
        found.append(f"classes {', '.join(run.data['classes'])}")
    return "; ".join(found)


def _measured(measured: Mapping[str, Any]) -> str:
    """Say what the network scored on the test images, and from which margin on it is sure."""
    if not measured:
        return "not measured since it learned: `simplenet eval` does"
    margin, images = measured["margin"], measured["images"]
    sure = "" if margin is None else f"; sure from a margin of {margin:.3g}"
    return (
        f"accuracy {percent(measured['accuracy'])}, cost {measured['cost']:.4f} "
        f"({images:,} images of {measured['data']}){sure}"
    )


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
