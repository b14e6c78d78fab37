"""What passes between the engine and a tracker: frozen values without any tracker's own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum

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
class Capabilities:
    """What a tracker can do. The core degrades by these, and says what it left out."""

    objective_forms: frozenset[str]
    """Values that `objectives.as` may have, for example `epic`."""
    key_result_forms: frozenset[str]
    """Values that `key_results.as` may have: `issues`, `fields`."""
    markup: Markup
    due_on_key_results: bool = False
    """Whether the items of key results have a due date of their own."""
    fields_with_item: bool = True
    """Whether fields are written in the request that creates or updates the item; else by `write_fields` in batches."""
    native_links: bool = False
    """Whether `link` works between items of this tracker; else alignment is a line in the description."""
    pull_requests: bool = False
    """Whether children may be pull requests."""


@dataclass(frozen=True)
class Scope:
    """One project of a tracker and the forms that OKRs take in it, from one mapping of the settings."""

    project: str
    objective_form: str
    objective_type: str | None = None
    """Jira: the issue type's name, where it is not the usual one."""
    key_result_form: str = "issues"
    key_result_type: str | None = None
    labels: tuple[str, ...] = ()
    """Labels that every key result's item carries beside its marker."""
    fields: tuple[str, ...] = ()
    """Names of the fields on key results' items that okrsync reads or writes."""
    objective_fields: tuple[str, ...] = ()
    """Names of the fields on objectives' items that it reads."""
    board: str | None = None
    """GitHub: the Projects v2 board that holds the fields, `owner/number`."""
    link_type: str | None = None
    """Jira: the name of the issue link type for alignment."""


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
    type_name: str = ""
    """The tracker's own name for its type, for messages: Epic, Task, milestone, issue."""


@dataclass(frozen=True)
class Reading:
    """The answer to one `read`: items, and what could not be read.

    An item that is not in it may still exist: only a `NotFound` on the item itself says that it is gone.
    """

    items: tuple[RemoteItem, ...] = ()
    failures: Mapping[str, Exception] = field(default_factory=dict)
    """Project → why it could not be read. The other projects' items are complete."""
    complete: bool = True
    """False when only what changed since `since` is in `items`."""
    cursor: str | None = None
    """What to hand to the next `read` as `since`; opaque. None where the tracker has no such thing."""


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


@dataclass(frozen=True)
class Draft:
    """An item to be created, complete with its marker."""

    kind: ItemKind
    marker: str
    workspace: str
    title: str
    description: str
    due: date | None = None
    parent: ItemId | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)


class Keep(Enum):
    """The one value that says: leave as it is. (None says: clear.)"""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True)
class Edit:
    """Absolute values to be written to an item; whatever is KEEP is not sent."""

    title: str | Keep = KEEP
    description: str | Keep = KEEP
    due: date | Keep | None = KEEP
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    add_marker: str | None = None
    """A marker that the item lost and gets back, with the workspace's label where the tracker has one."""


@dataclass(frozen=True)
class FieldInfo:
    """A field of a project as people know it."""

    name: str
    id: str
    type: str
    """`number`, `text`, `date`, `option` or the tracker's own word for another type."""
    on: tuple[str, ...] | None = None
    """The item types whose screen holds it; None where the tracker has no screens or does not tell."""


@dataclass(frozen=True)
class Login:
    """Who okrsync is at a tracker, and what answers there."""

    account: str
    server: str
    """For people, for example `Jira Cloud 1001.0.0` or `GitHub Enterprise Server 3.19`."""


@dataclass(frozen=True)
class Comment:
    """A comment on an item."""

    id: str
    author: str
    text: str
    created: datetime
