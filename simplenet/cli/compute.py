"""What computes, and how many threads of it: chosen before numpy loads."""

import os
from collections.abc import Sequence

from simplenet.cli.show import tell
from simplenet.training.blas import KERNELS, choose_kernels, kernels, set_kernels, set_threads

ROWS = 1000  # of a product where nothing is learned


def choose(
    threads: int | str,
    largest_product: int,
    shape: Sequence[int] = (),
    rows: int = ROWS,
    *,
    verbose: bool,
) -> int:
    """Choose kernels and threads for products of a net, return the threads, and load numpy."""
    threads = set_threads(threads, largest_product)
    given = os.environ.get(KERNELS, "")
    chosen = set_kernels(choose_kernels(shape, rows))

    from simplenet.sharing import use_threads

    use_threads(threads)
    if verbose:
        found, why = kernels(), "its own choice"
        if chosen:
            why = "chosen, since by itself it takes this processor for an older one"
        elif given:
            follows = found.lower().endswith(f" {given.lower()}")
            why = f"as {KERNELS} says" if follows else f"its own choice, whatever {KERNELS} says"
        tell(f"blas  {found} ({why}), threads {threads}", err=True)
    return threads
