"""The reason behind a number: where it comes from, how it is worked out, why it moved, where it goes.

`explain` gathers it as values; `explain_json` and `explain_views` show them. Documents and cache alone are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from okrsync.domain.evidence import Evidence
from okrsync.domain.forecast import Forecast, TooLittle, forecast
from okrsync.domain.movement import Movement, journey, last_movement
from okrsync.domain.okr import KeyResult, Kpi, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.domain.scopes import Scopes, scopes
from okrsync.domain.status import (
    KeyResultStatus,
    KpiStatus,
    Link,
    ObjectiveStatus,
    Observed,
    Status,
    contributors,
)
from okrsync.problems import Problem, Problems, did_you_mean, listed
from okrsync.reports import words
from okrsync.reports.history import History, history_of
from okrsync.store.reading import Reader
from okrsync.store.values import CheckIn

_OFFERED = 3
"""How many things of one name are offered at most to somebody who leaves out where they are."""


@dataclass(frozen=True)
class Origin:
    """Where a number comes from now."""

    evidence: Evidence
    observed: Observed
    link: Link | None
    since: datetime | None
    """Since when it has this value."""
    stale_why: str
    """Why it is stale; empty where it is not."""


@dataclass(frozen=True)
class KeyResultExplained:
    """The reason behind the number of a key result."""

    status: KeyResultStatus
    whole: Status
    origin: Origin
    history: History
    since: datetime | None
    """From when on the movement is told; None for the newest step in which anything happened."""
    movement: Movement | None
    scopes: Scopes | None
    forecast: Forecast | TooLittle

    @property
    def ref(self) -> Ref:
        """What is explained."""
        return self.status.key_result.ref

    @property
    def check_in(self) -> CheckIn | None:
        """The newest check-in that states a confidence."""
        return next((each for each in reversed(self.history.check_ins) if each.confidence is not None), None)


@dataclass(frozen=True)
class RollUpPart:
    """What a key result, or an objective that contributes, brings into an objective's progress."""

    ref: Ref
    title: str
    weight: float
    progress: float | None
    """None while it is unknown: then it counts neither for nor against."""
    why_unknown: str
    before: float | None = None
    """Its progress at the moment from which the movement is told."""
    weight_before: float | None = None


@dataclass(frozen=True)
class ObjectiveExplained:
    """The reason behind the number of an objective."""

    status: ObjectiveStatus
    whole: Status
    parts: tuple[RollUpPart, ...]
    since: datetime | None
    before: ObjectiveStatus | None
    """How it stood then."""

    @property
    def ref(self) -> Ref:
        """What is explained."""
        return self.status.objective.ref


@dataclass(frozen=True)
class KpiExplained:
    """The reason behind the number of a KPI."""

    status: KpiStatus
    whole: Status
    origin: Origin
    history: History
    since: datetime | None
    movement: Movement | None

    @property
    def ref(self) -> Ref:
        """What is explained."""
        return self.status.kpi.ref


Explained = KeyResultExplained | ObjectiveExplained | KpiExplained


def find_ref(text: str, okrs: Okrs, cycle: str) -> Ref:
    """The objective, key result or KPI that somebody names, with or without its cycle (then that of `cycle`).

    Raises:
        Problems: there is none of that name.
    """
    known = {str(ref): ref for ref in _everything(okrs)}
    asked = text.strip().strip("/")
    if asked in known:
        return known[asked]
    if f"{cycle}/{asked}" in known:
        return known[f"{cycle}/{asked}"]
    near = _by_last_name(asked, known, cycle) or did_you_mean(asked, known) or did_you_mean(f"{cycle}/{asked}", known)
    do = near or "`okrsync tree --key-results` shows what there is."
    right = "cycle/objective, cycle/objective/key-result or cycle/kpi"
    raise Problems([Problem("REF", 0, "", f"nothing in the documents is called {words.shown(asked)!r}", right, do)])


def _by_last_name(asked: str, known: Iterable[str], cycle: str) -> str:
    """A question that offers what has this id of its own, first of all in `cycle`; empty when nothing or much has."""
    found = sorted(each for each in known if each.rpartition("/")[2].casefold() == asked.casefold())
    found = [each for each in found if each.startswith(f"{cycle}/")] or found
    return f"Did you mean {listed([repr(each) for each in found])}?" if 0 < len(found) <= _OFFERED else ""


def explain(
    ref: Ref, okrs: Okrs, status: Status, cache: Reader | None, since: datetime | None, before: Status | None
) -> Explained:
    """Everything about the number behind `ref`.

    `since` is the moment from which movements are told, and `before` the status at that moment; None tells the newest
    step of a key result, and nothing of the past of an objective.
    """
    for each in status.objectives:
        if each.objective.ref == ref:
            return _objective(each, okrs, status, since, before)
        for key_result in each.key_results:
            if key_result.key_result.ref == ref:
                return _key_result(key_result, status, cache, since)
    (kpi,) = (each for each in status.kpis if each.kpi.ref == ref)
    history = _history(cache, kpi.kpi, status.as_of)
    origin = _origin(kpi.observed, None, history, kpi.stale, status.as_of)
    return KpiExplained(kpi, status, origin, history, since, _movement(history, since))


def _key_result(found: KeyResultStatus, status: Status, cache: Reader | None, since: datetime | None) -> Explained:
    history = _history(cache, found.key_result, status.as_of)
    start = datetime.combine(status.cycle.start, time(), UTC)
    return KeyResultExplained(
        found,
        status,
        _origin(found.observed, found.link, history, found.stale, status.as_of),
        history,
        since,
        _movement(history, since),
        scopes(history.states, start),
        forecast(history.states, status.cycle, history.confirmed),
    )


def _history(cache: Reader | None, what: KeyResult | Kpi, now: datetime) -> History:
    return History() if cache is None else history_of(cache, what, now)


def _movement(history: History, since: datetime | None) -> Movement | None:
    if since is None:
        return last_movement(history.states)
    whole = journey(history.since(since))
    return None if whole is None or whole.is_still else whole


def _origin(observed: Observed, link: Link | None, history: History, stale: bool, now: datetime) -> Origin:
    why = ""
    if stale and observed.problem:
        why = f"the newest attempt to read it failed: {observed.problem}"
    elif stale and observed.seen_at:
        why = f"it was last seen {words.age(observed.seen_at, now)} ago"
    current = history.current
    evidence = Evidence.from_json(current.evidence) if current else Evidence()
    since = current.observed_at if current else None
    if since and evidence.item and evidence.at and evidence.at < since:
        # Somebody wrote it into the field before okrsync looked.
        since = evidence.at
    return Origin(evidence, observed, link, since, why)


def _objective(
    found: ObjectiveStatus, okrs: Okrs, status: Status, since: datetime | None, before: Status | None
) -> ObjectiveExplained:
    earlier: Mapping[Ref, ObjectiveStatus] = {each.objective.ref: each for each in before.objectives} if before else {}
    old = earlier.get(found.objective.ref)
    old_parts = {each.key_result.ref: each for each in old.key_results} if old else {}
    parts = [
        RollUpPart(
            each.key_result.ref,
            each.key_result.title,
            each.key_result.weight,
            each.progress,
            "" if each.progress is not None else each.observed.problem or "no value is known yet",
            old_parts[each.key_result.ref].progress if each.key_result.ref in old_parts else None,
            old_parts[each.key_result.ref].key_result.weight if each.key_result.ref in old_parts else None,
        )
        for each in found.key_results
    ]
    by_ref = {each.objective.ref: each for each in status.objectives}
    here = contributors(okrs.in_cycle(status.cycle.name).objectives)
    parts += [_contribution(by_ref[child], earlier.get(child)) for child in here.get(found.objective.ref, ())]
    return ObjectiveExplained(found, status, tuple(parts), since, old)


def _contribution(child: ObjectiveStatus, before: ObjectiveStatus | None) -> RollUpPart:
    unknown = "" if child.progress is not None else "none of its key results is known yet"
    objective: Objective = child.objective
    return RollUpPart(
        objective.ref,
        objective.title,
        1.0,
        child.progress,
        unknown,
        before.progress if before else None,
        1.0 if before else None,
    )


def brought(parts: tuple[RollUpPart, ...]) -> list[tuple[float, float]]:
    """What each part brought to the roll-up (a share) before, and brings now; the sums are the two roll-ups."""
    now = sum(each.weight for each in parts if each.progress is not None)
    then = sum(each.weight_before or 0.0 for each in parts if each.before is not None)
    return [
        (
            0.0 if each.before is None or not then else (each.weight_before or 0.0) * each.before / then,
            0.0 if each.progress is None or not now else each.weight * each.progress / now,
        )
        for each in parts
    ]


def _everything(okrs: Okrs) -> list[Ref]:
    found: list[Ref] = []
    for objective in okrs.objectives:
        found += [objective.ref, *(each.ref for each in objective.key_results)]
    return [*found, *(each.ref for each in okrs.kpis)]
