"""Operations on tensors of any shape, by chance: against central differences, and PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import broadcastable_shapes

from simplenet.autodiff import Tensor, maximum, tensordot

SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple)
SOME = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


def numbers(shape, seed):
    """Return numbers of both signs, all different, none near 0: the kinks are elsewhere."""
    size = int(np.prod(shape))
    x = np.random.default_rng(seed).permutation(np.linspace(0.3, 1.5, size + 1)[:size])
    return (x * np.random.default_rng(seed + 1).choice([-1, 1], size)).reshape(shape)


@st.composite
def calls(draw):
    """Return a name, what it does to tensors of ours, of PyTorch, and the operands."""
    seed = draw(st.integers(0, 99))
    name = draw(st.sampled_from(
        ["maximum", "abs", "pos", "transpose", "logsumexp", "tensordot", "tensordot, pairs"]
    ))  # fmt: skip
    if name == "maximum":
        shape = draw(SHAPES)
        other = draw(broadcastable_shapes(shape, max_dims=3, max_side=4))
        ours, theirs = maximum, lambda torch, x, y: torch.maximum(x, y)
        y = 1.0371 * numbers(other, seed + 50)  # no draws, which are a kink
        return name, ours, theirs, [numbers(shape, seed), y]
    if name.startswith("tensordot"):
        shared = draw(st.lists(st.integers(1, 3), min_size=0, max_size=2))
        left, right = (draw(st.lists(st.integers(1, 3), max_size=2)) for _ in range(2))
        axes = len(shared)
        x, y = numbers((*left, *shared), seed), numbers((*shared, *right), seed + 50)
        if name == "tensordot, pairs":  # the same, with the axes anywhere
            p, q = draw(st.permutations(range(x.ndim))), draw(st.permutations(range(y.ndim)))
            x, y = x.transpose(p), y.transpose(q)
            order = draw(st.permutations(range(axes)))
            at = [p.index(len(left) + i) for i in order], [q.index(i) for i in order]
            turn = draw(st.booleans())
            axes = ([i - x.ndim for i in at[0]], at[1]) if turn else at
            dims = at
        else:
            dims = axes
        return (
            name, lambda x, y: tensordot(x, y, axes),
            lambda torch, x, y: torch.tensordot(x, y, dims), [x, y],
        )  # fmt: skip
    shape = draw(SOME)
    x = numbers(shape, seed)
    if name == "transpose":
        order = tuple(draw(st.permutations(range(x.ndim))))
        form = draw(st.sampled_from([lambda x: x.transpose(order), lambda x: x.transpose(*order)]))
        return name, form, lambda torch, x: x.permute(order), [x]
    if name == "logsumexp":
        axis = draw(st.sets(st.integers(0, x.ndim - 1), min_size=1).map(tuple))
        keep = draw(st.booleans())
        return (
            name, lambda x: x.logsumexp(axis, keep),
            lambda torch, x: torch.logsumexp(x, axis, keep), [30 * x],
        )  # fmt: skip
    if name == "abs":
        return name, abs, lambda torch, x: abs(x), [x]
    return name, lambda x: +x, lambda torch, x: +x, [x]


@settings(max_examples=150)
@given(calls(), st.integers(0, 9))
def test_gradients_match_central_differences(call, seed):
    """Along a direction drawn at random: a wrong element would show."""
    _, function, _, arrays = call
    rng = np.random.default_rng(seed)
    operands = [Tensor(x, requires_grad=True) for x in arrays]
    y = function(*operands)
    weights = rng.normal(size=y.shape)
    y.backward(weights)
    ways = [rng.normal(size=x.shape) for x in arrays]
    h = 1e-6
    up, down = (
        (function(*(Tensor(x + s * way) for x, way in zip(arrays, ways))).data * weights).sum()
        for s in (h, -h)
    )
    found = sum((x.grad * way).sum() for x, way in zip(operands, ways))
    assert found == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-6)
    assert all(x.grad.shape == array.shape for x, array in zip(operands, arrays))


@settings(max_examples=150)
@given(calls(), st.integers(0, 9))
def test_values_and_gradients_match_pytorch(call, seed):
    torch = pytest.importorskip("torch")
    _, function, theirs, arrays = call
    operands = [Tensor(x, requires_grad=True) for x in arrays]
    others = [torch.tensor(x.copy(), requires_grad=True) for x in arrays]
    y, t = function(*operands), theirs(torch, *others)
    np.testing.assert_allclose(y.data, t.detach().numpy(), rtol=1e-12, atol=1e-12)
    weights = np.random.default_rng(seed).normal(size=y.shape)
    y.backward(weights)
    t.backward(torch.tensor(weights))
    for x, other in zip(operands, others):
        np.testing.assert_allclose(x.grad, other.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_a_draw_is_shared_as_pytorch_shares_it():
    torch = pytest.importorskip("torch")
    x, y = Tensor([1, 2, 3], True), Tensor([3, 2, 1], True)
    tx, ty = (torch.tensor(t.data, requires_grad=True) for t in (x, y))
    maximum(x, y).backward()
    torch.maximum(tx, ty).sum().backward()
    assert x.grad.tolist() == tx.grad.tolist() and y.grad.tolist() == ty.grad.tolist()


@pytest.mark.parametrize("axes", [-1, 3])
def test_more_axes_than_there_are_cannot_be_summed_over(axes):
    with pytest.raises(ValueError, match=f"axes: expected from 0 to 2, .* found {axes}"):
        tensordot(Tensor(np.ones((2, 3))), Tensor(np.ones((3, 2))), axes)


def test_a_number_of_numpy_is_a_number_of_axes_and_a_list_an_order():
    a, b = Tensor(np.ones((2, 3)), True), Tensor(np.ones((3, 4)))
    tensordot(a, b, np.int64(1)).backward()
    assert a.grad.tolist() == [[4.0] * 3] * 2
    assert b.transpose([1, 0]).shape == (4, 3)
