"""Start the processes of the bench all alike: on the same cores, with as many threads as cores."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPTS = str(Path(__file__).resolve().parents[1])
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
CORETYPE = "OPENBLAS_CORETYPE"
# Keeps a core busy, and ends by itself if the bench is no more.
LOOP = """
import os
parent = os.getppid()
print("looping", flush=True)
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the bench, in an environment made here."""
    return [sys.executable, "-P", "-m", f"bench.{name}", *arguments]


def environment(threads: int, coretype: str | None = None) -> dict[str, str]:
    """Return the environment of a process that is to have so many threads.

    `coretype` says for which processor OpenBLAS takes its kernels; "" leaves that to OpenBLAS, None
    to whoever started the bench.
    """
    variables = dict(os.environ) | dict.fromkeys(THREADS, str(threads))
    if coretype is not None:
        variables[CORETYPE] = coretype
    paths = [SCRIPTS, variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    variables["JAX_PLATFORMS"] = "cpu"
    variables["CUDA_VISIBLE_DEVICES"] = ""
    variables["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # else its compilers stay and wait
    if threads == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        variables["XLA_FLAGS"] = flags
    return variables


def chosen_by_command_line(shape: tuple[int, ...], batch: int) -> str | None:
    """Return the coretype that `simplenet train` would choose; None where it leaves that alone."""
    from simplenet.training.blas import choose_kernels  # not in the process of a peer

    return None if CORETYPE in os.environ else choose_kernels(shape, batch)


def cores(all_of_them: bool) -> list[int]:
    """Return the cores to be pinned to: the last one, or all; none where the system cannot pin."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    return allowed if all_of_them else allowed[-1:]


@contextmanager
def pinned(used: list[int]) -> Iterator[None]:
    """Run on these cores for a while, as every child does that is started meanwhile."""
    if not used:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, used)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def busy_core() -> Iterator[subprocess.Popen[bytes]]:
    """Run with another process in a loop, which the system puts on a core of its choice."""
    with subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def in_turn(names: list[str], turn: int) -> list[str]:
    """Return the names, beginning with another one each turn."""
    first = turn % len(names)
    return names[first:] + names[:first]


class Worker:
    """A process that answers lines with lines of JSON, from here."""

    def __init__(self, command: list[str], variables: dict[str, str]):
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            command, env=variables, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints,
        )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """Wait for what it says, and return that."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.complaints.seek(0)
        said = self.complaints.read().strip().splitlines() or ["it said nothing"]
        return {"error": f"it ended with exit code {self.process.wait()}: {said[-1]}"}

    def ask(self, what: str) -> dict[str, Any]:
        """Send it a command, and return its answer."""
        assert self.process.stdin
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.communicate()
        self.complaints.close()
