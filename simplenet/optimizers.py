"""An optimizer decides how to step, given the gradient.

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
from numpy.typing import NDArray

from simplenet.functions import Floats
from simplenet.memory import aligned, pieces, scratch
from simplenet.net import Net
from simplenet.penalties import penalty_slope, shortening, weights_of
from simplenet.sharing import share

State = dict[str, NDArray[Any]]
Settings = Mapping[str, float]
Rule = Callable[[Net, float], None]


class Optimizer(NamedTuple):
    """`init(params)` returns the state; `update` steps, given a piece of every long vector.

    `update(params, gradient, room, state, lr, settings)` changes params and the state in place,
    and may use up the gradient and the room, which is as long. Settings are momentum, rho, beta1,
    beta2 and epsilon.
    """

    init: Callable[[Floats], State]
    update: Callable[[Floats, Floats, Floats, State, float, Settings], None]


def zeros(params: Floats) -> Floats:
    """Return zeros for what is remembered of each parameter."""
    return aligned(params.size, precise(params))


def precise(vector: Floats) -> np.dtype[Any]:
    """Return the dtype to compute steps in: float32 or better.

    In float16 the square of a small gradient would be 0, and so would epsilon beside it.
    """
    return np.result_type(vector, np.float32)


def sgd_init(params: Floats) -> State:
    """Remember the velocity v."""
    return {"velocity": zeros(params)}


def sgd_update(
    params: Floats, gradient: Floats, room: Floats, state: State, lr: float, settings: Settings
) -> None:
    """Gain speed downhill: v = momentum v + gradient; params -= lr v."""
    v = state["velocity"]
    v *= settings["momentum"]
    v += gradient
    params -= np.multiply(v, lr, out=room)


def nesterov_update(
    params: Floats, gradient: Floats, room: Floats, state: State, lr: float, settings: Settings
) -> None:
    """Step by the velocity that is about to be: params -= lr (gradient + momentum v)."""
    v = state["velocity"]
    v *= settings["momentum"]
    v += gradient
    gradient += np.multiply(v, settings["momentum"], out=room)
    params -= np.multiply(gradient, lr, out=room)


def rmsprop_init(params: Floats) -> State:
    """Remember the mean square of each gradient, and the velocity."""
    return {"square": zeros(params), "velocity": zeros(params)}


def rmsprop_update(
    params: Floats, gradient: Floats, room: Floats, state: State, lr: float, settings: Settings
) -> None:
    """Divide each gradient by its own recent size: s = rho s + (1 - rho) gradient**2."""
    s, v, rho = state["square"], state["velocity"], settings["rho"]
    np.square(gradient, out=room)
    room *= 1 - rho
    s *= rho
    s += room
    root = np.sqrt(s, out=room)
    root += settings["epsilon"]
    v *= settings["momentum"]
    v += np.divide(gradient, root, out=gradient)
    params -= np.multiply(v, lr, out=room)


def adam_init(params: Floats) -> State:
    """Remember the mean and the mean square of each gradient, and the number of steps."""
    return {"mean": zeros(params), "square": zeros(params), "steps": np.zeros((), np.int64)}


def adam_update(
    params: Floats, gradient: Floats, room: Floats, state: State, lr: float, settings: Settings
) -> None:
    """Step by m / sqrt(s), running means of gradient and gradient**2, freed of their start at 0.

    In the order that section 2 of the paper recommends: both corrections go into lr and epsilon.
    """
    m, s, beta1, beta2 = state["mean"], state["square"], settings["beta1"], settings["beta2"]
    t = int(state["steps"])
    root_of_correction = math.sqrt(1 - beta2**t)
    m *= beta1
    m += np.multiply(gradient, 1 - beta1, out=room)
    gradient *= gradient
    gradient *= 1 - beta2
    s *= beta2
    s += gradient
    root = np.sqrt(s, out=gradient)
    root += settings["epsilon"] * root_of_correction
    np.divide(m, root, out=room)
    room *= lr * root_of_correction / (1 - beta1**t)
    params -= room


OPTIMIZERS = {
    "sgd": Optimizer(sgd_init, sgd_update),
    "nesterov": Optimizer(sgd_init, nesterov_update),
    "rmsprop": Optimizer(rmsprop_init, rmsprop_update),
    "adam": Optimizer(adam_init, adam_update),
    "adamw": Optimizer(adam_init, adam_update),  # its weight decay comes before the step
}


def optimizer(
    name: str = "sgd",
    *,
    momentum: float | None = None,
    rho: float = 0.99,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
    l1: float = 0.0,
    l2: float = 0.0,
    clip: float = 0.0,
) -> Rule:
    """Return a rule for `optimize(net, lr, rule)`: one of OPTIMIZERS, with its settings.

    Each step adds L1 and L2 to the gradient, clips it, lets adamw's weight decay shrink the
    weights, and then updates. Settings that the optimizer does not have are not looked at;
    momentum is 0.9 for nesterov, else 0, unless it is given. What is remembered goes to
    `net.state`, under names that begin with the optimizer's. Raise ValueError for an unknown name,
    and, at the first step, for an epsilon that is too small for the precision of the net.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}; found {name!r}.")
    if momentum is None:
        momentum = 0.9 if name == "nesterov" else 0.0
    settings = {
        "momentum": momentum, "rho": rho, "beta1": beta1, "beta2": beta2, "epsilon": epsilon
    }  # fmt: skip
    init, update = OPTIMIZERS[name]
    names = {key: f"{name}.{key}" for key in init(np.empty(0))}
    decay = weight_decay if name == "adamw" else 0.0

    def rule(net: Net, lr: float) -> None:
        if not all(full in net.state for full in names.values()):
            check_epsilon(name, epsilon, net.params)
            fresh = init(net.params)
            net.state |= {full: fresh[key] for key, full in names.items()}
        state = {key: net.state[full] for key, full in names.items()}
        if "steps" in state:
            state["steps"] += 1
        weights, dtype = weights_of(net, net.params).size, precise(net.params)

        def gradient_of(part: slice) -> Floats:
            """Return the mean gradient, with penalties, in this thread's room."""
            gradient = scratch(0, part.stop - part.start, dtype)
            np.multiply(net.grads[part], 1 / net.samples, out=gradient, dtype=dtype)
            if l1 or l2:
                w = net.params[part][: max(0, weights - part.start)]
                gradient[: len(w)] += penalty_slope(w, l1, l2)
            return gradient

        def of_pieces(function: Callable[[Floats], float]) -> list[float]:
            return share(lambda part: function(gradient_of(part)), parts)

        parts = pieces(net.params.size)
        divisor, factor = shortening(of_pieces, clip) if clip else (1.0, 1.0)

        def step(part: slice) -> None:
            params, gradient = net.params[part], gradient_of(part)
            if divisor != 1:
                gradient /= divisor
            if factor != 1:
                gradient *= factor
            if decay:
                params[: max(0, weights - part.start)] *= 1 - lr * decay
            room = scratch(1, len(params), dtype)
            piece = {key: array[part] if array.ndim else array for key, array in state.items()}
            update(params, gradient, room, piece, lr, settings)

        share(step, parts)

    return rule


def check_epsilon(name: str, epsilon: float, params: Floats) -> None:
    """Raise ValueError for an epsilon that cannot keep an optimizer from dividing by 0."""
    dtype = precise(params)
    smallest = float(np.finfo(dtype).smallest_normal)
    if name in ("rmsprop", "adam", "adamw") and epsilon < smallest:
        raise ValueError(
            f"epsilon: expected at least {smallest:.2g}, below which numbers of {dtype} lose their "
            f"digits and become 0; found {epsilon:g}."
        )


def forget(net: Net) -> None:
    """Remove from `net.state` what optimizers remember of an earlier training, and nothing else."""
    for entry in [entry for entry in net.state if owner(entry)]:
        del net.state[entry]


def owner(entry: str) -> str | None:
    """Return the optimizer that remembers an entry of `net.state`, None if none does."""
    name, dot, _ = entry.partition(".")
    return name if dot and name in OPTIMIZERS else None
