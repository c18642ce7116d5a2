"""Exit codes: what is documented is what the code has, and each comes from a real process."""

import os
import signal
import subprocess
import sys

import click
import pytest
from conftest import ROOT

from simplenet import init_net, load_model, save_model
from simplenet.cli import Failure, exit_codes
from simplenet.cli.signals import KINDS, exit_code
from simplenet.errors import EXIT_CODES, SimplenetError

SIGNALS = [name for name in ("SIGHUP", "SIGINT", "SIGTERM") if hasattr(signal, name)]


def kinds_of(error):
    """Return a class and all that are derived from it."""
    return {error}.union(*map(kinds_of, error.__subclasses__()))


def test_the_codes_of_the_table_are_those_that_the_code_has():
    errors = {error.exit_code for error in kinds_of(SimplenetError)}
    from_click = {Failure("").exit_code, click.UsageError("").exit_code}
    signals = {exit_code(kind()) for kind in KINDS.values()}
    listed = [code for codes in EXIT_CODES.values() for code in codes]
    assert listed == sorted({0} | errors | from_click | signals)
    assert errors == {1, 3, 4} and set(EXIT_CODES["interrupted"]) == signals


def test_the_codes_are_documented_in_the_help_the_reference_and_the_readme(cli):
    sentence = exit_codes()
    assert sentence.startswith("Exit codes: 0 fine, 1 failure, 2 usage, 3 bad data or model, 4 ")
    assert sentence in " ".join(cli("--help").stdout.split())
    for document in "simplenet/cli/REFERENCE.md", "README.md":
        assert sentence in " ".join((ROOT / document).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("code", "args", "words"),
    [
        (0, "info m.npz", ""),
        (0, "--help", ""),
        (2, "info", "Error: Missing argument 'MODEL'."),
        (2, "train -o m.npz", "found that m.npz exists"),
        (3, "info none.npz", "Error: none.npz: cannot be read: No such file"),
        (3, "train --data none", "Error: "),
        (4, "train --data sample --lr 1e300 -o new.npz", "Error: training diverged in epoch 1"),
    ],
)
def test_each_code_comes_from_a_process_that_ends(shell, code, args, words):
    save_model("m.npz", init_net((4, 2), rng=0))
    result = shell(*args.split(), code=code)
    assert words in result.stderr and bool(words) == bool(code)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of a process there")
def test_a_failure_has_its_code(shell):
    import resource

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # which would be cut short, too
    result = shell("gears", "-o", "g.html", code=1, preexec_fn=small_files, env=env)
    assert (
        result.stderr.splitlines()[-1].startswith("Error: ") and "File too large" in result.stderr
    )


@pytest.mark.parametrize("name", SIGNALS)
def test_each_signal_has_its_code_and_leaves_a_model(make_data, name):
    number, data = getattr(signal, name), make_data("some", train=2400)
    args = "train", "--data", data, "--hidden", 8, "--epochs", 10**9, "-o", "m.npz"
    with subprocess.Popen(
        [sys.executable, "-m", "simplenet", *map(str, args)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            while not process.stderr.readline().startswith("epoch "):
                assert process.poll() is None
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 128 + number and process.returncode in EXIT_CODES["interrupted"]
    assert out == "" and "Traceback" not in err and load_model("m.npz").epoch >= 1
