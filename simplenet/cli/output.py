"""Where results are saved: whole, and never over a file that may not be replaced."""

import contextlib
import itertools
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from simplenet.cli import Failure
from simplenet.cli.parameters import FILE, GroupedOption
from simplenet.cli.show import command_to_resume, tell
from simplenet.errors import reason
from simplenet.files import cut, part_name, remove_debris, replaceable

if TYPE_CHECKING:
    from simplenet.training.run import Run

Command = TypeVar("Command", bound=Callable[..., None])

LONGEST = 255  # bytes of a name, on most systems


def output_options(what: str, default: str | None) -> Callable[[Command], Command]:
    """Return a decorator that adds -o and --overwrite to a command; None makes -o required."""
    told = f"  [default: {default}]" if default else ""

    def decorate(command: Command) -> Command:
        command = overwrite_option("Run", "Replace the output file if it is there.")(command)
        return click.option(
            "-o", "--output", metavar="FILE", type=FILE, cls=GroupedOption,
            group="Run", required=default is None, help=f"Where to save the {what}.{told}",
        )(command)  # fmt: skip

    return decorate


def overwrite_option(group: str, text: str) -> Callable[[Command], Command]:
    """Return a decorator that adds --overwrite to a command."""
    return click.option("--overwrite", is_flag=True, cls=GroupedOption, group=group, help=text)


def check_output(path: Path, overwrite: bool, option: str = "-o") -> None:
    """Raise a usage error for a name that nothing can be saved under, before any work is done.

    It names the option that gave the name.
    """

    def bad(why: str) -> click.BadParameter:
        return click.BadParameter(f"expected {why}.", param_hint=option)

    if str(path) == "-":
        raise bad("the name of a file, found -: nothing is written to the terminal")
    try:
        plain = stat.S_ISREG(os.stat(path).st_mode)  # no folder or device, which is to stay
    except (FileNotFoundError, NotADirectoryError):  # nothing, or a link that leads nowhere
        plain = False
    except OSError as error:
        raise bad(f"a file that can be written, found {path}: {reason(error)}") from error
    if os.path.lexists(path) and not (plain and overwrite):
        advice = "take another, or give --overwrite" if plain else "name a file"
        raise bad(f"the name of a new file, found that {path} exists: {advice}")
    if plain:
        try:
            replaceable(path)
        except PermissionError as error:
            advice = "take another name, or make it writable"
            raise bad(f"what may be replaced, found {path}: {reason(error)}: {advice}") from error
    part = part_name(Path(os.path.realpath(path)) if plain else path)
    remove_debris(part.parent)  # even if nothing is written: a run may have been finished
    try:
        part.touch()
        part.unlink(missing_ok=True)  # another process may have taken it for debris
    except OSError as error:
        is_there = os.path.isdir(part.parent)
        why = f"it cannot be written to ({reason(error)})" if is_there else "there is none"
        folder = part.parent
        with contextlib.suppress(OSError):  # the folder that the program stands in may be gone
            folder = folder.absolute()
        raise bad(f"a folder to write to at {folder}, found that {why}") from error


def check_other(path: Path, models: Iterable[Path], example: str, option: str = "-o") -> None:
    """Raise a usage error if what is saved under a name would replace one of the models."""
    for model in models:
        if os.path.realpath(path) == os.path.realpath(model):
            raise click.BadParameter(
                f"expected another file than the model, found {path}: name one such as {example}.",
                param_hint=option,
            )


class Keeper:
    """Save a model under one name, and never over a file that it may not replace."""

    def __init__(self, output: Path | None, overwrite: bool, option: str = "-o") -> None:
        """Choose the name, and find out now rather than after the training if it cannot be.

        `option` gave the name.
        """
        self.wanted = output or Path("model.npz")
        self.path, self.overwrite = output or free_name(self.wanted), overwrite
        self.written: os.stat_result | None = None  # of the file, when it was last saved
        self.saved = False  # whether it was, even if the disk did not say what it is since
        check_output(self.path, overwrite, option)

    @classmethod
    def of_run(cls, path: Path) -> "Keeper":
        """Return one for a run that goes on in the file that it is about to be read from."""
        keeper = cls(path, overwrite=True, option="--resume")
        keeper.overwrite, keeper.written = False, os.stat(path)
        return keeper

    def save(self, model: "Run") -> None:
        """Save the model; if another program has taken the name meanwhile, under the next one."""
        try:
            self._save(model)
        except OSError as error:
            why = f"{self.path} could not be saved: {reason(error)}."
            raise Failure(f"{why} {self._rescue(model)}") from error

    def _rescue(self, model: "Run") -> str:
        """Save the model where temporary files go, and say what is where, and what to do."""
        from simplenet.training.modelfile import save_model

        with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
            folder = Path(tempfile.mkdtemp(prefix="simplenet-"))
            undo.callback(folder.rmdir)
            place = folder / self.wanted.name
            save_model(place, model)
            undo.pop_all()
            return f"The model is saved as {place} instead: move it to where it is to stay."
        if not self.saved:
            return "Nothing is saved: free some space, and train again."
        resume = command_to_resume(self.path, None)
        return f"It holds what was saved before. Free some space; then, to go on: {resume}"

    def try_to_save(self, model: "Run") -> bool:
        """Save the model, or say why it could not be, and that this is not the end of it."""
        try:
            self._save(model)
        except OSError as error:
            tell(
                f"warning: {self.path} could not be saved: {reason(error)}; training goes on, and "
                "tries again after the next epoch",
                err=True,
            )
            return False
        return True

    def _save(self, model: "Run") -> None:
        from simplenet.training.modelfile import save_model

        while True:
            try:
                save_model(self.path, model, overwrite=self.overwrite or self._unchanged())
            except FileExistsError:
                taken, self.path = self.path, free_name(self.wanted)
                tell(f"{taken} has been taken meanwhile: saving as {self.path}", err=True)
            else:
                self.saved, self.written = True, None
                with contextlib.suppress(OSError):  # the file is whole all the same
                    self.written = os.stat(self.path)
                return

    def _unchanged(self) -> bool:
        """Return whether the file is still the one that this object wrote. Raise OSError."""
        try:
            now = os.stat(self.path)
        except FileNotFoundError:
            return False
        old = self.written
        if old is None:
            return self.saved
        return (now.st_ino, now.st_mtime_ns, now.st_size) == (
            old.st_ino, old.st_mtime_ns, old.st_size,
        )  # fmt: skip


def free_name(path: Path) -> Path:
    """Return this path if nothing is there, or with -2, -3, ... behind the name.

    Of a name that would be too long then, the end of what stands before is left out.
    """
    ends = (f"-{number}{path.suffix}" for number in itertools.count(2))
    names = (path.with_name(cut(path.stem, LONGEST - len(os.fsencode(end))) + end) for end in ends)
    return next(name for name in itertools.chain([path], names) if not os.path.lexists(name))
