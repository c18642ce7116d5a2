"""What campaigns that run commands stand on: a small data set, and how a command may end."""

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from simplenet.datasets.idx import write_idx
from simplenet.errors import EXIT_CODES

CODES = {code for codes in EXIT_CODES.values() for code in codes}  # that the commands document
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_TRACE = re.compile(r"Traceback|Exception ignored|^\w+(Error|Warning): ", re.MULTILINE)


def make_data(folder: Path, train: int = 240, test: int = 60) -> Path:
    """Write a data set of three classes that can be learned, 8 x 8; return its folder."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    for half, count in ("train", train), ("t10k", test):
        labels = np.arange(count, dtype=np.uint8) % 3
        images = rng.integers(0, 60, (count, 8, 8), dtype=np.uint8)
        for image, label in zip(images.reshape(count, -1), labels.tolist()):
            image[label * 21 : (label + 1) * 21] += 180
        write_idx(folder / f"{half}-images-idx3-ubyte", images)
        write_idx(folder / f"{half}-labels-idx1-ubyte", labels)
    return folder


def bad_ending(code: int, stdout: str, stderr: str) -> str | None:
    """Return what is wrong with how a command ended, None if it ended as documented."""
    if code not in CODES:
        return f"exit code {code}: {stderr[-500:]}"
    if found := _TRACE.search(stderr):
        return f"{found[0]!r} on stderr: {stderr[-1000:]}"
    if found := _CONTROL.search(stdout + stderr):
        return f"control character {found[0]!r}: {stdout[-300:]!r} {stderr[-300:]!r}"
    last = stderr.rstrip("\n").rpartition("\n")[2]
    if code and not last.startswith("Error: "):
        return f"exit code {code} without a sentence: {stderr[-500:]!r}"
    return None


def fork(here: Path, out: Path, err: Path, work: Callable[[], int], *, stops: bool = False) -> int:
    """Return the number of a new process that stands in `here`, and does work that gives its code.

    What it prints goes to two files. If it `stops`, it waits for SIGCONT before it begins.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 99
    tqdm.set_lock(threading.RLock())  # the other is shared: it stays locked if its holder is killed
    try:
        os.chdir(here)
        handles = [os.open(os.devnull, os.O_RDONLY)]
        handles += [os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in (out, err)]
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
            os.close(handle)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
        if stops:
            os.kill(os.getpid(), signal.SIGSTOP)
        code = work()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def ended(child: int) -> int:
    """Wait for a process, and return its exit code: below 0 for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def debris(folder: Path) -> list[str]:
    """Return the files that were to become others, and are there still."""
    return [str(path.relative_to(folder)) for path in folder.rglob(".*.part")]
