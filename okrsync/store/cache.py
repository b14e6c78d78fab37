"""The cache, open for writing: made, brought up to date, backed up, and cleared from here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing, suppress
from importlib import metadata
from pathlib import Path

from okrsync.store import schema, soundness
from okrsync.store.errors import CacheError, CacheMissing, explained
from okrsync.store.files import make_private_file, make_private_folders
from okrsync.store.migrations import migrate
from okrsync.store.reading import Reader, check_workspace
from okrsync.store.session import Clock, Value, is_there, utc_now
from okrsync.store.tables import pages
from okrsync.store.tables.carried import Carried
from okrsync.store.writing import WritingSession


class Cache(Reader):
    """An open cache that can be written. Close it, or use it in a `with`. Threads may share it."""

    def __init__(self, session: WritingSession) -> None:
        super().__init__(session)
        self._writing = session

    @classmethod
    def open(cls, path: Path, workspace: str, *, create: bool = True, clock: Clock = utc_now) -> Cache:
        """Open the cache of `workspace`, brought up to date; make it where there is none, readable by us alone.

        Raises:
            CacheMissing: there is none, and `create` is False.
            CacheNewer, WrongWorkspace, CacheDamaged, CacheBusy, CacheError: as their texts say.
        """
        if not is_there(path):
            if not create:
                raise CacheMissing(path)
            with suppress(FileExistsError):  # another process was quicker
                _make(path)
        session = WritingSession(path, clock)
        try:
            missing = schema.pending(session)
            session.use_wal()
            if missing:
                migrate(session, session.db, (workspace, _version()))
            check_workspace(session, workspace)
        except BaseException:
            session.close()
            raise
        return cls(session)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is stored together or not at all. Inside another one it is part of that.

        It keeps other threads and other writers waiting, so no request to a tracker belongs inside.
        """
        return self._writing.transaction()

    def pages(self, tracker: str, credential: str = "") -> pages.Pages:
        """The answers kept for a tracker.

        `credential` is any text that tells one credential from another, and never the credential itself.
        """
        return pages.Pages(self._writing, tracker, credential)

    def prune(self) -> None:
        """Drop what nobody needs any more: pages not used for 30 days, settled intents older than 90."""
        with self.transaction():
            pages.prune(self._writing)
            self.outbox.prune()

    def clear_for_rebuild(self) -> None:
        """Forget whatever the trackers can tell again.

        Check-ins, open intents, runs and the history of values stay, and the last status until it is replaced.
        """
        with self.transaction():
            self.links.clear()
            self.baselines.clear()
            self.items.clear()
            self.queries.clear()
            pages.clear(self._writing)
            self.texts.clear()
            self.comments.clear()
            self.outbox.clear_settled()

    def carry(self, what: Carried, rows: Iterable[Sequence[Value]]) -> None:
        """Put in rows of a damaged cache; those that the schema does not take are left out."""
        self._writing.write_many(what.insert, rows)

    def damage(self) -> tuple[str, ...]:
        """What is wrong with the file, read from end to end; nothing when it is well."""
        return soundness.damage(self._session)

    def damage_at_a_glance(self) -> tuple[str, ...]:
        """What is wrong with the file as far as it shows in a moment; `damage` reads all of it."""
        return soundness.damage_at_a_glance(self._session)

    def backup(self, target: Path) -> None:
        """Copy the cache, complete and of one moment, into a new file that we alone may read.

        Raises:
            CacheError: when the target exists or cannot be written.
            RuntimeError: inside a transaction, whose end SQLite would wait for.
        """
        if self._writing.in_transaction:
            raise RuntimeError("a backup copies what is stored: not inside a transaction")
        try:
            _make(target)
        except FileExistsError:
            raise CacheError(target, "something is there already; name a new file for the backup") from None
        try:
            with explained(target), closing(sqlite3.connect(target, isolation_level=None)) as copy:
                self._writing.db.conn.backup(copy)
        except BaseException:
            with suppress(OSError):
                target.unlink()
            raise


def _make(path: Path) -> None:
    try:
        make_private_folders(path.absolute().parent)
        make_private_file(path)
    except FileExistsError:
        raise
    except OSError as error:
        raise CacheError(path, f"the file cannot be made: {error.strerror}. Name a folder that we may write") from error


def _version() -> str:
    try:
        return metadata.version("okrsync")
    except metadata.PackageNotFoundError:
        return "unknown"
