"""Open what a person names as a picture, and read no more of it than a picture may have.

A file, a pipe and standard input are read; of a pipe at most as much as a file may hold, and
nothing at all of what can be no picture: a device, a socket, a pipe that nobody writes to.
"""

import contextlib
import os
import select
import stat
import tempfile
import time
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from simplenet.errors import DataError, reason
from simplenet.pictures.kinds.known import HEAD, not_a_picture, reader_of
from simplenet.pictures.kinds.parts import joined

MOST_BYTES = 150_000_000  # of a file: 48 megapixels, not compressed
IN_MEMORY = 2**23  # bytes of a pipe; what is more goes into a temporary file
BLOCK = 2**16  # bytes read from a pipe at once
GRACE = 0.5  # seconds in which somebody may still begin to write to a pipe
SILENCE = 10.0  # seconds without a byte, after which a named pipe is given up

Source = str | os.PathLike[str] | IO[bytes]


@contextlib.contextmanager
def opened(source: Source, name: str, most_bytes: int = MOST_BYTES) -> Iterator[BinaryIO]:
    """Open a picture, or take one that is open; what is given can be read from any place.

    Raise DataError, with this name, for what cannot be read or holds more than so many bytes.
    """
    with contextlib.ExitStack() as stack:
        try:
            if isinstance(source, str | os.PathLike):
                _refuse(name, os.stat(source).st_mode)
                file: IO[bytes] = stack.enter_context(open(source, "rb", 0, opener=_opener))
                is_named = True
            else:
                file, is_named = source, False
            seekable = stack.enter_context(_seekable(file, name, is_named, most_bytes))
        except (OSError, ValueError) as error:  # ValueError: a name with a zero in it
            if isinstance(error, DataError):
                raise
            raise DataError(
                f"{name}: expected a picture, found that it cannot be read: {reason(error)}. Check "
                "its name, its place and who may read it."
            ) from error
        yield cast(BinaryIO, seekable)


def name_of(source: Source) -> str:
    """Return what messages call a picture that was given no other name."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "the picture"))


def _opener(path: str, flags: int) -> int:
    """Open a file without waiting for somebody who writes to it, if it is a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refuse(name: str, mode: int) -> None:
    """Raise DataError for what may not even be opened, for that may wait, or change something."""
    found = "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else ""
    found = "a socket" if stat.S_ISSOCK(mode) else found
    if found:
        raise DataError(
            f"{name}: expected a picture in a file or from a pipe, found {found}: name a file."
        )


def _seekable(file: IO[bytes], name: str, is_named: bool, most_bytes: int) -> IO[bytes]:
    """Return the file, or what a pipe holds, from where it stands: its first byte is at 0."""
    mode = _mode(file)
    if mode is not None and is_named:
        _refuse(name, mode)  # it may have been exchanged since it was asked what it is
    if getattr(file, "isatty", bool)():
        raise DataError(
            f"{name}: expected a picture, found a terminal: send one, such as with "
            "`simplenet predict - < digit.png`."
        )
    streams = mode is not None and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    if streams or not file.seekable():
        named_pipe = is_named and mode is not None and stat.S_ISFIFO(mode)
        return _gathered(_blocks(file, name, named_pipe), name, most_bytes)
    start = file.tell()
    length = file.seek(0, os.SEEK_END) - start
    if length > most_bytes:
        raise _too_long(name, most_bytes)
    return joined([(cast(BinaryIO, file), start, length)])  # buffered, and not closed with it


def _mode(file: IO[bytes]) -> int | None:
    """Return what the system says a file is, or None if it knows nothing of it."""
    try:
        return os.fstat(file.fileno()).st_mode
    except (OSError, AttributeError):
        return None


def _gathered(blocks: Iterator[bytes], name: str, most_bytes: int) -> IO[bytes]:
    """Return a file of what a pipe holds. Raise DataError as soon as that is no picture."""
    kept = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115, it is returned
    try:
        head = b""
        for block in blocks:
            if len(head) < HEAD:
                head += block[:HEAD]
                if len(head) >= HEAD and reader_of(head) is None:
                    raise not_a_picture(name, head)
            if kept.tell() + len(block) > most_bytes:
                raise _too_long(name, most_bytes)
            kept.write(block)
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    return kept


def _blocks(file: IO[bytes], name: str, named_pipe: bool) -> Iterator[bytes]:
    """Yield what comes from a pipe. Raise DataError for a named one from which nothing comes."""
    give_up, silent = time.monotonic() + GRACE, True
    while True:
        block = file.read(BLOCK)
        if block:
            silent = False
            yield block
        elif block is None:  # somebody has it open for writing, and has written no more yet
            ready = select.select([file], [], [], SILENCE if named_pipe else None)[0]
            if not ready:
                found = f"a pipe into which nothing was written for {SILENCE:g} seconds"
                raise _empty_pipe(name, found)
            silent = False
        elif not (named_pipe and silent):
            return
        elif time.monotonic() > give_up:  # of a pipe whose writers have all gone this is the end
            raise _empty_pipe(name, "a pipe that nobody writes to, or wrote to")
        else:
            time.sleep(0.02)


def _empty_pipe(name: str, found: str) -> DataError:
    return DataError(
        f"{name}: expected a picture, found {found}: start what writes to it, or name a file."
    )


def _too_long(name: str, most_bytes: int) -> DataError:
    return DataError(
        f"{name}: expected a picture of at most {most_bytes:,} bytes, found more: make it smaller."
    )
