"""Whatever people did to a field: a backfill tells what it held at every moment, once, and nothing beyond."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.evidence import Evidence
from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.ref import Ref
from okrsync.engine.backfill import past_values
from okrsync.engine.measuring import FieldRead
from okrsync.store.values import Measured, Observation
from okrsync.trackers.values import FieldChange

REF = Ref("2026-Q4", "instant-signup", "p95")
BEGUN = datetime(2026, 9, 1, tzinfo=UTC)
METHOD = {"from": "field", "field": "KR current"}
AT = ItemId("PLAT", "10001", "PLAT-7", "https://jira.example/browse/PLAT-7")
LAST = 60

days = st.integers(0, LAST)
values = st.one_of(st.none(), st.integers(0, 6).map(float))


def moment(day: float) -> datetime:
    return BEGUN + timedelta(days=day)


class Field:
    """What a field held, from the creation of its item (day 0 unless told) to the last day."""

    def __init__(self, initial: float | None, edits: dict[int, float | None]) -> None:
        self.held: list[tuple[int, float | None]] = [(0, initial)]
        for day in sorted(edits):
            if day and edits[day] != self.held[-1][1]:
                self.held.append((day, edits[day]))

    def at(self, day: float) -> float | None:
        return next(value for since, value in reversed(self.held) if since <= day)

    @property
    def changes(self) -> list[FieldChange]:
        return [
            FieldChange(moment(day), f"person {day}", before, after)
            for (_, before), (day, after) in itertools.pairwise(self.held)
        ]

    @property
    def read(self) -> FieldRead:
        item = RemoteItem(AT, ItemKind.OTHER, "", fields={"KR current": self.held[-1][1]}, created=moment(0))
        return FieldRead("work", item, "KR current", METHOD)

    def backfilled(self, since: float, first: Observation | None) -> list[Measured]:
        return list(past_values(REF, self.read, self.changes, moment(since), moment(LAST), first))


fields = st.builds(Field, values, st.dictionaries(days, values, max_size=12))


def observed(measured: Measured) -> Observation:
    return Observation(measured.ref, measured.value, measured.at, measured.source, measured.evidence)


def looked(field: Field, day: int) -> Observation | None:
    """What okrsync noted when it first looked, if there was anything."""
    value = field.at(day)
    return None if value is None else Observation(REF, value, moment(day), "", Evidence(METHOD).to_json())


def told_at(rows: Sequence[Measured], day: float) -> float | None:
    return next((each.value for each in reversed(rows) if each.at <= moment(day)), None)


@given(fields, days, days)
def test_it_tells_what_the_field_held_at_every_moment(field: Field, since: int, first_look: int) -> None:
    first = looked(field, first_look)
    until = first_look if first else LAST
    rows = field.backfilled(since, first)
    assert all(moment(since) <= each.at < moment(until) for each in rows)
    assert [each.at for each in rows] == sorted({each.at for each in rows})
    assert all(before.value != after.value for before, after in itertools.pairwise(rows))
    for day in range(since, until):
        assert told_at(rows, day) == field.at(day)


@given(fields, days, days, days)
def test_doing_it_again_adds_only_what_is_older(field: Field, since: int, earlier: int, first_look: int) -> None:
    since, earlier = max(since, earlier), min(since, earlier)
    first = looked(field, first_look)
    rows = field.backfilled(since, first)
    if rows:
        assert field.backfilled(since, observed(rows[0])) == []
        older = field.backfilled(earlier, observed(rows[0]))
        assert all(each.at < rows[0].at for each in older)
        for day in range(earlier, first_look if first else LAST):
            assert told_at([*older, *rows], day) == field.at(day)


@given(fields, days)
def test_each_value_names_who_made_the_field_hold_it(field: Field, since: int) -> None:
    by_day = {each.at: each.by for each in field.changes}
    for each in field.backfilled(since, None):
        evidence = Evidence.from_json(each.evidence)
        assert evidence.at is not None and evidence.at <= each.at
        assert evidence.by == by_day.get(evidence.at)
        assert (evidence.by or "made with it") in each.source and "PLAT-7" in each.source
        assert (evidence.item, evidence.field, evidence.method) == ("PLAT-7", "KR current", METHOD)


def test_a_change_at_the_very_moment_of_the_first_look_hides_none_before_it() -> None:
    field = Field(None, {3: 0.0, 4: 1.0, 36: 0.0})
    rows = field.backfilled(0, looked(field, 36))
    assert [(each.at, each.value) for each in rows] == [(moment(3), 0.0), (moment(4), 1.0)]
