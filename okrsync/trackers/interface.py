"""The interface that every tracker implements, and what okrsync hands to one when it is made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from okrsync.domain.rates import WriteRate
from okrsync.trackers.diagnosis import Finding
from okrsync.trackers.errors import AuthFailed, NotFound, TrackerError
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.values import (
    Candidate,
    Capabilities,
    Child,
    Comment,
    CommentReading,
    Draft,
    Edit,
    FieldChange,
    FieldInfo,
    FieldValue,
    ItemId,
    Login,
    Match,
    Matches,
    Query,
    Reading,
    RemoteItem,
    Scope,
)
from okrsync.trackers.webhooks import Webhooks


class PageCache(Protocol):
    """Answers kept between runs, so that an unchanged page costs a conditional request only.

    `key` is the whole address of a page without credentials; okrsync keeps one cache for each tracker and token.
    """

    def get(self, key: str) -> tuple[str, str] | None:
        """The ETag and the body of the answer kept under `key`, or None."""

    def put(self, key: str, etag: str, body: str) -> None:
        """Keep the answer."""


class Secret:
    """A credential that shows itself only when asked: its repr and str are dots."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The credential itself, for the client library alone."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True)
class TrackerContext:
    """What a tracker is made from."""

    name: str
    """The name under `[trackers]` in the settings."""
    workspace: str
    url: str
    user: str | None
    token: Secret
    ca_file: str | None
    """A file with the certificate authority of a server in one's own house."""
    options: Mapping[str, Any]
    """The remaining keys of its table in the settings; `TrackerType.options` names those that exist."""
    policy: RetryPolicy
    pages: PageCache
    lasting: MutableMapping[str, Any] = field(default_factory=dict)
    """What a tracker found out that does not change from run to run, such as which fields there are, so that whoever
    asks again and again asks that once: under names of its own, plain values that may be pickled. It is forgotten when
    the credentials or the settings turn out to be wrong or are others, and at every complete sync of the daemon."""


class Tracker(ABC):
    """A tracker that holds objectives and key results as items.

    Every method sends its requests through `context.policy`, one request a call, and raises only the errors of
    `okrsync.trackers.errors`. An instance belongs to one thread.
    """

    capabilities: ClassVar[Capabilities]

    def __init__(self, context: TrackerContext) -> None:
        self.context = context

    @property
    def settle_after(self) -> float:
        """Seconds after which a request whose answer was lost is certainly done, so that a look-up by marker is sure.

        A tracker that comes in flavours may know better than its capabilities. Where searches lag behind for longer
        (`Capabilities.search_lag`), only `find(…, sure=True)` is sure so soon.
        """
        return self.capabilities.settle_after

    @property
    def rate(self) -> WriteRate:
        """How fast it takes writes, for telling beforehand how long a plan will take."""
        return WriteRate()

    @abstractmethod
    def login(self) -> Login:
        """Find out who we are there.

        Raises:
            AuthFailed: the server does not accept the credentials.
            Misconfigured: the address is not this kind of tracker.
            Transient: the server cannot be reached.
        """

    @abstractmethod
    def projects(self) -> tuple[str, ...]:
        """The keys of the projects that the account can see, sorted."""

    @abstractmethod
    def fields(self, project: str, board: str | None = None) -> tuple[FieldInfo, ...]:
        """The fields that a key result could be tracked in, sorted by name."""

    @abstractmethod
    def check(self, scope: Scope) -> tuple[str, ...]:
        """Problems that would make writes of this scope fail: missing or ambiguous fields, screens, types, permissions.

        Each is one sentence or two: what was found, what exists, what to do. It writes nothing.
        """

    def diagnose(self, scopes: Sequence[Scope]) -> tuple[Finding, ...]:
        """What else there is to know for somebody who looks for trouble, asked after `login` and `check`: permissions,
        clocks, what is left of a rate limit. It takes few requests and writes nothing.
        """
        return ()

    @abstractmethod
    def read(self, scopes: Sequence[Scope], since: str | None = None, markers: Sequence[str] = ()) -> Reading:
        """Every item of the workspace in the scopes' projects, in the least number of requests.

        `since` is the cursor of an earlier reading: then the answer may hold only what changed (`complete` is False).
        `markers` are all that somebody asks for. A tracker that can look markers up shows the items that carry one of
        them, wherever they are, and no other (`Capabilities.reads_by_marker`); one that lists projects may ignore them.

        Raises:
            AuthFailed, Misconfigured, Transient: nothing could be read. What concerns one project is in `failures`.
        """

    @abstractmethod
    def find(self, scope: Scope, markers: Sequence[str], *, sure: bool = False) -> tuple[RemoteItem, ...]:
        """The items that carry one of the markers.

        Where searches lag (`Capabilities.search_lag`), `sure` asks to look beyond the search, at any cost within
        reason, for what was created there in the last minutes.

        Raises:
            NotSure: `sure`, and nobody can tell of all the markers whether an item carries them.
        """

    @abstractmethod
    def item(self, key: str, fields: Sequence[str] = (), board: str | None = None) -> RemoteItem:
        """One item by its id or key, read afresh and never from an index. `key` is as people write it: PLAT-7,
        acme/web#12, acme/web/milestone/3.

        Raises:
            NotFound: it is gone, or may not be seen.
        """

    @abstractmethod
    def children(
        self, parents: Sequence[RemoteItem], points_field: str | None = None, board: str | None = None
    ) -> Mapping[str, tuple[Child, ...]]:
        """The children of each parent, by the parent's `at.id`; every parent that was read has an entry."""

    def field_changes(
        self, asked: Sequence[tuple[RemoteItem, str]]
    ) -> Mapping[tuple[str, str], tuple[FieldChange, ...]]:
        """The changes of number fields, oldest first: (item, name of its field) → by (the item's `at.id`, the name).

        What an item was created with is no change. A pair whose history nobody can tell (another kind of field, an
        item that is gone) has no entry, or an empty one. Only where `field_history` is True.
        """
        raise AssertionError(f"{type(self).__name__} keeps no history of fields")

    def matches(self, query: Query, known: Mapping[str, Match] | None = None, since: str | None = None) -> Matches:
        """What matches a query now, in the least number of requests. Only where `capabilities.queries` is True.

        `since` is the cursor of an earlier answer to the same query, and `known` what was known after it, by id. Then
        the answer may hold only what changed; `Matches.after(known)` is what an answer without `since` would hold.
        Whatever leaves the query leaves the answer, be it changed, moved or deleted. The order does not matter.

        Raises:
            Rejected: the tracker does not understand the query; the text says what it does not.
            NotFound, Misconfigured: a field or a place that it names does not exist.
        """
        raise AssertionError(f"{type(self).__name__} answers no queries")

    def count(self, query: Query) -> int | None:
        """About how many items match, as a quick estimate in one request; None where the tracker has none.

        okrsync's own items do not count, as far as the tracker can tell. Raises as `matches`.
        """
        return None

    def candidates(self, scope: Scope, query: str) -> tuple[Candidate, ...]:
        """The items that a person's query finds and that could become objectives of the scope, in a stable order.

        `query` is in the words of the tracker: JQL, a repository, a title. Items that carry markers, are elsewhere or
        of another type are in the answer too, so that people hear of them. Only where `adoption` is True.

        Raises:
            Rejected: the tracker does not understand the query; the text says what it does not.
        """
        raise AssertionError(f"{type(self).__name__} finds no candidates")

    def open_objectives(self, scope: Scope) -> tuple[RemoteItem, ...]:
        """Every open item of the scope's project that is of the kind that objectives are there, ours and others.

        It takes the least number of requests; fields and links need not be in the answer. Only where `adoption` is
        True.
        """
        raise AssertionError(f"{type(self).__name__} finds no candidates")

    @abstractmethod
    def create(self, scope: Scope, draft: Draft) -> RemoteItem:
        """Create the item, in one request that carries the marker. Not repeatable.

        Raises:
            Transient: with `acted=None` when nobody knows whether it exists now.
            Conflict: an item with this title exists where titles are unique; the text names it.
            Rejected: the tracker refuses the values.
        """

    @abstractmethod
    def update(self, scope: Scope, item: RemoteItem, edit: Edit) -> None:
        """Write the absolute values of `edit`, in one request. `item` is what was read before."""

    def write_fields(self, scope: Scope, values: Mapping[str, Mapping[str, FieldValue]]) -> None:
        """Write fields of several items, item id → name → value. Only where `fields_with_item` is False."""
        raise AssertionError(f"{type(self).__name__} writes fields with their item")

    @abstractmethod
    def set_closed(self, item: RemoteItem, closed: bool) -> None:
        """Close or reopen the item."""

    def link(self, scope: Scope, child: ItemId, parent: ItemId) -> None:
        """Say in the tracker that `child` supports `parent`. Only where `native_links` is True."""
        raise AssertionError(f"{type(self).__name__} has no links of its own")

    def unlink(self, scope: Scope, child: ItemId, parent: ItemId) -> None:
        """Take back what `link` said; nothing where there is no such link. Only where `native_links` is True."""
        raise AssertionError(f"{type(self).__name__} has no links of its own")

    @abstractmethod
    def comment(self, item: ItemId, text: str) -> str:
        """Add a comment and return its id. Not repeatable. Raises Rejected where items of its kind take no comments."""

    @abstractmethod
    def comments(self, item: ItemId) -> tuple[Comment, ...]:
        """The comments on an item, oldest first, read afresh; none where items of its kind take none.

        It settles whether a comment exists whose `comment` ended in doubt.
        """

    def expect_comments(self, since: str | None) -> None:  # noqa: B027 - most trackers have nothing to prepare
        """Hear, before `read`, what `comments_since` will be asked with afterwards.

        A tracker that can bring comments along with the items spares requests in that way.
        """

    def comments_since(
        self, items: Sequence[RemoteItem], since: str | None = None, others: Collection[str] = ()
    ) -> CommentReading:
        """The comments of items that are new or were edited, in the least number of requests.

        `items` are all whose comments are wanted, as the newest reading shows them: some trackers see by an item's
        `updated` that nobody said anything. Items of kinds that take no comments, and items that are gone, have none.
        `since` is the cursor of an earlier answer, `others` the ids of items whose comments are wanted another time:
        what the cursor says of them stays in the next one. An item that is left out of both is afterwards read as if it
        were new. Nothing that came before the cursor's answer was complete is passed over, whatever failed and
        whoever wrote meanwhile. As people may write with the clocks of several servers, a reading without `since` once
        in a while makes certain.

        Without an override each item is asked for by itself, and the answer is complete.

        Raises:
            AuthFailed, Misconfigured, Transient: nothing could be read. What concerns one project is in `failures`.
        """
        found: dict[str, tuple[Comment, ...]] = {}
        failures: dict[str, Exception] = {}
        answered = False
        for item in items:
            if item.at.project in failures:
                continue
            try:
                if comments := self.comments(item.at):
                    found[item.at.id] = comments
            except NotFound:
                pass
            except AuthFailed:
                raise
            except TrackerError as failure:
                failures[item.at.project] = failure
                continue
            answered = True
        if failures and not answered:
            raise next(iter(failures.values()))
        return CommentReading(found, failures)

    def close(self) -> None:  # noqa: B027 - a tracker without connections has nothing to do here
        """Let go of connections."""


@dataclass(frozen=True)
class TrackerType:
    """A kind of tracker that a plugin offers: the value of `type` under `[trackers.…]`."""

    name: str
    summary: str
    """One line for `okrsync trackers`."""
    load: Callable[[TrackerContext], Tracker]
    """Makes the tracker. It, and not the plugin's module, imports the client library: that keeps `--help` fast."""
    capabilities: Capabilities
    options: Mapping[str, str] = field(default_factory=dict)
    """Further keys of its table in the settings → what each does, in one sentence."""
    default_url: str | None = None
    needs_user: bool = False
    concurrency: int = 4
    """How many requests its servers may well get at once, where the settings do not say."""
    webhooks: Webhooks | None = None
    """How it sends webhooks; None where okrsync takes none of it."""
    project_form: tuple[str, Callable[[str], bool]] | None = None
    """How a mapping writes a project, in words, and whether a text is so written: seen without asking the tracker."""
