"""What goes into the cache and comes out of it, as frozen values.

Times are aware datetimes and are kept in UTC: to the microsecond those of intents and check-ins, whose age and order
decide something, and to the second all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.ref import Ref
from okrsync.domain.terms import Terms

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value that JSON can hold."""


class LinkState(StrEnum):
    """Whether a link's item is still there."""

    LIVE = "live"
    GONE = "gone"


@dataclass(frozen=True)
class Link:
    """Which item of which tracker stands for an objective or key result."""

    ref: Ref
    kind: ItemKind
    tracker: str
    """Its name under `[trackers]` in the settings."""
    at: ItemId
    state: LinkState = LinkState.LIVE
    created_at: datetime | None = None
    """When the cache first knew of it; set by the cache."""


@dataclass(frozen=True)
class StoredReading:
    """What was last read of one scope of a tracker, and from where the next reading may go on."""

    items: tuple[RemoteItem, ...]
    cursor: str | None


@dataclass(frozen=True)
class Measured:
    """The outcome of one attempt to find out the current value of a key result or KPI."""

    ref: Ref
    value: float | None
    at: datetime
    source: str
    """For people: where the value comes from, for example `field KR current of PLAT-7`."""
    evidence: Json = None
    """What the value was computed from."""
    problem: str | None = None
    """Why the attempt failed; then `value` says nothing, and the last known value stays."""


@dataclass(frozen=True)
class CurrentValue:
    """The last known value of a key result or KPI."""

    ref: Ref
    value: float | None
    observed_at: datetime | None
    """When this value was first seen; None as long as no value was ever known."""
    seen_at: datetime | None
    """When it was last confirmed; None as long as every attempt failed."""
    source: str
    evidence: Any = None
    problem: str | None = None
    """Why the newest attempt failed, which makes the value stale; None when it succeeded."""


@dataclass(frozen=True)
class Observation:
    """A value that a key result or KPI took, and since when."""

    ref: Ref
    value: float | None
    observed_at: datetime
    source: str
    evidence: Any = None


@dataclass(frozen=True)
class Documented:
    """The terms that a key result has in its document, and since when okrsync knows of them."""

    ref: Ref
    since: datetime
    terms: Terms


class CheckInOrigin(StrEnum):
    """Where somebody checked in."""

    CLI = "cli"
    COMMENT = "comment"


@dataclass(frozen=True)
class CheckIn:
    """What somebody said about a key result or objective: its value, their confidence, obstacles, help they need."""

    ref: Ref
    at: datetime
    author: str
    value: float | None = None
    confidence: float | None = None
    """0.0 to 1.0."""
    note: str = ""
    obstacles: str = ""
    help_needed: str = ""
    origin: CheckInOrigin = CheckInOrigin.CLI
    sent: bool = False
    """Whether the tracker has it as a comment."""
    remote_id: str | None = None
    """The comment's id."""
    id: int | None = None
    """Set by the cache."""
    entered_by: str = ""
    """Who entered it on the author's behalf; empty where the author did."""
    replaces: float | None = None
    """The value of the check-in before it, where it was asked for as the newest one with a value."""


@dataclass(frozen=True)
class CommentAnswer:
    """A comment that was meant as a check-in and is none, and what its author is told."""

    tracker: str
    comment_id: str
    ref: Ref
    """On whose item the comment is."""
    text: str
    given: bool = False
    """Whether the answer is in the tracker."""


class IntentState(StrEnum):
    """How far a change of a tracker has come."""

    INTENDED = "intended"
    """It is about to be sent, or the process died while it was."""
    DONE = "done"
    FAILED = "failed"
    """It certainly did not happen."""
    UNSETTLED = "unsettled"
    """It was sent, and nobody knows whether it happened."""


@dataclass(frozen=True)
class Intent:
    """A change of a tracker, written down before it is sent."""

    id: int
    run_id: int | None
    ref: Ref
    action: str
    payload: Mapping[str, Any]
    """What is needed to find out whether it happened and to go on: tracker, project, marker, …"""
    state: IntentState
    intended_at: datetime
    settled_at: datetime | None = None
    item_id: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Run:
    """One run of a command that talks to trackers. Without `finished_at` it is under way, or was killed."""

    id: int
    kind: str
    """`sync`, `pull`, …"""
    started_at: datetime
    finished_at: datetime | None = None
    exit_code: int | None = None
    requests: int = 0
    changes_made: int = 0
    held: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class CacheInfo:
    """What `okrsync cache info` tells."""

    path: Path
    workspace: str
    created_at: datetime
    size: int
    """Bytes on disk, with what SQLite has not merged into the main file yet."""
    schema: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """Table → rows."""
    last_run: Run | None = None
    open_intents: int = 0


@dataclass(frozen=True)
class Notice:
    """What people know of one subject, through one channel."""

    told: str | None = None
    """The state of it that they were told last; None for nothing yet."""
    waiting: str | None = None
    """What they are still to be told, as the daemon wrote it down; None for nothing."""
