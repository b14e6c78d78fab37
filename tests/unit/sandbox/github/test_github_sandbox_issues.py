"""Issues, labels, comments and sub-issues behave as GitHub's do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from github import Github

from okrsync.sandbox.github import GitHubSandbox
from tests.unit.sandbox.github.github_sandbox_api import Api

ISSUES = "/repos/acme/web/issues"


def test_labels_that_an_issue_names_are_made(client: Github) -> None:
    issue = client.get_repo("acme/web").create_issue("t", labels=["key-result", "KEY-RESULT"])
    assert [label.name for label in issue.labels] == ["key-result"]
    assert client.get_repo("acme/web").get_label("Key-Result").color == "ededed"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"title": ""}, {"resource": "Issue", "code": "missing_field", "field": "title"}),
        ({"title": "t", "milestone": 7}, {"value": 7, "resource": "Issue", "code": "invalid", "field": "milestone"}),
        (
            {"title": "t", "assignees": ["nobody"]},
            {"value": "nobody", "resource": "Issue", "code": "invalid", "field": "assignees"},
        ),
        (
            {"title": "t" * 257},
            {
                "resource": "Issue",
                "code": "custom",
                "field": "title",
                "message": "title is too long (maximum is 256 characters)",
            },
        ),
    ],
)
def test_broken_rules_are_told_in_githubs_form(api: Api, body: dict[str, object], error: dict[str, object]) -> None:
    refused = api("POST", ISSUES, body)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [error]
    assert api("GET", f"{ISSUES}?state=all").json() == []


def test_closing_and_reopening_leave_their_traces(site: GitHubSandbox, api: Api) -> None:
    number = site.create_issue("acme/web", "t")
    closed = api("PATCH", f"{ISSUES}/{number}", {"state": "closed", "state_reason": "not_planned"}).json()
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert closed["closed_by"]["login"] == "okr-bot"
    assert closed["closed_at"] == "2026-10-05T09:00:00Z"
    opened = api("PATCH", f"{ISSUES}/{number}", {"state": "open"}).json()
    assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)


def test_updated_at_moves_with_changes_and_comments_but_not_with_sub_issues(site: GitHubSandbox, api: Api) -> None:
    parent, child = site.create_issue("acme/web", "parent"), site.create_issue("acme/web", "child")
    site.clock.advance(timedelta(hours=1))
    added = api("POST", f"{ISSUES}/{parent}/sub_issues", {"sub_issue_id": site.issue("acme/web", child)["id"]})
    assert added.status_code == 201
    api("PATCH", f"{ISSUES}/{parent}", {"title": "parent"})
    assert site.issue("acme/web", parent)["updated_at"] == "2026-10-05T09:00:00Z"
    assert site.issue("acme/web", child)["updated_at"] == "2026-10-05T09:00:00Z"
    api("POST", f"{ISSUES}/{parent}/comments", {"body": "hello"})
    assert site.issue("acme/web", parent)["updated_at"] == "2026-10-05T10:00:00Z"


def test_filters(site: GitHubSandbox, api: Api) -> None:
    milestone = site.create_milestone("acme/web", "m")
    one = site.create_issue("acme/web", "one", milestone=milestone, labels=["a", "b"], assignees=["okr-bot"])
    site.clock.advance(timedelta(minutes=5))
    two = site.create_issue("acme/web", "two", labels=["a"], pull_request=True)
    closed = site.create_issue("acme/web", "three")
    site.close_issue("acme/web", closed)

    def numbers(query: str) -> list[int]:
        return [issue["number"] for issue in api("GET", f"{ISSUES}?{query}").json()]

    assert numbers("") == [two, one]
    assert numbers("state=all&direction=asc") == [one, two, closed]
    assert numbers(f"milestone={milestone}") == [one]
    assert numbers("milestone=none") == [two]
    assert numbers("milestone=*") == [one]
    assert numbers("labels=a,B") == [one]
    assert numbers("assignee=none") == [two]
    assert numbers("since=2026-10-05T09:05:00Z&state=all") == [closed, two]
    assert numbers("since=1970-01-01T00:00:00Z&state=all") == []
    for wrong in ("milestone=99", "milestone=m", "state=done", "assignee=nobody", "since=yesterday"):
        assert api("GET", f"{ISSUES}?{wrong}").status_code == 422, wrong


def test_sub_issues_are_named_by_id(site: GitHubSandbox, client: Github, api: Api) -> None:
    parent, child = site.create_issue("acme/web", "parent"), site.create_issue("acme/web", "child")
    issue = client.get_repo("acme/web").get_issue(parent)
    assert api("POST", f"{ISSUES}/{parent}/sub_issues", {"sub_issue_id": child}).status_code == 404
    issue.add_sub_issue(site.issue("acme/web", child)["id"])
    again = api("POST", f"{ISSUES}/{parent}/sub_issues", {"sub_issue_id": site.issue("acme/web", child)["id"]})
    assert again.status_code == 422
    assert "duplicate sub-issues" in again.json()["message"]
    site.close_issue("acme/web", child)
    assert [sub.number for sub in client.get_repo("acme/web").get_issue(parent).get_sub_issues()] == [child]
    assert site.issue("acme/web", parent)["sub_issues_summary"] == {
        "total": 1,
        "completed": 1,
        "percent_completed": 100,
    }
    assert api("GET", f"{ISSUES}/{child}/parent").json()["number"] == parent
    assert api("GET", f"{ISSUES}/{child}").json()["parent_issue_url"].endswith(f"/issues/{parent}")
    issue.remove_sub_issue(site.issue("acme/web", child)["id"])
    assert api("GET", f"{ISSUES}/{child}/parent").status_code == 404


def test_an_issue_cannot_be_its_own_ancestor(site: GitHubSandbox, api: Api) -> None:
    parent = site.create_issue("acme/web", "parent")
    child = site.create_issue("acme/web", "child", parent=parent)
    turned = api("POST", f"{ISSUES}/{child}/sub_issues", {"sub_issue_id": site.issue("acme/web", parent)["id"]})
    assert turned.status_code == 422


def test_a_child_has_one_parent_unless_it_is_replaced(site: GitHubSandbox, api: Api) -> None:
    first, second = site.create_issue("acme/web", "first"), site.create_issue("acme/web", "second")
    child = site.create_issue("acme/web", "child", parent=first)
    body = {"sub_issue_id": site.issue("acme/web", child)["id"]}
    assert "only have one parent" in api("POST", f"{ISSUES}/{second}/sub_issues", body).json()["message"]
    assert api("POST", f"{ISSUES}/{second}/sub_issues", {**body, "replace_parent": True}).status_code == 201
    assert site.issue("acme/web", first)["sub_issues_summary"]["total"] == 0


def test_labels_on_and_off(client: Github, api: Api) -> None:
    issue = client.get_repo("acme/web").create_issue("t", labels=["a"])
    issue.add_to_labels("b", "c")
    assert [label.name for label in issue.get_labels()] == ["a", "b", "c"]
    issue.remove_from_labels("a")
    assert [label.name for label in issue.get_labels()] == ["b", "c"]
    assert api("DELETE", f"{ISSUES}/{issue.number}/labels/a").json()["message"] == "Label does not exist"
    again = api("POST", "/repos/acme/web/labels", {"name": "B"})
    assert again.json()["errors"] == [{"resource": "Label", "code": "already_exists", "field": "name"}]
    assert api("POST", "/repos/acme/web/labels", {"name": "x", "color": "#fff"}).status_code == 422


def test_comments_by_issue_and_by_repository(site: GitHubSandbox, client: Github, api: Api) -> None:
    one, two = site.create_issue("acme/web", "one"), site.create_issue("acme/web", "two")
    site.comment("acme/web", one, "early", author="dana")
    site.clock.advance(timedelta(minutes=1))
    comment = client.get_repo("acme/web").get_issue(two).create_comment("late")
    since = datetime(2026, 10, 5, 9, 1, tzinfo=UTC)
    assert [c.body for c in client.get_repo("acme/web").get_issues_comments(since=since)] == ["late"]
    assert [c.user.login for c in client.get_repo("acme/web").get_issue(one).get_comments()] == ["dana"]
    comment.edit("later")
    assert site.comments("acme/web", two)[0]["body"] == "later"
    assert site.issue("acme/web", two)["comments"] == 1
    assert api("POST", f"{ISSUES}/{two}/comments", {"body": " "}).status_code == 422
    comment.delete()
    assert site.comments("acme/web", two) == []


def test_people_edit_and_delete_comments(site: GitHubSandbox, client: Github) -> None:
    number = site.create_issue("acme/web", "one")
    site.set_role("acme/web", "dana", "read")
    first = site.comment("acme/web", number, "okr: 31", author="dana")
    second = site.comment("acme/web", number, "passing by", author="mallory")
    told = [each["author_association"] for each in site.comments("acme/web", number)]
    assert told == ["MEMBER", "NONE"]
    site.clock.advance(timedelta(minutes=1))
    site.edit_comment("acme/web", first, "okr: 3.1")
    site.delete_comment("acme/web", second)
    (left,) = client.get_repo("acme/web").get_issues_comments()
    assert (left.id, left.body, left.user.login) == (first, "okr: 3.1", "dana")
    assert left.updated_at - left.created_at == timedelta(minutes=1)
    with pytest.raises(LookupError, match=f"acme/web has no comment {second}"):
        site.delete_comment("acme/web", second)


def test_issues_that_are_switched_off_or_deleted_are_gone(site: GitHubSandbox, api: Api) -> None:
    number = site.create_issue("acme/web", "t")
    site.delete_issue("acme/web", number)
    assert api("GET", f"{ISSUES}/{number}").status_code == 410
    assert api("GET", f"{ISSUES}/99").status_code == 404
    site.edit_repository("acme/web", has_issues=False)
    refused = api("POST", ISSUES, {"title": "t"})
    assert (refused.status_code, refused.json()["message"]) == (410, "Issues are disabled for this repo")
    assert api("GET", "/repos/acme/web").json()["has_issues"] is False


def test_bad_json_is_a_400_and_an_unknown_media_type_a_415(api: Api) -> None:
    broken = api.session.post(f"{api.url}{ISSUES}", data=b'{"title": ', timeout=10)
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
    assert api("POST", ISSUES, ["t"]).json()["message"] == "Body should be a JSON object"
    assert api("GET", ISSUES, Accept="text/html").status_code == 415
