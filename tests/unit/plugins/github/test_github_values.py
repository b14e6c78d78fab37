"""GitHub's JSON as values and back: due dates, issues, milestones, addresses, the fields of boards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.trackers.errors import Misconfigured, NotFound
from okrsync.trackers.values import Edit, FieldInfo, ItemKind
from okrsync_github import items
from okrsync_github.addresses import BoardName, Place, project_of, repository_path
from okrsync_github.board import Board, BoardReading, item_from, values_from
from tests.unit.plugins.github.github_ground import MARKER, draft

PACIFIC = ZoneInfo("America/Los_Angeles")


def stored(due_on: str) -> str:
    """What GitHub makes of a `due_on`: the midnight that begins its day in Pacific time."""
    local = datetime.fromisoformat(due_on).astimezone(PACIFIC)
    midnight = local.replace(hour=0, minute=0, second=0).astimezone(UTC)
    return midnight.strftime("%Y-%m-%dT%H:%M:%SZ")


@given(st.dates(date(2007, 1, 1), date(2100, 12, 31)))
def test_a_due_date_survives_githubs_clock(day: date) -> None:
    sent = items.due_to(day)

    assert sent is not None
    assert items.due_from(stored(sent)) == day


def test_midnight_would_be_the_day_before() -> None:
    assert items.due_from(stored("2026-12-31T00:00:00Z")) == date(2026, 12, 30)
    assert items.due_from("2027-01-01T07:59:59Z") == date(2026, 12, 31)
    assert items.due_from("2027-01-01T08:00:00+00:00") == date(2027, 1, 1)


@pytest.mark.parametrize("value", [None, "", "soon", 7])
def test_no_due_date(value: object) -> None:
    assert items.due_from(value) is None
    assert items.due_to(None) is None


def test_the_least_that_a_milestone_and_an_issue_can_say() -> None:
    milestone = items.milestone_from({"number": 3, "title": "T"}, "acme/web", "https://github.com")
    issue = items.issue_from({"number": 4, "title": "T"}, "acme/web", "https://github.com")

    assert milestone.at.url == "https://github.com/acme/web/milestone/3"
    assert (milestone.kind, milestone.description, milestone.due, milestone.closed) == (ItemKind.OTHER, "", None, False)
    assert issue.at.url == "https://github.com/acme/web/issues/4"
    assert (issue.kind, issue.parent, issue.labels, issue.updated) == (ItemKind.OTHER, None, frozenset(), None)


def test_labels_come_as_objects_or_as_names() -> None:
    data = {"number": 4, "labels": [{"name": "key-result"}, "urgent", {"name": None}]}

    assert items.issue_from(data, "acme/web", "").labels == {"key-result", "urgent"}


def test_a_pull_request_is_never_ours() -> None:
    data = {"number": 4, "body": f"<!-- {MARKER}/p95 -->", "pull_request": {"url": "…"}}

    item = items.issue_from(data, "acme/web", "")
    assert (item.kind, item.markers, item.type_name) == (ItemKind.OTHER, (), "pull request")
    child = items.child_from(data, "acme/web")
    assert child.pull_request
    assert child.markers == ()


def test_an_item_belongs_to_the_workspace_of_its_markers() -> None:
    def milestone(*markers: str) -> Any:
        body = "\n".join(f"<!-- {marker} -->" for marker in markers)
        return items.milestone_from({"number": 1, "description": body}, "acme/web", "")

    assert items.belongs_to(milestone(MARKER), "acme")
    assert not items.belongs_to(milestone(MARKER), "other")
    assert items.belongs_to(milestone(MARKER.replace("acme", "other"), MARKER), "acme")
    assert not items.belongs_to(milestone(f"{MARKER}/p95"), "acme"), "a key result's marker on a milestone"


def test_an_edit_sends_only_what_changes_and_keeps_every_marker() -> None:
    data = {"number": 1, "title": "T", "body": f"Why.\n\n<!-- {MARKER}/p95 -->\n<!-- okrsync:b:2026:c/d -->"}
    issue = items.issue_from(data, "acme/web", "")

    assert items.edit_body(issue, Edit(), is_issue=True) == {}
    assert items.edit_body(issue, Edit(title="New"), is_issue=True) == {"title": "New"}
    assert items.edit_body(issue, Edit(due=date(2026, 1, 1)), is_issue=True) == {}
    assert items.edit_body(issue, Edit(due=None), is_issue=False) == {"due_on": None}
    assert items.edit_body(issue, Edit(description="Because."), is_issue=True) == {
        "body": f"Because.\n\n<!-- {MARKER}/p95 -->\n<!-- okrsync:b:2026:c/d -->"
    }
    assert items.edit_body(issue, Edit(add_marker="okrsync:x:2026:y/z"), is_issue=False)["description"].endswith(
        "<!-- okrsync:b:2026:c/d -->\n<!-- okrsync:x:2026:y/z -->"
    )


def test_a_draft_becomes_one_request() -> None:
    assert items.milestone_body(draft("signup", due=date(2026, 12, 31))) == {
        "title": "Make it instant (signup)",
        "description": f"Half of our visitors leave.\n\n<!-- {MARKER} -->",
        "due_on": "2026-12-31T12:00:00Z",
    }
    assert "due_on" not in items.milestone_body(draft("signup"))
    assert items.issue_body(draft("signup/p95"), ["key-result"], 7) == {
        "title": "Make it instant (signup/p95)",
        "body": f"Half of our visitors leave.\n\n<!-- {MARKER}/p95 -->",
        "milestone": 7,
        "labels": ["key-result"],
    }


def test_a_sub_issue_may_live_elsewhere() -> None:
    api = "https://api.github.com/repos"
    elsewhere = {"number": 4, "state": "closed", "repository_url": f"{api}/acme/app"}

    assert items.child_from(elsewhere, "acme/web").key == "acme/app#4"
    assert items.child_from({"number": 4, "repository_url": f"{api}/ACME/Web"}, "acme/web").key == "acme/web#4"
    assert items.child_from({"number": 4}, "acme/web").id == "acme/web/issues/4"


def test_a_comment_of_nobody() -> None:
    comment = items.comment_from({"id": 5, "user": None, "body": "a\r\nb", "created_at": "2026-10-01T08:00:00Z"})

    assert (comment.id, comment.author, comment.text) == ("5", "", "a\nb")
    assert comment.created.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("acme/web#12", "acme/web#12"),
        ("acme/web/issues/12", "acme/web#12"),
        (" acme/web/milestone/3 ", "acme/web/milestone/3"),
        ("acme/web/milestones/3", "acme/web/milestone/3"),
    ],
)
def test_names_of_items(text: str, key: str) -> None:
    place = Place.parse(text)

    assert place.key == key
    assert Place.parse(place.id) == place
    assert place.path == f"/repos/{place.id}"


@pytest.mark.parametrize(
    "text", ["PLAT-7", "acme#12", "acme/web#0", "acme/web/pull/3", "../web#1", "acme/web#1/../2", ""]
)
def test_what_names_no_item(text: str) -> None:
    with pytest.raises(NotFound, match="owner/repository#12"):
        Place.parse(text)


def test_projects_and_boards_are_checked_before_they_become_paths() -> None:
    assert repository_path("acme/web") == "/repos/acme/web"
    for wrong in ("web", "acme/web/x", "acme/..", "acme/we b", "https://github.com/acme/web"):
        with pytest.raises(Misconfigured, match="owner/repository"):
            repository_path(wrong)
    assert BoardName.parse("acme/1") == BoardName("acme", 1)
    for wrong in ("acme", "acme/x", "acme/0", "1"):
        with pytest.raises(Misconfigured, match="acme/1"):
            BoardName.parse(wrong)


def test_the_repository_in_an_address() -> None:
    assert project_of("https://ghe.example/api/v3/repos/acme/web/issues/3") == "acme/web"
    assert project_of("https://github.com/acme/web/issues/3") == "acme/web"
    assert project_of("https://github.com/acme") is None
    assert project_of("") is None


def board(*fields: tuple[str, str]) -> Board:
    nodes = [{"id": f"F{at}", "name": name, "dataType": kind} for at, (name, kind) in enumerate(fields)]
    return Board.from_json(BoardName("acme", 1), {"id": "P", "fields": {"nodes": [*nodes, None, {}]}})


def test_fields_are_found_by_their_exact_name() -> None:
    found = board(("KR current", "NUMBER"), ("Status", "SINGLE_SELECT"), ("Reviewers", "REVIEWERS"))

    assert found.number_field("KR current") == FieldInfo("KR current", "F0", "number")
    assert [each.type for each in found.fields] == ["number", "reviewers", "option"]
    assert found.problems_with(["KR current"]) == ()


def test_wrong_fields_are_all_named_beside_those_that_exist() -> None:
    found = board(("KR current", "NUMBER"), ("Status", "SINGLE_SELECT"), ("Twice", "NUMBER"), ("Twice", "NUMBER"))

    missing, typed, ambiguous = found.problems_with(["KR Curent", "Status", "Twice"])

    assert "'KR Curent'" in missing and "write 'KR current'" in missing
    assert "'Status'" in typed and "holds option, not a number" in typed and "'KR current'" in typed
    assert "2 fields called 'Twice'" in ambiguous
    assert "no number field" in board(("Status", "SINGLE_SELECT")).problems_with(["KR"])[0]


def test_values_of_every_type() -> None:
    data = {
        "f0": {"number": 3},
        "f1": {"text": "x"},
        "f2": None,
        "f3": {},
        "f4": {"name": "Todo"},
        "f5": {"number": None},
    }

    assert values_from(data, list("abcdefg")) == {"a": 3.0, "b": "x", "c": None, "e": "Todo", "f": None}


def test_an_item_is_found_by_its_place_or_its_node() -> None:
    item = item_from(
        {
            "id": "I",
            "content": {"id": "N", "number": 4, "repository": {"nameWithOwner": "Acme/Web"}},
            "f0": {"number": 2.5},
        },
        ["KR current"],
    )
    assert item is not None
    reading = BoardReading.of(board(("KR current", "NUMBER"), ("KR target", "NUMBER")), [item])

    assert reading.values_for(Place.parse("acme/web#4"), None, ["KR current", "nope"]) == {"KR current": 2.5}
    assert reading.values_for(Place.parse("acme/renamed#4"), "N", ["KR current"]) == {"KR current": 2.5}
    assert reading.values_for(Place.parse("acme/web#5"), None, ["KR current", "nope"]) == {"KR current": None}


@pytest.mark.parametrize(
    "data", [{}, {"id": "I", "content": None}, {"id": "I", "content": {}}, {"content": {"id": "N"}}]
)
def test_drafts_and_hidden_items_are_passed_over(data: dict[str, Any]) -> None:
    assert item_from(data, []) is None
