"""`simplenet eval`: how well a saved model does."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simplenet.cli.compute import choose
from simplenet.cli.data import check_data, check_member, data_for
from simplenet.cli.parameters import (
    FILE,
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    json_option,
    threads_option,
    verbose_option,
)
from simplenet.cli.show import echo, echo_json, percent
from simplenet.options import DISTORTION_NAMES, OPTIONS, integer

if TYPE_CHECKING:
    from simplenet.training.run import Run

BYTES = 4  # of one weight in a model file


@click.command("eval", cls=Grouped)
@click.argument(
    "models",
    nargs=-1,
    required=True,
    metavar="MODEL...",
    type=FILE,
)
@data_options
@click.option(
    "--copies", type=Checked("N", integer(0, 10_000)), default=0, metavar="N", cls=GroupedOption,
    group="Run",
    help="Show each test image N times, distorted anew as the training images of the first MODEL "
    "were, and take the mean of the outputs; 0 shows it once, as it is.",
)  # fmt: skip
@threads_option
@verbose_option
@json_option
def command(
    models: tuple[Path, ...],
    data: str | None,
    offline: bool,
    copies: int,
    threads: int | str,
    verbose: bool,
    as_json: bool,
) -> None:
    """Measure a saved MODEL on test images; several are a committee, whose outputs are averaged.

    The test images are those of the data set that it was trained on, unless --data names another.

    \b
    Examples:
      simplenet eval model.npz
      simplenet eval model.npz --data sample --json
      simplenet eval model.npz model-2.npz model-3.npz
    """
    size = 0
    for model in models:
        with contextlib.suppress(OSError):  # load_model says what is wrong
            size = max(size, os.path.getsize(model))
    minibatch = OPTIONS["batch_size"].default  # as train mostly has
    choose(threads, minibatch * size // BYTES, verbose=verbose)

    from simplenet import load_model
    from simplenet.training.committee import evaluate_committee

    runs = [load_model(model) for model in models]
    strengths = distortions_of(runs[0], models[0]) if copies else {}
    found = data_for(runs[0], models[0], data, offline)
    for model, run in zip(models[1:], runs[1:]):
        check_member(run, model, runs[0], models[0])
        check_data(run, model, found)
    nets = [run.network for run in runs]
    score = evaluate_committee(nets, *found.test, copies=copies, strengths=strengths)
    classes = [
        {
            "class": number,
            "images": int(total),
            "correct": int(correct),
            "accuracy": correct / total if total else None,
        }
        for number, (correct, total) in enumerate(zip(score.correct, score.total))
    ]
    images = int(score.total.sum())
    if as_json:
        echo_json(
            {
                "model": str(models[0]),
                "models": [str(model) for model in models],
                "data": found.name,
                "images": images,
                "copies": copies,
                "accuracy": score.accuracy,
                "cost": score.cost,
                "classes": classes,
                "confusion": score.confusion.tolist(),
            }
        )
        return
    echo(f"accuracy {percent(score.accuracy)} on {images:,} test images of {found.name}")
    if len(models) > 1:
        echo(f"         mean of the outputs of {len(models)} models")
    if copies:
        echo(f"         mean of the outputs for {copies} distorted copies of each image")
    echo("cost     " + ("-" if score.cost is None else f"{score.cost:.4f}"))
    echo("", "class  images  correct  accuracy")
    for row in classes:
        echo(f"{row['class']:5}{row['images']:8,}{row['correct']:9,}{percent(row['accuracy']):>10}")


def distortions_of(run: "Run", model: Path) -> dict[str, float]:
    """Return how the training images of a run were distorted. Raise UsageError if they were not."""
    found = {name: run.settings[name] for name in DISTORTION_NAMES if run.settings.get(name)}
    if not found:
        raise click.BadParameter(
            f"expected a model that was trained on distorted images, found {model}, which was not.",
            param_hint="--copies",
        )
    return found
