"""Items of a tracker as okrsync sees them: what a snapshot is made of, without any tracker's own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

FieldValue = float | str | None
"""What a tracked field holds: a number, a text, or nothing."""


class ItemKind(StrEnum):
    """What a tracker's item stands for."""

    OBJECTIVE = "objective"
    KEY_RESULT = "key_result"
    OTHER = "other"


class Markup(StrEnum):
    """How a tracker's descriptions are written."""

    MARKDOWN = "markdown"
    WIKI = "wiki"


@dataclass(frozen=True)
class ItemId:
    """Names an item for good: `id` is what the tracker never changes, `key` what people say, `url` where they look."""

    project: str
    id: str
    key: str
    url: str


@dataclass(frozen=True)
class RemoteItem:
    """An item as the tracker shows it now."""

    at: ItemId
    kind: ItemKind
    title: str
    description: str = ""
    markers: tuple[str, ...] = ()
    """Every okrsync marker on it, of any workspace. People copy items, so there may be more than one."""
    due: date | None = None
    closed: bool = False
    parent: str | None = None
    """The `id` of its epic or milestone."""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    """The named fields that the scope asks for and the item has; a name that is absent here could not be read."""
    links: frozenset[str] = frozenset()
    """The `id`s of items that it is linked to by the scope's link type, as the one that supports."""
    labels: frozenset[str] = frozenset()
    updated: datetime | None = None
    created: datetime | None = None
    comments: int | None = None
    """How many comments it has; None where the tracker does not say so beside the item."""
    type_name: str = ""
    """The tracker's own name for its type, for messages: Epic, Task, milestone, issue."""


@dataclass(frozen=True)
class Child:
    """An item below an epic, a milestone or a key result's item."""

    id: str
    key: str
    done: bool
    points: float | None = None
    """The value of the field that was asked for; None when it is empty."""
    pull_request: bool = False
    markers: tuple[str, ...] = ()
    url: str = ""
    """Where people look at it; empty where the tracker does not say."""


@dataclass(frozen=True)
class Candidate:
    """An item that people made, and that could become an objective."""

    item: RemoteItem
    key_results: tuple[RemoteItem, ...] = ()
    """The items below it that are as key results of its scope are, with their fields."""
    unfit: str = ""
    """Why it cannot become one, going on from its key: `is a Task, and …`; empty where it can."""
