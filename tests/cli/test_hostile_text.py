"""What reaches a terminal: text that it shows, never what it obeys; and output that cannot be."""

import ast
import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from fuzzing import network
from fuzzing.models import resigned, unpacked
from PIL import Image

import simplenet.cli
from simplenet import init_net, load_model, save_model
from simplenet.cli import cli as group
from simplenet.cli.show import echo, printable
from simplenet.datasets.sources import DATASETS, FILES, PARTS, Known
from simplenet.training.run import Run

# It sets the title, beeps, colours, overwrites the line, begins one, and turns the text around.
EVIL = "\x1b]0;evil\x07\x1b[31m\x9b2J\rEVIL\nEVIL LINE\t\x85\u2028\u202e\u200b\udcff\x7f"
NAME = EVIL.replace("\udcff", os.fsdecode(b"\xff"))  # as a file may be called
SMALL = "--hidden", 8, "--epochs", 1


def draw(name):
    """Save a picture with something in it."""
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(name)


def assert_harmless(*texts):
    for text in texts:
        for line in text.split("\n"):
            assert line.isprintable(), line
            assert not line.startswith("EVIL"), text


@pytest.fixture
def run():
    """Return a function: the output of a command, all of which no terminal obeys, and its code."""

    def run(*args, code=0):
        result = CliRunner().invoke(group, [str(arg) for arg in args], prog_name="simplenet")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
        assert_harmless(result.stdout, result.stderr)
        return result

    return run


@pytest.fixture
def model():
    """Return the hostile name of a model that is whole."""
    about = {"name": "custom", "size": [8, 8], "sha256": dict.fromkeys(PARTS, "0" * 64)}
    save_model(f"{NAME}.npz", Run(init_net((64, 3), rng=0), data=about))
    return f"{NAME}.npz"


@pytest.fixture
def hostile_model(model):
    """Return a function: the name of a model with a hostile text somewhere, and a right digest."""

    def hostile_model(*place):
        members = unpacked(Path(model).read_bytes())
        about = inner = json.loads(members["model.json"])
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = EVIL
        members["model.json"] = json.dumps(about).encode()
        Path("hostile.npz").write_bytes(resigned(members))
        return "hostile.npz"

    return hostile_model


# --- the one way out ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, é, 手, 😀, ± 3 %", "plain, é, 手, 😀, ± 3 %"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("\u202e\u2028\u200b\ufeff", "\\u202e\\u2028\\u200b\\ufeff"),
        ("\U000e0001", "\\U000e0001"),
        ("\udcff\ud800", "\\udcff\\ud800"),
        ("\xa0\xad", "\\xa0\\xad"),
        ("\\n", "\\n"),
        ("", ""),
        (Path("a b"), "a b"),
        (3, "3"),
        (ValueError("\x1b"), "\\x1b"),
    ],
)
def test_what_is_not_to_be_seen_is_escaped(text, expected):
    assert printable(text) == expected and expected.isprintable()


def test_every_character_is_seen_or_escaped():
    for start in range(0, 0x110000, 0x1000):
        assert printable("".join(map(chr, range(start, start + 0x1000)))).isprintable()


def test_lines_are_those_that_the_program_means(capsys):
    echo("one", "", EVIL, 4)
    echo("a\nb", err=True)
    echo()
    out, err = capsys.readouterr()
    assert out == f"one\n\n{printable(EVIL)}\n4\n" and err == "a\\nb\n"
    assert "\\n" in printable(EVIL)


def test_nothing_else_in_the_command_line_prints():
    """Whoever writes a command cannot forget to escape what it shows."""
    for path in Path(simplenet.cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", None))
                assert called not in ("secho", "print", "write_stdout"), (path, node.lineno)
                assert called != "echo" or isinstance(node.func, ast.Name), (path, node.lineno)


# --- from a model ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["info", "eval", "gears", "check", "predict", "show", "plot"])
@pytest.mark.parametrize(
    "place",
    [
        ("versions", "python"), ("data", "name"), ("data", "sha256", "train-images"), ("cost",),
        ("activations", 0), ("shape",), ("options", "optimizer"), ("format",), (EVIL,),
    ],
)  # fmt: skip
def test_a_hostile_model(run, hostile_model, command, place):
    draw("1.png")
    shown = run(command, hostile_model(*place), *["1.png"] * (command == "predict"), code=3)
    assert shown.stdout == "" and "hostile.npz" in shown.stderr


def test_info_of_a_model_with_a_hostile_name(run, model):
    assert printable(NAME) in run("info", model).stdout
    assert json.loads(run("info", model, "--json").stdout)["shape"] == [64, 3]


@pytest.mark.parametrize("command", ["eval", "gears"])
def test_eval_and_gears_of_a_model_with_a_hostile_name(run, model, make_data, monkeypatch, command):
    assert "SHA-256 0000" in run(command, model, code=3).stderr
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data()))
    assert "SHA-256 0000" in run(command, model, code=3).stderr
    monkeypatch.setenv("SIMPLENET_DATA", f"nowhere{NAME}")
    assert printable(EVIL) in run(command, model, code=3).stderr
    run(command, model, "--data", make_data("other", size=(9, 9)), code=3)
    found = run(command, model, "--data", make_data("same"), "--json").stdout
    assert found.isascii() and json.loads(found)
    output = {"eval": "--report", "gears": "-o"}[command]
    run(command, model, "--data", "../same", output, f"{NAME}.html")
    assert_harmless(*Path(f"{NAME}.html").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", ["hello", "pictures", "missing"])
@pytest.mark.parametrize("command", ["info", "eval", "gears", "check", "predict", "show", "plot"])
def test_what_is_no_model(run, command, name):
    model = f"{name}{NAME}.npz"
    if name != "missing":
        Path(model).write_bytes({"hello": b"\x1b]0;\x07\x1b[", "pictures": b"PK\3\4\x1b"}[name])
    draw("1.png")
    assert (
        printable(NAME) in run(command, model, *["1.png"] * (command == "predict"), code=3).stderr
    )


def test_predict_with_hostile_names(run, model):
    for name in "1", "2":
        draw(f"{NAME}{name}.png")
    pictures = f"{NAME}1.png", f"{NAME}2.png"
    shown = run("predict", model, *pictures).stdout
    assert re.search(r"^\\x1b.*1\.png: \d", shown) and re.search(r"\n\n\\x1b.*2\.png: \d", shown)
    assert len(shown.splitlines()) > 10  # drawings have lines of their own
    run("predict", model, f"{NAME}3.png", code=3)
    run("predict", model, pictures[0], f"{NAME}3.png", code=3)
    assert len(json.loads(run("predict", model, *pictures, "--json").stdout)) == 2
    run("predict", pictures[0], model, code=2)


# --- from names and the environment ---------------------------------------------------------------


def test_train_with_hostile_names(run, make_data):
    data = make_data(f"data{NAME}")
    output = f"{NAME}.npz"
    shown = run("train", "--data", data, *SMALL, "-o", output)
    assert "saved \\x1b" in shown.stdout and shown.stderr.count("\n") == 3
    load_model(output)
    assert printable(NAME)[:-4] in run("train", "--data", data, "-o", output, code=2).stderr
    Path(output).chmod(0o444)
    run("train", "--data", data, "-o", output, "--overwrite", code=2)
    run("train", "--data", data, "-o", f"{NAME}/m.npz", code=2)
    run("train", "--data", data, "-o", f"{output}/m.npz", code=2)
    run("train", "--data", data, "-o", NAME * 20, code=2)
    found = run("train", "--data", data, *SMALL, "-o", f"2{output}", "--json").stdout
    assert found.isascii() and json.loads(found)["model"] == f"2{output}"
    printed = run("train", "--data", data, "--print-config").stdout
    Path("c.toml").write_text(printed.replace("# lr", "lr"), encoding="utf-8")
    run("train", "--config", "c.toml", *SMALL, code=2 if "\udcff" in NAME else 0)


@pytest.mark.parametrize("command", ["train", "eval", "check"])
def test_a_hostile_folder(run, make_data, command):
    save_model("m.npz", init_net((64, 3), rng=0))
    how = (command, *["m.npz"] * (command == "eval"), "--data")
    assert printable(NAME) in run(*how, NAME, code=3).stderr
    assert "File name too long" in run(*how, NAME * 99, code=3).stderr
    folder = Path(f"folder{NAME}")
    folder.mkdir()
    (folder / f"others{NAME}").touch()
    assert printable(f"found: others{NAME}") in run(*how, folder, code=3).stderr
    (folder / f"{NAME}train-images").touch()
    assert printable(f"{NAME}train-images") in run(*how, folder, code=3).stderr
    for name in "raw", f"{NAME}/raw":
        make_data(f"here/two/{name}")
    assert printable(NAME) in run(*how, "two", code=3).stderr
    whole = make_data(f"here/whole{NAME}")
    for path in whole.iterdir():
        path.write_bytes(b"\x1b]0;")
    assert printable(NAME) in run(*how, whole, code=3).stderr


def test_hostile_variables(run, make_data, monkeypatch):
    save_model("m.npz", init_net((64, 3), rng=0))
    monkeypatch.setenv("SIMPLENET_DATA", NAME)
    assert printable(NAME) in run("train", code=3).stderr
    monkeypatch.delenv("SIMPLENET_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path(NAME).absolute()))
    assert printable(NAME) in run("fetch", code=3).stderr
    assert printable(NAME) in run("fetch", "--verify", code=3).stderr
    assert printable(NAME) in run("fetch", "--offline", code=3).stderr
    sample = make_data("sample")
    monkeypatch.setitem(DATASETS, "sample", DATASETS["sample"]._replace(folder=sample))
    notice = run("train", *SMALL).stderr
    assert printable(NAME) in " ".join(notice.split()) and "THIS IS NOT MNIST" in notice


@pytest.mark.parametrize(
    "args",
    [
        [NAME], [f"--{NAME}"], ["train", NAME], ["train", f"--{NAME}"], ["train", "--lr", NAME],
        ["train", "--activation", NAME], ["train", "--hidden", NAME], ["train", "--threads", NAME],
        ["fetch", NAME], ["graph", NAME], ["graph", "a", NAME], ["graph", "a", f"{NAME}=1"],
        ["gears", "--sample", NAME], ["check", "--batch-size", NAME], ["train", f"-{NAME}"],
    ],
    ids=lambda args: " ".join(arg.replace(NAME, "...") for arg in args),
)  # fmt: skip
def test_hostile_arguments_are_usage_errors(run, args):
    stderr = run(*args, code=2).stderr
    assert stderr.startswith("Usage: simplenet ") and "\nError: " in stderr
    assert stderr.count("\n") == 4  # usage, hint, an empty line, and one for the error


# --- from a file of options -----------------------------------------------------------------------

TOML = "\x1b]0;evil\x07\x9b\u202e\nEVIL LINE\r\x7f"
QUOTED = "".join(f"\\U{ord(character):08x}" for character in TOML)


@pytest.mark.parametrize(
    "text",
    [
        f'"{QUOTED}" = 3', f'lr = "{QUOTED}"', f'activation = "{QUOTED}"', f'hidden = ["{QUOTED}"]',
        f'threads = "{QUOTED}"', f'[seed]\n"{QUOTED}" = 3', f'lr."{QUOTED}" = 3', f'"{QUOTED}',
        f'"{QUOTED}" = 3\n"{QUOTED}" = 4', f"lr = {TOML}", f"# {TOML}", TOML, f"[{TOML}]",
        f'data = "{QUOTED}"', f'"{QUOTED}"."{QUOTED}" = 1\n["{QUOTED}"]',
    ],
    ids=lambda text: text.replace(QUOTED, "...").replace(TOML, "..!")[:30],
)  # fmt: skip
def test_hostile_options_in_a_file(run, text):
    Path(f"{NAME}.toml").write_text(text, encoding="utf-8", newline="")
    code = 3 if text.startswith("data") else 2
    stderr = run("train", "--config", f"{NAME}.toml", code=code).stderr
    if code == 2:
        assert printable(NAME) in stderr


@pytest.mark.parametrize("name", [f"none{NAME}", f"folder{NAME}", f"pipe{NAME}"])
def test_a_file_of_options_that_is_none(run, name):
    Path(f"folder{NAME}").mkdir()
    os.mkfifo(f"pipe{NAME}")
    assert printable(f"{name} cannot be read: ") in run("train", "--config", name, code=2).stderr


# --- from a server --------------------------------------------------------------------------------

REASON = b"\x1b]0;evil\x07\x1b[31m\x9b\x85\x7f \xe2\x80\xae"
ANSWERS = {
    "reason": b"HTTP/1.1 404 " + REASON + b"\r\n\r\n",
    "status": b"HTTP/1.1 " + REASON + b" OK\r\n\r\n",
    "no HTTP": REASON + b"\r\n",
    "kind": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: " + REASON + b"\r\n\r\nabc",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: " + REASON + b"\r\n\r\nabc",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: ftp://" + REASON + b"/\r\n\r\n",
    "no address": b"HTTP/1.1 302 Found\r\nLocation: http://[" + REASON + b"/\r\n\r\n",
    "no port": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + REASON + b"/\r\n\r\n",
    "redirect reason": b"HTTP/1.1 302 " + REASON + b"\r\nLocation: data:" + REASON + b"\r\n\r\n",
    "folded": b"HTTP/1.1 404 a\r\n\tEVIL LINE\r\n\r\n",
}


@pytest.fixture
def hostile_mirror(monkeypatch):
    """Let MNIST come from two mirrors that give such an answer."""
    answers = []
    monkeypatch.setattr(network, "make_answer", lambda *_: network.Answer((answers[0],)))
    with network.Server(0) as server:
        urls = server.url(0), server.url(1)
        monkeypatch.setitem(DATASETS, "mnist", DATASETS["mnist"]._replace(mirrors=urls))
        yield answers


@pytest.mark.parametrize("what", ANSWERS)
def test_a_hostile_server_is_said_and_without_data_the_sample_is_taken(
    run, make_data, monkeypatch, hostile_mirror, what
):
    hostile_mirror.append(ANSWERS[what])
    for args in (["fetch"], ["train", "--data", "mnist"]):
        assert run(*args, code=3).stderr.count("\n") == 1
    sample = make_data("sample")
    monkeypatch.setitem(DATASETS, "sample", DATASETS["sample"]._replace(folder=sample))
    result = run("train", *SMALL)
    assert "THIS IS NOT MNIST. Training on the sample" in result.stderr
    assert re.search("\n +=+\n +THIS IS NOT MNIST.*\n +Expect.*\n +=+\n +MNIST was", result.stderr)
    assert "test images of sample" in result.stdout


def test_the_first_mirror_that_fails_is_not_the_last(run, make_data, monkeypatch, hostile_mirror):
    hostile_mirror.append(ANSWERS["no address"])
    folder = make_data("mirror", suffix=".gz")
    content = {part: (folder / name).read_bytes() for part, name in FILES.items()}
    files = {
        part: Known(len(packed), hashlib.sha256(packed).hexdigest())
        for part, packed in content.items()
    }
    mirrors = DATASETS["mnist"].mirrors[0], f"{folder.as_uri()}/"
    monkeypatch.setitem(DATASETS, "mnist", DATASETS["mnist"]._replace(mirrors=mirrors, files=files))
    result = run("train", *SMALL)
    assert "test images of mnist" in result.stdout and "NOT MNIST" not in result.stderr


# --- output that cannot be written ----------------------------------------------------------------

FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a full device")


def process(*args, **kwargs):
    """Run a command as a process of its own: its exit code, and what it wrote where we can read."""
    kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | kwargs
    command = [sys.executable, "-m", "simplenet", *map(str, args)]
    result = subprocess.run(command, **kwargs)
    for text in result.stdout, result.stderr:
        assert not text or not re.search(b"Traceback|Exception", text), text
    return result.returncode, result.stdout, result.stderr


def within(monkeypatch, *args, **streams):
    """Do what a process of its own does, in this one, with other streams; return its exit code."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["simplenet", *map(str, args)])
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        return simplenet.cli._run()


@contextlib.contextmanager
def full_device():
    """Open a stream that nothing can be written to, and say nothing when it is closed."""
    with contextlib.suppress(OSError), open("/dev/full", "w") as full:
        yield full


@FULL
def test_output_that_cannot_be_written_is_one_sentence(make_data, monkeypatch):
    data, words = make_data(), "Error: standard output: No space left on device."
    save_model("m.npz", init_net((64, 3), rng=0))
    draw("1.png")
    for args in (
        ["--help"], ["--version"], [], ["train", "--help"], ["train", "--print-config"],
        ["train", "--data", data, *SMALL, "-q"], ["info", "m.npz"], ["info", "m.npz", "--json"],
        ["eval", "m.npz", "--data", data], ["eval", "m.npz", "--data", data, "--json"],
        ["predict", "1.png", "--json"], ["gears"], ["graph"], ["check", "--shape", "4,3"],
        ["fetch", "--verify"],
    ):  # fmt: skip
        stderr = io.StringIO()
        with full_device() as full:
            code = within(monkeypatch, *args, stdout=full, stderr=stderr)
        assert (code, stderr.getvalue().splitlines()[-1]) == (1, words), args
    load_model("model.npz")
    with open("/dev/full", "wb") as full:  # and when Python ends, nothing more is said
        for args in ["--help"], ["predict", "1.png", "--json"]:
            code, _, stderr = process(*args, stdout=full)
            assert (code, stderr.decode().splitlines()[-1]) == (1, words), args


@FULL
def test_notices_that_cannot_be_written_are_lost_and_nothing_else(make_data, monkeypatch, cli):
    data = make_data()
    with open("/dev/full", "wb") as full:
        args = "train", "--data", data, *SMALL, "-o"
        code, stdout, _ = process(*args, "full.npz", stderr=full)
        assert code == 0 and stdout.endswith(b"saved full.npz\n")
        cli(*args, "usual.npz")
        assert Path("full.npz").read_bytes() == Path("usual.npz").read_bytes()
        assert process("info", "none", stderr=full)[0] == 3
        assert process("--version", stdout=full, stderr=full)[0] == 1
    for args, expected in [
        (["trian"], 2), (["train", "--data", "none"], 3),
        (["train", "--data", data, "--lr", "1e300", *SMALL], 4),
        (["graph", "log(a)", "a=-1"], 0),
    ]:  # fmt: skip
        with full_device() as full:
            assert within(monkeypatch, *args, stdout=io.StringIO(), stderr=full) == expected, args


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1:strict", "utf-8:strict", "cp1252"])
def test_what_an_encoding_does_not_have_is_escaped(make_data, encoding, monkeypatch):
    data, env = make_data(), os.environ | {"PYTHONIOENCODING": encoding}
    args = "train", "--data", data, *SMALL
    code, stdout, _ = process(*args, "-o", "é手\udcff.npz", env=env)
    encoding = encoding.partition(":")[0]
    expected = "é手\\udcff.npz".encode(encoding, "backslashreplace")
    assert code == 0 and stdout.endswith(b"saved " + expected + b"\n"), stdout

    def encoded(*args):
        out = io.TextIOWrapper(io.BytesIO(), encoding, "strict")
        err = io.TextIOWrapper(io.BytesIO(), encoding, "backslashreplace")  # as Python has it
        code = within(monkeypatch, *args, stdout=out, stderr=err)
        return code, err.buffer.getvalue()

    assert encoded("info", "é手\udcff.npz")[0] == 0
    code, stderr = encoded("info", "é手.npz")
    assert code == 3 and b"cannot be read: No such file" in stderr
    draw("é.png")
    for more in [], ["--json"], ["é.png"]:
        assert encoded("predict", "é.png", *more)[0] == 0


def test_the_plainest_surroundings_will_do(make_data):
    data = make_data("é")
    env = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    args = "train", "--data", data, *SMALL, "-o", "é.npz"
    code, stdout, _ = process(*args, env=env)
    assert code == 0 and stdout.isascii() and b"saved " in stdout
    assert process("info", "é.npz", env=env)[0] == 0
    assert process("train", "--data", "nowhere-é", env=env)[0] == 3
    assert process("train", "--é", env=env)[0] == 2
