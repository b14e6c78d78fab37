"""What an engine works on: values and handles that `okrsync.app` puts together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from okrsync.domain.cycle import Cycle
from okrsync.domain.linting import Review
from okrsync.domain.okr import Okrs
from okrsync.engine.moments import Uptime, system_uptime
from okrsync.engine.placements import Atlas
from okrsync.engine.pool import TrackerPool
from okrsync.engine.readings import Readings
from okrsync.engine.sources import Sources
from okrsync.plan.snapshot import Tolerance
from okrsync.plan.wanted import NO_REVIEW
from okrsync.practice.check_in_rules import People
from okrsync.store.cache import Cache


@dataclass(frozen=True)
class Told:
    """Who is told how far a run has come; silent by default."""

    phase: Callable[[str], None] = lambda _text: None
    step: Callable[[int, int, str], None] = lambda _done, _all, _text: None


@dataclass(frozen=True)
class Inputs:
    """What an engine works on."""

    workspace: str
    root: Path
    """The folder that the documents' paths are relative to."""
    okrs: Okrs
    """Everything that the documents say, of every cycle."""
    cycle: Cycle
    atlas: Atlas
    pool: TrackerPool
    cache: Cache
    clock: Callable[[], datetime]
    tolerance: Tolerance
    check_in_period: timedelta
    documents: dict[str, str]
    """Document → the digest that it was read with."""
    at_once: bool = False
    """Whether trackers are read at the same time, each in a thread of its own."""
    readings: Readings | None = None
    """What was read before, for who reads again and again."""
    sources: Sources | None = None
    """Where values come from that are in no tracker."""
    people: People = field(default_factory=People)
    """Whom the settings know."""
    review: Review = NO_REVIEW
    """What is asked of an objective before a tracker hears of it."""
    audiences: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Name → who belongs to it."""
    uptime: Callable[[], Uptime] = system_uptime
    """For how long the machine has been running: no clock that somebody sets can change it."""
    stop: threading.Event = field(default_factory=threading.Event)
    requests: Callable[[], int] = lambda: 0
    """How many requests were sent so far."""
    told: Told = field(default_factory=Told)
