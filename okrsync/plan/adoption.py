"""What becomes of epics and milestones that people have already: objectives and key results, or a reason why not.

Pure, as everything here: candidates in, what the document will say and what is to be marked out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from okrsync.domain.cycle import Cycle
from okrsync.domain.items import Candidate, ItemId, RemoteItem
from okrsync.domain.numbers import number_text
from okrsync.domain.okr import Kind, Stage
from okrsync.domain.progress import same_number
from okrsync.domain.ref import Marker, Ref
from okrsync.plan.values import Role

LONGEST_SLUG = 40
LONGEST_TITLE = 250
"""How many characters of a title a document takes."""


@dataclass(frozen=True)
class AdoptedKeyResult:
    """A key result as the new document says it."""

    ref: Ref
    item: RemoteItem
    kind: Kind | None
    """None where what the tracker says is not enough for one: then the document has it as a comment to be completed."""
    baseline: float | None
    target: float | None
    weight: float
    measure: str
    to_fill_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class AdoptedObjective:
    """An objective as the new document says it."""

    ref: Ref
    item: RemoteItem
    stage: Stage
    due: date | None
    key_results: tuple[AdoptedKeyResult, ...]
    to_fill_in: tuple[str, ...] = ()

    @property
    def items(self) -> Iterator[tuple[Ref, RemoteItem]]:
        """Everything that is marked for it, in this order: the objective comes last, when the rest is done."""
        for each in self.key_results:
            yield each.ref, each.item
        yield self.ref, self.item


@dataclass(frozen=True)
class LeftOut:
    """An item that is not adopted; `reason` goes on from its key: `carries the marker …`."""

    at: ItemId
    reason: str


@dataclass(frozen=True)
class Adoption:
    """What is adopted, and what is left as it is."""

    objectives: tuple[AdoptedObjective, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What is there already, and how the mapping keeps numbers."""

    workspace: str
    cycle: Cycle
    project: str
    documented: Collection[Ref]
    """Every reference that the documents hold, KPIs too."""
    owner_of: Callable[[RemoteItem], Ref | None]
    """The reference whose item it is by the cache, where that is in the documents."""
    roles: Mapping[Role, str]
    key_results_as_items: bool = True
    objection: Callable[[Ref], str | None] = lambda _ref: None
    """Why an objective of that name cannot be adopted; None where nothing speaks against it."""


def adoption_of(candidates: Iterable[Candidate], around: Surroundings) -> Adoption:
    """Decide about every candidate, each item once."""
    return _Adopting(around).decide(candidates)


def slug_of(title: str, otherwise: str) -> str:
    """An id from a title: its words in small ASCII letters, as many as fit; `otherwise` where none can be read."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    text = ""
    for word in words:
        longer = f"{text}-{word}" if text else word[:LONGEST_SLUG]
        if len(longer) > LONGEST_SLUG:
            break
        text = longer
    return text or re.sub(r"[^a-z0-9]+", "-", otherwise.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "item"


def unique(slug: str, taken: Collection[str]) -> str:
    """The slug, with a number behind it where it is taken."""
    number, found = 1, slug
    while found in taken:
        number += 1
        found = f"{slug}-{number}"
    return found


class _Adopting:
    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.left_out: list[LeftOut] = []
        self.seen: set[str] = set()
        self.taken = {ref.objective for ref in around.documented if ref.cycle == around.cycle.name}

    def decide(self, candidates: Iterable[Candidate]) -> Adoption:
        known = list(candidates)
        # Ids that an adoption before this one has given are not given to anything else.
        self.taken |= {ref.objective for each in known for ref in self._given(each)}
        objectives = [found for each in known if (found := self._objective(each)) is not None]
        return Adoption(tuple(objectives), tuple(self.left_out))

    def _given(self, candidate: Candidate) -> list[Ref]:
        """What markers say that an adoption which was cut off has called it: its own, else those of its key results."""
        own = self._unfinished(candidate.item)
        if own is not None:
            return [own]
        below = (self._unfinished(each) for each in candidate.key_results)
        return list(dict.fromkeys(ref.parent for ref in below if ref is not None and ref.is_key_result))

    def _unfinished(self, item: RemoteItem) -> Ref | None:
        """The reference on an item that was marked, and did not come into a document."""
        if len(item.markers) != 1:
            return None
        marker = Marker.parse(item.markers[0])
        if marker is None or marker.workspace != self.around.workspace or marker.ref.cycle != self.around.cycle.name:
            return None
        return None if {marker.ref, marker.ref.parent} & set(self.around.documented) else marker.ref

    def _objective(self, candidate: Candidate) -> AdoptedObjective | None:
        item, around = candidate.item, self.around
        if item.at.id in self.seen:
            return None
        self.seen.add(item.at.id)
        given = self._given(candidate)
        reason = candidate.unfit or self._unfit(item, resumed=self._unfinished(item) is not None)
        if not reason and item.due is not None and not around.cycle.holds(item.due):
            reason = (
                f"is due {item.due}, and {around.cycle.name} is {around.cycle.start} to {around.cycle.end}: change the"
                " date, or adopt it into the cycle that holds it with --cycle"
            )
        ref = given[0] if given else Ref(around.cycle.name, unique(slug_of(item.title, _name(item)), self.taken))
        reason = reason or around.objection(ref)
        if reason:
            self.left_out.append(LeftOut(item.at, reason))
            return None
        self.taken.add(ref.objective)
        key_results = tuple(self._key_results(ref, candidate.key_results)) if around.key_results_as_items else ()
        missing = ["why: the reason for it"]
        if not key_results:
            missing.append(
                "key results: nothing below it is as the mapping's key results are"
                if around.key_results_as_items
                else "key results: each with the number field that it is measured by"
            )
        complete = key_results and not any(each.to_fill_in for each in key_results)
        stage = Stage.CLOSED if item.closed else Stage.COMMITTED if complete else Stage.DRAFT
        return AdoptedObjective(ref, item, stage, item.due, key_results, tuple(missing))

    def _key_results(self, objective: Ref, items: Iterable[RemoteItem]) -> Iterator[AdoptedKeyResult]:
        found = list(items)
        known = {each.at.id: self._unfinished(each) for each in found}
        taken = {ref.key_result for ref in known.values() if ref is not None and ref.parent == objective}
        for item in found:
            if item.at.id in self.seen:
                continue
            self.seen.add(item.at.id)
            before = known[item.at.id]
            resumed = before is not None and before.parent == objective and before.is_key_result
            if reason := self._unfit(item, resumed=resumed):
                self.left_out.append(LeftOut(item.at, reason))
                continue
            ref = before if resumed and before else objective.child(unique(slug_of(item.title, _name(item)), taken))
            taken.add(ref.key_result)
            yield self._key_result(ref, item)

    def _key_result(self, ref: Ref, item: RemoteItem) -> AdoptedKeyResult:
        baseline, target, current, weight = (
            self._number(item, role) for role in (Role.BASELINE, Role.TARGET, Role.CURRENT, Role.WEIGHT)
        )
        weight = weight if weight is not None and weight > 0 else 1.0
        if baseline is not None and target is not None and not same_number(baseline, target):
            source = "field" if Role.CURRENT in self.around.roles else "manual"
            return AdoptedKeyResult(ref, item, Kind.REACH, baseline, target, weight, source)
        known = {Role.BASELINE: baseline, Role.TARGET: target, Role.CURRENT: current}
        told = [
            f"{self.around.roles[role]} is {number_text(number)}"
            for role, number in known.items()
            if number is not None
        ]
        if told:
            # As 'done' its numbers would be read as yes or no, and be written over with 0 and 1.
            missing = (
                f"baseline and target, where {' and '.join(told)}; then take the # away: a sync holds it until then"
            )
            source = "field" if Role.CURRENT in self.around.roles else "manual"
            return AdoptedKeyResult(ref, item, None, baseline, target, weight, source, (missing,))
        missing = "baseline and target, if it is more than done or not"
        return AdoptedKeyResult(ref, item, Kind.DONE, None, None, weight, "manual", (missing,))

    def _number(self, item: RemoteItem, role: Role) -> float | None:
        value = item.fields.get(self.around.roles.get(role, ""))
        return float(value) if isinstance(value, int | float) else None

    def _unfit(self, item: RemoteItem, *, resumed: bool) -> str | None:
        around = self.around
        if item.markers and not resumed:
            return f"carries the marker {', '.join(item.markers)} already and was left alone"
        if (owner := around.owner_of(item)) is not None:
            return f"belongs to {owner} already: the next sync gives it back its marker"
        if item.at.project.casefold() != around.project.casefold():
            return f"is in {item.at.project}, and the mapping is for {around.project}"
        title = " ".join(item.title.split())
        if not title or len(title) > LONGEST_TITLE or not title.isprintable():
            return (
                f"has a title that no document can hold (1 to {LONGEST_TITLE} characters that can be seen): change it"
            )
        return None


def _name(item: RemoteItem) -> str:
    """What an item may be called when its title has no letter that an id can have: PLAT-7, milestone-3."""
    key, _, number = item.at.key.replace("#", "/").rpartition("/")
    return f"{item.type_name} {number}" if key else number
