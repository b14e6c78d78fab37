"""Who moved a value by hand: the edits of fields, the check-ins and the changes of target in a movement."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okrsync.domain.evidence import Evidence
from okrsync.domain.movement import Movement, State
from okrsync.domain.okr import TargetChange
from okrsync.domain.progress import same_number
from okrsync.domain.terms import change_between
from okrsync.reports import words
from okrsync.reports.history import History


@dataclass(frozen=True)
class HandMade:
    """A step of a movement that somebody answers for."""

    before: float
    after: float
    evidence: Evidence

    def text(self, unit: str) -> str:
        """For people: `edited by dana on 2026-10-12 09:30 UTC: 4 s → 3.1 s`."""
        return f"{made_by(self.evidence)}: {words.quantity(self.before, unit)} → {words.quantity(self.after, unit)}"

    def to_json(self) -> dict[str, Any]:
        """For `okrsync explain --json`."""
        at: datetime | None = self.evidence.at
        return {
            "by": self.evidence.by,
            "at": None if at is None else at.isoformat(),
            "before": self.before,
            "after": self.after,
            "item": self.evidence.item,
            "field": self.evidence.field,
            "url": self.evidence.url,
        }


def made_by(evidence: Evidence) -> str:
    """Who said a value, or wrote it into a field, and when, as far as that is known."""
    who = f" by {words.shown(evidence.by)}" if evidence.by else ""
    when = f" on {words.moment(evidence.at)}" if evidence.at else ""
    return f"{'said' if evidence.item is None else 'edited'}{who}{when}"


def target_changes(movement: Movement | None, history: History) -> Iterator[TargetChange]:
    """The document's notes of the changes of target that a movement is made of, oldest first."""
    for before, after in itertools.pairwise(_states(movement, history)):
        found = change_between(before.terms, after.terms, history.target_changes)
        if found is not None:
            yield found


def hand_made(movement: Movement | None, history: History) -> Iterator[HandMade]:
    """The steps of a movement that say who made them, oldest first."""
    for before, after in itertools.pairwise(_states(movement, history)):
        if after.evidence.by and not same_number(before.value, after.value):
            yield HandMade(before.value, after.value, after.evidence)


def _states(movement: Movement | None, history: History) -> list[State]:
    """The states that a movement went through."""
    if movement is None:
        return []
    first, last = movement.before, movement.after
    return [first, *(each for each in history.states if first.at < each.at <= last.at)]
