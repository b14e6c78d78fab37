"""Checking in: what somebody says is kept at once, on disk and twice, and sent when a tracker can be reached.

Sending is a sync of nothing but check-ins: their values go into the tracked fields, and a comment onto the item.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from okrsync.domain.okr import Okrs
from okrsync.domain.ref import Ref
from okrsync.engine.check_in_journal import CheckInJournal, key_of
from okrsync.engine.engine import Engine
from okrsync.engine.inputs import Inputs
from okrsync.engine.outcome import Cause, Outcome
from okrsync.plan.merge import AGREED_BY_HAND
from okrsync.plan.planner import make_plan
from okrsync.plan.values import Linked, Plan, Role, Snapshot, Step, Wanted
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn


@dataclass(frozen=True)
class CheckInBook:
    """Where check-ins are kept until they are sent: in the journal, which survives the cache, and then in the cache."""

    cache: Cache
    journal: CheckInJournal

    def keep(self, check_in: CheckIn) -> CheckIn:
        """Keep a check-in, and give it back as it is kept. The same one again is kept once.

        Another one that its author made of the key result at the same moment comes a microsecond later.

        Raises:
            CacheError: it could not be kept.
        """
        while (known := self.cache.check_ins.find(check_in.ref, check_in.at, check_in.author)) is not None:
            if _content(known) == _content(check_in):
                return known
            check_in = replace(check_in, at=check_in.at + timedelta(microseconds=1))
        self.journal.keep(check_in)
        return replace(check_in, id=self.cache.check_ins.add(check_in))

    def undo(self, check_in: CheckIn) -> None:
        """Take a check-in back that was not sent. Raises CacheError."""
        self.journal.over(key_of(check_in))
        known = self.cache.check_ins.find(check_in.ref, check_in.at, check_in.author)
        if known is not None and known.id is not None and not known.sent:
            self.cache.check_ins.remove(known.id)


@dataclass(frozen=True)
class Sent:
    """What came of sending check-ins."""

    outcome: Outcome
    refs: frozenset[Ref]
    """What was to be sent is about these."""
    left: tuple[CheckIn, ...]
    """Those that no tracker has yet."""

    @property
    def refusals(self) -> bool:
        """Whether something failed that waiting does not mend."""
        return any(each.cause not in {Cause.UNREACHABLE, Cause.PENDING, Cause.DOUBT} for each in self.outcome.failures)


def send(inputs: Inputs) -> Sent:
    """Send every check-in of the cycle that no tracker has yet."""
    return _Sending(inputs).send()


class _Sending(Engine):
    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs, self._check_ins_alone)
        self.refs: frozenset[Ref] = frozenset()

    def send(self) -> Sent:
        cache = self.inputs.cache
        self.conversation.begin()
        documented = {each.ref for objective in self.okrs.objectives for each in objective.key_results}
        documented |= {each.ref for each in self.okrs.kpis}
        self.refs = frozenset(each.ref for each in cache.check_ins.unsent() if each.ref in documented)
        parents = {ref.parent for ref in self.refs}
        among = Okrs(
            tuple(each for each in self.okrs.objectives if each.ref in parents),
            tuple(each for each in self.okrs.kpis if each.ref in parents),
        )
        run = cache.runs.begin("checkin")
        outbox = self._outbox(run)
        begun = outbox.watch.now()
        # What was said before tells what a field holds, where nothing else is known of it.
        bases = self._bases()
        forgotten = any(ref not in bases and ref.parent not in bases for ref in self.refs)
        seen = self._look(outbox, creating=False, among=among, listening=forgotten)
        # Up to where the comments on all items were read is not known from those on some.
        seen = replace(seen, heard=replace(seen.heard, cursors={}))
        plan, _, _ = self._decide(seen, outbox)
        remarks = self.conversation.remarks(plan, seen.fetched.snapshot)
        plan = replace(plan, remarks=tuple(each for each in remarks if each.change.ref in self.refs))
        self._record(seen)
        applied = self._apply(plan, seen.fetched.snapshot, outbox, begun)
        spoken = self.conversation.speak(plan)
        self._record_status()
        failures = tuple(
            each
            for each in (*seen.failures, *applied.failures, *spoken.failures)
            if each.cause not in {Cause.MEASURE, Cause.DOUBT} or each.ref in self.refs
        )
        outcome = self._outcome(failures, plan=plan, done=(*applied.done, *spoken.done))
        self._finish(run, outcome)
        left = tuple(each for each in cache.check_ins.unsent() if each.ref in self.refs)
        return Sent(outcome, self.refs, left)

    def _check_ins_alone(
        self,
        wanted: Sequence[Wanted],
        snapshot: Snapshot,
        links: Mapping[Ref, Linked],
        bases: Mapping[Ref, Mapping[str, Any]],
        documented: Collection[Ref],
    ) -> Plan:
        """A planner that plans nothing but the values of check-ins."""
        items = {*self.refs, *(ref.parent for ref in self.refs)} & snapshot.items.keys()
        due = make_plan([each for each in wanted if each.ref in items], snapshot, links, bases, documented)
        names = {each.ref: self._names(each) for each in wanted if each.ref in items}
        return Plan(
            tuple(self._only(step, names[step.ref]) for step in due.steps if step.ref in items and not step.creates),
            tuple(each for each in due.held if each.field in names.get(each.ref, ())),
        )

    def _names(self, wanted: Wanted) -> frozenset[str]:
        """The fields of an item that change with its check-ins."""
        if wanted.ref in self.refs:
            roles = wanted.placement.roles
            beside = (roles[role] for role in (Role.CONFIDENCE, Role.PROGRESS) if role in roles)
            return frozenset((*(each.field for each in wanted.manuals), *beside))
        below = self._below(wanted.ref)
        return frozenset(each.field for each in wanted.manual_below if each.key_result in below)

    def _below(self, objective: Ref) -> set[str]:
        return {ref.key_result for ref in self.refs if ref.parent == objective}

    def _only(self, step: Step, names: Collection[str]) -> Step:
        """The part of a step that writes these fields, and agrees on nothing else."""
        below = {"", *self._below(step.ref)} if step.ref not in self.refs else {""}
        agreed = {f"{name} {each}".rstrip() for name in AGREED_BY_HAND for each in below}
        return replace(
            step,
            changes=tuple(each for each in step.changes if each.field in names),
            title=None,
            due=None,
            writes_due=False,
            block=None,
            fields={name: value for name, value in step.fields.items() if name in names},
            marker=False,
            links=(),
            unlinks=(),
            closed=None,
            adopt={},
            base={name: value for name, value in step.base.items() if name in agreed},
        )


def _content(check_in: CheckIn) -> tuple[object, ...]:
    said = (check_in.value, check_in.confidence, check_in.note, check_in.obstacles, check_in.help_needed)
    return (*said, check_in.entered_by)
