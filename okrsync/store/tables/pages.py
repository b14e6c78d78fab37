"""Pages: answers of trackers kept with their ETags, so that an unchanged page costs a conditional request only."""

from __future__ import annotations

from datetime import timedelta

from okrsync.store.columns import stamp
from okrsync.store.session import Session

KEPT_FOR = timedelta(days=30)
"""How long a page is kept that nobody asks for."""
_NOTED_AFTER = timedelta(days=1)


class Pages:
    """The `okrsync.trackers.interface.PageCache` of one tracker and one credential. Threads may share it."""

    def __init__(self, session: Session, tracker: str, credential: str = "") -> None:
        self._session = session
        self._of = (tracker, credential)

    def get(self, key: str) -> tuple[str, str] | None:
        """The ETag and the body of the answer kept under `key`, or None."""
        found = self._session.first(
            _page,
            "select etag, body, used_at from pages where tracker = ? and credential = ? and key = ?",
            (*self._of, key),
        )
        if found is None:
            return None
        etag, body, used_at = found
        now = self._session.clock()
        # Noted once a day, so that reading does not cost a write each time.
        if used_at < stamp(now - _NOTED_AFTER):
            self._session.write(
                "update pages set used_at = ? where tracker = ? and credential = ? and key = ?",
                (stamp(now), *self._of, key),
            )
        return etag, body

    def put(self, key: str, etag: str, body: str) -> None:
        """Keep the answer."""
        now = self._session.now()
        self._session.write(
            "insert into pages (tracker, credential, key, etag, body, fetched_at, used_at) values (?, ?, ?, ?, ?, ?, ?)"
            " on conflict (tracker, credential, key) do update set etag = excluded.etag, body = excluded.body,"
            " fetched_at = excluded.fetched_at, used_at = excluded.used_at",
            (*self._of, key, etag, body, now, now),
        )


def prune(session: Session) -> int:
    """Drop the pages that nobody asked for within `KEPT_FOR`; how many there were."""
    return session.write("delete from pages where used_at < ?", (stamp(session.clock() - KEPT_FOR),)).rowcount


def clear(session: Session) -> None:
    """Drop every page."""
    session.write("delete from pages")


def _page(etag: str, body: str, used_at: str) -> tuple[str, str, str]:
    return etag, body, used_at
