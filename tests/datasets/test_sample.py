"""The embedded digits are what the script draws, the same everywhere, and look like digits."""

import ast
import hashlib
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from making import chance, handwriting, sample, strokes

from simplenet import load_data

SHA256 = {
    "train-images": "1f88045b5927507f3941da87cf679db25dec757bb50b6feb9c5bb552e8083bef",
    "train-labels": "115036075fd411b23c7525df47befe2464e72c66ec8dca4627b67693ea5f7b54",
    "test-images": "a90e57e514f07db128e575de164adb611e8e5de7f787ea8fc47ae1398426b827",
    "test-labels": "0c793afc65eac5fb29ab42acc8d8be756a8cc0a35b2a31d431ce318fa3432b16",
}


@pytest.fixture(scope="module")
def data():
    return load_data("sample")


def test_the_sample_is_the_one_that_is_documented(data):
    documented = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for part, sha256 in SHA256.items():
        assert data.sha256(part) == sha256
        assert sha256 in documented


def test_there_is_enough_of_it_and_not_too_much(data):
    assert data.train.images.shape == (24_000, 28, 28)
    assert data.test.images.shape == (3_000, 28, 28)
    assert sum(path.stat().st_size for path in data.files.values()) < 3_000_000
    for _, labels in data.train, data.test:
        np.testing.assert_array_equal(np.bincount(labels), len(labels) // 10)


@pytest.mark.parametrize(("half", "first"), [("train", 0), ("train", 23_940), ("test", 1_000)])
def test_the_script_draws_any_part_of_it(data, half, first):
    split = {"train": sample.TRAIN, "test": sample.TEST}[half]
    images, labels = handwriting.draw(split, first, 60)
    kept = getattr(data, half)
    np.testing.assert_array_equal(images, kept.images[first : first + 60])
    np.testing.assert_array_equal(labels, kept.labels[first : first + 60])


def test_no_test_image_is_a_training_image(data):
    train, test = (
        {hashlib.sha256(image.tobytes()).digest() for image in images}
        for images, _ in (data.train, data.test)
    )
    assert len(train) == 24_000
    assert not train & test


def test_the_digits_are_prepared_as_those_of_mnist(data):
    """Fitted into a box of 20x20, their centre of mass in the middle, to the nearest pixel."""
    images = data.test.images.astype(float)
    ink = images > 0
    rows, columns = ink.any(axis=2), ink.any(axis=1)
    spans = [any_.shape[1] - any_[:, ::-1].argmax(1) - any_.argmax(1) for any_ in (rows, columns)]
    longest = np.maximum(*spans)
    assert longest.max() == 20
    assert longest.min() >= 18  # the softest grey at the ends may round to black
    mass = images.sum(axis=(1, 2))
    places = np.arange(28)
    for axis in (1, 2):
        centres = (images.sum(axis=axis) * places).sum(axis=1) / mass
        # MNIST's middle is pixel 14; a few heavy-footed digits touch the rim before they are there.
        assert (abs(centres - 14) <= 0.5).mean() > 0.98


def test_the_pen_is_soft_and_light_on_dark(data):
    images = data.train.images
    assert np.concatenate([images[:, 0], images[:, :, 0]]).mean() < 0.1  # the rim is dark
    greys = np.unique(images)
    assert len(greys) == 16
    assert (greys[0], greys[-1]) == (0, 255)
    soft = (images > 0) & (images < 255)
    assert 0.2 < soft.sum() / (images > 0).sum() < 0.8


@pytest.mark.parametrize("module", [chance, strokes, handwriting])
def test_the_drawing_is_done_in_integers(module):
    """No float constant, no true division, nothing of numpy or math that gives floats."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    assert len([node for node in tree.body if isinstance(node, ast.FunctionDef)]) >= 5
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Div), "true division"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.value
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("random", "mean", "std", "sqrt", "sin", "cos", "float64")


def test_the_files_hold_as_many_digits_as_are_asked_for(data, tmp_path):
    files = sample.files({sample.TRAIN: 40, sample.TEST: 20})
    assert len(files) == 4
    for name, content in files.items():
        (tmp_path / Path(name).name).write_bytes(content)
    drawn = load_data(tmp_path)
    for half, count in ("train", 40), ("test", 20):
        kept, made = getattr(data, half), getattr(drawn, half)
        np.testing.assert_array_equal(made.images, kept.images[:count])
        np.testing.assert_array_equal(made.labels, kept.labels[:count])
