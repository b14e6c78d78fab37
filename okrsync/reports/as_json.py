"""Status as the contract of `okrsync status --json` has it."""

from __future__ import annotations

from typing import Any

from okrsync.domain.status import KeyResultStatus, KpiStatus, Link, ObjectiveStatus, Status


def status_json(status: Status) -> dict[str, Any]:
    """Every figure of a status, ready for `json.dumps`. Shares are 0.0–1.0; unknown is null."""
    return {
        "workspace": status.workspace,
        "cycle": status.cycle.name,
        "as_of": status.as_of.isoformat(),
        "objectives": [_objective(each) for each in status.objectives],
        "kpis": [_kpi(each) for each in status.kpis],
    }


def _objective(status: ObjectiveStatus) -> dict[str, Any]:
    objective = status.objective
    return {
        "ref": str(objective.ref),
        "title": objective.title,
        "level": str(objective.level),
        "team": objective.team,
        "owner": objective.owner,
        "origin": str(objective.origin),
        "stage": str(objective.stage),
        "aligns_to": [str(ref) for ref in objective.aligns_to],
        "progress": status.progress,
        "coverage": status.coverage,
        "expected": status.expected,
        "health": str(status.health),
        "stale": status.stale,
        "link": _link(status.link),
        "key_results": [_key_result(each) for each in status.key_results],
    }


def _key_result(status: KeyResultStatus) -> dict[str, Any]:
    key_result, observed = status.key_result, status.observed
    return {
        "ref": str(key_result.ref),
        "title": key_result.title,
        "kind": str(key_result.kind),
        "unit": key_result.unit,
        "baseline": key_result.baseline,
        "target": key_result.target,
        "min": key_result.minimum,
        "max": key_result.maximum,
        "current": observed.value,
        "raw_progress": status.raw_progress,
        "progress": status.progress,
        "weight": key_result.weight,
        "confidence": observed.confidence,
        "health": str(status.health),
        "stale": status.stale,
        "observed_at": observed.seen_at.isoformat() if observed.seen_at and observed.value is not None else None,
        "source": observed.source or None,
        "problem": observed.problem,
        "link": _link(status.link),
    }


def _kpi(status: KpiStatus) -> dict[str, Any]:
    kpi, observed = status.kpi, status.observed
    return {
        "ref": str(kpi.ref),
        "title": kpi.title,
        "level": str(kpi.level),
        "team": kpi.team,
        "owner": kpi.owner,
        "unit": kpi.unit,
        "min": kpi.minimum,
        "max": kpi.maximum,
        "current": observed.value,
        "in_band": status.in_band,
        "stale": status.stale,
        "observed_at": observed.seen_at.isoformat() if observed.seen_at and observed.value is not None else None,
        "source": observed.source or None,
        "problem": observed.problem,
    }


def _link(link: Link | None) -> dict[str, str] | None:
    return None if link is None else {"tracker": link.tracker, "key": link.key, "url": link.url}
