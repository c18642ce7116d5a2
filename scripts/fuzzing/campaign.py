"""A campaign: many cases of one kind, each tried once, counted and recorded.

A kind is a module with `trials(seed, folder)`, a context manager that gives Trials. Case and
verdict follow from seed and number, so that what went wrong can be tried again by itself.
"""

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from bench.processor import described, processor, summary
from bench.tables import seconds, table
from report import ROOT, circumstances, versions
from tqdm import tqdm

from fuzzing.watch import MEMORY, SECONDS, Watch
from simplenet.files import atomic_write

if sys.platform != "win32":
    import fcntl

EVERY = 20.0  # seconds from one record of an unfinished campaign to the next
MOST_FAILURES = 100  # that a record names; all are counted


class Trials(NamedTuple):
    """What tries the case of a number and says what went wrong, if anything did."""

    trial: Callable[[int], str | None]
    cases: int | None = None  # how many there are, where their number has an end
    prepare: Callable[[int], None] = lambda number: None  # takes time of which nothing is measured


@dataclass(frozen=True)
class Kind:
    """What campaigns there are."""

    module: str
    what: str  # is tried
    holds: str  # whatever happens
    count: int | None = None  # of cases, unless another is asked for; None where the kind has all
    limited: bool = True  # to SECONDS and MEMORY: what is read in this process

    def trials(self, seed: int, folder: Path) -> AbstractContextManager[Trials]:
        """Return what opens the trials; files may be written to the folder."""
        opened: AbstractContextManager[Trials] = import_module(self.module).trials(seed, folder)
        return opened


@dataclass
class Record:
    """How far a campaign has come, and what it found."""

    kind: str
    seed: int
    source: str  # the start of a SHA-256: of the code that was tried, and of what tried it
    count: int = 0  # cases tried, from number 0 on
    failed: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    slowest_seconds: float = 0.0  # of the processor; 0 where other processes did the work
    most_megabytes: float = 0.0  # above what there was before the first case
    seconds: float = 0.0  # of everything, on the clock
    finished: bool = False

    def add(self, number: int, what: str) -> None:
        """Note a failure."""
        self.failed += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append({"number": number, "what": what[:2000]})


def source() -> str:
    """Return a digest of the code that a campaign tries, and of that which tries it."""
    digest = hashlib.sha256()
    for folder in "simplenet", "scripts/fuzzing":
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def run(
    name: str,
    kind: Kind,
    record: Record,
    count: int | None,
    first: int,
    save: Callable[[Record], None],
) -> None:
    """Try cases from `first` on until there have been so many; save now and then, and at the end.

    Failures are printed as they come.
    """
    began, before, saved = time.monotonic(), record.seconds, time.monotonic()
    record.finished = False

    def keep() -> None:
        record.seconds = before + time.monotonic() - began
        save(record)

    with (
        os.fdopen(os.dup(2), "w") as stderr,  # libraries may write to the other, at length
        tempfile.TemporaryDirectory(prefix="simplenet-fuzz-") as folder,
        kind.trials(record.seed, Path(folder)) as trials,
        Watch() as watch,
    ):
        most = first + count if count is not None else trials.cases
        assert most is not None, "a kind without end has a count"
        most = most if trials.cases is None else min(most, trials.cases)
        terminal = stderr.isatty()
        bar = tqdm(
            total=most, initial=first, desc=name, file=stderr, unit="",
            mininterval=0.5 if terminal else 30, maxinterval=60,
        )  # fmt: skip
        try:
            with bar:
                for number in range(first, most):
                    for what in tried(kind, trials, number, watch, record):
                        record.add(number, what)
                        again = f"--seed {record.seed} --first {number} --count 1"
                        print(f"{name} {again}: {what}", flush=True)
                    record.count += 1
                    bar.update()
                    if time.monotonic() - saved > EVERY:
                        keep()
                        saved = time.monotonic()
            record.finished = True
        finally:
            keep()


def tried(
    kind: Kind,
    trials: Trials,
    number: int,
    watch: Watch,
    record: Record,
) -> Iterator[str]:
    """Yield what is wrong with a case: what its trial says, and what it took too much of."""
    trials.prepare(number)
    began = time.process_time()
    try:
        what = trials.trial(number)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
    if what:
        yield what
    if not kind.limited:
        return
    took, memory = time.process_time() - began, watch.more()
    record.slowest_seconds = max(record.slowest_seconds, took)
    if took > SECONDS:
        yield f"took {took:.2f} s"
    # All are counted together, so that what one of them leaves behind is found, too.
    if memory > max(MEMORY, 2**20 * record.most_megabytes):
        yield f"took {memory / 2**20:.0f} MB"
    record.most_megabytes = max(record.most_megabytes, memory / 2**20)


# --- the file of records --------------------------------------------------------------------------


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let another campaign wait that is about to write to the same folder."""
    with ExitStack() as stack:
        if sys.platform != "win32":
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def recorded(results: Path) -> dict[str, Any]:
    """Return the records of a folder, by kind."""
    try:
        found: dict[str, Any] = json.loads((results / "fuzz.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    records: dict[str, Any] = found["campaigns"]
    return records


def write(results: Path, record: Record, asked: str, kinds: dict[str, Kind]) -> None:
    """Put a record in the place of the last of its kind, and make the table anew."""
    about = {**circumstances("fuzz.py"), "command": f"python scripts/fuzz.py {asked}"}
    entry = {**vars(record), **about, "versions": versions(), "processor": processor(described())}
    results.mkdir(parents=True, exist_ok=True)
    with _only_one(results):
        records = recorded(results) | {record.kind: entry}
        records = {name: records[name] for name in kinds if name in records}
        everything = {"command": "python scripts/fuzz.py KIND", "campaigns": records}
        with atomic_write(results / "fuzz.json") as file:
            file.write((json.dumps(everything, indent=2) + "\n").encode())
        with atomic_write(results / "fuzz.md") as file:
            file.write(as_markdown(records, kinds).encode())


def as_markdown(records: dict[str, Any], kinds: dict[str, Kind]) -> str:
    """Return the records as Markdown: a table, the machine, each failure, and what it meant."""
    text = "# Campaigns of hostile cases\n\n"
    text += "Made by `python scripts/fuzz.py KIND`, from fuzz.json. What each found before it ended"
    text += " without a failure\nis in [`notes/fuzzing.md`](../notes/fuzzing.md).\n\n"
    head = ["kind", "cases", "failures", "slowest", "memory", "took", "seed", "code", "date"]
    rows = []
    for name, record in records.items():
        slowest, memory = record["slowest_seconds"], record["most_megabytes"]
        rows.append(
            [
                name, f"{record['count']:,}" + ", so far" * (not record["finished"]),
                f"{record['failed']:,}",
                seconds(slowest) if slowest else "", f"{memory:.0f} MB" if memory else "",
                seconds(record["seconds"]), str(record["seed"]), record["source"][:8],
                record["date"],
            ]
        )  # fmt: skip
    text += table(head, rows)
    text += "\nSlowest: seconds of the processor that one case took; memory: the most above what "
    text += (
        "there was before the\nfirst case; blank where they are not limited. Code: the start of a "
    )
    text += "digest of what was tried, and\nof what tried it.\n\n"
    for name, kind in kinds.items():
        text += f"- **{name}**: {kind.what}. Holds: {kind.holds}.\n"
    for record in records.values():
        for failure in record["failures"]:
            again = f"{record['kind']} --seed {record['seed']} --first {failure['number']}"
            text += f"- Failed: `{again} --count 1`: {' '.join(failure['what'].split())}\n"
    for place in dict.fromkeys(map(_place, records.values())):
        text += f"\n{place}\n"
    return text


def _place(record: dict[str, Any]) -> str:
    """Return on what a campaign ran."""
    used = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    described_as = summary(record["processor"])
    return f"{record['machine']}; {used}. Processor: {described_as}."


def say(text: str) -> None:
    """Say something to whoever waits, not to who reads the failures."""
    print(text, file=sys.stderr, flush=True)
