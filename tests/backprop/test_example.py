"""The worked example that document and page show, against numbers worked out to 30 digits."""

import numpy as np
import pytest
from golden import COST, GRADIENTS, PASSES, PATHS

from simplenet import init_net
from simplenet.backprop import bundled, bundled_path
from simplenet.backprop.example import X, Y, example_net, trace, weight_index
from simplenet.functions import COSTS
from simplenet.training.modelfile import load_model
from simplenet.witnesses.compare import compare


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


@pytest.fixture
def example():
    net = example_net()
    return net, trace(net, X[0], Y[0])


@pytest.mark.parametrize("name", PASSES)
def test_every_number_of_the_two_passes(example, name):
    _, t = example
    for found, expected in zip(getattr(t, name), PASSES[name], strict=True):
        close(found, expected)
    close(t.cost, COST)


def test_the_weights_are_where_their_numbers_say(example):
    net, t = example
    values = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)
    for number, value in enumerate(values, start=1):
        l, k, j = weight_index(number)
        assert net.W[l][k, j] == value
        close(t.dc_dW[l][k, j], GRADIENTS[number])


def test_the_paths_disagree_and_the_gradient_is_their_sum(example):
    net, t = example
    for k, paths in enumerate(PATHS):
        close(t.paths(net, 1, k), paths)
        close(t.dc_da[0][k], sum(paths))


def _pairs():
    return [(cost, output) for cost, outputs in COSTS.items() for output in outputs]


@pytest.mark.parametrize(("cost", "output"), _pairs(), ids="-".join)
def test_a_trace_is_right_for_every_cost(cost, output):
    """What trace computes again must agree with what the passes left."""
    names = {"activation": "tanh", "output_activation": output, "cost": cost}
    net = init_net((4, 5, 3, 2), rng=1, dtype=np.float64, **names)
    x, y = np.random.default_rng(2).random(4), np.array([0.0, 1.0])
    t = trace(net, x, y)
    for l in range(3):
        if t.slope[l] is None:
            assert (l, t.dc_da[l]) == (2, None)
        else:
            close(t.dc_da[l] * t.slope[l], t.dc_dz[l])
        close(np.outer(t.a[l], t.dc_dz[l]), t.dc_dW[l])
        close(t.dc_db[l], t.dc_dz[l])
        if net.activations[l] == "tanh":
            close(np.tanh(t.z[l]), t.a[l + 1])
    assert all(row["agree"] for row in compare(net, x[None], y[None], 0, 0, {}, rng=0))


def test_the_bundled_network_can_be_written_with_two_bytes_for_each_weight():
    stored, run = load_model(bundled_path()), bundled()
    assert stored.net.params.dtype == np.float16 and run.net.params.dtype == np.float32
    assert np.array_equal(stored.net.params, run.net.params)
    assert len(np.unique(run.net.params)) > 1000
    for W in run.net.W:  # which are a byte each, times a unit that each neuron has
        integers = (W.astype(float) * 2**24).astype(np.int64)
        assert np.abs(integers // np.gcd.reduce(integers, axis=0)).max() <= 127
    assert run.data["name"] == "mnist" and run.finished
    assert bundled_path().stat().st_size <= 370_000
