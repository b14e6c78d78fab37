"""What was asked for over time: what was seen, and before that what the document tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from okrsync.domain.okr import TargetChange
from okrsync.domain.terms import Terms, asked_over_time, change_between

NOW = Terms(baseline=4.0, target=2.5, unit="s", weight=2.0)
FIRST = TargetChange(date(2026, 10, 20), 1.5, 2.0, "the vendor's limit")
SECOND = TargetChange(date(2026, 11, 15), 2.0, 2.5, "a slower region")


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def told(*noted: tuple[datetime, float], changes: tuple[TargetChange, ...] = (FIRST, SECOND)) -> list[object]:
    seen = [(at, replace(NOW, target=target)) for at, target in noted]
    found = asked_over_time(seen, changes, NOW)
    assert all(replace(terms, target=None) == replace(NOW, target=None) for _, terms in found), "only targets change"
    return [(at, terms.target) for at, terms in found]


def test_without_a_note_the_document_tells_it_all() -> None:
    assert told() == [(on(10, 19), 1.5), (on(10, 20), 2.0), (on(11, 15), 2.5)]


def test_what_was_seen_stays_as_it_was_seen() -> None:
    seen = ((on(10, 1), 1.5), (on(10, 21), 2.0), (on(11, 16), 2.5))
    assert told(*seen) == list(seen)
    assert told((on(10, 1), 2.5)) == [(on(10, 1), 2.5)], "it was 2.5 when it was seen, whatever is told now"
    assert told((on(10, 1), 2.5), changes=()) == [(on(10, 1), 2.5)]
    assert told(changes=()) == []


def test_what_is_older_than_the_first_note_is_told_by_the_document() -> None:
    first, *later = told((on(11, 1), 2.0), (on(11, 16), 2.5))
    assert first == (on(10, 19), 1.5)
    assert later == [(on(10, 20), 2.0), (on(11, 16), 2.5)]


def test_a_step_finds_its_note() -> None:
    before, after = replace(NOW, target=1.5), replace(NOW, target=2.0)
    assert change_between(before, after, (FIRST, SECOND)) == FIRST
    assert change_between(after, before, (FIRST, SECOND)) is None
    assert change_between(before, before, (FIRST, SECOND)) is None
