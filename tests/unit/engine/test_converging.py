"""One sync is enough: whatever was changed, on whichever side, the second has nothing to do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import ExitCode, Outcome
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, World, held, planned

COMPANY = Ref(CYCLE, "company")
SIGNUP = Ref(CYCLE, "signup")
STYLES = pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["links-of-its-own", "links-in-text"])


def aligned(found: Found, style: Any = JIRA, **options: Any) -> World:
    world = found(("alpha", "work", "PLAT", style), **options)
    world.add("company")
    world.add("signup", aligns_to=("company",))
    world.sync()
    return world


def once(world: World) -> Outcome:
    """Sync, and see that the next sync writes nothing, neither to a tracker nor to a document."""
    outcome = world.sync()
    written, documents = world.writes, world.documents()
    again = world.sync()
    assert planned(again) == [] and world.writes == written and world.documents() == documents
    assert held(again) == held(outcome)
    return outcome


@STYLES
def test_the_first_sync_is_enough(found: Found, style: Any) -> None:
    world = found(("alpha", "work", "PLAT", style))
    world.add("signup", aligns_to=("company",), key_results=3)
    world.add("company")
    assert len(once(world).done) == 6


@STYLES
def test_what_aligns_to_an_item_that_is_made_again_points_to_the_new_one(found: Found, style: Any) -> None:
    world = aligned(found, style)
    old = world.item(COMPANY).at
    world.server.people.delete(old)
    assert world.sync().done == ()
    once(world)
    new, signup = world.item(COMPANY).at, world.item(SIGNUP)
    assert new.url in signup.description and f"{old.url}]" not in signup.description
    assert (new.id in signup.links) == bool(style["native_links"])


@STYLES
def test_an_objective_is_aligned_to_one_that_is_new(found: Found, style: Any) -> None:
    world = aligned(found, style)
    world.add("vision")
    world.edit("signup", aligns_to=("company", "vision"))
    once(world)
    vision, signup = world.item(Ref(CYCLE, "vision")).at, world.item(SIGNUP)
    assert vision.url in signup.description
    assert (vision.id in signup.links) == bool(style["native_links"])


def test_an_alignment_that_ends_while_its_target_cannot_be_read_is_taken_back_later(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", JIRA), ("beta", "work", "WEB", JIRA))
    world.add("company", "beta")
    world.add("signup", aligns_to=("company",))
    world.sync()
    web = world.server.projects.pop("WEB")
    world.sync()
    world.edit("signup", aligns_to=())
    world.sync()
    world.server.projects["WEB"] = web
    once(world)
    assert world.item(SIGNUP).links == set()


def test_a_link_that_somebody_else_made_stays(found: Found) -> None:
    world = aligned(found)
    other = world.add("other")
    world.sync()
    world.item(SIGNUP).links.add(world.item(other).at.id)
    once(world)
    world.edit("signup", aligns_to=())
    once(world)
    assert world.item(SIGNUP).links == {world.item(other).at.id}


@pytest.mark.parametrize("authority", ["tracker", "both"])
@pytest.mark.parametrize("written", [None, "2026-11-30"])
def test_a_due_date_that_people_clear_goes_from_the_document_too(
    found: Found, authority: str, written: str | None
) -> None:
    world = found(authority=authority)
    world.add("signup", due=written)
    world.sync()
    world.server.people.edit(world.item(SIGNUP).at, due=None)
    assert planned(once(world)) == ([("adopt", "signup", "due")] if written else [])
    assert world.item(SIGNUP).due is None and "due" not in world.documents()
    world.objectives["alpha"]["signup"].due = None
    world.edit("signup", due="2026-12-01")
    assert planned(once(world)) == [("adopt" if authority == "tracker" else "update", "signup", "due")]
    assert world.item(SIGNUP).due == (None if authority == "tracker" else date(2026, 12, 1))


def test_a_due_date_that_people_clear_is_written_again_where_the_documents_decide(found: Found) -> None:
    world = found()
    world.add("signup")
    world.sync()
    world.server.people.edit(world.item(SIGNUP).at, due=None)
    assert planned(once(world)) == [("update", "signup", "due")]
    assert world.item(SIGNUP).due == date(2026, 12, 31)


@pytest.mark.parametrize("authority", ["tracker", "both"])
def test_a_due_date_outside_of_the_cycle_is_held_because_no_document_can_have_it(found: Found, authority: str) -> None:
    world = found(authority=authority)
    world.add("signup")
    world.sync()
    world.server.people.edit(world.item(SIGNUP).at, due=date(2027, 2, 1))
    outcome = once(world)
    assert held(outcome) == [("update", "signup", "due")] and outcome.exit_code is ExitCode.HELD
    assert "2026-12-31" in outcome.held[0].why
    world.server.people.edit(world.item(SIGNUP).at, due=date(2026, 11, 1))
    assert planned(once(world)) == [("adopt", "signup", "due")]


@pytest.mark.parametrize("authority", ["tracker", "both"])
def test_what_people_change_in_the_tracker_is_adopted_once(found: Found, authority: str) -> None:
    world = found(authority=authority)
    world.add("signup")
    world.sync()
    people, item = world.server.people, world.item(SIGNUP)
    text = item.description.replace("Half of our visitors", "A third of our visitors")
    people.edit(item.at, title="Sign up, fast", due=date(2026, 11, 1), description=text)
    people.edit(world.item(SIGNUP.child("kr1")).at, title="Cut it to 1.5 s")
    outcome = once(world)
    assert set(planned(outcome)) == {
        ("adopt", "signup", "title"),
        ("adopt", "signup", "due"),
        ("adopt", "signup", "why"),
        ("adopt", "signup/kr1", "title"),
        ("update", "signup", "description"),
    }, "the objective's description lists its key results"
    written = world.documents()
    assert all(each in written for each in ('"Sign up, fast"', "2026-11-01", "A third of our", '"Cut it to 1.5 s"'))


def test_a_title_that_changed_on_both_sides_is_held_until_both_are_the_same(found: Found) -> None:
    world = found(authority="both")
    world.add("signup")
    world.sync()
    world.edit("signup", title="From the document")
    world.server.people.edit(world.item(SIGNUP).at, title="From the tracker")
    assert held(once(world)) == [("update", "signup", "title")]
    world.lose_cache()
    assert held(once(world)) == [("update", "signup", "title")]
    assert world.item(SIGNUP).title == "From the tracker" and "From the document" in world.documents()
    world.edit("signup", title="From the tracker")
    assert held(once(world)) == []
    world.edit("signup", title="Later")
    once(world)
    assert world.item(SIGNUP).title == "Later"


@pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["jira", "github"])
def test_text_outside_the_block_survives_everything(found: Found, style: Any) -> None:
    world = aligned(found, style)
    for ref in (SIGNUP, SIGNUP.child("kr1")):
        item = world.item(ref)
        world.server.people.edit(item.at, description=f"Before.\n\n{item.description}\n\nAfter, and *bold* {{code}}.")
    world.edit("signup", why="Everybody waits.", aligns_to=())
    once(world)
    world.lose_cache()
    world.edit("signup", why="Nobody waits.")
    once(world)
    for ref in (SIGNUP, SIGNUP.child("kr1")):
        assert world.item(ref).description.startswith("Before.\n\n")
        assert world.item(ref).description.endswith("\n\nAfter, and *bold* {code}.")


@STYLES
def test_a_plan_writes_nothing_and_a_sync_does_exactly_the_plan(found: Found, style: Any) -> None:
    world = aligned(found, style)
    world.server.people.set_field(world.item(COMPANY.child("kr1")).at, "KR current", 3.0)
    world.add("third", aligns_to=("company",))
    world.edit("signup", title="Another", stage="closed")
    written, documents = world.writes, world.documents()
    plan = world.run("plan").plan
    assert world.writes == written and world.documents() == documents
    outcome = world.sync(expect=plan.digest)
    assert [each.to_json() for each in outcome.done] == [each.to_json() for each in plan.changes]
