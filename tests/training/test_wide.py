"""The step for wide nets: what the four calls of the heart do, with any number of threads."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simplenet import (
    advance,
    init_net,
    load_model,
    optimize,
    optimizer,
    outputs,
    save_model,
    start,
    train,
)
from simplenet import memory as memory_module
from simplenet.functions import COSTS, HIDDEN
from simplenet.memory import PIECE
from simplenet.optimizers import OPTIMIZERS
from simplenet.sharing import use_threads
from simplenet.training import run as run_module
from simplenet.training import wide as wide_module
from simplenet.training.blas import WORTH_SHARING
from simplenet.training.run import four_calls
from simplenet.training.wide import WideStep, blocks, chunks

PAIRS = [(cost, output) for cost, outputs in COSTS.items() for output in outputs]


@pytest.fixture
def threads():
    """Set the number of threads, for one test."""
    yield use_threads
    use_threads(1)


@pytest.fixture
def small_blocks(monkeypatch):
    """Cut products of the size of tests as if they were large."""
    monkeypatch.setattr(wide_module, "WORTH_SHARING", 100)
    blocks.cache_clear()
    yield
    blocks.cache_clear()


def samples(rows, inputs, classes, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x = rng.random((rows, inputs)).astype(dtype)
    return x, np.eye(classes, dtype=dtype)[rng.integers(0, classes, rows)]


def drawn(count, seed=0, size=20):
    """Return images of noise, and labels."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size), np.uint8), rng.integers(0, 4, count)


# --- the same as the four calls -------------------------------------------------------------------


@pytest.mark.parametrize("masked", [(), (1,), (0, 1, 2)])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_it_predicts_and_learns_as_the_four_calls_do(small_blocks, cost, output, hidden, masked):
    shape, rule = (30, 50, 37, 40), optimizer("adam")  # outputs for several blocks
    heart, wide = (
        init_net(
            shape, rng=0, dtype=np.float64, cost=cost, activation=hidden, output_activation=output
        )
        for _ in range(2)
    )
    rng, step = np.random.default_rng(1), WideStep()
    for rows in 11, 11, 3, 12:  # the last of an epoch are fewer
        x, y = samples(rows, 30, 40, seed=rows)
        masks = {l: 2.0 * rng.integers(0, 2, (rows, shape[l])) for l in masked}
        predicted, mean = four_calls(heart, x, y, 0.01, rule, masks)
        ours, our_mean = step(wide, x, y, 0.01, rule, masks)
        np.testing.assert_allclose(ours, predicted, rtol=1e-12, atol=1e-15)
        assert our_mean == pytest.approx(mean, rel=1e-12)
        np.testing.assert_allclose(wide.grads, heart.grads, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(wide.params, heart.params, rtol=1e-10, atol=1e-10)
        assert wide.samples == heart.samples == rows
        for a, b in zip(wide.a, heart.a, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_without_a_rule_it_descends_as_optimize_does(small_blocks):
    nets = [init_net((300, 300, 4), rng=0, dtype=np.float64) for _ in range(2)]
    for step, net in zip((four_calls, WideStep()), nets, strict=True):
        step(net, *samples(10, 300, 4), 0.5, None, None)
    np.testing.assert_allclose(nets[1].params, nets[0].params, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("shape", "batch_size", "wide"),
    [((400, 400, 4), 100, True), ((400, 399, 4), 100, False), ((400, 16, 4), 100, False)],
)
def test_training_takes_it_where_a_product_is_large(monkeypatch, shape, batch_size, wide):
    taken = []

    class Noted(WideStep):
        def __call__(self, *args):
            taken.append("wide")
            return super().__call__(*args)

    def noted(*args):
        taken.append("heart")
        return four_calls(*args)

    monkeypatch.setattr(run_module, "WideStep", Noted)
    monkeypatch.setattr(run_module, "four_calls", noted)
    assert WORTH_SHARING == 400 * 400 * 100
    net = init_net(shape, rng=0)
    list(train(net, *drawn(200), epochs=1, batch_size=batch_size, validation=0))
    assert taken == ["wide" if wide else "heart"] * 2


# --- threads change nothing -----------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"l1": 1e-4, "l2": 1e-3}, {"clip": 0.1}, {"dropout": 0.4}, {}])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_any_number_of_threads_gives_the_same_file(tmp_path, threads, name, how):
    files = set()
    for count in 1, 2, 3:
        threads(count)
        net = init_net((400, 500, 4), rng=0, cost="cross-entropy", activation="relu")
        run = start(
            net, *drawn(300), epochs=1, batch_size=100, validation=50, optimizer=name, **how
        )
        for _ in advance(run, *drawn(300)):
            pass
        save_model(tmp_path / "m.npz", run, overwrite=True)
        files.add((tmp_path / "m.npz").read_bytes())
        assert load_model(tmp_path / "m.npz").net.params.any()
    assert len(files) == 1


def test_outputs_are_the_same_with_any_number_of_threads(threads):
    net, found = init_net((400, 30, 4), rng=0), set()
    images, _ = drawn(17_345)
    for count in 1, 2, 3:
        threads(count)
        found.add(outputs(net, images).tobytes())
    assert len(found) == 1


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=4),
    st.integers(1, 99),
    st.sampled_from([{}, {"l1": 1e-3, "l2": 1e-2}, {"momentum": 0.5}]),
)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_in_pieces_is_the_step_in_one_piece(threads, name, shape, piece, how):
    """Bit for bit; the last weight and the first bias may lie within one piece."""
    nets = []
    for most in PIECE, piece:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory_module, "PIECE", most)
            patch.setattr(memory_module, "_own", type(memory_module._own)())
            net, rule = init_net(shape, rng=0), optimizer(name, **how)
            threads(1 if most == PIECE else 2)
            for seed in range(3):
                net.grads[:] = np.random.default_rng(seed).standard_normal(net.params.size)
                net.samples = 3
                optimize(net, 0.01, rule)
            nets.append(net)
    assert len({net.params.tobytes() for net in nets}) == 1
    for key in nets[0].state:
        assert len({net.state[key].tobytes() for net in nets}) == 1


def test_clipping_in_pieces_has_the_norm_of_the_whole():
    net = init_net((300, 400, 4), rng=0, dtype=np.float64)
    before = net.params.copy()
    net.grads[:] = np.random.default_rng(0).standard_normal(net.params.size)
    net.samples = 1
    optimize(net, 1.0, optimizer(clip=2.5))
    assert np.linalg.norm(net.params - before) == pytest.approx(2.5, rel=1e-12)


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"l1": 1e-4, "l2": 1e-4, "clip": 0.1}])
@pytest.mark.parametrize("name", [None, *OPTIMIZERS])
def test_a_step_allocates_nothing_as_large_as_the_parameters(name, how):
    """numpy tells tracemalloc of every array."""
    net, step = init_net((700, 2000, 10), rng=0, cost="cross-entropy"), WideStep()
    rule = None if name is None else optimizer(name, **how)
    x, y = samples(20, 700, 10, dtype=np.float32)
    step(net, x, y, 0.01, rule, None)  # makes the state and the rooms
    tracemalloc.start()
    try:
        step(net, x, y, 0.01, rule, None)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * 4 * PIECE < net.params.nbytes / 4


# --- blocks -------------------------------------------------------------------------------------


def test_blocks_are_all_columns_and_more_where_products_are_larger():
    for columns in 1, 10, 16, 100, 784, 1500, 2049:
        counts = []
        for each in 1, 10**4, 10**5, 10**6, 10**7, 10**9:
            found = blocks(columns, each)
            assert found[0].start == 0 and found[-1].stop == columns
            assert all(one.stop == other.start for one, other in pairwise(found))
            assert all((block.stop - block.start) % 16 == 0 for block in found[:-1])
            counts.append(len(found))
        assert counts == sorted(counts) and counts[-1] <= 8
    assert len(blocks(40, 784 * 20)) == 1
    assert len(blocks(800, 784 * 100)) == 2
    assert len(blocks(1500, 1000 * 100)) == 4


@pytest.mark.parametrize("rows", [1, 7, 1000])
@pytest.mark.parametrize("columns", [1, 100, 10**6])
def test_chunks_are_all_rows(rows, columns):
    assert [n for part in chunks(rows, columns) for n in range(rows)[part]] == list(range(rows))


def test_a_step_can_be_used_for_another_net(small_blocks):
    step = WideStep()
    for shape, dtype in (
        ((30, 50, 4), np.float32), ((30, 50, 4), np.float64), ((30, 70, 4), np.float64),
        ((30, 20, 4), np.float64),
    ):  # fmt: skip
        wide, heart = (init_net(shape, rng=0, dtype=dtype) for _ in range(2))
        x, y = samples(11, 30, 4, dtype=dtype)
        ours, _ = step(wide, x, y, 0.5, None, None)
        theirs, _ = four_calls(heart, x, y, 0.5, None, None)
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_allclose(wide.params, heart.params, rtol=1e-4, atol=1e-6)
