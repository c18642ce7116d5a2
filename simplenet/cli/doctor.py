"""`simplenet doctor`: whether all is well with what simplenet runs on."""

import sys
import textwrap
from typing import TYPE_CHECKING

import click

from simplenet.cli.parameters import Grouped, json_option, quiet_option
from simplenet.cli.show import INDENT, Coloured, columns_of, echo, echo_json

if TYPE_CHECKING:  # what is looked at takes its time, and no help needs it
    from simplenet.cli.health import Finding

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
STATE = 1 + max(map(len, COLOURS))  # characters
ROOM = 30  # for what is found, beside its name; with less it stands below


@click.command("doctor", cls=Grouped)
@quiet_option("Only what is wrong.")
@json_option
def command(quiet: bool, as_json: bool) -> None:
    """Say whether all is well with what simplenet runs on, and what to do about what is not.

    Looks at Python and the libraries, what computes, the data, the disk and the terminal; nothing
    is changed or downloaded. A warning is something that some do without; a problem makes the exit
    code 1.

    \b
    Examples:
      simplenet doctor
      simplenet doctor --json
    """
    from simplenet.cli.health import OK, PROBLEM, examine

    findings = list(examine())
    if as_json:
        echo_json({"findings": [finding._asdict() for finding in findings]})
    else:
        longest = max(len(finding.name) for finding in findings)
        for finding in findings:
            if not quiet or finding.state != OK:
                show(finding, longest, columns_of(sys.stdout))
    if any(finding.state == PROBLEM for finding in findings):
        click.get_current_context().exit(1)


def show(finding: "Finding", longest: int, columns: int | None) -> None:
    """Print a finding, beside names of at most so many characters, in lines of so many columns."""
    name, state, found, advice = finding
    beside = f" {name:{longest}} "
    left, room = STATE + len(beside), columns and columns - STATE - len(beside)
    if room is not None and room < ROOM:
        beside, left, room = f" {name} ", len(INDENT), max((columns or 0) - len(INDENT), 1)
        fits = STATE + len(beside) + len(found) <= (columns or 0)
        lines = [found] if fits else ["", *folded(found, room)]
    else:
        lines = folded(found, room)
    echo([Coloured(f"{state:{STATE}}", COLOURS[state]), f"{beside}{lines[0]}".rstrip()])
    echo(*(f"{'':{left}}{line}" for line in lines[1:]))
    if advice:
        left = min(left, STATE + 1)
        is_command = sys.executable in advice  # to be copied, and so in one line
        room = None if is_command or columns is None else max(columns - left, 1)
        echo(*(f"{'':{left}}{line}" for line in folded(advice, room)))


def folded(text: str, room: int | None) -> list[str]:
    """Return lines of at most so many characters, in which paths stay whole."""
    if room is None:
        return [text]
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
