"""Rules about what `okrsync check` refuses as well: reading finds it, and lint tells it under its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar

from okrsync.domain.linting import Finding, LintContext, Refusal, Rule, Severity
from okrsync.domain.ref import Ref


class Refused(Rule):
    """A rule that tells the refusals that carry its code."""

    otherwise: ClassVar[str]
    """What to do where the refusal itself does not say."""

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every such refusal."""
        for each in context.refusals:
            if each.code == self.code:
                yield told(self, each, self.otherwise)


def told(rule: Rule, refusal: Refusal, otherwise: str) -> Finding:
    """A refusal as a finding of a rule."""
    ref = None
    with suppress(ValueError):
        ref = Ref.parse(refusal.where.partition(",")[0])
    where = f"{refusal.where}: " if refusal.where and ref is None else ""
    right = f"; expected {refusal.right}" if refusal.right else ""
    return Finding(
        rule.code,
        rule.severity,
        f"{where}{refusal.found}{right}",
        refusal.do or otherwise,
        refusal.file,
        max(refusal.line, 1),
        ref,
    )


class DocumentRefused(Refused):
    """What has no code of its own."""

    code = "OKR001"
    name = "document-refused"
    severity = Severity.ERROR
    summary = "a document, or a part of it, is refused for a reason that has no other code"
    otherwise = "Mend it: `okrsync check` finds the same."

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every refusal without a code."""
        for each in context.refusals:
            if not each.code:
                yield told(self, each, self.otherwise)


class BaselineOrTargetMissing(Refused):
    """No way to go."""

    code = "OKR201"
    name = "no-baseline-or-target"
    severity = Severity.ERROR
    summary = "a key result has no baseline or no target, or they are equal"
    otherwise = "Give it both, and let them differ."


class DueOutsideCycle(Refused):
    """Due when nobody looks any more."""

    code = "OKR206"
    name = "due-outside-cycle"
    severity = Severity.ERROR
    summary = "a due date lies outside the cycle"
    otherwise = "Name a day of the cycle, or leave due out: then it is due when the cycle ends."
