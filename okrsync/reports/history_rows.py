"""The history of one number as rows, for every view: a row for each time that it, or what was asked for, changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.domain.forecast import Forecast, TooLittle, forecast
from okrsync.domain.movement import Cause, State, movement
from okrsync.domain.okr import KeyResult, Objective, Okrs, TargetChange
from okrsync.domain.progress import in_band, raw_progress, same_number
from okrsync.domain.ref import Ref
from okrsync.domain.status import assess, contributors
from okrsync.domain.terms import Terms, change_between
from okrsync.reports.history import History, Past, history_of, past_of
from okrsync.store.reading import Reader
from okrsync.store.values import CheckIn


@dataclass(frozen=True)
class Row:
    """How a number stood since some moment."""

    at: datetime
    value: float | None
    """None for an objective, which has progress alone."""
    progress: float | None
    raw_progress: float | None = None
    terms: Terms | None = None
    source: str = ""
    causes: Mapping[Cause, Fraction] = field(default_factory=dict)
    """Why it moved there: parts of the value's movement, and of progress for a change of target."""
    coverage: float | None = None
    in_band: bool | None = None
    """Of a KPI: whether the value lay in the band of its time."""
    target_change: TargetChange | None = None
    """The document's note of the change of target that led here."""


@dataclass(frozen=True)
class Recorded:
    """The history of one objective, key result or KPI."""

    ref: Ref
    what: str
    """`objective`, `key_result` or `kpi`."""
    title: str
    unit: str
    cycle: Cycle
    as_of: datetime
    rows: tuple[Row, ...]
    """Oldest first."""
    forecast: Forecast | TooLittle | None = None
    check_in: CheckIn | None = None

    @property
    def points(self) -> list[tuple[datetime, float | None]]:
        """What a sparkline shows: the value, or an objective's progress."""
        return [(each.at, each.progress if self.what == "objective" else each.value) for each in self.rows]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the cycle's start, or an earlier first row, to now or the cycle's end."""
        start = datetime.combine(self.cycle.start, time(), UTC)
        end = datetime.combine(self.cycle.end + timedelta(days=1), time(), UTC)
        first = min((each.at for each in self.rows), default=start)
        return min(start, first), max(min(self.as_of, end), first)


def recorded(ref: Ref, okrs: Okrs, workspace: str, cycle: Cycle, cache: Reader | None, now: datetime) -> Recorded:
    """The history of what is called `ref`, which the documents know."""
    objective = okrs.by_ref.get(ref.parent)
    if objective is not None and ref.is_key_result:
        (key_result,) = (each for each in objective.key_results if each.ref == ref)
        return _key_result(key_result, cycle, cache, now)
    if objective is not None:
        family = _family(objective, okrs.in_cycle(cycle.name))
        refs = [each.ref for member in family.objectives for each in member.key_results]
        past = past_of(cache, cycle.name, refs) if cache else None
        rows = tuple(_roll_ups(objective.ref, family, workspace, cycle, past, now)) if past else ()
        return Recorded(ref, "objective", objective.title, "", cycle, now, rows)
    (kpi,) = (each for each in okrs.kpis if each.ref == ref)
    history = history_of(cache, kpi, now) if cache else History()
    rows = tuple(map(_of_a_kpi, _rows(history)))
    return Recorded(ref, "kpi", kpi.title, kpi.unit, cycle, now, rows)


def _key_result(key_result: KeyResult, cycle: Cycle, cache: Reader | None, now: datetime) -> Recorded:
    history = history_of(cache, key_result, now) if cache else History()
    check_in = next((each for each in reversed(history.check_ins) if each.confidence is not None), None)
    return Recorded(
        key_result.ref,
        "key_result",
        key_result.title,
        key_result.unit,
        cycle,
        now,
        tuple(_rows(history)),
        forecast(history.states, cycle, history.confirmed),
        check_in,
    )


def _rows(history: History) -> Iterator[Row]:
    before: State | None = None
    for state in history.states:
        causes: dict[Cause, Fraction] = {}
        if before is not None:
            step = movement(before, state)
            causes = {**step.value}
            if step.progress and Cause.TARGET in step.progress:
                causes[Cause.TARGET] = step.progress[Cause.TARGET]
        raw = raw_progress(state.terms, state.value)
        noted = change_between(before.terms, state.terms, history.target_changes) if before is not None else None
        yield Row(state.at, state.value, state.progress, raw, state.terms, state.source, causes, target_change=noted)
        before = state


def _roll_ups(ref: Ref, family: Okrs, workspace: str, cycle: Cycle, past: Past, now: datetime) -> Iterator[Row]:
    """An objective's roll-up, a row for each time that it changed."""
    moments = {each.observed_at for rows in past.rows.values() for each in rows}
    moments |= {each.since for noted in past.noted.values() for each in noted}
    last: Row | None = None
    for moment in itertools.chain(sorted(moments), [now]):
        asked = past.okrs(family, moment) if moment < now else family
        status = assess(asked, workspace, cycle, moment, past.facts(moment, timedelta()))
        (found,) = (each for each in status.objectives if each.objective.ref == ref)
        row = Row(moment, None, found.progress, coverage=found.coverage)
        same = last is not None and same_number(last.progress, row.progress)
        if same and last is not None and same_number(last.coverage, row.coverage):
            continue
        if last is None and row.progress is None:
            continue
        yield row
        last = row


def _family(objective: Objective, okrs: Okrs) -> Okrs:
    """The objective and all that count in its roll-up, however far below."""
    below = contributors(okrs.objectives)
    found: dict[Ref, Objective] = {}
    waiting = [objective.ref]
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found[ref] = okrs.by_ref[ref]
            waiting.extend(below.get(ref, ()))
    return Okrs(tuple(each for each in okrs.objectives if each.ref in found))


def _of_a_kpi(row: Row) -> Row:
    """A row of a KPI, which has a band, and no progress."""
    terms = row.terms or Terms()
    inside = None if row.value is None else in_band(row.value, terms.minimum, terms.maximum)
    causes: dict[Cause, Fraction] = {cause: part for cause, part in row.causes.items() if cause is not Cause.TARGET}
    return replace(row, progress=None, raw_progress=None, in_band=inside, causes=causes)


def row_json(row: Row) -> dict[str, Any]:
    """A row for `okrsync history --json`."""
    terms = row.terms or Terms()
    return {
        "at": row.at.isoformat(),
        "value": row.value,
        "raw_progress": row.raw_progress,
        "progress": row.progress,
        "coverage": row.coverage,
        "in_band": row.in_band,
        "baseline": terms.baseline,
        "target": terms.target,
        "min": terms.minimum,
        "max": terms.maximum,
        "source": row.source or None,
        "causes": {str(cause).replace(" ", "_"): float(part) for cause, part in row.causes.items()},
        "target_change": None if row.target_change is None else target_change_json(row.target_change),
    }


def target_change_json(change: TargetChange) -> dict[str, Any]:
    """A change of target with its day, its reason, and who made it where that is known."""
    return {
        "on": change.on.isoformat(),
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
        "by": change.by,
    }
