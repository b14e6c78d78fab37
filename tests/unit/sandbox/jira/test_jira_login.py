"""Credentials, limits, saving, faults in Jira's shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from okrsync.sandbox import Fault
from okrsync.sandbox.jira import JiraSandbox, RateLimits
from tests.unit.sandbox.jira.jira_site import TOKEN, USER, Raw

SEARCH = {"cloud": "search/jql", "data-center": "search"}


def test_cloud_answers_a_wrong_token_with_an_empty_list(cloud: Raw) -> None:
    cloud.site.create_issue("PLAT", "Epic", "One")
    cloud.session.auth = (USER, "wrong")
    found = cloud("GET", "search/jql", jql="project = PLAT")
    assert (found.status_code, found.json()) == (200, {"issues": [], "isLast": True})
    assert found.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    for path, status in {
        "myself": 401,
        "field": 401,
        "serverInfo": 200,
        "issue/PLAT-1": 404,
        "project/PLAT": 404,
    }.items():
        answer = cloud("GET", path)
        assert (answer.status_code, answer.headers["X-Seraph-LoginReason"]) == (status, "AUTHENTICATED_FAILED"), path
    assert cloud.create().status_code == 401
    assert len(cloud.site.issues()) == 1


def test_data_center_answers_a_wrong_token_with_401_everywhere(data_center: Raw) -> None:
    data_center.session.headers["Authorization"] = "Bearer wrong"
    for path in ("search?jql=project=PLAT", "myself", "serverInfo", "issue/PLAT-1"):
        answer = data_center("GET", path)
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (401, "text/html")
        assert "Unauthorized (401)" in answer.text
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_each_flavour_has_its_own_ways_to_log_in(cloud: Raw, data_center: Raw) -> None:
    def status(raw: Raw, **login: Any) -> int:
        return requests.get(raw.url + "myself", timeout=5, **login).status_code

    assert status(cloud, auth=(USER, TOKEN)) == 200
    assert status(cloud, headers={"Authorization": f"Bearer {TOKEN}"}) == 401
    assert status(cloud, auth=("other@demo.example", TOKEN)) == 401
    assert status(cloud, headers={"Authorization": "Basic not-base64"}) == 401
    assert status(data_center, headers={"Authorization": f"Bearer {TOKEN}"}) == 200
    assert status(data_center, auth=("bot", TOKEN)) == 200
    assert status(data_center) == 401
    assert requests.get(data_center.url + "serverInfo", timeout=5).status_code == 200


def test_the_token_is_in_no_log_and_no_state(either: Raw) -> None:
    either.create()
    kept = json.dumps([one.to_json() for one in either.site.requests.records]) + json.dumps(either.site.to_json())
    assert TOKEN not in kept


def test_urls_are_on_the_host_that_was_asked(either: Raw) -> None:
    made = either.create().json()
    assert made["self"] == f"{either.url}issue/{made['id']}"
    proxied = either.session.get(made["self"], headers={"Host": "jira.example"}, timeout=5).json()
    assert proxied["self"] == f"http://jira.example/rest/api/2/issue/{made['id']}"


def test_bursts_are_limited_on_cloud(make: Callable[..., Raw]) -> None:
    raw = make("cloud", rate_limits=RateLimits(get_post=3, put_delete=2))
    assert [raw("GET", "myself").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = raw("GET", "myself")
    assert (refused.headers["Retry-After"], refused.headers["RateLimit-Reason"]) == ("1", "jira-burst-based")
    raw.site.clock.advance(timedelta(seconds=1))
    assert raw("GET", "myself").status_code == 200
    assert raw("DELETE", "issue/PLAT-9").status_code == 404


def test_writes_to_one_issue_are_limited_on_cloud(make: Callable[..., Raw]) -> None:
    raw = make("cloud", rate_limits=RateLimits(issue_writes=2))
    one, two = raw.create().json()["key"], raw.create().json()["key"]

    def edit(key: str) -> requests.Response:
        return raw("PUT", f"issue/{key}", {"fields": {"summary": "x"}})

    assert [edit(one).status_code, edit(one).status_code, edit(two).status_code] == [204, 204, 204]
    refused = edit(one)
    assert (refused.status_code, refused.headers["RateLimit-Reason"]) == (429, "jira-per-issue-on-write")
    assert refused.headers["Retry-After"] == "2"
    assert raw("GET", f"issue/{one}").status_code == 200


def test_data_center_s_bucket_of_tokens(make: Callable[..., Raw]) -> None:
    raw = make("data-center", rate_limits=RateLimits(tokens=2, tokens_a_second=0.25))
    first, second, third = (raw("GET", "myself") for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (200, "0")
    assert (second.status_code, second.headers["retry-after"]) == (200, "4")
    assert (third.status_code, third.headers["retry-after"]) == (429, "4")
    raw.site.clock.advance(timedelta(seconds=4))
    assert raw("GET", "myself").status_code == 200


def test_a_saved_site_goes_on_where_it_was(either: Raw, tmp_path: Path) -> None:
    site = either.site
    site.autosave = tmp_path / "jira.json"
    site.add_number_field("KR current", projects=["PLAT"], types=["Epic"])
    epic = site.create_issue("PLAT", "Epic", "One", labels=["b", "a"], duedate="2026-12-31", **{"KR current": 1.5})
    task = site.create_issue("PLAT", "Task", "Two", parent=epic, assignee="dana")
    site.link(task, "blocks", epic)
    site.comment(task, "Said")
    site.transition(task, "Done")
    site.revoke("EDIT_ISSUES", "WEB")
    site.clock.advance(timedelta(days=2))
    assert either("PUT", f"issue/{epic}/properties/okrsync", {"n": [1, 2.5]}).status_code == 201

    again = JiraSandbox(flavour=site.store.state.flavour)
    again.load(site.autosave)
    assert again.issues() == site.issues()
    assert again.store.state == site.store.state
    assert again.clock.now() == site.clock.now()
    assert again.create_issue("PLAT", "Task", "Next") == "PLAT-3"
    assert again.issue("PLAT-3").id == site.issue(task).id + 1
    again.transition("PLAT-3", "Done")
    assert [issue.key for issue in again.store.indexed()] == [epic, task, "PLAT-3"]


def test_a_cloud_s_state_is_not_a_data_center_s(cloud: Raw) -> None:
    with pytest.raises(ValueError, match="expected the saved state of a jira-data-center"):
        JiraSandbox(flavour="data-center").load_json(cloud.site.to_json())


@pytest.mark.parametrize(
    "path", ["field", "project", "issue/PLAT-1/comment", "issue/PLAT-1/transitions", "issue/createmeta/PLAT/issuetypes",
             "issue/createmeta/PLAT/issuetypes/10000"]
)  # fmt: skip
def test_an_empty_list_has_the_shape_of_the_endpoint(either: Raw, path: str) -> None:
    either.site.create_issue("PLAT", "Epic", "One")
    either.site.comment("PLAT-1", "Said")
    real = either("GET", path).json()
    either.site.faults.add(Fault("empty_list"))
    empty = either("GET", path).json()
    if isinstance(real, list):
        assert (real != [], empty) == (True, [])
    else:
        assert empty.keys() == real.keys()
        assert [value for value in empty.values() if isinstance(value, list)] == [[]]


def test_a_search_s_empty_list_looks_like_one_that_found_nothing(either: Raw) -> None:
    either.site.create_issue("PLAT", "Epic", "One")
    path = SEARCH[either.site.store.state.flavour]
    either.site.faults.add(Fault("empty_list", path="search"))
    empty = either("GET", path, jql="project = PLAT").json()
    assert empty.keys() == either("GET", path, jql="project = WEB").json().keys()
    assert empty["issues"] == []


def test_a_create_whose_answer_was_lost_has_happened(either: Raw) -> None:
    either.site.faults.add(Fault("drop_after", method="POST", path="/issue$"))
    with pytest.raises(requests.exceptions.ConnectionError):
        either.create(labels=["mark"])
    assert either.keys("labels = mark") == ["PLAT-1"]
    either.site.faults.add(Fault("truncate", method="POST", path="/issue$"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        either.create()
    assert len(either.site.issues()) == 2


def test_unknown_addresses(either: Raw) -> None:
    assert either("GET", "nonsense").status_code == 404
    assert either("DELETE", "myself").status_code == 405
    words = either("GET", "issue/PLAT-99").json()["errorMessages"][0]
    assert words.startswith("Issue does not exist" if either.site.store.cloud else "Issue Does Not Exist")


def test_createmeta_has_other_names_on_cloud(cloud: Raw) -> None:
    types = cloud("GET", "issue/createmeta/PLAT/issuetypes", maxResults=2).json()
    assert (types["total"], [kind["name"] for kind in types["issueTypes"]]) == (5, ["Epic", "Story"])
    rest = cloud("GET", "issue/createmeta/PLAT/issuetypes", startAt=2).json()
    assert [kind["name"] for kind in rest["issueTypes"]] == ["Task", "Bug", "Sub-task"]
    fields = cloud("GET", f"issue/createmeta/PLAT/issuetypes/{types['issueTypes'][0]['id']}").json()
    assert {"summary", "labels", "duedate"} <= {field["fieldId"] for field in fields["fields"]}
    assert cloud("GET", "issue/createmeta/PLAT/issuetypes/1").status_code == 400
    assert cloud("GET", "../3/issue/createmeta/PLAT/issuetypes").status_code == 200
    projects = cloud("GET", "project/search", query="plat").json()
    assert [project["key"] for project in projects["values"]] == ["PLAT"]
    assert cloud("GET", "mypermissions").status_code == 400
