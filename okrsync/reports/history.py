"""What the cache knows of values over time: the states that each went through, and how everything stood at a moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from okrsync.domain.cycle import Cycle
from okrsync.domain.evidence import Evidence
from okrsync.domain.movement import State, states
from okrsync.domain.okr import KeyResult, Kpi, Objective, Okrs, TargetChange
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, Observed, Status, assess
from okrsync.domain.terms import Terms, asked_over_time
from okrsync.store.reading import Reader
from okrsync.store.values import CheckIn, CurrentValue, Documented, Observation


@dataclass(frozen=True)
class History:
    """Everything that the cache knows of one key result or KPI."""

    states: tuple[State, ...] = ()
    """Oldest first. The newest is how it stands now, by today's document."""
    current: CurrentValue | None = None
    check_ins: tuple[CheckIn, ...] = ()
    """Oldest first."""
    target_changes: tuple[TargetChange, ...] = ()
    """The changes of target that the document keeps with their reasons, oldest first."""

    @property
    def confirmed(self) -> datetime | None:
        """When its value was last seen."""
        return self.current.seen_at if self.current else None

    def at(self, moment: datetime) -> State | None:
        """The state that held at `moment`; None where no value was known yet."""
        return next((each for each in reversed(self.states) if each.at <= moment), None)

    @property
    def asked(self) -> tuple[tuple[datetime, Terms], ...]:
        """What was asked for, and since when, oldest first; neighbours differ."""
        found: list[tuple[datetime, Terms]] = []
        for state in self.states:
            if not found or found[-1][1] != state.terms:
                found.append((state.at, state.terms))
        return tuple(found)

    def since(self, moment: datetime) -> tuple[State, ...]:
        """The state that held at `moment`, as of then (else the first known), and all that followed."""
        held = self.at(moment)
        begun = () if held is None else (replace(held, at=moment),)
        return (*begun, *(each for each in self.states if each.at > moment))


def history_of(cache: Reader, what: KeyResult | Kpi, now: datetime) -> History:
    """What is known of one key result or KPI at the moment `now`."""
    with cache.snapshot():
        rows = cache.observations.history(what.ref)
        current = cache.observations.current_of(what.ref)
        noted = cache.terms.history(what.ref)
        check_ins = cache.check_ins.of(what.ref)
    changes = what.target_changes if isinstance(what, KeyResult) else ()
    return History(_states(rows, current, _asked(what, noted), Terms.of(what), now), current, check_ins, changes)


def _asked(what: KeyResult | Kpi, noted: tuple[Documented, ...]) -> tuple[tuple[datetime, Terms], ...]:
    """What was asked for over time, as the cache saw it and the document tells it."""
    changes = what.target_changes if isinstance(what, KeyResult) else ()
    return asked_over_time([(each.since, each.terms) for each in noted], changes, Terms.of(what))


def _states(
    rows: tuple[Observation, ...],
    current: CurrentValue | None,
    asked: tuple[tuple[datetime, Terms], ...],
    now_asked: Terms,
    now: datetime,
) -> tuple[State, ...]:
    found = states(
        (
            (each.observed_at, each.value, Evidence.from_json(each.evidence), each.source)
            for each in rows
            if each.value is not None
        ),
        asked,
        now_asked,
    )
    if not found:
        return ()
    newest = found[-1]
    if current is not None and current.seen_at is not None and current.value is not None:
        # The value is that of the last row, but it may come from other parts by now.
        evidence = Evidence.from_json(current.evidence)
        if (evidence.method, evidence.parts, evidence.scale) != (
            newest.evidence.method,
            newest.evidence.parts,
            newest.evidence.scale,
        ):
            at = max(newest.at, current.seen_at)
            found = (*found, replace(newest, at=at, evidence=evidence, source=current.source))
    if found[-1].terms != now_asked:
        found = (*found, replace(found[-1], at=max(found[-1].at, now), terms=now_asked))
    return found


@dataclass(frozen=True)
class Past:
    """What the cache knows over time, read once, to see how things stood at any moment that it covers."""

    rows: Mapping[Ref, tuple[Observation, ...]]
    current: Mapping[Ref, CurrentValue]
    noted: Mapping[Ref, tuple[Documented, ...]]
    check_ins: Mapping[Ref, tuple[CheckIn, ...]]
    links: Mapping[Ref, Link]
    looks: tuple[datetime, ...]
    """When complete runs began."""

    def okrs(self, okrs: Okrs, moment: datetime) -> Okrs:
        """The OKRs with the numbers that they had at `moment`. Titles and alignment are those of today's documents."""

        def terms(what: KeyResult | Kpi) -> Terms:
            asked = _asked(what, self.noted.get(what.ref, ()))
            held = [each for since, each in asked if since <= moment] or [each for _, each in asked[:1]]
            return held[-1] if held else Terms.of(what)

        def numbers(objective: Objective) -> Objective:
            then = (terms(each).put_to(each) for each in objective.key_results)
            return replace(objective, key_results=tuple(then))

        return Okrs(tuple(map(numbers, okrs.objectives)), tuple(terms(each).put_to_kpi(each) for each in okrs.kpis))

    def facts(self, moment: datetime, check_in_period: timedelta) -> Facts:
        """What was known at `moment`. A measured value counts as seen up to the last complete run before it."""
        observed = {ref: self._observed(ref, moment) for ref in {*self.rows, *self.check_ins}}
        return Facts(observed, self.links, check_in_period)

    def _observed(self, ref: Ref, moment: datetime) -> Observed:
        row = next((each for each in reversed(self.rows.get(ref, ())) if each.observed_at <= moment), None)
        said = next((each for each in reversed(self.check_ins.get(ref, ())) if each.at <= moment), None)
        return Observed(
            value=row.value if row else None,
            seen_at=self._seen(row, moment) if row else None,
            source=row.source if row else "",
            confidence=said.confidence if said else None,
        )

    def _seen(self, row: Observation, moment: datetime) -> datetime:
        """When a value was last seen, as far as can still be told: what people say when they last said it."""
        if Evidence.from_json(row.evidence).method.get("from") == "manual":
            said = (each.at for each in self.check_ins.get(row.ref, ()) if each.value is not None)
            return max((each for each in said if row.observed_at <= each <= moment), default=row.observed_at)
        current = self.current.get(row.ref)
        if current is not None and current.seen_at is not None and current.seen_at <= moment:
            return current.seen_at
        return max((each for each in self.looks if row.observed_at <= each <= moment), default=row.observed_at)


def past_of(cache: Reader, cycle: str, refs: Collection[Ref]) -> Past:
    """Everything that is known over time of `refs`, all of one cycle."""
    with cache.snapshot():
        return Past(
            rows={ref: cache.observations.history(ref) for ref in refs},
            current=cache.observations.current(cycle),
            noted={ref: cache.terms.history(ref) for ref in refs},
            check_ins={ref: cache.check_ins.of(ref) for ref in refs},
            links=cache.links.shown(cycle),
            looks=_looks(cache),
        )


def past_at(cache: Reader, cycle: str, moment: datetime) -> Past:
    """What held at `moment`, of everything in a cycle."""
    with cache.snapshot():
        return Past(
            rows={ref: (each,) for ref, each in cache.observations.as_of(moment, cycle).items()},
            current=cache.observations.current(cycle),
            noted=cache.terms.histories(cycle),
            check_ins={ref: cache.check_ins.of(ref) for ref in cache.check_ins.newest(cycle)},
            links=cache.links.shown(cycle),
            looks=_looks(cache),
        )


def _looks(cache: Reader) -> tuple[datetime, ...]:
    return tuple(each.started_at for each in cache.runs.recent(-1) if each.exit_code == 0)


def status_as_of(
    cache: Reader | None, okrs: Okrs, workspace: str, cycle: Cycle, moment: datetime, check_in_period: timedelta
) -> Status:
    """How the OKRs of a cycle stood at `moment`, from documents and cache alone."""
    if cache is None:
        return assess(okrs, workspace, cycle, moment, Facts(check_in_period=check_in_period))
    past = past_at(cache, cycle.name, moment)
    return assess(past.okrs(okrs, moment), workspace, cycle, moment, past.facts(moment, check_in_period))
