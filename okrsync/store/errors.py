"""What can be wrong with the cache, each in words for the person who can mend it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class CacheError(Exception):
    """The cache cannot be used as asked. `path` is its file."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class CacheMissing(CacheError):
    """There is no cache yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "there is no cache here yet; `okrsync sync` or `okrsync pull` makes it")


class CacheBusy(CacheError):
    """Another process holds the cache for longer than we are willing to wait."""


class CacheDamaged(CacheError):
    """The file is no cache, or no longer one that SQLite can read."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            path,
            f"the cache is damaged ({found}). Run `okrsync cache repair`, which `okrsync sync` and `okrsync pull` do"
            " by themselves: it puts this file aside, carries over what can be read of check-ins, open intents and"
            " observations, and reads the rest from the trackers",
        )
        self.found = found


class CacheNewer(CacheError):
    """A newer okrsync has written the cache; what it says cannot be trusted to mean what we think."""

    def __init__(self, path: Path, found: int, known: int, unknown: Sequence[str]) -> None:
        steps = f" (unknown step {', '.join(unknown)})" if unknown else ""
        super().__init__(
            path,
            f"the cache has schema {found}{steps}, and this okrsync knows schemas up to {known}. Upgrade okrsync,"
            " or name another file as `cache` in okrsync.toml",
        )
        self.found = found
        self.known = known
        self.unknown = tuple(unknown)


class CacheOlder(CacheError):
    """An older okrsync has written the cache; whoever opens it for writing brings it up to date."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            path,
            f"the cache has schema {found}, and this okrsync reads schema {known};"
            " `okrsync sync` or `okrsync pull` brings it up to date",
        )
        self.found = found
        self.known = known


class WrongWorkspace(CacheError):
    """The cache belongs to another workspace."""

    def __init__(self, path: Path, found: str, wanted: str) -> None:
        super().__init__(
            path,
            f"the cache belongs to the workspace {found!r}, and the settings are those of {wanted!r}; nothing was done."
            f" Where `workspace` in okrsync.toml was changed, change it back to {found!r}: the items in the trackers"
            " carry that name, and under another one all of them would be made a second time. Where this is another"
            " workspace, name another file as its `cache`",
        )
        self.found = found
        self.wanted = wanted


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the file into the errors above; mistakes in our own SQL pass unchanged."""
    try:
        yield
    except UnicodeDecodeError as error:
        # SQLite's own message quotes a name from the file that is no text any more.
        raise CacheDamaged(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        found = _explain(path, error)
        if found is None:
            raise
        raise found from error


_SAID: dict[int, str] = {
    sqlite3.SQLITE_FULL: "the disk is full. Nothing of this step was stored, everything before it was;"
    " make room and run the command again",
    sqlite3.SQLITE_READONLY: "the cache may not be written. Make the file and its folder writable for this account",
    sqlite3.SQLITE_CANTOPEN: "the cache cannot be opened. See that it is a file, and that this account may read and"
    " write it and its folder",
    sqlite3.SQLITE_PERM: "the cache may not be opened by this account. Mend the permissions of the file",
    sqlite3.SQLITE_IOERR: "the disk reports an error while the cache is read or written. See that the disk is well"
    " and has room, then run the command again",
}


_SIGNS_OF_DAMAGE = (
    "no such table",
    "no such column",
    "has no column named",
    "foreign key mismatch",
    "ON CONFLICT clause does not match",
    "unsupported file format",
    "Could not decode to UTF-8",
)
_BROKEN_CONSTRAINTS = {sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL}


def _explain(path: Path, error: sqlite3.DatabaseError) -> CacheError | None:
    # Errors that the sqlite3 module raises by itself, as for text that is not UTF-8, carry no code.
    code: int = getattr(error, "sqlite_errorcode", 0)
    if path.is_dir():
        return CacheError(path, "is a folder, and the cache is a file: name one in it as `cache`, such as okrsync.db")
    primary = code & 0xFF
    text = str(error)
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return CacheDamaged(path, text)
    # Our statements fit our schema and our values its constraints, so what does not fit is not ours any more.
    if any(sign in text for sign in _SIGNS_OF_DAMAGE) or code in _BROKEN_CONSTRAINTS:
        return CacheDamaged(path, text)
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return CacheBusy(path, "another process is writing to the cache; let it finish, then run the command again")
    if primary in _SAID:
        return CacheError(path, f"{_SAID[primary]} (SQLite: {text})")
    return None
