"""One run of the bench: the sections that are asked for, one after the other, and their report."""

import importlib.metadata
import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import report as reports

from bench import prompt, size, trial
from bench.contestants import CONTESTANTS, Limit
from bench.figures import reached
from bench.groups import GROUPS, Group
from bench.processor import NEEDS, coretypes, described, processor
from bench.recipes import PACKAGES
from bench.rounds import run_group
from bench.tables import markdown
from simplenet.datasets.load import Data, Examples

SECTIONS = ("epoch", "wide", "adam", "busy", "predict", "prompt", "size")
SLOW = "PyTorch compiled"  # left out of a quick run


@dataclass(frozen=True)
class Settings:
    """How much is to be measured."""

    sections: tuple[str, ...] = SECTIONS
    quick: bool = False
    rounds: int = 9
    images: int = 60_000  # in an epoch
    size_images: int = 8_000_000  # of the largest file
    scratch: str | None = None  # the folder for that file


def installed(package: str) -> bool:
    """Return whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def repeated(digits: Examples, count: int) -> Examples:
    """Return so many digits, the same ones over again if there are not enough."""
    chosen = np.arange(count) % len(digits.images)
    return Examples(digits.images[chosen], digits.labels[chosen])


def versions() -> dict[str, str]:
    """Return the versions of everything that takes part."""
    found = reports.versions()
    for name in "torch", "jax", "jaxlib", "scikit-learn":
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


class Bench:
    """One run: what it is to do, and who was left out of it."""

    def __init__(
        self,
        data: Data,
        settings: Settings,
        groups: Mapping[str, Group] = GROUPS,
        installed: Callable[[str], bool] = installed,
    ):
        self.data, self.settings, self.groups, self.installed = data, settings, groups, installed
        self.left_out: dict[str, str] = {}  # by name: why
        self.best: str | None = None  # value of OPENBLAS_CORETYPE, once it has been found out

    def report(self, command: str) -> dict[str, Any]:
        """Measure all sections; return their figures, and by which command of scripts/."""
        settings, data = self.settings, self.data
        report: dict[str, Any] = {
            **reports.circumstances(command),
            "processor": processor(described()),
            "pinned": hasattr(os, "sched_setaffinity"),
            "versions": versions(),
            "data": {"name": data.name, "images": len(data.train.images)},
            "quick": settings.quick,
            "groups": {},
        }
        groups = self.chosen_groups()
        if groups:
            report["kernels"] = trial.best(Limit.side)
            self.best = report["kernels"]["coretype"]
        for name, group in groups.items():
            click.echo(f"{group.title} ...", err=True)
            report["groups"][name] = self.group(group)
        if "prompt" in settings.sections:
            click.echo("From the prompt ...", err=True)
            report["prompt"] = self.prompt([0.95] if settings.quick else [0.95, 0.97, 0.98])
        if "size" in settings.sections:
            click.echo("Size ...", err=True)
            report["size"] = size.measure_all(
                settings.size_images, data.train, data.test, settings.scratch
            )
        report["left_out"] = self.left_out
        report["reach"] = reached(report)
        return report

    def chosen_groups(self) -> dict[str, Group]:
        """Return the groups of the sections that are asked for; note which a quick run leaves."""
        chosen = {}
        for name, group in self.groups.items():
            if group.section not in self.settings.sections:
                continue
            if self.settings.quick and not group.quick:
                self.left_out[group.title] = "not in a quick run"
            else:
                chosen[name] = group
        return chosen

    def taking_part(self, packages: Mapping[str, str]) -> list[str]:
        """Return which of these names, each with its package, take part; note why others do not."""
        names = []
        for name, package in packages.items():
            if self.settings.quick and name == SLOW:
                self.left_out[name] = "not in a quick run: it takes long to compile"
            elif not self.installed(package):
                self.left_out[name] = f"{package} is not installed"
            else:
                names.append(name)
        return names

    def group(self, group: Group) -> dict[str, Any]:
        """Return what the contestants of a group that can take part, taking turns, came to."""
        names = self.taking_part({name: CONTESTANTS[name].package for name in group.names})
        for name in set(names):
            coretype = CONTESTANTS[name].coretype
            if coretype in NEEDS and coretype not in coretypes(described()):
                names.remove(name)
                self.left_out[name] = "this processor is not known to have what they need"
        images = max(1, round(self.settings.images * group.share))
        rounds = max(1, round(self.settings.rounds * group.rounds))
        train = repeated(self.data.train, images)
        figures, failed = run_group(group, names, train, self.data.test, rounds, self.best)
        for name, why in failed.items():
            self.left_out[f"{name} in {group.title}"] = why
        return figures

    def prompt(self, targets: list[float]) -> dict[str, Any]:
        """Return the times of the programs of all tools that can take part."""
        tools, seeds = self.taking_part(PACKAGES), max(1, round(self.settings.rounds * 5 / 9))
        return prompt.measure(tools, targets, seeds, self.data)


def write(report: dict[str, Any], folder: Path) -> str:
    """Write bench.json and bench.md into a folder; return the latter's text."""
    text = markdown(report)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (folder / "bench.md").write_text(text, encoding="utf-8")
    return text
