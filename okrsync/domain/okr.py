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
    source: Source = Source("", 1)


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
    audience: str = "everyone"
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
    audience: str = "everyone"
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
    def by_ref(self) -> dict[Ref, Objective]:
        """The objectives by their reference."""
        return {each.ref: each for each in self.objectives}
