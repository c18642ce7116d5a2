"""Tensors that remember how they were computed, and so know how a result depends on each of them.

This is reverse-mode automatic differentiation. An operation returns a new `Tensor` that keeps its
operands and, for each, a function from the gradient g of the result to the operand's share of it.
`backward` walks from the result to the leaves, last operation first, and adds up the shares: the
chain rule, sum over paths included. It is a witness: it shares no code with the hand-written
backpropagation that it checks. A tensor may have no axes, and then is one number:

    >>> a, b = Tensor(2.0, requires_grad=True), Tensor(-3.0, requires_grad=True)
    >>> product = a * b
    >>> product.backward()
    >>> float(a.grad), float(b.grad)
    (-3.0, 2.0)

`values.py` has the same for single numbers alone, `Value(2.0)`, which is the place to begin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike, NDArray

from simplenet.graphs import Box, svg

# What the annotations call things: a first reading can skip this.
Array = NDArray[np.floating]
Bools = NDArray[np.bool]
Operand: TypeAlias = "Tensor | ArrayLike"  # what stands on either side of an operator
Index = Any  # what stands in x[...], whatever numpy takes: it has no public type for that
Share = Callable[[Array], Array]  # from the gradient g of y to the operand's share of it
InfixShare = Callable[[Array, Array, Array, Array], Array]  # the share of a or b, from g, a, b, y
Slope = Callable[[Array, Array], Array | Bools | int]  # from x and y to dy/dx
Edge = tuple["Tensor", Share | float]  # an operand, and its share, or the slope that g is times
Axes: TypeAlias = "int | tuple[Sequence[int], Sequence[int]]"
Method = Callable[["Tensor"], "Tensor"]
Infix = Callable[["Tensor", Operand], "Tensor"]
Comparison = Callable[["Tensor", Operand], Bools]

next_age = count().__next__  # a result is younger than its operands


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


def _wins(a: Array, b: Array) -> Array:
    """Return 1 where a is the larger, a half where both are equal, 0 elsewhere."""
    share: Array = (a > b) + 0.5 * (a == b)
    return share


class Tensor:
    """An array of real numbers, and the gradient of a later result with respect to it.

    Floats keep their dtype, other numbers become float64, the rest raise TypeError. `data` is the
    tensor's own copy. Numbers and arrays mix with tensors on either side of an operator, and
    broadcast as in numpy. A result requires a gradient if one of its operands does.

    `grad` is None until a `backward` reaches the tensor; then it has the shape and dtype of `data`.
    A result is computed once: when the data of its operands change, compute it again before
    `backward`, which reads the data of operands as they are then.
    """

    # With this numpy leaves `array * tensor` to the tensor, instead of looping over elements.
    __array_ufunc__ = None
    __slots__ = ("_age", "_data", "_edges", "_op", "grad", "label", "requires_grad")

    def __init__(
        self, data: ArrayLike, requires_grad: bool = False, label: str | None = None
    ) -> None:
        self.data = data
        self.grad: Array | None = None
        self.requires_grad = requires_grad
        self.label = label
        self._op = ""
        self._edges: tuple[Edge, ...] = ()
        self._age = next_age()

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
        return np.shape(self._data)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def _array(self) -> Array:
        """The numbers as an array, even if they are one Python float."""
        return np.asarray(self._data)

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
        flow: dict[Tensor, Any] = {self: self._fit(start)}
        for node in reversed(self._history()):
            g = flow.pop(node, None)
            if g is None:
                continue  # a constant
            node._keep(g)
            for operand, share in node._edges:
                if operand.requires_grad:
                    part = operand._fit(share(g) if callable(share) else share * g)
                    flow[operand] = flow[operand] + part if operand in flow else part

    def zero_grad(self) -> None:
        """Make the gradient 0 again, if one is required."""
        if self.requires_grad:
            self.grad = np.zeros_like(self.data)

    def _keep(self, g: Array) -> None:
        """Add g to the gradient."""
        # Always a new array: gradients share no memory, and old ones keep their numbers.
        self.grad = np.array(g) if self.grad is None else np.asarray(self.grad + g)

    def _fit(self, g: Array) -> Array:
        """Return g, summed over the axes along which broadcasting repeated this tensor."""
        data = self._data
        if g.shape == data.shape and g.dtype == data.dtype:
            return g
        extra = g.ndim - data.ndim
        repeated = (extra + i for i, size in enumerate(data.shape) if size == 1)
        total: Array = g.sum((*range(extra), *repeated), data.dtype)
        return total.reshape(data.shape)

    def _history(self) -> list[Tensor]:
        """Return all that this tensor was computed from, oldest first, and itself.

        Whatever has been computed is younger than what it was computed from: so this is an order
        in which operands come before results. It needs no recursion, which has an end.
        """
        found, met = [self], {self}
        for node in found:  # which grows on the way
            for operand, _ in node._edges:
                if operand not in met:
                    met.add(operand)
                    found.append(operand)
        return sorted(found, key=attrgetter("_age"))

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
    # The larger of two, element by element; equal ones share the gradient equally.
    maximum, _ = _infix(
        "max",
        np.maximum,
        lambda g, a, b, y: g * _wins(a, b),
        lambda g, a, b, y: g * _wins(b, a),
    )

    __lt__, __le__ = _comparison(np.less), _comparison(np.less_equal)
    __gt__, __ge__ = _comparison(np.greater), _comparison(np.greater_equal)
    # Python's own == returns one bool, numpy's and this one a bool for each element.
    __eq__: Comparison = _comparison(np.equal)  # type: ignore[assignment]
    __ne__: Comparison = _comparison(np.not_equal)  # type: ignore[assignment]
    __hash__ = object.__hash__  # by identity, because == compares elements

    # --- Functions: value y of each element x, and the slope there --------------------------------

    __neg__ = _function("neg", np.negative, lambda x, y: -1)
    __pos__ = _function("pos", np.positive, lambda x, y: 1)
    __abs__ = abs = _function("abs", np.abs, lambda x, y: np.sign(x))  # slope 0 at 0
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
        z = self._array - self._array.max(axis, keepdims=True)
        y = z - np.log(np.exp(z).sum(axis, keepdims=True))
        return _result(
            "log_softmax", y, (self, lambda g: g - np.exp(y) * g.sum(axis, keepdims=True))
        )

    def logsumexp(
        self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
    ) -> Tensor:
        """Return log(sum(exp(x))) along `axis`, for any x without overflow: a soft maximum."""
        x = self._array
        largest = x.max(axis, keepdims=True)
        largest = np.where(np.isfinite(largest), largest, 0)  # an infinity less itself is no number
        with np.errstate(divide="ignore"):  # the logarithm of nothing is -inf, and rightly
            kept = largest + np.log(np.exp(x - largest).sum(axis, keepdims=True))
        shares = np.exp(x - np.where(np.isfinite(kept), kept, 0))  # the softmax
        y = kept if keepdims else kept.squeeze(axis)
        return _result("logsumexp", y, (self, lambda g: g.reshape(kept.shape) * shares))

    # --- Fewer elements, or the same in another order ---------------------------------------------

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the sum of the elements along `axis`, a tuple of axes, or all of them."""
        kept = self._array.sum(axis, keepdims=True)
        y = kept if keepdims else kept.squeeze(axis)
        return _result("sum", y, (self, lambda g: g.reshape(kept.shape) * np.ones(self.shape)))

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the mean of the elements along `axis`, a tuple of axes, or all of them."""
        total = self.sum(axis, keepdims)
        return total / (self._array.size / max(total.data.size, 1))  # there may be none

    def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the largest element; equal ones share its gradient equally."""
        kept = self._array.max(axis, keepdims=True)
        y = kept if keepdims else kept.squeeze(axis)
        best = self._array == kept
        count = best.sum(axis, keepdims=True)
        return _result("max", y, (self, lambda g: g.reshape(kept.shape) * best / count))

    def min(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Return the smallest element; equal ones share its gradient equally."""
        return -(-self).max(axis, keepdims)

    def reshape(self, *shape: int | tuple[int, ...]) -> Tensor:
        """Return the elements in another shape: `reshape(3, 2)` or `reshape((3, 2))`."""
        y = self._array.reshape(*shape)  # type: ignore[arg-type]  # typed for one form at a time
        return _result("reshape", y.copy(), (self, lambda g: g.reshape(self.shape)))

    def transpose(self, *axes: int | Sequence[int]) -> Tensor:
        """Return the axes in another order, `transpose(1, 2, 0)`; without one, in reverse."""
        order: Any = axes[0] if len(axes) == 1 and isinstance(axes[0], list | tuple) else axes
        y = self._array.transpose(order or None)
        back = np.argsort(normalize_axis_tuple(order, y.ndim) if order else range(y.ndim)[::-1])
        return _result("transpose", y.copy(), (self, lambda g: g.transpose(back)))

    @property
    def T(self) -> Tensor:
        """The tensor with its axes in reverse order."""
        return _result("T", self._array.T.copy(), (self, lambda g: g.T))

    def __getitem__(self, index: Index) -> Tensor:
        """Return elements chosen as numpy does; one chosen twice gets the gradients of both."""

        def share(g: Array) -> Array:
            full = np.zeros(self.shape)
            np.add.at(full, index, g)
            return full

        return _result("[]", self._array[index].copy(), (self, share))

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self._array)))  # len refuses a 0-d tensor

    # --- Showing ----------------------------------------------------------------------------------

    def __float__(self) -> float:
        """Return the only number of a tensor; raise TypeError if it has several, or none."""
        if self._array.size != 1:
            raise TypeError(f"expected a tensor of one number, found the shape {self.shape}")
        return float(self._array.item())

    def __bool__(self) -> bool:
        """Return whether the only number of a tensor is not 0; raise TypeError as `float` does."""
        return bool(float(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._facts())})"

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

    def to_svg(self, most: int = 60) -> str:
        """Return a picture of it, in SVG: in each box the value above, the gradient below.

        Of more than `most` tensors, those are drawn that are the fewest steps before this one.
        """
        return svg(self, lambda node: [operand for operand, _ in node._edges], Tensor._box, most)

    _repr_svg_ = to_svg  # what a notebook asks for

    def _box(self) -> Box:
        digits = 3 if self.ndim else 4  # several numbers take room
        grad = None if self.grad is None else _show(self.grad, digits)
        return Box(_show(self.data, digits), grad, self.label or "", self._op, self.requires_grad)

    def _facts(self) -> list[str]:
        grad = self.grad is not None and f"grad {_show(self.grad)}"
        return [fact for fact in (self.label, self._op, f"data {_show(self.data)}", grad) if fact]


def _operand(other: Operand, beside: Tensor) -> Tensor:
    """Return what stands beside a tensor in an operation as a tensor, too."""
    if isinstance(other, Tensor):
        return other
    # A plain number takes the tensor's dtype, or 2 * x would turn float32 into float64.
    dtype = beside._array.dtype
    return Tensor(np.asarray(other, dtype) if isinstance(other, int | float) else other)


def _tensor(other: Operand) -> Tensor:
    return other if isinstance(other, Tensor) else Tensor(other)


def _result(op: str, y: Array, *edges: Edge) -> Tensor:
    """Return the tensor y that an operation computed from the operands in edges."""
    result: Tensor = object.__new__(Tensor)  # y is new, and its own: no need to copy it
    result._data, result.grad, result.label = np.asarray(y), None, None
    result._op, result._edges, result._age = op, edges, next_age()
    result.requires_grad = any(operand.requires_grad for operand, _ in edges)
    return result


def maximum(a: Operand, b: Operand) -> Tensor:
    """Return the larger of a and b, element by element; equal ones share the gradient equally."""
    return a.maximum(b) if isinstance(a, Tensor) else _tensor(b).maximum(a)


def tensordot(a: Operand, b: Operand, axes: Axes = 2) -> Tensor:
    """Return the sums of products over the last axes of a and the first of b, or over pairs.

    `axes` is how many, or, as in numpy, two sequences: those of a, and their partners in b. Raise
    ValueError for more than there are, or for partners of different lengths.
    """
    p, q = _tensor(a), _tensor(b)
    x, y = p._array, q._array
    most = min(x.ndim, y.ndim)
    if isinstance(axes, int | np.integer) and not 0 <= axes <= most:
        raise ValueError(f"axes: expected from 0 to {most}, which both have, found {axes}.")
    result = np.tensordot(x, y, axes)
    if isinstance(axes, int | np.integer):
        axes = range(x.ndim - axes, x.ndim), range(axes)
    pairs = [normalize_axis_tuple(those, array.ndim) for those, array in zip(axes, (x, y))]
    kept = [[i for i in range(z.ndim) if i not in those] for z, those in zip((x, y), pairs)]

    def share(g: Array, own: int) -> Array:
        """Return the sum over what the partner kept, with axes in the order of the operand."""
        partner = 1 - own
        split = len(kept[0])  # of the axes of g, so many are a's
        theirs = range(split) if own else range(split, g.ndim)
        part = np.tensordot(g, (y, x)[own], (theirs, kept[partner]))
        order = [pairs[own][i] for i in np.argsort(pairs[partner])]
        return part.transpose(np.argsort([*kept[own], *order]))

    return _result("tensordot", result, (p, lambda g: share(g, 0)), (q, lambda g: share(g, 1)))


def _show(numbers: Array | float, digits: int = 4) -> str:
    """Return the elements of a small array as text, the shape and norm of a larger one."""
    array = np.asarray(numbers)
    if array.size > 4:
        return f"{array.shape}, norm {np.linalg.norm(array):.{digits}g}"
    return np.array2string(
        array, separator=", ", formatter={"float_kind": f"{{:.{digits}g}}".format}
    )
