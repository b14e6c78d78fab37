"""Values from before the first look, worked out by hand; and who wrote a value that moved."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.domain.evidence import Evidence
from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.ref import Ref
from okrsync.engine.backfill import past_values
from okrsync.engine.measuring import FieldRead
from okrsync.store.values import CurrentValue, Measured, Observation
from okrsync.trackers.errors import AuthFailed, Transient
from okrsync.trackers.values import FieldChange
from tests.unit.engine.world import CYCLE, JIRA, World

REF = Ref(CYCLE, "instant-signup", "p95")
METHOD = {"from": "field", "field": "KR current"}
AT = ItemId("PLAT", "10001", "PLAT-7", "https://jira.example/browse/PLAT-7")
START, NOW = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 9, 30, tzinfo=UTC)


def read(current: float | None, created: datetime | None = None) -> FieldRead:
    item = RemoteItem(AT, ItemKind.OTHER, "", fields={"KR current": current}, created=created)
    return FieldRead("work", item, "KR current", METHOD)


def edits(*told: tuple[datetime, float | None, float | None]) -> list[FieldChange]:
    return [FieldChange(at, "dana", before, after) for at, before, after in told]


def seen(value: float, at: datetime, method: Any = METHOD) -> Observation:
    return Observation(REF, value, at, "field KR current of PLAT-7", Evidence(method).to_json())


def found(field: FieldRead, changes: list[FieldChange], first: Observation | None = None) -> list[Any]:
    return [(each.at, each.value) for each in past_values(REF, field, changes, START, NOW, first)]


def test_what_held_when_the_cycle_began_counts_as_of_then() -> None:
    changes = edits((day(9, 20), 5.0, 4.0), (day(10, 5), 4.0, 3.5))
    assert found(read(3.5), changes) == [(START, 4.0), (day(10, 5), 3.5)]
    (opening, _) = past_values(REF, read(3.5), changes, START, NOW, None)
    assert opening.source == "field KR current of PLAT-7, changed by dana on 2026-09-20 09:30 UTC"
    assert Evidence.from_json(opening.evidence).at == day(9, 20)


def test_a_field_that_nobody_changed_has_what_its_item_was_made_with() -> None:
    assert found(read(4.0, created=day(8, 1)), []) == [(START, 4.0)]
    assert found(read(4.0, created=day(10, 7)), []) == [(day(10, 7), 4.0)]
    assert found(read(None, created=day(8, 1)), []) == []
    # Without the day of its creation, nobody knows since when.
    assert found(read(4.0), []) == []


def test_a_field_that_was_emptied_is_unknown_from_then_on() -> None:
    changes = edits((day(10, 2), None, 4.0), (day(10, 5), 4.0, None), (day(10, 9), None, 4.0))
    assert found(read(4.0, created=day(8, 1)), changes) == [
        (day(10, 2), 4.0),
        (day(10, 5), None),
        (day(10, 9), 4.0),
    ]


def test_the_last_value_has_the_digits_that_its_history_lacks() -> None:
    changes = edits((day(10, 2), None, 1.235), (day(10, 5), 1.235, 2.346))
    assert found(read(2.34567), changes) == [(day(10, 2), 1.235), (day(10, 5), 2.34567)]
    again = edits((day(10, 2), None, 2.346), (day(10, 5), 2.346, 4.0), (day(10, 7), 4.0, 2.346))
    assert [value for _, value in found(read(2.34567), again)] == [2.346, 4.0, 2.34567]
    # Somebody changed it again meanwhile: then it is what the history says.
    assert found(read(7.0), changes)[-1] == (day(10, 5), 2.346)


def test_nothing_is_added_at_or_after_the_first_look() -> None:
    changes = edits((day(10, 2), None, 4.0), (day(10, 5), 4.0, 3.5), (day(10, 9), 3.5, 3.0))
    assert found(read(3.0), changes, seen(3.5, day(10, 7))) == [(day(10, 2), 4.0), (day(10, 5), 3.5)]
    assert found(read(3.0), changes, seen(3.5, day(10, 5))) == [(day(10, 2), 4.0)]
    assert found(read(3.0), changes, seen(4.0, day(9, 1))) == []


def test_a_clock_that_is_ahead_puts_no_later_change_before_the_first_look() -> None:
    # The look at 3.5 was on the 6th; our clock said the 10th.
    changes = edits((day(10, 2), None, 4.0), (day(10, 5), 4.0, 3.5), (day(10, 9), 3.5, 3.0))
    assert found(read(3.0), changes, seen(3.5, day(10, 10))) == [(day(10, 2), 4.0), (day(10, 5), 3.5)]
    # What was measured in another way says nothing about the field.
    by_hand = seen(3.5, day(10, 10), {"from": "manual"})
    assert found(read(3.0), changes, by_hand)[-1] == (day(10, 9), 3.0)


def test_a_change_that_is_still_to_come_by_our_clock_is_left_for_the_next_look() -> None:
    changes = edits((day(10, 2), None, 4.0), (datetime(2026, 12, 2, tzinfo=UTC), 4.0, 3.5))
    assert found(read(3.5), changes) == [(day(10, 2), 4.0)]


# Who wrote it

HISTORY = {**JIRA, "field_history": True}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, (("alpha", "work", "PLAT", HISTORY),))
    world.add("signup", key_results=2)
    world.sync()
    return world


KR1, KR2 = (Ref(CYCLE, "signup", f"kr{number}") for number in (1, 2))


def current(world: World, ref: Ref = KR1) -> CurrentValue:
    with world.open_cache() as cache:
        known = cache.observations.current_of(ref)
    assert known is not None
    return known


def by(world: World, ref: Ref = KR1) -> str | None:
    return Evidence.from_json(current(world, ref).evidence).by


def asked(world: World) -> int:
    return world.server.calls["field_changes"]


def set_field(world: World, ref: Ref, value: float | None, author: str = "dana") -> None:
    world.server.people.set_field(world.item(ref).at, "KR current", value, author)


def test_a_tracker_is_asked_once_about_all_that_moved(world: World) -> None:
    assert asked(world) == 0
    set_field(world, KR1, 3.5)
    set_field(world, KR2, 2.0, "kim")
    world.run("pull")
    assert (by(world, KR1), by(world, KR2), asked(world)) == ("dana", "kim", 1)
    world.time.sleep(3600)
    set_field(world, KR2, 1.8, "lee")
    world.sync()
    assert (by(world, KR1), by(world, KR2), asked(world)) == ("dana", "lee", 2)
    assert Evidence.from_json(current(world, KR2).evidence).at == world.time.really()


def test_what_did_not_move_is_asked_about_no_more_and_keeps_its_editor(world: World) -> None:
    set_field(world, KR1, 3.5)
    world.run("pull")
    for verb in ("pull", "sync", "plan"):
        world.run(verb)
    assert (by(world), asked(world)) == ("dana", 1)


def test_a_plan_asks_for_no_history(world: World) -> None:
    set_field(world, KR1, 3.5)
    world.run("plan")
    assert asked(world) == 0


def test_the_newest_edit_to_the_value_that_was_seen_counts(world: World) -> None:
    set_field(world, KR1, 3.5, "kim")
    set_field(world, KR1, 3.0, "lee")
    set_field(world, KR1, 3.5, "dana")
    world.run("pull")
    assert by(world) == "dana"


def test_an_editor_is_forgotten_with_the_value(world: World) -> None:
    set_field(world, KR1, 3.5)
    world.run("pull")
    set_field(world, KR1, 3.0, "kim")
    world.server.fail("field_changes", Transient("no answer", acted=None), times=5)
    assert world.run("pull").exit_code == 0
    assert (current(world).value, by(world)) == (3.0, None)


@pytest.mark.parametrize("error", [Transient("no answer", acted=None), AuthFailed("not for you")])
def test_a_history_that_fails_costs_the_editor_alone(world: World, error: Exception) -> None:
    set_field(world, KR1, 3.5)
    world.server.fail("field_changes", error, times=5)
    outcome = world.run("pull")
    assert (outcome.exit_code, outcome.failures, current(world).value, by(world)) == (0, (), 3.5, None)


def test_a_number_typed_into_the_field_of_a_manual_key_result_has_an_editor(tmp_path: Path) -> None:
    world = World(tmp_path, (("alpha", "work", "PLAT", HISTORY),))
    world.add("signup", measure='{ from = "manual" }')
    world.sync()
    set_field(world, KR1, 3.5, "kim")
    world.sync()
    assert (current(world).value, by(world), asked(world)) == (3.5, "kim", 1)


def test_without_history_nobody_is_asked(tmp_path: Path) -> None:
    world = World(tmp_path, (("alpha", "work", "PLAT", {**JIRA, "field_history": False}),))
    world.add("signup")
    world.sync()
    set_field(world, KR1, 3.5)
    world.run("pull")
    assert (current(world).value, by(world), asked(world)) == (3.5, None, 0)


def test_rows_that_are_put_before_are_the_past_and_nothing_else_changes(world: World) -> None:
    set_field(world, KR1, 3.5)
    world.run("pull")
    before = current(world)
    past = [Measured(KR1, value, day(9, number), "by hand") for number, value in ((1, 5.0), (2, 4.0))]
    with world.open_cache() as cache:
        assert cache.observations.put_before(KR1, past) == 2
        assert cache.observations.put_before(KR1, past) == 0
    assert world.observed(KR1) == [5.0, 4.0, 3.5]
    assert current(world) == before
