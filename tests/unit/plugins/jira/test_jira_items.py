"""Jira's JSON as okrsync's values and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.values import Draft, Edit, ItemId, ItemKind, Scope
from okrsync_jira import items

VIEW = items.View("https://acme.atlassian.net", "acme", {"KR current": "customfield_1"}, epic_link="customfield_9")
EPIC = ItemId("PLAT", "100", "PLAT-1", "")
SCOPE = Scope("PLAT", "epic", labels=("key-result",))


def row(**fields: Any) -> dict[str, Any]:
    return {"id": 10001, "key": "PLAT-7", "fields": {"summary": "Cut p95", **fields}}


def test_a_whole_row() -> None:
    item = items.remote_item(
        row(
            description="a\r\nb",
            labels=["okrsync:acme", "okrsync:acme:2026-Q4:instant-signup/p95", "backend"],
            duedate="2026-12-31",
            status={"name": "Erledigt", "statusCategory": {"key": "done"}},
            issuetype={"name": "Task"},
            parent={"id": "100", "key": "PLAT-1"},
            updated="2026-10-01T09:30:00.000+0200",
            customfield_1=3.5,
        ),
        VIEW,
    )

    assert item.at == ItemId("PLAT", "10001", "PLAT-7", "https://acme.atlassian.net/browse/PLAT-7")
    assert item.kind is ItemKind.KEY_RESULT
    assert item.markers == ("okrsync:acme:2026-Q4:instant-signup/p95",)
    assert item.description == "a\nb"
    assert item.due == date(2026, 12, 31)
    assert item.closed
    assert item.parent == "100"
    assert item.fields == {"KR current": 3.5}
    assert item.labels == {"okrsync:acme", "okrsync:acme:2026-Q4:instant-signup/p95", "backend"}
    assert item.updated == datetime(2026, 10, 1, 7, 30, tzinfo=UTC)
    assert item.type_name == "Task"


def test_a_row_with_hardly_anything() -> None:
    item = items.remote_item({"id": "5"}, VIEW)
    assert (item.at.key, item.title, item.kind, item.closed, item.parent) == ("5", "", ItemKind.OTHER, False, None)
    assert item.fields == {}, "a field that is not in the row could not be read"


def test_an_empty_field_is_not_an_absent_one() -> None:
    assert items.remote_item(row(customfield_1=None), VIEW).fields == {"KR current": None}


def test_an_epic_link_is_a_parent() -> None:
    assert items.remote_item(row(customfield_9="PLAT-1"), VIEW).parent == "PLAT-1"
    assert items.remote_item(row(customfield_9=None), VIEW).parent is None


@pytest.mark.parametrize(
    ("markers", "kind"),
    [
        (["okrsync:acme:2026-Q4:a"], ItemKind.OBJECTIVE),
        (["okrsync:acme:2026-Q4:a/b"], ItemKind.KEY_RESULT),
        (["okrsync:neighbours:2026-Q4:a"], ItemKind.OTHER),
        (["okrsync:neighbours:2026-Q4:a", "okrsync:acme:2026-Q4:a/b"], ItemKind.KEY_RESULT),
        ([], ItemKind.OTHER),
    ],
)
def test_a_marker_tells_what_an_item_is(markers: list[str], kind: ItemKind) -> None:
    assert items.kind_of(markers, "acme") is kind


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (0, 0.0),
        (3, 3.0),
        (-2.5, -2.5),
        (None, None),
        ("3.5", "3.5"),
        (True, "true"),
        (float("nan"), "nan"),
        ({"value": "High", "id": "1"}, "High"),
        ({"displayName": "Dana"}, "Dana"),
        ([{"value": "A"}, {"value": "B"}], "A, B"),
        ([], None),
    ],
)
def test_values_of_fields(raw: object, value: object) -> None:
    read = items.value(raw)
    assert read == value
    assert type(read) is type(value)


def test_only_a_number_is_a_number() -> None:
    assert items.number(8) == 8.0
    assert items.number("8") is None
    assert items.number(True) is None
    assert items.number(None) is None


@pytest.mark.parametrize(
    ("status", "done"),
    [
        ({"name": "Done", "statusCategory": {"key": "new"}}, False),
        ({"name": "Fertig", "statusCategory": {"key": "done"}}, True),
        ({"name": "Closed"}, True),
        ({"name": "Open", "statusCategory": {}}, False),
        (None, False),
    ],
)
def test_the_category_of_the_status_says_what_is_done(status: object, done: bool) -> None:
    assert items.is_done({"status": status}) is done


def test_a_description_in_a_document_format_is_never_taken_for_empty() -> None:
    with pytest.raises(Misconfigured, match="PLAT-7"):
        items.remote_item(row(description={"type": "doc", "content": []}), VIEW)


def test_links_count_from_the_one_that_supports() -> None:
    kind = {"id": "7", "name": "Supports", "inward": "is supported by", "outward": "supports"}
    links = [
        {"id": "1", "type": kind, "outwardIssue": {"id": 100, "key": "PLAT-1"}},
        {"id": "2", "type": kind, "inwardIssue": {"id": "200", "key": "PLAT-2"}},
        {"id": "3", "type": {"name": "Blocks"}, "outwardIssue": {"id": "300", "key": "PLAT-3"}},
        {"id": "4", "type": None, "outwardIssue": None},
    ]
    assert items.remote_item(row(issuelinks=links), VIEW, "supports").links == {"100"}
    assert items.linked({"issuelinks": links}, "Supports") == {"100": "1"}


def test_a_key_result_is_created_in_one_body() -> None:
    draft = Draft(
        ItemKind.KEY_RESULT,
        "okrsync:acme:2026-Q4:a/b",
        "acme",
        "Cut p95",
        "why",
        due=date(2026, 12, 31),
        parent=EPIC,
    )
    body = items.create_body(SCOPE, draft, "Task", {"customfield_1": 4.0, "customfield_2": 0.5, "customfield_3": None})

    assert body == {
        "fields": {
            "project": {"key": "PLAT"},
            "issuetype": {"name": "Task"},
            "summary": "Cut p95",
            "description": "why",
            "labels": ["okrsync:acme:2026-Q4:a/b", "key-result"],
            "duedate": "2026-12-31",
            "parent": {"key": "PLAT-1"},
            "customfield_1": 4,
            "customfield_2": 0.5,
        }
    }


def test_data_center_has_fields_of_its_own_for_epics() -> None:
    objective = Draft(ItemKind.OBJECTIVE, "okrsync:acme:2026-Q4:a", "acme", "Instant", "")
    fields = items.create_body(SCOPE, objective, "Epic", {}, epic_name_field="customfield_8")["fields"]
    assert fields["customfield_8"] == "Instant"
    assert fields["labels"] == ["okrsync:acme:2026-Q4:a"], "the scope's labels are for key results"

    key_result = Draft(ItemKind.KEY_RESULT, "okrsync:acme:2026-Q4:a/b", "acme", "p95", "", parent=EPIC)
    fields = items.create_body(SCOPE, key_result, "Task", {}, parent_field="customfield_9")["fields"]
    assert fields["customfield_9"] == "PLAT-1"
    assert "parent" not in fields


def test_an_update_holds_only_what_changes() -> None:
    assert items.update_body(Edit(), {}) == {}
    assert items.update_body(Edit(title="New"), {}) == {"fields": {"summary": "New"}}
    assert items.update_body(Edit(due=None), {"customfield_1": None}) == {
        "fields": {"duedate": None, "customfield_1": None}
    }
    assert items.update_body(Edit(add_marker="okrsync:acme:2026-Q4:a"), {}) == {
        "update": {"labels": [{"add": "okrsync:acme:2026-Q4:a"}]}
    }


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_as_it_is_read(number: float) -> None:
    assert items.value(items.sent(number)) == number


@given(st.datetimes(timezones=st.timezones()))
def test_times_are_read_whatever_the_users_zone(moment: datetime) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    offset = whole.strftime("%z")[:5]
    written = f"{whole:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f".{whole.microsecond // 1000:03d}{offset}"
    read = items.moment(written)
    try:
        expected = datetime.fromisoformat(written).astimezone(UTC)
    except (OverflowError, ValueError):
        return
    assert read == expected


@pytest.mark.parametrize("raw", ["", None, "yesterday", 5])
def test_what_is_no_time_is_none(raw: object) -> None:
    assert items.moment(raw) is None
    assert items.day(raw) is None


def test_comments_have_an_author_and_a_time() -> None:
    read = items.comment({"id": 1, "author": {"name": "dana"}, "body": "a\r\nb", "created": "2026-10-01T09:30:00Z"})
    assert (read.id, read.author, read.text) == ("1", "dana", "a\nb")
    assert items.comment({"id": "2", "body": None}).author == ""


def test_keys_of_projects_with_digits_and_underscores() -> None:
    assert items.project_of("A_1-77") == "A_1"
    assert items.project_of("10001") == ""
