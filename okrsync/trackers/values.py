"""What passes between the engine and a tracker: frozen values without any tracker's own types.

The items themselves are `okrsync.domain.items`; their names are importable from here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum

from okrsync.domain.items import Candidate, Child, FieldValue, ItemId, ItemKind, Markup, RemoteItem

__all__ = [
    "KEEP",
    "Candidate",
    "Capabilities",
    "Child",
    "Comment",
    "CommentReading",
    "Draft",
    "Edit",
    "FieldChange",
    "FieldInfo",
    "FieldValue",
    "ItemId",
    "ItemKind",
    "Keep",
    "Login",
    "Markup",
    "Match",
    "Matches",
    "Query",
    "Reading",
    "RemoteItem",
    "Scope",
]


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
    queries: bool = False
    """Whether `matches` works: whether key results can be measured over a query in the tracker's own language."""
    adoption: bool = False
    """Whether `candidates` works: whether documents can be made from what people have."""
    unique_titles: bool = False
    """Whether no two objectives of a project may have the same title, closed ones included."""
    comments_on: frozenset[ItemKind] = frozenset({ItemKind.OBJECTIVE, ItemKind.KEY_RESULT})
    """The kinds of items that take comments."""
    field_history: bool = False
    """Whether `field_changes` tells who changed a number field, and when."""
    reads_by_marker: bool = False
    """Whether `read` looks the `markers` up that it is given: what it does not show, `find` would not show either."""
    settle_after: float = 60.0
    """Seconds after which a request whose answer was lost is certainly done, so that a look-up by marker is sure."""
    search_lag: float = 0.0
    """Seconds for which `read` and `find` may not show what was written, or show an item as it was before.

    `item` and `find(…, sure=True)` never lag. 0 where `read` and `find` look at the items themselves.
    """


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
    measured: tuple[str, ...] = ()
    """Those of both that documents name in measures, and the mapping does not: they are read and never written."""
    board: str | None = None
    """GitHub: the Projects v2 board that holds the fields, `owner/number`."""
    link_type: str | None = None
    """Jira: the name of the issue link type for alignment."""

    def of_the_mapping(self) -> Scope:
        """As the settings alone have it: without the fields that only measures name."""
        return replace(
            self,
            fields=tuple(each for each in self.fields if each not in self.measured),
            objective_fields=tuple(each for each in self.objective_fields if each not in self.measured),
            measured=(),
        )


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
class Query:
    """A question to a tracker: which items of a project match. Equal questions have the same answer."""

    text: str
    """In the tracker's own language."""
    project: str
    fields: tuple[str, ...] = ()
    """The names of the number fields whose values are wanted, sorted."""
    board: str | None = None
    """GitHub: the Projects v2 board that holds the fields, `owner/number`."""
    created_from: date | None = None
    """Only items that were created on this day or later."""
    created_to: date | None = None
    """Only items that were created on this day or earlier."""


@dataclass(frozen=True)
class Match:
    """An item that matches a query. okrsync's own items, those with a marker of any workspace, never do."""

    id: str
    """What the tracker never changes; the same as that of a `RemoteItem` or `Child`."""
    key: str
    url: str
    """Where people look at it."""
    done: bool = False
    values: Mapping[str, FieldValue] = field(default_factory=dict)
    """The wanted fields: a number, None where there is none, or the text that stands where a number should."""


@dataclass(frozen=True)
class Matches:
    """The answer to one `matches`."""

    matches: tuple[Match, ...] = ()
    """All that match where it is `complete`; else, at least, those that are new or not what they were."""
    left: frozenset[str] = frozenset()
    """The ids of those that were known and do not match any more, deleted ones among them; empty where `complete`."""
    complete: bool = True
    cursor: str | None = None
    """What to hand to the next `matches` of the same query as `since`; opaque. None where that shall be complete."""
    deserted: bool = False
    """Whether nothing matches where nothing at all can be seen: then the answer may only mean that access is gone."""

    def after(self, known: Mapping[str, Match]) -> dict[str, Match]:
        """What matches now, by id, when `known` is what was known before."""
        kept = {} if self.complete else {id_: each for id_, each in known.items() if id_ not in self.left}
        return kept | {each.id: each for each in self.matches}


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
    """A marker that the item lost and gets back."""


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
class FieldChange:
    """A change of a number field, as the tracker's own history tells it.

    A history may keep fewer digits than the field: Jira's has three decimals.
    """

    at: datetime
    """In UTC."""
    by: str
    """Who made it, as people are called there; empty where the tracker does not say."""
    before: float | None
    after: float | None
    """None where the field was cleared."""


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
    """What the tracker never changes; on one tracker no other comment has it."""
    author: str
    """The name as people see it; empty where the tracker does not say, for example of a deleted account."""
    text: str
    """In the tracker's own markup, as it keeps it, with line ends of one character."""
    created: datetime
    """In UTC."""
    account: str = ""
    """What the tracker knows the author by: Jira Cloud's account id, Data Center's user name, GitHub's login."""
    insider: bool | None = None
    """Whether the author belongs to those who work there; None where the tracker does not tell, as Jira mostly does
    not: whoever can comment there was let in. On GitHub anyone who sees a public repository can."""
    edited: datetime | None = None
    """When it was last changed, in UTC; None where it never was."""
    url: str = ""
    """Where people look at it; empty where the tracker does not say."""


@dataclass(frozen=True)
class CommentReading:
    """The answer to one `comments_since`: comments of many items, and what could not be read.

    Comments that people deleted are simply not in it.
    """

    comments: Mapping[str, tuple[Comment, ...]] = field(default_factory=dict)
    """An item's `at.id` → its comments that are new or were edited, oldest first, and perhaps some that were not: those
    that are known already are told by their id and `edited`. An item without any has no entry."""
    failures: Mapping[str, Exception] = field(default_factory=dict)
    """Project → why its comments could not all be read. They come with the next reading."""
    complete: bool = True
    """False when only what changed since `since` is in `comments`."""
    cursor: str | None = None
    """What to hand to the next `comments_since` as `since`, once these comments are stored; opaque. None where the
    tracker has no such thing."""
