"""Holds the state of a Jira site beside its search index, which runs behind it by the index lag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.jira.model import Field, Issue, IssueType, JiraState, Link, Project, Screen, User

STATE: TypeAdapter[JiraState] = TypeAdapter(JiraState)


class JiraStore:
    """Looks things up, replaces issues, and remembers when a search may see each version.

    `index_lag` is how long a write stays unseen by searches.
    """

    def __init__(self, state: JiraState, clock: SandboxClock, index_lag: timedelta) -> None:
        self.state = state
        self.clock = clock
        self.index_lag = index_lag
        self._versions: dict[int, list[tuple[datetime, Issue | None]]] = {}
        self._ids: dict[str, int] = {}

    # A version with a time in the future waits to be indexed; None stands for a deleted issue.

    def put(self, issue: Issue) -> Issue:
        """Store a new version of an issue."""
        self.state.issues[issue.id] = issue
        self._ids[issue.key] = issue.id
        self._remember(issue.id, issue)
        return issue

    def remove(self, issue: Issue) -> None:
        """Delete an issue with its links."""
        del self.state.issues[issue.id]
        for link in self.links_of(issue):
            del self.state.links[link.id]
        self._remember(issue.id, None)

    def _remember(self, issue_id: int, version: Issue | None) -> None:
        now = self.clock.now()
        versions = self._versions.setdefault(issue_id, [])
        seen = [at for at, _ in versions if at <= now]
        del versions[: max(len(seen) - 1, 0)]
        versions.append((now + self.index_lag, version))

    def indexed(self, fresh: Iterable[int] = ()) -> list[Issue]:
        """The visible issues as a search sees them now; those with an id in `fresh` as they really are."""
        now = self.clock.now()
        found: list[Issue] = []
        reconciled = set(fresh)
        for issue_id, versions in self._versions.items():
            if issue_id in reconciled:
                version = self.state.issues.get(issue_id)
            else:
                version = next((issue for at, issue in reversed(versions) if at <= now), None)
            if version is not None and self.state.projects[version.project_id].visible:
                found.append(version)
        return found

    def dump(self) -> dict[str, Any]:
        """The state as JSON."""
        dumped: dict[str, Any] = STATE.dump_python(self.state, mode="json")
        return dumped

    def load(self, saved: dict[str, Any]) -> None:
        """Replace the state by a saved one, all of it indexed."""
        self.state = STATE.validate_python(saved)
        self._ids = {issue.key: issue.id for issue in self.state.issues.values()}
        self._versions = {
            issue.id: [(datetime.min.replace(tzinfo=issue.created.tzinfo), issue)]
            for issue in self.state.issues.values()
        }

    @property
    def cloud(self) -> bool:
        """Whether the site is a Cloud one."""
        return self.state.flavour == "cloud"

    def issue(self, id_or_key: str | int) -> Issue | None:
        """The issue with this id or key (in any case), if the API user may see it."""
        text = str(id_or_key)
        if text.isdigit():
            issue = self.state.issues.get(int(text))
        else:
            issue = self.state.issues.get(self._ids.get(text.upper(), -1))
        return issue if issue and self.state.projects[issue.project_id].visible else None

    def project(self, id_or_key: str) -> Project | None:
        """The project with this id or key (in any case), if the API user may see it."""
        wanted = id_or_key.upper()
        for project in self.state.projects.values():
            if project.visible and wanted in {project.id, project.key}:
                return project
        return None

    def project_of(self, issue: Issue) -> Project:
        """The project an issue is in."""
        return self.state.projects[issue.project_id]

    def type_of(self, issue: Issue) -> IssueType:
        """The issue's type."""
        return self.state.types[issue.type_id]

    def user(self, named: str) -> User | None:
        """The user with this id, email or display name (in any case)."""
        wanted = named.casefold()
        for user in self.state.users.values():
            if wanted in {user.id.casefold(), user.email.casefold(), user.display_name.casefold()}:
                return user
        return None

    def links_of(self, issue: Issue) -> list[Link]:
        """All links from or to an issue."""
        return [link for link in self.state.links.values() if issue.id in {link.source, link.target}]

    def custom_field(self, kind: str) -> Field | None:
        """The field of this custom type, e.g. the epic link."""
        return next((field for field in self.state.fields.values() if field.custom == kind), None)

    def fields_in(self, project: Project, issue_type: IssueType) -> list[Field]:
        """The fields that issues of this type have in this project, on a screen or not."""
        return [
            field
            for field in self.state.fields.values()
            if (field.projects is None or project.key in field.projects)
            and (field.types is None or issue_type.id in field.types)
        ]

    def screen(self, screen: Screen, project: Project, issue_type: IssueType) -> dict[str, Field]:
        """The fields that can be set on this screen, by id."""
        return {
            field.id: self._as_required(field, issue_type)
            for field in self.fields_in(project, issue_type)
            if screen in field.screens and not (field.id == "parent" and not self._takes_parent(issue_type))
        }

    def _takes_parent(self, issue_type: IssueType) -> bool:
        return issue_type.subtask or self.cloud

    def _as_required(self, field: Field, issue_type: IssueType) -> Field:
        return replace(field, required=True) if field.id == "parent" and issue_type.subtask else field

    def revoked(self, permission: str, project: Project | None) -> bool:
        """Whether the API user lacks a permission in a project, or everywhere where that is None."""
        keys = {None} if project is None else {None, project.key}
        return any(name == permission and key in keys for name, key in self.state.revoked)
