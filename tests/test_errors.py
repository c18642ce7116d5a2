"""What sentences about things that go wrong, or right, are made of."""

from simplenet.errors import counted, reason, with_article


def test_one_is_not_several():
    assert [counted(number, "image") for number in (0, 1, 2, 1000)] == [
        "0 images", "1 image", "2 images", "1,000 images",
    ]  # fmt: skip
    assert counted(1, "copy", "copies") == "1 copy" and counted(3, "copy", "copies") == "3 copies"


def test_a_reason_ends_without_a_full_stop():
    assert reason(OSError(2, "No such file.")) == "No such file"
    assert reason(ValueError()) == "ValueError"


def test_a_number_or_name_gets_the_article_that_is_said():
    with_an = 8, 11, 18, 80, "eight", "Ankle boot", "owl", "umbrella"
    with_a = 0, 1, 7, 10, 61, 110, 118, "one", "zero", "unicorn", "Coat", "7"
    assert [with_article(what) for what in with_an] == [f"an {what}" for what in with_an]
    assert [with_article(what) for what in with_a] == [f"a {what}" for what in with_a]
