"""A data set is read only if it is right, and never taken for another."""

import gzip
import hashlib
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

from simplenet.datasets.idx import write_idx
from simplenet.datasets.load import Data, load_data, load_same
from simplenet.datasets.sources import DATASETS, FILES, PARTS, Dataset, Known, cache_folder, fetch
from simplenet.errors import DataError

RAW = {part: name.removesuffix(".gz") for part, name in FILES.items()}


def known(content):
    """Describe a raw file as it is published: gzipped."""
    packed = gzip.compress(content, mtime=0)
    return packed, Known(
        len(packed), hashlib.sha256(packed).hexdigest(),
        len(content), hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


@pytest.fixture
def shelf(make_data, monkeypatch):
    """Put a small data set in the place of each with a name; return their mirrors' folders."""
    folders = {}
    for classes, name in enumerate(["mnist", "fashion-mnist", "kmnist"], start=3):
        folders[name] = folder = make_data(f"mirror/{name}", classes=classes)
        files = {}
        for part in PARTS:
            content, files[part] = known((folder / RAW[part]).read_bytes())
            (folder / RAW[part]).unlink()
            (folder / FILES[part]).write_bytes(content)
        monkeypatch.setitem(DATASETS, name, Dataset(name, (folder.as_uri() + "/",), files))
    return folders


@pytest.fixture
def no_download():
    """Check after a test that it made no folder to download to."""
    yield
    assert not cache_folder().exists()


def mirrors(monkeypatch, name, *urls):
    """Let a data set come from other mirrors."""
    monkeypatch.setitem(DATASETS, name, DATASETS[name]._replace(mirrors=urls))


# --- reading them --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("size", [(8, 8), (5, 9), (64,), (1, 8, 8)], ids=str)
def test_images_of_any_size_come_with_their_labels(make_data, size, suffix):
    data = load_data(make_data(size=size, suffix=suffix))
    assert data.name == "custom"
    assert data.train.images.shape == (240, *size) and data.test.images.shape == (60, *size)
    assert data.train.labels.tolist() == [n % 3 for n in range(240)]
    assert data.test.labels.tolist() == [n % 3 for n in range(60)]
    for array in (*data.train, *data.test):
        assert array.dtype == np.uint8 and not array.flags.writeable


@pytest.mark.parametrize("half", ["train", "t10k"])
@pytest.mark.parametrize("largest", [3, 26, 255])
def test_there_are_as_many_classes_as_the_largest_label_of_either_part_says(
    make_data, half, largest
):
    folder = make_data()
    path = folder / f"{half}-labels-idx1-ubyte"
    labels = np.arange(240 if half == "train" else 60, dtype=np.uint8) % 3
    labels[7] = largest
    write_idx(path, labels, overwrite=True)
    assert load_data(folder).classes == largest + 1


def test_a_digest_is_that_of_the_raw_file(make_data):
    packed, raw = load_data(make_data("packed", suffix=".gz")), load_data(make_data("raw"))
    for part in PARTS:
        expected = hashlib.sha256(raw.files[part].read_bytes()).hexdigest()
        assert raw.sha256(part) == packed.sha256(part) == expected


def test_nothing_is_read_before_it_is_used(make_data):
    folder = make_data()
    (folder / RAW["train-images"]).write_bytes(b"half")
    data = load_data(folder)
    assert len(data.test.images) == 60
    assert data.classes == 3
    with pytest.raises(DataError, match=f"^{folder / RAW['train-images']}: expected an IDX file"):
        _ = data.train


WRONG = {
    "a label short": ("labels", np.zeros(59, np.uint8), None),
    "an image short": ("images", np.zeros((59, 8, 8), np.uint8), None),
    "wide images": ("images", np.zeros((60, 8, 8), np.int16), "found int16 of shape (60, 8, 8)"),
    "signed images": ("images", np.zeros((60, 8, 8), np.int8), "found int8 of shape"),
    "float images": ("images", np.zeros((60, 8, 8), np.float32), "found float32 of shape"),
    "no images": ("images", np.zeros((0, 8, 8), np.uint8), "found uint8 of shape (0, 8, 8)"),
    "no pixels": ("images", np.zeros((60, 0, 8), np.uint8), "found uint8 of shape (60, 0, 8)"),
    "images in a row": ("images", np.zeros(60, np.uint8), "found uint8 of shape (60,)"),
    "one number": ("images", np.zeros((), np.uint8), "found uint8 of shape ()"),
    "wide labels": ("labels", np.zeros(60, np.int32), "found int32 of shape (60,)"),
    "signed labels": ("labels", np.zeros(60, np.int8), "found int8 of shape (60,)"),
    "no labels": ("labels", np.zeros(0, np.uint8), "found uint8 of shape (0,)"),
    "one label": ("labels", np.zeros((), np.uint8), "found uint8 of shape ()"),
    "one-hot labels": ("labels", np.zeros((60, 3), np.uint8), "found uint8 of shape (60, 3)"),
}


@pytest.mark.parametrize("half", ["train", "test"])
@pytest.mark.parametrize("what", WRONG)
def test_images_and_labels_that_are_not_right_are_refused(make_data, what, half):
    kind, array, found = WRONG[what]
    folder = make_data(train=60)
    paths = {kind: folder / RAW[f"{half}-{kind}"] for kind in ("images", "labels")}
    write_idx(paths[kind], array, overwrite=True)
    data = load_data(folder)
    with pytest.raises(DataError) as caught:
        getattr(data, half)
    if found:
        shape = {"images": "(n, rows, columns)", "labels": "(n,)"}[kind]
        expected = (
            f"{paths[kind]}: expected {kind}, bytes of shape {shape}, {found}",
            "are images and labels swapped, or is one empty?",
        )
    else:
        counts = (60, 59) if kind == "labels" else (59, 60)
        expected = (
            f"{paths['labels']}: expected {counts[0]} labels, as many as there are images in "
            f"{paths['images'].name}, found {counts[1]}: take both from the same place.",
        )
    assert all(words in str(caught.value) for words in expected), str(caught.value)


def test_images_and_labels_in_each_others_place_are_refused(make_data):
    folder = make_data()
    images, labels = (folder / RAW[f"test-{kind}"] for kind in ("images", "labels"))
    images.rename(folder / "aside")
    labels.rename(images)
    (folder / "aside").rename(labels)
    data = load_data(folder)
    with pytest.raises(
        DataError, match=f"^{images}: .* found uint8 of shape \\(60,\\): are images"
    ):
        _ = data.test
    with pytest.raises(DataError, match=f"^{labels}: .* found uint8 of shape \\(60, 8, 8\\): are"):
        _ = data.classes


def test_test_images_of_another_size_are_refused_before_any_training(make_data, cli):
    folder = make_data()
    write_idx(folder / RAW["test-images"], np.zeros((60, 8, 9), np.uint8), overwrite=True)
    words = (
        f"{folder / RAW['test-images']}: expected images of the size (8, 8), as in "
        f"{RAW['train-images']}, found (8, 9): take both from the same place."
    )
    data = load_data(folder)
    with pytest.raises(DataError) as caught:
        _ = data.train
    assert str(caught.value) == words
    assert words in cli("train", "--data", folder, code=3).stderr
    assert not Path("model.npz").exists()


# --- by name, by folder, by SIMPLENET_DATA -------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist"])
def test_a_name_is_downloaded_once_and_then_found(shelf, name, monkeypatch):
    reports = []
    data = load_data(name, progress=lambda *report: reports.append(report))
    assert data.name == name
    assert data.files == {part: cache_folder() / name / FILES[part] for part in PARTS}
    assert data.classes == {"mnist": 3, "fashion-mnist": 4, "kmnist": 5}[name]
    assert {file for file, *_ in reports} == set(FILES.values())
    mirrors(monkeypatch, name, "http://127.0.0.1:9/")  # where nobody listens
    assert load_data(name).files == data.files
    assert load_data(name, offline=True).files == data.files


def test_mnist_is_the_default(shelf):
    assert load_data().name == "mnist"


@pytest.mark.usefixtures("shelf", "no_download")
def test_offline_downloads_nothing():
    with pytest.raises(DataError, match="^kmnist: .* nothing may be downloaded: run"):
        load_data("kmnist", offline=True)


def test_how_long_to_wait_is_passed_on(shelf, monkeypatch):
    model = recorded(load_data())
    shutil.rmtree(cache_folder())
    with socket.create_server(("127.0.0.1", 0)) as server:  # which never answers
        mirrors(monkeypatch, "mnist", f"http://127.0.0.1:{server.getsockname()[1]}/")
        with pytest.raises(DataError, match="no answer for 0.3 s"):
            load_data(timeout=0.3)
        with pytest.raises(DataError, match="no answer for 0.2 s"):
            load_same(model, timeout=0.2)


@pytest.mark.parametrize("lies", ["raw", "second"])
def test_a_name_gives_the_verified_files_whatever_lies_beside_them(shelf, lies):
    right = load_data("mnist").sha256("train-labels")
    name = {"raw": RAW["train-labels"], "second": "letters-train-labels.gz"}[lies]
    write_idx(cache_folder() / "mnist" / name, np.zeros(240, np.uint8))
    assert load_data("mnist").sha256("train-labels") == right


@pytest.mark.usefixtures("no_download")
@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "raw"])
def test_a_known_data_set_is_known_in_any_folder_under_any_spelling(shelf, tmp_path, packed):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    names = {part: part.replace("train", "training") + ".bin" for part in PARTS}
    for part in PARTS:
        content = (shelf["kmnist"] / FILES[part]).read_bytes()
        (folder / names[part]).write_bytes(content if packed else gzip.decompress(content))
    assert load_data(folder).name == load_data(str(folder)).name == "kmnist"
    with open(folder / names["test-labels"], "r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    assert load_data(folder).name == "custom"  # one byte is another data set


def test_a_known_set_in_the_folder_of_the_variable_comes_before_the_cache(shelf, monkeypatch):
    cached = fetch("mnist") / FILES["test-labels"]
    cached.write_bytes(b"damaged")
    monkeypatch.setenv("SIMPLENET_DATA", str(shelf["mnist"]))
    assert load_data("mnist").files["test-images"].parent == shelf["mnist"]
    assert load_data().files["test-images"].parent == shelf["mnist"]
    assert cached.read_bytes() == b"damaged"  # else somebody has looked there, and fetched it


@pytest.mark.parametrize("variable", ["another", "broken", "missing", ""])
def test_a_name_is_never_served_by_a_folder_that_holds_something_else(
    shelf, tmp_path, monkeypatch, variable
):
    folder = {
        "another": shelf["kmnist"],
        "broken": tmp_path / "broken",
        "missing": "missing",
        "": "",
    }[variable]
    monkeypatch.setenv("SIMPLENET_DATA", str(folder))
    data = load_data("mnist")
    assert data.name == "mnist" and data.classes == 3
    assert data.files["test-images"].parent == cache_folder() / "mnist"


@pytest.mark.usefixtures("no_download")
def test_the_variable_serves_when_nothing_is_asked_for(make_data, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", str(make_data(classes=5)))
    assert (load_data().name, load_data().classes) == ("custom", 5)
    other = make_data("other", classes=4)
    assert load_data(other).classes == 4  # what is asked for comes first


@pytest.mark.usefixtures("no_download")
def test_a_variable_that_names_nothing_useful_is_an_error_and_nothing_else_tried(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("SIMPLENET_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(
        DataError, match=f"^SIMPLENET_DATA: {tmp_path / 'nowhere'}: expected a folder"
    ):
        load_data()


@pytest.mark.usefixtures("no_download")
def test_the_sample_is_known_by_name_and_by_folder(make_data, monkeypatch):
    folder = make_data("sample")
    monkeypatch.setitem(DATASETS, "sample", DATASETS["sample"]._replace(folder=folder))
    assert load_data("sample").name == load_data(folder).name == "sample"
    assert load_data(folder / ".." / "sample").name == "sample"
    assert load_data("sample").files["train-images"].parent == folder


def test_a_folder_called_like_a_data_set_is_reached_by_its_path(make_data, shelf):
    folder = make_data("here/mnist", classes=7)
    assert folder == Path.cwd() / "mnist"
    assert load_data("./mnist").classes == load_data(Path("mnist")).classes == 7
    assert load_data("mnist").classes == 3


@pytest.mark.parametrize(
    "where, words",
    [
        ("MNIST", "expected a folder or one of the names mnist, fashion-mnist, kmnist, sample; "
         "found neither.$"),
        ("a file", "expected a folder or .*; found a file: give the folder that it is in.$"),
        ("x" * 300, "expected four IDX files, found that .*: File name too long. Check its"),
    ],
    ids=["neither", "a file", "too long"],
)  # fmt: skip
def test_what_is_neither_a_name_nor_a_folder_is_refused(where, words):
    Path("a file").touch()
    with pytest.raises(DataError, match=f"^{where}: {words}"):
        load_data(where)


def test_a_file_that_may_not_be_read_is_named(shelf, monkeypatch):
    def refuse(file, _):
        raise PermissionError(13, "Permission denied", file.name)

    monkeypatch.setattr(hashlib, "file_digest", refuse)
    secret = shelf["mnist"] / FILES["train-images"]
    with pytest.raises(
        DataError, match=f"^{secret}: .* found that .* Permission denied. Check its"
    ):
        load_data(shelf["mnist"])


# --- the data set of a model ---------------------------------------------------------------------


def recorded(data):
    return {"name": data.name, "sha256": {part: data.sha256(part) for part in PARTS}}


def test_the_same_data_are_found_by_name_or_by_the_variable(shelf, make_data, monkeypatch):
    by_name = recorded(load_data("kmnist"))
    assert load_same(by_name, offline=True).name == "kmnist"
    custom = make_data("mine", classes=6)
    monkeypatch.setenv("SIMPLENET_DATA", str(custom))
    assert load_same(recorded(load_data())).files["test-images"].parent == custom
    assert load_same(by_name).name == "kmnist"  # though the variable names something else


def test_the_same_data_are_known_by_their_test_images_and_labels(shelf, make_data, monkeypatch):
    folder = make_data("mine", classes=7)
    monkeypatch.setenv("SIMPLENET_DATA", str(folder))
    model = recorded(load_data())
    for part in ("test-images", "test-labels"):
        content = (folder / RAW[part]).read_bytes()
        (folder / RAW[part]).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(DataError) as caught:
            load_same(model)
        assert str(caught.value) == (
            "say with --data NAME or FOLDER, or with SIMPLENET_DATA, where the data set is that "
            "the model was trained on (custom, its test images with SHA-256 "
            f"{model['sha256']['test-images']}): {folder} holds another (custom)."
        )
        (folder / RAW[part]).write_bytes(content)
    assert load_same(model).name == "custom"


def test_all_that_was_tried_for_the_same_data_is_listed(shelf, make_data, monkeypatch):
    model = recorded(load_data("mnist"))
    shutil.rmtree(cache_folder())
    with pytest.raises(DataError, match=r"\(mnist, .*\): mnist: expected .* with a network"):
        load_same(model, offline=True)
    other = make_data("other")
    write_idx(other / RAW["test-labels"], np.ones(60, np.uint8), overwrite=True)
    monkeypatch.setenv("SIMPLENET_DATA", str(other))
    with pytest.raises(DataError, match=rf": {other} holds another \(custom\); mnist: expected"):
        load_same(model, offline=True)


def test_data_without_a_name_cannot_be_found_again_without_the_variable(make_data):
    model = recorded(load_data(make_data()))
    with pytest.raises(
        DataError,
        match=r"\): it has no name to find it by, and SIMPLENET_DATA is not set\.$",
    ):
        load_same(model)


def test_the_parts_and_the_name_are_plain_to_see(make_data):
    folder = make_data()
    data = Data("mine", {part: folder / RAW[part] for part in PARTS})
    assert data.name == "mine" and tuple(data.files) == PARTS
    assert data.train._fields == ("images", "labels")


@pytest.mark.parametrize("name", ["sample", "mnist"])
def test_a_name_where_a_folder_belongs_is_explained(name, monkeypatch):
    monkeypatch.setenv("SIMPLENET_DATA", name)
    with pytest.raises(DataError, match=f"SIMPLENET_DATA: expected a folder.* use --data {name}"):
        load_data()


def test_an_empty_text_is_no_folder():
    with pytest.raises(DataError, match="expected a name or a folder, found an empty text"):
        load_data("")
