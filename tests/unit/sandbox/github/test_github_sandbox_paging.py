"""Pages: Link headers with the client's own host, cursors for issues, ETags and 304s."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from github import Github
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from okrsync.sandbox import SandboxRequest
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.github.paging import cursor_page
from tests.unit.sandbox.github.github_sandbox_api import Api

LINK = re.compile(r'<([^>]+)>; rel="(\w+)"')


def links(header: str | None) -> dict[str, str]:
    return {rel: url for url, rel in LINK.findall(header or "")}


def test_milestones_page_by_number(site: GitHubSandbox, api: Api) -> None:
    for at in range(5):
        site.create_milestone("acme/web", f"m{at}")
    first = api("GET", "/repos/acme/web/milestones?state=all&per_page=2")
    found = links(first.headers["Link"])
    assert set(found) == {"next", "last"}
    assert all(url.startswith(f"{api.url}/repositories/") and "state=all" in url for url in found.values())
    last = api("GET", found["last"])
    assert [one["title"] for one in last.json()] == ["m4"]
    assert set(links(last.headers["Link"])) == {"prev", "first"}
    assert "Link" not in api("GET", "/repos/acme/web/milestones?per_page=100").headers


def test_links_carry_the_host_that_the_client_named(site: GitHubSandbox, api: Api) -> None:
    for at in range(2):
        site.create_issue("acme/web", f"i{at}")
    answer = api("GET", "/repos/acme/web/issues?per_page=1", Host="git.example:8080")
    assert answer.json()[0]["url"].startswith("http://git.example:8080/repos/acme/web/issues/")
    assert links(answer.headers["Link"])["next"].startswith("http://git.example:8080/repositories/")


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_issues_page_by_cursor_forth_and_back(site: GitHubSandbox, api: Api, direction: str) -> None:
    made = [site.create_issue("acme/web", f"i{at}") for at in range(5)]
    wanted = made if direction == "asc" else made[::-1]
    seen, url = [], f"/repos/acme/web/issues?per_page=2&direction={direction}"
    while url:
        page = api("GET", url)
        found = links(page.headers.get("Link"))
        assert "last" not in found
        seen += [issue["number"] for issue in page.json()]
        url, back = found.get("next", ""), found.get("prev", "")
    assert seen == wanted
    assert [issue["number"] for issue in api("GET", back).json()] == wanted[2:4]


def test_a_cursor_is_not_shifted_by_new_issues(site: GitHubSandbox, api: Api) -> None:
    for at in range(4):
        site.create_issue("acme/web", f"i{at}")
    first = api("GET", "/repos/acme/web/issues?per_page=2")
    site.clock.advance(timedelta(minutes=1))
    site.create_issue("acme/web", "new")
    second = api("GET", links(first.headers["Link"])["next"])
    assert [issue["title"] for issue in [*first.json(), *second.json()]] == ["i3", "i2", "i1", "i0"]


def test_deep_pages_are_refused(api: Api) -> None:
    refused = api("GET", "/repos/acme/web/issues?per_page=100&page=100")
    assert refused.status_code == 422
    assert "cursor based pagination" in refused.json()["message"]
    assert api("GET", "/repos/acme/web/issues?per_page=100&page=99").json() == []


def test_pygithub_reads_all_pages(site: GitHubSandbox, client: Github) -> None:
    for at in range(250):
        site.create_issue("acme/web", f"i{at}")
    assert len(list(client.get_repo("acme/web").get_issues(state="all"))) == 250
    assert site.requests.count("GET", "/issues$") == 3


def test_an_unchanged_page_is_a_304_that_costs_nothing(site: GitHubSandbox, client: Github, api: Api) -> None:
    number = site.create_milestone("acme/web", "m")
    path = "/repos/acme/web/milestones?state=all&per_page=100"
    first = api("GET", path)
    assert first.headers["ETag"].startswith('W/"')
    same = api("GET", path, If_None_Match=first.headers["ETag"])
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    assert same.headers["ETag"] == first.headers["ETag"]
    status, _, text = client.requester.requestJson("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert (status, text) == (304, "")
    site.create_issue("acme/web", "i", milestone=number)
    changed = api("GET", path, If_None_Match=first.headers["ETag"])
    assert (changed.status_code, changed.json()[0]["open_issues"]) == (200, 1)
    assert changed.headers["ETag"] != first.headers["ETag"]


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers()), unique_by=lambda row: row[1]),
    size=st.integers(1, 7),
    descending=st.booleans(),
)
def test_cursors_show_every_row_once_and_in_order(rows: list[tuple[int, int]], size: int, descending: bool) -> None:
    seen: list[list[int]] = []
    query = f"per_page={size}"
    while query:
        request = SandboxRequest("GET", "/issues", query, Headers({}), b"", "http://localhost")
        page = cursor_page(
            request, "/issues", rows, 100, key=lambda row: row, descending=descending, show=list, docs=""
        )
        seen += json.loads(bytes(page.body))
        query = links(page.headers.get("link")).get("next", "").partition("?")[2]
    assert seen == [list(row) for row in sorted(rows, reverse=descending)]
