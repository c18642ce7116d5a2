"""scripts/bench measures equal work, names who is missing, and leaves nothing behind.

No time is tested: machines differ, and so do their days.
"""

import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from bench.command import main
from bench.contestants import CONTESTANTS, Floor, Limit, Simplenet, products
from bench.figures import AVX2, GOALS, reached
from bench.folders import own_folder
from bench.groups import GROUPS
from bench.processes import busy_core, environment, module
from bench.processor import coretypes, described, processor
from bench.programs import PROGRAMS
from bench.recipes import PACKAGES, RECIPES
from bench.rounds import compare, environment_for, lay_out, run_group
from bench.run import Bench, Settings, write
from bench.size import folder_of
from bench.work import Work
from click.testing import CliRunner
from conftest import ROOT

import simplenet
from simplenet.training import blas

FOLDER = ROOT / "scripts" / "bench"


@pytest.fixture
def run():
    """Return a function that runs the bench in this process, and put back its signal handler."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(*args, code=0):
        result = CliRunner().invoke(main, [str(arg) for arg in args])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def digits(make_data):
    """Return a folder of few images that can go through the default net."""
    return make_data("digits", size=(28, 28), classes=10, train=110, test=30)


@pytest.fixture
def work(digits, tmp_path):
    """Return a function that makes the work of a group, with a ragged last minibatch."""

    def make(name, shape=(784, 12, 10), **changes):
        data, folder = simplenet.load_data(digits), tmp_path / f"work-{name}"
        folder.mkdir(exist_ok=True)
        group = replace(GROUPS[name], shape=shape, **changes)
        path = lay_out(folder, group, data.train, data.test)
        return Work(**json.loads(path.read_text(encoding="utf-8")))

    return make


def test_a_run_without_peers_measures_the_rest_and_names_them(digits, tmp_path):
    few = ("default-20", "predict")
    scratch, output = tmp_path / "scratch", tmp_path / "new" / "output"
    scratch.mkdir()
    settings = Settings(quick=True, rounds=2, images=130, size_images=300, scratch=str(scratch))
    groups = {name: GROUPS[name] for name in few}
    bench = Bench(simplenet.load_data(digits), settings, groups, lambda name: name == "numpy")
    table = write(bench.report("bench --quick"), output)
    report = json.loads((output / "bench.json").read_text(encoding="utf-8"))
    assert table == (output / "bench.md").read_text(encoding="utf-8")
    assert report["command"] == "SIMPLENET_DATA=FOLDER python scripts/bench --quick"
    assert report["command"] in table

    avx2 = ["simplenet, AVX2 kernels"] * ("Haswell" in coretypes(described()))
    assert set(report["left_out"]) | {*avx2} == {
        "PyTorch", "PyTorch eager", "PyTorch compiled", "JAX", "JAX scanned", "JAX stepwise",
        "scikit-learn", "simplenet, AVX2 kernels",
    }  # fmt: skip
    for name, why in report["left_out"].items():
        assert f"- Left out: {name} ({why})." in table
    assert report["left_out"]["JAX scanned"] == "jax is not installed"

    epoch, predict = (report["groups"][name] for name in few)
    limits = ["matrix products", "floating-point limit"]
    assert list(epoch["contestants"]) == ["simplenet", *avx2, *limits, "Python loops"]
    assert list(predict["contestants"]) == ["simplenet", *limits]
    assert (epoch["images"], epoch["batch"], epoch["rounds"]) == (130, 20, 2)
    for row in *epoch["contestants"].values(), *predict["contestants"].values():
        assert len(row["each"]) in (2, 4)
        assert 0 < row["low"] <= row["median"] <= row["high"]
    assert epoch["contestants"]["simplenet"]["ratio"] == 1
    assert epoch["contestants"]["simplenet"]["agrees"] is True
    assert 0 <= epoch["contestants"]["simplenet"]["accuracy"] <= 1
    for name, row in epoch["contestants"].items():
        assert bool(row["kernels"]) is (name != "Python loops")
        assert f"{row['kernels']} |\n" in table
    best = max(report["kernels"]["gflops"], key=report["kernels"]["gflops"].get)
    assert predict["contestants"]["floating-point limit"]["kernels"] == best
    assert set(report["processor"]) == {"vendor", "family", "model", "avx512"}

    (program,) = report["prompt"]["targets"]["0.95"].values()
    assert program["reached"] == (program["accuracy"] >= 0.95)
    assert program["recipe"] in table
    (row,) = report["size"]["rows"]
    assert row["images"] == 300
    assert row["seconds_per_image"] > 0
    assert "| 300 |" in table
    if sys.platform == "linux":
        assert 1e6 < row["anonymous_bytes"] < 1e9
    assert not list(scratch.iterdir())
    assert "floating-point limit" not in [goal["what"] for goal in report["reach"]]
    assert {"date", "machine", "command", "versions", "data"} <= set(report)


def test_the_command_shows_what_it_writes_and_tells_no_paths(run, digits, tmp_path):
    size = ("--only", "size", "--size-images", 300, "--scratch", tmp_path)
    shown = run("--data", digits, *size, "-o", tmp_path / "output").stdout
    report, table = (tmp_path / "output" / f"bench.{kind}" for kind in ("json", "md"))
    assert table.read_text(encoding="utf-8") in shown
    assert "scripts/bench --only size --size-images 300" in shown
    assert str(tmp_path) not in shown + report.read_text(encoding="utf-8")


def test_the_floor_is_the_products_of_a_step_and_no_others(work):
    x = np.ones((20, 784), np.float32)
    W = [np.ones(shape, np.float32) for shape in ((784, 40), (40, 30), (30, 10))]
    forward = [((20, 784), (784, 40)), ((20, 40), (40, 30)), ((20, 30), (30, 10))]
    back = [
        ((30, 20), (20, 10)), ((20, 10), (10, 30)),
        ((40, 20), (20, 30)), ((20, 30), (30, 40)),
        ((784, 20), (20, 40)),
    ]  # fmt: skip
    for learn, expected in (True, forward + back), (False, forward):
        listed = products(x, W, learn)
        assert [(left.shape, right.shape) for left, right, _ in listed] == expected
        for left, right, out in listed:
            assert out.shape == (left.shape[0], right.shape[1])
            assert {part.dtype for part in (left, right, out)} == {np.dtype(np.float32)}
    floor = Floor(work("default-20"))  # 110 images: five minibatches of 20, and one of 10
    assert [len(step) for step in floor.steps] == [5] * 6
    assert [len(step[0][0]) for step in floor.steps] == [20] * 5 + [10]
    floor = Floor(work("predict"))
    assert sum(len(step[0][0]) for step in floor.steps) == 30


def test_the_limit_counts_the_operations_of_the_floor(work):
    for name in "default-20", "predict":
        job = work(name, (784, 12, 11, 10))
        done = sum(
            left.shape[0] * left.shape[1] * right.shape[1]
            for step in Floor(job).steps
            for left, right, _ in step
        )
        assert 3 * Limit.side**3 / Limit(job).share == pytest.approx(done)


PEERS = {"PyTorch eager": "torch", "JAX scanned": "jax", "JAX stepwise": "jax",
         "scikit-learn": "sklearn"}  # fmt: skip


@pytest.mark.parametrize("name", PEERS)
def test_peers_come_to_the_weights_and_cost_of_simplenet(digits, name):
    """In processes of their own: JAX, once imported here, would object to tests that fork."""
    if not importlib.util.find_spec(PEERS[name]):
        pytest.skip(f"{PEERS[name]} is not installed: see the extra bench")
    data, names = simplenet.load_data(digits), ["simplenet", name]
    small = {"batch": 20, "all_cores": False}  # 110 images: the last minibatch is a ragged one
    groups = (
        replace(GROUPS["default-20"], shape=(784, 12, 10)),
        replace(GROUPS["deep"], shape=(784, 12, 11, 10), close=1e-3, **small),
        replace(GROUPS["predict"], shape=(784, 12, 10)),
        replace(GROUPS["adam-1500-100-one"], shape=(784, 12, 11, 10), **small),
    )
    for group in groups if name != "JAX scanned" else (*groups[:2], groups[3]):
        figures, failed = run_group(group, names, data.train, data.test, 2)
        assert not failed
        theirs = figures["contestants"][name]
        if name == "scikit-learn" and group is groups[0]:
            assert "agrees" not in theirs
            assert "log loss" in theirs["note"]
        elif name == "scikit-learn" and group is groups[3]:
            assert "agrees" not in theirs
            assert "epsilon" in theirs["note"]
            ours = figures["contestants"]["simplenet"]["cost"]
            assert theirs["cost"] == pytest.approx(ours, rel=1e-4)  # in the last round, too
        else:
            assert theirs["agrees"] is True


def test_unequal_work_is_noticed(work):
    job = work("default-20", (784, 40, 10))
    params = job.array("params")
    test = simplenet.datasets.load.Examples(job.array("test_images"), job.array("test_labels"))
    for apart, cost, agrees in (1e-6, 0.5, True), (1e-4, 0.5, False), (1e-6, 0.51, False):
        found = {name: {"cost": 0.5, "equal": True} for name in ("simplenet", "PyTorch eager")}
        found["PyTorch eager"]["cost"] = cost
        outcomes = {"simplenet": params + 0.01, "PyTorch eager": params + np.float32(0.01 + apart)}
        compare(GROUPS["default-20"], found, outcomes, params, test)
        assert found["PyTorch eager"]["agrees"] is agrees


def test_with_adam_rounding_passes_and_other_work_does_not(work):
    """float64 rounds otherwise, and comes to the same weights; each of the rest is other work."""
    job = work("adam-1500-100-one", (784, 40, 30, 10), batch=20)
    test = simplenet.datasets.load.Examples(job.array("test_images"), job.array("test_labels"))
    outcomes = {"simplenet": learned(job), "float64": learned(job, dtype=np.float64)}
    wrong = {
        "lr": {"lr": 1.01 * job.lr}, "plain descent": {"optimizer": "sgd", "lr": 0.1},
        "epsilon": {"epsilon": 1e-7}, "beta1": {"beta1": 0.89}, "beta2": {"beta2": 0.99},
        "order": {"seed": 1}, "minibatch": {"batch_size": 21},
    }  # fmt: skip
    outcomes |= {name: learned(job, **changes) for name, changes in wrong.items()}
    found = {name: {"cost": 0.5, "equal": True} for name in outcomes}
    group = replace(GROUPS["adam-1500-100-one"], shape=job.shape)
    compare(group, found, outcomes, job.array("params"), test)
    agree = {name for name, row in found.items() if row["agrees"]}
    assert agree == {"simplenet", "float64"}, found


def learned(job, dtype=np.float32, **changes):
    """Return the weights after the epoch of a job, with some of its settings changed."""
    functions = {"activation": job.activation, "cost": job.cost}
    net = simplenet.init_net(job.shape, rng=0, dtype=dtype, **functions)
    net.params[:] = job.array("params")
    options = {"optimizer": job.optimizer, "lr": job.lr, "batch_size": job.batch, "seed": 0}
    images, labels = job.array("images"), job.array("labels")
    next(simplenet.train(net, images, labels, validation=0, epochs=1, **options | changes))
    return net.params


def test_adam_reaches_the_contestants(work):
    job = work("adam-1500-100-one", (784, 12, 10), batch=20)
    contestant = Simplenet(job)
    for _ in range(2):  # what Adam remembers is not carried into the next round
        contestant.timed()
        np.testing.assert_array_equal(contestant.weights(), learned(job))


def test_goals_and_groups_name_what_there_is():
    for group in GROUPS.values():
        assert group.names[0] == "simplenet"
        assert set(group.names) <= set(CONTESTANTS)
    assert {name for group in GROUPS.values() for name in group.names} == set(CONTESTANTS)
    for group, above, below, goal, better in GOALS:
        assert {above, below} <= set(GROUPS[group].names)
        assert (better > goal) is (below == "simplenet")


def test_the_goal_for_kernels_is_one_where_there_are_others():
    rows = {"simplenet": {"each": [1.0, 3.0]}, AVX2: {"each": [2.0, 4.0]}}
    groups = {"default-20": {"title": "Epoch", "contestants": rows}}
    for avx512, expected in (True, [("Epoch: simplenet / " + AVX2, 0.625, True)]), (False, []):
        goals = reached({"groups": groups, "processor": {"avx512": avx512}})
        assert [(goal["what"], goal["found"], goal["reached"]) for goal in goals] == expected


def test_a_quick_run_has_some_groups_and_names_the_others(digits):
    for quick in True, False:
        sections = ("adam", "busy")
        bench = Bench(simplenet.load_data(digits), Settings(sections, quick=quick))
        chosen = bench.chosen_groups()
        assert {group.section for group in chosen.values()} == {*sections}
        assert len(bench.left_out) + len(chosen) == 14
        assert bool(bench.left_out) is quick


def test_each_process_has_the_threads_and_kernels_that_it_is_to_have(monkeypatch):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.setattr(blas, "choose_kernels", lambda shape, rows: f"{shape[1]} by {rows}")
    group = replace(GROUPS["adam-800-500-all"], all_cores=True)

    def started(name, group=group):
        variables = environment_for(CONTESTANTS[name], group, "best")
        threads = {variables[name] for name in blas.VARIABLES}
        return *threads, variables.get("OPENBLAS_CORETYPE")

    every = str(group.threads)
    assert started("simplenet") == ("1", "800 by 500")  # it shares its work by itself
    assert started("simplenet, AVX2 kernels") == ("1", "Haswell")
    assert started("matrix products") == (every, "800 by 500")
    assert started("floating-point limit") == (every, "best")
    for peer in "PyTorch eager", "JAX stepwise", "scikit-learn":
        assert started(peer) == (every, None)
    assert started("matrix products", GROUPS["predict"]) == ("1", "40 by 1000")

    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")  # what a user has set comes first
    for name in "simplenet", "matrix products", "scikit-learn":
        assert started(name)[1] == "Nehalem"
    assert started("simplenet, AVX2 kernels")[1] == "Haswell"


def test_simplenet_is_measured_while_a_core_is_busy(digits, monkeypatch):
    data, entered = simplenet.load_data(digits), []

    @contextlib.contextmanager
    def counted():
        with busy_core() as process:
            entered.append(process)
            yield

    monkeypatch.setattr("bench.rounds.busy_core", counted)
    group = replace(GROUPS["busy-800"], shape=(784, 12, 10))
    figures, failed = run_group(group, list(group.names), data.train, data.test, 2)
    assert not failed
    assert list(figures["contestants"]) == list(group.names)
    assert all(row["agrees"] for row in figures["contestants"].values())
    assert len(entered) == 4  # two of them, in two rounds
    assert all(process.poll() is not None for process in entered)


def test_a_busy_core_is_busy_until_the_end():
    with busy_core() as process:
        assert process.poll() is None
    assert process.poll() is not None
    with pytest.raises(KeyboardInterrupt), busy_core() as process:
        raise KeyboardInterrupt
    assert process.poll() is not None


@pytest.mark.skipif(os.name != "posix", reason="Windows has no signal that cannot be caught")
def test_a_busy_core_is_idle_once_the_bench_has_been_killed():
    code = """
from bench.processes import busy_core
with busy_core() as process:
    print(process.pid, flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment(1), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as bench:  # fmt: skip
        number = int(bench.stdout.readline())
        bench.kill()
    began = time.monotonic()
    while is_running(number):
        if time.monotonic() - began > 60:
            os.kill(number, signal.SIGKILL)
            pytest.fail("it went on for a minute")
        time.sleep(0.01)


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = pathlib.Path(f"/proc/{number}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


CORE = """processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 207
model name	: An Example
flags		: {}

processor	: 1
flags		: none
"""


def test_only_kernels_that_a_processor_can_run_are_tried(tmp_path):
    file, new = tmp_path / "cpuinfo", "avx2 fma avx512f avx512cd avx512bw avx512dq avx512vl"
    told = {"vendor": "GenuineIntel", "family": "6", "model": "207"}
    for flags, expected in (
        (new, ["Haswell", "SkylakeX"]),
        *((new.replace(flag, ""), ["Haswell"]) for flag in new.split()[2:]),
        ("avx2 fma", ["Haswell"]), ("avx2", []), ("fma avx", []), ("avx2x fma", []),
    ):  # fmt: skip
        file.write_text(CORE.format(flags))
        core = described(file)
        assert coretypes(core) == expected
        assert processor(core) == {**told, "avx512": "SkylakeX" in expected}
    for core in {}, {"Features": "fp asimd"}:  # another system, another architecture
        assert coretypes(core) == []
        assert set(processor(core).values()) == {None}
    assert described(tmp_path / "none") == {}


def test_a_contestant_that_cannot_prepare_says_why(work, tmp_path):
    job = work("default-20")
    (tmp_path / "work-default-20" / "order.npy").unlink()
    ended = subprocess.run(
        module("worker", "Python loops", f"{job.folder}/work.json"), env=environment(1),
        capture_output=True, text=True, check=True, input="",
    )  # fmt: skip
    assert json.loads(ended.stdout)["error"].startswith("FileNotFoundError")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_large_folder_is_removed_whatever_happens(digits, tmp_path, error):
    data, scratch = simplenet.load_data(digits), tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(error), folder_of(250, data.train, data.test, scratch) as folder:
        made = simplenet.load_data(folder)
        np.testing.assert_array_equal(made.train.images[220:], data.train.images[:30])
        np.testing.assert_array_equal(made.train.labels[110:220], data.train.labels)
        np.testing.assert_array_equal(made.test.images, data.test.images)
        raise error
    assert not list(scratch.iterdir())


def test_a_signal_while_a_folder_is_made_or_removed_leaves_none(tmp_path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()
    for owner, name in (pathlib.Path, "mkdir"), (shutil, "rmtree"):
        original, calls = getattr(owner, name), []

        def struck(folder, *args, original=original, calls=calls, made=name == "mkdir", **kwargs):
            calls.append(folder)
            if made:
                original(folder, *args, **kwargs)
            if len(calls) == 1:
                raise KeyboardInterrupt
            if not made:
                original(folder, *args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr(owner, name, struck)
            with pytest.raises(KeyboardInterrupt), own_folder(place):
                pass
        assert calls
        assert not list(place.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without telling it")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_an_interrupted_bench_leaves_nothing_behind(digits, tmp_path, number, code):
    scratch, output = tmp_path / "scratch", tmp_path / "output"
    scratch.mkdir()
    command = [sys.executable, FOLDER, "--data", digits, "--only", "size"]
    command += ["--size-images", "20000", "--scratch", scratch, "-o", output]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while not list(scratch.iterdir()):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(number)  # perhaps while the folder is still being made
        process.communicate(timeout=60)
    assert process.returncode == code
    assert not list(scratch.iterdir())
    assert not output.exists()


def test_a_disk_without_room_is_refused_with_a_sentence(run, digits, tmp_path):
    refused = run("--data", digits, "--only", "size", "--size-images", 10**15, "--quick",
               "--scratch", tmp_path / "here", "-o", tmp_path, code=1)  # fmt: skip
    assert "GB free for 1,000,000,000,000,000 images, found" in refused.output
    assert not list((tmp_path / "here").iterdir())


def test_every_tool_has_a_recipe_for_every_target():
    assert list(RECIPES) == list(PACKAGES) == ["simplenet", *PROGRAMS]
    for recipes in RECIPES.values():
        assert list(recipes) == [0.95, 0.97, 0.98]
