"""The table of default learning rates is what the rule gives now, and every pair is in it."""

import json

import pytest
import rates
from conftest import ROOT

from simplenet.options import default_lr

RESULTS = ROOT / "scripts" / "results" / "rates.json"


@pytest.fixture(scope="module")
def table():
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def options_of(row):
    hidden = tuple(row["hidden"])
    return rates.Options(hidden, *(row[name] for name in rates.Options._fields[1:]))


def test_everything_that_is_planned_was_run_once(table):
    assert sorted(map(options_of, table["rows"])) == sorted(rates.plan())
    assert table["runs"] == len(table["rows"])


def test_the_rates_are_those_of_today(table):
    for row in table["rows"]:
        options = options_of(row)
        lr = default_lr(
            hidden=options.hidden,
            activation=options.activation,
            output_activation="softmax" if options.cost == "cross-entropy" else "sigmoid",
            cost=options.cost,
            optimizer=options.optimizer,
            momentum=0.9 if options.optimizer == "nesterov" else 0.0,
            batch_size=options.batch_size,
        )
        assert row["lr"] == lr, options


def test_what_the_note_says_of_the_table_is_so(table):
    """All reach 90 % but those that the note names, and tells why."""
    short = [row for row in table["rows"] if row["test"] < rates.ENOUGH]
    assert table["below 90%"] == len(short)
    note = (ROOT / "scripts" / "notes" / "learning-rate.md").read_text(encoding="utf-8")
    assert f"{len(table['rows'])} runs" in note
    ten = [row for row in short if row["hidden"] == [10]]
    thousand = [row for row in short if row["hidden"] == [1000]]
    assert len(ten) + len(thousand) == len(short)
    assert f"{len(ten)} with ten neurons" in note
    assert f"{len(thousand)} with 1,000" in note
    for row in thousand:
        assert f"{100 * row['test']:.1f} %" in note
    assert f"down to {100 * min(row['test'] for row in ten):.1f} %" in note


def test_a_run_is_logged_and_not_run_again(tmp_path):
    done = {"lr": 5.0, "validation": 0.9, "test": 0.91}
    log = tmp_path / "log"
    log.write_text(json.dumps({**rates.Options()._asdict(), **done}) + "\n", encoding="utf-8")
    (row,) = rates.logged(log)
    assert options_of(row) == rates.Options()
    report = json.loads(rates.table([row]))
    assert (report["runs"], report["below 90%"], report["rows"][0]["test"]) == (1, 0, 0.91)
