"""The review for people: as lines for a terminal, as Markdown for the meeting, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.domain.forecast import Forecast
from okrsync.domain.numbers import number_text, quantity_text
from okrsync.domain.okr import KeyResult
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus
from okrsync.practice.drift import is_behind
from okrsync.practice.review import KeyResultReview, Review, TradeOff
from okrsync.reports import words
from okrsync.reports.markdown import plain, table
from okrsync.reports.plan_views import Line, Tone

NOTHING_NEAR = "nothing near is ahead: effort from elsewhere, another target with its reason, or a lower score"


def review_lines(review: Review) -> Iterator[Line]:
    """Everything that drifts, what asks most for talk first; then what could be traded off."""
    status, drifting = review.status, review.drifting
    yield Line(_headline(review), Tone.HEADING)
    if not drifting:
        yield Line(_nothing(review))
    for each in drifting:
        yield Line("")
        yield from key_result_lines(each)
    behind = sum(1 for each in review.key_results if is_behind(each.status))
    if behind:
        yield Line("")
        yield Line("what could be traded off", Tone.HEADING)
        for offer in review.trade_offs:
            yield Line(f"  {offer.ref}: {words.shown(offer.text)}")
        if alone := behind - len(review.trade_offs):
            what = "what is behind" if not review.trade_offs else words.counted(alone, "other")
            yield Line(f"  for {what} {NOTHING_NEAR}")
    if review.changed:
        yield Line("")
        yield Line("targets that were changed", Tone.HEADING)
        for each in review.changed:
            for change in _changes(each.status.key_result):
                yield Line(f"  {each.ref}: {words.shown(change)}")
    if review.quiet:
        yield Line("")
        yield Line("as planned by their values, and nobody checks in", Tone.HEADING)
        yield Line(f"  {', '.join(str(each.ref) for each in review.quiet)}")
    rest = len(review.key_results) - len(drifting) - len(review.quiet)
    if drifting and rest:
        yield Line("")
        yield Line(f"{words.counted(rest, 'other key result')} {'goes' if rest == 1 else 'go'} as planned", Tone.WHY)
    if drifting:
        yield Line(
            "change a target with `okrsync review REF --target N --reason TEXT`; the original stays visible"
            if status.as_of.date() <= status.cycle.end
            else f"{status.cycle.name} is over: `okrsync score` is next",
            Tone.WHY,
        )


def key_result_lines(each: KeyResultReview, offer: TradeOff | None = None, number: str = "") -> Iterator[Line]:
    """One key result that drifts, and by which signs."""
    yield Line(f"{number}{each.ref}  {words.shown(each.status.key_result.title)}", Tone.HEADING)
    yield Line(f"  {_figures(each.status)}{_contact(each)}", Tone.WHY)
    wide = max(len(drift.sign) for drift in each.drifts)
    for drift in each.drifts:
        yield Line(f"  {drift.sign:<{wide}}  {words.shown(drift.text)}", Tone.UPDATE)
    if offer is not None:
        yield Line(f"  {'to trade off':<{wide}}  {words.shown(offer.text)}")


def review_markdown(review: Review, decided: Mapping[Ref, str] | None = None) -> Iterator[str]:
    """The review as a page for the meeting, with what was decided of each that drifts, or a place for it."""
    yield f"# Review of {plain(review.status.cycle.name)}, {plain(review.status.workspace)}"
    yield ""
    yield f"{plain(_headline(review))}."
    yield ""
    if not review.drifting:
        yield f"{plain(_nothing(review))}"
        yield ""
    else:
        rows = [
            (
                f"`{each.ref}`",
                plain(words.current(each.status)),
                plain(words.percent(each.status.progress)),
                plain(words.percent(each.status.expected)),
                plain(", ".join(str(drift.sign) for drift in each.drifts)),
            )
            for each in review.drifting
        ]
        yield from table(("key result", "now", "progress", "due", "drifts by"), rows)
        yield ""
    offers = {each.ref: each for each in review.trade_offs}
    for each in review.drifting:
        yield f"## {plain(each.status.key_result.title)}"
        yield ""
        yield f"`{each.ref}` of *{plain(each.objective.title)}*: {plain(_figures(each.status) + _contact(each))}."
        yield ""
        for drift in each.drifts:
            yield f"- **{drift.sign}**: {plain(drift.text)}"
        for change in _changes(each.status.key_result):
            yield f"- target changed: {plain(change)}"
        if each.ref in offers:
            yield f"- to trade off: {plain(offers[each.ref].text)}"
        elif is_behind(each.status):
            yield f"- to trade off: {NOTHING_NEAR}"
        yield ""
        blank = "keep / adjust the target to … because … / trade off"
        yield f"Decision: {plain(decided[each.ref]) if decided and each.ref in decided else blank}"
        yield ""
    drifting = {each.ref for each in review.drifting}
    steady = [each for each in review.key_results if each.ref not in drifting]
    if steady:
        yield "## As planned"
        yield ""
        for each in steady:
            quiet = "; nobody checks in" if each.is_quiet else ""
            yield f"- `{each.ref}` {plain(each.status.key_result.title)}: {plain(_figures(each.status))}{quiet}"
            for change in _changes(each.status.key_result):
                yield f"  - target changed: {plain(change)}"
        yield ""


def review_json(review: Review) -> dict[str, Any]:
    """The review for `--json`; shares are 0.0–1.0, unknown is null."""
    return {
        "workspace": review.status.workspace,
        "cycle": review.status.cycle.name,
        "as_of": review.status.as_of.isoformat(),
        "elapsed": review.elapsed,
        "key_results": [_key_result(each) for each in review.key_results],
        "trade_offs": [
            {
                "ref": str(each.ref),
                "others": [str(ref) for ref in each.others],
                "text": each.text,
                "figures": dict(each.figures),
            }
            for each in review.trade_offs
        ],
    }


def _key_result(each: KeyResultReview) -> dict[str, Any]:
    status, key_result = each.status, each.status.key_result
    ahead = each.past.forecast
    return {
        "ref": str(each.ref),
        "title": key_result.title,
        "objective": str(each.objective.ref),
        "unit": key_result.unit,
        "baseline": key_result.baseline,
        "target": key_result.target,
        "original_target": key_result.original_target,
        "target_changes": [
            {
                "on": change.on.isoformat(),
                "from": change.before,
                "to": change.after,
                "reason": change.reason,
                "by": change.by,
            }
            for change in key_result.target_changes
        ],
        "current": status.observed.value,
        "progress": status.progress,
        "expected": status.expected,
        "confidence": status.observed.confidence,
        "health": str(status.health),
        "weight": key_result.weight,
        "forecast": {
            "low": ahead.low,
            "high": ahead.high,
            "progress_low": ahead.progress_low,
            "progress_high": ahead.progress_high,
        }
        if isinstance(ahead, Forecast)
        else None,
        "no_forecast": None if isinstance(ahead, Forecast) else ahead.reason,
        "need": each.need,
        "drifting": bool(each.drifts) and not each.is_quiet,
        "drifts": [
            {"sign": str(drift.sign), "text": drift.text, "figures": dict(drift.figures)} for drift in each.drifts
        ],
    }


def _changes(key_result: KeyResult) -> Iterator[str]:
    for change in key_result.target_changes:
        after = quantity_text(change.after, key_result.unit)
        by = f" by {change.by}" if change.by else ""
        yield f"from {number_text(change.before)} to {after} on {change.on}{by}: {change.reason}"


def _headline(review: Review) -> str:
    status = review.status
    drifting = words.counted(len(review.drifting), "key result drifts", "key results drift")
    day = f"{status.as_of:%Y-%m-%d}"
    return f"{status.cycle.name} on {day}, {words.percent(review.elapsed)} of it passed: {drifting}"


def _nothing(review: Review) -> str:
    if not review.key_results:
        return "There is no committed key result to look at."
    return f"All {len(review.key_results)} go as planned." if len(review.key_results) > 1 else "It goes as planned."


def _figures(status: KeyResultStatus) -> str:
    said = f"{words.target_text(status.key_result)}, now {words.current(status)}"
    if status.progress is not None:
        said += f"; progress {words.percent(status.progress)}, {words.percent(status.expected)} due"
    if status.observed.confidence is not None:
        said += f"; confidence {number_text(round(status.observed.confidence, 4))}"
    return said


def _contact(each: KeyResultReview) -> str:
    return f"; talk to {words.shown(each.owner)}" if each.owner else ""
