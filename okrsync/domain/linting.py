"""What a lint rule is, what it sees and what it finds. Plugins bring rules of their own by subclassing `Rule`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar

from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import KeyResult, Kpi, Level, Objective, Okrs, Source, Stage
from okrsync.domain.ref import Ref
from okrsync.domain.terms import Terms


class Severity(StrEnum):
    """How much a finding matters, the gravest first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Fix:
    """A change of one key in a document that mends a finding and cannot change what somebody meant."""

    ref: Ref
    """The objective or key result whose table is changed."""
    key: str
    value: Any
    """The new value of the key, as TOML holds it; a list as a tuple."""
    meaning: str
    """What it does, for people: `sets unit to %`."""


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found."""

    code: str
    severity: Severity
    message: str
    """What was found, as a clause without a full stop."""
    remedy: str
    """What to do about it, as a whole sentence."""
    file: str
    """The document as people know it."""
    line: int
    """From 1."""
    ref: Ref | None = None
    """What it is about; None where it is about a document or a whole cycle."""
    key: str = ""
    """The key of `ref`'s table that it is about, where one is: the line becomes that of the key."""
    fix: Fix | None = None


@dataclass(frozen=True)
class Thresholds:
    """The figures that rules compare with. The defaults are those of the OKR practice; each is a setting."""

    key_results_least: int = 2
    key_results_most: int = 5
    objectives_most: int = 5
    """Objectives that one owner holds in a cycle."""
    company_least: int = 1
    company_most: int = 3
    """Company objectives in a cycle."""
    bottom_up_share: float = 0.5
    """0.0–1.0: the least share of objectives below company level that come from the bottom up."""
    page_lines: int = 50
    """Lines that one page holds."""
    confidence: float = 0.7
    """0.0–1.0: from here on, confidence is high."""
    unmoved_check_ins: int = 3
    """After so many check-ins with the same value, it has not moved."""


@dataclass(frozen=True)
class Review:
    """What is asked of an objective before it is committed."""

    required: bool = False
    reviewers: tuple[str, ...] = ()
    """Who may review; empty where anybody may."""


@dataclass(frozen=True)
class Refusal:
    """What is wrong in a document so that `okrsync check` refuses it."""

    file: str
    line: int
    """From 1; 0 where the file as a whole is meant."""
    where: str
    """The reference or key that is wrong; empty for the top of the file."""
    found: str
    """As a clause without a full stop."""
    right: str = ""
    """What is expected; empty where `found` says it all."""
    do: str = ""
    """As a whole sentence."""
    code: str = ""
    """The code of the rule that tells it; most have none."""


@dataclass(frozen=True)
class Said:
    """A check-in, as far as rules look at it."""

    at: datetime
    value: float | None = None
    confidence: float | None = None
    """0.0–1.0."""


@dataclass(frozen=True)
class Remembered:
    """What the cache remembers. Without it, the rules that need it are silent."""

    check_ins: Mapping[Ref, tuple[Said, ...]] = field(default_factory=dict)
    """The check-ins of each key result, oldest first."""
    values: Mapping[Ref, tuple[tuple[datetime, float | None], ...]] = field(default_factory=dict)
    """The values that were read from where a key result is measured, and since when, oldest first.

    Only of those that have check-ins which name no value.
    """
    seen: Mapping[Ref, datetime] = field(default_factory=dict)
    """When the value of a key result was last read from where it is measured."""
    terms: Mapping[Ref, tuple[tuple[datetime, Terms], ...]] = field(default_factory=dict)
    """What each key result asked for, and since when, oldest first."""


@dataclass(frozen=True)
class Offer:
    """What the tracker of a key result could measure it by."""

    field: str | None = None
    """The field that its mapping names for current values."""
    queries: bool = False
    """Whether the tracker answers queries."""


@dataclass(frozen=True)
class LintContext:
    """Everything that rules may look at: values only."""

    okrs: Okrs
    """Every cycle. Key results may lack numbers here, and alignment may lead nowhere."""
    today: date
    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    """The cycles of the documents, by name."""
    refusals: tuple[Refusal, ...] = ()
    """What reading the documents refuses."""
    unplaced: frozenset[Ref] = frozenset()
    """Objectives of which nobody knows the cycle or the level."""
    thresholds: Thresholds = Thresholds()
    review: Review = Review()
    check_in_period: timedelta = timedelta(days=7)
    excellent: float = 0.8
    """Above it a score is excellent."""
    remembered: Remembered | None = None
    offers: Mapping[Ref, Offer] = field(default_factory=dict)
    """By key result; only where its tracker is known."""

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """Those that can still be mended: all but closed ones."""
        return tuple(each for each in self.okrs.objectives if each.stage is not Stage.CLOSED)

    @cached_property
    def placed(self) -> tuple[Objective, ...]:
        """Those of `objectives` whose cycle and level are known."""
        return tuple(each for each in self.objectives if each.ref not in self.unplaced)

    @cached_property
    def by_cycle(self) -> Mapping[str, tuple[Objective, ...]]:
        """By the name of the cycle, in document order: all of those cycles in which something is not closed yet.

        What is closed already counts here, for it was among what people had to do.
        """
        open_cycles = {each.ref.cycle for each in self.placed}
        found: dict[str, list[Objective]] = {}
        for each in self.okrs.objectives:
            if each.ref.cycle in open_cycles and each.ref not in self.unplaced:
                found.setdefault(each.ref.cycle, []).append(each)
        return {cycle: tuple(each) for cycle, each in found.items()}

    @cached_property
    def key_results(self) -> tuple[tuple[Objective, KeyResult], ...]:
        """The key results of `objectives`, each with its objective."""
        return tuple((objective, each) for objective in self.objectives for each in objective.key_results)


class Rule(ABC):
    """A check with a code that never changes its meaning.

    It takes values and yields findings; it reads no clock, no file, no network. What `OKR` begins is kept for okrsync.
    """

    code: ClassVar[str]
    """Letters, then digits: `ACME001`."""
    name: ClassVar[str]
    """A few words with hyphens: `objective-with-a-number`."""
    severity: ClassVar[Severity]
    summary: ClassVar[str]
    """What it finds, in one sentence without a full stop."""
    page: ClassVar[str] = ""
    """Why, an example and how to mend it, as Markdown; what okrsync brings has its pages in files."""

    @abstractmethod
    def check(self, context: LintContext) -> Iterator[Finding]:
        """Everything that the rule finds."""

    def finding(
        self,
        at: Objective | KeyResult | Kpi | Source,
        message: str,
        remedy: str,
        *,
        key: str = "",
        severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """A finding of this rule about an objective, key result or KPI, or about a place in a document."""
        source, ref = (at, None) if isinstance(at, Source) else (at.source, at.ref)
        return Finding(self.code, severity or self.severity, message, remedy, source.file, source.line, ref, key, fix)


WIDEST_FIRST: tuple[Level, ...] = tuple(Level)
"""The levels from the widest to the narrowest."""
