"""Doing what a plan says, one item at a time, so that a crash at any moment makes nothing twice.

A create is: intent committed → one POST that carries the marker → the item's id committed. When the answer is lost, the
marker is looked up before anything is created again; where a look-up cannot be sure yet, the item stays pending.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from okrsync.documents.edit import EditRefused, set_values
from okrsync.domain.items import FieldValue, ItemId, RemoteItem
from okrsync.domain.ref import Marker, Ref
from okrsync.engine.outbox import Outbox, Unsettled
from okrsync.engine.outcome import Cause, Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.engine.second_look import FRESH, decided_on, is_needed, read_again
from okrsync.engine.writes import Writes, shape_of
from okrsync.plan import block as blocks
from okrsync.plan.merge import AGREED_BY_HAND
from okrsync.plan.values import Change, Plan, Snapshot, Step
from okrsync.store.cache import Cache
from okrsync.trackers.errors import Conflict, Misconfigured, TrackerError
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import KEEP, Draft, Edit, Scope


@dataclass
class Applied:
    """What became of a plan."""

    done: list[Change] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class Means:
    """What applying needs."""

    workspace: str
    root: Path
    """The folder that documents' paths are relative to."""
    pool: TrackerPool
    cache: Cache
    outbox: Outbox
    writes: Writes
    homes: Mapping[Ref, tuple[str, Scope]]
    documents: dict[str, str]
    """Document → its digest as it was read; kept up to date when one is written."""
    told: Callable[[int, int, str], None]
    """Told before each step: how many are done, how many there are, what comes next."""
    age: Callable[[], float] = lambda: 0.0
    """Seconds since the items were read."""


def apply(plan: Plan, snapshot: Snapshot, links: Mapping[Ref, ItemId], means: Means) -> Applied:
    """Apply every step that can be applied; one that fails never stops those that do not need it."""
    work = _Work(plan, snapshot, dict(links), means)
    work.check_settings()
    for number, step in enumerate(plan.steps):
        means.told(number, len(plan.steps), str(step.ref))
        work.do(step)
    work.write_fields()
    means.told(len(plan.steps), len(plan.steps), "")
    places = {id(change): place for place, change in enumerate(plan.changes)}
    work.applied.done.sort(key=lambda change: places[id(change)])
    return work.applied


class _Work:
    def __init__(self, plan: Plan, snapshot: Snapshot, places: dict[Ref, ItemId], means: Means) -> None:
        self.plan = plan
        self.means = means
        self.applied = Applied()
        self.places = places
        """Where every item is, those included that this run creates."""
        self.places.update({ref: located.item.at for ref, located in snapshot.items.items()})
        for ref in snapshot.gone:
            self.places.pop(ref, None)
        self.barred: set[tuple[str, Scope]] = set()
        self.later: dict[tuple[str, Scope], list[tuple[Step, RemoteItem]]] = {}

    def check_settings(self) -> None:
        """Before the first write of a mapping: is what the mapping names there? If not, it writes nothing."""
        needed = dict.fromkeys(self.means.homes[step.ref] for step in self.plan.steps if step.creates)
        for name, scope in needed:
            tracker = self.means.pool.get(name)
            if tracker is None:
                continue
            try:
                # What a document names wrongly in a measure is the problem of that key result alone.
                problems = tracker.check(scope.of_the_mapping())
            except TrackerError as error:
                problems = error.problems if isinstance(error, Misconfigured) else ()
                if not problems:
                    self._failed(Failure(cause_of(error), str(error), tracker=name, project=scope.project))
                    self.barred.add((name, scope))
                    continue
            if not problems:
                continue
            self.barred.add((name, scope))
            place = next(s.wanted.placement.source for s in self.plan.steps if self.means.homes[s.ref] == (name, scope))
            for problem in problems:
                self._failed(Failure(Cause.SETTINGS, f"{place}: {problem}", tracker=name, project=scope.project))

    def do(self, step: Step) -> None:
        name, scope = self.means.homes[step.ref]
        if not step.changes:
            self.means.cache.baselines.put(step.ref, step.base)
            return
        tracker = self.means.pool.get(name)
        if tracker is None or (name, scope) in self.barred:
            return
        try:
            if step.creates:
                self._create(step, tracker, scope)
            else:
                self._revise(step, tracker, scope)
        except Unsettled as unsettled:
            self._failed(Failure(Cause.PENDING, str(unsettled), tracker=name, project=scope.project, ref=step.ref))
        except TrackerError as error:
            self._failed(Failure(cause_of(error), str(error), tracker=name, project=scope.project, ref=step.ref))
        except EditRefused as error:
            self._failed(Failure(Cause.DOCUMENT, str(error), ref=step.ref))

    def _create(self, step: Step, tracker: Tracker, scope: Scope) -> None:
        wanted = step.wanted
        parent = self.places.get(step.ref.parent) if step.ref.is_key_result else None
        if step.ref.is_key_result and parent is None:
            return  # its objective could not be created, and that failure is reported already
        with_item = tracker.capabilities.fields_with_item
        draft = Draft(
            kind=wanted.kind,
            marker=str(Marker(self.means.workspace, step.ref)),
            workspace=self.means.workspace,
            title=wanted.title,
            description=blocks.render(wanted.block, wanted.placement.markup, self._url),
            due=step.due,
            parent=parent,
            fields=step.fields if with_item else {},
        )
        item = self.means.outbox.create(step.ref, tracker, scope, draft)
        self.places[step.ref] = item.at
        # Where fields live apart, an item is put where they are even when there is nothing to write yet: people will.
        apart = not with_item and (step.fields or (step.ref.is_key_result and scope.fields))
        if apart:
            self.later.setdefault((tracker.context.name, scope), []).append((step, item))
        self._agree(step, but_for=AGREED_BY_HAND if apart else ())
        self.applied.done.extend(step.changes)
        linked = self._linkable(step, tracker)
        shape = shape_of(Edit(), links={at.id: True for at in linked.values()})
        with self.means.writes.noted(tracker, item.at.id, shape):
            for parent in linked.values():
                tracker.link(scope, item.at, parent)

    def _revise(self, step: Step, tracker: Tracker, scope: Scope) -> None:
        assert step.remote is not None  # a step without a remote item creates one
        item = self._as_it_is_now(step, step.remote, tracker, scope)
        with_item = tracker.capabilities.fields_with_item
        markup = step.wanted.placement.markup
        edit = Edit(
            title=KEEP if step.title is None else step.title,
            description=KEEP
            if step.block is None
            else blocks.compose(item.description, blocks.render(step.block, markup, self._url), markup),
            due=step.due if step.writes_due else KEEP,
            fields=step.fields if with_item else {},
            add_marker=str(Marker(self.means.workspace, step.ref)) if step.marker else None,
        )
        linked = self._linkable(step, tracker)
        links = {at.id: True for at in linked.values()} | {self.places[each].id: False for each in step.unlinks}
        apart = step.fields if not with_item else {}
        shape = shape_of(edit, closed=step.closed, links=links)
        with self.means.writes.noted(tracker, item.at.id, shape):
            if edit != Edit():
                tracker.update(scope, item, edit)
            if apart:
                self.later.setdefault((tracker.context.name, scope), []).append((step, item))
            for parent in linked.values():
                tracker.link(scope, item.at, parent)
            for obsolete in step.unlinks:
                tracker.unlink(scope, item.at, self.places[obsolete])
            if step.closed is not None:
                tracker.set_closed(item, step.closed)
        if step.adopt:
            self._adopt(step)
        self._agree(step, but_for=AGREED_BY_HAND if apart else ())
        unmade = {str(ref) for ref in step.links if ref not in linked}
        self.applied.done.extend(
            change
            for change in step.changes
            if change.field not in apart and not (change.field == "alignment" and change.after in unmade)
        )

    def _as_it_is_now(self, step: Step, item: RemoteItem, tracker: Tracker, scope: Scope) -> RemoteItem:
        if self.means.age() < FRESH or not is_needed(step):
            return item
        fresh = read_again(tracker, step.ref, item, scope)
        if not decided_on(step, fresh):
            raise Conflict(
                f"{item.at.key} was changed in the tracker while okrsync worked; nothing was written to it: sync again"
            )
        return fresh

    def _agree(self, step: Step, but_for: Collection[str] = ()) -> None:
        """Note what both sides agree on, now that the tracker has it."""
        base = {attribute: value for attribute, value in step.base.items() if attribute not in but_for}
        self.means.cache.baselines.put(step.ref, base)

    def _adopt(self, step: Step) -> None:
        values: dict[str, Any] = dict(step.adopt)
        if isinstance(values.get("due"), str):
            values["due"] = date.fromisoformat(values["due"])
        file = step.wanted.source.file
        known = self.means.documents[file]
        self.means.documents[file] = set_values(self.means.root / file, step.ref.local, values, known)

    def _linkable(self, step: Step, tracker: Tracker) -> dict[Ref, ItemId]:
        """Those of the items that it supports to which it can be linked."""
        return {
            ref: parent
            for ref in step.links
            if (parent := self.places.get(ref)) and self.means.homes.get(ref, ("", None))[0] == tracker.context.name
        }

    def write_fields(self) -> None:
        """Write the fields that live apart from their items, in as few requests as the tracker allows."""
        for (name, scope), group in self.later.items():
            tracker = self.means.pool.get(name)
            if tracker is None:
                continue
            values: dict[str, Mapping[str, FieldValue]] = {item.at.id: step.fields for step, item in group}
            try:
                tracker.write_fields(scope, values)
            except TrackerError as error:
                self._failed(Failure(cause_of(error), str(error), tracker=name, project=scope.project))
                continue
            for step, _ in group:
                self._agree(step)
                self.applied.done.extend(change for change in step.changes if change.field in step.fields)

    def _url(self, ref: Ref) -> str | None:
        place = self.places.get(ref) or self.places.get(ref.parent)
        return place.url if place else None

    def _failed(self, failure: Failure) -> None:
        self.applied.failures.append(failure)
