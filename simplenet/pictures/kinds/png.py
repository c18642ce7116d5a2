"""What a PNG declares: its first chunk says how large it is, and five kinds of chunk draw it."""

import zlib
from typing import BinaryIO

from simplenet.pictures.kinds.declared import (
    MOST_PIECES,
    NOTE,
    Declared,
    big,
    read,
    read_some,
    stored,
)
from simplenet.pictures.kinds.parts import joined
from simplenet.pictures.kinds.tags import turn

DRAW = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
NOTES = {b"Raw profile type exif": "exif", b"XML:com.adobe.xmp": "xmp"}  # texts by their keys
MOST_PALETTE = 1024  # bytes of any of those but the pixels
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png(file: BinaryIO, size: int) -> Declared:
    """Return what a PNG of so many bytes declares. Raise ValueError for a damaged one."""
    head = read(file, 16, 10)
    width, height, bits, colours = big(head[:4]), big(head[4:8]), head[8], head[9]
    parts, place = [(file, 0, 8)], 8
    notes: dict[str, bytes] = {}  # of each kind the first: unpacking very many would take long
    for _ in range(MOST_PIECES):
        begin = read_some(file, place, 8)
        length, kind = big(begin[:4]), begin[4:]
        if len(kind) < 4 or not kind.isalpha():
            break  # cut short or damaged, as its decoder will say
        if kind in DRAW:
            if length > MOST_PALETTE and kind != b"IDAT":
                raise ValueError(f"a chunk {kind.decode()} of {length:,} bytes")
            parts.append((file, place, 12 + length))
        elif kind == b"eXIf":
            notes["exif"] = read_some(file, place + 8, min(length, NOTE))
        elif kind in TEXTS and length <= NOTE:
            key, _, content = read_some(file, place + 8, length).partition(b"\0")
            note = NOTES.get(key)
            if note is not None and note not in notes:
                text = _text(kind, content)
                notes[note] = _from_hex(text) if note == "exif" else text
        place += 12 + length
        if kind == b"IEND":
            break
    else:
        raise ValueError(f"more than {MOST_PIECES:,} chunks")
    pixel = 4 if colours in (2, 4, 6) else 2 if bits == 16 else 1
    memory = stored(width, height, pixel, bits * CHANNELS.get(colours, 4))
    upright = turn(notes.get("exif", b""), notes.get("xmp", b""))
    return Declared("PNG", width, height, memory, joined(parts), upright)


def _text(kind: bytes, text: bytes) -> bytes:
    """Return what a chunk holds behind its key, or as much of it as a note may have."""
    packed = kind == b"zTXt" or (kind == b"iTXt" and text[:1] == b"\1")
    if kind == b"zTXt":
        text = text[1:]
    elif kind == b"iTXt":  # behind two bytes, a language and a translated key
        text = text[2:].split(b"\0", 2)[-1]
    if packed:
        try:
            text = zlib.decompressobj().decompress(text, NOTE)
        except zlib.error:
            text = b""
    return text


def _from_hex(text: bytes) -> bytes:
    """Return the bytes that ImageMagick writes in hexadecimal digits, behind three lines."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
