"""Weights as pictures, and pictures as PNG."""

import io

import numpy as np
import pytest
from PIL import Image

from simplenet import init_net
from simplenet.report.png import png
from simplenet.report.weights import ZERO, first_weights, size_of_images
from simplenet.training.run import Run


@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (3, 50)])
def test_pillow_reads_what_is_written(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), pixels)
    palette = np.random.default_rng(1).integers(0, 256, (256, 3), np.uint8)
    with Image.open(io.BytesIO(png(pixels, palette))) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), palette[pixels])


def test_the_greatest_weight_of_a_neuron_is_the_lightest_or_the_darkest():
    net = init_net((6, 3, 2), rng=0)
    net.W[0][:] = 0
    net.W[0][:, 0] = [1, -2, 0, 0.5, 2, -1]
    net.W[0][3, 2] = 1e-30
    found = [first_weights(net, neuron, (2, 3)) for neuron in (2, 0, 1)]
    assert all(image.dtype == np.uint8 for image in found)
    np.testing.assert_array_equal(found[0], [[ZERO] * 3, [255, ZERO, ZERO]])
    np.testing.assert_array_equal(found[1], [[192, 1, ZERO], [160, 255, 64]])
    np.testing.assert_array_equal(found[2], [[ZERO] * 3] * 2)  # a neuron that nothing reaches


@pytest.mark.parametrize(
    ("inputs", "recorded", "size"),
    [(64, [4, 16], (4, 16)), (64, None, (8, 8)), (64, [64], (8, 8)), (63, None, None)],
)
def test_the_size_of_images_is_what_is_recorded_or_a_square(inputs, recorded, size):
    data = {"size": recorded} if recorded else {}
    assert size_of_images(Run(init_net((inputs, 3), rng=0), data=data)) == size
