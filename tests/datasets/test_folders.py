"""Pictures in folders: which are found, in which order, of which class, and for what."""

import os

import pytest

from simplenet.datasets.folders import find_pictures, names_of, numbered
from simplenet.errors import DataError
from simplenet.pictures.folders import natural


@pytest.fixture
def touch(tmp_path):
    """Return a function that makes empty files in a folder, and returns it."""

    def make(*names):
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return folder

    return make


def told(pictures, folder):
    return [f"{one.name}: {one.path.relative_to(folder)}" for one in pictures]


def test_class_folders_hold_pictures_of_any_kind_also_in_folders_of_their_own(touch):
    folder = touch("0/a.png", "0/anne/b.JPG", "10/c", "7/d.webp")
    tree = find_pictures(folder)
    assert told(tree.learn, folder) == ["0: 0/a.png", "0: 0/anne/b.JPG", "10: 10/c", "7: 7/d.webp"]
    assert tree.test is None and tree.empty == [] and tree.notes == []


def test_the_names_of_the_files_give_the_order_as_people_count(touch):
    """So that MNIST written as PNG files, numbered across its classes, comes in its own order."""
    folder = touch("5/0.png", "0/1.png", "4/2.png", "0/10.png", "1/3.png", "5/10.png")
    learn = find_pictures(folder).learn
    assert told(learn, folder) == [
        "5: 5/0.png", "0: 0/1.png", "4: 4/2.png", "1: 1/3.png", "0: 0/10.png", "5: 5/10.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "test"), ("training", "testing"), ("Train", "TEST"), ("train", "val"),
     ("train", "valid"), ("training", "validation")],
)  # fmt: skip
def test_folders_to_learn_from_and_for_tests_are_known_by_their_names(touch, train, test):
    folder = touch(f"{train}/0/a.png", f"{train}/1/b.png", f"{test}/1/c.png", "README.md")
    tree = find_pictures(folder)
    assert told(tree.learn, folder) == [f"0: {train}/0/a.png", f"1: {train}/1/b.png"]
    assert told(tree.test, folder) == [f"1: {test}/1/c.png"]
    said = [f"the test images are those of {test}, for there is no test"]
    assert tree.notes == (said if test.startswith("val") else [])


def test_images_to_validate_are_not_read_where_there_are_others_for_tests(touch):
    folder = touch("train/0/a.png", "val/0/b.png", "test/0/c.png")
    tree = find_pictures(folder)
    assert told(tree.learn + tree.test, folder) == ["0: train/0/a.png", "0: test/0/c.png"]
    assert tree.notes == ["val is not read: what validates is held out of train"]


def test_there_may_be_pictures_for_tests_alone_or_none(touch):
    tree = find_pictures(touch("test/0/a.png"))
    assert tree.learn == [] and len(tree.test) == 1
    os.rename(tree.folder / "test", tree.folder / "train")
    tree = find_pictures(tree.folder)
    assert len(tree.learn) == 1 and tree.test is None


def test_what_systems_leave_behind_is_passed_over_and_so_are_texts(touch):
    folder = touch(
        "0/a.png", "0/.DS_Store", "0/Thumbs.db", "0/desktop.ini", "0/._a.png", "0/labels.csv",
        "0/.hidden/b.png", "__MACOSX/0/c.png", ".ipynb_checkpoints/d.png", "notes.txt",
    )  # fmt: skip
    tree = find_pictures(folder)
    assert told(tree.learn, folder) == ["0: 0/a.png"] and tree.notes == []


def test_what_is_not_read_is_told(touch):
    folder = touch("0/a.png", "b.png", "c.jpg", "7/.gitkeep", "12/notes.txt")
    tree = find_pictures(folder)
    assert tree.empty == ["7", "12"]
    assert tree.notes == [
        "no pictures in 7, 12 of data",
        "not read, for no class folder holds it: b.png, c.jpg",
    ]


def test_links_that_lead_back_come_to_an_end_and_others_are_followed(touch, tmp_path):
    folder = touch("0/a.png")
    (folder / "0" / "again").symlink_to(folder)
    (folder / "0" / "self").symlink_to(".")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.png").touch()
    (folder / "1").symlink_to(elsewhere)
    (folder / "1" / "c.png").symlink_to("b.png")
    found = told(find_pictures(folder).learn, folder)
    assert [name for name in found if name.startswith("1: ")] == ["1: 1/b.png", "1: 1/c.png"]
    assert sum(name.endswith("/a.png") for name in found) == 1


@pytest.mark.parametrize("names", [[], ["a"], ["0/.hidden"], ["raw/notes.txt"]], ids=str)
def test_a_folder_without_class_folders_is_none(touch, names):
    assert find_pictures(touch(*names)) is None


@pytest.mark.parametrize("more", [[], ["0/.gitkeep"]], ids=str)
def test_pictures_outside_of_class_folders_are_an_error_where_there_are_no_others(touch, more):
    folder = touch("b.png", "a.JPG", *more)
    with pytest.raises(DataError) as caught:
        find_pictures(folder)
    assert str(caught.value) == (
        f"{folder}: expected four IDX files, or pictures in a folder for each class, found "
        "pictures outside of any, a.JPG, b.png: put each into a folder with the name of its class."
    )


def test_pictures_without_class_folders_in_train_or_test_are_an_error(touch):
    folder = touch("train/0/a.png", "test/1.png", "test/2.png")
    with pytest.raises(DataError) as caught:
        find_pictures(folder)
    assert str(caught.value) == (
        f"{folder / 'test'}: expected a folder for each class, with pictures in it, found 1.png, "
        "2.png: sort them into folders."
    )


def test_two_folders_for_one_part_are_an_error(touch):
    folder = touch("train/0/a.png", "training/0/a.png")
    with pytest.raises(DataError) as caught:
        find_pictures(folder)
    assert str(caught.value) == (
        f"{folder}: expected one folder for each part, found train and training: move one "
        "elsewhere."
    )


# --- classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folders", "labels", "names"),
    [
        (["0", "1", "7"], {"0": 0, "1": 1, "7": 7}, None),
        (["00", "01", "255"], {"00": 0, "01": 1, "255": 255}, None),
        (["dog", "cat"], {"cat": 0, "dog": 1}, ("cat", "dog")),
        (["c10", "c2"], {"c2": 0, "c10": 1}, ("c2", "c10")),
        (["0", "A"], {"0": 0, "A": 1}, ("0", "A")),
        (["1999", "2000"], {"1999": 0, "2000": 1}, ("1999", "2000")),
        (["٣", "٤"], {"٣": 0, "٤": 1}, ("٣", "٤")),
        (["é", "犬"], {"é": 0, "犬": 1}, ("é", "犬")),
    ],
    ids=str,
)
def test_numbers_are_the_classes_and_other_names_are_numbered(touch, folders, labels, names):
    tree = find_pictures(touch(*(f"{name}/a.png" for name in folders)))
    assert numbered(names_of(tree), tree.folder, None) == (labels, names)


def test_a_name_is_the_same_in_all_ways_to_write_it(touch):
    folder = touch("train/caf\u00e9/a.png", "test/cafe\u0301/b.png")  # as macOS has it
    assert names_of(find_pictures(folder)) == ["caf\u00e9"]


def test_a_name_that_cannot_be_printed_is_escaped(touch):
    assert names_of(find_pictures(touch("a\x1bb/1.png", "c/1.png"))) == ["a\\x1bb", "c"]


def test_a_model_that_has_names_gives_its_own_numbers(tmp_path):
    recorded = {"classes": ["ant", "cat", "dog"]}
    assert numbered(["dog"], tmp_path, recorded) == ({"dog": 2}, ("ant", "cat", "dog"))
    with pytest.raises(DataError) as caught:
        numbered(["bird", "cat"], tmp_path, recorded)
    assert str(caught.value) == (
        f"{tmp_path}: expected folders with the names of the classes that the model was trained "
        "on, ant, cat, dog; found bird: rename them, or name the folder that has them in it."
    )


@pytest.mark.parametrize(
    ("names", "recorded", "words"),
    [
        (["1", "01"], None, "expected one folder for each class, found 1, 01, which are the same"),
        (["1", "one"], {}, "since the model knows no other names; found one: rename them"),
        (["1", "256"], {}, "since the model knows no other names; found 256: rename them"),
        ([f"c{n}" for n in range(257)], None, "expected at most 256 classes, found 257 folders"),
    ],
)
def test_classes_that_cannot_be_are_refused(tmp_path, names, recorded, words):
    with pytest.raises(DataError, match=words):
        numbered(names, tmp_path, recorded)


def test_names_are_sorted_as_people_do():
    names = ["b", "a10", "a2", "a2b1", "10", "9", "a"]
    assert sorted(names, key=natural) == ["9", "10", "a", "a2", "a2b1", "a10", "b"]
