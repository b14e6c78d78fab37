"""Scores: bands at every edge, adjustments, objectives, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.okr import KeyResult, Kind, Level, Objective, Score, Stage, TargetChange
from okrsync.domain.ref import Ref
from okrsync.practice.scoring import (
    Band,
    Bounds,
    KeyResultScore,
    NotScored,
    ObjectiveScore,
    adjusted,
    computed,
    same_score,
    score,
    score_text,
    scores,
)

O1 = Ref("2026-Q4", "instant-signup")
P95 = KeyResult(O1.child("p95"), "Cut p95 from 4.0 s to 1.5 s", baseline=4.0, target=1.5, unit="s")
END = date(2026, 12, 31)
BOUNDS = Bounds()


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0.0, Band.RECONSIDER),
        (0.3999, Band.RECONSIDER),
        (0.4, Band.SHORT),
        (0.4001, Band.SHORT),
        (0.5999, Band.SHORT),
        (0.6, Band.GOOD),
        (0.6001, Band.GOOD),
        (0.7, Band.GOOD),
        (0.7001, Band.CHALLENGE),
        (0.8, Band.CHALLENGE),
        (0.8001, Band.EXCELLENT),
        (1.0, Band.EXCELLENT),
        # On paper each is a bound; in binary it is not.
        (0.1 * 4, Band.SHORT),
        (0.1 + 0.2 + 0.1, Band.SHORT),
        (0.65 + 0.05, Band.GOOD),
        (0.7 + 0.1, Band.CHALLENGE),
        (0.55 + 0.05, Band.GOOD),
        (0.3 + 0.3, Band.GOOD),
    ],
)
def test_every_edge_of_every_band(value: float, band: Band) -> None:
    assert BOUNDS.band(value) is band


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_in_no_lower_band(one: float, other: float) -> None:
    low, high = sorted((one, other))
    order = list(Band)
    assert order.index(BOUNDS.band(low)) <= order.index(BOUNDS.band(high))


@given(st.floats(0, 1).map(lambda value: round(value, 4)))
def test_a_score_reads_as_one_of_its_own_band(value: float) -> None:
    text = score_text(value, BOUNDS)
    assert BOUNDS.band(float(text)) is BOUNDS.band(value)
    assert float(text) == pytest.approx(value, abs=0.005 + 1e-9)


def test_what_two_places_would_put_into_another_band_has_more() -> None:
    assert score_text(0.5999, BOUNDS) == "0.5999"
    assert score_text(0.5961, BOUNDS) == "0.596"
    assert score_text(0.84, BOUNDS) == "0.84"
    assert score_text(None, BOUNDS) == "unknown"


def test_a_falling_key_result_is_scored_by_its_way() -> None:
    # (1.9 − 4) / (1.5 − 4) = −2.1 / −2.5 = 0.84
    found = score(P95, 1.9, END)
    assert found == Score(computed=0.84, final=1.9, on=END)
    assert BOUNDS.band(found.value) is Band.EXCELLENT


def test_beyond_the_target_and_below_the_baseline_scores_stay_between_0_and_1() -> None:
    assert computed(P95, 1.0) == 1.0
    assert computed(P95, 5.0) == 0.0
    assert computed(replace(P95, kind=Kind.MAINTAIN, maximum=2.0), 2.0) == 1.0
    assert computed(replace(P95, kind=Kind.DONE), 0.5) == 0.0


def test_an_unknown_value_is_no_score_of_0() -> None:
    assert computed(P95, None) is None
    with pytest.raises(NotScored, match=r"instant-signup/p95: no value is known, and unknown is not 0: .*--final"):
        score(P95, None, END)


@pytest.mark.parametrize("by", [0.05, -0.05, 0.1 - 0.05, 0.03, -0.0001])
def test_an_adjustment_up_to_the_limit_is_taken_with_a_reason_and_a_name(by: float) -> None:
    found = adjusted(score(P95, 1.9, END), by, " the vendor left ", "dana", BOUNDS)
    assert found.value == pytest.approx(0.84 + by, abs=1e-4)
    assert (found.reason, found.by, found.computed) == ("the vendor left", "dana", 0.84)


@pytest.mark.parametrize("by", [0.06, -0.06, 0.0501, -0.0501, 1.0, float("nan"), float("inf")])
def test_a_larger_one_is_refused(by: float) -> None:
    with pytest.raises(NotScored, match=r"is refused: at most 0\.05 up or down"):
        adjusted(score(P95, 1.9, END), by, "effort", "dana", BOUNDS)


def test_without_reason_or_name_it_is_refused() -> None:
    fresh = score(P95, 1.9, END)
    with pytest.raises(NotScored, match="has no reason"):
        adjusted(fresh, 0.05, "  ", "dana", BOUNDS)
    with pytest.raises(NotScored, match="has no name"):
        adjusted(fresh, 0.05, "effort", "", BOUNDS)


def test_where_review_is_required_a_reviewer_answers_for_it() -> None:
    fresh = score(P95, 1.9, END)
    with pytest.raises(NotScored, match=r"the name of a reviewer \(erin, frank\), not of dana"):
        adjusted(fresh, 0.05, "effort", "dana", BOUNDS, among=("erin", "frank"))
    assert adjusted(fresh, 0.05, "effort", "Erin", BOUNDS, among=("erin", "frank")).by == "Erin"


def test_an_adjustment_of_0_takes_an_earlier_one_back() -> None:
    moved = adjusted(score(P95, 1.9, END), 0.05, "effort", "dana", BOUNDS)
    assert adjusted(moved, 0, "", "", BOUNDS) == score(P95, 1.9, END)


def test_an_adjustment_leads_nowhere_beyond_0_and_1() -> None:
    assert adjusted(score(P95, 1.5, END), 0.05, "effort", "dana", BOUNDS).value == 1.0
    assert adjusted(score(P95, 4.0, END), -0.05, "effort", "dana", BOUNDS).value == 0.0


@given(st.floats(0, 1), st.floats(-0.05, 0.05))
def test_no_adjustment_moves_a_score_further_than_the_settings_say(value: float, by: float) -> None:
    before = Score(round(value, 4))
    after = adjusted(before, by, "effort", "dana", BOUNDS)
    assert abs(after.value - before.value) <= 0.05 + 1e-9
    assert 0 <= after.value <= 1


def objective(*scored: tuple[float, float | None]) -> ObjectiveScore:
    """An objective with key results of these weights and recorded scores."""
    key_results = tuple(
        replace(P95, ref=O1.child(f"kr{number}"), weight=weight, score=None if value is None else Score(value))
        for number, (weight, value) in enumerate(scored)
    )
    whole = Objective(O1, "Feel instant", Level.TEAM, END, key_results)
    return ObjectiveScore(whole, tuple(KeyResultScore(each, None, None) for each in key_results))


def test_an_objective_scores_the_weighted_mean_of_what_is_known() -> None:
    # (1 · 0.9 + 3 · 0.5) / 4 = 2.4 / 4 = 0.6
    found = objective((1, 0.9), (3, 0.5))
    assert found.value == pytest.approx(0.6) and found.is_recorded
    assert BOUNDS.band(found.value or 0) is Band.GOOD
    partly = objective((1, 0.9), (3, None))
    assert partly.value == pytest.approx(0.9) and not partly.is_recorded
    assert partly.rolled.coverage == pytest.approx(0.25)
    assert objective((1, None)).value is None


def test_only_where_every_key_result_is_excellent_it_was_too_easy() -> None:
    assert objective((1, 0.81), (1, 0.9)).too_easy(BOUNDS)
    assert not objective((1, 0.8), (1, 0.9)).too_easy(BOUNDS)
    assert not objective((1, 0.9), (1, None)).too_easy(BOUNDS)
    assert not objective().too_easy(BOUNDS)


def test_a_changed_target_shows_what_the_original_would_have_scored() -> None:
    changed = replace(P95, target=2.0, target_changes=(TargetChange(date(2026, 11, 15), 1.5, 2.0, "vendor"),))
    found = KeyResultScore(changed, 2.0, computed(changed, 2.0))
    assert found.value == 1.0
    assert found.original == pytest.approx(0.8)  # (2 − 4) / (1.5 − 4)
    assert KeyResultScore(P95, 2.0, 0.8).original is None


def test_what_is_scored_stays_whatever_the_value_does_after_that() -> None:
    recorded = replace(P95, score=Score(0.84, final=1.9))
    moved = KeyResultScore(recorded, 3.0, computed(recorded, 3.0))
    assert moved.value == 0.84 and moved.has_moved_since
    assert not KeyResultScore(recorded, 1.9, 0.84).has_moved_since


def test_drafts_and_proposals_are_not_scored() -> None:
    stages = {stage: Objective(O1, "Feel instant", Level.TEAM, END, (P95,), stage=stage) for stage in Stage}
    found = scores(stages.values(), {P95.ref: 1.9})
    assert [each.objective.stage for each in found] == [Stage.COMMITTED, Stage.CLOSED]
    assert found[0].key_results[0].proposed == 0.84


def test_scores_are_the_same_whatever_their_days() -> None:
    assert same_score(Score(0.84, 1.9, on=END), Score(0.84, 1.9, on=date(2027, 1, 4)))
    assert not same_score(Score(0.84, 1.9), Score(0.84, 1.9, 0.05, "effort", "dana"))
    assert not same_score(Score(0.84), None)
