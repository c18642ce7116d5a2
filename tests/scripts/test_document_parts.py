"""What the gear document is made with: four ways to a gradient, and Markdown as HTML."""

from itertools import pairwise

import numpy as np
import pytest
from making import document, markup
from making.four_ways import counts, ways

import simplenet
from simplenet.backprop.example import X, Y, example_net, trace
from simplenet.net import net_around

# --- four ways -----------------------------------------------------------------------------------


def some_net(shape):
    rng = np.random.default_rng(0)
    size = sum(n * m + m for n, m in pairwise(shape))
    net = net_around(
        rng.normal(size=size), shape, ("sigmoid",) * (len(shape) - 1), "half-squared-error"
    )
    return net, rng.normal(size=shape[0]), rng.random(shape[-1])


@pytest.mark.parametrize("shape", [(1, 1), (2, 2, 2), (3, 4, 2, 3), (2, 3, 3, 2, 2)])
def test_all_ways_lead_to_the_gradient_of_the_heart(shape):
    net, x, y = some_net(shape)
    expected = trace(net, x, y) and net.grads
    made = ways(net, x.tolist(), y.tolist())
    a = made.forward()
    slopes = made.slopes(a)
    np.testing.assert_allclose(made.backward(a, slopes), expected, rtol=1e-10, atol=1e-15)
    for way in made.push, made.paths:
        found = [way(a, slopes, *place) for place in made.parameters()]
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-15)
    found = [made.nudge(*place) for place in made.parameters()]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_the_example_takes_twenty_multiplications_by_hand():
    """Four slopes, two deltas, four weights, four paths, two deltas, four weights."""
    found = counts(ways(example_net(), X[0].tolist(), Y[0].tolist()))
    assert found["forward"] == 8 and found["backward"] == 4 + 2 + 4 + 4 + 2 + 4
    assert found["nudge"] == 13 * (8 + 2)  # of the cost two squares
    # w1: x1 with its slope; w5 and w7; two slopes; two errors. A bias saves the first; w5 takes 2.
    assert found["push"] == 4 + 4 * 7 + 2 * 6 + 4 * 2 + 2 * 1


def test_counting_one_of_each_layer_is_counting_all():
    net, x, y = some_net((3, 4, 2))
    made = ways(net, x.tolist(), y.tolist())
    found = counts(made)
    a = made.forward()
    slopes = made.slopes(a)
    for name in "push", "paths":
        made.counted()
        saved = sum(net.shape[1:])
        for place in made.parameters():
            getattr(made, name)(a, slopes, *place)
        assert made.counted() + saved == found[name]


def test_a_backward_pass_costs_about_two_forward_passes_however_deep():
    for layers in 3, 6:
        net, x, y = some_net((20,) * layers)
        found = counts(ways(net, x.tolist(), y.tolist()))
        assert 1.5 < found["backward"] / found["forward"] < 2.2
        assert found["push"] > 20 * found["backward"]


def test_cross_entropy_flips_what_the_squared_error_does_not():
    found = document.flips(chosen=(3,), most=20)["flip"]
    assert found["cross-entropy"]["flipped"] == 9
    assert found["cross-entropy"]["slowest"] <= 10
    assert found["half-squared-error"] == {"flipped": 0, "slowest": 0}


# --- Markdown ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, html",
    [
        ("one\ntwo", "<p>one two</p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("**bold** and *leaning*", "<p><strong>bold</strong> and <em>leaning</em></p>"),
        ("**where `.T` goes**", "<p><strong>where <code>.T</code> goes</strong></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("`a * b * c`", "<p><code>a * b * c</code></p>"),
        ("[`net.py`](../net.py) and [x](http://x.y)", "<p><code>net.py</code> and x</p>"),
        (
            "[the workshop](workshop.ipynb), see [README](../../README.md)",
            "<p>the workshop, <code>simplenet/backprop/workshop.ipynb</code>, see README</p>",
        ),
        ("[there](#there)", '<p><a href="#read-there">there</a></p>'),
        ("## 2. One *mesh*", '<h2 id="read-2-one-mesh">2. One <em>mesh</em></h2>'),
        ("- one\n  more\n- two", "<ul>\n<li>one more</li>\n<li>two</li>\n</ul>"),
        ("1. one\n2. two", "<ol>\n<li>one</li>\n<li>two</li>\n</ol>"),
        ("```python\na < b\n```", '<pre tabindex="0"><code>a &lt; b</code></pre>'),
        (
            "1. one\n\n   ```python\n   x\n   ```\n\n   more",
            '<ol>\n<li><p>one</p><pre tabindex="0"><code>x</code></pre><p>more</p></li>\n</ol>',
        ),
        (
            "| a | b |\n|---|---|\n| 1 | **2** |",
            '<div class="wide" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
            "<tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table></div>",
        ),
        ("<!-- not shown -->", ""),
        ("![words](a.svg)", ""),
    ],
)
def test_markdown_becomes_html(text, html):
    assert markup.html(text, "read-") == html


def test_a_picture_is_what_the_caller_makes_of_it():
    made = markup.html("![some words](a.svg)", picture=lambda words, path: f"{path}: {words}")
    assert made == "a.svg: some words"


def test_the_bars_of_the_ways_stand_still_in_the_page_too():
    page = document.as_page("![Bars.](figures/ways.svg)\n")
    assert '<figure><svg viewBox="0 0 500' in page and "31,821" in page
    assert len(page) < 5_000


def test_anchors_are_those_of_github():
    assert markup.anchor("6. The fork: where a sum comes from") == (
        "6-the-fork-where-a-sum-comes-from"
    )


def test_the_readme_and_the_page_have_the_same_text():
    files = document.files()
    readme, page = (files[path].decode() for path in (document.PATH, document.PAGE))
    for sentence in (
        "the principle of virtual work",
        "No path is multiplied out by itself",
        "The worst mistakes are mended slowest.",
    ):
        assert sentence in " ".join(readme.split()) and sentence in page
    assert "gears.svg" in readme and "gears.svg" not in page
    assert page.count("<figure") == 7 and readme.count("figures/") == 7
    assert simplenet.__name__ in readme and "@" + "both" not in readme + page
