"""`simplenet predict`: what it prints, where, and what it says of things that are no digits."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simplenet import forward, init_net, load_model, outputs, save_model
from simplenet.backprop import bundled
from simplenet.pictures.decode import read_image
from simplenet.pictures.prepare import prepare, raw
from simplenet.pictures.terminal import draw

Image = pytest.importorskip("PIL.Image")
ImageDraw = pytest.importorskip("PIL.ImageDraw")
DOUBT = ["sure", "doubt", "margin", "least_margin", "second", "unlikeness"]
KEYS = ["image", "prediction", "name", *DOUBT]
KEYS += ["outputs", "pixels", "turn", "label", "right", "error"]


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
    *parts, score = result.stdout.split("\n\n")
    assert score == "accuracy 100.00 % (10 of 10 right)\n"  # for the names tell all ten classes
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
    shape = "-".join(map(str, bundled().net.shape))
    assert result.stderr == f"no MODEL: asking the bundled network, {shape}, trained on mnist\n"
    save_model("bundled.npz", bundled())
    assert result.stdout == cli("predict", "bundled.npz", files[5]).stdout


def test_the_bundled_network_reads_most_of_the_sample(cli, files):
    result = cli("predict", *files, "--json")
    assert result.stderr.startswith("no MODEL: asking the bundled network, ")
    right = [r["prediction"] == n for n, r in enumerate(json.loads(result.stdout))]
    assert sum(right) >= 9


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
    assert list(unread) == list(seen) == KEYS
    assert unread["prediction"] is unread["outputs"] is unread["pixels"] is None
    assert f"Error: {unread['error']}\n" == result.stderr
    assert seen["prediction"] == 2 and seen["error"] is None


def test_a_single_bad_image_is_a_sentence_and_exit_code_3(shell, model):
    Image.new("RGBA", (30, 30)).save("clear.png")
    for name in "clear.png", "none.png":
        for extra in [], ["--json"]:
            result = shell("predict", model, name, *extra, code=3)
            assert result.stderr.startswith(f"Error: {name}: expected ")
            assert result.stderr.count("\n") == 1
            if extra:
                [only] = json.loads(result.stdout)
                said = result.stderr.removeprefix("Error: ").strip()
                nothing = {**dict.fromkeys(KEYS), "turn": 0, "doubt": []}
                assert only == {**nothing, "image": name, "error": said}
            else:
                assert result.stdout == ""


def test_what_one_picture_does_costs_the_others_nothing(cli, model, files):
    Image.new("1", (20_000, 13_000)).save("bomb.png")
    Path("cut.png").write_bytes(Path("1.png").read_bytes()[:90])
    Path("lie.tif").write_bytes(Path("1.png").read_bytes())
    Path("void").mkdir()
    names = ["1.png", "bomb.png", "2.png", "cut.png", "lie.tif", "void", "/dev/null", "-", "3.png"]
    result = cli("predict", model, *names, code=3)
    heads = [line for line in result.stdout.splitlines() if re.match(r"\S+: \d", line)]
    assert heads == ["1.png: 1", "2.png: 2", "lie.tif: 1", "3.png: 3"]
    lines = result.stderr.splitlines()
    for name, line in zip(
        ["bomb.png", "cut.png", "void", "/dev/null", "standard input"], lines, strict=True
    ):
        assert line.startswith(f"Error: {name}: expected ") and line.endswith(".")
    results = json.loads(cli("predict", model, *names, "--json", code=3).stdout)
    assert [r["image"] for r in results] == names
    assert [r["prediction"] for r in results] == [1, None, 2, None, 1, None, None, None, 3]


def test_a_net_that_overflows_on_one_picture_is_still_asked_about_the_others(cli):
    net = init_net((784, 2), rng=0, output_activation="identity")
    net.W[0][:], net.b[0][:] = 0, (0.1, 0.9)
    net.W[0][:2] = 3e38  # only a picture that is white in this corner notices
    save_model("m.npz", net)
    light = np.zeros((28, 28), np.uint8)
    Image.fromarray(light).save("dark.png")
    light[0, :2] = 255
    Image.fromarray(light).save("corner.png")
    result = cli("predict", "m.npz", "dark.png", "corner.png", "dark.png", "--raw", code=4)
    assert [line for line in result.stdout.splitlines() if line.endswith(": 1")] == 2 * [
        "dark.png: 1"
    ]
    assert result.stderr.startswith(
        "Error: m.npz: corner.png: the net cannot be measured: expected"
    )
    assert result.stderr.count("\n") == 1
    results = json.loads(
        cli("predict", "m.npz", "corner.png", "dark.png", "--raw", "--json", code=4).stdout
    )
    assert [r["prediction"] for r in results] == [None, 1]
    cli("predict", "m.npz", "corner.png", "none.png", "--raw", code=4)


@pytest.mark.parametrize("side", range(1, 9))
def test_a_small_net_reads_a_sparse_picture(cli, side):
    ink = np.full((120, 120), 255, np.uint8)
    ink[3, 5] = ink[3, 7] = ink[110, 100] = 0
    Image.fromarray(ink).save("dots.png")
    save_model("small.npz", init_net((side * side, 3), rng=0))
    first, second = parsed(cli("predict", "small.npz", "dots.png", "dots.png", "--json"))
    assert first == second and max(map(max, first["pixels"])) == 255


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Missing argument '[MODEL...] IMAGE...'"),
        (("m.npz",), "IMAGE...: expected pictures, found none."),
        (("1.png", "m.npz"), "found m.npz among the images: models come first."),
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


@pytest.mark.parametrize(("most", "unsure"), [(0.39, True), (0.41, False)])
def test_it_says_when_another_class_is_nearly_as_likely(cli, files, most, unsure):
    net = init_net((784, 2), rng=0, output_activation="identity")
    net.W[0][:], net.b[0][:] = 0, (0.1, most)  # a margin of 0.3 is usual
    save_model("plain.npz", net)
    line = cli("predict", "plain.npz", "1.png").stdout.splitlines()[0]
    assert line == "prediction 1" + unsure * "  (unsure: a 0 is nearly as likely)"
    (result,) = parsed(cli("predict", "plain.npz", "1.png", "--json"))
    assert result["sure"] is not unsure and result["margin"] == pytest.approx(most - 0.1)
    text = {"reason": "margin", "text": "a 0 is nearly as likely"}
    assert result["doubt"] == [text] * unsure and result["least_margin"] == 0.3
    assert result["second"] is result["unlikeness"] is None  # it knows ten digits, not two


def test_it_says_that_something_is_no_digit(cli, files, model):
    star = Image.new("L", (120, 120), 255)
    for angle in np.arange(5) * np.pi * 2 / 5:
        ends = [(60 + r * np.sin(angle), 60 + r * np.cos(angle)) for r in (0, 50)]
        ImageDraw.Draw(star).line([*ends[0], *ends[1]], fill=0, width=8)
    star.save("star.png")
    for options, models in ([], []), ([], [model]), (["--raw"], [model]), ([], [model, model]):
        name = files[3] if options else "star.png"  # untouched, digits are dark on white
        shown = cli("predict", *models, name, *options).stdout.splitlines()[0]
        assert "unsure: " in shown and "unlike any digit it has learned from)" in shown
        found = json.loads(cli("predict", *models, name, *options, "--json").stdout)[0]
        assert found["sure"] is False and found["unlikeness"] > 0.5 and found["second"] is None
        assert "unlike" in {doubt["reason"] for doubt in found["doubt"]}
    face = Image.new("L", (120, 120), 255)
    ImageDraw.Draw(face).ellipse((20, 10, 100, 110), outline=0, width=9)
    face.save("zero.png")
    for left in (44, 70):
        ImageDraw.Draw(face).ellipse((left, 40, left + 6, 46), fill=0)
    face.save("face.png")  # whose eyes are left out: it is prepared as the 0 is
    (zero,), (face,) = (
        json.loads(cli("predict", name, "--json").stdout) for name in ("zero.png", "face.png")
    )
    assert face["pixels"] == zero["pixels"] and zero["prediction"] == 0 and zero["sure"] is True
    assert [doubt["text"] for doubt in face["doubt"]] == [
        "there are marks inside that belong to no digit"
    ]
    for name in files:
        (found,) = json.loads(cli("predict", model, name, "--json").stdout)
        assert found["sure"] is True and found["doubt"] == [] and found["unlikeness"] < 0.5
        assert found["second"] == found["prediction"]


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


# --- what is no file ------------------------------------------------------------------------------


def piped(shell_line, code=0, **kwargs):
    """Run a line of bash in which `predict` is the command, with no more than ten seconds."""
    line = f'predict() {{ {sys.executable} -m simplenet predict "$@"; }}; {shell_line}'
    result = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=30, **kwargs
    )
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    assert "Traceback" not in result.stderr
    return result


bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


@bash
@pytest.mark.parametrize(
    "line",
    [
        "predict m.npz <(cat 4.png)", "cat 4.png | predict m.npz -", "predict m.npz - < 4.png",
        "cat 4.png | predict m.npz /dev/stdin", "predict m.npz /dev/stdin < 4.png",
        "mkfifo p; cat 4.png > p & sleep 0.2; predict m.npz p",
        "(head -c 9 >/dev/null; predict m.npz -) < <(head -c 9 /dev/zero; cat 4.png)",
        "(sleep 1; cat 4.png) | predict m.npz -",
    ],
)  # fmt: skip
def test_a_picture_may_come_through_a_pipe(model, files, line):
    result = piped(line)
    assert (result.stdout.splitlines()[0], result.stderr) == ("prediction 4", "")


@bash
def test_pictures_may_come_through_pipes_without_a_model(files):
    result = piped("predict <(cat 1.png) <(cat 7.png) --json")
    assert [r["image"][:8] for r in json.loads(result.stdout)] == 2 * ["/dev/fd/"]


@bash
@pytest.mark.parametrize(
    ("line", "name", "found"),
    [
        ("predict m.npz - <&-", "standard input", "found that it is closed: send one, such as"),
        ("predict m.npz - </dev/null", "standard input", "found an empty file"),
        ("predict m.npz - </dev/zero", "standard input", "that starts with the bytes 00 00 00 00"),
        ("yes | predict m.npz -", "standard input", "that starts with the bytes 79 0a 79 0a"),
        ("cat /dev/zero | predict m.npz /dev/stdin", "/dev/stdin", "with the bytes 00 00 00 00"),
        ("mkfifo p; predict m.npz p", "p", "found a pipe that nobody writes to"),
        ("predict m.npz /dev/zero", "/dev/zero", "found a device: name a file"),
        ("predict m.npz /dev/random", "/dev/random", "found a device: name a file"),
        ("truncate -s 3G s.png; predict m.npz s.png", "s.png", "at most 150,000,000 bytes"),
    ],
)
def test_what_is_no_picture_is_not_waited_for(model, line, name, found):
    result = piped(line, code=3)
    assert result.stdout == "" and result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"Error: {name}: expected a picture") and found in result.stderr


def test_a_terminal_is_told_what_to_send(model):
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "simplenet", "predict", model, "-"]
    result = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=30)
    os.close(ours), os.close(theirs)
    assert result.returncode == 3 and "found a terminal: send one" in result.stderr


def test_a_file_whose_name_is_a_dash_is_no_model(cli, model, monkeypatch):
    Path("-").write_bytes(Path(model).read_bytes())
    assert "Error: standard input: expected" in cli("predict", model, "-", code=3).stderr
    assert "Error: standard input: expected" in cli("predict", "-", code=3).stderr


# --- what a terminal would obey -------------------------------------------------------------------

ODD = "\x1b[31m\r\n\u202e\x9b2J.png"


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be given")
def test_no_control_character_of_a_name_reaches_the_terminal(shell, model, files):
    raw = b"\xff\x1b.png"
    for name in ODD, os.fsdecode(raw):
        Path(name).write_bytes(Path("6.png").read_bytes())
    names = ["6.png", ODD, "none" + ODD, os.fsdecode(raw), os.fsdecode(b"none" + raw)]
    for extra in [], ["--json"]:
        result = subprocess.run(
            [sys.executable, "-m", "simplenet", "predict", model, *names, *extra],
            capture_output=True,
        )
        assert result.returncode == 3
        stdout, stderr = result.stdout.decode(), result.stderr.decode()
        for text in stdout, stderr:
            assert all(ch.isprintable() for line in text.split("\n") for ch in line)
        escaped = r"\x1b[31m\r\n\u202e\x9b2J.png"
        assert stderr.startswith(f"Error: none{escaped}: expected a picture, found that it")
        assert r"Error: none\udcff\x1b.png: expected a picture, found" in stderr
        assert stderr.count("\n") == 2
        if extra:
            assert [r["image"] for r in json.loads(stdout)] == names
        else:
            assert f"\n{escaped}: 6\n" in stdout and "\n\\udcff\\x1b.png: 6\n" in stdout


def test_a_slip_and_a_model_are_shown_without_control_characters(cli, model, files):
    assert r"found \x1b[31m\r\n\u202e\x9b2J.png.npz among the images" in (
        cli("predict", "1.png", ODD + ".npz", code=2).stderr
    )
    assert cli("predict", ODD + ".npz", "1.png", code=3).stderr.startswith(
        r"Error: \x1b[31m\r\n\u202e\x9b2J.png.npz: cannot be read: No such file"
    )


def test_what_a_picture_and_its_reader_say_is_shown_without_control_characters(cli, model):
    Path("a.pgm").write_bytes(b"P2 9 9 255\n" + b"1\x1b[31m\x9b " * 81)
    stderr = cli("predict", model, "a.pgm", code=3).stderr
    assert stderr.startswith("Error: a.pgm: expected a whole picture, found a damaged one (")
    assert all(ch.isprintable() for ch in stderr[:-1]) and stderr.count("\n") == 1


def test_libraries_say_nothing_beside_the_sentence(shell, model, files):
    """Such as libtiff, which writes to the terminal by itself."""
    with Image.open("5.png") as image:
        image.save("a.tif", compression="tiff_lzw")
    content = bytearray(Path("a.tif").read_bytes())
    content[20:60] = bytes(range(200, 240))
    Path("a.tif").write_bytes(content)
    for names in ["a.tif"], ["a.tif", "5.png"]:
        stderr = shell("predict", model, *names, code=3).stderr
        assert stderr.startswith("Error: a.tif: expected a whole picture, found a damaged one (")
        assert stderr.count("\n") == 1


def test_a_name_that_the_terminal_cannot_show_is_escaped(model, files):
    Path("\u4e03.png").write_bytes(Path("7.png").read_bytes())
    command = [sys.executable, "-m", "simplenet", "predict", model, "\u4e03.png", "1.png"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(command, capture_output=True, env=env, check=True)
    assert result.stdout.startswith(b"\\u4e03.png: 7\n")


def test_a_net_that_takes_pictures_of_one_size_gets_none_that_was_made_smaller(cli):
    save_model("wide.npz", init_net((50, 3), rng=0))
    Image.new("L", (5000, 4000)).save("large.png")
    stderr = cli("predict", "wide.npz", "large.png", "--raw", code=3).stderr
    assert "at most 1,048,576 pixels, found 5,000 x 4,000: make it smaller" in stderr


# --- what is loaded -------------------------------------------------------------------------------


def test_without_pillow_a_sentence_names_what_to_install(model, files):
    code = "import sys; sys.modules['PIL'] = None\nfrom simplenet.cli import main; main()"
    command = [sys.executable, "-c", code, "predict", model, "1.png", "2.png"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: expected Pillow") and result.stderr.count("\n") == 1
    assert "pip install 'pillow" in result.stderr


def test_the_help_comes_without_numpy_and_pillow():
    code = (
        "import sys; from simplenet.cli import cli\n"
        "try: cli(['predict', '--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'numpy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


# --- committees -----------------------------------------------------------------------------------


def test_the_outputs_of_several_models_are_averaged(cli, make_data):
    from simplenet import load_model

    for seed in 1, 2:
        cli(
            "train",
            "--data",
            make_data(f"{seed}"),
            "--epochs",
            1,
            "--seed",
            seed,
            "-o",
            f"{seed}.npz",
        )
    picture = np.zeros((40, 40), np.uint8)
    picture[8:30, 15:20] = 255
    Image.fromarray(picture).save("1.png")
    one, two, both = (
        json.loads(cli("predict", *models, "1.png", "--json").stdout)[0]
        for models in (["1.npz"], ["2.npz"], ["1.npz", "2.npz"])
    )
    assert np.allclose(np.add(one["outputs"], two["outputs"]) / 2, both["outputs"])
    pixels = np.array(both["pixels"], np.uint8)[None]
    expected = (
        outputs(load_model("1.npz").net, pixels) + outputs(load_model("2.npz").net, pixels)
    ) / 2
    assert np.allclose(both["outputs"], expected[0])


def test_models_of_a_committee_may_see_images_of_other_sizes_but_not_other_classes(cli, make_data):
    cli("train", "--data", make_data("a"), "--epochs", 1, "-o", "a.npz")
    cli("train", "--data", make_data("b", size=(9, 9)), "--epochs", 1, "-o", "b.npz")
    cli("train", "--data", make_data("c", classes=2), "--epochs", 1, "-o", "c.npz")
    Image.fromarray(np.eye(30, dtype=np.uint8) * 255).save("1.png")
    assert len(json.loads(cli("predict", "a.npz", "b.npz", "1.png", "--json").stdout)) == 1
    result = cli("predict", "a.npz", "c.npz", "1.png", code=3)
    assert "c.npz: expected 3 outputs, as a.npz has, found 2" in result.stderr
