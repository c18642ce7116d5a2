"""The command line as a whole, eval and info: what they print, where, and how they end."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from simplenet import __version__, evaluate, init_net, load_data, load_model, save_model
from simplenet.cli import COMMANDS, common, info
from simplenet.cli import cli as group
from simplenet.datasets.sources import DATASETS
from simplenet.options import OPTIONS
from simplenet.training.modelfile import Model


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
        told = " ".join(entry.split())
        assert re.sub(r"-\s+", "-", " ".join(option.help.split())) in told
        default = {None: None, (40,): "40"}.get(option.default, str(option.default))
        assert told.endswith(f"[default: {default}]") or default is None
        assert told.count("[default: ") == (option.name != "shape")
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
        (["eval"], "Missing argument 'MODEL'"),
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
    ],
)
def test_whatever_else_fails_is_one_sentence_and_a_code(cli, monkeypatch, error, code, words):
    def fail(path):
        raise error

    monkeypatch.setattr("simplenet.load_model", fail, raising=False)
    result = cli("info", "m.npz", code=code)
    assert words in result.stderr and result.stderr.count("\n") == 1


def test_a_process_that_is_told_to_end_says_so():
    code = """if True:
        import os, signal, simplenet.cli
        simplenet.load_model = lambda path: os.kill(os.getpid(), signal.SIGTERM)
        simplenet.cli.main()
    """
    args = [sys.executable, "-c", code, "info", "m.npz"]
    result = subprocess.run(args, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (143, "Error: terminated.\n")


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
    load_model("model.npz")  # saved before anybody was told


@pytest.mark.skipif(os.name != "posix", reason="closes file descriptors the Unix way")
@pytest.mark.parametrize("closed", [1, 2])
def test_closed_standard_streams_do_no_harm(model, data, closed):
    command = f'"$@" {closed}>&-'
    args = [sys.executable, "-m", "simplenet", "train", "--data", data, "--epochs", "1"]
    result = subprocess.run(["sh", "-c", command, "sh", *args], capture_output=True, text=True)
    assert result.returncode == 0, result
    assert "Traceback" not in result.stderr
    load_model("model.npz")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_names_that_are_no_text_are_shown_as_well_as_can_be(shell, data):
    name = os.fsdecode(b"m\xff.npz")
    env = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    args = ("--data", data, "--epochs", 1)
    assert "saved m�.npz" in shell("train", *args, "-o", name, env=env).stdout
    assert "m�.npz, SHA-256" in shell("info", name, env=env).stdout
    shell("eval", name, "--data", data, env=env)
    assert json.loads(shell("eval", name, "--data", data, "--json", env=env).stdout)["accuracy"]
    assert "exists" in shell("train", *args, "-o", name, code=2, env=env).stderr


# --- threads --------------------------------------------------------------------------------------


def of_threads():
    return {os.environ.get(name) for name in common.THREAD_VARIABLES}


def test_auto_takes_one_thread_for_small_products_and_all_cores_for_large(monkeypatch):
    monkeypatch.setattr(common, "_cores", lambda: 6)
    assert common.set_threads("auto", common.WORTH_SHARING - 1) == 1
    assert of_threads() == {"1"}
    for name in common.THREAD_VARIABLES:
        monkeypatch.delenv(name)
    assert common.set_threads("auto", common.WORTH_SHARING) == 6
    assert of_threads() == {"6"}


@pytest.mark.parametrize("name", common.THREAD_VARIABLES)
def test_auto_respects_a_number_that_the_user_has_set_and_a_given_number_comes_first(
    monkeypatch, name
):
    monkeypatch.setenv(name, "3")
    assert common.set_threads("auto", 10**12) == 3
    assert of_threads() == {"3", None}
    assert common.set_threads(2, 1) == 2
    assert of_threads() == {"2"}


@pytest.mark.parametrize("nothing", ["", "0", "many"])
def test_auto_takes_what_is_no_number_of_threads_for_unset(monkeypatch, nothing):
    monkeypatch.setenv("OMP_NUM_THREADS", nothing)
    assert common.set_threads("auto", 1) == 1
    assert of_threads() == {"1"}


def test_there_is_at_least_one_core():
    assert 1 <= common._cores() <= os.cpu_count()


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_threads_are_chosen_before_numpy_loads(command, model, data):
    code = f"""if True:
        import os, sys
        from simplenet.cli import cli, {command}, common
        def spy(*args):
            assert "numpy" not in sys.modules
            chosen.append(common.set_threads(*args))
        chosen, {command}.set_threads = [], lambda *args: spy(*args) or chosen[0]
        try: cli(sys.argv[1:])
        except SystemExit as end: assert not end.code
        assert chosen == [2] and os.environ["OPENBLAS_NUM_THREADS"] == "2", chosen
        assert "numpy" in sys.modules
    """
    args = {"train": ["train", "-o", "t.npz"], "evaluate": ["eval", model]}[command]
    args = [sys.executable, "-c", code, *args, "--data", data, "--threads", "2"]
    subprocess.run(args, check=True, capture_output=True)


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
    net, told = load_model(model).net, json.loads(result.stdout)
    score = evaluate(net, *load_data(data).test)
    assert set(told) == {"model", "data", "images", "accuracy", "cost", "classes"}
    assert told["model"] == model and told["data"] == "custom" and told["images"] == 60
    assert told["accuracy"] == score.accuracy and told["cost"] == score.cost
    assert told["classes"] == [
        {"class": number, "images": 20, "correct": right, "accuracy": right / 20}
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
    assert last == {"class": 2, "images": 0, "correct": 0, "accuracy": None}


def test_eval_finds_the_data_of_the_training_or_says_what_to_do(cli, model, data, monkeypatch):
    told = cli("eval", model, code=3).stderr
    assert "expected the data set that the model was trained on (custom" in told
    assert "--data NAME or FOLDER" in told
    monkeypatch.setenv("SIMPLENET_DATA", str(data))
    assert "60 test images of custom" in cli("eval", model).stdout


def test_eval_takes_no_other_data_than_that_of_the_training(cli, model, make_data, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data("other", test=57)))
    told = cli("eval", model, code=3)
    assert "holds another (custom)" in told.stderr and told.stdout == ""


def test_eval_of_the_sample_finds_it_by_its_name(cli, make_data, monkeypatch):
    sample = make_data("sample")
    monkeypatch.setitem(DATASETS, "sample", DATASETS["sample"]._replace(folder=sample))
    cli("train", "--data", "sample", "--epochs", 1, "-o", "s.npz")
    assert "60 test images of sample" in cli("eval", "s.npz").stdout


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (
            {"size": (9, 9)},
            r"expected 64 pixels in each, .* found 81 in each of shape \(60, 9, 9\)",
        ),
        ({"classes": 4}, "custom: expected 3 classes, the outputs of m.npz, found 4: use the data"),
        ({"classes": 2}, "custom: expected 3 classes, the outputs of m.npz, found 2: use the data"),
    ],
)
def test_eval_checks_sizes_and_classes(cli, model, make_data, how, words):
    result = cli("eval", model, "--data", make_data("other", **how), code=3)
    assert re.search(words, result.stderr) and result.stdout == ""


def test_eval_of_a_bare_net_needs_data(cli, data):
    save_model("bare.npz", init_net((64, 3), rng=0))
    told = cli("eval", "bare.npz", code=3).stderr
    assert "found one that does not" in told and "--data" in told
    assert "60 test images" in cli("eval", "bare.npz", "--data", data).stdout


# --- info -----------------------------------------------------------------------------------------


def test_info_shows_what_a_model_is_and_how_it_came_to_be(cli, model):
    result = cli("info", model)
    assert all(len(line) <= 100 for line in result.stdout.splitlines())
    told = result.stdout.replace("\n" + " " * 11, " ")  # long lines are wrapped
    for line in (
        r"model      m\.npz, SHA-256 [0-9a-f]{64}",
        r"net        64-8-3: 547 parameters, float32",
        r"functions  sigmoid, sigmoid; cost half-squared-error",
        r"data       custom",
        r"options    shape \[64, 8, 3\], activation sigmoid, output_activation sigmoid, cost "
        r"half-squared-error, init lecun, epochs 2, batch_size 20, seed 0, validation 40, "
        r"patience 0, lr 5.0, optimizer sgd, momentum 0.0, .*label_smoothing 0.0, threads 1",
        r"trained    2 epochs",
        rf"versions   simplenet {__version__}, numpy {np.__version__}, python [\d.]+",
        r"epoch    cost  accuracy  validation  learning rate",
        r"    2  0\.\d{4} +\d+\.\d\d % +\d+\.\d\d % +5",
    ):
        assert re.search(f"^{line}$", told, re.MULTILINE), (line, told)
    assert result.stderr == ""


def test_info_gives_everything_as_json(cli, model):
    told, loaded = json.loads(cli("info", model, "--json").stdout), load_model(model)
    with open(model, "rb") as file:
        assert told.pop("sha256") == info.hashlib.sha256(file.read()).hexdigest()
    assert told == {
        "model": model,
        "shape": [64, 8, 3],
        "parameters": 547,
        "dtype": "float32",
        "activations": ["sigmoid", "sigmoid"],
        "cost": "half-squared-error",
        **{name: getattr(loaded, name) for name in "options data position history".split()},
        "versions": loaded.versions,
    }
    assert [record["epoch"] for record in told["history"]] == [1, 2]


def test_info_of_a_bare_net_says_what_is_not_recorded(cli):
    save_model("bare.npz", init_net((64, 3), rng=0))
    shown = cli("info", "bare.npz").stdout
    assert re.findall(r"^(\w+) +not recorded$", shown, re.MULTILINE) == [
        "data", "options", "trained",
    ]  # fmt: skip
    assert "epoch " not in shown


@pytest.mark.parametrize(
    ("epochs", "images", "words"),
    [(1, 0, "1 epoch"), (0, 1000, "0 epochs and 1,000 images"), (2, 20, "2 epochs and 20 images")],
)
def test_info_says_how_far_a_training_came(cli, epochs, images, words):
    position = {"epochs": epochs, "images": images}
    save_model("m.npz", Model(init_net((4, 2), rng=0), position=position))
    assert f"trained    {words}\n" in cli("info", "m.npz").stdout


def test_the_group_loads_only_the_command_that_runs():
    commands = "train eval predict gears info check graph fetch"
    assert group.list_commands(None) == commands.split()
    assert group.get_command(None, "nonsense") is None


def test_without_a_command_the_help_is_shown(cli):
    assert cli().stdout == cli("--help").stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_before_a_command_runs_has_its_exit_code_too(number, code, monkeypatch):
    import simplenet.cli

    def interrupted(*args, **kwargs):
        signal.raise_signal(number)
        for _ in range(10_000_000):  # until the handler has its turn
            pass

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(simplenet.cli.cli, "make_context", interrupted)
    with pytest.raises(SystemExit) as end:
        simplenet.cli.main()
    signal.signal(signal.SIGTERM, before)
    assert end.value.code == code
