"""Pictures of the commands at work, for the README: real output of a real terminal, as SVG."""

import os
import pty
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from making import Files, NotHereError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "scripts/results/screens"
COLUMNS, LINES = 80, 200  # of the terminal; lines that stay empty are not drawn
# What is typed in each picture. Each finds what those before it have left in the folder.
SCREENS = {
    "train": ("simplenet train -o digits.npz",),
    "predict": ("simplenet predict digits.npz seven.png",),
    "eval": ("simplenet eval digits.npz --confusion --mistakes 2",),
    "show": ("simplenet show --count 2 --seed 3",),
}
WIDE, HIGH, SIZE = 8.4, 17, 14  # pixels of a character, and of its letters
EDGE = 14  # pixels around the text
PAPER, INK = "#14171c", "#d7dbe0"
COLOURS = {
    "red": "#ff7b72", "green": "#7ee787", "brown": "#e3b341", "blue": "#79c0ff",
    "magenta": "#d2a8ff", "cyan": "#76e3ea", "black": "#8b949e", "white": "#ffffff",
}  # fmt: skip
# What part of its cell, from the top and how high, each character fills, and how strongly.
BLOCKS = {
    "█": (0.0, 1.0, 1.0), "▀": (0.0, 0.5, 1.0), "▄": (0.5, 0.5, 1.0),
    "░": (0.0, 1.0, 0.25), "▒": (0.0, 1.0, 0.5), "▓": (0.0, 1.0, 0.75),
}  # fmt: skip


class Cell(NamedTuple):
    """A character on the screen, and how it looks."""

    text: str
    colour: str
    bold: bool = False


def files() -> Files:
    """Return the pictures. Raise NotHereError without MNIST, Pillow and pyte."""
    if not os.environ.get("SIMPLENET_DATA"):
        raise NotHereError("expected SIMPLENET_DATA to name a folder with MNIST, found it unset.")
    with tempfile.TemporaryDirectory() as folder:
        write_digit(Path(folder) / "seven.png")
        return {
            f"{FOLDER}/{name}.svg": svg(screen(commands, Path(folder))).encode()
            for name, commands in SCREENS.items()
        }


def write_digit(path: Path) -> None:
    """Draw a 7 as somebody does with a mouse: dark on white, off the centre."""
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise NotHereError("expected Pillow: pip install -e '.[images]'.") from error
    image = Image.new("L", (300, 240), 255)
    points = [(90, 62), (124, 56), (158, 60), (190, 54), (172, 96), (150, 140), (136, 190)]
    ImageDraw.Draw(image).line(points, fill=30, width=13, joint="curve")
    image.save(path)


def screen(commands: tuple[str, ...], folder: Path) -> list[list[Cell]]:
    """Return what a terminal shows after some commands: its lines, without the empty ones below.

    Raise NotHereError if one fails, or there is no pyte, which knows what a terminal does.
    """
    try:
        import pyte
    except ImportError as error:
        raise NotHereError("expected pyte: pip install -e '.[dev]'.") from error
    terminal = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(terminal)
    for number, command in enumerate(commands):
        stream.feed(b"\r\n" * bool(number) + b"\033[1m$ " + command.encode() + b"\033[0m\r\n")
        stream.feed(output(command, folder))
    lines = [
        [cell(terminal.buffer[row][column]) for column in range(COLUMNS)] for row in range(LINES)
    ]
    while lines and all(character.text == " " for character in lines[-1]):
        lines.pop()
    return lines


def cell(character: Any) -> Cell:
    """Return how a character of pyte looks."""
    colour = COLOURS.get(character.fg.removeprefix("bright"), INK)
    return Cell(character.data or " ", colour, character.bold)


def output(command: str, folder: Path) -> bytes:
    """Return every byte that a command writes to its terminal. Raise NotHereError if it fails."""
    import fcntl
    import struct
    import termios

    name, *arguments = shlex.split(command)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    data = str(Path(os.environ["SIMPLENET_DATA"]).resolve())
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm-256color",
        "LANG": "C.UTF-8", "SIMPLENET_DATA": data,
    }  # fmt: skip
    running = subprocess.Popen(
        [sys.executable, "-m", name, *arguments],
        cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    found = b"".join(pieces(ours))
    os.close(ours)
    if running.wait():
        raise NotHereError(f"expected {command} to succeed, found:\n{found.decode()}")
    return found


def pieces(descriptor: int) -> Iterator[bytes]:
    """Yield what is written to a terminal, until nobody has it open any more."""
    while True:
        try:
            found = os.read(descriptor, 65536)
        except OSError:  # on Linux, this is how a terminal ends
            return
        if not found:
            return
        yield found


def svg(lines: list[list[Cell]]) -> str:
    """Return a drawing of a screen that needs no font to have blocks without gaps."""
    width, height = COLUMNS * WIDE + 2 * EDGE, len(lines) * HIGH + 2 * EDGE
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" '
        f'width="{width:g}" height="{height}" font-size="{SIZE}" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace">',
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
    ]
    for row, line in enumerate(lines):
        column = 0
        for (block, colour, bold), run in groupby(line, key=look):
            text = "".join(character.text for character in run)
            drawn += one_run(text, row, column, block, colour, bold)
            column += len(text)
    return "\n".join([*drawn, "</svg>", ""])


def look(character: Cell) -> tuple[str, str, bool]:
    """Return what neighbours have to share to be drawn as one: a block, the colour, the weight."""
    return (character.text if character.text in BLOCKS else "", character.colour, character.bold)


def one_run(text: str, row: int, column: int, block: str, colour: str, bold: bool) -> Iterator[str]:
    """Yield the drawing of neighbours that look alike: nothing, if they are blank."""
    x, y, width = EDGE + column * WIDE, EDGE + row * HIGH, len(text) * WIDE
    if block:
        top, part, strength = BLOCKS[block]
        yield (
            f'<rect x="{x:g}" y="{y + top * HIGH:g}" width="{width:g}" height="{part * HIGH:g}" '
            f'fill="{colour}" fill-opacity="{strength:g}"/>'
        )
    elif text.strip():
        start = len(text) - len(text.lstrip())
        shown = text.strip()
        weight = ' font-weight="bold"' if bold else ""
        yield (
            f'<text x="{x + start * WIDE:g}" y="{y + 0.76 * HIGH:g}" fill="{colour}"{weight} '
            f'textLength="{len(shown) * WIDE:g}" xml:space="preserve">{escape(shown)}</text>'
        )
