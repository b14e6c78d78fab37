"""What both sides changed, settled by a person: the other side gets the value, and it stays settled."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode
from okrsync.engine.resolving import NotHeld, Resolved, Side, resolve
from okrsync.store.values import CheckIn
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import GITHUB, JIRA, World, held

STYLES = pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["fields-with-item", "fields-apart"])
SIDES = pytest.mark.parametrize("side", Side)
CACHE = pytest.mark.parametrize("lost", [False, True], ids=["with-base", "cache-lost"])


def settle(world: World, ref: Ref, side: Side, **options: Any) -> Resolved:
    return world.run(resolve, ref=ref, side=side, **options)  # type: ignore[no-any-return]


def in_conflict(found: Found, style: object = JIRA) -> tuple[World, Ref]:
    """Title and due date differ, and neither side is as it was."""
    world = found(("alpha", "work", "PLAT", style), authority="both")
    ref = world.add("signup")
    world.sync()
    world.edit("signup", title="Ours", due="2026-11-30")
    world.server.people.edit(world.item(ref).at, title="Theirs", due=date(2026, 12, 15))
    return world, ref


def settled(world: World) -> None:
    """Nothing is held, and a sync has nothing to write."""
    world.sync()
    before = world.writes
    outcome = world.sync()
    assert (outcome.held, outcome.done, world.writes) == ((), (), before)


@STYLES
@SIDES
@CACHE
def test_one_side_is_taken_and_it_stays_settled(found: Found, style: object, side: Side, lost: bool) -> None:
    world, ref = in_conflict(found, style)
    assert held(world.sync()) == [("update", "signup", "title"), ("update", "signup", "due")]
    if lost:
        world.lose_cache()
    outcome = settle(world, ref, side).outcome
    assert outcome.exit_code is ExitCode.DONE and outcome.held == ()
    title, due = ("Ours", date(2026, 11, 30)) if side is Side.DOCUMENTS else ("Theirs", date(2026, 12, 15))
    item = world.item(ref)
    assert (item.title, item.due) == (title, due)
    assert f'title = "{title}"' in world.documents() and f"due = {due}" in world.documents()
    values = {each.field: (each.before, each.after) for each in outcome.done}
    assert set(values["title"]) == {"Ours", "Theirs"} and values["title"][1] == title
    settled(world)


@SIDES
def test_a_dry_run_shows_it_and_writes_nothing(found: Found, side: Side) -> None:
    world, ref = in_conflict(found)
    before, text = world.writes, world.documents()
    outcome = settle(world, ref, side, dry_run=True).outcome
    assert {each.field for each in outcome.plan.changes} == {"title", "due"} and outcome.done == ()
    assert (world.writes, world.documents()) == (before, text)
    assert len(world.sync().held) == 2


def test_one_field_alone(found: Found) -> None:
    world, ref = in_conflict(found)
    outcome = settle(world, ref, Side.TRACKER, field="due")
    assert [each.field for each in outcome.outcome.done] == ["due"]
    assert [each.field for each in outcome.elsewhere] == ["title"]
    assert world.item(ref).title == "Theirs" and 'title = "Ours"' in world.documents()
    assert held(world.sync()) == [("update", "signup", "title")]
    with pytest.raises(NotHeld) as unknown:
        settle(world, ref, Side.TRACKER, field="titel")
    assert unknown.value.names == ("title",)


@SIDES
@CACHE
def test_the_reason_in_the_description(found: Found, side: Side, lost: bool) -> None:
    world = found(authority="both")
    ref = world.add("signup")
    world.sync()
    old = "Half of our visitors leave while they wait."
    text = world.item(ref).description
    world.server.people.edit(
        world.item(ref).at, description=text.replace(old, "They say so.") + "\n\nA note of theirs."
    )
    world.edit("signup", why="We say so.")
    assert held(world.sync()) == [("update", "signup", "why")]
    if lost:
        world.lose_cache()
    outcome = settle(world, ref, side).outcome
    assert outcome.exit_code is ExitCode.DONE
    right, wrong = ("We say so.", "They say so.") if side is Side.DOCUMENTS else ("They say so.", "We say so.")
    description = world.item(ref).description
    assert right in description and wrong not in description and "A note of theirs." in description
    assert f'why = "{right}"' in world.documents()
    settled(world)


@STYLES
@SIDES
@CACHE
def test_a_value_that_is_measured_by_hand(found: Found, style: object, side: Side, lost: bool) -> None:
    world = found(("alpha", "work", "PLAT", style))
    kr = world.add("signup", measure='{ from = "manual" }').child("kr1")
    world.sync()
    check_in(world, kr, 3.0)
    world.sync()
    check_in(world, kr, 2.0)
    world.server.people.set_field(world.item(kr).at, "KR current", 2.5)
    assert held(world.sync()) == [("update", "signup/kr1", "KR current")]
    if lost:
        world.lose_cache()
        check_in(world, kr, 2.0)
    outcome = settle(world, kr, side, field="current").outcome
    assert outcome.exit_code is ExitCode.DONE
    (change,) = outcome.done
    right = 2.0 if side is Side.DOCUMENTS else 2.5
    assert change.after == right and {change.before, change.after} == {2.0, 2.5}
    assert world.item(kr).fields["KR current"] == right
    assert world.observed(kr)[-1] == right
    settled(world)
    assert world.item(kr).fields["KR current"] == right
    check_in(world, kr, 1.9)
    assert world.sync().held == () and world.item(kr).fields["KR current"] == 1.9, "a later check-in counts again"


def check_in(world: World, ref: Ref, value: float) -> None:
    world.time.sleep(60)
    with world.open_cache() as cache:
        cache.check_ins.add(CheckIn(ref, world.time.ours(), "dana", value))


def test_nothing_else_is_written(found: Found) -> None:
    world, ref = in_conflict(found)
    world.add("other")
    world.objectives["alpha"]["signup"].key_results[0].title = "Another wording"
    world.objectives["alpha"]["signup"].why = "Another reason"
    world.write("alpha")
    due = {(each.ref, each.field) for each in world.run("plan").plan.changes}
    assert len(due) > 3
    settle(world, ref, Side.DOCUMENTS)
    assert {(each.ref, each.field) for each in world.run("plan").plan.changes} == due
    settled(world)


def test_where_nothing_is_held_nothing_is_done(found: Found) -> None:
    world = found(authority="both")
    ref = world.add("signup")
    world.sync()
    before = world.writes
    found_nothing = settle(world, ref, Side.TRACKER)
    assert found_nothing.exit_code is ExitCode.DONE and found_nothing.outcome.done == () and world.writes == before
    assert settle(world, ref, Side.TRACKER, field="title").exit_code is ExitCode.DONE
    assert settle(world, Ref("2026-Q4", "never-mapped"), Side.TRACKER).exit_code is ExitCode.DONE


def test_a_date_that_no_document_can_hold_is_settled_by_the_document_alone(found: Found) -> None:
    world = found(authority="tracker")
    ref = world.add("signup", due="2026-11-30")
    world.sync()
    world.server.people.edit(world.item(ref).at, due=date(2027, 2, 1))
    assert held(world.sync()) == [("update", "signup", "due")]
    refused = settle(world, ref, Side.TRACKER)
    assert refused.exit_code is ExitCode.HELD and "no document can hold it" in refused.outcome.held[0].why
    assert "due = 2026-11-30" in world.documents()
    assert settle(world, ref, Side.DOCUMENTS).exit_code is ExitCode.DONE
    assert world.item(ref).due == date(2026, 11, 30)
    settled(world)


@pytest.mark.parametrize("side", Side)
def test_a_date_that_was_taken_away_in_the_tracker(found: Found, side: Side) -> None:
    world = found(authority="both")
    ref = world.add("signup", due="2026-11-30")
    world.sync()
    world.edit("signup", due="2026-12-01")
    world.server.people.edit(world.item(ref).at, due=None)
    assert held(world.sync()) == [("update", "signup", "due")]
    assert settle(world, ref, side).exit_code is ExitCode.DONE
    assert world.item(ref).due == (date(2026, 12, 1) if side is Side.DOCUMENTS else None)
    assert ("due = 2026-12-01" in world.documents()) is (side is Side.DOCUMENTS)
    settled(world)


def test_what_is_held_for_another_reason_is_named(found: Found) -> None:
    world = found(authority="both")
    ref = world.add("signup")
    world.sync()
    world.server.people.clone(world.item(ref).at)
    found_copy = settle(world, ref, Side.DOCUMENTS)
    assert found_copy.exit_code is ExitCode.HELD
    assert [each.field for each in found_copy.elsewhere] == ["marker"]


def test_a_tracker_that_does_not_matter_may_be_away(found: Found) -> None:
    from okrsync.trackers.errors import AuthFailed

    world = found(("alpha", "work", "PLAT", JIRA), ("beta", "code", "WEB", GITHUB), authority="both")
    ref, other = world.add("signup"), world.add("search", "beta")
    world.sync()
    world.edit("signup", title="Ours")
    world.server.people.edit(world.item(ref).at, title="Theirs")
    world.servers["code"].fail("read", AuthFailed("no"), times=9)
    assert settle(world, ref, Side.TRACKER).exit_code is ExitCode.DONE
    assert settle(world, other, Side.TRACKER).exit_code is ExitCode.PARTLY_FAILED
