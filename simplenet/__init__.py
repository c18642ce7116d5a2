"""A vectorized, handcrafted neural network for handwritten digits.

    import simplenet

    data = simplenet.load_data("mnist")
    net = simplenet.init_net((784, 40, 10), rng=0)
    for epoch in simplenet.train(net, *data.train):
        print(epoch)
    print(simplenet.evaluate(net, *data.test).accuracy)
    simplenet.save_model("digits.npz", net)

Names are loaded when first used, so that `import simplenet` is quick and imports no numpy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from simplenet.version import __version__

_HOMES = {
    "backward": "net",
    "evaluate": "training.run",
    "forward": "net",
    "init_net": "net",
    "load_data": "datasets.load",
    "load_model": "training.modelfile",
    "minibatches": "training.run",
    "optimize": "net",
    "predict": "training.run",
    "save_model": "training.modelfile",
    "train": "training.run",
    "zero_grad": "net",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:  # what an editor or a type checker reads instead of __getattr__
    from simplenet.datasets.load import load_data
    from simplenet.net import backward, forward, init_net, optimize, zero_grad
    from simplenet.training.modelfile import load_model, save_model
    from simplenet.training.run import evaluate, minibatches, predict, train


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simplenet' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"simplenet.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
