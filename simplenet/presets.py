"""Presets: tables of options that go well together, for `simplenet train --preset NAME`.

Whatever a file for --config or the command line says comes first. Chosen on validation images of
MNIST: what was tried, and what did not help, is told in scripts/notes/presets.md. How long they
take, and what they reach on test images, has not been measured yet.
"""

from collections.abc import Mapping
from typing import Any

# How people's hands differ, and more: any digit can be told from it still.
_HANDS = {"rotation": 12.0, "scaling": 0.13, "shear": 0.15, "shift": 1.0, "elastic": 34.0}

_SIGMOIDS = {
    "cost": "cross-entropy",
    "init": "glorot",
    "optimizer": "adam",
    "lr": 0.002,
    "schedule": "cosine",
    "batch_size": 100,
    "validation": 0,
    **_HANDS,
}

PRESETS: dict[str, Mapping[str, Any]] = {
    # The network that most people build first: every option as it is without a preset.
    "original": {},
    # A good network soon: ReLU, and digits a little distorted.
    "quick": {
        "hidden": (512,),
        "activation": "relu",
        "cost": "cross-entropy",
        "label_smoothing": 0.1,
        "optimizer": "adam",
        "lr": 0.006,
        "schedule": "cosine",
        "batch_size": 200,
        "epochs": 5,
        "validation": 0,
        "rotation": 8.0,
        "scaling": 0.1,
        "shear": 0.1,
        "shift": 1.0,
    },
    # Without distortions: ReLU and dropout.
    "strong": {
        "hidden": (800, 800),
        "activation": "relu",
        "cost": "cross-entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "batch_size": 100,
        "dropout": 0.5,
        "epochs": 40,
        "validation": 0,
    },
    # Sigmoids that learn from digits distorted anew in every epoch.
    "distorted": {**_SIGMOIDS, "hidden": (1000, 1000), "average": 3.0, "epochs": 90},
    # The same for as long as patience lasts.
    "record": {**_SIGMOIDS, "hidden": (1500, 1000, 500), "average": 10.0, "epochs": 500},
}
