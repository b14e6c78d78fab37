"""Rules about how much there is: OKR301 to OKR305."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

from okrsync.domain.linting import Finding, LintContext, Rule, Severity
from okrsync.domain.okr import Level, Objective, Origin

_LINE_WIDTH = 95
"""Characters of a line on a printed page."""
_LINES_OF_A_HEAD = 2
_LINES_OF_A_KEY_RESULT = 1
"""Beside its title: value, progress and confidence."""


class KeyResultCount(Rule):
    """Two to five."""

    code = "OKR301"
    name = "key-result-count"
    severity = Severity.WARNING
    summary = "an objective has fewer than 2 or more than 5 key results"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Objectives with too few or too many."""
        least, most = context.thresholds.key_results_least, context.thresholds.key_results_most
        for each in context.objectives:
            count = len(each.key_results)
            if count < least:
                yield self.finding(
                    each,
                    f"the objective has {_counted(count, 'key result')}, fewer than {least}",
                    "Ask what else would show that it is being reached.",
                )
            elif count > most:
                yield self.finding(
                    each,
                    f"the objective has {_counted(count, 'key result')}, more than {most}",
                    "Keep those that tell the most, or make two objectives of it.",
                )


class ObjectivesOfOneOwner(Rule):
    """Focus."""

    code = "OKR302"
    name = "too-many-objectives"
    severity = Severity.WARNING
    summary = "one owner holds more than 5 objectives in a cycle"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Told at the first objective that is too many."""
        most = context.thresholds.objectives_most
        for cycle, owner, held in _by_owner(context):
            if len(held) > most:
                yield self.finding(
                    held[most],
                    f"{owner} holds {len(held)} objectives in {cycle}, more than {most}",
                    "Decide what can wait, or who else can take one over.",
                )


class CompanyObjectives(Rule):
    """One to three for everybody."""

    code = "OKR303"
    name = "company-objective-count"
    severity = Severity.WARNING
    summary = "a cycle has fewer than 1 or more than 3 company objectives"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Told at the first that is too many, or where the cycle begins in the documents."""
        least, most = context.thresholds.company_least, context.thresholds.company_most
        for cycle, objectives in context.by_cycle.items():
            company = [each for each in objectives if each.level is Level.COMPANY]
            if len(company) > most:
                yield self.finding(
                    company[most],
                    f"{cycle} has {_counted(len(company), 'company objective')}, more than {most}",
                    "Choose what matters to everybody; the rest belongs to departments and teams.",
                )
            elif len(company) < least:
                yield self.finding(
                    _start_of(objectives),
                    f"{cycle} has {_counted(len(company), 'company objective')}, fewer than {least}",
                    'Add a document with level = "company", so that others have something to align to.',
                )


class BottomUpShare(Rule):
    """Half of it from below."""

    code = "OKR304"
    name = "bottom-up-share"
    severity = Severity.INFO
    summary = "fewer than half of the objectives below company level come from the bottom up"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Told once a cycle."""
        for cycle, objectives in context.by_cycle.items():
            below = [each for each in objectives if each.level is not Level.COMPANY]
            proposed = sum(each.origin is Origin.BOTTOM_UP for each in below)
            if below and proposed < context.thresholds.bottom_up_share * len(below):
                yield self.finding(
                    _start_of(below),
                    f"{proposed} of {_counted(len(below), 'objective')} below company level in {cycle}"
                    f" {'come' if proposed != 1 else 'comes'} from the bottom up ({proposed / len(below):.0%}),"
                    f" less than {context.thresholds.bottom_up_share:.0%}",
                    'Ask the teams for proposals, and note what came from them: origin = "bottom-up".',
                )


class Pages(Rule):
    """One page is ideal, two the most."""

    code = "OKR305"
    name = "more-than-a-page"
    severity = Severity.WARNING
    summary = "an owner's OKRs do not fit on one page (info) or on two (warning)"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Told at the owner's first objective."""
        page = context.thresholds.page_lines
        for cycle, owner, held in _by_owner(context):
            lines = sum(map(_lines_of, held))
            if lines > page:
                pages = math.ceil(lines / page)
                yield self.finding(
                    held[0],
                    f"the OKRs of {owner} in {cycle} take {pages} pages (about {lines} lines of {page} a page)",
                    "Shorten why, drop what is not important: one page is ideal, two are the most.",
                    severity=Severity.INFO if pages <= 2 else Severity.WARNING,
                )


def _by_owner(context: LintContext) -> Iterator[tuple[str, str, list[Objective]]]:
    """Cycle, owner, and what they hold there, in document order."""
    owned = sorted(
        ((each.ref.cycle, each.owner, each) for each in context.placed if each.owner),
        key=lambda found: found[:2],
    )
    for (cycle, owner), found in groupby(owned, key=lambda each: each[:2]):
        yield cycle, owner, [each for _, _, each in found]


def _start_of(objectives: Iterable[Objective]) -> Objective:
    return min(objectives, key=lambda each: (each.source.file, each.source.line))


def _lines_of(objective: Objective) -> int:
    key_results = sum(_wrapped(each.title) + _LINES_OF_A_KEY_RESULT for each in objective.key_results)
    return _LINES_OF_A_HEAD + _wrapped(objective.title) + _wrapped(objective.why) + key_results


def _wrapped(text: str) -> int:
    return sum(max(1, math.ceil(len(line) / _LINE_WIDTH)) for line in text.splitlines())


def _counted(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}" if number == 1 else f"{number or 'no'} {thing}s"
