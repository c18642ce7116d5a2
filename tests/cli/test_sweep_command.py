"""`simplenet sweep`: what a person types, what is printed, and how a sweep goes on."""

import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from simplenet import load_model
from simplenet.cli.signals import Interrupted
from simplenet.cli.space import Several, seeds
from simplenet.datasets.load import Data
from simplenet.options import OPTIONS
from simplenet.presets import PRESETS
from simplenet.training import processes
from simplenet.training import sweep as library
from simplenet.training.space import Range


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def trained(monkeypatch):
    """Have trials run by threads of this process, without training; return those that were."""
    ran = []

    def run(trial, source):
        ran.append(trial)
        lr, seed = trial.training["lr"], trial.training["seed"]
        accuracy = None if lr > 100 else 0.5 + lr / 100 + seed / 1000
        return library.Outcome(accuracy, trial.training["epochs"], 0.5)

    monkeypatch.setattr(processes, "Processes", ThreadPoolExecutor)
    monkeypatch.setattr(library, "sweep", partial(library.sweep, run=run))
    return ran


def settings(cli, data, *args, **kwargs):
    """Return what `--json` prints of a sweep's settings."""
    result = cli("sweep", "--data", data, *args, "--json", **kwargs)
    return json.loads(result.stdout)["settings"]


# --- what a person types --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("lr", "5", (5.0,)),
        ("lr", "1,3,5", (1.0, 3.0, 5.0)),
        ("hidden", "100,50", ((100, 50),)),
        ("activation", "relu,tanh", (("relu", "tanh"),)),
        ("optimizer", "sgd,adam", ("sgd", "adam")),
        ("lr", "0.1..10", (Range("0.1..10", 0.1, 10, False, False),)),
        ("lr", "1e-3..1e1:log", (Range("1e-3..1e1:log", 0.001, 10, False, True),)),
        ("lr", ".5...75", (Range(".5...75", 0.5, 0.75, False, False),)),
        ("lr", "1,2..3", (1.0, Range("2..3", 2, 3, False, False))),
        ("batch_size", "10..20", (Range("10..20", 10, 20, True, False),)),
        ("hidden", "20..200:log", (Range("20..200:log", 20, 200, True, True),)),
    ],
)
def test_values_are_read_as_train_reads_them_and_commas_stand_between(name, text, values):
    assert Several(OPTIONS[name])(text) == values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lr", ""), ("lr", "1,,2"), ("lr", "0..1"), ("lr", "1..x"), ("lr", "2..1"), ("lr", "1..1"),
        ("lr", "1.."), ("lr", "..1"), ("lr", "1..2..3"), ("lr", "1..2:lin"), ("lr", "1..inf"),
        ("l2", "0..1:log"), ("optimizer", "a..b"), ("batch_size", "1..2.5"), ("shape", "1..2"),
        ("hidden", "10..20,30"), ("hidden", "1,2..3,4"), ("activation", "relu..tanh"),
    ],
)  # fmt: skip
def test_what_is_no_value_and_no_range_is_refused(name, text):
    with pytest.raises(ValueError, match="^expected "):
        Several(OPTIONS[name])(text)


def test_seeds_are_read():
    assert seeds("0-9") == tuple(range(10))
    assert seeds("7") == (7,) and seeds("3,0-2,1") == (3, 0, 1, 2, 1)
    for text in "", "-1", "9-0", "1-", "a", "0..9", "1,,2", "0-999999999", "4294967296":
        with pytest.raises(ValueError, match="^expected "):
            seeds(text)


def test_every_option_of_training_can_be_swept(cli):
    from simplenet.cli.sweep import command

    swept = {param.name for param in command.params if param.multiple} - {"config"}
    assert swept == set(OPTIONS) - {"seed"}


# --- what is tried and printed --------------------------------------------------------------------


def test_a_grid_is_every_combination_with_every_seed_the_best_first(cli, data, trained):
    args = "--hidden", 4, "--hidden", "6,5", "--lr", "1,3", "--seeds", "0-2", "--epochs", 2
    result = cli("sweep", "--data", data, *args)
    assert result.stdout.splitlines() == [
        "   mean  deviation    least  hidden  lr",
        "53.10 %     0.10 %  53.00 %  4       3",
        "53.10 %     0.10 %  53.00 %  6,5     3",
        "51.10 %     0.10 %  51.00 %  4       1",
        "51.10 %     0.10 %  51.00 %  6,5     1",
    ]
    assert {(t.shape, t.training["lr"], t.training["seed"]) for t in trained} == {
        ((64, *hidden, 3), lr, seed)
        for hidden in ((4,), (6, 5)) for lr in (1.0, 3.0) for seed in range(3)
    }  # fmt: skip
    assert len(trained) == 12 and {t.training["epochs"] for t in trained} == {2}
    best = f"to train the best: simplenet train --hidden 4 --lr 3 --epochs 2 --data {data}\n"
    assert result.stderr.endswith(best) and "sweep 12 trials, 0 of them" in result.stderr
    assert "trial 12/12  validation " in result.stderr


def test_with_one_seed_the_table_has_its_accuracy_and_what_diverged_comes_last(cli, data, trained):
    result = cli("sweep", "--data", data, "--lr", "1000,3", "--seeds", 7, "-q")
    assert result.stdout == "validation  lr\n   53.70 %  3\n  diverged  1000\n"
    assert result.stderr == ""
    assert cli("sweep", "--data", data, "--lr", "1000,3", "--seeds", "7").stderr.endswith(
        f"simplenet train --lr 3 --seed 7 --data {data}\n"
    )


def test_json_has_each_result(cli, data, trained):
    rows = settings(cli, data, "--lr", "1,1000", "--seeds", "0,4")
    assert rows[0]["options"] == {"lr": "1"} and rows[0]["least"] == pytest.approx(0.51)
    assert rows[0]["mean"] == pytest.approx(0.512)
    assert rows[0]["validation_accuracies"] == pytest.approx([0.51, 0.514])
    assert rows[1]["validation_accuracies"] == [None, None] and rows[1]["mean"] is None


def test_what_is_idle_beside_a_value_is_left_out_there(cli, data, trained):
    args = "--optimizer", "sgd,adam", "--beta1", "0.8,0.9", "--elastic", "0,30"
    found = [row["options"] for row in settings(cli, data, *args, "--elastic-sigma", "4,5")]
    assert len(found) == len(trained) == 3 + 6
    assert {"optimizer": "sgd", "elastic": "0"} in found
    assert {"optimizer": "sgd", "elastic": "30", "elastic_sigma": "4"} in found
    assert {"optimizer": "adam", "beta1": "0.8", "elastic": "0"} in found


def test_random_search_draws_the_same_again_and_more_if_asked(cli, data, trained):
    args = "--lr", "0.5..20:log", "--hidden", "3..9"
    first = settings(cli, data, *args, "--trials", 4)
    assert len(trained) == 4
    more = settings(cli, data, *args, "--trials", 6)
    assert len(trained) == 6
    assert [row for row in more if row in first] == first
    for row in more:
        assert 0.5 <= float(row["options"]["lr"]) <= 20 and 3 <= int(row["options"]["hidden"]) <= 9


def test_random_search_in_few_settings_ends(cli, data, trained):
    assert len(settings(cli, data, "--lr", "1,2,3", "--trials", 100)) == 3


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--lr", "1..2"], "--lr: expected values, found the range 1..2: --trials N draws from it"),
        (["--lr", "1,x"], "Invalid value for '--lr': expected a number above 0, found 'x'."),
        (["--validation", "0"], "'--validation': expected images held out to measure by"),
        (["--validation", "1000"], "'--validation': expected fewer than the 240 training images"),
        (["--shape", "64,3", "--hidden", "4"], "--shape and --hidden: expected one of them"),
        (["--shape", "10,10"], "expected 64 inputs and 3 outputs for this data set, found 10,10"),
        (["--optimizer", "sgd", "--beta1", "0.5"], "which makes no use of beta1 0.5."),
        (["--seeds", "9-0"], "expected seeds such as 0-9 or 0,3,7; found '9-0'"),
        (["--workers", "0"], "expected a whole number from 1 to 1024"),
        (["-o", "no/s.jsonl"], "expected a folder to write to"),
        (["-o", "."], "found that . exists: name a file."),
        (["-o", "../data"], "found that ../data exists: name a file."),
        (["-o", "/dev/null"], "found that /dev/null exists: name a file."),
        (["--preset", "quikc"], "found 'quikc'; did you mean quick?"),
        (["--config", "none.toml"], "none.toml cannot be read"),
        (["--epochs", ",".join(map(str, range(1, 400))), "--lr",
          ",".join(map(str, range(1, 400)))], "expected at most 100,000 settings, found 159,201:"),
    ],
)  # fmt: skip
def test_a_slip_is_a_usage_error_before_any_work(cli, data, trained, args, words):
    result = cli("sweep", "--data", data, *args, code=2)
    assert words in result.stderr and result.stdout == ""
    assert not trained and list(Path().iterdir()) == []


def test_without_distributed_it_is_said_how_to_get_it(cli, data, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = cli("sweep", "--data", data, "--lr", 1, "--scheduler", "tcp://127.0.0.1:1", code=1)
    assert "-m pip install 'distributed>=" in result.stderr


# --- how a sweep goes on --------------------------------------------------------------------------


def test_what_has_ended_is_not_trained_again(cli, data, trained):
    args = "sweep", "--data", data, "--lr", "1,2"
    first = cli(*args)
    again = cli(*args)
    assert again.stdout == first.stdout and len(trained) == 2
    assert "sweep 2 trials, 2 of them in sweep.jsonl" in again.stderr
    cli(*args, "--seeds", "0-1")
    assert [t.training["seed"] for t in trained] == [0, 0, 1, 1]
    cli(*args, "--overwrite")
    assert len(trained) == 6


def test_what_is_given_twice_is_tried_once_and_that_is_said(cli, data, trained):
    args = "sweep", "--data", data, "--lr", "1,2,1.0", "--hidden", 4, "--hidden", 4
    result = cli(*args, "--seeds", "0,3-5,4")
    assert len(trained) == 2 * 4
    told = "note: given more than once, tried once: --lr 1, --hidden 4, --seeds 4\n"
    assert result.stderr.startswith(told)
    assert cli(*args, "-q", "-o", "another.jsonl").stderr == ""


def test_a_log_that_was_cut_short_is_gone_on_with(cli, data, trained):
    args = "sweep", "--data", data, "--lr", "1,2,3"
    first, path = cli(*args), Path("sweep.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    again = cli(*args)
    assert again.stdout == first.stdout and len(trained) == 4
    assert "3 trials, 2 of them in sweep.jsonl" in again.stderr


def test_a_log_that_is_write_protected_is_read_but_not_added_to(cli, data, trained):
    args = "sweep", "--data", data, "--lr", "1,2"
    first = cli(*args)
    Path("sweep.jsonl").chmod(0o444)
    assert cli(*args).stdout == first.stdout
    result = cli(*args, "--seeds", "0-1", code=2)
    assert "expected a log that can be added to, found sweep.jsonl: it is write-pr" in result.stderr
    assert len(trained) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="locks as Unix has them")
@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_two_sweeps_never_write_to_one_log(cli, data, trained, monkeypatch, more):
    inner = []

    def run(executor, todo, source, log, quiet):
        before = Path("sweep.jsonl").read_bytes()
        inner.append(cli(*args, code=2).stderr)
        assert Path("sweep.jsonl").read_bytes() == before
        run_all(executor, todo, source, log, quiet)

    from simplenet.cli.sweep import run_all

    args = "sweep", "--data", data, "--lr", "1,2", *more
    with monkeypatch.context() as patch:
        patch.setattr("simplenet.cli.sweep.run_all", run)
        cli(*args)
    assert "'-o'" not in inner[0] and "Invalid value for -o: expected a log that no" in inner[0]
    assert "one is writing to sweep.jsonl: wait for its end, or name another file." in inner[0]
    cli(*args)  # the first one has let go


@pytest.mark.skipif(sys.platform == "win32", reason="no such end there")
def test_a_sweep_that_was_killed_lets_go_of_its_log(make_data, cli):
    data = make_data("some", train=2400)
    args = "--data", data, "--hidden", 8, "--epochs", "1,1000000", "--workers", 2
    with subprocess.Popen(
        [sys.executable, "-m", "simplenet", "sweep", *map(str, args)],
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        while not process.stderr.readline().startswith("trial 1/2"):
            assert process.poll() is None
        assert "one is writing to sweep.jsonl" in cli("sweep", *args, code=2).stderr
        process.kill()
    asked = *args[:4], "--epochs", "1,1000000"
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(processes, "Processes", ThreadPoolExecutor)
        patch.setattr(library, "sweep", lambda *args: iter(()))
        patch.setattr("simplenet.cli.sweep.ranked", lambda trials: [{"mean": None}])
        patch.setattr("simplenet.cli.sweep.show", print)
        assert "2 trials, 1 of them in sweep.jsonl" in cli("sweep", *asked).stderr


# --- what a preset and files give -----------------------------------------------------------------


def test_a_preset_is_the_same_in_all_trials_unless_it_is_given_here(cli, data, trained):
    args = "--preset", "quick", "--hidden", 4, "--lr", "0.1,0.2", "--rotation", 0
    rows = settings(cli, data, *args, "--elastic", 0)
    preset = PRESETS["quick"]
    assert [row["options"]["lr"] for row in rows] == ["0.2", "0.1"]
    for row in rows:
        assert row["options"]["epochs"] == str(preset["epochs"])
        assert row["options"]["rotation"] == "0" and row["options"]["hidden"] == "4"
    assert {trial.training["optimizer"] for trial in trained} == {preset["optimizer"]}
    assert preset["validation"] == 0 and {t.training["validation"] for t in trained} == {None}


def test_files_come_before_the_preset_and_what_is_swept_before_both(cli, data, trained):
    Path("c.toml").write_text(
        f'epochs = 3\nhidden = [5, 4]\nseed = 7\noptimizer = "adam"\nbeta1 = 0.8\n'
        f"data = {json.dumps(str(data))}\nthreads = 2\n"
    )
    result = cli("sweep", "--config", "c.toml", "--optimizer", "sgd,adam", "--json")
    rows = json.loads(result.stdout)["settings"]
    assert json.loads(result.stdout)["seeds"] == [7]
    assert {trial.shape for trial in trained} == {(64, 5, 4, 3)}
    assert {trial.training["epochs"] for trial in trained} == {3}
    assert sorted(sorted(row["options"]) for row in rows) == [
        ["beta1", "epochs", "hidden", "optimizer"],  # of adam
        ["epochs", "hidden", "optimizer"],
    ]
    cli("sweep", "--config", "c.toml", "--shape", "64,3", "--epochs", "1,2", "-o", "b.jsonl")
    assert {trial.shape for trial in trained[2:]} == {(64, 3)}
    assert {trial.training["epochs"] for trial in trained[2:]} == {1, 2}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lr = [1, 3]", "'--lr': c.toml: expected a number above 0, found [1, 3]"),
        ("lr = 'x'", "'--lr': c.toml: expected a number above 0, found 'x'"),
        ("seed = -1", "'--seeds': c.toml: expected seeds such as 0-9 or 0,3,7; found '-1'"),
        ("seeds = 1", "expected only options such as seed"),
    ],
)
def test_a_slip_in_a_file_names_it(cli, data, trained, line, words):
    Path("c.toml").write_text(line)
    result = cli("sweep", "--data", data, "--config", "c.toml", code=2)
    assert words in result.stderr and not trained


# --- narrow terminals -----------------------------------------------------------------------------


def test_lines_fit_into_forty_columns(cli, data, trained, monkeypatch):
    from simplenet.cli import ranking, show

    args = "sweep", "--data", data, "--seeds", "0-1", "--hidden", "4", "--hidden", "6,5,4,3"
    args = *args, "--activation", "relu", "--activation", "leaky-relu", "--cost", "squared-error"
    wide = cli(*args)
    for module in ranking, show:
        monkeypatch.setattr(module, "columns_of", lambda stream: 40)
    narrow = cli(*args, "--overwrite")
    lines = [*narrow.stdout.splitlines(), *narrow.stderr.splitlines()[:-1]]  # but for a command
    assert max(map(len, lines)) <= 40, max(lines, key=len)
    assert narrow.stdout.splitlines()[:3] == [
        "mean 50.17 %  deviation 0.07 %", "  least 50.12 %  hidden 4", "  activation relu"
    ]  # fmt: skip
    for word in set(wide.stdout.split()) - {"hidden"}:
        assert word in narrow.stdout.split()


def test_a_trial_says_only_what_tells_it_from_the_others(cli, data, trained):
    args = "sweep", "--data", data, "--lr", "1,2", "--epochs", 2
    told = cli(*args).stderr
    assert re.search(r"^trial 2/2  validation  5\d\.00 %  0\.5 s  lr [12]$", told, re.MULTILINE)
    told = cli(*args, "--seeds", "0-2").stderr
    assert re.search(r"^trial 4/4  validation .*  lr [12]  seed [12]$", told, re.MULTILINE)


def test_the_log_of_another_sweep_is_refused_by_name(cli, data, make_data, trained):
    cli("sweep", "--data", data, "--lr", "1,2", "-o", "lr.jsonl")
    before = Path("lr.jsonl").read_bytes()
    other = make_data("other", train=120)
    for args, what in ((data, "--lr", "1,3"), "options"), ((other, "--lr", "1,2"), "data"):
        result = cli("sweep", "--data", *args, "-o", "lr.jsonl", code=2)
        assert (
            f"found that lr.jsonl is that of another, with other {what}: simplenet sweep --data "
            f"{data} --lr 1,2 -o lr.jsonl. Name another file, or give --overwrite."
        ) in result.stderr
    Path("notes.txt").write_text("mine\n")
    result = cli("sweep", "--data", data, "--lr", "1", "-o", "notes.txt", code=3)
    assert (
        "notes.txt: expected the log of a sweep, found a file whose line 1 is no JSON"
        in result.stderr
    )
    assert Path("notes.txt").read_text() == "mine\n" and Path("lr.jsonl").read_bytes() == before
    assert len(trained) == 2


def test_a_log_without_a_trial_gives_way(cli, data, trained, monkeypatch):
    def fail(*args):
        raise MemoryError("too large")

    with monkeypatch.context() as patch:
        patch.setattr(processes, "Processes", fail)
        cli("sweep", "--data", data, "--lr", 1, code=1)
    assert len(Path("sweep.jsonl").read_text().splitlines()) == 1
    cli("sweep", "--data", data, "--lr", 2)
    assert len(trained) == 1


def test_ctrl_c_says_how_to_go_on_and_so_does_the_log(cli, data, trained, monkeypatch):
    from simplenet.training.sweeplog import Log

    def interrupt(self, record):
        add(self, record)
        raise Interrupted

    add = Log.add
    args = "sweep", "--data", data, "--lr", "1,2,3", "--overwrite"
    with monkeypatch.context() as patch:
        patch.setattr(Log, "add", interrupt)
        stderr = cli(*args, code=130).stderr
    command = f"simplenet sweep --data {data} --lr 1,2,3"
    assert stderr.endswith(
        f"Error: interrupted. 1 of 3 trials are in sweep.jsonl. To go on: {command}\n"
    )
    assert json.loads(Path("sweep.jsonl").read_text().splitlines()[0])["command"] == command
    assert len(cli(*args[:-1]).stdout.splitlines()) == 4
    assert len(Path("sweep.jsonl").read_text().splitlines()) == 4


def test_a_real_sweep_is_what_train_does_and_reads_no_test_image(cli, data, monkeypatch):
    cli("train", "--data", data, "--hidden", 4, "--lr", 2, "-q")
    with monkeypatch.context() as patch:
        patch.setattr(Data, "test", property(lambda self: pytest.fail("test images were read")))
        rows = settings(cli, data, "--hidden", 4, "--lr", "2,0.1", "--workers", 2)
    expected = load_model("model.npz").history[-1].validation_accuracy
    (found,) = [row["mean"] for row in rows if row["options"]["lr"] == "2"]
    assert found == expected


@pytest.mark.skipif(sys.platform == "win32", reason="no groups of processes there")
def test_a_real_ctrl_c_ends_all_processes_quietly_and_the_sweep_goes_on(make_data):
    data = make_data("some", train=2400)
    args = "sweep", "--data", data, "--hidden", 8, "--epochs", "1,1000000", "--workers", 2
    with subprocess.Popen(
        [sys.executable, "-m", "simplenet", *map(str, args)], start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            while not process.stderr.readline().startswith("trial 1/2"):
                assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the processes
            out, err = process.communicate(timeout=300)  # which ends when all have closed it
        finally:
            process.kill()
    assert process.returncode == 130 and out == ""
    assert err.strip().startswith("Error: interrupted. 1 of 2 trials are in sweep.jsonl. To go on")
    assert err.strip().count("\n") == 0
    assert len(Path("sweep.jsonl").read_text().splitlines()) == 2
