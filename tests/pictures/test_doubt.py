"""Whether a prediction is to be believed: what speaks against it, and when nobody is asked."""

import numpy as np
import pytest

from simplenet import Run, init_net, load_data, outputs
from simplenet.backprop import bundled
from simplenet.pictures import doubt
from simplenet.pictures.doubt import least_margin_of, opinion, reads_digits, second
from simplenet.training.measured import margins


def model(shape=(784, 10), data=None, margin=None, **functions):
    measured = {} if margin is None else {"margin": margin}
    return Run(init_net(shape, rng=0, **functions), data=data or {}, measured=measured)


def of_class(called, most=0.9, other=None, second=0.05):
    """Return ten outputs: so much for a class, less for another, and the rest nearly nothing."""
    found = np.full(10, 0.001)
    found[(called + 1) % 10 if other is None else other] = second
    found[called] = most
    return found


@pytest.fixture(scope="module")
def digits():
    """Return ten images of the sample's test digits, one of each class in turn: plain ones."""
    images, labels = load_data("sample").test
    plain = outputs(bundled().net, images)[np.arange(len(labels)), labels] > 0.95
    return images[[int(np.flatnonzero(plain & (labels == number))[0]) for number in range(10)]]


@pytest.fixture
def shares(monkeypatch):
    """Return what the second network gives each class, to be set: of a 3, hardly likely enough."""
    shares = np.full((1, 11), (1 - doubt.LIKELY) / 10, np.float32)
    shares[0, 3] = doubt.LIKELY
    monkeypatch.setattr(doubt, "outputs", lambda net, images: shares)
    return shares


def test_a_margin_below_that_of_the_model_is_doubted_and_names_the_other_class(digits, shares):
    for least, sure in (0.84, True), (0.86, False):
        found = opinion(of_class(3, 0.9, 8), digits[3], [model(margin=least)])
        assert found.sure is sure and found.margin == pytest.approx(0.85)
        assert found.least_margin == least
        assert found.text == ("" if sure else "an 8 is nearly as likely")
        assert [reason for reason, _ in found.doubt] == [] if sure else ["margin"]
    found = opinion(of_class(8, 0.5, 1, 0.5), digits[8], [model()])
    assert found.doubt[0].text == "a 1 is nearly as likely"  # not the class itself


def test_a_small_margin_is_believed_only_where_the_second_network_is_certain(digits, shares):
    for share, called, reasons in (
        (0.95, 3, []),
        (0.6, 3, ["margin"]),
        (0.4, 3, ["margin", "second"]),
        (0.95, 4, ["margin", "second"]),  # it is certain of another class
    ):
        shares[0, 3] = share
        found = opinion(of_class(called, 0.5, 8, 0.4), digits[3], [model(margin=0.2)])
        assert [reason for reason, _ in found.doubt] == reasons
        assert found.margin == pytest.approx(0.1) and found.sure is (not reasons)
    shares[0, 3] = 1  # but it is not asked of other data
    asked = opinion(of_class(3, 0.5, 8, 0.4), digits[3], [model(data={"name": "custom"})])
    assert [reason for reason, _ in asked.doubt] == ["margin"]


def test_what_was_not_measured_has_a_margin_that_is_usual_and_a_committee_the_mean(digits):
    assert least_margin_of(model()) == 0.3
    softmax = model(output_activation="softmax", cost="cross-entropy")
    assert least_margin_of(softmax) == 0.5
    assert least_margin_of(model(margin=0.0)) == 0  # which was measured
    found = opinion(of_class(3), digits[3], [softmax, model(margin=0.9)])
    assert found.least_margin == pytest.approx(0.7)
    assert 0.3 < least_margin_of(bundled()) < 1 and bundled().measured["margin"] > 0


def test_what_a_second_network_reads_otherwise_is_doubted(digits):
    for number, image in enumerate(digits):
        right = opinion(of_class(number), image, [model()])
        assert right.sure and right.second == number and right.unlikeness < 0.5
        wrong = opinion(of_class((number + 1) % 10), image, [model()])
        article = "an" if number == 8 else "a"
        assert wrong.text == f"a second network reads {article} {number}"
        assert wrong.doubt[0].reason == "second" and wrong.second == number


@pytest.mark.parametrize("kind", ["noise", "white", "lines", "frame"])
def test_what_is_no_digit_is_unlike(kind):
    image = np.zeros((28, 28), np.uint8)
    if kind == "noise":
        image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    elif kind == "white":
        image[:] = 255
    elif kind == "lines":
        image[4:24:4, 4:24] = 255
    else:
        image[4:24, 4:24] = 255
        image[7:21, 7:21] = 0
    for number in range(10):
        found = opinion(of_class(number), image, [model()])
        assert not found.sure and found.unlikeness > 0.5
        assert found.text == "unlike any digit it has learned from" and found.second is None
        assert [doubt.reason for doubt in found.doubt] == ["unlike"]


def test_marks_that_were_left_out_inside_of_a_digit_are_doubted(digits, shares):
    shares[0, 3] = 0.9
    assert opinion(of_class(3), digits[3], [model()], doubt.MARKS - 1).sure
    found = opinion(of_class(3), digits[3], [model()], doubt.MARKS)
    assert found.text == "there are marks inside that belong to no digit"
    assert [reason for reason, _ in found.doubt] == ["unlike"]
    assert opinion(of_class(3), digits[3], [model(data={"name": "custom"})], doubt.MARKS).sure


def test_the_same_digit_hardly_read_has_its_own_words(digits, shares):
    shares[0, 3] = doubt.LIKELY - 0.05
    assert opinion(of_class(3), digits[3], [model()]).text == "a second network hardly reads it"
    shares[0, 3] = doubt.LIKELY
    assert opinion(of_class(3), digits[3], [model()]).sure


@pytest.mark.parametrize(
    ("kwargs", "reads"),
    [
        ({}, True),
        ({"data": {"name": "mnist", "size": [28, 28]}}, True),
        ({"data": {"name": "sample", "size": [28, 28]}}, True),
        ({"data": {"name": "mnist"}}, True),
        ({"data": {"name": "fashion-mnist", "size": [28, 28]}}, False),
        ({"data": {"name": "custom", "size": [28, 28]}}, False),
        ({"data": {"name": "mnist", "size": [14, 56]}}, False),
        ({"shape": (784, 11)}, False),
        ({"shape": (100, 10)}, False),
    ],
    ids=str,
)
def test_the_second_network_is_asked_only_of_digits_that_it_knows(kwargs, reads, digits):
    run = model(**kwargs)
    assert reads_digits(run) is reads
    found = np.append(of_class(2), [0] * (run.net.shape[-1] - 10))
    asked = opinion(found, digits[3], [model(), run])  # a committee: all have to
    assert (asked.second is not None) is reads and (asked.unlikeness is not None) is reads
    assert asked.sure is not reads


def test_of_one_output_there_is_no_other_class():
    found = opinion(np.array([0.01]), np.zeros((3, 3), np.uint8), [model((9, 1))])
    assert found.sure and found.margin == pytest.approx(0.01)


def test_the_second_network_reads_the_samples_digits_and_is_small():
    images, labels = load_data("sample").test
    shares = outputs(second(), images[:500])
    assert shares.shape == (500, 11) and second().params.dtype == np.float32
    assert (shares.argmax(axis=1) == labels[:500]).mean() > 0.9
    assert (shares[:, 10] > 0.5).mean() < 0.05
    path = doubt.Path(doubt.__file__).with_name("second.npz")
    assert path.stat().st_size < 160_000


def test_the_bundled_network_is_sure_of_most_digits_and_of_hardly_any_noise():
    net, images = bundled(), load_data("sample").test.images[:200]
    sure = [opinion(a, x, [net]).sure for a, x in zip(outputs(net.net, images), images)]
    assert np.mean(sure) > 0.85
    noise = np.random.default_rng(1).integers(0, 256, (200, 28, 28), np.uint8)
    found = outputs(net.net, noise)
    assert (margins(found) > least_margin_of(net)).any()  # the margin alone does not tell
    assert not any(opinion(a, x, [net]).sure for a, x in zip(found, noise))
