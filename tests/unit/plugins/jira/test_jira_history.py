"""Who changed a field: how many requests it takes, and what Jira's changelogs look like when they are not as usual."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.domain.items import ItemId, ItemKind
from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.jira import JiraSandbox
from okrsync.trackers.errors import AuthFailed, Transient
from okrsync.trackers.values import FieldChange, RemoteItem
from okrsync_jira import history, items
from okrsync_jira.fields import JiraField
from okrsync_jira.tracker import JiraTracker

CURRENT = JiraField("customfield_10100", "KR current", "number", "com.atlassian:float")
AT = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)


def item_of(site: JiraSandbox, key: str) -> RemoteItem:
    return RemoteItem(ItemId(key.partition("-")[0], str(site.issue(key).id), key, ""), ItemKind.OTHER, "")


def made(site: JiraSandbox, number: int, *, edited: bool = True) -> list[RemoteItem]:
    keys = [site.create_issue("PLAT", "Task", f"Work {each}") for each in range(number)]
    for each, key in enumerate(keys if edited else ()):
        site.edit(key, author="kim", **{"KR current": float(each + 1)})
    return [item_of(site, key) for key in keys]


def logs(site: JiraSandbox) -> list[str]:
    """The requests that could tell of changes."""
    return [
        f"{each.method} {each.path.partition('/rest/api/2/')[2]}"
        for each in site.requests.records
        if "changelog" in f"{each.path}?{each.query}"
    ]


only_cloud = pytest.mark.parametrize("site", ["cloud"], indirect=True)
only_data_center = pytest.mark.parametrize("site", ["data-center"], indirect=True)


@only_cloud
def test_a_thousand_items_are_one_request_on_cloud(site: JiraSandbox, tracker: JiraTracker) -> None:
    found = [*made(site, 3), *made(site, 998, edited=False)]
    told = tracker.field_changes([(each, "KR current") for each in found])
    assert logs(site) == ["POST changelog/bulkfetch"] * 2
    assert [len(told[each.at.id, "KR current"]) for each in found[:4]] == [1, 1, 1, 0] and len(told) == 1001


@only_cloud
def test_long_histories_come_in_pages_on_cloud(
    site: JiraSandbox, tracker: JiraTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_CHANGES", 2)
    found = made(site, 3)
    for number in range(4):
        site.edit(found[1].at.key, **{"KR current": 10.0 + number})
    told = tracker.field_changes([(each, "KR current") for each in found])
    assert logs(site) == ["POST changelog/bulkfetch"] * 4
    assert [each.after for each in told[found[1].at.id, "KR current"]] == [2.0, 10.0, 11.0, 12.0, 13.0]
    assert [len(each) for each in told.values()] == [1, 5, 1]


@only_cloud
def test_ten_fields_are_one_request_on_cloud(site: JiraSandbox, tracker: JiraTracker) -> None:
    (item,) = made(site, 1, edited=False)
    names = [f"Metric {each}" for each in range(11)]
    for number, name in enumerate(names):
        site.add_number_field(name)
        site.edit(item.at.key, **{name: float(number)})
    told = tracker.field_changes([(item, name) for name in names])
    assert logs(site) == ["POST changelog/bulkfetch"] * 2
    assert [told[item.at.id, name][0].after for name in names] == [float(each) for each in range(11)]


@only_data_center
def test_twenty_five_items_are_one_search_on_data_center(site: JiraSandbox, tracker: JiraTracker) -> None:
    found = made(site, 51)
    told = tracker.field_changes([(each, "KR current") for each in found])
    assert logs(site) == ["GET search", "GET search", f"GET issue/{found[-1].at.id}"]
    assert [told[each.at.id, "KR current"][0].after for each in found] == [float(each + 1) for each in range(51)]


@only_data_center
def test_one_item_is_asked_for_itself_on_data_center(site: JiraSandbox, tracker: JiraTracker) -> None:
    (item,) = made(site, 1)
    (change,) = tracker.field_changes([(item, "KR current")])[item.at.id, "KR current"]
    assert (change.by, change.before, change.after) == ("kim", None, 1.0)
    assert logs(site) == [f"GET issue/{item.at.id}"]


@only_data_center
def test_where_a_search_fails_items_are_asked_one_by_one(site: JiraSandbox, tracker: JiraTracker) -> None:
    gone, *rest = made(site, 3)
    site.delete(gone.at.key)
    told = tracker.field_changes([(each, "KR current") for each in (gone, *rest)])
    assert [told[each.at.id, "KR current"][0].after for each in rest] == [2.0, 3.0]
    assert (gone.at.id, "KR current") not in told
    assert len(logs(site)) == 4


@only_cloud
def test_where_cloud_lacks_the_endpoint_items_are_asked_one_by_one(site: JiraSandbox, tracker: JiraTracker) -> None:
    found = made(site, 2)
    for number in range(120):
        site.edit(found[0].at.key, **{"KR current": 100.0 + number})
    site.faults.add(Fault("status", path="bulkfetch", status=404, response_body=b'{"message": "null for uri"}'))
    told = tracker.field_changes([(each, "KR current") for each in found])
    assert [each.after for each in told[found[0].at.id, "KR current"]] == [1.0, *(100.0 + each for each in range(120))]
    assert len(told[found[1].at.id, "KR current"]) == 1


@only_data_center
def test_a_name_that_two_fields_have_tells_nothing_on_data_center(site: JiraSandbox, tracker: JiraTracker) -> None:
    (item,) = made(site, 1)
    twin = site.add_number_field("kr CURRENT")
    assert tracker.field_changes([(item, "KR current"), (item, twin)]) == {}
    assert logs(site) == []


def test_a_field_of_text_has_no_history_of_numbers(site: JiraSandbox, tracker: JiraTracker) -> None:
    site.add_text_field("Remarks")
    (item,) = made(site, 1)
    site.edit(item.at.key, Remarks="7")
    assert tracker.field_changes([(item, "Remarks"), (item, "Nothing of the kind")]) == {}


def test_other_fields_of_the_same_change_are_left_out(site: JiraSandbox, tracker: JiraTracker) -> None:
    (item,) = made(site, 1, edited=False)
    site.edit(item.at.key, summary="Another title", **{"KR current": 2.0, "KR target": 9.0})
    told = tracker.field_changes([(item, "KR current"), (item, "KR target")])
    assert [each.after for each in told[item.at.id, "KR current"]] == [2.0]
    assert [each.after for each in told[item.at.id, "KR target"]] == [9.0]


def test_a_server_that_does_not_answer_is_an_error(
    site: JiraSandbox, tracker: JiraTracker, server: SandboxServer
) -> None:
    found = made(site, 2)
    tracker.login()
    site.faults.add(Fault("status", path="changelog|/search$", status=401, times=None))
    with pytest.raises(AuthFailed):
        tracker.field_changes([(each, "KR current") for each in found])
    site.faults.clear()
    site.faults.add(Fault("status", path="changelog|/search$", status=503, times=None))
    with pytest.raises(Transient):
        tracker.field_changes([(each, "KR current") for each in found])


def test_a_lost_answer_is_asked_for_again(site: JiraSandbox, tracker: JiraTracker) -> None:
    found = made(site, 2)
    tracker.login()
    site.faults.add(Fault("drop_after", path="changelog|/search$", times=1))
    told = tracker.field_changes([(each, "KR current") for each in found])
    assert [len(each) for each in told.values()] == [1, 1]


def entry(number: int, created: Any, *values: tuple[Any, Any], author: Any = None, **more: Any) -> dict[str, Any]:
    rows = [
        {"field": "KR current", "fieldId": CURRENT.id, "fieldtype": "custom", "fromString": one, "toString": other}
        for one, other in values
    ]
    return {"id": str(number), "created": created, "author": author, "items": [{**each, **more} for each in rows]}


@pytest.mark.parametrize(
    "created",
    [1_791_192_600, 1_791_192_600_000, "2026-10-05T09:30:00.000+0000", "2026-10-05T11:30:00.000+0200"],
)
def test_times_are_counted_in_seconds_or_milliseconds_or_written(created: Any) -> None:
    assert int(AT.timestamp()) == 1_791_192_600
    assert history._changes([entry(1, created, (None, "4"))], CURRENT) == [FieldChange(AT, "", None, 4.0)]


@pytest.mark.parametrize("created", [None, "", "yesterday", True, 1e300, float("nan"), {}])
def test_a_change_without_a_time_is_left_out(created: Any) -> None:
    assert history._changes([entry(1, created, (None, "4"))], CURRENT) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [("4", 4.0), ("4.250", 4.25), ("-0.5", -0.5), ("1.0E7", 1e7), (" 3 ", 3.0), ("", None), (None, None)],
)
def test_numbers_are_read_as_changelogs_have_them(written: Any, read: float | None) -> None:
    (change,) = history._changes([entry(1, 1_791_192_600, (written, written))], CURRENT)
    assert (change.before, change.after) == (read, read)


@pytest.mark.parametrize("written", ["4,5", "four", "NaN", "Infinity", "1.000,5"])
def test_what_is_no_number_is_no_change(written: str) -> None:
    rows = [entry(1, 1_791_192_600, (None, written)), entry(2, 1_791_192_700, (None, "5"))]
    assert [each.after for each in history._changes(rows, CURRENT)] == [5.0]


def test_changes_come_once_and_in_order_even_within_one_moment() -> None:
    rows = [entry(number, 1_791_192_600, (str(number - 1), str(number))) for number in (10, 9, 11, 9)]
    assert [each.after for each in history._changes(rows, CURRENT)] == [9.0, 10.0, 11.0]


def test_without_its_id_a_field_is_known_by_its_name() -> None:
    rows = [
        entry(1, 1_791_192_600, (None, "4"), fieldId=None),
        entry(2, 1_791_192_601, (None, "5"), fieldId=None, field="kr Current"),
        entry(3, 1_791_192_602, (None, "6"), fieldId=None, field="KR target"),
        entry(4, 1_791_192_603, (None, "7"), fieldId=None, fieldtype="jira"),
        entry(5, 1_791_192_604, (None, "8"), fieldId="customfield_10999"),
        {"id": "6", "created": 1_791_192_605, "items": None},
        {"id": "7", "created": 1_791_192_606, "items": ["nonsense"]},
    ]
    assert [each.after for each in history._changes(rows, CURRENT)] == [4.0, 5.0]


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"displayName": "Dana Scully", "name": "dana"}, "Dana Scully"),
        ({"displayName": None, "name": "dana"}, "dana"),
        ({"accountId": "5b10a"}, "5b10a"),
        ({}, ""),
        (None, ""),
        ("dana", ""),
    ],
)
def test_people_are_called_as_jira_calls_them(author: Any, name: str) -> None:
    assert items.person(author) == name


@pytest.mark.parametrize(
    ("row", "log"),
    [
        ({"changelog": {"total": 1, "histories": [{"id": "1"}]}}, [{"id": "1"}]),
        ({"changelog": {"histories": []}}, []),
        ({"changelog": {"total": 2, "histories": [{"id": "1"}]}}, None),
        ({"changelog": None}, None),
        ({}, None),
    ],
)
def test_only_a_whole_changelog_counts(row: Any, log: Any) -> None:
    assert history._whole_log(row) == log
