"""Check the autodiff engine against central differences, hand-made numbers, and PyTorch."""

import gc
from operator import add, matmul, mul, pow, sub, truediv

import numpy as np
import pytest

from simplenet.autodiff import Tensor, maximum, tensordot

pytestmark = pytest.mark.filterwarnings("error")


def leaf(data, label=None):
    return Tensor(data, requires_grad=True, label=label)


def close(actual, expected, atol=1e-12, err_msg=""):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=atol, err_msg=err_msg)


def values(*shape, low=0.5, high=2.0):
    """Return distinct positive numbers, the same for the same shape."""
    size = int(np.prod(shape))
    shuffled = np.random.default_rng(size).permutation(np.linspace(low, high, size))
    return shuffled.reshape(shape)


def signed(*shape):
    """Return distinct numbers of both signs, none near 0, where functions have kinks and poles."""
    x = values(*shape, low=-0.7, high=0.7)
    return np.asarray(x + np.where(x < 0, -0.5, 0.5))


# --- Every operation against central differences, and against PyTorch -----------------------------

# name: (function, operands); the functions work on tensors of both libraries.
CASES = {
    "neg": (lambda x: -x, signed(2, 3)),
    "add": (lambda x, y: x + y, signed(2, 3), signed(2, 3)),
    "add, left broadcast": (lambda x, y: x + y, signed(3), signed(2, 3)),
    "add, right broadcast": (lambda x, y: x + y, signed(2, 3), signed(2, 1)),
    "add, both broadcast": (lambda x, y: x + y, signed(2, 1), signed(1, 3)),
    "add, number right": (lambda x: x + 3, signed(2)),
    "add, number left": (lambda x: 3 + x, signed(2)),
    "sub": (lambda x, y: x - y, signed(2, 3), signed(3)),
    "sub, left broadcast": (lambda x, y: x - y, signed(1), signed(2, 3)),
    "sub, number right": (lambda x: x - 3, signed(2)),
    "sub, number left": (lambda x: 3 - x, signed(2)),
    "mul": (lambda x, y: x * y, signed(2, 3), signed(3)),
    "mul, left broadcast": (lambda x, y: x * y, signed(), signed(2, 3)),
    "mul, number right": (lambda x: x * 3, signed(2)),
    "mul, number left": (lambda x: 3 * x, signed(2)),
    "div": (lambda x, y: x / y, signed(2, 3), signed(3)),
    "div, left broadcast": (lambda x, y: x / y, signed(2, 1), signed(1, 3)),
    "div, number right": (lambda x: x / 3, signed(2)),
    "div, number left": (lambda x: 3 / x, signed(2)),
    "pow": (lambda x, n: x**n, values(2, 3), signed(2, 3)),
    "pow, left broadcast": (lambda x, n: x**n, values(3), signed(2, 3)),
    "pow, right broadcast": (lambda x, n: x**n, values(2, 3), signed()),
    "pow, negative base, cube": (lambda x: x**3, signed(2, 3)),
    "pow, negative base, inverse": (lambda x: x**-1, signed(2, 3)),
    "pow, fraction": (lambda x: x**0.5, values(4)),
    "pow, number left": (lambda n: 2**n, signed(4)),
    "matmul, 1d 1d": (lambda x, y: x @ y, signed(3), signed(3)),
    "matmul, 1d 2d": (lambda x, y: x @ y, signed(3), signed(3, 4)),
    "matmul, 2d 1d": (lambda x, y: x @ y, signed(2, 3), signed(3)),
    "matmul, 2d 2d": (lambda x, y: x @ y, signed(2, 3), signed(3, 4)),
    "matmul, 1d 3d": (lambda x, y: x @ y, signed(3), signed(5, 3, 4)),
    "matmul, 3d 1d": (lambda x, y: x @ y, signed(5, 2, 3), signed(3)),
    "matmul, 3d 2d": (lambda x, y: x @ y, signed(5, 2, 3), signed(3, 4)),
    "matmul, 2d 3d": (lambda x, y: x @ y, signed(2, 3), signed(5, 3, 4)),
    "matmul, stacks broadcast": (lambda x, y: x @ y, signed(5, 1, 2, 3), signed(4, 3, 2)),
    "pos": (lambda x: +x, signed(2, 3)),
    "abs": (lambda x: abs(x), signed(2, 3)),
    "exp": (lambda x: x.exp(), signed(2, 3)),
    "log": (lambda x: x.log(), values(2, 3)),
    "sqrt": (lambda x: x.sqrt(), values(2, 3)),
    "sin": (lambda x: x.sin(), signed(2, 3)),
    "cos": (lambda x: x.cos(), signed(2, 3)),
    "tan": (lambda x: x.tan(), signed(2, 3)),
    "tanh": (lambda x: x.tanh(), signed(2, 3)),
    "sigmoid": (lambda x: x.sigmoid(), signed(2, 3)),
    "relu": (lambda x: x.relu(), signed(2, 3)),
    "softmax": (lambda x: x.softmax(-1), signed(2, 3)),
    "softmax, first axis": (lambda x: x.softmax(0), signed(2, 3)),
    "log_softmax": (lambda x: x.log_softmax(-1), signed(2, 3)),
    "log_softmax, first axis": (lambda x: x.log_softmax(0), signed(2, 3)),
    "sum": (lambda x: x.sum(), signed(2, 3)),
    "sum, axis": (lambda x: x.sum(axis=1), signed(2, 3)),
    "sum, axes": (lambda x: x.sum(axis=(0, -1)), signed(2, 3, 4)),
    "sum, keepdims": (lambda x: x.sum(axis=0, keepdims=True), signed(2, 3)),
    "mean": (lambda x: x.mean(), signed(2, 3)),
    "mean, axis": (lambda x: x.mean(axis=-1), signed(2, 3)),
    "mean, axes": (lambda x: x.mean(axis=(0, 2)), signed(2, 3, 4)),
    "mean, keepdims": (lambda x: x.mean(axis=1, keepdims=True), signed(2, 3)),
    "reshape": (lambda x: x.reshape(3, 2), signed(2, 3)),
    "reshape, tuple": (lambda x: x.reshape((3, -1)), signed(2, 3)),
    "T": (lambda x: x.T, signed(2, 3)),
    "logsumexp, axis": (lambda x: x.logsumexp(0), signed(2, 3)),
    "logsumexp, axes": (lambda x: x.logsumexp((0, 2)), signed(2, 3, 4)),
    "index": (lambda x: x[1], signed(2, 3)),
    "index, slice": (lambda x: x[:, ::2], signed(2, 3)),
    "index, new axis": (lambda x: x[..., None, 1], signed(2, 3)),
    "index, repeated": (lambda x: x[[1, 0, 1, 1]], signed(2, 3)),
    "index, pairs": (lambda x: x[[0, 1, 0], [2, 1, 2]], signed(2, 3)),
    "iteration": (lambda x: [row * row for row in x][1], signed(2, 3)),
    "diamond": (lambda x: x.sin() * x.exp() + x / (x.exp() + x * x), signed(2, 3)),
    "two layers": (
        lambda x, w, b, v: ((x @ w + b).relu() @ v).log_softmax(-1).mean(),
        signed(5, 4),
        signed(4, 3),
        signed(3),
        signed(3, 2),
    ),
}
OURS = {  # what PyTorch spells or defines otherwise
    "log_sigmoid": (lambda x: x.log_sigmoid(), signed(2, 3)),
    "max": (lambda x: x.max(), signed(2, 3)),
    "max, axis": (lambda x: x.max(axis=1), signed(2, 3)),
    "max, axes": (lambda x: x.max(axis=(0, 2)), signed(2, 3, 4)),
    "max, keepdims": (lambda x: x.max(axis=0, keepdims=True), signed(2, 3)),
    "min": (lambda x: x.min(), signed(2, 3)),
    "min, axis": (lambda x: x.min(axis=0), signed(2, 3)),
    "min, keepdims": (lambda x: x.min(axis=-1, keepdims=True), signed(2, 3)),
    "T, three axes": (lambda x: x.T, signed(2, 3, 4)),
    "transpose": (lambda x: x.transpose(1, 2, 0), signed(2, 3, 4)),
    "transpose, tuple": (lambda x: x.transpose((2, 0, 1)), signed(2, 3, 4)),
    "transpose, from the end": (lambda x: x.transpose(-1, 0, 1), signed(2, 3, 4)),
    "transpose, reverse": (lambda x: x.transpose(), signed(2, 3, 4)),
    "logsumexp": (lambda x: x.logsumexp(), signed(2, 3)),
    "logsumexp, keepdims": (lambda x: x.logsumexp(1, keepdims=True), signed(2, 3)),
    "maximum": (lambda x, y: maximum(x, y), signed(2, 3), signed(3)),
    "maximum, number left": (lambda x: maximum(0.1, x), signed(2, 3)),
    "maximum, method": (lambda x: x.maximum(-0.1), signed(2, 3)),
    "tensordot": (lambda x, y: tensordot(x, y), signed(2, 3, 4), signed(3, 4, 5)),
    "tensordot, outer": (lambda x, y: tensordot(x, y, 0), signed(2), signed(3, 2)),
    "tensordot, one axis": (lambda x, y: tensordot(x, y, axes=1), signed(2, 3), signed(3, 4, 2)),
    "tensordot, pairs": (
        lambda x, y: tensordot(x, y, ([2, 0], [0, -1])),
        signed(2, 3, 4),
        signed(4, 5, 2),
    ),
    "tensordot, of each other": (
        lambda x, y: tensordot(x, y, ([0, 1], [1, 0])),
        signed(2, 3),
        signed(3, 2),
    ),
    "tensordot, array left": (lambda x: tensordot(values(2, 3), x, 1), signed(3, 4)),
    "index, mask": (lambda x: x[np.array([True, False, True])], signed(3, 2)),
    "softmax, default axis": (lambda x: x.softmax(), signed(2, 3)),
    "log_softmax, default axis": (lambda x: x.log_softmax(), signed(2, 3)),
    "add, array left": (lambda x: values(2, 3) + x, signed(3)),
    "sub, array left": (lambda x: values(2, 3) - x, signed(3)),
    "mul, array left": (lambda x: values(2, 3) * x, signed(3)),
    "div, array left": (lambda x: values(2, 3) / x, signed(3)),
    "pow, array left": (lambda x: values(2, 3) ** x, signed(3)),
    "matmul, array left": (lambda x: values(2, 3) @ x, signed(3, 2)),
    "add, array right": (lambda x: x + values(2, 3), signed(3)),
    "sub, array right": (lambda x: x - values(2, 3), signed(3)),
    "mul, array right": (lambda x: x * values(2, 3), signed(3)),
    "div, array right": (lambda x: x / values(2, 3), signed(3)),
    "pow, array right": (lambda x: x ** values(2, 3), values(3)),
    "matmul, array right": (lambda x: x @ values(3, 2), signed(2, 3)),
    "sub, numpy number left": (lambda x: np.float64(3) - x, signed(2)),
    "div, list left": (lambda x: [1, 2] / x, signed(2)),
}


@pytest.mark.parametrize("name", [*CASES, *OURS])
def test_gradients_match_central_differences(name):
    function, *arrays = (CASES | OURS)[name]
    operands = [leaf(array) for array in arrays]
    y = function(*operands)
    weights = signed(*y.shape)  # so that no two outputs count the same
    y.backward(weights)

    h = 6e-6  # about the cube root of the float64 epsilon: truncation and rounding balance
    for i, array in enumerate(arrays):
        numeric = np.empty_like(array)
        for j in np.ndindex(array.shape):
            moved = [array.copy(), array.copy()]
            moved[0][j] += h
            moved[1][j] -= h
            up, down = (
                function(*(Tensor(m if k == i else a) for k, a in enumerate(arrays))).data
                for m in moved
            )
            numeric[j] = ((up - down) * weights).sum() / (2 * h)
        scale = max(np.abs(numeric).max(), 1e-3)
        assert operands[i].grad.shape == array.shape
        assert np.abs(operands[i].grad - numeric).max() / scale < 2e-9


def test_values_and_gradients_match_pytorch():
    torch = pytest.importorskip("torch")
    for name, (function, *arrays) in CASES.items():
        ours = [leaf(array) for array in arrays]
        theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
        y, t = function(*ours), function(*theirs)
        close(y.data, t.detach().numpy(), err_msg=name)
        weights = signed(*y.shape)
        y.backward(weights)
        t.backward(torch.tensor(weights))
        for our, their in zip(ours, theirs, strict=True):
            close(our.grad, their.grad.numpy(), err_msg=name)


def test_powers_match_pytorch():
    torch = pytest.importorskip("torch")
    bases, exponents = np.meshgrid([-2, 0, 3], [0, 1, 2, 3, 0.5, -1])
    x, n = leaf(bases), leaf(exponents)
    with np.errstate(all="ignore"):  # some of these are infinite, or no real numbers
        (x**n).backward()
    tx, tn = (torch.tensor(t.data, requires_grad=True) for t in (x, n))
    (tx**tn).sum().backward()
    close(x.grad, tx.grad.numpy())
    close(n.grad, tn.grad.numpy())


# --- Numbers worked out by hand -------------------------------------------------------------------


def test_polynomial():
    x = leaf([1, 2, 3])
    y = x**2 + 5 * x + 1
    close(y.data, [7, 15, 25])
    y.backward()
    close(x.grad, [7, 9, 11])


def test_product_and_sum_then_a_step_uphill():
    a, b, c = leaf(2), leaf(-3), leaf(10)
    d = a * b
    total = c + d
    total.backward()
    close(total.data, 4)
    close([a.grad, b.grad, c.grad, d.grad, total.grad], [-3, 2, 1, 1, 1])
    for p in (a, b, c):
        p.data += 0.01 * p.grad
    close((c + a * b).data, 4.1394)


def test_tanh_neuron():
    x1, x2, w1, w2 = leaf(2), leaf(0), leaf(-3), leaf(1)
    o = (x1 * w1 + x2 * w2 + 6.8813735870195432).tanh()
    o.backward()
    close(o.data, np.sqrt(0.5))
    close([x1.grad, w1.grad, x2.grad, w2.grad], [-1.5, 1, 0.5, 0])


def test_second_backward_adds_to_the_first():
    a = leaf(2)
    b = a + 2
    b.backward()
    close(a.grad, 1)
    (a + b).backward()
    close(a.grad, 3)  # 1 left over, plus 2; the 1 left over in b.grad does not flow again
    close(b.grad, 2)


def test_a_constant_passes_nothing_back():
    a = leaf(2)
    b = a + 2
    b.backward()
    close(a.grad, 1)
    (a + Tensor(b.data)).backward()
    close(a.grad, 2)


def test_two_relu_units_one_of_them_off():
    x = 2
    w1, w2, w3, w4 = leaf(-0.11), leaf(0.21), leaf(0.89), leaf(-0.75)
    b1, b2, b3 = leaf(0), leaf(0), leaf(0)
    output = (x * w1 + b1).relu() * w3 + (x * w2 + b2).relu() * w4 + b3
    cost = (output - 1) ** 2
    cost.backward()
    close(output.data, -0.315)
    close(cost.data, 1.729225)
    close([p.grad for p in (w1, w2, w3, w4)], [0, 3.945, 0, -1.1046])
    close([p.grad for p in (b1, b2, b3)], [0, 1.9725, -2.63])


# --- The chain rule over graphs -------------------------------------------------------------------


def test_paths_add_up():
    x = leaf(3)
    y = x * x
    z = y + y * x + x  # x**2 + x**3 + x
    z.backward()
    close(x.grad, 2 * 3 + 3 * 9 + 1)
    close(y.grad, 1 + 3)
    close(z.grad, 1)


def test_wide_reuse_is_linear_not_exponential():
    x = leaf(1)
    y = x
    for _ in range(60):  # 2**60 paths
        y = y + y
    y.backward()
    assert x.grad == 2.0**60


def test_backward_repeats_and_zero_grad_forgets():
    x = leaf([1, 2])
    y = x * x
    z = y.sum()
    for times in (1, 2, 3):
        z.backward()
        close(x.grad, times * 2 * x.data)
        close(y.grad, [times, times])
        close(z.grad, times)
    x.zero_grad()
    close(x.grad, [0, 0])
    close(y.grad, [3, 3])  # untouched
    z.backward()
    close(x.grad, 2 * x.data)


def test_starting_gradient():
    x = leaf([[1, 2], [3, 4]])
    (x * x).backward([[1, 0], [0, -1]])
    close(x.grad, [[2, 0], [0, -8]])
    x.zero_grad()
    (x * x).backward()  # ones: the gradient of the sum
    close(x.grad, 2 * x.data)


def test_a_leaf_is_its_own_result():
    x = leaf([1, 2])
    x.backward()
    close(x.grad, [1, 1])


def test_constants_get_no_gradient():
    x, c = leaf(2), Tensor(3)
    y = c * c
    z = x * y
    z.backward()
    assert (c.grad, y.grad) == (None, None)
    assert (c.requires_grad, y.requires_grad, z.requires_grad) == (False, False, True)
    assert y.to_dot().count("->") == 2  # what they were computed from is shown all the same
    c.zero_grad()
    assert c.grad is None
    close(x.grad, 9)


def test_a_tensor_frozen_later_passes_nothing_back():
    x = leaf(2)
    y = x * x
    z = y + x
    y.requires_grad = False
    z.backward()
    assert y.grad is None
    close(x.grad, 1)


@pytest.mark.parametrize("length", [10_000, 100_000])
def test_long_chains(length):
    x = leaf(1)
    y = x
    for _ in range(length):
        y = y + x
    if length == 10_000:
        y.backward()
        assert x.grad == length + 1
    del y  # nor may taking such a chain apart exhaust the stack
    gc.collect()


def test_gradients_share_no_memory():
    start = np.ones(2)
    x, y = leaf([1, 2]), leaf([3, 4])
    z = x + y
    w = z.reshape(2, 1)
    w.backward(start.reshape(2, 1))
    gradients = [x.grad, y.grad, z.grad, w.grad, start]
    for i, g in enumerate(gradients):
        assert not any(np.shares_memory(g, other) for other in gradients[i + 1 :])
    kept = x.grad
    (2 * x).backward()
    close(kept, [1, 1])  # accumulation makes a new array
    close(x.grad, [3, 3])


def test_data_are_owned():
    array = np.array([1.0, 2.0])
    x = leaf(array)
    y = x.reshape(2, 1)
    x.data += 1
    array += 10
    close(x.data, [2, 3])
    close(y.data, [[1], [2]])


# --- Kinks, ties, repeats, extremes ---------------------------------------------------------------


def test_relu_has_slope_0_at_0():
    x = leaf([-1, 0, 1])
    x.relu().backward()
    close(x.grad, [0, 0, 1])


@pytest.mark.parametrize(("name", "x"), [("max", [3, 1, 3, 2]), ("min", [0, 1, 0, 2])])
def test_ties_share_the_gradient_equally(name, x):
    x = leaf(x)
    getattr(x, name)().backward(6)
    close(x.grad, [3, 0, 3, 0])
    rows = leaf([x.data, [5, 5, 5, 5]])
    getattr(rows, name)(axis=1).backward([2, 4])
    close(rows.grad, [[1, 0, 1, 0], [1, 1, 1, 1]])


def test_a_draw_shares_the_gradient_equally_and_abs_has_slope_0_at_0():
    x, y = leaf([1, 2, 3]), leaf([3, 2, 1])
    maximum(x, y).backward()
    close(x.grad, [0, 0.5, 1])
    close(y.grad, [1, 0.5, 0])
    x = leaf([-2, 0, 2])
    abs(x).backward()
    close(x.grad, [-1, 0, 1])


def test_logsumexp_neither_overflows_nor_loses_what_is_tiny():
    x = leaf([[1e4, 1e4], [-1e4, 0], [-np.inf, 3], [-np.inf, -np.inf]])
    y = x.logsumexp(1)
    y[:3].backward()
    close(y.data, [1e4 + np.log(2), 0, 3, -np.inf])
    close(x.grad, [[0.5, 0.5], [0, 1], [0, 1], [0, 0]])


def test_an_element_chosen_twice_counts_twice():
    x = leaf([1, 2, 3])
    x[[0, 2, 0, 0]].backward([1, 10, 100, 1000])
    close(x.grad, [1101, 0, 10])


def test_powers_at_zero_and_of_negatives():
    x = leaf([0, 0, 0, -2, -2])
    y = x ** [0, 1, 2, 3, -1]
    y.backward()
    close(y.data, [1, 0, 0, -8, -0.5])
    close(x.grad, [0, 1, 0, 12, -0.25])
    n = leaf([0, 2])
    (0**n).backward()
    close(n.grad, [0, 0])


@pytest.mark.parametrize("z", [-1e4, -800, -40, 40, 800, 1e4])
def test_saturated_functions_stay_finite_without_a_warning(z):
    tiny, sign = np.exp(-abs(z)), np.sign(z)
    x = leaf(z)
    p = x.sigmoid()
    p.backward()
    close(p.data, 1 if z > 0 else tiny, atol=0)
    close(x.grad, tiny, atol=1e-16)

    x = leaf(z)
    log_p = x.log_sigmoid()
    log_p.backward()
    close(log_p.data, -tiny if z > 0 else z, atol=0)
    close(x.grad, tiny if z > 0 else 1, atol=0)

    x = leaf([z, 0])
    p = x.softmax()
    p.backward([1, 0])
    close(p.data, [1, tiny] if z > 0 else [tiny, 1])
    close(x.grad, [tiny, -tiny], atol=1e-16)

    x = leaf([z, 0])
    log_p = x.log_softmax()
    log_p[1].backward()
    close(log_p.data, [min(z, 0), -max(z, 0)])
    close(x.grad, [-p.data[0], p.data[0]], atol=1e-16)

    x = leaf(z)
    x.tanh().backward()
    close(x.tanh().data, sign)


# --- Behaving like numbers and arrays -------------------------------------------------------------


def test_dtypes():
    for data in (2, True, [1, 2], np.arange(3), np.array(3, np.uint8)):
        assert Tensor(data).data.dtype == np.float64
    x = leaf(np.ones(2, np.float32))
    y = 2 * x**2 / 3.5 - 1
    y.mean().backward()
    assert y.data.dtype == y.grad.dtype == x.grad.dtype == np.float32
    z = x * np.ones(2)
    z.backward()
    assert z.data.dtype == np.float64
    assert x.grad.dtype == np.float32


def test_scalars_stay_arrays():
    x = leaf(2)
    y = x * x
    y.backward()
    for t in (x, y):
        assert (t.shape, t.ndim) == ((), 0)
        assert isinstance(t.data, np.ndarray)
        assert isinstance(t.grad, np.ndarray)
    x.data = 3
    close((x * x).data, 9)


def test_comparisons_are_plain_arrays_of_bools():
    x, y = leaf([1, 2, 3]), Tensor(2)
    for other in (y, 2, np.array(2), np.array([2, 2, 2])):
        assert (x < other).tolist() == [True, False, False]
        assert (x <= other).tolist() == [True, True, False]
        assert (x > other).tolist() == [False, False, True]
        assert (x >= other).tolist() == [False, True, True]
        assert (x == other).tolist() == [False, True, False]
        assert (x != other).tolist() == [True, False, True]
        assert type(x == other) is np.ndarray
    assert (np.array([0, 2, 4]) < x).tolist() == [True, False, False]
    assert (np.array([0, 2, 4]) == x).tolist() == [False, True, False]
    assert leaf(1) < 2
    assert len({x, y, leaf([1, 2, 3])}) == 3


def test_iteration():
    assert [float(row.data[0]) for row in Tensor([[1, 2], [3, 4]])] == [1, 3]
    with pytest.raises(TypeError, match="unsized"):
        iter(Tensor(1))


def test_values_of_functions():
    x = values(2, 3)
    for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh"):
        close(getattr(Tensor(x), name)().data, getattr(np, name)(x))
    close(Tensor(x).sigmoid().data, 1 / (1 + np.exp(-x)))
    close(Tensor(x).log_sigmoid().data, -np.log(1 + np.exp(-x)))
    for axis in (0, 1):
        p = np.exp(x) / np.exp(x).sum(axis, keepdims=True)
        close(Tensor(x).softmax(axis).data, p)
        close(Tensor(x).log_softmax(axis).data, np.log(p))
    close(Tensor(x).softmax().data, Tensor(x).softmax(1).data)


def test_values_of_operators_in_either_order():
    x, y = values(3, 3), 1 / values(3, 3).T
    for operate in (add, sub, mul, truediv, pow, matmul):
        for left, right in ((Tensor(x), Tensor(y)), (Tensor(x), y), (x, Tensor(y))):
            close(operate(left, right).data, operate(x, y))


def test_values_of_reductions():
    data = signed(2, 3, 4)
    x = Tensor(data)
    for name in ("sum", "mean", "max", "min"):
        for axis in (None, 0, -1, (0, 2), ()):
            for keepdims in (False, True):
                close(
                    getattr(x, name)(axis, keepdims).data,
                    getattr(data, name)(axis=axis, keepdims=keepdims),
                )


def test_values_of_what_joins_or_turns_arrays():
    x, y = signed(2, 3, 4), signed(4, 3, 5)
    close(maximum(x[0], y[:3, 0, :4]).data, np.maximum(x[0], y[:3, 0, :4]))
    close(Tensor(x).transpose(2, 0, 1).data, x.transpose(2, 0, 1))
    close(tensordot(x, y, ([2, 1], [0, 1])).data, np.tensordot(x, y, ([2, 1], [0, 1])))
    for axis in (None, 0, -1, (0, 2)):
        close(Tensor(x).logsumexp(axis).data, np.log(np.exp(x).sum(axis)))
    close((+Tensor(x)).data, x)
    close(abs(Tensor(x)).data, abs(x))


def test_a_tensor_of_one_number_is_a_float():
    for data in 2.5, [2.5], [[2.5]]:
        assert float(Tensor(data)) == 2.5
    for data in [1, 2], []:
        with pytest.raises(TypeError, match=r"expected a tensor of one number, found the shape \("):
            float(Tensor(data))


def test_reductions_of_nothing():
    x = leaf(np.ones((3, 0)))
    assert x.mean(axis=0).shape == x.sum(axis=0).shape == (0,)
    close(x.sum(axis=1).data, [0, 0, 0])
    with np.errstate(invalid="ignore"):
        assert np.isnan(x.mean(axis=1).data).all() and np.isnan(x.mean().data)


# --- Errors ---------------------------------------------------------------------------------------


def test_backward_from_constants_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"create what needs a gradient with requires_grad=True"):
        (Tensor(2) * 3).backward()


def test_a_starting_gradient_of_another_shape_is_refused():
    x = leaf([1, 2])
    with pytest.raises(ValueError, match=r"gradient has shape \(\), the tensor \(2,\)"):
        x.backward(1)
    with pytest.raises(ValueError, match=r"gradient has shape \(1, 2\), the tensor \(2,\)"):
        x.backward([[1, 1]])
    assert x.grad is None


@pytest.mark.parametrize("data", ["2", 1j, None, leaf(2), [leaf(2), leaf(3)], [leaf([1, 2])]])
def test_data_that_are_not_real_numbers_are_refused(data):
    with pytest.raises(TypeError, match=r"tensors hold real numbers, not .*pass a tensor's \.data"):
        Tensor(data)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x.transpose(0, 0), "repeated axis|axes don't match"),
        (lambda x: x.transpose(0, 1, 2), "axes don't match"),
        (lambda x: tensordot(x, x, 1), "shape-mismatch for sum"),
        (lambda x: tensordot(x, x, ([0], [2])), "out of (range|bounds)|axis 2"),
        (lambda x: x.logsumexp(2), "axis 2 is out of bounds"),
        (lambda x: maximum(x, np.ones(5)), "could not be broadcast together"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_in_one_line(call, words):
    with pytest.raises((ValueError, IndexError), match=words) as error:
        call(leaf(signed(2, 3)))
    assert "\n" not in str(error.value)


def test_numpy_functions_and_misspelt_attributes_are_refused():
    x = leaf(1)
    with pytest.raises(TypeError, match="does not support ufuncs"):
        np.exp(x)
    with pytest.raises(AttributeError):
        x.requires_gard = True


# --- Showing --------------------------------------------------------------------------------------


def test_repr():
    x = leaf([1, 2], label="x")
    y = x / 3
    assert repr(x) == "Tensor(x, data [1, 2])"
    y.backward()
    assert repr(y) == "Tensor(/, data [0.3333, 0.6667], grad [1, 1])"
    assert repr(Tensor(np.ones((3, 4)))) == "Tensor(data (3, 4), norm 3.464)"


def test_to_dot():
    a, b = leaf(2, "a"), leaf(-3, "b")
    d = a * b + 10
    d.label = "d"
    d.backward()
    assert (
        d.to_dot()
        == """digraph {
  rankdir=LR;
  node [shape=record];
  t0 [label="a | data 2 | grad -3"];
  t1 [label="b | data -3 | grad 2"];
  t2 [label="* | data -6 | grad 1"];
  t0 -> t2;
  t1 -> t2;
  t3 [label="data 10"];
  t4 [label="d | + | data 4 | grad 1"];
  t2 -> t4;
  t3 -> t4;
}
"""
    )


def test_to_dot_draws_a_reused_tensor_once():
    x = leaf(np.ones((2, 3)), "x")
    assert (x * x).to_dot().splitlines()[3:] == [
        '  t0 [label="x | data (2, 3), norm 2.449"];',
        '  t1 [label="* | data (2, 3), norm 2.449"];',
        "  t0 -> t1;",
        "  t0 -> t1;",
        "}",
    ]


def test_to_dot_escapes_labels():
    x = leaf([[1, 2], [3, 4]], '"a|b" {<\\n>} &lt; \n')
    [line] = [line for line in x.to_dot().splitlines() if "t0" in line]
    assert line == (r'  t0 [label="\"a\|b\" \{\<\\n\>\} &amp;lt; \n | data [[1, 2],\n [3, 4]]"];')


# --- A network that learns ------------------------------------------------------------------------


def test_relu_network_learns_digits():
    rng = np.random.default_rng(0)
    prototypes = rng.random((10, 784)) < 0.2
    labels = np.arange(300) % 10
    images = (prototypes[labels] ^ (rng.random((300, 784)) < 0.15)).astype(np.float32)
    seen, unseen = slice(0, 200), slice(200, 300)

    w1 = leaf(rng.normal(0, np.sqrt(2 / 784), (784, 128)).astype(np.float32))
    w2 = leaf(rng.normal(0, np.sqrt(2 / 128), (128, 10)).astype(np.float32))
    b1, b2 = leaf(np.zeros(128, np.float32)), leaf(np.zeros(10, np.float32))

    def log_p(x):
        return ((x @ w1 + b1).relu() @ w2 + b2).log_softmax()

    def accuracy(part):
        return (log_p(images[part]).data.argmax(axis=1) == labels[part]).mean()

    assert accuracy(unseen) < 0.4
    for _ in range(15):
        cost = -log_p(images[seen])[np.arange(200), labels[seen]].mean()
        for p in (w1, b1, w2, b2):
            p.zero_grad()
        cost.backward()
        for p in (w1, b1, w2, b2):
            p.data -= 0.5 * p.grad
    assert accuracy(unseen) > 0.95
    assert w1.grad.dtype == np.float32
