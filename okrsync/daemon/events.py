"""What happens in the daemon, as typed events for whoever observes it: the log, metrics, people who are to be told.

An observer is called by one thread at a time, in the order in which things happen, and must come back at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Outcome
from okrsync.problems import Problem


@dataclass(frozen=True)
class Event:
    """Something that happened, at a moment in UTC."""

    at: datetime


@dataclass(frozen=True)
class Started(Event):
    """The daemon is up."""

    process: int
    mappings: tuple[str, ...]


@dataclass(frozen=True)
class RunBegan(Event):
    """A run begins."""

    kind: str
    """`poll`, `sync` or `reconcile`; a poll of mappings with a schedule of their own has that in its kind."""
    why: str
    mappings: tuple[str, ...]
    """Tracker/project of what it looks at."""


@dataclass(frozen=True)
class RunEnded(Event):
    """A run ended."""

    kind: str
    mappings: tuple[str, ...]
    exit_code: int
    """As that of a command: see `okrsync.engine.outcome.ExitCode`."""
    seconds: float
    requests: int = 0
    retries: int = 0
    changes: int = 0
    held: int = 0
    moved: tuple[Ref, ...] = ()
    """The values that a poll found to be others than before."""
    problems: tuple[str, ...] = ()
    outcome: Outcome | None = None
    """All that came of it; None where it came to nothing."""
    rate_left: Mapping[str, float] = field(default_factory=dict)
    """Tracker → what was left of its rate limit when it last said so (0–1)."""


@dataclass(frozen=True)
class Postponed(Event):
    """A run that is due has to wait, because another okrsync works on the workspace."""

    kind: str
    why: str


@dataclass(frozen=True)
class MappingFailed(Event):
    """What a mapping holds cannot be read or written any more; told once, until it recovers."""

    mapping: str
    why: str
    last_success: datetime | None


@dataclass(frozen=True)
class MappingRecovered(Event):
    """A mapping that failed does its work again."""

    mapping: str
    failing_since: datetime


@dataclass(frozen=True)
class Paused(Event):
    """A tracker is not asked for a while: it said so, or okrsync has used its share of the rate limit."""

    tracker: str
    until: datetime
    why: str


@dataclass(frozen=True)
class Resumed(Event):
    """A tracker that was paused is asked again."""

    tracker: str


@dataclass(frozen=True)
class Reloaded(Event):
    """Settings or documents changed, and the new ones are in use."""

    settings: bool
    """Whether the settings did."""


@dataclass(frozen=True)
class ReloadRefused(Event):
    """Settings or documents changed, and something is wrong in them: the last good ones stay in use."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class DocumentsNotFetched(Event):
    """Documents that come from git could not be fetched."""

    why: str


@dataclass(frozen=True)
class CheckInsDue(Event):
    """It is time to remind people of these key results, to which nobody has said anything for the check-in period."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True)
class Noted(Event):
    """Something that people should know, and that no other event is for."""

    text: str


@dataclass(frozen=True)
class Stopping(Event):
    """The daemon ends."""

    why: str


class Observer(Protocol):
    """Whoever wants to know what happens."""

    def __call__(self, event: Event, /) -> None:
        """Something happened."""


class Observers:
    """Those who want to know. One that fails ends nothing: the others hear of it, once for each kind of event.

    Any thread may tell.
    """

    def __init__(self, observers: Iterable[Observer], clock: Callable[[], datetime]) -> None:
        self._observers = tuple(observers)
        self._clock = clock
        self._one_at_a_time = threading.RLock()
        self._failed: set[tuple[Observer, type[Event]]] = set()

    def __call__(self, event: Event) -> None:
        """Tell them."""
        with self._one_at_a_time:
            for observer in self._observers:
                try:
                    observer(event)
                except Exception as error:  # noqa: BLE001 - who only watches must not end the work
                    self._lost(observer, event, error)

    def _lost(self, observer: Observer, event: Event, error: Exception) -> None:
        failed = (observer, type(event))
        if failed in self._failed:
            return
        self._failed.add(failed)
        said = f"an error in okrsync itself: {type(observer).__name__} cannot take {type(event).__name__}"
        self(Noted(self._clock(), f"{said} ({type(error).__name__}: {error})"))


def facts(event: Event) -> dict[str, Any]:
    """What an event says, but for its moment and all that came of a run: for logs."""
    hidden = {"at", "outcome", "rate_left"}
    return {each.name: _plain(getattr(event, each.name)) for each in fields(event) if each.name not in hidden}


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 3)
    return value if isinstance(value, bool | int | str) or value is None else str(value)
