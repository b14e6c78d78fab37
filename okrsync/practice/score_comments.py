"""The comments that tell a tracker what was scored: the whole objective on its own item, or, where such items take no
comments, each key result on its item.

Each ends with a line that tells it from all others, by what it says: the same scores are told once, others anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from okrsync.domain.items import Markup
from okrsync.domain.numbers import figure_text, number_text, quantity_text
from okrsync.domain.okr import KeyResult, Kind, Score
from okrsync.domain.ref import Ref
from okrsync.practice.check_in_comments import in_markup
from okrsync.practice.scoring import MEANING, Bounds, KeyResultScore, ObjectiveScore, score_text

QUESTIONS = {
    "learned": "What did we learn?",
    "went_well": "What went well?",
    "better": "What can be better?",
    "missed": "Why were key results missed?",
}
"""The four questions of the review, by the keys of `retrospective`."""

_KEY = re.compile(r"okrsync scored (?P<ref>[A-Za-z0-9._/-]+) (?P<digest>[0-9a-f]{12})")


def on_objective(score: ObjectiveScore, bounds: Bounds, markup: Markup) -> str:
    """The comment on an objective's item: its score, those of its key results, and the answers of the review."""
    head = _strong(f"Scored {score_text(score.value, bounds)}", markup) + _reading(score.value, bounds)
    bullet = "-" if markup is Markup.MARKDOWN else "*"
    lines = [f"{bullet} {_told(each, bounds, markup)}" for each in score.key_results]
    parts = [head, "\n".join(lines)]
    if score.too_easy(bounds):
        parts.append("All key results are excellent: the objective was not ambitious enough.")
    answers = _answers(score)
    if answers:
        said = [f"{bullet} {QUESTIONS[name]} {in_markup(text, markup)}" for name, text in answers.items()]
        parts.append("\n".join(said))
    return "\n\n".join([*parts, _last_line(key_of_objective(score), markup)])


def on_key_result(each: KeyResultScore, score: ObjectiveScore, bounds: Bounds, markup: Markup) -> str:
    """The comment on a key result's item: its score, and that of its objective."""
    head = _strong(f"Scored {score_text(each.value, bounds)}", markup) + _reading(each.value, bounds)
    title = in_markup(score.objective.title, markup)
    whole = f"The objective, {title}, scored {score_text(score.value, bounds)}{_reading(score.value, bounds)}."
    return "\n\n".join([f"{head}: {_how(each, markup)}", whole, _last_line(key_of_key_result(each), markup)])


def key_of_objective(score: ObjectiveScore) -> str:
    """What tells the comment on an objective from all others."""
    parts = [_facts(each) for each in score.key_results]
    return _key(score.objective.ref, [parts, _answers(score)])


def key_of_key_result(each: KeyResultScore) -> str:
    """What tells the comment on a key result from all others."""
    return _key(each.ref, _facts(each))


def scored_in(text: str) -> str | None:
    """The key of a comment that tells a score; None where it is something else."""
    last = next((each for each in reversed(text.splitlines()) if each.strip()), "")
    found = _KEY.fullmatch(last.replace("\u00a0", " ").replace("\\", "").strip().strip("`{}").strip())
    return f"score {found['ref']} {found['digest']}" if found else None


def _key(ref: Ref, facts: Any) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    return f"score {ref} {digest}"


def _last_line(key: str, markup: Markup) -> str:
    written = f"okrsync scored {key.removeprefix('score ')}"
    return f"`{written}`" if markup is Markup.MARKDOWN else f"{{{{{written}}}}}"


def _facts(each: KeyResultScore) -> list[Any]:
    found = each.recorded or Score(0.0)
    return [each.ref.key_result, found.computed, found.final, found.adjustment, found.reason, found.by]


def _answers(score: ObjectiveScore) -> dict[str, str]:
    given = score.retrospective
    return {name: text for name in QUESTIONS if given is not None and (text := getattr(given, name))}


def _told(each: KeyResultScore, bounds: Bounds, markup: Markup) -> str:
    title = in_markup(each.key_result.title, markup)
    said = f"{title}: {_strong(score_text(each.value, bounds), markup)}{_reading(each.value, bounds)}; "
    return said + _how(each, markup)


def _how(each: KeyResultScore, markup: Markup) -> str:
    """How a score came to be: from where to where, and what the team made of it."""
    found = each.recorded
    parts = [in_markup(reached_text(each.key_result, found.final if found else each.current), markup)]
    if found is not None and found.adjustment:
        by = f" by {in_markup(found.by, markup)}" if found.by else ""
        parts.append(
            f"{number_text(found.computed)} by its numbers, adjusted by {found.adjustment:+g}{by}:"
            f" {in_markup(found.reason, markup)}"
        )
    return "; ".join(parts)


def reached_text(key_result: KeyResult, final: float | None) -> str:
    """What was asked for and what it came to: `4 → 1.5 s, ended at 1.9 s`."""
    unit, target = key_result.unit, key_result.target
    if final is None:
        return "no value is known"
    if key_result.kind is Kind.DONE:
        return "done" if final >= 1 else "not done"
    ended = f"ended at {figure_text(final)} {unit}".rstrip()
    if key_result.kind is Kind.MAINTAIN or key_result.baseline is None or target is None:
        return ended
    first = key_result.original_target
    changed = f", began with {quantity_text(first, unit)}" if key_result.target_changes and first is not None else ""
    return f"{number_text(key_result.baseline)} → {quantity_text(target, unit)}{changed}, {ended}"


def _strong(text: str, markup: Markup) -> str:
    return f"**{text}**" if markup is Markup.MARKDOWN else f"*{text}*"


def _reading(value: float | None, bounds: Bounds) -> str:
    return "" if value is None else f", {MEANING[bounds.band(value)].partition(';')[0].partition(':')[0]}"
