"""Texts that are kept to save time alone: whoever keeps one can make it anew."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from okrsync.store.session import Session


class Texts:
    """Name → text. What a text says, and whether it still holds, is its owner's business."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> dict[str, str]:
        """Every text by name, but for those that a disk has changed."""
        rows = self._session.select(_row, "select name, body, checksum from kept_texts")
        return {name: body for name, body, checksum in rows if _checksum(body) == checksum}

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep these and no others; what is kept already is not written again."""
        kept = self.all()
        if texts == kept:
            return
        with self._session.transaction():
            names = self._session.select(str, "select name from kept_texts")
            self._session.write_many(
                "delete from kept_texts where name = ?", [(name,) for name in names if name not in texts]
            )
            self._session.write_many(
                "insert into kept_texts (name, body, checksum) values (?, ?, ?)"
                " on conflict (name) do update set body = excluded.body, checksum = excluded.checksum",
                [(name, body, _checksum(body)) for name, body in texts.items() if kept.get(name) != body],
            )

    def clear(self) -> None:
        """Drop all of them."""
        self._session.write("delete from kept_texts")


def _checksum(body: str) -> int:
    return crc32(body.encode("utf-8", "surrogatepass"))


def _row(name: str, body: str, checksum: int) -> tuple[str, str, int]:
    return name, body, checksum
