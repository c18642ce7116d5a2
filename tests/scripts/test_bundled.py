"""How the bundled network's weights are rounded, and what it learns from beside MNIST."""

import numpy as np
from making import bundled
from making.handwriting import draw
from making.ways import ways

from simplenet import init_net


def test_weights_are_rounded_to_a_byte_times_a_unit_for_each_neuron():
    net = init_net((30, 12, 3), rng=4)
    net.W[0][:, 5] = 0
    net.W[0][:, 6] *= 100
    found = bundled.rounded(net)
    assert found.params.dtype == np.float16
    for W, exact in zip(found.W, net.W, strict=True):
        integers = (W.astype(float) * 2**24).astype(np.int64)
        units = np.maximum(np.gcd.reduce(integers, axis=0), 1)
        assert np.abs(integers // units).max() <= 127
        # Half a unit is 1/254 of the largest weight, and a unit of 4 bits at most 1/8 more.
        most = np.abs(exact).max(axis=0) / 254 * 1.125
        assert (np.abs(W.astype(np.float32) - exact).max(axis=0) <= most + 1e-7).all()
    assert (found.W[0][:, 5] == 0).all()
    assert np.allclose(np.concatenate(found.b), np.concatenate(net.b), atol=1e-3)


def test_pixels_that_are_hardly_ever_ink_are_not_looked_at():
    net = init_net((4, 2), rng=0)
    images = np.zeros((1000, 2, 2), np.uint8)
    some = round(1000 * bundled.RARE)
    images[:some, 0, 0] = images[: some - 1, 0, 1] = 255
    images[:, 1, 0] = 63  # too grey to be ink
    images[:, 1, 1] = 64
    found = bundled.without_rare(net, images)
    assert found.W[0].any(axis=1).tolist() == [True, False, False, True]
    assert np.array_equal(found.W[0][3], net.W[0][3])


def test_every_digit_has_other_ways_and_none_changes_the_sample():
    images, labels = draw(7, 0, 200, ways())
    assert np.bincount(labels).tolist() == [20] * 10
    assert (images.max(axis=(1, 2)) > 200).all()
    assert not np.array_equal(images, draw(7, 0, 200)[0])
    assert {way.digit for way in ways()} == set(range(10))
