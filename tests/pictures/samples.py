"""Pictures that several of these tests draw."""

import numpy as np


def opaque(light):
    """Make a picture of an array of greys (rows, columns)."""
    light = np.asarray(light, np.uint8)
    return np.dstack([light, light, light, np.full_like(light, 255)])


def large(digit, factor=5):
    return np.kron(digit, np.ones((factor, factor), np.uint8))


def draw_seven():
    """Return a 7 that no step changes but those that a test is about: 60 x 50, light on dark."""
    ink = np.zeros((60, 50), np.uint8)
    ink[10:16, 10:40] = 255
    for row in range(16, 50):
        column = 36 - (row - 10) // 2
        ink[row, column : column + 6] = 255
    return ink
