"""`simplenet export`: what is written is run, and computes what the net does."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simplenet import init_net, load_data, load_model, outputs, predict, save_model
from simplenet.backprop import bundled
from simplenet.errors import SimplenetError
from simplenet.export import ENDINGS
from simplenet.export.onnx_model import OPERATORS, onnx_model
from simplenet.export.program import NUMPY, TORCH, weights_path
from simplenet.export.save import PROGRAMS, export_net
from simplenet.functions import ACTIVATIONS, COSTS, HIDDEN
from simplenet.net import net_around
from simplenet.training.batches import to_inputs

# Every activation of hidden layers beside every output that each cost goes with.
KINDS = [
    (HIDDEN[number % len(HIDDEN)], output, cost)
    for number, (output, cost) in enumerate((o, cost) for cost in COSTS for o in COSTS[cost])
]
every_kind = pytest.mark.parametrize(("activation", "output", "cost"), KINDS)
# Run a program as a person would, and ask it for the outputs, too.
RUN = """if True:
    import runpy, sys
    import numpy as np
    path, sys.argv[1] = sys.argv[1], "x.npy"
    program, x = runpy.run_path(path, run_name="__main__"), np.load("x.npy")
    np.save("a.npy", {ask})
"""
ASK = {
    "numpy": "program['outputs'](x)",
    "torch": "program['load']()(program['torch'].from_numpy(x)).detach().numpy()",
}


@pytest.fixture
def images():
    """Return images that have been saved as x.npy."""
    x = np.random.default_rng(1).random((6, 20), np.float32)
    np.save("x.npy", x)
    return x


def model(activation="tanh", output="sigmoid", cost="half-squared-error", dtype=np.float32):
    """Return a net that has been saved as m.npz, whose weights and biases are large."""
    net = init_net(
        (20, 7, 5, 3), rng=0, dtype=dtype, activation=activation, output_activation=output,
        cost=cost,
    )  # fmt: skip
    net.params[:] += np.random.default_rng(2).normal(0, 1, net.params.size)
    save_model("m.npz", net, overwrite=True)
    return net


def computed(form, path):
    """Return what a program computes for x.npy, which are the classes that it prints."""
    code = RUN.format(ask=ASK[form])
    command = [sys.executable, "-W", "error", "-c", code, path]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    found = np.load("a.npy")
    assert [int(text) for text in result.stdout.split()] == found.argmax(axis=1).tolist()
    return found


def test_every_format_knows_every_activation():
    assert set(NUMPY) == set(TORCH) == set(OPERATORS) == set(ACTIVATIONS)
    assert set(ASK) == set(PROGRAMS) == set(ENDINGS) - {"onnx"}
    assert {name for kind in KINDS for name in kind} == {*ACTIVATIONS, *COSTS}


@every_kind
@pytest.mark.parametrize("form", PROGRAMS)
def test_a_program_computes_what_the_net_does(cli, images, form, activation, output, cost):
    if form == "torch":
        pytest.importorskip("torch")
    net = model(activation, output, cost)
    written = cli("export", "m.npz", "--format", form, "-o", "net.py").stdout
    assert written == "saved net.py and net-weights.npz\n"
    found = computed(form, "net.py")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, outputs(net, images), atol=1e-6, rtol=1e-6)


@every_kind
def test_an_onnx_model_computes_what_the_net_does(cli, images, activation, output, cost):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    net = model(activation, output, cost)
    assert cli("export", "m.npz", "-o", "net.onnx").stdout == "saved net.onnx\n"
    session = runtime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    (given,), (asked,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape[1:]) == ("images", [20])
    assert (asked.name, asked.shape[1:]) == ("activations", [3])
    for x in images, images[:1]:  # any number of them
        (found,) = session.run(["activations"], {"images": x})
        np.testing.assert_allclose(found, outputs(net, x), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 5e-6)])
def test_the_onnx_model_of_a_trained_net_agrees_on_test_images(cli, dtype, tolerance):
    """In float32 as far as its rounding lets it: weighted inputs of this net are as large as 60.

    Both then differ as much from what they compute in float64, and from each other.
    """
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    trained = bundled().network
    net = net_around(trained.params.astype(dtype), trained.shape, trained.activations, trained.cost)
    save_model("m.npz", net)
    cli("export", "m.npz", "-o", "net.onnx")
    session = runtime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    images = load_data("sample").test.images
    (found,) = session.run(None, {"images": images.reshape(len(images), -1).astype(dtype) / 255})
    np.testing.assert_allclose(found, outputs(net, images), atol=tolerance, rtol=0)
    np.testing.assert_array_equal(found.argmax(axis=1), predict(net, images))
    exact = net_around(
        trained.params.astype(np.float64), trained.shape, trained.activations, trained.cost
    )
    rows = images.reshape(len(images), -1).astype(dtype) / 255
    right = outputs(exact, rows.astype(np.float64))
    rounding = np.abs(outputs(net, images) - right)
    assert np.abs(found - right).max() <= 2 * rounding.max() + 1e-12
    assert (np.abs(found - outputs(net, images)) <= 1e-6).mean() > 0.99


@pytest.mark.parametrize(
    ("dtype", "exported"),
    [(np.float16, np.float32), (np.float64, np.float64), (np.longdouble, np.float64)],
)
def test_floats_of_other_sizes_become_those_that_others_know(cli, images, dtype, exported):
    net = model(dtype=dtype)
    cli("export", "m.npz", "-o", "net.py")
    found = computed("numpy", "net.py")
    assert found.dtype == exported
    tolerance = 1e-2 if dtype == np.float16 else 1e-12
    expected = outputs(net, images.astype(dtype)).astype(exported)
    np.testing.assert_allclose(found, expected, atol=tolerance)
    if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx"):
        import onnxruntime

        session = onnxruntime.InferenceSession(onnx_model(net, "no data"))
        (other,) = session.run(None, {"images": images.astype(exported)})
        np.testing.assert_allclose(other, found, atol=1e-6)


def test_saturated_sigmoids_neither_overflow_nor_warn(cli, images):
    net = model("sigmoid")
    net.params[:] *= 1e6
    save_model("m.npz", net, overwrite=True)
    cli("export", "m.npz", "-o", "net.py")
    np.testing.assert_array_equal(computed("numpy", "net.py"), outputs(net, images))


def test_the_weights_that_are_exported_are_those_that_eval_uses(cli, make_data, images):
    """Of a run with an average, that goes on, the average."""
    data = make_data(size=(4, 5))
    options = "--hidden", 4, "--epochs", 3, "--average", 2, "-q", "-o", "run.npz"
    cli("train", "--data", data, *options)
    run = load_model("run.npz")
    run.net.params[:], run.last = run.last.params, None
    run.settings["epochs"] = 4
    save_model("run.npz", run, overwrite=True)
    assert run.network is not run.net
    cli("export", "run.npz", "-o", "net.py")
    np.testing.assert_allclose(computed("numpy", "net.py"), outputs(run.network, images), atol=1e-6)


def test_a_strange_name_is_only_a_name(cli, images):
    net = model()
    name = 'a"""\\n{x}\'é.py'
    cli("export", "m.npz", "-o", name)
    np.testing.assert_allclose(computed("numpy", name), outputs(net, images), atol=1e-6)


def run(path, *args):
    """Run a program as a person does, and return how that ended."""
    command = [sys.executable, "-W", "error", path, *args]
    return subprocess.run(command, capture_output=True, text=True)


def exported(cli, form, shape=(16, 5, 3)):
    """Return a net that has been exported as net.py."""
    if form == "torch":
        pytest.importorskip("torch")
    net = init_net(shape, rng=0)
    net.params[:] *= 5
    save_model("m.npz", net)
    cli("export", "m.npz", "--format", form, "-o", "net.py")
    return net


IMAGES = np.random.default_rng(3).integers(0, 256, (7, 4, 4), dtype=np.uint8)
TAKEN_IMAGES = {
    "bytes": IMAGES,
    "rows of bytes": IMAGES.reshape(7, 16),
    "with channels": IMAGES[:, None],
    "whole numbers": IMAGES.astype(np.int64),
    "floats": IMAGES.astype(np.float32) / 255,
    "doubles": IMAGES.reshape(7, 16) / 255,
}
REFUSED_IMAGES = {
    "one image": (IMAGES[0], "expected images (n, 16) or (n, 4, 4), found uint8 of shape (4, 4)"),
    "one row": (IMAGES[0].reshape(16), "found uint8 of shape (16,)"),
    "others": (np.zeros((2, 5, 5)), "found float64 of shape (2, 5, 5)"),
    "texts": (np.full((2, 16), "a"), "found <U1 of shape (2, 16)"),
    "floats to 255": (IMAGES.astype(np.float32), "expected bytes from 0 to 255, or floats from 0"),
    "large numbers": (IMAGES.astype(np.int32) + 1, "expected bytes from 0 to 255, or floats from"),
    "less than 0": (IMAGES / 255 - 0.5, "expected bytes from 0 to 255, or floats from 0 to 1, fou"),
    "no number": (np.full((2, 16), np.nan), "expected bytes from 0 to 255, or floats from 0 to 1"),
}


@pytest.mark.parametrize("form", PROGRAMS)
def test_a_program_takes_images_as_people_have_them(cli, form):
    net = exported(cli, form)
    expected = predict(net, IMAGES).tolist()
    for name, images in TAKEN_IMAGES.items():
        np.save("images.npy", images)
        result = run("net.py", "images.npy")
        assert ([int(text) for text in result.stdout.split()], result.stderr) == (expected, ""), (
            name
        )
    np.save("none.npy", IMAGES[:0])
    assert (run("net.py", "none.npy").stdout.strip(), result.returncode) == ("", 0)


@pytest.mark.parametrize("form", PROGRAMS)
def test_a_program_says_in_one_sentence_what_is_wrong(cli, form):
    exported(cli, form)
    assert run("net.py").stderr == "usage: python net.py images.npy\n"
    assert run("net.py").returncode == run("net.py", "a", "b").returncode == 1
    wrong = {"no.npy": "no.npy: cannot be read: No such file or directory"}
    for name, (images, words) in REFUSED_IMAGES.items():
        np.save(f"{name}.npy", images)
        wrong[f"{name}.npy"] = words
    Path("text.npy").write_text("hello")
    Path("empty.npy").touch()
    np.savez("several.npz", a=IMAGES)
    np.save("objects.npy", np.array([{}], object), allow_pickle=True)
    for name in "text.npy", "empty.npy", "objects.npy":
        wrong[name] = f"{name}: expected a file that numpy.save has written"
    wrong["several.npz"] = "expected images (n, 16) or (n, 4, 4), found object of shape ()"
    for name, words in wrong.items() if form == "numpy" else [*wrong.items()][:2]:
        result = run("net.py", name)
        assert (result.returncode, result.stdout) == (1, ""), name
        assert result.stderr.startswith("error: ") and words in result.stderr
        assert len(result.stderr.splitlines()) == 1
    np.save("images.npy", IMAGES)
    weights = Path("net-weights.npz")
    weights.write_bytes(weights.read_bytes()[:100])
    stderr = run("net.py", "images.npy").stderr
    assert "net-weights.npz: expected a file that numpy.save has written" in stderr
    weights.unlink()
    stderr = run("net.py", "images.npy").stderr
    assert stderr.endswith("net-weights.npz: cannot be read: No such file or directory\n")


def test_outputs_are_those_of_the_net_for_bytes_to_the_bit(cli):
    """Bytes become the same floats as those that the net has learned from."""
    net = exported(cli, "numpy", (784, 3))
    images = np.arange(784, dtype=np.uint8).reshape(1, 28, 28)
    code = "import net, numpy as np; np.save('a.npy', net.rows(np.load('x.npy')))"
    np.save("x.npy", images)
    subprocess.run([sys.executable, "-c", code], check=True)
    np.testing.assert_array_equal(np.load("a.npy"), to_inputs(images.reshape(1, -1), np.float32))
    assert predict(net, images).shape == (1,)


@pytest.mark.parametrize("name", ["numpy.py", "json.py", "torch.py", "Select.py", "a/numbers.py"])
def test_a_program_is_not_called_like_a_module_that_it_needs(cli, name):
    model()
    Path("a").mkdir()
    result = cli("export", "m.npz", "-o", name, code=2)
    told = " ".join(result.stderr.split())
    assert (
        f"found {Path(name).name}: the program, and every other in its folder, would take" in told
    )
    assert not Path(name).exists()


def test_nothing_is_replaced_unasked(cli):
    model()
    cli("export", "m.npz", "-o", "net.py")
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    assert "net.py exists" in cli("export", "m.npz", "-o", "net.py", code=2).stderr
    Path("net.py").unlink()
    assert "net-weights.npz exists" in cli("export", "m.npz", "-o", "net.py", code=2).stderr
    assert not Path("net.py").exists()
    cli("export", "m.npz", "-o", "net.py", "--overwrite")
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


@pytest.mark.parametrize("taken", ["net.py", "net-weights.npz"])
def test_what_has_been_taken_meanwhile_is_kept(taken):
    Path(taken).write_text("mine")
    with pytest.raises(FileExistsError):
        export_net(model(), Path("net.py"), "numpy", "no data")
    assert Path(taken).read_text() == "mine"


def test_the_model_itself_is_never_replaced(cli):
    model()
    path = weights_path(Path("net.py"))
    Path("m.npz").rename(path)
    before = path.read_bytes()
    result = cli("export", path, "-o", "net.py", "--overwrite", code=2)
    assert "expected another file than the model, found net-weights.npz" in result.stderr
    assert path.read_bytes() == before and not Path("net.py").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-o", "net.txt"], "expected a name that ends in .py or .onnx, found net.txt"),
        (["-o", "net"], "expected a name that ends in .py or .onnx, found net:"),
        (["-o", "net.onnx", "--format", "torch"], "expected a name that ends in .py, found net.on"),
        (["-o", "net.py", "--format", "onnx"], "such as digits.onnx."),
        (["-o", "net.py", "--format", "tf"], "expected one of numpy, torch, onnx; found 'tf'"),
        ([], "Missing option '-o'"),
        (["-o", "no/net.py"], "expected a folder to write to"),
    ],
)
def test_a_slip_is_a_usage_error(cli, args, words):
    model()
    assert words in cli("export", "m.npz", *args, code=2).stderr
    assert [path.name for path in Path().iterdir()] == ["m.npz"]


def test_what_is_no_model_is_said(cli):
    assert "none.npz: cannot be read" in cli("export", "none.npz", "-o", "n.py", code=3).stderr


def test_without_onnx_it_is_said_how_to_get_it(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model()
    result = cli("export", "m.npz", "-o", "net.onnx", code=1)
    assert "-m pip install 'onnx>=" in result.stderr
    assert [path.name for path in Path().iterdir()] == ["m.npz"]


def test_a_net_that_is_too_large_for_one_file_is_refused(monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setattr("simplenet.export.onnx_model.MOST_BYTES", 800)
    with pytest.raises(SimplenetError, match="at most 800 bytes, .* found 205 parameters"):
        onnx_model(model(), "no data")
