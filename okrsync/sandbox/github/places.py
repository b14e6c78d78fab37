"""Where people work: accounts, repositories and boards, founded and found by name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Literal

from okrsync.sandbox.github import actions, boards, issue_fields
from okrsync.sandbox.github.hub import Hub
from okrsync.sandbox.github.state import Account, Comment, DataType, Issue, Milestone, Project, Repository, Role


class Places:
    """Repositories are named `owner/name`, boards `owner/number`; what is not there raises LookupError.

    Every method may be called while the server runs.
    """

    def __init__(self, hub: Hub, lock: threading.RLock, login: str) -> None:
        self.hub = hub
        self.login = login
        self._hands = lock
        self.add_user("ghost")
        self.add_user(login)

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
            repository, doing = self._repository(full_name), self.hub.doing(self.login)
            for issue in list(repository.issues.values()):
                actions.delete_issue(doing, repository, issue)
            del self.hub.state.repositories[repository.id]

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

    def add_issue_field(self, owner: str, name: str, data_type: str = "number") -> None:
        """Give the issues of an organisation a field: `number`, `text` or `date`."""
        with self._hands:
            self.add_organization(owner)
            issue_fields.create_issue_field(self.hub.doing(self.login), self._account(owner), name, data_type)

    def _owner(self, repo: str) -> Account:
        return self._account(self._repository(repo).owner)

    def _account(self, login: str) -> Account:
        found = self.hub.state.account(login)
        if found is None:
            raise LookupError(f"the sandbox has no account {login}")
        return found

    def _person(self, login: str | None) -> str:
        if login is not None:
            self.add_user(login)
        return login or self.login

    def _repository(self, full_name: str) -> Repository:
        found = self.hub.state.repository(full_name)
        if found is None:
            raise LookupError(f"the sandbox has no repository {full_name}")
        return found

    def _comment(self, repository: Repository, comment: int) -> Comment:
        found = repository.comments.get(comment)
        if found is None:
            raise LookupError(f"{repository.full_name} has no comment {comment}")
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
