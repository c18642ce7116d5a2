"""Kernels and threads: what is chosen, and that nothing is chosen where it could be wrong."""

import os
import platform
import re
import subprocess
import sys

import numpy as np
import pytest

from simplenet.training import blas
from simplenet.training.blas import SKYLAKEX, Processor, better_kernels

ZEN5 = Processor("AuthenticAMD", 26, frozenset(SKYLAKEX | {"sse2", "avx512_bf16"}))
TODAY = 0, 3, 31


# --- threads --------------------------------------------------------------------------------------


def of_threads():
    return {os.environ.get(name) for name in blas.VARIABLES}


def test_auto_takes_one_thread_for_small_products_and_all_cores_for_large(monkeypatch):
    for largest, cores, threads in (
        (blas.WORTH_SHARING - 1, 6, 1),
        (blas.WORTH_SHARING, 6, 6),
        (blas.WORTH_SHARING, 1, 1),
        (10**12, 200, blas.MOST_THREADS),
    ):
        assert blas.set_threads("auto", largest, cores=cores) == threads
        assert of_threads() == {"1"}  # the threads are ours
        for name in blas.VARIABLES:
            monkeypatch.delenv(name)


def test_the_largest_product_is_that_of_a_minibatch_with_the_largest_matrix():
    assert blas.largest_product((784, 40, 10), 20) == 20 * 784 * 40
    assert blas.largest_product((5, 40, 100, 2), 3) == 3 * 40 * 100


@pytest.mark.parametrize("name", blas.VARIABLES)
def test_auto_respects_a_number_that_the_user_has_set_and_a_given_number_comes_first(
    monkeypatch, name
):
    monkeypatch.setenv(name, "3")
    assert blas.set_threads("auto", 10**12, cores=6) == 3
    assert of_threads() == {"1"}
    monkeypatch.setenv(name, "3")
    assert blas.set_threads(2, 1) == 2
    assert of_threads() == {"1"}


def test_more_than_can_help_is_not_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "128")  # as on clusters
    assert blas.set_threads("auto", 1) == blas.MOST_THREADS


@pytest.mark.parametrize("config", [{}, {"Build Dependencies": {"blas": {"found": False}}}])
def test_a_numpy_that_does_not_say_what_it_uses_can_be_described(monkeypatch, tmp_path, config):
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    monkeypatch.setattr(np, "__file__", str(tmp_path / "numpy" / "__init__.py"))
    assert blas.kernels() == "unknown unknown"
    (tmp_path / "numpy.libs").mkdir()
    (tmp_path / "numpy.libs" / "libopenblas.so").write_text("no library")
    assert blas.kernels() == "unknown unknown"


def test_the_first_variable_that_is_set_counts(monkeypatch):
    monkeypatch.setenv(blas.VARIABLES[-1], "5")
    monkeypatch.setenv(blas.VARIABLES[0], "3")
    assert blas.set_threads("auto", 1) == 3


@pytest.mark.parametrize("nothing", ["", "0", "many", "-1", "1e3", "9" * 5000, "٣"])
def test_auto_takes_what_is_no_number_of_threads_for_unset(monkeypatch, nothing):
    monkeypatch.setenv("OMP_NUM_THREADS", nothing)
    assert blas.set_threads("auto", 1) == 1
    assert of_threads() == {"1"}


def test_there_is_at_least_one_core():
    assert 1 <= blas.usable_cores() <= os.cpu_count()


# --- kernels --------------------------------------------------------------------------------------


def test_a_processor_that_openblas_does_not_know_gets_the_kernels_that_it_can_run():
    assert better_kernels(ZEN5, TODAY, 20, 784 * 40) == "SkylakeX"
    assert better_kernels(ZEN5, TODAY, 100, 1500 * 1000) == "SkylakeX"
    assert better_kernels(ZEN5._replace(family=27), TODAY, 1000, 0) == "SkylakeX"


@pytest.mark.parametrize("flag", sorted(SKYLAKEX))
def test_none_that_could_meet_an_unknown_instruction(flag):
    assert better_kernels(ZEN5._replace(flags=ZEN5.flags - {flag}), TODAY, 100, 1) is None


def test_none_where_openblas_chooses_well_or_nothing_is_known():
    assert better_kernels(ZEN5._replace(vendor="GenuineIntel"), TODAY, 100, 1) is None
    assert better_kernels(ZEN5._replace(family=25), TODAY, 100, 1) is None  # Zen 4: known
    assert better_kernels(ZEN5, None, 100, 1) is None
    assert better_kernels(ZEN5, (0, 3, 35), 100, 1) is None
    assert better_kernels(ZEN5, (0, 4, 0), 100, 1) is None
    assert better_kernels(ZEN5, (0, 3, 21), 100, 1) is None
    assert better_kernels(None, TODAY, 100, 1) is None


def test_none_for_few_rows_and_many_weights():
    assert better_kernels(ZEN5, TODAY, 20, 784 * 1024) is None
    assert better_kernels(ZEN5, TODAY, 20, 784 * 300) == "SkylakeX"
    assert better_kernels(ZEN5, TODAY, 100, 784 * 1024) == "SkylakeX"


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv(blas.KERNELS, "Zen")
    assert not blas.set_kernels("SkylakeX")
    assert os.environ[blas.KERNELS] == "Zen"
    monkeypatch.delenv(blas.KERNELS)
    assert not blas.set_kernels(None) and blas.KERNELS not in os.environ
    assert blas.set_kernels("Haswell") and os.environ[blas.KERNELS] == "Haswell"
    monkeypatch.setenv(blas.KERNELS, "")  # as if it were not set
    assert blas.set_kernels("Haswell") and os.environ[blas.KERNELS] == "Haswell"


CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 26
model\t\t: 2
model name\t: AMD EPYC : 9005
flags\t\t: fpu avx2 fma avx512f avx512cd avx512bw avx512dq avx512vl
bugs\t\t: sysret_ss_attrs

processor\t: 1
vendor_id\t: GenuineIntel
flags\t\t: fpu
"""


def test_the_processor_is_read_as_linux_describes_it(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text(CPUINFO)
    found = blas.processor(path)
    assert found[:2] == ("AuthenticAMD", 26) and found.flags == {"fpu", *SKYLAKEX}
    for text in "", "nonsense", CPUINFO.replace("flags", "features"), CPUINFO.replace("26", "x"):
        path.write_text(text)
        assert blas.processor(path) is None
    assert blas.processor(tmp_path / "none") is None


def test_numpys_openblas_is_found_without_loading_it(tmp_path):
    code = "import sys; from simplenet.training.blas import *; print(bundled_openblas());"
    code += "choose_kernels((784, 40, 10), 20); choose_kernels((), 1000);"
    code += "assert not {'numpy', 'ctypes'} & set(sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    used = blas.kernels()
    if used.startswith("OpenBLAS") and sys.platform == "linux":
        version = tuple(map(int, re.findall(r"\d+", used)[:3]))
        assert result.stdout.strip() in (str(version), "None")


@pytest.mark.parametrize(
    ("config", "libraries", "found"),
    [
        ('"OpenBLAS 0.3.31.188.0  USE64BITINT DYNAMIC_ARCH NO_AFFINITY"', True, (0, 3, 31)),
        ('"OpenBLAS 0.3.31.188.0  USE64BITINT NO_AFFINITY Zen"', True, None),  # built for one
        ('"OpenBLAS 0.3.31.188.0  USE64BITINT DYNAMIC_ARCH NO_AFFINITY"', False, None),
        ('"name": "accelerate"', True, None),
        (None, True, None),
    ],
)
def test_only_the_openblas_of_a_wheel_counts(monkeypatch, tmp_path, config, libraries, found):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").touch()
    if config is not None:
        (tmp_path / "numpy" / "__config__.py").write_text(config)
    if libraries:
        (tmp_path / "numpy.libs").mkdir()
        (tmp_path / "numpy.libs" / "libscipy_openblas64_-32a4b2a6.so").touch()
    code = "from simplenet.training.blas import *; print(bundled_openblas())"
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert result.stdout.strip() == str(found), result.stderr


def test_the_kernels_in_use_are_those_asked_for():
    if "OpenBLAS" not in blas.kernels() or platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("needs OpenBLAS on x86")
    code = "from simplenet.training.blas import kernels; print(kernels())"
    for name in "Nehalem", "Sandybridge":
        env = os.environ | {blas.KERNELS: name}
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=env
        )
        assert re.fullmatch(rf"OpenBLAS [\d.]+ {name}\n", found.stdout), found
