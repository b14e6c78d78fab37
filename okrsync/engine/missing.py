"""Linked items that were not in the answer: which are there all the same, which are gone, and which nobody can tell.

Only a 'not found' on the item itself counts as gone. Where too many are missing at once, or everything that is known of
a project, nothing is believed to be gone and nothing is created: a narrowed permission looks exactly like that, and a
person has to look. Where items are read by their markers, a few are asked for all the same: they may have lost them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from okrsync.domain.ref import Ref
from okrsync.engine.journal import Creation
from okrsync.engine.outcome import Failure
from okrsync.engine.pool import TrackerPool, cause_of
from okrsync.plan.snapshot import Tolerance
from okrsync.plan.values import Linked, Located
from okrsync.trackers.errors import NotFound, TrackerError
from okrsync.trackers.values import Scope

Place = tuple[str, str]
"""A tracker and one of its projects."""


@dataclass
class Absence:
    """What became of the missing items."""

    back: dict[Ref, Located] = field(default_factory=dict)
    gone: frozenset[Ref] = frozenset()
    unsure: frozenset[Ref] = frozenset()
    doubted: frozenset[Place] = frozenset()
    """Where so much is missing that nothing may be created."""
    failures: list[Failure] = field(default_factory=list)


class Missing:
    """Explains what is missing of the linked items of one cycle.

    `young` are items that were created a moment ago: a search need not show them. Neither does it show what people
    moved to a place that is not among those that were `read`. Both are no cause for doubt. `trackers` are those of the
    settings.
    """

    def __init__(
        self,
        links: Mapping[Ref, Linked],
        young: Mapping[Ref, Creation],
        tolerance: Tolerance,
        pool: TrackerPool,
        *,
        trackers: frozenset[str],
        read: frozenset[Place],
    ) -> None:
        self._links = links
        self._expected = {
            ref for ref, link in links.items() if (link.tracker, link.project) not in read or _is(young.get(ref), link)
        }
        self._tolerance = tolerance
        self._pool = pool
        self._trackers = trackers
        self._absence = Absence()
        self._silent: set[str] = set()

    def explain(self, missing: Sequence[Ref], scopes: Mapping[Ref, Scope]) -> Absence:
        """Ask for what may be asked for. `scopes` says with which fields each item is read."""
        strangers = {ref for ref in missing if self._links[ref].tracker not in self._trackers}
        known = [ref for ref in missing if ref not in strangers]
        gone, unsure = self._ask([ref for ref in known if ref in self._expected], scopes)
        old = [ref for ref in known if ref not in self._expected]
        doubted = self._doubted([*old, *gone])
        few = len(old) < self._tolerance.at_least
        asked = [ref for ref in old if self._place(ref) not in doubted or (few and self._is_read_by_marker(ref))]
        gone_too, unsure_too = self._ask(asked, scopes)
        doubtful = {ref for ref in {*old, *gone} if self._place(ref) in doubted}
        self._absence.gone = frozenset((gone | gone_too) - doubtful)
        self._absence.unsure = frozenset(strangers | unsure | unsure_too | doubtful)
        self._absence.doubted = frozenset(doubted)
        return self._absence

    def _is_read_by_marker(self, ref: Ref) -> bool:
        tracker = self._pool.get(self._links[ref].tracker)
        return tracker is not None and tracker.capabilities.reads_by_marker

    def _doubted(self, missing: Sequence[Ref]) -> set[Place]:
        """The projects of which too much is missing; of a tracker that lacks too much, all that lack anything."""
        places = {self._place(ref) for ref in missing}
        doubted = {place for place in places if self._is_too_much(missing, place[0], place[1])}
        return doubted | {place for place in places if self._is_too_much(missing, place[0], None)}

    def _is_too_much(self, missing: Sequence[Ref], tracker: str, project: str | None) -> bool:
        def within(ref: Ref) -> bool:
            place = self._place(ref)
            return place[0] == tracker and project in {None, place[1]}

        lacking, linked = sum(map(within, missing)), sum(map(within, self._links))
        return lacking == linked or self._tolerance.exceeded(lacking, linked)

    def _ask(self, refs: Sequence[Ref], scopes: Mapping[Ref, Scope]) -> tuple[set[Ref], set[Ref]]:
        """Ask for items by their ids: which are gone, and of which nobody can tell."""
        gone: set[Ref] = set()
        unsure: set[Ref] = set()
        for ref in refs:
            link, scope = self._links[ref], scopes[ref]
            tracker = None if link.tracker in self._silent else self._pool.get(link.tracker)
            if tracker is None:
                unsure.add(ref)
                continue
            fields = scope.fields if ref.is_key_result else scope.objective_fields
            try:
                self._absence.back[ref] = Located(link.tracker, tracker.item(link.item_id, fields, scope.board))
            except NotFound:
                gone.add(ref)
            except TrackerError as error:
                # Whoever does not answer for one item is not asked for a hundred more.
                self._silent.add(link.tracker)
                unsure.add(ref)
                self._absence.failures.append(Failure(cause_of(error), str(error), tracker=link.tracker, ref=ref))
        return gone, unsure

    def _place(self, ref: Ref) -> Place:
        return self._links[ref].tracker, self._links[ref].project


def _is(creation: Creation | None, link: Linked) -> bool:
    if creation is None or creation.at is None:
        return False
    return (creation.tracker, creation.at.id) == (link.tracker, link.item_id)
