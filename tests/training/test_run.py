"""Runs: who is learned from, what is recorded, and that leaving and going on changes nothing."""

import functools
import inspect
import itertools
import os
import random
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from drawn import begun, runs
from examples import bars, many, peak
from hypothesis import given, reject
from hypothesis import strategies as st

from simplenet import (
    Run,
    advance,
    backward,
    evaluate,
    forward,
    init_net,
    load_model,
    minibatches,
    optimize,
    optimizer,
    predict,
    save_model,
    start,
    train,
    zero_grad,
)
from simplenet.errors import DataError, DivergedError
from simplenet.optimizers import OPTIMIZERS
from simplenet.options import OPTIONS, TrainingOptions
from simplenet.streams import stream
from simplenet.training import run as training
from simplenet.training.block import draw_masks
from simplenet.training.order import Together, shuffled, split
from simplenet.training.run import four_calls, validate


def numbered(count, classes=10):
    """Return images of one pixel, each its own number of 2,500ths, and labels."""
    return (np.arange(count) / 2500).reshape(-1, 1, 1), np.arange(count) % classes


class Watched:
    """The step of training, which remembers every minibatch that it learns from."""

    def __init__(self):
        self.numbers, self.targets, self.masks, self.rates = [], [], [], []

    def __call__(self, net, x, y, lr, rule, masks):
        result = four_calls(net, x, y, lr, rule, masks)
        self.numbers.append(np.rint(net.a[0][:, 0] * 2500).astype(int).tolist())
        self.targets.append(y.copy())
        self.masks.append(dict(net.masks))
        self.rates.append(lr)
        return result


def overflows(net, x, y, lr, rule, masks):
    """Learn as usual, from a cost that is too large."""
    return four_calls(net, x, y, lr, rule, masks)[0], np.inf


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


def test_held_out_images_are_never_learned_from_and_all_others_once_in_each_epoch():
    watched, how = Watched(), {"epochs": 2, "batch_size": 100, "lr": 1e-9}
    list(train(init_net((1, 10), rng=0), *numbered(2345), step=watched, **how))
    seen = watched.numbers
    learned, held_out = split(2345, None)
    for epoch in seen[:20], seen[20:]:
        assert [len(batch) for batch in epoch] == [100] * 19 + [55]
        numbers = list(itertools.chain(*epoch))
        assert sorted(numbers) == sorted(learned)
        assert not set(numbers) & set(held_out)
    assert seen[:20] != seen[20:]


def test_the_order_of_an_epoch_depends_on_the_seed_and_its_number_only():
    watched, how = Watched(), {"epochs": 3, "lr": 1e-9}
    for seed in (4, 5):
        list(train(init_net((1, 10), rng=0), *numbered(90), seed=seed, step=watched, **how))
    seen = watched.numbers
    learned, _ = split(90, None)
    orders = [list(itertools.chain(*seen[i : i + 4])) for i in range(0, len(seen), 4)]
    drawn = [(seed, epoch) for seed in (4, 5) for epoch in (1, 2, 3)]
    assert orders == [np.random.default_rng(key).permutation(learned).tolist() for key in drawn]


def test_validation_measures_the_same_images_whatever_the_seed():
    measured = []

    def watched(net, images, labels, held_out):
        measured.append(images[held_out].ravel())
        return validate(net, images, labels, held_out)

    for seed in (0, 1):
        net = init_net((1, 10), rng=seed)
        (record,) = train(net, *numbered(60), epochs=1, seed=seed, validation=7, validate=watched)
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
    calls = []
    net = init_net((24, 3), rng=0)
    list(train(net, *bars(2500), epochs=2, validation=0, progress=lambda *at: calls.append(at)))
    assert calls == [(e, done) for e in (1, 2) for done in (1000, 2000, 2500)]

    class Enough(Exception):
        pass

    def stop(epoch, done):
        if done == 2000:
            then.append(net.params.copy())
            raise Enough

    then, net = [], init_net((24, 3), rng=0)
    with pytest.raises(Enough):
        list(train(net, *bars(2500), progress=stop))
    assert (net.params == then[0]).all()


def test_whoever_stops_asking_stops_the_training():
    first, other = (init_net((24, 3), rng=0) for _ in range(2))
    next(train(first, *bars(), epochs=100))
    list(train(other, *bars(), epochs=1))
    assert (first.params == other.params).all()


def test_a_diverging_training_leaves_the_last_finite_parameters_and_gives_advice():
    calls, before, net = itertools.count(1), [], init_net((24, 3), rng=0)

    def overflow(*args):  # in the third block of fifty steps
        predicted, cost = training.four_calls(*args)
        return predicted, cost if next(calls) <= 100 else np.inf

    words = (
        "training diverged in epoch 1: expected a finite cost and finite weights, found others at "
        r"learning rate 3; try 0\.25\."
    )
    with pytest.raises(DivergedError, match=words) as error:
        list(
            train(
                net, *bars(2500), lr=3, validation=0, step=overflow,
                progress=lambda *at: before.append((at, net.params.copy())),
            )
        )  # fmt: skip
    assert error.value.exit_code == 4
    assert [at for at, _ in before] == [(1, 1000), (1, 2000)]
    assert (net.params == before[-1][1]).all()


def test_far_too_high_a_learning_rate_is_answered_with_one_that_works_without_warnings():
    net = init_net((24, 8, 3), rng=0)
    before = net.params.copy()
    with pytest.raises(DivergedError, match=r"at learning rate 1e\+300; try 1\.3\."):
        list(train(net, *bars(), lr=1e300))
    assert (net.params == before).all()


def test_the_last_step_of_all_may_diverge_though_every_cost_was_finite():
    net = init_net((24, 8, 3), rng=0)
    before = net.params.copy()
    with pytest.raises(DivergedError, match="finite weights"):
        list(train(net, *bars(), epochs=1, batch_size=1000, validation=0, lr=1e300))
    assert (net.params == before).all()


def test_the_cost_may_diverge_though_every_weight_is_finite():
    with pytest.raises(DivergedError, match="finite cost"):
        list(train(init_net((24, 3), rng=0), *bars(), epochs=1, step=overflows))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 0}, ValueError, "epochs: expected a whole number of at least 1, found 0."),
        ({"lr": float("nan")}, ValueError, "lr: expected a number above 0, found nan."),
        ({"momentum": 1}, ValueError, "momentum: expected a number of at least 0 and below 1, fou"),
        ({"moment": 1}, TypeError, "unknown option 'moment': expected one of epochs,"),
        ({"cost": "squared-error"}, TypeError, "unknown option 'cost': expected one of epochs,"),
        ({"activation": "relu"}, TypeError, "unknown option 'activation': expected one of epochs,"),
        ({"label_smoothing": 0.1}, ValueError, "label_smoothing: expected the cost cross-entropy"),
    ],
)
def test_options_are_checked_as_the_table_says(options, error, words):
    with pytest.raises(error, match=words):
        next(train(init_net((24, 3), rng=0), *bars(), **options))


# --- hooks ----------------------------------------------------------------------------------------


def test_by_default_a_step_is_the_four_calls_and_validation_the_share_of_right_predictions():
    for function in advance, train:
        parameters = inspect.signature(function).parameters
        assert parameters["step"].default is None  # by the size of the net: see test_wide.py
        assert parameters["validate"].default is validate
    assert inspect.signature(advance).parameters["together"].default == Together()
    net, by_hand = (init_net((24, 6, 3), rng=0) for _ in range(2))
    [(x, y), *_] = minibatches(*bars())
    masks, rule = {1: np.float32(2) * np.eye(20, 6, dtype=np.float32)}, optimizer("adam")
    net.grads[:] = np.nan  # the first of the calls makes them 0
    predicted, cost = four_calls(net, x, y, 0.1, rule, masks)
    zero_grad(by_hand)
    np.testing.assert_array_equal(predicted, forward(by_hand, x, masks))
    assert cost == backward(by_hand, y)
    optimize(by_hand, 0.1, rule)
    np.testing.assert_array_equal(net.params, by_hand.params)
    images, labels = bars()
    held_out = np.arange(5, 100)
    right = predict(net, images[held_out]) == labels[held_out]
    assert 0 < validate(net, images, labels, held_out) == right.mean() < 1


def test_a_step_of_ones_own_learns_with_noise():
    rng, noisy, plain = np.random.default_rng(1), *(init_net((24, 3), rng=0) for _ in range(2))

    def with_noise(net, x, y, lr, rule, masks):
        noise = rng.normal(0, 0.01, x.shape).astype(x.dtype)
        return four_calls(net, x + noise, y, lr, rule, masks)

    (record,) = train(noisy, *bars(), epochs=1, step=with_noise)
    (other,) = train(plain, *bars(), epochs=1)
    assert record.cost != other.cost and record.cost == pytest.approx(other.cost, rel=0.1)
    assert 0 < abs(noisy.params - plain.params).max() < 0.5


def test_a_validation_of_ones_own_is_recorded_and_decides_when_to_stop():
    net, epochs = init_net((24, 3), rng=0), []

    def worse_and_worse(net, images, labels, held_out):
        assert len(images) == len(labels) == 240 and len(held_out) == 40
        epochs.append(net.params.copy())
        return 1 / len(epochs)

    records = list(train(net, *bars(), epochs=9, patience=2, validate=worse_and_worse))
    assert [record.validation_accuracy for record in records] == [1, 1 / 2, 1 / 3]
    np.testing.assert_array_equal(net.params, epochs[0])


# --- more images than memory ----------------------------------------------------------------------


WINDOWS = Together(most=1000, chunk=50, window=4)


def test_of_files_only_the_numbers_of_the_images_are_in_memory(tmp_path):
    net, data, how = init_net((1, 2), rng=0), many(tmp_path), {"epochs": 1, "batch_size": 1000}
    runs = [start(net, *data, **how) for _ in range(2)]  # as often as `peak` calls
    room = 600_000  # for some blocks of images, and the 5,000 that are validated on
    most = peak(lambda: list(train(net, *data, **how)))
    assert 8 * 200_000 < most < 8 * 200_000 + room  # four bytes in each of two orders
    assert peak(lambda: finish(runs.pop(), data, together=WINDOWS)) < 2 * room
    assert not runs


def test_more_images_than_are_shuffled_at_once_are_each_learned_from_once():
    watched, how = Watched(), {"epochs": 1, "batch_size": 100, "lr": 1e-9}
    for _ in range(2):
        run = start(init_net((1, 10), rng=0), *numbered(2345), **how)
        finish(run, numbered(2345), step=watched, together=WINDOWS)
    seen = watched.numbers
    assert [len(batch) for batch in seen[:20]] == [100] * 19 + [55]
    _, held_out = split(2345, None, WINDOWS)
    assert sorted([*itertools.chain(*seen[:20]), *held_out]) == list(range(2345))
    assert seen[:20] == seen[20:]


def test_many_images_held_out_are_measured_some_at_a_time():
    how = {"epochs": 1, "validation": 100, "lr": 0.1}
    (expected,) = train(init_net((24, 3), rng=0), *bars(), **how)
    net, (images, labels), sizes = init_net((24, 3), rng=0), bars(), []

    class Copied(np.ndarray):
        def __getitem__(self, chosen):
            sizes.append(len(chosen))
            return images[chosen]

    (record,) = train(net, images, labels, validate=functools.partial(validate, most=33), **how)
    held_out = split(240, 100)[1]
    accuracy = validate(net, images.view(Copied), labels, held_out, most=33)
    assert sizes == [33, 33, 33, 1]
    assert accuracy == record.validation_accuracy == expected.validation_accuracy
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


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_leaves_out_its_share_of_hidden_neurons_and_scales_the_others_up(rate, dtype):
    net = init_net((50, 300, 200, 10), rng=0, dtype=dtype)
    masks = draw_masks(net, 500, rate, np.random.default_rng(0))
    assert {l: mask.shape for l, mask in masks.items()} == {1: (500, 300), 2: (500, 200)}
    for mask in masks.values():
        assert mask.dtype == dtype
        assert set(np.unique(mask)) == {0, dtype(1 / (1 - rate))}
        spread = np.sqrt(rate * (1 - rate) / mask.size)
        assert (mask == 0).mean() == pytest.approx(rate, abs=5 * spread)
        assert mask.mean() == pytest.approx(1, abs=5 * spread / (1 - rate))  # as large as without
        # Each sample and each neuron by itself: no row or column is left out as a whole.
        for axis in (0, 1):
            few = np.sqrt(rate * (1 - rate) / mask.shape[axis])
            assert abs((mask == 0).mean(axis) - rate).max() < 6 * few
    assert (masks[1][:, :200] != masks[2]).any()


def test_without_dropout_or_hidden_neurons_nothing_is_masked():
    watched = Watched()
    assert draw_masks(init_net((5, 3), rng=0), 7, 0.5, np.random.default_rng(0)) == {}
    list(train(init_net((24, 4, 3), rng=0), *bars(), epochs=1, step=watched))
    assert {len(masks) for masks in watched.masks} == {0}


def test_masks_depend_on_the_seed_the_epoch_and_the_block_only():
    images, labels = bars(2600)
    watched = Watched()
    net = init_net((24, 6, 3), rng=0)
    how = {"epochs": 2, "batch_size": 500, "validation": 0, "dropout": 0.5, "lr": 1e-9, "seed": 3}
    list(train(net, images, labels, step=watched, **how))
    drawn = {
        (epoch, block): draw_masks(net, rows, 0.5, stream(3, "dropout", epoch, block))[1]
        for epoch in (1, 2)
        for block, rows in enumerate((1000, 1000, 600), start=1)
    }
    expected = [
        mask[i : i + 500] for mask in drawn.values() for i in range(0, len(mask), 500)
    ]  # fmt: skip
    assert len(watched.masks) == len(expected) == 12
    for masks, mask in zip(watched.masks, expected):
        assert list(masks) == [1]
        np.testing.assert_array_equal(masks[1], mask)
    assert len({mask[:500].tobytes() for mask in drawn.values()}) == 6  # all of them different
    other = draw_masks(net, 1000, 0.5, stream(4, "dropout", 1, 1))[1]
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


def test_label_smoothing_spreads_its_share_over_all_classes_in_training_only():
    net, watched = init_net((24, 3), rng=0, cost="cross-entropy"), Watched()
    how = {"epochs": 1, "label_smoothing": 0.3, "lr": 1e-30, "validation": 0}
    (record,) = train(net, *bars(), step=watched, **how)
    assert len(watched.targets) == 12
    for y in watched.targets:
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


def test_smoothing_the_label_of_a_single_class_changes_nothing():
    net, watched = init_net((24, 1), rng=0, cost="cross-entropy"), Watched()
    next(train(net, bars(30)[0], np.zeros(30, int), label_smoothing=0.3, step=watched))
    assert {float(y) for ys in watched.targets for y in ys.ravel()} == {1.0}


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
            lambda done: (
                min(1, (done + 0.08) / 1.5)  # a step is 0.08 of an epoch
                if done < 1.5
                else (1 + np.cos(np.pi * (done / 1.5 - 1))) / 2
            ),
        ),
    ],
)
def test_the_schedule_moves_at_every_step_and_its_last_is_recorded(options, factor):
    watched, how = Watched(), {"epochs": 3, "batch_size": 100, "validation": 0, "lr": 0.2}
    records = list(train(init_net((24, 3), rng=0), *bars(1250), step=watched, **how, **options))
    rates = watched.rates
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
    how = {name: value for name, value in options.items() if name != "optimizer"}
    options = {"lr": 0.05, **options}
    net, by_hand, other = (init_net((24, 6, 3), rng=0) for _ in range(3))
    list(train(net, *bars(50), epochs=2, validation=0, **options))
    list(train(other, *bars(50), epochs=2, validation=0, lr=0.05))
    assert (net.params != other.params).any()
    rule = optimizer(options.get("optimizer", "sgd"), **how)
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
def test_the_loop_of_four_calls_and_train_with_its_order_give_equal_bytes(dtype):
    net, by_hand = (init_net((24, 6, 3), rng=5, dtype=dtype) for _ in range(2))
    images, labels = bars(1250)
    list(train(net, images, labels, epochs=2, seed=5, validation=0, lr=5))
    learned, _ = split(1250, 0)
    for epoch in (1, 2):
        order = shuffled(learned, 5, epoch)
        for x, y in minibatches(images[order], labels[order], 20, classes=3, dtype=dtype):
            zero_grad(by_hand)
            forward(by_hand, x)
            backward(by_hand, y)
            optimize(by_hand, lr=5.0)
    assert by_hand.params.tobytes() == net.params.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_all_arithmetic_stays_in_the_precision_of_the_net(name, dtype):
    found = set()

    def watched(net, x, y, lr, rule, masks):
        def noted(net, lr):
            rule(net, lr)
            arrays = net.grads, *net.a, *net.masks.values(), *net.state.values()
            found.update(array.dtype for array in arrays if array.ndim)

        return four_calls(net, x, y, lr, noted, masks)

    net = init_net((24, 6, 3), rng=0, dtype=dtype, activation="leaky-relu", cost="cross-entropy")
    list(
        train(
            net, *bars(50), epochs=1, optimizer=name, dropout=0.5, label_smoothing=0.1,
            l1=1e-3, l2=1e-3, clip=1.0, step=watched,
        )
    )  # fmt: skip
    assert found == {np.dtype(dtype)} == {net.params.dtype}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float16_trains_and_stays_finite(name):
    net = init_net((24, 6, 3), rng=0, dtype=np.float16)
    images, labels = bars()
    images[:, 0, :] = 0  # as the rim of digits is: gradients that are 0
    records = list(train(net, images, labels, epochs=3, optimizer=name))
    assert np.isfinite(net.params).all() and net.params.dtype == np.float16
    assert records[-1].cost < records[0].cost


def test_an_epsilon_that_underflows_is_refused_at_the_start():
    for dtype, epsilon in (np.float16, 1e-46), (np.float32, 1e-46), (np.float64, 1e-320):
        net = init_net((24, 3), rng=0, dtype=dtype)
        with pytest.raises(ValueError, match="^epsilon: expected at least .*become 0; found"):
            start(net, *bars(), optimizer="adam", epsilon=epsilon)


@pytest.mark.parametrize(
    "between",
    [
        [],
        [{"momentum": 0.0}],
        [{"optimizer": "nesterov"}],
        [{"momentum": 0.0}, {"optimizer": "nesterov"}],
        [{"optimizer": "adam"}, {"optimizer": "rmsprop", "momentum": 0.5}],
    ],
    ids=str,
)
def test_a_run_does_not_use_what_an_optimizer_remembers_of_another(between):
    net = init_net((24, 3), rng=0)
    net.state["mine"] = np.arange(3.0)  # somebody else's
    for how in {"momentum": 0.9}, *between, {"momentum": 0.9}:
        twin = init_net((24, 3), rng=0)
        twin.params[:] = net.params
        for one in net, twin:
            list(train(one, *bars(), epochs=1, **how))
        np.testing.assert_array_equal(net.params, twin.params)
        assert net.state.keys() == {"mine", *twin.state}
    assert list(twin.state) == ["sgd.velocity"]
    assert net.state["mine"].tolist() == [0, 1, 2]


def test_the_options_that_editors_know_are_those_of_the_table():
    hints = typing.get_type_hints(TrainingOptions)
    table = {name: option for name, option in OPTIONS.items() if not option.of_net}
    assert hints.keys() == table.keys()
    for name, option in table.items():
        kinds = set(typing.get_args(hints[name]) or [hints[name]])
        assert (type(None) in kinds) == (option.default is None)
        if str in kinds:
            value = option.check(option.default)
        else:  # numbers are read from text, too
            value = option.check("1" if int in kinds else "0.5")
        assert kinds - {type(None)} == {type(value)}


# --- early stopping -------------------------------------------------------------------------------


def finding(*accuracies):
    """Return what finds these accuracies by the epoch, and the parameters that it was given."""
    queue, params = list(accuracies), []

    def pretend(net, images, labels, held_out):
        params.append(net.params.copy())
        return queue.pop(0)

    return pretend, params


@pytest.mark.parametrize(
    ("found", "patience", "epochs", "ran", "best"),
    [
        ([0.1, 0.5, 0.4, 0.3, 0.9], 2, 5, 4, 2),  # stops, and never sees the fifth
        ([0.1, 0.5, 0.4, 0.6, 0.5, 0.5, 0.9], 2, 7, 6, 4),  # a better one starts the count again
        ([0.5, 0.5, 0.5, 0.9], 2, 4, 3, 1),  # as good is not better
        ([0.0, 0.0, 0.9], 1, 3, 2, 1),
        ([0.1, 0.6, 0.4], 5, 3, 3, 2),  # the run ends by itself
        ([0.1, 0.2, 0.3], 1, 3, 3, 3),  # ever better
        ([0.3, 0.2, 0.1], 0, 3, 3, 3),  # off: the last is used
    ],
)
def test_patience_ends_with_the_best_parameters_and_can_go_on_from_the_last(
    found, patience, epochs, ran, best
):
    pretend, params = finding(*found)
    net = init_net((24, 6, 3), rng=0)
    run = start(net, *bars(), epochs=epochs, patience=patience, optimizer="adam")
    records = [at.record for at in advance(run, *bars(), validate=pretend)]
    assert records == run.history and run.finished and run.epoch == ran
    assert [record.validation_accuracy for record in records] == found[:ran]
    np.testing.assert_array_equal(net.params, params[best - 1])
    np.testing.assert_array_equal(net.W[0].ravel(), params[best - 1][: net.W[0].size])
    assert run.weights_epoch == best
    assert (run.last is None) == (best == ran)
    if run.last:
        assert run.last.epoch == ran
        np.testing.assert_array_equal(run.last.params, params[ran - 1])
    assert net.state["adam.steps"] == 10 * ran  # it goes with the last
    assert len({vector.tobytes() for vector in params}) == ran  # each epoch was another net


def test_patience_without_images_to_validate_on_is_refused():
    with pytest.raises(ValueError, match="^patience: .* found validation 0"):
        next(train(init_net((24, 3), rng=0), *bars(), patience=1, validation=0))
    with pytest.raises(ValueError, match="^patience: .* found none: 5 are too few"):
        next(train(init_net((24, 3), rng=0), *bars(5), patience=1))
    next(train(init_net((24, 3), rng=0), *bars(5), patience=1, validation=1))


@pytest.mark.parametrize("scribble", [True, False])
def test_what_is_done_to_the_net_between_epochs_does_not_change_what_is_gone_back_to(
    scribble,
):
    """The best parameters are those that validation measured, not those at the next step."""
    pretend, params = finding(0.5, 0.9, 0.1, 0.2)
    net = init_net((24, 6, 3), rng=0)
    run = start(net, *bars(), epochs=4, patience=3)
    for at in advance(run, *bars(), validate=pretend):
        if scribble and at.epoch < 4:
            run.net.params[:] = 0.5
            run.net.params[::2] = at.epoch
    np.testing.assert_array_equal(net.params, params[1])
    np.testing.assert_array_equal(run.best.params, params[1])
    pretend, _ = finding(0.5, 0.9, 0.1, 0.2)
    for record in train(net, *bars(), epochs=4, patience=3, validate=pretend):
        if record.epoch < 4:
            if record.epoch == 2:
                best = net.params.copy()
            net.params[:] = 7
    np.testing.assert_array_equal(net.params, best)


def test_the_parameters_that_a_run_keeps_are_no_views_of_those_of_the_net():
    run = start(init_net((24, 6, 3), rng=0), *bars(), epochs=2, patience=5)
    list(advance(run, *bars(), validate=finding(0.9, 0.5)[0]))
    for params in run.best.params, run.last.params:
        assert not np.shares_memory(params, run.net.params)


# --- left, and taken up again ---------------------------------------------------------------------

# What differs from a plain run: options, then what the net has of its own.
KINDS = {
    "sgd": ({}, {}),
    "momentum": ({"momentum": 0.9, "lr": 0.3, "l1": 1e-5, "l2": 1e-4}, {}),
    "nesterov": ({"optimizer": "nesterov", "lr": 0.3}, {"dtype": np.float64}),
    "rmsprop": ({"optimizer": "rmsprop", "momentum": 0.5}, {}),
    "adam": ({"optimizer": "adam", "lr": 0.01, "clip": 0.1}, {}),
    "adam-64": ({"optimizer": "adam", "batch_size": 70}, {"dtype": np.float64}),
    "adam-16": ({"optimizer": "adam"}, {"dtype": np.float16}),
    "adamw": ({"optimizer": "adamw", "lr": 0.01}, {}),
    "dropout": ({"dropout": 0.3, "seed": 3}, {"activation": "relu"}),
    "patience": ({"patience": 1, "validation": 100, "optimizer": "adam"}, {}),
    "step": ({"schedule": "step", "decay": 0.3}, {}),
    "exponential": ({"schedule": "exponential", "decay": 0.3}, {}),
    "cosine": ({"schedule": "cosine", "warmup": 0.5}, {}),
    "smoothing": ({"label_smoothing": 0.1}, {"cost": "cross-entropy"}),
    "small": ({"batch_size": 13, "seed": 2**32 - 1}, {}),
    "large": ({"batch_size": 1300}, {"dtype": np.float64}),
}
IMAGES = 2600  # three blocks in each epoch, the last of them ragged


def begin(kind, images=IMAGES, **more):
    """Return a run of two epochs, and the images and labels that it learns from."""
    options, functions = KINDS[kind]
    net = init_net((24, 4, 3), rng=1, **functions)
    data = bars(images)
    how = {"epochs": 2, "batch_size": 200, "validation": 50}
    return start(net, *data, **{**how, **options, **more}), data


def saved(run, folder):
    """Return the bytes of the file of a run."""
    save_model(folder / "run.npz", run, overwrite=True)
    return (folder / "run.npz").read_bytes()


def finish(run, data, **hooks):
    """Take a run to its end; return how many blocks that were."""
    return len(list(advance(run, *data, **hooks)))


@given(runs(), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_any_run_that_is_left_anywhere_and_taken_up_ends_as_another_with_equal_options(
    tmp_path, drawn, stops
):
    through, data = begun(drawn)
    try:
        finish(through, data)
    except DivergedError:
        reject()
    expected, stops = saved(through, tmp_path), itertools.cycle(stops)
    run, _ = begun(drawn)
    while not run.finished:
        list(itertools.islice(advance(run, *data), next(stops)))
        saved(run, tmp_path)
        run = load_model(tmp_path / "run.npz")
    assert saved(run, tmp_path) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_is_left_after_some_blocks_ends_as_if_it_had_not_been(kind, tmp_path):
    through, data = begin(kind)
    blocks = finish(through, data)
    expected = saved(through, tmp_path)
    assert blocks == (4 if kind == "large" else 6)
    for some in 1, blocks - 1:  # others: see above
        for again in (lambda run: run), (lambda run: load_model(tmp_path / "run.npz")):
            run, done = begin(kind)[0], 0
            while not run.finished:
                taken = list(itertools.islice(advance(run, *data), some))
                assert taken[-1].images == run.images or run.images == 0
                done += len(taken)
                saved(run, tmp_path)
                run = again(run)
            assert done == blocks
            assert saved(run, tmp_path) == expected


def test_a_run_may_be_left_in_one_process_and_taken_up_in_another(tmp_path):
    expected = {}
    for kind in KINDS:
        run, data = begin(kind)
        save_model(tmp_path / f"{kind}-0.npz", run)
        course = advance(run, *data)
        next(course), next(course)
        save_model(tmp_path / f"{kind}-2.npz", run)
        finish(run, data)
        expected[kind] = saved(run, tmp_path)
    script = f"""
import sys
from pathlib import Path
import simplenet
from examples import bars
data = bars({IMAGES})
for path in list(Path(sys.argv[1]).glob("*-[02].npz")):
    run = simplenet.load_model(path)
    for _ in simplenet.advance(run, *data):
        pass
    simplenet.save_model(path, run, overwrite=True)
"""
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    command = [sys.executable, "-c", script, str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path}, timeout=60)
    for kind in KINDS:
        for left in 0, 2:
            assert (tmp_path / f"{kind}-{left}.npz").read_bytes() == expected[kind], kind


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("cosine",)])
def test_a_run_that_is_given_more_epochs_equals_the_longer_run(kind, tmp_path):
    longer, data = begin(kind)
    finish(longer, data)
    for again in (lambda run: run), (lambda run: load_model(tmp_path / "run.npz")):
        run, _ = begin(kind, epochs=1)
        finish(run, data)
        assert run.finished and list(advance(run, *data)) == []
        saved(run, tmp_path)
        run = again(run)
        run.settings["epochs"] = 2
        finish(run, data)
        assert saved(run, tmp_path) == saved(longer, tmp_path)


@pytest.mark.parametrize("kind", ["patience", "sgd"])
def test_a_run_that_went_back_to_the_best_goes_on_from_the_last(kind, tmp_path):
    found = [0.9, 0.5, 0.6, 0.95, 0.1]
    longer, data = begin(kind, epochs=5, patience=9)
    finish(longer, data, validate=finding(*found)[0])
    for again in (lambda run: run), (lambda run: load_model(tmp_path / "run.npz")):
        pretend, _ = finding(*found)
        run, _ = begin(kind, epochs=2, patience=9)
        for epochs in 2, 3, 4, 5:
            run.settings["epochs"] = epochs
            finish(run, data, validate=pretend)
            assert (run.last is None) == (epochs == 4)
            saved(run, tmp_path)
            run = again(run)
        assert saved(run, tmp_path) == saved(longer, tmp_path)


@pytest.mark.parametrize("kind", ["sgd", "adam", "dropout"])
def test_a_run_of_more_than_can_be_shuffled_at_once_may_be_left(kind, tmp_path):
    through, data = begin(kind)
    blocks = finish(through, data, together=WINDOWS)
    expected = saved(through, tmp_path)
    other, _ = begin(kind)
    finish(other, data)
    assert saved(other, tmp_path) != expected  # another order
    for some in range(1, blocks):
        run, _ = begin(kind)
        list(itertools.islice(advance(run, *data, together=WINDOWS), some))
        saved(run, tmp_path)
        run = load_model(tmp_path / "run.npz")
        finish(run, data, together=WINDOWS)
        assert saved(run, tmp_path) == expected


def test_a_run_is_up_to_date_whenever_it_is_yielded(tmp_path):
    run, data = begin("patience", epochs=2)
    done = 0
    for number, at in enumerate(advance(run, *data), 1):
        assert at.epoch == (number + 2) // 3 and at.total == 2500
        done = done % 2500 + (500 if number % 3 == 0 else 1000)
        assert at.images == done
        if number % 3:
            assert at.record is None and run.images == done and run.epoch == at.epoch - 1
        else:
            assert at.record is run.history[-1] and run.images == 0 and run.epoch == at.epoch
            assert run.best is not None
        assert load_model_of(run, tmp_path).images == run.images
    assert number == 6


def load_model_of(run, folder):
    """Return what a file of the run holds."""
    saved(run, folder)
    return load_model(folder / "run.npz")


def test_what_a_consumer_does_with_the_net_for_itself_changes_nothing(tmp_path):
    expected, data = begin("adam")
    finish(expected, data)
    run, _ = begin("adam")
    for at in advance(run, *data):
        evaluate(run.net, *data)
        zero_grad(run.net)
        forward(run.net, np.ones((3, 24)), {1: np.ones((3, 4))})
        backward(run.net, np.eye(3))
        run.net.a[-1][:] = np.nan
        run.net.grads[:] = np.nan
        params = run.net.params.copy()
        run.net.params[:] = 0  # such as an average, to be measured
        run.net.params[:] = params
        for name in "images", "record":
            with pytest.raises(AttributeError):
                setattr(at, name, 7)
    assert saved(run, tmp_path) == saved(expected, tmp_path)


def test_nothing_happens_until_the_first_block_is_asked_for(tmp_path):
    run, data = begin("sgd", epochs=2, patience=9)
    fresh = saved(run, tmp_path)
    advance(run, *data)
    assert saved(run, tmp_path) == fresh
    finish(run, data, validate=finding(0.9, 0.5)[0])
    run.settings["epochs"] = 3
    ended = saved(run, tmp_path)
    advance(run, *data)
    assert saved(run, tmp_path) == ended


# --- what ends a block early ----------------------------------------------------------------------


class Early(BaseException):
    """As KeyboardInterrupt is: no Exception."""


class Failing:
    """A step that ends after one of its calls, in the third minibatch."""

    def __init__(self, after):
        self.after, self.minibatches = after, 0

    def __call__(self, net, x, y, lr, rule, masks):
        self.minibatches += 1
        if self.minibatches < 3 or self.after == "optimize":
            result = four_calls(net, x, y, lr, rule, masks)
            if self.minibatches == 3:
                raise Early
            return result
        zero_grad(net)
        forward(net, x, masks)
        if self.after == "backward":
            backward(net, y)
        raise Early


@pytest.mark.parametrize("what", ["forward", "backward", "optimize", "_end_epoch", "validate"])
@pytest.mark.parametrize("block", range(6))
def test_an_error_in_any_block_leaves_the_run_where_it_stood(what, block, monkeypatch, tmp_path):
    through, data = begin("patience")
    through.settings["patience"] = 9
    finish(through, data)
    run, _ = begin("patience")
    run.settings["patience"] = 9
    list(itertools.islice(advance(run, *data), block))
    before = saved(run, tmp_path)
    at_the_end = {"validate": validate, "_end_epoch": training._end_epoch}

    def fail(*args):
        at_the_end[what](*args)
        raise Early

    hooks = {}
    if what == "_end_epoch":  # not to be replaced by anyone: there is no hook
        monkeypatch.setattr(training, what, fail)
    elif what == "validate":
        hooks["validate"] = fail
    else:
        hooks["step"] = Failing(what)
    if what in at_the_end and block % 3 != 2:
        next(advance(run, *data, **hooks))
    else:
        with pytest.raises(Early):
            next(advance(run, *data, **hooks))
        assert saved(run, tmp_path) == before
    monkeypatch.undo()
    finish(run, data)
    assert saved(run, tmp_path) == saved(through, tmp_path)


def test_an_error_in_the_first_block_of_a_longer_run_leaves_the_best_in_the_net(
    tmp_path,
):
    run, data = begin("sgd", epochs=2, patience=9)
    finish(run, data, validate=finding(0.9, 0.5)[0])
    run.settings["epochs"] = 3
    before = saved(run, tmp_path)
    with pytest.raises(DivergedError):
        next(advance(run, *data, step=overflows))
    assert run.last and saved(run, tmp_path) == before


def test_outputs_that_are_not_finite_in_validation_leave_a_run_that_can_go_on(tmp_path):
    images, labels = bars(240)
    images = images / 255
    _, held_out = split(240, None)
    run = start(init_net((24, 3), rng=0, output_activation="identity"), images, labels, lr=0.01)
    before, course = saved(run, tmp_path), advance(run, images, labels)
    images[held_out[0]] = np.inf  # after they have been looked at
    with pytest.raises(DataError, match="images: expected finite numbers"):
        list(course)
    assert saved(run, tmp_path) == before
    for function in start, lambda net, *examples: advance(run, *examples):
        with pytest.raises(DataError, match="images: expected finite numbers"):
            function(run.net, images, labels)
    assert saved(run, tmp_path) == before


def test_two_generators_on_one_run_learn_from_each_image_once(tmp_path):
    """The run alone says where it stands, so it does not matter who takes it on."""
    data = bars(2600)
    alone, shared = (start(init_net((24, 3), rng=0), *data, epochs=2) for _ in range(2))
    list(advance(alone, *data))
    first, second = advance(shared, *data), advance(shared, *data)
    turns = [next(first), next(second), next(second), *first, *second]
    assert [at.images for at in turns] == [1000, 2000, 2167, 1000, 2000, 2167]
    assert saved(shared, tmp_path) == saved(alone, tmp_path)


def test_a_divergence_puts_back_what_the_optimizer_remembered_too():
    steps, before = [], []

    def overflow(net, x, y, lr, rule, masks):
        steps.append(lr)
        lr = lr if len(steps) < 125 else 1e300  # in the third block of fifty steps
        return four_calls(net, x, y, lr, rule, masks)

    def remember(epoch, done):
        before.append((net.params.copy(), {name: part.copy() for name, part in net.state.items()}))

    net = init_net((24, 3), rng=0)
    with pytest.raises(DivergedError):
        how = {"validation": 0, "optimizer": "adam", "progress": remember, "step": overflow}
        list(train(net, *bars(2500), **how))
    assert len(before) == 2 and net.state["adam.steps"] == 100
    params, state = before[-1]
    np.testing.assert_array_equal(net.params, params)
    for name in state:
        np.testing.assert_array_equal(net.state[name], state[name])


# --- what cannot be gone on with ------------------------------------------------------------------


def test_other_images_than_those_of_the_start_are_refused():
    run, (images, labels) = begin("sgd")
    for found in images[1:], images.reshape(IMAGES, 24), images.reshape(IMAGES, 6, 4):
        with pytest.raises(DataError, match=r"images: expected those that the run was started wi"):
            advance(run, found, labels[-len(found) :])
    with pytest.raises(DataError, match="as many labels as images"):
        advance(run, images, labels[1:])
    assert run.images == 0


def test_a_bare_net_has_nothing_to_go_on_with(tmp_path):
    net = init_net((24, 3), rng=0)
    save_model(tmp_path / "bare.npz", net)
    for run in Run(net), load_model(tmp_path / "bare.npz"):
        assert run.finished
        with pytest.raises(ValueError, match="^run: expected one with settings, as `start` retur"):
            advance(run, *bars())


def test_wrong_arguments_are_refused_before_anyone_loops():
    images, labels = np.ones((3, 4), np.float32), np.zeros(3, int)
    for function in start, train:
        with pytest.raises(ValueError, match="epochs: expected"):
            function(init_net((4, 2), rng=0), images, labels, epochs=-3)
        with pytest.raises(DataError, match="as many labels"):
            function(init_net((4, 2), rng=0), images, labels[1:])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_images_with_numbers_that_are_not_finite_are_not_blamed_on_the_learning_rate(wrong):
    images, labels = bars(240)
    images = images / 255
    images[100] = wrong
    net = init_net((24, 3), rng=0)
    with pytest.raises(DataError, match="images: expected finite numbers, found nan or inf"):
        list(train(net, images, labels, validation=0))


def test_a_state_that_is_no_longer_finite_is_a_divergence(tmp_path):
    """The weights may stand still, and so look fine, where the square of a gradient is infinite."""
    net = init_net((24, 3), rng=0, output_activation="identity", cost="squared-error")
    images, labels = bars(240)

    def huge(net, x, y, lr, rule, masks):
        predicted, cost = training.four_calls(net, x, y, lr, rule, masks)
        net.state["adam.square"][0] = np.inf
        return predicted, cost

    run = start(net, images, labels, optimizer="adam")
    with pytest.raises(DivergedError):
        list(advance(run, images, labels, step=huge))
    assert not net.state and (run.epoch, run.images) == (0, 0)


def test_a_cost_of_any_float_type_can_be_saved(tmp_path):
    run = start(init_net((24, 3), rng=0), *bars(2600), epochs=1)

    def short(*args):
        predicted, cost = training.four_calls(*args)
        return predicted, np.float32(cost)

    next(advance(run, *bars(2600), step=short))
    save_model(tmp_path / "m.npz", run)


def test_an_error_in_a_later_block_puts_back_arrays_of_every_order_and_size():
    """Whose copies are kept from block to block, and which somebody may have replaced."""
    images, labels = bars(2600)
    run = start(init_net((24, 3), rng=0), images, labels, epochs=2, optimizer="adam")
    run.net.state["mine"] = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    fail = []

    def failing(net, *args):
        result = training.four_calls(net, *args)
        net.state["mine"][1, 0] += 1
        if fail:
            raise OSError
        return result

    course = advance(run, images, labels, step=failing)
    next(course), next(course)
    run.net.state["mine"] = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    before = {name: array.copy() for name, array in run.net.state.items()}
    params, fail[:] = run.net.params.copy(), [True]
    with pytest.raises(OSError):
        next(course)
    np.testing.assert_array_equal(run.net.params, params)
    assert run.net.state.keys() == before.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(run.net.state[name], array)


def test_a_state_may_have_the_name_of_anything():
    images, labels = bars(2600)
    run = start(init_net((24, 3), rng=0), images, labels, epochs=1)
    run.net.state["params"] = np.zeros(3)

    def failing(net, *args):
        training.four_calls(net, *args)
        raise OSError

    before = run.net.params.copy()
    with pytest.raises(OSError):
        list(advance(run, images, labels, step=failing))
    np.testing.assert_array_equal(run.net.params, before)
    assert run.net.state.keys() == {"params"}


# --- averages -------------------------------------------------------------------------------------


def learned(run, images, labels):
    """Take a run to its end; return what its parameters were after each block."""
    along = [run.net.params.copy() for _ in advance(run, images, labels)]
    if run.last:
        along[-1] = run.last.params
    return np.array(along)


@pytest.mark.parametrize("epochs", [0.4, 2.0, 1e9])
def test_the_average_weighs_parameters_by_how_many_epochs_ago_they_were(epochs):
    images, labels = bars(2500)
    how = {"epochs": 3, "validation": 100, "lr": 2.0}
    net = init_net((24, 5, 3), rng=0, dtype=np.float64)
    run = start(net, images, labels, average=epochs, **how)
    along = learned(run, images, labels)
    blocks = [1000, 1000, 400] * 3
    ago = np.cumsum(blocks[::-1])[::-1] - blocks
    weights = np.exp(-ago / 2400 / epochs) * -np.expm1(-np.array(blocks) / 2400 / epochs)
    weights[0] = np.exp(-ago[0] / 2400 / epochs) * -np.expm1(-1000 / 2400 / epochs)
    expected = weights @ along / weights.sum()
    assert np.allclose(run.average, expected, rtol=0, atol=1e-12)
    assert (run.net.params == run.average).all() and (run.last.params == along[-1]).all()
    assert run.network is run.net


def test_what_a_run_with_an_average_is_measured_with_is_the_average():
    images, labels = bars(2300)
    how = {"epochs": 4, "validation": 300, "average": 1.0, "lr": 3.0, "patience": 3}
    run = start(init_net((24, 4, 3), rng=1), images, labels, **how)
    _, held_out = split(len(images), 300)
    for at in advance(run, images, labels):
        if at.record and not run.finished:
            measured = evaluate(run.network, images[held_out], labels[held_out]).accuracy
            assert at.record.validation_accuracy == measured
            assert (run.network.params == run.average).all()
            assert (run.network.params != run.net.params).any()
            if run.best.epoch == at.epoch:
                assert (run.best.params == run.average).all()
    assert run.finished and run.last.epoch == run.epoch
    assert (run.net.params == run.best.params).all()


def test_an_average_changes_nothing_of_what_is_learned():
    images, labels = bars(1300)
    plain, averaged = (
        start(init_net((24, 4, 3), rng=1), images, labels, epochs=2, average=epochs)
        for epochs in (0, 1)
    )
    assert (learned(plain, images, labels) == learned(averaged, images, labels)).all()
    assert plain.average is plain.last is None


# --- distortions ----------------------------------------------------------------------------------


class Inputs:
    """The step of training, which remembers what it learns from."""

    def __init__(self):
        self.x = []

    def __call__(self, net, x, *args):
        self.x.append(x.copy())
        return four_calls(net, x, *args)


def seen(images, labels, **options):
    """Return what a net sees in each epoch of one run (epochs, n, pixels), and the run."""
    watch = Inputs()
    how = {"epochs": 2, "validation": 0, "seed": 3, "batch_size": 100, **options}
    run = start(init_net((24, 3, 3), rng=1), images, labels, **how)
    for _ in advance(run, images, labels, step=watch):
        pass
    return np.concatenate(watch.x).reshape(2, len(images), -1), run


def test_images_are_distorted_anew_in_every_block_and_epoch():
    images, labels = bars(2000)
    images[:] = images[0]  # so that only the distortion can make a difference
    found, _ = seen(images, labels, rotation=20.0)
    assert len({image.tobytes() for epoch in found for image in epoch}) > 3990  # of 4,000
    again, _ = seen(images, labels, rotation=20.0)
    other, _ = seen(images, labels, rotation=20.0, seed=4)
    assert (again == found).all() and (other != found).any()


def test_what_is_measured_is_never_distorted():
    images, labels = bars(1200)
    watch, distorted = [], {"shift": 2.0, "stroke": 1.0, "elastic": 9.0}

    def measure(net, images, labels, held_out):
        watch.append(images[held_out].copy())
        return validate(net, images, labels, held_out)

    run = start(init_net((24, 3, 3), rng=1), images, labels, epochs=1, validation=50, **distorted)
    before = images.copy()
    for _ in advance(run, images, labels, validate=measure):
        pass
    _, held_out = split(len(images), 50)
    assert (watch[0] == images[held_out]).all() and (images == before).all()


def test_rows_of_pixels_cannot_be_distorted():
    images, labels = bars(100)
    flat = images.reshape(len(images), -1)
    start(init_net((24, 3, 3), rng=1), flat, labels, average=1.0)
    with pytest.raises(DataError, match=r"^images: expected the shape \(n, rows, columns\), in wh"):
        start(init_net((24, 3, 3), rng=1), flat, labels, rotation=1.0)
