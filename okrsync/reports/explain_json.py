"""The reason behind a number as `okrsync explain --json` has it. Shares are 0.0–1.0; unknown is null."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from okrsync.domain.evidence import Evidence, Part
from okrsync.domain.forecast import Forecast, TooLittle
from okrsync.domain.movement import Cause, Movement, PartChange, State
from okrsync.domain.okr import Measure
from okrsync.domain.scopes import Scopes
from okrsync.domain.status import Link, ObjectiveStatus
from okrsync.domain.terms import Terms
from okrsync.reports import explain_words as say
from okrsync.reports.edits import hand_made, target_changes
from okrsync.reports.explain import Explained, KeyResultExplained, KpiExplained, ObjectiveExplained, Origin, brought
from okrsync.reports.history import History
from okrsync.reports.history_rows import target_change_json


def explain_json(found: Explained) -> dict[str, Any]:
    """Everything that is known of the number, ready for `json.dumps`."""
    whole = found.whole
    head = {
        "ref": str(found.ref),
        "workspace": whole.workspace,
        "cycle": whole.cycle.name,
        "as_of": whole.as_of.isoformat(),
    }
    if isinstance(found, ObjectiveExplained):
        return {**head, "what": "objective", **_objective(found)}
    if isinstance(found, KpiExplained):
        return {**head, "what": "kpi", **_kpi(found)}
    return {**head, "what": "key_result", **_key_result(found)}


def _key_result(found: KeyResultExplained) -> dict[str, Any]:
    status, key_result = found.status, found.status.key_result
    check_in = found.check_in
    return {
        "title": key_result.title,
        "kind": str(key_result.kind),
        "unit": key_result.unit,
        "baseline": key_result.baseline,
        "target": key_result.target,
        "min": key_result.minimum,
        "max": key_result.maximum,
        "weight": key_result.weight,
        "current": status.observed.value,
        "raw_progress": status.raw_progress,
        "progress": status.progress,
        "expected": status.expected,
        "health": str(status.health),
        "origin": _origin(found.origin, key_result.measure, key_result.source.file, status.stale),
        "arithmetic": [
            *say.value_steps(found.origin.evidence, status.observed.value, key_result.unit),
            *say.progress_steps(status),
            *say.health_steps(status),
        ],
        "parts": _parts(found.origin.evidence),
        "movement": _movement(found.movement, found.history),
        "scopes": _scopes(found.scopes),
        "terms": _terms(found.history),
        "target_changes": [target_change_json(each) for each in found.history.target_changes],
        "forecast": forecast_json(found.forecast),
        "confidence": None
        if check_in is None
        else {"confidence": check_in.confidence, "by": check_in.author, "at": check_in.at.isoformat()},
    }


def _kpi(found: KpiExplained) -> dict[str, Any]:
    status, kpi = found.status, found.status.kpi
    return {
        "title": kpi.title,
        "unit": kpi.unit,
        "min": kpi.minimum,
        "max": kpi.maximum,
        "current": status.observed.value,
        "in_band": status.in_band,
        "origin": _origin(found.origin, kpi.measure, kpi.source.file, status.stale),
        "arithmetic": list(say.value_steps(found.origin.evidence, status.observed.value, kpi.unit)),
        "parts": _parts(found.origin.evidence),
        "movement": _movement(found.movement, found.history),
        "terms": _terms(found.history),
    }


def _terms(history: History) -> list[dict[str, Any]]:
    return [{"since": at.isoformat(), **asked_json(terms)} for at, terms in history.asked]


def _objective(found: ObjectiveExplained) -> dict[str, Any]:
    status = found.status
    weight = sum(each.weight for each in found.parts if each.progress is not None)
    return {
        "title": status.objective.title,
        "progress": status.progress,
        "coverage": status.coverage,
        "expected": status.expected,
        "health": str(status.health),
        "stale": status.stale,
        "link": _link(status.link),
        "parts": [
            {
                "ref": str(each.ref),
                "what": "key_result" if each.ref.is_key_result else "objective",
                "title": each.title,
                "weight": each.weight,
                "progress": each.progress,
                "brings": None if each.progress is None else each.weight * each.progress / weight,
                "unknown": each.why_unknown or None,
            }
            for each in found.parts
        ],
        "arithmetic": [
            *say.roll_up_steps(found.parts, status.progress, status.coverage),
            *say.health_steps(status),
        ],
        "movement": None if found.since is None else _roll_up_movement(found, found.since, found.before),
    }


def _roll_up_movement(found: ObjectiveExplained, since: datetime, before: ObjectiveStatus | None) -> dict[str, Any]:
    then = before.progress if before else None
    now = found.status.progress
    known = then is not None and now is not None
    return {
        "since": since.isoformat(),
        "progress_before": then,
        "progress_after": now,
        "moved": now - then if then is not None and now is not None else None,
        "parts": [
            {"ref": str(part.ref), "brought": old, "brings": new, "moved": new - old}
            for part, (old, new) in zip(found.parts, brought(found.parts), strict=True)
        ]
        if known
        else None,
    }


def _origin(origin: Origin, measure: Measure, file: str, stale: bool) -> dict[str, Any]:
    """The document without a line, which moves with what stands above it and may not be for this audience."""
    observed, evidence = origin.observed, origin.evidence
    return {
        "source": observed.source or None,
        "measure": {"from": measure.source, **dict(measure.options)},
        "measured_by": dict(evidence.method) or None,
        "document": file,
        "item": evidence.item,
        "url": evidence.url,
        "field": evidence.field,
        "query": measure.options.get("query"),
        "by": evidence.by,
        "at": None if evidence.at is None else evidence.at.isoformat(),
        "details": dict(evidence.details) or None,
        "link": _link(origin.link),
        "since": origin.since.isoformat() if origin.since else None,
        "seen_at": observed.seen_at.isoformat() if observed.seen_at and observed.value is not None else None,
        "stale": stale,
        "stale_why": origin.stale_why or None,
        "problem": observed.problem,
    }


def _link(link: Link | None) -> dict[str, str] | None:
    return None if link is None else {"tracker": link.tracker, "key": link.key, "url": link.url}


def _parts(evidence: Evidence) -> list[dict[str, Any]] | None:
    return None if evidence.parts is None else [_part(each, evidence) for each in evidence.parts]


def _part(part: Part, evidence: Evidence) -> dict[str, Any]:
    page = evidence.pages.page(part.key) if evidence.pages else None
    return {"id": part.id, "key": part.key, "url": page, "done": part.done, "gives": part.gives}


def _movement(movement: Movement | None, history: History) -> dict[str, Any] | None:
    if movement is None:
        return None
    evidence = movement.after.evidence if movement.after.evidence.pages else movement.before.evidence
    return {
        "before": _state(movement.before),
        "after": _state(movement.after),
        "steps": movement.steps,
        "value": {"moved": float(movement.by_value), **_causes(movement.value)},
        "progress": None
        if movement.progress is None
        else {"moved": float(movement.by_progress or 0), **_causes(movement.progress)},
        "items": [_change(each, evidence) for each in movement.changes],
        "edits": [each.to_json() for each in hand_made(movement, history)],
        "target_changes": [target_change_json(each) for each in target_changes(movement, history)],
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "at": state.at.isoformat(),
        "value": state.value,
        "progress": state.progress,
        "measured_by": dict(state.evidence.method) or None,
        "source": state.source,
        **asked_json(state.terms),
    }


def _causes(parts: Mapping[Cause, Fraction]) -> dict[str, float]:
    return {str(cause).replace(" ", "_"): float(parts.get(cause, 0)) for cause in Cause}


def _change(change: PartChange, evidence: Evidence) -> dict[str, Any]:
    part = change.part
    return {
        "move": str(change.move),
        "id": part.id,
        "key": part.key,
        "url": evidence.pages.page(part.key) if evidence.pages else None,
        **{
            name: None if each is None else {"done": each.done, "gives": each.gives}
            for name, each in (("before", change.before), ("after", change.after))
        },
    }


def _scopes(found: Scopes | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "since": found.since.isoformat(),
        "today": {
            "done": found.today.done,
            "total": found.today.total,
            "value": found.value_today,
            "progress": found.progress_today,
        },
        "then": {
            "done": found.then.done,
            "total": found.then.total,
            "value": found.value_then,
            "progress": found.progress_then,
        },
        "entered": found.entered,
        "left": found.left,
    }


def asked_json(terms: Terms) -> dict[str, Any]:
    """The numbers that were asked for."""
    return {
        "baseline": terms.baseline,
        "target": terms.target,
        "min": terms.minimum,
        "max": terms.maximum,
        "weight": terms.weight,
    }


def forecast_json(ahead: Forecast | TooLittle) -> dict[str, Any]:
    """The range of the value at the end of the cycle, or why there is none."""
    if isinstance(ahead, TooLittle):
        return {"too_little": ahead.reason, "low": None, "middle": None, "high": None, "progress": None}
    return {
        "too_little": None,
        "low": ahead.low,
        "middle": ahead.middle,
        "high": ahead.high,
        "progress": {"low": ahead.progress_low, "middle": ahead.progress_middle, "high": ahead.progress_high},
        "end": ahead.end.isoformat(),
        "points": ahead.points,
        "since": ahead.since.isoformat(),
        "until": ahead.until.isoformat(),
        "method": "Theil-Sen slope with Sen's 90 % interval",
    }
