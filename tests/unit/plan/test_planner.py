"""What a plan holds, for every way in which documents and tracker can differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from okrsync.domain.items import RemoteItem
from okrsync.domain.okr import Measure, Stage
from okrsync.domain.ref import Marker, Ref
from okrsync.plan.merge import Authority, CheckedIn
from okrsync.plan.values import Action, Located
from okrsync.plan.wanted import Known
from tests.unit.plan.samples import CYCLE, PLACEMENT, World, both, brief, lines, objective

SIGNUP = Ref(CYCLE, "signup")
KR1 = SIGNUP.child("kr1")


def synced(*objectives, placement=PLACEMENT) -> World:
    world = World(*(objectives or (objective(),)), placement=placement)
    world.sync()
    return world


def test_the_first_plan_creates_parents_before_what_aligns_to_them_and_objectives_before_key_results() -> None:
    child = objective("signup", aligns_to=(Ref(CYCLE, "newcomers", "kr1"),))
    plan = World(child, objective("newcomers")).plan()
    assert lines(plan) == [
        ("create", "newcomers", None),
        ("create", "newcomers/kr1", None),
        ("create", "signup", None),
        ("create", "signup/kr1", None),
    ]
    assert plan.changes[1].after["fields"] == {"KR baseline": 4.0, "KR target": 1.5}


def test_a_second_plan_is_empty_with_the_cache_and_without_it() -> None:
    world = synced(objective("newcomers"), objective(aligns_to=(Ref(CYCLE, "newcomers"),), key_results=3))
    assert lines(world.plan()) == []
    world.forget()
    assert lines(world.plan()) == []
    assert world.plan().held == ()


def test_a_title_changed_in_the_document_is_one_update() -> None:
    world = synced()
    world.rewrite("signup", title="Make signing up instant")
    (change,) = world.plan().changes
    assert (change.action, change.field, change.before, change.after) == (
        Action.UPDATE,
        "title",
        "Make signup feel instant",
        "Make signing up instant",
    )


@pytest.mark.parametrize(
    ("authority", "expected", "held"),
    [
        (Authority.DOCUMENTS, [("update", "signup", "title")], []),
        (Authority.TRACKER, [("adopt", "signup", "title")], []),
        (Authority.BOTH, [("adopt", "signup", "title")], []),
    ],
)
def test_a_title_changed_in_the_tracker_goes_where_the_mapping_says(authority, expected, held) -> None:
    world = synced(placement=replace(PLACEMENT, authority=authority))
    world.edit(SIGNUP, title="Sign-up, but fast")
    plan = world.plan()
    assert lines(plan) == expected
    assert brief(plan.held) == held


def test_what_changed_on_both_sides_is_held_and_nothing_is_written() -> None:
    world = synced(placement=both())
    world.edit(SIGNUP, title="Sign-up, but fast")
    world.rewrite("signup", title="Make signing up instant")
    plan = world.plan()
    assert lines(plan) == []
    assert brief(plan.held) == [("update", "signup", "title")]
    assert "okrs/platform.toml:7" in plan.held[0].why
    assert "Make signup feel instant" in plan.held[0].why


def test_a_difference_that_no_base_explains_is_held_under_shared_authority() -> None:
    world = synced(placement=both())
    world.edit(SIGNUP, due=date(2026, 11, 30))
    world.forget()
    assert brief(world.plan().held) == [("update", "signup", "due")]


def test_the_reason_that_people_rewrite_inside_the_block_is_adopted_where_the_tracker_decides() -> None:
    world = synced(placement=replace(PLACEMENT, authority=Authority.TRACKER))
    text = world.items[SIGNUP].description
    world.edit(SIGNUP, description=text.replace("Half of our visitors", "A third of our visitors"))
    (step,) = world.plan().steps
    assert step.adopt == {"why": "A third of our visitors leave while they wait."}
    assert step.block is None


def test_text_that_people_write_outside_the_block_is_no_difference() -> None:
    world = synced()
    text = world.items[SIGNUP].description
    world.edit(SIGNUP, description=f"Intro by the team.\n\n{text}\n\nNotes of the week.")
    assert lines(world.plan()) == []
    world.rewrite("signup", why="Everybody waits.")
    world.sync()
    assert world.items[SIGNUP].description.startswith("Intro by the team.\n\n")
    assert world.items[SIGNUP].description.endswith("\n\nNotes of the week.")
    assert "Everybody waits." in world.items[SIGNUP].description


def test_tracked_numbers_follow_the_documents_and_an_unknown_value_writes_nothing() -> None:
    world = synced()
    assert world.items[KR1].fields["OKR progress"] is None
    world.known = {KR1: Known(current=3.1)}
    (change,) = world.plan().changes
    assert (change.field, change.before, change.after) == ("OKR progress", None, 0.36)
    world.edit(KR1, fields={**world.items[KR1].fields, "KR target": 9.0})
    assert ("update", "signup/kr1", "KR target") in lines(world.plan())


def test_the_field_that_people_enter_a_value_in_is_never_written() -> None:
    world = synced()
    world.edit(KR1, fields={**world.items[KR1].fields, "KR current": 3.1})
    world.known = {KR1: Known(current=3.1)}
    assert lines(world.plan()) == [("update", "signup/kr1", "OKR progress")]


def manual() -> World:
    whole = objective()
    (key_result,) = whole.key_results
    return World(replace(whole, key_results=(replace(key_result, measure=Measure("manual")),)))


def test_a_check_in_goes_into_the_field_and_a_number_typed_there_stays() -> None:
    world = manual()
    world.sync()
    world.known = {KR1: Known(current=3.1, checked_in=CheckedIn(3.1, "Monday"))}
    assert ("update", "signup/kr1", "KR current") in lines(world.sync())
    assert lines(world.plan()) == []
    world.edit(KR1, fields={**world.items[KR1].fields, "KR current": 2.9})
    assert lines(world.plan()) == []
    world.known = {KR1: Known(current=2.9, checked_in=CheckedIn(2.5, "Tuesday"))}
    assert brief(world.plan().held) == [("update", "signup/kr1", "KR current")]


def test_closing_and_reopening_follow_the_document_alone() -> None:
    world = synced()
    world.edit(SIGNUP, closed=True)
    assert lines(world.plan()) == [], "somebody closed it in the tracker: that is theirs"
    world.edit(SIGNUP, closed=False)
    world.rewrite("signup", stage=Stage.CLOSED)
    assert lines(world.sync()) == [("close", "signup", None)]
    world.rewrite("signup", stage=Stage.COMMITTED)
    assert lines(world.sync()) == [("reopen", "signup", None)]
    assert not world.items[SIGNUP].closed


@pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.CLOSED])
def test_a_draft_and_what_is_over_are_not_created(stage) -> None:
    assert lines(World(objective(stage=stage)).plan()) == []


def test_an_objective_removed_from_the_documents_is_proposed_for_closing_and_nothing_else() -> None:
    world = synced(objective("signup", key_results=2), objective("newcomers"))
    world.objectives.pop(0)
    plan = world.plan()
    assert lines(plan) == []
    assert brief(plan.held) == [("close", "signup", None)]


def test_a_key_result_that_left_the_documents_is_proposed_for_closing_and_has_no_stage() -> None:
    world = synced(objective("signup", key_results=2))
    world.rewrite("signup", key_results=world.objectives[0].key_results[:1])
    (held,) = world.plan().held
    assert brief((held,)) == [("close", "signup/kr2", None)] and "stage" not in held.why


def test_alignment_becomes_a_link_and_a_link_that_we_made_is_taken_back() -> None:
    world = synced(objective("newcomers"), objective("growth"), objective(aligns_to=(Ref(CYCLE, "newcomers"),)))
    assert world.items[SIGNUP].links == {world.items[Ref(CYCLE, "newcomers")].at.id}
    world.edit(SIGNUP, links=world.items[SIGNUP].links | {"77777"})
    world.rewrite("signup", aligns_to=(Ref(CYCLE, "growth"),))
    assert lines(world.sync()) == [
        ("update", "signup", "description"),
        ("update", "signup", "alignment"),
        ("update", "signup", "alignment"),
    ]
    assert world.items[SIGNUP].links == {world.items[Ref(CYCLE, "growth")].at.id, "77777"}


def test_a_lost_marker_is_put_back_on_a_linked_item() -> None:
    world = synced()
    world.edit(SIGNUP, markers=())
    assert lines(world.sync()) == [("update", "signup", "marker")]
    assert world.items[SIGNUP].markers == (str(Marker("acme", SIGNUP)),)


def test_a_changed_project_asks_for_a_decision_and_an_item_that_people_moved_does_not() -> None:
    world = synced()
    world.placement = replace(PLACEMENT, project="NEW")
    plan = world.plan()
    assert lines(plan) == []
    assert brief(plan.held) == [("update", "signup", "project"), ("update", "signup/kr1", "project")]
    world.placement = PLACEMENT
    world.edit(SIGNUP, at=replace(world.items[SIGNUP].at, project="CORE", key="CORE-3"))
    assert lines(world.plan()) == [] and world.plan().held == ()


def test_an_item_confirmed_gone_is_created_again_and_one_that_is_not_confirmed_is_held() -> None:
    world = synced()
    item = world.items.pop(KR1)
    world.snapshot_changes = {"gone": frozenset({KR1})}
    (change,) = world.plan().changes
    assert change.action is Action.CREATE and item.at.key in change.why
    world.snapshot_changes = {"unsure": frozenset({KR1})}
    assert lines(world.plan()) == []
    assert brief(world.plan().held) == [("create", "signup/kr1", None)]


@pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.CLOSED])
def test_an_item_out_of_sight_is_named_although_it_would_not_be_created(stage: Stage) -> None:
    world = synced()
    world.rewrite("signup", stage=stage)
    del world.items[SIGNUP]
    world.snapshot_changes = {"unsure": frozenset({SIGNUP})}
    plan = world.plan()
    assert lines(plan) == [] and brief(plan.held) == [("update", "signup", "item")]
    world.snapshot_changes = {"gone": frozenset({SIGNUP})}
    assert brief(world.plan().held) == []


def test_nothing_is_created_where_the_tracker_could_not_be_read_or_a_creation_is_pending() -> None:
    world = World(objective())
    world.snapshot_changes = {"unread": frozenset({("work", "PLAT")})}
    assert lines(world.plan()) == []
    world.snapshot_changes = {"pending": frozenset({SIGNUP})}
    assert lines(world.plan()) == [], "the key result waits for its objective"


def test_a_copy_with_our_marker_is_named_and_left_alone() -> None:
    world = synced()
    copy = RemoteItem(replace(world.items[SIGNUP].at, id="99999", key="PLAT-99"), world.items[SIGNUP].kind, "copy")
    world.snapshot_changes = {"duplicates": {SIGNUP: (Located("work", copy),)}}
    plan = world.plan()
    assert lines(plan) == []
    assert plan.held[0].key == "PLAT-99" and "PLAT-1" in plan.held[0].why


def test_an_aligned_item_whose_tracker_does_not_answer_keeps_its_link_in_the_text() -> None:
    world = synced(objective("newcomers"), objective(aligns_to=(Ref(CYCLE, "newcomers"),)))
    del world.items[Ref(CYCLE, "newcomers")], world.items[Ref(CYCLE, "newcomers", "kr1")]
    world.forget()
    world.links = {}
    world.snapshot_changes = {"unread": frozenset({("work", "PLAT")})}
    assert lines(world.plan()) == []


def test_the_digest_names_exactly_one_plan() -> None:
    world = World(objective())
    assert world.plan().digest == World(objective()).plan().digest
    assert world.plan().digest != World(objective(title="Another")).plan().digest


def test_the_links_of_a_new_item_are_in_its_line_of_the_plan() -> None:
    plan = World(objective("newcomers"), objective(aligns_to=(Ref(CYCLE, "newcomers"),))).plan()
    created = {change.ref.local: change.to_json()["after"] for change in plan.changes}
    assert created["signup"]["aligned_to"] == ["2026-Q4/newcomers"]
    assert "aligned_to" not in created["newcomers"]
