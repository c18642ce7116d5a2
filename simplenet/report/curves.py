"""The history of runs as curves, and the round numbers beside their axes."""

import math
import sys
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from simplenet.training.run import Run

MOST_TICKS = 5
_SMALLEST = 1e-300  # between two ticks


class Curve(NamedTuple):
    """A quantity after each epoch of a run."""

    name: str
    run: int  # which of the runs, counted from 0
    points: tuple[tuple[int, float], ...]  # (epoch, value)
    dashed: bool = False  # of what was learned from, beside the same of what was held out


class Chart(NamedTuple):
    """Curves of one quantity."""

    title: str
    curves: list[Curve]
    share: bool  # between 0 and 1, shown in percent


class Axes(NamedTuple):
    """What a chart reaches from and to; in between, and at both ends, are the ticks."""

    last: int  # epoch; the first is 1
    ticks: list[float]

    def x(self, epoch: float) -> float:
        """Return where an epoch is, from 0 at the left to 1 at the right."""
        return (epoch - 1) / max(self.last - 1, 1)

    def y(self, value: float) -> float:
        """Return where a value is, from 0 at the bottom to 1 at the top."""
        low, high = self.ticks[0], self.ticks[-1]
        return (value - low) / (high - low)


def charts(runs: Sequence[tuple[str, Run]]) -> list[Chart]:
    """Return charts of the cost and one of the accuracy, with the curves of some named runs.

    Costs of different kinds cannot be compared, and each kind has a chart of its own. There is none
    where no run has a history.
    """
    costs: dict[str, list[Curve]] = {}
    accuracies = []
    for number, (name, run) in enumerate(runs):
        if not run.history:
            continue
        of = f"{name}, " if len(runs) > 1 else ""
        cost = tuple((record.epoch, record.cost) for record in run.history)
        learned = tuple((record.epoch, record.accuracy) for record in run.history)
        held_out = tuple(
            (record.epoch, record.validation_accuracy)
            for record in run.history
            if record.validation_accuracy is not None
        )
        costs.setdefault(kind_of_cost(run), []).append(Curve(f"{of}training", number, cost))
        accuracies.append(Curve(f"{of}training", number, learned, dashed=bool(held_out)))
        if held_out:
            accuracies.append(Curve(f"{of}validation", number, held_out))
    if not costs:
        return []
    titles = {kind: f"cost: {kind}" if len(costs) > 1 else "cost" for kind in costs}
    drawn = [Chart(titles[kind], curves, share=False) for kind, curves in costs.items()]
    return [*drawn, Chart("accuracy", accuracies, share=True)]


def kind_of_cost(run: Run) -> str:
    """Return what a cost is compared within: cross-entropy is another with another output."""
    net = run.net
    return f"{net.cost} of {net.activations[-1]}" if net.cost == "cross-entropy" else net.cost


def axes(chart: Chart) -> Axes:
    """Return axes that hold every point of a chart."""
    points = [point for curve in chart.curves for point in curve.points]
    epochs, values = zip(*points)
    return Axes(max(epochs), ticks(min(values), max(values)))


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Return round numbers, two to `most`, from `low` or just below to `high` or just above.

    They are multiples of 1, 2 or 5 times a power of ten, as close together as their number allows.
    """
    span = high - low
    if span <= 1e-9 * abs(high):  # a line that is level needs room, too
        span = abs(high)
    power = math.floor(math.log10(max(span / most, _SMALLEST)))
    for digits in count():
        step = (1, 2, 5)[digits % 3] * 10.0 ** (power + digits // 3)
        first, last = math.floor(low / step), math.ceil(high / step)
        last = max(last, first + 1)
        if last - first < most:
            return [min(n * step, sys.float_info.max) for n in range(first, last + 1)]
    raise AssertionError  # steps grow without end


def tick_text(value: float, *, share: bool) -> str:
    """Return a number beside an axis, such as `0.05`, or `95 %` for a share."""
    return f"{100 * value:.10g} %" if share else f"{value:.10g}"


def value_text(value: float, *, share: bool) -> str:
    """Return a value of a curve as the command line prints it."""
    return f"{100 * value:.2f} %" if share else f"{value:.4f}"
