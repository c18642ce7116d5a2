"""How results look: lines that no terminal obeys, shares, positions, and JSON for programs."""

import errno
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from simplenet.errors import counted

if TYPE_CHECKING:
    from simplenet.training.run import Run


def printable(text: object) -> str:
    """Return text with an escape for each character that is none to be seen, as a newline is.

    A terminal obeys some of them, whoever has put them into the name of a file or into a model.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


class Coloured(NamedTuple):
    """A piece of a line, and the colour that it has where that can be seen."""

    text: str
    colour: str  # as click names it


class Prose(NamedTuple):
    """A piece of a line that may be broken between its words where it is too long for one."""

    words: tuple[str, ...]


Piece = str | Coloured
SCHEMA = 1  # a larger one where a field goes or means something else, not where one is added
NARROW_HELP = 52  # columns; in fewer, click lets the terminal break the lines of the help
NARROWEST_HELP = 30
INDENT = "  "  # of a line that goes on with the one above


def takes_colour(stream: TextIO) -> bool:
    """Return whether colours are shown: on a terminal, unless NO_COLOR or FORCE_COLOR says so.

    A colour never says what words do not.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    plain = os.environ.get("TERM") == "dumb"
    if sys.platform == "win32":  # of its terminals, not all obey
        plain = "WT_SESSION" not in os.environ
    return stream.isatty() and not plain


def columns_of(stream: TextIO | None) -> int | None:
    """Return how many characters a line of a terminal has, None of what is none."""
    try:
        if stream is not None and stream.isatty():
            return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # it does not say, or has been closed
        pass
    return None


def flowed(
    pieces: Sequence[Piece | Prose], width: int | None, gap: str = "  "
) -> list[list[Piece]]:
    """Return lines of pieces with gaps between, as many in each as fit into the width, if any.

    Pieces stay whole, but for Prose that is too long for a line.
    """
    parts: list[tuple[str, Piece]] = []  # each with the gap before it
    for piece in pieces:
        if not isinstance(piece, Prose):
            parts.append((gap, piece))
        elif width is None or len(INDENT) + len(" ".join(piece.words)) <= width:
            parts.append((gap, " ".join(piece.words)))
        else:
            parts += [(" " if at else gap, word) for at, word in enumerate(piece.words)]
    lines: list[list[Piece]] = [[]]
    used = 0
    for before, piece in parts:
        length = len(piece.text if isinstance(piece, Coloured) else piece)
        if lines[-1]:
            if width is None or used + len(before) + length <= width:
                lines[-1].append(before)
                used += len(before)
            else:
                lines.append([INDENT])
                used = len(INDENT)
        lines[-1].append(piece)
        used += length
    return lines


def tell(said: str | Sequence[Piece | Prose], *, err: bool = False) -> None:
    """Print a sentence, or pieces with wider gaps, in lines that fit if a terminal shows them."""
    pieces, gap = (said.split(" "), " ") if isinstance(said, str) else (said, "  ")
    echo(*flowed(pieces, columns_of(sys.stderr if err else sys.stdout), gap), err=err)


def echo(*lines: object, err: bool = False) -> None:
    """Print lines on stdout, or on stderr if `err`: each is one line, whatever it holds.

    A line that is a list has pieces, some of which may be Coloured.
    What the stream cannot encode is escaped, too. Raise OSError if stdout cannot be written to;
    what cannot be written to stderr is lost: it tells how things go, and nothing waits for it.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # it has been closed
        if err or not lines:
            return
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    colour = takes_colour(stream)
    text = "".join(
        "".join(_shown(piece, colour) for piece in (line if isinstance(line, list) else [line]))
        + "\n"
        for line in lines
    )
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        if not err:
            raise OSError(error.errno, error.strerror, "standard output") from error


def _shown(piece: object, colour: bool) -> str:
    """Return a piece of a line as the terminal is to have it."""
    if not isinstance(piece, Coloured):
        return printable(piece)
    text = printable(piece.text)
    return click.style(text, fg=piece.colour) if colour else text


def echo_json(result: Mapping[str, Any]) -> None:
    """Print a result for programs, with the version of what JSON.md says of it."""
    text = json.dumps({"schema": SCHEMA, **result}, indent=2, allow_nan=False)
    echo(*text.split("\n"))


class Command(click.Command):
    """A command whose help is printed as everything else is."""

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, in lines that fit into a terminal that is narrower than click has it."""
        columns = columns_of(sys.stdout)
        if columns and columns < NARROW_HELP and ctx.terminal_width is None:
            ctx.terminal_width = max(columns - 1, NARROWEST_HELP)
        return super().get_help(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option --help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        echo(*ctx.get_help().split("\n"))
        ctx.exit()


def command_to_resume(path: PathLike[str], data: str | None) -> str:
    """Return the command that goes on with a run."""
    return command_line("train", "--resume", str(path), *(["--data", data] if data else []))


def command_line(*words: str) -> str:
    """Return a command of simplenet as a shell takes it."""
    return " ".join(["simplenet", *map(_quoted, words)])


def as_typed(value: Any) -> str:
    """Return the value of an option as a person would type it."""
    if isinstance(value, list | tuple):
        return ",".join(map(as_typed, value))
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _quoted(word: str) -> str:
    """Return a word as a shell takes it, also one that cannot be shown as it is."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(_escaped(byte) for byte in os.fsencode(word)) + "'"


def _escaped(byte: int) -> str:
    """Return a byte as bash and zsh read it between $' and '."""
    plain = 32 <= byte < 127 and chr(byte) not in "\\'"
    return chr(byte) if plain else f"\\x{byte:02x}"


def position(epochs: int, images: int) -> str:
    """Say how far a training has come, such as `2 epochs and 1,000 images`."""
    more = f" and {counted(images, 'image')}" if images else ""
    return f"{counted(epochs, 'epoch')}{more}"


def records(run: "Run") -> list[dict[str, Any]]:
    """Return what each epoch of a run brought, for programs, without how long it took."""
    return [
        {name: value for name, value in asdict(record).items() if name != "seconds"}
        for record in run.history
    ]


def percent(share: float | None) -> str:
    """Show a share between 0 and 1, or its absence."""
    return "-" if share is None else f"{100 * share:.2f} %"


def shape_text(shape: tuple[int, ...]) -> str:
    """Show the sizes of a net's layers, such as `784-40-10`."""
    return "-".join(map(str, shape))
