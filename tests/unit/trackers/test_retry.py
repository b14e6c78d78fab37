"""The one retry policy: what is tried again, when, how often, and how it is stopped. No test waits for real."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.trackers.errors import (
    AuthFailed,
    Conflict,
    Misconfigured,
    NotFound,
    Rejected,
    TrackerError,
    Transient,
)
from okrsync.trackers.retry import Interrupted, RetryPolicy


class NoTime(threading.Event):
    """An event whose waits take no time, and are noted."""

    def __init__(self, set_at_wait: int | None = None) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._set_at_wait = set_at_wait

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        if len(self.waits) == self._set_at_wait:
            self.set()
        return self.is_set()


class Server:
    """Answers with the given errors one after the other, then with `fine`."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)
        return "fine"


def policy(stop: NoTime | None = None, **changes: float) -> tuple[RetryPolicy, NoTime]:
    event = stop or NoTime()
    made = RetryPolicy(stop=event)
    for name, value in changes.items():
        setattr(made, name, value)
    return made, event


def unknown() -> Transient:
    return Transient("the answer is lost")


def refused(retry_after: float | None = None) -> Transient:
    return Transient("too many requests", retry_after=retry_after, acted=False)


def test_what_works_is_sent_once() -> None:
    calm, event = policy()
    server = Server()

    assert calm.call(server, repeatable=False) == "fine"
    assert (server.asked, calm.requests, calm.retries, event.waits) == (1, 1, 0, [])


def test_a_repeatable_request_is_sent_again() -> None:
    patient, event = policy()
    server = Server(unknown(), refused())

    assert patient.call(server, repeatable=True) == "fine"
    assert (server.asked, patient.requests, patient.retries) == (3, 3, 2)
    assert len(event.waits) == 2


def test_a_create_whose_answer_is_lost_is_never_sent_again() -> None:
    careful, event = policy()
    server = Server(unknown())

    with pytest.raises(Transient, match="the answer is lost"):
        careful.call(server, repeatable=False)

    assert (server.asked, careful.requests, careful.retries, event.waits) == (1, 1, 0, [])


def test_a_create_whose_answer_is_lost_is_not_sent_again_even_when_the_server_says_when_to_come_back() -> None:
    careful, event = policy()
    server = Server(Transient("503", retry_after=1.0))

    with pytest.raises(Transient):
        careful.call(server, repeatable=False)

    assert (server.asked, event.waits) == (1, [])


@pytest.mark.parametrize("repeatable", [True, False])
def test_what_a_server_certainly_did_not_do_is_sent_again_whatever_it_is(repeatable: bool) -> None:
    patient, event = policy()
    server = Server(refused(2.0), refused())

    assert patient.call(server, repeatable=repeatable) == "fine"
    assert server.asked == 3
    assert len(event.waits) == 2


def test_a_refused_create_whose_second_answer_is_lost_ends_there() -> None:
    careful, event = policy()
    server = Server(refused(), unknown())

    with pytest.raises(Transient, match="the answer is lost"):
        careful.call(server, repeatable=False)

    assert (server.asked, len(event.waits)) == (2, 1)


@pytest.mark.parametrize(
    "error", [AuthFailed("no"), NotFound("no"), Rejected("no"), Conflict("no"), Misconfigured("no"), ValueError("no")]
)
def test_what_will_fail_again_is_not_tried_again(error: Exception) -> None:
    sensible, event = policy()
    server = Server(error)

    with pytest.raises(type(error), match="no"):
        sensible.call(server, repeatable=True)

    assert (server.asked, event.waits) == (1, [])


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_attempts_are_bounded_and_none_is_waited_for_in_vain(attempts: int) -> None:
    bounded, event = policy(attempts=attempts)
    server = Server(*(refused() for _ in range(20)))

    with pytest.raises(Transient, match="too many requests"):
        bounded.call(server, repeatable=True)

    assert server.asked == bounded.requests == attempts
    assert len(event.waits) == bounded.retries == attempts - 1


@pytest.mark.parametrize("asked", [0.0, 0.5, 7.0, 30.0, 31.0, 60.0, 119.0])
def test_what_the_server_asks_to_wait_is_waited_in_full(asked: float) -> None:
    polite, event = policy()

    assert polite.call(Server(refused(asked), refused(asked)), repeatable=True) == "fine"

    assert all(asked <= wait <= asked + min(5.0, 0.1 * asked) for wait in event.waits)
    assert len(set(event.waits)) == 2 or asked == 0, "clients that were told the same time come back apart"
    assert len(event.waits) == 2


def test_a_wait_that_is_too_long_is_not_begun_and_the_time_goes_up() -> None:
    busy, event = policy(longest_wait=120.0)
    server = Server(refused(3600.0))

    with pytest.raises(Transient) as caught:
        busy.call(server, repeatable=True)

    assert caught.value.retry_after == 3600.0
    assert (server.asked, event.waits) == (1, [])


@given(st.integers(1, 8), st.floats(0.0, 2.0))
def test_without_a_time_from_the_server_the_waits_grow_within_bounds(attempts: int, first_wait: float) -> None:
    growing, event = policy(attempts=attempts, first_wait=first_wait)

    with pytest.raises(Transient):
        growing.call(Server(*(unknown() for _ in range(10))), repeatable=True)

    assert len(event.waits) == attempts - 1
    assert all(0.0 <= wait <= min(30.0, first_wait * 2**number) for number, wait in enumerate(event.waits))


def test_clients_do_not_come_back_as_a_herd() -> None:
    waits: set[float] = set()
    for _ in range(20):
        one, event = policy()
        one.call(Server(unknown()), repeatable=True)
        waits.update(event.waits)

    assert len(waits) > 15


def test_each_wait_is_announced_with_its_reason() -> None:
    told: list[tuple[float, str]] = []
    open_minded, event = policy()
    open_minded.on_wait = lambda seconds, why: told.append((seconds, why))

    open_minded.call(Server(refused(7.0), unknown()), repeatable=True)

    assert [why for _, why in told] == ["too many requests", "the answer is lost"]
    assert [seconds for seconds, _ in told] == event.waits


def test_the_counts_run_on_from_call_to_call() -> None:
    counting, _ = policy()
    for _ in range(3):
        counting.call(Server(unknown()), repeatable=True)

    assert (counting.requests, counting.retries) == (6, 3)


def test_nothing_is_sent_once_somebody_asked_to_stop() -> None:
    stopped, event = policy()
    event.set()
    server = Server()

    with pytest.raises(Interrupted):
        stopped.call(server, repeatable=True)

    assert (server.asked, stopped.requests) == (0, 0)


def test_a_wish_to_stop_during_a_wait_is_the_end() -> None:
    stopped, event = policy(NoTime(set_at_wait=2))
    server = Server(*(unknown() for _ in range(10)))

    with pytest.raises(Interrupted):
        stopped.call(server, repeatable=True)

    assert (server.asked, len(event.waits)) == (2, 2)


def test_a_long_wait_ends_at_once_when_somebody_asks_to_stop() -> None:
    patient = RetryPolicy()
    waiting = threading.Event()
    patient.on_wait = lambda _seconds, _why: waiting.set()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            patient.call(Server(refused(100.0)), repeatable=True)
        except Interrupted as error:
            ended.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    assert waiting.wait(30)
    patient.stop.set()
    worker.join(30)

    assert len(ended) == 1


def test_a_wish_to_stop_is_no_error_of_the_tracker() -> None:
    assert not issubclass(Interrupted, TrackerError)


@given(st.booleans(), st.lists(st.sampled_from([unknown, refused]), max_size=8), st.integers(1, 6))
def test_no_request_is_sent_again_after_an_unknown_end_unless_it_is_repeatable(
    repeatable: bool, ends: list[Callable[[], Transient]], attempts: int
) -> None:
    any_policy, _ = policy(attempts=attempts)
    server = Server(*(make() for make in ends))
    harmless = next((n for n, make in enumerate(ends) if make is unknown and not repeatable), len(ends))

    try:
        any_policy.call(server, repeatable=repeatable)
    except Transient:
        assert len(ends) > 0
    assert server.asked == min(harmless + 1, attempts)
