"""The sandbox's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.sandbox import SandboxClock

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = SandboxClock(START, frozen=True)
    assert clock.now() == clock.now() == START
    assert clock.advance(timedelta(minutes=-5)) == START - timedelta(minutes=5)
    clock.set(datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_running_clock_runs_on_from_where_it_was_set() -> None:
    clock = SandboxClock(START)
    first = clock.now()
    assert START <= first <= clock.now() < START + timedelta(seconds=10)
    clock.set(START + timedelta(days=9))
    clock.advance(timedelta(days=1))
    assert timedelta(0) <= clock.now() - START - timedelta(days=10) < timedelta(seconds=10)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        SandboxClock().set(datetime(2026, 1, 1))


@given(moves=st.lists(st.timedeltas(timedelta(days=-1000), timedelta(days=1000)), max_size=5), frozen=st.booleans())
def test_a_saved_clock_goes_on_where_it_was(moves: list[timedelta], frozen: bool) -> None:
    clock, other = SandboxClock(START, frozen=frozen), SandboxClock()
    for move in moves:
        clock.advance(move)
    other.load_json(clock.to_json())
    assert other.frozen is frozen
    assert abs(other.now() - clock.now()) < timedelta(seconds=5)
