"""Threads that share work: all of it is done, once, and the caller hears of what goes wrong."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from simplenet import sharing
from simplenet.memory import PIECE, pieces, scratch
from simplenet.sharing import Pace, in_pieces, share, use_threads


@pytest.fixture(params=[1, 2, 3, 7])
def threads(request):
    use_threads(request.param)
    yield request.param
    use_threads(1)


@pytest.fixture
def three():
    use_threads(3)
    yield
    use_threads(1)


def test_every_part_is_done_once_and_results_come_in_order(threads):
    for count in 0, 1, 2, 50:
        done = []
        results = share(lambda n, done=done: (done.append(n), n * n)[1], range(count))
        assert results == [n * n for n in range(count)]
        assert sorted(done) == list(range(count))


def test_so_many_threads_are_at_work_and_no_more(threads):
    """Each part waits until there are as many as there can be: with fewer, for too long."""
    together, started = threading.Barrier(threads), set()

    def meet(_):
        started.add(threading.current_thread())
        together.wait(timeout=20)

    share(meet, range(threads))
    assert len(started) == threads
    assert threading.current_thread() in started


def test_a_thread_that_is_late_is_not_waited_for(three):
    """A helper on a busy core may wake up when all is done."""
    late = threading.Event()
    sharing._offered.put(Late(late))
    sharing._offered.put(Late(late))
    try:
        assert share(lambda n: n, range(5)) == list(range(5))
    finally:
        late.set()


class Late:
    """Work that keeps a helper until it is let go."""

    def __init__(self, event):
        self.event = event

    def help(self):
        self.event.wait(20)


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt(), MemoryError()])
def test_what_a_part_raises_is_raised_when_no_thread_is_at_work_any_more(threads, error):
    running = []

    def work(n):
        running.append(n)
        try:
            if n == 1:
                raise error
            time.sleep(0.01)
        finally:
            running.remove(n)

    with pytest.raises(type(error)) as raised:
        share(work, range(20))
    assert raised.value is error
    assert running == []
    assert share(abs, [-1, -2, -3]) == [1, 2, 3]  # and threads are there for the next


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to threads")
@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_while_the_caller_waits_for_the_others_is_raised_when_they_are_done(three, times):
    main, both, written = threading.main_thread(), threading.Barrier(2), []

    def work(n):
        if n < 2:
            both.wait(timeout=20)  # by two threads, of which one may be the caller
        if threading.current_thread() is main:
            return
        for _ in range(times):
            time.sleep(0.1)  # the caller has nothing left to do, and waits
            signal.pthread_kill(main.ident, signal.SIGINT)
        time.sleep(0.1)
        written.append("done")

    with pytest.raises(KeyboardInterrupt):
        share(work, range(2))
    assert written


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to threads")
def test_ctrl_c_waits_for_the_parts_that_are_being_done(three):
    """A helper that went on writing after that would change what has been put back."""
    main, written = threading.main_thread(), []

    def work(n):
        if threading.current_thread() is main:
            while not written:
                time.sleep(0.001)
        else:
            written.append("begun")
            signal.pthread_kill(main.ident, signal.SIGINT)
            time.sleep(0.1)
            written.append("done")

    with pytest.raises(KeyboardInterrupt):
        share(work, range(3))
    assert written.count("begun") == written.count("done") >= 1


def test_numpy_treats_errors_in_every_thread_as_the_caller_asked(three):
    """Warnings are errors in tests; each thread of numpy has settings of its own."""
    together = threading.Barrier(3)

    def overflow(_):
        together.wait(timeout=20)
        return float(np.exp(np.float32(1000)))

    with np.errstate(over="ignore"):
        assert share(overflow, range(3)) == [np.inf] * 3
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        share(overflow, range(3))


def test_work_inside_of_work_is_done(three):
    assert share(lambda n: share(lambda m: n * m, range(4)), range(4)) == [
        [n * m for m in range(4)] for n in range(4)
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(three):
    share(abs, range(3))
    child = os.fork()
    if child == 0:
        together = threading.Barrier(3)
        try:
            os._exit(len(share(lambda _: together.wait(timeout=10), range(3))) - 3)
        finally:
            os._exit(1)
    for _ in range(2000):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.01)
    else:
        os.kill(child, signal.SIGKILL)
        pytest.fail("the child waits for threads that it does not have")
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_number_of_threads_that_is_none_is_refused():
    with pytest.raises(ValueError, match="threads: expected a whole number of at least 1, found 0"):
        use_threads(0)
    with pytest.raises(ValueError, match=r"found 2\.5"):
        use_threads(2.5)


# --- pieces -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5 * PIECE - 7])
def test_pieces_are_all_of_a_vector_in_order(size):
    found = pieces(size)
    assert [piece.start for piece in found] == [0, *(piece.stop for piece in found)][: len(found)]
    assert sum(piece.stop - piece.start for piece in found) == size
    assert all(0 < piece.stop - piece.start <= PIECE for piece in found)


def test_what_is_done_in_pieces_is_done_to_everything(threads):
    source = np.random.default_rng(0).random((3, PIECE))
    target, number = np.zeros_like(source), np.zeros(())
    in_pieces(np.copyto, target, source)
    np.testing.assert_array_equal(target, source)
    in_pieces(np.copyto, number, np.array(7.0))
    assert number == 7


def test_every_thread_has_room_of_its_own(three):
    together = threading.Barrier(3)

    def fill(n):
        room = scratch(0, 10, np.dtype(np.float32))
        room[:] = n
        together.wait(timeout=20)
        return room.tolist()

    assert share(fill, range(3)) == [[n] * 10 for n in range(3)]
    one, other = scratch(0, 5, np.dtype(np.float32)), scratch(1, 5, np.dtype(np.float32))
    one[:], other[:] = 1, 2
    assert one.tolist() == [1] * 5


# --- pace -----------------------------------------------------------------------------------------


def threads_of_blocks(seconds_together, count):
    """Return how many threads did each block, where one takes a second for an item.

    The block that is tried alone has fewer items than the one that is tried together.
    """
    clock, found = [0.0], []
    pace = Pace(clock=lambda: clock[0])
    for number in range(count):
        items = 1 + number % 64
        with pace.block(items):
            now = getattr(sharing._limit, "threads", sharing._threads)
            found.append(now)
            clock[0] += items * (1.0 if now == 1 else seconds_together(number))
    return found


def test_threads_are_used_where_they_help_and_both_ways_are_tried_now_and_then(three):
    once = [*[3] * 32, 1, 1, *[3] * 30]
    assert threads_of_blocks(lambda _: 0.9, 200) == (4 * once)[:200]
    assert sharing._threads == 3


def test_one_thread_goes_on_alone_while_other_programs_need_the_cores(three):
    found = threads_of_blocks(lambda number: 1.5 if number < 150 else 0.6, 256)
    trial = [1, 1, 3, 3, 3]
    rest = 59  # of 64
    expected = [3] * 32 + trial + [1] * rest + trial + [1] * rest + trial + [3] * rest
    assert found == (expected + trial + [3] * rest)[:256]


def test_a_single_slow_block_does_not_decide(three):
    """Threads that have slept long, or another program's moment, make one block slow."""
    slow = {34, 35, 64 + 35, 64 + 36}  # of the three that are tried together
    found = threads_of_blocks(lambda number: 5.0 if number in slow else 0.6, 192)
    assert found == 3 * [*[3] * 32, 1, 1, *[3] * 30]


def test_an_error_in_a_block_leaves_the_number_of_threads(three):
    pace = Pace()
    for _ in range(3):
        with pytest.raises(ValueError), pace.block(1):
            raise ValueError
    assert sharing._threads == 3


def test_two_threads_that_train_do_not_change_what_was_chosen(three):
    """One of them may try a block alone while the other begins."""
    alone, other = Pace(), Pace()
    alone.blocks = Pace.PERIOD // 2

    def begin():
        with other.block(1):
            seen.append(getattr(sharing._limit, "threads", sharing._threads))

    seen = []
    with alone.block(1):
        thread = threading.Thread(target=begin)
        thread.start()
        thread.join()
    assert seen == [3] and sharing._threads == 3


def test_ctrl_c_while_work_is_offered_waits_too(three, monkeypatch):
    offered, done = sharing._offered, []

    class Interrupting:
        get, empty = offered.get, offered.empty

        def put(self, work):
            offered.put(work)
            time.sleep(0.05)
            raise KeyboardInterrupt

    def work(n):
        time.sleep(0.1)
        done.append(n)

    share(abs, range(3))  # the helpers wait at the real one
    monkeypatch.setattr(sharing, "_offered", Interrupting())
    with pytest.raises(KeyboardInterrupt):
        share(work, range(6))
    before = len(done)
    time.sleep(0.3)
    assert len(done) == before >= 1


def test_where_no_more_threads_can_start_the_caller_does_the_work(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(sharing, "_helpers", 0)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    use_threads(3)
    try:
        assert share(abs, [-1, -2, -3]) == [1, 2, 3]
    finally:
        use_threads(1)


def test_a_callback_for_errors_is_called_in_every_thread(three):
    called, together = [], threading.Barrier(3)
    before = np.seterrcall(lambda kind, flag: called.append(kind))
    try:

        def overflow(_):
            together.wait(timeout=20)
            np.exp(np.float32(1000))

        with np.errstate(all="call"):
            share(overflow, range(3))
    finally:
        np.seterrcall(before)
    assert called == ["overflow"] * 3
