"""A disk that fails once: each system call on our files in turn, without space and with an error.

Every command runs once under strace, which tells of its calls on files below the scratch folder;
then again and again, with one of these calls failing each time. Linux only, and strace has to be
installed.
"""

import functools
import gzip
import hashlib
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
from click.testing import CliRunner
from PIL import Image

from fuzzing.campaign import Trials
from fuzzing.ground import bad_ending, contents, debris, ended, fork, make_data
from simplenet.cli import cli, main
from simplenet.datasets import sources
from simplenet.training.modelfile import load_model

ERRORS = {"ENOSPC": "No space left on device", "EIO": "Input/output error"}
SILENT = "newfstatat", "lseek", "access"  # of whose errors Python itself does not say the reason
BY_HANDLE = (
    "read", "write", "pread64", "pwrite64", "close", "fsync", "fdatasync", "fchmod", "fchown",
    "ftruncate", "getdents64", "flock", "lseek", "mmap",
)  # fmt: skip
BY_PATH = (
    "openat", "newfstatat", "link", "linkat", "rename", "renameat", "renameat2", "unlink",
    "unlinkat", "chmod", "chown", "mkdir", "utimensat", "access",
)  # fmt: skip
UNFINISHED = " <unfinished ...>"
CALL = re.compile(r"(\d+) +(\w+)\((.*)")  # a line of the log: process, name, and the rest


class Scenario(NamedTuple):
    """A command, in a folder that is prepared for it, and what makes good what went wrong."""

    name: str
    args: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda here: None
    again: tuple[str, ...] = ()  # of the command that follows; the same, if none are given
    output: bool = False  # whether stdout is a file there


TRAIN = (
    "train", "--data", "../data", "--epochs", "2", "-q", "--optimizer", "adam", "--lr", "0.01",
    "--hidden", "5", "-o", "m.npz",
)  # fmt: skip
OVER = "--overwrite"


def _old(name: str, old: str = "old.npz") -> Callable[[Path], None]:
    """Return what puts a file there that is to be replaced."""

    def prepare(here: Path) -> None:
        shutil.copy(here.parent / old, here / name)

    return prepare


SCENARIOS = (
    Scenario("train", (*TRAIN, "--checkpoint", "1"), again=(*TRAIN, OVER)),
    Scenario("train over another", (*TRAIN, OVER), _old("m.npz")),
    Scenario(
        "resume",
        ("train", "--resume", "m.npz", "--data", "../data", "--epochs", "2"),
        _old("m.npz", "half.npz"),
    ),
    Scenario("gears", ("gears", "-o", "page.html"), again=("gears", "-o", "page.html", OVER)),
    Scenario("gears over another", ("gears", "-o", "page.html", OVER), _old("page.html")),
    Scenario("graph", ("graph", "-o", "g.dot", OVER), _old("g.dot")),
    Scenario("eval", ("eval", "../old.npz", "--data", "../data", "--json")),
    Scenario("info", ("info", "../old.npz"), output=True),
    Scenario("config", ("train", "--print-config", "--config", "../c.toml"), output=True),
    Scenario("check", ("check", "../old.npz", "--data", "../data")),
    Scenario("predict", ("predict", "../seven.png", "--json")),
    Scenario("fetch", ("fetch", "mnist")),
    Scenario("verify", ("fetch", "mnist", "--verify")),
)


class Case(NamedTuple):
    """A call of a scenario that fails."""

    scenario: Scenario
    call: str
    number: int  # of this call, counted from 1
    error: str
    line: str  # of the first log, to read


class Disk:
    """A scratch folder in which commands run, with faults and without."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.here, self.log = folder, folder / "here", folder / "log"
        make_data(folder / "data")
        (folder / "c.toml").write_text('hidden = [9]\noptimizer = "adam"\n')
        stroke = np.full((60, 60), 255, np.uint8)
        stroke[10:50, 27:33] = 0
        Image.fromarray(stroke).save(folder / "seven.png")
        self.fresh(Scenario("", ()))
        for name, *more in ("old.npz", "--seed", "9"), ("half.npz", "--epochs", "1"):
            args = [*TRAIN[:-1], f"../{name}", *more]
            code, _, stderr = self.run(Scenario("", tuple(args)))
            assert code == 0, stderr
        for scenario in SCENARIOS:  # loads what there is to be loaded, or calls would be others
            self.fresh(scenario)
            with chdir(self.here):
                CliRunner().invoke(cli, scenario.args)

    def fresh(self, scenario: Scenario) -> None:
        """Begin anew, as the scenario begins."""
        shutil.rmtree(self.here, ignore_errors=True)
        self.here.mkdir()
        scenario.prepare(self.here)

    def run(
        self, scenario: Scenario, args: tuple[str, ...] = (), trace: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        """Run a command, under strace if told so; return its exit code, and what it printed."""
        words = args or scenario.args
        out = (self.here if scenario.output else self.folder.parent) / "out.txt"
        err = self.folder.parent / "err.txt"
        child = fork(self.here, out, err, lambda: _main(words), stops=bool(trace))
        if trace:
            os.waitid(os.P_PID, child, os.WSTOPPED)
            with subprocess.Popen([*trace, "-p", str(child)], stderr=subprocess.DEVNULL):
                while "TracerPid:\t0" in Path(f"/proc/{child}/status").read_text():
                    time.sleep(0.0005)
                os.kill(child, signal.SIGCONT)
                code = ended(child)
        else:
            code = ended(child)
        return code, out.read_text(errors="replace"), err.read_text(errors="replace")

    def calls(self) -> Iterator[tuple[str, int, str]]:
        """Yield the calls on our files that the log tells of: name, number, and the line."""
        counts: dict[tuple[str, str], int] = {}
        first = None
        for line in self.lines():
            match = CALL.match(line)
            if not match:
                continue
            pid, name, rest = match.groups()
            first = first or pid
            counts[pid, name] = counts.get((pid, name), 0) + 1
            if pid == first and self.is_ours(name, rest):
                yield name, counts[pid, name], line

    def lines(self) -> Iterator[str]:
        """Yield the lines of the log; one that others came between is whole where it ends."""
        begun: dict[str, str] = {}
        for line in self.log.read_text(errors="replace").splitlines():
            pid = line.partition(" ")[0]
            if line.endswith(UNFINISHED):
                begun[pid] = line.removesuffix(UNFINISHED)
            elif end := re.fullmatch(r"\d+ +<\.\.\. \w+ resumed>(.*)", line):
                yield begun.pop(pid, "") + end[1]
            else:
                yield line

    def is_ours(self, name: str, rest: str) -> bool:
        """Return whether a call is about a file below the scratch folder."""
        if name in BY_HANDLE:
            place = 4 if name == "mmap" else 0
            handle = rest.split(", ")[place] if rest.count(", ") >= place else ""
            return f"<{self.folder}/" in handle
        if re.match(r"\d+<", rest):  # as fstat
            return rest.partition("<")[2].startswith(f"{self.folder}/")
        rest = rest.rpartition(") = ")[0]
        paths = re.findall(r'"((?:[^"\\]|\\.)+)"', rest)
        return any(path[0] != "/" or path.startswith(f"{self.folder}/") for path in paths)

    def traced(self, inject: str = "") -> tuple[str, ...]:
        """Return what stands before a command that is traced, and in which a call fails."""
        calls = ",".join((*BY_HANDLE, *BY_PATH))
        words = ("strace", "-f", "-y", "-o", str(self.log), "-e", f"trace={calls}")
        return (*words, "-e", f"inject={inject}") if inject else words

    def cases(self) -> Iterator[Case]:
        """Yield every case there is."""
        for scenario in SCENARIOS:
            self.fresh(scenario)
            code, _, stderr = self.run(scenario, (), self.traced())
            assert code == 0 or scenario.name == "verify", f"{scenario.name}: {stderr}"
            for call, number, line in list(self.calls()):
                for error in ERRORS:
                    yield Case(scenario, call, number, error, line)

    @functools.cache  # noqa: B019
    def expected(self, scenario: Scenario) -> tuple[int, dict[str, bytes]]:
        """Return how a scenario ends, and what is there, when nothing fails."""
        self.fresh(scenario)
        code, _, _ = self.run(scenario)
        return code, contents(self.here)

    def complaint(self, case: Case) -> str | None:
        """Return what is wrong with how a case ends."""
        scenario = case.scenario
        wanted, whole = self.expected(scenario)
        said = f"{scenario.name}: {case.error} of {case.line[:200]}"
        for _ in range(3):  # as many calls before as in the first run, mostly
            self.fresh(scenario)
            before = contents(self.here)
            inject = f"{case.call}:error={case.error}:when={case.number}"
            code, out, err = self.run(scenario, (), self.traced(inject))
            hit = [line for line in self.lines() if "(INJECTED)" in line]
            if any(match and self.is_ours(*match.groups()[1:]) for match in map(CALL.match, hit)):
                break
        else:
            return f"{said}: it did not fail there: {hit}"
        if found := bad_ending(code, out, err):
            return f"{said}: {found}"
        if code and ERRORS[case.error] not in err and case.call not in SILENT:
            return f"{said}: it does not say why: {err[-500:]}"
        for name, content in contents(self.here).items():
            if name == "out.txt" or ".part" in name:
                continue
            right = content in (before.get(name), whole.get(name))
            if name.endswith(".npz") and not right:
                load_model(self.here / name)
                right = code != 0  # an earlier state of the run
            if not right:
                return f"{said}: {name} is neither what it was nor what it was to be: {err[-500:]}"
        lost = {name for name in before if not (self.here / name).exists()}
        if lost:
            return f"{said}: lost {lost}"
        if not code and scenario.name != "verify":
            now = contents(self.here)
            if any(now.get(name) != content for name, content in whole.items()):
                return f"{said}: exit code 0, and another result: {err[-500:]}"
        return self.bad_sequel(scenario, said, wanted, whole)

    def bad_sequel(
        self, scenario: Scenario, said: str, wanted: int, whole: dict[str, bytes]
    ) -> str | None:
        """Return what is wrong after the next run, which nothing disturbs."""
        saved = "-o" in scenario.args and scenario.args[scenario.args.index("-o") + 1]
        again = scenario.again if saved and (self.here / saved).exists() else ()
        code, _, err = self.run(scenario, again)
        now = contents(self.here)
        if code != wanted:
            return f"{said}: the next run ends with {code}: {err[-500:]}"
        if left := debris(self.here):
            return f"{said}: the next run leaves {left}"
        if now != whole:
            names = [name for name in now.keys() | whole.keys() if now.get(name) != whole.get(name)]
            return f"{said}: after the next run, {names} are not as ever"
        return None


def _main(words: tuple[str, ...]) -> int:
    """Run a command as a process does that begins with it."""
    sys.argv = ["simplenet", *words]
    try:
        main()
    except SystemExit as error:
        return int(error.code or 0)
    return 0


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """Have the name mnist stand for small files that a server on this machine gives."""
    data = make_data(folder)
    files = {}
    for part, name in sources.FILES.items():
        path = data / name
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes(), mtime=0))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files[part] = sources.Known(path.stat().st_size, digest)
    handler = functools.partial(_Quiet, directory=str(data))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    where = f"http://127.0.0.1:{server.server_port}/"
    known = sources.Dataset("made for a campaign", (where,), files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with mock.patch.dict(sources.DATASETS, {"mnist": known}):
            yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what lets the call of a number fail; all there are, whatever the seed."""
    folder = folder.resolve()
    scratch = folder / "scratch"
    scratch.mkdir()
    around = {name: text for name, text in os.environ.items() if "proxy" not in name.lower()}
    around |= {"XDG_CACHE_HOME": str(scratch / "here" / "cache")}
    with mock.patch.dict(os.environ, around, clear=True), served(folder / "served"):
        disk = Disk(scratch)
        cases = list(disk.cases())
        yield Trials(lambda number: disk.complaint(cases[number]), len(cases))
