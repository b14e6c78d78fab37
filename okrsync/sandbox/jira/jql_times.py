"""Reads the times of JQL: absolute ones to the minute in the user's zone, and relative ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FORMATS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}
SPAN = re.compile(r"([+-]?)((?:\d+[wdhm]\s*)+)", re.IGNORECASE)


class NoTimeError(ValueError):
    """Text or a function that is no time in JQL."""


def read_time(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that a literal means.

    Absolute times are read to the minute in the user's zone (seconds are no JQL), dates as its midnight, a span
    such as `-15m` or `4w 2d` from now, and a bare number as milliseconds since 1970.  Raises NoTimeError.
    """
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    if re.fullmatch(r"-?\d{6,}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return now + read_span(text)


def read_span(text: str) -> timedelta:
    """A signed span such as `-1w 2d`; raises NoTimeError."""
    found = SPAN.fullmatch(text.strip())
    if not found:
        raise NoTimeError(text)
    span = sum(
        (int(count) * UNITS[unit.lower()] for count, unit in re.findall(r"(\d+)([wdhmWDHM])", found[2])), timedelta()
    )
    return -span if found[1] == "-" else span


def call_time(name: str, arguments: tuple[str, ...], now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that `now()`, `startOfDay()` and their like mean, moved by an optional span.

    Raises NoTimeError for other functions.
    """
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match name.lower():
        case "now":
            return now
        case "startofday":
            start = midnight
        case "endofday":
            start = midnight + timedelta(days=1, milliseconds=-1)
        case "startofweek":
            start = midnight - timedelta(days=(midnight.weekday() + 1) % 7)
        case "startofmonth":
            start = midnight.replace(day=1)
        case "startofyear":
            start = midnight.replace(month=1, day=1)
        case _:
            raise NoTimeError(name)
    return (start + (read_span(arguments[0]) if arguments else timedelta())).astimezone(UTC)
