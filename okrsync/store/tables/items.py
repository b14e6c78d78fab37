"""Items and cursors: what was last read of the trackers, for incremental reading and for work without a network."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from okrsync.domain.items import RemoteItem
from okrsync.store.columns import item_from_json, item_to_json
from okrsync.store.session import Session
from okrsync.store.values import StoredReading


class Items:
    """The readings of each tracker.

    `scope` is a text that says what was read (projects, forms, fields): with other settings it is another reading,
    whose cursor nobody mixes up with this one's. Items and the cursor that follows them are stored together.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def reading(self, tracker: str, scope: str) -> StoredReading:
        """The items last read, in no order to rely on, and where to go on; empty without a reading."""
        return StoredReading(
            tuple(
                self._session.select(
                    item_from_json, "select item from items where tracker = ? and scope = ?", (tracker, scope)
                )
            ),
            self._session.first(str, "select cursor from cursors where tracker = ? and scope = ?", (tracker, scope)),
        )

    def follows(self, tracker: str) -> bool:
        """Whether a reading of the tracker can go on where an earlier one ended."""
        return bool(self._session.number("select count(*) from cursors where tracker = ?", (tracker,)))

    def merge(self, tracker: str, scope: str, items: Iterable[RemoteItem], cursor: str | None) -> None:
        """Store what changed since the last reading, over what is there, with the new cursor (None: no cursor)."""
        with self._session.transaction():
            self._session.write_many(
                "insert into items (tracker, scope, item_id, project, item) values (?, ?, ?, ?, ?)"
                " on conflict (tracker, scope, item_id) do update set project = excluded.project, item = excluded.item",
                [(tracker, scope, each.at.id, each.at.project, item_to_json(each)) for each in items],
            )
            if cursor is None:
                self._session.write("delete from cursors where tracker = ? and scope = ?", (tracker, scope))
            else:
                self._session.write(
                    "insert into cursors (tracker, scope, cursor) values (?, ?, ?)"
                    " on conflict (tracker, scope) do update set cursor = excluded.cursor",
                    (tracker, scope, cursor),
                )

    def replace(
        self,
        tracker: str,
        scope: str,
        items: Iterable[RemoteItem],
        cursor: str | None,
        *,
        unread: Collection[str] = (),
    ) -> None:
        """Store a complete reading in place of the last one. Items of the projects `unread` stay as they were."""
        with self._session.transaction():
            projects = self._session.select(
                str, "select distinct project from items where tracker = ? and scope = ?", (tracker, scope)
            )
            self._session.write_many(
                "delete from items where tracker = ? and scope = ? and project = ?",
                [(tracker, scope, project) for project in projects if project not in unread],
            )
            self.merge(tracker, scope, items, cursor)

    def drop(self, tracker: str, item_ids: Iterable[str]) -> None:
        """Forget items that the tracker says are gone, in every scope."""
        self._session.write_many(
            "delete from items where tracker = ? and item_id = ?", [(tracker, item_id) for item_id in item_ids]
        )

    def keep_scopes(self, tracker: str, scopes: Collection[str]) -> None:
        """Forget the readings of every other scope: the settings do not ask for them any more."""
        with self._session.transaction():
            stored = self._session.select(
                str,
                "select scope from cursors where tracker = ? union select scope from items where tracker = ?",
                (tracker, tracker),
            )
            rows = [(tracker, scope) for scope in stored if scope not in scopes]
            self._session.write_many("delete from items where tracker = ? and scope = ?", rows)
            self._session.write_many("delete from cursors where tracker = ? and scope = ?", rows)

    def clear(self) -> None:
        """Forget every reading."""
        with self._session.transaction():
            self._session.write("delete from items")
            self._session.write("delete from cursors")
