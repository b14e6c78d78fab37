"""A complete tracker over the server in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TypeVar

from okrsync.domain.ref import Marker
from okrsync.testing.memory.context import URL
from okrsync.testing.memory.queries import answer
from okrsync.testing.memory.records import StoredItem
from okrsync.testing.memory.server import MemoryServer
from okrsync.trackers.errors import NotFound, Rejected
from okrsync.trackers.interface import Tracker, TrackerContext, TrackerType
from okrsync.trackers.values import (
    Candidate,
    Capabilities,
    Child,
    Comment,
    Draft,
    Edit,
    FieldChange,
    FieldInfo,
    FieldValue,
    ItemId,
    ItemKind,
    Keep,
    Login,
    Markup,
    Match,
    Matches,
    Query,
    Reading,
    RemoteItem,
    Scope,
)

Answer = TypeVar("Answer")
ACCOUNT = "okr-bot"
"""Who every `MemoryTracker` is."""
NOT_REPEATABLE = frozenset({"create", "comment"})


class MemoryTracker(Tracker):
    """Speaks with a `MemoryServer` as a real plugin does with its own: one request a call, through the policy.

    The defaults are Jira's manners. GitHub's are `fields_with_item=False, native_links=False,
    due_on_key_results=False, pull_requests=True, field_history=False, markup=Markup.MARKDOWN` over a server with
    `unique_titles=True` and `objectives_take_comments=False`.
    """

    capabilities = Capabilities(
        objective_forms=frozenset({"epic", "milestone"}),
        key_result_forms=frozenset({"issues", "fields"}),
        markup=Markup.WIKI,
        due_on_key_results=True,
        native_links=True,
        queries=True,
        field_history=True,
    )

    def __init__(
        self,
        context: TrackerContext,
        server: MemoryServer,
        *,
        fields_with_item: bool = True,
        native_links: bool = True,
        due_on_key_results: bool = True,
        pull_requests: bool = False,
        field_history: bool = True,
        markup: Markup = Markup.WIKI,
        incremental: bool = True,
        reads_by_marker: bool = False,
        settle_after: float = 60.0,
        search_lag: float = 0.0,
    ) -> None:
        super().__init__(context)
        self.server = server
        self._incremental = incremental
        # The interface declares capabilities by class; here they differ between instances.
        vars(self)["capabilities"] = Capabilities(
            objective_forms=MemoryTracker.capabilities.objective_forms,
            key_result_forms=MemoryTracker.capabilities.key_result_forms,
            markup=markup,
            due_on_key_results=due_on_key_results,
            fields_with_item=fields_with_item,
            native_links=native_links,
            pull_requests=pull_requests,
            queries=True,
            adoption=True,
            field_history=field_history,
            reads_by_marker=reads_by_marker,
            settle_after=settle_after,
            search_lag=search_lag,
        )

    def login(self) -> Login:
        """Who we are: always the same account."""
        return self._send("login", lambda: Login(ACCOUNT, "Tracker in memory 1"))

    def projects(self) -> tuple[str, ...]:
        """The keys of all projects."""
        return self._send("projects", lambda: tuple(sorted(self.server.projects)))

    def fields(self, project: str, board: str | None = None) -> tuple[FieldInfo, ...]:
        """The fields of a project."""

        def act() -> tuple[FieldInfo, ...]:
            known = self.server.project(project).fields
            return tuple(info for name in sorted(known) for info in known[name])

        return self._send("fields", act)

    def check(self, scope: Scope) -> tuple[str, ...]:
        """Forms, project and fields that do not exist, and field names that are ambiguous."""
        return self._send("check", lambda: tuple(self._problems(scope)))

    def read(self, scopes: Sequence[Scope], since: str | None = None, markers: Sequence[str] = ()) -> Reading:
        """Every item of the workspace, or those with the `markers`; or what of them changed since the server's revision
        `since`."""
        by_marker = self.capabilities.reads_by_marker

        def act() -> Reading:
            items: dict[str, RemoteItem] = {}
            failures: dict[str, Exception] = {}
            after = int(since) if since and self._incremental else 0
            wanted = set(markers)
            for scope in scopes:
                try:
                    found = self.server.visible(scope.project)
                except NotFound as error:
                    failures[scope.project] = error
                    continue
                items |= {
                    each.at.id: self._shown(each, scope)
                    for each in found
                    if each.revision > after
                    and (wanted.intersection(each.markers) if by_marker else each.workspace == self.context.workspace)
                }
            return Reading(tuple(items.values()), failures, complete=after == 0, cursor=self._cursor())

        return self._send("read", act)

    def find(self, scope: Scope, markers: Sequence[str], *, sure: bool = False) -> tuple[RemoteItem, ...]:
        """The items of the scope's project that carry one of the markers: the visible ones, or surely all."""
        wanted = set(markers)
        look = self.server.present if sure and self.capabilities.search_lag else self.server.visible

        def act() -> tuple[RemoteItem, ...]:
            return tuple(self._shown(each, scope) for each in look(scope.project) if wanted.intersection(each.markers))

        return self._send("find", act)

    def item(self, key: str, fields: Sequence[str] = (), board: str | None = None) -> RemoteItem:
        """One item, however young."""

        def act() -> RemoteItem:
            found = self.server.get(key)
            return found.shown(fields, self.server.projects[found.at.project].fields)

        return self._send("item", act)

    def children(
        self, parents: Sequence[RemoteItem], points_field: str | None = None, board: str | None = None
    ) -> Mapping[str, tuple[Child, ...]]:
        """The visible children of each parent."""

        def act() -> Mapping[str, tuple[Child, ...]]:
            return {
                parent.at.id: tuple(
                    each.as_child(points_field)
                    for each in self.server.visible(parent.at.project)
                    if each.parent == parent.at.id
                )
                for parent in parents
            }

        return self._send("children", act)

    def field_changes(
        self, asked: Sequence[tuple[RemoteItem, str]]
    ) -> Mapping[tuple[str, str], tuple[FieldChange, ...]]:
        """What became of number fields since their items were made."""
        if not self.capabilities.field_history:
            super().field_changes(asked)

        def act() -> Mapping[tuple[str, str], tuple[FieldChange, ...]]:
            found: dict[tuple[str, str], tuple[FieldChange, ...]] = {}
            for item, name in asked:
                kept = self.server.items.get(item.at.id)
                fields = self.server.projects[kept.at.project].fields.get(name, ()) if kept else ()
                if kept and [each.type for each in fields] == ["number"]:
                    found[kept.at.id, name] = tuple(kept.changes.get(name, ()))
            return found

        return self._send("field_changes", act)

    def candidates(self, scope: Scope, query: str) -> tuple[Candidate, ...]:
        """The items without a parent whose title matches `query` (`*` for anything), each with what is below it."""

        def act() -> tuple[Candidate, ...]:
            here = self.server.visible(scope.project)
            known = self.server.projects[scope.project].fields
            return tuple(
                Candidate(
                    each.shown((), known),
                    tuple(
                        below.shown(scope.fields, known)
                        for below in here
                        if below.parent == each.at.id and not below.pull_request
                    ),
                )
                for each in here
                if each.parent is None and fnmatchcase(each.title, query)
            )

        return self._send("candidates", act)

    def matches(self, query: Query, known: Mapping[str, Match] | None = None, since: str | None = None) -> Matches:
        """What matches among the visible items, or of it what changed since the server's revision `since`."""

        after = int(since) if since and self._incremental else 0
        return self._send(
            "matches", lambda: replace(answer(self.server, query, known or {}, after), cursor=self._cursor())
        )

    def count(self, query: Query) -> int | None:
        """How many match."""
        return self._send("count", lambda: len(answer(self.server, query, {}, 0).matches))

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
            if not self._takes_comments(self.server.get(item.id)):
                raise Rejected(f"{item.key} is an objective's item, and those take no comments here")
            return self.server.people.comment(item, text, author=ACCOUNT)

        return self._send("comment", act)

    def comments(self, item: ItemId) -> tuple[Comment, ...]:
        """The comments, oldest first."""

        def act() -> tuple[Comment, ...]:
            found = self.server.get(item.id)
            return tuple(found.comments) if self._takes_comments(found) else ()

        return self._send("comments", act)

    def _send(self, method: str, act: Callable[[], Answer]) -> Answer:
        token = self.context.token.reveal()
        return self.context.policy.call(
            lambda: self.server.answer(method, token, act), repeatable=method not in NOT_REPEATABLE
        )

    def _shown(self, item: StoredItem, scope: Scope) -> RemoteItem:
        names = {ItemKind.OBJECTIVE: scope.objective_fields, ItemKind.KEY_RESULT: scope.fields}.get(item.kind, ())
        return item.shown(names, self.server.projects[item.at.project].fields)

    def _cursor(self) -> str | None:
        if not self._incremental:
            return None
        newest = self.server.now() - self.server.lag
        # A cursor must not pass an item that the index does not show yet.
        hidden = [each.revision for each in self.server.items.values() if each.created > newest]
        return str(min(hidden) - 1 if hidden else self.server.revision)

    def _problems(self, scope: Scope) -> list[str]:
        forms = self.capabilities.objective_forms, self.capabilities.key_result_forms
        problems = [
            f"there is no form {form!r}; there are {', '.join(sorted(known))}"
            for form, known in zip((scope.objective_form, scope.key_result_form), forms, strict=True)
            if form not in known
        ]
        try:
            known = self.server.project(scope.project).fields
        except NotFound as error:
            return [*problems, str(error)]
        for name in dict.fromkeys((*scope.fields, *scope.objective_fields)):
            count = len(known.get(name, ()))
            if count == 0:
                problems.append(f"{scope.project} has no field {name!r}; it has {', '.join(sorted(known)) or 'none'}")
            elif count > 1:
                problems.append(f"{scope.project} has {count} fields called {name!r}: rename all but one")
        return problems

    def _refuse_fields(self) -> None:
        if not self.capabilities.fields_with_item:
            raise Rejected("fields are not written with the item here, but by write_fields")

    def _refuse_due(self, kind: ItemKind, due: object) -> None:
        if due is not None and kind is not ItemKind.OBJECTIVE and not self.capabilities.due_on_key_results:
            raise Rejected("only objectives have a due date here")

    def _takes_comments(self, item: StoredItem) -> bool:
        return self.server.objectives_take_comments or item.kind is not ItemKind.OBJECTIVE


def memory_tracker_type(make: Callable[[TrackerContext], MemoryTracker]) -> TrackerType:
    """The kind of tracker `memory`, for tests that go through settings; `make` closes over the server."""
    return TrackerType(
        name="memory",
        summary="A tracker in memory, for tests",
        load=make,
        capabilities=MemoryTracker.capabilities,
        default_url=URL,
    )
