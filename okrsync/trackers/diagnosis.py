"""What `okrsync doctor` finds: a fact that is well as it is, or one that somebody has to mend, with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

CLOCK_MAY_DIFFER = timedelta(seconds=60)
"""How far the clocks of a tracker and of this machine may be apart before somebody should mend one."""
_FEW = 0.1
"""The share of a rate limit below which a run may have to wait."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    """What it concerns, in a word or two: `clock`, `login`, `mode of okrsync.toml`."""
    found: str
    """What is there, as a clause without a full stop. It never holds a secret."""
    remedy: str = ""
    """What to do about it, as a whole sentence; empty where all is well."""

    @property
    def well(self) -> bool:
        """Whether nothing is to be mended."""
        return not self.remedy


def findings_of_headers(headers: Mapping[str, str], at: datetime) -> tuple[Finding, ...]:
    """What an answer that came at the moment `at` tells about the server's clock and what is left of a rate limit.

    The names of the headers are in lower case. What the server does not tell is left out.
    """
    return (*_clock(headers, at), *_limit(headers, at))


def _clock(headers: Mapping[str, str], at: datetime) -> tuple[Finding, ...]:
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return ()
    # A date without a zone is in UTC by RFC 9110, section 5.6.7.
    ahead = (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - at
    if abs(ahead) <= CLOCK_MAY_DIFFER:
        return (Finding("clock", f"differs from ours by less than {CLOCK_MAY_DIFFER.total_seconds():.0f} s"),)
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return (
        Finding(
            "clock",
            f"the server's clock is {abs(ahead.total_seconds()):,.0f} s {way} this machine's",
            "Set this machine's clock by NTP (timedatectl set-ntp true); where it is right, tell who runs the server.",
        ),
    )


def _limit(headers: Mapping[str, str], at: datetime) -> tuple[Finding, ...]:
    try:
        left, limit = int(headers["x-ratelimit-remaining"]), int(headers["x-ratelimit-limit"])
    except (KeyError, ValueError):
        return ()
    resets = _reset(headers.get("x-ratelimit-reset", ""))
    until = f", anew at {resets:%H:%M} UTC" if resets and resets > at else ""
    found = f"{left:,} of {limit:,} requests left{until}"
    if left >= _FEW * limit:
        return (Finding("rate limit", found),)
    return (
        Finding(
            "rate limit",
            found,
            "Let okrsync run less often, or give it an account of its own: others use up the limit of this one.",
        ),
    )


def _reset(text: str) -> datetime | None:
    """When a limit begins anew: GitHub gives seconds since 1970, Jira a moment in ISO 8601."""
    try:
        return datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
