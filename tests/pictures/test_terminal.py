"""What is drawn in a terminal: a digit in characters, and beside it the outputs of a net."""

import numpy as np
import pytest
from samples import large

from simplenet import load_data
from simplenet.pictures.terminal import bars, can_draw_blocks, draw, side_by_side


@pytest.fixture(scope="module")
def digits():
    return load_data("sample").test.images[:1]


def test_two_rows_are_drawn_in_a_line():
    image = np.array([[0, 255, 0, 255, 60, 130, 190], [0, 0, 255, 255, 70, 120, 200]], np.uint8)
    assert draw(image) == " ▀▄█░▒▓\n"
    assert draw(image, blocks=False) == " ++@:=#\n"
    assert draw(image[:1, :4]) == " ▀ ▀\n"


@pytest.mark.parametrize("blocks", [True, False])
def test_a_drawing_has_half_as_many_lines_and_fits_a_terminal(digits, blocks):
    lines = draw(digits[0], blocks=blocks).splitlines()
    assert [len(line) for line in lines] == [28] * 14
    assert any(line.strip() for line in lines)
    assert all(line.isascii() for line in lines) or blocks
    lines = draw(large(digits[0]), blocks=blocks).splitlines()
    assert [len(line) for line in lines] == [60] * 30
    assert [len(line) for line in draw(digits[0][:, :9], blocks=blocks).splitlines()] == [9] * 14


@pytest.mark.parametrize(
    ("encoding", "can"),
    [("utf-8", True), ("cp437", True), ("cp1252", False), ("ascii", False), ("no code", False),
     (None, False)],
)  # fmt: skip
def test_blocks_are_drawn_only_where_the_encoding_has_them(encoding, can):
    assert can_draw_blocks(encoding) == can


def test_a_bar_is_as_long_as_its_output_and_the_greatest_is_marked():
    assert bars(np.array([0.5, 1.0, 0.0])) == [
        f"   0   0.5000  {'█' * 10}",
        f">  1   1.0000  {'█' * 20}",
        "   2   0.0000",
    ]
    # Outputs need not lie between 0 and 1: then the largest, with or without its sign, is 20 long.
    assert bars(np.array([1.0, 4.0, -5.0]), blocks=False) == [
        "   0   1.0000  ####",
        ">  1   4.0000  ################",
        "   2  -5.0000",
    ]
    # Where classes have names, these stand with the numbers.
    assert bars(np.array([0.5, 1.0]), names=["cat", "hippopotamuses"], longest=4) == [
        "   0 cat            0.5000  ██",
        ">  1 hippopotamus   1.0000  ████",
    ]


@pytest.mark.parametrize("classes", [1, 2, 3, 4])
@pytest.mark.parametrize("height", [1, 4, 6])
def test_what_is_lower_stands_in_the_middle_or_at_the_top(classes, height):
    pixels = np.full((height, 3), 255, np.uint8)
    drawing, rows = draw(pixels).splitlines(), bars(np.arange(classes) / 4)
    lines = side_by_side(pixels, np.arange(classes) / 4).splitlines()
    assert len(lines) == max(len(drawing), classes)
    assert [line[:5] for line in lines][: len(drawing)] == [f"|{line}|" for line in drawing]
    assert {line[:5] for line in lines[len(drawing) :]} <= {"|   |"}
    beside = [line[5:] for line in lines]
    above = (len(lines) - classes) // 2
    assert beside[above : above + classes] == [f"  {row}" for row in rows]
    assert "".join(beside) == "".join(f"  {row}" for row in rows)


@pytest.mark.parametrize("rows", [10, 28, 30, 80])
@pytest.mark.parametrize("outputs", [np.eye(10)[3], np.eye(200)[150], np.array([12345.6, -9.0])])
def test_lines_fit_into_a_terminal_with_bars_shorter_or_below(rows, outputs):
    pixels = np.full((rows, rows), 255, np.uint8)
    whole = side_by_side(pixels, outputs)
    names = [f"class-of-pictures-{number}" for number in range(len(outputs))]
    for width in range(20, 90):
        lines = side_by_side(pixels, outputs, names=names, width=width).splitlines()
        assert max(map(len, lines)) <= width or outputs.max() > 9
    for width in range(20, 90):
        lines = side_by_side(pixels, outputs, width=width).splitlines()
        assert max(map(len, lines)) <= width
        told = [line.rpartition("|")[2].strip() for line in lines]
        (marked,) = [line for line in told if line[:1] == ">"]
        assert int(marked[1:4]) == outputs.argmax() and (width < 30 or marked.count("█") > 7)
    assert side_by_side(pixels, outputs, width=100) == whole


def test_bars_stand_below_where_there_is_no_room_beside_and_are_shorter_before_that(digits):
    outputs = np.eye(10)[3]
    wide, shorter, below = (
        side_by_side(digits[0], outputs, width=width).splitlines() for width in (67, 55, 40)
    )
    assert wide[5].endswith(f"|  >  3   1.0000  {'█' * 20}")
    assert shorter[5].endswith(f"|  >  3   1.0000  {'█' * 8}") and len(shorter[5]) == 55
    assert [line[:30] for line in shorter] == [line[:30] for line in wide]
    assert below == [*(line[:30] for line in wide), "", *bars(outputs)]
    assert side_by_side(digits[0], outputs, width=54).splitlines() == below
