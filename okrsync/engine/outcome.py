"""What came of a run: what was done, what failed, what waits for a person, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from okrsync.domain.ref import Ref
from okrsync.plan.effort import Effort
from okrsync.plan.values import Change, Plan


class Cause(StrEnum):
    """Why a part of the work failed."""

    UNREACHABLE = "unreachable"
    """The tracker did not answer, or not in time."""
    LOGIN = "login"
    """The tracker does not accept the credentials."""
    SETTINGS = "settings"
    """The settings do not fit the tracker."""
    REFUSED = "refused"
    """The tracker refused one change or one project."""
    PENDING = "pending"
    """Nobody knows yet whether an item was created."""
    MEASURE = "measure"
    """A current value could not be found out."""
    DOUBT = "doubt"
    """An answer is too odd to be believed: the last value stays until a person has looked."""
    DOCUMENT = "document"
    """A document could not be written."""


@dataclass(frozen=True)
class Failure:
    """One part of the work that failed; `message` is written for the person who can mend it."""

    cause: Cause
    message: str
    tracker: str | None = None
    project: str | None = None
    ref: Ref | None = None

    def __str__(self) -> str:
        place = ", ".join(str(each) for each in (self.ref, self.tracker, self.project) if each)
        return f"{place}: {self.message}" if place else self.message


class ExitCode(IntEnum):
    """What a command tells the shell."""

    DONE = 0
    PARTLY_FAILED = 1
    BAD_INPUT = 2
    HELD = 3
    NO_TRACKER = 4


@dataclass(frozen=True)
class Outcome:
    """What came of one run."""

    plan: Plan = field(default_factory=Plan)
    done: tuple[Change, ...] = ()
    failures: tuple[Failure, ...] = ()
    trackers: int = 0
    """How many trackers the run needed."""
    reached: int = 0
    """How many of them answered and let us in."""
    requests: int = 0
    effort: Effort = field(default_factory=Effort)
    """What a sync would take, where that was asked for."""
    notes: tuple[str, ...] = ()
    """What a person may want to know, and is told once."""

    @property
    def is_blind(self) -> bool:
        """Whether trackers were needed and none of them answered and let us in."""
        return self.trackers > 0 and self.reached == 0

    @property
    def held(self) -> tuple[Change, ...]:
        """What waits for a person."""
        return self.plan.held

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the contract: failures before what is held, and no tracker at all before both."""
        return exit_code(self.failures, held=bool(self.held), trackers=self.trackers, reached=self.reached)


def exit_code(failures: Sequence[Failure], *, held: bool, trackers: int, reached: int) -> ExitCode:
    """The exit code that follows from what failed and what is held, for which a doubt counts as well."""
    held = held or any(each.cause is Cause.DOUBT for each in failures)
    failures = [each for each in failures if each.cause is not Cause.DOUBT]
    if trackers and not reached:
        only_settings = failures and all(each.cause is Cause.SETTINGS for each in failures)
        return ExitCode.BAD_INPUT if only_settings else ExitCode.NO_TRACKER
    if failures and all(each.cause is Cause.SETTINGS for each in failures):
        return ExitCode.BAD_INPUT
    if failures:
        return ExitCode.PARTLY_FAILED
    return ExitCode.HELD if held else ExitCode.DONE
