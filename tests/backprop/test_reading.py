"""The text in the page: its figures in Node against the mechanism, and in a browser, by keys."""

import json
import re
import shutil
import subprocess
from html import unescape
from itertools import pairwise

import numpy as np
import pytest
from making import figures
from test_browser import Page, chromium, silence  # noqa: F401  # fixtures

from simplenet import backprop
from simplenet.backprop.example import LR, X, Y, example_net
from simplenet.backprop.mechanism import forces, given, machine, positions
from simplenet.backprop.page import Shown, page
from simplenet.net import net_around

NODE = shutil.which("node")
WEB = backprop.bundled_path().parent / "web"
MINUS = "\N{MINUS SIGN}"
FIGURES = ("mesh", "product", "fork", "sweep", "saturation")


# --- what the figures compute --------------------------------------------------------------------


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_the_machinery_stands_and_pulls_as_the_mechanism_does():
    rng = np.random.default_rng(0)
    asked, expected = [], []
    for shape in [(1, 1), (2, 2, 2), (3, 4, 2, 2)] * 5:
        size = sum(n * m + m for n, m in pairwise(shape))
        activations = ("sigmoid",) * (len(shape) - 1)
        net = net_around(rng.normal(size=size), shape, activations, "half-squared-error")
        made = machine(net)
        start = given(net, rng.normal(size=shape[0]).tolist(), rng.random(shape[-1]).tolist())
        at = positions(made, start)
        felt, shares = forces(made, at)
        parts = [[part.kind[:2], part.inputs, part.output, part.name] for part in made.parts]
        asked.append({"parts": parts, "set": start})
        expected.append((at, felt | shares))
    code = """
    const { standsAt, feeling } = await import(process.argv[1]);
    const asked = JSON.parse(process.argv[2]);
    console.log(JSON.stringify(asked.map(({ parts, set }) => {
      const at = standsAt(parts, set);
      return [at, feeling(parts, at)];
    })));
    """
    command = [NODE, "--input-type=module", "-e", code, f"{WEB.as_uri()}/machinery.mjs"]
    result = subprocess.run([*command, json.dumps(asked)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for found, wanted in zip(json.loads(result.stdout), expected, strict=True):
        for one, other in zip(found, wanted):
            assert set(one) == set(other)
            for name, value in other.items():
                assert one[name] == pytest.approx(value, rel=1e-10, abs=1e-14), name


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_an_arrow_is_drawn_as_the_still_has_it():
    import figures as drawn

    cases = [(10, 20, g, 720) for g in (0.0554, -0.019, 0.001, -0.2)]
    code = """
    const { pullPath } = await import(process.argv[1]);
    console.log(JSON.stringify(JSON.parse(process.argv[2]).map((c) => pullPath(...c))));
    """
    command = [NODE, "--input-type=module", "-e", code, f"{WEB.as_uri()}/machinery.mjs"]
    result = subprocess.run([*command, json.dumps(cases)], capture_output=True, text=True)
    for case, path in zip(cases, json.loads(result.stdout), strict=True):
        found, wanted = (
            [float(n) for n in re.findall(r"-?[\d.]+", text)]
            for text in (path, drawn.pull_path(*case))
        )
        assert found == pytest.approx(wanted, abs=0.006)


# --- in a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reading(chromium, tmp_path_factory):  # noqa: F811
    path = tmp_path_factory.mktemp("reading") / "gears.html"
    shown = Shown("the worked example, 2-2-2", example_net(), x=X, y=Y, lr=LR)
    path.write_text(page([shown]), encoding="utf-8")
    return Page(chromium, path)


def said(reading, name):
    return reading.text(f"[data-live={name}] output")


def predict(reading, name, option):
    reading.run(
        "const radios = `[data-live=${arguments[0]}] input[type=radio]`;"
        "document.querySelectorAll(radios)[arguments[1]].click()",
        *(name, option),
    )


@pytest.mark.browser
def test_a_prediction_turns_the_figure_and_opens_the_answer(reading):
    reading.open(reduced_motion="reduce")
    ends = {
        "mesh": "w turned by +1.000, p rose by +0.593: 0.593 for each 1.",
        "product": "w5 turned by +1.000: for C the product of the ratios predicts +0.0822; "
        "it rose by +0.0742.",
        "fork": f"+0.0072 through w5, {MINUS}0.0190 through w7: h1 feels {MINUS}0.0118.",
        "saturation": "a is 0.980, the slope 0.020. z feels 0.019 with the squared error, "
        "0.980 with cross-entropy.",
    }  # fmt: skip
    for name in FIGURES:
        figure = figures.FIGURES[name]()
        wrong = (figure.right + 1) % 3
        answer = f"[data-live={name}] details"
        assert not reading.run(f"return document.querySelector('{answer}').open")
        predict(reading, name, wrong)
        assert reading.run(f"return document.querySelector('{answer}').open")
        assert reading.text(f"{answer} summary") == "No: watch it."
        predict(reading, name, figure.right)
        assert reading.text(f"{answer} summary") == "Yes."
        if name in ends:
            assert said(reading, name) == ends[name]
    assert "All 12 gradients are there. (20 multiplications so far.)" in said(reading, "sweep")


@pytest.mark.browser
def test_it_moves_by_itself_where_motion_is_welcome(reading):
    reading.open()
    predict(reading, "mesh", 1)
    reading.wait_for(lambda: "+1.000" in said(reading, "mesh"), "it did not arrive")


@pytest.mark.browser
def test_at_rest_a_live_figure_is_the_still(reading):
    reading.open(reduced_motion="reduce")
    script = """
    return Array.from(document.querySelectorAll("[data-live] [data-b], [data-live] [data-band]"),
      (e) => [e.getAttribute("transform") ?? "", e.getAttribute("d") ?? ""])
    """
    live = reading.run(script)
    text = (WEB / "text.html").read_text(encoding="utf-8")
    still = re.findall(r'<(?:g|path) ([^>]*\bdata-(?:b|band)="[^>]*)>', text)
    assert len(live) == len(still) > 30
    for (moved, path), attributes in zip(live, still):
        before = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
        found = [float(n) for n in re.findall(r"-?\d*\.?\d+", moved or path)]
        wanted = before.get("transform") or before["d"]
        assert found == pytest.approx(
            [float(n) for n in re.findall(r"-?\d*\.?\d+", wanted)], abs=0.07
        )


@pytest.mark.browser
def test_keys_are_enough(reading):
    from selenium.webdriver import Keys

    reading.open(reduced_motion="reduce")
    reading.run("document.querySelector('[data-live=mesh] input[type=radio]').focus()")
    reading.keys(Keys.SPACE)
    assert "+1.000" in said(reading, "mesh")
    reading.keys(Keys.TAB, Keys.ARROW_LEFT)
    assert said(reading, "mesh").startswith("w turned by +0.990")
    reading.run("document.querySelector('[data-live=sweep] input[type=range]').focus()")
    lit = "return document.querySelectorAll('[data-live=sweep] [data-s]:not(.unlit)').length"
    seen = [reading.run(lit)]
    for _ in range(6):
        reading.keys(Keys.ARROW_RIGHT)
        seen.append(reading.run(lit))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 12 + 4 + 1)  # parameters, units, C
    assert len(set(seen)) == 7  # each step shows something


@pytest.mark.browser
def test_the_picture_itself_can_be_dragged_no_further_than_the_slider(reading):
    from selenium.webdriver import ActionChains

    reading.open(width=1280, height=800)
    for name in ("mesh", "product", "fork", "saturation"):
        svg = reading.driver.find_element("css selector", f"[data-live={name}] svg")
        reading.run("arguments[0].scrollIntoView({block: 'center'})", svg)
        assert said(reading, name).startswith("Choose an answer, or drag")
        slider = figures.FIGURES[name]().live["slider"]
        range_ = f"return +document.querySelector('[data-live={name}] input[type=range]').value"
        width, wide = reading.run("return [arguments[0].clientWidth, arguments[0].viewBox.baseVal"
                                  ".width]", svg)  # fmt: skip
        before, pixels = reading.run(range_), slider["drag"] * width / wide
        by = round(0.3 * pixels)
        mouse = ActionChains(reading.driver, duration=0).move_to_element(svg).click_and_hold()
        mouse.move_by_offset(by, 3).release().move_by_offset(30, 0).perform()
        assert reading.run(range_) == pytest.approx(before + by / pixels, abs=0.011)
        assert not said(reading, name).startswith("Choose")
        far = 400 if slider["drag"] > 0 else -400
        mouse = ActionChains(reading.driver, duration=0).click_and_hold(svg)
        mouse.move_by_offset(far, 0).release().perform()
        assert reading.run(range_) == slider["max"]


@pytest.mark.browser
def test_a_finger_turns_what_it_drags_aside_and_scrolls_the_page_otherwise(reading):
    reading.open(width=390, height=800)
    reading.command("Emulation.setTouchEmulationEnabled", enabled=True)
    svg = reading.driver.find_element("css selector", "[data-live=mesh] svg")
    reading.run("arguments[0].scrollIntoView({block: 'center'})", svg)
    middle = "const r = arguments[0].getBoundingClientRect(); return [r.x + 140, r.y + 90, scrollY]"
    range_ = "return +document.querySelector('[data-live=mesh] input[type=range]').value"

    def drag(across, down):
        x, y, before = reading.run(middle, svg)
        for k in range(9):
            point = {"x": x + across * k / 8, "y": y + down * k / 8}
            kind = "touchMove" if k else "touchStart"
            reading.command("Input.dispatchTouchEvent", type=kind, touchPoints=[point])
        reading.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        return reading.run(range_), reading.run("return scrollY") - before

    try:
        before, top = reading.run(range_), reading.run("return scrollY")
        value, scrolled = drag(-30, 4)
        assert value < before - 0.3 and scrolled == 0
        assert drag(3, -160)[0] == value
        reading.wait_for(lambda: reading.run("return scrollY") > top + 50, "it did not scroll")
    finally:
        reading.command("Emulation.setTouchEmulationEnabled", enabled=False)


@pytest.mark.browser
def test_a_wrong_answer_is_marked_and_another_one_turns_it_again(reading):
    reading.open(reduced_motion="reduce")
    marks = """
    return Array.from(document.querySelectorAll("[data-live=mesh] label"),
      (e) => getComputedStyle(e.querySelector("span"), "::after").content.trim())
    """
    predict(reading, "mesh", 0)
    assert reading.run(marks) == ['" \u2717"', '" \u2713"', "none"]
    predict(reading, "mesh", 1)
    assert reading.run(marks) == ["none", '" \u2713"', "none"]
    reading.open()
    predict(reading, "mesh", 0)
    reading.wait_for(lambda: "+1.000" in said(reading, "mesh"), "it did not arrive")
    predict(reading, "mesh", 1)
    reading.wait_for(lambda: "+1.000" not in said(reading, "mesh"), "it did not begin again")


@pytest.mark.browser
def test_on_a_telephone_the_sweep_is_where_it_says(reading):
    reading.open(width=390, height=800, reduced_motion="reduce")
    left = "return document.querySelector('[data-live=sweep] .wide').scrollLeft"
    step = """
    const range = document.querySelector("[data-live=sweep] input[type=range]");
    range.value = arguments[0];
    range.dispatchEvent(new Event("input"));
    """
    assert reading.run(left) == 0
    places = []
    for value in range(1, 7):
        reading.run(step, value)
        places.append(reading.run(left))
    assert places[0] == places[1] > places[2] == places[3] > places[4] == places[5] == 0


@pytest.mark.browser
def test_the_fork_cancels_where_the_slider_says(reading):
    reading.open(reduced_motion="reduce")
    script = """
    const range = document.querySelector("[data-live=fork] input[type=range]");
    range.value = arguments[0];
    range.dispatchEvent(new Event("input"));
    return Array.from(document.querySelectorAll("[data-live=fork] [data-g]"), (e) => e.textContent);
    """
    net = example_net()
    made = machine(net)
    start = given(net, X[0].tolist(), Y[0].tolist())
    for w5 in (0.4, 0.14, -0.1):
        felt, shares = forces(made, positions(made, start | {"w5": w5}))
        wanted = [felt["h1"], shares["lever 5 h1"], shares["lever 7 h1"]]
        found = [float(text.replace(MINUS, "-")) for text in reading.run(script, w5)]
        assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_fits_a_telephone(reading, scheme):
    reading.open(width=320, height=640, color_scheme=scheme)
    assert reading.run("return document.documentElement.scrollWidth") <= 320
    small = """
    return Array.from(document.querySelectorAll("#read input, #read summary"), (e) =>
      e.getBoundingClientRect().width).filter((w) => w < 12).length
    """
    assert reading.run(small) == 0


@pytest.mark.browser
def test_without_javascript_the_text_is_whole(reading):
    reading.command("Emulation.setScriptExecutionDisabled", value=True)
    reading.driver.get(reading.path.as_uri())
    reading.command("Emulation.setScriptExecutionDisabled", value=False)
    text = reading.driver.find_element("id", "read").text
    assert "13. Exercises" in text and "The answer" in text and "by 0.593, as a is" in text
    assert reading.driver.find_elements("css selector", "#read output") == []


def test_what_a_figure_says_is_in_its_own_spec():
    text = (WEB / "text.html").read_text(encoding="utf-8")
    specs = [json.loads(unescape(spec)) for spec in re.findall("data-spec='(.*?)'>", text)]
    assert len(specs) == len(FIGURES)
    assert len(specs[FIGURES.index("sweep")]["says"]) == 7
