"""One block of images: how they are distorted, which neurons are left out, what is averaged."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simplenet.functions import Floats
from simplenet.net import Masks, Net
from simplenet.options import DISTORTION_NAMES
from simplenet.sharing import in_pieces
from simplenet.streams import stream
from simplenet.training.distort import distort


def distort_block(
    x: Floats, shape: tuple[int, ...], settings: Mapping[str, Any], epoch: int, block: int
) -> None:
    """Distort images of a shape, rows x (n, pixels), in place, if the settings say how.

    Epochs, and the blocks in each, are counted from 1.
    """
    strengths = {name: settings[name] for name in DISTORTION_NAMES if settings.get(name)}
    if strengths:
        images = x.reshape(len(x), *shape)
        rng = stream(settings["seed"], "distortion", epoch, block)
        distort(images, rng, **strengths, out=images)


def masks_of_block(
    net: Net, rows: int, settings: Mapping[str, Any], epoch: int, block: int
) -> Masks:
    """Return what leaves out hidden neurons, for each row of a block; {} without dropout."""
    if not settings.get("dropout"):
        return {}
    rng = stream(settings["seed"], "dropout", epoch, block)
    return draw_masks(net, rows, settings["dropout"], rng)


def draw_masks(net: Net, rows: int, rate: float, rng: np.random.Generator) -> Masks:
    """Draw what leaves out a share of the hidden neurons, anew for each sample.

    The others are multiplied by 1 / (1 - rate), so that what reaches the next layer is as large as
    without dropout (Srivastava et al., 2014; "inverted", so that evaluation needs no change).
    """
    scale = net.params.dtype.type(1 / (1 - rate))
    return {
        l: (rng.random((rows, net.shape[l]), np.float32) >= rate) * scale
        for l in range(1, len(net.W))
    }


def averaged(
    average: Floats | None, params: Floats, passed: float, since: float, epochs: float
) -> Floats:
    """Return the average of the parameters (P,) after a block, of one that there was before it.

    The block took `passed` epochs, and `since` have passed from the start. Parameters of t epochs
    ago weigh exp(-t / epochs), and all weights add up to 1 from the first block on.
    """
    weight = math.expm1(-passed / epochs) / math.expm1(-since / epochs)
    if average is None:
        return params.copy()
    found = np.empty_like(params)

    def mean(new: Floats, before: Floats, now: Floats) -> None:
        np.subtract(now, before, out=new)
        new *= weight
        new += before

    in_pieces(mean, found, average, params)
    return found


def are_finite(arrays: list[NDArray[Any]]) -> bool:
    """Return whether all numbers in some arrays are finite."""
    return all(all(in_pieces(_is_finite, array)) for array in arrays)


def _is_finite(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all())
