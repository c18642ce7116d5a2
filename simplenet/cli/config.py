"""Options from several places: the command line, then a TOML file, then the table's defaults."""

import contextlib
import json
import string
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from simplenet.cli.common import GroupedOption
from simplenet.options import OPTIONS, settle, settle_net


def config_options(command: Callable) -> Callable:
    """Return a command --config and --print-config."""

    def read(context: click.Context, param: click.Parameter, path: Path | None) -> None:
        if path:
            context.default_map = {**(context.default_map or {}), **from_toml(path)}

    command = click.option(
        "--print-config", is_flag=True, cls=GroupedOption, group="Configuration",
        help="Print a file for --config with these options and all defaults, and stop.",
    )(command)  # fmt: skip
    return click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", cls=GroupedOption,
        group="Configuration", callback=read, is_eager=True, expose_value=False,
        help="Take options from a TOML file, such as `epochs = 10`; the command line comes first.",
    )(command)  # fmt: skip


def from_toml(path: Path) -> dict[str, Any]:
    """Read options by their names on the command line; give them by their names in the table."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise click.BadParameter(
            f"{path} cannot be read: {error.strerror or error}.", param_hint="--config"
        ) from error
    except (ValueError, RecursionError) as error:  # of TOML, and of UTF-8
        raise click.BadParameter(
            f"{path}: expected TOML such as `epochs = 10`, found an error: {error}.",
            param_hint="--config",
        ) from error
    names = {name.replace("_", "-"): name for name in (*OPTIONS, "data", "threads")}
    for key, value in found.items():
        if key not in names:
            raise click.BadParameter(
                f"{path}: expected only options such as {', '.join(names)}; found {key!r}.",
                param_hint="--config",
            )
        text = isinstance(value, str)
        if isinstance(value, bool | dict) or (key == "data" and not text):
            kinds = "a text" if key == "data" else "a number, a text or a list"
            raise click.BadParameter(
                f"{path}: expected {kinds} for {key}, found {value!r}.", param_hint="--config"
            )
    return {names[key]: value for key, value in found.items()}


def to_toml(options: dict[str, Any]) -> str:
    """Write options as a file for --config; those that are None are left to be found out."""
    lines = (
        f"{name.replace('_', '-')} = {_literal(value)}\n"
        for name, value in options.items()
        if value is not None
    )
    return "".join(lines)


def _literal(value: Any) -> str:
    """Write a value in TOML, which for numbers and lists is JSON; text in ASCII, for any reader."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = string.ascii_letters + string.digits + " /._-+:"
    return '"' + "".join(c if c in plain else f"\\U{ord(c):08x}" for c in value) + '"'


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """Turn the ValueError of a check, which begins with an option's name, into a usage error."""
    try:
        yield
    except ValueError as error:
        name, _, why = str(error).partition(": ")
        raise click.BadParameter(why, param_hint=f"'--{name.replace('_', '-')}'") from error


def settle_together(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the options of the net from those of training, and settle each beside the others."""
    context = click.get_current_context()
    sources = [context.get_parameter_source(name) for name in ("hidden", "shape")]
    if sources[0] == sources[1] != ParameterSource.DEFAULT:
        raise click.UsageError("--shape and --hidden: expected one of them, found both.")
    network = {name: value for name, value in options.items() if OPTIONS[name].of_net}
    training = {name: value for name, value in options.items() if name not in network}
    if sources[0] == ParameterSource.COMMANDLINE:
        network["shape"] = None  # one in the configuration file gives way
    if network["shape"]:
        network["hidden"] = None
    sizes = {name: network.pop(name) for name in ("hidden", "shape")}
    with usage_errors():
        network = settle_net(**network)
        return {**sizes, **network}, settle(cost=network["cost"], **training)
