"""`simplenet predict` with several digits in a picture, folders, labels, and pictures that lie."""

import json
import os
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from simplenet.pictures.prepare import prepare
from simplenet.pictures.several import digits_in

Image = pytest.importorskip("PIL.Image")
ImageDraw = pytest.importorskip("PIL.ImageDraw")


@pytest.fixture
def model(digits, tmp_path_factory):
    """Return the name of a net that has learned the ten by heart."""
    from simplenet import init_net, save_model, train

    path = tmp_path_factory.mktemp("model") / "m.npz"
    net = init_net((784, 20, 10), rng=0)
    pixels = np.stack([prepare(rgba_of(digit)) for digit in digits])
    for _ in train(net, pixels, np.arange(10), epochs=60, batch_size=10, validation=0):
        pass
    save_model(path, net)
    return str(path)


def rgba_of(grey):
    return np.dstack([grey] * 3 + [grey * 0 + 255])


def save(digit, name):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(digit).save(name)


@pytest.fixture
def sheet(digits):
    """Save a picture of 4 7 1 above 0 3, and return its name."""
    light = np.full((220, 300), 255, np.uint8)
    for number, left, top in (4, 10, 5), (7, 100, 8), (1, 190, 3), (0, 12, 120), (3, 110, 125):
        light[top : top + 84, left : left + 84] = digits[number]
    save(light, "sheet.png")
    return "sheet.png"


# --- several digits -------------------------------------------------------------------------------


def test_several_digits_are_told_line_by_line_each_with_its_place(cli, model, sheet):
    lines = cli("predict", model, sheet).stdout.splitlines()
    assert lines[:2] == ["sheet.png: 4 7 1 / 0 3", ""]
    captions = [line for line in lines if " at " in line]
    assert [word for line in captions for word in line.split() if len(word) == 1 and word != "x"]
    assert sum(line.count(" at ") for line in captions) == 5
    assert any("█" in line for line in lines)
    quiet = cli("predict", "-q", model, sheet)
    assert (quiet.stdout, quiet.stderr) == ("sheet.png: 4 7 1 / 0 3\n", "")


def test_a_wide_digit_is_one_unless_its_parts_are_surer(cli):
    image = Image.new("L", (340, 220), 255)
    pen = ImageDraw.Draw(image)
    for points in [(70, 40, 35, 100, 60, 135, 290, 135), (300, 40, 190, 125, 140, 185)]:
        pen.line(points, fill=20, width=12, joint="curve")
    image.save("wide.png")
    wide = np.array(image)
    assert [found.whole is None for found in digits_in(rgba_of(wide))] == [False, False]
    (found,) = json.loads(cli("predict", "wide.png", "--json").stdout)
    assert found["prediction"] == 4 and "digits" not in found
    seen = np.array(found["pixels"], np.uint8)
    assert np.array_equal(seen, prepare(rgba_of(wide)))  # as one digit ever is


def test_json_has_a_place_for_each_of_several_digits(cli, model, sheet):
    (found,) = json.loads(cli("predict", model, sheet, "--json").stdout)
    assert found["prediction"] is found["outputs"] is found["pixels"] is None
    assert [digit["prediction"] for digit in found["digits"]] == [4, 7, 1, 0, 3]
    assert [digit["line"] for digit in found["digits"]] == [0, 0, 0, 1, 1]
    light = np.asarray(Image.open(sheet))
    for digit in found["digits"]:
        box = digit["box"]
        part = light[box["top"] :, box["left"] :][: box["height"], : box["width"]]
        edges = part[0], part[-1], part[:, 0], part[:, -1]
        assert all(edge.min() < 192 for edge in edges)  # there is ink at each side of the box
        assert np.shape(digit["pixels"]) == (28, 28) and len(digit["outputs"]) == 10
    assert found["digits"][0]["box"]["top"] < 30


def test_the_place_is_that_in_the_file_although_a_large_picture_is_made_smaller(cli, model, sheet):
    with Image.open(sheet) as image:
        image.resize((3000, 2200), Image.Resampling.NEAREST).save("large.png")
    small, large = json.loads(cli("predict", model, sheet, "large.png", "--json").stdout)
    assert len(large["digits"]) == 5
    for one, other in zip(small["digits"], large["digits"]):
        for name, value in one["box"].items():
            assert abs(10 * value - other["box"][name]) < 60, name


def test_raw_pictures_are_one_digit_whatever_they_show(cli, model, sheet):
    (found,) = json.loads(cli("predict", model, sheet, "--raw", "--json").stdout)
    assert "digits" not in found and found["prediction"] is not None


def test_a_small_net_sees_each_of_several_digits_in_its_size(cli, sheet):
    from simplenet import init_net, save_model

    save_model("small.npz", init_net((64, 10), rng=0))
    (found,) = json.loads(cli("predict", "small.npz", sheet, "--json").stdout)
    assert {np.shape(digit["pixels"]) for digit in found["digits"]} == {(8, 8)}


# --- folders --------------------------------------------------------------------------------------


def test_a_folder_is_read_in_the_order_of_people_with_what_is_below(cli, model, digits):
    for name, number in ("a2.png", 2), ("a10.png", 1), ("b/c.jpg", 3), ("ümlaut 数字.png", 4):
        save(digits[number], f"some/{name}")
    Path("some/notes.txt").write_text("no picture")
    Path("some/.hidden.png").write_text("no picture")
    Path("some/.git").mkdir()
    save(digits[5], "some/.git/x.png")
    result = cli("predict", "-q", model, "some")
    place = "some" + os.sep
    expected = [f"{place}a2.png: 2", f"{place}a10.png: 1", f"{place}ümlaut 数字.png: 4"]
    assert result.stdout.splitlines() == [*expected, f"{place}b{os.sep}c.jpg: 3"]
    assert result.stderr == ""
    result = cli("predict", model, "some")
    assert result.stderr == "skipped 1 file in folders: no pictures\n"
    assert unicodedata.normalize("NFC", result.stdout).count("ümlaut") == 1


def test_a_picture_is_known_by_its_content_too(cli, model, digits):
    save(digits[6], "some/a.png")
    Path("some/a.png").rename("some/camera")
    assert cli("predict", "-q", model, "some").stdout == f"some{os.sep}camera: 6\n"


def test_a_folder_without_pictures_says_so_and_the_rest_is_read(cli, model, digits):
    Path("void").mkdir()
    result = cli("predict", model, "void", code=3)
    assert result.stderr == (
        "Error: void: expected a folder with pictures, found no file in it and below: name "
        "another, or save pictures there as PNG.\n"
    )
    assert result.stdout == ""
    save(digits[1], "x.png")
    result = cli("predict", "-q", model, "void", "x.png", code=3)
    assert result.stdout == "x.png: 1\n" and result.stderr.startswith("Error: void: expected")
    (entry,) = json.loads(cli("predict", model, "void", "--json", code=3).stdout)
    assert entry["image"] == "void" and entry["error"].startswith("void: expected a folder")


def test_what_cannot_be_read_in_a_folder_costs_the_others_nothing(cli, model, digits):
    for number in 1, 2, 3:
        save(digits[number], f"some/x{number}.png")
    Path("some/x2.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Path("some/photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    result = cli("predict", model, "some", "-q", code=3)
    assert [line[-4:] for line in result.stdout.splitlines()] == [": 1"[-4:].rjust(4, "g"), "g: 3"]
    heic, damaged = result.stderr.splitlines()
    assert "found a HEIC or AVIF file: save it as PNG." in heic and "x2.png: expected" in damaged
    entries = json.loads(cli("predict", model, "some", "--json", code=3).stdout)
    assert [entry["prediction"] for entry in entries] == [None, 1, None, 3]
    assert len({tuple(entry) for entry in entries}) == 1  # the same fields in each


def test_three_hundred_pictures_take_a_line_each(cli, model, digits):
    some = Path("some")
    some.mkdir()
    for number in range(10):
        save(digits[number], some / f"p{number}.png")
    for number in range(10, 300):
        os.link(some / f"p{number % 10}.png", some / f"p{number}.png")
    lines = cli("predict", model, "some").stdout.splitlines()
    assert lines == [f"some{os.sep}p{number}.png: {number % 10}" for number in range(300)]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_that_leads_back_is_followed_once(cli, model, digits):
    save(digits[1], "some/a.png")
    os.symlink("..", "some/up")
    os.symlink(".", "some/here")
    os.symlink("nowhere", "some/dead.png")
    result = cli("predict", "-q", model, "some", code=3)
    assert result.stdout == "some/a.png: 1\n"
    assert result.stderr.count("\n") == 1 and "some/dead.png: expected a picture" in result.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_is_named(cli, model):
    Path("some").mkdir(mode=0)
    assert "some: expected a folder of pictures" in cli("predict", model, "some", code=3).stderr


# --- labels ---------------------------------------------------------------------------------------


def test_folders_that_are_called_as_classes_are_scored(cli, model, digits):
    for folder, number in ("7", 7), ("class_3", 3), ("digit-1", 2):
        save(digits[number], f"some/{folder}/x.png")
    result = cli("predict", "-q", model, "some")
    lines = [line.replace(os.sep, "/") for line in result.stdout.splitlines()]
    assert lines == [
        "some/7/x.png: 7",
        "some/class_3/x.png: 3",
        "some/digit-1/x.png: 2  expected 1",
        "accuracy 66.67 % (2 of 3 right)",
    ]
    entries = json.loads(cli("predict", model, "some", "--json").stdout)
    assert [(entry["label"], entry["right"]) for entry in entries] == [
        (7, True), (3, True), (1, False),
    ]  # fmt: skip


def test_a_wrong_prediction_is_red_where_colours_are(cli, model, digits, monkeypatch):
    save(digits[2], "1/x.png")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31mexpected 1\x1b[0m" in cli("predict", "-q", model, "1/x.png").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("predict", "-q", model, "1/x.png").stdout


def test_names_that_only_count_are_not_scored(cli, model, digits):
    for name in "1.png", "2.png", "3.png":
        save(digits[4], name)
    assert cli("predict", "-q", model, "1.png", "2.png", "3.png").stdout == (
        "1.png: 4\n2.png: 4\n3.png: 4\n"
    )
    (entry,) = json.loads(cli("predict", model, "1.png", "--json").stdout)
    assert entry["label"] is entry["right"] is None


def test_several_digits_are_not_the_one_of_the_label(cli, model, sheet):
    Path(sheet).rename("sheet-label4.png")
    assert cli("predict", "-q", model, "sheet-label4.png").stdout == (
        "sheet-label4.png: 4 7 1 / 0 3  expected 4\n"
    )


# --- turns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quarters", range(4))
def test_a_picture_that_lies_is_turned_if_that_is_asked_for(cli, model, digits, quarters):
    save(np.rot90(digits[4], quarters), "x.png")
    (found,) = json.loads(cli("predict", model, "x.png", "--turns", "--json").stdout)
    assert (found["prediction"], found["turn"]) == (4, 90 * quarters)
    line = cli("predict", "-q", model, "x.png", "--turns").stdout
    assert line == "prediction 4" + f"  turned by {90 * quarters}" * bool(quarters) + "\n"
    (found,) = json.loads(cli("predict", model, "x.png", "--json").stdout)
    assert found["turn"] == 0


def test_turns_and_raw_do_not_go_together(cli, model):
    assert (
        "expected --raw or --turns"
        in cli("predict", model, "x.png", "--raw", "--turns", code=2).stderr
    )
