"""What people do in Jira by hand: set up projects and fields, and work on issues."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from okrsync.sandbox.jira.model import (
    EPIC_LINK,
    EPIC_NAME,
    NUMBER,
    TEXT,
    Comment,
    Field,
    Issue,
    IssueType,
    Project,
    Screen,
    User,
)
from okrsync.sandbox.jira.store import JiraStore
from okrsync.sandbox.jira.talking import add_comment, add_link, edit_comment, move, remove_comment
from okrsync.sandbox.jira.writing import IssueWriter, moment

PEOPLE = "dana"


@dataclass(frozen=True)
class CommentView:
    """A comment: who said what."""

    id: str
    author: str
    text: str
    created: datetime


@dataclass(frozen=True)
class IssueView:
    """An issue as a person sees it.

    `parent` is the key of the epic or of a sub-task's issue, whichever way the site keeps it; `fields` holds the
    custom fields by name (of two with one name the later), `links` sentences such as `blocks PLAT-2`.
    """

    id: int
    key: str
    project: str
    type: str
    summary: str
    description: str
    status: str
    status_category: str
    labels: tuple[str, ...]
    parent: str | None
    duedate: date | None
    assignee: str | None
    fields: Mapping[str, Any]
    comments: tuple[CommentView, ...]
    links: tuple[str, ...]
    properties: Mapping[str, Any]
    created: datetime
    updated: datetime


class PeoplesHands:
    """The people's side of a Jira site; every method holds the site's lock.

    People reach fields that are on no screen, but Jira's other rules bind them too: they raise ValueError.
    Their work shows under the name of `dana` unless another author is named.
    """

    store: JiraStore
    lock: threading.RLock

    def add_user(
        self, name: str, email: str | None = None, time_zone: str = "Etc/UTC", *, customer: bool = False
    ) -> str:
        """Make a user and return the id by which the API knows it: account id on Cloud, name on Data Center.

        A `customer` of a service desk does not work there; only Cloud tells.
        """
        with self.lock:
            number = self.store.state.next_id("user", 2)
            user_id = f"557058:0b4d0f3e-2c6d-4c5f-9a70-5f5a4f1c{number:04d}" if self.store.cloud else name
            self.store.state.users[user_id] = User(user_id, name, email or f"{name}@demo.example", time_zone, customer)
            return user_id

    def add_project(self, key: str, name: str, types: Iterable[str] | None = None) -> str:
        """Make a project with issue types (by name; by default all) and return its id."""
        with self.lock:
            state = self.store.state
            if any(project.key == key for project in state.projects.values()):
                raise ValueError(f"there is a project {key} already")
            wanted = {kind.id for kind in state.types.values() if types is None or kind.name in set(types)}
            project_id = str(state.next_id("project"))
            in_order = tuple(type_id for type_id in state.types if type_id in wanted)
            state.projects[project_id] = Project(project_id, key, name, in_order)
            return project_id

    def hide_project(self, key: str, *, hidden: bool = True) -> None:
        """Take the API user's right to see a project, or give it back."""
        with self.lock:
            project = next(one for one in self.store.state.projects.values() if one.key == key)
            self.store.state.projects[project.id] = replace(project, visible=not hidden)

    def revoke(self, permission: str, project: str | None = None) -> None:
        """Take a permission such as EDIT_ISSUES from the API user, in one project or everywhere."""
        with self.lock:
            self.store.state.revoked.append((permission, project))

    def grant(self, permission: str, project: str | None = None) -> None:
        """Give back what `revoke` took."""
        with self.lock:
            self.store.state.revoked.remove((permission, project))

    def add_number_field(
        self,
        name: str,
        projects: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
        on_screen: bool | Literal["create", "edit"] = True,
    ) -> str:
        """Make a number field and return its id; projects by key, types by name, None for all.

        `on_screen` puts it on the create and edit screens, on one of them, or on none.
        """
        return self._add_field(name, "number", NUMBER, projects, types, on_screen)

    def add_text_field(
        self,
        name: str,
        projects: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
        on_screen: bool | Literal["create", "edit"] = True,
    ) -> str:
        """Make a field for a line of text; see `add_number_field`."""
        return self._add_field(name, "string", TEXT, projects, types, on_screen)

    def _add_field(
        self,
        name: str,
        kind: str,
        custom: str,
        projects: Iterable[str] | None,
        types: Iterable[str] | None,
        on_screen: bool | Literal["create", "edit"],
    ) -> str:
        with self.lock:
            state = self.store.state
            screens: tuple[Screen, ...] = ("create", "edit") if on_screen is True else ()
            if isinstance(on_screen, str):
                screens = (on_screen,)
            named = set(types) if types is not None else None
            field = Field(
                id=f"customfield_{state.next_id('custom field')}",
                name=name,
                kind=kind,
                custom=custom,
                screens=screens,
                projects=tuple(projects) if projects is not None else None,
                types=None if named is None else tuple(t.id for t in state.types.values() if t.name in named),
            )
            state.fields[field.id] = field
            return field.id

    def change_field(self, field_id: str, **changes: Any) -> None:
        """Change a field's definition, e.g. `name` or `screens`."""
        with self.lock:
            self.store.state.fields[field_id] = replace(self.store.state.fields[field_id], **changes)

    def create_issue(self, project: str, type: str, summary: str, **fields: Any) -> str:  # noqa: A002
        """Make an issue and return its key; fields by id or name, `parent` by key."""
        with self.lock:
            known = next((one for one in self.store.state.types.values() if one.name == type), None)
            if known is None:
                raise ValueError(f"no issue type {type}; known are {[t.name for t in self.store.state.types.values()]}")
            sent = self._sent(fields, known)
            name_field = self.store.custom_field(EPIC_NAME)
            if name_field and known.level == 1:
                sent.setdefault(name_field.id, summary)
            sent |= {"project": {"key": project}, "issuetype": {"id": known.id}, "summary": summary}
            return self._writer(PEOPLE).create({"fields": sent}).key

    def edit(self, key: str, *, author: str = PEOPLE, **fields: Any) -> None:
        """Change fields of an issue by id or name; None clears one."""
        with self.lock:
            issue = self._issue(key)
            sent = self._sent(fields, self.store.type_of(issue))
            self._writer(author).edit(issue, {"fields": sent})

    def transition(self, key: str, to: str, *, author: str = PEOPLE) -> None:
        """Bring an issue into a status, by name, by as many steps as it takes."""
        with self.lock:
            found = [status for status in self.store.state.statuses.values() if status.name == to]
            if not found:
                raise ValueError(f"no status {to}; known are {[s.name for s in self.store.state.statuses.values()]}")
            moved = move(self.store, self._issue(key), found[0].id, self._author(author), moment(self.store))
            self.store.put(moved)

    def comment(self, key: str, text: str, author: str = PEOPLE) -> str:
        """Add a comment and return its id."""
        with self.lock:
            now = moment(self.store)
            issue = add_comment(self.store, self._issue(key), text, self._author(author), now)
            return self.store.put(issue).comments[-1].id

    def edit_comment(self, key: str, comment: str, text: str, author: str = PEOPLE) -> None:
        """Replace a comment's text."""
        with self.lock:
            issue, found = self._comment(key, comment)
            self.store.put(edit_comment(issue, found, text, self._author(author), moment(self.store)))

    def delete_comment(self, key: str, comment: str) -> None:
        """Delete a comment."""
        with self.lock:
            self.store.put(remove_comment(*self._comment(key, comment), moment(self.store)))

    def link(self, source: str, words: str, target: str, *, author: str = PEOPLE) -> None:
        """Link issues so that it reads `<source> <words> <target>`, e.g. `blocks`."""
        with self.lock:
            kind = next((one for one in self.store.state.link_types.values() if one.outward == words), None)
            if kind is None:
                raise ValueError(f"no link type says {words!r}")
            ends = self._issue(source), self._issue(target)
            add_link(self.store, kind, *ends, self._author(author), moment(self.store))

    def delete(self, key: str) -> None:
        """Delete an issue with its sub-tasks."""
        with self.lock:
            self._writer(PEOPLE).delete(self._issue(key), with_subtasks=True)

    def issue(self, key: str) -> IssueView:
        """The issue with this key as it is now; raises ValueError where there is none."""
        with self.lock:
            return self._view(self._issue(key))

    def issues(self, project: str | None = None) -> list[IssueView]:
        """All issues, or those of one project, in the order in which they were made."""
        with self.lock:
            views = [self._view(issue) for issue in self.store.state.issues.values()]
            return [view for view in views if project in {None, view.project}]

    def _view(self, issue: Issue) -> IssueView:
        store, values = self.store, issue.values
        state = store.state
        custom = {
            field.name: values.get(field.id)
            for field in store.fields_in(store.project_of(issue), store.type_of(issue))
            if field.custom and field.custom != EPIC_LINK
        }
        status = state.statuses[issue.status_id]
        return IssueView(
            id=issue.id,
            key=issue.key,
            project=store.project_of(issue).key,
            type=store.type_of(issue).name,
            summary=values["summary"],
            description=values.get("description", ""),
            status=status.name,
            status_category=status.category,
            labels=tuple(values.get("labels", ())),
            parent=self._parent_key(issue),
            duedate=date.fromisoformat(values["duedate"]) if "duedate" in values else None,
            assignee=state.users[values["assignee"]].display_name if "assignee" in values else None,
            fields=custom,
            comments=tuple(
                CommentView(one.id, state.users[one.author].display_name, one.body, one.created)
                for one in issue.comments
            ),
            links=tuple(self._link_words(issue)),
            properties=dict(issue.properties),
            created=issue.created,
            updated=issue.updated,
        )

    def _parent_key(self, issue: Issue) -> str | None:
        epic_link = self.store.custom_field(EPIC_LINK)
        for name in ("parent", epic_link.id if epic_link else "parent"):
            parent = self.store.state.issues.get(issue.values.get(name, -1))
            if parent is not None:
                return parent.key
        return None

    def _link_words(self, issue: Issue) -> list[str]:
        state = self.store.state
        said = []
        for link in self.store.links_of(issue):
            kind = state.link_types[link.type_id]
            words, other = (kind.outward, link.target) if link.source == issue.id else (kind.inward, link.source)
            said.append(f"{words} {state.issues[other].key}")
        return said

    def _issue(self, key: str) -> Issue:
        for issue in self.store.state.issues.values():
            if issue.key == key:
                return issue
        raise ValueError(f"no issue {key}")

    def _comment(self, key: str, comment: str) -> tuple[Issue, Comment]:
        issue = self._issue(key)
        for one in issue.comments:
            if one.id == comment:
                return issue, one
        raise ValueError(f"{key} has no comment {comment}")

    def _author(self, named: str) -> str:
        user = self.store.user(named)
        return user.id if user else self.add_user(named)

    def _writer(self, author: str) -> IssueWriter:
        return IssueWriter(self.store, self._author(author), people=True)

    def _sent(self, fields: Mapping[str, Any], kind: IssueType) -> dict[str, Any]:
        sent = {}
        for name, value in fields.items():
            field = self._field(name, kind)
            if isinstance(value, date):
                value = value.isoformat()
            elif field.id in {"assignee", "reporter"} and isinstance(value, str):
                value = {"accountId" if self.store.cloud else "name": self._author(value)}
            elif field.id == "parent" and isinstance(value, str):
                value = {"key": value}
            elif field.id == "priority" and isinstance(value, str):
                value = {"name": value}
            elif isinstance(value, tuple | set | frozenset):
                value = sorted(value)
            sent[field.id] = value
        return sent

    def _field(self, name: str, kind: IssueType) -> Field:
        known = self.store.state.fields
        if name == "parent" and not self.store.cloud and not kind.subtask:
            name = next(field.id for field in known.values() if field.custom == EPIC_LINK)
        if name in known:
            return known[name]
        found = [field for field in known.values() if field.name.casefold() == name.casefold()]
        if len(found) != 1:
            raise ValueError(f"{len(found) or 'no'} fields are called {name}; {[field.id for field in found]}")
        return found[0]
