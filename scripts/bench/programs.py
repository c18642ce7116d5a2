"""The programs of the peers: from four IDX files to an accuracy on the test images.

    python -m bench.programs TOOL --files FILE FILE FILE FILE --hidden 40 ... --seed 0

Each reads the same four files as simplenet, learns, and prints its accuracy. prompt.py starts and
times them. The program of simplenet is its command line, which also checks the data, saves the
model and measures it.
"""

import argparse
import gzip
import json
import math
import struct
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench.recipes import Recipe

Arrays = tuple[np.ndarray, np.ndarray]  # images as rows of float32 in [0, 1], and their labels


def read(path: str) -> np.ndarray:
    """Read an IDX file of bytes, gzipped or not."""
    content = Path(path).read_bytes()
    if path.endswith(".gz"):
        content = gzip.decompress(content)
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def flat(images: np.ndarray) -> np.ndarray:
    """Return images as rows of float32 in [0, 1]."""
    rows: np.ndarray = np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)
    return rows


def rates(recipe: Recipe, images: int) -> list[float]:
    """Return the learning rate of each step."""
    steps = recipe.epochs * math.ceil(images / recipe.batch)
    return [recipe.lr / 2 * (1 + math.cos(math.pi * step / steps)) for step in range(steps)]


def pytorch(recipe: Recipe, seed: int, train: Arrays, test: Arrays) -> float:
    """Learn with PyTorch; return the accuracy."""
    import torch

    torch.manual_seed(seed)
    x, y, test_x = map(torch.from_numpy, (*train, test[0]))
    model = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], recipe.hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(recipe.hidden, int(y.max()) + 1),
    )
    rule = {
        "sgd": lambda params: torch.optim.SGD(params, lr=recipe.lr),
        "nesterov": lambda params: torch.optim.SGD(params, recipe.lr, 0.9, nesterov=True),
        "adam": lambda params: torch.optim.Adam(params, lr=recipe.lr),
    }[recipe.rule](model.parameters())
    cost = torch.nn.CrossEntropyLoss()
    lr = iter(rates(recipe, len(x)))
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(x)).split(recipe.batch):
            rule.param_groups[0]["lr"] = next(lr)
            rule.zero_grad()
            cost(model(x[chosen]), y[chosen]).backward()
            rule.step()
    with torch.inference_mode():
        return float(np.mean(model(test_x).argmax(dim=1).numpy() == test[1]))


def jax_scanned(recipe: Recipe, seed: int, train: Arrays, test: Arrays) -> float:
    """Learn with JAX, every epoch one compiled call; return the accuracy."""
    import jax
    from jax import numpy as jnp

    rng, (x, labels) = np.random.default_rng(seed), train
    shape = (x.shape[1], recipe.hidden, int(labels.max()) + 1)
    params = [
        (rng.normal(0, (2 / n) ** 0.5, (n, m)).astype(np.float32), np.zeros(m, np.float32))
        for n, m in pairwise(shape)
    ]

    def outputs(params: Any, x: Any) -> Any:
        (w, row), (w_out, row_out) = params
        return jax.nn.relu(x @ w + row) @ w_out + row_out

    def cost(params: Any, x: Any, labels: Any) -> Any:
        logs = jax.nn.log_softmax(outputs(params, x))
        return -jnp.take_along_axis(logs, labels[:, None], axis=1).mean()

    def learn(state: Any, x: Any, labels: Any, lr: Any) -> Any:
        (params, speed, square, step), mapped = state, jax.tree.map
        slopes = jax.grad(cost)(params, x, labels)
        if recipe.rule == "sgd":
            change = slopes
        elif recipe.rule == "nesterov":
            speed = mapped(lambda old, slope: 0.9 * old + slope, speed, slopes)
            change = mapped(lambda new, slope: 0.9 * new + slope, speed, slopes)
        else:
            step = step + 1
            speed = mapped(lambda old, slope: 0.9 * old + 0.1 * slope, speed, slopes)
            square = mapped(lambda old, slope: 0.999 * old + 0.001 * slope**2, square, slopes)
            lr = lr * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            change = mapped(lambda mean, power: mean / (jnp.sqrt(power) + 1e-8), speed, square)
        return mapped(lambda part, by: part - lr * by, params, change), speed, square, step

    @jax.jit
    def epoch(state: Any, x: Any, labels: Any, order: Any, lr: Any) -> Any:
        def step(state: Any, now: Any) -> Any:
            chosen, lr = now
            return learn(state, x[chosen], labels[chosen], lr), None

        return jax.lax.scan(step, state, (order, lr))[0]

    steps = len(x) // recipe.batch  # a ragged last minibatch would have to be compiled, too
    lr = np.array(rates(recipe, steps * recipe.batch), np.float32).reshape(recipe.epochs, steps)
    on_device, y = jax.device_put((x, labels.astype(np.int32)))
    zeros = jax.tree.map(np.zeros_like, params)
    state = params, zeros, zeros, np.float32(0)
    for now in lr:
        order = rng.permutation(len(x))[: steps * recipe.batch].reshape(steps, -1)
        state = epoch(state, on_device, y, order.astype(np.int32), now)
    return float(np.mean(np.asarray(outputs(state[0], test[0]).argmax(axis=1)) == test[1]))


def sklearn(recipe: Recipe, seed: int, train: Arrays, test: Arrays) -> float:
    """Learn with scikit-learn, which knows no cosine; return the accuracy."""
    from sklearn.neural_network import MLPClassifier

    solver, momentum = {"sgd": ("sgd", 0), "nesterov": ("sgd", 0.9), "adam": ("adam", 0)}[
        recipe.rule
    ]
    model = MLPClassifier(
        (recipe.hidden,), solver=solver, alpha=0, batch_size=recipe.batch, momentum=momentum,
        nesterovs_momentum=momentum > 0, learning_rate_init=recipe.lr, max_iter=recipe.epochs,
        random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings(action="ignore"):  # that it stops after so many epochs
        model.fit(*train)
    return float(np.mean(model.predict(test[0]) == test[1]))


Program = Callable[[Recipe, int, Arrays, Arrays], float]
PROGRAMS: dict[str, Program] = {"PyTorch": pytorch, "JAX": jax_scanned, "scikit-learn": sklearn}


def main() -> None:
    """Read, learn, print the accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=PROGRAMS)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--files", nargs=4, required=True)
    for name, kind in Recipe.__annotations__.items():
        parser.add_argument(f"--{name}", type=kind, required=True)
    given = vars(parser.parse_args())
    images, labels, test_images, test_labels = map(read, given.pop("files"))
    tool, seed = given.pop("tool"), given.pop("seed")
    train, test = (flat(images), labels.astype(np.int64)), (flat(test_images), test_labels)
    print(json.dumps({"accuracy": PROGRAMS[tool](Recipe(**given), seed, train, test)}))


if __name__ == "__main__":
    main()
