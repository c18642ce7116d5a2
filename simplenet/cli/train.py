"""`simplenet train`: from images to a saved model."""

import dataclasses
import itertools
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simplenet.cli import Failure, Terminated
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
from simplenet.errors import DataError, DivergedError
from simplenet.options import settle

if TYPE_CHECKING:  # numpy loads after the number of its threads is chosen
    from simplenet.datasets import Data, Digits
    from simplenet.modelfile import Model
    from simplenet.training import Score

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
@table_options
@data_options
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), cls=GroupedOption,
    group="Run", help="Where to save the model.  [default: model.npz, or model-2.npz, ...]",
)  # fmt: skip
@click.option(
    "--overwrite", is_flag=True, cls=GroupedOption, group="Run",
    help="Replace the output file if it is there.",
)  # fmt: skip
@threads_option
@click.option(
    "-q", "--quiet", is_flag=True, cls=GroupedOption, group="Run",
    help="No bar and no line for each epoch.",
)  # fmt: skip
@json_option
def command(data, offline, output, overwrite, threads, quiet, as_json, hidden, shape, **training):
    """Train a network, measure it on the test images, and save it.

    Without --data it learns from the folder that SIMPLENET_DATA names, or from MNIST, which it
    downloads once. If that cannot be had either, it learns from the sample digits that come with
    simplenet, and says so.

    \b
    Examples:
      simplenet train
      simplenet train --hidden 100,50 --epochs 10 -o digits.npz
      simplenet train --data path/to/my/folder --seed 7
    """
    context = click.get_current_context()
    if shape and context.get_parameter_source("hidden").name != "DEFAULT":
        raise click.UsageError("--shape and --hidden: expected one of them, found both.")
    keeper = Keeper(output, overwrite)
    likely = shape or (784, *hidden, 10)
    products = [n * m for n, m in itertools.pairwise(likely)]
    threads = set_threads(threads, training["batch_size"] * max(products))

    from simplenet import init_net
    from simplenet.modelfile import Model
    from simplenet.sources import PARTS
    from simplenet.training import evaluate, split

    data = find_data(data, offline, quiet)
    images, test = data.train.images, data.test  # damage had better be noticed now than later
    ends = images[0].size, data.classes
    shape = shape or (ends[0], *hidden, ends[1])
    if (shape[0], shape[-1]) != ends:
        raise click.BadParameter(
            f"expected {ends[0]} inputs and {ends[1]} outputs for the data set {data.name}, "
            f"found {','.join(map(str, shape))}.",
            param_hint="--shape",
        )
    try:
        chosen, held_out = split(len(images), training["validation"])
    except ValueError as error:
        why = str(error).removeprefix("validation: ")
        raise click.BadParameter(why, param_hint="--validation") from error
    training = settle("Training", **training | {"validation": len(held_out)})  # in fixed order

    model = Model(
        init_net(shape, rng=training["seed"]),
        options={"shape": list(shape), **training, "threads": threads},
        data={"name": data.name, "sha256": {part: data.sha256(part) for part in PARTS}},
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
    warn_of_guessing(score)
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


class Keeper:
    """Saves a model under one name, and never over a file that it may not replace."""

    def __init__(self, output: Path | None, overwrite: bool):
        """Choose the name, and find out now rather than after the training if it cannot be."""
        self.path, self.may_replace = output or free_name(Path("model.npz")), overwrite
        plain = self.path.is_file()  # neither a folder nor /dev/null, which nobody may replace
        if os.path.lexists(self.path) and not (plain and overwrite):
            advice = "take another, or give --overwrite" if plain else "name a file"
            raise click.BadParameter(
                f"expected the name of a new file, found that {self.path} exists: {advice}.",
                param_hint="-o",
            )
        parent = self.path.parent
        if not (parent.is_dir() and os.access(parent, os.W_OK)):
            raise click.BadParameter(
                f"expected a folder to write to at {parent.absolute()}, found that "
                f"{'it cannot be written to' if parent.is_dir() else 'there is none'}.",
                param_hint="-o",
            )

    def save(self, model: "Model") -> None:
        """Save the model; if another program has taken the name meanwhile, under the next one."""
        from simplenet import save_model

        while True:
            try:
                save_model(self.path, model, overwrite=self.may_replace)
            except FileExistsError:
                self.path = free_name(self.path)
            except OSError as error:
                why = error.strerror or error
                raise Failure(f"{self.path} could not be saved: {why}.") from error
            else:
                self.may_replace = True  # it is ours now
                return


def free_name(path: Path) -> Path:
    """Give this path if nothing is there, or with -2, -3, ... behind the name."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(name for name in itertools.chain([path], names) if not os.path.lexists(name))


def find_data(where: str | None, offline: bool, quiet: bool) -> "Data":
    """Load the data asked for; if nothing was asked for and MNIST cannot be had, the sample."""
    from simplenet.datasets import VARIABLE, load_data

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


def fit(model: "Model", digits: "Digits", training: dict, images: int, keeper, say, quiet) -> None:
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
        except (DivergedError, KeyboardInterrupt) as error:
            what = "terminated." if isinstance(error, Terminated) else "interrupted."
            raise type(error)(f"{str(error) or what} {keep(model, keeper)}") from error


def keep(model: "Model", keeper: Keeper) -> str:
    """Save what an ended training has learned, and say where."""
    if not any(model.position.values()) and keeper.path.exists():
        return f"Nothing was learned; {keeper.path} is as it was."
    keeper.save(model)
    return f"The model after {learned(model.position)} is saved as {keeper.path}."


def warn_of_guessing(score: "Score") -> None:
    """Say so if the net does no better than by always naming the commonest class."""
    guessing = score.total.max() / score.total.sum()
    if 1 - score.accuracy > 0.98 * (1 - guessing):
        click.echo(
            f"warning: {percent(score.accuracy)} is no better than guessing ({percent(guessing)}): "
            "the learning rate may be too high or too low, or images and labels do not belong "
            "together.",
            err=True,
        )
