"""Every training option once: its name, default, limits, help, and what it goes with.

The command line, the library's `train` and the model file all take their options from here. This
module does not import numpy: the help must come quickly, and how many threads numpy uses has to
be chosen before numpy loads.
"""

import math
import operator
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypedDict

ACTIVATION_NAMES = ("sigmoid", "tanh", "relu", "leaky-relu", "identity", "softmax")
COST_NAMES = ("half-squared-error", "squared-error", "cross-entropy")
INIT_NAMES = ("lecun", "glorot", "he", "normal")
OPTIMIZER_NAMES = ("sgd", "nesterov", "rmsprop", "adam", "adamw")
SCHEDULE_NAMES = ("constant", "step", "exponential", "cosine")
DISTORTION_NAMES = ("rotation", "scaling", "shear", "shift", "elastic", "elastic_sigma", "stroke")
HIDDEN_NAMES = ACTIVATION_NAMES[:-1]  # softmax makes one distribution of a whole layer
MOST_INTEGER = 10**100  # a float is larger, and Python writes it
MOST_LAYERS = 10_000
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
    needs: tuple[str, tuple[str, ...]] | None = None  # another option, and the values it suits

    @property
    def of_net(self) -> bool:
        """Whether the option describes the net, rather than how it is trained."""
        return self.group == "Network"


_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxtuple = _SHORT.maxlist = 60


def shown(value: Any) -> str:
    """Return what a person gave as text, numbers and texts in full."""
    try:
        return repr(value) if isinstance(value, str | Real) else _SHORT.repr(value)
    except Exception:  # such as an integer with more digits than Python writes
        return f"a value of type {type(value).__name__}"


def integer(low: int, high: float = math.inf) -> Callable[[Any], int]:
    """Return a check for an integer from low to high, both included."""
    limits = f"of at least {low}" if high == math.inf else f"from {low} to {high}"
    expected = f"a whole number {limits}"

    def check(value: Any) -> int:
        try:
            found = int(value) if isinstance(value, str) else operator.index(value)
        except (ValueError, TypeError):
            found = None
        if found is None or isinstance(value, bool) or not low <= found <= high:
            raise ValueError(f"expected {expected}, found {shown(value)}")
        if found > MOST_INTEGER:
            raise ValueError(f"expected {expected} and at most 1e100, found {shown(value)}")
        return found

    return check


def number(
    above: float = -math.inf,
    *,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> Callable[[Any], float]:
    """Return a check for a finite number within limits; above and below are not included."""
    limits = {"above": above, "of at least": least, "below": below, "of at most": most}
    expected = " and ".join(
        f"{what} {limit:g}" for what, limit in limits.items() if abs(limit) < math.inf
    )

    def check(value: Any) -> float:
        try:
            found = float(value) if isinstance(value, str | Real) else math.nan
        except (ValueError, OverflowError):
            found = math.nan
        fits = above < found < below and least <= found <= most and math.isfinite(found)
        if isinstance(value, bool) or not fits:
            raise ValueError(f"expected a number {expected}, found {shown(value)}")
        return found

    return check


class OneOf:
    """A check for one of some names, the `choices`."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        self.choices = choices

    def __call__(self, value: Any) -> Any:
        """Return the name. Raise ValueError for anything else."""
        if not isinstance(value, str) or value not in self.choices:
            raise ValueError(f"expected one of {', '.join(self.choices)}; found {shown(value)}")
        return str(value)


class OneOrEach(OneOf):
    """A check for one of some names, or several, as a sequence or text with commas."""

    def __call__(self, value: Any) -> Any:
        """Return the name, or a tuple of several. Raise ValueError for anything else."""
        several = value.split(",") if isinstance(value, str) else value
        try:
            found = tuple(map(super().__call__, several))
        except (ValueError, TypeError):
            found = ()
        if not 0 < len(found) <= MOST_LAYERS:
            raise ValueError(
                f"expected one of {', '.join(self.choices)}, or one for each hidden layer with "
                f"commas between; found {shown(value)}"
            )
        return found if len(found) > 1 else found[0]


def sizes(least: int) -> Callable[[Any], tuple[int, ...]]:
    """Return a check for layer sizes: `least` or more of them, as numbers or text like `100,50`."""
    one = integer(1, MOST_NEURONS)

    def check(value: Any) -> tuple[int, ...]:
        try:
            alone = isinstance(value, int)  # as in TOML, of one hidden layer
            given = value.split(",") if isinstance(value, str) else [value] if alone else value
            found = tuple(one(item) for item in given)
        except (ValueError, TypeError):
            found = ()
        if len(found) < least:
            example = "784,40,10" if least > 1 else "100,50"
            raise ValueError(
                f"expected {least} or more layer sizes from 1 to {MOST_NEURONS:,} with commas "
                f"between, such as {example}; found {shown(value)}"
            )
        return found

    return check


class OrNone:
    """A check that lets None through: the option has no value until the data is known."""

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self.check, self.choices = check, choices_of(check)

    def __call__(self, value: Any) -> Any:
        """Return None, or the value, checked."""
        return None if value is None else self.check(value)


def choices_of(check: Callable[[Any], Any]) -> tuple[str, ...]:
    """Return the names that a check lets through, () for one that is not of names."""
    found: tuple[str, ...] = getattr(check, "choices", ())
    return found


NOT_NEGATIVE, FRACTION = number(least=0), number(least=0, below=1)

OPTIONS = {
    option.name: option
    for option in (
        Option(
            "hidden", (40,), sizes(1), "N[,N...]", "Network",
            "Neurons of each hidden layer; the data set gives the sizes of the two ends.",
        ),
        Option(
            "shape", None, OrNone(sizes(2)), "N,N[,N...]", "Network",
            "All layer sizes, input first, such as 784,40,10; instead of --hidden.",
        ),
        Option(
            "activation", "sigmoid", OneOrEach(HIDDEN_NAMES), "NAME[,NAME...]", "Network",
            f"Of the hidden layers, one for all or one for each: {', '.join(HIDDEN_NAMES)}.",
        ),
        Option(
            "output_activation", None, OrNone(OneOf(ACTIVATION_NAMES)), "NAME", "Network",
            f"Of the output layer: {', '.join(ACTIVATION_NAMES)}.  "
            "[default: softmax with cross-entropy, else sigmoid]",
        ),
        Option(
            "cost", "half-squared-error", OneOf(COST_NAMES), "NAME", "Network",
            f"What to make small: {', '.join(COST_NAMES)}. Cross-entropy goes with sigmoid or "
            "softmax outputs, softmax with cross-entropy only.",
        ),
        Option(
            "init", None, OrNone(OneOf(INIT_NAMES)), "NAME", "Network",
            f"Spread of the first weights: {', '.join(INIT_NAMES)} (standard deviation 1).  "
            "[default: glorot for tanh, he for ReLUs, else lecun]",
        ),
        Option(
            "epochs", 5, integer(1), "N", "Training",
            "How often to go through the training images.",
        ),
        Option(
            "batch_size", 20, integer(1), "N", "Training",
            "Images in a minibatch: one step of learning for each.",
        ),
        Option(
            "seed", 0, integer(0, 2**32 - 1), "N", "Training",
            "Where the random numbers start: equal seeds on one machine give equal models.",
        ),
        Option(
            "validation", None, OrNone(integer(0)), "N", "Training",
            "Training images held out to measure each epoch; 0 turns it off.  "
            "[default: 5000, at most a sixth]",
        ),
        Option(
            "patience", 0, integer(0), "N", "Training",
            "Stop after N epochs without a better validation accuracy, and go back to the best; "
            "0 turns it off.",
        ),
        Option(
            "average", 0.0, NOT_NEGATIVE, "X", "Training",
            "Use the average of the weights over about the last X epochs, not those of the last "
            "step; 0 turns it off.",
        ),
        Option(
            "lr", None, OrNone(number(above=0)), "X", "Optimizer",
            "Learning rate: how far to step.  [default: 5 for sgd, 2.5 with squared-error, 0.8 "
            "with cross-entropy, a twentieth of it without sigmoids, less for wide layers, small "
            "minibatches and momentum; 0.003 for rmsprop, adam and adamw, 0.001 without sigmoids]",
        ),
        Option(
            "optimizer", "sgd", OneOf(OPTIMIZER_NAMES), "NAME", "Optimizer",
            f"How to step, given the gradient: {', '.join(OPTIMIZER_NAMES)}.",
        ),
        Option(
            "momentum", None, OrNone(FRACTION), "X", "Optimizer",
            "Share of its speed that a step keeps, for sgd, nesterov and rmsprop.  "
            "[default: 0.9 for nesterov, else 0]",
            needs=("optimizer", ("sgd", "nesterov", "rmsprop")),
        ),
        Option(
            "rho", 0.99, FRACTION, "X", "Optimizer",
            "How slowly rmsprop forgets the size of gradients.",
            needs=("optimizer", ("rmsprop",)),
        ),
        Option(
            "beta1", 0.9, FRACTION, "X", "Optimizer",
            "How slowly adam and adamw forget gradients.",
            needs=("optimizer", ("adam", "adamw")),
        ),
        Option(
            "beta2", 0.999, FRACTION, "X", "Optimizer",
            "How slowly adam and adamw forget the size of gradients.",
            needs=("optimizer", ("adam", "adamw")),
        ),
        Option(
            "epsilon", 1e-8, number(above=0), "X", "Optimizer",
            "What keeps rmsprop, adam and adamw from dividing by 0.",
            needs=("optimizer", ("rmsprop", "adam", "adamw")),
        ),
        Option(
            "schedule", "constant", OneOf(SCHEDULE_NAMES), "NAME", "Schedule of the learning rate",
            f"{', '.join(SCHEDULE_NAMES)}.",
        ),
        Option(
            "decay", 0.5, number(above=0, most=1), "X", "Schedule of the learning rate",
            "What step and exponential multiply it with.",
            needs=("schedule", ("step", "exponential")),
        ),
        Option(
            "decay_every", 1, integer(1), "N", "Schedule of the learning rate",
            "After how many epochs step does so.",
            needs=("schedule", ("step",)),
        ),
        Option(
            "warmup", 0.0, NOT_NEGATIVE, "X", "Schedule of the learning rate",
            "Epochs over which cosine first rises from 0; fewer than --epochs.",
            needs=("schedule", ("cosine",)),
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
            needs=("optimizer", ("adamw",)),
        ),
        Option(
            "dropout", 0.0, FRACTION, "X", "Regularization",
            "Share of the hidden neurons that are left out, anew for each image; 0 turns it off.",
        ),
        Option(
            "clip", 0.0, NOT_NEGATIVE, "X", "Regularization",
            "Largest norm of the gradient of a step; 0 turns it off.",
        ),
        Option(
            "label_smoothing", 0.0, FRACTION, "X", "Regularization",
            "Share of each label that is spread over all classes, with cross-entropy.",
            needs=("cost", ("cross-entropy",)),
        ),
        Option(
            "rotation", 0.0, number(least=0, most=180), "X", "Distortion of training images",
            "Turns each by up to X degrees, anew in every epoch; 0 turns it off.",
        ),
        Option(
            "scaling", 0.0, FRACTION, "X", "Distortion of training images",
            "Changes height and width by up to a share X.",
        ),
        Option(
            "shear", 0.0, number(least=0, most=10), "X", "Distortion of training images",
            "Slants by up to X columns for each row.",
        ),
        Option(
            "shift", 0.0, number(least=0, most=1000), "X", "Distortion of training images",
            "Moves by up to X pixels, down and across.",
        ),
        Option(
            "elastic", 0.0, number(least=0, most=1e6), "X", "Distortion of training images",
            "Bends: moves each pixel by random numbers from -X to X that have been made smooth, "
            "such as 34.",
        ),
        Option(
            "elastic_sigma", 5.0, number(least=0.1, most=1e3), "X", "Distortion of training images",
            "How smooth: the standard deviation, in pixels, of a Gaussian.",
        ),
        Option(
            "stroke", 0.0, number(least=0, most=100), "X", "Distortion of training images",
            "Makes strokes thinner or thicker, by up to X pixels.",
        ),
    )
}  # fmt: skip


class TrainingOptions(TypedDict, total=False):
    """The options of training, as `train` and `start` take them; a test holds them to the table."""

    epochs: int
    batch_size: int
    seed: int
    validation: int | None
    patience: int
    average: float
    lr: float | None
    optimizer: str
    momentum: float | None
    rho: float
    beta1: float
    beta2: float
    epsilon: float
    schedule: str
    decay: float
    decay_every: int
    warmup: float
    l1: float
    l2: float
    weight_decay: float
    dropout: float
    clip: float
    label_smoothing: float
    rotation: float
    scaling: float
    shear: float
    shift: float
    elastic: float
    elastic_sigma: float
    stroke: float


def checked(name: str, value: Any) -> Any:
    """Return the value of an option, checked. Raise ValueError that begins with its name."""
    try:
        return OPTIONS[name].check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}.") from None


def resolve_options(
    given: Mapping[str, Any],
    *,
    hidden: Sequence[int] = (40,),
    activation: str | Sequence[str] = "sigmoid",
    output_activation: str = "sigmoid",
    cost: str = "half-squared-error",
) -> dict[str, Any]:
    """Return every option of training that applies, with the value given, checked, or its default.

    The other arguments describe the net, on which some of them depend. Raise TypeError for an
    option that does not exist or describes the net; ValueError for a value that an option cannot
    have, by itself or beside the others, and for what another choice makes idle, unless it is 0,
    which turns it off.
    """
    table = {name: option for name, option in OPTIONS.items() if not option.of_net}
    for name in given:
        if name not in table:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(table)}.")
    asked = {name: checked(name, value) for name, value in given.items()}
    settings = {name: option.default for name, option in table.items()} | asked
    for name, why in idle_options(settings, hidden=hidden, cost=cost).items():
        if asked.get(name):
            raise ValueError(f"{name}: {why}, which makes no use of {name} {asked[name]}.")
        del settings[name]
    if "momentum" in settings and settings["momentum"] is None:
        settings["momentum"] = 0.9 if settings["optimizer"] == "nesterov" else 0.0
    if settings["lr"] is None:
        settings["lr"] = default_lr(
            hidden=hidden,
            activation=activation,
            output_activation=output_activation,
            cost=cost,
            optimizer=settings["optimizer"],
            momentum=settings.get("momentum", 0.0),
            batch_size=settings["batch_size"],
        )
    _check_together(settings)
    return settings


def idle_options(
    settings: Mapping[str, Any], *, hidden: Sequence[int], cost: str
) -> dict[str, str]:
    """Return the options of training that other choices make idle, and for each the reason."""
    choices = {**settings, "cost": cost}
    idle = {
        name: f"expected the {other} {' or '.join(suited)}, found {choices.get(other)}"
        for name, option in OPTIONS.items()
        if name in settings and option.needs
        for other, suited in [option.needs]
        if choices.get(other) not in suited
    }
    if not hidden and "dropout" in settings:
        idle["dropout"] = "expected hidden layers to leave neurons out of, found none"
    if not settings.get("elastic") and "elastic_sigma" in settings:
        idle["elastic_sigma"] = "expected elastic of more than 0, found 0"
    return idle


def default_lr(
    *,
    hidden: Sequence[int],
    activation: str | Sequence[str],
    output_activation: str,
    cost: str,
    optimizer: str,
    momentum: float,
    batch_size: int,
) -> float:
    """Return a learning rate at which such a net learns; 5.0 for the default one.

    Larger where gradients are small (sigmoids, large minibatches), smaller where much adds up
    (wide layers, momentum) or goes through undamped (other activations). Chosen on validation
    images of MNIST: see scripts/notes/learning-rate.md. Of several activations, the one with the
    smallest rate counts.
    """
    names = [activation] if isinstance(activation, str) else sorted({*activation})
    return min(
        _rate_for(hidden, name, output_activation, cost, optimizer, momentum, batch_size)
        for name in names
    )


def _rate_for(
    hidden: Sequence[int],
    activation: str,
    output_activation: str,
    cost: str,
    optimizer: str,
    momentum: float,
    batch_size: int,
) -> float:
    """Return what `default_lr` does, for hidden layers with one activation."""
    widest, narrowest, layers = max(hidden, default=1), min(hidden, default=30), len(hidden) or 1
    # Without a hidden layer, what reaches the outputs is as large as the images.
    sigmoid, identity = bool(hidden) and activation == "sigmoid", activation == "identity"
    batches = batch_size / 20
    # The gradient of a larger minibatch has less noise, but the edge stays where it is.
    steadier = min(2.0 if identity else 5.0, math.sqrt(batches))
    if optimizer in ("sgd", "nesterov"):
        rate, most = _RATES[cost]
        if output_activation not in ("sigmoid", "softmax"):  # whose slope is no quarter at most
            rate, most = rate / 50, most / 50
        rate *= min(1, narrowest / 30) if sigmoid else 1 / (20 * layers)
        rate = min(rate * max(1, steadier), most / widest) * min(1, batches)
    elif sigmoid:
        rate = min(0.003, 0.4 / widest) * steadier
    else:
        rate = min(0.001, 0.1 / (widest * layers) if identity else 1) * steadier
    # Momentum makes a step 1 / (1 - momentum) long; sigmoids that it overshoots stay saturated.
    overshoot = 0 if not sigmoid else 1 if optimizer == "nesterov" else 2
    rate *= (1 - momentum) / (1 + overshoot * momentum)
    return float(f"{rate:.2g}")


# For plain descent, by cost: the rate, and what it times the widest layer may be at most.
_RATES = {
    "half-squared-error": (5.0, 200.0),
    "squared-error": (2.5, 100.0),
    "cross-entropy": (0.8, 400.0),
}


def _check_together(settings: Mapping[str, Any]) -> None:
    """Raise ValueError for values that make no sense beside each other."""
    if settings["optimizer"] == "nesterov" and settings["momentum"] == 0:
        raise ValueError("momentum: expected more than 0 for nesterov, found 0.0.")
    if settings.get("warmup", 0) >= settings["epochs"]:
        raise ValueError(
            f"warmup: expected fewer than the {settings['epochs']} epochs, or the schedule would "
            f"end before it begins; found {settings['warmup']:g}."
        )
    if settings["patience"] and settings["validation"] == 0:
        raise ValueError("patience: expected images held out to validate on, found validation 0.")
