"""What tracked fields held before okrsync first looked, from the trackers' own histories into the cache.

Only values older than all that is known of a key result or KPI are added, and nothing that was observed is touched:
doing it twice adds nothing. `past_values` decides what is added; `backfill` reads and stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from okrsync.domain.evidence import Evidence
from okrsync.domain.okr import Kpi, Objective, Okrs
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.engine.editing import is_told
from okrsync.engine.engine import Engine
from okrsync.engine.fetching import Quest, fetch
from okrsync.engine.measuring import FieldRead, Measurements, measure
from okrsync.engine.outcome import Failure, Outcome
from okrsync.engine.pool import cause_of
from okrsync.engine.tasks import tasks_of
from okrsync.plan.values import Linked, Placement
from okrsync.reports import words
from okrsync.store.values import Measured, Observation
from okrsync.trackers.errors import TrackerError
from okrsync.trackers.values import FieldChange


@dataclass(frozen=True)
class LeftOut:
    """A key result or KPI measured by a field whose past cannot be told."""

    ref: Ref
    why: str


@dataclass(frozen=True)
class Backfilled:
    """What came of a backfill."""

    since: datetime
    """From when on values were looked for."""
    added: Mapping[Ref, tuple[Measured, ...]]
    """The values that were added, or would be; oldest first. What had nothing to add is not in it."""
    left_out: tuple[LeftOut, ...]
    outcome: Outcome


def backfill(engine: Engine, since: datetime | None = None, *, dry_run: bool = False) -> Backfilled:
    """Read what the fields of key results and KPIs held before their first observation, and put it before that.

    `since` leaves out what is older; the default is the cycle's start. What a field held just then counts as of then.
    """
    return _Backfill(engine, since).run(dry_run=dry_run)


class _Backfill:
    def __init__(self, engine: Engine, since: datetime | None) -> None:
        self.engine = engine
        self.inputs = engine.inputs
        self.since = since or datetime.combine(engine.inputs.cycle.start, time(), UTC)
        self.left_out: list[LeftOut] = []
        self.failures: list[Failure] = []

    def run(self, *, dry_run: bool) -> Backfilled:
        inputs = self.inputs
        okrs = self._with_history()
        read = self._read(okrs)
        self.failures += [each for each in read.failures if each.ref not in read.fields]
        known = inputs.cache.observations.histories(inputs.cycle.name)
        added: dict[Ref, tuple[Measured, ...]] = {}
        for ref, changes in self._histories(read.fields).items():
            first = known[ref][0] if ref in known else None
            past = tuple(past_values(ref, read.fields[ref], changes, self.since, inputs.clock(), first))
            if past:
                added[ref] = past
        if not dry_run:
            with inputs.cache.transaction():
                for ref, past in added.items():
                    inputs.cache.observations.put_before(ref, past)
        pool = inputs.pool
        unique = tuple(dict.fromkeys((*pool.failures, *self.failures)))
        outcome = Outcome(failures=unique, trackers=pool.used, reached=pool.reached, requests=inputs.requests())
        return Backfilled(self.since, added, tuple(self.left_out), outcome)

    def _with_history(self) -> Okrs:
        """What is measured by a field of a tracker that keeps a history."""
        objectives = []
        for objective in self.engine.okrs.objectives:
            measured = tuple(each for each in objective.key_results if each.measure.source == "field")
            if measured and self._has_history(objective, [each.ref for each in measured]):
                objectives.append(replace(objective, key_results=measured))
        kpis = (each for each in self.engine.okrs.kpis if each.measure.source == "field" and each.measure.item)
        return Okrs(tuple(objectives), tuple(each for each in kpis if self._has_history(each, [each.ref])))

    def _has_history(self, owned: Objective | Kpi, refs: Iterable[Ref]) -> bool:
        place = self.inputs.atlas.place(owned)
        if place is None:
            why = "no mapping in the settings matches"
        elif self.inputs.atlas.keeps_history(place.placement.tracker):
            return True
        else:
            why = f"{place.placement.tracker} keeps no history of fields"
        self.left_out += [LeftOut(ref, why) for ref in refs]
        return False

    def _read(self, okrs: Okrs) -> Measurements:
        """Find the fields; what they hold now is not recorded."""
        inputs = self.inputs
        links = {
            ref: Linked(link.tracker, link.at.project, link.at.id, link.at.key, link.at.url)
            for ref, link in inputs.cache.links.live().items()
        }
        quest = Quest(
            workspace=inputs.workspace,
            scopes=inputs.atlas.scopes(okrs),
            homes=inputs.atlas.homes(okrs),
            links=links,
            tolerance=inputs.tolerance,
            trackers=inputs.atlas.trackers,
        )
        fetched = fetch(quest, inputs.pool, told=lambda name: inputs.told.phase(f"reading {name}"))
        self.failures += fetched.failures
        tasks = tasks_of(okrs.objectives, okrs.kpis, self._place)
        read = measure(tasks, fetched.snapshot, inputs.pool, {}, {}, inputs.clock())
        why = {each.ref: each.problem for each in read.values}
        self.left_out += [
            LeftOut(task.ref, why.get(task.ref) or "its item is not in the tracker yet")
            for task in tasks
            if task.ref not in read.fields
        ]
        return read

    def _place(self, owned: Objective | Kpi) -> tuple[Placement, str | None] | None:
        place = self.inputs.atlas.place(owned)
        return (place.placement, place.scope.board) if place else None

    def _histories(self, fields: Mapping[Ref, FieldRead]) -> dict[Ref, tuple[FieldChange, ...]]:
        pool = self.inputs.pool
        found: dict[Ref, tuple[FieldChange, ...]] = {}
        for name in dict.fromkeys(each.tracker for each in fields.values()):
            refs = [ref for ref, each in fields.items() if each.tracker == name]
            tracker = pool.get(name)
            if tracker is None:
                continue
            self.inputs.told.phase(f"reading the history of {words.counted(len(refs), 'field')} in {name}")
            try:
                told = tracker.field_changes([(fields[ref].item, fields[ref].name) for ref in refs])
            except TrackerError as error:
                self.failures.append(Failure(cause_of(error), str(error), tracker=name))
                continue
            pool.answered(name)
            for ref in refs:
                item, field = fields[ref].item, fields[ref].name
                changes = told.get((item.at.id, field))
                if changes is None:
                    self.left_out.append(LeftOut(ref, f"{name} does not tell the history of {field} of {item.at.key}"))
                else:
                    found[ref] = changes
        return found


@dataclass(frozen=True)
class _Held:
    """What a field held since some moment."""

    at: datetime
    value: float | None
    by: str
    set_at: datetime
    """When it was written; before `at` where that is the moment from which values are told."""
    is_first: bool = False
    """Whether the item was made with it."""


def past_values(
    ref: Ref,
    read: FieldRead,
    changes: Sequence[FieldChange],
    since: datetime,
    now: datetime,
    first: Observation | None,
) -> Iterator[Measured]:
    """The values of a field between `since` and the first observation (else `now`), oldest first.

    The one that it held at `since` counts as of then. `changes` are all that the tracker tells, oldest first.
    """
    until = now if first is None else first.observed_at
    held = [each for each in _held(read, changes) if each.at <= until]
    if first is not None and Evidence.from_json(first.evidence).method == read.method:
        held = _up_to(first.value, held)
    held = [each for each in held if each.at < until]
    before = [each for each in held if each.at <= since][-1:]
    told = [*(replace(each, at=since) for each in before if since < until), *(each for each in held if each.at > since)]
    last: float | None = None
    for each in told:
        if not same_number(last, each.value):
            yield _measured(ref, read, each)
            last = each.value


def _held(read: FieldRead, changes: Sequence[FieldChange]) -> Iterator[_Held]:
    """Everything that the field held since its item was made."""
    now = read.item.fields.get(read.name)
    current = now if isinstance(now, float) else None
    created = read.item.created
    if created is not None:
        yield _Held(created, changes[0].before if changes else current, "", created, is_first=True)
    for number, change in enumerate(changes, start=1):
        # The field itself has digits that its history may lack.
        exact = current if number == len(changes) and is_told(current, change.after) else change.after
        yield _Held(change.at, exact, change.by, change.at)


def _up_to(value: float | None, held: list[_Held]) -> list[_Held]:
    """What was held up to the value that was then observed; where clocks differ, more may seem to be older.

    An empty field is never observed: where that is the last, the value came after it.
    """
    for number in range(len(held), 0, -1):
        if held[-1].value is not None and is_told(value, held[number - 1].value):
            return held[:number]
    return held


def _measured(ref: Ref, read: FieldRead, held: _Held) -> Measured:
    at = read.item.at
    who = f" by {held.by}" if held.by else ""
    change = "made with it" if held.is_first else f"changed{who}"
    source = f"field {read.name} of {at.key}, {change} on {words.moment(held.set_at.astimezone(UTC))}"
    evidence = Evidence(
        read.method, item=at.key, url=at.url, field=read.name, by=held.by or None, at=held.set_at.astimezone(UTC)
    )
    return Measured(ref, held.value, held.at, source, evidence.to_json())
