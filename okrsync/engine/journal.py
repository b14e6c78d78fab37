"""The journal of recent creations: a small file beside the cache that outlives it.

A tracker's search shows a new item only after a while. Who loses the cache within that while would neither find the
item by its marker nor know that it was made, and would make it twice. So every creation is written down here too,
before and after, until searches are sure to show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from okrsync.domain.items import ItemId
from okrsync.domain.ref import Marker, Ref
from okrsync.engine.line_file import LineFile
from okrsync.engine.moments import Moment, Watch


@dataclass(frozen=True)
class Creation:
    """An item that was about to be created, or was."""

    ref: Ref
    tracker: str
    project: str
    since: Moment
    settle_after: float
    """Seconds from `since` until its request is certainly done."""
    shown_after: float
    """Seconds from `since` until every search shows it; no fewer."""
    at: ItemId | None = None
    """Where it is; None as long as nobody knows that it was made."""


class Journal:
    """The creations of one workspace, in the file at `path`; each line tells how far one of them has come."""

    def __init__(self, path: Path, workspace: str, watch: Watch) -> None:
        self.path = path
        self._file = LineFile(path, "the journal of recent creations", "Nothing is created without it")
        self._workspace = workspace
        self._watch = watch

    @classmethod
    def beside(cls, cache: Path, workspace: str, watch: Watch) -> Journal:
        """The journal that belongs to the cache at `cache`. Its name begins with a dot, so that whoever removes the
        cache with `okrsync.db*` leaves it."""
        return cls(cache.with_name(f".{cache.name}.creations"), workspace, watch)

    def recent(self) -> dict[Ref, Creation]:
        """Every creation that a search need not show yet. What cannot be read is passed over.

        Raises:
            CacheError: the file is there and may not be read.
        """
        found: dict[Ref, Creation] = {}
        for data in self._file.entries():
            try:
                marker = Marker.parse(data["marker"])
                if marker is None or marker.workspace != self._workspace:
                    continue
                found.pop(marker.ref, None)
                if not data["over"]:
                    found[marker.ref] = _creation(marker.ref, data)
            except (ValueError, TypeError, KeyError):
                continue  # Another version of okrsync wrote it.
        return {ref: each for ref, each in found.items() if self._watch.age(each.since) < each.shown_after}

    def begin(self, ref: Ref, tracker: str, project: str, settle_after: float, shown_after: float) -> None:
        """Write down that an item is about to be created. It is on disk when this returns.

        Raises:
            CacheError: the file cannot be written; then nothing should be created.
        """
        waits = {"settle_after": settle_after, "shown_after": shown_after}
        self._append(ref, {"tracker": tracker, "project": project, **waits})

    def made(self, ref: Ref, tracker: str, at: ItemId, shown_after: float) -> None:
        """Write down where the item is. Raises CacheError as `begin` does."""
        place = [at.project, at.id, at.key, at.url]
        self._append(ref, {"tracker": tracker, "project": at.project, "settle_after": shown_after, "item": place})

    def over(self, ref: Ref) -> None:
        """Write down that the item certainly was not created. Raises CacheError as `begin` does."""
        self._append(ref, {}, over=True)

    def tidy(self) -> None:
        """Drop what every search shows by now."""
        if not self.path.exists():
            return
        if not self.recent():
            self.path.unlink(missing_ok=True)

    def _append(self, ref: Ref, what: Mapping[str, Any], *, over: bool = False) -> None:
        marker = str(Marker(self._workspace, ref))
        self._file.append({"marker": marker, "over": over, "since": self._watch.now().to_json(), **what})


def _creation(ref: Ref, data: Mapping[str, Any]) -> Creation:
    place = data.get("item")
    return Creation(
        ref=ref,
        tracker=str(data["tracker"]),
        project=str(data["project"]),
        since=Moment.from_json(data["since"]),
        settle_after=float(data["settle_after"]),
        shown_after=float(data.get("shown_after", data["settle_after"])),
        at=ItemId(*map(str, place)) if place else None,
    )
