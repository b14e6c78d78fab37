"""What people do in the browser: Python methods for tests and the demo, beside the two APIs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from okrsync.sandbox.github import actions, boards
from okrsync.sandbox.github.actions import UNSET, IssueChange, MilestoneChange, Unset
from okrsync.sandbox.github.hub import Hub
from okrsync.sandbox.github.state import (
    Account,
    DataType,
    Issue,
    Milestone,
    Project,
    Repository,
    Role,
    pacific_day,
)

NOWHERE = "http://127.0.0.1"


class People:
    """Hands on the state.

    Repositories are named `owner/name`, boards `owner/number`.  What is not there raises LookupError; what GitHub
    would refuse raises `actions.Invalid`.  Every method may be called while the server runs.
    """

    def __init__(self, hub: Hub, lock: threading.RLock, login: str) -> None:
        self.hub = hub
        self.login = login
        self._hands = lock
        self.add_user("ghost")
        self.add_user(login)

    # Accounts, repositories, boards -----------------------------------------------------------------------------

    def add_user(self, login: str, name: str = "") -> None:
        """Sign a person up."""
        self._add_account(login, "User", name)

    def add_organization(self, login: str, name: str = "") -> None:
        """Found an organisation."""
        self._add_account(login, "Organization", name)

    def _add_account(self, login: str, kind: Literal["User", "Organization"], name: str) -> None:
        with self._hands:
            state = self.hub.state
            if state.account(login) is None:
                account = Account(state.next_id(), login, kind, name or login, self.hub.now())
                state.accounts[login.casefold()] = account

    def add_repository(
        self,
        full_name: str,
        *,
        private: bool = False,
        has_issues: bool = True,
        description: str | None = None,
        role: Role | None = "write",
    ) -> None:
        """Make a repository in which the sandbox's own login has `role`; its owner becomes an organisation if new."""
        owner, _, name = full_name.partition("/")
        with self._hands:
            self.add_organization(owner)
            now = self.hub.now()
            repository = Repository(self.hub.state.next_id(), owner, name, now, now, private, has_issues)
            repository.description = description
            if role is not None:
                repository.roles[self.login] = role
            self.hub.state.repositories[repository.id] = repository

    def edit_repository(
        self,
        full_name: str,
        *,
        has_issues: bool | None = None,
        archived: bool | None = None,
        private: bool | None = None,
    ) -> None:
        """Change a repository's settings."""
        with self._hands:
            repository = self._repository(full_name)
            repository.has_issues = repository.has_issues if has_issues is None else has_issues
            repository.archived = repository.archived if archived is None else archived
            repository.private = repository.private if private is None else private

    def set_role(self, full_name: str, login: str, role: Role | None) -> None:
        """Let a login do more or less in a repository; None takes away all that is not public."""
        with self._hands:
            roles = self._repository(full_name).roles
            roles.pop(login, None)
            if role is not None:
                roles[login] = role

    def rename_repository(self, full_name: str, new_name: str) -> None:
        """Give a repository a new name; the old address redirects."""
        with self._hands:
            repository = self._repository(full_name)
            self.hub.state.moved[repository.full_name.casefold()] = repository.id
            repository.name = new_name

    def delete_repository(self, full_name: str) -> None:
        """Delete a repository with all that is in it."""
        with self._hands:
            for number in list(self._repository(full_name).issues):
                self.delete_issue(full_name, number)
            del self.hub.state.repositories[self._repository(full_name).id]

    def add_project(self, owner: str, title: str) -> int:
        """Make a Projects v2 board of an organisation or a person; returns its number."""
        with self._hands:
            if self.hub.state.account(owner) is None:
                self.add_organization(owner)
            return boards.create_project(self.hub.doing(self.login), owner, title).number

    def add_field(self, project: str, name: str, data_type: DataType, options: Sequence[str] = ()) -> None:
        """Give a board (`acme/1`) another field; `options` are for single selects."""
        with self._hands:
            boards.create_field(self.hub.doing(self.login), self._project(project), name, data_type, options)

    def add_number_field(self, project: str, name: str) -> None:
        """Give a board (`acme/1`) another number field."""
        self.add_field(project, name, "NUMBER")

    # Issues and milestones --------------------------------------------------------------------------------------

    def create_issue(
        self,
        repo: str,
        title: str,
        *,
        body: str | None = None,
        milestone: int | None = None,
        labels: Sequence[str] = (),
        assignees: Sequence[str] = (),
        parent: int | None = None,
        pull_request: bool = False,
        author: str | None = None,
    ) -> int:
        """Open an issue or a pull request, below `parent` if given; returns its number."""
        change = IssueChange(title, body, UNSET, UNSET, milestone, labels, assignees)
        with self._hands:
            doing, repository = self.hub.doing(self._person(author)), self._repository(repo)
            issue = actions.create_issue(doing, repository, change, pull_request=pull_request)
            if parent is not None:
                actions.add_sub_issue(doing, self._issue(repo, parent), issue)
            return issue.number

    def edit_issue(
        self,
        repo: str,
        number: int,
        *,
        title: str | Unset = UNSET,
        body: str | Unset | None = UNSET,
        milestone: int | Unset | None = UNSET,
        labels: Sequence[str] | Unset = UNSET,
        assignees: Sequence[str] | Unset = UNSET,
        state: str | Unset = UNSET,
        state_reason: str | Unset | None = UNSET,
        by: str | None = None,
    ) -> None:
        """Change an issue or a pull request; what is not given stays."""
        change = IssueChange(title, body, state, state_reason, milestone, labels, assignees)
        with self._hands:
            doing = self.hub.doing(self._person(by))
            actions.edit_issue(doing, self._repository(repo), self._issue(repo, number), change)

    def close_issue(self, repo: str, number: int, reason: str = "completed", *, by: str | None = None) -> None:
        """Close an issue, or a pull request without merging it."""
        self.edit_issue(repo, number, state="closed", state_reason=reason, by=by)

    def reopen_issue(self, repo: str, number: int, *, by: str | None = None) -> None:
        """Open a closed issue again."""
        self.edit_issue(repo, number, state="open", by=by)

    def merge_pull_request(self, repo: str, number: int, *, by: str | None = None) -> None:
        """Merge a pull request, which closes it."""
        with self._hands:
            self.edit_issue(repo, number, state="closed", by=by)
            issue = self._issue(repo, number)
            issue.merged_at = issue.closed_at

    def delete_issue(self, repo: str, number: int) -> None:
        """Delete an issue for good."""
        with self._hands:
            doing = self.hub.doing(self.login)
            actions.delete_issue(doing, self._repository(repo), self._issue(repo, number))

    def set_parent(self, repo: str, number: int, parent: int | None) -> None:
        """Put an issue below another one of the repository, or out from under its parent."""
        with self._hands:
            child = self._issue(repo, number)
            former = self.hub.state.issue_by_id(child.parent) if child.parent is not None else None
            if former:
                actions.remove_sub_issue(former[1], child)
            if parent is not None:
                actions.add_sub_issue(self.hub.doing(self.login), self._issue(repo, parent), child)

    def comment(self, repo: str, number: int, text: str, *, author: str | None = None) -> int:
        """Write a comment below an issue; returns its id."""
        with self._hands:
            doing = self.hub.doing(self._person(author))
            return actions.create_comment(doing, self._repository(repo), self._issue(repo, number), text).id

    def create_milestone(
        self,
        repo: str,
        title: str,
        *,
        description: str | None = None,
        due_on: date | None = None,
        state: str = "open",
        author: str | None = None,
    ) -> int:
        """Make a milestone that is due on a day of the Pacific calendar, as the browser does; returns its number."""
        change = MilestoneChange(title, description, _due(due_on), state)
        with self._hands:
            return actions.create_milestone(self.hub.doing(self._person(author)), self._repository(repo), change).number

    def edit_milestone(
        self,
        repo: str,
        number: int,
        *,
        title: str | Unset = UNSET,
        description: str | Unset | None = UNSET,
        due_on: date | Unset | None = UNSET,
        state: str | Unset = UNSET,
        by: str | None = None,
    ) -> None:
        """Change a milestone; what is not given stays."""
        due = due_on if isinstance(due_on, Unset) else _due(due_on)
        change = MilestoneChange(title, description, due, state)
        with self._hands:
            doing = self.hub.doing(self._person(by))
            actions.edit_milestone(doing, self._repository(repo), self._milestone(repo, number), change)

    def delete_milestone(self, repo: str, number: int) -> None:
        """Delete a milestone; its issues stay."""
        with self._hands:
            doing = self.hub.doing(self.login)
            actions.delete_milestone(doing, self._repository(repo), self._milestone(repo, number))

    # Fields of boards -------------------------------------------------------------------------------------------

    def set_project_value(
        self, owner: str, project: int, repo: str, number: int, field: str, value: float | str | None
    ) -> None:
        """Write a field of an issue's item on a board, adding the item if need be; None clears the field.

        A single select takes the name of its option.
        """
        with self._hands:
            doing, board = self.hub.doing(self.login), self._project(f"{owner}/{project}")
            item = boards.add_item(doing, board, self._issue(repo, number).id)
            found = board.field_named(field)
            if found is None:
                raise LookupError(f"board {owner}/{project} has no field {field!r}")
            if value is None:
                boards.clear_value(doing, item, found)
                return
            if found.data_type == "SINGLE_SELECT":
                value = next((key for key, name in found.options.items() if name == value), value)
            boards.set_value(doing, item, found, value)

    def set_project_number(
        self, owner: str, project: int, repo: str, number: int, field: str, value: float | None
    ) -> None:
        """Write a number field of an issue's item on a board, adding the item if need be; None clears it."""
        self.set_project_value(owner, project, repo, number, field, value)

    def project_value(self, owner: str, project: int, repo: str, number: int, field: str) -> float | str | None:
        """What the issue's item holds in a field; None without an item or a value."""
        with self._hands:
            board = self._project(f"{owner}/{project}")
            found, item = board.field_named(field), board.item_for(self._issue(repo, number).id)
            if found is None:
                raise LookupError(f"board {owner}/{project} has no field {field!r}")
            value = item.values.get(found.id) if item else None
            return value.value if value else None

    # Looking ----------------------------------------------------------------------------------------------------

    def issue(self, repo: str, number: int) -> dict[str, Any]:
        """An issue as REST shows it."""
        with self._hands:
            shapes = self.hub.shapes(NOWHERE)
            return shapes.issue(self._repository(repo), self._issue(repo, number), alone=True)

    def issues(self, repo: str) -> list[dict[str, Any]]:
        """All issues and pull requests as REST shows them, by number."""
        with self._hands:
            shapes, repository = self.hub.shapes(NOWHERE), self._repository(repo)
            return [shapes.issue(repository, issue, alone=True) for issue in repository.issues.values()]

    def milestone(self, repo: str, number: int) -> dict[str, Any]:
        """A milestone as REST shows it."""
        with self._hands:
            return self.hub.shapes(NOWHERE).milestone(self._repository(repo), self._milestone(repo, number))

    def milestones(self, repo: str) -> list[dict[str, Any]]:
        """All milestones, open and closed, as REST shows them, by number."""
        with self._hands:
            shapes, repository = self.hub.shapes(NOWHERE), self._repository(repo)
            return [shapes.milestone(repository, milestone) for milestone in repository.milestones.values()]

    def comments(self, repo: str, number: int) -> list[dict[str, Any]]:
        """The comments below an issue as REST shows them, oldest first."""
        with self._hands:
            shapes, repository = self.hub.shapes(NOWHERE), self._repository(repo)
            return [shapes.comment(repository, one) for one in repository.comments_of(self._issue(repo, number))]

    # Finding ----------------------------------------------------------------------------------------------------

    def _person(self, login: str | None) -> str:
        if login is not None:
            self.add_user(login)
        return login or self.login

    def _repository(self, full_name: str) -> Repository:
        found = self.hub.state.repository(full_name)
        if found is None:
            raise LookupError(f"the sandbox has no repository {full_name}")
        return found

    def _issue(self, repo: str, number: int) -> Issue:
        found = self._repository(repo).issues.get(number)
        if found is None:
            raise LookupError(f"{repo} has no issue {number}")
        return found

    def _milestone(self, repo: str, number: int) -> Milestone:
        found = self._repository(repo).milestones.get(number)
        if found is None:
            raise LookupError(f"{repo} has no milestone {number}")
        return found

    def _project(self, name: str) -> Project:
        owner, _, number = name.rpartition("/")
        found = self.hub.state.project(owner, int(number)) if number.isdigit() else None
        if found is None:
            raise LookupError(f"the sandbox has no board {name}; boards are named owner/number")
        return found


def _due(day: date | None) -> datetime | None:
    return None if day is None else pacific_day(datetime.combine(day, time(12), UTC))
