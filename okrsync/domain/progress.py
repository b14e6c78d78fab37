"""Every number that okrsync shows about progress, one function each.

Unknown is None and never 0: a value that nobody has seen yet must not look like a value of nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import KeyResult, Kind

ON_TRACK = 0.7
"""The projected final score from which on a key result is on track (the aim of a stretch goal)."""
AT_RISK = 0.4
"""The projected final score from which on it is at risk; below, it is off track."""
TOO_EARLY = 0.1
"""The elapsed share of the cycle before which a projection says nothing."""


class Health(StrEnum):
    """How a key result or objective is doing, from its projected final score."""

    ON_TRACK = "on-track"
    AT_RISK = "at-risk"
    OFF_TRACK = "off-track"
    TOO_EARLY = "too-early"
    UNKNOWN = "unknown"


class Goal(Protocol):
    """What a value is held against: a key result, or its terms at some time."""

    @property
    def kind(self) -> Kind:
        """What it asks for."""

    @property
    def baseline(self) -> float | None:
        """Where `reach` starts."""

    @property
    def target(self) -> float | None:
        """Where `reach` should end."""

    @property
    def minimum(self) -> float | None:
        """The lower end of the band of `maintain`."""

    @property
    def maximum(self) -> float | None:
        """Its upper end."""


def raw_progress(key_result: Goal, current: float | None) -> float | None:
    """(current − baseline) / (target − baseline), whichever way it runs: below 0 and above 1 are possible.

    `maintain` is 1 inside its band (both ends included), else 0; `done` is 1 from a current value of 1 on, else 0.
    None when the current value is unknown.
    """
    if current is None:
        return None
    if key_result.kind is Kind.MAINTAIN:
        return 1.0 if in_band(current, key_result.minimum, key_result.maximum) else 0.0
    if key_result.kind is Kind.DONE:
        return 1.0 if current >= 1 else 0.0
    if key_result.baseline is None or key_result.target is None:
        return None
    return (current - key_result.baseline) / (key_result.target - key_result.baseline)


def in_band(value: float, minimum: float | None, maximum: float | None) -> bool:
    """Whether `value` lies in the band; a missing end is open."""
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def clamp(raw: float | None) -> float | None:
    """Progress from raw progress: 0.0 to 1.0, None where it is unknown."""
    return None if raw is None else min(1.0, max(0.0, raw))


def progress(key_result: Goal, current: float | None) -> float | None:
    """Progress of a key result, 0.0 to 1.0; None when the current value is unknown."""
    return clamp(raw_progress(key_result, current))


@dataclass(frozen=True)
class RollUp:
    """An objective's progress (0.0–1.0, None when nothing is known) and the share of weight that is known (0.0–1.0)."""

    progress: float | None
    coverage: float


def roll_up(parts: Iterable[tuple[float, float | None]]) -> RollUp:
    """The weighted mean of the known parts, given as (weight > 0, progress or None), beside their share of weight."""
    known: list[tuple[float, float]] = []
    total: list[float] = []
    for weight, value in parts:
        total.append(weight)
        if value is not None:
            known.append((weight, value))
    whole = math.fsum(total)
    share = math.fsum(weight for weight, _ in known)
    if not known or whole <= 0:
        return RollUp(None, 0.0)
    mean = math.fsum(weight * value for weight, value in known) / share
    return RollUp(min(1.0, max(0.0, mean)), min(1.0, share / whole))


def expected(key_result: KeyResult, cycle: Cycle, day: date) -> float:
    """The progress that is due on `day`, 0.0–1.0.

    It is the elapsed share of the cycle, or, where the key result has phases, the straight line through the progress
    that each phase asks for, from 0 at the cycle's start to 1 at its end (or to what a phase on the last day asks for).
    """
    if not key_result.phases or key_result.kind is not Kind.REACH:
        return cycle.elapsed(day)
    points = [(0.0, 0.0)]
    points.extend(
        (cycle.elapsed(phase.by), progress(key_result, phase.target) or 0.0)
        for phase in sorted(key_result.phases, key=lambda each: each.by)
    )
    if points[-1][0] < 1.0:
        points.append((1.0, 1.0))
    now = cycle.elapsed(day)
    for (before, low), (after, high) in itertools.pairwise(points):
        if now <= after:
            span = after - before
            return high if span <= 0 or now == after else low + (high - low) * (now - before) / span
    return points[-1][1]


def health(current: float | None, due: float, elapsed: float) -> Health:
    """Health from progress (0.0–1.0 or None), the progress that is due, and the elapsed share of the cycle.

    The projected final score is progress / due: at least 0.7 is on track, at least 0.4 at risk, less is off track.
    """
    if current is None:
        return Health.UNKNOWN
    if elapsed < TOO_EARLY:
        return Health.TOO_EARLY
    projected = current / due if due > 0 else 1.0
    # A projection that is 0.7 on paper must not fall below it by binary rounding.
    projected = round(projected, 9)
    if projected >= ON_TRACK:
        return Health.ON_TRACK
    return Health.AT_RISK if projected >= AT_RISK else Health.OFF_TRACK


def same_number(one: float | None, other: float | None) -> bool:
    """Whether two values are the same number to a person: equal but for binary rounding; None equals only None."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
