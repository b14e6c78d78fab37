"""Trackers that are read by markers: what is asked for, how often, and what is found all the same."""

from __future__ import annotations

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Cause, ExitCode
from okrsync.trackers.errors import Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, Died, World, held, planned

BY_MARKER = {**JIRA, "reads_by_marker": True}
O1 = Ref(CYCLE, "signup")
KR1 = O1.child("kr1")


@pytest.mark.parametrize(("style", "looks"), [(BY_MARKER, 0), (JIRA, 1)], ids=["by-marker", "by-project"])
def test_what_reading_looked_for_is_not_looked_for_again(found: Found, style: dict[str, object], looks: int) -> None:
    world = found(("alpha", "work", "PLAT", style))
    world.add("signup")
    assert len(planned(world.sync())) == 2
    assert (world.server.calls["read"], world.server.calls["find"]) == (1, looks)


def test_what_is_in_another_tracker_is_not_made_again_when_mapping_and_cache_are_lost_at_once(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", BY_MARKER), ("beta", "house", "WEB", BY_MARKER))
    world.add("signup")
    world.add("other", "beta")
    world.sync()
    world.homes["alpha"].mapping |= {"tracker": "house", "project": "WEB"}
    world.homes["beta"].mapping |= {"tracker": "work", "project": "PLAT"}
    world.lose_cache()
    outcome = world.sync()
    assert outcome.done == () and {each[2] for each in held(outcome)} == {"project"}


@pytest.mark.parametrize("keeps", [0, 1, 4])
def test_an_item_that_lost_its_marker_gets_it_back(found: Found, keeps: int) -> None:
    world = found(("alpha", "work", "PLAT", BY_MARKER))
    world.add("signup", key_results=keeps)
    world.sync()
    world.item(O1).markers.clear()
    assert planned(world.sync()) == [("update", "signup", "marker")]
    assert world.sync().done == () and len(world.server.items) == keeps + 1


def test_an_item_whose_objective_was_taken_out_of_the_documents_is_still_proposed_for_closing(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", BY_MARKER))
    world.add("signup")
    world.add("other")
    world.sync()
    world.remove("signup")
    assert ("close", "signup", None) in held(world.sync())


def die(world: World, *, after: bool) -> None:
    world.server.fail("create", Died(), after_acting=after)
    with pytest.raises(Died):
        world.sync()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("loses_cache", [False, True])
def test_beyond_lagging_searches_it_is_sure_as_soon_as_the_request_is_done(
    found: Found, after: bool, loses_cache: bool
) -> None:
    world = found(("alpha", "work", "PLAT", BY_MARKER), lag=600.0, search_lag=660.0, settle_after=15.0)
    world.add("signup")
    die(world, after=after)
    if loses_cache:
        world.lose_cache()
    begun = world.time.passed
    assert world.sync().exit_code is ExitCode.DONE
    assert (world.time.passed - begun).total_seconds() == pytest.approx(15.0), "no longer than the request may take"
    assert [len(world.items(each)) for each in (O1, KR1)] == [1, 1]
    assert world.sync().done == ()


def test_a_request_that_may_take_long_is_waited_for_by_a_later_run(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", BY_MARKER), lag=600.0, search_lag=660.0, settle_after=60.0)
    world.add("signup")
    die(world, after=True)
    outcome = world.sync()
    assert [each.cause for each in outcome.failures] == [Cause.PENDING]
    assert "sync again in 60 s" in outcome.failures[0].message
    world.time.sleep(60)
    assert world.sync().exit_code is ExitCode.DONE
    assert [len(world.items(each)) for each in (O1, KR1)] == [1, 1]


@pytest.mark.parametrize("acted", [False, True])
def test_a_lost_answer_is_settled_at_once_beyond_lagging_searches(found: Found, acted: bool) -> None:
    world = found(("alpha", "work", "PLAT", BY_MARKER), lag=600.0, search_lag=660.0, settle_after=15.0)
    world.add("signup")
    world.server.fail("create", Transient("the connection broke off"), after_acting=acted)
    assert world.sync().exit_code is ExitCode.DONE
    assert [len(world.items(each)) for each in (O1, KR1)] == [1, 1]


@pytest.mark.parametrize("style", [BY_MARKER, GITHUB], ids=["by-marker", "by-project"])
def test_a_project_that_is_nowhere_is_a_mistake_in_the_settings(found: Found, style: dict[str, object]) -> None:
    world = found(("alpha", "work", "PLAT", style), ("beta", "work", "WEB", style))
    world.homes["beta"].mapping["project"] = "NOPE"
    world.add("signup")
    world.add("other", "beta")
    outcome = world.sync()
    assert [(each.cause, each.project) for each in outcome.failures] == [(Cause.SETTINGS, "NOPE")]
    assert outcome.exit_code is ExitCode.BAD_INPUT
    assert world.items(Ref(CYCLE, "other")) == [] and len(world.items(O1)) == 1
