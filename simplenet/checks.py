"""Arguments that cannot be what was meant: one sentence for each, with the argument's name."""

import contextlib
import math
import operator
import os
import reprlib
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

MOST_NEURONS = 1_000_000  # in one layer; a slip of the keyboard more often than a wish
MOST_LAYERS = 10_000
MOST_PARAMETERS = 1_000_000_000  # of a net: 4 GB, and as much for their gradients
MOST_ITEMS = 100_000_000  # in a list: it takes ten times the memory of an array

LONGEST_PATH = 2**17  # in bytes, as of an argument in Linux; files have shorter ones
MOST_SEEDS = 1000  # in a list that is one seed

_SOURCES = np.random.Generator, np.random.BitGenerator, np.random.SeedSequence
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def found(value: object) -> str:
    """Return a few words that tell a person what this is."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    kind = type(value).__name__
    if kind == "Run":
        return "a Run: use run.net"
    if kind in ("Net", "Data"):
        return f"a {kind}"
    if kind == "Examples":
        return "Examples: use their images, or their labels"
    try:
        return _SHORT.repr(value)
    except Exception:  # such as an integer with more digits than Python writes
        return f"a value of type {kind}"


def as_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """Return the value as an array. Raise ValueError for what is none, such as a ragged list."""
    if type(value) is np.ndarray:
        return value
    try:
        if isinstance(value, str | bytes | Mapping) or not _may_be_array(value):
            raise TypeError
        return np.asarray(value)
    except Exception as error:  # of whatever __array__ or __len__ it has
        raise ValueError(f"{name}: expected an array, found {found(value)}.") from error


def _may_be_array(value: object) -> bool:
    """Return whether it may be asked for an array, which could take long or all memory."""
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return True
    return not isinstance(value, Collection) or (
        isinstance(value, Sequence) and len(value) <= MOST_ITEMS
    )


def check_finite(name: str, array: NDArray[Any]) -> None:
    """Raise ValueError for nan or inf."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, found nan or inf.")


def as_number(
    name: str,
    value: float,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Return a finite number within limits as a float. Raise ValueError for anything else."""
    if type(value) is float and least <= value < below and value > above:
        return value
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if not (least <= number < below and number > above):
        limits = {"of at least": least, "above": above, "below": below}
        words = [f"{what} {limit:g}" for what, limit in limits.items() if math.isfinite(limit)]
        expected = f"a finite number {' and '.join(words)}".strip()
        raise ValueError(f"{name}: expected {expected}, found {found(value)}.")
    return number


def as_integer(name: str, value: int, least: int, what: str) -> int:
    """Return a whole number of at least so much. Raise ValueError, with what it is, for others."""
    try:
        number = operator.index(value)
    except Exception:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"{name}: expected at least {least} {what}, found {found(value)}.")
    return number


def as_sizes(name: str, value: Sequence[int]) -> tuple[int, ...]:
    """Return the layer sizes of a net. Raise ValueError for what makes none."""
    sizes: list[object] = []
    shown = found(value)
    with contextlib.suppress(Exception):  # of what its length or its elements raise
        if isinstance(value, np.ndarray) and value.ndim == 1:
            sizes, shown = [*value[:MOST_LAYERS]], found(value.tolist())
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            sizes = [*value[:MOST_LAYERS]]
        if len(sizes) < len(value):
            sizes = []
    if len(sizes) < 2 or not all(map(_is_size, sizes)):
        expected = f"2 or more layer sizes from 1 to {MOST_NEURONS:,}, such as (784, 40, 10)"
        raise ValueError(f"{name}: expected {expected}; found {shown}.")
    whole = tuple(operator.index(n) for n in sizes)  # type: ignore[arg-type]  # _is_size has looked
    count = sum(n * m + m for n, m in pairwise(whole))
    if count > MOST_PARAMETERS:
        raise ValueError(
            f"{name}: expected layers with at most {MOST_PARAMETERS:,} parameters together, found "
            f"{count:,} of {found(whole)}."
        )
    return whole


def _is_size(n: object) -> bool:
    """Return whether a layer can have n neurons."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        return False
    return 1 <= int(n) <= MOST_NEURONS


def as_float_dtype(name: str, value: DTypeLike) -> np.dtype[Any]:
    """Return a dtype of floats in the machine's byte order. Raise ValueError for another."""
    try:
        if value is None:  # which would be float64 for numpy
            raise TypeError
        dtype = np.dtype(value).newbyteorder("=")
        shown = str(dtype)
    except Exception:
        dtype, shown = np.dtype(object), found(value)
    if dtype.kind != "f":
        raise ValueError(f"{name}: expected a float such as float32, found {shown}.")
    return dtype


def as_rng(name: str, value: np.random.Generator | int) -> np.random.Generator:
    """Return a generator, or that of a seed. Raise ValueError for what is neither."""
    try:
        if isinstance(value, _SOURCES):
            return np.random.default_rng(value)
        if isinstance(value, bool):
            raise TypeError
        # Only numbers go on to numpy: a list that holds itself would end the whole process there.
        alone = not isinstance(value, list | tuple | np.ndarray)
        seed: Any = [value] if alone else value
        numbers = [operator.index(number) for number in seed[:MOST_SEEDS]]
        if len(numbers) < len(seed):
            raise TypeError
        return np.random.default_rng(numbers[0] if alone else numbers)
    except Exception as error:
        expected = "a seed of 0 or more, or a generator such as np.random.default_rng(0)"
        raise ValueError(f"{name}: expected {expected}; found {found(value)}.") from error


def as_path(name: str, value: str | os.PathLike[str]) -> str:
    """Return a path as text. Raise TypeError or ValueError for what names no file."""
    path = None
    if isinstance(value, str | os.PathLike):
        try:
            path = os.fspath(value)
            encoded = os.fsencode(path)
        except Exception:
            path = None
    if not isinstance(path, str):
        raise TypeError(f"{name}: expected a path, found {found(value)}.")
    if b"\0" in encoded or not 0 < len(encoded) <= LONGEST_PATH:
        raise ValueError(f"{name}: expected the name of a file or folder, found {found(value)}.")
    return path


def check_flag(name: str, value: bool) -> None:
    """Raise TypeError for what is neither True nor False: any text would count as True."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name}: expected True or False, found {found(value)}.")


def check_callable(name: str, value: object, expected: str, *, optional: bool = True) -> None:
    """Raise TypeError for what cannot be called, and for None unless it is optional."""
    if not (callable(value) or (optional and value is None)):
        raise TypeError(f"{name}: expected {expected}, found {found(value)}.")


def check_masks(masks: object, shape: Sequence[int], rows: int) -> None:
    """Raise ValueError for what cannot multiply the activations of so many rows."""
    if not isinstance(masks, Mapping):
        expected = "a dict from layers to arrays, such as {1: mask}"
        raise ValueError(f"masks: expected {expected}; found {found(masks)}.")
    for l, mask in masks.items():
        if isinstance(l, bool) or not isinstance(l, int) or not 0 <= l < len(shape) - 1:
            raise ValueError(
                f"masks: expected layers from 0 to {len(shape) - 2}, found {found(l)}."
            )
        array = as_array(f"masks[{l}]", mask)
        if array.shape != (rows, shape[l]) or array.dtype.kind not in "fiub":
            expected = f"numbers of shape {(rows, shape[l])}"
            raise ValueError(f"masks[{l}]: expected {expected}, found {found(array)}.")
