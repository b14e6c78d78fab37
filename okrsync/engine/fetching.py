"""Reading the trackers into a snapshot.

An item that is not in an answer is never believed to be gone: `engine.missing` asks for it by its id, and what is not
found there is believed to be gone when a second reading does not find it either. What would be created is looked up by
its marker once more where reading did not do that, because a mistake there makes a duplicate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from okrsync.domain.ref import Marker, Ref
from okrsync.engine.at_once import at_once
from okrsync.engine.journal import Creation
from okrsync.engine.missing import Absence, Missing
from okrsync.engine.outcome import Cause, Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.engine.writes import ItemAt, Shape, shows
from okrsync.plan.snapshot import Tolerance, claims_of_others, find_ours
from okrsync.plan.values import Linked, Located, Snapshot
from okrsync.trackers.errors import NotFound, NotSure, TrackerError
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Reading, Scope


@dataclass(frozen=True)
class Fetched:
    """A snapshot, and what could not be read for it."""

    snapshot: Snapshot
    failures: tuple[Failure, ...]
    absent: frozenset[Ref] = frozenset()
    """What of the unshown is certainly not there."""
    doubts: tuple[Failure, ...] = ()
    """Where too much was missing to be believed. A plan says it of each item; who makes none has to say it by this."""


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
    trackers: frozenset[str] = frozenset()
    """The names of all trackers in the settings."""
    young: Mapping[Ref, Creation] = field(default_factory=dict)
    """What was created a moment ago, so that searches need not show it yet."""
    begun: Mapping[Ref, Creation] = field(default_factory=dict)
    """What was being created when a run was cut off."""
    unshown: frozenset[Ref] = frozenset()
    """What of it no search need show yet, although the request is done by now."""
    at_once: bool = False
    """Whether trackers are read at the same time."""
    missed: frozenset[Ref] = frozenset()
    """The linked items that an earlier reading did not find either."""
    written: Mapping[ItemAt, Shape] = field(default_factory=dict)
    """What was changed in the last minutes, so that searches may still show it as it was."""

    def home(self, ref: Ref) -> tuple[str, str]:
        """Tracker and project where a wanted item belongs."""
        tracker, scope = self.homes[ref]
        return tracker, scope.project


Read = Callable[[Tracker, Sequence[Scope], Sequence[str]], Reading]
"""Reads a tracker's scopes and markers; what it shows is complete."""


def read_all(tracker: Tracker, scopes: Sequence[Scope], markers: Sequence[str]) -> Reading:
    """Ask the tracker for everything. Raises as `Tracker.read`."""
    return tracker.read(scopes, markers=markers)


def fetch(
    quest: Quest,
    pool: TrackerPool,
    *,
    may_create: frozenset[Ref] = frozenset(),
    told: Callable[[str], None] = lambda _name: None,
    read: Read = read_all,
) -> Fetched:
    """Read every tracker once. `may_create` is what will be created where it is not found."""
    return _Fetch(quest, pool, told, read).fetch(may_create)


class _Fetch:
    def __init__(self, quest: Quest, pool: TrackerPool, told: Callable[[str], None], read: Read) -> None:
        self.quest = quest
        self.pool = pool
        self.told = told
        self.read = read
        self.failures: list[Failure] = []
        self.unread: set[tuple[str, str]] = set()
        self.absent: set[Ref] = set()

    def fetch(self, may_create: frozenset[Ref]) -> Fetched:
        quest = self.quest
        homes = {ref: quest.home(ref) for ref in quest.homes}
        found = find_ours(quest.workspace, self._read_all(), quest.links, homes)
        missing = [ref for ref in found.missing if ref in homes and _place(quest.links[ref]) not in self.unread]
        absence = self._absence(missing)
        items = {**self._as_written(found.items), **absence.back}
        items |= self._noted({ref: at for ref, at in self._notes().items() if ref not in {*items, *quest.links}})
        lost = [ref for ref in homes if ref in may_create and ref not in items and ref not in absence.unsure]
        sought = [ref for ref in lost if homes[ref] not in self.unread and self._may_be_found(ref)]
        items |= self._as_written(self._by_marker(sought))
        items |= self._beyond_searches([ref for ref in sought if ref in quest.unshown and ref not in items])
        self.unread |= {
            (name, scope.project)
            for name, scopes in quest.scopes.items()
            if not self.pool.get(name)
            for scope in scopes
        }
        gone = absence.gone - items.keys()
        # One answer may be wrong, for example after a search index or a replica was lost.
        missed = gone - quest.missed
        snapshot = Snapshot(
            items=items,
            # Whose own item could not be read again has nothing to be told apart from its copies by.
            duplicates={ref: copies for ref, copies in found.duplicates.items() if ref in items},
            gone=gone - missed,
            missed=missed,
            unsure=(absence.unsure - items.keys()) | missed,
            unread=frozenset(self.unread),
            doubted=absence.doubted,
            claimed=claims_of_others(quest.workspace, items),
        )
        failures = (*self.pool.failures, *self.failures)
        return Fetched(snapshot, failures, frozenset(self.absent), tuple(self._doubts(missing, absence)))

    def _read_all(self) -> list[Located]:
        read: list[Located] = []
        for name in self.quest.scopes:
            self.told(name)
        works = [partial(self._read, name, scopes) for name, scopes in self.quest.scopes.items()]
        # Each tracker has a client of its own, and each client a thread.
        readings = at_once(works) if self.quest.at_once else [work() for work in works]
        for (name, scopes), reading in zip(self.quest.scopes.items(), readings, strict=True):
            if reading is None:
                self.unread |= {(name, scope.project) for scope in scopes}
                continue
            read += [Located(name, item) for item in reading.items]
            for project, error in reading.failures.items():
                self._could_not_read(name, project, error)
        return read

    def _read(self, name: str, scopes: Sequence[Scope]) -> Reading | None:
        tracker = self.pool.get(name)
        if tracker is None:
            return None
        try:
            reading = self.read(tracker, scopes, self._markers(name))
            if reading.failures.keys() >= {scope.project for scope in scopes}:
                # Not one project could be read: is it the projects, or the address or token?
                tracker.login()
        except TrackerError as error:
            self.pool.broke(name, error)
            return None
        self.pool.answered(name)
        return reading

    def _markers(self, tracker: str) -> list[str]:
        """The markers of what is wanted there or nobody knows where, and of what was linked there in these cycles."""
        quest = self.quest
        cycles = {ref.cycle for ref in quest.homes}
        wanted = [ref for ref, (name, _) in quest.homes.items() if name == tracker or ref not in quest.links]
        linked = [ref for ref, link in quest.links.items() if link.tracker == tracker and ref.cycle in cycles]
        return [str(Marker(quest.workspace, ref)) for ref in dict.fromkeys((*wanted, *sorted(linked)))]

    def _absence(self, missing: Sequence[Ref]) -> Absence:
        quest = self.quest
        links = {ref: link for ref, link in quest.links.items() if ref in quest.homes}
        read = frozenset((name, scope.project) for name, scopes in quest.scopes.items() for scope in scopes)
        absence = Missing(
            links, quest.young, quest.tolerance, self.pool, trackers=quest.trackers, read=read - self.unread
        ).explain(missing, {ref: scope for ref, (_, scope) in quest.homes.items()})
        self.failures += absence.failures
        return absence

    def _doubts(self, missing: Sequence[Ref], absence: Absence) -> Iterator[Failure]:
        for tracker, project in sorted(absence.doubted):
            count = sum(_place(self.quest.links[ref]) == (tracker, project) for ref in missing)
            yield Failure(
                Cause.DOUBT,
                f"{count} of the linked items were not in the answer, too many to believe that they are gone: check"
                " that the account still sees them; their last values stay",
                tracker=tracker,
                project=project,
            )

    def _notes(self) -> dict[Ref, ItemAt]:
        """The wanted items that got their markers a moment ago, when they were created or when they had lost them."""
        quest = self.quest
        marked = {shape["marker"]: at for at, shape in quest.written.items() if "marker" in shape}
        marked |= {
            str(Marker(quest.workspace, ref)): (each.tracker, each.at.id)
            for ref, each in quest.young.items()
            if each.at
        }
        return {ref: marked[marker] for ref in quest.homes if (marker := str(Marker(quest.workspace, ref))) in marked}

    def _noted(self, notes: Mapping[Ref, ItemAt]) -> dict[Ref, Located]:
        """Items that a journal knows and the cache does not, asked for by their ids: no search shows them yet."""
        found: dict[Ref, Located] = {}
        for ref, (tracker_name, item_id) in notes.items():
            name, scope = self.quest.homes[ref]
            tracker = self.pool.get(tracker_name) if tracker_name in self.quest.trackers else None
            if tracker is None:
                continue
            fields = scope.fields if ref.is_key_result else scope.objective_fields
            try:
                item = tracker.item(item_id, fields, scope.board)
            except NotFound:
                continue
            except TrackerError as error:
                # Not knowing is no reason to create: its project waits for the next run.
                self._could_not_read(name, scope.project, error)
                continue
            # Elsewhere the same id may name another item.
            if str(Marker(self.quest.workspace, ref)) in item.markers:
                found[ref] = Located(tracker_name, item)
        return found

    def _may_be_found(self, ref: Ref) -> bool:
        """Whether a look-up by marker could find what reading did not show."""
        tracker = self.pool.get(self.quest.homes[ref][0])
        return ref in self.quest.begun or not (tracker and tracker.capabilities.reads_by_marker)

    def _by_marker(self, refs: Sequence[Ref]) -> dict[Ref, Located]:
        """Items that exist although no answer held them, by their markers."""
        wanted: dict[tuple[str, Scope], list[Ref]] = {}
        for ref in refs:
            name, scope = self.quest.homes[ref]
            wanted.setdefault((name, scope), []).append(ref)
            begun = self.quest.begun.get(ref)
            if begun and begun.tracker == name and begun.project != scope.project:
                # The mapping was changed after the run that was cut off.
                wanted.setdefault((name, replace(scope, project=begun.project)), []).append(ref)
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
        found = find_ours(self.quest.workspace, read, {}, {ref: self.quest.home(ref) for ref in refs})
        return {ref: located for ref, located in found.items.items() if ref in refs}

    def _beyond_searches(self, refs: Sequence[Ref]) -> dict[Ref, Located]:
        """What was being created when a run was cut off, looked for where no search shows it yet."""
        quest = self.quest
        wanted: dict[tuple[str, Scope], list[Ref]] = {}
        for ref in refs:
            (name, scope), begun = quest.homes[ref], quest.begun[ref]
            if begun.tracker == name:
                wanted.setdefault((name, replace(scope, project=begun.project)), []).append(ref)
        read: list[Located] = []
        for (name, scope), group in wanted.items():
            tracker = self.pool.get(name)
            if tracker is None:
                continue
            try:
                items = tracker.find(scope, [str(Marker(quest.workspace, ref)) for ref in group], sure=True)
                self.absent |= set(group)
            except NotSure as doubt:
                items = doubt.found
            except TrackerError as error:
                # Not knowing is no reason to create: the whole tracker waits for the next run.
                self.pool.broke(name, error)
                continue
            read += [Located(name, item) for item in items]
        found = find_ours(quest.workspace, read, {}, {ref: quest.home(ref) for ref in refs})
        self.absent -= found.items.keys()
        return {ref: located for ref, located in found.items.items() if ref in refs}

    def _as_written(self, items: Mapping[Ref, Located]) -> dict[Ref, Located]:
        """The items that searches showed; those that they show as they were before our last changes, read by their ids.

        Whoever believed an old answer would write the same once more, or take the old title for people's own.
        """
        fresh = dict(items)
        for ref, located in items.items():
            shape = self.quest.written.get((located.tracker, located.item.at.id))
            tracker = self.pool.get(located.tracker)
            if shape is None or tracker is None or ref not in self.quest.homes or shows(located.item, shape):
                continue
            scope = self.quest.homes[ref][1]
            fields = scope.fields if ref.is_key_result else scope.objective_fields
            try:
                fresh[ref] = Located(located.tracker, tracker.item(located.item.at.id, fields, scope.board))
            except NotFound:
                continue  # It was deleted just now; whoever writes to it will hear so.
            except TrackerError as error:
                del fresh[ref]
                self._could_not_read(located.tracker, located.item.at.project, error)
        return fresh

    def _could_not_read(self, tracker: str, project: str, error: Exception) -> None:
        self.unread.add((tracker, project))
        cause = cause_of(error)
        if isinstance(error, NotFound) and not any(
            _place(each) == (tracker, project) for each in self.quest.links.values()
        ):
            # Nothing of ours was ever there, so it is rather the mapping than a permission that somebody took away.
            cause = Cause.SETTINGS
        self.failures.append(Failure(cause, str(error), tracker=tracker, project=project))


def _place(link: Linked) -> tuple[str, str]:
    return link.tracker, link.project
