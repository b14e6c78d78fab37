"""The clock of a sandbox, which can run beside the real one, jump ahead, or stand still."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any


class SandboxClock:
    """Tells a sandbox what time it is.

    A running clock keeps an offset to the real time; a frozen one moves only by `advance` and `set`.
    All times are aware and in UTC.
    """

    def __init__(self, at: datetime | None = None, *, frozen: bool = False) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._stands_at: datetime | None = _utc(at or datetime.now(UTC)) if frozen else None
        if at is not None and not frozen:
            self._offset = _utc(at) - datetime.now(UTC)

    @property
    def frozen(self) -> bool:
        """Whether time stands still until somebody moves it."""
        return self._stands_at is not None

    def now(self) -> datetime:
        """The sandbox's present moment, in UTC."""
        with self._lock:
            return self._stands_at if self._stands_at is not None else datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move the clock by `by` (backwards where negative) and return the new moment."""
        with self._lock:
            if self._stands_at is not None:
                self._stands_at += by
            else:
                self._offset += by
        return self.now()

    def set(self, at: datetime) -> None:
        """Make `at` (aware) the present moment; a running clock runs on from there.

        Raises ValueError for a time without a zone.
        """
        moment = _utc(at)
        with self._lock:
            if self._stands_at is not None:
                self._stands_at = moment
            else:
                self._offset = moment - datetime.now(UTC)

    def to_json(self) -> dict[str, Any]:
        """The clock as JSON: the offset in seconds, and where it stands if it is frozen."""
        with self._lock:
            return {
                "offset_seconds": self._offset.total_seconds(),
                "frozen_at": self._stands_at.isoformat() if self._stands_at else None,
            }

    def load_json(self, saved: dict[str, Any]) -> None:
        """Take over what `to_json` wrote."""
        with self._lock:
            self._offset = timedelta(seconds=saved["offset_seconds"])
            self._stands_at = _utc(datetime.fromisoformat(saved["frozen_at"])) if saved["frozen_at"] else None


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; a sandbox clock takes aware times only")
    return moment.astimezone(UTC)
