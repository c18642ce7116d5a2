"""What property tests draw: values of options, options that go together, nets, and runs."""

import numpy as np
from hypothesis import strategies as st

from simplenet import init_net, start
from simplenet.functions import COSTS, HIDDEN
from simplenet.options import INIT_NAMES, OPTIMIZER_NAMES, OPTIONS, SCHEDULE_NAMES

PAIRS = [(cost, output) for cost, outputs in COSTS.items() for output in outputs]


def numbers(low, high, **how):
    return st.floats(low, high, allow_nan=False, **how)


FRACTIONS, POSITIVE = numbers(0, 1, exclude_max=True), numbers(0, 1e300, exclude_min=True)

# What each option of training may be, whatever the others are.
VALUES = {
    "epochs": st.integers(1, 10**100),
    "batch_size": st.integers(1, 10**100),
    "seed": st.integers(0, 2**32 - 1),
    "validation": st.integers(0, 10**100),
    "patience": st.integers(0, 10**100),
    "lr": POSITIVE,
    "optimizer": st.sampled_from(OPTIMIZER_NAMES),
    "momentum": FRACTIONS,
    "rho": FRACTIONS,
    "beta1": FRACTIONS,
    "beta2": FRACTIONS,
    "epsilon": POSITIVE,
    "schedule": st.sampled_from(SCHEDULE_NAMES),
    "decay": numbers(0, 1, exclude_min=True),
    "decay_every": st.integers(1, 10**100),
    "warmup": numbers(0, 1e300),
    "l1": numbers(0, 1e300),
    "l2": numbers(0, 1e300),
    "weight_decay": numbers(0, 1e300),
    "dropout": FRACTIONS,
    "clip": numbers(0, 1e300),
    "label_smoothing": FRACTIONS,
    "average": numbers(0, 1e300),
    "rotation": numbers(0, 180),
    "scaling": FRACTIONS,
    "shear": numbers(0, 10),
    "shift": numbers(0, 1000),
    "elastic": numbers(1e-3, 1e6),
    "elastic_sigma": numbers(0.1, 1e3),
    "stroke": numbers(0, 100),
}

# What of it a small run is likely to survive.
TAME = VALUES | {
    "epochs": st.integers(1, 3),
    "patience": st.integers(0, 2),
    "lr": numbers(1e-4, 0.05),
    "momentum": numbers(0.01, 0.9),
    "epsilon": numbers(1e-6, 0.1),
    "decay_every": st.integers(1, 3),
    "warmup": numbers(0, 0.9),
    "l1": numbers(0, 0.1),
    "l2": numbers(0, 0.1),
    "weight_decay": numbers(0, 0.5),
    "dropout": numbers(0, 0.9),
    "clip": numbers(0, 5),
    "average": numbers(0, 5),
}


@st.composite
def options(draw, values=VALUES, *, hidden=(3,), cost="half-squared-error"):
    """Draw options of training that all apply, though they may make no sense beside each other."""
    choices = {name: draw(values[name]) for name in ("optimizer", "schedule")}
    suit = {**choices, "cost": cost}
    optional = {}
    for name, value in values.items():
        other, suited = OPTIONS[name].needs or (None, ())
        if (other is None or suit[other] in suited) and (hidden or name != "dropout"):
            optional[name] = value
    given = draw(st.fixed_dictionaries({}, optional=optional))
    if "elastic" not in given:
        given.pop("elastic_sigma", None)
    return given | choices


@st.composite
def nets(draw, dtypes=(np.float16, np.float32, np.float64)):
    """Draw what `init_net` takes, of a small net."""
    shape = draw(st.lists(st.integers(1, 5), min_size=2, max_size=5))
    cost, output = draw(st.sampled_from(PAIRS))
    return {
        "shape": tuple(shape),
        "rng": draw(st.integers(0, 2**32 - 1)),
        "dtype": draw(st.sampled_from(dtypes)),
        "activation": draw(st.sampled_from(HIDDEN)),
        "output_activation": output,
        "cost": cost,
        "init": draw(st.sampled_from(INIT_NAMES)),
    }


@st.composite
def runs(draw):
    """Draw what `begun` takes: small runs of every kind, some with several blocks in an epoch."""
    net = draw(nets())
    count = draw(st.sampled_from([1, 7, 40, 1200, 2100]))
    how = draw(options(TAME, hidden=net["shape"][1:-1], cost=net["cost"]))
    how["batch_size"] = draw(st.integers(count // 20 + 1, count + 3))
    how["validation"] = draw(st.integers(0, count - 1))
    if not how["validation"]:
        how.pop("patience", None)
    return {"net": net, "count": count, "options": how}


def begun(drawn):
    """Return a run as it was drawn, and the images and labels that it learns from."""
    net, count = init_net(**drawn["net"]), drawn["count"]
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, net.shape[0], 1), np.uint8)
    data = images, rng.integers(0, net.shape[-1], count)
    return start(net, *data, **drawn["options"]), data
