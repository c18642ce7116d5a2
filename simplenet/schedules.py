"""A schedule says what the learning rate is multiplied with, at each step of a run.

Each takes `done`, the epochs behind the step, a fraction within an epoch; `step`, how much of an
epoch the step is; and the settings of the run that it needs.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

Settings = Mapping[str, Any]


def constant(done: float, step: float, settings: Settings) -> float:
    """Return 1: the learning rate stays as it is."""
    return 1.0


def step(done: float, step: float, settings: Settings) -> float:
    """Multiply by `decay` every `decay_every` epochs."""
    return float(settings["decay"] ** (done // settings["decay_every"]))


def exponential(done: float, step: float, settings: Settings) -> float:
    """Multiply by `decay` over every epoch, a little at each step."""
    return float(settings["decay"] ** done)


def cosine(done: float, step: float, settings: Settings) -> float:
    """Rise in a line over `warmup` epochs, then fall to 0 at the end like half a cosine wave.

    The first step of the warm-up has the rate of its end: at that of its beginning, 0, nothing
    would be learned.
    """
    warmup, epochs = settings["warmup"], settings["epochs"]
    if done < warmup:
        return min(1.0, float((done + step) / warmup))
    return float(1 + math.cos(math.pi * (done - warmup) / (epochs - warmup))) / 2


OF_LENGTH = ("cosine",)  # those whose steps depend on how many epochs there will be
SCHEDULES: dict[str, Callable[[float, float, Settings], float]] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
}
