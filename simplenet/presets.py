"""Presets: tables of options that go well together, for `simplenet train --preset NAME`.

Whatever a file for --config or the command line says comes first. Chosen on validation images of
MNIST: what was tried, and what did not help, is told in scripts/notes/presets.md; what they reach
on test images, and how long they take, in scripts/results/presets.md.
"""

from collections.abc import Mapping
from typing import Any

# Sigmoids that learn from digits distorted anew in every epoch: as people's hands differ, and more,
# but so that any digit can be told from it still.
_DISTORTED = {
    "cost": "cross-entropy",
    "init": "glorot",
    "optimizer": "adamw",
    "weight_decay": 0.05,
    "schedule": "cosine",
    "batch_size": 250,
    "validation": 0,
}

PRESETS: dict[str, Mapping[str, Any]] = {
    # The network that most people build first: every option as it is without a preset.
    "original": {},
    # A good network soon: ReLU, and digits a little distorted.
    "quick": {
        "hidden": (256, 128),
        "activation": "relu",
        "cost": "cross-entropy",
        "label_smoothing": 0.1,
        "optimizer": "adam",
        "lr": 0.004,
        "schedule": "cosine",
        "batch_size": 200,
        "epochs": 4,
        "validation": 0,
        "rotation": 8.0,
        "scaling": 0.1,
        "shear": 0.1,
        "shift": 1.0,
    },
    # Without distortions: ReLU, dropout and weight decay.
    "strong": {
        "hidden": (1200, 1200),
        "activation": "relu",
        "cost": "cross-entropy",
        "optimizer": "adamw",
        "lr": 0.001,
        "weight_decay": 0.5,
        "schedule": "cosine",
        "batch_size": 100,
        "dropout": 0.4,
        "average": 2.0,
        "epochs": 25,
        "validation": 0,
    },
    # Sigmoids for those who can wait for ten minutes.
    "distorted": {
        **_DISTORTED,
        "hidden": (1000, 500),
        "lr": 0.003,
        "epochs": 90,
        "average": 3.0,
        "rotation": 12.0,
        "scaling": 0.13,
        "shear": 0.15,
        "shift": 1.0,
        "elastic": 34.0,
    },
    # More of everything, a fifth stronger.
    "record": {
        **_DISTORTED,
        "hidden": (1500, 1000, 500),
        "lr": 0.002,
        "epochs": 160,
        "average": 5.0,
        "rotation": 14.0,
        "scaling": 0.15,
        "shear": 0.18,
        "shift": 1.2,
        "elastic": 40.0,
    },
}
