"""JQL and the two ways of searching."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.sandbox import SandboxClock
from okrsync.sandbox.jira import JiraSandbox
from tests.unit.sandbox.jira.jira_site import START, Raw


def filled(raw: Raw) -> Raw:
    """PLAT-1 epic, PLAT-2 its task (done), PLAT-3 a bug, WEB-1 an epic; an hour lies between each and the next."""
    site = raw.site
    site.add_number_field("KR current")
    epic = site.create_issue("PLAT", "Epic", "Make signing up feel instant", labels=["okrsync:acme:2026-Q4:x"])
    site.clock.advance(timedelta(hours=1))
    task = site.create_issue("PLAT", "Task", "Cut p95", parent=epic, **{"KR current": 2.5})
    site.transition(task, "Done")
    site.clock.advance(timedelta(hours=1))
    site.create_issue("PLAT", "Bug", "Sign-up fails", labels=["Ab"], duedate="2026-12-31", assignee="dana")
    site.clock.advance(timedelta(hours=1))
    site.create_issue("WEB", "Epic", "New shop", **{"KR current": 7})
    return raw


@pytest.fixture
def full(either: Raw) -> Raw:
    return filled(either)


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ("project = PLAT order by key", "PLAT-1 PLAT-2 PLAT-3"),
        ("project = plat AND issuetype = Epic", "PLAT-1"),
        ("project in (PLAT, 'Web') AND type = epic ORDER BY created DESC", "WEB-1 PLAT-1"),
        ("project != PLAT", "WEB-1"),
        ('labels = "okrsync:acme:2026-Q4:x"', "PLAT-1"),
        ("labels = okrsync:acme:2026-Q4:x", "PLAT-1"),
        ("labels = aB", "PLAT-3"),
        ('labels in ("okrsync:acme:2026-Q4:x", nothing) and project = PLAT', "PLAT-1"),
        ('labels != ab and created < now()', "PLAT-1"),
        ("not labels = ab and key > PLAT-0", None),
        ("labels is empty order by key asc", "PLAT-2 WEB-1"),
        ("labels is not empty order by key desc", "PLAT-3 PLAT-1"),
        ("key in (PLAT-1, web-1) order by id", "PLAT-1 WEB-1"),
        ("key >= PLAT-2 order by key", "PLAT-2 PLAT-3"),
        ("id = 10002", "PLAT-3"),
        ("status = Done", "PLAT-2"),
        ("statusCategory = \"To Do\" and project = WEB", "WEB-1"),
        ("statusCategory != Done and project = PLAT order by key", "PLAT-1 PLAT-3"),
        ("resolution = Unresolved and project = PLAT order by key", "PLAT-1 PLAT-3"),
        ("resolution is not empty", "PLAT-2"),
        ("resolved >= -1d", "PLAT-2"),
        ("summary ~ sign", "PLAT-3"),
        ("summary ~ 'sign*' order by key", "PLAT-1 PLAT-3"),
        ('summary ~ "\\"feel instant\\""', "PLAT-1"),
        ('"KR current" > 3', "WEB-1"),
        ('cf[{KR current}] <= 2.5', "PLAT-2"),
        ('"kr current" is empty order by key', "PLAT-1 PLAT-3"),
        ("due <= 2026-12-31", "PLAT-3"),
        ("duedate < 2026-12-31 and project = PLAT", ""),
        ("assignee = dana", "PLAT-3"),
        ("assignee is empty and project = WEB", "WEB-1"),
        ("reporter = currentUser()", ""),
        ("created >= -90m order by created", "PLAT-3 WEB-1"),
        ("created >= -90m and created < -30m", "PLAT-3"),
        ('created >= "2026-11-21 18:39" and created <= "2026-11-21 19:40" order by created', "PLAT-2 PLAT-3"),
        ('updated >= "2026/11/21 20:39"', "WEB-1"),
        ('updated >= "2026/11/21 20:40" or key = PLAT-1', "PLAT-1"),
        ("created >= startOfDay() and created < endOfDay() and key = PLAT-1", "PLAT-1"),
        ("(project = PLAT or project = WEB) and not (type = Epic or type = Bug)", "PLAT-2"),
        ("project = PLAT && type = Task || project = WEB order by key", "PLAT-2 WEB-1"),
        ("project = PLAT order by duedate, key", "PLAT-3 PLAT-1 PLAT-2"),
    ],
)  # fmt: skip
def test_what_a_query_finds(full: Raw, jql: str, found: str | None) -> None:
    number = next(field["id"] for field in full("GET", "field").json() if field["name"] == "KR current")
    asked = jql.replace("{KR current}", number.removeprefix("customfield_"))
    if found is None:
        assert "PLAT-0" in refused(full, asked)[0]
    else:
        assert full.keys(asked) == found.split()


def refused(raw: Raw, jql: str) -> list[str]:
    """The messages with which a query is refused."""
    answer = raw("GET", "search/jql" if raw.site.store.cloud else "search", jql=jql)
    assert answer.status_code == 400, answer.text
    said = answer.json()
    assert said.keys() == {"errorMessages", "errors"}
    messages: list[str] = said["errorMessages"]
    return messages


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("universe = 42", "Field 'universe' does not exist or you do not have permission to view it."),
        ("labels ~ okr", "The operator '~' is not supported by the 'labels' field."),
        ("summary = okr", "The operator '=' is not supported by the 'summary' field."),
        ("key = PLAT-99", "An issue with key 'PLAT-99' does not exist for field 'key'."),
        ("key in (PLAT-1, 0.0)", "The issue key '0.0' for field 'key' is invalid."),
        ("id = 99", "A value with ID '99' does not exist for the field 'id'."),
        ("type = Theme", "The value 'Theme' does not exist for the field 'issuetype'."),
        ("status = Open", "The value 'Open' does not exist for the field 'status'."),
        ("updated >= 2026-11-21T10:00", "Date value '2026-11-21T10:00' for field 'updated' is invalid."),
        ('updated >= "2026-11-21 10:00:30"', "Date value '2026-11-21 10:00:30'"),
        ("updated >= lastLogin()", "Unable to find JQL function 'lastLogin()'."),
        ("cf[99999] = 1", "Field 'cf[99999]' does not exist"),
        ('"KR current" = many', "The value 'many' for field 'KR current' is invalid."),
        ("project = PLAT order by nonsense", "Field 'nonsense' does not exist"),
        ("project = ON", "'ON' is a reserved JQL word."),
        ("labels = a+b", "The character '+' is a reserved JQL character."),
        ("project = PLAT and", "before the end of the query."),
        ("project PLAT", "Expecting operator but got 'PLAT'."),
        ("project = PLAT type = Epic", "Expecting either 'OR' or 'AND' but got 'type'."),
        ('labels = "open', "The quoted string 'open' has not been completed."),
        ("project in ()", "but got ')'"),
        ("status was Done", "Expecting operator but got 'was'."),
    ],
)
def test_what_a_query_is_refused_for(full: Raw, jql: str, words: str) -> None:
    assert any(words in message for message in refused(full, jql)), refused(full, jql)


def test_all_mistakes_of_a_query_are_told(full: Raw) -> None:
    said = refused(full, "project = A and labels ~ x and (foo = 1 or key in (PLAT-8, PLAT-9))")
    assert len(said) == 5


def test_epics_children_are_found_the_flavour_s_way(full: Raw) -> None:
    if full.site.store.cloud:
        assert full.keys("parent in (PLAT-1)") == ["PLAT-2"]
        assert full.keys("parent is not empty") == ["PLAT-2"]
        assert "An issue with key 'PLAT-9' does not exist for field 'parent'." in refused(full, "parent = PLAT-9")
        assert "Field 'Epic Link' does not exist" in refused(full, '"Epic Link" = PLAT-1')[0]
    else:
        assert full.keys('"Epic Link" in (PLAT-1)') == ["PLAT-2"]
        assert full.keys("cf[10100] = PLAT-1") == ["PLAT-2"]
        assert full.keys("parent = PLAT-1") == []


def test_a_hidden_project_is_not_found(full: Raw) -> None:
    full.site.hide_project("WEB")
    assert full.keys("created < now() or type = Epic order by key") == ["PLAT-1", "PLAT-2", "PLAT-3"]
    assert refused(full, "project = WEB") == ["The value 'WEB' does not exist for the field 'project'."]


def test_the_other_flavour_s_search_is_refused(cloud: Raw, data_center: Raw) -> None:
    for method in ("GET", "POST"):
        gone = cloud(method, "search", {"jql": "project = PLAT"})
        assert gone.status_code == 410
        assert gone.json()["errorMessages"][0].startswith("The requested API has been removed.")
        assert data_center(method, "search/jql", {"jql": "project = PLAT"}).status_code == 404
    assert data_center("GET", "../3/field").status_code == 404


def test_cloud_takes_no_query_without_a_restriction(make: Callable[..., Raw]) -> None:
    cloud, data_center = filled(make("cloud")), filled(make("data-center"))
    assert refused(cloud, "order by key") == [
        "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
    ]
    assert data_center.keys("order by key") == ["PLAT-1", "PLAT-2", "PLAT-3", "WEB-1"]
    assert data_center.keys("") == ["WEB-1", "PLAT-3", "PLAT-2", "PLAT-1"]


def test_cloud_pages_follow_each_other_by_token(cloud: Raw) -> None:
    cloud.site.desk.page_size, cloud.site.desk.id_page_size = 2, 3
    keys = [cloud.site.create_issue("PLAT", "Task", f"Task {number}") for number in range(5)]
    found, tokens, token = [], set(), None
    while True:
        query = {"jql": "project = PLAT order by key", "fields": "summary", "maxResults": 100}
        page = cloud("GET", "search/jql", **query, **({"nextPageToken": token} if token else {})).json()
        assert not page.keys() & {"total", "startAt", "maxResults"}
        assert len(page["issues"]) <= 2
        found += [issue["key"] for issue in page["issues"]]
        token = page.get("nextPageToken")
        assert page["isLast"] is (token is None)
        if token is None:
            break
        assert token not in tokens
        tokens.add(token)
    assert found == keys
    ids = cloud("GET", "search/jql", jql="project = PLAT order by key", maxResults=100).json()
    assert ids["issues"] == [{"id": str(number)} for number in range(10000, 10003)]
    wrong = cloud("GET", "search/jql", jql="project = WEB", nextPageToken=ids["nextPageToken"])
    assert (wrong.status_code, "token is invalid" in wrong.text) == (400, True)
    assert cloud("GET", "search/jql", jql="project = WEB", nextPageToken="rubbish").status_code == 400


def test_data_center_pages_by_offset(data_center: Raw) -> None:
    data_center.site.desk.page_size = 2
    for number in range(5):
        data_center.site.create_issue("PLAT", "Task", f"Task {number}")
    page = data_center("GET", "search", jql="project = PLAT order by key", startAt=4, maxResults=1000).json()
    assert (page["startAt"], page["maxResults"], page["total"]) == (4, 2, 5)
    assert [issue["key"] for issue in page["issues"]] == ["PLAT-5"]
    unknown = data_center("POST", "search", {"jql": "project = PLAT", "properties": None})
    assert unknown.json()["errorMessages"][0].startswith('Unrecognized field "properties"')


def test_fields_are_chosen(full: Raw) -> None:
    def fields(*wanted: str) -> set[str]:
        page = full("POST", "search/jql" if full.site.store.cloud else "search",
                    {"jql": "key = PLAT-1", "fields": list(wanted)})  # fmt: skip
        return set(page.json()["issues"][0].get("fields", {}))

    assert fields("summary", "labels", "no-such-field") == {"summary", "labels"}
    assert {"summary", "comment"} <= fields("*all")
    assert "comment" not in fields("*navigable")
    assert fields("*all") - fields("*all", "-description") == {"description"}


def test_searches_run_behind_writes_by_the_index_lag(make: Callable[..., Raw]) -> None:
    raw = make("cloud", index_lag=timedelta(minutes=2))
    key = raw.create(labels=["mark"]).json()["key"]
    assert raw.keys("labels = mark") == []
    assert raw("GET", f"issue/{key}").status_code == 200
    assert raw("POST", "issue/bulkfetch", {"issueIdsOrKeys": [key]}).json()["issues"][0]["key"] == key
    fresh = raw("GET", "search/jql", jql="labels = mark", reconcileIssues=raw.site.issue(key).id)
    assert len(fresh.json()["issues"]) == 1
    raw.site.clock.advance(timedelta(minutes=2))
    assert raw.keys("labels = mark") == [key]
    raw("PUT", f"issue/{key}", {"fields": {"labels": []}})
    assert raw.keys("labels = mark") == [key]
    raw("DELETE", f"issue/{key}")
    raw.site.clock.advance(timedelta(seconds=119))
    assert raw.keys("labels = mark") == [key]
    raw.site.clock.advance(timedelta(seconds=1))
    assert raw.keys("project = PLAT") == []


@given(
    lag=st.integers(0, 4),
    steps=st.lists(st.tuples(st.sampled_from(["make", "relabel", "delete"]), st.integers(0, 3)), max_size=15),
)
def test_a_search_sees_the_site_as_it_was_a_lag_ago(lag: int, steps: list[tuple[str, int]]) -> None:
    site = JiraSandbox(index_lag=timedelta(minutes=lag), clock=SandboxClock(START, frozen=True))
    site.add_project("PLAT", "Platform")
    past: list[tuple[datetime, set[tuple[str, tuple[str, ...]]]]] = [(START - timedelta(days=1), set())]
    for number, (step, minutes) in enumerate(steps):
        keys = [issue.key for issue in site.issues()]
        if step == "make" or not keys:
            site.create_issue("PLAT", "Task", "A task")
        elif step == "relabel":
            site.edit(keys[number % len(keys)], labels=[f"label-{number}"])
        else:
            site.delete(keys[number % len(keys)])
        past.append((site.clock.now(), {(issue.key, issue.labels) for issue in site.issues()}))
        now = site.clock.advance(timedelta(minutes=minutes))
        seen = {(issue.key, tuple(issue.values.get("labels", ()))) for issue in site.store.indexed()}
        assert seen == [state for at, state in past if at <= now - timedelta(minutes=lag)][-1]


def test_at_most_fifty_issues_are_reconciled(cloud: Raw) -> None:
    sent: dict[str, Any] = {"jql": "project = PLAT", "reconcileIssues": list(range(50))}
    assert cloud("POST", "search/jql", sent).status_code == 200
    assert cloud("POST", "search/jql", {**sent, "reconcileIssues": list(range(51))}).status_code == 400
    assert cloud("POST", "search/jql", {**sent, "reconcileIssues": ["PLAT-1"]}).status_code == 400


def test_bulkfetch_names_what_it_did_not_find(full: Raw) -> None:
    if not full.site.store.cloud:
        assert full("POST", "issue/bulkfetch", {"issueIdsOrKeys": ["PLAT-1"]}).status_code in {404, 405}
        return
    sent = {"issueIdsOrKeys": ["PLAT-2", "10000", "PLAT-99"], "fields": ["summary"]}
    found = full("POST", "issue/bulkfetch", sent).json()
    assert [issue["key"] for issue in found["issues"]] == ["PLAT-1", "PLAT-2"]
    assert [problem["id"] for problem in found["issueErrors"]] == ["PLAT-99"]
    assert full("POST", "issue/bulkfetch", {"issueIdsOrKeys": ["x"] * 101}).status_code == 400


def test_changelogs_are_fetched_together(cloud: Raw) -> None:
    filled(cloud)
    cloud.site.edit("PLAT-1", summary="New", labels=["x"])
    sent = {"issueIdsOrKeys": ["PLAT-1", "PLAT-2"], "fieldIds": ["summary", "status"]}
    logs = cloud("POST", "changelog/bulkfetch", sent).json()["issueChangeLogs"]
    assert [log["issueId"] for log in logs] == ["10000", "10001"]
    assert logs[0]["changeHistories"][0]["created"] == int((START + timedelta(hours=3)).timestamp() * 1000)
    first = cloud("POST", "changelog/bulkfetch", {**sent, "maxResults": 1}).json()
    rest = cloud("POST", "changelog/bulkfetch", {**sent, "nextPageToken": first["nextPageToken"]}).json()
    assert [log["issueId"] for log in first["issueChangeLogs"] + rest["issueChangeLogs"]] == ["10000", "10001"]
    page = cloud("GET", "issue/PLAT-1/changelog", maxResults=1).json()
    assert (page["total"], page["isLast"], len(page["values"])) == (1, True, 1)
