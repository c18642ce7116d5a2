"""Options from several places: the command line, then a TOML file, then the table's defaults."""

import contextlib
import json
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from simplenet.cli.parameters import Decorated, GroupedOption
from simplenet.options import OPTIONS, resolve_options

SIZES = "hidden", "shape"  # two ways to say how large the layers are


def config_options(command: Decorated) -> Decorated:
    """Return a command --config and --print-config."""

    def read(context: click.Context, param: click.Parameter, paths: tuple[Path, ...]) -> None:
        layers = [from_toml(path) for path in paths]  # a later file comes before an earlier one
        context.default_map = merged([dict(context.default_map or {}), *layers])

    command = click.option(
        "--print-config", is_flag=True, cls=GroupedOption, group="Configuration",
        help="Print a file for --config with these options and all defaults, and stop.",
    )(command)  # fmt: skip
    return click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", cls=GroupedOption,
        group="Configuration", callback=read, is_eager=True, expose_value=False, multiple=True,
        help="Take options from a TOML file, such as `epochs = 10`; the command line comes first, "
        "then the last of several files.",
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


def merged(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the options of several places, each of which comes before those ahead of it.

    Of `hidden` and `shape`, which say the same, only what was said last is left.
    """
    found: dict[str, Any] = {}
    for layer in layers:
        if "hidden" in layer or "shape" in layer:
            found = {name: value for name, value in found.items() if name not in SIZES}
        found |= layer
    return found


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


def asked_for(options: dict[str, Any]) -> dict[str, Any]:
    """Return those options that somebody gave, on the command line or in a file.

    Raise UsageError if `hidden` and `shape` come from one place; else the command line's is left.
    """
    context = click.get_current_context()
    sources = {name: context.get_parameter_source(name) for name in options}
    if sources["hidden"] == sources["shape"] != ParameterSource.DEFAULT:
        raise click.UsageError("--shape and --hidden: expected one of them, found both.")
    if ParameterSource.COMMANDLINE in (sources["hidden"], sources["shape"]):
        for name in SIZES:
            if sources[name] != ParameterSource.COMMANDLINE:
                sources[name] = ParameterSource.DEFAULT
    return {
        name: value for name, value in options.items() if sources[name] != ParameterSource.DEFAULT
    }


def layer_sizes(asked: dict[str, Any], inputs: int = 784, classes: int = 10) -> tuple[int, ...]:
    """Return the shape of the net that was asked for, for images and classes of this number."""
    shape: tuple[int, ...] | None = asked.get("shape")
    return shape or (inputs, *asked.get("hidden", OPTIONS["hidden"].default), classes)


def resolve_together(
    asked: dict[str, Any], shape: tuple[int, ...]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the functions of the net, and the options of training, each beside the others.

    Raise BadParameter for those that do not go together or are asked for in vain.
    """
    from simplenet.functions import check_functions, default_init, default_output

    activation = asked.get("activation", OPTIONS["activation"].default)
    cost = asked.get("cost", OPTIONS["cost"].default)
    functions = {
        "activation": activation,
        "output_activation": asked.get("output_activation") or default_output(cost),
        "cost": cost,
        "init": asked.get("init") or default_init(activation),
    }
    given = {name: value for name, value in asked.items() if not OPTIONS[name].of_net}
    with usage_errors():
        check_functions((activation, functions["output_activation"]), cost, functions["init"])
        if "activation" in asked and len(shape) == 2:
            raise ValueError(
                f"activation: expected hidden layers, found none in the shape {shape}, which makes "
                f"no use of {activation}."
            )
        how = {name: functions[name] for name in ("activation", "output_activation", "cost")}
        return functions, resolve_options(given, hidden=shape[1:-1], **how)
