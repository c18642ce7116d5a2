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
from typing import Any

from simplenet.errors import DataError
from simplenet.files import atomic_write, open_regular

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
        """Read a log. Raise DataError for a file that is none, OSError."""
        with open_regular(path) as file:
            content = file.read(MOST_BYTES + 1)
        whole = content[: content.rfind(b"\n") + 1]
        try:
            header, *records = (json.loads(line) for line in whole.splitlines())
            if len(content) > MOST_BYTES or header["format"] != FORMAT:
                raise ValueError("it is too long, or of another format")
            _ = header["options"], header["data"], header["command"]
            for record in records:
                _check(record)
            return cls(path, header, records)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise DataError(
                f"{path}: expected the log of a sweep, found a file that is none ({error}): name "
                "another."
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


def _check(record: Record) -> None:
    """Raise ValueError, LookupError or TypeError for a record that no sweep has written."""
    accuracy = record["validation_accuracy"]
    if accuracy is not None and not 0 <= accuracy <= 1:
        raise ValueError(f"an accuracy of {accuracy}")
    _ = dict(record["options"]), record["seed"] + 0


def _key(options: Mapping[str, str], seed: int) -> str:
    """Return a text that is the same for the same trial."""
    return json.dumps([options, seed], sort_keys=True)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, allow_nan=False).encode() + b"\n"
