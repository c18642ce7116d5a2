"""The heart against what it must equal: central differences, numbers by hand, and itself."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from drawn import nets
from hypothesis import given
from hypothesis import strategies as st

from simplenet import backward, forward, init_net, optimize, zero_grad
from simplenet.functions import ACTIVATIONS
from simplenet.net import Net


def batch(net, size, seed=1):
    """Make x and one-hot y for a net."""
    rng = np.random.default_rng(seed)
    x = rng.random((size, net.shape[0]))
    y = np.eye(net.shape[-1])[rng.integers(0, net.shape[-1], size)]
    return x, y


def step(net, batches, lr=0.5):
    """Take one step after all the batches; give the mean cost of each."""
    zero_grad(net)
    costs = []
    for x, y in batches:
        forward(net, x)
        costs.append(backward(net, y))
    optimize(net, lr)
    return costs


# --- the gradient -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 20])
@pytest.mark.parametrize(
    "shape", [(5, 3), (7, 5, 3), (6, 5, 4, 3), (5, 4, 4, 4, 2)], ids=lambda shape: f"{len(shape)}"
)
def test_the_gradient_of_every_layer_equals_central_differences(shape, size):
    net = init_net(shape, rng=3, dtype=np.float64)
    net.params += np.random.default_rng(4).normal(0, 0.5, net.params.size)  # biases off 0 too
    x, y = batch(net, size)

    def cost():
        forward(net, x)
        return backward(net, y)

    zero_grad(net)
    cost()
    mean = net.grads / size
    nudge = 1e-5  # the cube root of float64's precision: rounding and curvature cost the same
    numeric = np.empty_like(mean)
    for i in range(net.params.size):
        value = net.params[i]
        net.params[i] = value + nudge
        above = cost()
        net.params[i] = value - nudge
        numeric[i] = (above - cost()) / (2 * nudge)
        net.params[i] = value

    ends = np.cumsum([part.size for part in [*net.W, *net.b]])
    for start, end in zip([0, *ends], ends):
        exact, near = mean[start:end], numeric[start:end]
        assert np.linalg.norm(exact) > 0
        error = np.linalg.norm(exact - near) / (np.linalg.norm(exact) + np.linalg.norm(near))
        assert error < 1e-7


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float16, np.float32, np.float64])
def test_masks_may_be_any_numbers(dtype):
    net = init_net((4, 5, 3), rng=0)
    x, y = batch(net, 2)
    mask = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1]])
    zero_grad(net)
    a = forward(net, x, {1: mask.astype(dtype)}).copy()
    backward(net, y)
    assert a.dtype == np.float32
    np.testing.assert_array_equal(a, forward(net, x, {1: mask.astype(np.float32)}))
    assert (net.dW[1] != 0).any()


def test_a_net_computes_in_the_byte_order_of_the_machine():
    net = init_net((4, 5, 3), rng=0, dtype=">f4")
    assert net.params.dtype == np.float32
    forward(net, np.zeros((1, 4)))


# --- the 2-2-2 example, after Matt Mazur, worked out to 30 digits ---------------------------------


@pytest.fixture
def example():
    net = init_net((2, 2, 2), rng=0, dtype=np.float64)
    net.W[0][:] = [[0.15, 0.25], [0.20, 0.30]]  # w1 and w2 lead into h1, w3 and w4 into h2
    net.W[1][:] = [[0.40, 0.50], [0.45, 0.55]]
    net.b[0][:] = 0.35
    net.b[1][:] = 0.60
    return net, np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])


def close(found, *expected):
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-12, atol=0)


def test_the_example_forward_and_backward(example):
    net, x, y = example
    forward(net, x)
    close(net.a[1], 0.59326999210718726, 0.59688437825976706)
    close(net.a[2], 0.75136506955231571, 0.77292846532146259)
    close(backward(net, y), 0.29837110876000269)
    close(net.db[1], 0.13849856162855697, -0.038098236516556217)  # dC/dz: there is one sample
    close(
        net.dW[1].T,  # w5, w6 lead into o1
        0.082167040564230779, 0.082667627847533255, -0.022602540477475060, -0.022740242215978211,
    )  # fmt: skip
    close(net.db[0], 0.0087713546894869345, 0.0099542547052172014)
    close(
        net.dW[0].T,
        0.00043856773447434673, 0.00087713546894869345,
        0.00049771273526086007, 0.00099542547052172014,
    )  # fmt: skip


def test_the_example_after_one_step(example):
    net, x, y = example
    step(net, [(x, y)], lr=0.5)
    close(
        net.W[0].T,
        0.14978071613276283, 0.19956143226552565, 0.24975114363236957, 0.29950228726473914,
    )  # fmt: skip
    close(
        net.W[1].T,
        0.35891647971788461, 0.40866618607623337, 0.51130127023873753, 0.56137012110798911,
    )  # fmt: skip
    forward(net, x)
    close(backward(net, y), 0.28047144679143016)


def test_the_output_weights_are_not_updated_before_the_error_passes_through_them(example):
    """Copies of the published example print .291027924: that is what updating too early gives."""
    net, x, y = example
    biases = [b.copy() for b in net.b]
    step(net, [(x, y)], lr=0.5)
    for b, held in zip(net.b, biases):
        b[:] = held
    forward(net, x)
    cost = backward(net, y)
    close(cost, 0.29102777369359935)
    assert abs(cost - 0.291027924) > 1e-7


# --- one input, two ReLU units, one output --------------------------------------------------------


def test_two_relu_units_of_which_one_is_off():
    net = init_net(
        (1, 2, 1), rng=0, dtype=np.float64,
        activation="relu", output_activation="identity", cost="squared-error",
    )  # fmt: skip
    net.W[0][:], net.W[1][:] = [[-0.11, 0.21]], [[0.89], [-0.75]]
    close(forward(net, np.array([[2.0]])), -0.315)
    close(backward(net, np.array([[1.0]])), 1.729225)
    close(net.a[1], 0, 0.42)  # w1 x is negative
    close(net.dW[0], 0, 3.945)
    close(net.dW[1], 0, -1.1046)
    close(net.db[0], 0, 1.9725)
    close(net.db[1], -2.63)


# --- what a step is -----------------------------------------------------------------------------


def test_two_backward_calls_double_the_gradients_and_zero_grad_forgets_them():
    net = init_net((4, 3, 2), rng=0, dtype=np.float64)
    x, y = batch(net, 5)
    forward(net, x)
    backward(net, y)
    once = net.grads.copy()
    backward(net, y)
    np.testing.assert_array_equal(net.grads, 2 * once)
    assert net.samples == 10
    zero_grad(net)
    assert not net.grads.any()
    assert net.samples == 0


def test_what_is_added_to_the_gradients_by_hand_counts_before_and_after_backward():
    net, twin = (init_net((4, 3, 2), rng=0, dtype=np.float64) for _ in range(2))
    x, y = batch(net, 5)
    for one in net, twin:
        zero_grad(one)
        forward(one, x)
    backward(twin, y)
    for before in 0.25, 0:
        zero_grad(net)
        net.grads += before
        backward(net, y)
        net.grads += 0.5 - before
        np.testing.assert_allclose(net.grads, twin.grads + 0.5, rtol=0, atol=1e-15)
        assert net.samples == 5  # what is added by hand is part of the sum over these samples
    start = net.params.copy()
    optimize(net, 2.0)
    np.testing.assert_allclose(net.params, start - 2.0 * (twin.grads + 0.5) / 5, rtol=1e-14)


def test_samples_count_those_whose_gradients_are_in_the_sum():
    net, twin = (init_net((4, 3, 2), rng=0, dtype=np.float64) for _ in range(2))
    net.grads += 1  # by hand, of three samples
    net.samples = 3
    x, y = batch(net, 5)
    for one in net, twin:
        forward(one, x)
        backward(one, y)
    assert net.samples == 8
    np.testing.assert_allclose(net.grads, twin.grads + 1, rtol=1e-14)


@given(nets(dtypes=[np.float64]), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_a_batch_in_any_parts_gives_the_same_predictions_cost_and_step(how, sizes):
    whole, divided = (init_net(**how) for _ in range(2))
    x, y = batch(whole, sum(sizes))
    parts = [np.split(part, np.cumsum(sizes)[:-1]) for part in (x, y)]
    (cost,) = step(whole, [(x, y)])
    costs = step(divided, zip(*parts))
    close_to = {"rtol": 1e-10, "atol": 1e-13}
    assert divided.samples == whole.samples == sum(sizes)
    np.testing.assert_allclose(divided.grads, whole.grads, **close_to)
    np.testing.assert_allclose(divided.params, whole.params, **close_to)
    np.testing.assert_allclose(np.average(costs, weights=sizes), cost, **close_to)
    predicted = np.concatenate([forward(whole, part) for part in parts[0]])
    np.testing.assert_allclose(predicted, forward(whole, x), **close_to)


def test_a_duplicated_batch_changes_neither_cost_nor_step():
    once, twice = (init_net((6, 4, 3), rng=0, dtype=np.float64) for _ in range(2))
    x, y = batch(once, 10)
    (cost,) = step(once, [(x, y)])
    (doubled,) = step(twice, [(np.tile(x, (2, 1)), np.tile(y, (2, 1)))])
    assert doubled == pytest.approx(cost, rel=1e-12)
    np.testing.assert_allclose(twice.params, once.params, rtol=1e-12)


def test_the_cost_is_summed_over_classes_and_averaged_over_samples():
    net = init_net((2, 2), rng=0, dtype=np.float64)
    net.params[:] = 0  # every output is 1/2
    forward(net, np.zeros((3, 2)))
    assert backward(net, np.zeros((3, 2))) == 0.5 * (0.25 + 0.25)


def test_the_step_is_the_learning_rate_times_the_mean_gradient():
    net = init_net((3, 2), rng=0, dtype=np.float64)
    before = net.params.copy()
    x, y = batch(net, 4)
    step(net, [(x, y)], lr=3.0)
    np.testing.assert_allclose(net.params, before - 3.0 * net.grads / 4, rtol=1e-14)


def test_a_net_learns():
    net = init_net((4, 8, 2), rng=0)
    rng = np.random.default_rng(1)
    x = rng.random((40, 4), dtype=np.float32)
    y = np.eye(2)[(x.sum(axis=1) > 2).astype(int)]
    costs = [step(net, [(x, y)], lr=5.0)[0] for _ in range(500)]
    assert costs[-1] < costs[0] / 10


# --- the data structure -------------------------------------------------------------------------


def test_the_default_net_is_that_of_the_readme():
    net = init_net(rng=0)
    assert net.shape == (784, 40, 10)
    assert net.activations == ("sigmoid", "sigmoid")
    assert net.cost == "half-squared-error"
    assert net.params.dtype == np.float32
    assert net.params.size == 784 * 40 + 40 * 10 + 40 + 10


def test_parameters_are_views_first_every_weight_then_every_bias():
    net = init_net((4, 3, 2), rng=0)
    np.testing.assert_array_equal(
        net.params, np.concatenate([part.ravel() for part in [*net.W, *net.b]])
    )
    for vector, parts in (
        (net.params, [*net.W, *net.b]),
        (net.grads, [*net.dW, *net.db]),
    ):
        assert vector.flags.c_contiguous
        assert all(np.shares_memory(part, vector) for part in parts)
    assert [W.shape for W in net.W] == list(pairwise(net.shape))
    assert [b.shape for b in net.b] == [(3,), (2,)]


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]
)
def test_a_copy_learns_by_itself(again):
    net = init_net((4, 3, 2), rng=0)
    net.state["speed"] = np.ones(3)
    twin = again(net)
    assert not np.shares_memory(twin.state["speed"], net.state["speed"])
    x, y = batch(net, 5)
    step(twin, [(x, y)])
    assert (twin.params != net.params).any()
    np.testing.assert_array_equal(twin.params[:12].reshape(4, 3), twin.W[0])
    np.testing.assert_array_equal(twin.state["speed"], 1)
    step(net, [(x, y)])
    np.testing.assert_array_equal(twin.params, net.params)


def test_a_view_cannot_be_replaced_by_an_array_that_is_none():
    net = init_net((4, 3), rng=0)
    with pytest.raises(TypeError):
        net.W[0] = np.zeros((4, 3))
    assert len(repr(net)) < 100  # nobody wants to see thousands of numbers


def test_weights_start_with_a_spread_of_one_over_root_inputs_and_biases_at_zero():
    net = init_net((400, 300, 10), rng=0)
    for W in net.W:
        # The standard deviation of n draws is itself known to about 1/sqrt(2n).
        assert W.std() * np.sqrt(len(W)) == pytest.approx(1, abs=5 / np.sqrt(2 * W.size))
    assert not np.concatenate(net.b).any()


def test_equal_generators_give_equal_nets_and_others_do_not():
    first, second, other = (init_net((5, 4), rng=np.random.default_rng(n)) for n in (0, 0, 1))
    np.testing.assert_array_equal(first.params, second.params)
    assert (first.params != other.params)[:20].all()
    np.testing.assert_array_equal(first.params, init_net((5, 4), rng=0).params)


def test_what_forward_returns_stays_the_caller_s():
    for output in "sigmoid", "identity":
        net = init_net((4, 3, 2), rng=0, output_activation=output)
        batches = [batch(net, 5, seed)[0] for seed in range(3)]
        found = [forward(net, x) for x in batches]
        backward(net, np.zeros((5, 2)))
        optimize(net, 5.0)
        assert len({id(a) for a in found}) == len({a.tobytes() for a in found}) == 3
        twin = init_net((4, 3, 2), rng=0, output_activation=output)
        for a, x in zip(found, batches):
            np.testing.assert_array_equal(a, forward(twin, x))
            assert not np.shares_memory(a, net.params)
            a[:] = 0  # the caller's to change


def test_a_net_has_no_more_than_twelve_fields():
    assert len(Net.__slots__) <= 12


# --- the sigmoid --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_sigmoid_is_stable_at_any_finite_z(dtype):
    most = np.finfo(dtype).max
    z = np.array([-most, -1e4, -800, -100, -1, 0, 1, 100, 800, 1e4, most], dtype)
    with np.errstate(all="raise"):
        a = ACTIVATIONS["sigmoid"].value(z)
    one = dtype(1) / (1 + np.exp(dtype(-1)))
    assert a[5] == 0.5
    np.testing.assert_allclose(a[[4, 6]], [1 - one, one], rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(a[7:], 1)
    np.testing.assert_array_equal(a[:2], 0)
    assert (np.diff(a) >= 0).all()
    assert a[3] == pytest.approx(np.exp(-100.0), rel=1e-5)  # small, and not rounded away


def test_a_saturated_sigmoid_warns_nobody():
    net = init_net((1, 1), rng=0)
    net.params[:] = [-1e30, 0]
    assert forward(net, np.ones((2, 1), np.float32)).tolist() == [[0], [0]]  # a warning is an error


def test_the_slope_of_the_sigmoid_takes_the_output():
    z, h = np.linspace(-5, 5, 11), 1e-6
    sigmoid = ACTIVATIONS["sigmoid"]
    numeric = (1 / (1 + np.exp(-z - h)) - 1 / (1 + np.exp(-z + h))) / (2 * h)
    np.testing.assert_allclose(sigmoid.slope(sigmoid.value(z)), numeric, rtol=1e-7)


# --- what cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((784,), "(784,)"),
        ((), "()"),
        ((4, 0, 2), "(4, 0, 2)"),
        ((4, -1), "(4, -1)"),
        ((4, 2.5), "2.5"),
        ((4, True), "True"),
        (784, "784"),
    ],
)
def test_a_shape_that_makes_no_net_is_refused(shape, found):
    with pytest.raises(ValueError, match="shape: expected 2 or more layer sizes") as error:
        init_net(shape, rng=0)
    assert found in str(error.value)


def test_a_dtype_or_name_that_makes_no_net_is_refused():
    with pytest.raises(ValueError, match="expected a float such as float32, found int64"):
        init_net((2, 2), rng=0, dtype=np.int64)
    with pytest.raises(ValueError, match="activation: expected one of sigmoid.*; found 'sigmund'"):
        init_net((2, 2), rng=0, activation="sigmund")
    with pytest.raises(ValueError, match="cost: expected one of half-squared-.*; found 'price'"):
        init_net((2, 2), rng=0, cost="price")


@pytest.mark.parametrize("shape", [(5, 28, 28), (784,), (5, 783), (0, 784)])
def test_an_x_of_the_wrong_shape_is_refused(shape):
    net = init_net(rng=0)
    with pytest.raises(ValueError, match="x: expected floats .* in rows of 784 inputs") as error:
        forward(net, np.zeros(shape, np.float32))
    assert str(shape) in str(error.value)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, str])
def test_an_x_that_is_not_floats_is_refused(dtype):
    with pytest.raises(ValueError, match="x: expected floats such as pixels / 255 .*, found"):
        forward(init_net((3, 2), rng=0), np.zeros((1, 3), dtype))


def test_floats_of_another_precision_are_converted():
    net = init_net((3, 2), rng=0)
    assert forward(net, np.ones((1, 3))).dtype == np.float32
    assert net.a[0].dtype == np.float32  # else every product with it is done twice as wide
    assert forward(net, [[1.0, 0.0, 1.0]]).shape == (1, 2)


def test_a_y_that_does_not_match_the_prediction_is_refused():
    net = init_net((3, 2), rng=0)
    with pytest.raises(ValueError, match="y: expected .* one-hot rows.*call it first"):
        backward(net, np.zeros((4, 2)))
    forward(net, np.zeros((4, 3)))
    for y in np.zeros(4, int), np.zeros((5, 2)), np.zeros((4, 3)):
        with pytest.raises(ValueError, match=r"y: expected .* one-hot rows.*\(4, 2\)") as error:
            backward(net, y)
        assert str(y.shape) in str(error.value)
    with pytest.raises(ValueError, match="y: expected numbers .* found <U1"):
        backward(net, np.full((4, 2), "1"))
    assert net.samples == 0
    assert not net.grads.any()


def test_a_step_without_gradients_is_refused():
    net = init_net((3, 2), rng=0)
    with pytest.raises(ValueError, match="call forward and backward before optimize"):
        optimize(net, 5.0)
