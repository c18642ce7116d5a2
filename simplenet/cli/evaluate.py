"""`simplenet eval`: how well a saved model does."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.compute import choose
from simplenet.cli.data import called, check_data, check_member, data_for, names_of
from simplenet.cli.drawing import as_images, echo_drawn, width
from simplenet.cli.output import check_other, check_output, overwrite_option
from simplenet.cli.parameters import (
    FILE,
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    json_option,
    quiet_option,
    threads_option,
    verbose_option,
)
from simplenet.cli.show import echo, echo_json, percent, printable, tell
from simplenet.errors import counted
from simplenet.options import DISTORTION_NAMES, OPTIONS, integer

if TYPE_CHECKING:
    from simplenet.datasets.load import Data
    from simplenet.training.evaluation import Score
    from simplenet.training.run import Run

BYTES = 4  # of one weight in a model file
MISTAKES = 20  # in the report and in JSON, unless the reader chooses
MOST = 1000  # mistakes
COMMONEST = 4  # confusions that are named below the matrix


@click.command("eval", cls=Grouped)
@click.argument(
    "models",
    nargs=-1,
    required=True,
    metavar="MODEL...",
    type=FILE,
)
@data_options
@click.option(
    "--copies", type=Checked("N", integer(0, 10_000)), default=0, metavar="N", cls=GroupedOption,
    group="Run",
    help="Show each test image N times, distorted anew as the training images of the first MODEL "
    "were, and take the mean of the outputs; 0 shows it once, as it is.",
)  # fmt: skip
@click.option(
    "--confusion", "with_confusion", is_flag=True, cls=GroupedOption, group="Result",
    help="Print which classes were taken for which others, too.",
)  # fmt: skip
@click.option(
    "--mistakes", type=Checked("N", integer(0, MOST)), metavar="N", cls=GroupedOption,
    group="Result",
    help="Draw, too, the N mistakes with the largest output, of which the net is surest; as many "
    f"are in the report and in --json.  [default: none, but {MISTAKES} there]",
)  # fmt: skip
@click.option(
    "--report", type=FILE, metavar="FILE", cls=GroupedOption, group="Result",
    help="Save a page (HTML, in one file that needs no network) with all of this, the weights of "
    "the first layer as pictures, and the curves of the training.",
)  # fmt: skip
@overwrite_option("Result", "Replace the report if it is there.")
@threads_option
@quiet_option()
@verbose_option
@json_option
def command(
    models: tuple[Path, ...],
    data: str | None,
    offline: bool,
    copies: int,
    with_confusion: bool,
    mistakes: int | None,
    report: Path | None,
    overwrite: bool,
    threads: int | str,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Measure a saved MODEL on test images; several are a committee, whose outputs are averaged.

    The test images are those of the data set that it was trained on, unless --data names another.
    Of a folder with nothing but class folders, such as photos of your own in my-digits/0 to
    my-digits/9, all pictures are, or those held out of the training of this very model.

    \b
    Examples:
      simplenet eval model.npz
      simplenet eval model.npz --data sample --json
      simplenet eval model.npz --data my-digits
      simplenet eval model.npz --confusion --mistakes 8
      simplenet eval model.npz --report report.html
      simplenet eval model.npz model-2.npz model-3.npz
    """
    if report is not None:
        check_other(report, models, "report.html", "--report")
        check_output(report, overwrite, "--report")
    size = 0
    for model in models:
        with contextlib.suppress(OSError):  # load_model says what is wrong
            size = max(size, os.path.getsize(model))
    minibatch = OPTIONS["batch_size"].default  # as train mostly has
    choose(threads, minibatch * size // BYTES, verbose=verbose)

    from simplenet import load_model
    from simplenet.training.committee import evaluate_committee

    runs = [load_model(model) for model in models]
    strengths = distortions_of(runs[0], models[0]) if copies else {}
    found = data_for(runs[0], models[0], data, offline, quiet=quiet)
    for model, run in zip(models[1:], runs[1:]):
        check_member(run, model, runs[0], models[0])
        check_data(run, model, found)
    if mistakes and not as_json:
        as_images(found.test.images, [], found.name)  # what cannot be drawn is said before the work
    most = mistakes if mistakes is not None else MISTAKES if report or as_json else 0
    names = names_of(runs[0])
    nets = [run.network for run in runs]
    score = evaluate_committee(nets, *found.test, copies=copies, strengths=strengths, mistakes=most)
    means = []
    if len(models) > 1:
        means.append(f"mean of the outputs of {len(models)} models")
    if copies:
        many = counted(copies, "distorted copy", "distorted copies")
        means.append(f"mean of the outputs for {many} of each image")
    if report is not None:
        save_report(report, models, runs, found, score, means, overwrite=overwrite)
    if as_json:
        echo_json(
            {
                "model": str(models[0]),
                "models": [str(model) for model in models],
                "data": found.name,
                "images": int(score.total.sum()),
                "copies": copies,
                "accuracy": score.accuracy,
                "cost": score.cost,
                "classes": classes_of(score, names),
                "confusion": score.confusion.tolist(),
                "mistakes": [asdict(mistake) for mistake in score.mistakes],
            }
        )
        return
    images = int(score.total.sum())
    tell(f"accuracy {percent(score.accuracy)} on {counted(images, 'test image')} of {found.name}")
    for mean in means:
        tell(f"{'':8} {mean}")
    echo("cost     " + ("-" if score.cost is None else f"{score.cost:.4f}"))
    echo("", "class  images  correct  accuracy")
    for row in classes_of(score, names):
        name = f"  {row['name']}" if row["name"] else ""
        echo(
            f"{row['class']:5}{row['images']:8,}{row['correct']:9,}"
            f"{percent(row['accuracy']):>10}{name}"
        )
    if with_confusion:
        echo_confusion(score, names)
    if mistakes:
        echo_mistakes(score, found, names)
    if report is not None:
        echo("", f"saved {report}")


def classes_of(score: "Score", names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what there is to be said of each class; its name is null if it has only a number."""
    return [
        {
            "class": number,
            "name": names[number] if names else None,
            "images": total,
            "correct": correct,
            "accuracy": correct / total if total else None,
        }
        for number, (correct, total) in enumerate(zip(score.correct.tolist(), score.total.tolist()))
    ]


def echo_confusion(score: "Score", names: Sequence[str]) -> None:
    """Print the confusion matrix, and its largest entries that are mistakes."""
    from simplenet.report.confusion import commonest, matrix_lines

    echo("")
    tell("each class, and what its images were taken for")
    echo("")
    echo(*matrix_lines(score.confusion, width()))
    worst = [
        f"{called(names, truth)} as {called(names, prediction)} ({count:,})"
        for truth, prediction, count in commonest(score.confusion, COMMONEST)
    ]
    if worst:
        echo("")
        tell(f"most often misread: {', '.join(worst)}")


def echo_mistakes(score: "Score", data: "Data", names: Sequence[str]) -> None:
    """Draw the mistakes that were kept."""
    wrong = int(score.total.sum() - score.correct.sum())
    if not score.mistakes:
        echo("", "no mistakes")
        return
    echo("")
    tell(f"the {len(score.mistakes):,} of {counted(wrong, 'mistake')} with the largest output")
    echo("")
    images = as_images(data.test.images, [one.index for one in score.mistakes], data.name)
    captions = (
        f"{one.index}: {called(names, one.truth)} read as {called(names, one.prediction)}, "
        f"{one.output:.2f}"
        for one in score.mistakes
    )
    echo_drawn(zip(captions, images), wrong=r"(?<=read as ).+?(?=, \d\.\d\d)")


def save_report(
    path: Path,
    models: tuple[Path, ...],
    runs: "list[Run]",
    data: "Data",
    score: "Score",
    means: list[str],
    *,
    overwrite: bool,
) -> None:
    """Write the report of an evaluation, whole or not at all."""
    from simplenet.files import atomic_write
    from simplenet.report.page import Evaluation, page

    names = [printable(model) for model in models]
    how = f"The outputs are the {' and the '.join(means)}." if means else ""
    about = Evaluation(names, runs, data.name, data.test.images, score, how, names_of(runs[0]))
    content = page(about).encode()
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(content)


def distortions_of(run: "Run", model: Path) -> dict[str, float]:
    """Return how the training images of a run were distorted. Raise UsageError if they were not."""
    found = {name: run.settings[name] for name in DISTORTION_NAMES if run.settings.get(name)}
    if not found:
        raise click.BadParameter(
            "expected a first model that was trained on distorted images, as the copies are to be "
            f"distorted, found {model}, which was not.",
            param_hint="--copies",
        )
    return found
