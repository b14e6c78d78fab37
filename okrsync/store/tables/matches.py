"""Matches: what matched each query when it was last asked, and from where its next reading may go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from okrsync.store.columns import stamp
from okrsync.store.session import Session
from okrsync.trackers.values import Match, Matches

KEPT_FOR = timedelta(days=30)
"""How long the answer to a query is kept that nobody asks any more."""


@dataclass(frozen=True)
class StoredMatches:
    """What matched a query, by id, and where to go on; both empty where it was never asked."""

    matches: Mapping[str, Match] = field(default_factory=dict)
    cursor: str | None = None


class QueryReadings:
    """The last answer to each query of each tracker.

    `query` is a text that says all of what was asked, and whom: another question never goes on where this one ended.
    Rows and the cursor that follows them are stored together.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def reading(self, tracker: str, query: str) -> StoredMatches:
        """What is known of a query."""
        with self._session.snapshot():
            found = self._session.first(
                _query, "select id, cursor from queries where tracker = ? and query = ?", (tracker, query)
            )
            if found is None:
                return StoredMatches()
            rows = self._session.select(
                _match, "select item_id, key, url, done, field_values from matches where query_id = ?", (found[0],)
            )
        return StoredMatches({each.id: each for each in rows}, found[1])

    def keep(self, tracker: str, query: str, found: Matches) -> None:
        """Store an answer over what was known, and forget queries that nobody asked within `KEPT_FOR`."""
        with self._session.transaction():
            self._session.write(
                "insert into queries (tracker, query, cursor, asked_at) values (?, ?, ?, ?)"
                " on conflict (tracker, query) do update set cursor = excluded.cursor, asked_at = excluded.asked_at",
                (tracker, query, found.cursor, self._session.now()),
            )
            number = self._session.number("select id from queries where tracker = ? and query = ?", (tracker, query))
            if found.complete:
                self._session.write("delete from matches where query_id = ?", (number,))
            else:
                self._drop(number, found.left)
            self._session.write_many(
                "insert into matches (query_id, item_id, key, url, done, field_values) values (?, ?, ?, ?, ?, ?)"
                " on conflict (query_id, item_id) do update set key = excluded.key, url = excluded.url,"
                " done = excluded.done, field_values = excluded.field_values",
                [(number, each.id, each.key, each.url, each.done, _values(each)) for each in found.matches],
            )
            self._session.write("delete from queries where asked_at < ?", (stamp(self._session.clock() - KEPT_FOR),))

    def clear(self) -> None:
        """Forget every answer."""
        with self._session.transaction():
            self._session.write("delete from queries")

    def _drop(self, number: int, ids: Iterable[str]) -> None:
        self._session.write_many(
            "delete from matches where query_id = ? and item_id = ?", [(number, each) for each in ids]
        )


def _values(match: Match) -> str | None:
    return json.dumps(dict(match.values), separators=(",", ":")) if match.values else None


def _query(number: int, cursor: str | None) -> tuple[int, str | None]:
    return number, cursor


def _match(item_id: str, key: str, url: str, done: int, field_values: str | None) -> Match:
    return Match(item_id, key, url, bool(done), {} if field_values is None else dict(json.loads(field_values)))
