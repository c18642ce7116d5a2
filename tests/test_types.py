"""The annotations hold: for the package, and for the programs that people copy from the README."""

import importlib.util
import re
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed"
)


def mypy(*args, cache):
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, *map(str, args)]
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={"MYPYPATH": str(ROOT)}
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Return a folder in which the tests of this module share what mypy has found out."""
    return tmp_path_factory.mktemp("mypy")


def test_the_package_is_annotated_strictly(cache):
    mypy("simplenet", cache=cache)


def test_the_programs_of_the_readme_hold_their_types(cache, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert len(programs) == 3
    for number, program in enumerate(programs):
        (tmp_path / f"program{number}.py").write_text(program, encoding="utf-8")
        mypy(tmp_path / f"program{number}.py", cache=cache)
