"""One connection to the cache: every statement goes through it, and what is wrong with the file is a CacheError."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from okrsync.store.columns import stamp
from okrsync.store.errors import CacheDamaged, CacheError, CacheMissing, explained

BUSY_SECONDS = 10.0
"""How long a statement waits for another process that writes."""

Value = str | float | bytes | None
"""What a column holds. (int and bool are floats to the type checker.)"""
T = TypeVar("T")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


def is_there(path: Path) -> bool:
    """Whether there is a file.

    Raises:
        CacheError: when this account may not even look.
    """
    try:
        return path.exists()
    except OSError as error:
        raise CacheError(
            path, f"the cache cannot be reached: {error.strerror}. Let this account enter its folder"
        ) from error


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """A connection to an existing file; it never makes one.

    Raises:
        CacheMissing: when there is no file.
        CacheError: when it cannot be reached or opened.
    """
    if not is_there(path):
        raise CacheMissing(path)
    with explained(path):
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )


class Session:
    """A connection for reading, and the ground of the one for writing.

    Threads may share it: a statement, and a whole transaction, has it to itself.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Clock = utc_now) -> None:
        self.path = path
        self.clock = clock
        self._connection = connection
        self._mine = threading.RLock()

    def now(self) -> str:
        """The time by the clock, as columns hold it."""
        return stamp(self.clock())

    def close(self) -> None:
        """Let go of the file."""
        with self._mine:
            self._connection.close()

    def select(self, make: Callable[..., T], sql: str, parameters: Sequence[Value] = ()) -> list[T]:
        """Every row, handed to `make` column by column.

        Raises:
            CacheDamaged: when SQLite or `make` cannot read a row.
        """
        with self._mine, explained(self.path):
            rows = self._connection.execute(sql, parameters).fetchall()
        try:
            return [make(*row) for row in rows]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CacheDamaged(self.path, f"a row holds what okrsync never writes: {error}") from error

    def first(self, make: Callable[..., T], sql: str, parameters: Sequence[Value] = ()) -> T | None:
        """The first row, or None."""
        return next(iter(self.select(make, sql, parameters)), None)

    def number(self, sql: str, parameters: Sequence[Value] = ()) -> int:
        """The one number that the statement yields, 0 where it yields none."""
        return self.first(int, sql, parameters) or 0

    def write(self, sql: str, parameters: Sequence[Value] = ()) -> sqlite3.Cursor:
        """Run a statement that changes the cache, as part of the open transaction or as one of its own."""
        raise self._for_reading_only()

    def write_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run the statement once for each row; all of them or none."""
        raise self._for_reading_only()

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is stored together or not at all. Inside another one it is part of that.

        It keeps other threads and other writers waiting, so no request to a tracker belongs inside.
        """
        raise self._for_reading_only()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment, whatever others write meanwhile."""
        with self._mine:
            with explained(self.path):
                self._connection.execute("begin")
            try:
                yield
            finally:
                self._connection.rollback()

    @property
    def in_transaction(self) -> bool:
        """Whether what is written now is not stored until a transaction ends."""
        return self._connection.in_transaction

    def _for_reading_only(self) -> CacheError:
        return CacheError(self.path, "the cache is open for reading only")
