"""Tensors that remember how they were computed, and so know how a result depends on each of them.

This is reverse-mode automatic differentiation. An operation returns a new `Tensor` that keeps its
operands and, for each, a function from the gradient g of the result to the operand's share of it.
`backward` walks from the result to the leaves, last operation first, and adds up the shares: the
chain rule, sum over paths included. It is a witness: it shares no code with the hand-written
backpropagation that it checks. A 0-d tensor is the plain value to meet first:

    >>> a, b = Tensor(2.0, requires_grad=True), Tensor(-3.0, requires_grad=True)
    >>> product = a * b
    >>> product.backward()
    >>> float(a.grad), float(b.grad)
    (-3.0, 2.0)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What the annotations call things: a first reading can skip this.
Array = NDArray[np.floating]
Bools = NDArray[np.bool]
Operand: TypeAlias = "Tensor | ArrayLike"  # what stands on either side of an operator
Inputs: TypeAlias = "Tensor | Collection[Operand]"  # one for each weight of a neuron
Index = Any  # what stands in x[...], whatever numpy takes: it has no public type for that
Share = Callable[[Array], Array]  # from the gradient g of y to the operand's share of it
InfixShare = Callable[[Array, Array, Array, Array], Array]  # the share of a or b, from g, a, b, y
Slope = Callable[[Array, Array], Array | Bools | int]  # from x and y to dy/dx
Edge = tuple["Tensor", Share]
Method = Callable[["Tensor"], "Tensor"]
Infix = Callable[["Tensor", Operand], "Tensor"]
Comparison = Callable[["Tensor", Operand], Bools]


def _function(name: str, value: Callable[[Array], Array], slope: Slope) -> Method:
    """Return the method for y = value(x), element by element, given its slope(x, y)."""

    def method(self: Tensor) -> Tensor:
        x = self.data
        y = value(x)
        return _result(name, y, (self, lambda g: g * slope(x, y)))

    method.__name__, method.__doc__ = name, f"Return the {name} of each element."
    return method


def _infix(
    sign: str, value: Callable[[Array, Array], Array], left: InfixShare, right: InfixShare
) -> tuple[Infix, Infix]:
    """Return `tensor op other` and `other op tensor`, given the shares of the operands."""

    def join(p: Tensor, q: Tensor) -> Tensor:
        a, b = p.data, q.data
        y = value(a, b)
        return _result(sign, y, (p, lambda g: left(g, a, b, y)), (q, lambda g: right(g, a, b, y)))

    return (
        lambda self, other: join(self, _operand(other, self)),
        lambda self, other: join(_operand(other, self), self),
    )


def _comparison(test: Callable[[ArrayLike, ArrayLike], Bools]) -> Comparison:
    """Return a comparison of elements that returns a plain array of bools."""
    return lambda self, other: test(self.data, other.data if isinstance(other, Tensor) else other)


def _matmul_left(g: Array, a: Array, b: Array, y: Array) -> Array:
    if b.ndim == 1:
        return g[..., None] * b
    return (b @ g[..., None])[..., 0] if a.ndim == 1 else g @ b.swapaxes(-1, -2)


def _matmul_right(g: Array, a: Array, b: Array, y: Array) -> Array:
    if b.ndim == 1:
        return g[..., None] * a
    return a[:, None] * g[..., None, :] if a.ndim == 1 else a.swapaxes(-1, -2) @ g


def _bell(x: Array) -> Array:
    """Return the slope of the sigmoid, to the last digits: y * (1 - y) loses them where y is 1."""
    e = np.exp(-abs(x))
    slope: Array = e / (1 + e) ** 2
    return slope


class Tensor:
    """An array of real numbers, and the gradient of a later result with respect to it.

    Floats keep their dtype, other numbers become float64, the rest raise TypeError. `data` is the
    tensor's own copy. Numbers and arrays mix with tensors on either side of an operator, and
    broadcast as in numpy. A result requires a gradient if one of its operands does.

    `grad` is None until a `backward` reaches the tensor; then it has the shape and dtype of `data`.
    A result is computed once: when the data of its operands change, compute it again.
    """

    # With this numpy leaves `array * tensor` to the tensor, instead of looping over elements.
    __array_ufunc__ = None
    __slots__ = ("_data", "_edges", "_op", "grad", "label", "requires_grad")

    def __init__(
        self, data: ArrayLike, requires_grad: bool = False, label: str | None = None
    ) -> None:
        self.data = data
        self.grad: Array | None = None
        self.requires_grad = requires_grad
        self.label = label
        self._op = ""
        self._edges: tuple[Edge, ...] = ()

    @property
    def data(self) -> Array:
        """The numbers; what is assigned is copied."""
        return self._data

    @data.setter
    def data(self, data: ArrayLike) -> None:
        array = np.array(data)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"tensors hold real numbers, not {array.dtype}; pass a tensor's .data")
        self._data = array if array.dtype.kind == "f" else array.astype(np.float64)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of elements along each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    # --- The chain rule ---------------------------------------------------------------------------

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Add the gradient of this tensor to `grad` of all that it was computed from, and its own.

        `gradient` is where to start: one number for each element. Without it all are 1, for
        the gradient of the sum of the elements. Calls accumulate, until `zero_grad`.

        Raise RuntimeError if no gradient is required, ValueError if `gradient` has another shape.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "nothing to differentiate: create what needs a gradient with requires_grad=True"
            )
        start = np.ones(self.shape) if gradient is None else Tensor(gradient).data
        if start.shape != self.shape:
            raise ValueError(f"the gradient has shape {start.shape}, the tensor {self.shape}")
        # New in each call: what an earlier call left in `grad` must not flow a second time.
        flow = {id(self): start.astype(self.data.dtype)}
        for node in reversed(self._history()):
            g = flow.pop(id(node), None)
            if g is None:
                continue  # a constant
            # A sum is a new array: gradients share no memory, and old ones keep their numbers.
            node.grad = np.asarray(g + (0 if node.grad is None else node.grad))
            for operand, share in node._edges:
                if operand.requires_grad:
                    part = _unbroadcast(np.asarray(share(g)), operand.data)
                    flow[id(operand)] = flow.get(id(operand), 0) + part

    def zero_grad(self) -> None:
        """Make the gradient 0 again, if one is required."""
        if self.requires_grad:
            self.grad = np.zeros_like(self.data)

    def _history(self) -> list[Tensor]:
        """Return all that this tensor was computed from, operands before results, itself last."""
        order: dict[int, Tensor] = {}
        stack = [self]  # instead of recursion, which long expressions would exhaust
        while stack:
            node = stack[-1]
            missing = [operand for operand, _ in node._edges if id(operand) not in order]
            if missing:
                stack.append(missing[0])
            else:
                order[id(node)] = stack.pop()
        return list(order.values())

    # --- Operators: value y of a and b, and the shares of the gradient g that go to a and to b ----

    __add__, __radd__ = _infix("+", np.add, lambda g, a, b, y: g, lambda g, a, b, y: g)
    __sub__, __rsub__ = _infix("-", np.subtract, lambda g, a, b, y: g, lambda g, a, b, y: -g)
    __mul__, __rmul__ = _infix("*", np.multiply, lambda g, a, b, y: g * b, lambda g, a, b, y: g * a)
    __truediv__, __rtruediv__ = _infix(
        "/", np.divide, lambda g, a, b, y: g / b, lambda g, a, b, y: -g * y / b
    )
    __pow__, __rpow__ = _infix(
        "**",
        np.power,
        # a**0 is 1 everywhere: no slope, not even at 0. Nor has 0**b, which is 0 for every b > 0.
        # A negative a has real powers at integer b only, so its slope along b is nan.
        lambda g, a, b, y: g * b * a ** np.where(b == 0, 0, b - 1),
        lambda g, a, b, y: g * y * np.log(np.where((a == 0) & (b >= 0), 1, a)),
    )
    __matmul__, __rmatmul__ = _infix("@", np.matmul, _matmul_left, _matmul_right)

    __lt__, __le__ = _comparison(np.less), _comparison(np.less_equal)
    __gt__, __ge__ = _comparison(np.greater), _comparison(np.greater_equal)
    # Python's own == returns one bool, numpy's and this one a bool for each element.
    __eq__: Comparison = _comparison(np.equal)  # type: ignore[assignment]
    __ne__: Comparison = _comparison(np.not_equal)  # type: ignore[assignment]
    __hash__ = object.__hash__  # by identity, because == compares elements

    # --- Functions: value y of each element x, and the slope there --------------------------------

    __neg__ = _function("neg", np.negative, lambda x, y: -1)
    exp = _function("exp", np.exp, lambda x, y: y)
    log = _function("log", np.log, lambda x, y: 1 / x)
    sqrt = _function("sqrt", np.sqrt, lambda x, y: 0.5 / y)
    sin = _function("sin", np.sin, lambda x, y: np.cos(x))
    cos = _function("cos", np.cos, lambda x, y: -np.sin(x))
    tan = _function("tan", np.tan, lambda x, y: 1 + y**2)
    tanh = _function("tanh", np.tanh, lambda x, y: 4 * _bell(2 * x))
    relu = _function("relu", lambda x: np.maximum(x, 0), lambda x, y: x > 0)  # slope 0 at 0
    # 1 / (1 + exp(-x)) and its logarithm, written so that no x overflows.
    sigmoid = _function("sigmoid", lambda x: np.exp(-np.logaddexp(0, -x)), lambda x, y: _bell(x))
    log_sigmoid = _function(
        "log_sigmoid", lambda x: -np.logaddexp(0, -x), lambda x, y: np.exp(-np.logaddexp(0, x))
    )

    def softmax(self, axis: int = -1) -> Tensor:
        """Return exp(x) / sum(exp(x)) along `axis`, for any x without overflow."""
        return self.log_softmax(axis).exp()

    def log_softmax(self, axis: int = -1) -> Tensor:
        """Return the logarithm of the softmax, finite even where the softmax rounds to 0."""
        z = self.data - self.data.max(axis, keepdims=True)
        y = z - np.log(np.exp(z).sum(axis, keepdims=True))
        return _result(
            "log_softmax", y, (self, lambda g: g - np.exp(y) * g.sum(axis, keepdims=True))
        )

    # --- Fewer elements, or the same in another order ---------------------------------------------

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the sum of the elements along `axis`, a tuple of axes, or all of them."""
        kept = self.data.sum(axis, keepdims=True)
        y = kept if keepdims else kept.squeeze(axis)
        return _result("sum", y, (self, lambda g: g.reshape(kept.shape) * np.ones(self.shape)))

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the mean of the elements along `axis`, a tuple of axes, or all of them."""
        total = self.sum(axis, keepdims)
        return total / (self.data.size / max(total.data.size, 1))  # there may be none

    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the largest element; equal ones share its gradient equally."""
        kept = self.data.max(axis, keepdims=True)
        y = kept if keepdims else kept.squeeze(axis)
        best = self.data == kept
        count = best.sum(axis, keepdims=True)
        return _result("max", y, (self, lambda g: g.reshape(kept.shape) * best / count))

    def min(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the smallest element; equal ones share its gradient equally."""
        return -(-self).max(axis, keepdims)

    def reshape(self, *shape: int | tuple[int, ...]) -> Tensor:
        """Return the elements in another shape: `reshape(3, 2)` or `reshape((3, 2))`."""
        y = self.data.reshape(*shape)  # type: ignore[arg-type]  # typed for one form at a time
        return _result("reshape", y, (self, lambda g: g.reshape(self.shape)))

    @property
    def T(self) -> Tensor:
        """The tensor with its axes in reverse order."""
        return _result("T", self.data.T, (self, lambda g: g.T))

    def __getitem__(self, index: Index) -> Tensor:
        """Return elements chosen as numpy does; one chosen twice gets the gradients of both."""

        def share(g: Array) -> Array:
            full = np.zeros(self.shape)
            np.add.at(full, index, g)
            return full

        return _result("[]", self.data[index], (self, share))

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self.data)))  # len refuses a 0-d tensor

    def __repr__(self) -> str:
        return f"Tensor({', '.join(self._facts())})"

    def to_dot(self) -> str:
        """Return the expression behind this tensor in DOT, the language of Graphviz.

        Each tensor is a box: label, operation, data, and gradient where there is one. More than
        four elements are shown by their shape and norm. To see it: dot -Tsvg graph.dot > graph.svg
        """
        names: dict[int, str] = {}
        lines = ["digraph {", "  rankdir=LR;", "  node [shape=record];"]
        for node in self._history():
            names[id(node)] = name = f"t{len(names)}"
            facts = [re.sub(r'([\\"{}|<>])', r"\\\1", fact) for fact in node._facts()]
            label = " | ".join(facts).replace("&", "&amp;").replace("\n", "\\n")
            lines.append(f'  {name} [label="{label}"];')
            lines += [f"  {names[id(operand)]} -> {name};" for operand, _ in node._edges]
        return "\n".join([*lines, "}", ""])

    def _facts(self) -> list[str]:
        grad = self.grad is not None and f"grad {_show(self.grad)}"
        return [fact for fact in (self.label, self._op, f"data {_show(self.data)}", grad) if fact]


def _operand(other: Operand, beside: Tensor) -> Tensor:
    """Return what stands beside a tensor in an operation as a tensor, too."""
    if isinstance(other, Tensor):
        return other
    # A plain number takes the tensor's dtype, or 2 * x would turn float32 into float64.
    return Tensor(np.asarray(other, beside.data.dtype) if isinstance(other, int | float) else other)


def _result(op: str, y: Array, *edges: Edge) -> Tensor:
    """Return the tensor y that an operation computed from the operands in edges."""
    result = Tensor(y, any(operand.requires_grad for operand, _ in edges))
    if result.requires_grad:  # the history of a constant would only fill the memory
        result._op, result._edges = op, edges
    return result


def _unbroadcast(g: Array, operand: Array) -> Array:
    """Return g, summed over the axes along which broadcasting repeated the operand."""
    extra = g.ndim - operand.ndim
    repeated = (extra + i for i, size in enumerate(operand.shape) if size == 1)
    total: Array = g.sum((*range(extra), *repeated), operand.dtype)
    return total.reshape(operand.shape)


def _show(array: Array) -> str:
    """Return the elements of a small array as text, the shape and norm of a larger one."""
    if array.size > 4:
        return f"{array.shape}, norm {np.linalg.norm(array):.4g}"
    return np.array2string(array, separator=", ", formatter={"float_kind": "{:.4g}".format})


# --- Networks of plain values, to learn how networks learn ----------------------------------------


class Module:
    """Something with parameters, which training changes."""

    def parameters(self) -> list[Tensor]:
        """Return every parameter, always in the same order."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Make the gradient of every parameter 0 again."""
        for p in self.parameters():
            p.zero_grad()


class Neuron(Module):
    """tanh(w1 x1 + w2 x2 + ... + b); the weights w and the bias b are 0-d tensors."""

    def __init__(self, inputs: int, *, rng: np.random.Generator) -> None:
        self.weights = [Tensor(w, requires_grad=True) for w in rng.uniform(-1, 1, inputs)]
        self.bias = Tensor(0, requires_grad=True)

    def __call__(self, x: Inputs) -> Tensor:
        """Return the output for x1, x2, ...: each a number, or an array with one per sample."""
        return sum((w * xi for w, xi in zip(self.weights, x, strict=True)), self.bias).tanh()

    def parameters(self) -> list[Tensor]:
        return [*self.weights, self.bias]


class Layer(Module):
    """Neurons that all have the same inputs; the outputs of a layer are a list of theirs."""

    def __init__(self, inputs: int, outputs: int, *, rng: np.random.Generator) -> None:
        self.neurons = [Neuron(inputs, rng=rng) for _ in range(outputs)]

    def __call__(self, x: Inputs) -> list[Tensor]:
        return [neuron(x) for neuron in self.neurons]

    def parameters(self) -> list[Tensor]:
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP(Module):
    """Layers whose outputs are the inputs of the next: `MLP(3, [4, 4, 1], rng=rng)` has three."""

    def __init__(self, inputs: int, sizes: Sequence[int], *, rng: np.random.Generator) -> None:
        self.layers = [Layer(n, m, rng=rng) for n, m in pairwise([inputs, *sizes])]

    def __call__(self, x: Inputs) -> list[Tensor]:
        first, *others = self.layers
        outputs = first(x)
        for layer in others:
            outputs = layer(outputs)
        return outputs

    def parameters(self) -> list[Tensor]:
        return [p for layer in self.layers for p in layer.parameters()]
