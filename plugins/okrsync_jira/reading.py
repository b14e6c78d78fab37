"""Reading items and their children: one search each, with every name resolved and every parent known by its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from okrsync.trackers.errors import Misconfigured, NotFound, Rejected
from okrsync.trackers.values import Child, ItemKind, RemoteItem, Scope
from okrsync_jira import items
from okrsync_jira.along import Along
from okrsync_jira.checking import Resolver
from okrsync_jira.client import Client
from okrsync_jira.fields import EPIC_LINK, EPIC_LINK_CLAUSE, JiraField
from okrsync_jira.paging import Row, Search, chunks, listed
from okrsync_jira.transport import encoded

_LONGEST_QUESTION = 40_000
"""Characters of a list of markers, encoded: a hundred that are as long as a label may be."""
_SHORT = 2_000
"""Characters of a query that pass everywhere."""

Views = Mapping[str, items.View]
"""How items are read, by project; under "" for items that were moved to a project without a mapping."""


class Reader:
    """Turns searches into items. It remembers ids of keys, because Data Center's Epic Link holds keys."""

    def __init__(self, client: Client, search: Search, resolver: Resolver, workspace: str, along: Along) -> None:
        self._client = client
        self._along = along
        self._search = search
        self._resolver = resolver
        self._workspace = workspace
        self._link_types: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._labels_seen: set[str] = set()
        self._epic_clauses: list[str] = []
        """What this Jira is known to take for the Epic Link in JQL."""

    def epic_link(self) -> JiraField | None:
        """Data Center's field that puts an item below an epic; None on Cloud, and without Jira Software."""
        return None if self._client.server.cloud else self._resolver.catalogue.of_kind(EPIC_LINK)

    def views(self, scopes: Sequence[Scope]) -> Views:
        """How the items of these scopes are read."""
        names: dict[str, list[str]] = {}
        for scope in scopes:
            names.setdefault(scope.project, []).extend((*scope.fields, *scope.objective_fields))
            self._link_types[scope.project] = scope.link_type or items.LINK_TYPE
        views = {project: self.view(project, wanted) for project, wanted in names.items()}
        merged = {name: id_ for view in reversed(views.values()) for name, id_ in view.names.items()}
        return {"": replace(self.view("", ()), names=merged), **views}

    def view(self, project: str, names: Sequence[str]) -> items.View:
        """How the items of one project are read, with fields of these names."""
        link = self.epic_link()
        return items.View(
            base_url=self._client.server.base_url,
            workspace=self._workspace,
            names=self._resolver.ids(project, names) if names else {},
            epic_link=link.id if link else None,
        )

    def search(self, jql: str, views: Views) -> list[RemoteItem]:
        """The items that a search finds, in a stable order."""
        rows = self._search.rows(f"{jql} ORDER BY key", self._along.asked(asked_fields(views.values())))
        self._along.keep(rows)
        return self.items(rows, views)

    def marked(self, markers: Sequence[str], views: Views) -> list[RemoteItem]:
        """The items that carry one of the markers, in whatever project they are; each once."""
        wanted = frozenset(markers)
        fields = self._along.asked(asked_fields(views.values()))
        rows: dict[str, Row] = {}
        # A hundred long markers do not fit into an address: then the search is a POST.
        for group in chunks(markers, longest=_LONGEST_QUESTION):
            rows |= {str(row["id"]): row for row in self._labelled(group, fields)}
        self._along.keep(rows.values())
        # Jira compares labels without regard to letter case.
        return [each for each in self.items(list(rows.values()), views) if not wanted.isdisjoint(each.markers)]

    def _labelled(self, labels: Sequence[str], fields: Sequence[str]) -> list[Row]:
        jql = f"labels in ({listed(labels)})"
        try:
            return self._search.rows(f"{jql} ORDER BY key", fields)
        except (Misconfigured, NotFound, Rejected):
            # Something on the way may take shorter addresses only, or no search by POST.
            if len(labels) == 1 or len(encoded(jql)) < _SHORT:
                raise
            half = len(labels) // 2
            return [*self._labelled(labels[:half], fields), *self._labelled(labels[half:], fields)]

    def items(self, rows: Sequence[Row], views: Views) -> list[RemoteItem]:
        """The items in rows of Jira's JSON."""
        for row in rows:
            self.remember(str(row.get("key") or ""), str(row["id"]), with_labels=True)
        self._learn_epics(rows)
        found = []
        for row in rows:
            project = items.project_of(str(row.get("key") or ""))
            link_type = self._link_types.get(project, items.LINK_TYPE)
            found.append(items.remote_item(row, views.get(project) or views[""], link_type))
        return [replace(each, parent=self._ids.get(each.parent or "", each.parent)) for each in found]

    def row(self, key: str, fields: Sequence[str]) -> Row:
        """An issue's JSON by its id or key, from the database.

        Raises:
            NotFound: it is gone, or may not be seen.
        """
        path = issue_path(key)
        row: Any = self._client.get(path, {"fields": ",".join(fields)}, about=key)
        if not isinstance(row, Mapping) or not row.get("id"):
            raise self._client.unreadable("GET", path)
        return row

    def remember(self, key: str, id_: str, *, with_labels: bool) -> None:
        """Keep the id of a key, and whether its labels were seen or given."""
        if key:
            self._ids[key] = id_
            if with_labels:
                self._labels_seen.add(key)

    def has_seen_labels(self, key: str) -> bool:
        """Whether the labels of the issue with this key were seen before, or given to it."""
        return key in self._labels_seen

    def children(self, parents: Sequence[RemoteItem], points_field: str | None) -> dict[str, tuple[Child, ...]]:
        """The children of each parent, by the parent's id."""
        link = self.epic_link()
        below_epics = [each for each in parents if link and _is_epic(each)]
        others = [each for each in parents if not (link and _is_epic(each))]
        found: dict[str, dict[str, Child]] = {}
        for group, through in ((below_epics, link), (others, None)):
            by_key = {each.at.key: each for each in group}
            for keys in chunks(by_key):
                found |= self._children({key: by_key[key] for key in keys}, through, points_field)
        return {parent: tuple(each.values()) for parent, each in found.items()}

    def _learn_epics(self, rows: Iterable[Row]) -> None:
        """Find the ids of epics that are named by keys not seen yet, in one search."""
        link = self.epic_link()
        if link is None:
            return
        named = (items.parent_of(row.get("fields") or {}, link.id) for row in rows)
        for keys in chunks(key for key in named if key and not key.isdecimal() and key not in self._ids):
            try:
                epics = self._search.rows(f"key in ({listed(keys)})", ["summary"])
            except Rejected:
                continue  # One of them was deleted in between; their children keep the key as parent.
            for row in epics:
                self.remember(str(row.get("key") or ""), str(row["id"]), with_labels=False)

    def _children(
        self, parents: Mapping[str, RemoteItem], link: JiraField | None, points_field: str | None
    ) -> dict[str, dict[str, Child]]:
        points = {each.at.project: self._points_id(each.at.project, points_field) for each in parents.values()}
        asked = ["labels", "status", "parent", *filter(None, (link.id if link else None, *points.values()))]
        try:
            rows = self._below(list(parents), link, list(dict.fromkeys(asked)))
        except Rejected:
            if len(parents) == 1:
                raise
            return self._in_halves(parents, link, points_field)
        by_id = {each.at.id: each for each in parents.values()}
        found: dict[str, dict[str, Child]] = {id_: {} for id_ in by_id}
        for row in rows:
            fields = row.get("fields") or {}
            named = (items.parent_of({link.id: fields.get(link.id)}, link.id) if link else None) or items.parent_of(
                fields, None
            )
            parent = by_id.get(named or "") or parents.get(named or "")
            if parent is not None:
                child = items.child(row, points[parent.at.project], self._client.server.base_url)
                found[parent.at.id][child.id] = child
        return found

    def _below(self, keys: Sequence[str], link: JiraField | None, fields: Sequence[str]) -> list[Row]:
        """The rows below items. Data Center's field is asked for by its number, else by the name that it always has."""
        clauses = self._epic_clauses or ([link.clause, EPIC_LINK_CLAUSE] if link else [])
        for clause in clauses if link else ["parent"]:
            try:
                rows = self._search.rows(f"{clause} in ({listed(keys)}) ORDER BY key", fields)
            except Rejected as error:
                refusal = error
                continue
            if link:
                self._epic_clauses = [clause]
            return rows
        raise refusal

    def _in_halves(
        self, parents: Mapping[str, RemoteItem], link: JiraField | None, points_field: str | None
    ) -> dict[str, dict[str, Child]]:
        """JQL refuses a whole list for one item deleted in between: halve it until only that one is left out."""
        found: dict[str, dict[str, Child]] = {}
        refusals: list[Rejected] = []
        keys = list(parents)
        for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            try:
                found |= self._children({key: parents[key] for key in half}, link, points_field)
            except Rejected as error:
                refusals.append(error)
        if len(refusals) == 2:
            raise refusals[0]
        return found

    def _points_id(self, project: str, name: str | None) -> str | None:
        return self._resolver.ids(project, [name]).get(name) if name else None


def issue_path(key: str) -> str:
    """Where an issue is, by its id or key."""
    return f"issue/{quote(key, safe='')}"


def asked_fields(views: Iterable[items.View]) -> list[str]:
    """The fields to ask for, named one by one: by default Jira sends everything."""
    custom = [id_ for view in views for id_ in (*view.names.values(), view.epic_link) if id_]
    return list(dict.fromkeys((*items.BASE_FIELDS, *custom)))


def _is_epic(item: RemoteItem) -> bool:
    return item.kind is ItemKind.OBJECTIVE or item.type_name.casefold() == items.OBJECTIVE_TYPE.casefold()
