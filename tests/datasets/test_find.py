"""The four files of a data set are found in any usual spelling and layout; doubt is an error."""

import gzip
import os
import shutil

import pytest

from simplenet.datasets.find import find_files
from simplenet.datasets.sources import FILES, PARTS
from simplenet.errors import DataError

RAW = {part: name.removesuffix(".gz") for part, name in FILES.items()}
SPELLINGS = {
    train: {
        f"{half}-{kind}s": pattern.format(kind, n=n)
        for half, pattern in (("train", train), ("test", test))
        for kind, n in (("image", 3), ("label", 1))
    }
    for train, test in [
        ("train-{}s-idx{n}-ubyte", "t10k-{}s-idx{n}-ubyte"),
        ("train-{}s.idx{n}-ubyte", "t10k-{}s.idx{n}-ubyte"),
        ("train-{}s-idx{n}-ubyte.gz", "t10k-{}s-idx{n}-ubyte.gz"),
        ("train-{}s.idx{n}-ubyte.gz", "test-{}s.idx{n}-ubyte.gz"),
        ("TRAIN-{}S-IDX{n}-UBYTE.GZ", "T10K-{}S-IDX{n}-UBYTE.GZ"),
        ("Train_{}s", "Test_{}s"),
        ("train-{}", "test-{}"),
        ("train{}s.idx", "test{}s.idx"),
        ("training {}s.bin", "testing {}s.bin"),
        ("training.{}s.gz", "t10k.{}s.gz"),
        ("emnist-balanced-train-{}s-idx{n}-ubyte.gz", "emnist-balanced-test-{}s-idx{n}-ubyte.gz"),
        ("my_own.digits_train-{}s-idx{n}-ubyte", "my_own.digits_test-{}s-idx{n}-ubyte"),
    ]
}


def empty(folder, *names):
    """Make a folder of empty files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("names", SPELLINGS.values(), ids=SPELLINGS)
def test_every_usual_spelling_is_understood(tmp_path, names):
    folder = empty(tmp_path / "data", *names.values())
    assert find_files(folder) == {part: folder / name for part, name in names.items()}


@pytest.mark.parametrize("layout", [".", "raw", "MNIST/raw", "my own/raw"])
def test_the_files_may_lie_where_other_tools_put_them(make_data, tmp_path, layout):
    folder = make_data(f"top/{layout}")
    assert find_files(tmp_path / "top") == {part: folder / RAW[part] for part in PARTS}


def test_the_folder_itself_comes_before_those_in_it(make_data, tmp_path):
    make_data("top/raw")
    make_data("top/MNIST/raw")
    with pytest.raises(DataError) as caught:
        find_files(tmp_path / "top")
    raws = f"{tmp_path / 'top' / 'raw'}, {tmp_path / 'top' / 'MNIST' / 'raw'}"
    assert str(caught.value) == (
        f"{tmp_path / 'top'}: expected one data set, found {raws}: name one."
    )
    for name in RAW.values():
        shutil.copy(tmp_path / "top" / "raw" / name, tmp_path / "top")
    assert {path.parent for path in find_files(tmp_path / "top").values()} == {tmp_path / "top"}


def test_what_only_looks_like_a_data_file_is_passed_over(make_data):
    folder = make_data()
    empty(
        folder, "._train-images-idx3-ubyte", ".train-labels", "pretrain-images", "train-images.txt",
        "train-images-idx3-ubyte (1)", "emnist-balanced-mapping.txt", "train-labels-backup",
    )  # fmt: skip
    (folder / "train-images.idx3-ubyte").mkdir()
    (folder / "test-labels").symlink_to("nowhere")
    os.mkfifo(folder / "train_images")
    assert find_files(folder) == {part: folder / RAW[part] for part in PARTS}


@pytest.mark.parametrize("swapped", [False, True], ids=["well named", "misnamed"])
def test_raw_comes_before_gzip_by_content_and_not_by_name(make_data, swapped):
    folder = make_data()
    for part in PARTS:
        raw = (folder / RAW[part]).read_bytes()
        names = RAW[part], FILES[part]
        for name, content in zip(reversed(names) if swapped else names, (raw, gzip.compress(raw))):
            (folder / name).write_bytes(content)
    assert find_files(folder) == {
        part: folder / (FILES if swapped else RAW)[part] for part in PARTS
    }


@pytest.mark.parametrize("content", [b"\0\0\x08\1", gzip.compress(b"")], ids=["raw", "gzip"])
def test_two_files_for_one_part_are_refused(make_data, content):
    folder = make_data(suffix=".gz")
    for name in ("train-labels-idx1-ubyte.gz", "letters-train-labels"):
        (folder / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        find_files(folder)
    assert str(caught.value) == (
        f"{folder}: expected one file for the train labels, found letters-train-labels, "
        "train-labels-idx1-ubyte.gz: move the others elsewhere."
    )


@pytest.mark.parametrize(
    "files, missing, found",
    [
        ([], list(RAW.values()), "nothing"),
        ([".hidden"], list(RAW.values()), "nothing"),
        ([RAW["train-images"], "x"], list(RAW.values())[1:], "train-images-idx3-ubyte, x"),
        (
            [RAW[part] + ".gz" for part in PARTS[:3]],
            [RAW["test-labels"]],
            "t10k-images-idx3-ubyte.gz, train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz",
        ),
        (
            [f"{n}.png" for n in range(1, 9)],
            list(RAW.values()),
            "1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png, 8.png",
        ),
        (
            [f"{n}.png" for n in range(1, 10)],
            list(RAW.values()),
            "1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png, 8.png, ...",
        ),
    ],
    ids=["empty", "hidden", "one", "three", "eight", "nine"],
)
def test_what_is_missing_is_named_with_where_and_what_is_there(tmp_path, files, missing, found):
    folder = empty(tmp_path / "data", *files)
    with pytest.raises(DataError) as caught:
        find_files(folder)
    assert str(caught.value) == (
        f"{folder}: expected four IDX files, raw or .gz (spellings such as train-images.idx3-ubyte "
        f"or test-labels are fine); missing: {', '.join(missing)}; found: {found}. Pictures may "
        "lie there instead, in a folder for each class."
    )


def test_what_is_missing_is_named_for_the_place_that_has_most(tmp_path):
    best = empty(tmp_path / "data" / "MNIST" / "raw", *list(RAW.values())[:3])
    empty(tmp_path / "data", RAW["train-images"])
    with pytest.raises(
        DataError, match=f"^{best}: .*; missing: t10k-labels-idx1-ubyte; found: t10k"
    ):
        find_files(tmp_path / "data")
