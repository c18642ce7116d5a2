"""Random streams: no two are the same, and the commands use no other."""

import itertools

import numpy as np
import pytest

from simplenet import init_net
from simplenet.streams import PURPOSES, stream

# What each purpose has streams for: the epochs and the blocks that can occur.
EPOCHS = {"weights": [0], "order": [1, 2, 3], "dropout": [1, 2, 3], "window": [1, 2, 3]}
BLOCKS = {"dropout": [1, 2, 3], "window": [0, 1, 2, 3]}


def test_streams_differ_in_seed_purpose_epoch_and_block():
    keys = [
        (seed, purpose, epoch, block)
        for seed in (0, 1, 2, 3, 2**32 - 1)
        for purpose in PURPOSES
        for epoch, block in itertools.product(EPOCHS.get(purpose, [0]), BLOCKS.get(purpose, [0]))
    ]
    drawn = {key: stream(*key).integers(0, 2**63, 2).tobytes() for key in keys}
    assert len(set(drawn.values())) == len(keys) > 100


@pytest.mark.parametrize("seed", [0, 7])
def test_biases_that_check_draws_are_no_multiple_of_the_first_weights(seed):
    """numpy's `default_rng([seed, 0])` equals `default_rng(seed)`: so they were, once."""
    net = init_net((30, 20), rng=seed, init="normal", dtype=np.float64)
    biases = stream(seed, "biases").normal(0, 0.1, 200)
    weights = net.W[0].ravel()[:200]
    assert np.std(biases / weights) > 0.1
    assert abs(np.corrcoef(biases, weights)[0, 1]) < 0.3


def test_a_seed_alone_draws_the_weights():
    first = stream(5, "weights").standard_normal(3)
    np.testing.assert_array_equal(first, np.random.default_rng(5).standard_normal(3))


def test_each_call_begins_again():
    assert stream(1, "order", 2).random() == stream(1, "order", 2).random()
    with pytest.raises(KeyError):
        stream(1, "lottery")
