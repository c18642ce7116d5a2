"""Options from several places.

The command line comes first, then the environment, a TOML file, a preset, the table's defaults.
"""

import contextlib
import json
import string
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from simplenet.cli.parameters import (
    FILE,
    FILES,
    Checked,
    Decorated,
    GroupedOption,
    brief,
    file_of,
    hint,
)
from simplenet.cli.suggest import like
from simplenet.errors import DataError, SimplenetError, reason
from simplenet.files import open_regular
from simplenet.options import MOST_NEURONS, OPTIONS, OneOf, resolve_options
from simplenet.presets import PRESETS

SIZES = "hidden", "shape"  # two ways to say how large the layers are
MOST_BYTES = 1 << 16  # of a configuration file: a longer one is another file
MOST_DOTS = 100  # in a line of it: tomllib takes memory by the square of how many a key has
ABOVE_FILES = 1 << 32  # a rank above all of the layers, which are counted from 0
LAYERS = "simplenet.layers"  # in the context: options from elsewhere than the command line
PRESET, CONFIG = "preset", "config"  # where they are from
RANKS = "simplenet.ranks"  # in the context: by the name of an option, the layer that gives it


def config_options(command: Decorated) -> Decorated:
    """Give a command --preset, --config and --print-config."""
    return layer_options(
        click.option(
            "--print-config", is_flag=True, cls=GroupedOption, group="Configuration",
            help="Print a file for --config with these options and all defaults, and stop; what "
            "follows from them, such as the learning rate, as a comment.",
        )(command)
    )  # fmt: skip


def layer_options(command: Decorated) -> Decorated:
    """Give a command --preset and --config."""

    def read_preset(context: click.Context, param: click.Parameter, name: str | None) -> None:
        if name is not None:
            _add_layers(context, PRESET, [(f"the preset {name}", PRESETS[name])])

    def read_files(context: click.Context, param: click.Parameter, paths: tuple[Path, ...]) -> None:
        _add_layers(context, CONFIG, [(path, from_toml(path)) for path in paths])

    command = click.option(
        "--config", type=FILE, metavar="FILE", cls=GroupedOption,
        group="Configuration", callback=read_files, is_eager=True, expose_value=False,
        multiple=True,
        help="Take options from a TOML file, such as `epochs = 10`; the command line comes first, "
        "then the last of several files.",
    )(command)  # fmt: skip
    return click.option(
        "--preset", type=Checked("NAME", OneOf(tuple(PRESETS))), metavar="NAME",
        cls=GroupedOption, group="Configuration", callback=read_preset, is_eager=True,
        expose_value=False,
        help=f"Take options that go well together: {', '.join(PRESETS)}. Files and the command "
        "line come first.",
    )(command)  # fmt: skip


def _add_layers(
    context: click.Context, source: str, layers: Sequence[tuple[str | Path, Mapping[str, Any]]]
) -> None:
    """Take options from places, by what messages call them; a preset's before those of files.

    The options of click come in the order in which they were typed.
    """
    given = context.meta.setdefault(LAYERS, {PRESET: [], CONFIG: []})
    given[source] = layers
    every = [*given[PRESET], *given[CONFIG]]
    given_once = merged([dict(layer) for _, layer in every])
    several = {param.name for param in context.command.params if param.multiple}
    context.default_map = {
        name: [value] if name in several else value for name, value in given_once.items()
    }
    context.meta[FILES] = {name: place for place, layer in every for name in layer}
    context.meta[RANKS] = {name: rank for rank, (_, layer) in enumerate(every) for name in layer}


def from_toml(path: Path) -> dict[str, Any]:
    """Read options by their names on the command line; give them by their names in the table."""
    import tomllib  # no command needs it without a file

    try:
        with open_regular(path) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES:,} bytes")
        if any(line.count(b".") > MOST_DOTS for line in content.split(b"\n")):
            raise ValueError(f"more than {MOST_DOTS:,} dots in a line")
        found = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise click.BadParameter(
            f"{path} cannot be read: {reason(error)}.", param_hint="--config"
        ) from error
    except (ValueError, RecursionError) as error:  # of TOML, and of UTF-8
        raise click.BadParameter(
            f"{path}: expected TOML such as `epochs = 10`, found an error: {error}.",
            param_hint="--config",
        ) from error
    names = {name.replace("_", "-"): name for name in (*OPTIONS, "data", "threads")}
    found = {name if name in names else name.replace("_", "-"): found[name] for name in found}
    for key, value in found.items():
        if key not in names:
            raise click.BadParameter(
                f"{path}: expected only options such as {', '.join(like(key, names) or names)}; "
                f"found {brief(key)}.",
                param_hint="--config",
            )
        text = isinstance(value, str)
        if isinstance(value, bool | dict) or (key == "data" and not text):
            kinds = "a text" if key == "data" else "a number, a text or a list"
            raise click.BadParameter(
                f"{path}: expected {kinds} for {key}, found {brief(value)}.", param_hint="--config"
            )
    if found.keys() >= set(SIZES):
        raise click.BadParameter(
            f"{path}: expected hidden or shape, found both.", param_hint="--config"
        )
    return {names[key]: value for key, value in found.items()}


def merged(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the options of several layers, of which a later one replaces what earlier ones say.

    `hidden` and `shape` say the same, and so replace each other.
    """
    found: dict[str, Any] = {}
    for layer in layers:
        if "hidden" in layer or "shape" in layer:
            found = {name: value for name, value in found.items() if name not in SIZES}
        found |= layer
    return found


def to_toml(options: dict[str, Any], follows: Container[str] = ()) -> str:
    """Return options as a file for --config; those that are None are left to be found out.

    What only `follows` from the others is a comment, so that it goes on following them when they
    are changed.
    """
    lines = (
        f"{'# ' if name in follows else ''}{name.replace('_', '-')} = {_literal(value)}\n"
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
    except SimplenetError:  # of data or a model, and no matter of options
        raise
    except ValueError as error:
        name, _, why = str(error).partition(": ")
        place = file_of(name, click.get_current_context(silent=True))
        raise click.BadParameter(f"{place}{why}", param_hint=hint(name)) from error


def asked_for(options: dict[str, Any]) -> dict[str, Any]:
    """Return those options that somebody gave, on the command line or elsewhere.

    Without what only suits a choice that another place has replaced. Raise what `given_by` does.
    """
    return without_outvoted(*given_by(options))


def given_by(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """Return those options that somebody gave, and a rank for each: that of the place it is from.

    Raise UsageError if one place gives both `hidden` and `shape`; else the first one replaces
    those of later ones.
    """
    context = click.get_current_context()
    sources = {name: context.get_parameter_source(name) for name in options}
    for place in ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT:
        typed = [name for name in SIZES if sources[name] == place]
        if len(typed) == 2:
            shape, hidden = hint("shape").strip("'"), hint("hidden").strip("'")
            raise click.UsageError(f"{shape} and {hidden}: expected one of them, found both.")
        if typed:
            sources.update(dict.fromkeys(set(SIZES) - set(typed), ParameterSource.DEFAULT))
    asked = {
        name: value for name, value in options.items() if sources[name] != ParameterSource.DEFAULT
    }
    ranks = {name: context.meta.get(RANKS, {}).get(name, -1) for name in asked}
    for rank, place in enumerate((ParameterSource.ENVIRONMENT, ParameterSource.COMMANDLINE)):
        ranks |= {name: ABOVE_FILES + rank for name in asked if sources[name] == place}
    return asked, ranks


def without_outvoted(asked: dict[str, Any], ranks: dict[str, int]) -> dict[str, Any]:
    """Leave out what only suits a choice that a later layer has replaced by another.

    A file with `optimizer = "adam"` and `beta1 = 0.8` can so be used with --optimizer sgd.
    """
    found = dict(asked)
    for name in asked:
        other, suited = OPTIONS[name].needs or (name, (asked[name],))
        if name == "elastic_sigma":
            other, suited = "elastic", tuple(filter(None, [asked.get("elastic")]))
        if name in ("activation", "dropout") and len(asked.get("shape") or ()) == 2:
            other, suited = "shape", ()  # a shape without hidden layers, of no use to either
        if other in asked and ranks[other] > ranks[name] and asked[other] not in suited:
            del found[name]
    return found


def layer_sizes(asked: dict[str, Any], inputs: int = 784, classes: int = 10) -> tuple[int, ...]:
    """Return the shape of the net that was asked for, for images and classes of this number.

    Raise DataError for images that no net can have as many inputs for.
    """
    if inputs > MOST_NEURONS:
        raise DataError(
            f"the images of the data set: expected at most {MOST_NEURONS:,} pixels in each, as a "
            f"net has no more inputs, found {inputs:,}: make them smaller."
        )
    shape: tuple[int, ...] | None = asked.get("shape")
    return shape or (inputs, *asked.get("hidden", OPTIONS["hidden"].default), classes)


def resolve_together(
    asked: dict[str, Any], shape: tuple[int, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the functions of the net, and the options of training: those that apply.

    Raise BadParameter for those that do not go together, and for what is asked for in vain.
    """
    from simplenet.functions import choose_functions

    activation = asked.get("activation", OPTIONS["activation"].default)
    cost = asked.get("cost", OPTIONS["cost"].default)
    hidden = shape[1:-1]
    given = {name: value for name, value in asked.items() if not OPTIONS[name].of_net}
    with usage_errors():
        activations, init = choose_functions(
            len(shape) - 1, activation, asked.get("output_activation"), cost, asked.get("init")
        )
        if "activation" in asked and not hidden:
            raise ValueError(
                f"activation: expected hidden layers, found none in the shape {shape}, which makes "
                f"no use of {asked['activation']}."
            )
        functions = {"output_activation": activations[-1], "cost": cost, "init": init}
        if hidden:
            of_hidden = activation if isinstance(activation, str) else list(activation)
            functions = {"activation": of_hidden, **functions}
        return functions, resolve_options(
            given,
            hidden=hidden,
            activation=activations[:-1] or activations,
            output_activation=activations[-1],
            cost=cost,
        )
