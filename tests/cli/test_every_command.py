"""Every command in a pipe, on a full disk, in a narrow terminal, in every encoding."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from simplenet import init_net, save_model
from simplenet.cli import COMMANDS
from simplenet.cli import cli as group
from simplenet.training.run import start

CALLS = {
    "train": "train --data ../data --hidden 4 --epochs 2 -o new.npz",
    "eval": "eval m.npz --data ../data --confusion --mistakes 2",
    "predict": "predict m.npz digit.png",
    "gears": "gears m.npz --data ../data -o gears.html",
    "show": "show --data ../data --count 2",
    "show-weights": "show m.npz --count 2",
    "plot": "plot m.npz",
    "info": "info m.npz",
    "check": "check --shape 4,3,2",
    "graph": "graph",
    "sweep": "sweep --data ../data --hidden 4 --epochs 1 --lr 1,2 --workers 1",
    "export": "export m.npz -o exported.py",
    "fetch": "fetch mnist --verify",
    "doctor": "doctor",
    "help": "--help",
    "help-of-a-command": "sweep --help",
    "version": "--version",
}
CODES = {"fetch": 3}  # nothing is in the cache


@pytest.fixture
def things(make_data):
    """Put a data set, a model of it with a history, and a picture where the calls expect them."""
    folder = make_data()
    from simplenet import advance, load_data

    data = load_data(folder)
    run = start(init_net((64, 4, 3), rng=0), *data.train, epochs=2)
    for _ in advance(run, *data.train):
        pass
    save_model("m.npz", run)
    picture = np.full((40, 40), 255, np.uint8)
    picture[8:32, 18:22] = 0
    Image.fromarray(picture).save("digit.png")


def test_no_command_is_left_out():
    assert {call.split()[0] for call in CALLS.values()} >= set(COMMANDS)


# --- pipes and devices ----------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("name", CALLS)
def test_pipes_get_no_control_byte_and_where_nothing_can_be_written_a_sentence(things, name):
    command = [sys.executable, "-m", "simplenet", *CALLS[name].split()]
    writes_file = name in ("train", "sweep", "gears", "export")  # each process its own
    several = [[*command, *(["-o", f"{n}.py"] if writes_file else [])] for n in range(3)]
    reads, writes = os.pipe()
    os.close(reads)  # nobody reads
    with open("/dev/full", "wb") as full:
        processes = [
            subprocess.Popen(words, stdout=stdout, stderr=subprocess.PIPE)
            for words, stdout in zip(several, (subprocess.PIPE, full, writes))
        ]
    os.close(writes)
    (out, err), (_, of_full), (_, of_broken) = [process.communicate() for process in processes]
    piped, full, broken = [process.returncode for process in processes]
    assert piped == CODES.get(name, 0), err
    for text in out, err:
        assert text.decode().replace("\n", "").isprintable()
    assert out.endswith(b"\n")
    said = of_full.decode().splitlines()
    assert full == 1 and said[-1] == "Error: standard output: No space left on device."
    assert "Traceback" not in of_full.decode() + of_broken.decode()
    assert broken == 1 and b"Error" not in of_broken  # whoever read has gone: it ends quietly


@pytest.mark.skipif(sys.platform == "win32", reason="no shell that closes it")
@pytest.mark.parametrize("name", ["info", "eval", "help"])
def test_where_stdout_is_closed_that_is_said(things, name):
    words = CALLS[name].split()
    for close, said in (">&-", "Error: standard output: Bad file descriptor.\n"), (">&- 2>&-", ""):
        script = f'exec "$@" {close}'
        command = ["sh", "-c", script, "sh", sys.executable, "-m", "simplenet", *words]
        result = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        assert (result.returncode, result.stderr) == (1, said)


# --- encodings and widths -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])  # UTF-8 is what all others have
@pytest.mark.parametrize("name", CALLS)
def test_every_encoding_will_do(things, name, encoding):
    os.rename("digit.png", "ziffer-\N{GREEK SMALL LETTER ALPHA}.png")  # which two of them lack
    words = CALLS[name].replace("digit", "ziffer-\N{GREEK SMALL LETTER ALPHA}").split()
    result = CliRunner(charset=encoding).invoke(group, words, prog_name="simplenet")
    assert result.exit_code == CODES.get(name, 0), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    result.stdout_bytes.decode(encoding)
    result.stderr_bytes.decode(encoding)


@pytest.fixture
def narrow(monkeypatch):
    """Let every command think that it writes to a terminal of forty columns."""
    monkeypatch.setenv("COLUMNS", "40")
    for name in {*COMMANDS.values(), "simplenet.cli.show", "simplenet.cli.ranking"}:
        module = importlib.import_module(name)
        if hasattr(module, "columns_of"):
            monkeypatch.setattr(module, "columns_of", lambda stream: 40)


# What is made for programs may have longer lines.
@pytest.mark.parametrize("name", sorted({*CALLS} - {"graph"}))
def test_lines_fit_into_forty_columns(things, cli, narrow, monkeypatch, name):
    importlib.import_module("multiprocessing.spawn")  # keeps the real one, to start processes
    monkeypatch.setattr("sys.executable", "/python")
    result = cli(*CALLS[name].split(), code=CODES.get(name, 0))
    lines = (result.stdout + result.stderr).splitlines()
    # Paths, digests and commands stay whole, to be copied; so do examples in the help.
    whole = "/", "simplenet ", "Error: "
    long = [line for line in lines if len(line) > 40 and not any(map(line.count, whole))]
    assert [line for line in long if len(line.split()[-1]) < 64] == []


def test_doubt_is_broken_between_its_words(cli, narrow):
    rows, columns = np.indices((90, 90))
    cross = (abs(rows - columns) < 6) | (abs(rows + columns - 89) < 6)
    Image.fromarray(np.where(cross, 0, 255).astype(np.uint8)).save("cross.png")
    told = cli("predict", "cross.png").stdout
    assert all(len(line) <= 40 for line in told.splitlines())
    words = " ".join(told.partition("\n\n")[0].split())
    assert words.startswith("prediction ") and "unlike any digit it has learned from)" in words
    with pytest.MonkeyPatch.context() as patch:  # in a wide terminal, and in none, it is one line
        patch.setattr("simplenet.cli.show.columns_of", lambda stream: None)
        assert words.replace(" (", "  (") == cli("predict", "cross.png").stdout.splitlines()[0]


def test_many_digits_are_broken_between_them_and_a_name_stays_whole(cli, narrow):
    one = np.full((60, 30), 255, np.uint8)
    one[10:50, 13:17] = 0
    Image.fromarray(np.hstack([one] * 20)).save("twenty  ones.png")
    said = cli("predict", "-q", "twenty  ones.png").stdout.splitlines()
    assert said == ["twenty  ones.png: " + " ".join("1" * 11), "  " + " ".join("1" * 9)]


def test_the_notice_that_this_is_not_mnist_fits_too(cli, narrow):
    told = cli("train", "--hidden", 2, "--epochs", 1, "--offline").stderr.split("\n")
    assert all(len(line) <= 40 or "/" in line for line in told)
    assert told[1] == f"  {'=' * 38}" and told[2] == "    THIS IS NOT MNIST. Training on the"


# --- results for programs -------------------------------------------------------------------------


def commands_with(option):
    """Return the names of the commands that have an option of this name."""
    found = {name: group.get_command(click.Context(group), name) for name in COMMANDS}
    return {n for n, command in found.items() if any(p.name == option for p in command.params)}


@pytest.mark.parametrize("name", sorted(commands_with("as_json")))
def test_json_is_all_of_stdout_in_every_encoding(things, cli, name):
    for encoding in "utf-8", "ascii":
        words = [f"{encoding}-{word}" if word.startswith(("new.", "gears.")) else word
                 for word in CALLS[name].split()]  # fmt: skip
        result = CliRunner(charset=encoding).invoke(group, [*words, "--json"])
        assert result.exit_code == 0, result.output
        assert result.stdout_bytes.isascii()
        json.loads(result.stdout)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("train --data none", 3),
        ("train --lr 0", 2),
        ("train --data ../data --lr 1e300", 4),
        ("eval none.npz", 3),
        ("sweep --data none", 3),
        ("info none.npz", 3),
        ("gears none.npz", 3),
        ("check --data none", 3),
    ],
)
def test_a_failure_leaves_stdout_empty_where_json_was_asked_for(things, cli, call, code):
    result = cli(*call.split(), "--json", code=code)
    assert result.stdout == "" and "Error: " in result.stderr


# --- quiet ----------------------------------------------------------------------------------------


def test_quiet_is_one_option_of_all_commands_that_say_more_than_results():
    assert commands_with("quiet") >= set(COMMANDS) - {"info", "graph", "predict"}
    assert commands_with("verbose") >= {"train", "eval", "sweep"}
    for name in commands_with("quiet"):
        command = group.get_command(click.Context(group), name)
        (option,) = [param for param in command.params if param.name == "quiet"]
        assert sorted(option.opts) == ["--quiet", "-q"]


@pytest.mark.parametrize("name", sorted(commands_with("quiet")))
def test_quiet_commands_say_nothing_on_stderr(things, cli, name):
    words = CALLS[name].replace("mnist --verify", "mnist --offline").split()
    result = cli(*words, "-q", code=3 if name == "fetch" else 0)
    assert result.stderr == "" or (name == "fetch" and result.stderr.startswith("Error: mnist"))
    if name in ("export", "plot"):
        assert "saved" not in result.stdout


# --- how quick the help is ------------------------------------------------------------------------


def test_the_help_loads_nothing_that_it_does_not_need():
    code = "import sys; from simplenet.cli import cli; cli(['--help'], standalone_mode=False);"
    code += "print('---', *sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.rpartition("---")[2].split())
    assert "simplenet.cli.doctor" in loaded
    slow = "numpy tqdm PIL socket ssl email http importlib.metadata statistics tomllib secrets"
    slow += " difflib subprocess concurrent.futures multiprocessing asyncio matplotlib"
    assert not set(slow.split()) & loaded
