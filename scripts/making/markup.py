"""Markdown as the gear document uses it, to HTML: what GitHub would make of the same text.

Headings, paragraphs, lists, tables, code, pictures; bold, italic, code and links within a line. A
link that leads out of the text becomes plain text: the page that holds it asks nobody for anything.
Of a file that is not named in it, the text then says where it is.
"""

import re
from collections.abc import Callable
from html import escape
from pathlib import PurePosixPath
from posixpath import normpath

Blocks = list[str]
FOLDER = "simplenet/backprop"  # of the document
ITEM = re.compile(r"(?:-|\d+\.) ")


def html(text: str, ids: str = "", picture: Callable[[str, str], str] | None = None) -> str:
    """Return a text as HTML; the ids of its headings begin with `ids`.

    `picture` is given the words and the path of each picture that is a paragraph of its own.
    """
    return "\n".join(_blocks(text.splitlines(), ids, picture or (lambda words, path: "")))


def inline(text: str, ids: str = "") -> str:
    """Return what is within a line as HTML."""
    code: list[str] = []

    def hidden(match: re.Match[str]) -> str:
        code.append(f"<code>{escape(match[1], quote=False)}</code>")
        return f"\x00{len(code) - 1}\x00"

    text = escape(re.sub(r"`([^`]+)`", hidden, text), quote=False)
    text = re.sub(r"\[([^\]]*)\]\(#([^)]*)\)", rf'<a href="#{ids}\2">\1</a>', text)
    text = re.sub(r"\[([^\]]*)\]\(([^):]*)\)", lambda match: _named(*match.groups()), text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*([^* ][^*]*)\*", r"<em>\1</em>", text)
    return re.sub(r"\x00(\d+)\x00", lambda match: code[int(match[1])], text)


def _named(words: str, path: str) -> str:
    """Return the words of a link to a file; unless they are its name, with its place."""
    if words.startswith("\x00") or words == PurePosixPath(path).stem:
        return words
    return f"{words}, <code>{normpath(f'{FOLDER}/{path}')}</code>"


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _blocks(lines: list[str], ids: str, picture: Callable[[str, str], str]) -> Blocks:
    found: Blocks = []
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if not line.strip() or line.startswith("<!--"):
            pass
        elif line.startswith("```"):
            while lines[end] != "```":
                end += 1
            code = escape("\n".join(lines[at + 1 : end]), quote=False)
            found.append(f'<pre tabindex="0"><code>{code}</code></pre>')
            end += 1
        elif line.startswith("#"):
            marks, _, title = line.partition(" ")
            level = len(marks)
            found.append(f'<h{level} id="{ids}{anchor(title)}">{inline(title, ids)}</h{level}>')
        elif line.startswith("<"):  # HTML of our own
            while end < len(lines) and lines[end].strip():
                end += 1
            found.append("\n".join(lines[at:end]))
        elif line.startswith("|"):
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            found.append(_table(lines[at:end], ids))
        elif ITEM.match(line):
            end, block = _list(lines, at, ids, picture)
            found.append(block)
        else:
            while end < len(lines) and lines[end].strip() and not lines[end].startswith("```"):
                end += 1
            paragraph = " ".join(lines[at:end])
            shown = re.fullmatch(r"!\[([^\]]*)\]\(([^)]*)\)", paragraph)
            block = picture(*shown.groups()) if shown else f"<p>{inline(paragraph, ids)}</p>"
            found.append(block)
        at = end
    return found


def _list(
    lines: list[str], at: int, ids: str, picture: Callable[[str, str], str]
) -> tuple[int, str]:
    """Return where a list ends that begins at a line, and the list."""
    ordered = lines[at][0] != "-"
    items: list[list[str]] = []
    while at < len(lines):
        mark = ITEM.match(lines[at])
        if mark:
            width = len(mark[0])
            items.append([lines[at][width:]])
        elif lines[at].startswith("  ") or (
            not lines[at].strip() and at + 1 < len(lines) and lines[at + 1].startswith("  ")
        ):
            items[-1].append(lines[at][width:])
        else:
            break
        at += 1
    tag = "ol" if ordered else "ul"
    body = ""
    for item in items:
        blocks = _blocks(item, ids, picture)
        if len(blocks) == 1 and blocks[0].startswith("<p>"):
            blocks = [blocks[0][3:-4]]
        body += f"<li>{''.join(blocks)}</li>\n"
    return at, f"<{tag}>\n{body}</{tag}>"


def _table(lines: list[str], ids: str) -> str:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    head, body = rows[0], rows[2:]

    def cells(row: list[str], tag: str) -> str:
        return "".join(f"<{tag}>{inline(cell, ids)}</{tag}>" for cell in row)

    above = f"<thead><tr>{cells(head, 'th')}</tr></thead>" if any(head) else ""
    below = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in body)
    return f'<div class="wide" tabindex="0"><table>{above}<tbody>{below}</tbody></table></div>'
