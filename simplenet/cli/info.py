"""`simplenet info`: what a model file holds."""

import hashlib
import textwrap
from pathlib import Path

import click

from simplenet.cli.parameters import Grouped, json_option
from simplenet.cli.show import echo_json, percent


@click.command("info", cls=Grouped)
@click.argument("model", type=click.Path(path_type=Path))
@json_option
def command(model, as_json):
    """Show what a saved MODEL is, and how it came to be.

    \b
    Examples:
      simplenet info model.npz
      simplenet info model.npz --json
    """
    from simplenet import load_model

    loaded = load_model(model)
    net = loaded.net
    about = {
        "model": str(model),
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "shape": net.shape,
        "parameters": net.params.size,
        "dtype": net.params.dtype.name,
        "activations": net.activations,
        "cost": net.cost,
        "options": loaded.settings,
        "data": loaded.data,
        "position": {"epochs": loaded.epoch, "images": loaded.images},
        "weights_of_epoch": loaded.weights_epoch,
        "history": [history_row(record) for record in loaded.history],
        "versions": loaded.versions,
    }
    if as_json:
        echo_json(about)
        return
    lines = {
        "model": f"{click.format_filename(model)}, SHA-256 {about['sha256']}",
        "net": f"{'-'.join(map(str, net.shape))}: {net.params.size:,} parameters, {about['dtype']}",
        "functions": f"{', '.join(net.activations)}; cost {net.cost}",
        "data": loaded.data.get("name", "not recorded"),
        "options": _pairs(loaded.options) or "not recorded",
        "trained": learned(loaded.position) if loaded.position else "not recorded",
        "versions": _pairs(loaded.versions),
    }
    for name, text in lines.items():
        how = {"break_long_words": False, "break_on_hyphens": False}  # of paths
        click.echo(textwrap.fill(f"{name:10} {text}", 100, subsequent_indent=" " * 11, **how))
    if loaded.history:
        click.echo("\nepoch    cost  accuracy  validation  learning rate")
    for record in loaded.history:
        click.echo(
            f"{record['epoch']:5}{record['cost']:8.4f}{percent(record['accuracy']):>10}"
            f"{percent(record['validation_accuracy']):>12}{record['lr']:15g}"
        )


def _pairs(values: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
