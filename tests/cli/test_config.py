"""Options from a TOML file: `--config`, and `--print-config` that writes one."""

import datetime
import json
import os
import re
import signal
import tomllib
from pathlib import Path

import pytest
from drawn import TAME, nets, options
from fuzzing import configurations
from hypothesis import assume, given
from hypothesis import strategies as st

from simplenet import load_model
from simplenet.cli.config import to_toml, usage_errors
from simplenet.errors import DataError
from simplenet.options import OPTIONS
from simplenet.presets import PRESETS


@pytest.fixture
def data(make_data):
    return make_data()


@pytest.fixture
def printed(cli):
    """Return a function: what `--print-config` says, comments too, as a dict."""

    def options(*args):
        text = cli("train", *args, "--print-config").stdout
        return tomllib.loads(re.sub("^# ", "", text, flags=re.M))

    return options


def write(text, name="c.toml"):
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


# --- a file that reproduces the run ---------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--shape", "64,5,3", "--seed", 9, "--threads", 2],
        ["--hidden", "6,5", "--activation", "relu", "--cost", "cross-entropy", "--optimizer",
         "adam", "--lr", "1e-3", "--dropout", 0.25, "--label-smoothing", 0.1],
        ["--optimizer", "nesterov", "--schedule", "cosine", "--warmup", 0.5, "--l1", "1e-05",
         "--l2", 1e-4, "--clip", 1, "--init", "normal", "--validation", 30, "--patience", 1],
        ["--optimizer", "rmsprop", "--momentum", 0.9, "--rho", 0.9, "--epsilon", "1e-6",
         "--schedule", "step", "--decay", 0.1, "--batch-size", 7, "--activation", "leaky-relu",
         "--output-activation", "identity", "--cost", "squared-error"],
        ["--optimizer", "adamw", "--weight-decay", 0.1, "--beta1", 0.8, "--beta2", 0.99,
         "--schedule", "exponential", "--decay", 0.9, "--activation", "tanh"],
        ["--shape", "64,3", "--cost", "cross-entropy", "--momentum", 0.5, "--schedule", "step",
         "--decay-every", 2],
    ],
    ids=lambda args: " ".join(map(str, args[:4])) or "defaults",
)  # fmt: skip
def test_a_printed_configuration_reproduces_the_run_byte_for_byte(cli, data, args):
    args = ["--data", data, "--epochs", 2, *args]
    text = cli("train", *args, "--print-config").stdout
    write(text)
    one, two = (
        cli("train", *how, "-o", f"{name}.npz")
        for name, how in (("one", args), ("two", ["--config", "c.toml"]))
    )
    assert Path("one.npz").read_bytes() == Path("two.npz").read_bytes()
    assert one.stdout.replace("one", "two") == two.stdout
    assert cli("train", "--config", "c.toml", "--print-config").stdout == text


def test_what_is_printed_is_every_option_that_applies_and_nothing_is_done(cli, printed):
    assert printed() == {
        "hidden": [40], "activation": "sigmoid", "output-activation": "sigmoid",
        "cost": "half-squared-error", "init": "lecun", "epochs": 5, "batch-size": 20, "seed": 0,
        "patience": 0, "lr": 5.0, "optimizer": "sgd", "momentum": 0.0, "schedule": "constant",
        "l1": 0.0, "l2": 0.0, "dropout": 0.0, "clip": 0.0, "average": 0.0, "rotation": 0.0,
        "scaling": 0.0, "shear": 0.0, "shift": 0.0, "elastic": 0.0, "stroke": 0.0,
        "threads": "auto",
    }  # fmt: skip
    result = cli("train", "--print-config", "--data", "nowhere", "-o", "no/such/folder/m.npz")
    assert result.stderr == "" and list(Path().iterdir()) == []


def test_what_follows_from_other_options_is_a_comment_and_goes_on_following_them(cli, printed):
    text = cli("train", "--optimizer", "adam", "--print-config").stdout
    assert "# lr = 0.003\n" in text and "optimizer = " in text
    write(text)
    again = printed("--config", "c.toml", "--optimizer", "sgd", "--activation", "relu")
    assert again["lr"] == printed("--activation", "relu")["lr"] and again["init"] == "he"
    assert printed("--config", "c.toml", "--shape", "784,10")["shape"] == [784, 10]
    assert "\nlr = 0.5\n" in cli("train", "--lr", 0.5, "--print-config").stdout


@pytest.mark.parametrize(
    "value",
    [
        0, 1, 10**30, 0.1, 1e-8, 5e-324, 1.7976931348623157e308, 1e16, 1e22, 123456789.0,
        [784, 40, 10], "auto", "", "a b", 'quote " and \\ and \n\t\r\0\x7f\x1b', "é ü 手 😀",
        "#=[]", "C:\\data\\new",
    ],
    ids=repr,
)  # fmt: skip
def test_every_value_is_written_so_that_toml_reads_it_again(value):
    text = to_toml({"some_option": value, "unset": None})
    assert tomllib.loads(text) == {"some-option": value}
    assert text.isascii()  # however a shell encodes what it redirects


@given(nets(), st.data())
def test_any_options_are_printed_as_a_file_that_says_the_same(cli, net, drawn):
    hidden = net["shape"][1:-1]
    functions = {"shape": list(net["shape"]), "cost": net["cost"], "init": net["init"]}
    functions |= {"activation": net["activation"]} if hidden else {}
    given = drawn.draw(options(TAME, hidden=hidden, cost=net["cost"]))
    assume(not given.get("patience") or given.get("validation") != 0)
    given |= {**functions, "output_activation": net["output_activation"]}
    write(to_toml(given))
    text = cli("train", "--config", "c.toml", "--print-config").stdout
    found = tomllib.loads(text)
    assert {name: found[name.replace("_", "-")] for name in given} == given
    write(text)
    assert cli("train", "--config", "c.toml", "--print-config").stdout == text


# --- who comes first ------------------------------------------------------------------------------


def test_the_command_line_comes_before_the_file_and_the_file_before_the_defaults(printed):
    write("epochs = 7\nlr = 2\noptimizer = 'adam'\nhidden = [9, 8]\nthreads = 3\ndata = 'here'")
    args = "--config", "c.toml"
    found = printed(*args, "--lr", 3, "--data", "there")
    expected = {"epochs": 7, "lr": 3.0, "optimizer": "adam", "hidden": [9, 8], "threads": 3,
                "data": "there", "seed": 0, "batch-size": 20}  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert found == printed("--lr", 3, "--data", "there", *args)  # wherever --config stands
    # The default of the table given on the command line comes before the file, too.
    assert printed(*args, "--epochs", 5)["epochs"] == 5
    # What is not given depends on what is, wherever that stands.
    write("optimizer = 'adam'")
    assert printed(*args)["lr"] < 0.1
    assert printed(*args, "--optimizer", "sgd")["lr"] == 5.0


@pytest.mark.parametrize(
    ("text", "args", "found"),
    [
        ("hidden = [9]", [], {"hidden": [9]}),
        ("hidden = '9,8'", [], {"hidden": [9, 8]}),
        ("hidden = 9", [], {"hidden": [9]}),
        ("shape = [64, 3]", [], {"shape": [64, 3]}),
        ("shape = [64, 3]", ["--hidden", 7], {"hidden": [7]}),
        ("hidden = [9]", ["--shape", "64,3"], {"shape": [64, 3]}),
        ("hidden = [9]", ["--hidden", 7], {"hidden": [7]}),
        ("shape = [64, 3]", ["--shape", "64,5,3"], {"shape": [64, 5, 3]}),
        ("shape = [64, 3]", ["--hidden", 40], {"hidden": [40]}),
    ],
)
def test_shape_and_hidden_give_way_to_each_other_on_the_command_line(printed, text, args, found):
    printed = printed("--config", write(text), *args)
    assert {name: printed[name] for name in ("hidden", "shape") if name in printed} == found


@pytest.mark.parametrize(
    ("first", "second", "args", "found"),
    [
        ("hidden = [9]", "shape = [64, 3]", [], {"shape": [64, 3]}),
        ("shape = [64, 3]", "hidden = [9]", [], {"hidden": [9]}),
        ("shape = [64, 3]", "epochs = 2", [], {"shape": [64, 3]}),
        ("hidden = [9]", "shape = [64, 3]", ["--hidden", 7], {"hidden": [7]}),
    ],
)
def test_shape_and_hidden_give_way_to_each_other_in_a_later_file(
    printed, first, second, args, found
):
    one, two = write(first, "one.toml"), write(second, "two.toml")
    printed = printed("--config", one, *args, "--config", two)
    assert {name: printed[name] for name in ("hidden", "shape") if name in printed} == found


@pytest.mark.parametrize("more", [[], ["--hidden", 7], ["--config", "two.toml"]])
def test_shape_and_hidden_in_one_file_are_refused(cli, more):
    write("shape = [64, 3]", "two.toml")
    result = cli("train", "--config", write("hidden = [9]\nshape = [64, 3]"), *more, code=2)
    assert "c.toml: expected hidden or shape, found both." in result.stderr


def test_shape_and_hidden_on_the_command_line_are_refused(cli):
    result = cli("train", "--config", write(""), "--hidden", 9, "--shape", "64,3", code=2)
    assert "--shape and --hidden: expected one of them, found both." in result.stderr


def test_a_later_file_comes_before_an_earlier_one_and_the_command_line_before_both(printed):
    one = "--config", write("epochs = 7\nlr = 2\nseed = 3\ndata = 'one'", "one.toml")
    two = "--config", write("epochs = 8\nlr = 4\nthreads = 2", "two.toml")
    line = "--lr", 6
    expected = printed() | {"epochs": 8, "lr": 6.0, "seed": 3, "data": "one", "threads": 2}
    for args in [*one, *two, *line], [*line, *one, *two], [*one, *line, *two]:
        assert printed(*args) == expected  # wherever they stand
    assert printed(*two, *one) == expected | {"epochs": 7, "lr": 2.0}
    assert printed(*one, *two, *one) == printed(*two, *one)


def test_an_empty_file_and_one_that_starts_with_a_byte_order_mark_will_do(printed):
    assert printed("--config", write("")) == printed("--config", write("# nothing")) == printed()
    assert printed("--config", write(b"\xef\xbb\xbfepochs = 3"))["epochs"] == 3


def test_a_run_takes_its_options_from_the_file(cli, data):
    write(f"data = {json.dumps(str(data))}\nepochs = 1\nhidden = [4]\nlr = 2\nactivation = 'tanh'")
    cli("train", "--config", "c.toml")
    run = load_model("model.npz")
    assert run.net.shape == (64, 4, 3) and run.net.activations == ("tanh", "sigmoid")
    assert (run.settings["lr"], run.settings["init"]) == (2.0, "glorot")


def test_every_option_of_the_table_may_stand_in_a_file(printed):
    every = {name.replace("_", "-") for name in OPTIONS} | {"threads"}
    seen = {"shape"}
    for args in [
        ["--optimizer", "adamw", "--schedule", "step", "--cost", "cross-entropy"],
        ["--optimizer", "rmsprop", "--schedule", "cosine", "--elastic", "34"],
    ]:
        values = printed(*args) | {"validation": 3}
        assert printed("--config", write(to_toml(values))) == values
        seen |= set(values)
    assert seen == every


@pytest.mark.parametrize(
    ("first", "second", "args", "optimizer"),
    [
        ("optimizer = 'adam'\nbeta1 = 0.8", "", ["--optimizer", "sgd"], "sgd"),
        ("optimizer = 'adam'\nbeta1 = 0.8", "optimizer = 'sgd'\nmomentum = 0.3", [], "sgd"),
        ("optimizer = 'adam'\nbeta1 = 0.8", "optimizer = 'adamw'", [], "adamw"),
    ],
)
def test_what_only_suits_a_choice_that_was_replaced_goes_with_it(
    cli, first, second, args, optimizer
):
    write(first)
    Path("two.toml").write_text(second, encoding="utf-8")
    files = "--config", "c.toml", "--config", "two.toml"
    found = tomllib.loads(cli("train", *files, *args, "--print-config").stdout)
    assert found["optimizer"] == optimizer
    assert found.get("beta1") == (0.8 if optimizer == "adamw" else None)


def test_what_never_suited_is_refused_in_whatever_layer(cli):
    write("optimizer = 'sgd'")
    Path("two.toml").write_text("beta1 = 0.8", encoding="utf-8")
    result = cli("train", "--config", "c.toml", "--config", "two.toml", code=2)
    assert "'--beta1': two.toml: expected the optimizer adam or adamw, found sgd" in result.stderr


# --- what is refused ------------------------------------------------------------------------------

ONE_OF = (
    "expected one of sigmoid, tanh, relu, leaky-relu, identity, or one for each hidden layer with "
    "commas between; found"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epochs = ", "c.toml: expected TOML such as `epochs = 10`, found an error: "),
        ("epochs 3", "c.toml: expected TOML such as `epochs = 10`, found an error: "),
        ("epochs = 3\nepochs = 4", "c.toml: expected TOML such as `epochs = 10`, found an error: "),
        (b"epochs = 3 # \xff", "found an error: 'utf-8' codec can't decode byte 0xff"),
        ("hidden = " + "[" * 9999, "c.toml: expected TOML such as `epochs = 10`, found an error"),
        ("epoch = 3", "c.toml: expected only options such as epochs; found 'epoch'."),
        ("zzz = 3", "c.toml: expected only options such as hidden, shape, activation,"),
        ("zzz = 3", "data, threads; found 'zzz'."),
        ("output = 'm.npz'", "found 'output'."),
        ("config = 'c.toml'", "found 'config'."),
        ("[train]\nepochs = 3", "found 'train'."),
        ("[seed]\nn = 3", "c.toml: expected a number, a text or a list for seed, found {'n': 3}."),
        ("lr.high = 3", "c.toml: expected a number, a text or a list for lr, found {'high': 3}."),
        ("lr = true", "c.toml: expected a number, a text or a list for lr, found True."),
        ("data = 3", "c.toml: expected a text for data, found 3."),
        ("data = ['a']", "c.toml: expected a text for data, found ['a']."),
        ("lr = -1", "'--lr': c.toml: expected a number above 0, found -1."),
        ("lr = inf", "'--lr': c.toml: expected a number above 0, found inf."),
        ("lr = nan", "'--lr': c.toml: expected a number above 0, found nan."),
        ("lr = [5]", "'--lr': c.toml: expected a number above 0, found [5]."),
        ("lr = 'fast'", "'--lr': c.toml: expected a number above 0, found 'fast'."),
        ("lr = " + "9" * 400, "'--lr': c.toml: expected a number above 0, found 999"),
        ("epochs = 2.0", "'--epochs': c.toml: expected a whole number of at least 1, found 2.0."),
        ("seed = 4294967296", "expected a whole number from 0 to 4294967295, found 4294967296."),
        ("seed = 1979-05-27", f"found {datetime.date(1979, 5, 27)!r}."),
        ("dropout = 1.0", "c.toml: expected a number of at least 0 and below 1, found 1.0."),
        ("activation = 'softmax'", f"'--activation': c.toml: {ONE_OF} 'softmax'."),
        ("activation = 3", f"'--activation': c.toml: {ONE_OF} 3."),
        ("hidden = []", "'--hidden': c.toml: expected 1 or more layer sizes"),
        ("hidden = 0", "'--hidden': c.toml: expected 1 or more layer sizes"),
        ("hidden = [[4], [3]]", "'--hidden': c.toml: expected 1 or more layer sizes"),
        ("hidden = [true]", "'--hidden': c.toml: expected 1 or more layer sizes"),
        ("hidden = [4.0]", "'--hidden': c.toml: expected 1 or more layer sizes"),
        ("[[hidden]]\nn = 4", "'--hidden': c.toml: expected 1 or more layer sizes"),
        ("threads = 0", "'--threads': c.toml: expected auto or a whole number from 1 to"),
        ("output-activation = 'softmax'", "which go with the cost half-squared-error; found 'soft"),
        ("warmup = 5\nschedule = 'cosine'", "'--warmup': c.toml: expected fewer than the 5"),
        ("optimizer = 'adam'\nmomentum = 0.9", "'--momentum': c.toml: expected the optimizer sgd "
         "or nesterov or rmsprop, found adam, which makes no use of momentum 0.9."),
        ("weight-decay = 3", "'--weight-decay': c.toml: expected the optimizer adamw, found sgd"),
        ("decay-every = 1", "'--decay-every': c.toml: expected the schedule step, found constant"),
        ("label-smoothing = 0.1", "'--label-smoothing': c.toml: expected the cost cross-entropy"),
        ("shape = [64, 3]\ndropout = 0.1", "'--dropout': c.toml: expected hidden layers to leave"),
        ("shape = [64, 3]\nactivation = 'relu'", "'--activation': c.toml: expected hidden la"),
    ],
    ids=lambda text: repr(text)[:30],
)  # fmt: skip
def test_a_bad_file_is_a_usage_error(cli, text, words):
    result = cli("train", "--config", write(text), "--print-config", code=2)
    assert words in result.stderr and result.stdout == "", result.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.toml", "none.toml cannot be read: No such file or directory."),
     ("folder", "folder cannot be read: Is a directory."),
     ("", ". cannot be read: Is a directory.")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_a_usage_error(cli, name, words):
    Path("folder").mkdir()
    result = cli("train", "--config", name, "--print-config", code=2)
    assert f"Invalid value for --config: {words}" in result.stderr


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/null", "link"])
def test_what_is_no_file_is_said_at_once(cli, name):
    os.mkfifo("pipe")
    os.symlink("pipe", "link")
    signal.alarm(20)  # rather than wait for ever
    try:
        stderr = cli("train", "--config", name, "--print-config", code=2).stderr
    finally:
        signal.alarm(0)
    assert f"Invalid value for --config: {name} cannot be read: it is no regular file." in stderr


def test_a_file_that_is_far_too_long_is_not_read_to_its_end(cli, printed):
    write("epochs = 3\n" + "#" * (2**16 - 11))
    assert printed("--config", "c.toml")["epochs"] == 3
    os.truncate("c.toml", 10**12)  # which takes no room
    stderr = cli("train", "--config", "c.toml", code=2).stderr
    assert (
        "c.toml: expected TOML such as `epochs = 10`, found an error: more than 65,536 " in stderr
    )


@pytest.mark.parametrize(
    "text",
    [
        "lr" + ".a" * 30_000 + " = 1", "lr" + ".a" * 99 + " = 1",
        "hidden = " + "[" * 400 + "]" * 400, "lr = '" + "x" * 60_000 + "'",
        "'" + "x" * 60_000 + "' = 1", "lr = " + "9" * 5000, "epochs = " + "9" * 4000,
        "epochs = '" + "9" * 5000 + "'", "data = 1e400", "batch-size = 1" + "0" * 400,
        "decay-every = 1e400\nschedule = 'step'", "hidden = ['\u0663']", "epochs = '\u0663'",
        "lr = '\u0663'",
    ],
    ids=lambda text: text[:25],
)  # fmt: skip
def test_what_is_too_large_or_in_other_digits_is_a_usage_error(cli, text):
    stderr = cli("train", "--config", write(text), "--print-config", code=2).stderr
    assert "Error: Invalid value for " in stderr and "c.toml" in stderr
    assert len(stderr) < 600


def test_a_key_of_many_parts_is_refused_before_it_takes_the_memory(cli):
    stderr = cli("train", "--config", write("lr" + ".a" * 101 + " = 1"), code=2).stderr
    assert "c.toml: expected TOML such as `epochs = 10`, found an error: more than 100 d" in stderr


def test_a_bad_value_in_the_file_that_the_command_line_replaces_does_no_harm(printed):
    assert printed("--config", write("lr = -1"), "--lr", 3)["lr"] == 3.0


def test_the_file_that_is_named_is_the_one_that_says_so(cli):
    one, two = write("lr = -1\nbeta1 = 0.5", "one.toml"), write("lr = -2", "two.toml")
    config = "--config", one, "--config", two
    stderr = cli("train", *config, code=2).stderr
    assert "'--lr': two.toml: expected a number above 0, found -2." in stderr
    stderr = cli("train", *config, "--lr", 3, code=2).stderr
    assert "'--beta1': one.toml: expected the optimizer adam or adamw, found sgd" in stderr
    stderr = cli("train", *config, "--lr", 3, "--beta1", 0.4, code=2).stderr
    assert "'--beta1': expected the optimizer adam or adamw, found sgd" in stderr


@pytest.mark.parametrize(
    "text",
    ["weight-decay = 0", "momentum = 0\noptimizer = 'adam'", "warmup = 0", "label-smoothing = 0",
     "dropout = 0\nshape = [64, 3]"],
)  # fmt: skip
def test_an_idle_option_that_is_off_does_no_harm_and_is_not_printed(printed, text):
    found = printed("--config", write(text))
    assert text.partition(" ")[0] not in found


def test_what_is_wrong_with_data_is_no_usage_error():
    with pytest.raises(DataError), usage_errors():
        raise DataError("images: expected some.")


def test_whatever_a_configuration_holds_it_is_read_again_as_printed_or_refused(tmp_path):
    for number in range(300):
        assert configurations.harm(configurations.make_file(1, number), tmp_path / "c.toml") is None


def test_options_may_be_typed_with_underscores_as_info_shows_them(printed):
    assert (
        printed("--config", write("batch_size = 7\ndecay_every = 2\nschedule = 'step'"))[
            "batch-size"
        ]
        == 7
    )


# --- presets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_table_of_options_that_go_together(printed, name):
    values = printed("--preset", name)
    for option, value in PRESETS[name].items():
        expected = list(value) if isinstance(value, tuple) else value
        assert values[option.replace("_", "-")] == expected
    assert printed("--config", write(to_toml(values)))["hidden"] == values["hidden"]


def test_the_original_preset_is_what_happens_without_one(printed):
    assert printed("--preset", "original") == printed()


@pytest.mark.parametrize("order", [1, -1])
def test_files_and_the_command_line_come_before_a_preset_however_they_are_typed(printed, order):
    write("epochs = 7\nshear = 0.5")
    args = [["--preset", "distorted"], ["--config", "c.toml"], ["--batch-size", "9"]][::order]
    values = printed(*(word for pair in args for word in pair))
    assert (values["epochs"], values["shear"], values["batch-size"]) == (7, 0.5, 9)
    assert values["rotation"] == PRESETS["distorted"]["rotation"]
    assert printed("--preset", "distorted", "--shape", "784,10")["shape"] == [784, 10]


def test_what_only_suited_the_preset_goes_with_it(printed):
    values = printed("--preset", "distorted", "--elastic", "0", "--cost", "squared-error")
    assert "elastic-sigma" not in values and "label-smoothing" not in values


def test_what_does_not_go_with_a_preset_is_said_where_it_is_from(cli):
    preset = "train", "--preset", "strong", "--print-config"
    result = cli(*preset, "--patience", 2, code=2)
    assert "'--patience': expected images held out to validate on, found" in result.stderr
    result = cli(*preset, "--config", write("warmup = 99"), code=2)
    assert "'--warmup': c.toml: expected fewer than the" in result.stderr
