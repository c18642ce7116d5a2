"""Ctrl-C and the system's request to end: an exit code and no traceback, at any moment."""

import signal
import subprocess
import sys
import time

import pytest

from simplenet import init_net, save_model
from simplenet.cli.signals import signals_held

SIGNALS = pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)

# A process that gets a signal when `is_time` says so, of all that Python calls after it began.
PROBE = """if True:
    import os, signal, sys
    from simplenet.__main__ import main
    number, args, sys.argv[1:] = int(sys.argv[1]), sys.argv[2:], sys.argv[3:]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    events = 0
    def is_time(frame):
        {is_time}
    def probe(frame, event, arg):
        global events
        events += 1
        if is_time(frame):
            sys.setprofile(None)
            os.kill(os.getpid(), number)
    sys.setprofile(probe)
    main()
"""


@pytest.fixture
def interrupted():
    """Return a function that has `info` of a small model interrupted: exit code and output."""
    save_model("m.npz", init_net((4, 2), rng=0))

    def run(code, number, *args):
        command = [sys.executable, "-c", code, str(int(number)), *args, "info", "m.npz"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return result.returncode, result.stdout, result.stderr

    return run


@SIGNALS
@pytest.mark.parametrize("events", [3, 30, 300, 3000, 30_000, 100_000])
def test_a_signal_while_python_imports_ends_it_quietly(interrupted, number, code, word, events):
    probe = PROBE.format(is_time="return events == int(args[0])")
    returned, out, err = interrupted(probe, number, str(events))
    # What kills a process by itself, before it is taken over, is 143 to a shell, too.
    assert returned in (code, -signal.SIGTERM) and out == ""
    assert err in ("", f"Error: {word}.\n")


@SIGNALS
@pytest.mark.parametrize("module", ["click.core", "numpy", "simplenet.net"])
def test_a_signal_in_a_callback_of_an_import_is_not_lost(interrupted, number, code, word, module):
    """An exception there would be printed and forgotten."""
    probe = PROBE.format(
        is_time="return args[0] in sys.modules and frame.f_code.co_name == 'cb' and "
        "'importlib' in frame.f_code.co_filename"
    )
    assert interrupted(probe, number, module) == (code, "", f"Error: {word}.\n")


@SIGNALS
def test_a_signal_before_a_command_runs_has_its_exit_code_too(interrupted, number, code, word):
    probe = """if True:
        import signal, sys, simplenet.cli
        number, sys.argv[1:] = int(sys.argv[1]), sys.argv[2:]
        simplenet.cli.cli.make_context = lambda *args, **kwargs: signal.raise_signal(number)
        simplenet.cli.main()
    """
    returned, out, err = interrupted(probe, number)
    assert (returned, out, err.strip()) == (code, "", "")


@SIGNALS
def test_a_signal_in_a_command_is_said(interrupted, number, code, word):
    probe = """if True:
        import signal, sys, simplenet.cli
        number, sys.argv[1:] = int(sys.argv[1]), sys.argv[2:]
        simplenet.load_model = lambda path: signal.raise_signal(number)
        simplenet.cli.main()
    """
    assert interrupted(probe, number) == (code, "", f"Error: {word}.\n")


@SIGNALS
def test_a_signal_after_all_is_done_changes_nothing(interrupted, number, code, word):
    probe = """if True:
        import atexit, signal, sys, simplenet.cli
        number, sys.argv[1:] = int(sys.argv[1]), sys.argv[2:]
        atexit.register(lambda: signal.raise_signal(number))
        simplenet.cli.main()
    """
    returned, out, err = interrupted(probe, number)
    assert (returned, err) == (0, "") and out.startswith("model      m.npz")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_real_signals_at_many_moments_show_no_traceback(make_data, number):
    """They are sent from when the command begins: what Python says before is not ours."""
    data = make_data()
    code = """if True:
        import signal, sys
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        print("begins", flush=True)
        from simplenet.__main__ import main
        main()
    """
    args = ["train", "--data", data, "--epochs", "1000000", "-q", "-o", "m.npz", "--overwrite"]
    for delay in range(0, 300, 30):
        with subprocess.Popen(
            [sys.executable, "-c", code, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout.readline() == "begins\n"
            time.sleep(delay / 1000)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        # Before the command has taken them over, signals do what they do by default: kill.
        assert process.returncode in (128 + number, -number) and out == "", (delay, err)
        err = err.lstrip()  # click begins a new line, after a half-written one
        assert err == "" or (err.startswith("Error: ") and err.count("\n") == 1), (delay, err)


@SIGNALS
def test_a_signal_that_is_held_is_not_lost(number, code, word):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_held():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_held() as release:
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
            signal.raise_signal(signal.SIGINT)
            release()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_that_ignores_ctrl_c_goes_on_through_all_of_it(interrupted):
    probe = PROBE.format(is_time="return events in (30, 3000, 100_000)").replace(
        "signal.default_int_handler", "signal.SIG_IGN"
    ).replace("sys.setprofile(None)\n", "\n")  # fmt: skip
    returned, out, err = interrupted(probe, signal.SIGINT, "")
    assert (returned, err) == (0, "") and out.startswith("model      m.npz")
