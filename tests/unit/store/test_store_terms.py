"""What was asked for over time, and evidence in rows that say only what changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from okrsync.domain.evidence import LONGEST_CHAIN
from okrsync.domain.ref import Ref
from okrsync.domain.terms import Terms
from okrsync.store.cache import Cache
from okrsync.store.values import Documented, Measured

REF = Ref("2026-Q4", "instant-signup", "p95")
OTHER = Ref("2027-Q1", "instant-signup", "p95")
START = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
OLD, NEW = Terms(baseline=4.0, target=1.5, unit="s"), Terms(baseline=4.0, target=2.0, unit="s", weight=2.0)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_a_changed_target_is_a_row_and_an_unchanged_one_is_none(cache: Cache) -> None:
    assert cache.terms.record({REF: OLD, OTHER: OLD}, day(0)) == 2
    assert cache.terms.record({REF: OLD, OTHER: OLD}, day(1)) == 0
    assert cache.terms.record({REF: NEW, OTHER: OLD}, day(2)) == 1
    assert cache.terms.record({REF: OLD}, day(3)) == 1
    assert cache.terms.history(REF) == (
        Documented(REF, day(0), OLD),
        Documented(REF, day(2), NEW),
        Documented(REF, day(3), OLD),
    )
    assert set(cache.terms.histories()) == {REF, OTHER}
    assert cache.terms.histories("2026-Q4") == {REF: cache.terms.history(REF)}


def evidence(*done: int, of: int) -> dict[str, Any]:
    return {
        "method": {"from": "children"},
        "parts": [[f"{number:03}", f"PLAT-{number}", int(number in done)] for number in range(of)],
    }


def stored(cache: Cache) -> list[str]:
    return cache._session.select(str, "select evidence from observations order by observed_at, rowid")


def test_rows_say_what_changed_and_history_gives_all(cache: Cache) -> None:
    every = [evidence(*range(done), of=10) for done in range(6)]
    for number, each in enumerate(every):
        cache.observations.record([Measured(REF, 10.0 * number, day(number), "children", each)])
    assert [each.evidence for each in cache.observations.history(REF)] == every
    assert [each.evidence for each in cache.observations.histories()[REF]] == every
    rows = stored(cache)
    assert '"parts"' in rows[0] and not any('"parts"' in each for each in rows[1:])
    assert rows[3].endswith('"changed":{"put":[["002","PLAT-2",1]],"gone":[]}}')
    current = cache.observations.current_of(REF)
    assert current is not None and current.evidence == every[-1], "what is known now is always complete"


def test_several_changes_in_one_go_follow_one_another(cache: Cache) -> None:
    every = [evidence(*range(done), of=9) for done in (0, 2, 1)]
    cache.observations.record([Measured(REF, float(n), day(n), "children", each) for n, each in enumerate(every)])
    assert [each.evidence for each in cache.observations.history(REF)] == every


def test_evidence_that_changes_without_the_value_is_no_row_and_loses_nothing(cache: Cache) -> None:
    first, silent, last = evidence(1, of=8), evidence(2, of=8), evidence(2, 3, of=8)
    cache.observations.record([Measured(REF, 12.5, day(0), "children", first)])
    assert cache.observations.record([Measured(REF, 12.5, day(1), "children", silent)]) == 0
    cache.observations.record([Measured(REF, 25.0, day(2), "children", last)])
    assert [each.evidence for each in cache.observations.history(REF)] == [first, last]


def test_every_so_often_a_row_holds_everything_so_that_one_lost_row_costs_little(cache: Cache) -> None:
    for number in range(2 * LONGEST_CHAIN + 4):
        told = evidence(number % 40, of=40)
        cache.observations.record([Measured(REF, float(number), day(number), "children", told)])
    complete = [number for number, each in enumerate(stored(cache)) if '"parts"' in each]
    assert complete == [0, LONGEST_CHAIN + 1, 2 * (LONGEST_CHAIN + 1)]
    cache._session.write("delete from observation where id = 3")
    after = [each.evidence for each in cache.observations.history(REF)][LONGEST_CHAIN:]
    assert after == [evidence(number % 40, of=40) for number in range(LONGEST_CHAIN + 1, 2 * LONGEST_CHAIN + 4)]


def test_values_without_parts_are_kept_as_they_are(cache: Cache) -> None:
    for number, told in enumerate(
        [None, {"method": {"from": "field"}}, evidence(of=3), {"method": {"from": "manual"}}]
    ):
        cache.observations.record([Measured(REF, float(number), day(number), "x", told)])
    assert [each.evidence for each in cache.observations.history(REF)] == [
        None,
        {"method": {"from": "field"}},
        evidence(of=3),
        {"method": {"from": "manual"}},
    ]


def test_the_row_that_held_at_a_moment(cache: Cache) -> None:
    for number, value in enumerate([4.0, 3.0, 2.0]):
        cache.observations.record([Measured(REF, value, day(number), "x"), Measured(OTHER, value, day(number), "x")])
    held = cache.observations.as_of(day(1), "2026-Q4")
    assert [(ref, each.value, each.observed_at) for ref, each in held.items()] == [(REF, 3.0, day(1))]
    assert cache.observations.as_of(day(-1), "2026-Q4") == {}
    assert cache.observations.as_of(day(9), "2026-Q4")[REF].value == 2.0
