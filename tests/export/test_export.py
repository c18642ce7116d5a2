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
    """In float32 as far as its rounding lets it: weighted inputs of this net are as large as 60."""
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
