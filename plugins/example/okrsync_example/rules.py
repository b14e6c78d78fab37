"""A lint rule: values in, findings out; no clock, no file, no network."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.domain.linting import Finding, LintContext, Rule, Severity
from okrsync.domain.okr import Level


class TeamNamed(Rule):
    """Who reads a team's objective sees whose it is."""

    code = "SHELF001"
    name = "team-without-name"
    severity = Severity.WARNING
    summary = "an objective of team level does not say of which team it is"
    page = """# SHELF001: a team without a name

Warning. Reports group objectives by team; one without a name stands among the others.

## How to mend it

Write `team = "…"` at the top of the document.
"""

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every such objective."""
        for each in context.placed:
            if each.level is Level.TEAM and not each.team:
                yield self.finding(each, "the team has no name", 'Write team = "…" at the top of the document.')
