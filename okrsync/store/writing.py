"""The connection for writing, through sqlite-utils. Importing it costs a fifth of a second: reading does without."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from okrsync.store.errors import CacheBusy, CacheError, explained
from okrsync.store.session import Clock, Session, Value, connect, utc_now

_PATIENCE = 10.0
"""Seconds."""


class WritingSession(Session):
    """A session whose transactions are sqlite-utils' own, begun with the right to write."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        super().__init__(path, connect(path, writable=True), clock)
        self._depth = 0
        with explained(path):
            # Plugins of sqlite-utils that happen to be installed have no business in this file.
            self.db = Database(self._connection, execute_plugins=False)
            self.db.execute("pragma foreign_keys = on")

    def use_wal(self) -> None:
        """Let readers read while we write. The file remembers it.

        SQLite does not wait for others that change the way of writing in the same moment, as it does elsewhere.
        """
        for attempt in Retrying(
            retry=retry_if_exception_type(CacheBusy),
            stop=stop_after_delay(_PATIENCE),
            wait=wait_random(0.01, 0.1),
            reraise=True,
        ):
            with attempt, explained(self.path):
                self.db.enable_wal()

    def write(self, sql: str, parameters: Sequence[Value] = ()) -> sqlite3.Cursor:
        """Run a statement that changes the cache, as part of the open transaction or as one of its own."""
        with self._mine, explained(self.path):
            self._see_that_nothing_was_lost()
            try:
                return self.db.execute(sql, parameters)
            except UnicodeEncodeError:
                return self.db.execute(sql, _storable(parameters))

    def write_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run the statement once for each row; all of them or none."""
        rows = list(rows)
        with self.transaction(), explained(self.path):
            self._see_that_nothing_was_lost()
            try:
                with self.db.atomic():
                    self._connection.executemany(sql, rows)
            except UnicodeEncodeError:
                self._connection.executemany(sql, [_storable(row) for row in rows])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored together or not at all. Inside another one it is part of that.

        It keeps other threads and other writers waiting, so no request to a tracker belongs inside. What fails in an
        inner one is taken back; whoever catches the error may go on with the outer.
        """
        with self._mine:
            if self._depth:
                self._see_that_nothing_was_lost()
                with explained(self.path), self.db.atomic():
                    yield
                return
            # sqlite-utils begins without the right to write; asking for it after a read would fail at once where
            # another process has written in between.
            with explained(self.path):
                self.db.execute("begin immediate")
            self._depth = 1
            try:
                yield
                self._see_that_nothing_was_lost()
                with explained(self.path):
                    self.db.commit()
            finally:
                self._depth = 0
                with explained(self.path):
                    self.db.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment; nobody else writes meanwhile."""
        with self.transaction():
            yield

    def _see_that_nothing_was_lost(self) -> None:
        """A full disk makes SQLite take back a whole transaction; what follows must not be stored without the rest."""
        if self._depth and not self._connection.in_transaction:
            raise CacheError(self.path, "SQLite took the transaction back; nothing of it was stored")


def _storable(row: Sequence[Value]) -> list[Value]:
    """The row without halves of surrogate pairs, which trackers can send in JSON and UTF-8 does not have."""
    return [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in row]
