"""The outbox: an item is intended, created with its marker, and recorded, so that no crash makes it twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from okrsync.domain.items import RemoteItem
from okrsync.domain.ref import Ref
from okrsync.plan.values import Located
from okrsync.store.cache import Cache
from okrsync.store.values import Link
from okrsync.trackers.errors import Conflict, TrackerError, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.values import Draft, Scope

PATIENCE = 20.0
"""Seconds that one run waits at most for a look-up to be sure; what takes longer stays pending until the next run."""
GLANCE = 4.0
"""Seconds that it looks again and again where being sure takes longer than its patience."""


class Unsettled(Exception):
    """Nobody knows yet whether an item was created; it is not created again before that is known."""


@dataclass(frozen=True)
class Outbox:
    """Creates items, and remembers in the cache how far each creation has come."""

    cache: Cache
    clock: Callable[[], datetime]
    stop: threading.Event
    run: int | None = None

    def pending(
        self,
        found: Mapping[Ref, Located],
        readable: Callable[[Ref], bool],
        settle_after: Callable[[Ref], float],
    ) -> dict[Ref, str]:
        """What an earlier run began to create and nobody can tell yet whether it exists, with what to say about it.

        `found` is every item of ours, `readable` whether the tracker of a reference answered in full,
        `settle_after` the seconds after which its look-up is sure.
        """
        open_refs: dict[Ref, str] = {}
        for intent in self.cache.outbox.open_intents():
            if intent.ref in found:
                continue
            age = (self.clock() - intent.intended_at).total_seconds()
            left = settle_after(intent.ref) - age
            if not readable(intent.ref):
                open_refs[intent.ref] = "its tracker cannot be read now, so nobody knows whether it was created"
            elif left > 0:
                open_refs[intent.ref] = (
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

    def create(self, ref: Ref, tracker: Tracker, scope: Scope, draft: Draft) -> RemoteItem:
        """Create the item once, and commit the link to it.

        Raises:
            Unsettled: the answer was lost, and a look-up cannot be sure yet.
            TrackerError: the item certainly does not exist.
        """
        try:
            return self._try(ref, tracker, scope, draft)
        except _CertainlyNotThere:
            return self._try(ref, tracker, scope, draft)

    def _try(self, ref: Ref, tracker: Tracker, scope: Scope, draft: Draft) -> RemoteItem:
        name = tracker.context.name
        payload = {"tracker": name, "project": scope.project, "marker": draft.marker}
        intent = self.cache.outbox.intend(ref, "create", payload, self.run)
        try:
            item = tracker.create(scope, draft)
        except Transient as error:
            if error.acted is False:
                self.cache.outbox.fail(intent, str(error))
                raise
            item = self._after_lost_answer(intent, tracker, scope, draft, error)
        except Conflict as error:
            standing = self._find(tracker, scope, draft)
            if standing is None:
                self.cache.outbox.fail(intent, str(error))
                raise
            item = standing
        except TrackerError as error:
            self.cache.outbox.fail(intent, str(error))
            raise
        self.cache.outbox.settle(intent, Link(ref, draft.kind, name, item.at))
        return item

    def _after_lost_answer(
        self, intent: int, tracker: Tracker, scope: Scope, draft: Draft, error: Transient
    ) -> RemoteItem:
        """Look the marker up until it is there, or until a look-up is sure that it is not."""
        sure_after = tracker.settle_after
        end = sure_after if sure_after <= PATIENCE else GLANCE
        waited, pause = 0.0, 0.5
        while (item := self._find(tracker, scope, draft)) is None and waited < end:
            pause = min(2 * pause, end - waited)
            if self.stop.wait(pause):
                raise Interrupted
            waited += pause
        if item is not None:
            return item
        if sure_after > PATIENCE:
            self.cache.outbox.leave_open(intent, str(error))
            raise Unsettled(
                f"{error}; whether it was created cannot be told yet, so it waits: sync again in {sure_after:.0f} s"
            ) from error
        self.cache.outbox.fail(intent, str(error))
        raise _CertainlyNotThere(str(error)) from error

    def _find(self, tracker: Tracker, scope: Scope, draft: Draft) -> RemoteItem | None:
        found = tracker.find(scope, [draft.marker])
        return next((item for item in found if draft.marker in item.markers), None)


class _CertainlyNotThere(Transient):
    """The answer to a create was lost, and the item is not there: it may be sent once more."""
