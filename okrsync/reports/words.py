"""How figures read to people: shares, goals, ages. Every view says the same thing in the same words."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from okrsync.domain.numbers import figure_text, number_text, quantity_text
from okrsync.domain.okr import KeyResult, Kind, Kpi
from okrsync.domain.status import KeyResultStatus, KpiStatus, Link, ObjectiveStatus

UNKNOWN = "unknown"

_REORDERS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text after them, so that it reads as something else."""
_BREAKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")


def shown(text: str) -> str:
    """A text from a document or tracker as one line that a terminal can only show, never obey.

    Breaks and tabs become spaces; control characters, surrogates, and marks that reorder text are left out.
    """
    if text.isprintable():
        return text
    return "".join(" " if each in _BREAKS else each for each in text if each in _BREAKS or _harmless(each))


def shown_lines(text: str) -> str:
    """As `shown`, with line breaks kept."""
    return "\n".join(shown(line) for line in text.split("\n"))


def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _REORDERS


def percent(share: float | None) -> str:
    """A share (0.0–1.0) as a whole percentage. It never says 100 % before all is reached, nor 0 % of something."""
    if share is None:
        return UNKNOWN
    whole = round(100 * share)
    if whole == 100 and share < 1 - 1e-9:
        whole = 99
    elif whole == 0 and share > 1e-9:
        whole = 1
    return f"{whole} %"


def figure(value: float) -> str:
    """A number with at most five digits that matter, and never fewer than its whole part has."""
    return figure_text(value)


def quantity(value: float | None, unit: str) -> str:
    """A measured value with its unit, or that it is unknown."""
    return UNKNOWN if value is None else f"{figure(value)} {shown(unit)}".rstrip()


def goal(key_result: KeyResult) -> str:
    """What a key result asks for: `4 → 1.5 s`, `at least 99.9 %`, `to be done`."""
    if key_result.kind is Kind.DONE:
        return "to be done"
    if key_result.kind is Kind.MAINTAIN:
        return band(key_result.minimum, key_result.maximum, key_result.unit)
    if key_result.baseline is None or key_result.target is None:
        return UNKNOWN
    return f"{number_text(key_result.baseline)} → {quantity_text(key_result.target, shown(key_result.unit))}"


def target_text(key_result: KeyResult) -> str:
    """What it asks for, with the target that it began with where that is another: `4 → 2 s (began with 1.5 s)`."""
    asked, first = goal(key_result), key_result.original_target
    if not key_result.target_changes or first is None or first == key_result.target:
        return asked
    return f"{asked} (began with {quantity_text(first, shown(key_result.unit))})"


def band(minimum: float | None, maximum: float | None, unit: str) -> str:
    """A band: `at least 99.9 %`, `at most 5 s`, `1 to 5 s`."""
    unit = shown(unit)
    if minimum is not None and maximum is not None:
        return f"{number_text(minimum)} to {quantity_text(maximum, unit)}"
    if minimum is not None:
        return f"at least {quantity_text(minimum, unit)}"
    return f"at most {quantity_text(maximum, unit)}" if maximum is not None else "any value"


def current(status: KeyResultStatus) -> str:
    """The current value of a key result."""
    value = status.observed.value
    if status.key_result.kind is Kind.DONE and value is not None:
        return "done" if value >= 1 else "not done yet"
    return quantity(value, status.key_result.unit)


def known(status: ObjectiveStatus) -> str:
    """An objective's progress, and of how much of the weight it speaks where that is not all."""
    if status.progress is None or status.coverage >= 1 - 1e-9:
        return percent(status.progress)
    return f"{percent(status.progress)} (known for {percent(status.coverage)} of the weight)"


def within(status: KpiStatus) -> str:
    """How a KPI stands to its band."""
    if status.in_band is None:
        return UNKNOWN
    return "in its band" if status.in_band else "out of its band"


def kpi_band(kpi: Kpi) -> str:
    """The band of a KPI."""
    return band(kpi.minimum, kpi.maximum, kpi.unit)


def age(since: datetime, now: datetime) -> str:
    """How long ago something was, in one unit: `3 minutes`, `12 days`."""
    seconds = max(0.0, (now - since).total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return counted(int(seconds // length), unit)
    return "less than a minute"


def span(seconds: float) -> str:
    """How long something takes, rounded up: `40 seconds`, `6 minutes`, `2 hours 5 minutes`."""
    whole = math.ceil(seconds)
    if whole < 60:
        return counted(whole, "second")
    minutes = math.ceil(whole / 60)
    if minutes < 60:
        return counted(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return f"{counted(hours, 'hour')} {counted(rest, 'minute')}" if rest else counted(hours, "hour")


def counted(number: int, thing: str, many: str | None = None) -> str:
    """`1 change`, `2 changes`."""
    return f"{number:,} {thing if number == 1 else many or f'{thing}s'}"


def stale_since(statuses: Iterable[KeyResultStatus | KpiStatus]) -> datetime | None:
    """When the oldest of the stale values was last confirmed; None when none is stale."""
    return min((each.observed.seen_at for each in statuses if each.stale and each.observed.seen_at), default=None)


def stale(statuses: Iterable[KeyResultStatus | KpiStatus], now: datetime) -> str:
    """`stale: 12 days old`, or nothing."""
    since = stale_since(statuses)
    return f"stale: {age(since, now)} old" if since else ""


def moment(when: datetime) -> str:
    """A moment as people write it, with its zone."""
    return f"{when:%Y-%m-%d %H:%M} {when.tzname() or ''}".rstrip()


def web_address(link: Link | None) -> str:
    """The address behind a link, where it is one that a browser may be sent to; else nothing."""
    return shown(link.url) if link and link.url.lower().startswith(("https://", "http://")) else ""


def whose(status: ObjectiveStatus) -> str:
    """Team, owner, and where the objective comes from: `team platform, owner dana, bottom-up`."""
    objective = status.objective
    parts = [
        f"team {shown(objective.team)}" if objective.team else "",
        f"owner {shown(objective.owner)}" if objective.owner else "",
        str(objective.origin),
        "" if objective.stage == "committed" else str(objective.stage),
    ]
    return ", ".join(part for part in parts if part)
