"""Polling: a run that reads the least, writes nothing where nothing is new, and says whether a sync has work to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from okrsync.domain.okr import Okrs
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Ref
from okrsync.engine.editing import with_editors
from okrsync.engine.engine import Engine, Seen
from okrsync.engine.outcome import Outcome
from okrsync.plan.planner import make_plan
from okrsync.plan.values import Plan
from okrsync.store.values import CurrentValue, Measured

CONFIRMED_EVERY = timedelta(hours=12)
"""After which time values that are still the same are noted as seen once more."""


@dataclass(frozen=True)
class Polled:
    """What a poll found out."""

    outcome: Outcome
    """Its plan is what a sync would do, as far as a poll can tell."""
    moved: tuple[Ref, ...] = ()
    """The values that are not what they were."""
    recorded: bool = False
    """Whether there was anything to write down beside the run itself."""

    @property
    def calls_for_a_sync(self) -> bool:
        """Whether a sync has something to do. What is held waits for a person and not for a sync."""
        return bool(self.outcome.plan.steps or self.outcome.plan.remarks)


class Poller(Engine):
    """An engine that works again and again on what `Inputs.readings` remembers."""

    def poll(
        self, okrs: Okrs | None = None, *, planning: bool = True, confirm: bool = False, kind: str = "poll"
    ) -> Polled:
        """Read what changed and record it. Nothing is written to a tracker or a document.

        Args:
            okrs: the objectives and KPIs that are looked at, of this cycle; without it, all.
            planning: whether to find out what a sync would do.
            confirm: record everything, whether it is news or not; for when the documents changed.
            kind: how the run is called in the cache.
        """
        among = self.okrs if okrs is None else okrs.in_cycle(self.inputs.cycle.name)
        run = self.inputs.cache.runs.begin(kind)
        seen = self._look(self._outbox(run), creating=False, among=among)
        plan = self._due(seen, among) if planning else None
        known = self._current_values()
        moved = tuple(each.ref for each in seen.measurements.values if _is_moved(each, known.get(each.ref)))
        recorded = bool(confirm or moved or self._is_news(seen, known))
        if recorded:
            self._record(seen)
            self._record_status()
        elif any(cursor != self.inputs.cache.comments.cursor(name) for name, cursor in seen.heard.cursors.items()):
            # Where comments were only read once more, a later cursor spares that the next time.
            seen.heard.record(self.inputs.cache)
        outcome = self._outcome(seen.failures, plan=plan)
        self._finish(run, outcome)
        return Polled(outcome, moved, recorded)

    def _due(self, seen: Seen, among: Okrs) -> Plan:
        """What a sync would do, decided on what a poll sees. The sync itself reads everything before it decides."""
        known = self._known(seen.measurements)
        wanted = self._wanted(known, among)
        documented = {each.ref for each in self.okrs.objectives}
        documented |= {key_result.ref for each in self.okrs.objectives for key_result in each.key_results}
        plan = make_plan(wanted, seen.fetched.snapshot, self._linked(), self._bases(), documented)
        return replace(plan, remarks=self.conversation.remarks(plan, seen.fetched.snapshot))

    def _is_news(self, seen: Seen, known: Mapping[Ref, CurrentValue]) -> bool:
        """Whether anything but a value is to be written down: what it comes from, a link, a check-in's confidence, or
        once in a while that all is as it was."""
        cache, now = self.inputs.cache, self.inputs.clock()
        if seen.heard.is_news:
            return True
        as_of = cache.status.as_of()
        if as_of is None or as_of.date() != now.date() or now - as_of >= CONFIRMED_EVERY:
            return True
        # Nothing moved, so no tracker is asked who wrote it.
        values = with_editors(seen.measurements, known, self.inputs.pool)
        if any(_differs(each, known.get(each.ref)) for each in values):
            return True
        if any(each.at > as_of for each in cache.check_ins.newest(self.inputs.cycle.name).values()):
            return True
        links = cache.links.live()
        found = seen.fetched.snapshot
        return bool(found.gone | found.missed | (cache.links.missed() & found.items.keys())) or any(
            ref not in links or (links[ref].tracker, links[ref].at) != (located.tracker, located.item.at)
            for ref, located in found.items.items()
        )


def _is_moved(measured: Measured, known: CurrentValue | None) -> bool:
    return measured.problem is None and not same_number(measured.value, known.value if known else None)


def _differs(measured: Measured, known: CurrentValue | None) -> bool:
    if known is None or measured.problem is not None:
        return known is None or measured.problem != known.problem
    is_other = measured.source != known.source or _plain(measured.evidence) != known.evidence
    return known.problem is not None or is_other


def _plain(evidence: Any) -> Any:
    """Evidence as it comes out of the cache: lists where there were tuples."""
    if isinstance(evidence, Mapping):
        return {str(name): _plain(each) for name, each in evidence.items()}
    if isinstance(evidence, list | tuple):
        return [_plain(each) for each in evidence]
    return evidence
