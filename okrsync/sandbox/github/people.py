"""What people do in the browser: Python methods for tests and the demo, beside the two APIs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from okrsync.sandbox.github import actions, boards, hierarchy, issue_fields
from okrsync.sandbox.github.actions import UNSET, IssueChange, MilestoneChange, Unset
from okrsync.sandbox.github.places import Places
from okrsync.sandbox.github.state import pacific_day

NOWHERE = "http://127.0.0.1"


class People(Places):
    """Hands on issues, milestones and the fields of boards; what GitHub would refuse raises `actions.Invalid`."""

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
                hierarchy.add_sub_issue(doing, self._issue(repo, parent), issue)
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
                hierarchy.remove_sub_issue(former[1], child)
            if parent is not None:
                hierarchy.add_sub_issue(self.hub.doing(self.login), self._issue(repo, parent), child)

    def comment(self, repo: str, number: int, text: str, *, author: str | None = None) -> int:
        """Write a comment below an issue; returns its id. Whoever has no role in the repository is an outsider."""
        with self._hands:
            doing = self.hub.doing(self._person(author))
            return actions.create_comment(doing, self._repository(repo), self._issue(repo, number), text).id

    def edit_comment(self, repo: str, comment: int, text: str) -> None:
        """Rewrite a comment, as its author does."""
        with self._hands:
            repository = self._repository(repo)
            found = self._comment(repository, comment)
            actions.edit_comment(self.hub.doing(found.author), repository, found, text)

    def delete_comment(self, repo: str, comment: int) -> None:
        """Delete a comment."""
        with self._hands:
            repository = self._repository(repo)
            found = self._comment(repository, comment)
            actions.delete_comment(self.hub.doing(found.author), repository, found)

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

    def set_issue_field(self, repo: str, number: int, name: str, value: float | str | None) -> None:
        """Write a field that issues of the repository's organisation have; None clears it."""
        with self._hands:
            issue_fields.set_issue_field(self._owner(repo), self._issue(repo, number), name, value)

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


def _due(day: date | None) -> datetime | None:
    return None if day is None else pacific_day(datetime.combine(day, time(12), UTC))
