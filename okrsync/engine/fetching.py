"""Reading the trackers into a snapshot.

An item that is not in an answer is never believed to be gone: it is asked for by its id, and only a 'not found' on the
item itself counts. Where too many are missing at once, nobody is asked and a person has to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from okrsync.domain.items import RemoteItem
from okrsync.domain.ref import Marker, Ref
from okrsync.engine.outcome import Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.plan.snapshot import Tolerance, find_ours
from okrsync.plan.values import Linked, Located, Snapshot
from okrsync.trackers.errors import NotFound, TrackerError
from okrsync.trackers.values import Reading, Scope


@dataclass(frozen=True)
class Fetched:
    """A snapshot, and what could not be read for it."""

    snapshot: Snapshot
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class Quest:
    """What a run needs to know of the trackers."""

    workspace: str
    scopes: Mapping[str, Sequence[Scope]]
    """Tracker → every scope that a mapping gives it."""
    homes: Mapping[Ref, tuple[str, Scope]]
    """Where each wanted item belongs."""
    links: Mapping[Ref, Linked]
    tolerance: Tolerance


def fetch(
    quest: Quest,
    pool: TrackerPool,
    *,
    may_create: frozenset[Ref] = frozenset(),
    told: Callable[[str], None] = lambda _name: None,
) -> Fetched:
    """Read every tracker once.

    What is in `may_create` will be created where it is not found: so its marker is looked up once more, as deep as the
    tracker allows, because a mistake here makes a duplicate.
    """
    read: list[Located] = []
    failures: list[Failure] = []
    unread: set[tuple[str, str]] = set()
    for name, scopes in quest.scopes.items():
        told(name)
        reading = _read(name, scopes, pool)
        if reading is None:
            unread |= {(name, scope.project) for scope in scopes}
            continue
        read += [Located(name, item) for item in reading.items]
        for project, error in reading.failures.items():
            unread.add((name, project))
            failures.append(Failure(cause_of(error), str(error), tracker=name, project=project))
    found = find_ours(quest.workspace, read, quest.links)
    missing = [
        ref
        for ref in found.missing
        if ref in quest.homes and (quest.links[ref].tracker, quest.links[ref].project) not in unread
    ]
    search = _Search(quest, pool, failures)
    back, gone, unsure = search.missing_items(missing, found.items)
    lost = [
        ref for ref in quest.homes if ref in may_create and not (ref in found.items or ref in back or ref in unsure)
    ]
    if lost:
        back |= search.unlinked_items([ref for ref in lost if _project(quest, ref) not in unread])
        gone -= back.keys()
    unread |= {(name, scope.project) for name, scopes in quest.scopes.items() if not pool.get(name) for scope in scopes}
    snapshot = Snapshot(
        items={**found.items, **back},
        duplicates=found.duplicates,
        gone=frozenset(gone),
        unsure=frozenset(unsure),
        unread=frozenset(unread),
    )
    return Fetched(snapshot, (*pool.failures, *failures))


def _read(name: str, scopes: Sequence[Scope], pool: TrackerPool) -> Reading | None:
    tracker = pool.get(name)
    if tracker is None:
        return None
    try:
        reading = tracker.read(scopes)
        if reading.failures.keys() >= {scope.project for scope in scopes}:
            # Not one project could be read: is it the projects, or the address or token?
            tracker.login()
    except TrackerError as error:
        pool.broke(name, error)
        return None
    pool.answered(name)
    return reading


def _project(quest: Quest, ref: Ref) -> tuple[str, str]:
    tracker, scope = quest.homes[ref]
    return tracker, scope.project


class _Search:
    def __init__(self, quest: Quest, pool: TrackerPool, failures: list[Failure]) -> None:
        self.quest = quest
        self.pool = pool
        self.failures = failures

    def missing_items(
        self, missing: Sequence[Ref], found: Mapping[Ref, Located]
    ) -> tuple[dict[Ref, Located], set[Ref], set[Ref]]:
        """Linked items that were not in the answer: those that are there all the same, those gone, those unsure."""
        back: dict[Ref, Located] = {}
        gone: set[Ref] = set()
        unsure: set[Ref] = set()
        by_tracker: dict[str, list[Ref]] = {}
        for ref in missing:
            by_tracker.setdefault(self.quest.links[ref].tracker, []).append(ref)
        for name, refs in by_tracker.items():
            linked = sum(1 for link in self.quest.links.values() if link.tracker == name)
            if self.quest.tolerance.exceeded(len(refs), linked):
                unsure |= set(refs)
                continue
            for ref in refs:
                try:
                    item = self._item(name, ref)
                except NotFound:
                    gone.add(ref)
                except TrackerError as error:
                    unsure.add(ref)
                    self.failures.append(Failure(cause_of(error), str(error), tracker=name, ref=ref))
                else:
                    if item is not None:
                        back[ref] = Located(name, item)
        return back, gone, unsure

    def _item(self, name: str, ref: Ref) -> RemoteItem | None:
        tracker = self.pool.get(name)
        if tracker is None:
            return None
        _, scope = self.quest.homes[ref]
        fields = scope.fields if ref.is_key_result else scope.objective_fields
        return tracker.item(self.quest.links[ref].item_id, fields, scope.board)

    def unlinked_items(self, refs: Sequence[Ref]) -> dict[Ref, Located]:
        """Items that exist although no answer held them, by their markers."""
        wanted: dict[tuple[str, Scope], list[Ref]] = {}
        for ref in refs:
            wanted.setdefault(self.quest.homes[ref], []).append(ref)
        read: list[Located] = []
        for (name, scope), group in wanted.items():
            tracker = self.pool.get(name)
            if tracker is None:
                continue
            markers = [str(Marker(self.quest.workspace, ref)) for ref in group]
            try:
                read += [Located(name, item) for item in tracker.find(scope, markers)]
            except TrackerError as error:
                # Not knowing is no reason to create: the whole tracker waits for the next run.
                self.pool.broke(name, error)
        found = find_ours(self.quest.workspace, read, {})
        return {ref: located for ref, located in found.items.items() if ref in refs}
