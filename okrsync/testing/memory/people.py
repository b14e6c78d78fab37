"""People's hands on the server in memory: what they do there, okrsync must cope with."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date

from okrsync.testing.memory.records import StoredItem
from okrsync.testing.memory.state import MemoryState
from okrsync.trackers.errors import NotFound
from okrsync.trackers.values import KEEP, Comment, FieldValue, ItemId, ItemKind, Keep


class MemoryPeople:
    """Changes items as a person would in the tracker's own pages. It is never counted and never fails.

    Items are named by their id, their key, or what names them in a `RemoteItem`.
    """

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def edit(
        self,
        at: ItemId | str,
        *,
        title: str | None = None,
        description: str | None = None,
        due: date | Keep | None = KEEP,
    ) -> None:
        """Change what is given; the markers stay."""
        item = self._item(at)
        if title is not None:
            self._state.refuse_title(item.at.project, item.kind, title, item)
            item.title = title
        if description is not None:
            item.description = description
        if not isinstance(due, Keep):
            item.due = due
        self._state.touch(item)

    def set_field(self, at: ItemId | str, name: str, value: FieldValue, author: str = "dana") -> None:
        """Set a field, or clear it with None."""
        item = self._item(at)
        self._state.set_fields(item, {name: value}, author)
        self._state.touch(item)

    def add_label(self, at: ItemId | str, label: str) -> None:
        """Put a label of their own on an item."""
        item = self._item(at)
        item.labels.add(label)
        self._state.touch(item)

    def remove_marker(self, at: ItemId | str, marker: str) -> None:
        """Remove okrsync's marker from an item."""
        item = self._item(at)
        item.markers.remove(marker)
        self._state.touch(item)

    def close(self, at: ItemId | str) -> None:
        """Close an item."""
        self._set_closed(at, closed=True)

    def reopen(self, at: ItemId | str) -> None:
        """Reopen an item."""
        self._set_closed(at, closed=False)

    def delete(self, at: ItemId | str) -> None:
        """Delete an item; what was below it has no parent then."""
        gone = self._item(at)
        del self._state.items[gone.at.id]
        for item in self._state.items.values():
            if item.parent == gone.at.id:
                item.parent = None
                self._state.touch(item)

    def clone(self, at: ItemId | str) -> ItemId:
        """Copy an item with its markers, fields and labels, without its comments."""
        original = self._item(at)
        title = f"CLONE - {original.title}"[:255]
        copy = self._state.add(original.at.project, original.kind, title, original.parent)
        for name in ("description", "markers", "workspace", "due", "fields", "labels"):
            setattr(copy, name, deepcopy(getattr(original, name)))
        return copy.at

    def add_item(self, project: str, title: str) -> ItemId:
        """Make an item that okrsync knows nothing of."""
        return self._state.add(project, ItemKind.OTHER, title).at

    def add_child(
        self,
        parent: ItemId | str,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> ItemId:
        """Make an item below another; `points` is the name of a field and its value."""
        above = self._item(parent)
        child = self._state.add(above.at.project, ItemKind.OTHER, title, above.at.id)
        child.closed, child.pull_request = done, pull_request
        if points:
            self._state.set_fields(child, {points[0]: points[1]})
        return child.at

    def comment(self, at: ItemId | str, text: str, author: str = "dana", *, insider: bool | None = None) -> str:
        """Comment on an item and return the comment's id; `insider` is what the tracker says of the author."""
        item = self._item(at)
        item.comments_made += 1
        id_ = f"{item.at.id}-{item.comments_made}"
        item.comments.append(
            Comment(
                id_,
                author,
                text,
                self._state.now(),
                account=author,
                insider=insider,
                url=f"{item.at.url}#comment-{id_}",
            )
        )
        self._state.touch(item)
        return id_

    def edit_comment(self, at: ItemId | str, comment: str, text: str) -> None:
        """Replace a comment's text."""
        item = self._item(at)
        found = item.comments[self._place(item, comment)]
        item.comments[self._place(item, comment)] = replace(found, text=text, edited=self._state.now())
        self._state.touch(item)

    def delete_comment(self, at: ItemId | str, comment: str) -> None:
        """Delete a comment; its id is not given again."""
        item = self._item(at)
        del item.comments[self._place(item, comment)]
        self._state.touch(item)

    def titled(self, project: str, title: str) -> int:
        """How many items of the project have this title, closed ones included."""
        return sum(each.at.project == project and each.title == title for each in self._state.items.values())

    def _set_closed(self, at: ItemId | str, *, closed: bool) -> None:
        item = self._item(at)
        item.closed = closed
        self._state.touch(item)

    @staticmethod
    def _place(item: StoredItem, comment: str) -> int:
        for place, each in enumerate(item.comments):
            if each.id == comment:
                return place
        raise LookupError(f"nobody can do that: {item.at.key} has no comment {comment!r}")

    def _item(self, at: ItemId | str) -> StoredItem:
        try:
            return self._state.get(at if isinstance(at, str) else at.id)
        except NotFound as error:
            raise LookupError(f"nobody can do that: {error}") from error
