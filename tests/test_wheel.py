"""The package as people install it: from a wheel, into a directory that holds nothing else."""

import os
import subprocess
import sys
import zipfile

import pytest
from conftest import NAMES, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel once, with the tools that are installed: no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", folder, ROOT], check=True, capture_output=True)
    (path,) = folder.glob("simplenet-*.whl")
    return path


def test_the_wheel_holds_the_package_and_the_sample_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        sample = {name.rpartition("/")[2] for name in names if name.startswith("simplenet/sample/")}
        assert sample == {f"{name}.gz" for name in NAMES.values()}
        assert "simplenet/py.typed" in names
        assert {name.partition("/")[0] for name in names} == {
            "simplenet",
            names[-1].partition("/")[0],
        }
        (metadata,) = [name for name in names if name.endswith("METADATA")]
        needs = [
            line
            for line in file.read(metadata).decode().splitlines()
            if line.startswith("Requires-Dist") and "extra ==" not in line
        ]
        (entry,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "simplenet = simplenet.__main__:main" in file.read(entry).decode()
    assert sorted(need.split()[1].partition(">")[0] for need in needs) == ["click", "numpy", "tqdm"]
    assert wheel.stat().st_size < 3_700_000


def test_the_wheel_trains_and_evaluates_in_an_empty_directory(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "installed")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}

    def run(*args):
        command = [sys.executable, "-m", "simplenet", *args]
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert result.returncode == 0, result.stderr
        return result

    where = [sys.executable, "-c", "import simplenet; print(simplenet.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, env=environment).stdout
    assert found.startswith(str(tmp_path / "installed"))

    trained = run("train", "--epochs", "1", "--offline")
    assert "THIS IS NOT MNIST" in trained.stderr
    assert "test accuracy" in trained.stdout
    assert [path.name for path in os.scandir()] == ["model.npz"]
    assert "of sample" in run("eval", "model.npz", "--offline").stdout
    assert run("gears").stdout == "saved gears.html\n"
    assert 100_000 < os.path.getsize("gears.html") <= 480_000


def test_an_editable_install_finds_the_sample_in_the_clone(cli):
    from simplenet.datasets.sources import sample_folder

    assert sample_folder() == ROOT / "data" / "sample"
    cli("train", "--data", "sample", "--epochs", "1", "-q")
