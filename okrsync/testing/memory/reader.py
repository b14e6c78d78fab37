"""What a tracker over the server in memory reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TypeVar

from okrsync.testing.memory.queries import answer
from okrsync.testing.memory.records import StoredItem
from okrsync.testing.memory.server import MemoryServer
from okrsync.trackers.errors import NotFound
from okrsync.trackers.interface import Tracker, TrackerContext
from okrsync.trackers.values import (
    Candidate,
    Capabilities,
    Child,
    Comment,
    CommentReading,
    FieldChange,
    FieldInfo,
    ItemId,
    ItemKind,
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
KINDS = (ItemKind.OBJECTIVE, ItemKind.KEY_RESULT)
NOT_REPEATABLE = frozenset({"create", "comment"})


@dataclass(frozen=True)
class Heard:
    """How far comments were read: of each item whose comments were wanted, the server's revision then."""

    revisions: Mapping[str, int] = field(default_factory=dict)

    def needs(self, item: StoredItem) -> bool:
        """Whether an item may have comments that were not read."""
        return item.revision > self.revisions.get(item.at.id, -1)

    def after(self, read: Collection[str], revision: int, others: Collection[str]) -> Heard:
        """How far they are read now; what is known of `others` stays."""
        kept = {id_: known for id_, known in self.revisions.items() if id_ in others}
        return Heard(kept | dict.fromkeys(read, revision))

    def text(self) -> str:
        """The cursor."""
        return json.dumps(self.revisions, sort_keys=True)

    @classmethod
    def parse(cls, text: str | None) -> Heard:
        """From a cursor; None stands for nothing read."""
        return cls(json.loads(text) if text else {})


class MemoryReader(Tracker):
    """The half of a `MemoryTracker` that changes nothing."""

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
            objective_forms=MemoryReader.capabilities.objective_forms,
            key_result_forms=MemoryReader.capabilities.key_result_forms,
            markup=markup,
            due_on_key_results=due_on_key_results,
            fields_with_item=fields_with_item,
            native_links=native_links,
            pull_requests=pull_requests,
            queries=True,
            adoption=True,
            comments_on=frozenset(each for each in KINDS if server.takes_comments(each)),
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

    def open_objectives(self, scope: Scope) -> tuple[RemoteItem, ...]:
        """The open items without a parent."""

        def act() -> tuple[RemoteItem, ...]:
            here = self.server.visible(scope.project)
            return tuple(each.shown((), {}) for each in here if each.parent is None and not each.closed)

        return self._send("open_objectives", act)

    def matches(self, query: Query, known: Mapping[str, Match] | None = None, since: str | None = None) -> Matches:
        """What matches among the visible items, or of it what changed since the server's revision `since`."""

        after = int(since) if since and self._incremental else 0
        return self._send(
            "matches", lambda: replace(answer(self.server, query, known or {}, after), cursor=self._cursor())
        )

    def count(self, query: Query) -> int | None:
        """How many match."""
        return self._send("count", lambda: len(answer(self.server, query, {}, 0).matches))

    def comments(self, item: ItemId) -> tuple[Comment, ...]:
        """The comments, oldest first."""

        def act() -> tuple[Comment, ...]:
            found = self.server.get(item.id)
            return tuple(found.comments) if self.server.takes_comments(found.kind) else ()

        return self._send("comments", act)

    def comments_since(
        self, items: Sequence[RemoteItem], since: str | None = None, others: Collection[str] = ()
    ) -> CommentReading:
        """The comments of those items that have changed since, and of those that the cursor does not know."""
        before = Heard.parse(since if self._incremental else None)

        def act() -> CommentReading:
            found: dict[str, tuple[Comment, ...]] = {}
            failures: dict[str, Exception] = {}
            for item in items:
                if item.at.project not in self.server.projects:
                    failures[item.at.project] = NotFound(f"there is no project {item.at.project!r}")
                    continue
                kept = self.server.items.get(item.at.id)
                if kept and kept.comments and before.needs(kept) and self.server.takes_comments(kept.kind):
                    found[kept.at.id] = tuple(kept.comments)
            read = {each.at.id for each in items} - _within(failures, items)
            after = before.after(read, self.server.revision, others)
            return CommentReading(found, failures, not before.revisions, after.text() if self._incremental else None)

        return self._send("comments_since", act)

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


def _within(projects: Collection[str], items: Sequence[RemoteItem]) -> set[str]:
    return {each.at.id for each in items if each.at.project in projects}
