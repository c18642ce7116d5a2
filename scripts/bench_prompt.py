"""From the prompt to a test accuracy: whole processes, with imports, loading and measuring.

    python scripts/bench_prompt.py TOOL --files FILE FILE FILE FILE --hidden 40 ... --seed 0

This is the program of each peer: it reads the same four IDX files as simplenet, learns, and prints
its accuracy on the test images. That of simplenet is its command line, which also checks the
data, saves the model and measures it.

The recipes were chosen by hand: of those tried, one of the quickest at which the median of three
seeds reaches the target on the test images; five seeds then confirmed it. The search was not
equal: about 110 settings were tried with simplenet, 30 with scikit-learn, a dozen each with
PyTorch and JAX, which mostly took over what was good for simplenet. More searching might serve
the peers better. To choose by test accuracy is right for asking how
quickly a tool can get there, and for nothing else: no accuracy here says how well a net will do
on images that nobody has chosen by. All learn with ReLU, softmax and cross-entropy.
"""

import argparse
import gzip
import json
import math
import struct
import sys
import warnings
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

PARTS = ("train-images", "train-labels", "test-images", "test-labels")


@dataclass(frozen=True)
class Recipe:
    """How to learn; the learning rate falls to 0 as half a wave of a cosine, where a tool can.

    scikit-learn cannot: its learning rate stays as it is.
    """

    hidden: int
    epochs: int
    batch: int
    lr: float
    rule: str = "sgd"  # or "nesterov", with momentum 0.9, or "adam"

    def told(self) -> str:
        """Say it in few words."""
        epochs = f"{self.epochs} epoch" + "s" * (self.epochs > 1)
        return f"{self.hidden} hidden, {epochs}, batch {self.batch}, {self.rule}, lr {self.lr:g}"


SHARED = {
    0.95: Recipe(48, 1, 100, 0.12, "nesterov"),
    0.97: Recipe(80, 2, 100, 0.15, "nesterov"),
    0.98: Recipe(256, 3, 100, 0.005, "adam"),
}
QUICKER = {0.98: Recipe(256, 3, 200, 0.007, "adam")}  # but not with PyTorch: 97.99 %
RECIPES = {
    "simplenet": SHARED | QUICKER,
    "PyTorch": SHARED,
    "JAX": SHARED | QUICKER,
    "scikit-learn": SHARED
    | {0.97: Recipe(100, 2, 100, 0.004, "adam"), 0.98: Recipe(256, 8, 200, 0.2, "nesterov")},
}
PACKAGES = {"simplenet": "numpy", "PyTorch": "torch", "JAX": "jax", "scikit-learn": "sklearn"}


def command(tool: str, recipe: Recipe, seed: int, data, model: str) -> list[str]:
    """Return the command that a person would type; `data` is a `simplenet.load_data`."""
    if tool == "simplenet":
        options = {
            "--data": data.files["train-images"].parent,
            "--hidden": recipe.hidden, "--epochs": recipe.epochs, "--batch-size": recipe.batch,
            "--lr": recipe.lr, "--seed": seed, "--optimizer": recipe.rule,
            "--schedule": "cosine", "--activation": "relu", "--cost": "cross-entropy",
            "--validation": 0, "-o": model,
        }  # fmt: skip
        words = [str(word) for pair in options.items() for word in pair]
        return [sys.executable, "-m", "simplenet", "train", *words, "--overwrite", "-q", "--json"]
    settings = [f"--{name}={value}" for name, value in asdict(recipe).items()]
    files = [str(data.files[part]) for part in PARTS]
    return [sys.executable, __file__, tool, *settings, f"--seed={seed}", "--files", *files]


# --- the programs of the peers ------------------------------------------------------------------


def read(path: str) -> np.ndarray:
    """Read an IDX file of bytes, gzipped or not."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        content = file.read()
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def flat(images: np.ndarray) -> np.ndarray:
    """Turn images into rows of float32 in [0, 1]."""
    return np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)


def rates(recipe: Recipe, images: int) -> list[float]:
    """Return the learning rate of each step."""
    steps = recipe.epochs * math.ceil(images / recipe.batch)
    return [recipe.lr / 2 * (1 + math.cos(math.pi * step / steps)) for step in range(steps)]


def pytorch(recipe: Recipe, seed: int, x, labels, test_x, test_labels) -> float:
    """Learn with PyTorch; give the accuracy."""
    import torch

    torch.manual_seed(seed)
    x, y, test_x = torch.from_numpy(x), torch.from_numpy(labels), torch.from_numpy(test_x)
    model = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], recipe.hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(recipe.hidden, int(labels.max()) + 1),
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
        return float(np.mean(model(test_x).argmax(dim=1).numpy() == test_labels))


def jax_scanned(recipe: Recipe, seed: int, x, labels, test_x, test_labels) -> float:
    """Learn with JAX, every epoch one compiled call; give the accuracy."""
    import jax
    from jax import numpy as jnp

    rng = np.random.default_rng(seed)
    shape = (x.shape[1], recipe.hidden, int(labels.max()) + 1)
    params = [
        (rng.normal(0, (2 / n) ** 0.5, (n, m)).astype(np.float32), np.zeros(m, np.float32))
        for n, m in pairwise(shape)
    ]

    def outputs(params, x):
        (w, row), (w_out, row_out) = params
        return jax.nn.relu(x @ w + row) @ w_out + row_out

    def cost(params, x, labels):
        logs = jax.nn.log_softmax(outputs(params, x))
        return -jnp.take_along_axis(logs, labels[:, None], axis=1).mean()

    def learn(state, x, labels, lr):
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
    def epoch(state, x, labels, order, lr):
        def step(state, now):
            chosen, lr = now
            return learn(state, x[chosen], labels[chosen], lr), None

        return jax.lax.scan(step, state, (order, lr))[0]

    steps = len(x) // recipe.batch  # a ragged last minibatch would have to be compiled, too
    lr = np.float32(rates(recipe, steps * recipe.batch)).reshape(recipe.epochs, steps)
    on_device, y = jax.device_put((x, labels.astype(np.int32)))
    zeros = jax.tree.map(np.zeros_like, params)
    state = params, zeros, zeros, np.float32(0)
    for now in lr:
        order = rng.permutation(len(x))[: steps * recipe.batch].reshape(steps, -1)
        state = epoch(state, on_device, y, order.astype(np.int32), now)
    return float(np.mean(np.asarray(outputs(state[0], test_x).argmax(axis=1)) == test_labels))


def sklearn(recipe: Recipe, seed: int, x, labels, test_x, test_labels) -> float:
    """Learn with scikit-learn, which knows no cosine; give the accuracy."""
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
        model.fit(x, labels)
    return float(np.mean(model.predict(test_x) == test_labels))


PROGRAMS = {"PyTorch": pytorch, "JAX": jax_scanned, "scikit-learn": sklearn}


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
    digits = flat(images), labels.astype(np.int64), flat(test_images), test_labels
    print(json.dumps({"accuracy": PROGRAMS[tool](Recipe(**given), seed, *digits)}))


if __name__ == "__main__":
    main()
