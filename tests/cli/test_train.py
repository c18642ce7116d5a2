"""`simplenet train`: what it saves, prints and refuses, and how it ends when it must."""

import errno
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from simplenet import advance, evaluate, init_net, load_data, load_model, start, train
from simplenet.cli.advice import advice_on
from simplenet.cli.output import Keeper
from simplenet.cli.signals import Terminated
from simplenet.cli.train import find_data, fit
from simplenet.datasets.idx import write_idx
from simplenet.datasets.sources import DATASETS, PARTS
from simplenet.schedules import SCHEDULES
from simplenet.training import run as run_module

SMALL = ("--hidden", 8, "--epochs", 2)


@pytest.fixture
def data(make_data):
    return make_data()


class Bar:
    """A bar that has something happen when so many images of the training are done."""

    def __init__(self, images, action):
        self.images, self.action = images, action
        self.n = 0

    def update(self, more):
        self.n += more
        if self.n == self.images:
            self.action()

    def clear(self): ...

    def set_description_str(self, text, refresh): ...


def train_until(data, images, action, *, output=None, **options):
    """Train as the command does, and do something when so many images are done."""
    run = start(init_net((64, 8, 3), rng=0), *load_data(data).train, **options)
    keeper = Keeper(output, False)
    fit(run, load_data(data).train, keeper, lambda said: None, Bar(images, action))
    return keeper


def start_process(*args, **kwargs):
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
    about = json.loads(cli("info", "model.npz", "--json").stdout)
    assert json.loads(result.stdout) == {
        "schema": 1,
        "model": "model.npz",
        "data": "custom",
        "images": 60,
        "accuracy": score.accuracy,
        "cost": score.cost,
        "margin": None,  # too few are held out
        "history": about["history"],
    }
    assert [record["epoch"] for record in about["history"]] == [1, 2]
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
    assert (b"training |" in shown and b"img/s" in shown and b"epoch 2/2  cost" in shown) != quiet
    assert (shown == b"") == quiet


def test_epochs_are_numbered_in_a_column(cli, data):
    result = cli("train", "--data", data, "--epochs", 10, "--validation", 0)
    lines = result.stderr.splitlines()[2:]
    assert lines[0].startswith("epoch  1/10  cost") and lines[9].startswith("epoch 10/10  cost")
    assert {line.index("accuracy") for line in lines} == {26}
    assert all("validation        -  " in line for line in lines)


# --- a net that learns nothing --------------------------------------------------------------------

GUESSING = r"warning: an accuracy of \d+\.\d\d % {} is hardly better than guessing: "


@pytest.mark.parametrize("held_out", [40, 0])
def test_learning_nothing_is_said_after_the_first_epoch_and_at_the_end(cli, data, held_out):
    args = "--data", data, "--hidden", 8, "--epochs", 3, "--validation", held_out, "--lr", 1e-9
    lines = cli("train", *args).stderr.splitlines()[2:]
    assert [line.split()[0] for line in lines] == "epoch warning: epoch epoch warning:".split()
    why = r"the learning rate 1e-09 may be too low: try --lr \S+\."
    for line, when in (lines[1], "after the first epoch"), (lines[4], "on the test images"):
        assert re.fullmatch(GUESSING.format(when) + why, line)
    quiet = cli("train", *args, "-q").stderr.splitlines()
    assert quiet == [lines[1], lines[4]]


def test_at_the_end_it_is_said_only_if_it_is_still_so(cli, data):
    result = cli("train", "--data", data, "--hidden", 8, "--epochs", 12, "--lr", 0.2, "-q")
    assert re.fullmatch(GUESSING.format("after the first epoch") + ".*\n", result.stderr)


@pytest.mark.parametrize("classes", [3, 1])
def test_a_net_that_learns_or_has_nothing_to_learn_is_not_warned_of(cli, make_data, classes):
    assert cli("train", "--data", make_data("some", classes=classes), *SMALL, "-q").stderr == ""


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("usual", [5.0, 0.5, 0.001])
def test_no_advice_names_what_has_been_tried(optimizer, usual):
    for factor in 1e-6, 0.04, 0.05, 0.1, 0.2, 0.25, 0.5, 0.9, 1, 1 + 1e-9, 1.05, 1.1, 1.2, 5, 1e9:
        settings = {"lr": factor * usual, "optimizer": optimizer}
        advice = advice_on(settings, (40,), usual, 2750)
        assert float(re.search(r"--lr ([\d.e-]+)", advice)[1]) != float(f"{factor * usual:g}")
        assert f"--optimizer {optimizer}" not in advice.split(";")[0].split()
        assert ("too high" in advice) == (factor > 1.1)
        assert ("too low" in advice) == (factor < 0.05)


@pytest.mark.parametrize(
    ("settings", "hidden", "steps", "words"),
    [
        ({"l2": 0.1}, (40,), 2750, "--l2 0.1 may keep it from learning: try without"),
        ({"l1": 1.0, "weight_decay": 3.0}, (40,), 9, "--l1 1 and --weight-decay 3 may keep it"),
        ({"dropout": 0.2, "weight_decay": 0.01}, (40,), 11, "only 11 steps have been taken: "),
        ({}, (40,), 1, "only one step has been taken: try more epochs, or smaller minibatches"),
        ({"activation": "sigmoid"}, (20,) * 5, 2750, "deep nets of sigmoids begin to learn late"),
        ({"activation": "relu"}, (20,) * 5, 2750, "try more epochs, another learning rate, such"),
    ],
)
def test_the_likeliest_cause_is_named(settings, hidden, steps, words):
    advice = advice_on({"lr": 5.0, "optimizer": "sgd", **settings}, hidden, 5.0, steps)
    assert advice.startswith(words)


# --- the model ------------------------------------------------------------------------------------


def test_everything_that_determines_the_run_is_in_the_model(cli, data):
    cli("train", "--data", data, *SMALL, "--lr", 2, "--seed", 9, "--batch-size", 7,
        "--validation", 30, "--threads", 2)  # fmt: skip
    run, found = load_model("model.npz"), load_data(data)
    assert run.settings == {
        "shape": [64, 8, 3], "activation": "sigmoid", "output_activation": "sigmoid",
        "cost": "half-squared-error", "init": "lecun", "epochs": 2, "batch_size": 7, "seed": 9,
        "validation": 30, "patience": 0, "lr": 2.0, "optimizer": "sgd", "momentum": 0.0,
        "schedule": "constant", "l1": 0.0, "l2": 0.0, "dropout": 0.0, "clip": 0.0, "average": 0.0,
        "rotation": 0.0, "scaling": 0.0, "shear": 0.0, "shift": 0.0, "elastic": 0.0, "stroke": 0.0,
    }  # fmt: skip
    assert run.data == {
        "name": "custom", "size": [8, 8],
        "sha256": {part: found.sha256(part) for part in PARTS},
    }  # fmt: skip
    assert (run.epoch, run.images, run.image_shape) == (2, 0, (240, 8, 8))
    assert [(record.epoch, record.lr) for record in run.history] == [(1, 2.0), (2, 2.0)]
    assert None not in [record.validation_accuracy for record in run.history]
    assert [record.seconds for record in run.history] == [None, None]  # equal runs, equal files


@pytest.mark.parametrize(
    ("args", "applies", "idle"),
    [
        ([], {"momentum": 0.0}, "rho beta1 beta2 epsilon decay decay_every warmup weight_decay "
                 "label_smoothing"),
        (["--optimizer", "adamw"], {"beta1": 0.9, "weight_decay": 0.01}, "momentum rho"),
        (["--optimizer", "rmsprop"], {"rho": 0.99, "momentum": 0.0}, "beta1 beta2 weight_decay"),
        (["--schedule", "step"], {"decay": 0.5, "decay_every": 1}, "warmup"),
        (["--schedule", "exponential"], {"decay": 0.5}, "decay_every warmup"),
        (["--schedule", "cosine"], {"warmup": 0.0}, "decay decay_every"),
        (["--cost", "cross-entropy"], {"label_smoothing": 0.0}, ""),
        (["--shape", "64,3"], {"output_activation": "sigmoid"}, "activation dropout"),
        (["--optimizer", "adam", "--momentum", 0, "--weight-decay", 0.0, "--warmup", 0,
          "--label-smoothing", 0], {}, "momentum weight_decay warmup label_smoothing"),
    ],
    ids=str,
)  # fmt: skip
def test_what_applies_is_recorded_and_nothing_else(cli, data, args, applies, idle):
    cli("train", "--data", data, "--epochs", 1, *args)
    settings = load_model("model.npz").settings
    assert applies.items() <= settings.items()
    assert not set(idle.split()) & set(settings)


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
    assert [record.cost for record in model.history] == [record.cost for record in records]


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
    stderr = cli("train", "--data", data, "-o", "mine.npz", code=2).stderr
    assert "found that mine.npz exists: take another, or give --overwrite." in stderr
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
    stderr = cli("train", "--data", data, code=2).stderr
    assert f"at {Path.cwd()}, found that it cannot be written to (Permission denied)." in stderr


def test_a_name_that_is_too_long_is_refused_before_any_work(cli, data):
    stderr = cli("train", "--data", data, "-o", "x" * 252 + ".npz", code=2).stderr
    assert "name too long" in stderr


@pytest.mark.parametrize("output", [None, Path("model.npz")])
def test_a_file_that_appears_meanwhile_is_not_overwritten(data, output):
    keeper = train_until(
        data, 200, lambda: Path("model.npz").write_text("mine"), output=output, epochs=2
    )
    assert keeper.path == Path("model-2.npz")
    assert Path("model.npz").read_text(encoding="utf-8") == "mine"
    assert load_model("model-2.npz").epoch == 2


def test_two_runs_in_one_folder_do_not_touch_each_other(data):
    runs = [start_process("train", "--data", data, *SMALL, "--seed", seed) for seed in (1, 2)]
    printed = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    names = [re.search("saved (.*)", text)[1] for text in printed]
    assert sorted(names) == ["model-2.npz", "model.npz"] == sorted(os.listdir())
    assert [load_model(name).settings["seed"] for name in names] == [1, 2]


def test_the_model_is_saved_after_every_epoch(data):
    epochs = []
    train_until(data, 400, lambda: epochs.append(load_model("model.npz").epoch), epochs=3)
    assert epochs == [1] and load_model("model.npz").epoch == 3


def test_early_stopping_saves_the_best_net_and_says_which_epoch_it_is_of(cli, data):
    args = "--data", data, "--hidden", 8, "--epochs", 9, "--patience", 2, "--lr", 0.5
    stderr = cli("train", *args).stderr
    run, net = load_model("model.npz"), init_net((64, 8, 3), rng=0)
    scores = [record.validation_accuracy for record in run.history]
    best = 1 + scores.index(1.0)  # it cannot get better
    assert 1 < best < run.epoch == best + 2 < 9 and run.weights_epoch == best
    list(train(net, *load_data(data).train, epochs=best, lr=0.5))
    assert (run.net.params == net.params).all()
    assert stderr.endswith(f"the best was epoch {best}, whose weights are kept\n")
    about = json.loads(cli("info", "model.npz", "--json").stdout)
    assert about["position"] == {"epochs": run.epoch, "images": 0, "weights": best}
    shown = cli("info", "model.npz").stdout
    assert f"{run.epoch} epochs; the weights are those after epoch {best}, the best\n" in shown


def test_a_full_disk_is_one_sentence(cli, data, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    last = cli("train", "--data", data, *SMALL, code=1).stderr.splitlines()[-1]
    assert last == (
        "Error: model.npz could not be saved: No space left on device. Nothing is saved: free some "
        "space, and train again."
    )
    assert os.listdir() == []


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--hidden", "1000000,1000000"], "'--shape': expected layers with at most 1,000,000,000"),
        (["--shape", "784,3"], "'--shape': expected 64 inputs and 3 outputs for the data set "
                               "custom, found 784,3."),
        (["--shape", "64,8,10"], "'--shape': expected 64 inputs and 3 outputs"),
        (["--shape", "64"], "'--shape': expected 2 or more layer sizes"),
        (["--shape", "64,8,3", "--hidden", "8"], "--shape and --hidden: expected one of them"),
        (["--validation", "240"], "'--validation': expected fewer than the 240 training images, "
                                  "found 240."),
        (["--validation", "-1"], "'--validation': expected a whole number of at least 0"),
        (["--lr", "1e400"], "'--lr': expected a number above 0, found '1e400'."),
        (["--lr", "-1"], "'--lr': expected a number above 0, found '-1'."),
        (["--dropout", "1.0"], "'--dropout': expected a number of at least 0 and below 1, found"),
        (["--activation", "softmax"], "'--activation': expected one of sigmoid, tanh, relu, "
                                      "leaky-relu, identity, or one for each hidden layer with "),
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
        *[([f"--{name}", value], f"'--{name}': expected the optimizer {suited}, found sgd, which "
           f"makes no use of {name.replace('-', '_')} {value}.")
          for name, value, suited in [
            ("weight-decay", "3.0", "adamw"), ("weight-decay", "0.01", "adamw"),
            ("rho", "0.9", "rmsprop"), ("beta1", "0.9", "adam or adamw"),
            ("beta2", "0.9", "adam or adamw"), ("epsilon", "1e-08", "rmsprop or adam or adamw")]],
        (["--momentum", "0.9", "--optimizer", "adam"],
         "'--momentum': expected the optimizer sgd or nesterov or rmsprop, found adam, which makes "
         "no use of momentum 0.9."),
        (["--decay", "0.5"], "'--decay': expected the schedule step or exponential, found constant"
                             ", which makes no use of decay 0.5."),
        (["--decay-every", "1"], "'--decay-every': expected the schedule step, found constant"),
        (["--decay-every", "2", "--schedule", "exponential"], "the schedule step, found exponenti"),
        (["--warmup", "1"], "'--warmup': expected the schedule cosine, found constant, which"),
        (["--label-smoothing", "0.1"], "'--label-smoothing': expected the cost cross-entropy, found"
         " half-squared-error, which makes no use of label_smoothing 0.1."),
        (["--dropout", "0.1", "--shape", "64,3"], "'--dropout': expected hidden layers to leave "
         "neurons out of, found none, which makes no use of dropout 0.1."),
        (["--activation", "sigmoid", "--shape", "64,3"], "'--activation': expected hidden layers, "
         "found none in the shape (64, 3), which makes no use of sigmoid."),
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
    stderr = cli("train", "--data", data, "--patience", 1, code=2).stderr
    assert "'--patience': expected images held out to validate on" in stderr
    cli("train", "--data", data, "--epochs", 1)


def test_images_of_two_sizes_are_noticed_before_the_training(cli, data, make_data):
    other = make_data("other", size=(9, 9))
    for name in "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte":
        os.replace(other / name, data / name)
    stderr = cli("train", "--data", data, code=3).stderr
    assert "expected images of the size (8, 8)" in stderr
    assert "epoch" not in stderr


def test_labels_that_nobody_can_learn_from_are_noticed_before_the_training(cli, data):
    path = data / "t10k-labels-idx1-ubyte"
    path.unlink()
    write_idx(path, np.zeros(59, np.uint8))
    stderr = cli("train", "--data", data, code=3).stderr
    assert "expected 60 labels" in stderr and "epoch" not in stderr and os.listdir() == []


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


def test_two_mirrors_that_do_not_answer_cost_less_than_ten_seconds(sample, monkeypatch, capsys):
    patience = inspect.signature(find_data).parameters["patience"].default
    assert 0 < patience * len(DATASETS["mnist"].mirrors) <= 9
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it connects, and says nothing
        mirror = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        two = DATASETS["mnist"]._replace(mirrors=(mirror, mirror))
        monkeypatch.setitem(DATASETS, "mnist", two)
        found = find_data(None, False, True, patience=0.1)
    assert found.name == "sample"
    said = " ".join(capsys.readouterr().err.split())  # it is wrapped
    assert said.count("no answer for 0.1 s") == 2


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
    net = init_net((64, 8, 3), rng=0)
    usual = start(net, *load_data(data).train).settings["lr"]
    result = cli("train", "--data", data, *SMALL, "--lr", 1e300, code=4)
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "Error: training diverged in epoch 1: expected a finite cost and finite weights, found "
        f"others at learning rate 1e+300; try {usual:g}. The model after 0 epochs is saved as "
        "model.npz."
    )
    assert (load_model("model.npz").net.params == net.params).all()


def test_a_later_divergence_saves_the_model_as_it_was_before(cli, data, monkeypatch):
    def overflow(done, step, settings):
        return 1.0 if done < 1.4 else 1e300  # in the middle of the second epoch

    monkeypatch.setitem(SCHEDULES, "constant", overflow)
    stderr = cli("train", "--data", data, *SMALL, code=4).stderr
    assert "diverged in epoch 2" in stderr and "after 1 epoch is saved as model.npz." in stderr
    run, net = load_model("model.npz"), init_net((64, 8, 3), rng=0)
    list(train(net, *load_data(data).train, epochs=1))
    assert (run.net.params == net.params).all()
    assert (run.epoch, run.images, len(run.history)) == (1, 0, 1)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory: try a smaller net or batch. "),
        (MemoryError("Unable to allocate 9 GiB"), "not enough memory: Unable to allocate 9 GiB. "),
    ],
)
def test_a_memory_that_is_full_saves_what_was_learned(cli, make_data, monkeypatch, error, words):
    data, calls = make_data(train=2400), []

    def fails(*args):
        calls.append(args)
        if len(calls) == 80:  # in the second of the two blocks of an epoch
            raise error
        return four_calls(*args)

    four_calls = run_module.four_calls
    monkeypatch.setattr(run_module, "four_calls", fails)
    stderr = cli("train", "--data", data, *SMALL, code=1).stderr
    done = "0 epochs and 1,000 images"
    said = f"Error: {words}The model after {done} is saved as model.npz."
    assert stderr.splitlines()[-1] == said
    assert load_model("model.npz").images == 1000


def test_a_divergence_without_anything_learned_leaves_an_old_model_alone(cli, data):
    cli("train", "--data", data, *SMALL, "-o", "old.npz")
    before = Path("old.npz").read_bytes()
    stderr = cli(
        "train", "--data", data, "--lr", 1e300, "-o", "old.npz", "--overwrite", code=4
    ).stderr
    assert "Nothing was learned; old.npz is as it was." in stderr
    assert Path("old.npz").read_bytes() == before


SIGNALS = pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)


@SIGNALS
def test_a_signal_in_mid_epoch_saves_what_was_learned(make_data, number, code, word):
    data, how = make_data(train=2600, test=30), {"validation": 500, "epochs": 5}
    with pytest.raises(KeyboardInterrupt) as ended:  # in the second epoch of 2100 images
        train_until(data, 2100 + 1000, lambda: signal.raise_signal(number), **how)
    assert (ended.type is Terminated) == (number == signal.SIGTERM)
    assert str(ended.value) == (
        f"{word}. The model after 1 epoch and 1,000 images is saved as model.npz. To go on: "
        "simplenet train --resume model.npz"
    )
    found, expected = load_model("model.npz"), init_net((64, 8, 3), rng=0)
    assert (found.epoch, found.images, len(found.history)) == (1, 1000, 1)
    examples = load_data(data).train
    for at in advance(start(expected, *examples, **how), *examples):
        if (at.epoch, at.images) == (2, 1000):
            break
    assert (found.net.params == expected.params).all()


@SIGNALS
def test_a_signal_in_the_last_block_says_where_the_model_is(data, number, code, word):
    with pytest.raises(KeyboardInterrupt) as ended:
        train_until(data, 400, lambda: signal.raise_signal(number), epochs=2)
    assert str(ended.value) == f"{word}. The model after 2 epochs is saved as model.npz."
    assert load_model("model.npz").finished


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
    stderr = cli("train", "--data", data, *SMALL, code=code).stderr
    said = f"Error: {word}. The model after 1 epoch is saved as model.npz. To go on: "
    assert stderr.endswith(f"{said}simplenet train --resume model.npz --data {data}\n")
    run = load_model("model.npz")
    assert (run.epoch, run.images) == (1, 0)
    assert os.listdir() == ["model.npz"]


@SIGNALS
def test_a_real_process_ends_with_the_right_code_and_a_whole_model(make_data, number, code, word):
    data = make_data("some", train=2400)
    run = start_process("train", "--data", data, "--hidden", 8, "--epochs", 10**9, "-o", "m.npz")
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
    last, found = err.splitlines()[-1], load_model("m.npz")
    epochs, images = found.epoch, found.images
    assert epochs >= 1 and len(found.history) == epochs
    done = f"{epochs} epoch{'s' * (epochs > 1)}" + f" and {images:,} images" * bool(images)
    assert last == (
        f"Error: {word}. The model after {done} is saved as m.npz. To go on: simplenet train "
        f"--resume m.npz --data {data}"
    )
    assert os.listdir() == ["m.npz"] and zipfile.is_zipfile("m.npz")
