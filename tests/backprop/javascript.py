"""Which names a script of the page uses, declares, imports and exports.

It knows strings, templates, regular expressions and patterns, but not blocks: a name that is
declared anywhere in a file counts as declared in all of it.
"""

import re

KEYWORDS = set(
    "async await break case catch class const continue default delete do else export extends false "
    "finally for function if import in instanceof let new null of return super switch this throw "
    "true try typeof var void while yield from".split()
)
TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<text>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<number>\d[\w.]*|\.\d\w*)"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<sign>\.\.\.|=>|\?\.|\?\?|[-+*/%&|^<>=!]=+|&&|\|\||\*\*|\+\+|--|[^\s\w])",
    re.DOTALL,
)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[a-z]*")
OPEN, CLOSE = "([{", ")]}"


def tokens(source):
    """Return the names, signs and literals of a script; of a template, those within its ${}."""
    found, at, templates = [], 0, []  # for each open ${, how many brackets were open before it
    depth = 0

    def template(at):
        """Read the text of a template up to ${ or its end; return where it goes on."""
        while source[at] != "`":
            if source[at] == "\\":
                at += 1
            elif source[at : at + 2] == "${":
                templates.append(depth)
                found.append("(")
                return at + 2
            at += 1
        return at + 1

    while at < len(source):
        if source[at] == "`":
            found.append('"')
            at = template(at + 1)
        elif source[at] == "}" and templates and templates[-1] == depth:
            templates.pop()
            found.append(")")
            at = template(at + 1)
        elif source[at] == "/" and source[at + 1] not in "/*" and divides(found) is False:
            at = REGEX.match(source, at).end()
            found.append('"')
        else:
            match = TOKEN.match(source, at)
            at = match.end()
            if match.lastgroup == "skip":
                continue
            found.append(match[0] if match.lastgroup in ("name", "sign") else '"')
            depth += match[0] in OPEN
            depth -= match[0] in CLOSE
    assert depth == 0 and not templates, "brackets do not match"
    return found


def divides(before):
    """Tell whether a / after these tokens divides, or begins a regular expression."""
    return (
        bool(before)
        and before[-1] not in KEYWORDS
        and (before[-1] in ('"', ")", "]", "}") or bool(re.match(r"[\w$]", before[-1])))
    )


class Script:
    """The names of one script: imported {name: module}, exported, declared, used."""

    def __init__(self, source):
        form = r'^import \{([^}]*)\} from "\./(\w+)\.mjs";$'
        self.imported = {
            name: module
            for names, module in re.findall(form, source, re.MULTILINE)
            for name in re.findall(r"\w+", names)
        }
        body = re.sub(form, "", source, flags=re.MULTILINE)
        self.exported = set(re.findall(r"^export (?:function|const) (\w+)", body, re.MULTILINE))
        self.tokens = [*tokens(re.sub("^export ", "", body, flags=re.MULTILINE)), ";"]
        self.pair = dict(self._pairs())
        self.declared = set(self._declared())
        self.used = {self.tokens[at] for at in self._names() if not self._is_key(at)}

    def _pairs(self):
        """Return the place of each bracket with that of the other one of the pair."""
        stack = []
        for at, token in enumerate(self.tokens):
            if token in OPEN:
                stack.append(at)
            elif token in CLOSE:
                yield from ((stack[-1], at), (at, stack.pop()))

    def _names(self):
        for at, token in enumerate(self.tokens):
            if re.match(r"[A-Za-z_$]", token) and token not in KEYWORDS:
                yield at

    def _is_key(self, at):
        """Tell whether a name is that of a property, and so of nothing in the script."""
        before, after = self.tokens[at - 1] if at else ";", self.tokens[at + 1]
        if before in (".", "?."):
            return True
        return before in ("{", ",") and (after == ":" or self._is_method(at))

    def _is_method(self, at):
        """Tell whether a name, a parameter list and a body follow each other here."""
        return self.tokens[at + 1] == "(" and self.tokens[self.pair[at + 1] + 1] == "{"

    def _declared(self):
        for at, token in enumerate(self.tokens):
            if token in ("const", "let"):
                yield from self._declarations(at + 1)
            elif token == "function":
                yield self.tokens[at + 1]
                yield from self._pattern(at + 2)
            elif token == "catch":
                yield from self._pattern(at + 1)
            elif token == "=>":
                before = at - 1
                yield from self._pattern(self.pair.get(before, before))
        for at in self._names():
            if self._is_key(at) and self._is_method(at):
                yield from self._pattern(at + 1)

    def _declarations(self, at):
        """Return the names after a const or let, up to the end of the statement."""
        while True:
            yield from self._pattern(at)
            at = self._end(self.pair.get(at, at) + 1)
            if self.tokens[at] != ",":
                return
            at += 1

    def _end(self, at):
        """Return the place of the comma, or of what else ends the expression that begins here."""
        while self.tokens[at] not in (",", ";", *CLOSE):
            at = self.pair.get(at, at) + 1
        return at

    def _pattern(self, at):
        """Return the names that a pattern or a list of parameters declares; not their defaults."""
        if self.tokens[at] not in OPEN:
            yield self.tokens[at]
            return
        end, at = self.pair[at], at + 1
        while at < end:
            token = self.tokens[at]
            if token in OPEN:
                yield from self._pattern(at)
                at = self.pair[at]
            elif token == "=":
                at = self._end(at) - 1
            elif re.match(r"[A-Za-z_$]", token) and self.tokens[at + 1] != ":":
                yield token
            at += 1
