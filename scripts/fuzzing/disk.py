"""A disk that fails once: each system call on our files in turn, without space and with an error.

Every command runs once under strace, which tells of its calls on files below the scratch folder;
then again and again, with one of these calls failing each time. Linux only, and strace has to be
installed.
"""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from fuzzing.campaign import Trials
from fuzzing.ground import bad_ending, contents, debris, make_data
from report import ROOT
from simplenet.training.modelfile import load_model

ERRORS = {"ENOSPC": "No space left on device", "EIO": "Input/output error"}
SILENT = "newfstatat", "lseek", "access"  # of whose errors Python itself does not say the reason
ONLY_EIO = "read", "pread64", "newfstatat", "lseek", "close", "getdents64", "mmap", "access"
BY_HANDLE = (
    "read", "write", "pread64", "pwrite64", "close", "fsync", "fdatasync", "fchmod", "fchown",
    "ftruncate", "getdents64", "flock", "lseek", "mmap",
)  # fmt: skip
BY_PATH = (
    "openat", "newfstatat", "link", "linkat", "rename", "renameat", "renameat2", "unlink",
    "unlinkat", "chmod", "chown", "mkdir", "utimensat", "access",
)  # fmt: skip
CALL = re.compile(r"(\d+) +(\w+)\((.*)")  # a line of the log: process, name, and the rest
LAUNCH = "from simplenet.__main__ import main; main()"
FETCH = """
import sys
from simplenet.datasets import sources
port, folder = sys.argv.pop(1), sys.argv.pop(1)
from pathlib import Path
files = {}
for part, name in sources.FILES.items():
    path = Path(folder) / name
    files[part] = sources.Known(path.stat().st_size, sources._file_sha256(path))
sources.DATASETS["mnist"] = sources.Dataset("x", (f"http://127.0.0.1:{port}/",), files)
"""


class Scenario(NamedTuple):
    """A command, in a folder that is prepared for it, and what makes good what went wrong."""

    name: str
    args: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda here: None
    again: tuple[str, ...] = ()  # of the command that follows; the same, if none are given
    output: bool = False  # whether stdout is a file
    setup: str = ""


TRAIN = (
    "train", "--data", "../data", "--epochs", "2", "-q", "--optimizer", "adam", "--lr", "0.01",
    "--hidden", "5", "-o", "m.npz",
)  # fmt: skip
OVER = "--overwrite"


def _half(here: Path) -> None:
    """Put a run there that has half of its epochs."""
    epochs = (*TRAIN[:4], "1", *TRAIN[5:])
    subprocess.run(_plain(epochs), cwd=here, check=True, capture_output=True)


def _old(name: str) -> Callable[[Path], None]:
    return lambda here: shutil.copy(here.parent / "old.npz", here / name) and None


SCENARIOS = (
    Scenario("train", (*TRAIN, "--checkpoint", "1"), again=(*TRAIN, OVER)),
    Scenario("train over another", (*TRAIN, OVER), _old("m.npz")),
    Scenario("resume", ("train", "--resume", "m.npz", "--data", "../data", "--epochs", "2"), _half),
    Scenario("gears", ("gears", "-o", "page.html"), again=("gears", "-o", "page.html", OVER)),
    Scenario("gears over another", ("gears", "-o", "page.html", OVER), _old("page.html")),
    Scenario("graph", ("graph", "-o", "g.dot", OVER), _old("g.dot")),
    Scenario("eval", ("eval", "../old.npz", "--data", "../data", "--json")),
    Scenario("info", ("info", "../old.npz"), output=True),
    Scenario("config", ("train", "--print-config", "--config", "../c.toml"), output=True),
    Scenario("check", ("check", "../old.npz", "--data", "../data")),
    Scenario("predict", ("predict", "../seven.png", "--json")),
    Scenario("fetch", ("fetch", "mnist"), setup=FETCH),
    Scenario("verify", ("fetch", "mnist", "--verify"), setup=FETCH),
)


def _plain(args: tuple[str, ...], setup: str = "") -> list[str]:
    return [sys.executable, "-P", "-c", setup + LAUNCH, *args]


class Case(NamedTuple):
    """A call of a scenario that fails."""

    scenario: Scenario
    call: str
    number: int  # of this call, counted from 1
    error: str
    line: str  # of the first log, to read


class Disk:
    """A scratch folder in which commands run, with faults and without."""

    def __init__(self, folder: Path, port: int, served: Path) -> None:
        self.folder, self.port, self.served = folder, port, served
        self.here, self.log = folder / "here", folder / "log"
        self.environment = {
            **{name: text for name, text in os.environ.items() if "proxy" not in name.lower()},
            "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
            "XDG_CACHE_HOME": str(self.here / "cache"), "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        make_data(folder / "data")
        (folder / "c.toml").write_text('hidden = [9]\noptimizer = "adam"\n')
        self.fresh(Scenario("", ()))
        old = (*TRAIN[:-1], "../old.npz", "--seed", "9")
        subprocess.run(
            _plain(old), cwd=self.here, check=True, env=self.environment, capture_output=True
        )

    def fresh(self, scenario: Scenario) -> None:
        """Begin anew, as the scenario begins."""
        shutil.rmtree(self.here, ignore_errors=True)
        self.here.mkdir()
        scenario.prepare(self.here)

    def run(
        self, scenario: Scenario, args: tuple[str, ...], trace: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        """Run a command; return its exit code, and what it printed."""
        more = (str(self.port), str(self.served)) if scenario.setup else ()
        command = [*trace, *_plain((*more, *args), scenario.setup)]
        out = open(self.here / "out.txt", "w") if scenario.output else subprocess.PIPE  # noqa: SIM115
        try:
            result = subprocess.run(
                command, cwd=self.here, env=self.environment, stdout=out, stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL, text=True, timeout=120,
            )  # fmt: skip
        finally:
            if scenario.output:
                out.close()  # type: ignore[union-attr]
        return result.returncode, result.stdout or "", result.stderr

    def calls(self) -> Iterator[tuple[str, int, str]]:
        """Yield the calls on our files that the log tells of: name, number, and the line."""
        counts: dict[tuple[str, str], int] = {}
        main = None
        for line in self.log.read_text(errors="replace").splitlines():
            match = CALL.match(line)
            if not match:
                continue
            pid, name, rest = match.groups()
            main = main or pid
            counts[pid, name] = counts.get((pid, name), 0) + 1
            if pid == main and self.is_ours(name, rest):
                yield name, counts[pid, name], line

    def is_ours(self, name: str, rest: str) -> bool:
        """Return whether a call is about a file below the scratch folder."""
        if name in BY_HANDLE:
            place = 4 if name == "mmap" else 0
            handle = rest.split(", ")[place] if rest.count(", ") >= place else ""
            return f"<{self.folder}/" in handle
        if re.match(r"\d+<", rest):  # as fstat
            return rest.partition("<")[2].startswith(f"{self.folder}/")
        rest = rest.rpartition(") = ")[0]
        paths = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
        return any(path and (path[0] != "/" or path.startswith(f"{self.folder}/")) for path in paths)

    def traced(self, inject: str = "") -> tuple[str, ...]:
        """Return what stands before a command that is traced, and in which a call fails."""
        calls = ",".join((*BY_HANDLE, *BY_PATH))
        words = ("strace", "-f", "-y", "--seccomp-bpf", "-o", str(self.log), "-e", f"trace={calls}")
        return (*words, "-e", f"inject={inject}") if inject else words

    def cases(self) -> Iterator[Case]:
        """Yield every case there is."""
        for scenario in SCENARIOS:
            self.fresh(scenario)
            code, _, stderr = self.run(scenario, scenario.args, self.traced())
            assert code == 0 or scenario.name == "verify", f"{scenario.name}: {stderr}"
            for call, number, line in list(self.calls()):
                for error in ERRORS if call not in ONLY_EIO else ("EIO",):
                    yield Case(scenario, call, number, error, line)

    @functools.cache  # noqa: B019
    def expected(self, scenario: Scenario) -> tuple[int, dict[str, bytes]]:
        """Return how a scenario ends, and what is there, when nothing fails."""
        self.fresh(scenario)
        code, _, _ = self.run(scenario, scenario.args)
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
            code, out, err = self.run(scenario, scenario.args, self.traced(inject))
            hit = [line for line in self.log.read_text(errors="replace").splitlines()
                   if "(INJECTED)" in line]  # fmt: skip
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
            missing = whole.keys() - contents(self.here).keys() - {"out.txt"}
            if missing:
                return f"{said}: exit code 0, and no {missing}: {err[-500:]}"
            if not scenario.output and any(
                contents(self.here)[name] != whole[name] for name in whole
            ):
                return f"{said}: exit code 0, and another result: {err[-500:]}"
        return self.bad_sequel(scenario, said, wanted, whole)

    def bad_sequel(
        self, scenario: Scenario, said: str, wanted: int, whole: dict[str, bytes]
    ) -> str | None:
        """Return what is wrong after the next run, which nothing disturbs."""
        again = scenario.again or scenario.args
        if scenario.again and not (self.here / scenario.args[scenario.args.index("-o") + 1]).exists():
            again = scenario.args
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


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what lets the call of a number fail; all there are, whatever the seed."""
    import gzip

    import numpy as np
    from PIL import Image

    folder = folder.resolve()
    served = make_data(folder.parent / f"{folder.name}-served")
    scratch = folder / "disk"
    scratch.mkdir()
    for path in list(served.iterdir()):
        (served / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    handler = functools.partial(_Quiet, directory=str(served))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stroke = np.full((60, 60), 255, np.uint8)
    stroke[10:50, 27:33] = 0
    Image.fromarray(stroke).save(scratch / "seven.png")
    try:
        disk = Disk(scratch, server.server_port, served)
        cases = list(disk.cases())
        yield Trials(lambda number: disk.complaint(cases[number]), len(cases))
    finally:
        server.shutdown()
        server.server_close()
        shutil.rmtree(served, ignore_errors=True)
