"""What a model file must hold, so that what it says of a run can be believed."""

import json
import math
import sys
from collections.abc import Collection
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simplenet.datasets.folders import AS_THEY_ARE, PREPARED, REMEMBERED
from simplenet.datasets.sources import PARTS
from simplenet.errors import ModelError
from simplenet.functions import Floats
from simplenet.net import Net
from simplenet.optimizers import OPTIMIZERS, check_epsilon, owner
from simplenet.options import OPTIONS, checked, resolve_options
from simplenet.sharing import in_pieces
from simplenet.training.batches import rows_of_blocks
from simplenet.training.run import Epoch, Run, kind_of

_MOST = sys.float_info.max  # JSON may hold integers beyond it


_MOST_TEXT = 1000  # characters
_MOST_NESTED = 8
_MOST_VERSIONS = 20
_EXTRA = "best/params", "last/params", "average/params"
_KEYS = {
    "format", "shape", "activations", "cost", "options", "data", "images", "position", "best",
    "last", "history", "measured", "versions",
}  # fmt: skip


def check_plain(value: Any, depth: int = 0) -> None:
    """Raise ModelError for what JSON can hold but no description does, wherever it is.

    That are texts which cannot be shown or are very long, numbers that are not finite or larger
    than any float, and what is nested deeper.
    """
    if isinstance(value, str):
        expect("short texts that can be printed", value, _is_text(value))
    elif isinstance(value, int | float):
        expect("numbers that a float can hold", value, abs(value) <= _MOST)
    elif isinstance(value, list | dict):
        expect("values nested less deeply", "more", depth < _MOST_NESTED)
        if isinstance(value, dict):
            for name in value:
                check_plain(name, depth + 1)
            value = value.values()
        for item in value:
            check_plain(item, depth + 1)


def _is_text(text: str) -> bool:
    return len(text) <= _MOST_TEXT and text.isprintable()  # lone surrogates and escapes are not


def check_keys(about: Collection[str], arrays: Collection[str], later: Collection[str]) -> None:
    """Raise ModelError unless a description, and the arrays beside it, have the names they need.

    A description of an earlier format lacks some, which came later.
    """
    keys = _KEYS - set(later)
    for what, names in (
        ("without", keys - set(about)),
        ("with the unknown", set(about) - keys),
        ("without", {"params"} - set(arrays)),
        ("with the unknown", {name for name in arrays if not _is_array(name)}),
    ):
        if names:
            raise ModelError(
                f"expected a simplenet model, found a file {what} "
                f"{shortened(', '.join(sorted(names)), 100)}."
            )


def _is_array(name: str) -> bool:
    """Return whether an array of this name belongs into a model file."""
    return name == "params" or name.startswith("state/") or name in _EXTRA


def check_views(net: Net) -> None:
    """Raise ModelError if the matrices of a net are not made of the parameters that it has."""
    shapes = [*pairwise(net.shape), *((n,) for n in net.shape[1:])]
    arrays, at = (*net.W, *net.b), 0
    is_right = len(arrays) == len(shapes) and sum(map(math.prod, shapes)) == net.params.size
    for array, shape in zip(arrays, shapes):
        part = net.params[at : at + math.prod(shape)]
        is_right = is_right and array.shape == shape and np.array_equal(array.reshape(-1), part)
        at += part.size
    if not is_right:
        raise ModelError(
            f"expected W and b of the net {shortened(repr(net.shape), 100)} to be views into its "
            "params, as init_net makes them; found others: change their numbers in place."
        )


def check_records(about: dict[str, Any], net: Net) -> None:
    """Raise ModelError unless everything that JSON holds has the right type and range."""
    position, history, images = about["position"], about["history"], about["images"]
    marks = [about[name] for name in ("best", "last") if about[name] is not None]
    versions, inputs = about["versions"], net.shape[0]
    integers = ("epochs", "images", "correct")
    for name, value, is_right in (
        ("options", about["options"], isinstance(about["options"], dict)),
        (
            "versions",
            versions,
            isinstance(versions, dict)
            and len(versions) <= _MOST_VERSIONS
            and all(isinstance(version, str) for version in versions.values()),
        ),
        ("data", about["data"], about["data"] == {} or _is_data(about["data"], net.shape)),
        (
            "position",
            position,
            isinstance(position, dict)
            and position.keys() == {*integers, "cost"}
            and all(is_integer(position[key]) for key in integers)
            and _is_number(position["cost"]),
        ),
        (
            "history",
            history,
            isinstance(history, list)
            and all(_is_record(record, epoch) for epoch, record in enumerate(history, 1)),
        ),
        ("measured", about["measured"], _is_measured(about["measured"])),
        (
            "best and last epoch",
            marks,
            all(is_integer(mark, 1) and mark <= len(history) for mark in marks),
        ),
        (
            "images",
            images,
            images == [] or (_is_size(images[:1]) and _is_size(images[1:], inputs)),
        ),
    ):
        expect(name, value, is_right)


def check_run(run: Run) -> None:
    """Raise ModelError unless the parts of a run fit each other, and can be gone on with."""
    _check_params(run)
    _check_state(run.net)
    _check_settings(run)
    _check_position(run)


def _check_params(run: Run) -> None:
    """Raise ModelError unless the parameters of the net, and those beside, are whole and finite."""
    params = run.net.params
    for name, array in {"weights": params, **extra_params(run)}.items():
        if array.shape != params.shape or array.dtype != params.dtype:
            raise ModelError(
                f"expected {params.size:,} {params.dtype} numbers as the {name} parameters, found "
                f"{array.dtype} of shape {array.shape}."
            )
        if not _is_finite(array):
            what = "weights" if name == "weights" else f"{name} parameters"
            raise ModelError(f"the net has {what} that are not finite.")


def _check_state(net: Net) -> None:
    """Raise ModelError unless the optimizers can go on with what they remembered."""
    for optimizer, (init, _) in OPTIMIZERS.items():
        found = {
            name.partition(".")[2]: array
            for name, array in net.state.items()
            if owner(name) == optimizer
        }
        fresh = init(net.params[:1]) if found else {}  # as of one parameter: it may have many
        if found.keys() != fresh.keys():
            raise ModelError(
                f"expected the state of {optimizer} to be {', '.join(sorted(fresh))}; found "
                f"{shortened(', '.join(sorted(found)), 100)}."
            )
        for key, array in found.items():
            shape = net.params.shape if fresh[key].ndim else ()
            if (array.shape, array.dtype) != (shape, fresh[key].dtype):
                raise ModelError(
                    f"expected {fresh[key].dtype} of shape {shape} as the state "
                    f"{optimizer}.{key}, found {array.dtype} of shape {array.shape}."
                )
            if key in ("square", "steps") and array.min() < 0:
                raise ModelError(f"expected a state {optimizer}.{key} of 0 or more, found less.")
    for name, array in net.state.items():
        if array.dtype.kind not in "fiub" or not _is_finite(array):
            raise ModelError(f"expected finite numbers as the state {name}, found others.")


def _check_settings(run: Run) -> None:
    """Raise ModelError unless the options are right, and go together where a run can go on."""
    settings, net = run.settings, run.net
    training = {
        name: value
        for name, value in settings.items()
        if name in OPTIONS and not OPTIONS[name].of_net
    }
    functions = {name: settings[name] for name in ("activation", "init") if name in settings}
    try:
        functions = {name: checked(name, value) for name, value in functions.items()}
        if run.image_shape:
            right = resolve_options(training, **kind_of(net))
            check_epsilon(right["optimizer"], right.get("epsilon", math.inf), net.params)
        else:  # none, or the record of a run that cannot go on, from a file of format 1
            right = {name: checked(name, value) for name, value in training.items()}
    except (ValueError, TypeError) as error:
        raise ModelError(f"expected options that go together, found: {error}") from error
    expect("options", functions, None not in functions.values())
    expect("options", training, right == training and right.get("validation", 0) is not None)
    unknown = sorted(settings.keys() - OPTIONS.keys() - {"threads"})
    if unknown:
        raise ModelError(
            "expected options of this version of simplenet, found "
            f"{shortened(', '.join(unknown), 100)}: use the version that wrote it."
        )
    described = {
        "shape": list(net.shape),
        "hidden": list(net.shape[1:-1]),
        "activation": _activation(net, settings.get("activation")),
        "output_activation": net.activations[-1],
        "cost": net.cost,
    }
    for name, value in settings.items():
        if name in described:  # as JSON, 1, 1.0 and True differ
            expect("options", {name: value}, json.dumps(value) == json.dumps(described[name]))
        if name == "threads":
            expect("options", {name: value}, is_integer(value))


def _activation(net: Net, recorded: Any) -> Any:
    """Return the option that gives a net its hidden layers: one name where one is recorded."""
    hidden = list(net.activations[:-1])
    if not hidden:
        return recorded
    return hidden[0] if isinstance(recorded, str) and len({*hidden}) == 1 else hidden


def _check_position(run: Run) -> None:
    """Raise ModelError unless a run that can go on stands between two blocks."""
    position = run.epoch, run.images, run.cost, run.correct
    if run.image_shape:
        learned = run.image_shape[0] - run.settings["validation"]
        expect("images held out", run.settings["validation"], learned > 0)
        rows = rows_of_blocks(run.settings["batch_size"])
        begun = 0 < run.images < learned and run.images % rows == 0 and run.correct <= run.images
        expect(
            "position",
            position,
            run.epoch == len(run.history) and (begun or position[1:] == (0, 0, 0)),
        )
    if run.last:
        expect(
            "last epoch",
            run.last.epoch,
            (run.best is not None or run.average is not None)
            and run.images == 0
            and run.last.epoch == run.epoch,
        )
    expect(
        "measured",
        run.measured,
        not run.measured or (run.measured["epoch"], 0) == (run.epoch, run.images),
    )
    begun = run.epoch > 0 or run.images > 0
    expect(
        "averaged parameters with the option average, or neither",
        run.settings.get("average"),
        (run.average is not None) == (begun and bool(run.settings.get("average"))),
    )


def expect(name: str, value: Any, is_right: bool) -> None:
    """Raise ModelError, which names what was expected and shows what was found, unless right."""
    if not is_right:
        raise ModelError(
            f"expected {name} as `simplenet train` records them, or nothing; found "
            f"{shortened(repr(value), 100)}."
        )


def shortened(what: object, most: int = 600) -> str:
    """Return a text, cut if it is longer: what is found in a hostile file may be megabytes."""
    text = str(what)
    return text if len(text) <= most else f"{text[:most]}..."


def _is_finite(array: NDArray[Any]) -> bool:
    """Return whether all numbers are finite, without a copy as large as they are."""
    return all(in_pieces(lambda piece: bool(np.isfinite(piece).all()), array))


def _is_record(record: Any, epoch: int) -> bool:
    """Return whether this is the record of that epoch, as a file has it."""
    names = {field.name for field in fields(Epoch)} - {"seconds"}
    return (
        isinstance(record, dict)
        and record.keys() == names
        and is_integer(record["epoch"])
        and record["epoch"] == epoch
        and _is_number(record["cost"])
        and _is_number(record["accuracy"], 1)
        and (record["validation_accuracy"] is None or _is_number(record["validation_accuracy"], 1))
        and _is_number(record["lr"])
    )


def _is_data(data: Any, shape: tuple[int, ...]) -> bool:
    """Return whether this names a data set, with the digests of its files."""
    return (
        _holds(data, {"name": str, "sha256": dict})
        and data.keys() <= {"name", "size", "sha256", "pictures", "classes"}
        and _holds(data["sha256"], dict.fromkeys(PARTS, str))
        and data["sha256"].keys() == set(PARTS)
        and ("size" not in data or _is_size(data["size"], shape[0]))
        and (
            "classes" not in data
            or (_are_texts(data["classes"], shape[-1]) and len(data["classes"]) == shape[-1])
        )
        and ("pictures" not in data or _are_pictures(data["pictures"]))
    )


def _are_pictures(pictures: Any) -> bool:
    """Return whether this tells how pictures were read, and by which they are known again."""
    return (
        _holds(pictures, {"how": str, "held_out": bool, "learned": list})
        and pictures.keys() == {"how", "held_out", "learned"}
        and pictures["how"] in (AS_THEY_ARE, PREPARED)
        and _are_texts(pictures["learned"], REMEMBERED)
    )


def _are_texts(texts: Any, most: int) -> bool:
    """Return whether these are different texts, and no more than so many."""
    return (
        isinstance(texts, list)
        and len(texts) <= most
        and all(isinstance(text, str) for text in texts)
        and len({*texts}) == len(texts)
    )


def _is_measured(measured: Any) -> bool:
    """Return whether this is what a finished run scored on test images, or nothing."""
    if measured == {}:
        return True
    known = {"data": str, "sha256": dict, "weights": str}
    return (
        _holds(measured, known)
        and measured.keys() == {*known, "epoch", "images", "accuracy", "cost", "margin"}
        and measured["sha256"].keys() == {part for part in PARTS if part.startswith("test")}
        and _holds(measured["sha256"], dict.fromkeys(measured["sha256"], str))
        and is_integer(measured["epoch"])
        and is_integer(measured["images"], 1)
        and _is_number(measured["accuracy"], 1)
        and _is_number(measured["cost"])
        and (measured["margin"] is None or _is_number(measured["margin"]))
    )


def _is_size(size: Any, pixels: int | None = None) -> bool:
    """Return whether these may be the sizes of an image, such as rows and columns."""
    return (
        isinstance(size, list)
        and all(is_integer(n, 1) and n <= sys.maxsize for n in size)
        and pixels in (None, math.prod(size))
    )


def is_integer(value: Any, least: int = 0) -> bool:
    """Return whether this is an integer, and as large as that."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_number(value: Any, most: float = _MOST) -> bool:
    """Return whether this is a number from 0 to the most."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _holds(record: Any, kinds: dict[str, Any]) -> bool:
    """Return whether this is a dict with values of these kinds under these keys."""
    return isinstance(record, dict) and all(
        isinstance(record.get(key), kind) for key, kind in kinds.items()
    )


def extra_params(run: Run) -> dict[str, Floats]:
    """Return the vectors of parameters that a run keeps beside those of its net."""
    found = {
        "best": run.best.params if run.best else None,
        "last": run.last.params if run.last else None,
        "average": run.average,
    }
    return {name: params for name, params in found.items() if params is not None}
