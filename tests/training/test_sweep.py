"""Sweeps: what is tried, on which executor, and what a dead worker costs."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from examples import dies_always, dies_once

from simplenet import load_data, train
from simplenet.datasets.load import Data
from simplenet.errors import DataError, SimplenetError
from simplenet.net import init_net
from simplenet.training.processes import Processes
from simplenet.training.space import Range, drawn, grid
from simplenet.training.sweep import ATTEMPTS, Trial, examples_of, run_trial, source_of, sweep
from simplenet.training.sweeplog import Log, hold

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL there")


class Here(Executor):
    """The smallest executor there is: a call is done when it is submitted."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def trials(*seeds, **options):
    return [Trial((64, 5, 3), {}, {"epochs": 2, "lr": 1.0, **options, "seed": s}) for s in seeds]


@pytest.fixture
def source(make_data):
    return source_of(load_data(make_data()))


# --- what is tried --------------------------------------------------------------------------------


def test_a_grid_has_every_combination_once():
    assert list(grid({"a": (1, 2), "b": ("x", "y")})) == [
        {"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"},
    ]  # fmt: skip
    assert list(grid({})) == [{}]


def test_what_is_drawn_lies_in_its_range_and_fills_it():
    space = {
        "lr": (Range("", 0.01, 100.0, whole=False, log=True),),
        "momentum": (Range("", 0.2, 0.4, whole=False, log=False),),
        "hidden": (Range("", 5, 8, whole=True, log=False),),
        "batch_size": (Range("", 1, 100, whole=True, log=True),),
        "optimizer": ("sgd", "nesterov"),
    }
    found = list(islice(drawn(space), 2000))
    each = {name: [setting[name] for setting in found] for name in space}
    assert {*each["hidden"]} == {(5,), (6,), (7,), (8,)} and {*each["optimizer"]} == {
        "sgd", "nesterov",
    }  # fmt: skip
    assert 0.01 <= min(each["lr"]) < 0.02 and 50 < max(each["lr"]) <= 100
    assert 0.9 < np.median(each["lr"]) < 1.1  # as many below 1 as above
    assert 0.2 <= min(each["momentum"]) < 0.21 and 0.39 < max(each["momentum"]) <= 0.4
    assert 0.29 < np.median(each["momentum"]) < 0.31
    assert {*each["batch_size"]} >= {1, 2, 3} and max(each["batch_size"]) <= 100
    assert 8 < np.median(each["batch_size"]) < 12
    assert found[:50] == list(islice(drawn(space), 50))


# --- on which executor ----------------------------------------------------------------------------


def test_a_trial_is_what_training_by_hand_is(source, make_data, monkeypatch):
    """And none of it reads a test image."""
    images, labels = examples_of(source)
    records = list(train(init_net((64, 5, 3), rng=7), images, labels, epochs=2, lr=1.0, seed=7))
    monkeypatch.setattr(Data, "test", property(lambda self: pytest.fail("test images were read")))
    data = load_data(make_data("other"))
    outcome = run_trial(trials(7)[0], source_of(data))
    assert outcome.accuracy == records[-1].validation_accuracy > 0.5 and outcome.epochs == 2


def test_early_stopping_is_measured_at_the_weights_that_are_kept(source):
    (trial,) = trials(1, epochs=40, patience=2, lr=100.0)  # so high that the last epochs are worse
    net = init_net(trial.shape, rng=1)
    records = list(train(net, *examples_of(source), **trial.training))
    accuracies = [record.validation_accuracy for record in records]
    assert accuracies[-1] < max(accuracies)
    assert run_trial(trial, source)[:2] == (max(accuracies), len(records))


def test_a_trial_that_diverges_has_no_accuracy(source):
    (trial,) = trials(0, lr=1e300)
    assert run_trial(trial, source)[:2] == (None, 0)


@pytest.mark.parametrize("executor", [Here, lambda: ThreadPoolExecutor(2)], ids=["here", "threads"])
def test_any_executor_gives_the_same_outcomes(source, executor):
    asked = trials(0, 1, 2)
    with executor() as some:
        found = dict(sweep(some, asked, source))
    assert [found[n].accuracy for n in range(3)] == [run_trial(t, source).accuracy for t in asked]


def test_what_a_trial_raises_ends_the_sweep_and_cancels_the_others(source):
    class Later(Here):
        def submit(self, fn, /, *args, **kwargs):
            waiting.append(Future() if waiting else super().submit(fn, *args, **kwargs))
            return waiting[-1]

    waiting = []
    wrong = trials(0, momentum=2.0) + trials(1, 2)
    with pytest.raises(ValueError, match="^momentum: expected a number"):
        list(sweep(Later(), wrong, source))
    assert [future.cancelled() for future in waiting] == [False, True, True]


def test_workers_notice_other_images(source, make_data):
    other = make_data("other", train=120)
    with pytest.raises(DataError, match="expected the training images that the sweep was started"):
        examples_of(source._replace(images=other / source.images.name,
                                    labels=other / source.labels.name))  # fmt: skip


# --- workers that die -----------------------------------------------------------------------------


@needs_kill
def test_a_process_that_dies_costs_one_trial_which_is_run_again(source):
    asked, ran = trials(0, 1, 2, 3), []
    with Processes(2) as executor:
        submit = executor.submit
        executor.submit = lambda fn, trial, source: ran.append(trial) or submit(fn, trial, source)
        found = dict(sweep(executor, asked, source, run=dies_once))
    assert source.images.with_name("begun").exists()
    assert ran == [*asked, asked[0]]
    assert [found[n].accuracy for n in range(4)] == [run_trial(t, source).accuracy for t in asked]


def broken(trial, source):
    raise BrokenExecutor


def test_a_trial_that_always_costs_its_worker_is_given_up(source):
    calls = []

    class Counting(Here):
        def submit(self, fn, /, *args, **kwargs):
            calls.append(args)
            return super().submit(fn, *args, **kwargs)

    with pytest.raises(SimplenetError, match="its process has died 3 times: memory may be short"):
        list(sweep(Counting(), trials(0), source, run=broken))
    assert len(calls) == ATTEMPTS


@needs_kill
def test_processes_hand_on_results_and_errors_and_end_at_once_after_one():
    with Processes(1) as executor:
        assert executor.submit(pow, 2, exp=5).result() == 32
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        first = executor.submit(os.getpid).result()
        with pytest.raises(BrokenExecutor, match="has died"):
            executor.submit(dies_always, None, None).result()
        assert executor.submit(os.getpid).result() != first
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Processes(1) as executor:
        executor.submit(os.getpid).result()
        sleeping = executor.submit(time.sleep, 600)
        raise KeyboardInterrupt
    assert sleeping.done() and time.monotonic() - began < 300


CLUSTER = """if __name__ == "__main__":
    import sys
    from distributed import LocalCluster
    with LocalCluster(2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as found:
        print(found.scheduler_address, flush=True)
        sys.stdin.read()
"""
ON_CLUSTER = """if True:
    import json, sys
    from distributed import Client
    from examples import dies_once
    from simplenet import load_data
    from simplenet.training.sweep import source_of, sweep
    from test_sweep import trials
    with Client(sys.argv[1]) as client:
        assert len(client.scheduler_info()["workers"]) == 2
        source = source_of(load_data(sys.argv[2]))
        found = dict(sweep(client.get_executor(), trials(0, 1, 2), source, run=dies_once))
        print(json.dumps([found[number].accuracy for number in range(3)]))
"""


@needs_kill
def test_a_dask_cluster_runs_a_sweep_and_again_what_a_dead_worker_was_at(source, cli, shell):
    pytest.importorskip("distributed")
    paths = [str(ROOT), *(str(ROOT / "tests" / name) for name in ("", "training"))]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    folder = source.images.parent
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER], env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as cluster:  # fmt: skip
        try:
            address = cluster.stdout.readline().strip()
            assert address.startswith("tcp://127.0.0.1:")
            ran = subprocess.run(
                [sys.executable, "-c", ON_CLUSTER, address, folder],
                capture_output=True, text=True, env=env, timeout=300,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stderr
            expected = [run_trial(trial, source).accuracy for trial in trials(0, 1, 2)]
            assert json.loads(ran.stdout) == expected
            assert source.images.with_name("begun").exists()
            options = "--data", folder, "--hidden", 5, "--lr", "1,2", "--epochs", 2, "--json"
            there = shell(
                "sweep", *options, "--scheduler", address, "-o", "there.jsonl", timeout=300
            )
        finally:
            cluster.stdin.close()
            cluster.wait(timeout=300)
    here = cli("sweep", *options, "--workers", 1, "-o", "here.jsonl")
    there, here = (json.loads(result.stdout) for result in (there, here))
    assert there["settings"] == here["settings"] and len(here["settings"]) == 2


# --- the log --------------------------------------------------------------------------------------

HEADER = {"options": {}, "data": {}, "command": "simplenet sweep"}


def record(seed, accuracy=0.5):
    return {"options": {"lr": "1"}, "seed": seed, "validation_accuracy": accuracy}


def test_a_log_is_read_as_it_was_written_and_a_line_that_was_cut_short_gives_way():
    path = Path("s.jsonl")
    log = Log.begin(path, HEADER, overwrite=False)
    log.add(record(0))
    log.add(record(1, None))
    whole = path.read_bytes()
    for size in range(len(whole), len(whole) + 120, 7):  # also longer than what comes next
        path.write_bytes((whole + b'{"options": {"lr": "1"}, "seed": 2' + b" " * 100)[:size])
        log = Log.read(path)
        assert (log.has({"lr": "1"}, 0), log.has({"lr": "1"}, 2)) == (True, False)
        assert (log.accuracy({"lr": "1"}, 0), log.accuracy({"lr": "1"}, 1)) == (0.5, None)
    log.add(record(3))
    assert path.read_bytes().startswith(whole) and len(path.read_bytes().splitlines()) == 4
    assert Log.read(path).has({"lr": "1"}, 3)


FIRST = b'{"format": 1, "options": {}, "data": {}, "command": ""}\n'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        *((none, "first line does not say what is swept") for none in (
            b"", b"{", b"[1]\n", b"null\n", b'{"format": 1}\n', FIRST.replace(b"{}", b"3"),
            FIRST.replace(b'""', b"[]"),
        )),
        *((none, "line 1 is no JSON") for none in (
            b"\n", b"none\n", b"\xff\n", b"PK\x03\x04\n", b"[" * 100_000 + b"\n",
        )),
        (FIRST.replace(b"1", b"2"), "of format 2, which another version has written"),
        (FIRST + b"{\n", "line 2 is no JSON"),
        *((FIRST + json.dumps(record(0)).encode() + b"\n" + line + b"\n", "line 3 is no trial")
          for line in (b"{}", b"7", *(json.dumps({**record(0), **bad}).encode() for bad in (
            {"seed": "0"}, {"options": 3}, {"validation_accuracy": 2},
            {"validation_accuracy": "1"}, {"validation_accuracy": float("nan")})))),
    ],
)  # fmt: skip
def test_a_file_that_is_no_log_is_refused_in_words_of_its_own(content, why):
    Path("s.jsonl").write_bytes(content)
    with pytest.raises(DataError) as caught:
        Log.read(Path("s.jsonl"))
    end = f"{why}: name another."
    start = "s.jsonl: expected the log of a sweep, found a file "
    assert str(caught.value) in (f"{start}whose {end}", f"{start}{end}")


@pytest.mark.skipif(sys.platform == "win32", reason="locks as Unix has them")
def test_a_log_is_held_until_it_is_let_go_of_and_so_is_one_that_took_its_place():
    path = Path("s.jsonl")
    Log.begin(path, HEADER, overwrite=False)
    held = hold(path)
    assert held is not None and hold(path) is None
    Log.begin(path, HEADER, overwrite=True)  # another file of this name
    another = hold(path)
    assert another is not None and hold(path) is None
    another.close()
    with hold(path):
        held.close()
    with pytest.raises(FileNotFoundError):
        hold(Path("none"))
