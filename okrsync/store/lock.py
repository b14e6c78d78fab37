"""One at a time: the lock of a workspace, which the system takes back when its process ends, however it ends."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from okrsync.store.errors import CacheError
from okrsync.store.files import make_private_folders
from okrsync.store.session import Clock, utc_now


class CacheTaken(CacheError):
    """Another process works on this workspace."""


class Turn:
    """The right to change a workspace: one process has it at a time. Use it in a `with`; within itself it may be
    taken again.

    It is a lock of the system on a file beside the cache, which stays there; only the lock counts, never the file.
    """

    def __init__(self, cache: Path, doing: str, clock: Clock = utc_now) -> None:
        self.path = cache.with_name(f".{cache.name}.lock")
        """Its name begins with a dot, so that whoever removes the cache with `okrsync.db*` leaves it."""
        self._doing = doing
        self._clock = clock
        self._lock = FileLock(self.path, timeout=0, mode=0o600)

    def __enter__(self) -> Self:
        """Take the turn, at once or not at all.

        Raises:
            CacheTaken: another process has it; the text says which and since when.
            CacheError: the file of the lock cannot be made.
        """
        first = not self._lock.is_locked
        try:
            make_private_folders(self.path.absolute().parent)
            self._lock.acquire()
        except Timeout:
            raise CacheTaken(
                self.path,
                f"{self._holder()} works on this workspace, and only one may at a time. Nothing was done;"
                " run the command again when the other one is done",
            ) from None
        except OSError as error:
            raise CacheError(
                self.path,
                f"the lock of the workspace cannot be taken: {error.strerror}. Let this account write the file and its"
                " folder, and see that there is room",
            ) from error
        if first and isinstance(self._lock, FileLock):  # Where the disk knows no locks, the file itself is one.
            self._sign()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()

    def _sign(self) -> None:
        """Say who has the turn, for the others' message; it is nothing that the lock depends on."""
        about = {"process": os.getpid(), "doing": self._doing, "since": self._clock().isoformat(timespec="seconds")}
        with suppress(OSError):
            self.path.write_text(json.dumps(about), encoding="utf-8")

    def _holder(self) -> str:
        try:
            about = json.loads(self.path.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(about["since"])
            return f"`okrsync {about['doing']}` (process {int(about['process'])}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
        except (OSError, ValueError, TypeError, KeyError):
            return "another okrsync"
