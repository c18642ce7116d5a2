"""Start the processes of the bench all alike: on the same cores, with as many threads as cores."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = str(Path(__file__).resolve().parents[1])
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the bench, in an environment made here."""
    return [sys.executable, "-P", "-m", f"bench.{name}", *arguments]


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a process that is to have so many threads."""
    variables = dict(os.environ) | dict.fromkeys(THREADS, str(threads))
    paths = [SCRIPTS, variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    variables["JAX_PLATFORMS"] = "cpu"
    variables["CUDA_VISIBLE_DEVICES"] = ""
    variables["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # else its compilers stay and wait
    if threads == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        variables["XLA_FLAGS"] = flags
    return variables


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
