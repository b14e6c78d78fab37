"""What a plan takes: requests counted, and time under limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.items import Markup
from okrsync.domain.okr import Stage
from okrsync.domain.rates import WriteRate
from okrsync.domain.ref import Ref
from okrsync.plan.effort import Effort, Manner, effort_of, least_seconds
from okrsync.plan.merge import Authority
from okrsync.plan.values import Linked, Plan
from tests.unit.plan.samples import PLACEMENT, World, objective

GITHUB_COM = WriteRate(1.0, 80, 500)
ENTERPRISE = WriteRate()


def test_creating_takes_one_request_an_item_and_one_a_link() -> None:
    world = World(objective("parent", key_results=2), objective("child", aligns_to=(objective("parent").ref,)))
    effort = effort_of(world.sync(), {}, {}, reads=3)
    assert effort == Effort(reads=3, writes=6, creations=5)
    assert effort.requests == 9
    assert effort_of(world.plan(), {}, {}) == Effort(), "where nothing is to be done nothing is sent"


def test_a_link_is_sent_where_both_ends_are_in_the_tracker() -> None:
    parent = objective("parent", key_results=0)
    world = World(objective("child", key_results=0, aligns_to=(parent.ref,)))

    def writes(existing: dict[Ref, str]) -> int:
        world.links = {
            ref: Linked(tracker, "PLAT", "9", "PLAT-9", "https://x.example") for ref, tracker in existing.items()
        }
        return effort_of(world.plan(), {}, existing).writes

    assert [writes(each) for each in ({}, {parent.ref: "other"}, {parent.ref: "work"})] == [1, 1, 2]


def test_fields_that_live_apart_are_written_in_batches() -> None:
    placement = replace(PLACEMENT, native_links=False, markup=Markup.MARKDOWN)
    world = World(*(objective(f"o{number}", key_results=3) for number in range(4)), placement=placement)
    manners = {"work": Manner(WriteRate(fields_at_once=20), fields_with_item=False)}
    # 4 milestones and 12 issues, the issues put on the board in one request, and 24 numbers in two.
    assert effort_of(world.plan(), manners, {}) == Effort(writes=16 + 1 + 2, creations=16)
    assert effort_of(world.sync(), {}, {}).writes == 16


def test_an_update_and_a_closing_are_a_request_each_and_adopting_is_none() -> None:
    world = World(objective())
    world.sync()
    world.rewrite("signup", title="Sign up at once", stage=Stage.CLOSED)
    assert effort_of(world.plan(), {}, {}).writes == 2
    world.sync()
    world.placement = replace(PLACEMENT, authority=Authority.TRACKER)
    world.edit(objective().ref, title="As they say")
    plan = world.plan()
    assert [str(each.action) for each in plan.changes] == ["adopt"]
    assert effort_of(plan, {}, {}) == Effort()


def test_the_time_of_a_plan_is_that_of_its_limits() -> None:
    world = World(*(objective(f"o{number}", key_results=0) for number in range(120)))
    plan = world.plan()
    assert effort_of(plan, {"work": Manner(GITHUB_COM)}, {}).seconds == 119.0
    assert effort_of(plan, {"work": Manner(replace(GITHUB_COM, seconds_between=0.0))}, {}).seconds == 60.0
    assert effort_of(plan, {"work": Manner(ENTERPRISE)}, {}).seconds == 0.0
    assert effort_of(Plan(), {"work": Manner(GITHUB_COM)}, {}).to_json() == {
        "requests": 0,
        "reads": 0,
        "writes": 0,
        "creations": 0,
        "seconds": 0,
    }


@pytest.mark.parametrize(("creations", "seconds"), [(0, 0), (1, 0), (2, 1), (500, 499), (501, 3600), (1001, 7200)])
def test_five_hundred_in_an_hour(creations: int, seconds: float) -> None:
    assert least_seconds([True] * creations, GITHUB_COM) == seconds


@given(
    st.lists(st.booleans(), max_size=150),
    st.floats(0, 3),
    st.none() | st.integers(1, 20),
    st.none() | st.integers(1, 40),
)
def test_no_window_ever_holds_more_than_the_limit(
    writes: list[bool], pause: float, a_minute: int | None, an_hour: int | None
) -> None:
    rate = WriteRate(pause, a_minute, an_hour)
    created = [least_seconds(writes[: index + 1], rate) for index, creation in enumerate(writes) if creation]
    for limit, window in ((a_minute, 60.0), (an_hour, 3600.0)):
        for first, later in zip(created, created[limit or len(created) :], strict=False):
            assert later - first >= window - 1e-6
    assert least_seconds(writes, rate) >= pause * (len(writes) - 1) - 1e-6
    assert least_seconds([*writes, True], rate) >= least_seconds(writes, rate)
