"""Parsed documents, so that an unchanged file needs no parsing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from okrsync.store.columns import from_json, to_json
from okrsync.store.session import Session
from okrsync.store.values import CachedDocument


class Documents:
    """Path → what was parsed from it. Whoever reads it compares size, time and, where in doubt, the SHA-256."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> dict[str, CachedDocument]:
        """Every document, by path."""
        return {
            each.path: each
            for each in self._session.select(
                _document, "select path, mtime_ns, size, sha256, payload from document_cache order by path"
            )
        }

    def get(self, path: str) -> CachedDocument | None:
        """What was parsed from the file when it was last kept."""
        return self._session.first(
            _document, "select path, mtime_ns, size, sha256, payload from document_cache where path = ?", (path,)
        )

    def put_many(self, documents: Iterable[CachedDocument]) -> None:
        """Keep these, in place of older ones of the same paths."""
        self._session.write_many(
            "insert into document_cache (path, mtime_ns, size, sha256, payload) values (?, ?, ?, ?, ?)"
            " on conflict (path) do update set mtime_ns = excluded.mtime_ns, size = excluded.size,"
            " sha256 = excluded.sha256, payload = excluded.payload",
            [(each.path, each.mtime_ns, each.size, each.sha256, to_json(each.payload)) for each in documents],
        )

    def prune(self, paths: Collection[str]) -> int:
        """Drop every document but those of `paths`; how many there were."""
        with self._session.transaction():
            stale = [path for path in self._session.select(str, "select path from document_cache") if path not in paths]
            self._session.write_many("delete from document_cache where path = ?", [(path,) for path in stale])
        return len(stale)

    def clear(self) -> None:
        """Drop all of them."""
        self._session.write("delete from document_cache")


def _document(path: str, mtime_ns: int, size: int, sha256: str, payload: str) -> CachedDocument:
    return CachedDocument(path, mtime_ns, size, sha256, from_json(payload))
