"""The command line as a whole, eval and info: what they print, where, and how they end."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fuzzing import commands

from simplenet import (
    __version__,
    evaluate,
    init_net,
    load_data,
    load_model,
    outputs,
    save_model,
    start,
)
from simplenet.cli import COMMANDS
from simplenet.cli import cli as group
from simplenet.cli.signals import Terminated
from simplenet.datasets.sources import DATASETS
from simplenet.options import OPTIONS
from simplenet.training.run import Epoch, Snapshot


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def model(cli, data):
    """Return the name of a model that has been trained on the small data set."""
    cli("train", "--data", data, "--hidden", 8, "--epochs", 2, "-o", "m.npz")
    return "m.npz"


# --- help -----------------------------------------------------------------------------------------


def test_every_command_has_help_with_an_example(cli):
    listed = cli("--help").stdout
    assert re.findall(r"^  (\w+) +[A-Z].*\.$", listed, re.MULTILINE) == list(COMMANDS)
    assert "simplenet train\n" in listed
    for name in COMMANDS:
        text = cli(name, "-h").stdout
        assert f"  simplenet {name}" in text.split("Examples:")[1]
        assert text == cli(name, "--help").stdout
        assert text.endswith("\n\nOther:\n  -h, --help  Show this message and exit.\n")


def test_the_help_of_train_names_every_option_under_its_heading_with_its_default(cli):
    text = cli("train", "--help").stdout
    for option in OPTIONS.values():
        section = text.split(f"\n{option.group}:\n")[1].split("\n\n")[0]
        entry = section.split(f"--{option.name.replace('_', '-')} {option.metavar} ")[1]
        entry = re.sub(r"-\s+", "-", entry.split("\n  --")[0])  # a name may be broken at its hyphen
        found = " ".join(entry.split())
        assert re.sub(r"-\s+", "-", " ".join(option.help.split())) in found
        default = {None: None, (40,): "40"}.get(option.default, str(option.default))
        assert found.endswith(f"[default: {default}]") or default is None
        assert found.count("[default: ") == (option.name != "shape")
    others = (
        "--config --print-config --data --offline -o, --output --overwrite --threads -q, --quiet "
        "--json -h, --help"
    )
    assert all(f"  {name}" in text for name in re.findall(r"(?:-\w, )?--[\w-]+", others))


def test_the_help_comes_without_numpy_and_tqdm():
    code = (
        "import sys; from simplenet.cli import cli\n"
        "for args in ['--help'], ['train', '--help'], ['eval', '-h'], ['info', '-h']:\n"
        "    try: cli(args)\n"
        "    except SystemExit as end: assert not end.code\n"
        "assert not {'numpy', 'tqdm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_the_version_is_that_of_the_package(cli, shell):
    assert cli("--version").stdout == shell("--version").stdout == f"simplenet {__version__}\n"


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["trian"], "No such command 'trian'"),
        (["train", "--rate", "3"], "No such option"),
        (["train", "more"], "unexpected extra argument"),
        (["eval"], "Missing argument 'MODEL...'"),
        (["info"], "Missing argument 'MODEL'"),
        (["train", "--lr", "fast"], "'--lr': expected a number above 0, found 'fast'."),
        (
            ["train", "--threads", "0"],
            "'--threads': expected auto or a whole number from 1 to 1024, found '0'.",
        ),
        (["train", "--threads", "all"], "from 1 to 1024, found 'all'."),
        (["eval", "m.npz", "--threads", "2000"], "from 1 to 1024, found '2000'."),
    ],
)
def test_a_slip_in_the_command_is_a_usage_error(cli, args, words):
    result = cli(*args, code=2)
    assert words in result.stderr and result.stdout == ""


GIVEN = {
    "decay_every": ["--schedule", "step"], "decay": ["--schedule", "step"],
    "warmup": ["--schedule", "cosine"], "rho": ["--optimizer", "rmsprop"],
    "beta1": ["--optimizer", "adam"], "beta2": ["--optimizer", "adam"],
    "epsilon": ["--optimizer", "adam"], "weight_decay": ["--optimizer", "adamw"],
    "label_smoothing": ["--cost", "cross-entropy"],
}  # fmt: skip
ODD = [
    "1e400",
    "1" + "0" * 400,
    "9" * 5000,
    "-" + "9" * 5000,
    "\u0663",
    "0.\u0665",
    "\uff11",
    "nan",
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value[:5]))
@pytest.mark.parametrize("name", OPTIONS)
def test_no_option_takes_numbers_beyond_measure_or_in_other_digits(cli, data, name, value):
    option = f"--{name.replace('_', '-')}"
    result = cli("train", "--data", data, *GIVEN.get(name, []), option, value, code=2)
    message = result.stderr.splitlines()[-1]
    assert message.startswith(f"Error: Invalid value for '{option}': expected ")
    assert "found" in message and len(message) < 500


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value[:5]))
@pytest.mark.parametrize(
    "args",
    [
        ["train", "--threads"], ["check", "--batch-size"], ["gears", "--sample"],
        ["graph", "a", "a="],
    ],
    ids=lambda args: args[0],
)  # fmt: skip
def test_no_other_number_does_either(cli, args, value):
    *args, last = args
    args = [*args, last + value] if last == "a=" else [*args, last, value]
    message = cli(*args, code=2).stderr.splitlines()[-1]
    assert message.startswith("Error: Invalid value for ")


def test_more_samples_than_memory_has_are_refused(cli):
    for many in 100_001, 10**12, 10**30:
        stderr = cli("check", "--batch-size", many, code=2).stderr
        assert (
            f"'--batch-size': expected at most 100,000 samples at random, found {many}." in stderr
        )


@pytest.mark.parametrize("value", ["9" * 5000, "\u0663", "x"], ids=["9999", "3", "x"])
@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "COLUMNS", "TQDM_NCOLS"])
def test_no_variable_of_the_environment_leads_to_a_traceback(data, name, value):
    args = [sys.executable, "-m", "simplenet", "train", "--data", data, "--epochs", "1"]
    env = os.environ | {name: value}
    result = subprocess.run(args, env=env, capture_output=True, text=True)
    if name == "TQDM_NCOLS" and value != "\u0663":
        assert result.returncode == 2
        assert "Error: the variables of the environment that begin with TQDM_: exp" in result.stderr
        assert result.stderr.endswith("unset them.\n")
    else:
        assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("value", ["9" * 5000, "\u0663", "nowhere", "a/" * 3000])
@pytest.mark.parametrize("command", ["train", "eval"])
def test_a_folder_that_cannot_be_is_bad_data(cli, model, command, value, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", value)
    stderr = cli(*[command, model][: 1 + (command == "eval")], code=3).stderr
    assert "SIMPLENET_DATA" in stderr and stderr.count("\n") == 1


@pytest.mark.parametrize("size", [(1000, 1001), (1_000_001,), (1, 1_000_001)], ids=str)
@pytest.mark.parametrize(
    "args",
    [["train"], ["train", "--shape", "784,10"], ["check"], ["train", "--hidden", "3,2"]],
    ids=" ".join,
)
def test_images_of_more_pixels_than_a_net_has_inputs_are_bad_data(cli, make_data, args, size):
    folder = make_data(f"large {size}", train=6, test=3, size=size)
    result = cli(*args, "--data", folder, code=3)
    assert result.stderr.splitlines()[-1] == (
        "Error: the images of the data set: expected at most 1,000,000 pixels in each, as a net "
        f"has no more inputs, found {np.prod(size):,}: make them smaller."
    )
    assert not os.path.exists("model.npz")


def test_images_of_as_many_pixels_as_a_net_has_inputs_will_do(cli, make_data):
    folder = make_data("large", train=6, test=3, size=(1000, 1000))
    cli("train", "--data", folder, "--hidden", 1, "--epochs", 1)
    assert load_model("model.npz").net.shape == (10**6, 1, 3)


@pytest.mark.parametrize("command", ["eval", "info"])
def test_a_file_that_is_no_model_is_bad_data(shell, command):
    with open("hello.txt", "w") as file:
        file.write("hello")
    os.mkdir("folder")
    for name, words in [
        ("no.npz", "Error: no.npz: cannot be read: No such file or directory."),
        ("hello.txt", "Error: hello.txt: expected a model file (.npz), found one that starts with"),
        ("folder", "Error: folder: cannot be read: Is a directory."),
    ]:
        result = shell(command, name, code=3)
        assert result.stderr.startswith(words) and result.stderr.count("\n") == 1
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(28, "No space left on device", "m.npz"), 1, "Error: m.npz: No space left on dev"),
        (OSError("odd"), 1, "Error: odd."),
        (MemoryError("Unable to allocate 9 TiB"), 1, "not enough memory: Unable to allocate 9 TiB"),
        (MemoryError(), 1, "Error: not enough memory: try a smaller net or batch."),
        (KeyboardInterrupt(), 130, "Error: interrupted."),
        (KeyboardInterrupt("interrupted. Saved."), 130, "Error: interrupted. Saved."),
        (Terminated(), 143, "Error: terminated."),
        (Terminated("terminated. Saved."), 143, "Error: terminated. Saved."),
    ],
)
def test_whatever_else_fails_is_one_sentence_and_a_code(cli, monkeypatch, error, code, words):
    def fail(path):
        raise error

    monkeypatch.setattr("simplenet.load_model", fail, raising=False)
    result = cli("info", "m.npz", code=code)
    assert words in result.stderr and result.stderr.count("\n") == 1


def test_a_reader_that_leaves_early_ends_it_quietly(model):
    for command in ["info", model], ["train", "--data", "../data", "--epochs", "1"]:
        pipe, end = os.pipe()
        os.close(pipe)
        try:
            result = subprocess.run(
                [sys.executable, "-m", "simplenet", *command],
                stdout=end, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        finally:
            os.close(end)
        assert result.returncode == 1
        assert not re.search("Traceback|Error|Exception", result.stderr), result.stderr
    load_model("model.npz")  # saved before anybody was found


@pytest.mark.skipif(os.name != "posix", reason="closes file descriptors the Unix way")
@pytest.mark.parametrize(("closed", "code"), [(1, 1), (2, 0)])
def test_closed_standard_streams_do_no_harm_but_a_lost_result_is_said(model, data, closed, code):
    command = f'"$@" {closed}>&-'
    args = [sys.executable, "-m", "simplenet", "train", "--data", data, "--epochs", "1"]
    result = subprocess.run(["sh", "-c", command, "sh", *args], capture_output=True, text=True)
    assert result.returncode == code, result
    assert "Traceback" not in result.stderr
    assert result.stderr.endswith("Error: standard output: Bad file descriptor.\n") == bool(code)
    load_model("model.npz")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_names_that_are_no_text_are_shown_as_well_as_can_be(shell, data):
    name = os.fsdecode(b"m\xff.npz")
    env = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    args = ("--data", data, "--epochs", 1)
    assert "saved m\\udcff.npz" in shell("train", *args, "-o", name, env=env).stdout
    assert "m\\udcff.npz, SHA-256" in shell("info", name, env=env).stdout
    shell("eval", name, "--data", data, env=env)
    assert json.loads(shell("eval", name, "--data", data, "--json", env=env).stdout)["accuracy"]
    assert "exists" in shell("train", *args, "-o", name, code=2, env=env).stderr


# --- threads --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["train", "eval"])
def test_kernels_and_threads_are_chosen_before_numpy_loads(command, model, data):
    code = """if True:
        import os, sys
        from simplenet.cli import cli, compute
        compute.choose_kernels = lambda shape, rows: "Haswell"  # as if OpenBLAS did not find them
        chosen = {}
        def spy(event, args):
            if event == "os.putenv" and args[0].endswith((b"_THREADS", b"_CORETYPE")):
                assert "numpy" not in sys.modules
                chosen[args[0]] = args[1]
        sys.addaudithook(spy)
        try: cli(sys.argv[1:])
        except SystemExit as end: assert not end.code
        assert chosen[b"OPENBLAS_NUM_THREADS"] == b"1", chosen
        assert chosen[b"OPENBLAS_CORETYPE"] == b"Haswell", chosen
        from simplenet import sharing
        assert "numpy" in sys.modules and sharing._threads == 2
    """
    args = {"train": ["train", "-o", "t.npz"], "eval": ["eval", model]}[command]
    args = [sys.executable, "-c", code, *args, "--data", data, "--threads", "2"]
    result = subprocess.run(args, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", ["train", "eval"])
def test_verbose_says_what_computes_and_why(shell, command, model, data):
    train = "train", "--epochs", 1, "-o", "t.npz", "--overwrite"
    args = {"train": train, "eval": ("eval", model)}[command]
    heading = shell(*args, "-v", "--threads", 2, "--data", data).stderr.splitlines()[0]
    assert re.fullmatch(r"blas  \S.*\S \((its own choice|chosen, since .*)\), threads 2", heading)
    env = {"OPENBLAS_CORETYPE": "Nehalem"}
    heading = shell(*args, "-v", "--data", data, env=env).stderr.splitlines()[0]
    assert heading.endswith("(as OPENBLAS_CORETYPE says), threads 1")
    if "OpenBLAS" in heading and platform.machine() in ("x86_64", "AMD64"):
        assert "Nehalem" in heading
    quiet = shell(*args, "--data", data).stderr
    assert "blas" not in quiet


def test_the_number_of_threads_changes_no_byte_of_a_model(shell, data):
    wide = "train", "--hidden", 3000, "--batch-size", 100, "--epochs", 1, "--data", data
    contents = set()
    for threads in 1, 2, 5:
        shell(*wide, "--threads", threads, "-o", "t.npz", "--overwrite")
        contents.add(Path("t.npz").read_bytes())
    assert len(contents) == 1


# --- eval -----------------------------------------------------------------------------------------


def test_eval_prints_accuracy_cost_and_every_class_on_stdout(cli, model, data):
    result = cli("eval", model, "--data", data)
    score = evaluate(load_model(model).net, *load_data(data).test)
    first, second, blank, head, *rows = result.stdout.splitlines()
    assert first == f"accuracy {100 * score.accuracy:.2f} % on 60 test images of custom"
    assert second == f"cost     {score.cost:.4f}" and blank == ""
    assert head.split() == ["class", "images", "correct", "accuracy"]
    assert [row.split()[:3] for row in rows] == [
        [str(number), "20", str(right)] for number, right in enumerate(score.correct)
    ]
    assert {len(row) for row in rows} == {len(head)}
    assert result.stderr == ""


def test_eval_gives_the_same_as_json(cli, model, data):
    result = cli("eval", model, "--data", data, "--json")
    net, found = load_model(model).net, json.loads(result.stdout)
    score = evaluate(net, *load_data(data).test)
    assert list(found) == [
        "schema", "model", "models", "data", "images", "copies", "accuracy", "cost", "classes",
        "confusion", "mistakes",
    ]  # fmt: skip
    assert found["model"] == model and found["data"] == "custom" and found["images"] == 60
    assert found["accuracy"] == score.accuracy and found["cost"] == score.cost
    assert found["classes"] == [
        {"class": number, "name": None, "images": 20, "correct": right, "accuracy": right / 20}
        for number, right in enumerate(score.correct)
    ]
    assert result.stderr == ""


def test_a_class_without_test_images_has_no_accuracy(cli, make_data):
    data = make_data("few", test=2)
    save_model("net.npz", init_net((64, 3), rng=0))
    assert cli("eval", "net.npz", "--data", data).stdout.splitlines()[-1].split() == [
        "2", "0", "0", "-",
    ]  # fmt: skip
    last = json.loads(cli("eval", "net.npz", "--data", data, "--json").stdout)["classes"][-1]
    assert last == {"class": 2, "name": None, "images": 0, "correct": 0, "accuracy": None}


def test_eval_finds_the_data_of_the_training_or_says_what_to_do(cli, model, data, monkeypatch):
    found = cli("eval", model, code=3).stderr
    assert "say with --data NAME or FOLDER, or with SIMPLENET_DATA, where the data set is" in found
    assert "trained on (custom, its test images with SHA-256" in found
    monkeypatch.setenv("SIMPLENET_DATA", str(data))
    assert "60 test images of custom" in cli("eval", model).stdout


def test_eval_takes_no_other_data_than_that_of_the_training(cli, model, make_data, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data("other", test=57)))
    found = cli("eval", model, code=3)
    assert "holds another (custom)" in found.stderr and found.stdout == ""


def test_eval_of_the_sample_finds_it_by_its_name(cli, make_data, monkeypatch):
    sample = make_data("sample")
    monkeypatch.setitem(DATASETS, "sample", DATASETS["sample"]._replace(folder=sample))
    cli("train", "--data", "sample", "--epochs", 1, "-o", "s.npz")
    assert "60 test images of sample" in cli("eval", "s.npz").stdout


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"size": (9, 9)}, "images of 8 x 8 pixels, as m.npz was trained on, found 9 x 9: use the"),
        ({"size": (4, 16)}, "images of 8 x 8 pixels, as m.npz was trained on, found 4 x 16: use"),
        ({"size": (64, 1)}, "images of 8 x 8 pixels, as m.npz was trained on, found 64 x 1: use"),
        ({"classes": 4}, "at most 3 classes, the outputs of m.npz, found 4: use the data"),
    ],
)
@pytest.mark.parametrize("command", ["eval", "gears", "check"])
def test_data_of_other_sizes_or_more_classes_is_refused(cli, model, make_data, command, how, words):
    result = cli(command, model, "--data", make_data("other", **how), code=3)
    assert f"Error: custom: expected {words}" in result.stderr
    assert result.stdout == "" and not os.path.exists("gears.html")


def test_data_in_which_the_last_classes_do_not_occur_will_do(cli, model, make_data):
    data = make_data("other", classes=2)
    score = evaluate(load_model(model).net, *load_data(data).test)
    result = json.loads(cli("eval", model, "--data", data, "--json").stdout)
    assert result["accuracy"] == score.accuracy and result["images"] == 60
    assert [row["images"] for row in result["classes"]] == [30, 30, 0]
    assert result["classes"][2]["accuracy"] is None
    shown = json.loads(cli("gears", model, "--data", data, "--json").stdout)["nets"][1]
    assert {len(sample["target"]) for sample in shown["samples"]} == {3}


def test_the_size_of_images_is_compared_only_where_it_is_recorded(cli, make_data):
    save_model("bare.npz", init_net((64, 3), rng=0))
    assert cli("eval", "bare.npz", "--data", make_data("flat", size=(4, 16))).stderr == ""
    stderr = cli("eval", "bare.npz", "--data", make_data("other", size=(9, 9)), code=3).stderr
    assert re.search(
        r"expected 64 pixels in each, .* found 81 in each of shape \(60, 9, 9\)", stderr
    )


def test_eval_of_a_bare_net_needs_data(cli, data):
    save_model("bare.npz", init_net((64, 3), rng=0))
    found = cli("eval", "bare.npz", code=3).stderr
    assert "found one that does not" in found and "--data" in found
    assert "60 test images" in cli("eval", "bare.npz", "--data", data).stdout


# --- info -----------------------------------------------------------------------------------------


def test_info_shows_what_a_model_is_and_how_it_came_to_be(cli, model):
    result = cli("info", model)
    assert all(len(line) <= 100 for line in result.stdout.splitlines())
    found = result.stdout.replace("\n" + " " * 11, " ")  # long lines are wrapped
    for line in (
        r"model      m\.npz, SHA-256 [0-9a-f]{64}",
        r"net        64-8-3: 547 parameters, float32",
        r"functions  sigmoid, sigmoid; cost half-squared-error",
        r"data       custom",
        r"options    shape \[64, 8, 3\], activation sigmoid, output_activation sigmoid, cost "
        r"half-squared-error, init lecun, epochs 2, batch_size 20, seed 0, validation 40, "
        r"patience 0, average 0.0, lr \S+, optimizer sgd, momentum 0.0, .*clip 0.0, .*",
        r"trained    2 epochs",
        r"test       accuracy \d+\.\d\d %, cost 0\.\d{4} \(60 images of custom\)",
        rf"versions   simplenet {__version__}, numpy {np.__version__}, python [\d.]+, blas .+",
        r"epoch    cost  accuracy  validation  learning rate",
        r"    2  0\.\d{4} +\d+\.\d\d % +\d+\.\d\d % +\S+",
    ):
        assert re.search(f"^{line}$", found, re.MULTILINE), (line, found)
    assert result.stderr == ""


def test_info_gives_everything_as_json(cli, model):
    found, run = json.loads(cli("info", model, "--json").stdout), load_model(model)
    with open(model, "rb") as file:
        assert found.pop("sha256") == hashlib.sha256(file.read()).hexdigest()
    assert found == {
        "schema": 1,
        "model": model,
        "shape": [64, 8, 3],
        "parameters": 547,
        "dtype": "float32",
        "activations": ["sigmoid", "sigmoid"],
        "cost": "half-squared-error",
        "options": run.settings,
        "data": run.data,
        "position": {"epochs": 2, "images": 0, "weights": 2},
        "measured": run.measured,
        "history": [
            {"epoch": record.epoch, "cost": record.cost, "accuracy": record.accuracy,
             "validation_accuracy": record.validation_accuracy, "lr": record.lr}
            for record in run.history
        ],
        "versions": run.versions,
    }  # fmt: skip
    assert [record["epoch"] for record in found["history"]] == [1, 2]


def test_info_of_a_bare_net_says_what_is_not_recorded(cli):
    save_model("bare.npz", init_net((64, 3), rng=0))
    shown = cli("info", "bare.npz").stdout
    assert re.findall(r"^(\w+) +not recorded$", shown, re.MULTILINE) == [
        "data", "options", "trained",
    ]  # fmt: skip
    assert "epoch " not in shown


@pytest.mark.parametrize(
    ("epochs", "images", "words"),
    [
        (1, 0, "1 epoch"),
        (0, 1000, "0 epochs and 1,000 images"),
        (2, 2000, "2 epochs and 2,000 images"),
    ],
)
def test_info_says_how_far_a_training_came(cli, epochs, images, words):
    many = np.zeros((3000, 8, 8), np.uint8), np.zeros(3000, int)
    run = start(init_net((64, 3), rng=0), *many)
    run.history = [Epoch(epoch, 0.5, 0.5, 0.5, 5.0) for epoch in range(1, epochs + 1)]
    run.epoch, run.images = epochs, images
    save_model("m.npz", run)
    assert f"trained    {words}\n" in cli("info", "m.npz").stdout


@pytest.mark.parametrize(
    ("best", "last", "words", "weights"),
    [
        (None, None, "3 epochs\n", 3),
        (2, None, "3 epochs\n", 3),  # interrupted: the weights are those it goes on with
        (2, 3, "3 epochs; the weights are those after epoch 2, the best\n", 2),
        (3, None, "3 epochs\n", 3),
    ],
)
def test_info_says_of_which_epoch_the_weights_are(cli, data, best, last, words, weights):
    run = start(init_net((64, 3), rng=0), *load_data(data).train, patience=int(bool(best)))
    run.history = [Epoch(epoch, 0.5, 0.5, 0.5, 5.0) for epoch in (1, 2, 3)]
    run.epoch = 3
    run.best = best and Snapshot(best, run.net.params.copy())
    run.last = last and Snapshot(last, run.net.params.copy())
    save_model("m.npz", run)
    assert f"trained    {words}" in cli("info", "m.npz").stdout
    assert json.loads(cli("info", "m.npz", "--json").stdout)["position"]["weights"] == weights


def test_the_group_loads_only_the_command_that_runs():
    commands = "train eval predict gears show plot info check graph sweep export fetch doctor"
    assert group.list_commands(None) == commands.split()
    assert group.get_command(None, "nonsense") is None


def test_without_a_command_the_help_is_shown(cli):
    assert cli().stdout == cli("--help").stdout


def test_no_command_line_ends_in_a_traceback_or_changes_what_it_may_not(tmp_path):
    folder = tmp_path / "commands"
    folder.mkdir()
    with commands.trials(1, folder) as (trial, *_):
        assert [said for number in range(100) if (said := trial(number))] == []


# --- committees -----------------------------------------------------------------------------------


@pytest.fixture
def members(cli, data):
    """Return the names of three models, of which the first two were trained on distorted images."""
    how = "--data", data, "--epochs", 1, "--hidden", 6
    for seed, distortion in (1, ["--rotation", 9]), (2, ["--shift", 1]), (3, []):
        cli("train", *how, "--seed", seed, *distortion, "-o", f"{seed}.npz")
    return ["1.npz", "2.npz", "3.npz"]


def test_several_models_are_a_committee(cli, data, members):
    result = cli("eval", *members, "--data", data)
    assert "\n         mean of the outputs of 3 models\n" in result.stdout
    found = json.loads(cli("eval", *members, "--data", data, "--json").stdout)
    assert (found["model"], found["models"]) == ("1.npz", members)
    test = load_data(data).test
    mean = sum(outputs(load_model(name).net, test.images) for name in members) / 3
    assert found["accuracy"] == (mean.argmax(axis=1) == test.labels).mean()
    confusion = np.array(found["confusion"])
    assert confusion.sum() == found["images"] and np.trace(confusion) == sum(
        row["correct"] for row in found["classes"]
    )


def test_copies_are_distorted_as_the_model_was_trained(cli, data, members):
    result = cli("eval", "1.npz", "--data", data, "--copies", 3)
    assert "mean of the outputs for 3 distorted copies of each image" in result.stdout
    found = json.loads(cli("eval", "1.npz", "--data", data, "--copies", 3, "--json").stdout)
    assert found["copies"] == 3
    result = cli("eval", "3.npz", "--data", data, "--copies", 3, code=2)
    assert "expected a first model that was trained on distorted images" in result.stderr
    assert "found 3.npz, which was not." in result.stderr


def test_a_committee_is_of_models_for_the_same_classes_and_images(cli, data, make_data, members):
    for name, kind in (("classes", {"classes": 2}), ("sizes", {"size": (7, 7)})):
        cli("train", "--data", make_data(name, **kind), "--epochs", 1, "-o", f"{name}.npz")
    result = cli("eval", "1.npz", "classes.npz", "--data", data, code=3)
    assert "classes.npz: expected 3 outputs, as 1.npz has, found 2" in result.stderr
    result = cli("eval", "1.npz", "sizes.npz", "--data", data, code=3)
    assert "expected images of 7 x 7 pixels, as sizes.npz was trained on" in result.stderr
