"""`simplenet export`: a saved model for other programs."""

from pathlib import Path

import click

from simplenet.cli.output import check_other, check_output, output_options
from simplenet.cli.parameters import FILE, Checked, Grouped, GroupedOption, quiet_option
from simplenet.cli.show import tell
from simplenet.export import ENDINGS, TAKEN
from simplenet.options import OneOf
from simplenet.training.blas import set_threads


@click.command("export", cls=Grouped)
@click.argument("model", type=FILE)
@click.option(
    "--format", "form", type=Checked("NAME", OneOf(tuple(ENDINGS))), metavar="NAME",
    cls=GroupedOption, group="Run",
    help=f"What to write: {', '.join(ENDINGS)}.  [default: what FILE ends with says: "
    "numpy for .py, onnx for .onnx]",
)  # fmt: skip
@output_options("net", None)
@quiet_option("Do not say what was saved.")
def command(model: Path, form: str | None, output: Path, overwrite: bool, quiet: bool) -> None:
    """Write the net of a saved MODEL for other programs.

    It turns images, rows of floats in [0, 1], into activations, one for each class. FILE.py is a
    program of a few lines, in numpy or PyTorch, that computes them, with the weights beside it in
    FILE-weights.npz; `python FILE.py images.npy` prints the classes of images that numpy has saved,
    bytes or floats. FILE.onnx is read by ONNX runtimes in many languages; writing one needs the
    package onnx, which `python -m pip install onnx` brings.

    \b
    Examples:
      simplenet export model.npz -o digits.py
      simplenet export model.npz --format torch -o digits_torch.py
      simplenet export model.npz -o digits.onnx
    """
    form = form or next((name for name, end in ENDINGS.items() if end == output.suffix), None)
    if form is None or output.suffix != ENDINGS[form]:
        expected = ENDINGS[form] if form else " or ".join(dict.fromkeys(ENDINGS.values()))
        raise click.BadParameter(
            f"expected a name that ends in {expected}, found {output}: name a file such as "
            f"digits{ENDINGS[form or 'numpy']}.",
            param_hint="-o",
        )
    if ENDINGS[form] == ".py" and output.stem.lower() in TAKEN:
        raise click.BadParameter(
            f"expected a name that no module of Python has, found {output.name}: the program, and "
            f"every other in its folder, would take it for {output.stem.lower()}. Name it such as "
            "digits.py.",
            param_hint="-o",
        )
    set_threads(1, 0)

    from simplenet import load_model
    from simplenet.export.program import weights_path
    from simplenet.export.save import PROGRAMS, export_net

    written = [output, weights_path(output)] if form in PROGRAMS else [output]
    for path in written:
        check_other(path, [model], f"digits{ENDINGS[form]}")
        check_output(path, overwrite)
    run = load_model(model)
    data = run.data.get("name", "data not recorded")
    export_net(run.network, output, form, data, overwrite=overwrite)
    if not quiet:
        tell(f"saved {' and '.join(map(str, written))}")
