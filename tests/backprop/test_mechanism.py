"""The machine: each joint passes on all the power it is given, and nothing is driven twice."""

import dataclasses

import numpy as np
import pytest

from simplenet.backprop.example import X, Y, example_net, trace
from simplenet.backprop.mechanism import (
    Part,
    forces,
    freedoms,
    given,
    machine,
    positions,
    speeds,
    statics,
)
from simplenet.net import init_net

SHAPES = [(1, 1, 1), (1, 1, 2), (2, 2, 2), (3, 4, 2, 2)]  # a chain, the fork, the example, deeper
FUNCTIONS = [
    ("sigmoid", "half-squared-error"),
    ("sigmoid", "cross-entropy"),
    ("tanh", "squared-error"),
    ("leaky-relu", "half-squared-error"),
]


def random_net(shape, rng, activation="sigmoid", cost="half-squared-error"):
    output = "sigmoid" if cost == "cross-entropy" else activation
    net = init_net(
        shape, rng=rng, dtype=np.float64, activation=activation, output_activation=output, cost=cost
    )
    net.params[:] = rng.normal(size=net.params.size)
    return net


def random_place(shape, rng, **functions):
    net = random_net(shape, rng, **functions)
    x, y = rng.normal(size=shape[0]), rng.uniform(size=shape[-1])
    made = machine(net)
    return net, x, y, made, positions(made, given(net, x, y))


@pytest.mark.parametrize(("activation", "cost"), FUNCTIONS)
def test_every_joint_passes_on_the_power_that_it_is_given(activation, cost):
    rng = np.random.default_rng(0)
    for _ in range(100):
        shape = SHAPES[rng.integers(len(SHAPES))]
        *_, made, at = random_place(shape, rng, activation=activation, cost=cost)
        moves = {name: rng.normal() for name in (*made.held, *made.cranks)}
        v, (felt, shares) = speeds(made, at, moves), forces(made, at)
        for part in made.parts:
            enters = [shares[f"{part.name} {name}"] * v[name] for name in part.inputs]
            scale = max(1, *map(abs, enters))
            assert abs(sum(enters) - felt[part.output] * v[part.output]) <= 1e-12 * scale, part
        # And so the whole does: the hands on the cranks lift the weight.
        hands = [felt[name] * way for name, way in moves.items()]
        assert abs(sum(hands) - v["C"]) <= 1e-12 * max(1, *map(abs, hands))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_speeds_are_those_of_the_positions(shape):
    rng = np.random.default_rng(1)
    net, x, y, made, at = random_place(shape, rng)
    start = given(net, x, y)
    moves = {name: rng.normal() for name in start}
    v = speeds(made, at, moves)

    def after(step):
        return positions(made, {name: start[name] + step * moves[name] for name in start})

    ahead, behind = after(1e-5), after(-1e-5)
    for name in made.values:
        assert v[name] == pytest.approx((ahead[name] - behind[name]) / 2e-5, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("activation", "cost"), FUNCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_felt_is_what_backward_computes(shape, activation, cost):
    rng = np.random.default_rng(2)
    net, x, y, made, at = random_place(shape, rng, activation=activation, cost=cost)
    felt, _ = forces(made, at)
    known = trace(net, x, y)
    assert at["C"] == pytest.approx(known.cost, rel=1e-12)
    gradients = []
    for dW, db in zip(known.dc_dW, known.dc_db):
        gradients += [*dW.T.ravel(), *db]
    assert [felt[name] for name in made.cranks] == pytest.approx(gradients, rel=1e-12, abs=1e-15)
    for units, z, a, dc_dz in zip(made.units[1:], known.z, known.a[1:], known.dc_dz):
        assert [at[f"z.{unit}"] for unit in units] == pytest.approx(z, rel=1e-12)
        assert [at[unit] for unit in units] == pytest.approx(a, rel=1e-12)
        assert [felt[f"z.{unit}"] for unit in units] == pytest.approx(dc_dz, rel=1e-12, abs=1e-15)


def test_at_the_fork_the_forces_of_two_levers_add():
    net = example_net()
    made = machine(net)
    at = positions(made, given(net, X[0], Y[0]))
    felt, shares = forces(made, at)
    assert shares["lever 5 h1"] == pytest.approx(+0.055399424651422786, rel=1e-12)
    assert shares["lever 7 h1"] == pytest.approx(-0.019049118258278108, rel=1e-12)
    assert felt["h1"] == pytest.approx(0.036350306393144678, rel=1e-12)
    assert at["C"] == pytest.approx(0.29837110876000269, rel=1e-14)
    assert felt["w5"] == pytest.approx(0.082167040564230779, rel=1e-12)
    assert felt["w1"] == pytest.approx(0.00043856773447434673, rel=1e-12)


def driven_once(made):
    """Say whether each value is given, or driven by one part whose inputs stand before it."""
    known = [*made.held, *made.cranks]
    for part in made.parts:
        if part.output in known or not set(part.inputs) <= set(known):
            return False
        known.append(part.output)
    return len(known) == len(set(known))


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_driven_twice_and_nothing_jams(shape):
    rng = np.random.default_rng(3)
    net, _, _, made, at = random_place(shape, rng)
    assert driven_once(made)
    given_ones = net.params.size + shape[0] + shape[-1]
    assert freedoms(made) == given_ones == len(made.cranks) + len(made.held)
    # The same by rank: one equation for each part, none of which follows from the others.
    place = {name: i for i, name in enumerate(made.values)}
    closed = np.zeros((len(made.parts), len(place)))
    for row, part in zip(closed, made.parts):
        row[place[part.output]] = -1
        for name, ratio in zip(part.inputs, statics(part, [at[i] for i in part.inputs], 1.0)):
            row[place[name]] += ratio
    rank = np.linalg.matrix_rank(closed)
    assert rank == len(made.parts) and len(place) - rank == given_ones


def test_a_train_in_which_a_part_is_driven_twice_is_found_out():
    """As the first drawing was: the padlocked input and Z in one mesh."""
    made = machine(example_net())
    twice = (*made.parts, Part("lever 0", "lever", ("x1", "w1"), "z.h1"))
    jammed = dataclasses.replace(made, parts=twice)
    assert not driven_once(jammed)
    assert freedoms(jammed) != len(made.cranks) + len(made.held)


def test_softmax_is_refused():
    net = init_net((2, 2), rng=0, cost="cross-entropy")
    with pytest.raises(ValueError, match="machine: expected units with a cam each; found softmax"):
        machine(net)
