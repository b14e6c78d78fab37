"""Finding out which key results have work behind them in the trackers, and which epics and milestones have no OKR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from okrsync.domain.items import Child
from okrsync.domain.okr import Okrs, Stage
from okrsync.domain.ref import Ref
from okrsync.engine.fetching import Quest, fetch
from okrsync.engine.inputs import Inputs
from okrsync.engine.outcome import ExitCode, Failure, exit_code
from okrsync.engine.pool import cause_of
from okrsync.plan.values import Linked, Located
from okrsync.practice.coverage import Idle, Unplanned, Work
from okrsync.trackers.errors import TrackerError
from okrsync.trackers.values import Scope


@dataclass(frozen=True)
class Covered:
    """What the trackers tell."""

    work: Work
    failures: tuple[Failure, ...]
    exit_code: ExitCode


def cover(inputs: Inputs, okrs: Okrs) -> Covered:
    """Ask the trackers about the objectives of one cycle, and write nothing.

    Items below okrsync's own count as work; okrsync's own do not. Drafts are not asked about: they have no items yet.
    """
    return _Covering(inputs, okrs).cover()


class _Covering:
    def __init__(self, inputs: Inputs, okrs: Okrs) -> None:
        self.inputs = inputs
        self.okrs = okrs
        self.scopes = inputs.atlas.scopes(okrs)
        self.failures: list[Failure] = []

    def cover(self) -> Covered:
        inputs = self.inputs
        quest = Quest(
            workspace=inputs.workspace,
            scopes=self.scopes,
            homes=inputs.atlas.homes(self.okrs),
            links={
                ref: Linked(link.tracker, link.at.project, link.at.id, link.at.key, link.at.url)
                for ref, link in inputs.cache.links.live().items()
            },
            tolerance=inputs.tolerance,
            trackers=inputs.atlas.trackers,
        )
        fetched = fetch(quest, inputs.pool, told=lambda name: inputs.told.phase(f"reading {name}"))
        self.failures += fetched.failures
        silent = {tracker for tracker, _ in fetched.snapshot.unread}
        work = Work(self._idle(fetched.snapshot.items, silent), self._unplanned())
        failures = tuple(dict.fromkeys((*inputs.pool.failures, *self.failures)))
        code = exit_code(failures, held=False, trackers=inputs.pool.used, reached=inputs.pool.reached)
        return Covered(work, failures, code)

    def _idle(self, items: Mapping[Ref, Located], silent: set[str]) -> tuple[Idle, ...]:
        below = self._children(items)
        found: list[Idle] = []
        for objective in self.okrs.objectives:
            place = self.inputs.atlas.place(objective)
            if place is None or objective.stage in {Stage.DRAFT, Stage.CLOSED} or place.placement.tracker in silent:
                continue
            tracker, as_items = place.placement.tracker, place.placement.key_results_as_items
            beside = below.get(objective.ref, 0)
            if beside is None:
                continue
            for each in objective.key_results:
                own = items.get(each.ref) if as_items else None
                count = below.get(each.ref, 0) if as_items else beside
                if count == 0:
                    key, url = (own.item.at.key, own.item.at.url) if own else (None, None)
                    found.append(Idle(each.ref, each.title, tracker, key, url, beside if as_items else 0))
        return tuple(found)

    def _children(self, items: Mapping[Ref, Located]) -> dict[Ref, int | None]:
        """How much work is below each item of these objectives; None where its tracker did not tell."""
        wanted = {each.ref for each in self.okrs.objectives}
        wanted |= {result.ref for each in self.okrs.objectives for result in each.key_results}
        by_tracker: dict[str, list[Ref]] = {}
        for ref, located in items.items():
            if ref in wanted:
                by_tracker.setdefault(located.tracker, []).append(ref)
        counts: dict[Ref, int | None] = {}
        for name, refs in by_tracker.items():
            tracker = self.inputs.pool.get(name)
            try:
                told = tracker.children([items[ref].item for ref in refs]) if tracker else None
            except TrackerError as error:
                self.failures.append(Failure(cause_of(error), str(error), tracker=name))
                told = None
            for ref in refs:
                counts[ref] = None if told is None else _work(told.get(items[ref].item.at.id, ()))
        return counts

    def _unplanned(self) -> tuple[Unplanned, ...]:
        found: dict[tuple[str, str], Unplanned] = {}
        for name, scopes in self.scopes.items():
            for scope in scopes:
                for each in self._open(name, scope):
                    found.setdefault((name, each.key), each)
        return tuple(found.values())

    def _open(self, name: str, scope: Scope) -> list[Unplanned]:
        """The open items of a project that could be objectives and are nobody's."""
        tracker = self.inputs.pool.get(name)
        if tracker is None or not tracker.capabilities.adoption:
            return []
        self.inputs.told.phase(f"asking {name} for {scope.project}")
        try:
            items = tracker.open_objectives(scope)
        except TrackerError as error:
            self.failures.append(Failure(cause_of(error), str(error), tracker=name, project=scope.project))
            return []
        return [
            Unplanned(name, each.at.project, each.at.key, each.at.url, each.title) for each in items if not each.markers
        ]


def _work(children: tuple[Child, ...]) -> int:
    return sum(1 for each in children if not each.markers)
