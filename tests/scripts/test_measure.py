"""scripts/measure.py measures what the documents quote."""

import numpy as np
from bench import trial
from measure import kernel_rates, kernel_tables, step_seconds


def test_a_step_in_loops_takes_longer_than_in_numpy():
    x, y = np.full((2, 784), 0.5, np.float32), np.eye(10, dtype=np.float32)[:2]
    in_loops, in_numpy = step_seconds(x, y, rounds=1, repeats=2)
    assert 0 < in_numpy < in_loops


def test_kernels_are_compared_with_the_choice_of_openblas(monkeypatch):
    def rates(sizes, rounds, seconds):
        assert (rounds, seconds) == (3, 0.5)
        own = (10, 20, 40), (30, 20, 40), (20, 20, 40)
        other = (5, 30, 4), (15, 30, 4), (100, 30, 4)
        return {
            "": {"kernels": "X", "rates": [own, own]},
            "Haswell": {"kernels": "H", "rates": [other, other]},
        }

    monkeypatch.setattr(trial, "rates", rates)
    figures = kernel_rates([(784, 40, 20), (784, 40, 100)], 3, 0.5)
    assert figures["kernels"] == {"own": "X", "Haswell": "H"}
    assert len(figures["products"]) == 6
    assert figures["products"][0] == {
        "inputs": 784, "outputs": 40, "minibatch": 20, "product": "forward",
        "gflops": {"own": 20, "Haswell": 15}, "ratio": {"own": 1, "Haswell": 0.5},
    }  # fmt: skip
    assert [row["ratio"]["Haswell"] for row in figures["products"]] == [0.5, 1.5, 0.1] * 2
    about = {"date": "2026-01-01", "machine": "a machine", "command": "a command"}
    text = kernel_tables(figures, about)
    assert "## 784 x 40\n\n| minibatch | forward | Haswell | dW | Haswell | dx | Haswell |" in text
    assert "| 20 | 20 | 0.50 | 20 | 1.50 | 40 | 0.10 |\n| 100 | 20 " in text
    for part in (*about.values(), "by itself, X,", "OPENBLAS_CORETYPE=Haswell"):
        assert part in text
