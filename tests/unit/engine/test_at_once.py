"""Several pieces of work at the same time."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from okrsync.engine.at_once import at_once


class Called(BaseException):
    """A signal came."""


@pytest.fixture
def alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Called

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.signal(signal.SIGALRM, before)


def test_all_are_under_way_together_and_answer_in_their_order() -> None:
    together = threading.Barrier(3, timeout=30)

    def work(number: int) -> int:
        together.wait()
        return number

    assert at_once([lambda: work(1), lambda: work(2), lambda: work(3)]) == [1, 2, 3]


def test_a_single_one_needs_no_thread() -> None:
    assert at_once([threading.current_thread]) == [threading.main_thread()]
    assert at_once([]) == []


def test_the_first_error_is_told_when_all_have_ended() -> None:
    ended: list[int] = []

    def fail(number: int) -> None:
        ended.append(number)
        raise LookupError(str(number))

    with pytest.raises(LookupError, match="1"):
        at_once([lambda: ended.append(0), lambda: fail(1), lambda: fail(2)])
    assert sorted(ended) == [0, 1, 2]


def test_a_signal_ends_the_waiting(alarm: None) -> None:
    free = threading.Event()
    together = threading.Barrier(2, timeout=30)

    def work(*, ring: bool) -> None:
        together.wait()
        if ring:
            os.kill(os.getpid(), signal.SIGALRM)
        free.wait(60)

    begun = time.monotonic()
    with pytest.raises(Called):
        at_once([lambda: work(ring=True), lambda: work(ring=False)])
    assert time.monotonic() - begun < 30
    free.set()
