"""Named data sets: brought whole, checked whenever they are used, and never trusted otherwise."""

import errno
import gzip
import hashlib
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from simplenet.datasets.sources import (
    DATASETS,
    FILES,
    PARTS,
    Dataset,
    Known,
    cache_folder,
    fetch,
    is_known,
    verify,
)
from simplenet.errors import DataError

NOBODY = "http://127.0.0.1:9/"


def known(path):
    """Describe a gzipped file as it is published."""
    content = path.read_bytes()
    raw = gzip.decompress(content)
    return Known(
        len(content), hashlib.sha256(content).hexdigest(), len(raw), hashlib.sha256(raw).hexdigest()
    )


@pytest.fixture(params=["mnist", "fashion-mnist", "kmnist"])
def name(request):
    return request.param


@pytest.fixture
def mirror(make_data, monkeypatch):
    """Put small data sets in place of those with a name; return the folder of their URL."""
    folder = make_data("mirror", suffix=".gz")
    files = {part: known(folder / FILES[part]) for part in PARTS}
    for name in ("mnist", "fashion-mnist", "kmnist"):
        monkeypatch.setitem(DATASETS, name, Dataset(name, (folder.as_uri() + "/",), files))
    return folder


@pytest.fixture
def cached(mirror, name):
    """Return the folder of a data set that has been fetched."""
    return fetch(name)


def content(folder):
    """Return all that is in a folder, hidden or not."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def dead(monkeypatch, name):
    """Let a data set have only mirrors where nobody listens: each attempt to download fails."""
    monkeypatch.setitem(DATASETS, name, DATASETS[name]._replace(mirrors=(NOBODY, NOBODY)))


DAMAGE = {
    "flipped": lambda right: right[:-1] + bytes([right[-1] ^ 1]),
    "cut": lambda right: right[: len(right) // 2],
    "empty": lambda right: b"",
    "longer": lambda right: right + b"1",
    "a page": lambda right: b"<html></html>",
}


# --- what is known of them -----------------------------------------------------------------------


def test_sizes_and_digests_are_those_that_the_documentation_gives():
    readme = Path(__file__).parents[2].joinpath("data", "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| t") and ".gz |" in line]
    assert rows == [
        f"| {FILES[part]} | {dataset.files[part].size} | {dataset.files[part].sha256} |"
        for dataset in DATASETS.values()
        for part in PARTS
        if dataset.files
    ]
    assert len(rows) == 12


def test_each_has_mirrors_to_which_a_file_name_can_be_added():
    assert len(DATASETS["mnist"].mirrors) == 2
    for dataset in DATASETS.values():
        assert bool(dataset.mirrors) == bool(dataset.files)
        assert all(mirror.endswith("/") for mirror in dataset.mirrors)


@pytest.mark.mnist
def test_real_mnist_is_known_packed_and_raw(mnist, tmp_path):
    for part, expected in DATASETS["mnist"].files.items():
        assert known(mnist / FILES[part]) == expected


def test_a_file_is_known_by_its_bytes_packed_or_raw(tmp_path, monkeypatch):
    packed, path = gzip.compress(b"twelve bytes"), tmp_path / "whatever"
    path.write_bytes(packed)
    expected = known(path)
    assert is_known(path, expected)
    path.write_bytes(b"twelve bytes")
    assert is_known(path, expected)
    assert not is_known(path, expected._replace(raw_size=None, raw_sha256=None))
    path.write_bytes(b"twelve Bytes")
    assert not is_known(path, expected)
    path.write_bytes(b"thirteen bytes")
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read without need"))
    assert not is_known(path, expected)


# --- fetching ------------------------------------------------------------------------------------


def test_the_four_files_are_brought_into_the_cache(mirror, name):
    reports = []
    folder = fetch(name, progress=lambda *report: reports.append(report))
    assert folder == cache_folder() / name
    assert content(folder) == content(mirror)
    assert verify(name) == {}
    sizes = {FILES[part]: DATASETS[name].files[part].size for part in PARTS}
    assert {file: received for file, received, _ in reports} == sizes
    assert {file: size for file, _, size in reports} == sizes


@pytest.mark.parametrize("offline", [False, True])
def test_what_is_there_and_right_is_not_brought_again(cached, name, monkeypatch, offline):
    dead(monkeypatch, name)
    assert fetch(name, offline) == cached


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("part", PARTS)
def test_only_what_is_damaged_is_brought_again(mirror, part, damage):
    folder, brought = fetch("mnist"), set()
    path = folder / FILES[part]
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert fetch("mnist", progress=lambda file, *_: brought.add(file)) == folder
    assert brought == {FILES[part]}
    assert content(folder) == content(mirror)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_offline_and_left_as_it_is(cached, name, damage, monkeypatch):
    dead(monkeypatch, name)
    path = cached / FILES["train-labels"]
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    before = content(cached)
    with pytest.raises(DataError) as caught:
        fetch(name, offline=True)
    found = hashlib.sha256(before[path.name]).hexdigest()
    assert str(caught.value) == (
        f"{name}: expected the four files in {cached}, but {path.name} has SHA-256 {found}, "
        f"expected {DATASETS[name].files['train-labels'].sha256}; and nothing may be downloaded: "
        f"run `simplenet fetch {name}` with a network."
    )
    assert content(cached) == before


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_left_as_it_is_when_no_mirror_serves(cached, name, damage, monkeypatch):
    dead(monkeypatch, name)
    path = cached / FILES["test-images"]
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    before = content(cached)
    with pytest.raises(DataError, match=f"^{path.name}: could not be downloaded from {NOBODY}"):
        fetch(name)
    assert content(cached) == before


def test_nothing_is_made_where_nothing_may_be_downloaded(mirror, name):
    with pytest.raises(DataError) as caught:
        fetch(name, offline=True)
    for file in FILES.values():
        assert f"{file} is missing" in str(caught.value)
    assert not cache_folder().exists()


def test_a_file_that_changed_at_the_mirror_is_not_taken(mirror, name):
    path = mirror / FILES["test-labels"]
    path.write_bytes(DAMAGE["flipped"](path.read_bytes()))
    with pytest.raises(DataError, match=f"{path.name}: could not be .*expected SHA-256"):
        fetch(name)
    assert sorted(content(cache_folder() / name)) == sorted(set(FILES.values()) - {path.name})


def test_the_next_mirror_is_asked_and_a_dead_one_only_once(mirror, name, monkeypatch):
    asked = []

    class Dead(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(503)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Dead) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        mirrors = f"http://127.0.0.1:{server.server_port}/", mirror.as_uri() + "/"
        monkeypatch.setitem(DATASETS, name, DATASETS[name]._replace(mirrors=mirrors))
        assert content(fetch(name)) == content(mirror)
        server.shutdown()
    assert asked == [f"/{FILES[PARTS[0]]}"]


def test_fetching_at_the_same_time_does_no_harm(mirror, name):
    with ThreadPoolExecutor(4) as pool:
        (folder,) = set(pool.map(lambda _: fetch(name), range(4)))
    assert content(folder) == content(mirror)


def test_an_interruption_keeps_what_is_whole_and_nothing_else(mirror, name):
    def interrupt(file, *_):
        if file == FILES["test-images"]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(name, progress=interrupt)
    whole = [FILES["train-images"], FILES["train-labels"]]
    assert content(cache_folder() / name) == {file: (mirror / file).read_bytes() for file in whole}


# --- where it cannot be written or read ----------------------------------------------------------


def test_a_file_in_the_place_of_the_cache_is_named_and_kept(mirror, name):
    cache_folder().parent.mkdir()
    cache_folder().write_text("mine")
    words = "expected to write there, found: (File exists|Not a directory). Free or unlock it, or"
    with pytest.raises(
        DataError, match=f"^{cache_folder()}.*: {words} .* --data or SIMPLENET_DATA"
    ):
        fetch(name)
    assert cache_folder().read_text(encoding="utf-8") == "mine"


def test_a_folder_in_the_place_of_a_file_is_named_and_kept(cached, name):
    path = cached / FILES["train-images"]
    path.unlink()
    path.mkdir()
    (path / "mine").touch()
    with pytest.raises(DataError, match=f"{path.name} cannot be read: Is a directory"):
        fetch(name, offline=True)
    with pytest.raises(DataError, match=f"^{path}: expected to write there, found: Is a directory"):
        fetch(name)
    assert (path / "mine").exists()
    assert sorted(file.name for file in cached.iterdir()) == sorted(FILES.values())


@pytest.mark.parametrize("what", ["pipe", "zeros", "link to a pipe"])
def test_what_is_no_file_in_the_cache_is_said_at_once_and_kept(cached, name, cli, what):
    path, aside = cached / FILES["train-images"], cached / "aside"
    path.unlink()
    {
        "pipe": lambda: os.mkfifo(path),
        "zeros": lambda: path.symlink_to("/dev/zero"),
        "link to a pipe": lambda: (os.mkfifo(aside), path.symlink_to(aside)),
    }[what]()
    before = sorted(os.listdir(cached))
    signal.alarm(20)  # rather than wait for ever
    try:
        assert verify(name) == {
            "train-images": f"{path.name} cannot be read: it is no regular file"
        }
        with pytest.raises(DataError, match=f"{path.name} cannot be read: it is no regular file"):
            fetch(name, offline=True)
        words = f"^{path}: expected to write there, found: it is no regular file. Free or unlock"
        with pytest.raises(DataError, match=words):
            fetch(name)
        assert "is no regular file" in cli("fetch", name, "--verify", code=3).stdout
    finally:
        signal.alarm(0)
    assert sorted(os.listdir(cached)) == before and not path.is_file()


def test_a_file_that_is_far_too_long_is_not_read_to_its_end(cached, name, monkeypatch):
    path, size = cached / FILES["train-images"], DATASETS[name].files["train-images"].size
    os.truncate(path, 10**10)  # which takes no room
    words = f"{path.name} has 10,000,000,000 bytes, expected {size:,}"
    assert verify(name) == {"train-images": words}
    fetch(name)
    assert verify(name) == {}


def test_a_file_that_is_write_protected_is_kept_and_said(cached, name):
    path = cached / FILES["train-images"]
    path.write_bytes(b"mine")
    path.chmod(0o444)
    words = f"^{path}: expected to write there, found: it is write-protected. Free or unlock it"
    with pytest.raises(DataError, match=words):
        fetch(name)
    assert path.read_bytes() == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="locks as Unix has them")
def test_what_a_killed_download_has_left_is_removed_by_the_next(cached, name, mirror):
    part = cached / f".{FILES['train-images']}.0123456789abcdef.part"
    for offline in True, False:
        part.write_bytes(b"half")
        fetch(name, offline)
        assert content(cached) == content(mirror)
    part.write_bytes(b"half")
    verify(name)
    assert part.exists()  # only looked at


def test_a_full_disk_is_an_error_and_nothing_is_left_on_it(mirror, name, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=f"{name}.*: expected to write there, found: No space left"):
        fetch(name)
    assert content(cache_folder() / name) == {}


def test_a_file_that_may_not_be_read_is_brought_again(cached, mirror, name, monkeypatch):
    secret, digest = cached / FILES["train-labels"], hashlib.file_digest

    def refuse(file, algorithm):
        if file.name == str(secret):
            raise PermissionError(errno.EACCES, "Permission denied")
        return digest(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", refuse)
    assert verify(name) == {"train-labels": f"{secret.name} cannot be read: Permission denied"}
    assert content(fetch(name)) == content(mirror)


@pytest.mark.parametrize(
    "platform, environment, expected",
    [
        ("linux", {}, "~/.cache/simplenet"),
        ("linux", {"XDG_CACHE_HOME": "/mnt/cache"}, "/mnt/cache/simplenet"),
        ("linux", {"XDG_CACHE_HOME": "here"}, "~/.cache/simplenet"),
        ("linux", {"XDG_CACHE_HOME": ""}, "~/.cache/simplenet"),
        ("darwin", {}, "~/Library/Caches/simplenet"),
        ("darwin", {"XDG_CACHE_HOME": "/mnt/cache"}, "/mnt/cache/simplenet"),
        ("win32", {}, "~/AppData/Local/simplenet"),
        ("win32", {"LOCALAPPDATA": "/mnt/local"}, "/mnt/local/simplenet"),
        ("win32", {"XDG_CACHE_HOME": "/mnt/cache"}, "/mnt/cache/simplenet"),
    ],
)
def test_the_cache_is_where_the_system_keeps_such_things(
    monkeypatch, tmp_path, platform, environment, expected
):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert str(cache_folder()) == expected.replace("~", str(tmp_path))


def test_without_a_home_we_say_so_and_what_helps(monkeypatch, mirror):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CACHE_HOME")
    words = "expected a home folder .* found none .*XDG_CACHE_HOME, .* --data or SIMPLENET_DATA"
    with pytest.raises(DataError, match=words):
        fetch("mnist")


# --- simplenet fetch -----------------------------------------------------------------------------


def test_the_command_brings_the_files_and_prints_their_folder(cli, mirror, name):
    assert cli("fetch", name).stdout == f"{cache_folder() / name}\n"
    assert verify(name) == {}
    assert cli("fetch", name, "--offline").stdout == f"{cache_folder() / name}\n"


def test_mnist_is_the_default(cli, mirror):
    assert cli("fetch").stdout == f"{cache_folder() / 'mnist'}\n"
    assert "4 of 4" in cli("fetch", "kmnist", "--verify", code=3).stderr


def test_verify_says_what_is_right_and_what_is_not_and_touches_nothing(
    cli, cached, name, monkeypatch
):
    dead(monkeypatch, name)
    right = [f"{file} is right" for file in FILES.values()]
    assert cli("fetch", name, "--verify").stdout.splitlines() == right
    (cached / FILES["train-images"]).unlink()
    (cached / FILES["test-labels"]).write_bytes(b"half")
    before = content(cached)
    result = cli("fetch", name, "--verify", code=3)
    found, expected = (
        hashlib.sha256(b"half").hexdigest(),
        DATASETS[name].files["test-labels"].sha256,
    )
    assert result.stdout.splitlines() == [
        f"{FILES['train-images']} is missing",
        *right[1:3],
        f"{FILES['test-labels']} has SHA-256 {found}, expected {expected}",
    ]
    assert result.stderr.strip() == (
        f"Error: {cached}: 2 of 4 files are missing or wrong: `simplenet fetch {name}` brings them."
    )
    assert content(cached) == before


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "could not be downloaded from http://127.0.0.1:9/ (Connection refused) nor from"),
        (["--offline"], "nothing may be downloaded: run `simplenet fetch mnist` with a network."),
    ],
)
def test_without_a_network_the_command_says_in_one_line_what_to_do(
    cli, mirror, monkeypatch, arguments, words
):
    dead(monkeypatch, "mnist")
    result = cli("fetch", *arguments, code=3)
    assert result.stdout == ""
    assert words in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["emnist", "sample"])
def test_a_name_that_cannot_be_fetched_is_a_usage_error(cli, name):
    result = cli("fetch", name, code=2)
    assert f"expected one of mnist, fashion-mnist, kmnist; found '{name}'" in result.stderr
