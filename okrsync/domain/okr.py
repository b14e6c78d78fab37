"""Objectives, key results, KPIs and how they are measured, as frozen values.

The values are complete and valid: `okrsync.documents` checks what people wrote before it makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from okrsync.domain.ref import Ref

EVERYONE = "everyone"
"""The audience that needs no definition."""


class Level(StrEnum):
    """Whose OKRs they are, from the widest to the narrowest."""

    COMPANY = "company"
    DEPARTMENT = "department"
    TEAM = "team"
    INDIVIDUAL = "individual"


class Origin(StrEnum):
    """Where an objective came from."""

    TOP_DOWN = "top-down"
    BOTTOM_UP = "bottom-up"


class Stage(StrEnum):
    """How far an objective has come, from somebody's draft to the end of its cycle."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    COMMITTED = "committed"
    CLOSED = "closed"


class Kind(StrEnum):
    """What a key result asks for."""

    REACH = "reach"
    """Go from `baseline` to `target`, up or down."""
    MAINTAIN = "maintain"
    """Stay at or above `minimum`, at or below `maximum`, or between them."""
    DONE = "done"
    """Happen, or not."""


@dataclass(frozen=True)
class Phase:
    """A step on the way of a key result: the value it should have reached when the day `by` ends."""

    by: date
    target: float


@dataclass(frozen=True)
class Measure:
    """Where the current value of a key result or KPI comes from.

    `source` is `manual`, `field`, `children`, `count`, `sum`, `average`, `done`, or the name that a plugin registers.
    `options` are the remaining keys of the document's `measure` table, as they were written.
    """

    source: str = "manual"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def item(self) -> str | None:
        """The key of another tracker item to read, where the measure names one."""
        value = self.options.get("item")
        return str(value) if value is not None else None

    @property
    def field(self) -> str | None:
        """The name of the tracker's field to read, where the measure names one."""
        value = self.options.get("field")
        return str(value) if value is not None else None

    @property
    def of_objective(self) -> bool:
        """`children` only: count the children of the objective's item instead of the key result's own."""
        return self.options.get("of") == "objective"

    @property
    def counts_pull_requests(self) -> bool:
        """`children` only: count pull requests too."""
        return bool(self.options.get("pull_requests", False))

    @property
    def by(self) -> str:
        """`children` only: `count`, or the name of the points field that weighs each child."""
        return str(self.options.get("by", "count"))

    @property
    def may_be_empty(self) -> bool:
        """`count` and `sum` only: that nothing matches is an answer, 0, also where something did before."""
        return bool(self.options.get("may_be_empty", False))


@dataclass(frozen=True)
class TargetChange:
    """A target that was changed in the course of the cycle. The first one's `before` is the original target."""

    on: date
    before: float
    after: float
    reason: str
    by: str | None = None
    """Who changed it, where the document says."""


@dataclass(frozen=True)
class Score:
    """What a key result scored at the end of its cycle: what its numbers say, and what the team made of it."""

    computed: float
    """0.0–1.0, from baseline, target and the final value."""
    final: float | None = None
    """The value that it was computed from; None for a key result that nobody ever measured."""
    adjustment: float = 0.0
    """What the team added or took away for effort or market conditions, with a reason and a name."""
    reason: str = ""
    by: str | None = None
    on: date | None = None

    @property
    def value(self) -> float:
        """The score: 0.0–1.0, with the adjustment."""
        return min(1.0, max(0.0, self.computed + self.adjustment))


@dataclass(frozen=True)
class Retrospective:
    """The answers to the four questions of the review at the end of a cycle; empty where nobody answered."""

    learned: str = ""
    went_well: str = ""
    better: str = ""
    missed: str = ""
    """Why key results were missed."""


@dataclass(frozen=True)
class Source:
    """The place in a document where something was written: a path as people know it, and a line from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class KeyResult:
    """One result that shows whether the objective is being reached."""

    ref: Ref
    title: str
    kind: Kind = Kind.REACH
    baseline: float | None = None
    target: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    weight: float = 1.0
    measure: Measure = field(default_factory=Measure)
    phases: tuple[Phase, ...] = ()
    owner: str | None = None
    due: date | None = None
    target_changes: tuple[TargetChange, ...] = ()
    """How the target was changed in the course of the cycle, oldest first; `target` is the newest."""
    score: Score | None = None
    """None until somebody scored it."""
    source: Source = Source("", 1)

    @property
    def original_target(self) -> float | None:
        """The target that the key result began the cycle with."""
        return self.target_changes[0].before if self.target_changes else self.target


@dataclass(frozen=True)
class Objective:
    """Where somebody wants to go in one cycle, and the key results that tell whether they get there."""

    ref: Ref
    title: str
    level: Level
    due: date
    key_results: tuple[KeyResult, ...] = ()
    why: str = ""
    team: str | None = None
    owner: str | None = None
    origin: Origin = Origin.TOP_DOWN
    aligns_to: tuple[Ref, ...] = ()
    contributes: bool = False
    stage: Stage = Stage.COMMITTED
    audience: str = EVERYONE
    reviewed_by: tuple[str, ...] = ()
    """The reviewers who agreed to it."""
    retrospective: Retrospective | None = None
    source: Source = Source("", 1)


@dataclass(frozen=True)
class Kpi:
    """A health figure that should stay within its band, beside the OKRs and never part of a score."""

    ref: Ref
    title: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    measure: Measure = field(default_factory=Measure)
    level: Level = Level.TEAM
    team: str | None = None
    owner: str | None = None
    audience: str = EVERYONE
    source: Source = Source("", 1)


@dataclass(frozen=True)
class Okrs:
    """Everything the documents of a workspace say about one cycle or more, in the order it is written."""

    objectives: tuple[Objective, ...] = ()
    kpis: tuple[Kpi, ...] = ()

    def in_cycle(self, cycle: str) -> Okrs:
        """Only what belongs to the cycle called `cycle`."""
        return Okrs(
            tuple(each for each in self.objectives if each.ref.cycle == cycle),
            tuple(each for each in self.kpis if each.ref.cycle == cycle),
        )

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The references of the objectives, and then of the KPIs."""
        return (*(each.ref for each in self.objectives), *(each.ref for each in self.kpis))

    @property
    def by_ref(self) -> dict[Ref, Objective]:
        """The objectives by their reference."""
        return {each.ref: each for each in self.objectives}
