"""`simplenet check` and its witnesses, on right gradients and on wrong ones."""

import decimal
import importlib.util
import itertools
import json
import re

import numpy as np
import pytest

from simplenet import functions, init_net, save_model
from simplenet.autodiff import Tensor
from simplenet.witnesses.compare import (
    WITNESSES,
    by_autodiff,
    by_differences,
    by_hand,
    compare,
    relative_error,
)
from simplenet.witnesses.rounding import UNITS, rounding

SMALL = ("--shape", "12,6,5,4")
GROUPS = ["W[0]", "W[1]", "W[2]", "b[0]", "b[1]", "b[2]"]


@pytest.fixture
def without_torch(monkeypatch):
    """Leave PyTorch out, as where it is not installed."""

    def absent(*problem):
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setitem(WITNESSES, "PyTorch", absent)


# --- a right gradient -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        (),
        SMALL,
        (*SMALL, "--batch-size", 1),
        ("--shape", "5,3"),
        ("--hidden", "6,5", "--activation", "tanh", "--seed", 3),
        (*SMALL, "--activation", "relu", "--dropout", 0.5, "--l1", 0.1, "--l2", 0.1),
        (*SMALL, "--activation", "leaky-relu", "--output-activation", "identity"),
        (*SMALL, "--cost", "cross-entropy", "--label-smoothing", 0.1, "--init", "normal"),
        (*SMALL, "--cost", "cross-entropy", "--output-activation", "sigmoid"),
        (*SMALL, "--cost", "squared-error", "--l1", 1e10),
        (*SMALL, "--l2", 1e10),
    ],
    ids=str,
)
def test_all_witnesses_agree_with_backward(cli, args):
    result = json.loads(cli("check", *args, "--json").stdout)
    assert result["tolerance"] == 1e-7
    for row in result["comparisons"]:
        limit = 1e-7 if row["witness"] == "differences" else 1e-12
        assert row["agree"] is True and 0 <= row["error"] < limit, row
    names = {"differences", "autodiff"}
    if importlib.util.find_spec("torch"):
        names.add("PyTorch")
    assert {row["witness"] for row in result["comparisons"]} == names


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_a_corner_is_not_taken_for_a_mistake(cli, activation):
    """Of two neurons dropout may drop both: then all inputs of the next layer are 0."""
    for seed in range(10):
        cli("check", "--shape", "9,2,5,3", "--activation", activation, "--dropout", 0.4,
            "--l1", 0.1, "--seed", seed)  # fmt: skip


def test_every_group_is_a_line_and_every_witness_a_column(cli, without_torch):
    head, *rows, rounding, note, last = cli("check", *SMALL).stdout.splitlines()
    assert head.split() == ["group", "parameters", "differences", "autodiff"]
    sizes = ["72", "30", "20", "6", "5", "4"]
    assert [row.split()[:2] for row in rows] == [list(pair) for pair in zip(GROUPS, sizes)]
    assert {len(row) for row in rows} == {len(head)}
    assert note == "PyTorch is not installed, and was not compared."
    assert last.startswith("largest relative error ")
    assert rounding.startswith("rounding ") and len(rounding) == len(head)
    assert [0 < float(limit) < 1e-6 for limit in rounding.split()[1:]] == [True, True]
    errors = [error for row in rows for error in row.split()[2:]]
    assert f"{max(map(float, errors)):.1e}" == last.split()[-1]


def test_json_is_all_of_stdout_and_holds_every_pair(cli, without_torch):
    rows = json.loads(cli("check", *SMALL, "--json").stdout)["comparisons"]
    assert [(row["group"], row["witness"]) for row in rows] == [
        (group, witness) for group in GROUPS for witness in ("differences", "autodiff")
    ]
    names = "group", "parameters", "witness", "error", "rounding", "agree"
    assert {tuple(row) for row in rows} == {names}


def test_pytorch_takes_part_where_it_is_installed(cli):
    pytest.importorskip("torch")
    result = cli("check", *SMALL, "--cost", "cross-entropy", "--dropout", 0.3, "--l1", 0.1)
    assert result.stdout.splitlines()[0].split()[-1] == "PyTorch"
    assert "not installed" not in result.stdout


# --- what is checked ------------------------------------------------------------------------------


@pytest.fixture
def problems(monkeypatch):
    """Return a list that gets every problem a witness is given: net, x, y, l1, l2, masks."""
    seen = []

    def recording(*problem):
        seen.append(problem)
        return by_autodiff(*problem)

    monkeypatch.setitem(WITNESSES, "autodiff", recording)
    return seen


def test_options_reach_the_net_and_the_problem(cli, problems):
    cli("check", *SMALL, "--activation", "tanh", "--cost", "cross-entropy", "--l1", 0.1, "--l2",
        0.2, "--dropout", 0.5, "--label-smoothing", 0.2, "--batch-size", 7)  # fmt: skip
    ((found, x, y, l1, l2, masks),) = problems
    assert found.shape == (12, 6, 5, 4) and found.activations == ("tanh", "tanh", "softmax")
    assert (found.cost, l1, l2) == ("cross-entropy", 0.1, 0.2)
    assert x.shape == (7, 12) and {x.dtype, y.dtype, found.params.dtype} == {np.dtype(float)}
    np.testing.assert_allclose(np.sort(y), [[0.05, 0.05, 0.05, 0.85]] * 7)
    assert {l: set(np.unique(mask)) for l, mask in masks.items()} == {1: {0, 2}, 2: {0, 2}}
    assert found.b[0].all()  # off 0, where the gradient of a bias might look right by chance


def test_equal_seeds_check_the_same_and_others_do_not(cli, problems):
    for seed in (1, 1, 2):
        cli("check", *SMALL, "--seed", seed)
    first, again, other = ((found.params, x) for found, x, *_ in problems)
    for one, same, another in zip(first, again, other):
        np.testing.assert_array_equal(one, same)
        assert (one != another).all()


def test_data_gives_the_samples_and_the_ends_of_the_net(cli, problems, make_data):
    data = make_data()
    cli("check", "--data", data, "--hidden", 5)
    cli("check", "--data", data, "--shape", "64,4", "--batch-size", 1000)
    (found, x, y, *_), (other, every, _, *_) = problems
    assert found.shape == (64, 5, 3) and other.shape == (64, 4)
    assert x.shape == (20, 64) and 0 < x.max() <= 1 and len(every) == 240
    np.testing.assert_array_equal(y.argmax(axis=1), np.arange(20) % 3)
    stderr = cli("check", "--data", data, "--shape", "63,3", code=3).stderr
    assert "expected 63 pixels in each, the inputs of the net" in stderr


@pytest.mark.parametrize("cost", ["half-squared-error", "cross-entropy"])
def test_a_saved_model_is_checked_as_it_is_but_in_float64(cli, problems, cost):
    saved = init_net((12, 6, 4), rng=0, activation="tanh", cost=cost)
    save_model("m.npz", saved)
    cli("check", "m.npz", "--l2", 0.1, "--dropout", 0.5)
    found = problems[0][0]
    assert found.activations == saved.activations and found.cost == cost
    assert found.params.dtype == np.float64
    np.testing.assert_array_equal(found.params, saved.params)


def test_label_smoothing_goes_with_the_cost_of_the_model(cli, problems):
    for name, cost in ("cross", "cross-entropy"), ("half", "half-squared-error"):
        save_model(f"{name}.npz", init_net((12, 6, 4), rng=0, cost=cost))
    cli("check", "cross.npz", "--label-smoothing", 0.2)
    assert problems[0][2].max() == pytest.approx(0.85)
    stderr = cli("check", "half.npz", "--label-smoothing", 0.2, code=2).stderr
    assert "'--label-smoothing': expected the cost cross-entropy, found half-sq" in stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (
            ["--label-smoothing", 0.1],
            2,
            "expected the cost cross-entropy, found half-squared-error",
        ),
        (["--shape", "4,2", "--dropout", 0.1], 2, "'--dropout': expected hidden layers to leave"),
        (["--shape", "4,2", "--activation", "tanh"], 2, "'--activation': expected hidden layers,"),
        (["m.npz", "--hidden", 5], 2, "MODEL and --hidden: expected one of them, found both."),
        (["m.npz", "--shape", "4,2"], 2, "MODEL and --shape: expected one of them, found both."),
        (["m.npz", "--cost", "half-squared-error"], 2, "MODEL and --cost: expected one of them"),
        (["m.npz", "--output-activation", "tanh"], 2, "MODEL and --output-activation: expected"),
        (["m.npz"], 3, "m.npz: cannot be read: No such file or directory."),
        (["--shape", "4,2", "--hidden", 5], 2, "--shape and --hidden: expected one of them"),
        (["--batch-size", 0], 2, "'--batch-size': expected a whole number of at least 1"),
        (["--output-activation", "softmax"], 2, "which go with the cost half-squared-error"),
        (["--label-smoothing", 0.1], 2, "'--label-smoothing': expected the cost cross-entropy"),
        (["--dropout", "1.0"], 2, "'--dropout': expected a number of at least 0 and below 1"),
        (["--data", "nowhere"], 3, "nowhere: expected a folder or one of the names"),
    ],
    ids=str,
)
def test_what_cannot_be_checked_is_refused(cli, args, code, words):
    result = cli("check", *args, code=code)
    assert words in result.stderr and result.stdout == ""


# --- a wrong gradient -----------------------------------------------------------------------------


def break_slope(monkeypatch, name, slope):
    """Give an activation another slope, which may leave an `out` unused."""
    changed = functions.ACTIVATIONS[name]._replace(slope=lambda a, **out: slope(a))
    monkeypatch.setitem(functions.ACTIVATIONS, name, changed)


def test_a_wrong_slope_is_found_by_both_witnesses_in_the_groups_it_spoils(
    cli, monkeypatch, without_torch
):
    break_slope(monkeypatch, "tanh", lambda a: 1 - a)
    result = cli("check", *SMALL, "--activation", "tanh", code=1)
    spoiled = ["W[0]", "W[1]", "b[0]", "b[1]"]  # the output layer has another activation
    blamed = [f"{who} on {group}" for group in spoiled for who in ("differences", "autodiff")]
    assert result.stderr == (
        "Error: expected relative errors below 1e-07, found that backward disagrees with "
        f"{', '.join(blamed)}.\n"
    )
    assert result.stdout.startswith("group ")  # the table is there to see how far


@pytest.mark.parametrize(
    ("args", "name", "slope"),
    [
        ((), "sigmoid", lambda a: a * (1.0001 - a)),
        (("--activation", "tanh"), "tanh", lambda a: 1 - a),
        (("--activation", "relu"), "relu", lambda a: a >= 0),
        (("--activation", "leaky-relu"), "leaky-relu", lambda a: np.where(a > 0, 1, 0.02)),
        (("--activation", "identity"), "identity", lambda a: np.full_like(a, 1.001)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_no_activation_may_have_a_wrong_slope(cli, monkeypatch, args, name, slope):
    cli("check", *SMALL, *args)
    break_slope(monkeypatch, name, slope)
    stderr = cli("check", *SMALL, *args, code=1).stderr
    assert "differences on W[0]" in stderr and "autodiff on W[0]" in stderr


@pytest.mark.parametrize(
    ("cost", "output"), [(cost, output) for cost, pairs in functions.COSTS.items()
                         for output in pairs],
)  # fmt: skip
def test_no_cost_may_have_a_wrong_slope(cli, monkeypatch, cost, output):
    args = (*SMALL, "--cost", cost, "--output-activation", output)
    cli("check", *args)
    right = functions.COSTS[cost][output]
    wrong = right._replace(slope=lambda *args, **out: 1.001 * right.slope(*args, **out))
    monkeypatch.setitem(functions.COSTS[cost], output, wrong)
    rows = json.loads(cli("check", *args, "--json", code=1).stdout)["comparisons"]
    assert not any(row["agree"] for row in rows)


def problem(shape=(4, 3, 2), activation="sigmoid", **names):
    """Return a net in float64, and five samples: x and y."""
    one = init_net(shape, rng=0, dtype=np.float64, activation=activation, **names)
    rng = np.random.default_rng(1)
    return one, rng.random((5, shape[0])), np.eye(shape[-1])[rng.integers(0, shape[-1], 5)]


def disagreements(rows):
    """Return which witness and group do not agree."""
    return [(row["witness"], row["group"]) for row in rows if not row["agree"]]


@pytest.mark.parametrize(
    ("spoil", "groups"),
    [
        (lambda net: net.grads.__imul__(-1), GROUPS),
        (lambda net: net.dW[1].__imul__(1.0001), ["W[1]"]),
        (lambda net: net.db[2].__iadd__(1e-4), ["b[2]"]),
        (lambda net: net.dW[0].fill(np.nan), ["W[0]"]),
        (lambda net: net.db[0].fill(0), ["b[0]"]),
    ],
)
def test_a_wrong_gradient_is_named_with_the_group_that_is_wrong(spoil, groups):
    def wrong(net, *others):
        net.grads[:] = by_hand(net, *others)  # dW and db are views into it
        spoil(net)
        return net.grads.copy()

    rows = compare(*problem((12, 6, 5, 4)), gradient=wrong)
    names = list(dict.fromkeys(row["witness"] for row in rows))
    assert len(names) >= 2
    assert disagreements(rows) == [(name, group) for group in groups for name in names]
    assert all(row["error"] > 1e-6 for row in rows if not row["agree"])


def test_a_wrong_penalty_is_found():
    one, x, y = problem()

    def twice_the_l2(net, x, y, l1, l2, masks):
        return by_hand(net, x, y, l1, 2 * l2, masks)

    assert not disagreements(compare(one, x, y, 0.1, 0, gradient=twice_the_l2))
    rows = compare(one, x, y, 0, 0.1, gradient=twice_the_l2)
    assert {group for _, group in disagreements(rows)} == {"W[0]", "W[1]"}


def test_a_mask_that_only_forward_applies_is_found():
    one, x, y = problem(cost="cross-entropy")

    def unmasked(net, x, y, l1, l2, masks):
        found = by_hand(net, x, y, l1, l2, masks)
        dc_dz = (net.a[-1] - y) / len(x)
        found[net.W[0].size :][: net.W[1].size] = (net.a[1].T @ dc_dz).ravel()
        return found

    masks = {1: np.array([[2.0, 0, 2], [0, 2, 2], [2, 2, 0], [0, 0, 2], [2, 0, 0]])}
    assert not disagreements(compare(one, x, y, gradient=unmasked))
    assert not disagreements(compare(one, x, y, masks=masks))
    rows = compare(one, x, y, masks=masks, gradient=unmasked)
    assert {group for _, group in disagreements(rows)} == {"W[1]"}


def test_witnesses_are_a_table_and_one_that_cannot_be_imported_is_left_out():
    def absent(*problem):
        raise ModuleNotFoundError("No module named 'jax'")

    def twice(*problem):
        return 2 * by_autodiff(*problem)

    table = {"jax": absent, "autodiff": by_autodiff, "twice": twice}
    rows = compare(*problem(), witnesses=table)
    assert [row["witness"] for row in rows] == ["autodiff", "twice"] * 4
    assert disagreements(rows) == [("twice", group) for group in ("W[0]", "W[1]", "b[0]", "b[1]")]


# --- the witnesses themselves ---------------------------------------------------------------------


def test_differences_leave_the_net_as_it_was_and_know_only_what_was_chosen():
    one, x, y = problem()
    before = one.params.copy()
    found = by_differences(one, x, y, chosen=[3, 7])
    np.testing.assert_array_equal(one.params, before)
    assert np.flatnonzero(~np.isnan(found)).tolist() == [3, 7]
    np.testing.assert_allclose(found[[3, 7]], by_differences(one, x, y)[[3, 7]], rtol=1e-9)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_beside_a_corner_differences_are_nan_and_autodiff_counts_it_as_off(activation):
    one, x, y = problem(activation=activation)
    one.W[0][:, 1], one.b[0][1] = 0, 0  # the second unit's z is 0, whatever x
    found = by_differences(one, x, y)
    views = np.zeros((4, 3), bool), np.zeros(3, bool)
    views[0][:, 1] = views[1][1] = True
    unknown = np.concatenate([views[0].ravel(), np.zeros(6, bool), views[1], np.zeros(2, bool)])
    np.testing.assert_array_equal(np.isnan(found), unknown)
    assert relative_error(by_hand(one, x, y), by_autodiff(one, x, y)) < 1e-14
    assert all(row["agree"] for row in compare(one, x, y))


def test_l1_has_a_corner_at_a_weight_of_zero_and_nowhere_else():
    one, x, y = problem()
    one.W[0][0, 0] = one.W[0][1, 1] = 0
    one.W[1][0, 0] = 1e-6  # within a nudge
    unknown = np.flatnonzero(np.isnan(by_differences(one, x, y, l1=0.1)))
    assert unknown.tolist() == [0, 4, 12]  # biases of 0 pay no penalty
    assert not np.isnan(by_differences(one, x, y, l2=0.1)).any()
    assert all(row["agree"] for row in compare(one, x, y, l1=0.1, l2=0.1))


def test_a_relative_error_lies_between_0_and_1():
    a = np.array([3.0, 4.0])
    assert relative_error(a, a) == relative_error(0 * a, 0 * a) == 0
    assert relative_error(a, 0 * a) == relative_error(a, -a) == 1
    assert relative_error(a, 3 * a) == pytest.approx(0.5)
    assert relative_error(a, a * np.nan) == 1
    with np.errstate(over="ignore", invalid="ignore"):
        assert relative_error(a * 1e200, a * 1e200) == 1  # the norms overflow


def test_a_gradient_too_small_for_differences_is_marked_and_not_condemned(cli, tmp_path):
    net = init_net((3, 2), rng=0, dtype=np.float64)
    net.params[:] = [12, -12, 12, -12, 12, -12, 12, -12]  # saturated, and right or wrong for sure
    net.b[0][:] = 6, -6
    save_model(tmp_path / "sure.npz", net)
    for seed in range(20):
        stdout = cli("check", tmp_path / "sure.npz", "--batch-size", 1, "--seed", seed).stdout
        if "~" in stdout:
            break
    assert re.search(r"^W\[0\] .* \d\.\de[-+]\d\d~", stdout, re.MULTILINE)
    assert "~ above 1e-07, but no more than rounding can make of gradients so small" in stdout
    assert "~" not in cli("check", "--shape", "5,4,3").stdout


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_where_the_cost_is_not_finite_no_witness_agrees(bad):
    one, x, y = problem(activation="relu", output_activation="identity")
    one.params[:] = bad
    with np.errstate(over="ignore", invalid="ignore"):
        rows = compare(one, x, y)
    assert {(row["error"], row["agree"]) for row in rows} == {(1, False)}


def test_gradients_whose_norm_overflows_do_not_agree():
    def huge(net, *others):
        return np.full_like(net.params, 1e200)

    with np.errstate(over="ignore", invalid="ignore"):
        rows = compare(*problem(), gradient=huge, witnesses={"huge": huge})
    assert {(row["error"], row["agree"]) for row in rows} == {(1, False)}


@pytest.mark.parametrize("cost", list(functions.COSTS))
@pytest.mark.parametrize(
    ("dtype_x", "dtype_y"), [("f4", "f8"), ("f8", "f4"), ("f8", int), ("f8", bool)]
)
def test_every_witness_takes_the_samples_that_backward_takes(cost, dtype_x, dtype_y):
    one, x, y = problem(cost=cost)
    x, y = x.astype(dtype_x), y.astype(dtype_y)
    assert not disagreements(compare(one, x, y))


# --- rounding -------------------------------------------------------------------------------------

SATURATED = [
    ("sigmoid", None, "half-squared-error"),
    ("sigmoid", None, "cross-entropy"),
    ("sigmoid", "sigmoid", "cross-entropy"),
    ("identity", "sigmoid", "cross-entropy"),
    ("tanh", "tanh", "squared-error"),
    ("relu", "tanh", "half-squared-error"),
    ("relu", None, "half-squared-error"),
    ("relu", None, "cross-entropy"),
    ("leaky-relu", "identity", "squared-error"),
]


def saturated(shape, seed, size, activation, output, cost, dtype=np.float64, **more):
    """Return a net whose weighted inputs are about as large as the root of its inputs."""
    net = init_net(
        shape, rng=seed, dtype=dtype, activation=activation, output_activation=output, cost=cost,
        **{"init": "normal"} | more,
    )  # fmt: skip
    rng = np.random.default_rng([seed, 1])
    for b in net.b:
        b[:] = rng.normal(0, 0.1, b.shape)
    x = rng.random((size, shape[0]))
    return net, x, np.eye(shape[-1])[rng.integers(0, shape[-1], size)]


@pytest.mark.parametrize("functions_of_net", SATURATED, ids=str)
def test_no_witness_accuses_backward_where_units_are_saturated(functions_of_net):
    for shape, size in itertools.product([(2000, 3, 2), (8262, 2), (300, 5, 4, 3)], (1, 3)):
        for seed in range(1 if len(shape) == 3 else 2):
            rows = compare(*saturated(shape, seed, size, *functions_of_net), rng=seed)
            assert not disagreements(rows), (shape, size, seed, rows)


def test_the_command_says_how_large_rounding_can_be(cli):
    for seed in range(20):
        args = ("--shape", "8262,2", "--init", "normal", "--batch-size", 1, "--seed", seed)
        rows = json.loads(cli("check", *args, "--json").stdout)["comparisons"]
        marked = [r for r in rows if r["witness"] == "autodiff" and r["error"] > 1e-7]
        if marked:
            break
    assert all(row["error"] <= row["rounding"] for row in marked)
    head, *_, rounding, legend = [
        line
        for line in cli("check", *args).stdout.splitlines()
        if not line.startswith(("PyTorch", "largest"))
    ]
    assert legend == "~ above 1e-07, but no more than rounding can make of gradients so small"
    column = head.split().index("autodiff") - 1
    most = max(row["rounding"] for row in rows if row["witness"] == "autodiff")
    assert rounding.split()[column] == f"{most:.1e}"


@pytest.mark.parametrize("z", [0.5, 5.0, 10, 20, 30, 35, -10, -30, -300])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_autodiff_knows_the_last_digits_of_a_slope_and_backward_those_that_are_left(name, z):
    """Compared with 400 digits: a (1 - a) keeps none that 1 - a has lost."""
    with decimal.localcontext(prec=400):
        exact = {"sigmoid": 1, "tanh": 2}[name]  # tanh(z) = 2 sigmoid(2 z) - 1
        a = 1 / (1 + (-exact * decimal.Decimal(z)).exp())
        slope = exact**2 * a * (1 - a)
        tensor = Tensor(z, requires_grad=True)
        getattr(tensor, name)().backward()
        assert abs(decimal.Decimal(float(tensor.grad)) / slope - 1) < 1e-15
        function = functions.ACTIVATIONS[name]
        by_a = float(function.slope(function.value(np.array([z])))[0])
        unit = UNITS * np.finfo(float).eps
        off = abs(float(decimal.Decimal(by_a) - slope))
        assert off <= unit * float(slope + (a if name == "sigmoid" else 1)) / 2
    if z >= 20:
        assert off > 1e-9 * float(slope)  # of which no bound that knew only the slope would know


@pytest.mark.parametrize("functions_of_net", SATURATED, ids=str)
def test_rounding_covers_what_float32_loses_and_is_not_much_more(functions_of_net):
    """The same bound, in a precision whose errors float64 can measure."""
    larger = []
    for init in "normal", "lecun":
        for seed in range(5):
            one, x, y = saturated((30, 6, 5, 3), seed, 5, *functions_of_net, np.float32, init=init)
            x = x.astype(np.float32)
            exact, *_ = saturated((30, 6, 5, 3), seed, 5, *functions_of_net, init=init)
            exact.params[:] = one.params
            error = abs(by_hand(one, x, y, 0.1, 0.2) - by_autodiff(exact, x, y, 0.1, 0.2))
            allowed = rounding(one, x, y, 0.1, 0.2)
            assert (error <= allowed).all()
            larger.append(np.linalg.norm(allowed) / np.linalg.norm(error))
    assert np.median(larger) < 1000


@pytest.mark.parametrize("factor", [1e-5, -1e-5])
@pytest.mark.parametrize("group", range(4))
@pytest.mark.parametrize(
    ("functions_of_net", "init"),
    [(SATURATED[0], "normal"), (SATURATED[0], "lecun"), (SATURATED[2], "normal")], ids=str,
)  # fmt: skip
def test_what_is_wrong_by_a_hundred_thousandth_is_found_by_both(
    group, factor, functions_of_net, init
):
    name = ["W[0]", "W[1]", "b[0]", "b[1]"][group]

    def wrong(net, *others):
        net.grads[:] = by_hand(net, *others)
        [*net.dW, *net.db][group].__imul__(1 + factor)
        return net.grads.copy()

    problem = saturated((784, 10, 5), 1, 20, *functions_of_net, init=init)
    rows = compare(*problem, gradient=wrong)
    found = disagreements(rows)
    assert {who for who, _ in found} >= {"differences", "autodiff"}
    assert {where for _, where in found} == {name}


def test_a_cost_with_a_wrong_value_is_found_by_differences(monkeypatch):
    """Of sure samples another way to the cost is taken: of the rest, the one that is reported."""
    for output in functions.COSTS["cross-entropy"]:
        right = functions.COSTS["cross-entropy"][output]
        wrong = right._replace(value=lambda a, y, right=right: 1.001 * right.value(a, y))
        monkeypatch.setitem(functions.COSTS["cross-entropy"], output, wrong)
        rows = compare(*problem(cost="cross-entropy", output_activation=output))
        assert {who for who, _ in disagreements(rows)} == {"differences"}


@pytest.mark.parametrize("output", functions.COSTS["cross-entropy"])
def test_of_sure_samples_differences_are_those_of_the_cost_that_is_not_clipped(output):
    one, x, y = saturated((8262, 3, 2), 0, 3, "identity", output, "cross-entropy")
    by_hand(one, x, y)
    np.testing.assert_allclose(np.sort(one.a[-1]), [[0, 1]] * 3, atol=1e-10)
    y = 1 - np.rint(one.a[-1])  # sure, and wrong: what is reported of it changes with nothing
    expected = by_autodiff(one, x, y)
    chosen = np.arange(0, one.params.size, 400)
    found = by_differences(one, x, y, chosen=chosen)
    assert np.linalg.norm(expected[chosen]) > 1
    assert relative_error(found[chosen], expected[chosen]) < 1e-7


def test_large_inputs_do_not_make_a_nudge_too_long():
    """What a nudge of a weight from them does is curved: two nudges tell how much."""
    one, x, y = problem((4, 30, 3), activation="identity")
    for size in 1, 10, 100, 1000, 1e4:
        scaled = x * size
        one.W[0][:] = init_net((4, 30), rng=0).W[0] / size
        assert not disagreements(compare(one, scaled, y)), size
