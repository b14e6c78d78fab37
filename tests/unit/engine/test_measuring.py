"""Current values by hand: what every kind of measure gives, and what it says where it gives nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.domain.okr import Measure, Source
from okrsync.domain.ref import Ref
from okrsync.engine.measuring import Measurements, measure
from okrsync.engine.outcome import Cause
from okrsync.engine.pool import TrackerPool
from okrsync.engine.tasks import Task
from okrsync.plan.values import Located, Placement, Role, Snapshot
from okrsync.store.values import CheckIn
from okrsync.testing import MemoryServer, MemoryTracker, memory_context
from okrsync.trackers.errors import Transient
from okrsync.trackers.values import FieldValue, Markup

NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
KR = Ref("2026-Q4", "signup", "p95")
CURRENT = "KR current"
PLACEMENT = Placement("work", "PLAT", Source("okrsync.toml", 12), Markup.WIKI, roles={Role.CURRENT: CURRENT})
HERE = Source("okrs/platform.toml", 30)


@dataclass
class Bench:
    """A server with an objective's item and its key result's."""

    server: MemoryServer

    def __post_init__(self) -> None:
        self.pool = TrackerPool(lambda name: MemoryTracker(memory_context(name=name), self.server))
        self.epic = self.server.add("PLAT", ItemKind.OBJECTIVE, "Make signing up feel instant")
        self.own = self.server.add("PLAT", ItemKind.KEY_RESULT, "Cut p95", self.epic.at.id)
        self.own.markers = ["okrsync:acme:2026-Q4:signup/p95"]
        self.fields: dict[str, FieldValue] = {CURRENT: None}

    def snapshot(self) -> Snapshot:
        epic = self.epic.shown([], {})
        own = replace(self.own.shown([], {}), fields=self.fields)
        return Snapshot({KR.parent: Located("work", epic), KR: Located("work", own)})

    def measure(self, source: str, unit: str = "s", kind: ItemKind = ItemKind.KEY_RESULT, **more: Any) -> Measurements:
        given: dict[str, Any] = {"snapshot": self.snapshot(), "check_ins": {}, "bases": {}, "placement": PLACEMENT}
        given |= {name: more.pop(name) for name in list(more) if name in given}
        task = Task(KR, kind, Measure(source, more), unit, HERE, given.pop("placement"))
        return measure([task], given["snapshot"], self.pool, given["check_ins"], given["bases"], NOW)


@pytest.fixture
def bench() -> Bench:
    return Bench(MemoryServer())


def value(found: Measurements) -> float | None:
    (measured,) = found.values
    return measured.value


def problem(found: Measurements) -> str:
    (measured,) = found.values
    assert measured.value is None and measured.problem, "no problem may carry a value"
    return measured.problem


def failed(found: Measurements) -> str:
    (failure,) = found.failures
    assert failure.cause is Cause.MEASURE and "okrs/platform.toml:30" in failure.message
    assert "the last known value stays" in failure.message
    return problem(found)


# field


@pytest.mark.parametrize("number", [3.1, 0.0, -2.5, 1e300])
def test_a_field_gives_its_number(bench: Bench, number: float) -> None:
    bench.fields = {CURRENT: number}
    found = bench.measure("field")
    assert value(found) == number and found.failures == ()
    assert found.values[0].source == "field KR current of PLAT-2" and found.values[0].at == NOW


@pytest.mark.parametrize("held", [None, "", "  "])
def test_an_empty_field_is_unknown_and_never_0(bench: Bench, held: FieldValue) -> None:
    bench.fields = {CURRENT: held}
    found = bench.measure("field")
    assert "is empty" in problem(found) and found.failures == ()


@pytest.mark.parametrize("kind", ["text", "date", "option"])
def test_an_empty_field_that_never_holds_a_number_is_a_failure_that_names_those_that_do(
    bench: Bench, kind: str
) -> None:
    bench.server.add_field("PLAT", "Phase", kind)
    bench.server.add_field("PLAT", "Latency")
    bench.fields = {"Phase": None, "Latency": None, "Time spent": None}
    words = failed(bench.measure("field", field="Phase"))
    assert f"'Phase' of PLAT is of the type {kind}, and numbers are needed; its number fields are" in words
    assert "'Latency'" in words
    # Another number field is empty as the mapping's is, and so is one that is built in, which trackers do not list.
    for name in ("Latency", "Time spent"):
        found = bench.measure("field", field=name)
        assert problem(found) == f"field {name} of PLAT-2 is empty" and found.failures == ()


@pytest.mark.parametrize("held", ["about three", "3,1", math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_named_and_the_last_value_stays(bench: Bench, held: FieldValue) -> None:
    bench.fields = {CURRENT: held}
    assert f"{held}" in failed(bench.measure("field")) or repr(held) in failed(bench.measure("field"))


def test_another_field_and_another_item_may_be_named(bench: Bench) -> None:
    bench.fields = {"Latency": 1.25}
    assert value(bench.measure("field", field="Latency")) == 1.25
    other = bench.server.people.add_item("PLAT", "A dashboard")
    bench.server.people.set_field(other, CURRENT, 7.5)
    found = bench.measure("field", item=other.key)
    assert value(found) == 7.5 and other.key in found.values[0].source


def test_an_item_that_is_named_and_not_there_is_a_failure(bench: Bench) -> None:
    assert "PLAT-99 does not exist" in failed(bench.measure("field", item="PLAT-99"))


def test_a_tracker_that_does_not_answer_for_a_named_item_is_a_failure_of_the_tracker(bench: Bench) -> None:
    bench.server.fail("item", Transient("the connection broke off"), times=9)
    found = bench.measure("field", item="PLAT-1")
    assert [each.cause for each in found.failures] == [Cause.UNREACHABLE] and value(found) is None


def test_an_item_that_is_not_made_yet_needs_no_word(bench: Bench) -> None:
    found = bench.measure("field", snapshot=Snapshot())
    assert found.values == () and found.failures == ()


def test_a_project_that_could_not_be_read_is_told_once_elsewhere(bench: Bench) -> None:
    found = bench.measure("field", snapshot=Snapshot(unread=frozenset({("work", "PLAT")})))
    assert "could not be read" in problem(found) and found.failures == ()


def test_without_a_mapping_only_hands_can_measure(bench: Bench) -> None:
    assert "no mapping" in failed(bench.measure("field", placement=None))
    assert "no mapping" in failed(bench.measure("children", placement=None))
    check_in = CheckIn(KR, NOW, "dana", 2.0)
    assert value(bench.measure("manual", placement=None, check_ins={KR: check_in})) == 2.0


def test_a_mapping_without_a_field_leaves_the_value_unknown(bench: Bench) -> None:
    bare = replace(PLACEMENT, roles={})
    assert "no field to read" in problem(bench.measure("field", placement=bare))


def test_a_kpi_has_no_item_of_its_own_but_may_name_one(bench: Bench) -> None:
    assert "no item of its own" in failed(bench.measure("field", kind=ItemKind.OTHER))
    bench.server.people.set_field(bench.epic.at, CURRENT, 99.95)
    assert value(bench.measure("field", kind=ItemKind.OTHER, item="PLAT-1")) == 99.95


def test_where_key_results_are_fields_they_are_read_on_the_objectives_item(bench: Bench) -> None:
    epic = replace(bench.epic.shown([], {}), fields={"p95": 2.25})
    snapshot = Snapshot({KR.parent: Located("work", epic)})
    placement = replace(PLACEMENT, key_results_as_items=False)
    assert value(bench.measure("field", field="p95", snapshot=snapshot, placement=placement)) == 2.25


def test_a_source_that_nobody_knows_is_named(bench: Bench) -> None:
    assert "'horoscope'" in failed(bench.measure("horoscope"))


# manual


def test_a_check_in_counts_from_when_it_was_made(bench: Bench) -> None:
    made = datetime(2026, 10, 9, 8, 0, tzinfo=UTC)
    found = bench.measure("manual", check_ins={KR: CheckIn(KR, made, "dana", 2.0)})
    assert value(found) == 2.0 and found.values[0].at == made and found.values[0].source == "check-in"


@pytest.mark.parametrize("check_ins", [{}, {KR: CheckIn(KR, NOW, "dana", None, 0.7)}])
def test_without_a_number_there_is_no_value(bench: Bench, check_ins: Mapping[Ref, CheckIn]) -> None:
    assert bench.measure("manual", check_ins=check_ins).values == ()


def test_a_number_that_people_typed_counts_from_when_the_item_changed(bench: Bench) -> None:
    bench.fields = {CURRENT: 2.5}
    made = datetime(2026, 10, 9, 8, 0, tzinfo=UTC)
    base = {KR: {"current": 2.0, "checked_in": made.isoformat()}}
    found = bench.measure("manual", check_ins={KR: CheckIn(KR, made, "dana", 2.0)}, bases=base)
    assert value(found) == 2.5 and found.values[0].at == bench.own.updated


# children


def test_children_are_counted_by_hand(bench: Bench) -> None:
    for done in (True, False, True, False, False, True, False, False):
        bench.server.people.add_child(bench.own.at, "A step", done=done)
    found = bench.measure("children")
    assert value(found) == 3 / 8 and "3 of 8 children of PLAT-2" in found.values[0].source
    assert value(bench.measure("children", unit="%")) == 37.5


def test_children_by_points_and_those_without_points(bench: Bench) -> None:
    for points, done in ((5.0, True), (3.0, False), (2.0, True)):
        bench.server.people.add_child(bench.own.at, "A step", done=done, points=(CURRENT, points))
    bench.server.people.add_child(bench.own.at, "Nobody estimated it", done=True)
    found = bench.measure("children", by=CURRENT)
    assert value(found) == 7 / 10 and "7 of 10 KR current" in found.values[0].source


def test_children_of_the_objective_are_without_our_own_items_and_without_pull_requests(bench: Bench) -> None:
    bench.server.people.add_child(bench.epic.at, "A step", done=True)
    bench.server.people.add_child(bench.epic.at, "A step")
    bench.server.people.add_child(bench.epic.at, "A change", done=True, pull_request=True)
    assert value(bench.measure("children", of="objective")) == 1 / 2
    assert value(bench.measure("children", of="objective", pull_requests=True)) == pytest.approx(2 / 3)


def test_nothing_to_count_is_unknown_and_never_0(bench: Bench) -> None:
    found = bench.measure("children")
    assert "no children that count" in problem(found) and found.failures == ()
    bench.server.people.add_child(bench.own.at, "Nobody estimated it", done=True)
    assert "no children that count" in problem(bench.measure("children", by=CURRENT))


def test_points_that_add_up_to_no_number_are_named(bench: Bench) -> None:
    child = bench.server.people.add_child(bench.own.at, "A step", done=True)
    bench.server.items[child.id].fields[CURRENT] = math.nan
    assert "no number" in failed(bench.measure("children", by=CURRENT))


def test_one_that_cannot_be_measured_never_stops_the_others(bench: Bench) -> None:
    other = Ref("2026-Q4", "signup", "other")
    bench.fields = {CURRENT: 3.0}
    located = Located(
        "work", RemoteItem(ItemId("PLAT", "9", "PLAT-9", ""), ItemKind.KEY_RESULT, "", fields={CURRENT: "?"})
    )
    snapshot = Snapshot({**bench.snapshot().items, other: located})
    tasks = [Task(ref, ItemKind.KEY_RESULT, Measure("field"), "s", HERE, PLACEMENT) for ref in (other, KR)]
    found = measure(tasks, snapshot, bench.pool, {}, {}, NOW)
    assert [(each.ref, each.value) for each in found.values] == [(other, None), (KR, 3.0)]
    assert [each.ref for each in found.failures] == [other]
