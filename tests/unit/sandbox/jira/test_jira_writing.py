"""What Jira refuses to write, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.sandbox.jira.jira_site import Raw

NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


def refusal(answer: Any) -> Any:
    assert answer.status_code == 400, answer.text
    return answer.json()


def test_a_field_that_is_not_on_the_screen_cannot_be_set(either: Raw) -> None:
    hidden = either.site.add_number_field("KR current", on_screen=False)
    elsewhere = either.site.add_number_field("Other", projects=["WEB"])
    for field in (hidden, elsewhere, "customfield_99999", "status"):
        said = {"errorMessages": [], "errors": {field: NOT_ON_SCREEN.format(field)}}
        assert refusal(either.create(**{field: 1})) == said
        assert either.site.issues() == []
    key = either.create().json()["key"]
    assert refusal(either("PUT", f"issue/{key}", {"fields": {hidden: 1}}))["errors"].keys() == {hidden}


def test_a_field_may_be_on_one_of_the_screens(either: Raw) -> None:
    create = either.site.add_number_field("Start", on_screen="create")
    edit = either.site.add_number_field("Later", on_screen="edit")
    assert refusal(either.create(**{create: 1, edit: 2}))["errors"].keys() == {edit}
    assert either.create(**{create: 1}).status_code == 201
    assert either("PUT", "issue/PLAT-1", {"fields": {edit: 2.5}}).status_code == 204
    assert refusal(either("PUT", "issue/PLAT-1", {"fields": {create: 2}}))["errors"].keys() == {create}
    assert either.site.issue("PLAT-1").fields["Later"] == 2.5


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"summary": ""}, "summary", "You must specify a summary of the issue."),
        ({"summary": None}, "summary", "You must specify a summary of the issue."),
        ({"summary": "x" * 256}, "summary", "Summary must be less than 255 characters."),
        ({"summary": "a\nb"}, "summary", "The summary is invalid because it contains newline characters."),
        ({"summary": 5}, "summary", "Operation value must be a string"),
        ({"labels": ["two words"]}, "labels", "The label 'two words' contains spaces which is invalid."),
        ({"labels": "one"}, "labels", "data was not an array"),
        ({"duedate": "2026-02-30"}, "duedate", "Error parsing date string: 2026-02-30"),
        ({"duedate": "31.12.2026"}, "duedate", "Error parsing date string: 31.12.2026"),
        ({"description": {"type": "doc"}}, "description", "Operation value must be a string"),
        ({"description": "x" * 32768}, "description", "It exceeds the allowed limit of 32,767 characters."),
        ({"customfield_number": "3"}, "customfield_number", "Operation value must be a number"),
        ({"customfield_number": True}, "customfield_number", "Operation value must be a number"),
        ({"priority": {"name": "Urgent"}}, "priority", "The priority selected is invalid."),
        ({"parent": "PLAT-1"}, "parent", ""),
    ],
)  # fmt: skip
def test_values_that_a_field_does_not_take(either: Raw, fields: dict[str, Any], field: str, words: str) -> None:
    number = either.site.add_number_field("KR current")
    renamed = {number if name == "customfield_number" else name: value for name, value in fields.items()}
    name = number if field == "customfield_number" else field
    said = refusal(either.create(**renamed))["errors"]
    assert said.keys() == {name}
    assert words in said[name]
    assert either.site.issues() == []
    key = either.create().json()["key"]
    before = either.site.issue(key)
    assert refusal(either("PUT", f"issue/{key}", {"fields": renamed}))["errors"].keys() == {name}
    assert either.site.issue(key) == before


def test_all_that_is_wrong_is_told_at_once(either: Raw) -> None:
    assert refusal(either.create(summary="", labels=["a b"], nonsense=1))["errors"].keys() == {
        "summary",
        "labels",
        "nonsense",
    }


@pytest.mark.parametrize(
    ("flavour", "fields", "errors"),
    [
        ("cloud", {"project": {"key": "NONE"}}, {"project": "Specify a valid project ID or key"}),
        ("data-center", {"project": {"key": "NONE"}}, {"project": "valid project is required"}),
        ("cloud", {"project": None}, {"project": "project is required"}),
        ("cloud", {"issuetype": {"name": "Theme"}}, {"issuetype": "Specify a valid issue type"}),
        ("data-center", {"issuetype": {"name": "Theme"}}, {"issuetype": "valid issue type is required"}),
        ("data-center", {"issuetype": None}, {"issuetype": "issue type is required"}),
        ("data-center", {"customfield_10101": None}, {"customfield_10101": "Epic Name is required."}),
        ("data-center", {"customfield_10101": " "}, {"customfield_10101": "Epic Name is required."}),
        ("data-center", {"parent": {"key": "PLAT-1"}}, {"parent": NOT_ON_SCREEN.format("parent")}),
    ],
)
def test_what_an_issue_needs(
    make: Callable[..., Raw], flavour: str, fields: dict[str, Any], errors: dict[str, str]
) -> None:
    assert refusal(make(flavour).create(**fields)) == {"errorMessages": [], "errors": errors}


def test_data_center_wants_an_epic_name(data_center: Raw) -> None:
    sent = {"project": {"key": "PLAT"}, "issuetype": {"name": "Epic"}, "summary": "x"}
    said = refusal(data_center("POST", "issue", {"fields": sent}))
    assert said["errors"] == {"customfield_10101": "Epic Name is required."}


def test_a_hidden_project_is_as_good_as_none(either: Raw) -> None:
    key = either.create().json()["key"]
    either.site.hide_project("PLAT")
    assert either("GET", f"issue/{key}").status_code == 404
    assert either("GET", "project/PLAT").json()["errorMessages"] == ["No project could be found with key 'PLAT'."]
    assert either("GET", "issue/createmeta/PLAT/issuetypes").status_code == 400
    assert refusal(either.create())["errors"].keys() == {"project"}
    either.site.hide_project("PLAT", hidden=False)
    assert either("GET", f"issue/{key}").status_code == 200


def test_cloud_s_children_have_a_parent_of_the_next_level(cloud: Raw) -> None:
    epic = cloud.create().json()["key"]
    task = cloud.create(kind="Task", parent={"key": epic}).json()["key"]
    assert cloud.site.issue(task).parent == epic
    assert cloud("GET", f"issue/{task}", fields="parent").json()["fields"]["parent"]["key"] == epic
    wrong = {"parentId": "Given parent work item does not belong to appropriate hierarchy."}
    assert refusal(cloud.create(kind="Task", parent={"key": task}))["errors"] == wrong
    assert refusal(cloud.create(kind="Epic", parent={"key": epic}))["errors"] == wrong
    assert refusal(cloud.create(kind="Sub-task", parent={"key": epic}))["errors"] == wrong
    assert cloud.create(kind="Sub-task", parent={"key": task}).status_code == 201
    missing = refusal(cloud.create(kind="Task", parent={"key": "PLAT-99"}))
    assert missing["errors"] == {"parent": "Could not find issue by id or key."}
    assert cloud("PUT", f"issue/{task}", {"fields": {"parent": None}}).status_code == 204
    assert cloud.site.issue(task).parent is None


def test_a_sub_task_needs_a_parent(either: Raw) -> None:
    said = refusal(either.create(kind="Sub-task"))
    assert said["errorMessages"] == ["Issue type is a sub-task but parent issue key or id not specified."]


def test_data_center_s_epic_link_takes_the_key_of_an_epic(data_center: Raw) -> None:
    epic = data_center.create().json()["key"]
    task = data_center.create(kind="Task", customfield_10100=epic).json()["key"]
    assert data_center.site.issue(task).parent == epic
    shown = data_center("GET", f"issue/{task}").json()["fields"]
    assert (shown["customfield_10100"], "parent" in shown) == (epic, False)
    for wrong in (task, "PLAT-99", 7):
        assert refusal(data_center.create(kind="Task", customfield_10100=wrong))["errors"].keys() == {
            "customfield_10100"
        }
    assert refusal(data_center.create(customfield_10100=epic))["errors"].keys() == {"customfield_10100"}


def test_cloud_has_no_epic_fields(cloud: Raw) -> None:
    customs = {field["schema"].get("custom", "") for field in cloud("GET", "field").json()}
    assert not any("gh-epic" in custom for custom in customs)


def test_the_verbs_of_update(either: Raw) -> None:
    key = either.create(labels=["a", "b"]).json()["key"]

    def update(**verbs: Any) -> Any:
        return either("PUT", f"issue/{key}", {"update": verbs})

    assert update(labels=[{"add": "c"}, {"remove": "a"}]).status_code == 204
    assert either.site.issue(key).labels == ("b", "c")
    assert update(labels=[{"set": ["z"]}], summary=[{"set": "New"}]).status_code == 204
    assert (either.site.issue(key).labels, either.site.issue(key).summary) == (("z",), "New")
    assert update(comment=[{"add": {"body": "Said"}}]).status_code == 204
    assert [comment.text for comment in either.site.issue(key).comments] == ["Said"]
    assert "does not support operation 'add'" in refusal(update(summary=[{"add": "x"}]))["errors"]["summary"]
    twice = either("PUT", f"issue/{key}", {"fields": {"labels": []}, "update": {"labels": [{"add": "q"}]}})
    assert "cannot appear in both" in refusal(twice)["errors"]["labels"]
    assert refusal(either("PUT", f"issue/{key}", {}))["errorMessages"] == ["one of 'fields' or 'update' required"]


def test_only_a_change_counts_as_an_update(either: Raw) -> None:
    key = either.create(labels=["b", "a"]).json()["key"]
    before = either.site.issue(key)
    either.site.clock.advance(timedelta(hours=1))
    assert either("PUT", f"issue/{key}", {"fields": {"labels": ["a", "b"]}}).status_code == 204
    assert either.site.issue(key) == before
    either("PUT", f"issue/{key}", {"fields": {"labels": ["a"]}})
    assert either.site.issue(key).updated == before.updated + timedelta(hours=1)


def test_comments_and_links_count_as_updates(either: Raw) -> None:
    one, two = either.create().json()["key"], either.create().json()["key"]
    either.site.clock.advance(timedelta(hours=1))
    now = either.site.clock.now()
    either("POST", f"issue/{one}/comment", {"body": "Said"})
    assert (either.site.issue(one).updated, either.site.issue(two).updated < now) == (now, True)
    either.site.clock.advance(timedelta(hours=1))
    link = {"type": {"name": "Relates"}, "inwardIssue": {"key": one}, "outwardIssue": {"key": two}}
    assert either("POST", "issueLink", link).content == b""
    assert either.site.issue(one).updated == either.site.issue(two).updated == either.site.clock.now()


def test_links_and_comments_that_are_refused(either: Raw) -> None:
    key = either.create().json()["key"]

    def link(kind: str, other: str) -> int:
        sent = {"type": {"name": kind}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
        return either("POST", "issueLink", sent).status_code

    assert (link("Admires", key), link("Relates", "PLAT-99"), link("Relates", key)) == (404, 404, 400)
    assert refusal(either("POST", f"issue/{key}/comment", {"body": " "}))["errors"].keys() == {"comment"}
    assert either("PUT", f"issue/{key}/comment/1", {"body": "x"}).status_code == 404
    theirs = either.site.comment(key, "Mine")
    assert either("PUT", f"issue/{key}/comment/{theirs}", {"body": "Not yours"}).status_code == 400


def test_steps_that_are_not_open(data_center: Raw) -> None:
    key = data_center.create().json()["key"]
    steps = data_center("GET", f"issue/{key}/transitions").json()["transitions"]
    assert {step["name"]: step["to"]["name"] for step in steps} == {
        "Start Progress": "In Progress",
        "Close Issue": "Done",
    }
    said = refusal(data_center("POST", f"issue/{key}/transitions", {"transition": {"id": "711"}}))
    assert said["errorMessages"] == ["Transition id '711' is not valid for this issue."]
    with_field = {"transition": {"id": "2"}, "fields": {"summary": "x"}}
    assert refusal(data_center("POST", f"issue/{key}/transitions", with_field))["errors"].keys() == {"summary"}


def test_only_administrators_write_without_notifying(make: Callable[..., Raw]) -> None:
    for admin, status in ((False, 403), (True, 204)):
        raw = make("cloud", admin=admin)
        key = raw.create().json()["key"]
        assert raw("PUT", f"issue/{key}?notifyUsers=false", {"fields": {"summary": "x"}}).status_code == status


def test_permissions_can_be_missing(either: Raw) -> None:
    key = either.create().json()["key"]
    for permission in ("CREATE_ISSUES", "EDIT_ISSUES", "DELETE_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES"):
        either.site.revoke(permission, "PLAT")
    assert either.create().status_code == 400
    assert either.create("WEB").status_code == 201
    assert either("PUT", f"issue/{key}", {"fields": {"summary": "x"}}).status_code == 403
    assert either("DELETE", f"issue/{key}").status_code == 403
    assert either("POST", f"issue/{key}/comment", {"body": "x"}).status_code == 403
    assert either("POST", f"issue/{key}/transitions", {"transition": {"id": "2"}}).status_code == 403
    shown = either("GET", "mypermissions", permissions="EDIT_ISSUES", projectKey="PLAT").json()["permissions"]
    assert shown["EDIT_ISSUES"]["havePermission"] is False
    either.site.grant("EDIT_ISSUES", "PLAT")
    assert either("PUT", f"issue/{key}", {"fields": {"summary": "x"}}).status_code == 204


def test_deleting_takes_sub_tasks_along_only_when_told(either: Raw) -> None:
    epic = either.site.create_issue("PLAT", "Epic", "Epic")
    task = either.site.create_issue("PLAT", "Task", "Task", parent=epic)
    part = either.site.create_issue("PLAT", "Sub-task", "Part", parent=task)
    assert "has subtasks" in refusal(either("DELETE", f"issue/{task}"))["errorMessages"][0]
    assert either("DELETE", f"issue/{epic}").status_code == 204
    assert either.site.issue(task).parent is None
    assert either("DELETE", f"issue/{task}", deleteSubtasks="true").status_code == 204
    assert either("GET", f"issue/{part}").status_code == 404
    assert either.create().json()["key"] == "PLAT-4"


def test_bodies_that_are_no_json(either: Raw) -> None:
    url = either.url + "issue"
    html = either.session.post(url, data="<html>", headers={"Content-Type": "application/json"}, timeout=5)
    assert html.status_code == 400
    assert either.session.post(url, data={"a": "b"}, timeout=5).status_code == 415
    assert either("POST", "issue", ["list"]).status_code == 400


def test_two_fields_of_one_name_are_two_fields(either: Raw) -> None:
    first, second = (either.site.add_number_field("KR current") for _ in range(2))
    assert first != second
    assert [field["id"] for field in either("GET", "field").json() if field["name"] == "KR current"] == [first, second]
    with pytest.raises(ValueError, match="2 fields are called KR current"):
        either.site.create_issue("PLAT", "Task", "x", **{"KR current": 1})
    either.site.create_issue("PLAT", "Task", "x", **{first: 1})
    assert either("GET", "issue/PLAT-1", fields=first).json()["fields"] == {first: 1.0}


def test_people_are_bound_by_the_rules_too(either: Raw) -> None:
    with pytest.raises(ValueError, match="must specify a summary"):
        either.site.create_issue("PLAT", "Task", "")
    with pytest.raises(ValueError, match="no issue PLAT-9"):
        either.site.edit("PLAT-9", summary="x")
    hidden = either.site.add_number_field("Hidden metric", on_screen=False)
    key = either.site.create_issue("PLAT", "Task", "x", assignee="dana", duedate="2026-12-31")
    either.site.edit(key, **{"Hidden metric": 99.95})
    view = either.site.issue(key)
    assert (view.fields["Hidden metric"], view.assignee, str(view.duedate)) == (99.95, "dana", "2026-12-31")
    assert either("GET", f"issue/{key}").json()["fields"][hidden] == 99.95
    either.site.transition(key, "Done")
    assert either.site.issue(key).status_category == "done"
    either.site.delete(key)
    assert either.site.issues("PLAT") == []
