"""Whether the daemon is alive, and whether it does its work. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from okrsync.daemon.standing import Standing

STUCK_AFTER = 120.0
"""Seconds without any progress after which something hangs. Whoever waits makes progress, and so does whoever gets an
answer; a request takes half a minute at most."""


@dataclass(frozen=True)
class Answer:
    """For who asks: whether all is well, and what was looked at."""

    well: bool
    checks: Mapping[str, bool]

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return 200 if self.well else 503


def alive(since_progress: float) -> Answer:
    """Whether the process makes progress; `since_progress` are the seconds since it last did."""
    is_moving = since_progress < STUCK_AFTER
    return Answer(is_moving, {"progressing": is_moving})


def ready(found: Standing | None, *, is_up: bool) -> Answer:
    """Whether it can be relied on: settings and documents were read, the cache opens, and what some mapping holds was
    read well at least once. A pause, and a failure of a tracker that was read before, are no reason to doubt it.

    Args:
        found: how it stands; None where the cache cannot be opened.
        is_up: whether settings and documents were read.
    """
    was_read = found is not None and (
        not found.mappings or any(each.last_success is not None for each in found.mappings)
    )
    checks = {"settings_and_documents": is_up, "cache": found is not None, "trackers_read": was_read}
    return Answer(all(checks.values()), checks)
