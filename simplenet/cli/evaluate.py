"""`simplenet eval`: how well a saved model does."""

import contextlib
import os
from pathlib import Path

import click

from simplenet.cli.common import (
    Grouped,
    data_options,
    download_bar,
    echo_json,
    json_option,
    percent,
    set_threads,
    threads_option,
)
from simplenet.errors import DataError, ModelError
from simplenet.options import OPTIONS

BYTES = 4  # of one weight in a model file


@click.command("eval", cls=Grouped)
@click.argument("model", type=click.Path(path_type=Path))
@data_options
@threads_option
@json_option
def command(model, data, offline, threads, as_json):
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
    set_threads(threads, OPTIONS["batch_size"].default * size // BYTES)  # as train mostly does

    from simplenet import evaluate, load_data, load_model
    from simplenet.datasets import load_same

    loaded = load_model(model)
    if data is None and not loaded.data:
        raise ModelError(
            f"{model}: expected a model that records its data set, found one that does not: say "
            "which data to use with --data NAME or FOLDER."
        )
    with download_bar() as progress:
        how = {"offline": offline, "progress": progress}
        data = load_same(loaded.data, **how) if data is None else load_data(data, **how)
    net = loaded.net
    if data.classes != net.shape[-1]:
        raise DataError(
            f"{data.name}: expected {net.shape[-1]} classes, the outputs of {model}, found "
            f"{data.classes}: use the data set the model was made for."
        )
    score = evaluate(net, *data.test)
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
                "data": data.name,
                "images": images,
                "accuracy": score.accuracy,
                "cost": score.cost,
                "classes": classes,
            }
        )
        return
    click.echo(f"accuracy {percent(score.accuracy)} on {images:,} test images of {data.name}")
    click.echo(f"cost     {score.cost:.4f}")
    click.echo("\nclass  images  correct  accuracy")
    for row in classes:
        click.echo(
            f"{row['class']:5}{row['images']:8,}{row['correct']:9,}{percent(row['accuracy']):>10}"
        )
