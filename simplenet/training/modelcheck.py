"""What a model file must hold, so that what it says of a run can be believed."""

import json
import math
import sys
import textwrap
from dataclasses import fields
from typing import Any

import numpy as np

from simplenet.datasets.sources import PARTS
from simplenet.errors import ModelError
from simplenet.functions import Floats
from simplenet.net import Net
from simplenet.optimizers import OPTIMIZERS, check_epsilon, owner
from simplenet.options import OPTIONS, checked, resolve_options
from simplenet.training.batches import rows_of_blocks
from simplenet.training.run import Epoch, Run, kind_of

_MOST = sys.float_info.max  # JSON may hold integers beyond it


def check_records(about: dict[str, Any], net: Net) -> None:
    """Raise ModelError unless everything that JSON holds has the right type and range."""
    position, history, images = about["position"], about["history"], about["images"]
    marks = [about[name] for name in ("best", "last") if about[name] is not None]
    versions, inputs = about["versions"], net.shape[0]
    integers = ("epochs", "images", "correct")
    for name, value, is_right in (
        ("options", about["options"], isinstance(about["options"], dict)),
        ("versions", versions, _holds(versions, dict.fromkeys(versions, str))),
        ("data", about["data"], about["data"] == {} or _is_data(about["data"], inputs)),
        (
            "position",
            position,
            isinstance(position, dict)
            and all(is_integer(position[key]) for key in integers)
            and _is_number(position["cost"]),
        ),
        (
            "history",
            history,
            isinstance(history, list)
            and all(_is_record(record, epoch) for epoch, record in enumerate(history, 1)),
        ),
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
        if not np.isfinite(array).all():
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
        fresh = init(net.params) if found else {}
        if found.keys() != fresh.keys():
            raise ModelError(
                f"expected the state of {optimizer} to be {', '.join(sorted(fresh))}; found "
                f"{', '.join(sorted(found))}."
            )
        for key, array in found.items():
            if (array.shape, array.dtype) != (fresh[key].shape, fresh[key].dtype):
                raise ModelError(
                    f"expected {fresh[key].dtype} of shape {fresh[key].shape} as the state "
                    f"{optimizer}.{key}, found {array.dtype} of shape {array.shape}."
                )
            if key in ("square", "steps") and (array < 0).any():
                raise ModelError(f"expected a state {optimizer}.{key} of 0 or more, found less.")
    for name, array in net.state.items():
        if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
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
    described = {
        "shape": list(net.shape),
        "activation": net.activations[0] if len(net.W) > 1 else settings.get("activation"),
        "output_activation": net.activations[-1],
        "cost": net.cost,
    }
    for name, value in settings.items():
        if name in described:  # as JSON, 1, 1.0 and True differ
            expect("options", {name: value}, json.dumps(value) == json.dumps(described[name]))
        if name == "threads":
            expect("options", {name: value}, is_integer(value))


def _check_position(run: Run) -> None:
    """Raise ModelError unless a run that can go on stands between two blocks."""
    position = run.epoch, run.images, run.cost, run.correct
    if run.image_shape:
        learned = run.image_shape[0] - run.settings["validation"]
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
            run.best is not None and run.images == 0 and run.last.epoch == run.epoch,
        )


def expect(name: str, value: Any, is_right: bool) -> None:
    """Raise ModelError, which names what was expected and shows what was found, unless right."""
    if not is_right:
        raise ModelError(
            f"expected {name} as `simplenet train` records them, or nothing; found "
            f"{textwrap.shorten(repr(value), 100)}."
        )


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


def _is_data(data: Any, pixels: int) -> bool:
    """Return whether this names a data set, with the digests of its files."""
    return (
        _holds(data, {"name": str, "sha256": dict})
        and _holds(data["sha256"], dict.fromkeys(PARTS, str))
        and ("size" not in data or _is_size(data["size"], pixels))
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
