"""A plan in a file: read back as it was written, refused when it was changed, and compared change by change."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.plan.effort import Effort
from okrsync.plan.saved import NotASavedPlan, SavedPlan, read_saved, saved_text
from okrsync.plan.values import Plan
from tests.unit.plan.samples import World, both, objective

MADE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def text_of(plan: Plan) -> str:
    return saved_text(plan, Effort(2, 3, 3), workspace="acme", cycle="2026-Q4", made_at=MADE, complete=True)


def saved(plan: Plan) -> SavedPlan:
    return read_saved(text_of(plan))


def test_a_saved_plan_is_the_plan_with_what_it_is_of() -> None:
    plan = World(objective(key_results=2)).plan()
    data = json.loads(text_of(plan))
    assert {key: data[key] for key in plan.to_json()} == plan.to_json()
    read = saved(plan)
    assert (read.workspace, read.cycle, read.made_at, read.digest) == ("acme", "2026-Q4", MADE, plan.digest)
    assert read.complete and read.differences(plan) == ()


def test_new_gone_and_different_changes_are_named() -> None:
    world = World(objective("one"), objective("two"))
    world.sync()
    world.rewrite("one", title="One, anew")
    reviewed = saved(world.plan())
    world.rewrite("one", title="One, yet again")
    world.rewrite("two", due=date(2026, 12, 1))
    found = reviewed.differences(world.plan())
    assert [(each.kind, each.change["ref"], each.change["field"]) for each in found] == [
        ("different", "2026-Q4/one", "title"),
        ("new", "2026-Q4/two", "due"),
    ]
    assert found[0].before and found[0].before["after"] == "One, anew"
    world.rewrite("one", title=objective("one").title)
    assert [(each.kind, each.change["ref"]) for each in reviewed.differences(world.plan())] == [
        ("new", "2026-Q4/two"),
        ("gone", "2026-Q4/one"),
    ]


def test_what_a_remote_edit_changes_is_different_and_what_becomes_held_is_told_apart() -> None:
    world = World(objective(), placement=both())
    world.sync()
    world.rewrite("signup", title="Ours")
    reviewed = saved(world.plan())
    world.edit(objective().ref, title="Theirs")
    found = reviewed.differences(world.plan())
    assert [(each.kind, each.held, each.change["field"]) for each in found] == [
        ("gone", False, "title"),
        ("new", True, "title"),
    ]


def test_two_alignments_of_one_objective_are_two_changes() -> None:
    parents = [objective(name, key_results=0) for name in ("a", "b", "c")]
    world = World(*parents, objective("child", key_results=0))
    world.sync()
    world.rewrite("child", aligns_to=(parents[0].ref, parents[1].ref))
    reviewed = saved(world.plan())
    world.rewrite("child", aligns_to=(parents[0].ref, parents[2].ref))
    kinds = [(each.kind, each.change["field"], each.change["after"]) for each in reviewed.differences(world.plan())]
    assert ("new", "alignment", "2026-Q4/c") in kinds and ("gone", "alignment", "2026-Q4/b") in kinds
    assert ("gone", "alignment", "2026-Q4/a") not in kinds


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["changes"].pop(), "somebody changed the file"),
        (lambda data: data["changes"][0].update(why="because"), "somebody changed the file"),
        (lambda data: data.update(digest="0" * 16), "somebody changed the file"),
        (lambda data: data.update(okrsync_plan=2), "form 2"),
        (lambda data: data.pop("okrsync_plan"), "no plan"),
        (lambda data: data.pop("cycle"), "cycle"),
        (lambda data: data.update(made_at="yesterday"), "yesterday"),
        (lambda data: data.update(changes="none"), "list of changes"),
    ],
)
def test_a_file_that_was_changed_is_refused(change: Any, words: str) -> None:
    data = json.loads(text_of(World(objective()).plan()))
    change(data)
    with pytest.raises(NotASavedPlan, match=words):
        read_saved(json.dumps(data))


@given(st.text() | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps))
def test_whatever_is_no_plan_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotASavedPlan):
        read_saved(text)


@given(st.sampled_from(["title", "why"]), st.text(min_size=1).filter(str.strip))
def test_any_text_comes_back(attribute: str, text: str) -> None:
    plan = World(objective(**{attribute: text})).plan()
    try:
        content = text_of(plan).encode()
    except UnicodeEncodeError:
        pytest.fail("JSON is ASCII")
    assert read_saved(content.decode()).differences(plan) == ()
