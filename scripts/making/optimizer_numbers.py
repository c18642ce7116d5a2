"""Where PyTorch's optimizers stand after 1, 2, 10 and 50 steps.

The tests compare simplenet's optimizers with these numbers, and with PyTorch itself where that is
installed. To make them again needs it.
"""

import json

import numpy as np

from making import Files, NotHereError

PATH = "tests/optimizers.json"
KEPT = (1, 2, 10, 50)  # steps
START = np.array([1.5, -2.0, 0.3, 0.0, -0.7, 4.0])
SETTINGS = {
    "momentum": 0.9,
    "rho": 0.99,
    "beta1": 0.9,
    "beta2": 0.999,
    "epsilon": 1e-8,
    "weight_decay": 0.05,
}
# By the name of a test: the optimizer, its learning rate, and the settings that differ.
RUNS: dict[str, tuple[str, float, dict[str, float]]] = {
    "sgd": ("sgd", 0.05, {"momentum": 0.0}),
    "momentum": ("sgd", 0.02, {}),
    "nesterov": ("nesterov", 0.02, {}),
    "rmsprop": ("rmsprop", 0.01, {"momentum": 0.0}),
    "rmsprop-momentum": ("rmsprop", 0.005, {"momentum": 0.5, "rho": 0.9}),
    "adam": ("adam", 0.03, {}),
    "adam-other-betas": ("adam", 0.03, {"beta1": 0.7, "beta2": 0.95, "epsilon": 1e-3}),
    "adamw": ("adamw", 0.03, {}),
}


def gradient(params: np.ndarray) -> np.ndarray:
    """Return the slope of a bowl that is steep, flat and bent in places."""
    steepness = np.array([1.0, 0.1, 3.0, 1.0, 0.01, 0.5])
    slope: np.ndarray = steepness * params + 0.3 * np.roll(params, 1) + 0.1 * params**3
    return slope


def torch_run(name: str) -> dict[str, list[float]]:
    """Return the parameters after each of KEPT steps of a run that PyTorch makes."""
    import torch

    optimizer, lr, different = RUNS[name]
    s = {**SETTINGS, **different}
    params = torch.tensor(START, requires_grad=True)
    make = {
        "sgd": lambda: torch.optim.SGD([params], lr, s["momentum"]),
        "nesterov": lambda: torch.optim.SGD([params], lr, s["momentum"], nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop(
            [params], lr, alpha=s["rho"], eps=s["epsilon"], momentum=s["momentum"]
        ),
        "adam": lambda: torch.optim.Adam([params], lr, (s["beta1"], s["beta2"]), s["epsilon"]),
        "adamw": lambda: torch.optim.AdamW(
            [params], lr, (s["beta1"], s["beta2"]), s["epsilon"], s["weight_decay"]
        ),
    }
    torch_optimizer = make[optimizer]()
    kept = {}
    for step in range(1, KEPT[-1] + 1):
        params.grad = torch.tensor(gradient(params.detach().numpy()))
        torch_optimizer.step()
        if step in KEPT:
            kept[str(step)] = params.tolist()
    return kept


def files() -> Files:
    """Return the numbers of every run. Raise NotHereError without PyTorch."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise NotHereError("PyTorch is not installed: pip install torch.") from error
    numbers = {"torch": torch.__version__, "runs": {name: torch_run(name) for name in RUNS}}
    return {PATH: (json.dumps(numbers, indent=1) + "\n").encode()}
