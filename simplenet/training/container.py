"""A model file is a zip file of one exact layout, and whatever is laid out otherwise is refused.

    members      one right after another, from the first byte: a header, the name, the content
    directory    an entry for each of them, in this order
    end          how many there are, and as comment the SHA-256, in hexadecimal, of all before it

Members are stored, not packed: so a file holds no more than its own size, and what it says of
itself can be checked before any of it is read. The bytes are those that Python's zipfile writes.
What may differ, in files written elsewhere: the maker, times, and attributes.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import IO, NamedTuple, NoReturn

from simplenet.errors import ModelError

DIGEST = 64  # hexadecimal digits of a SHA-256
MOST_MEMBERS = 1000
_LONG = (1 << 31) - 1  # larger numbers are written in 64 bits, in an extra field
_IN_EXTRA = 0xFFFFFFFF
_STORED, _UTF8 = 0, 0x800
_EARLIEST = b"\0\0\x21\0"  # 0:00 on 1980-01-01, the first time that a zip file can hold
_UNIX = 3  # the maker, on every system; the attributes are those of a file that all may read
_ATTRIBUTES = struct.pack("<L", 0o644 << 16)
_HEADER = struct.Struct("<4s3H4s3L2H")
_PLAIN, _ZIP64 = 20, 45  # the version of the format that reading takes


class Member(NamedTuple):
    """Where a file has a member, and what it says of it."""

    name: str
    start: int  # of its header
    content: slice
    crc: int
    time: bytes


def write_members(file: IO[bytes], members: Mapping[str, bytes]) -> None:
    """Write members, their directory and the digest. Raise ModelError for names that are none."""
    sha, at, directory = hashlib.sha256(), 0, b""

    def write(content: bytes) -> None:
        sha.update(content)
        file.write(content)

    for name, content in members.items():
        crc = zlib.crc32(content)
        header = _header(name, len(content), crc, _EARLIEST)
        end = at + len(header) + len(content)
        member = Member(name, at, slice(at + len(header), end), crc, _EARLIEST)
        write(header)
        write(content)
        directory += _entry(member, bytes((_version(member), _UNIX)), _ATTRIBUTES)
        at = end
    write(directory)
    write(_end(len(members), len(directory), at))
    file.write(sha.hexdigest().encode())


def find_members(file: IO[bytes], size: int) -> dict[str, Member]:
    """Return the members of a file of this size, having read nothing but what is said of them.

    Raise ModelError for a file that is laid out in any other way than the one above.
    """
    found: dict[str, Member] = {}
    at = 0
    while True:
        header = _read(file, at, _HEADER.size)
        if not header.startswith(b"PK\3\4") or len(header) < _HEADER.size:
            break
        member = _member(file, at, header)
        at = member.content.stop
        if at > size:
            _refuse(f"a member {member.name!r} that is longer than the file")
        if member.name in found:
            _refuse(f"two members {member.name!r}")
        if len(found) == MOST_MEMBERS:
            _refuse(f"more than {MOST_MEMBERS:,} members")
        found[member.name] = member
    entries = [_entry(member, bytes(2), bytes(4)) for member in found.values()]
    length = sum(map(len, entries))
    end = _end(len(found), length, at)
    if at + length + len(end) + DIGEST != size:
        _refuse(f"other than their directory after {len(found)} of them")
    listed = _read(file, at, length)
    place = 0
    for member, entry in zip(found.values(), entries):
        there = listed[place : place + len(entry)]
        if there != _entry(member, there[4:6], there[38:42]):
            _refuse(f"a directory that says otherwise of {member.name!r}")
        place += len(entry)
    if _read(file, at + length, len(end)) != end:
        _refuse("another end record")
    return found


def check_names(names: Iterable[str]) -> None:
    """Raise ModelError unless a file can have members with these names."""
    if len([_encoded(name) for name in names]) >= MOST_MEMBERS:  # and model.json
        _refuse(f"{MOST_MEMBERS:,} arrays or more")


def check_digest(content: bytearray) -> str:
    """Return the SHA-256 of a file. Raise ModelError unless it ends with that of all before."""
    stored = bytes(content[-DIGEST:])
    sha = hashlib.sha256(memoryview(content)[:-DIGEST])
    computed = sha.hexdigest()
    if stored != computed.encode():
        if not stored.isalnum():
            what = "a zip file that simplenet did not write, or one cut short or added to"
        else:
            what = f"content with SHA-256 {computed}: a damaged or altered file"
        raise ModelError(
            "expected a whole model file, which ends with the SHA-256 of its content; found "
            f"{what}. Use another copy, or train again."
        )
    sha.update(stored)
    return sha.hexdigest()


def contents(content: bytearray, members: Mapping[str, Member]) -> dict[str, memoryview]:
    """Return what the members hold, nothing of it copied. Raise ModelError for a wrong checksum."""
    found = {name: memoryview(content)[member.content] for name, member in members.items()}
    for name, member in members.items():
        if zlib.crc32(found[name]) != member.crc:
            _refuse(f"another checksum than that of {name!r}")
    return found


def _member(file: IO[bytes], at: int, header: bytes) -> Member:
    """Return the member with this header. Raise ModelError unless it is as we write it."""
    _, _, _, _, time, crc, _, size, named, more = _HEADER.unpack(header)
    after = _read(file, at + len(header), named + more)
    try:
        name = after[:named].decode()
    except UnicodeDecodeError:
        _refuse("a member whose name is no text")
    if size == _IN_EXTRA and more == 20:
        size = int.from_bytes(after[named + 4 : named + 12], "little")
    right = _header(name, size, crc, time)
    if header + after != right:
        _refuse(f"a member {_short(name)!r} that is packed, encrypted or described otherwise")
    start = at + len(right)
    return Member(name, at, slice(start, start + size), crc, time)


def _header(name: str, size: int, crc: int, time: bytes) -> bytes:
    """Return what stands before the content of a member."""
    raw, flags = _encoded(name)
    long = size * 1.05 > _LONG  # as zipfile does it, which leaves room for what packing may add
    extra = struct.pack("<2H2Q", 1, 16, size, size) if long else b""
    short, version = (_IN_EXTRA, _ZIP64) if long else (size, _PLAIN)
    lengths = len(raw), len(extra)
    start = _HEADER.pack(
        b"PK\3\4", version, flags, _STORED, time, crc, short, short, *lengths
    )  # fmt: skip
    return start + raw + extra


def _entry(member: Member, made: bytes, attributes: bytes) -> bytes:
    """Return what the directory says of a member."""
    raw, flags = _encoded(member.name)
    size = member.content.stop - member.content.start
    long = [size, size] if size > _LONG else []
    short = _IN_EXTRA if long else size
    if member.start > _LONG:
        long.append(member.start)
    extra = struct.pack(f"<2H{len(long)}Q", 1, 8 * len(long), *long) if long else b""
    sizes = member.crc, short, short, len(raw), len(extra)
    start = _IN_EXTRA if member.start > _LONG else member.start
    return b"".join(
        (
            struct.pack(
                "<4s2s3H4s", b"PK\1\2", made, _version(member), flags, _STORED, member.time
            ),
            struct.pack("<3L2H6x", *sizes),
            attributes,
            struct.pack("<L", start),
            raw,
            extra,
        )
    )


def _version(member: Member) -> int:
    """Return the version of the format that reading a member takes."""
    size = member.content.stop - member.content.start
    return _ZIP64 if size * 1.05 > _LONG or member.start > _LONG else _PLAIN


def _end(count: int, length: int, start: int) -> bytes:
    """Return what stands after a directory of this length that starts there, up to the comment."""
    long = b""
    if start > _LONG:
        numbers = count, count, length, start
        long = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, *numbers)
        long += struct.pack("<4sLQL", b"PK\6\7", 0, start + length, 1)
    short = count, count, length, min(start, _IN_EXTRA)
    return long + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *short, DIGEST)


def _encoded(name: str) -> tuple[bytes, int]:
    """Return a name as bytes, with the flag that belongs to it. Raise ModelError for a bad one."""
    if not name.isprintable() or "\\" in name or ":" in name or len(name) > 200:
        _refuse(f"a member named {_short(name)!r}")
    if any(part[:1] in ("", ".") for part in name.split("/")):
        _refuse(f"a member named {_short(name)!r}")
    return name.encode(), 0 if name.isascii() else _UTF8


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)


def _short(name: str) -> str:
    return name if len(name) <= 50 else f"{name[:50]}..."


def _refuse(found: str) -> NoReturn:
    raise ModelError(
        "expected a whole model file, its members stored one after another as simplenet does; "
        f"found {found}: a zip file that simplenet did not write, or one cut short or added to. "
        "Use another copy, or train again."
    )
