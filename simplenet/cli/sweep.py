"""`simplenet sweep`: many settings, measured on validation images."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from simplenet.cli.bars import make_bar
from simplenet.cli.compute import choose
from simplenet.cli.config import layer_options, layer_sizes, resolve_together, usage_errors
from simplenet.cli.executors import executor_of
from simplenet.cli.output import check_output, output_options
from simplenet.cli.parameters import (
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    json_option,
    quiet_option,
    table_options,
    verbose_option,
)
from simplenet.cli.ranking import ranked, result_text, show
from simplenet.cli.show import command_line, echo, echo_json, tell
from simplenet.cli.signals import word
from simplenet.cli.space import (
    MOST_TRIALS,
    Several,
    asked_space,
    flag,
    repeated,
    seeds,
    settings_of,
    text_of,
)
from simplenet.cli.train import find_data
from simplenet.errors import counted, reason
from simplenet.files import replaceable
from simplenet.options import OPTIONS, integer
from simplenet.training.blas import usable_cores

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from simplenet.datasets.load import Examples
    from simplenet.training.sweep import Source, Trial
    from simplenet.training.sweeplog import Log

WORDS = "simplenet.words"  # in the context: what stands behind `simplenet sweep`


class Planned(NamedTuple):
    """A trial, and what a person would type for it."""

    options: dict[str, str]
    seed: int
    trial: "Trial"


class Sweep(Grouped):
    """A command that remembers its words, with which the sweep goes on."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, and keep all but the one that would begin anew."""
        ctx.meta[WORDS] = [word for word in args if word != "--overwrite"]
        return super().parse_args(ctx, args)


@click.command("sweep", cls=Sweep)
@table_options(*(name for name in OPTIONS if name != "seed"), several=Several)
@data_options
@layer_options
@click.option(
    "--seeds", "seed", type=Checked("SEEDS", seeds), metavar="SEEDS", default="0",
    show_default=True, cls=GroupedOption, group="Sweep",
    help="Seeds to train each setting with, such as 0-9 or 0,3,7.",
)  # fmt: skip
@click.option(
    "--trials", type=Checked("N", integer(1, MOST_TRIALS)), metavar="N", cls=GroupedOption,
    group="Sweep", help="Draw N settings at random, instead of trying all of them.",
)  # fmt: skip
@click.option(
    "--workers", type=Checked("N", integer(1, 1024)), metavar="N", cls=GroupedOption,
    group="Sweep", help="Processes, with one thread each.  [default: one for each core]",
)  # fmt: skip
@click.option(
    "--scheduler", metavar="ADDRESS", cls=GroupedOption, group="Sweep",
    help="Train on the workers of this Dask scheduler, which have simplenet and the data at the "
    "same place; needs the package distributed.",
)  # fmt: skip
@output_options("log, with which a sweep goes on", "sweep.jsonl")
@quiet_option("No bar and no line for each trial.")
@verbose_option
@json_option
def command(
    data: str | None,
    offline: bool,
    seed: tuple[int, ...],
    trials: int | None,
    workers: int | None,
    scheduler: str | None,
    output: Path | None,
    overwrite: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Train many nets, and rank their options by accuracy on validation images.

    Options are those of train, and each may be given several times: every combination is tried.
    Where no value has commas of its own, they may stand between several: --lr 1,3,5. With --trials,
    settings are drawn at random, from ranges, too: --lr 0.1..10, or --lr 0.1..10:log for as many
    between 0.1 and 1 as between 1 and 10. An option that only suits some values of another, as
    --beta1 suits adam, is left out beside the rest. What --preset and --config give is the same in
    all trials, unless it is given here; where it holds no images out, the usual number is. The
    test images are never read.

    What ends is written to a log, line by line. The same command goes on where it was stopped, and
    with more --trials or --seeds only what is new is trained.

    \b
    Examples:
      simplenet sweep --hidden 40 --hidden 100,50 --lr 1,3,5
      simplenet sweep --optimizer sgd,adam --seeds 0-9 -o optimizers.jsonl
      simplenet sweep --preset quick --lr 0.0005,0.001,0.002
      simplenet sweep --lr 0.5..20:log --hidden 20..200 --trials 30
    """
    space, ranks, twice = asked_space(options)
    twice += [f"--seeds {value}" for value in repeated(seed)]
    seeds_once = list(dict.fromkeys(seed))
    settings = settings_of(space, trials, ranks)
    for setting in settings:
        resolve_together(setting, layer_sizes(setting))  # what is wrong is said before a download
    path, again = output or Path("sweep.jsonl"), click.get_current_context().meta[WORDS]
    if overwrite or not os.path.isfile(path):
        check_output(path, overwrite)
    choose(1, 0, verbose=verbose)

    from simplenet.training.sweep import source_of

    found = find_data(data, offline, quiet)
    examples, source = found.examples("train"), source_of(found)
    header = {
        "options": {name: [text_of(value) for value in values] for name, values in space.items()},
        "data": {"name": source.name, "sha256": list(source.sha256)},
        "command": command_line("sweep", *again),
    }
    planned = [plan(setting, number, examples) for setting in settings for number in seeds_once]
    with taken_up(path, header, overwrite) as log:
        todo = [each for each in planned if not log.has(each.options, each.seed)]
        if todo:
            check_writable(path)
        workers = min(workers or usable_cores(), len(todo) or 1)
        if not quiet:
            where = scheduler or counted(workers, "process", "processes")
            if twice:
                tell(f"note: given more than once, tried once: {', '.join(twice)}", err=True)
            tell(f"data  {found.name}: {counted(len(examples.images), 'training image')}", err=True)
            for note in found.notes:
                tell(f"note  {note}", err=True)
            done = len(planned) - len(todo)
            tell(f"sweep {len(planned):,} trials, {done:,} of them in {path}; on {where}", err=True)
        try:
            if todo:
                with executor_of(scheduler, workers) as executor, usage_errors():
                    run_all(executor, todo, source, log, quiet)
        except KeyboardInterrupt as error:
            done = sum(log.has(each.options, each.seed) for each in planned)
            raise type(error)(
                f"{word(error)}. {done:,} of {len(planned):,} trials are in {path}. To go on: "
                f"{header['command']}"
            ) from error
    rows = ranked((each.options, log.accuracy(each.options, each.seed)) for each in planned)
    if as_json:
        echo_json({"log": str(path), "data": found.name, "seeds": seeds_once, "settings": rows})
    else:
        show(rows)
    if rows[0]["mean"] is not None and not quiet:
        words = [text for name, value in rows[0]["options"].items() for text in (flag(name), value)]
        words += ["--seed", str(seeds_once[0])] if len(seeds_once) == 1 and seeds_once[0] else []
        words += ["--data", data] if data else []
        echo(f"to train the best: {command_line('train', *words)}", err=True)


def plan(setting: dict[str, Any], seed: int, examples: "Examples") -> Planned:
    """Return the trial of a setting. Raise a usage error if it cannot be made, or measured."""
    from simplenet.training.order import split
    from simplenet.training.sweep import Trial

    ends = examples.images[0].size, 1 + int(examples.labels.max())
    shape = layer_sizes(setting, *ends)
    if (shape[0], shape[-1]) != ends:
        raise click.BadParameter(
            f"expected {ends[0]} inputs and {ends[1]} outputs for this data set, found "
            f"{','.join(map(str, shape))}.",
            param_hint="--shape",
        )
    functions, training = resolve_together(setting, shape)
    with usage_errors():
        _, held_out = split(len(examples.images), training["validation"])
        if not len(held_out):
            raise ValueError("validation: expected images held out to measure by, found none.")
    typed = {name: text_of(value) for name, value in setting.items()}
    return Planned(typed, seed, Trial(shape, functions, {**training, "seed": seed}))


@contextlib.contextmanager
def taken_up(path: Path, header: dict[str, Any], overwrite: bool) -> Iterator["Log"]:
    """Yield the log of this sweep, a new one if there is none, to which nobody else writes.

    Raise a usage error for that of another sweep, and for one to which another process writes.
    """
    from simplenet.training.sweeplog import Log, hold

    with contextlib.ExitStack() as stack:

        def hold_it() -> None:
            held = hold(path)
            if held is None:
                raise click.BadParameter(
                    f"expected a log that no other sweep writes to, found that one is writing to "
                    f"{path}: wait for its end, or name another file.",
                    param_hint="-o",
                )
            stack.enter_context(held)

        if os.path.lexists(path):
            hold_it()
            log = None if overwrite else Log.read(path)
            other = log and next(
                (name for name in ("options", "data") if log.header[name] != header[name]), None
            )
            if log and other and log.records:
                raise click.BadParameter(
                    f"expected the log of this sweep, found that {path} is that of another, with "
                    f"other {other}: {log.header['command']}. Name another file, or give "
                    "--overwrite.",
                    param_hint="-o",
                )
            if log and not other:
                yield log
                return
            overwrite = True
        log = Log.begin(path, header, overwrite=overwrite)
        hold_it()
        yield log


def check_writable(path: Path) -> None:
    """Raise a usage error for a log to which nothing can be added."""
    try:
        replaceable(path)
    except OSError as error:
        raise click.BadParameter(
            f"expected a log that can be added to, found {path}: {reason(error)}: make it "
            "writable, or name another file.",
            param_hint="-o",
        ) from error


def run_all(
    executor: "Executor", todo: list[Planned], source: "Source", log: "Log", quiet: bool
) -> None:
    """Run trials, and write each down as it ends."""
    from simplenet.training.sweep import sweep

    told = told_apart(todo)
    with make_bar(len(todo), "trial", leave=False, quiet=quiet) as bar:
        ended = sweep(executor, [each.trial for each in todo], source)
        for count, (number, outcome) in enumerate(ended, start=1):
            planned = todo[number]
            log.add(
                {
                    "options": planned.options,
                    "seed": planned.seed,
                    "validation_accuracy": outcome.accuracy,
                    "epochs": outcome.epochs,
                    "seconds": round(outcome.seconds, 3),
                }
            )
            bar.update()
            if not quiet:
                bar.clear()
                tell(
                    [
                        f"trial {count:{len(str(len(todo)))}}/{len(todo)}",
                        f"validation {result_text(outcome.accuracy):>8}",
                        f"{outcome.seconds:.1f} s",
                        *told(planned),
                    ],
                    err=True,
                )


def told_apart(todo: list[Planned]) -> Callable[[Planned], list[str]]:
    """Return a function that says of a trial what tells it from the others."""
    values: dict[str, set[str | None]] = {}
    for name in dict.fromkeys(name for each in todo for name in each.options):
        values[name] = {each.options.get(name) for each in todo}
    several_seeds = len({each.seed for each in todo}) > 1

    def told(planned: Planned) -> list[str]:
        pieces = [
            f"{name.replace('_', '-')} {value}"
            for name, value in planned.options.items()
            if len(values[name]) > 1
        ]
        return [*pieces, *([f"seed {planned.seed}"] if several_seeds else [])]

    return told
