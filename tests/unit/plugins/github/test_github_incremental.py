"""Whatever people do, a reading that goes on from the last one is the reading that begins anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okrsync.domain.ref import Marker
from okrsync.sandbox import SandboxServer
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github import GitHubSandbox
from okrsync.trackers.values import Match, Query
from okrsync_github import queries
from okrsync_github.searching import read_search
from tests.unit.plugins.github.github_ground import GitHub

START = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
REPOSITORY = "acme/web"
TEXTS = (
    "label:q4",
    "is:open -label:q4",
    "label:q4,big is:closed",
    "label:q4 label:big",
    'milestone:"fast pages"',
    "-milestone:*",
    "no:label",
    "is:pr",
    "is:pr label:q4",
    "assignee:robin",
    "author:robin -assignee:*",
    "updated:<2026-10-06",
    "closed:>=2026-10-05T10:00:00Z",
    "comments:>0",
    'reason:"not planned"',
)
QUERIES = [
    *(Query(text, REPOSITORY) for text in TEXTS),
    Query("label:q4", REPOSITORY, ("Points",), "acme/1"),
    Query("is:open", REPOSITORY, created_from=START.date() + timedelta(days=1)),
    Query("is:open", REPOSITORY, created_from=START.date(), created_to=START.date()),
]

numbers = st.integers(0, 40)
labels = st.sets(st.sampled_from(["q4", "big", "other"])).map(sorted)
people = st.one_of(
    st.tuples(st.just("create"), labels, st.booleans()),
    st.tuples(st.just("labels"), numbers, labels),
    st.tuples(st.just("milestone"), numbers, st.sampled_from([None, 1, 2])),
    st.tuples(st.just("close"), numbers, st.sampled_from(["completed", "not_planned"])),
    st.tuples(st.just("reopen"), numbers),
    st.tuples(st.just("assign"), numbers, st.sampled_from([[], ["robin"]])),
    st.tuples(st.just("comment"), numbers),
    st.tuples(st.just("points"), numbers, st.none() | st.integers(0, 5)),
    st.tuples(st.just("mark"), numbers),
    st.tuples(st.just("delete"), numbers),
    st.tuples(st.just("wait"), st.sampled_from([1, 61, 1800, 90000])),
)


def act(site: GitHubSandbox, what: tuple[Any, ...]) -> None:
    existing = [each["number"] for each in site.issues(REPOSITORY)]
    match what:
        case ("create", names, pull_request):
            site.create_issue(REPOSITORY, "Some work", labels=names, pull_request=pull_request, author="robin")
        case ("wait", seconds):
            site.clock.advance(timedelta(seconds=seconds))
        case (_, at, *_) if at >= len(existing):
            pass
        case ("labels", at, names):
            site.edit_issue(REPOSITORY, existing[at], labels=names)
        case ("milestone", at, milestone):
            site.edit_issue(REPOSITORY, existing[at], milestone=milestone)
        case ("close", at, reason):
            site.close_issue(REPOSITORY, existing[at], reason)
        case ("reopen", at):
            site.reopen_issue(REPOSITORY, existing[at])
        case ("assign", at, logins):
            site.edit_issue(REPOSITORY, existing[at], assignees=logins)
        case ("comment", at):
            site.comment(REPOSITORY, existing[at], "How far are we?")
        case ("points", at, points):
            site.set_project_number("acme", 1, REPOSITORY, existing[at], "Points", points)
        case ("mark", at):
            site.edit_issue(REPOSITORY, existing[at], body="<!-- okrsync:acme:2026-Q4:instant/p95 -->")
        case ("delete", at):
            if "pull_request" not in site.issue(REPOSITORY, existing[at]):
                site.delete_issue(REPOSITORY, existing[at])


def founded(clock: SandboxClock) -> GitHubSandbox:
    site = GitHubSandbox(enforce_limits=False, page_size=4, clock=clock)
    site.add_organization("acme")
    site.add_repository(REPOSITORY)
    site.add_user("robin")
    board = site.add_project("acme", "OKRs")
    site.add_number_field(f"acme/{board}", "Points")
    for title in ("Fast pages", "Small pages"):
        site.create_milestone(REPOSITORY, title)
    for number in range(1, 25):
        site.create_issue(
            REPOSITORY,
            f"Some work {number}",
            labels=["q4"] if number % 3 else ["big", "q4"] if number % 2 else [],
            milestone=1 if number % 4 else None,
            pull_request=number % 7 == 0,
            assignees=["robin"] if number % 2 else [],
        )
        if number % 5 == 0:
            site.close_issue(REPOSITORY, number)
    return site


def expected(site: GitHubSandbox, query: Query) -> dict[str, tuple[bool, Any]]:
    """What matches by the search's test of everything there is: id → done, points."""
    search = read_search(query)
    return {
        f"{REPOSITORY}/issues/{each['number']}": (
            each["state"] == "closed",
            site.project_value("acme", 1, REPOSITORY, each["number"], "Points") if query.fields else None,
        )
        for each in site.issues(REPOSITORY)
        if search.test(each) and ("pull_request" in each or not Marker.find_all(each["body"] or ""))
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.sampled_from(QUERIES),
    frozen=st.booleans(),
    newest=st.sampled_from([3, 100]),
    rounds=st.lists(st.lists(people, max_size=4), min_size=1, max_size=6),
)
def test_going_on_is_beginning_anew(
    query: Query, frozen: bool, newest: int, rounds: list[list[tuple[Any, ...]]]
) -> None:
    site = founded(SandboxClock(START, frozen=frozen))
    site.clock.advance(timedelta(hours=1))
    asked = queries._NEWEST.replace("last: 100", f"last: {newest}")
    with SandboxServer(site) as server, mock.patch.object(queries, "_NEWEST", asked):
        github = GitHub(site, server.url)
        tracker = github.connect()
        known: dict[str, Match] = {}
        cursor: str | None = None
        for steps in [[], *rounds]:
            for step in steps:
                act(site, step)
            found = tracker.matches(query, known, cursor)
            known, cursor = found.after(known), found.cursor
            assert {each.id: (each.done, each.values.get("Points")) for each in known.values()} == expected(site, query)
        tracker.close()
