"""Minibatches: images and labels as a net takes them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simplenet import evaluate, init_net, minibatches, predict, train
from simplenet.errors import DataError
from simplenet.training.batches import BLOCK, one_hot, rows_of_blocks


def numbered(count, classes=10):
    """Return images of one pixel, each its own number of 2,500ths, and labels."""
    return (np.arange(count) / 2500).reshape(-1, 1, 1), np.arange(count) % classes


def numbers(x):
    """Return which images of `numbered` these are."""
    return np.rint(x.ravel() * 2500).astype(int)


@given(st.integers(1, 2500), st.integers(1, 3000), st.none() | st.integers(0, 99))
@example(2345, 1, 0)
@example(2345, 20, 0)
@example(2000, 1000, 0)
def test_every_image_comes_exactly_once_with_its_label_and_the_ragged_last_batch(count, size, rng):
    images, labels = numbered(count)
    batches = list(minibatches(images, labels, size, rng=rng, classes=10))
    assert [len(x) for x, _ in batches[:-1]] == [size] * ((count - 1) // size)
    assert len(batches[-1][0]) == count - (count - 1) // size * size
    x, y = (np.concatenate(parts) for parts in zip(*batches))
    assert sorted(numbers(x)) == list(range(count))
    assert (numbers(x) % 10 == y.argmax(axis=1)).all()
    assert y.shape == (count, 10) and (y.sum(axis=1) == 1).all() and set(y.ravel()) == {0, 1}


def test_bytes_are_divided_by_255_and_floats_are_taken_as_they_are():
    x, _ = next(minibatches(np.array([[[0, 51, 255]]], np.uint8), np.array([0])))
    assert x.dtype == np.float32 and x.tolist() == [[0, np.float32(0.2), 1]]
    x, y = next(minibatches(np.array([[-3.5, 10]]), np.array([1]), classes=4, dtype=np.float64))
    assert x.dtype == y.dtype == np.float64
    assert x.tolist() == [[-3.5, 10]] and y.tolist() == [[0, 1, 0, 0]]


def test_the_order_comes_from_the_generator_or_is_as_stored_without_one():
    def order(rng=None):
        batches = minibatches(*numbered(2100), rng=rng)
        return np.concatenate([numbers(x) for x, _ in batches]).tolist()

    assert order() == list(range(2100))
    assert order(1) == order(1) == order(np.random.default_rng(1)) != order(2)
    rng = np.random.default_rng(1)
    assert order(rng) != order(rng)  # each epoch another


def test_lists_will_do_and_nothing_given_is_changed():
    x, y = next(minibatches([[0.5, 1.0]], [0]))
    assert x.tolist() == [[0.5, 1]] and y.tolist() == [[1]]
    images, labels = numbered(50)
    before = images.copy(), labels.copy()
    list(minibatches(images, labels, rng=0))
    list(train(init_net((1, 10), rng=0), images, labels, epochs=1))
    assert (images == before[0]).all() and (labels == before[1]).all()


ONE = np.zeros((5, 2, 2), np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "more", "words"),
    [
        (ONE, [0] * 4, {}, "as many labels as images, and some of each; found images of shape "
                           r"\(5, 2, 2\) and labels of shape \(4,\)"),
        (ONE[:0], [], {}, r"some of each; found images of shape \(0, 2, 2\)"),
        (ONE, 3, {}, r"labels of shape \(\)"),
        (ONE, np.eye(5), {}, r"not one-hot rows\), found float64 of shape \(5, 5\)"),
        (ONE, np.eye(5, dtype=int), {}, r"not one-hot rows\), found int64 of shape \(5, 5\)"),
        (ONE, [0.0] * 5, {}, "one whole number for each image .* found float64"),
        (ONE, [0, 1, 2, 3, -1], {}, "labels: expected numbers of 0 or more, found -1"),
        (ONE.astype(int), [0] * 5, {}, r"images: expected bytes, or floats in \[0, 1\], found int"),
        (ONE, [0, 1, 2, 3, 4], {"classes": 4}, "labels: expected 0 to 3, found 4"),
    ],
)  # fmt: skip
def test_images_and_labels_that_do_not_belong_together_are_refused(images, labels, more, words):
    with pytest.raises(DataError, match=words):
        next(minibatches(images, labels, **more))


def test_a_minibatch_of_no_image_is_refused():
    with pytest.raises(ValueError, match="size: expected at least 1 image in a minibatch, found 0"):
        next(minibatches(ONE, [0] * 5, 0))


def test_wrong_arguments_are_refused_before_anyone_loops():
    with pytest.raises(ValueError, match="size: expected at least 1"):
        minibatches(ONE, [0] * 5, 0)
    with pytest.raises(DataError, match="as many labels as images"):
        minibatches(ONE, [0] * 4)


def test_each_minibatch_is_an_array_of_its_own():
    for images in np.zeros((2100, 3), np.uint8), np.zeros((2100, 3), np.float32):
        batches = list(minibatches(images, np.zeros(2100, int), 700))
        assert len(batches) == 3
        for x, y in batches:
            x += 1  # the caller's to change
            assert (x == 1).all() and (y == 1).all()
        assert not images.any()


@pytest.mark.parametrize(
    ("white", "advice"), [(255, "images / 255"), (16, "images / 16"), (-128, "images / 255")]
)
def test_floats_that_are_not_scaled_are_refused_with_advice(white, advice):
    images, labels = np.linspace(0, white, 10).reshape(5, 2), np.zeros(5, int)
    words = (
        rf"expected bytes, or floats in \[0, 1\], found floats as large as {abs(white)}: .*{advice}"
    )
    net = init_net((2, 2), rng=0)
    for function in (
        minibatches,
        lambda images, labels: evaluate(net, images, labels),
        lambda images, labels: predict(net, images),
        lambda images, labels: train(net, images, labels),
    ):
        with pytest.raises(DataError, match=words):
            function(images, labels)
        function(images / white, labels)
    next(minibatches((images - images.mean()) / images.std(), labels))  # standardized


def test_a_block_is_about_a_thousand_images_and_whole_minibatches():
    for size in 1, 7, 20, 300, 999, 1000, 1001, 5000:
        rows = rows_of_blocks(size)
        assert rows % size == 0
        assert rows == size or BLOCK / 2 < rows <= BLOCK


def test_label_smoothing_spreads_a_share_over_all_classes():
    np.testing.assert_allclose(one_hot(4, np.float64, 0.2), np.eye(4) * 0.8 + 0.05)
    np.testing.assert_array_equal(one_hot(4, np.float32), np.eye(4))
    assert one_hot(4, np.float16, 0.2).dtype == np.float16
