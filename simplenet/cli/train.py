"""`simplenet train`: from images to a saved model."""

import contextlib
import os
import re
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from simplenet.cli import Failure, too_little_memory
from simplenet.cli.advice import advice_on
from simplenet.cli.bars import download_bar, make_bar
from simplenet.cli.compute import choose
from simplenet.cli.config import (
    asked_for,
    config_options,
    layer_sizes,
    resolve_together,
    to_toml,
    usage_errors,
)
from simplenet.cli.data import data_for, tell_notes
from simplenet.cli.output import Keeper, output_options
from simplenet.cli.parameters import (
    FILE,
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    hint,
    json_option,
    quiet_option,
    table_options,
    threads_option,
    verbose_option,
)
from simplenet.cli.resume import check_same, how_to_go_on, load_run, peek
from simplenet.cli.show import (
    Coloured,
    Piece,
    columns_of,
    command_to_resume,
    echo,
    echo_json,
    percent,
    position,
    printable,
    records,
    shape_text,
    tell,
)
from simplenet.cli.signals import signals_held, word
from simplenet.errors import DataError, DivergedError, SimplenetError, counted, reason
from simplenet.files import replaceable
from simplenet.options import OPTIONS
from simplenet.training.blas import largest_product

if TYPE_CHECKING:  # numpy loads after the number of its threads is chosen
    from tqdm import tqdm

    from simplenet.datasets.load import Data, Examples
    from simplenet.training.evaluation import Score
    from simplenet.training.run import Epoch, Run

Say = Callable[[str | list[Piece]], None]


class Interval(NamedTuple):
    """How often a model is saved besides after each epoch."""

    length: float
    seconds: bool  # or minibatches


def interval(text: str) -> Interval:
    """Read an interval such as 500, of minibatches, or 60s."""
    number, seconds = text.removesuffix("s"), text.endswith("s")
    if not re.fullmatch("[1-9][0-9]{0,8}", number):
        raise ValueError(
            f"expected a whole number of minibatches, such as 500, or of seconds, such as 60s; "
            f"found {text!r}"
        )
    return Interval(int(number), seconds)


TEST_PARTS = "test-images", "test-labels"
PATIENCE = 4  # seconds for each of two mirrors, so that without a network we start within ten
WIDEST = 100  # characters of a line of the notice
NARROWER = 90  # of its bars, and of what went wrong
NOT_MNIST = (
    "THIS IS NOT MNIST. Training on the sample: digits that simplenet drew, which come with it.",
    "Expect other figures than those quoted for MNIST.",
)
LOOKED_FOR = "MNIST was looked for in the cache and could not be had:"
HOW_TO_GET_IT = "With a network, `simplenet fetch mnist` brings it; or give its folder with --data."


@click.command("train", cls=Grouped)
@table_options()
@data_options
@config_options
@output_options("model", "model.npz, or model-2.npz, ...")
@click.option(
    "--resume", metavar="MODEL", type=FILE, cls=GroupedOption, group="Run",
    help="Go on with the run in this file, and save it there; --epochs may give it more.",
)  # fmt: skip
@click.option(
    "--checkpoint", metavar="N|Ns", type=Checked("N|Ns", interval), cls=GroupedOption, group="Run",
    help="Save every N minibatches, too, or every N seconds (60s), at the end of a block of about "
    "a thousand images.",
)  # fmt: skip
@threads_option
@quiet_option("No bar and no line for each epoch.")
@verbose_option
@json_option
def command(
    data: str | None,
    offline: bool,
    output: Path | None,
    overwrite: bool,
    resume: Path | None,
    checkpoint: "Interval | None",
    threads: int | str,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    print_config: bool,
    **options: Any,
) -> None:
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
      simplenet train --resume model.npz --epochs 10
    """
    asked = asked_for(options)
    batch_size = asked.get("batch_size", OPTIONS["batch_size"].default)
    if print_config and resume:
        raise click.UsageError("expected --resume without --print-config, which starts nothing.")
    if print_config:
        functions, training = resolve_together(asked, layer_sizes(asked))
        sizes = {name: asked[name] for name in ("hidden", "shape") if asked.get(name)}
        sizes = sizes or {"hidden": OPTIONS["hidden"].default}
        toml = {**sizes, **functions, **training, "data": data, "threads": threads}
        follows = {name for name, option in OPTIONS.items() if option.default is None} - {*asked}
        echo(*to_toml(toml, follows).splitlines())
        return
    if resume:
        keeper, (shape, batch_size) = keeper_of(resume, output, overwrite), peek(resume)
    else:
        keeper, shape = Keeper(output, overwrite), layer_sizes(asked)
    largest = largest_product(shape, batch_size)
    threads = choose(threads, largest, shape, batch_size, verbose=verbose)
    if resume:
        run, saved = load_run(resume, asked)
        found = data_for(run, resume, data, offline, quiet=quiet)
        check_same(run, resume, found)
    else:
        resolve_together(asked, shape)  # what is wrong is said before a download
        found = find_data(data, offline, quiet)
        run, saved = start_run(asked, found), True  # there is nothing yet
        if not quiet:
            tell_notes(found)
    say: Say = (lambda said: None) if quiet else partial(tell, err=True)
    learned, held_out = run.image_shape[0] - run.settings["validation"], run.settings["validation"]
    say(
        f"data  {found.name}: {counted(learned, 'image')} to learn from, {held_out:,} to validate, "
        f"{len(found.test.images):,} to test; {counted(found.classes, 'class', 'classes')}"
    )
    say(
        f"net   {shape_text(run.net.shape)}: {run.net.params.size:,} parameters; "
        f"seed {run.settings['seed']}, threads {threads}"
    )
    if run.finished:
        say(f"{resume} is finished after {position(run.epoch, 0)}: {how_to_go_on(run)}")
    scores: list[Score] = []

    def finish() -> None:
        scores.append(measure(run, found))

    every, done = learned * run.settings["epochs"], learned * run.epoch + run.images
    with make_bar(every, "img", done=done, name="training", leave=False, quiet=quiet) as bar:
        unsaved = fit(run, found.train, keeper, say, bar, checkpoint, data, saved, finish)

    from simplenet.training.evaluation import is_guessing

    score = scores[0] if scores else measure(run, found)
    if is_guessing(score.accuracy, score.total):
        warn_of_guessing(run, score.accuracy, "on the test images")
    images = int(score.total.sum())
    if as_json:
        echo_json(
            {
                "model": str(keeper.path),
                "data": found.name,
                "images": images,
                "accuracy": score.accuracy,
                "cost": score.cost,
                "margin": run.measured["margin"],
                "history": records(run),
            }
        )
    else:
        tell(
            f"test accuracy {percent(score.accuracy)}, cost {score.cost:.4f} "
            f"({counted(images, 'test image')} of {found.name})"
        )
        if not unsaved:
            echo(f"saved {keeper.path}")
    if unsaved:
        raise unsaved


def start_run(asked: dict[str, Any], data: "Data") -> "Run":
    """Start the run that was asked for, on these data."""
    from simplenet.datasets.sources import PARTS
    from simplenet.net import init_net
    from simplenet.training.run import start

    images = data.train.images
    _ = data.test  # damage is noticed now, before any work
    ends = images[0].size, data.classes
    shape = layer_sizes(asked, *ends)
    if (shape[0], shape[-1]) != ends:
        raise click.BadParameter(
            f"expected {counted(ends[0], 'input')} and {counted(ends[1], 'output')} for the data "
            f"set {data.name}, "
            f"found {','.join(map(str, shape))}.",
            param_hint=hint("shape"),
        )
    functions, training = resolve_together(asked, shape)
    with usage_errors():
        net = init_net(shape, rng=training["seed"], **functions)
        run = start(net, *data.train, **training)
    run.settings = {"shape": list(shape), **functions, **run.settings}
    run.data = {
        "name": data.name,
        "size": list(images.shape[1:]),
        "sha256": {part: data.sha256(part) for part in PARTS},
        **data.about,
    }
    return run


def find_data(
    where: str | None, offline: bool, quiet: bool, *, patience: float = PATIENCE
) -> "Data":
    """Load the data asked for; if nothing was asked for and MNIST cannot be had, the sample.

    Each of its mirrors has `patience` seconds to answer.
    """
    from simplenet.datasets.load import VARIABLE, load_data

    with download_bar(quiet) as progress:
        if where is not None or os.environ.get(VARIABLE):
            return load_data(where, offline=offline, progress=progress)
        try:
            return load_data(offline=offline, timeout=patience, progress=progress)
        except DataError as error:
            data = load_data("sample")
            echo(*notice(str(error), columns_of(sys.stderr)), err=True)
            return data


def notice(why: str, columns: int | None) -> list[str]:
    """Return the lines that say, in so many columns, that a run has the sample, not MNIST."""
    most = columns or WIDEST
    bar = f"  {'=' * min(most - 2, NARROWER)}"

    def filled(text: str, indent: str, widest: int = WIDEST) -> list[str]:
        return textwrap.wrap(
            printable(text), min(most, widest), initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    first = [line for text in NOT_MNIST for line in filled(text, "    ")]
    looked, how = filled(LOOKED_FOR, "  "), filled(HOW_TO_GET_IT, "  ")
    return ["", bar, *first, bar, *looked, *filled(why, "  ", NARROWER), *how, ""]


def keeper_of(resume: Path, output: Path | None, overwrite: bool) -> Keeper:
    """Return what saves a run in the file that it is from. Raise usage errors."""
    if output or overwrite:
        raise click.UsageError(
            f"expected --resume without {'-o' if output else '--overwrite'}: the run goes on in "
            f"{resume}."
        )
    found = "no file of this name"
    try:
        if replaceable(resume):
            return Keeper.of_run(resume)
    except OSError as error:
        found = f"that it cannot be saved there again: {reason(error)}"
    raise click.BadParameter(
        f"{resume}: expected a model file, found {found}: name one that train has saved, in a "
        "place where it may be replaced.",
        param_hint="--resume",
    )


class Checkpoints:
    """When to save: after each epoch, and as often besides as was asked for."""

    def __init__(self, interval: Interval | None, batch_size: int) -> None:
        self.interval, self.batch_size = interval, batch_size
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self.began, self.minibatches = time.monotonic(), 0

    def is_due(self, images: int) -> bool:
        """Return whether to save, after a block with so many more images."""
        self.minibatches += -(-images // self.batch_size)
        if self.interval is None:
            return False
        passed = time.monotonic() - self.began if self.interval.seconds else self.minibatches
        return passed >= self.interval.length


def fit(
    run: "Run",
    examples: "Examples",
    keeper: Keeper,
    say: Say,
    bar: "tqdm[Any]",
    interval: Interval | None = None,
    data: str | None = None,
    saved: bool = True,
    finish: Callable[[], None] = lambda: None,
) -> Failure | None:
    """Finish the run, saving it after every epoch; whatever ends this, what it learned is kept.

    Return why it could not be saved at the end, if it could not.
    `bar` shows how many images of all epochs are done. `interval` says when to save besides, `data`
    what was given with --data, and `saved` whether the file has all of the run already. `finish`
    is called at the end before the run is saved, so that no file has a finished run without that.
    """
    from simplenet.training.evaluation import counts, is_guessing
    from simplenet.training.order import split
    from simplenet.training.run import advance

    _, held_out = split(run.image_shape[0], run.settings["validation"])
    classes = counts(examples.labels[held_out] if len(held_out) else examples.labels)
    checkpoints, done = Checkpoints(interval, run.settings["batch_size"]), run.images
    with signals_held() as release:
        try:
            for at in advance(run, *examples):
                cost = at.record.cost if at.record else run.cost / at.images
                epoch = f"epoch {at.epoch}/{run.settings['epochs']}"
                bar.set_description_str(f"{epoch}  cost {cost:.4f}", refresh=False)
                due, done = checkpoints.is_due(at.images - done), 0 if at.record else at.images
                bar.update((at.epoch - 1) * at.total + at.images - bar.n)
                if run.finished:
                    with contextlib.suppress(DivergedError):  # which is said later
                        finish()
                if at.record or due:
                    saved = keeper.try_to_save(run)
                    checkpoints.begin()
                if at.record:
                    bar.clear()
                    say(epoch_line(run.history, run.settings["epochs"]))
                    measured = at.record.validation_accuracy
                    accuracy = at.record.accuracy if measured is None else measured
                    if at.epoch == 1 and is_guessing(accuracy, classes):
                        warn_of_guessing(run, accuracy, "after the first epoch")
                release()
        except MemoryError as error:
            raise too_little_memory(error, f" {keep(run, keeper)}") from error
        except (SimplenetError, KeyboardInterrupt) as error:
            what, unsaved = str(error) or f"{word(error)}.", False
            try:
                kept = keep(run, keeper)
            except Failure as failed:
                kept, unsaved = failed.message, True
            if isinstance(error, KeyboardInterrupt) and not run.finished and not unsaved:
                kept += f" To go on: {command_to_resume(keeper.path, data)}"
            raise type(error)(f"{what} {kept}") from error
        failure = None
        if not saved:
            try:
                keeper.save(run)
            except Failure as error:
                failure = error
    if run.best:
        say(f"the best was epoch {run.best.epoch}, whose weights are kept")
    return failure


def measure(run: "Run", data: "Data") -> "Score":
    """Return what a run scores on the test images of these data, and write it into the run.

    Raise DivergedError where that cannot be told, since its weights are too large.
    """
    from simplenet.training.evaluation import evaluate
    from simplenet.training.measured import least_margin_held_out, remember

    score = evaluate(run.net, *data.test)
    sha256 = {part: data.sha256(part) for part in TEST_PARTS}
    remember(run, score, data.name, sha256, least_margin_held_out(run, *data.train))
    return score


def epoch_line(history: Sequence["Epoch"], epochs: int) -> list[Piece]:
    """Show what the last epoch brought, of so many; in colour where an accuracy goes up or down."""
    last, before = history[-1], history[-2] if len(history) > 1 else history[-1]
    return [
        f"epoch {last.epoch:{len(str(epochs))}}/{epochs}",
        f"cost {last.cost:.4f}",
        _share("accuracy", last.accuracy, before.accuracy),
        _share("validation", last.validation_accuracy, before.validation_accuracy),
        f"{last.seconds:.1f} s",
    ]


def _share(name: str, now: float | None, before: float | None) -> Piece:
    """Show an accuracy: green where it is above the one before, yellow below."""
    text = f"{name} {percent(now):>8}"
    if now is None or before is None or now == before:
        return text
    return Coloured(text, "green" if now > before else "yellow")


def keep(run: "Run", keeper: Keeper) -> str:
    """Save what an ended training has learned, and say where."""
    if run.epoch == run.images == 0 and keeper.path.exists():
        return f"Nothing was learned; {keeper.path} is as it was."
    keeper.save(run)
    return f"The model after {position(run.epoch, run.images)} is saved as {keeper.path}."


def warn_of_guessing(run: "Run", accuracy: float, when: str) -> None:
    """Say that the net has learned nothing, and what to change."""
    from simplenet.training.run import default_lr_of

    learned = run.image_shape[0] - run.settings["validation"]
    steps = run.epoch * -(-learned // run.settings["batch_size"])
    advice = advice_on(run.settings, run.net.shape[1:-1], default_lr_of(run), steps)
    tell(
        f"warning: an accuracy of {percent(accuracy)} {when} is hardly better than guessing: "
        f"{advice}.",
        err=True,
    )
