"""Creations whose answers are lost, whose processes die, whose trackers lag: nothing is ever made twice."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Cause, ExitCode
from okrsync.store.errors import CacheError
from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, Died, World, planned

LAG, SURE = 600.0, 660.0
O1 = Ref(CYCLE, "signup")
KR1 = O1.child("kr1")
LOST = Transient("the connection broke off")


def lagging(found: Found, lag: float = LAG) -> World:
    world = found(lag=lag, settle_after=SURE)
    world.add("signup")
    return world


def count(world: World) -> list[int]:
    return [len(world.items(each)) for each in (O1, KR1)]


def die(world: World, method: str, *, after: bool, skip: int = 0) -> None:
    world.server.fail(method, Died(), after_acting=after, skip=skip)
    with pytest.raises(Died):
        world.sync()


def settled(world: World) -> None:
    """Whatever was begun comes to its end, and then nothing is left to do."""
    for _ in range(4):
        world.time.sleep(SURE + 1)
        outcome = world.sync()
    assert outcome.exit_code is ExitCode.DONE and outcome.done == ()
    assert count(world) == [1, 1]
    assert world.open_intents() == 0


@pytest.mark.parametrize("minutes", [0, 1, 5, 10])
def test_many_items_that_no_search_shows_yet_are_asked_for_by_their_ids(found: Found, minutes: int) -> None:
    world = lagging(found, lag=60.0 * minutes)
    for number in range(5):
        world.add(f"o{number}")
    assert len(world.sync().done) == 12
    written = world.writes
    for _ in range(3):
        world.time.sleep(30)
        outcome = world.sync()
        assert outcome.exit_code is ExitCode.DONE and outcome.done == ()
    assert world.writes == written
    world.edit("o3", title="Another title")
    assert planned(world.sync()) == [("update", "o3", "title")]


@pytest.mark.parametrize("minutes", [0, 1, 5, 10])
def test_a_cache_lost_before_any_search_shows_the_items_costs_no_second_set(found: Found, minutes: int) -> None:
    world = lagging(found, lag=60.0 * minutes)
    world.sync()
    written = world.writes
    for pause in (10, 200, 200, 200, 200):
        world.lose_cache()
        world.time.sleep(pause)
        outcome = world.sync()
        assert outcome.exit_code is ExitCode.DONE and outcome.done == ()
    assert world.writes == written and count(world) == [1, 1]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("loses_cache", [False, True])
def test_who_dies_while_creating_waits_until_it_is_sure(
    found: Found, after: bool, which: int, loses_cache: bool
) -> None:
    world = lagging(found)
    die(world, "create", after=after, skip=which)
    if loses_cache:
        world.lose_cache()
    world.time.sleep(60)
    outcome = world.sync()
    assert outcome.exit_code is ExitCode.PARTLY_FAILED
    assert [each.cause for each in outcome.failures] == [Cause.PENDING]
    assert "sync again in" in outcome.failures[0].message
    settled(world)


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(days=-1), timedelta(minutes=20)])
def test_a_clock_that_somebody_sets_makes_nothing_sure_and_keeps_nothing_waiting(found: Found, off: timedelta) -> None:
    world = lagging(found)
    die(world, "create", after=True)
    world.time.wrong_by = off
    assert [each.cause for each in world.sync().failures] == [Cause.PENDING]
    assert count(world) == [1, 0]
    settled(world)


def test_a_clock_that_was_ahead_before_the_machine_was_started_anew_keeps_nothing_waiting(found: Found) -> None:
    world = lagging(found)
    world.time.wrong_by = timedelta(days=1)
    die(world, "create", after=True)
    world.time.wrong_by = timedelta(0)
    world.boot = "afternoon"
    assert [each.cause for each in world.sync().failures] == [Cause.PENDING]
    settled(world)


def test_what_is_taken_out_of_the_documents_and_put_back_meanwhile_is_not_made_twice(found: Found) -> None:
    world = lagging(found)
    die(world, "create", after=True)
    text = world.objectives["alpha"]["signup"]
    world.remove("signup")
    world.add("other")
    world.sync()
    world.objectives["alpha"]["signup"] = text
    world.write("alpha")
    world.sync()
    settled(world)


def test_a_mapping_that_moves_while_nobody_knows_is_held_when_the_item_shows(found: Found) -> None:
    world = lagging(found)
    world.server.add_project("ELSE")
    die(world, "create", after=True)
    world.homes["alpha"].mapping["project"] = "ELSE"
    assert [each.cause for each in world.sync().failures] == [Cause.PENDING]
    world.time.sleep(SURE)
    outcome = world.sync()
    assert [(each.ref, each.field) for each in outcome.held] == [(O1, "project")] and outcome.done == ()
    assert count(world)[0] == 1
    world.homes["alpha"].mapping["project"] = "PLAT"
    settled(world)


def test_in_a_project_that_shows_nothing_what_is_pending_stays_pending(found: Found) -> None:
    world = lagging(found)
    world.sync()
    world.time.sleep(SURE)
    world.add("second")
    world.server.fail("create", LOST, after_acting=True)
    assert [each.cause for each in world.sync().failures] == [Cause.PENDING]
    world.server.hidden.add("PLAT")
    for _ in range(3):
        world.time.sleep(SURE)
        assert world.sync().done == ()
    world.server.hidden.clear()
    settled(world)
    assert len(world.items(Ref(CYCLE, "second"))) == 1


@pytest.mark.parametrize("settle_after", [2.0, 12.0])
def test_where_a_look_up_is_soon_sure_the_next_run_waits_for_it(found: Found, settle_after: float) -> None:
    world = found(("alpha", "work", "PLAT", GITHUB), settle_after=settle_after)
    world.add("signup")
    die(world, "create", after=False)
    assert planned(world.sync())[:2] == [("create", "signup", None), ("create", "signup/kr1", None)]
    assert world.sync().done == () and count(world) == [1, 1]


@pytest.mark.parametrize("error", [AuthFailed, NotFound, Rejected, Conflict, Misconfigured])
def test_a_refused_creation_leaves_nothing_open(found: Found, error: type[Exception]) -> None:
    world = lagging(found)
    world.server.fail("create", error("no"))
    assert world.sync().exit_code in {ExitCode.PARTLY_FAILED, ExitCode.BAD_INPUT}
    assert world.open_intents() == 0
    assert planned(world.sync()) == [("create", "signup", None), ("create", "signup/kr1", None)]


def test_a_rate_limit_on_a_creation_leaves_nothing_open(found: Found) -> None:
    world = lagging(found)
    world.server.fail("create", Transient("too many", retry_after=3600, acted=False), times=9)
    assert world.sync().exit_code is ExitCode.PARTLY_FAILED
    world.server.heal()
    assert len(planned(world.sync())) == 2


def test_a_lost_answer_is_looked_up_and_settled_in_the_same_run_where_the_tracker_shows_it(found: Found) -> None:
    world = lagging(found, lag=0.0)
    world.server.fail("create", LOST, after_acting=True)
    assert world.sync().exit_code is ExitCode.DONE
    assert count(world) == [1, 1]


def test_somebody_elses_item_of_the_same_title_is_left_alone_and_named(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", GITHUB))
    world.add("signup")
    from okrsync.domain.items import ItemKind

    theirs = world.server.add("PLAT", ItemKind.OBJECTIVE, "Make signup feel instant")
    outcome = world.sync()
    assert "has the title" in str(outcome.failures[0])
    assert theirs.markers == [] and theirs.description == "" and len(world.server.items) == 1
    assert world.open_intents() == 0
    theirs.markers = [f"okrsync:acme:{CYCLE}:signup"]
    theirs.workspace = "acme"
    world.sync()
    assert len(world.items(O1)) == 1 and "Why:" in theirs.description


def test_the_journal_is_ours_alone_and_goes_when_nothing_is_recent(found: Found, tmp_path: Path) -> None:
    world = lagging(found)
    world.sync()
    (journal,) = tmp_path.glob(".okrsync.db.*")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert "a-token" not in journal.read_text()
    world.time.sleep(SURE + 1)
    world.sync()
    assert list(tmp_path.glob(".okrsync.db.*")) == []


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe{", b'\n{"marker": "okrsync:acme:2026-Q4:signup"', b"[1]\nnull\n"])
def test_a_torn_journal_is_read_as_far_as_it_goes(found: Found, tmp_path: Path, damage: bytes) -> None:
    world = lagging(found)
    world.sync()
    (journal,) = tmp_path.glob(".okrsync.db.*")
    with journal.open("ab") as file:
        file.write(damage)
    world.lose_cache()
    assert world.sync().done == ()
    settled(world)


def test_without_a_journal_nothing_is_created(found: Found, tmp_path: Path) -> None:
    world = lagging(found)
    (tmp_path / ".okrsync.db.creations").mkdir()
    with pytest.raises(CacheError, match=r"\.okrsync\.db\.creations"):
        world.sync()
    assert count(world) == [0, 0]


def test_a_journal_of_another_server_names_nothing_here(found: Found) -> None:
    world = lagging(found)
    world.sync()
    for item in list(world.server.items.values()):
        item.markers, item.workspace = [], None
    world.lose_cache()
    assert len(planned(world.sync())) == 2, "the same ids, but not our items"


@pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["fields-with-item", "fields-apart"])
def test_who_dies_at_any_call_or_commit_of_the_first_sync_makes_nothing_twice(found: Found, style: object) -> None:
    deaths = 0
    for point in range(200):
        world = found(("alpha", "work", "PLAT", style), settle_after=1.0)
        world.lose_cache()
        world.add("signup", aligns_to=("company",))
        world.add("company")
        if not dies_at(world, point):
            break
        deaths += 1
        for _ in range(2):
            world.time.sleep(2)
            outcome = world.sync()
        assert outcome.exit_code is ExitCode.DONE and outcome.done == (), point
        assert len(world.server.items) == 4, point
        assert world.open_intents() == 0
    assert deaths > 40


def dies_at(world: World, point: int) -> bool:
    """Sync, and die at the `point`-th moment before or after a call or commit; whether there was one."""
    seen = 0

    def moment(_when: str) -> None:
        nonlocal seen
        if seen == point:
            raise Died
        seen += 1

    world.at_commit = moment
    answer = world.server.answer

    def answers(method: str, token: str, act: object) -> object:
        moment("before")
        answered = answer(method, token, act)  # type: ignore[arg-type]
        moment("after")
        return answered

    world.server.answer = answers  # type: ignore[method-assign,assignment]
    try:
        world.sync()
    except Died:
        return True
    finally:
        world.server.answer = answer  # type: ignore[method-assign]
        world.at_commit = lambda _when: None
    return False
