"""The turn of the cycle: what of the last one goes on in the next, from where, and what people have to say about it.

What was reached and what people chose goes in, what the new cycle begins with and why the rest is left out comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from okrsync.domain.cycle import Cycle
from okrsync.domain.numbers import figure_text, number_text, quantity_text
from okrsync.domain.okr import KeyResult, Kind, Kpi, Measure, Objective, Okrs, Stage
from okrsync.domain.progress import progress, raw_progress, same_number
from okrsync.domain.ref import Ref
from okrsync.practice.scoring import Bounds, score_text
from okrsync.practice.targets import NUMBER


class Ending(StrEnum):
    """How a key result ended, as far as it matters for going on."""

    REACHED = "reached"
    OPEN = "open"
    """Not reached; also where nobody knows its value."""
    LOW = "low"
    """So far below its target that people reconsider whether to continue."""


@dataclass(frozen=True)
class Ended:
    """A key result at the end of its cycle."""

    key_result: KeyResult
    final: float | None
    """The value that it was scored by, else its newest; None where nobody knows one."""
    score: float | None
    """0.0–1.0, with the team's adjustment where it was scored."""
    ending: Ending
    score_shown: str
    """The score as `okrsync score` shows it: `0.36`, or `unknown`."""

    @property
    def ref(self) -> Ref:
        """The key result."""
        return self.key_result.ref


def ended(key_result: KeyResult, current: float | None, bounds: Bounds) -> Ended:
    """How a key result ended with `current` as its newest value; below `bounds.reconsider` a score is low."""
    scored = key_result.score
    final = scored.final if scored is not None and scored.final is not None else current
    score = scored.value if scored is not None else progress(key_result, final)
    raw = raw_progress(key_result, final)
    if raw is not None and round(raw, 9) >= 1:
        ending = Ending.REACHED
    else:
        ending = Ending.LOW if score is not None and round(score, 9) < bounds.reconsider else Ending.OPEN
    return Ended(key_result, final, score, ending, score_text(score, bounds))


@dataclass(frozen=True)
class Choices:
    """What people said about going on. Without a word what is open goes on, and what was reached or is low does not."""

    go_on: frozenset[Ref] = frozenset()
    """Key results that go on; of an objective here, all that were not reached."""
    drop: frozenset[Ref] = frozenset()
    keep_low: bool = False
    """Whether low ones go on about which nobody said anything."""
    targets: Mapping[Ref, float] = field(default_factory=dict)
    """New targets, by the key result of the last cycle."""

    def word_about(self, ref: Ref) -> bool | None:
        """What people said about a key result, or else about its objective; None where they said nothing."""
        for each in (ref, ref.parent):
            if each in self.drop:
                return False
            if each in self.go_on:
                return True
        return None


@dataclass(frozen=True)
class CarriedKeyResult:
    """A key result of the new cycle."""

    ref: Ref
    before: Ended
    title: str
    baseline: float | None
    target: float | None
    """None where it takes people to say it: then the document has the key result as a comment to be completed."""
    to_fill_in: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether it has all the numbers that its kind asks for."""
        return self.before.key_result.kind is not Kind.REACH or self.target is not None


@dataclass(frozen=True)
class CarriedObjective:
    """An objective of the new cycle."""

    ref: Ref
    before: Objective
    title: str
    stage: Stage
    aligns_to: tuple[Ref, ...]
    key_results: tuple[CarriedKeyResult, ...]
    to_fill_in: tuple[str, ...] = ()

    @property
    def contributes(self) -> bool:
        """Whether it still counts in a parent's roll-up."""
        return self.before.contributes and bool(self.aligns_to)


@dataclass(frozen=True)
class LeftOut:
    """What does not go on; `reason` goes on from its reference: `was reached`."""

    ref: Ref
    reason: str


@dataclass(frozen=True)
class CarryingOver:
    """What the new cycle begins with, and what is left behind."""

    objectives: tuple[CarriedObjective, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    """As they were."""
    left_out: tuple[LeftOut, ...] = ()


def is_given_up(objective: Objective) -> bool:
    """Whether an objective was closed before anybody scored it."""
    unscored = all(each.score is None for each in objective.key_results)
    return objective.stage is Stage.CLOSED and bool(objective.key_results) and unscored


def carry_over(
    okrs: Okrs,
    endings: Mapping[Ref, Ended],
    cycle: Cycle,
    choices: Choices,
    *,
    there: Okrs | None = None,
    titled: Callable[[Objective], str] = lambda objective: objective.title,
) -> CarryingOver:
    """What of `okrs`, those of one cycle, goes on in the new `cycle`.

    `endings` has every key result. `there` is what the new cycle holds already: it is not made again. `titled` gives
    the title that an objective has in the new cycle.
    """
    return _Turn(okrs, endings, cycle, choices, there or Okrs(), titled).carry()


class _Turn:
    def __init__(
        self,
        okrs: Okrs,
        endings: Mapping[Ref, Ended],
        cycle: Cycle,
        choices: Choices,
        there: Okrs,
        titled: Callable[[Objective], str],
    ) -> None:
        self.okrs = okrs
        self.endings = endings
        self.cycle = cycle
        self.choices = choices
        self.there = there
        self.titled = titled
        self.left_out: list[LeftOut] = []

    def carry(self) -> CarryingOver:
        taken = {ref.objective for ref in self.there.refs}
        going: dict[Ref, tuple[Objective, tuple[CarriedKeyResult, ...]]] = {}
        for objective in self.okrs.objectives:
            if objective.ref.objective in taken:
                self._leave(objective.ref, f"is in {self.cycle.name} already")
            elif (carried := self._key_results(objective)) is not None:
                going[objective.ref] = (objective, carried)
        targets = {(ref.objective, ""): True for ref in going}
        targets |= {(ref.objective, each.ref.key_result): each.is_complete for ref in going for each in going[ref][1]}
        targets |= {(each.ref.objective, ""): True for each in self.there.objectives}
        targets |= {
            (each.ref.objective, result.ref.key_result): True
            for each in self.there.objectives
            for result in each.key_results
        }
        kpis = []
        for kpi in self.okrs.kpis:
            if kpi.ref.objective in taken:
                self._leave(kpi.ref, f"is in {self.cycle.name} already")
            else:
                kpis.append(kpi)
        return CarryingOver(
            tuple(self._objective(objective, carried, targets) for objective, carried in going.values()),
            tuple(kpis),
            tuple(self.left_out),
        )

    def _leave(self, ref: Ref, reason: str) -> None:
        self.left_out.append(LeftOut(ref, reason))

    def _key_results(self, objective: Objective) -> tuple[CarriedKeyResult, ...] | None:
        """The key results of an objective that go on; None where the objective does not."""
        word = self.choices.word_about(objective.ref)
        named = {each.ref for each in objective.key_results} & self.choices.go_on
        if word is False and not named:
            self._leave(objective.ref, "is left out as asked")
            return None
        if is_given_up(objective) and word is None and not named:
            self._leave(objective.ref, "was closed without a score: it was given up")
            return None
        carried = []
        reasons = []
        for each in objective.key_results:
            found = self.endings[each.ref]
            if reason := self._reason_to_stop(found):
                reasons.append(LeftOut(each.ref, reason))
            else:
                carried.append(self._key_result(found))
        if carried or word is True or (not objective.key_results and objective.stage is not Stage.CLOSED):
            self.left_out += reasons
            return tuple(carried)
        endings = {self.endings[each.ref].ending for each in objective.key_results}
        if endings == {Ending.REACHED}:
            self._leave(objective.ref, "was reached")
        else:
            self._leave(objective.ref, "goes on in none of its key results")
            self.left_out += reasons
        return None

    def _reason_to_stop(self, found: Ended) -> str:
        word = self.choices.word_about(found.ref)
        if found.ref in self.choices.go_on:
            return ""
        if word is False:
            return "is left out as asked"
        if found.ending is Ending.REACHED:
            return "was reached"
        if found.ending is Ending.LOW and word is None and not self.choices.keep_low:
            return f"scored {found.score_shown}: ask whether it is still worth a cycle"
        return ""

    def _key_result(self, found: Ended) -> CarriedKeyResult:
        before = found.key_result
        ref = Ref(self.cycle.name, found.ref.objective, found.ref.key_result)
        notes = []
        if before.phases:
            notes.append(f"its phases, as far as there are any: those of {found.ref.cycle} are over")
        if before.kind is not Kind.REACH:
            return CarriedKeyResult(ref, found, before.title, before.baseline, before.target, tuple(notes))
        begins_anew = _begins_anew(before.measure)
        baseline = before.baseline if found.final is None or begins_anew else found.final
        if found.final is None:
            notes.append(f"the baseline: nobody knows where it ended, so it is that of {found.ref.cycle}")
        elif begins_anew:
            notes.append(f"baseline and target: those of {found.ref.cycle}, for what it counts begins anew")
        target = self._target(found, baseline)
        if target is None:
            ends = f"{figure_text(baseline)} {before.unit}".rstrip() if baseline is not None else "?"
            notes.insert(0, f"a new target: it ended at {ends}, and {_asked(before)} was reached")
        title, is_right = _retitled(before, baseline, before.target if target is None else target)
        if not is_right:
            notes.append("its title, which has the numbers of the last cycle")
        return CarriedKeyResult(ref, found, title, baseline, target, tuple(notes))

    def _target(self, found: Ended, baseline: float | None) -> float | None:
        """The new target; None where the old one is reached, and nobody named a new one."""
        before = found.key_result
        target = self.choices.targets.get(found.ref)
        if target is not None:
            return None if same_number(baseline, target) else target
        if baseline is None or before.baseline is None or before.target is None or same_number(baseline, before.target):
            return None
        is_ahead = (before.target > baseline) == (before.target > before.baseline)
        return before.target if is_ahead else None

    def _objective(
        self,
        objective: Objective,
        carried: tuple[CarriedKeyResult, ...],
        targets: Mapping[tuple[str, str], bool],
    ) -> CarriedObjective:
        aligned: dict[Ref, None] = {}
        for each in objective.aligns_to:
            if targets.get((each.objective, each.key_result)):
                aligned[Ref(self.cycle.name, each.objective, each.key_result)] = None
            elif (each.objective, "") in targets:
                aligned[Ref(self.cycle.name, each.objective)] = None
        notes = []
        if objective.aligns_to and not aligned:
            gone = " and ".join(each.local for each in objective.aligns_to)
            notes.append(f"what it supports: {gone} went out with {objective.ref.cycle}")
        if not any(each.is_complete for each in carried):
            notes.append("its key results: none of the last cycle goes on as it was")
        is_ready = not notes and bool(carried) and not any(each.to_fill_in for each in carried)
        stage = Stage.PROPOSED if is_ready and objective.stage is not Stage.DRAFT else Stage.DRAFT
        return CarriedObjective(
            Ref(self.cycle.name, objective.ref.objective),
            objective,
            self.titled(objective),
            stage,
            tuple(aligned),
            carried,
            tuple(notes),
        )


def _begins_anew(measure: Measure) -> bool:
    """Whether what is counted begins with the cycle: below a new item there is nothing yet."""
    return measure.source == "children" or measure.options.get("since") == "cycle"


def _asked(key_result: KeyResult) -> str:
    return quantity_text(key_result.target, key_result.unit) if key_result.target is not None else "its target"


def _retitled(key_result: KeyResult, baseline: float | None, target: float | None) -> tuple[str, bool]:
    """The title with the new numbers in the place of the old ones, and whether it has none of the old ones left.

    A target that was changed in the course of the cycle may still be in the title as it was.
    """
    title, is_right = key_result.title, True
    if same_number(key_result.baseline, key_result.target):
        return title, is_right
    earlier = (each.before for each in key_result.target_changes)
    changes = (((key_result.baseline,), baseline), ((key_result.target, *earlier), target))
    places: list[tuple[int, int, str]] = []
    for olds, new in changes:
        found = [each for each in NUMBER.finditer(title) if any(same_number(float(each.group()), old) for old in olds)]
        if new is None or all(same_number(float(each.group()), new) for each in found):
            continue
        if len(found) > 1:
            is_right = False
        places += [(each.start(), each.end(), number_text(new)) for each in found if len(found) == 1]
    for start, end, text in sorted(places, reverse=True):
        title = title[:start] + text + title[end:]
    return title, is_right
