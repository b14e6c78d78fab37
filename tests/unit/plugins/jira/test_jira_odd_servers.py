"""Servers of other ages and languages, and servers that tell little of themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox
from okrsync.trackers.values import Scope
from okrsync_jira.fields import EPIC_LINK
from okrsync_jira.tracker import JiraTracker

Connect = Callable[..., JiraTracker]
SCOPE = Scope("PLAT", "epic", fields=("KR current",), objective_fields=("OKR progress",))
NOTHING = b'{"errorMessages": ["null for uri"]}'


def epic_with_work(site: JiraSandbox) -> str:
    epic = site.create_issue("PLAT", "Epic", "O", labels=["okrsync:acme:2026-Q4:o"])
    site.transition(site.create_issue("PLAT", "Story", "Work", parent=epic), "Done")
    return epic


def mute(site: JiraSandbox, *paths: str) -> None:
    for path in paths:
        site.faults.add(Fault("status", path=path, status=404, response_body=NOTHING, times=None))


@pytest.mark.parametrize("site", ["data-center"], indirect=True)
def test_an_epics_children_are_found_whatever_the_field_is_called(connect: Connect, site: JiraSandbox) -> None:
    link = site.store.custom_field(EPIC_LINK)
    assert link is not None
    epic = epic_with_work(site)
    site.change_field(link.id, name="Lien d'épopée")
    tracker = connect()
    item = tracker.item(epic)
    site.requests.clear()

    assert [each.done for each in tracker.children([item])[item.at.id]] == [True]
    assert site.requests.count(path_regex="/search") == 1


@pytest.mark.parametrize("site", ["data-center"], indirect=True)
def test_where_numbers_of_fields_are_not_understood_the_name_that_always_works_is(
    connect: Connect, site: JiraSandbox
) -> None:
    tracker = connect()
    item = tracker.item(epic_with_work(site))
    said = b'{"errorMessages": ["Field \'cf[1]\' does not exist."]}'
    site.faults.add(Fault("status", path="/search$", status=400, response_body=said, times=1))

    assert len(tracker.children([item])[item.at.id]) == 1
    site.requests.clear()
    tracker.children([item])
    assert site.requests.count(path_regex="/search") == 1, "it is remembered"


def old_createmeta(fields: dict[str, Any]) -> bytes:
    types = [{"id": "1", "name": "Epic", "fields": fields}, {"id": "2", "name": "Task", "fields": fields}]
    return json.dumps({"expand": "projects", "projects": [{"key": "PLAT", "issuetypes": types}]}).encode()


def test_an_old_server_tells_types_and_screens_at_once(connect: Connect, site: JiraSandbox) -> None:
    mute(site, "/createmeta/PLAT/issuetypes")
    usual = {each: {"name": each, "required": False} for each in ("summary", "description", "labels", "duedate")}
    site.faults.add(
        Fault("status", path="/issue/createmeta$", status=200, response_body=old_createmeta(usual), times=None)
    )
    tracker = connect()

    problems = tracker.check(replace(SCOPE, key_result_type="Tusk"))

    assert any("no issue type 'Tusk'" in each and "'Task'" in each for each in problems)
    assert any("OKR progress" in each and "create screen of Epic" in each for each in problems)
    assert site.requests.count(path_regex="/createmeta$") == 1


def test_without_any_createmeta_an_edit_screen_stands_for_the_create_screen(
    connect: Connect, site: JiraSandbox
) -> None:
    site.create_issue("PLAT", "Epic", "somebody's")
    key = site.create_issue("PLAT", "Task", "somebody's")
    site.add_number_field("Hidden", on_screen=False)
    mute(site, "/createmeta")

    problems = connect().check(replace(SCOPE, fields=("KR current", "Hidden")))

    assert len(problems) == 1 and "'Hidden'" in problems[0] and "edit screen of Task" in problems[0]
    assert site.requests.count(path_regex=f"/issue/({site.issue(key).id})/editmeta") == 1
    assert site.requests.writes() == []


@pytest.mark.parametrize("types_told", [True, False])
def test_a_wrong_project_is_named_even_by_a_server_that_tells_nothing_else(
    connect: Connect, site: JiraSandbox, types_told: bool
) -> None:
    epic_with_work(site)
    mute(site, "/project", *([] if types_told else ["/createmeta"]))
    tracker = connect()
    wrong, right = replace(SCOPE, project="NOPE"), SCOPE

    assert ["'NOPE'" in each for each in tracker.check(wrong)] == [True]
    assert list(tracker.read([wrong, right], markers=["okrsync:acme:2026-Q4:o"]).failures) == ["NOPE"]
    assert tracker.check(right) == ()
