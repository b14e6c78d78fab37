"""Scores for people, as lines, and as JSON: of each key result its score and how it reads, of each objective the mean.

There is no score of a person here, and no order of people: objectives stand as the documents have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.domain.numbers import number_text
from okrsync.domain.okr import Retrospective, Score
from okrsync.practice.calibration import FEWEST_OWNERS, Calibration, Share, Told
from okrsync.practice.score_comments import QUESTIONS, reached_text
from okrsync.practice.scoring import MEANING, Band, Bounds, KeyResultScore, ObjectiveScore, score_text
from okrsync.reports import words
from okrsync.reports.plan_views import Line, Tone

TONES = {
    Band.RECONSIDER: Tone.HELD,
    Band.SHORT: Tone.UPDATE,
    Band.GOOD: Tone.CREATE,
    Band.CHALLENGE: Tone.CREATE,
    Band.EXCELLENT: Tone.CREATE,
}


def score_lines(scores: Sequence[ObjectiveScore], bounds: Bounds, cycle: Cycle) -> Iterator[Line]:
    """Every objective with its key results, scored or proposed."""
    if not scores:
        yield Line(f"{cycle.name} has no committed objective to score", Tone.HEADING)
    for number, each in enumerate(scores):
        if number:
            yield Line("")
        yield from objective_lines(each, bounds)


def objective_lines(score: ObjectiveScore, bounds: Bounds) -> Iterator[Line]:
    """One objective: its score, its key results, the answers of the review."""
    coverage = score.rolled.coverage
    known = (
        "" if coverage >= 1 - 1e-9 or score.value is None else f", known for {words.percent(coverage)} of the weight"
    )
    yield Line(
        f"{score.objective.ref}  {words.shown(score.objective.title)}: {reading(score.value, bounds)}{known}",
        Tone.HEADING,
    )
    wide = max((len(each.ref.key_result) for each in score.key_results), default=0)
    for each in score.key_results:
        yield from _key_result_lines(each, bounds, wide)
    if score.too_easy(bounds):
        yield Line("  all key results are excellent: the objective was not ambitious enough", Tone.UPDATE)
    for question, text in answers(score.retrospective):
        yield Line(f"  {question} {words.shown(text)}", Tone.WHY)


def _key_result_lines(each: KeyResultScore, bounds: Bounds, wide: int) -> Iterator[Line]:
    found = each.recorded
    band = None if each.value is None else bounds.band(each.value)
    state = "" if found is not None else "  (proposed)" if each.value is not None else ""
    reached = words.shown(reached_text(each.key_result, found.final if found else each.current))
    yield Line(
        f"  {each.ref.key_result:<{wide}}  {reading(each.value, bounds)}{state}; {reached}",
        TONES[band] if band else Tone.WHY,
    )
    indent = " " * (wide + 4)
    if found is not None and found.adjustment:
        by = f" by {words.shown(found.by)}" if found.by else ""
        yield Line(
            f"{indent}{number_text(found.computed)} by its numbers, adjusted by {found.adjustment:+g}{by}:"
            f" {words.shown(found.reason)}",
            Tone.WHY,
        )
    if each.original is not None:
        yield Line(f"{indent}{number_text(each.original)} by the target that it began with", Tone.WHY)
    if each.has_moved_since and each.current is not None:
        now = words.quantity(each.current, each.key_result.unit)
        yield Line(f"{indent}its value is {now} by now: `--again` scores it anew", Tone.WHY)


def reading(value: float | None, bounds: Bounds) -> str:
    """A score with its band: `0.84 excellent`; `unknown` where it is."""
    return "unknown" if value is None else f"{score_text(value, bounds)} {bounds.band(value)}"


def answers(given: Retrospective | None) -> Iterator[tuple[str, str]]:
    """The questions of the review that were answered, with their answers."""
    if given is not None:
        for name, question in QUESTIONS.items():
            if text := getattr(given, name):
                yield question, text


def band_lines(bounds: Bounds) -> Iterator[str]:
    """How scores read, a line for each band."""
    low, short, good, high = (
        number_text(each) for each in (bounds.reconsider, bounds.short, bounds.challenge, bounds.excellent)
    )
    spans = (
        f"below {low}",
        f"{low} to below {short}",
        f"{short} to {good}",
        f"above {good} to {high}",
        f"above {high}",
    )
    for span, band in zip(spans, Band, strict=True):
        yield f"{span}: {MEANING[band]}"


def scores_json(scores: Iterable[ObjectiveScore], bounds: Bounds) -> list[dict[str, Any]]:
    """The objectives with their scores for `--json`; unknown is null."""
    return [
        {
            "ref": str(each.objective.ref),
            "title": each.objective.title,
            "level": str(each.objective.level),
            "score": each.value,
            "band": _band(each.value, bounds),
            "coverage": each.rolled.coverage,
            "recorded": each.is_recorded,
            "not_ambitious_enough": each.too_easy(bounds),
            "retrospective": None if each.retrospective is None else asdict(each.retrospective),
            "key_results": [_key_result_json(one, bounds) for one in each.key_results],
        }
        for each in scores
    ]


def _key_result_json(each: KeyResultScore, bounds: Bounds) -> dict[str, Any]:
    key_result, found = each.key_result, each.recorded
    return {
        "ref": str(each.ref),
        "title": key_result.title,
        "kind": str(key_result.kind),
        "unit": key_result.unit,
        "baseline": key_result.baseline,
        "target": key_result.target,
        "original_target": key_result.original_target,
        "weight": key_result.weight,
        "current": each.current,
        "score": each.value,
        "band": _band(each.value, bounds),
        "by_original_target": each.original,
        "recorded": None if found is None else _score_json(found),
    }


def _score_json(score: Score) -> dict[str, Any]:
    return {
        "computed": score.computed,
        "final": score.final,
        "adjustment": score.adjustment,
        "reason": score.reason or None,
        "by": score.by,
        "on": None if score.on is None else score.on.isoformat(),
    }


def _band(value: float | None, bounds: Bounds) -> str | None:
    return None if value is None else str(bounds.band(value))


def calibration_lines(told: Told) -> Iterator[Line]:
    """How confidence and outcome agree, for all and for each level that may be told of."""
    yield Line("calibration: confidence stated in the cycle against outcome", Tone.HEADING)
    yield Line(f"  reached is a score of at least {number_text(told.reached_from)} by the numbers", Tone.WHY)
    shown = [each for each in (told.all, *told.levels) if each is not None]
    for each in shown:
        yield from _calibration_lines(each)
    if told.too_few:
        levels = ", ".join(map(str, told.too_few))
        yield Line(f"  not shown, for fewer than {FEWEST_OWNERS} owners stand behind it: {levels}", Tone.WHY)
    elif not shown:
        yield Line("  nobody stated a confidence about a key result that is scored", Tone.WHY)


def _calibration_lines(each: Calibration) -> Iterator[Line]:
    name = "all levels" if each.level is None else f"level {each.level}"
    side = "too sure" if each.bias > 0 else "too careful"
    lean = "as sure as right" if abs(each.bias) < 0.005 else f"{side} by {abs(each.bias):.2f}"
    yield Line(
        f"  {name}: {words.counted(each.stated, 'confidence')} about {words.counted(each.key_results, 'key result')};"
        f" mean {each.mean:.2f}, reached {words.percent(each.reached)}: {lean};"
        f" Brier score {each.brier:.3f} (always saying {each.reached:.2f}: {each.base:.3f})"
    )
    for bucket in each.buckets:
        said = f"said {number_text(round(bucket.low, 2))} to {number_text(round(bucket.high, 2))}"
        yield Line(f"    {said}: {words.counted(bucket.stated, 'time')}, reached {words.percent(bucket.reached)}")
    for week in each.weeks:
        span = f"week {week.low:g}" if week.low == week.high else f"weeks {week.low:g} to {week.high:g}"
        yield Line(
            f"    {span}: {words.counted(week.stated, 'time')}, mean {week.mean:.2f}, reached"
            f" {words.percent(week.reached)}, Brier score {week.brier:.3f}",
            Tone.WHY,
        )


def calibration_json(told: Told) -> dict[str, Any]:
    """The calibration for `--json`."""
    return {
        "reached_from": told.reached_from,
        "fewest_owners": FEWEST_OWNERS,
        "all": None if told.all is None else _calibration_json(told.all),
        "levels": [_calibration_json(each) for each in told.levels],
        "not_shown": [str(each) for each in told.too_few],
    }


def _calibration_json(each: Calibration) -> dict[str, Any]:
    return {
        "level": None if each.level is None else str(each.level),
        "key_results": each.key_results,
        "stated": each.stated,
        "mean_confidence": each.mean,
        "reached": each.reached,
        "bias": each.bias,
        "brier": each.brier,
        "brier_of_base_rate": each.base,
        "buckets": [_share_json(one) for one in each.buckets],
        "weeks": [_share_json(one) for one in each.weeks],
    }


def _share_json(share: Share) -> dict[str, Any]:
    return {
        "from": share.low,
        "to": share.high,
        "stated": share.stated,
        "mean_confidence": share.mean,
        "reached": share.reached,
        "brier": share.brier,
    }
