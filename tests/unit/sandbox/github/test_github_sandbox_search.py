"""Issue search finds what its qualifiers say, late and incompletely if told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.github import GitHubSandbox, Token
from tests.unit.sandbox.github.github_sandbox_api import Api


@pytest.fixture
def found(site: GitHubSandbox, api: Api) -> Callable[[str], list[int]]:
    milestone = site.create_milestone("acme/web", "Make sign-up instant")
    marker = "<!-- okrsync:acme:2026-Q4:instant-signup/p95 -->"
    site.create_issue("acme/web", "p95 to 1.5 s", body=marker, milestone=milestone, labels=["key-result"])
    site.clock.advance(timedelta(days=1))
    site.create_issue("acme/web", "Crash on start", labels=["bug", "good first issue"], author="dana")
    site.create_issue("acme/web", "Fix crash", pull_request=True, assignees=["okr-bot"])
    site.merge_pull_request("acme/web", 3)

    def numbers(query: str) -> list[int]:
        answer = (
            api("GET", "/search/issues", None)
            if not query
            else api.session.get(f"{api.url}/search/issues", params={"q": query, "order": "asc"}, timeout=10)
        )
        assert answer.status_code == 200, answer.text
        return [item["number"] for item in answer.json()["items"]]

    return numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("repo:acme/web", [1, 2, 3]),
        ("org:acme is:issue", [1, 2]),
        ("is:pr is:merged", [3]),
        ("crash", [2, 3]),
        ("crash is:open", [2]),
        ('"okrsync:acme:2026-Q4:instant-signup/p95" in:body', [1]),
        ('"2026-Q4 instant-signup"', [1]),
        ('label:"good first issue"', [2]),
        ("-label:bug is:issue", [1]),
        ('milestone:"make sign-up instant"', [1]),
        ("no:milestone", [2, 3]),
        ("author:dana", [2]),
        ("assignee:@me", [3]),
        ("created:2026-10-05", [1]),
        ("created:>2026-10-05", [2, 3]),
        ("created:2026-10-01..2026-10-05", [1]),
        ("closed:>=2026-10-06T00:00:00Z", [3]),
        ("is:closed reason:completed", []),
    ],
)
def test_qualifiers(found: Callable[[str], list[int]], query: str, numbers: list[int]) -> None:
    assert found(query) == numbers


def test_wrong_queries_are_refused(api: Api) -> None:
    for query in ("", "q=", "q=repo:acme/nothing", "q=created:yesterday", f"q={'x' * 257}"):
        refused = api("GET", f"/search/issues?{query}")
        assert refused.status_code == 422, query
        assert refused.json()["errors"][0]["resource"] == "Search"
    beyond = api("GET", "/search/issues?q=x&per_page=100&page=11")
    assert beyond.json()["message"] == "Only the first 1000 search results are available"


def test_a_fine_grained_token_must_say_what_it_looks_for(site: GitHubSandbox, server: SandboxServer) -> None:
    site.add_token(Token("fine", "okr-bot", scopes=None))
    fine = Api(server, "fine")
    assert fine("GET", "/search/issues?q=repo:acme/web").status_code == 422
    assert fine("GET", "/search/issues?q=repo:acme/web+is:issue").status_code == 200
    fine.session.close()


def test_thirty_a_minute_beside_the_hourly_limit(site: GitHubSandbox, api: Api) -> None:
    statuses = [api("GET", "/search/issues?q=x").status_code for _ in range(31)]
    assert statuses == [200] * 30 + [403]
    assert api("GET", "/user").headers["X-RateLimit-Remaining"] == "4999"
    site.clock.advance(timedelta(minutes=1))
    assert api("GET", "/search/issues?q=x").headers["X-RateLimit-Resource"] == "search"


def test_the_index_lags_and_results_may_be_incomplete(site: GitHubSandbox, api: Api) -> None:
    site.hub.search_lag = timedelta(minutes=2)
    site.create_issue("acme/web", "new")
    assert api("GET", "/search/issues?q=new").json()["total_count"] == 0
    site.clock.advance(timedelta(minutes=2))
    site.hub.search_is_incomplete = True
    answer = api("GET", "/search/issues?q=new").json()
    assert (answer["total_count"], answer["incomplete_results"]) == (1, True)


def test_at_most_a_thousand_results(site: GitHubSandbox, api: Api) -> None:
    for at in range(1001):
        site.create_issue("acme/web", f"word {at}")
    page = api("GET", "/search/issues?q=word&per_page=100&page=10")
    assert page.json()["total_count"] == 1001
    assert len(page.json()["items"]) == 100
    assert "next" not in page.links
