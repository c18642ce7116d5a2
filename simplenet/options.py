"""Every training option once: its name, default, limits and help.

The command line, the library's `train` and the model file all take their options from here. This
module does not import numpy: the help must come quickly, and how many threads numpy uses has to
be settled before numpy loads.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky-relu", "identity", "softmax")
COSTS = ("half-squared-error", "squared-error", "cross-entropy")
INITS = ("lecun", "glorot", "he", "normal")
OPTIMIZERS = ("sgd", "nesterov", "rmsprop", "adam", "adamw")
SCHEDULES = ("constant", "step", "exponential", "cosine")
HIDDEN_ACTIVATIONS = ACTIVATIONS[:-1]  # softmax makes one distribution of a whole layer
# The output activations that make sense with each cost.
PAIRS = {
    "half-squared-error": HIDDEN_ACTIVATIONS,
    "squared-error": HIDDEN_ACTIVATIONS,
    "cross-entropy": ("sigmoid", "softmax"),
}
MOST_NEURONS = 1_000_000  # in one layer; a slip of the keyboard more often than a wish


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `check` turns what a person gave into the value, or raises ValueError."""

    name: str
    default: Any
    check: Callable[[Any], Any]
    metavar: str
    group: str  # the heading in the help
    help: str

    @property
    def of_net(self) -> bool:
        """Whether the option describes the net, rather than how it is trained."""
        return self.group == "Network"


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


def number(
    above: float = -math.inf,
    *,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> Callable[[Any], float]:
    """Make a check for a finite number within limits; above and below are not included."""
    limits = {"above": above, "of at least": least, "below": below, "of at most": most}
    told = " and ".join(
        f"{what} {limit:g}" for what, limit in limits.items() if abs(limit) < math.inf
    )

    def check(value: Any) -> float:
        try:
            found = float(value)
        except (ValueError, TypeError, OverflowError):
            found = math.nan
        fits = above < found < below and least <= found <= most and math.isfinite(found)
        if isinstance(value, bool) or not fits:
            raise ValueError(f"expected a number {told}, found {value!r}")
        return found

    return check


def one_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    """Make a check for one of some names."""

    def check(value: Any) -> str:
        if value not in names:
            raise ValueError(f"expected one of {', '.join(names)}; found {value!r}")
        return value

    return check


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


NOT_NEGATIVE, FRACTION = number(least=0), number(least=0, below=1)

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
            "activation", "sigmoid", one_of(HIDDEN_ACTIVATIONS), "NAME", "Network",
            f"Of the hidden layers: {', '.join(HIDDEN_ACTIVATIONS)}.",
        ),
        Option(
            "output_activation", None, optional(one_of(ACTIVATIONS)), "NAME", "Network",
            f"Of the output layer: {', '.join(ACTIVATIONS)}.  "
            "[default: softmax with cross-entropy, else sigmoid]",
        ),
        Option(
            "cost", "half-squared-error", one_of(COSTS), "NAME", "Network",
            f"What to make small: {', '.join(COSTS)}. Cross-entropy goes with sigmoid or softmax "
            "outputs, softmax with cross-entropy only.",
        ),
        Option(
            "init", None, optional(one_of(INITS)), "NAME", "Network",
            f"Spread of the first weights: {', '.join(INITS)} (standard deviation 1).  "
            "[default: glorot for tanh, he for ReLUs, else lecun]",
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
            "seed", 0, whole(0, 2**32 - 1), "N", "Training",
            "Where the random numbers start: equal seeds on one machine give equal models.",
        ),
        Option(
            "validation", None, optional(whole(0)), "N", "Training",
            "Training images held out to measure each epoch; 0 turns it off.  "
            "[default: 5000, at most a sixth]",
        ),
        Option(
            "patience", 0, whole(0), "N", "Training",
            "Stop after N epochs without a better validation accuracy, and go back to the best; "
            "0 turns it off.",
        ),
        Option(
            "lr", None, optional(number(above=0)), "X", "Optimizer",
            "Learning rate: how far to step; wide nets want less.  [default: 5 for sgd, 2.5 with "
            "squared-error, 0.5 with cross-entropy, times 1 - momentum; 0.001 for the others]",
        ),
        Option(
            "optimizer", "sgd", one_of(OPTIMIZERS), "NAME", "Optimizer",
            f"How to step, given the gradient: {', '.join(OPTIMIZERS)}.",
        ),
        Option(
            "momentum", None, optional(FRACTION), "X", "Optimizer",
            "Share of its speed that a step keeps, for sgd, nesterov and rmsprop.  "
            "[default: 0.9 for nesterov, else 0]",
        ),
        Option(
            "rho", 0.99, FRACTION, "X", "Optimizer",
            "How slowly rmsprop forgets the size of gradients.",
        ),
        Option(
            "beta1", 0.9, FRACTION, "X", "Optimizer",
            "How slowly adam and adamw forget gradients.",
        ),
        Option(
            "beta2", 0.999, FRACTION, "X", "Optimizer",
            "How slowly adam and adamw forget the size of gradients.",
        ),
        Option(
            "epsilon", 1e-8, number(above=0), "X", "Optimizer",
            "What keeps rmsprop, adam and adamw from dividing by 0.",
        ),
        Option(
            "schedule", "constant", one_of(SCHEDULES), "NAME", "Schedule of the learning rate",
            f"{', '.join(SCHEDULES)}.",
        ),
        Option(
            "decay", 0.5, number(above=0, most=1), "X", "Schedule of the learning rate",
            "What step and exponential multiply it with.",
        ),
        Option(
            "decay_every", 1, whole(1), "N", "Schedule of the learning rate",
            "After how many epochs step does so.",
        ),
        Option(
            "warmup", 0.0, NOT_NEGATIVE, "X", "Schedule of the learning rate",
            "Epochs over which cosine first rises from 0; fewer than --epochs.",
        ),
        Option(
            "l1", 0.0, NOT_NEGATIVE, "X", "Regularization",
            "Adds X times the sum of |w| to the cost; 0 turns it off.",
        ),
        Option(
            "l2", 0.0, NOT_NEGATIVE, "X", "Regularization",
            "Adds X / 2 times the sum of w**2 to the cost; 0 turns it off.",
        ),
        Option(
            "weight_decay", 0.01, NOT_NEGATIVE, "X", "Regularization",
            "adamw shrinks weights by X times the learning rate in each step.",
        ),
        Option(
            "dropout", 0.0, FRACTION, "X", "Regularization",
            "Share of the hidden neurons that are silent in each minibatch; 0 turns it off.",
        ),
        Option(
            "clip", 0.0, NOT_NEGATIVE, "X", "Regularization",
            "Largest norm of the gradient of a step; 0 turns it off.",
        ),
        Option(
            "label_smoothing", 0.0, FRACTION, "X", "Regularization",
            "Share of each label that is spread over all classes, with cross-entropy.",
        ),
    )
}  # fmt: skip


def settle_net(
    *,
    activation: str = "sigmoid",
    output_activation: str | None = None,
    cost: str = "half-squared-error",
    init: str | None = None,
) -> dict[str, str]:
    """Return every function of a net its name: the one given, or, for None, the one that suits.

    Raise ValueError for names that do not exist or do not go together.
    """
    if output_activation is None:
        output_activation = "softmax" if cost == "cross-entropy" else "sigmoid"
    if init is None:
        suits = {"tanh": "glorot", "relu": "he", "leaky-relu": "he"}
        init = suits.get(activation, "lecun")
    names = {
        "activation": activation,
        "output_activation": output_activation,
        "cost": cost,
        "init": init,
    }
    for option, name in names.items():
        checked(option, name)
    if output_activation not in PAIRS[cost]:
        raise ValueError(
            f"output_activation: expected one of {', '.join(PAIRS[cost])}, which go with the cost "
            f"{cost}; found {output_activation!r}."
        )
    return names


def checked(name: str, value: Any) -> Any:
    """Check the value of an option and give it. Raise ValueError that begins with its name."""
    try:
        return OPTIONS[name].check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}.") from None


def settle(*, cost: str = OPTIONS["cost"].default, **given: Any) -> dict[str, Any]:
    """Return every option of training its value: the one given, checked, or its default.

    `cost` is that of the net, which some depend on. Raise TypeError for an option that does not
    exist or describes the net, ValueError for a value that an option cannot have, by itself or
    beside the others.
    """
    s = {name: option.default for name, option in OPTIONS.items() if not option.of_net}
    for name in given:
        if name not in s:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(s)}.")
    for name, value in given.items():
        s[name] = checked(name, value)
    if s["momentum"] is None:
        s["momentum"] = 0.9 if s["optimizer"] == "nesterov" else 0.0
    if s["lr"] is None:
        s["lr"] = default_lr(s["optimizer"], s["momentum"], cost)
    _check_together(s, cost)
    return s


def default_lr(optimizer: str, momentum: float, cost: str) -> float:
    """Return a learning rate that suits: 5.0, which plain descent likes, would blow up Adam."""
    if optimizer not in ("sgd", "nesterov"):
        return 0.001
    plain = {"half-squared-error": 5.0, "squared-error": 2.5, "cross-entropy": 0.5}[cost]
    # Momentum makes each step 1 / (1 - momentum) long; 12 digits, so that 1 - 0.9 is 0.1.
    return float(f"{plain * (1 - momentum):.12g}")


def _check_together(s: dict[str, Any], cost: str) -> None:
    """Raise ValueError for values that make no sense beside each other."""
    if s["optimizer"] == "nesterov" and s["momentum"] == 0:
        raise ValueError("momentum: expected more than 0 for nesterov, found 0.0.")
    if s["optimizer"] in ("adam", "adamw") and s["momentum"]:
        raise ValueError(
            f"momentum: expected 0 for {s['optimizer']}, whose momentum is beta1; found "
            f"{s['momentum']:g}."
        )
    if s["schedule"] != "cosine" and s["warmup"]:
        raise ValueError(
            f"warmup: expected 0, or the schedule cosine; found {s['warmup']:g} with "
            f"{s['schedule']}."
        )
    if s["warmup"] >= s["epochs"]:
        raise ValueError(
            f"warmup: expected fewer than the {s['epochs']} epochs, or the schedule would end "
            f"before it begins; found {s['warmup']:g}."
        )
    if s["patience"] and s["validation"] == 0:
        raise ValueError("patience: expected images held out to validate on, found validation 0.")
    if s["label_smoothing"] and cost != "cross-entropy":
        raise ValueError(f"label_smoothing: expected the cost cross-entropy, found {cost}.")
