"""Jira as a tracker of okrsync: what each method asks, in the least number of requests."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import quote

from okrsync.trackers.diagnosis import Finding
from okrsync.trackers.errors import Misconfigured, NotFound, Rejected, Transient
from okrsync.trackers.interface import Tracker, TrackerContext
from okrsync.trackers.values import (
    Candidate,
    Child,
    Comment,
    CommentReading,
    Draft,
    Edit,
    FieldChange,
    FieldInfo,
    FieldValue,
    ItemId,
    ItemKind,
    Login,
    Match,
    Matches,
    Query,
    Reading,
    RemoteItem,
    Scope,
)
from okrsync_jira import CAPABILITIES, items
from okrsync_jira.along import Along
from okrsync_jira.candidates import candidates, open_objectives
from okrsync_jira.checking import Resolver, link_type_problems, no_epic_link, problems_of, types_of
from okrsync_jira.client import Client
from okrsync_jira.closing import available, choose
from okrsync_jira.comments import Comments
from okrsync_jira.diagnosing import findings
from okrsync_jira.errors import FieldsRejected, refused_fields
from okrsync_jira.fields import EPIC_NAME
from okrsync_jira.history import History
from okrsync_jira.paging import Search, chunks, listed
from okrsync_jira.probing import Prober
from okrsync_jira.querying import Queries
from okrsync_jira.reading import Reader, Views, asked_fields, issue_path
from okrsync_jira.screens import Projects, visible_projects

OVERLAP = timedelta(minutes=15)
"""How far behind the newest change an incremental read begins: Jira Cloud's index lags writes by up to minutes."""
LONGEST_LABEL = 255
SETTLE_ON_LOOPBACK = 2.0
"""Seconds after which a server on this machine is done with a request that was cut off."""


class JiraTracker(Tracker):
    """One Jira site, Cloud or Data Center."""

    capabilities = CAPABILITIES

    def __init__(self, context: TrackerContext) -> None:
        super().__init__(context)
        self._client = Client(context)
        self._projects = Projects(self._client)
        self._resolver = Resolver(self._client, self._projects)
        self._history = History(self._client, self._resolver)
        search = Search(self._client)
        along = Along()
        self._reader = Reader(self._client, search, self._resolver, context.workspace, along)
        self._prober = Prober(self._client, search, self._reader)
        self._queries = Queries(self._client, search, self._resolver)
        self._comments = Comments(self._client, search, along)

    @property
    def settle_after(self) -> float:
        return SETTLE_ON_LOOPBACK if self._client.site.loopback else self.capabilities.settle_after

    def login(self) -> Login:
        server = self._client.server
        me = self._client.get("myself")
        if not isinstance(me, Mapping):
            raise self._client.unreadable("GET", "myself")
        names = (me.get(key) for key in ("displayName", "name", "emailAddress", "accountId"))
        return Login(account=next((str(name) for name in names if name), ""), server=str(server))

    def projects(self) -> tuple[str, ...]:
        return visible_projects(self._client)

    def fields(self, project: str, board: str | None = None) -> tuple[FieldInfo, ...]:
        if absence := self._projects.absence(project):
            raise NotFound(absence)
        here = self._projects.id_of(project)
        types = [each.name for each in self._projects.types(project) or () if not each.subtask]
        screens = [screen for each in types if (screen := self._projects.screen(project, each))]
        infos = (
            FieldInfo(
                name=each.name,
                id=each.id,
                type=each.type,
                on=tuple(screen.type_name for screen in screens if each.id in screen) if screens else None,
            )
            for each in self._resolver.catalogue.fields
            if each.is_custom and each.project in {None, here}
        )
        return tuple(sorted(infos, key=lambda info: (info.name, info.id)))

    def check(self, scope: Scope) -> tuple[str, ...]:
        return problems_of(scope, self._client, self._projects, self._resolver)

    def diagnose(self, scopes: Sequence[Scope]) -> tuple[Finding, ...]:
        return findings(self._client, sorted({each.project for each in scopes}))

    def read(self, scopes: Sequence[Scope], since: str | None = None, markers: Sequence[str] = ()) -> Reading:
        views = self._reader.views(scopes)
        begun, started = items.moment(since), time.monotonic()
        absent: dict[str, Exception] = {}
        try:
            if begun:
                found, absent = self._changed(scopes, begun, views)
            else:
                found = self._reader.marked(markers, views)
        except (NotFound, Rejected) as error:
            raise Misconfigured(f"Jira at {self._client.site.base} does not take okrsync's search: {error}") from error
        # By the server's clock as the last answer told it: our own may have been set meanwhile.
        asked_at = self._client.at_least() - timedelta(seconds=time.monotonic() - started + 1)
        return Reading(
            items=tuple(found),
            failures=absent if begun else self._unseen(scopes, found),
            complete=begun is None,
            cursor=asked_at.isoformat(),
        )

    def find(self, scope: Scope, markers: Sequence[str], *, sure: bool = False) -> tuple[RemoteItem, ...]:
        views = self._reader.views([scope])
        if sure:
            return tuple(self._prober.find(scope.project, frozenset(markers), views))
        return tuple(self._reader.marked(markers, views))

    def item(self, key: str, fields: Sequence[str] = (), board: str | None = None) -> RemoteItem:
        view = self._reader.view(items.project_of(key), fields)
        return self._reader.items([self._reader.row(key, asked_fields([view]))], {"": view})[0]

    def children(
        self, parents: Sequence[RemoteItem], points_field: str | None = None, board: str | None = None
    ) -> Mapping[str, tuple[Child, ...]]:
        return self._reader.children(parents, points_field)

    def field_changes(
        self, asked: Sequence[tuple[RemoteItem, str]]
    ) -> Mapping[tuple[str, str], tuple[FieldChange, ...]]:
        return self._history.changes(asked)

    def matches(self, query: Query, known: Mapping[str, Match] | None = None, since: str | None = None) -> Matches:
        return self._queries.matches(query, known or {}, since)

    def count(self, query: Query) -> int | None:
        return self._queries.count(query)

    def candidates(self, scope: Scope, query: str) -> tuple[Candidate, ...]:
        return candidates(self._reader, scope, query)

    def open_objectives(self, scope: Scope) -> tuple[RemoteItem, ...]:
        return open_objectives(self._reader, scope)

    def create(self, scope: Scope, draft: Draft) -> RemoteItem:
        if len(draft.marker) > LONGEST_LABEL:
            raise Rejected(
                f"the marker {draft.marker} has {len(draft.marker)} characters, and a Jira label takes {LONGEST_LABEL}:"
                " shorten the workspace's name or the ids"
            )
        objective_type, key_result_type = types_of(scope)
        type_name = objective_type if draft.kind is ItemKind.OBJECTIVE else key_result_type
        body = items.create_body(
            scope,
            draft,
            type_name,
            self._by_id(scope.project, draft.fields),
            parent_field=self._parent_field() if draft.parent else None,
            epic_name_field=self._epic_name_field(scope.project, type_name, draft.kind),
        )
        try:
            said = self._client.post("issue", body, about=f"{type_name} {draft.title!r} in project {scope.project}")
        except FieldsRejected as error:
            raise self._in_names(error, f"a new {type_name} in project {scope.project}") from error
        if not isinstance(said, Mapping) or not said.get("id"):
            raise Transient(f"Jira at {self._client.site.base} did not say which item it created", acted=None)
        at = items.item_id(said, self._client.server.base_url)
        self._reader.remember(at.key, at.id, with_labels=True)
        return items.created_item(scope, draft, at, type_name)

    def update(self, scope: Scope, item: RemoteItem, edit: Edit) -> None:
        body = items.update_body(edit, self._by_id(item.at.project, edit.fields))
        if not body:
            return
        try:
            self._client.put(issue_path(item.at.id), body, about=item.at.key)
        except FieldsRejected as error:
            raise self._in_names(error, f"the change of {item.type_name or 'item'} {item.at.key}") from error

    def set_closed(self, item: RemoteItem, closed: bool) -> None:
        path = f"{issue_path(item.at.id)}/transitions"
        said = self._client.get(path, {"expand": "transitions.fields"}, about=item.at.key)
        offered = said.get("transitions") if isinstance(said, Mapping) else None
        if not isinstance(offered, list):
            raise self._client.unreadable("GET", path)
        body = choose(offered, closed=closed)
        if body is None:
            if self._is_closed(item.at) is closed:
                return
            raise Rejected(
                f"{item.at.key} cannot be {'closed' if closed else 'reopened'}: from its status the workflow offers"
                f" {available(offered)}. Do it by hand, or have the workflow changed"
            )
        try:
            self._client.post(path, body, about=item.at.key)
        except (Transient, Rejected) as error:
            # The very request whose answer was lost may have done it, or somebody else just now.
            if getattr(error, "acted", None) is None and self._is_closed(item.at) is closed:
                return
            raise

    def link(self, scope: Scope, child: ItemId, parent: ItemId) -> None:
        name = scope.link_type or items.LINK_TYPE
        # Against what their names suggest, the inward issue is the one that shows the outward words towards the other:
        # with the type Blocks, "<inwardIssue> blocks <outwardIssue>".
        body = {"type": {"name": name}, "inwardIssue": {"key": child.key}, "outwardIssue": {"key": parent.key}}
        try:
            self._client.post("issueLink", body, about=f"a link from {child.key} to {parent.key}")
        except (NotFound, Rejected) as error:
            if problems := link_type_problems(self._client, name):
                raise Misconfigured(*problems) from error
            raise

    def unlink(self, scope: Scope, child: ItemId, parent: ItemId) -> None:
        fields = self._reader.row(child.id, ["issuelinks"]).get("fields") or {}
        link = items.linked(fields, scope.link_type or items.LINK_TYPE).get(parent.id)
        if not link:
            return
        # A first try whose answer was lost has taken the link away, and so may have somebody else.
        with suppress(NotFound):
            self._client.delete(f"issueLink/{quote(link, safe='')}", about=f"the link to {parent.key}")

    def comment(self, item: ItemId, text: str) -> str:
        said = self._client.post(f"{issue_path(item.id)}/comment", {"body": text}, about=f"a comment on {item.key}")
        if not isinstance(said, Mapping) or not said.get("id"):
            raise Transient(f"Jira did not say which comment it added to {item.key}", acted=None)
        return str(said["id"])

    def comments(self, item: ItemId) -> tuple[Comment, ...]:
        return self._comments.all_of(item)

    def expect_comments(self, since: str | None) -> None:
        self._comments.expect(since)

    def comments_since(
        self, items: Sequence[RemoteItem], since: str | None = None, others: Collection[str] = ()
    ) -> CommentReading:
        return self._comments.since(items, since, others)

    def close(self) -> None:
        self._client.close()

    def _is_closed(self, at: ItemId) -> bool:
        return items.is_done(self._reader.row(at.id, ["status"]).get("fields") or {})

    def _changed(
        self, scopes: Sequence[Scope], begun: datetime, views: Views
    ) -> tuple[list[RemoteItem], dict[str, Exception]]:
        """Our items in the scopes' projects that changed since `begun`, and the projects that cannot be seen."""
        projects = list(dict.fromkeys(scope.project for scope in scopes))
        changed = f'labels is not EMPTY AND updated >= "-{self._minutes_since(begun)}m"'
        absent: dict[str, Exception] = {}
        found: list[RemoteItem] = []
        for group in chunks(projects):
            try:
                found += self._reader.search(f"project in ({listed(group)}) AND {changed}", views)
            except Rejected:
                # JQL refuses the whole list for one project that this account does not see.
                here = {key: NotFound(why) for key in group if (why := self._projects.absence(key))}
                if not here:
                    raise
                absent |= here
                if seen := [key for key in group if key not in here]:
                    found += self._reader.search(f"project in ({listed(seen)}) AND {changed}", views)
        return [each for each in found if each.kind is not ItemKind.OTHER], absent

    def _unseen(self, scopes: Sequence[Scope], found: Sequence[RemoteItem]) -> dict[str, Exception]:
        """The projects without a single item that this account cannot see: theirs is no empty answer."""
        read = {each.at.project for each in found}
        silent = [project for project in dict.fromkeys(scope.project for scope in scopes) if project not in read]
        return {project: NotFound(absence) for project in silent if (absence := self._projects.absence(project))}

    def _minutes_since(self, begun: datetime) -> int:
        """JQL times have minutes, in the zone of whoever asks: relative ones need no zone."""
        passed = max(timedelta(0), self._client.now() - begun) + OVERLAP
        return math.ceil(passed.total_seconds() / 60) + 1

    def _parent_field(self) -> str | None:
        if self._client.server.cloud:
            return None
        found = self._reader.epic_link()
        if found is None:
            raise Misconfigured(no_epic_link(self._client))
        return found.id

    def _epic_name_field(self, project: str, type_name: str, kind: ItemKind) -> str | None:
        """Data Center: the field that an epic must have beside its summary, where the type has it."""
        if self._client.server.cloud or kind is not ItemKind.OBJECTIVE:
            return None
        found = self._resolver.catalogue.of_kind(EPIC_NAME)
        if found is None:
            return None
        if type_name.casefold() == items.OBJECTIVE_TYPE.casefold():
            screen = self._projects.known_screen(project, type_name)
            return found.id if screen is None or found.id in screen else None
        screen = self._projects.screen(project, type_name)
        return found.id if screen is not None and found.id in screen else None

    def _by_id(self, project: str, values: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
        if not values:
            return {}
        ids = self._resolver.ids(project, values)
        if len(ids) < len(values):
            raise Misconfigured(*self._resolver.problems(project, values))
        return {ids[name]: each for name, each in values.items()}

    def _in_names(self, error: FieldsRejected, what: str) -> Rejected:
        known = self._resolver.known
        # What was refused is often mended by changing fields or screens: look at them afresh next time.
        self._resolver.forget()
        self._projects.forget()
        return refused_fields(error, what, {each.id: each.name for each in known.fields} if known else {})
