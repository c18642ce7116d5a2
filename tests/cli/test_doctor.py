"""`simplenet doctor` finds what is wrong, says what to do, and never fails, whatever is broken."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import NAMES, ROOT, served

from simplenet import extras
from simplenet.cli import health
from simplenet.datasets import sources
from simplenet.extras import EXTRAS, REQUIRED, Extra


@pytest.fixture
def doctor(cli, monkeypatch):
    """Return a function that gives what doctor found, by the name of each thing."""
    monkeypatch.setattr(health.shutil, "disk_usage", lambda place: SimpleNamespace(free=5e9))

    def run(code=0):
        result = cli("doctor", "--json", code=code)
        assert result.stderr == ""
        found = {row["name"]: row for row in json.loads(result.stdout)["findings"]}
        problems = [row for row in found.values() if row["state"] == "problem"]
        assert bool(problems) == bool(code)
        assert all(row["advice"] for row in found.values() if row["state"] != "ok")
        return found

    return run


@pytest.fixture
def cached(make_data, monkeypatch):
    """Return the folder of the cache with a small data set in it, taken for MNIST."""
    folder = make_data("served", suffix=".gz")
    monkeypatch.setitem(sources.DATASETS, "mnist", served(folder))
    cache = sources.cache_folder() / "mnist"
    cache.parent.mkdir(parents=True)
    shutil.copytree(folder, cache)
    return cache


def test_all_is_well(cli, doctor, cached, monkeypatch):
    usual = {name: EXTRAS[name] for name in ("images", "plots")}  # which come with the tests
    monkeypatch.setattr(health, "EXTRAS", usual)
    assert {row["state"] for row in doctor().values()} == {"ok"}
    result = cli("doctor")
    assert all(line.startswith("ok  ") for line in result.stdout.splitlines())
    assert (
        f"{sys.executable}\n" in result.stdout and f"right, by SHA-256, {cached}" in result.stdout
    )


def test_what_to_do_stands_below_what_is_wrong(cli, cached):
    (cached / "t10k-labels-idx1-ubyte.gz").unlink()
    lines = cli("doctor", code=1).stdout.splitlines()
    (place,) = [place for place, line in enumerate(lines) if line.startswith("problem")]
    assert lines[place].endswith(f"{cached}: t10k-labels-idx1-ubyte.gz is missing")
    assert lines[place + 1].strip() == "`simplenet fetch mnist` brings it"


# --- data -----------------------------------------------------------------------------------------


def test_no_data_yet_are_a_warning(doctor):
    found = doctor()["data mnist"]
    assert (found["state"], found["advice"]) == (
        "warning",
        "`simplenet fetch mnist` brings it, and so does training",
    )
    (sources.cache_folder() / "mnist").mkdir(parents=True)  # as a download without a network leaves
    assert doctor()["data mnist"]["state"] == "warning"


def test_a_download_that_broke_off_or_was_damaged_is_a_problem(doctor, cached):
    file = cached / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:100])
    found = doctor(code=1)["data mnist"]
    assert f"{file.name} has SHA-256 " in found["found"]
    file.unlink()
    assert f"{file.name} is missing" in doctor(code=1)["data mnist"]["found"]


@pytest.mark.parametrize("name", ["cache", "cache/simplenet", "cache/simplenet/mnist"])
def test_a_cache_that_is_a_file_is_a_problem(doctor, tmp_path, name):
    """As one that may not be read, which for root there is not."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("")
    found = doctor(code=1)
    assert "cannot be read: Not a directory" in found["data mnist"]["found"]
    if name != "cache/simplenet/mnist":
        assert "cannot be written to: Not a directory" in found["cache"]["found"]
        assert found["cache"]["state"] == "problem"


def test_a_cache_that_may_not_be_written_to_matters_only_if_something_is_missing(
    doctor, cached, monkeypatch
):
    def refuse(dir):
        if Path(dir).is_relative_to(cached.parents[1]):
            raise PermissionError(13, "Permission denied")
        return open(os.devnull, "rb")

    monkeypatch.setattr(health.tempfile, "TemporaryFile", refuse)
    assert doctor()["cache"]["state"] == "warning"
    shutil.rmtree(cached)
    assert doctor(code=1)["cache"]["state"] == "problem"
    monkeypatch.setenv("SIMPLENET_DATA", str(cached.parents[2] / "served"))
    assert doctor()["cache"]["state"] == "warning"


def test_no_home_is_a_problem(doctor, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    monkeypatch.setattr(sys, "platform", "linux")
    found = doctor(code=1)
    assert "expected a home folder" in found["cache"]["found"]


def test_the_folder_of_the_variable_is_read(doctor, make_data, monkeypatch):
    folder = make_data()
    monkeypatch.setenv("SIMPLENET_DATA", str(folder))
    found = doctor()
    assert found["SIMPLENET_DATA"]["found"] == f"custom, 240 and 60 images, {folder}"
    assert "data mnist" not in found  # nobody needs it
    (folder / NAMES["test-images"]).write_bytes(b"no images")
    assert doctor(code=1)["SIMPLENET_DATA"]["found"].startswith(
        f"{folder}/t10k-images-idx3-ubyte: "
    )
    monkeypatch.setenv("SIMPLENET_DATA", "nowhere")
    assert "nowhere: expected a folder" in doctor(code=1)["SIMPLENET_DATA"]["found"]


def test_the_other_data_sets_are_looked_at_if_they_are_there(doctor):
    assert "data kmnist" not in doctor()
    folder = sources.cache_folder() / "kmnist"
    folder.mkdir(parents=True)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half")
    assert doctor(code=1)["data kmnist"]["advice"] == "`simplenet fetch kmnist` brings it"


# --- libraries ------------------------------------------------------------------------------------


def test_a_missing_extra_is_a_warning_and_this_python_can_get_it(doctor, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    found = doctor()["extra images"]
    assert found == {
        "name": "extra images",
        "state": "warning",
        "found": "pillow is not installed: predict reads pictures with it",
        "advice": f"{sys.executable} -m pip install 'pillow>=10'",
    }


def test_an_environment_without_pip_is_filled_by_uv(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "executable", "/my python")
    assert extras.pip_command("numpy>=2.0") == ("uv pip install --python '/my python' 'numpy>=2.0'")


def test_a_broken_and_an_old_extra_are_problems(doctor, monkeypatch):
    Path("broken.py").write_text("raise OSError('no libjpeg')")
    monkeypatch.syspath_prepend(".")
    monkeypatch.setitem(EXTRAS, "images", Extra("broken", "pillow>=10", "to try"))
    found = doctor(code=1)["extra images"]
    assert found["found"] == "pillow cannot be imported: no libjpeg"
    assert "--force-reinstall" in found["advice"]
    monkeypatch.setitem(EXTRAS, "images", Extra("PIL", "pillow>=999.5", "to try"))
    found = doctor(code=1)["extra images"]
    assert found["found"].endswith(", expected at least 999.5") and "--upgrade" in found["advice"]


def test_another_project_of_the_same_name_is_noticed(doctor, monkeypatch):
    version = health.metadata.version
    monkeypatch.setattr(
        health.metadata, "version", lambda name: "0.1.4" if name == "simplenet" else version(name)
    )
    found = doctor()["simplenet"]
    assert found["state"] == "warning" and "installed is simplenet 0.1.4" in found["found"]
    assert found["advice"].endswith("-m pip install -e .")


def test_the_libraries_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(REQUIRED) == project["dependencies"]
    for_developers = {"test", "browser", "dev", "bench"}
    of_users = {
        name: needs
        for name, needs in project["optional-dependencies"].items()
        if name not in for_developers
    }
    assert of_users == {name: [extra.requirement] for name, extra in EXTRAS.items()}


@pytest.mark.parametrize("name", ["numpy", "tqdm"])
def test_a_missing_library_is_a_problem_and_no_traceback(name):
    code = f"import sys; sys.modules['{name}'] = None; from simplenet.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code, "doctor"], capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr == ""
    told = f"problem {name} {name} is not installed: simplenet needs it"
    assert told in " ".join(result.stdout.split())


# --- disk, terminal, and the rest -----------------------------------------------------------------


def test_a_full_disk_is_a_warning(doctor, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda place: SimpleNamespace(free=5e6))
    found = doctor()["folder"]
    assert found["state"] == "warning" and found["found"].endswith(", 0.0 GB free")


@pytest.mark.skipif(sys.platform == "win32", reason="no folder in use can be removed there")
def test_a_folder_that_has_been_removed_is_a_problem(doctor, tmp_path):
    tmp_path.joinpath("here").rmdir()
    found = doctor(code=1)["folder"]
    assert found["found"] == "cannot be looked at: No such file or directory"


@pytest.mark.parametrize(("encoding", "state"), [("ascii", "warning"), ("utf-8", "ok")])
def test_a_terminal_without_blocks_is_a_warning(shell, encoding, state):
    printed = shell("doctor", env=os.environ | {"PYTHONIOENCODING": encoding}).stdout
    told = f"{state} terminal {encoding}, results go elsewhere, no colours"
    assert told in [" ".join(line.split()) for line in printed.splitlines()]


@pytest.mark.parametrize("name", health.CHECKS)
def test_a_check_that_fails_itself_leaves_the_others(doctor, monkeypatch, name):
    def fail():
        raise LookupError("odd")
        yield

    others = set(doctor())
    monkeypatch.setitem(health.CHECKS, name, fail)
    found = doctor(code=1)
    assert found[name]["found"] == "cannot be looked at: odd"
    assert len(set(found) & others) >= len(others) - max(3, len(EXTRAS))
