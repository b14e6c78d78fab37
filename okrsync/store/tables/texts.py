"""Texts that are kept to save time alone: whoever keeps one can make it anew."""

from __future__ import annotations

from collections.abc import Mapping

from okrsync.store.session import Session


class Texts:
    """Name → text. What a text says, and whether it still holds, is its owner's business."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> dict[str, str]:
        """Every text, by name."""
        return dict(self._session.select(_row, "select name, body from kept_texts"))

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep these, in place of older ones of the same names; what is kept already is not written again."""
        kept = self.all()
        changed = [(name, body) for name, body in texts.items() if kept.get(name) != body]
        if changed:
            self._session.write_many(
                "insert into kept_texts (name, body) values (?, ?)"
                " on conflict (name) do update set body = excluded.body",
                changed,
            )

    def clear(self) -> None:
        """Drop all of them."""
        self._session.write("delete from kept_texts")


def _row(name: str, body: str) -> tuple[str, str]:
    return name, body
