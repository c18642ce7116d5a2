"""The page's modules say what they take and give, import one way, and become one script."""

import base64
import json
import re
import shutil
import subprocess
import zlib

import pytest
from javascript import Script

from simplenet import backprop
from simplenet.backprop.bundle import bundle
from simplenet.backprop.page import SCRIPTS

NODE = shutil.which("node")
WEB = backprop.bundled_path().parent / "web"
SOURCES = {name: (WEB / f"{name}.mjs").read_text(encoding="utf-8") for name in SCRIPTS}
PARSED = {name: Script(source) for name, source in SOURCES.items()}
LANGUAGE = set(
    "Array Blob Boolean DataView DecompressionStream Float64Array JSON Map Math Number Object "
    "Response Set String TextDecoder Uint8Array atob parseFloat undefined".split()
)
BROWSER = set(
    "URL addEventListener cancelAnimationFrame clearInterval clearTimeout document matchMedia "
    "performance removeEventListener requestAnimationFrame setInterval setTimeout".split()
)
# These compute, and can be used without a page.
WITHOUT_PAGE = set(
    "arrays network packed pixels pieces prepare format names scene samples machine state "
    "steps".split()
)
FOR_TESTS = {"sketch.sketch"}  # what no other module takes, and the tests in a browser look at
each = pytest.mark.parametrize("name", SCRIPTS)
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def missing(script):
    """Return the names that a script uses and neither declares nor imports."""
    return script.used - script.declared - set(script.imported) - LANGUAGE - BROWSER


def test_the_list_of_modules_is_that_of_the_files():
    assert sorted(SCRIPTS) == sorted(path.stem for path in WEB.glob("*.mjs"))
    assert len(SCRIPTS) == len(set(SCRIPTS))


@each
def test_imports_go_one_way(name):
    for module in PARSED[name].imported.values():
        assert SCRIPTS.index(module) < SCRIPTS.index(name), f"{name} imports {module}"


@each
def test_a_module_names_all_that_it_takes_from_others_and_no_more(name):
    script = PARSED[name]
    assert missing(script) == set()
    assert set(script.imported) <= script.used
    for taken, module in script.imported.items():
        assert taken in PARSED[module].exported


@each
def test_a_name_that_a_module_gives_means_the_same_in_all(name):
    # It also makes the test before this one exact: no local name can hide a missing import.
    given = {taken for script in PARSED.values() for taken in script.exported}
    assert not PARSED[name].declared & (given - PARSED[name].exported)
    assert sum(len(script.exported) for script in PARSED.values()) == len(given)


@each
def test_an_import_that_is_left_out_is_noticed(name):
    for taken in PARSED[name].imported:
        form = rf"^(import \{{[^}}]*)\b{taken}\b,?([^}}]*\}})"
        without, found = re.subn(form, r"\1\2", SOURCES[name], flags=re.MULTILINE)
        assert found == 1
        assert missing(Script(without)) == {taken}


def test_what_a_module_gives_is_taken_by_another():
    given = {f"{name}.{one}" for name, script in PARSED.items() for one in script.exported}
    taken = {f"{of}.{one}" for script in PARSED.values() for one, of in script.imported.items()}
    assert given - taken == FOR_TESTS


@each
def test_a_module_says_first_what_its_one_job_is(name):
    first = re.match(r"/\* ([A-Z].*?)\.(\s|$)", SOURCES[name], re.DOTALL)
    assert first and 4 <= len(first[1].split()) <= 20


def test_modules_that_compute_know_no_page():
    for name in WITHOUT_PAGE:
        assert not PARSED[name].used & BROWSER, name
        assert set(PARSED[name].imported.values()) <= WITHOUT_PAGE, name


def test_the_reader_of_javascript_tells_uses_from_other_names():
    script = Script(
        'import { one, two } from "./other.mjs";\n'
        "/* not in comments */ // nor here\n"
        "export const f = (a, { b: c, d = e }, ...rest) => a + c + d + rest.length + g.h;\n"
        "function k(l) { return { m: one, n, p(q) { return q; } }; }\n"
        "const text = `in text ${r ? s : `deeper ${t}`} no`, pattern = /u'[/]v/g.exec('w');\n"
        "for (const [x, y] of x / y / z) try { f(); } catch (error) { k(error); }\n"
        "let later = 1, last = later;\n"
    )
    assert script.imported == {"one": "other", "two": "other"}
    assert script.exported == {"f"}
    assert script.declared == set("f a c d rest k l q text pattern x y error later last".split())
    assert missing(script) == set("e g n r s t z".split())
    assert "two" not in script.used


# --- joined ---------------------------------------------------------------------------------------

PAIR = {
    "first": "/* One. */\n\nexport const two = 2;\nexport function twice(x) {\n  return 2 * x;\n}",
    "second": 'import {\n  twice,\n  two,\n} from "./first.mjs";\n\nexport const x = twice(two);',
}


def test_a_pair_of_modules_becomes_one_script():
    assert bundle(PAIR) == (
        '"use strict";\nconst modules = {};\nconst joined = (async () => {\n'
        "modules.first = (() => {\n\nconst two = 2;\nfunction twice(x) {\n"
        "return 2 * x;\n}\nreturn { two, twice };\n})();\n"
        "modules.second = (() => {\nconst {\ntwice,\ntwo,\n} = modules.first;\n"
        "const x = twice(two);\nreturn { x };\n})();\n})();\n"
    )


def test_where_a_module_awaits_something_those_after_it_wait():
    joined = bundle({"one": "export const x = await 2;\n", "two": "export const y = 1;\n"})
    assert "modules.one = await (async () => {\nconst x = await 2;\n" in joined
    assert "modules.two = (() => {\n" in joined


def test_comments_go_and_strings_stay():
    joined = bundle({"one": 'export const x = "a // b"; // gone\n/* And this. */\n  // this too\n'})
    assert 'const x = "a // b";\n' in joined
    for gone in "gone", "And", "this":
        assert gone not in joined


@pytest.mark.parametrize(
    "line",
    [
        'import first from "./first.mjs";',
        'import * as first from "./first.mjs";',
        'import { two as deux } from "./first.mjs";',
        'import { two } from "./first.mjs"',
        "import { two } from './first.mjs';",
        'import { two } from "first.mjs";',
        'import { two } from "./first.mjs"; two();',
        '  import { two } from "./first.mjs";',
        'import "./first.mjs";',
        'const first = await import("./first.mjs");',
        "const here = import.meta.url;",
        "export let one = 1;",
        "export default 1;",
        "export class One {}",
        "export async function one() {}",
        "export { one };",
        'export * from "./first.mjs";',
        "  export const one = 1;",
        "const one = 1; export { one };",
        "modules.first.two = 3;",
    ],
)
def test_a_line_that_is_not_understood_is_refused(line):
    with pytest.raises(ValueError, match=r"second\.mjs: cannot be joined: "):
        bundle(PAIR | {"second": f"/* Two. */\n{line}\n"})


@pytest.mark.parametrize("module", ["first", "second", "third", "missing"])
def test_an_import_of_what_is_not_there_before_is_refused(module):
    more = {
        "second": f'import {{ two, one }} from "./{module}.mjs";',
        "third": "export const one = 1;",
    }
    wanted = "no one in first" if module == "first" else f"no one, two in {module}"
    with pytest.raises(ValueError, match=rf"second\.mjs: {wanted}\.mjs, before it"):
        bundle(PAIR | more)


def run(code, *arguments, kind="module"):
    command = [NODE, f"--input-type={kind}", "-e", code, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


# As much of a page as the modules look for when they are loaded.
PAGE = """globalThis.document = {
  getElementById: () => ({ textContent: "%s" }),
  addEventListener() {},
  readyState: "loading",
};
""".replace("%s", base64.b64encode(zlib.compress(b'{ "nets": [], "scenes": [] }\n')).decode())


@needs_node
def test_every_module_can_be_imported_as_one_and_gives_the_same_names_when_joined():
    load = PAGE + "const [folder, ...names] = process.argv.slice(1); const found = {};"
    load += (
        "for (const name of names) found[name] = Object.keys(await import(folder + name + '.mjs'));"
    )
    apart = run(load + "console.log(JSON.stringify(found));", f"{WEB.as_uri()}/", *SCRIPTS)
    show = "joined.then(() => console.log(JSON.stringify(Object.fromEntries("
    show += "Object.entries(modules).map(([name, given]) => [name, Object.keys(given)])))));"
    joined = run(PAGE + bundle(SOURCES) + show, kind="commonjs")
    assert {name: sorted(names) for name, names in joined.items()} == apart
    assert {name: set(names) for name, names in apart.items()} == {
        name: script.exported for name, script in PARSED.items()
    }
