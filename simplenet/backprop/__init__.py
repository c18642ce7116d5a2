"""The gear document, its diagrams and its interactive page, with the small nets they show."""

from pathlib import Path

import numpy as np

from simplenet.net import net_around
from simplenet.training.modelfile import load_model
from simplenet.training.run import Run


def bundled() -> Run:
    """Return the network that comes with the package, made by scripts/making/bundled.py.

    Its file has two bytes for each weight, which are a number of -127 to 127 times a unit of its
    neuron, so that the page needs one; it computes with four, as others do.
    """
    run = load_model(bundled_path())
    net = run.net
    run.net = net_around(
        net.params.astype(np.float32), net.shape, net.activations, net.cost, net.state
    )
    return run


def bundled_path() -> Path:
    """Return where the file of the bundled network is."""
    return Path(__file__).with_name("bundled.npz")
