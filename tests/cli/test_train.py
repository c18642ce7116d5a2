"""`simplenet train`: what it saves, prints and refuses, and how it ends when it must."""

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from simplenet import evaluate, init_net, load_data, load_model, train
from simplenet.cli import train as command
from simplenet.datasets.idx import write_idx
from simplenet.datasets.sources import DATASETS, PARTS
from simplenet.options import OPTIONS

SMALL = ("--hidden", 8, "--epochs", 2)


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def during(monkeypatch):
    """Return a function that has something happen when so many images of the training are done."""

    def when(images, action):
        class Bar(contextlib.nullcontext):
            n = total = 0

            def update(self, more):
                self.n, Bar.total = self.n + more, Bar.total + more
                if Bar.total == images:
                    action()

            def reset(self):
                self.n = 0

            def clear(self): ...

            def set_description(self, text, refresh): ...

        monkeypatch.setattr(command, "make_bar", lambda quiet, **how: Bar())

    return when


def start(*args, **kwargs):
    """Start a real process whose Ctrl-C works even if this one runs in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "simplenet", *map(str, args)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=kwargs.pop("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)),
        **kwargs,
    )  # fmt: skip


# --- what comes out -------------------------------------------------------------------------------


def test_results_go_to_stdout_and_all_else_to_stderr(cli, data):
    result = cli("train", "--data", data, *SMALL)
    score = evaluate(load_model("model.npz").net, *load_data(data).test)
    assert result.stdout == (
        f"test accuracy {100 * score.accuracy:.2f} %, cost {score.cost:.4f} "
        f"(60 test images of custom)\nsaved model.npz\n"
    )
    share = r" +\d+\.\d\d %"
    for line, expected in zip(
        result.stderr.splitlines(),
        [
            r"data  custom: 200 images to learn from, 40 to validate, 60 to test; 3 classes",
            r"net   64-8-3: 547 parameters; seed 0, threads 1",
            *[
                rf"epoch {n}/2  cost \d\.\d{{4}}  accuracy{share}  validation{share}  \d+\.\d s"
                for n in (1, 2)
            ],
        ],
        strict=True,
    ):
        assert re.fullmatch(expected, line), line


def test_json_is_all_of_stdout_and_holds_the_same(cli, data):
    result = cli("train", "--data", data, *SMALL, "--json")
    score = evaluate(load_model("model.npz").net, *load_data(data).test)
    assert json.loads(result.stdout) == {
        "model": "model.npz",
        "data": "custom",
        "images": 60,
        "accuracy": score.accuracy,
        "cost": score.cost,
    }
    assert "epoch 2/2" in result.stderr


def test_quiet_leaves_only_the_result(cli, data):
    loud = cli("train", "--data", data, *SMALL).stdout
    quiet = cli("train", "--data", data, *SMALL, "-q")
    assert quiet.stderr == "" and quiet.stdout == loud.replace("model.npz", "model-2.npz")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("quiet", [False, True])
def test_a_bar_is_drawn_on_a_terminal_unless_quiet(data, quiet):
    import termios

    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    args = [sys.executable, "-m", "simplenet", "train", "--data", data, *map(str, SMALL)]
    with subprocess.Popen([*args, *["-q"] * quiet], stdout=subprocess.PIPE, stderr=terminal) as run:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(screen, 4096):
                shown += part
        except OSError:  # the other side has closed it
            pass
        os.close(screen)
        results = run.stdout.read()
    assert run.returncode == 0 and results.startswith(b"test accuracy")
    assert (b"0/200" in shown and b"img/s" in shown and b"epoch 2/2  cost" in shown) != quiet
    assert (shown == b"") == quiet


def test_epochs_are_numbered_in_a_column(cli, data):
    told = cli("train", "--data", data, "--epochs", 10, "--validation", 0).stderr.splitlines()[2:]
    assert told[0].startswith("epoch  1/10  cost") and told[9].startswith("epoch 10/10  cost")
    assert {line.index("accuracy") for line in told} == {26}
    assert all("validation        -  " in line for line in told)


@pytest.mark.parametrize(
    ("lr", "classes", "warned"), [(5, 3, False), (1e-9, 3, True), (5, 1, False)]
)
def test_no_better_than_guessing_is_worth_a_warning(cli, make_data, lr, classes, warned):
    data = make_data("some", classes=classes)
    told = cli("train", "--data", data, *SMALL, "--lr", lr, "-q").stderr
    assert ("is hardly better than guessing (33.33 %): the learning rate" in told) == warned
    assert bool(told) == warned


# --- the model ------------------------------------------------------------------------------------


def test_everything_that_determines_the_run_is_in_the_model(cli, data):
    cli("train", "--data", data, *SMALL, "--lr", 2, "--seed", 9, "--batch-size", 7,
        "--validation", 30, "--threads", 2)  # fmt: skip
    model, found = load_model("model.npz"), load_data(data)
    assert model.options == {
        "shape": [64, 8, 3], "activation": "sigmoid", "output_activation": "sigmoid",
        "cost": "half-squared-error", "init": "lecun", "epochs": 2, "batch_size": 7, "seed": 9,
        "validation": 30, "patience": 0, "lr": 2.0, "optimizer": "sgd", "momentum": 0.0,
        "rho": 0.99, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "schedule": "constant",
        "decay": 0.5, "decay_every": 1, "warmup": 0.0, "l1": 0.0, "l2": 0.0, "weight_decay": 0.01,
        "dropout": 0.0, "clip": 0.0, "label_smoothing": 0.0, "threads": 2,
    }  # fmt: skip
    assert {*model.options, "hidden"} == {*OPTIONS, "threads"}
    assert model.data == {
        "name": "custom", "size": [8, 8],
        "sha256": {part: found.sha256(part) for part in PARTS},
    }  # fmt: skip
    assert model.position == {"epochs": 2, "images": 0}
    assert [sorted(record) for record in model.history] == [
        ["accuracy", "cost", "epoch", "lr", "validation_accuracy"]
    ] * 2


def test_equal_runs_give_equal_files_wherever_and_however_they_are_typed(cli, shell, data):
    cli("train", "--data", data, *SMALL, "--seed", 4, "--lr", 3)
    Path("other").mkdir()
    shell(
        "train", "--lr", 3.0, "-q", "--seed", 4, "--shape", "64,8,3", "--validation", 40,
        "--data", data, "--epochs", 2, "-o", "other/name.npz",
    )  # fmt: skip
    content = Path("model.npz").read_bytes()
    assert content == Path("other/name.npz").read_bytes()
    cli("train", "--data", data, *SMALL, "--seed", 5, "--lr", 3)
    first, second = load_model("model.npz"), load_model("model-2.npz")
    assert (first.net.params != second.net.params).any()
    assert str(data).encode() not in content and os.getcwd().encode() not in content


def test_the_library_gives_the_same_parameters_with_the_same_options(cli, data):
    cli("train", "--data", data, *SMALL, "--seed", 4, "--batch-size", 30, "--lr", 2)
    net = init_net((64, 8, 3), rng=4)
    records = list(train(net, *load_data(data).train, epochs=2, seed=4, batch_size=30, lr=2))
    model = load_model("model.npz")
    assert (model.net.params == net.params).all()
    assert [record["cost"] for record in model.history] == [record.cost for record in records]


def test_test_images_have_no_part_in_the_training(cli, make_data):
    one, two = make_data("one"), make_data("two", test=57)
    for folder in one, two:
        cli("train", "--data", folder, *SMALL, "-o", f"{folder.name}.npz")
    first, second = load_model("one.npz"), load_model("two.npz")
    assert (first.net.params == second.net.params).all() and first.history == second.history


@pytest.mark.parametrize(
    ("how", "args", "shape"),
    [
        ({}, [], (64, 40, 3)),
        ({}, ["--hidden", "9,8"], (64, 9, 8, 3)),
        ({}, ["--shape", "64,3"], (64, 3)),
        ({"size": (5, 7), "classes": 2}, [], (35, 40, 2)),
        ({"classes": 1, "train": 1, "test": 1}, ["--batch-size", 10**20], (64, 40, 1)),
    ],
)
def test_the_data_gives_the_ends_of_the_net(cli, make_data, how, args, shape):
    cli("train", "--data", make_data("some", **how), "--epochs", 1, *args)
    assert load_model("model.npz").net.shape == shape


def test_there_may_be_256_classes_and_training_images_of_some_only(cli, make_data):
    data = make_data()
    path = data / "t10k-labels-idx1-ubyte"
    path.unlink()
    write_idx(path, np.arange(60, dtype=np.uint8) + 196)
    cli("train", "--data", data, *SMALL)
    assert load_model("model.npz").net.shape == (64, 8, 256)
    assert "\n  255       1        0" in cli("eval", "model.npz", "--data", data).stdout


# --- where it is saved ----------------------------------------------------------------------------


def test_without_o_the_next_free_name_is_taken(cli, data):
    Path("model-2.npz").write_text("mine")
    for name in "model.npz", "model-3.npz", "model-4.npz":
        assert f"saved {name}\n" in cli("train", "--data", data, *SMALL).stdout
    assert Path("model-2.npz").read_text(encoding="utf-8") == "mine"
    assert cli("train", "--data", data, *SMALL, "--overwrite").stdout.endswith("model-5.npz\n")


def test_an_output_that_exists_needs_overwrite(cli, data):
    Path("mine.npz").write_text("mine")
    told = cli("train", "--data", data, "-o", "mine.npz", code=2).stderr
    assert "found that mine.npz exists: take another, or give --overwrite." in told
    assert Path("mine.npz").read_text(encoding="utf-8") == "mine"
    cli("train", "--data", data, *SMALL, "-o", "mine.npz", "--overwrite")
    load_model("mine.npz")
    assert os.listdir() == ["mine.npz"]


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_an_output_that_can_be_no_model_is_refused_before_any_work(cli, data, more):
    Path("folder").mkdir()
    Path("file").write_text("")
    os.symlink("nowhere", "link")
    os.mkfifo("pipe")
    for output, words in [
        ("folder", "found that folder exists: name a file."),
        (".", "found that . exists: name a file."),
        ("", "found that . exists: name a file."),
        ("link", "found that link exists: name a file."),
        ("pipe", "found that pipe exists: name a file."),
        (os.devnull, f"found that {os.devnull} exists: name a file."),
        ("none/m.npz", f"a folder to write to at {Path('none').resolve()}, found that there is"),
        ("file/m.npz", f"a folder to write to at {Path('file').resolve()}, found that there is"),
    ]:
        result = cli("train", "--data", data, *SMALL, "-o", output, *more, code=2)
        assert words in result.stderr and "Invalid value for -o" in result.stderr, result.stderr
        assert "epoch" not in result.stderr
    assert sorted(os.listdir()) == ["file", "folder", "link", "pipe"]


def test_a_folder_that_cannot_be_written_to_is_refused_before_any_work(cli, data, monkeypatch):
    def refuse(path):  # root may write everywhere
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    told = cli("train", "--data", data, code=2).stderr
    assert f"at {Path.cwd()}, found that it cannot be written to (Permission denied)." in told


def test_a_name_that_is_too_long_is_refused_before_any_work(cli, data):
    told = cli("train", "--data", data, "-o", "x" * 240 + ".npz", code=2).stderr
    assert "name too long" in told


@pytest.mark.parametrize("output", [[], ["-o", "model.npz"]])
def test_a_file_that_appears_meanwhile_is_not_overwritten(cli, data, during, output):
    during(200, lambda: Path("model.npz").write_text("mine"))
    assert "saved model-2.npz" in cli("train", "--data", data, *SMALL, *output).stdout
    assert Path("model.npz").read_text(encoding="utf-8") == "mine"
    assert load_model("model-2.npz").position == {"epochs": 2, "images": 0}


def test_two_runs_in_one_folder_do_not_touch_each_other(data):
    runs = [start("train", "--data", data, *SMALL, "--seed", seed) for seed in (1, 2)]
    told = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    names = [re.search("saved (.*)", text)[1] for text in told]
    assert sorted(names) == ["model-2.npz", "model.npz"] == sorted(os.listdir())
    assert [load_model(name).options["seed"] for name in names] == [1, 2]


def test_the_model_is_saved_after_every_epoch(cli, data, during):
    positions = []
    during(400, lambda: positions.append(load_model("model.npz").position))
    cli("train", "--data", data, "--epochs", 3)
    assert positions == [{"epochs": 1, "images": 0}]


def test_a_full_disk_is_one_sentence(cli, data, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = cli("train", "--data", data, *SMALL, code=1).stderr.splitlines()[-1]
    assert told == "Error: model.npz could not be saved: No space left on device."
    assert os.listdir() == []


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--shape", "784,3"], "--shape: expected 64 inputs and 3 outputs for the data set custom, "
                               "found 784,3."),
        (["--shape", "64,8,10"], "--shape: expected 64 inputs and 3 outputs"),
        (["--shape", "64"], "'--shape': expected 2 or more layer sizes"),
        (["--shape", "64,8,3", "--hidden", "8"], "--shape and --hidden: expected one of them"),
        (["--validation", "240"], "'--validation': expected fewer than the 240 training images, "
                                  "found 240."),
        (["--validation", "-1"], "'--validation': expected a whole number of at least 0"),
        (["--lr", "1e400"], "'--lr': expected a number above 0, found '1e400'."),
        (["--lr", "-1"], "'--lr': expected a number above 0, found '-1'."),
        (["--dropout", "1.0"], "'--dropout': expected a number of at least 0 and below 1, found"),
        (["--activation", "softmax"], "'--activation': expected one of sigmoid, tanh, relu, "
                                      "leaky-relu, identity; found 'softmax'."),
        (["--cost", "hinge"], "'--cost': expected one of half-squared-error, squared-error, "
                              "cross-entropy; found 'hinge'."),
        (["--optimizer", "Adam"], "expected one of sgd, nesterov, rmsprop, adam, adamw; found 'Ad"),
        (["--schedule", "linear"], "expected one of constant, step, exponential, cosine; found"),
        (["--init", "zero"], "'--init': expected one of lecun, glorot, he, normal; found 'zero'."),
        (["--output-activation", "softmax"], "'--output-activation': expected one of sigmoid, tanh,"
         " relu, leaky-relu, identity, which go with the cost half-squared-error; found 'softmax'"),
        (["--cost", "cross-entropy", "--output-activation", "tanh"],
         "expected one of sigmoid, softmax, which go with the cost cross-entropy; found 'tanh'."),
        (["--schedule", "cosine", "--warmup", "5"], "'--warmup': expected fewer than the 5 epochs, "
         "or the schedule would end before it begins; found 5."),
        (["--patience", "2", "--validation", "0"], "'--patience': expected images held out to"),
        (["--label-smoothing", "0.1"], "'--label-smoothing': expected the cost cross-entropy"),
        (["--epochs", "0"], "'--epochs': expected a whole number of at least 1, found '0'."),
        (["--hidden", "1000001"], "'--hidden': expected 1 or more layer sizes from 1 to 1,000,000"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_refused_before_any_work(cli, data, args, words):
    result = cli("train", "--data", data, *args, code=2)
    assert words in result.stderr and result.stdout == ""
    assert "epoch 1" not in result.stderr and os.listdir() == []


def test_too_few_images_to_hold_any_out_are_noticed_where_patience_needs_some(cli, make_data):
    data = make_data("five", train=5)
    told = cli("train", "--data", data, "--patience", 1, code=2).stderr
    assert "'--patience': expected images held out to validate on" in told
    cli("train", "--data", data, "--epochs", 1)


def test_images_of_two_sizes_are_noticed_before_the_training(cli, data, make_data):
    other = make_data("other", size=(9, 9))
    for name in "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte":
        os.replace(other / name, data / name)
    told = cli("train", "--data", data, code=3).stderr
    assert "expected images of the size (8, 8)" in told
    assert "epoch" not in told


def test_labels_that_nobody_can_learn_from_are_noticed_before_the_training(cli, data):
    path = data / "t10k-labels-idx1-ubyte"
    path.unlink()
    write_idx(path, np.zeros(59, np.uint8))
    told = cli("train", "--data", data, code=3).stderr
    assert "expected 60 labels" in told and "epoch" not in told and os.listdir() == []


# --- where the data comes from --------------------------------------------------------------------


@pytest.fixture
def sample(make_data, monkeypatch):
    """Put a small data set where the sample is."""
    folder = make_data("sample", test=30)
    monkeypatch.setitem(DATASETS, "sample", DATASETS["sample"]._replace(folder=folder))
    return folder


@pytest.mark.parametrize("more", [[], ["-q"], ["--offline"]])
def test_without_data_and_mnist_it_says_loudly_that_it_takes_the_sample(cli, sample, more):
    result = cli("train", *SMALL, *more)
    assert "THIS IS NOT MNIST. Training on the sample" in result.stderr
    assert "simplenet fetch mnist" in result.stderr and "--data" in result.stderr
    reason = "nothing may be downloaded" if more == ["--offline"] else "could not be downloaded"
    assert reason in " ".join(result.stderr.split())  # it is wrapped
    assert "(30 test images of sample)" in result.stdout
    assert load_model("model.npz").data["name"] == "sample"
    assert json.loads(cli("train", *SMALL, *more, "--json").stdout)["data"] == "sample"


def test_the_sample_asked_for_needs_no_notice(cli, sample):
    assert "NOT MNIST" not in cli("train", *SMALL, "--data", "sample").stderr


def test_two_mirrors_that_do_not_answer_cost_less_than_ten_seconds(cli, sample, monkeypatch):
    import simplenet.datasets.load as datasets

    waits, load = [], datasets.load_data
    monkeypatch.setattr(
        datasets, "load_data", lambda *args, **how: waits.append(how) or load(*args, **how)
    )
    cli("train", *SMALL)
    assert 0 < waits[0]["timeout"] * len(datasets.DATASETS["mnist"].mirrors) <= 9


@pytest.mark.parametrize(
    ("args", "variable", "words"),
    [
        (["--data", "nowhere"], None, "nowhere: expected a folder or one of the names mnist,"),
        (["--data", "mnist"], None, "could not be downloaded"),
        (["--data", "mnist", "--offline"], None, "nothing may be downloaded"),
        ([], "nowhere", "SIMPLENET_DATA: nowhere: expected a folder"),
        (["--offline"], "nowhere", "SIMPLENET_DATA: nowhere: expected a folder"),
    ],
)
def test_data_that_was_asked_for_is_never_replaced_by_the_sample(
    cli, sample, monkeypatch, args, variable, words
):
    if variable:
        monkeypatch.setenv("SIMPLENET_DATA", variable)
    result = cli("train", *args, code=3)
    assert words in result.stderr and "NOT MNIST" not in result.stderr
    assert os.listdir() == [] and result.stdout == ""


def test_a_folder_named_by_data_comes_before_that_of_the_environment(
    cli, data, make_data, monkeypatch
):
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data("other", test=57)))
    assert "57 test images" in cli("train", *SMALL).stdout
    assert "60 test images" in cli("train", *SMALL, "--data", data).stdout


# --- how it ends when it must ---------------------------------------------------------------------


def test_a_divergence_saves_the_last_good_model_and_advises(cli, data):
    params = init_net((64, 8, 3), rng=0).params
    result = cli("train", "--data", data, *SMALL, "--lr", 1e300, code=4)
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "Error: training diverged in epoch 1: expected a finite cost and finite weights, found "
        "others at learning rate 1e+300; try 5. The model after 0 epochs is saved as model.npz."
    )
    assert (load_model("model.npz").net.params == params).all()


def test_a_later_divergence_saves_the_model_as_it_was_before(cli, data, monkeypatch):
    from simplenet.training import run as training

    step, steps = training.optimize, []

    def overflow(net, lr, rule):
        steps.append(lr)
        step(net, lr if len(steps) < 15 else np.inf, rule)  # in the second epoch of ten steps

    with monkeypatch.context() as patch:
        patch.setattr(training, "optimize", overflow)
        told = cli("train", "--data", data, *SMALL, code=4).stderr
    assert "diverged in epoch 2" in told and "after 1 epoch is saved as model.npz." in told
    model, net = load_model("model.npz"), init_net((64, 8, 3), rng=0)
    list(train(net, *load_data(data).train, epochs=1))
    assert (model.net.params == net.params).all()
    assert model.position == {"epochs": 1, "images": 0} and len(model.history) == 1


def test_a_divergence_without_anything_learned_leaves_an_old_model_alone(cli, data):
    cli("train", "--data", data, *SMALL, "-o", "old.npz")
    before = Path("old.npz").read_bytes()
    told = cli(
        "train", "--data", data, "--lr", 1e300, "-o", "old.npz", "--overwrite", code=4
    ).stderr
    assert "Nothing was learned; old.npz is as it was." in told
    assert Path("old.npz").read_bytes() == before


SIGNALS = pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)


@SIGNALS
def test_a_signal_in_mid_epoch_saves_what_was_learned(cli, make_data, during, number, code, word):
    data = make_data(train=2600, test=30)
    during(2100 + 1000, lambda: signal.raise_signal(number))  # in the second epoch of 2100 images
    result = cli("train", "--data", data, "--hidden", 8, "--validation", 500, code=code)
    assert result.stdout == "" and result.stderr.splitlines()[-1] == (
        f"Error: {word}. The model after 1 epoch and 1,000 images is saved as model.npz."
    )
    model, net = load_model("model.npz"), init_net((64, 8, 3), rng=0)
    assert model.position == {"epochs": 1, "images": 1000} and len(model.history) == 1

    def stop(epoch, done):
        if (epoch, done) == (2, 1000):
            raise StopIteration

    with pytest.raises(RuntimeError):
        list(train(net, *load_data(data).train, validation=500, progress=stop))
    assert (model.net.params == net.params).all()


@SIGNALS
def test_a_signal_while_a_model_is_saved_waits_until_it_is(
    cli, data, monkeypatch, number, code, word
):
    fsync, calls = os.fsync, []

    def disturbed(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            signal.raise_signal(number)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", disturbed)
    told = cli("train", "--data", data, *SMALL, code=code).stderr
    assert f"{word}. The model after 1 epoch is saved as model.npz." in told
    assert load_model("model.npz").position == {"epochs": 1, "images": 0}
    assert os.listdir() == ["model.npz"]


@SIGNALS
def test_a_signal_after_the_last_epoch_is_not_lost(number, code, word):
    from simplenet.cli.common import signals_held

    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_held():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_ignored():
    from simplenet.cli.common import signals_held

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_held() as release:
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
            signal.raise_signal(signal.SIGINT)
            release()
    finally:
        signal.signal(signal.SIGINT, before)


@SIGNALS
def test_a_real_process_ends_with_the_right_code_and_a_whole_model(make_data, number, code, word):
    data = make_data("some", train=2400)
    run = start("train", "--data", data, "--hidden", 8, "--epochs", 10**9, "-o", "m.npz")
    try:
        lines = [run.stderr.readline() for _ in range(4)]
        assert "epoch          1/1000000000" in lines[2]
        run.send_signal(number)
        out, err = run.communicate(timeout=30)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == code and out == ""
    assert "Traceback" not in err
    last, model = err.splitlines()[-1], load_model("m.npz")
    epochs, images = model.position.values()
    assert epochs >= 1 and len(model.history) == epochs
    done = f"{epochs} epoch{'s' * (epochs > 1)}" + f" and {images:,} images" * bool(images)
    assert last == f"Error: {word}. The model after {done} is saved as m.npz."
    assert os.listdir() == ["m.npz"] and zipfile.is_zipfile("m.npz")
