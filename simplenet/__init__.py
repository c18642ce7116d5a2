"""A vectorized, handcrafted neural network for handwritten digits, with a command line.

    import simplenet

    data = simplenet.load_data("mnist")
    net = simplenet.init_net((784, 40, 10), rng=0)
    for epoch in simplenet.train(net, *data.train):
        print(epoch)
    print(simplenet.evaluate(net, *data.test).accuracy)
    simplenet.save_model("digits.npz", net)

Names are loaded when first used, so that `import simplenet` is quick and imports no numpy.
"""

from simplenet.version import __version__

TYPE_CHECKING = False  # as in typing, whose import would take longer than all of this one
if TYPE_CHECKING:  # what an editor or a type checker reads instead of __getattr__
    from simplenet.datasets.load import load_data
    from simplenet.net import backward, forward, init_net, optimize, zero_grad
    from simplenet.optimizers import optimizer
    from simplenet.training.batches import minibatches
    from simplenet.training.evaluation import evaluate, outputs, predict
    from simplenet.training.modelfile import load_model, save_model
    from simplenet.training.run import Run, advance, start, train

__all__ = [
    "Run",
    "__version__",
    "advance",
    "backward",
    "evaluate",
    "forward",
    "init_net",
    "load_data",
    "load_model",
    "minibatches",
    "optimize",
    "optimizer",
    "outputs",
    "predict",
    "save_model",
    "start",
    "train",
    "zero_grad",
]

_HOMES = {
    "Run": "training.run",
    "advance": "training.run",
    "backward": "net",
    "evaluate": "training.evaluation",
    "forward": "net",
    "init_net": "net",
    "load_data": "datasets.load",
    "load_model": "training.modelfile",
    "minibatches": "training.batches",
    "optimize": "net",
    "optimizer": "optimizers",
    "outputs": "training.evaluation",
    "predict": "training.evaluation",
    "save_model": "training.modelfile",
    "start": "training.run",
    "train": "training.run",
    "zero_grad": "net",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'simplenet' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"simplenet.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
