"""What one run of the daemon is to do, and what came of it: plain values, which may pass from process to process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from okrsync.app import Workspace
from okrsync.daemon.hearing import Heard
from okrsync.daemon.jobs import Jobs, Poll
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Outcome
from okrsync.settings import MappingSettings


@dataclass
class Ground:
    """What runs work on, until settings or documents change."""

    workspace: Workspace
    jobs: Jobs


class Aim(Enum):
    """What a run is for."""

    POLL = auto()
    """To see what changed, and measure."""
    HINTED = auto()
    """To look at what somebody says has changed."""
    SYNC = auto()
    """To read everything, and bring trackers and documents together where the settings say so."""
    LOOK_BACK = auto()
    """To read what is in another cycle that goes on."""


@dataclass(frozen=True)
class Task:
    """One run."""

    aim: Aim
    kind: str
    """As people know it: see `okrsync.daemon.events.RunBegan`."""
    poll: Poll | None = None
    """The mappings that are polled."""
    confirm: bool = False
    """Record everything, for documents have changed."""
    paused: frozenset[str] = frozenset()
    """The trackers that are not asked now."""
    heard: Mapping[str, Heard] = field(default_factory=dict)
    """What was heard of each tracker."""
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of the items of a tracker that are looked at, where nothing else has to be."""
    cycle: str | None = None
    """The cycle that is looked back at; None for the current one."""

    @property
    def changes_only(self) -> bool:
        """Whether trackers are asked only for what changed."""
        return self.aim in {Aim.POLL, Aim.HINTED}


def is_meant(task: Task, mapping: MappingSettings | None) -> bool:
    """Whether something was heard of what a mapping holds."""
    heard = None if mapping is None else task.heard.get(mapping.tracker)
    return mapping is not None and heard is not None and mapping.project in heard.projects


@dataclass(frozen=True)
class Trouble:
    """Why a tracker as a whole could not be used in a run."""

    why: str
    retry_after: float | None = None
    """Seconds after which it may be asked again, where it said so."""


@dataclass(frozen=True)
class Report:
    """What came of a run that had its turn."""

    outcomes: tuple[Outcome, ...] = ()
    moved: tuple[Ref, ...] = ()
    """The values that were found to be others than before."""
    calls_for_a_sync: bool = False
    broken: Mapping[str, Trouble] = field(default_factory=dict)
    """By tracker."""
    problems: tuple[str, ...] = ()
    """What kept it from being done as a whole."""
    exit_code: int = 0
    seconds: float = 0.0
    requests: int = 0
    retries: int = 0
    rate_left: Mapping[str, float] = field(default_factory=dict)
    """Tracker → what was left of its rate limit when it last said so (0–1)."""


@dataclass(frozen=True)
class Taken:
    """A run did not have its turn, because another okrsync works on the workspace."""

    why: str


class Ears(Protocol):
    """Whoever hears what goes on in a run."""

    def began(self) -> None:
        """It has its turn."""

    def progress(self) -> None:
        """It gets on."""

    def paused(self, tracker: str, seconds: float, why: str) -> None:
        """A tracker has to be waited for."""

    def noted(self, text: str) -> None:
        """Something happened that people should know."""


class Hands(Protocol):
    """Whoever carries runs out."""

    def do(self, task: Task, ground: Ground, ears: Ears) -> Report | Taken:
        """Carry one out.

        Raises:
            Interrupted: the workspace's `stop` was set.
        """

    def forget(self) -> None:
        """Ask trackers anew for what never changes from run to run: which fields there are, and who we are."""
