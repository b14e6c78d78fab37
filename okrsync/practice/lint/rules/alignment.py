"""Rules about alignment: OKR401 to OKR404."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from okrsync.domain.alignment import supporters
from okrsync.domain.linting import WIDEST_FIRST, Finding, Fix, LintContext, Refusal, Rule, Severity
from okrsync.domain.okr import Level, Objective
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
        for problem in context.refusals:
            if problem.code == self.code:
                found = told(self, problem, "Name an objective of the cycle, or one of its key results.")
                yield replace(found, fix=_fix(problem, context))


def _fix(problem: Refusal, context: LintContext) -> Fix | None:
    """The alignment without the cycle's name in it, where nothing else is wrong with it."""
    objective = next((each for each in context.okrs.objectives if str(each.ref) == problem.where), None)
    if objective is None:
        return None
    others = [each for each in context.refusals if each.where == problem.where and each.code in {"OKR402", "OKR403"}]
    is_named_whole = any(problem.found == f"aligns_to has {str(target)!r}" for target in objective.aligns_to)
    known = {
        ref
        for each in context.okrs.objectives
        for ref in (each.ref, *(result.ref for result in each.key_results))
        if each.ref != objective.ref
    }
    if len(others) > 1 or not is_named_whole or not known.issuperset(objective.aligns_to):
        return None
    names = tuple(target.local for target in dict.fromkeys(objective.aligns_to))
    return Fix(objective.ref, "aligns_to", names, "leaves the name of the cycle out of aligns_to")


class AlignedSideways(Rule):
    """Not upwards."""

    code = "OKR403"
    name = "aligns-sideways"
    severity = Severity.WARNING
    summary = "an objective aligns to the same or a lower level, or to another cycle"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Alignments that do not lead upwards."""
        for problem in context.refusals:
            if problem.code == self.code:
                yield told(self, problem, "Align to something of the same cycle.")
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
                if objective.level is not Level.COMPANY or objective.ref in supported:
                    continue
                for each in objective.key_results:
                    if each.ref not in supported:
                        yield self.finding(
                            each,
                            "no objective below supports this company key result",
                            f'Find who does, and let them say so: aligns_to = ["{each.ref.local}"].',
                        )
