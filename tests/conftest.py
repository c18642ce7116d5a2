"""What the tests share. None of them needs a network, real MNIST, or anything of the user's."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from click.testing import CliRunner

from simplenet import sharing
from simplenet.datasets.idx import write_idx
from simplenet.datasets.sources import Dataset, Known, _file_sha256

# A shell has its background jobs ignore Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Property tests try the same few cases each time, whatever runs before, and leave nothing behind.
_home = tempfile.TemporaryDirectory(prefix="simplenet-hypothesis-")
hypothesis.configuration.set_hypothesis_home_dir(_home.name)
with contextlib.suppress(ImportError):  # as in another release
    from hypothesis.internal.conjecture import providers

    # Else what of the package has been imported by then decides which of its numbers are tried.
    providers._get_local_constants = lambda: providers._local_constants
hypothesis.settings.register_profile(
    "same",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=list(hypothesis.HealthCheck),  # of a busy machine, and of fixtures
)
hypothesis.settings.load_profile("same")

MNIST = os.environ.get("SIMPLENET_DATA")
ROOT = Path(__file__).parents[1]
NAMES = {
    "train-images": "train-images-idx3-ubyte",
    "train-labels": "train-labels-idx1-ubyte",
    "test-images": "t10k-images-idx3-ubyte",
    "test-labels": "t10k-labels-idx1-ubyte",
}


@pytest.fixture(autouse=True, scope="session")
def byte_code(tmp_path_factory):
    """Let the processes that tests start share byte code, also where Python is to keep none."""
    with pytest.MonkeyPatch.context() as patch:
        if sys.dont_write_bytecode:  # or each would compile everything
            folder = tmp_path_factory.getbasetemp().parent / "byte-code"
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(folder))
        yield


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Return each test an empty folder to stand in, an empty cache, and no network but loopback."""
    for name in list(os.environ):
        if name.startswith("SIMPLENET_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    # A closed port on this machine: subprocesses, too, find that there is no network.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # The command line sets these; put back what was there after each test.
    for name in ("OPENBLAS", "MKL", "BLIS", "OMP"):
        monkeypatch.setenv(f"{name}_NUM_THREADS", "1")
        monkeypatch.delenv(f"{name}_NUM_THREADS")
    monkeypatch.setenv("VECLIB_MAXIMUM_THREADS", "1")
    monkeypatch.delenv("VECLIB_MAXIMUM_THREADS")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "")
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    monkeypatch.setattr(sharing, "_threads", 1)
    # No test can pull the plug, and waiting for a disk may take longer than all the rest.
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    connect = socket.socket.connect

    def loopback_only(self, address):
        host = address[0] if isinstance(address, tuple) else address
        assert host in ("127.0.0.1", "localhost", "::1"), f"a test reached for {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)


@pytest.fixture
def mnist(monkeypatch) -> Path:
    """Return the folder of real MNIST. Where SIMPLENET_DATA names one, these tests cannot skip."""
    if MNIST is None:
        pytest.skip("SIMPLENET_DATA names no folder with MNIST")
    folder = (ROOT / MNIST).resolve()
    monkeypatch.setenv("SIMPLENET_DATA", str(folder))
    return folder


@pytest.fixture
def make_data(tmp_path):
    """Return a function that writes a small data set that can be learned, and gives its folder.

    Each class has a bright bar of its own on a noisy ground; `names` says what the files are
    called.
    """

    def make(name="data", *, train=240, test=60, size=(8, 8), classes=3, names=NAMES, suffix=""):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        rng = np.random.default_rng(7)
        for half, count in ("train", train), ("test", test):
            labels = np.arange(count, dtype=np.uint8) % classes
            images = rng.integers(0, 60, (count, *size), dtype=np.uint8)
            flat = images.reshape(count, -1)
            width = flat.shape[1] // classes
            for image, label in zip(flat, labels.tolist()):
                image[label * width : (label + 1) * width] += 180
            write_idx(folder / (names[f"{half}-images"] + suffix), images)
            write_idx(folder / (names[f"{half}-labels"] + suffix), labels)
        return folder

    return make


def served(folder):
    """Describe a folder of gzipped IDX files as a data set that is downloaded from there."""
    files = {}
    for part, name in NAMES.items():
        path = folder / f"{name}.gz"
        files[part] = Known(path.stat().st_size, _file_sha256(path))
    return Dataset("made by a test", (f"{folder.as_uri()}/",), files)


@pytest.fixture
def cli():
    """Return a function that runs a command in this process: `.exit_code .stdout .stderr`."""
    from simplenet.cli import cli as group

    def run(*args, code=0):
        result = CliRunner().invoke(group, [str(arg) for arg in args], prog_name="simplenet")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
        return result

    return run


@pytest.fixture
def shell():
    """Return a function that runs `python -m simplenet` as a process of its own."""

    def run(*args, code=0, timeout=60, **kwargs):
        command = [sys.executable, "-m", "simplenet", *map(str, args)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **kwargs)
        assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
        assert "Traceback" not in result.stderr, result.stderr
        return result

    return run


@pytest.fixture(scope="session")
def digits():
    """Return ten plain digits, dark on white, 84 high, one of each class in turn."""
    from simplenet import load_data, outputs
    from simplenet.backprop import bundled

    images, labels = load_data("sample").test
    plain = outputs(bundled().net, images)[np.arange(len(labels)), labels] > 0.95
    firsts = [int(np.flatnonzero(plain & (labels == number))[0]) for number in range(10)]
    return 255 - np.kron(images[firsts], np.ones((3, 3), np.uint8))
