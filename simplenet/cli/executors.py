"""What runs the trials of a sweep: processes of this machine, or a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from simplenet.cli import Failure
from simplenet.errors import SimplenetError, reason
from simplenet.extras import EXTRAS, pip_command

if TYPE_CHECKING:  # the help does not need it, and is to be quick
    from concurrent.futures import Executor

PATIENCE = 10  # seconds for a scheduler to answer


@contextmanager
def executor_of(scheduler: str | None, workers: int) -> "Iterator[Executor]":
    """Yield an executor: that of a Dask scheduler at an address, or so many processes."""
    if scheduler is None:
        from simplenet.training.processes import Processes

        with Processes(workers) as executor:
            yield executor
    else:
        with _dask(scheduler) as executor:
            yield executor


@contextmanager
def _dask(address: str) -> "Iterator[Executor]":
    """Yield the executor of a cluster, which by itself runs again what a dead worker was at."""
    from concurrent.futures import CancelledError

    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise SimplenetError(
            "expected the package distributed, which --scheduler needs, found that it is not "
            f"installed: get it with {pip_command(EXTRAS['dask'].requirement)}."
        ) from error
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise click.BadParameter(
            f"expected the address of a Dask scheduler, such as tcp://127.0.0.1:8786, found "
            f"{address}, where none answers: {reason(error)}.",
            param_hint="--scheduler",
        ) from error
    with client:
        try:
            yield client.get_executor()
        except (KilledWorker, CancelledError, ImportError) as error:
            raise Failure(
                f"{address}: expected the cluster to run all trials, found that it has given up: "
                f"{reason(error)}. What has ended is in the log: the same command goes on."
            ) from error
