"""The groups of the bench: who does which work together, and how much of it."""

import os
from dataclasses import dataclass, replace

from bench.processes import cores

# How far apart rounding alone may bring weights and costs by equal work, as a share of the way that
# the weights have come, and of the cost: 1e-5 was seen, and 8e-3 where a learning rate is 1 % off.
CLOSE = 1e-3

LIMITS = "matrix products", "floating-point limit"
PEERS = "JAX scanned", "JAX stepwise", "PyTorch compiled", "PyTorch eager", "scikit-learn"


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
    activation: str = "sigmoid"  # this and the next two as in work.Work
    cost: str = "half-squared-error"
    optimizer: str = "sgd"
    close: float = CLOSE
    kind: str = "epoch"
    names: tuple[str, ...] = ("simplenet", *LIMITS, *PEERS)
    quick: bool = True  # whether a quick run has it, too

    @property
    def threads(self) -> int:
        """Return how many threads each contestant is to use."""
        return (len(cores(True)) or os.cpu_count() or 1) if self.all_cores else 1

    @property
    def functions(self) -> str:
        """Return the names of its functions, and of its optimizer unless that is plain descent."""
        activation = "ReLU" if self.activation == "relu" else self.activation
        adam = ", Adam" if self.optimizer == "adam" else ""
        return f"{activation}, {self.cost.replace('-', ' ')}{adam}"


WIDE = Group(
    "One wide hidden layer, all cores",
    "wide",
    (784, 800, 10),
    batch=100,
    lr=0.1,
    share=0.2,
    rounds=0.6,
    all_cores=True,
    activation="relu",
    cost="cross-entropy",
)
DEEP = replace(
    WIDE,
    title="Two wide hidden layers, all cores",
    shape=(784, 1024, 1024, 10),
    # In float32 this deep net makes much of little: rounding brought equal work 1.6e-2 apart,
    # which is 3e-15 apart in float64. Another order makes 2e-1, and is noticed; a learning
    # rate 1 % off makes 3e-2, and is not: the group before, with the same code, notices that.
    close=5e-2,
)

LARGEST = (784, 1500, 1000, 500, 10)
# Wide nets and Adam, each with a share of the images that takes a core about a second.
ADAM = {(784, 800, 10): 0.2, (784, 1024, 1024, 10): 0.1, LARGEST: 0.1}


def with_adam(shape: tuple[int, ...], batch: int, all_cores: bool) -> Group:
    """Return the group of a wide net that learns with Adam."""
    where = "all cores" if all_cores else "one core"
    return Group(
        f"{'-'.join(map(str, shape))} with Adam, minibatch {batch}, {where}",
        "adam",
        shape,
        batch,
        lr=0.001,
        share=ADAM[shape],
        rounds=0.6,
        all_cores=all_cores,
        cost="cross-entropy",
        optimizer="adam",
        # Adam divides by the size of gradients, so that one near 0 with the wrong sign would be a
        # whole step away. But such are few where sigmoids are smooth: rounding was seen to bring
        # equal work 4e-6 apart, and float64 2e-6 from float32. Of what is to be noticed, a learning
        # rate 1 % off makes 5e-3, an epsilon of 1e-7 2e-2, a beta2 of 0.99 4e-3, and another order
        # 1e-1.
        close=1e-4,
        names=("simplenet", *LIMITS, *(name for name in PEERS if name != "JAX stepwise")),
        quick=shape == LARGEST and batch == 100,
    )


def while_busy(shape: tuple[int, ...]) -> Group:
    """Return the group of simplenet alone, on a machine that has something else to do."""
    return replace(
        with_adam(shape, 100, True),
        title=f"{'-'.join(map(str, shape))} with Adam, with another process that keeps a core busy",
        section="busy",
        names=("simplenet", *BUSY),
        quick=True,
    )


BUSY = "simplenet, one thread", "simplenet, a core busy", "simplenet, one thread, a core busy"
PREDICTING = ("simplenet", *LIMITS, "JAX stepwise", "PyTorch eager", "scikit-learn")
GROUPS = {
    "default-20": Group(
        "One epoch at the defaults",
        "epoch",
        names=("simplenet", "simplenet, AVX2 kernels", *LIMITS, *PEERS, "Python loops"),
    ),
    "default-100": Group("One epoch, minibatch 100", "epoch", batch=100),
    "default-500": Group("One epoch, minibatch 500", "epoch", batch=500),
    "wide": WIDE,
    "deep": DEEP,
    **{
        f"adam-{max(shape[1:])}-{batch}-{'all' if all_cores else 'one'}": with_adam(
            shape, batch, all_cores
        )
        for shape in ADAM
        for batch in (100, 500)
        for all_cores in (False, True)
    },
    **{f"busy-{max(shape[1:])}": while_busy(shape) for shape in ((784, 800, 10), LARGEST)},
    "predict": Group(
        "Predicting the test images", "predict", rounds=2, kind="predict", names=PREDICTING
    ),
}
