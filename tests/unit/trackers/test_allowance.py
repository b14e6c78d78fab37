"""A share of the rate limit that a server announces, and so many requests at once."""

from __future__ import annotations

import threading

import pytest

from okrsync.trackers.allowance import Allowance, Gates
from okrsync.trackers.errors import Transient
from okrsync.trackers.retry import RetryPolicy

DATE = "Mon, 05 Oct 2026 09:30:00 GMT"  # 1791192600


def headers(remaining: int, *, limit: int = 10, reset: str = "1791196200", resource: str = "core") -> dict[str, str]:
    """An hour before the window ends."""
    return {
        "date": DATE,
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": reset,
        "x-ratelimit-resource": resource,
    }


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def half(clock: list[float]) -> Allowance:
    return Allowance(0.5, lambda: clock[0])


def test_half_of_the_limit_and_then_a_pause_until_the_window_ends(half: Allowance, clock: list[float]) -> None:
    for number in range(4):
        half.hear(headers(9 - number))
        assert half.wait() == 0
    half.hear(headers(5))
    assert half.wait() == 3600
    clock[0] += 3599
    assert half.wait() == 1
    clock[0] += 1
    assert half.wait() == 0
    half.hear(headers(9, reset="1791199800"))
    assert half.wait() == 0, "a new window begins from nothing"


def test_what_others_used_is_not_reckoned_and_what_is_free_neither(half: Allowance) -> None:
    for _ in range(20):
        half.hear(headers(1), free=True)
    half.hear(headers(0))
    assert half.wait() == 0
    assert half.left == 0.0


def test_each_kind_of_request_has_a_share_of_its_own(half: Allowance) -> None:
    for _ in range(5):
        half.hear(headers(5, resource="search"))
    assert half.wait() == 3600
    other = Allowance(0.5)
    for _ in range(3):
        other.hear(headers(5, resource="search"))
        other.hear(headers(5, resource="core"))
    assert other.wait() == 0


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0"},
        headers(0, reset="soon"),
        headers(0, limit=0),
        {**headers(0), "x-ratelimit-limit": "many"},
        {**headers(0), "date": "some day"},
    ],
)
def test_what_says_nothing_of_a_window_limits_nothing(half: Allowance, told: dict[str, str]) -> None:
    for _ in range(200):
        half.hear(told)
    assert half.wait() == 0


def test_a_window_may_end_at_a_moment_as_iso_8601_has_it(half: Allowance) -> None:
    for _ in range(5):
        half.hear(headers(3, reset="2026-10-05T10:00Z"))
    assert half.wait() == 1800
    assert half.left == 0.3


def test_who_has_used_the_share_sends_nothing_and_says_until_when(half: Allowance) -> None:
    policy = RetryPolicy(allowance=half, longest_wait=60)
    for _ in range(5):
        half.hear(headers(5))
    with pytest.raises(Transient, match="has used the 50% of the rate limit that it may") as paused:
        policy.call(lambda: pytest.fail("it was sent"), repeatable=False)
    assert paused.value.retry_after == 3600 and paused.value.acted is False
    assert policy.requests == 0


def test_so_many_requests_at_once_at_a_host_whoever_sends_them() -> None:
    gates, most, now, lock = Gates(), [0], [0], threading.Lock()
    enough = threading.Barrier(2, timeout=30)

    def send() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if enough.n_waiting < 2:
            enough.wait()
        with lock:
            now[0] -= 1

    policies = [RetryPolicy(gate=gates.gate("jira.example", 2)) for _ in range(6)]
    threads = [threading.Thread(target=policy.call, args=(send,), kwargs={"repeatable": True}) for policy in policies]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [2]
    assert gates.gate("other.example", 1) is not gates.gate("jira.example", 1)
