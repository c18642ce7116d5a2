"""The layout of a model file: as zipfile writes it, and no other."""

import hashlib
import io
import struct
import zipfile

import pytest

from simplenet.errors import ModelError
from simplenet.training import container

MEMBERS = {"a.npy": b"x" * 50, "state/\u00fc.npy": b"", "c.npy": bytes(range(256)) * 4}


def ours(members):
    target = io.BytesIO()
    container.write_members(target, members)
    return target.getvalue()


def by_zipfile(members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            file.writestr(info, content)
        file.comment = b"0" * 64
    return signed(target.getvalue()[:-64])


def signed(body):
    return bytes(body) + hashlib.sha256(body).hexdigest().encode()


def read(content):
    content = bytearray(content)
    found = container.find_members(io.BytesIO(content), len(content))
    container.check_digest(content)
    return {name: bytes(value) for name, value in container.contents(content, found).items()}


@pytest.mark.parametrize("limit", [None, 1100, 1000, 200, 20])
def test_it_is_what_zipfile_writes_of_large_files_too(limit, monkeypatch):
    if limit:  # from which on numbers take 64 bits: 2 GB, really
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
        monkeypatch.setattr(container, "_LONG", limit)
    content = ours(MEMBERS)
    assert content == by_zipfile(MEMBERS)
    assert read(content) == MEMBERS
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None and file.namelist() == list(MEMBERS)


@pytest.mark.parametrize("limit", [None, 1000, 20])
def test_every_byte_matters_though_the_digest_is_right(limit, monkeypatch):
    if limit:
        monkeypatch.setattr(container, "_LONG", limit)
    body = bytearray(ours(MEMBERS)[:-64])
    free, at = set(), body.find(b"PK\1\2")
    while at >= 0:  # who made it, and its attributes
        free |= {at + 4, at + 5, *range(at + 38, at + 42)}
        at = body.find(b"PK\1\2", at + 1)
    assert len(free) == 6 * len(MEMBERS)
    for place in range(len(body)):
        for bits in (1, 2, 4, 8, 16, 32, 64, 128, 255):
            body[place] ^= bits
            if place in free:
                assert read(signed(body)) == MEMBERS
            else:
                with pytest.raises(ModelError, match="whole model file, its members stored"):
                    read(signed(body))
                    pytest.fail(f"bits {bits} of byte {place} may differ")
            body[place] ^= bits


def test_every_byte_more_or_less_matters_though_the_digest_is_right():
    body = ours(MEMBERS)[:-64]
    for place in range(len(body) + 1):
        for other in (body[:place] + b"\0" + body[place:], body[:place] + body[place + 1 :]):
            if other != body:
                with pytest.raises(ModelError, match="whole model file, its members stored"):
                    read(signed(other))
                    pytest.fail(f"byte {place} may be missing or double")


@pytest.mark.parametrize(
    "name",
    ["", "/a", "../a", "a/../b", "a/./b", "a//b", "a/", ".a", "a/.b", "C:a", "a\\b", "a\nb", "a\0b",
     "\u202eb", "a" * 201],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_neither_written_nor_read(name):
    with pytest.raises(ModelError, match="member named"):
        ours({name: b"x"})
    with pytest.raises(ModelError, match="member named"):
        container.check_names([name])
    raw = name.encode()
    flags = 0 if name.isascii() else 0x800
    header = struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, 0, 0, 33, 0, 0, 0, len(raw), 0) + raw
    with pytest.raises(ModelError, match="member named"):
        read(signed(header))


def test_there_are_at_most_a_thousand_members():
    read(ours({str(number): b"" for number in range(1000)}))
    content = ours({str(number): b"" for number in range(1001)})
    with pytest.raises(ModelError, match="more than 1,000 members"):
        read(content)
    container.check_names(map(str, range(999)))  # and model.json
    with pytest.raises(ModelError, match="1,000 arrays or more"):
        container.check_names(map(str, range(1000)))


def test_two_members_cannot_have_one_name():
    one = ours({"a": b"x"})
    end = one.find(b"PK\1\2")
    with pytest.raises(ModelError, match="two members 'a'"):
        read(signed(one[:end] + one[:-64]))
