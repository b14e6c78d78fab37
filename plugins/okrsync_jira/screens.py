"""What a project offers: its issue types, and which fields are on the create screen of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from okrsync.trackers.errors import Misconfigured, NotFound, Rejected
from okrsync_jira.client import Client
from okrsync_jira.paging import Row, Search, quoted, whole_list

_PAGE = 100
"""Jira Cloud refuses more than 200 here."""


@dataclass(frozen=True)
class IssueType:
    """An issue type of a project."""

    id: str
    name: str
    subtask: bool = False


@dataclass(frozen=True)
class Screen:
    """The create screen of an issue type: field id → what Jira says about it."""

    type_name: str
    fields: Mapping[str, Mapping[str, Any]]
    words: str = "create screen"
    """What people call it: where Jira does not tell of the create screen, the edit screen stands for it."""

    def __contains__(self, field_id: str) -> bool:
        return field_id in self.fields

    def required(self) -> dict[str, str]:
        """Id → name of the fields that must be given, because they have no default."""
        return {
            id_: str(spec.get("name") or id_)
            for id_, spec in self.fields.items()
            if spec.get("required") and not spec.get("hasDefaultValue")
        }


class Projects:
    """Projects as Jira describes them; each is asked for once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._projects: dict[str, Row] = {}
        self._types: dict[str, tuple[IssueType, ...] | None] = {}
        self._screens: dict[tuple[str, str], Screen | None] = {}
        self._search = Search(client)
        self._rows: dict[str, list[Row] | None] = {}

    def project(self, key: str) -> Row:
        """The project itself.

        Raises:
            NotFound: it does not exist, or this account may not see it.
        """
        if key not in self._projects:
            self.look_up(key)
        return self._projects[key]

    def look_up(self, key: str) -> Row:
        """The project, asked for afresh. Raises as `project`."""
        found = self._client.get(f"project/{quote(key, safe='')}", about=f"project {key}")
        if not isinstance(found, Mapping):
            raise self._client.unreadable("GET", f"project/{key}")
        self._projects[key] = found
        return found

    def absence(self, key: str) -> str | None:
        """Why nothing can be done with a project that this account does not see; None when it does see it.

        Nor is it called absent where the server cannot tell.
        """
        try:
            self.look_up(key)
        except (NotFound, Rejected):
            try:
                keys = visible_projects(self._client)
            except (NotFound, Rejected, Misconfigured):
                return None if self._newest(key) is not None else _not_visible(self._client.site.base, key)
            return None if key in keys else _not_visible(self._client.site.base, key, keys)
        except Misconfigured:
            return None
        return None

    def forget(self) -> None:
        """Ask afresh for everything that is needed next."""
        self._projects.clear()
        self._types.clear()
        self._screens.clear()
        self._rows.clear()

    def id_of(self, key: str) -> str | None:
        """The project's id, None where it cannot be found out."""
        try:
            return str(self.project(key).get("id"))
        except (NotFound, Rejected, Misconfigured):
            return None

    def types(self, key: str) -> tuple[IssueType, ...] | None:
        """The issue types that this account may create in the project; None where this Jira does not tell."""
        if key not in self._types:
            self._types[key] = self._creatable(key)
        return self._types[key]

    def all_types(self, key: str) -> tuple[IssueType, ...]:
        """The issue types that the project has, whether or not this account may create them."""
        try:
            listed = self.project(key).get("issueTypes")
        except (NotFound, Rejected, Misconfigured):
            return ()
        return tuple(_issue_type(each) for each in listed if isinstance(each, Mapping)) if listed else ()

    def screen(self, key: str, type_name: str) -> Screen | None:
        """The create screen of a type; None where this Jira does not tell, or the type is not there."""
        at = (key, type_name.casefold())
        if at not in self._screens:
            types = self.types(key)
            found = next((each for each in types or () if each.name.casefold() == at[1]), None)
            if found and found.id:
                self._screens[at] = self._read_screen(key, found)
            elif types is None and at not in self._screens:
                self._screens[at] = self._edit_screen(key, type_name)
        return self._screens.setdefault(at, None)

    def known_screen(self, key: str, type_name: str) -> Screen | None:
        """The create screen of a type if it was read before; sends nothing."""
        return self._screens.get((key, type_name.casefold()))

    def _creatable(self, key: str) -> tuple[IssueType, ...] | None:
        path = f"issue/createmeta/{quote(key, safe='')}/issuetypes"
        rows = self._optional(path, ("issueTypes", "values"), key)
        if rows is None:
            return self._creatable_before(key)
        return tuple(_issue_type(each) for each in rows)

    def _creatable_before(self, key: str) -> tuple[IssueType, ...] | None:
        """As Data Center tells it before 8.4, types and screens at once; 9.0 took this away."""
        asked = {"projectKeys": key, "expand": "projects.issuetypes.fields"}
        try:
            said = self._client.get("issue/createmeta", asked, about=f"project {key}")
        except (NotFound, Rejected, Misconfigured):
            return None
        projects = said.get("projects") if isinstance(said, Mapping) else None
        if not isinstance(projects, list):
            return None
        rows = [row for each in projects if each.get("key") == key for row in each.get("issuetypes") or ()]
        for row in rows:
            if isinstance(row.get("fields"), Mapping):
                found = Screen(str(row.get("name") or ""), dict(row["fields"]))
                self._screens[key, found.type_name.casefold()] = found
        return tuple(map(_issue_type, rows))

    def _edit_screen(self, key: str, type_name: str) -> Screen | None:
        """The edit screen of a type, from one of the newest issues that is of it."""
        for row in self._newest(key) or ():
            kind = (row.get("fields") or {}).get("issuetype") or {}
            if str(kind.get("name") or "").casefold() == type_name.casefold():
                try:
                    said = self._client.get(f"issue/{quote(str(row['id']), safe='')}/editmeta", about=str(row["id"]))
                except (NotFound, Rejected, Misconfigured):
                    return None
                fields = said.get("fields") if isinstance(said, Mapping) else None
                return Screen(type_name, dict(fields), "edit screen") if isinstance(fields, Mapping) else None
        return None

    def _newest(self, key: str) -> list[Row] | None:
        """The newest issues of a project with their types, as far as Jira shows any; None where it knows no such
        project, or keeps it from this account."""
        if key not in self._rows:
            try:
                page = next(self._search.pages(f"project = {quoted(key)} ORDER BY key DESC", ["issuetype"], _PAGE))
                self._rows[key] = page.rows
            except Rejected:
                self._rows[key] = None
            except (NotFound, Misconfigured):
                self._rows[key] = []
        return self._rows[key]

    def _read_screen(self, key: str, of: IssueType) -> Screen | None:
        path = f"issue/createmeta/{quote(key, safe='')}/issuetypes/{quote(of.id, safe='')}"
        rows = self._optional(path, ("fields", "values"), key)
        return None if rows is None else Screen(of.name, {_field_id(each): each for each in rows})

    def _optional(self, path: str, names: tuple[str, ...], key: str) -> list[Row] | None:
        try:
            return whole_list(self._client, path, names, page_size=_PAGE, about=f"project {key}", identity=_entry_id)
        except (NotFound, Rejected, Misconfigured):
            # Not every Jira has these endpoints (Data Center has them since 8.4), and nothing depends on them.
            return None


def _entry_id(entry: Row) -> str:
    return _field_id(entry) or str(entry.get("id") or entry.get("name") or "")


def _field_id(entry: Row) -> str:
    return str(entry.get("fieldId") or entry.get("key") or "")


def _issue_type(entry: Row) -> IssueType:
    return IssueType(str(entry.get("id") or ""), str(entry.get("name") or ""), bool(entry.get("subtask")))


def visible_projects(client: Client) -> tuple[str, ...]:
    """The keys of the projects that the account can see, sorted."""
    rows: list[Row] | None = None
    if client.server.cloud:
        try:
            rows = whole_list(client, "project/search", ("values",), page_size=_PAGE, identity=_project_key)
        except (NotFound, Misconfigured):
            rows = None
    if rows is None:
        rows = whole_list(client, "project", ("values",), page_size=_PAGE, identity=_project_key)
    return tuple(sorted(key for key in map(_project_key, rows) if key))


def _project_key(entry: Row) -> str:
    return str(entry.get("key") or "")


def _not_visible(base: str, key: str, keys: tuple[str, ...] | None = None) -> str:
    sees = ""
    if keys is not None:
        shown = ", ".join(keys[:20]) + (f" and {len(keys) - 20} more" if len(keys) > 20 else "")
        sees = f" (it sees {shown or 'no project at all'})"
    return (
        f"Jira at {base} has no project {key!r}, or this account may not browse it{sees}: correct `project`, or give"
        " the account the permission"
    )
