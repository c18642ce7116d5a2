"""`backward` against its witnesses, for every combination of choices that makes sense."""

import itertools

import numpy as np
import pytest
from drawn import nets
from hypothesis import given
from hypothesis import strategies as st

from simplenet import init_net
from simplenet.functions import COSTS, HIDDEN
from simplenet.witnesses.compare import (
    by_autodiff,
    by_differences,
    by_hand,
    by_torch,
    compare,
    relative_error,
)

PAIRS = [(output, cost) for cost, outputs in COSTS.items() for output in outputs]
PENALTIES = {"none": {}, "both": {"l1": 0.02, "l2": 0.05}}
DEPTHS = {2: (5, 4, 3), 3: (5, 4, 4, 3)}
PRODUCT = [
    (hidden, output, cost, depth, size, penalty, dropout)
    for hidden, (output, cost), depth, size, penalty, dropout in itertools.product(
        HIDDEN, PAIRS, DEPTHS, (1, 20), PENALTIES, (False, True)
    )
]


def problem(hidden, output, cost, depth, size, dropout):
    """Return a net off its start, a batch, and masks, far enough from any corner of a ReLU."""
    net = init_net(
        DEPTHS[depth],
        rng=1,
        dtype=np.float64,
        activation=hidden,
        output_activation=output,
        cost=cost,
    )
    rng = np.random.default_rng(2)
    net.params += rng.normal(0, 0.3, net.params.size)
    x = rng.random((size, 5))
    y = np.eye(3)[rng.integers(0, 3, size)] * 0.9 + 0.1 / 3  # with label smoothing
    masks = {}
    if dropout:
        for l in range(1, depth):
            masks[l] = (rng.random((size, net.shape[l])) < 0.7) / 0.7
            masks[l][:, 0] = 1 / 0.7  # never all 0: a gradient of 0 would show nothing
    return net, x, y, masks


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_backward_agrees_with_central_differences_and_autodiff(hidden, output, cost):
    for case in PRODUCT:
        if case[:3] != (hidden, output, cost):
            continue
        *what, penalty, dropout = case
        net, x, y, masks = problem(*what, dropout)
        arguments = (net, x, y, *(PENALTIES[penalty].get(key, 0) for key in ("l1", "l2")), masks)
        found = by_hand(*arguments)
        assert np.linalg.norm(found) > 1e-3
        assert relative_error(found, by_differences(*arguments)) < 1e-7, case
        assert relative_error(found, by_autodiff(*arguments)) < 1e-13, case


@given(nets(dtypes=[np.float64]), st.integers(1, 6), st.integers(0, 99), st.booleans())
def test_no_witness_contradicts_backward_whatever_the_net(how, size, seed, penalized):
    net, rng = init_net(**how), np.random.default_rng(seed)
    net.params += rng.normal(0, 0.3, net.params.size)
    x, y = rng.random((size, net.shape[0])), np.eye(net.shape[-1])
    penalties = PENALTIES["both"] if penalized else {}
    rows = compare(
        net, x, y[rng.integers(0, len(y), size)], **penalties,
        witnesses={"differences": by_differences, "autodiff": by_autodiff},
    )  # fmt: skip
    assert len(rows) == 4 * len(net.W)
    assert all(row["agree"] for row in rows), rows


@pytest.mark.parametrize(("output", "cost"), PAIRS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_backward_agrees_with_pytorch(hidden, output, cost):
    pytest.importorskip("torch")
    net, x, y, masks = problem(hidden, output, cost, 3, 20, True)
    arguments = (net, x, y, 0.01, 0.05, masks)
    assert relative_error(by_hand(*arguments), by_torch(*arguments)) < 1e-13


def test_the_product_is_as_large_as_it_says(capsys):
    assert len(PRODUCT) == len(HIDDEN) * len(PAIRS) * 2 * 2 * 2 * 2
    with capsys.disabled():
        print(f"\n{len(PRODUCT)} combinations of choices checked against two witnesses")
