"""A complete tracker over the server in memory: the reader, and what it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from okrsync.domain.ref import Marker
from okrsync.testing.memory.context import URL
from okrsync.testing.memory.reader import ACCOUNT, MemoryReader
from okrsync.trackers.errors import Rejected
from okrsync.trackers.interface import TrackerContext, TrackerType
from okrsync.trackers.values import Draft, Edit, FieldValue, ItemId, ItemKind, Keep, RemoteItem, Scope


class MemoryTracker(MemoryReader):
    """Speaks with a `MemoryServer` as a real plugin does with its own: one request a call, through the policy.

    The defaults are Jira's manners. GitHub's are `fields_with_item=False, native_links=False,
    due_on_key_results=False, pull_requests=True, field_history=False, markup=Markup.MARKDOWN` over a server with
    `unique_titles=True` and `objectives_take_comments=False`.
    """

    def create(self, scope: Scope, draft: Draft) -> RemoteItem:
        """Create the item with its marker."""

        def act() -> RemoteItem:
            if draft.fields:
                self._refuse_fields()
            self._refuse_due(draft.kind, draft.due)
            parent = draft.parent.id if draft.parent else None
            made = self.server.add(scope.project, draft.kind, draft.title, parent)
            try:
                self.server.set_fields(made, dict(draft.fields))
            except Rejected:
                del self.server.items[made.at.id]
                raise
            made.description, made.due = draft.description, draft.due
            made.markers, made.workspace = [draft.marker], draft.workspace
            made.labels = set(scope.labels) if draft.kind is ItemKind.KEY_RESULT else set()
            return self._shown(made, scope)

        return self._send("create", act)

    def update(self, scope: Scope, item: RemoteItem, edit: Edit) -> None:
        """Write what `edit` holds, all or nothing."""

        def act() -> None:
            found = self.server.get(item.at.id)
            if edit.fields:
                self._refuse_fields()
            if not isinstance(edit.due, Keep):
                self._refuse_due(found.kind, edit.due)
            if not isinstance(edit.title, Keep):
                self.server.refuse_title(found.at.project, found.kind, edit.title, found)
            self.server.set_fields(found, dict(edit.fields), ACCOUNT)
            if not isinstance(edit.title, Keep):
                found.title = edit.title
            if not isinstance(edit.description, Keep):
                found.description = edit.description
            if not isinstance(edit.due, Keep):
                found.due = edit.due
            if edit.add_marker and edit.add_marker not in found.markers:
                found.markers.append(edit.add_marker)
                found.workspace = self.context.workspace
                if found.kind is ItemKind.OTHER and (marker := Marker.parse(edit.add_marker)):
                    found.kind = ItemKind.KEY_RESULT if marker.ref.is_key_result else ItemKind.OBJECTIVE
            self.server.touch(found)

        self._send("update", act)

    def write_fields(self, scope: Scope, values: Mapping[str, Mapping[str, FieldValue]]) -> None:
        """Write fields of several items in one request."""
        if self.capabilities.fields_with_item:
            super().write_fields(scope, values)

        def act() -> None:
            for found, wanted in [(self.server.get(each), wanted) for each, wanted in values.items()]:
                self.server.set_fields(found, dict(wanted), ACCOUNT)
                self.server.touch(found)

        self._send("write_fields", act)

    def set_closed(self, item: RemoteItem, closed: bool) -> None:
        """Close or reopen the item; it may be so already."""

        def act() -> None:
            found = self.server.get(item.at.id)
            found.closed = closed
            self.server.touch(found)

        self._send("set_closed", act)

    def link(self, scope: Scope, child: ItemId, parent: ItemId) -> None:
        """Link two items; they may be linked already."""
        if not self.capabilities.native_links:
            super().link(scope, child, parent)

        def act() -> None:
            supporter = self.server.get(child.id)
            supporter.links.add(self.server.get(parent.id).at.id)
            self.server.touch(supporter)

        self._send("link", act)

    def unlink(self, scope: Scope, child: ItemId, parent: ItemId) -> None:
        """Take a link back; there may be none."""
        if not self.capabilities.native_links:
            super().unlink(scope, child, parent)

        def act() -> None:
            supporter = self.server.get(child.id)
            supporter.links.discard(parent.id)
            self.server.touch(supporter)

        self._send("unlink", act)

    def comment(self, item: ItemId, text: str) -> str:
        """Add a comment."""

        def act() -> str:
            if not self.server.takes_comments(self.server.get(item.id).kind):
                raise Rejected(f"{item.key} is an objective's item, and those take no comments here")
            return self.server.people.comment(item, text, author=ACCOUNT)

        return self._send("comment", act)

    def _refuse_fields(self) -> None:
        if not self.capabilities.fields_with_item:
            raise Rejected("fields are not written with the item here, but by write_fields")

    def _refuse_due(self, kind: ItemKind, due: object) -> None:
        if due is not None and kind is not ItemKind.OBJECTIVE and not self.capabilities.due_on_key_results:
            raise Rejected("only objectives have a due date here")


def memory_tracker_type(make: Callable[[TrackerContext], MemoryTracker]) -> TrackerType:
    """The kind of tracker `memory`, for tests that go through settings; `make` closes over the server."""
    return TrackerType(
        name="memory",
        summary="A tracker in memory, for tests",
        load=make,
        capabilities=MemoryTracker.capabilities,
        default_url=URL,
    )
