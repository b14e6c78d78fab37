"""Making documents from epics and milestones that people have, and marking these so that the next sync knows them.

The order makes it safe to be cut off at any moment: first every item gets its marker, then the journal and the cache
know where it is, and only then there is a document that asks for it. As long as there is no document, nothing is
created for it; and an item that was marked and came into no document is adopted by the next run under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from okrsync.documents.adopted import Head, document_text
from okrsync.documents.creating import put, why_not
from okrsync.documents.reading import Surroundings as DocumentSurroundings
from okrsync.documents.reading import read_document
from okrsync.domain.cycle import Cycle
from okrsync.domain.items import ItemKind, RemoteItem
from okrsync.domain.okr import Objective, Stage
from okrsync.domain.ref import Marker, Ref
from okrsync.engine.inputs import Inputs
from okrsync.engine.journal import Journal
from okrsync.engine.moments import Watch
from okrsync.engine.outcome import ExitCode, Failure, exit_code
from okrsync.engine.placements import Place
from okrsync.engine.pool import cause_of
from okrsync.plan.adoption import AdoptedObjective, Adoption, Surroundings, adoption_of
from okrsync.problems import Problems
from okrsync.store.values import Link
from okrsync.toml_files import parsed_toml
from okrsync.trackers.errors import Conflict, Rejected, TrackerError
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Edit


class CannotAdopt(Exception):
    """It cannot be done as it was asked for; nothing was written."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to adopt."""

    tracker: str
    query: str
    cycle: Cycle
    head: Head
    place: Place
    """Where the mapping keeps such objectives."""
    path: Path
    """The new document."""
    shown: str
    """Its path as people know it."""
    documents: DocumentSurroundings


@dataclass
class Adopted:
    """What came of it."""

    adoption: Adoption
    """What is adopted, or would be."""
    text: str = ""
    """The document; empty where nothing is adopted."""
    written: bool = False
    """Whether the document is there and its items are marked."""
    failures: list[Failure] = field(default_factory=list)
    trackers: int = 1
    reached: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """What it means for the shell. Items that are left out on purpose are no failure."""
        return exit_code(self.failures, held=False, trackers=self.trackers, reached=self.reached)


def probe(ref: Ref, head: Head, cycle: Cycle) -> Objective:
    """An objective as the document will have it, for asking where it belongs."""
    return Objective(ref, "adopted", head.level, cycle.end, team=head.team, owner=head.owner)


def adopt(inputs: Inputs, wish: Wish, *, dry_run: bool = False) -> Adopted:
    """Find what `wish` asks for, mark it, and write the document; with `dry_run` only find it.

    Raises:
        CannotAdopt: the tracker does not understand the query, or the document cannot be where it should.
        Problems: the document would not be valid.
    """
    if wish.path.exists():
        raise CannotAdopt(f"{wish.shown} is there already; name a new file with --out")
    tracker = inputs.pool.get(wish.tracker)
    if tracker is None:
        return Adopted(Adoption(), failures=list(inputs.pool.failures))
    if not tracker.capabilities.adoption:
        raise CannotAdopt(f"the plugin of tracker {wish.tracker} cannot look for what people have")
    inputs.told.phase(f"asking {wish.tracker}")
    try:
        candidates = tracker.candidates(wish.place.scope, wish.query)
    except Rejected as error:
        raise CannotAdopt(str(error)) from error
    except TrackerError as error:
        inputs.pool.broke(wish.tracker, error)
        return Adopted(Adoption(), failures=[_failure(error, wish)])
    adoption = adoption_of(candidates, _surroundings(inputs, wish))
    adopted = Adopted(adoption, reached=1)
    if not adoption.objectives:
        return adopted
    adopted.text = _text(wish, adoption.objectives)
    if dry_run:
        return adopted
    _Marking(inputs, wish, tracker, adopted).mark()
    if adopted.adoption.objectives:
        adopted.text = _text(wish, adopted.adoption.objectives)
        _write_new(wish, adopted.text)
        adopted.written = True
    return adopted


class _Marking:
    def __init__(self, inputs: Inputs, wish: Wish, tracker: Tracker, adopted: Adopted) -> None:
        self.inputs = inputs
        self.wish = wish
        self.tracker = tracker
        self.adopted = adopted
        watch = Watch(inputs.clock, inputs.uptime)
        self.journal = Journal.beside(inputs.cache.path, inputs.workspace, watch)

    def mark(self) -> None:
        """Mark every item; what could not be marked is out of the adoption after it."""
        objectives = self.adopted.adoption.objectives
        run = self.inputs.cache.runs.begin("adopt")
        done: list[AdoptedObjective] = []
        for number, each in enumerate(objectives):
            self.inputs.told.step(number, len(objectives), str(each.ref))
            if self._marks_all(each):
                done.append(each)
        self.inputs.told.step(len(objectives), len(objectives), "")
        self.adopted.adoption = Adoption(tuple(done), self.adopted.adoption.left_out)
        self._remember(done)
        self.inputs.cache.runs.finish(
            run,
            exit_code=int(self.adopted.exit_code),
            requests=self.inputs.requests(),
            changes_made=sum(1 for each in done for _ in each.items),
            held=0,
            problems=[str(each) for each in self.adopted.failures],
        )

    def _marks_all(self, objective: AdoptedObjective) -> bool:
        for ref, item in objective.items:
            try:
                self._mark(ref, item)
            except TrackerError as error:
                failure = _failure(error, self.wish)
                why = f"{item.at.key}: {failure.message}; {objective.ref} is not adopted: run the command again"
                self.adopted.failures.append(Failure(failure.cause, why, self.wish.tracker, item.at.project, ref))
                return False
        return True

    def _mark(self, ref: Ref, item: RemoteItem) -> None:
        """Put the marker on, on top of what the item says at this moment.

        Raises:
            TrackerError: it could not be put on, or somebody else was quicker.
        """
        scope = self.wish.place.scope
        marker = str(Marker(self.inputs.workspace, ref))
        now = self.tracker.item(item.at.id)
        others = [each for each in now.markers if each != marker]
        if others:
            raise Conflict(f"it carries the marker {', '.join(others)} by now")
        if marker not in now.markers:
            self.tracker.update(scope, now, Edit(add_marker=marker))
        self.journal.made(ref, self.wish.tracker, now.at, self._longest_lag)

    @property
    def _longest_lag(self) -> float:
        """Seconds after which every search shows the marker."""
        return max(self.tracker.settle_after, self.tracker.capabilities.search_lag)

    def _remember(self, objectives: list[AdoptedObjective]) -> None:
        cache, tracker = self.inputs.cache, self.wish.tracker
        with cache.transaction():
            for objective in objectives:
                for ref, item in objective.items:
                    kind = ItemKind.KEY_RESULT if ref.is_key_result else ItemKind.OBJECTIVE
                    cache.links.put(Link(ref, kind, tracker, item.at))
                    cache.baselines.put(ref, self._base(ref, item, objective))

    def _base(self, ref: Ref, item: RemoteItem, objective: AdoptedObjective) -> Mapping[str, Any]:
        """What both sides agree on from the start: what people said in the tracker."""
        base: dict[str, Any] = {"title": item.title, "why": "", "project": self.wish.place.placement.project}
        if not ref.is_key_result:
            base |= {
                "due": item.due.isoformat() if item.due else None,
                "closed": objective.stage is Stage.CLOSED,
            }
        return base


def _surroundings(inputs: Inputs, wish: Wish) -> Surroundings:
    documented = {each.ref for each in inputs.okrs.objectives} | {each.ref for each in inputs.okrs.kpis}
    documented |= {key_result.ref for each in inputs.okrs.objectives for key_result in each.key_results}

    def owner_of(item: RemoteItem) -> Ref | None:
        links = inputs.cache.links.of_item(wish.tracker, item.at.id)
        return next((link.ref for link in links if link.ref in documented), None)

    return Surroundings(
        workspace=inputs.workspace,
        cycle=wish.cycle,
        project=wish.place.placement.project,
        documented=documented,
        owner_of=owner_of,
        roles=wish.place.placement.roles,
        key_results_as_items=wish.place.placement.key_results_as_items,
        objection=_objection(inputs, wish),
    )


def _objection(inputs: Inputs, wish: Wish) -> Callable[[Ref], str | None]:
    """Why the mappings would send an objective elsewhere than where its item is."""
    here = wish.place.placement

    def objection(ref: Ref) -> str | None:
        place = inputs.atlas.place(probe(ref, wish.head, wish.cycle))
        if place is not None and (place.placement.tracker, place.scope) == (here.tracker, wish.place.scope):
            return None
        there = f"to {place.placement.tracker} {place.placement.project}" if place else "nowhere"
        said = ", ".join(
            f"{name} {value!r}"
            for name, value in (("level", str(wish.head.level)), ("team", wish.head.team), ("owner", wish.head.owner))
            if value
        )
        return (
            f"would go {there} by the mappings, as an objective {ref.objective!r} of {said}: name --level, --team and"
            f" --owner so that the mapping at {here.source} is the first that matches"
        )

    return objection


def _text(wish: Wish, objectives: tuple[AdoptedObjective, ...]) -> str:
    text = document_text(wish.head, objectives, f"{wish.tracker} {wish.place.placement.project}")
    reading = read_document(parsed_toml(wish.path, wish.shown, text), wish.documents)
    if reading.report.problems:
        raise Problems(reading.report.problems)
    return text


def _write_new(wish: Wish, text: str) -> None:
    """Put the document where nothing is, whole or not at all.

    Raises:
        CannotAdopt: something is there by now, or it cannot be written.
    """
    try:
        wish.path.parent.mkdir(parents=True, exist_ok=True)
        put(wish.path, text)
    except OSError as error:
        raise CannotAdopt(
            f"{wish.shown} cannot be written: {why_not(error)}. The items are marked: run the command again, with"
            " another --out if need be, and they come into the document under the same names"
        ) from error


def _failure(error: TrackerError, wish: Wish) -> Failure:
    return Failure(cause_of(error), str(error), tracker=wish.tracker, project=wish.place.placement.project)
