"""Committees: the mean of what several nets, or one for several copies, make of images."""

import numpy as np
import pytest
from examples import bars

from simplenet import evaluate, init_net, outputs
from simplenet.errors import DataError
from simplenet.functions import COSTS
from simplenet.training import committee
from simplenet.training.committee import committee_outputs, evaluate_committee
from simplenet.training.distort import distort


def nets(count, **how):
    return [init_net((24, 5, 3), rng=seed, dtype=np.float64, **how) for seed in range(count)]


def test_the_outputs_of_a_committee_are_the_mean_of_those_of_its_members():
    images, labels = bars(2100)
    members = nets(3)
    expected = (sum(outputs(net, images) for net in members)) / 3
    assert np.allclose(committee_outputs(members, images), expected, rtol=0, atol=1e-15)
    score = evaluate_committee(members, images, labels)
    assert score.accuracy == (expected.argmax(axis=1) == labels).mean()
    truth = np.eye(3)[labels]
    cost = COSTS["half-squared-error"]["sigmoid"].value(expected, truth) / len(images)
    assert score.cost == pytest.approx(cost, rel=1e-12)
    for row, column in np.ndindex(3, 3):
        found = (labels == row) & (expected.argmax(axis=1) == column)
        assert score.confusion[row, column] == found.sum()


def test_one_net_is_measured_as_evaluate_does():
    images, labels = bars(500)
    (net,) = nets(1)
    one, other = evaluate(net, images, labels), evaluate_committee([net], images, labels)
    assert one.cost == other.cost and (one.confusion == other.confusion).all()


def test_nets_with_different_costs_have_none_together():
    images, labels = bars(60)
    members = nets(1) + nets(1, cost="cross-entropy")
    assert evaluate_committee(members, images, labels).cost is None


def test_copies_are_distorted_anew_and_the_same_each_time(monkeypatch):
    images, labels = bars(50)
    (net,) = nets(1)
    strengths, seen = {"rotation": 30.0}, []

    def watched(*args, **kwargs):
        seen.append(distort(*args, **kwargs))
        return seen[-1]

    monkeypatch.setattr(committee, "distort", watched)
    found = committee_outputs([net], images, copies=4, strengths=strengths)
    assert len(seen) == 4 and len({copy.tobytes() for copy in seen}) == 4
    assert np.allclose(found, np.mean([outputs(net, copy) for copy in seen], axis=0))
    again = committee_outputs([net], images, copies=4, strengths=strengths)
    assert (again == found).all() and (found != outputs(net, images)).any()
    assert evaluate_committee([net], images, labels, copies=1, strengths=strengths).cost


def test_images_go_through_in_parts(monkeypatch):
    images, _ = bars(100)
    whole = committee_outputs(nets(2), images)
    monkeypatch.setattr(committee, "TOGETHER", 7)
    assert np.allclose(committee_outputs(nets(2), images), whole, rtol=0, atol=1e-15)


def test_members_and_images_that_do_not_fit_are_refused():
    images, labels = bars(10)
    other = init_net((24, 4), rng=0)
    with pytest.raises(DataError, match="committee: expected nets with 3 outputs, .* one with 4"):
        committee_outputs([*nets(1), other], images)
    with pytest.raises(DataError, match="images: expected 24 pixels"):
        evaluate_committee(nets(1), images[:, :2], labels)
    flat = images.reshape(len(images), -1)
    with pytest.raises(DataError, match=r"images: expected the shape \(n, rows, columns\)"):
        committee_outputs(nets(1), flat, copies=2)
