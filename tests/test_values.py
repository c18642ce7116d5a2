"""Check single numbers that know their slopes: against differences, tensors, and PyTorch."""

import copy
import gc
import math
import pickle
from operator import add, eq, ge, gt, le, lt, mul, ne, pow, sub, truediv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simplenet.autodiff import Tensor, maximum
from simplenet.values import Value

FUNCTIONS = {  # and where they are smooth: from, to
    "exp": (-5, 5), "log": (0.2, 9), "sqrt": (0.2, 9), "sin": (-9, 9), "cos": (-9, 9),
    "tan": (-1.2, 1.2), "tanh": (-4, 4), "sigmoid": (-9, 9), "log_sigmoid": (-9, 9),
    "relu": (0.1, 5), "abs": (-5, -0.1), "__neg__": (-5, 5), "__pos__": (-5, 5),
}  # fmt: skip
OPERATORS = {  # and where: of a, of b
    add: ((-5, 5), (-5, 5)), sub: ((-5, 5), (-5, 5)), mul: ((-5, 5), (-5, 5)),
    truediv: ((-5, 5), (0.3, 5)), pow: ((0.3, 3), (-3, 3)), maximum: ((-5, -0.1), (0.1, 5)),
}  # fmt: skip
NUMBERS = st.floats(0, 1)


def between(share, low, high):
    return low + share * (high - low)


def slope(function, x, h=1e-6):
    return (function(x + h) - function(x - h)) / (2 * h)


def close(found, expected):
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


# --- Every operation ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
@given(share=NUMBERS)
def test_functions_have_the_values_of_tensors_and_the_slopes_of_differences(name, share):
    x = between(share, *FUNCTIONS[name])
    value, tensor = Value(x), Tensor(x, requires_grad=True)
    y, t = getattr(value, name)(), getattr(tensor, name)()
    y.backward()
    t.backward()
    assert type(y) is Value and type(y.data) is float and type(value.grad) is float
    close((y.data, value.grad), (float(t), float(tensor.grad)))
    numeric = slope(lambda x: getattr(Value(x), name)().data, x)
    assert value.grad == pytest.approx(numeric, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("operate", OPERATORS, ids=lambda operate: operate.__name__)
@given(shares=st.tuples(NUMBERS, NUMBERS))
def test_operators_have_the_values_of_tensors_and_the_slopes_of_differences(operate, shares):
    a, b = (between(share, *limits) for share, limits in zip(shares, OPERATORS[operate]))
    p, q = Value(a), Value(b)
    s, t = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    y, expected = operate(p, q), operate(s, t)
    y.backward()
    expected.backward()
    close((y.data, p.grad, q.grad), (float(expected), float(s.grad), float(t.grad)))
    numeric = (
        slope(lambda x: operate(Value(x), b).data, a),
        slope(lambda x: operate(a, Value(x)).data, b),
    )
    assert (p.grad, q.grad) == pytest.approx(numeric, rel=1e-6, abs=1e-6)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "sub", "mul", "tanh", "sin", "relu", "sigmoid", "abs", "square"]),
        st.integers(0, 30), st.integers(0, 30),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def follow(steps, leaves):
    """Return the last of the numbers that a list of operations makes, one after the other."""
    made = list(leaves)
    for name, i, j in steps:
        a, b = made[i % len(made)], made[j % len(made)]
        match name:
            case "add" | "sub" | "mul":
                result = {"add": add, "sub": sub, "mul": mul}[name](a, b)
            case "square":
                result = a.tanh() ** 2
            case _:
                result = getattr(a, name)()
        made.append(result.tanh() if abs(float(result.data)) > 5 else result)
    return made[-1]


@given(steps=STEPS, numbers=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_whatever_is_computed_from_them_has_the_gradients_of_tensors(steps, numbers):
    values, tensors = [Value(x) for x in numbers], [Tensor(x, True) for x in numbers]
    result, expected = follow(steps, values), follow(steps, tensors)
    result.backward()
    expected.backward()
    assert float(result) == pytest.approx(float(expected), rel=1e-9, abs=1e-12)
    for value, tensor in zip(values, tensors):
        assert (value.grad is None) == (tensor.grad is None)
        if value.grad is not None:
            assert value.grad == pytest.approx(float(tensor.grad), rel=1e-9, abs=1e-9)


@given(steps=STEPS, numbers=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_gradients_match_pytorch(steps, numbers):
    torch = pytest.importorskip("torch")
    values = [Value(x) for x in numbers]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    result, expected = follow(steps, values), follow(steps, theirs)
    result.backward()
    expected.backward()
    for value, tensor in zip(values, theirs):
        grad = 0.0 if tensor.grad is None else float(tensor.grad)
        assert (value.grad or 0.0) == pytest.approx(grad, rel=1e-9, abs=1e-9)


# --- The chain rule -------------------------------------------------------------------------------


def test_paths_add_up_and_calls_accumulate():
    x = Value(3.0)
    y = x * x
    z = y + y * x + x
    z.backward()
    assert (x.grad, y.grad, z.grad) == (34, 4, 1)
    z.backward(2)
    assert (x.grad, y.grad, z.grad) == (102, 12, 3)  # what was left over did not flow again
    x.zero_grad()
    assert (x.grad, y.grad) == (0, 12)


def test_wide_reuse_is_linear_and_long_chains_need_no_stack():
    x = y = Value(1.0)
    for _ in range(60):
        y = y + y  # 2**60 paths
    y.backward()
    assert x.grad == 2.0**60
    x = y = Value(1.0)
    for _ in range(50_000):
        y = y + x
    y.backward()
    assert x.grad == 50_001
    del y
    gc.collect()


def test_constants_are_numbers_and_get_no_gradient():
    x, c = Value(2.0), Value(3.0, requires_grad=False)
    y = 5 * (c * c) * x + 1
    y.backward()
    assert (x.grad, c.grad) == (45, None)
    with pytest.raises(RuntimeError, match="create what needs a gradient as a Value"):
        (c * 2).backward()


def test_a_value_frozen_later_passes_nothing_back():
    x = Value(2.0)
    y = x * x
    z = y + x
    y.requires_grad = False
    z.backward()
    assert (y.grad, x.grad) == (None, 1)


def test_a_backward_that_was_broken_off_does_not_spoil_the_next():
    x = Value(2.0)
    y = x * x
    with pytest.raises(ValueError, match="gradient: expected a finite number"):
        y.backward("one")
    y.backward()
    assert (x.grad, y.grad) == (4, 1)


# --- Kinks and ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "slope"),
    [
        (lambda x: x.relu(), 0), (lambda x: abs(x), 0), (lambda x: maximum(x, 0), 0.5),
        (lambda x: x**0, 0), (lambda x: x**1, 1), (lambda x: x**2, 0), (lambda x: 0**x, 0),
        (lambda x: x.sqrt(), math.inf), (lambda x: x**0.5, math.inf),
    ],
)  # fmt: skip
def test_slopes_at_zero(y, slope):
    x = Value(0.0)
    y(x).backward()
    assert x.grad == slope


@pytest.mark.parametrize("z", [-1e4, -800.0, -40.0, 40.0, 800.0, 1e4])
def test_saturated_functions_stay_finite_and_exact(z):
    for name in "sigmoid", "log_sigmoid", "tanh":
        x, t = Value(z), Tensor(z, requires_grad=True)
        y, expected = getattr(x, name)(), getattr(t, name)()
        y.backward()
        expected.backward()
        assert y.data == pytest.approx(float(expected), rel=1e-12, abs=0)
        assert x.grad == pytest.approx(float(t.grad), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    ("y", "kind", "words"),
    [
        (lambda x: 1 / (x - 2), ZeroDivisionError, "1 / 0"),
        (lambda x: (x - 2).log(), ValueError, "log(0)"),
        (lambda x: (-x).log(), ValueError, "log(-2)"),
        (lambda x: (-x).sqrt(), ValueError, "sqrt(-2)"),
        (lambda x: (500 * x).exp(), OverflowError, "exp(1000)"),
        (lambda x: x**2000, OverflowError, "2 ** 2000"),
        (lambda x: (-x) ** 0.5, ValueError, "-2 ** 0.5"),
        (lambda x: (x - 2) ** -1, ZeroDivisionError, "0 ** -1"),
    ],
)
def test_what_no_float_can_hold_is_said_in_a_sentence(y, kind, words):
    with pytest.raises(kind) as error:
        y(Value(2.0))
    assert str(error.value) == f"expected a result that a float can hold, found none for {words}."


# --- Like a number --------------------------------------------------------------------------------


def test_it_is_a_float_inside_whatever_number_it_was():
    for number in 2, 2.0, True, np.float32(2), np.int8(2), np.float64(2), np.array(2), np.bool(1):
        x = Value(number)
        assert type(x.data) is float and x.data == float(number)
        x.data = 1
        assert type(x.data) is float
    assert float(Value(2)) == 2.0
    x = Value(2.0)
    y = np.int64(3) * x + np.float32(1)
    assert type(y) is Value and y.data == 7


@pytest.mark.parametrize("data", ["2", None, 1j, [1.0], [[1.0]], np.ones(1), Value(2), Tensor(2)])
def test_what_is_no_single_real_number_is_refused(data):
    x = Value(1.0)
    for call in Value, lambda data: setattr(x, "data", data):
        with pytest.raises(TypeError, match=r"^a Value holds one real number, such as 2.0; found "):
            call(data)
    assert x.data == 1


def test_comparisons_are_bools():
    for test in lt, le, gt, ge, eq, ne:
        for other in 1, 2, 3:
            assert test(Value(2), Value(other)) is test(2, other)
            assert test(Value(2), other) is test(2, other)
            assert test(other, Value(2)) is test(other, 2)
        assert test(Value(2), np.array([1, 2])).tolist() == test(2, np.array([1, 2])).tolist()
    x = Value(2)
    assert len({x, Value(2)}) == 2 and x in {x}
    assert max(Value(1), Value(3), Value(2)).data == 3


def test_it_shows_what_it_is():
    x = Value(2, label="x")
    y = x / 3
    y.backward()
    assert (repr(x), repr(y)) == ("Value(x, data 2, grad 0.3333)", "Value(/, data 0.6667, grad 1)")
    with pytest.raises(AttributeError):
        x.gard = 1


# --- Beside arrays --------------------------------------------------------------------------------


def test_beside_an_array_it_is_a_tensor_of_one_number():
    w, b, x = Value(2.0), Value(1.0), np.array([1.0, 2.0, 3.0])
    for y in (w * x + b, x * w + b, b + Tensor(x) * w, (-w) * (-x) - (-b)):
        assert type(y) is Tensor
        np.testing.assert_array_equal(y.data, 2 * x + 1)
        for p in w, b:
            p.zero_grad()
        y.backward([1, 10, 100])
        assert (w.grad, b.grad) == (321, 111)
        assert type(w.grad) is type(b.grad) is float


def test_gradients_flow_from_tensors_through_values():
    w = Value(0.5)
    v = (w * w).exp()  # values behind a tensor
    y = (v * np.array([1.0, 2.0], np.float32)).sum() + v
    y.backward()
    close(w.grad, 4 * math.exp(0.25))
    with pytest.raises(TypeError, match="found a Value: pass its .data"):
        Value(Value(1))


@pytest.mark.parametrize(
    "y",
    [
        lambda x: x.sum(), lambda x: x.mean(), lambda x: x.max(), lambda x: x.reshape(1),
        lambda x: x.T, lambda x: x[()], lambda x: x[None], lambda x: x.logsumexp(),
        lambda x: x.transpose(), lambda x: maximum([0, 1], x)[1],
    ],
)  # fmt: skip
def test_what_tensors_do_with_axes_it_does_without_any(y):
    x = Value(2.0)
    result = y(x)
    result.backward()
    assert (float(result), x.grad) == (2, 1)


def test_nan_is_not_hidden_by_what_compares():
    nan = Value(math.nan)
    for y in nan.relu(), nan.maximum(0), Value(0).maximum(nan), maximum(0, nan), abs(nan):
        assert math.isnan(y.data)
        y.backward()
    assert math.isnan(Tensor(math.nan).relu().data)
    assert Value(2).maximum(1).data == Value(1).maximum(2).data == Value(2).maximum(2).data == 2


def test_it_is_true_where_it_is_not_zero():
    assert Value(2) and not Value(0) and not Value(2) - 2
    assert Tensor([[3.0]]) and not Tensor(0.0)
    with pytest.raises(TypeError, match="expected a tensor of one number"):
        bool(Tensor([1.0, 2.0]))


def test_a_copy_is_a_number_of_its_own():
    x = Value(2.0, label="x")
    y = x * x
    y.backward()
    for again in copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)):
        assert (again.data, again.grad, again.label, again._edges) == (2.0, 4.0, "x", ())
        (again * 3).backward()
        assert (again.grad, x.grad) == (7.0, 4.0)
    other = copy.deepcopy(y)
    other.backward()
    assert (other.data, x.grad) == (4.0, 4.0)
    assert other._a is other._b and other._a.grad == 8.0
