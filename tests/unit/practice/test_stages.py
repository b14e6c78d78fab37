"""Who may move an objective where."""

from __future__ import annotations

from datetime import date

import pytest

from okrsync.domain.linting import Review
from okrsync.domain.okr import KeyResult, Level, Objective, Score, Stage
from okrsync.domain.ref import Ref
from okrsync.practice.stages import StageRefused, closing, is_pushed, moved, waiting_for_review

REF = Ref("2026-Q4", "fast")
COMMITTEE = Review(required=True, reviewers=("erin", "frank"))


def objective(stage: Stage = Stage.PROPOSED, owner: str | None = "dana", *reviewed_by: str) -> Objective:
    return Objective(REF, "Be fast", Level.TEAM, date(2026, 12, 31), stage=stage, owner=owner, reviewed_by=reviewed_by)


def test_a_reviewer_who_commits_has_reviewed_it() -> None:
    move = moved(objective(), Stage.COMMITTED, COMMITTEE, by="Erin")
    assert (move.before, move.after, move.reviewed_after) == (Stage.PROPOSED, Stage.COMMITTED, ("erin",))


def test_nobody_reviews_their_own_and_the_others_are_named() -> None:
    with pytest.raises(StageRefused, match="it belongs to erin, and nobody reviews their own: frank may review it"):
        moved(objective(owner="erin"), Stage.COMMITTED, COMMITTEE, by="erin")
    with pytest.raises(StageRefused, match="belongs to erin"):
        moved(objective(owner="erin"), Stage.COMMITTED, COMMITTEE, by="frank", reviewed_by=["Erin"])


def test_who_is_no_reviewer_may_not_commit_unless_a_reviewer_agreed() -> None:
    with pytest.raises(StageRefused, match="gus is not a reviewer: erin or frank may review it"):
        moved(objective(), Stage.COMMITTED, COMMITTEE, by="gus")
    with pytest.raises(StageRefused, match="ann is not a reviewer"):
        moved(objective(), Stage.COMMITTED, COMMITTEE, by="gus", reviewed_by=["ann"])
    assert moved(objective(), Stage.COMMITTED, COMMITTEE, by="gus", reviewed_by=["frank"]).reviewed_after == ("frank",)
    before = objective(Stage.PROPOSED, "dana", "erin")
    assert moved(before, Stage.COMMITTED, COMMITTEE, by="gus").reviewed_after == ("erin",)


def test_without_named_reviewers_anybody_but_the_owner_agrees_by_name() -> None:
    anybody = Review(required=True)
    with pytest.raises(StageRefused, match="anybody else may review it"):
        moved(objective(), Stage.COMMITTED, anybody, by="dana")
    assert moved(objective(), Stage.COMMITTED, anybody, by="dana", reviewed_by=["gus"]).reviewed_after == ("gus",)


def test_where_no_review_is_required_anybody_commits() -> None:
    move = moved(objective(), Stage.COMMITTED, Review(), by="dana")
    assert move.after is Stage.COMMITTED
    assert move.reviewed_after == ()


def test_it_moves_on_and_back_only_when_that_is_said_and_is_then_reviewed_anew() -> None:
    committed = objective(Stage.COMMITTED, "dana", "erin")
    with pytest.raises(StageRefused, match="--back"):
        moved(committed, Stage.DRAFT, COMMITTEE, by="erin")
    assert moved(committed, Stage.PROPOSED, COMMITTEE, by="dana", back=True).reviewed_after == ()
    closed = objective(Stage.CLOSED, "dana", "erin")
    assert moved(closed, Stage.COMMITTED, COMMITTEE, by="dana", back=True).reviewed_after == ("erin",)


def test_what_is_committed_without_review_gets_it_by_committing_again() -> None:
    before = objective(Stage.COMMITTED)
    move = moved(before, Stage.COMMITTED, COMMITTEE, by="frank")
    assert not move.changes_nothing
    assert move.reviewed_after == ("frank",)
    assert moved(objective(Stage.COMMITTED, "dana", "frank"), Stage.COMMITTED, COMMITTEE, by="frank").changes_nothing


@pytest.mark.parametrize(
    ("stage", "agreed", "review", "pushed"),
    [
        (Stage.COMMITTED, ("erin",), COMMITTEE, True),
        (Stage.COMMITTED, ("ERIN",), COMMITTEE, True),
        (Stage.COMMITTED, (), COMMITTEE, False),
        (Stage.COMMITTED, ("dana",), COMMITTEE, False),
        (Stage.COMMITTED, ("gus",), COMMITTEE, False),
        (Stage.PROPOSED, ("erin",), COMMITTEE, False),
        (Stage.DRAFT, ("erin",), COMMITTEE, False),
        (Stage.CLOSED, (), COMMITTEE, True),
        (Stage.PROPOSED, (), Review(reviewers=("erin",)), True),
    ],
)
def test_what_a_tracker_hears_of(stage: Stage, agreed: tuple[str, ...], review: Review, pushed: bool) -> None:
    each = objective(stage, "dana", *agreed)
    assert is_pushed(each, review) is pushed
    waits = stage in {Stage.PROPOSED, Stage.COMMITTED} and not pushed
    assert (each in waiting_for_review([each], review)) == waits


def test_a_cycle_closes_when_every_key_result_that_was_committed_to_is_scored() -> None:
    def whole(name: str, stage: Stage, *scores: float | None) -> Objective:
        ref = Ref("2026-Q4", name)
        results = tuple(
            KeyResult(ref.child(f"kr{n}"), "It", score=None if each is None else Score(each))
            for n, each in enumerate(scores)
        )
        return Objective(ref, "It", Level.TEAM, date(2026, 12, 31), results, stage=stage)

    every = [
        whole("a", Stage.COMMITTED, 0.7, None),
        whole("b", Stage.COMMITTED, 0.0),
        whole("c", Stage.PROPOSED, None),
        whole("d", Stage.CLOSED, None),
    ]
    found = closing(every)
    assert found.unscored == (Ref("2026-Q4", "a", "kr1"),)
    assert (found.objectives, found.left, found.closed_before) == ((every[0], every[1]), (every[2],), (every[3],))
