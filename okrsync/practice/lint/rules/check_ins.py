"""Rules about the cycle as it goes: OKR601 to OKR603."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from okrsync.domain.linting import Finding, LintContext, Remembered, Rule, Said, Severity
from okrsync.domain.numbers import quantity_text
from okrsync.domain.okr import KeyResult, Kind, Objective, Stage
from okrsync.domain.progress import same_number


class NoCheckIn(Rule):
    """Nobody says how it goes."""

    code = "OKR601"
    name = "no-check-in"
    severity = Severity.WARNING
    summary = "a key result had no check-in for longer than the check-in period"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Committed key results of cycles that run; where a value is measured, reading it counts as well."""
        if context.remembered is None:
            return
        days = context.check_in_period.days
        for objective, each in context.key_results:
            start = _runs_since(objective, context)
            if start is None:
                continue
            last = _last_word(each, context.remembered)
            since = max(start, last) if last else start
            if context.today - since > context.check_in_period:
                ago = (context.today - since).days
                yield self.finding(
                    each,
                    f"the last check-in was on {last}, {ago} days ago"
                    if last
                    else f"no check-in yet, {ago} days into the cycle",
                    f"Check in every {days} days: value, confidence, obstacles, help needed.",
                )


def _runs_since(objective: Objective, context: LintContext) -> date | None:
    cycle = context.cycles.get(objective.ref.cycle)
    if objective.stage is not Stage.COMMITTED or cycle is None or not cycle.holds(context.today):
        return None
    return cycle.start


def _last_word(key_result: KeyResult, remembered: Remembered) -> date | None:
    moments = [each.at for each in remembered.check_ins.get(key_result.ref, ())[-1:]]
    if key_result.measure.source != "manual" and key_result.ref in remembered.seen:
        moments.append(remembered.seen[key_result.ref])
    return max(moments).date() if moments else None


class ConfidentAndUnmoved(Rule):
    """All is well, it is said, and nothing moves."""

    code = "OKR602"
    name = "confident-but-unmoved"
    severity = Severity.WARNING
    summary = "confidence is high (0.7 or more) while the value has not moved for three check-ins"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Key results that have a way to go and are not there yet."""
        if context.remembered is None:
            return
        count, high = context.thresholds.unmoved_check_ins, context.thresholds.confidence
        for objective, each in context.key_results:
            if _runs_since(objective, context) is None or each.kind is not Kind.REACH:
                continue
            known = context.remembered
            last = _valued(known.check_ins.get(each.ref, ()), known.values.get(each.ref, ()))[-count:]
            confidence = next((said.confidence for said in reversed(last) if said.confidence is not None), None)
            if len(last) < count or confidence is None or confidence < high:
                continue
            value = last[-1].value
            if value is None or _is_there(each, value):
                continue
            if all(same_number(said.value, value) for said in last):
                yield self.finding(
                    each,
                    f"confidence is {confidence:g}, but the value has been {quantity_text(value, each.unit)}"
                    f" at {count} check-ins in a row",
                    "Talk about what the confidence rests on, and what would have to move first.",
                )


def _valued(said: tuple[Said, ...], values: tuple[tuple[datetime, float | None], ...]) -> list[Said]:
    """The check-ins, each with the value that held when it was made: said then, read or said before."""
    known = sorted(
        [*values, *((each.at, each.value) for each in said if each.value is not None)], key=lambda each: each[0]
    )
    found: list[Said] = []
    for each in said:
        held = [value for at, value in known if at <= each.at]
        found.append(
            Said(each.at, each.value if each.value is not None else held[-1] if held else None, each.confidence)
        )
    return found


def _is_there(key_result: KeyResult, value: float) -> bool:
    baseline, target = key_result.baseline, key_result.target
    if baseline is None or target is None:
        return False
    return value >= target if target > baseline else value <= target


class NotAmbitious(Rule):
    """Everything excellent."""

    code = "OKR603"
    name = "not-ambitious-enough"
    severity = Severity.INFO
    summary = "every key result of an objective of the last cycle scored above 0.8: not ambitious enough"

    def check(self, context: LintContext) -> Iterator[Finding]:
        """Objectives of the newest cycle that has ended, closed ones too."""
        ended = [each for each in context.cycles.values() if each.end < context.today]
        if not ended:
            return
        last = max(each.end for each in ended)
        names = {each.name for each in ended if each.end == last}
        for each in context.okrs.objectives:
            if each.ref.cycle not in names or not each.key_results:
                continue
            scores = [result.score.value for result in each.key_results if result.score is not None]
            if len(scores) == len(each.key_results) and all(score > context.excellent for score in scores):
                yield self.finding(
                    each,
                    f"every key result of this objective scored above {context.excellent:g} in {each.ref.cycle}",
                    "Aim higher in the next cycle: where all is reached, the objective was not ambitious enough.",
                )
