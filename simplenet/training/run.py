"""A training run is plain data: `start` makes one, and `advance` takes it on, block by block."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simplenet.checks import check_callable, found
from simplenet.errors import DataError, DivergedError
from simplenet.functions import Floats
from simplenet.memory import aligned
from simplenet.net import (
    Masks,
    Net,
    backward,
    check_net,
    forward,
    net_around,
    optimize,
    zero_grad,
)
from simplenet.optimizers import Rule, check_epsilon, forget, optimizer
from simplenet.options import DISTORTION_NAMES, TrainingOptions, default_lr, resolve_options
from simplenet.schedules import OF_LENGTH, SCHEDULES
from simplenet.sharing import Pace, in_pieces, settle
from simplenet.training.batches import (
    Images,
    Labels,
    check_fit,
    gather,
    one_hot,
    rows_of_blocks,
    to_inputs,
)
from simplenet.training.blas import WORTH_SHARING, largest_product
from simplenet.training.block import are_finite, averaged, distort_block, masks_of_block
from simplenet.training.evaluation import predict
from simplenet.training.order import TOGETHER, Indices, Together, shuffled, split
from simplenet.training.wide import WideStep

OF_RULE = "momentum", "rho", "beta1", "beta2", "epsilon", "weight_decay", "l1", "l2", "clip"


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch brought; accuracies lie between 0 and 1."""

    epoch: int  # counted from 1
    cost: float  # mean over the samples, each before it was learned from; without L1 and L2
    accuracy: float  # of the same predictions
    validation_accuracy: float | None  # after the epoch; None with nothing held out
    lr: float  # of the last step
    seconds: float | None = None  # by the generator that ended it; None where read from a file


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after a block of minibatches."""

    epoch: int  # counted from 1
    images: int  # learned from in this epoch
    total: int  # to be learned from in each epoch
    record: Epoch | None  # of the epoch, if this was its last block


@dataclass(slots=True, eq=False)
class Snapshot:
    """The parameters of a net, as they were after an epoch."""

    epoch: int
    params: Floats


@dataclass(slots=True, eq=False)
class Run:
    """Everything that going on with a training needs; a model file is a run written down.

    At the end, `net` is the network to use: averaging puts the average into it, early stopping the
    best parameters; those that it ended with are kept as `last`, from which a longer run goes on.
    """

    net: Net
    settings: dict[str, Any] = field(default_factory=dict)  # options that apply, with their values
    epoch: int = 0  # epochs finished
    images: int = 0  # images of the next epoch that have been learned from
    cost: float = 0.0  # of these images: the sum
    correct: int = 0  # of these images: how many were recognised
    history: list[Epoch] = field(default_factory=list)  # a record for each epoch finished
    best: Snapshot | None = None  # of the epoch with the best validation accuracy, with patience
    last: Snapshot | None = None  # of the last epoch, where `net` has the best parameters instead
    average: Floats | None = None  # (P,), of the parameters along the way
    image_shape: tuple[int, ...] = ()  # (n, ...), of all training images
    data: dict[str, Any] = field(default_factory=dict)  # name, size, SHA-256 of each raw file
    measured: dict[str, Any] = field(default_factory=dict)  # on test images, with these weights
    versions: dict[str, str] = field(default_factory=dict)  # of what wrote the file it is from
    sha256: str = ""  # of the file it is from, all of it

    def __post_init__(self) -> None:
        check_net(self.net)

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to learn under these settings."""
        epochs: int = self.settings.get("epochs", 0)
        return self.stopped_early or self.epoch >= epochs

    @property
    def stopped_early(self) -> bool:
        """Whether its patience is over: so many epochs have brought nothing better."""
        patience: int = self.settings.get("patience", 0)
        return self.best is not None and self.epoch - self.best.epoch >= patience > 0

    @property
    def network(self) -> Net:
        """The network to use: `net`, or one with the average where a run that has one goes on."""
        if self.average is None or self.last:
            return self.net
        return net_around(self.average, self.net.shape, self.net.activations, self.net.cost)

    @property
    def weights_epoch(self) -> int:
        """The epoch after which the net had the parameters that it has."""
        return self.best.epoch if self.best and self.last else self.epoch


def start(
    net: Net, images: ArrayLike, labels: ArrayLike, **options: Unpack[TrainingOptions]
) -> Run:
    """Return a run that trains this net, which `advance` is to do.

    Options are those of `simplenet.options`, except the ones of the net: epochs, batch_size, lr,
    seed, optimizer and so on. What an optimizer has remembered of an earlier run is forgotten.

    Raise DataError for images that do not fit the net, ValueError and TypeError for options.
    """
    check_net(net)
    settings = resolve_options(options, **kind_of(net))
    images, labels = check_fit(net, images, labels)
    _, held_out = split(len(images), settings["validation"])
    settings["validation"] = len(held_out)
    if settings["patience"] and not len(held_out):
        raise ValueError(
            "patience: expected images held out to validate on, found none: "
            f"{len(images)} are too few, unless validation says how many."
        )
    if images.ndim != 3 and any(map(settings.get, DISTORTION_NAMES)):
        raise DataError(
            f"images: expected the shape (n, rows, columns), in which they can be distorted, found "
            f"{images.shape}."
        )
    check_epsilon(settings["optimizer"], settings.get("epsilon", math.inf), net.params)
    forget(net)
    return Run(net, settings, image_shape=images.shape)


def extend(run: Run, epochs: int) -> None:
    """Let a run go on until it has so many epochs, as if it had been started with them.

    Raise ValueError for fewer than it has, and where its schedule depends on their number: what is
    past would have been another.
    """
    now, schedule = run.settings["epochs"], run.settings["schedule"]
    if epochs < now:
        raise ValueError(f"epochs: expected at least the {now} of the run, found {epochs}.")
    if epochs > now and schedule in OF_LENGTH:
        raise ValueError(
            f"epochs: expected the {now} of the run, on which each step of its {schedule} schedule "
            f"depends, found {epochs}: start a new run for more."
        )
    run.settings["epochs"] = epochs


def four_calls(
    net: Net, x: Floats, y: Floats, lr: float, rule: Rule | None, masks: Masks | None
) -> tuple[Floats, float]:
    """Learn from one minibatch by the four calls; return what was predicted, and the mean cost."""
    zero_grad(net)
    predicted = forward(net, x, masks)
    cost = backward(net, y)
    optimize(net, lr, rule)
    return predicted, cost


def validate(
    net: Net, images: Images, labels: Labels, held_out: Indices, *, most: int = 5000
) -> float:
    """Return the accuracy on the images held out, at `most` so many at a time: each is copied."""
    correct = 0
    for first in range(0, len(held_out), most):
        some = held_out[first : first + most]
        correct += int(np.count_nonzero(predict(net, images[some]) == labels[some]))
    return correct / len(held_out)


Step = Callable[[Net, Floats, Floats, float, Rule | None, Masks | None], tuple[Floats, float]]
Validate = Callable[[Net, Images, Labels, Indices], float]


def advance(
    run: Run,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    step: Step | None = None,
    validate: Validate = validate,
    together: Together = TOGETHER,
) -> Iterator[Progress]:
    """Train, yielding after each block of about a thousand images, until the run is finished.

    It may be left after any block and taken up again, here or in another process, with the images
    and labels that it was started with: the result is the same, bit for bit. The run is brought up
    to date before each yield. Nothing happens until the first block is asked for. `step` and
    `validate` say how to learn from a minibatch (by the four calls, if nothing is said, or by
    `WideStep` where products are large), and how to measure the net after an epoch; `together`
    says how many images are shuffled at once. A run keeps none of the three: to take it up again,
    give the same.

    Raise ValueError for a run that `start` did not make, DataError for images of another shape
    than at the start, or with numbers that are not finite. Raise DivergedError when the cost or a
    weight is no longer finite. After this or anything else that ends a block early, the run stands
    where it stood before the block.
    """
    if not isinstance(run, Run):
        raise TypeError(f"run: expected a Run, as start returns, found {found(run)}.")
    check_callable("step", step, "a function such as WideStep()")
    check_callable("validate", validate, "a function that returns an accuracy", optional=False)
    if not isinstance(together, Together):
        raise TypeError(f"together: expected Together(...), found {found(together)}.")
    if not run.settings:
        raise ValueError("run: expected one with settings, as `start` returns, found none.")
    if not run.image_shape:
        raise ValueError(
            "run: expected one that knows the shape of its images, as `start` returns; found one "
            "from a file of an earlier format, which holds too little to go on: start a new run."
        )
    if step is None:
        wide = largest_product(run.net.shape, run.settings["batch_size"]) >= WORTH_SHARING
        step = WideStep() if wide else four_calls
    images, labels = check_fit(run.net, images, labels)
    if images.shape != run.image_shape:
        raise DataError(
            f"images: expected those that the run was started with, of shape {run.image_shape}, "
            f"found {images.shape}."
        )
    return _advance(run, images, labels, step, validate, together)


def train(
    net: Net,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    progress: Callable[[int, int], None] | None = None,
    step: Step | None = None,
    validate: Validate = validate,
    **options: Unpack[TrainingOptions],
) -> Iterator[Epoch]:
    """Train a net, yielding one record after each epoch: loop over them, or nothing is trained.

    Options are those of `start`, `step` and `validate` as in `advance`. `progress(epoch, images)`
    is called every thousand images or so, with how many of this epoch are done; what it raises ends
    the training, with the net as it is then. With `patience`, the net ends with the parameters that
    had the best validation accuracy.

    Raise what `start` and `advance` do. After a divergence, the net stands as before the block of
    about a thousand images that diverged.
    """
    check_callable("progress", progress, "a function of an epoch and a number of images")
    run = start(net, images, labels, **options)
    return _records(advance(run, images, labels, step=step, validate=validate), progress)


def _records(
    course: Iterator[Progress], progress: Callable[[int, int], None] | None
) -> Iterator[Epoch]:
    for at in course:
        if progress:
            progress(at.epoch, at.images)
        if at.record:
            yield at.record


def kind_of(net: Net) -> dict[str, Any]:
    """Return what options depend on of a net, as `resolve_options` takes it."""
    return {
        "hidden": net.shape[1:-1],
        "activation": net.activations[:-1] or net.activations,
        "output_activation": net.activations[-1],
        "cost": net.cost,
    }


def _advance(
    run: Run,
    images: Images,
    labels: Labels,
    step: Step,
    validate: Validate,
    together: Together,
) -> Iterator[Progress]:
    """Do what `advance` promises, once it has checked that this can be done."""
    learned, held_out = split(len(images), run.settings["validation"], together)
    rule = _rule(run.settings)
    rows, size = rows_of_blocks(run.settings["batch_size"]), len(learned)
    found = np.empty((min(rows, size), *images.shape[1:]), images.dtype)
    room = aligned((len(found), run.net.shape[0]), run.net.params.dtype)
    undo, pace, order, epoch, seconds = _Undo(run), Pace(), None, -1, 0.0
    while not run.finished:
        began = time.perf_counter()
        if order is None or epoch != run.epoch:
            order = None  # the last one is let go before there is another: it may be long
            order = shuffled(learned, run.settings["seed"], run.epoch + 1, together)
            epoch, seconds = run.epoch, 0.0
        with undo.block():
            if run.last:  # it has been given more epochs after it ended
                run.net.params[:], run.last = run.last.params, None
            run.measured = {}
            # The run alone says where it stands: another generator may have taken it on meanwhile.
            part = slice(run.images, run.images + rows)
            block, truth = gather(images, labels, order[part], found)
            # Too high a learning rate overflows: _learn notices, and says it in better words.
            with np.errstate(over="ignore", invalid="ignore"), pace.block(len(block)):
                x = to_inputs(block, room.dtype, out=room[: len(block)])
                shape, block_number = run.image_shape[1:], _block_number(run)
                distort_block(x, shape, run.settings, run.epoch + 1, block_number)
                lr = _learn(run, x, truth, size, rule, step)
            if epochs := run.settings.get("average"):
                since = run.epoch + run.images / size
                run.average = averaged(run.average, run.net.params, len(x) / size, since, epochs)
            at = Progress(run.epoch + 1, run.images, size, None)
            accuracy = None
            if at.images == size and len(held_out):
                accuracy = validate(run.network, images, labels, held_out)
            seconds += time.perf_counter() - began
            if at.images == size:
                means = run.cost / size, run.correct / size
                record = Epoch(at.epoch, *means, accuracy, lr, seconds)
                _end_epoch(run, record)
                at = replace(at, record=record)
        yield at


class _Undo:
    """Put a run back to where it stood, if what is done to it ends with an error."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.copies: dict[str | None, NDArray[Any]] = {}  # of one block after another

    @contextmanager
    def block(self) -> Iterator[None]:
        """Undo what is done inside, if it raises anything: Ctrl-C too."""
        run, before, epochs = self.run, replace(self.run), len(self.run.history)
        arrays: dict[str | None, NDArray[Any]] = {None: run.net.params}  # a state has any name
        arrays |= {name: array for name, array in run.net.state.items()}  # noqa: C416
        for name, array in arrays.items():
            copy = self.copies.get(name)
            if copy is None or (copy.shape, copy.dtype) != (array.shape, array.dtype):
                copy = self.copies[name] = np.empty(array.shape, array.dtype)
            in_pieces(np.copyto, copy, array)
        try:
            yield
        except BaseException:
            settle()
            for each in fields(run):
                setattr(run, each.name, getattr(before, each.name))
            del run.history[epochs:]
            for name, array in arrays.items():
                array[...] = self.copies[name]
            run.net.state = {name: array for name, array in arrays.items() if name is not None}
            raise


def _end_epoch(run: Run, record: Epoch) -> None:
    """Put the record into the run; keep the best parameters, and end with them, with patience."""
    run.history.append(record)
    run.epoch, run.images, run.cost, run.correct = record.epoch, 0, 0.0, 0
    params = run.net.params if run.average is None else run.average
    if run.settings["patience"]:
        if run.best is None or _validated(record) > _validated(run.history[run.best.epoch - 1]):
            run.best = Snapshot(run.epoch, params.copy())
        if run.best.epoch != run.epoch:
            params = run.best.params
    if run.finished and params is not run.net.params:
        run.last = Snapshot(run.epoch, run.net.params.copy())
        run.net.params[:] = params


def _validated(record: Epoch) -> float:
    return -1.0 if record.validation_accuracy is None else record.validation_accuracy


def _rule(settings: dict[str, Any]) -> Rule | None:
    """Return the rule that `optimize` follows under these settings; None for plain descent."""
    how = {name: settings[name] for name in OF_RULE if name in settings}
    if settings["optimizer"] == "sgd" and not any(how.values()):
        return None
    return optimizer(settings["optimizer"], **how)


def _learn(run: Run, x: Floats, truth: Labels, size: int, rule: Rule | None, step: Step) -> float:
    """Learn from a block of the `size` images of an epoch; return the last learning rate."""
    net, settings = run.net, run.settings
    batch, dtype, classes = settings["batch_size"], net.params.dtype, net.shape[-1]
    schedule = SCHEDULES[settings["schedule"]]
    y = one_hot(classes, dtype, settings.get("label_smoothing", 0.0))[truth]
    masks = masks_of_block(net, len(x), settings, run.epoch + 1, _block_number(run))
    predicted, cost, lr = np.empty_like(y), run.cost, 0.0
    for first in range(0, len(x), batch):
        part = slice(first, first + batch)
        done = run.epoch + (run.images + first) / size
        lr = settings["lr"] * schedule(done, batch / size, settings)
        some = {l: mask[part] for l, mask in masks.items()} if masks else None
        predicted[part], mean = step(net, x[part], y[part], lr, rule, some)
        cost += float(mean) * len(y[part])
    if not (math.isfinite(cost) and are_finite([net.params, *net.state.values()])):
        if not np.isfinite(x).all():
            raise DataError("images: expected finite numbers, found nan or inf.")
        raise _diverged(run)
    run.cost, run.images = cost, run.images + len(x)
    run.correct += int(np.count_nonzero(predicted.argmax(axis=1) == truth))
    return lr


def _block_number(run: Run) -> int:
    """Return the number of the next block in its epoch, from 1."""
    return run.images // rows_of_blocks(run.settings["batch_size"]) + 1


def _diverged(run: Run) -> DivergedError:
    lr, usual = run.settings["lr"], default_lr_of(run)
    return DivergedError(
        f"training diverged in epoch {run.epoch + 1}: expected a finite cost and finite weights, "
        f"found others at learning rate {lr:g}; try {min(lr / 10, usual):g}."
    )


def default_lr_of(run: Run) -> float:
    """Return the learning rate that the net and settings of a run would have by default."""
    return default_lr(
        **kind_of(run.net),
        optimizer=run.settings["optimizer"],
        momentum=run.settings.get("momentum", 0.0),
        batch_size=run.settings["batch_size"],
    )
