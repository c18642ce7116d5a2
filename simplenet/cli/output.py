"""Where results are saved: whole, and never over a file that may not be replaced."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simplenet.cli import Failure
from simplenet.cli.common import GroupedOption
from simplenet.files import part_name

if TYPE_CHECKING:
    from simplenet.training.modelfile import Model


def output_options(what: str, default: str) -> Callable[[Callable], Callable]:
    """Return a command -o and --overwrite."""

    def decorate(command: Callable) -> Callable:
        command = click.option(
            "--overwrite", is_flag=True, cls=GroupedOption, group="Run",
            help="Replace the output file if it is there.",
        )(command)  # fmt: skip
        return click.option(
            "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), cls=GroupedOption,
            group="Run", help=f"Where to save the {what}.  [default: {default}]",
        )(command)  # fmt: skip

    return decorate


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse a name that nothing can be saved under, before any work is done."""
    plain = path.is_file()  # neither a folder nor /dev/null, which nobody may replace
    if os.path.lexists(path) and not (plain and overwrite):
        advice = "take another, or give --overwrite" if plain else "name a file"
        raise click.BadParameter(
            f"expected the name of a new file, found that {path} exists: {advice}.",
            param_hint="-o",
        )
    part = part_name(path)
    try:
        part.touch()
        part.unlink()
    except OSError as error:
        why = f"it cannot be written to ({error.strerror})"
        raise click.BadParameter(
            f"expected a folder to write to at {path.parent.absolute()}, found that "
            f"{why if path.parent.is_dir() else 'there is none'}.",
            param_hint="-o",
        ) from error


class Keeper:
    """Saves a model under one name, and never over a file that it may not replace."""

    def __init__(self, output: Path | None, overwrite: bool):
        """Choose the name, and find out now rather than after the training if it cannot be."""
        self.wanted = output or Path("model.npz")
        self.path, self.overwrite = output or free_name(self.wanted), overwrite
        self.ours: os.stat_result | None = None  # of the file as we last wrote it
        check_output(self.path, overwrite)

    def save(self, model: "Model") -> None:
        """Save the model; if another program has taken the name meanwhile, under the next one."""
        from simplenet import save_model

        while True:
            try:
                save_model(self.path, model, overwrite=self.overwrite or self._is_ours())
            except FileExistsError:
                taken, self.path = self.path, free_name(self.wanted)
                click.echo(f"{taken} has been taken meanwhile: saving as {self.path}", err=True)
            except OSError as error:
                why = error.strerror or error
                raise Failure(f"{self.path} could not be saved: {why}.") from error
            else:
                self.ours = os.stat(self.path)
                return

    def _is_ours(self) -> bool:
        """Tell whether the file is still the one that we wrote, and not put there since."""
        try:
            now = os.stat(self.path)
        except OSError:
            return False
        return self.ours is not None and (now.st_ino, now.st_mtime_ns, now.st_size) == (
            self.ours.st_ino, self.ours.st_mtime_ns, self.ours.st_size,
        )  # fmt: skip


def free_name(path: Path) -> Path:
    """Return this path if nothing is there, or with -2, -3, ... behind the name."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(name for name in itertools.chain([path], names) if not os.path.lexists(name))
