"""Which values moved between two looks at the same cycle: what a pull brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from okrsync.domain.progress import Health, same_number
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus, KpiStatus, Status
from okrsync.reports import words
from okrsync.reports.tables import Table


@dataclass(frozen=True)
class Move:
    """A value that is another one than before, in `unit`; progress is a share (0.0–1.0), None for a KPI."""

    ref: Ref
    title: str
    unit: str
    before: float | None
    after: float | None
    progress_before: float | None
    progress_after: float | None
    health: Health | None
    source: str

    def to_json(self) -> dict[str, Any]:
        """The move for `okrsync pull --json`."""
        return {
            "ref": str(self.ref),
            "title": self.title,
            "unit": self.unit,
            "before": self.before,
            "after": self.after,
            "progress_before": self.progress_before,
            "progress_after": self.progress_after,
            "health": None if self.health is None else str(self.health),
            "source": self.source,
        }


def moves(before: Status, after: Status) -> tuple[Move, ...]:
    """The key results, then the KPIs, whose value changed, in document order."""
    old = {each.key_result.ref: each for objective in before.objectives for each in objective.key_results}
    old_kpis = {each.kpi.ref: each for each in before.kpis}
    found = [
        _key_result(old.get(each.key_result.ref), each)
        for objective in after.objectives
        for each in objective.key_results
    ]
    found += [_kpi(old_kpis.get(each.kpi.ref), each) for each in after.kpis]
    return tuple(move for move in found if not same_number(move.before, move.after))


def _key_result(old: KeyResultStatus | None, new: KeyResultStatus) -> Move:
    key_result = new.key_result
    return Move(
        key_result.ref,
        key_result.title,
        key_result.unit,
        old.observed.value if old else None,
        new.observed.value,
        old.progress if old else None,
        new.progress,
        new.health,
        new.observed.source,
    )


def _kpi(old: KpiStatus | None, new: KpiStatus) -> Move:
    value = old.observed.value if old else None
    kpi = new.kpi
    return Move(kpi.ref, kpi.title, kpi.unit, value, new.observed.value, None, None, None, new.observed.source)


def moves_table(found: tuple[Move, ...]) -> Table:
    """The moves as a table."""
    return Table(
        ("What", "Before", "Now", "Progress", "Health", "From"),
        [
            (
                str(move.ref),
                words.quantity(move.before, move.unit),
                words.quantity(move.after, move.unit),
                "" if move.health is None else words.percent(move.progress_after),
                "" if move.health is None else str(move.health),
                move.source,
            )
            for move in found
        ],
    )
