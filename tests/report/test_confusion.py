"""The confusion matrix as text, and the commonest confusions."""

import numpy as np
import pytest

from simplenet.report.confusion import Confusion, commonest, matrix_lines

MATRIX = np.array([[970, 0, 12], [3, 1100, 0], [12, 0, 5]])


def test_the_commonest_confusions_come_first_and_none_that_did_not_happen():
    assert commonest(MATRIX, 2) == [Confusion(0, 2, 12), Confusion(2, 0, 12)]
    assert commonest(MATRIX, 99) == [*commonest(MATRIX, 2), Confusion(1, 0, 3)]
    assert commonest(np.diag([3, 4]), 5) == commonest(MATRIX, 0) == []


def test_the_matrix_has_a_row_for_each_class_and_points_for_zeros():
    assert matrix_lines(MATRIX, 80) == [
        "truth      0      1      2",
        "    0    970      .     12",
        "    1      3  1,100      .",
        "    2     12      .      5",
    ]


@pytest.mark.parametrize("width", [1, 12, 20, 25, 26])
def test_columns_that_do_not_fit_stand_below(width):
    whole = [line.split() for line in matrix_lines(MATRIX, 80)]
    blocks = "\n".join(matrix_lines(MATRIX, width)).split("\n\n")
    rows = [[line.split() for line in block.splitlines()] for block in blocks]
    assert all(len(line) <= max(width, 12) for block in blocks for line in block.splitlines())
    assert len(blocks) == {1: 3, 12: 3, 20: 2, 25: 2, 26: 1}[width]
    for number, expected in enumerate(whole):
        assert [row[number][0] for row in rows] == [expected[0]] * len(rows)
        assert [cell for row in rows for cell in row[number][1:]] == expected[1:]
