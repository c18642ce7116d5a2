"""Which kernels and how many threads matrix products use: to be chosen before numpy loads."""

import contextlib
import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

# --- threads --------------------------------------------------------------------------------------

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "OMP_NUM_THREADS",
)
WORTH_SHARING = 16_000_000  # multiplications in a matrix product from which threads pay
MOST_THREADS = 8  # beyond which they would wait for the interpreter more than they compute


def set_threads(threads: int | str, largest_product: int, cores: int | None = None) -> int:
    """Return how many threads are to share the work; make BLAS use one, in the environment.

    `largest_product` is the number of multiplications in the largest matrix product: sharing a
    small one costs more than it saves. A number comes first, then, for "auto", one that the user
    has set in the environment. `cores` is how many there are, by default those that this process
    may use.
    """
    if threads == "auto":
        set_before = (os.environ.get(variable, "") for variable in VARIABLES)
        given = next((n for n in set_before if re.fullmatch("[1-9][0-9]{0,3}", n)), None)
        enough = min(cores or usable_cores(), MOST_THREADS)
        wanted = enough if largest_product >= WORTH_SHARING else 1
        threads = min(int(given), MOST_THREADS) if given else wanted
    for variable in VARIABLES:
        os.environ[variable] = "1"  # `simplenet.sharing` has threads of its own
    return int(threads)


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def largest_product(shape: Sequence[int], batch_size: int) -> int:
    """Return the number of multiplications in the largest matrix product of a minibatch."""
    return batch_size * max((n * m for n, m in pairwise(shape)), default=0)


# --- kernels --------------------------------------------------------------------------------------

KERNELS = "OPENBLAS_CORETYPE"
# What OpenBLAS's kernels for Skylake-X are compiled for, by the names that Linux gives it.
SKYLAKEX = {"avx2", "fma", "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
# OpenBLAS takes AMD's families from 26 (Zen 5) for unknown, and in the builds that numpy comes with
# falls back to AVX2: seen in 0.3.31; detection was added after 0.3.34 (its pull request 6033).
UNKNOWN_FAMILY, FIRST_BAD, FIRST_GOOD = 26, (0, 3, 23), (0, 3, 35)
# With few rows, and weights that no cache of a core holds, packing for wider vectors costs more
# than they save: 0.75 times the speed with 20 rows and 784 x 1024, 1.3 to 1.7 times with 100.
FEW_ROWS, MANY_WEIGHTS = 50, 400_000


class Processor(NamedTuple):
    """A processor, as Linux describes it."""

    vendor: str
    family: int
    flags: frozenset[str]


def set_kernels(chosen: str | None) -> bool:
    """Put chosen kernels into the environment, unless the user has; return whether it was done."""
    if chosen is None or os.environ.get(KERNELS):
        return False
    os.environ[KERNELS] = chosen
    return True


def choose_kernels(shape: Sequence[int], batch_size: int) -> str | None:
    """Return the kernels that suit products of a net, None where OpenBLAS chooses well itself.

    `shape` may be empty where the net is not known yet.
    """
    largest = max((n * m for n, m in pairwise(shape)), default=0)
    return better_kernels(processor(), bundled_openblas(), batch_size, largest)


def better_kernels(
    processor: Processor | None, openblas: tuple[int, ...] | None, rows: int, weights: int
) -> str | None:
    """Return kernels that this processor can run, and that OpenBLAS would not find by itself.

    `rows` are those of a minibatch, `weights` those of the largest layer.
    """
    unknown = (
        processor is not None
        and openblas is not None
        and processor.vendor == "AuthenticAMD"
        and processor.family >= UNKNOWN_FAMILY
        and FIRST_BAD <= openblas < FIRST_GOOD
    )
    if not unknown or processor is None or not processor.flags >= SKYLAKEX:
        return None
    return None if rows < FEW_ROWS and weights >= MANY_WEIGHTS else "SkylakeX"


def processor(path: str = "/proc/cpuinfo") -> Processor | None:
    """Return the processor of this machine, None where the system does not describe it so."""
    try:
        first = Path(path).read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
        found = dict(re.findall(r"^(.*?)\s*:\s*(.*?)\s*$", first, re.MULTILINE))
        flags = frozenset(found["flags"].split())
        return Processor(found["vendor_id"], int(found["cpu family"]), flags)
    except (OSError, KeyError, ValueError):
        return None


def bundled_openblas() -> tuple[int, ...] | None:
    """Return the version of the OpenBLAS in numpy's wheel, without loading it; None if none is."""
    spec = find_spec("numpy")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    if not any(folder.with_name("numpy.libs").glob("*openblas*")):
        return None
    try:
        text = (folder / "__config__.py").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    built = re.search(r"OpenBLAS (\d+)\.(\d+)\.(\d+)[\d.]* .*\bDYNAMIC_ARCH\b", text)
    return tuple(map(int, built.groups())) if built else None


def kernels() -> str:
    """Return what computes numpy's products in this process, such as "OpenBLAS 0.3.31 SkylakeX"."""
    import ctypes

    import numpy as np

    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    name, version = blas.get("name", "unknown"), blas.get("version", "unknown")
    for path in Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas*"):
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(str(path))  # numpy has loaded it already
            for prefix, suffix in ("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", ""):
                core = getattr(library, f"{prefix}openblas_get_corename{suffix}", None)
                if core is not None:
                    core.restype = ctypes.c_char_p
                    version = re.sub(r"^(\d+\.\d+\.\d+).*", r"\1", version)
                    return f"OpenBLAS {version} {core().decode()}"
    return f"{name} {version}"
