"""Polling reads what changed, sees what a complete reading sees, and writes nothing where nothing is new."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.domain.ref import Ref
from okrsync.engine.engine import Engine
from okrsync.engine.inputs import Inputs
from okrsync.engine.polling import Polled, Poller
from okrsync.engine.readings import Readings
from okrsync.trackers.errors import Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, World


def poll(
    world: World, *, changes_only: bool = True, hinted: Mapping[str, Collection[str]] | None = None, **options: Any
) -> Polled:
    def work(inputs: Inputs) -> Polled:
        readings = Readings(inputs.cache.items, changes_only, hinted or {})
        return Poller(replace(inputs, readings=readings)).poll(**options)

    return world.run(work)  # type: ignore[no-any-return]


def reconcile(world: World) -> Any:
    """A sync as the daemon does it: complete, and kept for polls."""
    return world.run(lambda inputs: Engine(replace(inputs, readings=Readings(inputs.cache.items))).sync())


def stored(world: World) -> dict[str, list[Any]]:
    """Everything in the cache but the runs."""
    with sqlite3.connect(world.cache_path) as db:
        names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        rows = {name: db.execute(f"select * from {name} order by 1, 2").fetchall() for name in names if name != "runs"}
    db.close()
    rows.pop("sqlite_sequence", None)
    return rows


def runs(world: World) -> list[tuple[Any, ...]]:
    with world.open_cache() as cache:
        return [(each.kind, each.exit_code, each.held) for each in reversed(cache.runs.recent())]


@pytest.fixture
def company(found: Found) -> World:
    world = found()
    for number in range(3):
        world.add(f"o{number}", key_results=2)
    reconcile(world)
    reconcile(world)
    return world


def test_a_poll_without_news_reads_once_and_writes_its_run_alone(company: World) -> None:
    poll(company)
    before, asked = stored(company), company.server.reads
    for _ in range(3):
        company.time.sleep(900)
        polled = poll(company)
        assert polled.moved == () and not polled.recorded and not polled.calls_for_a_sync
    assert stored(company) == before
    assert company.server.reads - asked == 6, "the items, and what people said on them"
    assert runs(company)[-3:] == [("poll", 0, 0)] * 3


def test_what_moved_is_recorded_and_calls_for_a_sync(company: World) -> None:
    kr = Ref(CYCLE, "o1").child("kr1")
    company.server.people.set_field(company.item(kr).at, "KR current", 2.5)
    polled = poll(company)
    assert polled.moved == (kr,) and polled.recorded
    assert [(each.ref, each.field) for each in polled.outcome.plan.changes] == [(kr, "OKR progress")]
    assert company.observed(kr) == [2.5]
    assert company.writes == 9, "the sync that made them"

    reconcile(company)
    # From 4.0 to 1.5 it is 2.5 s; 1.5 s of them are done.
    assert company.item(kr).fields["OKR progress"] == 0.6
    assert not poll(company).calls_for_a_sync


def test_that_all_is_as_it_was_is_noted_twice_a_day(company: World) -> None:
    kr = Ref(CYCLE, "o1").child("kr1")
    company.server.people.set_field(company.item(kr).at, "KR current", 2.5)
    poll(company)
    noted = []
    for _ in range(9):
        company.time.sleep(3 * 3600)
        noted.append(poll(company).recorded)
    # From 09:30: half a day later is 21:30, the next day has begun at 00:30, and half a day after that is 12:30.
    assert noted == [False, False, False, True, True, False, False, False, True]
    with company.open_cache() as cache:
        known = cache.observations.current_of(kr)
    assert known and known.value == 2.5 and known.seen_at == company.time.ours()


def test_a_new_objective_calls_for_a_sync_and_a_held_change_does_not(company: World) -> None:
    company.add("o9")
    assert poll(company).calls_for_a_sync
    reconcile(company)
    company.remove("o9")
    polled = poll(company)
    assert len(polled.outcome.held) == 1 and not polled.calls_for_a_sync
    assert runs(company)[-1] == ("poll", 3, 1)


def test_a_tracker_without_changes_is_read_in_full(found: Found) -> None:
    world = found(("alpha", "code", "web", GITHUB))
    world.add("o1", key_results=1)
    reconcile(world)
    world.server.people.set_field(world.item(Ref(CYCLE, "o1").child("kr1")).at, "KR current", 3.0)
    assert poll(world).moved == (Ref(CYCLE, "o1").child("kr1"),)
    assert stored(world)["items"] == []


def test_hinted_items_are_read_by_their_ids_and_no_others(company: World) -> None:
    one, other = (Ref(CYCLE, f"o{number}").child("kr1") for number in (0, 1))
    for ref in (one, other):
        company.server.people.set_field(company.item(ref).at, "KR current", 2.0)
    company.server.calls.clear()
    polled = poll(company, hinted={"work": [company.item(one).at.id, "no such thing"]})
    assert polled.moved == (one,)
    assert company.server.calls["item"] == 1 and company.server.calls["read"] == 0
    assert poll(company).moved == (other,)


def test_of_hinted_items_alone_the_comments_are_heard_and_none_is_passed_over(company: World) -> None:
    one, other = (Ref(CYCLE, f"o{number}").child("kr1") for number in (0, 1))
    for ref in (one, other):
        company.server.people.comment(company.item(ref).at, "okr: @0.4 the vendor is late", "dana")
    company.server.calls.clear()
    poll(company, hinted={"work": [company.item(one).at.id]})
    assert company.server.calls["comments"] <= 1 and said(company) == {one: 1}
    poll(company)
    assert said(company) == {one: 1, other: 1}, "each counts, and once"
    asked = company.server.calls.total()
    poll(company, hinted={"work": ["no such thing"]})
    assert company.server.calls.total() == asked


def said(world: World) -> dict[Ref, int]:
    with world.open_cache() as cache:
        found = {ref: len(cache.check_ins.of(ref)) for ref in (Ref(CYCLE, f"o{n}").child("kr1") for n in range(3))}
    return {ref: count for ref, count in found.items() if count}


def test_a_hinted_item_that_is_gone_is_asked_for_and_known_to_be_gone(company: World) -> None:
    kr = Ref(CYCLE, "o1").child("kr1")
    gone = company.item(kr).at
    company.server.people.delete(gone)
    first = poll(company, hinted={"work": [gone.id]})
    assert not first.calls_for_a_sync and [each.ref for each in first.outcome.held] == [kr] and first.recorded
    second = poll(company)
    assert [(each.action.value, each.ref) for each in second.outcome.plan.changes if each.ref == kr] == [("create", kr)]


def test_what_is_not_asked_for_is_left_alone(found: Found) -> None:
    world = found(("alpha", "work", "PLAT", JIRA), ("beta", "code", "web", GITHUB))
    world.add("a1", "alpha")
    world.add("b1", "beta")
    reconcile(world)
    before = {name: server.reads for name, server in world.servers.items()}
    among = world.load().okrs
    alpha = replace(among, objectives=tuple(each for each in among.objectives if each.team == "alpha"))
    polled = poll(world, okrs=alpha)
    assert {name: server.reads - before[name] for name, server in world.servers.items()} == {"work": 2, "code": 0}
    assert not polled.calls_for_a_sync and polled.outcome.failures == ()


def test_a_poll_that_fails_keeps_where_to_go_on(company: World) -> None:
    kr = Ref(CYCLE, "o1").child("kr1")
    company.server.people.set_field(company.item(kr).at, "KR current", 2.5)
    before = stored(company)["cursors"]
    company.server.fail("read", Transient("the line is cut"), times=2)
    polled = poll(company)
    assert polled.outcome.exit_code == 4 and polled.moved == ()
    assert stored(company)["cursors"] == before
    assert poll(company).moved == (kr,)


ACTIONS = st.one_of(
    st.tuples(st.just("value"), st.integers(0, 5), st.sampled_from([None, 1.5, 2.0, 3.25, 9.0])),
    st.tuples(st.just("title"), st.integers(0, 8), st.sampled_from(["Faster", "Slower", "Make o0 feel instant"])),
    st.tuples(st.just("close"), st.integers(0, 8), st.booleans()),
    st.tuples(st.just("child"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("why"), st.integers(0, 2), st.sampled_from(["Because.", "Therefore."])),
    st.tuples(st.just("new"), st.integers(3, 5), st.none()),
    st.tuples(st.just("gone"), st.integers(0, 2), st.none()),
    st.tuples(st.just("sync"), st.integers(0, 1), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 2000), st.none()),
)


def act(world: World, what: str, which: int, how: Any) -> None:
    """Somebody does something."""
    refs = [Ref(CYCLE, f"o{number}") for number in range(3)]
    items = [*(ref.child(f"kr{part}") for ref in refs for part in (1, 2)), *refs]
    people = world.server.people
    if what == "wait":
        world.time.sleep(which)
    elif what == "sync":
        reconcile(world)
    elif what == "new" and f"o{which}" not in world.objectives["alpha"]:
        world.add(f"o{which}")
    elif what == "gone" and f"o{which}" in world.objectives["alpha"]:
        world.remove(f"o{which}")
    elif what == "why" and f"o{which}" in world.objectives["alpha"]:
        world.edit(f"o{which}", why=how)
    elif what == "child":
        child = people.add_child(world.item(refs[which]).at, "Some work")
        if how:
            people.close(child)
    elif what == "value":
        people.set_field(world.item(items[which]).at, "KR current", how)
    elif what == "title":
        people.edit(world.item(items[which]).at, title=how)
    elif what == "close":
        (people.close if how else people.reopen)(world.item(items[which]).at)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.lists(ACTIONS, min_size=1, max_size=3), min_size=1, max_size=5))
def test_a_poll_sees_what_a_complete_reading_sees(steps: list[list[tuple[str, int, Any]]]) -> None:
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        world = World(Path(folder), authority="both")
        for number in range(3):
            measure = '{ from = "children", of = "objective" }' if number == 2 else ""
            world.add(f"o{number}", key_results=2, measure=measure)
        reconcile(world)
        for actions in steps:
            for what, which, how in actions:
                act(world, what, which, how)
            twin = world.cache_path.with_name("twin.db")
            shutil.copyfile(world.cache_path, twin)
            by_changes = poll(world)
            own, world.cache_path = world.cache_path, twin
            in_full = poll(world, changes_only=False)
            whole, world.cache_path = stored(world), own
            assert by_changes.moved == in_full.moved
            assert by_changes.outcome.plan == in_full.outcome.plan
            assert by_changes.outcome.failures == in_full.outcome.failures
            mine = stored(world)
            for table in ("current_values", "observation", "links", "baselines", "status_key_results"):
                assert mine[table] == whole[table], table
