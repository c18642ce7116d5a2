"""An expression that a person types becomes a graph of tensors: `tanh(w*x + b)`."""

import ast
import math
import operator
import unicodedata
from collections.abc import Callable, Mapping

from simplenet.autodiff import Tensor

_BINARY: dict[type[ast.operator], Callable[[Tensor, Tensor], Tensor]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Tensor], Tensor]] = {
    ast.USub: operator.neg,
    ast.UAdd: lambda tensor: tensor,
}
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": Tensor.exp,
    "log": Tensor.log,
    "sqrt": Tensor.sqrt,
    "sin": Tensor.sin,
    "cos": Tensor.cos,
    "tan": Tensor.tan,
    "tanh": Tensor.tanh,
    "sigmoid": Tensor.sigmoid,
    "relu": Tensor.relu,
    "abs": Tensor.abs,
}


def evaluate(text: str, values: Mapping[str, float]) -> Tensor:
    """Return the value of an expression of numbers, names, + - * / ** and FUNCTIONS.

    Every name becomes one tensor that requires a gradient, labelled with it. Raise ValueError for
    anything else in the text, for a name without a value, and for a value without its name there.
    """
    tensors = {  # by names as Python's parser spells them: it turns a micro sign into the letter mu
        unicodedata.normalize("NFKC", name): Tensor(value, requires_grad=True, label=name)
        for name, value in values.items()
    }

    def build(node: ast.AST) -> Tensor:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                if not math.isfinite(number):
                    raise OverflowError
                return Tensor(float(number), label=ast.unparse(node))
            case ast.Name(id=name) if name in tensors:
                return tensors[name]
            case ast.Name(id=name):
                raise ValueError(f"expected a value for {name}, found none: add {name}=2.")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](build(left), build(right))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return _UNARY[type(op)](build(operand))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if (
                name in FUNCTIONS
            ):
                return FUNCTIONS[name](build(argument))
        raise ValueError(
            f"expected numbers, names, + - * / ** ( ) and {', '.join(FUNCTIONS)}; found "
            f"{ast.unparse(node)!r}."
        )

    try:
        tree = ast.parse(text.strip(), mode="eval")
        result = build(tree.body)
    except OverflowError as error:
        raise ValueError(
            f"expected numbers below 1.8e308, found larger in {text[:60]!r}."
        ) from error
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"expected a shorter expression than {text[:60]!r}...") from error
    except SyntaxError as error:
        raise ValueError(f"expected an expression such as a*b + c, found {text[:60]!r}.") from error
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in sorted(tensors.keys() - used):
        raise ValueError(
            f"expected values only for names of the expression, found one for {name}, which is "
            f"not in {text.strip()[:60]!r}."
        )
    return result
