"""What the real `jira` client does with the sandbox, on both flavours."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from jira import JIRAError

from tests.unit.sandbox.jira.jira_site import Raw, client


def new_epic(raw: Raw, **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "project": {"key": "PLAT"},
        "issuetype": {"name": "Epic"},
        "summary": "Instant sign-up",
        "labels": ["okrsync:acme:2026-Q4:instant-signup"],
        "duedate": "2026-12-31",
        **more,
    }
    return fields if raw.site.store.cloud else {"customfield_10101": "Instant sign-up", **fields}


def test_the_client_knows_the_flavour_and_the_user(either: Raw) -> None:
    jira = client(either)
    assert jira._is_cloud is either.site.store.cloud
    assert jira.myself()["emailAddress"] == "bot@demo.example"
    assert [project.key for project in jira.projects()] == ["PLAT", "WEB"]
    assert jira.project("web").name == "Web"
    assert {"Epic", "Sub-task"} <= {kind.name for kind in jira.issue_types()}
    assert {status.statusCategory.key for status in jira.statuses()} == {"new", "indeterminate", "done"}
    assert len(jira.priorities()) == 5
    permissions = jira.my_permissions(projectKey="PLAT", permissions="EDIT_ISSUES")["permissions"]
    assert permissions["EDIT_ISSUES"]["havePermission"] is True


def test_an_issue_lives_and_dies(either: Raw) -> None:
    jira = client(either)
    made = jira.create_issue(fields=new_epic(either), prefetch=False)
    assert made.key == "PLAT-1"
    issue = jira.issue(made.key)
    assert issue.fields.labels == ["okrsync:acme:2026-Q4:instant-signup"]
    assert issue.fields.duedate == "2026-12-31"
    assert issue.fields.created == "2026-11-21T17:39:52.123-0800"
    issue.update(fields={"summary": "Sign-up in a blink", "description": "h2. Why\nPeople leave."})
    assert issue.fields.summary == "Sign-up in a blink"
    issue.update(update={"labels": [{"add": "extra"}]})
    assert issue.fields.labels == ["extra", "okrsync:acme:2026-Q4:instant-signup"]
    assert "summary" in jira.editmeta(issue.key)["fields"]
    issue.delete()
    with pytest.raises(JIRAError) as gone:
        jira.issue(made.key)
    assert gone.value.status_code == 404


def test_names_are_resolved_where_the_client_does_that_itself(either: Raw) -> None:
    jira = client(either)
    fields = new_epic(either) | {"project": "PLAT", "issuetype": "Epic"}
    assert jira.create_issue(fields=fields).fields.issuetype.name == "Epic"


def test_many_issues_are_made_at_once_and_refusals_are_told(either: Raw) -> None:
    jira = client(either)
    answers = jira.create_issues([new_epic(either), new_epic(either, summary=""), new_epic(either)], prefetch=False)
    assert [one["status"] for one in answers] == ["Success", "Error", "Success"]
    assert answers[1]["error"] == {"summary": "You must specify a summary of the issue."}
    nothing = jira.create_issues([new_epic(either, nonsense=1)], prefetch=False)
    assert "cannot be set" in nothing[0]["error"]["nonsense"]
    too_many = either("POST", "issue/bulk", {"issueUpdates": [{"fields": new_epic(either)}] * 51})
    assert too_many.status_code == 400
    assert "exceeds the limit of 50" in too_many.text
    assert [view.key for view in either.site.issues()] == ["PLAT-1", "PLAT-2"]


def test_searches_page_by_the_server_s_size(either: Raw) -> None:
    either.site.desk.page_size = 2
    for _ in range(5):
        either.site.create_issue("PLAT", "Epic", "One of five")
    jira = client(either)
    found = jira.search_issues("project = PLAT ORDER BY key", maxResults=0)
    assert [issue.key for issue in found] == [f"PLAT-{n}" for n in range(1, 6)]
    page = jira.search_issues("project = PLAT", maxResults=50, fields=["summary"], json_result=True)
    assert len(page["issues"]) == 2
    if either.site.store.cloud:
        assert page["isLast"] is False
        assert "total" not in page
    else:
        assert (page["total"], page["maxResults"], page["startAt"]) == (5, 2, 0)


def test_searching_by_post(either: Raw) -> None:
    either.site.create_issue("PLAT", "Epic", "One")
    page = client(either).search_issues("project = PLAT", fields=["summary"], json_result=True, use_post=True)
    assert page["issues"][0]["fields"] == {"summary": "One"}


def test_counting_is_cloud_s(cloud: Raw) -> None:
    cloud.site.create_issue("PLAT", "Epic", "One")
    assert client(cloud).approximate_issue_count("project = PLAT") == 1


def test_comments(either: Raw) -> None:
    jira = client(either)
    key = either.site.create_issue("PLAT", "Epic", "One")
    said = jira.add_comment(key, "Confidence 7/10")
    said.update(body="Confidence 6/10")
    either.site.comment(key, "Blocked by legal", author="dana")
    assert [comment.body for comment in jira.comments(key)] == ["Confidence 6/10", "Blocked by legal"]
    assert jira.comment(key, said.id).author.displayName == "bot"
    assert [comment.author for comment in either.site.issue(key).comments] == ["bot", "dana"]


def test_people_edit_and_delete_comments(either: Raw) -> None:
    site = either.site
    key = site.create_issue("PLAT", "Epic", "One")
    first, second = (site.comment(key, text) for text in ("okr: 31", "said in anger"))
    for act in (partial(site.edit_comment, key, first, "okr: 3.1"), partial(site.delete_comment, key, second)):
        site.clock.advance(timedelta(minutes=1))
        act()
        assert site.issue(key).updated == site.clock.now(), "each is an update of the issue"
    (left,) = client(either).comments(key)
    assert (left.id, left.body) == (first, "okr: 3.1")
    assert left.updated > left.created
    with pytest.raises(ValueError, match=f"{key} has no comment {second}"):
        site.edit_comment(key, second, "x")


def test_a_customer_is_told_from_those_who_work_there(cloud: Raw, data_center: Raw) -> None:
    for raw in (cloud, data_center):
        key = raw.site.create_issue("PLAT", "Epic", "One")
        raw.site.add_user("mallory", customer=True)
        for author in ("mallory", "dana"):
            raw.site.comment(key, "Said", author=author)
    told = [each["author"].get("accountType") for each in cloud("GET", "issue/PLAT-1/comment").json()["comments"]]
    assert told == ["customer", "atlassian"]
    assert "accountType" not in data_center("GET", "issue/PLAT-1/comment").json()["comments"][0]["author"]


def test_many_issues_at_once_show_the_newest_comments_with_their_total(cloud: Raw) -> None:
    key = cloud.site.create_issue("PLAT", "Epic", "One")
    for number in range(21):
        cloud.site.comment(key, f"{number}")
    bulk = cloud("POST", "issue/bulkfetch", {"issueIdsOrKeys": [key], "fields": ["comment"]})
    search = cloud("GET", "search/jql", jql="project = PLAT", fields="comment")
    for shown in (bulk, search):
        page = shown.json()["issues"][0]["fields"]["comment"]
        assert [each["body"] for each in page["comments"]] == [f"{number}" for number in range(1, 21)]
        assert (page["total"], page["startAt"], page["maxResults"]) == (21, 1, 20)
    assert len(cloud("GET", f"issue/{key}", fields="comment").json()["fields"]["comment"]["comments"]) == 21


def test_the_workflow(either: Raw) -> None:
    jira = client(either)
    key = either.site.create_issue("PLAT", "Epic", "One")
    done = next(step for step in jira.transitions(key) if step["to"]["statusCategory"]["key"] == "done")
    jira.transition_issue(key, done["id"])
    issue = jira.issue(key)
    assert issue.fields.status.statusCategory.key == "done"
    assert (issue.fields.resolution.name, issue.fields.resolutiondate) == ("Done", "2026-11-21T17:39:52.123-0800")
    back = next(step for step in jira.transitions(key) if step["to"]["statusCategory"]["key"] == "new")
    jira.transition_issue(key, back["name"], comment="Opened again")
    issue = jira.issue(key)
    assert (issue.fields.resolution, issue.fields.resolutiondate) == (None, None)
    assert issue.fields.comment.comments[0].body == "Opened again"


def test_links(either: Raw) -> None:
    jira = client(either)
    one, two = (either.site.create_issue("PLAT", "Epic", text) for text in ("One", "Two"))
    assert jira.create_issue_link("Blocks", one, two).status_code == 201
    assert either.site.issue(one).links == (f"blocks {two}",)
    assert either.site.issue(two).links == (f"is blocked by {one}",)
    (link,) = jira.issue(one).fields.issuelinks
    assert (link.outwardIssue.key, hasattr(link, "inwardIssue")) == (two, False)
    (other_side,) = jira.issue(two).fields.issuelinks
    assert (other_side.inwardIssue.key, hasattr(other_side, "outwardIssue")) == (one, False)
    assert jira.issue_link(link.id).inwardIssue.key == one
    jira.create_issue_link("Blocks", one, two)
    assert len(jira.issue(one).fields.issuelinks) == 1
    jira.delete_issue_link(link.id)
    assert either.site.issue(two).links == ()


def test_what_a_create_screen_takes(data_center: Raw) -> None:
    data_center.site.add_number_field("KR current", projects=["PLAT"], types=["Epic"])
    jira = client(data_center)
    kinds = {kind.name: kind.id for kind in jira.project_issue_types("PLAT")}
    fields = {field.name: field for field in jira.project_issue_fields("PLAT", kinds["Epic"])}
    assert fields["KR current"].schema.type == "number"
    assert fields["Epic Name"].required is True
    assert "KR current" not in {field.name for field in jira.project_issue_fields("WEB", kinds["Epic"])}
    with pytest.raises(JIRAError, match="Unsupported JIRA version"):
        jira.createmeta("PLAT")
    assert data_center("GET", "issue/createmeta", projectKeys="PLAT").status_code == 404


def test_history(either: Raw) -> None:
    key = either.site.create_issue("PLAT", "Epic", "One")
    either.site.edit(key, author="dana", summary="Two", labels=["b", "a"])
    issue = client(either).issue(key, expand="changelog")
    (change,) = issue.changelog.histories
    assert change.author.displayName == "dana"
    items = {item.field: (item.fromString, item.toString) for item in change.items}
    assert items == {"labels": (None, "a b"), "summary": ("One", "Two")}


def test_properties(either: Raw) -> None:
    made = either.create(labels=["x"])
    assert made.status_code == 201
    jira = client(either)
    jira.add_issue_property("PLAT-1", "okrsync", {"ref": "2026-Q4/instant-signup"})
    assert [one.key for one in jira.issue_properties("PLAT-1")] == ["okrsync"]
    assert jira.issue_property("PLAT-1", "okrsync").value.ref == "2026-Q4/instant-signup"
    assert either.site.issue("PLAT-1").properties == {"okrsync": {"ref": "2026-Q4/instant-signup"}}
    assert either("DELETE", "issue/PLAT-1/properties/okrsync").status_code == 204
    assert either("GET", "issue/PLAT-1/properties/okrsync").status_code == 404
