"""Who is learned from and in which order: each once, at random, whatever there is room for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simplenet.streams import PURPOSES, stream
from simplenet.training.order import TOGETHER, Others, Together, Windowed, shuffled, split


def split_many(count, validation):
    """Divide images of which more than 50 are too many to shuffle at once."""
    return split(count, validation, Together(most=50))


def draw(learned, seed=4, epoch=2, chunk=8):
    """Draw an order in windows of three chunks of 8."""
    return shuffled(learned, seed, epoch, Together(chunk=chunk, window=3))


def whole(drawn):
    return drawn[0 : len(drawn)].tolist()


def test_what_fits_is_shuffled_as_a_whole_in_numbers_of_four_bytes():
    learned, held_out = split(240, None)
    expected = np.random.default_rng(0).permutation(240)
    assert [*held_out, *learned] == expected.tolist()
    drawn = shuffled(learned, 4, 2)
    assert drawn.tolist() == np.random.default_rng([4, 2]).permutation(learned).tolist()
    assert learned.dtype == drawn.dtype == np.int32


@pytest.mark.parametrize(("count", "validation"), [(51, 0), (51, 50), (1003, 17), (1008, None)])
def test_a_division_of_many_is_fixed_too_and_held_out_are_some_from_everywhere(count, validation):
    learned, held_out = split_many(count, validation)
    assert len(held_out) == (validation if validation is not None else 168)
    assert sorted([*learned[np.arange(len(learned))], *held_out]) == list(range(count))
    assert (split_many(count, validation)[1] == held_out).all()
    if len(held_out) > 10:
        assert len(set(np.diff(held_out))) > 1  # at random
        np.testing.assert_allclose(np.diff(held_out), count / len(held_out), atol=count / 17)


@given(
    st.integers(1, 1200).flatmap(
        lambda count: st.tuples(st.just(count), st.integers(0, count - 1))
    ),
    st.builds(Together, st.integers(1, 1200), st.integers(1, 60), st.integers(1, 9)),
    st.integers(1, 300),
)
def test_an_order_has_each_image_once_in_whatever_pieces_it_is_asked_for(counts, together, size):
    (count, validation), seed = counts, 4
    learned, held_out = split(count, validation, together)
    assert len(held_out) == validation
    expected = whole(shuffled(learned, seed, 2, together))
    assert sorted([*expected, *held_out]) == list(range(count))
    drawn = shuffled(learned, seed, 2, together)
    starts = range(0, len(drawn), size)
    pieces = {at: drawn[at : at + size].tolist() for at in reversed(starts)}  # any order
    assert [n for at in starts for n in pieces[at]] == expected


def test_an_empty_piece_is_empty():
    drawn = draw(split_many(72, 0)[0])
    assert len(drawn[5:5]) == len(drawn[72:80]) == 0


def test_each_window_is_mixed_in_another_way():
    drawn = np.array(whole(draw(split_many(72, 0)[0]))).reshape(3, 24)
    ranks = {tuple(window.argsort()) for window in drawn}
    assert len(ranks) == 3


def test_held_out_images_chunks_and_each_window_have_a_stream_of_their_own():
    learned, held_out = split_many(89, 17)
    ends = np.arange(18) * 89 // 17
    assert (held_out == stream(0, "order").integers(ends[:-1], ends[1:])).all()
    chunks, expected = stream(4, "order", 2).permutation(9), []
    for number in range(3):
        window = [8 * chunk + i for chunk in chunks[3 * number : 3 * number + 3] for i in range(8)]
        images = np.setdiff1d(np.arange(89), held_out)[window]
        stream(4, "window", 2, number).shuffle(images)
        expected += images.tolist()
    assert whole(draw(learned)) == expected
    assert PURPOSES["window"] not in [PURPOSES["order"], PURPOSES["dropout"]]


@pytest.mark.parametrize("chunk", [8, 986])  # 986 are all: nothing but the mixing counts
def test_it_depends_on_the_seed_and_on_the_number_of_the_epoch(chunk):
    learned, _ = split_many(1003, 17)
    orders = [whole(draw(learned, seed, epoch, chunk)) for seed in (0, 1) for epoch in (1, 2)]
    assert len({tuple(drawn) for drawn in orders}) == 4


def test_a_window_mixes_chunks_from_everywhere():
    drawn = np.array(whole(draw(Others(24_000, np.empty(0, int)), 0, 1)))
    for window in drawn.reshape(-1, 24):
        chunks = np.unique(window // 8)
        assert len(chunks) == 3
        assert (np.abs(np.diff(window)) != 1).sum() > 12  # neighbours are parted
    first = drawn.reshape(-1, 24).min(axis=1)
    assert abs(np.corrcoef(first, np.arange(len(first)))[0, 1]) < 0.2  # they come in no order


def test_without_being_asked_for_millions_only_are_drawn_in_windows():
    many, _ = split(TOGETHER.most + 1, 10)
    assert isinstance(many, Others)
    drawn = shuffled(many, 0, 1)
    assert isinstance(drawn, Windowed)
    assert (drawn.chunk, drawn.window) == (TOGETHER.chunk, TOGETHER.window) == (4096, 256)
    assert len(set(drawn[:5000].tolist())) == 5000
