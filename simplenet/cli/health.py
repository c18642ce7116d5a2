"""What simplenet runs on, thing by thing: how it is, and what to do where something is wrong."""

import importlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import click

from simplenet.cli import COMMANDS, cli
from simplenet.cli.compute import choose
from simplenet.cli.parameters import PREFIX, GroupedOption
from simplenet.cli.show import columns_of, takes_colour
from simplenet.cli.suggest import did_you_mean
from simplenet.datasets.sources import DATASETS, FILES, cache_folder, verify
from simplenet.errors import DataError, counted, reason
from simplenet.extras import EXTRAS, REQUIRED, pip_command
from simplenet.training.blas import WORTH_SHARING, kernels
from simplenet.version import __version__

OK, WARNING, PROBLEM = "ok", "warning", "problem"
LITTLE_SPACE = 100_000_000  # bytes: MNIST and a few models take less
NARROW = 40  # columns that every line of a training fits into


class Finding(NamedTuple):
    """How one thing is, and what to do about it, unless it is as it should be."""

    name: str
    state: str  # OK, WARNING or PROBLEM
    found: str
    advice: str = ""


Findings = Iterator[Finding]


def examine() -> Findings:
    """Yield what there is to say of each thing, whatever is broken."""
    for name, check in CHECKS.items():
        try:
            yield from check()
        except Exception as error:  # whatever it is, the others are looked at
            yield Finding(name, PROBLEM, f"cannot be looked at: {reason(error)}", "mend that first")


# --- what is installed ----------------------------------------------------------------------------


def check_python() -> Findings:
    """Say which Python runs."""
    yield Finding("python", OK, f"{platform.python_version()}, {sys.executable}")


def check_simplenet() -> Findings:
    """Compare what runs with what pip has installed: another project has the same name."""
    here = f"{__version__}, {Path(__file__).parents[1]}"
    try:
        installed = metadata.version("simplenet")
    except metadata.PackageNotFoundError:  # not installed, but run from its folder
        installed = __version__
    if installed == __version__:
        yield Finding("simplenet", OK, here)
    else:
        yield Finding(
            "simplenet", WARNING, f"{here}; but installed is simplenet {installed}",
            "another version, or somebody else's project of this name: in a clone of this one, "
            + pip_command("-e", "."),
        )  # fmt: skip


def check_libraries() -> Findings:
    """Look at the libraries that every command needs."""
    for requirement in REQUIRED:
        name = requirement.partition(">")[0]
        yield _library(name, name, requirement, PROBLEM, "simplenet needs it")


def check_extras() -> Findings:
    """Look at the libraries that only some commands need."""
    for name, extra in EXTRAS.items():
        yield _library(f"extra {name}", extra.module, extra.requirement, WARNING, extra.purpose)


def _library(name: str, module: str, requirement: str, missing: str, purpose: str) -> Finding:
    """Say whether a library can be imported; that it is not there is as bad as `missing` says."""
    project, _, least = requirement.partition(">=")
    try:
        importlib.import_module(module)
        version = metadata.version(project)
    except metadata.PackageNotFoundError:  # somebody has put it there without pip
        return Finding(name, OK, f"{project}, of unknown version")
    except Exception as error:  # a library that is broken raises anything
        if isinstance(error, ModuleNotFoundError) and error.name == module:
            absent = f"{project} is not installed: {purpose}"
            return Finding(name, missing, absent, pip_command(requirement))
        broken = f"{project} cannot be imported: {reason(error)}"
        odd = sorted(name for name in os.environ if name.startswith("TQDM_"))
        if module == "tqdm" and isinstance(error, ValueError) and odd:  # which it reads
            return Finding(name, PROBLEM, broken, f"unset {', '.join(odd)}")
        return Finding(name, PROBLEM, broken, pip_command("--force-reinstall", requirement))
    if _leading(version) < _leading(least):
        old = f"{project} {version}, expected at least {least}"
        return Finding(name, PROBLEM, old, pip_command("--upgrade", requirement))
    return Finding(name, OK, version if name == project else f"{project} {version}")


def _leading(version: str) -> list[int]:
    """Return the first two numbers of a version, which are all that a requirement has."""
    return [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:2]]


def check_blas() -> Findings:
    """Say what computes products, and how many threads of it where that pays."""
    threads = choose("auto", WORTH_SHARING, verbose=False)
    yield Finding("blas", OK, f"{kernels()}, threads 1; for wide nets {threads}")


def check_variables() -> Findings:
    """Look at the variables of the environment that give options.

    A slip in a name does nothing, one in a value ends every command that reads it.
    """
    from simplenet.datasets.load import VARIABLE

    options = {option.variable(context): (option, context) for option, context in options_of_all()}
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    known, right = {VARIABLE, *options}, []
    for name in given:
        if name not in known:
            meant = did_you_mean(name, known)
            advice = f"{meant} Or unset it" if meant else "unset it"
            yield Finding("variables", WARNING, f"{name} gives no option", advice)
        elif name in options and (wrong := _wrong_value(*options[name])):
            advice = "set it to what is expected, or unset it"
            yield Finding("variables", PROBLEM, f"{name}: {wrong}", advice)
        else:
            right.append(name)
    told = ", ".join(right)
    yield Finding("variables", OK, f"set: {told}" if told else "none that gives an option")


def options_of_all() -> Iterator[tuple[GroupedOption, click.Context]]:
    """Yield every option that has a variable, of every command, with a context for it."""
    group = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(group, name)
        assert command
        context = click.Context(command, group, info_name=name)
        for option in command.params:
            if isinstance(option, GroupedOption):
                yield option, context


def _wrong_value(option: GroupedOption, context: click.Context) -> str:
    """Return what is wrong with the value of an option's variable; "" if nothing is."""
    try:
        option.process_value(context, option.value_from_envvar(context))
    except click.UsageError as error:
        return error.message.partition(". Recognized")[0].rstrip(".")  # what click says of flags
    return ""


# --- data -----------------------------------------------------------------------------------------


def check_data() -> Findings:
    """Look for data where training does, without a download, and read what is there."""
    from simplenet.datasets.load import VARIABLE

    folder = os.environ.get(VARIABLE)
    if folder:
        yield _read(VARIABLE, None, f"name a folder with data, or unset {VARIABLE}")
    for name, dataset in DATASETS.items():
        if dataset.files:
            yield from _downloaded(name, wanted=name == "mnist" and not folder)
    yield _read("data sample", "sample", "install simplenet again, from a clone of it")


def _read(name: str, where: str | None, advice: str) -> Finding:
    """Read all of a data set."""
    from simplenet.datasets.load import load_data

    try:
        data = load_data(where, offline=True)
        learn, test = len(data.train.images), len(data.test.images)
    except DataError as error:
        return Finding(name, PROBLEM, str(error).rstrip("."), advice)
    return Finding(name, OK, f"{data.name}, {learn:,} and {counted(test, 'image')}, {data.place}")


def _downloaded(name: str, wanted: bool) -> Findings:
    """Compare what is in the cache with what has been published."""
    folder, wrong = cache_folder() / name, verify(name)
    label, fetch = f"data {name}", f"`simplenet fetch {name}` brings it"
    if not wrong:
        yield Finding(label, OK, f"right, by SHA-256, {folder}")
    elif not all(_is_missing(folder / FILES[part]) for part in wrong) or len(wrong) < len(FILES):
        yield Finding(label, PROBLEM, f"{folder}: {'; '.join(wrong.values())}", fetch)
    elif wanted:
        yield Finding(label, WARNING, f"not in {folder}", f"{fetch}, and so does training")


def _is_missing(path: Path) -> bool:
    """Return whether there is surely no such file, rather than one that cannot be looked at."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


# --- disk and terminal ----------------------------------------------------------------------------


def check_folder() -> Findings:
    """Look at the folder in which models are saved."""
    yield _room("folder", Path.cwd(), PROBLEM, "go to another, or say with -o where to save")


def check_cache() -> Findings:
    """Look at the folder for downloads: it need not take more where MNIST is there."""
    from simplenet.datasets.load import VARIABLE

    needed = not os.environ.get(VARIABLE) and verify("mnist")
    advice = f"mend that, or name another with XDG_CACHE_HOME, or one with MNIST with {VARIABLE}"
    yield _room("cache", cache_folder(), PROBLEM if needed else WARNING, advice)


def _room(name: str, folder: Path, locked: str, advice: str) -> Finding:
    """Say whether a folder, or the nearest that there is, can be written to, and has space."""
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Finding(name, locked, f"{there} cannot be written to: {reason(error)}", advice)
    free = shutil.disk_usage(there).free
    space = f"{folder}, {free / 1e9:,.1f} GB free"
    if free < LITTLE_SPACE:
        return Finding(name, WARNING, space, "free some space: MNIST and a few models need 0.1 GB")
    return Finding(name, OK, space)


def check_terminal() -> Findings:
    """Look at what results are shown in."""
    from simplenet.pictures.terminal import can_draw_blocks

    encoding, columns = sys.stdout.encoding, columns_of(sys.stdout)
    kind = counted(columns, "column") if columns else "results go elsewhere"
    colour = "colours" if takes_colour(sys.stdout) else "no colours"
    found = f"{encoding}, {kind}, {colour}"
    if not can_draw_blocks(encoding):
        advice = "digits are drawn in ASCII: set PYTHONIOENCODING=utf-8 if it can show that"
        yield Finding("terminal", WARNING, found, advice)
    elif columns and columns < NARROW:
        yield Finding("terminal", WARNING, found, f"make it {NARROW} columns wide")
    else:
        yield Finding("terminal", OK, found)


CHECKS: dict[str, Callable[[], Findings]] = {
    "python": check_python,
    "simplenet": check_simplenet,
    "libraries": check_libraries,
    "blas": check_blas,
    "variables": check_variables,
    "data": check_data,
    "folder": check_folder,
    "cache": check_cache,
    "terminal": check_terminal,
    "extras": check_extras,
}
