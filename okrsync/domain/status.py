"""How the OKRs of one cycle stand: every figure that `status`, the tree, reports and the cache's views show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from okrsync.domain.alignment import supporters
from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import KeyResult, Kpi, Objective, Okrs
from okrsync.domain.progress import Health, RollUp, clamp, expected, health, in_band, raw_progress, roll_up
from okrsync.domain.ref import Ref


@dataclass(frozen=True)
class Observed:
    """The newest value of a key result or KPI, and how far it can be trusted."""

    value: float | None
    seen_at: datetime | None
    """When the value was last confirmed; for a check-in, when it was made."""
    source: str
    """Where it comes from, for people: `manual`, `field KR current of PLAT-12`."""
    confidence: float | None = None
    problem: str | None = None
    """Why the newest attempt to measure failed; then `value` is the last one that was seen."""


@dataclass(frozen=True)
class Link:
    """Where an objective or key result is in a tracker."""

    tracker: str
    key: str
    url: str


@dataclass(frozen=True)
class KeyResultStatus:
    """How one key result stands."""

    key_result: KeyResult
    observed: Observed
    raw_progress: float | None
    progress: float | None
    expected: float
    health: Health
    stale: bool
    link: Link | None


@dataclass(frozen=True)
class ObjectiveStatus:
    """How one objective stands."""

    objective: Objective
    progress: float | None
    coverage: float
    expected: float
    health: Health
    stale: bool
    link: Link | None
    key_results: tuple[KeyResultStatus, ...]


@dataclass(frozen=True)
class KpiStatus:
    """How one KPI stands: inside its band (None while unknown) or not."""

    kpi: Kpi
    observed: Observed
    in_band: bool | None
    stale: bool


@dataclass(frozen=True)
class Status:
    """How the OKRs of one cycle stand at one moment."""

    workspace: str
    cycle: Cycle
    as_of: datetime
    objectives: tuple[ObjectiveStatus, ...]
    kpis: tuple[KpiStatus, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known beside the documents."""

    observed: Mapping[Ref, Observed] = field(default_factory=dict)
    links: Mapping[Ref, Link] = field(default_factory=dict)
    check_in_period: timedelta = timedelta(days=7)


def assess(okrs: Okrs, workspace: str, cycle: Cycle, as_of: datetime, facts: Facts) -> Status:
    """Work out every figure for the objectives and KPIs of `cycle` at the moment `as_of` (aware, UTC).

    An objective's roll-up is the weighted mean of its key results and, with weight 1 each, of the objectives that
    align to it (or to one of its key results) and say `contributes = true`.
    """
    here = okrs.in_cycle(cycle.name)
    assessment = _Assessment(here, cycle, as_of, facts)
    return Status(
        workspace,
        cycle,
        as_of,
        tuple(assessment.objective(each) for each in here.objectives),
        tuple(assessment.kpi(each) for each in here.kpis),
    )


def contributors(objectives: Iterable[Objective]) -> dict[Ref, tuple[Ref, ...]]:
    """For each objective in whose roll-up others count: those others, in document order, each once."""
    found: dict[Ref, dict[Ref, None]] = {}
    for target, children in supporters(each for each in objectives if each.contributes).items():
        found.setdefault(target.parent, {}).update(dict.fromkeys(children))
    return {ref: tuple(children) for ref, children in found.items()}


class _Assessment:
    def __init__(self, okrs: Okrs, cycle: Cycle, as_of: datetime, facts: Facts) -> None:
        self.cycle = cycle
        self.as_of = as_of
        self.facts = facts
        self.by_ref = okrs.by_ref
        self.contributors = contributors(okrs.objectives)
        self.rolled: dict[Ref, RollUp] = {}

    def objective(self, objective: Objective) -> ObjectiveStatus:
        key_results = tuple(self.key_result(each) for each in objective.key_results)
        rolled = self.roll_up(objective)
        weights = [each.weight for each in objective.key_results]
        due = self.cycle.elapsed(self.as_of.date())
        if weights:
            parts = zip(weights, key_results, strict=True)
            due = math.fsum(weight * each.expected for weight, each in parts) / math.fsum(weights)
        return ObjectiveStatus(
            objective=objective,
            progress=rolled.progress,
            coverage=rolled.coverage,
            expected=due,
            health=health(rolled.progress, due, self.cycle.elapsed(self.as_of.date())),
            stale=any(each.stale for each in key_results),
            link=self.facts.links.get(objective.ref),
            key_results=key_results,
        )

    def roll_up(self, objective: Objective) -> RollUp:
        if objective.ref in self.rolled:
            return self.rolled[objective.ref]
        # An objective in its own roll-up would never end; documents refuse loops, and this holds for those that do not.
        self.rolled[objective.ref] = RollUp(None, 0.0)
        parts = [
            (each.weight, clamp(raw_progress(each, self.observed(each.ref).value))) for each in objective.key_results
        ]
        parts += [
            (1.0, self.roll_up(self.by_ref[child]).progress) for child in self.contributors.get(objective.ref, ())
        ]
        self.rolled[objective.ref] = roll_up(parts)
        return self.rolled[objective.ref]

    def key_result(self, key_result: KeyResult) -> KeyResultStatus:
        observed = self.observed(key_result.ref)
        raw = raw_progress(key_result, observed.value)
        due = expected(key_result, self.cycle, self.as_of.date())
        return KeyResultStatus(
            key_result=key_result,
            observed=observed,
            raw_progress=raw,
            progress=clamp(raw),
            expected=due,
            health=health(clamp(raw), due, self.cycle.elapsed(self.as_of.date())),
            stale=self.is_stale(observed),
            link=self.facts.links.get(key_result.ref),
        )

    def kpi(self, kpi: Kpi) -> KpiStatus:
        observed = self.observed(kpi.ref)
        inside = None if observed.value is None else in_band(observed.value, kpi.minimum, kpi.maximum)
        return KpiStatus(kpi, observed, inside, self.is_stale(observed))

    def observed(self, ref: Ref) -> Observed:
        return self.facts.observed.get(ref, Observed(None, None, ""))

    def is_stale(self, observed: Observed) -> bool:
        if observed.value is None or observed.seen_at is None:
            return False
        return observed.problem is not None or self.as_of - observed.seen_at > self.facts.check_in_period
