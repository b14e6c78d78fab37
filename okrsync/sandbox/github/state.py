"""What a GitHub sandbox remembers: accounts, repositories with their issues and milestones, and project boards.

Times are aware, in UTC and in whole seconds, as GitHub keeps them.  Everything here can be saved as JSON.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

PACIFIC = ZoneInfo("America/Los_Angeles")
FIRST_ID = 1_000_001
FIRST_ISSUE_ID = 3_000_000_001
"""Issue ids passed 2**31 long ago; whoever keeps them in 32 bits shall notice."""

DataType = Literal["TITLE", "NUMBER", "TEXT", "DATE", "SINGLE_SELECT"]
Role = Literal["admin", "maintain", "write", "triage", "read"]


@dataclass
class IssueField:
    """A field that all issues of an organisation have."""

    id: int
    name: str
    data_type: str
    created_at: datetime


@dataclass
class Account:
    """A person or an organisation, which alone has issue fields."""

    id: int
    login: str
    kind: Literal["User", "Organization"]
    name: str
    created_at: datetime
    issue_fields: dict[int, IssueField] = field(default_factory=dict)


@dataclass
class Label:
    """A label of a repository; its name is unique there in any case of letters."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class Milestone:
    """A milestone; `due_on` is the midnight that begins the due day in Pacific time."""

    id: int
    number: int
    title: str
    creator: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    state: Literal["open", "closed"] = "open"
    due_on: datetime | None = None
    closed_at: datetime | None = None


@dataclass
class Comment:
    """A comment below an issue or pull request."""

    id: int
    issue: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Issue:
    """An issue or, with `pull_request`, a pull request: both share the numbers of their repository.

    `labels` holds label ids in the order in which they were put on, `milestone` the milestone's number, `parent`
    and `sub_issues` issue ids, `field_values` what it holds in its organisation's issue fields, by their ids.
    """

    id: int
    number: int
    title: str
    author: str
    created_at: datetime
    updated_at: datetime
    body: str | None = None
    pull_request: bool = False
    state: Literal["open", "closed"] = "open"
    state_reason: Literal["completed", "reopened", "not_planned", "duplicate"] | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    merged_at: datetime | None = None
    milestone: int | None = None
    labels: list[int] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    parent: int | None = None
    sub_issues: list[int] = field(default_factory=list)
    field_values: dict[int, float | str] = field(default_factory=dict)


@dataclass
class Repository:
    """A repository; `roles` gives what each login may do beyond what everybody may."""

    id: int
    owner: str
    name: str
    created_at: datetime
    updated_at: datetime
    private: bool = False
    has_issues: bool = True
    archived: bool = False
    description: str | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    deleted_issues: set[int] = field(default_factory=set)
    last_number: int = 0
    last_milestone: int = 0

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def label_named(self, name: str) -> Label | None:
        """The label of that name, in any case of letters."""
        wanted = name.casefold()
        return next((label for label in self.labels.values() if label.name.casefold() == wanted), None)

    def labels_of(self, issue: Issue) -> list[Label]:
        """The labels of an issue."""
        return [self.labels[key] for key in issue.labels if key in self.labels]

    def comments_of(self, issue: Issue) -> list[Comment]:
        """The comments below an issue, oldest first."""
        return [comment for comment in self.comments.values() if comment.issue == issue.number]

    def milestone_counts(self) -> dict[int, tuple[int, int]]:
        """How many open and closed issues, pull requests among them, each milestone holds."""
        counts = dict.fromkeys(self.milestones, (0, 0))
        for issue in self.issues.values():
            if issue.milestone is not None:
                still_open, closed = counts[issue.milestone]
                is_open = issue.state == "open"
                counts[issue.milestone] = (still_open + is_open, closed + (not is_open))
        return counts

    def comment_counts(self) -> dict[int, int]:
        """How many comments each issue that has any holds."""
        counts: dict[int, int] = {}
        for comment in self.comments.values():
            counts[comment.issue] = counts.get(comment.issue, 0) + 1
        return counts


@dataclass
class ProjectField:
    """A field of a project board; `options` maps option ids to names, for single selects."""

    id: int
    name: str
    data_type: DataType
    created_at: datetime
    options: dict[str, str] = field(default_factory=dict)


@dataclass
class FieldValue:
    """What an item holds in one field; `value` is a number, a text, an ISO date or an option's id."""

    id: int
    field: int
    value: float | str
    created_at: datetime
    updated_at: datetime


@dataclass
class ProjectItem:
    """An issue's place on a board."""

    id: int
    issue: int
    creator: str
    created_at: datetime
    updated_at: datetime
    values: dict[int, FieldValue] = field(default_factory=dict)


@dataclass
class Project:
    """A Projects v2 board, which belongs to a person or an organisation."""

    id: int
    owner: str
    number: int
    title: str
    creator: str
    created_at: datetime
    updated_at: datetime
    fields: dict[int, ProjectField] = field(default_factory=dict)
    items: dict[int, ProjectItem] = field(default_factory=dict)

    def field_named(self, name: str) -> ProjectField | None:
        """The field of that name; GitHub compares names in any case of letters."""
        wanted = name.casefold()
        return next((one for one in self.fields.values() if one.name.casefold() == wanted), None)

    def item_for(self, issue: int) -> ProjectItem | None:
        """The item that holds the issue with this id."""
        return next((item for item in self.items.values() if item.issue == issue), None)


@dataclass
class GitHubState:
    """Everything, keyed by what never changes: accounts by lower-case login, the rest by id."""

    accounts: dict[str, Account] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    last_id: int = FIRST_ID
    last_issue_id: int = FIRST_ISSUE_ID

    def __post_init__(self) -> None:
        self._places: dict[int, tuple[int, int]] = {}

    def next_id(self) -> int:
        """A number that nothing else has."""
        self.last_id += 1
        return self.last_id

    def next_issue_id(self) -> int:
        """The id of the next issue."""
        self.last_issue_id += 1
        return self.last_issue_id

    def account(self, login: str) -> Account | None:
        """The person or organisation of that login, in any case of letters."""
        return self.accounts.get(login.casefold())

    def repository(self, full_name: str) -> Repository | None:
        """The repository `owner/name`, in any case of letters; earlier names are not followed."""
        wanted = full_name.casefold()
        return next((one for one in self.repositories.values() if one.full_name.casefold() == wanted), None)

    def issue_by_id(self, issue_id: int) -> tuple[Repository, Issue] | None:
        """The issue with this id and the repository that it is in."""
        if issue_id not in self._places:
            self._places = {
                issue.id: (repository.id, issue.number)
                for repository in self.repositories.values()
                for issue in repository.issues.values()
            }
        place = self._places.get(issue_id)
        repository = self.repositories.get(place[0]) if place else None
        issue = repository.issues.get(place[1]) if place and repository else None
        return (repository, issue) if repository and issue else None

    def project(self, owner: str, number: int) -> Project | None:
        """The owner's board of that number."""
        wanted = owner.casefold()
        return next(
            (one for one in self.projects.values() if one.owner.casefold() == wanted and one.number == number), None
        )

    def to_json(self) -> dict[str, Any]:
        """The whole state as JSON."""
        saved: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return saved


@cache
def _adapter() -> TypeAdapter[GitHubState]:
    return TypeAdapter(GitHubState)


def state_from_json(saved: dict[str, Any]) -> GitHubState:
    """The state that `to_json` wrote; raises ValueError where something does not fit."""
    return _adapter().validate_python(saved)


def node_id(kind: str, number: int, more: int = 0) -> str:
    """A global id such as `MI_kwDO…`: opaque to clients, `kind` and the numbers to `read_node_id`."""
    packed = number.to_bytes(8) + (more.to_bytes(8) if more else b"")
    return f"{kind}_kwDO{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def read_node_id(text: str) -> tuple[str, int, int] | None:
    """Kind and numbers of a global id, None for what is none."""
    kind, found, packed = text.partition("_kwDO")
    if not found:
        return None
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) not in (8, 16):
        return None
    return kind, int.from_bytes(raw[:8]), int.from_bytes(raw[8:]) if len(raw) == 16 else 0


def stamp(moment: datetime) -> str:
    """A time as GitHub writes it: `2026-10-01T08:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def pacific_day(moment: datetime) -> datetime:
    """The midnight that begins the moment's day in Pacific time, in UTC."""
    local = moment.astimezone(PACIFIC).replace(hour=0, minute=0, second=0, microsecond=0)
    return local.astimezone(ZoneInfo("UTC"))
