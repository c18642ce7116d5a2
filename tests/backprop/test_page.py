"""The interactive page as text: what is in it, and that nothing can break out of it."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import packed
import pytest
from packed import params_of, unpacked

from simplenet import init_net, load_data
from simplenet.backprop import bundled
from simplenet.backprop.example import LR, X, Y, example_net, trace
from simplenet.backprop.page import CODE, Shown, page
from simplenet.net import backward, forward

NASTY = "</script><!--<script>--><img src=x onerror=alert(1)>\u2028'\"&"


def example(**changes):
    return Shown(**{"name": "example", "net": example_net(), "x": X, "y": Y, "lr": LR} | changes)


def demo():
    images, labels = load_data("sample").test
    return Shown("demo", bundled().net, np.eye(10)[labels[:20]], images[:20])


class Reader(HTMLParser):
    """Collect every tag with its attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.inside = dict(attributes).get("type", "code")
            self.scripts.append((self.inside, ""))

    def handle_endtag(self, tag):
        if tag == "script":
            self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] = self.inside, self.scripts[-1][1] + data

    def all(self, attribute):
        return [found[attribute] for _, found in self.tags if attribute in found]


def data_of(text):
    [(_, data)] = [script for script in Reader(text).scripts if script[0] != "code"]
    return packed.data_of(data)


@pytest.fixture(scope="module")
def text():
    return page([example(), demo()])


def test_it_is_small_enough_to_send_to_a_class(text):
    size = len(text.encode())
    assert size <= 400_000
    assert len(page([example()]).encode()) <= 260_000  # text, style, scripts, a machine
    read = text[text.index('<article id="read">') : text.index("</article>")]
    assert len(read.encode()) <= 90_000


def test_it_asks_nobody_for_anything(text):
    reader = Reader(text)
    # The policy forbids it; and there is nothing that would ask, were there no policy.
    assert not {"src", "srcset", "data", "poster", "action", "ping"} & {
        attribute for _, found in reader.tags for attribute in found
    }
    assert all(link.startswith("#") for link in reader.all("href") + reader.all("xlink:href"))
    assert not re.search(r"@import|url\((?!#)|\bfetch\(|XMLHttpRequest|import\(", text)


def test_the_policy_allows_this_script_and_no_other(text):
    reader = Reader(text)
    [policy] = [found["content"] for tag, found in reader.tags if "http-equiv" in found]
    assert policy.startswith("default-src 'none';")
    wanted = {
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for kind, code in reader.scripts
        if kind == "code"
    }
    assert set(re.findall(r"'sha256-[^']+'", policy)) == wanted
    assert len(wanted) == 1
    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in script
    # The policy stands before everything it is for, and no handler hides in an attribute.
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert not [name for _, found in reader.tags for name in found if name.startswith("on")]
    assert not reader.all("style") or "unsafe-inline" in policy


def test_numbers_arrive_exactly_and_in_the_shortest_format(text):
    first, second = data_of(text)["nets"]
    assert [part["format"] for part in first["params"]] == ["float64"]
    assert np.array_equal(params_of(first), example_net().params)
    assert np.array_equal(unpacked(first["x"]), X.ravel())
    assert np.array_equal(unpacked(first["y"]), Y.ravel())
    assert [part["format"] for part in second["params"]] == ["int8", "int8", "float16"]
    assert np.array_equal(params_of(second), bundled().net.params)
    assert second["x"]["format"] == second["y"]["format"] == "uint8"
    assert np.array_equal(unpacked(second["x"]), demo().images.ravel())
    assert second["size"] == [28, 28]
    assert first["size"] is None
    assert second["shape"] == [*bundled().net.shape]


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_a_net_of_any_precision_arrives_exactly(kind):
    net = init_net((3, 4, 2), rng=0, dtype=kind, activation="tanh")
    shown = Shown("mine", net, np.eye(2), x=np.array([[0.1, -2, 3], [1e-9, 0, 1e30]]))
    [found] = data_of(page([shown]))["nets"]
    assert [part["format"] for part in found["params"]] == [kind]
    assert np.array_equal(params_of(found), net.params)
    assert np.array_equal(unpacked(found["x"]), shown.x.ravel())
    assert found["activations"] == ["tanh", "sigmoid"]


@pytest.mark.parametrize(("most", "formats"), [(127, ["int8", "int8", "float32"]), (128, None)])
def test_weights_that_are_multiples_of_a_unit_for_each_neuron_travel_as_bytes(most, formats):
    net = init_net((3, 4, 2), rng=0)
    units = np.float32([2**-20, 1, 0.75, 8])
    net.W[0][:] = [[-most, 0, 3, 2], [0, 0, 0, 0], [1, 5, -2, 2]] * units
    net.W[1][:] = 0
    net.b[0][:] = 0.1
    shown = Shown("mine", net, np.eye(2), x=np.zeros((2, 3)))
    [found] = data_of(page([shown]))["nets"]
    assert [part["format"] for part in found["params"]] == (formats or ["float32"])
    assert np.array_equal(params_of(found), net.params)
    if formats:
        assert [part.get("rows") for part in found["params"]] == [[0, 2], [], None]


def test_pixels_travel_as_bytes_where_the_net_reads_them_so():
    shown = demo()
    pixels = shown.images.reshape(20, -1) / 255
    [found] = data_of(page([replace(shown, x=pixels, captions=("seen",) * 20)]))["nets"]
    assert (found["x"]["format"], found["scale"]) == ("uint8", 255)
    assert found["captions"] == ["seen"] * 20
    [found] = data_of(page([replace(shown, x=pixels - 0.5)]))["nets"]
    assert (found["x"]["format"], found["scale"], found["size"]) == ("float64", 1, [28, 28])
    assert np.array_equal(unpacked(found["x"]), (pixels - 0.5).ravel())


def test_no_name_breaks_out():
    text = page([example(name=NASTY, note=NASTY)])
    assert Reader(text).tags.count(("img", {"src": "x", "onerror": "alert(1)"})) == 0
    [found] = data_of(text)["nets"]
    assert found["name"] == found["note"] == NASTY


def test_parts_are_put_in_once_and_not_looked_into():
    assert "<!--style-->" not in page([example(name="<!--style-->")])
    assert data_of(page([example(name="<!--script-->")]))["nets"][0]["name"] == "<!--script-->"


def test_the_code_shown_is_the_code_that_runs(text):
    import inspect

    shown = {part["name"]: part["lines"] for part in data_of(text)["code"]}
    assert list(shown) == ["forward", "backward", "optimize"]
    for function in forward, backward:
        source = inspect.getsource(function)
        assert all(line["text"].strip() in source for line in shown[function.__name__])
    marks = [line["mark"] for lines in shown.values() for line in lines if line["mark"]]
    assert marks == [
        *("z", "a"),
        *("dc_da", "slope", "dc_dz", "dc_dW", "dc_db", "paths", "C"),
        "step",
    ]


@pytest.mark.parametrize(
    "change", [{"paths": "dc_da = np.matmul"}, {"C": "dc_dz"}, {"C": "cost = COSTS"}]
)
def test_a_line_that_is_gone_or_no_longer_single_is_an_error(change):
    function, first, last, marks = CODE[1]
    with pytest.raises(LookupError, match="backward: "):
        page([example()], [(function, first, last, marks | change)])


def test_the_page_without_javascript_has_the_whole_text_with_pictures(text):
    inside = text[text.index("<noscript>") : text.index("</noscript>")]
    assert "The whole text follows" in inside
    assert "<?xml" not in text
    read = text[text.index('<article id="read">') : text.index("</article>")]
    t = trace(example_net(), X[0], Y[0])
    ratios = t.a[1][0], t.slope[1][0], t.dc_da[1][0]
    product = " \N{MULTIPLICATION SIGN} ".join(f"{ratio:.6f}" for ratio in ratios)
    assert product + f" = <strong>{t.dc_dW[1][0, 0]:.7f}</strong>" in read
    figures = re.findall(r'<figure class="live" data-live="(\w+)"', read)
    assert figures == ["mesh", "product", "fork", "sweep", "saturation"]
    assert read.count("<svg") == 7 and read.count("<summary>The answer</summary>") == 5
    assert not re.search(r"<[^>]* hidden", read)


def test_the_small_print_has_the_sign_of_the_pull_right(text):
    # Pulled down by one unit, C resists every turn that raises it: dC/d(weight), sign and all.
    small = " ".join(text[text.index('<details id="names">') :].split())
    assert "pulls it down with one unit of force" in small
    assert "resists being turned up with just dC/d of that weight" in small
    assert "give way a little, in proportion: that is a training step" in small


def test_the_page_is_well_formed_and_labelled(text):
    reader = Reader(text)
    ids = reader.all("id")
    assert len(ids) == len(set(ids))
    assert [found["lang"] for tag, found in reader.tags if tag == "html"] == ["en"]
    pointed = {"for", "aria-controls", "aria-labelledby", "aria-describedby"}
    for tag, found in reader.tags:
        for attribute in pointed & set(found):
            assert set(found[attribute].split()) <= set(ids), (tag, found)
        if tag in ("input", "select"):
            assert "aria-label" in found or found["id"] in reader.all("for"), found
        if tag == "button":
            assert found["type"] == "button", found


def test_every_element_that_a_script_asks_for_exists(text):
    reader = Reader(text)
    ids = set(reader.all("id"))
    [code] = [code for kind, code in reader.scripts if kind == "code"]
    made = set(re.findall(r'id: "([\w-]+)"', code)) | set(re.findall(r'indexBox\("([\w-]+)"', code))
    assert set(re.findall(r'byId\("([\w-]+)"\)', code)) <= ids | made


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="example: expected x, y"):
        page([example(x=X[:, :1])])
    with pytest.raises(ValueError, match="expected x, y"):
        page([example(y=Y[:, :1])])
    with pytest.raises(ValueError, match="expected x, y"):
        page([example(x=X[:0], y=Y[:0])])
    with pytest.raises(ValueError, match="1 captions"):
        page([example(captions=("one",), x=X.repeat(2, 0), y=Y.repeat(2, 0))])
    with pytest.raises(ValueError, match="finite"):
        page([example(x=X * np.nan)])
