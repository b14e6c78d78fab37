"""Calibration: whether what people believed in the course of a cycle was what came true at its end.

A confidence says how likely it is that a key result gets there. Over many of them, of those stated with 0.7 about
seven in ten should; where fewer do, a level is too sure of itself, where more do, too careful.

**Reached** is a key result whose computed score is at least 0.7 (a setting of the call): the upper end of the aim of a
stretch goal, from which on its health was on track too. The team's adjustment does not count, for nobody predicts it.
A target that was changed counts as it was in the end.

**The figure** is the Brier score (G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly
Weather Review 78 (1950), 1-3), in the usual form for one event: the mean of (confidence − outcome)², 0 for a prophet,
0.25 for who always says 0.5, 1 for who was sure and always wrong. Beside it stands what always saying the share that
was reached would have given: a Brier score means little where everything was reached, or nothing.

**Never per person.** Figures are for the whole of a level, and every one of them, those of a bucket and of a week too,
has at least `FEWEST_OWNERS` owners behind it: neighbouring buckets and weeks are taken together until they have. No
figure can be had by taking one from another either: the one for all levels is shown only where what it holds beside the
levels that are shown has that many owners too. Whoever has no owner counts as its team.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.domain.okr import Level

REACHED_FROM = 0.7
"""The computed score from which on a key result counts as reached."""
BUCKETS = 5
"""Buckets of confidence of equal width: 0–0.2, … 0.8–1.0. A bound belongs to the bucket above it; 1.0 to the last."""
FEWEST_OWNERS = 3
"""The fewest owners behind a figure."""


@dataclass(frozen=True)
class Forecasted:
    """A confidence that somebody stated about a key result that is scored by now, without who it was."""

    level: Level
    owner: str
    """Who answers for the key result: only ever counted."""
    on: date
    confidence: float
    """0.0–1.0."""
    score: float
    """What the key result's numbers gave in the end, 0.0–1.0."""


@dataclass(frozen=True)
class Share:
    """What was stated between two confidences, or in neighbouring weeks of the cycle, and what came of it."""

    low: float
    """The lower bound of confidence, 0.0–1.0, or the first week, from 1."""
    high: float
    """The upper bound of confidence, or the last week."""
    stated: int
    """How many confidences."""
    mean: float
    """The mean of them."""
    reached: float
    """The share of them whose key result was reached."""
    brier: float


@dataclass(frozen=True)
class Calibration:
    """How well a level, or all together (None), knew what would come true."""

    level: Level | None
    key_results: int
    stated: int
    mean: float
    reached: float
    brier: float
    base: float
    """The Brier score of always saying the share that was reached: reached · (1 − reached)."""
    buckets: tuple[Share, ...]
    weeks: tuple[Share, ...]

    @property
    def bias(self) -> float:
        """Mean confidence − share reached: above 0 too sure, below 0 too careful."""
        return self.mean - self.reached


@dataclass(frozen=True)
class Told:
    """What may be told of a cycle, and what may not."""

    reached_from: float
    all: Calibration | None
    levels: tuple[Calibration, ...]
    too_few: tuple[Level, ...]
    """Levels with confidences behind which stand too few owners to show a figure."""


def brier(stated: Sequence[tuple[float, bool]]) -> float:
    """The mean of (confidence − outcome)², for at least one pair of confidence (0.0–1.0) and whether it was reached."""
    return math.fsum((confidence - reached) ** 2 for confidence, reached in stated) / len(stated)


def calibrate(stated: Iterable[tuple[str, Forecasted]], start: date, reached_from: float = REACHED_FROM) -> Told:
    """The calibration of a cycle that begins on `start`, from (name of the key result, confidence stated about it)."""
    every = list(stated)
    by_level = {level: [each for each in every if each[1].level is level] for level in Level}
    shown = [level for level, group in by_level.items() if _is_enough(group)]
    too_few = tuple(level for level, group in by_level.items() if group and level not in shown)
    rest = [each for level in too_few for each in by_level[level]]
    is_safe = _is_enough(every) and (not rest or _is_enough(rest))
    return Told(
        reached_from,
        _calibration(None, every, start, reached_from) if is_safe else None,
        tuple(_calibration(level, by_level[level], start, reached_from) for level in shown),
        too_few,
    )


def _is_enough(group: Iterable[tuple[str, Forecasted]]) -> bool:
    return not _too_few(each for _, each in group)


def _calibration(
    level: Level | None, group: Sequence[tuple[str, Forecasted]], start: date, reached_from: float
) -> Calibration:
    stated = [each for _, each in group]
    weeks: dict[int, list[Forecasted]] = {}
    buckets: dict[int, list[Forecasted]] = {}
    for each in stated:
        weeks.setdefault(max(0, (each.on - start).days) // 7 + 1, []).append(each)
        buckets.setdefault(bucket_of(each.confidence), []).append(each)
    whole = _share(0.0, 1.0, stated, reached_from)
    return Calibration(
        level=level,
        key_results=len({name for name, _ in group}),
        stated=whole.stated,
        mean=whole.mean,
        reached=whole.reached,
        brier=whole.brier,
        base=whole.reached * (1 - whole.reached),
        buckets=tuple(
            _share(first / BUCKETS, (last + 1) / BUCKETS, some, reached_from) for first, last, some in _grown(buckets)
        ),
        weeks=tuple(_share(first, last, some, reached_from) for first, last, some in _grown(weeks)),
    )


def _grown(groups: Mapping[int, Sequence[Forecasted]]) -> list[tuple[int, int, list[Forecasted]]]:
    """Neighbouring groups taken together until enough owners stand behind each: first and last number, and all in it.

    What is too small at the end joins the group before it.
    """
    found: list[tuple[int, int, list[Forecasted]]] = []
    for number in sorted(groups):
        if found and _too_few(found[-1][2]):
            first, _, some = found.pop()
            found.append((first, number, [*some, *groups[number]]))
        else:
            found.append((number, number, list(groups[number])))
    if len(found) > 1 and _too_few(found[-1][2]):
        _, last, some = found.pop()
        first, _, before = found.pop()
        found.append((first, last, [*before, *some]))
    return found


def _too_few(group: Iterable[Forecasted]) -> bool:
    return len({each.owner.casefold() for each in group}) < FEWEST_OWNERS


def _share(low: float, high: float, some: Sequence[Forecasted], reached_from: float) -> Share:
    pairs = [(each.confidence, round(each.score, 9) >= reached_from) for each in some]
    return Share(
        low,
        high,
        len(pairs),
        _mean(confidence for confidence, _ in pairs),
        _mean(reached for _, reached in pairs),
        brier(pairs),
    )


def bucket_of(confidence: float) -> int:
    """The bucket of a confidence, from 0; what is on a bound on paper is not moved off it by binary rounding."""
    return min(BUCKETS - 1, int(round(confidence * BUCKETS, 9)))


def _mean(numbers: Iterable[float]) -> float:
    every = list(numbers)
    return math.fsum(every) / len(every)
