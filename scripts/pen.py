"""Draw SVG with a palette for light and for dark.

Directions on the page are in degrees, from the right and clockwise, as its y axis points down.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from math import cos, radians, sin
from xml.sax.saxutils import escape

from simplenet.backprop.svg import number

SMALLER = 0.8  # a raised or lowered number beside the rest
DISC = 10.5  # radius of the number of a mesh

# Each colour in the light and in the dark scheme. Parts also differ in what they are, and in
# luminance, so that grey is enough.
PALETTE = {
    "paper": ("#fbfaf6", "#12161b"),
    "card": ("#ffffff", "#1b2128"),
    "edge": ("#c9ced4", "#46505b"),
    "ink": ("#1d2731", "#e9edf1"),
    "soft": ("#4d5965", "#aeb8c2"),
    "A": ("#dde6ec", "#3a4753"),
    "Z": ("#a9c0d4", "#577390"),
    "W": ("#efcd8b", "#80621f"),
    "B": ("#fbfaf6", "#12161b"),
    "C": ("#34465a", "#d5dee7"),
    "band": ("#1d2731", "#e9edf1"),
    "scale": ("#1d2731", "#e9edf1"),  # lines on the plates of cams
    "back0": ("#0f4c92", "#8cc4ff"),  # the path of dC/dW0
    "back1": ("#c2410c", "#ff8a4c"),  # the path of dC/dW-1
}


# --- outlines ------------------------------------------------------------------------------------


def once(body: str, prefix: str = "") -> str:
    """Return SVG in which a long path that is there several times is written once, and used.

    The names of these paths begin with `prefix`.
    """
    counts = Counter(d for d in re.findall(r'<path [^>]*?\bd="([^"]*)"', body) if len(d) > 150)
    names = {
        d: f"{prefix}p{i}" for i, d in enumerate(d for d, count in counts.items() if count > 1)
    }
    if not names:
        return body

    def used(match: re.Match[str]) -> str:
        before, d, after = match.groups()
        return f'<use {before}href="#{names[d]}"{after}/>' if d in names else match[0]

    defined = "".join(f'<path id="{name}" d="{d}"/>' for d, name in names.items())
    return f"<defs>{defined}</defs>\n" + re.sub(
        r'<path ([^>]*?)\bd="([^"]*)"([^>]*?)/>', used, body
    )


# --- the pen -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text and the colours it has and stands on; ^ and _ raise and lower a number."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    on: str
    anchor: str
    bold: bool
    mono: bool


@dataclass(slots=True)
class Drawing:
    """SVG in the making: its elements, and as plain data every label, for tests to look at."""

    width: int
    height: int
    title: str
    desc: str
    parts: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def shape(
        self,
        tag: str,
        fill: str = "none",
        line: str = "none",
        pen: float = 1.5,
        dash: str = "",
        **attributes: str | float,
    ) -> None:
        """Add an element, filled and outlined in colours of the palette."""
        given = {k: v if isinstance(v, str) else number(v) for k, v in attributes.items()}
        names = [fill] * (fill != "none") + [f"l-{line}"] * (line != "none")
        given["class"] = " ".join(names)
        if fill == "none":
            given["fill"] = "none"
        if line != "none" and pen != 1.5:
            given["stroke-width"] = number(pen)
        if dash:
            given["stroke-dasharray"] = dash
        self.parts.append(f"<{tag} " + " ".join(f'{k}="{v}"' for k, v in given.items()) + "/>")

    def line(
        self, *points: tuple[float, float], line: str = "ink", pen: float = 1.5, dash: str = ""
    ) -> None:
        """Add a line through points."""
        d = "M" + " ".join(f"{number(x)} {number(y)}" for x, y in points)
        self.shape("path", line=line, pen=pen, dash=dash, d=d)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 15,
        colour: str = "ink",
        on: str = "paper",
        anchor: str = "middle",
        bold: bool = False,
        mono: bool = False,
    ) -> None:
        """Add a line of text; `on` names the colour behind it."""
        self.labels.append(Label(x, y, text, size, colour, on, anchor, bold, mono))
        runs = [text] if mono else re.split(r"([\^_]-?\w)", text)
        shifted, body = 0.0, ""
        for run in filter(None, runs):
            shift = 0.0
            if len(run) > 1 and run[0] in "^_" and not mono:
                shift = size * (-0.38 if run[0] == "^" else 0.2)
            content = escape(run[1:] if shift else run)
            if not mono:
                content = content.replace("-", "\N{MINUS SIGN}")
            if shift != shifted:
                attributes = f' dy="{number(shift - shifted)}"'
                if shift:
                    attributes += f' font-size="{number(size * SMALLER)}"'
                if content[0] == " ":  # which some leave out at the start of a <tspan>
                    attributes += f' dx="{number(size * 0.3)}"'
                content = f"<tspan{attributes}>{content.lstrip()}</tspan>"
            body, shifted = body + content, shift
        names = [colour] * (colour != "ink") + ["b"] * bold + ["m"] * mono
        more = f' class="{" ".join(names)}"' if names else ""
        if anchor != "middle":
            more += f' text-anchor="{anchor}"'
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}"{more}>{body}</text>'
        )

    def fraction(
        self,
        x: float,
        y: float,
        top: str,
        bottom: str,
        width: float = 46,
        size: float = 16,
        on: str = "card",
    ) -> None:
        """Add a fraction whose bar is at y."""
        self.line((x - width / 2, y), (x + width / 2, y), pen=1.2)
        self.text(x, y - 8, top, size, on=on)
        self.text(x, y + 21, bottom, size, on=on)

    def disc(self, x: float, y: float, mesh: int) -> None:
        """Add the number of a mesh."""
        self.shape("circle", "card", "ink", 1.4, cx=x, cy=y, r=DISC)
        self.text(x, y + 5, str(mesh), 14, on="card", bold=True)

    def head(self, x: float, y: float, angle: float, colour: str, size: float = 15) -> None:
        """Add an arrowhead whose tip is at (x, y)."""
        points = [(0, 0), (-size, -size * 0.48), (-size * 0.72, 0), (-size, size * 0.48)]
        c, s = cos(radians(angle)), sin(radians(angle))
        turned = [f"{number(x + c * u - s * v)} {number(y + s * u + c * v)}" for u, v in points]
        self.shape("path", colour, d=f"M{' '.join(turned)}Z")

    def card(self, x: float, y: float, width: float, height: float, title: str) -> None:
        """Add a panel with a title."""
        self.shape("rect", "card", "edge", 1.2, x=x, y=y, width=width, height=height, rx=8)
        self.text(x + 16, y + 27, title, 15, on="card", anchor="start", bold=True)

    def padlock(self, x: float, y: float) -> None:
        """Add a padlock whose body is centred on (x, y)."""
        self.shape(
            "path", line="ink", pen=2, d=f"M{number(x - 4)} {number(y - 4)}v-4a4 4 0 0 1 8 0v4"
        )
        self.shape("rect", "ink", x=x - 7, y=y - 5, width=14, height=11, rx=2)

    def svg(self) -> str:
        """Return the whole file."""
        body = once("\n".join(self.parts))
        used = set(re.findall(r'class="([^"]*)"', body))
        found = {"ink", "paper", *(name for group in used for name in group.split())}
        names = sorted(name for name in found if name.removeprefix("l-") in PALETTE)

        def rules(scheme: int) -> str:
            return "".join(
                f".{n}{{{'stroke' if n[:2] == 'l-' else 'fill'}:"
                f"{PALETTE[n.removeprefix('l-')][scheme]}}}"
                for n in names
            )

        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" '
            'class="ink" role="img" aria-labelledby="title desc" font-family="sans-serif" '
            'text-anchor="middle" stroke-width="1.5" stroke-linejoin="round">\n'
            f'<title id="title">{escape(self.title)}</title>\n'
            f'<desc id="desc">{escape(self.desc)}</desc>\n'
            f"<style>.b{{font-weight:bold}}.m{{font-family:monospace}}{rules(0)}\n"
            f"@media (prefers-color-scheme:dark){{{rules(1)}}}</style>\n"
            f'<rect class="paper" width="{self.width}" height="{self.height}"/>\n{body}\n</svg>\n'
        )
