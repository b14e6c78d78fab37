"""Searches that show items as they were a while ago: nothing that people did in the meantime is written over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from okrsync.domain.ref import Marker, Ref
from okrsync.engine.outcome import ExitCode
from okrsync.store.values import CheckIn
from okrsync.trackers.errors import Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, ObjectiveText, World, held, planned

LAG, SURE = 600.0, 660.0
SIGNUP = Ref(CYCLE, "signup")
KR = SIGNUP.child("kr1")


def lagging(found: Found, **options: str) -> World:
    world = found(lag=LAG, settle_after=15.0, search_lag=SURE, **options)
    world.add("signup", measure='{ from = "manual" }')
    world.sync()
    world.time.sleep(SURE)
    assert world.sync().exit_code is ExitCode.DONE
    return world


def rest(world: World) -> None:
    """When searches show everything, nothing is left to do."""
    for _ in range(3):
        world.time.sleep(SURE)
        outcome = world.sync()
    assert outcome.done == () and outcome.failures == ()


def test_what_people_wrote_below_the_block_stays_although_no_search_shows_it(found: Found) -> None:
    world = lagging(found)
    item = world.item(SIGNUP)
    world.server.people.edit(item.at, description=f"{item.description}\n\nWe meet on Mondays.")
    world.time.sleep(30)
    world.edit("signup", why="Everybody waits.")
    world.sync()
    assert "We meet on Mondays." in item.description and "Everybody waits." in item.description
    rest(world)
    assert "We meet on Mondays." in item.description and "Everybody waits." in item.description


def test_a_title_that_changed_on_both_sides_is_not_written_although_no_search_shows_it(found: Found) -> None:
    world = lagging(found, authority="both")
    world.server.people.edit(world.item(SIGNUP).at, title="From the tracker")
    world.time.sleep(30)
    world.edit("signup", title="From the document")
    outcome = world.sync()
    assert outcome.exit_code is not ExitCode.DONE and planned(outcome) == []
    assert world.item(SIGNUP).title == "From the tracker"
    world.time.sleep(SURE)
    assert held(world.sync()) == [("update", "signup", "title")]


def test_a_number_that_somebody_typed_is_not_written_over_although_no_search_shows_it(found: Found) -> None:
    world = lagging(found)
    world.server.people.set_field(world.item(KR).at, "KR current", 2.5)
    world.time.sleep(30)
    with world.open_cache() as cache:
        cache.check_ins.add(CheckIn(KR, world.time.ours(), "dana", 3.0))
    outcome = world.sync()
    assert world.item(KR).fields["KR current"] == 2.5 and outcome.exit_code is not ExitCode.DONE
    world.time.sleep(SURE)
    assert held(world.sync()) == [("update", "signup/kr1", "KR current")]


@pytest.mark.parametrize("pause", [1, 60, 599])
def test_a_second_sync_writes_nothing_although_searches_show_the_item_as_it_was(found: Found, pause: int) -> None:
    world = lagging(found)
    world.edit("signup", title="Another", why="Everybody waits.", stage="closed")
    assert len(world.sync().done) == 3
    written = world.writes
    for _ in range(3):
        world.time.sleep(pause)
        assert world.sync().done == () and world.writes == written
    rest(world)
    assert world.writes == written


def test_an_old_title_is_not_adopted_after_we_wrote_a_new_one_and_the_cache_is_lost(found: Found) -> None:
    world = lagging(found, authority="both")
    world.edit("signup", title="Another")
    world.sync()
    world.time.sleep(30)
    world.lose_cache()
    outcome = world.sync()
    assert outcome.done == () and outcome.held == ()
    assert 'title = "Another"' in world.documents() and world.item(SIGNUP).title == "Another"


def test_an_item_that_was_deleted_and_is_still_shown_is_not_made_twice(found: Found) -> None:
    world = lagging(found)
    world.server.people.delete(world.item(KR).at)
    world.time.sleep(30)
    text = world.objectives["alpha"]["signup"].key_results[0]
    text.target = 1.0
    world.edit("signup")
    world.sync()
    rest(world)
    assert len(world.items(KR)) == 1 and world.item(KR).fields["KR target"] == 1.0


def test_a_marker_that_was_given_back_is_known_before_any_search_shows_it_and_without_the_cache(found: Found) -> None:
    world = lagging(found)
    world.server.people.remove_marker(world.item(SIGNUP).at, str(Marker("acme", SIGNUP)))
    world.time.sleep(SURE)
    assert planned(world.sync()) == [("update", "signup", "marker")]
    world.time.sleep(30)
    world.lose_cache()
    assert world.sync().done == ()
    rest(world)
    assert len(world.items(SIGNUP)) == 1


STYLES = pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["jira", "github"])


def while_creating(world: World, do: Callable[[], None]) -> None:
    """A creation takes its time, and meanwhile somebody does something."""
    answer = world.server.answer

    def slowly(method: str, token: str, act: Any) -> Any:
        if method == "create":
            world.server.answer = answer  # type: ignore[method-assign]
            world.time.sleep(60)
            do()
        return answer(method, token, act)

    world.server.answer = slowly  # type: ignore[method-assign,assignment]


@STYLES
def test_what_people_write_while_a_long_run_is_busy_elsewhere_stays(found: Found, style: Any) -> None:
    world = found(("alpha", "work", "PLAT", style))
    world.add("signup")
    world.sync()
    world.objectives["alpha"] = {"new": ObjectiveText("new", "Something new"), **world.objectives["alpha"]}
    world.edit("signup", why="Everybody waits.")
    item = world.item(SIGNUP)
    text = f"{item.description}\n\nWe meet on Mondays."
    while_creating(world, lambda: world.server.people.edit(item.at, description=text))
    assert ("update", "signup", "description") in planned(world.sync())
    assert "We meet on Mondays." in item.description and "Everybody waits." in item.description
    assert world.sync().done == ()


@STYLES
def test_a_title_that_people_change_while_a_long_run_is_busy_elsewhere_is_not_written_over(
    found: Found, style: Any
) -> None:
    world = found(("alpha", "work", "PLAT", style), authority="both")
    world.add("signup")
    world.sync()
    world.objectives["alpha"] = {"new": ObjectiveText("new", "Something new"), **world.objectives["alpha"]}
    world.edit("signup", title="From the document")
    item = world.item(SIGNUP)
    while_creating(world, lambda: world.server.people.edit(item.at, title="From the tracker"))
    outcome = world.sync()
    assert planned(outcome) == [("create", "new", None)] and "sync again" in str(outcome.failures[0])
    assert held(world.sync()) == [("update", "signup", "title")] and item.title == "From the tracker"


def test_a_copy_of_an_item_that_cannot_be_read_again_waits_with_it(found: Found) -> None:
    world = lagging(found)
    world.server.people.clone(world.item(SIGNUP).at)
    world.time.sleep(SURE)
    assert [field for _, _, field in held(world.sync())] == ["marker"]
    world.edit("signup", title="Another")
    assert world.sync().done
    world.time.sleep(30)
    world.server.fail("item", Transient("the connection broke off"), times=3)
    outcome = world.sync()
    assert outcome.failures and outcome.done == ()
    world.server.heal()
    rest_of = world.sync()
    assert rest_of.done == () and [field for _, _, field in held(rest_of)] == ["marker"]
