"""Which schemas this okrsync knows. Standard library alone, so that the fast way of reading can check too."""

from __future__ import annotations

from okrsync.store.errors import CacheDamaged, CacheError, CacheNewer
from okrsync.store.session import Session

MIGRATION_SET = "okrsync"
"""The name of our migrations in the table that sqlite-utils keeps of them."""
STEPS = ("0001_begin", "0002_check_in_comments", "0003_notices", "0004_missed_items")
"""The names of all migrations, oldest first. `okrsync.store.migrations` holds them."""
VERSION = len(STEPS)
"""What `PRAGMA user_version` says once all of them are applied."""


def pending(session: Session) -> tuple[str, ...]:
    """The migrations that the cache still needs; all of them for an empty file.

    Raises:
        CacheNewer: when it was written by an okrsync that knows more migrations.
        CacheError: when it is not a cache, but some other SQLite database.
        CacheDamaged: when SQLite cannot read it, or it does not know its own schema any more.
    """
    tables = set(session.select(str, "select name from sqlite_master where type = 'table'"))
    applied: list[str] = []
    if "_sqlite_migrations" in tables:
        applied = session.select(
            str, "select name from _sqlite_migrations where migration_set = ? order by id", (MIGRATION_SET,)
        )
    version = session.number("pragma user_version")
    unknown = [name for name in applied if name not in STEPS]
    if unknown or version > VERSION:
        raise CacheNewer(session.path, max(version, len(applied)), VERSION, unknown)
    if not applied and tables - {"_sqlite_migrations"}:
        if "current_values" in tables:
            raise CacheDamaged(session.path, "the record of its schema is lost")
        raise CacheError(
            session.path, "this is a SQLite database of something else. Name another file as `cache` in okrsync.toml"
        )
    return tuple(name for name in STEPS if name not in applied)
