"""The model file: everything in, everything out, and no change to it goes unnoticed."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from simplenet import init_net, load_model, save_model
from simplenet.datasets.sources import PARTS
from simplenet.errors import ModelError
from simplenet.training import modelfile
from simplenet.training.modelfile import Model


@pytest.fixture
def path(tmp_path):
    """Return the name of a saved model, of a net of five parameters."""
    path = tmp_path / "small.npz"
    save_model(path, init_net((1, 1, 1), rng=0))
    return path


def model():
    """Make a model with something in every field."""
    net = init_net((4, 3, 2), rng=1, dtype=np.float64)
    net.state = {"velocity": np.arange(3.0), "count": np.array(7)}
    return Model(
        net,
        options={"lr": 0.1, "seed": 3, "shape": [4, 3, 2]},
        data={"name": "custom", "sha256": dict.fromkeys(PARTS, "ab")},
        position={"epochs": 2, "images": 1000},
        history=[
            {"epoch": 1, "cost": 0.25, "accuracy": 0.5, "validation_accuracy": None, "lr": 0.1}
        ],
    )


def forge(path, change=None, **members):
    """Rewrite a model with other content, and the digest that belongs to it."""
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    if change:
        about = json.loads(content["model.json"])
        change(about)
        content["model.json"] = json.dumps(about).encode()
    content |= {name.replace("__", "."): value for name, value in members.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, value in content.items():
            if value is not None:
                file.writestr(name, value)
        file.comment = b"0" * 64
    body = packed.getvalue()[:-64]
    path.write_bytes(body + hashlib.sha256(body).hexdigest().encode())


def npy(array, **how):
    packed = io.BytesIO()
    np.save(packed, array, **how)
    return packed.getvalue()


# --- what is in it --------------------------------------------------------------------------------


def test_what_is_saved_is_loaded(tmp_path):
    saved = model()
    save_model(tmp_path / "m.npz", saved)
    loaded = load_model(str(tmp_path / "m.npz"))
    for field in ("options", "data", "position", "history"):
        assert getattr(loaded, field) == getattr(saved, field)
    assert loaded.net.shape == (4, 3, 2) and loaded.net.activations == ("sigmoid", "sigmoid")
    assert loaded.net.cost == "half-squared-error"
    assert loaded.net.params.dtype == np.float64
    assert (loaded.net.params == saved.net.params).all()
    assert loaded.net.state.keys() == saved.net.state.keys()
    assert all((loaded.net.state[name] == saved.net.state[name]).all() for name in saved.net.state)
    loaded.net.params[:] = 1
    assert (loaded.net.W[0] == 1).all() and (loaded.net.b[-1] == 1).all()  # views, and writable


def test_a_bare_net_can_be_saved_and_a_loaded_model_saved_again_is_the_same_file(path, tmp_path):
    loaded = load_model(path)
    assert loaded.options == loaded.data == loaded.position == {} and loaded.history == []
    save_model(tmp_path / "again.npz", loaded)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_numpy_opens_it_without_pickle_and_its_members_are_stored(tmp_path):
    saved = model()
    save_model(tmp_path / "m.npz", saved)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        assert (file["params"] == saved.net.params).all()
        assert (file["state/velocity"] == np.arange(3)).all()
    with zipfile.ZipFile(tmp_path / "m.npz") as file:
        assert file.testzip() is None
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}


def test_the_file_ends_with_the_sha256_of_everything_before(path):
    content = path.read_bytes()
    assert content[-64:].decode() == hashlib.sha256(content[:-64]).hexdigest()
    assert zipfile.ZipFile(path).comment == content[-64:]


def test_nothing_of_the_clock_the_host_the_user_or_the_place_is_in_it(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        save_model(tmp_path / place / f"{place}.npz", model())
    content = (tmp_path / "one" / "one.npz").read_bytes()
    assert content == (tmp_path / "two" / "two.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "one.npz") as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        about = json.loads(file.read("model.json"))
    assert set(about) == {
        "format", "shape", "activations", "cost", "options", "data", "position", "history",
        "versions",
    }  # fmt: skip
    assert set(about["versions"]) == {"simplenet", "numpy", "python"}
    for word in str(tmp_path), os.getcwd():
        assert word.encode() not in content


# --- writing --------------------------------------------------------------------------------------


def test_a_file_that_is_there_stays_unless_told_otherwise(path, tmp_path):
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        save_model(path, model())
    assert path.read_bytes() == before
    save_model(path, model(), overwrite=True)
    assert path.read_bytes() != before
    assert not list(tmp_path.glob(".*"))  # nothing unfinished is left behind


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_model_is_written_whole_or_not_at_all(path, tmp_path, monkeypatch, overwrite):
    before, there = path.read_bytes(), sorted(tmp_path.iterdir())

    def full(descriptor):
        # All is written by now, under another name that nobody takes for a model.
        (part,) = set(tmp_path.iterdir()) - set(there)
        assert not part.name.endswith(".npz")
        assert path.read_bytes() == before
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    target = path if overwrite else tmp_path / "new.npz"
    with pytest.raises(OSError, match="No space left"):
        save_model(target, model(), overwrite=overwrite)
    assert path.read_bytes() == before and sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_net_that_is_not_finite_is_not_saved(path, number):
    net, before = init_net((2, 2), rng=0), path.read_bytes()
    net.params[3] = number
    with pytest.raises(ModelError, match="small.npz: not saved: .* weights that are not finite"):
        save_model(path, net, overwrite=True)
    assert path.read_bytes() == before


def test_nothing_is_ever_pickled(tmp_path):
    net = init_net((2, 2), rng=0)
    net.state = {"odd": np.array([print], object)}
    with pytest.raises(ValueError, match="allow_pickle"):
        save_model(tmp_path / "m.npz", net)
    assert list(tmp_path.glob("*m.npz*")) == []


# --- damage ---------------------------------------------------------------------------------------


def test_every_flipped_bit_is_noticed(path):
    content = bytearray(path.read_bytes())
    for position in range(len(content)):
        for bits in (1 << position % 8, 0xFF):
            content[position] ^= bits
            path.write_bytes(content)
            with pytest.raises(ModelError, match="small.npz: expected a "):
                load_model(path)
            content[position] ^= bits
    path.write_bytes(content)
    load_model(path)


def test_every_missing_byte_is_noticed(path):
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match="small.npz: expected a "):
            load_model(path)
        path.write_bytes(content[:length] + content[length + 1 :])
        with pytest.raises(ModelError, match="small.npz: expected a "):
            load_model(path)


@pytest.mark.parametrize("where", [0, 1, 200, -65, -64, -22, -1, None])
def test_every_added_byte_is_noticed(path, where):
    content = path.read_bytes()
    for added in (b"\0", b"0", b"PK", content):
        if where is None:
            path.write_bytes(content + added)
        else:
            path.write_bytes(content[:where] + added + content[where:])
        with pytest.raises(ModelError, match="small.npz: expected a "):
            load_model(path)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: path.unlink(), "cannot be read: No such file or directory"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
        (lambda path: path.write_bytes(b""), r"expected a model file \(.npz\), found an empty one"),
        (lambda path: path.write_text("hello"), "found one that starts with the bytes 68 65 6c 6c"),
        (lambda path: np.savez(path, params=np.zeros(5)), "zip file that simplenet did not write"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "or one cut short or added to"),
        (lambda path: path.write_bytes(b"PK\1\2" + path.read_bytes()[4:]),
         "content with SHA-256 [0-9a-f]{64}: a damaged or altered file. Use another copy"),
    ],
)  # fmt: skip
def test_what_is_no_whole_model_is_refused_in_plain_words(path, write, words):
    write(path)
    with pytest.raises(ModelError, match=words) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: ") and error.value.exit_code == 3


def test_a_file_without_end_is_not_read_to_its_end():
    if not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero here")
    with pytest.raises(ModelError, match="starts with the bytes 00 00 00 00"):
        load_model("/dev/zero")


# --- a right digest on wrong content --------------------------------------------------------------


def put(**fields):
    return lambda about: about.update(fields)


UNKNOWN = "Another version of simplenet wrote it: use that version"
LAYERS = "expected layers and an activation for each but the first, found the shape"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put(format=99), "expected model format 1, found 99, .* another version .* use that"),
        (put(shape=[1, 2, 1]), r"expected 7 finite parameters for the shape \(1, 2, 1\), found "
                               r"float32 of shape \(4,\)"),
        (put(activations=["rely", "sigmoid"]), "activation: expected one of sigmoid, tanh, relu, "
                                               f"leaky-relu, identity; found 'rely'. {UNKNOWN}"),
        (put(activations=["softmax", "sigmoid"]), "activation: .* identity; found 'softmax'."),
        (put(activations=["sigmoid", "softmax"]), "output_activation: expected one of .* which go "
                                                  "with the cost half-squared-error; found 'soft"),
        (put(cost="hinge"), "cost: expected one of half-squared-error, squared-error, "
                            f"cross-entropy; found 'hinge'. {UNKNOWN}"),
        (put(activations=["sigmoid"]), LAYERS),
        (put(shape=[]), LAYERS),
        (put(shape=[4], activations=[]), LAYERS),
        (put(shape=[-1, 1, -2]), LAYERS),
        (put(shape=[1.0, 1.0, 1.0]), "expected a simplenet model, found a file that is none"),
        (put(shape="ab"), "expected a simplenet model"),
        (lambda about: about.pop("history"), "expected a simplenet model"),
        (lambda about: about.clear(), "expected a simplenet model"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_hold_together_is_refused_whatever_its_digest(path, change, words):
    forge(path)
    load_model(path)  # as it is, a forged model would do
    forge(path, change)
    with pytest.raises(ModelError, match=f"small.npz: {words}"):
        load_model(path)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"params__npy": npy(np.zeros(4, int))}, "expected 4 finite parameters .* found int64"),
        ({"params__npy": npy(np.zeros((2, 2)))}, r"expected 4 finite parameters .* shape \(2, 2\)"),
        ({"params__npy": npy(np.full(4, np.nan))}, "expected 4 finite parameters"),
        ({"params__npy": npy(np.array([print] * 4, object), allow_pickle=True)},
         "expected a simplenet model, found a file that is none"),
        ({"params__npy": b"x"}, "expected a simplenet model"),
        ({"params__npy": None}, "expected a simplenet model"),
        ({"model__json": None}, "expected a simplenet model"),
        ({"model__json": b"[]"}, "expected a simplenet model"),
        ({"model__json": b"{"}, "expected a simplenet model"),
        ({"model__json": b"\xff"}, "expected a simplenet model"),
    ],
)  # fmt: skip
def test_members_that_are_missing_or_wrong_are_refused_and_no_pickle_is_read(path, members, words):
    forge(path, **members)
    with pytest.raises(ModelError, match=f"small.npz: {words}"):
        load_model(path)


def test_the_format_of_today_is_1():
    assert modelfile.FORMAT == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("options", 5),
        ("versions", None),
        ("data", "mnist"),
        ("data", {"name": "mnist", "sha256": {}}),
        ("data", {"sha256": dict.fromkeys(PARTS, "ab")}),
        ("data", {"name": "mnist", "sha256": dict.fromkeys(PARTS, "ab"), "size": 28}),
        ("data", {"name": "mnist", "sha256": dict.fromkeys(PARTS, "ab"), "size": [0, 0]}),
        ("data", {"name": "mnist", "sha256": dict.fromkeys(PARTS, "ab"), "size": [1, 3]}),
        ("data", {"name": "mnist", "sha256": dict.fromkeys(PARTS, "ab"), "size": [-2, -2]}),
        ("position", {"epochs": 3}),
        ("history", {}),
        ("history", [{"epoch": 1, "cost": 0.2}]),
        ("history", [{"epoch": 1, "cost": "low", "accuracy": 1.0, "lr": 5.0}]),
    ],
)
def test_records_that_the_commands_could_not_read_are_neither_saved_nor_loaded(
    name, value, tmp_path, monkeypatch
):
    wrong = Model(init_net((2, 2), rng=0))
    words = f"m.npz: expected {name} as `simplenet train` records"
    if name != "versions":  # which are written anew
        setattr(wrong, name, value)
        with pytest.raises(ModelError, match=words):
            save_model(tmp_path / "m.npz", wrong)
        assert not list(tmp_path.glob("*.npz"))
    monkeypatch.setattr(modelfile, "_check_records", lambda path, model: None)
    if name == "versions":
        real = json.dumps

        def without_versions(about, **how):
            return real({**about, "versions": None}, **how)

        monkeypatch.setattr(modelfile.json, "dumps", without_versions)
    save_model(tmp_path / "m.npz", wrong)
    monkeypatch.undo()
    with pytest.raises(ModelError, match=words):
        load_model(tmp_path / "m.npz")
