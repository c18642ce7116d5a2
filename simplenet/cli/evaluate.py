"""`simplenet eval`: how well a saved model does."""

import contextlib
import os
from pathlib import Path

import click

from simplenet.cli.compute import choose
from simplenet.cli.data import data_for
from simplenet.cli.parameters import (
    Grouped,
    data_options,
    json_option,
    threads_option,
    verbose_option,
)
from simplenet.cli.show import echo, echo_json, percent
from simplenet.options import OPTIONS

BYTES = 4  # of one weight in a model file


@click.command("eval", cls=Grouped)
@click.argument("model", type=click.Path(path_type=Path))
@data_options
@threads_option
@verbose_option
@json_option
def command(
    model: Path,
    data: str | None,
    offline: bool,
    threads: int | str,
    verbose: bool,
    as_json: bool,
) -> None:
    """Measure a saved MODEL on test images.

    The test images are those of the data set that it was trained on, unless --data names another.

    \b
    Examples:
      simplenet eval model.npz
      simplenet eval model.npz --data sample --json
    """
    size = 0
    with contextlib.suppress(OSError):  # load_model says what is wrong
        size = os.path.getsize(model)
    minibatch = OPTIONS["batch_size"].default  # as train mostly has
    choose(threads, minibatch * size // BYTES, verbose=verbose)

    from simplenet import evaluate, load_model

    run = load_model(model)
    found = data_for(run, model, data, offline)
    score = evaluate(run.network, *found.test)
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
                "model": str(model),
                "data": found.name,
                "images": images,
                "accuracy": score.accuracy,
                "cost": score.cost,
                "classes": classes,
            }
        )
        return
    echo(f"accuracy {percent(score.accuracy)} on {images:,} test images of {found.name}")
    echo(f"cost     {score.cost:.4f}")
    echo("", "class  images  correct  accuracy")
    for row in classes:
        echo(f"{row['class']:5}{row['images']:8,}{row['correct']:9,}{percent(row['accuracy']):>10}")
