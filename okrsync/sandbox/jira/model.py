"""What a Jira site stores, as frozen values; every write replaces an issue by a new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Flavour = Literal["cloud", "data-center"]
Screen = Literal["create", "edit"]

EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
EPIC_NAME = "com.pyxis.greenhopper.jira:gh-epic-label"
NUMBER = "com.atlassian.jira.plugin.system.customfieldtypes:float"
TEXT = "com.atlassian.jira.plugin.system.customfieldtypes:textfield"


@dataclass(frozen=True)
class User:
    """A person or bot; `id` is the account id on Cloud and the user name on Data Center."""

    id: str
    display_name: str
    email: str
    time_zone: str
    customer: bool = False
    """Cloud: whether it is one of the customers of a service desk, who do not work there."""


@dataclass(frozen=True)
class IssueType:
    """A kind of issue; `level` is 1 for epics, 0 for standard issues, -1 for sub-tasks."""

    id: str
    name: str
    level: int

    @property
    def subtask(self) -> bool:
        """Whether issues of this type live below another issue."""
        return self.level < 0


@dataclass(frozen=True)
class Category:
    """One of Jira's three fixed status categories."""

    id: int
    key: str
    name: str
    color: str


@dataclass(frozen=True)
class Status:
    """A status with the key of its category: new, indeterminate or done."""

    id: str
    name: str
    category: str


@dataclass(frozen=True)
class Transition:
    """A step of the workflow; `origins` are the status ids it starts from, None for all."""

    id: str
    name: str
    to: str
    origins: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Field:
    """A field of issues.

    `projects` and `types` limit where a custom field exists (None: everywhere); `screens` says on which screens
    it can be set.  `kind` is the type in the API's schema, `items` that of a list's members.
    """

    id: str
    name: str
    kind: str
    custom: str | None = None
    items: str | None = None
    screens: tuple[Screen, ...] = ()
    projects: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    clauses: tuple[str, ...] = ()
    required: bool = False

    @property
    def number(self) -> int | None:
        """The number in a custom field's id."""
        return int(self.id.removeprefix("customfield_")) if self.custom else None

    @property
    def points_up(self) -> bool:
        """Whether the field holds the issue that this one belongs to."""
        return self.id == "parent" or self.custom == EPIC_LINK


@dataclass(frozen=True)
class Project:
    """A project; one that is not `visible` is hidden from the API user, as if it did not exist."""

    id: str
    key: str
    name: str
    types: tuple[str, ...]
    visible: bool = True
    issues_made: int = 0


@dataclass(frozen=True)
class LinkType:
    """A kind of issue link, with its wording in both directions."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True)
class Link:
    """A link that reads `<source> <outward> <target>`.

    In the API's words the source is the inward issue and the target the outward issue.
    """

    id: str
    type_id: str
    source: int
    target: int


@dataclass(frozen=True)
class Comment:
    """A comment in wiki text."""

    id: str
    author: str
    body: str
    created: datetime
    updated: datetime
    update_author: str


@dataclass(frozen=True)
class ChangeItem:
    """One field's change, in stored and in readable form."""

    field: str
    field_id: str
    custom: bool
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None


@dataclass(frozen=True)
class Change:
    """What one write changed."""

    id: str
    author: str
    created: datetime
    items: tuple[ChangeItem, ...]


@dataclass(frozen=True)
class Issue:
    """An issue as it stood after one write.

    `values` holds the settable fields by id, as stored: labels as a sorted list, numbers as floats, `duedate` as
    an ISO date, users by id, `parent` and the epic link as issue ids.  A field without a value is absent.
    """

    id: int
    key: str
    project_id: str
    type_id: str
    status_id: str
    creator: str
    created: datetime
    updated: datetime
    values: dict[str, Any]
    resolved: datetime | None = None
    comments: tuple[Comment, ...] = ()
    changes: tuple[Change, ...] = ()
    properties: dict[str, Any] = field(default_factory=dict)
    status_changed: datetime | None = None

    @property
    def number(self) -> int:
        """The number behind the project key."""
        return int(self.key.rpartition("-")[2])


@dataclass
class JiraState:
    """Everything that is saved."""

    flavour: Flavour
    bot: str
    users: dict[str, User]
    fields: dict[str, Field]
    types: dict[str, IssueType]
    statuses: dict[str, Status]
    transitions: dict[str, Transition]
    link_types: dict[str, LinkType]
    projects: dict[str, Project] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    revoked: list[tuple[str, str | None]] = field(default_factory=list)

    def next_id(self, kind: str, first: int = 10000) -> int:
        """A number that was not used for this kind of thing before."""
        self.counters[kind] = self.counters.get(kind, first - 1) + 1
        return self.counters[kind]
