"""How the command line behaves where it is used: terminals, pipes, variables, shells, slips."""

import contextlib
import itertools
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import click
import pytest
from conftest import ROOT

from simplenet import load_model
from simplenet.cli import COMMANDS, train
from simplenet.cli import cli as group
from simplenet.cli.parameters import GroupedOption
from simplenet.datasets.sources import DATASETS
from simplenet.options import HIDDEN_NAMES, OPTIMIZER_NAMES

TRAIN = ("train", "--data", "../data", "--hidden", 4)
COLOUR = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def terminal():
    """Return a function that gives what a command writes to a terminal of so many columns."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    fcntl = pytest.importorskip("fcntl")

    def run(*args, columns=80, **variables):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "simplenet", *map(str, args)],
            stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "xterm", **variables},
        )  # fmt: skip
        os.close(theirs)
        written = b""
        with contextlib.suppress(OSError):  # how some systems say that nobody writes any more
            while part := os.read(ours, 1 << 16):
                written += part
        os.close(ours)
        assert process.wait() == 0, written
        return written.decode(variables.get("PYTHONIOENCODING", "utf-8"))

    return run


def lines_of(written):
    """Return what has stood in the lines of a terminal, at any time."""
    return [line.rstrip() for line in re.split(r"[\r\n]+", COLOUR.sub("", written))]


# --- terminals and pipes --------------------------------------------------------------------------


def test_colour_shows_where_an_accuracy_goes(terminal, data):
    written = terminal(*TRAIN, "--epochs", 3, "--validation", 0, "--lr", 0.01)
    shown = re.findall("epoch [23]/3  cost [0-9.]+  (\x1b\\[3[23]m)accuracy", written)
    history = load_model("model.npz").history
    goes = [now.accuracy - before.accuracy for before, now in itertools.pairwise(history)]
    assert shown == [{True: "\x1b[32m", False: "\x1b[33m"}[change > 0] for change in goes if change]
    assert "\x1b[3" not in written.partition("epoch 1/3  cost")[2].partition("epoch 2/3")[0]


def test_wrong_digits_are_red(terminal, data):
    terminal(*TRAIN, "--epochs", 1, "--lr", 0.01)
    args = "eval", "model.npz", "--data", "../data", "--mistakes", 4
    coloured = terminal(*args)
    shown = re.findall("(\\d+): (\\d) read as \x1b\\[31m(\\d)\x1b\\[0m, [01]", coloured)
    expected = json.loads(terminal(*args, "--json"))["mistakes"]
    assert [tuple(map(int, each)) for each in shown] == [
        (each["index"], each["truth"], each["prediction"]) for each in expected
    ]
    assert len(shown) == 4 and COLOUR.sub("", coloured) == terminal(*args, NO_COLOR="1")


@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}]
)
def test_there_is_no_colour_where_none_is_wanted(terminal, variables):
    assert not COLOUR.search(terminal("doctor", **variables))


def test_a_terminal_that_cannot_go_back_gets_no_bar(terminal, data):
    args = *TRAIN, "--epochs", 2
    assert "\r\n" in terminal(*args) and "|" in terminal(*args)
    written = terminal(*args, TERM="dumb")
    assert written.replace("\r\n", "").isprintable() and "epoch 2/2" in written


def test_there_is_colour_where_it_is_forced(shell, terminal):
    assert "\x1b[32mok" in terminal("doctor", NO_COLOR="")
    forced = shell("doctor", env=os.environ | {"FORCE_COLOR": "1"}).stdout
    assert "\x1b[32mok" in forced
    assert COLOUR.sub("", forced).replace(", colours", ", no colours") == shell("doctor").stdout


def test_forty_columns_are_enough(terminal, data):
    lines = lines_of(terminal(*TRAIN, "--epochs", 10, columns=40, TQDM_MININTERVAL="0"))
    assert max(map(len, lines)) <= 40, max(lines, key=len)
    bar = r"epoch \d+/10  cost \d\.\d{4} \|.{3,}\| (\d\d:\d\d|\?)"
    assert any(re.fullmatch(bar, line) for line in lines)
    told = " ".join(" ".join(lines).split())
    assert re.search(r"epoch 10/10 cost \S+ accuracy \S+ % validation \S+ % \S+ s", told)
    assert "200 images to learn from, 40 to validate, 60 to test" in told
    lines = lines_of(terminal("info", "model.npz", columns=40))
    assert all(len(line) <= 40 or re.search("[0-9a-f]{64}$", line) for line in lines)
    assert any(re.fullmatch(r" +10 +\d\.\d{4} +\S+ % +\S+ %", line) for line in lines)


def test_where_there_is_room_the_bar_says_more(terminal, data):
    lines = lines_of(terminal(*TRAIN, "--epochs", 2, columns=90))
    assert any(re.search(r"\|  *\d+ %  \S+img/s  (\d\d:\d\d|\?)$", line) for line in lines)
    assert any(len(line) > 60 and line.startswith("epoch 2/2  cost") for line in lines)


def test_the_bar_is_of_the_whole_run(cli, data, monkeypatch):
    asked, make_bar = [], train.make_bar

    def make(total, unit, **options):
        bar = make_bar(total, unit, **options)
        monkeypatch.setattr(bar, "update", lambda more: setattr(bar, "n", bar.n + more))
        asked.append((options["done"], total, bar))
        return bar

    monkeypatch.setattr(train, "make_bar", make)
    cli(*TRAIN, "--epochs", 2)
    cli("train", "--resume", "model.npz", "--data", data, "--epochs", 5)
    assert [(done, total, bar.n) for done, total, bar in asked] == [
        (0, 400, 400),
        (400, 1000, 1000),
    ]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_terminals_of_few_characters_get_those(terminal, data, encoding):
    variables = {"PYTHONIOENCODING": encoding}
    assert "epoch 1/2  cost" in terminal(*TRAIN, "--epochs", 2, **variables)
    assert "encoding" not in terminal("show", "--data", "../data", "--count", 2, **variables)
    terminal("doctor", **variables)


# --- variables ------------------------------------------------------------------------------------


def options_of_commands():
    """Yield each command's name and context, with each option that has a variable."""
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        context = click.Context(command, info_name=name)
        for option in command.params:
            if isinstance(option, GroupedOption):
                yield name, option, context


def test_every_option_has_a_variable_of_its_name():
    found = [option.variable(context) for _, option, context in options_of_commands()]
    assert len(set(found)) == len(found) and "SIMPLENET_DATA" not in found
    assert {
        "SIMPLENET_TRAIN_BATCH_SIZE", "SIMPLENET_TRAIN_OUTPUT", "SIMPLENET_EVAL_JSON",
        "SIMPLENET_PREDICT_RAW", "SIMPLENET_SHOW_COUNT", "SIMPLENET_FETCH_VERIFY",
    } <= set(found)  # fmt: skip
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        without = [param for param in command.params if isinstance(param, click.Option)]
        assert all(isinstance(param, GroupedOption) for param in without), name


def test_the_command_line_comes_first_then_the_variables_then_files_then_the_preset(
    cli, monkeypatch
):
    Path("c.toml").write_text("epochs = 30\nseed = 3\nhidden = 30\nbatch-size = 33\n")

    def shown(*args):
        text = cli("train", "--print-config", *args).stdout
        return dict(re.findall(r"^([\w-]+) = (.*)$", text, re.MULTILINE))

    for name, value in {
        "EPOCHS": "20", "SEED": "2", "SHAPE": "784,20,10", "PRESET": "quick", "CONFIG": "c.toml",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SIMPLENET_TRAIN_{name}", value)
    found = shown("--epochs", 10)
    assert (found["epochs"], found["seed"], found["batch-size"]) == ("10", "2", "33")
    assert found["shape"] == "[784, 20, 10]" and "hidden" not in found
    assert found["activation"] == '"relu"'  # of the preset
    assert shown("--hidden", 7)["hidden"] == "[7]"
    monkeypatch.setenv("SIMPLENET_TRAIN_EPOCHS", "")  # as if it were not set
    assert shown()["epochs"] == "30"


def test_flags_and_results_follow_variables_too(cli, data, monkeypatch):
    for name in "QUIET", "JSON":
        monkeypatch.setenv(f"SIMPLENET_TRAIN_{name}", "1")
    monkeypatch.setenv("SIMPLENET_TRAIN_DATA", str(data))
    monkeypatch.setenv("SIMPLENET_TRAIN_OUTPUT", "named.npz")
    monkeypatch.setenv("SIMPLENET_TRAIN_HELP", "1")  # which is no wish
    monkeypatch.setenv("SIMPLENET_VERSION", "1")
    result = cli("train", "--epochs", 1)
    assert json.loads(result.stdout)["model"] == "named.npz" and result.stderr == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LR", "fast", "Invalid value for 'SIMPLENET_TRAIN_LR': expected a number above 0, found"),
        ("ACTIVATION", "rleu", "'SIMPLENET_TRAIN_ACTIVATION': expected one of"),
        ("MOMENTUM", "0.5", "'SIMPLENET_TRAIN_MOMENTUM': expected the optimizer sgd or"),
        ("QUIET", "perhaps", "'SIMPLENET_TRAIN_QUIET': 'perhaps' is not a valid boolean"),
        ("PRESET", "quikc", "'SIMPLENET_TRAIN_PRESET': expected one of original"),
        ("SHAPE", "5,3", "'SIMPLENET_TRAIN_SHAPE': expected 64 inputs and 3 outputs"),
        ("SHAPE", "5,3 ", "SIMPLENET_TRAIN_SHAPE and SIMPLENET_TRAIN_HIDDEN: expected one of"),
    ],
)
def test_a_bad_value_names_its_variable(cli, data, monkeypatch, name, value, words):
    monkeypatch.setenv(f"SIMPLENET_TRAIN_{name}", value)
    if value.endswith(" "):
        monkeypatch.setenv("SIMPLENET_TRAIN_HIDDEN", "4")
    monkeypatch.setenv("SIMPLENET_TRAIN_OPTIMIZER", "adam")
    result = cli("train", "--data", data, code=2)
    assert words in result.stderr and result.stdout == ""


def test_what_is_past_cannot_be_changed_by_a_variable(cli, data, monkeypatch):
    cli(*TRAIN, "--epochs", 1)
    monkeypatch.setenv("SIMPLENET_TRAIN_SEED", "7")
    result = cli("train", "--resume", "model.npz", code=2)
    assert "'SIMPLENET_TRAIN_SEED': expected 0, which model.npz was started with" in result.stderr


def test_doctor_knows_the_variables_and_notices_a_slip(cli, monkeypatch):
    monkeypatch.setenv("SIMPLENET_TRAIN_EPOCHS", "3")
    assert re.search("ok +variables +set: SIMPLENET_TRAIN_EPOCHS\n", cli("doctor").stdout)
    monkeypatch.setenv("SIMPLENET_TRIAN_EPOCHS", "3")
    printed = cli("doctor").stdout
    assert re.search("warning +variables +SIMPLENET_TRIAN_EPOCHS gives no option\n", printed)
    assert "did you mean SIMPLENET_TRAIN_EPOCHS" in printed


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRAIN_EPOCHS", "abc", "expected a whole number of at least 1, found 'abc'"),
        ("TRAIN_ACTIVATION", "relu,than", "found 'relu,than'; did you mean tanh?"),
        ("TRAIN_QUIET", "perhaps", "'perhaps' is not a valid boolean"),
        ("TRAIN_CONFIG", "none.toml", "none.toml cannot be read: No such file or directory"),
        ("EVAL_COPIES", "-1", "expected a whole number from 0 to 10000, found '-1'"),
        ("SWEEP_LR", "1 x", "expected a number above 0, found 'x'"),
        ("SHOW_INDEX", "1,b", "expected positions from 0 with commas between"),
    ],
)
def test_doctor_checks_values_too(cli, monkeypatch, name, value, words):
    monkeypatch.setenv(f"SIMPLENET_{name}", value)
    monkeypatch.setenv("SIMPLENET_SWEEP_HIDDEN", "4,3 5")  # which is right
    findings = json.loads(cli("doctor", "--json", code=1).stdout)["findings"]
    bad, good = (row for row in findings if row["name"] == "variables")
    assert bad["state"] == "problem" and bad["found"].startswith(f"SIMPLENET_{name}: ")
    assert words in bad["found"]
    assert bad["advice"] == "set it to what is expected, or unset it"
    assert good["found"] == "set: SIMPLENET_SWEEP_HIDDEN"


def test_doctor_says_which_variable_keeps_the_bar_from_being_drawn(shell):
    env = os.environ | {"TQDM_MININTERVAL": "abc"}
    printed = shell("doctor", "--quiet", env=env, code=1).stdout
    found = r"problem +tqdm +tqdm cannot be imported: .*'abc'\n +unset TQDM_MININTERVAL\n"
    assert re.search(found, printed) and not re.search("^ok", printed, re.MULTILINE)


# --- slips ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "end"),
    [
        (["trian"], "No such command 'trian'; did you mean train?"),
        (["xyzzy"], "No such command 'xyzzy'."),
        (["x" * 10_000], "'."),
        (["train", "--activation", "relu,than"], "found 'relu,than'; did you mean tanh?"),
        (["train", "--optimizer", "adm"], "found 'adm'; did you mean adam or adamw?"),
        (["train", "--init", "glorto"], "found 'glorto'; did you mean glorot?"),
        (["train", "--preset", "quikc"], "found 'quikc'; did you mean quick?"),
        (["fetch", "fashion"], "found 'fashion'; did you mean fashion-mnist?"),
        (["train", "--cost", "xyzzy"], "found 'xyzzy'."),
        (["evla"], "No such command 'evla'; did you mean eval?"),
        (["pedict"], "No such command 'pedict'; did you mean predict?"),
        (["swep"], "No such command 'swep'; did you mean sweep?"),
        (["gear"], "No such command 'gear'; did you mean gears?"),
        (["docter"], "No such command 'docter'; did you mean doctor?"),
        (["exprt"], "No such command 'exprt'; did you mean export?"),
        (["TRAIN"], "No such command 'TRAIN'; did you mean train?"),
        (["train", "--epohcs", "3"], "No such option '--epohcs'. Did you mean '--epochs'?"),
        (["train", "--cost", "cross_entropy"], "did you mean cross-entropy?"),
        (["train", "--activation", "RELU"], "found 'RELU'; did you mean relu?"),
        (["sweep", "--optimizer", "sgd,adma"], "found 'adma'; did you mean adam or adamw?"),
        (["export", "m.npz", "--format", "pytorch", "-o", "m.py"], "did you mean torch?"),
    ],
    ids=lambda value: value[-1][:9] if isinstance(value, list) else None,
)
def test_what_was_meant_is_suggested(cli, args, end):
    assert cli(*args, code=2).stderr.endswith(f"{end}\n")


# --- completion -----------------------------------------------------------------------------------


def completed(*words, sh="bash"):
    """Return what a shell is offered for the last of some words."""
    text, place = " ".join(("simplenet", *words)), len(words)
    result = subprocess.run(
        [sys.executable, "-m", "simplenet"], capture_output=True, text=True, check=True,
        env=os.environ | {
            "_SIMPLENET_COMPLETE": f"{sh}_complete",
            "COMP_WORDS": text,
            "COMP_CWORD": words[-1] if sh == "fish" else str(place),
        },
    )  # fmt: skip
    assert result.stderr == ""
    return [line for line in result.stdout.split("\n") if line]


def plain(*names):
    return [f"plain,{name}" for name in names]


def test_commands_options_and_values_are_completed():
    assert completed("") == plain(*COMMANDS)
    assert completed("tr") == plain("train")
    assert completed("train", "--pre") == plain("--preset")
    assert completed("train", "--activation", "") == plain(*HIDDEN_NAMES)
    assert completed("train", "--activation", "relu,t") == plain("relu,tanh")
    assert completed("train", "--optimizer", "a") == plain("adam", "adamw")
    assert completed("train", "--optimizer", "") == plain(*OPTIMIZER_NAMES)
    assert completed("sweep", "--optimizer", "sgd,a") == plain("sgd,adam", "sgd,adamw")
    assert completed("sweep", "--cost", "s") == plain("squared-error")
    assert completed("export", "m.npz", "--format", "t") == plain("torch")
    assert completed("fetch", "f") == plain("fashion-mnist")
    assert completed("train", "--epochs", "") == []


def test_data_sets_folders_and_files_are_completed():
    assert completed("train", "--data", "") == plain(*DATASETS)
    assert completed("eval", "m.npz", "--data", "my") == ["dir,my"]
    for words in (
        ["eval", "m"], ["info", "m"], ["train", "--resume", "m"], ["train", "-o", "m"],
        ["train", "--config", "m"], ["predict", "m"],
    ):  # fmt: skip
        assert completed(*words) == ["file,m"], words


def test_zsh_and_fish_are_offered_the_same():
    assert completed("train", "--optimizer", "adamw", sh="zsh")[:2] == ["plain", "adamw"]
    assert completed("train", "--optimizer", "adamw", sh="fish") == ["plain,adamw"]


@pytest.mark.parametrize("sh", ["bash", "zsh", "fish"])
def test_the_line_of_the_document_sets_it_up(shell, sh):
    """Where the shell is installed, the line is run as it stands."""
    text = (ROOT / "simplenet" / "cli" / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^\| {sh} \| `(.*?{sh}_source.*?)` \|", text.replace("\\|", "|"), re.M)
    script = shell(env=os.environ | {"_SIMPLENET_COMPLETE": f"{sh}_source"}).stdout
    assert "_simplenet_completion" in script
    if shutil.which(sh) and shutil.which("simplenet", path=Path(sys.executable).parent):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        check = {"bash": "complete -p simplenet", "zsh": "true", "fish": "complete -c simplenet"}
        begin = "autoload -U compinit; compinit -D; " if sh == "zsh" else ""
        ran = subprocess.run(
            [sh, "-c", f"{begin}{line}; {check[sh]}"],
            capture_output=True, text=True, env=os.environ | {"PATH": path},
        )  # fmt: skip
        assert ran.returncode == 0 and ran.stderr == "", ran
