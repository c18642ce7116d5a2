"""Presets: tables of options that go well together, for `simplenet train --preset NAME`.

Whatever a file for --config or the command line says comes first. Chosen on validation images of
MNIST: what was tried, and what did not help, is told in scripts/notes/presets.md.
"""

from collections.abc import Mapping
from typing import Any

# How people's hands differ, and more: any digit can be told from it still.
_HANDS = {
    "rotation": 12.0,
    "scaling": 0.13,
    "shear": 0.15,
    "shift": 1.0,
    "elastic": 34.0,
}

PRESETS: dict[str, Mapping[str, Any]] = {
    # The network that most people build first: every option as it is without a preset.
    "original": {},
    # The best that about ten seconds can buy.
    "quick": {
        "hidden": (256,),
        "activation": "relu",
        "cost": "cross-entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "batch_size": 100,
        "epochs": 10,
        "validation": 0,
    },
    # The best without distortions, in a few minutes.
    "strong": {
        "hidden": (800, 800),
        "activation": "relu",
        "cost": "cross-entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "batch_size": 100,
        "dropout": 0.4,
        "epochs": 30,
        "validation": 0,
    },
    # Sigmoids that learn from digits distorted anew in every epoch: about ten minutes.
    "distorted": {
        "hidden": (1500, 1000, 500),
        "cost": "cross-entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "batch_size": 250,
        "average": 3.0,
        "epochs": 90,
        "validation": 0,
        **_HANDS,
    },
    # The same for up to two hours on two cores.
    "record": {
        "hidden": (2500, 2000, 1500, 1000, 500),
        "cost": "cross-entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "batch_size": 250,
        "average": 10.0,
        "epochs": 400,
        "validation": 0,
        **_HANDS,
    },
}
