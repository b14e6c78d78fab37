"""Rules about alignment: OKR401 to OKR404."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from okrsync.domain.alignment import supporters
from okrsync.domain.linting import WIDEST_FIRST, Finding, Fix, LintContext, Refusal, Rule, Severity
from okrsync.domain.okr import Level, Objective, Stage
from okrsync.domain.ref import Ref
from okrsync.practice.lint.rules.refused import told


class Unaligned(Rule):
    """For whom?"""

    code = "OKR401"
    name = "aligns-to-nothing"
    severity = Severity.WARNING
    summary = "an objective below company level aligns to nothing"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Objectives without alignment; one whose alignment is refused has that finding."""
        refused = {each.where for each in context.refusals if each.code in {"OKR402", "OKR403"}}
        for each in context.placed:
            if each.level is not Level.COMPANY and not each.aligns_to and str(each.ref) not in refused:
                yield self.finding(
                    each,
                    f"the {each.level} objective aligns to nothing",
                    'Name what it supports: aligns_to = ["…"]; or ask whether it is worth a cycle.',
                )


class AlignedToNowhere(Rule):
    """Nobody is there."""

    code = "OKR402"
    name = "aligns-to-unknown"
    severity = Severity.ERROR
    summary = "an objective aligns to something unknown, to itself, or in a loop"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """What reading the documents refuses about alignment within a cycle."""
        fixes = _Fixes(context)
        for refusal in context.refusals:
            if refusal.code == self.code:
                found = told(self, refusal, "Name an objective of the cycle, or one of its key results.")
                yield replace(found, fix=fixes.of(refusal))


class _Fixes:
    """The alignments without the cycle's name in them, where nothing else is wrong with them."""

    def __init__(self, context: LintContext) -> None:
        self._context = context
        self._wrong = Counter(each.where for each in context.refusals if each.code in {"OKR402", "OKR403"})

    def of(self, refusal: Refusal) -> Fix | None:
        objective = self._objectives.get(refusal.where)
        if objective is None or self._wrong[refusal.where] > 1:
            return None
        is_named_whole = any(refusal.found == f"aligns_to has {str(target)!r}" for target in objective.aligns_to)
        if not is_named_whole or not self._known.issuperset(objective.aligns_to):
            return None
        if any(target.parent == objective.ref for target in objective.aligns_to):
            return None
        names = tuple(target.local for target in dict.fromkeys(objective.aligns_to))
        return Fix(objective.ref, "aligns_to", names, "leaves the name of the cycle out of aligns_to")

    @cached_property
    def _objectives(self) -> dict[str, Objective]:
        return {str(each.ref): each for each in self._context.okrs.objectives}

    @cached_property
    def _known(self) -> frozenset[Ref]:
        return frozenset(
            ref
            for each in self._context.okrs.objectives
            for ref in (each.ref, *(result.ref for result in each.key_results))
        )


class AlignedSideways(Rule):
    """Not upwards."""

    code = "OKR403"
    name = "aligns-sideways"
    severity = Severity.WARNING
    summary = "an objective aligns to the same or a lower level, or to another cycle"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Alignments that do not lead upwards."""
        for refusal in context.refusals:
            if refusal.code == self.code:
                yield told(self, refusal, "Align to something of the same cycle.")
        every = {each.ref: each for each in context.okrs.objectives if each.ref not in context.unplaced}
        for each in context.placed:
            for target in each.aligns_to:
                parent = every.get(target.parent)
                if parent is not None and parent.ref != each.ref and not _is_wider(parent, each):
                    yield self.finding(
                        each,
                        f"the {each.level} objective aligns to {target.local!r}, which is of {parent.level} level",
                        "Align to what both support, on a wider level; what teams owe each other can stand in why.",
                        key="aligns_to",
                    )


def _is_wider(one: Objective, other: Objective) -> bool:
    return WIDEST_FIRST.index(one.level) < WIDEST_FIRST.index(other.level)


class Unsupported(Rule):
    """Who does it?"""

    code = "OKR404"
    name = "company-key-result-unsupported"
    severity = Severity.INFO
    summary = "a company key result has no objective below that supports it"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """In cycles in which others have objectives; what aligns to the whole objective supports each key result."""
        for objectives in context.by_cycle.values():
            below = [each for each in objectives if each.level is not Level.COMPANY]
            if not below:
                continue
            supported = supporters(below)
            for objective in objectives:
                is_closed = objective.stage is Stage.CLOSED
                if objective.level is not Level.COMPANY or is_closed or objective.ref in supported:
                    continue
                for each in objective.key_results:
                    if each.ref not in supported:
                        yield self.finding(
                            each,
                            "no objective below supports this company key result",
                            f'Find who does, and let them say so: aligns_to = ["{each.ref.local}"].',
                        )
