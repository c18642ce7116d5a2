"""The log of a sweep: a line of JSON that says what is swept, then one for each trial that ended.

    {"format": 1, "options": {"lr": ["1", "3"]}, "data": {...}, "command": "simplenet sweep ..."}
    {"options": {"lr": "1"}, "seed": 0, "validation_accuracy": 0.95, "epochs": 5, "seconds": 2.1}

An accuracy of null is that of a trial that diverged. A line that was cut short, as by a full disk,
does not count, and gives way to the next one.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from simplenet.errors import DataError, reason
from simplenet.files import atomic_write, open_regular
from simplenet.files import hold as hold_file

FORMAT = 1
MOST_BYTES = 1 << 28  # of a log; a larger file is another

Record = dict[str, Any]


class Log:
    """A log on the disk, and the records in it."""

    def __init__(self, path: Path, header: Record, records: list[Record]) -> None:
        self.path, self.header = path, header
        self.records = {_key(each["options"], each["seed"]): each for each in records}

    @classmethod
    def begin(cls, path: Path, header: Mapping[str, Any], *, overwrite: bool) -> "Log":
        """Write a new log, with this header and no trial. Raise OSError where that cannot be."""
        header = {"format": FORMAT, **header}
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(_line(header))
        return cls(path, header, [])

    @classmethod
    def read(cls, path: Path) -> "Log":
        """Read a log. Raise DataError for a file that is none, or cannot be read."""
        try:
            with open_regular(path) as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise DataError(
                f"{path}: expected the log of a sweep, found that it cannot be read: "
                f"{reason(error)}."
            ) from error
        try:
            return cls(path, *_parsed(content))
        except ValueError as error:
            raise DataError(
                f"{path}: expected the log of a sweep, found a file {error}: name another."
            ) from error

    def has(self, options: Mapping[str, str], seed: int) -> bool:
        """Return whether a trial has ended."""
        return _key(options, seed) in self.records

    def accuracy(self, options: Mapping[str, str], seed: int) -> float | None:
        """Return the validation accuracy of a trial that has ended; None if it diverged."""
        accuracy: float | None = self.records[_key(options, seed)]["validation_accuracy"]
        return accuracy

    def add(self, record: Record) -> None:
        """Add a record, and put it on the disk. Raise OSError, with the name of the log."""
        try:
            with open(self.path, "r+b") as file:
                at = file.seek(0, os.SEEK_END)
                while at and (file.seek(at - 1), file.read(1))[1] != b"\n":
                    at -= 1  # back over what there is of a line that was cut short
                file.truncate(at)
                file.write(_line(record))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(self.path)) from error
        self.records[_key(record["options"], record["seed"])] = record


def hold(path: Path) -> IO[bytes] | None:
    """Return a file that keeps others from holding a log until it is closed; None if one does.

    Raise OSError for a file that cannot be read.
    """
    while True:
        file = open_regular(path)
        try:
            held = hold_file(file)
            if held and os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        except OSError:
            file.close()
            raise
        file.close()
        if not held:
            return None  # else another has put a new log in its place meanwhile


def _parsed(content: bytes) -> tuple[Record, list[Record]]:
    """Return what the first line of a log says, and its records. Raise ValueError for what is none.

    The error says what is wrong with the file.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"of more than {MOST_BYTES:,} bytes")
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    found: list[Any] = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"whose line {number:,} is no JSON") from error
        if number > 1 and not _is_record(found[-1]):
            raise ValueError(f"whose line {number:,} is no trial")
    header = found[0] if found and isinstance(found[0], dict) else {}
    kinds = {"format": int, "options": dict, "data": dict, "command": str}
    if not all(isinstance(header.get(name), kind) for name, kind in kinds.items()):
        raise ValueError("whose first line does not say what is swept")
    if header["format"] != FORMAT:
        raise ValueError(f"of format {header['format']}, which another version has written")
    return header, found[1:]


def _is_record(record: Any) -> bool:
    """Return whether this may be what a sweep has written of a trial."""
    if not isinstance(record, dict) or not isinstance(record.get("options"), dict):
        return False
    seed, accuracy = record.get("seed"), record.get("validation_accuracy", "")
    if accuracy is not None and not (isinstance(accuracy, int | float) and 0 <= accuracy <= 1):
        return False
    return isinstance(seed, int)


def _key(options: Mapping[str, str], seed: int) -> str:
    """Return a text that is the same for the same trial."""
    return json.dumps([options, seed], sort_keys=True)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, allow_nan=False).encode() + b"\n"
