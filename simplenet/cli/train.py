"""`simplenet train`: from images to a saved model."""

import dataclasses
import itertools
import os
import textwrap
from typing import TYPE_CHECKING

import click

from simplenet.cli import Terminated
from simplenet.cli.common import (
    Grouped,
    GroupedOption,
    data_options,
    download_bar,
    echo_json,
    json_option,
    learned,
    make_bar,
    percent,
    set_threads,
    signals_held,
    table_options,
    threads_option,
)
from simplenet.cli.config import config_options, settle_together, to_toml, usage_errors
from simplenet.cli.output import Keeper, output_options
from simplenet.errors import DataError, DivergedError
from simplenet.options import settle

if TYPE_CHECKING:  # numpy loads after the number of its threads is chosen
    from simplenet.datasets.load import Data, Examples
    from simplenet.training.modelfile import Model
    from simplenet.training.run import Score

PATIENCE = 4  # seconds for each of two mirrors, so that without a network we start within ten
NOTICE = """
  ==========================================================================================
    THIS IS NOT MNIST. Training on the sample: digits that simplenet drew, which come with it.
    Expect other figures than those quoted for MNIST.
  ==========================================================================================
  MNIST was looked for in the cache and could not be had:
{why}
  With a network, `simplenet fetch mnist` brings it; or give its folder with --data.
"""


@click.command("train", cls=Grouped)
@table_options()
@data_options
@config_options
@output_options("model", "model.npz, or model-2.npz, ...")
@threads_option
@click.option(
    "-q", "--quiet", is_flag=True, cls=GroupedOption, group="Run",
    help="No bar and no line for each epoch.",
)  # fmt: skip
@json_option
def command(data, offline, output, overwrite, threads, quiet, as_json, print_config, **options):
    """Train a network, measure it on the test images, and save it.

    Without --data it learns from the folder that SIMPLENET_DATA names, or from MNIST, which it
    downloads once. If that cannot be had either, it learns from the sample digits that come with
    simplenet, and says so.

    \b
    Examples:
      simplenet train
      simplenet train --hidden 100,50 --epochs 10 -o digits.npz
      simplenet train --activation relu --cost cross-entropy --optimizer adam
      simplenet train --data path/to/my/folder --seed 7
    """
    network, training = settle_together(options)
    if print_config:
        click.echo(to_toml({**network, **training, "data": data, "threads": threads}), nl=False)
        return
    keeper = Keeper(output, overwrite)
    likely = network["shape"] or (784, *network["hidden"], 10)
    products = [n * m for n, m in itertools.pairwise(likely)]
    threads = set_threads(threads, training["batch_size"] * max(products))

    from simplenet import init_net
    from simplenet.datasets.sources import PARTS
    from simplenet.training.modelfile import Model
    from simplenet.training.run import evaluate, split

    data = find_data(data, offline, quiet)
    images, test = data.train.images, data.test  # damage had better be noticed now than later
    ends = images[0].size, data.classes
    shape = network["shape"] or (ends[0], *network["hidden"], ends[1])
    if (shape[0], shape[-1]) != ends:
        raise click.BadParameter(
            f"expected {ends[0]} inputs and {ends[1]} outputs for the data set {data.name}, "
            f"found {','.join(map(str, shape))}.",
            param_hint="--shape",
        )
    with usage_errors():
        chosen, held_out = split(len(images), training["validation"])
        training = settle(cost=network["cost"], **training | {"validation": len(held_out)})
    functions = {
        name: network[name] for name in ("activation", "output_activation", "cost", "init")
    }

    model = Model(
        init_net(shape, rng=training["seed"], **functions),
        options={"shape": list(shape), **functions, **training, "threads": threads},
        data={
            "name": data.name,
            "size": list(images.shape[1:]),
            "sha256": {part: data.sha256(part) for part in PARTS},
        },
        position={"epochs": 0, "images": 0},
    )
    say = (lambda text: None) if quiet else (lambda text: click.echo(text, err=True))
    say(
        f"data  {data.name}: {len(chosen):,} images to learn from, {len(held_out):,} to validate, "
        f"{len(test.images):,} to test; {data.classes} classes"
    )
    say(
        f"net   {'-'.join(map(str, shape))}: {model.net.params.size:,} parameters; "
        f"seed {training['seed']}, threads {threads}"
    )
    fit(model, data.train, training, len(chosen), keeper, say, quiet)
    score = evaluate(model.net, *test)
    warn_of_guessing(score, training["lr"])
    result = {
        "model": str(keeper.path),
        "data": data.name,
        "images": int(score.total.sum()),
        "accuracy": score.accuracy,
        "cost": score.cost,
    }
    if as_json:
        echo_json(result)
    else:
        click.echo(
            f"test accuracy {percent(score.accuracy)}, cost {score.cost:.4f} "
            f"({result['images']:,} test images of {data.name})"
        )
        click.echo(f"saved {click.format_filename(keeper.path)}")


def find_data(where: str | None, offline: bool, quiet: bool) -> "Data":
    """Load the data asked for; if nothing was asked for and MNIST cannot be had, the sample."""
    from simplenet.datasets.load import VARIABLE, load_data

    with download_bar(quiet) as progress:
        if where is not None or os.environ.get(VARIABLE):
            return load_data(where, offline=offline, progress=progress)
        try:
            return load_data(offline=offline, timeout=PATIENCE, progress=progress)
        except DataError as error:
            data = load_data("sample")
            why = textwrap.fill(
                str(error), 90, initial_indent="  ", subsequent_indent="  ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            click.echo(NOTICE.format(why=why), err=True)
            return data


def fit(
    model: "Model", digits: "Examples", training: dict, images: int, keeper, say, quiet
) -> None:
    """Train the model, saving it after every epoch; whatever ends this, what it learned is kept."""
    from simplenet import train

    epochs = training["epochs"]
    bar = make_bar(quiet, total=images, unit="img", leave=False)
    with bar, signals_held() as release:

        def progress(epoch: int, done: int) -> None:
            model.position = {"epochs": epoch - 1, "images": done}
            bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
            bar.update(done - bar.n)
            if done < images:
                release()

        try:
            for record in train(model.net, *digits, progress=progress, **training):
                model.position = {"epochs": record.epoch, "images": 0}
                told = dataclasses.asdict(record)
                seconds = told.pop("seconds")  # of this run, not of the model
                model.history.append(told)
                keeper.save(model)
                bar.reset()
                bar.clear()
                say(
                    f"epoch {record.epoch:{len(str(epochs))}}/{epochs}  cost {record.cost:.4f}  "
                    f"accuracy {percent(record.accuracy):>8}  "
                    f"validation {percent(record.validation_accuracy):>8}  {seconds:.1f} s"
                )
                release()
            if training["patience"] and model.history:
                best = max(model.history, key=lambda told: told["validation_accuracy"])["epoch"]
                keeper.save(model)
                say(f"the best was epoch {best}, whose weights are kept")
        except (DivergedError, KeyboardInterrupt) as error:
            what = "terminated." if isinstance(error, Terminated) else "interrupted."
            raise type(error)(f"{str(error) or what} {keep(model, keeper)}") from error


def keep(model: "Model", keeper: Keeper) -> str:
    """Save what an ended training has learned, and say where."""
    if not any(model.position.values()) and keeper.path.exists():
        return f"Nothing was learned; {keeper.path} is as it was."
    keeper.save(model)
    return f"The model after {learned(model.position)} is saved as {keeper.path}."


def warn_of_guessing(score: "Score", lr: float) -> None:
    """Say so if the net does no better than by always naming the commonest class."""
    guessing = score.total.max() / score.total.sum()
    if 1 - score.accuracy > 0.98 * (1 - guessing):
        click.echo(
            f"warning: {percent(score.accuracy)} is hardly better than guessing "
            f"({percent(guessing)}): the learning rate {lr:g} may be too high (wide nets want "
            "less, such as --lr 1) or too low, or images and labels do not belong together.",
            err=True,
        )
