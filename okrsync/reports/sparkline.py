"""Values over time in one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

BLOCKS = "▁▂▃▄▅▆▇█"
FLAT = BLOCKS[3]
"""What a value that never moved looks like."""
GAP = " "


def sparkline(points: Sequence[tuple[datetime, float | None]], start: datetime, end: datetime, width: int) -> str:
    """A character for each of `width` equal spans from `start` to `end`: how high the value stood when the span ended.

    `points` are (since when, value), oldest first; a value holds until the next. The lowest value is the lowest block,
    the highest the highest, and a span in which no value was known yet is blank.
    """
    if width <= 0 or end < start:
        return ""
    moments = [start + (end - start) * (number + 1) / width for number in range(width)]
    values = [_value_at(points, moment) for moment in moments]
    known = [each for each in values if each is not None]
    if not known:
        return GAP * width
    low, high = min(known), max(known)
    return "".join(_block(each, low, high) for each in values)


def _value_at(points: Sequence[tuple[datetime, float | None]], moment: datetime) -> float | None:
    return next((value for at, value in reversed(points) if at <= moment), None)


def _block(value: float | None, low: float, high: float) -> str:
    if value is None:
        return GAP
    if low == high:
        return FLAT
    return BLOCKS[round((value - low) / (high - low) * (len(BLOCKS) - 1))]
