"""GitHub's JSON as okrsync's values, and back. Nothing here sends a request.

Optional keys may be missing: older servers lack some. Issues come with labels as objects or, in old answers, as names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.domain.ref import Marker
from okrsync.trackers.values import KEEP, Child, Comment, Draft, Edit, FieldValue, ItemId, ItemKind, RemoteItem
from okrsync_github.addresses import Place, issue_in, milestone_in, project_of
from okrsync_github.markers import split_markers, with_markers

Json = Mapping[str, Any]

_PACIFIC = ZoneInfo("America/Los_Angeles")
"""GitHub keeps a milestone's due date as the midnight that begins that day in Pacific time."""

_INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""What `author_association` says of those who belong to the repository or its organisation; CONTRIBUTOR says only that
something of theirs was merged once (`author_association` in GitHub's description of its REST API)."""


def due_from(value: object) -> date | None:
    """The day that a milestone's `due_on` stands for; None for none, or for what is no time."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if "T" not in value:
        return moment.date()
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(_PACIFIC).date()


def due_to(day: date | None) -> str | None:
    """`due_on` for a day: noon in UTC lies on the same day in Pacific time, midnight would be the day before."""
    return None if day is None else f"{day.isoformat()}T12:00:00Z"


def time_from(value: object) -> datetime | None:
    """A time of GitHub's, aware; None for none, or for what is no time."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def number_of(data: object) -> int | None:
    """The number of a milestone, issue or pull request; None where the answer is nothing of the kind."""
    number = data.get("number") if isinstance(data, Mapping) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def is_pull_request(data: Json) -> bool:
    """Whether an entry of an issue list is a pull request."""
    return bool(data.get("pull_request"))


def markers_of(data: Json) -> tuple[str, ...]:
    """The markers in an issue's body; a pull request is never ours."""
    return () if is_pull_request(data) else split_markers(str(data.get("body") or ""))[1]


def milestone_from(data: Json, project: str, web: str) -> RemoteItem:
    """A milestone as REST shows it; `web` is the address of GitHub's pages, for answers without one."""
    place = milestone_in(project, data["number"])
    description, markers = split_markers(str(data.get("description") or ""))
    return RemoteItem(
        at=_at(place, data, f"{web}/{place.key}"),
        kind=ItemKind.OBJECTIVE if _names(markers, key_results=False) else ItemKind.OTHER,
        title=str(data.get("title") or ""),
        description=description,
        markers=markers,
        due=due_from(data.get("due_on")),
        closed=data.get("state") == "closed",
        updated=time_from(data.get("updated_at")),
        type_name="milestone",
    )


def issue_from(data: Json, project: str, web: str, fields: Mapping[str, FieldValue] | None = None) -> RemoteItem:
    """An issue, or a pull request, as REST shows it."""
    place = issue_in(project, data["number"])
    pull_request = is_pull_request(data)
    body = str(data.get("body") or "")
    description, markers = (body, ()) if pull_request else split_markers(body)
    milestone = number_of(data.get("milestone"))
    return RemoteItem(
        at=_at(place, data, f"{web}/{project}/{'pull' if pull_request else 'issues'}/{place.number}"),
        kind=ItemKind.KEY_RESULT if _names(markers, key_results=True) else ItemKind.OTHER,
        title=str(data.get("title") or ""),
        description=description,
        markers=markers,
        closed=data.get("state") == "closed",
        parent=milestone_in(project, milestone).id if milestone else None,
        fields={**issue_field_values(data), **(fields or {})},
        labels=frozenset(_labels(data.get("labels"))),
        updated=time_from(data.get("updated_at")),
        created=time_from(data.get("created_at")),
        comments=count if isinstance(count := data.get("comments"), int) else None,
        type_name="pull request" if pull_request else "issue",
    )


def issue_field_values(data: Json) -> dict[str, FieldValue]:
    """What an issue holds in its organisation's issue fields, by name.

    A number is a number; whatever else there is, is the text that people see.
    """
    held = data.get("issue_field_values")
    values: dict[str, FieldValue] = {}
    for each in held if isinstance(held, list) else ():
        if isinstance(each, Mapping) and each.get("issue_field_name"):
            values[str(each["issue_field_name"])] = _field_value(each)
    return values


def child_from(data: Json, project: str, points: float | None = None) -> Child:
    """An entry of an issue list as something that is done or not. A sub-issue may be in another repository."""
    place = home_of(data, project)
    return Child(
        id=place.id,
        key=place.key,
        done=data.get("state") == "closed",
        points=points,
        pull_request=is_pull_request(data),
        markers=markers_of(data),
        url=str(data.get("html_url") or ""),
    )


def home_of(data: Json, project: str) -> Place:
    """Where an issue is, by its own word; `project` where it does not say, or says it in other letters."""
    told = project_of(str(data.get("repository_url") or data.get("url") or data.get("html_url") or ""))
    return issue_in(project if told is None or told.casefold() == project.casefold() else told, data["number"])


def comment_from(data: Json) -> Comment:
    """A comment below an issue; the author of a deleted account is nobody."""
    user = data.get("user")
    user = user if isinstance(user, Mapping) else {}
    login = str(user.get("login") or "")
    created = time_from(data.get("created_at")) or datetime.fromtimestamp(0, UTC)
    changed = time_from(data.get("updated_at"))
    return Comment(
        id=str(data["id"]),
        author=login,
        text=str(data.get("body") or "").replace("\r\n", "\n"),
        created=created,
        account=login,
        insider=_is_insider(data.get("author_association"), user),
        edited=changed if changed and changed > created else None,
        url=str(data.get("html_url") or ""),
    )


def _is_insider(association: object, user: Json) -> bool | None:
    """Whether a comment's author works in the repository. An app is let in by the owners, whatever GitHub calls it."""
    if user.get("type") == "Bot":
        return True
    return association in _INSIDERS if isinstance(association, str) and association else None


def belongs_to(item: RemoteItem, workspace: str) -> bool:
    """Whether the item carries a marker of the workspace, of the kind that its sort of item can carry."""
    key_results = item.type_name == "issue"
    return any(
        marker.workspace == workspace and marker.ref.is_key_result is key_results for marker in _parsed(item.markers)
    )


def milestone_body(draft: Draft) -> dict[str, Any]:
    """What creates a milestone."""
    body = {"title": draft.title, "description": with_markers(draft.description, [draft.marker])}
    due = due_to(draft.due)
    return {**body, "due_on": due} if due else body


def issue_body(draft: Draft, labels: Sequence[str], milestone: int | None) -> dict[str, Any]:
    """What creates an issue."""
    body: dict[str, Any] = {"title": draft.title, "body": with_markers(draft.description, [draft.marker])}
    if milestone is not None:
        body["milestone"] = milestone
    return {**body, "labels": list(labels)} if labels else body


def edit_body(item: RemoteItem, edit: Edit, *, is_issue: bool) -> dict[str, Any]:
    """What changes a milestone or an issue; only what is to change. Every marker on the item stays."""
    body: dict[str, Any] = {}
    if edit.title is not KEEP:
        body["title"] = edit.title
    if edit.description is not KEEP or edit.add_marker:
        text = item.description if edit.description is KEEP else edit.description
        markers = [*item.markers, *([edit.add_marker] if edit.add_marker else [])]
        body["body" if is_issue else "description"] = with_markers(text, markers)
    if edit.due is not KEEP and not is_issue:
        body["due_on"] = due_to(edit.due)
    return body


def _field_value(held: Json) -> FieldValue:
    value, option = held.get("value"), held.get("single_select_option")
    if isinstance(option, Mapping) and option.get("name"):
        return str(option["name"])
    if isinstance(value, int | float) and not isinstance(value, bool) and held.get("data_type") == "number":
        return float(value)
    return None if value is None else str(value)


def _at(place: Place, data: Json, page: str) -> ItemId:
    return ItemId(project=place.project, id=place.id, key=place.key, url=str(data.get("html_url") or page))


def _labels(given: object) -> list[str]:
    if not isinstance(given, list):
        return []
    names = [each.get("name") if isinstance(each, Mapping) else each for each in given]
    return [str(name) for name in names if name]


def _names(markers: Sequence[str], *, key_results: bool) -> bool:
    return any(marker.ref.is_key_result is key_results for marker in _parsed(markers))


def _parsed(markers: Sequence[str]) -> list[Marker]:
    return [marker for text in markers if (marker := Marker.parse(text))]
