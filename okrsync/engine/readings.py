"""Reading a tracker again and again: what changed since the last reading, laid over what that one showed.

Trackers that tell what changed hand out a cursor. What they never tell is that an item was deleted, lost its marker, or
went where no mapping looks: a complete reading once in a while finds that out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from okrsync.domain.items import RemoteItem
from okrsync.store.columns import item_to_json
from okrsync.store.tables.items import Items
from okrsync.store.values import StoredReading
from okrsync.trackers.errors import NotFound
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Reading, Scope


@dataclass
class Readings:
    """Reads trackers and keeps what they showed; nothing is written where nothing is new."""

    items: Items
    changes_only: bool = False
    """Ask for what changed, where that is possible; else for everything."""
    hinted: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Tracker → ids of items. With `changes_only`, these are read by their ids, and no search is asked for others."""
    by_ids: dict[str, frozenset[str]] = field(default_factory=dict)
    """Tracker → ids of the items that were looked at, where the newest reading looked at no others."""

    def read(self, tracker: Tracker, scopes: Sequence[Scope], markers: Sequence[str]) -> Reading:
        """What a complete reading would show. Raises as `Tracker.read`."""
        name, asked = tracker.context.name, _identity(tracker, scopes, markers)
        self.by_ids.pop(name, None)
        if self.changes_only:
            stored = self.items.reading(name, asked)
            if stored.cursor is not None:
                if name in self.hinted:
                    return self._by_hints(tracker, asked, stored, scopes)
                return self._changes(tracker, asked, stored, scopes, markers)
        reading = tracker.read(scopes, markers=markers)
        if reading.cursor is not None:
            self.items.replace(name, asked, reading.items, reading.cursor, unread=reading.failures)
        return reading

    def _changes(
        self, tracker: Tracker, asked: str, stored: StoredReading, scopes: Sequence[Scope], markers: Sequence[str]
    ) -> Reading:
        name = tracker.context.name
        reading = tracker.read(scopes, since=stored.cursor, markers=markers)
        if reading.complete:
            self.items.replace(name, asked, reading.items, reading.cursor, unread=reading.failures)
            return reading
        elsewhere, gone = self._elsewhere(tracker, stored, scopes, reading)
        seen = [*reading.items, *elsewhere]
        known = {each.at.id: each for each in stored.items}
        news = [each for each in seen if _differs(each, known.get(each.at.id))]
        # Where only what was seen before was read once more, a later cursor spares that the next time.
        if news or (reading.items and reading.cursor != stored.cursor):
            self.items.merge(name, asked, news, reading.cursor)
        if gone:
            self.items.drop(name, gone)
        return replace(reading, items=_over(known, seen, gone, reading.failures), complete=True)

    def _elsewhere(
        self, tracker: Tracker, stored: StoredReading, scopes: Sequence[Scope], reading: Reading
    ) -> tuple[list[RemoteItem], list[str]]:
        """Items that people moved to projects that no mapping names, which no search for changes covers; and those of
        them that are gone."""
        covered = {scope.project for scope in scopes}
        return self._afresh(tracker, [each for each in stored.items if each.at.project not in covered], scopes)

    def _by_hints(self, tracker: Tracker, asked: str, stored: StoredReading, scopes: Sequence[Scope]) -> Reading:
        name = tracker.context.name
        known = {each.at.id: each for each in stored.items}
        hinted = [known[each] for each in dict.fromkeys(self.hinted[name]) if each in known]
        seen, gone = self._afresh(tracker, hinted, scopes)
        self.by_ids[name] = frozenset(each.at.id for each in seen)
        if news := [each for each in seen if _differs(each, known[each.at.id])]:
            self.items.merge(name, asked, news, stored.cursor)
        if gone:
            self.items.drop(name, gone)
        return Reading(_over(known, seen, gone, {}), cursor=stored.cursor)

    def _afresh(
        self, tracker: Tracker, items: Iterable[RemoteItem], scopes: Sequence[Scope]
    ) -> tuple[list[RemoteItem], list[str]]:
        """The items as they are now, read by their ids, and the ids of those that are gone."""
        seen: list[RemoteItem] = []
        gone: list[str] = []
        for each in items:
            fields = tuple(each.fields)
            board = next((scope.board for scope in scopes if scope.project == each.at.project), None)
            try:
                seen.append(tracker.item(each.at.id, fields, board))
            except NotFound:
                gone.append(each.at.id)
        return seen, gone


def _over(
    known: Mapping[str, RemoteItem], seen: Iterable[RemoteItem], gone: Collection[str], failures: Collection[str]
) -> tuple[RemoteItem, ...]:
    """What was seen, over what was known; what is in a project that could not be read now is not known now."""
    whole = {**known, **{each.at.id: each for each in seen}}
    return tuple(each for each in whole.values() if each.at.id not in gone and each.at.project not in failures)


def _differs(item: RemoteItem, known: RemoteItem | None) -> bool:
    return known is None or item_to_json(item) != item_to_json(known)


def _identity(tracker: Tracker, scopes: Sequence[Scope], markers: Sequence[str]) -> str:
    """What tells one reading from another: with other settings or documents, what was read says nothing."""
    context = tracker.context
    asked = [context.url, context.user, [asdict(scope) for scope in scopes], sorted(markers)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]
