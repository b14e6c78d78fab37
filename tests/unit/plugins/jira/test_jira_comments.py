"""New comments are heard in few requests, and nothing that was said is passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.jira import JiraSandbox
from okrsync.testing import memory_context
from okrsync.trackers.errors import Misconfigured, Transient
from okrsync.trackers.values import CommentReading, RemoteItem, Scope
from okrsync_jira.tracker import JiraTracker
from tests.unit.plugins.jira.conftest import furnish

Connect = Callable[..., JiraTracker]
SCOPE = Scope("PLAT", "epic")
MARK = "okrsync:acme:2026-Q4:o/k"


def tasks(site: JiraSandbox, number: int) -> list[str]:
    """The keys of so many key results' items."""
    return [site.create_issue("PLAT", "Task", f"KR{each}", labels=[f"{MARK}{each}"]) for each in range(number)]


def listed(tracker: JiraTracker, number: int) -> list[RemoteItem]:
    """The items of `tasks`, as a reading shows them."""
    return list(tracker.read([SCOPE], markers=[f"{MARK}{each}" for each in range(number)]).items)


def texts(reading: CommentReading) -> list[str]:
    return sorted(each.text for comments in reading.comments.values() for each in comments)


def later(site: JiraSandbox) -> None:
    site.clock.advance(timedelta(minutes=15))


def asked(site: JiraSandbox) -> list[str]:
    return [record.path.rpartition("/rest/api/2/")[2] for record in site.requests.records]


def test_five_hundred_silent_items_cost_five_requests_once_and_then_none(connect: Connect, site: JiraSandbox) -> None:
    keys = tasks(site, 500)
    site.comment(keys[7], "okr: 3.1")
    later(site)
    tracker = connect()
    items = listed(tracker, 500)
    site.requests.clear()

    first = tracker.comments_since(items)
    assert texts(first) == ["okr: 3.1"]
    assert len(site.requests.records) == 5

    site.requests.clear()
    later(site)
    again = connect()
    items = listed(again, 500)
    reading = len(site.requests.records)
    second = again.comments_since(items, first.cursor)
    assert second.comments == {}
    assert not second.complete
    assert second.cursor == first.cursor
    assert len(site.requests.records) == reading, "nobody said anything, so nothing is asked"

    site.comment(keys[400], "okr: 3.2")
    later(site)
    items = listed(again, 500)
    site.requests.clear()
    assert texts(again.comments_since(items, second.cursor)) == ["okr: 3.2"]
    assert len(site.requests.records) == 1


def test_comments_of_unsettled_items_come_along_with_the_items(connect: Connect, site: JiraSandbox) -> None:
    keys = tasks(site, 250)
    site.comment(keys[7], "okr: 3.1")
    tracker = connect()
    cursor = None
    for expected in (["okr: 3.1"], ["okr: 3.1"]):
        tracker.expect_comments(cursor)
        items = listed(tracker, 250)
        site.requests.clear()
        reading = tracker.comments_since(items, cursor)
        assert texts(reading) == expected
        assert site.requests.records == [], "they came with the items"
        cursor = reading.cursor
    later(site)
    for expected in (["okr: 3.1"], []):
        tracker.expect_comments(cursor)
        items = listed(tracker, 250)
        site.requests.clear()
        reading = tracker.comments_since(items, cursor)
        assert texts(reading) == expected and site.requests.records == []
        cursor = reading.cursor
    site.requests.clear()
    tracker.expect_comments(cursor)
    listed(tracker, 250)
    sent = [f"{record.query} {record.body!r}" for record in site.requests.records]
    assert sent and not any("comment" in each for each in sent), "settled: they are not sent again"


def test_the_author_is_known_by_account_and_by_name(connect: Connect, site: JiraSandbox) -> None:
    (key,) = tasks(site, 1)
    account = site.add_user("erin")
    id_ = site.comment(key, "okr: 3.1", author="erin")
    site.clock.advance(timedelta(hours=1))
    site.edit_comment(key, id_, "okr: 3.2")
    tracker = connect()
    (item,) = listed(tracker, 1)

    (found,) = tracker.comments_since([item]).comments[item.at.id]

    assert (found.author, found.account, found.insider) == ("erin", account, None)
    assert found.edited is not None
    assert timedelta(minutes=59) < found.edited - found.created < timedelta(minutes=61)
    assert found.url == f"{item.at.url}?focusedCommentId={id_}"


def test_a_customer_of_the_service_desk_is_an_outsider(connect: Connect, site: JiraSandbox) -> None:
    (key,) = tasks(site, 1)
    site.add_user("mallory", customer=True)
    site.comment(key, "okr: 99", author="mallory")
    tracker = connect()
    (item,) = listed(tracker, 1)

    (found,) = tracker.comments(item.at)

    assert found.insider is (False if site.store.cloud else None), "Data Center does not tell"


@pytest.mark.parametrize("number", [20, 21, 130])
def test_long_talks_come_whole(connect: Connect, site: JiraSandbox, number: int) -> None:
    key, quiet = tasks(site, 2)
    for each in range(number):
        site.comment(key, f"{each:03}")
    site.comment(quiet, "apart")
    tracker = connect()

    assert texts(tracker.comments_since(listed(tracker, 2))) == [*(f"{each:03}" for each in range(number)), "apart"]


def test_what_the_index_does_not_show_yet_is_heard_when_it_does(connect: Connect, site: JiraSandbox) -> None:
    (key,) = tasks(site, 1)
    later(site)
    site.index_lag = timedelta(minutes=10)
    tracker = connect()
    cursor = tracker.comments_since(listed(tracker, 1)).cursor

    site.comment(key, "said just now")
    late = tracker.comments_since(listed(tracker, 1), cursor)
    later(site)
    found = tracker.comments_since(listed(tracker, 1), late.cursor)

    if site.store.cloud:
        assert texts(late) == [], "the index shows the item as it was"
    assert texts(found) == ["said just now"]


def test_two_comments_in_one_moment_are_both_heard(connect: Connect, site: JiraSandbox) -> None:
    (key,) = tasks(site, 1)
    tracker = connect()
    (item,) = listed(tracker, 1)
    cursor = tracker.comments_since([item]).cursor

    site.comment(key, "in the same moment")
    # The item's `updated` is the same: some databases keep whole seconds, and the clocks of two servers differ.
    found = tracker.comments_since([item], cursor)

    assert texts(found) == ["in the same moment"]


def test_an_item_is_let_be_once_its_change_is_a_minute_old(connect: Connect, site: JiraSandbox) -> None:
    tasks(site, 1)
    tracker = connect()
    cursor = tracker.comments_since(listed(tracker, 1)).cursor
    assert list(json.loads(cursor or "").values()) == [""], "nothing is settled, so it will be asked once more"

    site.clock.advance(timedelta(minutes=2))
    tracker = connect()
    cursor = tracker.comments_since(listed(tracker, 1), cursor).cursor
    assert all(json.loads(cursor or "").values())


def test_parts_that_are_read_in_turns_keep_each_others_place(connect: Connect, site: JiraSandbox) -> None:
    keys = tasks(site, 4)
    later(site)
    tracker = connect()
    items = listed(tracker, 4)
    ids = [each.at.id for each in items]
    cursor = tracker.comments_since(items).cursor

    def hear(which: slice, requests: int) -> list[str]:
        nonlocal cursor
        part = listed(tracker, 4)[which]
        site.requests.clear()
        reading = tracker.comments_since(part, cursor, set(ids) - set(ids[which]))
        cursor = reading.cursor
        assert len(site.requests.records) == requests
        return texts(reading)

    one, other = slice(0, 2), slice(2, 4)
    for _ in range(3):
        assert hear(one, 0) == hear(other, 0) == []
    site.comment(keys[3], "okr: 3.1")
    later(site)
    assert hear(one, 0) == []
    assert hear(other, 1) == ["okr: 3.1"]
    assert hear(one, 0) == hear(other, 0) == []

    # Who is in neither part is forgotten, for it may be gone for good.
    cursor = tracker.comments_since(listed(tracker, 4)[one], cursor).cursor
    assert hear(other, 1) == ["okr: 3.1"]


@pytest.mark.parametrize("failing", range(3))
def test_a_hundred_items_that_could_not_be_read_come_the_next_time(
    connect: Connect, site: JiraSandbox, failing: int
) -> None:
    keys = tasks(site, 250)
    for key in keys:
        site.comment(key, f"of {key}")
    later(site)
    tracker = connect()
    items = listed(tracker, 250)
    path = r"/(issue/bulkfetch|search)$"
    attempts = tracker.context.policy.attempts
    site.faults.add(Fault("status", status=500, path=path, skip=failing, times=attempts))

    first = tracker.comments_since(items)
    second = tracker.comments_since(items, first.cursor)

    assert isinstance(first.failures["PLAT"], Transient)
    assert set(texts(first)) | set(texts(second)) == {f"of {key}" for key in keys}
    assert not set(texts(first)) & set(texts(second)), "what was read is not read again"
    assert not second.failures


def test_items_that_are_gone_cost_a_few_requests_and_hide_no_other(connect: Connect, site: JiraSandbox) -> None:
    keys = tasks(site, 100)
    for key in keys:
        site.comment(key, f"of {key}")
    tracker = connect()
    items = listed(tracker, 100)
    for key in keys[40:42]:
        site.delete(key)
    site.requests.clear()

    reading = tracker.comments_since(items)

    assert texts(reading) == sorted(f"of {key}" for key in [*keys[:40], *keys[42:]])
    assert len(site.requests.records) <= (1 if site.store.cloud else 30)


def test_a_site_without_the_bulk_request_is_searched(connect: Connect, site: JiraSandbox) -> None:
    (key,) = tasks(site, 1)
    site.comment(key, "heard all the same")
    site.faults.add(Fault("status", status=404, path="/issue/bulkfetch$", response_body=b"<html>", times=9))
    tracker = connect()

    assert texts(tracker.comments_since(listed(tracker, 1))) == ["heard all the same"]


def test_a_hidden_item_is_read_when_it_shows_again(connect: Connect, site: JiraSandbox) -> None:
    (key,) = tasks(site, 1)
    site.comment(key, "behind the curtain")
    later(site)
    tracker = connect()
    items = listed(tracker, 1)
    site.hide_project("PLAT")
    cursor = tracker.comments_since(items).cursor
    site.hide_project("PLAT", hidden=False)

    assert texts(tracker.comments_since(items, cursor)) == ["behind the curtain"]


@pytest.mark.parametrize("cursor", ["", "x", "[]", "3", "null", '{"10000": null}'])
def test_a_cursor_that_is_none_of_ours_reads_everything(connect: Connect, site: JiraSandbox, cursor: str) -> None:
    (key,) = tasks(site, 1)
    site.comment(key, "okr: 1")
    tracker = connect()

    assert texts(tracker.comments_since(listed(tracker, 1), cursor)) == ["okr: 1"]


def test_a_list_of_something_else_is_no_list_of_comments(connect: Connect, site: JiraSandbox) -> None:
    tasks(site, 1)
    tracker = connect()
    (item,) = listed(tracker, 1)
    body = json.dumps({"comments": [{"weird": 1}], "total": 1}).encode()
    site.faults.add(
        Fault(
            "status",
            status=200,
            response_body=body,
            path=r"/comment$",
            times=None,
        )
    )
    with pytest.raises(Misconfigured, match="not Jira's JSON"):
        tracker.comments(item.at)


def test_nothing_wanted_is_nothing_asked(connect: Connect, site: JiraSandbox) -> None:
    assert connect().comments_since([]).comments == {}
    assert asked(site) == []


speaking = st.one_of(
    st.tuples(st.just("comment"), st.integers(0, 2)),
    st.tuples(st.just("edit"), st.integers(0, 20)),
    st.tuples(st.just("delete"), st.integers(0, 20)),
    st.tuples(st.just("later"), st.sampled_from([0.01, 0.5, 3, 30])),
)
listening = st.one_of(
    st.tuples(st.just("look"), st.just(0)),
    st.tuples(st.just("look and read"), st.sampled_from([(0,), (0, 1, 2), (0, 1, 2)])),
    st.tuples(st.just("read"), st.sampled_from([(0, 1), (0, 1, 2), (2,)])),
    st.tuples(st.just("fail"), st.integers(0, 1)),
)
scripts = st.lists(st.one_of(speaking, listening), max_size=25)


@pytest.mark.parametrize("flavour", ["cloud", "data-center"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=st.lists(st.one_of(speaking, listening), max_size=25),
    lag=st.sampled_from([0, 0, 5]),
    frozen=st.booleans(),
    keeping=st.booleans(),
)
def test_going_on_hears_all_that_beginning_anew_does(
    flavour: Any, script: list[tuple[str, object]], lag: int, frozen: bool, keeping: bool
) -> None:
    """Whatever people do between readings, and however late the index is, no comment and no change of one is lost."""
    clock = SandboxClock(datetime(2026, 10, 5, 9, tzinfo=UTC), frozen=frozen)
    lag = lag if flavour == "cloud" else 0
    site = furnish(JiraSandbox(flavour=flavour, clock=clock, index_lag=timedelta(minutes=lag)))
    keys = tasks(site, 3)
    site.clock.advance(timedelta(hours=1))
    with SandboxServer(site) as server:
        context = memory_context(url=server.url, user=site.user if flavour == "cloud" else None, token=site.token)
        tracker = JiraTracker(context)
        said: list[tuple[str, str]] = []
        known: dict[str, str] = {}
        cursor: str | None = None
        items = {each.title: each for each in listed(tracker, 3)}
        end: list[tuple[str, object]] = [("later", 30), ("look and read", (0, 1, 2))]
        for number, (step, value) in enumerate([*script, *end]):
            if step.startswith("look"):
                site.faults.clear()
                items = {each.title: each for each in listed(tracker, 3)}
            match step.removeprefix("look and "), value:
                case "comment", int(which):
                    said.append((keys[which], site.comment(keys[which], f"said {number}")))
                case "edit", int(which) if said:
                    site.edit_comment(*said[which % len(said)], f"edited {number}")
                case "delete", int(which) if said:
                    gone = said.pop(which % len(said))
                    site.delete_comment(*gone)
                    known.pop(gone[1], None)
                case "later", int(minutes) | float(minutes):
                    site.clock.advance(timedelta(minutes=minutes))
                case "fail", int(skip):
                    attempts = context.policy.attempts
                    site.faults.add(Fault("status", status=500, path="/(bulkfetch|search)$", skip=skip, times=attempts))
                case "read", tuple(which):
                    others = {items[f"KR{each}"].at.id for each in {0, 1, 2} - {*which}} if keeping else ()
                    try:
                        reading = tracker.comments_since([items[f"KR{each}"] for each in which], cursor, others)
                    except Transient:
                        continue
                    finally:
                        site.faults.clear()
                    known |= {each.id: each.text for found in reading.comments.values() for each in found}
                    cursor = reading.cursor
        now = {each.id: each.text for key in keys for each in site.issue(key).comments}
        tracker.close()
        assert {id_: text for id_, text in known.items() if id_ in now} == now
