"""What there is to measure: the key results and KPIs of documents, each with where its tracker is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from okrsync.domain.items import ItemKind
from okrsync.domain.okr import Kpi, Measure, Objective, Source
from okrsync.domain.ref import Ref
from okrsync.plan.values import Placement


@dataclass(frozen=True)
class Task:
    """One key result or KPI to be measured."""

    ref: Ref
    kind: ItemKind
    measure: Measure
    unit: str
    source: Source
    placement: Placement | None
    board: str | None = None


def tasks_of(
    objectives: Iterable[Objective],
    kpis: Iterable[Kpi],
    place: Callable[[Objective | Kpi], tuple[Placement, str | None] | None],
) -> tuple[Task, ...]:
    """The tasks of key results and KPIs, in document order. `place` gives a placement and its board."""
    tasks: list[Task] = []
    for objective in objectives:
        placement, board = place(objective) or (None, None)
        tasks += [
            Task(each.ref, ItemKind.KEY_RESULT, each.measure, each.unit, each.source, placement, board)
            for each in objective.key_results
        ]
    for kpi in kpis:
        placement, board = place(kpi) or (None, None)
        tasks.append(Task(kpi.ref, ItemKind.OTHER, kpi.measure, kpi.unit, kpi.source, placement, board))
    return tuple(tasks)
