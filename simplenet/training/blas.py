"""How many threads numpy's matrix products use: to be chosen before numpy loads."""

import os
from collections.abc import Sequence
from itertools import pairwise

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "OMP_NUM_THREADS",
)
WORTH_SHARING = 16_000_000  # multiplications in a matrix product from which threads pay


def set_threads(threads: int | str, largest_product: int, cores: int | None = None) -> int:
    """Choose how many threads numpy's matrix products use, in the environment, and return it.

    `largest_product` is the number of multiplications in the largest of them: sharing a small one
    costs more than it saves. A number comes first, then, for "auto", one that the user has set in
    the environment. `cores` is how many there are, by default those that this process may use.
    """
    if threads == "auto":
        for variable in VARIABLES:
            given = os.environ.get(variable, "")
            if given.isdecimal() and int(given) > 0:
                return int(given)
        threads = (cores or usable_cores()) if largest_product >= WORTH_SHARING else 1
    for variable in VARIABLES:
        os.environ[variable] = str(threads)
    return int(threads)


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def largest_product(shape: Sequence[int], batch_size: int) -> int:
    """Return the number of multiplications in the largest matrix product of a minibatch."""
    return batch_size * max(n * m for n, m in pairwise(shape))
