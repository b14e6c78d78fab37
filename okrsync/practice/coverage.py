"""What the OKRs of a cycle leave uncovered, both ways: goals that nobody works for, and work that serves no goal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from okrsync.domain.alignment import supporters
from okrsync.domain.okr import KeyResult, Level, Objective, Origin
from okrsync.domain.ref import Ref

BOTTOM_UP_LEAST, BOTTOM_UP_MOST = 0.5, 0.6
"""About 50–60 % of objectives come from the bottom up."""


@dataclass(frozen=True)
class BottomUp:
    """How many objectives below company level came from the bottom up."""

    count: int
    among: int

    @property
    def share(self) -> float | None:
        """0.0–1.0; None where there is no objective below company level."""
        return self.count / self.among if self.among else None


@dataclass(frozen=True)
class Idle:
    """A key result that no work stands behind in its tracker."""

    ref: Ref
    title: str
    tracker: str
    key: str | None
    """The key of its item; None where it has none there, or none of its own."""
    url: str | None
    beside: int
    """How much other work there is below its objective's item."""


@dataclass(frozen=True)
class Unplanned:
    """An open epic or milestone of a mapped project that no objective stands behind."""

    tracker: str
    project: str
    key: str
    url: str
    title: str


@dataclass(frozen=True)
class Work:
    """What the trackers hold, held against the OKRs."""

    idle: tuple[Idle, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """What is covered and what is not."""

    unsupported: tuple[KeyResult, ...]
    """Key results of the company that no objective below supports, neither them nor their objective as a whole."""
    unaligned: tuple[Objective, ...]
    """Objectives below company level that align to nothing."""
    empty: tuple[Objective, ...]
    """Objectives without a key result: an epic or milestone with no key result behind it."""
    bottom_up: BottomUp
    work: Work | None = None
    """None where no tracker was asked."""


def coverage_of(objectives: Iterable[Objective], work: Work | None = None) -> Coverage:
    """The coverage of the objectives of one cycle, in document order."""
    every = tuple(objectives)
    below = [each for each in every if each.level is not Level.COMPANY]
    supported = supporters(below)
    return Coverage(
        unsupported=tuple(
            result
            for each in every
            if each.level is Level.COMPANY and each.ref not in supported
            for result in each.key_results
            if result.ref not in supported
        ),
        unaligned=tuple(each for each in below if not each.aligns_to),
        empty=tuple(each for each in every if not each.key_results),
        bottom_up=BottomUp(sum(each.origin is Origin.BOTTOM_UP for each in below), len(below)),
        work=work,
    )
