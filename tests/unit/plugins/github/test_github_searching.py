"""GitHub's search syntax: read as GitHub reads it, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.sandbox import SandboxServer
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github import GitHubSandbox
from okrsync.trackers.errors import Rejected
from okrsync.trackers.values import Query
from okrsync_github.searching import read_search

START = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)


def matching(site: GitHubSandbox, text: str) -> list[int]:
    search = read_search(Query(text, "acme/web"))
    return [each["number"] for each in site.issues("acme/web") if search.test(each)]


@pytest.fixture(scope="module")
def site() -> GitHubSandbox:
    """Issues 1 to 5 and the pull requests 6 and 7, an hour after one another."""
    site = GitHubSandbox(enforce_limits=False, clock=SandboxClock(START, frozen=True))
    site.add_repository("acme/web")
    site.add_user("robin")
    for title in ("Fast pages", "Search"):
        site.create_milestone("acme/web", title)
    for labels, milestone, assignees, pull_request in (
        (["bug", "slipped through"], 1, ["robin"], False),
        (["bug"], 2, [], False),
        (["Wontfix"], None, ["robin", "okr-bot"], False),
        ([], 1, [], False),
        (["bug", "wontfix"], None, [], False),
        (["bug"], 1, [], True),
        ([], None, ["robin"], True),
    ):
        number = site.create_issue(
            "acme/web",
            "Some work",
            labels=labels,
            milestone=milestone,
            assignees=assignees,
            pull_request=pull_request,
            author="robin" if milestone else None,
        )
        for _ in range(number - 1):
            site.comment("acme/web", number, "How far are we?")
        site.clock.advance(timedelta(hours=6))
    site.close_issue("acme/web", 2)
    site.close_issue("acme/web", 4, "not_planned")
    site.merge_pull_request("acme/web", 6)
    return site


@pytest.fixture(scope="module")
def url(site: GitHubSandbox) -> Iterator[str]:
    with SandboxServer(site) as server:
        yield server.url


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("label:bug", [1, 2, 5]),
        ("label:BUG -label:wontfix", [1, 2]),
        ('label:"slipped through"', [1]),
        ('label:"slipped through",wontfix', [1, 3, 5]),
        ("label:bug label:wontfix", [5]),
        ("is:open", [1, 3, 5]),
        ("state:closed", [2, 4]),
        ("-is:open", [2, 4]),
        ("is:issue is:closed", [2, 4]),
        ("is:pr", [6, 7]),
        ("type:pr is:open", [7]),
        ("-is:issue", [6, 7]),
        ("is:merged", [6]),
        ("is:unmerged", [7]),
        ("is:pr -is:merged", [7]),
        ("is:unlocked", [1, 2, 3, 4, 5]),
        ("is:locked", []),
        ('milestone:"fast pages"', [1, 4]),
        ("milestone:search", [2]),
        ("milestone:*", [1, 2, 4]),
        ("-milestone:search", [1, 3, 4, 5]),
        ("no:milestone", [3, 5]),
        ("no:label", [4]),
        ("no:assignee", [2, 4, 5]),
        ("-no:assignee", [1, 3]),
        ("assignee:*", [1, 3]),
        ("assignee:OKR-bot", [3]),
        ("author:robin", [1, 2, 4]),
        ("-author:robin", [3, 5]),
        ("created:2026-10-05", [1, 2, 3]),
        ("created:>2026-10-05", [4, 5]),
        ("created:>=2026-10-06", [4, 5]),
        ("created:<2026-10-06", [1, 2, 3]),
        ("created:<=2026-10-05", [1, 2, 3]),
        ("created:2026-10-05..2026-10-06", [1, 2, 3, 4, 5]),
        ("created:*..2026-10-05", [1, 2, 3]),
        ("created:2026-10-06..*", [4, 5]),
        ("created:>2026-10-05T15:30:00Z", [3, 4, 5]),
        ("created:>2026-10-05T17:30:00+02:00", [3, 4, 5]),
        ("closed:>2026-10-01", [2, 4]),
        ("-closed:>2026-10-01", [1, 3, 5]),
        ("updated:<2026-10-06", [1, 3]),
        ("comments:0", [1]),
        ("comments:>=3", [4, 5]),
        ("comments:>3", [5]),
        ("comments:<2", [1, 2]),
        ("comments:<=2", [1, 2, 3]),
        ("comments:1..2", [2, 3]),
        ("comments:3..*", [4, 5]),
        ('reason:"not planned"', [4]),
        ("reason:completed", [2]),
        ("repo:acme/web is:open", [1, 3, 5]),
        ("is:open AND label:bug", [1, 5]),
    ],
)
def test_qualifiers_mean_what_they_mean_on_github(site: GitHubSandbox, text: str, numbers: list[int]) -> None:
    assert matching(site, text) == numbers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slow pages", "'slow' in the query 'slow pages' is text"),
        ("is:open involves:robin", "'involves:robin'.*is not understood; okrsync knows is: state:"),
        ("is:public", "'is:public'.*is not understood"),
        ("type:Bug", "'type:Bug'.*is not understood"),
        ("no:project", "'no:project'.*is not understood"),
        ("author:@me", "'author:@me'.*is not understood"),
        ("label:bug OR label:slow", "'OR'.*qualifiers stand beside one another"),
        ("(label:bug)", r"'\(label:bug\)'.*qualifiers stand beside one another"),
        ("label:", "'label:'.*has no value"),
        ('label:""', "has no value"),
        ('label:"slow', "quotation mark that is not closed"),
        ("created:yesterday", "'yesterday' is no time: write 2026-10-01"),
        ("created:>2026-10-01..2026-10-03", "is no time"),
        ("created:9999-12-31", "is no time"),
        ("comments:many", "'many' is no number: write 5"),
        ("author:robin author:dana", "author: stands twice"),
        ("repo:acme/app", "another repository than the mapping's, acme/web"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        read_search(Query(text, "acme/web"))


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("is:open label:bug -label:wontfix assignee:robin", {"state": "open", "labels": "bug", "assignee": "robin"}),
        ("label:bug label:slow", {"state": "all", "labels": "bug,slow"}),
        ("label:bug,slow state:closed", {"state": "closed"}),
        ("author:dana", {"state": "all", "creator": "dana"}),
        ("author:app/bot -is:open", {"state": "all"}),
    ],
)
def test_github_leaves_out_itself_what_it_can(text: str, filters: dict[str, str]) -> None:
    assert read_search(Query(text, "acme/web")).filters == filters


def test_an_apps_issues_are_found_by_its_name() -> None:
    search = read_search(Query("author:app/renovate", "acme/web"))

    assert search.test({"state": "open", "created_at": "2026-10-05T00:00:00Z", "user": {"login": "renovate[bot]"}})
    assert not search.test({"state": "open", "created_at": "2026-10-05T00:00:00Z", "user": {"login": "renovate"}})


terms = st.sampled_from(
    [
        "label:bug", "-label:bug", '-label:"slipped through"', "label:wontfix,other",
        "is:open", "is:closed", "-is:open", "no:label",
        "no:assignee", "-no:milestone", 'milestone:"Fast pages"', "-milestone:Search", "assignee:robin",
        "-author:robin", "author:robin", "created:>2026-10-05", "created:<=2026-10-05", "-created:2026-10-06",
        "created:2026-10-05T09:30:00Z..2026-10-05T21:30:00Z", "updated:>=2026-10-06", "closed:<2026-10-08",
        "-closed:>2026-10-01", "reason:completed", '-reason:"not planned"',
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    chosen=st.lists(terms, max_size=4, unique_by=lambda term: term.lstrip("-").partition(":")[0]), kind=st.booleans()
)
def test_it_finds_what_githubs_own_search_finds(site: GitHubSandbox, url: str, chosen: list[str], kind: bool) -> None:
    text = " ".join([*chosen, "is:pr" if kind else "is:issue"])

    assert matching(site, text) == found_by_github(url, text)


def found_by_github(url: str, text: str) -> list[int]:
    answer = requests.get(
        f"{url}/search/issues",
        params={"q": f"repo:acme/web {text}", "per_page": "100"},
        headers={"Authorization": "Bearer sandbox-token"},
        timeout=5,
    )
    return sorted(each["number"] for each in answer.json()["items"])
