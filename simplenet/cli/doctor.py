"""`simplenet doctor`: whether all is well with what simplenet runs on."""

import click

from simplenet.cli.health import OK, PROBLEM, WARNING, examine
from simplenet.cli.parameters import Grouped, json_option, quiet_option
from simplenet.cli.show import Coloured, echo, echo_json

COLOURS = {OK: "green", WARNING: "yellow", PROBLEM: "red"}


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
    findings = list(examine())
    if as_json:
        echo_json({"findings": [finding._asdict() for finding in findings]})
    else:
        for name, state, found, advice in findings:
            if quiet and state == OK:
                continue
            echo([Coloured(f"{state:8}", COLOURS[state]), f" {name:12} {found}"])
            if advice:
                echo(f"{'':8} {advice}")
    if any(finding.state == PROBLEM for finding in findings):
        click.get_current_context().exit(1)
