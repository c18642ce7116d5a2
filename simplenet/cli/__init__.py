"""The command line: each command parses, calls a function of the library, and shows the result."""

import contextlib
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click

from simplenet.cli.show import Command, echo, printable
from simplenet.cli.signals import exit_code, ignore, install, word
from simplenet.cli.suggest import did_you_mean
from simplenet.errors import EXIT_CODES, SimplenetError, reason
from simplenet.version import __version__

# In the order of the help. Each module defines `command`, and loads numpy only when that runs.
COMMANDS = {
    "train": "simplenet.cli.train",
    "eval": "simplenet.cli.evaluate",
    "predict": "simplenet.cli.predict",
    "gears": "simplenet.cli.gears",
    "show": "simplenet.cli.digits",
    "plot": "simplenet.cli.plot",
    "info": "simplenet.cli.info",
    "check": "simplenet.cli.check",
    "graph": "simplenet.cli.graph",
    "sweep": "simplenet.cli.sweep",
    "export": "simplenet.cli.export",
    "fetch": "simplenet.cli.fetch",
    "doctor": "simplenet.cli.doctor",
}


class Failure(click.ClickException):
    """One clear sentence on stderr, and an exit code."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(printable(message))
        self.exit_code = exit_code  # type: ignore[misc]  # click sets it on instances, too


class Commands(Command, click.Group):
    """Load commands when needed, and turn what goes wrong in them into a sentence and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by its name, or None."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name]).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return a command with its name and arguments. Raise UsageError for a slip."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            meant = did_you_mean(name, COMMANDS)
            raise click.UsageError(f"No such command {name!r}{f'; {meant}' if meant else '.'}", ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line. Raise what went wrong as a Failure or a usage error."""
        with _failures():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Raise what went wrong as a Failure or a usage error."""
        with _failures():
            return super().invoke(ctx)


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn what goes wrong into a sentence, in which nothing is that a terminal obeys."""
    try:
        yield
    except click.UsageError as error:
        raise click.UsageError(printable(error.format_message()), error.ctx) from error
    except SimplenetError as error:
        raise Failure(str(error), error.exit_code) from error
    except KeyboardInterrupt as error:
        raise Failure(str(error) or f"{word(error)}.", exit_code(error)) from error
    except BrokenPipeError:
        raise  # whoever read our output has gone; click ends quietly
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{place}{reason(error)}.") from error
    except MemoryError as error:
        raise too_little_memory(error) from error


def too_little_memory(error: MemoryError, more: str = "") -> Failure:
    """Return the failure that says what was too large, with what there is to be said besides."""
    return Failure(f"not enough memory: {str(error) or 'try a smaller net or batch'}.{more}")


def _show_version(context: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        echo(f"simplenet {__version__}")
        context.exit()


def exit_codes() -> str:
    """Return a sentence that says what each exit code means."""
    meanings = []
    for meaning, codes in EXIT_CODES.items():
        *first, last = map(str, codes)
        meanings.append(f"{', '.join(first)}{' and ' * bool(first)}{last} {meaning}")
    return f"Exit codes: {', '.join(meanings)}."


@click.group(
    cls=Commands,
    epilog=exit_codes(),
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show the version and exit.",
)  # fmt: skip
@click.pass_context
def cli(context: click.Context) -> None:
    """Train a small neural network on handwritten digits, and see how well it reads them.

    \b
    To begin:
      simplenet train
      simplenet eval model.npz

    Every option is also a variable of the environment, such as SIMPLENET_TRAIN_EPOCHS for
    `train --epochs`; what is typed comes first.
    """
    if context.invoked_subcommand is None:
        echo(*context.get_help().split("\n"))


def main() -> None:
    """Run the command line."""
    try:
        install()
        code = _run()
    except KeyboardInterrupt as error:  # before a command ran, or after it had ended
        code = exit_code(error)
    ignore()
    sys.exit(code)


def _run() -> int:
    """Run the command line, say what went wrong, and return the exit code."""
    try:
        code: int = cli(prog_name="simplenet", standalone_mode=False) or 0
    except click.ClickException as error:
        with contextlib.suppress(OSError):  # nobody will know, but for the exit code
            error.show()
        code = error.exit_code
    except click.Abort as error:  # what click makes of Ctrl-C before a command runs
        code = exit_code(error.__cause__)
    return code
