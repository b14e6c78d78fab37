"""Where a value will be at the end of its cycle, from its own history: a range, or that there is too little to say.

**The method.** The trend is the median of the slopes between all pairs of points (Theil 1950; P. K. Sen, "Estimates of
the Regression Coefficient Based on Kendall's Tau", Journal of the American Statistical Association 63 (1968),
1379-1389). It needs no assumption about how values scatter, and up to 29 % of the points may be far off without
spoiling it. The range comes from Sen's distribution-free interval for the slope: of all slopes in order, those between
two ranks that the exact distribution of Kendall's S (no ties) gives for a confidence of 90 %. The value at the end is
the median of all points, each carried forward to the end at that slope; at the lower and upper slope this gives the
ends of the range.

**The points.** A cache holds a row where a value changed. The points are taken at equal steps instead, a week apart
(a thirteenth of a cycle that is shorter than a quarter), backwards from when the value was last confirmed, each with
the value as it stood then. Weeks without a change count as what they are.

**Bounds.** A share stays between nothing and all; and where neither a value nor the baseline or target was ever below
0, the forecast is not either.

**Done or not done.** What was never anything but 0 and 1 has no trend. Where a key result of kind `done` is measured by
something that grows, by a share of items for instance, that has one, and its progress is 1 where it ends at 1 or above.

**What it does not say.** The interval is for the trend: it does not include how far a single value strays from it.
Points of one value hang together, which makes the true confidence lower than 90 %. Nothing is known of plans.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache

from okrsync.domain.cycle import Cycle
from okrsync.domain.evidence import Formula
from okrsync.domain.movement import State
from okrsync.domain.okr import Kind
from okrsync.domain.progress import progress
from okrsync.domain.terms import Terms

CONFIDENCE = 0.9
"""How sure the range shall be."""
FEWEST = 5
"""The fewest points: with four, the interval is the whole range of slopes whatever they are."""
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Forecast:
    """The range of a value at the end of its cycle, in its unit, and of its progress (0.0–1.0) there."""

    low: float
    middle: float
    high: float
    progress_low: float
    """The lesser progress of the range: for a falling key result, that of `high`; for a band, 1 only where all of the
    range lies in it."""
    progress_middle: float
    progress_high: float
    end: datetime
    points: int
    since: datetime
    """The first point."""
    until: datetime
    """The last point: when the value was last confirmed."""


@dataclass(frozen=True)
class TooLittle:
    """Why there is no forecast."""

    reason: str


def forecast(states: Sequence[State], cycle: Cycle, confirmed: datetime | None) -> Forecast | TooLittle:
    """The range of the value at the end of `cycle`, judged by its states up to `confirmed` (when it was last seen).

    Only what was measured in today's way counts, and only from the cycle's start on.
    """
    if not states or confirmed is None:
        return TooLittle("no value is known yet")
    now = states[-1]
    if now.terms.kind is Kind.DONE and all(each.value in {0, 1} for each in states):
        if now.value:
            return TooLittle("it is done, and nothing further is to come")
        return TooLittle(
            "done or not done is one step, and nothing in its past tells when it comes: the stated confidence is all"
            " that is known"
        )
    end = _midnight_after(cycle)
    step = min(_WEEK, timedelta(days=max(1, cycle.days // 13)))
    start, last = max(_start_of(cycle), _method_since(states)), min(confirmed, end)
    points = _points(states, start, last, step)
    if len(points) < FEWEST:
        return TooLittle(
            f"too little data: it takes values over {step.days * (FEWEST - 1)} days of the cycle, measured in one way;"
            f" there are {max(0, (last - start).days)}"
        )
    times = [(at - end).total_seconds() for at, _ in points]
    values = [value for _, value in points]
    slopes = sorted(
        (values[j] - values[i]) / (times[j] - times[i]) for i, j in itertools.combinations(range(len(points)), 2)
    )
    skip = _skipped(len(points))
    bounds = _bounds(now, values)
    low, middle, high = (
        min(bounds[1], max(bounds[0], statistics.median(v - slope * t for t, v in zip(times, values, strict=True))))
        for slope in (slopes[skip], statistics.median(slopes), slopes[-1 - skip])
    )
    least, most = _reached(now.terms, low, high)
    return Forecast(
        low,
        middle,
        high,
        least,
        progress(now.terms, middle) or 0.0,
        most,
        end,
        len(points),
        points[0][0],
        points[-1][0],
    )


def _reached(terms: Terms, low: float, high: float) -> tuple[float, float]:
    """The least and the most progress of a range of values. A band may lie within the range: then it may be reached."""
    least, most = sorted(progress(terms, each) or 0.0 for each in (low, high))
    if terms.kind is Kind.MAINTAIN:
        below, above = terms.maximum is None or low <= terms.maximum, terms.minimum is None or high >= terms.minimum
        return least, 1.0 if below and above else most
    return least, most


def _points(states: Sequence[State], start: datetime, last: datetime, step: timedelta) -> list[tuple[datetime, float]]:
    """The value at `last` and at every step before it, back to when it was first known or to `start`; oldest first."""
    found: list[tuple[datetime, float]] = []
    at = last
    for state in reversed(states):
        while at >= max(start, state.at):
            found.append((at, state.value))
            at -= step
    return found[::-1]


def _method_since(states: Sequence[State]) -> datetime:
    """Since when the value was measured in the way of today."""
    now = states[-1].evidence
    alike = itertools.takewhile(
        lambda each: (each.evidence.method, each.evidence.scale) == (now.method, now.scale), reversed(states)
    )
    return min(each.at for each in alike)


def _bounds(state: State, values: Sequence[float]) -> tuple[float, float]:
    """Between which values it must lie."""
    if state.evidence.formula is Formula.SHARE:
        return 0.0, state.evidence.scale
    numbers = [*values, state.terms.baseline or 0.0, state.terms.target or 0.0]
    return (0.0 if min(numbers) >= 0 else float("-inf")), float("inf")


def _start_of(cycle: Cycle) -> datetime:
    return datetime.combine(cycle.start, time(), UTC)


def _midnight_after(cycle: Cycle) -> datetime:
    return datetime.combine(cycle.end + timedelta(days=1), time(), UTC)


@cache
def _skipped(points: int) -> int:
    """How many of the ordered slopes lie below the interval, and as many above it, for at least 4 points.

    The interval from slope k + 1 to slope N − k (of N, counted from 1) misses the true slope with the probability
    2 · P(D ≤ k), where D is the number of inversions in a random order of the points: Sen's ranks, exactly. It is the
    largest k for which that is at most 1 − CONFIDENCE.
    """
    inversions = [1]
    """Number of inversions → how many orders have it."""
    for size in range(2, points + 1):
        longest = len(inversions) + size - 1
        inversions = [sum(inversions[max(0, number - size + 1) : number + 1]) for number in range(longest)]
    allowed = (1 - CONFIDENCE) / 2 * sum(inversions)
    within = itertools.takewhile(lambda fewer: fewer <= allowed, itertools.accumulate(inversions))
    return max(0, sum(1 for _ in within) - 1)
