"""`simplenet graph`: how a value was computed, as a graph with values and gradients."""

import math
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simplenet.cli.output import check_output, output_options
from simplenet.cli.parameters import Grouped
from simplenet.cli.show import echo, tell

if TYPE_CHECKING:
    from simplenet.autodiff import Tensor


class Expression(Grouped):
    """A command whose first argument may begin with a minus."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take -x for an expression, and not for a misspelt option."""
        known = {name for param in self.get_params(ctx) for name in param.opts}
        args = [
            f" {arg}" if arg[:1] == "-" and arg[:2] not in {"-", "--", *known} else arg
            for arg in args
        ]
        return super().parse_args(ctx, args)


@click.command("graph", cls=Expression)
@click.argument("expression", required=False)
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@output_options("graph", "print it")
def command(
    expression: str | None, values: tuple[str, ...], output: Path | None, overwrite: bool
) -> None:
    """Write the graph of an expression or a tiny network.

    Into a file whose name ends in .svg it is drawn; otherwise it is written in the language of
    Graphviz. Each box is a value, with its operation, data and gradient. An expression is made of
    numbers, names, + - * / **, and exp log sqrt sin cos tan tanh sigmoid relu abs. Without one, the
    graph is that of a network of 2 inputs, 2 hidden neurons and 1 output, and its squared error.

    \b
    Examples:
      simplenet graph
      simplenet graph "a*b + c" a=2 b=-3 c=10 -o graph.svg
      simplenet graph "tanh(w*x + b)" w=0.5 x=2 b=0.1 -o neuron.dot
    """
    if output:
        check_output(output, overwrite)
    numbers: dict[str, float] = {}
    for text in values:
        name, _, number = text.partition("=")
        name = unicodedata.normalize("NFKC", name)  # as `evaluate` does
        try:
            value = float(number) if number.isascii() else math.nan
        except ValueError:
            value = math.nan
        if name in numbers or not (name.isidentifier() and math.isfinite(value)):
            raise click.BadParameter(
                f"expected a name and a number such as a=2, each name once; found {text!r}.",
                param_hint="NAME=VALUE",
            )
        numbers[name] = value

    import numpy as np

    from simplenet.witnesses.expression import evaluate

    slips: list[str] = []
    with np.errstate(
        divide="call", over="call", invalid="call", call=lambda what, flag: slips.append(what)
    ):
        if expression is None:
            result = tiny_network()
        else:
            try:
                result = evaluate(expression, numbers)
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="EXPRESSION") from error
        if result.requires_grad:
            result.backward()
    if slips:
        tell(f"note: {', '.join(dict.fromkeys(slips))}: some are inf or nan.", err=True)
    if output is None:
        echo(*result.to_dot().rstrip("\n").split("\n"))
    else:
        from simplenet.files import atomic_write

        with atomic_write(output, overwrite=overwrite) as file:
            drawn = output.suffix.lower() == ".svg"
            file.write((result.to_svg() if drawn else result.to_dot()).encode())
        echo(f"saved {output}")


def tiny_network() -> "Tensor":
    """Return the squared error of an MLP of scalars, every tensor labelled."""
    from simplenet.neurons import MLP
    from simplenet.values import Value

    net = MLP(2, [2, 1], rng=0)
    for l, layer in enumerate(net.layers):
        for j, neuron in enumerate(layer.neurons):
            neuron.bias.label = f"b{l}[{j}]"
            for k, weight in enumerate(neuron.weights):
                weight.label = f"w{l}[{k},{j}]"
    given = [Value(number, False, label) for number, label in ((1, "x[0]"), (-2, "x[1]"), (1, "y"))]
    a: Tensor = net(given[:2])
    a.label = "prediction"
    error: Tensor = (a - given[2]) ** 2
    error.label = "squared error"
    return error
