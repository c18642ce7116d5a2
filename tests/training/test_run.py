"""Minibatches, training, measuring: who is learned from, in which order, and what is counted."""

import itertools
import random
import tracemalloc
import types

import numpy as np
import pytest

from simplenet import (
    backward,
    evaluate,
    forward,
    init_net,
    load_model,
    minibatches,
    optimize,
    predict,
    save_model,
    train,
    zero_grad,
)
from simplenet.datasets.idx import read_idx, write_idx
from simplenet.errors import DataError, DivergedError
from simplenet.optimizers import OPTIMIZERS, rule_for
from simplenet.options import settle
from simplenet.training import order
from simplenet.training import run as training
from simplenet.training.run import draw_masks, split


def numbered(count, classes=10):
    """Make images of one pixel, each its own number, so that one knows them again."""
    return np.arange(count, dtype=np.float32).reshape(-1, 1, 1), np.arange(count) % classes


def bars(count=240, classes=3, seed=7):
    """Make bytes that can be learned: a bright bar for each class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = rng.integers(0, 60, (count, 4, 6), dtype=np.uint8)
    images[np.arange(count), labels] += 150
    return images, labels


@pytest.fixture
def seen(monkeypatch):
    """Record the first pixel of every image that is learned from, minibatch by minibatch."""
    batches, backward = [], training.backward

    def spy(net, y):
        batches.append(net.a[0][:, 0].astype(int).tolist())
        return backward(net, y)

    monkeypatch.setattr(training, "backward", spy)
    return batches


# --- minibatches ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 20, 1000, 1500, 5000])
def test_every_image_comes_exactly_once_with_its_label_and_the_ragged_last_batch(size):
    images, labels = numbered(2345)
    batches = list(minibatches(images, labels, size, rng=0))
    assert [len(x) for x, _ in batches[:-1]] == [size] * (2345 // size - (2345 % size == 0))
    assert len(batches[-1][0]) == (2345 % size or size)
    x, y = (np.concatenate(parts) for parts in zip(*batches))
    assert sorted(x.ravel()) == list(range(2345))
    assert (x.ravel() % 10 == y.argmax(axis=1)).all()
    assert y.shape == (2345, 10) and (y.sum(axis=1) == 1).all() and set(y.ravel()) == {0, 1}


def test_bytes_are_divided_by_255_and_floats_are_taken_as_they_are():
    x, _ = next(minibatches(np.array([[[0, 51, 255]]], np.uint8), np.array([0])))
    assert x.dtype == np.float32 and x.tolist() == [[0, np.float32(0.2), 1]]
    x, y = next(minibatches(np.array([[-3.5, 300]]), np.array([1]), classes=4, dtype=np.float64))
    assert x.dtype == y.dtype == np.float64
    assert x.tolist() == [[-3.5, 300]] and y.tolist() == [[0, 1, 0, 0]]


def test_the_order_comes_from_the_generator_or_is_as_stored_without_one():
    def order(rng=None):
        batches = minibatches(*numbered(2100), rng=rng)
        return np.concatenate([x.ravel() for x, _ in batches]).tolist()

    assert order() == list(range(2100))
    assert order(1) == order(1) == order(np.random.default_rng(1)) != order(2)
    rng = np.random.default_rng(1)
    assert order(rng) != order(rng)  # each epoch another


def test_lists_will_do_and_nothing_given_is_changed():
    x, y = next(minibatches([[0.5, 1.0]], [0]))
    assert x.tolist() == [[0.5, 1]] and y.tolist() == [[1]]
    images, labels = bars()
    before = images.copy(), labels.copy()
    for _ in train(init_net((24, 3), rng=0), images, labels, epochs=1):
        pass
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


# --- the division ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "validation", "held"),
    [(60000, None, 5000), (240, None, 40), (5, None, 0), (30000, None, 5000), (10, 0, 0),
     (10, 9, 9)],
)  # fmt: skip
def test_the_division_holds_out_a_fixed_random_part(count, validation, held):
    learned, held_out = split(count, validation)
    assert len(held_out) == held
    assert sorted([*learned, *held_out]) == list(range(count))
    assert all((a == b).all() for a, b in zip(split(count, validation), (learned, held_out)))
    if count >= 240:
        assert held_out.tolist() != sorted(held_out)  # not just the first or the last


@pytest.mark.parametrize("validation", [10, 11])
def test_something_must_be_left_to_learn_from(validation):
    words = f"validation: expected fewer than the 10 training images, found {validation}."
    with pytest.raises(ValueError, match=words):
        split(10, validation)
    with pytest.raises(ValueError, match=words):
        next(train(init_net((1, 10), rng=0), *numbered(10), validation=validation))


# --- training -------------------------------------------------------------------------------------


def test_held_out_images_are_never_learned_from_and_all_others_once_in_each_epoch(seen):
    list(train(init_net((1, 10), rng=0), *numbered(2345), epochs=2, batch_size=100, lr=1e-9))
    learned, held_out = split(2345, None)
    for epoch in seen[:20], seen[20:]:
        assert [len(batch) for batch in epoch] == [100] * 19 + [55]
        numbers = list(itertools.chain(*epoch))
        assert sorted(numbers) == sorted(learned)
        assert not set(numbers) & set(held_out)
    assert seen[:20] != seen[20:]


def test_the_order_of_an_epoch_depends_on_the_seed_and_its_number_only(seen):
    for seed in (4, 5):
        list(train(init_net((1, 10), rng=0), *numbered(90), epochs=3, seed=seed, lr=1e-9))
    learned, _ = split(90, None)
    orders = [list(itertools.chain(*seen[i : i + 4])) for i in range(0, len(seen), 4)]
    drawn = [(seed, epoch) for seed in (4, 5) for epoch in (1, 2, 3)]
    assert orders == [np.random.default_rng(key).permutation(learned).tolist() for key in drawn]


def test_validation_measures_the_same_images_whatever_the_seed(monkeypatch):
    measured, evaluate = [], training.evaluate
    monkeypatch.setattr(
        training, "evaluate", lambda net, x, y: measured.append(x.ravel()) or evaluate(net, x, y)
    )
    for seed in (0, 1):
        net = init_net((1, 10), rng=seed)
        (record,) = train(net, *numbered(60), epochs=1, seed=seed, validation=7)
        images, labels = (part[split(60, 7)[1]] for part in numbered(60))
        assert record.validation_accuracy == evaluate(net, images, labels).accuracy
    assert len(measured[0]) == 7 and (measured[0] == measured[1]).all()


def test_cost_and_accuracy_of_an_epoch_are_means_over_samples_not_over_batches():
    images, labels = bars(1237)
    net = init_net((24, 8, 3), rng=0)
    # So small a step that the net stays as it is: the epoch then sees what evaluate sees.
    options = {"epochs": 1, "lr": 1e-30, "validation": 0}
    for size in (20, 300, 1200, 5000):
        (record,) = train(net, images, labels, batch_size=size, **options)
        score = evaluate(net, images, labels)
        assert record.cost == pytest.approx(score.cost, rel=1e-6)
        assert record.accuracy == score.accuracy
        assert record.validation_accuracy is None


def test_it_learns_and_says_how_it_went():
    net = init_net((24, 8, 3), rng=0)
    records = list(train(net, *bars(), epochs=4, lr=2.0))
    assert [record.epoch for record in records] == [1, 2, 3, 4]
    assert all(record.lr == 2.0 and record.seconds > 0 for record in records)
    assert records[-1].cost < records[0].cost / 2
    assert records[-1].accuracy > 0.95 and records[-1].validation_accuracy > 0.95
    assert evaluate(net, *bars(60, seed=8)).accuracy > 0.95


def test_equal_seeds_give_equal_parameters_and_others_do_not():
    def params(seed):
        net = init_net((24, 8, 3), rng=0)
        list(train(net, *bars(), epochs=2, seed=seed))
        return net.params.tolist()

    assert params(1) == params(1) != params(2)


def test_global_random_state_is_neither_read_nor_changed():
    def params():
        net = init_net((24, 8, 3), rng=0)
        list(train(net, *bars(), epochs=1))
        return net.params.tolist()

    np.random.seed(1)
    random.seed(1)
    state, before = random.getstate(), np.random.get_state()[1].tolist()
    first = params()
    assert np.random.get_state()[1].tolist() == before and random.getstate() == state
    np.random.seed(2)
    assert params() == first


def test_progress_hears_of_every_thousand_images_and_may_end_the_training():
    told = []
    net = init_net((24, 3), rng=0)
    list(train(net, *bars(2500), epochs=2, validation=0, progress=lambda *at: told.append(at)))
    assert told == [(e, done) for e in (1, 2) for done in (1000, 2000, 2500)]

    class Enough(Exception):
        pass

    def stop(epoch, done):
        if done == 2000:
            kept.append(net.params.copy())
            raise Enough

    kept, net = [], init_net((24, 3), rng=0)
    with pytest.raises(Enough):
        list(train(net, *bars(2500), progress=stop))
    assert (net.params == kept[0]).all()


def test_whoever_stops_asking_stops_the_training():
    first, other = (init_net((24, 3), rng=0) for _ in range(2))
    next(train(first, *bars(), epochs=100))
    list(train(other, *bars(), epochs=1))
    assert (first.params == other.params).all()


def test_a_diverging_training_leaves_the_last_finite_parameters_and_gives_advice():
    images, labels = numbered(2500)
    images /= 2500
    order = np.random.default_rng([0, 1]).permutation(split(2500, 0)[0])
    images[order[-1]] = np.nan  # in the third block of the first epoch
    good = []
    net = init_net((1, 10), rng=0)
    words = (
        "training diverged in epoch 1: expected a finite cost and finite weights, found others at "
        "learning rate 3; try 0.3."
    )
    with pytest.raises(DivergedError, match=words) as error:
        list(
            train(
                net, images, labels, lr=3, validation=0,
                progress=lambda *at: good.append((at, net.params.copy())),
            )
        )  # fmt: skip
    assert error.value.exit_code == 4
    assert [at for at, _ in good] == [(1, 1000), (1, 2000)]
    assert (net.params == good[-1][1]).all()


def test_far_too_high_a_learning_rate_is_answered_with_one_that_works_without_warnings():
    net = init_net((24, 8, 3), rng=0)
    before = net.params.copy()
    with pytest.raises(DivergedError, match=r"at learning rate 1e\+300; try 5\."):
        list(train(net, *bars(), lr=1e300))
    assert (net.params == before).all()


def test_the_last_step_of_all_may_diverge_though_every_cost_was_finite():
    net = init_net((24, 8, 3), rng=0)
    before = net.params.copy()
    with pytest.raises(DivergedError, match="finite weights"):
        list(train(net, *bars(), epochs=1, batch_size=1000, validation=0, lr=1e300))
    assert (net.params == before).all()


def test_the_cost_may_diverge_though_every_weight_is_finite(monkeypatch):
    monkeypatch.setattr(training, "backward", lambda net, y: float(len(y) == 20) * np.inf)
    monkeypatch.setattr(training, "optimize", lambda net, lr, rule: None)
    with pytest.raises(DivergedError, match="finite cost"):
        list(train(init_net((24, 3), rng=0), *bars(), epochs=1))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 0}, ValueError, "epochs: expected a whole number of at least 1, found 0."),
        ({"lr": float("nan")}, ValueError, "lr: expected a number above 0, found nan."),
        ({"momentum": 1}, ValueError, "momentum: expected a number of at least 0 and below 1, fou"),
        ({"moment": 1}, TypeError, "unknown option 'moment': expected one of epochs,"),
        ({"cost": "squared-error"}, TypeError, "multiple values for keyword argument 'cost'"),
        ({"activation": "relu"}, TypeError, "unknown option 'activation': expected one of epochs,"),
        ({"label_smoothing": 0.1}, ValueError, "label_smoothing: expected the cost cross-entropy"),
    ],
)
def test_options_are_checked_as_the_table_says(options, error, words):
    with pytest.raises(error, match=words):
        next(train(init_net((24, 3), rng=0), *bars(), **options))


# --- more images than memory ----------------------------------------------------------------------


@pytest.fixture
def many(tmp_path):
    """Return 400,000 images of one pixel, and labels, as they lie in files."""
    count = 400_000
    write_idx(tmp_path / "images", np.zeros((count, 1, 1), np.uint8))
    write_idx(tmp_path / "labels", (np.arange(count) % 2).astype(np.uint8))
    return read_idx(tmp_path / "images"), read_idx(tmp_path / "labels")


def peak(function):
    """Return how many bytes of memory a call takes for itself."""
    function()  # what is loaded at first use does not count
    tracemalloc.start()
    function()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_of_files_only_the_numbers_of_the_images_are_in_memory(many, monkeypatch):
    net = init_net((1, 2), rng=0)

    def twice():
        list(train(net, *many, epochs=2, batch_size=1000))

    room = 600_000  # for some blocks of images, and the 5,000 that are validated on
    assert 8 * 400_000 < peak(twice) < 8 * 400_000 + room  # four bytes in each of two orders
    monkeypatch.setattr(order, "MOST", 1000)
    monkeypatch.setattr(order, "CHUNK", 100)
    assert peak(twice) < 2 * room


def test_measuring_takes_memory_for_some_images_only(many):
    net = init_net((1, 2), rng=0)
    assert peak(lambda: evaluate(net, *many)) < 600_000
    assert peak(lambda: predict(net, many[0])) < 8 * 400_000 + 600_000  # and what it gives back


def test_more_images_than_are_shuffled_at_once_are_each_learned_from_once(seen, monkeypatch):
    monkeypatch.setattr(order, "MOST", 1000)
    monkeypatch.setattr(order, "CHUNK", 50)
    monkeypatch.setattr(order, "WINDOW", 4)
    for _ in range(2):
        list(train(init_net((1, 10), rng=0), *numbered(2345), epochs=1, batch_size=100, lr=1e-9))
    assert [len(batch) for batch in seen[:20]] == [100] * 19 + [55]
    _, held_out = split(2345, None)
    assert sorted([*itertools.chain(*seen[:20]), *held_out]) == list(range(2345))
    assert seen[:20] == seen[20:]


def test_many_images_held_out_are_measured_some_at_a_time(monkeypatch):
    how = {"epochs": 1, "validation": 100, "lr": 0.1}
    (expected,) = train(init_net((24, 3), rng=0), *bars(), **how)
    sizes, evaluate = [], training.evaluate
    monkeypatch.setattr(
        training, "evaluate", lambda net, x, y: sizes.append(len(x)) or evaluate(net, x, y)
    )
    monkeypatch.setattr(training, "VALIDATED", 33)
    (record,) = train(init_net((24, 3), rng=0), *bars(), **how)
    assert sizes == [33, 33, 33, 1]
    assert record.validation_accuracy == expected.validation_accuracy
    assert 0.3 < record.validation_accuracy < 1


def test_images_need_not_lie_in_one_piece():
    images, labels = bars()
    wide = np.zeros((240, 4, 12), np.uint8)
    wide[:, :, ::2] = images
    net, twin = (init_net((24, 3), rng=0) for _ in range(2))
    list(train(net, images, labels, epochs=1))
    list(train(twin, wide[:, :, ::2], labels, epochs=1))
    np.testing.assert_array_equal(twin.params, net.params)


def test_images_that_do_not_lie_in_one_piece_are_not_brought_into_one():
    images, net = np.zeros((100_000, 4, 8), np.uint8)[:, :, ::2], init_net((16, 2), rng=0)
    labels = np.zeros(100_000, np.uint8)
    assert images.size > 8 * 100_000 + 600_000
    most = peak(lambda: list(train(net, images, labels, epochs=1, batch_size=1000)))
    assert most < 8 * 100_000 + 600_000


# --- dropout and label smoothing ------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    """Record masks and targets of every minibatch: (masks by layer, y)."""
    batches, backward = [], training.backward

    def spy(net, y):
        batches.append((dict(net.masks), y.copy()))
        return backward(net, y)

    monkeypatch.setattr(training, "backward", spy)
    return batches


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_silences_its_share_of_hidden_neurons_and_the_others_speak_louder(rate, dtype):
    net = init_net((50, 300, 200, 10), rng=0, dtype=dtype)
    masks = draw_masks(net, 500, rate, [0, 1, 1])
    assert {l: mask.shape for l, mask in masks.items()} == {1: (500, 300), 2: (500, 200)}
    for mask in masks.values():
        assert mask.dtype == dtype
        assert set(np.unique(mask)) == {0, dtype(1 / (1 - rate))}
        spread = np.sqrt(rate * (1 - rate) / mask.size)
        assert (mask == 0).mean() == pytest.approx(rate, abs=5 * spread)
        assert mask.mean() == pytest.approx(1, abs=5 * spread / (1 - rate))  # heard as without
        # Each sample and each neuron by itself: no row or column is silent as a whole.
        for axis in (0, 1):
            few = np.sqrt(rate * (1 - rate) / mask.shape[axis])
            assert abs((mask == 0).mean(axis) - rate).max() < 6 * few
    assert (masks[1][:, :200] != masks[2]).any()


def test_without_dropout_or_hidden_neurons_nothing_is_drawn():
    assert draw_masks(init_net((5, 4, 3), rng=0), 7, 0.0, [0, 1, 1]) == {}
    assert draw_masks(init_net((5, 3), rng=0), 7, 0.5, [0, 1, 1]) == {}


def test_masks_depend_on_the_seed_the_epoch_and_the_block_only(told):
    images, labels = bars(2600)
    net = init_net((24, 6, 3), rng=0)
    how = {"epochs": 2, "batch_size": 500, "validation": 0, "dropout": 0.5, "lr": 1e-9, "seed": 3}
    list(train(net, images, labels, **how))
    drawn = {
        (epoch, block): draw_masks(net, rows, 0.5, [3, epoch, block])[1]
        for epoch in (1, 2)
        for block, rows in enumerate((1000, 1000, 600), start=1)
    }
    expected = [
        mask[i : i + 500] for mask in drawn.values() for i in range(0, len(mask), 500)
    ]  # fmt: skip
    assert len(told) == len(expected) == 12
    for (masks, _), mask in zip(told, expected):
        assert list(masks) == [1]
        np.testing.assert_array_equal(masks[1], mask)
    assert len({mask[:500].tobytes() for mask in drawn.values()}) == 6  # all of them different
    other = draw_masks(net, 1000, 0.5, [4, 1, 1])[1]
    assert (other != drawn[1, 1]).any()


def test_dropout_is_off_when_a_net_is_measured():
    net, twin = (init_net((24, 50, 3), rng=0) for _ in range(2))
    (record,) = train(net, *bars(), epochs=1, dropout=0.5, lr=1e-30, validation=100)
    assert abs(net.params - twin.params).max() < 1e-28
    part = [part[split(240, 100)[1]] for part in bars()]
    assert record.validation_accuracy == evaluate(net, *part).accuracy
    before = forward(net, part[0].reshape(100, -1) / 255).copy()
    assert net.masks == {}
    np.testing.assert_array_equal(before, forward(twin, part[0].reshape(100, -1) / 255))
    assert record.cost != pytest.approx(evaluate(net, *bars()).cost, rel=1e-3)  # it was on before


def test_label_smoothing_spreads_its_share_over_all_classes_in_training_only(told):
    net = init_net((24, 3), rng=0, cost="cross-entropy")
    (record,) = train(net, *bars(), epochs=1, label_smoothing=0.3, lr=1e-30, validation=0)
    for _, y in told:
        assert y.dtype == np.float32
        np.testing.assert_allclose(np.sort(y), [[0.1, 0.1, 0.8]] * len(y), rtol=1e-6)
    assert evaluate(net, *bars()).cost < record.cost  # measured against what is true
    smooth, hard = (
        init_net((24, 3), rng=0, cost="cross-entropy", output_activation="sigmoid")
        for _ in range(2)
    )
    next(train(smooth, *bars(), epochs=1, label_smoothing=0.3))
    next(train(hard, *bars(), epochs=1))
    assert (smooth.params != hard.params).all()


def test_smoothing_the_label_of_a_single_class_changes_nothing(told):
    net = init_net((24, 1), rng=0, cost="cross-entropy")
    next(train(net, bars(30)[0], np.zeros(30, int), label_smoothing=0.3))
    assert {float(y) for _, ys in told for y in ys.ravel()} == {1.0}


# --- optimizers and schedules ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "factor"),
    [
        ({"schedule": "constant"}, lambda done: 1),
        ({"schedule": "step", "decay": 0.1, "decay_every": 2}, lambda done: 0.1 ** (done // 2)),
        ({"schedule": "exponential", "decay": 0.3}, lambda done: 0.3**done),
        ({"schedule": "cosine"}, lambda done: (1 + np.cos(np.pi * done / 3)) / 2),
        (
            {"schedule": "cosine", "warmup": 1.5},
            lambda done: done / 1.5 if done < 1.5 else (1 + np.cos(np.pi * (done / 1.5 - 1))) / 2,
        ),
    ],
)
def test_the_schedule_moves_at_every_step_and_its_last_is_recorded(monkeypatch, options, factor):
    rates, optimize = [], training.optimize
    monkeypatch.setattr(
        training, "optimize", lambda net, lr, rule: rates.append(lr) or optimize(net, lr, rule)
    )
    how = {"epochs": 3, "batch_size": 100, "validation": 0, "lr": 0.2}
    records = list(train(init_net((24, 3), rng=0), *bars(1250), **how, **options))
    done = [epoch + batch * 100 / 1250 for epoch in range(3) for batch in range(13)]
    np.testing.assert_allclose(rates, [0.2 * factor(at) for at in done], rtol=1e-9)
    assert [record.lr for record in records] == rates[12::13]
    assert all(type(record.lr) is float for record in records)


@pytest.mark.parametrize(
    "options",
    [
        {"l1": 0.01},
        {"l2": 0.01},
        {"clip": 0.01},
        {"momentum": 0.5},
        {"optimizer": "nesterov"},
        {"optimizer": "rmsprop"},
        {"optimizer": "rmsprop", "rho": 0.5},
        {"optimizer": "rmsprop", "momentum": 0.5},
        {"optimizer": "adam"},
        {"optimizer": "adam", "beta1": 0.5},
        {"optimizer": "adam", "beta2": 0.5},
        {"optimizer": "adam", "epsilon": 0.1},
        {"optimizer": "adamw"},
        {"optimizer": "adamw", "weight_decay": 0.5},
    ],
    ids=str,
)
def test_every_option_of_the_step_reaches_it(options):
    """The two epochs equal those of a loop that is written out here, with the rule for them."""
    options = {"lr": 0.05, **options}
    net, by_hand, other = (init_net((24, 6, 3), rng=0) for _ in range(3))
    list(train(net, *bars(50), epochs=2, validation=0, **options))
    list(train(other, *bars(50), epochs=2, validation=0, lr=0.05))
    assert (net.params != other.params).any()
    rule = rule_for(settle(**options))
    images, labels = bars(50)
    learned, _ = split(50, 0)
    for epoch in (1, 2):
        order = np.random.default_rng([0, epoch]).permutation(learned)
        for x, y in minibatches(images[order], labels[order], 20, classes=3):
            zero_grad(by_hand)
            forward(by_hand, x)
            backward(by_hand, y)
            optimize(by_hand, 0.05, rule)
    np.testing.assert_array_equal(net.params, by_hand.params)
    assert net.state.keys() == by_hand.state.keys()
    assert {array.dtype.kind for array in net.state.values()} <= {"f", "i"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_arithmetic_stays_in_the_precision_of_the_net(optimizer, dtype, monkeypatch):
    seen, rule_for = set(), training.rule_for

    def spy(settings):
        rule = rule_for(settings)

        def wrapped(net, gradient, lr):
            rule(net, gradient, lr)
            arrays = gradient, *net.a, *net.masks.values(), *net.dc_dz, *net.state.values()
            seen.update(array.dtype for array in arrays if array.ndim)

        return wrapped

    monkeypatch.setattr(training, "rule_for", spy)
    net = init_net((24, 6, 3), rng=0, dtype=dtype, activation="leaky-relu", cost="cross-entropy")
    list(
        train(
            net, *bars(50), epochs=1, optimizer=optimizer, dropout=0.5, label_smoothing=0.1,
            l1=1e-3, l2=1e-3, clip=1.0,
        )
    )  # fmt: skip
    assert seen == {np.dtype(dtype)} == {net.params.dtype}


def test_another_optimizer_does_not_trip_over_what_the_last_one_remembers():
    net, twin = (init_net((24, 3), rng=0) for _ in range(2))
    list(train(net, *bars(), epochs=1, optimizer="adam"))
    twin.params[:] = net.params
    for one in net, twin:
        list(train(one, *bars(), epochs=1, momentum=0.9))
    assert list(net.state) == ["velocity"]
    np.testing.assert_array_equal(net.params, twin.params)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_an_optimizer_remembers_survives_the_model_file(optimizer, tmp_path):
    net = init_net((24, 6, 3), rng=0)
    how = {"epochs": 1, "optimizer": optimizer, "momentum": None}
    if optimizer == "sgd":
        how["momentum"] = 0.9
    list(train(net, *bars(), **how))
    assert net.state
    save_model(tmp_path / "m.npz", net)
    again = load_model(tmp_path / "m.npz").net
    for one in net, again:
        list(train(one, *bars(), **how, seed=1))
    np.testing.assert_array_equal(again.params, net.params)
    for name in net.state:
        np.testing.assert_array_equal(again.state[name], net.state[name])


# --- early stopping -------------------------------------------------------------------------------


@pytest.fixture
def accuracies(monkeypatch):
    """Have validation find these accuracies, one for each epoch; keep what the net was then."""
    queue, nets = [], []

    def pretend(net, images, labels):
        nets.append((net.params.copy(), {name: part.copy() for name, part in net.state.items()}))
        return types.SimpleNamespace(accuracy=queue[len(nets) - 1])

    monkeypatch.setattr(training, "evaluate", pretend)
    return lambda *told: queue.extend(told) or nets


@pytest.mark.parametrize(
    ("told", "patience", "epochs", "ran", "best"),
    [
        ([0.1, 0.5, 0.4, 0.3, 0.9], 2, 5, 4, 2),  # stops, and never sees the fifth
        ([0.1, 0.5, 0.4, 0.6, 0.5, 0.5, 0.9], 2, 7, 6, 4),  # a better one starts the count again
        ([0.5, 0.5, 0.5, 0.9], 2, 4, 3, 1),  # as good is not better
        ([0.0, 0.0, 0.9], 1, 3, 2, 1),
        ([0.1, 0.6, 0.4], 5, 3, 3, 2),  # the run ends by itself
        ([0.1, 0.2, 0.3], 1, 3, 3, 3),  # ever better
        ([0.3, 0.2, 0.1], 0, 3, 3, 3),  # off: the last is kept
    ],
)
def test_patience_ends_with_the_best_parameters_and_the_state_they_had(
    accuracies, told, patience, epochs, ran, best
):
    nets = accuracies(*told)
    net = init_net((24, 6, 3), rng=0)
    records = list(train(net, *bars(), epochs=epochs, patience=patience, optimizer="adam"))
    assert [record.validation_accuracy for record in records] == told[:ran]
    params, state = nets[best - 1]
    np.testing.assert_array_equal(net.params, params)
    np.testing.assert_array_equal(net.W[0].ravel(), params[: net.W[0].size])  # views still
    assert net.state.keys() == state.keys() and net.state["steps"] == 10 * best
    for name in state:
        np.testing.assert_array_equal(net.state[name], state[name])
    assert len({params.tobytes() for params, _ in nets}) == ran  # each epoch was another net


def test_patience_without_images_to_validate_on_is_refused():
    with pytest.raises(ValueError, match="^patience: .* found validation 0"):
        next(train(init_net((24, 3), rng=0), *bars(), patience=1, validation=0))
    with pytest.raises(ValueError, match="^patience: .* found none: 5 are too few"):
        next(train(init_net((24, 3), rng=0), *bars(5), patience=1))
    next(train(init_net((24, 3), rng=0), *bars(5), patience=1, validation=1))


def test_a_divergence_puts_back_what_the_optimizer_remembered_too(monkeypatch):
    step, steps, good = training.optimize, [], []

    def overflow(net, lr, rule):
        steps.append(lr)
        step(net, lr if len(steps) < 125 else np.inf, rule)  # in the third block of fifty steps

    def remember(epoch, done):
        good.append((net.params.copy(), {name: part.copy() for name, part in net.state.items()}))

    monkeypatch.setattr(training, "optimize", overflow)
    net = init_net((24, 3), rng=0)
    with pytest.raises(DivergedError):
        how = {"validation": 0, "optimizer": "adam", "progress": remember}
        list(train(net, *bars(2500), **how))
    assert len(good) == 2 and net.state["steps"] == 100
    params, state = good[-1]
    np.testing.assert_array_equal(net.params, params)
    for name in state:
        np.testing.assert_array_equal(net.state[name], state[name])


# --- measuring ------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("function", [evaluate, lambda *args: next(train(*args))])
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
    net = init_net((24, 8, 3), rng=0)
    images, labels = bars()
    with pytest.raises(DivergedError, match="finite cost, found nan: .* lower learning rate"):
        evaluate(net, np.where(images > 100, np.inf, 0.0), labels)


def test_a_prediction_that_is_not_finite_is_an_error_not_a_class():
    net = init_net((4, 2), rng=0)
    net.params[0] = np.nan
    with pytest.raises(DivergedError, match="cannot predict: expected finite outputs"):
        predict(net, np.ones((3, 4), np.float32))


def test_wrong_arguments_are_told_of_before_anyone_loops():
    images, labels = np.ones((3, 4), np.float32), np.zeros(3, int)
    with pytest.raises(ValueError, match="epochs: expected"):
        train(init_net((4, 2), rng=0), images, labels, epochs=-3)
    with pytest.raises(ValueError, match="size: expected at least 1"):
        minibatches(images, labels, 0)
