"""What the server in memory keeps: items, projects, and the faults that wait for their calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from okrsync.trackers.values import Child, Comment, FieldChange, FieldInfo, FieldValue, ItemId, ItemKind, RemoteItem


@dataclass
class StoredItem:
    """An item on the server; `revision` grows with each change on the server, whoever makes it."""

    at: ItemId
    kind: ItemKind
    title: str
    created: datetime
    updated: datetime
    revision: int
    description: str = ""
    markers: list[str] = field(default_factory=list)
    workspace: str | None = None
    """What a tracker with labels keeps beside the marker: it stays when somebody removes the marker."""
    due: date | None = None
    closed: bool = False
    parent: str | None = None
    fields: dict[str, FieldValue] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    changes: dict[str, list[FieldChange]] = field(default_factory=dict)
    """What became of each number field since the item was made, oldest first."""
    comments: list[Comment] = field(default_factory=list)
    comments_made: int = 0
    """How many comments it ever had, deleted ones included."""
    pull_request: bool = False

    def shown(self, names: Sequence[str], existing: Mapping[str, Sequence[FieldInfo]]) -> RemoteItem:
        """The item with the fields in `names` that its project has exactly once."""
        return RemoteItem(
            at=self.at,
            kind=self.kind,
            title=self.title,
            description=self.description,
            markers=tuple(self.markers),
            due=self.due,
            closed=self.closed,
            parent=self.parent,
            fields={name: self.fields.get(name) for name in names if len(existing.get(name, ())) == 1},
            links=frozenset(self.links),
            labels=frozenset(self.labels),
            updated=self.updated,
            created=self.created,
            type_name=self.kind.value.replace("_", " "),
        )

    def as_child(self, points_field: str | None) -> Child:
        """The item as the child of its parent."""
        points = self.fields.get(points_field) if points_field else None
        return Child(
            id=self.at.id,
            key=self.at.key,
            done=self.closed,
            points=points if isinstance(points, float) else None,
            pull_request=self.pull_request,
            markers=tuple(self.markers),
        )


@dataclass
class Project:
    """A project: its fields by name (two under one name are possible, as in Jira) and its last item number."""

    fields: dict[str, list[FieldInfo]] = field(default_factory=dict)
    last_number: int = 0


@dataclass
class WaitingFault:
    """A fault that waits for calls of `methods` (None: of any)."""

    methods: frozenset[str] | None
    error: BaseException
    after_acting: bool
    skip: int
    left: int
