"""Scores at the end of a cycle: what the numbers give, what the team may make of it, and how a score reads.

A score is the key result's progress at the end, 0.0–1.0, by the same arithmetic as everywhere. It is unknown where the
final value is: nothing is guessed. The team may move it a little by judgement, with a reason and a name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okrsync.domain.okr import KeyResult, Kind, Objective, Retrospective, Score, Stage
from okrsync.domain.progress import RollUp, clamp, progress, raw_progress, roll_up, same_number
from okrsync.domain.ref import Ref

DIGITS = 4
"""Decimal places of a score that is written down."""
_ROUNDING = 1e-9


class Band(StrEnum):
    """How a score reads."""

    RECONSIDER = "reconsider"
    SHORT = "short of expectation"
    GOOD = "good"
    CHALLENGE = "successful challenge"
    EXCELLENT = "excellent"


MEANING = {
    Band.RECONSIDER: "reconsider whether to continue: it says low priority, not failure",
    Band.SHORT: "short of expectation",
    Band.GOOD: "good: the aim of a stretch goal",
    Band.CHALLENGE: "a successful challenge",
    Band.EXCELLENT: "excellent; where all key results are, the objective was not ambitious enough",
}
"""How each band reads in a sentence."""


@dataclass(frozen=True)
class Bounds:
    """The bounds of the bands, and how far a team may move a score; all 0.0–1.0, the bounds rising."""

    adjustment: float = 0.05
    reconsider: float = 0.4
    """Below it: reconsider."""
    short: float = 0.6
    """Below it: short of expectation. From it up to `challenge`, both included: good."""
    challenge: float = 0.7
    """Above it: a successful challenge."""
    excellent: float = 0.8
    """Above it: excellent."""

    def band(self, score: float) -> Band:
        """The band of a score. What is on a bound on paper is not moved off it by binary rounding."""
        score = round(score, 9)
        if score < self.reconsider:
            return Band.RECONSIDER
        if score < self.short:
            return Band.SHORT
        if score <= self.challenge:
            return Band.GOOD
        return Band.CHALLENGE if score <= self.excellent else Band.EXCELLENT


class NotScored(Exception):
    """A key result that cannot be scored, or an adjustment that is refused; the text says why and what to do."""


def computed(key_result: KeyResult, final: float | None) -> float | None:
    """The score that the final value gives, 0.0–1.0 to four places; None where the value is unknown."""
    found = progress(key_result, final)
    return None if found is None else round(found, DIGITS)


def score(key_result: KeyResult, final: float | None, on: date) -> Score:
    """The score of a key result from its final value, before anybody adjusts it.

    Raises:
        NotScored: nobody knows the value; an unknown value is no score of 0.
    """
    found = computed(key_result, final)
    if found is None or final is None:
        raise NotScored(f"{key_result.ref}: no value is known, and unknown is not 0: give it with --final N")
    return Score(computed=found, final=final, on=on)


def adjusted(
    before: Score,
    adjustment: float,
    reason: str,
    by: str,
    bounds: Bounds,
    *,
    among: Collection[str] = (),
) -> Score:
    """The score with the team's adjustment; one of 0 takes an earlier adjustment back and needs no reason.

    Args:
        among: the reviewers, where one of them has to answer for it; empty where anybody may.

    Raises:
        NotScored: it is larger than the settings allow, has no reason or no name, or the name is no reviewer's.
    """
    if not math.isfinite(adjustment) or abs(adjustment) > bounds.adjustment + _ROUNDING:
        raise NotScored(
            f"an adjustment of {adjustment:+g} is refused: at most {bounds.adjustment:g} up or down. A score says what"
            " the numbers say; what they do not say belongs into the answers of the review"
        )
    if not adjustment:
        return Score(before.computed, before.final, on=before.on)
    if not reason.strip():
        raise NotScored(f"an adjustment of {adjustment:+g} has no reason: say why with --reason, effort or market")
    if not by.strip():
        raise NotScored(f"an adjustment of {adjustment:+g} has no name: say whose it is with --as NAME")
    if among and by.casefold() not in {each.casefold() for each in among}:
        names = ", ".join(among)
        raise NotScored(f"an adjustment needs the name of a reviewer ({names}), not of {by}: settings, require_review")
    return Score(before.computed, before.final, round(adjustment, DIGITS), reason.strip(), by.strip(), before.on)


def same_score(one: Score | None, other: Score | None) -> bool:
    """Whether two scores say the same, whatever their days."""
    if one is None or other is None:
        return one is other
    return (one.reason, one.by) == (other.reason, other.by) and all(
        same_number(*pair)
        for pair in (
            (one.computed, other.computed),
            (one.final, other.final),
            (one.adjustment, other.adjustment),
        )
    )


@dataclass(frozen=True)
class KeyResultScore:
    """What a key result scored, or would score by its value of now."""

    key_result: KeyResult
    current: float | None
    """Its newest value."""
    proposed: float | None
    """The score that this value gives; None where it is unknown."""

    @property
    def ref(self) -> Ref:
        """The key result."""
        return self.key_result.ref

    @property
    def recorded(self) -> Score | None:
        """What the document says that it scored."""
        return self.key_result.score

    @property
    def value(self) -> float | None:
        """What was recorded, else what is proposed, 0.0–1.0."""
        return self.proposed if self.recorded is None else self.recorded.value

    @property
    def original(self) -> float | None:
        """What it would have scored by the target that it began the cycle with; None where that never changed."""
        if not self.key_result.target_changes or self.key_result.kind is not Kind.REACH:
            return None
        final = self.recorded.final if self.recorded else self.current
        start, first = self.key_result.baseline, self.key_result.original_target
        if final is None or start is None or first is None or first == start:
            return None
        found = clamp((final - start) / (first - start))
        return None if found is None else round(found, DIGITS)

    @property
    def has_moved_since(self) -> bool:
        """Whether its value is another now than the one that its score was computed from."""
        known = self.recorded is not None and self.current is not None
        return known and not same_number(self.current, self.recorded.final if self.recorded else None)

    @property
    def raw(self) -> float | None:
        """Raw progress behind the score: below 0 and above 1 are possible."""
        return raw_progress(self.key_result, self.recorded.final if self.recorded else self.current)


@dataclass(frozen=True)
class ObjectiveScore:
    """What an objective scored: the weighted mean of its key results."""

    objective: Objective
    key_results: tuple[KeyResultScore, ...]

    @property
    def rolled(self) -> RollUp:
        """The weighted mean of the known scores, and the share of weight that is known."""
        return roll_up((each.key_result.weight, each.value) for each in self.key_results)

    @property
    def value(self) -> float | None:
        """The score, 0.0–1.0; None where nothing is known."""
        found = self.rolled.progress
        return None if found is None else round(found, DIGITS)

    @property
    def is_recorded(self) -> bool:
        """Whether every key result has its score in the document."""
        return bool(self.key_results) and all(each.recorded is not None for each in self.key_results)

    @property
    def retrospective(self) -> Retrospective | None:
        """The answers of the review."""
        return self.objective.retrospective

    def too_easy(self, bounds: Bounds) -> bool:
        """Whether all key results are excellent: then the objective was not ambitious enough."""
        values = [each.value for each in self.key_results]
        return bool(values) and all(each is not None and bounds.band(each) is Band.EXCELLENT for each in values)


def is_scorable(objective: Objective) -> bool:
    """Whether an objective is scored: it was committed to, and is perhaps closed by now."""
    return objective.stage in {Stage.COMMITTED, Stage.CLOSED}


def scores(objectives: Iterable[Objective], current: dict[Ref, float | None]) -> tuple[ObjectiveScore, ...]:
    """The scores of the objectives that are scored, by the newest values of their key results."""
    return tuple(
        ObjectiveScore(
            objective,
            tuple(
                KeyResultScore(each, value := current.get(each.ref), computed(each, value))
                for each in objective.key_results
            ),
        )
        for objective in objectives
        if is_scorable(objective)
    )


def score_text(value: float | None, bounds: Bounds) -> str:
    """A score as people read it: two places, or as many as it takes to be in its own band."""
    if value is None:
        return "unknown"
    for places in (2, 3, DIGITS):
        text = f"{value:.{places}f}"
        if bounds.band(float(text)) is bounds.band(value):
            return text
    return f"{value:.9g}"
