"""Write simplenet/cli/REFERENCE.md from the help of every command; a test holds the two equal."""

from pathlib import Path

import click

from simplenet.cli import COMMANDS, cli

TARGET = Path(__file__).parents[1] / "simplenet" / "cli" / "REFERENCE.md"
WIDTH = 88  # of a line of help, whatever terminal this runs in


def reference() -> str:
    """Return the reference as Markdown: the help of the group, then of each command."""
    settings = {"terminal_width": WIDTH, **cli.context_settings}
    group = click.Context(cli, info_name="simplenet", **settings)
    parts = [
        "# Command reference\n",
        "Generated from the help by `scripts/make_reference.py`.\n",
        f"```text\n{cli.get_help(group)}\n```\n",
    ]
    for name in COMMANDS:
        command = cli.get_command(group, name)
        context = click.Context(command, group, info_name=name, **settings)
        parts.append(f"## simplenet {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
