"""The signs by which a key result is seen to drift, each in words and with its figures."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from okrsync.domain.forecast import Forecast, TooLittle
from okrsync.domain.numbers import number_text, quantity_text
from okrsync.domain.okr import Kind
from okrsync.domain.progress import Health
from okrsync.domain.status import KeyResultStatus, Status

SURE = 0.7
"""The confidence from which on somebody is sure; up to 1 − SURE they are doubtful."""
REACHED_FROM = 0.7
"""The progress at the end from which on a key result counts as reached, as for its health."""
STILL_PERIODS = 3
"""After how many check-in periods without a movement a value stands still."""
SILENT_PERIODS = 2
"""After how many check-in periods without a check-in nobody talks."""
OBSTACLE_FOR = timedelta(weeks=2)
"""How long obstacles are open before they are a sign."""
_ROUNDING = 1e-9


class Sign(StrEnum):
    """By what a key result is seen to drift."""

    UNKNOWN = "no value"
    BEHIND = "behind its pace"
    TOO_SURE = "confidence above forecast"
    TOO_CAREFUL = "confidence below forecast"
    STILL = "no movement"
    SILENT = "no check-ins"
    OBSTACLE = "obstacle stays"
    HELP = "help asked for"


NEED = {
    Sign.UNKNOWN: 3,
    Sign.BEHIND: 2,
    Sign.TOO_SURE: 3,
    Sign.TOO_CAREFUL: 1,
    Sign.STILL: 2,
    Sign.SILENT: 1,
    Sign.OBSTACLE: 2,
    Sign.HELP: 3,
}
"""How much each sign asks for talk. Being off track counts one more than being at risk."""


@dataclass(frozen=True)
class Stated:
    """What one check-in stated, without who made it."""

    at: datetime
    value: float | None = None
    confidence: float | None = None
    obstacles: str = ""
    help_needed: str = ""


@dataclass(frozen=True)
class Past:
    """The way of a key result through its cycle so far."""

    stated: tuple[Stated, ...] = ()
    """Its check-ins, oldest first."""
    moved_at: datetime | None = None
    """Since when its value is what it is; None where no value is known."""
    forecast: Forecast | TooLittle = field(default_factory=lambda: TooLittle("no value is known yet"))


@dataclass(frozen=True)
class Drift:
    """One sign, in words, with the figures that the words hold."""

    sign: Sign
    text: str
    figures: Mapping[str, float | str] = field(default_factory=dict)
    need: int = 1


def is_behind(status: KeyResultStatus) -> bool:
    """Whether it is at risk or off track."""
    return status.health in {Health.AT_RISK, Health.OFF_TRACK}


def drifts(status: KeyResultStatus, past: Past, whole: Status, period: timedelta) -> tuple[Drift, ...]:
    """Every sign by which a key result drifts; `period` is how often people check in."""
    now, start = whole.as_of, datetime.combine(whole.cycle.start, time(), UTC)
    found = (
        _behind(status),
        _against_confidence(status, past),
        _still(status, past, now, start, period),
        _silent(past, now, start, period),
        _obstacle(past, now),
        _help(past),
    )
    return tuple(each for each in found if each is not None)


def _behind(status: KeyResultStatus) -> Drift | None:
    if status.progress is None:
        why = f": {status.observed.problem}" if status.observed.problem else ""
        return Drift(Sign.UNKNOWN, f"no value is known{why}", {}, NEED[Sign.UNKNOWN])
    if not is_behind(status):
        return None
    ends = status.progress / status.expected
    return Drift(
        Sign.BEHIND,
        f"{_percent(status.progress)} where {_percent(status.expected)} is due; at this pace it ends at"
        f" {_percent(ends)}",
        {"progress": status.progress, "expected": status.expected, "projected": ends},
        NEED[Sign.BEHIND] + (status.health is Health.OFF_TRACK),
    )


def _against_confidence(status: KeyResultStatus, past: Past) -> Drift | None:
    """Where somebody is sure and the whole range of the forecast misses, or doubts and all of it gets there."""
    newest = next((each for each in reversed(past.stated) if each.confidence is not None), None)
    if newest is None or newest.confidence is None or isinstance(past.forecast, TooLittle):
        return None
    confidence, ahead, unit = newest.confidence, past.forecast, status.key_result.unit
    low, high = sorted((ahead.low, ahead.high))
    text = (
        f"the forecast is {quantity_text(_figure(low), '')} to {quantity_text(_figure(high), unit)}, progress"
        f" {_percent(ahead.progress_low)} to {_percent(ahead.progress_high)}, and confidence is"
        f" {number_text(round(confidence, 4))}"
    )
    figures: dict[str, float | str] = {
        "confidence": confidence,
        "low": ahead.low,
        "high": ahead.high,
        "progress_low": ahead.progress_low,
        "progress_high": ahead.progress_high,
    }
    if confidence >= SURE - _ROUNDING and ahead.progress_high < REACHED_FROM - _ROUNDING:
        return Drift(Sign.TOO_SURE, text, figures, NEED[Sign.TOO_SURE])
    if confidence <= 1 - SURE + _ROUNDING and ahead.progress_low >= REACHED_FROM - _ROUNDING:
        return Drift(Sign.TOO_CAREFUL, text, figures, NEED[Sign.TOO_CAREFUL])
    return None


def _still(status: KeyResultStatus, past: Past, now: datetime, start: datetime, period: timedelta) -> Drift | None:
    is_over = status.progress is None or status.progress >= 1 - _ROUNDING
    if status.key_result.kind is not Kind.REACH or is_over or past.moved_at is None:
        return None
    since = max(start, past.moved_at)
    if now - since < STILL_PERIODS * period:
        return None
    value = quantity_text(_figure(status.observed.value or 0.0), status.key_result.unit)
    said = sum(1 for each in past.stated if each.value is not None and each.at >= since)
    often = f", through {said} check-ins" if said > 1 else ""
    text = f"{value} since {since:%Y-%m-%d}, {_weeks(now - since)}{often}"
    return Drift(Sign.STILL, text, {"since": f"{since:%Y-%m-%d}", "days": (now - since).days}, NEED[Sign.STILL])


def _silent(past: Past, now: datetime, start: datetime, period: timedelta) -> Drift | None:
    last = past.stated[-1].at if past.stated else None
    since = start if last is None else last
    if now - since < SILENT_PERIODS * period:
        return None
    text = (
        f"nobody checked in since the cycle began, {_weeks(now - since)} ago"
        if last is None
        else f"nobody checked in since {last:%Y-%m-%d}, {_weeks(now - since)} ago"
    )
    return Drift(Sign.SILENT, text, {"since": f"{since:%Y-%m-%d}", "days": (now - since).days}, NEED[Sign.SILENT])


def _obstacle(past: Past, now: datetime) -> Drift | None:
    """Obstacles that every check-in names, from some on to the newest."""
    standing = list(itertools.takewhile(lambda each: each.obstacles.strip(), reversed(past.stated)))
    if len(standing) < 2 or now - standing[-1].at < OBSTACLE_FOR:
        return None
    since, said = standing[-1].at, standing[0].obstacles.strip()
    return Drift(
        Sign.OBSTACLE,
        f"named in {len(standing)} check-ins in a row, since {since:%Y-%m-%d}, {_weeks(now - since)}: {said}",
        {"check_ins": len(standing), "since": f"{since:%Y-%m-%d}", "obstacles": said},
        NEED[Sign.OBSTACLE],
    )


def _help(past: Past) -> Drift | None:
    if not past.stated or not past.stated[-1].help_needed.strip():
        return None
    newest = past.stated[-1]
    said = newest.help_needed.strip()
    text = f"asked for on {newest.at:%Y-%m-%d}: {said}"
    return Drift(Sign.HELP, text, {"on": f"{newest.at:%Y-%m-%d}", "help": said}, NEED[Sign.HELP])


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _weeks(long: timedelta) -> str:
    weeks = long.days // 7
    return f"{weeks} week{'' if weeks == 1 else 's'}" if weeks else f"{long.days} day{'' if long.days == 1 else 's'}"


def _figure(value: float) -> float:
    return float(f"{value:.5g}")
