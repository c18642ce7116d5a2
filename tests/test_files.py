"""Files are written whole or not at all, whatever happens meanwhile."""

import errno
import os

import pytest

from simplenet.files import atomic_write


@pytest.fixture
def path(tmp_path):
    """Return a place in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "file.bin"


def names(path):
    return sorted(file.name for file in path.parent.iterdir())


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_gets_its_name_only_when_it_is_whole(path, overwrite):
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(b"new")
        (part,) = names(path)
        assert part.startswith(".file.bin.") and part.endswith(".part")
    assert path.read_bytes() == b"new"
    assert names(path) == ["file.bin"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_the_block_leaves_what_was_there_and_nothing_else(path, error):
    path.write_bytes(b"old")
    with pytest.raises(error, match="^why$"), atomic_write(path) as file:
        file.write(b"half")
        raise error("why")
    assert path.read_bytes() == b"old"
    assert names(path) == ["file.bin"]


def test_a_full_disk_leaves_what_was_there_and_nothing_else(path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left"), atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert names(path) == ["file.bin"]


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_thereafter(path, monkeypatch):
    steps, replace = [], os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append(os.fstat(handle).st_size))
    monkeypatch.setattr(os, "replace", lambda *paths: (steps.append("name"), replace(*paths)))
    with atomic_write(path) as file:
        file.write(b"12345")
    assert steps[:2] == [5, "name"]
    assert len(steps) == 3  # and the folder


def test_a_folder_that_cannot_be_opened_is_no_hindrance(path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def no_links(*_):
    raise PermissionError(errno.EPERM, "this file system has no hard links")


@pytest.mark.parametrize("links", [True, False], ids=["links", "no-links"])
class TestWithoutOverwriting:
    """A name that is taken stays with who has it, on file systems with and without links."""

    @pytest.fixture(autouse=True)
    def system(self, links, monkeypatch):
        if not links:
            monkeypatch.setattr(os, "link", no_links)

    def test_a_new_file_appears(self, path):
        with atomic_write(path, overwrite=False) as file:
            file.write(b"new")
        assert path.read_bytes() == b"new"
        assert names(path) == ["file.bin"]

    def test_a_file_that_comes_meanwhile_is_kept(self, path):
        with pytest.raises(FileExistsError) as caught, atomic_write(path, overwrite=False) as file:
            file.write(b"new")
            path.write_bytes(b"another's")
        assert caught.value.filename == str(path)
        assert path.read_bytes() == b"another's"
        assert names(path) == ["file.bin"]

    def test_a_link_to_nothing_is_kept(self, path):
        path.symlink_to("nowhere")
        with pytest.raises(FileExistsError), atomic_write(path, overwrite=False) as file:
            file.write(b"new")
        assert path.is_symlink()
        assert names(path) == ["file.bin"]


def test_a_link_is_replaced_and_not_what_it_leads_to(path, tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    path.symlink_to(tmp_path / "mine")
    with atomic_write(path) as file:
        file.write(b"new")
    assert not path.is_symlink()
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_writers_at_the_same_time_do_not_meet(path):
    with atomic_write(path) as one, atomic_write(path) as two:
        one.write(b"one")
        two.write(b"two, longer")
    assert path.read_bytes() == b"one"  # whole, and of the one that ended last
    assert names(path) == ["file.bin"]


@pytest.mark.parametrize("place", ["missing/file", "file.bin/file", "folder"])
def test_an_error_names_the_file_asked_for_and_not_the_temporary_one(path, place):
    path.write_bytes(b"old")
    (path.parent / "folder").mkdir()
    before = names(path)
    with pytest.raises(OSError) as caught, atomic_write(path.parent / place):
        pass
    assert caught.value.filename == str(path.parent / place)
    assert ".part" not in str(caught.value)
    assert names(path) == before
    assert path.read_bytes() == b"old"


def test_what_is_replaced_passes_on_who_may_read_it(tmp_path):
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
