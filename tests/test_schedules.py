"""Schedules against what they mean."""

import pytest

from simplenet.schedules import SCHEDULES


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("constant", {}, {0: 1, 3.7: 1, 10: 1}),
        ("step", {"decay": 0.5, "decay_every": 3}, {0: 1, 2.99: 1, 3: 0.5, 5.9: 0.5, 6: 0.25}),
        ("exponential", {"decay": 0.25}, {0: 1, 0.5: 0.5, 1: 0.25, 2: 0.0625}),
        ("cosine", {"warmup": 0}, {0: 1, 5: 0.5, 10: 0}),
        ("cosine", {"warmup": 2}, {0: 0.125, 1: 0.625, 1.75: 1, 2: 1, 6: 0.5, 10: 0}),
    ],
)
def test_a_schedule_is_a_function_of_how_far_the_run_is(name, settings, expected):
    for done, factor in expected.items():
        found = SCHEDULES[name](done, 0.25, {"epochs": 10, **settings})
        assert found == pytest.approx(factor, abs=1e-12)
        assert type(found) is float


@pytest.mark.parametrize("steps", [1, 3, 7, 50, 3000])  # in an epoch
@pytest.mark.parametrize("warmup", [1e-9, 0.3, 1, 1.5, 2])
def test_a_warm_up_begins_above_0_rises_and_ends_at_1(warmup, steps):
    settings = {"epochs": 3, "warmup": warmup}
    done = [number / steps for number in range(3 * steps)]
    rates = [SCHEDULES["cosine"](at, 1 / steps, settings) for at in done]
    warm = [rate for at, rate in zip(done, rates) if at < warmup]
    assert 0 < warm[0] <= 1
    assert warm == sorted(warm)
    assert warm[-1] == pytest.approx(1) and max(rates) <= 1
    after = rates[len(warm) :]
    assert after == sorted(after, reverse=True)
    assert all(rate > 0 for rate in rates)  # no step is for nothing
