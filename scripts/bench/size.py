"""A data set of any size on the disk: what an epoch over it costs, in time and in memory.

    python -m bench.size FOLDER EPOCHS [CORE...]

That is the process that is measured: it loads the folder with `simplenet.load_data` and trains a
default net on its images, one line of JSON for each epoch. The bench starts it, watches
its memory, and makes and removes the folder.
"""

import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench.folders import own_folder
from bench.processes import chosen_by_command_line, cores, environment, module

USUAL = 60_000  # images: what larger data sets are compared with
ROOM = 1.05  # times the size of the files has to be free
BETWEEN = 0.02  # seconds between two looks at the memory


class Images(Protocol):
    """Images and their labels, as `simplenet.load_data` has them, which is not imported here."""

    @property
    def images(self) -> np.ndarray:
        """Return the images."""

    @property
    def labels(self) -> np.ndarray:
        """Return the labels."""


def write_tiled(path: Path, array: np.ndarray, count: int) -> None:
    """Write an IDX file of `count` rows: those of `array`, over and over."""
    sizes = (count, *array.shape[1:])
    header = struct.pack(f">HBB{len(sizes)}I", 0, 8, len(sizes), *sizes)
    with path.open("wb") as file:
        file.write(header)
        for start in range(0, count, len(array)):
            file.write(np.ascontiguousarray(array[: count - start]).data)


def check_room(count: int, train: Images, scratch: str | Path | None) -> None:
    """Raise OSError with a sentence if the disk has no room for so many images."""
    place = Path(scratch or tempfile.gettempdir())
    needed = int(ROOM * (train.images[0].size + 1) * count)
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OSError(
            f"{place}: expected {needed / 1e9:,.1f} GB free for {count:,} images, found "
            f"{free / 1e9:,.1f} GB: choose another place with --scratch, or fewer images with "
            "--size-images."
        )


@contextmanager
def folder_of(
    count: int, train: Images, test: Images, scratch: str | Path | None = None
) -> Iterator[Path]:
    """Return a folder with a raw data set of `count` training images; remove it in any case."""
    with own_folder(scratch) as folder:
        for name, array, rows in (
            ("train-images-idx3-ubyte", train.images, count),
            ("train-labels-idx1-ubyte", train.labels, count),
            ("t10k-images-idx3-ubyte", test.images, len(test.images)),
            ("t10k-labels-idx1-ubyte", test.labels, len(test.labels)),
        ):
            write_tiled(folder / name, array, rows)
        yield folder


def memory(pid: int) -> dict[str, int]:
    """Return the anonymous and the file-backed bytes of a process, where the system tells."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return {}
    found = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {
        name: int(found[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile") if name in found
    }


def measure(folder: Path, count: int, epochs: int, used: list[int]) -> dict[str, Any]:
    """Train on a folder in a process of its own; return seconds for an image, and peak memory."""
    command = module("size", str(folder), str(epochs), *map(str, used))
    variables = environment(1, chosen_by_command_line((784, 40, 10), 20))
    peak: dict[str, int] = {}
    with (
        tempfile.TemporaryFile("w+") as printed,
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(command, stdout=printed, stderr=complaints, env=variables) as process,
    ):
        try:
            while process.poll() is None:
                for name, held in memory(process.pid).items():
                    peak[name] = max(held, peak.get(name, 0))
                time.sleep(BETWEEN)
        except BaseException:
            process.kill()
            raise
        for stream in printed, complaints:
            stream.seek(0)
        if process.returncode:
            last = (complaints.read().strip().splitlines() or ["nothing said"])[-1]
            raise RuntimeError(f"training on {count:,} images: exit {process.returncode}: {last}")
        first, *each = map(json.loads, printed)
    seconds = [epoch["seconds"] / count for epoch in each]
    return {
        "images": count,
        "epochs": epochs,
        "load_seconds": first["load_seconds"],
        "seconds_per_image": statistics.median(seconds),
        "each": seconds,
        "anonymous_bytes": peak.get("RssAnon"),
        "file_bytes": peak.get("RssFile"),
        "accuracy": each[-1]["accuracy"],
    }


def measure_all(largest: int, train: Images, test: Images, scratch: str | None) -> dict[str, Any]:
    """Train on ever larger data sets on the disk; return what each took."""
    counts = [*(count for count in (10_000, USUAL, 600_000) if count < largest), largest]
    counts += [USUAL] * (largest > USUAL)  # again: the machine may have changed meanwhile
    used, rows = cores(False), []
    for count in counts:
        epochs = max(1, min(20, 600_000 // count))
        with folder_of(count, train, test, scratch) as folder:
            rows.append(measure(folder, count, epochs, used))
    return {"section": "size", "threads": 1, "cores": used, "rows": rows}


def main(folder: str, epochs: str, *used: str) -> None:
    """Load and train, as what is measured."""
    if used:
        os.sched_setaffinity(0, map(int, used))
    import simplenet

    began = time.perf_counter()
    data = simplenet.load_data(folder)
    train = data.train
    print(json.dumps({"load_seconds": time.perf_counter() - began}), flush=True)
    net = simplenet.init_net((train.images[0].size, 40, data.classes), rng=0)
    began = time.perf_counter()
    for epoch in simplenet.train(net, *train, validation=0, epochs=int(epochs)):
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "accuracy": epoch.accuracy}), flush=True)
        began = time.perf_counter()


if __name__ == "__main__":
    main(*sys.argv[1:])
