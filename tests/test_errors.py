"""What sentences about things that go wrong, or right, are made of."""

from simplenet.errors import counted, reason


def test_one_is_not_several():
    assert [counted(number, "image") for number in (0, 1, 2, 1000)] == [
        "0 images", "1 image", "2 images", "1,000 images",
    ]  # fmt: skip
    assert counted(1, "copy", "copies") == "1 copy" and counted(3, "copy", "copies") == "3 copies"


def test_a_reason_ends_without_a_full_stop():
    assert reason(OSError(2, "No such file.")) == "No such file"
    assert reason(ValueError()) == "ValueError"
