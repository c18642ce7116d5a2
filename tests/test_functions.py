"""Activations and costs against formulas written another way, and their slopes against nudges."""

import math

import numpy as np
import pytest

from simplenet import backward, forward, init_net, zero_grad
from simplenet.functions import ACTIVATIONS, COSTS, HIDDEN, INITS, LEAK

PAIRS = [(cost, output) for cost, outputs in COSTS.items() for output in outputs]
AT_Z = [(cost, output) for cost, output in PAIRS if COSTS[cost][output].at_z]
FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
FAR = [-1e4, -1e3, -100, -20, -1, -1e-3, 0, 1e-3, 1, 20, 100, 1e3, 1e4]

# One number at a time, with Python's own mathematics.
BY_HAND = {
    "sigmoid": lambda z: (1 + math.tanh(z / 2)) / 2,
    "tanh": lambda z: (math.exp(2 * z) - 1) / (math.exp(2 * z) + 1),
    "relu": lambda z: z if z > 0 else 0.0,
    "leaky-relu": lambda z: z if z > 0 else z / 100,
    "identity": lambda z: z,
}


def value(name, z):
    return ACTIVATIONS[name].value(z)


def slope(name, a):
    return ACTIVATIONS[name].slope(a)


def one_hot(rows, classes, dtype=np.float64, seed=0):
    return np.eye(classes, dtype=dtype)[np.random.default_rng(seed).integers(0, classes, rows)]


# --- activations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HIDDEN)
def test_the_value_is_that_of_the_formula(name):
    z = np.linspace(-6, 6, 25)
    np.testing.assert_allclose(value(name, z), [BY_HAND[name](one) for one in z], rtol=1e-12)


@pytest.mark.parametrize("name", HIDDEN)
def test_the_slope_is_a_function_of_the_output_and_equals_central_differences(name):
    z = np.linspace(-4, 4, 24)  # beside every corner
    h = 1e-5
    numeric = (value(name, z + h) - value(name, z - h)) / (2 * h)
    np.testing.assert_allclose(slope(name, value(name, z)), numeric, rtol=1e-7, atol=1e-12)


def test_a_relu_at_its_corner_counts_as_off():
    assert slope("relu", np.zeros(1)) == 0
    assert slope("leaky-relu", np.zeros(1)) == LEAK == 0.01


def test_the_softmax_is_each_exp_among_those_of_its_row():
    z = np.random.default_rng(0).normal(0, 3, (5, 4))
    expected = [[math.exp(one) / sum(map(math.exp, row)) for one in row] for row in z]
    a = value("softmax", z)
    np.testing.assert_allclose(a, expected, rtol=1e-14)
    np.testing.assert_allclose(value("softmax", z + 700), a, rtol=1e-10)  # only differences count


@FLOATS
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes_leave_what_they_take_as_it_is_and_keep_its_precision(name, dtype):
    z = np.random.default_rng(0).normal(0, 2, (3, 4)).astype(dtype)
    before = z.copy()
    a = value(name, z)
    np.testing.assert_array_equal(z, before)
    assert a.dtype == dtype and a.shape == z.shape
    if name in HIDDEN:
        before = a.copy()
        da_dz = slope(name, a)
        assert da_dz.dtype == dtype and np.isfinite(da_dz).all()
        assert not np.shares_memory(da_dz, a)
        np.testing.assert_array_equal(a, before)  # it is still needed


def test_a_softmax_has_no_slope_of_its_own_and_says_so():
    with pytest.raises(TypeError, match="softmax has no slope: expected cross-entropy"):
        slope("softmax", np.ones((1, 2)))


@FLOATS
@pytest.mark.parametrize("name", HIDDEN)
def test_every_activation_is_right_and_silent_however_far_z_is(name, dtype):
    z = np.array(FAR, dtype)
    limits = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 1e4), "leaky-relu": (-100, 1e4)}
    with np.errstate(all="raise"):  # warnings are errors anyhow
        a = value(name, z)
        da_dz = slope(name, a)
    np.testing.assert_allclose(a[[0, -1]], limits.get(name, (-1e4, 1e4)), rtol=1e-6, atol=0)
    assert (np.diff(a) >= 0).all()
    ends = {"relu": (0, 1), "leaky-relu": (0.01, 1), "identity": (1, 1)}.get(name, (0, 0))
    np.testing.assert_array_equal(da_dz[[0, -1]], np.array(ends, dtype))
    assert ((da_dz >= 0) & (da_dz <= 1)).all()


@FLOATS
def test_the_softmax_is_right_and_silent_however_far_z_is(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [1e4, 1e4, -1e4], [0, -50, -1e4]], dtype)
    with np.errstate(all="raise"):
        a = value("softmax", z)
    third, small = 1 / 3, math.exp(-50)
    expected = [[1, 0, 0], [third] * 3, [0.5, 0.5, 0], [1 / (1 + small), small / (1 + small), 0]]
    np.testing.assert_allclose(a, expected, rtol=4 * np.finfo(dtype).eps)
    assert a.dtype == dtype


# --- costs ----------------------------------------------------------------------------------------

A, Y = np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]]), np.array([[0.0, 1, 0], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize(
    ("cost", "output", "one"),
    [
        ("half-squared-error", "sigmoid", lambda a, y: (a - y) ** 2 / 2),
        ("squared-error", "sigmoid", lambda a, y: (a - y) ** 2),
        ("cross-entropy", "softmax", lambda a, y: -y * math.log(a)),
        ("cross-entropy", "sigmoid", lambda a, y: -y * math.log(a) - (1 - y) * math.log(1 - a)),
    ],
)
def test_a_cost_is_the_sum_over_classes_and_samples(cost, output, one):
    expected = sum(one(a, y) for a, y in zip(A.ravel(), Y.ravel()))
    found = COSTS[cost][output].value(A, Y)
    assert type(found) is float and found == pytest.approx(expected, rel=1e-14)
    assert COSTS[cost][output].value(A[:1], Y[:1]) < found


@pytest.mark.parametrize(("cost", "output"), [pair for pair in PAIRS if pair not in AT_Z])
def test_the_slope_of_a_cost_in_a_equals_central_differences(cost, output):
    h, of = 1e-5, COSTS[cost][output]
    numeric = [
        (of.value(A + step.reshape(A.shape), Y) - of.value(A - step.reshape(A.shape), Y)) / (2 * h)
        for step in h * np.eye(A.size)
    ]
    np.testing.assert_allclose(of.slope(A, Y).ravel(), numeric, rtol=1e-8)


def test_the_shortcut_is_there_for_cross_entropy_and_nowhere_else():
    assert AT_Z == [("cross-entropy", "sigmoid"), ("cross-entropy", "softmax")]


def test_the_shortcut_of_a_sigmoid_equals_the_long_way():
    """dC/dz = dC/da * da/dz with dC/da = (a - y) / (a (1 - a)), the slope of the formula."""
    a = value("sigmoid", np.random.default_rng(0).normal(0, 3, (5, 3)))
    for y in one_hot(5, 3), 0.9 * one_hot(5, 3) + 0.1 / 3:
        long = (-y / a + (1 - y) / (1 - a)) * slope("sigmoid", a)
        short = COSTS["cross-entropy"]["sigmoid"].slope(a, y)
        np.testing.assert_allclose(short, long, rtol=1e-12, atol=1e-15)


def test_the_shortcut_of_a_softmax_equals_the_long_way():
    """dC/dz_k = sum over j of dC/da_j * da_j/dz_k, and da_j/dz_k = a_j ((j = k) - a_k)."""
    a = value("softmax", np.random.default_rng(0).normal(0, 3, (5, 3)))
    for y in one_hot(5, 3), 0.9 * one_hot(5, 3) + 0.1 / 3:
        jacobian = a[:, :, None] * (np.eye(3) - a[:, None, :])
        long = np.einsum("bj,bjk->bk", -y / a, jacobian)
        short = COSTS["cross-entropy"]["softmax"].slope(a, y)
        np.testing.assert_allclose(short, long, rtol=1e-12, atol=1e-15)


@FLOATS
@pytest.mark.parametrize(("cost", "output"), AT_Z)
def test_a_reported_cross_entropy_is_clipped_where_it_would_be_infinite(cost, output, dtype):
    y = np.array([[1, 0]], dtype)
    report = COSTS[cost][output].value
    right, wrong = report(y, y), report(1 - y, y)
    if output == "sigmoid":  # both outputs are wrong, each held eps away
        eps = float(np.finfo(dtype).eps)
        assert wrong == pytest.approx(-2 * math.log(eps), rel=1e-6)
        assert right == pytest.approx(2 * eps, rel=1e-6)
    else:
        assert wrong == pytest.approx(-math.log(np.finfo(dtype).tiny), rel=1e-6)
        assert right == 0
    a = np.array([[0.25, 0.75]], dtype)  # far from there nothing is clipped
    assert report(a, y) == pytest.approx(-math.log(0.25) * (1 + (output == "sigmoid")), rel=1e-6)


# --- the two together, however far z is -----------------------------------------------------------


def saturated(cost, output, dtype, z=1e4):
    """Return a net of one layer whose three outputs have z, -z and 0 as weighted inputs; and x."""
    net = init_net((1, 3), rng=0, dtype=dtype, cost=cost, output_activation=output)
    net.W[0][:], net.b[0][:] = [[z, -z, 0]], 0
    return net, np.ones((1, 1), dtype)


@FLOATS
@pytest.mark.parametrize("z", [20, 1e3, 1e4, -1e4])
@pytest.mark.parametrize(("cost", "output"), AT_Z)
def test_a_saturated_net_has_the_exact_gradient_and_no_warning(cost, output, dtype, z):
    for target in np.eye(3, dtype=dtype):
        net, x = saturated(cost, output, dtype, z)
        with np.errstate(all="raise", under="ignore"):
            a = forward(net, x)[0].copy()
            reported = backward(net, target[None])
        exact = [
            BY_HAND["sigmoid"](one) if output == "sigmoid"
            else math.exp(one - abs(z)) / (1 + math.exp(-abs(z)) + math.exp(-2 * abs(z)))
            for one in (z, -z, 0)
        ]  # fmt: skip
        np.testing.assert_allclose(a, exact, rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(net.db[0], exact - target, rtol=1e-5, atol=1e-8)
        assert math.isfinite(reported) and reported >= 0
        assert net.db[0].dtype == dtype


@FLOATS
@pytest.mark.parametrize("z", [1e4, -1e4])
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_no_pair_gives_a_warning_or_a_number_that_is_not_finite(cost, output, dtype, z):
    net, x = saturated(cost, output, dtype, z)
    zero_grad(net)
    forward(net, x)
    assert math.isfinite(backward(net, np.eye(3, dtype=dtype)[:1]))
    assert np.isfinite(net.grads).all()


# --- how weights start ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spread"),
    [("lecun", 1 / 20), ("glorot", math.sqrt(2 / 700)), ("he", math.sqrt(2) / 20), ("normal", 1)],
)
def test_weights_start_with_the_spread_of_their_init(name, spread):
    assert INITS[name](400, 300) == pytest.approx(spread)
    net = init_net((400, 300, 10), rng=0, init=name)
    # The standard deviation of n draws is itself known to about 1/sqrt(2n), the mean to 1/sqrt(n).
    count = net.W[0].size
    assert net.W[0].std() == pytest.approx(spread, rel=5 / math.sqrt(2 * count))
    assert abs(net.W[0].mean()) < 5 * spread / math.sqrt(count)
    assert net.W[1].std() == pytest.approx(INITS[name](300, 10), rel=5 / math.sqrt(2 * 3000))
    assert not np.concatenate(net.b).any()


@pytest.mark.parametrize(
    ("activation", "init"),
    [("sigmoid", "lecun"), ("identity", "lecun"), ("tanh", "glorot"), ("relu", "he"),
     ("leaky-relu", "he")],
)  # fmt: skip
def test_each_activation_starts_with_the_spread_that_suits_it(activation, init):
    found = init_net((4, 3, 2), rng=0, activation=activation)
    named = init_net((4, 3, 2), rng=0, activation=activation, init=init)
    np.testing.assert_array_equal(found.params, named.params)
