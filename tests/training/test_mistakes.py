"""The mistakes that a net is surest of, kept while it is measured part by part."""

from dataclasses import astuple

import numpy as np
import pytest
from examples import bars

from simplenet import evaluate, init_net, outputs
from simplenet.training import committee
from simplenet.training.committee import evaluate_committee
from simplenet.training.mistakes import Mistake, surest


def by_hand(a, labels, most):
    """Return index, truth, prediction and output of the surest mistakes, by sorting all of them."""
    rows = enumerate(zip(labels.tolist(), a.argmax(axis=1).tolist(), a.max(axis=1).tolist()))
    wrong = [(n, truth, found, output) for n, (truth, found, output) in rows if truth != found]
    return sorted(wrong, key=lambda row: (-row[3], row[0]))[:most]


def test_the_largest_outputs_come_first_and_of_equal_ones_the_first_image():
    a = np.array([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8], [0.6, 0.1]])
    found = surest([Mistake(3, 1, 0, 0.8)], a, np.array([1, 1, 0, 1]), 10, 3)
    assert found == [Mistake(10, 1, 0, 0.9), Mistake(3, 1, 0, 0.8), Mistake(12, 0, 1, 0.8)]
    assert surest(found, a[:0], np.array([], int), 14, 2) == found[:2]
    assert surest([], a, a.argmax(axis=1), 0, 3) == []


@pytest.mark.parametrize("most", [1, 7, 5000])
@pytest.mark.parametrize("count", [1, 3])
def test_the_mistakes_of_a_committee_are_those_of_its_mean(monkeypatch, most, count):
    monkeypatch.setattr(committee, "TOGETHER", 700)  # so that there are several parts
    images, labels = bars(2100)
    members = [init_net((24, 5, 3), rng=seed) for seed in range(count)]
    mean = np.mean([outputs(net, images) for net in members], axis=0)
    score = evaluate_committee(members, images, labels, mistakes=most)
    assert [astuple(one) for one in score.mistakes] == by_hand(mean, labels, most)
    assert len(score.mistakes) == min(most, int((mean.argmax(axis=1) != labels).sum()))


def test_none_are_kept_unless_they_are_asked_for():
    images, labels = bars(500)
    net = init_net((24, 5, 3), rng=0)
    assert evaluate(net, images, labels).mistakes == ()
    assert evaluate_committee([net], images, labels).mistakes == ()
