"""What a key result was asked to do at some time: its kind, numbers and weight, as its document had them then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from okrsync.domain.okr import KeyResult, Kind, Phase


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
    def of(cls, key_result: KeyResult) -> Terms:
        """The terms of a key result as it is documented."""
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


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
