"""Whatever people do, a reading that goes on from the last one is the reading that begins anew."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okrsync.domain.ref import Marker
from okrsync.sandbox import SandboxServer
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.jira.searching import search
from okrsync.testing import memory_context
from okrsync.trackers.values import Match, Query
from okrsync_jira.tracker import JiraTracker

START = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
TEXTS = (
    "labels = q4",
    "labels != q4",
    "type = Bug AND Points > 2 ORDER BY created DESC",
    "(statusCategory = Done OR labels in (q4, big)) and summary ~ work",
    "project in (PLAT, WEB) AND labels = q4",
    'updated >= "-30m" AND labels = q4',
    "created <= -1h",
    "NOT resolution is EMPTY",
)
QUERIES = [Query(text, "PLAT", ("Points",)) for text in TEXTS] + [
    Query("labels = q4", "PLAT", (), None, START.date(), START.date() + timedelta(days=1))
]

people = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(["Bug", "Task"]), st.sets(st.sampled_from(["q4", "big", "other"]))),
    st.tuples(st.just("labels"), st.integers(0, 40), st.sets(st.sampled_from(["q4", "big", "other"]))),
    st.tuples(st.just("points"), st.integers(0, 40), st.none() | st.integers(0, 5)),
    st.tuples(st.just("status"), st.integers(0, 40), st.sampled_from(["To Do", "In Progress", "Done"])),
    st.tuples(st.just("delete"), st.integers(0, 40)),
    st.tuples(st.just("mark"), st.integers(0, 40)),
    st.tuples(st.just("wait"), st.sampled_from([0.001, 1, 61, 1800, 7200, 90000])),
)


def act(site: JiraSandbox, what: tuple[Any, ...]) -> None:
    keys = [each.key for each in site.issues()]
    match what:
        case ("create", kind, labels):
            site.create_issue("WEB" if len(keys) % 7 == 3 else "PLAT", kind, "Some work", labels=labels)
        case ("wait", seconds):
            site.clock.advance(timedelta(seconds=seconds))
        case (_, number, *_) if number >= len(keys):
            pass
        case ("labels", number, labels):
            site.edit(keys[number], labels=labels)
        case ("points", number, points):
            site.edit(keys[number], Points=points)
        case ("status", number, status):
            site.transition(keys[number], status)
        case ("mark", number):
            site.edit(keys[number], labels={"q4", "okrsync:other:2026-Q4:instant/p95"})
        case ("delete", number):
            site.delete(keys[number])


def expected(site: JiraSandbox, query: Query) -> dict[str, tuple[bool, Any]]:
    """What matches by the site's own search of everything: id → done, points."""
    jql = re.sub(r"(?i) ORDER BY .*", "", query.text)
    if "project" not in jql:
        jql = f"project = {query.project} AND ({jql})"
    if query.created_from and query.created_to:
        jql += f" AND created >= {query.created_from} AND created < {query.created_to + timedelta(days=1)}"
    (points,) = [field.id for field in site.store.state.fields.values() if field.name == "Points"]
    return {
        str(issue.id): (site.store.state.statuses[issue.status_id].category == "done", issue.values.get(points))
        for issue in search(site.store, jql, site.desk.zone)
        if not any(map(Marker.parse, issue.values.get("labels", ())))
    }


@pytest.mark.parametrize("flavour", ["cloud", "data-center"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.sampled_from(QUERIES),
    frozen=st.booleans(),
    lag=st.sampled_from([0, 0, 45]),
    rounds=st.lists(st.lists(people, max_size=4), min_size=1, max_size=6),
)
def test_going_on_is_beginning_anew(
    flavour: Any, query: Query, frozen: bool, lag: int, rounds: list[list[tuple[Any, ...]]]
) -> None:
    site = JiraSandbox(
        flavour=flavour,
        page_size=4,
        id_page_size=20,
        clock=SandboxClock(START, frozen=frozen),
        index_lag=timedelta(seconds=lag if flavour == "cloud" else 0),
    )
    for key in ("PLAT", "WEB"):
        site.add_project(key, key.title())
    site.add_number_field("Points")
    for number in range(22):
        labels = {"q4"} if number % 3 else {"big", "other"}
        site.create_issue(
            "PLAT", "Bug" if number % 2 else "Task", f"Some work {number}", labels=labels, Points=number % 5
        )
    site.clock.advance(timedelta(hours=1))
    with SandboxServer(site) as server:
        user = site.user if flavour == "cloud" else None
        tracker = JiraTracker(memory_context(url=server.url, user=user, token=site.token))
        known: dict[str, Match] = {}
        cursor: str | None = None
        for steps in [[], *rounds]:
            for step in steps:
                act(site, step)
            found = tracker.matches(query, known, cursor)
            known, cursor = found.after(known), found.cursor
            now = {each.id: (each.done, each.values.get("Points")) for each in known.values()}
            if query.fields:
                assert now == expected(site, query)
            else:
                assert {id_: done for id_, (done, _) in now.items()} == {
                    id_: done for id_, (done, _) in expected(site, query).items()
                }
        tracker.close()
