"""`simplenet train --resume`: a run out of its file, to go on in place."""

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.config import usage_errors
from simplenet.cli.parameters import file_of, hint
from simplenet.cli.show import as_typed
from simplenet.errors import DataError, ModelError
from simplenet.files import open_regular
from simplenet.training.container import find_members

if TYPE_CHECKING:
    from simplenet.datasets.load import Data
    from simplenet.training.run import Run

MOST_JSON = 1 << 22  # bytes of a description that is looked at before numpy loads


def peek(path: Path) -> tuple[tuple[int, ...], int]:
    """Return the shape and the minibatch in a model file, without numpy; () and 0 if in doubt.

    They decide on kernels and threads. Whether the file is whole is found out when it is loaded.
    """
    wrong = OSError, ValueError, LookupError, TypeError, RecursionError, ModelError
    with contextlib.suppress(*wrong):
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            part = find_members(file, size)["model.json"].content
            file.seek(part.start)
            about = json.loads(file.read(min(part.stop - part.start, MOST_JSON)))
        return tuple(map(int, about["shape"])), int(about["options"]["batch_size"])
    return (), 0


def load_run(path: Path, asked: dict[str, Any]) -> tuple["Run", bool]:
    """Return the run in a file, with the epochs that were asked for, and whether it had them.

    `asked` are the options given beside --resume. Raise a usage error for one that would change
    what is past, ModelError for a file that holds no run that can go on.
    """
    from simplenet.training.modelfile import load_model
    from simplenet.training.run import extend

    run = load_model(path)
    if not run.settings or not run.image_shape:
        raise ModelError(
            f"{path}: expected a run that can go on, found a model that does not say how it was "
            "trained: start a new run, without --resume."
        )
    for name, value in asked.items():
        if name != "epochs":
            _check_past(path, name, value, run)
    epochs = run.settings["epochs"]
    with usage_errors():
        extend(run, asked.get("epochs", epochs))
    return run, run.settings["epochs"] == epochs


def _check_past(path: Path, name: str, value: Any, run: "Run") -> None:
    """Raise a usage error unless an option has the value that the run has had from the start."""
    known = {**run.settings, "shape": run.net.shape, "hidden": run.net.shape[1:-1]}
    if name in known and _plain(value) == _plain(known[name]):
        return
    had = (
        f"{as_typed(known[name])}, which {path} was started with"
        if name in known
        else (f"nothing, since the run in {path} makes no use of it")
    )
    place = file_of(name, click.get_current_context(silent=True)).removesuffix(": ")
    if place:  # it was not this option that somebody thought of
        option = "--preset" if place.startswith("the preset ") else "--config"
        raise click.BadParameter(
            f"expected a run that is to go on as it began, with {name.replace('_', '-')} {had}, "
            f"found that {place} says {as_typed(value)}: leave out {option}, or start a new run "
            "without --resume.",
            param_hint=f"'{option}'",
        )
    raise click.BadParameter(
        f"expected {had}, found {as_typed(value)}: what is past cannot be changed; leave it out, "
        "or start a new run without --resume.",
        param_hint=hint(name),
    )


def _plain(value: Any) -> Any:
    """Return the value of an option as a model file has it, which knows no tuples."""
    return list(value) if isinstance(value, tuple) else value


def how_to_go_on(run: "Run") -> str:
    """Say what gives a finished run more to learn, or why nothing does."""
    if run.stopped_early:
        return f"its patience of {run.settings['patience']} is over, and more epochs change nothing"
    return "--epochs N gives it more"


def check_same(run: "Run", path: Path, data: "Data") -> None:
    """Raise DataError unless these are the data that a run was started with."""
    for part, digest in run.data.get("sha256", {}).items():
        found = data.sha256(part)
        if found != digest:
            raise DataError(
                f"{data.name}: expected the {part} that {path} was started with, with SHA-256 "
                f"{digest}, found others, with {found}: give the folder that has them with --data."
            )
