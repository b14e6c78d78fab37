"""New comments of many items: only of those whose `updated` moved since the last reading, a hundred in a request.

While some items are not settled, because they are new to us or changed a moment ago, their comments come along with the
items and cost no request of their own.

Every comment, and every change of one, moves an item's `updated`. The index from which items are read lags behind, so
what counts is whether an item's own `updated` is what it was, and no moment for the whole site: an item that the index
shows as it was before is read when the index has caught up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from okrsync.trackers.errors import AuthFailed, NotFound, Rejected, TrackerError
from okrsync.trackers.values import Comment, CommentReading, ItemId, RemoteItem
from okrsync_jira import items
from okrsync_jira.along import Along
from okrsync_jira.client import Client
from okrsync_jira.errors import NoSuchEndpoint
from okrsync_jira.paging import Row, Search, chunks, whole_list
from okrsync_jira.reading import issue_path

AT_ONCE = 100
"""Items in one request: what `POST issue/bulkfetch` takes (Atlassian's description of Jira Cloud's API)."""
SETTLED = timedelta(minutes=1)
"""An item that changed later than this before the server's present moment is read once more the next time: some
databases keep whole seconds, and the clocks of a site's servers differ, so another comment may bear the same moment."""

_OPEN = ""
"""In a cursor, of an item: its comments are asked for once more."""


class Comments:
    """Reads the comments of one site."""

    def __init__(self, client: Client, search: Search, along: Along) -> None:
        self._client = client
        self._search = search
        self._along = along
        self._in_bulk = True

    def all_of(self, item: ItemId) -> tuple[Comment, ...]:
        """As `Tracker.comments`."""
        rows = whole_list(
            self._client,
            f"{issue_path(item.id)}/comment",
            ("comments",),
            page_size=100,
            about=item.key,
            identity=lambda row: str(row.get("id")),
        )
        if not _have_ids(rows):
            raise self._client.unreadable("GET", f"{issue_path(item.id)}/comment")
        return _in_order(rows, item)

    def expect(self, since: str | None) -> None:
        """As `Tracker.expect_comments`."""
        marks = _marks(since)
        self._along.wanted = not marks or _OPEN in marks.values()

    def since(self, wanted: Iterable[RemoteItem], since: str | None, others: Collection[str] = ()) -> CommentReading:
        """As `Tracker.comments_since`. The cursor holds what `updated` each item had when its comments were read."""
        before = _marks(since)
        known = {each.at.id: each for each in wanted}
        moved = {id_: each for id_, each in known.items() if _may_have_news(each, before.get(id_))}
        read: dict[str, tuple[Comment, ...]] = {}
        failures: dict[str, Exception] = {}
        for id_, row in self._along.take(moved).items():
            shown = _shown(row)
            if shown is not None:
                read[id_] = _in_order(shown, moved[id_].at)
        settled = self._client.at_least() - SETTLED if read else None
        for ids in chunks((id_ for id_ in moved if id_ not in read), AT_ONCE):
            group = {id_: moved[id_] for id_ in ids}
            try:
                read |= self._of(group)
            except AuthFailed:
                raise
            except TrackerError as failure:
                failures |= {each.at.project: failure for each in group.values()}
                continue
            settled = settled or self._client.at_least() - SETTLED
        if failures and not read:
            raise next(iter(failures.values()))
        after = {id_: before[id_] for id_ in (*known, *others) if id_ in before}
        after |= dict.fromkeys(known.keys() - after.keys(), _OPEN)
        for id_ in read:
            mark, changed = _mark(known[id_]), known[id_].updated
            after[id_] = mark if mark and changed and settled and changed <= settled else _OPEN
        found = {id_: comments for id_, comments in read.items() if comments}
        cursor = json.dumps(after, separators=(",", ":"), sort_keys=True)
        return CommentReading(found, failures, complete=not before, cursor=cursor)

    def _of(self, group: Mapping[str, RemoteItem]) -> dict[str, tuple[Comment, ...]]:
        """The comments of those items that Jira shows."""
        found: dict[str, tuple[Comment, ...]] = {}
        for row in self._rows(list(group)):
            if item := group.get(str(row.get("id"))):
                shown = _shown(row)
                with suppress(NotFound):  # It may be gone by now.
                    found[item.at.id] = self.all_of(item.at) if shown is None else _in_order(shown, item.at)
        return found

    def _rows(self, ids: Sequence[str]) -> list[Row]:
        """The items with their comments, or without where they come by themselves; those that are gone are left out."""
        if self._client.server.cloud and self._in_bulk:
            try:
                return self._bulk(ids)
            except (NoSuchEndpoint, NotFound):
                # What lies between may know fewer endpoints than Jira does.
                self._in_bulk = False
        try:
            return self._search.rows(f"id in ({', '.join(ids)})", ["comment"])
        except Rejected:
            # JQL refuses a whole list for one item that is gone.
            if len(ids) == 1:
                return [{"id": ids[0]}]
            half = len(ids) // 2
            return [*self._rows(ids[:half]), *self._rows(ids[half:])]

    def _bulk(self, ids: Sequence[str]) -> list[Row]:
        body = {"issueIdsOrKeys": list(ids), "fields": ["comment"]}
        said: Any = self._client.ask("issue/bulkfetch", body, about=f"the comments of {len(ids)} items")
        rows = said.get("issues") if isinstance(said, Mapping) else None
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise self._client.unreadable("POST", "issue/bulkfetch")
        if not rows:
            self._search.make_sure_of_us()
        return rows


def _shown(row: Row) -> list[Row] | None:
    """The comments inside an issue; None where there are none to be seen, or a part of them only."""
    fields = row.get("fields")
    page = fields.get("comment") if isinstance(fields, Mapping) else None
    rows = page.get("comments") if isinstance(page, Mapping) else None
    if not isinstance(page, Mapping) or not isinstance(rows, list):
        return None
    total = page.get("total")
    return rows if isinstance(total, int) and total <= len(rows) and _have_ids(rows) else None


def _have_ids(rows: Iterable[object]) -> bool:
    return all(isinstance(row, Mapping) and row.get("id") for row in rows)


def _in_order(rows: Iterable[Row], item: ItemId) -> tuple[Comment, ...]:
    return tuple(sorted((items.comment(row, item.url) for row in rows), key=items.comment_age))


def _may_have_news(item: RemoteItem, before: str | None) -> bool:
    """Whether there may be comments that were not read."""
    return item.updated is None or _mark(item) != before


def _mark(item: RemoteItem) -> str | None:
    return item.updated.isoformat() if item.updated else None


def _marks(text: str | None) -> dict[str, str]:
    try:
        return {str(id_): str(mark) for id_, mark in json.loads(text or "{}").items()}
    except (ValueError, AttributeError):
        return {}
