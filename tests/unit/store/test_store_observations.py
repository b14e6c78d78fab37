"""Observations: history grows by changes, what is known now by every attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import CurrentValue, Measured, Observation

REF = Ref("2026-Q4", "instant-signup", "p95")
OTHER = Ref("2026-Q4", "instant-signup", "p50")
START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_an_unchanged_value_is_confirmed_and_costs_no_row(cache: Cache) -> None:
    assert cache.observations.record([Measured(REF, 4.0, day(0), "field", {"item": "PLAT-2"})]) == 1
    assert cache.observations.record([Measured(REF, 4.0 + 1e-12, day(1), "field 2", {"item": "PLAT-3"})]) == 0
    assert cache.observations.history(REF) == (Observation(REF, 4.0, day(0), "field", {"item": "PLAT-2"}),)
    assert cache.observations.current_of(REF) == CurrentValue(REF, 4.0, day(0), day(1), "field 2", {"item": "PLAT-3"})


def test_a_change_is_a_row_and_so_is_a_value_that_disappears(cache: Cache) -> None:
    for number, value in enumerate([4.0, 3.0, None, None, 3.0]):
        cache.observations.record([Measured(REF, value, day(number), "field")])
    assert [(each.value, each.observed_at) for each in cache.observations.history(REF)] == [
        (4.0, day(0)),
        (3.0, day(1)),
        (None, day(2)),
        (3.0, day(4)),
    ]


def test_a_value_that_was_never_known_is_no_observation(cache: Cache) -> None:
    assert cache.observations.record([Measured(REF, None, day(0), "field")]) == 0
    assert cache.observations.history(REF) == ()
    assert cache.observations.current_of(REF) == CurrentValue(REF, None, None, day(0), "field")
    assert cache.observations.current_of(OTHER) is None


def test_zero_is_a_value(cache: Cache) -> None:
    assert cache.observations.record([Measured(REF, 0.0, day(0), "field")]) == 1
    assert cache.observations.record([Measured(REF, None, day(1), "field")]) == 1


def test_a_failed_attempt_leaves_the_value_and_says_why(cache: Cache) -> None:
    cache.observations.record([Measured(REF, None, day(0), "field", problem="the field is not on the screen")])
    assert cache.observations.current_of(REF) == CurrentValue(
        REF, None, None, None, "field", problem="the field is not on the screen"
    )
    cache.observations.record([Measured(REF, 4.0, day(1), "field")])
    cache.observations.record([Measured(REF, None, day(2), "field", problem="timed out")])
    assert cache.observations.current_of(REF) == CurrentValue(REF, 4.0, day(1), day(1), "field", problem="timed out")
    cache.observations.record([Measured(REF, 4.0, day(3), "field")])
    assert cache.observations.current_of(REF) == CurrentValue(REF, 4.0, day(1), day(3), "field")
    assert len(cache.observations.history(REF)) == 1


def test_several_attempts_in_one_go_follow_one_another(cache: Cache) -> None:
    cache.observations.record(
        [Measured(REF, 4.0, day(0), "f"), Measured(REF, 4.0, day(1), "f"), Measured(REF, 3.0, day(2), "f")]
    )
    assert [each.value for each in cache.observations.history(REF)] == [4.0, 3.0]


def test_cycles_are_told_apart_though_their_names_begin_alike(cache: Cache) -> None:
    refs = [Ref(cycle, "a", "k") for cycle in ("2026-Q4", "2026", "2026-Q4x", "2026-Q4-x", "2027")]
    cache.observations.record([Measured(ref, 1.0, day(0), "f") for ref in refs])
    for ref in refs:
        assert list(cache.observations.current(ref.cycle)) == [ref]
        assert list(cache.observations.histories(ref.cycle)) == [ref]
    assert set(cache.observations.current()) == set(cache.observations.histories()) == set(refs)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused_with_all_that_came_with_it(cache: Cache, value: float) -> None:
    with pytest.raises(ValueError, match=r"2026-Q4/instant-signup/p95: (nan|inf) from prometheus"):
        cache.observations.record([Measured(OTHER, 1.0, day(0), "f"), Measured(REF, value, day(0), "prometheus")])
    assert cache.observations.current() == {}
