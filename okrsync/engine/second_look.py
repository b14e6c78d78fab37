"""A second look at what is about to be written over: people may have worked on it since it was read.

Where searches lag, what was read is minutes old, and in a long run it becomes so. What okrsync alone owns may be
written all the same. But a text is written with people's own text around the block, and a title that both sides decide
about, or a number that people type, must not be lost because nobody saw it: these items are read once more, by their
ids, which never lag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from okrsync.domain.items import RemoteItem
from okrsync.domain.ref import Ref
from okrsync.engine.outcome import Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.plan import block as blocks
from okrsync.plan.merge import Authority
from okrsync.plan.revision import same_line
from okrsync.plan.values import Located, Plan, Snapshot, Step
from okrsync.trackers.errors import TrackerError
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Scope

FRESH = 10.0
"""Seconds for which an item counts as just read, where searches do not lag."""


def is_needed(step: Step) -> bool:
    """Whether a step writes over something that people may have changed meanwhile, and that is theirs too."""
    return not step.creates and (step.block is not None or _writes_manual_value(step) or _writes_what_both_decide(step))


def decided_on(step: Step, fresh: RemoteItem) -> bool:
    """Whether the step was decided on what the item still is."""
    before, markup = step.remote, step.wanted.placement.markup
    if before is None:
        return False
    if _writes_what_both_decide(step) and not (same_line(before.title, fresh.title) and before.due == fresh.due):
        return False
    written = [each.field for each in step.wanted.manuals if each.field in step.fields]
    if any(before.fields.get(each) != fresh.fields.get(each) for each in written):
        return False
    if step.block is None or step.wanted.placement.authority is Authority.DOCUMENTS:
        return True
    return blocks.same(blocks.find(before.description, markup), blocks.find(fresh.description, markup))


def read_again(tracker: Tracker, ref: Ref, item: RemoteItem, scope: Scope) -> RemoteItem:
    """The item as it is now. Raises TrackerError."""
    fields = scope.fields if ref.is_key_result else scope.objective_fields
    return tracker.item(item.at.id, fields, scope.board)


class SecondLook:
    """Looks at each item at most once more, before anything is decided about it for good."""

    def __init__(self, pool: TrackerPool, homes: Mapping[Ref, tuple[str, Scope]]) -> None:
        self._pool = pool
        self._homes = homes
        self._looked: set[Ref] = set()
        self.failures: list[Failure] = []

    def look(self, plan: Plan, snapshot: Snapshot) -> Snapshot | None:
        """The snapshot with what the plan writes over as it is now; None where there is nothing to look at again."""
        refs = [step.ref for step in plan.steps if is_needed(step) and self._lags(step)]
        if not refs:
            return None
        items = dict(snapshot.items)
        lost = {ref for ref in refs if not self._refresh(ref, items)}
        return replace(
            snapshot,
            items=items,
            duplicates={ref: each for ref, each in snapshot.duplicates.items() if ref not in lost},
            pending=snapshot.pending | lost,
        )

    def _lags(self, step: Step) -> bool:
        tracker = self._pool.get(self._homes[step.ref][0])
        return bool(tracker and tracker.capabilities.search_lag) and step.ref not in self._looked

    def _refresh(self, ref: Ref, items: dict[Ref, Located]) -> bool:
        self._looked.add(ref)
        name, scope = self._homes[ref]
        tracker, standing = self._pool.get(name), items.pop(ref)
        if tracker is None:
            return False
        try:
            items[ref] = Located(name, read_again(tracker, ref, standing.item, scope))
        except TrackerError as error:
            why = f"{standing.item.at.key} cannot be read now, so nothing is written to it: {error}"
            self.failures.append(Failure(cause_of(error), why, tracker=name, project=scope.project, ref=ref))
            return False
        return True


def _writes_manual_value(step: Step) -> bool:
    return any(each.field in step.fields for each in step.wanted.manuals)


def _writes_what_both_decide(step: Step) -> bool:
    shared = step.wanted.placement.authority is Authority.BOTH
    return shared and (step.title is not None or step.writes_due)
