"""Rules about what was agreed: OKR501 and OKR502."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.domain.linting import Finding, LintContext, Rule, Severity
from okrsync.domain.numbers import quantity_text
from okrsync.domain.okr import KeyResult, Kind, Objective, Stage
from okrsync.domain.progress import same_number
from okrsync.practice.lint.rules.refused import told


class NotReviewed(Rule):
    """Committed by oneself."""

    code = "OKR501"
    name = "committed-without-review"
    severity = Severity.ERROR
    summary = "an objective is committed without a reviewer although review is required"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Committed objectives that none of the reviewers agreed to."""
        if not context.review.required:
            return
        may = context.review.reviewers
        for each in context.objectives:
            if each.stage is not Stage.COMMITTED:
                continue
            agreed = [name for name in each.reviewed_by if not may or name in may]
            if not agreed:
                who = f"one of {', '.join(may)}" if may else "somebody"
                yield self.finding(
                    each,
                    _found(each),
                    f'Let {who} review it and note the name: reviewed_by = ["…"]; until then, stage = "proposed".',
                    key="reviewed_by" if each.reviewed_by else "stage",
                )


def _found(objective: Objective) -> str:
    if objective.reviewed_by:
        return f"committed, but reviewed by {', '.join(objective.reviewed_by)} only, who is no reviewer"
    return "committed without a reviewer, although review is required"


class TargetMoved(Rule):
    """Moved goalposts."""

    code = "OKR502"
    name = "target-changed-without-reason"
    severity = Severity.WARNING
    summary = "a target was changed after commitment with no reason recorded"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Changes in the document without reason, and targets that the cache knows otherwise."""
        for refusal in context.refusals:
            if refusal.code == self.code:
                yield told(self, refusal, "Say why, so that whoever looks back understands it.")
        if context.remembered is None:
            return
        for objective, each in context.key_results:
            if objective.stage is Stage.COMMITTED and each.kind is Kind.REACH and each.target is not None:
                before = self._before(each, context)
                if before is not None:
                    yield self.finding(
                        each,
                        f"the target was {quantity_text(before, each.unit)} and is now"
                        f" {quantity_text(each.target, each.unit)}, with no reason recorded",
                        "Record it: target_changes = [{ on = …, "
                        f'from = {before:g}, to = {each.target:g}, reason = "…" }}].',
                        key="target",
                    )

    @staticmethod
    def _before(key_result: KeyResult, context: LintContext) -> float | None:
        """The newest target from which a step leads that the document does not tell; None where it tells all."""
        assert context.remembered is not None
        asked = [terms for _, terms in context.remembered.terms.get(key_result.ref, ()) if terms.kind is Kind.REACH]
        targets = [each.target for each in asked if each.target is not None]
        path: list[float] = []
        for target in [*targets, key_result.target]:
            if target is not None and (not path or not same_number(path[-1], target)):
                path.append(target)
        # A change that was taken back needs no reason.
        if len(path) < 2 or same_number(path[0], path[-1]):
            return None
        told_of = [value for change in key_result.target_changes for value in (change.before, change.after)]
        before = path[-2]
        return None if any(same_number(before, value) for value in told_of) else before
