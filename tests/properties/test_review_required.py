"""Where review is required, trackers hear of nothing that no reviewer agreed to."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.linting import Review
from okrsync.domain.okr import Objective, Stage
from okrsync.domain.ref import Ref
from okrsync.plan.values import Action
from tests.unit.plan.samples import CYCLE, World, objective

REVIEWERS = ("erin", "frank")
PEOPLE = st.sampled_from(["erin", "Frank", "dana", "somebody"])
STAGES = st.sampled_from(Stage)
OBJECTIVES = st.lists(
    st.tuples(STAGES, PEOPLE, st.lists(PEOPLE, max_size=2, unique=True), st.booleans()), min_size=1, max_size=4
)


def reviewed(each: Objective) -> bool:
    """As the rule reads: committed, and one of the reviewers who is not its owner agreed."""
    agreed = {name.casefold() for name in each.reviewed_by} & set(REVIEWERS)
    return each.stage is Stage.COMMITTED and bool(agreed - {(each.owner or "").casefold()})


@given(OBJECTIVES)
def test_nothing_unreviewed_is_created_and_nothing_of_it_is_touched(
    drawn: list[tuple[Stage, str, list[str], bool]],
) -> None:
    wished = [
        objective(f"o{number}", stage=stage, owner=owner, reviewed_by=tuple(agreed))
        for number, (stage, owner, agreed, _) in enumerate(drawn)
    ]
    world = World(*wished)
    # Some are in the tracker from before anybody asked for a review.
    there = {Ref(CYCLE, f"o{number}") for number, (*_, is_there) in enumerate(drawn) if is_there}
    world.objectives = [replace(each, stage=Stage.COMMITTED) for each in wished if each.ref in there]
    world.sync()
    world.objectives = [replace(each, title=f"{each.title}, rewritten") for each in wished]
    world.review = Review(required=True, reviewers=REVIEWERS)

    plan = world.plan()

    for each in world.objectives:
        changes = [change for change in plan.changes if change.ref.parent == each.ref]
        held = [change for change in plan.held if change.ref.parent == each.ref]
        if reviewed(each):
            assert [change.action for change in changes if not change.ref.is_key_result] == [
                Action.UPDATE if each.ref in there else Action.CREATE
            ]
        elif each.stage is Stage.CLOSED and each.ref in there:
            assert Action.CLOSE in {change.action for change in changes}
            assert Action.CREATE not in {change.action for change in changes}
        else:
            assert not changes
            assert not held, "nobody is asked to close what is in the documents"
