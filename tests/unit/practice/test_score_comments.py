"""Comments that tell scores: readable, known again by what they say, and harmless."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.items import Markup
from okrsync.domain.okr import KeyResult, Level, Objective, Retrospective, Score, TargetChange
from okrsync.domain.ref import Ref
from okrsync.practice import check_ins
from okrsync.practice.score_comments import (
    key_of_key_result,
    key_of_objective,
    on_key_result,
    on_objective,
    reached_text,
    scored_in,
)
from okrsync.practice.scoring import Bounds, KeyResultScore, ObjectiveScore

O1 = Ref("2026-Q4", "instant-signup")
P95 = KeyResult(
    O1.child("p95"),
    "Cut p95",
    baseline=4.0,
    target=1.5,
    unit="s",
    score=Score(0.84, 1.9, 0.05, "the vendor left", "dana", date(2026, 12, 31)),
)
BOUNDS = Bounds()


def objective(key_result: KeyResult = P95, **answers: str) -> ObjectiveScore:
    given = Retrospective(**answers) if answers else None
    whole = Objective(O1, "Feel instant", Level.TEAM, date(2026, 12, 31), (key_result,), retrospective=given)
    return ObjectiveScore(whole, (KeyResultScore(key_result, 1.9, 0.84),))


def test_an_objective_in_markdown() -> None:
    score = objective(learned="Caches were it")
    digest = key_of_objective(score).rpartition(" ")[2]
    assert on_objective(score, BOUNDS, Markup.MARKDOWN) == (
        "**Scored 0.89**, excellent\n\n"
        "- Cut p95: **0.89**, excellent; 4 → 1.5 s, ended at 1.9 s; 0.84 by its numbers, adjusted by +0.05 by dana:"
        " the vendor left\n\n"
        "All key results are excellent: the objective was not ambitious enough.\n\n"
        "- What did we learn? Caches were it\n\n"
        f"`okrsync scored 2026-Q4/instant-signup {digest}`"
    )


def test_a_key_result_in_wiki_text() -> None:
    changed = replace(P95, target_changes=(TargetChange(date(2026, 11, 15), 1.0, 1.5, "vendor"),))
    score = objective(changed)
    text = on_key_result(score.key_results[0], score, BOUNDS, Markup.WIKI)
    assert text.startswith("*Scored 0.89*, excellent: 4 → 1.5 s, began with 1 s, ended at 1.9 s; 0.84 by its numbers")
    assert "The objective, Feel instant, scored 0.89, excellent." in text
    assert text.splitlines()[-1].startswith("{{okrsync scored 2026-Q4/instant-signup/p95 ")


@pytest.mark.parametrize("markup", list(Markup))
@given(said=st.text(max_size=200))
def test_it_is_known_again_and_is_no_check_in_whatever_people_answer(markup: Markup, said: str) -> None:
    score = objective(replace(P95, score=Score(0.36, 3.1, 0.05, said, said)), learned=said, missed=said)
    text = on_objective(score, BOUNDS, markup)
    assert scored_in(text) == key_of_objective(score)
    assert list(check_ins.lines(text)) == []
    one = on_key_result(score.key_results[0], score, BOUNDS, markup)
    assert scored_in(one) == key_of_key_result(score.key_results[0])
    assert list(check_ins.lines(one)) == []


def test_a_tracker_may_give_it_back_with_escapes_and_odd_spaces() -> None:
    text = on_objective(objective(), BOUNDS, Markup.WIKI)
    assert scored_in(text.replace("-Q4", "\\-Q4").replace("okrsync scored", "okrsync\u00a0scored") + "\n\n") == (
        key_of_objective(objective())
    )
    assert scored_in("Scored 0.84, says dana") is None and scored_in("") is None


def test_another_score_or_answer_is_told_anew_and_another_day_is_not() -> None:
    before = key_of_objective(objective(learned="x"))
    assert key_of_objective(objective(learned="y")) != before
    other = replace(P95, score=Score(0.84, 1.9))
    assert key_of_objective(objective(other, learned="x")) != before
    later = replace(P95, score=replace(P95.score or Score(0), on=date(2027, 1, 4)))
    assert key_of_objective(objective(later, learned="x")) == before


def test_a_value_is_shown_with_the_digits_that_matter() -> None:
    moved = KeyResult(Ref("2026-Q4", "signup", "share"), "Share", baseline=0.0, target=100.0, unit="%")
    assert reached_text(moved, 100 / 3) == "0 → 100 %, ended at 33.333 %"
