"""Which files of a folder are pictures, in which order, and what their names say of them."""

import pytest

from simplenet.pictures.folders import labels_of, natural, pictures_in


def test_names_are_sorted_as_people_do():
    names = ["b.png", "a10.png", "a9.png", "A1.png", "10", "9", "a²", "a٣"]
    assert sorted(names, key=natural)[:6] == ["9", "10", "A1.png", "a9.png", "a10.png", "a²"]


def test_what_is_in_a_folder_comes_before_what_is_below(tmp_path):
    for name in "z.png", "b/1.png", "a/2.PNG", "a/c/3.jpeg", "a/no.txt":
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found, others = pictures_in(tmp_path)
    names = [path.removeprefix(str(tmp_path)).replace("\\", "/") for path in found]
    assert names == ["/z.png", "/a/2.PNG", "/a/c/3.jpeg", "/b/1.png"] and others == 1


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ("7/a.png 7/b.png 3/a.png", [7, 7, 3]),
        ("class_7/1.png class_7/2.png", [7, 7]),
        ("Digit-7/a.png label 4/b.png", [7, 4]),
        ("digits/7.png digits/3.png", [7, 3]),
        ("7_03.png 7_04.png 1_03.png", [7, 7, 1]),
        ("img_004-label7.png label2.png 5_class_3.png", [7, 2, 3]),
        ("1/x-label7.png 1/y-label8.png", [7, 8]),  # a word says more than a folder
        ("0.png 1.png 2.png 3.png 4.png 5.png 6.png 7.png 8.png 9.png", [*range(10)]),
        ("7/a.png", [7]),
        ("07/a.png 03/a.png", [7, 3]),
        # what only counts, and what says something else, or of some only
        ("1.png 2.png 3.png", None),
        ("0.png 1.png", None),
        ("digit1.png digit2.png", None),
        ("7.png", None),
        ("7_03.png", None),
        ("photo1.png photo2.png", None),
        ("IMG_2023.jpg IMG_2024.jpg", None),
        ("2023.png 2024.png", None),
        ("7/a.png other/b.png", None),
        ("7/a.png 12/b.png", None),
        ("7.png a.png", None),
        ("a-label7-label3.png", None),
        ("mylabel7.png", None),
        ("2024-11-27.png 2024-11-28.png", None),
        ("scan 7.png scan 3.png", None),
        ("", None),
    ],
)
def test_labels_are_read_only_where_all_names_tell_one(names, labels, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    parts = names.replace("label 4", "label?4").replace("scan ", "scan?").split()
    assert labels_of([part.replace("?", " ") for part in parts]) == labels


def test_a_label_is_a_class_of_the_net():
    assert labels_of(["some/12/a.png", "some/25/b.png"], 26) == [12, 25]
    assert labels_of(["some/12/a.png", "some/26/b.png"], 26) is None
