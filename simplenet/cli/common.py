"""What several commands share: options from the table, threads, bars and JSON."""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli import Terminated
from simplenet.datasets.sources import DATASETS
from simplenet.errors import DataError, ModelError
from simplenet.options import OPTIONS, Option, whole

if TYPE_CHECKING:
    from tqdm import tqdm

    from simplenet.datasets.load import Data
    from simplenet.training.modelfile import Model

THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "OMP_NUM_THREADS",
)
WORTH_SHARING = 16_000_000  # multiplications in a matrix product from which threads pay


class Checked(click.ParamType):
    """A click type whose values are checked as the table of options says."""

    def __init__(self, name: str, check: Callable[[Any], Any]):
        self.name, self.check = name, check

    def convert(self, value, param, ctx):
        try:
            return self.check(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Grouped(click.Command):
    """A command whose help lists its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):  # arguments stand in the usage
                groups.setdefault(getattr(param, "group", "Other"), []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class GroupedOption(click.Option):
    """An option that knows its heading."""

    def __init__(self, *args, group: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.group = group


def table_options(*names: str) -> Callable[[Callable], Callable]:
    """Return a command the options of the table with these names, or all of them."""

    def decorate(command: Callable) -> Callable:
        for option in reversed([OPTIONS[name] for name in names or OPTIONS]):
            command = click.option(
                "--" + option.name.replace("_", "-"),
                cls=GroupedOption,
                group=option.group,
                type=Checked(option.metavar, option.check),
                metavar=option.metavar,
                default=_as_typed(option),
                show_default=option.default is not None,
                help=option.help,
            )(command)
        return command

    return decorate


def _as_typed(option: Option) -> Any:
    """Return the default as a person would type it."""
    if isinstance(option.default, tuple):
        return ",".join(map(str, option.default))
    return option.default


def data_options(command: Callable) -> Callable:
    """Return a command --data and --offline."""
    command = click.option(
        "--offline", is_flag=True, cls=GroupedOption, group="Data", help="Never download anything."
    )(command)
    return click.option(
        "--data",
        metavar="NAME|FOLDER",
        cls=GroupedOption,
        group="Data",
        help=f"A data set: {', '.join(DATASETS)}, or a folder with four IDX files.",
    )(command)


def threads_option(command: Callable) -> Callable:
    """Return a command --threads."""

    def check(value):
        try:
            return value if value == "auto" else whole(1, 1024)(value)
        except ValueError as error:
            raise ValueError(str(error).replace("expected", "expected auto or", 1)) from None

    return click.option(
        "--threads",
        cls=GroupedOption,
        group="Run",
        type=Checked("N", check),
        metavar="auto|N",
        default="auto",
        show_default=True,
        help="Threads for matrix products: auto takes one for small nets, all cores for large.",
    )(command)


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    cls=GroupedOption,
    group="Run",
    help="Print the result as JSON.",
)


def set_threads(threads: int | str, largest_product: int) -> int:
    """Choose how many threads numpy's matrix products use; to be called before numpy loads.

    `largest_product` is the number of multiplications in the largest of them: sharing a small one
    costs more than it saves. A number given by --threads comes first, then one that the user has
    set in the environment. Return the number chosen.
    """
    if threads == "auto":
        for variable in THREAD_VARIABLES:
            given = os.environ.get(variable, "")
            if given.isdecimal() and int(given) > 0:
                return int(given)
        threads = _cores() if largest_product >= WORTH_SHARING else 1
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    return int(threads)


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def echo_json(result: dict[str, Any]) -> None:
    """Print a result for programs."""
    click.echo(json.dumps(result, indent=2, allow_nan=False))


def learned(position: dict[str, int]) -> str:
    """Say how far a training has come, such as `2 epochs and 1,000 images`."""
    epochs, images = position["epochs"], position["images"]
    more = f" and {images:,} images" if images else ""
    return f"{epochs} epoch{'' if epochs == 1 else 's'}{more}"


def percent(share: float | None) -> str:
    """Show a share between 0 and 1, or its absence."""
    return "-" if share is None else f"{100 * share:.2f} %"


def make_bar(quiet: bool = False, **how) -> "tqdm":
    """Make a progress bar on stderr; it shows only if that is a terminal."""
    from tqdm import tqdm

    terminal = sys.stderr is not None and sys.stderr.isatty()
    return tqdm(disable=quiet or not terminal, **how)


@contextlib.contextmanager
def download_bar(quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Return a progress callback for downloads, which draws a bar for each file."""
    bars: dict[str, tqdm] = {}

    def progress(name: str, received: int, size: int) -> None:
        if name not in bars:
            bars[name] = make_bar(quiet, total=size, desc=name, unit="B", unit_scale=True)
        bars[name].update(received - bars[name].n)

    try:
        yield progress
    finally:
        for bar in bars.values():
            bar.close()


def data_for(model: "Model", path: Path, data: str | None, offline: bool) -> "Data":
    """Load the data set that a model was trained on, or the one given with --data.

    Raise ModelError if it is not known which that is, DataError unless it can be had and has as
    many classes as the model has outputs.
    """
    from simplenet.datasets.load import load_data, load_same

    if data is None and not model.data:
        raise ModelError(
            f"{path}: expected a model that records its data set, found one that does not: say "
            "which data to use with --data NAME or FOLDER."
        )
    with download_bar() as progress:
        how = {"offline": offline, "progress": progress}
        found = load_same(model.data, **how) if data is None else load_data(data, **how)
    if found.classes != model.net.shape[-1]:
        raise DataError(
            f"{found.name}: expected {model.net.shape[-1]} classes, the outputs of {path}, found "
            f"{found.classes}: use the data set the model was made for."
        )
    return found


@contextlib.contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C and the system's request to end, until the block calls what it is given.

    So neither comes between two halves of a step, nor while a model is being saved. A signal that
    is ignored, as Ctrl-C is by a script's background job, stays ignored.
    """
    pending: list[int] = []

    def hold(number, frame):
        pending.append(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: old for number, old in before.items() if old != signal.SIG_IGN}
    for number in before:
        signal.signal(number, hold)

    def release() -> None:
        if pending:
            raise Terminated if pending[0] == signal.SIGTERM else KeyboardInterrupt

    try:
        yield release
    finally:
        for number, old in before.items():
            signal.signal(number, old)
    release()
