"""What a key result or KPI was asked to do at some time: kind, numbers and weight, as its document had them then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from okrsync.domain.okr import KeyResult, Kind, Kpi, Phase, TargetChange
from okrsync.domain.progress import same_number


@dataclass(frozen=True)
class Terms:
    """Everything in a document that turns a key result's value into progress, and its progress into a share."""

    kind: Kind = Kind.REACH
    baseline: float | None = None
    target: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    weight: float = 1.0
    phases: tuple[Phase, ...] = ()

    @classmethod
    def of(cls, key_result: KeyResult | Kpi) -> Terms:
        """The terms of a key result as it is documented; a KPI is asked to stay in its band."""
        if isinstance(key_result, Kpi):
            return cls(Kind.MAINTAIN, minimum=key_result.minimum, maximum=key_result.maximum, unit=key_result.unit)
        return cls(
            key_result.kind,
            key_result.baseline,
            key_result.target,
            key_result.minimum,
            key_result.maximum,
            key_result.unit,
            key_result.weight,
            key_result.phases,
        )

    def put_to(self, key_result: KeyResult) -> KeyResult:
        """The key result as it was under these terms."""
        return replace(
            key_result,
            kind=self.kind,
            baseline=self.baseline,
            target=self.target,
            minimum=self.minimum,
            maximum=self.maximum,
            unit=self.unit,
            weight=self.weight,
            phases=self.phases,
        )

    def put_to_kpi(self, kpi: Kpi) -> Kpi:
        """The KPI with the band that it had under these terms."""
        return replace(kpi, minimum=self.minimum, maximum=self.maximum, unit=self.unit)

    def to_json(self) -> dict[str, Any]:
        """Compact: what is as most key results have it is left out."""
        told: dict[str, Any] = {
            "kind": None if self.kind is Kind.REACH else str(self.kind),
            "baseline": self.baseline,
            "target": self.target,
            "min": self.minimum,
            "max": self.maximum,
            "unit": self.unit or None,
            "weight": None if self.weight == 1 else self.weight,
            "phases": [[each.by.isoformat(), each.target] for each in self.phases] or None,
        }
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Terms:
        """What `to_json` made.

        Raises:
            ValueError, TypeError, AttributeError: it is something else.
        """
        return cls(
            Kind(told.get("kind", Kind.REACH)),
            _number(told.get("baseline")),
            _number(told.get("target")),
            _number(told.get("min")),
            _number(told.get("max")),
            str(told.get("unit", "")),
            float(told.get("weight", 1.0)),
            tuple(Phase(date.fromisoformat(by), float(target)) for by, target in told.get("phases", ())),
        )


def asked_over_time(
    noted: Sequence[tuple[datetime, Terms]], changes: Sequence[TargetChange], now: Terms
) -> tuple[tuple[datetime, Terms], ...]:
    """What was asked for, and since when, oldest first: what was noted, and before that what the document tells.

    `noted` is what the cache saw in the document, `changes` the changes of target that the document itself keeps, and
    `now` what it asks for today. What was seen is believed before what is told: only changes older than the first note
    are taken from the document, so that a target's past survives the loss of the cache.
    """
    found = list(noted)
    if not found and changes:
        found = [(_midnight(changes[-1].on), now)]
    oldest = found[0][0] if found else None
    for change in reversed(changes):
        on, terms = _midnight(change.on), found[0][1]
        if oldest is None or on > oldest or not same_number(terms.target, change.after):
            continue
        # The first entry also holds for all time before it.
        found[:1] = [(on - timedelta(days=1), replace(terms, target=change.before)), (on, terms)]
        oldest = on
    return tuple(found)


def change_between(before: Terms, after: Terms, changes: Sequence[TargetChange]) -> TargetChange | None:
    """The document's own note of the step from one target to another; None where there is none."""
    for each in reversed(changes):
        if same_number(each.before, before.target) and same_number(each.after, after.target):
            return each
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
