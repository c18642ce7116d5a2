"""Neurons, layers and nets of plain values, to learn how networks learn; and what trains them.

    net = MLP(2, [16, 16, 1], activation=("relu", "relu", "linear"))
    step = stepper(net.parameters(), optimizer("adam"))
    for _ in range(100):
        net.zero_grad()
        cost = sum((net(x) - y) ** 2 for x, y in examples)
        cost.backward()
        step(0.01)

Every weight is a number of its own. With inputs that are arrays, one number for each sample, the
same net treats all samples together.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simplenet.autodiff import Operand, Tensor
from simplenet.checks import as_integer, as_number, as_rng, check_callable, found
from simplenet.net import Net
from simplenet.optimizers import Rule, State, optimizer
from simplenet.values import NUMBERS, Value

Inputs: TypeAlias = "Operand | Collection[Operand]"  # a number or an array for each; or one alone
Outputs: TypeAlias = Any  # a Value for each, or a Tensor if an input is an array; one comes alone

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda z: z.tanh(),
    "relu": lambda z: z.relu(),
    "sigmoid": lambda z: z.sigmoid(),
    "linear": lambda z: z,
}


class Module:
    """Something with parameters, which training changes."""

    def parameters(self) -> list[Value]:
        """Return every parameter, always in the same order."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Make the gradient of every parameter 0 again."""
        for p in self.parameters():
            p.zero_grad()


class Neuron(Module):
    """s(w1 x1 + w2 x2 + ... + b): its weights w and its bias b are values, s is its activation.

    Weights that are not given are drawn between -1 and 1: from `rng`, a generator or a seed, or
    otherwise in each neuron. Raise ValueError for what makes no neuron.
    """

    def __init__(
        self,
        inputs: int,
        activation: str = "tanh",
        *,
        weights: Sequence[float] | None = None,
        bias: float = 0.0,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        as_integer("inputs", inputs, 1, "input")
        if not isinstance(activation, str) or activation not in ACTIVATIONS:
            names = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation: expected one of {names}; found {found(activation)}.")
        if weights is None:
            weights = _generator(rng).uniform(-1, 1, inputs).tolist()
        self.weights = [Value(w) for w in _numbers("weights", weights, (inputs,))]
        self.bias = Value(as_number("bias", bias))
        self.activation = activation

    def __call__(self, x: Inputs) -> Tensor:
        """Return the output for x1, x2, ...: each a number, or an array with one per sample."""
        x = _inputs(x, len(self.weights))
        z = sum((w * xi for w, xi in zip(self.weights, x)), self.bias)
        return ACTIVATIONS[self.activation](z)

    def parameters(self) -> list[Value]:
        return [*self.weights, self.bias]

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, {self.activation!r})"


class Layer(Module):
    """Neurons that all have the same inputs: column j of the weights and biases[j] are neuron j's.

    What is not given is as in `Neuron`.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: str = "tanh",
        *,
        weights: ArrayLike | None = None,
        biases: Sequence[float] | None = None,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        as_integer("inputs", inputs, 1, "input")
        as_integer("outputs", outputs, 1, "output")
        rng = _generator(rng)
        columns: Sequence[Any] = [None] * outputs
        if weights is not None:
            columns = np.transpose(_numbers("weights", weights, (inputs, outputs))).tolist()
        bs = _numbers("biases", [0.0] * outputs if biases is None else biases, (outputs,))
        self.neurons = [
            Neuron(inputs, activation, weights=column, bias=b, rng=rng)
            for column, b in zip(columns, bs)
        ]

    def __call__(self, x: Inputs) -> Outputs:
        """Return the output of every neuron in a list, that of a single one alone."""
        x = _inputs(x, len(self.neurons[0].weights))
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def parameters(self) -> list[Value]:
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        first = self.neurons[0]
        return f"Layer({len(first.weights)}, {len(self.neurons)}, {first.activation!r})"


class MLP(Module):
    """Layers whose outputs are the inputs of the next: `MLP(3, [4, 4, 1])` has three.

    The activation is the name of one for all layers, or of one for each. Weights and biases are
    those of each layer, as `net.W` and `net.b` of a net of the heart are; what is not given is as
    in `Neuron`.
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        activation: str | Sequence[str] = "tanh",
        *,
        weights: Sequence[ArrayLike] | None = None,
        biases: Sequence[Sequence[float]] | None = None,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        n = _count("sizes", sizes, "the size of each layer, such as [16, 16, 1]")
        if n == 0:
            raise ValueError("sizes: expected the size of each of one or more layers, found none.")
        names = [activation] * n if isinstance(activation, str) else activation
        for what, those in ("activation", names), ("weights", weights), ("biases", biases):
            if those is None and what != "activation":
                continue
            count = _count(what, those, "one for each layer")
            if count != n:
                raise ValueError(f"{what}: expected one for each of {n} layers, found {count}.")
        rng = _generator(rng)
        self.layers = [
            Layer(
                before, size, names[l], rng=rng,
                weights=None if weights is None else weights[l],
                biases=None if biases is None else biases[l],
            )
            for l, (before, size) in enumerate(pairwise([inputs, *sizes]))
        ]  # fmt: skip

    def __call__(self, x: Inputs) -> Outputs:
        """Return the outputs of the last layer in a list, a single one alone."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP([{', '.join(map(repr, self.layers))}])"


def _inputs(x: Inputs, n: int) -> list[Tensor]:
    """Return the n inputs as tensors, each of them once however many neurons read it."""
    alone = isinstance(x, NUMBERS) or (n == 1 and isinstance(x, Tensor))
    if isinstance(x, np.ndarray):  # with one input, all of it is that one; else it may be a list
        alone = x.ndim == 0 or (n == 1 and x.shape != (1,))
    if not (alone or isinstance(x, Iterable)) or isinstance(x, str | bytes | Mapping | Set):
        raise TypeError(f"expected {n} input{'s' * (n > 1)}, numbers or arrays; found {found(x)}.")
    each = [cast(Operand, x)] if alone else list(cast("Collection[Operand]", x))
    if len(each) != n:
        expected = "1 input" if n == 1 else f"{n} inputs"
        raise ValueError(f"expected {expected}, one for each weight; found {len(each)}.")
    return [
        xi if isinstance(xi, Tensor)
        else Value(xi, requires_grad=False) if isinstance(xi, NUMBERS)
        else Tensor(xi)
        for xi in each
    ]  # fmt: skip


def _generator(rng: np.random.Generator | int | None) -> np.random.Generator:
    return np.random.default_rng() if rng is None else as_rng("rng", rng)


def _numbers(name: str, given: ArrayLike, shape: tuple[int, ...]) -> Any:
    """Return nested lists of finite floats of this shape."""
    try:
        array = np.asarray(given, np.float64)
        shown = str(array.shape)
    except (TypeError, ValueError):
        array, shown = np.empty(()), found(given)
    if array.shape != shape:
        raise ValueError(f"{name}: expected numbers of shape {shape}, found {shown}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, found {found(given)}.")
    return array.tolist()


def _count(name: str, those: Any, expected: str) -> int:
    """Return how many there are of what is a sequence, and not a text."""
    if isinstance(those, str | bytes) or not (
        isinstance(those, Sequence) or (isinstance(those, np.ndarray) and those.ndim)
    ):
        raise TypeError(f"{name}: expected {expected}, found {found(those)}.")
    return len(those)


# --- Training -------------------------------------------------------------------------------------


@dataclass
class _Flat:
    """What a rule reads of a net: here all parameters are weights, whatever they belong to."""

    params: NDArray[Any]
    grads: NDArray[Any]
    samples: int = 1
    shape: tuple[int, ...] = (0,)
    state: State = field(default_factory=dict)


def stepper(parameters: Sequence[Tensor], rule: Rule | None = None) -> Callable[[float], None]:
    """Return a function that steps downhill: `step(lr)`, after `backward`, moves the parameters.

    The rule is what `simplenet.optimizer` returns, such as optimizer("adam"): the same that train
    the nets of the heart. Its penalties and its weight decay are for all parameters alike. One that
    no gradient has reached counts as one whose gradient is 0. Raise TypeError for what is no
    parameter or no rule, ValueError if there is none, and, at a step, for a learning rate below 0.
    """
    expected = "parameters: expected tensors that require a gradient, such as net.parameters()"
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        # The rows of a tensor are results, and no longer it: a step would move none of its numbers.
        raise TypeError(f"{expected}, found {found(parameters)}: put it in a list.")
    parameters = list(parameters)
    for p in parameters:
        if not (isinstance(p, Tensor) and p.requires_grad):
            raise TypeError(f"{expected}, found {found(p)}.")
        if p._op:
            raise TypeError(f"{expected}, found the result of {p._op}: a step would not reach it.")
    if not parameters:
        raise ValueError("parameters: expected at least one tensor, found none.")
    check_callable("rule", rule, "what simplenet.optimizer returns, such as optimizer('adam')")
    chosen = rule or optimizer()
    dtype = np.result_type(*(np.asarray(p.data) for p in parameters))
    zeros = np.zeros(sum(np.size(p.data) for p in parameters), dtype)
    flat = _Flat(zeros.copy(), zeros)

    def step(lr: float) -> None:
        """Take one step with this learning rate."""
        lr = as_number("lr", lr, least=0)
        zero = np.zeros(1, dtype)
        flat.params[:] = np.concatenate([np.ravel(p.data) for p in parameters])
        flat.grads[:] = np.concatenate(
            [np.ravel(zero * p.data if p.grad is None else p.grad) for p in parameters]
        )
        chosen(cast(Net, flat), lr)
        at = 0
        for p in parameters:
            size = np.size(p.data)
            p.data = flat.params[at : at + size].reshape(p.shape).astype(np.result_type(p.data))
            at += size

    return step
