"""A picture comes from a file, a pipe or standard input; what is none of them is not waited for."""

import io
import os
import signal
import socket
import stat
import threading
import time

import numpy as np
import pytest
from fuzzing.pictures import draw_seven
from samples import opaque

from simplenet.errors import DataError
from simplenet.pictures import source
from simplenet.pictures.decode import read_image

Image = pytest.importorskip("PIL.Image")
pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
LIGHT = 255 - draw_seven()


@pytest.fixture(scope="module")
def content():
    file = io.BytesIO()
    Image.fromarray(LIGHT).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def no_waiting():
    """Fail rather than wait for ever."""

    def late(number, frame):
        raise AssertionError("nothing has happened for half a minute")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def quick(monkeypatch):
    """Wait less than a person would."""
    monkeypatch.setattr(source, "GRACE", 0.1)
    monkeypatch.setattr(source, "SILENCE", 0.3)


def refused(given):
    """Return why something is refused, and how long that took."""
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        read_image(given)
    assert time.monotonic() - began < 5
    message = str(caught.value)
    assert (
        message.startswith(f"{source.name_of(given)}: expected a picture") and "\n" not in message
    )
    return message


def writing(path, *blocks, pause=0.0):
    """Write to a named pipe from another thread."""

    def write():
        with open(path, "wb", 0) as file:
            for block in blocks:
                time.sleep(pause)
                file.write(block)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def whole(rgba):
    return (rgba == opaque(LIGHT)).all()


# --- pipes ----------------------------------------------------------------------------------------


@pipes
def test_a_named_pipe_is_read_until_its_writer_has_gone(content, quick):
    os.mkfifo("pipe")
    for blocks in (
        [content],
        [content[:3], content[3:100], content[100:]],
        [*content.partition(b"IDAT")],
    ):
        thread = writing("pipe", *blocks, pause=0.02)
        assert whole(read_image("pipe"))
        thread.join()


@pipes
def test_a_named_pipe_that_nobody_writes_to_is_not_waited_for(quick):
    os.mkfifo("pipe")
    assert "found a pipe that nobody writes to, or wrote to: start what" in refused("pipe")


@pipes
def test_a_writer_that_comes_a_little_later_is_waited_for(content, monkeypatch):
    monkeypatch.setattr(source, "GRACE", 5.0)
    os.mkfifo("pipe")

    def later():
        time.sleep(0.2)
        with open("pipe", "wb") as file:
            file.write(content)

    threading.Thread(target=later, daemon=True).start()
    assert whole(read_image("pipe"))


@pipes
@pytest.mark.parametrize("sent", [b"", b"\x89PNG\r\n\x1a\n"])
def test_a_named_pipe_whose_writer_is_silent_is_given_up(quick, sent):
    os.mkfifo("pipe")
    writer = os.open("pipe", os.O_RDWR)
    try:
        os.write(writer, sent)
        message = refused("pipe")
    finally:
        os.close(writer)
    assert "found a pipe into which nothing was written for 0.3 seconds: start" in message


@pipes
def test_a_writer_that_writes_nothing_sends_an_empty_file(quick):
    os.mkfifo("pipe")
    writing("pipe", pause=0.1)
    found = refused("pipe")
    assert "found an empty file" in found or "nobody writes to" in found


def test_a_pipe_without_a_name_is_waited_for(content, quick):
    reader, writer = os.pipe()

    def write():
        time.sleep(0.6)  # longer than SILENCE
        with open(writer, "wb") as file:
            file.write(content)

    threading.Thread(target=write, daemon=True).start()
    with open(reader, "rb") as file:
        assert whole(read_image(file))


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="there is no /dev/fd here")
def test_what_a_shell_substitutes_for_a_command_is_read(content, quick):
    reader, writer = os.pipe()
    with open(reader, "rb"):
        thread = threading.Thread(target=lambda: (os.write(writer, content), os.close(writer)))
        thread.start()
        assert whole(read_image(f"/dev/fd/{reader}"))
        thread.join()


def test_a_pipe_that_does_not_block_is_waited_for(content, quick):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def write():
        for part in content[:20], content[20:]:
            time.sleep(0.5)  # longer than SILENCE
            os.write(writer, part)
        os.close(writer)

    threading.Thread(target=write, daemon=True).start()
    with open(reader, "rb") as file:
        assert whole(read_image(file))


def endless(block):
    """Return the reading end of a pipe into which a block is written again and again."""
    reader, writer = os.pipe()

    def write():
        try:
            while True:
                os.write(writer, block)
        except OSError:
            os.close(writer)  # nobody reads any more

    threading.Thread(target=write, daemon=True).start()
    return open(reader, "rb")


@pytest.mark.parametrize("block", [bytes(4096), b"y\n" * 999, bytes(range(255, -1, -1)) * 9])
def test_of_a_pipe_without_end_no_more_is_read_than_tells_that_it_is_no_picture(block):
    with endless(block) as file:
        assert "expected a picture such as PNG or JPEG, found a file that starts" in refused(file)


def test_of_a_pipe_no_more_is_read_than_a_file_may_hold(content):
    with (
        endless(content[:200]) as file,
        pytest.raises(DataError) as caught,
        source.opened(file, "it", 10**6),
    ):
        pass
    assert "expected a picture of at most 1,000,000 bytes, found more: make it" in str(caught.value)


def test_a_large_picture_from_a_pipe_is_kept_outside_memory(content, monkeypatch):
    monkeypatch.setattr(source, "IN_MEMORY", 64)
    for kind in "TIFF", "PNG", "JPEG", "WEBP":
        file = io.BytesIO()
        Image.fromarray(LIGHT).save(
            file, kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {})
        )
        reader, writer = os.pipe()
        os.write(writer, file.getvalue())
        os.close(writer)
        with open(reader, "rb") as pipe:
            assert read_image(pipe).shape == (60, 50, 4)


# --- files ----------------------------------------------------------------------------------------


def test_an_open_file_is_read_from_where_it_stands(content):
    with open("two.png", "wb") as file:
        file.write(b"a head that somebody else has read" + content)
    with open("two.png", "rb") as file:
        file.seek(34)
        assert whole(read_image(file))
    memory = io.BytesIO(b"abc" + content)
    memory.seek(3)
    assert whole(read_image(memory))
    assert whole(read_image(io.BytesIO(content)))


def test_an_open_file_stays_open(content):
    with open("seven.png", "wb") as file:
        file.write(content)
    for buffering in -1, 0:
        with open("seven.png", "rb", buffering) as file:
            assert whole(read_image(file)) and not file.closed
    file = io.BytesIO(content)
    assert whole(read_image(file)) and not file.closed


def test_a_file_of_gigabytes_is_refused_at_once(content):
    with open("sparse.png", "wb") as file:
        file.write(content)
        file.truncate(3 * 2**30)
    assert "at most 150,000,000 bytes, found more: make it smaller" in refused("sparse.png")
    with open("sparse.png", "rb") as file:
        assert "at most 150,000,000 bytes, found more: make it smaller" in refused(file)
    with open("zeros.png", "wb") as file:
        file.truncate(100_000_000)
    assert "found a file that starts with the bytes 00 00 00 00" in refused("zeros.png")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there are no such devices here")
@pytest.mark.parametrize("name", ["zero", "null", "random", "full", "tty", "ptmx"])
def test_a_device_is_not_opened(name, monkeypatch):
    path = f"/dev/{name}"
    if not os.path.exists(path):
        pytest.skip(f"{path} is not here")
    monkeypatch.setattr("builtins.open", None)
    assert "found a device: name a file." in refused(path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there are no such devices here")
def test_a_file_that_has_been_exchanged_for_a_device_is_not_read(monkeypatch):
    stat_of_a_file = os.stat(__file__)
    monkeypatch.setattr(os, "stat", lambda path: stat_of_a_file)
    assert "found a device: name a file." in refused("/dev/zero")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there are no such devices here")
def test_a_device_that_is_open_is_read_as_a_pipe_is():
    with open("/dev/zero", "rb") as file:
        assert "found a file that starts with the bytes 00 00 00 00" in refused(file)
    with open("/dev/null", "rb") as file:
        assert "found an empty file" in refused(file)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no such terminals here")
def test_a_terminal_is_not_waited_for():
    ours, theirs = os.openpty()
    with open(ours, "rb", 0), open(theirs, "rb", 0) as file:
        assert "found a terminal: send one, such as with `simplenet predict - <" in refused(file)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")
def test_a_socket_is_not_opened():
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert stat.S_ISSOCK(os.stat("socket").st_mode)
        assert "found a socket: name a file." in refused("socket")


def test_a_folder_a_loop_and_what_may_not_be_read_are_told_from_each_other(tmp_path):
    os.mkdir("folder")
    os.symlink("loop", "loop")
    os.symlink("nowhere", "link")
    assert "cannot be read: Is a directory" in refused("folder")
    assert "cannot be read: Too many levels of symbolic links" in refused("loop")
    assert "cannot be read: No such file or directory" in refused("link")
    assert "cannot be read: File name too long" in refused("x" * 300)
    assert "cannot be read: Not a directory" in refused("/dev/null/x")


def test_an_object_that_only_reads_is_enough(content):
    class Reader(io.RawIOBase):
        def __init__(self):
            self.file = io.BytesIO(content)

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.file.readinto(buffer)

    assert whole(read_image(Reader()))
    assert np.asarray(read_image(io.BufferedReader(Reader()))).shape == (60, 50, 4)
