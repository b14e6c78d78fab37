"""Rules about an objective by itself: OKR101 to OKR103."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.domain.linting import Finding, LintContext, Rule, Severity
from okrsync.practice.lint.quantities import measures
from okrsync.practice.lint.rules.refused import told
from okrsync.practice.lint.rules.wording import WordingRule


class NumberInObjective(WordingRule):
    """A measure in the place of a direction."""

    code = "OKR101"
    name = "number-in-objective"
    severity = Severity.WARNING
    summary = "an objective carries a number or a unit: it should say in words where to go"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every title with a number that counts something."""
        for each in context.objectives:
            found = measures(each.title, self._words)
            if found:
                written = ", ".join(f"'{each.title[number.start : number.end].strip()}'" for number in found)
                yield self.finding(
                    each,
                    f"the objective carries {written}",
                    "Say in words where to go; the number belongs into a key result.",
                    key="title",
                )


class NobodysObjective(Rule):
    """Nobody answers for it, or nobody knows for when it is."""

    code = "OKR102"
    name = "no-owner-cycle-or-level"
    severity = Severity.ERROR
    summary = "an objective has no owner, no cycle or no level"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Documents without cycle or level, and objectives without owner."""
        for refusal in context.refusals:
            if refusal.code == self.code:
                yield told(self, refusal, "Add it at the top of the document.")
        for each in context.objectives:
            if not each.owner:
                yield self.finding(
                    each,
                    "the objective has no owner",
                    'Name who answers for it: owner = "…" in the objective, or once at the top of the document.',
                )


class NoReason(Rule):
    """What for?"""

    code = "OKR103"
    name = "no-why"
    severity = Severity.INFO
    summary = "an objective says nothing of why"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every objective without why."""
        for each in context.objectives:
            if not each.why.strip():
                yield self.finding(
                    each,
                    "the objective says nothing of why it matters",
                    'Add why = "…": a sentence that somebody from another team understands.',
                )
