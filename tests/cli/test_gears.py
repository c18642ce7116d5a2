"""`simplenet gears`: which networks and samples its page shows, and what it prints."""

import json
import re
import shutil
import subprocess
import webbrowser
from base64 import b64encode
from pathlib import Path

import numpy as np
import packed
import pytest
from conftest import ROOT
from packed import params_of, unpacked

from simplenet import init_net, load_data, save_model
from simplenet.backprop import bundled, bundled_path
from simplenet.training.modelfile import load_model


def shown(path="gears.html"):
    """Return what a page knows of its networks, with their numbers as arrays."""
    text = Path(path).read_text(encoding="utf-8")
    nets = packed.data_of(data_of(text))["nets"]
    for net in nets:
        net["params"] = params_of(net)
        for name, width in ("x", net["shape"][0]), ("y", net["shape"][-1]):
            net[name] = unpacked(net[name]).reshape(-1, width)
    return nets


def data_of(text):
    """Return the data in a page, packed."""
    return re.search(r'id="data">(.*?)</script>', text)[1]


@pytest.fixture
def model(cli, make_data, tmp_path):
    folder = make_data()
    path = tmp_path / "mine.npz"
    cli("train", "--data", folder, "--epochs", 3, "--hidden", 5, "-o", path, "-q")
    return path, folder


def test_without_a_model_it_shows_the_example_and_the_bundled_network(cli):
    assert cli("gears").stdout == "saved gears.html\n"
    example, demo = shown()
    assert example["shape"] == [2, 2, 2]
    assert np.array_equal(demo["params"], bundled().net.params)
    assert len(demo["x"]) == len(demo["y"]) == len(demo["captions"]) == 20
    assert demo["size"] == [28, 28]
    assert set(demo["y"].argmax(axis=1)) == set(range(10))


def test_a_link_to_itself_is_refused_as_any_other_file(cli):
    Path("loop").symlink_to("loop")
    said = "Too many levels of symbolic links"
    assert said in cli("gears", "loop", code=3).stderr
    assert said in cli("gears", "-o", "loop", "--overwrite", code=2).stderr
    assert said in cli("gears", bundled_path(), "-o", "loop", code=2).stderr


def test_the_samples_are_those_that_the_captions_name(cli):
    cli("gears")
    images, labels = load_data("sample").test
    demo = shown()[1]
    assert demo["x"].dtype == np.uint8 and demo["scale"] == 255
    for number, caption in enumerate(demo["captions"]):
        index = int(caption.removeprefix("test image "))
        assert np.array_equal(demo["x"][number], images[index].ravel())
        assert demo["y"][number].argmax() == labels[index]


def test_a_model_of_ones_own_is_shown_on_the_data_it_was_trained_on(cli, model):
    path, folder = model
    result = cli("gears", path, "-o", "m.html", code=3)  # a folder has no name to find it by
    assert "--data" in result.stderr
    cli("gears", path, "--data", folder, "-o", "m.html", "--sample", 4, "--sample", 0)
    mine = shown("m.html")[1]
    assert mine["shape"] == [64, 5, 3]
    assert mine["name"] == "mine.npz, 64-5-3"
    assert mine["note"] == ("Learned from custom; the images here are test images of the same.")
    assert mine["captions"] == ["test image 4", "test image 0"]
    assert mine["y"].argmax(axis=1).tolist() == [1, 0]


def test_of_many_classes_the_first_are_shown(cli, make_data):
    folder = make_data("many", size=(5, 5), classes=25, train=250, test=250)
    cli("train", "--data", folder, "--epochs", 1, "--hidden", 3, "-o", "many.npz", "-q")
    cli("gears", "many.npz", "--data", folder)
    assert shown()[1]["y"].argmax(axis=1).tolist() == list(range(20))


def test_a_net_that_overflows_is_refused_and_no_page_is_left(cli, tmp_path):
    names = {"activation": "relu", "output_activation": "identity"}
    net = init_net((784, 5, 10), rng=0, dtype=np.float64, **names)
    net.params[:] = 1e200
    save_model("large.npz", net)
    for extra in [], ["--json"]:
        result = cli("gears", "large.npz", "--data", "sample", "--sample", 0, *extra, code=4)
        assert "expected a finite cost and gradient" in result.stderr
    assert not (tmp_path / "here" / "gears.html").exists()


def test_the_json_has_what_the_passes_give(cli):
    result = json.loads(cli("gears", "--json", "-o", "page.html").stdout)
    assert result["page"] == "page.html"
    example, demo = result["nets"]
    [sample] = example["samples"]
    np.testing.assert_allclose(sample["cost"], 0.29837110876000269, rtol=1e-12)
    np.testing.assert_allclose(sample["dc_dW"][1][0][0], 0.082167040564230779, rtol=1e-12)
    assert len(demo["samples"]) == 20
    assert "dc_dW" not in demo["samples"][0]
    assert [len(part) for part in demo["samples"][0]["dc_dz"]] == [*bundled().net.shape[1:]]


BACKPROP = ROOT / "simplenet" / "backprop"
COMPUTE = """
import { readFileSync } from "node:fs";
const { netAround, forward, backward } = await import(process.argv[1] + "network.mjs");
const { decode, decodeParts } = await import(process.argv[1] + "packed.mjs");
const { nets } = JSON.parse(readFileSync(0, "utf8"));
const placed = (packed) =>
  ({ ...packed, bytes: Uint8Array.from(Buffer.from(packed.bytes, "base64")) });
const read = (packed) => decode(placed(packed).bytes, packed.format);
const computed = nets.map((data) => {
  const net = netAround(data, decodeParts(data.params.map(placed)));
  const [n, m] = [net.shape[0], net.shape[net.shape.length - 1]];
  const [x, y] = [read(data.x).map((v) => (data.x.format === "uint8" ? v / 255 : v)), read(data.y)];
  return Array.from({ length: y.length / m }, (_, i) => {
    const pass = forward(net, x.slice(i * n, (i + 1) * n));
    const back = backward(net, pass, y.slice(i * m, (i + 1) * m));
    return { cost: back.C, outputs: [...pass.a.at(-1)], dc_dz: back.dc_dz.map((v) => [...v]) };
  });
});
console.log(JSON.stringify(computed));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_page_computes_what_the_command_and_the_document_say(cli):
    printed = json.loads(cli("gears", "--json", "-o", "page.html").stdout)
    data = data_of(Path("page.html").read_text(encoding="utf-8"))
    command = ["node", "--input-type=module", "-e", COMPUTE, f"{(BACKPROP / 'web').as_uri()}/"]
    data = json.dumps(packed.data_of(data), default=lambda value: b64encode(value).decode())
    ran = subprocess.run(command, input=data, capture_output=True, text=True, check=True)
    for net, computed in zip(printed["nets"], json.loads(ran.stdout), strict=True):
        for sample, found in zip(net["samples"], computed, strict=True):
            for name in "cost", "outputs":
                np.testing.assert_allclose(found[name], sample[name], rtol=1e-10)
            for one, other in zip(found["dc_dz"], sample["dc_dz"], strict=True):
                lost = 1e-12 * np.abs(other).max()  # where large numbers cancel
                np.testing.assert_allclose(one, other, rtol=1e-10, atol=lost)
    example = printed["nets"][0]["samples"][0]
    document = (BACKPROP / "README.md").read_text(encoding="utf-8")
    assert f"= **{example['cost']:.6f}**" in document
    assert f"= **{example['dc_dW'][1][0][0]:.7f}**" in document


def test_nothing_is_overwritten_unless_asked_for(cli):
    cli("gears")
    assert cli("gears").stdout == "saved gears-2.html\n"
    assert "gears.html exists" in cli("gears", "-o", "gears.html", code=2).stderr
    cli("gears", "-o", "gears.html", "--overwrite")


def test_it_opens_the_page_or_says_where_it_is(cli, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert cli("gears", "--open").stderr == ""
    assert opened == [(tmp_path / "here" / "gears.html").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert "gears-2.html in one" in cli("gears", "--open").stderr


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--sample", 3000), 3, "expected numbers below 3,000, the test images of sample"),
        (("--sample", -1), 2, "--sample"),
        (("missing.npz",), 3, "missing.npz: cannot be read"),
        (("bare.npz",), 3, "records its data set"),
        (("bare.npz", "--data", "sample"), 3, "expected at most 3 classes"),
        (("--data", "nowhere"), 3, "nowhere: expected a folder"),
        (("bare.npz", "-o", "./bare.npz", "--overwrite"), 2, "another file than the model"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_no_page_is_left(cli, tmp_path, args, code, said):
    save_model("bare.npz", init_net((784, 5, 3), rng=0))
    assert said in cli("gears", *args, code=code).stderr
    assert not (tmp_path / "here" / "gears.html").exists()
    assert load_model("bare.npz").net.shape == (784, 5, 3)
