"""An optimizer decides how to step, given the gradient; a schedule decides how far.

Everything here works on the flat vectors of a net. An optimizer is `(init, update)`: what it
remembers is arrays, which live in `net.state` and are saved with the model.

Sources: momentum, Polyak 1964; Nesterov's, as in Sutskever et al. 2013; RMSProp, Hinton's lecture
6e, 2012; Adam, Kingma and Ba 2015; AdamW, Loshchilov and Hutter 2019. Where these leave details
open, they are PyTorch's.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from simplenet.net import Net

State = dict[str, np.ndarray]


class Optimizer(NamedTuple):
    """`init(params)` gives the state; `update(params, gradient, state, lr, settings)` takes a step.

    Update changes params and the state in place, and may use up the gradient. Settings are those
    options of `simplenet.options` that it reads: momentum, rho, beta1, beta2, epsilon.
    """

    init: Callable[[np.ndarray], State]
    update: Callable[[np.ndarray, np.ndarray, State, float, Mapping[str, Any]], None]


def sgd_init(params: np.ndarray) -> State:
    """Remember the velocity v."""
    return {"velocity": np.zeros_like(params)}


def sgd_update(params, gradient, state, lr, settings) -> None:
    """Gain speed downhill: v = momentum v + gradient; params -= lr v."""
    v = state["velocity"]
    v *= settings["momentum"]
    v += gradient
    params -= lr * v


def nesterov_update(params, gradient, state, lr, settings) -> None:
    """Step by the velocity that is about to be: params -= lr (gradient + momentum v)."""
    v = state["velocity"]
    v *= settings["momentum"]
    v += gradient
    params -= lr * (gradient + settings["momentum"] * v)


def rmsprop_init(params: np.ndarray) -> State:
    """Remember the mean square of each gradient, and the velocity."""
    return {"square": np.zeros_like(params), "velocity": np.zeros_like(params)}


def rmsprop_update(params, gradient, state, lr, settings) -> None:
    """Divide each gradient by its own recent size: s = rho s + (1 - rho) gradient**2."""
    s, v, rho = state["square"], state["velocity"], settings["rho"]
    s *= rho
    s += (1 - rho) * gradient**2
    v *= settings["momentum"]
    v += gradient / (np.sqrt(s) + settings["epsilon"])
    params -= lr * v


def adam_init(params: np.ndarray) -> State:
    """Remember the mean and the mean square of each gradient, and the number of steps."""
    return {
        "mean": np.zeros_like(params),
        "square": np.zeros_like(params),
        "steps": np.zeros((), np.int64),
    }


def adam_update(params, gradient, state, lr, settings) -> None:
    """Step by m / sqrt(s), running means of gradient and gradient**2, freed of their start at 0."""
    m, s, beta1, beta2 = state["mean"], state["square"], settings["beta1"], settings["beta2"]
    state["steps"] += 1
    t = int(state["steps"])
    m *= beta1
    m += (1 - beta1) * gradient
    s *= beta2
    s += (1 - beta2) * gradient**2
    root = np.sqrt(s / (1 - beta2**t)) + settings["epsilon"]
    params -= (lr / (1 - beta1**t)) * (m / root)


OPTIMIZERS = {
    "sgd": Optimizer(sgd_init, sgd_update),
    "nesterov": Optimizer(sgd_init, nesterov_update),
    "rmsprop": Optimizer(rmsprop_init, rmsprop_update),
    "adam": Optimizer(adam_init, adam_update),
    "adamw": Optimizer(adam_init, adam_update),  # its weight decay is `shrink`, before the step
}


# --- regularizers, on weights only: biases do not overfit -----------------------------------------


def penalty(weights: np.ndarray, l1: float, l2: float) -> float:
    """Return what L1 and L2 add to the cost: l1 * sum of |w| + l2 / 2 * sum of w**2."""
    return l1 * float(np.abs(weights).sum()) + l2 / 2 * float(weights @ weights)


def penalty_slope(weights: np.ndarray, l1: float, l2: float) -> np.ndarray:
    """Return what they add to the gradient: l1 * sign(w) + l2 * w."""
    return l1 * np.sign(weights) + l2 * weights


def clip(gradient: np.ndarray, most: float) -> None:
    """Shorten a gradient, in place, to a norm of at most `most`, keeping its direction."""
    norm = math.sqrt(float(gradient @ gradient))
    if norm > most:
        gradient *= most / norm


def weights_of(net: Net, vector: np.ndarray) -> np.ndarray:
    """Return the view of those elements of a flat vector that belong to weights."""
    return vector[: net.params.size - sum(net.shape[1:])]


def rule_for(settings: Mapping[str, Any]) -> Callable[[Net, np.ndarray, float], None] | None:
    """Make the rule that `optimize` follows under these settings; None where plain descent will do.

    First L1 and L2 are added to the gradient, then it is clipped, then AdamW's weight decay
    shrinks the weights, then the optimizer steps.
    """
    name, l1, l2 = settings["optimizer"], settings["l1"], settings["l2"]
    decay = settings["weight_decay"] if name == "adamw" else 0
    if name == "sgd" and not (settings["momentum"] or l1 or l2 or settings["clip"]):
        return None
    init, update = OPTIMIZERS[name]
    remembered = init(np.empty(0)).keys()

    def rule(net: Net, gradient: np.ndarray, lr: float) -> None:
        weights = weights_of(net, net.params)
        if l1 or l2:
            weights_of(net, gradient)[:] += penalty_slope(weights, l1, l2)
        if settings["clip"]:
            clip(gradient, settings["clip"])
        if decay:
            weights *= 1 - lr * decay
        if net.state.keys() != remembered:  # at the start, or what another optimizer left
            net.state = init(net.params)
        update(net.params, gradient, net.state, lr, settings)

    return rule


# --- schedules: what the learning rate is multiplied with, `done` epochs into a run --------------


def constant(done: float, settings: Mapping[str, Any]) -> float:
    """Return 1: the learning rate stays as it is."""
    return 1.0


def step(done: float, settings: Mapping[str, Any]) -> float:
    """Multiply by `decay` every `decay_every` epochs."""
    return settings["decay"] ** (done // settings["decay_every"])


def exponential(done: float, settings: Mapping[str, Any]) -> float:
    """Multiply by `decay` over every epoch, a little at each step."""
    return settings["decay"] ** done


def cosine(done: float, settings: Mapping[str, Any]) -> float:
    """Rise in a line over `warmup` epochs, then fall to 0 at the end like half a cosine wave."""
    warmup, epochs = settings["warmup"], settings["epochs"]
    if done < warmup:
        return done / warmup
    return (1 + math.cos(math.pi * (done - warmup) / (epochs - warmup))) / 2


SCHEDULES = {"constant": constant, "step": step, "exponential": exponential, "cosine": cosine}
