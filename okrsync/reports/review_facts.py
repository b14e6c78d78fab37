"""What the cache knows of the way that key results took, as the review and the calibration take it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime

from okrsync.domain.cycle import Cycle
from okrsync.domain.forecast import forecast
from okrsync.domain.movement import State
from okrsync.domain.okr import Objective
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.domain.status import Status
from okrsync.practice.calibration import Forecasted
from okrsync.practice.drift import Past, Stated
from okrsync.reports.history import history_of
from okrsync.store.reading import Reader


def pasts(cache: Reader | None, status: Status) -> dict[Ref, Past]:
    """The past of every key result of a status; without a cache none has any."""
    if cache is None:
        return {}
    found: dict[Ref, Past] = {}
    for objective in status.objectives:
        for each in objective.key_results:
            history = history_of(cache, each.key_result, status.as_of)
            stated = tuple(
                Stated(said.at, said.value, said.confidence, said.obstacles, said.help_needed)
                for said in history.check_ins
                if said.at <= status.as_of
            )
            ahead = forecast(history.states, status.cycle, history.confirmed)
            found[each.key_result.ref] = Past(stated, _moved_at(history.states), ahead)
    return found


def _moved_at(states: tuple[State, ...]) -> datetime | None:
    """Since when the value is what it is, whatever was asked for meanwhile."""
    if not states:
        return None
    alike = itertools.takewhile(lambda each: same_number(each.value, states[-1].value), reversed(states))
    return min(each.at for each in alike)


def confidences(
    cache: Reader | None, objectives: Iterable[Objective], cycle: Cycle
) -> Iterator[tuple[str, Forecasted]]:
    """Every confidence that was stated in the cycle about a key result that is scored, with the key result's name."""
    if cache is None:
        return
    for objective in objectives:
        for each in objective.key_results:
            if each.score is None:
                continue
            owner = each.owner or objective.owner or objective.team or str(objective.ref)
            for said in cache.check_ins.of(each.ref):
                if said.confidence is not None and cycle.holds(said.at.date()):
                    known = Forecasted(objective.level, owner, said.at.date(), said.confidence, each.score.computed)
                    yield str(each.ref), known
