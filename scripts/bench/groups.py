"""The groups of the bench: who does which work together, and how much of it."""

import os
from dataclasses import dataclass

from bench.contestants import CONTESTANTS
from bench.processes import cores

# How far apart rounding alone may bring weights and costs by equal work, as a share of the way that
# the weights have come, and of the cost: 1e-5 was seen, and 8e-3 where a learning rate is 1 % off.
CLOSE = 1e-3

ONCE = "simplenet, AVX2 kernels", "Python loops"  # in the group of the defaults only


@dataclass(frozen=True)
class Group:
    """Contestants that do the same work."""

    title: str
    section: str  # what --only calls it
    shape: tuple[int, ...] = (784, 40, 10)
    batch: int = 20
    lr: float = 5.0
    share: float = 1.0  # of the images: wide nets need no whole epoch to be compared
    rounds: float = 1.0  # times --rounds
    all_cores: bool = False
    relu: bool = False  # as in work.Work
    close: float = CLOSE
    kind: str = "epoch"
    names: tuple[str, ...] = tuple(name for name in CONTESTANTS if name not in ONCE)

    @property
    def threads(self) -> int:
        """Return how many threads each contestant is to use."""
        return (len(cores(True)) or os.cpu_count() or 1) if self.all_cores else 1


PREDICTING = ("simplenet", "matrix products", "floating-point limit", "JAX stepwise",
              "PyTorch eager", "scikit-learn")  # fmt: skip
GROUPS = {
    "default-20": Group("One epoch at the defaults", "epoch", names=tuple(CONTESTANTS)),
    "default-100": Group("One epoch, minibatch 100", "epoch", batch=100),
    "default-500": Group("One epoch, minibatch 500", "epoch", batch=500),
    "wide": Group(
        "One wide hidden layer, all cores", "wide", (784, 800, 10), 100, 0.1, 0.2, 0.6, True, True
    ),
    "deep": Group(
        "Two wide hidden layers, all cores",
        "wide",
        (784, 1024, 1024, 10),
        100,
        0.1,
        0.2,
        0.6,
        True,
        True,
        # In float32 this deep net makes much of little: rounding brought equal work 1.6e-2 apart,
        # which is 3e-15 apart in float64. Another order makes 2e-1, and is noticed; a learning
        # rate 1 % off makes 3e-2, and is not: the group before, with the same code, notices that.
        close=5e-2,
    ),
    "predict": Group(
        "Predicting the test images", "predict", rounds=2, kind="predict", names=PREDICTING
    ),
}
