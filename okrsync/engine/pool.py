"""Opening trackers when they are first needed, once each, and remembering which could not be opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from okrsync.engine.outcome import Cause, Failure
from okrsync.plan.effort import Manner
from okrsync.trackers.errors import AuthFailed, Misconfigured, TrackerError, Transient
from okrsync.trackers.interface import Tracker


class TrackerPool:
    """The trackers of one run, and what became of them in it. Who opened them closes them.

    `open_tracker` makes the tracker with a name of the settings. It raises a `TrackerError` where that is impossible.
    """

    def __init__(self, open_tracker: Callable[[str], Tracker]) -> None:
        self._open = open_tracker
        self._trackers: dict[str, Tracker] = {}
        self._broken: dict[str, TrackerError] = {}
        self._reached: set[str] = set()

    def get(self, name: str) -> Tracker | None:
        """The tracker, or None after it failed as a whole; then `failures` says why."""
        if name in self._broken:
            return None
        if name not in self._trackers:
            try:
                self._trackers[name] = self._open(name)
            except TrackerError as error:
                self.broke(name, error)
                return None
        return self._trackers[name]

    def broke(self, name: str, error: TrackerError) -> None:
        """Remember that the tracker as a whole cannot be used in this run."""
        self._broken[name] = error

    def answered(self, name: str) -> None:
        """Remember that the tracker answered and let us in."""
        self._reached.add(name)

    def manner(self, name: str) -> Manner:
        """How a tracker takes writes; one that cannot be used takes none."""
        tracker = self.get(name)
        return Manner(tracker.rate, tracker.capabilities.fields_with_item) if tracker else Manner()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Why trackers as a whole cannot be used."""
        return tuple(Failure(cause_of(error), str(error), tracker=name) for name, error in self._broken.items())

    def why_unread(self, name: str) -> str:
        """Why a tracker that failed as a whole gives no value."""
        error = self._broken.get(name)
        return f"{name} could not be read" + (f": {error}" if error else "")

    @property
    def broken(self) -> Mapping[str, TrackerError]:
        """The trackers that failed as a whole, and what each raised."""
        return self._broken

    @property
    def used(self) -> int:
        """How many trackers were asked for."""
        return len(self._trackers.keys() | self._broken.keys())

    @property
    def reached(self) -> int:
        """How many answered and let us in."""
        return len(self._reached)


def cause_of(error: Exception) -> Cause:
    """Why a part of the work failed, from what a tracker raised."""
    if isinstance(error, AuthFailed):
        return Cause.LOGIN
    if isinstance(error, Misconfigured):
        return Cause.SETTINGS
    if isinstance(error, Transient):
        return Cause.UNREACHABLE
    return Cause.REFUSED
