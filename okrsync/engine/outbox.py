"""The outbox: an item is intended, created with its marker, and recorded, so that no crash makes it twice.

Each step is committed to the cache and written into the journal beside it, which is there when the cache is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from okrsync.domain.items import RemoteItem
from okrsync.domain.ref import Ref
from okrsync.engine.journal import Creation, Journal
from okrsync.engine.moments import Moment, Uptime, Watch
from okrsync.plan.values import Located
from okrsync.store.cache import Cache
from okrsync.store.errors import CacheError
from okrsync.store.values import Intent, Link
from okrsync.trackers.errors import Conflict, NotSure, TrackerError, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.values import Draft, Scope

PATIENCE = 20.0
"""Seconds that one run waits at most for a look-up to be sure; what takes longer stays pending until the next run."""
LONGEST_LAG = 900.0
"""Seconds after which every search shows an item, for intents that do not say."""
GLANCE = 4.0
"""Seconds that it looks again and again where being sure takes longer than its patience."""


class Unsettled(Exception):
    """Nobody knows yet whether an item was created; it is not created again before that is known."""


@dataclass(frozen=True)
class Outbox:
    """Creates items, and remembers in the cache how far each creation has come."""

    cache: Cache
    journal: Journal
    watch: Watch
    stop: threading.Event
    run: int | None = None

    def begun(self) -> dict[Ref, Creation]:
        """What an earlier run began to create, and did not come to note whether it did; of each the newest try."""
        found = {ref: each for ref, each in self.journal.recent().items() if each.at is None}
        live = self.cache.links.live()
        found = {ref: each for ref, each in found.items() if ref not in live}
        return found | {intent.ref: _creation(intent) for intent in self.cache.outbox.open_intents()}

    def settle_first(self, told: Callable[[str], None]) -> None:
        """Wait until look-ups are sure of what was cut off a moment ago, where that takes no longer than `PATIENCE`.

        Raises:
            Interrupted: `stop` was set.
        """
        left = max((left for left in map(self._settles, self.begun().values()) if left <= PATIENCE), default=0.0)
        if left > 0:
            told(f"waiting {left:.0f} s for what an earlier run was creating when it was cut off")
            if self.stop.wait(left):
                raise Interrupted

    def unshown(self) -> frozenset[Ref]:
        """What an earlier run began to create, where the request is done by now and no search need show it yet."""
        begun = self.begun().items()
        return frozenset(ref for ref, each in begun if self._settles(each) <= 0 < self._shows(each))

    def pending(
        self, found: Mapping[Ref, Located], readable: Callable[[str, str], bool], absent: Collection[Ref] = ()
    ) -> dict[Ref, str]:
        """What an earlier run began to create and nobody can tell yet whether it exists, with what to say about it.

        `found` is every item of ours, `readable` whether a tracker answered in full for a project, `absent` what is
        certainly not there although no search need show it yet.
        """
        open_refs: dict[Ref, str] = {}
        for ref, creation in self.begun().items():
            if ref in found:
                continue
            settles = self._settles(creation)
            left = settles if settles > 0 else self._shows(creation)
            if not readable(creation.tracker, creation.project):
                open_refs[ref] = (
                    f"an earlier run was cut off while creating it in {creation.project}, which cannot be read in full"
                    " now, so nobody knows whether it was created"
                )
            elif left > 0 and ref not in absent:
                open_refs[ref] = (
                    "an earlier run was cut off while creating it, and the tracker's search may not show it yet; it is"
                    f" not created again before that is sure: sync again in {left:.0f} s"
                )
        return open_refs

    def resume(self, found: Mapping[Ref, Located], pending: Mapping[Ref, str]) -> None:
        """Settle what an earlier run left open and this one found out: the item is there, or it certainly is not."""
        for intent in self.cache.outbox.open_intents():
            located = found.get(intent.ref)
            if located is not None:
                link = Link(intent.ref, located.item.kind, located.tracker, located.item.at)
                self.cache.outbox.settle(intent.id, link)
            elif intent.ref not in pending:
                self.cache.outbox.fail(intent.id, "it was not created: its marker is nowhere")
            elif self.watch.is_ahead(_creation(intent).since):
                # A clock that was ahead when it was written would keep it waiting until the clock is there again.
                self.cache.outbox.fail(intent.id, "its time lies ahead of the clock; it is noted anew")
                again: dict[str, Any] = {**intent.payload, "since": self.watch.now().to_json()}
                self.cache.outbox.intend(intent.ref, intent.action, again, self.run)
        self.journal.tidy()

    def _settles(self, creation: Creation) -> float:
        """Seconds until its request is certainly done."""
        return creation.settle_after - self.watch.age(creation.since)

    def _shows(self, creation: Creation) -> float:
        """Seconds until every search shows what it made."""
        return creation.shown_after - self.watch.age(creation.since)

    def create(self, ref: Ref, tracker: Tracker, scope: Scope, draft: Draft) -> RemoteItem:
        """Create the item once, and commit the link to it.

        Raises:
            Unsettled: the answer was lost, and a look-up cannot be sure yet.
            TrackerError: the item certainly does not exist.
        """
        try:
            return self._try(ref, tracker, scope, draft)
        except _Lost:
            return self._try(ref, tracker, scope, draft)

    def _try(self, ref: Ref, tracker: Tracker, scope: Scope, draft: Draft) -> RemoteItem:
        name, settle_after, shown_after = tracker.context.name, tracker.settle_after, _shown_after(tracker)
        payload: dict[str, Any] = {
            "tracker": name,
            "project": scope.project,
            "marker": draft.marker,
            "settle_after": settle_after,
            "shown_after": shown_after,
            "since": self.watch.now().to_json(),
        }
        self.journal.begin(ref, name, scope.project, settle_after, shown_after)
        try:
            intent = self.cache.outbox.intend(ref, "create", payload, self.run)
        except CacheError:
            with suppress(CacheError):  # Then it waits until a look-up is sure.
                self.journal.over(ref)
            raise
        try:
            item = self._send(tracker, scope, draft)
        except Unsettled as error:
            self.cache.outbox.leave_open(intent, str(error))
            raise
        except _CertainlyNotThere as error:
            self.journal.over(ref)
            self.cache.outbox.fail(intent, str(error))
            raise error.reason from error
        self.journal.made(ref, name, item.at, shown_after)
        self.cache.outbox.settle(intent, Link(ref, draft.kind, name, item.at))
        return item

    def _send(self, tracker: Tracker, scope: Scope, draft: Draft) -> RemoteItem:
        try:
            return tracker.create(scope, draft)
        except Transient as error:
            if error.acted is False:
                raise _CertainlyNotThere(error) from error
            return self._after_lost_answer(tracker, scope, draft, error)
        except Conflict as error:
            standing = self._find(tracker, scope, draft)
            if standing is None:
                raise _CertainlyNotThere(error) from error
            return standing
        except TrackerError as error:
            raise _CertainlyNotThere(error) from error

    def _after_lost_answer(self, tracker: Tracker, scope: Scope, draft: Draft, error: Transient) -> RemoteItem:
        """Look the marker up until it is there, or until a look-up is sure that it is not."""
        settle_after, shown_after = tracker.settle_after, _shown_after(tracker)
        lags = shown_after > settle_after
        end = settle_after if settle_after <= PATIENCE else GLANCE
        waited, pause = 0.0, 0.5
        item = self._find(tracker, scope, draft)
        if item is None and lags:
            # Most often the answer alone was lost, and no search shows for a while what the request made.
            with suppress(NotSure):
                item = self._find(tracker, scope, draft, sure=True)
        while item is None and waited < end:
            pause = min(2 * pause, end - waited)
            if self.stop.wait(pause):
                raise Interrupted
            waited += pause
            item = self._find(tracker, scope, draft)
        left = settle_after if settle_after > PATIENCE else 0.0
        if item is None and not left and lags:
            try:
                item = self._find(tracker, scope, draft, sure=True)
            except NotSure:
                left = shown_after
        if item is not None:
            return item
        if left:
            raise Unsettled(
                f"{error}; whether it was created cannot be told yet, so it waits: sync again in {left:.0f} s"
            ) from error
        raise _CertainlyNotThere(_Lost(str(error))) from error

    def _find(self, tracker: Tracker, scope: Scope, draft: Draft, *, sure: bool = False) -> RemoteItem | None:
        try:
            found = tracker.find(scope, [draft.marker], sure=True) if sure else tracker.find(scope, [draft.marker])
        except NotSure as doubt:
            if not doubt.found:
                raise
            found = doubt.found
        return next((item for item in found if draft.marker in item.markers), None)


class _CertainlyNotThere(Exception):
    """The item was not created, for this reason."""

    def __init__(self, reason: TrackerError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Lost(Transient):
    """The answer to a create was lost, and the item is not there: it may be sent once more."""


def _shown_after(tracker: Tracker) -> float:
    """Seconds after which every search shows what a request made whose answer was lost."""
    return max(tracker.settle_after, tracker.capabilities.search_lag)


def _creation(intent: Intent) -> Creation:
    """What an intent says, whichever version of okrsync wrote it down."""
    said = intent.payload
    try:
        since = Moment.from_json(said["since"])
    except (KeyError, TypeError, ValueError):
        since = Moment(intent.intended_at, Uptime("", 0.0))
    return Creation(
        ref=intent.ref,
        tracker=str(said.get("tracker", "")),
        project=str(said.get("project", "")),
        since=since,
        settle_after=float(said.get("settle_after", LONGEST_LAG)),
        shown_after=float(said.get("shown_after", said.get("settle_after", LONGEST_LAG))),
    )
