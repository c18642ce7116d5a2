"""Options of commands: those of the table, and a few that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from simplenet.cli.show import Command
from simplenet.cli.suggest import did_you_mean
from simplenet.datasets.sources import DATASETS
from simplenet.options import OPTIONS, Option, choices_of, integer, shown

if TYPE_CHECKING:  # or every command would load it
    from click.shell_completion import CompletionItem

FILES = "simplenet.files"  # in the context: by the name of an option, the file that gives it
PREFIX = "SIMPLENET_"  # of the variables that give options
WIDEST_NAME = 30  # characters of an option in the help, that its text stands beside
LONGEST = 100  # characters of a value that is no good, in what is said of it
FILE = click.Path(path_type=Path, readable=False)  # whoever reads it says better what is wrong
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Checked(click.ParamType[Any]):
    """A click type whose values are checked as the table of options says."""

    def __init__(self, name: str, check: Callable[[Any], Any]) -> None:
        self.name, self.check, self.choices = name, check, choices_of(check)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, checked, or fail as click does; name the file that it is from."""
        try:
            found = self.check(value)
            if not _is_ascii(value):
                raise ValueError(f"expected digits from 0 to 9, found {shown(value)}")
            return found
        except ValueError as error:
            why = str(error).replace(shown(value), brief(value))
            meant = did_you_mean(_last(value), self.choices) if isinstance(value, str) else ""
            end = f"; {meant}" if meant else "."
            self.fail(f"{file_of(param.name if param else None, ctx)}{why}{end}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        """Return the names that go on like this, or like its end where commas are between."""
        from click.shell_completion import CompletionItem

        before = incomplete.removesuffix(_last(incomplete))
        names = (f"{before}{name}" for name in self.choices)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _last(text: str) -> str:
    """Return what stands behind the last comma."""
    return text.rpartition(",")[2]


class DataName(click.ParamType[str]):
    """The name of a data set, or a folder: whoever loads it says what is wrong with it."""

    name = "NAME|FOLDER"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        """Return the names that begin like this; folders if there are none."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name) for name in DATASETS if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="dir")]


def brief(value: Any) -> str:
    """Return what a person gave as a message shows it: the start of it, if it is long."""
    text = shown(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _is_ascii(value: Any) -> bool:
    """Return whether the texts in a value are: Python reads the digits of all scripts."""
    if isinstance(value, list | tuple):
        return all(map(_is_ascii, value))
    return not isinstance(value, str) or value.isascii()


def file_of(name: str | None, context: click.Context | None) -> str:
    """Return the configuration file that an option is from, as messages begin; "" if from none."""
    if name is None or context is None:
        return ""
    is_from_file = context.get_parameter_source(name) == ParameterSource.DEFAULT_MAP
    path = context.meta.get(FILES, {}).get(name) if is_from_file else None
    return f"{path}: " if path else ""


def any_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Let the shell complete an argument with the names of files."""
    return FILE.shell_complete(ctx, param, incomplete)


class Grouped(Command):
    """A command whose help lists its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, heading by heading."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):  # arguments stand in the usage
                groups.setdefault(getattr(param, "group", "Other"), []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=min(WIDEST_NAME, formatter.width // 2))


class GroupedOption(click.Option):
    """An option that knows its heading, and has a variable of the environment."""

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group

    def variable(self, ctx: click.Context) -> str:
        """Return the name of the variable, such as SIMPLENET_TRAIN_BATCH_SIZE."""
        name = max(self.opts, key=len).lstrip("-")
        return f"{PREFIX}{ctx.info_name}_{name}".replace("-", "_").upper()

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return what the variable says, None where it is empty or not set."""
        return os.environ.get(self.variable(ctx)) or None

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return what a message calls the option: as it was given."""
        if ctx and ctx.get_parameter_source(self.name) == ParameterSource.ENVIRONMENT:
            return f"'{self.variable(ctx)}'"
        return super().get_error_hint(ctx)


def hint(name: str) -> str:
    """Return what a message calls the option of a name in the command that runs."""
    context = click.get_current_context(silent=True)
    for option in context.command.params if context else ():
        if option.name == name and isinstance(option, GroupedOption):
            return option.get_error_hint(context)
    return f"'--{name.replace('_', '-')}'"


def table_options(
    *names: str, several: Callable[[Option], Callable[[Any], Any]] | None = None
) -> Callable[[Decorated], Decorated]:
    """Give a command the options of the table with these names, or all of them.

    With `several`, which returns the check of an option, each may be given several times.
    """
    multiple = several is not None

    def decorate(command: Decorated) -> Decorated:
        for option in reversed([OPTIONS[name] for name in names or OPTIONS]):
            default = _as_typed(option)
            command = click.option(
                "--" + option.name.replace("_", "-"),
                cls=GroupedOption,
                group=option.group,
                type=Checked(option.metavar, several(option) if several else option.check),
                metavar=option.metavar,
                multiple=multiple,
                default=[default] if multiple and default is not None else default,
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


def data_options(command: Decorated) -> Decorated:
    """Give a command --data and --offline."""
    command = click.option(
        "--offline", is_flag=True, cls=GroupedOption, group="Data", help="Never download anything."
    )(command)
    return click.option(
        "--data",
        type=DataName(),
        metavar="NAME|FOLDER",
        cls=GroupedOption,
        group="Data",
        help=f"A data set: {', '.join(DATASETS)}, or a folder with four IDX files, or "
        "with pictures in a folder for each class.",
    )(command)


def threads_option(command: Decorated) -> Decorated:
    """Give a command --threads."""

    def check(value: Any) -> int | str:
        try:
            return "auto" if value == "auto" else integer(1, 1024)(value)
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
        help="Threads for wide nets: auto takes all cores, or one for small nets.",
    )(command)


def quiet_option(
    text: str = "No bar and no notice: only results, warnings and errors.",
) -> Callable[[Decorated], Decorated]:
    """Return a decorator that gives a command -q, whose help says what is left out."""
    return click.option(
        "-q", "--quiet", is_flag=True, cls=GroupedOption, group="Run", help=text
    )  # fmt: skip


verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    cls=GroupedOption,
    group="Run",
    help="Say what computes matrix products.",
)


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    cls=GroupedOption,
    group="Run",
    help="Print the result as JSON.",
)
