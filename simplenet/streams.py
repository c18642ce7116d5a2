"""Random streams: each purpose, epoch and block has its own, and all derive from one seed."""

import numpy as np

# What tells streams apart that could have the same epoch and block. The first three cannot: weights
# are drawn before the first epoch, an order is block 0 of its epoch, dropout has blocks from 1.
# Only the division of the data, the order before the first epoch of seed 0, meets weights: those
# of seed 0, which are drawn in another way.
PURPOSES = {"weights": 0, "order": 0, "dropout": 0, "window": 1, "biases": 2, "samples": 3,
            "distortion": 4, "copies": 5, "sweep": 6}  # fmt: skip


def stream(seed: int, purpose: str, epoch: int = 0, block: int = 0) -> np.random.Generator:
    """Return the generator for one purpose in one block of one epoch.

    All four numbers go into it, however small they are: numpy takes a shorter list for one that
    ends with zeros, so `default_rng([seed, 0])` would equal `default_rng(seed)`. Each is below
    2**32.
    """
    return np.random.default_rng([seed, epoch, block, PURPOSES[purpose]])
