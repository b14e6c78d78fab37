"""Gathering hints, so that a storm of webhooks leads to a handful of requests, and one webhook to a look at once.

Pure: moments (seconds of a monotonic clock) in, moments out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from okrsync.daemon.inbox import Hint

QUIET = 0.3
"""Seconds without another hint after which those that came are passed on: trackers send several for one change."""
LONGEST = 1.2
"""Seconds that a hint waits at most, where none were passed on lately."""
SPAN = 10.0
"""Seconds that hints may wait in a storm, …"""
MOST = 3
"""… and within which they are passed on so many times at most."""
MOST_HINTS = 1000
"""So many different hints are kept; beyond them, only their projects."""


@dataclass
class Gathering:
    """The hints that came, and when they are passed on."""

    _hints: dict[Hint, None] = field(default_factory=dict)
    _first: float = 0.0
    _newest: float = 0.0
    _passed: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))
    """When hints were last passed on."""

    def add(self, hints: Iterable[Hint], now: float) -> None:
        """Some more hints."""
        had_some = bool(self._hints)
        for each in hints:
            known = each in self._hints or len(self._hints) < MOST_HINTS
            self._hints[each if known else Hint(each.tracker, each.project)] = None
        if self._hints and not had_some:
            self._first = now
        self._newest = now

    def due(self) -> float | None:
        """When the hints are to be passed on; None where there are none."""
        if not self._hints:
            return None
        is_storm = bool(self._passed) and self._first - self._passed[-1] < SPAN
        quiet = min(self._newest + QUIET, self._first + (SPAN if is_storm else LONGEST))
        return max(quiet, self._passed[0] + SPAN) if len(self._passed) == MOST else quiet

    def take(self, now: float) -> tuple[Hint, ...]:
        """The hints, if they are due."""
        due = self.due()
        if due is None or now < due:
            return ()
        taken, self._hints = tuple(self._hints), {}
        self._passed.append(now)
        return taken
