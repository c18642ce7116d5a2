"""Numbers that know how a result depends on each of them: the engine to meet first.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> c = a * b + 10
    >>> c.backward()
    >>> a.grad, b.grad
    (-3.0, 2.0)

A `Value` is a `Tensor` of `autodiff.py` whose data are one Python float: it does with numbers what
tensors do with arrays, and mixes with them. A result notes its operands a and b, and its slopes
along them, which are numbers, too. So the chain rule is a loop of a few lines: `backward`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from simplenet.autodiff import Edge, Operand, Tensor, next_age
from simplenet.checks import as_number, found

InfixFormula = Callable[[float, float], tuple[float, float, float]]  # y, dy/da and dy/db
Formula = Callable[[float], tuple[float, float]]  # y and dy/dx
Number: TypeAlias = "float | np.floating[Any] | np.integer[Any] | np.bool"
Infix = Callable[["Value", Operand], Any]  # to a Value, or beside an array to a Tensor

_new = object.__new__
NUMBERS = (float, int, np.floating, np.integer, np.bool)  # that make a Value, or stand beside one


def _infix(
    sign: str, formula: InfixFormula, of_tensors: str, reflected: str
) -> tuple[Infix, Infix]:
    """Return `value op other` and `other op value`; beside an array, those of tensors."""
    straight, turned = getattr(Tensor, of_tensors), getattr(Tensor, reflected)

    def method(a: Value, b: Operand) -> Tensor:
        if not isinstance(b, Value):
            if not isinstance(b, NUMBERS):
                beside_array: Tensor = straight(a, b)
                return beside_array
            b = Value(b, requires_grad=False)
        try:
            y, da, db = formula(a._data, b._data)
        except (ArithmeticError, ValueError) as error:
            raise _no_number(f"{a._data:g} {sign} {b._data:g}", error) from None
        result: Value = _new(Value)  # without the checks of what people write: this is to be quick
        result._data, result._op = y, sign
        result._a, result._da = a, da
        result._b, result._db = b, db
        result._age = next_age()
        result.requires_grad = a.requires_grad or b.requires_grad
        result.grad = result.label = None
        return result

    def swapped(a: Value, b: Operand) -> Tensor:
        if isinstance(b, NUMBERS):
            return method(Value(b, requires_grad=False), a)
        result: Tensor = turned(a, b)
        return result

    return method, swapped


def _function(name: str, formula: Formula) -> Callable[[Value], Value]:
    """Return the method for y, given its formula for y and the slope."""

    def method(self: Value) -> Value:
        try:
            y, da = formula(self._data)
        except (ArithmeticError, ValueError) as error:
            raise _no_number(f"{name}({self._data:g})", error) from None
        result: Value = _new(Value)
        result._data, result._op = y, name
        result._a, result._da = self, da
        result._b, result._db = None, 0.0
        result._age = next_age()
        result.requires_grad = self.requires_grad
        result.grad = result.label = None
        return result

    method.__name__, method.__doc__ = name, f"Return the {name} of it."
    return method


def _no_number(what: str, error: Exception) -> Exception:
    return type(error)(f"expected a result that a float can hold, found none for {what}.")


def _comparison(test: Callable[[Any, Any], Any], of_tensors: str) -> Any:
    """Return a comparison that returns a bool; beside an array, a bool for each element."""
    arrays = getattr(Tensor, of_tensors)

    def method(self: Value, other: Operand) -> Any:
        if isinstance(other, Value):
            return test(self._data, other._data)
        return test(self._data, other) if isinstance(other, NUMBERS) else arrays(self, other)

    return method


# --- Formulas that need more than a line ----------------------------------------------------------


def _power(a: float, b: float) -> tuple[float, float, float]:
    y = a**b
    if isinstance(y, complex):  # as (-8) ** (1/3) would be
        raise ValueError
    # a**0 is 1 everywhere: no slope, not even at 0. Nor has 0**b, which is 0 for every b > 0.
    # A negative a has real powers at integer b only, so its slope along b is nan.
    left = 0.0 if b == 0 else math.inf if a == 0 and b < 1 else b * a ** (b - 1)
    return y, left, y * math.log(a) if a > 0 else 0.0 if a == 0 else math.nan


def _larger(a: float, b: float) -> float:
    """Return the larger number, or nan if one of them is: Python's max depends on the order."""
    return a if a > b else b if b >= a else math.nan


def _bell(x: float) -> float:
    """Return the slope of the sigmoid, to the last digits: y * (1 - y) loses them where y is 1."""
    e = math.exp(-abs(x))
    return e / (1 + e) ** 2


def _sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)), written so that no x overflows."""
    e = math.exp(-abs(x))
    return (1 if x >= 0 else e) / (1 + e)


def _root(x: float) -> tuple[float, float]:
    y = math.sqrt(x)
    return y, 0.5 / y if y else math.inf


# --- The number itself ----------------------------------------------------------------------------


class Value(Tensor):
    """A number, and the gradient of a later result with respect to it; both are Python floats.

    It requires a gradient, unless it is told not to. `grad` is None until a `backward` reaches it.
    Where Python's floats raise, as in 1 / Value(0) or Value(1000).exp(), so do these:
    ArithmeticError or ValueError. Where they become inf, as in Value(1e308) * 10, so do these.
    What is no single real number raises TypeError.
    """

    __slots__ = ("_a", "_b", "_da", "_db", "_flow")

    # Floats, where other tensors have arrays.
    _data: float  # type: ignore[assignment]
    grad: float | None  # type: ignore[assignment]
    # What it was computed from, and the slopes along that; None where there is nothing.
    _a: Value | None
    _b: Value | None
    _da: float
    _db: float
    _flow: float  # the gradient that has come back so far, while `backward` runs

    def __init__(self, data: Number, requires_grad: bool = True, label: str | None = None) -> None:
        self.data = data
        self.grad = None
        self.requires_grad = requires_grad
        self.label = label
        self._op = ""
        self._a = self._b = None
        self._da = self._db = 0.0
        self._age = next_age()

    @property  # type: ignore[override]
    def data(self) -> float:
        """The number."""
        return self._data

    @data.setter  # type: ignore[override]
    def data(self, data: Number) -> None:
        if not isinstance(data, NUMBERS):
            array = np.asarray(None if isinstance(data, Tensor) else data)
            if array.ndim or array.dtype.kind not in "fiub":
                what = "a Value: pass its .data" if isinstance(data, Value) else found(data)
                raise TypeError(f"a Value holds one real number, such as 2.0; found {what}")
        self._data = float(data)

    def backward(self, gradient: float = 1.0) -> None:  # type: ignore[override]
        """Add the gradient of this value to `grad` of all that it was computed from, and its own.

        `gradient` is where to start. Calls accumulate, until `zero_grad`. Raise RuntimeError if no
        gradient is required, TypeError or ValueError for a `gradient` that is no finite number.
        """
        if not self.requires_grad:
            raise RuntimeError("nothing to differentiate: create what needs a gradient as a Value")
        nodes, met = [self], {self}
        for node in nodes:  # which grows on the way
            if (a := node._a) is not None and a.requires_grad and a not in met:
                met.add(a)
                nodes.append(a)
            if (b := node._b) is not None and b.requires_grad and b not in met:
                met.add(b)
                nodes.append(b)
        # Operands are older than results. So from the youngest on, each has its whole gradient when
        # its turn comes: all that it went into have passed on theirs.
        nodes.sort(key=attrgetter("_age"), reverse=True)
        for node in nodes:
            node._flow = 0.0  # not `grad`: what an earlier call left there must not flow again
        self._flow = as_number("gradient", gradient)
        for node in nodes:
            g = node._flow
            node.grad = g if node.grad is None else node.grad + g
            if (a := node._a) is not None and a.requires_grad:
                a._flow += g * node._da
            if (b := node._b) is not None and b.requires_grad:
                b._flow += g * node._db

    def zero_grad(self) -> None:
        """Make the gradient 0 again, if one is required."""
        if self.requires_grad:
            self.grad = 0.0

    # --- Operators: y, and its slopes along a and b -----------------------------------------------

    __add__, __radd__ = _infix("+", lambda a, b: (a + b, 1.0, 1.0), "__add__", "__radd__")
    __sub__, __rsub__ = _infix("-", lambda a, b: (a - b, 1.0, -1.0), "__sub__", "__rsub__")
    __mul__, __rmul__ = _infix("*", lambda a, b: (a * b, b, a), "__mul__", "__rmul__")
    __truediv__, __rtruediv__ = _infix(
        "/", lambda a, b: (a / b, 1 / b, -a / b / b), "__truediv__", "__rtruediv__"
    )
    __pow__, __rpow__ = _infix("**", _power, "__pow__", "__rpow__")
    maximum, _ = _infix(
        "max",
        lambda a, b: (_larger(a, b), (a > b) + 0.5 * (a == b), (b > a) + 0.5 * (a == b)),
        "maximum",
        "maximum",
    )

    __lt__, __le__ = _comparison(operator.lt, "__lt__"), _comparison(operator.le, "__le__")
    __gt__, __ge__ = _comparison(operator.gt, "__gt__"), _comparison(operator.ge, "__ge__")
    __eq__, __ne__ = _comparison(operator.eq, "__eq__"), _comparison(operator.ne, "__ne__")
    __hash__ = object.__hash__  # by identity, as of other tensors

    # --- Functions: y, and its slope along x ------------------------------------------------------

    __neg__ = _function("neg", lambda x: (-x, -1.0))
    __pos__ = _function("pos", lambda x: (x, 1.0))
    __abs__ = abs = _function("abs", lambda x: (abs(x), (x > 0) - (x < 0)))
    exp = _function("exp", lambda x: ((y := math.exp(x)), y))
    log = _function("log", lambda x: (math.log(x), 1 / x))
    sqrt = _function("sqrt", _root)
    sin = _function("sin", lambda x: (math.sin(x), math.cos(x)))
    cos = _function("cos", lambda x: (math.cos(x), -math.sin(x)))
    tan = _function("tan", lambda x: ((y := math.tan(x)), 1 + y * y))
    tanh = _function("tanh", lambda x: (math.tanh(x), 4 * _bell(2 * x)))
    relu = _function(  # of nan it is nan, as of tensors
        "relu", lambda x: (x, 1.0) if x > 0 else (0.0, 0.0) if x <= 0 else (x, 0.0)
    )
    sigmoid = _function("sigmoid", lambda x: (_sigmoid(x), _bell(x)))
    log_sigmoid = _function(
        "log_sigmoid", lambda x: (min(x, 0.0) - math.log1p(math.exp(-abs(x))), _sigmoid(-x))
    )

    # --- Among tensors ----------------------------------------------------------------------------

    @property
    def _edges(self) -> tuple[Edge, ...]:  # type: ignore[override]
        if self._a is None:
            return ()
        if self._b is None:
            return ((self._a, self._da),)
        return (self._a, self._da), (self._b, self._db)

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Take what was copied or pickled, but for the edges: they are made of the rest."""
        for name, value in state[1].items():
            if name != "_edges":
                setattr(self, name, value)

    def _keep(self, g: Any) -> None:
        self.grad = float(g if self.grad is None else self.grad + g)

    def _fit(self, g: Any) -> Any:
        return g if isinstance(g, float) else float(g.sum())
