"""What was written in the last minutes: a small file beside the cache that outlives it, as the journal of creations.

A search may show an item as it was before okrsync changed it. Whoever believes that takes the old title for one that
people wrote, or writes the same once more. So every change is written down before it is sent, with what it makes of the
item; as long as a search may lag, an answer that does not show it is not believed, and the item is read by its id.

It is kept in this file alone: an entry of the cache would be of no use where the cache is lost, and that is just where
an old title would be adopted without any base to compare it with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from okrsync.domain.items import RemoteItem
from okrsync.domain.progress import same_number
from okrsync.engine.line_file import LineFile
from okrsync.engine.moments import Moment, Watch
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import KEEP, Edit

Shape = Mapping[str, Any]
"""What a write makes of an item, by attribute: `title`, `description` (its digest), `due`, `closed`, `marker`,
`field <name>`, and `link <id>` → whether the link is there."""
ItemAt = tuple[str, str]
"""A tracker's name and an item's id."""
LONG = 5.0
"""Seconds. A write that took longer, because it was repeated, is noted anew: searches lag behind its end."""


class Writes:
    """The changes of the last minutes, in the file at `path`."""

    def __init__(self, path: Path, watch: Watch) -> None:
        self._file = LineFile(path, "the journal of recent changes", "Nothing is changed without it")
        self._watch = watch

    @classmethod
    def beside(cls, cache: Path, watch: Watch) -> Writes:
        """The file that belongs to the cache at `cache`."""
        return cls(cache.with_name(f".{cache.name}.writes"), watch)

    def recent(self) -> Mapping[ItemAt, Shape]:
        """Every item that a search may show as it was, with what the changes made of it.

        Raises:
            CacheError: the file is there and may not be read.
        """
        found: dict[ItemAt, dict[str, Any]] = {}
        for at, shape, _ in self._entries():
            found.setdefault(at, {}).update(shape)
        return found

    @contextmanager
    def noted(self, tracker: Tracker, item_id: str, shape: Shape) -> Iterator[None]:
        """Write down what the requests inside make of an item.

        Raises:
            CacheError: the file cannot be written; then nothing should be changed.
        """
        lag = tracker.capabilities.search_lag
        if not lag or not shape:
            yield
            return
        begun = self._watch.now()
        self._note(tracker, item_id, shape, lag)
        yield
        if self._watch.age(begun) > LONG:
            self._note(tracker, item_id, shape, lag)

    def tidy(self) -> None:
        """Drop what every search shows by now."""
        kept = [entry for _, _, entry in self._entries()]
        if len(kept) < sum(1 for _ in self._file.entries()):
            self._file.replace(kept)

    def _note(self, tracker: Tracker, item_id: str, shape: Shape, lag: float) -> None:
        since = self._watch.now().to_json()
        entry = {"tracker": tracker.context.name, "item": item_id, "shape": dict(shape), "lag": lag, "since": since}
        self._file.append(entry)

    def _entries(self) -> Iterator[tuple[ItemAt, dict[str, Any], dict[str, Any]]]:
        for entry in self._file.entries():
            try:
                at = (str(entry["tracker"]), str(entry["item"]))
                recent = self._watch.age(Moment.from_json(entry["since"])) < float(entry["lag"])
                shape = dict(entry["shape"])
            except (KeyError, TypeError, ValueError):
                continue
            if recent:
                yield at, shape, entry


def shape_of(edit: Edit, *, closed: bool | None = None, links: Mapping[str, bool] | None = None) -> dict[str, Any]:
    """What an edit makes of an item, and closing or reopening it, and linking it to others (their id → linked)."""
    shape: dict[str, Any] = {f"field {name}": value for name, value in edit.fields.items()}
    if edit.title is not KEEP:
        shape["title"] = edit.title
    if edit.description is not KEEP:
        shape["description"] = _digest(edit.description)
    if edit.due is not KEEP:
        shape["due"] = edit.due.isoformat() if edit.due else None
    if edit.add_marker:
        shape["marker"] = edit.add_marker
    if closed is not None:
        shape["closed"] = closed
    return shape | {f"link {id_}": linked for id_, linked in (links or {}).items()}


def shows(item: RemoteItem, shape: Shape) -> bool:
    """Whether an item is as the changes made it. Fields that it was not read with do not count."""
    return all(_shows(item, *each) for each in shape.items())


def _shows(item: RemoteItem, attribute: str, value: Any) -> bool:
    kind, _, name = attribute.partition(" ")
    if kind == "field":
        held = item.fields.get(name)
        if isinstance(held, float) and isinstance(value, int | float):
            return same_number(held, value)
        return name not in item.fields or held == value
    if kind == "link":
        return (name in item.links) == bool(value)
    if kind == "marker":
        return value in item.markers
    if kind == "due":
        return bool((item.due.isoformat() if item.due else None) == value)
    if kind == "description":
        return bool(_digest(item.description) == value)
    return bool(getattr(item, kind, None) == value)


def _digest(text: str) -> str:
    """Of a text without what trackers change in it: line ends, and space around it."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
