"""Whatever people do, a reading that goes on from the last one is the reading that begins anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from okrsync.domain.ref import Marker
from okrsync.sandbox import SandboxServer
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github import GitHubSandbox
from okrsync.trackers.values import Match, Query
from okrsync_github import totals
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
]
"""They begin with the oldest that may match, but for those about pull requests."""
LATELY = [
    Query("is:open", REPOSITORY, created_from=START.date() + timedelta(days=1)),
    Query("is:open", REPOSITORY, created_from=START.date()),
    Query("is:open", REPOSITORY, created_from=START.date(), created_to=START.date()),
    Query("-reason:duplicate", REPOSITORY, created_from=START.date()),
    Query("label:q4 label:big", REPOSITORY, created_from=START.date()),
    Query("label:q4 label:big label:other", REPOSITORY, created_from=START.date()),
    Query('milestone:"fast pages" assignee:robin label:q4', REPOSITORY, created_from=START.date()),
    Query("label:q4", REPOSITORY, ("Points",), "acme/1", created_from=START.date()),
    Query("created:>=2026-10-05 -label:big", REPOSITORY),
    Query("created:2026-10-05T09:30:00Z..2026-10-08", REPOSITORY),
    Query("is:pr", REPOSITORY, created_from=START.date()),
    Query("is:pr", REPOSITORY),
    Query("is:pr label:q4 label:big", REPOSITORY),
    Query('is:pr milestone:"fast pages"', REPOSITORY),
    Query("is:merged author:robin", REPOSITORY),
]
"""They begin with the newest, and end where nothing can match any more."""

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
    st.tuples(st.just("transfer"), numbers),
    st.tuples(st.just("merge"), numbers),
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
        case ("transfer", at):
            # What comes from another repository is as old as it was, and has a number of its own.
            if "pull_request" not in site.issue(REPOSITORY, existing[at]):
                (web,) = site.hub.state.repositories.values()
                old = web.issues[existing[at]]
                number = site.create_issue(REPOSITORY, old.title, labels=["q4"])
                web.issues[number].created_at = old.created_at
                site.delete_issue(REPOSITORY, old.number)
        case ("merge", at):
            if "pull_request" in site.issue(REPOSITORY, existing[at]):
                site.merge_pull_request(REPOSITORY, existing[at])


def founded(clock: SandboxClock) -> GitHubSandbox:
    site = GitHubSandbox(enforce_limits=False, page_size=4, clock=clock)
    now = clock.now()
    clock.set(now - timedelta(days=30))
    site.add_organization("acme")
    site.add_repository(REPOSITORY)
    site.add_user("robin")
    board = site.add_project("acme", "OKRs")
    site.add_number_field(f"acme/{board}", "Points")
    for title in ("Fast pages", "Small pages"):
        site.create_milestone(REPOSITORY, title)
    for number in range(1, 25):
        if number == 7:
            clock.set(now)
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


@settings(max_examples=45, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.sampled_from([*QUERIES, *LATELY]),
    frozen=st.booleans(),
    newest=st.sampled_from([3, 100]),
    rounds=st.lists(st.lists(people, max_size=4), min_size=1, max_size=6),
)
@example(query=Query("label:q4", REPOSITORY), frozen=False, newest=3, rounds=[[("transfer", 0)]])
def test_going_on_is_beginning_anew(
    query: Query, frozen: bool, newest: int, rounds: list[list[tuple[Any, ...]]]
) -> None:
    site = founded(SandboxClock(START, frozen=frozen))
    site.clock.advance(timedelta(hours=1))
    with SandboxServer(site) as server, mock.patch.object(totals, "PAGE_SIZE", newest):
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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.sampled_from(LATELY),
    size=st.sampled_from([2, 3]),
    steps=st.lists(st.lists(people, max_size=3), min_size=1, max_size=8),
)
def test_what_moves_while_one_reads_is_right_in_the_next_reading(
    query: Query, size: int, steps: list[list[tuple[Any, ...]]]
) -> None:
    site = founded(SandboxClock(START, frozen=True))
    site.clock.advance(timedelta(hours=1))
    with SandboxServer(site) as server, mock.patch.object(totals, "PAGE_SIZE", size):
        tracker = GitHub(site, server.url).connect()
        client, waiting = tracker._queries._client, iter(steps)
        graphql = client.graphql

        def busy(*arguments: Any, **options: Any) -> Any:
            answer = graphql(*arguments, **options)
            site.clock.advance(timedelta(seconds=1))
            for step in next(waiting, ()):
                act(site, step)
            site.clock.advance(timedelta(seconds=1))
            return answer

        with mock.patch.object(client, "graphql", busy):
            first = tracker.matches(query, {}, None)
        site.clock.advance(timedelta(minutes=5))

        found = tracker.matches(query, first.after({}), first.cursor)

        known = found.after(first.after({}))
        assert {each.id: (each.done, each.values.get("Points")) for each in known.values()} == expected(site, query)
        tracker.close()
