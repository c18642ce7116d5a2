"""From the prompt to a test accuracy: whole processes, with imports, loading and measuring."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from typing import Any

import click
import numpy as np

from bench.figures import summed_up
from bench.processes import cores, environment, in_turn, module, pinned
from bench.recipes import RECIPES, Recipe
from simplenet.datasets.load import Data

PARTS = ("train-images", "train-labels", "test-images", "test-labels")


def command(tool: str, recipe: Recipe, seed: int, data: Data, model: str) -> list[str]:
    """Return the command that a person would type;"""
    if tool == "simplenet":
        options = {
            "--data": data.files["train-images"].parent,
            "--hidden": recipe.hidden, "--epochs": recipe.epochs, "--batch-size": recipe.batch,
            "--lr": recipe.lr, "--seed": seed, "--optimizer": recipe.rule,
            "--schedule": "cosine", "--activation": "relu", "--cost": "cross-entropy",
            "--validation": 0, "-o": model,
        }  # fmt: skip
        words = [str(word) for pair in options.items() for word in pair]
        return [sys.executable, "-m", "simplenet", "train", *words, "--overwrite", "-q", "--json"]
    settings = [f"--{name}={value}" for name, value in asdict(recipe).items()]
    files = [str(data.files[part]) for part in PARTS]
    return module("programs", tool, *settings, f"--seed={seed}", "--files", *files)


def run(tool: str, recipe: Recipe, seed: int, data: Data, used: list[int]) -> tuple[float, float]:
    """Return the wall time of one program, and the accuracy that it prints."""
    with tempfile.TemporaryDirectory() as folder:
        words = command(tool, recipe, seed, data, f"{folder}/model.npz")
        with pinned(used):
            began = time.perf_counter()
            ended = subprocess.run(words, capture_output=True, text=True, env=environment(1))
            seconds = time.perf_counter() - began
    if ended.returncode:
        raise click.ClickException(f"{tool}: {ended.stderr.strip()}")
    return seconds, json.loads(ended.stdout)["accuracy"]


def measure(tools: list[str], targets: list[float], seeds: int, data: Data) -> dict[str, Any]:
    """Return the times of these tools' programs, taking turns at each target, a seed a round."""
    used, programs = cores(False), {}
    for target in targets:
        rows: dict[str, dict[str, Any]] = {tool: {"each": [], "accuracies": []} for tool in tools}
        for seed in range(seeds):
            for tool in in_turn(tools, seed):
                seconds, accuracy = run(tool, RECIPES[tool][target], seed, data, used)
                rows[tool]["each"].append(seconds)
                rows[tool]["accuracies"].append(accuracy)
        for tool, row in rows.items():
            row["accuracy"] = float(np.median(row["accuracies"]))
            row["reached"] = row["accuracy"] >= target
            row["recipe"] = RECIPES[tool][target].summary()
        programs[str(target)] = summed_up(rows)
    return {"section": "prompt", "threads": 1, "cores": used, "targets": programs}
