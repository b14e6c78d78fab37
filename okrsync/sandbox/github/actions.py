"""What can be done to issues, milestones, labels and comments, with GitHub's own checks.

REST, GraphQL and the sandbox's 'people' all act through these functions, so all of them meet the same rules.
Each takes the state, the moment and who acts; each raises `Invalid` and then changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from okrsync.sandbox.github.state import Comment, GitHubState, Issue, Label, Milestone, Repository, pacific_day

CloseReason = Literal["completed", "not_planned", "duplicate"]

TITLE_LIMIT = 256
MILESTONE_TITLE_LIMIT = 255
BODY_LIMIT = 65_536
LABEL_LIMIT = 50
CLOSE_REASONS: Mapping[str, CloseReason] = {
    "completed": "completed",
    "not_planned": "not_planned",
    "duplicate": "duplicate",
}


class Unset:
    """The type of `UNSET`, which stands for a value that was not given; None is a value."""


UNSET: Final = Unset()


class Invalid(Exception):
    """What was asked breaks a rule; `errors` tells which, in the form that GitHub's 422 lists them."""

    def __init__(self, *errors: dict[str, Any], message: str = "Validation Failed") -> None:
        super().__init__(message if not errors else f"{message}: {errors}")
        self.message = message
        self.errors = errors


@dataclass(frozen=True)
class Doing:
    """Who acts on what state, and when; `at` is in whole seconds."""

    state: GitHubState
    at: datetime
    login: str


@dataclass(frozen=True)
class IssueChange:
    """What is to become of an issue; what is `UNSET` stays as it is."""

    title: str | Unset = UNSET
    body: str | Unset | None = UNSET
    state: str | Unset = UNSET
    state_reason: str | Unset | None = UNSET
    milestone: int | Unset | None = UNSET
    labels: Sequence[str] | Unset = UNSET
    assignees: Sequence[str] | Unset = UNSET


@dataclass(frozen=True)
class MilestoneChange:
    """What is to become of a milestone; what is `UNSET` stays as it is."""

    title: str | Unset = UNSET
    description: str | Unset | None = UNSET
    due_on: datetime | Unset | None = UNSET
    state: str | Unset = UNSET


def error(resource: str, field: str, code: str, message: str | None = None, **more: Any) -> dict[str, Any]:
    """One entry of a 422's `errors`."""
    entry = {**more, "resource": resource, "code": code, "field": field}
    return entry if message is None else {**entry, "message": message}


def create_issue(doing: Doing, repository: Repository, change: IssueChange, *, pull_request: bool = False) -> Issue:
    """Open an issue; labels that do not exist yet are made, as GitHub does."""
    if isinstance(change.title, Unset):
        raise Invalid(error("Issue", "title", "missing_field"))
    _check_issue(doing, repository, change)
    repository.last_number += 1
    issue = Issue(
        id=doing.state.next_issue_id(),
        number=repository.last_number,
        title=change.title,
        author=doing.login,
        created_at=doing.at,
        updated_at=doing.at,
        pull_request=pull_request,
    )
    repository.issues[issue.number] = issue
    _apply(doing, repository, issue, change)
    return issue


def edit_issue(doing: Doing, repository: Repository, issue: Issue, change: IssueChange) -> None:
    """Change an issue; `updated_at` moves only if something is different afterwards."""
    _check_issue(doing, repository, change)
    before = _picture(issue)
    _apply(doing, repository, issue, change)
    if _picture(issue) != before:
        issue.updated_at = doing.at


def delete_issue(doing: Doing, repository: Repository, issue: Issue) -> None:
    """Delete an issue for good: its number answers 410 from now on."""
    _touch(doing, repository, issue.milestone)
    for child in issue.sub_issues:
        found = doing.state.issue_by_id(child)
        if found:
            found[1].parent = None
    parent = doing.state.issue_by_id(issue.parent) if issue.parent else None
    if parent:
        parent[1].sub_issues.remove(issue.id)
    for project in doing.state.projects.values():
        item = project.item_for(issue.id)
        if item:
            del project.items[item.id]
    repository.comments = {key: one for key, one in repository.comments.items() if one.issue != issue.number}
    del repository.issues[issue.number]
    repository.deleted_issues.add(issue.number)


def create_milestone(doing: Doing, repository: Repository, change: MilestoneChange) -> Milestone:
    """Make a milestone; its title must be unlike every other in the repository, open or closed."""
    if isinstance(change.title, Unset):
        raise Invalid(error("Milestone", "title", "missing_field"))
    _check_milestone(repository, change, None)
    repository.last_milestone += 1
    milestone = Milestone(
        id=doing.state.next_id(),
        number=repository.last_milestone,
        title=change.title,
        creator=doing.login,
        created_at=doing.at,
        updated_at=doing.at,
    )
    repository.milestones[milestone.number] = milestone
    _apply_to_milestone(doing, milestone, change)
    return milestone


def edit_milestone(doing: Doing, repository: Repository, milestone: Milestone, change: MilestoneChange) -> None:
    """Change a milestone."""
    _check_milestone(repository, change, milestone)
    _apply_to_milestone(doing, milestone, change)
    milestone.updated_at = doing.at


def delete_milestone(doing: Doing, repository: Repository, milestone: Milestone) -> None:
    """Delete a milestone; its issues stay, without one, and its number is not given again."""
    for issue in repository.issues.values():
        if issue.milestone == milestone.number:
            issue.milestone = None
            issue.updated_at = doing.at
    del repository.milestones[milestone.number]


def create_label(
    doing: Doing, repository: Repository, name: str, color: str | None = None, description: str | None = None
) -> Label:
    """Make a label; without a colour it is grey."""
    if not name.strip():
        raise Invalid(error("Label", "name", "missing_field"))
    if len(name) > LABEL_LIMIT:
        raise Invalid(error("Label", "name", "custom", "name is too long (maximum is 50 characters)"))
    if color is not None and not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        raise Invalid(error("Label", "color", "invalid"))
    if description is not None and len(description) > 100:
        raise Invalid(error("Label", "description", "custom", "description is too long (maximum is 100 characters)"))
    if repository.label_named(name):
        raise Invalid(error("Label", "name", "already_exists"))
    label = Label(doing.state.next_id(), name.strip(), color or "ededed", description)
    repository.labels[label.id] = label
    return label


def create_comment(doing: Doing, repository: Repository, issue: Issue, body: str) -> Comment:
    """Write a comment below an issue, which counts as a change of the issue."""
    _check_comment(body)
    comment = Comment(doing.state.next_id(), issue.number, doing.login, body, doing.at, doing.at)
    repository.comments[comment.id] = comment
    issue.updated_at = doing.at
    return comment


def edit_comment(doing: Doing, repository: Repository, comment: Comment, body: str) -> None:
    """Rewrite a comment."""
    _check_comment(body)
    comment.body = body
    comment.updated_at = doing.at
    repository.issues[comment.issue].updated_at = doing.at


def delete_comment(doing: Doing, repository: Repository, comment: Comment) -> None:
    """Delete a comment for good."""
    del repository.comments[comment.id]
    repository.issues[comment.issue].updated_at = doing.at


def _check_issue(doing: Doing, repository: Repository, change: IssueChange) -> None:
    problems = []
    if not isinstance(change.title, Unset):
        problems += _title_problems("Issue", change.title, TITLE_LIMIT)
    if not isinstance(change.body, Unset) and change.body and len(change.body) > BODY_LIMIT:
        problems.append(error("Issue", "body", "custom", "body is too long (maximum is 65536 characters)"))
    if not isinstance(change.state, Unset) and change.state not in ("open", "closed"):
        problems.append(error("Issue", "state", "invalid", value=change.state))
    if isinstance(change.state_reason, str) and change.state_reason not in (*CLOSE_REASONS, "reopened"):
        problems.append(error("Issue", "state_reason", "invalid", value=change.state_reason))
    if isinstance(change.milestone, int) and change.milestone not in repository.milestones:
        problems.append(error("Issue", "milestone", "invalid", value=change.milestone))
    if not isinstance(change.assignees, Unset):
        unknown = [login for login in change.assignees if doing.state.account(login) is None]
        problems += [error("Issue", "assignees", "invalid", value=login) for login in unknown]
    if not isinstance(change.labels, Unset):
        wrong = [name for name in change.labels if not name.strip() or len(name) > LABEL_LIMIT]
        problems += [error("Label", "name", "invalid", value=name) for name in wrong]
    if problems:
        raise Invalid(*problems)


def _title_problems(resource: str, title: str, limit: int) -> list[dict[str, Any]]:
    if not title.strip():
        return [error(resource, "title", "missing_field")]
    if len(title) > limit:
        return [error(resource, "title", "custom", f"title is too long (maximum is {limit} characters)")]
    return []


def _apply(doing: Doing, repository: Repository, issue: Issue, change: IssueChange) -> None:
    if not isinstance(change.title, Unset):
        issue.title = change.title
    if not isinstance(change.body, Unset):
        issue.body = change.body or None
    if not isinstance(change.labels, Unset):
        issue.labels = _labels(doing, repository, change.labels)
    if not isinstance(change.assignees, Unset):
        issue.assignees = list(dict.fromkeys(change.assignees))
    if not isinstance(change.milestone, Unset) and change.milestone != issue.milestone:
        _touch(doing, repository, issue.milestone)
        issue.milestone = change.milestone
        _touch(doing, repository, issue.milestone)
    if not isinstance(change.state, Unset):
        reason = None if isinstance(change.state_reason, Unset) else change.state_reason
        _move(doing, repository, issue, change.state, reason)


def _move(doing: Doing, repository: Repository, issue: Issue, state: str, reason: str | None) -> None:
    if state == "closed":
        wanted = CLOSE_REASONS.get(reason or "", "completed")
        if issue.state == "open" or (reason is not None and issue.state_reason != wanted):
            if issue.state == "open":
                issue.closed_at, issue.closed_by = doing.at, doing.login
            issue.state, issue.state_reason = "closed", None if issue.pull_request else wanted
            _touch(doing, repository, issue.milestone)
    elif issue.state == "closed":
        issue.state, issue.state_reason = "open", None if issue.pull_request else "reopened"
        issue.closed_at = issue.closed_by = None
        _touch(doing, repository, issue.milestone)


def _labels(doing: Doing, repository: Repository, names: Iterable[str]) -> list[int]:
    labels = [repository.label_named(name) or create_label(doing, repository, name) for name in names]
    return list(dict.fromkeys(label.id for label in labels))


def _picture(issue: Issue) -> tuple[Any, ...]:
    return (
        issue.title,
        issue.body,
        issue.state,
        issue.state_reason,
        issue.milestone,
        tuple(issue.labels),
        tuple(issue.assignees),
    )


def _touch(doing: Doing, repository: Repository, milestone: int | None) -> None:
    if milestone is not None:
        repository.milestones[milestone].updated_at = doing.at


def _check_milestone(repository: Repository, change: MilestoneChange, itself: Milestone | None) -> None:
    problems = []
    if not isinstance(change.title, Unset):
        problems += _title_problems("Milestone", change.title, MILESTONE_TITLE_LIMIT)
        others = [one for one in repository.milestones.values() if one is not itself]
        if any(one.title == change.title for one in others):
            problems.append(error("Milestone", "title", "already_exists"))
    if not isinstance(change.state, Unset) and change.state not in ("open", "closed"):
        problems.append(error("Milestone", "state", "invalid", value=change.state))
    if problems:
        raise Invalid(*problems)


def _apply_to_milestone(doing: Doing, milestone: Milestone, change: MilestoneChange) -> None:
    if not isinstance(change.title, Unset):
        milestone.title = change.title
    if not isinstance(change.description, Unset):
        milestone.description = change.description
    if not isinstance(change.due_on, Unset):
        milestone.due_on = pacific_day(change.due_on) if change.due_on else None
    if change.state == "closed" and milestone.state == "open":
        milestone.state, milestone.closed_at = "closed", doing.at
    elif change.state == "open":
        milestone.state, milestone.closed_at = "open", None


def _check_comment(body: str) -> None:
    if not body.strip():
        raise Invalid(error("IssueComment", "body", "custom", "body cannot be blank"))
    if len(body) > BODY_LIMIT:
        raise Invalid(error("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)"))
