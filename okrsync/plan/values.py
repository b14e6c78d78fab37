"""What goes into a plan and what comes out of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.domain.items import FieldValue, ItemKind, Markup, RemoteItem
from okrsync.domain.okr import Source
from okrsync.domain.ref import Ref
from okrsync.plan.block import Block
from okrsync.plan.merge import Authority, CheckedIn


class Action(StrEnum):
    """What a change does."""

    CREATE = "create"
    UPDATE = "update"
    CLOSE = "close"
    REOPEN = "reopen"
    COMMENT = "comment"
    ADOPT = "adopt"


class Role(StrEnum):
    """What a tracked field holds; the keys of `fields` in a mapping."""

    BASELINE = "baseline"
    TARGET = "target"
    CURRENT = "current"
    PROGRESS = "progress"
    WEIGHT = "weight"
    CONFIDENCE = "confidence"


@dataclass(frozen=True)
class Placement:
    """Where an objective and its key results live, and in which form: one mapping, met with what its tracker can do."""

    tracker: str
    project: str
    source: Source
    """The mapping's place in the settings."""
    markup: Markup
    key_results_as_items: bool = True
    authority: Authority = Authority.DOCUMENTS
    roles: Mapping[Role, str] = field(default_factory=dict)
    """Role → the name of the tracker's field."""
    publish_progress: bool = False
    due_on_key_results: bool = False
    native_links: bool = False


@dataclass(frozen=True)
class ManualValue:
    """The newest check-in of a key result that people measure by hand or in a field of its item, and that field."""

    field: str
    checked_in: CheckedIn | None
    in_field: bool = False
    """Whether the field is where people measure, and a check-in but another way to write into it."""
    key_result: str = ""
    """The id of the key result where its field is on its objective's item."""


@dataclass(frozen=True)
class Wanted:
    """One item as the documents want it."""

    ref: Ref
    kind: ItemKind
    placement: Placement
    title: str
    block: Block
    due: date | None
    has_due: bool
    """Whether items of this kind have a due date in this tracker."""
    fields: Mapping[str, FieldValue]
    """Numbers that okrsync owns, by the field's name."""
    manual: ManualValue | None
    supports: tuple[Ref, ...]
    closed: bool
    may_create: bool
    """False for a draft, and for an objective that was closed before it ever was in the tracker."""
    source: Source
    lists: tuple[Ref, ...] = ()
    """The key results that the block names, one for each of its lines about them."""
    cycle: Cycle | None = None
    """Within which a due date has to be, for a document to hold it."""
    manual_below: tuple[ManualValue, ...] = ()
    """The fields of key results that have no items of their own, on that of their objective."""

    @property
    def manuals(self) -> tuple[ManualValue, ...]:
        """Every field of the item into which people and check-ins may write."""
        return (*((self.manual,) if self.manual else ()), *self.manual_below)


@dataclass(frozen=True)
class Located:
    """An item and the tracker that it is in."""

    tracker: str
    item: RemoteItem


@dataclass(frozen=True)
class Snapshot:
    """What the trackers hold, by reference."""

    items: Mapping[Ref, Located] = field(default_factory=dict)
    duplicates: Mapping[Ref, tuple[Located, ...]] = field(default_factory=dict)
    """Further items with the marker of an item above, for example copies that people made."""
    gone: frozenset[Ref] = frozenset()
    """Linked items that the tracker says do not exist any more, in two readings."""
    missed: frozenset[Ref] = frozenset()
    """Linked items that it said so of for the first time: part of those that nobody can be sure of."""
    unsure: frozenset[Ref] = frozenset()
    """Linked items that were not in the answer, and too many at once to believe that they are gone."""
    pending: frozenset[Ref] = frozenset()
    """Items whose creation was not answered and that cannot be looked up for sure yet."""
    unread: frozenset[tuple[str, str]] = frozenset()
    """Tracker and project that could not be read."""
    doubted: frozenset[tuple[str, str]] = frozenset()
    """Tracker and project of which so much is missing that nothing may be created there."""
    claimed: Mapping[Ref, str] = field(default_factory=dict)
    """Items that carry the marker of another workspace too, or instead: that marker."""


@dataclass(frozen=True)
class Linked:
    """What the cache remembers of an item."""

    tracker: str
    project: str
    item_id: str
    key: str
    url: str


@dataclass(frozen=True)
class Change:
    """One line of a plan: one attribute of one item, or one item as a whole."""

    action: Action
    ref: Ref
    tracker: str
    project: str
    key: str | None
    field: str | None
    before: Any
    after: Any
    why: str

    def to_json(self) -> dict[str, Any]:
        """The change as the contract of `plan --json` has it."""
        return {
            "action": str(self.action),
            "ref": str(self.ref),
            "tracker": self.tracker,
            "project": self.project,
            "key": self.key,
            "field": self.field,
            "before": _plain(self.before),
            "after": _plain(self.after),
            "why": self.why,
        }


@dataclass(frozen=True)
class Step:
    """Everything that a plan does to one item, in the order: create or update, links, close or reopen, adopt."""

    wanted: Wanted
    remote: RemoteItem | None
    changes: tuple[Change, ...]
    title: str | None = None
    due: date | None = None
    writes_due: bool = False
    block: Block | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    marker: bool = False
    """The item lost its marker and gets it back."""
    links: tuple[Ref, ...] = ()
    unlinks: tuple[Ref, ...] = ()
    closed: bool | None = None
    adopt: Mapping[str, Any] = field(default_factory=dict)
    """Attribute of the document (title, why, due) → the tracker's value."""
    base: Mapping[str, Any] = field(default_factory=dict)
    """What both sides agree on once the step is done, as JSON values."""

    @property
    def ref(self) -> Ref:
        """The objective or key result it is about."""
        return self.wanted.ref

    @property
    def creates(self) -> bool:
        """Whether it makes a new item."""
        return self.remote is None

    @property
    def edits(self) -> bool:
        """Whether it needs the item itself to be written."""
        return not self.creates and bool(
            self.title is not None or self.writes_due or self.block or self.fields or self.marker
        )


@dataclass(frozen=True)
class Remark:
    """A comment that is to be written once."""

    change: Change
    at: Ref
    """On whose item."""
    key: str
    """Tells it from every other comment."""


@dataclass(frozen=True)
class Plan:
    """What a sync will do, and what waits for a person."""

    steps: tuple[Step, ...] = ()
    held: tuple[Change, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, in the order in which they are applied."""
        return (
            *(change for step in self.steps for change in step.changes),
            *(remark.change for remark in self.remarks),
        )

    @property
    def digest(self) -> str:
        """Names exactly this plan: 16 hexadecimal digits of the SHA-256 of its canonical JSON."""
        return digest_of(self._content())

    def to_json(self) -> dict[str, Any]:
        """The plan as the contract of `plan --json` has it."""
        return {"digest": self.digest, **self._content()}

    def _content(self) -> dict[str, Any]:
        return {
            "changes": [change.to_json() for change in self.changes],
            "held": [change.to_json() for change in self.held],
        }


def digest_of(content: Mapping[str, Any]) -> str:
    """The digest of `changes` and `held` as `Plan.to_json` has them."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
