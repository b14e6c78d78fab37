"""How much of a server okrsync may use: so many requests at once, and a share of the rate limit that it announces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass
class _Window:
    """A time within which a server allows so many requests."""

    name: str
    limit: int
    ends: float
    """By the monotonic clock."""
    used: int = 0
    remaining: int = 0


@dataclass
class Allowance:
    """The share of a server's rate limit that okrsync may use, so that it never takes all of it from the people and
    programs who share the account.

    Only limits that the server announces count, each kind of request (`resource`) by itself, and of what was used only
    what okrsync itself asked since it began.
    """

    share: float = 1.0
    """0 excluded, to 1."""
    clock: Callable[[], float] = time.monotonic
    _windows: dict[str, _Window] = field(default_factory=dict)

    def hear(self, headers: Mapping[str, str], *, free: bool = False) -> None:
        """Note what an answer says of the rate limit, in the headers that GitHub and Jira share: `x-ratelimit-limit`,
        `-remaining`, `-reset` (seconds since 1970, or ISO 8601) and `-resource`, by lower-case names.

        An answer without the end of the window says nothing that a share could be reckoned of. `free` is a request that
        does not count, as one that was answered by 304.
        """
        window = headers.get("x-ratelimit-reset", "").strip()
        try:
            limit, remaining = int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"])
            seconds = (_moment(window) - _now(headers)).total_seconds()
        except (KeyError, ValueError, OverflowError, OSError, TypeError):
            return
        if limit < 1:
            return
        resource = headers.get("x-ratelimit-resource", "")
        known = self._windows.get(resource)
        if known is None or known.name != window:
            known = self._windows[resource] = _Window(window, limit, 0.0)
        known.limit, known.remaining, known.ends = limit, remaining, self.clock() + max(0.0, seconds)
        known.used += not free

    def wait(self) -> float:
        """Seconds until okrsync may ask again; 0 where it may now."""
        now = self.clock()
        spent = [each.ends - now for each in self._windows.values() if each.used >= max(1.0, each.limit * self.share)]
        return max(0.0, *spent) if spent else 0.0

    @property
    def left(self) -> float | None:
        """What is left of the tightest limit, as a share of it (0–1); None where the server announces none."""
        now = self.clock()
        shares = [each.remaining / each.limit for each in self._windows.values() if each.limit and each.ends > now]
        return min(shares) if shares else None


class Gates:
    """So many requests at once at each host, whichever tracker sends them."""

    def __init__(self) -> None:
        self._gates: dict[str, threading.BoundedSemaphore] = {}

    def gate(self, host: str, at_once: int) -> threading.BoundedSemaphore:
        """What every request to `host` passes through; the first that asks says how many may be under way at once."""
        return self._gates.setdefault(host, threading.BoundedSemaphore(at_once))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _now(headers: Mapping[str, str]) -> datetime:
    """The server's clock where it tells, so that a wrong one here does not matter."""
    if "date" not in headers:
        return datetime.now(UTC)
    moment = parsedate_to_datetime(headers["date"])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
