"""The server in memory behaves like a server: shared, late to index, failing on command, counting what arrives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from okrsync.testing import MemoryServer, MemoryTracker, memory_context, memory_tracker_type
from okrsync.trackers.errors import Conflict, NotFound, Rejected, Transient
from okrsync.trackers.values import Draft, Edit, ItemKind, RemoteItem, Scope

SCOPE = Scope("PLAT", "epic", fields=("KR current",))


class Clock:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 10, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def draft(local: str, title: str = "Make signing up feel instant") -> Draft:
    kind = ItemKind.KEY_RESULT if "/" in local else ItemKind.OBJECTIVE
    return Draft(kind, f"okrsync:acme:2026-Q4:{local}", "acme", title, "Why.")


def keys(items: tuple[RemoteItem, ...]) -> list[str]:
    return sorted(each.at.key for each in items)


def test_trackers_share_a_server_as_processes_do() -> None:
    server = MemoryServer()
    one, other = (MemoryTracker(memory_context(), server) for _ in range(2))

    made = one.create(SCOPE, draft("signup"))
    other.update(SCOPE, made, Edit(title="Another title"))

    assert one.item(made.at.key).title == "Another title"
    assert (server.writes, server.reads, server.calls["create"]) == (2, 1, 1)


def test_a_young_item_is_found_by_its_id_and_not_by_its_marker() -> None:
    clock = Clock()
    server = MemoryServer(now=clock, lag=timedelta(seconds=60))
    tracker = MemoryTracker(memory_context(), server)
    made = tracker.create(SCOPE, draft("signup"))

    clock.pass_seconds(59)
    assert tracker.item(made.at.id).title == made.title
    assert tracker.find(SCOPE, made.markers) == ()
    assert tracker.read([SCOPE]).items == ()

    clock.pass_seconds(1)
    assert keys(tracker.find(SCOPE, made.markers)) == keys(tracker.read([SCOPE]).items) == [made.at.key]


def test_a_cursor_never_passes_an_item_that_the_index_does_not_show_yet() -> None:
    clock = Clock()
    server = MemoryServer(now=clock, lag=timedelta(seconds=60))
    tracker = MemoryTracker(memory_context(), server)
    old = tracker.create(SCOPE, draft("old"))
    clock.pass_seconds(60)
    young = tracker.create(SCOPE, draft("young"))
    server.people.edit(old.at, title="Renamed")

    first = tracker.read([SCOPE])
    clock.pass_seconds(60)
    second = tracker.read([SCOPE], since=first.cursor)
    third = tracker.read([SCOPE], since=second.cursor)

    assert keys(first.items) == [old.at.key]
    assert keys(second.items) == sorted([old.at.key, young.at.key])
    assert third.items == ()
    assert (first.complete, second.complete, third.complete) == (True, False, False)


def test_faults_strike_the_calls_they_are_meant_for_as_often_as_told() -> None:
    server = MemoryServer()
    tracker = MemoryTracker(memory_context(), server)
    server.fail("create", Rejected("no"), times=2, skip=1)

    tracker.create(SCOPE, draft("a"))
    for _ in range(2):
        tracker.read([SCOPE])
        with pytest.raises(Rejected, match="no"):
            tracker.create(SCOPE, draft("b"))
    tracker.create(SCOPE, draft("c"))

    assert len(server.items) == 2


def test_a_fault_after_acting_is_a_lost_answer() -> None:
    server = MemoryServer()
    tracker = MemoryTracker(memory_context(), server)
    server.fail("create", Transient("lost"), after_acting=True)

    with pytest.raises(Transient, match="lost"):
        tracker.create(SCOPE, draft("a"))

    assert len(server.items) == 1


def test_a_process_can_be_made_to_end_anywhere() -> None:
    server = MemoryServer()
    tracker = MemoryTracker(memory_context(), server)
    server.fail(None, SystemExit(9))

    with pytest.raises(SystemExit):
        tracker.login()
    server.fail(None, SystemExit(9))
    server.heal()

    assert tracker.login().account


def test_titles_are_unique_among_objectives_where_the_server_says_so() -> None:
    server = MemoryServer(["PLAT", "WEB"], unique_titles=True)
    tracker = MemoryTracker(memory_context(), server)
    first = tracker.create(SCOPE, draft("a"))
    second = tracker.create(SCOPE, draft("b", title="Another"))

    with pytest.raises(Conflict, match=first.at.key):
        tracker.create(SCOPE, draft("c"))
    with pytest.raises(Conflict, match=first.at.key):
        tracker.update(SCOPE, second, Edit(title=first.title))
    tracker.update(SCOPE, first, Edit(title=first.title))
    for _ in range(2):
        tracker.create(SCOPE, draft("a/kr"))
    tracker.create(Scope("WEB", "epic"), draft("d"))

    assert len(server.items) == 5


@pytest.mark.parametrize("title", ["", "  ", "two\nlines", "x" * 256])
def test_what_is_no_title_is_refused_and_nothing_is_made(title: str) -> None:
    server = MemoryServer()

    with pytest.raises(Rejected, match="255"):
        MemoryTracker(memory_context(), server).create(SCOPE, draft("a", title=title))

    assert server.items == {}


@pytest.mark.parametrize("value", ["fast", float("nan"), float("inf")])
def test_what_is_no_number_is_refused_and_nothing_else_of_the_edit_is_written(value: float | str) -> None:
    server = MemoryServer()
    tracker = MemoryTracker(memory_context(), server)
    made = tracker.create(SCOPE, draft("a/kr"))

    with pytest.raises(Rejected, match="KR current"):
        tracker.update(SCOPE, made, Edit(title="New", fields={"KR current": value}))

    assert tracker.item(made.at.id, ["KR current"]) == made


def test_an_ambiguous_field_is_refused_and_explained() -> None:
    server = MemoryServer()
    server.add_field("PLAT", "KR current")
    tracker = MemoryTracker(memory_context(), server)
    made = tracker.create(SCOPE, draft("a/kr"))

    assert made.fields == {}
    assert any("2 fields called 'KR current'" in each for each in tracker.check(SCOPE))
    with pytest.raises(Rejected, match="2 fields"):
        tracker.update(SCOPE, made, Edit(fields={"KR current": 1.0}))


def test_a_field_that_somebody_removed_is_absent_and_not_empty() -> None:
    server = MemoryServer()
    tracker = MemoryTracker(memory_context(), server)
    made = tracker.create(SCOPE, draft("a/kr"))
    assert tracker.read([SCOPE]).items[0].fields == {"KR current": None}

    server.remove_field("PLAT", "KR current")

    assert tracker.item(made.at.id, ["KR current"]).fields == {}


def test_deleting_an_item_leaves_its_children_without_a_parent() -> None:
    server = MemoryServer()
    tracker = MemoryTracker(memory_context(), server)
    parent = tracker.create(SCOPE, draft("a"))
    child = server.people.add_child(parent.at.key, "Work")

    server.people.delete(parent.at.key)

    assert tracker.item(child.key).parent is None
    with pytest.raises(NotFound):
        tracker.item(parent.at.key)
    with pytest.raises(LookupError, match=parent.at.key):
        server.people.delete(parent.at.key)


def test_manners_are_the_trackers_and_not_the_classs() -> None:
    server = MemoryServer()
    jira_like = MemoryTracker(memory_context(), server)
    github_like = MemoryTracker(memory_context(), server, fields_with_item=False, native_links=False)

    assert jira_like.capabilities.fields_with_item
    assert not github_like.capabilities.fields_with_item
    assert MemoryTracker.capabilities.native_links
    with pytest.raises(AssertionError, match="writes fields with their item"):
        jira_like.write_fields(SCOPE, {})
    with pytest.raises(Rejected, match="write_fields"):
        github_like.update(SCOPE, jira_like.create(SCOPE, draft("a/kr")), Edit(fields={"KR current": 1.0}))


def test_it_can_be_offered_as_a_kind_of_tracker() -> None:
    server = MemoryServer()
    kind = memory_tracker_type(lambda context: MemoryTracker(context, server))

    assert kind.load(memory_context()).projects() == ("PLAT",)
