"""Scope-honest progress: what is done of what there is today, beside what is done of what there was at the start."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from okrsync.domain.evidence import Formula, share_of, value_of
from okrsync.domain.measures import Share
from okrsync.domain.movement import State
from okrsync.domain.progress import progress


@dataclass(frozen=True)
class Scopes:
    """What is done of today's scope, and of the scope at some earlier moment, weighed as it was then."""

    since: datetime
    """The moment of the earlier scope."""
    today: Share
    then: Share
    value_today: float
    value_then: float | None
    """What the value would be had the scope stayed as it was."""
    progress_today: float | None
    progress_then: float | None
    entered: int
    left: int


def scopes(states: Sequence[State], start: datetime) -> Scopes | None:
    """Progress against today's scope beside that against the scope at `start`, both for the goal of today.

    Where nothing was known at `start`, or the measure was another one then, it is the first scope known of this one.
    An item that left since counts as it was last seen. None where the value is no share of parts.
    """
    if not states or states[-1].evidence.formula is not Formula.SHARE:
        return None
    now = states[-1]
    alike = list(itertools.takewhile(lambda each: _measured_alike(each, now), reversed(states)))[::-1]
    begun = max((number for number, each in enumerate(alike) if each.at <= start), default=0)
    reference = alike[begun]
    seen: dict[str, bool] = {}
    for state in alike[begun:]:
        seen |= {each.id: each.done for each in state.evidence.parts or ()}
    scope = [replace(each, done=seen[each.id]) for each in reference.evidence.parts or ()]
    value = value_of(now.evidence, scope)
    today = {each.id for each in now.evidence.parts or ()}
    return Scopes(
        since=max(start, reference.at),
        today=share_of(now.evidence.parts or ()),
        then=share_of(scope),
        value_today=now.value,
        value_then=value,
        progress_today=now.progress,
        progress_then=progress(now.terms, value),
        entered=len(today - {each.id for each in scope}),
        left=len({each.id for each in scope} - today),
    )


def _measured_alike(one: State, other: State) -> bool:
    return one.evidence.method == other.evidence.method and one.evidence.formula is other.evidence.formula
