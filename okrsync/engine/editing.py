"""Who wrote the number that a field holds, and when.

Trackers are asked about values that moved alone, all of a tracker at once. A history that cannot be read changes no
value, and no exit code: then it is not known who it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from okrsync.domain.evidence import Evidence
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.engine.measuring import FieldRead, Measurements
from okrsync.engine.pool import TrackerPool
from okrsync.store.values import CurrentValue, Measured
from okrsync.trackers.errors import TrackerError
from okrsync.trackers.values import FieldChange

HALF_OF_THE_LAST_DIGIT = 0.0005 + 1e-9
"""How far a number in a history may be from the field's: histories may keep three decimals."""


def with_editors(
    measurements: Measurements, known: Mapping[Ref, CurrentValue], pool: TrackerPool
) -> tuple[Measured, ...]:
    """The values, those of fields with who wrote them in their evidence.

    `known` is what was known before: a value that did not move keeps what was found out when it did.
    """
    moved = {each.ref for each in measurements.values if _is_news(each, known)} & measurements.fields.keys()
    told = _histories({ref: measurements.fields[ref] for ref in moved}, pool)
    return tuple(
        _with_editor(each, known.get(each.ref), told.get(each.ref)) if each.ref in measurements.fields else each
        for each in measurements.values
    )


def is_told(value: float | None, told: float | None) -> bool:
    """Whether a history tells of this value."""
    if value is None or told is None:
        return value is told
    return same_number(value, told) or abs(value - told) <= HALF_OF_THE_LAST_DIGIT


def _is_news(measured: Measured, known: Mapping[Ref, CurrentValue]) -> bool:
    before = known.get(measured.ref)
    return measured.problem is None and not same_number(before.value if before else None, measured.value)


def _histories(reads: Mapping[Ref, FieldRead], pool: TrackerPool) -> dict[Ref, tuple[FieldChange, ...]]:
    by_tracker: dict[str, list[Ref]] = {}
    for ref, read in reads.items():
        by_tracker.setdefault(read.tracker, []).append(ref)
    found: dict[Ref, tuple[FieldChange, ...]] = {}
    for name, refs in by_tracker.items():
        tracker = pool.get(name)
        if tracker is None or not tracker.capabilities.field_history:
            continue
        try:
            told = tracker.field_changes([(reads[ref].item, reads[ref].name) for ref in refs])
        except TrackerError:
            continue
        found |= {ref: told.get((reads[ref].item.at.id, reads[ref].name), ()) for ref in refs}
    return found


def _with_editor(measured: Measured, before: CurrentValue | None, told: Sequence[FieldChange] | None) -> Measured:
    if measured.problem is not None:
        return measured
    evidence = Evidence.from_json(measured.evidence)
    if told is not None:
        made = _last_to(measured.value, told)
        if made is not None:
            return replace(measured, evidence=replace(evidence, by=made.by or None, at=made.at).to_json())
    elif before is not None and same_number(before.value, measured.value):
        old = Evidence.from_json(before.evidence)
        if old.by and (old.item, old.field) == (evidence.item, evidence.field):
            return replace(measured, evidence=replace(evidence, by=old.by, at=old.at).to_json())
    return measured


def _last_to(value: float | None, told: Iterable[FieldChange]) -> FieldChange | None:
    """The newest change that made the value what it was seen to be: somebody may have changed it again meanwhile."""
    return next((each for each in reversed(tuple(told)) if is_told(value, each.after)), None)
