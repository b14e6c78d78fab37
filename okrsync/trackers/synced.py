"""What a sync did, as plugins are told by the hook `synced`: plain frozen values, without anything of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class SyncChange:
    """One change that was made, or that waits for a person."""

    action: str
    """`create`, `update`, `close`, `reopen`, `comment` or `adopt`."""
    ref: str
    """The objective or key result, as people write it."""
    tracker: str
    """Its name in the settings."""
    project: str
    key: str | None
    """The item's key; None for one that was not there before."""
    field: str | None
    """What of it changes; None where the item as a whole is meant."""
    before: Any
    after: Any
    """As JSON has them: the value that was there, and the one that it got or would get."""
    why: str
    """The reason, for people."""


@dataclass(frozen=True)
class SyncFailure:
    """One part of the work that failed, and did not keep the rest from being done."""

    cause: str
    """A word such as `unreachable`, `login`, `settings`, `refused`, `pending`, `measure`."""
    message: str
    """For the person who can mend it."""
    tracker: str | None = None
    project: str | None = None
    ref: str | None = None


@dataclass(frozen=True)
class SyncReport:
    """What came of one sync of one cycle. It holds no credential; what is in it may be for a few people only."""

    workspace: str
    cycle: str
    at: datetime
    """When it ended, in UTC."""
    exit_code: int
    """0 done, 1 part of the work failed, 2 bad settings, 3 something waits for a person, 4 no tracker was reached."""
    requests: int
    """How many were sent to trackers, tries included."""
    changes: tuple[SyncChange, ...]
    """What was done, in its order."""
    held: tuple[SyncChange, ...]
    """What waits for a person."""
    failures: tuple[SyncFailure, ...]
    values: Mapping[str, float]
    """Key result or KPI → its current value. What is not known is not in it."""
