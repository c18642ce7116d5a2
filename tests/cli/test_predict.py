"""`simplenet predict`: what it prints, where, and what it says of things that are no digits."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simplenet import forward, init_net, load_data, load_model, save_model
from simplenet.backprop import demo_path
from simplenet.pictures.decode import read_image
from simplenet.pictures.prepare import prepare, raw
from simplenet.pictures.terminal import draw

Image = pytest.importorskip("PIL.Image")
KEYS = ["image", "prediction", "outputs", "pixels"]


@pytest.fixture(scope="module")
def digits():
    """Return ten digits, dark on white, one of each class in turn."""
    images, labels = load_data("sample").test
    firsts = [int(np.flatnonzero(labels == number)[0]) for number in range(10)]
    return 255 - np.kron(images[firsts], np.ones((3, 3), np.uint8))


@pytest.fixture
def files(digits):
    """Save them as 0.png to 9.png, and return the names."""
    for number, digit in enumerate(digits):
        Image.fromarray(digit).save(f"{number}.png")
    return [f"{number}.png" for number in range(10)]


@pytest.fixture
def model(digits):
    """Return the name of a net that has learned the ten by heart."""
    from simplenet import train

    net = init_net((784, 20, 10), rng=0)
    pixels = np.stack([prepare(np.dstack([digit] * 3 + [digit * 0 + 255])) for digit in digits])
    for _ in train(net, pixels, np.arange(10), epochs=60, batch_size=10, validation=0):
        pass
    save_model("m.npz", net)
    return "m.npz"


def parsed(result):
    """Return what --json printed."""
    assert not result.stderr
    return json.loads(result.stdout)


def test_each_image_is_named_drawn_and_its_class_marked(cli, model, files):
    result = cli("predict", model, *files)
    assert result.stderr == ""
    parts = result.stdout.split("\n\n")
    heads, bodies = parts[::2], parts[1::2]
    assert heads == [f"{number}.png: {number}" for number in range(10)]
    for number, body in enumerate(bodies):
        lines = body.splitlines()
        pixels = prepare(read_image(f"{number}.png"))
        assert [line[1:29] for line in lines] == draw(pixels).splitlines()
        assert {line[0] + line[29] for line in lines} == {"||"}
        rows = [line[30:].split() for line in lines if line[30:]]
        outputs = forward(load_model(model).net, pixels.reshape(1, -1).astype("f4") / 255)[0]
        assert len(rows) == 10
        for label, (row, output) in enumerate(zip(rows, outputs)):
            assert row[: row[0] == ">"] == [">"] * (label == number)
            name, value, *bar = row[row[0] == ">" :]
            assert (name, value) == (str(label), f"{output:.4f}")
            assert "".join(bar) == "█" * round(20 * float(output))


def test_one_image_needs_no_name(cli, model, files):
    lines = cli("predict", model, files[3]).stdout.splitlines()
    assert lines[:2] == ["prediction 3", ""] and len(lines) == 16


def test_json_holds_the_outputs_and_what_the_net_saw(cli, model, files):
    net = load_model(model).net
    for extra in [], ["--raw"]:
        results = parsed(cli("predict", model, *files, "--json", *extra))
        assert len(results) == 10
        for name, result in zip(files, results):
            assert list(result) == KEYS and result["image"] == name
            rgba = read_image(name)
            pixels = raw(rgba, (28, 28)) if extra else prepare(rgba)
            assert result["pixels"] == pixels.tolist()
            outputs = forward(net, pixels.reshape(1, -1).astype("f4") / 255)[0].tolist()
            assert result["outputs"] == outputs
            assert result["prediction"] == np.argmax(outputs)


def test_prepared_pictures_are_recognised_and_raw_ones_are_not(cli, model, files):
    results = parsed(cli("predict", model, *files, "--json"))
    assert [result["prediction"] for result in results] == list(range(10))
    results = parsed(cli("predict", model, *files, "--json", "--raw"))
    assert sum(result["prediction"] == n for n, result in enumerate(results)) < 5


def test_exif_data_are_honoured_but_by_raw(cli, model, files):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(files[7]) as image:
        image.rotate(90, expand=True).save("photo.png", exif=exif)
    upright, lying = (
        parsed(cli("predict", model, name, "--json")) for name in (files[7], "photo.png")
    )
    assert upright[0]["pixels"] == lying[0]["pixels"]
    upright, lying = (
        parsed(cli("predict", model, name, "--json", "--raw"))[0]["pixels"]
        for name in (files[7], "photo.png")
    )
    assert upright == np.rot90(lying, -1).tolist() != lying


def test_an_image_may_come_from_standard_input(shell, model, files):
    with open(files[4], "rb") as file:
        content = file.read()
    command = [sys.executable, "-m", "simplenet", "predict", model, "-", "--json"]
    result = subprocess.run(command, input=content, capture_output=True)
    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout)[0]["prediction"] == 4
    for content in b"", b"hello":
        result = subprocess.run(command, input=content, capture_output=True)
        assert result.returncode == 3
        assert result.stderr.startswith(b"Error: standard input: expected a picture such as PNG")


def test_without_a_model_the_bundled_network_is_asked_and_says_so(cli, files):
    result = cli("predict", files[5])
    data = load_model(demo_path()).data["name"]
    assert result.stderr == f"no MODEL: asking the bundled network, 784-40-10, trained on {data}\n"
    assert result.stdout == cli("predict", demo_path(), files[5]).stdout


def test_the_bundled_network_reads_most_of_the_sample(cli, files):
    result = cli("predict", *files, "--json")
    assert result.stderr.startswith("no MODEL: asking the bundled network, 784-40-10, trained on ")
    right = [r["prediction"] == n for n, r in enumerate(json.loads(result.stdout))]
    assert sum(right) >= 7


def test_a_bad_image_is_named_and_the_others_are_read(cli, model, files):
    Image.new("L", (30, 30), 200).save("blank.png")
    open("empty.png", "w").close()
    result = cli("predict", model, "1.png", "none.png", "blank.png", "2.png", "empty.png", code=3)
    assert [line for line in result.stdout.splitlines() if ".png" in line] == [
        "1.png: 1",
        "2.png: 2",
    ]
    first, second, third = result.stderr.splitlines()
    assert first.startswith("Error: none.png: expected a picture, found that it cannot be read: No")
    assert second.startswith("Error: blank.png: expected a digit, found nothing drawn")
    assert third.startswith("Error: empty.png: expected a picture such as PNG or JPEG, found an")
    result = cli("predict", model, "none.png", "2.png", "--json", code=3)
    unread, seen = json.loads(result.stdout)
    assert list(unread) == ["image", "error"] and f"Error: {unread['error']}\n" == result.stderr
    assert seen["prediction"] == 2


def test_a_single_bad_image_is_a_sentence_and_exit_code_3(shell, model):
    Image.new("RGBA", (30, 30)).save("clear.png")
    for name in "clear.png", "none.png", ".":
        for extra in [], ["--json"]:
            result = shell("predict", model, name, *extra, code=3)
            assert result.stderr.startswith(f"Error: {name}: expected ")
            assert result.stderr.count("\n") == 1
            if extra:
                [only] = json.loads(result.stdout)
                assert only == {"image": name, "error": result.stderr[len("Error: ") :].strip()}
            else:
                assert result.stdout == ""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Missing argument '[MODEL] IMAGE...'"),
        (("m.npz",), "IMAGE...: expected pictures, found none."),
        (("1.png", "m.npz"), "found m.npz among the images: one MODEL comes first."),
        (("m.npz", "1.png", "m.npz"), "found m.npz among the images"),
        (("m.npz", "1.png", "--size", "3"), "No such option"),
    ],
)
def test_a_slip_in_the_command_is_a_usage_error(cli, model, files, args, words):
    result = cli("predict", *args, code=2)
    assert words in result.stderr and result.stdout == ""


def test_a_model_that_is_none_is_refused_before_any_image(cli, files):
    result = cli("predict", "none.npz", "1.png", code=3)
    assert result.stderr == "Error: none.npz: cannot be read: No such file or directory.\n"


def test_other_nets_get_what_fits_them(cli, files):
    save_model("small.npz", init_net((64, 3), rng=0))
    (result,) = parsed(cli("predict", "small.npz", "1.png", "--json"))
    assert np.shape(result["pixels"]) == (8, 8) and len(result["outputs"]) == 3
    save_model("wide.npz", init_net((50, 3), rng=0))
    stderr = cli("predict", "wide.npz", "1.png", "2.png", code=3).stderr
    assert stderr.startswith("Error: wide.npz: expected a net that reads square images, such as 28")
    assert stderr.count("\n") == 1
    Image.fromarray(np.arange(50, dtype=np.uint8).reshape(5, 10)).save("wide.png")
    (result,) = parsed(cli("predict", "wide.npz", "wide.png", "--raw", "--json"))
    assert result["pixels"] == np.arange(50).reshape(5, 10).tolist()
    lines = cli("predict", "wide.npz", "wide.png", "--raw").stdout.splitlines()
    assert [line[:1] + line[11:12] for line in lines[2:]] == ["||"] * 3


def test_a_model_is_known_whatever_it_is_called(cli, model, files):
    Path("m.bin").write_bytes(Path(model).read_bytes())
    named = cli("predict", model, "1.png")
    result = cli("predict", "m.bin", "1.png")
    assert (result.stdout, result.stderr) == (named.stdout, "")
    assert "found m.bin among the images" in cli("predict", "1.png", "m.bin", code=2).stderr


def test_a_net_that_was_trained_on_other_images_gets_no_squares(cli, files, make_data):
    folder = make_data(size=(4, 9))  # 36 pixels, which could be a square
    cli("train", "--data", folder, "--epochs", 1, "-o", "flat.npz", "-q")
    stderr = cli("predict", "flat.npz", "1.png", code=3).stderr
    assert "flat.npz: expected a net that reads square images" in stderr
    assert "found one for images of 4 x 9" in stderr
    (result,) = parsed(cli("predict", "flat.npz", "1.png", "--raw", "--json"))
    assert np.shape(result["pixels"]) == (4, 9)


@pytest.mark.parametrize(("most", "unsure"), [(0.49, True), (0.5, False)])
def test_it_says_when_it_is_unsure(cli, files, most, unsure):
    net = init_net((784, 2), rng=0, output_activation="identity")
    net.W[0][:], net.b[0][:] = 0, (0.1, most)
    save_model("plain.npz", net)
    line = cli("predict", "plain.npz", "1.png").stdout.splitlines()[0]
    assert line == "prediction 1" + unsure * "  (unsure: no output is above 0.5)"


def test_many_outputs_of_any_size_are_shown(cli, files):
    net = init_net((784, 30), rng=0, output_activation="identity")
    net.b[0][:] = np.linspace(-900, 30, 30)
    save_model("m.npz", net)
    rows = [line[30:].split() for line in cli("predict", "m.npz", "1.png").stdout.splitlines()[2:]]
    assert [row[0] for row in rows[:-1]] == [str(number) for number in range(29)]
    assert rows[-1][:2] == [">", "29"] and len(rows) == 30
    assert not any("█" in "".join(row) for row in rows[:20])


def test_outputs_that_are_not_finite_are_an_error(cli, files):
    net = init_net((784, 3), rng=0, output_activation="identity")
    net.W[0][:] = 3e38
    save_model("m.npz", net)
    stderr = cli("predict", "m.npz", "1.png", code=4).stderr
    assert "m.npz: 1.png: the net cannot be measured: expected finite outputs" in stderr


@pytest.mark.parametrize(("encoding", "block"), [("utf-8", "█"), ("ascii", "#"), ("cp1252", "#")])
def test_a_terminal_without_blocks_gets_ascii(model, files, encoding, block):
    command = [sys.executable, "-m", "simplenet", "predict", model, files[0]]
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run(command, capture_output=True, env=env, check=True)
    text = result.stdout.decode(encoding)
    assert block in text and text.isascii() == (block == "#")
    assert max(map(len, io.StringIO(text).read().splitlines())) <= 80


def test_without_pillow_a_sentence_names_what_to_install(model, files):
    code = "import sys; sys.modules['PIL'] = None\nfrom simplenet.cli import main; main()"
    command = [sys.executable, "-c", code, "predict", model, "1.png", "2.png"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: expected Pillow") and result.stderr.count("\n") == 1
    assert "pip install pillow" in result.stderr


def test_the_help_comes_without_numpy_and_pillow():
    code = (
        "import sys; from simplenet.cli import cli\n"
        "try: cli(['predict', '--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'numpy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
