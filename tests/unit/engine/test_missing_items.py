"""Items that are not where they were: nothing is created anew that may still be there."""

from __future__ import annotations

import pytest

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode
from okrsync.store.values import Link
from okrsync.trackers.errors import Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, JIRA, World, held, planned


def company(found: Found, objectives: int = 4) -> World:
    world = found()
    for number in range(objectives):
        world.add(f"o{number}")
    assert world.sync().exit_code is ExitCode.DONE
    return world


def counts(world: World) -> list[int]:
    refs = [Ref(CYCLE, slug) for texts in world.objectives.values() for slug in texts]
    return [len(world.items(each)) for ref in refs for each in (ref, ref.child("kr1"))]


GONE = Ref(CYCLE, "o1", "kr1")


def test_one_deleted_item_is_created_again_when_a_second_sync_does_not_find_it_either(found: Found) -> None:
    world = company(found)
    world.server.people.delete(world.item(GONE).at)
    first = world.sync()
    assert first.done == () and first.exit_code is ExitCode.HELD
    assert held(first) == [("create", "o1/kr1", None)] and "was not found" in first.held[0].why
    assert planned(world.sync()) == [("create", "o1/kr1", None)]
    again = world.sync()
    assert again.done == () and again.exit_code is ExitCode.DONE


def test_a_plan_notes_nothing_and_a_pull_is_a_reading_too(found: Found) -> None:
    world = company(found)
    world.server.people.delete(world.item(GONE).at)
    for _ in range(3):
        assert held(world.run("plan")) == [("create", "o1/kr1", None)]
    world.run("pull")
    assert [each.action for each in world.run("plan").plan.changes] == ["create"]
    assert planned(world.sync()) == [("create", "o1/kr1", None)]


def test_a_reading_that_fails_confirms_nothing(found: Found) -> None:
    world = company(found)
    world.server.people.delete(world.item(GONE).at)
    world.sync()
    world.server.fail("read", Transient("the connection broke off"), times=99)
    assert world.sync().done == ()
    world.server.heal()
    world.server.fail("item", Transient("the connection broke off"), times=99)
    assert world.sync().done == ()
    world.server.heal()
    assert planned(world.sync()) == [("create", "o1/kr1", None)]


def test_what_is_found_again_is_missed_for_the_first_time_again(found: Found) -> None:
    world = company(found)
    item = world.item(GONE)
    kept = world.server.items[item.at.id]
    for _ in range(2):
        world.server.people.delete(item.at)
        assert world.sync().exit_code is ExitCode.HELD
        world.server.items[item.at.id] = kept
        again = world.sync()
        assert again.done == () and again.exit_code is ExitCode.DONE
    assert len(world.items(GONE)) == 1


def test_the_deleted_item_of_a_draft_is_not_missed(found: Found) -> None:
    world = company(found)
    world.edit("o1", stage="draft")
    world.sync()
    world.server.people.delete(world.item(GONE).at)
    for _ in range(3):
        outcome = world.sync()
        assert outcome.done == () and outcome.held == ()


@pytest.mark.parametrize("objectives", [1, 4])
@pytest.mark.parametrize("how", ["hidden", "lists_nothing"])
def test_when_all_that_is_known_vanishes_nothing_is_created_in_that_project(
    found: Found, objectives: int, how: str
) -> None:
    world = company(found, objectives)
    before = len(world.server.items)
    world.add("new")
    if how == "hidden":
        world.server.hidden.add("PLAT")
    else:
        world.server.lists_nothing = True
    for verb in ("pull", "plan", "sync", "sync"):
        outcome = world.run(verb)
        assert outcome.done == () and outcome.plan.changes == ()
    assert outcome.exit_code is ExitCode.HELD
    assert ("create", "new", None) in held(outcome), "an answer without anything is no ground to build on"
    assert len(world.server.items) == before
    assert "cache rebuild" in outcome.held[0].why
    world.server.hidden.clear()
    world.server.lists_nothing = False
    assert planned(world.sync()) == [("create", "new", None), ("create", "new/kr1", None)]
    assert world.sync().exit_code is ExitCode.DONE


def test_many_at_once_are_held_and_those_of_other_cycles_do_not_make_them_few(found: Found) -> None:
    world = company(found, 5)
    with world.open_cache() as cache:
        for number in range(60):
            ref = Ref("2026-Q3", f"old{number}")
            cache.links.put(Link(ref, ItemKind.OBJECTIVE, "work", ItemId("PLAT", f"9{number}", f"PLAT-9{number}", "")))
    for number in range(5):
        world.server.people.delete(world.item(Ref(CYCLE, f"o{number}", "kr1")).at)
    outcome = world.sync()
    assert outcome.done == () and outcome.exit_code is ExitCode.HELD


def test_a_project_is_doubted_by_itself(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", JIRA), ("beta", "work", "WEB", JIRA))
    for number in range(15):
        world.add(f"o{number}")
    world.add("b0", "beta")
    world.sync()
    world.server.hidden.add("WEB")
    world.edit("o3", title="Another title")
    outcome = world.sync()
    assert planned(outcome) == [("update", "o3", "title")]
    assert {ref for _, ref, _ in held(outcome)} == {"b0", "b0/kr1"}


def test_what_was_deleted_on_purpose_comes_back_after_a_rebuild(found: Found) -> None:
    world = company(found, 1)
    for item in list(world.server.items.values()):
        world.server.people.delete(item.at)
    world.time.sleep(3600)
    assert world.sync().exit_code is ExitCode.HELD
    with world.open_cache() as cache:
        cache.clear_for_rebuild()
    world.run("pull")
    assert planned(world.sync()) == [("create", "o0", None), ("create", "o0/kr1", None)]


def test_rows_that_a_list_lacks_are_asked_for_by_their_ids(found: Found) -> None:
    world = company(found)
    world.server.forgets_rows = {world.item(Ref(CYCLE, "o2")).at.id}
    world.edit("o2", title="Another title")
    assert planned(world.sync()) == [("update", "o2", "title")]


def test_whoever_does_not_answer_for_one_missing_item_is_not_asked_for_the_rest(found: Found) -> None:
    world = company(found, 12)
    world.server.forgets_rows = {world.item(Ref(CYCLE, f"o{number}")).at.id for number in range(4)}
    world.server.calls.clear()
    world.server.fail("item", Transient("the connection broke off"), times=99)
    outcome = world.sync()
    assert world.server.calls["item"] == 2, "one item, tried twice"
    assert len(held(outcome)) == 4 and outcome.exit_code is ExitCode.PARTLY_FAILED


def test_a_tracker_that_lost_its_name_in_the_settings_is_named_and_nothing_is_made_twice(found: Found) -> None:
    world = company(found, 2)
    home = world.homes["alpha"]
    home.tracker, home.mapping["tracker"] = "renamed", "renamed"
    world.servers["renamed"] = world.servers.pop("work")
    assert planned(world.sync()) == [], "its items are found by their markers"
    home.tracker, home.mapping["tracker"] = "again", "again"
    world.servers["again"] = world.servers.pop("renamed")
    world.server.lists_nothing = True
    outcome = world.sync()
    assert outcome.done == () and len(held(outcome)) == 4
    assert "renamed" in outcome.held[0].why


def test_an_item_that_people_move_is_followed_there_for_good(found: Found) -> None:
    world = found()
    ref = world.add("signup")
    world.server.add_project("ELSE")
    world.sync()
    world.server.move(world.item(ref).at.id, "ELSE")
    for number in range(3):
        world.edit("signup", title=f"Title {number}")
        outcome = world.sync()
        assert planned(outcome) == [("update", "signup", "title")] and outcome.held == ()
    assert world.item(ref).title == "Title 2"


def test_a_mapping_that_moves_to_another_project_is_held(found: Found) -> None:
    world = company(found, 2)
    world.server.add_project("ELSE")
    world.homes["alpha"].mapping["project"] = "ELSE"
    for _ in range(2):
        outcome = world.sync()
        assert outcome.done == () and {field for _, _, field in held(outcome)} == {"project"}
    assert counts(world) == [1, 1, 1, 1]
    world.homes["alpha"].mapping["project"] = "PLAT"
    assert world.sync().exit_code is ExitCode.DONE
