"""The annotations hold: for the package, and for the programs that people write with it."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed"
)

AUTODIFF = """
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from simplenet import optimizer
from simplenet.autodiff import Tensor, maximum, tensordot
from simplenet.neurons import MLP, stepper
from simplenet.values import Value

w, x, b = Tensor(0.5, requires_grad=True), Tensor([2.0, 1.0]), Tensor(0)
array = np.ones(2)
assert_type((w * x + b).tanh(), Tensor)
assert_type(2 - x / 3, Tensor)
assert_type([1, 2] @ -x ** 2, Tensor)
assert_type(array * x - array, Tensor)
assert_type(x.reshape(2, 1).T.log_softmax().mean(axis=(0, 1)), Tensor)
assert_type(x == 2, NDArray[np.bool])
assert_type(x < array, NDArray[np.bool])
assert_type(w.shape, tuple[int, ...])
assert_type(x[0], Tensor)
assert_type(maximum(tensordot(x, array, 1), abs(x)).transpose((1, 0)).logsumexp(), Tensor)
net = MLP(2, [2, 1], activation=("relu", "linear"), weights=[np.ones((2, 2)), [[1], [2]]], rng=0)
net(x).backward()
net([Value(1), array]).backward()
step = stepper(net.parameters(), optimizer("adam"))
step(0.1)
x.data -= 0.1 * array
v = Value(2, label="v")
assert_type(v.data, float)
assert_type(v.grad, float | None)
assert_type(v.tanh(), Value)
v.data -= 0.1
((2 * v + 1) / w).backward()
x.tanh(3)  # type: ignore[call-arg]
"""


def test_the_package_and_the_programs_of_its_users_hold_their_types(tmp_path):
    """All at once, for mypy spends its time on numpy."""
    readmes = (ROOT / "README.md", ROOT / "simplenet" / "README.md")
    text = "".join(path.read_text(encoding="utf-8") for path in readmes)
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(programs) == 3
    paths = [tmp_path / f"program{number}.py" for number in range(4)]
    for path, program in zip(paths, [*programs, AUTODIFF]):
        path.write_text(program, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "simplenet", *paths],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"MYPYPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
