"""`train --resume`: a run that was stopped, whenever and however, ends as if it had not been."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from fuzzing.models import resigned, unpacked

from simplenet import init_net, load_data, load_model, save_model, start
from simplenet.cli import data as data_module
from simplenet.cli import resume as resume_module
from simplenet.cli.output import Keeper
from simplenet.cli.show import command_to_resume
from simplenet.cli.train import Checkpoints, Interval
from simplenet.training import modelfile

RUNS = {
    "plain": [],
    "adam": ["--optimizer", "adam", "--dropout", 0.3, "--hidden", "9,7"],
    "cosine": ["--optimizer", "nesterov", "--schedule", "cosine", "--warmup", 1],
    "patience": ["--patience", 2, "--lr", 2],
    "decay": ["--optimizer", "rmsprop", "--schedule", "step", "--decay", 0.5, "--decay-every", 2],
    "smooth": ["--cost", "cross-entropy", "--label-smoothing", 0.1, "--clip", 1, "--l2", 1e-4,
               "--optimizer", "adamw", "--batch-size", 7],
    "average": ["--average", 1.5, "--patience", 2, "--lr", 2],
    "distorted": ["--rotation", 9, "--scaling", 0.1, "--shift", 1, "--elastic", 9, "--average", 2,
                  "--elastic-sigma", 2, "--stroke", 0.5, "--activation", "relu,tanh",
                  "--hidden", "9,8", "--lr", 0.1],
}  # fmt: skip
EPOCHS = "--epochs", 3

# A process that is killed, without any chance to do something about it, in its n-th call of an
# os function.
KILLED = """if True:
    import os, signal, sys
    name, number = sys.argv[1], int(sys.argv[2])
    real, calls = getattr(os, name), 0
    def counted(*args, **kwargs):
        global calls
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    setattr(os, name, counted)
    sys.argv[1:] = sys.argv[3:]
    from simplenet.__main__ import main
    main()
"""


@pytest.fixture
def data(make_data):
    return make_data(train=2400)


@pytest.fixture
def whole(cli, data):
    """Return a function that gives the bytes of a run that nobody stopped."""

    def content(*options):
        cli("train", "--data", data, *EPOCHS, *options, "-o", "whole.npz", "--overwrite")
        return Path("whole.npz").read_bytes()

    return content


def killed_in(call, number, *args):
    command = [sys.executable, "-c", KILLED, call, str(number), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).returncode


# --- exactly --------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS)
def test_a_run_that_is_stopped_at_every_block_ends_as_if_it_had_not_been(
    cli, data, whole, options, monkeypatch
):
    """Each process does one block; the last of them finishes."""
    expected, stops = whole(*options), []
    real = Keeper.try_to_save

    def stop_after_saving(keeper, run):
        assert real(keeper, run)
        stops.append((run.epoch, run.images))
        signal.raise_signal(signal.SIGINT)

    args = "train", "--data", data, *EPOCHS, *options, "--checkpoint", 1, "-o", "m.npz"
    monkeypatch.setattr(Keeper, "try_to_save", stop_after_saving)
    with pytest.raises(SystemExit):
        interrupted(cli, *args)
    for _ in range(20):
        if load_model("m.npz").finished:
            break
        with pytest.raises(SystemExit):
            interrupted(cli, "train", "--data", data, "--resume", "m.npz", "--checkpoint", 1)
    assert len(stops) >= 2 * 3 and stops == sorted(set(stops))  # a block at a time, each once
    assert Path("m.npz").read_bytes() == expected


def interrupted(cli, *args):
    """Run a command that a signal ends with exit code 130."""
    raise SystemExit(cli(*args, code=130).exit_code)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("call", ["fsync", "replace", "link", "open"])
def test_a_run_that_is_killed_while_it_is_saved_is_resumed_exactly(cli, data, whole, call):
    expected, kills = whole(), 0
    for number in (1, 2, 3, 5):
        for path in Path().glob("*.npz"):
            path.unlink()
        args = "train", "--data", data, *EPOCHS, "-q", "--checkpoint", 1, "-o", "m.npz"
        kills += killed_in(call, number, *args) == -signal.SIGKILL
        if Path("m.npz").exists():
            load_model("m.npz")  # whole, whatever was being done
            cli("train", "--resume", "m.npz", "--data", data)
        else:
            cli(*args)
        assert Path("m.npz").read_bytes() == expected
        assert os.listdir() == ["m.npz"]  # and what was half written is gone
    assert kills or call in ("replace", "link")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_run_that_is_killed_at_any_moment_is_resumed_exactly(cli, data, whole):
    options = "--hidden", 300, "--optimizer", "adam", "--data", data
    expected, resumed = whole(*options), 0
    for delay in range(6):
        Path("m.npz").unlink(missing_ok=True)
        command = "train", *EPOCHS, *options, "-q", "--checkpoint", "1", "-o", "m.npz"
        with subprocess.Popen(
            [sys.executable, "-m", "simplenet", *map(str, command)], stdout=subprocess.DEVNULL
        ) as process:
            deadline = time.monotonic() + 30
            while not Path("m.npz").exists() and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.007 * delay)
            process.kill()
        resumed += not load_model("m.npz").finished
        cli("train", "--resume", "m.npz", "--data", data)
        assert Path("m.npz").read_bytes() == expected
    assert resumed


@pytest.mark.parametrize("name", ["plain", "adam", "patience", "decay", "smooth"])
def test_a_run_that_is_given_more_epochs_is_the_longer_run(cli, data, whole, name):
    cli("train", "--data", data, "--epochs", 2, *RUNS[name], "-o", "m.npz")
    cli("train", "--data", data, "--resume", "m.npz", *EPOCHS)
    assert Path("m.npz").read_bytes() == whole(*RUNS[name])


def test_a_run_that_stopped_early_is_given_more_epochs_in_vain(cli, data):
    """Its patience is over; the file is that of the longer run all the same."""
    early = "--data", data, "--patience", 1, "--lr", 1e-9
    cli("train", *early, "--epochs", 5, "-o", "m.npz")
    cli("train", *early, "--epochs", 9, "-o", "longer.npz")
    said = cli("train", "--resume", "m.npz", "--data", data, "--epochs", 9).stderr
    why = "its patience of 1 is over, and more epochs change nothing"
    assert f"m.npz is finished after 2 epochs: {why}\n" in said
    assert Path("m.npz").read_bytes() == Path("longer.npz").read_bytes()


def test_a_quiet_run_that_goes_on_draws_no_bar_of_a_download(cli, data, monkeypatch):
    cli("train", "--data", data, "--epochs", 1, "-o", "m.npz")
    quiet, drawn = [], data_module.download_bar
    monkeypatch.setattr(data_module, "download_bar", lambda q: (quiet.append(q), drawn(q))[1])
    cli("train", "--resume", "m.npz", "--data", data, "-q")
    cli("train", "--resume", "m.npz", "--data", data)
    assert quiet == [True, False]


# --- finished runs, and what is refused -----------------------------------------------------------


def test_a_finished_run_says_so_and_stays_as_it_is(cli, data):
    cli("train", "--data", data, *EPOCHS)
    before, content = os.stat("model.npz"), Path("model.npz").read_bytes()
    for options in [], list(EPOCHS), ["--lr", load_model("model.npz").settings["lr"]]:
        result = cli("train", "--resume", "model.npz", "--data", data, *options)
        assert "model.npz is finished after 3 epochs: --epochs N gives it more\n" in result.stderr
        assert result.stdout.startswith("test accuracy ")
        assert Path("model.npz").read_bytes() == content
        assert os.stat("model.npz").st_mtime_ns == before.st_mtime_ns
    about = json.loads(cli("train", "--resume", "model.npz", "--data", data, "--json").stdout)
    assert about["model"] == "model.npz" and 0 <= about["accuracy"] <= 1


def test_what_a_process_left_that_was_killed_after_its_last_save_is_removed(cli, data):
    """It had the finished file by then, so that nothing more is written."""
    cli("train", "--data", data, "--epochs", 1, "-o", "m.npz")
    os.link("m.npz", ".m.npz.0123456789abcdef.part")
    cli("train", "--resume", "m.npz", "--data", data)
    assert os.listdir() == ["m.npz"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--lr", 3],
            "which m.npz was started with, found 3: what is past",
        ),
        (["--seed", 1], "'--seed': expected 0, which m.npz"),
        (["--hidden", "9"], "'--hidden': expected 40, which m.npz was started with, found 9: "),
        (["--shape", "64,9,3"], "'--shape': expected 64,40,3, which"),
        (["--optimizer", "adam"], "'--optimizer': expected sgd, which"),
        (["--beta1", 0.5], "'--beta1': expected nothing, since the run in m.npz makes no use of"),
        (["--activation", "relu"], "'--activation': expected sigmoid"),
        (["--batch-size", 30], "'--batch-size': expected 20"),
        (["--validation", 3], "'--validation': expected 400"),
        (["--patience", 3], "'--patience': expected 0"),
        (["--dropout", 0.5], "'--dropout': expected 0, "),
        (
            ["--preset", "quick"],
            "'--preset': expected a run that is to go on as it began, with "
            "hidden 40, which m.npz was started with, found that the preset quick says 256,128: "
            "leave out --preset, or start a new run without --resume.",
        ),
        (
            ["--config", "../c.toml"],
            "'--config': expected a run that is to go on as it began, with "
            "lr 5, which m.npz was started with, found that ../c.toml says 3: leave out --config",
        ),
        (["--epochs", 2], "'--epochs': expected at least the 3 of the run, found 2."),
        (["-o", "other.npz"], "expected --resume without -o: the run goes on in m.npz."),
        (["--overwrite"], "expected --resume without --overwrite: the run goes on in m.npz."),
        (["--print-config"], "expected --resume without --print-config"),
        (["--checkpoint", "0"], "'--checkpoint': expected a whole number of minibatches, such as"),
        (["--checkpoint", "1.5s"], "or of seconds, such as 60s; found '1.5s'."),
    ],
)
def test_options_that_would_change_the_past_are_refused_by_name(cli, data, options, words):
    cli("train", "--data", data, *EPOCHS, "-o", "m.npz")
    before = Path("m.npz").read_bytes()
    Path("../c.toml").write_text("lr = 3\n")
    result = cli("train", "--resume", "m.npz", "--data", data, *options, code=2)
    assert words in result.stderr and result.stdout == ""
    assert Path("m.npz").read_bytes() == before and os.listdir() == ["m.npz"]


def test_options_that_repeat_the_past_change_nothing(cli, data):
    options = "--hidden", "5,4", "--activation", "relu,tanh", "--lr", 0.1, "--optimizer", "adam"
    cli("train", "--data", data, *options, "--epochs", 1, "-o", "m.npz")
    cli("train", "--data", data, *options, "--epochs", 2, "-o", "longer.npz")
    cli("train", "--resume", "m.npz", "--data", data, *options, "--epochs", 2)
    assert Path("m.npz").read_bytes() == Path("longer.npz").read_bytes()


def test_a_configuration_may_repeat_the_past_and_not_change_it(cli, data):
    cli("train", "--data", data, *EPOCHS, "-o", "m.npz")
    lr = load_model("m.npz").settings["lr"]
    Path("same.toml").write_text(f"hidden = 40\nlr = {lr}\nepochs = 4\n")
    Path("other.toml").write_text("lr = 1.4\n")
    cli("train", "--resume", "m.npz", "--data", data, "--config", "same.toml")
    assert load_model("m.npz").epoch == 4
    result = cli("train", "--resume", "m.npz", "--data", data, "--config", "other.toml", code=2)
    assert f"with lr {lr:g}, which m.npz was started with, found that other.toml" in result.stderr


def test_a_schedule_that_depends_on_the_length_refuses_another(cli, data):
    cli("train", "--data", data, *EPOCHS, "--schedule", "cosine", "-o", "m.npz")
    result = cli("train", "--resume", "m.npz", "--data", data, "--epochs", 4, code=2)
    assert (
        "'--epochs': expected the 3 of the run, on which each step of its cosine schedule depends, "
        "found 4: start a new run for more." in result.stderr
    )


def test_other_data_are_refused(cli, data, make_data):
    cli("train", "--data", data, "--epochs", 1, "-o", "m.npz")
    before = Path("m.npz").read_bytes()
    other = make_data("other", train=2401)
    result = cli("train", "--resume", "m.npz", "--data", other, "--epochs", 2, code=3)
    assert "expected the train-images that m.npz was started with, with SHA-256" in result.stderr
    assert Path("m.npz").read_bytes() == before


def test_what_is_no_run_that_can_go_on_is_refused(cli, data):
    save_model("bare.npz", init_net((64, 8, 3), rng=0))
    Path("text.npz").write_text("no model")
    Path("folder").mkdir()
    assert (
        "found a model that does not say how it was trained"
        in cli("train", "--resume", "bare.npz", "--data", data, code=3).stderr
    )
    assert "text.npz" in cli("train", "--resume", "text.npz", "--data", data, code=3).stderr
    for name, found in ("folder", "no file: "), ("none.npz", "no file of this name"):
        result = cli("train", "--resume", name, "--data", data, code=2)
        assert f"{name}: expected a model file, found" in result.stderr, found


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\0" * 1000])
def test_a_first_look_at_a_file_never_fails(content, tmp_path):
    path = tmp_path / "m.npz"
    path.write_bytes(content)
    assert resume_module.peek(path) == ((), 0)
    assert resume_module.peek(tmp_path) == resume_module.peek(tmp_path / "none") == ((), 0)


def test_a_first_look_finds_shape_and_minibatch(data, tmp_path):
    run = start(init_net((64, 8, 3), rng=0), *load_data(data).train, batch_size=7)
    save_model(tmp_path / "m.npz", run)
    assert resume_module.peek(tmp_path / "m.npz") == ((64, 8, 3), 7)


# --- checkpoints ----------------------------------------------------------------------------------


def test_checkpoints_come_after_so_many_minibatches_or_seconds(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    every = Checkpoints(Interval(100, seconds=False), batch_size=20)
    assert [every.is_due(1000), every.is_due(1000)] == [False, True]
    every.begin()
    assert [every.is_due(980), every.is_due(1000), every.is_due(1)] == [False, False, True]
    timed = Checkpoints(Interval(60, seconds=True), batch_size=20)
    assert not timed.is_due(10**6)
    now[0] += 60
    assert timed.is_due(1)
    assert not Checkpoints(None, 20).is_due(10**9)


def test_checkpoints_change_no_byte_of_what_comes_out(cli, data, whole):
    saves = []
    real = Keeper.try_to_save
    expected = whole("--optimizer", "adam")

    def noted(keeper, run):
        saves.append((run.epoch, run.images))
        return real(keeper, run)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "try_to_save", noted)
        assert whole("--optimizer", "adam", "--checkpoint", 60) == expected
    assert saves == [(1, 0), (2, 0), (3, 0)]  # of 2,000 images: 100 minibatches, of which 60 ...


# --- a disk that is full for a while --------------------------------------------------------------


def test_a_save_that_fails_on_the_way_is_told_and_tried_again(cli, data, whole, monkeypatch):
    expected, calls, real = whole(), [], os.fsync

    def full_at_first(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_first)
    stderr = cli("train", "--data", data, *EPOCHS, "-o", "m.npz").stderr
    assert (
        "warning: m.npz could not be saved: No space left on device; training goes on, and tries "
        "again after the next epoch\n" in stderr
    )
    assert stderr.count("warning") == 1
    assert Path("m.npz").read_bytes() == expected
    assert sorted(os.listdir()) == ["m.npz", "whole.npz"]


def test_a_save_that_fails_at_the_end_is_tried_once_more_and_then_an_error(cli, data, monkeypatch):
    def full(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", full)
    stderr = cli("train", "--data", data, *EPOCHS, "-o", "m.npz", code=1).stderr
    assert stderr.endswith(
        "Error: m.npz could not be saved: Input/output error. Nothing is saved: free some space, "
        "and train again.\n"
    )
    assert stderr.count("warning: m.npz could not be saved") == 3
    assert os.listdir() == []


@pytest.mark.parametrize("number", [1, 2])
def test_a_disk_that_does_not_say_once_what_is_there_leads_to_no_second_file(
    cli, data, whole, monkeypatch, number
):
    """Neither after a save (1) nor before the next one (2)."""
    expected, calls, real = whole(), [], os.stat

    def failing(path, *args, **kwargs):
        if path == Path("m.npz") and saves:
            calls.append(path)
            if len(calls) == number:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *args, **kwargs)

    saves, save_model = [], modelfile.save_model

    def saved(*args, **kwargs):
        save_model(*args, **kwargs)
        saves.append(args)

    monkeypatch.setattr(modelfile, "save_model", saved)
    monkeypatch.setattr(os, "stat", failing)
    stderr = cli("train", "--data", data, *EPOCHS, "-o", "m.npz").stderr
    assert "taken meanwhile" not in stderr
    assert ("warning: m.npz could not be saved: Input/output error" in stderr) == (number == 2)
    assert Path("m.npz").read_bytes() == expected
    assert sorted(os.listdir()) == ["m.npz", "whole.npz"]


# --- signals --------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (getattr(signal, "SIGHUP", 0), 129, "hung up"),
    ],
)
def test_a_signal_saves_says_how_to_go_on_and_what_it_says_works(
    shell, data, whole, number, code, word
):
    expected = whole("--hidden", "1000")
    spaced = Path("my data")
    spaced.symlink_to(data)
    command = [sys.executable, "-m", "simplenet", "train", "--data", str(spaced), "--epochs", "3"]
    with subprocess.Popen(
        [*command, "--hidden", "1000", "-o", "my model.npz", "--checkpoint", "1"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        while not Path("my model.npz").exists():
            time.sleep(0.001)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code and out == ""
    last = err.splitlines()[-1]
    assert last.startswith(f"Error: {word}. The model after ")
    _, _, line = last.partition(" To go on: simplenet ")
    assert line == "train --resume 'my model.npz' --data 'my data'"
    shell("train", "--resume", "my model.npz", "--data", "my data")
    assert Path("my model.npz").read_bytes() == expected


def test_a_second_ctrl_c_ends_at_once_and_the_file_is_whole(data):
    """The first is held by a block that takes long; nothing is printed any more."""
    code = """if True:
        import signal, sys, time
        from simplenet.training import run
        real, blocks = run.four_calls, []
        def slow(*args):
            blocks.append(1)
            if len(blocks) == 200:
                print("slow", flush=True)
                time.sleep(30)
            return real(*args)
        run.four_calls = slow
        from simplenet.__main__ import main
        main()
    """
    args = "train", "--data", data, "--epochs", "9", "-o", "m.npz", "-q"
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "slow\n"
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None  # held
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - began < 25
    assert (out, err) == ("", "Error: interrupted.\n")
    assert load_model("m.npz").epoch == 1  # whose file is from before the block
    assert np.isfinite(load_model("m.npz").net.params).all()


# --- where saving fails to the end ----------------------------------------------------------------


@pytest.fixture
def full_disk(monkeypatch):
    """Return a list of names: only what is saved under one that has them is saved."""
    real, free = modelfile.save_model, []

    def save(path, model, *, overwrite=False):
        if not any(name in str(path) for name in free):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, model, overwrite=overwrite)

    monkeypatch.setattr(modelfile, "save_model", save)
    return free


def test_a_run_that_cannot_be_saved_is_measured_and_saved_elsewhere(cli, data, whole, full_disk):
    full_disk.append("whole.npz")
    expected = whole()
    full_disk[:] = [tempfile.gettempdir() + "/simplenet-"]
    result = cli("train", "--data", data, *EPOCHS, "-o", "m.npz", code=1)
    assert result.stdout.startswith("test accuracy ") and "saved" not in result.stdout
    place = r"m.npz could not be saved: No space .* saved as (\S+) instead: move it"
    said = re.search(place, result.stderr)
    assert Path(said[1]).read_bytes() == expected
    Path(said[1]).unlink()


def test_a_run_that_can_be_saved_nowhere_says_what_there_is_and_how_to_go_on(cli, data, full_disk):
    result = cli("train", "--data", data, *EPOCHS, "-o", "m.npz", code=1)
    assert "Nothing is saved: free some space, and train again." in result.stderr
    full_disk.append("m.npz")
    saves = []
    real = Keeper.try_to_save

    def once(keeper, run):
        saves.append(real(keeper, run))
        full_disk.clear()
        return saves[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "try_to_save", once)
        result = cli("train", "--data", data, *EPOCHS, "-o", "m.npz", code=1)
    assert saves == [True, False, False] and load_model("m.npz").epoch == 1
    assert "It holds what was saved before. Free some space; then, to go on: simplenet train" in (
        result.stderr
    )


def test_ctrl_c_is_ctrl_c_on_a_full_disk_too(cli, data, full_disk):
    def interrupt(keeper, run):
        signal.raise_signal(signal.SIGINT)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "try_to_save", interrupt)
        result = cli("train", "--data", data, *EPOCHS, "-o", "m.npz", code=130)
    assert "interrupted. m.npz could not be saved: No space" in result.stderr


@pytest.mark.parametrize("name", ["plain.npz", "with space.npz", "a\nb\udce9\x1b[31m;$(id)'\\.npz"])
def test_the_command_that_goes_on_can_be_pasted_whatever_the_name(name):
    command = command_to_resume(Path(name), "my data")
    assert command.isprintable()
    shown = subprocess.run(
        ["bash", "-c", f"simplenet() {{ printf '%s\\0' \"$@\"; }}; {command}"], capture_output=True
    ).stdout
    words = [os.fsdecode(word) for word in shown.split(b"\0")[:-1]]
    assert words == ["train", "--resume", name, "--data", "my data"]


def test_a_file_that_holds_anything_is_an_error_of_the_model(cli, data, whole):
    whole()
    members = unpacked(Path("whole.npz").read_bytes())
    for text in b"[" * 990 + b"]" * 990, b'{"a":' * 50_000:
        Path("forged.npz").write_bytes(resigned({**members, "model.json": text}))
        result = cli("train", "--data", data, "--resume", "forged.npz", code=3)
        assert result.stderr.startswith("Error: forged.npz: ") and len(result.stderr) < 400
