"""A file is written whole or not at all, and read only if it is one."""

import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl

# The errors with which a file system says that it does not know an operation.
_UNKNOWN = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
# And those with which it refuses what it has not, such as hard links and owners.
_NOT_HERE = _UNKNOWN | {errno.EPERM, errno.EACCES, errno.EMLINK, errno.EXDEV}
_PART = re.compile(r"\..*\.[0-9a-f]{16}\.part", re.DOTALL)
_LONGEST_STEM = 100  # bytes of a name that go into that of its part: some systems take 143 in all


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary file that becomes `path` when the block ends well, and vanishes otherwise.

    The file lies beside its target, under a unique name that ends in `.part`; it is on the disk
    before it gets its name, so neither a crash nor a second process leaves half a file there. What
    killed processes have left in that folder is removed. A file that is replaced passes on who may
    read and write it, and whose it is, where that is allowed; of a link, what it leads to is
    replaced. Whatever fails, what was there is there still.
    Raise FileExistsError when `overwrite` is false and something of that name is there by then,
    PermissionError when it is write-protected, and any other OSError with the name `path`.
    """
    path = Path(path)
    target = Path(os.path.realpath(path)) if overwrite and os.path.islink(path) else path
    try:
        old = replaceable(target) if overwrite else None
        remove_debris(target.parent)
        part, file = _new_part(target, private=old is not None)
        try:
            yield file
            file.flush()
            if old := replaceable(target) if overwrite else None:
                _pass_on(file, old)
            os.fsync(file.fileno())
            if sys.platform == "win32":  # where nothing that is open can be renamed
                file.close()
            _replace(part, target) if overwrite else _claim(part, target)
        finally:
            with contextlib.suppress(OSError):  # what matters has been written by now
                file.close()
            with contextlib.suppress(OSError):  # after a success it is gone: it has become the file
                part.unlink()
    except OSError as error:
        if error.errno is None or not _is_about(error.filename, target):
            raise
        # The name that was asked for, not the temporary one, helps whoever reads this.
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def open_regular(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a file to read. Raise OSError for a pipe or a device, which might never end."""

    def check(mode: int) -> None:
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # open refuses a folder by itself
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))

    def opener(name: str, flags: int) -> int:
        check(os.stat(name).st_mode)  # some devices begin to do something when they are opened
        handle = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
        try:
            check(os.fstat(handle).st_mode)
        except OSError:
            os.close(handle)
            raise
        return handle

    return open(path, "rb", opener=opener)


def replaceable(path: Path) -> os.stat_result | None:
    """Return what is known of a file that is there, or None. Raise OSError if it is to stay."""
    try:
        old = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
    if not old.st_mode & 0o222 or not os.access(path, os.W_OK):  # root may write everything
        raise PermissionError(errno.EACCES, "it is write-protected", os.fspath(path))
    return old


def part_name(path: Path) -> Path:
    """Return a name that is nobody else's, beside the file that it is to become."""
    import secrets  # the help writes nothing

    return path.with_name(f".{cut(path.name, _LONGEST_STEM)}.{secrets.token_hex(8)}.part")


def cut(name: str, most: int) -> str:
    """Return the start of a name, at most so many bytes of it on the disk."""
    name = name[:most]
    while len(os.fsencode(name)) > most:
        name = name[:-1]
    return name


def remove_debris(folder: Path) -> None:
    """Remove the parts that killed processes have left in a folder: those that nobody holds.

    Nothing is removed where files cannot be locked, as on Windows: who holds them is not known.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _PART.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _remove_unless_held(entry.path)


def hold(file: IO[bytes]) -> bool:
    """Lock a file until it is closed, and return whether nobody else has.

    The system lets go of it when the process ends, however it does.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # there are no locks here, for nobody
            return True
    return True


def _remove_unless_held(part: str) -> None:
    """Remove a file. Raise OSError if it is none, or if a process holds it."""
    if sys.platform == "win32":
        return
    handle = os.open(part, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(part)
    finally:
        os.close(handle)


def _is_about(name: object, target: Path) -> bool:
    """Return whether an error that names this file, or none, is about writing the target."""
    if not isinstance(name, str):
        return name is None
    return Path(name) in (target, target.parent) or bool(_PART.fullmatch(os.path.basename(name)))


def _new_part(target: Path, private: bool) -> tuple[Path, IO[bytes]]:
    """Return the name of a new file beside the target, and the file, held until it is closed.

    Nobody else may ever open one that is `private`: who may is found out later.
    """
    opener = (lambda name, flags: os.open(name, flags, 0o600)) if private else None
    while True:
        part = part_name(target)
        file = open(part, "xb", opener=opener)  # noqa: SIM115
        if hold(file) and part.exists():
            return part, file
        file.close()  # somebody took it for debris before it was held


def _pass_on(file: IO[bytes], old: os.stat_result) -> None:
    """Give a file the permissions and, where that is allowed, the owner of another."""
    if sys.platform == "win32":  # a file there is write-protected or not, and this one is not
        return
    handle, mode = file.fileno(), old.st_mode & 0o777
    own = os.fstat(handle)
    if own.st_gid != old.st_gid and not _may(os.fchown, handle, -1, old.st_gid):
        mode &= 0o707 | (mode & 0o007) << 3  # another group may do no more than everybody
    if own.st_uid != old.st_uid:
        _may(os.fchown, handle, old.st_uid, -1)
    _may(os.fchmod, handle, mode)


def _may(change: Callable[..., None], *args: int) -> bool:
    """Return whether a change was made, rather than refused. Raise OSError if it went wrong."""
    try:
        change(*args)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        return False
    return True


def _replace(part: Path, target: Path) -> None:
    """Give a finished file the name of another, which gets it back if that cannot be kept."""
    was_there, old = os.path.lexists(target), part_name(target)
    with contextlib.suppress(OSError):  # there is none, or there are no links
        os.link(target, old)
    try:
        os.replace(part, target)
        try:
            _sync_folder(target.parent)
        except OSError:
            with contextlib.suppress(OSError):
                os.replace(old, target) if was_there else os.unlink(target)
            raise
    finally:
        with contextlib.suppress(OSError):
            os.unlink(old)


def _claim(part: Path, target: Path) -> None:
    """Give a finished file its name only if nothing has that name: a link never replaces."""
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        _rename(part, target)
    try:
        _sync_folder(target.parent)
    except OSError:
        os.unlink(target)
        raise


def _rename(part: Path, target: Path) -> None:
    """Rename a file where there are no links. Raise FileExistsError if the name is taken.

    The name is never there without the whole file, whenever the process is killed. Where the system
    cannot do both in one step, another program's file that appears between the two could be
    replaced; simplenet's own processes wait for each other.
    """
    if sys.platform == "win32":
        os.rename(part, target)  # which never replaces there
    elif not _rename_in_one_step(part, target):
        with _only_one(target.parent):
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
            os.rename(part, target)


def _rename_in_one_step(part: Path, target: Path) -> bool:
    """Rename a file unless the name is taken, and return whether the system can.

    Linux and macOS can, on most file systems; Python does not offer it.
    """
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        old, new = os.fsencode(part), os.fsencode(target)
        if sys.platform == "darwin":
            failed = libc.renamex_np(old, new, 4)  # RENAME_EXCL
        else:
            failed = libc.renameat2(-100, old, -100, new, 1)  # AT_FDCWD, RENAME_NOREPLACE
    except (ImportError, AttributeError, OSError):  # another system, or an old one
        return False
    code = ctypes.get_errno()
    if failed and code not in _NOT_HERE:
        raise OSError(code, os.strerror(code), os.fspath(target))
    return not failed


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let other processes wait for the end of the block, where a folder can be locked."""
    with contextlib.ExitStack() as stack:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                handle = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sync_folder(folder: Path) -> None:
    """Put a new name on the disk, where the system can: not on Windows."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written to, but not read
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    finally:
        os.close(handle)
