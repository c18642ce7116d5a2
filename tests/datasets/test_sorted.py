"""Pictures in folders become images, and no net is tested on those that it has learned from."""

import hashlib
import shutil

import numpy as np
import pytest
from PIL import Image

from simplenet.datasets.folders import REMEMBERED, Picture
from simplenet.datasets.load import load_data, load_same
from simplenet.datasets.sorted import LOOKED_AT, Seen, held_out, is_image, lightness
from simplenet.datasets.sources import DATASETS, PARTS, Known
from simplenet.errors import DataError, SimplenetError
from simplenet.pictures.decode import read_image
from simplenet.pictures.prepare import grey, prepare


def bars(count, size=(8, 8), classes=3, seed=0):
    """Return grey images that can be learned, light on dark, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = rng.integers(0, 40, (count, *size), dtype=np.uint8)
    for image, label in zip(images, labels):
        image[1:-1, 1 + 2 * label : 3 + 2 * label] += 180
    return images, labels


def save(path, pixels, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path, **how)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with 60 small grey pictures in three class folders."""
    for number, (image, label) in enumerate(zip(*bars(60))):
        save(tmp_path / "mine" / str(label) / f"{number}.png", image)
    return tmp_path / "mine"


@pytest.fixture
def divided(tmp_path):
    """Return a folder with 40 pictures to learn from, and 20 for tests."""
    for number, (image, label) in enumerate(zip(*bars(60))):
        half = "train" if number < 40 else "test"
        save(tmp_path / "divided" / half / str(label) / f"{number}.png", image)
    return tmp_path / "divided"


def record(data):
    """Return what a model that is trained on these data tells of them."""
    sha256 = {part: data.sha256(part) for part in PARTS}
    return {"name": data.name, "size": list(data.train.images.shape[1:]), "sha256": sha256} | {
        **data.about
    }


# --- as images ------------------------------------------------------------------------------------


def test_small_pictures_light_on_dark_give_the_very_bytes_they_hold_in_their_order(divided):
    images, labels = bars(60)
    data = load_data(divided)
    for examples, part in ((data.train, slice(40)), (data.test, slice(40, 60))):
        np.testing.assert_array_equal(examples.images, images[part])
        np.testing.assert_array_equal(examples.labels, labels[part])
        assert examples.images.dtype == examples.labels.dtype == np.uint8
        assert not examples.images.flags.writeable and not examples.labels.flags.writeable
    assert (data.name, data.classes, data.names, data.place) == ("custom", 3, None, divided)
    assert data.notes == ("the pictures are taken as they are, 8 x 8",)
    assert data.about["pictures"]["how"] == "as they are"


def test_mnist_as_pictures_is_mnist(divided, monkeypatch):
    """Trained on, it gives the same bytes as its IDX files do."""
    data, files = load_data(divided), {}
    for part in PARTS:
        half, kind = part.split("-")
        array = getattr(getattr(data, half), kind)
        size = array.nbytes + 4 + 4 * array.ndim
        files[part] = Known(1, "0", size, data.sha256(part))
    monkeypatch.setitem(DATASETS, "kmnist", DATASETS["kmnist"]._replace(files=files))
    found = load_data(divided)
    assert (found.name, found.about) == ("kmnist", {})
    shutil.copy(divided / "train" / "0" / "0.png", divided / "train" / "0" / "100.png")
    assert load_data(divided).name == "custom"


@pytest.mark.parametrize("odd", ["larger", "dark on light", "another size"])
def test_any_others_are_all_prepared_as_those_of_predict(tmp_path, odd):
    paths = []
    for number, (image, label) in enumerate(zip(*bars(12))):
        pixels = np.kron(image, np.ones((9, 9), np.uint8)) if odd == "larger" else image
        pixels = 255 - image if odd == "dark on light" else pixels
        pixels = np.pad(pixels, 2) if odd == "another size" and number == 3 else pixels
        paths.append(tmp_path / "mine" / str(label) / f"{number}.png")
        save(paths[-1], pixels)
    data = load_data(tmp_path / "mine")
    assert data.train.images.shape[1:] == (28, 28)
    assert "the pictures are prepared as MNIST's digits were" in data.notes[0]
    assert data.about["pictures"]["how"] == "prepared"
    seen = {hashlib.sha256(image).digest() for half in (data.train, data.test) for image in half[0]}
    assert seen == {hashlib.sha256(prepare(read_image(path))).digest() for path in paths}


def test_pictures_in_colour_and_transparent_ones_are_as_light_as_elsewhere(tmp_path):
    rng = np.random.default_rng(0)
    for mode, channels in (("RGB", 3), ("RGBA", 4), ("LA", 2)):
        pixels = rng.integers(0, 256, (5, 4, channels), dtype=np.uint8)
        path = tmp_path / f"{mode}.png"
        Image.fromarray(pixels, mode).save(path)
        np.testing.assert_array_equal(lightness(path), grey(read_image(path)))


def test_a_photograph_that_lies_on_its_side_counts_as_turned(tmp_path):
    images, labels = bars(6, (6, 9))
    for number, (image, label) in enumerate(zip(images, labels)):
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = np.rot90(image) if number == 2 else image
        how = {"exif": exif} if number == 2 else {}
        save(tmp_path / "mine" / str(label) / f"{number}.png", turned, **how)
    data = load_data(tmp_path / "mine")
    np.testing.assert_array_equal(np.concatenate([data.train[0], data.test[0]]).shape, (6, 6, 9))


# --- for tests ------------------------------------------------------------------------------------


def names(data, half):
    return {one.path.name for one in data.reader.halves[half]}


def test_one_in_six_is_held_out_whatever_is_added_or_renamed(folder):
    before = load_data(folder)
    learn, test = names(before, "train"), names(before, "test")
    assert len(learn) + len(test) == 60 and 4 <= len(test) <= 16 and not learn & test
    assert any("one picture in 6, chosen by its SHA-256" in note for note in before.notes)
    for number, (image, label) in enumerate(zip(*bars(30, seed=1))):
        save(folder / str(label) / f"more{number}.png", image)
    after = load_data(folder)
    assert learn < names(after, "train") and test < names(after, "test")
    (folder / "1").rename(folder / "2" / "moved")
    (folder / "2").rename(folder / "5")
    renamed = load_data(folder)
    assert names(renamed, "test") == names(after, "test")
    assert renamed.classes == 6


def test_copies_are_on_the_same_side(folder):
    for path in [*folder.rglob("*.png")]:
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    data = load_data(folder)
    test = names(data, "test")
    assert test == {f"copy-{name}" for name in test if "copy" not in name} | {
        name for name in test if "copy" not in name
    }


@pytest.mark.parametrize("count", range(4, 13))
@pytest.mark.parametrize("seed", range(4))
def test_no_class_is_left_without_pictures_to_learn_from(tmp_path, count, seed):
    for number, (image, label) in enumerate(zip(*bars(count, classes=2, seed=seed))):
        save(tmp_path / "few" / str(label) / f"{number}.png", image)
    data = load_data(tmp_path / "few")
    assert set(data.train.labels.tolist()) == {0, 1} and len(data.test.labels)


def test_where_nothing_can_be_held_out_that_is_said(tmp_path):
    for number, (image, label) in enumerate(zip(*bars(2))):
        save(tmp_path / "few" / str(label) / f"{number}.png", image)
    data = load_data(tmp_path / "few")
    assert len(data.examples("train").labels) == 2
    with pytest.raises(DataError, match="few: expected some pictures for tests, found too few to"):
        _ = data.test


@pytest.mark.parametrize(
    ("digests", "test"),
    [
        ({"0": [], "1": []}, []),
        ({"0": [1, 5], "1": [6, 7]}, ["1:6"]),  # in the common case, multiples of 6
        ({"0": [6, 12, 18], "1": [1]}, ["0:6", "0:12"]),  # one is left to learn from
        ({"0": [6, 18, 18], "1": [1]}, ["0:6"]),  # with its copy
        ({"0": [6], "1": [12]}, []),
        ({"0": [7, 8], "1": [5]}, ["0:7"]),  # one at least, but not the only one of a class
        ({"0": [8, 8], "1": [7, 9, 7]}, ["1:7", "1:7"]),
    ],
)
def test_what_is_held_out_follows_from_the_digests(tmp_path, digests, test):
    seen, pictures = {}, []
    for name, values in digests.items():
        for number, value in enumerate(values):
            pictures.append(Picture(tmp_path / name / f"{number}.png", name))
            seen[pictures[-1]] = Seen((8, 8), f"{value:016x}")
    learned, held = held_out(pictures, seen)
    told = [f"{one.name}:{int(seen[one].sha256, 16)}" for one in held]
    assert told == test
    assert sorted(learned + held) == sorted(pictures)


# --- for a model ----------------------------------------------------------------------------------


def test_all_pictures_of_another_folder_are_for_tests(folder):
    model = {"name": "mnist", "size": [8, 8], "sha256": {}}
    data = load_data(folder, like=model)
    assert len(data.test.labels) == 60
    assert "all of the pictures are test images" in data.notes


def test_of_the_folder_it_learned_from_those_held_out_are_also_when_more_are_there(folder):
    learned = load_data(folder)
    model = record(learned)
    assert len(model["pictures"]["learned"]) == REMEMBERED
    same = load_data(folder, like=model)
    assert [same.sha256(part) for part in PARTS] == [learned.sha256(part) for part in PARTS]
    for number, (image, label) in enumerate(zip(*bars(30, seed=1))):
        save(folder / str(label) / f"more{number}.png", image)
    more = load_data(folder, like=model)
    assert len(more.test.labels) > len(learned.test.labels)
    assert not names(more, "test") & names(learned, "train")
    assert any("has learned from pictures that are here" in note for note in more.notes)


def test_a_model_that_learned_from_some_of_the_test_images_is_told_of(divided):
    model = record(load_data(divided))
    said = "the model has learned from some of these test images"
    assert not any(said in note for note in load_data(divided, like=model).notes)
    assert any(said in note for note in load_data(divided / "train", like=model).notes)
    assert not any(said in note for note in load_data(divided / "test", like=model).notes)


def test_pictures_are_prepared_for_a_model_of_another_size_or_that_learned_from_such(folder):
    for model in (
        {"size": [12, 12]},
        {"size": [8, 8], "pictures": {"how": "prepared", "held_out": True, "learned": []}},
    ):
        images = load_data(folder, like=model).test.images
        path = folder / "0" / "0.png"
        np.testing.assert_array_equal(images[0], prepare(read_image(path), model["size"][0]))
    kept = {"size": [8, 8], "pictures": {"how": "as they are", "held_out": True, "learned": []}}
    np.testing.assert_array_equal(load_data(folder, like=kept).test.images, bars(60)[0])
    for path in folder.rglob("*.png"):  # dark on light, as nothing that it learned from
        save(path, 255 - lightness(path))
    assert "prepared" in load_data(folder, like=kept).notes[0]


def test_predict_takes_a_picture_as_it_is_where_eval_would():
    image = bars(1)[0][0]
    kept = {"size": [8, 8], "pictures": {"how": "as they are", "held_out": True, "learned": []}}

    def rgba(light):
        return np.dstack([light, light, light, np.full_like(light, 255)])

    assert is_image(rgba(image), kept)
    assert not is_image(rgba(255 - image), kept)
    assert not is_image(rgba(image[1:]), kept)
    assert not is_image(rgba(image), {"size": [8, 8]})
    assert not is_image(rgba(image), kept | {"pictures": {"how": "prepared"}})


def test_pictures_cannot_be_prepared_for_a_model_that_reads_no_squares(folder):
    with pytest.raises(DataError, match="mine: expected pictures of 7 x 9 pixels, light on dark"):
        load_data(folder, like={"size": [7, 9]})


def test_training_images_are_not_read_where_only_test_images_are_needed(divided):
    (divided / "train" / "0" / "0.png").write_bytes(b"damaged")
    data = load_data(divided, like={"size": [8, 8]})
    assert len(data.test.labels) == 20
    with pytest.raises(DataError, match="0.png: expected a picture"):
        _ = data.train


def test_the_data_of_a_model_are_found_by_the_variable(folder, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", str(folder))
    learned = load_data()
    same = load_same(record(learned))
    assert same.place == folder and same.sha256("test-images") == learned.sha256("test-images")
    save(folder / "0" / "new.png", bars(1, seed=3)[0][0])
    model = record(learned) | {"sha256": dict.fromkeys(PARTS, "0" * 64)}
    with pytest.raises(DataError, match=f"{folder} holds another \\(custom\\)"):
        load_same(model)


# --- what is wrong --------------------------------------------------------------------------------


def test_a_picture_that_cannot_be_read_is_named(folder):
    path = folder / "1" / "4.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=f"^{path}: expected a whole picture, found a damaged one"):
        load_data(folder)
    path.write_bytes(b"no picture")
    with pytest.raises(DataError, match=f"^{path}: expected a picture such as PNG or JPEG, found"):
        load_data(folder)
    path.unlink()
    path.symlink_to("nowhere")
    with pytest.raises(DataError, match=f"^{path}: .* found that it cannot be read: No such file"):
        load_data(folder)


def test_of_several_the_first_three_are_told_and_how_many_there_are(folder):
    for name in ("0.png", "3.png", "6.png", "9.png"):
        (folder / "0" / name).write_bytes(b"")
    with pytest.raises(DataError) as caught:
        load_data(folder)
    message = str(caught.value)
    assert message.startswith(
        f"{folder}: expected 60 pictures, found 4 among them that cannot be read: mend or remove "
        f"them. The first 3: {folder / '0' / '0.png'}: expected a picture such as PNG or JPEG, "
        "found an empty file: save it as PNG."
    )
    assert message.count("an empty file") == 3


def test_a_picture_in_which_nothing_is_drawn_is_named(folder):
    blank = folder / "2" / "blank.png"
    save(blank, np.full((40, 40), 200, np.uint8))
    with pytest.raises(DataError, match=f"^{blank}: expected a digit, found nothing drawn"):
        load_data(folder)


@pytest.mark.parametrize(
    ("half", "change", "words"),
    [
        ("train", "one class", "expected folders with the pictures of at least two classes, found "
         "one, 0: name the folder in which they are."),
        ("train", "empty", "expected pictures in every class folder, found none in 1: put some "
         "there, or remove it."),
        ("train", "untaught", "expected pictures to learn from of each class that is tested, found "
         "none of 1: put some into train, or remove it from test."),
        ("train", "tests alone", "expected some pictures to learn from, found none: add a folder "
         "train with class folders."),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_said_and_can_be_tested_with(divided, half, change, words):
    train, test = divided / "train", divided / "test"
    if change == "one class":
        for path in (train / "1", train / "2", test / "1", test / "2"):
            shutil.rmtree(path)
    elif change == "empty":
        for path in [*(train / "1").iterdir(), *(test / "1").iterdir()]:
            path.unlink()
    elif change == "untaught":
        shutil.rmtree(train / "1")
    else:
        shutil.rmtree(train)
    data = load_data(divided)
    with pytest.raises(DataError) as caught:
        _ = data.train
    assert str(caught.value) == f"{divided}: {words}"
    assert len(data.test.labels)
    assert len(load_data(divided, like={"size": [8, 8]}).test.labels) == len(data.test.labels)


def test_without_pillow_it_is_said_how_to_get_it(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(SimplenetError, match="expected Pillow, .* not installed: get it with .*pi"):
        load_data(folder)


def test_idx_files_come_before_pictures(make_data):
    folder = make_data()
    save(folder / "0" / "a.png", bars(1)[0][0])
    assert load_data(folder).train.images.shape == (240, 8, 8)


def test_how_far_reading_has_come_is_told_of_many_pictures(folder):
    told = []
    load_data(folder, progress=lambda *report: told.append(report))
    assert told == []
    for number in range(LOOKED_AT):
        shutil.copy(folder / "0" / "0.png", folder / "0" / f"copy{number}.png")
    load_data(folder, progress=lambda *report: told.append(report))
    assert {name for name, *_ in told} == {"reading pictures"}
    assert told[:160] == [("reading pictures", count, 160) for count in range(1, 161)]
