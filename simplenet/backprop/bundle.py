"""Join ES modules into one script: in a page that may request nothing, none can load another.

Each module becomes a function that is called once, and what it imports and exports, properties of
one object, `modules`; where one awaits something, those after it wait for it. Only two forms are
understood, each at the start of a line,

    import { one, other } from "./module.mjs";
    export function one(...        export const other = ...

and anything else is refused, so that what is joined means what it meant apart.
"""

import re

IMPORT = re.compile(r'^import \{(\s*\w+(?:,\s*\w+)*,?\s*)\} from "\./(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:function|const) (\w+))", re.MULTILINE)
AWAIT = re.compile(r"^(?:(?:export )?const \w+ = )?await ", re.MULTILINE)  # outside of any function
REFUSED = re.compile(r"^.*(?:(?:^|[;{}])\s*export\b|\b(?:import|modules)\b).*", re.MULTILINE)
# What a browser does not need: comments, but for those with a quote in them, which might be part of
# a string; indents; lines with nothing on them.
IDLE = re.compile(
    r"^[ \t]*/\*(?:(?!\*/)[\s\S])*\*/|^[ \t]*//[^\n]*|[ \t]+// [^\n\"'`]*$|^[ \t]+", re.MULTILINE
)
EMPTY = re.compile(r"\n{2,}")
COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*", re.MULTILINE | re.DOTALL)


def bundle(sources: dict[str, str]) -> str:
    """Return one script of modules, each given by its name, without .mjs, and its text.

    Of its two globals, `modules` can be used in a browser's console, as `modules.network.forward`,
    and `joined` is a promise that they are all there.
    Raise ValueError for an import or an export that is not understood, and for an import of what no
    module before exports: so imports go one way.
    """
    exports: dict[str, list[str]] = {}
    parts = ['"use strict";\nconst modules = {};\nconst joined = (async () => {\n']
    for name, source in sources.items():
        refused = REFUSED.search(COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", source))))
        if refused:
            raise ValueError(f"{name}.mjs: cannot be joined: {refused[0].strip()!r}.")
        for names, module in IMPORT.findall(source):
            missing = set(re.findall(r"\w+", names)) - set(exports.get(module, ()))
            if missing:
                raise ValueError(
                    f"{name}.mjs: no {', '.join(sorted(missing))} in {module}.mjs, before it."
                )
        exports[name] = EXPORT.findall(source)
        body = IMPORT.sub(r"const {\1} = modules.\2;", EXPORT.sub("", source))
        body = EMPTY.sub("\n", IDLE.sub("", body))
        given = ", ".join(exports[name])
        waits = ("await ", "async ") if AWAIT.search(source) else ("", "")
        inner = f"{{\n{body}\nreturn {{ {given} }};\n}}"
        parts.append(f"modules.{name} = {waits[0]}({waits[1]}() => {inner})();\n")
    return "".join([*parts, "})();\n"])
