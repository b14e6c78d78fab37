"""Who changed a number field, and when: Jira's changelogs, for many items in few requests.

Jira Cloud gives the changes of chosen fields of up to 1,000 items at once. Data Center has no such request: a search
shows whole changelogs beside its items, and what it does not show is asked for item by item. What an item was created
with is in no changelog.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from okrsync.trackers.errors import Misconfigured, NotFound, Rejected
from okrsync.trackers.values import FieldChange, RemoteItem
from okrsync_jira import items
from okrsync_jira.checking import Resolver
from okrsync_jira.client import Client
from okrsync_jira.errors import NoSuchEndpoint
from okrsync_jira.fields import JiraField
from okrsync_jira.paging import Row, whole_list

Asked = Sequence[tuple[RemoteItem, str]]
Told = dict[tuple[str, str], tuple[FieldChange, ...]]

MOST_ITEMS, MOST_FIELDS, MOST_CHANGES = 1_000, 10, 10_000
"""What `POST changelog/bulkfetch` takes and gives at once (Atlassian's description of Jira Cloud's API)."""
AT_ONCE = 25
"""Items in one search that shows changelogs: whole ones, of every field, that nobody knows the size of."""
_NUMBER = "number"
_MILLISECONDS = 100_000_000_000
"""Seconds since 1970 are fewer until the year 5138: a larger number counts milliseconds."""


class History:
    """Reads changelogs of one site."""

    def __init__(self, client: Client, resolver: Resolver) -> None:
        self._client = client
        self._resolver = resolver

    def changes(self, asked: Asked) -> Told:
        """The changes of number fields, oldest first; see `Tracker.field_changes`."""
        fields = {(item.at.id, name): found for item, name in asked if (found := self._field(item, name))}
        if not fields:
            return {}
        keys = {item.at.id: item.at.key for item, name in asked if (item.at.id, name) in fields}
        logs = self._cloud(keys, fields) if self._client.server.cloud else self._data_center(keys)
        return {(id_, name): tuple(_changes(logs[id_], field)) for (id_, name), field in fields.items() if id_ in logs}

    def _field(self, item: RemoteItem, name: str) -> JiraField | None:
        """The number field that a name means; None where its changes could not be told from another field's."""
        found = self._resolver.candidates(item.at.project, name)
        if len(found) != 1 or found[0].type != _NUMBER:
            return None
        (field,) = found
        # Data Center's changelogs name fields and do not give their ids.
        same = [each for each in self._resolver.catalogue.fields if each.name.casefold() == field.name.casefold()]
        return field if self._client.server.cloud or len(same) == 1 else None

    def _cloud(self, keys: Mapping[str, str], fields: Mapping[tuple[str, str], JiraField]) -> dict[str, list[Row]]:
        logs: dict[str, list[Row]] = {}
        wanted: dict[str, dict[str, None]] = {}
        for (id_, _), field in fields.items():
            wanted.setdefault(field.id, {})[id_] = None
        try:
            for field_ids in _groups(wanted, MOST_FIELDS):
                for ids in _groups({id_: None for each in field_ids for id_ in wanted[each]}, MOST_ITEMS):
                    for id_, rows in self._bulk(ids, field_ids).items():
                        logs.setdefault(id_, []).extend(rows)
        except (NoSuchEndpoint, NotFound, Rejected):
            # What lies between may know fewer endpoints than Jira does.
            return self._one_by_one(keys)
        return logs

    def _bulk(self, ids: Sequence[str], field_ids: Sequence[str]) -> dict[str, list[Row]]:
        path, about = "changelog/bulkfetch", f"the history of {len(ids)} items"
        found: dict[str, list[Row]] = {id_: [] for id_ in ids}
        body: dict[str, Any] = {"issueIdsOrKeys": list(ids), "fieldIds": list(field_ids), "maxResults": MOST_CHANGES}
        seen: set[str] = set()
        while True:
            page = self._client.ask(path, body, about=about)
            listed = page.get("issueChangeLogs") if isinstance(page, Mapping) else None
            if not isinstance(listed, list):
                raise self._client.unreadable("POST", path)
            for log in listed:
                found.setdefault(str(log.get("issueId")), []).extend(log.get("changeHistories") or ())
            token = page.get("nextPageToken")
            if not token or token in seen:
                return found
            seen.add(token)
            body = {**body, "nextPageToken": str(token)}

    def _data_center(self, keys: Mapping[str, str]) -> dict[str, list[Row]]:
        logs: dict[str, list[Row]] = {}
        while len(keys) - len(logs) > 1:
            ids = list(islice((id_ for id_ in keys if id_ not in logs), AT_ONCE))
            shown = self._shown_by_search(ids)
            if not shown:
                break
            logs |= shown
        return logs | self._one_by_one({id_: key for id_, key in keys.items() if id_ not in logs})

    def _shown_by_search(self, ids: Sequence[str]) -> dict[str, list[Row]]:
        """The changelogs of those items that one search shows with a whole changelog; none where it fails."""
        params = {
            "jql": f"id in ({', '.join(ids)})",
            "fields": "created",
            "expand": "changelog",
            "maxResults": str(len(ids)),
        }
        try:
            page = self._client.get("search", params)
        except (Misconfigured, NotFound, Rejected):
            # JQL refuses a whole list for one item that is gone, and long changelogs may be too much for one answer.
            return {}
        rows = page.get("issues") if isinstance(page, Mapping) else None
        logs = {str(row.get("id")): _whole_log(row) for row in (rows if isinstance(rows, list) else ())}
        return {id_: log for id_, log in logs.items() if log is not None and id_ in ids}

    def _one_by_one(self, keys: Mapping[str, str]) -> dict[str, list[Row]]:
        logs: dict[str, list[Row]] = {}
        for id_, key in keys.items():
            try:
                logs[id_] = self._log(id_, key)
            except (NotFound, Rejected):
                continue  # It is gone, or not for us to see: the others still have their history.
        return logs

    def _log(self, id_: str, key: str) -> list[Row]:
        path = f"issue/{quote(id_, safe='')}"
        if self._client.server.cloud:
            identity = lambda row: str(row.get("id"))  # noqa: E731 - too small for a name of its own
            return whole_list(
                self._client, f"{path}/changelog", ("values",), page_size=100, about=key, identity=identity
            )
        row = self._client.get(path, {"fields": "created", "expand": "changelog"}, about=key)
        log = _whole_log(row) if isinstance(row, Mapping) else None
        if log is None:
            raise Rejected(f"Jira does not show the whole changelog of {key}")
        return log


def _whole_log(row: Row) -> list[Row] | None:
    """The changelog inside an issue; None where there is none, or a part of it only."""
    log = row.get("changelog")
    histories = log.get("histories") if isinstance(log, Mapping) else None
    if not isinstance(log, Mapping) or not isinstance(histories, list):
        return None
    total = log.get("total")
    return histories if not isinstance(total, int) or total <= len(histories) else None


def _changes(rows: Iterable[Row], field: JiraField) -> list[FieldChange]:
    """The changes of one field among the entries of a changelog, each entry once."""
    found: dict[tuple[datetime, int, str], FieldChange] = {}
    for row in rows:
        at, listed, id_ = _moment(row.get("created")), row.get("items"), str(row.get("id") or "")
        if at is None or not isinstance(listed, list):
            continue
        for item in listed:
            if _is_of(item, field) and (values := _numbers(item)):
                found[at, len(id_), id_] = FieldChange(at, items.person(row.get("author")), *values)
    return [found[key] for key in sorted(found)]


def _is_of(item: Any, field: JiraField) -> bool:
    if not isinstance(item, Mapping):
        return False
    if item.get("fieldId"):
        return str(item["fieldId"]) == field.id
    return item.get("fieldtype") == "custom" and str(item.get("field")).casefold() == field.name.casefold()


def _numbers(item: Mapping[str, Any]) -> tuple[float | None, float | None] | None:
    """What the field held before and after; None where that is no number.

    Changelogs have numbers as texts with a decimal point, no grouping and at most three decimals, whatever the
    language (`DoubleConverterImpl` in Jira's source).
    """
    try:
        before, after = (
            float(text) if (text := str(item.get(side) or "").strip()) else None for side in ("fromString", "toString")
        )
    except ValueError:
        return None
    return (before, after) if all(each is None or math.isfinite(each) for each in (before, after)) else None


def _moment(raw: Any) -> datetime | None:
    """When a change was made: text in most answers, a count since 1970 in that of `changelog/bulkfetch`.

    The count is of milliseconds, and of seconds in Atlassian's own example.
    """
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return items.moment(raw)
    try:
        return datetime.fromtimestamp(raw / 1000 if abs(raw) >= _MILLISECONDS else raw, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _groups(values: Iterable[str], most: int) -> Iterator[list[str]]:
    remaining = iter(values)
    while group := list(islice(remaining, most)):
        yield group
