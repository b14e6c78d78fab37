"""Settling what is held because both sides changed: a person says which side counts, and a sync of that alone does it.

The three-way merge decides by a base. To take the documents' value it is given the tracker's as base, so that only the
document seems to have changed; to take the tracker's, the document's. Everything else goes as in any sync.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from okrsync.domain.ref import Ref
from okrsync.engine.engine import Engine
from okrsync.engine.inputs import Inputs
from okrsync.engine.outcome import ExitCode, Outcome
from okrsync.plan.merge import AGREED_BY_HAND, Authority
from okrsync.plan.planner import make_plan
from okrsync.plan.revision import Base, agreed_by_hand, item_change
from okrsync.plan.values import Action, Change, Linked, Plan, Snapshot, Step, Wanted

MERGED = ("title", "why", "due")
"""What both sides may hold differently, beside the value that people measure by hand."""

CURRENT = "current"
"""How the value that people measure by hand may be called too, beside its field's own name."""


class Side(StrEnum):
    """Whose value counts."""

    DOCUMENTS = "documents"
    """The document's; for a value that is measured by hand the newest check-in's."""
    TRACKER = "tracker"


class NotHeld(Exception):
    """Nothing called `field` waits for a decision; `names` are those that do."""

    def __init__(self, ref: Ref, field: str, names: tuple[str, ...]) -> None:
        super().__init__(f"{field!r} of {ref} is not held")
        self.field = field
        self.names = names


@dataclass(frozen=True)
class Resolved:
    """What came of a decision."""

    ref: Ref
    outcome: Outcome
    """The changes that were made, or would be; held is what the decision could not settle."""
    elsewhere: tuple[Change, ...]
    """What else is held: of the same reference for other reasons, and of its key results."""

    @property
    def exit_code(self) -> ExitCode:
        """As of any run. Where nothing could be decided, it also counts what is held of `ref` for other reasons."""
        code = self.outcome.exit_code
        if (
            code is ExitCode.DONE
            and not self.outcome.plan.changes
            and self.ref in {each.ref for each in self.elsewhere}
        ):
            return ExitCode.HELD
        return code


def resolve(inputs: Inputs, ref: Ref, side: Side, field: str | None = None, *, dry_run: bool = False) -> Resolved:
    """Settle what is held of `ref`, all of it or one `field`, by taking one side's value.

    Raises:
        NotHeld: other things than `field` are held; nothing was written.
    """
    decision = _Decision(ref, side, field)
    engine = Engine(inputs, decision)
    outcome = engine.plan() if dry_run else engine.sync()
    if field is not None and decision.names and not outcome.plan.steps and not outcome.held:
        raise NotHeld(ref, field, decision.names)
    if decision.by_hand and not dry_run and outcome.done:
        # What was measured before the decision is not what counts after it.
        engine.pull()
    home = engine.homes.get(ref)
    concerns = tuple(
        each
        for each in outcome.failures
        if each.ref == ref or (each.ref is None and (home is None or each.tracker in {None, home[0]}))
    )
    return Resolved(ref, replace(outcome, failures=concerns), tuple(decision.elsewhere))


class _Decision:
    """A planner that plans nothing but one decision."""

    def __init__(self, ref: Ref, side: Side, field: str | None) -> None:
        self.ref = ref
        self.side = side
        self.field = field
        self.by_hand = False
        self.names: tuple[str, ...] = ()
        """The fields that wait for a decision."""
        self.elsewhere: list[Change] = []

    def __call__(
        self,
        wanted: Sequence[Wanted],
        snapshot: Snapshot,
        links: Mapping[Ref, Linked],
        bases: Mapping[Ref, Base],
        documented: Collection[Ref],
    ) -> Plan:
        due = make_plan(wanted, snapshot, links, bases, documented)
        ours = next((each for each in wanted if each.ref == self.ref), None)
        manual = ours.manual.field if ours and ours.manual else None
        field = manual if self.field == CURRENT and manual else self.field
        waiting = [each for each in due.held if each.ref == self.ref and each.field in {*MERGED, manual} - {None}]
        chosen = [each for each in waiting if field in {None, each.field}]
        about = [each for each in due.held if self.ref in {each.ref, each.ref.parent}]
        self.elsewhere = [each for each in about if each not in chosen]
        self.names = tuple(str(each.field) for each in waiting)
        if not chosen or ours is None:
            return Plan()
        # With another authority the merge would not look at the base.
        merged = replace(ours, placement=replace(ours.placement, authority=Authority.BOTH))
        base = {**bases.get(self.ref, {}), **self._bent(chosen, ours)}
        again = [merged if each is ours else each for each in wanted]
        decided = make_plan(again, snapshot, links, {**bases, self.ref: base}, documented)
        step = next((each for each in decided.steps if each.ref == self.ref), None)
        # Where the base that was given is all that there is to it, the planner has nothing to do.
        step = step or Step(merged, snapshot.items[self.ref].item, (), base=base)
        held = {each.field: each.why for each in decided.held if each.ref == self.ref}
        left = [replace(each, why=held.get(each.field, each.why)) for each in chosen if not _settles(step, each, held)]
        settled = [each for each in chosen if _settles(step, each, held)]
        return Plan((self._only(step, settled, manual),) if settled else (), tuple(left))

    def _bent(self, chosen: Sequence[Change], ours: Wanted) -> dict[str, Any]:
        """The base with which the merge comes to the decision. In what is held, `before` is what the tracker has."""
        bent: dict[str, Any] = {}
        for each in chosen:
            if each.field in MERGED:
                bent[each.field] = each.before if self.side is Side.DOCUMENTS else each.after
            elif ours.manual and ours.manual.checked_in:
                if self.side is Side.DOCUMENTS:
                    bent |= {"current": each.before, "checked_in": None}
                else:
                    bent |= agreed_by_hand(ours.manual.checked_in, each.before)
        return bent

    def _only(self, step: Step, settled: Sequence[Change], manual: str | None) -> Step:
        """The part of a step that does what was decided, and agrees on nothing else."""
        names = {str(each.field) for each in settled}
        writes_why = "why" in names and self.side is Side.DOCUMENTS
        shown = names | ({"description"} if writes_why else set())
        changes = [replace(each, why=self._why) for each in step.changes if each.field in shown]
        agreed = {name for name in names if name in MERGED}
        if manual in names:
            agreed |= set(AGREED_BY_HAND)
            self.by_hand = True
            if self.side is Side.TRACKER:
                changes += [self._kept(each, step) for each in settled if each.field == manual]
        return replace(
            step,
            changes=tuple(changes),
            title=step.title if "title" in names else None,
            due=step.due if "due" in names else None,
            writes_due=step.writes_due and "due" in names,
            block=step.block if writes_why else None,
            fields={name: value for name, value in step.fields.items() if name in names},
            marker=False,
            links=(),
            unlinks=(),
            closed=None,
            adopt={name: value for name, value in step.adopt.items() if name in names},
            base={name: value for name, value in step.base.items() if name in agreed},
        )

    def _kept(self, held: Change, step: Step) -> Change:
        """The tracker's number stays and counts from now on, which nothing has to be written for."""
        assert step.remote is not None  # what is held is there
        return item_change(Action.ADOPT, step.wanted, step.remote, held.field, held.after, self._why, held.before)

    @property
    def _why(self) -> str:
        return f"somebody decided that the {'documents count' if self.side is Side.DOCUMENTS else 'tracker counts'}"


def _settles(step: Step, change: Change, held: Collection[str | None]) -> bool:
    """Whether a step settles what is held as `change`."""
    if change.field in held:
        return False
    if change.field not in MERGED:
        return True
    wrote = {"title": step.title is not None, "why": step.block is not None, "due": step.writes_due}
    return change.field in step.adopt or wrote[change.field]
