"""Hostile mirrors: whatever one sends, a download brings the right file or says why it does not.

An answer follows from a seed and a number, so that one that did harm can be sent again:

    with Server(seed=0) as server:
        server.answer(1234)       # what it is
        harm(server, 1234, folder)  # what it does, or None
"""

import contextlib
import functools
import gzip
import hashlib
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fuzzing.campaign import Trials
from simplenet.datasets.download import download
from simplenet.errors import DataError

NAME = "labels.gz"
BODY = random.Random("body").randbytes(300)
SHA256 = hashlib.sha256(BODY).hexdigest()
SLOW = 1 / 400  # share of the answers that last longer than anybody waits
TIMEOUT, PATIENCE = 0.25, 60.0  # seconds until a download gives up a mirror that is slow, or not
ENDLESS = 1 << 26  # bytes of one that has no end, should nobody hang up
GOOD = -1  # the number of an answer that is right

VERSIONS = (
    "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2", "HTTP/",
    "http/1.1", "ICY", "SSH-2.0",
)  # fmt: skip
CODES = (
    *["200"] * 6, *map(str, range(200, 209)), *map(str, range(300, 309)),
    *map(str, range(400, 419)), "100", "101", "103", "429", "500", "502", "503", "511", "600",
    "999", "099", "20", "2000", "-200", "2e2", "0x200", "",
)  # fmt: skip
ENDS = b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\n\r", b"\r\r\n", b"\0\r\n", b"\x85", b""
JUNK = (
    "", "OK", "Found", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\0", "\x7f", "é", "手", "\udcff",
    "\x85", "\u2028", "=?utf-8?q?=1b?=", "=?utf-8?b?!?=", "=?nothing?q?a?=", " ", "\t", "\r", ";",
    '"', "<b>", "%00", "%", "{}", "0", "-1", "9" * 5000, "a" * 70_000, "a" * 60_000,
)  # fmt: skip
HOSTS = (
    "", "[", "]", "[::1", "[::1]", "[::g]", "[v1.a]", "a" * 64, "a" * 63 + ".b", ".", "..", "a..b",
    "é", "手.example", "xn--", "xn--a", "\u2100", "a\u3002b", "127.0.0.1:{port}", "127.0.0.1:",
    "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:a", "127.0.0.1:{port}a",
    "localhost:{port}", "127.0.0.1:" + "9" * 5000, "user@127.0.0.1:{port}",
    "a:b@c:d@127.0.0.1:{port}", "%31", "127.1", "0x7f000001:{port}", "127.0.0.1\\@a.example",
    "127.0.0.1 ", "127.0.0.1\t", "a b",
)  # fmt: skip
SCHEMES = (
    "http:", "http:", "http:", "http:", "https:", "ftp:", "file:", "data:", "javascript:", "HTTP:",
    "hTTps:", "h\tttp:", ":", "",
)  # fmt: skip
PATHS = "", "/", "/{number}/", "/{other}/", "?", "#", "//", "/../../..", "/%", "/\x01", "/é", ";a"
TYPES = (
    "application/x-gzip", "text/html", "text/html; charset=nothing", "a", "/", ";", "a/b; c", "é",
    "multipart/mixed", "multipart/mixed; boundary=x", "message/rfc822", "message/external-body",
    'a/b; c*0*=utf-8"\'%FF; c*1=d', "a/b; c*=nothing'x'%e9", "text/plain; charset*=utf-8''%ff",
)  # fmt: skip


class Answer(NamedTuple):
    """What the server sends: parts, with a pause before each, the last again and again or once."""

    parts: tuple[bytes, ...]
    pause: float = 0.0  # seconds
    endless: bool = False
    slow: bool = False


def make_answer(seed: int, number: int, port: int) -> Answer:
    """Return the answer that follows from seed and number; `port` is that of the server."""
    if number == GOOD:
        return Answer((_head(b"200 OK", (b"Content-Length", b"%d" % len(BODY))) + BODY,))
    rng = random.Random(f"{seed} {number}")
    if rng.random() < SLOW:
        return _slow(rng)._replace(slow=True)
    # Mostly one thing is wrong: whoever stumbles over the first never sees the second.
    wrong = {"status", "address", "body", "chunks", "headers"}
    wrong = {name for name in sorted(wrong) if rng.random() < 0.15} | {rng.choice(sorted(wrong))}
    content = rng.choice(_BODIES)(rng) if "body" in wrong else BODY
    headers = _headers(rng, len(content), port, number) if "headers" in wrong else []
    version, code, reason = "HTTP/1.1", "200", b"OK"
    if "address" in wrong:
        headers.append(_line(rng, f"Location: {_address(rng, port, number)}"))
        code = rng.choice(["301", "302", "303", "307", "308"])
    if "chunks" in wrong:
        content = _in_chunks(rng, content)
        headers.insert(0, b"Transfer-Encoding: chunked")
    elif "headers" not in wrong and rng.random() < 0.5:
        headers.append(b"Content-Length: %d" % len(content))
    if "status" in wrong:
        version, code = rng.choice(VERSIONS), rng.choice(CODES)
        reason = _bytes(rng, rng.choice(JUNK))
    end = rng.choice(ENDS) if rng.random() < 0.1 else b"\r\n"
    head = end.join([f"{version} {code} ".encode() + reason, *headers, b"", b""])
    if rng.random() < 0.1:
        before = rng.choice(["100 Continue", "103 Early Hints", "102", "100", "101 Switching"])
        head = _head(before.encode()) * rng.choice([1, 2, 200]) + head
    if rng.random() < 0.2:
        head = _mutated(rng, head)
    sent = head + content
    if rng.random() < 0.1:
        sent = sent[: rng.randrange(len(sent) + 1)]
    if rng.random() < 0.02:  # in small pieces, though at once
        step = 1 + len(sent) // 20
        return Answer(tuple(sent[start : start + step] for start in range(0, len(sent), step)))
    return Answer((sent,), endless=rng.random() < 0.01)


def _head(status: bytes, *headers: tuple[bytes, bytes]) -> bytes:
    """Return the start of an answer as it should be."""
    lines = [b"HTTP/1.1 " + status, *(name + b": " + value for name, value in headers), b"", b""]
    return b"\r\n".join(lines)


def _bytes(rng: random.Random, text: str) -> bytes:
    """Return a text in one of the encodings that servers use."""
    return text.encode(rng.choice(["utf-8", "latin-1", "utf-16"]), "replace")


def _slow(rng: random.Random) -> Answer:
    """Return an answer that takes longer than anybody waits."""
    whole = _head(b"200 OK", (b"Content-Length", b"%d" % len(BODY))) + BODY
    drops = tuple(whole[at : at + 1] for at in range(len(whole)))
    return rng.choice([
        Answer(drops, 0.02),
        Answer((b"",), 2.0),
        Answer((whole[:100], b""), 2.0),
        Answer((b"HTTP/1.1 100 Continue\r\n\r\n",), endless=True),
        Answer((b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"), endless=True),
        Answer((_head(b"302 Found", (b"Location", b"/")), bytes(1 << 16)), endless=True),
        Answer((_head(b"404 Not Found"), bytes(1 << 16)), endless=True),
        Answer((_head(b"200 OK", (b"Transfer-Encoding", b"chunked")) + b"0\r\n", b"X: y\r\n"),
               endless=True),
        Answer((_head(b"200 OK", (b"Transfer-Encoding", b"chunked")), b"0" * 4096), endless=True),
    ])  # fmt: skip


def _headers(rng: random.Random, length: int, port: int, number: int) -> list[bytes]:
    """Return some header lines, most of them wrong."""
    where = _address(rng, port, number)
    lengths = [
        length,
        len(BODY),
        len(BODY),
        0,
        -1,
        1 << 40,
        1 << 64,
        "9" * 5000,
        "",
        "a",
        "٣",
        "1e3",
    ]
    lines = [
        f"Content-Length: {rng.choice(lengths)}",
        f"Content-Type: {rng.choice(TYPES)}",
        f"Location: {where}",
        f"URI: {where}",
        f"Content-Encoding: {rng.choice(['gzip', 'br', 'deflate, gzip', ''])}",
        f"Transfer-Encoding: {rng.choice(['chunked', 'gzip, chunked', 'identity', 'x', ''])}",
        f"Connection: {rng.choice(['close', 'keep-alive', 'upgrade'])}",
        f"WWW-Authenticate: {rng.choice(['Basic realm=', 'Digest a', ',', 'Basic realm=é'])}",
        f"Content-Range: bytes {rng.choice(['0-9/300', '*/*', '-', 'a'])}",
        f"Set-Cookie: a={rng.choice(JUNK)}",
        f"{rng.choice(JUNK)}: {rng.choice(JUNK)}",
        rng.choice(JUNK),
        f" {rng.choice(JUNK)}",
        ":",
        "X: y\r\n" * rng.choice([10, 99, 101, 500]),
    ]
    return [_line(rng, line) for line in rng.sample(lines, rng.randrange(1, 5))]


def _address(rng: random.Random, port: int, number: int) -> str:
    """Return an address to be sent on to, mostly one that is none."""
    where = rng.choice(SCHEMES) + rng.choice(["//", "//", "//", "", "/", "///"])
    where += rng.choice(HOSTS) + rng.choice(PATHS)
    for name, value in {"port": port, "number": number, "other": rng.randrange(10**6)}.items():
        where = where.replace(f"{{{name}}}", str(value))
    return (
        where if rng.random() < 0.9 else rng.choice(PATHS).format(number=number, other=number + 1)
    )


def _line(rng: random.Random, text: str) -> bytes:
    """Return a header line, in whatever encoding if it needs one."""
    return text.encode() if text.isascii() else _bytes(rng, text)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(10_000_000))


_BODIES = (
    lambda rng: BODY,
    lambda rng: BODY,
    lambda rng: BODY[: rng.randrange(len(BODY))],
    lambda rng: BODY + rng.randbytes(rng.choice([1, 1000, 100_000])),
    lambda rng: rng.randbytes(len(BODY)),
    lambda rng: b"",
    lambda rng: b"<html>Sign in first</html>",
    lambda rng: gzip.compress(BODY),
    lambda rng: _bomb(),
)


def _in_chunks(rng: random.Random, content: bytes) -> bytes:
    """Return a body in the encoding `chunked`, mostly with a slip."""
    pieces, at = [], 0
    while at < len(content):
        size = rng.choice([1, 100, 300, 5000, 100_000])
        piece = content[at : at + size]
        said = b"%x" % len(piece)
        if rng.random() < 0.1:
            said = rng.choice([
                b"", b"-1", b"0", b"g", b"0x10", b"1_0", b"f" * 100, b"f" * 70_000, b"\0",
                b"%d" % len(piece), said + b";a=b", said + b";" + b"a" * 70_000, b" " + said,
                b"+" + said, "٣".encode(),
            ])  # fmt: skip
        pieces.append(said + b"\r\n" + piece + rng.choice([b"\r\n"] * 20 + [b"\n", b"", b"x"]))
        at += size
    ends = [b"0\r\n\r\n"] * 3 + [b"", b"0\r\n", b"0\r\nX: y\r\n" * 10, b"00\r\n\r\n", b"0;\r\n\r\n"]
    return b"".join(pieces) + rng.choice(ends)


def _mutated(rng: random.Random, content: bytes) -> bytes:
    """Return bytes of which a few have been changed, doubled or left out."""
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = rng.randrange(len(found) + 1)
        how = rng.randrange(4)
        if how == 0:
            found[at : at + 1] = bytes([rng.randrange(256)])
        elif how == 1:
            del found[at : at + rng.choice([1, 2, 10])]
        elif how == 2:
            found[at:at] = found[at : at + rng.choice([1, 10, 100])]
        else:
            found[at:at] = rng.choice([b"\r\n", b"\n", b"\0", b"\xff", b":", b" ", b"\x1b["])
    return bytes(found)


class Server:
    """A server on this machine that gives the answers; a context manager."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(10)
        self._listener.close()

    def url(self, number: int) -> str:
        """Return the address of a mirror that gives this answer."""
        return f"http://127.0.0.1:{self.port}/{number}/"

    def answer(self, number: int) -> Answer:
        """Return the answer with this number."""
        return make_answer(self.seed, number, self.port)

    def _serve(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(2)
                    self._give(connection)

    def _give(self, connection: socket.socket) -> None:
        """Send the answer that is asked for; to what is no request, some other."""
        asked = connection.recv(1 << 16).split(b" ")
        if asked == [b""]:
            return
        digits = asked[1].strip(b"/").split(b"/")[0] if len(asked) > 1 else b""
        number = int(digits) if digits.lstrip(b"-").isdigit() and len(digits) < 10 else 0
        parts, pause, endless, _ = self.answer(number)
        for part in parts:
            if pause and self._is_left(connection, pause):
                return
            connection.sendall(part)
        sent = 0
        while endless and parts[-1] and sent < ENDLESS:
            connection.sendall(parts[-1])
            sent += len(parts[-1])
        connection.shutdown(socket.SHUT_WR)

    def _is_left(self, connection: socket.socket, pause: float) -> bool:
        """Wait, and return whether the other side has hung up meanwhile."""
        connection.settimeout(pause)
        try:
            return not connection.recv(1)
        except TimeoutError:
            return False


def harm(server: Server, number: int, folder: Path) -> str | None:
    """Download what a mirror answers into an empty folder; return what went wrong, or None.

    Time is that of the processor: this process may be made to wait at any moment.
    """
    target, began = folder / NAME, time.process_time()
    slow = server.answer(number).slow
    next_too = not slow and number % 10 == 0
    mirrors = [server.url(number), server.url(GOOD)][: 1 + next_too]
    try:
        served = download(
            NAME, mirrors, target, size=len(BODY), sha256=SHA256,
            timeout=TIMEOUT if slow else PATIENCE,
        )  # fmt: skip
        if served not in mirrors or target.read_bytes() != BODY:
            return f"{number}: {served} brought another file"
        target.unlink()
    except DataError as error:
        message = str(error)
        if next_too or "\n" in message or len(message) > 1000:
            return f"{number}: {message}"
    except Exception as error:
        return f"{number}: {error!r}"
    if left := os.listdir(folder):
        return f"{number}: left {', '.join(left)}"
    seconds = time.process_time() - began
    return f"{number}: took {seconds:.1f} s" if seconds > 2 else None


def fuzz(count: int, folder: Path, *, seed: int = 0, first: int = 0) -> Iterator[str]:
    """Yield what went wrong with so many answers, from the first on; nothing if all is well."""
    with trials(seed, folder) as (trial, *_):
        for number in range(first, first + count):
            if found := trial(number):
                yield found


@contextlib.contextmanager
def trials(seed: int, folder: Path) -> Iterator[Trials]:
    """Give what downloads from a mirror that gives the answer of a number."""
    _bomb()
    with Server(seed) as server, no_network():

        def trial(number: int) -> str | None:
            # Every other time there is a proxy, which is asked for all other hosts.
            os.environ["no_proxy"] = ("127.0.0.1,localhost", "*")[number % 2]
            return harm(server, number, folder)

        trial(GOOD)  # loads what there is to be loaded
        yield Trials(trial)


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """See to it that no other machine hears of what is tried here: no names are looked up."""
    look_up, names = socket.getaddrinfo, ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")
    before = {name: os.environ.get(name) for name in names}

    def nobody_else(host: str, *args: Any, **kwargs: Any) -> Any:
        host.encode("idna")  # raises what the real one does
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **kwargs)

    socket.getaddrinfo = nobody_else
    os.environ.update(dict.fromkeys(names, "http://127.0.0.1:9"))
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
