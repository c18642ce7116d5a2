"""Train the presets as a person would, and record what came of every run.

    SIMPLENET_DATA=FOLDER python scripts/presets.py train distorted --seeds 0-2 --models FOLDER
    SIMPLENET_DATA=FOLDER python scripts/presets.py together NAME RUN... --models FOLDER
    python scripts/presets.py table

`train` runs `simplenet train --preset NAME --seed N`, which may be stopped and goes on when it is
called again: a run that has ended is not repeated, so that the first of a seed counts. Beside the
log in scripts/results/presets/ stands the class that it gave each test image, from which errors,
committees and pictures can be computed without the models, which stay in FOLDER. `together` does
the same for the mean of the outputs of several runs, or for copies of each image. `table` writes
scripts/results/presets.json and .md of what is recorded there, `misread` a picture of the test
images that a run, or several by most votes, misread.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from bench.processor import described, processor, summary
from bench.tables import table
from report import RESULTS, as_json, circumstances, versions

from simplenet import load_data, load_model
from simplenet.datasets.load import VARIABLE
from simplenet.options import DISTORTION_NAMES
from simplenet.presets import PRESETS
from simplenet.training.committee import committee_outputs

FOLDER = RESULTS / "presets"
SIMPLENET = (sys.executable, "-m", "simplenet")
ACROSS = 100  # classes in a line of a file

ABOUT = """# What the presets reach

Made by `scripts/presets.py table`. Errors on the 10,000 test images of MNIST, on which nothing was
chosen ([how the presets were](../notes/presets.md)): mean and standard deviation over the first run
of each seed, with the weights of the last step, or their average where the preset has one. Logs,
and the class that each run gave each test image, are in [`presets/`](presets/). Minutes are those
of the whole command, the median of the runs that nothing stopped on the way.

"""
TOGETHER = """
The mean of the outputs of several runs, or of one for distorted copies of each test image:

"""


@click.group()
def main() -> None:
    """Train the presets, and record what came of it."""


def seeds_of(text: str) -> list[int]:
    """Return the seeds in a text such as 0-4 or 0,3."""
    parts = (part.partition("-") for part in text.split(","))
    return [n for first, _, last in parts for n in range(int(first), int(last or first) + 1)]


@main.command("train")
@click.argument("name", type=click.Choice([*PRESETS]))
@click.option("--seeds", default="0", help="Such as 0-4.", show_default=True)
@click.option("--models", type=click.Path(path_type=Path), required=True)
@click.option("--data", default="mnist", help="A name or a folder.", show_default=True)
def train_command(name: str, seeds: str, models: Path, data: str) -> None:
    """Train a preset with some seeds, one after another, and record each."""
    models.mkdir(exist_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed in seeds_of(seeds):
        record = FOLDER / f"{name}-{seed}.json"
        if not record.exists():
            record.write_text(json.dumps(train(name, seed, models, data), indent=1) + "\n")
            click.echo(record.read_text())


def train(name: str, seed: int, models: Path, data: str) -> dict[str, Any]:
    """Train, or go on with, one run; write its log and classes, and return what to record."""
    model, log = models / f"{name}-{seed}.npz", FOLDER / f"{name}-{seed}.log"
    typed = ["train", "--preset", name, "--data", data, "--seed", str(seed)]
    resumed = model.exists()
    command = ["train", "--data", data, "--resume"] if resumed else [*typed, "-o"]
    command = [*command, model.name, "-v"]
    environment = dict(os.environ)
    if environment.get(VARIABLE):  # it works in the folder of the models, so that logs name none
        environment[VARIABLE] = os.path.abspath(environment[VARIABLE])
    began = time.perf_counter()
    with open(log, "ab") as file:
        result = subprocess.run(
            [*SIMPLENET, *command], stdout=file, stderr=file, cwd=models, env=environment
        )
    minutes = (time.perf_counter() - began) / 60
    if result.returncode:
        raise click.ClickException(f"{' '.join(command)}: exit code {result.returncode}, see {log}")
    run, test = load_model(model), load_data(data).test
    classes = committee_outputs([run.net], test.images).argmax(axis=1)
    write_classes(FOLDER / f"{name}-{seed}.txt", classes)
    return {
        "command": " ".join(["simplenet", *typed]),
        "preset": name,
        "seed": seed,
        "shape": run.net.shape,
        "parameters": run.net.params.size,
        "activations": run.net.activations,
        "epochs": run.epoch,
        "errors": int(np.count_nonzero(classes != test.labels)),
        "images": len(classes),
        "minutes": round(minutes, 2),
        "resumed": resumed,
        "load": os.getloadavg()[2],
        "sha256": run.sha256,
        **where(),
    }


def where() -> dict[str, Any]:
    """Return when and on what a run was made."""
    about = {key: value for key, value in circumstances("presets.py").items() if key != "command"}
    return {**about, "processor": summary(processor(described())), "versions": versions()}


@main.command("together")
@click.argument("name")
@click.argument("runs", nargs=-1, required=True)
@click.option("--models", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--data", default="mnist", help="A name or a folder.", show_default=True)
@click.option("--copies", default=0, help="Distorted copies of each image, as eval has them.")
def together_command(
    name: str, runs: tuple[str, ...], models: Path, data: str, copies: int
) -> None:
    """Record what several runs, such as record-0, say together: the mean of their outputs."""
    found, test = [load_model(models / f"{run}.npz") for run in runs], load_data(data).test
    settings = found[0].settings
    strengths = {each: settings[each] for each in DISTORTION_NAMES if settings.get(each)}
    nets = [run.net for run in found]
    how = {"copies": copies, "strengths": strengths} if copies else {}
    classes = committee_outputs(nets, test.images, **how).argmax(axis=1)
    write_classes(FOLDER / f"{name}.txt", classes)
    typed = ["simplenet", "eval", *(f"{run}.npz" for run in runs)]
    record = {
        "command": " ".join([*typed, *(["--copies", str(copies)] if copies else [])]),
        "runs": runs,
        "copies": copies,
        "errors": int(np.count_nonzero(classes != test.labels)),
        "images": len(classes),
        **where(),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    click.echo(f"{name}: {record['errors']} of {len(classes):,} misread")


def write_classes(path: Path, classes: np.ndarray[Any, Any]) -> None:
    """Write a class for each test image, a digit each."""
    text = "".join(map(str, classes))
    lines = (text[at : at + ACROSS] for at in range(0, len(text), ACROSS))
    path.write_text("\n".join(lines) + "\n")


def read_classes(path: Path) -> np.ndarray[Any, Any]:
    """Return the class of each test image."""
    return np.array([*map(int, path.read_text().replace("\n", ""))])


@main.command("table")
def table_command() -> None:
    """Write what is recorded as one table, and committees as another."""
    recorded = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    rows, figures = [], {}
    for name in PRESETS:
        runs = [record for record in recorded.values() if record.get("preset") == name]
        if not runs:
            continue
        errors = [100 * run["errors"] / run["images"] for run in runs]
        minutes = [run["minutes"] for run in runs if not run["resumed"]]  # else of the last part
        first, spread = runs[0], statistics.stdev(errors) if len(errors) > 1 else None
        figures[name] = {
            "runs": len(runs), "errors": errors, "mean": statistics.mean(errors),
            "standard_deviation": spread,
            "minutes": statistics.median(minutes) if minutes else None,
        }  # fmt: skip
        rows.append([
            name, "-".join(map(str, first["shape"])), f"{first['parameters']:,}",
            ", ".join(sorted({*first["activations"]})), f"{first['epochs']}",
            f"{statistics.mean(errors):.2f}" + (f" ± {spread:.2f}" if spread is not None else ""),
            f"{min(errors):.2f} to {max(errors):.2f}", f"{len(runs)}",
            f"{statistics.median(minutes):.1f}" if minutes else "-",
            f"`{first['command'].rpartition(' --seed')[0]}`",
        ])  # fmt: skip
    heads = [
        "preset", "shape", "parameters", "activations", "epochs", "test error, %", "from to",
        "seeds", "minutes", "command",
    ]  # fmt: skip
    together = {name: record for name, record in recorded.items() if "runs" in record}
    shares = {name: 100 * record["errors"] / record["images"] for name, record in together.items()}
    text = ABOUT + table(heads, rows) + TOGETHER
    text += table(
        ["what", "test error, %", "command"],
        [
            [name, f"{shares[name]:.2f}", f"`{record['command']}`"]
            for name, record in together.items()
        ],
    )
    machines = sorted(
        {f"{run['date']}, {run['machine']}, {run['processor']}" for run in recorded.values()}
    )
    text += "\nRecorded on: " + "; ".join(machines) + ".\n"
    report = as_json("presets.py table", {"presets": figures, "together": shares})
    (RESULTS / "presets.json").write_text(report)
    (RESULTS / "presets.md").write_text(text)
    click.echo(text)


@main.command("misread")
@click.argument("runs", nargs=-1, required=True)
def misread_command(runs: tuple[str, ...]) -> None:
    """Draw the test images that RUNS, such as record-0, misread: by most votes, if several."""
    from PIL import Image, ImageDraw

    images, labels = load_data("mnist").test
    votes = np.zeros((len(labels), 10), int)
    for name in runs:
        votes[np.arange(len(labels)), read_classes(FOLDER / f"{name}.txt")] += 1
    classes = votes.argmax(axis=1)
    wrong = np.flatnonzero(classes != labels)
    side, gap, across = 28 * 2, 6, 12
    height = side + 3 * gap
    rows = -(-len(wrong) // across)
    sheet = Image.new("L", (across * (side + gap) + gap, rows * height + gap), 255)
    pen = ImageDraw.Draw(sheet)
    for number, place in enumerate(wrong):
        x, y = gap + number % across * (side + gap), gap + number // across * height
        digit = Image.fromarray(255 - images[place]).resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(digit, (x, y))
        pen.text((x, y + side), f"{labels[place]} as {classes[place]}", fill=0)
    sheet.save(RESULTS / "misread.png", optimize=True)
    click.echo(f"{len(wrong)} of {len(labels)} misread: {RESULTS / 'misread.png'}")


if __name__ == "__main__":
    main()
