"""Pictures that several of these tests draw."""

import numpy as np


def opaque(light):
    """Make a picture of an array of greys (rows, columns)."""
    light = np.asarray(light, np.uint8)
    return np.dstack([light, light, light, np.full_like(light, 255)])


def large(digit, factor=5):
    return np.kron(digit, np.ones((factor, factor), np.uint8))
