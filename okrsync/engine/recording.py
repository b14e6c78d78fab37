"""Keeping a status in the cache, where other tools read it through views."""

from __future__ import annotations

from okrsync.domain.status import KeyResultStatus, KpiStatus, Link, ObjectiveStatus, Status
from okrsync.store import values as rows
from okrsync.store.cache import Cache


def record_status(cache: Cache, status: Status) -> None:
    """Put `status` in place of the one that the cache holds."""
    cache.status.record(
        [_objective(each, status) for each in status.objectives],
        [_key_result(each, owner, status) for owner in status.objectives for each in owner.key_results],
        [_kpi(each, status) for each in status.kpis],
        [
            rows.AlignmentEdge(each.objective.ref, parent, each.objective.contributes)
            for each in status.objectives
            for parent in each.objective.aligns_to
        ],
    )


def _objective(each: ObjectiveStatus, status: Status) -> rows.ObjectiveStatus:
    objective = each.objective
    return rows.ObjectiveStatus(
        ref=objective.ref,
        as_of=status.as_of,
        title=objective.title,
        level=objective.level,
        origin=objective.origin,
        stage=objective.stage,
        health=each.health,
        expected=each.expected,
        coverage=each.coverage,
        progress=each.progress,
        stale=each.stale,
        team=objective.team,
        owner=objective.owner,
        link=_link(each.link),
        audience=objective.audience,
    )


def _key_result(each: KeyResultStatus, owner: ObjectiveStatus, status: Status) -> rows.KeyResultStatus:
    key_result, observed = each.key_result, each.observed
    return rows.KeyResultStatus(
        ref=key_result.ref,
        as_of=status.as_of,
        title=key_result.title,
        kind=key_result.kind,
        health=each.health,
        weight=key_result.weight,
        unit=key_result.unit,
        baseline=key_result.baseline,
        target=key_result.target,
        minimum=key_result.minimum,
        maximum=key_result.maximum,
        current=observed.value,
        raw_progress=each.raw_progress,
        progress=each.progress,
        expected=each.expected,
        confidence=observed.confidence,
        stale=each.stale,
        problem=observed.problem,
        observed_at=observed.seen_at,
        source=observed.source or None,
        link=_link(each.link),
        audience=owner.objective.audience,
    )


def _kpi(each: KpiStatus, status: Status) -> rows.KpiStatus:
    kpi, observed = each.kpi, each.observed
    return rows.KpiStatus(
        ref=kpi.ref,
        as_of=status.as_of,
        title=kpi.title,
        level=kpi.level,
        unit=kpi.unit,
        minimum=kpi.minimum,
        maximum=kpi.maximum,
        current=observed.value,
        in_band=each.in_band,
        stale=each.stale,
        problem=observed.problem,
        observed_at=observed.seen_at,
        source=observed.source or None,
        team=kpi.team,
        owner=kpi.owner,
        audience=kpi.audience,
    )


def _link(link: Link | None) -> rows.LinkText | None:
    return None if link is None else rows.LinkText(link.tracker, link.key, link.url)
