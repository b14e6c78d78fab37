"""Rules about what a key result says: OKR202 to OKR205, and OKR701 about KPIs that are taken for key results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from okrsync.domain.linting import Finding, Fix, LintContext, Offer, Severity
from okrsync.domain.numbers import quantity_text
from okrsync.domain.okr import KeyResult, Kind, Kpi
from okrsync.practice.lint.activities import activity
from okrsync.practice.lint.agreement import Disagreement, disagreement
from okrsync.practice.lint.quantities import lowered
from okrsync.practice.lint.rules.wording import WordingRule

_VALUES_AS_WRITTEN = frozenset({"manual", "field"})
"""Measures whose values are what somebody wrote; with the others, a unit may change what is computed."""


class Activity(WordingRule):
    """Work in the place of a result."""

    code = "OKR202"
    name = "activity"
    severity = Severity.WARNING
    summary = "a key result reads as an activity, with no measured effect"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every title that speaks of work alone."""
        for _, each in context.key_results:
            found = activity(each, self._words)
            if found is not None:
                yield self.finding(
                    each,
                    f"the key result reads as an activity ('{found}'), with no measured effect",
                    "Ask what changes when it is done, and measure that: from what to what.",
                    key="title",
                )


class TitleDisagrees(WordingRule):
    """The title says one thing, the fields another."""

    code = "OKR203"
    name = "title-disagrees-with-numbers"
    severity = Severity.WARNING
    summary = "a key result's title and its numbers disagree, or their units do"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Every title with numbers that are not those of the fields."""
        for _, each in context.key_results:
            found = disagreement(each, self._words)
            if found is None:
                continue
            fix = None
            if found.missing_unit and each.measure.source in _VALUES_AS_WRITTEN:
                fix = Fix(each.ref, "unit", found.missing_unit, f"sets unit to {found.missing_unit!r}")
            yield self.finding(each, str(found), self._remedy(each, found), key="title", fix=fix)

    def _remedy(self, key_result: KeyResult, found: Disagreement) -> str:
        if found.missing_unit:
            return f'Add unit = "{found.missing_unit}".'
        if key_result.target_changes:
            before = replace(key_result, target=key_result.original_target, target_changes=())
            if disagreement(before, self._words) is None:
                on = key_result.target_changes[-1].on
                return f"That was right until the target was changed on {on}: change the title too."
        return "Change whichever of them is wrong."


class Output(WordingRule):
    """Tickets and points."""

    code = "OKR204"
    name = "output-counted"
    severity = Severity.INFO
    summary = "a key result counts tickets or story points only: output, not outcome"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Key results whose measure, unit or title counts what was worked off."""
        for _, each in context.key_results:
            found = self._counted(each)
            if found:
                yield self.finding(
                    each,
                    f"the key result counts {found} only: output, not outcome",
                    "Measure what the work is for; the tracker shows the work anyway.",
                )

    def _counted(self, key_result: KeyResult) -> str:
        source, options = key_result.measure.source, key_result.measure.options
        if source == "children":
            by_points = key_result.measure.by != "count"
            return "story points that are done" if by_points else "tickets that are done"
        if source == "done":
            return "story points that are done" if "field" in options else "tickets that are done"
        field = self._words.outputs.search(lowered(str(options.get("field", ""))))
        if source == "sum" and field:
            return field[0]
        if (key_result.target or 0.0) < (key_result.baseline or 0.0):
            return ""  # Fewer tickets may well be what customers feel.
        unit = self._words.outputs.search(lowered(key_result.unit))
        if unit:
            return unit[0]
        low = lowered(key_result.title)
        output = self._words.outputs.search(low)
        closes = self._words.closing.search(low)
        return output[0] if output and closes and "%" not in key_result.title and "%" not in key_result.unit else ""


class ManualThoughMeasurable(WordingRule):
    """Typed by hand, although the tracker knows."""

    code = "OKR205"
    name = "manual-though-measurable"
    severity = Severity.INFO
    summary = "a key result's measure is manual although its tracker has a field or a query for it"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Manual key results of trackers that could measure them."""
        for _, each in context.key_results:
            offer = context.offers.get(each.ref)
            if each.measure.source != "manual" or offer is None or each.kind is Kind.DONE:
                continue
            found = self._way(each, offer)
            if found is not None:
                message, remedy = found
                yield self.finding(each, message, remedy, key="measure")

    def _way(self, key_result: KeyResult, offer: Offer) -> tuple[str, str] | None:
        if offer.field:
            return (
                f"the measure is manual, but the tracker has the field {offer.field!r} for current values",
                'Let it be read there: measure = { from = "field" }.',
            )
        tracked = self._words.tracked.search(lowered(key_result.title))
        if offer.queries and tracked:
            return (
                f"the measure is manual, but the tracker can count {tracked[0]} by a query",
                'Let it: measure = { from = "count", query = "…" }.',
            )
        return None


class KpiAsKeyResult(WordingRule):
    """A band to stay in, or a change to make: each has its place."""

    code = "OKR701"
    name = "kpi-or-key-result"
    severity = Severity.INFO
    summary = "a KPI is used as a key result, or a key result as a KPI"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Key results that want no change, and KPIs that want one."""
        for _, each in context.key_results:
            if each.kind is Kind.MAINTAIN:
                band = " and ".join(
                    f"{word} {quantity_text(bound, each.unit)}"
                    for word, bound in (("at least", each.minimum), ("at most", each.maximum))
                    if bound is not None
                )
                yield self.finding(
                    each,
                    f"the key result is a band to stay in ({band}), with no change wanted: a KPI",
                    "Put it under [[kpis]]; or say from where to where it shall go.",
                )
            elif each.kind is Kind.REACH and self._words.keeping.match(lowered(each.title).lstrip()):
                yield self.finding(
                    each,
                    "the title speaks of keeping, with no change wanted: a KPI",
                    "Put it under [[kpis]]; or say from where to where it shall go.",
                    key="title",
                )
        for kpi in context.okrs.kpis:
            if self._wants_change(kpi):
                yield self.finding(
                    kpi,
                    "the KPI speaks of a change to make: a key result",
                    "Make it a key result with baseline and target; a KPI watches a band.",
                    key="title",
                )

    def _wants_change(self, kpi: Kpi) -> bool:
        low = lowered(kpi.title).lstrip()
        return self._words.effects.match(low) is not None and self._words.keeping.match(low) is None
