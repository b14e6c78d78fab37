"""What people and okrsync say to each other in comments, as one run goes through it: hear, count, answer, send."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.okr import Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_journal import CheckInJournal, key_of
from okrsync.engine.check_in_listening import Heard
from okrsync.engine.check_in_reading import hear
from okrsync.engine.check_in_sending import Speaker, Talk, bring_back
from okrsync.engine.fetching import Read
from okrsync.engine.outcome import Cause, Failure
from okrsync.engine.pool import TrackerPool
from okrsync.plan.values import Located, Placement, Plan, Remark, Snapshot
from okrsync.practice.check_in_rules import People
from okrsync.store.cache import Cache
from okrsync.store.tables.check_ins import newest_of
from okrsync.store.values import CheckIn
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Reading, Scope


@dataclass
class Conversation:
    """The check-ins of a cycle: those in the cache, and those that were just heard."""

    okrs: Okrs
    cycle: str
    place: Callable[[Objective], Placement | None]
    pool: TrackerPool
    cache: Cache
    journal: CheckInJournal
    people: People
    clock: Callable[[], datetime]
    heard: Heard = field(default_factory=Heard)

    def begin(self) -> None:
        """Know what the journal knows."""
        bring_back(self.cache, self.journal)

    def along(self, read: Read, trackers: Iterable[str]) -> Read:
        """`read`, with each of the trackers told before from where its comments will be asked for."""
        cursors = {name: self.cache.comments.cursor(name) for name in trackers}

        def told(tracker: Tracker, scopes: Sequence[Scope], markers: Sequence[str]) -> Reading:
            tracker.expect_comments(cursors.get(tracker.context.name))
            return read(tracker, scopes, markers)

        return told

    def listen(self, items: Mapping[Ref, Located], only: Mapping[str, Collection[str]] | None = None) -> Heard:
        """Read what is new in the comments on these items. Nothing is written.

        Args:
            only: tracker → ids of items, where the comments on others are left for a later time.
        """
        self.heard = hear(items, self.okrs, self.place, self.pool, self.cache, self.people, self.clock(), only or {})
        return self.heard

    def values(self) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference that names a value."""
        known = self.cache.check_ins.newest_values(self.cycle)
        again = self._again(known, lambda each: each.value is not None)
        return known | newest_of(each for every in again.values() for each in every)

    def confidences(self) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference that states a confidence."""
        known = self.cache.check_ins.newest_confidences(self.cycle)
        again = self._again(known, lambda each: each.confidence is not None)
        return known | {ref: every[-1] for ref, every in again.items() if every}

    def _again(self, known: dict[Ref, CheckIn], counts: Callable[[CheckIn], bool]) -> dict[Ref, list[CheckIn]]:
        """What is said of what somebody spoke of just now, oldest first; in `known` nothing is left of it."""
        said: dict[Ref, list[CheckIn]] = {}
        for each in self.heard.check_ins:
            said.setdefault(each.ref, []).append(each)
        gone = {*self.heard.withdrawn, *((each.ref, each.remote_id) for each in self.heard.check_ins)}
        keys = {key_of(each) for each in self.heard.check_ins}
        found: dict[Ref, list[CheckIn]] = {}
        for ref in {ref for ref, _ in gone}:
            known.pop(ref, None)
            kept = [
                each
                for each in self.cache.check_ins.of(ref)
                if (ref, each.remote_id) not in gone and key_of(each) not in keys
            ]
            every = filter(counts, (*kept, *said.get(ref, ())))
            found[ref] = sorted(every, key=lambda each: (each.at, each.author))
        return found

    def remarks(self, plan: Plan, snapshot: Snapshot) -> tuple[Remark, ...]:
        """The comments that are due once a plan is done."""
        places: dict[Ref, ItemId | None] = {step.ref: None for step in plan.steps if step.creates}
        places |= {ref: located.item.at for ref, located in snapshot.items.items()}
        return Talk(self.okrs, self.place, self.cache, self.heard).remarks(places, self._takes)

    def _takes(self, name: str, kind: ItemKind) -> bool:
        tracker = self.pool.get(name)
        return tracker is not None and kind in tracker.capabilities.comments_on

    def waiting(self, plan: Plan) -> tuple[Failure, ...]:
        """The comments of a plan that may be written already, by a request whose answer was lost a moment ago."""
        attempts = self.journal.read().attempts if plan.remarks else {}
        found = []
        for each in plan.remarks:
            since, tracker = attempts.get(each.key), self.pool.get(each.change.tracker)
            if since is None or tracker is None or self.journal.age(since) >= tracker.settle_after:
                continue
            left = tracker.settle_after - self.journal.age(since)
            said = f"its comment may be written already, which cannot be told for another {left:.0f} s"
            of = each.change
            found.append(Failure(Cause.PENDING, said, tracker=of.tracker, project=of.project, ref=of.ref))
        return tuple(found)

    def speak(self, plan: Plan) -> Speaker:
        """Write the comments of a plan."""
        speaker = Speaker(self.pool, self.cache, self.journal)
        if plan.remarks:
            speaker.say(plan.remarks, {ref: link.at for ref, link in self.cache.links.live().items()})
        return speaker
