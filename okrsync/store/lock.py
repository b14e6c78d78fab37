"""One at a time: the lock of a workspace, which the system takes back when its process ends, however it ends."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Signature:
    """Who has a lock, by their own words."""

    doing: str
    process: int
    since: datetime

    def __str__(self) -> str:
        return f"`okrsync {self.doing}` (process {self.process}, since {self.since:%Y-%m-%d %H:%M:%S} UTC)"


class Turn:
    """The right to change a workspace: one process has it at a time. Use it in a `with`; within itself it may be
    taken again.

    It is a lock of the system on a file beside the cache, which stays there; only the lock counts, never the file.
    """

    _kind = "lock"
    _patience = 0.0

    def __init__(self, cache: Path, doing: str, clock: Clock = utc_now, signature: Signature | None = None) -> None:
        self.path = cache.with_name(f".{cache.name}.{self._kind}")
        """Its name begins with a dot, so that whoever removes the cache with `okrsync.db*` leaves it."""
        self._doing = doing
        self._clock = clock
        self._signature = signature
        self._lock = FileLock(self.path, timeout=self._patience, mode=0o600)

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
            raise CacheTaken(self.path, self._taken()) from None
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

    def _taken(self) -> str:
        return (
            f"{self._holder()} works on this workspace, and only one may at a time. Nothing was done; run the command"
            " again when the other one is done"
        )

    def _sign(self) -> None:
        """Say who has the turn, for the others' message; it is nothing that the lock depends on."""
        signature = self._signature or Signature(self._doing, os.getpid(), self._clock())
        about = {
            "process": signature.process,
            "doing": signature.doing,
            "since": signature.since.isoformat(timespec="seconds"),
        }
        text = json.dumps(about)
        with suppress(OSError):
            # Whoever takes it again and again signs once.
            if self.path.read_text(encoding="utf-8", errors="replace") != text:
                self.path.write_text(text, encoding="utf-8")

    def _holder(self) -> str:
        signed = self.signed()
        return "another okrsync" if signed is None else str(signed)

    def signed(self) -> Signature | None:
        """Who took it last, as far as the file tells."""
        try:
            about = json.loads(self.path.read_text(encoding="utf-8"))
            return Signature(str(about["doing"]), int(about["process"]), datetime.fromisoformat(about["since"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None


class Post(Turn):
    """The right to be the daemon of a workspace, for as long as it runs. Others may take turns between its runs."""

    _kind = "daemon.lock"
    _patience = 0.5
    """Whoever asks whether a daemon runs has it for a moment."""

    def _taken(self) -> str:
        return f"{self._holder()} is the daemon of this workspace already, and there is one at most. Nothing was done"

    def is_taken(self) -> bool:
        """Whether a daemon runs."""
        if not self.path.is_file():
            return False
        try:
            with FileLock(self.path, timeout=0, mode=0o600):
                return False
        except Timeout:
            return True
        except OSError:
            return False
