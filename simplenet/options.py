"""Every training option once: its name, default, limits and help.

The command line, the library's `train` and the model file all take their options from here. This
module does not import numpy: the help must come quickly, and how many threads numpy uses has to
be settled before numpy loads.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ACTIVATIONS = ("sigmoid",)
COSTS = ("half-squared-error",)
MOST_NEURONS = 1_000_000  # in one layer; a slip of the keyboard more often than a wish


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `check` turns what a person gave into the value, or raises ValueError."""

    name: str
    default: Any
    check: Callable[[Any], Any]
    metavar: str
    group: str
    help: str


def whole(low: int, high: float = math.inf) -> Callable[[Any], int]:
    """Make a check for an integer from low to high, both included."""
    expected = (
        f"a whole number of at least {low}"
        if high == math.inf
        else (f"a whole number from {low} to {high}")
    )

    def check(value: Any) -> int:
        try:
            number = int(value) if isinstance(value, str) else value.__index__()
        except (ValueError, TypeError, AttributeError):
            number = None
        if number is None or isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"expected {expected}, found {value!r}")
        return number

    return check


def positive(value: Any) -> float:
    """Check for a finite number above 0."""
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not 0 < number < math.inf:
        raise ValueError(f"expected a number above 0, found {value!r}")
    return number


def sizes(least: int) -> Callable[[Any], tuple[int, ...]]:
    """Make a check for layer sizes: `least` or more of them, as numbers or text like `100,50`."""
    one = whole(1, MOST_NEURONS)

    def check(value: Any) -> tuple[int, ...]:
        try:
            given = value.split(",") if isinstance(value, str) else tuple(value)
            found = tuple(one(item) for item in given)
        except (ValueError, TypeError):
            found = ()
        if len(found) < least:
            example = "784,40,10" if least > 1 else "100,50"
            raise ValueError(
                f"expected {least} or more layer sizes from 1 to {MOST_NEURONS:,} with commas "
                f"between, such as {example}; found {value!r}"
            )
        return found

    return check


def optional(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a check that lets None through: the option has no value until the data is known."""
    return lambda value: None if value is None else check(value)


OPTIONS = {
    option.name: option
    for option in (
        Option(
            "hidden", (40,), sizes(1), "N[,N...]", "Network",
            "Neurons of each hidden layer; the data set gives the sizes of the two ends.",
        ),
        Option(
            "shape", None, optional(sizes(2)), "N,N[,N...]", "Network",
            "All layer sizes, input first, such as 784,40,10; instead of --hidden.",
        ),
        Option(
            "epochs", 5, whole(1), "N", "Training",
            "How often to go through the training images.",
        ),
        Option(
            "batch_size", 20, whole(1), "N", "Training",
            "Images in a minibatch: one step of learning for each.",
        ),
        Option(
            "lr", 5.0, positive, "X", "Training",
            "Learning rate: how far to step down the mean gradient of a minibatch.",
        ),
        Option(
            "seed", 0, whole(0, 2**32 - 1), "N", "Training",
            "Where the random numbers start: equal seeds on one machine give equal models.",
        ),
        Option(
            "validation", None, optional(whole(0)), "N", "Training",
            "Training images held out to measure each epoch; 0 turns it off.  "
            "[default: 5000, at most a sixth]",
        ),
    )
}  # fmt: skip


def settle(group: str, **given: Any) -> dict[str, Any]:
    """Give every option of a group its value: the one given, checked, or its default.

    Raise TypeError for an option that the group does not have, ValueError for a value that the
    option cannot have.
    """
    settled = {name: option.default for name, option in OPTIONS.items() if option.group == group}
    for name in given:
        if name not in settled:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(settled)}.")
    for name, value in given.items():
        try:
            settled[name] = OPTIONS[name].check(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}.") from None
    return settled
