"""What the server in memory holds, and the rules that every change of it obeys, whoever makes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from okrsync.testing.memory.context import URL
from okrsync.testing.memory.records import Project, StoredItem
from okrsync.trackers.errors import Conflict, NotFound, Rejected
from okrsync.trackers.values import FieldChange, FieldInfo, FieldValue, ItemId, ItemKind

FIELDS = ("KR baseline", "KR target", "KR current", "OKR progress")
"""The number fields that each project has unless it is told otherwise."""


class MemoryState:
    """Projects and items of a tracker in memory.

    Args:
        projects: keys of the projects that exist.
        fields: names of the number fields of each project.
        unique_titles: whether a second objective of the same title in a project is refused, as GitHub does.
        objectives_take_comments: False, as for GitHub's milestones.
        lag: the age an item must have before the search index shows it.
        now: the clock, an aware time; `datetime.now(UTC)` unless given.
    """

    url = URL

    def __init__(
        self,
        projects: Iterable[str] = ("PLAT",),
        *,
        fields: Iterable[str] = FIELDS,
        unique_titles: bool = False,
        objectives_take_comments: bool = True,
        lag: timedelta = timedelta(0),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.unique_titles = unique_titles
        self.objectives_take_comments = objectives_take_comments
        self.lag = lag
        self.now = now
        self.projects: dict[str, Project] = {}
        self.items: dict[str, StoredItem] = {}
        self.revision = 0
        self._field_names = tuple(fields)
        self._last_id = 10_000
        for key in projects:
            self.add_project(key)

    def add_project(self, key: str) -> None:
        """Open a project with the server's usual fields."""
        self.projects[key] = Project()
        for name in self._field_names:
            self.add_field(key, name)

    def add_field(self, project: str, name: str, kind: str = "number") -> None:
        """Add a field; a second one under the same name makes the name ambiguous."""
        same = self.projects[project].fields.setdefault(name, [])
        same.append(FieldInfo(name, f"{name.lower().replace(' ', '_')}_{len(same) + 1}", kind))

    def remove_field(self, project: str, name: str) -> None:
        """Remove the field or fields called `name`, with what items hold in them."""
        del self.projects[project].fields[name]
        for item in self.items.values():
            if item.at.project == project:
                item.fields.pop(name, None)

    def project(self, key: str) -> Project:
        """The project; NotFound where there is none."""
        if key not in self.projects:
            raise NotFound(f"there is no project {key!r}; there are {', '.join(sorted(self.projects)) or 'none'}")
        return self.projects[key]

    def get(self, key: str) -> StoredItem:
        """The item with this id or key; NotFound where there is none."""
        item = self.items.get(key) or next((each for each in self.items.values() if each.at.key == key), None)
        if item is None:
            raise NotFound(f"there is no item {key!r}")
        return item

    def present(self, project: str) -> list[StoredItem]:
        """The project's items, oldest first."""
        self.project(project)
        return [each for each in self.items.values() if each.at.project == project]

    def visible(self, project: str) -> list[StoredItem]:
        """Those of the project's items that its search index holds by now."""
        newest = self.now() - self.lag
        return [each for each in self.present(project) if each.created <= newest]

    def add(self, project: str, kind: ItemKind, title: str, parent: str | None = None) -> StoredItem:
        """Make an item with nothing but a title.

        Raises:
            Rejected: the title is empty, longer than 255 characters or has several lines, or the parent is not there.
            Conflict: there is an objective with this title, and titles are unique.
        """
        home = self.project(project)
        if parent is not None and parent not in self.items:
            raise Rejected(f"the parent {parent!r} of {title!r} does not exist")
        self.refuse_title(project, kind, title, None)
        home.last_number += 1
        self._last_id += 1
        key = f"{project}-{home.last_number}"
        at = ItemId(project, str(self._last_id), key, f"{self.url}/{key}")
        now = self.now()
        item = StoredItem(at, kind, title, created=now, updated=now, revision=0, parent=parent)
        self.items[at.id] = item
        self.touch(item)
        return item

    def touch(self, item: StoredItem) -> None:
        """Note that the item has changed."""
        self.revision += 1
        item.revision = self.revision
        item.updated = self.now()

    def takes_comments(self, kind: ItemKind) -> bool:
        """Whether items of this kind take comments."""
        return self.objectives_take_comments or kind is not ItemKind.OBJECTIVE

    def refuse_title(self, project: str, kind: ItemKind, title: str, item: StoredItem | None) -> None:
        """Refuse a title that no item can have, or that `item` (None: a new one) cannot have."""
        if not title.strip() or len(title) > 255 or "\n" in title or "\r" in title:
            raise Rejected(f"{title[:40]!r} is not a title: write one line of at most 255 characters")
        if not self.unique_titles or kind is not ItemKind.OBJECTIVE:
            return
        for other in self.items.values():
            same_place = other.at.project == project and other.kind is kind
            if other is not item and same_place and other.title == title:
                raise Conflict(f"{other.at.key} has the title {title!r} already")

    def set_fields(self, item: StoredItem, values: dict[str, FieldValue], by: str | None = None) -> None:
        """Set fields, all or none. `by` is who changes them; None for what an item is made with.

        Raises:
            Rejected: a field does not exist, its name is ambiguous, or the value is not of its type.
        """
        known = self.projects[item.at.project].fields
        for name, value in values.items():
            found = known.get(name, [])
            if len(found) != 1:
                what = "has no field" if not found else f"has {len(found)} fields"
                raise Rejected(f"{item.at.project} {what} called {name!r}; it has {', '.join(sorted(known))}")
            wanted = (int, float) if found[0].type == "number" else (str,)
            if value is not None and (not isinstance(value, wanted) or _endless(value)):
                raise Rejected(f"{name!r} of {item.at.key} takes a {found[0].type}, not {value!r}")
        for name, value in values.items():
            before = item.fields.get(name)
            after = item.fields[name] = float(value) if isinstance(value, int | float) else value
            if by is not None and before != after and known[name][0].type == "number":
                change = FieldChange(self.now(), by, _number(before), _number(after))
                item.changes.setdefault(name, []).append(change)


def _number(value: FieldValue) -> float | None:
    return value if isinstance(value, float) else None


def _endless(value: FieldValue) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
