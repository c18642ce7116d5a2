"""Files are written whole or not at all, whatever happens meanwhile."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simplenet import files
from simplenet.files import atomic_write, open_regular, part_name, remove_debris

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="locks and owners as Unix has them")


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


@pytest.mark.parametrize("links", [True, False, None], ids=["links", "no-links", "two-steps"])
class TestWithoutOverwriting:
    """A name that is taken stays with who has it, on file systems with and without links."""

    @pytest.fixture(autouse=True)
    def system(self, links, monkeypatch):
        if not links:
            monkeypatch.setattr(os, "link", no_links)
        if links is None:
            monkeypatch.setattr(files, "_rename_in_one_step", lambda *_: False)

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


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has another call for it")
def test_without_links_a_file_that_comes_at_the_last_moment_is_kept(path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(os.path, "lexists", lambda _: False)  # it comes just after we have looked
    with pytest.raises(FileExistsError) as caught, atomic_write(path, overwrite=False) as file:
        file.write(b"new")
        path.write_bytes(b"another's")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"another's" and names(path) == ["file.bin"]


@pytest.mark.parametrize("leads_to", ["mine", "../mine", "{}/mine", "other"])
def test_of_a_link_what_it_leads_to_is_replaced(path, tmp_path, leads_to):
    for mine in (path.parent / "mine", tmp_path / "mine"):
        mine.write_bytes(b"old")
    (path.parent / "other").symlink_to("../mine")
    path.symlink_to(leads_to.format(tmp_path))
    target, before = path.resolve(), names(path)
    with atomic_write(path) as file:
        file.write(b"new")
        assert [name for name in os.listdir(target.parent) if name.startswith(".mine.")]
    assert path.is_symlink() and target.read_bytes() == b"new"
    assert names(path) == before and sorted(os.listdir(tmp_path)) == ["folder", "here", "mine"]


def test_a_link_to_nothing_leads_to_something_then(path):
    path.symlink_to("new.bin")
    with atomic_write(path) as file:
        file.write(b"new")
    assert (path.parent / "new.bin").read_bytes() == b"new"
    assert path.is_symlink() and names(path) == ["file.bin", "new.bin"]


def test_a_link_that_leads_round_is_an_error(path):
    path.symlink_to(path.name)
    with pytest.raises(OSError) as caught, atomic_write(path):
        pass
    assert (caught.value.errno, caught.value.filename) == (errno.ELOOP, str(path))
    assert names(path) == ["file.bin"]


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


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("name", ["n" * 232, "n" * 251 + ".npz", "é" * 127, "手" * 85, "😀" * 63])
def test_every_name_that_a_file_may_have_will_do(path, name, overwrite):
    path = path.with_name(name)
    for _ in range(1 + overwrite):
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(b"new")
    assert path.read_bytes() == b"new"
    assert names(path) == [name]


def test_a_name_that_no_file_may_have_is_the_one_in_the_error(path):
    path = path.with_name("n" * 256)
    for overwrite in False, True:
        with pytest.raises(OSError) as caught, atomic_write(path, overwrite=overwrite):
            pass
        assert (caught.value.errno, caught.value.filename) == (errno.ENAMETOOLONG, str(path))
    assert names(path) == []


# --- who may read and write it --------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o644, 0o666, 0o200, 0o755])
def test_what_is_replaced_passes_on_who_may_read_it(path, mode):
    path.write_bytes(b"old")
    path.chmod(mode)
    with atomic_write(path) as file:
        file.write(b"new")
        (part,) = set(names(path)) - {path.name}
        # Nor may anybody open it before, and read it later.
        assert (path.parent / part).stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


@POSIX
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_new_file_may_be_read_as_the_user_has_chosen(path, overwrite):
    before = os.umask(0o027)
    try:
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_what_is_replaced_passes_on_whose_it_is(path):
    path.write_bytes(b"old")
    os.chown(path, 1234, 5678)
    path.chmod(0o640)
    with atomic_write(path) as file:
        file.write(b"new")
    about = path.stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (1234, 5678, 0o640)


@POSIX
@pytest.mark.parametrize(("mode", "expected"), [(0o660, 0o600), (0o664, 0o644), (0o600, 0o600)])
def test_a_group_that_cannot_be_kept_is_no_reason_to_tell_another(
    path, monkeypatch, mode, expected
):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    path.write_bytes(b"old")
    path.chmod(mode)
    fstat = os.fstat
    # As if the file that is replaced were another's.
    monkeypatch.setattr(os, "fstat", lambda handle: strangers(fstat(handle)))
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.stat().st_mode & 0o777 == expected


def strangers(about):
    """Return what is known of a file as if it had another owner and group."""
    fields = list(about)
    fields[4:6] = about.st_uid + 1, about.st_gid + 1
    return os.stat_result(fields)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("linked", [False, True], ids=["file", "link"])
def test_what_is_write_protected_is_not_replaced(path, when, linked):
    real = path.with_name("real")
    real.write_bytes(b"old")
    path.symlink_to(real) if linked else real.rename(path)
    if when == "before":
        path.chmod(0o444)
    before = names(path)
    with pytest.raises(PermissionError) as caught, atomic_write(path) as file:
        assert when == "meanwhile"
        file.write(b"new")
        path.chmod(0o444)
    assert (caught.value.strerror, caught.value.filename) == ("it is write-protected", str(path))
    assert path.read_bytes() == b"old" and names(path) == before


def test_what_others_may_write_and_we_may_not_is_not_replaced(path, monkeypatch):
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda place, how: (place, how) != (path, os.W_OK))
    with pytest.raises(PermissionError, match="it is write-protected"), atomic_write(path):
        pass
    assert path.read_bytes() == b"old"


@POSIX
def test_what_is_no_file_is_not_replaced(path):
    os.mkfifo(path)
    for place in path, Path(os.devnull):
        with pytest.raises(OSError, match="it is no regular file"), atomic_write(place):
            pass
    assert path.is_fifo() and names(path) == ["file.bin"]
    assert Path(os.devnull).is_char_device()


# --- what a killed process leaves -----------------------------------------------------------------

WRITER = """if True:
    import os, signal, sys
    from simplenet.files import atomic_write
    with atomic_write(sys.argv[1]) as file:
        file.write(b"half")
        file.flush()
        print("writes", flush=True)
        sys.stdin.read(1)
"""


@pytest.fixture
def writer(path):
    """Start a process that stands in the middle of writing."""
    command = [sys.executable, "-c", WRITER, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writes\n"
        yield process
        process.kill()


@POSIX
@pytest.mark.parametrize("other", ["file.bin", "another"])
def test_what_a_killed_process_leaves_is_removed_by_the_next(path, writer, other):
    (part,) = names(path)
    for _ in range(2):
        with atomic_write(path.with_name(other)) as file:
            file.write(b"new")
        assert names(path) == sorted({part, other})  # not while somebody writes it
    writer.kill()
    writer.wait()
    with atomic_write(path.with_name(other)) as file:
        assert part not in names(path)
    assert names(path) == [other]


@POSIX
def test_who_is_still_writing_is_not_disturbed(path, writer):
    remove_debris(path.parent)
    writer.communicate(b"!")
    assert writer.returncode == 0 and path.read_bytes() == b"half"
    assert names(path) == ["file.bin"]


@POSIX
def test_only_parts_are_debris(path, tmp_path):
    part = part_name(path).name
    (tmp_path / "mine").write_bytes(b"mine")
    kept = {
        part[1:], part + "x", part[:-5], part.upper(), part.replace(".part", "0.part"),
        ".part", ".0123456789abcdef.part", "file.bin",
    }  # fmt: skip
    for name in kept:
        path.with_name(name).touch()
    path.with_name(part).symlink_to(tmp_path / "mine")
    os.mkfifo(part_name(path))
    part_name(path).mkdir()
    before = names(path)
    debris = (
        part_name(path),
        part_name(path.with_name("a\nb")),
        part_name(path.with_name("n" * 250)),
    )
    for name in debris:
        name.touch(mode=0o444)
    remove_debris(path.parent)
    assert names(path) == before and len(before) == len(kept) + 3
    assert (tmp_path / "mine").read_bytes() == b"mine"
    remove_debris(tmp_path / "nowhere")


@POSIX
def test_many_writers_and_removers_do_not_meet(path):
    """Each name is whole at the end, though everybody takes the others' parts for debris."""
    failures = []

    def write(number):
        try:
            for _ in range(20):
                with atomic_write(path.with_name(str(number))) as file:
                    file.write(b"%d" % number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and names(path) == sorted(map(str, range(8)))


@POSIX
def test_a_part_that_is_taken_for_debris_before_it_is_held_is_made_again(path, monkeypatch):
    hold, taken = files.hold, []

    def late(file):
        if len(taken) < 2:
            remove_debris(path.parent)
            taken.append(names(path))
        return hold(file)

    monkeypatch.setattr(files, "hold", late)
    with atomic_write(path) as file:
        file.write(b"new")
    assert taken == [[], []] and path.read_bytes() == b"new"


@POSIX
def test_where_files_cannot_be_locked_they_are_written_and_none_is_debris(path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", refuse)
    debris = part_name(path)
    debris.touch()
    for overwrite in False, True:
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(b"new")
    assert path.read_bytes() == b"new" and names(path) == sorted([debris.name, path.name])


# A process that is killed at the first line of files.py, then at the second, and so on: each time
# another, forked from this one.
KILLED = """if True:
    import errno, os, sys
    from pathlib import Path
    from simplenet import files
    how, folder = sys.argv[1], Path(sys.argv[2])
    path, overwrite = folder / "file.bin", "overwrite" in how
    def no_links(*_):
        raise PermissionError(errno.EPERM, "no hard links")
    os.fsync = lambda handle: None  # which takes long
    if "no links" in how:
        os.link = no_links
    if "two steps" in how:
        files._rename_in_one_step = lambda *_: False
    def write(content):
        with files.atomic_write(path, overwrite=overwrite) as file:
            file.write(content)
    lines, found, debris, ended = 0, set(), 0, False
    while not ended:
        path.write_bytes(b"old") if overwrite else path.unlink(missing_ok=True)
        lines += 1
        child = os.fork()
        if child == 0:
            left = lines
            def trace(frame, event, arg):
                global left
                if frame.f_code.co_filename == files.__file__:
                    left -= event == "line"
                    if left == 0:
                        os._exit(9)
                    return trace
            sys.settrace(trace)
            write(b"new")
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        found.add(path.read_bytes() if path.exists() else None)
        debris += len(os.listdir(folder)) > path.exists()
        path.unlink(missing_ok=True)
        write(b"again")
        assert os.listdir(folder) == ["file.bin"], (lines, os.listdir(folder))
    print(lines > 30, debris > 5, *sorted(map(str, found)))
"""


@POSIX
@pytest.mark.parametrize(
    "how", ["links", "no links", "no links, two steps", "overwrite", "overwrite, no links"]
)
def test_wherever_it_is_killed_the_name_has_a_whole_file_or_none(path, how):
    result = subprocess.run(
        [sys.executable, "-c", KILLED, how, path.parent], capture_output=True, text=True
    )
    old = "b'old'" if "overwrite" in how else "None"
    assert (result.stdout, result.stderr) == (f"True True b'new' {old}\n", "") or (
        result.stdout == f"True True {old} b'new'\n"
    ), result


# --- what the system refuses ----------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("nth", [0, 1])
@pytest.mark.parametrize("name", ["fsync", "replace", "link", "rename", "fchown", "fchmod", "open"])
@pytest.mark.parametrize("how", ["new", "overwrite", "overwrite nothing", "no links"])
def test_whatever_fails_is_said_and_leaves_what_was_there_and_nothing_else(
    path, monkeypatch, how, name, nth, code
):
    calls, real = [], getattr(os, name)

    def fail(*args, **kwargs):
        calls.append(args)
        if len(calls) == nth + 1:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    if how == "overwrite":
        path.write_bytes(b"old")
    if how == "no links":
        monkeypatch.setattr(os, "link", no_links)
        monkeypatch.setattr(files, "_rename_in_one_step", lambda *_: False)
        real = getattr(os, name)
    before = names(path)
    monkeypatch.setattr(os, name, fail)
    try:
        with atomic_write(path, overwrite="overwrite" in how) as file:
            file.write(b"new")
    except OSError as error:
        assert len(calls) > nth and (error.errno, error.filename) == (code, str(path))
        assert names(path) == before
        assert not before or path.read_bytes() == b"old"
    else:  # it was not called so often, or only made a way back, or closed a folder to others
        assert len(calls) <= nth or (how, name, nth) in {
            ("overwrite", "link", 0), ("overwrite nothing", "link", 0), ("no links", "open", 0),
        }  # fmt: skip
        assert path.read_bytes() == b"new" and names(path) == ["file.bin"]


@POSIX
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_disk_that_is_full_while_it_is_written_to_is_said(path, overwrite):
    import resource

    if overwrite:
        path.write_bytes(b"old")
    before, limits = names(path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        for size in 100_001, 10**6:
            with pytest.raises(OSError) as caught, atomic_write(path, overwrite=overwrite) as file:
                file.write(bytes(size))
            assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
            with pytest.raises(KeyboardInterrupt), atomic_write(path, overwrite=overwrite) as file:
                with pytest.raises(OSError):
                    file.write(bytes(10**6))
                raise KeyboardInterrupt
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(path) == before
    assert not overwrite or path.read_bytes() == b"old"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_system_that_cannot_put_folders_on_the_disk_is_no_hindrance(
    path, monkeypatch, code, overwrite
):
    sync = os.fsync

    def fail(handle):
        if os.path.isdir(f"/proc/self/fd/{handle}") or os.fstat(handle).st_mode & 0o40000:
            raise OSError(code, os.strerror(code))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fail)
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new" and names(path) == ["file.bin"]


# --- reading --------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("what", ["pipe", "socket", "zeros"])
def test_what_is_no_file_is_not_read(path, what, linked, monkeypatch):
    monkeypatch.chdir(path.parent)  # the name of a socket may not be long
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    else:
        path.symlink_to("/dev/zero")
    if linked:
        path.with_name("link").symlink_to(path)
        path = path.with_name("link")
    signal.alarm(20)  # rather than wait for ever
    try:
        with pytest.raises(OSError, match="it is no regular file") as caught:
            open_regular(path)
    finally:
        signal.alarm(0)
    assert caught.value.filename == str(path)


@POSIX
def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(path, monkeypatch):
    path.write_bytes(b"content")
    about = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda _: about)
    signal.alarm(20)
    try:
        with pytest.raises(OSError, match="it is no regular file"):
            open_regular(path)
    finally:
        signal.alarm(0)


def test_a_file_is_read_and_a_folder_is_said_to_be_one(path):
    path.write_bytes(b"content")
    with open_regular(path) as file:
        assert (file.read(), file.name) == (b"content", str(path))
    with pytest.raises(IsADirectoryError):
        open_regular(path.parent)
    with pytest.raises(FileNotFoundError):
        open_regular(path.parent / "none")
