"""The engine: pull, plan and sync, each from the trackers to an outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from okrsync.domain.audience import discreet
from okrsync.domain.okr import Kpi, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.domain.status import assess
from okrsync.domain.terms import Terms
from okrsync.engine.applying import Applied, Means, apply
from okrsync.engine.check_in_journal import CheckInJournal
from okrsync.engine.check_in_listening import Heard
from okrsync.engine.check_in_values import as_checked_in
from okrsync.engine.conversation import Conversation
from okrsync.engine.editing import with_editors
from okrsync.engine.fetching import Fetched, Quest, fetch, read_all
from okrsync.engine.inputs import Inputs
from okrsync.engine.journal import Journal
from okrsync.engine.measuring import Measurements, measure
from okrsync.engine.moments import Moment, Watch
from okrsync.engine.outbox import Outbox
from okrsync.engine.outcome import Cause, Failure, Outcome
from okrsync.engine.querying import Inquiry
from okrsync.engine.second_look import SecondLook
from okrsync.engine.tasks import tasks_of
from okrsync.engine.writes import Writes
from okrsync.plan.effort import effort_of
from okrsync.plan.planner import make_plan
from okrsync.plan.values import Linked, Placement, Plan, Snapshot, Wanted
from okrsync.plan.wanted import Known, wanted_items
from okrsync.reports.facts import gather_facts
from okrsync.store.values import CheckIn, Link


class PlanChanged(Exception):
    """The plan that was asked for is not the plan that is due now; nothing was written."""

    def __init__(self, due: Plan, expected: str) -> None:
        super().__init__(
            f"the plan that is due now has the digest {due.digest}, not {expected}: a document or a tracker changed"
            " since it was reviewed; nothing was written; look at the new plan with `okrsync plan`"
        )
        self.due = due


Planner = Callable[
    [Sequence[Wanted], Snapshot, Mapping[Ref, Linked], Mapping[Ref, Mapping[str, Any]], Collection[Ref]], Plan
]
"""What `okrsync.plan.planner.make_plan` is."""


@dataclass(frozen=True)
class Seen:
    """What a run found out before it decides."""

    fetched: Fetched
    measurements: Measurements
    heard: Heard

    @property
    def failures(self) -> tuple[Failure, ...]:
        return (*self.fetched.failures, *self.measurements.failures, *self.heard.failures)


class Engine:
    """Brings documents and trackers together for one cycle."""

    def __init__(self, inputs: Inputs, planner: Planner = make_plan) -> None:
        """`planner` decides what is to be done: all that is due, unless somebody asks for less."""
        self.inputs = inputs
        self._planner = planner
        self.synced: Outcome | None = None
        """What came of the last complete sync."""
        self.okrs = inputs.okrs.in_cycle(inputs.cycle.name)
        self.homes = inputs.atlas.homes(self.okrs)
        watch = Watch(inputs.clock, inputs.uptime)
        journal = CheckInJournal.beside(inputs.cache.path, inputs.workspace, watch)
        self.conversation = Conversation(
            self.okrs,
            inputs.cycle.name,
            inputs.atlas.placement,
            inputs.pool,
            inputs.cache,
            journal,
            inputs.people,
            inputs.clock,
        )

    def pull(self) -> Outcome:
        """Read the trackers, record the values and links that they show, and write to no tracker."""
        run = self.inputs.cache.runs.begin("pull")
        seen = self._look(self._outbox(run), creating=False)
        self._record(seen)
        self._record_status()
        outcome = self._outcome((*seen.fetched.doubts, *seen.failures))
        self._finish(run, outcome)
        return outcome

    def plan(self) -> Outcome:
        """Find out what a sync would do, and write nothing: not to a tracker, not to the documents."""
        outbox = self._outbox()
        seen = self._look(outbox, creating=True)
        plan, failures, _ = self._decide(seen, outbox)
        outcome = self._outcome((*seen.failures, *failures, *self.conversation.waiting(plan)), plan=plan)
        manners = {name: self.inputs.pool.manner(name) for name in {change.tracker for change in plan.changes}}
        existing = {ref: located.tracker for ref, located in seen.fetched.snapshot.items.items()}
        return replace(outcome, effort=effort_of(plan, manners, existing, outcome.requests))

    def sync(self, expect: str | None = None) -> Outcome:
        """Find out what is to be done, and do it.

        Args:
            expect: the digest of a plan that somebody reviewed; exactly that plan is applied, or nothing.

        Raises:
            PlanChanged: another plan than the expected one is due.
        """
        run = self.inputs.cache.runs.begin("sync")
        outbox = self._outbox(run)
        begun = outbox.watch.now()
        seen = self._look(outbox, creating=True)
        plan, failures, pending = self._decide(seen, outbox)
        if expect is not None and plan.digest != expect:
            self._finish(run, self._outcome(seen.failures))
            raise PlanChanged(plan, expect)
        outbox.resume(seen.fetched.snapshot.items, pending)
        self._writes(outbox).tidy()
        self._record(seen)
        applied = self._apply(plan, seen.fetched.snapshot, outbox, begun)
        spoken = self.conversation.speak(plan)
        self._record_status()
        failures = [*seen.failures, *failures, *applied.failures, *spoken.failures]
        outcome = self._outcome(tuple(failures), plan=plan, done=(*applied.done, *spoken.done))
        self._finish(run, outcome)
        self.synced = outcome
        return outcome

    def _outbox(self, run: int | None = None) -> Outbox:
        inputs = self.inputs
        watch = Watch(inputs.clock, inputs.uptime)
        journal = Journal.beside(inputs.cache.path, inputs.workspace, watch)
        return Outbox(inputs.cache, journal, watch, inputs.stop, run)

    def _writes(self, outbox: Outbox) -> Writes:
        return Writes.beside(self.inputs.cache.path, outbox.watch)

    def _look(self, outbox: Outbox, *, creating: bool, among: Okrs | None = None, listening: bool = True) -> Seen:
        inputs, okrs = self.inputs, self.okrs if among is None else among
        self.conversation.begin()
        if creating:
            outbox.settle_first(inputs.told.phase)
        homes = self.homes if among is None else inputs.atlas.homes(okrs)
        # What is looked at another time must not come along by its marker: it would be read item by item.
        left = self.homes.keys() - homes.keys()
        quest = Quest(
            workspace=inputs.workspace,
            scopes=inputs.atlas.scopes(okrs),
            homes=homes,
            links={ref: link for ref, link in self._linked().items() if ref not in left},
            tolerance=inputs.tolerance,
            trackers=inputs.atlas.trackers,
            young=outbox.journal.recent(),
            begun=outbox.begun(),
            unshown=outbox.unshown(),
            missed=inputs.cache.links.missed(),
            written=self._writes(outbox).recent(),
            at_once=inputs.at_once,
        )
        wished = {each.ref for each in self._wanted({}) if each.may_create}
        read = inputs.readings.read if inputs.readings else read_all
        fetched = fetch(
            quest,
            inputs.pool,
            may_create=frozenset(wished) if creating else frozenset(),
            told=lambda name: inputs.told.phase(f"reading {name}"),
            read=self.conversation.along(read, quest.scopes) if listening else read,
        )
        only = inputs.readings.by_ids if inputs.readings else {}
        heard = self.conversation.listen(fetched.snapshot.items, only) if listening else Heard()
        inputs.told.phase("measuring")
        measurements = measure(
            tasks_of(okrs.objectives, okrs.kpis, self._place),
            fetched.snapshot,
            inputs.pool,
            self._check_ins(),
            self._bases(),
            inputs.clock(),
            inputs.sources,
            Inquiry(
                inputs.pool,
                inputs.cache.queries,
                inputs.cycle,
                inputs.clock(),
                inputs.cache.observations.current_of,
                self._said_since,
            ),
        )
        return Seen(fetched, measurements, heard)

    def _wanted(self, known: Mapping[Ref, Known], among: Okrs | None = None) -> tuple[Wanted, ...]:
        """What objectives ask of the trackers. No item names what is for fewer people than the item is."""
        inputs, okrs = self.inputs, self.okrs if among is None else among
        told = discreet(okrs.objectives, self.okrs.by_ref, inputs.audiences)
        return wanted_items(told, inputs.atlas.placement, known, inputs.cycle, inputs.review)

    def _said_since(self, ref: Ref) -> float | None:
        """The value of the newest check-in, where that is newer than what was last measured."""
        known, said = self.inputs.cache.observations.current_of(ref), self._check_ins().get(ref)
        is_newer = said is not None and (known is None or known.seen_at is None or said.at > known.seen_at)
        return said.value if said is not None and is_newer else None

    def _place(self, owned: Objective | Kpi) -> tuple[Placement, str | None] | None:
        place = self.inputs.atlas.place(owned)
        return (place.placement, place.scope.board) if place else None

    def _decide(self, seen: Seen, outbox: Outbox) -> tuple[Plan, list[Failure], dict[Ref, str]]:
        """The plan, what could not be found out for it, and what is pending."""
        inputs = self.inputs
        snapshot = seen.fetched.snapshot
        silent = snapshot.unread | snapshot.doubted
        pending = outbox.pending(
            snapshot.items, lambda tracker, project: (tracker, project) not in silent, seen.fetched.absent
        )
        snapshot = replace(snapshot, pending=frozenset(pending))
        known = self._known(seen.measurements)
        wanted = self._wanted(known)
        documented = {each.ref for each in self.okrs.objectives}
        documented |= {key_result.ref for each in self.okrs.objectives for key_result in each.key_results}
        links, bases = self._linked(), self._bases()
        second = SecondLook(inputs.pool, self.homes)
        plan = self._planner(wanted, snapshot, links, bases, documented)
        while (fresh := second.look(plan, snapshot)) is not None:
            snapshot = fresh
            plan = self._planner(wanted, snapshot, links, bases, documented)
        if self._planner is make_plan:
            plan = replace(plan, remarks=self.conversation.remarks(plan, snapshot))
        return plan, [*_failures_of(pending), *second.failures], pending

    def _known(self, measurements: Measurements) -> dict[Ref, Known]:
        """What is known of each key result: what was measured just now, else the last known value."""
        values = {ref: current.value for ref, current in self._current_values().items()}
        values |= {each.ref: each.value for each in measurements.values if each.problem is None}
        said, sure = self._check_ins(), self.conversation.confidences()
        return {
            ref: Known(
                current=values.get(ref),
                confidence=sure[ref].confidence if ref in sure else None,
                checked_in=as_checked_in(said.get(ref)),
            )
            for ref in {*values, *said, *sure}
        }

    def _check_ins(self) -> dict[Ref, CheckIn]:
        """The newest check-in of each reference that names a value: a mere note takes none back."""
        return self.conversation.values()

    def _apply(self, plan: Plan, snapshot: Snapshot, outbox: Outbox, begun: Moment) -> Applied:
        inputs = self.inputs
        means = Means(
            workspace=inputs.workspace,
            root=inputs.root,
            pool=inputs.pool,
            cache=inputs.cache,
            outbox=outbox,
            writes=self._writes(outbox),
            homes=self.homes,
            documents=inputs.documents,
            told=inputs.told.step,
            age=lambda: outbox.watch.age(begun),
        )
        places = {ref: link.at for ref, link in inputs.cache.links.live().items()}
        return apply(plan, snapshot, places, means)

    def _record(self, seen: Seen) -> None:
        """Keep the links and values that were seen, in one transaction."""
        cache = self.inputs.cache
        values = with_editors(seen.measurements, self._current_values(), self.inputs.pool)
        known = cache.links.live()
        with cache.transaction():
            seen.heard.record(cache)
            for ref, located in seen.fetched.snapshot.items.items():
                link = known.get(ref)
                if link is None or (link.tracker, link.at) != (located.tracker, located.item.at):
                    cache.links.put(Link(ref, located.item.kind, located.tracker, located.item.at))
            cache.links.found_again(cache.links.missed() & seen.fetched.snapshot.items.keys())
            cache.links.miss(seen.fetched.snapshot.missed)
            for ref in seen.fetched.snapshot.gone:
                cache.links.mark_gone(ref)
            cache.observations.record(values)
            cache.terms.record(self._terms(), self.inputs.clock())

    def _terms(self) -> dict[Ref, Terms]:
        asked = {each.ref: Terms.of(each) for objective in self.okrs.objectives for each in objective.key_results}
        return asked | {each.ref: Terms.of(each) for each in self.okrs.kpis}

    def _record_status(self) -> None:
        inputs = self.inputs
        facts = gather_facts(inputs.cache, inputs.cycle.name, inputs.check_in_period)
        inputs.cache.status.record(assess(inputs.okrs, inputs.workspace, inputs.cycle, inputs.clock(), facts))

    def _linked(self) -> dict[Ref, Linked]:
        return {
            ref: Linked(link.tracker, link.at.project, link.at.id, link.at.key, link.at.url)
            for ref, link in self.inputs.cache.links.live().items()
        }

    def _bases(self) -> Mapping[Ref, Mapping[str, Any]]:
        return self.inputs.cache.baselines.all()

    def _current_values(self) -> Mapping[Ref, Any]:
        return self.inputs.cache.observations.current(self.inputs.cycle.name)

    def _outcome(
        self, failures: tuple[Failure, ...], *, plan: Plan | None = None, done: tuple[Any, ...] = ()
    ) -> Outcome:
        pool = self.inputs.pool
        unique = tuple(dict.fromkeys((*pool.failures, *failures)))
        notes = self.conversation.heard.notes
        return Outcome(plan or Plan(), done, unique, pool.used, pool.reached, self.inputs.requests(), notes=notes)

    def _finish(self, run: int, outcome: Outcome) -> None:
        self.inputs.cache.runs.finish(
            run,
            exit_code=int(outcome.exit_code),
            requests=outcome.requests,
            changes_made=len(outcome.done),
            held=len(outcome.held),
            problems=[str(each) for each in outcome.failures],
        )


def _failures_of(pending: Mapping[Ref, str]) -> list[Failure]:
    return [Failure(Cause.PENDING, message, ref=ref) for ref, message in sorted(pending.items())]
