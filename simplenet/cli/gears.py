"""`simplenet gears`: the interactive page on which a network's gears can be turned."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simplenet.cli.data import data_for, names_of
from simplenet.cli.output import check_other, check_output, free_name, output_options
from simplenet.cli.parameters import (
    FILE,
    Checked,
    Grouped,
    GroupedOption,
    data_options,
    json_option,
    quiet_option,
)
from simplenet.cli.show import echo, echo_json, shape_text, tell
from simplenet.errors import DataError, DivergedError
from simplenet.options import integer
from simplenet.training.blas import set_threads

if TYPE_CHECKING:
    from simplenet.backprop.page import Shown
    from simplenet.datasets.load import Data
    from simplenet.net import Net
    from simplenet.training.batches import Images, Labels
    from simplenet.training.run import Run

SAMPLES = 20  # as many digits go into a page, unless the reader chooses
SINGLE_LR = 0.1  # of steps along the gradient of one sample: minibatches stand much more
FEW = 100  # parameters of a net whose every gradient is printed


@click.command("gears", cls=Grouped)
@click.argument("model", required=False, type=FILE)
@data_options
@click.option(
    "--sample", "samples", multiple=True, metavar="N", cls=GroupedOption, group="Data",
    type=Checked("N", integer(0)),
    help="A test image to show, counted from 0; may be given many times.  [default: the first of "
    "each class, and the first that are misread]",
)  # fmt: skip
@output_options("page", "gears.html, or gears-2.html, ...")
@click.option(
    "--open", "opens", is_flag=True, cls=GroupedOption, group="Run",
    help="Open the page in the browser.",
)  # fmt: skip
@quiet_option()
@json_option
def command(
    model: Path | None,
    data: str | None,
    offline: bool,
    samples: tuple[int, ...],
    output: Path | None,
    overwrite: bool,
    opens: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write a page on which the gears of backpropagation turn.

    It shows the worked example of simplenet/backprop/README.md and a trained network: MODEL, with
    test images of the data set that it was trained on, or else one that comes with simplenet, with
    embedded digits. The page is one file that works without a network. --json prints the cost, the
    outputs and dC/dz of everything that it shows.

    \b
    Examples:
      simplenet gears --open
      simplenet gears model.npz -o mine.html
      simplenet gears model.npz --sample 8 --sample 247 -o two.html
    """
    set_threads(1, 0)
    path = output or free_name(Path("gears.html"))
    check_other(path, [model] if model else [], "gears.html")
    check_output(path, overwrite)

    from simplenet import load_data, load_model
    from simplenet.backprop import bundled
    from simplenet.backprop.page import page
    from simplenet.files import atomic_write

    if model is None:
        loaded, name = bundled(), "the bundled network"
        digits = load_data("sample")
        if data is not None:
            digits = data_for(loaded, name, data, offline, quiet=quiet)
    else:
        loaded, name = load_model(model), model.name
        digits = data_for(loaded, model, data, offline, quiet=quiet)
    shown = [the_example(), the_network(loaded, name, digits, samples)]
    computed = [numbers(part) for part in shown]
    content = page(shown).encode()
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(content)
    if as_json:
        echo_json({"page": str(path), "nets": computed})
    else:
        echo(f"saved {path}")
    if opens:
        import webbrowser

        if not webbrowser.open(path.absolute().as_uri()):
            tell(f"no browser could be started: open {path.absolute()} in one.", err=True)


def the_example() -> "Shown":
    """Describe the worked example to the page."""
    from simplenet.backprop.example import LR, X, Y, example_net
    from simplenet.backprop.page import Shown

    note = "After Matt Mazur; the numbers are those of the text below."
    return Shown("the worked example, 2-2-2", example_net(), x=X, y=Y, lr=LR, note=note)


def the_network(run: "Run", name: str, data: "Data", samples: tuple[int, ...]) -> "Shown":
    """Describe a trained network to the page, in float64, with test images."""
    import numpy as np

    from simplenet.backprop.page import Shown
    from simplenet.net import net_around
    from simplenet.training.batches import check_fit

    net = run.network
    net = net_around(net.params.astype(np.float64), net.shape, net.activations, net.cost)
    images, labels = check_fit(net, *data.test)
    outside = [number for number in samples if number >= len(images)]
    if outside:
        raise DataError(
            f"--sample: expected numbers below {len(images):,}, the test images of {data.name}, "
            f"found {outside[0]:,}."
        )
    chosen = np.array(samples or choose(net, images, labels))
    return Shown(
        f"{name}, {shape_text(net.shape)}",
        net,
        x=images[chosen].reshape(len(chosen), -1) / 255,
        y=np.eye(net.shape[-1])[labels[chosen]],
        lr=SINGLE_LR,
        note=origin(run.data.get("name"), data.name),
        images=images[chosen],
        captions=tuple(f"test image {number}" for number in chosen),
        classes=tuple(names_of(run)),
    )


def origin(learned: str | None, shown: str) -> str:
    """Return a sentence on what a network has learned from, and whose test images are shown."""

    def called(name: str) -> str:
        return {"sample": "the digits that come with simplenet", "mnist": "MNIST"}.get(name, name)

    if learned == shown:
        return f"Learned from {called(shown)}; the images here are test images of the same."
    learned = (
        f"Learned from {called(learned)}" if learned else "What it learned from is not recorded"
    )
    return f"{learned}; the images here are test images of {called(shown)}."


def choose(net: "Net", images: "Images", labels: "Labels") -> list[int]:
    """Choose test images worth a look: the first of each class, then the first misread ones."""
    import numpy as np

    from simplenet import predict

    _, firsts = np.unique(labels, return_index=True)
    firsts = firsts[:SAMPLES].tolist()
    misread = np.flatnonzero(predict(net, images) != labels)
    others = [number for number in misread.tolist() if number not in firsts]
    chosen: list[int] = firsts + others[: SAMPLES - len(firsts)]
    return chosen


def numbers(shown: "Shown") -> dict[str, Any]:
    """Compute what the page shows of a net, sample by sample, with the code that trains."""
    import numpy as np

    from simplenet.backprop.example import trace

    net = shown.net
    samples = []
    assert shown.x is not None  # both of the nets above have been given their inputs
    for x, y in zip(shown.x, shown.y):
        with np.errstate(over="ignore", invalid="ignore"):  # noticed below
            t = trace(net, x, y)
        if not (np.isfinite(t.cost) and np.isfinite(net.grads).all()):
            raise DivergedError(
                f"{shown.name}: expected a finite cost and gradient, found others: the weights of "
                "the net are too large. Train it again with a lower learning rate."
            )
        sample = {
            "target": y.tolist(),
            "cost": t.cost,
            "outputs": t.a[-1].tolist(),
            "dc_dz": [part.tolist() for part in t.dc_dz],
        }
        if net.params.size <= FEW:
            sample["dc_dW"] = [part.tolist() for part in t.dc_dW]
            sample["dc_db"] = [part.tolist() for part in t.dc_db]
        samples.append(sample)
    for sample, caption in zip(samples, shown.captions):
        sample["caption"] = caption
    return {"name": shown.name, "shape": net.shape, "cost": net.cost, "samples": samples}
