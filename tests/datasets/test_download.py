"""A download brings the right file or leaves nothing, whatever the other side does."""

import hashlib
import http.client
import socket
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import URLError

import pytest
from fuzzing import network

from simplenet.datasets import download as module
from simplenet.datasets.download import download
from simplenet.datasets.sources import DATASETS
from simplenet.errors import DataError

NAME = "labels.gz"
PATHS = f"/{NAME}", "/elsewhere"
BYTES = bytes(range(250)) * 20  # 5,000 of them
SHA256 = hashlib.sha256(BYTES).hexdigest()
WRONG = b"x" * len(BYTES)
PAGE = b"<html>Sign in first</html>"


@pytest.fixture
def folder(tmp_path):
    """Return an empty folder to download to."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def over():
    """Return an event that is set when the test is over, so that stalled servers end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def mirror(over):
    """Return a function that starts an HTTP server which answers as asked, and returns its URL."""
    servers = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.over = over
                with suppress(ConnectionError):
                    answer(self) if self.path in PATHS else self.send_error(404)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def get(folder, *mirrors, timeout=5, progress=None):
    """Download into a folder."""
    return download(
        NAME, mirrors, folder / NAME,
        size=len(BYTES), sha256=SHA256, timeout=timeout, progress=progress,
    )  # fmt: skip


def content(folder):
    """Return all that is in a folder, hidden or not."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- how a mirror may behave ---------------------------------------------------------------------


def head(to, length=None, kind="application/x-gzip", status=200, **headers):
    to.send_response(status)
    to.send_header("Content-Type", kind)
    if length is not None:
        to.send_header("Content-Length", length)
    for name, value in headers.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()


def whole(to, body=BYTES):
    head(to, len(body))
    to.wfile.write(body)


def unannounced(to):
    head(to)
    to.wfile.write(BYTES)


def in_chunks(to):
    to.protocol_version = "HTTP/1.1"
    head(to, Transfer_Encoding="chunked")
    for start in range(0, len(BYTES), 1000):
        to.wfile.write(b"3e8\r\n" + BYTES[start : start + 1000] + b"\r\n")
    to.wfile.write(b"0\r\n\r\n")


def slow_but_alive(to):
    """Take longer than a timeout of 0.4 seconds, yet never pause for so long."""
    head(to, len(BYTES))
    for start in range(0, len(BYTES), 1000):
        to.over.wait(0.11)
        to.wfile.write(BYTES[start : start + 1000])


def moved(to):
    if to.path == f"/{NAME}":
        head(to, 0, status=302, Location="/elsewhere")
    else:
        whole(to)


GOOD = [whole, unannounced, in_chunks, slow_but_alive, moved]


def sent_to(address):
    """Return an answer that sends the reader on, to an address as bytes."""

    def answer(to):
        to.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: " + address + b"\r\n\r\n")

    return answer


def raw(content):
    """Return an answer of just these bytes."""
    return lambda to: to.wfile.write(content)


def sent_on_endlessly(to):
    to.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /nowhere\r\n\r\n")
    endless_rest(to, bytes(1 << 16))


def endless_rest(to, piece):
    while not to.over.is_set():
        to.wfile.write(piece)


def page(to, announced=True):
    head(to, len(PAGE) if announced else None, kind="text/html")
    to.wfile.write(PAGE)


def endless(to):
    head(to)
    while not to.over.is_set():
        to.wfile.write(BYTES)


def broken(to, sent=1000):
    head(to, len(BYTES))
    to.wfile.write(BYTES[:sent])


def broken_chunk(to):
    to.protocol_version = "HTTP/1.1"
    head(to, Transfer_Encoding="chunked")
    to.wfile.write(b"3e8\r\n" + BYTES[:500])


def unanswered(to):
    to.over.wait()


def stalled(to):
    broken(to)
    to.over.wait()


def dripping(to):
    head(to, len(BYTES))
    for byte in BYTES:
        to.wfile.write(bytes([byte]))
        if to.over.wait(0.04):
            return


def dripping_headers(to):
    for byte in b"HTTP/1.0 200 OK\r\n" + b"X-Wait: yes\r\n" * 1000:
        to.wfile.write(bytes([byte]))
        if to.over.wait(0.04):
            return


def running_round(to):
    head(to, 0, status=302, Location=to.path)


BAD = {
    "forbidden": (lambda to: to.send_error(403), "answered 403 Forbidden"),
    "missing": (lambda to: to.send_error(404), "answered 404 Not Found"),
    "unavailable": (lambda to: to.send_error(503), "answered 503 Service Unavailable"),
    "a page": (page, "expected 5,000 bytes, offered 26 of text/html"),
    "a page of no length": (
        lambda to: page(to, announced=False),
        "broke off after 26 of 5,000 bytes of text/html",
    ),
    "nothing": (lambda to: whole(to, b""), "expected 5,000 bytes, offered 0 of application/x-gzip"),
    "wrong bytes": (
        lambda to: whole(to, WRONG),
        f"expected SHA-256 {SHA256}, found {hashlib.sha256(WRONG).hexdigest()}",
    ),
    "too long": (lambda to: whole(to, BYTES + b"1"), "expected 5,000 bytes, offered 5001"),
    "endless": (endless, "expected 5,000 bytes, found more"),
    "broken off": (broken, "broke off after 1,000 of 5,000 bytes"),
    "broken off at once": (lambda to: broken(to, 0), "broke off after 0 of 5,000 bytes"),
    "a broken chunk": (broken_chunk, "IncompleteRead"),
    "hung up": (lambda to: None, "Remote end closed connection without response)"),
    "not HTTP": (lambda to: to.wfile.write(b"SSH-2.0-OpenSSH\r\n"), "SSH-2.0-OpenSSH)"),
    "noise": (lambda to: to.wfile.write(b"noise " * 9999 + b"\n"), "noise noise noise"),
    "running round": (running_round, "answered 302 The HTTP server returned a redirect error that"),
    "sent to no address": (
        sent_to(b"http://["),
        "redirected to http://[, which is no address (Invalid IPv6 URL)",
    ),
    "sent to a long host": (
        sent_to(b"http://" + b"a" * 64 + b".example/"),
        "redirected to http://" + "a" * 64,
    ),
    "sent to an empty host": (sent_to(b"http://a..b/"), "redirected to http://a..b/, which is no"),
    "sent to another script": (sent_to("http://é.example/".encode()), "Connection refused"),
    "sent to no port": (sent_to(b"http://127.0.0.1:a/"), "nonnumeric port: 'a'"),
    "sent to a far port": (sent_to(b"http://127.0.0.1:99999/"), ""),
    "sent to ftp": (
        sent_to(b"ftp://127.0.0.1/labels.gz"),
        "redirected to ftp://127.0.0.1/labels.gz, where http or https was expected",
    ),
    "sent to a file": (sent_to(b"file:///etc/passwd"), "answered 302 Found - Redirection to url"),
    "sent to data": (sent_to(b"data:,x"), "answered 302 Found - Redirection to url 'data:,x'"),
    "sent to nothing": (raw(b"HTTP/1.1 302 Found\r\n\r\n"), "answered 302 Found"),
    "sent on endlessly": (sent_on_endlessly, "answered 404 Not Found"),
    "another script in a header": (
        raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: é手\r\n\r\nabc".encode()),
        "expected 5,000 bytes, offered 3 of ",
    ),
    "another script in the status": (raw("HTTP/1.1 200手 OK\r\n\r\n".encode()), "HTTP/1.1 200"),
    "another script in a length": (
        raw("HTTP/1.1 200 OK\r\nContent-Length: \u0665\u0660\u0660\u0660\r\n\r\n".encode() + BYTES),
        "expected 5,000",
    ),
    "a huge header": (
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 99_999 + b"\r\n\r\n"),
        "got more than",
    ),
    "many headers": (
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 999 + b"\r\n"),
        "got more than 100",
    ),
    "a huge chunk": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\nab"),
        "",
    ),
    "a negative chunk": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc"),
        "IncompleteRead",
    ),
    "unanswered": (unanswered, "no answer for {timeout:g} s"),
    "stalled": (stalled, "stalled after 1,000 of 5,000 bytes"),
    "dripping": (dripping, "stalled after "),
    "dripping headers": (dripping_headers, "no answer for {timeout:g} s"),
    "continuing": (
        lambda to: endless_rest(to, b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
        "no answer for {timeout:g} s",
    ),
}
NO_HOST = {"sent to a long host", "sent to an empty host", "sent to no port"}
SLOW = {"unanswered", "stalled", "dripping", "dripping headers", "continuing"}


@pytest.fixture
def nobody():
    """Return a base URL where nobody listens."""
    with socket.socket() as taken:  # bound, so that nobody else takes the port, but not listening
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


# --- the file, or nothing ------------------------------------------------------------------------


@pytest.mark.parametrize("answer", GOOD)
def test_a_good_mirror_serves_the_file(folder, mirror, answer):
    url = mirror(answer)
    assert get(folder, url, timeout=0.4 if answer is slow_but_alive else 5) == url
    assert content(folder) == {NAME: BYTES}


@pytest.mark.parametrize("how", BAD)
def test_a_bad_mirror_changes_nothing_and_the_next_is_tried(folder, mirror, how, monkeypatch):
    answer, words = BAD[how]
    if how in NO_HOST:  # nor is any looked up
        monkeypatch.setenv("no_proxy", "*")
    bad, good = mirror(answer), mirror(whole)
    (folder / NAME).write_bytes(b"damaged")
    # A busy machine may take longer to begin its answer than we wait for it: then wait longer.
    for timeout in (0.2, 1, 5) if how in SLOW else (5,):
        with pytest.raises(DataError) as caught:
            get(folder, bad, timeout=timeout)
        assert content(folder) == {NAME: b"damaged"}
        message = str(caught.value)
        assert message.startswith(f"{NAME}: could not be downloaded from {bad} (")
        assert "\n" not in message and len(message) < 700
        assert (
            f"try again later, or bring it from elsewhere and save it as {folder / NAME}" in message
        )
        if f"({words.format(timeout=timeout)}" in message:
            break
    assert f"({words.format(timeout=timeout)}" in message
    for timeout in (0.2, 1, 5) if how in SLOW else (5,):
        with suppress(DataError):
            assert get(folder, bad, good, timeout=timeout) == good
            break
    assert content(folder) == {NAME: BYTES}


def test_each_mirror_that_failed_is_named_with_its_reason(folder, mirror, nobody):
    (folder / NAME).write_bytes(b"old")
    bad = mirror(BAD["missing"][0])
    with pytest.raises(DataError) as caught:
        get(folder, nobody, bad)
    assert f"from {nobody} (Connection refused) nor from {bad} (answered 404" in str(caught.value)
    assert content(folder) == {NAME: b"old"}


def test_a_mirror_that_serves_is_the_last_one_asked(folder, mirror):
    def fail(to):
        pytest.fail("asked without need")

    url = mirror(whole)
    assert get(folder, url, mirror(fail)) == url


def test_the_callback_is_called_for_all_bytes_as_they_arrive(folder, mirror):
    reports = []
    get(folder, mirror(slow_but_alive), progress=lambda *report: reports.append(report))
    assert {(name, size) for name, _, size in reports} == {(NAME, 5000)}
    counts = [received for _, received, _ in reports]
    assert len(counts) > 1 and counts == sorted(set(counts)) and counts[-1] == 5000


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ZeroDivisionError])
def test_an_interruption_leaves_what_was_there_and_asks_nobody_else(folder, mirror, error):
    def interrupt(*_):
        raise error("why")

    (folder / NAME).write_bytes(b"old")
    with pytest.raises(error, match="^why$"):
        get(folder, mirror(whole), mirror(whole), progress=interrupt)
    assert content(folder) == {NAME: b"old"}


@pytest.mark.parametrize("place", ["missing", "file"])
def test_a_folder_that_cannot_be_written_is_no_fault_of_the_mirror(tmp_path, mirror, place):
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:
        get(tmp_path / place, mirror(whole))
    assert caught.value.filename == str(tmp_path / place / NAME)


def test_downloads_at_the_same_time_do_not_meet(folder, mirror):
    url = mirror(slow_but_alive)
    with ThreadPoolExecutor(8) as pool:
        served = list(pool.map(lambda _: get(folder, url, timeout=2), range(8)))
    assert served == [url] * 8
    assert content(folder) == {NAME: BYTES}


# --- https stays https ---------------------------------------------------------------------------


@pytest.fixture
def pretended(monkeypatch):
    """Let https be spoken without encryption, so that a server needs no certificate."""

    class Pretended(http.client.HTTPConnection):
        def __init__(self, *args, timeout, **_):
            super().__init__(*args, timeout=timeout)

    monkeypatch.setattr(http.client, "HTTPSConnection", Pretended)


def https(url):
    return url.replace("http:", "https:")


def test_what_is_sent_from_https_to_http_is_refused(folder, mirror, pretended):
    asked = []
    plain = mirror(lambda to: asked.append(to.path))
    for where in plain, plain.replace("http:", "HTTP:"), "ftp://127.0.0.1/":
        secure = https(mirror(sent_to(where.encode() + NAME.encode())))
        with pytest.raises(DataError) as caught:
            get(folder, secure)
        found = where.replace("HTTP:", "http:") + NAME
        assert f"(redirected to {found}, where https was expected)" in str(caught.value)
    assert asked == [] and content(folder) == {}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_what_is_sent_to_https_stays_there(folder, mirror, pretended, code):
    def send(to, place):
        head(to, 0, status=code, Location=place)

    plain = mirror(whole)
    secure = https(mirror(whole))
    back = https(mirror(lambda to: send(to, plain + NAME)))
    for first in secure, https(mirror(moved)):
        assert get(folder, first) == first
    for first in mirror, lambda answer: https(mirror(answer)):
        url = first(lambda to: send(to, secure + NAME))
        assert get(folder, url) == url and content(folder) == {NAME: BYTES}
        (folder / NAME).unlink()
        with pytest.raises(DataError, match="where https was expected"):
            get(folder, first(lambda to: send(to, back + NAME)))


def test_every_mirror_of_a_data_set_is_https_and_what_it_serves_is_pinned():
    for dataset in DATASETS.values():
        assert all(mirror.startswith("https://") for mirror in dataset.mirrors)
        assert all(len(known.sha256) == 64 for known in dataset.files.values())


# --- whatever a mirror sends ---------------------------------------------------------------------


def test_none_of_many_hostile_answers_does_any_harm(folder, monkeypatch):
    assert list(network.fuzz(800, folder)) == []


def test_an_answer_follows_from_its_number_alone():
    numbers = range(300)
    one, two, other = (
        [network.make_answer(seed, number, 80) for number in numbers] for seed in (1, 1, 2)
    )
    assert one == two != other
    assert len(set(one)) > 250


def test_a_fuzzer_finds_what_harms(folder, monkeypatch):
    why = module._why
    monkeypatch.setattr(module, "_why", lambda error: {}[why(error)])
    found = list(network.fuzz(30, folder))
    assert found and all(": KeyError(" in line for line in found)


def test_where_no_thread_can_be_started_the_mirror_is_given_up(folder, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(DataError, match=r"/ \(can't start new thread\) nor from .*/ \(can't start"):
        get(folder, "http://127.0.0.1:9/", "http://127.0.0.1:9/")


def test_what_a_redirect_brings_along_is_not_kept_in_memory(folder, mirror):
    url = mirror(sent_on_endlessly)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="answered 404"):
            get(folder, url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


# --- in time -------------------------------------------------------------------------------------


def rarely(to):
    """Send a byte always just in time for a socket's timeout."""
    head(to, len(BYTES))
    for byte in BYTES:
        if to.over.wait(0.27):
            return
        to.wfile.write(bytes([byte]))


@pytest.mark.parametrize("answer", [unanswered, rarely])
def test_two_mirrors_that_send_little_take_two_timeouts(folder, mirror, answer):
    urls = mirror(answer), mirror(answer)
    began = time.monotonic()
    with pytest.raises(DataError, match="(stalled|no answer).* nor .*(stalled|no answer)"):
        get(folder, *urls, timeout=0.3)
    assert time.monotonic() - began < 10 * 2 * 0.3  # and not as long as they go on
    assert content(folder) == {}


def test_looking_up_a_host_ends_in_time(folder, mirror, monkeypatch, over):
    good, look_up = mirror(whole), socket.getaddrinfo

    def hang(host, *args, **kwargs):
        if host == "localhost":
            over.wait()
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert get(folder, "http://localhost/", good, timeout=0.3) == good  # though it hangs for ever


@pytest.mark.parametrize(
    "why",
    ["no answer", "dripping", "interrupted", "continuing", "trailing", "sent on", "refused"],
)
def test_a_mirror_that_was_given_up_is_hung_up_on(folder, mirror, over, why):
    noticed = threading.Event()
    begin, go_on = {
        "continuing": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "trailing": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        "sent on": (b"HTTP/1.1 302 Found\r\nLocation: /nowhere\r\n\r\n", b"1"),
        "refused": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"1"),
    }.get(why, (b"HTTP/1.1 200 OK\r\n\r\n", b"1"))

    def watch(to):
        if why == "no answer":
            assert to.connection.recv(1) == b""
            noticed.set()
        try:
            to.wfile.write(begin)
            while not over.wait(0.001 if why in ("continuing", "trailing") else 0.04):
                to.wfile.write(go_on)
        except ConnectionError:
            noticed.set()

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises((DataError, KeyboardInterrupt)):
        if why == "interrupted":
            get(folder, mirror(watch), progress=interrupt)
        else:
            get(folder, mirror(watch), timeout=0.2)
    assert noticed.wait(3)


def test_a_mirror_that_sends_the_reader_on_is_hung_up_on_before(folder, mirror, over):
    left = threading.Event()

    def answer(to):
        if to.path == "/elsewhere":
            assert left.wait(10)
            whole(to)
            return
        to.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
        try:
            while not over.wait(0.01):
                to.wfile.write(b"1")
        except ConnectionError:
            left.set()

    url = mirror(answer)
    assert get(folder, url, timeout=15) == url


def test_a_host_that_is_found_too_late_is_hung_up_on(folder, monkeypatch):
    late, look_up = threading.Event(), socket.getaddrinfo

    def hang(host, *args, **kwargs):
        late.wait()
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        with pytest.raises(DataError, match="no answer for 0.2 s"):
            get(folder, f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.2)
        late.set()
        connection, _ = server.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "TimeoutError"),
        (TimeoutError("timed out"), "timed out"),
        (OSError(113, "No route to host"), "No route to host"),
        (URLError(OSError(113, "No route to host")), "No route to host"),
        (URLError("no host given"), "no host given"),
        (URLError(TimeoutError()), "TimeoutError"),
        (MemoryError(), "MemoryError"),
    ],
    ids=repr,
)
def test_every_reason_has_words(error, words):
    assert module._why(error) == words
