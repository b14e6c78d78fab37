"""How values are written into columns, and read back: times, references, JSON, tracker items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from okrsync.domain.items import ItemId, ItemKind, RemoteItem
from okrsync.store.values import Json


def stamp(moment: datetime) -> str:
    """A moment as `2026-10-05T09:30:00Z`: UTC, to the second, so that text order is the order of time.

    Raises:
        ValueError: when it has no time zone.
    """
    return _in_utc(moment).isoformat(timespec="seconds").replace("+00:00", "Z")


def exact_stamp(moment: datetime) -> str:
    """As `stamp`, to the microsecond. A column has the one or the other, never both."""
    return _in_utc(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone, so nobody knows when it was")
    return moment.astimezone(UTC)


def maybe_stamp(moment: datetime | None) -> str | None:
    """`stamp`, or None."""
    return None if moment is None else stamp(moment)


def moment_of(text: str) -> datetime:
    """The moment that `stamp` or `exact_stamp` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def maybe_moment(text: str | None) -> datetime | None:
    """The moment that `maybe_stamp` wrote."""
    return None if text is None else moment_of(text)


def to_json(value: Json) -> str:
    """Compact JSON, keys as they come.

    Raises:
        ValueError: for a number that JSON does not have (NaN, infinity).
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> Any:
    """What `to_json` wrote."""
    return json.loads(text)


def cycle_range(cycle: str | None) -> tuple[str, str]:
    """Between which texts the references of a cycle lie (the first included); of every cycle for None."""
    # '0' is the character after '/'.
    return ("", "\U0010ffff") if cycle is None else (f"{cycle}/", f"{cycle}0")


def item_to_json(item: RemoteItem) -> str:
    """A tracker's item, complete."""
    return to_json(
        {
            "at": [item.at.project, item.at.id, item.at.key, item.at.url],
            "kind": item.kind.value,
            "title": item.title,
            "description": item.description,
            "markers": list(item.markers),
            "due": item.due.isoformat() if item.due else None,
            "closed": item.closed,
            "parent": item.parent,
            "fields": dict(item.fields),
            "links": sorted(item.links),
            "labels": sorted(item.labels),
            "updated": item.updated.isoformat() if item.updated else None,
            "created": item.created.isoformat() if item.created else None,
            "type_name": item.type_name,
        }
    )


def item_from_json(text: str) -> RemoteItem:
    """The item that `item_to_json` wrote."""
    found: Mapping[str, Any] = json.loads(text)
    return RemoteItem(
        at=ItemId(*found["at"]),
        kind=ItemKind(found["kind"]),
        title=found["title"],
        description=found["description"],
        markers=tuple(found["markers"]),
        due=date.fromisoformat(found["due"]) if found["due"] else None,
        closed=found["closed"],
        parent=found["parent"],
        fields=found["fields"],
        links=frozenset(found["links"]),
        labels=frozenset(found["labels"]),
        updated=datetime.fromisoformat(found["updated"]) if found["updated"] else None,
        created=datetime.fromisoformat(found["created"]) if found.get("created") else None,
        type_name=found["type_name"],
    )
