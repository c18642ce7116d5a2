"""`simplenet plot`: how the cost and the accuracy of runs came about."""

from pathlib import Path

import click

from simplenet.cli.drawing import encoding, width
from simplenet.cli.output import check_other, check_output, overwrite_option
from simplenet.cli.parameters import FILE, Grouped, GroupedOption, quiet_option
from simplenet.cli.show import echo, printable
from simplenet.errors import ModelError
from simplenet.training.blas import set_threads

FORMATS = ".png", ".svg"


@click.command("plot", cls=Grouped)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", type=FILE)
@click.option(
    "-o", "--output", metavar="FILE", type=FILE, cls=GroupedOption, group="Run",
    help="Draw into this file, .png or .svg, with matplotlib, and not in the terminal.",
)  # fmt: skip
@overwrite_option("Run", "Replace the output file if it is there.")
@quiet_option("Do not say what was saved.")
def command(models: tuple[Path, ...], output: Path | None, overwrite: bool, quiet: bool) -> None:
    """Draw the cost and the accuracy of each MODEL after each epoch of its training.

    The curve `training` is of the images it learned from, each measured before it was; the curve
    `validation` of those that were held out.

    \b
    Examples:
      simplenet plot model.npz
      simplenet plot model.npz model-2.npz
      simplenet plot model.npz -o curves.svg
    """
    if output is not None:
        check_file(output, models, overwrite)
    set_threads("auto", 0)

    from simplenet import load_model
    from simplenet.files import atomic_write
    from simplenet.report.curves import charts
    from simplenet.report.figure import check_matplotlib, draw_charts
    from simplenet.report.text import chart_lines, style_for

    if output is not None:
        check_matplotlib()
    runs = [(printable(model), load_model(model)) for model in models]
    for name, run in runs:
        if not run.history:
            raise ModelError(
                f"{name}: expected a model that has been trained for an epoch, found none "
                "recorded: there is nothing to draw."
            )
    if output is not None:
        content = draw_charts(charts(runs), output.suffix.lower())
        with atomic_write(output, overwrite=overwrite) as file:
            file.write(content)
        if not quiet:
            echo(f"saved {output}")
        return
    style = style_for(encoding())
    for number, chart in enumerate(charts(runs)):
        echo(*[""] * bool(number), *chart_lines(chart, width(), style))


def check_file(output: Path, models: tuple[Path, ...], overwrite: bool) -> None:
    """Raise a usage error for a file that nothing can be drawn into, before any work is done."""
    if output.suffix.lower() not in FORMATS:
        raise click.BadParameter(
            f"expected a name that ends in {' or '.join(FORMATS)}, found {output}.",
            param_hint="-o",
        )
    check_other(output, models, "curves.png")
    check_output(output, overwrite)
