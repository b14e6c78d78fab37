"""Why a value moved: a movement between two states of a key result, taken apart into causes that add up to it.

**The order.** Several things may have happened between two looks, and how much each moved the value hangs on the order
in which one counts them. okrsync always counts in the same order, each step from where the one before it ended
(sequential attribution), so that the parts add up exactly and nothing is left over or counted twice:

1. *Work done* (or undone): what was there before and is done now, at the weight that it had before. It comes first and
   on the old scope because that is what people set out to do: what they did counts in full, whatever was added later.
2. *Scope change*: what entered, left, or weighs something else now. An item that is done already when it is first seen
   enters as it is: nobody saw the work.
3. *Change of method*: the document measures in another way. Which items count is then a matter of the method, so no
   scope change is told apart from it.
4. *Manual edit*: a number that somebody typed, into a check-in or a field. *Measured*: a source gave another number
   and does not say from what. Values have either parts (1 to 3) or this.
5. *Target change*: the document asks for something else. It comes last, because what happened before was meant for the
   old goal; it moves progress and never the value.

For a total or a mean over a query, what enters and leaves is the very thing that is measured: all of it is work.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from okrsync.domain.evidence import Evidence, Formula, Part, in_order_of_keys, value_of
from okrsync.domain.progress import progress, same_number
from okrsync.domain.terms import Terms


class Cause(StrEnum):
    """Why a value or its progress moved, in the order in which causes are counted."""

    WORK = "work done"
    SCOPE = "scope change"
    METHOD = "change of method"
    MANUAL = "manual edit"
    MEASURED = "measured"
    TARGET = "target change"


class PartMove(StrEnum):
    """What became of an item that counts."""

    ENTERED = "entered"
    LEFT = "left"
    DONE = "done"
    REOPENED = "reopened"
    CHANGED = "changed"
    """It gives something else than before."""


@dataclass(frozen=True)
class State:
    """A value as it stood since some moment: what it came from, and what was asked for then."""

    at: datetime
    value: float
    terms: Terms
    evidence: Evidence = field(default_factory=Evidence)
    source: str = ""

    @property
    def progress(self) -> float | None:
        """Its progress under the terms of its time, 0.0–1.0."""
        return progress(self.terms, self.value)


@dataclass(frozen=True)
class PartChange:
    """An item that is not what it was, before and after; None where it did not count."""

    move: PartMove
    before: Part | None
    after: Part | None

    @property
    def part(self) -> Part:
        """The item, as it was last seen."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change of nothing")
        return found


@dataclass(frozen=True)
class Movement:
    """How a value came from one state to another. Causes that moved nothing are left out."""

    before: State
    after: State
    value: Mapping[Cause, Fraction]
    """In the key result's unit; the sum is exactly after − before."""
    progress: Mapping[Cause, Fraction] | None
    """Shares; the sum is exactly after − before. None where progress is not defined."""
    changes: tuple[PartChange, ...] = ()
    """What became of items between the two states, in the order of `PartMove`, then of keys."""
    steps: int = 1
    """How many movements it is made of."""

    @property
    def by_value(self) -> Fraction:
        """By how much the value moved."""
        return sum(self.value.values(), Fraction())

    @property
    def by_progress(self) -> Fraction | None:
        """By how much progress moved."""
        return None if self.progress is None else sum(self.progress.values(), Fraction())

    @property
    def is_still(self) -> bool:
        """Whether nothing happened: no cause, no item, no change of the method or of what is asked for."""
        same = self.before.evidence.method == self.after.evidence.method and self.before.terms == self.after.terms
        return same and not self.value and not self.progress and not self.changes


def states(
    values: Iterable[tuple[datetime, float, Evidence, str]], terms: Iterable[tuple[datetime, Terms]], now: Terms
) -> tuple[State, ...]:
    """The states that a key result went through: a new one for each value, and each time that its terms changed.

    `values` and `terms` are (since when, what), in the order in which they were noted; `now` is what is asked for
    where nothing was ever noted. Before the first note, terms are those of the first note.
    """
    asked = list(terms)
    first = asked[0][1] if asked else now
    events: list[tuple[datetime, int, Terms | tuple[float, Evidence, str]]] = []
    latest: datetime | None = None
    for at, value, evidence, source in values:
        # A check-in that was found late is older than what it replaced; it counts from then on all the same.
        latest = at if latest is None else max(at, latest)
        events.append((latest, 0, (value, evidence, source)))
    events += [(since, 1, each) for since, each in asked]
    found: list[State] = []
    current = first
    for at, _, event in sorted(events, key=lambda each: each[:2]):
        if isinstance(event, Terms):
            current = event
            if found and found[-1].terms != event:
                found.append(replace(found[-1], at=at, terms=event))
        else:
            found.append(State(at, event[0], current, event[1], event[2]))
    return tuple(found)


def movement(before: State, after: State) -> Movement:
    """The movement from one state to another, taken apart as this module says."""
    levels = [(None, before.value), *_levels(before, after)]
    value: dict[Cause, Fraction] = {}
    for (_, low), (cause, high) in itertools.pairwise(levels):
        _add(value, cause, Fraction(high) - Fraction(low))
    return Movement(before, after, value, _progress(levels, before, after), part_changes(before, after))


def journey(states: Sequence[State]) -> Movement | None:
    """The movement from the first state to the last, step by step; None where there are not two states.

    Each step is taken apart by itself and the parts are added up: what happened earlier is counted on the scope and
    for the goal of its own time.
    """
    if len(states) < 2:
        return None
    value: dict[Cause, Fraction] = {}
    shares: dict[Cause, Fraction] | None = {}
    for before, after in itertools.pairwise(states):
        step = movement(before, after)
        for cause, part in step.value.items():
            _add(value, cause, part)
        if step.progress is None or shares is None:
            shares = None
            continue
        for cause, part in step.progress.items():
            _add(shares, cause, part)
    whole = (states[0], states[-1])
    return Movement(*whole, _in_order(value), shares and _in_order(shares), part_changes(*whole), len(states) - 1)


def last_movement(states: Sequence[State]) -> Movement | None:
    """The newest step in which anything happened."""
    for before, after in reversed(list(itertools.pairwise(states))):
        step = movement(before, after)
        if not step.is_still:
            return step
    return None


def part_changes(before: State, after: State) -> tuple[PartChange, ...]:
    """Which items entered, left or changed between two states."""
    old = {each.id: each for each in before.evidence.parts or ()}
    new = {each.id: each for each in after.evidence.parts or ()}
    if before.evidence.parts is None or after.evidence.parts is None:
        return ()
    found = []
    for name in {*old, *new}:
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            found.append(PartChange(PartMove.ENTERED if was is None else PartMove.LEFT, was, now))
            continue
        if was.done != now.done:
            found.append(PartChange(PartMove.DONE if now.done else PartMove.REOPENED, was, now))
        if was.gives != now.gives:
            found.append(PartChange(PartMove.CHANGED, was, now))
    order = list(PartMove)
    return tuple(
        sorted(found, key=lambda each: (order.index(each.move), in_order_of_keys(each.part.key), each.part.id))
    )


def _levels(before: State, after: State) -> Iterator[tuple[Cause, float]]:
    """Where the value stands after each cause; the last is where it stands now."""
    old, new = before.evidence, after.evidence
    same_method = old.method == new.method and old.scale == new.scale
    if not (_explains(before) and _explains(after)):
        yield _cause_without_parts(old, new, same_method), after.value
        return
    if old.formula is Formula.SHARE and new.formula is Formula.SHARE:
        yield Cause.WORK, _with_work_done(before, after)
        yield (Cause.SCOPE if same_method else Cause.METHOD), after.value
    else:
        yield (Cause.WORK if same_method else Cause.METHOD), after.value


def _cause_without_parts(old: Evidence, new: Evidence, same_method: bool) -> Cause:
    if not old.method or not new.method:
        return Cause.MEASURED
    if not same_method:
        return Cause.METHOD
    return Cause.MANUAL if new.method.get("from") in {"manual", "field"} else Cause.MEASURED


def _explains(state: State) -> bool:
    """Whether the value is what its parts give."""
    given = value_of(state.evidence)
    return given is not None and same_number(given, state.value)


def _with_work_done(before: State, after: State) -> float:
    """The share of the old items at their old weights, with what of them is done now."""
    now = {each.id: each.done for each in after.evidence.parts or ()}
    old = before.evidence.parts or ()
    if all(now.get(each.id, each.done) == each.done for each in old):
        return before.value
    worked = value_of(before.evidence, [replace(each, done=now.get(each.id, each.done)) for each in old])
    return before.value if worked is None else worked


def _progress(
    levels: Sequence[tuple[Cause | None, float]], before: State, after: State
) -> Mapping[Cause, Fraction] | None:
    reached = [(cause, progress(before.terms, value)) for cause, value in levels]
    reached.append((Cause.TARGET, progress(after.terms, after.value)))
    parts: dict[Cause, Fraction] = {}
    for (_, low), (cause, high) in itertools.pairwise(reached):
        if low is None or high is None or not math.isfinite(low) or not math.isfinite(high):
            return None
        _add(parts, cause, Fraction(high) - Fraction(low))
    return parts


def _add(parts: dict[Cause, Fraction], cause: Cause | None, part: Fraction) -> None:
    if cause is None or not part:
        return
    total = parts.pop(cause, Fraction()) + part
    if total:
        parts[cause] = total


def _in_order(parts: Mapping[Cause, Fraction]) -> dict[Cause, Fraction]:
    return {cause: parts[cause] for cause in Cause if cause in parts}
