"""Rows from before the first: what a backfill puts there, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from okrsync.domain.evidence import Evidence, Part
from okrsync.domain.ref import Ref
from okrsync.store.cache import Cache
from okrsync.store.values import Measured

REF = Ref("2026-Q4", "instant-signup", "p95")
OTHER = Ref("2026-Q4", "instant-signup", "p50")
START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def value(number: float, at: float, ref: Ref = REF) -> Measured:
    return Measured(ref, number, day(at), "field KR current of PLAT-7", {"by": "dana"})


def told(cache: Cache, ref: Ref = REF) -> list[tuple[float | None, datetime]]:
    return [(each.value, each.observed_at) for each in cache.observations.history(ref)]


def test_the_past_comes_first_and_in_order_though_it_is_told_last(cache: Cache) -> None:
    cache.observations.record([value(3.0, 10), value(8.0, 10, OTHER)])
    now = cache.observations.current()
    assert cache.observations.put_before(REF, [value(5.0, 1), value(4.0, 2)]) == 2
    assert cache.observations.put_before(OTHER, [value(9.0, 3, OTHER)]) == 1
    assert cache.observations.put_before(REF, [value(6.0, 0)]) == 1
    cache.observations.record([value(2.0, 11)])

    assert told(cache) == [(6.0, day(0)), (5.0, day(1)), (4.0, day(2)), (3.0, day(10)), (2.0, day(11))]
    assert told(cache, OTHER) == [(9.0, day(3)), (8.0, day(10))]
    assert {ref: [each.value for each in rows] for ref, rows in cache.observations.histories("2026-Q4").items()} == {
        REF: [6.0, 5.0, 4.0, 3.0, 2.0],
        OTHER: [9.0, 8.0],
    }
    assert {ref: each.value for ref, each in cache.observations.as_of(day(2), "2026-Q4").items()} == {REF: 4.0}
    assert cache.observations.current_of(OTHER) == now[OTHER]
    assert all(each.evidence == {"by": "dana"} for each in cache.observations.history(REF))


def test_what_is_not_older_than_the_first_row_is_left_out(cache: Cache) -> None:
    cache.observations.record([value(3.0, 10)])
    past = [value(5.0, 1), value(4.0, 10), value(2.0, 12)]
    assert cache.observations.put_before(REF, past) == 1
    assert cache.observations.put_before(REF, past) == 0
    assert told(cache) == [(5.0, day(1)), (3.0, day(10))]


def test_a_past_without_a_present_is_kept_too(cache: Cache) -> None:
    assert (
        cache.observations.put_before(REF, [value(5.0, 1), Measured(REF, None, day(2), "emptied"), value(4.0, 3)]) == 3
    )
    assert cache.observations.put_before(REF, []) == 0
    assert [each for each, _ in told(cache)] == [5.0, None, 4.0]
    assert cache.observations.current_of(REF) is None
    assert cache.observations.record([value(4.0, 10)]) == 1
    assert told(cache)[-2:] == [(4.0, day(3)), (4.0, day(10))]


def test_parts_that_were_kept_as_changes_stay_whole(cache: Cache) -> None:
    def shared(done: int, at: float) -> Measured:
        parts = tuple(Part(str(number), f"PLAT-{number}", number < done) for number in range(10))
        evidence = Evidence({"from": "children"}, parts).to_json()
        return Measured(REF, done / 10, day(at), "children", evidence)

    every = [shared(done, 10 + done) for done in range(1, 5)]
    cache.observations.record(every[:2])
    cache.observations.put_before(REF, [value(0.0, 1)])
    cache.observations.record(every[2:])
    assert [each.evidence for each in cache.observations.history(REF)[1:]] == [each.evidence for each in every]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_past_that_is_no_number_is_refused_whole(cache: Cache, number: float) -> None:
    with pytest.raises(ValueError, match="no number"):
        cache.observations.put_before(REF, [value(5.0, 1), value(number, 2)])
    assert told(cache) == []
