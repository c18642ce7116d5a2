"""Measuring: what a net puts out, what it costs, and what is counted."""

import numpy as np
import pytest
from examples import bars, many, peak

from simplenet import evaluate, forward, init_net, outputs, predict, train
from simplenet.errors import DataError, DivergedError
from simplenet.training.evaluation import counts, is_guessing


def test_evaluate_counts_by_class_and_averages_over_all_samples():
    images, labels = bars(1237, classes=3)
    net = init_net((24, 8, 4), rng=0)  # a class more than there are labels
    list(train(net, images, labels, epochs=1, lr=0.3))
    score = evaluate(net, images, labels)
    guesses = predict(net, images)
    assert score.total.tolist() == [413, 412, 412, 0]
    right = guesses == labels
    assert score.correct.tolist() == [*(right[labels == c].sum() for c in range(3)), 0]
    assert 0 < score.accuracy < 1
    assert score.accuracy == pytest.approx(right.mean())
    costs = [evaluate(net, images[i : i + 1], labels[i : i + 1]).cost for i in range(1237)]
    assert score.cost == pytest.approx(np.mean(costs), rel=1e-5)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint64, list])
def test_labels_may_be_any_whole_numbers(kind):
    images, labels = bars(30)
    labels = list(labels) if kind is list else labels.astype(kind)
    assert evaluate(init_net((24, 3), rng=0), images, labels).total.tolist() == [10, 10, 10]


def test_predict_gives_the_likeliest_class_of_each_image():
    images, labels = bars(1500)
    net = init_net((24, 3), rng=0)
    list(train(net, images, labels))
    assert (predict(net, images) == labels).mean() > 0.95
    assert predict(net, (images / 255).tolist()[:7]).tolist() == labels[:7].tolist()


@pytest.mark.parametrize("function", [evaluate, train])
def test_images_and_labels_that_do_not_fit_the_net_are_refused(function):
    net = init_net((24, 3), rng=0)
    images, labels = bars(30)
    words = (
        r"expected 24 pixels in each, the inputs of the net \(24, 3\), found 20 in each of shape "
        r"\(30, 4, 5\).* use the data set"
    )
    with pytest.raises(DataError, match=words):
        function(net, images[:, :, 1:], labels)
    with pytest.raises(DataError, match=r"labels: expected 0 to 2, the outputs of the net .* 4:"):
        function(net, images, labels + 2)
    with pytest.raises(DataError, match="as many labels as images"):
        function(net, images, labels[1:])


def test_a_single_image_is_not_a_batch():
    net = init_net((24, 3), rng=0)
    for image, found in (bars()[0][0], 6), (np.zeros(24), 1):
        with pytest.raises(DataError, match=f"expected 24 pixels in each.*found {found} in each"):
            predict(net, image)


def test_a_cost_that_is_not_finite_is_an_error_not_a_result():
    net = init_net((24, 8, 3), rng=0, output_activation="identity")
    images, labels = bars()
    net.params[:] = 3e37
    with pytest.raises(
        DivergedError, match="finite outputs and a finite cost, found .* lower learning rate"
    ):
        evaluate(net, images, labels)


def test_images_that_are_not_finite_are_not_blamed_on_the_net():
    net = init_net((24, 8, 3), rng=0)
    images, labels = bars()
    with pytest.raises(DataError, match="images: expected finite numbers, found nan or inf"):
        evaluate(net, np.where(images > 100, np.inf, 0.0), labels)


def test_a_prediction_that_is_not_finite_is_an_error_not_a_class():
    net = init_net((4, 2), rng=0)
    net.params[0] = np.nan
    for function in predict, outputs:
        with pytest.raises(DivergedError, match="cannot be measured: expected finite outputs"):
            function(net, np.ones((3, 4), np.float32))


def test_outputs_are_those_of_forward_in_chunks():
    images, _ = bars(2345)
    for dtype in np.float32, np.float64:
        net = init_net((24, 8, 3), rng=0, dtype=dtype)
        found = outputs(net, images)
        assert found.shape == (2345, 3) and found.dtype == dtype
        np.testing.assert_allclose(found, forward(net, (images / 255).reshape(2345, 24)), rtol=1e-5)
        np.testing.assert_array_equal(found.argmax(axis=1), predict(net, images))


def test_what_outputs_returns_stays_the_caller_s():
    net = init_net((24, 3), rng=0)
    first = outputs(net, bars()[0])
    before = first.copy()
    outputs(net, bars(seed=8)[0])
    np.testing.assert_array_equal(first, before)


def test_no_image_at_all_is_refused():
    for images in np.zeros((0, 4, 6), np.uint8), np.uint8(3):
        with pytest.raises(DataError, match="images: expected some, found an array of shape"):
            predict(init_net((24, 3), rng=0), images)


def test_guessing_is_naming_the_commonest_class():
    total = np.array([60, 40])
    assert is_guessing(0.6, total) and is_guessing(0.605, total) and is_guessing(0.1, total)
    assert not is_guessing(0.65, total)
    np.testing.assert_array_equal(counts(np.array([0, 0, 3], np.uint8)), [2, 0, 0, 1])


def test_measuring_takes_memory_for_some_images_only(tmp_path):
    images, labels = many(tmp_path)
    net = init_net((1, 2), rng=0)
    assert peak(lambda: evaluate(net, images, labels)) < 600_000
    assert peak(lambda: predict(net, images)) < 8 * 400_000 + 600_000  # and what it gives back
