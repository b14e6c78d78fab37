"""Finding out the current value of every key result and KPI.

A value that cannot be found out is a problem of that key result alone: the last value stays, and the others go on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from okrsync.domain.evidence import Evidence, evidence_of_children, method_of
from okrsync.domain.items import Child, FieldValue, ItemKind, RemoteItem
from okrsync.domain.measures import share_done, those_that_count
from okrsync.domain.numbers import number_text
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_values import as_checked_in, counts_in_own_field
from okrsync.engine.number_fields import NumberFields
from okrsync.engine.outcome import Cause, Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.engine.querying import SOURCES as QUERIES
from okrsync.engine.querying import Answer, Asked, Inquiry
from okrsync.engine.sources import NoValue, Sources
from okrsync.engine.tasks import Task
from okrsync.plan.merge import decide_manual, is_news
from okrsync.plan.values import Located, Placement, Role, Snapshot
from okrsync.store.values import CheckIn, Measured
from okrsync.trackers.errors import NotFound, Rejected, TrackerError

SOURCES = ("manual", "field", "children", *QUERIES)
"""The measures that need no plugin."""


@dataclass(frozen=True)
class FieldRead:
    """A field that was read for a value, whether it holds one or not."""

    tracker: str
    item: RemoteItem
    name: str
    method: Mapping[str, Any]


@dataclass(frozen=True)
class Measurements:
    """What was found out, and what could not be."""

    values: tuple[Measured, ...]
    failures: tuple[Failure, ...]
    fields: Mapping[Ref, FieldRead] = field(default_factory=dict)
    """The fields that values came from, or would have."""


def measure(
    tasks: Sequence[Task],
    snapshot: Snapshot,
    pool: TrackerPool,
    check_ins: Mapping[Ref, CheckIn],
    bases: Mapping[Ref, Mapping[str, Any]],
    now: datetime,
    sources: Sources | None = None,
    inquiry: Inquiry | None = None,
) -> Measurements:
    """Measure everything, with the least number of requests: what the snapshot holds costs none.

    `sources` give what is in no tracker; `inquiry` asks the trackers what matches a query.
    """
    meter = _Meter(snapshot, pool, check_ins, bases, now, sources)
    for task in tasks:
        meter.measure(task)
    meter.count_children()
    meter.ask_queries(inquiry)
    return Measurements(tuple(meter.values), tuple(meter.failures), meter.fields)


class _Unmeasurable(Exception):
    """Why a value cannot be found out; `is_failure` is False where there simply is none yet, and `is_noted` where that
    needs no word: its item is about to be created."""

    def __init__(
        self, message: str, *, is_failure: bool = True, is_noted: bool = True, cause: Cause = Cause.MEASURE
    ) -> None:
        super().__init__(message)
        self.is_failure = is_failure
        self.is_noted = is_noted
        self.cause = cause


class _Meter:
    def __init__(
        self,
        snapshot: Snapshot,
        pool: TrackerPool,
        check_ins: Mapping[Ref, CheckIn],
        bases: Mapping[Ref, Mapping[str, Any]],
        now: datetime,
        sources: Sources | None,
    ) -> None:
        self.sources = sources
        self.snapshot = snapshot
        self.pool = pool
        self.check_ins = check_ins
        self.bases = bases
        self.now = now
        self.values: list[Measured] = []
        self.failures: list[Failure] = []
        self.fields: dict[Ref, FieldRead] = {}
        self.parents: dict[tuple[str, str | None, str | None], list[tuple[Task, RemoteItem]]] = {}
        self.others: dict[tuple[str, str, str], RemoteItem | TrackerError] = {}
        self.number_fields = NumberFields(pool)
        self.asked: dict[Ref, tuple[Task, Asked]] = {}

    def measure(self, task: Task) -> None:
        try:
            if task.measure.source == "manual":
                self._manual(task)
            elif task.measure.source == "field":
                self._field(task)
            elif task.measure.source == "children":
                self._remember_parent(task)
            elif task.measure.source in QUERIES:
                place = self._placement(task)
                asked = Asked(task.ref, task.measure, task.unit, place.tracker, place.project, task.board)
                self.asked[task.ref] = (task, asked)
            elif self.sources is not None:
                self._from_source(task, self.sources)
            else:
                known = ", ".join(SOURCES)
                raise _Unmeasurable(f"nothing installed measures {task.measure.source!r}; known here: {known}")
        except _Unmeasurable as problem:
            self._unmeasurable(task, problem)

    def _unmeasurable(self, task: Task, problem: _Unmeasurable) -> None:
        if problem.is_noted:
            self.values.append(Measured(task.ref, None, self.now, task.measure.source, problem=str(problem)))
        if problem.is_failure:
            tracker = task.placement.tracker if task.placement else None
            message = f"{task.source}: {problem}; the last known value stays"
            self.failures.append(Failure(problem.cause, message, tracker=tracker, ref=task.ref))

    def _from_source(self, task: Task, sources: Sources) -> None:
        try:
            found = sources.measure(task.measure)
        except NoValue as why:
            # It is no tracker's fault, wherever the key result's item is.
            self._unmeasurable(replace(task, placement=None), _Unmeasurable(str(why), cause=why.cause))
        else:
            self.values.append(Measured(task.ref, found.value, self.now, found.source, found.evidence))

    def _manual(self, task: Task) -> None:
        check_in = self.check_ins.get(task.ref)
        checked_in = as_checked_in(check_in)
        name = task.placement.roles.get(Role.CURRENT) if task.placement else None
        located = self.snapshot.items.get(task.ref)
        base = self.bases.get(task.ref, {})
        value = checked_in.value if checked_in else None
        source, at = "check-in", check_in.at if check_in else self.now
        evidence = Evidence(method_of(task.measure))
        if check_in:
            evidence = replace(evidence, by=check_in.author, at=check_in.at)
        if name and located:
            item = located.item
            if name in item.fields:
                _, value = decide_manual(checked_in, self._number(item.fields[name], name, item), base)
            elif checked_in is None or not is_news(checked_in, base):
                raise _Unmeasurable(f"field {name} of {item.at.key} could not be read", is_failure=False)
            if value is not None and not (checked_in and same_number(value, checked_in.value)):
                source = f"field {name} of {item.at.key}"
                self.fields[task.ref] = FieldRead(located.tracker, item, name, evidence.method)
                at = item.updated or self.now
                evidence = replace(evidence, item=item.at.key, url=item.at.url, field=name, by=None, at=item.updated)
        if value is not None:
            self.values.append(Measured(task.ref, value, at.astimezone(UTC), source, evidence.to_json()))

    def _field(self, task: Task) -> None:
        placement = self._placement(task)
        name = task.measure.field or placement.roles.get(Role.CURRENT)
        if name is None:
            raise _Unmeasurable(
                f'no field to read: name one in the measure (field = "…"), or as fields.current in {placement.source}',
                is_failure=False,
            )
        try:
            found = self._other_item(task, placement, name) if task.measure.item else self._own_item(task)
        except _Unmeasurable:
            if self._check_in_counts(task, None, readable=False):
                return
            raise
        item, method = found.item, method_of(task.measure, field=name)
        self.fields[task.ref] = FieldRead(found.tracker, item, name, method)
        if name not in item.fields:
            self._see_field(task, found.tracker, item.at.project, name)
        value = self._number(item.fields.get(name), name, item)
        if self._check_in_counts(task, value, readable=name in item.fields):
            return
        if value is None:
            if name in item.fields and name not in placement.roles.values():
                self._see_field(task, found.tracker, item.at.project, name, is_there=True)
            raise _Unmeasurable(f"field {name} of {item.at.key} is empty", is_failure=False)
        evidence = Evidence(method, item=item.at.key, url=item.at.url, field=name)
        self.values.append(Measured(task.ref, value, self.now, f"field {name} of {item.at.key}", evidence.to_json()))

    def _check_in_counts(self, task: Task, number: float | None, *, readable: bool) -> bool:
        """Whether a check-in counts instead of what the key result's own field holds; then its value is noted."""
        check_in, placement = self.check_ins.get(task.ref), task.placement
        if check_in is None or placement is None or task.measure.item or task.kind is ItemKind.OTHER:
            return False
        counts = counts_in_own_field(check_in, placement, self.bases, number, readable=readable)
        if counts:
            evidence = replace(Evidence(method_of(task.measure)), by=check_in.author, at=check_in.at)
            at = check_in.at.astimezone(UTC)
            self.values.append(Measured(task.ref, check_in.value, at, "check-in", evidence.to_json()))
        return counts

    def _placement(self, task: Task) -> Placement:
        if task.placement is None:
            raise _Unmeasurable(
                f"measure {task.measure.source!r} reads a tracker, but no mapping in the settings matches; add one, or"
                ' measure by hand (from = "manual")'
            )
        return task.placement

    def _own_item(self, task: Task) -> Located:
        placement = self._placement(task)
        ref = task.ref if placement.key_results_as_items else task.ref.parent
        located = self.snapshot.items.get(ref)
        if task.kind is ItemKind.OTHER:
            raise _Unmeasurable('a KPI has no item of its own: name one in the measure (item = "…")')
        if located is None:
            self._must_be_new(ref, placement)
            raise _Unmeasurable("its item is not in the tracker yet", is_failure=False, is_noted=False)
        return located

    def _must_be_new(self, ref: Ref, placement: Placement) -> None:
        """Raise where an item that is not in the snapshot may be in the tracker all the same."""
        if (placement.tracker, placement.project) in self.snapshot.unread:
            raise _Unmeasurable(self.pool.why_unread(placement.tracker), is_failure=False)
        if ref in self.snapshot.unsure | self.snapshot.gone:
            raise _Unmeasurable("its item could not be found again", is_failure=False)

    def _other_item(self, task: Task, placement: Placement, name: str) -> Located:
        key = str(task.measure.item)
        asked = (placement.tracker, key, name)
        if asked not in self.others:
            tracker = self.pool.get(placement.tracker)
            if tracker is None:
                raise _Unmeasurable(self.pool.why_unread(placement.tracker), is_failure=False)
            try:
                self.others[asked] = tracker.item(key, [name], task.board)
            except TrackerError as error:
                self.others[asked] = error
            if isinstance(self.others[asked], RemoteItem | NotFound | Rejected):
                self.pool.answered(placement.tracker)
        found = self.others[asked]
        if isinstance(found, NotFound):
            raise _Unmeasurable(f"item {key} does not exist in {placement.tracker}, or may not be seen: {found}")
        if isinstance(found, TrackerError):
            raise _Unmeasurable(str(found), cause=cause_of(found))
        return Located(placement.tracker, found)

    def _see_field(self, task: Task, tracker: str, project: str, name: str, *, is_there: bool = False) -> None:
        """Raise where there is no number field of that name, or where the one that items show holds something else."""
        wrong = self.number_fields.problem_with(tracker, project, task.board, name, is_there=is_there)
        if wrong:
            raise _Unmeasurable(wrong.text, cause=wrong.cause)

    def _number(self, value: FieldValue, name: str, item: RemoteItem) -> float | None:
        if isinstance(value, str):
            if not value.strip():
                return None
            raise _Unmeasurable(
                f"field {name} of {item.at.key} holds the text {value!r} where a number is expected: enter a number"
            )
        if value is not None and not math.isfinite(value):
            raise _Unmeasurable(
                f"field {name} of {item.at.key} holds {value}, which is no number that a value can have"
            )
        return None if value is None else float(value)

    def _remember_parent(self, task: Task) -> None:
        placement = self._placement(task)
        own = placement.key_results_as_items and not task.measure.of_objective
        ref = task.ref if own else task.ref.parent
        located = self.snapshot.items.get(ref)
        if located is None:
            self._must_be_new(ref, placement)
            raise _Unmeasurable("its item is not in the tracker yet", is_failure=False)
        points = None if task.measure.by == "count" else task.measure.by
        self.parents.setdefault((located.tracker, points, task.board), []).append((task, located.item))

    def count_children(self) -> None:
        """Ask each tracker for the children of everything that is measured by them, all at once."""
        for (name, points, board), group in self.parents.items():
            tracker = self.pool.get(name)
            if tracker is None:
                for task, _ in group:
                    self._unmeasurable(task, _Unmeasurable(self.pool.why_unread(name), is_failure=False))
                continue
            parents = {item.at.id: item for _, item in group}
            try:
                children = tracker.children(list(parents.values()), points, board)
            except TrackerError as error:
                for task, _ in group:
                    self._unmeasurable(task, _Unmeasurable(str(error), cause=cause_of(error)))
                continue
            for task, item in group:
                self._share(task, item, children.get(item.at.id))

    def ask_queries(self, inquiry: Inquiry | None) -> None:
        """Ask for everything that is measured over a query, all at once: who asks the same shares the answer."""
        if inquiry is None:
            return
        answers = inquiry.answers([asked for _, asked in self.asked.values()])
        for ref, (task, _) in self.asked.items():
            answer = answers[ref]
            if isinstance(answer, Answer):
                self.values.append(Measured(ref, answer.value, self.now, answer.source, answer.evidence))
            else:
                why = _Unmeasurable(str(answer), is_failure=answer.is_failure, cause=answer.cause)
                self._unmeasurable(task, why)

    def _share(self, task: Task, item: RemoteItem, children: tuple[Child, ...] | None) -> None:
        if children is None:
            self._unmeasurable(task, _Unmeasurable(f"the children of {item.at.key} could not be read"))
            return
        by_points = task.measure.by != "count"
        share = share_done(children, by_points=by_points, pull_requests=task.measure.counts_pull_requests)
        value = share.in_unit(task.unit)
        if value is not None and not math.isfinite(value):
            reason = f"the points of {item.at.key}'s children add up to no number; look into their {task.measure.by}"
            self._unmeasurable(task, _Unmeasurable(reason))
            return
        if value is None:
            self._unmeasurable(task, self._why_no_share(task, item, children))
            return
        what = task.measure.by if by_points else "children"
        source = f"{number_text(share.done)} of {number_text(share.total)} {what} of {item.at.key} done"
        counted = those_that_count(children, pull_requests=task.measure.counts_pull_requests)
        method = method_of(task.measure, of="objective" if item.kind is ItemKind.OBJECTIVE else None)
        evidence = evidence_of_children(method, item.at, counted, by_points=by_points, unit=task.unit)
        self.values.append(Measured(task.ref, value, self.now, source, evidence.to_json()))

    def _why_no_share(self, task: Task, item: RemoteItem, children: tuple[Child, ...]) -> _Unmeasurable:
        counted = those_that_count(children, pull_requests=task.measure.counts_pull_requests)
        points = task.measure.by
        if not counted or points == "count" or task.placement is None:
            return _Unmeasurable(f"{item.at.key} has no children that count", is_failure=False)
        try:
            self._see_field(task, task.placement.tracker, item.at.project, points)
        except _Unmeasurable as wrong:
            return wrong
        return _Unmeasurable(f"{item.at.key} has no children that count: none has {points}", is_failure=False)
