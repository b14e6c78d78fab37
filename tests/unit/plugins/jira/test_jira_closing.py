"""Which transition closes or reopens an item."""

from __future__ import annotations

from typing import Any

import pytest

from okrsync_jira.closing import available, choose


def step(id_: int, name: str, category: str, to: str | None = None, **fields: Any) -> dict[str, Any]:
    target = {"name": to or name, "statusCategory": {"key": category}}
    return {"id": id_, "name": name, "to": target, "fields": fields}


START = step(1, "Start", "indeterminate", "In Progress")
BACK = step(2, "Back", "new", "To Do")
DONE = step(3, "Finish", "done", "Fertig")
CANCEL = step(4, "Cancel", "done", "Cancelled")
RESOLUTION = {"required": True, "name": "Resolution", "allowedValues": [{"name": "Won't do"}, {"name": "Fixed"}]}


@pytest.mark.parametrize(
    ("offered", "closed", "chosen"),
    [
        ([START, BACK, DONE], True, "3"),
        ([CANCEL, DONE], True, "3"),
        ([CANCEL], True, "4"),
        ([START, BACK], True, None),
        ([DONE, BACK, START], False, "2"),
        ([DONE, START, BACK], False, "1"),
        ([DONE, CANCEL], False, None),
        ([], True, None),
    ],
)
def test_the_category_decides(offered: list[dict[str, Any]], closed: bool, chosen: str | None) -> None:
    body = choose(offered, closed=closed)
    assert (body["transition"]["id"] if body else None) == chosen


def test_a_transition_without_required_fields_is_preferred() -> None:
    asks = step(5, "Done", "done", resolution=RESOLUTION)
    assert choose([asks, CANCEL], closed=True) == {"transition": {"id": "4"}}


def test_the_resolution_is_filled_in() -> None:
    asks = step(5, "Done", "done", resolution=RESOLUTION)
    assert choose([asks], closed=True) == {"transition": {"id": "5"}, "fields": {"resolution": {"name": "Fixed"}}}


def test_what_cannot_be_known_is_not_filled_in() -> None:
    asks = step(5, "Done", "done", resolution=RESOLUTION, customfield_1={"required": True, "name": "Root cause"})
    assert choose([asks], closed=True) is None
    assert "Root cause" in available([asks])
    defaulted = step(6, "Done", "done", customfield_1={"required": True, "hasDefaultValue": True})
    assert choose([defaulted], closed=True) == {"transition": {"id": "6"}}


def test_without_categories_the_names_decide() -> None:
    bare = [{"id": "1", "name": "Reopen Issue", "to": {}}, {"id": "2", "name": "Close Issue"}]
    assert choose(bare, closed=True) == {"transition": {"id": "2"}}
    assert choose(bare, closed=False) == {"transition": {"id": "1"}}


def test_the_transitions_in_words() -> None:
    assert available([]) == "none"
    assert available([START]) == "'Start' (to In Progress)"
