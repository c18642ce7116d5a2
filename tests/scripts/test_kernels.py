"""The bench says which kernels products use, and measures them."""

from types import SimpleNamespace

import numpy as np
import pytest
from bench import trial, worker
from bench.kernels import of_mkl, of_numpy, of_xla
from bench.processor import coretypes, described

from simplenet.training.blas import kernels

BANNER = "MKL_VERBOSE oneMKL 2024.0 Update 2 Product build 20240605 for Intel(R) 64 architecture {}"


def test_numpy_is_said_to_use_what_simplenet_says():
    assert of_numpy() == kernels()


def test_mkl_says_which_instructions_it_uses():
    new = "Intel(R) Advanced Vector Extensions 512 (Intel(R) AVX-512) with support for INT8, Lnx"
    old = "Intel(R) Advanced Vector Extensions 2 (Intel(R) AVX2) enabled processors, Lnx"
    assert of_mkl(BANNER.format(new)) == "MKL, AVX-512"
    assert of_mkl(BANNER.format(old)) == "MKL, AVX2"
    assert of_mkl(BANNER.format("Intel(R) Architecture processors, Lnx")) == "MKL"


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ('"kind":"__ynn_fusion"', b"+avx2,+avx512f,+fma", "XLA with YNNPACK, AVX-512"),
        ('custom_call_target="__onednn$matmul"', b"+avx2,-avx512f", "XLA with oneDNN, AVX2"),
        ("dot(", b"+neon", "XLA"),
    ],
)
def test_xla_is_asked_by_what_it_has_compiled(text, code, expected):
    client = SimpleNamespace(serialize_executable=lambda executable: code)
    executable = SimpleNamespace(client=client)
    compiled = SimpleNamespace(as_text=lambda: text, runtime_executable=lambda: executable)
    assert of_xla(compiled) == expected


def test_a_library_that_cannot_be_asked_is_no_reason_to_leave_a_contestant_out():
    assert worker.kernels(SimpleNamespace(kernels=lambda: "known")) == "known"
    assert worker.kernels(SimpleNamespace()) == "unknown"


def test_kernels_are_measured_in_processes_that_use_them(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")  # a user's is not OpenBLAS's own choice
    found = trial.rates([(6, 4, 3), (5, 2, 1)], 2, 1e-5)
    assert list(found) == [trial.OWN, *coretypes(described())]
    for value, row in found.items():
        assert [len(rounds) for rounds in row["rates"]] == [2, 2]
        assert all(rate > 0 for rounds in row["rates"] for three in rounds for rate in three)
        assert "Nehalem" not in row["kernels"]
        if value and row["kernels"].startswith("OpenBLAS"):
            assert row["kernels"].endswith(value)


def test_a_process_that_ends_early_says_so(monkeypatch):
    monkeypatch.setattr(trial, "module", lambda name: ["false"])
    with pytest.raises(RuntimeError, match="products: it ended with exit code 1"):
        trial.rates([(6, 4, 3)], 1, 1e-5)


def test_the_best_kernels_are_the_quickest_in_the_middle_of_the_rounds(monkeypatch):
    def rates(sizes, rounds, seconds):
        assert sizes == [(64, 64, 64)]
        return {
            value: {"kernels": kernels, "rates": [[(rate, 1, 1) for rate in each]]}
            for value, kernels, each in measured
        }

    monkeypatch.setattr(trial, "rates", rates)
    measured = [("", "X", (9, 5, 1)), ("Haswell", "H", (3, 4, 99)), ("SkylakeX", "X", (7, 7, 7))]
    assert trial.best(64) == {"coretype": "", "gflops": {"X": 5, "H": 4}}
    measured[1] = "Haswell", "H", (6, 6, 1)
    assert trial.best(64) == {"coretype": "Haswell", "gflops": {"X": 5, "H": 6}}


def test_the_products_are_those_of_a_layer_and_counted_as_such(monkeypatch):
    shapes = [((3, 6), (6, 4)), ((6, 3), (3, 4)), ((3, 4), (4, 6))]
    listed = trial.layer(6, 4, 3)
    assert len(listed) == len(trial.PRODUCTS)
    for (left, right, out), expected in zip(listed, shapes):
        assert (left.shape, right.shape) == expected
        assert out.shape == (left @ right).shape
        assert {part.dtype for part in (left, right, out)} == {np.dtype(np.float32)}
        clock = iter([0.0, 2.0, 10.0, 20.0])  # once in 2 seconds, then 5 times in 10
        monkeypatch.setattr(trial.time, "perf_counter", lambda clock=clock: next(clock))
        assert trial.rate(left, right, out, 10.0) == pytest.approx(5 * 2 * 3 * 6 * 4 / 10 / 1e9)
        np.testing.assert_allclose(out, left @ right, rtol=1e-6)
