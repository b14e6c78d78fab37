"""Turns two versions of an issue into the changelog entry that Jira would show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from okrsync.sandbox.jira.defaults import PRIORITIES, RESOLUTIONS
from okrsync.sandbox.jira.model import Change, ChangeItem, Field, Issue
from okrsync.sandbox.jira.store import JiraStore

FIRST_CHANGE = 10200


def entry(store: JiraStore, author: str, at: datetime, items: list[ChangeItem]) -> Change:
    """A numbered changelog entry."""
    return Change(str(store.state.next_id("change", FIRST_CHANGE)), author, at, tuple(items))


def value_changes(store: JiraStore, old: Issue, values: dict[str, Any]) -> list[ChangeItem]:
    """What is different in the settable fields."""
    items = []
    for field_id in sorted(set(old.values) | set(values)):
        before, after = old.values.get(field_id), values.get(field_id)
        if before == after:
            continue
        field = store.state.fields[field_id]
        old_raw, old_text = _readable(store, field, before)
        new_raw, new_text = _readable(store, field, after)
        name = _change_name(store, field)
        items.append(ChangeItem(name, field_id, field.custom is not None, old_raw, old_text, new_raw, new_text))
    return items


def status_changes(
    store: JiraStore, old: Issue, status_id: str, old_resolution: str | None, resolution: str | None
) -> list[ChangeItem]:
    """What is different after a transition; a resolution that comes or goes is listed first, as in Jira."""
    items = []
    if old_resolution != resolution:
        items.append(
            ChangeItem(
                "resolution",
                "resolution",
                False,
                old_resolution,
                RESOLUTIONS[old_resolution] if old_resolution else None,
                resolution,
                RESOLUTIONS[resolution] if resolution else None,
            )
        )
    before, after = store.state.statuses[old.status_id], store.state.statuses[status_id]
    items.append(ChangeItem("status", "status", False, before.id, before.name, after.id, after.name))
    return items


def _change_name(store: JiraStore, field: Field) -> str:
    if field.id == "parent" and store.cloud:
        return "IssueParentAssociation"
    return field.name if field.custom else field.id


def _readable(store: JiraStore, field: Field, value: Any) -> tuple[str | None, str | None]:
    """The stored and the readable form of a value in a changelog."""
    if value is None:
        return None, None
    if field.points_up:
        issue = store.state.issues.get(value)
        return str(value), issue.key if issue else str(value)
    match field.id:
        case "labels":
            return None, " ".join(value)
        case "priority":
            return value, PRIORITIES[value]
        case "assignee" | "reporter":
            return value, store.state.users[value].display_name
        case "duedate":
            return value, f"{value} 00:00:00.0"
    if field.kind == "number":
        # Changelogs have three decimals at most, whatever the field holds (`DoubleConverterImpl` in Jira's source).
        return None, (f"{value:.3f}".rstrip("0").rstrip(".")) or "0"
    return None, str(value)
