"""Jira's JSON as okrsync's values, and drafts and edits as Jira's JSON. Pure: nothing here sends anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from okrsync.domain.ref import Marker
from okrsync.trackers.errors import Misconfigured
from okrsync.trackers.values import KEEP, Child, Comment, Draft, Edit, FieldValue, ItemId, ItemKind, RemoteItem, Scope

OBJECTIVE_TYPE = "Epic"
KEY_RESULT_TYPE = "Task"
LINK_TYPE = "Relates"
BASE_FIELDS = (
    *("summary", "description", "labels", "duedate", "status", "issuetype", "parent", "issuelinks"),
    *("updated", "created"),
)
"""What every item is read with; custom fields come on top."""

_DONE_NAMES = frozenset({"done", "closed", "resolved"})
Json = dict[str, Any]


@dataclass(frozen=True)
class View:
    """How the items of one project are read: which fields are asked for, and what their ids are there."""

    base_url: str
    workspace: str
    names: Mapping[str, str] = field(default_factory=dict)
    """Field name as configured → field id."""
    epic_link: str | None = None
    """Data Center: the id of the field that holds the epic's key."""


def project_of(key: str) -> str:
    """The project's key in an issue's key."""
    return key.rpartition("-")[0]


def kind_of(markers: Iterable[str], workspace: str) -> ItemKind:
    """What an item with these markers stands for in a workspace."""
    ours = [each for each in map(Marker.parse, markers) if each and each.workspace == workspace]
    if not ours:
        return ItemKind.OTHER
    return ItemKind.KEY_RESULT if ours[0].ref.is_key_result else ItemKind.OBJECTIVE


def remote_item(row: Mapping[str, Any], view: View, link_type: str = LINK_TYPE) -> RemoteItem:
    """An item from an issue's JSON. Under Data Center `parent` may be an epic's key, where its id is not in the row."""
    fields = _fields(row)
    labels = labels_of(fields)
    markers = tuple(each for each in labels if Marker.parse(each))
    return RemoteItem(
        at=item_id(row, view.base_url),
        kind=kind_of(markers, view.workspace),
        title=_text(row, fields.get("summary")),
        description=_text(row, fields.get("description")).replace("\r\n", "\n"),
        markers=markers,
        due=day(fields.get("duedate")),
        closed=is_done(fields),
        parent=parent_of(fields, view.epic_link),
        fields={name: value(fields[id_]) for name, id_ in view.names.items() if id_ in fields},
        links=frozenset(linked(fields, link_type)),
        labels=frozenset(labels),
        updated=moment(fields.get("updated")),
        created=moment(fields.get("created")),
        type_name=_name(fields.get("issuetype")),
    )


def item_id(row: Mapping[str, Any], base_url: str) -> ItemId:
    """Where an issue is, from its `id` and `key`."""
    key = str(row.get("key") or row["id"])
    return ItemId(project=project_of(key), id=str(row["id"]), key=key, url=f"{base_url}/browse/{key}")


def labels_of(fields: Mapping[str, Any]) -> list[str]:
    """The labels in an issue's fields."""
    labels = fields.get("labels")
    return [str(each) for each in labels] if isinstance(labels, list) else []


def parent_of(fields: Mapping[str, Any], epic_link: str | None) -> str | None:
    """The parent's id, or, from Data Center's Epic Link, the epic's key."""
    parent = fields.get("parent")
    if isinstance(parent, Mapping) and (parent.get("id") or parent.get("key")):
        return str(parent.get("id") or parent["key"])
    epic = fields.get(epic_link) if epic_link else None
    return epic if isinstance(epic, str) and epic else None


def linked(fields: Mapping[str, Any], link_type: str) -> dict[str, str]:
    """The items that an issue's own words of a link type point at: their ids → the links' ids."""
    found: dict[str, str] = {}
    listed = fields.get("issuelinks")
    for link in listed if isinstance(listed, list) else []:
        kind = link.get("type") or {}
        named = {str(kind.get("name", "")).casefold(), str(kind.get("id", ""))}
        # In A's list the `outwardIssue` B means "A <outward words> B", for example "A blocks B".
        other = link.get("outwardIssue")
        if link_type.casefold() in named and isinstance(other, Mapping) and other.get("id"):
            found[str(other["id"])] = str(link.get("id") or "")
    return found


def is_done(fields: Mapping[str, Any]) -> bool:
    """Whether the status is of the category Done, however the workflow calls it."""
    status = fields.get("status")
    if not isinstance(status, Mapping):
        return False
    category = status.get("statusCategory")
    if isinstance(category, Mapping) and category.get("key"):
        return str(category["key"]).casefold() == "done"
    return str(status.get("name", "")).casefold() in _DONE_NAMES


def value(raw: Any) -> FieldValue:
    """A field's value: a number, nothing, or the text that people see."""
    if raw is None:
        return None
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, int | float):
        return float(raw) if math.isfinite(raw) else str(raw)
    if isinstance(raw, Mapping):
        return str(next((raw[key] for key in ("value", "displayName", "name", "key", "id") if raw.get(key)), ""))
    if isinstance(raw, list):
        return ", ".join(str(value(each)) for each in raw if each is not None) or None
    return str(raw)


def number(raw: Any) -> float | None:
    """A number field's value; None for anything that is not a number."""
    read = value(raw)
    return read if isinstance(read, float) else None


def day(raw: Any) -> date | None:
    """A date without time; None where there is none."""
    try:
        return date.fromisoformat(str(raw)[:10]) if raw else None
    except ValueError:
        return None


def moment(raw: Any) -> datetime | None:
    """A time as Jira writes it (`2026-10-01T09:30:00.000+0200`), in UTC; None where there is none."""
    try:
        read = datetime.fromisoformat(str(raw)) if raw else None
    except ValueError:
        return None
    if read is None:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def child(row: Mapping[str, Any], points_id: str | None, base_url: str) -> Child:
    """A child item, with the value of its points field."""
    fields = _fields(row)
    at = item_id(row, base_url)
    return Child(
        id=at.id,
        key=at.key,
        done=is_done(fields),
        points=number(fields.get(points_id)) if points_id else None,
        markers=tuple(each for each in labels_of(fields) if Marker.parse(each)),
        url=at.url,
    )


def person(raw: Any) -> str:
    """What people call an account; empty where Jira does not tell."""
    named = (raw.get(key) for key in ("displayName", "name", "accountId")) if isinstance(raw, Mapping) else ()
    return next((str(each) for each in named if each), "")


def comment(row: Mapping[str, Any], issue_url: str = "") -> Comment:
    """A comment from its JSON; `issue_url` is where people open its item."""
    author = row.get("author")
    who: Mapping[str, Any] = author if isinstance(author, Mapping) else {}
    created = moment(row.get("created")) or datetime.fromtimestamp(0, UTC)
    changed = moment(row.get("updated"))
    return Comment(
        id=str(row["id"]),
        author=person(who),
        text=_text(row, row.get("body")).replace("\r\n", "\n"),
        created=created,
        account=next((str(who[key]) for key in ("accountId", "name", "key") if who.get(key)), ""),
        # Whoever can comment was let in, but for the customers of a service desk.
        insider=False if who.get("accountType") == "customer" or row.get("jsdAuthorCanSeeRequest") is False else None,
        edited=changed if changed and changed > created else None,
        url=f"{issue_url}?focusedCommentId={row['id']}" if issue_url else "",
    )


def comment_age(each: Comment) -> tuple[datetime, int, str]:
    """What puts comments in order, the oldest first."""
    return each.created, len(each.id), each.id


def create_body(
    scope: Scope,
    draft: Draft,
    type_name: str,
    custom: Mapping[str, FieldValue],
    *,
    parent_field: str | None = None,
    epic_name_field: str | None = None,
) -> Json:
    """The body of the one POST that creates an item, its marker in it.

    `custom` holds values by field id; `parent_field` is Data Center's Epic Link, None where `parent` is the field.
    """
    extra = scope.labels if draft.kind is ItemKind.KEY_RESULT else ()
    fields: Json = {
        "project": {"key": scope.project},
        "issuetype": {"name": type_name},
        "summary": draft.title,
        "labels": list(dict.fromkeys((draft.marker, *extra))),
    }
    if draft.description:
        fields["description"] = draft.description
    if draft.due:
        fields["duedate"] = draft.due.isoformat()
    if draft.parent:
        fields |= {parent_field: draft.parent.key} if parent_field else {"parent": {"key": draft.parent.key}}
    if epic_name_field:
        fields[epic_name_field] = draft.title
    fields |= {id_: sent(each) for id_, each in custom.items() if each is not None}
    return {"fields": fields}


def created_item(scope: Scope, draft: Draft, at: ItemId, type_name: str) -> RemoteItem:
    """The item that a draft has become, without asking for it again."""
    extra = scope.labels if draft.kind is ItemKind.KEY_RESULT else ()
    return RemoteItem(
        at=at,
        kind=draft.kind,
        title=draft.title,
        description=draft.description,
        markers=(draft.marker,),
        due=draft.due,
        parent=draft.parent.id if draft.parent else None,
        fields=dict(draft.fields),
        labels=frozenset({draft.marker, *extra}),
        type_name=type_name,
    )


def update_body(edit: Edit, custom: Mapping[str, FieldValue]) -> Json:
    """The body of the one PUT that writes an edit; empty when the edit keeps everything."""
    fields: Json = {}
    if edit.title is not KEEP:
        fields["summary"] = edit.title
    if edit.description is not KEEP:
        fields["description"] = edit.description
    if edit.due is None:
        fields["duedate"] = None
    elif edit.due is not KEEP:
        fields["duedate"] = edit.due.isoformat()
    fields |= {id_: sent(each) for id_, each in custom.items()}
    body: Json = {"fields": fields} if fields else {}
    if edit.add_marker:
        body["update"] = {"labels": [{"add": edit.add_marker}]}
    return body


def sent(each: FieldValue) -> FieldValue | int:
    """A value as it is written: whole numbers without a fraction, for fields that show what they were given."""
    return int(each) if isinstance(each, float) and each.is_integer() and abs(each) < 1e15 else each


def _fields(row: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = row.get("fields")
    return fields if isinstance(fields, Mapping) else {}


def _name(raw: Any) -> str:
    return str(raw.get("name") or "") if isinstance(raw, Mapping) else ""


def _text(row: Mapping[str, Any], raw: Any) -> str:
    if raw is None:
        return ""
    if not isinstance(raw, str):
        # Taken for empty, it would be overwritten.
        raise Misconfigured(
            f"Jira gives the texts of {row.get('key') or row.get('id')} in a format that is not that of its REST API 2;"
            " check what lies between okrsync and Jira"
        )
    return raw
