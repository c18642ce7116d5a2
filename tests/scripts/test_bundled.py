"""How the bundled network's weights are rounded, and what it learns from beside MNIST."""

from types import SimpleNamespace

import numpy as np
from making import bundled
from making.handwriting import draw
from making.ways import ways

from simplenet import init_net
from simplenet.datasets.load import Examples
from simplenet.training.order import split


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


def test_of_digits_made_of_few_pixels_the_edges_are_sharp_again():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 11:17] = 255
    (found,) = bundled.coarse(image)
    assert found.dtype == np.uint8 and found.shape == (28, 28)
    assert (found[8:20, 13:15] == 255).all() and (found[:, :7] == 0).all()
    grey = (found > 0) & (found < 255)
    assert 0 < grey.sum() < 150
    # It is made of squares of other places: not the same picture.
    assert not np.array_equal(found, image[0])


def test_what_is_learned_is_mnist_without_what_is_held_out_and_what_is_drawn(monkeypatch):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (600, 28, 28), np.uint8)
    labels = (np.arange(600) % 10).astype(np.uint8)
    for name, count in ("WAYS", 30), ("REDRAWN", 4), ("COARSE", 5):
        monkeypatch.setattr(bundled, name, count)
    data = SimpleNamespace(train=Examples(images, labels))
    found = bundled.learned(data)
    assert found.images.shape == (500 + 30 + 4 + 5, 28, 28) and len(found.labels) == 539
    _, held_out = split(600, None)
    known = {image.tobytes() for image in found.images}
    assert not any(images[i].tobytes() in known for i in held_out)
    originals = {images[i].tobytes(): labels[i] for i in range(600)}
    assert all(
        originals[image.tobytes()] == label
        for image, label in zip(found.images[:500], found.labels[:500], strict=True)
    )
    assert np.bincount(found.labels[500:530]).tolist() == [3] * 10
