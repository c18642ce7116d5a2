"""Write measured figures to scripts/results/, with what is needed to measure them again."""

import datetime
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import simplenet

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "scripts" / "results"


def processor() -> str:
    """Return the name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def circumstances(command: str) -> dict[str, Any]:
    """Return when, how and on what machine a command of scripts/ measures."""
    return {
        "date": datetime.date.today().isoformat(),
        "command": f"SIMPLENET_DATA=FOLDER python scripts/{command}",
        "machine": f"{os.cpu_count()} cores, {processor()}, {platform.system()}",
    }


def versions() -> dict[str, str]:
    """Return the versions of simplenet and of what it stands on."""
    return {
        "simplenet": simplenet.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def as_json(command: str, figures: Mapping[str, Any]) -> str:
    """Return the text of a file of figures that a command of scripts/ measured."""
    report = {**circumstances(command), "versions": versions(), **figures}
    return json.dumps(report, indent=2) + "\n"
