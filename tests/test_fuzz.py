"""scripts/fuzz.py counts cases, records them, and goes on with a campaign that was cut short."""

import json
import mmap
from contextlib import contextmanager
from pathlib import Path

import fuzz
import pytest
from click.testing import CliRunner
from fuzzing import campaign, commands, configurations
from fuzzing.campaign import Kind, Trials

TRIED = []


@contextmanager
def trials(seed, folder):
    """Give cases of which one fails, one raises, and one takes no end of time."""
    (folder / "scratch").touch()

    def trial(number):
        TRIED.append((seed, number))
        if number == 7:
            raise KeyError("seven")
        if number == 99:
            raise KeyboardInterrupt
        return "it is three" if number == 3 else None

    yield Trials(trial)


@contextmanager
def few(seed, folder):
    """Give as many cases as there are."""
    yield Trials(lambda number: None, 5)


@contextmanager
def slow(seed, folder):
    """Give a case that takes little where it is prepared to, and one that takes too much."""
    held = []

    def take(number):
        if number:
            room = mmap.mmap(-1, 30 << 20)  # new, where malloc may give what was let go
            room[:: mmap.PAGESIZE] = bytes(len(room) // mmap.PAGESIZE)
            held.append(room)
            sum(range(4_000_000))

    yield Trials(take, 2, lambda number: None if number else sum(range(4_000_000)))


@pytest.fixture
def run(monkeypatch):
    TRIED.clear()
    kinds = {
        "tried": Kind(f"{__name__}", "numbers", "they are not three", 9),
        "few": Kind(f"{__name__}.few", "few", "nothing"),
        "slow": Kind(f"{__name__}.slow", "slow", "nothing"),
    }
    opened = {"tried": trials, "few": few, "slow": slow}
    monkeypatch.setattr(Kind, "trials", lambda kind, *args: opened[named(kinds, kind)](*args))
    monkeypatch.setattr(fuzz, "KINDS", kinds)
    (argument,) = (param for param in fuzz.main.params if param.name == "name")
    monkeypatch.setattr(argument, "type", type(argument.type)(list(kinds)))

    def invoke(*args, code=0):
        result = CliRunner().invoke(fuzz.main, [*map(str, args), "-o", "."])
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result

    return invoke


def named(kinds, wanted):
    return next(name for name, kind in kinds.items() if kind is wanted)


def record(name):
    return json.loads(Path("fuzz.json").read_text(encoding="utf-8"))["campaigns"][name]


def test_a_campaign_prints_and_records_what_fails_and_ends_with_1(run):
    printed = run("tried", "--seed", 4, code=1).stdout
    assert printed.splitlines() == [
        "tried --seed 4 --first 3 --count 1: it is three",
        "tried --seed 4 --first 7 --count 1: KeyError: 'seven'",
    ]
    found = record("tried")
    assert (found["count"], found["failed"], found["finished"]) == (9, 2, True)
    assert found["failures"][0] == {"number": 3, "what": "it is three"}
    assert found["command"] == "python scripts/fuzz.py tried --seed 4"
    assert {"date", "machine", "processor", "versions", "source"} <= found.keys()
    text = Path("fuzz.md").read_text(encoding="utf-8")
    assert "| tried | 9 | 2 | " in text
    assert "- Failed: `tried --seed 4 --first 3 --count 1`: it is three" in text


def test_what_reproduces_a_failure_is_tried_alone_and_not_recorded(run):
    run("tried", "--count", 2)
    before = Path("fuzz.json").read_bytes()
    run("tried", "--first", 3, "--count", 1, code=1)
    run("tried", "--first", 0, "--count", 1)
    assert TRIED[2:] == [(0, 3), (0, 0)] and Path("fuzz.json").read_bytes() == before


def test_a_campaign_that_was_cut_short_goes_on_where_it_was(run, monkeypatch):
    run("tried", "--count", 200, code=130)
    assert (record("tried")["count"], record("tried")["finished"]) == (99, False)
    TRIED.clear()
    run("tried", "--first", 100, "--count", 2)  # which leaves a hole, and is not recorded
    assert record("tried")["count"] == 99
    monkeypatch.setattr(campaign, "source", lambda: "other")
    monkeypatch.setattr(fuzz, "source", lambda: "other")
    run("tried", "--count", 3)  # of other code: from the beginning
    assert TRIED == [(0, 100), (0, 101), (0, 0), (0, 1), (0, 2)]
    run("tried", "--count", 6, code=1)
    assert TRIED[5:] == [(0, 3), (0, 4), (0, 5)]
    assert (record("tried")["count"], record("tried")["failed"]) == (6, 1)
    run("tried", "--count", 6, code=1)  # finished: once more
    assert len(TRIED) == 14 and record("tried")["count"] == 6


def test_a_kind_with_an_end_is_tried_whole(run):
    run("few")
    assert record("few")["count"] == 5
    run("few")
    assert record("few")["count"] == 5 and record("few")["finished"]


def test_too_much_time_and_memory_are_failures(run, monkeypatch):
    monkeypatch.setattr(campaign, "SECONDS", 0.03)
    monkeypatch.setattr(campaign, "MEMORY", 20 << 20)
    seconds, megabytes = run("slow", code=1).stdout.splitlines()
    assert seconds.startswith("slow --seed 0 --first 1 --count 1: took 0.")
    assert megabytes.endswith(" MB") and record("slow")["most_megabytes"] > 20


@pytest.mark.parametrize("make", [configurations.make_file, commands.make_line])
def test_a_case_follows_from_its_seed_and_number(make):
    one, two, other = ([make(seed, number) for number in range(200)] for seed in (1, 1, 2))
    assert one == two != other
    assert len({str(case) for case in one}) > 150
