"""The command reference: the help of every command."""

import click

from making import Files
from simplenet.cli import COMMANDS, cli

PATH = "simplenet/cli/REFERENCE.md"
WIDTH = 88  # of a line of help, whatever terminal this runs in


def paragraphs(text: bytes) -> list[list[bytes]]:
    """Return the words of each paragraph: releases of click break lines differently."""
    return [paragraph.split() for paragraph in text.split(b"\n\n")]


def files() -> Files:
    """Return the reference as Markdown: the help of the group, then of each command."""
    settings = {"terminal_width": WIDTH, **cli.context_settings}
    group = click.Context(cli, info_name="simplenet", **settings)
    parts = [
        "# Command reference\n",
        "Generated from the help by `python scripts/make.py reference`.\n",
        f"```text\n{cli.get_help(group)}\n```\n",
    ]
    for name in COMMANDS:
        command = cli.get_command(group, name)
        assert command
        context = click.Context(command, group, info_name=name, **settings)
        parts.append(f"## simplenet {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return {PATH: "\n".join(parts).encode()}
