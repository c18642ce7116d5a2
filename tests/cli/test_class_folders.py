"""Pictures sorted into folders by class, as a person has them, go through every command."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from simplenet import load_model
from simplenet.datasets.idx import write_idx
from simplenet.errors import ModelError
from simplenet.training.modelfile import save_model


@pytest.fixture
def zoo(tmp_path):
    """Return a folder with 240 small pictures of cats and dogs, light on dark, that are learned."""
    rng = np.random.default_rng(0)
    for number in range(240):
        pixels = rng.integers(0, 40, (8, 8), dtype=np.uint8)
        pixels[1:-1, 1 + 3 * (number % 2) : 4 + 3 * (number % 2)] += 180
        path = tmp_path / "zoo" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "zoo"


@pytest.fixture
def numbers(zoo):
    """Return the same pictures in folders whose names are numbers."""
    folder = zoo.with_name("numbers")
    for name, number in (("cat", "0"), ("dog", "1")):
        shutil.copytree(zoo / name, folder / number)
    return folder


def test_training_tells_how_pictures_were_read_and_which_are_held_out(cli, zoo):
    result = cli("train", "--data", zoo, "--epochs", 2, "-o", "m.npz")
    assert "note  the pictures are taken as they are, 8 x 8\n" in result.stderr
    assert "note  no folder has test images: one picture in 6, chosen by its SHA-256," in (
        result.stderr
    )
    data = load_model("m.npz").data
    assert data["classes"] == ["cat", "dog"] and data["size"] == [8, 8]
    assert data["pictures"]["held_out"] and data["pictures"]["how"] == "as they are"
    quiet = cli("train", "--data", zoo, "--epochs", 1, "-q", "-o", "q.npz")
    assert quiet.stderr == "" and quiet.stdout.startswith("test accuracy ")
    assert "data       custom; pictures as they are; classes cat, dog\n" in (
        cli("info", "m.npz").stdout
    )


def test_it_equals_training_on_the_same_images_in_idx_files(cli, tmp_path):
    rng = np.random.default_rng(0)
    for half, count, prefix in (("training", 60, "train"), ("testing", 30, "t10k")):
        images = rng.integers(0, 120, (count, 9, 9), dtype=np.uint8)
        labels = rng.integers(0, 4, count, dtype=np.uint8)
        for number, (image, label) in enumerate(zip(images, labels)):
            path = tmp_path / "png" / half / str(label) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte", images)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte", labels)
    cli("train", "--data", tmp_path / "png", "--epochs", 2, "-o", "png.npz")
    cli("train", "--data", tmp_path, "--epochs", 2, "-o", "idx.npz")
    png, idx = load_model("png.npz"), load_model("idx.npz")
    np.testing.assert_array_equal(png.net.params, idx.net.params)
    assert png.history == idx.history and png.data["sha256"] == idx.data["sha256"]
    same = cli("eval", "png.npz", "--data", tmp_path).stdout
    assert same == cli("eval", "idx.npz", "--data", tmp_path / "png").stdout


def test_eval_measures_on_what_was_held_out_and_names_the_classes(cli, zoo):
    trained = cli("train", "--data", zoo, "--epochs", 1, "-o", "m.npz", "--json")
    result = cli("eval", "m.npz", "--data", zoo, "--confusion", "--mistakes", 2)
    images = json.loads(trained.stdout)["images"]
    assert f"on {images} test images of custom\n" in result.stdout
    assert "the test images are those that were held out" in " ".join(result.stderr.split())
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [row[-1] for row in rows if row[:1] in (["0"], ["1"]) and "%" in row] == ["cat", "dog"]
    found = json.loads(cli("eval", "m.npz", "--data", zoo, "--json").stdout)
    assert found["accuracy"] == json.loads(trained.stdout)["accuracy"]
    assert [row["name"] for row in found["classes"]] == ["cat", "dog"]
    cli("eval", "m.npz", "--data", zoo, "--report", "r.html")
    with open("r.html", encoding="utf-8") as file:
        assert '<th scope="row">cat</th>' in file.read()


def test_mistakes_and_confusions_are_told_by_name(cli, zoo):
    cli("train", "--data", zoo, "--epochs", 1, "-o", "m.npz")
    (zoo / "cat").rename(zoo / "aside")
    (zoo / "dog").rename(zoo / "cat")
    (zoo / "aside").rename(zoo / "dog")
    shown = cli("eval", "m.npz", "--data", zoo, "--confusion", "--mistakes", 1).stdout
    assert "most often misread: " in shown and "cat as dog (" in shown
    assert ": cat read as dog, 0." in shown or ": dog read as cat, 0." in shown


def test_all_pictures_of_somebody_else_are_test_images(cli, numbers, make_data):
    cli("train", "--data", make_data(classes=2), "--epochs", 1, "-o", "m.npz")
    result = cli("eval", "m.npz", "--data", numbers)
    assert " on 240 test images of custom\n" in result.stdout
    assert "note  all of the pictures are test images\n" in result.stderr


def test_one_picture_is_not_many(cli, numbers, make_data):
    cli("train", "--data", make_data(classes=2), "--epochs", 1, "-o", "m.npz")
    shutil.rmtree(numbers / "1")
    for path in [*(numbers / "0").iterdir()][1:]:
        path.unlink()
    result = cli("eval", "m.npz", "--data", numbers)
    assert " on 1 test image of custom\n" in result.stdout


def test_classes_that_the_model_does_not_know_are_an_error(cli, zoo, numbers, make_data):
    cli("train", "--data", make_data(classes=2), "--epochs", 1, "-o", "m.npz")
    stderr = cli("eval", "m.npz", "--data", zoo, code=3).stderr
    assert "expected folders with the numbers of the classes as names, such as 0 and 1" in stderr
    cli("train", "--data", zoo, "--epochs", 1, "-o", "z.npz")
    stderr = cli("eval", "z.npz", "--data", numbers, code=3).stderr
    assert "the model was trained on, cat, dog; found 0, 1: rename them, or name the" in stderr
    (numbers / "1").rename(numbers / "7")
    stderr = cli("eval", "m.npz", "--data", numbers, code=3).stderr
    assert "expected at most 2 classes, the outputs of m.npz, found 8" in stderr
    (zoo / "dog").rename(zoo / "eel")
    cli("train", "--data", zoo, "--epochs", 1, "-o", "other.npz")
    stderr = cli("eval", "other.npz", "z.npz", "--data", zoo, code=3).stderr
    assert "z.npz: expected the classes cat, eel, as other.npz has, found cat, dog" in stderr


def test_a_run_goes_on_as_if_it_had_not_been_stopped(cli, zoo):
    cli("train", "--data", zoo, "--epochs", 3, "-o", "whole.npz")
    cli("train", "--data", zoo, "--epochs", 1, "-o", "m.npz")
    cli("train", "--resume", "m.npz", "--data", zoo, "--epochs", 3)
    with open("m.npz", "rb") as one, open("whole.npz", "rb") as other:
        assert one.read() == other.read()
    shutil.copy(zoo / "cat" / "0.png", zoo / "dog" / "0.png")
    stderr = cli("train", "--resume", "m.npz", "--data", zoo, "--epochs", 4, code=3).stderr
    assert "that m.npz was started with" in stderr


def test_show_predict_sweep_and_check_take_them(cli, zoo):
    shown = cli("show", "--data", zoo, "--index", "0,1")
    assert "0: a cat" in shown.stdout and "1: a dog" in shown.stdout
    assert "taken as they are" in shown.stderr
    dogs = cli("show", "--data", zoo, "--class", "dog", "--count", 3).stdout
    assert dogs.count(": a dog") == 3 and "cat" not in dogs
    assert cli("show", "--data", zoo, "--class", 1, "--count", 3).stdout == dogs
    stderr = cli("show", "--data", zoo, "--class", "eel", code=2).stderr
    assert "expected a whole number from 0 to 255, or one of the names cat, dog, found" in stderr
    cli("train", "--data", zoo, "--epochs", 3, "-o", "m.npz")
    for name, number in ("cat", 0), ("dog", 1):
        picture = zoo / name / f"{number}.png"
        found = json.loads(cli("predict", "m.npz", picture, "--json").stdout)[0]
        assert (found["prediction"], found["name"]) == (number, name)
        assert found["pixels"] == np.asarray(Image.open(picture)).tolist()  # none was prepared
        told = cli("predict", "m.npz", picture).stdout
        assert told.startswith(f"prediction {name}") and f">  {number} {name}   " in told
    swept = cli("sweep", "--data", zoo, "--lr", "1,3", "--epochs", 1, "--workers", 1)
    assert len(swept.stdout.splitlines()) >= 3 and "taken as they are" in swept.stderr
    cli("check", "m.npz", "--data", zoo)


def test_where_classes_have_names_a_number_is_no_label(cli, zoo, numbers):
    cli("train", "--data", zoo, "--epochs", 3, "-q", "-o", "m.npz")
    assert "accuracy 100.00 % (240 of 240 right)\n" in cli("predict", "m.npz", "-q", zoo).stdout
    # Who sorts into 0 and 1 need not mean the first and second name, as they come in the alphabet.
    assert "accuracy" not in cli("predict", "m.npz", "-q", numbers).stdout


def test_doubt_calls_classes_by_their_names(cli, zoo):
    cli("train", "--data", zoo, "--epochs", 1, "--lr", 1e-9, "-q", "-o", "m.npz")  # knows nothing
    told = cli("predict", "m.npz", zoo / "cat" / "0.png")
    first, other = re.search(r"prediction (\w+)  \(unsure: a (\w+) is nearly", told.stdout).groups()
    assert {first, other} == {"cat", "dog"}
    (found,) = json.loads(cli("predict", "m.npz", zoo / "cat" / "0.png", "--json").stdout)
    assert found["doubt"] == [{"reason": "margin", "text": f"a {other} is nearly as likely"}]


def test_models_with_other_names_for_the_classes_are_no_committee(cli, zoo, numbers):
    """Their outputs mean something else, whatever the mean of them may be."""
    cli("train", "--data", zoo, "--epochs", 1, "-q", "-o", "m.npz")
    cli("train", "--data", numbers, "--epochs", 1, "-q", "-o", "n.npz")
    picture = zoo / "cat" / "0.png"
    for asked in ("predict", "m.npz", "n.npz", picture), ("eval", "m.npz", "n.npz", "--data", zoo):
        stderr = cli(*asked, code=3).stderr
        assert "n.npz: expected the classes cat, dog, as m.npz has, found numbers: a comm" in stderr
    stderr = cli("predict", "n.npz", "m.npz", picture, code=3).stderr
    assert "m.npz: expected the classes numbers, as n.npz has, found cat, dog: a comm" in stderr
    cli("predict", "m.npz", "m.npz", picture)


def test_where_classes_have_names_data_with_numbers_is_of_another_kind(cli, zoo, make_data):
    cli("train", "--data", zoo, "--epochs", 1, "-q", "-o", "m.npz")
    files = make_data(classes=2)
    stderr = cli("eval", "m.npz", "--data", files, code=3).stderr
    assert "expected the classes cat, dog, which m.npz was trained on, found numbers: use" in stderr


def test_the_folder_may_be_that_of_the_variable(cli, zoo, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", str(zoo))
    images = json.loads(cli("train", "--epochs", 1, "-o", "m.npz", "--json").stdout)["images"]
    result = cli("eval", "m.npz")
    assert 20 < images < 70 and f" on {images} test images of custom\n" in result.stdout


def test_a_picture_that_cannot_be_read_ends_it_with_its_name(cli, zoo):
    (zoo / "dog" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    stderr = cli("train", "--data", zoo, code=3).stderr
    assert f"{zoo / 'dog' / 'bad.png'}: expected a whole picture, found a damaged one" in stderr


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["cat"]},
        {"classes": ["cat", "cat"]},
        {"classes": ["cat", 1]},
        {"pictures": {"how": "guessed", "held_out": True, "learned": []}},
        {"pictures": {"how": "prepared", "held_out": 1, "learned": []}},
        {"pictures": {"how": "prepared", "held_out": True, "learned": [1]}},
        {"pictures": {"how": "prepared", "held_out": True, "learned": list("abcdefghijklmnopq")}},
        {"pictures": {"how": "prepared", "held_out": True}},
        {"pictures": {"how": "prepared", "held_out": True, "learned": [], "more": 1}},
    ],
    ids=str,
)
def test_a_model_that_tells_of_them_in_another_way_is_refused(cli, zoo, change):
    cli("train", "--data", zoo, "--epochs", 1, "-o", "m.npz")
    run = load_model("m.npz")
    run.data = run.data | change
    with pytest.raises(ModelError, match="expected data as `simplenet train` records them"):
        save_model("n.npz", run)
