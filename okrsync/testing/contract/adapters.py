"""What a plugin's author supplies to the suite: people at the tracker, and faults on the way to it.

Both go past the plugin: to the server's own state, or through its interface with other means than the plugin's code.
"""

from __future__ import annotations

from typing import Any, Protocol

from okrsync.trackers.values import FieldValue, ItemId


class People(Protocol):
    """Changes things as a person would in the tracker's own pages."""

    def edit(self, at: ItemId, *, title: str | None = None, description: str | None = None) -> object:
        """Change the title or the description; a marker that people do not see (an HTML comment) stays."""

    def set_field(self, at: ItemId, name: str, value: FieldValue) -> object:
        """Set the field called `name`, or clear it with None."""

    def add_label(self, at: ItemId, label: str) -> object:
        """Put a label on a key result's item, beside those that it has."""

    def remove_marker(self, at: ItemId, marker: str) -> object:
        """Take okrsync's marker off the item, and leave everything else."""

    def close(self, at: ItemId) -> object:
        """Close the item."""

    def delete(self, at: ItemId) -> object:
        """Delete the item for good."""

    def clone(self, at: ItemId) -> ItemId:
        """Copy the item with its marker, under another title where titles are unique; name the copy by its `key`."""

    def add_child(
        self,
        parent: ItemId,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> object:
        """Put a new item below an objective's or a key result's, with a value in the field that `points` names."""

    def comment(self, at: ItemId, text: str) -> object:
        """Comment on an item, as one of those who work there; the comment's id, of which `str` is the tracker's."""

    def edit_comment(self, at: ItemId, comment: Any, text: str) -> object:
        """Replace the text of a comment that `comment` made."""

    def delete_comment(self, at: ItemId, comment: Any) -> object:
        """Delete a comment that `comment` made."""

    def titled(self, project: str, title: str) -> int:
        """How many items with exactly this title the project has, closed ones included."""


class Faults(Protocol):
    """Makes the way to the tracker fail, and counts what arrives."""

    def writes(self) -> int:
        """How many requests that change something have arrived so far."""

    def refuse(self, times: int = 1) -> object:
        """Refuse the next requests without acting, as a rate limit does, and ask to come back in no time at all."""

    def drop_read(self, times: int = 1) -> object:
        """Break off the next reading requests without an answer."""

    def lose_answer(self, times: int = 1) -> object:
        """Do what the next writing requests ask for, and break off without an answer."""
