"""How quick products are with each of OpenBLAS's kernels that this processor can run.

    python -m bench.trial

That is a process that computes with one choice of kernels. It says what they are, then reads sizes
from stdin, one a line, and answers each with one line: GFLOP/s of the three products of a layer.
"""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from bench.kernels import of_numpy
from bench.processes import Worker, cores, environment, in_turn, module, pinned
from bench.processor import coretypes, described

OWN = ""  # as a value of OPENBLAS_CORETYPE: OpenBLAS chooses
PRODUCTS = ("forward", "dW", "dx")
Size = tuple[int, int, int]  # inputs and outputs of a layer, and a minibatch


def rates(sizes: Sequence[Size], rounds: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Return the kernels and the rates of each value of OPENBLAS_CORETYPE, OWN first.

    Each computes in a process of its own, with one thread, on the same core, and they take turns.
    Rates are lists by size, of lists by round, of GFLOP/s of PRODUCTS, each measured for so many
    seconds.
    """
    found: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack, pinned(cores(False)):
        workers = {}
        for value in OWN, *coretypes(described()):
            worker = workers[value] = Worker(module("trial"), environment(1, value))
            stack.callback(worker.close)
            found[value] = {
                "kernels": told(worker.answer(), "kernels"),
                "rates": [[] for _ in sizes],
            }
        for turn in range(rounds):
            for number, size in enumerate(sizes):
                for value in in_turn(list(workers), turn):
                    answer = workers[value].ask(json.dumps([*size, seconds]))
                    found[value]["rates"][number].append(told(answer, "rates"))
    return found


def told(answer: dict[str, Any], what: str) -> Any:
    """Return what a process has answered; raise RuntimeError with what it said where it ended."""
    if what not in answer:
        raise RuntimeError(f"products: {answer['error']}")
    return answer[what]


def best(side: int) -> dict[str, Any]:
    """Return which value is the quickest for large square matrices, and GFLOP/s by kernels."""
    chosen, by_kernels = OWN, dict[str, float]()
    for value, row in rates([(side, side, side)], 3, 0.1).items():
        if row["kernels"] not in by_kernels:  # OpenBLAS may have chosen the same by itself
            rate = statistics.median(forward for forward, _, _ in row["rates"][0])
            chosen = value if rate > max(by_kernels.values(), default=0) else chosen
            by_kernels[row["kernels"]] = rate
    return {"coretype": chosen, "gflops": by_kernels}


def layer(n: int, m: int, batch: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return left, right and out of PRODUCTS."""
    rng = np.random.default_rng(0)
    x, W, dc_dz = (rng.random(shape, np.float32) for shape in ((batch, n), (n, m), (batch, m)))
    return [
        (x, W, np.empty_like(dc_dz)),
        (x.T, dc_dz, np.empty_like(W)),
        (dc_dz, W.T, np.empty_like(x)),
    ]


def rate(left: np.ndarray, right: np.ndarray, out: np.ndarray, seconds: float) -> float:
    """Return GFLOP/s of a product, repeated for so many seconds."""
    np.matmul(left, right, out=out)  # the first has more to do
    began = time.perf_counter()
    np.matmul(left, right, out=out)
    times = max(1, round(seconds / (time.perf_counter() - began)))
    began = time.perf_counter()
    for _ in range(times):
        np.matmul(left, right, out=out)
    operations: int = 2 * left.size * right.shape[1] * times
    return operations / 1e9 / (time.perf_counter() - began)


def main() -> None:
    """Say which kernels these are, then measure what is asked for."""
    print(json.dumps({"kernels": of_numpy()}), flush=True)
    for line in sys.stdin:
        n, m, batch, seconds = json.loads(line)
        rated = [rate(*product, seconds) for product in layer(n, m, batch)]
        print(json.dumps({"rates": rated}), flush=True)


if __name__ == "__main__":
    main()
