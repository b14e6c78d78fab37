"""The Jira sandbox's Cloud flavour against Atlassian's own description, endpoint by endpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from okrsync.sandbox import Fault, RequestRecord, SandboxClock, SandboxServer
from okrsync.sandbox.jira import JiraSandbox, RateLimits
from tests.vendor.jira_description import EXEMPTIONS, JiraDescription

USER, TOKEN = "bot@demo.example", "sandbox-token"


@pytest.fixture(scope="module")
def description() -> JiraDescription:
    """Atlassian's description; its absence is a failure where `OKRSYNC_REQUIRE_VENDOR` is 1."""
    try:
        return JiraDescription.load()
    except FileNotFoundError as absent:
        if os.environ.get("OKRSYNC_REQUIRE_VENDOR") == "1":
            raise
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[JiraSandbox, str]]:
    site = JiraSandbox(user=USER, token=TOKEN, clock=SandboxClock(datetime(2026, 11, 22, tzinfo=UTC), frozen=True))
    site.add_project("PLAT", "Platform")
    site.add_project("WEB", "Web")
    with SandboxServer(site) as server:
        yield site, server.url


@pytest.fixture(scope="module")
def records(served: tuple[JiraSandbox, str]) -> list[RequestRecord]:
    """A session that asks every endpoint, well and badly, with and without its parameters."""
    site, url = served
    number = site.add_number_field("KR current")
    text = site.add_text_field("Team")
    session = requests.Session()
    session.auth = (USER, TOKEN)

    def ask(method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = session.request(method, f"{url}/rest/api/2/{path}", json=body, params=query, timeout=5)
        return answer.json() if answer.content else None

    for path in ("serverInfo", "myself", "field", "issuetype", "status", "priority", "issueLinkType", "project"):
        ask("GET", path)
    ask("GET", "mypermissions", permissions="BROWSE_PROJECTS,EDIT_ISSUES,ADMINISTER", projectKey="PLAT")
    ask("GET", "mypermissions")
    ask("GET", "mypermissions", permissions="EDIT_ISSUES", projectKey="NONE")
    ask("GET", "project/search", maxResults=1, keys=["PLAT", "WEB"])
    ask("GET", "project/search", startAt=1, maxResults=1, query="p", orderBy="key")
    for project in ("PLAT", "NONE"):
        ask("GET", f"project/{project}")
        ask("GET", f"issue/createmeta/{project}/issuetypes", maxResults=200)
        ask("GET", f"issue/createmeta/{project}/issuetypes/10000", startAt=0)

    def fields(kind: str, **more: Any) -> dict[str, Any]:
        return {"fields": {"project": {"key": "PLAT"}, "issuetype": {"name": kind}, "summary": "Some work", **more}}

    wanted = {
        "labels": ["okrsync:acme:2026-Q4:x"],
        "duedate": "2026-12-31",
        "description": "Why",
        number: 2.5,
        text: "A",
    }
    epic = ask("POST", "issue", fields("Epic", **wanted) | {"properties": [{"key": "okrsync", "value": {"a": 1}}]})[
        "key"
    ]
    task = ask("POST", "issue", fields("Task", parent={"key": epic}))["key"]
    ask("POST", "issue", fields("Epic", nonsense=1))
    ask("POST", "issue/bulk", {"issueUpdates": [fields("Task"), fields("Nonsense")]})
    ask("POST", "issue/bulk", {"issueUpdates": [fields("Nonsense")]})
    part = ask("POST", "issue", fields("Sub-task", parent={"key": task}))["key"]
    site.edit(task, assignee="dana", priority="High")

    ask("PUT", f"issue/{epic}", {"fields": {"summary": "New", number: None}})
    ask("PUT", f"issue/{epic}", {"update": {"labels": [{"add": "more"}]}}, returnIssue="true")
    ask("PUT", f"issue/{epic}", {"fields": {"summary": ""}})
    ask("PUT", f"issue/{epic}", {"fields": {"summary": "x"}}, notifyUsers="false")
    ask("PUT", "issue/PLAT-99", {"fields": {"summary": "x"}})
    ask("GET", f"issue/{epic}/editmeta")

    comment = ask("POST", f"issue/{epic}/comment", {"body": "Confidence 7/10"})["id"]
    ask("POST", f"issue/{epic}/comment", {"body": ""})
    ask("GET", f"issue/{epic}/comment", orderBy="-created", maxResults=10)
    ask("GET", f"issue/{epic}/comment/{comment}")
    ask("GET", f"issue/{epic}/comment/1")
    ask("PUT", f"issue/{epic}/comment/{comment}", {"body": "Confidence 6/10"})

    ask("GET", f"issue/{task}/transitions")
    ask("POST", f"issue/{task}/transitions", {"transition": {"id": "31"}})
    ask("POST", f"issue/{task}/transitions", {"transition": {"id": "99"}})

    link = {"type": {"name": "Relates"}, "inwardIssue": {"key": epic}, "outwardIssue": {"key": task}}
    ask("POST", "issueLink", link)
    ask("POST", "issueLink", link | {"type": {"name": "Nonsense"}})
    link_id = ask("GET", f"issue/{epic}", fields="issuelinks")["fields"]["issuelinks"][0]["id"]
    ask("GET", f"issueLink/{link_id}")
    for issue in (epic, task, part):
        ask("GET", f"issue/{issue}", expand="changelog,names", properties="*all")
    ask("GET", "issue/PLAT-99")
    ask("GET", f"issue/{epic}/changelog", maxResults=1)
    ask("GET", f"issue/{epic}/properties")
    ask("GET", f"issue/{epic}/properties/okrsync")
    ask("PUT", f"issue/{epic}/properties/okrsync", {"a": 2})
    ask("PUT", f"issue/{epic}/properties/other", {"a": 2})
    ask("DELETE", f"issue/{epic}/properties/other")

    jql = "project = PLAT order by key"
    page = ask("GET", "search/jql", jql=jql, maxResults=2, fields="summary,status,parent", expand="changelog")
    ask("GET", "search/jql", jql=jql, nextPageToken=page["nextPageToken"], fields=["*all", "-comment"])
    ask("POST", "search/jql", {"jql": jql, "fields": ["*navigable"], "reconcileIssues": [10000], "maxResults": 100})
    ask("GET", "search/jql", jql="nonsense = 1", reconcileIssues="10000,10001")
    ask("POST", "search/approximate-count", {"jql": jql})
    ask("POST", "search/approximate-count", {"jql": "nonsense"})
    ask("GET", "search", jql=jql)
    ask("POST", "search", {"jql": jql})
    ask("POST", "issue/bulkfetch", {"issueIdsOrKeys": [epic, "PLAT-99"], "fields": ["summary"]})
    for number in range(21):
        site.comment(epic, f"okr: {number}", author="dana")
    site.comment(task, "okr: 99", author=site.add_user("mallory", customer=True))
    ask("POST", "issue/bulkfetch", {"issueIdsOrKeys": [epic, task], "fields": ["comment"]})
    ask("POST", "changelog/bulkfetch", {"issueIdsOrKeys": [epic, task], "fieldIds": ["summary"]})

    session.auth = (USER, "wrong")
    for path in ("serverInfo", "myself", "field", f"issue/{epic}", "project/PLAT", "project", "project/search"):
        ask("GET", path)
    ask("GET", "search/jql", jql=jql)
    ask("POST", "search/approximate-count", {"jql": jql})
    session.auth = (USER, TOKEN)
    site.rate_limits = RateLimits(get_post=1)
    ask("GET", "myself")
    ask("GET", "myself")
    site.rate_limits = None

    ask("DELETE", f"issueLink/{link_id}")
    ask("DELETE", f"issue/{task}")
    ask("DELETE", f"issue/{task}", deleteSubtasks="true")
    return site.requests.records


def test_every_request_and_answer_is_as_described(records: list[RequestRecord], description: JiraDescription) -> None:
    complaints = [complaint for record in records for complaint in description.check(record)]
    assert complaints == []


def test_every_endpoint_of_the_sandbox_was_asked(
    records: list[RequestRecord], served: tuple[JiraSandbox, str], description: JiraDescription
) -> None:
    asked = {(one.method, operation.path) for one in records if (operation := description.operation(one))}
    offered = set()
    for method, path, _ in served[0].routes():
        if path.startswith("/rest/api/2/"):
            example = replace(records[0], method=method, path=path)
            operation = description.operation(example)
            assert operation is not None, f"{method} {path} is no endpoint of Jira Cloud"
            offered.add((method, operation.path))
    assert offered - asked == set()


def test_every_exemption_is_needed(
    records: list[RequestRecord], description: JiraDescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    for exemption in EXEMPTIONS:
        others = tuple(one for one in EXEMPTIONS if one != exemption)
        monkeypatch.setattr("tests.vendor.jira_description.EXEMPTIONS", others)
        assert any(description.check(record) for record in records), exemption


def _edited(record: RequestRecord, **changes: Any) -> RequestRecord:
    given = {name: json.dumps(value).encode() if name.endswith("body") else value for name, value in changes.items()}
    return replace(record, **given)


@pytest.mark.parametrize(
    ("method", "path", "changes", "words"),
    [
        ("GET", "/rest/api/2/myself", {"path": "/rest/api/2/whoami"}, "not described"),
        ("GET", "/rest/api/2/myself", {"query": "who=me"}, "who is no parameter"),
        ("GET", "/rest/api/2/myself", {"status": 302}, "status 302 is not listed"),
        ("GET", "/rest/api/2/myself", {"response_body": {"accountId": 5}}, "5 is not of type 'string'"),
        ("GET", "/rest/api/2/myself", {"response_body": {"nick": "x"}}, "'nick' was unexpected"),
        ("GET", "/rest/api/2/serverInfo", {"response_body": {"serverTime": "today"}}, "'today' is not a 'date-time'"),
        ("GET", "/rest/api/2/search/jql", {"query": "maxResults=all"}, "'all' is not of type 'integer'"),
        ("GET", "/rest/api/2/search/jql", {"query": "reconcileIssues=1,PLAT-2"}, "'PLAT-2' is not of type 'integer'"),
        ("POST", "/rest/api/2/search/jql", {"body": {"jql": None}}, "None is not of type 'string'"),
        ("POST", "/rest/api/2/search/jql", {"body": {"startAt": 0}}, "'startAt' was unexpected"),
        ("POST", "/rest/api/2/issue/bulkfetch", {"body": {}}, "'issueIdsOrKeys' is a required property"),
        ("POST", "/rest/api/2/issue/bulkfetch", {"headers": {}}, "content type missing"),
        ("POST", "/rest/api/2/issueLink", {"body": {"type": {}}}, "'inwardIssue' is a required property"),
        ("GET", "/rest/api/2/field", {"response_body": [{"schema": {"type": 1}}]}, "1 is not of type 'string'"),
    ],
)
def test_the_check_finds_mistakes(
    records: list[RequestRecord],
    description: JiraDescription,
    method: str,
    path: str,
    changes: dict[str, Any],
    words: str,
) -> None:
    record = next(one for one in records if (one.method, one.path) == (method, path) and one.status < 300)
    assert description.check(record) == []
    assert any(words in complaint for complaint in description.check(_edited(record, **changes)))


def test_an_answer_that_a_fault_gave_is_not_the_sandbox_s(
    served: tuple[JiraSandbox, str], records: list[RequestRecord], description: JiraDescription
) -> None:
    site, url = served
    site.faults.add(Fault("html_login"))
    requests.get(f"{url}/rest/api/2/myself", auth=(USER, TOKEN), timeout=5)
    assert description.check(site.requests.records[-1]) == []
