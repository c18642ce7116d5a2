"""What to change about a training in which nothing is learned."""

from collections.abc import Mapping, Sequence
from typing import Any

FEW = 100  # steps: fewer mostly teach little, whatever else is chosen
# What keeps a net from learning, and from which value on it is suspected.
STRONG = {"l1": 0, "l2": 0, "clip": 0, "weight_decay": 0.1, "dropout": 0.7, "momentum": 0.95}


def advice_on(settings: Mapping[str, Any], hidden: Sequence[int], usual: float, steps: int) -> str:
    """Say what to change, the likeliest cause first: never what it has been tried with.

    `usual` is the learning rate that the net would have by default; `steps` have been taken.
    """
    lr = settings["lr"]
    if lr > 1.1 * usual:
        return f"the learning rate {lr:g} may be too high: try --lr {usual:g}"
    if lr < usual / 20:
        return f"the learning rate {lr:g} may be too low: try --lr {usual:g}"
    strong = [
        f"--{name.replace('_', '-')} {settings[name]:g}"
        for name, least in STRONG.items()
        if settings.get(name, 0) > least
    ]
    if strong:
        return f"{' and '.join(strong)} may keep it from learning: try without"
    if steps < FEW:
        few = "one step has" if steps == 1 else f"{steps} steps have"
        return f"only {few} been taken: try more epochs, or smaller minibatches"
    if len(hidden) > 2 and settings.get("activation") == "sigmoid":
        return "deep nets of sigmoids begin to learn late: try more epochs, or --activation relu"
    another = usual / 5 if lr > usual / 4 else usual
    other = "sgd" if settings["optimizer"].startswith("adam") else "adam"
    return (
        f"try more epochs, another learning rate, such as --lr {another:g}, or --optimizer "
        f"{other}; or images and labels do not belong together"
    )
