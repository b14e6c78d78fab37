"""Baselines: what was last synced, the third side of the three-way merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okrsync.domain.ref import Ref
from okrsync.store.columns import from_json, to_json
from okrsync.store.session import Session
from okrsync.store.values import Json


class Baselines:
    """Reference → attribute (title, why, due, closed, links, current, …) → the value last synced, as JSON."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> dict[Ref, dict[str, Any]]:
        """Every baseline."""
        found: dict[Ref, dict[str, Any]] = {}
        for ref, attribute, value in self._session.select(
            _row, "select ref, attribute, value from baselines order by ref, attribute"
        ):
            found.setdefault(ref, {})[attribute] = value
        return found

    def get(self, ref: Ref) -> dict[str, Any]:
        """The attributes of one reference; none when it was never synced."""
        return {
            attribute: value
            for _, attribute, value in self._session.select(
                _row, "select ref, attribute, value from baselines where ref = ?", (str(ref),)
            )
        }

    def put(self, ref: Ref, attributes: Mapping[str, Json]) -> None:
        """Set these attributes; others of the reference stay."""
        self.put_many({ref: attributes})

    def put_many(self, baselines: Mapping[Ref, Mapping[str, Json]]) -> None:
        """`put`, all or none."""
        self._session.write_many(
            "insert into baselines (ref, attribute, value) values (?, ?, ?)"
            " on conflict (ref, attribute) do update set value = excluded.value",
            [
                (str(ref), attribute, to_json(value))
                for ref, attributes in baselines.items()
                for attribute, value in attributes.items()
            ],
        )

    def forget(self, ref: Ref) -> None:
        """Treat `ref` as never synced."""
        self._session.write("delete from baselines where ref = ?", (str(ref),))

    def clear(self) -> None:
        """Forget all of them."""
        self._session.write("delete from baselines")


def _row(ref: str, attribute: str, value: str) -> tuple[Ref, str, Any]:
    return Ref.parse(ref), attribute, from_json(value)
