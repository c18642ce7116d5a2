"""The report as a page: what it holds, and that it asks nobody for anything."""

import base64
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from runs import run_with

from simplenet import init_net
from simplenet.errors import with_article
from simplenet.net import net_around
from simplenet.report.page import LARGEST, MOST_CLASSES, MOST_NEURONS, PALETTE, Evaluation, page
from simplenet.report.weights import first_weights
from simplenet.training.evaluation import Score
from simplenet.training.mistakes import Mistake
from simplenet.training.run import Run

CONFUSION = np.array([[970, 0, 12], [3, 1100, 0], [12, 0, 5]])
MISTAKES = Mistake(4, 0, 2, 0.987), Mistake(7, 2, 0, 0.5)
IMAGES = np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8)
VOID = {"meta", "img"}


class Parsed(HTMLParser):
    """A page whose elements are all closed in order; `tables`, by caption, are rows of texts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found, self.tables, self.attributes = [], [], {}, []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs)
        self.found.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th", "caption"):
            self.text = ""

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_data(self, data):
        self.text = getattr(self, "text", "") + data

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "caption":
            self.caption = self.text
        elif tag in ("td", "th"):
            self.rows[-1].append(self.text)
        elif tag == "table":
            self.tables[self.caption] = self.rows

    def pictures(self):
        """Return the words for each picture, and its pixels."""
        found = []
        for tag, attributes in self.found:
            if tag == "img":
                kind, content = attributes["src"].split(",")
                assert kind == "data:image/png;base64"
                with Image.open(io.BytesIO(base64.b64decode(content))) as image:
                    found.append((attributes["alt"], np.asarray(image.convert("RGB"))))
        return found


def evaluation(**changes):
    run = run_with([0.5, 0.25], [0.6, 0.7], [0.61, 0.72])
    how = {
        "names": ["m.npz"],
        "runs": [run],
        "data": "mnist",
        "images": IMAGES,
        "score": Score(0.0123, CONFUSION, MISTAKES),
    }
    return Evaluation(**(how | changes))


def test_it_tells_what_was_measured():
    text = page(evaluation(how="The outputs are the mean of two."))
    assert "<title>m.npz on mnist</title>" in text and "The outputs are the mean of two." in text
    assert "accuracy 98.72 %</strong>, cost 0.0123: 27 of 2,102 test images of mnist" in text
    tables = Parsed(text).tables
    assert tables["Models"][1] == ["m.npz", "64-5-3", "343", "not recorded", "2"]
    assert tables["Each class"][1:] == [
        ["0", "982", "970", "98.78 %"], ["1", "1,103", "1,100", "99.73 %"],
        ["2", "17", "5", "29.41 %"],
    ]  # fmt: skip
    assert tables["Rows are classes, columns what images were taken for"] == [
        ["class", "0", "1", "2"], ["0", "970", "0", "12"], ["1", "3", "1,100", "0"],
        ["2", "12", "0", "5"],
    ]  # fmt: skip
    assert tables["The commonest confusions"][1:] == [
        ["0", "2", "12"], ["2", "0", "12"], ["1", "0", "3"],
    ]  # fmt: skip
    assert tables["Epochs of m.npz"][1:] == [
        ["1", "0.5000", "60.00 %", "61.00 %", "5"], ["2", "0.2500", "70.00 %", "72.00 %", "5"],
    ]  # fmt: skip


def test_it_has_no_script_and_asks_nobody_for_anything():
    text = page(evaluation())
    parsed = Parsed(text)
    assert "default-src 'none'" in text and "script" not in text and "://" not in text
    assert not re.search(r"url\(|@import|javascript:|srcset", text)
    for tag, attributes in parsed.found:
        assert tag not in ("link", "iframe", "object", "base", "form"), tag
        assert not {"href", "onload", "onclick"} & set(attributes)
        assert attributes.get("src", "data:").startswith("data:")


def test_every_table_picture_and_chart_can_be_read_aloud():
    text = page(evaluation())
    parsed = Parsed(text)
    assert '<html lang="en">' in text
    assert text.count("<table") == text.count("<caption>") == text.count('tabindex="0"')
    assert all("scope" in attributes for tag, attributes in parsed.found if tag == "th")
    assert all(attributes["alt"] for tag, attributes in parsed.found if tag == "img")
    drawings = [attributes for tag, attributes in parsed.found if tag == "svg"]
    assert all(one.get("role") == "img" or one.get("aria-hidden") for one in drawings)
    headings = [int(tag[1]) for tag, _ in parsed.found if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1 and all(b <= a + 1 for a, b in pairwise(headings))


def test_the_mistakes_and_the_weights_are_there_as_pictures():
    found = evaluation()
    pictures = dict(Parsed(page(found)).pictures())
    for one in MISTAKES:
        words = f"image {one.index}, {with_article(one.truth)} taken for {one.prediction}"
        np.testing.assert_array_equal(pictures[words][:, :, 0], IMAGES[one.index])
    for number in range(5):
        shown = pictures[f"weights of neuron {number}"]
        weights = first_weights(found.runs[0].net, number, (8, 8))
        np.testing.assert_array_equal(shown, PALETTE[weights])
    assert len(pictures) == 7


def test_large_pictures_are_made_smaller():
    images = np.zeros((9, 300, 600), np.uint8)
    images[4, :, :300] = 255
    pictures = dict(Parsed(page(evaluation(images=images))).pictures())
    small = pictures["image 4, a 0 taken for 2"][:, :, 0]
    assert small.shape == (LARGEST // 2, LARGEST)
    assert (small[:, : LARGEST // 2] == 255).all() and (small[:, LARGEST // 2 :] == 0).all()


def test_the_more_images_a_cell_has_the_more_colour():
    text = page(evaluation())
    cells = re.findall(r'<td class="(\w+)" style="--shade:([\d.]+)">([\d,]+)</td>', text)
    assert [kind for kind, _, _ in cells] == [
        "right", "none", "wrong", "wrong", "right", "none", "wrong", "none", "right",
    ]  # fmt: skip
    shades = [float(shade) for _, shade, _ in cells]
    assert shades[1] == 0 and shades[6] == 55  # the worst
    assert 0 < shades[3] < shades[2] < shades[6] and shades[8] < shades[0] < shades[4] <= 55


def test_of_a_committee_every_member_is_shown():
    runs = [run_with([0.5], [0.6]), run_with([0.4], [0.7])]
    text = page(evaluation(names=["a.npz", "b.npz"], runs=runs))
    tables = Parsed(text).tables
    assert {"Epochs of a.npz", "Epochs of b.npz"} <= set(tables) and len(tables["Models"]) == 3
    assert text.count("weights of neuron 4") == 2
    assert "<li><svg" in text and "b.npz, training</li>" in text
    many = page(evaluation(names=list("abcde"), runs=[runs[0]] * 5))
    assert "<title>5 models on mnist</title>" in many


def test_names_are_text_whatever_is_in_them():
    name = '<script>alert("x")</script>&$title'
    parsed = Parsed(page(evaluation(names=[name, name], data=name, runs=evaluation().runs * 2)))
    assert not [tag for tag, _ in parsed.found if tag == "script"]
    assert parsed.tables["Models"][1][0] == name
    assert f"Epochs of {name}" in parsed.tables


def test_the_average_is_shown_of_a_run_that_has_one():
    run = run_with([0.5], [0.6], settings={"average": 1.0})
    run.average = np.random.default_rng(3).normal(size=run.net.params.size).astype(np.float32)
    average = net_around(run.average, run.net.shape, run.net.activations, run.net.cost)
    pictures = dict(Parsed(page(evaluation(runs=[run]))).pictures())
    expected = PALETTE[first_weights(average, 2, (8, 8))]
    np.testing.assert_array_equal(pictures["weights of neuron 2"], expected)


@pytest.mark.parametrize("classes", [MOST_CLASSES, MOST_CLASSES + 1])
def test_a_matrix_that_nobody_could_read_is_left_out(classes):
    confusion = np.eye(classes, dtype=int) * 3
    confusion[5, 7] = 1
    run = Run(init_net((64, classes), rng=0))
    text = page(evaluation(runs=[run], score=Score(None, confusion)))
    assert ("too large to be shown" in text) == (classes > MOST_CLASSES)
    assert Parsed(text).tables["The commonest confusions"][1:] == [["5", "7", "1"]]
    assert "None" not in text and ", cost" not in text


def test_what_there_is_nothing_of_is_said():
    right = Score(0.5, np.diag([3, 0, 1]))
    text = page(evaluation(runs=[Run(init_net((63, 3), rng=0))], score=right))
    for words in "There are none.", "no images of a known size", "No history is recorded.":
        assert words in text
    assert Parsed(text).tables["Each class"][2] == ["1", "0", "0", "-"]
    assert "There are none to be shown." in page(evaluation(score=Score(0.5, CONFUSION)))
    flat = page(evaluation(images=IMAGES.reshape(9, 64)))
    assert "a 0 taken for 2, output 0.99 (image 4)" in flat and 'alt="image' not in flat


def test_of_many_neurons_the_first_are_shown():
    run = Run(init_net((64, 1500, 3), rng=0))
    text = page(evaluation(runs=[run]))
    assert f"The first {MOST_NEURONS} of 1,500 neurons" in text
    assert text.count("weights of neuron") == MOST_NEURONS
    text = page(evaluation(names=["a", "b"], runs=[run, run]))
    assert text.count("weights of neuron") == MOST_NEURONS
