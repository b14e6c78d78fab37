"""Spans of time and schedules, as people write them in the settings."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DURATION = r"[1-9][0-9]{0,5}[smhdw]"
_CRON_PART = r"(?:\*|[0-9A-Za-z]{1,3}(?:-[0-9A-Za-z]{1,3})?)(?:/[0-9]{1,2})?"
_CRON_FIELD = rf"{_CRON_PART}(?:,{_CRON_PART})*"
CRON = rf"{_CRON_FIELD}(?: +{_CRON_FIELD}){{4}}"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)


def parse_duration(text: object) -> timedelta:
    """Read a span such as `90s`, `15m`, `2h`, `7d` or `2w`; at most ten years.

    Raises:
        ValueError: when it is not one.
    """
    if not isinstance(text, str) or not re.fullmatch(DURATION, text.strip()):
        raise ValueError("a span of time such as 15m, 2h or 7d")
    span = timedelta(**{_UNITS[text.strip()[-1]]: int(text.strip()[:-1])})
    if span > _LONGEST:
        raise ValueError("a span of time of at most ten years")
    return span


def parse_maybe_none(text: object) -> timedelta:
    """Read a span as `parse_duration` does, or `0s`.

    Raises:
        ValueError: when it is neither.
    """
    return timedelta(0) if isinstance(text, str) and text.strip() == "0s" else parse_duration(text)


def parse_when(text: object) -> timedelta | str:
    """Read when something happens: a span of time between two runs, or a cron expression, which stays text.

    Raises:
        ValueError: when it is neither, or a cron expression that never comes true.
    """
    if isinstance(text, str) and re.fullmatch(CRON, text.strip()):
        return _right_cron(" ".join(text.split()))
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(
            "a span of time such as 15m, or a cron expression of five fields such as '0 3 * * *'"
        ) from error


def _right_cron(expression: str) -> str:
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(expression, datetime(2024, 1, 1)))  # noqa: DTZ001 - an expression is wall-clock time
    except CronSimError as error:
        raise ValueError(
            "a cron expression of five fields (minute, hour, day of the month, month, day of the week); this one has a"
            f" {str(error)[:1].lower() + str(error)[1:]}"
        ) from error
    except StopIteration:
        raise ValueError("a cron expression that comes true on some day") from None
    return expression


def written_duration(value: object) -> object:
    """A span of time as people write it, in the widest unit that fits; anything else as it is."""
    if not isinstance(value, timedelta):
        return value
    seconds = int(value.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
