"""Those who run in the bench.

The work is one epoch: each minibatch of a given order is gathered, predicted, learned from with
plain gradient descent or Adam, and its cost added up; or it is the prediction of all test images.
In memory before the clock starts: for simplenet the images as bytes, as `load_data` gives them; for
all others as float32 divided by 255, with one-hot rows, which spares them that conversion. Room
for what Adam remembers is made on the clock.

What is equal: images, labels, order, minibatches, shape, first weights, float32, activations, cost,
optimizer and learning rate. What is not is said in the `note` of a contestant.
"""

import itertools
from itertools import pairwise
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING

import numpy as np

from bench.peers import Jax, JaxScanned, Sklearn, Torch, TorchCompiled
from bench.work import Contestant, Work

if TYPE_CHECKING:  # a peer's process does not import simplenet
    from simplenet.net import Net

ROOT = Path(__file__).resolve().parents[2]
Product = tuple[np.ndarray, np.ndarray, np.ndarray]  # left, right, out
BLOCK = 1000  # images that the floor goes round in: they stay in the cache


def first_net(shape: tuple[int, ...], activation: str, cost: str) -> "Net":
    """Return the net that every contestant begins with."""
    from simplenet import init_net

    return init_net(shape, rng=0, activation=activation, cost=cost)


class Simplenet(Contestant):
    """simplenet as people use it: images as bytes; shuffled, converted and measured on the way."""

    equal = True
    coretype = "command line"
    shares = True
    alone = False  # with one thread, however many there are

    def __init__(self, work: Work):
        import simplenet
        from simplenet.sharing import use_threads
        from simplenet.training.blas import MOST_THREADS

        super().__init__(work)
        use_threads(1 if self.alone else min(work.threads, MOST_THREADS))
        self.module = simplenet
        self.net = first_net(work.shape, work.activation, work.cost)
        self.note = "from bytes, converted on the way"
        if work.kind == "epoch":
            self.note += ", and shuffled; with the running accuracy"
        self.images = work.array("images" if work.kind == "epoch" else "test_images")
        self.labels = work.array("labels")
        self.start = work.array("params")

    def reset(self) -> None:
        self.net.params[:] = self.start

    def epoch(self) -> float:
        train = self.module.train(
            self.net, self.images, self.labels, validation=0, epochs=1,
            batch_size=self.work.batch, optimizer=self.work.optimizer, lr=self.work.lr, seed=0,
        )  # fmt: skip
        return next(iter(train)).cost

    def predict(self) -> np.ndarray:
        return self.module.predict(self.net, self.images)

    def weights(self) -> np.ndarray:
        return self.net.params


class Avx2(Simplenet):
    """simplenet where AVX-512 is not used."""

    coretype = "Haswell"


class Busy(Simplenet):
    """simplenet while another process keeps a core busy."""

    busy = True


class Alone(Simplenet):
    """simplenet with one thread."""

    alone = True


class AloneBusy(Alone):
    """simplenet with one thread while another process keeps a core busy."""

    busy = True


def products(x: np.ndarray, W: list[np.ndarray], learn: bool) -> list[Product]:
    """Return the matrix products (left, right, out) of a step on the batch x, and no others.

    Forward one for each layer; to learn, another for the gradient of each weight matrix, and one
    that leads back through each layer but the first.
    """
    a = [x, *(np.zeros((len(x), w.shape[1]), np.float32) for w in W)]
    listed: list[Product] = [(a[l], w, a[l + 1]) for l, w in enumerate(W)]
    if learn:
        dc_dz = [np.zeros_like(part) for part in a]
        for l in reversed(range(len(W))):
            listed.append((a[l].T, dc_dz[l + 1], np.empty_like(W[l])))
            if l > 0:
                listed.append((dc_dz[l + 1], W[l].T, dc_dz[l]))
    return listed


class Floor(Contestant):
    """The matrix products of the work and nothing else: what no numpy program can do without.

    The images are a thousand floats-already that it goes round in, so that they are in the cache.
    """

    note = "nothing is shuffled, converted, activated or learned; not a contestant but a limit"
    coretype = "command line"

    def __init__(self, work: Work):
        super().__init__(work)
        learn = work.kind == "epoch"
        size = work.batch if learn else BLOCK
        W = work.parts[0]
        block = [work.x[start : start + size] for start in range(0, max(BLOCK, size), size)]
        steps = [products(x, W, learn) for x in block if len(x) == size]
        full, rest = divmod(len(work.x), size)
        last = [products(work.x[:rest], W, learn)] if rest else []
        self.steps = [*itertools.islice(itertools.cycle(steps), full), *last]

    def epoch(self) -> None:
        matmul = np.matmul
        for step in self.steps:
            for left, right, out in step:
                matmul(left, right, out=out)

    predict = epoch


class Limit(Contestant):
    """The same number of floating-point operations at the rate of one large product."""

    note = "estimated from the rate of a product of two matrices of 1024 x 1024, with the quickest "
    note += "kernels of those tried at the start"
    coretype = "best"
    side = 1024

    def __init__(self, work: Work):
        super().__init__(work)
        sizes = [n * m for n, m in pairwise(work.shape)]
        passes = 3 * sum(sizes) - sizes[0] if work.kind == "epoch" else sum(sizes)
        self.share = 3 * self.side**3 / (passes * len(work.x))
        self.left = np.ones((self.side, self.side), np.float32)
        self.out = np.empty_like(self.left)

    def epoch(self) -> None:
        for _ in range(3):
            np.matmul(self.left, self.left, out=self.out)

    predict = epoch


class Loops(Contestant):
    """tests/loops.py, nothing but Python loops over neurons."""

    note = "one minibatch, times the number of minibatches"

    def __init__(self, work: Work):
        step = run_path(str(ROOT / "tests" / "loops.py"))["step"]

        super().__init__(work)
        self.step, chosen = step, work.array("order")[: work.batch]
        self.x, self.y = work.x[chosen].tolist(), work.y[chosen].tolist()
        self.share = len(chosen) / len(work.x)

    def reset(self) -> None:
        self.parts = [[part.tolist() for part in parts] for parts in self.work.parts]

    def epoch(self) -> None:
        self.step(*self.parts, self.x, self.y, self.work.lr)

    def kernels(self) -> str:
        return ""  # no products


CONTESTANTS: dict[str, type[Contestant]] = {
    "simplenet": Simplenet,
    "simplenet, AVX2 kernels": Avx2,
    "simplenet, a core busy": Busy,
    "simplenet, one thread": Alone,
    "simplenet, one thread, a core busy": AloneBusy,
    "matrix products": Floor,
    "floating-point limit": Limit,
    "JAX scanned": JaxScanned,
    "JAX stepwise": Jax,
    "PyTorch compiled": TorchCompiled,
    "PyTorch eager": Torch,
    "scikit-learn": Sklearn,
    "Python loops": Loops,
}
